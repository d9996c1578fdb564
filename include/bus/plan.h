/* SPDX-License-Identifier: MIT
 *
 * Read planning as arithmetic: what a transaction costs on this line, which reads are asked
 * together so that the line's time is least, how long a block may be. Pure. What a whole line has
 * to carry is in bus/schedule.h.
 *
 *   T = (request + reply characters) * Tc + turnaround + t3.5
 *   a hole of g registers costs 2 g Tc and saves 13 Tc + turnaround + t3.5
 *   (Modbus over serial line V1.02, 2.5.1; sizes from the application protocol V1.1b)
 *
 * There are two turnarounds: the slowest (the fixture's) bounds waiting and time-outs, the typical
 * one (as measured of each device, else the fixture's) decides what is cheaper.
 */
#ifndef BUS_PLAN_H
#define BUS_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include "plan/fixture.h"

enum { PLAN_STEPS_MAX = 64, PLAN_COILS_MAX = 1000, PLAN_REGISTERS_MAX = 125 };
#define PLAN_WRITE_WAIT_NS ((int64_t)60 * 1000000) /* a write waits no longer for a block */

struct plan_line {
	bool is_tcp;
	int64_t char_ns;	  /* Tc; TCP: 0 */
	int64_t gap_ns;		  /* t3.5 and the bus's extra gap */
	int64_t turnaround_ns;	  /* request's end to first byte of the reply, at the slowest */
	int64_t typical_ns;	  /* the same as measured; turnaround_ns while it is not known */
	int64_t reply_timeout_ns; /* request's end to where the first byte must have come */
};
/* t3.5: 3.5 characters up to 19200 baud, 1.75 ms above. */
void plan_line_init(struct plan_line *l, const struct fx_bus *bus);
/* Bytes on a serial line, request and reply with address and CRC. */
int64_t plan_read_bytes(uint8_t function, uint16_t count);
/* Longest expected duration of a read with the silence before it. */
int64_t plan_read_ns(const struct plan_line *l, uint8_t function, uint16_t count);
/* The typical one: what it costs the line. */
int64_t plan_cost_ns(const struct plan_line *l, uint8_t function, uint16_t count);
/* Request's end to the end of the reply of that many bytes, at the latest. */
int64_t plan_timeout_ns(const struct plan_line *l, size_t reply_bytes);
/* May the read r, due at due_ns (INT64_MAX: never), ride along with seed at at_ns? Both merge, are of one
 * slave and function, and it is due within a quarter of its period. */
struct bus_read;
bool plan_rides(const struct bus_read *seed, const struct bus_read *r, int64_t due_ns,
		int64_t at_ns);
/* Are extra_bytes of reply cheaper than one more transaction? */
bool plan_hole_pays(const struct plan_line *l, size_t extra_bytes);

struct plan_item {
	uint16_t first, count;
};
/* Ranges that a device refused when a block was read over them, count 0: a seam, the boundary in
 * front of first that no block may cross though nothing lies in between; all: it takes no hole at
 * all, seams are still those of the list. */
struct plan_hole {
	uint8_t function;
	uint16_t first, count;
};
struct plan_refused {
	const struct plan_hole *holes;
	int count;
	bool all;
};
struct plan_span {
	uint16_t first, count;
	bool has_hole; /* reads what nobody asked for */
};
/* The cheapest way to ask for items (same slave and function, n at most BUS_READS_MAX): blocks that
 * each cost one transaction, none longer than a write may wait (PLAN_WRITE_WAIT_NS; an item that is
 * longer by itself stands alone) and none over a refused hole or seam. Of equally cheap ways the one that
 * reads less that nobody asked for. Returns how many blocks, in spans (room for n); block_of[i] is
 * the block of items[i]. */
int plan_partition(const struct plan_line *l, uint8_t function, const struct plan_item *items,
		   int n, const struct plan_refused *refused, struct plan_span *spans,
		   uint16_t *block_of);

/* The block of that partition with the seed in it, in steps that each contain the one before:
 * steps[0] is the seed alone. A shorter one serves where the longest may not be asked
 * (src/bus/taint.h). */
struct plan_block {
	struct plan_step {
		uint16_t first, count;
		bool has_hole;
		uint16_t taken; /* index into others of what this step added; steps[0]: unused */
	} steps[PLAN_STEPS_MAX];
	int count;
};
void plan_block(const struct plan_line *l, uint8_t function, const struct plan_item *seed,
		const struct plan_item *others, int n, const struct plan_refused *refused,
		struct plan_block *out);

#endif
