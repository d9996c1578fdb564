/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

void json_init(struct json *j, struct text *out)
{
	*j = (struct json){.out = out};
}

/* Before each value: the comma of an array's member; a key's comma was written with the key. */
static void begin(struct json *j)
{
	if (j->key) {
		j->key = false;
		return;
	}
	if (j->has & 1u << j->depth)
		text_add(j->out, ",", 1);
	j->has |= 1u << j->depth;
}

static void open_level(struct json *j, const char *bracket)
{
	begin(j);
	assert(j->depth < JSON_DEPTH_MAX);
	j->depth++;
	j->has &= ~(1u << j->depth);
	text_add(j->out, bracket, 1);
}

static void close_level(struct json *j, const char *bracket)
{
	assert(j->depth > 0 && !j->key);
	j->depth--;
	text_add(j->out, bracket, 1);
}

void json_open_object(struct json *j)
{
	open_level(j, "{");
}

void json_open_array(struct json *j)
{
	open_level(j, "[");
}

void json_end_object(struct json *j)
{
	close_level(j, "}");
}

void json_end_array(struct json *j)
{
	close_level(j, "]");
}

static void put_escape(struct text *out, uint32_t c)
{
	static const char *const shorts[0x20] = {
		['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
	};

	if (c == '"')
		text_puts(out, "\\\"");
	else if (c == '\\')
		text_puts(out, "\\\\");
	else if (c < 0x20 && shorts[c])
		text_puts(out, shorts[c]);
	else
		text_printf(out, "\\u%04x", c);
}

static void put_quoted(struct text *out, const char *s, size_t n)
{
	size_t plain = 0; /* start of bytes that need nothing */
	uint32_t c = 0;
	size_t len;

	text_add(out, "\"", 1);
	for (size_t i = 0; i < n; i += len ? len : 1) {
		len = text_char(s + i, n - i, &c);
		if (len && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		text_add(out, s + plain, i - plain);
		if (len)
			put_escape(out, c);
		else
			text_puts(out, "\xef\xbf\xbd");
		plain = i + (len ? len : 1);
	}
	text_add(out, s + plain, n - plain);
	text_add(out, "\"", 1);
}

void json_key(struct json *j, const char *key)
{
	assert(j->depth > 0 && !j->key);
	begin(j);
	put_quoted(j->out, key, strlen(key));
	text_add(j->out, ":", 1);
	j->key = true;
}

void json_put_string_n(struct json *j, const char *s, size_t n)
{
	begin(j);
	put_quoted(j->out, s, n);
}

void json_put_string(struct json *j, const char *s)
{
	if (s)
		json_put_string_n(j, s, strlen(s));
	else
		json_put_null(j);
}

void json_put_number(struct json *j, double v)
{
	char buf[32];

	if (!isfinite(v)) {
		json_put_null(j);
		return;
	}
	begin(j);
	text_puts(j->out, text_from_double(buf, sizeof(buf), v));
}

void json_put_int(struct json *j, int64_t v)
{
	begin(j);
	text_printf(j->out, "%" PRId64, v);
}

void json_put_bool(struct json *j, bool v)
{
	begin(j);
	text_puts(j->out, v ? "true" : "false");
}

void json_put_null(struct json *j)
{
	begin(j);
	text_puts(j->out, "null");
}

void json_put_raw(struct json *j, const char *s, size_t n)
{
	begin(j);
	text_add(j->out, s, n);
}

void json_kv_string(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_put_string(j, s);
}

void json_kv_number(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_put_number(j, v);
}

void json_kv_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_put_int(j, v);
}

void json_kv_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_put_bool(j, v);
}

/* Deepest nesting of brackets outside strings; jansson's own bound is 2048. */
static int nesting(const char *s, size_t n)
{
	bool in_string = false;
	int depth = 0;
	int deepest = 0;

	for (size_t i = 0; i < n; i++) {
		if (in_string && s[i] == '\\') {
			i++;
		} else if (s[i] == '"') {
			in_string = !in_string;
		} else if (!in_string && (s[i] == '[' || s[i] == '{')) {
			depth++;
			deepest = depth > deepest ? depth : deepest;
		} else if (!in_string && (s[i] == ']' || s[i] == '}')) {
			depth--;
		}
	}
	return deepest;
}

struct json_t *json_load_limited(const char *s, size_t n, size_t max, struct error *err)
{
	json_error_t why;
	json_t *root;

	if (n > max) {
		error_set(err, ERR_LIMIT, "JSON of %zu bytes; at most %zu are taken", n, max);
		return NULL;
	}
	if (nesting(s, n) > JSON_DEPTH_MAX) {
		error_set(err, ERR_LIMIT, "JSON nested deeper than %d levels", JSON_DEPTH_MAX);
		return NULL;
	}
	root = json_loadb(s, n, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		error_set(err, ERR_SYNTAX, "JSON line %d column %d: %s", why.line, why.column,
			  why.text);
	return root;
}

const char *json_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}
