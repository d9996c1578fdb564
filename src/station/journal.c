/* SPDX-License-Identifier: MIT */
#include "station/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static struct journal_job *job_new(int kind, struct journal *g, const struct session *s,
				   void (*work)(struct job *, struct store *), int samples)
{
	struct journal_job *q = xcalloc(1, sizeof(*q) + (size_t)samples * sizeof(q->at[0]));

	q->job.work = work;
	q->kind = kind;
	q->journal = g;
	q->session = s;
	return q;
}

void journal_job_free(struct journal_job *q)
{
	text_release(&q->text);
	text_release(&q->header);
	text_release(&q->answer);
	free(q);
}

/* ---- the first row ---- */

/* What a reader of the trace needs to understand raw values. */
static void trace_header(const struct session *s, struct text *out)
{
	const struct fixture *f = s->config.fixture;
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "run", s->facts.id);
	json_kv_int(&j, "started_ns", s->facts.started_ns);
	json_key(&j, "channels");
	json_open_array(&j);
	for (int i = 0; i < f->channel_count; i++) {
		const struct fx_channel *c = &f->channels[i];

		if (!(c->bays >> s->config.bay & 1))
			continue;
		json_open_object(&j);
		json_kv_int(&j, "channel", i);
		json_kv_string(&j, "name", c->name);
		json_kv_string(&j, "unit", c->unit->ucum);
		json_kv_number(&j, "gain", c->gain);
		json_kv_number(&j, "offset", c->offset);
		json_kv_number(&j, "per_litre", c->per_litre);
		json_kv_int(&j, "calibration_revision", c->calibration.revision);
		json_kv_number(&j, "calibration_gain", c->calibration.gain);
		json_kv_number(&j, "calibration_offset", c->calibration.offset);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
}

static int do_begin(void *ctx, struct store *store, struct error *err)
{
	struct journal_job *q = ctx;
	const struct run_facts *f = &q->session->facts;
	const struct profile *p = f->profile;
	struct run_row row = {.profile_revision = p->revision,
			      .started_utc_us = f->started_utc_us,
			      .simulated = f->simulated};
	int rc;

	text_copy(row.id, sizeof(row.id), f->id);
	text_copy(row.ticket, sizeof(row.ticket), f->ticket);
	text_copy(row.serial, sizeof(row.serial), f->serial);
	text_copy(row.model, sizeof(row.model), f->model);
	text_copy(row.bay, sizeof(row.bay), f->bay);
	text_copy(row.run_type, sizeof(row.run_type), run_type_name(f->type));
	text_copy(row.profile, sizeof(row.profile), p->id);
	text_copy(row.operator_name, sizeof(row.operator_name), f->operator_name);
	rc = store_run_begin(store, &row, q->text.buf, p->hash, p->bytes, p->size, err);
	return rc ? rc : once_keep(&q->once, store, 201, &q->answer, err);
}

static void begin_work(struct job *j, struct store *store)
{
	struct journal_job *q = (struct journal_job *)j;

	j->rc = store_transact(store, do_begin, q, &j->err);
	if (j->rc)
		return;
	q->journal->segment = segment_open(store, q->session->facts.id, q->header.buf, &j->err);
	if (!q->journal->segment)
		j->rc = j->err.code;
}

struct journal_job *journal_begin(struct journal *g, const struct session *s)
{
	struct journal_job *q = job_new(JOURNAL_BEGIN, g, s, begin_work, 0);

	record_facts_json(&s->facts, &q->text);
	trace_header(s, &q->header);
	return q;
}

/* ---- notes and trace ---- */

static void note_work(struct job *j, struct store *store)
{
	struct journal_job *q = (struct journal_job *)j;

	j->rc = store_run_note(store, q->session->facts.id, q->text.buf, q->text.len, &j->err);
}

struct journal_job *journal_note(struct journal *g, const struct session *s,
				 const struct engine_note *note)
{
	struct journal_job *q = job_new(JOURNAL_NOTE, g, s, note_work, 0);

	q->note = note->kind;
	if (note->kind == NOTE_MEASUREMENT)
		q->result = *note->result;
	record_note_json(&s->facts, note, &q->text);
	return q;
}

static void samples_work(struct job *j, struct store *store)
{
	struct journal_job *q = (struct journal_job *)j;

	(void)store;
	if (!q->journal->segment)
		return;
	j->rc = segment_append(q->journal->segment, q->at, q->count, &j->err);
	if (!j->rc && q->sync)
		j->rc = segment_sync(q->journal->segment, &j->err);
}

struct journal_job *journal_samples(struct journal *g, const struct session *s,
				    const struct sample *at, int n, bool sync)
{
	struct journal_job *q = job_new(JOURNAL_SAMPLES, g, s, samples_work, n);

	q->sync = sync;
	q->count = n;
	memcpy(q->at, at, (size_t)n * sizeof(*at));
	return q;
}

/* ---- the last row ---- */

static void finish_work(struct job *j, struct store *store)
{
	struct journal_job *q = (struct journal_job *)j;
	const struct session *s = q->session;
	struct segment *g = q->journal->segment;
	char hash[65] = "";

	q->journal->segment = NULL;
	j->rc = g ? segment_finish(g, hash, &j->err) : 0;
	if (j->rc)
		return;
	session_document(s, hash[0] ? hash : NULL, &q->text);
	j->rc = store_run_end(store, s->facts.id, verdict_name(s->verdict), s->ended_utc_us,
			      q->text.buf, q->text.len, NULL, &j->err);
}

static void drop_work(struct job *j, struct store *store)
{
	struct journal_job *q = (struct journal_job *)j;

	(void)store;
	segment_drop(q->journal->segment);
	q->journal->segment = NULL;
	j->rc = error_set(&j->err, ERR_STORE, "the store failed before");
}

struct journal_job *journal_finish(struct journal *g, const struct session *s, bool keep)
{
	return job_new(JOURNAL_FINISH, g, s, keep ? finish_work : drop_work, 0);
}
