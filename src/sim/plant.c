/* SPDX-License-Identifier: MIT
 *
 * Supply pump, regulators, valves and hoses of every bay, one step at a time.
 */
#include "sim/plant.h"

#include <math.h>
#include <string.h>

/* Conductances of open valves with their hoses, L/min/sqrt(MPa); supply hose L/min/MPa. */
static const double G_SUPPLY = 900, K_VENT = 9, K_CROSS = 5, K_FAUCET = 16, K_PERMEATE_DRAIN = 16,
		    K_TANK = 12, K_DRAIN = 30;
static const double VALVE_S = 0.04, SHELL_L = 0.5, PRECHARGE_MPA = 0.05, ATMOSPHERE_MPA = 0.1;
static const double TRAY_SENSOR_L = 0.05;

static const struct {
	const char *name;
	double when_missing; /* logical value a rig without that output behaves like */
} out_names[OUT_ROLES] = {
	[OUT_SUPPLY_PUMP] = {"supply_pump", 1},
	[OUT_SUPPLY_VALVE] = {"supply_valve", 1},
	[OUT_FEED_VALVE] = {"feed_valve", 1},
	[OUT_FEED_VENT] = {"feed_vent", 0},
	[OUT_FAUCET] = {"faucet_valve", 0},
	[OUT_PERMEATE_DRAIN] = {"permeate_drain", 0},
	[OUT_TANK] = {"surrogate_tank", 0},
	[OUT_CROSS] = {"cross_check", 0},
	[OUT_CONCENTRATE_DRAIN] = {"concentrate_drain", 1},
	[OUT_DRAIN_HOLD] = {"drain_hold", 1},
	[OUT_UNIT_POWER] = {"unit_power_supply", 1},
	[OUT_REGULATOR] = {"regulator", 0.25},
};

void plant_disturb(struct world *w)
{
	w->finer_until_ns = w->stepped_ns + 400 * NS_PER_MS;
	w->fine_until_ns = w->stepped_ns + 1500 * NS_PER_MS;
}

void plant_init(struct world *w)
{
	const struct fixture *f = w->fixture;
	int supply = f->bay_count ? fixture_channel(f, 0, "supply_pressure") : -1;

	w->pressure_unit = quantity_unit(QUANTITY_PRESSURE);
	w->supply_is_shared = supply >= 0 &&
			      (f->channels[supply].bays & (f->channels[supply].bays - 1));
	for (int b = 0; b < f->bay_count; b++) {
		struct bay_plant *bay = &w->bays[b];

		for (int r = 0; r < OUT_ROLES; r++)
			bay->out[r] = (int16_t)fixture_output(f, b, out_names[r].name);
		bay->feed_c = bay->line_c = w->config.feed_temperature_c;
		bay->line_tds = w->config.feed_tds_mg_l;
	}
}

/* Logical value in force of a bay's output. */
static double in_force(const struct world *w, const struct bay_plant *b, enum out_role r)
{
	const struct fx_output *o;
	double v;

	if (b->out[r] < 0)
		return out_names[r].when_missing;
	o = &w->fixture->outputs[b->out[r]];
	v = w->out[b->out[r]].in_force;
	if (r == OUT_REGULATOR && o->unit && o->unit != w->pressure_unit)
		v = unit_to_si(o->unit, v) / w->pressure_unit->scale;
	return v;
}

/* The shared pump with its unloader: what it holds at that flow. */
static double pump_head_mpa(double total_flow)
{
	return fmax(0.50 - 0.003 * total_flow * total_flow, 0);
}

/* Follow a first-order lag by the implicit step, stable for any dt. */
static double follow(double now, double target, double tau_s, double dt_s)
{
	return now + (target - now) * dt_s / (tau_s + dt_s);
}

/* A valve that shuts off a flow rings the line beside its sensor. */
static void ring(struct world *w, struct bay_plant *b, enum channel_role sensor, double flow)
{
	if (flow > 0.2)
		b->hammer[sensor] = (struct hammer){w->stepped_ns, fmin(0.15 * flow, 0.4)};
}

