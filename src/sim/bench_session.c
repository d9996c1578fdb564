/* SPDX-License-Identifier: MIT
 *
 * What benchd does around an engine: check of the bay, image each 100 ms, stop and proof, record.
 * The store's place is taken by the hooks; they are called at once, not by another thread.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_core.h"

void bench_session_release(struct bench_bay *y)
{
	engine_free(y->engine);
	record_free(y->record);
	text_release(&y->document);
	y->engine = NULL;
	y->record = NULL;
}

static void to_engine_error(struct bench_bay *y, const char *code, const char *text);

static void engine_takes(struct bench_bay *y, const struct sample *at, int n)
{
	int was = vtime_work(&y->bench->vt, WORK_ENGINE);

	engine_samples(y->engine, at, n);
	vtime_work(&y->bench->vt, was);
}

static void engine_ticks(struct bench_bay *y, int64_t now_ns)
{
	int was = vtime_work(&y->bench->vt, WORK_ENGINE);

	engine_time(y->engine, now_ns);
	vtime_work(&y->bench->vt, was);
}

/* ---- records ---- */

/* The store failed: nothing more is kept, every run ends. The engines may be at work just now:
 * they hear of it at the next tick. */
static void keep(struct bench *b, int rc)
{
	if (rc < 0)
		b->store_failed = true;
}

static void hand_over_samples(struct bench_bay *y, bool sync)
{
	struct bench *b = y->bench;

	if (b->config.hooks.samples && !b->store_failed && (y->pending_count || sync))
		keep(b, b->config.hooks.samples(b->config.hooks.ctx, &y->facts, y->pending,
						y->pending_count, sync));
	y->pending_count = 0;
	if (sync)
		y->synced_ns = b->vt.now_ns;
}

static void on_note(void *ctx, const struct engine_note *note)
{
	struct bench_bay *y = ctx;
	struct bench *b = y->bench;

	record_note(y->record, note);
	if (note->kind == NOTE_STEP_END)
		hand_over_samples(y, true);
	if (note->kind == NOTE_PROMPT)
		bench_operator_prompted(y);
	if (note->kind != NOTE_DONE && b->config.hooks.note && !b->store_failed)
		keep(b, b->config.hooks.note(b->config.hooks.ctx, &y->facts, note));
	if (note->kind == NOTE_DONE)
		y->attribution = note->attribution;
}

static void finish(struct bench_bay *y)
{
	struct bench *b = y->bench;
	const struct bench_hooks *h = &b->config.hooks;
	char hash[65] = "";
	int was;

	y->phase = BENCH_DONE;
	y->verdict = engine_verdict(y->engine);
	y->ended_ns = b->vt.now_ns;
	vtime_cancel(&b->vt, &y->tick);
	vtime_cancel(&b->vt, &y->operator_timer);
	hand_over_samples(y, true);
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)y->trace_hash);
	if (h->seal && !b->store_failed)
		keep(b, h->seal(h->ctx, &y->facts, hash));
	if (b->store_failed)
		return;
	was = vtime_work(&b->vt, WORK_ENGINE);
	record_finish(y->record, bench_utc_us(b), y->proven, y->detail[0] ? y->detail : NULL, hash,
		      &y->document);
	vtime_work(&b->vt, was);
	if (h->end)
		keep(b, h->end(h->ctx, &y->facts, y->verdict, bench_utc_us(b), &y->document));
	if (b->store_failed)
		text_clear(&y->document);
}

/* What follows an engine call: notes only leave marks, so that the engine is never entered
 * twice. */
static void settle(struct bench_bay *y)
{
	enum engine_state state;

	if (!y->engine || y->phase == BENCH_DONE)
		return;
	state = engine_get_state(y->engine);
	if (state == ENGINE_STOPPING && y->phase == BENCH_RUNNING) {
		y->phase = BENCH_STOPPING;
		y->stopping_ns = y->bench->vt.now_ns;
		hand_over_samples(y, true);
		if (!y->tripped)
			y->stop_token = bench_send_safe(y->bench, y->index, SAFE_STOP);
	}
	if (engine_get_state(y->engine) == ENGINE_DONE)
		finish(y);
}

static void to_engine_error(struct bench_bay *y, const char *code, const char *text)
{
	if (!y->engine || y->phase == BENCH_DONE)
		return;
	engine_error(y->engine, code, text, y->bench->vt.now_ns);
	settle(y);
}

/* ---- from the check of the bay to the first tick ---- */

