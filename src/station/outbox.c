/* SPDX-License-Identifier: MIT */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define MODULE	  "webhook"
#define TICK_NS	  (500 * NS_PER_MS)
#define NO_WEB_NS NS_PER_S
/* items that are not for an endpoint are passed so many at a time; its cursor follows on disk */
enum { SCAN_MAX = 1000, ANSWER_MAX = 8192 };

struct outbox_job {
	struct job job;
	struct endpoint *e;
	/* LOOKING */
	const struct hooks *hooks;
	int64_t after, head, seq, item_utc_us;
	int rows;
	bool wants_again, is_again, found;
	char id[OUTBOX_ID_SIZE], where[512];
	struct text bytes;
	struct hook_request request;
	/* KEEPING */
	struct outbox_row row;
	struct dead_letter dead;
	bool sent;
};

static void outbox_id(char dst[OUTBOX_ID_SIZE], const uint8_t root[CHAIN_ROOT_BYTES])
{
	char hex[2 * CHAIN_ROOT_BYTES + 1];

	text_hex(hex, root, CHAIN_ROOT_BYTES);
	(void)snprintf(dst, OUTBOX_ID_SIZE, "msg_%.32s", hex);
}

struct endpoint *outbox_find(struct station *s, const char *name)
{
	for (int i = 0; s->outbox && i < s->outbox->count; i++)
		if (strcmp(s->outbox->at[i].hook->name, name) == 0)
			return &s->outbox->at[i];
	return NULL;
}

void outbox_kick(struct station *s)
{
	if (s->outbox && s->outbox->timer)
		loop_set_timer(s->outbox->timer, clock_mono_ns());
}

static void job_free(struct outbox_job *q)
{
	text_release(&q->bytes);
	hook_request_release(&q->request);
	free(q);
}

static void wait_for(struct endpoint *e, int64_t wait_ns)
{
	e->at = ENDPOINT_IDLE;
	e->due_ns = clock_mono_ns() + wait_ns;
}

static int64_t back_off_ns(const struct endpoint *e)
{
	uint32_t chance;

	secret_random(&chance, sizeof(chance));
	return hook_wait_ns(e->hook, e->tries.failed, chance);
}

/* Told once while it lasts, and when it is over. */
static void set_problem(struct endpoint *e, const char *why)
{
	if (why[0] && !e->problem[0])
		log_warning(MODULE, "%s: %s; tried again", e->hook->name, why);
	else if (!why[0] && e->problem[0])
		log_info(MODULE, "%s: takes items again", e->hook->name);
	(void)text_copy(e->problem, sizeof(e->problem), why);
}

/* ---- KEEPING ---- */

static void keep_work(struct job *j, struct store *store)
{
	struct outbox_job *q = (struct outbox_job *)j;
	const char *name = q->e->hook->name;
	int64_t now_us = clock_utc_us();

	if (q->dead.seq) {
		q->dead.utc_us = now_us;
		j->rc = store_dead_letter_add(store, &q->dead, &j->err);
	} else if (q->sent) {
		j->rc = store_dead_letter_sent(store, name, q->seq, now_us, &j->err);
	} else {
		q->row.changed_utc_us = now_us;
		j->rc = store_outbox_put(store, &q->row, &j->err);
	}
	if (!j->rc)
		j->rc = store_outbox_get(store, name, &q->row, &j->err);
}

static void keep_done(struct job *j)
{
	struct outbox_job *q = (struct outbox_job *)j;
	struct endpoint *e = q->e;

	if (j->rc) {
		station_store_failed(e->station, "the outbox", &j->err);
	} else {
		e->row = q->row;
		e->seen = e->seen > e->row.after ? e->seen : e->row.after;
		wait_for(e, 0);
		if (!e->station->stopping)
			outbox_kick(e->station);
	}
	job_free(q);
}

static struct outbox_job *new_job(struct endpoint *e)
{
	struct outbox_job *q = xcalloc(1, sizeof(*q));

