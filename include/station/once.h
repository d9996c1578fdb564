/* SPDX-License-Identifier: MIT
 *
 * Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): what makes something is done
 * once per key of one client, however often it is asked for; asked again it is answered as the first
 * time, also after a restart. The answer is kept in the transaction of what was done. What was
 * refused is not kept: it may be right the next time.
 *
 * What is compared is the body without the PIN of who signs, in one spelling: neither PINs nor what
 * would tell them are kept.
 */
#ifndef STATION_ONCE_H
#define STATION_ONCE_H

#include <stdbool.h>
#include "link/web.h"
#include "store/chain.h"

struct once {
	char key[WEB_ETAG_MAX]; /* "": none came, or the route does not take one */
	char who[96], place[WEB_ARG_MAX + 32];
	uint8_t body_sha256[32];
};
/* Does this route take a key this way? Releases and what is added to tickets and runs look theirs up
 * by themselves. */
bool once_takes(enum web_route r);
/* The body as it is compared: members sorted, "sign" without its PIN. Not JSON: as it is. */
void once_body(const char *body, size_t n, struct text *out);
/* In the writer's transaction: 0 without a key. */
int once_keep(const struct once *o, struct store *s, int status, const struct text *answer,
	      struct error *err);
/* What was answered: as store_request_find. */
int once_find(const struct once *o, struct store *s, int *status, struct text *answer,
	      struct error *err);

/* admit_once.c: to route_handle, unless its key was answered before or is under way. */
struct request;
void once_first(struct request *rq);
void once_forget(struct request *rq); /* it is answered */

#endif
