/* SPDX-License-Identifier: MIT
 *
 * What is known of a unit: as found and as left side by side, and the dossier of a serial.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/ticket.h"

enum {
	DOC_MAX = 8 << 20,
	DAY_US_PER_S = 1000000,
	DOSSIER_MAX = 48 << 20, /* bytes; what is beyond is left out, and it says so */
	ID_BYTES = sizeof(((struct run_row *)0)->id),
	TICKETS_MAX = 10000
};

struct unit_job {
	struct job job;
	struct request *rq;
	struct text out;
	struct json json;
	struct run_row found, diagnosed, left; /* of a comparison; id "": none */
	struct text runs;		       /* of a dossier: ids, ID_BYTES each */
	struct text calibrations;
	int tickets;
	bool is_cut;
	const char *serial;
};

static void unit_done(struct job *j)
{
	struct unit_job *q = (struct unit_job *)j;

	if (j->rc == ERR_NOT_FOUND && q->serial)
		request_problem(
			q->rq, 404, "not_found",
			"no ticket and no run is of serial \"%s\"; see: benchctl ticket list",
			q->serial);
	else if (j->rc == ERR_NOT_FOUND)
		request_no_ticket(q->rq, q->rq->msg.arg);
	else
		request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	text_release(&q->runs);
	text_release(&q->calibrations);
	free(q);
}

static struct unit_job *unit_job(struct request *rq, void (*work)(struct job *, struct store *))
{
	struct unit_job *q = xcalloc(1, sizeof(*q));

	q->job.work = work;
	q->job.done = unit_done;
	q->rq = rq;
	return q;
}

/* ---- as found, as left ---- */

/* Newest first: as found is the first there was, as left the newest. */
static bool choose_row(void *ctx, const struct run_row *r)
{
	struct unit_job *q = ctx;

	if (!r->seq)
		return true;
	if (!strcmp(r->run_type, "incoming"))
		q->found = *r;
	else if (!strcmp(r->run_type, "diagnosis"))
		q->diagnosed = *r;
	else if (!strcmp(r->run_type, "post_repair_qc") && !q->left.id[0])
		q->left = *r;
	return true;
}

/* Its document, NULL: none. */
static json_t *load_run(struct store *store, const struct run_row *run, struct error *err)
{
	struct text doc = {0};
	struct run_row row;
	json_t *o = NULL;

	if (run->id[0] && !store_run_get(store, run->id, &row, &doc, err) && doc.len)
		o = json_load_limited(doc.buf, doc.len, DOC_MAX, err);
	text_release(&doc);
	return o;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void put_head(struct json *j, const char *key, const json_t *run)
{
	json_key(j, key);
	if (!run) {
		json_put_null(j);
		return;
	}
	json_open_object(j);
	json_kv_string(j, "run", text_of(run, "id"));
	json_kv_string(j, "run_type", text_of(run, "run_type"));
	json_kv_string(j, "verdict", text_of(run, "verdict"));
	json_kv_string(j, "profile", text_of(json_object_get(run, "profile"), "id"));
	json_kv_string(j, "operator", text_of(run, "operator"));
	json_kv_string(j, "ended", text_of(run, "ended_utc"));
	json_end_object(j);
}

static const json_t *find_measurement(const json_t *run, const char *id)
{
	const json_t *m, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(run, "measurements"), i, m)
	{
		const char *name = text_of(m, "id");

		if (name && !strcmp(name, id) && !json_is_false(json_object_get(m, "counts")))
			found = m;
	}
	return found;
}

static void put_side(struct json *j, const char *key, const json_t *m)
{
	const json_t *v = json_object_get(m, "value");

	json_key(j, key);
	if (!m) {
		json_put_null(j);
		return;
	}
	json_open_object(j);
	json_key(j, "value");
	if (json_is_number(v))
		json_put_number(j, json_number_value(v));
	else
		json_put_null(j);
	json_kv_string(j, "unit", text_of(m, "unit"));
	json_kv_string(j, "verdict", text_of(m, "verdict"));
	json_end_object(j);
}

static void put_title(struct json *j, const json_t *m)
{
	const json_t *title = json_object_get(m, "title");

	json_key(j, "title");
	json_open_object(j);
	json_kv_string(j, "en", text_of(title, "en"));
	json_kv_string(j, "zh", text_of(title, "zh"));
	json_end_object(j);
}

static void put_pairs(struct json *j, const json_t *found, const json_t *left)
{
	const json_t *sides[] = {found, left}, *m;
	size_t i;

	json_open_array(j);
	for (int side = 0; side < 2; side++) {
		json_array_foreach(json_object_get(sides[side], "measurements"), i, m)
		{
			const char *id = text_of(m, "id");

			if (!id || json_is_false(json_object_get(m, "counts")) ||
			    (side == 1 && find_measurement(found, id)))
				continue;
			json_open_object(j);
			json_kv_string(j, "id", id);
			put_title(j, m);
			put_side(j, "as_found", find_measurement(found, id));
			put_side(j, "as_left", find_measurement(left, id));
			json_end_object(j);
		}
	}
	json_end_array(j);
}

