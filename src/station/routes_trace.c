/* SPDX-License-Identifier: MIT
 *
 * The trace of a run as a table: every reading of every channel of its bay, raw and scaled. Only a trace that still
 * has the hash that stands in the run's record is told; of one that was pruned, when and by which rule.
 */
#include "src/station/export.h"
#include "src/station/prune.h"
#include "src/station/sheet.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/sample.h"
#include "store/keep.h"
#include "store/worker.h"

enum { FILE_BYTES_MAX = 64 << 20, CHANNELS_MAX = 1024 };

struct trace_job {
	struct job job;
	struct request *rq;
	struct sheet sheet;
	bool csv;
	json_t *header;
	const json_t *channels[CHANNELS_MAX]; /* by their number in the fixture */
	int64_t started_ns;
	/* it was pruned */
	int64_t pruned_utc_us;
	struct text pruned;
};

static bool put_sample(void *ctx, const struct sample *p)
{
	struct trace_job *q = ctx;
	const json_t *c = p->channel < CHANNELS_MAX ? q->channels[p->channel] : NULL;
	struct sheet *t = &q->sheet;
	bool counts = p->quality == QUALITY_GOOD || p->quality == QUALITY_OUT_OF_RANGE;

	sheet_number(t, text_round9((double)(p->at_ns - q->started_ns) / 1e9));
	sheet_text(t, json_string_value(json_object_get(c, "name")));
	sheet_int(t, p->raw);
	sheet_number(t, counts ? text_round9(p->value) : (double)NAN);
	sheet_text(t, json_string_value(json_object_get(c, "unit")));
	sheet_text(t, quality_text((enum quality)p->quality));
	sheet_int(t, p->updates);
	return sheet_end_row(t);
}

static bool stop_at_once(void *ctx, const struct sample *p)
{
	(void)ctx;
	(void)p;
	return false;
}

/* What its raw values mean. */
static int read_header(struct trace_job *q, const char *path)
{
	struct text header = {0};
	const json_t *c;
	size_t i;
	int rc = segment_read(path, &header, stop_at_once, NULL, NULL, &q->job.err);

	if (rc == 0)
		q->header = json_load_limited(header.buf, header.len, header.len, &q->job.err);
	text_release(&header);
	if (rc == 0 && !q->header)
		return ERR_IO;
	q->started_ns = json_integer_value(json_object_get(q->header, "started_ns"));
	json_array_foreach(json_object_get(q->header, "channels"), i, c)
	{
		json_int_t n = json_integer_value(json_object_get(c, "channel"));

		if (n >= 0 && n < CHANNELS_MAX)
			q->channels[n] = c;
	}
	return rc;
}

static int check_hash(struct trace_job *q, const char *path, const char *sha256)
{
	uint8_t hash[32];
	char hex[65], *bytes = NULL;
	size_t n = 0;
	int rc = text_read_file(path, FILE_BYTES_MAX, &bytes, &n, &q->job.err);

	if (rc < 0)
		return rc;
	text_sha256(hash, bytes, n);
	text_hex(hex, hash, sizeof(hash));
	free(bytes);
	return strcmp(hex, sha256) == 0
		       ? 0
		       : error_set(&q->job.err, ERR_IO, "%s: not what the run's record says", path);
}

static int put_table(struct trace_job *q, const char *path, const char *sha256)
{
	static const char *const columns[] = {"at_s", "channel", "raw",	    "value",
					      "unit", "quality", "updates", NULL};
	int rc = sha256 ? check_hash(q, path, sha256) : 0;

	if (rc == 0)
		rc = read_header(q, path);
	if (rc < 0)
		return rc;
	rc = sheet_open(&q->sheet, q->csv, columns, &q->job.err);
	if (rc == 0)
		rc = segment_read(path, NULL, put_sample, q, NULL, &q->job.err);
	if (rc == 0)
		rc = sheet_close(&q->sheet);
	if (rc == ERR_RANGE) /* of the trace, not of what was asked */
		rc = q->job.err.code = ERR_LIMIT;
	return rc;
}

static void trace_work(struct job *j, struct store *store)
{
	struct trace_job *q = (struct trace_job *)j;
	const char *run = q->rq->msg.arg;
	struct text doc = {0};
	struct run_row row;
	char path[512];
	json_t *o;

	j->rc = store_run_get(store, run, &row, &doc, &j->err);
	if (!j->rc && !doc.len)
		j->rc = error_set(&j->err, ERR_STATE, "run %s has not ended", run);
	if (!j->rc && !store_trace_pruned(store, run, &q->pruned_utc_us, &q->pruned, NULL)) {
		text_release(&doc);
		return;
	}
	if (!j->rc)
		j->rc = segment_path(store, run, path, sizeof(path), &j->err);
	if (!j->rc) {
		o = json_load_limited(doc.buf, doc.len, doc.len, NULL);
		j->rc = put_table(q, path, json_string_value(json_object_get(o, "trace_sha256")));
		json_decref(o);
	}
	text_release(&doc);
}

static void put_pruned(struct json *j, void *ctx)
{
	const struct trace_job *q = ctx;

	prune_show(j, q->pruned_utc_us, &q->pruned);
}

static void trace_done(struct job *j)
{
	struct trace_job *q = (struct trace_job *)j;

	if (j->rc == ERR_NOT_FOUND)
		request_problem(q->rq, 404, "not_found",
				"there is no run \"%s\", or none of its readings was kept; see: "
				"benchctl run list",
				q->rq->msg.arg);
	else if (j->rc == ERR_STATE)
		request_problem(q->rq, 409, "run_active", "%s", j->err.text);
	else if (j->rc)
		request_problem_of(q->rq, &j->err);
	else if (q->pruned.len)
		request_problem_with(q->rq, 410, "trace_pruned",
				     "this trace was kept for its time and is gone; the run's "
				     "record and its trace's hash stay",
				     put_pruned, q);
	else
		request_reply_file(q->rq, q->csv ? WEB_TYPE_CSV : WEB_TYPE_JSON, q->sheet.fd,
				   q->sheet.size);
	if (j->rc && q->sheet.fd >= 0)
		close(q->sheet.fd);
	json_decref(q->header);
	sheet_release(&q->sheet);
	text_release(&q->pruned);
	free(q);
}

void route_run_trace(struct request *rq)
{
	char format[8] = "";
	struct trace_job *q;

	if (!export_begin(rq))
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = trace_work;
	q->job.done = trace_done;
	q->rq = rq;
	q->sheet.fd = -1;
	(void)web_query(rq->msg.query, "format", format, sizeof(format));
	q->csv = strcmp(format, "json") != 0;
	(void)worker_submit(rq->station->exporter, &q->job);
}
