/* SPDX-License-Identifier: MIT
 *
 * A label printer: takes ZPL by TCP, one client at a time, or on a pseudo-terminal, answers ~HS, and
 * keeps what it has printed in DIR/NAME.zpl until the end. As a real one it keeps a label that it
 * cannot print, and prints it when it can again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/serve.h"

enum { JOB_MAX = 8192, HALF = 64 };
#define LABEL_NS (300 * NS_PER_MS)

enum condition {
	READY = 0,
	OUT_OF_LABELS,
	HEAD_OPEN,
	PAUSED,
	DEAF,
	HALF_A_LABEL,
	STUCK,
	CONDITIONS
};
static const char *const condition_names[] = {
	[READY] = "ready",
	[OUT_OF_LABELS] = "out_of_labels",
	[HEAD_OPEN] = "head_open",
	[PAUSED] = "paused",
	[DEAF] = "deaf",		 /* takes everything, answers nothing */
	[HALF_A_LABEL] = "half_a_label", /* hangs up in the middle of the next one */
	[STUCK] = "stuck",		 /* prints for ever */
};

struct printer_port {
	struct sim_port port;
	bool is_pty;
	int listen_fd, fd, keep; /* -1: none */
	struct loop_io *listen_io, *io;
	struct loop_timer *timer; /* the label under the head */
	enum condition condition;
	char job[JOB_MAX]; /* since ^XA; and what may become one */
	size_t n;
	char *waiting; /* whole jobs, not printed yet */
	size_t waiting_n;
	int formats;
	uint64_t printed;
	char labels[SIM_PATH_MAX + 8]; /* the file */
};

static void hang_up(struct printer_port *p)
{
	if (p->fd < 0)
		return;
	loop_remove_io(p->io);
	close(p->fd);
	if (p->keep >= 0)
		close(p->keep);
	p->fd = p->keep = -1;
	p->n = 0;
}

/* ---- labels ---- */

static bool prints(const struct printer_port *p)
{
	return p->condition == READY || p->condition == DEAF || p->condition == HALF_A_LABEL;
}

static void look(struct printer_port *p)
{
	loop_set_timer(p->timer, p->formats && prints(p) ? clock_mono_ns() + LABEL_NS : INT64_MAX);
}

/* All that waits: the head is as fast as it likes. */
static void on_printed(void *ctx)
{
	struct printer_port *p = ctx;
	FILE *f = fopen(p->labels, "ae");

	if (f) {
		(void)fwrite(p->waiting, 1, p->waiting_n, f);
		(void)fclose(f);
	}
	p->printed += (uint64_t)p->formats;
	p->formats = 0;
	p->waiting_n = 0;
	look(p);
}

static void take_job(struct printer_port *p)
{
	p->waiting = xrealloc(p->waiting, p->waiting_n + p->n);
	memcpy(p->waiting + p->waiting_n, p->job, p->n);
	p->waiting_n += p->n;
	p->n = 0;
	p->formats++;
	look(p);
}

static void tell_state(struct printer_port *p)
{
	char answer[160];
	int n = snprintf(answer, sizeof(answer),
			 "\x02"
			 "030,%d,%d,0240,%03d,0,0,0,000,0,0,0\x03\r\n"
			 "\x02"
			 "001,0,%d,0,0,2,4,0,%08d,1,000\x03\r\n"
			 "\x02"
			 "1234,0\x03\r\n",
			 p->condition == OUT_OF_LABELS, p->condition == PAUSED, p->formats,
			 p->condition == HEAD_OPEN, p->condition == STUCK);

	if (p->condition != DEAF && write(p->fd, answer, (size_t)n) != n)
		hang_up(p);
}

static bool ends_with(const struct printer_port *p, const char *what)
{
	size_t n = strlen(what);

	return p->n >= n && !memcmp(p->job + p->n - n, what, n);
}

/* ~HS counts wherever it stands; what stands before ^XA is nothing. */
static void take_byte(struct printer_port *p, char c)
{
	if (p->n == sizeof(p->job))
		p->n = 0;
	p->job[p->n++] = c;
	if (ends_with(p, "~HS")) {
		p->n -= 3;
		tell_state(p);
	} else if (ends_with(p, "^XA")) {
		memcpy(p->job, "^XA", 3);
		p->n = 3;
	} else if (ends_with(p, "^XZ") && p->n > 3 && !memcmp(p->job, "^XA", 3)) {
		take_job(p);
	} else if (p->condition == HALF_A_LABEL && p->n >= HALF && !memcmp(p->job, "^XA", 3)) {
		p->condition = READY;
		hang_up(p);
	}
}

