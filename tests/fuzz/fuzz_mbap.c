/* SPDX-License-Identifier: MIT
 *
 * Modbus TCP from the stream's bytes to a value: answers merged, cut into any pieces, with another
 * number, unit, length, protocol or count, late ones of an earlier question, and rubbish. The input
 * is a list of {what, how, piece size}, one per question. A value counted as good must stand, under
 * this question's own number and unit, in what came on this connection; anything else aborts.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/mbap.h"
#include "bus/rtu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum what { HONEST, RUBBISH, MERGED, OTHER_ID, OTHER_UNIT, OTHER_LENGTH, CUT, REFUSAL };

static struct {
	const uint8_t *data;
	size_t size;
	uint8_t heard[4096]; /* on this connection */
	size_t n, taken;
	uint16_t id;
	uint8_t unit, pdu[RTU_PDU_MAX];
	uint8_t last[MBAP_ADU_MAX]; /* the honest answer before */
	size_t last_n;
} wire;

static uint8_t next(void)
{
	uint8_t byte = wire.size ? *wire.data : 0;

	wire.data += wire.size > 0;
	wire.size -= wire.size > 0;
	return byte;
}

static void hear(const uint8_t *p, size_t n)
{
	if (n > sizeof(wire.heard) - wire.n)
		n = sizeof(wire.heard) - wire.n;
	memcpy(wire.heard + wire.n, p, n);
	wire.n += n;
}

/* What an honest device says to this question. */
static size_t honest(uint8_t *pdu, uint8_t value)
{
	size_t bytes = rtu_shape_of_request(wire.pdu).key;

	memcpy(pdu, wire.pdu, 5);
	if (wire.pdu[0] > MODBUS_READ_INPUT)
		return 5;
	pdu[1] = (uint8_t)bytes;
	for (size_t i = 0; i < bytes; i++)
		pdu[2 + i] = (uint8_t)(value + i);
	return 2 + bytes;
}

static void say(void)
{
	enum what what = next() % 8;
	uint8_t how = next(), pdu[RTU_PDU_MAX], adu[MBAP_ADU_MAX];
	size_t n = mbap_build(adu, wire.id, wire.unit, pdu, honest(pdu, how));
	size_t keep = n;
	uint8_t whole[MBAP_ADU_MAX];

	memcpy(whole, adu, n);
	switch (what) {
	case HONEST: break;
	case RUBBISH:
		for (n = 0; n < how % 64u && wire.size; n++)
			adu[n] = next();
		break;
	case MERGED: hear(wire.last, wire.last_n); break;
	case OTHER_ID: adu[how & 1] ^= (uint8_t)(how | 2); break;
	case OTHER_UNIT: adu[6] ^= (uint8_t)(how | 1); break;
	case OTHER_LENGTH: adu[2 + how % 4] ^= (uint8_t)(how | 1); break;
	case CUT: n = how % n; break;
	case REFUSAL:
		adu[7] |= RTU_EXCEPTION;
		adu[8] = how;
		adu[5] = 3;
		n = MBAP_HEADER + 2;
		break;
	}
	hear(adu, n);
	memcpy(wire.last, whole, keep);
	wire.last_n = keep;
}

static int op_open(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	wire.n = wire.taken = 0;
	return 0;
}

static void op_close(void *ctx)
{
	(void)ctx;
	wire.n = wire.taken = 0;
}

static int op_transact(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, uint8_t *reply,
		       size_t max, size_t *reply_n, int64_t timeout_ns, struct error *err)
{
	struct mbap_answer a;
	int rc = 0;

	(void)ctx;
	(void)timeout_ns;
	wire.id++;
	wire.unit = unit;
	memcpy(wire.pdu, pdu, n);
	say();
	mbap_expect(&a, wire.id, unit);
	for (size_t piece = next() % 32u + 1; rc == 0 && wire.taken < wire.n;) {
		size_t room, part = wire.n - wire.taken;
		uint8_t *to = mbap_room(&a, &room);

		if (room == 0 || room > (size_t)(a.adu + sizeof(a.adu) - to))
			abort();
		part = part < piece ? part : piece;
		part = part < room ? part : room;
		memcpy(to, wire.heard + wire.taken, part);
		wire.taken += part;
		rc = mbap_took(&a, part, err);
	}
	if (rc <= 0)
		return rc ? rc : error_set(err, ERR_TIMEOUT, "half an answer");
	*reply_n = a.length - MBAP_HEADER;
	if (*reply_n > max)
		abort();
	memcpy(reply, a.adu + MBAP_HEADER, *reply_n);
	return 0;
}

static const struct bus_read reads[] = {
	{.device = 1,
	 .unit = 1,
	 .function = 3,
	 .first = 0,
	 .count = 2,
	 .period_ns = NS_PER_S / 10,
	 .may_merge = true},
	{.device = 1,
	 .unit = 1,
	 .function = 3,
	 .first = 4,
	 .count = 1,
	 .period_ns = NS_PER_S / 10,
	 .may_merge = true},
	{.device = 2,
	 .unit = 2,
	 .function = 1,
	 .first = 3,
	 .count = 12,
	 .period_ns = NS_PER_S / 10,
	 .may_merge = true},
};

/* Does this frame, all of it, answer the question at hand with these values? */
static bool says(const uint8_t *p, size_t left, const struct bus_read *r,
		 const struct bus_event *ev)
{
	unsigned first = (unsigned)wire.pdu[1] << 8 | wire.pdu[2];
	size_t bytes = rtu_shape_of_request(wire.pdu).key;
	bool same = left >= 9 + bytes && p[0] == wire.id >> 8 && p[1] == (wire.id & 0xff) &&
		    p[2] == 0 && p[3] == 0 && p[4] == 0 && p[5] == 3 + bytes && p[6] == wire.unit &&
		    p[7] == wire.pdu[0] && p[8] == bytes;

	for (unsigned k = 0; k < ev->count && same; k++) {
		unsigned at = r->first + k - first;

		if (r->function <= MODBUS_READ_DISCRETE)
			same = ev->data[k] == (p[9 + at / 8] >> (at % 8) & 1);
		else
			same = ev->data[k] == (p[9 + 2 * at] << 8 | p[10 + 2 * at]);
	}
	return same;
}

static void op_event(void *ctx, const struct bus_event *ev)
{
	bool covered = false;

	(void)ctx;
	if (ev->kind != BUS_EVENT_READ || ev->status != BUS_OK)
		return;
	for (size_t i = 0; i < wire.taken && !covered; i++)
		covered = says(wire.heard + i, wire.taken - i, &reads[ev->index], ev);
	if (!covered || ev->count != reads[ev->index].count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fx_bus fx = {.name = "line", .kind = BUS_MODBUS_TCP, .port = "peer:502"};
	static struct fixture f = {.buses = &fx, .bus_count = 1};
	struct bus_config c = {.fixture = &f, .reads = reads, .read_count = 3};
	struct bus_ops ops = {
		.open = op_open, .close = op_close, .transact = op_transact, .event = op_event};
	struct error err;
	struct bus *b = bus_new(&c, &ops, &err);
	int64_t now_ns = NS_PER_S;

	memset(&wire, 0, sizeof(wire));
	wire.data = data;
	wire.size = size;
	for (int turns = 0; wire.size && turns < 512; turns++) {
		int64_t next_ns = bus_run(b, now_ns);

		now_ns = next_ns > now_ns ? next_ns : now_ns + NS_PER_MS;
	}
	bus_free(b);
	return 0;
}
