/* SPDX-License-Identifier: MIT
 *
 * Devices whose registers tell which request they answer: a value taken from another request's
 * reply, shifted, from another slave or from a damaged frame is always told from the right one. Four
 * of them on one line; registers from PATTERN_STORE keep what is written. Static: include it in a
 * test program.
 */
#ifndef TESTS_FAKE_PATTERN_H
#define TESTS_FAKE_PATTERN_H

#include <stdint.h>
#include <string.h>

#include "bus/bus.h"
#include "bus/rtu.h"
#include "sim/world.h"

enum { PATTERN_DEVICES = 4, PATTERN_STORE = 1000, PATTERN_STORED = 8, PATTERN_READS = 8 };

struct pattern {
	struct fx_bus bus;
	struct fx_device devices[PATTERN_DEVICES];
	struct fixture fixture;
	struct bus_read reads[PATTERN_READS];
	int read_count;
	const volatile uint64_t *serial; /* of the newest request */
	uint16_t stored[PATTERN_DEVICES + 1][PATTERN_STORED];
};

static inline uint16_t pattern_value(uint8_t unit, uint8_t function, unsigned address,
				     uint64_t serial)
{
	uint32_t h = (uint32_t)serial * 2654435761u ^ (uint32_t)unit << 24 ^
		     (uint32_t)function << 16 ^ address;

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	return (uint16_t)h;
}

/* Another thread may count it. */
static inline uint64_t pattern_serial(const struct pattern *p)
{
	return __atomic_load_n(p->serial, __ATOMIC_SEQ_CST);
}

static inline unsigned pattern_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline size_t pattern_write(struct pattern *p, uint8_t unit, const uint8_t *pdu,
				   uint8_t *reply)
{
	unsigned first = pattern_u16(pdu + 1), count = pdu[0] == 16 ? pattern_u16(pdu + 3) : 1;

	for (unsigned i = 0; i < count; i++)
		if (first + i >= PATTERN_STORE && first + i < PATTERN_STORE + PATTERN_STORED)
			p->stored[unit][first + i - PATTERN_STORE] =
				(uint16_t)pattern_u16(pdu + (pdu[0] == 16 ? 6 + 2 * i : 3));
	memcpy(reply, pdu, 5);
	return 5;
}

/* For world_config.answer. */
static inline size_t pattern_answer(void *ctx, int bus, uint8_t unit, const uint8_t *pdu, size_t n,
				    uint8_t *reply, size_t max)
{
	struct pattern *p = ctx;
	unsigned first, count;

	(void)bus;
	if (n < 5 || max < RTU_PDU_MAX || unit < 1 || unit > PATTERN_DEVICES)
		return 0;
	first = pattern_u16(pdu + 1);
	count = pattern_u16(pdu + 3);
	if (pdu[0] == 6 || pdu[0] == 16)
		return pattern_write(p, unit, pdu, reply);
	if ((pdu[0] != 3 && pdu[0] != 4) || count < 1 || count > 125) {
		reply[0] = pdu[0] | RTU_EXCEPTION;
		reply[1] = 1;
		return 2;
	}
	reply[0] = pdu[0];
	reply[1] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		unsigned a = first + i;
		uint16_t v = a >= PATTERN_STORE && a < PATTERN_STORE + PATTERN_STORED
				     ? p->stored[unit][a - PATTERN_STORE]
				     : pattern_value(unit, pdu[0], a, pattern_serial(p));

		reply[2 + 2 * i] = (uint8_t)(v >> 8);
		reply[3 + 2 * i] = (uint8_t)v;
	}
	return 2 + 2 * (size_t)count;
}

/* Is this event of a read what its device said to the newest request? */
static inline bool pattern_is_right(const struct pattern *p, const struct bus_event *ev)
{
	const struct bus_read *r = &p->reads[ev->index];

	if (ev->count != r->count)
		return false;
	for (unsigned i = 0; i < r->count; i++)
		if (ev->data[i] !=
		    pattern_value(r->unit, r->function, r->first + i, pattern_serial(p)))
			return false;
	return true;
}

/* Four probes, two reads each of every period: different places of the same length, the worst for
 * matching. */
static inline void pattern_init(struct pattern *p, const struct fx_bus *bus, int64_t period_ns,
				const volatile uint64_t *serial)
{
	static const char *const names[PATTERN_DEVICES] = {"d1", "d2", "d3", "d4"};

	memset(p, 0, sizeof(*p));
	p->bus = *bus;
	p->serial = serial;
	for (int i = 0; i < PATTERN_DEVICES; i++) {
		p->devices[i] = (struct fx_device){
			.name = names[i], .driver = "ectds10", .bus = 0, .unit_id = i + 1};
		for (int k = 0; k < 2; k++)
			p->reads[p->read_count++] = (struct bus_read){.device = (uint16_t)i,
								      .unit = (uint8_t)(i + 1),
								      .function = i % 2 ? 4 : 3,
								      .first = (uint16_t)(300 * k),
								      .count = 2,
								      .period_ns = period_ns,
								      .may_merge = true};
	}
	p->fixture = (struct fixture){.buses = &p->bus,
				      .bus_count = 1,
				      .devices = p->devices,
				      .device_count = PATTERN_DEVICES,
				      .dead_man = -1};
}

#endif
