/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bus/mbap.h"
#include "sim/wire_fault.h"

enum { QUESTION = 0x4711 };

/* What becomes of a connection before an answer comes; 0: one comes. */
static int broken(const struct wire_effect *e, struct error *err)
{
	switch ((int)e->kind) {
	case WIRE_HANG_UP:
	case WIRE_RESET: return error_set(err, ERR_CLOSED, "the connection was closed");
	case WIRE_LOST:
	case WIRE_SILENCE:
	case WIRE_HALF_OPEN: return error_set(err, ERR_TIMEOUT, "no answer");
	case WIRE_BAD_CRC: /* these are a serial line's */
	case WIRE_FLIP:
	case WIRE_ECHO:
	case WIRE_WRONG_BAUD: return error_set(err, ERR_PROTOCOL, "the answer is no answer");
	default: return 0;
	}
}

int wire_receive_tcp(const struct wire_effect *e, const struct wire_medium *line, uint8_t unit,
		     uint8_t *pdu, size_t *n, struct error *err)
{
	uint8_t adu[MBAP_ADU_MAX];
	struct mbap_answer answer;
	struct wire_reply reply;
	const struct wire_frame *f = &reply.frames[0];
	size_t at = 0;
	int rc = broken(e, err);

	if (rc)
		return rc;
	wire_spoil_tcp(e, line, adu, mbap_build(adu, QUESTION, unit, pdu, *n), &reply);
	for (mbap_expect(&answer, QUESTION, unit); rc == 0 && at < f->n;) {
		size_t room, part;
		uint8_t *to = mbap_room(&answer, &room);

		part = room < f->n - at ? room : f->n - at;
		memcpy(to, f->bytes + at, part);
		at += part;
		rc = mbap_took(&answer, part, err);
	}
	if (rc < 0)
		return rc;
	if (rc == 0)
		return error_set(err, ERR_TIMEOUT, "half an answer and no more");
	if (at < f->n || reply.count > 1)
		return error_set(err, ERR_PROTOCOL, "more than the answer");
	*n = answer.length - MBAP_HEADER;
	memcpy(pdu, answer.adu + MBAP_HEADER, *n);
	return 0;
}
