/* SPDX-License-Identifier: MIT
 *
 * How far each endpoint of a webhook has got. The items themselves are the chain's and are kept
 * once: an endpoint is a cursor into it, and a dead letter the number of an item that was given
 * up. Moved on only after the other machine has answered: what is sent again after a crash is the
 * same item. Threads and errors as store/store.h.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/chain.h"

enum { OUTBOX_NAME_MAX = 64, OUTBOX_WHY_MAX = 200 };

struct outbox_row {
	char endpoint[OUTBOX_NAME_MAX];
	int64_t after;		       /* items up to here are done with */
	char disabled[OUTBOX_WHY_MAX]; /* "": it is not */
	int64_t changed_utc_us;
	int dead, again; /* letters given up; of these, to be sent once more */
};
/* ERR_NOT_FOUND: it was never there. */
int store_outbox_get(struct store *s, const char *endpoint, struct outbox_row *out,
		     struct error *err);
/* Cursor and disabled of row, new or not. The writer. */
int store_outbox_put(struct store *s, const struct outbox_row *row, struct error *err);

enum dead_state { DEAD_LETTER = 1, DEAD_AGAIN, DEAD_SENT };
struct dead_letter {
	char endpoint[OUTBOX_NAME_MAX];
	int64_t seq, utc_us; /* of the item; when it was given up */
	int tries;
	char why[OUTBOX_WHY_MAX];
	enum dead_state state;
	char type[64], ticket[64], serial[64]; /* of the item */
};
/* The item is given up, and the cursor goes past it unless it was a letter before. The writer. */
int store_dead_letter_add(struct store *s, const struct dead_letter *d, struct error *err);
/* It was sent after all. The writer. */
int store_dead_letter_sent(struct store *s, const char *endpoint, int64_t seq, int64_t utc_us,
			   struct error *err);
/* seq 0: all that are given up. *n: how many. The writer. */
int store_dead_letter_again(struct store *s, const char *endpoint, int64_t seq, int *n,
			    struct error *err);
/* Oldest first, without those that were sent after all; state 0: both others. */
int store_dead_letter_list(struct store *s, const char *endpoint, enum dead_state state, int limit,
			   bool (*fn)(void *ctx, const struct dead_letter *d), void *ctx,
			   struct error *err);

#endif
