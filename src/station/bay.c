/* SPDX-License-Identifier: MIT */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE	     "bay"
#define SCAN_KEPT_NS (600 * NS_PER_S)  /* a unit scanned longer ago may have gone */
#define TICK_NS	     (100 * NS_PER_MS) /* of run time */

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

void audit_bay(struct bay *b, const char *who, const char *what)
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

/* A run found that the rig cannot be trusted: nothing starts there until a person looked and reset it. */
void bay_lock(struct bay *b, const char *why)
{
	struct text t = {0};
	struct json j;

	text_copy(b->locked, sizeof(b->locked), why && why[0] ? why : "a check of the rig failed");
	log_error(MODULE, "bay %s is locked: %s", b->name, b->locked);
	json_init(&j, &t);
	show_event_head(&j, "bay", b);
	json_kv_string(&j, "state", bay_state_name(BAY_LOCKED));
	json_kv_string(&j, "reason", b->locked);
	json_end_object(&j);
	serve_event(b->station, &t);
	station_audit(b->station, "run", "bay_locked", t.buf);
	text_release(&t);
}

bool bay_is_usable(const struct bay *b, char *why, size_t size)
{
	if (b->locked[0]) {
		snprintf(why, size,
			 "bay %s is locked: %s; find the cause, then: benchctl bay reset %s",
			 b->name, b->locked, b->name);
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
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	show_event_head(&j, "bay", b);
	json_kv_string(&j, "state", bay_state_name(st));
	json_kv_string(&j, "reason", b->reason);
	json_end_object(&j);
	serve_event(b->station, &t);
	if (st == BAY_LOCKED)
		station_audit(b->station, "rig", "bay_locked", t.buf);
	text_release(&t);
}

void bay_samples(struct rig_link *r, const struct sample *at, int n)
{
	struct station *s = r->station;
	for (int k = 0; k < r->fixture->bay_count; k++) {
		struct bay *b = &s->bays[r->first_bay + k];
		for (int i = 0; i < n; i++) {
			if (at[i].channel >= r->fixture->channel_count)
				continue;
			if (!(r->fixture->channels[at[i].channel].bays & (1u << k)))
				continue;
			b->values[at[i].channel].sample = at[i];
			b->values[at[i].channel].seen = true;
		}
		if (b->session)
			session_samples(b->session, at, n, station_now(s));
	}
}

static void say_input(struct bay *b, const char *name, const char *text, const char *code)
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	show_event_head(&j, "input", b);
	json_kv_string(&j, "name", name);
	json_kv_string(&j, "text", text);
	json_kv_string(&j, "result", code);
	json_kv_string(&j, "ticket", b->scanned_ticket);
	json_kv_string(&j, "serial", b->scanned_serial);
	json_end_object(&j);
	serve_event(b->station, &t);
	text_release(&t);
}

struct scan_job {
	struct job job;
	struct bay *bay;
	enum code_kind kind;
	char code[64]; /* what it stands for; "": nothing */
	struct ticket ticket;
};

static void scan_work(struct job *j, struct store *store)
{
	struct scan_job *q = (struct scan_job *)j;
	j->rc = q->kind == CODE_SERIAL || !q->code[0]
			? error_set(&j->err, ERR_NOT_FOUND, "no ticket")
			: store_ticket_get(store, q->code, &q->ticket, &j->err);
}

/* At an idle bay a code that is a ticket selects it; then the serial of its unit's plate. */
static void scan_done(struct job *j)
{
	struct scan_job *q = (struct scan_job *)j;
	struct bay *b = q->bay;
	const char *result = "unknown";
	if (!j->rc) {
		text_copy(b->scanned_ticket, sizeof(b->scanned_ticket), q->ticket.id);
		b->scanned_serial[0] = 0;
		result = "ticket";
	} else if (b->scanned_ticket[0] && q->kind != CODE_TICKET && q->code[0]) {
		/* compared with the ticket's own serial when the run is asked for */
		text_copy(b->scanned_serial, sizeof(b->scanned_serial), q->code);
		result = "serial";
	}
	b->scanned_ns = clock_mono_ns();
	if (!strcmp(result, "unknown"))
		log_warning(
			MODULE,
			"bay %s: \"%s\" is no ticket of this station; scan the ticket first, then the "
			"unit's plate",
			b->name, q->code);
	say_input(b, "scan", q->code, result);
	free(q);
}

