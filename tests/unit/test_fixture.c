/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "plan_files.h"

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g is not %.12g", value, expected);
}

static const struct fx_channel *channel(const struct fixture *f, int bay, const char *name)
{
	int i = fixture_channel(f, bay, name);

	assert_true(i >= 0);
	return &f->channels[i];
}

static const struct fx_output *output(const struct fixture *f, int bay, const char *name)
{
	int i = fixture_output(f, bay, name);

	assert_true(i >= 0);
	return &f->outputs[i];
}

static void the_simulated_rig_has_two_bays_with_the_standard_names(void **state)
{
	struct fixture *f = good_fixture(NULL);
	int channels = 0, outputs = 0;
	const struct standard_name *c = standard_channels(&channels);
	const struct standard_name *o = standard_outputs(&outputs);

	(void)state;
	assert_true(f->simulated);
	assert_int_equal(f->bay_count, 2);
	for (int bay = 0; bay < 2; bay++) {
		for (int i = 0; i < channels; i++)
			assert_int_equal(channel(f, bay, c[i].name)->quantity, c[i].quantity);
		for (int i = 0; i < outputs; i++)
			assert_int_equal(output(f, bay, o[i].name)->quantity, o[i].quantity);
		assert_true(f->bays[bay].scanner >= 0);
	}
	fixture_free(f);
}

static void at_speed_stale_limits_have_a_floor_in_wire_time(void **state)
{
	struct fixture *f = good_fixture(NULL), *fast = good_fixture(NULL),
		       *slow = good_fixture(NULL);

	(void)state;
	fixture_at_speed(slow, 1);
	fixture_at_speed(fast, 2);
	for (int i = 0; i < f->channel_count; i++) {
		int64_t own = f->channels[i].stale_ns, four_s = INT64_C(4000000000);

		assert_int_equal(slow->channels[i].stale_ns, own);
		assert_int_equal(fast->channels[i].stale_ns, own > four_s ? own : four_s);
	}
	fixture_at_speed(fast, 20);
	assert_int_equal(channel(fast, 0, "feed_pressure")->stale_ns, INT64_C(40000000000));
	fixture_free(f);
	fixture_free(fast);
	fixture_free(slow);
}

static void shared_points_are_one_and_others_each_bays_own(void **state)
{
	struct fixture *f = good_fixture(NULL);

	(void)state;
	assert_int_equal(fixture_channel(f, 0, "estop"), fixture_channel(f, 1, "estop"));
	assert_int_equal(fixture_output(f, 0, "supply_pump"), fixture_output(f, 1, "supply_pump"));
	assert_true(fixture_channel(f, 0, "feed_flow") != fixture_channel(f, 1, "feed_flow"));
	assert_int_equal(fixture_channel(f, 0, "no_such"), -1);
	assert_int_equal(fixture_channel(f, 2, "feed_flow"), -1);
	assert_int_equal(fixture_bay(f, "2"), 1);
	assert_int_equal(fixture_bay(f, "3"), -1);
	fixture_free(f);
}

static void a_current_loop_becomes_a_pressure(void **state)
{
	struct fixture *f = good_fixture(NULL);
	const struct fx_channel *c = channel(f, 0, "feed_pressure");

	(void)state;
	assert_string_equal(c->point_unit->name, "mA");
	assert_near(c->gain * 4 + c->offset, 0, 1e-12);
	assert_near(c->gain * 20 + c->offset, 1, 1e-12);
	assert_near(c->gain * 12 + c->offset, 0.5, 1e-12);
	assert_near(c->range_lo, -0.0125, 1e-12);
	assert_near(c->uncertainty_abs, 0.0015, 1e-12);
	assert_int_equal(c->poll_ns, 200000000);
	assert_int_equal(c->update_ns, c->poll_ns);
	assert_int_equal(c->calibration.revision, 1);
	assert_near(c->calibration.gain, 1, 0);
	fixture_free(f);
}

static void differences_of_temperature_are_kelvin_and_levels_celsius(void **state)
{
	struct fixture *f = good_fixture(NULL);
	const struct fx_channel *c = channel(f, 0, "feed_temperature");

	(void)state;
	assert_near(c->resolution, 0.01, 1e-12);
	assert_near(c->uncertainty_abs, 0.15, 1e-12);
	assert_near(c->range_lo, 0, 1e-9);
	assert_near(c->range_hi, 60, 1e-9);
	assert_null(c->point_unit);
	fixture_free(f);
}

static void uncertainty_takes_an_absolute_and_a_relative_part(void **state)
{
	struct fixture *f = good_fixture(NULL);
	const struct fx_channel *c = channel(f, 1, "permeate_flow");

	(void)state;
	assert_near(c->uncertainty_abs, 0.003, 1e-12);
	assert_near(c->uncertainty_rel, 0.005, 1e-12);
	assert_int_equal(c->scale, FX_SCALE_COUNTER);
	c = channel(f, 1, "unit_voltage");
	assert_near(c->uncertainty_abs, 0, 0);
	assert_near(c->uncertainty_rel, 0.005, 1e-12);
	fixture_free(f);
}

