/* SPDX-License-Identifier: MIT
 *
 * The states of a bay, and its way to the safe state: drop, stop, proof.
 *
 *	            +-------------------------- reset -----------------------------+
 *	            v                                                              |
 *	start -> SECURING --proven, all there--> READY --first image--> ACTIVE     |
 *	          ^ |  | |                        | | ^                   |        |
 *	          | |  | |      device lost ------+ | |             trip, |        |
 *	 all back | |  | |      |   trip, stop -----+ | stop proven stop  |        |
 *	          | v  | |      v                   v |                   |        |
 *	     NOT_READY<-+------ + <----------- STOPPING <-----------------+        |
 *	               | |                       |   |                             |
 *	               | +-- trip, proven        |   +-- not proven, contradiction |
 *	               v                         v                                 |
 *	            LOCKED / TRIPPED <-----------+ --------------------------------+
 *
 *	SECURING -> READY, NOT_READY, TRIPPED, LOCKED	[conclude]
 *	NOT_READY -> SECURING		[safe_devices_changed, safe_message, safe_trip]
 *	READY -> ACTIVE					[safe_activate]
 *	READY -> NOT_READY				[safe_devices_changed]
 *	READY -> STOPPING				[safe_trip, safe_message, safe_end]
 *	READY -> SECURING				[safe_message]
 *	ACTIVE -> STOPPING				[safe_trip, safe_message, safe_end]
 *	STOPPING -> READY, NOT_READY, TRIPPED, LOCKED	[conclude]
 *	TRIPPED, LOCKED -> SECURING			[safe_message]
 *	TRIPPED, LOCKED -> STOPPING			[safe_trip, safe_message, safe_end]
 *
 * SECURING and STOPPING are the only states in which something is under way; their phases are STOP
 * (the ordered end, outputs still held where its steps left them) and PROOF (everything commanded
 * safe). A drop goes to PROOF at once.
 */
#include <assert.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

#define TO(s) (1u << (s))
static const uint32_t ways[] = {
	[BAY_SECURING] = TO(BAY_READY) | TO(BAY_NOT_READY) | TO(BAY_TRIPPED) | TO(BAY_LOCKED),
	[BAY_NOT_READY] = TO(BAY_SECURING),
	[BAY_READY] = TO(BAY_ACTIVE) | TO(BAY_NOT_READY) | TO(BAY_STOPPING) | TO(BAY_SECURING),
	[BAY_ACTIVE] = TO(BAY_STOPPING),
	[BAY_STOPPING] = TO(BAY_READY) | TO(BAY_NOT_READY) | TO(BAY_TRIPPED) | TO(BAY_LOCKED),
	[BAY_TRIPPED] = TO(BAY_SECURING) | TO(BAY_STOPPING),
	[BAY_LOCKED] = TO(BAY_SECURING) | TO(BAY_STOPPING),
};

bool bay_may_go(enum bay_state from, enum bay_state to)
{
	return from >= BAY_SECURING && from <= BAY_LOCKED && to >= BAY_SECURING &&
	       to <= BAY_LOCKED && (ways[from] & TO(to));
}

static void go(struct rig *r, int bay, enum bay_state to, const char *reason)
{
	struct bay *b = &r->bays[bay];

	assert(bay_may_go(b->state, to));
	b->state = to;
	if (reason != b->reason)
		text_copy(b->reason, sizeof(b->reason), reason);
	b->tell_state = true;
	b->look = UINT64_MAX;
	rig_log(r, to == BAY_LOCKED || to == BAY_TRIPPED ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		"bay=%s %s%s%s", r->f->bays[bay].name, bay_state_name(to), b->reason[0] ? ": " : "",
		b->reason);
}

uint32_t safe_powered(const struct rig *r)
{
	uint32_t bays = 0;

	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (r->bays[bay].state == BAY_ACTIVE || r->bays[bay].phase == PHASE_STOP)
			bays |= 1u << bay;
	return bays;
}

/* --- the way there --- */

