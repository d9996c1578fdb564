/* SPDX-License-Identifier: MIT
 *
 * Which runs a release rests on, and what the decision looks like.
 */
#include <jansson.h>
#include <math.h>

#include "tests/unit/release_world.h"

/* The same with the trial run as a run of its own, older than the QC. */
static void world_init_own_trial(struct world *w)
{
	world_init(w);
	w->runs[0].trial_seconds = 0;
	w->runs[1] = good_run("trial", "trial_run", 2000);
	w->facts.run_count = 2;
	w->facts.separate_trial_allowed = true;
}

/* ---- which run counts ---- */

static void the_newest_complete_run_decides_whatever_came_before(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	w.runs[1] = w.runs[0];
	(void)text_copy(w.runs[0].id, sizeof(w.runs[0].id), "newer");
	(void)text_copy(w.runs[0].verdict, sizeof(w.runs[0].verdict), "fail");
	w.facts.run_count = 2;
	d = decide(&w);
	assert_string_equal(d.run, "newer");
	assert_true(has_reason(&d, "run_not_pass"));
	/* One that did not reach its end by the rig's or the operator's doing judges nothing. */
	w.runs[0].complete = false;
	d = decide(&w);
	assert_string_equal(d.run, "qc");
	assert_true(d.allowed);
	/* Another type of run does not either. */
	w.runs[0].complete = true;
	(void)text_copy(w.runs[0].run_type, sizeof(w.runs[0].run_type), "diagnosis");
	assert_true(decide(&w).allowed);
}

static void a_trial_run_of_its_own_counts_only_where_the_model_says_so(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init_own_trial(&w);
	w.facts.separate_trial_allowed = false;
	d = decide(&w);
	assert_int_equal(d.reason_count, 1);
	assert_string_equal(d.reasons[0].code, "trial_run_missing");
	w.facts.separate_trial_allowed = true;
	w.runs[1].trial_seconds = 1799.9;
	d = decide(&w);
	assert_true(has_reason(&d, "trial_run_short"));
	w.runs[1].trial_seconds = 1800;
	assert_true(decide(&w).allowed);
	/* It is looked at like the other. */
	w.runs[1].simulated = true;
	d = decide(&w);
	assert_true(has_reason(&d, "simulated") && d.would_be && !d.allowed);
	w.runs[1].repair_seq = 1;
	d = decide(&w);
	assert_true(has_reason(&d, "repair_after_run") && !d.would_be);
}

static void a_trial_is_never_shorter_than_the_process_asks_and_may_be_longer(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.runs[0].trial_seconds = 600;
	w.runs[0].trial_required_seconds = 300;
	assert_false(decide(&w).allowed);
	w.runs[0].trial_seconds = 1900;
	assert_true(decide(&w).allowed);
	w.runs[0].trial_required_seconds = 3600;
	assert_false(decide(&w).allowed);
	w.runs[0].trial_required_seconds = 0;
	w.runs[0].trial_seconds = (double)NAN;
	assert_false(decide(&w).allowed);
}

/* ---- what it looks like ---- */

static void put(const struct world *w, const struct release_decision *d, struct text *out)
{
	struct json j;

	json_init(&j, out);
	release_put(&j, &w->facts, d);
	json_end_object(&j);
}

static void the_answer_is_json_with_each_reason_in_both_languages(void **state)
{
	struct world w;
	struct release_decision d;
	struct text out = {0};
	json_t *root, *reason;

	(void)state;
	world_init(&w);
	w.runs[0].simulated = true;
	w.facts.repair_seq = 3;
	d = decide(&w);
	put(&w, &d, &out);
	root = json_loads(out.buf, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "decision")), "blocked");
	assert_string_equal(json_string_value(json_object_get(root, "would_be")), "blocked");
	assert_true(json_is_true(json_object_get(root, "simulated")));
	assert_true(json_is_null(json_object_get(root, "valid_until")));
	assert_int_equal(json_array_size(json_object_get(root, "reasons")), 2);
	reason = json_array_get(json_object_get(root, "reasons"), 0);
	assert_string_equal(json_string_value(json_object_get(reason, "code")), "repair_after_run");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(reason, "params"),
							    "run_repair_seq")),
			 2);
	for (int i = 0; release_reason_codes[i]; i++) {
		const char *code = release_reason_codes[i];

		assert_string_not_equal(release_reason_text(code, false), code);
		assert_string_not_equal(release_reason_text(code, true), code);
		assert_string_not_equal(release_reason_text(code, true),
					release_reason_text(code, false));
	}
	json_decref(root);
	text_clear(&out);
	world_init(&w);
	d = decide(&w);
	put(&w, &d, &out);
	assert_non_null(strstr(out.buf, "\"decision\":\"allowed\""));
	assert_non_null(strstr(out.buf, "\"valid_until\":\"1970-01-01T00:10:00.005000Z\""));
	text_release(&out);
}

static void long_names_do_not_break_the_parameters(void **state)
{
	struct world w;
	struct release_decision d;
	json_t *params;

	(void)state;
	world_init(&w);
	memset(w.runs[0].model, '"', sizeof(w.runs[0].model) - 1);
	w.runs[0].limit_assumed = true;
	(void)text_copy(w.runs[0].assumed, sizeof(w.runs[0].assumed), "[\"rejection\"]");
	d = decide(&w);
	assert_int_equal(d.reason_count, 2);
	params = json_loads(d.reasons[0].params, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(params, "run_model")),
			    w.runs[0].model);
	json_decref(params);
	/* A supervisor adopts limits by name. */
	assert_non_null(strstr(d.reasons[1].params, "\"limits\":[\"rejection\"]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_complete_run_decides_whatever_came_before),
		cmocka_unit_test(a_trial_run_of_its_own_counts_only_where_the_model_says_so),
		cmocka_unit_test(a_trial_is_never_shorter_than_the_process_asks_and_may_be_longer),
		cmocka_unit_test(the_answer_is_json_with_each_reason_in_both_languages),
		cmocka_unit_test(long_names_do_not_break_the_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
