/* SPDX-License-Identifier: MIT
 *
 * How long things are kept. Results, and every item of the chain, for ever; traces and the reach of the feed
 * for a time that the depot sets. Nothing goes because a clock says so alone. What is older than `keep` is what
 * was recorded before every run that ended within it, if
 *
 *	- the runs of that time show that it has passed: no gap of more than a tenth of it, up to now;
 *	- the caller knows that the clock is synchronised (it asks nothing here otherwise).
 *
 * So a clock that jumps ahead, or was wrong when a run was recorded, takes nothing. What goes is
 * recorded first: `trace_pruned` and `feed_pruned` are items of the chain. Threads and errors as store/store.h.
 */
#ifndef STORE_KEEP_H
#define STORE_KEEP_H

#include "store/store.h"

/* The first run that stays: what was recorded before it is older than keep_us. *seq: its place among the
 * ends, 0: nothing is known to be older; why (NULL allowed) then says what is in the way, "" when nothing is: all is young.
 * run: its id. */
int store_keep_line(struct store *s, int64_t now_utc_us, int64_t keep_us, int64_t *seq,
		    char run[37], char why[160], struct error *err);

/* ---- traces ---- */
struct keep_trace {
	char run[37], ticket[64], serial[64];
	char sha256
		[65]; /* as in the run's record; "": it was cut off, and is known by its run alone */
	bool is_cut;  /* ID.seg, not ID.col */
	int64_t bytes, ended_utc_us;
	bool go; /* store_keep_record: it is recorded, and goes */
};
/* Those files of DIR/segments that are of runs before that line and of no serial on hold; at most max. In a
 * reader: looks at each file once, which takes a while. */
int store_keep_find(struct store *s, int64_t line_seq, struct keep_trace *at, int max, int *n,
		    struct error *err);
/* On the writer: an item `trace_pruned` {"trace_sha256", "bytes", "ended", "rule"} for each, in one transaction; a hold that
 * came meanwhile counts, and what a crash left undone is not recorded twice. */
int store_keep_record(struct store *s, struct keep_trace *at, int n, const char *rule,
		      int64_t utc_us, struct error *err);
/* The files of those that go. */
int store_keep_remove(struct store *s, const struct keep_trace *at, int n, struct error *err);
/* When and why the trace of a run went: the item's time and data. ERR_NOT_FOUND: it did not. */
int store_trace_pruned(struct store *s, const char *run, int64_t *utc_us, struct text *data,
		       struct error *err);

/* ---- holds: a serial whose traces stay ---- */
/* Set or lifted: the subject `hold` and an item `hold` or `hold_lifted` {"reason"}. ERR_STATE when it is so
 * already; ERR_NOT_FOUND: no ticket and no run is of that serial. */
int store_hold_put(struct store *s, const char *serial, bool on, const char *who,
		   const char *reason, int64_t utc_us, struct error *err);
int store_hold_get(struct store *s, const char *serial, bool *on, struct error *err);

/* ---- the feed ---- */
/* Up to which item the feed is no longer served (the items stay in the chain); 0: all of it is. *utc_us: since
 * when; rule NULL allowed. */
int store_feed_begin(struct store *s, int64_t *through, int64_t *utc_us, struct text *data,
		     struct error *err);
/* On the writer: from now on the feed begins with what was recorded after the run's predecessor ended. An item
 * `feed_pruned` {"through", "rule"}, when that is later than before. */
int store_feed_prune(struct store *s, const char *first_run, const char *rule, int64_t utc_us,
		     struct error *err);

#endif
