/* SPDX-License-Identifier: MIT
 *
 * What each action of a profile does.
 */
#include "run_bench.h"

static void healthy_run_passes_and_stops_and_proves(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);
	const struct engine_result *r;

	(void)state;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	r = bench_result(b, m);
	assert_verdict(r->verdict, VERDICT_PASS);
	assert_true(r->has_value);
	assert_true(r->value == 1.5 && r->lo == 1.35 && isinf(r->hi));
	assert_true(fabs(r->uncertainty - 2 * 0.01 * 1.5) < 1e-9);
	assert_int_equal(r->updates, 50);
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 1);
	assert_int_equal(bench_count(b, NOTE_STOPPING, NULL), 1);
	assert_int_equal(bench_count(b, NOTE_DONE, NULL), 1);
	assert_int_equal(b->notes[b->note_count - 1].kind, NOTE_DONE);
	bench_free(b);
}

static void outputs_are_safe_until_set_and_gone_when_stopping(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_plain(b);
	b->outputs[FAUCET].safe = 1;
	bench_start(b);
	assert_true(engine_image(b->e)[POWER] == 0 && engine_image(b->e)[FAUCET] == 1);
	bench_run(b, 1);
	assert_true(engine_image(b->e)[POWER] == 1 && engine_image(b->e)[FAUCET] == 1);
	bench_run(b, 10);
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	assert_null(engine_image(b->e));
	assert_int_equal(engine_verdict(b->e), 0);
	bench_free(b);
}

static void fixed_wait_takes_its_time(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_measurement(b, "x", NULL, NULL, NULL, NULL);
	bench_step(b, "A");
	bench_wait(b, 3);
	bench_run(b, 100);
	/* Begun in the first tick, 0.1 s after the start. */
	assert_int_equal(b->notes[b->note_count - 1].at_ns - 1000 * NS_PER_S, 31 * NS_PER_S / 10);
	bench_free(b);
}

static void ramp_moves_at_its_rate_and_ends_at_its_target(void **state)
{
	struct bench *b = bench_new();
	struct pf_action *a;

	(void)state;
	bench_step(b, "H4");
	bench_set(b, REGULATOR, 0.15);
	a = bench_action(b, PF_RAMP);
	a->output = REGULATOR;
	a->to = 0.05;
	a->rate_per_s = 0.01;
	bench_wait(b, 5);
	bench_run(b, 5.1);
	assert_true(fabs(engine_image(b->e)[REGULATOR] - 0.10) < 1e-9);
	bench_run(b, 4.8);
	assert_true(fabs(engine_image(b->e)[REGULATOR] - 0.052) < 1e-9);
	bench_run(b, 2);
	assert_true(engine_image(b->e)[REGULATOR] == 0.05);
	bench_free(b);
}

static void follow_regulator(struct bench *b)
{
	b->value[PRESSURE] = engine_image(b->e)[REGULATOR];
	b->value[FLOW] = b->value[PRESSURE] < 0.04 ? 0 : 1.5;
}

static void ramp_stops_where_its_condition_holds_and_captures(void **state)
{
	struct bench *b = bench_new();
	struct pf_action *a;
	int m;

	(void)state;
	b->world = follow_regulator;
	bench_step(b, "H4");
	bench_set(b, REGULATOR, 0.15);
	a = bench_until(b, PF_RAMP, "permeate_flow < 0.1 L/min", 0, -1);
	a->output = REGULATOR;
	a->rate_per_s = 0.01;
	bench_capture(b, "cut_out", "feed_pressure");
	m = bench_measurement(b, "low_pressure_cut_out", "cut_out", "MPa", "0.02 MPa", "0.10 MPa");
	b->measurements[m].step = 0;
	bench_measure(b, m);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(fabs(bench_result(b, m)->value - 0.039) < 0.0025);
	/* The captured value carries its channel's uncertainty. */
	assert_true(fabs(bench_result(b, m)->uncertainty - 0.002) < 1e-9);
	assert_int_equal(bench_count(b, NOTE_CAPTURE, NULL), 1);
	bench_free(b);
}

