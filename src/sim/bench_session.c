/* SPDX-License-Identifier: MIT
 *
 * Sessions of the virtual bench: between the rig's messages and virtual time on one side, the hooks
 * in the store's place on the other. What a session does is in run/session.c.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_core.h"

struct session_time bench_now(const struct bench *b)
{
	return (struct session_time){b->vt.now_ns, b->vt.now_ns, bench_utc_us(b)};
}

/* ---- what a session asks for ---- */

static uint32_t op_safe(void *ctx, enum safe_what what)
{
	struct bench_bay *y = ctx;

	return bench_send_safe(y->bench, y->index, what);
}

static void op_image(void *ctx, const struct io_msg *m)
{
	struct bench_bay *y = ctx;
	int was = vtime_work(&y->bench->vt, WORK_OTHER);

	bench_send(y->bench, m);
	vtime_work(&y->bench->vt, was);
}

void bench_session_answer(void *ctx, int64_t now_ns)
{
	struct bench_bay *y = ctx;

	(void)now_ns;
	if (y->session->phase == SESSION_BEGINNING)
		session_begun(y->session, y->answer_rc, "store failure", bench_now(y->bench));
	else
		session_finished(y->session, y->answer_rc, bench_now(y->bench));
}

static void answer_later(struct bench_bay *y, int rc)
{
	struct bench *b = y->bench;

	y->answer_rc = rc;
	if (b->config.store_delay_ns)
		vtime_set(&b->vt, &y->answer, b->vt.now_ns + b->config.store_delay_ns);
	else
		bench_session_answer(y, b->vt.now_ns);
}

static void op_begin(void *ctx)
{
	struct bench_bay *y = ctx;
	const struct bench_hooks *h = &y->bench->config.hooks;

	answer_later(y, h->begin ? h->begin(h->ctx, &y->session->facts) : 0);
}

static void op_note(void *ctx, const struct engine_note *note)
{
	struct bench_bay *y = ctx;
	const struct bench_hooks *h = &y->bench->config.hooks;
	int rc = h->note ? h->note(h->ctx, &y->session->facts, note) : 0;

	session_noted(y->session, note->result, rc, "the record cannot be kept",
		      bench_now(y->bench));
	if (note->kind == NOTE_PROMPT)
		bench_operator_prompted(y);
}

static uint64_t hash_sample(uint64_t h, const struct sample *s)
{
	const uint64_t prime = UINT64_C(0x100000001b3);

	h = (h ^ (uint64_t)s->raw) * prime;
	h = (h ^ (uint64_t)s->at_ns) * prime;
	return (h ^ ((uint64_t)s->channel << 48 | (uint64_t)s->quality << 32 | s->updates)) * prime;
}

static void op_samples(void *ctx, const struct sample *at, int n, bool sync)
{
	struct bench_bay *y = ctx;
	const struct bench_hooks *h = &y->bench->config.hooks;

	for (int i = 0; i < n; i++)
		y->trace_hash = hash_sample(y->trace_hash, &at[i]);
	if (h->samples && h->samples(h->ctx, &y->session->facts, at, n, sync) < 0)
		session_store_failed(y->session, "the trace cannot be kept", bench_now(y->bench));
}

static void op_finish(void *ctx, bool keep)
{
	struct bench_bay *y = ctx;
	const struct bench_hooks *h = &y->bench->config.hooks;
	int was = vtime_work(&y->bench->vt, WORK_ENGINE), rc = keep ? 0 : ERR_STORE;
	char hash[17];

	text_clear(&y->document);
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)y->trace_hash);
	if (h->finish)
		rc = h->finish(h->ctx, &y->session->facts, keep, &y->document);
	else if (keep)
		session_document(y->session, hash, &y->document);
	if (rc)
		text_clear(&y->document);
	vtime_work(&y->bench->vt, was);
	answer_later(y, rc);
}

static void op_began(void *ctx)
{
	struct bench_bay *y = ctx;
	struct bench *b = y->bench;

	for (int i = 0; i < b->fixture->channel_count; i++)
		if (b->seen[i] && (b->fixture->channels[i].bays >> y->index & 1))
			session_known(y->session, &b->latest[i], 1);
	vtime_set(&b->vt, &y->tick, b->vt.now_ns);
}

