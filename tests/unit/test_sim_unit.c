/* SPDX-License-Identifier: MIT
 *
 * The simulated unit's operating point and the signatures of its faults, against the table of the
 * domain's physics (Qp, Qc, recovery, Cp, Pm, pump inlet pressure, pump current).
 */
#include "sim_unit_bench.h"

static double recovery(const struct bench *b)
{
	return 100 * b->h.q_membrane / (b->h.q_membrane + b->h.q_drain);
}

static void nominal_point_is_within_5_percent_of_the_table(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, ro_unit_faults_none());
	run_for(&b, 200);
	assert_within(b.h.q_membrane, 1.56, 0.05, 0);
	assert_within(b.h.q_drain, 1.04, 0.05, 0);
	assert_within(recovery(&b), 60, 0.05, 0);
	assert_within(b.u.c_out, 18, 0.05, 0);
	assert_within(b.h.p[HYDRO_HIGH], 0.66, 0.05, 0);
	assert_within(b.h.p[HYDRO_PRE], 0.22, 0.05, 0);
	assert_within(b.u.pump_a, 2.7, 0.05, 0);
	assert_within(b.u.mains_w * UNIT_ADAPTER_EFFICIENCY / 24, 2.7, 0.05, 0);
	assert_int_equal(b.u.pump_starts, 1);
}

/* A row of the table; NAN: not given. */
struct signature {
	const char *name;
	struct ro_faults faults;
	double qp, qc, y, cp, pm, pre, amp;
};

static void check(const struct signature *s)
{
	struct bench b;

	setup(&b, s->faults);
	run_for(&b, 200);
	print_message("%s: Qp %.2f Qc %.2f Y %.0f Cp %.0f Pm %.2f Ppre %.3f I %.2f\n", s->name,
		      b.h.q_membrane, b.h.q_drain, recovery(&b), b.u.c_out, b.h.p[HYDRO_HIGH],
		      b.h.p[HYDRO_PRE], b.u.pump_a);
	assert_within(b.h.q_membrane, s->qp, 0.10, 0.03);
	assert_within(b.h.q_drain, s->qc, 0.10, 0.03);
	assert_within(recovery(&b), s->y, 0.05, 1);
	assert_within(b.u.c_out, s->cp, 0.10, 1);
	assert_within(b.h.p[HYDRO_HIGH], s->pm, 0.10, 0.01);
	assert_within(b.h.p[HYDRO_PRE], s->pre, 0.10, 0.012);
	assert_within(b.u.pump_a, s->amp, 0.10, 0.1);
}

static void each_fault_shows_its_signature(void **state)
{
	struct signature rows[16];
	int n = 0;

	(void)state;
#define ROW(label, field, value, ...)                                                              \
	do {                                                                                       \
		rows[n] = (struct signature){label, healthy(), __VA_ARGS__};                       \
		rows[n++].faults.field = value;                                                    \
	} while (0)
	ROW("torn membrane", tear, 0.25, 1.65, 1.01, 62, 64, 0.62, 0.22, 2.5);
	ROW("oxidised membrane", permeability, 1.4, 1.79, 0.95, 65, 78, 0.55, 0.22, 2.2);
	rows[n - 1].faults.salt_passage = 5;
	ROW("fouled membrane", permeability, 0.6, 1.20, 1.16, 51, 20, 0.82, 0.22, 3.5);
	ROW("prefilter x6", clog, 6, 1.46, 1.01, 59, 19, 0.62, 0.08, 3.2);
	ROW("prefilter x15", clog, 15, 0.85, 0.78, 52, 28, 0.37, 0, 2.4);
	rows[n - 1].faults.lps = 1; /* the point it would have without the switch's chatter */
	ROW("worn pump", wear, 0.6, 0.90, 0.80, 53, 27, 0.39, 0.23, 1.3);
	ROW("dead pump", pump_dead, true, 0.47, 0.60, 44, 43, 0.22, 0.24, 0);
	ROW("restrictor clogged", restrictor, 0.5, 1.85, 0.57, 76, 21, 0.79, 0.22, 3.3);
	ROW("restrictor wrong", restrictor, 2, 1.11, 1.76, 39, 18, 0.47, 0.22, 1.8);
	ROW("flush valve open", flush_open, true, 0.29, 2.94, 9, 41, 0.15, 0.21, 0.5);
	ROW("permeate blocked", blocked_mpa, 0.3, 1.22, 1.16, 51, 20, 0.82, 0.22, 3.5);
	rows[n - 1].faults.hps = 1; /* a healthy switch would cycle */
	ROW("external leak", tray, 0.98, 1.19, 0.91, 57, 22, 0.51, 0.22, 2.0);
#undef ROW
	for (int i = 0; i < n; i++)
		check(&rows[i]);
}