/* Everything of this bay safe now, written anew so that its read-back is a fresh one. */
static void begin_proof(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];

	b->phase = PHASE_PROOF;
	b->proof_ns = r->run_ns;
	b->deadline_ns = clock_to_wire(&r->scale, r->run_ns + r->f->proof_within_ns);
	if (b->state == BAY_SECURING && b->deadline_ns < r->now_ns + START_NS)
		b->deadline_ns = r->now_ns + START_NS;
	output_drop(r, bay);
	output_merge(r);
	for (int i = 0; i < r->f->device_count; i++)
		if (r->devices[i].output_bays >> bay & 1)
			board_set(r, i, true, true);
}

static void begin(struct rig *r, int bay, enum bay_state state, enum safe_what after,
		  const char *reason)
{
	struct bay *b = &r->bays[bay];

	b->began_ns = r->run_ns;
	b->after = after;
	go(r, bay, state, reason);
	if (after == SAFE_STOP) {
		b->phase = PHASE_STOP;
		b->step = 0;
		b->step_ns = r->run_ns;
	} else {
		begin_proof(r, bay);
	}
}

static void step(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];

	while (b->phase == PHASE_STOP && r->run_ns >= b->step_ns) {
		const struct fx_stop_step *s = &r->f->stop[b->step];

		if (b->step == r->f->stop_count) {
			begin_proof(r, bay);
			return;
		}
		b->step++;
		if (s->output >= 0 && !(r->f->outputs[s->output].bays >> bay & 1))
			continue;
		if (s->output >= 0 && s->output != r->f->dead_man)
			b->want[s->output] = s->value;
		r->want_changed = true;
		b->look = UINT64_MAX;
		b->step_ns = r->run_ns + s->wait_ns;
	}
	if (b->phase == PHASE_STOP)
		rig_due_run(r, b->step_ns);
}

static void answer_all(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];
	int64_t took = r->run_ns - b->began_ns;

	for (int i = 0; i < b->answer_count; i++)
		report_proof(r, bay, (enum safe_what)b->answers[i].what, b->answers[i].token,
			     b->proven, b->detail, took);
	if (!b->answer_count)
		report_proof(r, bay, b->after, 0, b->proven, b->detail, took);
	b->answer_count = 0;
}

static void conclude(struct rig *r, int bay, bool proven)
{
	struct bay *b = &r->bays[bay];
	bool settled;
	int missing = device_missing(r, bay, &settled);
	int where, active = interlock_active(r, bay, &where);
	char text[IO_TEXT_MAX] = "";

	proof_describe(r, bay, b->detail, sizeof(b->detail));
	b->proven = proven;
	b->has_proof = true;
	b->proved = b->after;
	b->proof_took_ns = r->run_ns - b->began_ns;
	b->phase = PHASE_NONE;
	if (active >= 0 && !b->tripped) {
		b->tripped = true;
		rig_text(b->cause, sizeof(b->cause), "%s",
			 r->f->interlocks[active].title_en ? r->f->interlocks[active].title_en
							   : r->f->interlocks[active].name);
	}
	if (missing >= 0)
		device_describe(r, missing, text, sizeof(text));
	if (proven && b->after == SAFE_RESET && (b->tripped || missing >= 0))
		rig_text(b->detail, sizeof(b->detail), "safe, but not ready: %s",
			 b->tripped ? b->cause : text);
	if (b->locked)
		go(r, bay, BAY_LOCKED, b->cause);
	else if (b->state == BAY_SECURING && missing >= 0 && !b->tripped)
		go(r, bay, BAY_NOT_READY, text);
	else if (!proven)
		go(r, bay, BAY_LOCKED, b->detail);
	else if (b->tripped)
		go(r, bay, BAY_TRIPPED, b->cause);
	else if (missing >= 0)
		go(r, bay, BAY_NOT_READY, text);
	else
		go(r, bay, BAY_READY, "");
	answer_all(r, bay);
	safe_devices_changed(r);
}

