/* SPDX-License-Identifier: MIT
 *
 * Judgement of values, and the property of the verdict of a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "run/judge.h"

#define INF ((double)INFINITY)
#define NO  ((double)NAN)

static void assert_judged(enum decision_rule rule, double v, double lo, double hi, double u,
			  enum verdict want, char want_side)
{
	char side = '?';
	enum verdict got = judge_value(rule, v, lo, hi, u, &side);

	if (got != want || side != want_side)
		fail_msg("rule %d, %g in [%g, %g] u %g: %s %c, not %s", rule, v, lo, hi, u,
			 verdict_name(got), side ? side : '-', verdict_name(want));
}

static void simple_rule_takes_the_limits_as_inside(void **state)
{
	(void)state;
	assert_judged(RULE_SIMPLE, 1.0, 1.0, 2.0, 0.5, VERDICT_PASS, 0);
	assert_judged(RULE_SIMPLE, 2.0, 1.0, 2.0, 0.5, VERDICT_PASS, 0);
	assert_judged(RULE_SIMPLE, 0.999999999, 1.0, 2.0, 0.5, VERDICT_FAIL, 0);
	assert_judged(RULE_SIMPLE, 2.00000001, 1.0, 2.0, 0.5, VERDICT_FAIL, 0);
	assert_judged(RULE_SIMPLE, 1e9, 1.0, INF, 0.5, VERDICT_PASS, 0);
	assert_judged(RULE_SIMPLE, -1e9, -INF, 2.0, 0.5, VERDICT_PASS, 0);
}

static void guarded_rule_fails_within_uncertainty_of_a_limit(void **state)
{
	(void)state;
	assert_judged(RULE_GUARDED, 0.91, 0.9, INF, 0.01, VERDICT_PASS, 0);
	assert_judged(RULE_GUARDED, 0.909999999, 0.9, INF, 0.01, VERDICT_FAIL, 0);
	assert_judged(RULE_GUARDED, 0.56, 0.55, 0.66, 0.007, VERDICT_PASS, 0);
	assert_judged(RULE_GUARDED, 0.655, 0.55, 0.66, 0.007, VERDICT_FAIL, 0);
	/* A band narrower than twice the uncertainty lets nothing pass. */
	assert_judged(RULE_GUARDED, 0.5, 0.49, 0.51, 0.02, VERDICT_FAIL, 0);
}

static void four_states_record_the_side_of_a_marginal_value(void **state)
{
	(void)state;
	assert_judged(RULE_FOUR_STATE, 0.92, 0.9, INF, 0.01, VERDICT_PASS, 0);
	assert_judged(RULE_FOUR_STATE, 0.905, 0.9, INF, 0.01, VERDICT_MARGINAL, 'p');
	assert_judged(RULE_FOUR_STATE, 0.9, 0.9, INF, 0.01, VERDICT_MARGINAL, 'p');
	assert_judged(RULE_FOUR_STATE, 0.895, 0.9, INF, 0.01, VERDICT_MARGINAL, 'f');
	assert_judged(RULE_FOUR_STATE, 0.889, 0.9, INF, 0.01, VERDICT_FAIL, 0);
	assert_judged(RULE_FOUR_STATE, 0.67, 0.55, 0.66, 0.02, VERDICT_MARGINAL, 'f');
	assert_judged(RULE_FOUR_STATE, 0.69, 0.55, 0.66, 0.02, VERDICT_FAIL, 0);
}

static void no_number_never_passes(void **state)
{
	const double bad[] = {NO, INF, -INF};

	(void)state;
	for (int rule = RULE_SIMPLE; rule <= RULE_FOUR_STATE; rule++) {
		for (int i = 0; i < 3; i++)
			assert_judged(rule, bad[i], -INF, INF, 0, VERDICT_INCONCLUSIVE, 0);
		assert_judged(rule, 1, NO, 2, 0, VERDICT_INCONCLUSIVE, 0);
		assert_judged(rule, 1, 0, NO, 0, VERDICT_INCONCLUSIVE, 0);
		assert_judged(rule, 1, 0, 2, NO, VERDICT_INCONCLUSIVE, 0);
		assert_judged(rule, 1, 0, 2, INF, VERDICT_INCONCLUSIVE, 0);
		assert_judged(rule, 1, 0, 2, -0.1, VERDICT_INCONCLUSIVE, 0);
	}
	assert_judged(0, 1, 0, 2, 0, VERDICT_INCONCLUSIVE, 0);
}

static void unsettled_fails_only_when_the_whole_window_is_beyond(void **state)
{
	(void)state;
	assert_int_equal(judge_unsettled(0.1, 0.8, 1.35, INF, 0.05), VERDICT_FAIL);
	assert_int_equal(judge_unsettled(0.1, 1.32, 1.35, INF, 0.05), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(0.1, 1.5, 1.35, INF, 0.05), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(1.4, 1.5, 1.35, INF, 0.0), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(0.7, 0.8, 0.5, 0.66, 0.01), VERDICT_FAIL);
	assert_int_equal(judge_unsettled(NO, 0.8, 1.35, INF, 0), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(0.1, 0.8, NO, INF, 0), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(0.1, 0.8, 1.35, INF, NO), VERDICT_INCONCLUSIVE);
	assert_int_equal(judge_unsettled(0.8, 0.1, 1.35, INF, 0), VERDICT_INCONCLUSIVE);
}

