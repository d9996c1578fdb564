/* SPDX-License-Identifier: MIT
 *
 * The first law: no value becomes a pass unless everything that made it is known good.
 */
#include "run_bench.h"

static struct bench *at;

static int plain(void **state)
{
	at = bench_new();
	*state = at;
	return 0;
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static void assert_not_judged(struct bench *b, int m, enum verdict want, const char *reason)
{
	assert_verdict(bench_finish(b), want);
	assert_verdict(bench_result(b, m)->verdict, want);
	assert_string_equal(bench_result(b, m)->reason, reason);
}

static void uncalibrated_channel_carries_no_verdict(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->channels[FLOW].calibration.revision = 0;
	assert_not_judged(b, m, VERDICT_INVALID, "uncalibrated permeate_flow");
}

static void D8_lapsed_calibration_carries_no_verdict(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->channels[FLOW].calibration.due = "2026-05-01";
	assert_not_judged(b, m, VERDICT_INVALID, "calibration_lapsed permeate_flow");
}

static void run_without_a_date_trusts_no_due_date(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->utc_us = 0;
	assert_not_judged(b, m, VERDICT_INVALID, "calibration_date_unknown permeate_flow");
}

static void uncalibrated_channel_behind_a_capture_and_a_derived_value_counts(void **state)
{
	struct bench *b = *state;
	int m;

	b->derived[0] = (struct pf_derived){.name = "half",
					    .value = bench_expr(b, "feed_pressure / 2"),
					    .unit = bench_unit("MPa")};
	b->p.derived_count = 1;
	b->channels[PRESSURE].calibration.revision = 0;
	bench_step(b, "A");
	bench_capture(b, "before", "half");
	m = bench_measurement(b, "x", "before * 2", "MPa", "0.1 MPa", NULL);
	b->measurements[m].step = 0;
	bench_measure(b, m);
	assert_not_judged(b, m, VERDICT_INVALID, "uncalibrated feed_pressure");
}

/* --- one bad reading in the window, of each quality --------------------- */

static uint8_t bad_quality;

static void one_bad_reading(struct bench *b)
{
	b->quality[FLOW] = b->now_ns == 1003 * NS_PER_S ? bad_quality : QUALITY_GOOD;
}

static void one_bad_reading_in_the_window_is_no_pass(void **state)
{
	static const struct {
		enum quality quality;
		enum verdict verdict;
		const char *reason;
	} cases[] = {
		{QUALITY_STALE, VERDICT_INCONCLUSIVE, "stale permeate_flow"},
		{QUALITY_NO_REPLY, VERDICT_INCONCLUSIVE, "no_reply permeate_flow"},
		{QUALITY_BAD_REPLY, VERDICT_INVALID, "bad_reply permeate_flow"},
		{QUALITY_OUT_OF_RANGE, VERDICT_INVALID, "out_of_range permeate_flow"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new();
		int m = bench_plain(b);

		bad_quality = (uint8_t)cases[i].quality;
		b->world = one_bad_reading;
		assert_not_judged(b, m, cases[i].verdict, cases[i].reason);
		bench_free(b);
	}
}

static void not_a_number(struct bench *b)
{
	b->value[FLOW] = b->now_ns == 1003 * NS_PER_S ? (double)NAN : 1.5;
}

static void good_reading_that_is_no_number_is_a_bad_one(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->world = not_a_number;
	assert_not_judged(b, m, VERDICT_INVALID, "bad_reply permeate_flow");
}

static void silent_in_the_middle(struct bench *b)
{
	double t_s = (double)(b->now_ns - 1000 * NS_PER_S) * 1e-9;

	b->silent[FLOW] = t_s > 1.5 && t_s < 4.0;
}

static void hole_longer_than_stale_in_the_window_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->world = silent_in_the_middle;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "gap permeate_flow");
}

static void silent_at_the_end(struct bench *b)
{
	b->silent[FLOW] = b->now_ns > 1002 * NS_PER_S;
}

