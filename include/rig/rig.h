/* SPDX-License-Identifier: MIT
 *
 * A rig at work: channels, outputs, leases, interlocks, drop / stop / proof, as one pure machine.
 * Bus events, link messages and time go in; bus requests and link messages come out through struct
 * rig_ops. No heap after rig_new, no clock, no I/O: benchd-io runs it on threads and sockets, the
 * virtual world in one process.
 *
 * now_ns is wire time. Run time (staleness, debounce, on-times, stop, proof) is derived by the
 * scale given in WELCOME; before that the speed is 1. Leases and the dead-man line are wire time. A
 * WELCOME whose scale is another than the one given to rig_new is refused: the bus periods were made
 * for that one.
 *
 * Leases: numbers ascend within one link, and a lease begins with its image of seq 0 or 1; later
 * ones of a lease that ended are ignored and answered by BAY, so that nothing resumes after a drop,
 * a reconnect or a restart.
 */
#ifndef RIG_RIG_H
#define RIG_RIG_H

#include "base/clock.h"
#include "bus/bus.h"
#include "link/io.h"
#include "plan/fixture.h"

struct rig_ops {
	void *ctx;
	/* 0, or ERR_LIMIT: treated as a fault of the bus. */
	int (*submit)(void *ctx, int bus, const struct bus_request *r);
	void (*need)(void *ctx, int bus, uint16_t device, bool needed);
	/* To benchd; called only between HELLO and loss of the link, never blocks. */
	void (*send)(void *ctx, const struct io_msg *m);
	/* For people; level as base/log.h. */
	void (*log)(void *ctx, int level, const char *text);
	/* Are all bus threads inside their own computed worst transaction? Condition of the
	 * dead-man line. */
	bool (*healthy)(void *ctx, int64_t now_ns);
};

struct rig;
/* Checks devices, points, options, outputs against the driver tables: all mistakes into problems.
 * NULL then; and for a draft of a fixture, of which it tells what only the drivers know. */
struct rig *rig_new(const struct fixture *f, const struct clock_scale *scale,
		    const struct rig_ops *ops, struct problems *problems);
void rig_free(struct rig *r);
/* What that bus is to read and which lines it needs; lives as long as the rig. Periods already by
 * speed. */
void rig_bus_config(const struct rig *r, int bus, struct bus_config *out);

/* Start: every output to safe, ordered stop, proof, for all bays. */
void rig_start(struct rig *r, int64_t now_ns);
void rig_bus_event(struct rig *r, int bus, const struct bus_event *ev, int64_t now_ns);
/* The link is up (sends HELLO) / gone (drops every bay that holds a lease). */
void rig_link_up(struct rig *r, int64_t now_ns);
void rig_link_lost(struct rig *r, int64_t now_ns);
/* A decoded message of benchd. ERR_PROTOCOL: not allowed here; the caller closes the link. */
int rig_message(struct rig *r, const struct io_msg *m, int64_t now_ns, struct error *err);
/* Do what is due; returns when it wants to be called next. Call it after every other call too: they
 * change that. */
int64_t rig_run(struct rig *r, int64_t now_ns);
/* End: drop, stop, proof of every bay; true from rig_is_ended once done (proven or not). */
void rig_end(struct rig *r, const char *why, int64_t now_ns);
bool rig_is_ended(const struct rig *r, bool *all_proven);
enum bay_state rig_bay_state(const struct rig *r, int bay, const char **reason);
/* The last proof of the bay: 1 proven, 0 not, -1 none yet; *detail how it was shown or what is not
 * as it should be. */
int rig_bay_proof(const struct rig *r, int bay, const char **detail);
/* What HELLO says of this process; default 1 and the fixture's word. */
void rig_set_identity(struct rig *r, uint32_t pid, bool simulated);
/* A request could not be delivered, a mailbox overflowed, ...: a fault of this process; every bay
 * is dropped. */
void rig_fault(struct rig *r, const char *why, int64_t now_ns);
/* The table of the bays' state machine (src/rig/safe.c has its diagram). */
bool bay_may_go(enum bay_state from, enum bay_state to);

/* Static facts for `fixture check`: per output the worst time from an edge to commanded safe, and
 * why. */
struct rig_reach {
	int16_t output;
	int64_t worst_ns;
	bool dead_man_covers;
	bool ok; /* <= 100 ms, covered, or not trip-relevant */
};
int rig_reach(const struct rig *r, struct rig_reach *out, int max);
/* Comms watchdog of a device that carries outputs: after that long without a request it makes itself
 * safe. 0: it has none; -1: it carries no outputs, or is no Modbus device. */
int64_t rig_watchdog_ns(const struct rig *r, int device);
/* Outputs that no trip can rely on: 0 when there is none, else how many, and a line for each (which,
 * how long it takes, why) and one that says what would help. */
struct text;
int rig_reach_problems(const struct rig *r, struct text *out);

#endif
