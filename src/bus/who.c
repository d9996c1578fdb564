/* SPDX-License-Identifier: MIT
 *
 * Modbus function 43/14, device identification, asked over a TCP connection just made: benchsim
 * names itself as the vendor, so that a run on it is marked however real its address looks.
 */
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "bus/mbap.h"
#include "wire.h"

enum { TRANSACTION = 0x4314, FUNCTION = 0x2b, MEI = 0x0e };
enum { SILENCES_MAX = 3 };
#define PATIENCE_NS (400 * NS_PER_MS) /* a thread may be away so long: dead-man line, bus.c */
static const char vendor[] = "benchsim";

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
	static const uint8_t question[] = {FUNCTION, MEI, 1, 0};
	int64_t until_ns = clock_mono_ns() + PATIENCE_NS;
	struct mbap_answer a;
	uint8_t adu[MBAP_ADU_MAX];
	size_t n = mbap_build(adu, TRANSACTION, unit, question, sizeof(question));
	int rc;

	if (send(fd, adu, n, MSG_NOSIGNAL) != (ssize_t)n)
		return ERR_CLOSED;
	mbap_expect(&a, TRANSACTION, unit);
	rc = wire_answer(fd, &a, until_ns, NULL);
	return rc ? rc : names_vendor(a.adu + MBAP_HEADER, a.length - MBAP_HEADER);
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

struct wire_tcp *who_connected(struct who *w, struct wire_tcp *tcp, const uint8_t units[32],
			       struct error *err)
{
	if (who_ask(w, wire_tcp_fd(tcp), units) >= 0)
		return tcp;
	error_set(err, ERR_IO, "%s: connecting again", wire_tcp_peer(tcp));
	wire_tcp_free(tcp);
	return NULL;
}
