/* SPDX-License-Identifier: MIT
 *
 * Every way out of a run.
 */
#include "run_bench.h"

static void to_the_end(struct bench *b, bool proven)
{
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	assert_null(engine_image(b->e));
	engine_proof(b->e, proven, "pressure 0.004 MPa", b->now_ns + NS_PER_S);
	assert_int_equal(engine_get_state(b->e), ENGINE_DONE);
}

static const struct bench_note *done(const struct bench *b)
{
	assert_int_equal(b->notes[b->note_count - 1].kind, NOTE_DONE);
	return &b->notes[b->note_count - 1];
}

static void operator_ends_a_run_as_aborted_without_teardown(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_plain(b);
	bench_step(b, "H10");
	b->p.teardown_count = 1;
	bench_run(b, 2);
	engine_abort(b->e, "kim", "wrong hose", b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ABORTED);
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 1);
	assert_int_equal(bench_count(b, NOTE_STEP_END, NULL), 1);
	assert_int_equal(bench_count(b, NOTE_STOPPING, "abort"), 1);
	assert_string_equal(done(b)->text, "wrong hose");
	bench_free(b);
}

static void abort_of_a_failing_run_stays_aborted_and_keeps_the_failed_measurement(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);

	(void)state;
	bench_wait(b, 10);
	b->value[FLOW] = 0.5;
	bench_run(b, 8);
	engine_abort(b->e, "kim", "enough", b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ABORTED);
	assert_verdict(bench_result(b, m)->verdict, VERDICT_FAIL);
	bench_free(b);
}

static void failure_of_the_rig_is_an_error(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_plain(b);
	bench_run(b, 2);
	engine_error(b->e, "io_lost", "benchd-io is gone", b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	assert_int_equal(done(b)->attribution, ATTRIBUTION_RIG);
	assert_string_equal(done(b)->code, "io_lost");
	assert_int_equal(bench_count(b, NOTE_EVENT, "io_lost"), 1);
	bench_free(b);
}

/* A profile that says whose fault a trip is. */
static struct bench *with_aborts(int *leak, int *pressure)
{
	struct bench *b = bench_new();

	bench_plain(b);
	*leak = bench_measurement(b, "leak", NULL, NULL, NULL, NULL);
	*pressure = bench_measurement(b, "cut_out", NULL, NULL, NULL, NULL);
	b->interlocks[0] = (struct fx_interlock){
		.name = "tray", .bays = 1, .class = TRIP_LEAK, .when = bench_expr(b, "tray_leak")};
	b->interlocks[1] = (struct fx_interlock){.name = "floor",
						 .bays = 1,
						 .whole_rig = true,
						 .class = TRIP_LEAK,
						 .when = bench_expr(b, "tray_leak")};
	b->f.interlock_count = 2;
	bench_abort(b, "tray", NULL, TRIP_LEAK, ATTRIBUTION_UNIT, *leak)->interlock = 0;
	bench_abort(b, "over", "feed_pressure > 0.5 MPa", TRIP_OVER_PRESSURE, ATTRIBUTION_UNIT,
		    *pressure)
		->for_ns = 2 * NS_PER_S;
	return b;
}

static void trip_of_the_unit_adds_its_failed_measurement(void **state)
{
	int leak, pressure;
	struct bench *b = with_aborts(&leak, &pressure);

	(void)state;
	bench_run(b, 2);
	engine_trip_interlock(b->e, 0, TRIP_LEAK, "tray: tray_leak", 1, b->now_ns);
	/* The rig dropped the bay: nothing is to be sent. */
	assert_int_equal(bench_count(b, NOTE_STOPPING, NULL), 0);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_TRIPPED);
	assert_int_equal(done(b)->attribution, ATTRIBUTION_UNIT);
	assert_string_equal(done(b)->code, "leak");
	assert_verdict(bench_result(b, leak)->verdict, VERDICT_FAIL);
	assert_int_equal(bench_result(b, pressure)->verdict, 0);
	bench_free(b);
}

static void trip_of_the_whole_rig_is_no_fault_of_this_unit(void **state)
{
	int leak, pressure;
	struct bench *b = with_aborts(&leak, &pressure);

	(void)state;
	/* An abort of that class with a condition of its own says nothing of the floor. */
	bench_abort(b, "hose", "feed_pressure > 9 MPa", TRIP_LEAK, ATTRIBUTION_HOSE, -1);
	bench_run(b, 2);
	engine_trip_interlock(b->e, 1, TRIP_LEAK, "floor", 1, b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_TRIPPED);
	assert_int_equal(done(b)->attribution, 0);
	assert_int_equal(bench_result(b, leak)->verdict, 0);
	bench_free(b);
}