static void fill_facts(struct bench_bay *y, const struct bench_order *o)
{
	struct run_facts *f = &y->facts;

	memset(f, 0, sizeof(*f));
	text_copy(f->id, sizeof(f->id), o->id ? o->id : "00000000-0000-4000-8000-000000000000");
	text_copy(f->ticket, sizeof(f->ticket), "T-VIRTUAL");
	text_copy(f->serial, sizeof(f->serial), o->serial);
	text_copy(f->model, sizeof(f->model), o->profile->model->code);
	text_copy(f->bay, sizeof(f->bay), y->bench->fixture->bays[y->index].name);
	text_copy(f->rig, sizeof(f->rig), y->bench->fixture->name);
	text_copy(f->station, sizeof(f->station), "virtual");
	text_copy(f->operator_name, sizeof(f->operator_name), "simulated operator");
	f->type = o->type ? o->type : RUN_POST_REPAIR_QC;
	f->profile = o->profile;
	memcpy(f->fixture_hash, y->bench->fixture->hash, sizeof(f->fixture_hash));
	f->simulated = true;
	f->speed = 1;
	f->unapproved = true;
	f->utc_synced = true;
	f->attempt_no = 1;
	text_copy(f->software, sizeof(f->software), "virtual bench");
}

int bench_start(struct bench *b, int bay, const struct bench_order *order, struct error *err)
{
	struct bench_bay *y = &b->bays[bay];

	if (y->phase == BENCH_CHECKING || y->phase == BENCH_RUNNING || y->phase == BENCH_STOPPING)
		return error_set(err, ERR_STATE, "bay %s is busy", b->fixture->bays[bay].name);
	if (y->state != BAY_READY)
		return error_set(err, ERR_STATE, "bay %s is %s: %s", b->fixture->bays[bay].name,
				 bay_state_name(y->state), y->reason);
	bench_session_release(y);
	fill_facts(y, order);
	y->profile = order->profile;
	y->verdict = 0;
	y->attribution = 0;
	y->proven = y->tripped = false;
	y->detail[0] = '\0';
	y->pending_count = 0;
	y->trace_hash = UINT64_C(0xcbf29ce484222325);
	y->seq = 0;
	y->phase = BENCH_CHECKING;
	y->check_ns = b->vt.now_ns;
	vtime_set(&b->vt, &y->tick, b->vt.now_ns + BENCH_TICK_NS);
	y->check_token = bench_send_safe(b, bay, SAFE_CHECK);
	return 0;
}

static void refuse(struct bench_bay *y, const char *why)
{
	text_copy(y->detail, sizeof(y->detail), why);
	y->phase = BENCH_REFUSED;
	vtime_cancel(&y->bench->vt, &y->tick);
}

static void begin(struct bench_bay *y)
{
	struct bench *b = y->bench;
	struct engine_ops ops = {.ctx = y, .note = on_note};
	struct engine_config config = {.profile = y->profile,
				       .serial = y->facts.serial,
				       .simulated = true,
				       .now_ns = b->vt.now_ns,
				       .utc_us = bench_utc_us(b)};

	y->facts.started_utc_us = bench_utc_us(b);
	y->facts.started_ns = b->vt.now_ns;
	y->record = record_new(&y->facts);
	if (b->config.hooks.begin && !b->store_failed)
		keep(b, b->config.hooks.begin(b->config.hooks.ctx, &y->facts));
	if (b->store_failed) {
		refuse(y, "store failure");
		return;
	}
	y->phase = BENCH_RUNNING;
	y->lease = ++b->lease;
	y->synced_ns = b->vt.now_ns;
	y->engine = engine_new(&config, &ops);
	/* what is known now, so that the first tick does not wait for a round of polling */
	for (int i = 0; i < b->fixture->channel_count; i++)
		if (b->seen[i] && (b->fixture->channels[i].bays >> y->index & 1))
			engine_takes(y, &b->latest[i], 1);
	vtime_set(&b->vt, &y->tick, b->vt.now_ns);
}

/* ---- while it runs ---- */

static void send_image(struct bench_bay *y)
{
	struct bench *b = y->bench;
	const struct fixture *f = b->fixture;
	const double *want = engine_image(y->engine);
	struct io_msg *m = &b->image;

	if (!want)
		return;
	m->type = IO_IMAGE;
	m->u.image.count = 0;
	for (int i = 0; i < f->output_count; i++)
		if (f->outputs[i].bays >> y->index & 1)
			m->u.image.value[m->u.image.count++] = want[i];
	m->u.image.bay = (uint8_t)y->index;
	m->u.image.lease = y->lease;
	m->u.image.seq = ++y->seq;
	bench_send(b, m);
}

