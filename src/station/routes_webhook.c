/* SPDX-License-Identifier: MIT
 *
 * Webhooks as people look after them: the endpoints, a test, letters that were given up. URLs and
 * headers may hold secrets and are shown nowhere.
 */
#include "outbox.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ticket/form.h"

enum { DEAD_LIMIT = 100, TEST_TIMEOUT_MS = 10000 };

static struct endpoint *endpoint_of(struct request *rq)
{
	struct endpoint *e = outbox_find(rq->station, rq->msg.arg);

	if (!e)
		request_problem(rq, 404, "not_found",
				"there is no webhook \"%s\"; see: benchctl webhook list",
				rq->msg.arg);
	return e;
}

/* ---- the list ---- */

static const char *state_of(const struct endpoint *e)
{
	if (e->row.disabled[0])
		return "disabled";
	if (e->problem[0])
		return "failing";
	return e->at == ENDPOINT_IDLE && e->seen >= e->head ? "idle" : "sending";
}

static void kv_utc(struct json *j, const char *key, int64_t utc_us)
{
	char utc[32];

	json_kv_string(j, key, utc_us ? text_from_utc_us(utc, sizeof(utc), utc_us) : NULL);
}

/* "https://host" of its URL. */
static void kv_host(struct json *j, const char *url)
{
	const char *host = strstr(url, "//");
	size_t n = host ? (size_t)(host + 2 - url) + strcspn(host + 2, "/?#") : 0;

	json_key(j, "host");
	json_put_string_n(j, url, n);
}

static void put_endpoint(struct json *j, const struct endpoint *e)
{
	int64_t now_ns = clock_mono_ns();

	json_open_object(j);
	json_kv_string(j, "name", e->hook->name);
	kv_host(j, e->hook->url);
	json_kv_string(j, "state", state_of(e));
	json_kv_string(j, "disabled", e->row.disabled[0] ? e->row.disabled : NULL);
	json_kv_string(j, "problem", e->problem[0] ? e->problem : NULL);
	json_key(j, "types");
	json_open_array(j);
	for (int i = 0; i < e->hook->type_count; i++)
		json_put_string(j, e->hook->types[i]);
	json_end_array(j);
	json_kv_int(j, "after", e->row.after);
	json_kv_int(j, "head", e->head);
	json_kv_int(j, "tries", e->tries.failed);
	json_kv_int(j, "next_try_s",
		    e->tries.failed && e->due_ns > now_ns ? (e->due_ns - now_ns) / NS_PER_S : 0);
	json_kv_int(j, "dead", e->row.dead);
	kv_utc(j, "delivered_at", e->delivered_utc_us);
	json_end_object(j);
}

static void write_webhooks(struct json *j, struct station *s)
{
	json_open_object(j);
	json_key(j, "webhooks");
	json_open_array(j);
	for (int i = 0; s->outbox && i < s->outbox->count; i++)
		put_endpoint(j, &s->outbox->at[i]);
	json_end_array(j);
	json_end_object(j);
}

void route_webhooks(struct request *rq)
{
	route_reply(rq, write_webhooks);
}

/* ---- letters given up ---- */

struct dead_job {
	struct job job;
	struct request *rq;
	struct endpoint *endpoint;
	int64_t seq;
	int limit, n;
	struct outbox_row row;
	bool enable;
	struct text out;
	struct json json;
};

static struct dead_job *dead_job(struct request *rq, struct endpoint *e,
				 void (*work)(struct job *j, struct store *store),
				 void (*done)(struct job *j))
{
	struct dead_job *q = xcalloc(1, sizeof(*q));

	q->job.work = work;
	q->job.done = done;
	q->rq = rq;
	q->endpoint = e;
	return q;
}

