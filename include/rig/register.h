/* SPDX-License-Identifier: MIT
 *
 * Numbers in Modbus registers: the one decoder and encoder (libmodbus' float helpers differ from
 * build to build). Orders are named by the bytes of 0xAABBCCDD as they stand on the wire: ABCD big
 * endian, CDAB low word first, BADC bytes swapped within words, DCBA little endian. Pure.
 */
#ifndef RIG_REGISTER_H
#define RIG_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

enum register_type {
	REGISTER_U16 = 1,
	REGISTER_I16,
	REGISTER_U32,
	REGISTER_I32,
	REGISTER_F32,
	REGISTER_BIT
};
enum register_order { ORDER_ABCD = 1, ORDER_CDAB, ORDER_BADC, ORDER_DCBA };

/* "u16" ...; 0 if unknown. */
enum register_type register_type_find(const char *name);
enum register_order register_order_find(const char *name);
int register_count(enum register_type t); /* 1 or 2 */
/* The bits as one whole number, sign extended for i16 and i32 and as they are for f32; the number
 * it means in *value (NaN and infinity possible for f32). */
int64_t register_decode(const uint16_t *data, enum register_type t, enum register_order o,
			double *value);
/* false: the value (rounded for whole types) does not fit. Nothing is written then. */
bool register_encode(uint16_t *data, enum register_type t, enum register_order o, double value);

#endif
