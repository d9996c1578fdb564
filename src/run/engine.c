/* SPDX-License-Identifier: MIT
 *
 * Life of an engine, time, and the ways out.
 *
 *	FROM	 -> TO		by
 *	RUNNING	 -> STOPPING	step_tick (end of the last step, stop on fail, rig check, prompt
 *				or wait of the rig that timed out), tick_aborts, engine_abort,
 *				engine_trip, engine_error
 *	STOPPING -> DONE	engine_proof, engine_time (no proof came)
 *
 * In STOPPING the verdict is pending: what comes then can only make it worse.
 */
#include "run/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "impl.h"

struct engine *engine_new(const struct engine_config *config, const struct engine_ops *ops)
{
	const struct profile *p = config->profile;
	struct engine *e = xcalloc(1, sizeof *e);
	int64_t utc_us = calibrate_believed_utc_us(config->utc_us, config->utc_not_before_us);

	e->profile = p;
	e->fixture = p->fixture;
	e->ops = *ops;
	text_copy(e->serial, sizeof e->serial, config->serial ? config->serial : "");
	e->state = ENGINE_RUNNING;
	e->start_ns = e->now_ns = config->now_ns;
	e->attempt = 1;
	e->readings = 1;
	plan_build(e);
	for (int i = 0; i < e->fixture->channel_count; i++)
		e->channels[i].calibration = calibrate_state(&e->fixture->channels[i], utc_us);
	for (int i = 0; i < p->abort_count; i++)
		if (p->aborts[i].when)
			condition_begin(&e->aborts[i], plan_grace_ns(e, p->aborts[i].when));
		else
			condition_begin_channels(e, &e->aborts[i], &e->abort_channels[i]);
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	plan_release(e);
	free(e);
}

void engine_emit(struct engine *e, const struct engine_note *note)
{
	if (e->ops.note)
		e->ops.note(e->ops.ctx, note);
}

static void emit_event(struct engine *e, const char *code, const char *text, const char *who,
		       double value)
{
	struct engine_note note = {.kind = NOTE_EVENT,
				   .at_ns = e->now_ns,
				   .step = e->step_open ? e->step : -1,
				   .attempt = e->attempt,
				   .code = code,
				   .text = text,
				   .who = who,
				   .value = value};

	engine_emit(e, &note);
}

void engine_event(struct engine *e, const char *code, double value, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	emit_event(e, code, text, NULL, value);
}

/* --- the ways out ------------------------------------------------------- */

/* Longest the ordered end and its proof may take, twice, and a little. */
static int64_t proof_wait_ns(const struct fixture *f)
{
	int64_t ns = f->proof_within_ns;

	for (int i = 0; i < f->stop_count; i++)
		ns += f->stop[i].wait_ns;
	return 2 * ns + 30 * NS_PER_SECOND;
}

void engine_stop(struct engine *e, enum verdict v, enum attribution a, const char *code,
		 const char *text, bool dropped)
{
	struct engine_note note = {.kind = NOTE_STOPPING, .step = -1};

	if (e->state != ENGINE_RUNNING)
		return;
	e->state = ENGINE_STOPPING;
	e->verdict = v;
	e->attribution = a;
	text_copy(e->end_code, sizeof e->end_code, code);
	text_copy(e->end_text, sizeof e->end_text, text);
	e->prompt = NULL;
	e->proof_deadline_ns = e->now_ns + proof_wait_ns(e->fixture);
	step_close(e);
	note.at_ns = e->now_ns;
	note.attempt = e->attempt;
	note.code = e->end_code;
	note.text = e->end_text;
	if (!dropped)
		engine_emit(e, &note);
}

/* In STOPPING: a fail, and what did not reach its end anyway, stays; anything better becomes v. */
static void worsen(struct engine *e, enum verdict v, enum attribution a, const char *code,
		   const char *text)
{
	if (e->verdict == VERDICT_FAIL || e->verdict == VERDICT_ERROR ||
	    e->verdict == VERDICT_ABORTED || e->verdict == VERDICT_TRIPPED)
		return;
	e->verdict = v;
	e->attribution = a;
	text_copy(e->end_code, sizeof e->end_code, code);
	text_copy(e->end_text, sizeof e->end_text, text);
}

