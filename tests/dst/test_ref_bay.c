/* SPDX-License-Identifier: MIT
 *
 * fixtures/ref-bay.yaml is a real bay: here the same file with nothing but its ports changed to
 * simulated ones runs a unit to its verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig/rig.h"
#include "rig_case.h"

#define PATH "fixtures/ref-bay.yaml"

static struct rig_case simulated;

/* Each port: "..." becomes port: "sim:pN". The caller frees it. */
static char *with_simulated_ports(const char *text, int *ports)
{
	char *out = xcalloc(strlen(text) + 64, 1), *to = out;

	*ports = 0;
	while (*text) {
		if (!strncmp(text, "port: \"", 7)) {
			to += sprintf(to, "port: \"sim:p%d\"", ++*ports);
			text += 7 + strcspn(text + 7, "\"") + 1;
		} else {
			*to++ = *text++;
		}
	}
	return out;
}

static void the_file_as_it_ships_is_a_real_bay_without_mistakes(void **state)
{
	static const struct rig_ops ops = {0};
	const struct clock_scale scale = {.speed = 1};
	struct problems problems = {0};
	struct fixture *f = fixture_load(PATH, &problems);
	struct rig_reach reach[FIXTURE_OUTPUTS_MAX];
	struct rig *r;
	int n;

	(void)state;
	assert_non_null(f);
	assert_false(f->simulated);
	r = rig_new(f, &scale, &ops, &problems);
	assert_non_null(r);
	/* every output that a trip rests on is safe within 100 ms even without the dead-man line */
	n = rig_reach(r, reach, FIXTURE_OUTPUTS_MAX);
	assert_true(n > 10);
	for (int i = 0; i < n; i++)
		assert_true(reach[i].ok && reach[i].worst_ns <= 100 * NS_PER_MS);
	assert_true(rig_watchdog_ns(r, 0) > 0 && rig_watchdog_ns(r, 0) <= 2 * NS_PER_S);
	for (int i = 0; i < f->bus_count; i++)
		assert_true(f->buses[i].kind == BUS_GPIO || f->buses[i].kind == BUS_TCP ||
			    !strncmp(f->buses[i].port, "usb:", 4));
	rig_free(r);
	fixture_free(f);
	problems_release(&problems);
}

static struct bench *ready(uint64_t seed)
{
	struct bench_config config = {.fixture = simulated.fixture, .seed = seed, .noise = true};
	struct bench *b = rig_case_bench(&simulated, &config);
	const char *reason;

	if (bench_wait_ready(b, 0, CASE_READY_NS))
		return b;
	(void)bench_bay_state(b, 0, &reason);
	fail_msg("not ready: %s", reason);
	return b;
}

static void a_healthy_unit_passes_there(void **state)
{
	struct bench *b = ready(2);
	struct error err = {0};

	(void)state;
	assert_true(simulated.fixture->simulated);
	if (rig_case_start(&simulated, b, &err))
		fail_msg("%s", err.text);
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&simulated)));
	if (bench_verdict(b, 0) != VERDICT_PASS)
		fail_msg("%s", bench_document(b, 0));
	assert_true(bench_is_proven(b, 0, NULL));
	assert_true(world_is_safe(bench_world(b), 0));
	bench_free(b);
}

static void a_leaking_one_trips_it_and_ends_safe(void **state)
{
	struct bench *b = ready(3);
	struct error err = {0};

	(void)state;
	if (rig_case_start(&simulated, b, &err))
		fail_msg("%s", err.text);
	bench_run_for(b, 60 * NS_PER_S);
	assert_int_equal(bench_fault(b, "1:tray_leak", &err), 0);
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&simulated)));
	assert_int_equal(bench_verdict(b, 0), VERDICT_TRIPPED);
	bench_run_for(b, 30 * NS_PER_S);
	assert_true(world_is_safe(bench_world(b), 0));
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_as_it_ships_is_a_real_bay_without_mistakes),
		cmocka_unit_test(a_healthy_unit_passes_there),
		cmocka_unit_test(a_leaking_one_trips_it_and_ends_safe),
	};
	struct problems problems = {0};
	struct error err = {0};
	char *text, *sim;
	int failed, ports;
	size_t n;

	if (text_read_file(PATH, 1 << 20, &text, &n, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	sim = with_simulated_ports(text, &ports);
	simulated.fixture = fixture_parse(PATH, sim, strlen(sim), &problems);
	if (!simulated.fixture || ports != simulated.fixture->bus_count)
		rig_case_die(&problems, PATH);
	simulated.model = model_load("profiles/models/RO600.yaml", &problems);
	simulated.profile = simulated.model
				    ? profile_load("profiles/ro600_quick.yaml", simulated.model,
						   simulated.fixture, 0, &problems)
				    : NULL;
	if (!simulated.profile)
		rig_case_die(&problems, "the profile");
	free(text);
	free(sim);
	problems_release(&problems);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&simulated);
	return failed;
}
