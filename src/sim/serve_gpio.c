/* SPDX-License-Identifier: MIT
 *
 * The stand-in of a GPIO chip (bus/gpio_wire.h), the chip's side: lines of the world behind a
 * socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus/bus.h"
#include "bus/gpio_wire.h"
#include "link/socket.h"
#include "sim/serve.h"

#define PULSES_NS (10 * NS_PER_MS) /* a batch of pulses, between 5 and 20 ms */
enum { CLIENTS_MAX = 4, LINES_MAX = 64 };

struct gpio_port;
struct gpio_client {
	struct gpio_port *port;
	int fd; /* -1: free */
	struct loop_io *io;
	bool greeted;
	char name[32];
};
struct chip_line {
	int holder; /* client, -1: nobody */
	uint8_t mode, told;
	int8_t bias;
	bool unsent;	 /* a level the socket had no room for */
	int64_t at_ns;	 /* of the latest change */
	uint32_t pulses; /* not yet sent */
	int64_t first_ns, last_ns, sent_ns;
	int64_t set_ns; /* an output's last SET */
};
struct gpio_port {
	struct sim_port port;
	int fd, lines;
	struct loop_io *io;
	struct gpio_client clients[CLIENTS_MAX];
	struct chip_line line[LINES_MAX];
	uint64_t sets, edges, pulses;
	int64_t edge_ns; /* of the last edge told */
};

static const char *line_name(const struct gpio_port *g, int line)
{
	return world_gpio_name(g->port.server->world, g->port.bus, line);
}

static uint8_t level_of(const struct gpio_port *g, int line)
{
	return (uint8_t)world_gpio_get(g->port.server->world, g->port.bus, line_name(g, line));
}

/* Everything it held falls back: outputs to their pull. */
static void drop(struct gpio_client *c)
{
	struct gpio_port *g = c->port;
	int me = (int)(c - g->clients);

	if (c->fd < 0)
		return;
	sim_serve_now(g->port.server);
	for (int i = 0; i < g->lines; i++) {
		if (g->line[i].holder != me)
			continue;
		if (g->line[i].mode == GPIO_OUT)
			world_gpio_set(g->port.server->world, g->port.bus, line_name(g, i),
				       g->line[i].bias == 1);
		g->line[i].holder = -1;
	}
	loop_remove_io(c->io);
	close(c->fd);
	c->fd = -1;
	c->greeted = false;
}

