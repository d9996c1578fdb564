/* SPDX-License-Identifier: MIT */
#include "ticket/form.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char CONFIRM[] = "confirm_personal_data";

struct reader {
	struct ticket_problems *problems;
	bool confirmed;
};

static void refuse(struct reader *r, const char *pointer, const char *code, const char *detail)
{
	form_problem(r->problems, pointer, code, detail);
}

static void refuse_length(struct reader *r, const char *pointer, const struct form_field *f)
{
	char detail[80];

	(void)snprintf(detail, sizeof(detail), "%.0f to %.0f characters expected", f->lo, f->hi);
	refuse(r, pointer, "length", detail);
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void check_text(struct reader *r, const char *pointer, const struct form_field *f,
		       const char *s, size_t len)
{
	bool note = f->kind == FORM_NOTE;
	const char *what;
	char detail[120];

	if ((double)characters(s) < f->lo || (double)characters(s) > f->hi) {
		refuse_length(r, pointer, f);
		return;
	}
	if (strlen(s) != len || !text_is_clean(s, len, note ? "\n" : "")) {
		refuse(r, pointer, "characters", "text without control characters expected");
		return;
	}
	what = note && !r->confirmed ? form_personal_data(s) : NULL;
	if (!what)
		return;
	(void)snprintf(detail, sizeof(detail),
		       "looks as if it held a %s; leave it out, or send \"%s\": true", what,
		       CONFIRM);
	refuse(r, pointer, CONFIRM, detail);
}

static void check_word(struct reader *r, const char *pointer, const struct form_field *f,
		       const char *s)
{
	struct text list = {0};

	for (int i = 0; f->words[i]; i++) {
		text_printf(&list, "%s%s", i ? ", " : "one of ", f->words[i]);
		if (strcmp(f->words[i], s) == 0) {
			text_release(&list);
			return;
		}
	}
	refuse(r, pointer, "value", list.buf ? list.buf : "no word is right here");
	text_release(&list);
}

static void check_code(struct reader *r, const char *pointer, const struct form_field *f,
		       const char *s)
{
	char detail[64];

	if (form_has_shape(s, f->shape))
		return;
	(void)snprintf(detail, sizeof(detail), "a code of the form %s expected (9: a digit)",
		       f->shape);
	refuse(r, pointer, "value", detail);
}

static void check_string(struct reader *r, const char *pointer, const struct form_field *f,
			 const json_t *v)
{
	const char *s = json_string_value(v);

	if (!s) {
		refuse(r, pointer, "type", "a string expected");
		return;
	}
	switch (f->kind) {
	case FORM_TEXT:
	case FORM_NOTE: check_text(r, pointer, f, s, json_string_length(v)); return;
	case FORM_WORD: check_word(r, pointer, f, s); return;
	case FORM_CODE:
	case FORM_CODES:
		if (f->words)
			check_word(r, pointer, f, s);
		else if (f->shape)
			check_code(r, pointer, f, s);
		else if (!text_is_name(s))
			refuse(r, pointer, "characters", "a name of a-z 0-9 _ expected");
		return;
	case FORM_ID:
		if (!ticket_is_id(s))
			refuse(r, pointer, "characters",
			       "1 to 63 characters of A-Z a-z 0-9 . _ / - expected");
		return;
	case FORM_NAME:
		if (!text_is_name(s))
			refuse(r, pointer, "characters", "a name of a-z 0-9 _ expected");
		return;
	case FORM_DAY:
		if (!text_is_day(s))
			refuse(r, pointer, "value", "a day like 2026-11-22 expected");
		return;
	case FORM_UTC:
		if (!form_is_utc(s))
			refuse(r, pointer, "value",
			       "a time in UTC like 2026-11-22T08:00:00Z expected");
		return;
	case FORM_BOOL:
	case FORM_INT:
	case FORM_NUMBER:
	case FORM_LIST:
	case FORM_NUMBERS: return;
	}
}

static void check_number(struct reader *r, const char *pointer, const struct form_field *f,
			 const json_t *v)
{
	bool whole = f->kind == FORM_INT;
	char detail[80];

	if (whole ? !json_is_integer(v) : !json_is_number(v)) {
		refuse(r, pointer, "type", whole ? "a whole number expected" : "a number expected");
		return;
	}
	if (json_number_value(v) >= f->lo && json_number_value(v) <= f->hi)
		return;
	(void)snprintf(detail, sizeof(detail), "%.9g to %.9g expected", f->lo, f->hi);
	refuse(r, pointer, "value", detail);
}

static void check_object(struct reader *r, const char *at, const struct form_field *fields,
			 const json_t *o);

static void check_list(struct reader *r, const char *pointer, const struct form_field *f,
		       const json_t *v)
{
	struct form_field number = {.kind = FORM_NUMBER, .lo = -1e9, .hi = 1e9};
	char at[sizeof(r->problems->at[0].pointer)];
	const json_t *one;
	size_t i;

	if (!json_is_array(v)) {
		refuse(r, pointer, "type", "an array expected");
		return;
	}
	if ((double)json_array_size(v) > f->hi || (double)json_array_size(v) < f->lo) {
		(void)snprintf(at, sizeof(at), "%.0f to %.0f entries expected", f->lo, f->hi);
		refuse(r, pointer, "length", at);
		return;
	}
	json_array_foreach(v, i, one)
	{
		(void)snprintf(at, sizeof(at), "%.70s/%zu", pointer, i);
		if (f->kind == FORM_CODES)
			check_string(r, at, f, one);
		else if (f->kind == FORM_NUMBERS)
			check_number(r, at, &number, one);
		else if (json_is_object(one))
			check_object(r, at, f->sub, one);
		else
			refuse(r, at, "type", "an object expected");
	}
}

static void check_value(struct reader *r, const char *pointer, const struct form_field *f,
			const json_t *v)
{
	switch (f->kind) {
	case FORM_BOOL:
		if (!json_is_boolean(v))
			refuse(r, pointer, "type", "true or false expected");
		return;
	case FORM_INT:
	case FORM_NUMBER: check_number(r, pointer, f, v); return;
	case FORM_CODES:
	case FORM_LIST:
	case FORM_NUMBERS: check_list(r, pointer, f, v); return;
	case FORM_TEXT:
	case FORM_NOTE:
	case FORM_ID:
	case FORM_NAME:
	case FORM_CODE:
	case FORM_WORD:
	case FORM_DAY:
	case FORM_UTC: check_string(r, pointer, f, v); return;
	}
}

static const struct form_field *find(const struct form_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static void refuse_member(struct reader *r, const char *pointer, const char *name)
{
	if (form_is_customer_data(name))
		refuse(r, pointer, "customer_data",
		       "the station keeps no customer data; leave it out (客户信息不得录入)");
	else
		refuse(r, pointer, "unknown_member", "no such member here");
}

static void check_object(struct reader *r, const char *at, const struct form_field *fields,
			 const json_t *o)
{
	char pointer[sizeof(r->problems->at[0].pointer)], one[64];
	const char *name;
	json_t *v;

	/* jansson's iterator wants a pointer to what it does not change. */
	json_object_foreach((json_t *)(uintptr_t)o, name, v)
	{
		const struct form_field *f = find(fields, name);

		form_pointer(one, sizeof(one), name);
		(void)snprintf(pointer, sizeof(pointer), "%.30s%s", at, one);
		if (!at[0] && strcmp(name, CONFIRM) == 0 && !json_is_boolean(v))
			refuse(r, pointer, "type", "true or false expected");
		if (!at[0] && (strcmp(name, CONFIRM) == 0 || strcmp(name, "sign") == 0))
			continue;
		if (f)
			check_value(r, pointer, f, v);
		else
			refuse_member(r, pointer, name);
	}
	for (const struct form_field *f = fields; f->name; f++) {
		if (!f->required || json_object_get(o, f->name))
			continue;
		(void)snprintf(pointer, sizeof(pointer), "%.30s/%.60s", at, f->name);
		refuse(r, pointer, "required", "this member is missing");
	}
}

int form_read(const struct form_field *fields, const char *json, size_t n, json_t **root,
	      struct ticket_problems *problems)
{
	struct reader r = {.problems = problems};
	struct error err = {0};
	json_t *o = json_load_limited(json, n, FORM_BYTES_MAX, &err);

	problems->count = 0;
	if (!o || !json_is_object(o)) {
		form_problem(problems, "", "syntax", o ? "a JSON object expected" : err.text);
		json_decref(o);
		return ERR_SYNTAX;
	}
	r.confirmed = json_is_true(json_object_get(o, CONFIRM));
	check_object(&r, "", fields, o);
	if (problems->count) {
		json_decref(o);
		return ERR_RANGE;
	}
	*root = o;
	return 0;
}

static void put_value(struct json *j, const struct form_field *f, const json_t *v)
{
	const json_t *one;
	size_t i;

	if (json_is_string(v)) {
		json_put_string_n(j, json_string_value(v), json_string_length(v));
	} else if (json_is_boolean(v)) {
		json_put_bool(j, json_is_true(v));
	} else if (json_is_integer(v)) {
		json_put_int(j, json_integer_value(v));
	} else if (json_is_number(v)) {
		json_put_number(j, text_round9(json_number_value(v)));
	} else if (json_is_array(v)) {
		json_open_array(j);
		json_array_foreach(v, i, one)
		{
			if (f->kind == FORM_LIST)
				json_open_object(j);
			if (f->kind == FORM_LIST)
				form_put(j, f->sub, one);
			else
				put_value(j, f, one);
			if (f->kind == FORM_LIST)
				json_end_object(j);
		}
		json_end_array(j);
	} else {
		json_put_null(j);
	}
}

void form_put(struct json *j, const struct form_field *fields, const json_t *root)
{
	for (; fields->name; fields++) {
		const json_t *v = json_object_get(root, fields->name);

		if (!v)
			continue;
		json_key(j, fields->name);
		put_value(j, fields, v);
	}
}
