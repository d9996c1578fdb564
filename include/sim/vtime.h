/* SPDX-License-Identifier: MIT
 *
 * Virtual time: timers that fire in the order of (time, order of setting). Nothing happens between
 * two of them, so hours pass in milliseconds, the same way each time. One thread.
 */
#ifndef SIM_VTIME_H
#define SIM_VTIME_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The caller's storage; zero it and fill fn and ctx. fn may set or cancel any timer, itself too, but
 * not run the clock. */
struct vtimer {
	void (*fn)(void *ctx, int64_t now_ns);
	void *ctx;
	int64_t at_ns;
	int slot; /* place among those that are set, from 1; 0: not set */
};

/* Whose work goes on, for a profiler that looks at it from a signal. */
enum vtime_work {
	WORK_OTHER = 0,
	WORK_PHYSICS,
	WORK_DEVICES,
	WORK_BUS,
	WORK_RIG,
	WORK_ENGINE,
	WORKS
};

struct vtime {
	int64_t now_ns;
	struct vtime_slot {
		int64_t at_ns; /* the timer's own, here for speed */
		uint64_t seq;
		struct vtimer *timer;
	} * set; /* in no order: a rig has some twenty, set more often than they fire */
	int count, cap;
	uint64_t seq, fired;
	volatile sig_atomic_t work; /* enum vtime_work */
};
/* int was = vtime_work(vt, WORK_BUS); ...; vtime_work(vt, was); */
static inline int vtime_work(struct vtime *vt, int work)
{
	int was = vt->work;

	vt->work = work;
	return was;
}
void vtime_init(struct vtime *vt, int64_t now_ns);
void vtime_release(struct vtime *vt);
/* Fire at at_ns (at once if that is past); INT64_MAX cancels. Setting again moves it. */
void vtime_set(struct vtime *vt, struct vtimer *t, int64_t at_ns);
/* As vtime_set, but only if that is earlier than it is set now. */
void vtime_soon(struct vtime *vt, struct vtimer *t, int64_t at_ns);
void vtime_cancel(struct vtime *vt, struct vtimer *t);
/* Fire the next timer if it is due by end_ns; false: none is, and now_ns is end_ns. */
bool vtime_step(struct vtime *vt, int64_t end_ns);
/* All that is due by end_ns. */
void vtime_run(struct vtime *vt, int64_t end_ns);

#endif
