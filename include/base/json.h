/* SPDX-License-Identifier: MIT
 *
 * Streaming JSON writer into a struct text: no tree, commas by itself, numbers
 * as text_from_double, strings escaped (invalid UTF-8 becomes U+FFFD). Writing
 * the same calls gives the same bytes. Input is jansson's (json_load_limited);
 * the names here stay clear of its json_object, json_array, json_string and json_null.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

enum { JSON_DEPTH_MAX = 16 };
struct json {
	struct text *out;
	uint32_t has; /* bit per depth: a member was written */
	uint8_t depth;
	bool key; /* a key waits for its value */
};
void json_init(struct json *j, struct text *out);
void json_open_object(struct json *j);
void json_open_array(struct json *j);
void json_end_object(struct json *j);
void json_end_array(struct json *j);
void json_key(struct json *j, const char *key);
void json_put_string(struct json *j, const char *s); /* NULL writes null */
void json_put_string_n(struct json *j, const char *s, size_t n);
void json_put_number(struct json *j, double v); /* NaN and infinity write null */
void json_put_int(struct json *j, int64_t v);
void json_put_bool(struct json *j, bool v);
void json_put_null(struct json *j);
/* A complete JSON value written as it is. */
void json_put_raw(struct json *j, const char *s, size_t n);
/* key and value in one call */
void json_kv_string(struct json *j, const char *key, const char *s);
void json_kv_number(struct json *j, const char *key, double v);
void json_kv_int(struct json *j, const char *key, int64_t v);
void json_kv_bool(struct json *j, const char *key, bool v);

/* Parse untrusted JSON with jansson: at most max bytes, duplicate keys, depth over 16, NaN,
 * invalid UTF-8 and trailing bytes refused. Caller json_decref()s the result. */
struct json_t;
struct error;
struct json_t *json_load_limited(const char *s, size_t n, size_t max, struct error *err);
/* The same of a document that we wrote and whose hash was checked, with the members alone that have
 * one of these names (the last is NULL), at whatever depth: some twenty times as fast where little is
 * wanted. Of what is left out brackets and strings are checked and nothing else. */
struct json_t *json_load_members(const char *s, size_t n, size_t max, const char *const *names,
				 struct error *err);
/* A member of an object that is a text; "" where there is none. */
const char *json_text(const struct json_t *o, const char *key);

#endif
