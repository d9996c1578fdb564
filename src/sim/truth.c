/* SPDX-License-Identifier: MIT
 *
 * Truth by name, for oracles and for the simulated operator.
 */
#include <math.h>
#include <string.h>

#include "sim/plant.h"

enum truth {
	TRUTH_PERMEATE_TDS,
	TRUTH_FEED_TDS,
	TRUTH_DISPLAY,
	TRUTH_REJECTION,
	TRUTH_RECOVERY,
	TRUTH_PUMP_CURRENT,
	TRUTH_MEMBRANE_PRESSURE,
	TRUTH_PRE_PRESSURE,
	TRUTH_PUMP_ON,
	TRUTH_PUMP_STARTS,
	TRUTH_INLET,
	TRUTH_FLUSH,
	TRUTH_HPS,
	TRUTH_LPS,
	TRUTH_FULL,
	TRUTH_LEAK_ALARM,
	TRUTH_POWERED,
	TRUTH_BALANCE,
	TRUTH_BODY_TEMPERATURE,
	TRUTH_UNIT_FLOW,
	TRUTH_MAKING,
	TRUTH_ACTUATOR_SUPPLY,
	TRUTH_TANK_PRECHARGE,
	TRUTH_TANK_USABLE,
	TRUTHS
};
static const char *const names[TRUTHS] = {
	[TRUTH_PERMEATE_TDS] = "permeate_tds",
	[TRUTH_FEED_TDS] = "feed_tds",
	[TRUTH_DISPLAY] = "display_permeate_tds",
	[TRUTH_REJECTION] = "membrane_rejection",
	[TRUTH_RECOVERY] = "recovery",
	[TRUTH_PUMP_CURRENT] = "pump_current",
	[TRUTH_MEMBRANE_PRESSURE] = "membrane_pressure",
	[TRUTH_PRE_PRESSURE] = "pump_inlet_pressure",
	[TRUTH_PUMP_ON] = "pump_on",
	[TRUTH_PUMP_STARTS] = "pump_starts",
	[TRUTH_INLET] = "inlet_valve",
	[TRUTH_FLUSH] = "flush_valve",
	[TRUTH_HPS] = "hps_closed",
	[TRUTH_LPS] = "lps_closed",
	[TRUTH_FULL] = "full",
	[TRUTH_LEAK_ALARM] = "leak_alarm",
	[TRUTH_POWERED] = "powered",
	[TRUTH_BALANCE] = "water_balance",
	[TRUTH_BODY_TEMPERATURE] = "body_temperature",
	[TRUTH_UNIT_FLOW] = "unit_flow",
	[TRUTH_MAKING] = "making",
	[TRUTH_ACTUATOR_SUPPLY] = "actuator_supply",
	[TRUTH_TANK_PRECHARGE] = "tank_precharge",
	[TRUTH_TANK_USABLE] = "tank_usable_volume",
};

static double of_unit(const struct world *w, const struct bay_plant *b, enum truth t)
{
	const struct ro_unit *u = &b->unit;
	const struct hydro *h = &b->h;
	double made = fmax(h->q_membrane, 0);

	switch (t) {
	case TRUTH_PERMEATE_TDS: return u->c_out;
	case TRUTH_FEED_TDS: return w->config.feed_tds_mg_l;
	case TRUTH_DISPLAY: return u->display_tds;
	case TRUTH_REJECTION: return 1 - u->c_near / w->config.feed_tds_mg_l;
	case TRUTH_RECOVERY:
		return made + h->q_drain > 0 ? made / (made + h->q_drain) : (double)NAN;
	case TRUTH_PUMP_CURRENT: return u->pump_a;
	case TRUTH_MEMBRANE_PRESSURE: return h->p[HYDRO_HIGH];
	case TRUTH_PRE_PRESSURE: return h->p[HYDRO_PRE];
	case TRUTH_PUMP_ON: return u->pump_on;
	case TRUTH_PUMP_STARTS: return u->pump_starts;
	case TRUTH_INLET: return u->faults.inlet > 0 ? 1 : u->faults.inlet < 0 ? 0 : u->inlet;
	case TRUTH_FLUSH: return u->faults.flush_open ? 1 : u->flush;
	case TRUTH_HPS: return u->hps.raw;
	case TRUTH_LPS: return u->lps.raw;
	case TRUTH_FULL: return u->full;
	case TRUTH_LEAK_ALARM: return u->leak_alarm;
	case TRUTH_POWERED: return u->powered;
	case TRUTH_BALANCE: return h->q_inlet > 0 ? h->q_tray / h->q_inlet : 0;
	case TRUTH_BODY_TEMPERATURE: return u->body_c;
	case TRUTH_UNIT_FLOW: return made;
	case TRUTH_MAKING: return made > 0.05;
	case TRUTH_ACTUATOR_SUPPLY: return plant_actuators_powered(w);
	case TRUTH_TANK_PRECHARGE: return ro_unit_tank_precharge_mpa(u);
	case TRUTH_TANK_USABLE: return ro_unit_tank_usable_l(u);
	case TRUTHS: break;
	}
	return (double)NAN;
}

double world_truth(const struct world *w, int bay, const char *name)
{
	enum channel_role role = channel_role_find(name);

	if (role != CH_OTHER)
		return plant_truth(w, bay, role);
	for (int t = 0; t < TRUTHS; t++)
		if (!strcmp(names[t], name))
			return of_unit(w, &w->bays[bay], (enum truth)t);
	return (double)NAN;
}
