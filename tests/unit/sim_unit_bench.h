/* SPDX-License-Identifier: MIT
 *
 * A unit alone, with feed, open outlet and drain as a test wants them. Static: include it in a test program.
 */
#ifndef TESTS_UNIT_SIM_UNIT_BENCH_H
#define TESTS_UNIT_SIM_UNIT_BENCH_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/ro_unit.h"

struct bench {
	struct ro_unit u;
	struct hydro h;
	double feed_mpa, outlet, drain;
	double qp_mean, pump_share; /* over the last run_for */
};

static inline void setup_model(struct bench *b, const char *model, struct ro_faults faults)
{
	memset(b, 0, sizeof(*b));
	ro_unit_init(&b->u, ro_unit_params_find(model), 25);
	b->u.faults = faults;
	b->feed_mpa = 0.25;
	b->outlet = 16;
	b->drain = 30;
	ro_unit_power(&b->u, true);
}

static inline void setup(struct bench *b, struct ro_faults faults)
{
	setup_model(b, "RO600", faults);
}

static inline void run_for(struct bench *b, double seconds)
{
	const double dt = 0.01;
	int n = (int)(seconds / dt + 0.5);

	b->qp_mean = b->pump_share = 0;
	for (int i = 0; i < n; i++) {
		struct hydro_in in = {.p_supply = b->feed_mpa,
				      .g_supply = 5000,
				      .k_outlet = b->outlet,
				      .k_drain = b->drain,
				      .compliance = {0.015, 0.003, 0.05, 0.24}};

		ro_unit_board(&b->u, &b->h, dt);
		ro_unit_hydro(&b->u, &b->h, &in);
		hydro_step(&b->h, &in, dt);
		ro_unit_water(&b->u, &b->h, 250, 25, dt);
		b->qp_mean += b->h.q_membrane / n;
		b->pump_share += (b->u.pump_on ? 1.0 : 0.0) / n;
	}
}

static inline void assert_within(double value, double expected, double rel, double abs)
{
	if (fabs(value - expected) > fmax(rel * fabs(expected), abs))
		fail_msg("is %g, expected %g", value, expected);
}

static inline struct ro_faults healthy(void)
{
	return ro_unit_faults_none();
}

#endif
