/* SPDX-License-Identifier: MIT
 *
 * What is not kept for ever: looked for once a day, recorded, then removed (store/keep.h).
 */
#ifndef STATION_PRUNE_H
#define STATION_PRUNE_H

#include "station/internal.h"

int prune_start(struct station *s, struct error *err);
void prune_stop(struct station *s); /* no more looks; what the writer has yet ends well */
void prune_free(struct station *s); /* after the writer */
/* A row of doctor: its level, or NULL where everything stays anyway. */
const char *prune_state(const struct station *s, char *text, size_t size, const char **advice);
/* Into a problem's object: when, and the item of the chain that says so. */
void prune_show(struct json *j, int64_t utc_us, const struct text *item);

#endif
