/* SPDX-License-Identifier: MIT
 *
 * A Modbus RTU line in virtual time with a scripted slave at its far end, for the tests of the bus
 * machine.
 *
 * Every register a slave answers carries the number of the request it answers (wire_value): a value
 * taken from another request's reply is always told from the right one.
 */
#ifndef TESTS_UNIT_BUS_WIRE_H
#define TESTS_UNIT_BUS_WIRE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/rtu.h"

enum { WIRE_FLIGHTS = 512, WIRE_LOG = 64, WIRE_READS = 32 };

struct wire_request {
	uint32_t serial;
	uint8_t unit, pdu[RTU_PDU_MAX];
	size_t n;
	int64_t end_ns; /* on the wire */
};
struct wire {
	struct bus *bus;
	struct fx_bus fx;
	struct fx_device devices[8];
	struct fixture fixture;
	struct bus_read reads[WIRE_READS];
	int read_count;
	int64_t now_ns, next_ns;
	uint32_t serial;
	struct wire_request last; /* the newest request sent */
	struct flight {
		int64_t at_ns;
		size_t n;
		uint8_t bytes[2 * RTU_ADU_MAX];
	} flights[WIRE_FLIGHTS];
	int flight_count;
	/* What the slaves do with a request: schedules any bytes with wire_fly. */
	void (*slave)(struct wire *w, const struct wire_request *r);
	void *ctx;
	uint64_t random;
	/* what came out */
	uint64_t ok, wrong, failed, lost, back, requests_ok;
	uint64_t by_status[8];
	uint64_t ok_of[WIRE_READS];
	int64_t ok_at_ns[WIRE_READS];
	struct bus_event log[WIRE_LOG]; /* REQUEST events, newest last */
	int log_count;
	void (*on_event)(struct wire *w, const struct bus_event *ev);
	int opens;
	struct bus_uart uart; /* of a port that counts */
	bool has_uart;
};

static inline uint64_t wire_random(struct wire *w)
{
	uint64_t z = (w->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}
static inline double wire_uniform(struct wire *w, double lo, double hi)
{
	return lo + (hi - lo) * (double)(wire_random(w) >> 11) * 0x1p-53;
}

/* Register of a slave as answered to request number serial. */
static inline uint16_t wire_value(uint8_t unit, uint8_t function, uint16_t address, uint32_t serial)
{
	uint32_t h = serial * 2654435761u ^ (uint32_t)unit << 24 ^ (uint32_t)function << 16 ^
		     address;

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	return (uint16_t)h;
}

static inline void wire_fly(struct wire *w, int64_t at_ns, const uint8_t *p, size_t n)
{
	struct flight *f = &w->flights[w->flight_count++];

	assert_true(w->flight_count < WIRE_FLIGHTS);
	assert_true(n <= sizeof(f->bytes));
	f->at_ns = at_ns;
	f->n = n;
	memcpy(f->bytes, p, n);
}

static inline int64_t wire_char_ns(const struct wire *w)
{
	return 10 * NS_PER_S / w->fx.baud;
}

/* The proper reply ADU to a request. */
static inline size_t wire_answer(const struct wire_request *r, uint8_t *adu)
{
	uint8_t pdu[RTU_PDU_MAX] = {r->pdu[0]};
	unsigned first = (unsigned)r->pdu[1] << 8 | r->pdu[2];
	unsigned count = (unsigned)r->pdu[3] << 8 | r->pdu[4];

	if (r->pdu[0] > MODBUS_READ_INPUT) {
		memcpy(pdu, r->pdu, 5);
		return rtu_build(adu, r->unit, pdu, 5);
	}
	pdu[1] = (uint8_t)rtu_shape_of_read(r->pdu[0], (uint16_t)count).key;
	for (unsigned i = 0; i < count; i++) {
		uint16_t v = wire_value(r->unit, r->pdu[0], (uint16_t)(first + i), r->serial);

		if (r->pdu[0] <= MODBUS_READ_DISCRETE) {
			pdu[2 + i / 8] |= (uint8_t)((v & 1) << i % 8);
		} else {
			pdu[2 + 2 * i] = (uint8_t)(v >> 8);
			pdu[3 + 2 * i] = v & 0xff;
		}
	}
	return rtu_build(adu, r->unit, pdu, 2u + pdu[1]);
}

static inline size_t wire_exception(const struct wire_request *r, uint8_t code, uint8_t *adu)
{
	uint8_t pdu[2] = {r->pdu[0] | RTU_EXCEPTION, code};

	return rtu_build(adu, r->unit, pdu, 2);
}

/* Fly the proper reply; it begins after_ns past the request's end and arrives whole at its own end.
 */
static inline void wire_reply(struct wire *w, const struct wire_request *r, int64_t after_ns)
{
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);

	wire_fly(w, r->end_ns + after_ns + (int64_t)n * wire_char_ns(w), adu, n);
}

static inline int wire_op_open(void *ctx, struct error *err)
{
	(void)err;
	((struct wire *)ctx)->opens++;
	return 0;
}
static inline void wire_op_close(void *ctx)
{
	(void)ctx;
}
static inline int wire_op_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n,
			       struct error *err)
{
	struct wire *w = ctx;

