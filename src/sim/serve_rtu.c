/* SPDX-License-Identifier: MIT
 *
 * RTU slaves on a pseudo-terminal. A request is taken as soon as its length and CRC are right; what
 * is none ends with a silence and is thrown away, as a slave does.
 *
 * Paced (--wire BAUD): bytes on a pty take no time, so the slave counts: a request that began to
 * come at t ends at t + bytes * Tc, its reply is given when its last byte would have come. Each
 * request is stamped with the idle line before it and the time since the one before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bus/rtu.h"
#include "sim/serve.h"

#define SILENCE_NS (10 * NS_PER_MS) /* of a half request */
enum { REPLIES_MAX = 16, STAMPS_MAX = 4096 };

struct rtu_port {
	struct sim_port port;
	int fd, keep;
	struct loop_io *io;
	struct loop_timer *due; /* reply to be given, silence to end a half request */
	uint8_t in[1024];
	size_t in_n;
	int64_t first_ns, last_ns;		/* of the bytes in in[] */
	struct wire_frame replies[REPLIES_MAX]; /* at_ns 0: free */
	struct loop_timer *babble;		/* noise, another master */
	bool babbles, hangs_up;
	int64_t char_ns, free_ns; /* line is idle from here on (paced) */
	int64_t before_ns;	  /* the last request's first byte */
	uint64_t requests, silent, bad;
	uint64_t bytes;	  /* of requests and of answers that were given */
	int64_t write_ns; /* when the last write came */
	struct {
		uint32_t idle_us, period_us;
	} stamps[STAMPS_MAX]; /* the latest ones */
};

/* Length of the request that begins at p; 0: needs more bytes; SIZE_MAX: none begins so. */
static size_t request_length(const uint8_t *p, size_t n)
{
	if (n < 2)
		return 0;
	switch (p[1]) {
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6: return 8;
	case 15:
	case 16: return n < 7 ? 0 : 9 + (size_t)p[6];
	case 0x2b: return 7;
	default: return SIZE_MAX;
	}
}

static void rtu_unplug(struct sim_port *p);
static int rtu_plug(struct sim_port *p, struct error *err);

static void set_timer(struct rtu_port *r)
{
	int64_t at_ns = r->in_n ? r->last_ns + SILENCE_NS : INT64_MAX;

	for (int i = 0; i < REPLIES_MAX; i++)
		if (r->replies[i].at_ns && r->replies[i].at_ns < at_ns)
			at_ns = r->replies[i].at_ns;
	loop_set_timer(r->due, at_ns);
}

static void give(struct rtu_port *r, const uint8_t *adu, size_t n)
{
	/* a full pty drops it, as a line without reader does */
	if (r->fd >= 0 && write(r->fd, adu, n) != (ssize_t)n)
		r->bad++;
}

/* What is due of a reply; true when it is over. */
static bool give_due(struct rtu_port *r, struct wire_frame *f, int64_t now_ns)
{
	const uint8_t *bytes;

	while (f->sent < f->n && f->at_ns <= now_ns) {
		size_t n = wire_frame_next(f, &bytes);

		give(r, bytes, n);
	}
	return f->sent == f->n;
}

static void reply(struct rtu_port *r, struct wire_frame *f, int64_t at_ns, int64_t now_ns)
{
	f->at_ns = at_ns > now_ns ? at_ns : now_ns;
	if (give_due(r, f, now_ns))
		return;
	for (int i = 0; i < REPLIES_MAX; i++) {
		if (r->replies[i].at_ns)
			continue;
		r->replies[i] = *f;
		return;
	}
}

static uint32_t microseconds(int64_t ns)
{
	return ns < 0 ? 0 : ns > 4000 * NS_PER_S ? 4000000000u : (uint32_t)(ns / 1000);
}

static void stamp(struct rtu_port *r)
{
	size_t i = r->requests % STAMPS_MAX;

	r->stamps[i].idle_us = microseconds(r->free_ns ? r->first_ns - r->free_ns : 0);
	r->stamps[i].period_us = microseconds(r->before_ns ? r->first_ns - r->before_ns : 0);
	r->before_ns = r->first_ns;
	r->requests++;
}

/* The port goes; it comes back as another one when its time has passed. */
static void hang_up(struct rtu_port *r, double seconds)
{
	rtu_unplug(&r->port);
	r->hangs_up = true;
	loop_set_timer(r->due, clock_mono_ns() + (int64_t)(seconds * 1e9));
}

static void start_babble(struct rtu_port *r, int64_t now_ns)
{
	struct sim_server *s = r->port.server;

	if (r->babbles || world_line_effect(s->world, r->port.bus).kind == WIRE_FINE)
		return;
	r->babbles = true;
	loop_set_timer(r->babble, now_ns);
}

