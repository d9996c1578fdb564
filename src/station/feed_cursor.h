/* SPDX-License-Identifier: MIT
 *
 * The cursor of the feed, of which the snapshot gives the present one.
 */
#ifndef STATION_FEED_CURSOR_H
#define STATION_FEED_CURSOR_H

#include "station/internal.h"

enum { FEED_CURSOR_MAX = 160 };
/* Of what is there now; in a reader's thread. */
int feed_cursor_now(struct store *store, char dst[FEED_CURSOR_MAX], struct error *err);
bool feed_cursor_is_good(const char *text);

#endif
