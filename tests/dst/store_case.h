/* SPDX-License-Identifier: MIT
 *
 * A real store behind the virtual bench, used as benchd's journal uses it: facts and profile at the
 * begin, every note, the trace in a segment, the document at the end. Static: include it in a test
 * program.
 */
#ifndef TESTS_DST_STORE_CASE_H
#define TESTS_DST_STORE_CASE_H

#include "rig_case.h"
#include "store/store.h"
#include "ticket/recover.h"

struct store_case {
	struct store *store;
	struct segment *segment;
	struct error err; /* of the last failure */
};

static inline int store_case_begin(void *ctx, const struct run_facts *f)
{
	struct store_case *s = ctx;
	struct run_row row = {.profile_revision = f->profile->revision,
			      .started_utc_us = f->started_utc_us,
			      .simulated = f->simulated};
	struct text facts = {0};
	int rc;

	text_copy(row.id, sizeof(row.id), f->id);
	text_copy(row.ticket, sizeof(row.ticket), f->ticket);
	text_copy(row.serial, sizeof(row.serial), f->serial);
	text_copy(row.model, sizeof(row.model), f->model);
	text_copy(row.bay, sizeof(row.bay), f->bay);
	text_copy(row.run_type, sizeof(row.run_type), run_type_name(f->type));
	text_copy(row.profile, sizeof(row.profile), f->profile->id);
	text_copy(row.operator_name, sizeof(row.operator_name), f->operator_name);
	record_facts_json(f, &facts);
	rc = store_run_begin(s->store, &row, facts.buf, f->profile->hash, f->profile->bytes,
			     f->profile->size, &s->err);
	text_release(&facts);
	if (rc)
		return rc;
	s->segment = segment_open(s->store, f->id, "{}", &s->err);
	return s->segment ? 0 : s->err.code;
}

static inline int store_case_note(void *ctx, const struct run_facts *f,
				  const struct engine_note *note)
{
	struct store_case *s = ctx;
	struct text line = {0};
	int rc;

	record_note_json(f, note, &line);
	rc = store_run_note(s->store, f->id, line.buf, line.len, &s->err);
	text_release(&line);
	return rc;
}

static inline int store_case_samples(void *ctx, const struct run_facts *f, const struct sample *at,
				     int n, bool sync)
{
	struct store_case *s = ctx;
	int rc = segment_append(s->segment, at, n, &s->err);

	(void)f;
	return rc || !sync ? rc : segment_sync(s->segment, &s->err);
}

static inline int store_case_seal(void *ctx, const struct run_facts *f, char hash_hex[65])
{
	struct store_case *s = ctx;
	int rc = segment_finish(s->segment, hash_hex, &s->err);

	(void)f;
	s->segment = NULL;
	return rc;
}

static inline int store_case_end(void *ctx, const struct run_facts *f, enum verdict v,
				 int64_t ended_utc_us, const struct text *document)
{
	struct store_case *s = ctx;

	return store_run_end(s->store, f->id, verdict_name(v), ended_utc_us, document->buf,
			     document->len, NULL, &s->err);
}

static inline struct bench_hooks store_case_hooks(struct store_case *s)
{
	return (struct bench_hooks){.ctx = s,
				    .begin = store_case_begin,
				    .note = store_case_note,
				    .samples = store_case_samples,
				    .seal = store_case_seal,
				    .end = store_case_end};
}

static inline void store_case_close(struct store_case *s)
{
	segment_drop(s->segment);
	store_close(s->store);
	s->segment = NULL;
	s->store = NULL;
}

#endif
