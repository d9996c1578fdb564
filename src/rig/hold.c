/* SPDX-License-Identifier: MIT */
#include "rig/hold.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "link/socket.h"

int rig_hold(const char *fixture, const char *sim_dir, pid_t *holder)
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
