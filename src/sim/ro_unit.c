/* SPDX-License-Identifier: MIT
 *
 * Hydraulics, water and electricity of the unit; its control board is in board.c.
 */
#include "sim/ro_unit.h"

#include <math.h>
#include <string.h>

const double UNIT_ADAPTER_EFFICIENCY = 0.87, UNIT_ADAPTER_IDLE_W = 0.3, UNIT_BOARD_W = 0.5,
	     UNIT_VALVE_W = 0.9;

/* Fitted to plausible operating points of each class at 0.25 MPa, 25 degC, 250 mg/L NaCl. */
static const struct ro_params classes[] = {
	{"600", 2.57, 0.050, 1.29, 3.23, 1.44, 1.82, 0.50, 0.02, 0, 0},
	{"400", 1.71, 0.033, 1.24, 2.40, 1.20, 1.46, 0.50, 0.02, 0, 0},
	{"800", 3.42, 0.066, 1.41, 4.14, 1.73, 2.26, 0.50, 0.02, 0, 0},
	{"75", 0.504, 0.0042, 0.79, 0.99, 0.66, 0.68, 0.29, 0.02, 11, 0.05},
};

const struct ro_params *ro_unit_params_find(const char *model_code)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strstr(model_code, classes[i].code))
			return &classes[i];
	return NULL;
}

struct ro_faults ro_unit_faults_none(void)
{
	return (struct ro_faults){.permeability = 1,
				  .salt_passage = 1,
				  .clog = 1,
				  .wear = 1,
				  .restrictor = 1,
				  .display = 1,
				  .precharge = 1,
				  .bladder = 1};
}

double ro_unit_tank_precharge_mpa(const struct ro_unit *u)
{
	return u->params->tank_l > 0 ? u->params->tank_mpa * u->faults.precharge : (double)NAN;
}

/* What it takes from empty to full, by Boyle; a torn bladder has let most of the air go. */
double ro_unit_tank_usable_l(const struct ro_unit *u)
{
	const double atmosphere = 0.1, full = 0.25;
	double air = ro_unit_tank_precharge_mpa(u) + atmosphere;

	return u->params->tank_l * u->faults.bladder * (1 - air / (full + atmosphere));
}

void ro_unit_init(struct ro_unit *u, const struct ro_params *params, double body_c)
{
	memset(u, 0, sizeof(*u));
	u->params = params;
	u->faults = ro_unit_faults_none();
	u->body_c = body_c;
	u->tcf_at_c = -1000;
	u->c_wall = u->c_feed_side = 250;
	/* it stood since it was last used: salt has crept through */
	u->c_near = 90;
	u->c_out = 60;
	u->display_tds = 0;
}

/* Permeability and salt passage at the membrane's temperature (exponentials of 1/T). */
static void temperature_factors(struct ro_unit *u)
{
	double inv = 1 / 298.15 - 1 / (273.15 + u->body_c);

	if (fabs(u->body_c - u->tcf_at_c) < 0.002)
		return;
	u->tcf_at_c = u->body_c;
	u->tcf = exp((u->body_c >= 25 ? 2640 : 3020) * inv);
	u->salt_factor = exp(4000 * inv);
}