static void move_valves(struct world *w, struct bay_plant *b, double dt_s)
{
	double step = dt_s / VALVE_S;

	for (int r = OUT_SUPPLY_VALVE; r <= OUT_DRAIN_HOLD; r++) {
		double target = in_force(w, b, (enum out_role)r), *x = &b->opening[r];

		if (r == OUT_FEED_VALVE && b->faults.welded_v02)
			target = 1;
		if (*x == target)
			continue;
		if (*x >= 1 && r == OUT_FEED_VALVE)
			ring(w, b, CH_SUPPLY_PRESSURE, b->h.q_supply);
		if (*x >= 1 && (r == OUT_FAUCET || r == OUT_PERMEATE_DRAIN))
			ring(w, b, CH_PERMEATE_PRESSURE, b->h.q_outlet);
		*x = *x < target ? fmin(*x + step, target) : fmax(*x - step, target);
	}
}

/* Relieving regulator behind the shared pump; with its valve shut only the hose's volume is
 * left. */
static void regulate(struct world *w, struct bay_plant *b, double head_mpa, double dt_s)
{
	const double hose_l_per_mpa = 0.006;
	double open = b->opening[OUT_SUPPLY_VALVE];

	b->set_mpa = follow(b->set_mpa, in_force(w, b, OUT_REGULATOR), 0.2, dt_s);
	if (open > 0.02) {
		b->supply_mpa =
			follow(b->supply_mpa, fmin(b->set_mpa, head_mpa), 0.15 / open, dt_s);
		return;
	}
	b->supply_mpa -= b->h.q_supply / 60 * dt_s / hose_l_per_mpa;
	/* it relieves towards its setting */
	if (b->supply_mpa > b->set_mpa)
		b->supply_mpa = follow(b->supply_mpa, b->set_mpa, 0.8, dt_s);
	b->supply_mpa = fmax(b->supply_mpa, 0);
}

static void plumbing(struct bay_plant *b, struct hydro_in *in)
{
	const double *x = b->opening;
	double out = hypot(K_FAUCET * x[OUT_FAUCET], K_PERMEATE_DRAIN * x[OUT_PERMEATE_DRAIN]);

	memset(in, 0, sizeof(*in));
	in->p_supply = b->supply_mpa;
	in->g_supply = G_SUPPLY * x[OUT_FEED_VALVE];
	in->k_vent = K_VENT * x[OUT_FEED_VENT];
	in->k_cross = K_CROSS * x[OUT_CROSS];
	in->k_outlet = out;
	in->k_tank = K_TANK * x[OUT_TANK];
	in->p_tank = (PRECHARGE_MPA + ATMOSPHERE_MPA) * SHELL_L / (SHELL_L - b->tank_l) -
		     ATMOSPHERE_MPA;
	/* an empty tank gives nothing */
	if (b->tank_l <= 0 && b->h.p[HYDRO_PERMEATE] < in->p_tank)
		in->k_tank = 0;
	in->k_drain = K_DRAIN * fmin(x[OUT_CONCENTRATE_DRAIN], x[OUT_DRAIN_HOLD]);
	in->compliance[HYDRO_FEED] = 0.015;
	in->compliance[HYDRO_PRE] = 0.003;
	in->compliance[HYDRO_HIGH] = 0.05;
	in->compliance[HYDRO_PERMEATE] = 0.24;
}

double plant_flow(const struct bay_plant *b, enum channel_role flow)
{
	if (flow == CH_FEED_FLOW)
		return b->h.q_supply;
	if (flow == CH_PERMEATE_FLOW)
		return fmax(b->h.q_outlet + b->h.q_tank, 0);
	return b->h.q_drain;
}

/* Water where the permeate sensors sit: the unit's, or the feed's through the cross-check valve. */
static void permeate_line(const struct world *w, struct bay_plant *b, double dt_s)
{
	double q = fmax(b->h.q_membrane, 0), x = b->h.q_cross, all = q + x;
	double volume_l = 0.03, k = all * dt_s / (60 * volume_l);

	if (all < 0.005)
		return;
	k /= 1 + k;
	b->line_tds += k * ((q * b->unit.c_out + x * w->config.feed_tds_mg_l) / all - b->line_tds);
	b->line_c += k * ((q * b->unit.body_c + x * b->feed_c) / all - b->line_c);
}