static void prefilter_far_clogged_makes_the_low_pressure_switch_chatter(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.clog = 15;
	run_for(&b, 20);
	b.u.pump_starts = 0;
	run_for(&b, 60);
	assert_true(b.u.pump_starts > 10);
	assert_true(b.qp_mean < 0.85);
}

static void blocked_permeate_makes_a_healthy_high_pressure_switch_cycle(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.blocked_mpa = 0.3;
	run_for(&b, 30);
	b.u.pump_starts = 0;
	run_for(&b, 60);
	assert_true(b.u.pump_starts > 5);
	assert_true(b.qp_mean < 1.3);
}

static void unit_flushes_18_seconds_at_power_on(void **state)
{
	struct bench b;
	double first = -1, last = -1;

	(void)state;
	setup(&b, healthy());
	for (int i = 0; i < 400; i++) {
		run_for(&b, 0.1);
		if (b.u.flush > 0.5) {
			first = first < 0 ? i * 0.1 : first;
			last = i * 0.1;
			if (i == 100)
				assert_true(b.h.q_drain > 2 * 1.04);
		}
	}
	assert_within(last - first, 18, 0.02, 0);
}

static void closed_outlet_stops_the_unit_and_holds(void **state)
{
	struct bench b;
	int starts;

	(void)state;
	setup(&b, healthy());
	run_for(&b, 60);
	b.outlet = 0;
	run_for(&b, 3);
	assert_false(b.u.pump_on);
	assert_true(b.u.full);
	assert_true(b.h.p[HYDRO_PERMEATE] > 0.20 && b.h.p[HYDRO_PERMEATE] < 0.35);
	starts = b.u.pump_starts;
	run_for(&b, 12);
	assert_true(b.h.q_drain < 0.02);
	run_for(&b, 120);
	assert_int_equal(b.u.pump_starts, starts);
	b.outlet = 16;
	run_for(&b, 5);
	assert_int_equal(b.u.pump_starts, starts + 1);
}

static void leaking_check_valve_restarts_within_a_minute(void **state)
{
	struct bench b;
	int starts;

	(void)state;
	setup(&b, healthy());
	b.u.faults.check_leak = 0.15;
	run_for(&b, 60);
	b.outlet = 0;
	run_for(&b, 5);
	starts = b.u.pump_starts;
	run_for(&b, 60);
	assert_true(b.u.pump_starts > starts);
}

static void stuck_high_pressure_switch_never_stops(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.hps = 1;
	run_for(&b, 60);
	b.outlet = 0;
	run_for(&b, 20);
	assert_true(b.u.pump_on);
	assert_true(b.h.p[HYDRO_PERMEATE] > 0.45);
}

static void stuck_open_switches_never_start_the_pump(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.hps = -1;
	run_for(&b, 60);
	assert_int_equal(b.u.pump_starts, 0);
	assert_true(b.u.pump_a == 0 && b.h.q_membrane < 0.01);
	setup(&b, healthy());
	b.u.faults.lps = -1;
	run_for(&b, 60);
	assert_int_equal(b.u.pump_starts, 0);
	assert_true(b.u.pump_a == 0 && b.h.q_membrane < 0.6);
}

static void inlet_valve_stuck_shut_gives_no_water(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.inlet = -1;
	run_for(&b, 60);
	assert_true(b.h.q_membrane < 0.01 && b.h.q_drain < 0.01);
	assert_true(b.u.short_of_water);
}

static void inlet_valve_stuck_open_drains_after_the_stop(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	b.u.faults.inlet = 1;
	run_for(&b, 60);
	ro_unit_power(&b.u, false);
	run_for(&b, 60);
	assert_true(b.h.q_drain > 0.2);
	setup(&b, healthy());
	run_for(&b, 60);
	ro_unit_power(&b.u, false);
	run_for(&b, 60);
	assert_true(b.h.q_drain < 0.001);
}

/* The feed pressure at which the pump first stops while the pressure falls by 0.01 MPa/s. */
static double cut_out(struct ro_faults faults)
{
	struct bench b;

	setup(&b, faults);
	run_for(&b, 60);
	while (b.feed_mpa > 0 && b.u.pump_on) {
		b.feed_mpa = fmax(b.feed_mpa - 0.0005, 0);
		run_for(&b, 0.05);
	}
	run_for(&b, 12);
	return b.u.pump_on ? -1 : b.feed_mpa;
}

static void low_pressure_switch_stops_the_pump(void **state)
{
	struct ro_faults f = healthy();

	(void)state;
	assert_within(cut_out(f), 0.035, 0, 0.02);
	f.clog = 6;
	assert_true(cut_out(f) > 0.12);
	f = healthy();
	f.lps = 1;
	assert_true(cut_out(f) < 0);
}

