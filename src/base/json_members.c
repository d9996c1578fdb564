/* SPDX-License-Identifier: MIT
 *
 * A large document of our own, of which a few members are wanted: what is not is left out before
 * jansson makes a tree of the rest.
 */
#include <string.h>

#include "base/error.h"
#include "base/json.h"

struct picker {
	const char *p, *end;
	const char *const *names;
	struct text out;
	int depth;
};

static bool pick_value(struct picker *k, bool wanted);

/* The next byte that is no blank; NUL at the end. */
static char next(struct picker *k)
{
	while (k->p < k->end && (*k->p == ' ' || *k->p == '\t' || *k->p == '\n' || *k->p == '\r'))
		k->p++;
	return k->p < k->end ? *k->p : '\0';
}

static bool take(struct picker *k, char c)
{
	if (next(k) != c)
		return false;
	k->p++;
	return true;
}

/* Past a string; false: it does not end, or holds a control character. */
static bool pass_string(struct picker *k)
{
	if (!take(k, '"'))
		return false;
	for (; k->p < k->end && *k->p != '"'; k->p++) {
		if ((unsigned char)*k->p < 0x20)
			return false;
		if (*k->p == '\\' && ++k->p == k->end)
			return false;
	}
	return take(k, '"');
}

/* Past a number, true, false or null: what exactly it is, is jansson's to say where it is wanted. */
static bool pass_word(struct picker *k)
{
	const char *begun = k->p;

	while (k->p < k->end && *k->p && strchr("+-.0123456789Eaeflnrstu", *k->p))
		k->p++;
	return k->p > begun;
}

static bool is_named(const struct picker *k, const char *key, size_t n)
{
	for (const char *const *name = k->names; *name; name++)
		if (**name == *key && strlen(*name) == n && memcmp(*name, key, n) == 0)
			return true;
	return false;
}

static void keep(struct picker *k, bool wanted, const char *from)
{
	if (wanted)
		text_add(&k->out, from, (size_t)(k->p - from));
}

/* Keys without escapes only: else one name could be written in two ways. */
static bool pick_member(struct picker *k, bool wanted, bool *is_first)
{
	const char *key;
	bool named;

	(void)next(k);
	key = k->p;
	if (!pass_string(k) || memchr(key, '\\', (size_t)(k->p - key)))
		return false;
	named = wanted && is_named(k, key + 1, (size_t)(k->p - key) - 2);
	if (named && !*is_first)
		text_add(&k->out, ",", 1);
	keep(k, named, key);
	if (named)
		text_add(&k->out, ":", 1);
	*is_first = *is_first && !named;
	return take(k, ':') && pick_value(k, named);
}

static bool pick_object(struct picker *k, bool wanted)
{
	bool is_first = true;

	k->p++;
	if (wanted)
		text_add(&k->out, "{", 1);
	if (next(k) != '}')
		do
			if (!pick_member(k, wanted, &is_first))
				return false;
		while (take(k, ','));
	if (wanted)
		text_add(&k->out, "}", 1);
	return take(k, '}');
}

static bool pick_array(struct picker *k, bool wanted)
{
	k->p++;
	if (wanted)
		text_add(&k->out, "[", 1);
	if (next(k) != ']')
		do {
			if (!pick_value(k, wanted))
				return false;
			if (wanted && next(k) == ',')
				text_add(&k->out, ",", 1);
		} while (take(k, ','));
	if (wanted)
		text_add(&k->out, "]", 1);
	return take(k, ']');
}

static bool pick_value(struct picker *k, bool wanted)
{
	char c = next(k);
	const char *begun = k->p;
	bool good;

	if (c == '{' || c == '[') {
		good = ++k->depth <= JSON_DEPTH_MAX &&
		       (c == '{' ? pick_object(k, wanted) : pick_array(k, wanted));
		k->depth--;
		return good;
	}
	good = c == '"' ? pass_string(k) : pass_word(k);
	keep(k, wanted, begun);
	return good;
}

struct json_t *json_load_members(const char *s, size_t n, size_t max, const char *const *names,
				 struct error *err)
{
	struct picker k = {.p = s, .end = s + n, .names = names, .out = {.max = max}};
	struct json_t *root = NULL;

	if (n > max)
		error_set(err, ERR_LIMIT, "JSON of %zu bytes; at most %zu are taken", n, max);
	else if (!pick_value(&k, true) || next(&k) || k.p < k.end)
		error_set(err, ERR_SYNTAX, "JSON is broken at byte %zu", (size_t)(k.p - s));
	else
		root = json_load_limited(k.out.buf, k.out.len, max, err);
	text_release(&k.out);
	return root;
}
