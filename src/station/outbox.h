/* SPDX-License-Identifier: MIT
 *
 * The outbox: each endpoint of the file of webhooks gets the items of the feed, in order, one at a
 * time. An endpoint is a cursor into the chain (store/outbox.h) and moves on when the other machine
 * has said yes, or the item is given up: so nothing is copied, nothing is lost by a kill, and what
 * is sent twice bears the same id.
 *
 *	IDLE -> LOOKING [outbox_tick: something is due]
 *	LOOKING -> IDLE [look_done: nothing for it, or its secrets cannot be read]
 *	LOOKING -> SENDING [look_done: an item, rendered]
 *	SENDING -> IDLE [on_answer: again later]
 *	SENDING -> KEEPING [on_answer: delivered, given up, or 410]
 *	KEEPING -> IDLE [keep_done: it is on disk]
 */
#ifndef STATION_OUTBOX_H
#define STATION_OUTBOX_H

#include "plan/hook.h"
#include "station/internal.h"
#include "store/outbox.h"
#include "ticket/hook.h"

enum endpoint_at { ENDPOINT_IDLE = 0, ENDPOINT_LOOKING, ENDPOINT_SENDING, ENDPOINT_KEEPING };

struct endpoint {
	struct station *station;
	const struct hook *hook;
	struct outbox_row row; /* as it is on disk */
	int64_t seen;	       /* nothing for it up to here; at least row.after */
	int64_t head;	       /* of the chain, when it was looked at last */
	enum endpoint_at at;
	struct hook_tries tries;
	int64_t trying; /* the item that tries are of */
	bool is_again;	/* a dead letter, sent once more */
	int64_t item_utc_us;
	int64_t due_ns; /* wire: not before */
	int64_t delivered_utc_us;
	char problem[OUTBOX_WHY_MAX]; /* of the last try, "": it went well */
};
struct outbox {
	struct hooks *hooks;
	struct endpoint at[HOOKS_MAX];
	int count;
	struct loop_timer *timer;
};

struct endpoint *outbox_find(struct station *s, const char *name); /* NULL: none */
/* Look at once. */
void outbox_kick(struct station *s);
/* "msg_" and 32 hex digits of the root behind the item: the same for it for ever. */
enum { OUTBOX_ID_SIZE = 40 };
/* What is asked of benchd-web. */
int outbox_send(struct station *s, const struct hook_request *r, int timeout_ms,
		void (*done)(void *ctx, const struct outbound_answer *a), void *ctx);

#endif