static void normally_open_valves_are_safe_open(void **state)
{
	struct fixture *f = good_fixture(NULL);
	const struct fx_output *vent = output(f, 0, "feed_vent");
	const struct fx_output *valve = output(f, 0, "feed_valve");
	const struct fx_output *regulator = output(f, 0, "regulator");

	(void)state;
	assert_true(vent->inverted);
	assert_near(vent->safe, 1, 0);
	assert_false(valve->inverted);
	assert_near(valve->safe, 0, 0);
	assert_true(valve->trips);
	assert_false(output(f, 0, "lamp_red")->trips);
	assert_false(f->outputs[f->dead_man].trips);
	assert_near(regulator->max, 0.4, 1e-12);
	assert_int_equal(valve->max_on_ns, INT64_C(7200000000000));
	fixture_free(f);
}

static void values_of_outputs_are_read_and_shown(void **state)
{
	struct fixture *f = good_fixture(NULL);
	const struct fx_output *valve = output(f, 0, "feed_valve");
	const struct fx_output *pump = output(f, 0, "supply_pump");
	const struct fx_output *regulator = output(f, 0, "regulator");
	struct error err = {0};
	double v = 7;
	char text[40];

	(void)state;
	assert_int_equal(fixture_output_value(valve, "open", &v, &err), 0);
	assert_near(v, 1, 0);
	assert_int_equal(fixture_output_value(pump, "off", &v, &err), 0);
	assert_near(v, 0, 0);
	assert_int_equal(fixture_output_value(regulator, "250 kPa", &v, &err), 0);
	assert_near(v, 0.25, 1e-12);
	v = 7;
	assert_int_equal(fixture_output_value(valve, "on", &v, &err), ERR_TYPE);
	assert_int_equal(fixture_output_value(regulator, "0.5 MPa", &v, &err), ERR_RANGE);
	assert_true(fixture_output_value(regulator, "0.2", &v, &err) < 0);
	assert_true(fixture_output_value(regulator, "nan MPa", &v, &err) < 0);
	assert_near(v, 7, 0);
	fixture_output_text(regulator, 0.25, text, sizeof(text));
	assert_string_equal(text, "0.25 MPa");
	fixture_output_text(valve, 0, text, sizeof(text));
	assert_string_equal(text, "closed");
	fixture_output_text(pump, 1, text, sizeof(text));
	assert_string_equal(text, "on");
	fixture_free(f);
}

static void an_interlock_means_the_same_in_every_bay(void **state)
{
	struct fixture *f = good_fixture(NULL);
	int here = fixture_channel(f, 0, "feed_pressure");
	int there = fixture_channel(f, 1, "feed_pressure");

	(void)state;
	assert_int_equal(fixture_ref_for_bay(f, here, 1), there);
	assert_int_equal(fixture_ref_for_bay(f, here, 0), here);
	here = FIXTURE_OUTPUT_REF + fixture_output(f, 0, "feed_valve");
	there = FIXTURE_OUTPUT_REF + fixture_output(f, 1, "feed_valve");
	assert_int_equal(fixture_ref_for_bay(f, here, 1), there);
	assert_int_equal(fixture_ref_for_bay(f, 9999, 1), -1);
	assert_int_equal(fixture_ref_for_bay(f, FIXTURE_OUTPUT_REF + 999, 1), -1);
	fixture_free(f);
}

static void the_stop_sets_each_bays_outputs_in_order_and_waits(void **state)
{
	struct fixture *f = good_fixture(NULL);
	int64_t waits[2] = {0, 0};
	int seen[2] = {0, 0}, unit_power[2] = {-1, -1}, feed_valve[2] = {-1, -1};

	(void)state;
	for (int i = 0; i < f->stop_count; i++) {
		const struct fx_stop_step *s = &f->stop[i];
		assert_true(s->output >= 0);
		const struct fx_output *o = &f->outputs[s->output];
		assert_near(s->value, o->safe, 0);
		for (int bay = 0; bay < 2; bay++) {
			if (!(o->bays >> bay & 1))
				continue;
			waits[bay] += s->wait_ns;
			if (!strcmp(o->name, "unit_power_supply"))
				unit_power[bay] = seen[bay];
			if (!strcmp(o->name, "feed_valve"))
				feed_valve[bay] = seen[bay];
			seen[bay]++;
		}
	}
	for (int bay = 0; bay < 2; bay++) {
		assert_int_equal(waits[bay], INT64_C(3000000000));
		assert_int_equal(unit_power[bay], 0);
		assert_true(feed_valve[bay] > 0);
	}
	assert_int_equal(f->proof_count, 3);
	assert_int_equal(f->proof_within_ns, INT64_C(20000000000));
	fixture_free(f);
}

