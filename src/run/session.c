/* SPDX-License-Identifier: MIT
 *
 * The session: see the header for its states. Every event is taken between enter and leave;
 * leave carries out what the engine came to, and tells at last that all is over, so that owners
 * may answer an op at once, and free the session then.
 */
#include "run/session.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* wire time */
#define PROGRESS_NS	  (500 * NS_PER_MS)
#define SYNC_NS		  (5 * NS_PER_S)
#define IMAGE_EARLY_NS	  (20 * NS_PER_MS) /* ticks come a little unevenly */
#define LEASE_PATIENCE_NS (2 * NS_PER_S)   /* from the first image to a bay that is active */
#define CHECK_MAX_NS	  (15 * NS_PER_S)
/* Beyond the stop and proof of the fixture: nobody will answer any more. */
#define PROOF_SLACK_NS (40 * NS_PER_S)

#define TO(p) (1u << (p))
static const uint32_t ways[] = {
	[SESSION_PREPARING] = TO(SESSION_CHECKING) | TO(SESSION_OVER),
	[SESSION_CHECKING] = TO(SESSION_BEGINNING) | TO(SESSION_OVER),
	[SESSION_BEGINNING] = TO(SESSION_RUNNING) | TO(SESSION_OVER),
	[SESSION_RUNNING] = TO(SESSION_STOPPING),
	[SESSION_STOPPING] = TO(SESSION_FINISHING),
	[SESSION_FINISHING] = TO(SESSION_OVER),
	[SESSION_OVER] = 0,
};

bool session_may_go(enum session_phase from, enum session_phase to)
{
	return ways[from] & TO(to);
}

static void go(struct session *s, enum session_phase to)
{
	assert(session_may_go(s->phase, to));
	s->phase = to;
}

static bool is_live(const struct session *s)
{
	return s->phase == SESSION_RUNNING || s->phase == SESSION_STOPPING;
}

struct session *session_new(const struct session_config *config, const struct run_facts *facts)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	s->phase = SESSION_PREPARING;
	s->state = config->state;
	s->facts = *facts;
	s->image = xcalloc(1, sizeof(*s->image));
	s->pending = xcalloc(SESSION_SAMPLES_MAX, sizeof(*s->pending));
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	engine_free(s->engine);
	record_free(s->record);
	free(s->durable);
	free(s->image);
	free(s->pending);
	free(s);
}

static const char *state_text(const struct session *s)
{
	return s->reason[0] ? s->reason : bay_state_name(s->state);
}

static void end_refused(struct session *s, const char *code, const char *text)
{
	go(s, SESSION_OVER);
	s->outcome = SESSION_REFUSED;
	text_copy(s->code, sizeof(s->code), code);
	text_copy(s->text, sizeof(s->text), text ? text : "");
}

static const char *const early_codes[] = {"", "tripped", "aborted", "io_lost", "store_failure"};

/* There is no engine yet: while something is under way that answers, it is kept. */
static void keep_early(struct session *s, enum session_early what, const char *text)
{
	if (s->phase == SESSION_CHECKING) {
		end_refused(s, early_codes[what], text);
	} else if (s->phase < SESSION_RUNNING && (!s->early || what < s->early)) {
		s->early = what;
		text_copy(s->early_text, sizeof(s->early_text), text ? text : "");
	}
}

/* ---- the journal ---- */

/* Also from within the engine: it hears of it when its call has ended. */
static void lose_store(struct session *s, const char *why)
{
	if (s->store_lost)
		return;
	s->store_lost = true;
	if (is_live(s))
		engine_error(s->engine, "store_failure", why ? why : "", s->now.run_ns);
	else
		keep_early(s, EARLY_STORE_FAILED, why);
}

static void hand_over(struct session *s, bool sync)
{
	int n = s->pending_count;

	s->pending_count = 0;
	if (sync)
		s->synced_ns = s->now.wire_ns;
	if (!s->store_lost && (n || sync))
		s->config.ops.samples(s->config.ctx, s->pending, n, sync);
}