static void tick_running(struct bench_bay *y, int64_t now_ns)
{
	if (y->bench->store_failed)
		to_engine_error(y, "store_failure", "the record cannot be kept");
	if (now_ns - y->synced_ns >= BENCH_SYNC_NS)
		hand_over_samples(y, true);
	engine_ticks(y, now_ns);
	settle(y);
	if (y->phase == BENCH_RUNNING)
		send_image(y);
}

static void tick_stopping(struct bench_bay *y, int64_t now_ns)
{
	engine_ticks(y, now_ns);
	if (engine_get_state(y->engine) == ENGINE_STOPPING &&
	    now_ns - y->stopping_ns > BENCH_PROOF_NS) {
		text_copy(y->detail, sizeof(y->detail), "no proof of the safe state within 60 s");
		y->proven = false;
		engine_proof(y->engine, false, y->detail, now_ns);
	}
	settle(y);
}

void bench_session_tick(void *ctx, int64_t now_ns)
{
	struct bench_bay *y = ctx;

	if (y->bench->hangs) {
		vtime_set(&y->bench->vt, &y->tick, now_ns + BENCH_TICK_NS);
		return;
	}
	switch (y->phase) {
	case BENCH_CHECKING:
		if (now_ns - y->check_ns > BENCH_CHECK_NS)
			refuse(y, "the check of the bay was not finished within 15 s");
		break;
	case BENCH_RUNNING: tick_running(y, now_ns); break;
	case BENCH_STOPPING: tick_stopping(y, now_ns); break;
	case BENCH_IDLE:
	case BENCH_DONE:
	case BENCH_REFUSED: return;
	}
	if (y->phase == BENCH_CHECKING || y->phase == BENCH_RUNNING || y->phase == BENCH_STOPPING)
		vtime_set(&y->bench->vt, &y->tick, now_ns + BENCH_TICK_NS);
}

/* ---- what the rig says ---- */

static uint64_t hash_sample(uint64_t h, const struct sample *s)
{
	const uint64_t prime = UINT64_C(0x100000001b3);

	h = (h ^ (uint64_t)s->raw) * prime;
	h = (h ^ (uint64_t)s->at_ns) * prime;
	return (h ^ ((uint64_t)s->channel << 48 | (uint64_t)s->quality << 32 | s->updates)) * prime;
}

static void take_samples(struct bench *b, const struct sample *at, int n)
{
	for (int i = 0; i < n; i++) {
		b->latest[at[i].channel] = at[i];
		b->seen[at[i].channel] = true;
	}
	b->stats.samples += (uint64_t)n;
	for (int k = 0; k < b->fixture->bay_count; k++) {
		struct bench_bay *y = &b->bays[k];

		if (y->phase != BENCH_RUNNING && y->phase != BENCH_STOPPING)
			continue;
		if (y->pending_count + n > BENCH_SAMPLES_MAX)
			hand_over_samples(y, false);
		for (int i = 0; i < n; i++) {
			if (!(b->fixture->channels[at[i].channel].bays >> k & 1))
				continue;
			y->trace_hash = hash_sample(y->trace_hash, &at[i]);
			y->pending[y->pending_count++] = at[i];
		}
		engine_takes(y, at, n);
	}
}

static void on_trip(struct bench *b, const struct io_msg *m)
{
	for (int i = 0; i < b->fixture->bay_count; i++) {
		struct bench_bay *y = &b->bays[i];

		if (!(m->u.trip.bays >> i & 1) ||
		    (y->phase != BENCH_RUNNING && y->phase != BENCH_STOPPING))
			continue;
		y->tripped = true;
		engine_trip_interlock(y->engine, m->u.trip.interlock,
				      (enum trip_class)m->u.trip.class, m->u.trip.reason,
				      m->u.trip.value, b->vt.now_ns);
		settle(y);
	}
}

static void on_proof(struct bench *b, const struct io_msg *m)
{
	struct bench_bay *y = &b->bays[m->u.proof.bay];

	if (y->phase == BENCH_CHECKING && m->u.proof.after == SAFE_CHECK &&
	    m->u.proof.token == y->check_token) {
		if (m->u.proof.proven)
			begin(y);
		else
			refuse(y, m->u.proof.detail);
		return;
	}
	if (y->phase != BENCH_STOPPING || m->u.proof.after == SAFE_CHECK)
		return;
	y->proven = m->u.proof.proven;
	text_copy(y->detail, sizeof(y->detail), m->u.proof.detail);
	engine_proof(y->engine, y->proven, y->detail, b->vt.now_ns);
	settle(y);
}

