/* SPDX-License-Identifier: MIT */
#include "link/io_client.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "link/socket.h"

enum { MESSAGES_AT_ONCE = 64 };
#define CONNECT_MIN_NS (200 * NS_PER_MS)
#define CONNECT_MAX_NS (2 * NS_PER_S)
#define REFUSED_MIN_NS (1 * NS_PER_S)
#define REFUSED_MAX_NS (30 * NS_PER_S)
#define READY_NS       (50 * NS_PER_MS)

struct io_client {
	struct io_client_config config;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	bool broken, ever_up;
	bool used;	   /* a message was accepted on this link */
	unsigned refusals; /* links in a row without one */
	int64_t backoff_ns, since_ns;
	char why[160];
	struct io_msg in;
};

static void set_why(struct io_client *c, const char *why)
{
	text_copy(c->why, sizeof(c->why), why);
}

/* Wire time until the next try. */
static int64_t pause_ns(const struct io_client *c)
{
	int64_t ns = REFUSED_MIN_NS;

	if (!c->refusals)
		return CONNECT_MIN_NS;
	for (unsigned i = 1; i < c->refusals && ns < REFUSED_MAX_NS; i++)
		ns *= 2;
	return ns < REFUSED_MAX_NS ? ns : REFUSED_MAX_NS;
}

static void close_link(struct io_client *c)
{
	loop_remove_io(c->io);
	close(c->fd);
	c->io = NULL;
	c->fd = -1;
	c->broken = false;
	c->refusals = c->used ? 0 : c->refusals + 1;
	if (!c->config.once)
		loop_set_timer(c->timer, clock_mono_ns() + pause_ns(c));
	c->config.ops.lost(c->config.ops.ctx, false, c->why);
}

static void on_packets(void *ctx, uint32_t events)
{
	struct io_client *c = ctx;
	uint8_t packet[IO_MESSAGE_MAX];
	struct error err;

	(void)events;
	for (int i = 0; i < MESSAGES_AT_ONCE && !c->broken; i++) {
		int n = link_receive(c->fd, packet, sizeof(packet), NULL, &err);

		if (n == 0)
			break;
		if (n < 0 && !c->used)
			io_client_break(c,
					"benchd closed it at once; its log and `benchctl doctor` "
					"say why");
		else if (n < 0 || io_decode(&c->in, packet, (size_t)n, &err) ||
			 c->config.ops.message(c->config.ops.ctx, &c->in, &err) < 0)
			io_client_break(c, err.text);
		else
			c->used = true;
	}
	c->config.ops.done(c->config.ops.ctx);
}

static void use(struct io_client *c, int fd)
{
	c->fd = fd;
	c->broken = c->used = false;
	c->backoff_ns = CONNECT_MIN_NS;
	c->io = loop_add_io(c->config.loop, fd, EPOLLIN, on_packets, c);
	if (!c->io) {
		set_why(c, "its descriptor cannot be watched");
		close_link(c);
		return;
	}
	c->ever_up = true;
	c->config.ops.up(c->config.ops.ctx);
}

static void connect_later(struct io_client *c, int64_t after_ns)
{
	loop_set_timer(c->timer, clock_mono_ns() + after_ns);
}

static void on_timer(void *ctx)
{
	struct io_client *c = ctx;
	struct error err = {0};
	int fd;

	if (c->fd >= 0)
		return;
	if (!c->config.ops.ready(c->config.ops.ctx)) {
		connect_later(c, READY_NS);
		return;
	}
	fd = c->config.path ? link_connect(c->config.path, &err) : c->config.fd;
	if (fd >= 0) {
		use(c, fd);
	} else if (c->config.once && c->config.give_up_ns && !c->ever_up &&
		   clock_mono_ns() - c->since_ns > c->config.give_up_ns) {
		c->config.ops.lost(c->config.ops.ctx, true, err.text);
	} else {
		connect_later(c, c->backoff_ns);
		c->backoff_ns *= 2;
		if (c->backoff_ns > CONNECT_MAX_NS)
			c->backoff_ns = CONNECT_MAX_NS;
		return;
	}
	c->config.ops.done(c->config.ops.ctx);
}

struct io_client *io_client_start(const struct io_client_config *config)
{
	struct io_client *c = xcalloc(1, sizeof(*c));

	c->config = *config;
	c->config.once = config->once || !config->path;
	c->fd = -1;
	c->since_ns = clock_mono_ns();
	c->backoff_ns = CONNECT_MIN_NS;
	c->timer = loop_add_timer(config->loop, on_timer, c);
	loop_set_timer(c->timer, c->since_ns);
	return c;
}

void io_client_free(struct io_client *c)
{
	if (!c)
		return;
	if (c->fd >= 0) {
		loop_remove_io(c->io);
		close(c->fd);
	}
	loop_remove_timer(c->timer);
	free(c);
}

void io_client_send(struct io_client *c, const struct io_msg *m)
{
	uint8_t packet[IO_MESSAGE_MAX];
	struct error err;
	int n;

	if (c->fd < 0 || c->broken)
		return;
	n = io_encode(m, packet, sizeof(packet));
	if (n < 0)
		panic("a %s message has a field out of its range", io_type_name(m->type));
	/* A benchd that does not read is as good as gone: its leases end. */
	if (link_send(c->fd, packet, (size_t)n, -1, &err))
		io_client_break(c, err.text);
}

void io_client_break(struct io_client *c, const char *why)
{
	if (c->fd < 0 || c->broken)
		return;
	c->broken = true;
	set_why(c, why);
}

bool io_client_settle(struct io_client *c)
{
	if (c->fd < 0 || !c->broken)
		return false;
	close_link(c);
	return true;
}

bool io_client_is_up(const struct io_client *c)
{
	return c && c->fd >= 0;
}

unsigned io_client_refusals(const struct io_client *c)
{
	return c->refusals;
}
