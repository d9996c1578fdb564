/* SPDX-License-Identifier: MIT
 *
 * Frames of Modbus TCP (messaging guide V1.0b, 3.1.3): transaction number, protocol 0, length, unit,
 * PDU. An answer counts only if number, protocol, length and unit are those of its question;
 * libmodbus does not look at the unit. Pure.
 */
#ifndef BUS_MBAP_H
#define BUS_MBAP_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum { MBAP_HEADER = 7, MBAP_ADU_MAX = 260 };

/* Writes the frame of a PDU of n bytes (at most 253); returns its length. */
size_t mbap_build(uint8_t *adu, uint16_t id, uint8_t unit, const uint8_t *pdu, size_t n);

/* An answer as it comes, in whatever pieces: bytes go to mbap_room, at most so many, and mbap_took
 * says what they make. Never more than the answer is taken, so what lies behind it is there for the
 * next question, which it does not fit. */
struct mbap_answer {
	uint16_t id; /* of the question */
	uint8_t unit;
	size_t n, length; /* bytes so far; of the whole, as far as it is known */
	uint8_t adu[MBAP_ADU_MAX];
};
void mbap_expect(struct mbap_answer *a, uint16_t id, uint8_t unit);
/* Where the next bytes go, and how many at most; never 0 before the answer is whole. */
uint8_t *mbap_room(struct mbap_answer *a, size_t *n);
/* n more bytes are there. 1: the answer is whole, its PDU of length - MBAP_HEADER bytes stands behind
 * the header; 0: it is not; ERR_PROTOCOL: it is no answer to that question. */
int mbap_took(struct mbap_answer *a, size_t n, struct error *err);

#endif
