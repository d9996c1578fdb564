/* SPDX-License-Identifier: MIT
 *
 * A bay's session and the world: the rig's link and the store's jobs on one side, events for clients
 * on the other. What a session does is in run/session.c.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/station/approval.h"

#define MODULE "run"

struct session_time station_now(const struct station *s)
{
	int64_t wire_ns = clock_mono_ns();

	return (struct session_time){clock_to_run(&s->scale, wire_ns), wire_ns, clock_utc_us()};
}

/* Over, and no job speaks of it any more. */
static void reap(struct bay *b)
{
	if (!b->session || b->session->phase != SESSION_OVER || b->jobs)
		return;
	(void)bay_person(b); /* duty does not lapse while it went on: idle from now */
	bay_release(b);
	loop_set_timer(b->tick, INT64_MAX);
}

void bay_release(struct bay *b)
{
	session_free(b->session);
	profile_free(b->profile);
	b->session = NULL;
	b->profile = NULL;
}

/* ---- the journal ---- */

static void announce(struct bay *b, struct json *j, struct text *t)
{
	json_end_object(j);
	serve_event(b->station, t);
	text_release(t);
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

static void announce_note(struct bay *b, const struct journal_job *q)
{
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	show_event_head(&j, note_type(q->note), b);
	json_key(&j, "note");
	json_put_raw(&j, q->text.buf, q->text.len);
	announce(b, &j, &t);
}

/* Durable, or not: only now may it be shown. */
static void journal_done(struct job *j)
{
	static const char *const what[] = {[JOURNAL_BEGIN] = "begin of a run",
					   [JOURNAL_NOTE] = "note of a run",
					   [JOURNAL_SAMPLES] = "trace of a run",
					   [JOURNAL_FINISH] = "end of a run"};
	struct journal_job *q = (struct journal_job *)j;
	struct bay *b = q->owner;
	struct station *s = b->station;

	b->jobs--;
	if (j->rc)
		station_store_failed(s, what[q->kind], &j->err);
	switch (q->kind) {
	case JOURNAL_BEGIN: session_begun(b->session, j->rc, j->err.text, station_now(s)); break;
	case JOURNAL_NOTE:
	case JOURNAL_SAMPLES:
		session_noted(b->session, q->result.verdict ? &q->result : NULL, j->rc,
			      s->store_failure, station_now(s));
		if (q->kind == JOURNAL_NOTE && !j->rc)
			announce_note(b, q);
		break;
	case JOURNAL_FINISH: session_finished(b->session, j->rc, station_now(s)); break;
	}
	journal_job_free(q);
	reap(b);
}

static void submit(struct bay *b, struct journal_job *q)
{
	q->job.done = journal_done;
	q->owner = b;
	b->jobs++;
	station_write(b->station, &q->job);
}

/* What who asked for the run is answered. */
static void put_started(const struct bay *b, struct text *out)
{
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "run", b->session->facts.id);
	json_kv_string(&j, "bay", b->name);
	json_end_object(&j);
}

static void op_begin(void *ctx)
{
	struct bay *b = ctx;

	struct journal_job *q = journal_begin(&b->journal, b->session);

	put_started(b, &q->answer);
	if (b->starter)
		q->once = b->starter->once;
	submit(b, q);
}

static void op_note(void *ctx, const struct engine_note *note)
{
	struct bay *b = ctx;

	if (!b->station->store_failed)
		submit(b, journal_note(&b->journal, b->session, note));
}

static void op_samples(void *ctx, const struct sample *at, int n, bool sync)
{
	struct bay *b = ctx;

	if (!b->station->store_failed)
		submit(b, journal_samples(&b->journal, b->session, at, n, sync));
}

static void op_finish(void *ctx, bool keep)
{
	struct bay *b = ctx;

	keep = keep && !b->station->store_failed;
	submit(b, journal_finish(&b->journal, b->session, keep));
	/* A revision may have come into force while it ran; nothing comes between on its way. */
	if (keep)
		passes_apply(b->station, b->session->facts.profile->id);
}

/* ---- the rig ---- */

static uint32_t op_safe(void *ctx, enum safe_what what)
{
	struct bay *b = ctx;

	return b->rig->welcome ? rig_safe(b->rig, b->index, what) : 0;
}

static void op_image(void *ctx, const struct io_msg *m)
{
	struct bay *b = ctx;

	rig_send(b->rig, m);
}

/* ---- who watches ---- */

