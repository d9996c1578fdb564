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
	struct wire_reply reply;
	const struct wire_frame *f = &reply.frames[0];
	int length, rc = broken(e, err);

	if (rc)
		return rc;
	wire_spoil_tcp(e, line, adu, mbap_build(adu, QUESTION, unit, pdu, *n), &reply);
	length = mbap_length(f->bytes, f->n, QUESTION, unit, err);
	if (length < 0)
		return length;
	if (length == 0 || (size_t)length > f->n)
		return error_set(err, ERR_TIMEOUT, "half an answer and no more");
	if ((size_t)length < f->n || reply.count > 1)
		return error_set(err, ERR_PROTOCOL, "more than the answer");
	*n = (size_t)length - MBAP_HEADER;
	memcpy(pdu, f->bytes + MBAP_HEADER, *n);
	return 0;
}
