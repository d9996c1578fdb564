/* SPDX-License-Identifier: MIT
 *
 * Pseudo-terminals, and the scanners behind them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "sim/serve.h"

int sim_pty_open(const char *path, int *keep, struct error *err)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;
	char name[64];

	*keep = -1;
	if (master < 0)
		return error_errno(err, "pseudo-terminal");
	if (grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof(name)))
		goto fail;
	*keep = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*keep < 0 || tcgetattr(*keep, &t))
		goto fail;
	cfmakeraw(&t);
	if (tcsetattr(*keep, TCSANOW, &t))
		goto fail;
	/* a link left by one that was killed is ours: the folder is locked */
	if ((unlink(path) && errno != ENOENT) || symlink(name, path))
		goto fail;
	return master;
fail:
	error_errno(err, "%s", path);
	if (*keep >= 0)
		close(*keep);
	*keep = -1;
	close(master);
	return ERR_IO;
}

struct scanner_port {
	struct sim_port port;
	int fd, keep;
	uint64_t codes;
};

static void scanner_close(struct sim_port *p)
{
	struct scanner_port *s = (struct scanner_port *)p;

	if (s->fd >= 0)
		close(s->fd);
	if (s->keep >= 0)
		close(s->keep);
	free(s);
}

static void scanner_tick(struct sim_port *p, int64_t now_ns)
{
	struct scanner_port *s = (struct scanner_port *)p;
	uint8_t bytes[256], junk[256];
	size_t n = world_serial_read(p->server->world, p->bus, bytes, sizeof(bytes));

	(void)now_ns;
	if (s->fd < 0)
		return;
	/* what the host says to a scanner is read and forgotten */
	while (read(s->fd, junk, sizeof(junk)) > 0)
		;
	if (n && write(s->fd, bytes, n) == (ssize_t)n)
		s->codes++;
}

static void scanner_stats(const struct sim_port *p, struct text *out)
{
	text_printf(out, "codes=%llu", (unsigned long long)((const struct scanner_port *)p)->codes);
}

static void scanner_unplug(struct sim_port *p)
{
	struct scanner_port *s = (struct scanner_port *)p;

	unlink(p->path);
	if (s->fd >= 0)
		close(s->fd);
	if (s->keep >= 0)
		close(s->keep);
	s->fd = s->keep = -1;
}

static int scanner_plug(struct sim_port *p, struct error *err)
{
	struct scanner_port *s = (struct scanner_port *)p;

	if (s->fd >= 0)
		return 0;
	s->fd = sim_pty_open(p->path, &s->keep, err);
	return s->fd < 0 ? s->fd : 0;
}

static const struct sim_port_ops scanner_ops = {.close = scanner_close,
						.tick = scanner_tick,
						.stats = scanner_stats,
						.unplug = scanner_unplug,
						.plug = scanner_plug};

int sim_scanner_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err)
{
	struct scanner_port *p = xcalloc(1, sizeof(*p));
	int rc;

	p->port = (struct sim_port){.ops = &scanner_ops,
				    .server = s,
				    .bus = bus,
				    .name = s->config.fixture->buses[bus].port + 4};
	p->fd = p->keep = -1;
	snprintf(p->port.path, sizeof(p->port.path), "%s/%s", s->config.dir, p->port.name);
	rc = scanner_plug(&p->port, err);
	if (rc) {
		free(p);
		return rc;
	}
	*out = &p->port;
	return 0;
}
