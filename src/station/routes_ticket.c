/* SPDX-License-Identifier: MIT
 *
 * Routes about tickets.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/ticket.h"

struct ticket_job {
	struct job job;
	struct request *rq;
	struct ticket ticket;
	int64_t if_version, version;
	int64_t released_before_us; /* the serial's last release on another ticket */
	int tickets_before, listed;
	bool created;
	char who[96];
	struct text out;
	struct json json;
};

static struct ticket_job *ticket_job(struct request *rq, void (*work)(struct job *, struct store *),
				     void (*done)(struct job *))
{
	struct ticket_job *q = xcalloc(1, sizeof(*q));
	q->job.work = work;
	q->job.done = done;
	q->rq = rq;
	return q;
}

static void etag_of(char *dst, size_t size, int64_t version)
{
	snprintf(dst, size, "\"%lld\"", (long long)version);
}

/* The same serial came back within so many days of its last release. */
static bool is_repeat(const struct ticket_job *q, int days)
{
	int64_t since = q->ticket.created_utc_us - q->released_before_us;

	return q->released_before_us && since <= (int64_t)days * 86400 * 1000000;
}

/* What the facts say beside the row. */
static int look_around(struct ticket_job *q, struct store *store, struct error *err)
{
	struct ticket *t = &q->ticket;
	int rc = store_ticket_state(store, t->id, t->state, err);

	return rc ? rc
		  : store_serial_before(store, t->serial, t->id, t->created_utc_us,
					&q->released_before_us, &q->tickets_before, err);
}

static void ticket_end(struct ticket_job *q, int status, const char *kept)
{
	char etag[WEB_ETAG_MAX];

	etag_of(etag, sizeof(etag), q->ticket.version);
	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	ticket_put_members(&q->json, &q->ticket);
	json_kv_bool(&q->json, "repeat_30d", is_repeat(q, 30));
	json_kv_bool(&q->json, "repeat_90d", is_repeat(q, 90));
	json_kv_int(&q->json, "tickets_before", q->tickets_before);
	json_end_object(&q->json);
	if (q->job.rc == ERR_EXISTS)
		request_problem(q->rq, 412, "exists", "ticket \"%s\" exists already",
				q->rq->msg.arg);
	else if (q->job.rc == ERR_NOT_FOUND)
		request_no_ticket(q->rq, q->rq->msg.arg);
	else
		request_end(q->rq, &q->job, status, etag, &q->out, kept);
	text_release(&q->out);
	free(q);
}

/* ---- get ---- */

static void get_work(struct job *j, struct store *store)
{
	struct ticket_job *q = (struct ticket_job *)j;
	j->rc = store_ticket_get(store, q->rq->msg.arg, &q->ticket, &j->err);
	if (!j->rc)
		j->rc = look_around(q, store, &j->err);
}

static void get_done(struct job *j)
{
	ticket_end((struct ticket_job *)j, 200, NULL);
}

void route_ticket_get(struct request *rq)
{
	station_read(rq->station, &ticket_job(rq, get_work, get_done)->job);
}

/* ---- put ---- */

static void put_work(struct job *j, struct store *store)
{
	struct ticket_job *q = (struct ticket_job *)j;
	struct ticket old;
	struct error none;
	q->created = store_ticket_get(store, q->ticket.id, &old, &none) == ERR_NOT_FOUND;
	j->rc = store_ticket_put(store, &q->ticket, q->if_version, q->who, &q->version, &j->err);
	if (!j->rc)
		j->rc = store_ticket_get(store, q->ticket.id, &q->ticket, &j->err);
	if (!j->rc)
		j->rc = look_around(q, store, &j->err);
}

static void put_done(struct job *j)
{
	struct ticket_job *q = (struct ticket_job *)j;

	ticket_end(q, q->created ? 201 : 200, "a ticket");
}

/* Where the ticketing system owns tickets, nobody at the bench makes or changes one. */
bool may_write_tickets(struct request *rq)
{
	if (!rq->station->options.ticketing_owns ||
	    (rq->identity.roles & (PEOPLE_SERVICE | PEOPLE_ADMIN)))
		return true;
	request_problem(rq, 403, "tickets_owner",
			"tickets come from the ticketing system here (tickets.owner: ticketing)");
	return false;
}

static void refuse_model(struct request *rq, const char *model)
{
	const struct library *lib = &rq->station->library;
	struct text known = {0};
	for (int i = 0; i < lib->model_count; i++)
		text_printf(&known, "%s%s", i ? ", " : "", lib->models[i]->code);
	request_problem(rq, 422, "unknown_model",
			"/model: this station does not know model \"%s\"; it knows %s", model,
			known.len ? known.buf : "none");
	text_release(&known);
}