static void on_bytes(void *ctx, uint32_t events)
{
	struct printer_port *p = ctx;
	char bytes[512];
	ssize_t got = read(p->fd, bytes, sizeof(bytes));

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		hang_up(p);
		return;
	}
	for (ssize_t i = 0; i < got && p->fd >= 0; i++)
		take_byte(p, bytes[i]);
}

/* ---- the port ---- */

static void on_connect(void *ctx, uint32_t events)
{
	struct printer_port *p = ctx;
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0 && p->fd >= 0) {
		close(fd); /* it has one already */
	} else if (fd >= 0) {
		p->fd = fd;
		p->io = loop_add_io(p->port.server->loop, fd, EPOLLIN, on_bytes, p);
	}
}

static void printer_unplug(struct sim_port *port)
{
	struct printer_port *p = (struct printer_port *)port;

	unlink(port->path);
	hang_up(p);
	if (p->listen_fd < 0)
		return;
	loop_remove_io(p->listen_io);
	close(p->listen_fd);
	p->listen_fd = -1;
}

static int plug_pty(struct printer_port *p, struct error *err)
{
	int fd = p->fd >= 0 ? p->fd : sim_pty_open(p->port.path, &p->keep, err);

	if (fd < 0 || fd == p->fd)
		return fd < 0 ? fd : 0;
	p->fd = fd;
	p->io = loop_add_io(p->port.server->loop, fd, EPOLLIN, on_bytes, p);
	return 0;
}

static int printer_plug(struct sim_port *port, struct error *err)
{
	struct printer_port *p = (struct printer_port *)port;

	if (p->is_pty)
		return plug_pty(p, err);
	if (p->listen_fd >= 0)
		return 0;
	p->listen_fd = sim_tcp_listen(port, err);
	if (p->listen_fd < 0)
		return ERR_IO;
	p->listen_io = loop_add_io(port->server->loop, p->listen_fd, EPOLLIN, on_connect, p);
	return 0;
}

static void printer_close(struct sim_port *port)
{
	struct printer_port *p = (struct printer_port *)port;

	printer_unplug(port);
	unlink(p->labels);
	loop_remove_timer(p->timer);
	free(p->waiting);
	free(p);
}

static void printer_stats(const struct sim_port *port, struct text *out)
{
	const struct printer_port *p = (const struct printer_port *)port;

	text_printf(out, "printed=%llu waiting=%d is=%s", (unsigned long long)p->printed,
		    p->formats, condition_names[p->condition]);
}

static bool printer_set(struct sim_port *port, const char *word)
{
	struct printer_port *p = (struct printer_port *)port;

	for (int i = 0; i < CONDITIONS; i++)
		if (!strcmp(condition_names[i], word)) {
			p->condition = (enum condition)i;
			look(p);
			return true;
		}
	return false;
}

static const struct sim_port_ops printer_ops = {.close = printer_close,
						.stats = printer_stats,
						.unplug = printer_unplug,
						.plug = printer_plug,
						.set = printer_set};

int sim_printer_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err)
{
	struct printer_port *p = xcalloc(1, sizeof(*p));
	int rc;

	p->port = (struct sim_port){.ops = &printer_ops,
				    .server = s,
				    .bus = bus,
				    .name = s->config.fixture->buses[bus].port + 4};
	p->is_pty = s->config.fixture->buses[bus].kind == BUS_SERIAL;
	p->listen_fd = p->fd = p->keep = -1;
	p->timer = loop_add_timer(s->loop, on_printed, p);
	snprintf(p->port.path, sizeof(p->port.path), "%s/%s%s", s->config.dir, p->port.name,
		 p->is_pty ? "" : ".tcp");
	snprintf(p->labels, sizeof(p->labels), "%s/%s.zpl", s->config.dir, p->port.name);
	unlink(p->labels);
	rc = printer_plug(&p->port, err);
	if (rc) {
		printer_close(&p->port);
		return rc;
	}
	*out = &p->port;
	return 0;
}
