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
/* The answer that begins with these n bytes: its whole length, 0 while the header is not there, or
 * ERR_PROTOCOL: it is no answer to that question. */
int mbap_length(const uint8_t *adu, size_t n, uint16_t id, uint8_t unit, struct error *err);

#endif
