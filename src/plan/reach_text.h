/* SPDX-License-Identifier: MIT
 *
 * Saying that a comparison is decided before anything is measured, and why. Private to src/plan.
 */
#ifndef PLAN_REACH_TEXT_H
#define PLAN_REACH_TEXT_H

#include "base/expr.h"

struct reach_text {
	char why[220], all[320];
};

/* What one of the names it compares can come to; unit NULL: nothing is said of it. */
void plan_reach_add(struct reach_text *t, const char *name, const struct unit *unit,
		    struct expr_reach reach);
/* The sentence; lives as long as t. */
const char *plan_reach_text(struct reach_text *t, const struct expr_decided *d);

#endif
