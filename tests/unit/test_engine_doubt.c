/* SPDX-License-Identifier: MIT
 *
 * The first law again: clocks that cannot be right, settling over holes, and what rests on a value
 * that did not settle.
 */
#include "run_bench.h"
#include "run/calibrate.h"

#define DAY_US INT64_C(86400000000)

/* --- the clock ---------------------------------------------------------- */

static void clock_before_the_calibration_was_done_shows_nothing_in_force(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);

	(void)state;
	b->utc_us = 1000000; /* 1970-01-01: no clock chip, no network */
	assert_verdict(bench_finish(b), VERDICT_INVALID);
	assert_string_equal(bench_result(b, m)->reason, "calibration_date_unknown permeate_flow");
	bench_free(b);
}

static void clock_before_the_software_was_built_shows_nothing_in_force(void **state)
{
	for (int before = 0; before < 2; before++) {
		struct bench *b = bench_new();

		bench_plain(b);
		b->utc_not_before_us = b->utc_us + before;
		assert_verdict(bench_finish(b), before ? VERDICT_INVALID : VERDICT_PASS);
		bench_free(b);
	}
	(void)state;
}

static void day_of_the_calibration_itself_is_in_force(void **state)
{
	struct fx_channel c = {
		.quantity = QUANTITY_PRESSURE,
		.calibration = {
			.revision = 1, .gain = 1, .done = "2026-01-15", .due = "2026-12-31"}};
	const int64_t noon_us = INT64_C(1768478400) * 1000000; /* 2026-01-15T12:00:00Z */

	(void)state;
	assert_int_equal(calibrate_state(&c, noon_us), CALIBRATION_GOOD);
	assert_int_equal(calibrate_state(&c, noon_us - DAY_US), CALIBRATION_DATE_UNKNOWN);
	assert_int_equal(calibrate_state(&c, noon_us + 351 * DAY_US), CALIBRATION_LAPSED);
}

static void build_day_is_past_but_not_long_ago_in_1970(void **state)
{
	(void)state;
	assert_true(calibrate_build_utc_us() <= clock_utc_us());
	assert_true(calibrate_build_utc_us() > INT64_C(1767225600) * 1000000); /* 2026 */
}

/* --- holes while settling ----------------------------------------------- */

static int64_t begun_ns;
static uint8_t hole_quality; /* 0: plain silence */
static bool told;

/* From 2 s to 27 s nothing is known. As the rig does it: one sample with the quality, the time of
 * the last good reading, then nothing. */
static void hole(struct bench *b)
{
	double t_s = (double)(b->now_ns - begun_ns) * 1e-9;
	struct sample s = {.channel = PERMEATE_COND,
			   .quality = hole_quality,
			   .updates = b->updates[PERMEATE_COND],
			   .value = 36,
			   .at_ns = begun_ns + 1995 * NS_PER_MS};

	b->silent[PERMEATE_COND] = t_s > 2.0 && t_s < 27.0;
	if (t_s <= 2.2 || told || !hole_quality)
		return;
	told = true;
	engine_samples(b->e, &s, 1);
}

static void settle_over_a_hole(struct bench *b, uint8_t quality, int ref)
{
	int m = bench_measurement(b, "x", "mean(permeate_conductivity)", "uS/cm", NULL, "50 uS/cm");

	bench_step(b, "H6");
	bench_settle(b, ref, 0.02, 30, 300);
	bench_window(b, 5);
	bench_measure(b, m);
	hole_quality = quality;
	told = false;
	b->world = hole;
	bench_start(b);
	begun_ns = b->now_ns;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	/* 27 s of hole, 30 s of settling anew, 5 s of window */
	assert_true(b->now_ns - begun_ns > 61 * NS_PER_S);
	assert_true(b->now_ns - begun_ns < 64 * NS_PER_S);
}

static void settling_begins_anew_after_a_hole_of_any_kind(void **state)
{
	static const uint8_t kinds[] = {0, QUALITY_STALE, QUALITY_NO_REPLY, QUALITY_BAD_REPLY};

	(void)state;
	for (size_t i = 0; i < sizeof kinds; i++) {
		struct bench *b = bench_new();

		settle_over_a_hole(b, kinds[i], PERMEATE_COND);
		bench_free(b);
	}
}

