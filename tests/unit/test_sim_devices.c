/* SPDX-License-Identifier: MIT
 *
 * Simulated devices: what they send is decoded by the station's own drivers to the truth again,
 * and they refuse what the real ones refuse.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rig/driver.h"
#include "sim/device.h"

static struct fixture *fixture;

struct bench {
	struct world *w;
	int64_t now_ns;
};

static void start(struct bench *b, bool noise)
{
	struct world_config config = {.fixture = fixture, .seed = 3, .noise = noise};
	struct error err = {0};

	*b = (struct bench){.now_ns = 500 * NS_PER_S};
	b->w = world_new(&config, &err);
	if (!b->w)
		fail_msg("%s", err.text);
	world_mount(b->w, 0, "RO600", "A1");
	world_mount(b->w, 1, "RO600", "B1");
	world_run(b->w, b->now_ns);
}

static void pass(struct bench *b, double seconds)
{
	int64_t end = b->now_ns + (int64_t)(seconds * 1e9);

	for (; b->now_ns < end; b->now_ns += 100 * NS_PER_MS) {
		world_run(b->w, b->now_ns);
		if (fixture->dead_man >= 0)
			output_command(b->w, fixture->dead_man,
				       b->w->out[fixture->dead_man].commanded > 0.5 ? 0 : 1);
	}
	world_run(b->w, b->now_ns);
}

static size_t ask(struct bench *b, const struct fx_device *d, const uint8_t *pdu, size_t n,
		  uint8_t *reply)
{
	int64_t delay_ns;

	return world_modbus(b->w, d->bus, (uint8_t)d->unit_id, pdu, n, reply, 256, &delay_ns);
}

static const struct fx_device *device(const char *name)
{
	for (int i = 0; i < fixture->device_count; i++)
		if (!strcmp(fixture->devices[i].name, name))
			return &fixture->devices[i];
	fail_msg("the fixture has no device %s", name);
	return NULL;
}

/* A channel's value the way the station gets it: reads, wire, driver, scale, calibration. */
static double through_the_driver(struct bench *b, int channel)
{
	const struct fx_channel *c = &fixture->channels[channel];
	struct driver_device d = {.driver = driver_find(fixture->devices[c->device].driver),
				  .fx = &fixture->devices[c->device]};
	struct driver_read reads[4];
	struct driver_image images[4];
	uint16_t words[4][128];
	struct driver_value v = {0};
	struct error err = {0};
	int point, n;

	d.priv = calloc(1, d.driver->priv_size + 1);
	if (d.driver->init && d.driver->init(&d, &err))
		fail_msg("%s", err.text);
	point = driver_point_index(&d, c->point);
	assert_true(point >= 0);
	n = d.driver->reads(&d, point, reads, 4);
	for (int i = 0; i < n; i++) {
		const struct driver_read *r = &reads[i];
		uint8_t pdu[5] = {r->function, (uint8_t)(r->first >> 8), (uint8_t)r->first,
				  (uint8_t)(r->count >> 8), (uint8_t)r->count};
		uint8_t reply[256];

		assert_int_equal(ask(b, d.fx, pdu, 5, reply), 2 + 2 * r->count);
		for (int k = 0; k < r->count; k++)
			words[i][k] = (uint16_t)(reply[2 + 2 * k] << 8 | reply[3 + 2 * k]);
		images[i] = (struct driver_image){words[i], r->count, true};
	}
	assert_int_equal(d.driver->get(&d, point, images, &v), 0);
	assert_int_equal(v.quality, QUALITY_GOOD);
	free(d.priv);
	v.value = c->gain * v.value + c->offset;
	return c->calibration.revision ? c->calibration.gain * v.value + c->calibration.offset
				       : v.value;
}

static void write_pin(struct bench *b, const char *name, int bay, double value)
{
	int o = fixture_output(fixture, bay, name);

	assert_true(o >= 0);
	output_command(b->w, o, value);
}

static void produce(struct bench *b)
{
	write_pin(b, "supply_pump", 0, 1);
	write_pin(b, "supply_valve", 0, 1);
	write_pin(b, "regulator", 0, 0.25);
	write_pin(b, "feed_vent", 0, 0);
	write_pin(b, "feed_valve", 0, 1);
	write_pin(b, "permeate_drain", 0, 0);
	write_pin(b, "faucet_valve", 0, 1);
	write_pin(b, "unit_power_supply", 0, 1);
}

