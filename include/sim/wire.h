/* SPDX-License-Identifier: MIT
 *
 * A virtual wire: joins one bus machine (bus/bus.h) to the devices of a world under virtual
 * time. Frames, CRC and baud rate are as on a real line; only descriptors and libmodbus are
 * missing, whose framing tests show to be the same bytes.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "base/clock.h"
#include "bus/bus.h"
#include "sim/vtime.h"
#include "sim/wire_fault.h"
#include "sim/world.h"

/* Shared by the wires of a rig: counts all transactions and spoils some (sim/wire_fault.h). Those it
 * leaves fine may be spoiled by a fault of the world. TCP: silence, loss and lateness are time-outs,
 * bad bytes a protocol error. GPIO: every kind refuses the set. */
struct wire_faults {
	uint64_t count;	      /* transactions so far */
	uint64_t first, last; /* those to spoil, from 1; first 0: none, last 0: the first only */
	enum wire_fault kind; /* with K of the table, */
	double k;	      /* or this; late: late_ns */
	int64_t late_ns;
	uint64_t hits;
	/* Optional, instead of first and last: what becomes of transaction number n of that bus. */
	enum wire_fault (*choose)(void *ctx, uint64_t n, int bus, uint8_t unit, const uint8_t *pdu,
				  int64_t *late_ns);
	void *ctx;
};

struct wire_config {
	struct vtime *vt;
	struct world *world;
	const struct bus_config *bus;	 /* copied by bus_new; lines must outlive the wire */
	const struct clock_scale *scale; /* run time of the world; NULL: equal to wire time */
	struct wire_faults *faults;	 /* NULL: none */
	int64_t line_poll_ns; /* GPIO, serial: how often the world is looked at; 0: 20 ms */
	void *ctx;
	void (*event)(void *ctx, int bus, const struct bus_event *ev);
	void (*trace)(void *ctx, int64_t at_ns, char dir, const uint8_t *p, size_t n,
		      const char *note);
};
struct wire;
/* Starts at the clock's present time: the machine runs with the next vtime_run. */
struct wire *wire_new(const struct wire_config *config, struct error *err);
void wire_free(struct wire *w);
/* As bus_submit and bus_need, and wakes the machine. */
int wire_submit(struct wire *w, const struct bus_request *r);
void wire_need(struct wire *w, uint16_t device, bool needed);
void wire_stats(const struct wire *w, struct bus_stats *out);

#endif
