/* SPDX-License-Identifier: MIT */
#include "serve/serve.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve_internal.h"

enum { SWEEP_MS = 100 };

static void on_tcp(void *ctx, uint32_t events)
{
	struct serve *s = ctx;

	(void)events;
	visitor_accept(s, s->tcp_fd, false);
}

static void on_unix(void *ctx, uint32_t events)
{
	struct serve *s = ctx;

	(void)events;
	visitor_accept(s, s->unix_fd, true);
}

static void on_sweep(void *ctx)
{
	struct serve *s = ctx;
	int64_t now_ns = clock_mono_ns();

	visitor_sweep(s, now_ns);
	events_sweep(s, now_ns);
	hub_sweep(s, now_ns);
	http_run(s);
	loop_set_timer(s->sweep, now_ns + SWEEP_MS * NS_PER_MS);
}

static int start(struct serve *s, struct error *err)
{
	const struct serve_options *o = &s->options;
	int rc = 0;

	if (o->port) {
		s->tcp_fd = listen_tcp(o->port, err);
		rc = s->tcp_fd < 0 ? s->tcp_fd : 0;
	}
	if (rc == 0 && o->socket_path) {
		s->unix_fd = listen_unix(o->socket_path, err);
		rc = s->unix_fd < 0 ? s->unix_fd : 0;
	}
	if (rc == 0)
		rc = http_start(s, err);
	if (rc < 0)
		return rc;
	if (s->tcp_fd >= 0)
		s->tcp_io = loop_add_io(s->loop, s->tcp_fd, EPOLLIN, on_tcp, s);
	if (s->unix_fd >= 0)
		s->unix_io = loop_add_io(s->loop, s->unix_fd, EPOLLIN, on_unix, s);
	s->sweep = loop_add_timer(s->loop, on_sweep, s);
	loop_set_timer(s->sweep, clock_mono_ns() + SWEEP_MS * NS_PER_MS);
	hub_connect(s);
	return 0;
}

static int or_default(int ms, int otherwise)
{
	return ms > 0 ? ms : otherwise;
}

struct serve *serve_new(struct loop *loop, const struct serve_options *o, struct error *err)
{
	struct serve *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->options = *o;
	s->fetcher = fetcher_new(loop, o->ca_path);
	s->options.head_ms = or_default(o->head_ms, 10000);
	s->options.body_ms = or_default(o->body_ms, 10000);
	s->options.reply_ms = or_default(o->reply_ms, 15000);
	s->options.heartbeat_ms = or_default(o->heartbeat_ms, 15000);
	s->tcp_fd = s->unix_fd = s->link_fd = -1;
	if (start(s, err) == 0)
		return s;
	serve_free(s);
	return NULL;
}

void serve_free(struct serve *s)
{
	if (!s)
		return;
	loop_remove_io(s->tcp_io);
	loop_remove_io(s->unix_io);
	if (s->sweep)
		loop_remove_timer(s->sweep);
	if (s->tcp_fd >= 0)
		close(s->tcp_fd);
	if (s->unix_fd >= 0) {
		close(s->unix_fd);
		(void)unlink(s->options.socket_path);
	}
	exchange_link_lost(s); /* nothing may be suspended when libmicrohttpd stops */
	events_end(s);
	http_run(s);
	http_stop(s);
	while (s->visitors)
		visitor_free(s->visitors);
	fetcher_free(s->fetcher);
	hub_close(s);
	free(s);
}
