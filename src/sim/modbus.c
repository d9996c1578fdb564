/* SPDX-License-Identifier: MIT
 *
 * A Modbus slave's answer: PDU in, PDU out, with the exceptions a careful device gives.
 */
#include <string.h>

#include "base/text.h"
#include "sim/device.h"

enum { ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static bool in_space(const struct sim_point *p, enum sim_space space)
{
	return p->space == space || (p->both && (space == SPACE_HOLDING || space == SPACE_INPUT));
}

static struct sim_point *point_at(const struct sim_device *d, enum sim_space space,
				  uint16_t address)
{
	for (int i = 0; i < d->point_count; i++) {
		struct sim_point *p = &d->points[i];

		if (address >= p->address && address - p->address < 2 && in_space(p, space) &&
		    address < p->address + register_count(p->type))
			return p;
	}
	return NULL;
}

static struct sim_register *register_at(struct sim_device *d, uint16_t address)
{
	for (int i = 0; i < d->register_count; i++)
		if (d->registers[i].address == address)
			return &d->registers[i];
	return NULL;
}

/* A value its register cannot hold stands at the end of the range, as converters do. */
static void encode(const struct sim_point *p, double value, uint16_t *words)
{
	static const double least[] = {0, 0, -32768, 0, -2147483648.0, -3e38, 0};
	static const double most[] = {0, 65535, 32767, 4294967295.0, 2147483647.0, 3e38, 1};
	double v = (value - p->offset) / p->gain;

	if (p->type == REGISTER_U32 && v >= 4294967296.0)
		v -= 4294967296.0 * (double)(uint64_t)(v / 4294967296.0); /* counters wrap */
	if (!register_encode(words, p->type, p->order, v) &&
	    !register_encode(words, p->type, p->order, v > 0 ? most[p->type] : least[p->type]))
		words[0] = words[1] = 0;
}

static int read_word(struct world *w, struct sim_device *d, const struct wire_effect *e,
		     enum sim_space space, uint16_t address, uint16_t *out)
{
	struct sim_point *p = point_at(d, space, address);
	const struct sim_register *r;
	uint16_t words[2] = {0, 0};

