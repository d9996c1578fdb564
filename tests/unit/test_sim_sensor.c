/* SPDX-License-Identifier: MIT
 *
 * What sensors of the simulated rig do with time: they drift, slowly and within what their channels state.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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

static double mean_reading(struct rig_bench *r, int channel)
{
	double sum = 0;

	for (int i = 0; i < 100; i++) {
		pass(r, 2);
		sum += sensor_point(r->w, channel);
	}
	return sum / 100;
}

static void sensors_drift_over_hours_and_stay_within_their_uncertainty(void **state)
{
	struct rig_bench r;

	(void)state;
	start(&r);
	for (int c = 0; c < fixture->channel_count; c++) {
		const struct fx_channel *ch = &fixture->channels[c];
		double least = 1e9, most = -1e9, before = 0, zero, span;
		double unit = ch->unit ? fabs(ch->unit->scale / quantity_unit(ch->quantity)->scale)
				       : 1;
		double bound = 0.5 * (ch->uncertainty_abs * unit + ch->uncertainty_rel);

		for (int minute = 0; minute < 48 * 60; minute++) {
			sensor_drift(r.w, c, minute * 60 * NS_PER_S, &zero, &span);
			least = fmin(least, zero + span);
			most = fmax(most, zero + span);
			/* slowly: a fiftieth of it in a minute at most */
			assert_true(!minute || fabs(zero + span - before) <= bound / 20);
			before = zero + span;
		}
		assert_true(most <= bound && least >= -bound);
		if (channel_role_find(ch->name) < CH_TRAY_LEAK)
			assert_true(most - least > 0.3 * bound);
		else
			assert_true(most == 0 && least == 0);
	}
	world_free(r.w);
}

/* The fixture's `frozen` takes what repeats itself for broken; water without noise is not. */
static void a_sensor_without_noise_does_not_stand_still(void **state)
{
	int checked = 0;
	struct rig_bench r;

	(void)state;
	start(&r);
	r.w->config.noise = false;
	produce(&r, 0);
	pass(&r, 60);
	for (int c = 0; c < fixture->channel_count; c++) {
		const struct fx_channel *ch = &fixture->channels[c];
		double step = ch->resolution / fabs(ch->gain), before = nan(""), now;
		int same = 0;

		if (!ch->frozen_after || !(ch->bays & 1))
			continue;
		checked++;
		for (int i = 0; i < 10; i++, before = now) {
			pass(&r, 2);
			now = sensor_point(r.w, c);
			same += i && floor(now / step + 0.5) == floor(before / step + 0.5);
		}
		/* what moves by itself may meet a half step here and there */
		if (same > 3)
			fail_msg("%s stands at %g", ch->name, before);
	}
	assert_int_equal(checked, 5);
	world_free(r.w);
}

static void drift_is_in_what_a_sensor_reads(void **state)
{
	int c = fixture_channel(fixture, 0, "feed_temperature");
	double first, second, zero[2], span[2], moved, expected;
	struct rig_bench r;

	(void)state;
	start(&r);
	sensor_drift(r.w, c, r.now_ns + 100 * NS_PER_S, &zero[0], &span[0]);
	first = mean_reading(&r, c);
	pass(&r, 3600);
	sensor_drift(r.w, c, r.now_ns + 100 * NS_PER_S, &zero[1], &span[1]);
	second = mean_reading(&r, c);
	/* points carry the fixture's scale: compare in the channel's unit */
	moved = (second - first) * fixture->channels[c].gain;
	expected = zero[1] - zero[0] + 25 * (span[1] - span[0]);
	assert_true(fabs(expected) > 0.015);
	assert_true(fabs(moved - expected) < 0.01);
	world_free(r.w);
}

static void counters_never_run_backwards_by_drift(void **state)
{
	int c = fixture_channel(fixture, 0, "permeate_flow");
	struct rig_bench r;
	double before;

	(void)state;
	start(&r);
	produce(&r, 0);
	pass(&r, 3600);
	set(&r, 0, "unit_power_supply", 0);
	set(&r, 0, "supply_pump", 0);
	set(&r, 0, "feed_valve", 0);
	pass(&r, 30);
	before = sensor_pulses(r.w, c, NULL);
	assert_true(before > 500000);
	for (int i = 0; i < 60; i++) {
		double now;

		pass(&r, 30);
		now = sensor_pulses(r.w, c, NULL);
		assert_true(now >= before);
		before = now;
	}
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
		cmocka_unit_test(sensors_drift_over_hours_and_stay_within_their_uncertainty),
		cmocka_unit_test(a_sensor_without_noise_does_not_stand_still),
		cmocka_unit_test(drift_is_in_what_a_sensor_reads),
		cmocka_unit_test(counters_never_run_backwards_by_drift),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
