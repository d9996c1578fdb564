/* SPDX-License-Identifier: MIT
 *
 * Tables for whoever counts: runs, their measurements, the results that were told to the ticketing
 * system; as CSV or JSON, written row by row into a file that goes out as it is. A thread of its own with a
 * reader of its own: nobody waits for a big table.
 */
#include "src/station/export.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csv.h"
#include "store/subject.h"
#include "store/worker.h"

enum { FLUSH_BYTES = 1 << 16, ROOM_BYTES = 8 << 20, DOCUMENT_MAX = 8 << 20, WAITING_MAX = 4 };
enum { MEASUREMENTS, RESULTS, RUNS };

struct export_job {
	struct job job;
	struct request *rq;
	struct store *store;
	int what;
	bool csv;
	char serial[64], model[64];
	struct run_filter filter;
	/* what is written */
	struct text text;
	struct json json;
	struct csv table;
	const char *const *columns;
	int column;
	int fd;
	size_t size;
};

static const char *const run_columns[] = {
	"run",	    "ticket",  "serial",     "model",	 "run_type",  "profile", "revision", "bay",
	"operator", "verdict", "started_at", "ended_at", "simulated", "void",	 "suspect",  NULL};
static const char *const measurement_columns[] = {
	"run",	    "ticket",	"serial", "model",	 "run_type", "ended_at", "measurement",
	"title_en", "title_zh", "value",  "unit",	 "lo",	     "hi",	 "uncertainty",
	"verdict",  "side",	"reason", "attribution", "counts",   NULL};
static const char *const result_columns[] = {"seq",   "at",  "type", "ticket", "serial",
					     "model", "run", "who",  "data",   NULL};

/* ---- one cell after the other, in either form ---- */

static const char *next_column(struct export_job *q)
{
	return q->columns[q->column++];
}

static void put_text(struct export_job *q, const char *s)
{
	const char *name = next_column(q);

	if (q->csv)
		csv_text(&q->table, s);
	else
		json_kv_string(&q->json, name, s && s[0] ? s : NULL);
}

static void put_int(struct export_job *q, int64_t v)
{
	const char *name = next_column(q);

	if (q->csv)
		csv_int(&q->table, v);
	else
		json_kv_int(&q->json, name, v);
}

static void put_bool(struct export_job *q, bool v)
{
	const char *name = next_column(q);

	if (q->csv)
		csv_bool(&q->table, v);
	else
		json_kv_bool(&q->json, name, v);
}

static void put_number(struct export_job *q, const json_t *v)
{
	const char *name = next_column(q);
	double number = json_is_number(v) ? json_number_value(v) : (double)NAN;

	if (q->csv)
		csv_number(&q->table, number);
	else
		json_kv_number(&q->json, name, number);
}

static void put_time(struct export_job *q, int64_t utc_us)
{
	char at[32];

	put_text(q, text_from_utc_us(at, sizeof(at), utc_us));
}

/* What is written so far goes into the file. */
static bool flush(struct export_job *q, size_t unless_less)
{
	if (q->text.len < unless_less)
		return true;
	if (q->size + q->text.len > WEB_FD_MAX - ROOM_BYTES) {
		q->job.rc =
			error_set(&q->job.err, ERR_RANGE,
				  "?from=: this is more than one table takes (56 MiB); ask for a "
				  "shorter time, one serial or one model");
		return false;
	}
	q->job.rc = text_write(&q->text, q->fd, &q->job.err);
	if (q->job.rc)
		return false;
	q->size += q->text.len;
	text_clear(&q->text);
	return true;
}

static void begin_row(struct export_job *q)
{
	q->column = 0;
	if (!q->csv)
		json_open_object(&q->json);
}

static bool end_row(struct export_job *q)
{
	if (q->csv)
		csv_end_row(&q->table);
	else
		json_end_object(&q->json);
	return flush(q, FLUSH_BYTES);
}

/* ---- runs and measurements ---- */

