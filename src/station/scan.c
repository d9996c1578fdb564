/* SPDX-License-Identifier: MIT
 *
 * What a scanned code means at a bay: an answer to the run there, a badge, or a ticket and then the
 * plate of its unit. A code that the station does not know is looked for in the ticketing system
 * (inbound.c). Where a ticket may be made at the bench, that needs the same code twice and then the
 * plate; where the ticketing system was only silent, such a ticket is unconfirmed and releases
 * nothing until it was.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket/adapter.h"

#define MODULE	     "scan"
#define SCAN_KEPT_NS (600 * NS_PER_S) /* a unit scanned longer ago may have gone */

void bay_say_input(struct bay *b, const char *name, const char *text, const char *code)
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

/* The one model of whose plates that could be one; NULL: none, or *many. */
static const struct model *model_of_plate(const struct station *s, const char *text, bool *many)
{
	const struct library *lib = &s->library;
	const struct model *found = NULL;
	struct error err;

	*many = false;
	for (int i = 0; i < lib->model_count; i++) {
		if (model_check_serial(lib->models[i], text, &err))
			continue;
		*many = found != NULL;
		found = lib->models[i];
	}
	return *many ? NULL : found;
}

static bool is_plate(const struct station *s, const char *text)
{
	bool many, one = model_of_plate(s, text, &many) != NULL;

	return one || many;
}

/* A plate of another unit ends a run whose unit was known; another label, or half of one, does not. */
bool bay_takes_serial(const struct bay *b, const char *text)
{
	return !strcmp(text, b->session->facts.serial) || is_plate(b->station, text);
}

bool bay_scan_is_kept(const struct bay *b)
{
	return b->scanned_ns && clock_mono_ns() - b->scanned_ns <= SCAN_KEPT_NS;
}

/* ---- what a bay is told ---- */

static void select_ticket(struct bay *b, const char *ticket, const char *serial)
{
	text_copy(b->scanned_ticket, sizeof(b->scanned_ticket), ticket);
	text_copy(b->scanned_serial, sizeof(b->scanned_serial), serial);
	b->unknown_code[0] = b->new_ticket[0] = 0;
	b->scanned_ns = clock_mono_ns();
}

/* Nobody knows it. The second time it may be a new ticket's. */
static void unknown_code(struct bay *b, const char *code, bool may_make)
{
	bool again = may_make && bay_scan_is_kept(b) && !strcmp(b->unknown_code, code);

	b->scanned_ns = clock_mono_ns();
	b->new_ticket[0] = 0;
	text_copy(b->unknown_code, sizeof(b->unknown_code), may_make && !again ? code : "");
	if (again) {
		text_copy(b->new_ticket, sizeof(b->new_ticket), code);
		b->scanned_ticket[0] = b->scanned_serial[0] =
			0; /* the next plate is the new one's */
		log_info(MODULE, "bay %s: \"%s\" becomes a new ticket with the next plate", b->name,
			 code);
	} else {
		log_warning(
			MODULE,
			"bay %s: \"%s\" is no ticket of this station; scan the ticket first, then the "
			"unit's plate%s",
			b->name, code, may_make ? ", or the same code again for a new ticket" : "");
	}
	bay_say_input(b, "scan", code, again ? "new_ticket" : "unknown");
}

/* ---- a ticket made at the bench ---- */

struct make_job {
	struct job job;
	struct bay *bay;
	struct ticket ticket;
	char who[96];
};

static void make_work(struct job *j, struct store *store)
{
	struct make_job *q = (struct make_job *)j;

	j->rc = store_ticket_put(store, &q->ticket, -2, q->who, NULL, &j->err);
}

static void make_done(struct job *j)
{
	struct make_job *q = (struct make_job *)j;
	struct bay *b = q->bay;
	struct station *s = b->station;
	struct error err = j->err;
	int rc = j->rc;

	if (!rc && !b->session)
		select_ticket(b, q->ticket.id, q->ticket.serial);
	if (rc)
		log_warning(MODULE, "bay %s: ticket %s: %s", b->name, q->ticket.id, err.text);
	else
		inbound_later(s);
	bay_say_input(b, "scan", q->ticket.serial, rc ? "unknown" : "ticket_made");
	free(q);
	if (rc == ERR_STORE)
		station_store_failed(s, "a ticket", &err);
}