static void silence_up_to_the_end_of_the_window_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->world = silent_at_the_end;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "gap permeate_flow");
}

static void channel_that_never_spoke_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->silent[FLOW] = true;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "gap permeate_flow");
}

static void not_renewed_from_3_s(struct bench *b)
{
	b->not_renewed[FLOW] = b->now_ns > 1002 * NS_PER_S;
}

static void readings_the_device_did_not_renew_are_no_observations(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->world = not_renewed_from_3_s;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "gap permeate_flow");
}

static void slow_device_counts_its_renewals_not_its_polls(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->channels[FLOW].update_ns = NS_PER_S;
	b->not_renewed[FLOW] = true;
	bench_start(b);
	for (int i = 0; i < 53 && engine_get_state(b->e) == ENGINE_RUNNING; i++) {
		b->updates[FLOW] += i % 10 == 0;
		bench_tick(b);
	}
	assert_verdict(bench_result(b, m)->verdict, VERDICT_PASS);
	assert_int_equal(bench_result(b, m)->updates, 5);
}

static void latest_value_older_than_its_stale_limit_is_unknown(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "flow", "permeate_flow", "L/min", "1.35 L/min", NULL);

	bench_step(b, "A");
	bench_wait(b, 5);
	bench_measure(b, m);
	b->world = silent_at_the_end;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "stale permeate_flow");
}

static void statistics_without_a_window_are_unknown(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);

	bench_step(b, "A");
	bench_window(b, 3);
	bench_step(b, "B"); /* the window was A's */
	b->measurements[m].step = 1;
	bench_measure(b, m);
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "no_window permeate_flow");
}

static void limit_that_is_unknown_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min",
				  "0.5 * concentrate_flow", NULL);

	b->quality[DRAIN_FLOW] = QUALITY_NO_REPLY;
	bench_step(b, "A");
	bench_window(b, 5);
	bench_measure(b, m);
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "limit unknown: no_reply concentrate_flow");
}

static void result_that_is_no_number_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "ratio", "mean(permeate_flow) / mean(concentrate_flow)", "",
				  NULL, "1000000");

	b->value[DRAIN_FLOW] = 0;
	b->value[FLOW] = 0;
	bench_step(b, "A");
	bench_window(b, 5);
	bench_measure(b, m);
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
}

static void uncertainty_that_is_unknown_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_plain(b);

	b->measurements[m].uncertainty = bench_expr(b, "0.1 * concentrate_flow");
	b->silent[DRAIN_FLOW] = true;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "uncertainty_unknown");
}

/* --- settling ----------------------------------------------------------- */

static void chatters_low(struct bench *b)
{
	b->value[FLOW] = b->now_ns / NS_PER_S % 4 < 2 ? 0.2 : 0.85;
}

static void chatters_wide(struct bench *b)
{
	b->value[FLOW] = b->now_ns / NS_PER_S % 4 < 2 ? 0.2 : 5.0;
}

static int unsettled_profile(struct bench *b)
{
	int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);

	bench_step(b, "H6");
	bench_settle(b, FLOW, 0.05, 10, 30);
	bench_window(b, 20);
	bench_measure(b, m);
	return m;
}

static void unsettled_value_inside_its_limits_is_inconclusive(void **state)
{
	struct bench *b = *state;
	int m = unsettled_profile(b);

	b->world = chatters_wide; /* mean 2.6 */
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "not_settled");
	assert_int_equal(bench_count(b, NOTE_EVENT, "not_settled"), 1);
}

static void unsettled_value_whose_whole_window_is_beyond_fails(void **state)
{
	struct bench *b = *state;
	int m = unsettled_profile(b);

	b->world = chatters_low;
	assert_not_judged(b, m, VERDICT_FAIL, "not_settled: whole window beyond");
}

