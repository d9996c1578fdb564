/* SPDX-License-Identifier: MIT
 *
 * fixtures/parts.yaml: every driver that the simulated rig has no use for, from the wire through bus,
 * driver, channel and engine to a verdict, in virtual time.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig_case.h"

static struct rig_case parts;

static struct bench *ready(uint64_t seed, bool noise)
{
	struct bench_config config = {.fixture = parts.fixture, .seed = seed, .noise = noise};
	struct bench *b = rig_case_bench(&parts, &config);
	const char *reason;

	if (bench_wait_ready(b, 0, CASE_READY_NS))
		return b;
	(void)bench_bay_state(b, 0, &reason);
	fail_msg("not ready: %s", reason);
	return NULL;
}

static void a_unit_passes_on_a_bay_of_these_parts(void **state)
{
	struct bench *b = ready(5, true);
	struct error err = {0};

	(void)state;
	if (rig_case_start(&parts, b, &err))
		fail_msg("%s", err.text);
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&parts)));
	if (bench_verdict(b, 0) != VERDICT_PASS)
		fail_msg("%s", bench_document(b, 0));
	assert_true(bench_is_proven(b, 0, NULL));
	assert_true(world_is_safe(bench_world(b), 0));
	bench_free(b);
}

static void a_torn_membrane_fails_there(void **state)
{
	struct bench *b = ready(6, true);
	const struct engine_result *r;
	struct error err = {0};

	(void)state;
	if (bench_fault(b, "1:membrane_torn", &err) || rig_case_start(&parts, b, &err))
		fail_msg("%s", err.text);
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&parts)));
	assert_int_equal(bench_verdict(b, 0), VERDICT_FAIL);
	r = rig_case_result(&parts, b, "rejection");
	assert_true(r && r->verdict == VERDICT_FAIL);
	bench_free(b);
}

/* In the middle of a run: what each channel says is what is there, but for its noise. */
static void every_channel_says_what_is_there(void **state)
{
	static const char *const names[] = {"supply_pressure",
					    "feed_pressure",
					    "permeate_pressure",
					    "feed_conductivity",
					    "permeate_conductivity",
					    "feed_temperature",
					    "permeate_temperature",
					    "unit_power",
					    "unit_voltage",
					    "unit_current",
					    "feed_flow",
					    "permeate_flow",
					    "concentrate_flow"};
	struct bench *b = ready(1, true);
	struct error err = {0};

	(void)state;
	if (rig_case_start(&parts, b, &err))
		fail_msg("%s", err.text);
	bench_run_for(b, 100 * NS_PER_S);
	assert_int_equal(bench_phase(b, 0), BENCH_RUNNING);
	assert_true(bench_value(b, 0, "permeate_flow") > 0.5);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct fx_channel *c =
			&parts.fixture->channels[fixture_channel(parts.fixture, 0, names[i])];
		double got = bench_value(b, 0, names[i]);
		double truth = world_truth(bench_world(b), 0, names[i]);

		if (!(fabs(got - truth) <= 0.04 * fabs(truth) + 4 * c->resolution))
			fail_msg("%s is %g, truth %g", names[i], got, truth);
	}
	assert_true(fabs(bench_value(b, 0, "pure_tds") - 10) < 0.1);
	assert_true(fabs(bench_value(b, 0, "tap_tds") - 250) < 0.1);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_passes_on_a_bay_of_these_parts),
		cmocka_unit_test(a_torn_membrane_fails_there),
		cmocka_unit_test(every_channel_says_what_is_there),
	};
	struct problems problems = {0};
	int failed;

	parts.fixture = fixture_load("fixtures/parts.yaml", &problems);
	if (!parts.fixture)
		rig_case_die(&problems, "fixtures/parts.yaml");
	parts.model = model_load("profiles/models/RO600.yaml", &problems);
	parts.profile = parts.model ? profile_load("profiles/ro600_quick.yaml", parts.model,
						   parts.fixture, 0, &problems)
				    : NULL;
	if (!parts.profile)
		rig_case_die(&problems, "the profile");
	problems_release(&problems);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&parts);
	return failed;
}
