/* SPDX-License-Identifier: MIT
 *
 * Standard names of channels, outputs and run types: one registry for files, records, API, pages
 * and the simulator. A fixture may add names of its own with a quantity; a profile can use only
 * what its fixture has.
 */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdbool.h>
#include "base/unit.h"

enum run_type {
	RUN_INCOMING = 1,
	RUN_DIAGNOSIS,
	RUN_POST_REPAIR_QC,
	RUN_TRIAL_RUN,
	RUN_ACCEPTANCE,
	RUN_PART_QC,
	RUN_VERIFICATION,
	RUN_MSA
};
const char *run_type_name(enum run_type t); /* "post_repair_qc" */
int run_type_find(const char *name);	    /* 0 if unknown */

/* Codes of the depot's tables that something measured may point to: S01 to S20, F01 to F25. S99
 * ("other") and F00 ("no fault found") are what people say, not what a measurement explains. */
bool names_is_symptom(const char *code);
bool names_is_fault(const char *code);

struct standard_name {
	const char *name; /* "feed_pressure" */
	const char *tag;  /* rig tag of the piping diagram, "PT02"; "" if none */
	enum quantity quantity;
	const char *en, *zh;
};
/* Channels:
 *   supply_pressure PT01  feed_pressure PT02  permeate_pressure PT03
 *   feed_flow FT01  permeate_flow FT02  concentrate_flow FT04
 *   feed_conductivity CT01  permeate_conductivity CT02 (at 25 degC)
 *   feed_temperature TT01  permeate_temperature TT02
 *   unit_power JT01 (mains side)  unit_voltage  unit_current
 *   tray_leak LS01  floor_leak LS02 (shared)  estop ES01 (shared; 1: pressed)
 *   start_button  reset_button
 * Outputs (kind in plan/fixture.h):
 *   supply_pump P01 (shared)  supply_valve V01  feed_valve V02  feed_vent V03
 *   faucet_valve V11  permeate_drain V12  surrogate_tank V13  cross_check V14
 *   concentrate_drain V21  drain_hold V22  unit_power_supply K01  regulator PR01
 *   dead_man K00  lamp_red lamp_yellow lamp_green lamp_blue lamp_white
 */
const struct standard_name *standard_channel(const char *name); /* NULL if not standard */
const struct standard_name *standard_output(const char *name);
const struct standard_name *standard_channels(int *n);
const struct standard_name *standard_outputs(int *n);

#endif
