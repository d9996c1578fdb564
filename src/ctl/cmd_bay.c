/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "post.h"

#define M(id) message(c->zh, MSG_##id)

static void print_bays(const struct ctl *c, const json_t *root)
{
	struct text reason = {0};
	struct table t;
	const json_t *b;
	size_t i;

	table_init(&t, 7, 0);
	table_row(&t,
		  (const char *[]){M(BAY), M(RIG), M(STATE), M(TICKET), M(SERIAL), M(REASON), ""});
	json_array_foreach(json_object_get(root, "bays"), i, b)
	{
		text_clear(&reason);
		put_said(c, member_text(b, "reason"), &reason);
		table_row(&t, (const char *[]){member_text(b, "bay"), member_text(b, "rig"),
					       state_text(c, member_text(b, "state")),
					       member_text(b, "ticket"), member_text(b, "serial"),
					       reason.buf,
					       member_is_true(b, "simulated") ? M(SIMULATED) : ""});
	}
	print_list(c, &t);
	text_release(&reason);
}

CTL_COMMAND(cmd_bay_list)
{
	return get_command(c, self, argc, argv, 0, WEB_BAYS, print_bays);
}

static void print_boards(const struct ctl *c, const json_t *bay)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(bay, "no_comms_watchdog"), i, name)
	{
		(void)printf("%s: %s\n", json_string_value(name), M(H_NO_WATCHDOG));
	}
}

static void print_bay(const struct ctl *c, const json_t *bay)
{
	struct lines lines = {.count = 0};
	struct text reason = {0};

	show_panel(c, bay, c->columns, &lines);
	for (int i = 0; i < lines.count; i++)
		(void)puts(lines.at[i].buf ? lines.at[i].buf : "");
	if (member_text(bay, "reason")[0]) {
		put_said(c, member_text(bay, "reason"), &reason);
		(void)printf("%s: %s\n", M(REASON), reason.buf);
	}
	print_boards(c, bay);
	lines_release(&lines);
	text_release(&reason);
}

/* The bay, as a word or as --bay; NULL: the command is to end with *code. */
static const char *which_bay(const struct ctl_command *self, int argc, char **argv, int *code)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "the same as N alone"),
		OPTION_END,
	};
	int n = ctl_parse(self, options, argc, argv, words, 0, 1, code);

	if (n < 0)
		return NULL;
	if (n && !bay)
		return words[0];
	if (n || !bay)
		*code = ctl_usage(self, n ? "name the bay once" : "name the bay: N, or --bay N");
	return n ? NULL : bay;
}

CTL_COMMAND(cmd_bay_show)
{
	int code;
	const char *bay = which_bay(self, argc, argv, &code);

	return bay ? get_and_print(c, WEB_BAY, bay, "", print_bay) : code;
}

static int tell_bay(struct ctl *c, const struct ctl_command *self, enum web_route route,
		    enum ctl_message said, int argc, char **argv)
{
	int code;
	const char *bay = which_bay(self, argc, argv, &code);

	if (!bay)
		return code;
	code = ctl_call(c, route, bay, "", "{}", NULL);
	if (code == CTL_OK && c->json)
		ctl_put_reply(c);
	else if (code == CTL_OK)
		(void)printf("%s %s: %s\n", M(BAY), bay, message(c->zh, said));
	return code;
}

CTL_COMMAND(cmd_bay_stop)
{
	return tell_bay(c, self, WEB_BAY_STOP, MSG_STOP_ASKED, argc, argv);
}

CTL_COMMAND(cmd_bay_reset)
{
	return tell_bay(c, self, WEB_BAY_RESET, MSG_RESET_ASKED, argc, argv);
}