static void verdicts_have_names_both_ways(void **state)
{
	(void)state;
	for (int v = VERDICT_PASS; v <= VERDICT_INTERRUPTED; v++)
		assert_int_equal(verdict_find(verdict_name(v)), v);
	assert_int_equal(verdict_find("passed"), 0);
	assert_int_equal(judge_rank(0), 0);
	assert_int_equal(judge_rank(VERDICT_SKIPPED), 0);
	assert_string_equal(verdict_name(0), "");
	assert_string_equal(verdict_name(99), "");
}

static enum verdict run_of(const struct judged *m, int n)
{
	return judge_run(m, n);
}

static void run_takes_the_worst_and_needs_every_required_measurement(void **state)
{
	struct judged pass = {.verdict = VERDICT_PASS, .required = true};
	struct judged m[3] = {pass, pass, pass};

	(void)state;
	assert_int_equal(run_of(m, 3), VERDICT_PASS);
	m[1].verdict = 0;
	assert_int_equal(run_of(m, 3), VERDICT_INCONCLUSIVE);
	m[1].required = false;
	assert_int_equal(run_of(m, 3), VERDICT_PASS);
	m[1] = (struct judged){.verdict = VERDICT_SKIPPED, .required = true};
	assert_int_equal(run_of(m, 3), VERDICT_INCONCLUSIVE);
	m[1] = (struct judged){.verdict = VERDICT_FAIL, .required = false};
	assert_int_equal(run_of(m, 3), VERDICT_FAIL);
	m[2].verdict = VERDICT_ERROR;
	assert_int_equal(run_of(m, 3), VERDICT_FAIL);
	/* A contradiction of the rig makes what it touches invalid before anything is a fail. */
	m[1].touched_by_contradiction = true;
	assert_int_equal(run_of(m, 3), VERDICT_ERROR);
	m[2] = pass;
	assert_int_equal(run_of(m, 3), VERDICT_INVALID);
	m[1] = (struct judged){.verdict = VERDICT_MARGINAL, .required = true};
	assert_int_equal(run_of(m, 3), VERDICT_MARGINAL);
	m[1].verdict = VERDICT_TRIPPED; /* no verdict of a measurement */
	assert_int_equal(run_of(m, 3), VERDICT_ERROR);
	m[1].verdict = 77;
	assert_int_equal(run_of(m, 3), VERDICT_ERROR);
}

static void run_without_a_required_measurement_never_passes(void **state)
{
	struct judged m = {.verdict = VERDICT_PASS, .required = false};

	(void)state;
	assert_int_equal(run_of(NULL, 0), VERDICT_INCONCLUSIVE);
	assert_int_equal(run_of(&m, 1), VERDICT_INCONCLUSIVE);
}

/* --- property ----------------------------------------------------------- */

static uint64_t seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct judged any(void)
{
	/* Mostly passes, so that runs that pass come up often. */
	return (struct judged){.verdict = pick(3) ? VERDICT_PASS : pick(VERDICT_SKIPPED + 2),
			       .required = pick(2),
			       .touched_by_contradiction = !pick(12)};
}

static void shuffle(struct judged *m, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = (int)pick((unsigned)i + 1);
		struct judged swap = m[i];

		m[i] = m[k];
		m[k] = swap;
	}
}

static bool counts_as_pass(const struct judged *m)
{
	return m->verdict == VERDICT_PASS && !m->touched_by_contradiction;
}

static void adding_a_non_pass_never_improves_and_order_does_not_matter(void **state)
{
	int passes = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct judged m[9];
		int n = (int)pick(8);
		enum verdict before, after;
		bool all_required_pass = true, any_required = false;

		for (int i = 0; i < n; i++) {
			m[i] = any();
			any_required |= m[i].required;
			if (m[i].required && !counts_as_pass(&m[i]))
				all_required_pass = false;
		}
		before = judge_run(m, n);
		if (before == VERDICT_PASS) {
			passes++;
			assert_true(any_required && all_required_pass);
		}
		shuffle(m, n);
		assert_int_equal(judge_run(m, n), before);
		do
			m[n] = any();
		while (counts_as_pass(&m[n]));
		after = judge_run(m, n + 1);
		/* What is not required and was left out says nothing; all else can only be
		 * worse. */
		if (before == VERDICT_PASS && m[n].required)
			assert_int_not_equal(after, VERDICT_PASS);
		if (before != VERDICT_INCONCLUSIVE || any_required)
			assert_true(judge_rank(after) >= judge_rank(before));
		assert_false(after == VERDICT_PASS && before != VERDICT_PASS);
	}
	assert_true(passes > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_rule_takes_the_limits_as_inside),
		cmocka_unit_test(guarded_rule_fails_within_uncertainty_of_a_limit),
		cmocka_unit_test(four_states_record_the_side_of_a_marginal_value),
		cmocka_unit_test(no_number_never_passes),
		cmocka_unit_test(unsettled_fails_only_when_the_whole_window_is_beyond),
		cmocka_unit_test(verdicts_have_names_both_ways),
		cmocka_unit_test(run_takes_the_worst_and_needs_every_required_measurement),
		cmocka_unit_test(run_without_a_required_measurement_never_passes),
		cmocka_unit_test(adding_a_non_pass_never_improves_and_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
