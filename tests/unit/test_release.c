/* SPDX-License-Identifier: MIT */
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

static void a_unit_with_everything_in_order_may_leave(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	d = decide(&w);
	assert_int_equal(d.reason_count, 0);
	assert_true(d.allowed && d.would_be);
	assert_string_equal(d.run, "qc");
	assert_string_equal(d.trial_run, "");
	world_init_own_trial(&w);
	d = decide(&w);
	assert_int_equal(d.reason_count, 0);
	assert_true(d.allowed && d.would_be);
	assert_string_equal(d.trial_run, "trial");
}

/* ---- each reason alone ---- */

static void spoil_ticket(struct world *w)
{
	w->facts.ticket_known = false;
}
static void spoil_open(struct world *w)
{
	w->runs[w->facts.run_count] = good_run("now", "post_repair_qc", 0);
	w->runs[w->facts.run_count].complete = false;
	w->runs[w->facts.run_count++].open = true;
}
static void spoil_no_run(struct world *w)
{
	w->runs[0].complete = false;
}
static void spoil_verdict(struct world *w)
{
	(void)text_copy(w->runs[0].verdict, sizeof(w->runs[0].verdict), "marginal");
}
static void spoil_run_ticket(struct world *w)
{
	(void)text_copy(w->runs[0].ticket, sizeof(w->runs[0].ticket), "T0");
}
static void spoil_model(struct world *w)
{
	(void)text_copy(w->runs[0].model, sizeof(w->runs[0].model), "RO-400G");
}
static void spoil_repair(struct world *w)
{
	w->facts.repair_seq = 3;
}
static void spoil_releasable(struct world *w)
{
	w->runs[0].releasable = false;
}
static void spoil_approval(struct world *w)
{
	w->runs[0].unapproved = true;
}
static void spoil_limit(struct world *w)
{
	w->runs[0].limit_assumed = true;
}
static void spoil_safe(struct world *w)
{
	w->runs[0].safe_proven = false;
}
static void spoil_calibration(struct world *w)
{
	w->runs[0].calibration_ok = false;
}
static void spoil_clock(struct world *w)
{
	w->runs[0].utc_synced = false;
}
static void spoil_trial(struct world *w)
{
	w->runs[0].trial_seconds = 0;
}
static void spoil_trial_length(struct world *w)
{
	w->runs[0].trial_seconds = 1799;
}
static void spoil_acceptance(struct world *w)
{
	w->facts.mail_back = false;
}
static void spoil_simulated(struct world *w)
{
	w->runs[0].simulated = true;
}

static const struct {
	const char *code;
	void (*spoil)(struct world *w);
} spoilers[] = {
	{"ticket_unknown", spoil_ticket},
	{"run_open", spoil_open},
	{"no_run", spoil_no_run},
	{"run_not_pass", spoil_verdict},
	{"run_of_other_ticket", spoil_run_ticket},
	{"model_mismatch", spoil_model},
	{"repair_after_run", spoil_repair},
	{"profile_not_releasable", spoil_releasable},
	{"profile_unapproved", spoil_approval},
	{"limit_assumed", spoil_limit},
	{"safe_state_unproven", spoil_safe},
	{"calibration", spoil_calibration},
	{"clock_unsynced", spoil_clock},
	{"trial_run_missing", spoil_trial},
	{"trial_run_short", spoil_trial_length},
	{"acceptance_missing", spoil_acceptance},
	{"simulated", spoil_simulated},
};
enum { SPOILERS = sizeof(spoilers) / sizeof(spoilers[0]) };

static void each_reason_alone_blocks_and_is_the_only_one_told(void **state)
{
	(void)state;
	for (int i = 0; i < SPOILERS; i++) {
		struct world w;
		struct release_decision d;

		assert_string_equal(release_reason_codes[i], spoilers[i].code);
		world_init(&w);
		spoilers[i].spoil(&w);
		d = decide(&w);
		assert_int_equal(d.reason_count, 1);
		assert_string_equal(d.reasons[0].code, spoilers[i].code);
		assert_false(d.allowed);
		/* Simulated is the one that leaves open what would have been. */
		assert_int_equal(d.would_be, strcmp(spoilers[i].code, "simulated") == 0);
	}
	assert_null(release_reason_codes[SPOILERS]);
}

