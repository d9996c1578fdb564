/* SPDX-License-Identifier: MIT
 *
 * Requests to other machines: benchd says all of what is sent, here it only goes out and its
 * answer back. Nothing of it is kept or logged: addresses and headers may hold secrets.
 */
#include "serve_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

/* the largest item of the feed, twice encoded */
enum { CALL_MAX = 1 << 20 };

struct call {
	struct serve *serve;
	uint32_t id;
	uint64_t link; /* the connection it came by */
};

static void answer(struct serve *s, uint32_t id, int status, const char *error, const char *body,
		   size_t size)
{
	struct web_msg m = {.kind = WEB_RESULT, .id = id, .status = (uint16_t)status};

	(void)text_copy(m.etag, sizeof(m.etag), error);
	m.body = body;
	m.size = (uint32_t)size;
	(void)hub_send(s, &m); /* if it does not go, benchd's own time-out tells */
}

static void on_answer(void *ctx, const struct fetch_answer *a)
{
	struct call *c = ctx;

	c->serve->count.calls_failed += a->status == 0;
	if (c->link == c->serve->count.link_losses)
		answer(c->serve, c->id, a->status, a->status || a->error[0] ? a->error : "network",
		       a->body, a->size);
	free(c);
}

/* The bytes of a descriptor; NULL: they are not all there. */
static char *read_all(int fd, size_t size)
{
	char *p;
	size_t done = 0;

	if (size > CALL_MAX)
		return NULL;
	p = xcalloc(1, size + 1);
	while (done < size) {
		ssize_t n = pread(fd, p + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(p);
			return NULL;
		}
		done += (size_t)n;
	}
	return p;
}

/* False: it is not what benchd would ask. */
static bool take_request(const json_t *o, struct fetch_request *rq)
{
	const json_t *headers = json_object_get(o, "headers"), *body = json_object_get(o, "body");
	size_t n = json_array_size(headers);

	rq->method = json_string_value(json_object_get(o, "method"));
	rq->url = json_string_value(json_object_get(o, "url"));
	rq->timeout_ms = (int)json_integer_value(json_object_get(o, "timeout_ms"));
	rq->answer_max = (size_t)json_integer_value(json_object_get(o, "answer_max"));
	rq->body = json_string_value(body);
	rq->size = json_string_length(body);
	if (!rq->method || !rq->url || n > FETCH_HEADERS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		rq->headers[i] = json_string_value(json_array_get(headers, i));
		if (!rq->headers[i])
			return false;
	}
	return true;
}

static int start(struct serve *s, uint32_t id, const char *json, size_t n)
{
	struct fetch_request rq = {.method = NULL};
	json_t *o = json_load_limited(json, n, CALL_MAX, NULL);
	struct call *c;
	int rc = ERR_RANGE;

	if (o && take_request(o, &rq)) {
		c = xcalloc(1, sizeof(*c));
		c->serve = s;
		c->id = id;
		c->link = s->count.link_losses;
		rc = fetch_start(s->fetcher, &rq, on_answer, c);
		if (rc)
			free(c);
	}
	json_decref(o);
	return rc;
}

void outbound_call(struct serve *s, const struct web_msg *m, int fd)
{
	char *bytes = fd >= 0 ? read_all(fd, m->size) : NULL;
	const char *json = fd >= 0 ? bytes : m->body;
	int rc = json ? start(s, m->id, json, m->size) : ERR_RANGE;

	s->count.calls++;
	if (rc)
		answer(s, m->id, 0, rc == ERR_LIMIT ? "busy" : "url", "", 0);
	free(bytes);
	if (fd >= 0)
		close(fd);
}