static void on_hello(struct bench *b)
{
	struct io_msg m = {.type = IO_WELCOME};

	m.u.welcome.version = IO_VERSION;
	m.u.welcome.origin_ns = b->scale.origin_ns;
	m.u.welcome.speed = b->scale.speed;
	bench_send(b, &m);
}

static void on_input(struct bench *b, const struct io_msg *m)
{
	struct bench_bay *y = &b->bays[m->u.input.bay];
	const struct pf_prompt *p = y->phase == BENCH_RUNNING ? engine_prompt(y->engine, NULL)
							      : NULL;
	struct error err;

	if (strcmp(m->u.input.name, "scan") != 0 || !p || p->kind != PROMPT_SCAN_SERIAL)
		return;
	engine_answer(y->engine, p->id, m->u.input.text, "scanner", b->vt.now_ns, &err);
	settle(y);
}

void bench_session_message(struct bench *b, const struct io_msg *m)
{
	struct bench_bay *y;

	switch (m->type) {
	case IO_HELLO: on_hello(b); break;
	case IO_SAMPLES: take_samples(b, m->u.samples.at, m->u.samples.count); break;
	case IO_BAY:
		y = &b->bays[m->u.bay.bay];
		y->state = (enum bay_state)m->u.bay.state;
		text_copy(y->reason, sizeof(y->reason), m->u.bay.reason);
		break;
	case IO_TRIP: on_trip(b, m); break;
	case IO_PROOF: on_proof(b, m); break;
	case IO_INPUT: on_input(b, m); break;
	case IO_OUTPUTS:
	case IO_DEVICE:
	case IO_WELCOME:
	case IO_IMAGE:
	case IO_SAFE: break;
	}
}

/* ---- the bench's users ---- */

static bool is_over(const struct bench_bay *y)
{
	return y->phase == BENCH_DONE || y->phase == BENCH_REFUSED || y->phase == BENCH_IDLE;
}

bool bench_run_until_done(struct bench *b, int bay, int64_t limit_ns)
{
	int64_t end_ns = b->vt.now_ns + limit_ns;

	while (!is_over(&b->bays[bay]))
		if (!bench_step(b, end_ns))
			return false;
	world_run(b->world, b->vt.now_ns);
	return true;
}

void bench_abort(struct bench *b, int bay, const char *why)
{
	struct bench_bay *y = &b->bays[bay];

	if (y->phase == BENCH_CHECKING) {
		refuse(y, why);
	} else if (y->phase == BENCH_RUNNING) {
		engine_abort(y->engine, "simulated operator", why, b->vt.now_ns);
		settle(y);
	}
}

enum bench_phase bench_phase(const struct bench *b, int bay)
{
	return b->bays[bay].phase;
}

enum verdict bench_verdict(const struct bench *b, int bay)
{
	return b->bays[bay].phase == BENCH_DONE ? b->bays[bay].verdict : 0;
}

enum attribution bench_attribution(const struct bench *b, int bay)
{
	return b->bays[bay].attribution;
}

bool bench_is_proven(const struct bench *b, int bay, const char **detail)
{
	if (detail)
		*detail = b->bays[bay].detail;
	return b->bays[bay].proven;
}

const struct engine_result *bench_results(const struct bench *b, int bay)
{
	return b->bays[bay].engine ? engine_results(b->bays[bay].engine) : NULL;
}

double bench_value(const struct bench *b, int bay, const char *channel)
{
	int ref = fixture_channel(b->fixture, bay, channel);

	return b->bays[bay].engine && ref >= 0 ? engine_value(b->bays[bay].engine, ref)
					       : (double)NAN;
}

const char *bench_document(const struct bench *b, int bay)
{
	return b->bays[bay].document.buf ? b->bays[bay].document.buf : "";
}

uint64_t bench_trace_hash(const struct bench *b, int bay)
{
	return b->bays[bay].trace_hash;
}

int64_t bench_run_ns(const struct bench *b, int bay)
{
	return b->bays[bay].ended_ns - b->bays[bay].facts.started_ns;
}

bool bench_store_failed(const struct bench *b)
{
	return b->store_failed;
}