static void ramp_that_never_meets_its_condition_goes_on_at_its_end(void **state)
{
	struct bench *b = bench_new();
	struct pf_action *a;

	(void)state;
	bench_step(b, "H4");
	bench_set(b, REGULATOR, 0.15);
	a = bench_until(b, PF_RAMP, "permeate_flow < 0.1 L/min", 0, -1);
	a->output = REGULATOR;
	a->rate_per_s = 0.01;
	bench_wait(b, 1);
	bench_run(b, 15.5);
	assert_true(engine_image(b->e)[REGULATOR] == 0);
	bench_run(b, 2);
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	bench_free(b);
}

static void flow_stops_after_4_s(struct bench *b)
{
	b->value[FLOW] = b->now_ns - 1000 * NS_PER_S > 4 * NS_PER_S ? 0.0 : 1.5;
}

static void wait_ends_when_its_condition_was_held(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "stops", NULL, NULL, NULL, NULL);

	(void)state;
	b->world = flow_stops_after_4_s;
	bench_step(b, "H7");
	bench_until(b, PF_WAIT, "permeate_flow < 0.02 L/min", 10, m)->hold_ns = 2 * NS_PER_S;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_int_equal(b->notes[b->note_count - 2].at_ns - 1000 * NS_PER_S, 61 * NS_PER_S / 10);
	assert_verdict(bench_result(b, m)->verdict, VERDICT_PASS);
	bench_free(b);
}

static void wait_that_times_out_fails_the_named_measurement_and_leaves_the_step(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "permeate_flow", "mean(permeate_flow)", "L/min", "1.35 L/min",
				  NULL);
	struct pf_action *a;

	(void)state;
	bench_step(b, "H6");
	bench_set(b, POWER, 1);
	a = bench_until(b, PF_WAIT, "permeate_flow > 2 L/min", 10, m);
	a->on_timeout.attribution = ATTRIBUTION_HOSE;
	bench_set(b, FAUCET, 1);
	bench_window(b, 5);
	bench_measure(b, m);
	bench_step(b, "H7");
	bench_wait(b, 1);
	bench_run(b, 10.6);
	assert_true(engine_image(b->e)[FAUCET] == 0);
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_verdict(bench_result(b, m)->verdict, VERDICT_FAIL);
	assert_string_equal(bench_result(b, m)->reason, "timeout");
	assert_int_equal(bench_result(b, m)->attribution, ATTRIBUTION_HOSE);
	assert_int_equal(bench_count(b, NOTE_EVENT, "timeout"), 1);
	assert_int_equal(b->notes[b->note_count - 1].attribution, ATTRIBUTION_HOSE);
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 2);
	bench_free(b);
}

static void wait_may_go_on_after_its_time_out_and_a_later_pass_does_not_mend_it(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "permeate_flow", "mean(permeate_flow)", "L/min", "1.35 L/min",
				  NULL);

	(void)state;
	bench_step(b, "H6");
	bench_until(b, PF_WAIT, "permeate_flow > 2 L/min", 10, m)->on_timeout.then_continue = true;
	bench_set(b, FAUCET, 1);
	bench_window(b, 5);
	bench_measure(b, m);
	bench_run(b, 10.6);
	assert_true(engine_image(b->e)[FAUCET] == 1);
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_string_equal(bench_result(b, m)->reason, "timeout");
	bench_free(b);
}

static void creeping_probe(struct bench *b)
{
	double t_s = (double)(b->now_ns - 1000 * NS_PER_S) * 1e-9;

	b->value[PERMEATE_COND] = 36.0 + 60.0 * exp(-t_s / 20.0);
}

