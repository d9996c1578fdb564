/* SPDX-License-Identifier: MIT
 *
 * benchctl label: the label of a run, or of the release of a ticket, on the printer of a bay. What
 * stands on it comes from the station's records.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "post.h"

/* Runs have UUIDs; no ticketing system of a depot writes its numbers so. */
static bool is_run(const char *id)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == 'x' ? !isxdigit((unsigned char)id[i]) : id[i] != shape[i])
			return false;
	return true;
}

static void print_label(const struct ctl *c, const json_t *root)
{
	const json_t *line;
	struct text said = {0};
	size_t i;

	message_fill(
		c->zh,
		json_is_true(json_object_get(root, "printed_before")) ? MSG_LB_BEFORE
								      : MSG_LB_PRINTED,
		(const char *[]){member_text(root, "printer"), member_text(root, "printed_at")},
		&said);
	(void)printf("%s\n", said.buf);
	json_array_foreach(json_object_get(root, "lines"), i, line)
	{
		(void)printf("  %s\n", json_string_value(line));
	}
	text_release(&said);
}

/* No label is an answer too, and no mistake: exit code 1. */
static int send_it(struct ctl *c, const char *id, const char *body)
{
	json_t *root = NULL;
	int code = ctl_ask(c, is_run(id) ? WEB_RUN_LABEL : WEB_TICKET_LABEL, id, body, &root);

	if (root && !c->json && code)
		ctl_tell_detail(root);
	else if (root && !c->json)
		print_label(c, root);
	json_decref(root);
	return code;
}

CTL_COMMAND(cmd_label)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL, *copies = NULL;
	bool again = false, not_repaired = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "whose printer; needed where there are several"),
		OPTION_VALUE("copies", "N", &copies, "1 to 5 (default 1)"),
		OPTION_FLAG("again", &again, "another one, though one was printed"),
		OPTION_FLAG("not-repaired", &not_repaired,
			    "NOT REPAIRED, for a unit that goes back as it is"),
		OPTION_END,
	};
	int64_t n = 1;
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!ctl_number(self, "copies", copies, 1, 5, &n))
		return CTL_USAGE;
	if (not_repaired && is_run(words[0]))
		return ctl_usage(self, "--not-repaired is for a ticket");
	post_begin(&p);
	post_text(&p, "bay", bay);
	json_kv_int(&p.json, "copies", n);
	json_kv_bool(&p.json, "again", again);
	if (not_repaired)
		json_kv_bool(&p.json, "not_repaired", true);
	json_end_object(&p.json);
	code = send_it(c, words[0], p.text.buf);
	text_release(&p.text);
	return code;
}