static void derived_symbol_settles_anew_after_a_hole_of_its_channel(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	b->derived[0] = (struct pf_derived){.name = "twice",
					    .value = bench_expr(b, "permeate_conductivity * 2"),
					    .unit = bench_unit("uS/cm")};
	b->p.derived_count = 1;
	settle_over_a_hole(b, QUALITY_BAD_REPLY, PROFILE_DERIVED_REF);
	bench_free(b);
}

static void stands_still(struct bench *b)
{
	b->not_renewed[PERMEATE_COND] = b->now_ns - begun_ns > 2 * NS_PER_S;
}

static void value_the_device_does_not_renew_never_settles(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "x", "permeate_conductivity", "uS/cm", NULL, "50 uS/cm");

	(void)state;
	bench_step(b, "H6");
	bench_settle(b, PERMEATE_COND, 0.02, 6, 60);
	bench_measure(b, m);
	b->world = stands_still;
	bench_start(b);
	begun_ns = b->now_ns;
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "not_settled");
	bench_free(b);
}

static void settling_of_nothing_never_counts(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "x", "permeate_conductivity", "uS/cm", NULL, "50 uS/cm");

	(void)state;
	bench_step(b, "H6");
	bench_settle(b, PERMEATE_COND, 0.02, 6, 60)->symbol_count = 0;
	bench_measure(b, m);
	bench_start(b);
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "not_settled");
	bench_free(b);
}

static void lost_once(struct bench *b)
{
	struct sample s = {.channel = FLOW,
			   .quality = QUALITY_NO_REPLY,
			   .updates = b->updates[FLOW],
			   .value = 1.5,
			   .at_ns = begun_ns + 10095 * NS_PER_MS};

	b->silent[FLOW] = b->now_ns - begun_ns >= 10200 * NS_PER_MS &&
			  b->now_ns - begun_ns < 10500 * NS_PER_MS;
	if (b->now_ns - begun_ns == 10300 * NS_PER_MS)
		engine_samples(b->e, &s, 1);
}

static void reading_lost_right_after_the_window_opened_is_noted(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);

	(void)state;
	bench_step(b, "H6");
	bench_wait(b, 10); /* the window opens at 10.1 s, after the last good reading */
	bench_window(b, 5);
	bench_measure(b, m);
	b->world = lost_once;
	bench_start(b);
	begun_ns = b->now_ns;
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "no_reply permeate_flow");
	bench_free(b);
}

/* --- what rests on a value that did not settle -------------------------- */

static void swings(struct bench *b)
{
	b->value[PRESSURE] = b->now_ns / NS_PER_S % 4 < 2 ? 0.20 : 0.30;
}

/* Step A captures p, unsettled. */
static struct bench *with_unsettled_capture(void)
{
	struct bench *b = bench_new();

	b->world = swings;
	bench_step(b, "A");
	bench_settle(b, PRESSURE, 0.001, 10, 20);
	bench_capture(b, "p", "feed_pressure");
	return b;
}

static int then_measure(struct bench *b, const char *lo, const char *hi)
{
	int m = bench_measurement(b, "x", "mean(feed_pressure)", "MPa", lo, hi);

	b->measurements[m].step = 1;
	bench_step(b, "B");
	bench_window(b, 4);
	bench_measure(b, m);
	return m;
}

static void limit_from_an_unsettled_value_is_no_pass_and_no_fail(void **state)
{
	static const struct {
		const char *lo, *hi;
	} limits[] = {{NULL, "p + 1 MPa"}, {"p - 0.15 MPa", NULL}, {NULL, "p * 0.1"}};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct bench *b = with_unsettled_capture();
		int m = then_measure(b, limits[i].lo, limits[i].hi);

		assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
		assert_string_equal(bench_result(b, m)->reason, "not_settled");
		bench_free(b);
	}
}

static void uncertainty_from_an_unsettled_value_is_no_pass(void **state)
{
	struct bench *b = with_unsettled_capture();
	int m = then_measure(b, NULL, "1 MPa");

	(void)state;
	b->measurements[m].uncertainty = bench_expr(b, "p / 100");
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "not_settled");
	bench_free(b);
}

static void wait_for_an_unsettled_value_neither_passes_nor_fails(void **state)
{
	static const char *const until[] = {"feed_pressure < p + 1 MPa",
					    "feed_pressure > p + 1 MPa"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench *b = with_unsettled_capture();
		int m = bench_measurement(b, "x", NULL, NULL, NULL, NULL);

		b->measurements[m].step = 1;
		bench_step(b, "B");
		bench_until(b, PF_WAIT, until[i], 5, m);
		assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
		assert_non_null(strstr(bench_result(b, m)->reason, "not_settled"));
		bench_free(b);
	}
}