	q->e = e;
	q->row = e->row;
	q->seq = e->trying;
	return q;
}

static void keep(struct outbox_job *q)
{
	q->job.work = keep_work;
	q->job.done = keep_done;
	q->e->at = ENDPOINT_KEEPING;
	station_write(q->e->station, &q->job);
}

static void keep_delivered(struct endpoint *e)
{
	struct outbox_job *q = new_job(e);

	set_problem(e, "");
	e->delivered_utc_us = clock_utc_us();
	e->tries = (struct hook_tries){0};
	q->sent = e->is_again;
	q->row.after = e->trying > q->row.after ? e->trying : q->row.after;
	keep(q);
}

static void keep_dead(struct endpoint *e, const char *why)
{
	struct outbox_job *q = new_job(e);

	log_error(MODULE,
		  "%s: item %lld is given up after %d tries: %s; see: benchctl webhook dead",
		  e->hook->name, (long long)e->trying, e->tries.failed, why);
	(void)text_copy(q->dead.endpoint, sizeof(q->dead.endpoint), e->hook->name);
	(void)text_copy(q->dead.why, sizeof(q->dead.why), why);
	q->dead.seq = e->trying;
	q->dead.tries = e->tries.failed;
	e->tries = (struct hook_tries){0};
	keep(q);
}

static void keep_disabled(struct endpoint *e)
{
	struct outbox_job *q = new_job(e);

	log_error(MODULE, "%s answered 410: nothing more is sent there; benchctl webhook enable",
		  e->hook->name);
	(void)text_copy(q->row.disabled, sizeof(q->row.disabled), "answered 410");
	keep(q);
}

/* ---- SENDING ---- */

static void on_answer(void *ctx, const struct outbound_answer *a)
{
	struct endpoint *e = ctx;
	const struct hook_answer answer = {a->status, a->error, a->body, a->size};
	char why[OUTBOX_WHY_MAX];
	enum hook_outcome outcome = hook_outcome(e->hook, &answer, why, sizeof(why));
	int64_t age_ns = (clock_utc_us() - e->item_utc_us) * 1000;

	e->at = ENDPOINT_IDLE;
	if (outcome == HOOK_DELIVERED && !e->station->store_failed) {
		keep_delivered(e);
		return;
	}
	if (e->station->stopping || e->station->store_failed)
		return; /* the same item comes again after the start */
	set_problem(e, why);
	if (outcome == HOOK_GONE)
		keep_disabled(e);
	else if (a->status == 0 && strcmp(a->error, "web_lost") == 0)
		wait_for(e, NO_WEB_NS); /* our own side: no fault of the endpoint's */
	else if (hook_is_dead(e->hook, &e->tries, outcome, age_ns) || e->is_again)
		keep_dead(e, why); /* a letter that a person sent again gets that one try */
	else
		wait_for(e, back_off_ns(e));
}

int outbox_send(struct station *s, const struct hook_request *r, int timeout_ms,
		void (*done)(void *ctx, const struct outbound_answer *a), void *ctx)
{
	struct outbound_request rq = {.method = r->method,
				      .url = r->url.buf,
				      .body = r->body.buf,
				      .size = r->body.len,
				      .timeout_ms = timeout_ms,
				      .answer_max = ANSWER_MAX};

	for (int i = 0; i < r->header_count && i < OUTBOUND_HEADERS_MAX; i++)
		rq.headers[i] = r->headers[i].buf;
	return outbound_start(s, &rq, done, ctx);
}

/* ---- LOOKING, in the reader's thread ---- */

static bool is_wanted(const struct hook *h, const char *type)
{
	for (int i = 0; i < h->type_count; i++)
		if (strcmp(h->types[i], type) == 0)
			return true;
	return h->type_count == 0;
}

