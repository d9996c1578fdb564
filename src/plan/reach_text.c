/* SPDX-License-Identifier: MIT */
#include "reach_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void plan_reach_add(struct reach_text *t, const char *name, const struct unit *unit,
		    struct expr_reach reach)
{
	char lo[32], hi[32], one[160];
	size_t n = strlen(t->why);

	if (!unit || !isfinite(reach.lo) || !isfinite(reach.hi))
		return;
	text_from_double(lo, sizeof(lo), unit_from_si(unit, reach.lo));
	text_from_double(hi, sizeof(hi), unit_from_si(unit, reach.hi));
	if (strcmp(lo, hi) == 0)
		snprintf(one, sizeof(one), "%s%s is %s%s%s", n ? ", " : "", name, lo,
			 *unit->name ? " " : "", unit->name);
	else
		snprintf(one, sizeof(one), "%s%s reads %s to %s%s%s", n ? ", " : "", name, lo, hi,
			 *unit->name ? " " : "", unit->name);
	if (n + strlen(one) < sizeof(t->why))
		memcpy(t->why + n, one, strlen(one) + 1);
}

const char *plan_reach_text(struct reach_text *t, const struct expr_decided *d)
{
	static const char *const joint[] = {"its sides exclude each other",
					    "what one side leaves out the other takes in"};

	snprintf(t->all, sizeof(t->all), "this is %s true%s%s%s%s; expected %s",
		 d->holds ? "always" : "never", d->joint ? ", " : "",
		 d->joint ? joint[d->holds] : "", *t->why ? ": " : "", t->why,
		 d->joint ? "thresholds that leave both ways open"
			  : "a threshold that can be passed: look at its unit, sign and size");
	return t->all;
}