static void settle_waits_until_the_value_is_steady(void **state)
{
	struct bench *b = bench_new();
	int m = bench_measurement(b, "rejection",
				  "1 - mean(permeate_conductivity)/mean(feed_conductivity)", "%",
				  "90 %", NULL);

	(void)state;
	b->world = creeping_probe;
	bench_step(b, "H6");
	bench_settle(b, PERMEATE_COND, 0.02, 30, 300);
	bench_window(b, 10);
	bench_measure(b, m);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(b->now_ns - 1000 * NS_PER_S > 100 * NS_PER_S);
	assert_true(b->now_ns - 1000 * NS_PER_S < 200 * NS_PER_S);
	assert_true(fabs(bench_result(b, m)->value - 92.8) < 0.2);
	/* u(R) = (Cp/Cf) * sqrt(1 % ^2 + 1 % ^2), twice that: 0.204 %. */
	assert_true(fabs(bench_result(b, m)->uncertainty - 0.204) < 0.005);
	assert_int_equal(bench_count(b, NOTE_EVENT, "not_settled"), 0);
	bench_free(b);
}

static void settle_takes_its_least_time(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_step(b, "H6");
	bench_settle(b, FLOW, 0.02, 2, 300)->min_ns = 60 * NS_PER_S;
	bench_run(b, 59);
	assert_int_equal(engine_get_state(b->e), ENGINE_RUNNING);
	bench_run(b, 2);
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	bench_free(b);
}

static void derived_values_settle_and_have_statistics(void **state)
{
	struct bench *b = bench_new();
	int m;

	(void)state;
	b->derived[0] = (struct pf_derived){
		.name = "recovery",
		.value = bench_expr(b, "permeate_flow / (permeate_flow + concentrate_flow)"),
		.unit = bench_unit("%")};
	b->p.derived_count = 1;
	m = bench_measurement(b, "recovery", "mean(recovery)", "%", "55 %", "66 %");
	bench_step(b, "H6");
	bench_settle(b, PROFILE_DERIVED_REF, 0.02, 5, 60);
	bench_window(b, 10);
	bench_measure(b, m);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(fabs(bench_result(b, m)->value - 60.0) < 1e-6);
	/* dY/Y = (1 - Y) * sqrt(2) * 1 %, k = 2. */
	assert_true(fabs(bench_result(b, m)->uncertainty - 2 * 60 * 0.4 * sqrt(2) * 0.01) < 1e-3);
	assert_int_equal(bench_result(b, m)->updates, 100);
	assert_true(fabs(engine_value(b->e, PROFILE_DERIVED_REF) - 60.0) < 1e-6);
	assert_true(isnan(engine_value(b->e, PROFILE_DERIVED_REF + 9)));
	bench_free(b);
}

static void limits_may_follow_the_model_and_other_measurements(void **state)
{
	struct bench *b = bench_new();
	int a = bench_measurement(b, "flow", "mean(permeate_flow)", "L/min",
				  "0.85 * model.rated_flow", NULL);
	int c;

	(void)state;
	c = bench_measurement(b, "half", "measured.flow / 2", "L/min", "0.7 L/min", "0.8 L/min");
	bench_step(b, "H6");
	bench_window(b, 5);
	bench_measure(b, a);
	bench_measure(b, c);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(fabs(bench_result(b, a)->lo - 1.343) < 1e-9);
	assert_true(fabs(bench_result(b, c)->value - 0.75) < 1e-9);
	assert_true(fabs(bench_result(b, c)->uncertainty - 0.015) < 1e-9);
	bench_free(b);
}

static void given_uncertainty_replaces_the_propagated(void **state)
{
	struct bench *b = bench_new();
	int m = bench_plain(b);

	(void)state;
	b->measurements[m].uncertainty = bench_expr(b, "0.2 L/min");
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_true(fabs(bench_result(b, m)->uncertainty - 0.2) < 1e-9);
	bench_free(b);
}

