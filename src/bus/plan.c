/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/plan.h"
#include "bus/rtu.h"

/* Scheduling delay of this side that an answer must not be blamed for. */
#define LINUX_LAG_NS	      (24 * NS_PER_MS)
#define TURNAROUND_DEFAULT_NS (50 * NS_PER_MS)
/* What a second transaction costs in characters: 8 of the request, 5 around the data. */
enum { READ_REQUEST_BYTES = 8, READ_OVERHEAD_BYTES = 13 };
/* A gateway's or device's time for one TCP transaction, when the fixture is silent. */
#define TCP_TURNAROUND_NS NS_PER_MS
#define TCP_TIMEOUT_NS	  (500 * NS_PER_MS)

void plan_line_init(struct plan_line *l, const struct fx_bus *bus)
{
	memset(l, 0, sizeof(*l));
	l->turnaround_ns = bus->turnaround_ns;
	l->reply_timeout_ns = bus->reply_timeout_ns;
	if (bus->kind == BUS_MODBUS_TCP) {
		l->is_tcp = true;
		l->gap_ns = bus->extra_gap_ns;
		if (!l->turnaround_ns)
			l->turnaround_ns = TCP_TURNAROUND_NS;
		if (!l->reply_timeout_ns)
			l->reply_timeout_ns = TCP_TIMEOUT_NS;
		return;
	}
	if (bus->baud > 0) {
		int bits = 9 + (bus->parity == 'E' || bus->parity == 'O') +
			   (bus->stop_bits == 2 ? 2 : 1);

		l->char_ns = bits * NS_PER_S / bus->baud;
	}
	l->gap_ns = bus->baud > 19200 ? 1750000 : l->char_ns * 7 / 2;
	l->gap_ns += bus->extra_gap_ns;
	if (!l->turnaround_ns)
		l->turnaround_ns = TURNAROUND_DEFAULT_NS;
	if (!l->reply_timeout_ns)
		l->reply_timeout_ns = l->turnaround_ns + LINUX_LAG_NS;
}

static size_t read_reply_bytes(uint8_t function, uint16_t count)
{
	return 5 + rtu_shape_of_read(function, count).key;
}

int64_t plan_read_ns(const struct plan_line *l, uint8_t function, uint16_t count)
{
	int64_t bytes = READ_REQUEST_BYTES + (int64_t)read_reply_bytes(function, count);

	return bytes * l->char_ns + l->turnaround_ns + l->gap_ns;
}

int64_t plan_timeout_ns(const struct plan_line *l, size_t reply_bytes)
{
	return l->reply_timeout_ns + (int64_t)reply_bytes * l->char_ns;
}

bool plan_hole_pays(const struct plan_line *l, size_t extra_bytes)
{
	return (int64_t)extra_bytes * l->char_ns <
	       READ_OVERHEAD_BYTES * l->char_ns + l->turnaround_ns + l->gap_ns;
}

/* The block from a to b with item in it; false when it would be too long. */
static bool join(uint8_t function, const struct plan_step *s, const struct plan_item *item,
		 struct plan_step *out)
{
	unsigned lo = s->first, hi = s->first + (unsigned)s->count;
	unsigned item_hi = item->first + (unsigned)item->count;
	unsigned max = function <= MODBUS_READ_DISCRETE ? PLAN_COILS_MAX : PLAN_REGISTERS_MAX;

	out->has_hole = s->has_hole || item->first > hi || item_hi < lo;
	if (item->first < lo)
		lo = item->first;
	if (item_hi > hi)
		hi = item_hi;
	if (hi - lo > max)
		return false;
	out->first = (uint16_t)lo;
	out->count = (uint16_t)(hi - lo);
	return true;
}

/* Reply bytes that joining item would add beyond the item's own. */
static size_t hole_bytes(uint8_t function, const struct plan_step *from, const struct plan_step *to,
			 const struct plan_item *item)
{
	size_t grown = read_reply_bytes(function, to->count);
	size_t apart = read_reply_bytes(function, from->count) +
		       read_reply_bytes(function, item->count) - 5;

	return grown > apart ? grown - apart : 0;
}

void plan_block(const struct plan_line *l, uint8_t function, const struct plan_item *seed,
		const struct plan_item *others, int n, bool may_hole, struct plan_block *out)
{
	uint8_t used[BUS_READS_MAX] = {0};

	out->steps[0] = (struct plan_step){.first = seed->first, .count = seed->count};
	out->count = 1;
	if (n > BUS_READS_MAX)
		n = BUS_READS_MAX;
	while (out->count < PLAN_STEPS_MAX) {
		const struct plan_step *from = &out->steps[out->count - 1];
		struct plan_step best = {0};
		int best_i = -1;

		for (int i = 0; i < n; i++) {
			struct plan_step to = {.taken = (uint16_t)i};

			if (used[i] || !join(function, from, &others[i], &to))
				continue;
			if (to.has_hole && !may_hole)
				continue;
			if (!plan_hole_pays(l, hole_bytes(function, from, &to, &others[i])))
				continue;
			if (plan_read_ns(l, function, to.count) > PLAN_WRITE_WAIT_NS &&
			    to.count > from->count)
				continue;
			if (best_i < 0 || to.count < best.count) {
				best = to;
				best_i = i;
			}
		}
		if (best_i < 0)
			return;
		used[best_i] = 1;
		out->steps[out->count++] = best;
	}
}
