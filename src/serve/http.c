/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd under our loop. Its epoll descriptor is edge-triggered inside: after anything
 * that may have made work, it runs until it wants to be called later.
 */
#include "serve_internal.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"

#define MODULE "web"
enum { RUNS_PER_WAKE = 200, CONNECTION_BYTES = 64 * 1024 };

static void on_ready(void *ctx, uint32_t events)
{
	(void)events;
	http_run(ctx);
}

static void on_timer(void *ctx)
{
	http_run(ctx);
}

void http_run(struct serve *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	enum MHD_Result timed = MHD_YES;

	if (s->running || !s->mhd)
		return;
	s->running = true;
	for (int i = 0; i < RUNS_PER_WAKE; i++) {
		if (MHD_run(s->mhd) != MHD_YES)
			log_warning(MODULE, "libmicrohttpd refuses to run");
		timed = MHD_get_timeout(s->mhd, &wait_ms);
		if (timed != MHD_YES || wait_ms > 0)
			break;
	}
	s->running = false;
	loop_set_timer(s->mhd_timer, timed == MHD_YES
					     ? clock_mono_ns() + (int64_t)wait_ms * NS_PER_MS
					     : INT64_MAX);
}

/* A connection ends: what was kept about it goes too. */
static void on_connection(void *ctx, struct MHD_Connection *c, void **state,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct serve *s = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = info ? visitor_of_fd(s, info->connect_fd) : NULL;
		return;
	}
	if (*state)
		visitor_free(*state);
	*state = NULL;
}

int http_start(struct serve *s, struct error *err)
{
	const union MHD_DaemonInfo *info;

	s->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		exchange_handle, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVE_CONNECTIONS_MAX,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* base/loop.h: else no sendfile */
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!s->mhd)
		return error_set(err, ERR_IO, "libmicrohttpd does not start");
	info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	s->mhd_timer = loop_add_timer(s->loop, on_timer, s);
	s->mhd_io = info ? loop_add_io(s->loop, info->epoll_fd, EPOLLIN, on_ready, s) : NULL;
	if (!s->mhd_io)
		return error_set(err, ERR_IO, "libmicrohttpd gives no epoll descriptor");
	return 0;
}

bool http_add(struct visitor *v)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};

	/* The address is for its log alone. */
	if (MHD_add_connection(v->serve->mhd, v->fd, (struct sockaddr *)&addr, sizeof(addr)) ==
	    MHD_YES)
		return true;
	/* It closed the descriptor, and did not tell on_connection. */
	visitor_free(v);
	return false;
}

void http_stop(struct serve *s)
{
	loop_remove_io(s->mhd_io);
	s->mhd_io = NULL;
	if (s->mhd_timer)
		loop_remove_timer(s->mhd_timer);
	s->mhd_timer = NULL;
	if (s->mhd)
		MHD_stop_daemon(s->mhd);
	s->mhd = NULL;
}