	(void)err;
	w->last = (struct wire_request){.serial = ++w->serial, .unit = unit, .n = n};
	memcpy(w->last.pdu, pdu, n);
	w->last.end_ns = w->now_ns + (int64_t)(n + 3) * wire_char_ns(w);
	if (w->slave)
		w->slave(w, &w->last);
	return 0;
}

static inline void wire_check_read(struct wire *w, const struct bus_event *ev)
{
	const struct bus_read *r = &w->reads[ev->index];
	bool is_wrong = ev->count != r->count;

	for (unsigned i = 0; i < r->count; i++) {
		uint16_t v =
			wire_value(r->unit, r->function, (uint16_t)(r->first + i), w->last.serial);

		if (r->function <= MODBUS_READ_DISCRETE)
			v &= 1;
		is_wrong |= ev->data[i] != v;
	}
	w->wrong += is_wrong;
	w->ok++;
	w->ok_of[ev->index]++;
	w->ok_at_ns[ev->index] = w->now_ns;
}

static inline int wire_op_uart(void *ctx, struct bus_uart *out)
{
	struct wire *w = ctx;

	*out = w->uart;
	return w->has_uart ? 0 : ERR_NOT_FOUND;
}

static inline void wire_op_event(void *ctx, const struct bus_event *ev)
{
	struct wire *w = ctx;

	if (ev->kind == BUS_EVENT_READ) {
		w->by_status[ev->status]++;
		if (ev->status == BUS_OK)
			wire_check_read(w, ev);
		else
			w->failed++;
	} else if (ev->kind == BUS_EVENT_REQUEST) {
		if (w->log_count == WIRE_LOG)
			memmove(w->log, w->log + 1, sizeof(w->log) - sizeof(w->log[0]));
		else
			w->log_count++;
		w->log[w->log_count - 1] = *ev;
		w->requests_ok += ev->status == BUS_OK;
	}
	w->lost += ev->kind == BUS_EVENT_DEVICE_LOST;
	w->back += ev->kind == BUS_EVENT_DEVICE_BACK;
	if (w->on_event)
		w->on_event(w, ev);
}

static inline struct wire *wire_new(int baud, int64_t reply_timeout_ns)
{
	struct wire *w = calloc(1, sizeof(*w));

	w->fx = (struct fx_bus){.name = "line",
				.kind = BUS_MODBUS_RTU,
				.baud = baud,
				.parity = 'N',
				.stop_bits = 1,
				.turnaround_ns = 5 * NS_PER_MS,
				.reply_timeout_ns = reply_timeout_ns};
	w->fixture.buses = &w->fx;
	w->fixture.bus_count = 1;
	w->fixture.devices = w->devices;
	w->random = 1;
	return w;
}

static inline void wire_add_read(struct wire *w, uint8_t unit, uint8_t function, uint16_t first,
				 uint16_t count, int64_t period_ns)
{
	w->reads[w->read_count++] = (struct bus_read){.device = unit,
						      .unit = unit,
						      .function = function,
						      .first = first,
						      .count = count,
						      .period_ns = period_ns,
						      .may_merge = true};
}

static inline void wire_start(struct wire *w)
{
	struct bus_config c = {
		.fixture = &w->fixture, .bus = 0, .reads = w->reads, .read_count = w->read_count};
	struct bus_ops ops = {.ctx = w,
			      .open = wire_op_open,
			      .close = wire_op_close,
			      .send = wire_op_send,
			      .uart = wire_op_uart,
			      .event = wire_op_event};
	struct error err = {0};

	w->bus = bus_new(&c, &ops, &err);
	assert_non_null(w->bus);
	w->now_ns = NS_PER_S;
	w->next_ns = bus_run(w->bus, w->now_ns);
}

static inline int wire_next_flight(const struct wire *w)
{
	int best = -1;

	for (int i = 0; i < w->flight_count; i++)
		if (best < 0 || w->flights[i].at_ns < w->flights[best].at_ns)
			best = i;
	return best;
}

/* Let time pass up to until_ns. */
static inline void wire_run(struct wire *w, int64_t until_ns)
{
	for (;;) {
		int i = wire_next_flight(w);
		int64_t at_ns = w->next_ns;

		if (i >= 0 && w->flights[i].at_ns < at_ns)
			at_ns = w->flights[i].at_ns;
		if (at_ns > until_ns)
			break;
		if (at_ns > w->now_ns)
			w->now_ns = at_ns;
		if (i >= 0 && w->flights[i].at_ns <= w->now_ns) {
			struct flight f = w->flights[i];

			w->flights[i] = w->flights[--w->flight_count];
			bus_bytes(w->bus, f.bytes, f.n, w->now_ns);
		}
		w->next_ns = bus_run(w->bus, w->now_ns);
	}
	w->now_ns = until_ns;
}

static inline void wire_submit(struct wire *w, const struct bus_request *r)
{
	assert_int_equal(bus_submit(w->bus, r), 0);
	w->next_ns = bus_run(w->bus, w->now_ns);
}

static inline void wire_free(struct wire *w)
{
	bus_free(w->bus);
	free(w);
}

#endif