	if (p) {
		encode(p, device_get(w, d, p), words);
		device_spoil(e, p, words);
		*out = words[address - p->address];
		return 0;
	}
	r = space == SPACE_HOLDING || (d->point_count && d->points[0].both)
		    ? register_at(d, address)
		    : NULL;
	if (!r)
		return ILLEGAL_ADDRESS;
	*out = r->value;
	if (e->kind == WIRE_OTHER_DEVICE && (e->k < 1 || address == (uint16_t)e->k))
		*out ^= 0x5555;
	return 0;
}

static size_t exception(uint8_t *reply, uint8_t function, int code)
{
	reply[0] = function | 0x80;
	reply[1] = (uint8_t)code;
	return 2;
}

static size_t read_bits(struct world *w, struct sim_device *d, const uint8_t *pdu, size_t n,
			uint8_t *reply)
{
	enum sim_space space = pdu[0] == 1 ? SPACE_COIL : SPACE_DISCRETE;
	uint16_t first, count;

	if (n != 5 || (count = get16(pdu + 3)) < 1 || count > 2000)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	first = get16(pdu + 1);
	memset(reply + 2, 0, (size_t)(count + 7) / 8);
	for (int i = 0; i < count; i++) {
		const struct sim_point *p = point_at(d, space, (uint16_t)(first + i));

		if (!p)
			return exception(reply, pdu[0], ILLEGAL_ADDRESS);
		if (device_get(w, d, p) > 0.5)
			reply[2 + i / 8] |= (uint8_t)(1 << i % 8);
	}
	reply[0] = pdu[0];
	reply[1] = (uint8_t)((count + 7) / 8);
	return 2 + (size_t)reply[1];
}

static size_t read_registers(struct world *w, struct sim_device *d, const struct wire_effect *e,
			     const uint8_t *pdu, size_t n, uint8_t *reply)
{
	enum sim_space space = pdu[0] == 3 ? SPACE_HOLDING : SPACE_INPUT;
	uint16_t first, count, word;

	if (n != 5 || (count = get16(pdu + 3)) < 1 || count > 125)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	first = get16(pdu + 1);
	for (int i = 0; i < count; i++) {
		int code = read_word(w, d, e, space, (uint16_t)(first + i), &word);

		if (code)
			return exception(reply, pdu[0], code);
		put16(reply + 2 + 2 * i, word);
	}
	reply[0] = pdu[0];
	reply[1] = (uint8_t)(2 * count);
	return 2 + (size_t)reply[1];
}

/* FF00 on, 0000 off; relay boards also toggle (5500) and take coil 00FF for all. */
static int write_coil(struct world *w, struct sim_device *d, uint16_t address, uint16_t value)
{
	bool all = d->is_relay_board && address == 0x00ff, any = false;

	if (value != 0xff00 && value != 0 && !(d->is_relay_board && value == 0x5500))
		return ILLEGAL_VALUE;
	for (int i = 0; i < d->point_count; i++) {
		const struct sim_point *p = &d->points[i];
		bool on = value == 0xff00;

		if (p->space != SPACE_COIL || (!all && p->address != address))
			continue;
		if (value == 0x5500)
			on = device_get(w, d, p) < 0.5;
		any = true;
		if (!device_set(w, d, p, on))
			return ILLEGAL_ADDRESS;
	}
	return any ? 0 : ILLEGAL_ADDRESS;
}

static size_t write_coils(struct world *w, struct sim_device *d, const uint8_t *pdu, size_t n,
			  uint8_t *reply)
{
	uint16_t first, count;

	if (n < 7)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	first = get16(pdu + 1);
	count = get16(pdu + 3);
	if (count < 1 || count > 1968 || pdu[5] != (count + 7) / 8 || n != 6 + (size_t)pdu[5])
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	for (int i = 0; i < count; i++)
		if (!point_at(d, SPACE_COIL, (uint16_t)(first + i)))
			return exception(reply, pdu[0], ILLEGAL_ADDRESS);
	for (int i = 0; i < count; i++)
		write_coil(w, d, (uint16_t)(first + i), pdu[6 + i / 8] >> i % 8 & 1 ? 0xff00 : 0);
	memcpy(reply, pdu, 5);
	return 5;
}

/* The register of its unit id may have been written: it listens to that from now on. */
static void new_address(struct sim_device *d)
{
	uint16_t words[2] = {0, 0};
	double id = 0;

	if (d->address_register < 0)
		return;
	for (int k = 0; k < 2; k++) {
		const struct sim_register *r = register_at(d, (uint16_t)(d->address_register + k));

		words[k] = r ? r->value : 0;
	}
	if (!strcmp(d->fx->driver, "sdm120"))
		register_decode(words, REGISTER_F32, ORDER_ABCD, &id);
	else
		id = words[0];
	if (id >= 1 && id <= 247)
		d->unit_id = (int)id;
}

/* Words of one request; a value of two registers must be written whole. */
static int write_words(struct world *w, struct sim_device *d, uint16_t first, const uint8_t *data,
		       int count)
{
	for (int i = 0; i < count;) {
		uint16_t address = (uint16_t)(first + i), words[2];
		const struct sim_point *p = point_at(d, SPACE_HOLDING, address);
		struct sim_register *r = register_at(d, address);
		double value;
		int size = p ? register_count(p->type) : 1;

		if (p) {
			if (!p->writable || address != p->address || i + size > count)
				return ILLEGAL_ADDRESS;
			for (int k = 0; k < size; k++)
				words[k] = get16(data + 2 * (i + k));
			register_decode(words, p->type, p->order, &value);
			device_set(w, d, p, value * p->gain + p->offset);
		} else if (r && r->writable) {
			r->value = get16(data + 2 * i);
			new_address(d);
		} else {
			return ILLEGAL_ADDRESS;
		}
		i += size;
	}
	return 0;
}

static size_t write_registers(struct world *w, struct sim_device *d, const uint8_t *pdu, size_t n,
			      uint8_t *reply)
{
	uint16_t count;
	int code;

	if (n < 8)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	count = get16(pdu + 3);
	if (count < 1 || count > 123 || pdu[5] != 2 * count || n != 6 + (size_t)pdu[5])
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	code = write_words(w, d, get16(pdu + 1), pdu + 6, count);
	if (code)
		return exception(reply, pdu[0], code);
	memcpy(reply, pdu, 5);
	return 5;
}

/* Register 1..8 with a command to that relay; register 0 with one to all. */
static int write_command(struct world *w, struct sim_device *d, uint16_t relay, uint16_t value)
{
	static const uint16_t on = 0x0100, off = 0x0200, toggle = 0x0300, all_on = 0x0700,
			      all_off = 0x0800;
	bool all = relay == 0 && (value == all_on || value == all_off);

	if (!all && (relay < 1 || relay > 8))
		return ILLEGAL_ADDRESS;
	if (!all && value != on && value != off && value != toggle)
		return ILLEGAL_VALUE;
	for (int i = 0; i < d->point_count; i++) {
		const struct sim_point *p = &d->points[i];

		if (all || p->address == relay)
			device_set(w, d, p,
				   value == on || value == all_on ||
					   (value == toggle && device_get(w, d, p) < 0.5));
	}
	return 0;
}

static size_t write_single(struct world *w, struct sim_device *d, const uint8_t *pdu, size_t n,
			   uint8_t *reply)
{
	int code;

	if (n != 5)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	if (d->is_command_board)
		code = write_command(w, d, get16(pdu + 1), get16(pdu + 3));
	else
		code = pdu[0] == 5 ? write_coil(w, d, get16(pdu + 1), get16(pdu + 3))
				   : write_words(w, d, get16(pdu + 1), pdu + 3, 1);
	if (code)
		return exception(reply, pdu[0], code);
	memcpy(reply, pdu, 5);
	return 5;
}

/* Function 43/14, basic identification: whoever asks learns that this is no real device. */
static size_t identification(const struct sim_device *d, const uint8_t *pdu, size_t n,
			     uint8_t *reply, size_t max)
{
	const char *objects[] = {"benchsim", d->fx->driver, BENCHD_VERSION};
	size_t at = 7;

	if (n != 4 || pdu[1] != 0x0e)
		return exception(reply, pdu[0], ILLEGAL_FUNCTION);
	if (pdu[2] != 1 || pdu[3] > 2)
		return exception(reply, pdu[0], ILLEGAL_VALUE);
	memcpy(reply, (const uint8_t[]){0x2b, 0x0e, 1, 1, 0, 0, (uint8_t)(3 - pdu[3])}, 7);
	for (int i = pdu[3]; i < 3; i++) {
		size_t len = strlen(objects[i]);

		if (at + 2 + len > max)
			return exception(reply, pdu[0], ILLEGAL_VALUE);
		reply[at++] = (uint8_t)i;
		reply[at++] = (uint8_t)len;
		memcpy(reply + at, objects[i], len);
		at += len;
	}
	return at;
}

static bool has_coils(const struct sim_device *d)
{
	return d->point_count && d->points[0].space == SPACE_COIL;
}

static size_t write_any(struct world *w, struct sim_device *d, const struct wire_effect *e,
			const uint8_t *pdu, size_t n, uint8_t *reply)
{
	if (device_ignores(e, pdu, n, reply))
		return 5;
	if (pdu[0] == 15)
		n = write_coils(w, d, pdu, n, reply);
	else
		n = pdu[0] == 16 ? write_registers(w, d, pdu, n, reply)
				 : write_single(w, d, pdu, n, reply);
	if (e->kind == WIRE_HALF)
		device_fall_half(w, d);
	return n;
}

size_t device_modbus(struct world *w, struct sim_device *d, const struct wire_effect *e,
		     const uint8_t *pdu, size_t n, uint8_t *reply, size_t max)
{
	if (n < 1 || max < 253)
		return 0;
	if (d->is_command_board && pdu[0] != 3 && pdu[0] != 6 && pdu[0] != 0x2b)
		return exception(reply, pdu[0], ILLEGAL_FUNCTION);
	switch (pdu[0]) {
	case 1:
	case 2: return read_bits(w, d, pdu, n, reply);
	case 3:
	case 4:
		if (pdu[0] == 4 && has_coils(d))
			return exception(reply, pdu[0], ILLEGAL_FUNCTION);
		return read_registers(w, d, e, pdu, n, reply);
	case 5:
	case 6:
	case 15:
	case 16: return write_any(w, d, e, pdu, n, reply);
	case 0x2b: return identification(d, pdu, n, reply, max);
	default: return exception(reply, pdu[0], ILLEGAL_FUNCTION);
	}
}
