/* SPDX-License-Identifier: MIT
 *
 * The virtual bench itself: the same seed gives the same run to the byte, the link's codec changes
 * nothing, the quick profile tells good from bad in five minutes, two bays go side by side, and every
 * way out ends in proof.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig_case.h"

#define QUICK "profiles/ro600_quick.yaml"
#define FULL  "profiles/ro600_full.yaml"

static struct rig_case quick, full;

static struct bench *bench_with(const struct rig_case *c, uint64_t seed, bool through_codec)
{
	struct bench_config config = {
		.fixture = c->fixture, .seed = seed, .noise = true, .through_codec = through_codec};
	struct bench *b = rig_case_bench(c, &config);

	assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
	return b;
}

static struct bench *start(const struct rig_case *c, uint64_t seed, bool through_codec,
			   const char *fault)
{
	struct bench *b = bench_with(c, seed, through_codec);
	struct error err = {0};

	if ((fault && bench_fault(b, fault, &err)) || rig_case_start(c, b, &err))
		fail_msg("%s", err.text);
	return b;
}

static void finish(const struct rig_case *c, struct bench *b)
{
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(c)));
	assert_int_equal(bench_phase(b, 0), BENCH_DONE);
}

static void ends_safe(struct bench *b)
{
	assert_true(bench_is_proven(b, 0, NULL));
	bench_run_for(b, NS_PER_S);
	assert_true(world_is_safe(bench_world(b), 0));
}

/* ---- determinism ---- */

static void same(struct bench *a, struct bench *b)
{
	assert_string_equal(bench_document(a, 0), bench_document(b, 0));
	assert_true(bench_document(a, 0)[0]);
	assert_true(bench_trace_hash(a, 0) == bench_trace_hash(b, 0));
	assert_true(bench_now_ns(a) == bench_now_ns(b));
}

static void same_seed_gives_the_same_document_and_the_same_trace(void **state)
{
	struct bench *a = start(&full, 7, false, NULL), *b = start(&full, 7, false, NULL);
	struct bench *other = start(&full, 8, false, NULL);

	(void)state;
	finish(&full, a);
	finish(&full, b);
	finish(&full, other);
	same(a, b);
	assert_true(bench_trace_hash(a, 0) != bench_trace_hash(other, 0));
	bench_free(a);
	bench_free(b);
	bench_free(other);
}

static void messages_through_the_codec_change_nothing(void **state)
{
	struct bench *a = start(&quick, 3, false, NULL), *b = start(&quick, 3, true, NULL);

	(void)state;
	finish(&quick, a);
	finish(&quick, b);
	same(a, b);
	bench_free(a);
	bench_free(b);
}

/* ---- the quick profile ---- */

static void quick_profile_passes_a_healthy_unit_within_five_minutes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct bench *b = start(&quick, seed, false, NULL);

		finish(&quick, b);
		assert_int_equal(bench_verdict(b, 0), VERDICT_PASS);
		assert_true(bench_run_ns(b, 0) <= 300 * NS_PER_S);
		ends_safe(b);
		bench_free(b);
	}
}

static void quick_profile_fails_a_torn_membrane_by_its_rejection(void **state)
{
	struct bench *b = start(&quick, 1, false, "1:membrane_torn");
	const struct engine_result *r;

	(void)state;
	finish(&quick, b);
	r = rig_case_result(&quick, b, "rejection");
	assert_int_equal(bench_verdict(b, 0), VERDICT_FAIL);
	assert_int_equal(bench_attribution(b, 0), ATTRIBUTION_UNIT);
	assert_true(r && r->verdict == VERDICT_FAIL && r->value > 65 && r->value < 85 &&
		    r->lo > 89);
	assert_true(bench_run_ns(b, 0) <= 300 * NS_PER_S);
	ends_safe(b);
	bench_free(b);
}

static void two_bays_side_by_side_are_judged_each_by_its_own_unit(void **state)
{
	struct problems problems = {0};
	struct profile *second = profile_load(QUICK, quick.model, quick.fixture, 1, &problems);
	struct bench_order order = {.profile = second, .serial = "RO600-24050018"};
	struct bench *b = bench_with(&quick, 1, false);
	struct error err = {0};

	(void)state;
	assert_non_null(second);
	bench_mount(b, 1, quick.model->code, order.serial);
	assert_true(bench_wait_ready(b, 1, CASE_READY_NS));
	assert_int_equal(bench_fault(b, "2:membrane_torn", &err), 0);
	assert_int_equal(rig_case_start(&quick, b, &err), 0);
	assert_int_equal(bench_start(b, 1, &order, &err), 0);
	finish(&quick, b);
	assert_true(bench_run_until_done(b, 1, rig_case_limit_ns(&quick)));
	assert_int_equal(bench_verdict(b, 0), VERDICT_PASS);
	assert_int_equal(bench_verdict(b, 1), VERDICT_FAIL);
	bench_run_for(b, NS_PER_S);
	assert_true(world_is_safe(bench_world(b), 0) && world_is_safe(bench_world(b), 1));
	bench_free(b);
	profile_free(second);
	problems_release(&problems);
}

/* ---- ways out ---- */

static void abort_at_any_time_ends_in_proof(void **state)
{
	(void)state;
	for (int at_s = 1; at_s < 185; at_s += 20) {
		struct bench *b = start(&quick, 1, false, NULL);

		bench_run_for(b, at_s * NS_PER_S);
		bench_abort(b, 0, "test");
		finish(&quick, b);
		assert_int_equal(bench_verdict(b, 0), VERDICT_ABORTED);
		ends_safe(b);
		bench_free(b);
	}
}

