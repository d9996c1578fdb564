/* SPDX-License-Identifier: MIT
 *
 * When a signal counts as steady.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "run/settle.h"

#define S    INT64_C(1000000000)
#define TICK (S / 10)

static uint64_t seed;

static double noise(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		sum += (double)(seed >> 40) / (double)(1 << 24);
	}
	return sum - 6.0;
}

/* Seconds until steady, -1 within limit_s not. */
static double settles_after(double (*signal)(double t_s), double tolerance, int window_s,
			    int limit_s)
{
	struct settle s;

	seed = 7;
	settle_begin(&s, 50 * S, window_s * S, tolerance, 0, 0);
	for (int64_t t = TICK; t <= limit_s * S; t += TICK) {
		settle_add(&s, 50 * S + t, signal((double)t * 1e-9));
		if (settle_is_steady(&s, 50 * S + t, NULL, NULL))
			return (double)t * 1e-9;
	}
	return -1;
}

static double constant(double t_s)
{
	(void)t_s;
	return 1.5;
}

static double noisy(double t_s)
{
	(void)t_s;
	return 1.5 + 0.005 * noise();
}

static double exponential(double t_s)
{
	return 1.5 * (1.0 - exp(-t_s / 15.0));
}

static double noisy_creep(double t_s)
{
	return 36.0 + 0.05 * t_s + 0.2 * noise();
}

static double chatter(double t_s)
{
	return fmod(t_s, 3.0) < 1.5 ? 0.85 : 0.0;
}

static void constant_signal_is_steady_after_one_window(void **state)
{
	(void)state;
	assert_true(fabs(settles_after(constant, 0.01, 30, 300) - 30.0) < 1e-6);
}

static void noise_below_the_tolerance_settles_and_above_does_not(void **state)
{
	(void)state;
	assert_true(settles_after(noisy, 0.01, 30, 300) >= 30.0);
	assert_true(settles_after(noisy, 0.001, 30, 300) < 0);
}

static void first_order_lag_settles_late_enough(void **state)
{
	double t_s = settles_after(exponential, 0.01, 30, 300);

	(void)state;
	/* What is left is at most about the tolerance. */
	assert_true(t_s > 60.0 && t_s < 120.0);
	assert_true(exponential(t_s) > 1.5 * 0.985);
}

static void creep_hidden_by_noise_does_not_settle(void **state)
{
	(void)state;
	assert_true(settles_after(noisy_creep, 0.02, 30, 120) < 0);
}

static void chatter_about_a_constant_mean_does_not_settle(void **state)
{
	(void)state;
	assert_true(settles_after(chatter, 0.05, 30, 600) < 0);
}

static void lost_reading_starts_the_window_anew(void **state)
{
	struct settle s;

	(void)state;
	settle_begin(&s, 0, 10 * S, 0.01, 0, 0);
	for (int i = 1; i <= 99; i++)
		settle_add(&s, i * TICK, 1.5);
	settle_lost(&s, 99 * TICK + 1);
	for (int i = 100; i < 199; i++) {
		settle_add(&s, i * TICK, 1.5);
		assert_false(settle_is_steady(&s, i * TICK, NULL, NULL));
	}
	for (int i = 199; i <= 201; i++)
		settle_add(&s, i * TICK, 1.5);
	assert_true(settle_is_steady(&s, 201 * TICK, NULL, NULL));
}

static void silence_is_not_steady(void **state)
{
	struct settle s;
	double drift, spread;

	(void)state;
	settle_begin(&s, 0, 10 * S, 0.01, 0, 0);
	assert_false(settle_is_steady(&s, 100 * S, &drift, &spread));
	assert_true(isnan(drift) && isnan(spread));
	for (int i = 1; i <= 200; i++)
		settle_add(&s, i * TICK, 1.5);
	assert_true(settle_is_steady(&s, 200 * TICK, &drift, &spread));
	assert_true(drift <= 1e-9 && spread <= 1e-9);
	/* Then nothing more comes: the old blocks leave the window. */
	assert_false(settle_is_steady(&s, 31 * S, NULL, NULL));
}

static void one_reading_says_nothing(void **state)
{
	struct settle s;

	(void)state;
	settle_begin(&s, 0, 10 * S, 0.5, 100, 0);
	settle_add(&s, 9 * S, 1.5);
	assert_false(settle_is_steady(&s, 11 * S, NULL, NULL));
	settle_add(&s, 10 * S, 1.5);
	assert_false(settle_is_steady(&s, 11 * S, NULL, NULL));
}

static void relative_tolerance_is_of_what_a_person_reads(void **state)
{
	struct settle celsius, kelvin;

	(void)state;
	/* Drifts 1 K in the window, at 25 degC: 4 % of 25, 0.3 % of 298. */
	settle_begin(&celsius, 0, 10 * S, 0.02, 0, 273.15);
	settle_begin(&kelvin, 0, 10 * S, 0.02, 0, 0);
	for (int i = 1; i <= 100; i++) {
		settle_add(&celsius, i * TICK, 298.15 + 0.01 * i);
		settle_add(&kelvin, i * TICK, 298.15 + 0.01 * i);
	}
	assert_false(settle_is_steady(&celsius, 100 * TICK, NULL, NULL));
	assert_true(settle_is_steady(&kelvin, 100 * TICK, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_signal_is_steady_after_one_window),
		cmocka_unit_test(noise_below_the_tolerance_settles_and_above_does_not),
		cmocka_unit_test(first_order_lag_settles_late_enough),
		cmocka_unit_test(creep_hidden_by_noise_does_not_settle),
		cmocka_unit_test(chatter_about_a_constant_mean_does_not_settle),
		cmocka_unit_test(lost_reading_starts_the_window_anew),
		cmocka_unit_test(silence_is_not_steady),
		cmocka_unit_test(one_reading_says_nothing),
		cmocka_unit_test(relative_tolerance_is_of_what_a_person_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
