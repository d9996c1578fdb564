/* SPDX-License-Identifier: MIT
 *
 * The change feed: what the ticketing system gets to know, in commit order, each item as it was chained. A cursor is
 * {instance, size, root, epoch}: a chain that is another one, or shorter, than the one the client has seen is told
 * apart, and so is one that was put back after a loss, even where nothing this client saw was lost.
 */
#include "src/station/feed_cursor.h"
#include "src/station/prune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/keep.h"
#include "store/loss.h"

enum { FEED_LIMIT = 100, FEED_LIMIT_MAX = 1000, FEED_WAITING_MAX = 64 };
enum { FEED_BYTES_MAX = 16 << 20 }; /* of a page: it may end before its limit */
#define FEED_LOOK_NS (200 * NS_PER_MS)

struct feed_job {
	struct job job;
	struct request *rq;
	int64_t taken;		 /* as in feed_end; -1: a record was on its way when it looked */
	struct feed_cursor from; /* instance "": from the beginning */
	int limit;
	bool proof;	  /* each item with what proves it */
	int64_t until_ns; /* wire: waits for an item until then */
	/* the page */
	struct text out;
	struct json json;
	struct feed_cursor next; /* after a loss: where the client goes on */
	struct store *store;
	bool has_changed;
	bool is_pruned; /* what the client asks for is older than what the feed goes back to */
	int64_t pruned_through, pruned_utc_us;
	struct text pruned;
	int count;
	bool is_full;
	struct feed_job *waiting;
};

/* ---- the end, known without the disk ---- */

static bool is_at_end(const struct station *s, const struct feed_cursor *c)
{
	return s->feed_end.taken == worker_taken(s->writer) &&
	       feed_cursor_is_same(c, &s->feed_end.at);
}

/* ---- a page, in the reader's thread ---- */

static bool put_item(void *ctx, const struct chain_row *r)
{
	struct feed_job *q = ctx;
	uint8_t before[CHAIN_ROOT_BYTES];
	struct text line = {0};

	if (q->proof) {
		q->job.rc = store_chain_root(q->store, r->seq - 1, before, &q->job.err);
		if (q->job.rc < 0)
			return false;
		store_chain_line(r, before, &line);
		json_put_raw(&q->json, line.buf, line.len);
		text_release(&line);
	} else {
		json_put_raw(&q->json, r->bytes, r->n);
	}
	q->next.size = r->seq;
	memcpy(q->next.root, r->root, CHAIN_ROOT_BYTES);
	q->is_full = ++q->count == q->limit || q->out.len > FEED_BYTES_MAX;
	return !q->is_full;
}

/* The client knows an earlier epoch: it goes on where the chain it has seen and this one part. */
static int check_epoch(struct feed_job *q, struct store *store, const struct loss_state *loss)
{
	int64_t last = 0;
	int rc;

	if (q->from.epoch == loss->epoch)
		return 0;
	if (q->from.epoch > loss->epoch)
		return error_set(
			&q->job.err, ERR_STATE,
			"this cursor is of epoch %lld and the station is in its %lld: it "
			"was restored from an older copy without a record of the loss; ask "
			"the supervisor",
			(long long)q->from.epoch, (long long)loss->epoch);
	rc = store_epoch_end(store, q->from.epoch, &last, &q->job.err);
	if (rc < 0)
		return rc;
	q->next.size = q->from.size < last ? q->from.size : last;
	rc = store_chain_root(store, q->next.size, q->next.root, &q->job.err);
	if (rc < 0)
		return rc;
	q->has_changed = true;
	return error_set(&q->job.err, ERR_STATE,
			 "the station was put back from an older copy: what it recorded after item "
			 "%lld before that is lost there; keep what you have of it, give it to the "
			 "supervisor (benchctl import), and go on with `resume` as ?cursor=",
			 (long long)last);
}

/* Is this chain the one the client has seen so far? */
static int check_cursor(struct feed_job *q, struct store *store, const struct chain_head *head)
{
	static const char advice[] = "the station was restored from an older copy, or is another "
				     "one; compare what you hold and start again without ?cursor=";
	const struct feed_cursor *c = &q->from;
	uint8_t root[CHAIN_ROOT_BYTES];
	int rc;

	if (strcmp(c->instance, head->instance) != 0)
		return error_set(&q->job.err, ERR_STATE, "this cursor is of another chain: %s",
				 advice);
	if (c->size > head->size)
		return error_set(&q->job.err, ERR_STATE,
				 "this cursor has seen %lld items and there are %lld: %s",
				 (long long)c->size, (long long)head->size, advice);
	rc = store_chain_root(store, c->size, root, &q->job.err);
	if (rc == 0 && memcmp(root, c->root, sizeof(root)) != 0)
		rc = error_set(&q->job.err, ERR_STATE,
			       "up to item %lld the chain is not the one "
			       "this cursor has seen: %s",
			       (long long)c->size, advice);
	return rc;
}

