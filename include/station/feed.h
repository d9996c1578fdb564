/* SPDX-License-Identifier: MIT
 *
 * What the station knows of its change feed (routes_feed.c) without a look at the disk.
 */
#ifndef STATION_FEED_H
#define STATION_FEED_H

#include "store/chain.h"

/* What a client has seen: all of the chain up to size. */
struct feed_cursor {
	char instance[33];
	int64_t size;
	uint8_t root[CHAIN_ROOT_BYTES];
	int64_t epoch; /* cursors of earlier releases do not tell: the first */
};

/* "1.INSTANCE.SIZE.ROOT.EPOCH", as earlier releases wrote it or this one; false: no cursor. */
bool feed_cursor_read(const char *s, struct feed_cursor *c);
const char *feed_cursor_text(const struct feed_cursor *c, char *dst, size_t size);
bool feed_cursor_is_same(const struct feed_cursor *a, const struct feed_cursor *b);

/* Where the chain ended when a reader looked and no record was on its way. While the writer is
 * given nothing it ends there. */
struct feed_end {
	int64_t taken; /* worker_taken of the writer then; -1: not known */
	struct feed_cursor at;
};

struct feed_job; /* a request of the feed */
struct station;
void feed_init(struct station *s);
void feed_close(struct station *s); /* answers who waits */

#endif
