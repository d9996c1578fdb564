/* SPDX-License-Identifier: MIT
 *
 * Inside of the simulated world, for src/sim only: the bays' plumbing, sensors, faults and devices.
 * Times are run time in ns; everything else in the units of sim/ro_unit.h.
 */
#ifndef SIM_PLANT_H
#define SIM_PLANT_H

#include "base/clock.h"
#include "sim/rng.h"
#include "sim/ro_unit.h"
#include "sim/wire_fault.h"
#include "sim/world.h"

/* Outputs and channels by their standard names (plan/names.h). */
enum out_role {
	OUT_SUPPLY_PUMP,
	OUT_SUPPLY_VALVE,
	OUT_FEED_VALVE,
	OUT_FEED_VENT,
	OUT_FAUCET,
	OUT_PERMEATE_DRAIN,
	OUT_TANK,
	OUT_CROSS,
	OUT_CONCENTRATE_DRAIN,
	OUT_DRAIN_HOLD,
	OUT_UNIT_POWER,
	OUT_REGULATOR,
	OUT_ROLES
};
enum channel_role {
	CH_SUPPLY_PRESSURE,
	CH_FEED_PRESSURE,
	CH_PERMEATE_PRESSURE,
	CH_FEED_FLOW,
	CH_PERMEATE_FLOW,
	CH_CONCENTRATE_FLOW,
	CH_FEED_CONDUCTIVITY,
	CH_PERMEATE_CONDUCTIVITY,
	CH_FEED_TEMPERATURE,
	CH_PERMEATE_TEMPERATURE,
	CH_UNIT_POWER,
	CH_UNIT_VOLTAGE,
	CH_UNIT_CURRENT,
	CH_TRAY_LEAK,
	CH_FLOOR_LEAK,
	CH_ESTOP,
	CH_START_BUTTON,
	CH_RESET_BUTTON,
	CH_ROLES,
	CH_OTHER = CH_ROLES
};
enum channel_role channel_role_find(const char *name); /* CH_OTHER if not standard */

/* Faults of the rig, per bay. */
struct rig_faults {
	double permeate_probe; /* factor of what CT02 reads */
	bool feed_probe_frozen, welded_v02, tray;
};

/* A closing valve's shock, seen by the pressure sensor beside it. */
struct hammer {
	int64_t at_ns;
	double mpa;
};

struct bay_plant {
	bool mounted;
	struct ro_unit unit;
	struct hydro h;
	struct rig_faults faults;
	int16_t out[OUT_ROLES];	    /* fixture output, -1: none */
	double opening[OUT_ROLES];  /* valves: 0..1 */
	double set_mpa, supply_mpa; /* regulator: set and regulated pressure */
	double tank_l;
	double line_tds, line_c; /* water at CT02 and TT02 */
	double feed_c;
	double tray_l;	    /* water in the tray */
	double volume_l[3]; /* through feed, permeate and concentrate meter */
	struct hammer hammer[CH_PERMEATE_PRESSURE + 1];
	double moving; /* largest change of a pressure in the last step, MPa/s */
};

/* What an output is commanded to and what is in force (actuator power lost: its de-energised
 * state). */
struct out_state {
	double commanded, in_force;
	int64_t commanded_ns, changed_ns;
};

/* One channel's sensor. */
struct sensor {
	enum channel_role role;
	int8_t bay;	     /* whose water it sees */
	double lag;	     /* first-order state, where tau_s > 0 */
	double gain, offset; /* its own small error */
	/* slow drift: zero (channel quantity's own unit) and span (relative) at drift_ns, and how
	 * far, how fast and from where each swings */
	double drift_zero, drift_span;
	double zero_swing, span_swing, zero_period_s, span_period_s, zero_phase, span_phase;
	int64_t drift_ns;
	double drift_pulses; /* flow meters: what the span's drift has added so far */
	double held;	     /* value of the last renewal, channel unit, calibrated */
	int64_t renew_ns;    /* next renewal */
	double counted;	     /* pulses already given (counters, pulse lines) */
	bool frozen, dithered_up;
	bool other_unit;	     /* than its quantity's own */
	const struct unit *own_unit; /* of its quantity */
};

struct fault_entry {
	uint8_t kind; /* index in the table of fault.c */
	int8_t bay;
	bool active;
	double k;
	int64_t at_ns;
};
enum { WORLD_FAULTS_MAX = 64 };

/* A fault of a device or line as told. */
struct wire_fault_state {
	struct wire_effect effect;
	double share; /* of the transactions */
};

struct sim_device;
struct sim_line {
	int16_t device, point;
};
struct world {
	struct world_config config;
	const struct fixture *fixture;
	struct rng rng;
	int64_t now_ns, stepped_ns; /* asked for; physics reached */
	int64_t fine_until_ns, finer_until_ns;
	bool started;
	struct bay_plant bays[FIXTURE_BAYS_MAX];
	struct out_state out[FIXTURE_OUTPUTS_MAX];
	struct sensor sensors[FIXTURE_CHANNELS_MAX];
	int16_t lagging[FIXTURE_CHANNELS_MAX]; /* those with a lag */
	int lagging_count;
	int16_t meters[FIXTURE_CHANNELS_MAX]; /* flow channels */
	int meter_count;
	struct fault_entry faults[WORLD_FAULTS_MAX];
	int fault_count;
	int64_t next_fault_ns;
	bool estop, estop_pressed, floor_leak; /* chain is open; by the button itself */
	const struct unit *pressure_unit;
	bool supply_is_shared; /* PT01 sits before the bays' regulators */
	double head_mpa;       /* of the supply pump */
	bool dead_man_ok;
	int64_t dead_man_ns; /* last toggle */
	int64_t dead_man_limit_ns;
	struct sim_device *devices;	      /* per fixture device */
	int16_t watched[FIXTURE_DEVICES_MAX]; /* those that may drop their outputs by themselves */
	int watched_count;
	struct wire_fault_state bus_faults[FIXTURE_BUSES_MAX];
	struct sim_line *lines; /* of all GPIO devices, in fixture order */
	int line_count;
	uint64_t steps; /* statistics */
};

/* plant.c */
void plant_init(struct world *w);
void plant_step(struct world *w, double dt_s);
/* Something switched: fine steps from here. */
void plant_disturb(struct world *w);
double plant_flow(const struct bay_plant *b, enum channel_role flow); /* at that meter, L/min */
double plant_truth(const struct world *w, int bay, enum channel_role role);
bool plant_actuators_powered(const struct world *w);

/* output.c: a device sets an output to a logical value. */
void output_init(struct world *w);
void output_command(struct world *w, int output, double value);
/* Recompute what is in force (actuator power, welded contacts). */
void output_apply(struct world *w);

/* sensor.c: values as the channel's device gives them, in the unit of the device's point. */
void sensor_init(struct world *w);
void sensor_step(struct world *w, double dt_s);
double sensor_point(struct world *w, int channel);
/* A channel's drift at run time now_ns: zero in the own unit of its quantity, span relative. Both
 * are 0 without noise. */
void sensor_drift(const struct world *w, int channel, int64_t now_ns, double *zero, double *span);
/* Counters: pulses in all since start. */
double sensor_pulses(struct world *w, int channel, double *per_second);

/* fault.c */
void fault_due(struct world *w);

/* devices.c */
int devices_init(struct world *w, struct error *err);
void devices_free(struct world *w);

#endif