/* Does the feed still go back to there? */
static int check_begin(struct feed_job *q, struct store *store)
{
	int rc;

	text_clear(&q->pruned);
	rc = store_feed_begin(store, &q->pruned_through, &q->pruned_utc_us, &q->pruned,
			      &q->job.err);
	q->is_pruned = rc == 0 && q->from.size < q->pruned_through;
	return q->is_pruned ? error_set(&q->job.err, ERR_STATE, "pruned") : rc;
}

static void page_begin(struct feed_job *q)
{
	q->count = 0;
	q->is_full = false;
	text_clear(&q->out);
	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "items");
	json_open_array(&q->json);
}

static void page_end(struct feed_job *q)
{
	char text[FEED_CURSOR_MAX];

	json_end_array(&q->json);
	json_kv_string(&q->json, "cursor", feed_cursor_text(&q->next, text, sizeof(text)));
	json_kv_bool(&q->json, "complete", q->is_full);
	json_end_object(&q->json);
}

static void page_work(struct job *j, struct store *store)
{
	struct feed_job *q = (struct feed_job *)j;
	struct chain_filter filter = {
		.feed_only = true, .limit = q->limit, .bytes_alone = !q->proof};
	struct chain_head head;
	struct loss_state loss;
	int rc;

	q->store = store;
	page_begin(q);
	j->rc = store_chain_head(store, &head, &j->err);
	if (j->rc == 0)
		j->rc = store_loss_state(store, &loss, &j->err);
	if (j->rc < 0)
		return;
	memcpy(q->next.instance, head.instance, sizeof(q->next.instance));
	q->next.epoch = loss.epoch;
	if (strcmp(q->from.instance, head.instance) == 0)
		j->rc = check_epoch(q, store, &loss);
	if (j->rc == 0 && q->from.instance[0])
		j->rc = check_cursor(q, store, &head);
	if (j->rc == 0)
		j->rc = check_begin(q, store);
	if (j->rc < 0)
		return;
	/* what is not for the feed has been seen with the rest: an open page ends at the head */
	q->next.size = head.size;
	memcpy(q->next.root, head.root, CHAIN_ROOT_BYTES);
	filter.after = q->from.size;
	rc = store_chain_list(store, &filter, put_item, q, &j->err);
	j->rc = rc < 0 ? rc : j->rc;
	if (!q->is_full && q->next.size < head.size) {
		q->next.size = head.size;
		memcpy(q->next.root, head.root, CHAIN_ROOT_BYTES);
	}
	page_end(q);
}

/* ---- who came back with a cursor has everything up to there ---- */

struct acknowledge_job {
	struct job job;
	char client[96];
	struct feed_cursor seen;
};

static void acknowledge_work(struct job *j, struct store *store)
{
	struct acknowledge_job *q = (struct acknowledge_job *)j;

	j->rc = store_chain_acknowledge(store, q->client, q->seen.size, q->seen.root, &j->err);
}

static void acknowledge_done(struct job *j)
{
	if (j->rc)
		log_warning("feed", "what a client has seen could not be kept: %s", j->err.text);
	free(j);
}

static void acknowledge(struct request *rq, const struct feed_cursor *seen)
{
	struct acknowledge_job *q;

	if (seen->size <= rq->station->feed_acknowledged || station_is_crowded(rq->station))
		return;
	rq->station->feed_acknowledged = seen->size;
	q = xcalloc(1, sizeof(*q));
	q->job.work = acknowledge_work;
	q->job.done = acknowledge_done;
	text_copy(q->client, sizeof(q->client), rq->who);
	q->seen = *seen;
	station_write(rq->station, &q->job);
}

/* ---- the loop's side ---- */

static void feed_free(struct feed_job *q)
{
	text_release(&q->out);
	text_release(&q->pruned);
	free(q);
}

static void answer(struct feed_job *q)
{
	char etag[WEB_ETAG_MAX], root[17];

	text_hex(root, q->next.root, 8);
	snprintf(etag, sizeof(etag), "\"%lld-%s\"", (long long)q->next.size, root);
	request_reply(q->rq, 200, etag, &q->out);
	feed_free(q);
}

/* Nothing came after it, and nobody needs to look. */
static void answer_end(struct feed_job *q)
{
	q->next = q->from;
	page_begin(q);
	page_end(q);
	answer(q);
}

static bool has_waited(const struct feed_job *q)
{
	const struct station *s = q->rq->station;

	return clock_mono_ns() >= q->until_ns || s->stopping ||
	       s->feed_waiting_count == FEED_WAITING_MAX;
}

