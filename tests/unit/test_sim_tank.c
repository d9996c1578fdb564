/* SPDX-License-Identifier: MIT
 *
 * The simulated 75 GPD unit and its tank, against the domain's table.
 */
#include "sim_unit_bench.h"

#define NONE ((double)NAN)

/* 75 GPD with a tank: Qp, Qc, Pm and Cp of the table; NONE where it gives none. */
static void unit_with_a_tank_stands_at_the_points_of_the_table(void **state)
{
	static const struct {
		const char *name;
		double tear, permeability, restrictor;
		bool pump_dead, flush_open;
		double qp, qc, pm, cp, amp;
	} rows[] = {
		{"healthy", 0, 1, 1, false, false, 0.240, 0.56, 0.51, 6, 0.7},
		{"torn", 0.03, 1, 1, false, false, NONE, NONE, NONE, 31, NONE},
		{"fouled", 0, 0.6, 1, false, false, 0.165, NONE, NONE, NONE, NONE},
		{"pump dead", 0, 1, 1, true, false, 0.095, NONE, NONE, NONE, 0},
		{"restrictor x2", 0, 1, 2, false, false, 0.125, 0.82, 0.28, NONE, NONE},
		{"flush open", 0, 1, 1, false, true, 0.009, NONE, NONE, NONE, NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		setup_model(&b, "RO75", healthy());
		b.u.faults.tear = rows[i].tear;
		b.u.faults.permeability = rows[i].permeability;
		b.u.faults.restrictor = rows[i].restrictor;
		b.u.faults.pump_dead = rows[i].pump_dead;
		b.u.faults.flush_open = rows[i].flush_open;
		run_for(&b, 1200);
		print_message("75G %s: Qp %.3f Qc %.2f Cp %.1f Pm %.2f I %.2f\n", rows[i].name,
			      b.h.q_membrane, b.h.q_drain, b.u.c_out, b.h.p[HYDRO_HIGH],
			      b.u.pump_a);
		if (!isnan(rows[i].qp))
			assert_within(b.h.q_membrane, rows[i].qp, i ? 0.10 : 0.05, 0.003);
		if (!isnan(rows[i].qc))
			assert_within(b.h.q_drain, rows[i].qc, 0.05, 0);
		if (!isnan(rows[i].pm))
			assert_within(b.h.p[HYDRO_HIGH], rows[i].pm, 0.05, 0);
		if (!isnan(rows[i].cp))
			assert_within(b.u.c_out, rows[i].cp, i ? 0.10 : 0.05, 0);
		if (!isnan(rows[i].amp))
			assert_within(b.u.pump_a, rows[i].amp, 0.05, 0);
	}
}

static void tank_shows_its_precharge_and_volume(void **state)
{
	struct bench b;

	(void)state;
	setup_model(&b, "RO75", healthy());
	assert_within(ro_unit_tank_precharge_mpa(&b.u), 0.05, 0, 1e-9);
	assert_within(ro_unit_tank_usable_l(&b.u), 6.3, 0.01, 0);
	b.u.faults.bladder = 0.1;
	assert_true(ro_unit_tank_usable_l(&b.u) < 1);
	setup(&b, healthy());
	assert_true(isnan(ro_unit_tank_precharge_mpa(&b.u)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_with_a_tank_stands_at_the_points_of_the_table),
		cmocka_unit_test(tank_shows_its_precharge_and_volume),
	};

	return cmocka_run_group_tests_name("sim_tank", tests, NULL, NULL);
}
