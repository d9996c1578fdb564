/* SPDX-License-Identifier: MIT
 *
 * A real store behind the virtual bench: benchd's own journal jobs, carried out at once instead of
 * by the writer's thread. Static: include it in a test program.
 */
#ifndef TESTS_DST_STORE_CASE_H
#define TESTS_DST_STORE_CASE_H

#include "rig_case.h"
#include "station/journal.h"
#include "ticket/recover.h"

struct store_case {
	struct store *store;
	struct bench *bench; /* its bay 0 is the one that runs */
	struct journal journal;
	struct error err; /* of the last failure */
};

static inline int store_case_do(struct store_case *s, struct journal_job *q, struct text *document)
{
	int rc;

	q->job.work(&q->job, s->store);
	rc = q->job.rc;
	if (rc)
		s->err = q->job.err;
	else if (document)
		text_add(document, q->text.buf, q->text.len);
	journal_job_free(q);
	return rc;
}

static inline int store_case_begin(void *ctx, const struct run_facts *f)
{
	struct store_case *s = ctx;

	(void)f;
	return store_case_do(s, journal_begin(&s->journal, bench_session(s->bench, 0)), NULL);
}

static inline int store_case_note(void *ctx, const struct run_facts *f,
				  const struct engine_note *note)
{
	struct store_case *s = ctx;

	(void)f;
	return store_case_do(s, journal_note(&s->journal, bench_session(s->bench, 0), note), NULL);
}

static inline int store_case_samples(void *ctx, const struct run_facts *f, const struct sample *at,
				     int n, bool sync)
{
	struct store_case *s = ctx;
	const struct session *z = bench_session(s->bench, 0);

	(void)f;
	return store_case_do(s, journal_samples(&s->journal, z, at, n, sync), NULL);
}

static inline int store_case_finish(void *ctx, const struct run_facts *f, bool keep,
				    struct text *document)
{
	struct store_case *s = ctx;
	const struct session *z = bench_session(s->bench, 0);

	(void)f;
	return store_case_do(s, journal_finish(&s->journal, z, keep), document);
}

static inline struct bench_hooks store_case_hooks(struct store_case *s)
{
	return (struct bench_hooks){.ctx = s,
				    .begin = store_case_begin,
				    .note = store_case_note,
				    .samples = store_case_samples,
				    .finish = store_case_finish};
}

static inline void store_case_close(struct store_case *s)
{
	segment_drop(s->journal.segment);
	store_close(s->store);
	s->journal.segment = NULL;
	s->store = NULL;
}

#endif
