/* SPDX-License-Identifier: MIT */
#include "station/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE	    "run"
#define PROGRESS_NS (500 * NS_PER_MS)
#define FLUSH_NS    (1 * NS_PER_S)
#define SYNC_NS	    (5 * NS_PER_S)
/* benchd-io proves within its own bounds; past this nobody will answer */
#define PROOF_MAX_NS	  (60 * NS_PER_S)
#define LEASE_PATIENCE_NS (2 * NS_PER_S)
#define CHECK_MAX_NS	  (15 * NS_PER_S)

void session_free(struct session *z)
{
	if (!z)
		return;
	(void)bay_person(z->bay); /* duty does not lapse while it went on: idle from now */
	if (z->bay->session == z) {
		z->bay->session = NULL;
		loop_set_timer(z->bay->tick, INT64_MAX);
	}
	engine_free(z->engine);
	record_free(z->record);
	profile_free(z->profile);
	free(z->image);
	free(z->pending);
	free(z->durable);
	free(z);
}

/* ---- what follows an engine call: notes only leave marks, so that the engine is never entered twice ---- */

static void settle(struct session *z)
{
	struct bay *b = z->bay;
	if (!z->engine)
		return;
	enum engine_state st = engine_get_state(z->engine);
	if (st == ENGINE_STOPPING && z->phase == SESSION_RUNNING) {
		z->phase = SESSION_STOPPING;
		z->stopping_ns = clock_mono_ns();
		journal_samples(z, true);
		if (!z->tripped && b->rig->welcome) {
			z->stop_sent = true;
			z->stop_token = rig_safe(b->rig, b->index, SAFE_STOP);
		}
	}
	if (st == ENGINE_DONE && z->phase != SESSION_FINISHING) {
		z->phase = SESSION_FINISHING;
		z->verdict = engine_verdict(z->engine);
		journal_finish(z);
	}
}

static void on_note(void *ctx, const struct engine_note *note)
{
	struct session *z = ctx;
	record_note(z->record, note);
	if (note->kind == NOTE_EVENT && !strcmp(note->code, "lock"))
		bay_lock(z->bay, note->text);
	journal_note(z, note);
}

/* ---- from the check of the bay to the first tick ---- */

static void begun(struct session *z, int rc, const struct error *err)
{
	struct station *s = z->bay->station;
	if (rc) {
		session_refuse(z, 500, "store_failure", err->text);
		return;
	}
	struct engine_ops ops = {.ctx = z, .note = on_note};
	struct engine_config config = {.profile = z->profile,
				       .serial = z->facts.serial,
				       .simulated = z->facts.simulated,
				       .utc_us = z->facts.started_utc_us,
				       .utc_not_before_us = z->facts.utc_not_before_us,
				       .now_ns = z->facts.started_ns};
	struct bay *b = z->bay;
	z->phase = SESSION_RUNNING;
	z->lease = ++b->lease;
	z->synced_ns = clock_mono_ns();
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	show_event_head(&j, "run_started", b);
	json_kv_string(&j, "profile", z->profile->id);
	json_kv_bool(&j, "simulated", z->facts.simulated);
	json_end_object(&j);
	serve_event(s, &t);
	text_clear(&t);
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "run", z->facts.id);
	json_kv_string(&j, "bay", b->name);
	json_end_object(&j);
	if (z->starter)
		request_reply(z->starter, 201, "", &t);
	z->starter = NULL;
	text_release(&t);
	z->engine = engine_new(&config, &ops);
	b->scanned_ticket[0] = b->scanned_serial[0] = 0;
	/* what is known now, so that the first tick does not wait for a round of polling */
	for (int i = 0; i < b->rig->fixture->channel_count; i++)
		if (b->values[i].seen)
			engine_samples(z->engine, &b->values[i].sample, 1);
	if (z->early_trip.set)
		session_trip(b, z->early_trip.interlock, z->early_trip.class, z->early_trip.reason,
			     z->early_trip.value);
	else if (z->early_abort.set)
		session_abort(z, z->early_abort.who, z->early_abort.why);
	else if (!b->rig->welcome)
		session_error(z, "io_lost", "benchd-io was lost while the run began");
	else if (s->stopping)
		session_abort(z, "station", "the station stops");
	else if (b->state != BAY_READY)
		session_error(z, "bay_not_ready",
			      b->reason[0] ? b->reason : bay_state_name(b->state));
	loop_set_timer(b->tick, clock_mono_ns());
}

