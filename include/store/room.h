/* SPDX-License-Identifier: MIT
 *
 * Room on the disk of the state folder. DIR/ballast holds 8 MiB for the day on which the disk is full:
 * given up then, so that a run at work is recorded to its end. Before that no run begins.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

enum { ROOM_BALLAST_BYTES = 8 << 20, ROOM_LOW_BYTES = 64 << 20, ROOM_LAST_BYTES = 4 << 20 };
enum room_act { ROOM_KEEP = 0, ROOM_GIVE_UP, ROOM_TAKE };
struct room {
	int64_t free_bytes, size_bytes; /* of the disk, for this user */
	bool has_ballast;
	bool low; /* less than a tenth of the disk, or 64 MiB, is left: no run begins */
};
/* Fills in low; what is to be done about the ballast. Pure. */
enum room_act room_judge(struct room *r);
/* Look, and do it. For a thread that may wait for the disk. ERR_IO. */
int room_look(const char *dir, struct room *out, struct error *err);

#endif
