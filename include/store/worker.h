/* SPDX-License-Identifier: MIT
 *
 * A thread that carries out store jobs in order, and hands each back to the loop when it is
 * done. benchd has one writer, which alone writes and checkpoints, and readers: for requests, for
 * exports, for the check after an unclean stop, for the second place.
 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include "base/loop.h"
#include "store/store.h"

/* Derive by putting this first. work runs in the worker thread with its store; done in the loop
 * afterwards, owns the job. Neither is NULL. done may submit further jobs, this one too. */
struct job {
	void (*work)(struct job *j, struct store *s);
	void (*done)(struct job *j);
	int rc; /* for work to fill */
	struct error err;
	struct job *next;  /* the worker's */
	int64_t queued_ns; /* wire time */
};
struct worker;
/* Takes over the store, closes it at the end (on failure it stays the caller's). The writer
 * checkpoints when it is idle. All calls from the loop's thread. */
struct worker *worker_start(struct loop *loop, struct store *s, bool is_writer, struct error *err);
/* ERR_LIMIT beyond max waiting jobs (4096): a fault, never dropped silently. */
int worker_submit(struct worker *w, struct job *j);
/* Jobs that wait or are at work. */
int worker_waiting(const struct worker *w);
/* Jobs ever taken. While it stays the same and none is waiting, a writer changed nothing. */
int64_t worker_taken(const struct worker *w);
/* Age of the oldest unfinished job, wire time; 0 when idle. Over 5 s is a store failure (slow
 * disk). */
int64_t worker_lag_ns(const struct worker *w, int64_t now_ns);
/* Finish all jobs, run their done (and the jobs these submit), join, close the store. NULL
 * allowed. Not from within done. */
void worker_stop(struct worker *w);

#endif
