/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "plan_files.h"

struct files {
	struct fixture *fixture;
	struct model *model;
};

static int open_files(void **state)
{
	struct files *f = calloc(1, sizeof(*f));
	struct problems problems = {0};

	f->fixture = good_fixture(NULL);
	f->model = model_load("profiles/models/RO600.yaml", &problems);
	problems_print(&problems, stderr);
	assert_non_null(f->model);
	*state = f;
	return 0;
}

static int close_files(void **state)
{
	struct files *f = *state;

	model_free(f->model);
	fixture_free(f->fixture);
	free(f);
	return 0;
}

static struct profile *profile_with(const struct files *f, const char *path,
				    const char *const pairs[][2], struct problems *problems)
{
	size_t n = 0;
	char *bytes = file_with(path, pairs, &n);
	struct profile *p = profile_parse(path, bytes, n, f->model, f->fixture, 0, problems);

	free(bytes);
	return p;
}

static struct profile *good_profile(const struct files *f, const char *path, int bay)
{
	struct problems problems = {0};
	struct profile *p = profile_load(path, f->model, f->fixture, bay, &problems);

	problems_print(&problems, stderr);
	assert_non_null(p);
	assert_int_equal(problems.count, 0);
	problems_release(&problems);
	return p;
}

static int measurement(const struct profile *p, const char *id)
{
	for (int i = 0; i < p->measurement_count; i++)
		if (!strcmp(p->measurements[i].id, id))
			return i;
	fail_msg("no measurement %s", id);
	return -1;
}

/* The only problem there is says this. */
static void refuses(const struct files *f, const char *const pairs[][2], const char *what)
{
	struct problems problems = {0};
	struct profile *p = profile_with(f, "profiles/ro600_quick.yaml", pairs, &problems);

	if (p || problems.count != 1 || !strstr(problems.at[0].text, what)) {
		problems_print(&problems, stderr);
		fail_msg("expected one problem: %s", what);
	}
	problems_release(&problems);
}

static void both_profiles_stand_their_check_on_both_bays(void **state)
{
	const struct files *f = *state;

	for (int bay = 0; bay < 2; bay++) {
		struct profile *quick = good_profile(f, "profiles/ro600_quick.yaml", bay);
		struct profile *full = good_profile(f, "profiles/ro600_full.yaml", bay);
		assert_false(quick->releasable);
		assert_string_equal(quick->variant, "quick");
		/* five minutes, whatever times out */
		assert_true(quick->longest_s <= 300);
		assert_true(full->releasable);
		assert_true(profile_covers(quick, f->model, RUN_POST_REPAIR_QC));
		assert_false(profile_covers(quick, f->model, RUN_DIAGNOSIS));
		profile_free(quick);
		profile_free(full);
	}
}

static void the_full_profile_has_every_measurement_the_faults_are_known_by(void **state)
{
	static const char *const ids[] = {"rejection",
					  "membrane_permeability",
					  "low_pressure_cut_out",
					  "permeate_flow",
					  "pump_current",
					  "recovery",
					  "post_stop_drain_flow",
					  "full_stop_hold",
					  "full_stop_cut_out",
					  "water_balance",
					  "display_agreement",
					  "leak"};
	struct profile *p = good_profile(*state, "profiles/ro600_full.yaml", 0);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_true(p->measurements[measurement(p, ids[i])].required);
	profile_free(p);
}

static void the_trial_lasts_thirty_minutes_on_its_clock(void **state)
{
	struct profile *p = good_profile(*state, "profiles/ro600_full.yaml", 0);
	int trials = 0;

	for (int s = 0; s < p->step_count; s++)
		for (int i = 0; i < p->steps[s].action_count; i++) {
			const struct pf_action *a = &p->steps[s].actions[i];
			if (a->kind != PF_TRIAL)
				continue;
			trials++;
			assert_int_equal(a->for_ns, INT64_C(1800000000000));
			assert_non_null(a->making);
			/* eight minutes of ten with the faucet open */
			assert_int_equal(a->action_count, 6);
			assert_int_equal(a->actions[1].for_ns + a->actions[2].for_ns,
					 INT64_C(480000000000));
			assert_int_equal(a->actions[5].for_ns, INT64_C(120000000000));
		}
	assert_int_equal(trials, 1);
	profile_free(p);
}