static void wait_for_item(struct feed_job *q)
{
	struct station *s = q->rq->station;

	q->waiting = s->feed_waiting;
	s->feed_waiting = q;
	s->feed_waiting_count++;
	loop_set_timer(s->feed_timer, clock_mono_ns() + FEED_LOOK_NS);
}

static void read_page(struct feed_job *q)
{
	struct station *s = q->rq->station;

	q->taken = worker_waiting(s->writer) ? -1 : worker_taken(s->writer);
	station_read(s, &q->job);
}

static void put_resume(struct json *j, void *ctx)
{
	const struct feed_job *q = ctx;
	char text[FEED_CURSOR_MAX];

	if (!q->has_changed)
		return;
	json_kv_int(j, "epoch", q->next.epoch);
	json_kv_string(j, "resume", feed_cursor_text(&q->next, text, sizeof(text)));
}

static void put_pruned(struct json *j, void *ctx)
{
	const struct feed_job *q = ctx;

	prune_show(j, q->pruned_utc_us, &q->pruned);
	json_kv_string(j, "snapshot", "/api/v1/snapshot");
}

static void page_done(struct job *j)
{
	struct feed_job *q = (struct feed_job *)j;
	struct station *s = q->rq->station;

	if (j->rc) {
		if (q->is_pruned)
			request_problem_with(q->rq, 410, "feed_pruned",
					     "the feed does not go back that far; begin with the "
					     "snapshot and go on with its cursor",
					     put_pruned, q);
		else if (j->rc == ERR_STATE)
			request_problem_with(q->rq, 409, "feed_changed", j->err.text, put_resume,
					     q);
		else
			request_problem_of(q->rq, &j->err);
		feed_free(q);
		return;
	}
	if (!q->is_full && q->taken >= 0)
		s->feed_end = (struct feed_end){q->taken, q->next};
	if (q->from.instance[0])
		acknowledge(q->rq, &q->from);
	if (q->count || has_waited(q))
		answer(q);
	else
		wait_for_item(q);
}

/* From memory where nothing was recorded since; else a reader looks. */
static void look(struct feed_job *q)
{
	if (!is_at_end(q->rq->station, &q->from)) {
		read_page(q);
		return;
	}
	acknowledge(q->rq, &q->from);
	if (has_waited(q))
		answer_end(q);
	else
		wait_for_item(q);
}

/* All who wait look again. */
static void look_again(void *ctx)
{
	struct station *s = ctx;
	struct feed_job *q = s->feed_waiting, *next;

	s->feed_waiting = NULL;
	s->feed_waiting_count = 0;
	for (; q; q = next) {
		next = q->waiting;
		look(q);
	}
}

void feed_init(struct station *s)
{
	s->feed_timer = loop_add_timer(s->loop, look_again, s);
	s->feed_end.taken = -1;
}

void feed_close(struct station *s)
{
	struct feed_job *q = s->feed_waiting, *next;

	for (; q; q = next) {
		next = q->waiting;
		request_problem(q->rq, 503, "stopping", "the station stops");
		feed_free(q);
	}
	s->feed_waiting = NULL;
	s->feed_waiting_count = 0;
}

/* An integer of the query within 0..max; false: refused. */
static bool number(struct request *rq, const char *name, int64_t min, int64_t max, int64_t *v)
{
	char buf[24];
	const char *s = web_query(rq->msg.query, name, buf, sizeof(buf));

	if (!s)
		return true;
	if (text_to_int64(s, strlen(s), v) && *v >= min && *v <= max)
		return true;
	request_problem(rq, 400, "query", "?%s= must be a number of %lld to %lld", name,
			(long long)min, (long long)max);
	return false;
}

void route_results(struct request *rq)
{
	char buf[160];
	int64_t limit = FEED_LIMIT, wait_s = 0;
	struct feed_cursor from = {.size = 0};
	const char *cursor = web_query(rq->msg.query, "cursor", buf, sizeof(buf));
	struct feed_job *q;

	if (!number(rq, "limit", 1, FEED_LIMIT_MAX, &limit) ||
	    !number(rq, "wait", 0, WEB_WAIT_MAX_S, &wait_s))
		return;
	if (cursor && cursor[0] && !feed_cursor_read(cursor, &from)) {
		request_problem(rq, 400, "query",
				"?cursor= must be the cursor of an earlier answer, or left out to "
				"begin at the first item");
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->job.work = page_work;
	q->job.done = page_done;
	q->rq = rq;
	q->from = from;
	q->limit = (int)limit;
	q->proof = web_query(rq->msg.query, "proof", buf, sizeof(buf)) != NULL;
	q->until_ns = clock_mono_ns() + wait_s * NS_PER_S;
	look(q);
}
