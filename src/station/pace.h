/* SPDX-License-Identifier: MIT
 *
 * How often devices are read, beside what was planned.
 */
#ifndef STATION_PACE_H
#define STATION_PACE_H

#include "station/internal.h"

void pace_line(struct rig_link *r, const struct io_msg *m);
void pace_samples(struct rig_link *r, const struct sample *at, int n);
typedef void (*pace_finding)(struct json *j, const char *level, const char *what, const char *text,
			     const char *advice);
void pace_findings(struct json *j, const struct rig_link *r, pace_finding finding);

#endif
