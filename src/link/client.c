/* SPDX-License-Identifier: MIT */
#include "link/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "link/socket.h"

/* Events that came while a reply was awaited. A caller that never takes them has a bug. */
enum { EVENTS_KEPT = 4096 };

struct kept_event {
	struct kept_event *next;
	size_t n;
	char json[];
};

struct client {
	int fd;
	uint32_t last_id;
	struct kept_event *first, **last;
	int kept;
	uint8_t packet[WEB_MESSAGE_MAX];
};

struct client *client_open(const char *path, struct error *err)
{
	struct error why = {0};
	struct client *c;
	int fd = link_connect(path, &why);

	if (fd == ERR_NOT_FOUND || fd == ERR_CLOSED) {
		error_set(err, ERR_CLOSED,
			  "no station answers at %.180s; start benchd, or name its --state", path);
		return NULL;
	}
	if (fd < 0) {
		error_set(err, fd, "%s", why.text);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->last = &c->first;
	return c;
}

static struct kept_event *take_event(struct client *c)
{
	struct kept_event *e = c->first;

	if (!e)
		return NULL;
	c->first = e->next;
	if (!c->first)
		c->last = &c->first;
	c->kept--;
	return e;
}

void client_close(struct client *c)
{
	struct kept_event *e;

	if (!c)
		return;
	while ((e = take_event(c)) != NULL)
		free(e);
	close(c->fd);
	free(c);
}

/* 1 when fd is ready for what, 0 at the deadline. */
static int wait_for(int fd, short what, int64_t deadline_ns, struct error *err)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = what};
		int64_t left = deadline_ns - clock_mono_ns();
		int rc = poll(&p, 1, left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0);

		if (rc > 0)
			return 1;
		if (rc == 0)
			return 0;
		if (errno == EINTR && left > 0)
			return 0; /* let the caller look at its signals */
		if (errno != EINTR)
			return error_errno(err, "poll");
	}
}

static int keep_event(struct client *c, const struct web_msg *m, struct error *err)
{
	struct kept_event *e;

	if (c->kept == EVENTS_KEPT)
		return error_set(err, ERR_LIMIT, "%d events wait and nobody takes them",
				 EVENTS_KEPT);
	e = xcalloc(1, sizeof(*e) + m->size);
	e->n = m->size;
	memcpy(e->json, m->body, m->size);
	*c->last = e;
	c->last = &e->next;
	c->kept++;
	return 0;
}

/* One packet: 1 and *m (its body in c->packet or in *fd), 0 when none is there. */
static int receive(struct client *c, struct web_msg *m, int *fd, struct error *err)
{
	int n = link_receive(c->fd, c->packet, sizeof(c->packet), fd, err);

	if (n == ERR_CLOSED)
		return error_set(err, ERR_CLOSED, "the station is gone");
	if (n <= 0)
		return n;
	n = web_decode(m, c->packet, (size_t)n, err);
	if (n == 0 &&
	    ((m->kind != WEB_REPLY && m->kind != WEB_EVENT) || (*fd >= 0) != (m->has_fd != 0)))
		n = error_set(err, ERR_PROTOCOL,
			      "web link: a message that cannot be the station's");
	if (n < 0 && *fd >= 0)
		close(*fd);
	return n < 0 ? n : 1;
}

static int read_fd(int fd, size_t size, struct text *out, struct error *err)
{
	char part[16384];
	size_t done = 0;

	while (done < size) {
		size_t want = size - done < sizeof(part) ? size - done : sizeof(part);
		ssize_t n = pread(fd, part, want, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "read the reply");
		if (n == 0)
			return error_set(err, ERR_PROTOCOL, "the reply is cut off");
		text_add(out, part, (size_t)n);
		done += (size_t)n;
	}
	return 0;
}

static int send_request(struct client *c, const struct web_msg *m, int64_t deadline_ns,
			struct error *err)
{
	int n = web_encode(m, c->packet, sizeof(c->packet)), rc;

