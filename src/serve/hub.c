/* SPDX-License-Identifier: MIT
 *
 * The link to benchd: one connection for all visitors, subscribed to the events once. When
 * benchd goes, every request that waits is answered, and the connection is tried again each
 * half second.
 */
#include "serve_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "link/socket.h"

#define MODULE "web"
enum { PACKETS_PER_WAKE = 64, RETRY_MS = 500, TOKEN_MIN = 32 };

void hub_close(struct serve *s)
{
	loop_remove_io(s->link_io);
	s->link_io = NULL;
	if (s->link_fd >= 0)
		close(s->link_fd);
	s->link_fd = -1;
}

static void lost(struct serve *s, const char *why)
{
	log_warning(MODULE, "benchd: %s", why);
	hub_close(s);
	s->link_lost = false;
	s->count.link_losses++;
	exchange_link_lost(s);
	events_end(s);
	if (s->options.exit_with_link || !s->options.link_path)
		loop_stop(s->loop, 0);
	s->link_retry_ns = clock_mono_ns() + RETRY_MS * NS_PER_MS;
}

/* One packet taken: 1, none there: 0, the link is at its end: negative. */
static int take_one(struct serve *s, struct error *err)
{
	struct web_msg m;
	int fd = -1, n = link_receive(s->link_fd, s->packet, sizeof(s->packet), &fd, err);

	if (n <= 0)
		return n;
	n = web_decode(&m, s->packet, (size_t)n, err);
	if (n == 0 &&
	    (m.kind == WEB_REQUEST || m.kind == WEB_RESULT || (fd >= 0) != (m.has_fd != 0)))
		n = error_set(err, ERR_PROTOCOL, "a message that cannot be benchd's");
	if (n < 0) {
		if (fd >= 0)
			close(fd);
		return n;
	}
	if (m.kind == WEB_REPLY && m.id == s->events_id && m.status != 200)
		log_warning(MODULE, "benchd refuses its events (status %d)", m.status);
	if (m.kind == WEB_EVENT)
		events_publish(s, m.body, m.size);
	else if (m.kind == WEB_CALL)
		outbound_call(s, &m, fd);
	else
		exchange_reply(s, &m, fd);
	return 1;
}

static void on_readable(void *ctx, uint32_t events)
{
	struct serve *s = ctx;
	struct error err;
	int rc = 1;

	(void)events;
	for (int i = 0; i < PACKETS_PER_WAKE && rc > 0; i++)
		rc = take_one(s, &err);
	if (rc < 0)
		lost(s, err.text);
	http_run(s);
}

int hub_send(struct serve *s, const struct web_msg *m)
{
	static uint8_t packet[WEB_MESSAGE_MAX];
	int n, rc;

	if (s->link_fd < 0)
		return ERR_CLOSED;
	n = web_encode(m, packet, sizeof(packet));
	if (n < 0)
		return n;
	rc = link_send(s->link_fd, packet, (size_t)n, -1, NULL);
	if (rc < 0 && rc != ERR_BUSY)
		s->link_lost = true;
	return rc;
}

static int subscribe(struct serve *s)
{
	struct web_msg m = {.kind = WEB_REQUEST, .route = WEB_EVENTS};

	m.id = s->events_id = ++s->last_id;
	return hub_send(s, &m);
}

void hub_connect(struct serve *s)
{
	struct error err = {0};
	int fd = s->options.link_fd;

	if (s->options.link_path)
		fd = link_connect(s->options.link_path, &err);
	s->link_retry_ns = clock_mono_ns() + RETRY_MS * NS_PER_MS;
	if (s->options.exit_with_link && (fd == ERR_CLOSED || fd == ERR_NOT_FOUND))
		loop_stop(s->loop, 0); /* whoever started us is gone already */
	if (fd < 0)
		return;
	s->link_fd = fd;
	s->link_io = loop_add_io(s->loop, fd, EPOLLIN, on_readable, s);
	if (!s->link_io || subscribe(s) < 0) {
		lost(s, "takes no request");
		return;
	}
	log_info(MODULE, "benchd answers");
}

void hub_sweep(struct serve *s, int64_t now_ns)
{
	if (s->link_lost)
		lost(s, "the link broke");
	if (s->link_fd < 0 && s->options.link_path && now_ns >= s->link_retry_ns)
		hub_connect(s);
}