static void leave(struct engine *e, enum verdict v, enum attribution a, const char *code,
		  const char *text, bool dropped)
{
	if (e->state == ENGINE_RUNNING)
		engine_stop(e, v, a, code, text, dropped);
	else
		worsen(e, v, a, code, text);
}

static void advance_clock(struct engine *e, int64_t now_ns)
{
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
}

static void do_abort(struct engine *e, const char *who, const char *why, int64_t now_ns)
{
	if (e->state == ENGINE_DONE)
		return;
	advance_clock(e, now_ns);
	if (e->state == ENGINE_STOPPING) {
		emit_event(e, "late", "abort", who, NO_NUMBER);
		return;
	}
	emit_event(e, "abort", why ? why : "", who, NO_NUMBER);
	engine_stop(e, VERDICT_ABORTED, 0, "abort", why ? why : "", false);
}

static enum attribution default_attribution(enum trip_class class)
{
	switch (class) {
	case TRIP_LEAK:
	case TRIP_OVER_PRESSURE: return ATTRIBUTION_UNIT;
	case TRIP_SENSOR:
	case TRIP_TIMEOUT:
	case TRIP_COMMS: return ATTRIBUTION_RIG;
	case TRIP_ESTOP:
	case TRIP_OVER_TEMPERATURE:
	case TRIP_DRY_RUN:
	case TRIP_OVER_CURRENT:
	case TRIP_OPERATOR: break;
	}
	return 0;
}

/* x: the profile's word on it, or NULL. A trip by readings so old that half of the time it has to last
 * was seen by nobody trips all the same, and blames no unit. */
static void trip(struct engine *e, enum trip_class class, enum attribution a,
		 const struct pf_abort *x, const char *reason, double value, bool dropped)
{
	int old = x && a == ATTRIBUTION_UNIT
			  ? compute_old(e, x->when, e->now_ns - x->for_ns / 2, true)
			  : -1;
	enum verdict v = a == ATTRIBUTION_RIG ? VERDICT_ERROR : VERDICT_TRIPPED;

	if (class == TRIP_OPERATOR)
		v = VERDICT_ABORTED;
	engine_event(e, "trip", value, "%s: %s", trip_class_name(class), reason);
	if (old >= 0) {
		engine_event(e, "old_reading", NO_NUMBER, "%s", e->fixture->channels[old].name);
		a = 0;
	}
	if (x && a == ATTRIBUTION_UNIT && x->measurement >= 0)
		measure_trip(e, x->measurement);
	leave(e, v, a, trip_class_name(class), reason, dropped);
}

/* The abort that speaks of this trip: by its interlock; without one by its class alone. */
static const struct pf_abort *abort_of(const struct profile *p, int interlock,
				       enum trip_class class)
{
	for (int i = 0; i < p->abort_count; i++) {
		const struct pf_abort *a = &p->aborts[i];

		if (interlock >= 0 ? a->interlock == interlock : a->class == class)
			return a;
	}
	return NULL;
}

static void do_trip(struct engine *e, int interlock, enum trip_class class, const char *reason,
		    double value, int64_t now_ns)
{
	/* A sensor that fell silent, whatever it guards, is the rig's: no abort names that. */
	bool silent = class == TRIP_SENSOR && interlock < 0;
	const struct pf_abort *x = silent ? NULL : abort_of(e->profile, interlock, class);
	enum attribution a = default_attribution(class);

	if (e->state == ENGINE_DONE)
		return;
	advance_clock(e, now_ns);
	/* An interlock guards the rig: only a profile that names it says that the unit trips it. */
	if (interlock >= 0 && a == ATTRIBUTION_UNIT)
		a = 0;
	trip(e, class, x ? x->attribution : a, x, reason ? reason : "", value, true);
}

