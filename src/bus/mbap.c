/* SPDX-License-Identifier: MIT */
#include "bus/mbap.h"

#include <string.h>

static unsigned u16_at(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

size_t mbap_build(uint8_t *adu, uint16_t id, uint8_t unit, const uint8_t *pdu, size_t n)
{
	put16(adu, id);
	put16(adu + 2, 0);
	put16(adu + 4, (unsigned)n + 1);
	adu[6] = unit;
	memcpy(adu + MBAP_HEADER, pdu, n);
	return MBAP_HEADER + n;
}

void mbap_expect(struct mbap_answer *a, uint16_t id, uint8_t unit)
{
	a->id = id;
	a->unit = unit;
	a->n = 0;
	a->length = MBAP_HEADER;
}

uint8_t *mbap_room(struct mbap_answer *a, size_t *n)
{
	*n = a->length - a->n;
	return a->adu + a->n;
}

/* The header is there. */
static int read_header(struct mbap_answer *a, struct error *err)
{
	unsigned length = u16_at(a->adu + 4);

	if (u16_at(a->adu + 2) != 0 || length < 3 || length > MBAP_ADU_MAX - MBAP_HEADER + 1)
		return error_set(err, ERR_PROTOCOL, "what came is no Modbus TCP");
	if (u16_at(a->adu) != a->id)
		return error_set(err, ERR_PROTOCOL, "answers question %u; asked was %u",
				 u16_at(a->adu), a->id);
	if (a->adu[6] != a->unit)
		return error_set(err, ERR_PROTOCOL,
				 "answers as unit %u; asked was unit %u: unit_id has to be the one "
				 "it answers as",
				 a->adu[6], a->unit);
	a->length = MBAP_HEADER - 1 + length;
	return 0;
}

int mbap_took(struct mbap_answer *a, size_t n, struct error *err)
{
	a->n += n;
	if (a->n < a->length)
		return 0;
	/* the shortest answer has two bytes behind the header */
	return a->length > MBAP_HEADER ? 1 : read_header(a, err);
}