/* false: no room in the socket. A client that is gone is dropped by its own event. */
static bool say(struct gpio_client *c, const struct gpio_wire_msg *m)
{
	return send(c->fd, m, sizeof(*m), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(*m);
}

static int find_line(const struct gpio_port *g, const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	for (int i = 0; i < g->lines; i++)
		if (!strcmp(line_name(g, i), name))
			return i;
	return *name && !*end && n >= 0 && n < g->lines ? (int)n : -1;
}

static void request(struct gpio_client *c, const struct gpio_wire_msg *m)
{
	struct gpio_port *g = c->port;
	int line = find_line(g, m->name);
	struct gpio_wire_msg answer;
	int64_t first_ns, last_ns; /* run time: of no use on the wire */
	struct chip_line *l;

	gpio_wire_init(&answer, GPIO_WIRE_REFUSED);
	memcpy(answer.name, m->name, sizeof(answer.name));
	if (line < 0 || g->line[line].holder >= 0) {
		answer.code = line < 0 ? ENOENT : EBUSY;
		if (line >= 0)
			memcpy(answer.text, g->clients[g->line[line].holder].name,
			       sizeof(answer.text));
		say(c, &answer);
		return;
	}
	l = &g->line[line];
	*l = (struct chip_line){.holder = (int)(c - g->clients), .mode = m->mode, .bias = m->bias};
	if (m->mode == GPIO_OUT)
		world_gpio_set(g->port.server->world, g->port.bus, line_name(g, line), m->value);
	if (m->mode == GPIO_PULSE) /* from here on */
		world_gpio_pulses(g->port.server->world, g->port.bus, line_name(g, line), &first_ns,
				  &last_ns);
	l->told = level_of(g, line);
	gpio_wire_init(&answer, GPIO_WIRE_GRANTED);
	answer.line = (uint16_t)line;
	answer.value = l->told;
	say(c, &answer);
}

static void set_line(struct gpio_client *c, const struct gpio_wire_msg *m)
{
	struct gpio_port *g = c->port;
	struct gpio_wire_msg answer;

	gpio_wire_init(&answer, GPIO_WIRE_DONE);
	answer.line = m->line;
	answer.value = m->value;
	if (m->line >= g->lines || g->line[m->line].holder != (int)(c - g->clients) ||
	    g->line[m->line].mode != GPIO_OUT) {
		answer.code = EPERM;
	} else {
		world_gpio_set(g->port.server->world, g->port.bus, line_name(g, m->line), m->value);
		g->line[m->line].set_ns = clock_mono_ns();
		g->sets++;
	}
	say(c, &answer);
}

static void greet(struct gpio_client *c, const struct gpio_wire_msg *m)
{
	struct gpio_wire_msg answer;

	c->greeted = true;
	memcpy(c->name, m->name, sizeof(c->name));
	gpio_wire_init(&answer, GPIO_WIRE_WELCOME);
	answer.line = (uint16_t)c->port->lines;
	snprintf(answer.name, sizeof(answer.name), "%.31s", c->port->port.name);
	say(c, &answer);
}

static void on_client(void *ctx, uint32_t events)
{
	struct gpio_client *c = ctx;
	struct gpio_wire_msg m;
	ssize_t n;

	(void)events;
	/* bounded: the rest comes with the next wake-up */
	for (int i = 0; i < 64 && c->fd >= 0; i++) {
		n = recv(c->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || !gpio_wire_check(&m, (size_t)n, false) ||
		    c->greeted == (m.kind == GPIO_WIRE_HELLO)) {
			drop(c);
			return;
		}
		sim_serve_now(c->port->port.server);
		if (m.kind == GPIO_WIRE_HELLO)
			greet(c, &m);
		else if (m.kind == GPIO_WIRE_REQUEST)
			request(c, &m);
		else
			set_line(c, &m);
	}
}

static void on_connect(void *ctx, uint32_t events)
{
	struct gpio_port *g = ctx;
	int fd = link_accept(g->fd, NULL, NULL);

	(void)events;
	if (fd <= 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct gpio_client *c = &g->clients[i];

		if (c->fd >= 0)
			continue;
		c->fd = fd;
		c->io = loop_add_io(g->port.server->loop, fd, EPOLLIN, on_client, c);
		return;
	}
	close(fd);
}

static void watch_level(struct gpio_port *g, int line, int64_t now_ns)
{
	struct chip_line *l = &g->line[line];
	uint8_t level = level_of(g, line);
	struct gpio_wire_msg m;

	if (level != l->told && !l->unsent) {
		l->unsent = true;
		l->at_ns = now_ns;
	}
	if (!l->unsent)
		return;
	gpio_wire_init(&m, GPIO_WIRE_EDGE);
	m.line = (uint16_t)line;
	m.value = level;
	m.at_ns = l->at_ns;
	if (level != l->told && !say(&g->clients[l->holder], &m))
		return; /* the latest one goes as soon as it can */
	g->edges++;
	g->edge_ns = m.at_ns;
	l->told = level;
	l->unsent = false;
}

static void watch_pulses(struct gpio_port *g, int line, int64_t now_ns)
{
	struct sim_server *s = g->port.server;
	struct chip_line *l = &g->line[line];
	struct gpio_wire_msg m;
	int64_t first, last;
	uint32_t n = world_gpio_pulses(s->world, g->port.bus, line_name(g, line), &first, &last);

	if (n) {
		first = clock_to_wire(&s->scale, first);
		last = clock_to_wire(&s->scale, last);
		/* never before what was told already, never in the future */
		first = first > l->last_ns ? first : l->last_ns;
		last = last > now_ns ? now_ns : last;
		last = last > first ? last : first;
		if (!l->pulses)
			l->first_ns = first;
		l->last_ns = last;
		l->pulses += n;
	}
	if (!l->pulses || now_ns - l->sent_ns < PULSES_NS)
		return;
	gpio_wire_init(&m, GPIO_WIRE_PULSES);
	m.line = (uint16_t)line;
	m.pulses = l->pulses;
	m.first_ns = l->first_ns;
	m.last_ns = l->last_ns;
	if (!say(&g->clients[l->holder], &m))
		return;
	g->pulses += l->pulses;
	l->pulses = 0;
	l->sent_ns = now_ns;
}

static void gpio_tick(struct sim_port *p, int64_t now_ns)
{
	struct gpio_port *g = (struct gpio_port *)p;

	for (int i = 0; i < g->lines; i++) {
		if (g->line[i].holder < 0)
			continue;
		if (g->line[i].mode == GPIO_IN)
			watch_level(g, i, now_ns);
		else if (g->line[i].mode == GPIO_PULSE)
			watch_pulses(g, i, now_ns);
	}
}

static void gpio_stats(const struct sim_port *p, struct text *out)
{
	const struct gpio_port *g = (const struct gpio_port *)p;

	text_printf(out, "lines=%d sets=%llu edges=%llu pulses=%llu", g->lines,
		    (unsigned long long)g->sets, (unsigned long long)g->edges,
		    (unsigned long long)g->pulses);
	text_printf(out, " edge_us=%lld", (long long)(g->edge_ns / 1000));
	for (int i = 0; i < g->lines; i++)
		if (g->line[i].mode == GPIO_OUT && g->line[i].set_ns)
			text_printf(out, " set_%s_us=%lld", line_name(g, i),
				    (long long)(g->line[i].set_ns / 1000));
}

static void gpio_unplug(struct sim_port *p)
{
	struct gpio_port *g = (struct gpio_port *)p;

	unlink(p->path);
	for (int i = 0; i < CLIENTS_MAX; i++)
		drop(&g->clients[i]);
	if (g->fd < 0)
		return;
	loop_remove_io(g->io);
	close(g->fd);
	g->fd = -1;
}

static int gpio_plug(struct sim_port *p, struct error *err)
{
	struct gpio_port *g = (struct gpio_port *)p;

	if (g->fd >= 0)
		return 0;
	g->fd = link_listen(p->path, 0600, err);
	if (g->fd < 0)
		return g->fd;
	g->io = loop_add_io(p->server->loop, g->fd, EPOLLIN, on_connect, g);
	return 0;
}

static void gpio_close(struct sim_port *p)
{
	gpio_unplug(p);
	free(p);
}

static const struct sim_port_ops gpio_ops = {.close = gpio_close,
					     .tick = gpio_tick,
					     .stats = gpio_stats,
					     .unplug = gpio_unplug,
					     .plug = gpio_plug};

int sim_gpio_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err)
{
	struct gpio_port *g = xcalloc(1, sizeof(*g));
	int rc;

	g->port = (struct sim_port){.ops = &gpio_ops,
				    .server = s,
				    .bus = bus,
				    .name = s->config.fixture->buses[bus].port + 4};
	g->fd = -1;
	g->lines = world_gpio_lines(s->world, bus);
	if (g->lines > LINES_MAX)
		g->lines = LINES_MAX;
	for (int i = 0; i < CLIENTS_MAX; i++)
		g->clients[i] = (struct gpio_client){.port = g, .fd = -1};
	for (int i = 0; i < g->lines; i++)
		g->line[i].holder = -1;
	snprintf(g->port.path, sizeof(g->port.path), "%s/%s.gpio", s->config.dir, g->port.name);
	rc = gpio_plug(&g->port, err);
	if (rc) {
		free(g);
		return rc;
	}
	*out = &g->port;
	return 0;
}
