/* SPDX-License-Identifier: MIT
 *
 * One request of a visitor: body in, to benchd over the link, its reply out. While benchd
 * thinks, the connection is suspended; libmicrohttpd calls exchange_handle again once it is
 * resumed.
 */
#include "serve_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { WRITE_MS = 60000 };
#define API "/api/v1"

static struct exchange *exchange_new(struct serve *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x;

	if (!info || !info->socket_context)
		return NULL;
	x = xcalloc(1, sizeof(*x));
	x->serve = s;
	x->visitor = info->socket_context;
	x->connection = c;
	x->fd = -1;
	x->body.max = WEB_BODY_MAX;
	x->next = s->exchanges;
	s->exchanges = x;
	return x;
}

void exchange_completed(void *ctx, struct MHD_Connection *c, void **state,
			enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *state, **at;
	struct serve *s = ctx;

	(void)c;
	(void)why;
	*state = NULL;
	if (!x)
		return;
	for (at = &s->exchanges; *at != x; at = &(*at)->next)
		;
	*at = x->next;
	if (x->reader)
		x->reader->exchange = NULL;
	if (x->fd >= 0)
		close(x->fd);
	text_release(&x->body);
	text_release(&x->reply);
	free(x);
}

static void set_problem(struct exchange *x, int status, const char *code, const char *detail)
{
	x->answered = true;
	x->status = status;
	x->type = WEB_TYPE_PROBLEM;
	text_clear(&x->reply);
	problem_body(&x->reply, status, code, detail);
	x->reply_size = x->reply.len;
}

static void set_own(struct exchange *x, enum web_type type)
{
	x->answered = true;
	x->status = 200;
	x->type = (uint8_t)type;
	x->reply_size = x->reply.len;
}

static void resume(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->connection);
}

/* ---- the response ---- */

/* Does If-None-Match (a list of tags or "*") name this one? Weak tags compare as their strong
 * selves. */
static bool tag_is_listed(const char *list, const char *etag)
{
	size_t n = strlen(etag);

	if (strcmp(list, "*") == 0)
		return true;
	while (*list) {
		size_t len;

		list += strspn(list, " \t,");
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		len = strcspn(list, ", \t");
		if (len == n && n > 0 && strncmp(list, etag, n) == 0)
			return true;
		list += len;
	}
	return false;
}

static const char *content_type(uint8_t type)
{
	if (type == WEB_TYPE_PROBLEM)
		return "application/problem+json";
	if (type == WEB_TYPE_CSV)
		return "text/csv; charset=utf-8; header=present";
	return type == WEB_TYPE_JSON ? "application/json" : "text/plain; charset=utf-8";
}

/* Signing in and out sets and takes the cookie; no script and no other site gets at it. Who came by
 * the proxy came by TLS: there no other host and no plain page sets it either. */
static void add_cookie(struct MHD_Response *r, const struct exchange *x)
{
	static const char key[] = "\"session\":\"";
	const char *prefix = x->visitor->lan ? "__Host-" : "";
	const char *secure = x->visitor->lan ? "; Secure" : "";
	const char *at = x->reply.buf ? strstr(x->reply.buf, key) : NULL;
	char value[160];

	if (x->route == WEB_LOGIN && x->status == 201 && at)
		(void)snprintf(value, sizeof(value),
			       "%sbenchd_session=%.64s; Path=/; HttpOnly; SameSite=Strict%s",
			       prefix, at + strlen(key), secure);
	else if (x->route == WEB_LOGOUT && x->status == 200)
		(void)snprintf(value, sizeof(value),
			       "%sbenchd_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s",
			       prefix, secure);
	else
		return;
	(void)MHD_add_response_header(r, "Set-Cookie", value);
}

/* When it may be asked again: of too many tries benchd says it. */
static void add_retry_after(struct MHD_Response *r, const struct exchange *x)
{
	static const char key[] = "\"retry_after_s\":";
	const char *at = x->status == 429 && x->reply.buf ? strstr(x->reply.buf, key) : NULL;
	char value[8] = "1";

	if (at)
		(void)snprintf(value, sizeof(value), "%.*s",
			       (int)strspn(at + strlen(key), "0123456789"), at + strlen(key));
	if (x->status == 503 || at)
		(void)MHD_add_response_header(r, "Retry-After", value);
}

