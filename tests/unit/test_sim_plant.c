/* SPDX-License-Identifier: MIT
 *
 * The simulated rig: pressures, stopping, holding, what each fault does, and what the physics
 * costs.
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

static struct fixture *fixture;

struct rig_bench {
	struct world *w;
	int64_t now_ns;
};

static void set(struct rig_bench *r, int bay, const char *name, double value)
{
	int o = fixture_output(fixture, bay, name);

	assert_true(o >= 0);
	world_run(r->w, r->now_ns);
	output_command(r->w, o, value);
}

/* The dead-man line is kept alive while time passes. */
static void pass(struct rig_bench *r, double seconds)
{
	int64_t end = r->now_ns + (int64_t)(seconds * 1e9);

	while (r->now_ns < end) {
		r->now_ns = r->now_ns + 50 * NS_PER_MS < end ? r->now_ns + 50 * NS_PER_MS : end;
		world_run(r->w, r->now_ns);
		if (fixture->dead_man >= 0)
			output_command(r->w, fixture->dead_man,
				       r->w->out[fixture->dead_man].commanded > 0.5 ? 0 : 1);
	}
}

static double truth(const struct rig_bench *r, int bay, const char *name)
{
	double v = world_truth(r->w, bay, name);

	assert_false(isnan(v));
	return v;
}

static void start(struct rig_bench *r)
{
	struct world_config config = {.fixture = fixture, .seed = 7, .noise = true};
	struct error err = {0};

	*r = (struct rig_bench){.now_ns = 1000 * NS_PER_S};
	r->w = world_new(&config, &err);
	if (!r->w)
		fail_msg("%s", err.text);
	world_mount(r->w, 0, "RO600", "A1");
	world_mount(r->w, 1, "RO600", "B1");
	world_run(r->w, r->now_ns);
	pass(r, 0.2);
}

/* Supply on, ways open, unit powered: making water through the faucet valve. */
static void produce(struct rig_bench *r, int bay)
{
	set(r, bay, "supply_pump", 1);
	set(r, bay, "supply_valve", 1);
	set(r, bay, "regulator", 0.25);
	set(r, bay, "feed_vent", 0);
	set(r, bay, "feed_valve", 1);
	set(r, bay, "permeate_drain", 0);
	set(r, bay, "surrogate_tank", 0);
	set(r, bay, "faucet_valve", 1);
	set(r, bay, "unit_power_supply", 1);
}

static void stop(struct rig_bench *r, int bay)
{
	set(r, bay, "unit_power_supply", 0);
	set(r, bay, "supply_pump", 0);
	set(r, bay, "regulator", 0);
	pass(r, 3);
	set(r, bay, "feed_valve", 0);
	set(r, bay, "supply_valve", 0);
	set(r, bay, "feed_vent", 1);
	set(r, bay, "faucet_valve", 0);
	set(r, bay, "permeate_drain", 1);
	set(r, bay, "surrogate_tank", 1);
}

static void fault(struct rig_bench *r, const char *spec)
{
	struct error err = {0};

	if (world_fault(r->w, spec, r->now_ns, &err))
		fail_msg("%s", err.text);
}

static void rig_feeds_a_quarter_megapascal_and_meters_agree(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	produce(&r, 0);
	pass(&r, 150);
	assert_true(fabs(truth(&r, 0, "feed_pressure") - 0.25) < 0.01);
	assert_true(fabs(truth(&r, 0, "permeate_flow") - 1.56) < 0.08);
	assert_true(fabs(truth(&r, 0, "feed_flow") - truth(&r, 0, "permeate_flow") -
			 truth(&r, 0, "concentrate_flow")) < 0.03);
	assert_true(fabs(truth(&r, 0, "permeate_conductivity") - 36) < 4);
	assert_true(truth(&r, 1, "feed_pressure") < 0.001);
	world_free(r.w);
}

static void stop_is_safe_within_20_seconds(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	produce(&r, 0);
	pass(&r, 60);
	set(&r, 0, "faucet_valve", 0); /* full: pressure on both sides */
	pass(&r, 10);
	assert_true(truth(&r, 0, "permeate_pressure") > 0.2);
	assert_false(world_is_safe(r.w, 0));
	stop(&r, 0);
	pass(&r, 4);
	assert_true(world_is_safe(r.w, 0));
	assert_true(truth(&r, 0, "feed_pressure") < 0.02);
	assert_true(truth(&r, 0, "permeate_pressure") < 0.02);
	pass(&r, 13);
	assert_true(truth(&r, 0, "feed_flow") < 0.01);
	world_free(r.w);
}