static void cold_water_lowers_flow_and_recovery_and_raises_rejection(void **state)
{
	struct bench b;
	const double dt = 0.02;

	(void)state;
	setup(&b, healthy());
	b.u.body_c = 10;
	for (double t = 0; t < 200; t += dt) {
		struct hydro_in in = {.p_supply = 0.25,
				      .g_supply = 5000,
				      .k_outlet = 16,
				      .k_drain = 30,
				      .compliance = {0.015, 0.003, 0.05, 0.24}};

		ro_unit_board(&b.u, &b.h, dt);
		ro_unit_hydro(&b.u, &b.h, &in);
		hydro_step(&b.h, &in, dt);
		ro_unit_water(&b.u, &b.h, 250, 10, dt);
	}
	assert_within(b.h.q_membrane, 1.19, 0.05, 0);
	assert_within(recovery(&b), 50, 0.05, 0);
	assert_within(b.h.p[HYDRO_HIGH], 0.83, 0.05, 0);
	assert_within(100 * (1 - b.u.c_out / 250), 96, 0.01, 0);
}

static void wet_leak_sensor_shuts_the_inlet_within_5_seconds(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	run_for(&b, 60);
	b.u.sensor_wet = true;
	run_for(&b, 5);
	assert_true(b.u.inlet == 0);
	assert_false(b.u.pump_on);
	b.u.sensor_wet = false;
	run_for(&b, 20);
	assert_true(b.u.inlet == 0);
	ro_unit_power(&b.u, false);
	ro_unit_power(&b.u, true);
	run_for(&b, 30);
	assert_true(b.u.pump_on);
}

static void standing_water_makes_the_first_draw_salty(void **state)
{
	struct bench b;
	double steady;

	(void)state;
	setup(&b, healthy());
	run_for(&b, 120);
	steady = b.u.c_out;
	b.outlet = 0;
	run_for(&b, 300);
	b.outlet = 16;
	run_for(&b, 8);
	assert_true(b.u.c_out > 1.5 * steady);
	run_for(&b, 120);
	assert_within(b.u.c_out, steady, 0.05, 0);
}

static void display_shows_permeate_and_the_fault_its_factor(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, healthy());
	run_for(&b, 120);
	assert_within(b.u.display_tds, b.u.c_out, 0, 1);
	b.u.faults.display = 1.5;
	run_for(&b, 2);
	assert_within(b.u.display_tds, 1.5 * b.u.c_out, 0.05, 1);
}

static void long_steps_end_at_the_same_point(void **state)
{
	struct bench a, b;

	(void)state;
	setup(&a, healthy());
	run_for(&a, 120);
	b = a;
	for (int i = 0; i < 1000; i++) {
		struct hydro_in in = {.p_supply = 0.25,
				      .g_supply = 5000,
				      .k_outlet = 16,
				      .k_drain = 30,
				      .compliance = {0.015, 0.003, 0.05, 0.24}};

		ro_unit_board(&b.u, &b.h, 0.1);
		ro_unit_hydro(&b.u, &b.h, &in);
		hydro_step(&b.h, &in, 0.1);
		ro_unit_water(&b.u, &b.h, 250, 25, 0.1);
	}
	assert_within(b.h.q_membrane, a.h.q_membrane, 0.005, 0);
	assert_within(b.u.c_out, a.u.c_out, 0.01, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nominal_point_is_within_5_percent_of_the_table),
		cmocka_unit_test(each_fault_shows_its_signature),
		cmocka_unit_test(prefilter_far_clogged_makes_the_low_pressure_switch_chatter),
		cmocka_unit_test(blocked_permeate_makes_a_healthy_high_pressure_switch_cycle),
		cmocka_unit_test(unit_flushes_18_seconds_at_power_on),
		cmocka_unit_test(closed_outlet_stops_the_unit_and_holds),
		cmocka_unit_test(leaking_check_valve_restarts_within_a_minute),
		cmocka_unit_test(stuck_high_pressure_switch_never_stops),
		cmocka_unit_test(stuck_open_switches_never_start_the_pump),
		cmocka_unit_test(inlet_valve_stuck_shut_gives_no_water),
		cmocka_unit_test(inlet_valve_stuck_open_drains_after_the_stop),
		cmocka_unit_test(low_pressure_switch_stops_the_pump),
		cmocka_unit_test(cold_water_lowers_flow_and_recovery_and_raises_rejection),
		cmocka_unit_test(wet_leak_sensor_shuts_the_inlet_within_5_seconds),
		cmocka_unit_test(standing_water_makes_the_first_draw_salty),
		cmocka_unit_test(display_shows_permeate_and_the_fault_its_factor),
		cmocka_unit_test(long_steps_end_at_the_same_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
