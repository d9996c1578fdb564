/* SPDX-License-Identifier: MIT
 *
 * What is added to tickets and runs.
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

#define M(id) message(c->zh, MSG_##id)

/* "MEM-3012:oem:L77,SEAL:other" */
static bool put_parts(struct post *p, const char *list)
{
	json_key(&p->json, "parts");
	json_open_array(&p->json);
	while (list && *list) {
		char one[200], *oem, *lot;
		size_t n = strcspn(list, ",");

		if (n >= sizeof(one))
			return false;
		memcpy(one, list, n);
		one[n] = '\0';
		list += n + (list[n] == ',');
		oem = strchr(one, ':');
		if (!oem)
			return false;
		*oem++ = '\0';
		lot = strchr(oem, ':');
		if (lot)
			*lot++ = '\0';
		if (strcmp(oem, "oem") != 0 && strcmp(oem, "other") != 0)
			return false;
		json_open_object(&p->json);
		post_text(p, "part", one);
		json_kv_bool(&p->json, "oem", strcmp(oem, "oem") == 0);
		post_text(p, "lot", lot);
		json_end_object(&p->json);
	}
	json_end_array(&p->json);
	return true;
}

CTL_COMMAND(cmd_ticket_repair)
{
	const char *words[CTL_ARGS_MAX], *action = NULL, *by = NULL, *faults = NULL, *parts = NULL,
					 *minutes = NULL, *note = NULL;
	bool confirm = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("action", "R01", &action, "what was done"),
		OPTION_VALUE("by", "NAME", &by, "who did it"),
		OPTION_VALUE("faults", "F01,F04", &faults, "what was found"),
		OPTION_VALUE("parts", "CODE:oem|other[:LOT],...", &parts, "what was replaced"),
		OPTION_VALUE("minutes", "N", &minutes, "how long it took"),
		OPTION_VALUE("note", "TEXT", &note, "no customer data"),
		OPTION_FLAG("confirm-personal-data", &confirm,
			    "the note holds none, it only looks so"),
		OPTION_END,
	};
	int64_t n = -1;
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!action || !by)
		return ctl_usage(self, "a repair needs --action and --by");
	if (!ctl_number(self, "minutes", minutes, 0, 10000, &n))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "action", action);
	post_text(&p, "by", by);
	post_list(&p, "faults", faults);
	if (n >= 0)
		json_kv_int(&p.json, "minutes", n);
	post_text(&p, "note", note);
	if (confirm)
		json_kv_bool(&p.json, "confirm_personal_data", true);
	if (parts && !put_parts(&p, parts)) {
		text_release(&p.text);
		return ctl_usage(self, "--parts takes CODE:oem or CODE:other, and :LOT");
	}
	return post_send(c, WEB_REPAIR, words[0], &p);
}

CTL_COMMAND(cmd_ticket_accept)
{
	const char *words[CTL_ARGS_MAX], *employee = NULL, *refused = NULL;
	bool attended = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("employee", "NAME", &employee, "who was there for the depot"),
		OPTION_VALUE("refused", "S03", &refused, "refused, for this symptom"),
		OPTION_FLAG("attended", &attended, "the customer was there"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!employee)
		return ctl_usage(self, "an acceptance needs --employee");
	post_begin(&p);
	json_kv_bool(&p.json, "attended", attended);
	post_text(&p, "outcome", refused ? "refused" : "accepted");
	post_text(&p, "code", refused);
	post_text(&p, "employee", employee);
	return post_send(c, WEB_ACCEPTANCE, words[0], &p);
}

CTL_COMMAND(cmd_ticket_callback)
{
	const char *words[CTL_ARGS_MAX], *symptom = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("code", "S03", &symptom, "what is wrong again"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 2, 2, &code) < 0)
		return code;
	post_begin(&p);
	post_text(&p, "outcome", words[1]);
	post_text(&p, "code", symptom);
	return post_send(c, WEB_CALLBACK, words[0], &p);
}

static void print_items(const struct ctl *c, const json_t *root)
{
	const json_t *one;
	size_t i;

	(void)c;
	json_array_foreach(json_object_get(root, "events"), i, one)
	{
		char *data = json_dumps(json_object_get(one, "data"), JSON_COMPACT);

		(void)printf("%s  %s  %s  %s\n", member_text(one, "at"), member_text(one, "type"),
			     member_text(one, "who"), data ? data : "");
		free(data);
	}
}

CTL_COMMAND(cmd_ticket_events)
{
	return get_command(c, self, argc, argv, 1, WEB_TICKET_EVENTS, print_items);
}