static void checked(struct session *z, bool ok, const char *detail)
{
	char text[IO_TEXT_MAX + 64];
	z->check_token = 0;
	if (!ok) {
		snprintf(text, sizeof(text), "bay %s did not pass its check before the run: %s",
			 z->bay->name, detail);
		session_refuse(z, 409, "bay_check_failed", text);
		return;
	}
	z->phase = SESSION_BEGINNING;
	z->facts.started_utc_us = clock_utc_us();
	z->facts.started_ns = station_run_ns(z->bay->station);
	z->record = record_new(&z->facts);
	z->durable = xcalloc((size_t)z->profile->measurement_count + 1, sizeof(*z->durable));
	journal_begin(z, begun);
}

/* ---- while it runs ---- */

/* At start, after a reset or a STOP of an idle bay, after the end of a benchd before this one. */
static void proof_without_run(struct bay *b, enum safe_what after, bool proven, const char *detail)
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
	json_end_object(&j);
	station_audit(b->station, "rig", "proof", t.buf);
	text_release(&t);
}

void session_proof(struct bay *b, uint32_t token, enum safe_what after, bool proven,
		   const char *detail)
{
	struct session *z = b->session;
	if (!z) {
		proof_without_run(b, after, proven, detail);
		return;
	}
	if (z->phase == SESSION_CHECKING && after == SAFE_CHECK && token == z->check_token &&
	    token) {
		checked(z, proven, detail);
		return;
	}
	if (z->phase != SESSION_STOPPING || after == SAFE_CHECK)
		return;
	z->proven = proven;
	text_copy(z->proof_detail, sizeof(z->proof_detail), detail);
	engine_proof(z->engine, proven, detail, station_run_ns(b->station));
	settle(z);
}

void session_made_safe(struct rig_link *r, bool proven, const char *detail)
{
	for (int i = 0; i < r->fixture->bay_count; i++) {
		struct bay *b = &r->station->bays[r->first_bay + i];
		if (!b->session || b->session->phase == SESSION_STOPPING)
			session_proof(b, 0, SAFE_DROP, proven, detail);
	}
}

void session_trip(struct bay *b, int interlock, enum trip_class class, const char *reason,
		  double value)
{
	struct session *z = b->session;
	if (!z || z->phase == SESSION_FINISHING)
		return;
	if (!z->engine) {
		z->early_trip.set = true;
		z->early_trip.interlock = interlock;
		z->early_trip.class = class;
		z->early_trip.value = value;
		text_copy(z->early_trip.reason, sizeof(z->early_trip.reason), reason);
		if (z->phase == SESSION_CHECKING && z->check_token)
			session_refuse(z, 409, "tripped", reason);
		return;
	}
	z->tripped = true;
	engine_trip_interlock(z->engine, interlock, class, reason, value,
			      station_run_ns(b->station));
	settle(z);
}

void session_error(struct session *z, const char *code, const char *text)
{
	if (!z->engine || z->phase == SESSION_FINISHING)
		return;
	engine_error(z->engine, code, text, station_run_ns(z->bay->station));
	settle(z);
}

void session_abort(struct session *z, const char *who, const char *why)
{
	if (z->phase == SESSION_CHECKING && z->check_token) {
		session_refuse(z, 409, "aborted", why);
		return;
	}
	if (!z->engine) {
		/* a job of the store is under way: `lookup_done` and `begun` look here */
		z->early_abort.set = true;
		text_copy(z->early_abort.who, sizeof(z->early_abort.who), who);
		text_copy(z->early_abort.why, sizeof(z->early_abort.why), why);
		return;
	}
	if (z->phase == SESSION_FINISHING)
		return;
	engine_abort(z->engine, who, why, station_run_ns(z->bay->station));
	settle(z);
}

