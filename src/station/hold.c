/* SPDX-License-Identifier: MIT
 *
 * Holds: serials whose traces stay, whatever their age; set, lifted, listed.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/keep.h"
#include "store/subject.h"
#include "ticket/form.h"

static const struct form_field hold_form[] = {
	{.name = "reason", .kind = FORM_NOTE, .required = true, .lo = 3, .hi = 200},
	{.name = NULL},
};

struct hold_job {
	struct job job;
	struct request *rq;
	bool on;
	char *reason;
	struct text reply;
};

static int do_hold(void *ctx, struct store *store, struct error *err)
{
	struct hold_job *q = ctx;
	int rc = store_hold_put(store, q->rq->msg.arg, q->on, q->rq->signer, q->reason,
				clock_utc_us(), err);
	struct json j;

	json_init(&j, &q->reply);
	json_open_object(&j);
	json_kv_string(&j, "hold", q->on ? "set" : "lifted");
	json_end_object(&j);
	return rc ? rc : once_keep(&q->rq->once, store, 201, &q->reply, err);
}

static void hold_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_hold, j, &j->err);
}

static void hold_done(struct job *j)
{
	struct hold_job *q = (struct hold_job *)j;

	if (j->rc == ERR_NOT_FOUND)
		request_problem(q->rq, 404, "not_found", "%s; see: benchctl ticket list",
				j->err.text);
	else if (j->rc == ERR_STATE)
		request_problem(q->rq, 409, "state", "%s", j->err.text);
	else if (j->rc)
		request_end(q->rq, j, 201, "", NULL, "a hold");
	else
		request_reply(q->rq, 201, "", &q->reply);
	text_release(&q->reply);
	free(q->reason);
	free(q);
}

static void hold(struct request *rq, bool on)
{
	struct hold_job *q;
	json_t *root;

	if (station_is_crowded(rq->station)) {
		request_problem(rq, 503, "busy", "the station is writing; try again in a moment");
		return;
	}
	root = request_form(rq, hold_form);
	if (!root)
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = hold_work;
	q->job.done = hold_done;
	q->rq = rq;
	q->on = on;
	q->reason = xstrdup(json_string_value(json_object_get(root, "reason")));
	json_decref(root);
	station_write(rq->station, &q->job);
}

void route_hold(struct request *rq)
{
	hold(rq, true);
}

void route_unhold(struct request *rq)
{
	hold(rq, false);
}

/* ---- which there are ---- */

struct holds_job {
	struct job job;
	struct request *rq;
	struct text out;
	struct json json;
};

static bool put_hold(void *ctx, const struct subject_row *r)
{
	struct holds_job *q = ctx;
	json_t *data = json_load_limited(r->data, strlen(r->data), CHAIN_DATA_MAX, NULL);
	char at[32];

	if (json_is_true(json_object_get(data, "hold"))) {
		json_open_object(&q->json);
		json_kv_string(&q->json, "serial", r->name);
		json_kv_string(&q->json, "since", text_from_utc_us(at, sizeof(at), r->utc_us));
		json_kv_string(&q->json, "by", r->who);
		json_kv_string(&q->json, "reason",
			       json_string_value(json_object_get(data, "reason")));
		json_end_object(&q->json);
	}
	json_decref(data);
	return true;
}

static void holds_work(struct job *j, struct store *store)
{
	struct holds_job *q = (struct holds_job *)j;

	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "holds");
	json_open_array(&q->json);
	j->rc = store_subject_list(store, "hold", put_hold, q, &j->err);
	json_end_array(&q->json);
	json_end_object(&q->json);
}

static void holds_done(struct job *j)
{
	struct holds_job *q = (struct holds_job *)j;

	request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	free(q);
}

void route_holds(struct request *rq)
{
	struct holds_job *q = xcalloc(1, sizeof(*q));

	q->job.work = holds_work;
	q->job.done = holds_done;
	q->rq = rq;
	station_read(rq->station, &q->job);
}