static void reasons_of_two_kinds_are_both_told(void **state)
{
	(void)state;
	for (int a = 0; a < SPOILERS; a++)
		for (int b = a + 1; b < SPOILERS; b++) {
			struct world w;
			struct release_decision d;
			bool no_run = spoilers[a].spoil == spoil_no_run ||
				      spoilers[b].spoil == spoil_no_run;

			world_init(&w);
			spoilers[a].spoil(&w);
			spoilers[b].spoil(&w);
			d = decide(&w);
			assert_false(d.allowed);
			/* Without a run nothing can be said about it. */
			if (no_run) {
				assert_true(has_reason(&d, "no_run"));
				continue;
			}
			assert_true(has_reason(&d, spoilers[b].code));
			assert_true(has_reason(&d, spoilers[a].code) ||
				    strcmp(spoilers[a].code, "trial_run_missing") == 0);
			assert_false(d.would_be);
		}
}

static void every_reason_at_once_is_told_without_losing_any(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init_own_trial(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (spoilers[i].spoil != spoil_no_run)
			spoilers[i].spoil(&w);
	w.runs[0].trial_seconds = 0;
	w.runs[1] = w.runs[0];
	(void)text_copy(w.runs[1].run_type, sizeof(w.runs[1].run_type), "trial_run");
	d = decide(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (strcmp(spoilers[i].code, "no_run") != 0 &&
		    strcmp(spoilers[i].code, "trial_run_short") != 0)
			assert_true(has_reason(&d, spoilers[i].code));
}

static void nothing_known_is_blocked(void **state)
{
	struct release_facts none = {0};
	struct release_run empty = {.complete = true, .run_type = "post_repair_qc"};
	struct release_facts one = {.runs = &empty, .run_count = 1};
	struct release_decision d;
	struct text out = {0};

	(void)state;
	release_decide(&none, &d);
	assert_false(d.allowed || d.would_be);
	assert_true(has_reason(&d, "ticket_unknown") && has_reason(&d, "no_run"));
	release_decide(&one, &d);
	assert_false(d.allowed || d.would_be);
	/* Two empty names are no match. */
	assert_true(has_reason(&d, "run_of_other_ticket") && has_reason(&d, "model_mismatch"));
	release_json(&none, &d, &out);
	text_release(&out);
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

static void the_answer_is_json_with_each_reason_in_both_languages(void **state)
{
	struct world w;
	struct release_decision d;
	struct text out = {0};
	json_t *root, *reason;

	(void)state;
	world_init(&w);
	spoil_simulated(&w);
	spoil_repair(&w);
	d = decide(&w);
	release_json(&w.facts, &d, &out);
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
	release_json(&w.facts, &d, &out);
	assert_non_null(strstr(out.buf, "\"decision\":\"allowed\""));
	assert_non_null(strstr(out.buf, "\"valid_until\":\"1970-01-01T00:10:00.005000Z\""));
	text_release(&out);
}

static void long_names_do_not_break_the_parameters(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	memset(w.runs[0].model, '"', sizeof(w.runs[0].model) - 1);
	d = decide(&w);
	assert_int_equal(d.reason_count, 1);
	assert_string_equal(d.reasons[0].params, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_with_everything_in_order_may_leave),
		cmocka_unit_test(each_reason_alone_blocks_and_is_the_only_one_told),
		cmocka_unit_test(reasons_of_two_kinds_are_both_told),
		cmocka_unit_test(every_reason_at_once_is_told_without_losing_any),
		cmocka_unit_test(nothing_known_is_blocked),
		cmocka_unit_test(the_newest_complete_run_decides_whatever_came_before),
		cmocka_unit_test(a_trial_run_of_its_own_counts_only_where_the_model_says_so),
		cmocka_unit_test(a_trial_is_never_shorter_than_the_process_asks_and_may_be_longer),
		cmocka_unit_test(the_answer_is_json_with_each_reason_in_both_languages),
		cmocka_unit_test(long_names_do_not_break_the_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