static bool look_at(void *ctx, const struct chain_row *r)
{
	struct outbox_job *q = ctx;

	q->rows++;
	q->after = r->seq;
	if (!q->is_again && !is_wanted(q->e->hook, r->type))
		return true;
	q->found = true;
	q->seq = r->seq;
	q->item_utc_us = r->utc_us;
	outbox_id(q->id, r->root);
	text_add(&q->bytes, r->bytes, r->n);
	return false;
}

static bool take_again(void *ctx, const struct dead_letter *d)
{
	struct outbox_job *q = ctx;

	q->is_again = true;
	q->seq = d->seq;
	return false;
}

static int find_item(struct outbox_job *q, struct store *store)
{
	struct chain_filter f = {.feed_only = true, .after = q->after, .limit = SCAN_MAX};
	struct chain_head head;
	int rc = store_chain_head(store, &head, &q->job.err);

	if (rc == 0 && q->wants_again)
		rc = store_dead_letter_list(store, q->e->hook->name, DEAD_AGAIN, 1, take_again, q,
					    &q->job.err);
	if (rc < 0)
		return rc;
	q->head = head.size;
	if (q->is_again) {
		f.after = q->seq - 1;
		f.limit = 1;
	} else if (head.size <= q->after) {
		return 0;
	}
	rc = store_chain_list(store, &f, look_at, q, &q->job.err);
	if (rc == 0 && !q->found && q->rows < SCAN_MAX && q->after < q->head)
		q->after = q->head; /* the rest is not for the feed */
	return rc;
}

static void look_work(struct job *j, struct store *store)
{
	struct outbox_job *q = (struct outbox_job *)j;
	struct hook_secrets secrets;
	struct hook_item item;

	j->rc = find_item(q, store);
	if (j->rc || !q->found)
		return;
	j->rc = hook_secrets_load(q->hooks, q->e->hook, &secrets, q->where, &j->err);
	if (j->rc)
		return;
	item = (struct hook_item){q->id, q->bytes.buf, q->bytes.len};
	j->rc = hook_render(q->e->hook, &secrets, q->e->station->name, &item, clock_utc_us(),
			    &q->request, &j->err);
	hook_secrets_wipe(&secrets);
}

/* Items that are not for it were passed: now and then on disk, too. */
static void pass(struct endpoint *e, const struct outbox_job *q)
{
	bool is_more = q->rows == SCAN_MAX;

	e->seen = q->after > e->seen ? q->after : e->seen;
	wait_for(e, 0);
	if (e->seen - e->row.after >= SCAN_MAX) {
		struct outbox_job *k = new_job(e);

		k->row.after = e->seen;
		keep(k);
	} else if (is_more) {
		outbox_kick(e->station);
	}
}

static void begin_sending(struct endpoint *e, struct outbox_job *q)
{
	if (e->trying != q->seq || e->is_again != q->is_again)
		e->tries = (struct hook_tries){0};
	e->trying = q->seq;
	e->is_again = q->is_again;
	e->item_utc_us = q->item_utc_us;
	e->at = ENDPOINT_SENDING;
	if (outbox_send(e->station, &q->request, e->hook->timeout_ms, on_answer, e)) {
		set_problem(e, "benchd-web does not run");
		wait_for(e, NO_WEB_NS);
	}
}

static void look_done(struct job *j)
{
	struct outbox_job *q = (struct outbox_job *)j;
	struct endpoint *e = q->e;

	e->head = q->head > e->head ? q->head : e->head;
	if (e->station->stopping || e->station->store_failed) {
		e->at = ENDPOINT_IDLE;
	} else if (j->rc) {
		if (strcmp(e->problem, j->err.text) != 0)
			log_error(MODULE, "%s: %s%s%s", e->hook->name, j->err.text,
				  q->where[0] ? ": " : "", q->where);
		(void)text_copy(e->problem, sizeof(e->problem), j->err.text);
		e->tries.failed++;
		wait_for(e, back_off_ns(e));
	} else if (q->found) {
		begin_sending(e, q);
	} else {
		pass(e, q);
	}
	job_free(q);
}