void session_io_lost(struct bay *b, const char *why)
{
	struct session *z = b->session;
	if (z->phase == SESSION_CHECKING && z->check_token) {
		session_refuse(z, 503, "io_lost", why);
		return;
	}
	if (!z->engine)
		return;	   /* `begun` or `lookup_done` will see that the link is gone */
	z->tripped = true; /* benchd-io, or its successor, makes safe by itself */
	session_error(z, "io_lost", why);
}

static void send_image(struct session *z, int64_t wire)
{
	struct bay *b = z->bay;
	const struct fixture *f = b->rig->fixture;
	const double *want = engine_image(z->engine);
	struct io_msg m = {.type = IO_IMAGE};
	bool changed = !z->seq;
	if (!want)
		return;
	for (int i = 0; i < f->output_count; i++) {
		if (!(f->outputs[i].bays & (1u << b->index)))
			continue;
		changed = changed || fabs(want[i] - z->image[i]) > 0;
		z->image[i] = want[i];
		if (m.u.image.count == IO_OUTPUTS_MAX)
			panic("more than %d outputs in a bay", IO_OUTPUTS_MAX);
		m.u.image.value[m.u.image.count++] = want[i];
	}
	if (!changed && wire - z->image_sent_ns < IO_IMAGE_NS - 20 * NS_PER_MS)
		return;
	z->image_sent_ns = wire;
	z->first_image_ns = z->first_image_ns ? z->first_image_ns : wire;
	m.u.image.bay = (uint8_t)b->index;
	m.u.image.lease = z->lease;
	m.u.image.seq = ++z->seq;
	rig_send(b->rig, &m);
}

static void progress(struct session *z, int64_t run_ns)
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	show_event_head(&j, "progress", z->bay);
	show_step(&j, z);
	json_kv_number(&j, "elapsed_s", text_round9((double)(run_ns - z->facts.started_ns) / 1e9));
	json_kv_number(&j, "longest_s", text_round9(z->profile->longest_s));
	show_values(&j, z->bay);
	json_end_object(&j);
	serve_event(z->bay->station, &t);
	text_release(&t);
}

/* A bay whose outputs nobody holds although images are sent: a message was lost, or the lease refused. */
static bool is_held(const struct session *z, int64_t wire)
{
	enum bay_state st = z->bay->state;
	return st == BAY_ACTIVE || st == BAY_STOPPING || !z->first_image_ns ||
	       (st == BAY_READY && wire - z->first_image_ns < LEASE_PATIENCE_NS);
}

static void tick_running(struct session *z, int64_t run_ns, int64_t wire)
{
	if (!is_held(z, wire)) {
		session_error(z, "bay_lost",
			      z->bay->reason[0] ? z->bay->reason : bay_state_name(z->bay->state));
		return;
	}
	if (wire - z->progress_ns >= PROGRESS_NS) {
		z->progress_ns = wire;
		progress(z, run_ns);
	}
	bool sync = wire - z->synced_ns >= SYNC_NS;
	if (sync || z->pending_count > STATION_SAMPLES_MAX / 2) {
		journal_samples(z, sync);
		if (sync)
			z->synced_ns = wire;
	}
	engine_time(z->engine, run_ns);
	settle(z);
	if (z->phase == SESSION_RUNNING)
		send_image(z, wire);
}

void session_tick(struct session *z, int64_t run_ns, int64_t wire)
{
	char text[96];
	switch (z->phase) {
	case SESSION_CHECKING:
		if (z->check_token && wire - z->stopping_ns > CHECK_MAX_NS)
			session_refuse(z, 409, "bay_check_failed",
				       "benchd-io did not finish the check of the bay within 15 s");
		return;
	case SESSION_RUNNING: tick_running(z, run_ns, wire); return;
	case SESSION_STOPPING:
		engine_time(z->engine, run_ns);
		if (wire - z->stopping_ns > PROOF_MAX_NS) {
			snprintf(text, sizeof(text), "no proof of the safe state within %d s",
				 (int)(PROOF_MAX_NS / NS_PER_S));
			z->proven = false;
			text_copy(z->proof_detail, sizeof(z->proof_detail), text);
			engine_proof(z->engine, false, text, run_ns);
		}
		settle(z);
		return;
	case SESSION_BEGINNING:
	case SESSION_FINISHING: return;
	}
}
