/* SPDX-License-Identifier: MIT */
#include "ticket/ticket.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "plan/names.h"
#include "ticket/form.h"

enum { SYMPTOMS_MAX = 16, PRIORITY_MAX = 9 };

/* Characters an id, serial or model may have; no other can break a path, a label or a log line. */
static const char ID_CHARACTERS[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";

static void problem(struct ticket_problems *p, const char *pointer, const char *code,
		    const char *detail)
{
	form_problem(p, pointer, code, detail);
}

bool ticket_is_id(const char *id)
{
	size_t n = strspn(id, ID_CHARACTERS);

	return n > 0 && n < sizeof(((struct ticket *)0)->id) && id[n] == '\0';
}

/* ---- one reader per kind of member: value into the ticket, or a problem ---- */

static const char *get_text(const json_t *v, const char *pointer, struct ticket_problems *p)
{
	if (json_is_string(v))
		return json_string_value(v);
	problem(p, pointer, "type", "a string expected");
	return NULL;
}

static void read_id(const json_t *v, const char *pointer, char dst[64], struct ticket_problems *p)
{
	const char *s = get_text(v, pointer, p);

	if (!s)
		return;
	if (s[0] == '\0' || strlen(s) > 63)
		problem(p, pointer, "length", "1 to 63 characters expected");
	else if (!ticket_is_id(s))
		problem(p, pointer, "characters", "A-Z a-z 0-9 . _ / - expected");
	else
		(void)text_copy(dst, 64, s);
}

static void member_id(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	read_id(v, "/id", t->id, p);
}

static void member_serial(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	read_id(v, "/serial", t->serial, p);
}

static void member_model(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	read_id(v, "/model", t->model, p);
}

/* A day, a month or a year. */
static bool is_date(const char *s)
{
	char day[16];

	if (form_has_shape(s, "9999"))
		return true;
	if (!form_has_shape(s, "9999-99"))
		return text_is_day(s);
	(void)snprintf(day, sizeof(day), "%.7s-01", s);
	return text_is_day(day);
}

static void member_manufacture_date(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	const char *s = get_text(v, "/manufacture_date", p);

	if (!s)
		return;
	if (is_date(s))
		(void)text_copy(t->manufacture_date, sizeof(t->manufacture_date), s);
	else
		problem(p, "/manufacture_date", "value",
			"a date like 2024-05-01, 2024-05 or 2024 expected");
}

static void member_due_at(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	const char *s = get_text(v, "/due_at", p);

	if (!s)
		return;
	if (form_is_utc(s))
		(void)text_copy(t->due_at, sizeof(t->due_at), s);
	else
		problem(p, "/due_at", "value", "a time in UTC like 2024-05-01T08:00:00Z expected");
}

static void member_symptoms(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	char pointer[32];
	size_t i, at = 0;
	const json_t *one;

	if (!json_is_array(v)) {
		problem(p, "/symptoms", "type", "an array of symptom codes expected");
		return;
	}
	if (json_array_size(v) > SYMPTOMS_MAX) {
		problem(p, "/symptoms", "length", "at most 16 symptom codes expected");
		return;
	}
	json_array_foreach(v, i, one)
	{
		const char *s = json_string_value(one);

		if (!s || !form_has_shape(s, "S99")) {
			(void)snprintf(pointer, sizeof(pointer), "/symptoms/%zu", i);
			problem(p, pointer, "value", "a symptom code like S02 expected");
			continue;
		}
		at += (size_t)snprintf(t->symptoms + at, sizeof(t->symptoms) - at, "%s%s",
				       at ? "," : "", s);
	}
}

/* One of a list of words, NULL at its end. */
static void read_word(const json_t *v, const char *pointer, const char *const *words, char dst[32],
		      struct ticket_problems *p)
{
	const char *s = get_text(v, pointer, p);
	struct text detail = {0};

	if (!s)
		return;
	for (int i = 0; words[i]; i++) {
		text_printf(&detail, "%s%s", i ? ", " : "one of ", words[i]);
		if (strcmp(words[i], s) != 0)
			continue;
		(void)text_copy(dst, 32, s);
		text_release(&detail);
		return;
	}
	problem(p, pointer, "value", detail.buf);
	text_release(&detail);
}

static void member_run_type(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	const char *s = get_text(v, "/run_type", p);

	if (!s)
		return;
	if (run_type_find(s))
		(void)text_copy(t->run_type, sizeof(t->run_type), s);
	else
		problem(p, "/run_type", "value", "a run type like post_repair_qc expected");
}

static void member_plan_state(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	static const char *const words[] = {"none", "proposed", "approved", "declined", NULL};

	read_word(v, "/plan_state", words, t->plan_state, p);
}

static void member_priority(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	if (!json_is_integer(v))
		problem(p, "/priority", "type", "a whole number expected");
	else if (json_integer_value(v) < 0 || json_integer_value(v) > PRIORITY_MAX)
		problem(p, "/priority", "value", "0 to 9 expected");
	else
		t->priority = (int)json_integer_value(v);
}

static void member_mail_back(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	if (json_is_boolean(v))
		t->mail_back = json_is_true(v);
	else
		problem(p, "/mail_back", "type", "true or false expected");
}

static void member_repair_seq(const json_t *v, struct ticket *t, struct ticket_problems *p)
{
	if (!json_is_integer(v))
		problem(p, "/repair_seq", "type", "a whole number expected");
	else if (json_integer_value(v) < 0)
		problem(p, "/repair_seq", "value", "0 or more expected");
	else
		t->repair_seq = json_integer_value(v);
}

static const struct {
	const char *name;
	void (*read)(const json_t *v, struct ticket *t, struct ticket_problems *p);
	bool required;
} members[] = {
	{"id", member_id, true},
	{"serial", member_serial, true},
	{"model", member_model, true},
	{"manufacture_date", member_manufacture_date, false},
	{"due_at", member_due_at, false},
	{"symptoms", member_symptoms, false},
	{"run_type", member_run_type, false},
	{"plan_state", member_plan_state, false},
	{"priority", member_priority, false},
	{"mail_back", member_mail_back, false},
	{"repair_seq", member_repair_seq, false},
};
enum { MEMBER_COUNT = sizeof(members) / sizeof(members[0]) };

/* ---- members that are not read ---- */

static bool is_read_only(const char *name)
{
	static const char *const names[] = {"state", "version", "created_at", "changed_at",
					    "mirrored_at"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void refuse_member(const char *name, struct ticket_problems *p)
{
	char pointer[sizeof(p->at[0].pointer)];

	form_pointer(pointer, sizeof(pointer), name);
	if (is_read_only(name))
		problem(p, pointer, "read_only", "the station sets this; leave it out");
	else if (form_is_customer_data(name))
		problem(p, pointer, "customer_data",
			"the station keeps no customer data; leave it out (客户信息不得录入)");
	else
		problem(p, pointer, "unknown_member", "no such member of a ticket");
}

static void read_member(const char *name, const json_t *v, struct ticket *t,
			struct ticket_problems *p)
{
	for (int i = 0; i < MEMBER_COUNT; i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		members[i].read(v, t, p);
		return;
	}
	refuse_member(name, p);
}

static void require_members(const json_t *root, const char *path_id, struct ticket *t,
			    struct ticket_problems *p)
{
	char pointer[32];

	for (int i = 0; i < MEMBER_COUNT; i++) {
		bool is_id = strcmp(members[i].name, "id") == 0;

		if (!members[i].required || json_object_get(root, members[i].name) ||
		    (is_id && path_id))
			continue;
		(void)snprintf(pointer, sizeof(pointer), "/%s", members[i].name);
		problem(p, pointer, "required", "this member is missing");
	}
	if (!path_id)
		return;
	if (!ticket_is_id(path_id))
		problem(p, "/id", "characters",
			"1 to 63 characters of A-Z a-z 0-9 . _ / - expected in the path");
	else if (!json_object_get(root, "id"))
		(void)text_copy(t->id, sizeof(t->id), path_id);
	else if (t->id[0] && strcmp(t->id, path_id) != 0)
		problem(p, "/id", "value", "another ticket than the path names");
}

void ticket_take_defaults(struct ticket *t, const struct ticket_defaults *defaults)
{
	const struct ticket_defaults own = {.run_type = "post_repair_qc", .plan_state = "none"};
	const struct ticket_defaults *d = defaults ? defaults : &own;

	(void)text_copy(t->run_type, sizeof(t->run_type),
			d->run_type[0] ? d->run_type : own.run_type);
	(void)text_copy(t->plan_state, sizeof(t->plan_state),
			d->plan_state[0] ? d->plan_state : own.plan_state);
	t->priority = d->priority;
	t->mail_back = d->mail_back;
}

int ticket_read(const char *path_id, const char *json, size_t n,
		const struct ticket_defaults *defaults, struct ticket *out,
		struct ticket_problems *problems)
{
	struct ticket t = {.repair_seq = -1};
	struct error err;
	json_t *root = json_load_limited(json, n, TICKET_BYTES_MAX, &err);
	const char *name;
	json_t *v;

	problems->count = 0;
	ticket_take_defaults(&t, defaults);
	if (!root || !json_is_object(root)) {
		problem(problems, "", "syntax", root ? "a JSON object expected" : err.text);
		json_decref(root);
		return ERR_SYNTAX;
	}
	json_object_foreach(root, name, v) read_member(name, v, &t, problems);
	require_members(root, path_id, &t, problems);
	json_decref(root);
	if (problems->count)
		return ERR_RANGE;
	*out = t;
	return 0;
}

int ticket_from_json(const char *path_id, const char *json, size_t n,
		     const struct ticket_defaults *defaults, struct ticket *out, struct error *err)
{
	struct ticket_problems problems;
	int rc = ticket_read(path_id, json, n, defaults, out, &problems);
	char line[sizeof(((struct error *)0)->text)];

	if (rc == 0)
		return 0;
	form_problems_line(&problems, line, sizeof(line));
	return error_set(err, rc, "%s", line);
}

void ticket_put_problems(struct json *j, const struct ticket_problems *problems)
{
	json_open_array(j);
	for (int i = 0; i < problems->count; i++) {
		json_open_object(j);
		json_kv_string(j, "pointer", problems->at[i].pointer);
		json_kv_string(j, "code", problems->at[i].code);
		json_kv_string(j, "detail", problems->at[i].detail);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_symptoms(struct json *j, const char *s)
{
	json_key(j, "symptoms");
	json_open_array(j);
	while (*s) {
		size_t n = strcspn(s, ",");

		if (n > 0)
			json_put_string_n(j, s, n);
		s += n + (s[n] == ',');
	}
	json_end_array(j);
}

static void put_utc(struct json *j, const char *key, int64_t utc_us)
{
	char at[32];

	json_kv_string(j, key, utc_us ? text_from_utc_us(at, sizeof(at), utc_us) : NULL);
}

void ticket_put_members(struct json *j, const struct ticket *t)
{
	json_kv_string(j, "id", t->id);
	json_kv_string(j, "serial", t->serial);
	json_kv_string(j, "model", t->model);
	json_kv_string(j, "state", t->state);
	json_kv_string(j, "run_type", t->run_type);
	json_kv_string(j, "plan_state", t->plan_state);
	json_kv_string(j, "manufacture_date", t->manufacture_date[0] ? t->manufacture_date : NULL);
	json_kv_string(j, "due_at", t->due_at[0] ? t->due_at : NULL);
	put_symptoms(j, t->symptoms);
	json_kv_int(j, "priority", t->priority);
	json_kv_bool(j, "mail_back", t->mail_back);
	json_kv_int(j, "repair_seq", t->repair_seq);
	json_kv_int(j, "version", t->version);
	put_utc(j, "created_at", t->created_utc_us);
	put_utc(j, "changed_at", t->changed_utc_us);
	put_utc(j, "mirrored_at", t->mirrored_utc_us);
}

void ticket_put_json(struct json *j, const struct ticket *t)
{
	json_open_object(j);
	ticket_put_members(j, t);
	json_end_object(j);
}

void ticket_to_json(const struct ticket *t, struct text *out)
{
	struct json j;

	json_init(&j, out);
	ticket_put_json(&j, t);
}
