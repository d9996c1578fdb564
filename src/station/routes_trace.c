/* SPDX-License-Identifier: MIT
 *
 * The trace of a run as a table: every reading of every channel of its bay, raw and scaled. Only a trace that still
 * has the hash that stands in the run's record is told; of one that was pruned, when and by which rule.
 */
#include "src/station/export.h"
#include "src/station/prune.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csv.h"
#include "link/sample.h"
#include "store/keep.h"
#include "store/worker.h"

enum { FLUSH_BYTES = 1 << 16, FILE_BYTES_MAX = 64 << 20, CHANNELS_MAX = 1024 };

struct trace_job {
	struct job job;
	struct request *rq;
	struct text text;
	struct csv table;
	json_t *header;
	const json_t *channels[CHANNELS_MAX]; /* by their number in the fixture */
	int64_t started_ns;
	int fd;
	size_t size;
	/* it was pruned */
	int64_t pruned_utc_us;
	struct text pruned;
};

static bool flush(struct trace_job *q, size_t unless_less)
{
	if (q->text.len < unless_less)
		return true;
	if (q->size + q->text.len > WEB_FD_MAX) {
		q->job.rc = error_set(&q->job.err, ERR_LIMIT,
				      "this trace is more than one table takes (64 MiB)");
		return false;
	}
	q->job.rc = text_write(&q->text, q->fd, &q->job.err);
	if (q->job.rc)
		return false;
	q->size += q->text.len;
	text_clear(&q->text);
	return true;
}

static bool put_sample(void *ctx, const struct sample *p)
{
	struct trace_job *q = ctx;
	const json_t *c = p->channel < CHANNELS_MAX ? q->channels[p->channel] : NULL;

	csv_number(&q->table, text_round9((double)(p->at_ns - q->started_ns) / 1e9));
	csv_text(&q->table, json_string_value(json_object_get(c, "name")));
	csv_int(&q->table, p->raw);
	if (p->quality == QUALITY_GOOD || p->quality == QUALITY_OUT_OF_RANGE)
		csv_number(&q->table, text_round9(p->value));
	else
		csv_text(&q->table, NULL);
	csv_text(&q->table, json_string_value(json_object_get(c, "unit")));
	csv_text(&q->table, quality_text((enum quality)p->quality));
	csv_int(&q->table, p->updates);
	csv_end_row(&q->table);
	return flush(q, FLUSH_BYTES);
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
	static const char *const columns[] = {"at_s", "channel", "raw",	   "value",
					      "unit", "quality", "updates"};
	int rc = sha256 ? check_hash(q, path, sha256) : 0;

	if (rc == 0)
		rc = read_header(q, path);
	if (rc < 0)
		return rc;
	q->fd = memfd_create("trace", MFD_CLOEXEC);
	if (q->fd < 0)
		return error_errno(&q->job.err, "the table");
	csv_init(&q->table, &q->text);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		csv_text(&q->table, columns[i]);
	csv_end_row(&q->table);
	rc = segment_read(path, NULL, put_sample, q, NULL, &q->job.err);
	if (rc == 0 && q->job.rc == 0)
		(void)flush(q, 0);
	return rc < 0 ? rc : q->job.rc;
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
		request_reply_file(q->rq, WEB_TYPE_CSV, q->fd, q->size);
	if (j->rc && q->fd >= 0)
		close(q->fd);
	json_decref(q->header);
	text_release(&q->text);
	text_release(&q->pruned);
	free(q);
}

void route_run_trace(struct request *rq)
{
	struct trace_job *q;

	if (!export_begin(rq))
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = trace_work;
	q->job.done = trace_done;
	q->rq = rq;
	q->fd = -1;
	(void)worker_submit(rq->station->exporter, &q->job);
}
