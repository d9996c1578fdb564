/* SPDX-License-Identifier: MIT */
#include "base/template.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { REAL_DIGITS = 9 }; /* as the chain writes numbers */

/* The place that begins at s ('{'): its path into dst; bytes of it with braces, 0: malformed. */
static size_t take_place(const char *s, char dst[TEMPLATE_PATH_MAX])
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t n = strspn(s + 1, letters);

	if (n == 0 || n >= TEMPLATE_PATH_MAX || s[n + 1] != '}' || s[1] == '.' || s[n] == '.')
		return 0;
	memcpy(dst, s + 1, n);
	dst[n] = '\0';
	return n + 2;
}

int template_places(const char *text, bool (*fn)(void *ctx, const char *path, size_t at), void *ctx,
		    struct error *err)
{
	char path[TEMPLATE_PATH_MAX];

	for (const char *p = text; *p;) {
		size_t n = 1;

		if ((*p == '{' && p[1] == '{') || (*p == '}' && p[1] == '}')) {
			n = 2;
		} else if (*p == '{') {
			n = take_place(p, path);
			if (n == 0)
				return error_set(err, ERR_SYNTAX,
						 "\"%.24s\" is no place; expected {name} or "
						 "{name.member}, or {{ for a brace",
						 p);
			if (!fn(ctx, path, (size_t)(p - text)))
				return ERR_STATE;
		} else if (*p == '}') {
			return error_set(err, ERR_SYNTAX,
					 "\"%.24s\": a lone }; expected }} for a brace", p);
		}
		p += n;
	}
	return 0;
}

const json_t *template_value(const json_t *values, const char *path)
{
	char name[TEMPLATE_PATH_MAX];

	while (values && *path) {
		size_t n = strcspn(path, ".");
		int64_t index;

		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		if (json_is_array(values))
			values = text_to_int64(name, n, &index) && index >= 0
					 ? json_array_get(values, (size_t)index)
					 : NULL;
		else
			values = json_object_get(values, name);
		path += n + (path[n] == '.');
	}
	return values;
}

static void add_byte(struct text *out, char c, enum template_style style)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	if (style == TEMPLATE_URL && (c == '\0' || !strchr(plain, c)))
		text_printf(out, "%%%02X", (unsigned char)c);
	else if (style == TEMPLATE_HEADER && ((unsigned char)c < ' ' || c == 0x7f))
		text_add(out, " ", 1);
	else
		text_add(out, &c, 1);
}

static void add_value(struct text *out, const json_t *v, enum template_style style)
{
	char *dumped = NULL;
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);

	if (!v || json_is_null(v))
		return;
	if (!s) {
		dumped = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY |
					       JSON_REAL_PRECISION(REAL_DIGITS));
		s = dumped ? dumped : "";
		n = strlen(s);
	}
	for (size_t i = 0; i < n; i++)
		add_byte(out, s[i], style);
	free(dumped);
}

void template_fill(struct text *out, const char *text, const json_t *values,
		   enum template_style style)
{
	char path[TEMPLATE_PATH_MAX];

	text_puts(out, "");
	for (const char *p = text; *p;) {
		size_t n = *p == '{' && p[1] != '{' ? take_place(p, path) : 0;

		if (n > 0) {
			add_value(out, template_value(values, path), style);
			p += n;
			continue;
		}
		text_add(out, p, 1);
		p += (*p == '{' || *p == '}') && p[1] == *p ? 2 : 1;
	}
}

static json_t *fill_string(const char *s, const json_t *values)
{
	char path[TEMPLATE_PATH_MAX];
	size_t n = s[0] == '{' && s[1] != '{' ? take_place(s, path) : 0;
	struct text out = {0};
	json_t *v;

	if (n > 0 && s[n] == '\0') {
		const json_t *found = template_value(values, path);

		return found ? json_deep_copy(found) : json_null();
	}
	template_fill(&out, s, values, TEMPLATE_PLAIN);
	v = json_stringn(out.buf, out.len);
	text_release(&out);
	return v;
}

json_t *template_json(const json_t *body, const json_t *values)
{
	json_t *copy, *v;
	const char *key;
	size_t i;

	if (json_is_string(body))
		return fill_string(json_string_value(body), values);
	if (json_is_array(body)) {
		copy = json_array();
		json_array_foreach(body, i, v)(void)
			json_array_append_new(copy, template_json(v, values));
		return copy;
	}
	if (json_is_object(body)) {
		void *at;

		copy = json_object();
		for (at = json_object_iter((json_t *)(uintptr_t)body); at;
		     at = json_object_iter_next((json_t *)(uintptr_t)body, at)) {
			key = json_object_iter_key(at);
			(void)json_object_set_new(
				copy, key, template_json(json_object_iter_value(at), values));
		}
		return copy;
	}
	return json_deep_copy(body);
}