static void trip_that_the_profile_does_not_name_blames_no_unit(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_plain(b);
	bench_run(b, 2);
	engine_trip_interlock(b->e, 0, TRIP_OVER_PRESSURE, "feed: feed_pressure > 0.44 MPa", 0.5,
			      b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_TRIPPED);
	assert_int_equal(done(b)->attribution, 0);
	bench_free(b);
}

static void silent_sensor_is_the_rigs_fault_whatever_an_abort_of_its_class_says(void **state)
{
	int leak, pressure;
	struct bench *b = with_aborts(&leak, &pressure);

	(void)state;
	bench_abort(b, "sensor", NULL, TRIP_SENSOR, ATTRIBUTION_UNIT, leak);
	bench_run(b, 2);
	engine_trip_interlock(b->e, -1, TRIP_SENSOR, "tray: tray_leak is stale", 0, b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	assert_int_equal(done(b)->attribution, ATTRIBUTION_RIG);
	assert_int_equal(bench_result(b, leak)->verdict, 0);
	bench_free(b);
}

static void trip_without_an_interlock_goes_by_its_class(void **state)
{
	static const struct {
		enum trip_class class;
		enum verdict verdict;
		enum attribution attribution;
	} cases[] = {
		{TRIP_ESTOP, VERDICT_TRIPPED, 0},
		{TRIP_LEAK, VERDICT_TRIPPED, ATTRIBUTION_UNIT},
		{TRIP_OVER_PRESSURE, VERDICT_TRIPPED, ATTRIBUTION_UNIT},
		{TRIP_OVER_TEMPERATURE, VERDICT_TRIPPED, 0},
		{TRIP_DRY_RUN, VERDICT_TRIPPED, 0},
		{TRIP_OVER_CURRENT, VERDICT_TRIPPED, 0},
		{TRIP_SENSOR, VERDICT_ERROR, ATTRIBUTION_RIG},
		{TRIP_TIMEOUT, VERDICT_ERROR, ATTRIBUTION_RIG},
		{TRIP_COMMS, VERDICT_ERROR, ATTRIBUTION_RIG},
		{TRIP_OPERATOR, VERDICT_ABORTED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new();

		bench_plain(b);
		bench_run(b, 2);
		engine_trip(b->e, cases[i].class, "it", 1, b->now_ns);
		to_the_end(b, true);
		assert_verdict(engine_verdict(b->e), cases[i].verdict);
		assert_int_equal(done(b)->attribution, cases[i].attribution);
		bench_free(b);
	}
}

static void abort_condition_trips_after_its_time_by_attribution(void **state)
{
	static const enum attribution by[] = {ATTRIBUTION_UNIT, ATTRIBUTION_HOSE, ATTRIBUTION_RIG};

	(void)state;
	for (int i = 0; i < 3; i++) {
		int leak, pressure;
		struct bench *b = with_aborts(&leak, &pressure);

		b->aborts[1].attribution = by[i];
		bench_run(b, 2);
		b->value[PRESSURE] = 0.6;
		bench_run(b, 1.9);
		assert_int_equal(engine_get_state(b->e), ENGINE_RUNNING);
		bench_run(b, 0.3);
		assert_int_equal(bench_count(b, NOTE_STOPPING, "over_pressure"), 1);
		to_the_end(b, true);
		assert_verdict(engine_verdict(b->e),
			       by[i] == ATTRIBUTION_RIG ? VERDICT_ERROR : VERDICT_TRIPPED);
		assert_int_equal(done(b)->attribution, by[i]);
		assert_int_equal(bench_result(b, pressure)->verdict,
				 by[i] == ATTRIBUTION_UNIT ? VERDICT_FAIL : 0);
		bench_free(b);
	}
}

static void aborts_that_never_held_pass_their_measurements(void **state)
{
	int leak, pressure;
	struct bench *b = with_aborts(&leak, &pressure);

	(void)state;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_verdict(bench_result(b, leak)->verdict, VERDICT_PASS);
	assert_verdict(bench_result(b, pressure)->verdict, VERDICT_PASS);
	bench_free(b);
}

static void bench_at_stopping(struct bench **b, enum verdict pending)
{
	*b = bench_new();
	bench_plain(*b);
	if (pending == VERDICT_FAIL)
		(*b)->value[FLOW] = 0.5;
	if (pending == VERDICT_INCONCLUSIVE)
		(*b)->quality[FLOW] = QUALITY_NO_REPLY;
	bench_run(*b, 10);
	assert_int_equal(engine_get_state((*b)->e), ENGINE_STOPPING);
}

static void proof_that_fails_never_leaves_a_pass(void **state)
{
	static const enum verdict pending[] = {VERDICT_PASS, VERDICT_INCONCLUSIVE, VERDICT_FAIL};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bench *b;

		bench_at_stopping(&b, pending[i]);
		to_the_end(b, false);
		assert_verdict(engine_verdict(b->e), i == 2 ? VERDICT_FAIL : VERDICT_ERROR);
		assert_int_equal(bench_count(b, NOTE_EVENT, "contradiction"), 1);
		bench_free(b);
	}
}

static void proof_that_never_comes_counts_as_failed(void **state)
{
	struct bench *b;

	(void)state;
	bench_at_stopping(&b, VERDICT_PASS);
	for (int i = 0; i < 100 && engine_get_state(b->e) != ENGINE_DONE; i++)
		engine_time(b->e, b->now_ns += NS_PER_S);
	assert_int_equal(engine_get_state(b->e), ENGINE_DONE);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	bench_free(b);
}

static void what_happens_while_stopping_only_worsens_the_verdict(void **state)
{
	struct bench *b;

	(void)state;
	bench_at_stopping(&b, VERDICT_PASS);
	engine_abort(b->e, "kim", "late", b->now_ns);
	assert_int_equal(bench_count(b, NOTE_EVENT, "late"), 1);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_PASS);
	bench_free(b);

	bench_at_stopping(&b, VERDICT_PASS);
	engine_error(b->e, "store", "disk full", b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	bench_free(b);

	bench_at_stopping(&b, VERDICT_PASS);
	engine_trip(b->e, TRIP_LEAK, "tray", 1, b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_TRIPPED);
	bench_free(b);

	bench_at_stopping(&b, VERDICT_FAIL);
	engine_error(b->e, "store", "disk full", b->now_ns);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_FAIL);
	bench_free(b);
}

