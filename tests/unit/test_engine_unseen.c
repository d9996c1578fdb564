/* SPDX-License-Identifier: MIT
 *
 * Watches and aborts that nobody could look at for long enough to doubt: no pass either.
 */
#include "run_bench.h"

static void a_watch_that_was_never_seen_is_no_pass(void **state)
{
	static const double durations[] = {0, 0.3, 10};

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		for (int way = 0; way < 2; way++) {
			struct bench *b = bench_new();
			int m = bench_measurement(b, "leak", NULL, NULL, NULL, NULL);
			enum verdict v;

			bench_step(b, "H2");
			bench_watch(b, m, "not tray_leak")->for_ns = (int64_t)(durations[i] * 1e9);
			bench_wait(b, 1.5);
			b->silent[TRAY] = way == 0;
			b->quality[TRAY] = way ? QUALITY_OUT_OF_RANGE : QUALITY_GOOD;
			v = bench_finish(b);
			assert_int_not_equal(v, VERDICT_PASS);
			assert_int_not_equal(bench_result(b, m)->verdict, VERDICT_PASS);
			assert_true(bench_result(b, m)->reason[0] != '\0');
			bench_free(b);
		}
}

static void a_watch_shorter_than_its_time_is_no_pass_while_it_does_not_hold(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "flow", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H2");
	bench_watch(b, m, "permeate_flow > 100 L/min")->for_ns = 10 * NS_PER_S;
	bench_wait(b, 5);
	assert_int_equal(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "too_short");
	bench_free(b);
}

static void an_abort_that_stood_for_less_than_its_time_is_no_pass(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H0");
	bench_wait(b, 5);
	bench_abort(b, "dry", "permeate_flow < 100 L/min", TRIP_DRY_RUN, ATTRIBUTION_UNIT, m)
		->for_ns = 30 * NS_PER_S;
	assert_int_equal(bench_finish(b), VERDICT_INCONCLUSIVE);
	assert_string_equal(bench_result(b, m)->reason, "too_short");
	bench_free(b);
}

static void an_abort_that_was_never_seen_is_no_pass(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H0");
	bench_wait(b, 8);
	bench_abort(b, "dry", "permeate_flow < 0.1 L/min", TRIP_DRY_RUN, ATTRIBUTION_UNIT, m)
		->for_ns = 10 * NS_PER_S;
	b->silent[FLOW] = true;
	assert_int_not_equal(bench_finish(b), VERDICT_PASS);
	assert_int_not_equal(bench_result(b, m)->verdict, VERDICT_PASS);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watch_that_was_never_seen_is_no_pass),
		cmocka_unit_test(a_watch_shorter_than_its_time_is_no_pass_while_it_does_not_hold),
		cmocka_unit_test(an_abort_that_was_never_seen_is_no_pass),
		cmocka_unit_test(an_abort_that_stood_for_less_than_its_time_is_no_pass),
	};

	return cmocka_run_group_tests_name("engine_unseen", tests, NULL, NULL);
}