static void prompts_pass_fail_capture_and_refuse(void **state)
{
	struct bench *b = bench_new();
	int visual = bench_measurement(b, "visual", NULL, NULL, NULL, NULL);
	struct error err = {0};
	struct pf_prompt *p;
	int64_t deadline_ns;
	int m;

	(void)state;
	bench_step(b, "H1");
	bench_prompt(b, "visual_ok", PROMPT_YES_NO, 60)->measurement = (int16_t)visual;
	p = bench_prompt(b, "gauge", PROMPT_NUMBER, 60);
	p->unit = bench_unit("MPa");
	p->max = 1;
	p->capture = 0;
	b->captures[0] = "gauge";
	b->p.capture_count = 1;
	bench_prompt(b, "closed", PROMPT_CONFIRM, 60);
	m = bench_measurement(b, "gauge", "gauge", "MPa", "0.2 MPa", "0.3 MPa");
	b->measurements[m].step = 0;
	bench_measure(b, m);
	bench_run(b, 1);
	assert_string_equal(engine_prompt(b->e, &deadline_ns)->id, "visual_ok");
	assert_int_equal(deadline_ns - 1000 * NS_PER_S, 601 * NS_PER_S / 10);
	assert_int_equal(engine_answer(b->e, "closed", "ok", "kim", b->now_ns, &err), ERR_STATE);
	assert_int_equal(engine_answer(b->e, "visual_ok", "maybe", "kim", b->now_ns, &err),
			 ERR_SYNTAX);
	assert_int_equal(engine_answer(b->e, "visual_ok", "yes", "kim", b->now_ns, &err), 0);
	assert_int_equal(engine_answer(b->e, "visual_ok", "no", "kim", b->now_ns, &err), ERR_STATE);
	bench_run(b, 1);
	assert_int_equal(engine_answer(b->e, "gauge", "much", "kim", b->now_ns, &err), ERR_SYNTAX);
	assert_int_equal(engine_answer(b->e, "gauge", "nan", "kim", b->now_ns, &err), ERR_SYNTAX);
	assert_int_equal(engine_answer(b->e, "gauge", "1.5", "kim", b->now_ns, &err), ERR_RANGE);
	assert_int_equal(engine_answer(b->e, "gauge", "0.25", "kim", b->now_ns, &err), 0);
	bench_run(b, 1);
	assert_int_equal(engine_answer(b->e, "closed", "ok", "kim", b->now_ns, &err), 0);
	assert_verdict(bench_finish(b), VERDICT_PASS);
	assert_true(fabs(bench_result(b, m)->value - 0.25) < 1e-12);
	assert_int_equal(bench_count(b, NOTE_ANSWER, "answered"), 3);
	bench_free(b);
}

static void answer_no_fails_its_measurement_and_stop_on_fail_goes_to_teardown(void **state)
{
	struct bench *b = bench_new();
	int visual = bench_measurement(b, "visual", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H1");
	b->steps[0].stop_on_fail = true;
	bench_prompt(b, "visual_ok", PROMPT_YES_NO, 60)->measurement = (int16_t)visual;
	bench_step(b, "H6");
	bench_set(b, POWER, 1);
	bench_wait(b, 10);
	bench_step(b, "H10");
	bench_wait(b, 1);
	b->p.teardown_count = 1;
	bench_run(b, 1);
	assert_int_equal(engine_answer(b->e, "visual_ok", "no", "kim", b->now_ns, NULL), 0);
	assert_verdict(bench_finish(b), VERDICT_FAIL);
	assert_int_equal(bench_count(b, NOTE_STEP_BEGIN, NULL), 2);
	for (int i = 0; i < b->note_count; i++)
		if (b->notes[i].kind == NOTE_STEP_BEGIN)
			assert_int_not_equal(b->notes[i].step, 1);
	bench_free(b);
}

static void watch_passes_when_it_held_throughout_and_fails_at_the_first_violation(void **state)
{
	for (int stops = 0; stops < 2; stops++) {
		struct bench *b = bench_new();
		int dry = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);
		int flows = bench_measurement(b, "flows", NULL, NULL, NULL, NULL);

		b->world = flow_stops_after_4_s;
		bench_step(b, "H2");
		bench_watch(b, dry, "not tray_leak");
		bench_watch(b, flows, "permeate_flow > 0.5 L/min")->stop = stops;
		bench_wait(b, 20);
		assert_verdict(bench_finish(b), VERDICT_FAIL);
		assert_verdict(bench_result(b, flows)->verdict, VERDICT_FAIL);
		/* Cut short, the other did not hold throughout. */
		assert_verdict(bench_result(b, dry)->verdict,
			       stops ? VERDICT_INCONCLUSIVE : VERDICT_PASS);
		assert_true((b->now_ns - 1000 * NS_PER_S < 10 * NS_PER_S) == (stops == 1));
		bench_free(b);
	}
	(void)state;
}

