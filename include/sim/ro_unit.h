/* SPDX-License-Identifier: MIT
 *
 * A reverse-osmosis unit: membrane, pump, prefilter, switches and its own control board. The
 * classes, from 75 GPD with a tank to 800 GPD without one, differ by their parameters only. The
 * tank stands beside the unit and is looked at by hand; on the bench the rig's small surrogate
 * tank takes its place.
 *
 * Call order per step: ro_unit_board (contacts, control board, valves), ro_unit_hydro (what
 * hydro_step needs), hydro_step, ro_unit_water (salt, temperature, electricity). Pure; seconds,
 * MPa, L/min, mg/L, degC, A, W.
 */
#ifndef SIM_RO_UNIT_H
#define SIM_RO_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include "sim/hydro.h"

struct ro_params {
	const char *code;	 /* part of the model code that selects it: "600" */
	double permeability;	 /* AS, L/min/MPa at 25 degC */
	double salt_passage;	 /* BS, L/min at 25 degC */
	double restrictor;	 /* Cr, L/min/sqrt(MPa) */
	double q0, slip;	 /* pump: L/min at no head, L/min/MPa */
	double rated_feed_mean;	 /* mean of feed and concentrate at the nominal point */
	double pump_idle_a;	 /* pump at no head, A */
	double display_error;	 /* of the unit's own TDS display, relative */
	double tank_l, tank_mpa; /* storage tank: shell, precharge; 0: it has none */
};
/* The row for a model code; NULL: not simulated. */
const struct ro_params *ro_unit_params_find(const char *model_code);

/* Adapter: mains to 24 V. Board, inlet and flush valve draw this much at 24 V. */
extern const double UNIT_ADAPTER_EFFICIENCY, UNIT_ADAPTER_IDLE_W, UNIT_BOARD_W, UNIT_VALVE_W;

/* What is wrong with it; ro_unit_faults_none() is a healthy one. Factors are 1, the rest 0. */
struct ro_faults {
	double tear;			   /* L/min/sqrt(MPa) past the membrane */
	double permeability, salt_passage; /* factors of AS and BS */
	double clog;			   /* prefilter: factor of its resistance */
	double wear;			   /* pump: factor of its displacement */
	bool pump_dead;
	double restrictor;	   /* factor of Cr */
	bool flush_open;	   /* flush valve stuck open */
	int inlet;		   /* inlet valve: 1 stuck open, -1 stuck shut */
	double check_leak;	   /* L/min/sqrt(MPa) back through the check valve */
	double blocked_mpa;	   /* permeate outlet: back pressure at 1.22 L/min */
	int hps, lps;		   /* switch: 1 stuck closed, -1 stuck open */
	double tray;		   /* external leak, high side: L/min/sqrt(MPa) */
	double display;		   /* factor of the display */
	double precharge, bladder; /* tank: factors of the precharge, of the volume that works */
};
struct ro_faults ro_unit_faults_none(void);

/* A contact as the board reads it: it must stay the same for the debounce time. */
struct ro_contact {
	bool raw, seen;
	double since_s; /* how long raw has differed from seen */
};

struct ro_unit {
	const struct ro_params *params;
	struct ro_faults faults;
	char serial[64], model[64];
	/* control board */
	bool powered, full, short_of_water, flushing, leak_alarm;
	struct ro_contact hps, lps, wet; /* hps: closed below its pressure; lps: closed above */
	bool sensor_wet;		 /* somebody wets the leak sensor */
	double powered_s, flush_left_s, valve_on_s, valve_hold_s;
	bool inlet_on, flush_on, pump_on; /* commanded */
	double inlet, flush, spin;	  /* actual, 0..1 */
	double pump_s;			  /* since the pump was switched on */
	int pump_starts;
	/* water */
	double c_wall, c_feed_side;	   /* at the membrane wall; mean of the feed channel */
	double c_near, c_out;		   /* permeate spacer; outlet after the post filter */
	double body_c;			   /* temperature */
	double tcf, salt_factor, tcf_at_c; /* cached for body_c */
	/* electricity */
	double pump_a, mains_w;
	double display_tds; /* mg/L as shown, renewed each second */
	double display_s;
};

/* The tank as a gauge and a scale show it; NAN without one. */
double ro_unit_tank_precharge_mpa(const struct ro_unit *u);
double ro_unit_tank_usable_l(const struct ro_unit *u);
void ro_unit_init(struct ro_unit *u, const struct ro_params *params, double body_c);
/* Mains on or off. Off: the board forgets. */
void ro_unit_power(struct ro_unit *u, bool on);
/* Board and valves; true when something switched: the caller takes fine steps for a while. */
bool ro_unit_board(struct ro_unit *u, const struct hydro *h, double dt_s);
/* Fill the unit's part of in. */
void ro_unit_hydro(struct ro_unit *u, const struct hydro *h, struct hydro_in *in);
void ro_unit_water(struct ro_unit *u, const struct hydro *h, double feed_tds, double feed_c,
		   double dt_s);

#endif