/* H5: the unit without power blocks the pressure with its own valve. */
static double pressure_lost_in_hold(const char *spec)
{
	struct rig_bench r;
	double before, after;

	start(&r);
	if (spec)
		fault(&r, spec);
	set(&r, 0, "supply_pump", 1);
	set(&r, 0, "supply_valve", 1);
	set(&r, 0, "regulator", 0.4);
	set(&r, 0, "feed_vent", 0);
	set(&r, 0, "feed_valve", 1);
	pass(&r, 30);
	set(&r, 0, "feed_valve", 0);
	pass(&r, 2);
	before = truth(&r, 0, "feed_pressure");
	pass(&r, 300);
	after = truth(&r, 0, "feed_pressure");
	world_free(r.w);
	assert_true(spec || before > 0.38);
	return before - after;
}

static void unpowered_unit_holds_the_feed_pressure(void **state)
{
	(void)state;
	assert_true(pressure_lost_in_hold(NULL) < 0.02);
	assert_true(pressure_lost_in_hold("inlet_valve_stuck_open") >= 0);
}

static void open_inlet_valve_lets_the_hold_pressure_go(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	fault(&r, "1:inlet_valve_stuck_open");
	set(&r, 0, "supply_pump", 1);
	set(&r, 0, "supply_valve", 1);
	set(&r, 0, "regulator", 0.4);
	set(&r, 0, "feed_vent", 0);
	set(&r, 0, "feed_valve", 1);
	pass(&r, 30);
	assert_true(truth(&r, 0, "concentrate_flow") > 0.3);
	set(&r, 0, "feed_valve", 0);
	pass(&r, 30);
	assert_true(truth(&r, 0, "feed_pressure") < 0.05);
	world_free(r.w);
}

static void cross_check_shows_feed_water_to_the_permeate_probe(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	set(&r, 0, "supply_pump", 1);
	set(&r, 0, "supply_valve", 1);
	set(&r, 0, "regulator", 0.1);
	set(&r, 0, "feed_vent", 0);
	set(&r, 0, "feed_valve", 1);
	set(&r, 0, "cross_check", 1);
	pass(&r, 30);
	assert_true(truth(&r, 0, "feed_flow") > 0.3);
	assert_true(fabs(truth(&r, 0, "permeate_conductivity") -
			 truth(&r, 0, "feed_conductivity")) < 5);
	/* with every way out shut nothing flows: the closing valves are proven so */
	set(&r, 0, "permeate_drain", 0);
	set(&r, 0, "surrogate_tank", 0);
	pass(&r, 3);
	assert_true(truth(&r, 0, "feed_flow") < 0.01);
	world_free(r.w);
}

static void shut_feed_valve_lets_nothing_through_unless_welded(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	set(&r, 0, "supply_pump", 1);
	set(&r, 0, "supply_valve", 1);
	set(&r, 0, "regulator", 0.1);
	pass(&r, 3);
	assert_true(truth(&r, 0, "feed_flow") < 0.01);
	fault(&r, "rig_relay_welded_v02");
	pass(&r, 3);
	assert_true(truth(&r, 0, "feed_flow") > 0.3);
	world_free(r.w);
}

static void estop_takes_every_valve_to_its_spring_whatever_is_commanded(void **state)
{
	struct rig_bench r;
	int o = fixture_output(fixture, 0, "unit_power_supply");

	(void)state;
	start(&r);
	produce(&r, 0);
	pass(&r, 30);
	fault(&r, "estop");
	assert_true(world_output(r.w, o, NULL) == 0);
	assert_true(world_commanded(r.w, o, NULL) == 1);
	pass(&r, 5);
	assert_true(truth(&r, 0, "estop") == 1);
	assert_true(truth(&r, 0, "feed_pressure") < 0.02);
	world_free(r.w);
}

static void still_dead_man_line_drops_the_actuators_after_300_ms(void **state)
{
	struct rig_bench r;
	int o = fixture_output(fixture, 0, "unit_power_supply");
	int64_t changed;

	(void)state;
	if (fixture->dead_man < 0)
		skip();
	start(&r);
	produce(&r, 0);
	pass(&r, 10);
	assert_true(world_output(r.w, o, NULL) == 1);
	world_run(r.w, r.now_ns + 290 * NS_PER_MS);
	assert_true(world_output(r.w, o, NULL) == 1);
	world_run(r.w, r.now_ns + 1000 * NS_PER_MS);
	assert_true(world_output(r.w, o, &changed) == 0);
	assert_true(changed - r.now_ns >= 300 * NS_PER_MS && changed - r.now_ns < 301 * NS_PER_MS);
	world_free(r.w);
}