/* Could that be a plate, or is it another label, or half of one? A plate of another unit ends a run
 * whose unit was known; no other code does. */
bool bay_takes_serial(const struct bay *b, const char *text)
{
	const struct library *lib = &b->station->library;
	struct error err;

	if (!strcmp(text, b->session->facts.serial))
		return true;
	for (int i = 0; i < lib->model_count; i++)
		if (!model_check_serial(lib->models[i], text, &err))
			return true;
	return false;
}

/* "serial" or "refused" */
static const char *scan_plate(struct bay *b, const struct pf_prompt *p, const char *plate)
{
	struct session *z = b->session;
	struct error err = {0};
	int rc = 0;

	if (engine_is_identified(z->engine) && !bay_takes_serial(b, plate))
		rc = error_set(&err, ERR_SYNTAX,
			       "\"%.60s\" is no serial of any model here; scan the plate", plate);
	else
		rc = session_answer(z, p->id, plate, "scanner", station_now(b->station), &err);
	if (rc)
		log_warning(MODULE, "bay %s: scan refused: %s", b->name, err.text);
	return rc ? "refused" : "serial";
}

static void on_scan(struct bay *b, const char *text)
{
	struct session *z = b->session;
	if (z) {
		const struct pf_prompt *p = session_prompt(z, NULL);
		const char *result = "ignored";
		char plate[64];
		(void)code_read(b->station->options.codes, b->station->options.code_count, text,
				plate);
		if (p && p->kind == PROMPT_SCAN_SERIAL)
			result = scan_plate(b, p, plate[0] ? plate : text);
		say_input(b, "scan", text, result);
		return;
	}
	const struct person *p = registry_badge(b->station->registry, text);
	if (p && (p->roles & (PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR))) {
		duty_begin(b, p);
		say_input(b, "badge", p->name, "duty");
		return;
	}
	struct scan_job *q = xcalloc(1, sizeof(*q));
	q->job.work = scan_work;
	q->job.done = scan_done;
	q->bay = b;
	q->kind =
		code_read(b->station->options.codes, b->station->options.code_count, text, q->code);
	station_read(b->station, &q->job);
}

void bay_take_scan(struct bay *b, struct session_order *o)
{
	if (!b->scanned_ns || clock_mono_ns() - b->scanned_ns > SCAN_KEPT_NS)
		return;
	if (!o->ticket[0])
		text_copy(o->ticket, sizeof(o->ticket), b->scanned_ticket);
	if (o->serial[0] || strcmp(o->ticket, b->scanned_ticket) != 0 || !b->scanned_serial[0])
		return;
	text_copy(o->serial, sizeof(o->serial), b->scanned_serial);
	text_copy(o->serial_from, sizeof(o->serial_from), "scan");
}

void bay_input(struct bay *b, const char *name, const char *text)
{
	if (!strcmp(name, "scan")) {
		on_scan(b, text);
	} else if (!strcmp(name, "reset_button")) {
		if (b->session) {
			say_input(b, name, "", "busy");
			return;
		}
		if (b->locked[0] || b->state == BAY_TRIPPED || b->state == BAY_LOCKED)
			audit_bay(b, "reset button", "bay_reset");
		b->locked[0] = 0;
		if (b->state == BAY_TRIPPED || b->state == BAY_LOCKED)
			rig_safe(b->rig, b->index, SAFE_RESET);
		say_input(b, name, "", "reset");
	} else if (!strcmp(name, "start_button")) {
		if (b->session || !b->scanned_ticket[0] || !b->scanned_serial[0] ||
		    clock_mono_ns() - b->scanned_ns > SCAN_KEPT_NS) {
			say_input(b, name, "",
				  b->session ? "busy" : "scan ticket and serial first");
			return;
		}
		const struct person *p = bay_person(b);
		if (!p && registry_has_people(b->station->registry)) {
			say_input(b, name, "", "nobody on duty: scan a badge first");
			return;
		}
		struct session_order o = {0};
		bay_take_scan(b, &o);
		text_copy(o.operator_name, sizeof(o.operator_name), p ? p->name : "bay button");
		text_copy(o.person, sizeof(o.person), p ? p->name : "");
		say_input(b, name, "", "start");
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