/* While a device is away that the proof rests on, waiting shows nothing. */
static bool cannot_be_proven(const struct rig *r, int bay)
{
	for (int i = 0; i < r->f->device_count; i++)
		if ((r->bays[bay].proof_devices[i / 64] >> i % 64 & 1) &&
		    (r->devices[i].state == DEVICE_LOST || r->devices[i].state == DEVICE_WRONG))
			return true;
	return false;
}

static void try_proof(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];
	bool settled, shown = proof_board(r, bay) < 0 && proof_expression(r, bay) < 0;

	device_missing(r, bay, &settled);
	if (shown && (settled || b->state != BAY_SECURING)) {
		conclude(r, bay, true);
	} else if (r->now_ns >= b->deadline_ns) {
		conclude(r, bay, shown);
	} else if (b->state == BAY_SECURING && settled && cannot_be_proven(r, bay)) {
		conclude(r, bay, false);
	} else {
		rig_due(r, b->deadline_ns);
	}
}

/* --- what makes a bay go there --- */

void safe_start(struct rig *r)
{
	r->started = true;
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];

		b->began_ns = r->run_ns;
		b->after = SAFE_RESET;
		b->tell_state = true;
		begin_proof(r, bay);
	}
}

void safe_activate(struct rig *r, int bay)
{
	go(r, bay, BAY_ACTIVE, "");
}

/* What one bay's trip means in the state it is in. */
static void trip_bay(struct rig *r, int bay, const char *reason, bool lock)
{
	struct bay *b = &r->bays[bay];

	if (!b->tripped)
		text_copy(b->cause, sizeof(b->cause), reason);
	else if (lock && !b->locked)
		text_copy(b->cause, sizeof(b->cause), reason);
	b->tripped = true;
	b->locked = b->locked || lock;
	switch (b->state) {
	case BAY_ACTIVE:
	case BAY_READY:
	case BAY_TRIPPED:
	case BAY_LOCKED: begin(r, bay, BAY_STOPPING, SAFE_DROP, reason); break;
	case BAY_STOPPING:
		if (b->phase == PHASE_STOP)
			begin_proof(r, bay);
		break;
	case BAY_NOT_READY: begin(r, bay, BAY_SECURING, SAFE_RESET, reason); break;
	case BAY_SECURING: break;
	}
}

void safe_trip(struct rig *r, uint32_t bays, enum trip_class class, int interlock, double value,
	       const char *reason, bool lock)
{
	uint32_t hit = 0;

	for (int bay = 0; bay < r->f->bay_count; bay++) {
		const struct bay *b = &r->bays[bay];
		bool idle = b->state == BAY_TRIPPED || b->state == BAY_LOCKED ||
			    b->state == BAY_NOT_READY;

		/* what is dropped already is dropped again only when a board contradicts */
		if ((bays >> bay & 1) && (lock ? !b->locked : !idle && !b->tripped))
			hit |= 1u << bay;
	}
	if (!hit)
		return;
	rig_log(r, LOG_LEVEL_WARNING, "trip class=%s %s", trip_class_name(class), reason);
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (hit >> bay & 1)
			trip_bay(r, bay, reason, lock);
	report_trip(r, hit, class, interlock, value, reason);
}

static void keep_answer(struct rig *r, int bay, enum safe_what what, uint32_t token)
{
	struct bay *b = &r->bays[bay];

	if (b->answer_count == ANSWERS_MAX) {
		report_proof(r, bay, what, token, false,
			     "too many requests wait for the same proof", 0);
		return;
	}
	b->answers[b->answer_count].what = (uint8_t)what;
	b->answers[b->answer_count++].token = token;
}