static void watch_forgives_what_is_shorter_than_its_time(void **state)
{
	struct bench *b = bench_new();
	int dry = bench_measurement(b, "dry", NULL, NULL, NULL, NULL);

	(void)state;
	bench_step(b, "H2");
	bench_watch(b, dry, "not tray_leak")->for_ns = NS_PER_S;
	bench_wait(b, 20);
	bench_run(b, 5);
	b->value[TRAY] = 1;
	bench_run(b, 0.8);
	b->value[TRAY] = 0;
	assert_verdict(bench_finish(b), VERDICT_PASS);
	bench_free(b);
}

static void check_holds_or_the_run_is_an_error(void **state)
{
	for (int good = 0; good < 2; good++) {
		struct bench *b = bench_new();

		bench_measurement(b, "x", NULL, NULL, NULL, NULL);
		b->measurements[0].required = false;
		bench_step(b, "H0");
		bench_until(b, PF_CHECK,
			    good ? "permeate_flow > 1 L/min" : "permeate_flow < 1 L/min", 0, -1)
			->locks = true;
		bench_wait(b, 1);
		assert_verdict(bench_finish(b), good ? VERDICT_INCONCLUSIVE : VERDICT_ERROR);
		assert_int_equal(bench_count(b, NOTE_EVENT, "rig_check"), !good);
		assert_int_equal(bench_count(b, NOTE_EVENT, "lock"), !good);
		bench_free(b);
	}
	(void)state;
}

static void check_looks_at_readings_taken_after_it_began(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	/* Water still flows in the reading at hand; the next one, after the valve closed, shows
	 * none. */
	bench_step(b, "H0");
	bench_set(b, FAUCET, 0);
	bench_until(b, PF_CHECK, "permeate_flow < 0.02 L/min", 0, -1);
	bench_wait(b, 1);
	bench_start(b);
	bench_tick(b);
	b->value[FLOW] = 0;
	bench_run(b, 0.5);
	assert_int_equal(engine_get_state(b->e), ENGINE_RUNNING);
	assert_int_equal(bench_count(b, NOTE_EVENT, "rig_check"), 0);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_run_passes_and_stops_and_proves),
		cmocka_unit_test(outputs_are_safe_until_set_and_gone_when_stopping),
		cmocka_unit_test(fixed_wait_takes_its_time),
		cmocka_unit_test(ramp_moves_at_its_rate_and_ends_at_its_target),
		cmocka_unit_test(ramp_stops_where_its_condition_holds_and_captures),
		cmocka_unit_test(ramp_that_never_meets_its_condition_goes_on_at_its_end),
		cmocka_unit_test(wait_ends_when_its_condition_was_held),
		cmocka_unit_test(
			wait_that_times_out_fails_the_named_measurement_and_leaves_the_step),
		cmocka_unit_test(
			wait_may_go_on_after_its_time_out_and_a_later_pass_does_not_mend_it),
		cmocka_unit_test(settle_waits_until_the_value_is_steady),
		cmocka_unit_test(settle_takes_its_least_time),
		cmocka_unit_test(derived_values_settle_and_have_statistics),
		cmocka_unit_test(limits_may_follow_the_model_and_other_measurements),
		cmocka_unit_test(given_uncertainty_replaces_the_propagated),
		cmocka_unit_test(prompts_pass_fail_capture_and_refuse),
		cmocka_unit_test(answer_no_fails_its_measurement_and_stop_on_fail_goes_to_teardown),
		cmocka_unit_test(
			watch_passes_when_it_held_throughout_and_fails_at_the_first_violation),
		cmocka_unit_test(watch_forgives_what_is_shorter_than_its_time),
		cmocka_unit_test(check_holds_or_the_run_is_an_error),
		cmocka_unit_test(check_looks_at_readings_taken_after_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
