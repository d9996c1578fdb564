/* SPDX-License-Identifier: MIT
 *
 * Notes and samples of a run on their way to the disk. A note is announced when it is durable.
 */
#include "station/internal.h"

#include <stdlib.h>
#include <string.h>

#define MODULE "journal"

struct begin_job {
	struct job job;
	struct session *z;
	struct run_row row;
	struct text facts, header;
	void (*done)(struct session *z, int rc, const struct error *err);
};

static void begin_work(struct job *j, struct store *store)
{
	struct begin_job *q = (struct begin_job *)j;
	struct session *z = q->z;
	j->rc = store_run_begin(store, &q->row, q->facts.buf, z->profile->hash, z->profile->bytes,
				z->profile->size, &j->err);
	if (j->rc)
		return;
	z->segment = segment_open(store, q->row.id, q->header.buf, &j->err);
	if (!z->segment)
		j->rc = j->err.code;
}

static void begin_done(struct job *j)
{
	struct begin_job *q = (struct begin_job *)j;
	struct session *z = q->z;
	struct station *s = z->bay->station;
	int rc = j->rc;
	struct error err = j->err;
	void (*done)(struct session *, int, const struct error *) = q->done;
	text_release(&q->facts);
	text_release(&q->header);
	free(q);
	done(z, rc, &err);
	if (rc)
		station_store_failed(s, "begin of a run", &err);
}

