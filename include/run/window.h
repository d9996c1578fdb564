/* SPDX-License-Identifier: MIT
 *
 * Statistics of one symbol over one window, in bounded memory: running moments, first, last,
 * extremes, a linear fit and an integral, and for the median a reservoir of WINDOW_RESERVOIR
 * values. Up to that many updates the median is exact; beyond, every update has the same chance to
 * be in the reservoir (Vitter's algorithm R with a generator that starts the same in each window,
 * so a replay gives the same median).
 *
 * Only real updates are added: a reading that the device did not renew is no observation. Pure, no
 * heap.
 */
#ifndef RUN_WINDOW_H
#define RUN_WINDOW_H

#include <stdint.h>
#include "base/expr.h"

enum { WINDOW_RESERVOIR = 512 };

struct window {
	int64_t begin_ns;
	uint32_t count;
	int64_t first_ns, last_ns;
	double first, last, min, max;
	double mean, m2;	     /* Welford */
	double mean_t_s, m2_t, c_tx; /* fit over time since begin_ns */
	double integral;	     /* value times seconds, trapezoids from first_ns to last_ns */
	double *reservoir;	     /* WINDOW_RESERVOIR doubles of the owner's; NULL: no median */
	uint32_t kept;
	uint64_t random;
};

/* Forget everything; the reservoir stays the owner's. */
void window_begin(struct window *w, int64_t begin_ns);
/* One update. Earlier than the last one or not after begin_ns: ignored. */
void window_add(struct window *w, int64_t at_ns, double value);
/* Unknown without an update (slope and stddev: without two, count: never). The integral reaches
 * from begin_ns to now_ns; before the first and after the last update the nearest value is held.
 * Not EXPR_LATEST. Reorders the reservoir. */
struct expr_value window_stat(struct window *w, enum expr_stat stat, int64_t now_ns);

#endif