static void drivers_decode_every_register_channel_to_the_truth(void **state)
{
	static const char *const names[] = {"feed_pressure",	 "permeate_pressure",
					    "feed_conductivity", "permeate_conductivity",
					    "feed_temperature",	 "permeate_temperature",
					    "unit_power",	 "unit_voltage",
					    "unit_current"};
	struct bench b;

	(void)state;
	start(&b, false);
	produce(&b);
	pass(&b, 120);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int c = fixture_channel(fixture, 0, names[i]);
		double got, truth = world_truth(b.w, 0, names[i]);

		assert_true(c >= 0);
		got = through_the_driver(&b, c);
		if (fabs(got - truth) >
		    0.005 * fabs(truth) + 1.01 * fixture->channels[c].resolution)
			fail_msg("%s: %g, truth %g", names[i], got, truth);
	}
	world_free(b.w);
}

static double counted(struct bench *b, const char *name)
{
	return sensor_point(b->w, fixture_channel(fixture, 0, name));
}

static void counters_and_pulses_carry_the_volume(void **state)
{
	struct bench b;
	const struct fx_channel *permeate =
		&fixture->channels[fixture_channel(fixture, 0, "permeate_flow")];
	const struct fx_channel *feed =
		&fixture->channels[fixture_channel(fixture, 0, "feed_flow")];
	const char *line = NULL;
	double before, litres;
	int64_t first, last;
	uint32_t n;
	int bus = fixture->devices[feed->device].bus;

	(void)state;
	assert_int_equal(permeate->scale, FX_SCALE_COUNTER);
	assert_int_equal(feed->scale, FX_SCALE_PULSE_RATE);
	start(&b, false);
	produce(&b);
	pass(&b, 120);
	for (int i = 0; i < world_gpio_lines(b.w, bus); i++)
		if (strstr(world_gpio_name(b.w, bus, i), "feed_flow"))
			line = line ? line : world_gpio_name(b.w, bus, i);
	assert_non_null(line);
	world_gpio_pulses(b.w, bus, line, &first, &last);
	before = counted(&b, "permeate_flow");
	pass(&b, 60);
	litres = (counted(&b, "permeate_flow") - before) / permeate->per_litre;
	assert_true(fabs(litres - world_truth(b.w, 0, "permeate_flow")) < 0.01);
	n = world_gpio_pulses(b.w, bus, line, &first, &last);
	assert_true(fabs(n / feed->per_litre - world_truth(b.w, 0, "feed_flow")) < 0.02);
	assert_true(first < last && last <= b.now_ns && last - first > 59 * NS_PER_S);
	world_free(b.w);
}

static void relay_board_sets_reads_toggles_and_refuses(void **state)
{
	static const struct {
		uint8_t pdu[12];
		size_t n;
		uint8_t reply[8];
		size_t reply_n;
	} steps[] = {
		{{15, 0, 0, 0, 8, 1, 0x81}, 7, {15, 0, 0, 0, 8}, 5},
		{{1, 0, 0, 0, 8}, 5, {1, 1, 0x81}, 3},
		{{5, 0, 1, 0xff, 0}, 5, {5, 0, 1, 0xff, 0}, 5},
		{{1, 0, 0, 0, 8}, 5, {1, 1, 0x83}, 3},
		{{5, 0, 0, 0x55, 0}, 5, {5, 0, 0, 0x55, 0}, 5},
		{{1, 0, 0, 0, 8}, 5, {1, 1, 0x82}, 3},
		{{5, 0, 0xff, 0, 0}, 5, {5, 0, 0xff, 0, 0}, 5},
		{{1, 0, 0, 0, 8}, 5, {1, 1, 0}, 3},
		{{1, 0, 0, 0, 9}, 5, {0x81, 2}, 2},	  /* a ninth relay */
		{{1, 0, 0, 0, 0}, 5, {0x81, 3}, 2},	  /* none at all */
		{{5, 0, 0, 0x12, 0x34}, 5, {0x85, 3}, 2}, /* neither on nor off */
		{{5, 0, 8, 0xff, 0}, 5, {0x85, 2}, 2},
		{{15, 0, 4, 0, 8, 1, 0xff}, 7, {0x8f, 2}, 2},
		{{15, 0, 0, 0, 8, 2, 0xff}, 7, {0x8f, 3}, 2}, /* lengths disagree */
		{{4, 0, 0, 0, 1}, 5, {0x84, 1}, 2},	      /* it has no input registers */
		{{7}, 1, {0x87, 1}, 2},
		{{3, 0x80, 0, 0, 1}, 5, {3, 2, 0, 200}, 4}, /* version */
		{{3, 0x12, 0x34, 0, 1}, 5, {0x83, 2}, 2},
	};
	const struct fx_device *d = device("relays_1");
	struct bench b;
	uint8_t reply[256];

	(void)state;
	start(&b, true);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(ask(&b, d, steps[i].pdu, steps[i].n, reply), steps[i].reply_n);
		assert_memory_equal(reply, steps[i].reply, steps[i].reply_n);
	}
	world_free(b.w);
}

