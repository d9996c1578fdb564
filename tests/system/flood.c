/* SPDX-License-Identifier: MIT
 *
 * flood SOCKET COUNT ROUTE ARGUMENT: COUNT requests without waiting for an answer, as a client that
 * has lost its mind would send them; prints how many answers came, and how many of them were 503.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/socket.h"
#include "link/web.h"

static int answers, refused;

/* False: the link is closed. */
static bool take_answers(int fd)
{
	static uint8_t buf[WEB_MESSAGE_MAX];
	struct error err = {0};
	struct web_msg m;
	int n;

	while ((n = link_receive(fd, buf, sizeof(buf), NULL, &err)) > 0) {
		if (web_decode(&m, buf, (size_t)n, &err) < 0 || m.kind != WEB_REPLY)
			continue;
		answers++;
		refused += m.status == 503;
	}
	return n == 0;
}

static enum web_route route_of(const char *name)
{
	for (int r = 1; r < WEB_ROUTE_COUNT; r++)
		if (strcmp(web_route_info((enum web_route)r)->name, name) == 0)
			return (enum web_route)r;
	(void)fprintf(stderr, "flood: no route %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	static uint8_t buf[WEB_MESSAGE_MAX];
	struct web_msg m = {.kind = WEB_REQUEST, .body = "{}", .size = 2};
	struct error err = {0};
	int count = argc == 5 ? atoi(argv[2]) : 0;
	int fd = count > 0 ? link_connect(argv[1], &err) : -1;
	bool open = fd >= 0;

	if (!open)
		return 2;
	m.route = (uint16_t)route_of(argv[3]);
	(void)snprintf(m.arg, sizeof(m.arg), "%s", argv[4]);
	for (int sent = 0; open && answers < count;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n;

		if (sent < count)
			p.events |= POLLOUT;
		if (poll(&p, 1, 30000) <= 0)
			break;
		open = take_answers(fd);
		if (!open || !(p.revents & POLLOUT))
			continue;
		m.id = (uint32_t)sent + 1;
		n = web_encode(&m, buf, sizeof(buf));
		open = n > 0 && link_send(fd, buf, (size_t)n, -1, &err) == 0;
		sent += open;
	}
	printf("%d answers, %d refused\n", answers, refused);
	return answers == count ? 0 : 1;
}
