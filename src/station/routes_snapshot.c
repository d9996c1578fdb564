/* SPDX-License-Identifier: MIT
 *
 * Where every ticket stands, page by page in the order of their ids: for a consumer of the feed that has lost its
 * cursor, or whose cursor is older than what the feed goes back to. The cursor of the first page is handed from
 * page to page; what changes meanwhile comes again in the feed behind it.
 */
#include "src/station/feed_cursor.h"
#include "src/station/release.h"

#include <stdlib.h>
#include <string.h>

#include "store/subject.h"

enum { SNAPSHOT_LIMIT = 100, SNAPSHOT_LIMIT_MAX = 200 };

struct snapshot_job {
	struct job job;
	struct request *rq;
	struct ticket_policy policy;
	int64_t now_utc_us;
	char after[64], cursor[FEED_CURSOR_MAX];
	int limit;
	struct text out;
};

struct page {
	struct snapshot_job *q;
	char ids[SNAPSHOT_LIMIT_MAX + 1][64];
	int count;
};

static bool take_id(void *ctx, const char *id)
{
	struct page *p = ctx;

	(void)text_copy(p->ids[p->count++], sizeof(p->ids[0]), id);
	return true;
}

static int put_ticket(struct snapshot_job *q, struct store *store, struct json *j, const char *id)
{
	struct text verdict = {0};
	char state[32] = "";
	int rc = release_verdict(store, id, &q->policy, q->now_utc_us, &verdict, &q->job.err);

	if (rc == 0)
		rc = store_ticket_state(store, id, state, &q->job.err);
	if (rc == 0) {
		json_open_object(j);
		json_kv_string(j, "state", state);
		json_key(j, "verdict");
		json_put_raw(j, verdict.buf, verdict.len);
		json_end_object(j);
	}
	text_release(&verdict);
	return rc;
}

static void snapshot_work(struct job *job, struct store *store)
{
	struct snapshot_job *q = (struct snapshot_job *)job;
	struct page *p = xcalloc(1, sizeof(*p));
	struct json j;
	bool more;

	if (!q->cursor[0])
		job->rc = feed_cursor_now(store, q->cursor, &job->err);
	if (!job->rc)
		job->rc = store_ticket_ids(store, q->after, q->limit + 1, take_id, p, &job->err);
	more = p->count > q->limit;
	json_init(&j, &q->out);
	json_open_object(&j);
	json_key(&j, "tickets");
	json_open_array(&j);
	for (int i = 0; !job->rc && i < p->count - more; i++)
		job->rc = put_ticket(q, store, &j, p->ids[i]);
	json_end_array(&j);
	json_kv_string(&j, "after", more ? p->ids[q->limit - 1] : NULL);
	json_kv_bool(&j, "complete", !more);
	json_kv_string(&j, "cursor", q->cursor);
	json_end_object(&j);
	free(p);
}

static void snapshot_done(struct job *job)
{
	struct snapshot_job *q = (struct snapshot_job *)job;

	if (job->rc)
		request_problem_of(q->rq, &job->err);
	else
		request_reply(q->rq, 200, "", &q->out);
	text_release(&q->out);
	free(q);
}

void route_snapshot(struct request *rq)
{
	struct snapshot_job *q;
	char limit[8];
	int64_t n = SNAPSHOT_LIMIT;

	if (release_is_checking(rq))
		return;
	q = xcalloc(1, sizeof(*q));
	(void)web_query(rq->msg.query, "after", q->after, sizeof(q->after));
	(void)web_query(rq->msg.query, "cursor", q->cursor, sizeof(q->cursor));
	if (web_query(rq->msg.query, "limit", limit, sizeof(limit)))
		(void)text_to_int64(limit, strlen(limit), &n);
	if (q->cursor[0] && !feed_cursor_is_good(q->cursor)) {
		free(q);
		request_problem(rq, 400, "query",
				"?cursor= must be the one of the first page, or left out there");
		return;
	}
	q->job.work = snapshot_work;
	q->job.done = snapshot_done;
	q->rq = rq;
	q->policy = release_policy(rq->station);
	q->now_utc_us = clock_utc_us();
	q->limit = (int)n;
	station_read(rq->station, &q->job);
}