/* What a reader of the trace needs to understand raw values. */
static void segment_header(const struct session *z, struct text *out)
{
	const struct fixture *f = z->bay->rig->fixture;
	struct json j;
	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "run", z->facts.id);
	json_kv_int(&j, "started_ns", z->facts.started_ns);
	json_key(&j, "channels");
	json_open_array(&j);
	for (int i = 0; i < f->channel_count; i++) {
		const struct fx_channel *c = &f->channels[i];
		if (!(c->bays & (1u << z->bay->index)))
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

void journal_begin(struct session *z,
		   void (*done)(struct session *z, int rc, const struct error *err))
{
	struct begin_job *q = xcalloc(1, sizeof(*q));
	const struct run_facts *f = &z->facts;
	struct run_row *r = &q->row;
	q->job.work = begin_work;
	q->job.done = begin_done;
	q->z = z;
	q->done = done;
	memcpy(r->id, f->id, sizeof(r->id));
	text_copy(r->ticket, sizeof(r->ticket), f->ticket);
	text_copy(r->serial, sizeof(r->serial), f->serial);
	text_copy(r->model, sizeof(r->model), f->model);
	text_copy(r->bay, sizeof(r->bay), f->bay);
	text_copy(r->run_type, sizeof(r->run_type), run_type_name(f->type));
	text_copy(r->profile, sizeof(r->profile), z->profile->id);
	text_copy(r->operator_name, sizeof(r->operator_name), f->operator_name);
	r->profile_revision = z->profile->revision;
	r->started_utc_us = f->started_utc_us;
	r->simulated = f->simulated;
	record_facts_json(f, &q->facts);
	segment_header(z, &q->header);
	station_write(z->bay->station, &q->job);
}

/* ---- notes ---- */

struct note_job {
	struct job job;
	struct station *station;
	struct session *z; /* lives until its finish job, which comes after this one */
	char run[37], bay[16];
	char type[16];
	struct engine_result result; /* of a measurement */
	struct text note;	     /* a JSON object */
};

static void note_work(struct job *j, struct store *store)
{
	struct note_job *q = (struct note_job *)j;
	j->rc = store_run_note(store, q->run, q->note.buf, q->note.len, &j->err);
}

static void note_done(struct job *j)
{
	struct note_job *q = (struct note_job *)j;
	if (j->rc) {
		station_store_failed(q->station, "note of a run", &j->err);
	} else {
		struct text t = {0};
		struct json w;
		if (q->result.verdict)
			q->z->durable[q->result.measurement] = q->result;
		json_init(&w, &t);
		show_event_head(&w, q->type, station_bay(q->station, q->bay));
		json_key(&w, "note");
		json_put_raw(&w, q->note.buf, q->note.len);
		json_end_object(&w);
		serve_event(q->station, &t);
		text_release(&t);
	}
	text_release(&q->note);
	free(q);
}

static const char *note_type(enum note_kind k)
{
	switch (k) {
	case NOTE_STEP_BEGIN: return "step";
	case NOTE_STEP_END: return "step_end";
	case NOTE_MEASUREMENT: return "measurement";
	case NOTE_CAPTURE: return "capture";
	case NOTE_PROMPT: return "prompt";
	case NOTE_ANSWER: return "answer";
	case NOTE_EVENT: return "event";
	case NOTE_STOPPING: return "stopping";
	case NOTE_DONE: return "done";
	}
	return "event";
}

void journal_note(struct session *z, const struct engine_note *note)
{
	struct station *s = z->bay->station;
	if (s->store_failed)
		return;
	if (note->kind == NOTE_STEP_END)
		journal_samples(z, true);
	if (note->kind == NOTE_DONE)
		return; /* the finished document says it */
	struct note_job *q = xcalloc(1, sizeof(*q));
	q->job.work = note_work;
	q->job.done = note_done;
	q->station = s;
	q->z = z;
	if (note->kind == NOTE_MEASUREMENT)
		q->result = *note->result;
	memcpy(q->run, z->facts.id, sizeof(q->run));
	text_copy(q->bay, sizeof(q->bay), z->bay->name);
	text_copy(q->type, sizeof(q->type), note_type(note->kind));
	record_note_json(&z->facts, note, &q->note);
	station_write(s, &q->job);
}

/* ---- samples ---- */

struct samples_job {
	struct job job;
	struct session *z; /* lives until its finish job, which comes after this one */
	struct station *station;
	bool sync;
	int count;
	struct sample at[];
};

static void samples_work(struct job *j, struct store *store)
{
	struct samples_job *q = (struct samples_job *)j;
	(void)store;
	if (!q->z->segment)
		return;
	j->rc = segment_append(q->z->segment, q->at, q->count, &j->err);
	if (!j->rc && q->sync)
		j->rc = segment_sync(q->z->segment, &j->err);
}

static void samples_done(struct job *j)
{
	struct samples_job *q = (struct samples_job *)j;
	if (j->rc)
		station_store_failed(q->station, "trace of a run", &j->err);
	free(q);
}

void journal_samples(struct session *z, bool sync)
{
	if (z->bay->station->store_failed) {
		z->pending_count = 0;
		return;
	}
	if (!z->pending_count && !sync)
		return;
	size_t bytes = (size_t)z->pending_count * sizeof(struct sample);
	struct samples_job *q = xcalloc(1, sizeof(*q) + bytes);
	q->job.work = samples_work;
	q->job.done = samples_done;
	q->z = z;
	q->station = z->bay->station;
	q->sync = sync;
	q->count = z->pending_count;
	memcpy(q->at, z->pending, bytes);
	z->pending_count = 0;
	station_write(z->bay->station, &q->job);
}

/* ---- the end ---- */

struct finish_job {
	struct job job;
	struct session *z;
	int64_t ended_utc_us, seq;
	struct text doc;
};

static void finish_work(struct job *j, struct store *store)
{
	struct finish_job *q = (struct finish_job *)j;
	struct session *z = q->z;
	char hash[65] = "";
	j->rc = z->segment ? segment_finish(z->segment, hash, &j->err) : 0;
	z->segment = NULL;
	if (j->rc)
		return;
	record_finish(z->record, q->ended_utc_us, z->proven,
		      z->proof_detail[0] ? z->proof_detail : NULL, hash[0] ? hash : NULL, &q->doc);
	j->rc = store_run_end(store, z->facts.id, verdict_name(z->verdict), q->ended_utc_us,
			      q->doc.buf, q->doc.len, &q->seq, &j->err);
}

static void finish_done(struct job *j)
{
	struct finish_job *q = (struct finish_job *)j;
	struct session *z = q->z;
	struct station *s = z->bay->station;
	if (j->rc) {
		/* The run stays open in the store and is closed as interrupted at the next start. */
		struct bay *b = z->bay;
		session_free(z);
		(void)b;
		station_store_failed(s, "end of a run", &j->err);
	} else {
		struct text t = {0};
		struct json w;
		s->last_seq = (uint64_t)q->seq;
		json_init(&w, &t);
		show_event_head(&w, "run_finished", z->bay);
		json_kv_string(&w, "verdict", verdict_name(z->verdict));
		json_kv_bool(&w, "proven", z->proven);
		json_kv_bool(&w, "simulated", z->facts.simulated);
		json_end_object(&w);
		serve_event(s, &t);
		text_release(&t);
		log_info(MODULE, "run=%s bay=%s ticket=%s verdict=%s", z->facts.id, z->bay->name,
			 z->facts.ticket, verdict_name(z->verdict));
		session_free(z);
	}
	text_release(&q->doc);
	free(q);
}

static void drop_work(struct job *j, struct store *store)
{
	struct finish_job *q = (struct finish_job *)j;
	(void)store;
	segment_drop(q->z->segment);
	q->z->segment = NULL;
	j->rc = ERR_STORE;
}

static void drop_done(struct job *j)
{
	struct finish_job *q = (struct finish_job *)j;
	session_free(q->z);
	free(q);
}

void journal_finish(struct session *z)
{
	struct station *s = z->bay->station;
	struct finish_job *q = xcalloc(1, sizeof(*q));
	journal_samples(z, true);
	bool lost = s->store_failed;
	q->job.work = lost ? drop_work : finish_work;
	q->job.done = lost ? drop_done : finish_done;
	q->z = z;
	q->ended_utc_us = clock_utc_us();
	if (worker_submit(s->writer, &q->job)) {
		q->job.rc = error_set(&q->job.err, ERR_STORE, "too many records wait for the disk");
		q->job.done(&q->job);
	}
}
