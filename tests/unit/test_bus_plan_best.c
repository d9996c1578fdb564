/* SPDX-License-Identifier: MIT
 *
 * The planner against every way there is: no partition of a few reads costs the line less than the
 * one it chooses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/plan.h"

enum { ITEMS_MAX = 7, CASES = 4000, HOLES_MAX = 3 };

static uint64_t seed = 1;

static unsigned random_below(unsigned n)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ (z >> 31)) % n);
}

struct plan_case {
	struct plan_line line;
	uint8_t function;
	struct plan_item items[ITEMS_MAX];
	int n;
	struct plan_hole holes[HOLES_MAX];
	struct plan_refused refused;
};

static void make_case(struct plan_case *c)
{
	static const int bauds[] = {9600, 19200, 38400, 115200};
	static const uint8_t functions[] = {1, 3, 4};
	struct fx_bus bus = {.kind = BUS_MODBUS_RTU,
			     .baud = bauds[random_below(4)],
			     .parity = random_below(2) ? 'E' : 'N',
			     .stop_bits = 1,
			     .turnaround_ns = (1 + random_below(40)) * NS_PER_MS};
	unsigned wide = random_below(2) ? 40 : 300;

	plan_line_init(&c->line, &bus);
	/* as measured: at most the slowest */
	c->line.typical_ns = c->line.turnaround_ns * (1 + random_below(4)) / 4;
	c->function = functions[random_below(3)];
	c->n = 1 + (int)random_below(ITEMS_MAX);
	for (int i = 0; i < c->n; i++)
		c->items[i] = (struct plan_item){(uint16_t)random_below(wide),
						 (uint16_t)(1 + random_below(wide > 40 ? 30 : 6))};
	c->refused = (struct plan_refused){c->holes, (int)random_below(HOLES_MAX + 1),
					   random_below(8) == 0};
	for (int i = 0; i < c->refused.count; i++)
		c->holes[i] = (struct plan_hole){random_below(4) ? c->function : 2,
						 (uint16_t)random_below(wide),
						 (uint16_t)(1 + random_below(4))};
}

/* ---- every way ------------------------------------------------------------- */

static bool is_wanted(const struct plan_case *c, unsigned members, unsigned at)
{
	for (int i = 0; i < c->n; i++)
		if ((members >> i & 1) && at >= c->items[i].first &&
		    at < c->items[i].first + (unsigned)c->items[i].count)
			return true;
	return false;
}

static bool is_refused(const struct plan_case *c, unsigned at)
{
	for (int i = 0; i < c->refused.count; i++)
		if (c->holes[i].function == c->function && at >= c->holes[i].first &&
		    at < c->holes[i].first + (unsigned)c->holes[i].count)
			return true;
	return c->refused.all;
}

/* What one block with these items costs; -1: it may not be. Register by register. */
static int64_t block_cost(const struct plan_case *c, unsigned members)
{
	unsigned lo = 0x10000, hi = 0, longest = 0;
	int64_t limit_ns = PLAN_WRITE_WAIT_NS, alone_ns;

	for (int i = 0; i < c->n; i++) {
		unsigned end = c->items[i].first + (unsigned)c->items[i].count;

		if (!(members >> i & 1))
			continue;
		lo = c->items[i].first < lo ? c->items[i].first : lo;
		hi = end > hi ? end : hi;
		longest = c->items[i].count > longest ? c->items[i].count : longest;
	}
	for (unsigned at = lo; at < hi; at++)
		if (!is_wanted(c, members, at) && is_refused(c, at))
			return -1;
	if (c->function > 2 && hi - lo > 125)
		return -1;
	alone_ns = plan_read_ns(&c->line, c->function, (uint16_t)longest);
	limit_ns = alone_ns > limit_ns ? alone_ns : limit_ns;
	if (plan_read_ns(&c->line, c->function, (uint16_t)(hi - lo)) > limit_ns)
		return -1;
	return plan_cost_ns(&c->line, c->function, (uint16_t)(hi - lo));
}