static void what_is_written_is_what_the_engine_gets(void **state)
{
	const struct files *f = *state;
	struct profile *p = good_profile(f, "profiles/ro600_quick.yaml", 1);
	const struct pf_measurement *m = &p->measurements[measurement(p, "rejection")];
	const struct pf_step *h6 = &p->steps[2];

	assert_string_equal(m->unit->name, "%");
	assert_int_equal(m->quantity, QUANTITY_RATIO);
	assert_int_equal(m->rule, RULE_GUARDED);
	assert_int_equal(m->basis, BASIS_ASSUMED);
	assert_true(m->envelope);
	assert_int_equal(m->step, 2);
	assert_null(m->hi);
	assert_string_equal(m->symptoms[0], "S09");
	assert_string_equal(h6->id, "H6");
	assert_int_equal(p->setup_count, 1);
	assert_int_equal(p->teardown_count, 1);
	assert_true(p->steps[0].rig_check);
	assert_int_equal(h6->actions[0].kind, PF_SET);
	assert_int_equal(h6->actions[0].sets[0].output, fixture_output(f->fixture, 1, "regulator"));
	assert_true(fabs(h6->actions[0].sets[0].value - 0.25) < 1e-12);
	assert_int_equal(h6->actions[1].kind, PF_WAIT);
	assert_false(h6->actions[1].on_timeout.is_rig);
	assert_int_equal(h6->actions[1].on_timeout.measurement, measurement(p, "permeate_flow"));
	assert_int_equal(h6->actions[1].on_timeout.attribution, ATTRIBUTION_UNIT);
	const struct pf_action *settle = &h6->actions[2];
	assert_int_equal(settle->kind, PF_SETTLE);
	assert_int_equal(settle->symbol_count, 3);
	assert_int_equal(settle->symbols[0], fixture_channel(f->fixture, 1, "permeate_flow"));
	assert_true(fabs(settle->tolerance_rel - 0.02) < 1e-12);
	assert_true(fabs(settle->tolerance_abs[2] - 2e-4) < 1e-12); /* 2 uS/cm in S/m */
	assert_int_equal(settle->window_ns, INT64_C(20000000000));
	for (int i = 0; i < p->abort_count; i++)
		if (!strcmp(p->aborts[i].id, "tray_leak"))
			assert_string_equal(f->fixture->interlocks[p->aborts[i].interlock].name,
					    "tray_leak");
	assert_int_equal(p->captures ? p->capture_count : 0, 1);
	assert_int_equal(p->size, strlen(p->bytes));
	profile_free(p);
}

static void the_longest_time_adds_every_time_out(void **state)
{
	static const char *const pairs[][2] = {{"      - wait: 10 s\n", "      - wait: 70 s\n"},
					       {NULL, NULL}};
	static const char *const retry[][2] = {{"  - step: H2\n", "  - step: H2\n    retries: 2\n"},
					       {NULL, NULL}};
	struct problems problems = {0};
	struct profile *p = good_profile(*state, "profiles/ro600_quick.yaml", 0);
	double sum = 0, before = p->longest_s;

	for (int i = 0; i < p->step_count; i++)
		sum += p->steps[i].longest_s;
	assert_true(fabs(sum - p->longest_s) < 1e-6);
	assert_true(fabs(p->steps[1].longest_s - 10) < 1e-6);
	profile_free(p);
	p = profile_with(*state, "profiles/ro600_quick.yaml", pairs, &problems);
	assert_true(fabs(p->longest_s - before - 60) < 1e-6);
	profile_free(p);
	p = profile_with(*state, "profiles/ro600_quick.yaml", retry, &problems);
	assert_true(fabs(p->steps[1].longest_s - 30) < 1e-6);
	profile_free(p);
	assert_int_equal(problems.count, 0);
}

static void retries_add_to_the_time_an_output_is_held(void **state)
{
	static const char *const pairs[][2] = {
		{"  - step: H2\n", "  - step: H2\n    retries: 3\n"},
		{"      - wait: 10 s\n",
		 "      - set: {permeate_drain: closed}\n      - wait: 160 s\n"},
		{NULL, NULL}};

	refuses(*state, pairs, "permeate_drain may be away from safe for 640 s");
}

