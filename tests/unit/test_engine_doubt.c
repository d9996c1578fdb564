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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_before_the_calibration_was_done_shows_nothing_in_force),
		cmocka_unit_test(clock_before_the_software_was_built_shows_nothing_in_force),
		cmocka_unit_test(day_of_the_calibration_itself_is_in_force),
		cmocka_unit_test(build_day_is_past_but_not_long_ago_in_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
