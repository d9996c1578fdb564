/* SPDX-License-Identifier: MIT
 *
 * Webhooks: how the endpoints do, a test, letters that were given up.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "post.h"

static void print_said(const struct ctl *c, const char *before, const char *text)
{
	struct text said = {0};

	if (!text[0])
		return;
	put_said(c, text, &said);
	(void)printf("%s%s\n", before, said.buf);
	text_release(&said);
}

static void print_webhooks(const struct ctl *c, const json_t *root)
{
	const json_t *list = json_object_get(root, "webhooks"), *one;
	struct text line = {0};
	size_t i;

	if (json_array_size(list) == 0)
		print_said(c, "", "no webhooks are configured");
	json_array_foreach(list, i, one)
	{
		double behind = member_number(one, "head") - member_number(one, "after");

		text_clear(&line);
		text_printf(&line, "%s  %s  ", member_text(one, "name"), member_text(one, "host"));
		put_said(c, member_text(one, "state"), &line);
		(void)printf("%s\n", line.buf);
		text_clear(&line);
		text_printf(&line, "done up to item %.0f, %.0f behind, %.0f dead letters",
			    member_number(one, "after"), behind > 0 ? behind : 0,
			    member_number(one, "dead"));
		print_said(c, "    ", line.buf);
		print_said(c, "    ", member_text(one, "disabled"));
		if (strcmp(member_text(one, "problem"), member_text(one, "disabled")) != 0)
			print_said(c, "    ", member_text(one, "problem"));
		if (member_number(one, "tries") > 0) {
			text_clear(&line);
			text_printf(&line, "failed %.0f times, tried again in %.0f s",
				    member_number(one, "tries"), member_number(one, "next_try_s"));
			print_said(c, "    ", line.buf);
		}
	}
	text_release(&line);
}

CTL_COMMAND(cmd_webhook_list)
{
	return get_command(c, self, argc, argv, 0, WEB_WEBHOOKS, print_webhooks);
}

CTL_COMMAND(cmd_webhook_test)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	json_t *root = NULL;
	bool delivered;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	code = ctl_call(c, WEB_WEBHOOK_TEST, words[0], "", "{}", &root);
	if (code)
		return code;
	delivered = member_is_true(root, "delivered");
	if (c->json)
		ctl_put_reply(c);
	else
		print_said(c, "", delivered ? "delivered" : member_text(root, "why"));
	json_decref(root);
	return delivered ? CTL_OK : CTL_NO_PASS;
}

static void print_dead(const struct ctl *c, const json_t *root)
{
	const json_t *list = json_object_get(root, "letters"), *one;
	struct text line = {0};
	size_t i;

	if (json_array_size(list) == 0)
		print_said(c, "", "no letter was given up");
	json_array_foreach(list, i, one)
	{
		const char *ticket = member_text(one, "ticket");

		(void)printf("%.0f  %s%s%s  %s\n", member_number(one, "seq"),
			     member_text(one, "type"), ticket[0] ? "  " : "", ticket,
			     member_text(one, "given_up_at"));
		text_clear(&line);
		text_printf(&line, "given up after %.0f tries: ", member_number(one, "tries"));
		put_said(c, member_text(one, "why"), &line);
		print_said(c, "    ", line.buf);
		if (member_is_true(one, "again"))
			print_said(c, "    ", "is to be sent once more");
	}
	text_release(&line);
}

CTL_COMMAND(cmd_webhook_dead)
{
	const char *words[CTL_ARGS_MAX], *limit = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("limit", "N", &limit, "at most so many (100)"),
		OPTION_END,
	};
	struct text query = {0};
	int64_t n = 100;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!ctl_number(self, "limit", limit, 1, 1000, &n))
		return CTL_USAGE;
	text_printf(&query, "limit=%lld", (long long)n);
	code = get_and_print(c, WEB_WEBHOOK_DEAD, words[0], query.buf, print_dead);
	text_release(&query);
	return code;
}

CTL_COMMAND(cmd_webhook_resend)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	int64_t seq = 0;
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 2, 2, &code) < 0)
		return code;
	if (strcmp(words[1], "all") != 0 && !ctl_number(self, "SEQ", words[1], 1, INT64_MAX, &seq))
		return CTL_USAGE;
	post_begin(&p);
	if (seq)
		json_kv_int(&p.json, "seq", seq);
	return post_send(c, WEB_WEBHOOK_RESEND, words[0], &p);
}

CTL_COMMAND(cmd_webhook_enable)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	post_begin(&p);
	return post_send(c, WEB_WEBHOOK_ENABLE, words[0], &p);
}