static void an_output_made_safe_in_between_starts_anew(void **state)
{
	static const char *const pairs[][2] = {
		{"  - step: H2\n", "  - step: H2\n    retries: 3\n"},
		{"      - wait: 10 s\n",
		 "      - set: {permeate_drain: closed}\n      - wait: 160 s\n"
		 "      - set: {permeate_drain: open}\n"},
		{"for: 300 ms, stop: yes}", "for: 300 ms}"}, /* nothing leaves the step early */
		{NULL, NULL}};
	struct problems problems = {0};
	struct profile *p = profile_with(*state, "profiles/ro600_quick.yaml", pairs, &problems);

	assert_non_null(p);
	profile_free(p);
	problems_release(&problems);
}

/* After the failed wait of H6 the run goes on with H7 while cross_check is still open. */
static void an_output_left_on_by_a_time_out_is_seen_in_the_next_step(void **state)
{
	static const char *const pairs[][2] = {
		{"      - wait: {until: permeate_flow > 0.1 L/min, timeout: 25 s, fails: permeate_flow}\n",
		 "      - set: {cross_check: open}\n"
		 "      - wait: {until: permeate_flow > 0.1 L/min, timeout: 560 s, fails: "
		 "permeate_flow}\n"
		 "      - set: {cross_check: closed}\n"},
		{NULL, NULL}};

	refuses(*state, pairs, "cross_check may be away from safe for 6");
}

static void teardown_is_checked_from_every_stop_on_fail(void **state)
{
	static const char *const pairs[][2] = {
		{"  - step: H2\n", "  - step: H2\n    stop_on_fail: yes\n"},
		{"      - wait: 10 s\n", "      - set: {drain_hold: closed}\n      - wait: 10 s\n"},
		{"  - step: H6\n    title: {en: Produce, zh: 制水}\n    do:\n",
		 "  - step: H6\n    title: {en: Produce, zh: 制水}\n    do:\n"
		 "      - set: {drain_hold: open}\n"},
		{"      - set: {unit_power_supply: off,", "      - set: {unit_power_supply: on,"},
		{NULL, NULL}};

	refuses(*state, pairs, "interlock blocked_concentrate trips here");
}

static void a_fixture_with_shorter_on_times_refuses_the_profile(void **state)
{
	static const char *const pairs[][2] = {
		{"    trips: no\n    max_on: 2 h\n", "    trips: no\n    max_on: 2 min\n"},
		{NULL, NULL}};
	const struct files *f = *state;
	struct problems problems = {0};
	struct fixture *fixture = good_fixture(pairs);

	assert_null(profile_load("profiles/ro600_quick.yaml", f->model, fixture, 0, &problems));
	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.at[0].text, "regulator may be away from safe"));
	problems_release(&problems);
	/* the other bay's regulator kept its time */
	struct profile *p =
		profile_load("profiles/ro600_quick.yaml", f->model, fixture, 1, &problems);
	assert_non_null(p);
	profile_free(p);
	fixture_free(fixture);
}

static void a_missing_channel_is_told_with_its_place(void **state)
{
	static const char *const pairs[][2] = {
		{"name: concentrate_flow\n    bays: 1",
		 "name: reject_flow\n    quantity: flow\n    bays: 1"},
		{NULL, NULL}};
	const struct files *f = *state;
	struct problems problems = {0};
	struct fixture *fixture = good_fixture(pairs);

	assert_null(profile_load("profiles/ro600_quick.yaml", f->model, fixture, 0, &problems));
	assert_true(problems.count > 0);
	for (int i = 0; i < problems.count; i++)
		assert_true(problems.at[i].line > 0);
	problems_release(&problems);
	fixture_free(fixture);
}

static void the_header_is_read_without_model_and_fixture(void **state)
{
	struct problems problems = {0};
	struct profile *p = profile_load("profiles/ro600_full.yaml", NULL, NULL, 0, &problems);
	const struct files *f = *state;

	assert_non_null(p);
	assert_string_equal(p->id, "ro600_full");
	assert_int_equal(p->revision, 4);
	assert_true(profile_covers(p, f->model, RUN_POST_REPAIR_QC));
	assert_string_equal(p->measurements[0].id, "leak");
	assert_string_equal(p->steps[0].id, "H0");
	assert_null(p->measurements[0].value);
	profile_free(p);
	profile_free(NULL);
}