static bool put_dead(void *ctx, const struct dead_letter *d)
{
	struct dead_job *q = ctx;
	struct json *j = &q->json;

	json_open_object(j);
	json_kv_int(j, "seq", d->seq);
	json_kv_string(j, "type", d->type);
	json_kv_string(j, "ticket", d->ticket[0] ? d->ticket : NULL);
	json_kv_string(j, "serial", d->serial[0] ? d->serial : NULL);
	kv_utc(j, "given_up_at", d->utc_us);
	json_kv_int(j, "tries", d->tries);
	json_kv_string(j, "why", d->why);
	json_kv_bool(j, "again", d->state == DEAD_AGAIN);
	json_end_object(j);
	return true;
}

static void dead_work(struct job *j, struct store *store)
{
	struct dead_job *q = (struct dead_job *)j;

	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "letters");
	json_open_array(&q->json);
	j->rc = store_dead_letter_list(store, q->endpoint->hook->name, 0, q->limit, put_dead, q,
				       &j->err);
	json_end_array(&q->json);
	json_end_object(&q->json);
}

static void dead_done(struct job *j)
{
	struct dead_job *q = (struct dead_job *)j;

	request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	free(q);
}

void route_webhook_dead(struct request *rq)
{
	struct endpoint *e = endpoint_of(rq);
	struct dead_job *q;
	int64_t limit = DEAD_LIMIT;
	char buf[24];
	const char *s = web_query(rq->msg.query, "limit", buf, sizeof(buf));

	if (!e)
		return;
	if (s)
		(void)text_to_int64(s, strlen(s), &limit); /* query_check has seen it */
	q = dead_job(rq, e, dead_work, dead_done);
	q->limit = (int)limit;
	station_read(rq->station, &q->job);
}

/* ---- sent again, enabled again ---- */

static void change_work(struct job *j, struct store *store)
{
	struct dead_job *q = (struct dead_job *)j;
	const char *name = q->endpoint->hook->name;
	struct text detail = {0};

	if (q->enable) {
		q->row.disabled[0] = '\0';
		q->row.changed_utc_us = clock_utc_us();
		j->rc = store_outbox_put(store, &q->row, &j->err);
	} else {
		j->rc = store_dead_letter_again(store, name, q->seq, &q->n, &j->err);
	}
	if (!j->rc)
		j->rc = store_outbox_get(store, name, &q->row, &j->err);
	if (!j->rc) {
		text_printf(&detail, "{\"webhook\":\"%s\",\"letters\":%d}", name, q->n);
		j->rc = store_audit(store, clock_utc_us(), q->rq->who,
				    q->enable ? "webhook_enabled" : "webhook_resend", detail.buf,
				    &j->err);
	}
	text_release(&detail);
}

static void change_done(struct job *j)
{
	struct dead_job *q = (struct dead_job *)j;
	struct endpoint *e = q->endpoint;
	struct json out;

	if (!j->rc) {
		(void)text_copy(e->row.disabled, sizeof(e->row.disabled), q->row.disabled);
		e->row.dead = q->row.dead;
		e->row.again = q->row.again;
		e->due_ns = 0;
		if (q->enable)
			e->problem[0] = '\0';
		json_init(&out, &q->out);
		json_open_object(&out);
		json_kv_string(&out, "webhook", e->hook->name);
		json_kv_int(&out, "letters", q->enable ? q->row.dead : q->n);
		json_end_object(&out);
		outbox_kick(q->rq->station);
	}
	request_end(q->rq, j, 202, "", &q->out, "the outbox");
	text_release(&q->out);
	free(q);
}

void route_webhook_enable(struct request *rq)
{
	struct endpoint *e = endpoint_of(rq);
	struct dead_job *q;

	if (!e)
		return;
	q = dead_job(rq, e, change_work, change_done);
	q->row = e->row;
	q->enable = true;
	station_write(rq->station, &q->job);
}