static void check_of_the_rig_against_an_unsettled_value_is_an_error(void **state)
{
	struct bench *b = with_unsettled_capture();

	(void)state;
	bench_measurement(b, "x", NULL, NULL, NULL, NULL);
	bench_step(b, "B");
	bench_until(b, PF_CHECK, "feed_pressure < p + 1 MPa", 0, -1);
	assert_verdict(bench_finish(b), VERDICT_ERROR);
	bench_free(b);
}

static void watch_on_an_unsettled_value_neither_passes_nor_fails(void **state)
{
	static const char *const holds[] = {"feed_pressure < p + 1 MPa",
					    "feed_pressure > p + 1 MPa"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench *b = with_unsettled_capture();
		int m = bench_measurement(b, "x", NULL, NULL, NULL, NULL);

		b->measurements[m].step = 1;
		bench_step(b, "B");
		bench_watch(b, m, holds[i]);
		bench_wait(b, 5);
		assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
		assert_non_null(strstr(bench_result(b, m)->reason, "not_settled"));
		bench_free(b);
	}
}

static void abort_on_an_unsettled_value_still_makes_the_bay_safe(void **state)
{
	struct bench *b = with_unsettled_capture();
	int m = bench_measurement(b, "x", NULL, NULL, NULL, NULL);

	(void)state;
	bench_abort(b, "high", "feed_pressure > p - 0.2 MPa", TRIP_OVER_PRESSURE, ATTRIBUTION_UNIT,
		    m);
	bench_step(b, "B");
	bench_wait(b, 5);
	assert_verdict(bench_finish(b), VERDICT_TRIPPED);
	bench_free(b);
}

static void statistic_of_what_rests_on_an_unsettled_value_is_unsettled(void **state)
{
	struct bench *b = with_unsettled_capture();
	int m;

	(void)state;
	b->derived[0] = (struct pf_derived){.name = "rise",
					    .value = bench_expr(b, "feed_pressure - p"),
					    .unit = bench_unit("MPa")};
	b->p.derived_count = 1;
	m = bench_measurement(b, "x", "mean(rise)", "MPa", NULL, "1 MPa");
	b->measurements[m].step = 1;
	bench_step(b, "B");
	bench_window(b, 4);
	bench_measure(b, m);
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "not_settled");
	bench_free(b);
}

/* --- two settles in a step ---------------------------------------------- */

static void flow_swings(struct bench *b)
{
	b->value[FLOW] = b->now_ns / NS_PER_S % 4 < 2 ? 1.6 : 2.4;
}

static void settle_of_another_symbol_does_not_make_good_what_did_not_settle(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);

	(void)state;
	bench_step(b, "H6");
	bench_settle(b, FLOW, 0.001, 10, 20);
	bench_settle(b, PRESSURE, 0.05, 5, 20);
	bench_window(b, 5);
	bench_measure(b, m);
	b->world = flow_swings;
	assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "not_settled");
	bench_free(b);
}

static void flow_swings_at_first(struct bench *b)
{
	if (b->now_ns < begun_ns + 21 * NS_PER_S)
		flow_swings(b);
	else
		b->value[FLOW] = 2;
}

static void same_settle_later_makes_good_a_wider_one_does_not(void **state)
{
	static const double tolerance[] = {0.001, 0.5};

	for (int i = 0; i < 2; i++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min",
					  NULL);

		bench_step(b, "H6");
		bench_settle(b, FLOW, 0.001, 10, 20);
		bench_settle(b, FLOW, tolerance[i], 10, 20);
		bench_window(b, 5);
		bench_measure(b, m);
		b->world = flow_swings_at_first;
		bench_start(b);
		begun_ns = b->now_ns;
		assert_verdict(bench_finish(b), i ? VERDICT_INCONCLUSIVE : VERDICT_PASS);
		bench_free(b);
	}
	(void)state;
}

/* --- numbers that a person types ---------------------------------------- */

