/* SPDX-License-Identifier: MIT
 *
 * From a channel's reading to SI, and whether its calibration may carry a verdict. Pure.
 */
#ifndef RUN_CALIBRATE_H
#define RUN_CALIBRATE_H

#include <stdint.h>
#include "plan/fixture.h"

enum calibration_state {
	CALIBRATION_GOOD = 1, /* in force, or a channel that needs none (states, counts, texts) */
	CALIBRATION_NONE,     /* revision 0 */
	CALIBRATION_LAPSED,   /* its due date is before the run's day */
	CALIBRATION_DATE_UNKNOWN, /* it has a due date and the run has no UTC to be believed */
};
const char *calibration_state_name(
	enum calibration_state s); /* "good" "uncalibrated" "calibration_lapsed" ... */

/* si = gain * reading + offset: the calibration entry, then the unit. Without an entry only the
 * unit. */
void calibrate_factors(const struct fx_channel *c, double *gain, double *offset);
/* utc_us: of the run's start, 0 unknown. The due day itself is still in force. A clock before the
 * day of the calibration itself is wrong: it can show nothing to be in force. */
enum calibration_state calibrate_state(const struct fx_channel *c, int64_t utc_us);
/* utc_us as far as it may be believed: 0 (unknown) when it stands before not_before_us, of which
 * 0 is no bound. Engine and record judge calibrations by this one rule. */
int64_t calibrate_believed_utc_us(int64_t utc_us, int64_t not_before_us);
/* The day before this software was built: no right clock stands earlier. */
int64_t calibrate_build_utc_us(void);

#endif
