/* SPDX-License-Identifier: MIT
 *
 * Server-sent events: what benchd announces goes to every client's own bounded buffer. A
 * client that does not read is cut off when its buffer is full; it reconnects and asks for the
 * present state.
 */
#include "serve_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { BUFFER_MAX = 256 * 1024, BLOCK = 16 * 1024 };

static size_t waiting(const struct reader *r)
{
	return r->buf.len - r->done;
}

static void wake(struct reader *r)
{
	if (!r->suspended || !r->exchange)
		return;
	r->suspended = false;
	MHD_resume_connection(r->exchange->connection);
}

static void put(struct reader *r, const char *s, size_t n)
{
	if (r->done == r->buf.len) {
		text_clear(&r->buf);
		r->done = 0;
	} else if (r->done > BLOCK) {
		memmove(r->buf.buf, r->buf.buf + r->done, waiting(r) + 1);
		r->buf.len -= r->done;
		r->done = 0;
	}
	text_add(&r->buf, s, n);
	r->sent_ns = clock_mono_ns();
}

/* libmicrohttpd wants bytes; with none to give the connection sleeps until put() has some. */
static ssize_t give(void *ctx, uint64_t pos, char *dst, size_t max)
{
	struct reader *r = ctx;
	size_t n = waiting(r) < max ? waiting(r) : max;

	(void)pos;
	if (n > 0) {
		memcpy(dst, r->buf.buf + r->done, n);
		r->done += n;
		return (ssize_t)n;
	}
	if (r->ended || !r->exchange)
		return MHD_CONTENT_READER_END_OF_STREAM;
	r->suspended = true;
	MHD_suspend_connection(r->exchange->connection);
	return 0;
}

static void release(void *ctx)
{
	struct reader *r = ctx, **at = &r->serve->readers;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->serve->reader_count--;
	if (r->exchange)
		r->exchange->reader = NULL;
	text_release(&r->buf);
	free(r);
}

struct MHD_Response *events_response(struct exchange *x)
{
	static const char hello[] = "retry: 2000\n: events of the station\n\n";
	struct serve *s = x->serve;
	struct MHD_Response *response;
	struct reader *r;

	if (s->reader_count >= SERVE_EVENTS_MAX)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->serve = s;
	r->exchange = x;
	r->next = s->readers;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give, r, release);
	if (!response) {
		free(r);
		return NULL;
	}
	s->readers = r;
	s->reader_count++;
	x->reader = r;
	put(r, hello, strlen(hello));
	(void)MHD_add_response_header(response, "Content-Type", "text/event-stream");
	(void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
	x->visitor->deadline_ns = INT64_MAX;
	return response;
}

/* Full: shut its socket, libmicrohttpd finds out when it writes. */
static void cut_off(struct reader *r)
{
	r->serve->count.slow_readers++;
	r->ended = true;
	if (!r->exchange)
		return;
	(void)shutdown(r->exchange->visitor->fd, SHUT_RDWR);
	wake(r);
}

void events_publish(struct serve *s, const char *json, size_t n)
{
	/* A line end inside would end the field: benchd writes none, nobody else may either. */
	if (memchr(json, '\n', n) || memchr(json, '\r', n))
		return;
	s->count.events++;
	for (struct reader *r = s->readers; r; r = r->next) {
		if (r->ended)
			continue;
		if (waiting(r) + n > BUFFER_MAX) {
			cut_off(r);
			continue;
		}
		put(r, "data: ", 6);
		put(r, json, n);
		put(r, "\n\n", 2);
		wake(r);
	}
}

void events_sweep(struct serve *s, int64_t now_ns)
{
	static const char beat[] = ": still here\n\n";

	for (struct reader *r = s->readers; r; r = r->next) {
		if (r->ended || now_ns - r->sent_ns < s->options.heartbeat_ms * NS_PER_MS)
			continue;
		put(r, beat, strlen(beat));
		wake(r);
	}
}

void events_end(struct serve *s)
{
	for (struct reader *r = s->readers; r; r = r->next) {
		r->ended = true;
		wake(r);
	}
}