static void on_babble(void *ctx)
{
	struct rtu_port *r = ctx;
	struct world *w = r->port.server->world;
	struct wire_effect e = world_line_effect(w, r->port.bus);
	struct wire_medium line = {r->char_ns, world_rng(w)};
	uint8_t units[FIXTURE_DEVICES_MAX], bytes[RTU_ADU_MAX];
	int64_t wait_ns = 0;
	size_t n = wire_babble(&e, &line, units,
			       world_line_units(w, r->port.bus, units, sizeof(units)), bytes,
			       sizeof(bytes), &wait_ns);

	r->babbles = n > 0;
	if (!n)
		return;
	give(r, bytes, n);
	loop_set_timer(r->babble, clock_mono_ns() + wait_ns);
}

static void answer(struct rtu_port *r, const struct wire_effect *e, const uint8_t *request,
		   size_t request_n, int64_t now_ns)
{
	struct sim_server *s = r->port.server;
	struct wire_medium line = {r->char_ns, world_rng(s->world)};
	uint8_t pdu[RTU_PDU_MAX + 3], adu[RTU_ADU_MAX + 3];
	int64_t delay_ns = 0, end_ns = r->first_ns + (int64_t)request_n * r->char_ns;
	struct wire_reply out;
	size_t n = world_answer(s->world, r->port.bus, request[0], e, request + 1, request_n - 3,
				pdu, sizeof(pdu), &delay_ns);

	r->free_ns = end_ns > now_ns ? end_ns : now_ns;
	if (n)
		n = rtu_build(adu, request[0], pdu, n);
	else
		r->silent++;
	wire_spoil_rtu(e, &line, request, request_n, adu, n, &out);
	if (!r->char_ns) {
		delay_ns = 0; /* unpaced: at once, unless it is to be late */
		end_ns = now_ns;
	}
	end_ns += delay_ns + (int64_t)n * r->char_ns;
	if (n)
		r->free_ns = r->char_ns ? end_ns : now_ns;
	r->bytes += request_n + n;
	for (int i = 0; i < out.count; i++) {
		struct wire_frame *f = &out.frames[i];

		reply(r, f, f->at_ns == INT64_MIN ? now_ns : end_ns + f->at_ns, now_ns);
	}
}

static void take_request(struct rtu_port *r, const uint8_t *adu, size_t n, int64_t now_ns)
{
	struct sim_server *s = r->port.server;
	struct wire_effect e;

	stamp(r);
	if (adu[1] > 4) /* none of the reads */
		r->write_ns = now_ns;
	sim_serve_now(s);
	e = world_wire_effect(s->world, r->port.bus, adu[0]);
	start_babble(r, now_ns);
	if (e.kind == WIRE_HANG_UP)
		hang_up(r, e.k);
	else
		answer(r, &e, adu, n, now_ns);
}

static void look(struct rtu_port *r, int64_t now_ns)
{
	size_t at = 0;

	while (at < r->in_n) {
		const uint8_t *p = r->in + at;
		size_t n = request_length(p, r->in_n - at);

		if (n == 0 || (n != SIZE_MAX && n > r->in_n - at))
			break;
		if (n == SIZE_MAX || rtu_crc(p, n - 2) != (p[n - 2] | p[n - 1] << 8)) {
			/* no request from here on: wait for the silence */
			break;
		}
		take_request(r, p, n, now_ns);
		if (r->fd < 0)
			return; /* it hung up */
		at += n;
	}
	if (at)
		memmove(r->in, r->in + at, r->in_n - at);
	r->in_n -= at;
	if (at && r->in_n)
		r->first_ns = now_ns;
}

static void on_bytes(void *ctx, uint32_t events)
{
	struct rtu_port *r = ctx;
	int64_t now_ns = clock_mono_ns();
	ssize_t n;

	(void)events;
	if (r->in_n && now_ns - r->last_ns > SILENCE_NS) {
		r->bad++;
		r->in_n = 0;
	}
	n = read(r->fd, r->in + r->in_n, sizeof(r->in) - r->in_n);
	if (n <= 0)
		return;
	if (r->in_n == 0)
		r->first_ns = now_ns;
	r->last_ns = now_ns;
	r->in_n += (size_t)n;
	look(r, now_ns);
	if (r->fd < 0)
		return;
	if (r->in_n == sizeof(r->in)) {
		r->bad++;
		r->in_n = 0;
	}
	set_timer(r);
}

