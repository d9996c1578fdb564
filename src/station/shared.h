/* SPDX-License-Identifier: MIT
 *
 * What a few of the station's files share among themselves.
 */
#ifndef STATION_SHARED_H
#define STATION_SHARED_H

#include "station/internal.h"
#include "ticket/release_record.h"

/* prune.c */
int prune_start(struct station *s, struct error *err);
void prune_stop(struct station *s); /* no more looks; what the writer has yet ends well */
void prune_free(struct station *s); /* after the writer */

/* feed_cursor.c */
enum { FEED_CURSOR_MAX = 160 };
/* Of what is there now; in a reader's thread. */
int feed_cursor_now(struct store *store, char dst[FEED_CURSOR_MAX], struct error *err);
bool feed_cursor_is_good(const char *text);

/* routes_release.c */
struct ticket_policy release_policy(const struct station *s);
/* Whether the database is whole is not known, or it is not: answered. */
bool release_is_checking(struct request *rq);

/* routes_export.c */
bool export_begin(struct request *rq); /* its worker takes one more job; false: answered */

#endif