static void put_side(const struct ctl *c, struct text *t, const json_t *side)
{
	const char *verdict = verdict_text(c, member_text(side, "verdict"));
	double v = member_number(side, "value");
	char number[32];

	if (!side || json_is_null(side))
		text_puts(t, "-");
	else if (v == v) /* a number */
		text_printf(t, "%s %s %s", text_from_double(number, sizeof(number), text_round9(v)),
			    member_text(side, "unit"), verdict);
	else
		text_puts(t, verdict);
}

static const char *run_verdict(const struct ctl *c, const json_t *root, const char *side)
{
	const char *verdict = member_text(json_object_get(root, side), "verdict");

	return verdict[0] ? verdict_text(c, verdict) : "-";
}

static void print_compare(const struct ctl *c, const json_t *root)
{
	const json_t *m;
	struct table table;
	size_t i;

	(void)printf("%s %s  %s %s\n", M(TICKET), member_text(root, "ticket"), M(SERIAL),
		     member_text(root, "serial"));
	table_init(&table, 3, 0);
	table_row(&table, (const char *[]){M(MEASUREMENT), M(AS_FOUND), M(AS_LEFT)});
	table_row(&table, (const char *[]){M(RUN), run_verdict(c, root, "as_found"),
					   run_verdict(c, root, "as_left")});
	json_array_foreach(json_object_get(root, "measurements"), i, m)
	{
		struct text found = {0}, left = {0};

		put_side(c, &found, json_object_get(m, "as_found"));
		put_side(c, &left, json_object_get(m, "as_left"));
		table_row(&table,
			  (const char *[]){member_title(c, m, "title"), found.buf, left.buf});
		text_release(&found);
		text_release(&left);
	}
	print_table(&table, "");
}

CTL_COMMAND(cmd_ticket_compare)
{
	return get_command(c, self, argc, argv, 1, WEB_COMPARE, print_compare);
}

static void print_reply(const struct ctl *c, const json_t *root)
{
	(void)root;
	ctl_put_reply(c);
}

CTL_COMMAND(cmd_unit_dossier)
{
	return get_command(c, self, argc, argv, 1, WEB_DOSSIER, print_reply);
}

static int post_hold(struct ctl *c, const struct ctl_command *self, enum web_route route, int argc,
		     char **argv)
{
	const char *words[CTL_ARGS_MAX], *reason = NULL, *as = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("reason", "TEXT", &reason, "why"),
		OPTION_VALUE("as", "PERSON", &as, "the supervisor who signs; the PIN is asked for"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!reason || !as)
		return ctl_usage(self, "a hold needs --reason and --as");
	post_begin(&p);
	post_text(&p, "reason", reason);
	if (!post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, route, words[0], &p);
}

CTL_COMMAND(cmd_unit_hold)
{
	return post_hold(c, self, WEB_HOLD, argc, argv);
}

CTL_COMMAND(cmd_unit_unhold)
{
	return post_hold(c, self, WEB_UNHOLD, argc, argv);
}

static void print_holds(const struct ctl *c, const json_t *root)
{
	const json_t *h;
	struct table table;
	size_t i;

	table_init(&table, 4, 0);
	table_row(&table, (const char *[]){M(SERIAL), M(SINCE), M(WHO), M(REASON)});
	json_array_foreach(json_object_get(root, "holds"), i, h)
	{
		table_row(&table,
			  (const char *[]){member_text(h, "serial"), member_text(h, "since"),
					   member_text(h, "by"), member_text(h, "reason")});
	}
	print_list(c, &table);
}

CTL_COMMAND(cmd_unit_holds)
{
	return get_command(c, self, argc, argv, 0, WEB_HOLDS, print_holds);
}

CTL_COMMAND(cmd_run_note)
{
	const char *words[CTL_ARGS_MAX];
	bool confirm = false;
	const struct ctl_option options[] = {
		OPTION_FLAG("confirm-personal-data", &confirm, "it holds none, it only looks so"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 2, 2, &code) < 0)
		return code;
	post_begin(&p);
	post_text(&p, "note", words[1]);
	if (confirm)
		json_kv_bool(&p.json, "confirm_personal_data", true);
	return post_send(c, WEB_RUN_NOTE, words[0], &p);
}

CTL_COMMAND(cmd_run_void)
{
	const char *words[CTL_ARGS_MAX], *reason = NULL, *note = NULL, *as = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("reason", "WORD", &reason, "wrong_unit, rig or training"),
		OPTION_VALUE("note", "TEXT", &note, "what happened"),
		OPTION_VALUE("as", "PERSON", &as, "the supervisor who signs; the PIN is asked for"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!reason || !note || !as)
		return ctl_usage(self, "a void needs --reason, --note and --as");
	post_begin(&p);
	post_text(&p, "reason", reason);
	post_text(&p, "note", note);
	if (!post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, WEB_RUN_VOID, words[0], &p);
}