static void on_note(void *ctx, const struct engine_note *note)
{
	struct session *s = ctx;

	record_note(s->record, note);
	if (note->kind == NOTE_EVENT && !strcmp(note->code, "lock") && s->config.ops.lock)
		s->config.ops.lock(s->config.ctx, note->text);
	if (note->kind == NOTE_STEP_END)
		hand_over(s, true);
	if (note->kind == NOTE_DONE)
		s->attribution = note->attribution; /* the document says the rest */
	else if (!s->store_lost)
		s->config.ops.note(s->config.ctx, note);
}

/* ---- every event ---- */

static void enter(struct session *s, struct session_time now)
{
	s->depth++;
	s->now = now;
}

/* What follows an engine call. */
static void settle(struct session *s)
{
	if (s->phase == SESSION_RUNNING && engine_get_state(s->engine) != ENGINE_RUNNING) {
		go(s, SESSION_STOPPING);
		s->since_ns = s->now.wire_ns;
		hand_over(s, true);
		if (!s->dropped)
			s->config.ops.safe(s->config.ctx, SAFE_STOP);
	}
	if (s->phase == SESSION_STOPPING && engine_get_state(s->engine) == ENGINE_DONE) {
		hand_over(s, true);
		go(s, SESSION_FINISHING);
		s->verdict = engine_verdict(s->engine);
		s->ended_utc_us = s->now.utc_us;
		s->ended_ns = s->now.run_ns;
		s->config.ops.finish(s->config.ctx, !s->store_lost);
	}
}

static void leave(struct session *s)
{
	if (s->depth == 1)
		settle(s);
	if (--s->depth || s->phase != SESSION_OVER || s->told)
		return;
	s->told = true;
	if (s->config.ops.over)
		s->config.ops.over(s->config.ctx);
}

/* ---- from the check of the bay to the first tick ---- */

void session_check(struct session *s, const struct run_facts *facts, struct session_time now)
{
	enter(s, now);
	assert(s->phase == SESSION_PREPARING);
	s->facts = *facts;
	if (s->early) {
		end_refused(s, early_codes[s->early], s->early_text);
	} else {
		go(s, SESSION_CHECKING);
		s->since_ns = now.wire_ns;
		s->check_token = s->config.ops.safe(s->config.ctx, SAFE_CHECK);
		if (!s->check_token && s->phase == SESSION_CHECKING)
			end_refused(s, "io_lost",
				    "the link to benchd-io broke; try again when the bay is ready");
	}
	leave(s);
}

void session_refuse(struct session *s, const char *code, const char *text, struct session_time now)
{
	enter(s, now);
	assert(s->phase == SESSION_PREPARING);
	end_refused(s, code, text);
	leave(s);
}

static void begin(struct session *s)
{
	go(s, SESSION_BEGINNING);
	s->facts.started_utc_us = s->now.utc_us;
	s->facts.started_ns = s->now.run_ns;
	s->record = record_new(&s->facts);
	s->durable = xcalloc((size_t)s->facts.profile->measurement_count + 1, sizeof(*s->durable));
	s->config.ops.begin(s->config.ctx);
}

static void take_proof(struct session *s, bool proven, int64_t took_ns, const char *detail)
{
	s->early_proof = s->phase == SESSION_BEGINNING;
	s->proven = proven;
	s->proof_took_ns = took_ns;
	text_copy(s->proof_detail, sizeof(s->proof_detail), detail);
	if (!s->early_proof) /* else the engine gets it when there is one */
		engine_proof(s->engine, proven, detail, s->now.run_ns);
}

static void run(struct session *s)
{
	struct engine_ops ops = {.ctx = s, .note = on_note};
	struct engine_config config = {.profile = s->facts.profile,
				       .serial = s->facts.serial,
				       .simulated = s->facts.simulated,
				       .utc_us = s->facts.started_utc_us,
				       .utc_not_before_us = s->facts.utc_not_before_us,
				       .now_ns = s->facts.started_ns};

	s->engine = engine_new(&config, &ops);
	go(s, SESSION_RUNNING);
	s->image->type = IO_IMAGE;
	s->image->u.image.bay = (uint8_t)s->config.bay;
	s->image->u.image.lease = ++*s->config.lease;
	s->synced_ns = s->now.wire_ns;
	if (s->config.ops.began)
		s->config.ops.began(s->config.ctx);
	if (s->early == EARLY_TRIP)
		session_trip(s, s->early_interlock, s->early_class, s->early_text, s->early_value,
			     s->now);
	else if (s->early == EARLY_ABORT)
		session_abort(s, s->early_who, s->early_text, s->now);
	else if (s->early == EARLY_IO_LOST)
		session_io_lost(s, s->early_text, s->now);
	else if (s->early)
		engine_error(s->engine, early_codes[s->early], s->early_text, s->now.run_ns);
	else if (s->state != BAY_READY)
		engine_error(s->engine, "bay_not_ready", state_text(s), s->now.run_ns);
	if (s->early_proof)
		engine_proof(s->engine, s->proven, s->proof_detail, s->now.run_ns);
}

