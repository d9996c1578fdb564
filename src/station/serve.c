/* SPDX-License-Identifier: MIT
 *
 * The web link's server side: connections of benchd-web and local programs, requests, replies, events.
 */
#include "station/internal.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "link/query.h"
#include "link/socket.h"

#define MODULE "serve"
enum { QUEUE_MAX = 256 }; /* events a slow reader may be behind */
static uint8_t
	packet[WEB_MESSAGE_MAX]; /* on its way out; conn_send is done with it when it returns */

static void conn_close(struct web_conn *c, const char *why)
{
	if (c->fd < 0)
		return;
	if (why)
		log_debug(MODULE, "connection closed: %s", why);
	loop_remove_io(c->io);
	close(c->fd);
	c->fd = -1;
	c->io = NULL;
	c->events_id = 0;
	c->generation++;
	while (c->queue) {
		struct queued *q = c->queue;
		c->queue = q->next;
		text_release(&q->bytes);
		free(q);
	}
	c->queue_tail = &c->queue;
	c->queued = 0;
	if (c->takes_calls) {
		c->takes_calls = false;
		outbound_lost(c);
	}
}

/* What waits goes first; true when the queue is empty. */
static bool conn_flush(struct web_conn *c)
{
	struct error err;
	while (c->queue) {
		struct queued *q = c->queue;
		int rc = link_send(c->fd, q->bytes.buf, q->bytes.len, -1, &err);
		if (rc == ERR_BUSY)
			return false;
		if (rc) {
			conn_close(c, err.text);
			return false;
		}
		c->queue = q->next;
		if (!c->queue)
			c->queue_tail = &c->queue;
		c->queued--;
		text_release(&q->bytes);
		free(q);
	}
	loop_set_io(c->io, EPOLLIN);
	return true;
}

static void conn_send(struct web_conn *c, const uint8_t *p, size_t n, int fd)
{
	struct error err;
	if (conn_flush(c)) {
		int rc = link_send(c->fd, p, n, fd, &err);
		if (!rc)
			return;
		if (rc != ERR_BUSY) {
			conn_close(c, err.text);
			return;
		}
	}
	if (c->fd < 0)
		return;
	if (c->queued == QUEUE_MAX || fd >= 0) {
		conn_close(c, "it does not read what it asked for");
		return;
	}
	struct queued *q = xcalloc(1, sizeof(*q));
	text_add(&q->bytes, (const char *)p, n);
	*c->queue_tail = q;
	c->queue_tail = &q->next;
	c->queued++;
	loop_set_io(c->io, EPOLLIN | EPOLLOUT);
}

void serve_event(struct station *s, const struct text *json)
{
	for (int i = 0; i < STATION_CONNS_MAX; i++) {
		struct web_conn *c = &s->conns[i];
		if (c->fd < 0 || !c->events_id)
			continue;
		struct web_msg m = {.kind = WEB_EVENT,
				    .id = c->events_id,
				    .type = WEB_TYPE_JSON,
				    .size = (uint32_t)json->len,
				    .body = json->buf};
		int n = web_encode(&m, packet, sizeof(packet));
		if (n < 0) {
			log_error(MODULE, "an event of %zu bytes does not fit the link", json->len);
			break;
		}
		conn_send(c, packet, (size_t)n, -1);
	}
}