static void nothing_changes_after_the_end(void **state)
{
	struct sample s = {.channel = FLOW, .quality = QUALITY_FROZEN, .updates = 9};
	struct bench *b;
	int notes;

	(void)state;
	bench_at_stopping(&b, VERDICT_PASS);
	to_the_end(b, true);
	notes = b->note_count;
	s.at_ns = b->now_ns + NS_PER_S;
	engine_samples(b->e, &s, 1);
	engine_abort(b->e, "kim", "", b->now_ns);
	engine_trip(b->e, TRIP_LEAK, "tray", 1, b->now_ns);
	engine_error(b->e, "io_lost", "", b->now_ns);
	engine_proof(b->e, false, "", b->now_ns);
	assert_true(engine_time(b->e, b->now_ns + 60 * NS_PER_S) == INT64_MAX);
	assert_int_equal(b->note_count, notes);
	assert_verdict(engine_verdict(b->e), VERDICT_PASS);
	assert_int_equal(engine_answer(b->e, "x", "yes", "kim", b->now_ns, NULL), ERR_STATE);
	bench_free(b);
}

static void prompt_nobody_answers_makes_the_bay_safe(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "visual", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H1");
	bench_set(b, POWER, 1);
	bench_prompt(b, "visual_ok", PROMPT_YES_NO, 30)->measurement = (int16_t)m;
	bench_run(b, 30);
	assert_true(engine_image(b->e)[POWER] == 1);
	bench_run(b, 0.2);
	assert_int_equal(bench_count(b, NOTE_ANSWER, "timeout"), 1);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ABORTED);
	assert_string_equal(done(b)->code, "prompt_timeout");
	bench_free(b);
}

static void serial_of_another_unit_is_never_judged_and_may_be_scanned_again(void **state)
{
	for (int again = 0; again < 2; again++) {
		struct bench *b = bench_new();
		struct error err = {0};

		bench_plain(b);
		b->p.step_count = 0;
		b->steps[0] = (struct pf_step){0};
		bench_step(b, "H0");
		bench_prompt(b, "serial", PROMPT_SCAN_SERIAL, 30);
		b->measurements[0].required = false;
		bench_run(b, 1);
		assert_int_equal(engine_answer(b->e, "serial", "SN2", "scanner", b->now_ns, &err),
				 ERR_CONFLICT);
		assert_non_null(strstr(err.text, "SN1"));
		bench_run(b, 1);
		if (again)
			assert_int_equal(
				engine_answer(b->e, "serial", "SN1", "scanner", b->now_ns, &err),
				0);
		bench_run(b, 40);
		to_the_end(b, true);
		assert_verdict(engine_verdict(b->e), VERDICT_INCONCLUSIVE);
		assert_int_equal(done(b)->attribution, 0);
		assert_string_equal(done(b)->code, again ? "" : "serial_mismatch");
		bench_free(b);
	}
	(void)state;
}

