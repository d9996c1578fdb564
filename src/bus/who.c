/* SPDX-License-Identifier: MIT
 *
 * Modbus function 43/14, device identification, asked over a TCP connection just made: benchsim
 * names itself as the vendor, so that a run on it is marked however real its address looks.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "wire.h"

enum { MBAP = 7, ADU_MAX = 260, TRANSACTION = 0x4314, FUNCTION = 0x2b, MEI = 0x0e };
enum { SILENCES_MAX = 3 };
#define PATIENCE_NS (400 * NS_PER_MS) /* a thread may be away so long: dead-man line, bus.c */
static const char vendor[] = "benchsim";

/* Reads n bytes; 0, ERR_TIMEOUT or ERR_CLOSED. */
static int take(int fd, uint8_t *p, size_t n, int64_t until_ns)
{
	while (n) {
		int64_t left_ns = until_ns - clock_mono_ns();
		struct pollfd q = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (left_ns <= 0 || poll(&q, 1, (int)(left_ns / NS_PER_MS) + 1) == 0)
			return ERR_TIMEOUT;
		got = recv(fd, p, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return ERR_CLOSED;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

/* PDU: function, MEI, code, conformity, more, next, count, then {id, length, bytes}; the vendor's
 * name is object 0 and comes first. */
static bool names_vendor(const uint8_t *pdu, size_t n)
{
	size_t len = sizeof(vendor) - 1;

	return n >= 9 + len && pdu[0] == FUNCTION && pdu[1] == MEI && pdu[6] >= 1 && pdu[7] == 0 &&
	       pdu[8] == len && memcmp(pdu + 9, vendor, len) == 0;
}

/* 1, 0, or negative: no answer that is one. */
static int ask(int fd, uint8_t unit)
{
	const uint8_t question[] = {
		TRANSACTION >> 8, TRANSACTION & 0xff, 0, 0, 0, 5, unit, FUNCTION, MEI, 1, 0};
	int64_t until_ns = clock_mono_ns() + PATIENCE_NS;
	uint8_t adu[ADU_MAX];
	size_t n;
	int rc;

	if (send(fd, question, sizeof(question), MSG_NOSIGNAL) != (ssize_t)sizeof(question))
		return ERR_CLOSED;
	rc = take(fd, adu, MBAP, until_ns);
	if (rc)
		return rc;
	n = (size_t)(adu[4] << 8 | adu[5]);
	if (memcmp(adu, question, 4) != 0 || n < 3 || n > ADU_MAX - MBAP + 1 || adu[6] != unit)
		return ERR_PROTOCOL;
	rc = take(fd, adu + MBAP, n - 1, until_ns);
	if (rc)
		return rc;
	return names_vendor(adu + MBAP, n - 1);
}

int who_ask(struct who *w, int fd, const uint8_t units[32])
{
	for (int unit = 0; unit < 256; unit++) {
		uint8_t bit = (uint8_t)(1u << unit % 8);
		int rc;

		if (!(units[unit / 8] & bit) || w->asked[unit / 8] & bit)
			continue;
		rc = ask(fd, (uint8_t)unit);
		if (rc >= 0 || ++w->silences == SILENCES_MAX) {
			w->asked[unit / 8] |= bit;
			w->silences = 0;
		}
		if (rc == 1)
			w->is_benchsim = true;
		if (rc < 0)
			return rc;
	}
	return 0;
}
