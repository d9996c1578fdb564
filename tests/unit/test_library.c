/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "plan_files.h"
#include "tests/fake/temp_dir.h"

static void write_file(const char *dir, const char *name, const char *bytes, size_t n)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *fp = fopen(path, "w");
	assert_non_null(fp);
	assert_int_equal(fwrite(bytes, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
}

static void copy_with(const char *dir, const char *name, const char *path,
		      const char *const pairs[][2])
{
	size_t n = 0;
	char *bytes = file_with(path, pairs, &n);

	write_file(dir, name, bytes, n);
	free(bytes);
}

static void make_library(char dir[TEMP_DIR_SIZE])
{
	char models[96];

	temp_dir_make(dir);
	snprintf(models, sizeof(models), "%s/models", dir);
	assert_int_equal(mkdir(models, 0700), 0);
	copy_with(models, "RO600.yaml", "profiles/models/RO600.yaml", NULL);
	copy_with(dir, "ro600_full.yaml", "profiles/ro600_full.yaml", NULL);
}

static void remove_library(const char *dir, const char *const *names)
{
	char path[300];

	for (int i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/models", dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static bool on_all_bays(const char *const fixture_pairs[][2], const char *const pairs[][2],
			struct problems *problems)
{
	struct problems none = {0};
	struct fixture *f = good_fixture(fixture_pairs);
	const struct fixture *fixtures[] = {f};
	struct model *m = model_load("profiles/models/RO600.yaml", &none);
	size_t n = 0;
	char *bytes = file_with("profiles/ro600_full.yaml", pairs, &n);
	struct profile *p = profile_parse_bays("p", bytes, n, m, fixtures, 1, problems);
	int bay = p ? p->bay : -1;

	profile_free(p);
	model_free(m);
	fixture_free(f);
	free(bytes);
	return bay == 0;
}

static void a_profile_that_stands_on_one_bay_only_names_the_other(void **state)
{
	static const char *const narrow[][2] = {
		{"concentrate_count_2\n    scale: counter\n    per_litre: 10000\n    poll: 1 s\n"
		 "    stale: 3 s\n    range: 0..6 L/min",
		 "concentrate_count_2\n    scale: counter\n    per_litre: 10000\n    poll: 1 s\n"
		 "    stale: 3 s\n    range: 0..1.5 L/min"},
		{NULL, NULL}};
	static const char *const wrong[][2] = {{"feed_flow < 0.1 L/min", "feed_flow < 0.1 MPa"},
					       {NULL, NULL}};
	struct problems problems = {0};

	(void)state;
	assert_true(on_all_bays(NULL, NULL, &problems));
	assert_int_equal(problems.count, 0);
	assert_true(on_all_bays(narrow, NULL, &problems));
	assert_true(problems.count > 0);
	for (int i = 0; i < problems.count; i++)
		assert_memory_equal(problems.at[i].text, "bay 2: ", 7);
	problems_release(&problems);
	problems = (struct problems){0};
	assert_false(on_all_bays(NULL, wrong, &problems));
	assert_int_equal(problems.count, 1);
	assert_null(strstr(problems.at[0].text, "bay "));
	problems_release(&problems);
}

static void the_products_library_is_whole(void **state)
{
	struct library lib;
	struct error err = {0};

	(void)state;
	assert_int_equal(library_load(&lib, "profiles", &err), 0);
	assert_int_equal(lib.problems.count, 0);
	for (int i = 0; i < lib.entry_count; i++)
		assert_false(lib.entries[i].broken);
	assert_string_equal(library_model(&lib, "RO-600")->code, "RO600");
	assert_null(library_model(&lib, "RO"));
	library_release(&lib);
	assert_true(library_load(&lib, "profiles/none", &err) < 0);
}

static void a_broken_profile_is_listed_and_the_others_work(void **state)
{
	static const char *const files[] = {"models/RO600.yaml", "ro600_full.yaml", "bad.yaml",
					    NULL};
	struct library lib;
	char dir[TEMP_DIR_SIZE];

	(void)state;
	make_library(dir);
	write_file(dir, "bad.yaml", "profile: bad\nsteps: 5\n", 22);
	assert_int_equal(library_load(&lib, dir, NULL), 0);
	assert_int_equal(lib.entry_count, 2);
	assert_string_equal(lib.entries[0].id, "bad");
	assert_true(lib.entries[0].broken);
	assert_true(lib.entries[0].problems.count > 1);
	assert_false(lib.entries[1].broken);
	library_release(&lib);
	remove_library(dir, files);
}

static void two_that_may_release_the_same_unit_are_refused(void **state)
{
	static const char *const same[][2] = {{"profile: ro600_full", "profile: second"},
					      {NULL, NULL}};
	static const char *const later[][2] = {
		{"profile: ro600_full", "profile: second"},
		{"run_types:", "made: {from: 2027-01-01}\nrun_types:"},
		{NULL, NULL}};
	static const char *const until[][2] = {
		{"run_types:", "made: {until: 2026-12-31}\nrun_types:"}, {NULL, NULL}};
	static const char *const files[] = {"models/RO600.yaml", "ro600_full.yaml", "second.yaml",
					    NULL};
	struct library lib;
	char dir[TEMP_DIR_SIZE];

	(void)state;
	make_library(dir);
	copy_with(dir, "second.yaml", "profiles/ro600_full.yaml", same);
	assert_int_equal(library_load(&lib, dir, NULL), 0);
	assert_true(lib.entries[1].broken);
	assert_non_null(strstr(lib.entries[1].problems.at[0].text, "may both release RO600"));
	library_release(&lib);
	/* made at other times they are for different units */
	copy_with(dir, "second.yaml", "profiles/ro600_full.yaml", later);
	copy_with(dir, "ro600_full.yaml", "profiles/ro600_full.yaml", until);
	assert_int_equal(library_load(&lib, dir, NULL), 0);
	assert_false(lib.entries[0].broken);
	assert_false(lib.entries[1].broken);
	library_release(&lib);
	remove_library(dir, files);
}

static void a_model_says_whether_its_trial_run_may_be_a_run_of_its_own(void **state)
{
	static const char *const pairs[][2] = {
		{"serial_pattern:", "separate_trial: yes\nserial_pattern:"}, {NULL, NULL}};
	struct problems problems = {0};
	size_t n = 0;
	char *bytes = file_with("profiles/models/RO600.yaml", pairs, &n);
	struct model *m = model_parse("m.yaml", bytes, n, &problems);
	struct model *plain = model_load("profiles/models/RO600.yaml", &problems);

	(void)state;
	assert_true(m->separate_trial);
	assert_false(plain->separate_trial);
	model_free(m);
	model_free(plain);
	free(bytes);
	problems_release(&problems);
}

static void a_profile_names_its_models_whatever_else_is_wrong_in_it(void **state)
{
	static const char list[] = "class: x\nmodels: [RO75, RO-600]\nsteps: 5\n";
	static const char one[] = "class: x\nmodels: RO600\n";
	static const char other[] = "class: x\nmodels: [RO75]\n";
	struct problems problems = {0};
	struct model *m = model_load("profiles/models/RO600.yaml", &problems);

	(void)state;
	assert_non_null(m);
	assert_true(profile_names(list, sizeof(list) - 1, m));
	assert_true(profile_names(one, sizeof(one) - 1, m));
	assert_false(profile_names(other, sizeof(other) - 1, m));
	assert_false(profile_names(other, 8, m));
	model_free(m);
	problems_release(&problems);
}

/* The only problem of a list. */
static void assert_told(struct problems *list, const char *file, const char *text)
{
	if (list->count != 1 || !strstr(list->at[0].file, file) ||
	    !strstr(list->at[0].text, text) || !list->at[0].excerpt) {
		problems_print(list, stderr);
		fail_msg("expected \"%s\" of %s", text, file);
	}
}

static void what_the_files_of_a_folder_say_of_each_other_is_true(void **state)
{
	static const char *const names[] = {"models/RO600.yaml", "ro600_full.yaml", NULL};
	static const struct {
		const char *of, *is, *told;
		bool in_model, by_model;
	} wrong[] = {
		{"models: [RO600]", "models: [RO601]", "is RO601; did you mean \"RO600\"?", 0, 0},
		{"models: [RO600]", "models: RO601", "is RO601; did you mean", 0, 0},
		{"class: ro_tankless", "class: ro_tankles", "says class ro_tankless;", 0, 0},
		{"class: ro_tankless", "class: ro_tankles", "says class ro_tankles;", 1, 0},
		{"recovery, pump_current", "recovry, pump_current", "did you mean \"recovery\"?", 1,
		 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const pairs[][2] = {{wrong[i].of, wrong[i].is}, {NULL, NULL}};
		char dir[TEMP_DIR_SIZE];
		struct library lib;
		struct error err;

		make_library(dir);
		copy_with(dir, names[!wrong[i].in_model],
			  wrong[i].in_model ? "profiles/models/RO600.yaml"
					    : "profiles/ro600_full.yaml",
			  pairs);
		assert_int_equal(library_load(&lib, dir, &err), 0);
		if (wrong[i].by_model)
			assert_told(&lib.problems, "RO600.yaml", wrong[i].told);
		else
			assert_told(&lib.entries[0].problems, "ro600_full.yaml", wrong[i].told);
		library_release(&lib);
		remove_library(dir, names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_files_of_a_folder_say_of_each_other_is_true),
		cmocka_unit_test(a_profile_that_stands_on_one_bay_only_names_the_other),
		cmocka_unit_test(a_profile_names_its_models_whatever_else_is_wrong_in_it),
		cmocka_unit_test(the_products_library_is_whole),
		cmocka_unit_test(a_broken_profile_is_listed_and_the_others_work),
		cmocka_unit_test(two_that_may_release_the_same_unit_are_refused),
		cmocka_unit_test(a_model_says_whether_its_trial_run_may_be_a_run_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
