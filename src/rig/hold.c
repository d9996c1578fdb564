/* SPDX-License-Identifier: MIT */
#include "rig/hold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/loop.h"
#include "base/text.h"

/* Simulated rigs and ports are those of their simulator's folder, real ones the machine's. */
static int hold_one(struct rig_hold *h, const char *what, const char *folder,
		    struct link_peer *holder)
{
	char name[64] = "benchd-io/", *hex = name + strlen(name);
	struct text key = {0};
	uint8_t hash[32];
	int fd;

	text_printf(&key, "%s %s", what, folder);
	text_sha256(hash, key.buf, key.len);
	text_hex(hex, hash, 16);
	text_release(&key);
	fd = link_lock(name, holder, NULL);
	if (fd >= 0)
		h->fd[h->count++] = fd;
	else
		text_copy(h->what, sizeof(h->what), what);
	return fd < 0 ? fd : 0;
}

/* Host names and the ids of adapters are written in either case. */
static void name_port(char *what, size_t size, const struct fx_bus *bus)
{
	text_copy(what, size, "port ");
	text_copy(what + 5, size - 5, bus->port);
	for (char *s = what; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* Two rigs may share a chip, line by line, and a printer, job by job. */
static bool is_shared(const struct fx_bus *bus)
{
	return bus->kind == BUS_GPIO || bus->kind == BUS_TCP;
}

int rig_hold(struct rig_hold *h, const struct fixture *f, const char *sim_dir,
	     struct link_peer *holder)
{
	char *sim = sim_dir ? realpath(sim_dir, NULL) : NULL, what[sizeof(h->what)];
	const char *folder = sim ? sim : sim_dir ? sim_dir : "";
	struct link_peer other;
	int rc, all;

	text_copy(what, sizeof(what), "rig ");
	text_copy(what + 4, sizeof(what) - 4, f->name);
	all = hold_one(h, what, f->simulated ? folder : "", holder);
	for (int i = 0; i < f->bus_count && all != ERR_BUSY; i++) {
		if (is_shared(&f->buses[i]))
			continue;
		name_port(what, sizeof(what), &f->buses[i]);
		rc = hold_one(h, what, strncmp(what, "port sim:", 9) ? "" : folder, &other);
		if (rc == ERR_BUSY || (rc && !all)) {
			all = rc;
			*holder = other;
		}
	}
	free(sim);
	if (all == ERR_BUSY)
		rig_hold_release(h);
	return all;
}

static void on_visitor(void *ctx, uint32_t events)
{
	const int *lock = ctx;
	int fd;

	(void)events;
	while ((fd = accept4(*lock, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		(void)close(fd);
}

void rig_hold_answers(struct rig_hold *h, struct loop *loop)
{
	for (int i = 0; i < h->count; i++)
		h->io[i] = loop_add_io(loop, h->fd[i], EPOLLIN, on_visitor, &h->fd[i]);
}

void rig_hold_release(struct rig_hold *h)
{
	while (h->count > 0) {
		h->count--;
		loop_remove_io(h->io[h->count]);
		h->io[h->count] = NULL;
		(void)close(h->fd[h->count]);
	}
}