static void do_error(struct engine *e, const char *code, const char *text, int64_t now_ns)
{
	if (e->state == ENGINE_DONE)
		return;
	advance_clock(e, now_ns);
	emit_event(e, code, text ? text : "", NULL, NO_NUMBER);
	leave(e, VERDICT_ERROR, ATTRIBUTION_RIG, code, text ? text : "", false);
}

static void do_proof(struct engine *e, bool proven, const char *detail, int64_t now_ns)
{
	struct engine_note note = {.kind = NOTE_DONE, .step = -1};

	if (e->state != ENGINE_STOPPING)
		return;
	advance_clock(e, now_ns);
	if (!proven) {
		char text[200];

		snprintf(text, sizeof text, "safe state not proven: %s", detail ? detail : "");
		measure_contradiction(e, text, NULL);
		worsen(e, VERDICT_ERROR, ATTRIBUTION_RIG, "not_proven", detail ? detail : "");
	}
	e->state = ENGINE_DONE;
	note.at_ns = e->now_ns;
	note.attempt = e->attempt;
	note.verdict = e->verdict;
	note.attribution = e->verdict == VERDICT_PASS ? 0 : e->attribution;
	note.code = e->end_code;
	note.text = e->end_text;
	note.trial_seconds = engine_trial_seconds(e);
	note.trial_making_seconds = (double)e->trial.making_ns * 1e-9;
	engine_emit(e, &note);
}

static void tick_aborts(struct engine *e)
{
	for (int i = 0; i < e->profile->abort_count && e->state == ENGINE_RUNNING; i++) {
		const struct pf_abort *x = &e->profile->aborts[i];

		condition_tick(e, &e->aborts[i], x->when, false, x->for_ns);
		if (e->aborts[i].violated)
			trip(e, x->class, x->attribution, x, x->id, NO_NUMBER, false);
	}
}

static void do_time(struct engine *e, int64_t now_ns)
{
	advance_clock(e, now_ns);
	if (e->state == ENGINE_RUNNING && !e->started) {
		e->started = true;
		if (e->profile->step_count)
			step_begin(e, 0, 1);
		else
			engine_stop(e, VERDICT_INCONCLUSIVE, 0, "no_steps", "", false);
	}
	if (e->state == ENGINE_RUNNING) {
		samples_derived(e);
		tick_aborts(e);
	}
	if (e->state == ENGINE_RUNNING)
		step_tick(e);
	else if (e->state == ENGINE_STOPPING && e->now_ns >= e->proof_deadline_ns)
		do_proof(e, false, "no answer from the rig", e->now_ns);
}

/* --- calls: the engine is never at work twice ---------------------------- */

void engine_enter(struct engine *e)
{
	e->entered++;
}

static void do_call(struct engine *e, enum engine_call_kind kind, const struct engine_call *c)
{
	switch (kind) {
	case CALL_ERROR: do_error(e, c->name, c->text, c->now_ns); break;
	case CALL_ABORT: do_abort(e, c->name, c->text, c->now_ns); break;
	case CALL_TRIP: do_trip(e, c->interlock, c->class, c->text, c->value, c->now_ns); break;
	case CALL_PROOF: do_proof(e, c->proven, c->text, c->now_ns); break;
	case CALL_KINDS: break;
	}
}

void engine_leave(struct engine *e)
{
	/* What they call in turn waits too, and each kind ends the run at most once. */
	for (int k = 0; e->entered == 1 && k < CALL_KINDS; k++) {
		struct engine_call c;

		if (!e->calls[k].waits)
			continue;
		c = e->calls[k];
		do_call(e, (enum engine_call_kind)k, &c);
		e->calls[k].waits = false;
		k = -1;
	}
	e->entered--;
}

