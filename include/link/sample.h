/* SPDX-License-Identifier: MIT
 *
 * A reading of a channel and what it is worth.
 */
#ifndef LINK_SAMPLE_H
#define LINK_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

enum quality {
	QUALITY_GOOD = 1,
	QUALITY_STALE,	  /* older than the channel's stale limit */
	QUALITY_NO_REPLY, /* the device did not answer */
	/* answered wrongly, or the device says the value is no good (open loop, NaN) */
	QUALITY_BAD_REPLY,
	QUALITY_OUT_OF_RANGE, /* outside the channel's range; never clipped into it */
	QUALITY_FROZEN	      /* no change where change is certain */
};
const char *quality_text(enum quality q); /* "good" "stale" ... */

struct sample {
	uint16_t channel; /* fixture index */
	uint8_t quality;  /* enum quality */
	uint32_t updates; /* counts real renewals by the device, not polls; wraps */
	int64_t raw;	  /* as the device sent it; pulses for rates */
	/* channel unit, after scale, before calibration; meaningless unless good or out_of_range */
	double value;
	int64_t at_ns; /* run time of the reply */
	/* Revision that the rig's interlocks judge this channel by, 0: none. One that is not benchd's
	 * makes the reading no good one there. */
	uint32_t calibration;
};

#endif