static void look(struct endpoint *e)
{
	struct outbox_job *q = xcalloc(1, sizeof(*q));

	q->job.work = look_work;
	q->job.done = look_done;
	q->e = e;
	q->hooks = e->station->outbox->hooks;
	q->after = e->seen;
	q->wants_again = e->row.again > 0;
	e->at = ENDPOINT_LOOKING;
	station_read(e->station, &q->job);
}

static void outbox_tick(void *ctx)
{
	struct station *s = ctx;
	int64_t now_ns = clock_mono_ns();

	loop_set_timer(s->outbox->timer, now_ns + TICK_NS);
	if (s->stopping || s->store_failed || s->store_state == STORE_DAMAGED)
		return;
	for (int i = 0; i < s->outbox->count; i++) {
		struct endpoint *e = &s->outbox->at[i];

		if (e->at == ENDPOINT_IDLE && !e->row.disabled[0] && now_ns >= e->due_ns)
			look(e);
	}
}

/* ---- at start ---- */

static int open_endpoint(struct endpoint *e, struct store *store, struct error *err)
{
	struct chain_head head;
	int rc = store_outbox_get(store, e->hook->name, &e->row, err);

	if (rc == ERR_NOT_FOUND) {
		rc = store_chain_head(store, &head, err);
		if (rc)
			return rc;
		(void)text_copy(e->row.endpoint, sizeof(e->row.endpoint), e->hook->name);
		e->row.after = e->hook->from_beginning ? 0 : head.size;
		e->row.changed_utc_us = clock_utc_us();
		rc = store_outbox_put(store, &e->row, err);
	}
	e->seen = e->row.after;
	return rc;
}

int outbox_load(struct station *s, struct store *store, struct error *err)
{
	struct outbox *o = s->outbox;
	int rc = 0;

	for (int i = 0; o && rc == 0 && i < o->hooks->count; i++) {
		struct endpoint *e = &o->at[o->count++];

		e->station = s;
		e->hook = &o->hooks->at[i];
		rc = open_endpoint(e, store, err);
	}
	return rc;
}

int outbox_configure(struct station *s, struct error *err)
{
	struct problems problems = {0};

	if (!s->options.webhooks)
		return 0;
	s->outbox = xcalloc(1, sizeof(*s->outbox));
	s->outbox->hooks = hooks_load(s->options.webhooks, &problems);
	if (!s->outbox->hooks) {
		problems_print(&problems, stderr);
		problems_release(&problems);
		return error_set(err, ERR_CONFIG, "%s: see above", s->options.webhooks);
	}
	problems_release(&problems);
	return 0;
}

void outbox_start(struct station *s)
{
	if (!s->outbox)
		return;
	s->outbox->timer = loop_add_timer(s->loop, outbox_tick, s);
	loop_set_timer(s->outbox->timer, clock_mono_ns() + TICK_NS);
}

bool outbox_state(struct station *s, char *dst, size_t size)
{
	int troubled = 0, dead = 0;

	for (int i = 0; s->outbox && i < s->outbox->count; i++) {
		const struct endpoint *e = &s->outbox->at[i];

		troubled += e->row.disabled[0] || e->problem[0];
		dead += e->row.dead;
	}
	if (!s->outbox)
		(void)snprintf(dst, size, "no webhooks are configured");
	else
		(void)snprintf(dst, size, "webhooks: %d endpoints, %d in trouble, %d dead letters",
			       s->outbox->count, troubled, dead);
	return troubled == 0 && dead == 0;
}

void outbox_free(struct station *s)
{
	if (!s->outbox)
		return;
	if (s->outbox->timer)
		loop_remove_timer(s->outbox->timer);
	hooks_free(s->outbox->hooks);
	free(s->outbox);
	s->outbox = NULL;
}
