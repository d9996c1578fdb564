/* SPDX-License-Identifier: MIT
 *
 * Routes about the station's key. What makes it leave or change is for local programs alone:
 * benchd-web passes nobody's word for it.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/sign.h"
#include "store/chain.h"
#include "ticket/form.h"

static const struct form_field backup_form[] = {
	{.name = "passphrase", .kind = FORM_TEXT, .required = true, .lo = 12, .hi = 250},
	{.name = NULL},
};

struct key_job {
	struct job job;
	struct request *rq;
	char passphrase[1024], who[96];
	struct text out;
};

static struct key_job *key_job(struct request *rq, void (*work)(struct job *, struct store *),
			       void (*done)(struct job *))
{
	struct key_job *q = xcalloc(1, sizeof(*q));

	q->job.work = work;
	q->job.done = done;
	q->rq = rq;
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	return q;
}

static void key_done(struct job *j)
{
	struct key_job *q = (struct key_job *)j;

	request_end(q->rq, j, 200, "", &q->out, "the key");
	sign_bytes_wipe(q->passphrase, sizeof(q->passphrase));
	text_release(&q->out);
	free(q);
}

static bool is_remote(struct request *rq)
{
	bool remote = rq->identity.via != PEOPLE_VIA_LOCAL;

	if (remote)
		request_problem(rq, 403, "local_only",
				"only on the station itself; there: benchctl key");
	return remote;
}

static void show_work(struct job *j, struct store *store)
{
	struct key_job *q = (struct key_job *)j;
	uint8_t public_bytes[SIGN_PUBLIC_BYTES];
	char id[SIGN_ID_SIZE], pem[SIGN_PEM_SIZE], root[65];
	struct chain_head head;
	struct json w;

	j->rc = store_key_public(store, public_bytes, &j->err);
	if (j->rc == 0)
		j->rc = store_chain_head(store, &head, &j->err);
	if (j->rc < 0)
		return;
	sign_id(id, public_bytes);
	sign_to_pem(pem, public_bytes);
	text_hex(root, head.root, sizeof(head.root));
	json_init(&w, &q->out);
	json_open_object(&w);
	json_kv_string(&w, "key", id);
	json_kv_string(&w, "algorithm", "Ed25519");
	json_kv_string(&w, "pem", pem);
	json_kv_string(&w, "instance", head.instance);
	json_kv_int(&w, "size", head.size);
	json_kv_string(&w, "root", root);
	json_end_object(&w);
}

void route_key(struct request *rq)
{
	station_read(rq->station, &key_job(rq, show_work, key_done)->job);
}

static void backup_work(struct job *j, struct store *store)
{
	struct key_job *q = (struct key_job *)j;
	struct text sealed = {0};
	struct json w;

	j->rc = store_key_seal(store, q->passphrase, strlen(q->passphrase), &sealed, &j->err);
	if (j->rc == 0) {
		json_init(&w, &q->out);
		json_open_object(&w);
		json_kv_string(&w, "sealed", sealed.buf);
		json_end_object(&w);
	}
	text_release(&sealed);
}

static void backup_done(struct job *j)
{
	struct key_job *q = (struct key_job *)j;

	if (j->rc == 0)
		station_audit(q->rq->station, q->who, "key_backed_up", "{}");
	key_done(j);
}

void route_key_backup(struct request *rq)
{
	struct key_job *q;
	json_t *body;

	if (is_remote(rq))
		return;
	body = request_form(rq, backup_form);
	if (!body)
		return;
	q = key_job(rq, backup_work, backup_done);
	text_copy(q->passphrase, sizeof(q->passphrase),
		  json_string_value(json_object_get(body, "passphrase")));
	json_decref(body);
	sign_bytes_wipe(rq->body, rq->msg.size);
	station_read(rq->station, &q->job);
}

static void rotate_work(struct job *j, struct store *store)
{
	struct key_job *q = (struct key_job *)j;
	char id[SIGN_ID_SIZE];

	j->rc = store_key_rotate(store, q->who, clock_utc_us(), id, &j->err);
	if (j->rc == 0)
		show_work(j, store);
}

void route_key_rotate(struct request *rq)
{
	if (is_remote(rq))
		return;
	if (rq->station->store_state != STORE_GOOD) {
		request_problem(rq, 503, "store_checking", "the database is not known to be whole");
		return;
	}
	station_write(rq->station, &key_job(rq, rotate_work, key_done)->job);
}

/* ---- the chain itself, one item a line ---- */

enum { CHAIN_PAGE = 1000 };

struct lines {
	struct text text;
	uint8_t prev[CHAIN_ROOT_BYTES]; /* the root before the next item */
};

static bool put_line(void *ctx, const struct chain_row *r)
{
	struct lines *l = ctx;

	store_chain_line(r, l->prev, &l->text);
	text_add(&l->text, "\n", 1);
	memcpy(l->prev, r->root, sizeof(l->prev));
	return true;
}

/* The lines as one JSON string, for the link; benchctl writes them out. */
static void chain_work(struct job *j, struct store *store)
{
	struct key_job *q = (struct key_job *)j;
	struct chain_filter f = {.limit = CHAIN_PAGE};
	struct lines lines = {.text = {0}};
	struct chain_head head;
	char buf[24];
	const char *after = web_query(q->rq->msg.query, "after", buf, sizeof(buf));
	struct json w;

	if (after && (!text_to_int64(after, strlen(after), &f.after) || f.after < 0))
		f.after = 0;
	j->rc = store_chain_head(store, &head, &j->err);
	if (j->rc == 0)
		j->rc = store_chain_root(store, f.after, lines.prev, &j->err);
	if (j->rc == 0)
		j->rc = store_chain_list(store, &f, put_line, &lines, &j->err);
	if (j->rc == 0) {
		json_init(&w, &q->out);
		json_open_object(&w);
		json_kv_string(&w, "instance", head.instance);
		json_kv_int(&w, "size", head.size);
		json_kv_string(&w, "lines", lines.text.buf ? lines.text.buf : "");
		json_end_object(&w);
	}
	text_release(&lines.text);
}

void route_chain(struct request *rq)
{
	station_read(rq->station, &key_job(rq, chain_work, key_done)->job);
}
