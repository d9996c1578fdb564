/* SPDX-License-Identifier: MIT
 *
 * Unknown tickets and serials are looked up in the ticketing system, as ticket/adapter.h has it: 2 s for
 * an answer, which benchd-web fetches. Tickets that were made here while it was silent stay unconfirmed
 * and are asked for again, one at a time, with growing pauses, until it knows them with the same serial
 * and model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/internal.h"
#include "station/outbound.h"
#include "store/subject.h"
#include "ticket/adapter.h"

#define MODULE "inbound"
enum { TIMEOUT_MS = 2000, AT_ONCE_MAX = 8, PAUSE_MIN_S = 2, PAUSE_MAX_S = 900 };

struct lookup {
	struct job job; /* the ticket on its way to the disk, or the next one that is unconfirmed */
	struct station *station;
	struct bay *bay; /* NULL: an unconfirmed ticket once more */
	unsigned scan;
	char code[64];
	bool by_serial;
	void (*then)(struct bay *b, unsigned scan, const char *code, bool by_serial,
		     enum inbound_found found, const struct ticket *t);
	struct ticket ticket;
	bool differs; /* from the one that is here */
};

static void retry(struct station *s, bool answered)
{
	struct inbound *in = &s->inbound;

	if (!in->timer || s->stopping)
		return;
	in->pause_s = answered ? PAUSE_MIN_S : in->pause_s * 2;
	if (in->pause_s > PAUSE_MAX_S)
		in->pause_s = PAUSE_MAX_S;
	loop_set_timer(in->timer, clock_mono_ns() + in->pause_s * NS_PER_S);
}

static void end(struct lookup *l, enum inbound_found found)
{
	struct station *s = l->station;

	s->inbound.under_way--;
	if (l->bay && !s->stopping)
		l->then(l->bay, l->scan, l->code, l->by_serial, found, &l->ticket);
	else if (!l->bay)
		retry(s, found == INBOUND_FOUND);
	free(l);
}

/* ---- an answer to the disk ---- */

static void keep_work(struct job *j, struct store *store)
{
	struct lookup *l = (struct lookup *)j;
	char who[96];
	struct ticket now;
	int rc = store_ticket_get(store, l->ticket.id, &now, &j->err);

	snprintf(who, sizeof(who), "adapter:%s", adapter_name(l->station->options.adapter));
	if (!rc) {
		l->differs = strcmp(now.serial, l->ticket.serial) != 0 ||
			     strcmp(now.model, l->ticket.model) != 0;
		if (l->ticket.repair_seq < 0)
			l->ticket.repair_seq = now.repair_seq;
	} else if (rc == ERR_NOT_FOUND && l->ticket.repair_seq < 0) {
		l->ticket.repair_seq = 0;
	}
	j->rc = 0;
	if (!l->differs)
		j->rc = store_ticket_put(store, &l->ticket, -1, who, NULL, &j->err);
}

static void keep_done(struct job *j)
{
	struct lookup *l = (struct lookup *)j;
	struct station *s = l->station;

	if (l->differs)
		log_warning(
			MODULE,
			"ticket %s is for another serial or model in the ticketing system; it stays "
			"unconfirmed",
			l->ticket.id);
	else if (j->rc)
		log_warning(MODULE, "ticket %s: %s", l->ticket.id, j->err.text);
	else
		log_info(MODULE, "ticket %s comes from the ticketing system", l->ticket.id);
	if (j->rc == ERR_STORE)
		station_store_failed(s, "a ticket", &j->err);
	end(l, j->rc || l->differs ? INBOUND_SILENT : INBOUND_FOUND);
}

static int check_answer(struct lookup *l, const struct outbound_answer *a, struct error *err)
{
	struct station *s = l->station;
	const struct model *m;
	int rc = adapter_read(s->options.adapter, l->code, l->by_serial, a->body, a->size,
			      &s->options.ticket_defaults, &l->ticket, err);

	if (rc)
		return rc;
	m = library_model(&s->library, l->ticket.model);
	if (!m)
		return error_set(err, ERR_CONFIG, "/model: this station does not know model %s",
				 l->ticket.model);
	text_copy(l->ticket.model, sizeof(l->ticket.model), m->code);
	return model_check_serial(m, l->ticket.serial, err);
}

