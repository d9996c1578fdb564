/* SPDX-License-Identifier: MIT
 *
 * HTTP requests to other machines: benchd has no network, benchd-web makes them. What is asked is
 * said whole here, with its secrets; nothing of it is logged.
 */
#include "station/outbound.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "station/internal.h"

/* benchd-web ends a request by itself; this is for one that says nothing */
#define PATIENCE_NS (5 * NS_PER_S)

struct outbound_call {
	struct station *station;
	struct outbound_call *next;
	int conn;
	uint32_t generation, id;
	bool lost; /* its connection broke */
	struct loop_timer *timer;
	void (*done)(void *ctx, const struct outbound_answer *a);
	void *ctx;
};

static struct web_conn *find_web(struct station *s)
{
	for (int i = 0; i < STATION_CONNS_MAX; i++)
		if (s->conns[i].fd >= 0 && s->conns[i].takes_calls)
			return &s->conns[i];
	return NULL;
}

static void end_call(struct outbound_call *c, const struct outbound_answer *a)
{
	struct outbound_call **at = &c->station->outbound;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	loop_remove_timer(c->timer);
	if (c->done)
		c->done(c->ctx, a);
	free(c);
}

static void end_without_answer(struct outbound_call *c)
{
	struct outbound_answer none = {.error = c->lost ? "web_lost" : "timeout", .body = ""};

	end_call(c, &none);
}

static void on_late(void *ctx)
{
	end_without_answer(ctx);
}

static void write_request(struct text *t, const struct outbound_request *rq)
{
	struct json j;

	json_init(&j, t);
	json_open_object(&j);
	json_kv_string(&j, "method", rq->method);
	json_kv_string(&j, "url", rq->url);
	json_key(&j, "headers");
	json_open_array(&j);
	for (int i = 0; i < OUTBOUND_HEADERS_MAX && rq->headers[i]; i++)
		json_put_string(&j, rq->headers[i]);
	json_end_array(&j);
	if (rq->body) {
		json_key(&j, "body");
		json_put_string_n(&j, rq->body, rq->size);
	}
	json_kv_int(&j, "timeout_ms", rq->timeout_ms);
	json_kv_int(&j, "answer_max", (int64_t)rq->answer_max);
	json_end_object(&j);
}

int outbound_start(struct station *s, const struct outbound_request *rq,
		   void (*done)(void *ctx, const struct outbound_answer *a), void *ctx)
{
	struct web_conn *w = find_web(s);
	struct outbound_call *c;
	struct text t = {0};

	if (!w)
		return ERR_CLOSED;
	c = xcalloc(1, sizeof(*c));
	c->station = s;
	c->conn = (int)(w - s->conns);
	c->generation = w->generation;
	c->id = ++s->outbound_last_id;
	c->done = done;
	c->ctx = ctx;
	c->timer = loop_add_timer(s->loop, on_late, c);
	c->next = s->outbound;
	s->outbound = c;
	loop_set_timer(c->timer, clock_mono_ns() + rq->timeout_ms * NS_PER_MS + PATIENCE_NS);
	write_request(&t, rq);
	serve_call(w, c->id, &t);
	secret_wipe(t.buf, t.len);
	text_release(&t);
	return 0;
}

void outbound_result(struct web_conn *w, const struct web_msg *m)
{
	struct station *s = w->station;
	struct outbound_answer a = {.status = m->status, .error = m->etag, .size = m->size};
	char *body = NULL;

	for (struct outbound_call *c = s->outbound; c; c = c->next) {
		if (c->id != m->id || c->lost || c->generation != w->generation ||
		    c->conn != (int)(w - s->conns))
			continue;
		body = xcalloc(1, m->size + 1);
		memcpy(body, m->body, m->size);
		a.body = body;
		end_call(c, &a);
		break;
	}
	free(body);
}

/* Its connection broke: told later, so that nobody is called back from where he asks. */
void outbound_lost(struct web_conn *w)
{
	int conn = (int)(w - w->station->conns);

	for (struct outbound_call *c = w->station->outbound; c; c = c->next) {
		if (c->conn != conn)
			continue;
		c->lost = true;
		loop_set_timer(c->timer, clock_mono_ns());
	}
}

void outbound_close(struct station *s)
{
	while (s->outbound) {
		s->outbound->lost = true;
		end_without_answer(s->outbound);
	}
}
