/* SPDX-License-Identifier: MIT */
#include "ticket/adapter.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/schema.h"
#include "ticket/form.h"

enum { ANSWER_MAX = 65536, TOKEN_MAX = 512 };

/* ---- the file ---- */

struct success {
	struct schema_item item;
	const char *pointer, *is;
};
struct word {
	struct schema_item item;
	const char *theirs, *ours;
};
struct adapter {
	struct schema_item item;
	const char *name, *url, *root, *serial_url, *serial_root, *token_file;
	struct schema_texts headers;
	struct success *success;
	struct schema_list fields, words;
	struct arena *arena;
	char *header_texts[ADAPTER_HEADERS_MAX + 1];
};

#define FIELD(T, k, t, member, ...)                                                                \
	{                                                                                          \
		.key = k, .type = t, .offset = offsetof(struct T, member), __VA_ARGS__             \
	}
static const struct schema_field success_fields[] = {
	FIELD(success, "pointer", SCHEMA_TEXT, pointer, .required = true,
	      .en = "JSON pointer into the answer, /errcode"),
	FIELD(success, "is", SCHEMA_TEXT, is, .required = true,
	      .en = "what stands there when the ticket was found"),
	{.key = NULL},
};
static const struct schema success_schema = {.name = "success",
					     .size = sizeof(struct success),
					     .fields = success_fields,
					     .en = "How an answer says that it found the ticket."};
static const struct schema_field word_fields[] = {
	FIELD(word, "theirs", SCHEMA_TEXT, theirs, .required = true, .en = "as the answer has it"),
	FIELD(word, "ours", SCHEMA_TEXT, ours, .required = true, .en = "as a ticket here has it"),
	{.key = NULL},
};
static const struct schema word_schema = {.name = "words",
					  .size = sizeof(struct word),
					  .fields = word_fields,
					  .en = "A word of the ticketing system and ours."};
static const struct schema_field adapter_fields[] = {
	FIELD(adapter, "adapter", SCHEMA_NAME, name, .required = true,
	      .en = "its name, in records as adapter:NAME"),
	FIELD(adapter, "url", SCHEMA_TEXT, url, .required = true, .max = 400,
	      .en = "address of one ticket, {id} in it"),
	FIELD(adapter, "root", SCHEMA_TEXT, root,
	      .en = "JSON pointer to the ticket in that answer; fields begin there"),
	FIELD(adapter, "serial_url", SCHEMA_TEXT, serial_url, .max = 400,
	      .en = "address that finds a ticket by {serial}"),
	FIELD(adapter, "serial_root", SCHEMA_TEXT, serial_root, .en = "the same in its answer"),
	FIELD(adapter, "headers", SCHEMA_TEXTS, headers,
	      .en = "lines of the request, Name: value; {token} is the token's place"),
	FIELD(adapter, "token_file", SCHEMA_TEXT, token_file, .max = 500,
	      .en = "file with the token, readable by benchd alone"),
	FIELD(adapter, "success", SCHEMA_MAP, success, .sub = &success_schema,
	      .en = "how an answer says that it found the ticket; else status 200 does"),
	FIELD(adapter, "fields", SCHEMA_PAIRS, fields, .required = true,
	      .en = "member of a ticket: JSON pointer in the answer"),
	FIELD(adapter, "words", SCHEMA_LIST, words, .sub = &word_schema,
	      .en = "words of the ticketing system and ours"),
	{.key = NULL},
};
static const struct schema adapter_schema = {.name = "ticket adapter",
					     .size = sizeof(struct adapter),
					     .fields = adapter_fields,
					     .en = "Where tickets are looked up."};

enum kind { TEXT = 1, NUMBER, BOOLEAN, CODES, TIME };
static const struct {
	const char *name;
	enum kind kind;
} members[] = {{"id", TEXT},	       {"serial", TEXT},
	       {"model", TEXT},	       {"due_at", TIME},
	       {"symptoms", CODES},    {"run_type", TEXT},
	       {"plan_state", TEXT},   {"priority", NUMBER},
	       {"mail_back", BOOLEAN}, {"manufacture_date", TEXT}};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static void mistake(struct problems *p, const char *path, const struct schema_item *at,
		    const char *name, const char *what)
{
	problems_add(p, path, at->node ? at->node->line : 1, at->node ? at->node->col : 1, NULL,
		     "%s: %s", name, what);
}

static bool is_pointer(const char *s)
{
	return !s || s[0] == '/';
}

static bool is_member(const char *name)
{
	for (int m = 0; m < MEMBERS; m++)
		if (!strcmp(members[m].name, name))
			return true;
	return false;
}

