/* SPDX-License-Identifier: MIT
 *
 * Is a signal steady? Over the last window_ns both must be within the tolerance:
 *	drift:	|slope of a linear fit| * window
 *	spread:	standard deviation
 * tolerance = max(tolerance_rel * |mean - zero|, tolerance_abs). The drift sees a creeping value
 * that noise hides, the spread sees a pump that chatters about a constant mean. (The R-statistic of
 * Cao and Rhinehart is not used: a slow probe filters its own noise, and R takes filtered noise for
 * a change.)
 *
 * The window slides in SETTLE_BINS blocks, so memory is bounded whatever the rate. Pure, no heap.
 */
#ifndef RUN_SETTLE_H
#define RUN_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

enum { SETTLE_BINS = 16, SETTLE_UPDATES_MIN = 3 };

struct settle_bin {
	int64_t number; /* since begin_ns, from 0; -1: empty */
	uint32_t n;
	double t, x, tt, tx, xx; /* sums; t since begin_ns in s, x less the first value */
};

struct settle {
	int64_t begin_ns, window_ns, bin_ns;
	int64_t whole_ns; /* no reading was lost since then */
	double tolerance_rel, tolerance_abs, zero;
	double x0;
	bool has_x0;
	struct settle_bin bins[SETTLE_BINS + 1];
};

/* zero: where the value's own unit reads 0 (273.15 for degC in K), so that a relative tolerance
 * means what a person reads. window_ns at least 1. */
void settle_begin(struct settle *s, int64_t now_ns, int64_t window_ns, double tolerance_rel,
		  double tolerance_abs, double zero);
/* One real update. */
void settle_add(struct settle *s, int64_t at_ns, double value);
/* A reading was no good: the window starts anew. */
void settle_lost(struct settle *s, int64_t at_ns);
/* *drift and *spread (NULL allowed) are NAN while there is too little to tell. */
bool settle_is_steady(const struct settle *s, int64_t now_ns, double *drift, double *spread);

#endif
