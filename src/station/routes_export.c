/* SPDX-License-Identifier: MIT
 *
 * Tables for whoever counts: runs, their measurements, the results that were told to the ticketing
 * system; as CSV or JSON, written row by row into a file that goes out as it is. A thread of its own with a
 * reader of its own: nobody waits for a big table.
 */
#include "src/station/export.h"
#include "src/station/sheet.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/subject.h"
#include "store/worker.h"

enum { DOCUMENT_MAX = 8 << 20, WAITING_MAX = 4 };
enum { MEASUREMENTS, RESULTS, RUNS };

struct export_job {
	struct job job;
	struct request *rq;
	struct store *store;
	int what;
	bool csv;
	char serial[64], model[64];
	struct run_filter filter;
	const char *const *columns;
	struct sheet sheet;
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

static double number_of(const json_t *v)
{
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
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
	sheet_text(&q->sheet, r->id);
	sheet_text(&q->sheet, r->ticket);
	sheet_text(&q->sheet, r->serial);
	sheet_text(&q->sheet, r->model);
	sheet_text(&q->sheet, r->run_type);
	sheet_text(&q->sheet, r->profile);
	sheet_int(&q->sheet, r->profile_revision);
	sheet_text(&q->sheet, r->bay);
	sheet_text(&q->sheet, r->operator_name);
	sheet_text(&q->sheet, r->verdict);
	sheet_time(&q->sheet, r->started_utc_us);
	sheet_time(&q->sheet, r->ended_utc_us);
	sheet_bool(&q->sheet, r->simulated);
	sheet_bool(&q->sheet, doubts[0]);
	sheet_bool(&q->sheet, doubts[1]);
	return sheet_end_row(&q->sheet);
}

static bool put_measurement(struct export_job *q, const struct run_row *r, const json_t *m)
{
	const json_t *title = json_object_get(m, "title");

	sheet_text(&q->sheet, r->id);
	sheet_text(&q->sheet, r->ticket);
	sheet_text(&q->sheet, r->serial);
	sheet_text(&q->sheet, r->model);
	sheet_text(&q->sheet, r->run_type);
	sheet_time(&q->sheet, r->ended_utc_us);
	sheet_text(&q->sheet, json_text(m, "id"));
	sheet_text(&q->sheet, json_text(title, "en"));
	sheet_text(&q->sheet, json_text(title, "zh"));
	sheet_number(&q->sheet, number_of(json_object_get(m, "value")));
	sheet_text(&q->sheet, json_text(m, "unit"));
	sheet_number(&q->sheet, number_of(json_object_get(m, "lo")));
	sheet_number(&q->sheet, number_of(json_object_get(m, "hi")));
	sheet_number(&q->sheet, number_of(json_object_get(m, "uncertainty")));
	sheet_text(&q->sheet, json_text(m, "verdict"));
	sheet_text(&q->sheet, json_text(m, "side"));
	sheet_text(&q->sheet, json_text(m, "reason"));
	sheet_text(&q->sheet, json_text(m, "attribution"));
	sheet_bool(&q->sheet, !json_is_false(json_object_get(m, "counts")));
	return sheet_end_row(&q->sheet);
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

	if (r->ticket[0])
		(void)store_ticket_get(q->store, r->ticket, &t, NULL);
	if (q->model[0] && strcmp(t.model, q->model) != 0)
		return true;
	sheet_int(&q->sheet, r->seq);
	sheet_time(&q->sheet, r->utc_us);
	sheet_text(&q->sheet, r->type);
	sheet_text(&q->sheet, r->ticket);
	sheet_text(&q->sheet, r->serial);
	sheet_text(&q->sheet, t.model);
	sheet_text(&q->sheet, r->run);
	sheet_text(&q->sheet, r->who);
	sheet_json(&q->sheet, r->data, r->data_n);
	return sheet_end_row(&q->sheet);
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
	j->rc = sheet_open(&q->sheet, q->csv, q->columns, &j->err);
	if (j->rc)
		return;
	put_rows(q, store);
	if (!j->rc)
		j->rc = sheet_close(&q->sheet);
	if (j->rc == ERR_RANGE)
		error_set(&j->err, ERR_RANGE,
			  "?from=: this is more than one table takes (56 MiB); ask for a shorter "
			  "time, one serial or one model");
}

static void export_done(struct job *j)
{
	struct export_job *q = (struct export_job *)j;

	if (j->rc) {
		request_problem_of(q->rq, &j->err);
		if (q->sheet.fd >= 0)
			close(q->sheet.fd);
	} else {
		request_reply_file(q->rq, q->csv ? WEB_TYPE_CSV : WEB_TYPE_JSON, q->sheet.fd,
				   q->sheet.size);
	}
	sheet_release(&q->sheet);
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
	q->sheet.fd = -1;
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
