/* SPDX-License-Identifier: MIT
 *
 * Modbus TCP by libmodbus' ordinary calls, which number their transactions (its raw call of 3.1.6
 * sends number 0 twice running). The connection is made here, bounded in time, with names resolved.
 */
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
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
#include "bus/bus.h"
#include "bus/plan.h"
#include "bus/rtu.h"
#include "wire.h"

struct wire_tcp {
	modbus_t *ctx;
	int fd;
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
		return error_set(err, ERR_CONFIG, "port %s; Modbus TCP is named host:port", text);
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

struct wire_tcp *wire_tcp_open(const struct fx_bus *bus, const char *sim_dir, int timeout_ms,
			       struct error *err)
{
	char text[256], *host = NULL, *service = NULL;
	struct wire_tcp *w;
	int fd;

	if (resolve(bus, sim_dir, text, sizeof(text), err) < 0)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->fd = -1;
	text_copy(w->peer, sizeof(w->peer), text);
	if (split(text, &host, &service, err) < 0)
		goto out;
	fd = connect_any(w->peer, host, service, timeout_ms, err);
	if (fd < 0)
		goto out;
	w->fd = fd;
	/* Address and port are not used: the socket is ours. */
	w->ctx = modbus_new_tcp("127.0.0.1", 502);
	if (!w->ctx) {
		error_set(err, ERR_IO, "%s: %s", w->peer, modbus_strerror(errno));
		goto out;
	}
	modbus_set_socket(w->ctx, fd);
	/* No byte time-out: the whole reply has to be there within the response time-out. */
	modbus_set_byte_timeout(w->ctx, 0, 0);
	return w;
out:
	wire_tcp_free(w);
	return NULL;
}

void wire_tcp_free(struct wire_tcp *w)
{
	if (!w)
		return;
	if (w->ctx) {
		modbus_set_socket(w->ctx, -1);
		modbus_free(w->ctx);
	}
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int wire_tcp_fd(const struct wire_tcp *w)
{
	return w->fd;
}

/* ---- transactions ---------------------------------------------------------- */

static unsigned u16_at(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static int read_bits(struct wire_tcp *w, const uint8_t *pdu, uint8_t *reply, size_t *reply_n)
{
	int first = (int)u16_at(pdu + 1), count = (int)u16_at(pdu + 3);
	uint8_t bits[PLAN_COILS_MAX];
	int rc;

	if (count > PLAN_COILS_MAX) {
		errno = EINVAL;
		return -1;
	}
	rc = pdu[0] == MODBUS_READ_COILS ? modbus_read_bits(w->ctx, first, count, bits)
					 : modbus_read_input_bits(w->ctx, first, count, bits);
	if (rc < 0)
		return -1;
	reply[1] = (uint8_t)((count + 7) / 8);
	memset(reply + 2, 0, reply[1]);
	for (int i = 0; i < count; i++)
		if (bits[i])
			reply[2 + i / 8] |= (uint8_t)(1u << i % 8);
	*reply_n = 2u + reply[1];
	return 0;
}

static int read_registers(struct wire_tcp *w, const uint8_t *pdu, uint8_t *reply, size_t *reply_n)
{
	int first = (int)u16_at(pdu + 1), count = (int)u16_at(pdu + 3);
	uint16_t regs[MODBUS_MAX_READ_REGISTERS];
	int rc = pdu[0] == MODBUS_READ_HOLDING
			 ? modbus_read_registers(w->ctx, first, count, regs)
			 : modbus_read_input_registers(w->ctx, first, count, regs);

	if (rc < 0)
		return -1;
	reply[1] = (uint8_t)(2 * count);
	for (int i = 0; i < count; i++) {
		reply[2 + 2 * i] = (uint8_t)(regs[i] >> 8);
		reply[3 + 2 * i] = regs[i] & 0xff;
	}
	*reply_n = 2u + reply[1];
	return 0;
}

static int write_many(struct wire_tcp *w, const uint8_t *pdu, size_t n)
{
	int first = (int)u16_at(pdu + 1), count = (int)u16_at(pdu + 3);
	uint8_t bits[MODBUS_MAX_WRITE_REGISTERS];
	uint16_t regs[MODBUS_MAX_WRITE_REGISTERS];

	if (count > MODBUS_MAX_WRITE_REGISTERS || n < 6 || n < 6u + pdu[5]) {
		errno = EINVAL;
		return -1;
	}
	if (pdu[0] == MODBUS_WRITE_COILS) {
		for (int i = 0; i < count; i++)
			bits[i] = pdu[6 + i / 8] >> (i % 8) & 1;
		return modbus_write_bits(w->ctx, first, count, bits);
	}
	for (int i = 0; i < count; i++)
		regs[i] = (uint16_t)u16_at(pdu + 6 + 2 * i);
	return modbus_write_registers(w->ctx, first, count, regs);
}

static int call(struct wire_tcp *w, const uint8_t *pdu, size_t n, uint8_t *reply, size_t *reply_n)
{
	int first = (int)u16_at(pdu + 1);
	unsigned value = u16_at(pdu + 3);
	int rc;

	*reply_n = 5;
	memcpy(reply, pdu, 5);
	switch ((enum modbus_function)pdu[0]) {
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE: return read_bits(w, pdu, reply, reply_n);
	case MODBUS_READ_HOLDING:
	case MODBUS_READ_INPUT: return read_registers(w, pdu, reply, reply_n);
	case MODBUS_WRITE_COIL:
		/* The ordinary call knows on and off only. */
		if (value != 0 && value != 0xff00) {
			errno = EINVAL;
			return -1;
		}
		rc = modbus_write_bit(w->ctx, first, value != 0);
		break;
	case MODBUS_WRITE_REGISTER:
		rc = modbus_write_register(w->ctx, first, (uint16_t)value);
		break;
	case MODBUS_WRITE_COILS:
	case MODBUS_WRITE_REGISTERS: rc = write_many(w, pdu, n); break;
	default: errno = EINVAL; return -1;
	}
	return rc < 0 ? -1 : 0;
}

int wire_tcp_transact(struct wire_tcp *w, uint8_t unit, const uint8_t *pdu, size_t n,
		      uint8_t *reply, size_t max, size_t *reply_n, int64_t timeout_ns,
		      struct error *err)
{
	int64_t us = timeout_ns > 1000 ? timeout_ns / 1000 : 1;
	int code;

	if (n < 5 || max < RTU_ADU_MAX)
		return error_set(err, ERR_RANGE, "request of %zu bytes", n);
	modbus_set_slave(w->ctx, unit);
	modbus_set_response_timeout(w->ctx, (uint32_t)(us / 1000000), (uint32_t)(us % 1000000));
	if (call(w, pdu, n, reply, reply_n) == 0)
		return 0;
	code = errno;
	if (code > MODBUS_ENOBASE && code <= EMBXGTAR) {
		reply[0] = pdu[0] | RTU_EXCEPTION;
		reply[1] = (uint8_t)(code - MODBUS_ENOBASE);
		*reply_n = 2;
		return 0;
	}
	*reply_n = 0;
	if (code == ETIMEDOUT)
		return error_set(err, ERR_TIMEOUT, "%s, unit %u: no answer", w->peer, unit);
	if (code == EINVAL)
		return error_set(err, ERR_RANGE, "%s: function %u with these values is not sent",
				 w->peer, pdu[0]);
	if (code == ECONNRESET || code == EPIPE || code == ECONNREFUSED || code == EBADF)
		return error_set(err, ERR_CLOSED, "%s closed the connection", w->peer);
	return error_set(err, ERR_PROTOCOL, "%s, unit %u: %s", w->peer, unit,
			 modbus_strerror(code));
}