static int body_to_memfd(const struct text *json)
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	if (fd >= 0 && text_write(json, fd, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

void serve_call(struct web_conn *c, uint32_t id, const struct text *json)
{
	struct web_msg m = {
		.kind = WEB_CALL, .id = id, .size = (uint32_t)json->len, .body = json->buf};
	int n, fd = -1;

	if (json->len > WEB_BODY_MAX) {
		fd = body_to_memfd(json);
		m.has_fd = 1;
		m.body = NULL;
	}
	n = m.has_fd && fd < 0 ? ERR_IO : web_encode(&m, packet, sizeof(packet));
	if (n < 0)
		log_error(MODULE, "a request of %zu bytes does not fit the link", json->len);
	else
		conn_send(c, packet, (size_t)n, fd);
	if (fd >= 0)
		close(fd);
	secret_wipe(packet, sizeof(packet));
}

/* Sends m, with fd (-1: none), and ends the request. */
static void reply_with(struct request *rq, struct web_msg *m, int fd)
{
	struct web_conn *c = &rq->station->conns[rq->conn];

	m->kind = WEB_REPLY;
	m->id = rq->id;
	if (c->fd >= 0 && c->generation == rq->generation) {
		int n = m->has_fd && fd < 0 ? ERR_IO : web_encode(m, packet, sizeof(packet));

		if (n < 0)
			conn_close(c, "a reply does not fit the link");
		else
			conn_send(c, packet, (size_t)n, fd);
	}
	if (fd >= 0)
		close(fd);
	once_forget(rq);
	free(rq->body);
	free(rq);
}

void request_reply_typed(struct request *rq, int status, const char *etag, enum web_type type,
			 const struct text *json)
{
	struct web_msg m = {.status = (uint16_t)status,
			    .type = (uint8_t)type,
			    .size = (uint32_t)json->len,
			    .body = json->buf,
			    .has_fd = json->len > WEB_BODY_MAX};

	text_copy(m.etag, sizeof(m.etag), etag);
	if (m.has_fd)
		m.body = NULL;
	reply_with(rq, &m, m.has_fd ? body_to_memfd(json) : -1);
}

void request_reply_file(struct request *rq, enum web_type type, int fd, size_t size)
{
	struct web_msg m = {
		.status = 200, .type = (uint8_t)type, .size = (uint32_t)size, .has_fd = 1};

	reply_with(rq, &m, fd);
}

void request_reply(struct request *rq, int status, const char *etag, const struct text *json)
{
	request_reply_typed(rq, status, etag, WEB_TYPE_JSON, json);
}

static void on_request(struct web_conn *c, const struct web_msg *m)
{
	struct request *rq = xcalloc(1, sizeof(*rq));
	struct station *s = c->station;
	char why[320];
	rq->station = s;
	rq->conn = (int)(c - s->conns);
	rq->generation = c->generation;
	rq->id = m->id;
	rq->msg = *m;
	rq->body = xcalloc(1, m->size + 1);
	if (m->size)
		memcpy(rq->body, m->body, m->size);
	rq->msg.body = rq->body;
	if (!people_identify(rq, c)) {
		request_problem(rq, 401, "token_needed",
				"this token or session is not good here: never was, ended or "
				"revoked");
		return;
	}
	if (!query_check((enum web_route)rq->msg.route, rq->msg.query, why, sizeof(why))) {
		request_problem(rq, 400, "query", "%s", why);
		return;
	}
	route_dispatch(rq);
}

static void on_readable(void *ctx, uint32_t events)
{
	struct web_conn *c = ctx;
	static uint8_t buf[WEB_MESSAGE_MAX];
	if ((events & EPOLLOUT) && !conn_flush(c) && c->fd < 0)
		return;
	for (int i = 0; i < 16 && c->fd >= 0; i++) {
		struct error err = {0};
		struct web_msg m;
		int n = link_receive(c->fd, buf, sizeof(buf), NULL, &err);
		if (!n)
			return;
		if (n > 0 && !web_decode(&m, buf, (size_t)n, &err) && m.kind != WEB_REQUEST &&
		    !(m.kind == WEB_RESULT && c->takes_calls))
			n = error_set(&err, ERR_PROTOCOL, "a client sent what only benchd sends");
		if (n < 0 || err.code) {
			conn_close(c, err.text);
			return;
		}
		if (m.kind == WEB_RESULT)
			outbound_result(c, &m);
		else
			on_request(c, &m);
	}
}

/* benchd-web is of the station's group, and must not speak as one of its people or as benchd-io. */
bool serve_is_web_user(const struct station *s, uid_t uid)
{
	return s->web_uid != (uid_t)-1 && uid == s->web_uid;
}

static void learn_web_user(struct station *s, uid_t uid)
{
	if (s->web_uid == (uid_t)-1 && uid != 0 && uid != geteuid())
		s->web_uid = uid;
}

static void accept_one(struct station *s, int listener, bool is_web)
{
	struct link_peer peer;
	struct error err;
	int fd = link_accept(listener, &peer, &err);
	if (fd <= 0) {
		if (fd < 0)
			log_warning(MODULE, "%s", err.text);
		return;
	}
	if (is_web)
		learn_web_user(s, peer.uid);
	if (!is_web && serve_is_web_user(s, peer.uid)) {
		log_warning(MODULE, "refused benchd-web (uid %d, pid %d) at ctl.sock",
			    (int)peer.uid, (int)peer.pid);
		close(fd);
		return;
	}
	struct web_conn *c = NULL;
	for (int i = 0; i < STATION_CONNS_MAX && !c; i++)
		if (s->conns[i].fd < 0)
			c = &s->conns[i];
	if (s->children_told)
		log_debug(MODULE, "refused a connection of pid %d: the station is stopping",
			  (int)peer.pid);
	else if (!c)
		log_warning(MODULE, "refused a connection of pid %d: %d are open", (int)peer.pid,
			    STATION_CONNS_MAX);
	if (s->children_told || !c) {
		close(fd);
		return;
	}
	c->station = s;
	c->fd = fd;
	c->is_web = is_web;
	c->uid = peer.uid;
	c->queue_tail = &c->queue;
	c->io = loop_add_io(s->loop, fd, EPOLLIN, on_readable, c);
}

static void on_accept_web(void *ctx, uint32_t events)
{
	struct station *s = ctx;
	(void)events;
	accept_one(s, s->web_fd, true);
}

static void on_accept_ctl(void *ctx, uint32_t events)
{
	struct station *s = ctx;
	(void)events;
	accept_one(s, s->ctl_fd, false);
}

int serve_listen(struct station *s, struct error *err)
{
	const struct passwd *web = getpwnam("benchd-web");
	char path[512];
	s->web_uid = web && web->pw_uid != geteuid() ? web->pw_uid : (uid_t)-1;
	snprintf(path, sizeof(path), "%s/web.sock", s->options.state_dir);
	s->web_fd = link_listen(path, 0660, err);
	if (s->web_fd < 0)
		return s->web_fd;
	snprintf(path, sizeof(path), "%s/ctl.sock", s->options.state_dir);
	s->ctl_fd = link_listen(path, 0660, err);
	if (s->ctl_fd < 0)
		return s->ctl_fd;
	s->web_listen = loop_add_io(s->loop, s->web_fd, EPOLLIN, on_accept_web, s);
	s->ctl_listen = loop_add_io(s->loop, s->ctl_fd, EPOLLIN, on_accept_ctl, s);
	return 0;
}

void serve_close(struct station *s)
{
	for (int i = 0; i < STATION_CONNS_MAX; i++)
		conn_close(&s->conns[i], NULL);
}