static int64_t cheapest(const struct plan_case *c, const int64_t *cost, unsigned left)
{
	unsigned lowest = left & -left;
	int64_t best = INT64_MAX;

	if (!left)
		return 0;
	/* every block with the lowest item that is left */
	for (unsigned others = left ^ lowest, s = others;; s = (s - 1) & others) {
		if (cost[s | lowest] >= 0) {
			int64_t all = cost[s | lowest] + cheapest(c, cost, left ^ lowest ^ s);

			best = all < best ? all : best;
		}
		if (!s)
			return best;
	}
}

/* ---- tests ----------------------------------------------------------------- */

static int64_t planned_cost(const struct plan_case *c, int *blocks, bool *any_hole)
{
	struct plan_span spans[ITEMS_MAX];
	uint16_t of[ITEMS_MAX];
	int64_t sum = 0;

	*blocks = plan_partition(&c->line, c->function, c->items, c->n, &c->refused, spans, of);
	*any_hole = false;
	for (int k = 0; k < *blocks; k++) {
		unsigned members = 0;

		for (int i = 0; i < c->n; i++)
			if (of[i] == k) {
				members |= 1u << i;
				assert_true(c->items[i].first >= spans[k].first);
				assert_true(c->items[i].first + c->items[i].count <=
					    spans[k].first + spans[k].count);
			}
		assert_int_not_equal(members, 0);
		/* such a block may be, and costs what it says */
		assert_true(block_cost(c, members) ==
			    plan_cost_ns(&c->line, c->function, spans[k].count));
		for (unsigned at = spans[k].first; at < spans[k].first + (unsigned)spans[k].count;
		     at++)
			*any_hole |= !is_wanted(c, members, at);
		sum += block_cost(c, members);
	}
	return sum;
}

static void no_other_way_of_asking_is_cheaper(void **state)
{
	int merged = 0, split = 0, holes = 0;

	(void)state;
	for (int k = 0; k < CASES; k++) {
		int64_t cost[1 << ITEMS_MAX];
		struct plan_case c;
		int64_t planned;
		int blocks;
		bool hole;

		make_case(&c);
		for (unsigned m = 1; m < 1u << c.n; m++)
			cost[m] = block_cost(&c, m);
		planned = planned_cost(&c, &blocks, &hole);
		if (planned != cheapest(&c, cost, (1u << c.n) - 1))
			fail_msg("case %d: %d reads in %d blocks cost %.3f ms, the best way %.3f",
				 k, c.n, blocks, (double)planned / 1e6,
				 (double)cheapest(&c, cost, (1u << c.n) - 1) / 1e6);
		merged += blocks < c.n;
		split += blocks > 1;
		holes += hole;
	}
	/* the cases were of all kinds */
	assert_true(merged > CASES / 4);
	assert_true(split > CASES / 4);
	assert_true(holes > CASES / 10);
}

/* Greedy growth around a seed would leave the ends as transactions of their own. */
static void a_run_that_is_too_long_is_cut_into_as_few_blocks_as_can_be(void **state)
{
	struct fx_bus bus = {.kind = BUS_MODBUS_RTU,
			     .baud = 9600,
			     .parity = 'N',
			     .stop_bits = 1,
			     .turnaround_ns = 5 * NS_PER_MS};
	struct plan_item others[5] = {{0, 8}, {8, 8}, {24, 8}, {32, 1}, {16, 2}};
	struct plan_item middle = {18, 6};
	struct plan_refused none = {0};
	struct plan_span spans[6];
	struct plan_block block;
	struct plan_item all[6];
	struct plan_line l;
	uint16_t of[6];

	(void)state;
	plan_line_init(&l, &bus);
	for (int i = 0; i < 5; i++)
		all[i] = others[i];
	all[5] = middle;
	/* 33 registers; 17 of them are the most that a write may wait for */
	assert_int_equal(plan_partition(&l, 3, all, 6, &none, spans, of), 2);
	plan_block(&l, 3, &middle, others, 5, &none, &block);
	assert_int_equal(block.steps[block.count - 1].count, 33 - 18 + (of[5] == of[4] ? 2 : 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_other_way_of_asking_is_cheaper),
		cmocka_unit_test(a_run_that_is_too_long_is_cut_into_as_few_blocks_as_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