static void make_ticket(struct bay *b, const struct model *m, const char *serial)
{
	struct make_job *q = xcalloc(1, sizeof(*q));
	const struct person *p = bay_person(b);
	struct ticket *t = &q->ticket;

	q->job.work = make_work;
	q->job.done = make_done;
	q->bay = b;
	if (p)
		snprintf(q->who, sizeof(q->who), "person:%s", p->name);
	else
		snprintf(q->who, sizeof(q->who), "bay %s", b->name);
	text_copy(t->id, sizeof(t->id), b->new_ticket);
	text_copy(t->serial, sizeof(t->serial), serial);
	text_copy(t->model, sizeof(t->model), m->code);
	ticket_take_defaults(t, &b->station->options.ticket_defaults);
	t->created_utc_us = t->changed_utc_us = clock_utc_us();
	t->mirrored_utc_us = b->station->options.ticketing_owns ? 0 : t->created_utc_us;
	b->new_ticket[0] = 0;
	station_write(b->station, &q->job);
}

/* ---- an idle bay ---- */

struct scan_job {
	struct job job;
	struct bay *bay;
	unsigned scan;
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

/* The ticketing system has answered, or not. */
static void looked_up(struct bay *b, unsigned scan, const char *code, bool by_serial,
		      enum inbound_found found, const struct ticket *t)
{
	if (b->session || scan != b->scan)
		return; /* the bay is at something else by now; a ticket that was found is stored */
	if (found == INBOUND_FOUND) {
		select_ticket(b, t->id, by_serial ? code : "");
		bay_say_input(b, "scan", code, by_serial ? "serial" : "ticket");
		return;
	}
	if (found == INBOUND_SILENT)
		log_warning(MODULE, "bay %s: the ticketing system does not say what \"%s\" is",
			    b->name, code);
	unknown_code(b, code, found == INBOUND_SILENT && !by_serial);
}

static void not_here(struct scan_job *q, bool plate)
{
	struct bay *b = q->bay;
	struct station *s = b->station;
	const struct adapter *a = s->options.adapter;

	if (q->code[0] && a && (!plate || adapter_has_serial_url(a)) &&
	    inbound_look(b, q->scan, q->code, plate, looked_up))
		bay_say_input(b, "scan", q->code, "looking_up");
	else
		unknown_code(b, q->code, q->code[0] && !plate && (a || !s->options.ticketing_owns));
}

/* At an idle bay a code that is a ticket selects it; then the serial of its unit's plate. */
static void scan_done(struct job *j)
{
	struct scan_job *q = (struct scan_job *)j;
	struct bay *b = q->bay;
	bool many, plate = q->kind == CODE_SERIAL ||
			   (q->kind == CODE_BARE && is_plate(b->station, q->code));
	const struct model *m = model_of_plate(b->station, q->code, &many);

	if (!j->rc) {
		select_ticket(b, q->ticket.id, "");
		bay_say_input(b, "scan", q->code, "ticket");
	} else if (b->scanned_ticket[0] && plate && q->code[0]) {
		/* compared with the ticket's own serial when the run is asked for */
		select_ticket(b, b->scanned_ticket, q->code);
		bay_say_input(b, "scan", q->code, "serial");
	} else if (b->new_ticket[0] && plate && m && bay_scan_is_kept(b)) {
		make_ticket(b, m, q->code);
	} else {
		not_here(q, plate);
	}
	free(q);
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

void bay_scan(struct bay *b, const char *text)
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
		bay_say_input(b, "scan", text, result);
		return;
	}
	const struct person *p = registry_badge(b->station->registry, text);
	if (p && (p->roles & (PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR))) {
		duty_begin(b, p);
		bay_say_input(b, "badge", p->name, "duty");
		return;
	}
	struct scan_job *q = xcalloc(1, sizeof(*q));
	q->job.work = scan_work;
	q->job.done = scan_done;
	q->bay = b;
	q->scan = ++b->scan;
	q->kind =
		code_read(b->station->options.codes, b->station->options.code_count, text, q->code);
	station_read(b->station, &q->job);
}

void bay_take_scan(struct bay *b, struct session_order *o)
{
	if (!bay_scan_is_kept(b))
		return;
	if (!o->ticket[0])
		text_copy(o->ticket, sizeof(o->ticket), b->scanned_ticket);
	if (strcmp(o->ticket, b->scanned_ticket) != 0 || !b->scanned_serial[0])
		return;
	/* Named by a client too: from the scanner only when it is what the scanner read. */
	if (o->serial[0] && strcmp(o->serial, b->scanned_serial) != 0)
		return;
	text_copy(o->serial, sizeof(o->serial), b->scanned_serial);
	text_copy(o->serial_from, sizeof(o->serial_from), "scan");
}
