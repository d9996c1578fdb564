/* SPDX-License-Identifier: MIT
 *
 * Looking for runs: by unit, model, bay, time and verdict, page by page.
 */
#include "station/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "store/store.h"

enum { LIMIT_DEFAULT = 50 };

struct list_job {
	struct job job;
	struct request *rq;
	struct text out;
	struct json json;
	struct run_search search;
	char ticket[64], serial[64], model[64], bay[16], run_type[32], profile[64], verdict[16];
	char before[64], next[37];
	int count;
	bool no_ticket;
};

static bool list_row(void *ctx, const struct run_row *r)
{
	struct list_job *q = ctx;
	char utc[32];
	struct json *j = &q->json;
	q->count++;
	json_open_object(j);
	json_kv_string(j, "id", r->id);
	json_kv_string(j, "ticket", r->ticket);
	json_kv_string(j, "serial", r->serial);
	json_kv_string(j, "model", r->model);
	json_kv_string(j, "bay", r->bay);
	json_kv_string(j, "run_type", r->run_type);
	json_kv_string(j, "profile", r->profile);
	json_kv_int(j, "profile_revision", r->profile_revision);
	json_kv_string(j, "operator", r->operator_name);
	json_kv_string(j, "verdict", r->verdict[0] ? r->verdict : NULL);
	json_kv_bool(j, "simulated", r->simulated);
	json_kv_string(j, "started", text_from_utc_us(utc, sizeof(utc), r->started_utc_us));
	json_kv_string(j, "ended",
		       r->ended_utc_us ? text_from_utc_us(utc, sizeof(utc), r->ended_utc_us)
				       : NULL);
	json_end_object(j);
	return true;
}

static void list_work(struct job *j, struct store *store)
{
	struct list_job *q = (struct list_job *)j;
	struct ticket known;

	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "runs");
	json_open_array(&q->json);
	j->rc = store_run_search(store, &q->search, list_row, q, q->next, &j->err);
	if (!j->rc && !q->count && q->search.ticket) {
		j->rc = store_ticket_get(store, q->search.ticket, &known, &j->err);
		q->no_ticket = j->rc == ERR_NOT_FOUND;
	}
	json_end_array(&q->json);
	json_kv_string(&q->json, "next", q->next[0] ? q->next : NULL);
	json_end_object(&q->json);
}

static void list_done(struct job *j)
{
	struct list_job *q = (struct list_job *)j;
	const struct run_search *f = &q->search;

	if (j->rc == ERR_NOT_FOUND && q->no_ticket)
		request_no_ticket(q->rq, f->ticket);
	else if (j->rc == ERR_NOT_FOUND)
		request_no_run(q->rq, f->before);
	else if (!j->rc && !q->count && f->bay && !station_bay(q->rq->station, f->bay))
		request_no_bay(q->rq, f->bay); /* one that was, and has runs, is listed */
	else
		request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	free(q);
}

void route_runs(struct request *rq)
{
	struct list_job *q = xcalloc(1, sizeof(*q));
	struct run_search *f = &q->search;
	const char *of = rq->msg.query;
	char limit[16];
	int64_t n = LIMIT_DEFAULT;

	q->job.work = list_work;
	q->job.done = list_done;
	q->rq = rq;
	f->ticket = web_query(of, "ticket", q->ticket, sizeof(q->ticket));
	f->serial = web_query(of, "serial", q->serial, sizeof(q->serial));
	f->model = web_query(of, "model", q->model, sizeof(q->model));
	f->bay = web_query(of, "bay", q->bay, sizeof(q->bay));
	f->run_type = web_query(of, "run_type", q->run_type, sizeof(q->run_type));
	f->profile = web_query(of, "profile", q->profile, sizeof(q->profile));
	f->verdict = web_query(of, "verdict", q->verdict, sizeof(q->verdict));
	f->before = web_query(of, "before", q->before, sizeof(q->before));
	f->from_us = request_time(rq, "from");
	f->to_us = request_time(rq, "to");
	if (web_query(of, "limit", limit, sizeof(limit)))
		(void)text_to_int64(limit, strlen(limit), &n); /* a number in range: link/query.h */
	f->limit = (int)n;
	station_read(rq->station, &q->job);
}