static void op_over(void *ctx)
{
	struct bench_bay *y = ctx;

	vtime_cancel(&y->bench->vt, &y->tick);
	vtime_cancel(&y->bench->vt, &y->operator_timer);
}

/* ---- start ---- */

static struct run_facts make_facts(const struct bench_bay *y, const struct bench_order *o)
{
	struct run_facts f = {.type = o->type ? o->type : RUN_POST_REPAIR_QC,
			      .profile = o->profile,
			      .simulated = true,
			      .speed = 1,
			      .unapproved = true,
			      .utc_synced = true,
			      .attempt_no = 1};

	text_copy(f.id, sizeof(f.id), o->id ? o->id : "00000000-0000-4000-8000-000000000000");
	text_copy(f.ticket, sizeof(f.ticket), "T-VIRTUAL");
	text_copy(f.serial, sizeof(f.serial), o->serial);
	text_copy(f.model, sizeof(f.model), o->profile->model->code);
	text_copy(f.bay, sizeof(f.bay), y->bench->fixture->bays[y->index].name);
	text_copy(f.rig, sizeof(f.rig), y->bench->fixture->name);
	text_copy(f.station, sizeof(f.station), "virtual");
	text_copy(f.operator_name, sizeof(f.operator_name), "simulated operator");
	text_copy(f.software, sizeof(f.software), "virtual bench");
	memcpy(f.fixture_hash, y->bench->fixture->hash, sizeof(f.fixture_hash));
	return f;
}

int bench_start(struct bench *b, int bay, const struct bench_order *order, struct error *err)
{
	struct bench_bay *y = &b->bays[bay];
	struct session_config config = {.ops = {.safe = op_safe,
						.image = op_image,
						.begin = op_begin,
						.note = op_note,
						.samples = op_samples,
						.finish = op_finish,
						.began = op_began,
						.over = op_over},
					.ctx = y,
					.fixture = b->fixture,
					.bay = bay,
					.state = y->state,
					.lease = &y->lease};
	struct run_facts facts = make_facts(y, order);

	if (y->session && y->session->phase != SESSION_OVER)
		return error_set(err, ERR_STATE, "bay %s is busy", b->fixture->bays[bay].name);
	if (y->state != BAY_READY)
		return error_set(err, ERR_STATE, "bay %s is %s: %s", b->fixture->bays[bay].name,
				 bay_state_name(y->state), y->reason);
	session_free(y->session);
	y->session = session_new(&config, &facts);
	y->trace_hash = UINT64_C(0xcbf29ce484222325);
	text_clear(&y->document);
	vtime_set(&b->vt, &y->tick, b->vt.now_ns + BENCH_TICK_NS);
	session_check(y->session, &facts, bench_now(b));
	return 0;
}

/* ---- what a session hears ---- */

void bench_session_tick(void *ctx, int64_t now_ns)
{
	struct bench_bay *y = ctx;
	struct bench *b = y->bench;
	int was = vtime_work(&b->vt, WORK_ENGINE);

	if (!b->hangs)
		session_tick(y->session, bench_now(b));
	vtime_work(&b->vt, was);
	if (y->session->phase != SESSION_OVER)
		vtime_set(&b->vt, &y->tick, now_ns + BENCH_TICK_NS);
}

static void take_samples(struct bench *b, const struct sample *at, int n)
{
	int was = vtime_work(&b->vt, WORK_ENGINE);

	for (int i = 0; i < n; i++) {
		b->latest[at[i].channel] = at[i];
		b->seen[at[i].channel] = true;
	}
	b->stats.samples += (uint64_t)n;
	for (int k = 0; k < b->fixture->bay_count; k++)
		if (b->bays[k].session)
			session_samples(b->bays[k].session, at, n, bench_now(b));
	vtime_work(&b->vt, was);
}

static void on_trip(struct bench *b, const struct io_msg *m)
{
	for (int i = 0; i < b->fixture->bay_count; i++)
		if ((m->u.trip.bays >> i & 1) && b->bays[i].session)
			session_trip(b->bays[i].session, m->u.trip.interlock,
				     (enum trip_class)m->u.trip.class, m->u.trip.reason,
				     m->u.trip.value, bench_now(b));
}

static void on_hello(struct bench *b)
{
	struct io_msg m = {.type = IO_WELCOME};

	m.u.welcome.version = IO_VERSION;
	m.u.welcome.origin_ns = b->scale.origin_ns;
	m.u.welcome.speed = b->scale.speed;
	bench_send(b, &m);
}

