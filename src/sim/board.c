/* SPDX-License-Identifier: MIT
 *
 * The unit's control board, with the habits such firmware has: debounced switches, valve before
 * pump, a flush at power-on, the inlet shut a moment after the pump, a latched leak alarm.
 */
#include <math.h>
#include <string.h>

#include "sim/ro_unit.h"

static const double BOOT_S = 0.5, FLUSH_S = 18, DEBOUNCE_S = 0.2, LPS_DEBOUNCE_S = 0.3, WET_S = 2,
		    PUMP_DELAY_S = 1, VALVE_HOLD_S = 1, VALVE_S = 0.03, SPIN_S = 0.2;
/* switch points, MPa */
static const double HPS_OPEN = 0.25, HPS_CLOSE = 0.15, LPS_CLOSE = 0.03, LPS_OPEN = 0.01;

void ro_unit_power(struct ro_unit *u, bool on)
{
	if (on == u->powered)
		return;
	u->powered = on;
	u->full = u->short_of_water = u->flushing = u->leak_alarm = false;
	u->powered_s = 0;
	u->flush_left_s = FLUSH_S;
	u->valve_on_s = u->valve_hold_s = 0;
	u->inlet_on = u->flush_on = u->pump_on = false;
	u->hps.seen = u->hps.raw;
	u->lps.seen = false;
	u->wet.seen = false;
	u->display_s = 0;
}

static void debounce(struct ro_contact *c, double after_s, double dt_s)
{
	if (c->raw == c->seen) {
		c->since_s = 0;
		return;
	}
	c->since_s += dt_s;
	if (c->since_s >= after_s) {
		c->seen = c->raw;
		c->since_s = 0;
	}
}

/* Pressure switches have hysteresis; a stuck one says always the same. */
static void contacts(struct ro_unit *u, const struct hydro *h, double dt_s)
{
	double permeate = h->p[HYDRO_PERMEATE], pre = h->p[HYDRO_PRE];

	if (u->faults.hps)
		u->hps.raw = u->faults.hps > 0;
	else if (permeate >= HPS_OPEN)
		u->hps.raw = false;
	else if (permeate <= HPS_CLOSE)
		u->hps.raw = true;
	if (u->faults.lps)
		u->lps.raw = u->faults.lps > 0;
	else if (pre > LPS_CLOSE)
		u->lps.raw = true;
	else if (pre < LPS_OPEN)
		u->lps.raw = false;
	u->wet.raw = u->sensor_wet;
	debounce(&u->hps, DEBOUNCE_S, dt_s);
	debounce(&u->lps, LPS_DEBOUNCE_S, dt_s);
	debounce(&u->wet, WET_S, dt_s);
}

/* What the board commands from what it sees. */
static void decide(struct ro_unit *u, double dt_s)
{
	bool wants;

	u->powered_s += dt_s;
	if (u->powered_s < BOOT_S)
		return;
	if (u->wet.seen)
		u->leak_alarm = true;
	u->full = !u->hps.seen;
	wants = !u->full && !u->leak_alarm;
	u->flushing = wants && u->flush_left_s > 0;
	if (u->flushing)
		u->flush_left_s -= dt_s;
	if (wants) {
		u->inlet_on = true;
		u->valve_hold_s = u->leak_alarm ? 0 : VALVE_HOLD_S;
	} else if (u->inlet_on) {
		/* the pump stops first, then the valve; a leak shuts it at once */
		u->valve_hold_s -= dt_s;
		if (u->valve_hold_s <= 0 || u->leak_alarm)
			u->inlet_on = false;
	}
	u->valve_on_s = u->inlet_on ? u->valve_on_s + dt_s : 0;
	u->short_of_water = u->inlet_on && !u->lps.seen;
	u->pump_on = wants && u->lps.seen && u->valve_on_s >= PUMP_DELAY_S;
	if (!u->lps.seen)
		u->valve_on_s = 0; /* the delay counts again from the water's return */
	u->flush_on = u->flushing;
}

static double slew(double now, bool on, double full_s, double dt_s)
{
	double step = dt_s / full_s;

	return on ? fmin(now + step, 1) : fmax(now - step, 0);
}

bool ro_unit_board(struct ro_unit *u, const struct hydro *h, double dt_s)
{
	bool inlet = u->inlet_on, flush = u->flush_on, pump = u->pump_on;
	bool hps = u->hps.raw, lps = u->lps.raw;
	double was = u->inlet + u->flush + u->spin;

	contacts(u, h, dt_s);
	if (u->powered)
		decide(u, dt_s);
	if (u->pump_on && !pump) {
		u->pump_starts++;
		u->pump_s = 0;
	}
	u->pump_s += dt_s;
	u->inlet = slew(u->inlet, u->inlet_on, VALVE_S, dt_s);
	u->flush = slew(u->flush, u->flush_on, VALVE_S, dt_s);
	u->spin = slew(u->spin, u->pump_on, SPIN_S, dt_s);
	return inlet != u->inlet_on || flush != u->flush_on || pump != u->pump_on ||
	       hps != u->hps.raw || lps != u->lps.raw || was != u->inlet + u->flush + u->spin;
}
