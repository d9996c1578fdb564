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

int mbap_length(const uint8_t *adu, size_t n, uint16_t id, uint8_t unit, struct error *err)
{
	unsigned length;

	if (n < MBAP_HEADER)
		return 0;
	length = u16_at(adu + 4);
	if (u16_at(adu + 2) != 0 || length < 3 || length > MBAP_ADU_MAX - MBAP_HEADER + 1)
		return error_set(err, ERR_PROTOCOL, "what came is no Modbus TCP");
	if (u16_at(adu) != id)
		return error_set(err, ERR_PROTOCOL, "answers question %u; asked was %u",
				 u16_at(adu), id);
	if (adu[6] != unit)
		return error_set(err, ERR_PROTOCOL,
				 "answers as unit %u; asked was unit %u: unit_id has to be the one "
				 "it answers as",
				 adu[6], unit);
	return (int)(MBAP_HEADER - 1 + length);
}