static void fault_words_are_checked(void **state)
{
	static const struct {
		const char *spec;
		int code;
	} bad[] = {
		{"membrane_tron", ERR_NOT_FOUND},
		{"9:membrane_torn", ERR_NOT_FOUND},
		{"membrane_torn=x", ERR_SYNTAX},
		{"membrane_torn=99", ERR_RANGE},
		{"membrane_torn@-1", ERR_SYNTAX},
		{"membrane_torn=nan", ERR_SYNTAX},
		{"", ERR_NOT_FOUND},
	};
	struct rig_bench r;
	struct error err;
	int n;
	const char *const *names = world_fault_names(&n);

	(void)state;
	start(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(world_fault(r.w, bad[i].spec, 0, &err), bad[i].code);
	for (int i = 0; i < n; i++)
		assert_int_equal(world_fault(r.w, names[i], 0, &err), 0);
	assert_int_equal(world_fault(r.w, "membrane_tron", 0, &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "membrane_torn"));
	world_free(r.w);
}

static void fault_comes_at_its_second_and_is_cleared(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	fault(&r, "2:tray_leak@10");
	pass(&r, 9.9);
	assert_true(truth(&r, 1, "tray_leak") == 0);
	pass(&r, 0.2);
	assert_true(truth(&r, 1, "tray_leak") == 1);
	assert_true(truth(&r, 0, "tray_leak") == 0);
	assert_int_equal(world_clear_faults(r.w, -1), 1);
	assert_true(truth(&r, 1, "tray_leak") == 0);
	world_free(r.w);
}

static void leak_of_the_high_side_wets_the_tray(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	fault(&r, "external_leak_high_side");
	produce(&r, 0);
	pass(&r, 60);
	assert_true(truth(&r, 0, "tray_leak") == 1);
	assert_true(fabs(truth(&r, 0, "water_balance") - 0.25) < 0.05);
	assert_true(truth(&r, 1, "tray_leak") == 0);
	world_free(r.w);
}

static void equal_seeds_give_equal_worlds(void **state)
{
	struct rig_bench a, b;
	int c = fixture_channel(fixture, 0, "permeate_conductivity");

	(void)state;
	start(&a);
	start(&b);
	produce(&a, 0);
	produce(&b, 0);
	for (int i = 0; i < 50; i++) {
		pass(&a, 1);
		pass(&b, 1);
		assert_true(sensor_point(a.w, c) == sensor_point(b.w, c));
	}
	world_free(a.w);
	world_free(b.w);
}

static void steady_water_is_stepped_coarsely(void **state)
{
	struct rig_bench r;
	int64_t cpu;
	uint64_t steps;

	(void)state;
	start(&r);
	cpu = clock_cpu_ns();
	steps = world_steps(r.w);
	produce(&r, 0);
	produce(&r, 1);
	for (int i = 0; i < 5; i++) {
		pass(&r, 480);
		set(&r, 0, "faucet_valve", 0);
		set(&r, 1, "faucet_valve", 0);
		pass(&r, 60);
		set(&r, 0, "faucet_valve", 1);
		set(&r, 1, "faucet_valve", 1);
	}
	cpu = clock_cpu_ns() - cpu;
	/* printed, not judged: machines differ */
	print_message("45 min of two bays: %.0f ms CPU, %llu steps\n", (double)cpu * 1e-6,
		      (unsigned long long)(world_steps(r.w) - steps));
	assert_true(world_steps(r.w) - steps < 100000);
	world_free(r.w);
}

static int load(void **state)
{
	struct problems problems = {0};

	(void)state;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	return fixture ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rig_feeds_a_quarter_megapascal_and_meters_agree),
		cmocka_unit_test(stop_is_safe_within_20_seconds),
		cmocka_unit_test(unpowered_unit_holds_the_feed_pressure),
		cmocka_unit_test(open_inlet_valve_lets_the_hold_pressure_go),
		cmocka_unit_test(cross_check_shows_feed_water_to_the_permeate_probe),
		cmocka_unit_test(shut_feed_valve_lets_nothing_through_unless_welded),
		cmocka_unit_test(estop_takes_every_valve_to_its_spring_whatever_is_commanded),
		cmocka_unit_test(still_dead_man_line_drops_the_actuators_after_300_ms),
		cmocka_unit_test(fault_words_are_checked),
		cmocka_unit_test(fault_comes_at_its_second_and_is_cleared),
		cmocka_unit_test(leak_of_the_high_side_wets_the_tray),
		cmocka_unit_test(equal_seeds_give_equal_worlds),
		cmocka_unit_test(steady_water_is_stepped_coarsely),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