static void step_bay(struct world *w, struct bay_plant *b, double head_mpa, double dt_s)
{
	struct hydro_in in;
	double before[HYDRO_NODES];

	move_valves(w, b, dt_s);
	regulate(w, b, head_mpa, dt_s);
	plumbing(b, &in);
	if (b->mounted) {
		bool inlet = b->unit.inlet_on;

		ro_unit_power(&b->unit, in_force(w, b, OUT_UNIT_POWER) > 0.5);
		if (ro_unit_board(&b->unit, &b->h, dt_s))
			plant_disturb(w);
		if (inlet && !b->unit.inlet_on)
			ring(w, b, CH_FEED_PRESSURE, b->h.q_inlet);
		ro_unit_hydro(&b->unit, &b->h, &in);
	} else {
		in.k1 = in.k2 = in.clog = 1; /* hoses are capped */
		in.bypass_mpa = 1;
	}
	memcpy(before, b->h.p, sizeof(before));
	hydro_step(&b->h, &in, dt_s);
	b->moving = 0;
	for (int i = 0; i < HYDRO_NODES; i++)
		b->moving = fmax(b->moving, fabs(b->h.p[i] - before[i]) / dt_s);
	if (b->mounted)
		ro_unit_water(&b->unit, &b->h, w->config.feed_tds_mg_l, b->feed_c, dt_s);
	permeate_line(w, b, dt_s);
	b->tank_l = fmin(fmax(b->tank_l + b->h.q_tank * dt_s / 60, 0), 0.9 * SHELL_L);
	b->tray_l += b->h.q_tray * dt_s / 60;
	for (int m = 0; m < 3; m++)
		b->volume_l[m] += plant_flow(b, (enum channel_role)(CH_FEED_FLOW + m)) * dt_s / 60;
}

void plant_step(struct world *w, double dt_s)
{
	double total = 0;
	bool pump = false;

	for (int b = 0; b < w->fixture->bay_count; b++) {
		total += w->bays[b].h.q_supply;
		pump = pump || in_force(w, &w->bays[b], OUT_SUPPLY_PUMP) > 0.5;
	}
	/* standing still it relieves into the break tank */
	w->head_mpa = follow(w->head_mpa, pump ? pump_head_mpa(total) : 0, pump ? 0.2 : 0.8, dt_s);
	for (int b = 0; b < w->fixture->bay_count; b++)
		step_bay(w, &w->bays[b], w->head_mpa, dt_s);
	sensor_step(w, dt_s);
	w->steps++;
}

static double power_factor_current(double watts, double volts)
{
	return watts / (volts * 0.90);
}

double plant_truth(const struct world *w, int bay, enum channel_role role)
{
	const struct bay_plant *b = &w->bays[bay];
	const struct ro_unit *u = &b->unit;
	const double mains_v = 230;

	switch (role) {
	case CH_SUPPLY_PRESSURE: return w->supply_is_shared ? w->head_mpa : b->supply_mpa;
	case CH_FEED_PRESSURE: return b->h.p[HYDRO_FEED];
	case CH_PERMEATE_PRESSURE: return b->h.p[HYDRO_PERMEATE];
	case CH_FEED_FLOW:
	case CH_PERMEATE_FLOW:
	case CH_CONCENTRATE_FLOW: return plant_flow(b, role);
	case CH_FEED_CONDUCTIVITY: return 2 * w->config.feed_tds_mg_l;
	case CH_PERMEATE_CONDUCTIVITY: return 2 * b->line_tds;
	case CH_FEED_TEMPERATURE: return b->feed_c;
	case CH_PERMEATE_TEMPERATURE: return b->line_c;
	case CH_UNIT_POWER: return b->mounted ? u->mains_w : 0;
	case CH_UNIT_VOLTAGE: return mains_v;
	case CH_UNIT_CURRENT: return b->mounted ? power_factor_current(u->mains_w, mains_v) : 0;
	case CH_TRAY_LEAK: return b->faults.tray || b->tray_l > TRAY_SENSOR_L;
	case CH_FLOOR_LEAK: return w->floor_leak;
	case CH_ESTOP: return w->estop;
	case CH_START_BUTTON:
	case CH_RESET_BUTTON:
	case CH_OTHER: break;
	}
	return 0;
}
