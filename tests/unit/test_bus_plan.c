/* SPDX-License-Identifier: MIT
 *
 * What a transaction costs, and what is therefore read together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "bus/bus.h"
#include "bus/plan.h"

static struct plan_line line(int baud, int turnaround_ms)
{
	struct fx_bus bus = {.kind = BUS_MODBUS_RTU,
			     .baud = baud,
			     .parity = 'N',
			     .stop_bits = 1,
			     .turnaround_ns = turnaround_ms * NS_PER_MS};
	struct plan_line l;

	plan_line_init(&l, &bus);
	return l;
}

static void character_and_silence_times_follow_baud_and_format(void **state)
{
	static const struct {
		int baud;
		char parity;
		int stop_bits, char_us, gap_us;
	} row[] = {
		{9600, 'N', 1, 1041, 3645}, {9600, 'E', 1, 1145, 4010}, {19200, 'N', 1, 520, 1822},
		{9600, 'N', 2, 1145, 4010}, {38400, 'N', 1, 260, 1750}, {115200, 'E', 1, 95, 1750},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fx_bus bus = {.kind = BUS_MODBUS_RTU,
				     .baud = row[i].baud,
				     .parity = row[i].parity,
				     .stop_bits = row[i].stop_bits,
				     .extra_gap_ns = 1000000};
		struct plan_line l;

		plan_line_init(&l, &bus);
		assert_int_equal(l.char_ns / 1000, row[i].char_us);
		assert_int_equal(l.gap_ns / 1000, row[i].gap_us + 1000);
	}
}

/* Wire ms of field experience: 8N1, turnaround 5 ms, t3.5 included. */
static void durations_are_those_of_the_wire(void **state)
{
	static const struct {
		int baud;
		uint8_t function;
		uint16_t count;
		int ms10; /* tenths of a ms: wire + 5 + t3.5 */
	} row[] = {
		{9600, 3, 1, 242},	{9600, 3, 10, 430},	  {9600, 3, 32, 888},
		{9600, 3, 125, 2826},	{19200, 3, 10, 215 + 25}, {115200, 3, 10, 28 + 67},
		{9600, 1, 8, 146 + 86},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct plan_line l = line(row[i].baud, 5);
		int64_t us = plan_read_ns(&l, row[i].function, row[i].count) / 1000;

		assert_in_range(us / 10, row[i].ms10 * 10 - 20, row[i].ms10 * 10 + 20);
	}
}

/* The largest hole worth reading: 6.5 + (turnaround + t3.5) / 2 Tc registers. */
static void a_hole_is_read_over_exactly_while_that_is_cheaper(void **state)
{
	static const struct {
		int baud, turnaround_ms, registers;
	} row[] = {{9600, 2, 9},    {9600, 5, 10},   {9600, 20, 17}, {19200, 5, 13},
		   {38400, 20, 48}, {115200, 2, 28}, {115200, 5, 45}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct plan_line l = line(row[i].baud, row[i].turnaround_ms);
		size_t g = 0;

		while (plan_hole_pays(&l, 2 * (g + 1)))
			g++;
		assert_in_range(g, (size_t)row[i].registers - 1, (size_t)row[i].registers + 1);
	}
}

struct plan_case {
	const char *name;
	int baud, turnaround_ms;
	uint8_t function;
	bool may_hole;
	struct plan_item seed, others[4];
	int n;
	int steps;
	uint16_t first, count;
	bool has_hole;
};

static const struct plan_case plan_cases[] = {
	{"alone", 9600, 5, 3, true, {0, 2}, {{0, 0}}, 0, 1, 0, 2, false},
	{"neighbours", 9600, 5, 3, true, {0, 2}, {{2, 2}, {4, 1}}, 2, 3, 0, 5, false},
	{"below the seed", 9600, 5, 3, true, {10, 2}, {{8, 2}}, 1, 2, 8, 4, false},
	{"overlapping", 9600, 5, 3, true, {10, 4}, {{12, 4}}, 1, 2, 10, 6, false},
	{"inside", 9600, 5, 3, true, {10, 8}, {{12, 2}}, 1, 2, 10, 8, false},
	{"hole of 8 pays", 9600, 5, 3, true, {0, 2}, {{10, 2}}, 1, 2, 0, 12, true},
	{"hole of 12 does not", 9600, 5, 3, true, {0, 2}, {{14, 2}}, 1, 1, 0, 2, false},
	{"hole not allowed", 9600, 5, 3, false, {0, 2}, {{3, 2}}, 1, 1, 0, 2, false},
	{"neighbour allowed where holes are not",
	 9600,
	 5,
	 3,
	 false,
	 {0, 2},
	 {{2, 2}, {5, 1}},
	 2,
	 2,
	 0,
	 4,
	 false},
	{"fast line reads over 40", 115200, 5, 3, true, {0, 2}, {{42, 2}}, 1, 2, 0, 44, true},
	{"a write waits 60 ms at most: 9600",
	 9600,
	 5,
	 3,
	 true,
	 {0, 10},
	 {{10, 8}, {18, 8}},
	 2,
	 2,
	 0,
	 18,
	 false},
	{"longer alone stays alone", 9600, 5, 3, true, {0, 40}, {{40, 1}}, 1, 1, 0, 40, false},
	{"no more than 125",
	 460800,
	 5,
	 3,
	 true,
	 {0, 100},
	 {{100, 25}, {125, 1}},
	 2,
	 2,
	 0,
	 125,
	 false},
	{"coils", 9600, 5, 1, true, {0, 8}, {{8, 8}, {40, 8}}, 2, 3, 0, 48, true},
	{"nearest first", 9600, 5, 3, true, {20, 1}, {{29, 1}, {22, 1}}, 2, 3, 20, 10, true},
};