static void check(const struct adapter *a, const char *path, struct problems *p)
{
	const struct schema_pair *pair = a->fields.at;

	for (int i = 0; i < a->fields.count; i++) {
		if (!is_member(pair[i].item.name))
			mistake(p, path, &pair[i].item, pair[i].item.name,
				"no member of a ticket; expected id, serial, model, due_at, symptoms, "
				"run_type, plan_state, priority, mail_back or manufacture_date");
		if (!is_pointer(pair[i].text))
			mistake(p, path, &pair[i].item, pair[i].text,
				"no JSON pointer; expected one like /name/0");
	}
	if (!strstr(a->url, "{id}"))
		mistake(p, path, &a->item, "url", "expected an address with {id} in it");
	if (a->serial_url && !strstr(a->serial_url, "{serial}"))
		mistake(p, path, &a->item, "serial_url", "expected an address with {serial} in it");
	if (!is_pointer(a->root) || !is_pointer(a->serial_root) ||
	    (a->success && !is_pointer(a->success->pointer)))
		mistake(p, path, &a->item, "root, serial_root, success",
			"expected JSON pointers such as /issue");
	if (a->headers.count > ADAPTER_HEADERS_MAX)
		mistake(p, path, &a->item, "headers", "at most 8 of them");
}

/* {token} once in each line. */
static void fill_headers(struct adapter *a, const char *token)
{
	for (int i = 0; i < a->headers.count; i++) {
		const char *line = a->headers.at[i], *at = strstr(line, "{token}");
		struct text t = {0};

		text_add(&t, line, at ? (size_t)(at - line) : strlen(line));
		if (at) {
			text_puts(&t, token);
			text_puts(&t, at + strlen("{token}"));
		}
		a->header_texts[i] = t.buf;
	}
}

static bool read_token(const struct adapter *a, char token[TOKEN_MAX], struct error *err)
{
	char *bytes = NULL;
	size_t n = 0;

	token[0] = '\0';
	if (!a->token_file)
		return true;
	if (text_read_file(a->token_file, TOKEN_MAX - 1, &bytes, &n, err))
		return false;
	while (n && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
		n--;
	memcpy(token, bytes, n);
	token[n] = '\0';
	free(bytes);
	if (n && text_is_clean(token, n, ""))
		return true;
	error_set(err, ERR_CONFIG, "%s: one line with the token expected", a->token_file);
	return false;
}

struct adapter *adapter_parse(const char *path, const char *bytes, size_t n,
			      struct problems *problems)
{
	struct adapter *a = xcalloc(1, sizeof(*a));
	char token[TOKEN_MAX] = "";
	struct error err = {0};
	int before = problems->count;
	struct arena *arena = arena_new();
	struct yaml y;

	yaml_parse(&y, path, bytes, n, arena, problems);
	if (y.root)
		schema_decode(&adapter_schema, &y, y.root, a);
	a->arena = arena;
	if (problems->count == before)
		check(a, path, problems);
	if (problems->count == before && !read_token(a, token, &err))
		problems_add(problems, path, 1, 1, NULL, "token_file: %s", err.text);
	if (problems->count > before) {
		adapter_free(a);
		return NULL;
	}
	fill_headers(a, token);
	return a;
}

struct adapter *adapter_load(const char *path, struct problems *problems)
{
	struct adapter *a;
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);

	if (!bytes)
		return NULL;
	a = adapter_parse(path, bytes, n, problems);
	free(bytes);
	return a;
}

void adapter_free(struct adapter *a)
{
	if (!a)
		return;
	for (int i = 0; a->header_texts[i]; i++)
		free(a->header_texts[i]);
	arena_free(a->arena);
	free(a);
}

/* ---- the question ---- */

const char *adapter_name(const struct adapter *a)
{
	return a->name;
}

bool adapter_has_serial_url(const struct adapter *a)
{
	return a->serial_url != NULL;
}

const char *const *adapter_headers(const struct adapter *a)
{
	return (const char *const *)a->header_texts;
}

void adapter_url(const struct adapter *a, const char *code, bool by_serial, struct text *out)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	const char *url = by_serial ? a->serial_url : a->url;
	const char *mark = by_serial ? "{serial}" : "{id}", *at = strstr(url, mark);

	text_add(out, url, (size_t)(at - url));
	for (const char *c = code; *c; c++)
		if (strchr(plain, *c))
			text_add(out, c, 1);
		else
			text_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
	text_puts(out, at + strlen(mark));
}

/* ---- the answer ---- */

/* RFC 6901. NULL: nothing is there. */
static const json_t *follow(const json_t *v, const char *pointer)
{
	while (v && pointer && *pointer == '/') {
		char token[128];
		size_t n = 0;

		for (pointer++; *pointer && *pointer != '/' && n < sizeof(token) - 1; pointer++) {
			char c = *pointer;

			if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
				c = *++pointer == '0' ? '~' : '/';
			token[n++] = c;
		}
		token[n] = '\0';
		if (json_is_array(v)) {
			int64_t i;
			bool index = text_to_int64(token, n, &i) && i >= 0;

			v = index ? json_array_get(v, (size_t)i) : NULL;
		} else {
			v = json_object_get(v, token);
		}
	}
	return v;
}