void ro_unit_hydro(struct ro_unit *u, const struct hydro *h, struct hydro_in *in)
{
	const struct ro_params *p = u->params;
	const struct ro_faults *f = &u->faults;
	double mean = (fmax(h->q_pump, 0) + h->q_drain) / 2 / p->rated_feed_mean;

	temperature_factors(u);
	in->inlet = f->inlet > 0 ? 1 : f->inlet < 0 ? 0 : u->inlet;
	in->clog = f->clog;
	in->k1 = 0.0081;
	in->k2 = 0.0013;
	in->spin = f->pump_dead ? 0 : u->spin;
	in->q0 = p->q0;
	in->slip = p->slip;
	in->wear = f->wear;
	in->bypass_mpa = 0.88;
	in->permeability = p->permeability * f->permeability * u->tcf;
	in->osmotic_mpa = 7.7e-5 * u->c_wall;
	in->channel_drop_mpa = 0.02 * mean * sqrt(mean);
	in->k_tear = f->tear;
	in->k_check_leak = f->check_leak;
	in->k_tray = f->tray;
	in->k_restrictor = p->restrictor * f->restrictor * (1 + 5 * (f->flush_open ? 1 : u->flush));
	if (f->blocked_mpa > 0) {
		double k = 1.22 / sqrt(f->blocked_mpa);

		if (in->k_outlet > 0)
			in->k_outlet = in->k_outlet * k / hypot(in->k_outlet, k);
		if (in->k_tank > 0)
			in->k_tank = in->k_tank * k / hypot(in->k_tank, k);
	}
}

/* Move *c towards target; volume_l of it is renewed by q L/min. */
static void mix(double *c, double target, double q, double volume_l, double dt_s)
{
	double k = q * dt_s / (60 * volume_l);

	*c += (target - *c) * k / (1 + k);
}

static void salt(struct ro_unit *u, const struct hydro *h, double feed_tds, double dt_s)
{
	double bs = u->params->salt_passage * u->faults.salt_passage * u->salt_factor;
	double leak = h->q_leak, through = fmax(h->q_membrane - leak, 0), q = through + leak;
	double fed = q + h->q_drain;

	if (fed > 0.01) {
		double y = fmin(q / fed, 0.95);
		double mean = y > 1e-4 ? -feed_tds * log1p(-y) / y : feed_tds;

		mix(&u->c_feed_side, mean, fed, 0.25, dt_s);
		mix(&u->c_wall, mean * exp(0.7 * y), fed, 0.25, dt_s);
	}
	if (q > 0.005) {
		double cp = (through * bs * u->c_wall / (through + bs) + leak * u->c_feed_side) / q;

		mix(&u->c_near, cp, q, 0.10, dt_s);
		mix(&u->c_out, u->c_near, q, 0.35, dt_s);
	} else {
		/* standing water: salt creeps through the membrane */
		mix(&u->c_near, u->c_feed_side, bs, 0.10, dt_s);
	}
}

static void electricity(struct ro_unit *u, const struct hydro *h)
{
	double low_w = 0;

	u->pump_a = 0;
	u->mains_w = 0;
	if (!u->powered)
		return;
	if (u->pump_on && !u->faults.pump_dead) {
		double head = fmax(h->p[HYDRO_HIGH] - h->p[HYDRO_PRE], 0);

		u->pump_a = u->params->pump_idle_a + 16.7 * u->params->q0 * head / (0.45 * 24);
		if (h->p[HYDRO_PRE] < 0 && h->q_inlet < 0.1)
			u->pump_a += 0.3; /* dry: it knocks on air */
		if (u->pump_s < 0.05)
			u->pump_a *= 3;
	}
	low_w = UNIT_BOARD_W + UNIT_VALVE_W * ((u->inlet_on ? 1 : 0) + (u->flush_on ? 1 : 0)) +
		24 * u->pump_a;
	u->mains_w = UNIT_ADAPTER_IDLE_W + low_w / UNIT_ADAPTER_EFFICIENCY;
}

void ro_unit_water(struct ro_unit *u, const struct hydro *h, double feed_tds, double feed_c,
		   double dt_s)
{
	double through = fmax(h->q_inlet, 0);

	salt(u, h, feed_tds, dt_s);
	/* the body takes the water's temperature within some 4 minutes of full flow */
	u->body_c += (feed_c - u->body_c) * dt_s * through / (2.6 * 240 + dt_s * through);
	electricity(u, h);
	u->display_s += dt_s;
	if (!u->powered) {
		u->display_tds = 0;
	} else if (u->display_s >= 1) {
		u->display_s = 0;
		u->display_tds =
			round(u->c_out * u->faults.display * (1 + u->params->display_error));
	}
}
