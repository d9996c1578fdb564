/* SPDX-License-Identifier: MIT
 *
 * The pressures' solver: whatever is opened, shut, clogged, torn or switched off from one step to the next,
 * water is neither made nor lost.
 */
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/hydro.h"
#include "sim/rng.h"

enum { STORIES = 400, STEPS = 100 };

static double between(struct rng *r, double lo, double hi)
{
	return lo + (hi - lo) * rng_uniform(r);
}

static bool chance(struct rng *r, double share)
{
	return rng_uniform(r) < share;
}

static double valve(struct rng *r, double k)
{
	return chance(r, 0.5) ? 0 : chance(r, 0.8) ? k : k * rng_uniform(r);
}

/* A plant as no bench would be run: every part in any state. */
static void any_plant(struct rng *r, struct hydro_in *in)
{
	*in = (struct hydro_in){
		.p_supply = chance(r, 0.3) ? 0 : between(r, 0, 0.5),
		.g_supply = valve(r, 900),
		.k_vent = valve(r, 9),
		.k_cross = valve(r, 5),
		.k_outlet = valve(r, 22),
		.k_tank = valve(r, 12),
		.p_tank = between(r, 0.05, 0.4),
		.k_drain = valve(r, 30),
		.compliance = {0.015, 0.003, 0.05, 0.24},
		.inlet = chance(r, 0.3)	  ? 0
			 : chance(r, 0.8) ? 1
					  : rng_uniform(r),
		.clog = chance(r, 0.7) ? 1 : between(r, 1, 100),
		.k1 = 0.0081,
		.k2 = 0.0013,
		.spin = chance(r, 0.4)	 ? 0
			: chance(r, 0.8) ? 1
					 : rng_uniform(r),
		.q0 = chance(r, 0.5) ? 3.23 : 0.99,
		.slip = 1.44,
		.wear = between(r, 0.05, 1),
		.bypass_mpa = 0.88,
		.permeability = between(r, 0.02, 5),
		.osmotic_mpa = between(r, 0, 0.1),
		.channel_drop_mpa = between(r, 0, 0.05),
		.k_tear = chance(r, 0.7) ? 0 : between(r, 0, 2),
		.k_check_leak = chance(r, 0.7) ? 0 : between(r, 0, 3),
		.k_tray = chance(r, 0.7) ? 0 : between(r, 0, 5),
		.k_restrictor = between(r, 0.01, 13),
	};
}

/* How far off what a node gained is from what flowed into it, L/min. A node held at its floor (cavitation) takes
 * what comes. */
static double imbalance(const double *before, const struct hydro *h, const struct hydro_in *in,
			double dt_s)
{
	double into[HYDRO_NODES], worst = 0;

	into[HYDRO_FEED] = h->q_supply - h->q_vent - h->q_cross - h->q_inlet;
	into[HYDRO_PRE] = h->q_inlet - h->q_pump;
	into[HYDRO_HIGH] = h->q_pump - h->q_membrane - h->q_drain - h->q_tray;
	into[HYDRO_PERMEATE] = h->q_membrane + h->q_cross - h->q_outlet - h->q_tank;
	for (int i = 0; i < HYDRO_NODES; i++) {
		double gained = in->compliance[i] * (h->p[i] - before[i]) * 60 / dt_s;

		assert_true(isfinite(h->p[i]));
		assert_true(h->p[i] >= -0.02 && h->p[i] < 3);
		if (h->p[i] > -0.02 + 1e-9)
			worst = fmax(worst, fabs(gained - into[i]));
	}
	return worst;
}

/* The finest flow meter tells 0.006 L/min. Where a check valve or the starved pump stands just at its corner, one
 * step in ten thousand may be off by more, for that step. */
static void no_change_of_the_plant_makes_or_loses_water(void **state)
{
	static const double lengths[] = {0.001, 0.01, 0.02, 0.1, 1};
	struct rng r;

	int off = 0;

	(void)state;
	r = (struct rng){20261122};
	for (int story = 0; story < STORIES; story++) {
		struct hydro h = {0};
		struct hydro_in in;

		for (int n = 0; n < STEPS; n++) {
			double before[HYDRO_NODES], dt_s = lengths[rng_next(&r) % 5], worst;

			if (n % 5 == 0)
				any_plant(&r, &in);
			memcpy(before, h.p, sizeof(before));
			hydro_step(&h, &in, dt_s);
			worst = imbalance(before, &h, &in, dt_s);
			off += worst > 0.005;
			assert_true(worst < 0.1);
		}
	}
	assert_true(off <= STORIES * STEPS / 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_change_of_the_plant_makes_or_loses_water),
	};

	return cmocka_run_group_tests_name("hydro", tests, NULL, NULL);
}