static void blocks_are_planned_as_the_table_says(void **state)
{

	(void)state;
	for (size_t i = 0; i < sizeof(plan_cases) / sizeof(plan_cases[0]); i++) {
		const struct plan_case *c = &plan_cases[i];
		struct plan_line l = line(c->baud, c->turnaround_ms);
		const struct plan_step *last;
		struct plan_block b;

		struct plan_refused refused = {.all = !c->may_hole};

		plan_block(&l, c->function, &c->seed, c->others, c->n, &refused, &b);
		last = &b.steps[b.count - 1];
		if (b.count != c->steps || last->first != c->first || last->count != c->count ||
		    last->has_hole != c->has_hole)
			fail_msg("%s: %d steps, %u +%u, hole %d", c->name, b.count, last->first,
				 last->count, last->has_hole);
	}
}

static void no_block_crosses_a_refused_seam(void **state)
{
	static const struct plan_item items[] = {{0, 2}, {2, 2}, {4, 1}, {8, 1}, {3, 3}};
	static const struct {
		struct plan_hole seam;
		int blocks;
		uint16_t first[3], count[3];
	} row[] = {{{3, 100, 0}, 1, {0}, {9}},	    /* of no item here */
		   {{4, 2, 0}, 1, {0}, {9}},	    /* another function's */
		   {{3, 2, 0}, 2, {0, 2}, {2, 7}},  /* between neighbours */
		   {{3, 4, 0}, 1, {0}, {9}},	    /* within what one read lies across */
		   {{3, 8, 0}, 2, {0, 8}, {6, 1}}}; /* behind a hole */
	struct plan_line l = line(9600, 5);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct plan_refused refused = {&row[i].seam, 1, false};
		struct plan_span spans[5];
		uint16_t of[5];
		int n = plan_partition(&l, 3, items, 5, &refused, spans, of);

		if (n != row[i].blocks)
			fail_msg("row %d: %d blocks", (int)i, n);
		for (int k = 0; k < n; k++) {
			int last = n - 1 - k; /* spans come from the end */

			assert_int_equal(spans[last].first, row[i].first[k]);
			assert_int_equal(spans[last].count, row[i].count[k]);
		}
	}
}

static void worst_transaction_covers_the_longest_read_to_a_dead_slave(void **state)
{
	struct fx_bus bus = {.kind = BUS_MODBUS_RTU,
			     .baud = 9600,
			     .parity = 'N',
			     .stop_bits = 1,
			     .turnaround_ns = 20 * NS_PER_MS};
	struct bus_read reads[2] = {{.unit = 1, .function = 3, .first = 0, .count = 2},
				    {.unit = 1, .function = 3, .first = 50, .count = 40}};
	int64_t worst_ns = bus_worst_transaction_ns(&bus, reads, 2);

	(void)state;
	/* 8 + 85 characters, 20 ms turnaround, 24 ms of this side, t3.5, and some registers more.
	 */
	assert_in_range(worst_ns, 145 * NS_PER_MS, 260 * NS_PER_MS);
	assert_true(bus_worst_transaction_ns(&bus, reads, 1) < worst_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(character_and_silence_times_follow_baud_and_format),
		cmocka_unit_test(durations_are_those_of_the_wire),
		cmocka_unit_test(a_hole_is_read_over_exactly_while_that_is_cheaper),
		cmocka_unit_test(blocks_are_planned_as_the_table_says),
		cmocka_unit_test(no_block_crosses_a_refused_seam),
		cmocka_unit_test(worst_transaction_covers_the_longest_read_to_a_dead_slave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
