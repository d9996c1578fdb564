/* SPDX-License-Identifier: MIT
 *
 * Modbus TCP: connections bounded in time, with names resolved, and one question at a time, each
 * with a number of its own. Framing is mbap.c's, not libmodbus': its raw call of 3.1.6 sends number 0
 * twice running, and its ordinary ones take the answer of another unit.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "bus/mbap.h"
#include "bus/rtu.h"
#include "wire.h"

struct wire_tcp {
	int fd;
	uint16_t id; /* of the last question */
	char peer[160];
};

/* ---- connection ------------------------------------------------------------ */

static int resolve(const struct fx_bus *bus, const char *sim_dir, char *text, size_t size,
		   struct error *err)
{
	char path[4096], *bytes;
	size_t n;
	int rc;

	if (strncmp(bus->port, "sim:", 4) != 0) {
		text_copy(text, size, bus->port);
		return 0;
	}
	if (!sim_dir || strchr(bus->port + 4, '/'))
		return error_set(err, ERR_CONFIG, "%s is a simulated port; no simulator was named",
				 bus->port);
	snprintf(path, sizeof(path), "%s/%s.tcp", sim_dir, bus->port + 4);
	rc = text_read_file(path, 256, &bytes, &n, NULL);
	if (rc < 0)
		return error_set(err, ERR_NOT_FOUND,
				 "%s: no such simulated port in %s; is benchsim running?",
				 bus->port, sim_dir);
	bytes[strcspn(bytes, "\r\n")] = 0;
	text_copy(text, size, bytes);
	free(bytes);
	return 0;
}

static int split(char *text, char **host, char **service, struct error *err)
{
	char *colon = strrchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return error_set(err, ERR_CONFIG, "port %s; a TCP port is named host:port", text);
	*colon = 0;
	*service = colon + 1;
	*host = text;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = 0;
		*host = text + 1;
	}
	return 0;
}

static int connect_one(const struct addrinfo *a, int timeout_ms)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, code = 0;
	socklen_t len = sizeof(code);
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		goto out;
	if (poll(&p, 1, timeout_ms) != 1) {
		errno = ETIMEDOUT;
		goto out;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code) {
		errno = code ? code : errno;
		goto out;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
out:
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

static int connect_any(const char *peer, char *host, char *service, int timeout_ms,
		       struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	int rc = getaddrinfo(host, service, &hints, &list), fd = -1;

	if (rc != 0)
		return error_set(err, ERR_NOT_FOUND, "%s: %s", peer, gai_strerror(rc));
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = connect_one(a, timeout_ms);
	rc = fd < 0 ? error_errno(err, "%s", peer) : fd;
	freeaddrinfo(list);
	return rc;
}

int wire_tcp_connect(const struct fx_bus *bus, const char *sim_dir, int timeout_ms, char *peer,
		     size_t size, struct error *err)
{
	char text[256], *host = NULL, *service = NULL;
	int rc = resolve(bus, sim_dir, text, sizeof(text), err);

	if (rc < 0)
		return rc;
	text_copy(peer, size, text);
	rc = split(text, &host, &service, err);
	return rc < 0 ? rc : connect_any(peer, host, service, timeout_ms, err);
}

struct wire_tcp *wire_tcp_open(const struct fx_bus *bus, const char *sim_dir, int timeout_ms,
			       struct error *err)
{
	struct wire_tcp *w = xcalloc(1, sizeof(*w));

	w->fd = wire_tcp_connect(bus, sim_dir, timeout_ms, w->peer, sizeof(w->peer), err);
	if (w->fd >= 0)
		return w;
	wire_tcp_free(w);
	return NULL;
}

void wire_tcp_free(struct wire_tcp *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int wire_tcp_fd(const struct wire_tcp *w)
{
	return w->fd;
}

const char *wire_tcp_peer(const struct wire_tcp *w)
{
	return w->peer;
}

/* ---- transactions ---------------------------------------------------------- */

int wire_answer(int fd, struct mbap_answer *a, int64_t until_ns, struct error *err)
{
	int rc = 0;

	while (rc == 0) {
		int64_t left_ns = until_ns - clock_mono_ns();
		struct pollfd q = {.fd = fd, .events = POLLIN};
		size_t room;
		uint8_t *p = mbap_room(a, &room);
		ssize_t got;

		if (left_ns <= 0 || poll(&q, 1, (int)(left_ns / NS_PER_MS) + 1) == 0)
			return error_set(err, ERR_TIMEOUT,
					 a->n < MBAP_HEADER ? "no answer"
							    : "half an answer and no more");
		got = recv(fd, p, room, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return error_set(err, ERR_CLOSED, "closed the connection");
		rc = mbap_took(a, (size_t)got, err);
	}
	return rc < 0 ? rc : 0;
}

int wire_tcp_transact(struct wire_tcp *w, uint8_t unit, const uint8_t *pdu, size_t n,
		      uint8_t *reply, size_t max, size_t *reply_n, int64_t timeout_ns,
		      struct error *err)
{
	int64_t until_ns = clock_mono_ns() + timeout_ns;
	struct mbap_answer answer;
	uint8_t adu[MBAP_ADU_MAX];
	struct error why = {0};
	size_t length;
	int rc;

	*reply_n = 0;
	if (n < 5 || n > RTU_PDU_MAX || max < RTU_ADU_MAX)
		return error_set(err, ERR_RANGE, "request of %zu bytes", n);
	length = mbap_build(adu, ++w->id, unit, pdu, n);
	rc = send(w->fd, adu, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length ? 0
										      : ERR_CLOSED;
	mbap_expect(&answer, w->id, unit);
	if (rc == 0)
		rc = wire_answer(w->fd, &answer, until_ns, &why);
	if (rc == ERR_CLOSED)
		return error_set(err, rc, "%s closed the connection", w->peer);
	if (rc < 0)
		return error_set(err, rc, "%s, unit %u: %s", w->peer, unit, why.text);
	*reply_n = answer.length - MBAP_HEADER;
	memcpy(reply, answer.adu + MBAP_HEADER, *reply_n);
	return 0;
}
