/* SPDX-License-Identifier: MIT
 *
 * Approvals in memory: approval.c keeps them, passes.c carries out what they say of passes that have
 * not left yet.
 */
#ifndef STATION_APPROVAL_H
#define STATION_APPROVAL_H

#include "station/internal.h"

struct approval {
	char profile[64], who[64];
	char passes[16]; /* stand, listed, rejudge, retest */
	int revision;
	uint8_t hash[32];
	char *bytes;
	size_t size;
	int64_t effective_us, approved_us;
	bool judging; /* runs are being judged again under it */
};

#endif