static void add_fields(struct MHD_Response *r, const struct exchange *x)
{
	for (int i = 0; response_fields[i]; i += 2)
		(void)MHD_add_response_header(r, response_fields[i], response_fields[i + 1]);
	(void)MHD_add_response_header(r, "Connection", "close");
	(void)MHD_add_response_header(r, "Cache-Control", x->etag[0] ? "no-cache" : "no-store");
	if (x->etag[0])
		(void)MHD_add_response_header(r, "ETag", x->etag);
	add_cookie(r, x);
	add_retry_after(r, x);
	if (x->status == 405)
		(void)MHD_add_response_header(r, "Allow", "GET, HEAD, POST, PUT");
}

static struct MHD_Response *make_response(struct exchange *x)
{
	struct MHD_Response *r;

	const char *method = x->visitor->head.method;

	if (x->status == 200 && x->etag[0] && x->visitor->head.if_none_match[0] &&
	    (!strcmp(method, "GET") || !strcmp(method, "HEAD")) &&
	    tag_is_listed(x->visitor->head.if_none_match, x->etag)) {
		x->status = 304;
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	}
	if (x->fd >= 0) {
		r = MHD_create_response_from_fd64(x->reply_size, x->fd);
		if (r)
			x->fd = -1; /* the response closes it */
	} else {
		r = MHD_create_response_from_buffer(x->reply_size, x->reply.buf,
						    MHD_RESPMEM_MUST_COPY);
	}
	if (r)
		(void)MHD_add_response_header(r, "Content-Type", content_type(x->type));
	return r;
}

static enum MHD_Result respond(struct exchange *x)
{
	struct MHD_Response *r;
	enum MHD_Result rc;

	if (x->visitor->at == VISIT_EVENTS) {
		r = events_response(x);
		if (!r)
			set_problem(x, 503, "too_many_streams", "64 clients follow the events");
	} else {
		r = NULL;
	}
	if (!r) {
		x->visitor->at = VISIT_WRITE;
		x->visitor->deadline_ns = clock_mono_ns() + WRITE_MS * NS_PER_MS;
		r = make_response(x);
	}
	if (!r)
		return MHD_NO;
	add_fields(r, x);
	x->serve->count.requests[x->status / 100]++;
	rc = MHD_queue_response(x->connection, (unsigned)x->status, r);
	MHD_destroy_response(r);
	return rc;
}

/* ---- the request ---- */

static enum web_route find_route(struct exchange *x, struct web_msg *m)
{
	const struct head *h = &x->visitor->head;
	const char *method = strcmp(h->method, "HEAD") == 0 ? "GET" : h->method;
	enum web_route r = WEB_ROUTE_NONE;
	int other = 0;

	if (strcmp(h->path, "/readyz") == 0)
		r = web_route_find(method, h->path, m->arg, &other);
	else if (strncmp(h->path, API, strlen(API)) == 0)
		r = web_route_find(method, h->path + strlen(API), m->arg, &other);
	if (r != WEB_ROUTE_NONE)
		return r;
	if (other)
		set_problem(x, 405, "method_not_allowed",
			    "this address exists with another method");
	else if (strcmp(h->path, "/") == 0)
		set_problem(x, 404, "no_pages",
			    "there are no pages yet; the API is below /api/v1, for example "
			    "/api/v1/bays, and /healthz, /readyz, /metrics");
	else
		set_problem(x, 404, "route_unknown",
			    "nothing is at this address; the API is below /api/v1: station, bays, "
			    "tickets, runs, results, profiles, people, doctor, events");
	return WEB_ROUTE_NONE;
}

/* Words of the head into the message; false when one cannot be passed on. */
static bool fill_message(struct exchange *x, struct web_msg *m)
{
	const struct head *h = &x->visitor->head;

	if (!text_copy(m->query, sizeof(m->query), h->query) ||
	    !text_copy(m->if_match, sizeof(m->if_match), h->if_match) ||
	    !text_copy(m->request_key, sizeof(m->request_key), h->request_key)) {
		set_problem(x, 400, "word_too_long",
			    "a query takes 255 bytes, an entity tag or Idempotency-Key 95");
		return false;
	}
	/* "*new*" is the link's own word for If-None-Match: *, and no entity tag */
	if (!strcmp(m->if_match, "*new*"))
		(void)text_copy(m->if_match, sizeof(m->if_match), "\"\"");
	if (!strcmp(h->method, "PUT") && !strcmp(h->if_none_match, "*"))
		(void)text_copy(m->if_match, sizeof(m->if_match), "*new*");
	(void)text_copy(m->client, sizeof(m->client), x->visitor->client);
	(void)text_copy(m->credential, sizeof(m->credential), x->visitor->credential);
	m->body = x->body.buf;
	m->size = (uint32_t)x->body.len;
	return true;
}