static void value_captured_unsettled_stays_unsettled(void **state)
{
	struct bench *b = *state;
	struct pf_action *a;
	int m;

	b->world = chatters_wide;
	bench_step(b, "A");
	a = bench_settle(b, FLOW, 0.05, 10, 30);
	(void)a;
	bench_capture(b, "p", "feed_pressure");
	bench_step(b, "B");
	m = bench_measurement(b, "pressure", "p", "MPa", "0.1 MPa", NULL);
	b->measurements[m].step = 1;
	bench_measure(b, m);
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "not_settled");
}

static void reading_lost_while_settling_is_not_settled(void **state)
{
	struct bench *b = *state;
	int m = unsettled_profile(b);

	b->quality[FLOW] = QUALITY_NO_REPLY;
	bench_run(b, 30);
	b->quality[FLOW] = QUALITY_GOOD;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "not_settled");
}

/* --- conditions that are unknown ---------------------------------------- */

static void watch_that_could_not_see_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);

	bench_step(b, "H2");
	bench_watch(b, m, "not tray_leak");
	bench_wait(b, 10);
	bench_run(b, 5);
	b->quality[TRAY] = QUALITY_NO_REPLY;
	bench_run(b, 0.2);
	b->quality[TRAY] = QUALITY_GOOD;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "no_reply tray_leak");
}

static void abort_that_could_not_see_is_no_pass(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "leak", NULL, NULL, NULL, NULL);

	bench_abort(b, "tray", "tray_leak", TRIP_LEAK, ATTRIBUTION_UNIT, m);
	bench_step(b, "H2");
	bench_wait(b, 10);
	b->silent[TRAY] = true;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "missing tray_leak");
}

static void interlock_whose_channel_was_silent_is_no_pass(void **state)
{
	for (int silent = 0; silent < 2; silent++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "leak", NULL, NULL, NULL, NULL);

		b->interlocks[0] = (struct fx_interlock){.name = "tray",
							 .bays = 1,
							 .class = TRIP_LEAK,
							 .when = bench_expr(b, "tray_leak")};
		b->f.interlock_count = 1;
		bench_abort(b, "tray", NULL, TRIP_LEAK, ATTRIBUTION_UNIT, m)->interlock = 0;
		bench_step(b, "H2");
		bench_wait(b, 10);
		bench_run(b, 5);
		b->silent[TRAY] = silent;
		assert_verdict(bench_finish(b), silent ? VERDICT_INCONCLUSIVE : VERDICT_PASS);
		bench_free(b);
	}
	(void)state;
}

static void time_out_of_a_condition_that_is_unknown_is_no_fail_of_the_unit(void **state)
{
	struct bench *b = *state;
	int m = bench_measurement(b, "stops", NULL, NULL, NULL, NULL);

	bench_step(b, "H7");
	bench_until(b, PF_WAIT, "permeate_flow < 0.02 L/min", 10, m);
	b->quality[FLOW] = QUALITY_NO_REPLY;
	assert_not_judged(b, m, VERDICT_INCONCLUSIVE, "timeout, no_reply permeate_flow");
}

