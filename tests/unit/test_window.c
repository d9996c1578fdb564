/* SPDX-License-Identifier: MIT
 *
 * Statistics of a window, and calibration into SI.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run/calibrate.h"
#include "run/window.h"

#define S INT64_C(1000000000)

static double reservoir[WINDOW_RESERVOIR];

static double stat(struct window *w, enum expr_stat s, int64_t now_ns)
{
	struct expr_value v = window_stat(w, s, now_ns);

	return v.known ? v.si : (double)NAN;
}

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.12g, not %.12g", got, want);
}

static void statistics_are_those_of_the_textbook(void **state)
{
	static const double v[] = {3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0};
	struct window w = {.reservoir = reservoir};

	(void)state;
	window_begin(&w, 100 * S);
	for (int i = 0; i < 8; i++)
		window_add(&w, (101 + i) * S, v[i]);
	assert_near(stat(&w, EXPR_COUNT, 108 * S), 8, 0);
	assert_near(stat(&w, EXPR_MEAN, 108 * S), 3.875, 1e-12);
	assert_near(stat(&w, EXPR_MIN, 108 * S), 1, 0);
	assert_near(stat(&w, EXPR_MAX, 108 * S), 9, 0);
	assert_near(stat(&w, EXPR_MEDIAN, 108 * S), 3.5, 0);
	assert_near(stat(&w, EXPR_FIRST, 108 * S), 3, 0);
	assert_near(stat(&w, EXPR_LAST, 108 * S), 6, 0);
	assert_near(stat(&w, EXPR_STDDEV, 108 * S), 2.748376143938713, 1e-12);
	assert_near(stat(&w, EXPR_SLOPE, 108 * S), 22.5 / 42.0, 1e-12);
	/* Held from 100 to 101 s, trapezoids to 108 s, held for two seconds more. */
	assert_near(stat(&w, EXPR_INTEGRAL, 110 * S), 3.0 + 26.5 + 12.0, 1e-9);
}

static void slope_of_a_hot_signal_keeps_its_digits(void **state)
{
	struct window w = {0};

	(void)state;
	window_begin(&w, 0);
	for (int i = 1; i <= 1200; i++)
		window_add(&w, i * S / 10, 298.15 + 1e-5 * i / 10.0);
	assert_near(stat(&w, EXPR_SLOPE, 120 * S), 1e-5, 1e-12);
	assert_near(stat(&w, EXPR_MEAN, 120 * S), 298.15 + 1e-5 * 60.05, 1e-9);
}

static void empty_window_knows_nothing_but_its_count(void **state)
{
	struct window w = {.reservoir = reservoir};

	(void)state;
	window_begin(&w, 5 * S);
	for (int s = EXPR_MEAN; s < EXPR_COUNT; s++)
		assert_false(window_stat(&w, (enum expr_stat)s, 6 * S).known);
	assert_near(stat(&w, EXPR_COUNT, 6 * S), 0, 0);
	window_add(&w, 6 * S, 1.0);
	assert_false(window_stat(&w, EXPR_STDDEV, 6 * S).known);
	assert_false(window_stat(&w, EXPR_SLOPE, 6 * S).known);
	assert_false(window_stat(&w, EXPR_LATEST, 6 * S).known);
	assert_near(stat(&w, EXPR_MEDIAN, 6 * S), 1, 0);
}