static void serials_and_aliases_of_a_model_are_told_apart(void **state)
{
	const struct files *f = *state;
	struct error err = {0};

	assert_true(model_is(f->model, "RO600"));
	assert_true(model_is(f->model, "R600T"));
	assert_false(model_is(f->model, "ro600"));
	assert_int_equal(model_check_serial(f->model, "RO600-12345678", &err), 0);
	assert_int_equal(model_check_serial(f->model, "RO600-1234567", &err), ERR_CONFIG);
	assert_non_null(strstr(err.text, "RO600-[0-9]{8}"));
	assert_true(model_check_serial(f->model, "xRO600-12345678", &err) < 0);
	assert_true(model_check_serial(f->model, "RO600-12345678\n", &err) < 0);
	assert_true(model_check_serial(f->model, "", &err) < 0);
	assert_true(fabs(model_param(f->model, "adapter_efficiency")->si - 0.87) < 1e-12);
	assert_null(model_param(f->model, "none"));
}

/* The pump's voltage divides in two places: one mistake, told once. */
static void a_nameplate_value_that_would_divide_by_zero_is_refused_where_it_divides(void **state)
{
	static const char *const zero[][2] = {{"pump_voltage: 24 V", "pump_voltage: 0 V"},
					      {NULL, NULL}};
	static const char *const same[][2] = {{NULL, NULL}};
	const struct files *f = *state;
	struct files other = *f;
	struct problems problems = {0};
	size_t n = 0;
	char *bytes = file_with("profiles/models/RO600.yaml", zero, &n);

	other.model = model_parse("RO600.yaml", bytes, n, &problems);
	assert_non_null(other.model);
	refuses(&other, same, "this divides by 0: model.pump_voltage of RO600 is 0");
	model_free(other.model);
	free(bytes);
}

/* --- what people copy from ---------------------------------------------------------------------------------------- */

static char *example_of(const char *readme)
{
	size_t n = 0;
	char *bytes = file_with(readme, NULL, &n);
	char *from = strstr(bytes, "```yaml\n"), *to = from ? strstr(from + 8, "```\n") : NULL;

	if (!to)
		fail_msg("%s has no example", readme);
	char *example = strndup(from + 8, (size_t)(to - from - 8));
	free(bytes);
	return example;
}

static void the_examples_in_the_readmes_load(void **state)
{
	const struct files *files = *state;
	struct problems problems = {0};
	char *text = example_of("fixtures/README.md");
	struct fixture *f = fixture_parse("README.md", text, strlen(text), &problems);

	problems_print(&problems, stderr);
	assert_non_null(f);
	fixture_free(f);
	free(text);
	text = example_of("profiles/README.md");
	struct profile *p = profile_parse("README.md", text, strlen(text), files->model,
					  files->fixture, 0, &problems);
	problems_print(&problems, stderr);
	assert_non_null(p);
	profile_free(p);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_profiles_stand_their_check_on_both_bays),
		cmocka_unit_test(the_full_profile_has_every_measurement_the_faults_are_known_by),
		cmocka_unit_test(the_trial_lasts_thirty_minutes_on_its_clock),
		cmocka_unit_test(what_is_written_is_what_the_engine_gets),
		cmocka_unit_test(the_longest_time_adds_every_time_out),
		cmocka_unit_test(retries_add_to_the_time_an_output_is_held),
		cmocka_unit_test(an_output_made_safe_in_between_starts_anew),
		cmocka_unit_test(an_output_left_on_by_a_time_out_is_seen_in_the_next_step),
		cmocka_unit_test(teardown_is_checked_from_every_stop_on_fail),
		cmocka_unit_test(a_fixture_with_shorter_on_times_refuses_the_profile),
		cmocka_unit_test(a_missing_channel_is_told_with_its_place),
		cmocka_unit_test(the_header_is_read_without_model_and_fixture),
		cmocka_unit_test(serials_and_aliases_of_a_model_are_told_apart),
		cmocka_unit_test(
			a_nameplate_value_that_would_divide_by_zero_is_refused_where_it_divides),
		cmocka_unit_test(the_examples_in_the_readmes_load),
	};

	return cmocka_run_group_tests(tests, open_files, close_files);
}
