/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "post.h"

#define M(id) message(c->zh, MSG_##id)

/* "post_repair_qc,trial_run:*:2026-05-01:2027-05-01;..." */
static bool put_qualifications(struct post *p, const char *list)
{
	json_key(&p->json, "qualifications");
	json_open_array(&p->json);
	while (list && *list) {
		char one[200], *part[4] = {NULL}, *at = one;
		size_t n = strcspn(list, ";");
		int count = 0;

		if (n >= sizeof(one))
			return false;
		memcpy(one, list, n);
		one[n] = '\0';
		list += n + (list[n] == ';');
		while (at && count < 4) {
			part[count++] = at;
			at = strchr(at, ':');
			if (at)
				*at++ = '\0';
		}
		if (at || count < 3)
			return false;
		json_open_object(&p->json);
		post_list(p, "run_types", part[0]);
		post_text(p, "class", part[1]);
		post_text(p, "assessed", part[2]);
		post_text(p, "expires", part[3]);
		json_end_object(&p->json);
	}
	json_end_array(&p->json);
	return true;
}

CTL_COMMAND(cmd_user_add)
{
	const char *words[CTL_ARGS_MAX], *roles = NULL, *badge = NULL, *deputy = NULL,
					 *qualify = NULL;
	bool inactive = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("roles", "R,R", &roles, "technician, supervisor, service, admin"),
		OPTION_VALUE("badge", "CODE", &badge, "what the bay's scanner reads"),
		OPTION_VALUE("qualify", "TYPES:CLASS:ASSESSED[:EXPIRES]", &qualify,
			     "post_repair_qc:*:2026-05-01:2027-05-01; several with a ;"),
		OPTION_VALUE("deputy-until", "DAY", &deputy, "may approve until then (代理)"),
		OPTION_FLAG("inactive", &inactive, "may do nothing any more"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!roles)
		return ctl_usage(self, "a user needs --roles");
	post_begin(&p);
	post_list(&p, "roles", roles);
	post_text(&p, "badge", badge);
	json_kv_bool(&p.json, "active", !inactive);
	post_text(&p, "deputy_until", deputy);
	if (!put_qualifications(&p, qualify)) {
		text_release(&p.text);
		return ctl_usage(self, "--qualify takes TYPES:CLASS:ASSESSED[:EXPIRES]");
	}
	return post_send(c, WEB_PERSON_PUT, words[0], &p);
}

CTL_COMMAND(cmd_user_pin)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	char pin[POST_PIN_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!read_pin(words[0], pin))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "pin", pin);
	secret_wipe(pin, sizeof(pin));
	return post_send(c, WEB_PERSON_PIN, words[0], &p);
}

static void print_qualification(const struct ctl *c, const json_t *q)
{
	const char *expires = member_text(q, "expires");
	struct text types = {0}, line = {0};
	const json_t *one;
	size_t i;

	text_puts(&types, "");
	json_array_foreach(json_object_get(q, "run_types"), i, one)
	{
		text_puts(&types, i ? "," : "");
		put_said(c, json_string_value(one), &types);
	}
	message_fill(c->zh, MSG_DK_U_QUALIFIED,
		     (const char *[]){types.buf, member_text(q, "class"),
				      member_text(q, "assessed"),
				      expires[0] ? expires : M(DK_U_NEVER)},
		     &line);
	(void)printf("  %s\n", line.buf);
	text_release(&types);
	text_release(&line);
}

static void print_person(const struct ctl *c, const json_t *one)
{
	const json_t *is = json_object_get(one, "is"), *role, *q;
	const char *deputy = member_text(is, "deputy_until");
	struct text line = {0};
	size_t k;

	text_printf(&line, "%s ", member_text(one, "person"));
	json_array_foreach(json_object_get(is, "roles"), k, role)
	{
		text_puts(&line, k ? "," : " ");
		put_said(c, json_string_value(role), &line);
	}
	if (member_text(is, "badge")[0])
		text_printf(&line, "  %s %s", M(DK_U_BADGE), member_text(is, "badge"));
	if (deputy[0]) {
		text_puts(&line, "  ");
		message_fill(c->zh, MSG_DK_U_DEPUTY, &deputy, &line);
	}
	(void)printf("%s%s%s\n", line.buf, member_is_true(is, "active") ? "" : "  ",
		     member_is_true(is, "active") ? "" : M(DK_U_INACTIVE));
	json_array_foreach(json_object_get(is, "qualifications"), k, q)
	{
		print_qualification(c, q);
	}
	text_release(&line);
}

static void print_people(const struct ctl *c, const json_t *root)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(root, "people"), i, one)
	{
		print_person(c, one);
	}
	json_array_foreach(json_object_get(root, "duty"), i, one)
	{
		const char *person = member_text(one, "person");

		(void)printf("%s %s: %s\n", M(BAY), member_text(one, "bay"),
			     person[0] ? person : M(DK_U_NOBODY));
	}
}

CTL_COMMAND(cmd_user_list)
{
	return get_command(c, self, argc, argv, 0, WEB_PEOPLE, print_people);
}

CTL_COMMAND(cmd_duty_begin)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "which bay"),
		OPTION_END,
	};
	char pin[POST_PIN_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!bay)
		return ctl_usage(self, "duty is at a bay: --bay N");
	if (!read_pin(words[0], pin))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "person", words[0]);
	post_text(&p, "pin", pin);
	secret_wipe(pin, sizeof(pin));
	return post_send(c, WEB_DUTY_BEGIN, bay, &p);
}

CTL_COMMAND(cmd_duty_end)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "which bay"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!bay)
		return ctl_usage(self, "duty is at a bay: --bay N");
	post_begin(&p);
	return post_send(c, WEB_DUTY_END, bay, &p);
}

/* ---- tokens ---- */

CTL_COMMAND(cmd_token_add)
{
	const char *words[CTL_ARGS_MAX], *scopes = NULL, *expires = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("scopes", "S,S", &scopes, "read, tickets, run, admin"),
		OPTION_VALUE("expires", "DAY", &expires, "last day, within a year"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!scopes || !expires)
		return ctl_usage(self, "a token needs --scopes and --expires");
	post_begin(&p);
	post_text(&p, "name", words[0]);
	post_list(&p, "scopes", scopes);
	post_text(&p, "expires", expires);
	return post_send(c, WEB_TOKEN_ADD, NULL, &p);
}

static void print_tokens(const struct ctl *c, const json_t *root)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(root, "tokens"), i, one)
	{
		const char *used = member_text(one, "used_at");
		struct text line = {0};

		message_fill(c->zh, MSG_DK_U_TOKEN,
			     (const char *[]){member_text(one, "name"), member_text(one, "roles"),
					      member_text(one, "expires"),
					      used[0] ? used : M(DK_U_UNUSED)},
			     &line);
		(void)printf("%s%s%s\n", line.buf, member_is_true(one, "revoked") ? "  " : "",
			     member_is_true(one, "revoked") ? M(DK_U_REVOKED) : "");
		text_release(&line);
	}
}

CTL_COMMAND(cmd_token_list)
{
	return get_command(c, self, argc, argv, 0, WEB_TOKENS, print_tokens);
}

CTL_COMMAND(cmd_token_revoke)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	post_begin(&p);
	return post_send(c, WEB_TOKEN_REVOKE, words[0], &p);
}