static void identities_are_as_the_drivers_want_them(void **state)
{
	struct bench b;

	(void)state;
	start(&b, true);
	for (int i = 0; i < fixture->device_count; i++) {
		struct driver_device d = {.driver = driver_find(fixture->devices[i].driver),
					  .fx = &fixture->devices[i]};
		struct driver_identity ids[8];
		struct error err = {0};
		int n;

		if (!d.driver->identify)
			continue;
		d.priv = calloc(1, d.driver->priv_size + 1);
		if (d.driver->init && d.driver->init(&d, &err))
			fail_msg("%s", err.text);
		n = d.driver->identify(&d, ids, 8);
		for (int k = 0; k < n; k++) {
			const struct driver_read *r = &ids[k].read;
			uint8_t pdu[5] = {r->function, (uint8_t)(r->first >> 8), (uint8_t)r->first,
					  (uint8_t)(r->count >> 8), (uint8_t)r->count};
			uint8_t reply[256];

			if (ask(&b, d.fx, pdu, 5, reply) != 2u + 2u * r->count)
				fail_msg("%s does not answer %s", d.fx->name, ids[k].says);
			for (int w = 0; w < r->count && w < 8; w++)
				assert_int_equal((reply[2 + 2 * w] << 8 | reply[3 + 2 * w]) &
							 ids[k].mask[w],
						 ids[k].expect[w] & ids[k].mask[w]);
		}
		free(d.priv);
	}
	world_free(b.w);
}

static void written_setpoint_reads_back_and_is_in_force(void **state)
{
	const struct fx_device *d = device("tcp_io");
	int o = fixture_output(fixture, 0, "regulator");
	struct bench b;
	uint8_t reply[256];

	(void)state;
	start(&b, true);
	assert_int_equal(ask(&b, d, (const uint8_t[]){16, 0, 0, 0, 1, 2, 0, 250}, 8, reply), 5);
	assert_int_equal(ask(&b, d, (const uint8_t[]){3, 0, 0, 0, 1}, 5, reply), 4);
	assert_int_equal(reply[3], 250);
	assert_true(fabs(world_commanded(b.w, o, NULL) - 0.25) < 1e-9);
	assert_true(world_output(b.w, o, NULL) == 0); /* nobody keeps the dead-man line alive */
	pass(&b, 0.2);
	assert_true(fabs(world_output(b.w, o, NULL) - 0.25) < 1e-9);
	/* a register that is only read, and one that is not there */
	assert_int_equal(ask(&b, d, (const uint8_t[]){6, 0, 99, 0, 1}, 5, reply), 2);
	assert_int_equal(reply[1], 2);
	world_free(b.w);
}

static void every_device_says_that_it_is_simulated(void **state)
{
	struct bench b;
	uint8_t reply[256];

	(void)state;
	start(&b, true);
	assert_true(ask(&b, device("power_1"), (const uint8_t[]){0x2b, 0x0e, 1, 0}, 4, reply) > 17);
	assert_memory_equal(reply + 9, "benchsim", 8);
	assert_int_equal(ask(&b, device("power_1"), (const uint8_t[]){0x2b, 0x0d, 1, 0}, 4, reply),
			 2);
	world_free(b.w);
}