/* What benchd-web answers by itself. */
static bool answer_own(struct exchange *x)
{
	const char *path = x->visitor->head.path;
	enum web_type type = WEB_TYPE_TEXT;

	if (strcmp(path, "/healthz") == 0) {
		text_puts(&x->reply, "ok\n");
	} else if (strcmp(path, "/metrics") == 0) {
		metrics_text(x->serve, &x->reply);
	} else if (strcmp(path, API "/openapi.json") == 0) {
		text_add(&x->reply, openapi_json, (size_t)(openapi_json_end - openapi_json));
		type = WEB_TYPE_JSON;
	} else {
		return false;
	}
	if (strcmp(x->visitor->head.method, "GET") != 0 &&
	    strcmp(x->visitor->head.method, "HEAD") != 0)
		set_problem(x, 405, "method_not_allowed",
			    "this address exists with another method");
	else if (x->visitor->head.query[0])
		set_problem(x, 400, "query", "this address takes no parameter");
	else
		set_own(x, type);
	return true;
}

/* Everything is here: answer at once, or ask benchd (then nothing is answered yet). */
static void begin(struct exchange *x)
{
	struct web_msg m = {.kind = WEB_REQUEST};
	struct serve *s = x->serve;
	int rc;

	if (answer_own(x))
		return;
	m.route = x->route = (uint16_t)find_route(x, &m);
	if (x->answered || !fill_message(x, &m))
		return;
	m.id = x->id = ++s->last_id;
	rc = hub_send(s, &m);
	if (rc == ERR_BUSY)
		set_problem(x, 503, "station_busy", "benchd takes no request now; try again");
	else if (rc == ERR_RANGE)
		set_problem(x, 400, "word_malformed", "a word of the request is no clean text");
	else if (rc < 0)
		set_problem(x, 503, "station_gone",
			    "benchd does not run; see its log, or start it");
	x->visitor->at = VISIT_REPLY;
	/* the feed may be asked to wait for an item */
	x->visitor->deadline_ns = clock_mono_ns() + s->options.reply_ms * NS_PER_MS +
				  (m.route == WEB_RESULTS ? WEB_WAIT_MAX_S * NS_PER_S : 0);
}

enum MHD_Result exchange_handle(void *ctx, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *size, void **state)
{
	struct exchange *x = *state;

	(void)url; /* the head was read by head_read */
	(void)method;
	(void)version;
	if (!x) {
		*state = exchange_new(ctx, c);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size > 0) {
		text_add(&x->body, data, *size);
		*size = 0;
		return x->body.overflow ? MHD_NO : MHD_YES;
	}
	if (!x->answered && !x->id)
		begin(x);
	if (x->answered)
		return respond(x);
	x->suspended = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

void exchange_reply(struct serve *s, const struct web_msg *m, int fd)
{
	struct exchange *x = s->exchanges;

	while (x && (x->id != m->id || x->answered))
		x = x->next;
	if (!x) { /* its time was up, or its visitor left */
		if (fd >= 0)
			close(fd);
		return;
	}
	x->answered = true;
	x->status = m->status;
	x->type = m->type;
	memcpy(x->etag, m->etag, sizeof(x->etag));
	x->fd = fd;
	x->reply_size = m->size;
	if (fd < 0)
		text_add(&x->reply, m->body, m->size);
	if (x->route == WEB_EVENTS && x->status == 200)
		x->visitor->at = VISIT_EVENTS; /* benchd knows who it is: the stream begins */
	resume(x);
}

void exchange_timeout(struct visitor *v)
{
	struct exchange *x = v->serve->exchanges;

	while (x && x->visitor != v)
		x = x->next;
	if (!x || x->answered)
		return;
	v->serve->count.timeouts++;
	set_problem(x, 504, "station_silent",
		    "benchd did not answer in time; whether it did what was asked is not known");
	resume(x);
}

void exchange_link_lost(struct serve *s)
{
	for (struct exchange *x = s->exchanges; x; x = x->next) {
		if (x->answered || !x->id)
			continue;
		set_problem(x, 503, "station_gone",
			    "benchd ended before it answered; whether it did what was asked is not "
			    "known");
		resume(x);
	}
}
