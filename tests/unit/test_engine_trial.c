/* SPDX-License-Identifier: MIT
 *
 * Retries and the trial clock.
 */
#include "run_bench.h"

static void to_the_end(struct bench *b, bool proven)
{
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	assert_null(engine_image(b->e));
	engine_proof(b->e, proven, "pressure 0.004 MPa", b->now_ns + NS_PER_S);
	assert_int_equal(engine_get_state(b->e), ENGINE_DONE);
}

/* --- retries ------------------------------------------------------------ */

static void lost_once(struct bench *b)
{
	b->quality[FLOW] = b->now_ns == 1002 * NS_PER_S ? QUALITY_NO_REPLY : QUALITY_GOOD;
}

static void inconclusive_step_is_retried_and_both_attempts_are_told(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b), seen = 0;

	(void)state;
	b->steps[0].retries = 1;
	b->world = lost_once;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_int_equal(bench_result(b, m)->attempt, 2);
	assert_int_equal(bench_count(b, NOTE_EVENT, "retry"), 1);
	for (int i = 0; i < b->note_count; i++)
		if (b->notes[i].kind == NOTE_MEASUREMENT)
			assert_verdict(b->notes[i].verdict,
				       seen++ ? VERDICT_PASS : VERDICT_INCONCLUSIVE);
	assert_int_equal(seen, 2);
	bench_free(b);
}

static void fail_is_never_retried(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);

	(void)state;
	b->steps[0].retries = 3;
	b->value[FLOW] = 0.5;
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_int_equal(bench_result(b, m)->attempt, 1);
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 1);
	bench_free(b);
}

static void retries_come_to_an_end(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);

	(void)state;
	b->measurements[m].rule = RULE_FOUR_STATE;
	b->steps[0].retries = 2;
	b->value[FLOW] = 1.36;
	assert_verdict(bench_finish(b), VERDICT_MARGINAL);
	assert_int_equal(bench_result(b, m)->side, 'p');
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 3);
	bench_free(b);
}

/* --- the trial clock ---------------------------------------------------- */

/* Draws 20 s, stops 10 s, for 100 s. */
static struct bench *with_trial(void)
{
	struct bench *b = bench_new();
	struct pf_action *a;
	int m;

	bench_step(b, "H9");
	bench_set(b, POWER, 1);
	a = bench_action(b, PF_TRIAL);
	a->for_ns = 100 * NS_PER_S;
	a->making = bench_expr(b, "permeate_flow > 0.5 L/min");
	a->actions = b->children;
	m = bench_measurement(b, "trial", "trial.seconds", "s", "100 s", NULL);
	b->measurements[m].step = 0;
	bench_measure(b, m);
	/* The children are built as actions of a step that is then forgotten. */
	bench_step(b, "children");
	bench_set(b, FAUCET, 1);
	bench_wait(b, 20);
	bench_set(b, FAUCET, 0);
	bench_wait(b, 10);
	memcpy(b->children, b->actions[1], sizeof b->children);
	a->action_count = 4;
	b->p.step_count = 1;
	return b;
}

static void faucet_makes_flow(struct bench *b)
{
	const double *image = engine_image(b->e);

	b->value[FLOW] = image && image[FAUCET] > 0 ? 1.5 : 0;
}

static void trial_repeats_its_cycle_until_the_clock_is_full(void **state)
{
	struct bench *b = with_trial();

	(void)state;
	b->world = faucet_makes_flow;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(engine_trial_seconds(b->e) >= 100.0 && engine_trial_seconds(b->e) < 100.2);
	assert_true(fabs(engine_value(b->e, CLOCK_TRIAL_MAKING) - 70.0) < 1.5);
	bench_free(b);
}

static void trial_clock_stands_while_the_unit_has_no_power(void **state)
{
	struct bench *b = with_trial();

	(void)state;
	b->children[2].sets[0] = (struct pf_set){POWER, 0};
	b->children[0].sets[0] = (struct pf_set){POWER, 1};
	bench_run(b, 61);
	assert_true(fabs(engine_trial_seconds(b->e) - 40.0) < 1.0);
	bench_free(b);
}

static void trial_that_never_gets_on_is_an_error(void **state)
{
	struct bench *b = with_trial();

	(void)state;
	b->actions[0][0].sets[0].value = 0;
	bench_run(b, 2000);
	to_the_end(b, true);
	assert_verdict(engine_verdict(b->e), VERDICT_ERROR);
	assert_true(engine_trial_seconds(b->e) == 0);
	bench_free(b);
}

static void trial_that_was_interrupted_starts_from_zero(void **state)
{
	struct bench *b = with_trial();
	int m = bench_measurement(b, "makes", NULL, NULL, NULL, NULL);

	(void)state;
	b->measurements[m].step = 0;
	b->children[1] = (struct pf_action){.kind = PF_WAIT,
					    .until = bench_expr(b, "permeate_flow > 1 L/min"),
					    .timeout_ns = 20 * NS_PER_S,
					    .hold_ns = 10 * NS_PER_S,
					    .on_timeout.measurement = (int16_t)m};
	b->steps[0].retries = 1;
	bench_run(b, 50);
	assert_true(engine_trial_seconds(b->e) > 40);
	/* The probe is lost: the wait cannot tell, the step is inconclusive and tried again. */
	b->quality[FLOW] = QUALITY_NO_REPLY;
	bench_run(b, 30);
	assert_int_equal(bench_count(b, NOTE_EVENT, "trial_interrupted"), 1);
	assert_int_equal(engine_attempt(b->e), 2);
	assert_true(engine_trial_seconds(b->e) < 20);
	bench_free(b);
}

static void gap_in_time_counts_as_no_trial(void **state)
{
	struct bench *b = with_trial();

	(void)state;
	bench_run(b, 10);
	b->now_ns += 60 * NS_PER_S;
	bench_run(b, 10);
	assert_true(engine_trial_seconds(b->e) < 21.0);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inconclusive_step_is_retried_and_both_attempts_are_told),
		cmocka_unit_test(fail_is_never_retried),
		cmocka_unit_test(retries_come_to_an_end),
		cmocka_unit_test(trial_repeats_its_cycle_until_the_clock_is_full),
		cmocka_unit_test(trial_clock_stands_while_the_unit_has_no_power),
		cmocka_unit_test(trial_that_never_gets_on_is_an_error),
		cmocka_unit_test(trial_that_was_interrupted_starts_from_zero),
		cmocka_unit_test(gap_in_time_counts_as_no_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