static bool see_doubt(void *ctx, const struct chain_row *r)
{
	bool *doubts = ctx; /* void, suspect */

	doubts[strcmp(r->type, "suspect") == 0] = true;
	return true;
}

static bool put_run(void *ctx, const struct run_row *r, const char *doc, size_t n)
{
	struct export_job *q = ctx;
	struct chain_filter f = {.run = r->id, .type = "void", .or_type = "suspect"};
	bool doubts[2] = {false, false};

	(void)doc;
	(void)n;
	q->job.rc = store_chain_list(q->store, &f, see_doubt, doubts, &q->job.err);
	if (q->job.rc)
		return false;
	begin_row(q);
	put_text(q, r->id);
	put_text(q, r->ticket);
	put_text(q, r->serial);
	put_text(q, r->model);
	put_text(q, r->run_type);
	put_text(q, r->profile);
	put_int(q, r->profile_revision);
	put_text(q, r->bay);
	put_text(q, r->operator_name);
	put_text(q, r->verdict);
	put_time(q, r->started_utc_us);
	put_time(q, r->ended_utc_us);
	put_bool(q, r->simulated);
	put_bool(q, doubts[0]);
	put_bool(q, doubts[1]);
	return end_row(q);
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool put_measurement(struct export_job *q, const struct run_row *r, const json_t *m)
{
	const json_t *title = json_object_get(m, "title");

	begin_row(q);
	put_text(q, r->id);
	put_text(q, r->ticket);
	put_text(q, r->serial);
	put_text(q, r->model);
	put_text(q, r->run_type);
	put_time(q, r->ended_utc_us);
	put_text(q, text_of(m, "id"));
	put_text(q, text_of(title, "en"));
	put_text(q, text_of(title, "zh"));
	put_number(q, json_object_get(m, "value"));
	put_text(q, text_of(m, "unit"));
	put_number(q, json_object_get(m, "lo"));
	put_number(q, json_object_get(m, "hi"));
	put_number(q, json_object_get(m, "uncertainty"));
	put_text(q, text_of(m, "verdict"));
	put_text(q, text_of(m, "side"));
	put_text(q, text_of(m, "reason"));
	put_text(q, text_of(m, "attribution"));
	put_bool(q, !json_is_false(json_object_get(m, "counts")));
	return end_row(q);
}

static bool put_measurements(void *ctx, const struct run_row *r, const char *doc, size_t n)
{
	struct export_job *q = ctx;
	json_t *o = json_load_limited(doc, n, DOCUMENT_MAX, NULL);
	const json_t *m;
	bool more = true;
	size_t i;

	json_array_foreach(json_object_get(o, "measurements"), i, m)
	{
		more = more && put_measurement(q, r, m);
	}
	json_decref(o);
	return more;
}

/* ---- results: the items of the feed ---- */

static bool put_result(void *ctx, const struct chain_row *r)
{
	struct export_job *q = ctx;
	struct ticket t = {.model = ""};
	char *data;

	if (r->ticket[0])
		(void)store_ticket_get(q->store, r->ticket, &t, NULL);
	if (q->model[0] && strcmp(t.model, q->model) != 0)
		return true;
	begin_row(q);
	put_int(q, r->seq);
	put_time(q, r->utc_us);
	put_text(q, r->type);
	put_text(q, r->ticket);
	put_text(q, r->serial);
	put_text(q, t.model);
	put_text(q, r->run);
	put_text(q, r->who);
	if (q->csv) {
		data = xcalloc(r->data_n + 1, 1);
		memcpy(data, r->data, r->data_n);
		put_text(q, data);
		free(data);
	} else {
		json_key(&q->json, next_column(q));
		json_put_raw(&q->json, r->data, r->data_n);
	}
	return end_row(q);
}

/* ---- the table ---- */

static void put_rows(struct export_job *q, struct store *store)
{
	struct chain_filter items = {.feed_only = true,
				     .serial = q->filter.serial,
				     .from_us = q->filter.from_us,
				     .to_us = q->filter.to_us};
	int rc;

	if (q->what == RESULTS)
		rc = store_chain_list(store, &items, put_result, q, &q->job.err);
	else
		rc = store_run_documents(store, &q->filter,
					 q->what == RUNS ? put_run : put_measurements, q,
					 &q->job.err);
	if (rc)
		q->job.rc = rc;
}

static void export_work(struct job *j, struct store *store)
{
	struct export_job *q = (struct export_job *)j;

	q->store = store;
	q->fd = memfd_create("table", MFD_CLOEXEC);
	if (q->fd < 0) {
		j->rc = error_errno(&j->err, "the table");
		return;
	}
	if (q->csv) {
		csv_init(&q->table, &q->text);
		for (int i = 0; q->columns[i]; i++)
			csv_text(&q->table, q->columns[i]);
		csv_end_row(&q->table);
	} else {
		json_init(&q->json, &q->text);
		json_open_object(&q->json);
		json_key(&q->json, "rows");
		json_open_array(&q->json);
	}
	put_rows(q, store);
	if (!q->csv) {
		json_end_array(&q->json);
		json_end_object(&q->json);
	}
	if (!j->rc)
		(void)flush(q, 0);
}

static void export_done(struct job *j)
{
	struct export_job *q = (struct export_job *)j;

	if (j->rc) {
		request_problem_of(q->rq, &j->err);
		if (q->fd >= 0)
			close(q->fd);
	} else {
		request_reply_file(q->rq, q->csv ? WEB_TYPE_CSV : WEB_TYPE_JSON, q->fd, q->size);
	}
	text_release(&q->text);
	free(q);
}

static bool has_exporter(struct station *s, struct error *err)
{
	struct store *r;

	if (s->exporter)
		return true;
	r = store_open_reader(s->options.state_dir, err);
	if (!r)
		return false;
	s->exporter = worker_start(s->loop, r, false, err);
	if (!s->exporter)
		store_close(r);
	return s->exporter != NULL;
}

bool export_begin(struct request *rq)
{
	struct error err = {0};

	if (!has_exporter(rq->station, &err)) {
		request_problem_of(rq, &err);
		return false;
	}
	if (worker_waiting(rq->station->exporter) >= WAITING_MAX) {
		request_problem(rq, 503, "busy",
				"other tables are being made; try again in a moment");
		return false;
	}
	return true;
}

void export_stop(struct station *s)
{
	if (s->exporter)
		worker_stop(s->exporter);
	s->exporter = NULL;
}

void route_export(struct request *rq)
{
	static const struct {
		const char *word;
		const char *const *columns;
	} tables[] = {[MEASUREMENTS] = {"measurements", measurement_columns},
		      [RESULTS] = {"results", result_columns},
		      [RUNS] = {"runs", run_columns}};
	struct export_job *q;
	char format[8] = "";
	int what = RUNS;

	while (what >= 0 && strcmp(tables[what].word, rq->msg.arg) != 0)
		what--;
	if (what < 0) {
		request_problem(rq, 404, "not_found",
				"there is no table \"%s\"; runs, measurements or results expected",
				rq->msg.arg);
		return;
	}
	if (!export_begin(rq))
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = export_work;
	q->job.done = export_done;
	q->rq = rq;
	q->what = what;
	q->columns = tables[what].columns;
	q->fd = -1;
	(void)web_query(rq->msg.query, "format", format, sizeof(format));
	q->csv = strcmp(format, "json") != 0;
	if (web_query(rq->msg.query, "serial", q->serial, sizeof(q->serial)))
		q->filter.serial = q->serial;
	if (web_query(rq->msg.query, "model", q->model, sizeof(q->model)))
		q->filter.model = q->model;
	q->filter.from_us = request_time(rq, "from");
	q->filter.to_us = request_time(rq, "to");
	(void)worker_submit(rq->station->exporter, &q->job);
}
