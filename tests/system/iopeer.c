/* SPDX-License-Identifier: MIT
 *
 * iopeer FIXTURE SOCKET CHANNEL: a peer in benchd-io's place that says a good HELLO, then sends a
 * reading of CHANNEL. Exit code 0 when benchd closes the link on that.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/io.h"
#include "link/socket.h"
#include "plan/fixture.h"

static bool say(int fd, const struct io_msg *m)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct error err = {0};
	int n = io_encode(m, buf, sizeof(buf));

	return n > 0 && link_send(fd, buf, (size_t)n, -1, &err) == 0;
}

/* Until a message of that type came; false: the link is closed, or 5 s are over. */
static bool wait_for(int fd, enum io_type type)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct io_msg m;
	struct error err = {0};
	int n;

	while (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000) > 0) {
		while ((n = link_receive(fd, buf, sizeof(buf), NULL, &err)) > 0)
			if (io_decode(&m, buf, (size_t)n, &err) == 0 && m.type == type)
				return true;
		if (n < 0)
			return false;
	}
	(void)fprintf(stderr, "iopeer: the link stays open\n");
	exit(1);
}

int main(int argc, char **argv)
{
	struct problems problems = {0};
	struct error err = {0};
	struct io_msg hello = {.type = IO_HELLO}, samples = {.type = IO_SAMPLES};
	const struct fixture *f = argc == 4 ? fixture_load(argv[1], &problems) : NULL;
	int fd = f ? link_connect(argv[2], &err) : -1;

	if (fd < 0)
		return 2;
	hello.u.hello.version = IO_VERSION;
	(void)snprintf(hello.u.hello.rig, sizeof(hello.u.hello.rig), "%s", f->name);
	memcpy(hello.u.hello.fixture_hash, f->hash, sizeof(f->hash));
	hello.u.hello.simulated = 1;
	hello.u.hello.pid = (uint32_t)getpid();
	hello.u.hello.speed = 1;
	samples.u.samples.count = 1;
	samples.u.samples.at[0].channel = (uint16_t)atoi(argv[3]);
	samples.u.samples.at[0].quality = QUALITY_GOOD;
	samples.u.samples.at[0].at_ns = 1000;
	if (!say(fd, &hello) || !wait_for(fd, IO_WELCOME) || !say(fd, &samples))
		return 3;
	return wait_for(fd, (enum io_type)0) ? 4 : 0;
}
