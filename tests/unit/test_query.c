/* SPDX-License-Identifier: MIT
 *
 * The table of what may stand behind a "?": walked, each parameter with what it takes and with what
 * it does not; and against the sources, so that no route reads a parameter which is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/query.h"

static char why[320];

static bool takes(enum web_route route, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool takes(enum web_route route, const char *fmt, ...)
{
	char query[2 * WEB_QUERY_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(query, sizeof(query), fmt, ap);
	va_end(ap);
	why[0] = '\0';
	return query_check(route, query, why, sizeof(why));
}

#define assert_refused(told, ...)                                                                  \
	do {                                                                                       \
		assert_false(takes(__VA_ARGS__));                                                  \
		if (!strstr(why, told))                                                            \
			fail_msg("\"%s\" does not say %s", why, told);                             \
	} while (0)

/* A value that it takes. */
static const char *good_value(const struct query_parameter *p)
{
	static char value[32];

	switch (p->kind) {
	case QUERY_NUMBER: (void)snprintf(value, sizeof(value), "%lld", (long long)p->most); break;
	case QUERY_WORD: strcpy(value, "T%2D1"); break;
	case QUERY_TIME: strcpy(value, "2026-01-31T08:00:00.5Z"); break;
	case QUERY_CHOICE:
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(p->choices, "|"),
			       p->choices);
		break;
	}
	return value;
}

static void each_parameter_takes_what_it_says_and_nothing_else(void **state)
{
	const struct query_parameter *p;
	int i = 0;

	(void)state;
	for (; (p = query_parameter(i)) != NULL; i++) {
		const char *good = good_value(p);
		char named[40];

		(void)snprintf(named, sizeof(named), "?%s", p->name);
		if (!takes(p->route, "%s=%s", p->name, good))
			fail_msg("%s=%s: %s", p->name, good, why);
		assert_refused(named, p->route, "%s", p->name);
		assert_refused(named, p->route, "%s=%%zz", p->name);
		assert_refused(named, p->route, "%s=%%4", p->name);
		assert_refused(named, p->route, "%s=a%%00b", p->name);
		assert_refused(named, p->route, "%s=%%ff", p->name);
		assert_refused("twice", p->route, "%s=%s&%s=%s", p->name, good, p->name, good);
		assert_refused("ends with &", p->route, "%s=%s&", p->name, good);
		assert_refused("?frob is unknown", p->route, "%s=%s&frob=1", p->name, good);
		assert_refused(p->name, p->route, "frob=1"); /* what would be right */
		if (p->kind != QUERY_WORD)
			assert_refused(named, p->route, "%s=", p->name);
	}
	assert_true(i > 10);
}

static void values_out_of_range_are_refused_with_what_is_expected(void **state)
{
	const struct query_parameter *p;
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; (p = query_parameter(i)) != NULL; i++) {
		switch (p->kind) {
		case QUERY_NUMBER:
			assert_true(takes(p->route, "%s=%lld", p->name, (long long)p->least));
			assert_refused("whole number from", p->route, "%s=%lld", p->name,
				       (long long)p->least - 1);
			if (p->most < INT64_MAX)
				assert_refused("whole number from", p->route, "%s=%lld", p->name,
					       (long long)p->most + 1);
			assert_refused("whole number from", p->route, "%s=1.5", p->name);
			assert_refused("whole number from", p->route, "%s=ten", p->name);
			assert_refused("whole number from", p->route, "%s=99999999999999999999",
				       p->name);
			break;
		case QUERY_WORD:
			assert_true(takes(p->route, "%s=%.*s", p->name, (int)p->most, text));
			assert_refused("bytes of text", p->route, "%s=%.*s", p->name,
				       (int)p->most + 1, text);
			break;
		case QUERY_CHOICE: assert_refused(p->choices, p->route, "%s=frob", p->name); break;
		case QUERY_TIME:
			assert_refused("2026-01-31T08:00:00Z", p->route, "%s=2026-01-31", p->name);
			assert_refused("2026-01-31T08:00:00Z", p->route, "%s=2026-01-31T08:00:00.Z",
				       p->name);
			assert_refused("2026-01-31T08:00:00Z", p->route,
				       "%s=2026-01-31T08:00:00%%2B01:00", p->name);
			break;
		}
	}
}

static bool has_parameters(enum web_route route)
{
	const struct query_parameter *p;

	for (int i = 0; (p = query_parameter(i)) != NULL; i++)
		if (p->route == route)
			return true;
	return false;
}

static void a_route_that_is_not_in_the_table_takes_none(void **state)
{
	int without = 0;

	(void)state;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		assert_true(takes((enum web_route)r, "%s", ""));
		assert_refused("?limit_ is unknown", (enum web_route)r, "limit_=1");
		assert_refused("is unknown", (enum web_route)r, "&");
		if (has_parameters((enum web_route)r))
			continue;
		assert_refused("takes no parameter", (enum web_route)r, "limit=1");
		without++;
	}
	assert_true(without > 10);
}

static bool in_table(const char *name, size_t n)
{
	const struct query_parameter *p;

	for (int i = 0; (p = query_parameter(i)) != NULL; i++)
		if (strlen(p->name) == n && !strncmp(p->name, name, n))
			return true;
	return false;
}

/* web_query(rq->msg.query, "limit", ...: each name that a route asks for. */
static int check_source(const char *path)
{
	static char all[1 << 16];
	FILE *fp = fopen(path, "re");
	size_t n = fp ? fread(all, 1, sizeof(all) - 1, fp) : 0;
	int found = 0;

	all[n] = '\0';
	if (fp)
		(void)fclose(fp);
	for (const char *s = all; (s = strstr(s, "web_query(")) != NULL;) {
		s += strcspn(s, ",");
		s += strspn(s, ", \t\n");
		if (*s != '"')
			continue; /* the name is a variable: another call has it */
		n = strcspn(s + 1, "\"");
		if (!in_table(s + 1, n))
			fail_msg("%s reads ?%.*s=, which include/link/query.h does not know", path,
				 (int)n, s + 1);
		found++;
	}
	return found;
}

static void no_route_reads_a_parameter_that_would_be_refused(void **state)
{
	DIR *d = opendir("src/station");
	struct dirent *e;
	char path[300];
	int found = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "src/station/%s", e->d_name);
		if (strstr(path, ".c"))
			found += check_source(path);
	}
	closedir(d);
	assert_true(found > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_parameter_takes_what_it_says_and_nothing_else),
		cmocka_unit_test(values_out_of_range_are_refused_with_what_is_expected),
		cmocka_unit_test(a_route_that_is_not_in_the_table_takes_none),
		cmocka_unit_test(no_route_reads_a_parameter_that_would_be_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
