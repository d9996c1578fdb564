/* SPDX-License-Identifier: MIT
 *
 * Modbus TCP slave on the loopback. Every length is checked before anything is answered: a
 * client that breaks the framing is disconnected.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/serve.h"

enum { CLIENTS_MAX = 8, HEADER = 7, PDU_MAX = 253, LATE_MAX = 8 };

struct tcp_port;
struct tcp_client {
	struct tcp_port *port;
	int fd; /* -1: free */
	struct loop_io *io;
	uint8_t in[2 * (HEADER + PDU_MAX)];
	size_t n;
	/* replies held back by a fault of the line */
	struct loop_timer *timer;
	struct wire_frame late[LATE_MAX]; /* at_ns 0: free */
	bool deaf;			  /* half open: nobody is there any more */
};
struct tcp_port {
	struct sim_port port;
	int fd;
	struct loop_io *io;
	struct tcp_client clients[CLIENTS_MAX];
	uint64_t requests, refused;
};

static void drop(struct tcp_client *c)
{
	if (c->fd < 0)
		return;
	loop_remove_io(c->io);
	loop_set_timer(c->timer, INT64_MAX);
	memset(c->late, 0, sizeof(c->late));
	close(c->fd);
	c->fd = -1;
	c->n = 0;
}

static void set_timer(struct tcp_client *c)
{
	int64_t at_ns = INT64_MAX;

	for (int i = 0; i < LATE_MAX; i++)
		if (c->late[i].at_ns && c->late[i].at_ns < at_ns)
			at_ns = c->late[i].at_ns;
	loop_set_timer(c->timer, at_ns);
}

/* What is due of a reply; false: the client is gone. */
static bool give_due(struct tcp_client *c, struct wire_frame *f, int64_t now_ns)
{
	const uint8_t *bytes;

	while (f->sent < f->n && f->at_ns <= now_ns) {
		size_t n = wire_frame_next(f, &bytes);

		if (send(c->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n) {
			drop(c);
			return false;
		}
	}
	return true;
}

static void on_late(void *ctx)
{
	struct tcp_client *c = ctx;
	int64_t now_ns = clock_mono_ns();

	for (int i = 0; i < LATE_MAX && c->fd >= 0; i++) {
		struct wire_frame *f = &c->late[i];

		if (!f->at_ns || f->at_ns > now_ns)
			continue;
		if (!give_due(c, f, now_ns))
			return;
		if (f->sent == f->n)
			f->at_ns = 0;
	}
	set_timer(c);
}

static bool send_frame(struct tcp_client *c, struct wire_frame *f, int64_t now_ns)
{
	f->at_ns += now_ns;
	if (!give_due(c, f, now_ns))
		return false;
	for (int i = 0; i < LATE_MAX && f->sent < f->n; i++) {
		if (c->late[i].at_ns)
			continue;
		c->late[i] = *f;
		break;
	}
	set_timer(c);
	return true;
}

static void reset(struct tcp_client *c)
{
	struct linger hard = {1, 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	drop(c);
}

/* One whole request; false: the client is gone. */
static bool answer(struct tcp_client *c, const uint8_t *adu, size_t n)
{
	struct sim_server *s = c->port->port.server;
	struct wire_medium line = {0, world_rng(s->world)};
	uint8_t out[HEADER + PDU_MAX + 3];
	struct wire_effect e;
	struct wire_reply reply;
	int64_t delay_ns;
	size_t got;

	c->port->requests++;
	sim_serve_now(s);
	e = world_wire_effect(s->world, c->port->port.bus, adu[6]);
	if (e.kind == WIRE_RESET || e.kind == WIRE_HANG_UP) {
		if (e.kind == WIRE_RESET)
			reset(c);
		else
			drop(c);
		return false;
	}
	c->deaf |= e.kind == WIRE_HALF_OPEN;
	got = world_answer(s->world, c->port->port.bus, adu[6], &e, adu + HEADER, n - HEADER,
			   out + HEADER, sizeof(out) - HEADER, &delay_ns);
	if (!got || c->deaf)
		return true; /* nobody there: silence */
	memcpy(out, adu, 4);
	out[4] = (uint8_t)((got + 1) >> 8);
	out[5] = (uint8_t)(got + 1);
	out[6] = adu[6];
	wire_spoil_tcp(&e, &line, out, HEADER + got, &reply);
	for (int i = 0; i < reply.count; i++)
		if (!send_frame(c, &reply.frames[i], clock_mono_ns()))
			return false;
	return true;
}

static void on_client(void *ctx, uint32_t events)
{
	struct tcp_client *c = ctx;
	ssize_t got = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT);
	size_t at = 0;

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(c);
		return;
	}
	c->n += (size_t)got;
	while (c->n - at >= HEADER) {
		const uint8_t *p = c->in + at;
		size_t length = (size_t)(p[4] << 8 | p[5]);

		/* unit and at least a function; protocol 0 */
		if (p[2] || p[3] || length < 2 || length > PDU_MAX + 1) {
			c->port->refused++;
			drop(c);
			return;
		}
		if (c->n - at < 6 + length)
			break;
		if (!answer(c, p, 6 + length))
			return;
		at += 6 + length;
	}
	memmove(c->in, c->in + at, c->n - at);
	c->n -= at;
}