static void call(struct engine *e, enum engine_call_kind kind, struct engine_call c,
		 const char *name, const char *text)
{
	if (e->calls[kind].waits)
		return;
	text_copy(c.name, sizeof c.name, name ? name : "");
	text_copy(c.text, sizeof c.text, text ? text : "");
	c.waits = true;
	engine_enter(e);
	e->calls[kind] = c;
	engine_leave(e);
}

void engine_abort(struct engine *e, const char *who, const char *why, int64_t now_ns)
{
	call(e, CALL_ABORT, (struct engine_call){.now_ns = now_ns}, who, why);
}

void engine_trip_interlock(struct engine *e, int interlock, enum trip_class class,
			   const char *reason, double value, int64_t now_ns)
{
	struct engine_call c = {
		.interlock = interlock, .class = class, .value = value, .now_ns = now_ns};

	call(e, CALL_TRIP, c, NULL, reason);
}

void engine_trip(struct engine *e, enum trip_class class, const char *reason, double value,
		 int64_t now_ns)
{
	engine_trip_interlock(e, -1, class, reason, value, now_ns);
}

void engine_error(struct engine *e, const char *code, const char *text, int64_t now_ns)
{
	call(e, CALL_ERROR, (struct engine_call){.now_ns = now_ns}, code, text);
}

void engine_proof(struct engine *e, bool proven, const char *detail, int64_t now_ns)
{
	call(e, CALL_PROOF, (struct engine_call){.proven = proven, .now_ns = now_ns}, NULL, detail);
}

int64_t engine_time(struct engine *e, int64_t now_ns)
{
	if (e->state != ENGINE_DONE && !e->entered) {
		engine_enter(e);
		do_time(e, now_ns);
		engine_leave(e);
	}
	return e->state == ENGINE_DONE ? INT64_MAX : e->now_ns + ENGINE_TICK_NS;
}

/* --- what others may know ----------------------------------------------- */

enum engine_state engine_get_state(const struct engine *e)
{
	return e->state;
}

const double *engine_image(const struct engine *e)
{
	return e->state == ENGINE_RUNNING ? e->image : NULL;
}

const struct pf_prompt *engine_prompt(const struct engine *e, int64_t *deadline_ns)
{
	if (e->prompt && deadline_ns)
		*deadline_ns = e->prompt_deadline_ns;
	return e->prompt;
}

int engine_step(const struct engine *e)
{
	return e->step;
}

int engine_attempt(const struct engine *e)
{
	return e->attempt;
}

double engine_trial_seconds(const struct engine *e)
{
	return (double)e->trial.clock_ns * 1e-9;
}

enum verdict engine_verdict(const struct engine *e)
{
	return e->state == ENGINE_DONE ? e->verdict : 0;
}

const struct engine_result *engine_results(const struct engine *e)
{
	return e->results;
}

/* Captures have no unit of their own: SI. */
static const struct unit *unit_of(const struct engine *e, int ref)
{
	const struct profile *p = e->profile;

	if (ref < PROFILE_DERIVED_REF)
		return e->fixture->channels[ref].unit;
	if (ref < PROFILE_CAPTURE_REF)
		return p->derived[ref - PROFILE_DERIVED_REF].unit;
	if (ref >= PROFILE_MODEL_REF && ref < PROFILE_MEASURED_REF)
		return p->model->params[ref - PROFILE_MODEL_REF].unit;
	if (ref >= PROFILE_MEASURED_REF && ref < PROFILE_CLOCK_REF)
		return p->measurements[ref - PROFILE_MEASURED_REF].unit;
	return NULL;
}

double engine_value(const struct engine *e, int symbol_ref)
{
	struct evaluation ev = {.e = e};
	struct expr_value v;
	const struct unit *u;

	if (symbol_ref < 0 || symbol_ref > UINT16_MAX)
		return NO_NUMBER;
	v = compute_symbol(&ev, (uint16_t)symbol_ref, EXPR_LATEST);
	if (!v.known || !isfinite(v.si))
		return NO_NUMBER;
	u = unit_of(e, symbol_ref);
	return u ? unit_from_si(u, v.si) : v.si;
}
