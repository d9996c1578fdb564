/* SPDX-License-Identifier: MIT
 *
 * Pressures and flows stay those of water whatever faults the plant has, each alone and every two together, and
 * however the regulator jumps while the pump runs. (What the solver loses of it: test_hydro.c.)
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sim/plant.h"
#include "tests/fake/sanitized.h"

static struct fixture *fixture;

struct rig_bench {
	struct world *w;
	int64_t now_ns;
	char story[160];
};

static void set(struct rig_bench *r, const char *name, double value)
{
	for (int bay = 0; bay < 2; bay++) {
		int o = fixture_output(fixture, bay, name);

		assert_true(o >= 0);
		world_run(r->w, r->now_ns);
		output_command(r->w, o, value);
	}
}

/* No vacuum deeper than a pump draws, nothing above what the bypass holds, no flow a hose could not carry. */
static void check(const struct rig_bench *r)
{
	for (int bay = 0; bay < 2; bay++) {
		const struct hydro *h = &r->w->bays[bay].h;
		const double flow[] = {h->q_supply, h->q_vent,	h->q_cross,   h->q_inlet,
				       h->q_pump,   h->q_drain, h->q_tray,    h->q_outlet,
				       h->q_tank,   h->q_leak,	h->q_membrane};

		for (int i = 0; i < HYDRO_NODES; i++)
			if (!(h->p[i] >= -0.0201 && h->p[i] < 1.5))
				fail_msg("%s: bay %d, pressure %d is %g MPa", r->story, bay + 1, i,
					 h->p[i]);
		for (size_t i = 0; i < sizeof(flow) / sizeof(flow[0]); i++)
			if (!(fabs(flow[i]) < 60))
				fail_msg("%s: bay %d, flow %zu is %g L/min", r->story, bay + 1, i,
					 flow[i]);
	}
}

static void pass(struct rig_bench *r, double seconds)
{
	int64_t end = r->now_ns + (int64_t)(seconds * 1e9);

	while (r->now_ns < end) {
		r->now_ns += 100 * NS_PER_MS;
		world_run(r->w, r->now_ns);
		check(r);
		output_command(r->w, fixture->dead_man,
			       r->w->out[fixture->dead_man].commanded > 0.5 ? 0 : 1);
	}
}

/* Without a bay in its name a fault is in both. */
static void story(const char *a, const char *b, const char *way_out)
{
	static const double jumps[] = {0.15, 0, 0.4, 0.05, 0};
	struct world_config config = {.fixture = fixture, .seed = 7};
	struct rig_bench r = {.now_ns = 1000 * NS_PER_S};
	struct error err = {0};

	snprintf(r.story, sizeof(r.story), "%s with %s", a, b);
	r.w = world_new(&config, &err);
	assert_non_null(r.w);
	world_mount(r.w, 0, "RO600", "A1");
	world_mount(r.w, 1, "RO75", "B1");
	world_run(r.w, r.now_ns);
	assert_int_equal(world_fault(r.w, a, r.now_ns, &err), 0);
	assert_int_equal(world_fault(r.w, b, r.now_ns, &err), 0);
	set(&r, "supply_pump", 1);
	set(&r, "supply_valve", 1);
	set(&r, "feed_valve", 1);
	set(&r, "concentrate_drain", 1);
	set(&r, "faucet_valve", 0);
	set(&r, "permeate_drain", 0);
	set(&r, "surrogate_tank", 0);
	set(&r, "feed_vent", 0);
	set(&r, way_out, 1);
	set(&r, "unit_power_supply", 1);
	set(&r, "regulator", 0.25);
	pass(&r, 22); /* the flush at power-on is over */
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		snprintf(r.story, sizeof(r.story), "%s with %s, regulator to %g MPa", a, b,
			 jumps[i]);
		set(&r, "regulator", jumps[i]);
		pass(&r, 1.5);
	}
	world_free(r.w);
}

static void no_two_faults_and_no_jump_of_the_regulator_break_the_plant(void **state)
{
	/* the water's; none of them: it has none */
	static const char *const ways[] = {"faucet_valve", "surrogate_tank", "permeate_drain",
					   "cross_check"};
	int n;
	const char *const *names = world_fault_names(&n);

	(void)state;
	assert_true(n >= 25);
	for (int a = 0; a < n; a++)
		for (int b = a % SANITIZED_STRIDE; b <= a; b += SANITIZED_STRIDE)
			story(names[a], names[b], ways[(a + b) % 4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_faults_and_no_jump_of_the_regulator_break_the_plant),
	};
	struct problems problems = {0};
	int failed;

	fixture = fixture_load("fixtures/sim.yaml", &problems);
	if (!fixture) {
		problems_print(&problems, stderr);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_free(fixture);
	return failed;
}