void session_begun(struct session *s, int rc, const char *why, struct session_time now)
{
	enter(s, now);
	assert(s->phase == SESSION_BEGINNING);
	if (rc)
		end_refused(s, "store_failure", why);
	else
		run(s);
	leave(s);
}

/* ---- what comes while it runs ---- */

void session_noted(struct session *s, const struct engine_result *result, int rc, const char *why,
		   struct session_time now)
{
	enter(s, now);
	if (rc)
		lose_store(s, why);
	else if (result)
		s->durable[result->measurement] = *result;
	leave(s);
}

void session_samples(struct session *s, const struct sample *at, int n, struct session_time now)
{
	const struct fixture *f = s->config.fixture;

	if (!is_live(s))
		return;
	enter(s, now);
	for (int i = 0; i < n; i++) {
		if (at[i].channel >= f->channel_count ||
		    !(f->channels[at[i].channel].bays >> s->config.bay & 1))
			continue;
		if (s->pending_count == SESSION_SAMPLES_MAX)
			hand_over(s, false);
		s->pending[s->pending_count++] = at[i];
	}
	engine_samples(s->engine, at, n);
	leave(s);
}

void session_bay(struct session *s, enum bay_state state, const char *reason,
		 struct session_time now)
{
	enter(s, now);
	s->state = state;
	text_copy(s->reason, sizeof(s->reason), reason);
	leave(s);
}

static void checked(struct session *s, bool proven, const char *detail)
{
	char text[IO_TEXT_MAX + 64];

	if (proven) {
		begin(s);
		return;
	}
	snprintf(text, sizeof(text), "bay %s did not pass its check before the run: %s",
		 s->config.fixture->bays[s->config.bay].name, detail);
	end_refused(s, "bay_check_failed", text);
}

/* After a stop any proof but that of a check will do: a trip, or a benchd-io that begins anew, proves
 * without having been asked; before the first image too, and then nothing was on since. */
void session_proof(struct session *s, uint32_t token, enum safe_what after, bool proven,
		   int64_t took_ns, const char *detail, struct session_time now)
{
	enter(s, now);
	if (s->phase == SESSION_CHECKING && after == SAFE_CHECK && token && token == s->check_token)
		checked(s, proven, detail);
	else if (after != SAFE_CHECK && (s->phase == SESSION_STOPPING ||
					 (s->phase == SESSION_BEGINNING &&
					  (s->early == EARLY_TRIP || s->early == EARLY_IO_LOST))))
		take_proof(s, proven, took_ns, detail);
	leave(s);
}

void session_trip(struct session *s, int interlock, enum trip_class class, const char *reason,
		  double value, struct session_time now)
{
	enter(s, now);
	if (is_live(s)) {
		s->dropped = true;
		engine_trip_interlock(s->engine, interlock, class, reason, value, now.run_ns);
	} else if (s->early != EARLY_TRIP) {
		s->early_interlock = interlock;
		s->early_class = class;
		s->early_value = value;
		keep_early(s, EARLY_TRIP, reason);
	}
	leave(s);
}

void session_abort(struct session *s, const char *who, const char *why, struct session_time now)
{
	enter(s, now);
	if (is_live(s)) {
		engine_abort(s->engine, who, why, now.run_ns);
	} else if (s->early != EARLY_ABORT) {
		text_copy(s->early_who, sizeof(s->early_who), who);
		keep_early(s, EARLY_ABORT, why);
	}
	leave(s);
}

void session_io_lost(struct session *s, const char *why, struct session_time now)
{
	enter(s, now);
	if (is_live(s)) {
		s->dropped = true;
		engine_error(s->engine, "io_lost", why, now.run_ns);
	} else {
		keep_early(s, EARLY_IO_LOST, why);
	}
	leave(s);
}

