/* SPDX-License-Identifier: MIT
 *
 * Conditions outside the envelope, frozen channels, and the rig contradicting itself.
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

/* --- envelope, frozen, contradictions ----------------------------------- */

static int in_envelope(struct bench *b)
{
	int m = bench_plain(b);

	b->measurements[m].envelope = true;
	b->envelope[0] = (struct pf_envelope){TEMPERATURE, 293.15, 303.15};
	b->p.envelope_count = 1;
	return m;
}

static void conditions_outside_the_envelope_make_it_invalid(void **state)
{
	struct bench *b = *state;
	int m = in_envelope(b);

	b->value[TEMPERATURE] = 12;
	assert_not_judged(b, m, VERDICT_INVALID, "envelope feed_temperature");
}

static void failure_outside_the_envelope_is_invalid_too(void **state)
{
	struct bench *b = *state;
	int m = in_envelope(b);

	b->value[TEMPERATURE] = 12;
	b->value[FLOW] = 0.5;
	assert_not_judged(b, m, VERDICT_INVALID, "envelope feed_temperature");
}

static void conditions_that_are_unknown_are_outside(void **state)
{
	struct bench *b = *state;
	int m = in_envelope(b);

	b->silent[TEMPERATURE] = true;
	assert_not_judged(b, m, VERDICT_INVALID, "envelope unknown: gap feed_temperature");
}

static void inside_the_envelope_it_passes(void **state)
{
	struct bench *b = *state;

	in_envelope(b);
	assert_verdict(bench_finish(b), VERDICT_PASS);
}

static void frozen_channel_is_a_contradiction_that_reaches_back(void **state)
{
	struct bench *b = *state;
	int flow = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);
	int drain =
		bench_measurement(b, "drain", "mean(concentrate_flow)", "L/min", "0.5 L/min", NULL);

	bench_step(b, "H6");
	bench_window(b, 5);
	bench_measure(b, flow);
	bench_measure(b, drain);
	bench_wait(b, 10);
	bench_run(b, 8);
	assert_verdict(bench_result(b, flow)->verdict, VERDICT_PASS);
	b->quality[FLOW] = QUALITY_FROZEN;
	assert_verdict(bench_finish(b), VERDICT_ERROR);
	assert_verdict(bench_result(b, flow)->verdict, VERDICT_INVALID);
	assert_string_equal(bench_result(b, flow)->reason, "contradicted permeate_flow");
	assert_verdict(bench_result(b, drain)->verdict, VERDICT_PASS);
	assert_int_equal(bench_count(b, NOTE_EVENT, "contradiction"), 1);
	assert_int_equal(b->notes[b->note_count - 1].attribution, ATTRIBUTION_RIG);
}

static void frozen_channel_takes_the_fail_it_made_but_not_another(void **state)
{
	struct bench *b = *state;
	int flow = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "2 L/min", NULL);
	int drain =
		bench_measurement(b, "drain", "mean(concentrate_flow)", "L/min", "2 L/min", NULL);

	bench_step(b, "H6");
	bench_window(b, 5);
	bench_measure(b, flow);
	bench_measure(b, drain);
	bench_wait(b, 10);
	bench_run(b, 8);
	b->quality[FLOW] = QUALITY_FROZEN;
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_verdict(bench_result(b, flow)->verdict, VERDICT_INVALID);
	assert_verdict(bench_result(b, drain)->verdict, VERDICT_FAIL);
}

static void measurement_of_the_rig_that_fails_is_an_error_and_touches_its_channels(void **state)
{
	struct bench *b = *state;
	int flow = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min", "1.35 L/min", NULL);
	int rig = bench_measurement(b, "balance", "mean(permeate_flow)/mean(concentrate_flow)", "",
				    NULL, "1.2");

	b->measurements[rig].attribution = ATTRIBUTION_RIG;
	bench_step(b, "H6");
	bench_window(b, 5);
	bench_measure(b, flow);
	bench_measure(b, rig);
	assert_verdict(bench_finish(b), VERDICT_ERROR);
	assert_verdict(bench_result(b, rig)->verdict, VERDICT_ERROR);
	assert_verdict(bench_result(b, flow)->verdict, VERDICT_INVALID);
}

static void rig_check_that_fails_or_cannot_tell_ends_the_run_as_error(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "cross_check",
					  "mean(permeate_flow)/mean(concentrate_flow)", "", NULL,
					  i ? "1.2" : "2");

		bench_step(b, "H0");
		b->steps[0].rig_check = true;
		bench_window(b, 5);
		bench_measure(b, m);
		bench_step(b, "H6");
		bench_wait(b, 10);
		if (i == 2)
			b->quality[FLOW] = QUALITY_NO_REPLY;
		assert_verdict(bench_finish(b), i ? VERDICT_ERROR : VERDICT_PASS);
		assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), i ? 1 : 2);
		assert_verdict(bench_result(b, m)->verdict, i == 0   ? VERDICT_PASS
							    : i == 1 ? VERDICT_ERROR
								     : VERDICT_INCONCLUSIVE);
		bench_free(b);
	}
	(void)state;
}

/* Whoever reads the record looks for what could not be measured, not for "H0". */
static void rig_check_that_cannot_tell_names_the_measurement_and_why(void **state)
{
	static const char *const why[] = {
		"H0 could not be shown: cross_check is inconclusive: no_reply permeate_flow",
		"H0 could not be shown: cross_check was not judged"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench *b = bench_new();
		int m = bench_measurement(b, "cross_check",
					  "mean(permeate_flow)/mean(concentrate_flow)", "", NULL,
					  "2");

		bench_step(b, "H0");
		b->steps[0].rig_check = true;
		bench_window(b, 5);
		if (i == 0)
			bench_measure(b, m);
		b->quality[FLOW] = QUALITY_NO_REPLY;
		assert_verdict(bench_finish(b), VERDICT_ERROR);
		assert_int_equal(bench_count(b, NOTE_EVENT, "rig_check"), 1);
		for (int n = 0; n < b->note_count; n++)
			if (!strcmp(b->notes[n].code, "rig_check"))
				assert_string_equal(b->notes[n].text, why[i]);
		bench_free(b);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, plain, teardown)
	const struct CMUnitTest tests[] = {
		TEST(conditions_outside_the_envelope_make_it_invalid),
		TEST(failure_outside_the_envelope_is_invalid_too),
		TEST(conditions_that_are_unknown_are_outside),
		TEST(inside_the_envelope_it_passes),
		TEST(frozen_channel_is_a_contradiction_that_reaches_back),
		TEST(frozen_channel_takes_the_fail_it_made_but_not_another),
		TEST(measurement_of_the_rig_that_fails_is_an_error_and_touches_its_channels),
		TEST(rig_check_that_fails_or_cannot_tell_ends_the_run_as_error),
		TEST(rig_check_that_cannot_tell_names_the_measurement_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