static void dead_device_is_silent_and_late_one_says_how_late(void **state)
{
	const struct fx_device *d = device("power_1");
	const uint8_t pdu[5] = {4, 0, 0, 0, 1};
	struct bench b;
	struct error err;
	uint8_t reply[256];
	int64_t delay_ns;

	(void)state;
	start(&b, true);
	assert_int_equal(world_bus_fault(b.w, "power_1:dead", &err), 0);
	assert_int_equal(ask(&b, d, pdu, 5, reply), 0);
	assert_int_equal(world_bus_fault(b.w, "power_1:none", &err), 0);
	assert_int_equal(world_bus_fault(b.w, "power_1:late=0.7", &err), 0);
	assert_true(world_modbus(b.w, d->bus, (uint8_t)d->unit_id, pdu, 5, reply, 256, &delay_ns) >
		    0);
	assert_true(delay_ns >= 700 * NS_PER_MS && delay_ns < 750 * NS_PER_MS);
	assert_int_equal(world_bus_fault(b.w, "power_9:dead", &err), ERR_NOT_FOUND);
	assert_int_equal(world_bus_fault(b.w, "power_1:lame", &err), ERR_SYNTAX);
	assert_int_equal(world_bus_fault(b.w, "power_1", &err), ERR_SYNTAX);
	world_free(b.w);
}

static void garbage_never_makes_a_device_say_more_than_it_may(void **state)
{
	struct rng rng = {99};
	struct bench b;
	uint8_t pdu[260], reply[256];

	(void)state;
	start(&b, true);
	for (int i = 0; i < 20000; i++) {
		const struct fx_device *d =
			&fixture->devices[rng_next(&rng) % (unsigned)fixture->device_count];
		size_t n = rng_next(&rng) % 20;

		for (size_t k = 0; k < n; k++)
			pdu[k] = (uint8_t)(rng_next(&rng) % (k == 0 ? 20 : k % 2 ? 3 : 256));
		assert_true(ask(&b, d, pdu, n, reply) <= 253);
	}
	world_free(b.w);
}

static void lines_and_scanner_speak(void **state)
{
	const struct fx_channel *c = &fixture->channels[fixture_channel(fixture, 0, "estop")];
	int bus = fixture->devices[c->device].bus, scanner = fixture->bays[0].scanner;
	struct bench b;
	struct error err;
	uint8_t bytes[64];

	(void)state;
	start(&b, true);
	assert_int_equal(world_gpio_get(b.w, bus, "estop"), 0);
	assert_int_equal(world_fault(b.w, "estop", b.now_ns, &err), 0);
	assert_int_equal(world_gpio_get(b.w, bus, "estop"), 1);
	world_gpio_set(b.w, bus, "red_1", 1);
	assert_true(world_output(b.w, fixture_output(fixture, 0, "lamp_red"), NULL) == 1);
	world_scan(b.w, 0, "T-1001");
	assert_int_equal(world_serial_read(b.w, fixture->devices[scanner].bus, bytes, 64), 8);
	assert_memory_equal(bytes, "T-1001\r\n", 8);
	assert_int_equal(world_serial_read(b.w, fixture->devices[scanner].bus, bytes, 64), 0);
	world_free(b.w);
}

static void frozen_probe_repeats_its_last_word(void **state)
{
	int c = fixture_channel(fixture, 0, "feed_conductivity");
	struct bench b;
	struct error err;
	double first;
	int changes = 0;

	(void)state;
	start(&b, true);
	produce(&b);
	pass(&b, 20);
	first = sensor_point(b.w, c);
	for (int i = 0; i < 30; i++) {
		pass(&b, 1);
		changes += sensor_point(b.w, c) != first;
	}
	assert_true(changes > 20);
	assert_int_equal(world_fault(b.w, "1:rig_feed_probe_frozen", b.now_ns, &err), 0);
	pass(&b, 1);
	first = sensor_point(b.w, c);
	for (int i = 0; i < 30; i++) {
		pass(&b, 1);
		assert_true(sensor_point(b.w, c) == first);
	}
	world_free(b.w);
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
		cmocka_unit_test(drivers_decode_every_register_channel_to_the_truth),
		cmocka_unit_test(counters_and_pulses_carry_the_volume),
		cmocka_unit_test(relay_board_sets_reads_toggles_and_refuses),
		cmocka_unit_test(identities_are_as_the_drivers_want_them),
		cmocka_unit_test(written_setpoint_reads_back_and_is_in_force),
		cmocka_unit_test(every_device_says_that_it_is_simulated),
		cmocka_unit_test(dead_device_is_silent_and_late_one_says_how_late),
		cmocka_unit_test(garbage_never_makes_a_device_say_more_than_it_may),
		cmocka_unit_test(lines_and_scanner_speak),
		cmocka_unit_test(frozen_probe_repeats_its_last_word),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
