/* SPDX-License-Identifier: MIT */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE	"bay"
#define TICK_NS (100 * NS_PER_MS) /* of run time */

void bay_init(struct bay *b, struct rig_link *r, int index)
{
	b->rig = r;
	b->index = index;
	b->name = r->fixture->bays[index].name;
	b->state = BAY_NOT_READY;
	text_copy(b->reason, sizeof(b->reason), "benchd-io is not connected");
	b->values = xcalloc((size_t)r->fixture->channel_count + 1, sizeof(*b->values));
	b->tick = loop_add_timer(b->station->loop, bay_tick, b);
}

void bay_audit(struct bay *b, const char *who, const char *what)
{
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "bay", b->name);
	json_end_object(&j);
	station_audit(b->station, who, what, t.buf);
	text_release(&t);
}

/* To whoever follows; recorded too where somebody locks it. */
static void tell_state(const struct bay *b, enum bay_state st, const char *reason,
		       const char *who_locks)
{
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	show_event_head(&j, "bay", b);
	json_kv_string(&j, "state", bay_state_name(st));
	json_kv_string(&j, "reason", reason);
	json_end_object(&j);
	serve_event(b->station, &t);
	if (who_locks)
		station_audit(b->station, who_locks, "bay_locked", t.buf);
	text_release(&t);
}

/* A run found that the rig cannot be trusted: nothing starts there until a person looked and reset it. */
void bay_lock(struct bay *b, const char *why)
{
	text_copy(b->locked, sizeof(b->locked), why && why[0] ? why : "a check of the rig failed");
	log_error(MODULE, "bay %s is locked: %s", b->name, b->locked);
	tell_state(b, BAY_LOCKED, b->locked, "run");
}

enum bay_state bay_shown(const struct bay *b, const char **reason)
{
	*reason = b->reason;
	if (b->state != BAY_READY || (!b->locked[0] && !b->calibration[0]))
		return b->state;
	*reason = b->locked[0] ? b->locked : b->calibration;
	return b->locked[0] ? BAY_LOCKED : BAY_NOT_READY;
}

void bay_calibrations(struct bay *b, const char *why)
{
	const char *reason;
	enum bay_state st;

	if (strcmp(b->calibration, why) == 0)
		return;
	text_copy(b->calibration, sizeof(b->calibration), why);
	st = bay_shown(b, &reason);
	if (b->state == BAY_READY)
		tell_state(b, st, reason, NULL);
}

/* ---- a reset: asked for, then taken or refused by the rig ---- */

static void reset_taken(struct bay *b, struct request *rq, const char *who)
{
	b->locked[0] = 0;
	bay_audit(b, who, "bay_reset");
	if (rq)
		request_done(rq, 202, "bay", b->name);
	else
		bay_say_input(b, "reset_button", "", "reset");
}

static void reset_refused(struct bay *b, struct request *rq, int status, const char *why)
{
	log_warning(MODULE, "bay %s is not reset: %s", b->name, why);
	if (rq)
		request_problem(rq, status, status == 503 ? "io_lost" : "not_reset",
				"bay %s is not reset: %s", b->name, why);
	else
		bay_say_input(b, "reset_button", why, "refused");
}

void bay_reset(struct bay *b, const char *who, struct request *rq)
{
	bool tripped = b->state == BAY_TRIPPED || b->state == BAY_LOCKED;

	if (!tripped && !b->locked[0]) {
		if (rq)
			request_problem(rq, 409, "nothing_to_reset",
					"bay %s is %s; only a tripped or locked bay is reset",
					b->name, bay_state_name(b->state));
		return;
	}
	if (!tripped) { /* the lock is a run's, the rig itself is well */
		reset_taken(b, rq, who);
		tell_state(b, b->state, b->reason, NULL);
		return;
	}
	if (b->reset.token) {
		reset_refused(b, rq, 409, "somebody else resets it at this moment");
		return;
	}
	b->reset.token = rig_safe(b->rig, b->index, SAFE_RESET);
	if (!b->reset.token) {
		reset_refused(b, rq, 503, "benchd-io is not connected");
		return;
	}
	b->reset.request = rq;
	text_copy(b->reset.who, sizeof(b->reset.who), who);
}