int session_answer(struct session *s, const char *prompt, const char *answer, const char *who,
		   struct session_time now, struct error *err)
{
	const struct pf_prompt *p = session_prompt(s, NULL);
	int rc;

	if (s->phase != SESSION_RUNNING)
		return error_set(err, ERR_STATE, "the run asks nothing now");
	enter(s, now);
	rc = engine_answer(s->engine, !prompt[0] && p ? p->id : prompt, answer, who, now.run_ns,
			   err);
	leave(s);
	return rc;
}

/* ---- time ---- */

static void send_image(struct session *s)
{
	const struct fixture *f = s->config.fixture;
	const double *want = engine_image(s->engine);
	struct io_msg *m = s->image;
	bool changed = !s->seq;
	int n = 0;

	for (int i = 0; i < f->output_count; i++) {
		if (!(f->outputs[i].bays >> s->config.bay & 1))
			continue;
		if (n == IO_OUTPUTS_MAX)
			panic("more than %d outputs in a bay", IO_OUTPUTS_MAX);
		changed = changed || fabs(want[i] - m->u.image.value[n]) > 0;
		m->u.image.value[n++] = want[i];
	}
	if (!changed && s->now.wire_ns - s->image_ns < IO_IMAGE_NS - IMAGE_EARLY_NS)
		return;
	m->u.image.count = (uint16_t)n;
	m->u.image.seq = ++s->seq;
	s->image_ns = s->now.wire_ns;
	if (!s->first_image_ns)
		s->first_image_ns = s->image_ns;
	s->config.ops.image(s->config.ctx, m);
}

/* A bay whose outputs nobody holds although images are sent: a message was lost, or the lease
 * refused. */
static bool is_held(const struct session *s)
{
	return s->state == BAY_ACTIVE || s->state == BAY_STOPPING || !s->first_image_ns ||
	       (s->state == BAY_READY && s->now.wire_ns - s->first_image_ns < LEASE_PATIENCE_NS);
}

static void tick_running(struct session *s)
{
	if (!is_held(s)) {
		engine_error(s->engine, "bay_lost", state_text(s), s->now.run_ns);
		return;
	}
	if (s->config.ops.progress && s->now.wire_ns - s->progress_ns >= PROGRESS_NS) {
		s->progress_ns = s->now.wire_ns;
		s->config.ops.progress(s->config.ctx);
	}
	if (s->now.wire_ns - s->synced_ns >= SYNC_NS)
		hand_over(s, true);
	engine_time(s->engine, s->now.run_ns);
	settle(s);
	if (s->phase == SESSION_RUNNING)
		send_image(s);
}

/* The engine's own time-out goes by run time: here it is not asked. */
static void tick_stopping(struct session *s)
{
	const struct fixture *f = s->config.fixture;
	int64_t max_ns = f->proof_within_ns + PROOF_SLACK_NS;
	char text[96];

	for (int i = 0; i < f->stop_count; i++)
		max_ns += f->stop[i].wait_ns;
	if (s->now.wire_ns - s->since_ns <= max_ns)
		return;
	snprintf(text, sizeof(text), "no proof of the safe state within %g s",
		 (double)max_ns / 1e9);
	take_proof(s, false, 0, text);
}

void session_tick(struct session *s, struct session_time now)
{
	enter(s, now);
	switch (s->phase) {
	case SESSION_CHECKING:
		if (now.wire_ns - s->since_ns > CHECK_MAX_NS)
			end_refused(s, "bay_check_failed",
				    "benchd-io did not finish the check of the bay within 15 s");
		break;
	case SESSION_RUNNING: tick_running(s); break;
	case SESSION_STOPPING: tick_stopping(s); break;
	case SESSION_PREPARING:
	case SESSION_BEGINNING:
	case SESSION_FINISHING:
	case SESSION_OVER: break;
	}
	leave(s);
}

/* ---- the end ---- */

void session_finished(struct session *s, int rc, struct session_time now)
{
	enter(s, now);
	assert(s->phase == SESSION_FINISHING);
	s->outcome = rc ? SESSION_LOST : SESSION_STORED;
	go(s, SESSION_OVER);
	leave(s);
}
