/* SPDX-License-Identifier: MIT */
#include "rig/register.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 1; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return 0;
}

enum register_type register_type_find(const char *name)
{
	static const char *const names[] = {"", "u16", "i16", "u32", "i32", "f32", "bit"};

	return (enum register_type)find(names, 7, name);
}

enum register_order register_order_find(const char *name)
{
	static const char *const names[] = {"", "ABCD", "CDAB", "BADC", "DCBA"};

	return (enum register_order)find(names, 5, name);
}

int register_count(enum register_type t)
{
	return t == REGISTER_U32 || t == REGISTER_I32 || t == REGISTER_F32 ? 2 : 1;
}

static uint16_t swap16(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

static bool swaps_bytes(enum register_order o)
{
	return o == ORDER_BADC || o == ORDER_DCBA;
}

static bool swaps_words(enum register_order o)
{
	return o == ORDER_CDAB || o == ORDER_DCBA;
}

static uint32_t join(const uint16_t *data, enum register_order o)
{
	uint16_t hi = data[swaps_words(o) ? 1 : 0], lo = data[swaps_words(o) ? 0 : 1];

	if (swaps_bytes(o)) {
		hi = swap16(hi);
		lo = swap16(lo);
	}
	return (uint32_t)hi << 16 | lo;
}

static void split(uint16_t *data, enum register_order o, uint32_t bits)
{
	uint16_t hi = (uint16_t)(bits >> 16), lo = (uint16_t)bits;

	if (swaps_bytes(o)) {
		hi = swap16(hi);
		lo = swap16(lo);
	}
	data[swaps_words(o) ? 1 : 0] = hi;
	data[swaps_words(o) ? 0 : 1] = lo;
}

int64_t register_decode(const uint16_t *data, enum register_type t, enum register_order o,
			double *value)
{
	uint16_t word = swaps_bytes(o) ? swap16(data[0]) : data[0];
	uint32_t bits = register_count(t) == 2 ? join(data, o) : word;
	int64_t raw = 0;
	float f;

	switch (t) {
	case REGISTER_U16:
	case REGISTER_U32: raw = bits; break;
	case REGISTER_BIT: raw = bits != 0; break;
	case REGISTER_I16: raw = (int16_t)bits; break;
	case REGISTER_I32: raw = (int32_t)bits; break;
	case REGISTER_F32:
		memcpy(&f, &bits, sizeof(f));
		*value = (double)f;
		return bits;
	}
	*value = (double)raw;
	return raw;
}

static bool fits(double v, enum register_type t)
{
	switch (t) {
	case REGISTER_U16: return v >= 0 && v <= UINT16_MAX;
	case REGISTER_I16: return v >= INT16_MIN && v <= INT16_MAX;
	case REGISTER_U32: return v >= 0 && v <= UINT32_MAX;
	case REGISTER_I32: return v >= INT32_MIN && v <= INT32_MAX;
	case REGISTER_BIT: return v >= 0 && v <= 1;
	case REGISTER_F32: return fabs(v) <= 3.0e38;
	}
	return false;
}

bool register_encode(uint16_t *data, enum register_type t, enum register_order o, double value)
{
	double v = t == REGISTER_F32 ? value : round(value);
	uint32_t bits;
	float f = (float)v;

	if (!isfinite(v) || !fits(v, t))
		return false;
	if (t == REGISTER_F32)
		memcpy(&bits, &f, sizeof(bits));
	else
		bits = (uint32_t)(int64_t)v;
	if (register_count(t) == 2)
		split(data, o, bits);
	else
		data[0] = swaps_bytes(o) ? swap16((uint16_t)bits) : (uint16_t)bits;
	return true;
}
