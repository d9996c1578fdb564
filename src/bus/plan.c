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
		l->typical_ns = l->turnaround_ns;
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
	l->typical_ns = l->turnaround_ns;
}

static size_t read_reply_bytes(uint8_t function, uint16_t count)
{
	return 5 + rtu_shape_of_read(function, count).key;
}

int64_t plan_read_bytes(uint8_t function, uint16_t count)
{
	return READ_REQUEST_BYTES + (int64_t)read_reply_bytes(function, count);
}

int64_t plan_read_ns(const struct plan_line *l, uint8_t function, uint16_t count)
{
	return plan_read_bytes(function, count) * l->char_ns + l->turnaround_ns + l->gap_ns;
}

int64_t plan_cost_ns(const struct plan_line *l, uint8_t function, uint16_t count)
{
	return plan_read_bytes(function, count) * l->char_ns + l->typical_ns + l->gap_ns;
}

int64_t plan_timeout_ns(const struct plan_line *l, size_t reply_bytes)
{
	return l->reply_timeout_ns + (int64_t)reply_bytes * l->char_ns;
}

bool plan_hole_pays(const struct plan_line *l, size_t extra_bytes)
{
	return (int64_t)extra_bytes * l->char_ns <
	       READ_OVERHEAD_BYTES * l->char_ns + l->typical_ns + l->gap_ns;
}

bool plan_rides(const struct bus_read *seed, const struct bus_read *r, int64_t due_ns,
		int64_t at_ns)
{
	enum { SHARE = 4 };

	return seed->may_merge && r->may_merge && r->unit == seed->unit &&
	       r->function == seed->function && due_ns != INT64_MAX &&
	       due_ns - at_ns <= r->period_ns / SHARE;
}

/* ---- the cheapest partition ------------------------------------------------ */

/* from == to: what lies on both sides is adjacent. */
static bool may_read_over(uint8_t function, unsigned from, unsigned to,
			  const struct plan_refused *refused)
{
	if (refused->all && from < to)
		return false;
	for (int i = 0; i < refused->count; i++) {
		const struct plan_hole *h = &refused->holes[i];

		if (h->function != function)
			continue;
		if (h->count == 0
			    ? from <= h->first && h->first <= to
			    : from < to && from < h->first + (unsigned)h->count && h->first < to)
			return false;
	}
	return true;
}

/* A block that grows item by item, in order of their first register. */
struct growing {
	unsigned lo, hi, longest;
	bool has_hole;
};

/* false: no block may have all of these, nor any with more of them. */
static bool grow(const struct plan_line *l, uint8_t function, struct growing *g,
		 const struct plan_item *item, const struct plan_refused *refused)
{
	unsigned max = function <= MODBUS_READ_DISCRETE ? PLAN_COILS_MAX : PLAN_REGISTERS_MAX;
	unsigned end = item->first + (unsigned)item->count, count;
	int64_t alone_ns;

	if (item->first >= g->hi) {
		if (!may_read_over(function, g->hi, item->first, refused))
			return false;
		g->has_hole |= item->first > g->hi;
	}
	if (end > g->hi)
		g->hi = end;
	if (item->count > g->longest)
		g->longest = item->count;
	count = g->hi - g->lo;
	if (count > max)
		return false;
	/* A write waits as long as the longest item alone makes it wait, whatever is planned. */
	alone_ns = plan_read_ns(l, function, (uint16_t)g->longest);
	return plan_read_ns(l, function, (uint16_t)count) <=
	       (alone_ns > PLAN_WRITE_WAIT_NS ? alone_ns : PLAN_WRITE_WAIT_NS);
}

static void sort_items(const struct plan_item *items, int n, uint16_t *order)
{
	for (int i = 0; i < n; i++) {
		int k = i;

		for (; k > 0 && items[order[k - 1]].first > items[i].first; k--)
			order[k] = order[k - 1];
		order[k] = (uint16_t)i;
	}
}

/*
 * Blocks need only be runs of the items in order of their first register: if a block reaches over
 * an item of another, that item is free in it. So best[k], the least cost of the first k items, is
 * the least of best[j] + the block of items j..k-1.
 */
int plan_partition(const struct plan_line *l, uint8_t function, const struct plan_item *items,
		   int n, const struct plan_refused *refused, struct plan_span *spans,
		   uint16_t *block_of)
{
	int64_t best[BUS_READS_MAX + 1] = {0};
	struct plan_span last[BUS_READS_MAX + 1];
	uint16_t order[BUS_READS_MAX], from[BUS_READS_MAX + 1];
	int blocks = 0;

	sort_items(items, n, order);
	for (int k = 1; k <= n; k++)
		best[k] = INT64_MAX;
	for (int j = 0; j < n; j++) {
		const struct plan_item *a = &items[order[j]];
		struct growing g = {a->first, a->first + (unsigned)a->count, a->count, false};

		for (int k = j; k < n && grow(l, function, &g, &items[order[k]], refused); k++) {
			uint16_t count = (uint16_t)(g.hi - g.lo);
			int64_t cost = best[j] + plan_cost_ns(l, function, count);

			/* <=: a later start is the shorter last block */
			if (cost > best[k + 1] || (cost == best[k + 1] && g.has_hole))
				continue;
			best[k + 1] = cost;
			from[k + 1] = (uint16_t)j;
			last[k + 1] = (struct plan_span){a->first, count, g.has_hole};
		}
	}
	for (int k = n; k > 0; k = from[k]) {
		for (int i = from[k]; i < k; i++)
			block_of[order[i]] = (uint16_t)blocks;
		spans[blocks++] = last[k];
	}
	return blocks;
}

/* ---- the block around a seed ----------------------------------------------- */

static void join(const struct plan_step *s, const struct plan_item *item, struct plan_step *out)
{
	unsigned lo = s->first, hi = s->first + (unsigned)s->count;
	unsigned item_hi = item->first + (unsigned)item->count;

	out->has_hole = s->has_hole || item->first > hi || item_hi < lo;
	if (item->first < lo)
		lo = item->first;
	if (item_hi > hi)
		hi = item_hi;
	out->first = (uint16_t)lo;
	out->count = (uint16_t)(hi - lo);
}

void plan_block(const struct plan_line *l, uint8_t function, const struct plan_item *seed,
		const struct plan_item *others, int n, const struct plan_refused *refused,
		struct plan_block *out)
{
	struct plan_item all[BUS_READS_MAX];
	struct plan_span spans[BUS_READS_MAX];
	uint16_t block_of[BUS_READS_MAX];
	bool used[BUS_READS_MAX] = {false};

	out->steps[0] = (struct plan_step){.first = seed->first, .count = seed->count};
	out->count = 1;
	if (n <= 0)
		return;
	if (n > BUS_READS_MAX - 1)
		n = BUS_READS_MAX - 1;
	memcpy(all, others, (size_t)n * sizeof(*all));
	all[n] = *seed;
	plan_partition(l, function, all, n + 1, refused, spans, block_of);
	while (out->count < PLAN_STEPS_MAX) {
		struct plan_step best = {0};
		int best_i = -1;

		for (int i = 0; i < n; i++) {
			struct plan_step to = {.taken = (uint16_t)i};

			if (used[i] || block_of[i] != block_of[n])
				continue;
			join(&out->steps[out->count - 1], &others[i], &to);
			if (best_i < 0 || to.count < best.count) {
				best = to;
				best_i = i;
			}
		}
		if (best_i < 0)
			return;
		used[best_i] = true;
		out->steps[out->count++] = best;
	}
}