static void a_fixture_without_dead_man_and_supply_loads(void **state)
{
	static const char *const pairs[][2] = {{"dead_man: dead_man\n", ""},
					       {"supply: {capacity: 8 L/min, stagger: 3 s}\n", ""},
					       {NULL, NULL}};
	struct problems problems = {0};
	struct fixture *f = fixture_with(pairs, &problems);

	(void)state;
	assert_non_null(f);
	assert_int_equal(f->dead_man, -1);
	assert_near(f->supply_capacity, 0, 0);
	problems_release(&problems);
	fixture_free(f);
}

static void real_ports_are_not_simulated_unless_the_file_says_so(void **state)
{
	static const char *const pairs[][2] = {{"simulated: yes", "simulated: no"},
					       {"\"sim:io\"", "/dev/serial/by-path/a"},
					       {"\"sim:meters\"", "usb:1a86:55d3:A1"},
					       {"\"sim:tcp\"", "\"10.0.0.5:502\""},
					       {"\"sim:gpio\"", "gpio-main"},
					       {"\"sim:scan1\"", "/dev/serial/by-path/b"},
					       {"\"sim:scan2\"", "/dev/serial/by-path/c"},
					       {NULL, NULL}};
	static const char *const one[][2] = {{"simulated: yes", "simulated: no"}, {NULL, NULL}};
	struct fixture *f = good_fixture(pairs);

	(void)state;
	assert_false(f->simulated);
	fixture_free(f);
	f = good_fixture(one);
	assert_true(f->simulated);
	fixture_free(f);
}

static void the_hash_follows_every_byte(void **state)
{
	static const char *const pairs[][2] = {{"# The simulated rig", "# A simulated rig"},
					       {NULL, NULL}};
	struct fixture *a = good_fixture(NULL), *b = good_fixture(pairs), *c = good_fixture(NULL);

	(void)state;
	assert_memory_equal(a->hash, c->hash, sizeof(a->hash));
	assert_memory_not_equal(a->hash, b->hash, sizeof(a->hash));
	fixture_free(a);
	fixture_free(b);
	fixture_free(c);
}

static void a_file_that_is_not_there_is_a_problem(void **state)
{
	struct problems problems = {0};

	(void)state;
	assert_null(fixture_load("fixtures/none.yaml", &problems));
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.at[0].file, "fixtures/none.yaml");
	problems_release(&problems);
	fixture_free(NULL);
}

static void trip_classes_have_names(void **state)
{
	(void)state;
	for (int i = TRIP_ESTOP; i <= TRIP_OPERATOR; i++)
		assert_int_equal(trip_class_find(trip_class_name((enum trip_class)i)), i);
	assert_int_equal(trip_class_find("no"), -1);
}

static void run_types_have_names_both_ways(void **state)
{
	(void)state;
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		assert_int_equal(run_type_find(run_type_name((enum run_type)t)), t);
	assert_int_equal(run_type_find("none"), 0);
}

static void a_fixture_with_mistakes_is_a_draft_and_goes_nowhere(void **state)
{
	static const char text[] = "fixture: small\nbuses: {line: {kind: modbus_rtu}}\n";
	struct problems problems = {0};
	struct fixture *f = fixture_parse_draft("small.yaml", text, strlen(text), &problems);
	int count = problems.count;

	(void)state;
	assert_non_null(f);
	assert_true(f->draft && count > 0);
	assert_int_equal(f->bus_count, 1);
	fixture_free(f);
	assert_null(fixture_parse("small.yaml", text, strlen(text), &problems));
	assert_int_equal(problems.count, count); /* the same ones */
	assert_null(fixture_parse_draft("small.yaml", "a: [", 4, &problems));
	problems_release(&problems);
	f = fixture_load_draft("fixtures/sim.yaml", &problems);
	assert_non_null(f);
	assert_true(!f->draft && !problems.count);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_simulated_rig_has_two_bays_with_the_standard_names),
		cmocka_unit_test(at_speed_stale_limits_have_a_floor_in_wire_time),
		cmocka_unit_test(shared_points_are_one_and_others_each_bays_own),
		cmocka_unit_test(a_current_loop_becomes_a_pressure),
		cmocka_unit_test(differences_of_temperature_are_kelvin_and_levels_celsius),
		cmocka_unit_test(uncertainty_takes_an_absolute_and_a_relative_part),
		cmocka_unit_test(normally_open_valves_are_safe_open),
		cmocka_unit_test(values_of_outputs_are_read_and_shown),
		cmocka_unit_test(an_interlock_means_the_same_in_every_bay),
		cmocka_unit_test(the_stop_sets_each_bays_outputs_in_order_and_waits),
		cmocka_unit_test(a_fixture_without_dead_man_and_supply_loads),
		cmocka_unit_test(real_ports_are_not_simulated_unless_the_file_says_so),
		cmocka_unit_test(the_hash_follows_every_byte),
		cmocka_unit_test(a_file_that_is_not_there_is_a_problem),
		cmocka_unit_test(trip_classes_have_names),
		cmocka_unit_test(run_types_have_names_both_ways),
		cmocka_unit_test(a_fixture_with_mistakes_is_a_draft_and_goes_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
