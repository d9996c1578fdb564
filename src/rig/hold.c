/* SPDX-License-Identifier: MIT */
#include "rig/hold.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/loop.h"
#include "base/text.h"
#include "link/socket.h"

int rig_hold(const char *fixture, const char *sim_dir, struct link_peer *holder)
{
	char *file = realpath(fixture, NULL);
	char *sim = sim_dir ? realpath(sim_dir, NULL) : NULL;
	char name[64] = "benchd-io/", *hex = name + strlen(name);
	struct text key = {0};
	uint8_t hash[32];

	text_printf(&key, "%s %s", file ? file : "", sim ? sim : "");
	text_sha256(hash, key.buf, key.len);
	text_hex(hex, hash, 16);
	text_release(&key);
	free(file);
	free(sim);
	return link_lock(name, holder, NULL);
}

static void on_visitor(void *ctx, uint32_t events)
{
	const int *lock = ctx;
	int fd;

	(void)events;
	while ((fd = accept4(*lock, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		(void)close(fd);
}

struct loop_io *rig_hold_answers(struct loop *loop, int *lock)
{
	return *lock < 0 ? NULL : loop_add_io(loop, *lock, EPOLLIN, on_visitor, lock);
}