static void op_began(void *ctx)
{
	struct bay *b = ctx;
	const struct run_facts *f = &b->session->facts;
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	show_event_head(&j, "run_started", b);
	json_kv_string(&j, "profile", f->profile->id);
	json_kv_bool(&j, "simulated", f->simulated);
	announce(b, &j, &t);
	put_started(b, &t);
	if (b->starter)
		request_reply(b->starter, 201, "", &t);
	b->starter = NULL;
	text_release(&t);
	b->scanned_ticket[0] = b->scanned_serial[0] = 0;
	for (int i = 0; i < b->rig->fixture->channel_count; i++)
		if (b->values[i].seen)
			session_known(b->session, &b->values[i].sample, 1);
	loop_set_timer(b->tick, clock_mono_ns());
}

static void op_progress(void *ctx)
{
	struct bay *b = ctx;
	const struct session *z = b->session;
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	show_event_head(&j, "progress", b);
	show_step(&j, z);
	json_kv_number(&j, "elapsed_s",
		       text_round9((double)(z->now.run_ns - z->facts.started_ns) / 1e9));
	json_kv_number(&j, "longest_s", text_round9(z->facts.profile->longest_s));
	show_values(&j, b);
	announce(b, &j, &t);
}

static void op_lock(void *ctx, const char *why)
{
	bay_lock(ctx, why);
}

/* Every reason but these two lies with the bay. */
static int refusal_status(const char *code)
{
	return !strcmp(code, "io_lost") ? 503 : !strcmp(code, "store_failure") ? 500 : 409;
}

static void op_over(void *ctx)
{
	struct bay *b = ctx;
	const struct session *z = b->session;
	struct request *rq = b->starter;
	struct text t = {0};
	struct json j;
	char why[IO_TEXT_MAX];

	b->starter = NULL;
	switch (z->outcome) {
	case SESSION_REFUSED:
		log_warning(MODULE, "bay %s: start refused: %s", b->name, z->text);
		if (rq)
			request_problem(rq, refusal_status(z->code), z->code, "%s", z->text);
		break;
	case SESSION_LOST:
		/* It stays open in the store, and is closed as interrupted at the next start. */
		snprintf(why, sizeof(why), "the record of run %s could not be kept", z->facts.id);
		bay_lock(b, why);
		break;
	case SESSION_STORED:
		json_init(&j, &t);
		show_event_head(&j, "run_finished", b);
		json_kv_string(&j, "verdict", verdict_name(session_verdict(z)));
		json_kv_bool(&j, "proven", z->proven);
		json_kv_bool(&j, "simulated", z->facts.simulated);
		announce(b, &j, &t);
		log_info(MODULE, "run=%s bay=%s ticket=%s verdict=%s", z->facts.id, b->name,
			 z->facts.ticket, verdict_name(session_verdict(z)));
		break;
	}
	reap(b);
}

void bay_prepare(struct bay *b, const struct run_facts *facts, struct request *starter)
{
	struct session_config config = {.ops = {.safe = op_safe,
						.image = op_image,
						.begin = op_begin,
						.note = op_note,
						.samples = op_samples,
						.finish = op_finish,
						.began = op_began,
						.progress = op_progress,
						.lock = op_lock,
						.over = op_over},
					.ctx = b,
					.fixture = b->rig->fixture,
					.bay = b->index,
					.state = b->state,
					.lease = &b->lease};

	b->session = session_new(&config, facts);
	b->starter = starter;
	b->journal = (struct journal){0};
}

/* ---- what the rig and its helpers prove ---- */

/* At start, after a reset or a STOP of an idle bay, after the end of a benchd before this one. */
static void proof_without_run(struct bay *b, enum safe_what after, bool proven, int64_t took_ns,
			      const char *detail)
{
	struct text t = {0};
	struct json j;

	if (after == SAFE_CHECK)
		return;
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "bay", b->name);
	json_kv_string(&j, "after", safe_what_name(after));
	json_kv_bool(&j, "proven", proven);
	json_kv_string(&j, "detail", detail);
	if (took_ns > 0)
		json_kv_number(&j, "took_s", (double)took_ns * 1e-9);
	json_end_object(&j);
	station_audit(b->station, "rig", "proof", t.buf);
	text_release(&t);
}

void bay_proof(struct bay *b, uint32_t token, enum safe_what after, bool proven, int64_t took_ns,
	       const char *detail)
{
	/* Refused at once, nothing was proven; taken, the bay's state has come before. */
	if (token && token == b->reset.token && bay_reset_ends(b, proven ? NULL : detail, 409) &&
	    !proven)
		return;
	if (b->session)
		session_proof(b->session, token, after, proven, took_ns, detail,
			      station_now(b->station));
	else
		proof_without_run(b, after, proven, took_ns, detail);
}

void bays_made_safe(struct rig_link *r, bool proven, const char *detail)
{
	for (int i = 0; i < r->fixture->bay_count; i++)
		bay_proof(&r->station->bays[r->first_bay + i], 0, SAFE_DROP, proven, 0, detail);
}
