/* SPDX-License-Identifier: MIT
 *
 * Every file of tests/data/bad begins with the problems it has to lead to, all of them and no
 * others:
 *	# expect: LINE:COL: part of the text
 * The kind of file is the name up to the first underscore. Fixtures are held against the drivers
 * too, profiles against sim.yaml and RO600.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>

#include "plan_files.h"
#include "rig/rig.h"

enum { EXPECTED_MAX = 20 };

struct expected {
	int line, col;
	char text[240];
};

static int read_expected(const char *bytes, struct expected *out)
{
	int n = 0;

	for (const char *p = bytes; !strncmp(p, "# expect: ", 10); p++) {
		struct expected *e = &out[n];
		int used = 0;

		assert_true(n < EXPECTED_MAX);
		if (sscanf(p, "# expect: %d:%d:%n", &e->line, &e->col, &used) != 2 || !used) {
			e->line = e->col = 0;
			used = 10;
		}
		const char *text = p + used + strspn(p + used, " ");
		p = strchr(p, '\n');
		assert_non_null(p);
		snprintf(e->text, sizeof(e->text), "%.*s", (int)(p - text), text);
		n++;
	}
	return n;
}

static bool is_told(const struct problems *problems, const struct expected *e)
{
	for (int i = 0; i < problems->count; i++)
		if (problems->at[i].line == e->line && problems->at[i].col == e->col &&
		    strstr(problems->at[i].text, e->text))
			return true;
	return false;
}

struct good {
	struct fixture *fixture;
	struct model *model;
};

/* As benchctl fixture check and benchd-io read it. */
static bool fixture_and_rig(const char *name, const char *bytes, size_t n,
			    struct problems *problems)
{
	static const struct rig_ops ops = {0};
	static const struct clock_scale scale = {.speed = 1};
	struct fixture *f = fixture_parse_draft(name, bytes, n, problems);
	struct rig *r = f ? rig_new(f, &scale, &ops, problems) : NULL;
	bool loaded = r != NULL;

	rig_free(r);
	fixture_free(f);
	for (int i = 0; i < problems->count; i++)
		if (problems->at[i].line && !problems->at[i].excerpt)
			fail_msg("%s: a problem without the line it stands in", name);
	return loaded;
}

static bool parse(const struct good *g, const char *name, const char *bytes, size_t n,
		  struct problems *problems)
{
	void *loaded = NULL;

	if (!strncmp(name, "fixture_", 8)) {
		return fixture_and_rig(name, bytes, n, problems);
	} else if (!strncmp(name, "model_", 6)) {
		loaded = model_parse(name, bytes, n, problems);
		model_free(loaded);
	} else if (!strncmp(name, "profile_", 8)) {
		loaded = profile_parse(name, bytes, n, g->model, g->fixture, 0, problems);
		profile_free(loaded);
	} else {
		fail_msg("%s: name begins with no kind of file", name);
	}
	return loaded != NULL;
}

static void check_file(const struct good *g, const char *name)
{
	struct expected expected[EXPECTED_MAX];
	struct problems problems = {0};
	char path[300];
	size_t n = 0;

	snprintf(path, sizeof(path), "tests/data/bad/%s", name);
	char *bytes = file_with(path, NULL, &n);
	int count = read_expected(bytes, expected);
	bool loaded = parse(g, name, bytes, n, &problems);
	bool all = problems.count == count && count > 0 && !loaded;
	for (int i = 0; i < count; i++)
		all = all && is_told(&problems, &expected[i]);
	if (!all) {
		problems_print(&problems, stderr);
		fail_msg("%s: expected these problems and no others", name);
	}
	problems_release(&problems);
	free(bytes);
}

static void every_bad_file_leads_to_its_problems_and_no_others(void **state)
{
	struct problems problems = {0};
	struct good g = {good_fixture(NULL), model_load("profiles/models/RO600.yaml", &problems)};
	DIR *dir = opendir("tests/data/bad");
	int files = 0;

	(void)state;
	assert_non_null(dir);
	assert_non_null(g.model);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		check_file(&g, e->d_name);
		files++;
	}
	closedir(dir);
	assert_true(files > 50);
	model_free(g.model);
	fixture_free(g.fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_file_leads_to_its_problems_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