	if (n < 0)
		return error_set(err, ERR_USAGE,
				 "a word of the request is too long or no clean text");
	for (;;) {
		rc = link_send(c->fd, c->packet, (size_t)n, -1, err);
		if (rc == ERR_CLOSED)
			return error_set(err, ERR_CLOSED, "the station is gone");
		if (rc != ERR_BUSY)
			return rc;
		rc = wait_for(c->fd, POLLOUT, deadline_ns, err);
		if (rc < 0)
			return rc;
		if (rc == 0 && clock_mono_ns() >= deadline_ns)
			return error_set(err, ERR_TIMEOUT, "the station takes no request");
	}
}

/* The reply to id; events on the way are kept, replies to requests given up are dropped. */
static int await_reply(struct client *c, uint32_t id, int64_t deadline_ns, struct web_msg *m,
		       struct text *reply, struct error *err)
{
	for (;;) {
		int fd = -1, rc = receive(c, m, &fd, err);

		if (rc < 0)
			return rc;
		if (rc == 0) {
			rc = wait_for(c->fd, POLLIN, deadline_ns, err);
			if (rc < 0)
				return rc;
			if (rc == 0 && clock_mono_ns() >= deadline_ns)
				return error_set(err, ERR_TIMEOUT, "the station does not answer");
			continue;
		}
		if (m->kind == WEB_REPLY && m->id == id) {
			text_clear(reply);
			if (fd < 0)
				text_add(reply, m->body, m->size);
			rc = fd < 0 ? 0 : read_fd(fd, m->size, reply, err);
		} else {
			rc = m->kind == WEB_EVENT ? keep_event(c, m, err) : 1;
		}
		if (fd >= 0)
			close(fd);
		if (rc < 0 || (m->kind == WEB_REPLY && m->id == id))
			return rc;
	}
}

int client_call_match(struct client *c, enum web_route route, const char *arg, const char *query,
		      const char *body, const char *if_match, char etag[WEB_ETAG_MAX],
		      int timeout_ms, int *status, struct text *reply, struct error *err)
{
	struct web_msg m = {.kind = WEB_REQUEST, .id = ++c->last_id, .route = (uint16_t)route};
	int64_t deadline_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	uint32_t id = m.id;
	int rc;

	if (!text_copy(m.arg, sizeof(m.arg), arg ? arg : "") ||
	    !text_copy(m.query, sizeof(m.query), query ? query : "") ||
	    !text_copy(m.if_match, sizeof(m.if_match), if_match ? if_match : "") ||
	    (body && strlen(body) > WEB_BODY_MAX))
		return error_set(err, ERR_USAGE, "a word of the request is too long");
	m.body = body;
	m.size = body ? (uint32_t)strlen(body) : 0;
	rc = send_request(c, &m, deadline_ns, err);
	if (rc == 0)
		rc = await_reply(c, id, deadline_ns, &m, reply, err);
	if (rc < 0)
		return rc;
	*status = m.status;
	if (etag)
		memcpy(etag, m.etag, WEB_ETAG_MAX);
	return 0;
}

int client_call(struct client *c, enum web_route route, const char *arg, const char *query,
		const char *body, int timeout_ms, int *status, struct text *reply,
		struct error *err)
{
	return client_call_match(c, route, arg, query, body, "", NULL, timeout_ms, status, reply,
				 err);
}

int client_event(struct client *c, int timeout_ms, struct text *event, struct error *err)
{
	int64_t deadline_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	struct kept_event *e = take_event(c);
	struct web_msg m;

	text_clear(event);
	if (e) {
		text_add(event, e->json, e->n);
		free(e);
		return 1;
	}
	for (;;) {
		int fd = -1, rc = receive(c, &m, &fd, err);

		if (rc < 0)
			return rc;
		if (fd >= 0)
			close(fd);
		if (rc > 0 && m.kind == WEB_EVENT) {
			text_add(event, m.body, m.size);
			return 1;
		}
		if (rc > 0)
			continue;
		rc = wait_for(c->fd, POLLIN, deadline_ns, err);
		if (rc <= 0)
			return rc;
	}
}