static void wait_for_the_rig_that_times_out_is_an_error(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_plain(b);
	bench_step(b, "H2");
	bench_until(b, PF_WAIT, "feed_pressure > 0.5 MPa", 10, -1);
	bench_run(b, 20);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	assert_string_equal(done(b)->code, "rig_timeout");
	bench_free(b);
}

static void rig_that_fails_in_the_teardown_hides_no_fail(void **state)
{
	for (int bad = 0; bad < 2; bad++) {
		struct bench *b = bench_new();

		bench_plain(b);
		bench_step(b, "H10");
		b->p.teardown_count = 1;
		bench_until(b, PF_WAIT, "feed_pressure < 0.02 MPa", 5, -1);
		if (bad)
			b->value[FLOW] = 0.5;
		bench_run(b, 20);
		to_the_end(b, true);
		assert_verdict(engine_verdict(b->e), bad ? VERDICT_FAIL : VERDICT_ERROR);
		assert_string_equal(done(b)->code, "rig_timeout");
		assert_int_equal(bench_count(b, NOTE_EVENT, "contradiction"), 1);
		bench_free(b);
	}
	(void)state;
}

static void profile_without_steps_does_not_pass(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	bench_free(b);
}

static struct bench *reentered;

/* The disk is full just as a result is to be recorded. */
static void on_note_that_fails(void *ctx, const struct engine_note *n)
{
	bench_on_note(ctx, n);
	if (n->kind != NOTE_MEASUREMENT)
		return;
	engine_error(reentered->e, "store_failure", "the record cannot be kept", n->at_ns);
	/* the run is still in the step whose note this is */
	assert_int_equal(engine_get_state(reentered->e), ENGINE_RUNNING);
}

static void error_out_of_a_note_waits_until_the_note_was_given(void **state)
{
	struct bench *b = reentered = bench_new();
	struct engine_config config = {
		.profile = &b->p, .serial = "SN1", .now_ns = b->now_ns, .utc_us = b->utc_us};
	struct engine_ops ops = {.ctx = b, .note = on_note_that_fails};

	(void)state;
	bench_plain(b);
	bench_step(b, "H7");
	bench_wait(b, 5);
	b->e = engine_new(&config, &ops);
	bench_run(b, 60);
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	assert_int_equal(bench_count(b, NOTE_EVENT, "store_failure"), 1);
	assert_int_equal(bench_count(b, NOTE_STOPPING, "store_failure"), 1);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operator_ends_a_run_as_aborted_without_teardown),
		cmocka_unit_test(
			abort_of_a_failing_run_stays_aborted_and_keeps_the_failed_measurement),
		cmocka_unit_test(failure_of_the_rig_is_an_error),
		cmocka_unit_test(trip_of_the_unit_adds_its_failed_measurement),
		cmocka_unit_test(trip_of_the_whole_rig_is_no_fault_of_this_unit),
		cmocka_unit_test(trip_that_the_profile_does_not_name_blames_no_unit),
		cmocka_unit_test(
			silent_sensor_is_the_rigs_fault_whatever_an_abort_of_its_class_says),
		cmocka_unit_test(trip_without_an_interlock_goes_by_its_class),
		cmocka_unit_test(abort_condition_trips_after_its_time_by_attribution),
		cmocka_unit_test(aborts_that_never_held_pass_their_measurements),
		cmocka_unit_test(proof_that_fails_never_leaves_a_pass),
		cmocka_unit_test(proof_that_never_comes_counts_as_failed),
		cmocka_unit_test(what_happens_while_stopping_only_worsens_the_verdict),
		cmocka_unit_test(nothing_changes_after_the_end),
		cmocka_unit_test(prompt_nobody_answers_makes_the_bay_safe),
		cmocka_unit_test(serial_of_another_unit_is_never_judged_and_may_be_scanned_again),
		cmocka_unit_test(wait_for_the_rig_that_times_out_is_an_error),
		cmocka_unit_test(rig_that_fails_in_the_teardown_hides_no_fail),
		cmocka_unit_test(profile_without_steps_does_not_pass),
		cmocka_unit_test(error_out_of_a_note_waits_until_the_note_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