static void on_connect(void *ctx, uint32_t events)
{
	struct tcp_port *t = ctx;
	int fd = accept4(t->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;

	(void)events;
	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct tcp_client *c = &t->clients[i];

		if (c->fd >= 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		c->fd = fd;
		c->n = 0;
		c->deaf = false;
		c->io = loop_add_io(t->port.server->loop, fd, EPOLLIN, on_client, c);
		return;
	}
	t->refused++;
	close(fd);
}

static void tcp_unplug(struct sim_port *p)
{
	struct tcp_port *t = (struct tcp_port *)p;

	unlink(p->path);
	for (int i = 0; i < CLIENTS_MAX; i++)
		drop(&t->clients[i]);
	if (t->fd < 0)
		return;
	loop_remove_io(t->io);
	close(t->fd);
	t->fd = -1;
}

int sim_tcp_listen(const struct sim_port *p, struct error *err)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(a);
	FILE *f;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&a, &len)) {
		error_errno(err, "TCP port of %s", p->name);
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	f = fopen(p->path, "we");
	if (!f || fprintf(f, "127.0.0.1:%d\n", ntohs(a.sin_port)) < 0 || fclose(f)) {
		error_errno(err, "%s", p->path);
		close(fd);
		return ERR_IO;
	}
	return fd;
}

static int tcp_plug(struct sim_port *p, struct error *err)
{
	struct tcp_port *t = (struct tcp_port *)p;

	if (t->fd >= 0)
		return 0;
	t->fd = sim_tcp_listen(p, err);
	if (t->fd < 0) {
		t->fd = -1;
		return ERR_IO;
	}
	t->io = loop_add_io(p->server->loop, t->fd, EPOLLIN, on_connect, t);
	return 0;
}

static void tcp_close(struct sim_port *p)
{
	struct tcp_port *t = (struct tcp_port *)p;

	tcp_unplug(p);
	for (int i = 0; i < CLIENTS_MAX; i++)
		loop_remove_timer(t->clients[i].timer);
	free(t);
}

static void tcp_stats(const struct sim_port *p, struct text *out)
{
	const struct tcp_port *t = (const struct tcp_port *)p;

	text_printf(out, "requests=%llu refused=%llu", (unsigned long long)t->requests,
		    (unsigned long long)t->refused);
}

static const struct sim_port_ops tcp_ops = {
	.close = tcp_close, .stats = tcp_stats, .unplug = tcp_unplug, .plug = tcp_plug};

int sim_tcp_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err)
{
	struct tcp_port *t = xcalloc(1, sizeof(*t));
	int rc;

	t->port = (struct sim_port){.ops = &tcp_ops,
				    .server = s,
				    .bus = bus,
				    .name = s->config.fixture->buses[bus].port + 4};
	t->fd = -1;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		t->clients[i].port = t;
		t->clients[i].fd = -1;
		t->clients[i].timer = loop_add_timer(s->loop, on_late, &t->clients[i]);
	}
	snprintf(t->port.path, sizeof(t->port.path), "%s/%s.tcp", s->config.dir, t->port.name);
	rc = tcp_plug(&t->port, err);
	if (rc) {
		tcp_close(&t->port);
		return rc;
	}
	*out = &t->port;
	return 0;
}