static void emergency_stop_and_leaks_trip_and_end_in_proof(void **state)
{
	static const char *const faults[] = {"estop@100", "floor_leak@120", "1:tray_leak@140"};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct bench *b = start(&quick, 1, false, faults[i]);
		const char *reason;

		finish(&quick, b);
		assert_int_equal(bench_verdict(b, 0), VERDICT_TRIPPED);
		ends_safe(b);
		assert_int_equal(bench_bay_state(b, 0, &reason), BAY_TRIPPED);
		bench_free(b);
	}
}

/* benchd's rows are answered by another thread: what comes meanwhile waits, and is not lost. */
static void slow_store_changes_no_verdict_and_loses_no_way_out(void **state)
{
	static const struct {
		const char *fault;
		bool aborts;
		enum verdict verdict;
	} cases[] = {{NULL, false, VERDICT_PASS},
		     {NULL, true, VERDICT_ABORTED},
		     {"estop@0", false, VERDICT_TRIPPED}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_config config = {.fixture = quick.fixture,
					      .seed = 1,
					      .noise = true,
					      .store_delay_ns = 2 * NS_PER_S};
		struct bench *b = rig_case_bench(&quick, &config);
		struct error err = {0};

		assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
		assert_int_equal(rig_case_start(&quick, b, &err), 0);
		while (bench_session(b, 0)->phase != SESSION_BEGINNING)
			bench_run_for(b, 10 * NS_PER_MS);
		if (cases[i].fault)
			assert_int_equal(bench_fault(b, cases[i].fault, &err), 0);
		if (cases[i].aborts)
			bench_abort(b, 0, "test");
		finish(&quick, b);
		assert_int_equal(bench_verdict(b, 0), cases[i].verdict);
		ends_safe(b);
		bench_free(b);
	}
}

/* Of bay 0 and of the rig. */
static int outputs_away_from_safe(struct bench *b)
{
	int n = 0;

	for (int o = 0; o < quick.fixture->output_count; o++)
		n += (quick.fixture->outputs[o].bays & 1) && o != quick.fixture->dead_man &&
		     fabs(world_commanded(bench_world(b), o, NULL) -
			  quick.fixture->outputs[o].safe) > 1e-9;
	return n;
}

static void station_that_hangs_loses_its_bay_and_never_gets_it_back(void **state)
{
	(void)state;
	for (int at_s = 5; at_s < 200; at_s += 39) {
		struct bench *b = start(&quick, 1, false, NULL);

		bench_run_for(b, at_s * NS_PER_S);
		assert_true(outputs_away_from_safe(b) > 0);
		bench_hang(b, true);
		bench_run_for(b, 600 * NS_PER_MS);
		assert_int_equal(outputs_away_from_safe(b), 0);
		bench_run_for(b, 30 * NS_PER_S);
		assert_true(world_is_safe(bench_world(b), 0));
		bench_hang(b, false);
		finish(&quick, b);
		assert_int_equal(bench_verdict(b, 0), VERDICT_ERROR);
		assert_int_equal(outputs_away_from_safe(b), 0);
		ends_safe(b);
		bench_free(b);
	}
}

static void another_units_serial_never_passes(void **state)
{
	struct bench *b = bench_with(&full, 1, false);
	struct error err = {0};

	(void)state;
	bench_mount(b, 0, full.model->code, "RO600-99999999");
	assert_int_equal(rig_case_start(&full, b, &err), 0);
	finish(&full, b);
	assert_int_equal(bench_verdict(b, 0), VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(bench_document(b, 0), "serial_mismatch"));
	ends_safe(b);
	bench_free(b);
}

static void prompts_nobody_answers_end_the_run_safely(void **state)
{
	struct bench_config config = {
		.fixture = full.fixture, .seed = 1, .noise = true, .no_operator = true};
	struct bench *b = rig_case_bench(&full, &config);
	struct error err = {0};

	(void)state;
	assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
	assert_int_equal(rig_case_start(&full, b, &err), 0);
	finish(&full, b);
	assert_int_equal(bench_verdict(b, 0), VERDICT_ABORTED);
	ends_safe(b);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_gives_the_same_document_and_the_same_trace),
		cmocka_unit_test(messages_through_the_codec_change_nothing),
		cmocka_unit_test(quick_profile_passes_a_healthy_unit_within_five_minutes),
		cmocka_unit_test(quick_profile_fails_a_torn_membrane_by_its_rejection),
		cmocka_unit_test(two_bays_side_by_side_are_judged_each_by_its_own_unit),
		cmocka_unit_test(abort_at_any_time_ends_in_proof),
		cmocka_unit_test(emergency_stop_and_leaks_trip_and_end_in_proof),
		cmocka_unit_test(slow_store_changes_no_verdict_and_loses_no_way_out),
		cmocka_unit_test(station_that_hangs_loses_its_bay_and_never_gets_it_back),
		cmocka_unit_test(another_units_serial_never_passes),
		cmocka_unit_test(prompts_nobody_answers_end_the_run_safely),
	};
	int failed;

	rig_case_load(&quick, NULL, QUICK);
	rig_case_load(&full, NULL, FULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&quick);
	rig_case_release(&full);
	return failed;
}