void route_ticket_put(struct request *rq)
{
	struct station *s = rq->station;
	struct error err = {0};
	struct ticket t;
	int64_t version = -1;
	const char *match = rq->msg.if_match;
	size_t n = strlen(match);
	struct ticket_problems problems;
	if (!may_write_tickets(rq))
		return;
	if (ticket_read(rq->msg.arg, rq->body, rq->msg.size, &s->options.ticket_defaults, &t,
			&problems)) {
		request_problems(rq, &problems);
		return;
	}
	const struct model *m = library_model(&s->library, t.model);
	if (!m) {
		refuse_model(rq, t.model);
		return;
	}
	if (model_check_serial(m, t.serial, &err)) {
		request_problem(rq, 422, "serial_mismatch", "/serial: %s", err.text);
		return;
	}
	if (!strcmp(match, "*new*")) {
		version = -2;
	} else if (!strcmp(match, "*")) {
		version = -3;
	} else if (n && (n < 3 || match[0] != '"' || match[n - 1] != '"' ||
			 !text_to_int64(match + 1, n - 2, &version))) {
		request_problem(rq, 412, "conflict", "If-Match must be an ETag of this ticket");
		return;
	}
	struct ticket_job *q = ticket_job(rq, put_work, put_done);
	q->ticket = t;
	/* this station owns its tickets: confirmed now; the time of creation is kept by the store */
	q->ticket.created_utc_us = q->ticket.changed_utc_us = q->ticket.mirrored_utc_us =
		clock_utc_us();
	q->if_version = version;
	text_copy(q->who, sizeof(q->who), rq->who);
	station_write(s, &q->job);
}

/* ---- list ---- */

static bool list_ticket(void *ctx, const struct ticket *t)
{
	struct ticket_job *q = ctx;
	struct text one = {0};
	q->listed++;
	ticket_to_json(t, &one);
	json_put_raw(&q->json, one.buf, one.len);
	text_release(&one);
	return true;
}

/* What a scanned code stands for: a ticket, or the tickets of a serial. */
static int list_code(struct ticket_job *q, struct store *store, struct ticket_filter *f,
		     struct error *err)
{
	struct ticket t;
	int rc = ERR_NOT_FOUND;

	if (q->ticket.id[0])
		rc = store_ticket_get(store, q->ticket.id, &t, err);
	if (rc == 0)
		rc = store_ticket_state(store, t.id, t.state, err);
	if (rc == 0)
		(void)list_ticket(q, &t);
	if (rc != ERR_NOT_FOUND || !q->ticket.serial[0])
		return rc == ERR_NOT_FOUND ? 0 : rc;
	f->serial = q->ticket.serial;
	return store_ticket_search(store, f, list_ticket, q, err);
}

static void list_work(struct job *j, struct store *store)
{
	struct ticket_job *q = (struct ticket_job *)j;
	char serial[64], model[64], state[32], due[32], order[16], buf[16];
	const char *query = q->rq->msg.query;
	const char *l = web_query(query, "limit", buf, sizeof(buf));
	int64_t limit = 100;
	if (l && (!text_to_int64(l, strlen(l), &limit) || limit < 1 || limit > 1000))
		limit = 100;
	struct ticket_filter f = {.serial = web_query(query, "serial", serial, sizeof(serial)),
				  .model = web_query(query, "model", model, sizeof(model)),
				  .state = web_query(query, "state", state, sizeof(state)),
				  .due_before = web_query(query, "due_before", due, sizeof(due)),
				  .order = web_query(query, "order", order, sizeof(order)),
				  .limit = (int)limit};
	int64_t priority = 0;
	l = web_query(query, "priority", buf, sizeof(buf));
	if (l && text_to_int64(l, strlen(l), &priority) && priority > 0 && priority < 10)
		f.priority_min = (int)priority;
	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "tickets");
	json_open_array(&q->json);
	if (q->ticket.id[0] || q->ticket.serial[0])
		j->rc = list_code(q, store, &f, &j->err);
	else
		j->rc = store_ticket_search(store, &f, list_ticket, q, &j->err);
	json_end_array(&q->json);
	json_end_object(&q->json);
}

static void list_done(struct job *j)
{
	struct ticket_job *q = (struct ticket_job *)j;
	char model[64];
	if (!j->rc && !q->listed && web_query(q->rq->msg.query, "model", model, sizeof(model)) &&
	    !library_model(&q->rq->station->library, model))
		refuse_model(q->rq, model);
	else
		request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	free(q);
}

void route_tickets(struct request *rq)
{
	struct ticket_job *q = ticket_job(rq, list_work, list_done);
	const struct station_options *o = &rq->station->options;
	char code[200], what[64];
	if (web_query(rq->msg.query, "code", code, sizeof(code))) {
		enum code_kind kind = code_read(o->codes, o->code_count, code, what);
		if (kind != CODE_SERIAL)
			text_copy(q->ticket.id, sizeof(q->ticket.id), what[0] ? what : "?");
		if (kind != CODE_TICKET)
			text_copy(q->ticket.serial, sizeof(q->ticket.serial), what);
	}
	station_read(rq->station, &q->job);
}
