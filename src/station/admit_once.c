/* SPDX-License-Identifier: MIT
 *
 * A request with an Idempotency-Key on its way to its handler: the one that is under way refuses the
 * others of its key, what was done before is answered as it was.
 */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct again_job {
	struct job job;
	struct request *rq;
	int status;
	struct text answer;
};

static bool is_same(const struct once *a, const struct once *b)
{
	return strcmp(a->key, b->key) == 0 && strcmp(a->who, b->who) == 0 &&
	       strcmp(a->place, b->place) == 0;
}

static void again_work(struct job *j, struct store *store)
{
	struct again_job *q = (struct again_job *)j;

	j->rc = once_find(&q->rq->once, store, &q->status, &q->answer, &j->err);
	if (!j->rc && q->rq->msg.route == WEB_TOKEN_ADD)
		j->rc = token_once_more(store, &q->rq->once, &q->answer, &j->err);
}

static void again_done(struct job *j)
{
	struct again_job *q = (struct again_job *)j;

	if (j->rc == ERR_NOT_FOUND)
		route_handle(q->rq);
	else if (j->rc == ERR_CONFLICT)
		request_problem(q->rq, 422, "idempotency_key_reused", "%s", j->err.text);
	else if (j->rc)
		request_problem_of(q->rq, &j->err);
	else
		request_reply(q->rq, q->status, "", &q->answer);
	secret_wipe(q->answer.buf, q->answer.len);
	text_release(&q->answer);
	free(q);
}

static void name_it(struct request *rq)
{
	struct once *o = &rq->once;
	struct text body = {0};

	text_copy(o->key, sizeof(o->key), rq->msg.request_key);
	text_copy(o->who, sizeof(o->who), rq->who);
	snprintf(o->place, sizeof(o->place), "%s %s",
		 web_route_info((enum web_route)rq->msg.route)->name, rq->msg.arg);
	once_body(rq->body, rq->msg.size, &body);
	text_sha256(o->body_sha256, body.buf ? body.buf : "", body.len);
	secret_wipe(body.buf, body.len);
	text_release(&body);
}

void once_first(struct request *rq)
{
	struct station *s = rq->station;
	struct again_job *q;

	if (!rq->msg.request_key[0] || !once_takes((enum web_route)rq->msg.route)) {
		route_handle(rq);
		return;
	}
	name_it(rq);
	for (const struct request *r = s->keyed; r; r = r->next_keyed)
		if (is_same(&r->once, &rq->once)) {
			rq->once.key[0] = '\0'; /* it is not on the list */
			request_problem(rq, 409, "request_under_way",
					"a request with this Idempotency-Key is under way; ask "
					"again in a moment");
			return;
		}
	rq->next_keyed = s->keyed;
	s->keyed = rq;
	q = xcalloc(1, sizeof(*q));
	q->job.work = again_work;
	q->job.done = again_done;
	q->rq = rq;
	station_read(s, &q->job);
}

void once_forget(struct request *rq)
{
	struct request **at = &rq->station->keyed;

	while (*at && *at != rq)
		at = &(*at)->next_keyed;
	if (*at)
		*at = rq->next_keyed;
}