static void on_due(void *ctx)
{
	struct rtu_port *r = ctx;
	int64_t now_ns = clock_mono_ns();

	if (r->hangs_up) {
		struct error err = {0};

		/* A name that cannot be opened now is tried again later. */
		r->hangs_up = rtu_plug(&r->port, &err) < 0;
		loop_set_timer(r->due, r->hangs_up ? now_ns + NS_PER_S : INT64_MAX);
		return;
	}
	for (int i = 0; i < REPLIES_MAX; i++)
		if (r->replies[i].at_ns && give_due(r, &r->replies[i], now_ns))
			r->replies[i].at_ns = 0;
	if (r->in_n && now_ns - r->last_ns >= SILENCE_NS) {
		r->bad++;
		r->in_n = 0;
	}
	set_timer(r);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void put_quantiles(struct text *out, const char *name, uint32_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	text_printf(out, " %s_min_us=%u %s_p50_us=%u %s_p95_us=%u %s_p99_us=%u %s_max_us=%u", name,
		    v[0], name, v[n / 2], name, v[n * 95 / 100], name, v[n * 99 / 100], name,
		    v[n - 1]);
}

static void rtu_stats(const struct sim_port *p, struct text *out)
{
	const struct rtu_port *r = (const struct rtu_port *)p;
	size_t n = r->requests < STAMPS_MAX ? (size_t)r->requests : STAMPS_MAX;
	uint32_t *v;

	text_printf(out, "requests=%llu silent=%llu bad=%llu", (unsigned long long)r->requests,
		    (unsigned long long)r->silent, (unsigned long long)r->bad);
	text_printf(out, " bytes=%llu write_us=%lld", (unsigned long long)r->bytes,
		    (long long)(r->write_ns / 1000));
	if (n < 2)
		return;
	v = xcalloc(n, sizeof(*v));
	for (size_t i = 1; i < n; i++)
		v[i - 1] = r->stamps[i].idle_us;
	put_quantiles(out, "idle", v, n - 1);
	for (size_t i = 1; i < n; i++)
		v[i - 1] = r->stamps[i].period_us;
	put_quantiles(out, "period", v, n - 1);
	free(v);
}

static void rtu_unplug(struct sim_port *p)
{
	struct rtu_port *r = (struct rtu_port *)p;

	unlink(p->path);
	if (r->io)
		loop_remove_io(r->io);
	if (r->fd >= 0)
		close(r->fd);
	if (r->keep >= 0)
		close(r->keep);
	r->io = NULL;
	r->fd = r->keep = -1;
	r->in_n = 0;
	r->hangs_up = false;
	for (int i = 0; i < REPLIES_MAX; i++)
		r->replies[i].at_ns = 0;
	loop_set_timer(r->due, INT64_MAX);
}

static int rtu_plug(struct sim_port *p, struct error *err)
{
	struct rtu_port *r = (struct rtu_port *)p;

	if (r->fd >= 0)
		return 0;
	r->fd = sim_pty_open(p->path, &r->keep, err);
	if (r->fd < 0)
		return r->fd;
	r->io = loop_add_io(p->server->loop, r->fd, EPOLLIN, on_bytes, r);
	return 0;
}

static void rtu_close(struct sim_port *p)
{
	struct rtu_port *r = (struct rtu_port *)p;

	rtu_unplug(p);
	loop_remove_timer(r->due);
	loop_remove_timer(r->babble);
	free(r);
}

static const struct sim_port_ops rtu_ops = {
	.close = rtu_close, .stats = rtu_stats, .unplug = rtu_unplug, .plug = rtu_plug};

int sim_rtu_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err)
{
	const struct fx_bus *fx = &s->config.fixture->buses[bus];
	struct rtu_port *r = xcalloc(1, sizeof(*r));
	int rc, bits = 1 + 8 + (fx->parity == 'E' || fx->parity == 'O') +
		       (fx->stop_bits > 1 ? 2 : 1);

	r->port = (struct sim_port){.ops = &rtu_ops, .server = s, .bus = bus, .name = fx->port + 4};
	r->fd = r->keep = -1;
	r->char_ns = s->config.wire_baud ? bits * NS_PER_S / s->config.wire_baud : 0;
	r->due = loop_add_timer(s->loop, on_due, r);
	r->babble = loop_add_timer(s->loop, on_babble, r);
	snprintf(r->port.path, sizeof(r->port.path), "%s/%s", s->config.dir, r->port.name);
	rc = rtu_plug(&r->port, err);
	if (rc) {
		loop_remove_timer(r->due);
		loop_remove_timer(r->babble);
		free(r);
		return rc;
	}
	*out = &r->port;
	return 0;
}
