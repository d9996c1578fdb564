/* SPDX-License-Identifier: MIT
 *
 * Between personality.c, whose devices are tables, and personality_own.c, whose devices depend on
 * their options.
 */
#ifndef SIM_PERSONALITY_H
#define SIM_PERSONALITY_H

#include "sim/device.h"

struct sim_point *personality_point(struct sim_device *d, const char *name); /* new or known */
/* The option's text as the fixture or the driver's table has it; NULL: neither. */
const char *personality_option(const struct sim_device *d, const char *key);
void personality_register(struct sim_device *d, uint16_t address, uint16_t value, bool writable);

/* How long the device waits for a request now, 0: for ever. */
int64_t personality_watchdog_ns(const struct sim_device *d);

/* True: this driver was one of those in that file. */
bool personality_build_own(struct sim_device *d);

#endif
