/* SPDX-License-Identifier: MIT
 *
 * One line of a good file made unreadable: it is told, and nothing else is, for nothing else is
 * wrong. Lines of the simulated rig, of a model and of a profile, one way after the other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "plan_files.h"

enum file_kind { A_FIXTURE = 1, A_MODEL, A_PROFILE };

struct good {
	struct fixture *fixture;
	struct model *model;
};

/* What happens to a line; %s is the line behind its indentation. */
static const struct {
	const char *before, *after;
} ways[] = {
	{"\t", ""},	     /* a tab */
	{"", ": b: c"},	     /* a colon too many */
	{"", " [1, 2"},	     /* a bracket not closed */
	{"x: [1, ", ""},     /* and one with the line in it */
	{"x: \"", ""},	     /* a quote not closed */
	{"x: \"\\q\" ", ""}, /* a bad escape */
	{"", " \x01"},	     /* a control character */
	{"", " \xff"},	     /* no UTF-8 */
	{"@", ""},	     /* no YAML begins like this */
	{"- x: {", ""},	     /* an entry of a list where none may be */
	{" ", ""},	     /* one column too deep: the line below it may be told instead */
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]), TOO_DEEP = WAYS - 1 };

static int parse(const struct good *g, enum file_kind kind, const char *bytes,
		 struct problems *problems)
{
	size_t n = strlen(bytes);

	if (kind == A_FIXTURE)
		fixture_free(fixture_parse_draft("f", bytes, n, problems));
	else if (kind == A_MODEL)
		model_free(model_parse("f", bytes, n, problems));
	else
		profile_free(profile_parse("f", bytes, n, g->model, g->fixture, 0, problems));
	return problems->count;
}

/* The file with that line (from 1) spoilt; NULL when it is blank, a comment or inside a text. */
static char *spoil(const char *bytes, int line, int way)
{
	const char *s = bytes;

	for (int i = 1; i < line; i++)
		s = strchr(s, '\n') + 1;
	size_t indent = strspn(s, " "), n = strcspn(s, "\n");
	if (n == indent || s[indent] == '#' || !memchr(s, ':', n))
		return NULL;
	char *out = xcalloc(strlen(bytes) + 40, 1);
	sprintf(out, "%.*s%s%.*s%s%s", (int)(s - bytes + (ptrdiff_t)indent), bytes,
		ways[way].before, (int)(n - indent), s + indent, ways[way].after, s + n);
	return out;
}

/* Returns whether anything was told: in a comment some ways are no mistake. */
static int one_line(const struct good *g, enum file_kind kind, const char *bytes, int line, int way)
{
	struct problems problems = {0};
	char *spoilt = spoil(bytes, line, way);
	bool elsewhere = false;

	if (!spoilt)
		return 0;
	int told = parse(g, kind, spoilt, &problems);
	for (int i = 0; i < told; i++)
		elsewhere = elsewhere || problems.at[i].line != line;
	if (way == TOO_DEEP ? told > 1 : elsewhere) {
		problems_print(&problems, stderr);
		fail_msg("kind %d, line %d, way %d: %d problems", kind, line, way, told);
	}
	problems_release(&problems);
	free(spoilt);
	return told > 0;
}

static void spoil_lines(const struct good *g, enum file_kind kind, const char *path, int step)
{
	size_t n = 0;
	char *bytes = file_with(path, NULL, &n);
	int lines = 0, spoilt = 0, tried = 0;

	for (const char *s = bytes; *s; s++)
		lines += *s == '\n';
	for (; tried * step < lines * WAYS; tried++)
		spoilt += one_line(g, kind, bytes, tried * step / WAYS + 1, tried * step % WAYS);
	assert_true(spoilt > tried / 2);
	free(bytes);
}

static void nothing_is_told_but_the_line_that_is_spoilt(void **state)
{
	struct problems problems = {0};
	struct good g = {good_fixture(NULL), model_load("profiles/models/RO600.yaml", &problems)};

	(void)state;
	spoil_lines(&g, A_FIXTURE, "fixtures/sim.yaml", 29);
	spoil_lines(&g, A_MODEL, "profiles/models/RO600.yaml", 1);
	spoil_lines(&g, A_PROFILE, "profiles/ro600_quick.yaml", 29);
	model_free(g.model);
	fixture_free(g.fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_but_the_line_that_is_spoilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
