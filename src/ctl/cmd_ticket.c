/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "post.h"

#define M(id) message(c->zh, MSG_##id)

static void print_ticket(const struct ctl *c, const json_t *t)
{
	const char *const more[][2] = {{"manufacture_date", M(MADE)}, {"due_at", M(DUE)}};
	const json_t *symptom;
	struct text out = {0};
	size_t i;

	text_printf(&out, "%s %s  %s %s  %s %s  ", M(TICKET), member_text(t, "id"), M(SERIAL),
		    member_text(t, "serial"), M(MODEL), member_text(t, "model"));
	put_said(c, member_text(t, "run_type"), &out);
	text_puts(&out, "  ");
	put_said(c, member_text(t, "state"), &out);
	text_printf(&out, "  %s %.0f", M(REPAIR_SEQ), member_number(t, "repair_seq"));
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (member_text(t, more[i][0])[0])
			text_printf(&out, "  %s %s", more[i][1], member_text(t, more[i][0]));
	if (member_number(t, "priority") > 0)
		text_printf(&out, "  %s %.0f", M(PRIORITY), member_number(t, "priority"));
	json_array_foreach(json_object_get(t, "symptoms"), i, symptom)
	{
		text_printf(&out, "%s%s%s", i ? "," : "  ", i ? "" : M(SYMPTOMS), i ? "" : " ");
		text_puts(&out, json_string_value(symptom));
	}
	(void)printf("%s%s%s\n", out.buf, member_is_true(t, "mail_back") ? "  " : "",
		     member_is_true(t, "mail_back") ? M(MAIL_BACK) : "");
	text_release(&out);
}

CTL_COMMAND(cmd_ticket_add)
{
	const char *words[CTL_ARGS_MAX], *serial = NULL, *model = NULL, *made = NULL;
	const char *due = NULL, *symptoms = NULL, *type = NULL, *priority = NULL, *seq = NULL;
	bool change = false, mail_back = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("serial", "SERIAL", &serial, "serial number on the unit's plate"),
		OPTION_VALUE("model", "MODEL", &model, "model code, such as RO600"),
		OPTION_VALUE("made", "DATE", &made,
			     "date of manufacture: 2024-05-01, 2024-05 or 2024"),
		OPTION_VALUE("due", "TIME", &due, "due at, as 2026-01-31T08:00:00Z"),
		OPTION_VALUE("symptoms", "S02,S09", &symptoms, "symptom codes"),
		OPTION_VALUE("type", "RUN_TYPE", &type, "requested run type (post_repair_qc)"),
		OPTION_VALUE("priority", "0..9", &priority, "0 is the default"),
		OPTION_VALUE("repair-seq", "N", &seq, "number of the last repair event"),
		OPTION_FLAG("mail-back", &mail_back, "the unit goes back by mail"),
		OPTION_FLAG("change", &change, "change the ticket if it exists"),
		OPTION_END,
	};
	int64_t rank = -1, repair = -1;
	json_t *ticket = NULL;
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!serial || !model)
		return ctl_usage(self, "a ticket needs --serial and --model");
	if (!ctl_number(self, "priority", priority, 0, 9, &rank) ||
	    !ctl_number(self, "repair-seq", seq, 0, INT32_MAX, &repair))
		return CTL_USAGE;
	post_begin(&p);
	post_text(&p, "serial", serial);
	post_text(&p, "model", model);
	post_text(&p, "manufacture_date", made);
	post_text(&p, "due_at", due);
	post_text(&p, "run_type", type);
	post_list(&p, "symptoms", symptoms);
	if (rank >= 0)
		json_kv_int(&p.json, "priority", rank);
	if (repair >= 0)
		json_kv_int(&p.json, "repair_seq", repair);
	if (mail_back)
		json_kv_bool(&p.json, "mail_back", true);
	json_end_object(&p.json);
	code = ctl_call_match(c, WEB_TICKET_PUT, words[0], p.text.buf, change ? "" : "*new*",
			      &ticket);
	text_release(&p.text);
	if (code && !change && c->status == 412 && !c->json)
		(void)fprintf(stderr, "%s\n", M(TO_CHANGE));
	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	else
		print_ticket(c, ticket);
	json_decref(ticket);
	return CTL_OK;
}

CTL_COMMAND(cmd_ticket_show)
{
	return get_command(c, self, argc, argv, 1, WEB_TICKET_GET, print_ticket);
}

static void print_tickets(const struct ctl *c, const json_t *root)
{
	const json_t *list = json_object_get(root, "tickets");
	struct text state = {0}, type = {0};
	const json_t *t;
	struct table table;
	size_t i;

	table_init(&table, 6, 0);
	table_row(&table,
		  (const char *[]){M(TICKET), M(SERIAL), M(MODEL), M(STATE), M(RUN_TYPE), M(DUE)});
	json_array_foreach(list, i, t)
	{
		text_clear(&state);
		text_clear(&type);
		put_said(c, member_text(t, "state"), &state);
		put_said(c, member_text(t, "run_type"), &type);
		table_row(&table, (const char *[]){member_text(t, "id"), member_text(t, "serial"),
						   member_text(t, "model"), state.buf, type.buf,
						   member_text(t, "due_at")});
	}
	text_release(&state);
	text_release(&type);
	print_list(c, &table);
}

CTL_COMMAND(cmd_ticket_list)
{
	const char *words[CTL_ARGS_MAX], *serial = NULL, *model = NULL, *state = NULL,
					 *limit = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("serial", "SERIAL", &serial, "only this serial"),
		OPTION_VALUE("model", "MODEL", &model, "only this model"),
		OPTION_VALUE("state", "STATE", &state,
			     "received, diagnosed, in_test, tested, failed, repaired, refused, "
			     "accepted or released"),
		OPTION_VALUE("limit", "N", &limit, "at most N (default 100)"),
		OPTION_END,
	};
	struct text query = {0};
	int64_t n = 100;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!ctl_number(self, "limit", limit, 1, 1000, &n))
		return CTL_USAGE;
	query_add(&query, "serial", serial);
	query_add(&query, "model", model);
	query_add(&query, "state", state);
	query_add(&query, "limit", limit);
	code = get_and_print(c, WEB_TICKETS, NULL, query.buf, print_tickets);
	text_release(&query);
	return code;
}

CTL_COMMAND(cmd_release_show)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct text out = {0};
	json_t *release = NULL;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	code = ctl_call(c, WEB_RELEASE, words[0], "", NULL, &release);
	if (code)
		return code;
	show_release(c, release, &out);
	if (c->json)
		ctl_put_reply(c);
	else
		(void)fputs(out.buf, stdout);
	code = strcmp(member_text(release, "decision"), "allowed") == 0 ? CTL_OK : CTL_NO_PASS;
	text_release(&out);
	json_decref(release);
	return code;
}