static void readings_from_before_the_window_do_not_count(void **state)
{
	struct window w = {0};

	(void)state;
	window_begin(&w, 10 * S);
	window_add(&w, 9 * S, 100.0);
	window_add(&w, 10 * S, 100.0);
	window_add(&w, 11 * S, 1.0);
	window_add(&w, 12 * S, 2.0);
	window_add(&w, 11 * S, 100.0); /* late */
	assert_near(stat(&w, EXPR_COUNT, 12 * S), 2, 0);
	assert_near(stat(&w, EXPR_MAX, 12 * S), 2, 0);
	assert_false(window_stat(&w, EXPR_MEDIAN, 12 * S).known); /* no reservoir */
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void median_is_exact_up_to_the_reservoir_and_near_beyond(void **state)
{
	struct window w = {.reservoir = reservoir};
	double sorted[WINDOW_RESERVOIR];
	double first;

	(void)state;
	for (int n = 1; n <= WINDOW_RESERVOIR; n += 37) {
		window_begin(&w, 0);
		for (int i = 0; i < n; i++) {
			sorted[i] = (double)((i * 7919 + 13) % 1009);
			window_add(&w, i + 1, sorted[i]);
		}
		qsort(sorted, (size_t)n, sizeof *sorted, by_value);
		assert_near(stat(&w, EXPR_MEDIAN, n),
			    n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]), 0);
	}
	window_begin(&w, 0);
	for (int i = 0; i < 20000; i++)
		window_add(&w, i + 1, (double)((i * 7919) % 20011) / 20011.0);
	first = stat(&w, EXPR_MEDIAN, 20000);
	assert_near(first, 0.5, 0.08);
	/* The same readings give the same median. */
	window_begin(&w, 0);
	for (int i = 0; i < 20000; i++)
		window_add(&w, i + 1, (double)((i * 7919) % 20011) / 20011.0);
	assert_near(stat(&w, EXPR_MEDIAN, 20000), first, 0);
}

static void calibration_goes_before_the_unit(void **state)
{
	struct fx_channel c = {.quantity = QUANTITY_TEMPERATURE, .unit = unit_find("degC", 4)};
	double gain, offset;

	(void)state;
	calibrate_factors(&c, &gain, &offset);
	assert_near(gain * 25.0 + offset, 298.15, 1e-9);
	c.calibration.revision = 3;
	c.calibration.gain = 1.02;
	c.calibration.offset = -0.4;
	calibrate_factors(&c, &gain, &offset);
	assert_near(gain * 25.0 + offset, 1.02 * 25.0 - 0.4 + 273.15, 1e-9);
	c.unit = unit_find("MPa", 3);
	calibrate_factors(&c, &gain, &offset);
	assert_near(gain * 0.25 + offset, (1.02 * 0.25 - 0.4) * 1e6, 1e-3);
}

static void calibration_lapses_the_day_after_it_is_due(void **state)
{
	const int64_t day_us = INT64_C(86400000000), noon = INT64_C(1780056000000000);
	struct fx_channel c = {.quantity = QUANTITY_FLOW,
			       .calibration = {.revision = 1, .gain = 1, .due = "2026-05-29"}};

	(void)state; /* noon is 2026-05-29T12:00:00Z */
	assert_int_equal(calibrate_state(&c, noon - day_us), CALIBRATION_GOOD);
	assert_int_equal(calibrate_state(&c, noon), CALIBRATION_GOOD);
	assert_int_equal(calibrate_state(&c, noon + day_us), CALIBRATION_LAPSED);
	assert_int_equal(calibrate_state(&c, 0), CALIBRATION_DATE_UNKNOWN);
	c.calibration.due = NULL;
	assert_int_equal(calibrate_state(&c, 0), CALIBRATION_GOOD);
	c.calibration.revision = 0;
	assert_int_equal(calibrate_state(&c, noon), CALIBRATION_NONE);
	c.quantity = QUANTITY_STATE;
	assert_int_equal(calibrate_state(&c, noon), CALIBRATION_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics_are_those_of_the_textbook),
		cmocka_unit_test(slope_of_a_hot_signal_keeps_its_digits),
		cmocka_unit_test(empty_window_knows_nothing_but_its_count),
		cmocka_unit_test(readings_from_before_the_window_do_not_count),
		cmocka_unit_test(median_is_exact_up_to_the_reservoir_and_near_beyond),
		cmocka_unit_test(calibration_goes_before_the_unit),
		cmocka_unit_test(calibration_lapses_the_day_after_it_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