bool bay_reset_ends(struct bay *b, const char *refused, int status)
{
	struct request *rq = b->reset.request;

	if (!b->reset.token)
		return false;
	b->reset.token = 0;
	b->reset.request = NULL;
	if (refused)
		reset_refused(b, rq, status, refused);
	else
		reset_taken(b, rq, b->reset.who);
	return true;
}

bool bay_is_usable(const struct bay *b, char *why, size_t size)
{
	if (b->locked[0]) {
		snprintf(why, size,
			 "bay %s is locked: %s; find the cause, then: benchctl bay reset %s",
			 b->name, b->locked, b->name);
		return false;
	}
	if (b->station->room.low) {
		snprintf(why, size,
			 "the disk is nearly full, %lld MiB left: make room, then start again",
			 (long long)(b->station->room.free_bytes >> 20));
		return false;
	}
	if (b->calibration[0]) {
		text_copy(why, size, b->calibration);
		return false;
	}
	if (b->state == BAY_READY)
		return true;
	if (b->state == BAY_TRIPPED || b->state == BAY_LOCKED)
		snprintf(why, size, "bay %s is %s: %s; find the cause, then: benchctl bay reset %s",
			 b->name, bay_state_name(b->state), b->reason, b->name);
	else
		snprintf(why, size, "bay %s is %s%s%s", b->name, bay_state_name(b->state),
			 b->reason[0] ? ": " : "", b->reason);
	return false;
}

void bay_state_changed(struct bay *b, enum bay_state st, const char *reason)
{
	if (b->state == st && !strcmp(b->reason, reason))
		return;
	bool news = b->state != st;
	b->state = st;
	if (st == BAY_SECURING)
		(void)bay_reset_ends(b, NULL, 0);
	text_copy(b->reason, sizeof(b->reason), reason);
	if (b->session)
		session_bay(b->session, st, reason, station_now(b->station));
	if (!news && b->session)
		return;
	if (st == BAY_LOCKED || st == BAY_NOT_READY)
		log_warning(MODULE, "bay %s is %s: %s", b->name, bay_state_name(st), b->reason);
	else
		log_info(MODULE, "bay %s is %s%s%s", b->name, bay_state_name(st),
			 b->reason[0] ? ": " : "", b->reason);
	const char *shown;
	enum bay_state now = bay_shown(b, &shown); /* a run may have locked it */
	tell_state(b, now, shown, st == BAY_LOCKED ? "rig" : NULL);
}

void bay_samples(struct rig_link *r, const struct sample *at, int n)
{
	struct station *s = r->station;
	for (int k = 0; k < r->fixture->bay_count; k++) {
		struct bay *b = &s->bays[r->first_bay + k];
		for (int i = 0; i < n; i++) {
			if (!(r->fixture->channels[at[i].channel].bays & (1u << k)))
				continue;
			b->values[at[i].channel].sample = at[i];
			b->values[at[i].channel].seen = true;
		}
		if (b->session)
			session_samples(b->session, at, n, station_now(s));
	}
}

void bay_input(struct bay *b, const char *name, const char *text)
{
	if (!strcmp(name, "scan")) {
		bay_scan(b, text);
	} else if (!strcmp(name, "reset_button")) {
		if (b->session) {
			bay_say_input(b, name, "", "busy");
			return;
		}
		bay_reset(b, "reset button", NULL);
	} else if (!strcmp(name, "start_button")) {
		if (b->session || !b->scanned_ticket[0] || !b->scanned_serial[0] ||
		    !bay_scan_is_kept(b)) {
			bay_say_input(b, name, "",
				      b->session ? "busy" : "scan ticket and serial first");
			return;
		}
		const struct person *p = bay_person(b);
		if (!p && registry_has_people(b->station->registry)) {
			bay_say_input(b, name, "", "nobody on duty: scan a badge first");
			return;
		}
		struct session_order o = {0};
		bay_take_scan(b, &o);
		text_copy(o.operator_name, sizeof(o.operator_name), p ? p->name : "bay button");
		text_copy(o.person, sizeof(o.person), p ? p->name : "");
		bay_say_input(b, name, "", "start");
		session_request(b, &o, NULL);
	}
}

void bay_tick(void *ctx)
{
	struct bay *b = ctx;
	struct station *s = b->station;
	if (!b->session)
		return;
	struct session_time now = station_now(s);
	session_tick(b->session, now);
	if (b->session)
		loop_set_timer(b->tick, now.wire_ns + TICK_NS / (int64_t)s->scale.speed);
}