static void on_answer(void *ctx, const struct outbound_answer *a)
{
	struct lookup *l = ctx;
	struct error err = {0};
	int rc = a->status == 404 || a->status == 410 ? ERR_NOT_FOUND : ERR_IO;

	if (a->status == 200)
		rc = check_answer(l, a, &err);
	else if (a->status)
		error_set(&err, rc, "it answers with status %d", a->status);
	else
		error_set(&err, rc, "no answer: %s", a->error);
	if (!rc && !l->station->stopping) {
		l->ticket.created_utc_us = l->ticket.changed_utc_us = l->ticket.mirrored_utc_us =
			clock_utc_us();
		l->job.work = keep_work;
		l->job.done = keep_done;
		station_write(l->station, &l->job);
		return;
	}
	if (rc != ERR_NOT_FOUND)
		log_warning(MODULE, "\"%s\" in the ticketing system: %s", l->code, err.text);
	end(l, rc == ERR_NOT_FOUND ? INBOUND_NOT_THERE : INBOUND_SILENT);
}

/* ---- a question ---- */

static bool ask(struct lookup *l)
{
	struct station *s = l->station;
	const struct adapter *a = s->options.adapter;
	const char *const *headers = adapter_headers(a);
	struct outbound_request rq = {.method = "GET", .timeout_ms = TIMEOUT_MS};
	struct text url = {0};
	int rc;

	adapter_url(a, l->code, l->by_serial, &url);
	rq.url = url.buf;
	for (int i = 0; headers[i] && i < OUTBOUND_HEADERS_MAX - 1; i++)
		rq.headers[i] = headers[i];
	s->inbound.under_way++;
	rc = outbound_start(s, &rq, on_answer, l);
	if (rc)
		s->inbound.under_way--;
	text_release(&url);
	return rc == 0;
}

bool inbound_look(struct bay *b, unsigned scan, const char *code, bool by_serial,
		  void (*then)(struct bay *b, unsigned scan, const char *code, bool by_serial,
			       enum inbound_found found, const struct ticket *t))
{
	struct lookup *l;

	if (b->station->inbound.under_way >= AT_ONCE_MAX || b->station->stopping)
		return false;
	l = xcalloc(1, sizeof(*l));
	l->station = b->station;
	l->bay = b;
	l->scan = scan;
	l->by_serial = by_serial;
	l->then = then;
	text_copy(l->code, sizeof(l->code), code);
	if (ask(l))
		return true;
	free(l);
	return false;
}

/* ---- unconfirmed tickets ---- */

static void next_work(struct job *j, struct store *store)
{
	struct lookup *l = (struct lookup *)j;

	j->rc = store_ticket_unconfirmed(store, l->station->inbound.after, l->code, &j->err);
}

static void next_done(struct job *j)
{
	struct lookup *l = (struct lookup *)j;
	struct station *s = l->station;
	struct inbound *in = &s->inbound;

	if (!j->rc && !s->stopping) {
		text_copy(in->after, sizeof(in->after), l->code);
		if (ask(l))
			return;
		retry(s, false);
	} else if (j->rc != ERR_NOT_FOUND || in->after[0]) {
		in->after[0] = 0; /* round again, for those that are left */
		retry(s, false);
	}
	free(l);
}

static void on_time(void *ctx)
{
	struct station *s = ctx;
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->station = s;
	l->job.work = next_work;
	l->job.done = next_done;
	station_read(s, &l->job);
}

void inbound_later(struct station *s)
{
	if (!s->inbound.timer)
		return;
	s->inbound.pause_s = PAUSE_MIN_S;
	loop_set_timer(s->inbound.timer, clock_mono_ns() + PAUSE_MIN_S * NS_PER_S);
}

void inbound_start(struct station *s)
{
	if (!s->options.adapter)
		return;
	s->inbound.timer = loop_add_timer(s->loop, on_time, s);
	inbound_later(s);
}

void inbound_stop(struct station *s)
{
	if (s->inbound.timer)
		loop_remove_timer(s->inbound.timer);
	s->inbound.timer = NULL;
}
