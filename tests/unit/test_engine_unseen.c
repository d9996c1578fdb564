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

/* ---- on a fast clock old readings pass for good ones; they blame no unit ---- */

static struct {
	double silent_s, back_s,
		after; /* no reading from .. to, in s of the run; what is read then */
} gap;

static void flow_with_a_gap(struct bench *b)
{
	double t = (double)(b->now_ns - 1000 * NS_PER_S) * 1e-9;

	b->silent[FLOW] = t > gap.silent_s && t < gap.back_s;
	b->value[FLOW] = t < gap.back_s ? b->value[FLOW] : gap.after;
}

static struct bench *fast_bench(double silent_s, double back_s, double before, double after)
{
	struct bench *b = bench_new();

	b->channels[FLOW].stale_ns = 40 * NS_PER_S;
	b->channels[FLOW].raised_ns = 38 * NS_PER_S;
	b->value[FLOW] = before;
	gap.silent_s = silent_s;
	gap.back_s = back_s;
	gap.after = after;
	b->world = flow_with_a_gap;
	return b;
}

static void what_stands_against_it_at_the_end_is_no_pass(void **state)
{
	(void)state;
	for (int abort = 0; abort < 2; abort++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "flow", NULL, NULL, NULL, NULL);

		/* The last 2 s of 8, of the 5 s that it has to stand. */
		gap.silent_s = gap.back_s = 6;
		gap.after = 0;
		b->world = flow_with_a_gap;
		bench_step(b, "H2");
		bench_wait(b, 8);
		if (abort)
			bench_abort(b, "dry", "permeate_flow < 1 L/min", TRIP_DRY_RUN,
				    ATTRIBUTION_UNIT, m)
				->for_ns = 5 * NS_PER_S;
		else
			bench_watch(b, m, "permeate_flow > 1 L/min")->for_ns = 5 * NS_PER_S;
		assert_verdict(bench_finish(b), VERDICT_INCONCLUSIVE);
		assert_verdict(bench_result(b, m)->verdict, VERDICT_INCONCLUSIVE);
		assert_string_equal(bench_result(b, m)->reason, "too_short");
		bench_free(b);
	}
}

static void a_time_out_fails_a_unit_only_by_a_reading_from_after_it(void **state)
{
	static const struct {
		double silent_s, back_s, after;
		enum verdict verdict;
		const char *reason;
	} cases[] = {
		{1, 1000, 1.5, VERDICT_INCONCLUSIVE, "timeout, stale permeate_flow"},
		{1, 9, 0, VERDICT_INCONCLUSIVE, "timeout, stale permeate_flow"},
		{1, 9, 1.5, VERDICT_FAIL, "timeout"},
		{1000, 1000, 1.5, VERDICT_FAIL, "timeout"},
		{1, 5, 0, VERDICT_PASS, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b =
			fast_bench(cases[i].silent_s, cases[i].back_s, 1.5, cases[i].after);
		int m = bench_measurement(b, "stops", NULL, NULL, NULL, NULL);

		bench_step(b, "H7");
		bench_until(b, PF_WAIT, "permeate_flow < 0.02 L/min", 8, m);
		assert_verdict(bench_finish(b), cases[i].verdict);
		assert_verdict(bench_result(b, m)->verdict, cases[i].verdict);
		assert_string_equal(bench_result(b, m)->reason, cases[i].reason);
		bench_free(b);
	}
}

static void an_abort_by_old_readings_trips_and_blames_no_unit(void **state)
{
	(void)state;
	for (int seen = 0; seen < 2; seen++) {
		struct bench *b = fast_bench(seen ? 1000 : 1, 1000, 0, 0);
		int m = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);

		bench_step(b, "H6");
		bench_wait(b, 20);
		bench_abort(b, "dry", "permeate_flow < 0.1 L/min", TRIP_DRY_RUN, ATTRIBUTION_UNIT,
			    m)
			->for_ns = 10 * NS_PER_S;
		(void)bench_finish(b);
		assert_int_equal(bench_count(b, NOTE_EVENT, "trip"), 1);
		assert_int_equal(bench_count(b, NOTE_EVENT, "old_reading"), !seen);
		assert_int_equal(bench_result(b, m)->verdict == VERDICT_FAIL, seen);
		bench_free(b);
	}
}

static void a_question_unanswered_behind_the_measurements_is_no_pass_and_hides_no_fail(void **state)
{
	for (int bad = 0; bad < 2; bad++) {
		struct bench *b = bench_new();

		bench_plain(b);
		bench_step(b, "H10");
		b->p.teardown_count = 1;
		bench_prompt(b, "plate", PROMPT_SCAN_SERIAL, 30);
		if (bad)
			b->value[FLOW] = 0.5;
		assert_int_equal(bench_finish(b), bad ? VERDICT_FAIL : VERDICT_INCONCLUSIVE);
		assert_int_equal(bench_count(b, NOTE_EVENT, "prompt_timeout"), 1);
		bench_free(b);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watch_that_was_never_seen_is_no_pass),
		cmocka_unit_test(a_watch_shorter_than_its_time_is_no_pass_while_it_does_not_hold),
		cmocka_unit_test(an_abort_that_was_never_seen_is_no_pass),
		cmocka_unit_test(an_abort_that_stood_for_less_than_its_time_is_no_pass),
		cmocka_unit_test(what_stands_against_it_at_the_end_is_no_pass),
		cmocka_unit_test(a_time_out_fails_a_unit_only_by_a_reading_from_after_it),
		cmocka_unit_test(an_abort_by_old_readings_trips_and_blames_no_unit),
		cmocka_unit_test(
			a_question_unanswered_behind_the_measurements_is_no_pass_and_hides_no_fail),
	};

	return cmocka_run_group_tests_name("engine_unseen", tests, NULL, NULL);
}