static void typed_number_is_as_good_as_its_last_digit(void **state)
{
	static const struct {
		const char *answer;
		double u; /* expanded, MPa: one digit / sqrt(3) */
		enum verdict verdict;
	} cases[] = {
		{"0.3", 0.0577350269, VERDICT_FAIL}, /* guarded: 0.3 + u is above 0.35 */
		{"0.30", 0.00577350269, VERDICT_PASS},
		{"3.0e-1", 0.00577350269, VERDICT_PASS},
		{"3e-1", 0.0577350269, VERDICT_FAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench *b = bench_new();
		struct pf_prompt *p;
		int m;

		bench_step(b, "A");
		p = bench_prompt(b, "gauge", PROMPT_NUMBER, 60);
		p->unit = bench_unit("MPa");
		p->max = 1;
		p->capture = 0;
		b->captures[0] = "gauge";
		b->p.capture_count = 1;
		m = bench_measurement(b, "x", "gauge", "MPa", NULL, "0.35 MPa");
		b->measurements[m].step = 0;
		bench_measure(b, m);
		bench_run(b, 1);
		assert_int_equal(
			engine_answer(b->e, "gauge", cases[i].answer, "kim", b->now_ns, NULL), 0);
		assert_verdict(bench_finish(b), cases[i].verdict);
		assert_true(fabs(bench_result(b, m)->uncertainty / cases[i].u - 1) < 1e-6);
		bench_free(b);
	}
}

/* Which unit was measured, nobody can say: no pass. What failed stays failed: a plate from elsewhere
 * is no way out of it. */
static void serial_of_another_unit_at_the_end_makes_the_run_inconclusive_and_no_better(void **state)
{
	for (int fails = 0; fails < 2; fails++) {
		struct bench *b = bench_new();
		struct error err = {0};

		bench_step(b, "H0");
		bench_prompt(b, "serial", PROMPT_SCAN_SERIAL, 30);
		bench_plain(b);
		bench_prompt(b, "serial", PROMPT_SCAN_SERIAL, 30);
		if (fails)
			b->value[FLOW] = 0.5;
		bench_run(b, 1);
		assert_false(engine_is_identified(b->e));
		assert_int_equal(engine_answer(b->e, "serial", "SN1", "scanner", b->now_ns, &err),
				 0);
		assert_true(engine_is_identified(b->e));
		bench_run(b, 10);
		assert_non_null(engine_prompt(b->e, NULL));
		assert_int_equal(engine_answer(b->e, "serial", "SN2", "scanner", b->now_ns, &err),
				 ERR_CONFLICT);
		assert_non_null(strstr(err.text, "ends inconclusive"));
		engine_proof(b->e, true, "", b->now_ns);
		assert_verdict(engine_verdict(b->e), fails ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		assert_int_equal(bench_count(b, NOTE_DONE, "serial_mismatch"), 1);
		assert_int_equal(bench_count(b, NOTE_ANSWER, "answered"), 2);
		bench_free(b);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_before_the_calibration_was_done_shows_nothing_in_force),
		cmocka_unit_test(clock_before_the_software_was_built_shows_nothing_in_force),
		cmocka_unit_test(day_of_the_calibration_itself_is_in_force),
		cmocka_unit_test(typed_number_is_as_good_as_its_last_digit),
		cmocka_unit_test(build_day_is_past_but_not_long_ago_in_1970),
		cmocka_unit_test(settling_begins_anew_after_a_hole_of_any_kind),
		cmocka_unit_test(derived_symbol_settles_anew_after_a_hole_of_its_channel),
		cmocka_unit_test(value_the_device_does_not_renew_never_settles),
		cmocka_unit_test(settling_of_nothing_never_counts),
		cmocka_unit_test(reading_lost_right_after_the_window_opened_is_noted),
		cmocka_unit_test(limit_from_an_unsettled_value_is_no_pass_and_no_fail),
		cmocka_unit_test(uncertainty_from_an_unsettled_value_is_no_pass),
		cmocka_unit_test(wait_for_an_unsettled_value_neither_passes_nor_fails),
		cmocka_unit_test(check_of_the_rig_against_an_unsettled_value_is_an_error),
		cmocka_unit_test(watch_on_an_unsettled_value_neither_passes_nor_fails),
		cmocka_unit_test(abort_on_an_unsettled_value_still_makes_the_bay_safe),
		cmocka_unit_test(statistic_of_what_rests_on_an_unsettled_value_is_unsettled),
		cmocka_unit_test(settle_of_another_symbol_does_not_make_good_what_did_not_settle),
		cmocka_unit_test(same_settle_later_makes_good_a_wider_one_does_not),
		cmocka_unit_test(
			serial_of_another_unit_at_the_end_makes_the_run_inconclusive_and_no_better),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
