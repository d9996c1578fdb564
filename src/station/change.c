/* SPDX-License-Identifier: MIT */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/subject.h"

static int check_new(const struct subject_job *q, struct store *store, struct error *err)
{
	struct text t = {0};
	int rc = store_subject_get(store, q->kind, q->name, &t, err);

	text_release(&t);
	if (rc == ERR_NOT_FOUND)
		return 0;
	return rc ? rc
		  : error_set(err, ERR_EXISTS, "/name: a %s of this name was given already",
			      q->kind);
}

static int do_change(void *ctx, struct store *store, struct error *err)
{
	struct subject_job *q = ctx;
	struct chain_item item = {
		.type = q->type, .who = q->who, .data = q->data.buf, .n = q->data.len};
	int64_t now = clock_utc_us();
	int rc = q->is_new ? check_new(q, store, err) : 0;

	if (!rc && q->hash[0])
		rc = store_secret_put(store, q->secret_kind, q->name, q->hash, now, err);
	if (!rc && q->kind)
		rc = store_subject_put(store, q->kind, q->name, NULL, &item, now, err);
	else if (!rc)
		rc = store_chain_add(store, &item, now, NULL, err);
	/* a secret is in the reply alone */
	return rc ? rc : once_keep(&q->rq->once, store, q->status, &q->data, err);
}

static void subject_work(struct job *j, struct store *store)
{
	struct subject_job *q = (struct subject_job *)j;

	if (q->pin[0]) {
		q->pin_failed = !secret_hash(q->pin, strlen(q->pin), q->hash);
		secret_wipe(q->pin, sizeof(q->pin));
	}
	if (q->pin_failed) {
		j->rc = error_set(&j->err, ERR_NOMEM, "no memory for a PIN; try again");
		return;
	}
	if (q->prepare)
		j->rc = q->prepare(q, store, &j->err);
	if (!j->rc)
		j->rc = store_transact(store, do_change, q, &j->err);
}

static void subject_done(struct job *j)
{
	struct subject_job *q = (struct subject_job *)j;

	if (!j->rc && q->kept)
		q->kept(q->rq->station, q);
	request_end(q->rq, j, q->status, "", q->reply.len ? &q->reply : &q->data,
		    "a person or token");
	text_release(&q->data);
	secret_wipe(q->reply.buf, q->reply.len);
	text_release(&q->reply);
	free(q);
}

struct subject_job *subject_job(struct request *rq, const char *kind, const char *type,
				const char *name)
{
	struct subject_job *q = xcalloc(1, sizeof(*q));

	q->job.work = subject_work;
	q->job.done = subject_done;
	q->rq = rq;
	q->kind = kind;
	q->type = type;
	q->status = 200;
	text_copy(q->name, sizeof(q->name), name);
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	return q;
}

void subject_submit(struct subject_job *q)
{
	station_write(q->rq->station, &q->job);
}