static void message_reset(struct rig *r, int bay, uint32_t token)
{
	struct bay *b = &r->bays[bay];
	char text[IO_TEXT_MAX];

	if (b->state == BAY_ACTIVE || b->state == BAY_STOPPING) {
		report_proof(r, bay, SAFE_RESET, token, false,
			     b->state == BAY_ACTIVE ? "a lease holds the bay"
						    : "the bay is being made safe",
			     0);
		return;
	}
	/* Nothing that a reset does ends an interlock's condition: who resets too early is told. */
	if (b->state != BAY_SECURING && interlock_stands(r, bay, text, sizeof(text))) {
		report_proof(r, bay, SAFE_RESET, token, false, text, 0);
		return;
	}
	keep_answer(r, bay, SAFE_RESET, token);
	if (b->state == BAY_SECURING)
		return;
	b->tripped = b->locked = false;
	b->cause[0] = '\0';
	for (int i = 0; i < r->f->device_count; i++)
		if (r->devices[i].bays >> bay & 1 && !r->devices[i].ask_waiting)
			device_ask(r, i);
	begin(r, bay, BAY_SECURING, SAFE_RESET, "reset: proving the safe state");
}

void safe_message(struct rig *r, int bay, enum safe_what what, uint32_t token)
{
	struct bay *b = &r->bays[bay];

	if (what == SAFE_RESET) {
		message_reset(r, bay, token);
		return;
	}
	if (what == SAFE_CHECK) {
		check_begin(r, bay, token);
		return;
	}
	keep_answer(r, bay, what, token);
	switch (b->state) {
	case BAY_STOPPING:
		if (what == SAFE_DROP && b->phase == PHASE_STOP)
			begin_proof(r, bay);
		break;
	case BAY_SECURING: break;
	case BAY_NOT_READY: begin(r, bay, BAY_SECURING, SAFE_DROP, b->reason); break;
	case BAY_ACTIVE:
	case BAY_READY: begin(r, bay, BAY_STOPPING, what, ""); break;
	case BAY_TRIPPED:
	case BAY_LOCKED: begin(r, bay, BAY_STOPPING, SAFE_DROP, b->cause); break;
	}
}

void safe_end(struct rig *r, const char *why)
{
	uint32_t active = 0;

	r->ending = true;
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (r->bays[bay].state == BAY_ACTIVE)
			active |= 1u << bay;
	if (active)
		safe_trip(r, active, TRIP_COMMS, -1, 0, why, false);
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];

		switch (b->state) {
		case BAY_READY:
		case BAY_TRIPPED:
		case BAY_LOCKED: begin(r, bay, BAY_STOPPING, SAFE_DROP, why); break;
		case BAY_NOT_READY: begin(r, bay, BAY_SECURING, SAFE_RESET, why); break;
		case BAY_STOPPING:
			if (b->phase == PHASE_STOP)
				begin_proof(r, bay);
			break;
		case BAY_SECURING:
		case BAY_ACTIVE: break;
		}
	}
}

void safe_devices_changed(struct rig *r)
{
	char text[IO_TEXT_MAX];

	for (int bay = 0; bay < r->f->bay_count && r->started; bay++) {
		struct bay *b = &r->bays[bay];
		bool settled;
		int missing;

		if (b->state != BAY_READY && b->state != BAY_NOT_READY)
			continue;
		missing = device_missing(r, bay, &settled);
		if (b->state == BAY_READY && missing >= 0) {
			device_describe(r, missing, text, sizeof(text));
			go(r, bay, BAY_NOT_READY, text);
		} else if (b->state == BAY_NOT_READY && missing < 0 && !r->ending) {
			begin(r, bay, BAY_SECURING, SAFE_RESET,
			      "all devices answer: proving the safe state");
		} else if (b->state == BAY_NOT_READY && missing >= 0) {
			device_describe(r, missing, text, sizeof(text));
			if (strcmp(text, b->reason)) {
				text_copy(b->reason, sizeof(b->reason), text);
				b->tell_state = true;
			}
		}
	}
}

void safe_run(struct rig *r)
{
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];

		if (b->phase == PHASE_STOP)
			step(r, bay);
		if (b->phase == PHASE_PROOF)
			try_proof(r, bay);
		if (b->checking)
			check_run(r, bay);
	}
}