static void hold_broken_by_a_lost_reading_is_no_fail_of_the_unit(void **state)
{
	for (int seen = 0; seen < 2; seen++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "holds", NULL, NULL, NULL, NULL);

		bench_step(b, "H7");
		bench_until(b, PF_WAIT, "permeate_flow > 1 L/min", 11, m)->hold_ns = 10 * NS_PER_S;
		bench_run(b, 5);
		/* Lost, or seen to stop. */
		if (seen)
			b->value[FLOW] = 0;
		else
			b->quality[FLOW] = QUALITY_NO_REPLY;
		bench_run(b, 0.2);
		b->value[FLOW] = 1.5;
		b->quality[FLOW] = QUALITY_GOOD;
		assert_verdict(bench_finish(b), seen ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		assert_verdict(bench_result(b, m)->verdict,
			       seen ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		bench_free(b);
	}
	(void)state;
}

static void check_waits_for_the_first_reading_of_its_channels(void **state)
{
	struct bench *b = *state;

	bench_measurement(b, "x", NULL, NULL, NULL, NULL);
	bench_step(b, "H0");
	bench_until(b, PF_CHECK, "permeate_flow < 9 L/min", 0, -1);
	bench_wait(b, 5);
	b->silent[FLOW] = true;
	bench_run(b, 1);
	b->silent[FLOW] = false;
	bench_run(b, 3);
	assert_int_equal(engine_get_state(b->e), ENGINE_RUNNING);
}

static void check_of_a_channel_that_does_not_answer_is_an_error(void **state)
{
	struct bench *b = *state;

	bench_measurement(b, "x", NULL, NULL, NULL, NULL);
	bench_step(b, "H0");
	bench_until(b, PF_CHECK, "permeate_flow < 9 L/min", 0, -1);
	b->quality[FLOW] = QUALITY_NO_REPLY;
	assert_verdict(bench_finish(b), VERDICT_ERROR);
}

static void readings_of_other_bays_and_beyond_the_fixture_are_ignored(void **state)
{
	struct bench *b = *state;
	struct sample s = {.channel = CHANNELS, .quality = QUALITY_GOOD, .value = 9, .updates = 1};
	int m = bench_plain(b);

	b->channels[DRAIN_FLOW].bays = 2;
	bench_run(b, 1);
	engine_samples(b->e, &s, 1);
	assert_true(isnan(engine_value(b->e, DRAIN_FLOW)));
	assert_true(engine_value(b->e, FLOW) == 1.5);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	(void)m;
}

static void reading_older_than_the_latest_is_dropped(void **state)
{
	struct bench *b = *state;
	struct sample late = {.channel = FLOW, .quality = QUALITY_GOOD, .value = 9, .updates = 999};

	bench_plain(b);
	bench_run(b, 1);
	late.at_ns = b->now_ns - NS_PER_S;
	engine_samples(b->e, &late, 1);
	assert_true(engine_value(b->e, FLOW) == 1.5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, plain, teardown)
	const struct CMUnitTest tests[] = {
		TEST(uncalibrated_channel_carries_no_verdict),
		TEST(D8_lapsed_calibration_carries_no_verdict),
		TEST(run_without_a_date_trusts_no_due_date),
		TEST(uncalibrated_channel_behind_a_capture_and_a_derived_value_counts),
		TEST(one_bad_reading_in_the_window_is_no_pass),
		TEST(good_reading_that_is_no_number_is_a_bad_one),
		TEST(hole_longer_than_stale_in_the_window_is_no_pass),
		TEST(silence_up_to_the_end_of_the_window_is_no_pass),
		TEST(channel_that_never_spoke_is_no_pass),
		TEST(readings_the_device_did_not_renew_are_no_observations),
		TEST(slow_device_counts_its_renewals_not_its_polls),
		TEST(latest_value_older_than_its_stale_limit_is_unknown),
		TEST(statistics_without_a_window_are_unknown),
		TEST(limit_that_is_unknown_is_no_pass),
		TEST(result_that_is_no_number_is_no_pass),
		TEST(uncertainty_that_is_unknown_is_no_pass),
		TEST(unsettled_value_inside_its_limits_is_inconclusive),
		TEST(unsettled_value_whose_whole_window_is_beyond_fails),
		TEST(value_captured_unsettled_stays_unsettled),
		TEST(reading_lost_while_settling_is_not_settled),
		TEST(watch_that_could_not_see_is_no_pass),
		TEST(abort_that_could_not_see_is_no_pass),
		TEST(interlock_whose_channel_was_silent_is_no_pass),
		TEST(time_out_of_a_condition_that_is_unknown_is_no_fail_of_the_unit),
		TEST(hold_broken_by_a_lost_reading_is_no_fail_of_the_unit),
		TEST(check_waits_for_the_first_reading_of_its_channels),
		TEST(check_of_a_channel_that_does_not_answer_is_an_error),
		TEST(readings_of_other_bays_and_beyond_the_fixture_are_ignored),
		TEST(reading_older_than_the_latest_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
