/* SPDX-License-Identifier: MIT
 *
 * What the station knows of each device of a rig, and who it is whatever was restarted.
 */
#ifndef STATION_DEVICE_H
#define STATION_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "link/io.h"

struct bay;
struct error;
struct rig_link;
struct station;
struct store;
struct text;

struct device_state {
	bool known, present;
	char reason[IO_TEXT_MAX];	/* why it is away, else what it says of itself */
	char says[IO_TEXT_MAX];		/* the latter, when it was here last */
	char identity[IO_IDENTITY_MAX]; /* as kept; "": not known yet */
	struct device_pace {		/* pace.c */
		bool is_known;
		int16_t channel; /* its fastest one, -1: none is polled */
		uint32_t count;
		int64_t last_ns, mean_ns; /* run time */
	} pace;
	struct { /* as IO_LINE says */
		bool is_known;
		double turnaround_ms, load, planned;
		int damaged; /* of 100 */
	} line;
};

int devices_load(struct station *s, struct store *store, struct error *err);
/* benchd-io is told who its devices were. */
void devices_tell(struct rig_link *r);
/* A device that is there told who it is. */
void device_heard(struct rig_link *r, int device, const char *identity);
/* A JSON array of the devices a bay measures and acts with. */
void devices_json(const struct bay *b, struct text *out);

#endif
