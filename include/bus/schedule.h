/* SPDX-License-Identifier: MIT
 *
 * What a whole line has to carry, laid out ahead: the reads of all its devices, each at its own
 * rate, by the same rules as src/bus/poll.c goes by (earliest deadline first, neighbours that are
 * due soon ride along, bus/plan.h), on a line where every transaction is answered and none is late.
 * Pure: line, reads and what is known of the devices go in, blocks and load come out.
 *
 * While the load is below 1 and periods are multiples of each other, the machine sends
 * these blocks and no other byte (tests/unit/test_bus_plan_line.c).
 */
#ifndef BUS_SCHEDULE_H
#define BUS_SCHEDULE_H

#include "bus/bus.h"
#include "bus/plan.h"

/* What was learned of one device; absent ones answer as the line's typical_ns says. */
struct schedule_unit {
	uint8_t unit;
	int64_t turnaround_ns; /* measured */
	struct plan_refused refused;
};
struct schedule_input {
	struct plan_line line;
	const struct bus_read *reads; /* periods in the time the load is asked for */
	int read_count;		      /* at most BUS_READS_MAX */
	const struct schedule_unit *units;
	int unit_count;
};

struct schedule_block {
	uint8_t unit, function;
	uint16_t device; /* of its first read */
	uint16_t first, count;
	bool has_hole;
	uint16_t reads[PLAN_STEPS_MAX]; /* indices, ascending */
	int read_count;
	uint64_t times;	 /* within span_ns */
	int64_t bytes;	 /* request and reply, each time; TCP: of the PDU as on a serial line */
	int64_t wire_ns; /* each time, with the silence before it */
};
struct schedule {
	int64_t span_ns; /* the time laid out: what repeats, or long enough */
	struct schedule_block blocks[BUS_READS_MAX];
	int block_count;
	uint64_t transactions, rest; /* within span_ns; rest: of blocks that had no room above */
	int64_t bytes, busy_ns;
	double load;	    /* busy_ns / span_ns; above 1 the line cannot carry it */
	int64_t longest_ns; /* of one block at the slowest turnaround: so long may a write wait */
};
/* 0, or ERR_RANGE: a read with no count, or more reads than BUS_READS_MAX. */
int schedule_make(const struct schedule_input *in, struct schedule *out);

/* Who asks for too much, and what would fit. */
struct schedule_excess {
	int read;		/* the fastest one of the device that takes most */
	double share;		/* of the line, by that device */
	int64_t device_fits_ns; /* no read of that device oftener: fits; 0: that does not help */
	double all_slower;	/* or everything on the line so many times slower */
};
/* in and the schedule of it, with a load above 1. */
void schedule_excess(const struct schedule_input *in, const struct schedule *s,
		     struct schedule_excess *out);

#endif
