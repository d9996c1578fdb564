/* SPDX-License-Identifier: MIT
 *
 * The journal of a run as jobs for the store's writer: its first row and trace file, each note, the
 * trace, its last row. A job carries what it needs; the session it names lives until it is done.
 * Jobs of one run are carried out in the order they were made. The caller sets job.done, or calls
 * job.work with a store of its own.
 */
#ifndef STATION_JOURNAL_H
#define STATION_JOURNAL_H

#include "run/session.h"
#include "station/once.h"
#include "store/store.h"
#include "store/worker.h"

/* What the writer keeps of a run between its jobs: the writer's alone. Zeroed at first. */
struct journal {
	struct segment *segment;
};

struct journal_job {
	struct job job;
	enum { JOURNAL_BEGIN = 1, JOURNAL_NOTE, JOURNAL_SAMPLES, JOURNAL_FINISH } kind;
	void *owner; /* the caller's */
	struct journal *journal;
	const struct session *session;
	enum note_kind note;
	struct engine_result result; /* NOTE_MEASUREMENT */
	struct text text;	     /* facts, note or document, as JSON */
	struct text header;	     /* of the trace */
	struct once once;	     /* JOURNAL_BEGIN: of who asked for the run, and the answer */
	struct text answer;
	bool sync;
	int count;
	struct sample at[];
};

struct journal_job *journal_begin(struct journal *g, const struct session *s);
struct journal_job *journal_note(struct journal *g, const struct session *s,
				 const struct engine_note *note);
struct journal_job *journal_samples(struct journal *g, const struct session *s,
				    const struct sample *at, int n, bool sync);
/* keep false: the trace file is closed as it is, no row is written; rc is ERR_STORE. */
struct journal_job *journal_finish(struct journal *g, const struct session *s, bool keep);
void journal_job_free(struct journal_job *q);

#endif