static void compare_work(struct job *job, struct store *store)
{
	struct unit_job *q = (struct unit_job *)job;
	const char *id = q->rq->msg.arg;
	struct json *j = &q->json;
	struct ticket t;
	json_t *found, *left;

	job->rc = store_ticket_get(store, id, &t, &job->err);
	if (!job->rc)
		job->rc = store_run_list(store, id, NULL, 0, choose_row, q, &job->err);
	if (job->rc)
		return;
	found = load_run(store, q->found.id[0] ? &q->found : &q->diagnosed, &job->err);
	left = load_run(store, &q->left, &job->err);
	json_init(j, &q->out);
	json_open_object(j);
	json_kv_string(j, "ticket", t.id);
	json_kv_string(j, "serial", t.serial);
	json_kv_string(j, "model", t.model);
	put_head(j, "as_found", found);
	put_head(j, "as_left", left);
	json_key(j, "measurements");
	put_pairs(j, found, left);
	json_end_object(j);
	json_decref(found);
	json_decref(left);
}

void route_compare(struct request *rq)
{
	station_read(rq->station, &unit_job(rq, compare_work)->job);
}

/* ---- the dossier of a serial ---- */

static bool has_room(struct unit_job *q)
{
	q->is_cut = q->is_cut || q->out.len > DOSSIER_MAX;
	return !q->is_cut;
}

static bool put_ticket(void *ctx, const struct ticket *t)
{
	struct unit_job *q = ctx;

	q->tickets++;
	ticket_put_json(&q->json, t);
	return true;
}

static bool put_item(void *ctx, const struct chain_row *r)
{
	struct unit_job *q = ctx;

	if (has_room(q))
		json_put_raw(&q->json, r->bytes, r->n);
	return !q->is_cut;
}

static bool keep_id(void *ctx, const struct run_row *r)
{
	struct unit_job *q = ctx;

	text_add(&q->runs, r->id, ID_BYTES);
	return true;
}

static bool put_neighbour(void *ctx, const struct run_row *r)
{
	struct unit_job *q = ctx;
	char utc[32];

	if (!strcmp(r->serial, q->serial))
		return true;
	json_open_object(&q->json);
	json_kv_string(&q->json, "run", r->id);
	json_kv_string(&q->json, "ticket", r->ticket);
	json_kv_string(&q->json, "serial", r->serial);
	json_kv_string(&q->json, "run_type", r->run_type);
	json_kv_string(&q->json, "verdict", r->verdict[0] ? r->verdict : NULL);
	json_kv_string(&q->json, "started", text_from_utc_us(utc, sizeof(utc), r->started_utc_us));
	json_end_object(&q->json);
	return true;
}

/* One run: its document with trace reference and the calibration it was made with, and the units
 * that were on that bay on that UTC day. */
static int put_run(struct unit_job *q, struct store *store, const char *id, struct error *err)
{
	const int64_t day = (int64_t)86400 * DAY_US_PER_S;
	struct text doc = {0};
	struct run_row row = {0};
	int rc = store_run_get(store, id, &row, &doc, err);
	int64_t from = row.started_utc_us - row.started_utc_us % day;

	json_open_object(&q->json);
	json_kv_string(&q->json, "run", id);
	json_kv_string(&q->json, "ticket", row.ticket);
	json_kv_string(&q->json, "bay", row.bay);
	json_key(&q->json, "document");
	if (doc.len)
		json_put_raw(&q->json, doc.buf, doc.len);
	else
		json_put_null(&q->json);
	json_key(&q->json, "others_on_bay_that_day");
	json_open_array(&q->json);
	if (!rc)
		rc = store_bay_runs(store, row.bay, from, from + day, put_neighbour, q, err);
	json_end_array(&q->json);
	json_end_object(&q->json);
	text_release(&doc);
	return rc;
}

static int put_runs(struct unit_job *q, struct store *store, struct error *err)
{
	int rc = store_run_list(store, NULL, q->serial, 0, keep_id, q, err);

	json_key(&q->json, "runs");
	json_open_array(&q->json);
	for (size_t at = 0; !rc && at < q->runs.len && has_room(q); at += ID_BYTES)
		rc = put_run(q, store, q->runs.buf + at, err);
	json_end_array(&q->json);
	return rc;
}

static void dossier_work(struct job *job, struct store *store)
{
	struct unit_job *q = (struct unit_job *)job;
	struct json *j = &q->json;
	struct ticket_filter tickets = {.limit = TICKETS_MAX};
	struct chain_filter items = {.serial = NULL};
	int rc;

	tickets.serial = items.serial = q->serial = q->rq->msg.arg;
	json_init(j, &q->out);
	json_open_object(j);
	json_kv_string(j, "serial", q->serial);
	json_key(j, "tickets");
	json_open_array(j);
	rc = store_ticket_search(store, &tickets, put_ticket, q, &job->err);
	q->is_cut = q->tickets == TICKETS_MAX;
	json_end_array(j);
	if (!rc)
		rc = put_runs(q, store, &job->err);
	json_key(j, "events"); /* repairs, acceptance, overrides, releases, voids */
	json_open_array(j);
	if (!rc)
		rc = store_chain_list(store, &items, put_item, q, &job->err);
	json_end_array(j);
	json_key(j, "calibration_now");
	json_put_raw(j, q->calibrations.buf, q->calibrations.len);
	json_kv_bool(j, "complete", !q->is_cut);
	json_end_object(j);
	job->rc = rc ? rc : q->tickets || q->runs.len ? 0 : ERR_NOT_FOUND;
}

void route_dossier(struct request *rq)
{
	struct unit_job *q = unit_job(rq, dossier_work);
	struct json j;

	json_init(&j, &q->calibrations);
	calibrations_put(&j, rq->station);
	station_read(rq->station, &q->job);
}
