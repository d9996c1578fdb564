/* SPDX-License-Identifier: MIT
 *
 * Calibrations of channels, and whether benchd-io's interlocks judge by the same ones.
 */
#ifndef STATION_CALIBRATION_H
#define STATION_CALIBRATION_H

#include "link/io.h"

struct bay;
struct error;
struct json;
struct rig_link;
struct station;
struct store;

/* What benchd-io says of a channel's calibration. */
struct channel_state {
	uint32_t revision;
	char reason[IO_TEXT_MAX]; /* why not the one it was sent; "": not refused */
};

int calibrations_load(struct station *s, struct store *store, struct error *err);
void calibrations_free(struct station *s);
/* As an array: those in force now, from the fixture files and recorded since. The loop's thread. */
void calibrations_put(struct json *j, const struct station *s);
/* After HELLO: every one to benchd-io, whose interlocks judge by them too. */
void calibrations_tell(struct rig_link *r);
void calibration_confirmed(struct rig_link *r, const struct io_msg *m);
/* Readings judged there by another revision than the one in force here are no good ones. */
void calibrations_compare(const struct rig_link *r, struct sample *at, int n);
/* A channel of the bay whose calibration has lapsed; NULL: none. */
const char *calibration_overdue(const struct bay *b);

#endif