/* A scalar as text, then our word for it; false: it is none. */
static bool as_text(const struct adapter *a, const json_t *v, char *dst, size_t size)
{
	const struct word *w = a->words.at;

	dst[0] = '\0';
	if (json_is_string(v)) {
		if (!text_copy(dst, size, json_string_value(v)))
			return false;
	} else if (json_is_integer(v)) {
		(void)snprintf(dst, size, "%lld", (long long)json_integer_value(v));
	} else if (json_is_boolean(v)) {
		(void)snprintf(dst, size, "%s", json_is_true(v) ? "true" : "false");
	} else {
		return false;
	}
	for (int i = 0; i < a->words.count; i++)
		if (!strcmp(w[i].theirs, dst))
			return text_copy(dst, size, w[i].ours);
	return true;
}

/* "S02,S09" or ["S02", "S09"] */
static void put_codes(struct json *j, const struct adapter *a, const json_t *v)
{
	char text[256], *save = NULL;
	const json_t *one;
	size_t i;

	json_open_array(j);
	json_array_foreach(v, i, one)
	{
		if (as_text(a, one, text, sizeof(text)))
			json_put_string(j, text);
	}
	if (!json_is_array(v) && as_text(a, v, text, sizeof(text)))
		for (char *t = strtok_r(text, ", ;", &save); t; t = strtok_r(NULL, ", ;", &save))
			json_put_string(j, t);
	json_end_array(j);
}

/* What is of another form stays as it is: ticket_read refuses it by name. */
static void put_scalar(struct json *j, enum kind kind, const char *text)
{
	char time[40];
	int64_t number;

	if (kind == NUMBER && text_to_int64(text, strlen(text), &number)) {
		json_put_int(j, number);
	} else if (kind == BOOLEAN && (!strcmp(text, "true") || !strcmp(text, "false"))) {
		json_put_bool(j, text[0] == 't');
	} else if (kind == TIME && text_is_day(text)) {
		(void)snprintf(time, sizeof(time), "%.10sT23:59:59Z", text); /* by the end of it */
		json_put_string(j, time);
	} else {
		json_put_string(j, text);
	}
}

static enum kind kind_of(const char *member)
{
	for (int m = 0; m < MEMBERS; m++)
		if (!strcmp(members[m].name, member))
			return members[m].kind;
	return TEXT;
}

static void put_member(struct json *j, const struct adapter *a, const struct schema_pair *field,
		       const json_t *v)
{
	char text[256];
	enum kind kind = kind_of(field->item.name);

	if (kind != CODES && !as_text(a, v, text, sizeof(text))) {
		json_kv_int(j, field->item.name, -1); /* no scalar: refused by its name */
		return;
	}
	if (kind != CODES && !text[0])
		return; /* an empty field says nothing */
	json_key(j, field->item.name);
	if (kind == CODES)
		put_codes(j, a, v);
	else
		put_scalar(j, kind, text);
}

static int read_ticket(const struct adapter *a, const char *code, bool by_serial,
		       const json_t *root, const struct ticket_defaults *defaults,
		       struct ticket *out, struct error *err)
{
	const struct schema_pair *fields = a->fields.at;
	struct text t = {0};
	struct json j;
	int rc;

	json_init(&j, &t);
	json_open_object(&j);
	for (int i = 0; i < a->fields.count; i++) {
		const json_t *v = follow(root, fields[i].text);

		if (v && !json_is_null(v))
			put_member(&j, a, &fields[i], v);
	}
	json_end_object(&j);
	rc = ticket_from_json(by_serial ? NULL : code, t.buf, t.len, defaults, out, err);
	text_release(&t);
	if (!rc && by_serial && strcmp(out->serial, code) != 0)
		rc = error_set(err, ERR_CONFLICT, "/serial: the answer is about another serial");
	return rc;
}

int adapter_read(const struct adapter *a, const char *code, bool by_serial, const char *body,
		 size_t n, const struct ticket_defaults *defaults, struct ticket *out,
		 struct error *err)
{
	json_t *whole = json_load_limited(body, n, ANSWER_MAX, err);
	const json_t *root;
	char text[256];
	int rc = 0;

	if (!whole)
		return err->code ? err->code : ERR_SYNTAX;
	if (a->success && (!as_text(a, follow(whole, a->success->pointer), text, sizeof(text)) ||
			   strcmp(text, a->success->is) != 0))
		rc = error_set(err, ERR_NOT_FOUND, "%s does not say %s", a->success->pointer,
			       a->success->is);
	root = follow(whole, by_serial ? a->serial_root : a->root);
	if (!rc && !json_is_object(root))
		rc = error_set(err, ERR_NOT_FOUND, "no ticket in the answer");
	if (!rc)
		rc = read_ticket(a, code, by_serial, root, defaults, out, err);
	json_decref(whole);
	return rc;
}
