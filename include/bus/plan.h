/* SPDX-License-Identifier: MIT
 *
 * Read planning as arithmetic: what a transaction costs on this line, when reading over a hole is
 * cheaper than asking twice, how long a block may be. Pure.
 *
 *   T = (request + reply characters) * Tc + turnaround + t3.5
 *   a hole of g registers costs 2 g Tc and saves 13 Tc + turnaround + t3.5
 *   (Modbus over serial line V1.02, 2.5.1; sizes from the application protocol V1.1b)
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
	int64_t turnaround_ns;	  /* request's end to first byte of the reply */
	int64_t reply_timeout_ns; /* request's end to where the first byte must have come */
};
/* t3.5: 3.5 characters up to 19200 baud, 1.75 ms above. */
void plan_line_init(struct plan_line *l, const struct fx_bus *bus);
/* Expected duration of a read with the silence before it. */
int64_t plan_read_ns(const struct plan_line *l, uint8_t function, uint16_t count);
/* Request's end to the end of the reply of that many bytes, at the latest. */
int64_t plan_timeout_ns(const struct plan_line *l, size_t reply_bytes);
/* Are extra_bytes of reply cheaper than one more transaction? */
bool plan_hole_pays(const struct plan_line *l, size_t extra_bytes);

struct plan_item {
	uint16_t first, count;
};
/* Blocks around a seed, each containing the one before: steps[0] is the seed alone. */
struct plan_block {
	struct plan_step {
		uint16_t first, count;
		bool has_hole;	/* reads what nobody asked for */
		uint16_t taken; /* index into others of what this step added; steps[0]: unused */
	} steps[PLAN_STEPS_MAX];
	int count;
};
/* Grow a block around seed with others (same slave and function, all mergeable) as long as merging
 * pays and a write would not wait longer than PLAN_WRITE_WAIT_NS (a seed longer than that stands
 * alone). */
void plan_block(const struct plan_line *l, uint8_t function, const struct plan_item *seed,
		const struct plan_item *others, int n, bool may_hole, struct plan_block *out);

#endif