static void on_bay(struct bench *b, const struct io_msg *m)
{
	struct bench_bay *y = &b->bays[m->u.bay.bay];

	y->state = (enum bay_state)m->u.bay.state;
	text_copy(y->reason, sizeof(y->reason), m->u.bay.reason);
	if (y->session)
		session_bay(y->session, y->state, y->reason, bench_now(b));
}

static void on_input(struct bench *b, const struct io_msg *m)
{
	struct session *s = b->bays[m->u.input.bay].session;
	const struct pf_prompt *p = s ? session_prompt(s, NULL) : NULL;
	struct error err;

	if (!strcmp(m->u.input.name, "scan") && p && p->kind == PROMPT_SCAN_SERIAL)
		session_answer(s, p->id, m->u.input.text, "scanner", bench_now(b), &err);
}

void bench_session_message(struct bench *b, const struct io_msg *m)
{
	struct session *s;

	switch (m->type) {
	case IO_HELLO: on_hello(b); break;
	case IO_SAMPLES: take_samples(b, m->u.samples.at, m->u.samples.count); break;
	case IO_BAY: on_bay(b, m); break;
	case IO_TRIP: on_trip(b, m); break;
	case IO_PROOF:
		s = b->bays[m->u.proof.bay].session;
		if (s)
			session_proof(s, m->u.proof.token, (enum safe_what)m->u.proof.after,
				      m->u.proof.proven, m->u.proof.took_ns, m->u.proof.detail,
				      bench_now(b));
		break;
	case IO_INPUT: on_input(b, m); break;
	case IO_LINE:
	case IO_KNOWN:
	case IO_CALIBRATION:
	case IO_CALIBRATED:
	case IO_LABEL:
	case IO_LABELED:
	case IO_DEVICE:
	case IO_WELCOME:
	case IO_IMAGE:
	case IO_SAFE: break;
	}
}

/* ---- the bench's users ---- */

bool bench_run_until_done(struct bench *b, int bay, int64_t limit_ns)
{
	const struct session *s = b->bays[bay].session;
	int64_t end_ns = b->vt.now_ns + limit_ns;

	while (s && s->phase != SESSION_OVER)
		if (!bench_step(b, end_ns))
			return false;
	world_run(b->world, b->vt.now_ns);
	return true;
}

void bench_abort(struct bench *b, int bay, const char *why)
{
	if (b->bays[bay].session)
		session_abort(b->bays[bay].session, "simulated operator", why, bench_now(b));
}

const struct session *bench_session(const struct bench *b, int bay)
{
	return b->bays[bay].session;
}

enum bench_phase bench_phase(const struct bench *b, int bay)
{
	const struct session *s = b->bays[bay].session;

	switch (s ? s->phase : 0) {
	case 0: return BENCH_IDLE;
	case SESSION_RUNNING: return BENCH_RUNNING;
	case SESSION_STOPPING:
	case SESSION_FINISHING: return BENCH_STOPPING;
	case SESSION_OVER: return s->outcome == SESSION_REFUSED ? BENCH_REFUSED : BENCH_DONE;
	default: return BENCH_CHECKING;
	}
}

enum verdict bench_verdict(const struct bench *b, int bay)
{
	const struct session *s = b->bays[bay].session;

	return s && s->phase == SESSION_OVER ? s->verdict : 0;
}

enum attribution bench_attribution(const struct bench *b, int bay)
{
	return b->bays[bay].session ? b->bays[bay].session->attribution : 0;
}

bool bench_is_proven(const struct bench *b, int bay, const char **detail)
{
	const struct session *s = b->bays[bay].session;

	if (detail)
		*detail = s->outcome == SESSION_REFUSED ? s->text : s->proof_detail;
	return s->proven;
}

const struct engine_result *bench_results(const struct bench *b, int bay)
{
	const struct session *s = b->bays[bay].session;

	return s && s->engine ? engine_results(s->engine) : NULL;
}

double bench_value(const struct bench *b, int bay, const char *channel)
{
	const struct session *s = b->bays[bay].session;
	int ref = fixture_channel(b->fixture, bay, channel);

	return s && s->engine && ref >= 0 ? engine_value(s->engine, ref) : (double)NAN;
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
	return b->bays[bay].session->ended_ns - b->bays[bay].session->facts.started_ns;
}
