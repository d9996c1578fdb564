/* SPDX-License-Identifier: MIT */
#include "link/query.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { PIECES_MAX = 16, VALUE_MAX = WEB_QUERY_MAX };

static const struct query_parameter parameters[] = {
#define WEB_PARAMETER(route, name, kind, least, most, choices)                                     \
	{WEB_##route, name, kind, least, most, choices},
	WEB_PARAMETERS(WEB_PARAMETER)
#undef WEB_PARAMETER
};
enum { PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

const struct query_parameter *query_parameter(int i)
{
	return i >= 0 && i < PARAMETERS ? &parameters[i] : NULL;
}

static const struct query_parameter *find(enum web_route route, const char *name, size_t n)
{
	for (int i = 0; i < PARAMETERS; i++)
		if (parameters[i].route == route && strlen(parameters[i].name) == n &&
		    strncmp(parameters[i].name, name, n) == 0)
			return &parameters[i];
	return NULL;
}

/* "serial, model, limit" of a route. */
static void list_names(enum web_route route, char *dst, size_t size)
{
	size_t used = 0;
	int n = 0;

	dst[0] = '\0';
	for (int i = 0; i < PARAMETERS && used < size; i++)
		if (parameters[i].route == route)
			used += (size_t)snprintf(dst + used, size - used, "%s%s", n++ ? ", " : "",
						 parameters[i].name);
}

/* A name as it may be shown: what is no name of ours may be anything. */
static void refuse_unknown(enum web_route route, const char *piece, size_t n, char *why,
			   size_t size)
{
	char names[160];
	int shown = (int)(n < 40 ? n : 40);

	list_names(route, names, sizeof(names));
	if (names[0])
		(void)snprintf(why, size, "?%.*s is unknown here; expected one of %s", shown, piece,
			       names);
	else
		(void)snprintf(why, size, "?%.*s is unknown here; this address takes no parameter",
			       shown, piece);
}

static bool is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);

	while (*choices) {
		size_t len = strcspn(choices, "|");

		if (len == n && strncmp(choices, word, n) == 0)
			return true;
		choices += len + (choices[len] == '|');
	}
	return false;
}

/* 2026-01-31T08:00:00Z, with or without a fraction; what is stored sorts as text against it. */
static bool is_time(const char *s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";

	for (const char *p = shape; *p; p++, s++)
		if (*p == 'd' ? *s < '0' || *s > '9' : *s != *p)
			return false;
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");

		if (n == 0 || n > 9)
			return false;
		s += n + 1;
	}
	return strcmp(s, "Z") == 0;
}

static bool value_is_good(const struct query_parameter *p, const char *value)
{
	size_t n = strlen(value);
	int64_t v;

	switch (p->kind) {
	case QUERY_NUMBER: return text_to_int64(value, n, &v) && v >= p->least && v <= p->most;
	case QUERY_WORD: return n >= (size_t)p->least && n <= (size_t)p->most;
	case QUERY_CHOICE: return is_choice(p->choices, value);
	case QUERY_TIME: return is_time(value);
	}
	return false;
}

static void refuse_value(const struct query_parameter *p, char *why, size_t size)
{
	long long least = p->least, most = p->most;

	switch (p->kind) {
	case QUERY_NUMBER:
		(void)snprintf(why, size, "?%s= takes a whole number from %lld to %lld", p->name,
			       least, most);
		return;
	case QUERY_WORD:
		(void)snprintf(why, size,
			       "?%s= takes %lld to %lld bytes of text, percent-encoded UTF-8",
			       p->name, least, most);
		return;
	case QUERY_CHOICE:
		(void)snprintf(why, size, "?%s= takes one of %s", p->name, p->choices);
		return;
	case QUERY_TIME:
		(void)snprintf(why, size, "?%s= takes a time in UTC like 2026-01-31T08:00:00Z",
			       p->name);
		return;
	}
}

bool query_check(enum web_route route, const char *query, char *why, size_t size)
{
	const struct query_parameter *seen[PIECES_MAX];
	char value[VALUE_MAX];
	int count = 0;

	while (*query) {
		size_t n = strcspn(query, "&"), name = strcspn(query, "=&");
		const struct query_parameter *p = find(route, query, name);

		if (!p) {
			refuse_unknown(route, query, name, why, size);
			return false;
		}
		for (int i = 0; i < count; i++) {
			if (seen[i] != p)
				continue;
			(void)snprintf(why, size, "?%s= stands twice; expected once", p->name);
			return false;
		}
		if (count == PIECES_MAX || name == n ||
		    !web_query(query, p->name, value, sizeof(value)) || !value_is_good(p, value)) {
			refuse_value(p, why, size);
			return false;
		}
		seen[count++] = p;
		query += n;
		if (*query == '&' && !query[1]) {
			(void)snprintf(why, size, "the query ends with &; expected a parameter");
			return false;
		}
		query += *query == '&';
	}
	return true;
}
