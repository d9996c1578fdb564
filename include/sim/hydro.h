/* SPDX-License-Identifier: MIT
 *
 * Pressures of one bay with its unit: four nodes joined by valves, prefilter, pump, membrane and
 * restrictor, solved together by one implicit step of any length.
 *
 *	supply --V02--> FEED --inlet valve, prefilter--> PRE --pump--> HIGH --restrictor--> drain
 *	                 |  \--V03--> vent                              |
 *	                 |                                           membrane, check valve
 *	                 \--V14 (cross-check)---------------------->  PERMEATE --V11, V12--> out
 *	                                                                 \--V13--> tank
 *
 * Units: MPa above atmosphere, L/min, L/MPa, seconds. A valve's conductance k gives k * sqrt(dp)
 * L/min, but g of the supply hose g * dp.
 */
#ifndef SIM_HYDRO_H
#define SIM_HYDRO_H

enum hydro_node { HYDRO_FEED = 0, HYDRO_PRE, HYDRO_HIGH, HYDRO_PERMEATE, HYDRO_NODES };

struct hydro {
	double p[HYDRO_NODES]; /* MPa */
	/* Flows at the end of the last step, L/min. */
	double q_supply; /* into FEED through V02: the feed flow meter */
	double q_vent, q_cross;
	double q_inlet; /* into the unit */
	double q_pump;
	double q_membrane; /* into PERMEATE; below 0: back through a leaking check valve */
	double q_leak;	   /* of it through the torn part */
	double q_drain;	   /* concentrate */
	double q_tray;	   /* external leak */
	double q_outlet;   /* V11 and V12 */
	double q_tank;	   /* into the surrogate tank, below 0: out of it */
};

/* What holds during a step. */
struct hydro_in {
	double p_supply, g_supply; /* regulated; conductance in L/min/MPa */
	double k_vent, k_cross;
	double k_outlet, k_tank, p_tank;
	double k_drain;			/* V21 and V22 in series, 0 when either is shut */
	double compliance[HYDRO_NODES]; /* L/MPa */
	/* The unit */
	double inlet;	     /* opening of its inlet valve, 0..1 */
	double clog, k1, k2; /* prefilter: dp = k1 * clog * q + k2 * clog * q^2 */
	double spin;	     /* pump speed, 0..1 */
	double q0, slip, wear,
		bypass_mpa;  /* displacement, loss per MPa, wear factor, internal bypass */
	double permeability; /* L/min/MPa at this temperature */
	double osmotic_mpa, channel_drop_mpa; /* at the membrane wall; along the feed channel */
	double k_tear, k_check_leak, k_tray, k_restrictor;
};

/* One implicit step of dt_s. */
void hydro_step(struct hydro *h, const struct hydro_in *in, double dt_s);

#endif
