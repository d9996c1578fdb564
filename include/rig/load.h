/* SPDX-License-Identifier: MIT
 *
 * What each Modbus line of a rig has to carry, by the fixture's periods and turnarounds. A fixture
 * that asks a line for more than it can carry makes no rig.
 */
#ifndef RIG_LOAD_H
#define RIG_LOAD_H

#include "bus/schedule.h"
#include "rig/rig.h"

/* false: that bus is no Modbus line. The struct is large: from the heap. */
bool rig_plan(const struct rig *r, int bus, struct schedule *out);
/* Who wants that read (index as in the schedule): channels, or -1 - device for the read-back of its
 * outputs. Returns how many, at most max. */
int rig_plan_users(const struct rig *r, int bus, int read, int16_t *out, int max);
/* A write waits no longer than that, even if nobody answers. */
int64_t rig_plan_worst_ns(const struct rig *r, int bus);

#endif
