/* SPDX-License-Identifier: MIT
 *
 * The receive path of the bus machine: any bytes, cut anywhere, at any time. The input is a list of
 * {how long to wait, how many bytes, and whether their CRC follows}, bytes. A value counted as good
 * must stand as a whole valid frame, with CRC, in what came since its request; anything else
 * aborts.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/rtu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	uint8_t heard[8192];
	size_t n;
	uint8_t unit, pdu[RTU_PDU_MAX];
} wire;

static int op_open(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

static void op_close(void *ctx)
{
	(void)ctx;
}

static int op_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, struct error *err)
{
	(void)ctx;
	(void)err;
	wire.n = 0;
	wire.unit = unit;
	memcpy(wire.pdu, pdu, n);
	return 0;
}

/* Is there a valid frame of the asked slave, function and length that says this? */
static bool is_covered(const struct bus_read *r, const struct bus_event *ev)
{
	unsigned first = (unsigned)wire.pdu[1] << 8 | wire.pdu[2];
	size_t bytes = rtu_shape_of_request(wire.pdu).key;

	for (size_t i = 0; i + 5 + bytes <= wire.n; i++) {
		const uint8_t *p = wire.heard + i;
		bool same = p[0] == wire.unit && p[1] == wire.pdu[0] && p[2] == bytes &&
			    rtu_crc(p, 3 + bytes) == (p[3 + bytes] | (unsigned)p[4 + bytes] << 8);

		for (unsigned k = 0; k < ev->count && same; k++) {
			unsigned at = r->first + k - first;

			if (r->function <= MODBUS_READ_DISCRETE)
				same = ev->data[k] == (p[3 + at / 8] >> (at % 8) & 1);
			else
				same = ev->data[k] == (p[3 + 2 * at] << 8 | p[4 + 2 * at]);
		}
		if (same)
			return true;
	}
	return false;
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

static void op_event(void *ctx, const struct bus_event *ev)
{
	(void)ctx;
	if (ev->kind != BUS_EVENT_READ || ev->status != BUS_OK)
		return;
	if (ev->count != reads[ev->index].count || !is_covered(&reads[ev->index], ev))
		abort();
}

/* Valid frames are found too seldom by chance. */
static size_t put_crc(uint8_t *bytes, size_t n)
{
	uint16_t crc = rtu_crc(bytes, n);

	bytes[n] = crc & 0xff;
	bytes[n + 1] = (uint8_t)(crc >> 8);
	return n + 2;
}

static void feed(struct bus *b, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	if (n == 0 || wire.n + n > sizeof(wire.heard))
		return;
	memcpy(wire.heard + wire.n, bytes, n);
	wire.n += n;
	bus_bytes(b, bytes, n, now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fx_bus fx = {.name = "line",
				   .kind = BUS_MODBUS_RTU,
				   .baud = 9600,
				   .parity = 'N',
				   .stop_bits = 1,
				   .turnaround_ns = 5 * NS_PER_MS};
	static struct fixture f = {.buses = &fx, .bus_count = 1};
	struct bus_config c = {.fixture = &f, .reads = reads, .read_count = 3};
	struct bus_ops ops = {
		.open = op_open, .close = op_close, .send = op_send, .event = op_event};
	struct bus_request w = {.kind = BUS_WRITE,
				.device = 2,
				.unit = 2,
				.function = MODBUS_WRITE_COIL,
				.first = 3,
				.data = {1},
				.verify = true,
				.verify_function = 1,
				.verify_count = 8,
				.verify_mask = {8},
				.verify_expect = {8}};
	struct error err;
	struct bus *b = bus_new(&c, &ops, &err);
	int64_t now_ns = NS_PER_S, next_ns;

	memset(&wire, 0, sizeof(wire));
	next_ns = bus_run(b, now_ns);
	while (size >= 2) {
		int64_t at_ns = now_ns + data[0] * (NS_PER_MS / 2);
		size_t n = data[1] % 64;
		bool add_crc = data[1] & 0x40;
		uint8_t bytes[66];

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		while (next_ns < at_ns) {
			now_ns = next_ns > now_ns ? next_ns : now_ns + 1;
			next_ns = bus_run(b, now_ns);
		}
		now_ns = at_ns;
		memcpy(bytes, data, n);
		feed(b, bytes, add_crc ? put_crc(bytes, n) : n, now_ns);
		if (n == 1)
			bus_submit(b, &w);
		next_ns = bus_run(b, now_ns);
		data += n;
		size -= n;
	}
	bus_free(b);
	return 0;
}