void route_webhook_resend(struct request *rq)
{
	static const struct form_field fields[] = {
		{.name = "seq", .kind = FORM_INT, .lo = 1, .hi = 9e15},
		{.name = NULL},
	};
	struct endpoint *e = endpoint_of(rq);
	struct dead_job *q;
	json_t *root;

	if (!e)
		return;
	root = request_form(rq, fields);
	if (!root)
		return;
	q = dead_job(rq, e, change_work, change_done);
	q->seq = json_integer_value(json_object_get(root, "seq"));
	json_decref(root);
	station_write(rq->station, &q->job);
}

/* ---- a test: one request now, outside of the order ---- */

struct test_job {
	struct job job;
	struct request *rq;
	struct endpoint *endpoint;
	struct hook_request request;
	char id[OUTBOX_ID_SIZE];
};

static void test_work(struct job *j, struct store *store)
{
	struct test_job *q = (struct test_job *)j;
	const struct hook *h = q->endpoint->hook;
	struct hook_secrets secrets;
	struct hook_item item;
	struct text bytes = {0};
	int64_t now_us = clock_utc_us();
	struct json o;
	char utc[32], hex[33], where[512];

	(void)store;
	secret_random_hex(hex, 16);
	(void)snprintf(q->id, sizeof(q->id), "msg_%s", hex);
	json_init(&o, &bytes);
	json_open_object(&o);
	json_kv_int(&o, "seq", 0);
	json_kv_string(&o, "type", "test");
	json_kv_string(&o, "at", text_from_utc_us(utc, sizeof(utc), now_us));
	json_kv_string(&o, "ticket", NULL);
	json_kv_string(&o, "serial", NULL);
	json_kv_string(&o, "run", NULL);
	json_key(&o, "data");
	json_open_object(&o);
	json_kv_string(&o, "station", q->rq->station->name);
	json_kv_string(&o, "en", "a test of this webhook");
	json_kv_string(&o, "zh", "推送测试");
	json_end_object(&o);
	json_end_object(&o);
	j->rc = hook_secrets_load(q->rq->station->outbox->hooks, h, &secrets, where, &j->err);
	item = (struct hook_item){q->id, bytes.buf, bytes.len};
	if (!j->rc)
		j->rc = hook_render(h, &secrets, q->rq->station->name, &item, now_us, &q->request,
				    &j->err);
	hook_secrets_wipe(&secrets);
	text_release(&bytes);
}

static void test_free(struct test_job *q)
{
	hook_request_release(&q->request);
	free(q);
}

static void on_test_answer(void *ctx, const struct outbound_answer *a)
{
	struct test_job *q = ctx;
	const struct hook_answer answer = {a->status, a->error, a->body, a->size};
	char why[OUTBOX_WHY_MAX];
	enum hook_outcome outcome = hook_outcome(q->endpoint->hook, &answer, why, sizeof(why));
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "webhook", q->endpoint->hook->name);
	json_kv_string(&j, "id", q->id);
	json_kv_bool(&j, "delivered", outcome == HOOK_DELIVERED);
	json_kv_int(&j, "status", a->status);
	json_kv_string(&j, "why", why[0] ? why : NULL);
	json_end_object(&j);
	request_reply(q->rq, 200, "", &out);
	text_release(&out);
	test_free(q);
}

static void test_done(struct job *j)
{
	struct test_job *q = (struct test_job *)j;
	int timeout_ms = q->endpoint->hook->timeout_ms;

	if (j->rc) {
		request_problem(q->rq, 409, "webhook_secret", "%s", j->err.text);
		test_free(q);
	} else if (outbox_send(q->rq->station, &q->request,
			       timeout_ms < TEST_TIMEOUT_MS ? timeout_ms : TEST_TIMEOUT_MS,
			       on_test_answer, q)) {
		request_problem(q->rq, 503, "no_web",
				"benchd-web does not run: nothing can be sent");
		test_free(q);
	}
}

void route_webhook_test(struct request *rq)
{
	struct endpoint *e = endpoint_of(rq);
	struct test_job *q;

	if (!e)
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = test_work;
	q->job.done = test_done;
	q->rq = rq;
	q->endpoint = e;
	station_read(rq->station, &q->job);
}
