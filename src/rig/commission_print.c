/* SPDX-License-Identifier: MIT
 *
 * One label on a ZPL printer, by a serial port or raw TCP ("tcp:HOST:9100"): asked how it is, sent the
 * job, asked again until it is done. Nothing is sent to a printer that does not say it is ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "rig/label.h"
#include "scan.h"

enum { ANSWER_MAX = 512, ASK_MS = 200, CONNECT_MS = 3000 };
#define DONE_NS (15 * NS_PER_S)

struct printer {
	struct scan_line line; /* serial: its port is open */
	int fd;		       /* non-blocking */
	bool is_tcp;
};

static int refuse(const char *port, const char *why)
{
	fprintf(stderr, "benchd-io: printer %s: %s\n", port, why);
	return COMMISSION_NOT_DONE;
}

static int connect_one(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int code = 0;
	socklen_t len = sizeof(code);

	if (fd < 0)
		return -1;
	if ((!connect(fd, a->ai_addr, a->ai_addrlen) || errno == EINPROGRESS) &&
	    poll(&p, 1, CONNECT_MS) == 1 && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) &&
	    !code)
		return fd;
	close(fd);
	return -1;
}

static int open_tcp(struct printer *p, const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char host[128];
	const char *colon = strrchr(name, ':');
	int n = colon ? (int)(colon - name) : 0;

	p->fd = -1;
	if (!colon || n < 1 || n >= (int)sizeof(host))
		return refuse(name, "expected tcp:HOST:PORT, as tcp:10.0.0.5:9100") + 1;
	snprintf(host, sizeof(host), "%.*s", n, name);
	if (getaddrinfo(host, colon + 1, &hints, &list))
		return refuse(name, "no such host");
	for (const struct addrinfo *a = list; a && p->fd < 0; a = a->ai_next)
		p->fd = connect_one(a);
	freeaddrinfo(list);
	return p->fd < 0 ? refuse(name, "does not take the connection") : 0;
}

static int open_printer(struct printer *p, const struct commission *c)
{
	int code;

	*p = (struct printer){.fd = -1, .is_tcp = !strncmp(c->words[0], "tcp:", 4)};
	if (p->is_tcp)
		return open_tcp(p, c->words[0] + 4);
	code = scan_line_open(&p->line, c, c->words[0], c->baud ? c->baud : 9600);
	p->fd = code ? -1 : p->line.port.fd;
	return code;
}

static void close_printer(struct printer *p)
{
	if (p->is_tcp && p->fd >= 0)
		close(p->fd);
	else if (p->fd >= 0)
		scan_line_close(&p->line);
}

static bool put(struct printer *p, const char *bytes, size_t n)
{
	int64_t until_ns = clock_mono_ns() + 5 * NS_PER_S;
	struct pollfd w = {.fd = p->fd, .events = POLLOUT};

	while (n && clock_mono_ns() < until_ns) {
		ssize_t k = poll(&w, 1, ASK_MS) == 1 ? write(p->fd, bytes, n) : 0;

		if (k < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		bytes += k > 0 ? k : 0;
		n -= k > 0 ? (size_t)k : 0;
	}
	return !n;
}

/* Ask how it is; false: no whole answer in 2 s. */
static bool ask(struct printer *p, struct label_state *s)
{
	int64_t until_ns = clock_mono_ns() + 2 * NS_PER_S;
	struct pollfd r = {.fd = p->fd, .events = POLLIN};
	char answer[ANSWER_MAX];
	size_t n = 0;

	if (!put(p, label_ask, strlen(label_ask)))
		return false;
	while (n < sizeof(answer) && clock_mono_ns() < until_ns) {
		ssize_t k = poll(&r, 1, ASK_MS) == 1 ? read(p->fd, answer + n, sizeof(answer) - n)
						     : 0;

		if (k < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		n += k > 0 ? (size_t)k : 0;
		if (label_read_state(answer, n, s))
			return true;
	}
	return false;
}

static int print(struct printer *p, const struct commission *c, const struct text *job)
{
	int64_t until_ns = clock_mono_ns() + DONE_NS;
	struct label_state s;

	if (!ask(p, &s))
		return refuse(c->words[0], "does not answer ~HS: no ZPL printer, or switched off");
	if (strcmp(label_state_text(&s), "ready"))
		return refuse(c->words[0], label_state_text(&s));
	if (!put(p, job->buf, job->len))
		return refuse(c->words[0], "does not take the label");
	do {
		(void)poll(NULL, 0, ASK_MS);
		if (!ask(p, &s))
			return refuse(c->words[0], "went silent over the label");
	} while (s.busy && clock_mono_ns() < until_ns);
	if (strcmp(label_state_text(&s), "ready"))
		return refuse(c->words[0], label_state_text(&s));
	printf("printed on %s\n", c->words[0]);
	return COMMISSION_DONE;
}

int commission_print_label(const struct commission *c)
{
	struct error err = {0};
	struct text job = {0};
	struct printer p;
	int code;

	if (label_zpl(&c->label, &job, &err)) {
		fprintf(stderr, "benchd-io: %s\n", err.text);
		text_release(&job);
		return COMMISSION_USAGE;
	}
	code = open_printer(&p, c);
	if (!code)
		code = print(&p, c, &job);
	close_printer(&p);
	text_release(&job);
	return code;
}
