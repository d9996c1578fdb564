/* SPDX-License-Identifier: MIT
 *
 * What a channel says of itself against what its device can say: a range that the sensor never
 * comes to, or steps finer than its own, are of another sensor.
 */
#include <math.h>
#include <stdio.h>
#include "base/text.h"
#include "core.h"

/* By so much of it a range may go beyond what the device says: the round figure of a data sheet. */
#define BEYOND 0.05
#define SLACK  1e-6

static const char *point_text(const struct rig *r, const struct fx_channel *fx, char *dst, size_t n)
{
	snprintf(dst, n, "%.60s.%.60s", r->devices[fx->device].fx->name, fx->point);
	return dst;
}

/* Does a..b stay within lo..hi? */
static bool is_within(double a, double b, double lo, double hi)
{
	double margin = BEYOND * (b - a);

	return a >= lo - margin && b <= hi + margin;
}

static void fit_from(const struct rig *r, const struct fx_channel *fx,
		     const struct driver_point *pt, struct problems *p)
{
	const struct unit *own = driver_point_unit(pt);
	double lo, hi;
	char name[128];

	if (!fx->point_unit || !(fx->from_lo < fx->from_hi))
		return;
	lo = unit_from_si(own, unit_to_si(fx->point_unit, fx->from_lo));
	hi = unit_from_si(own, unit_to_si(fx->point_unit, fx->from_hi));
	if (!is_within(lo, hi, pt->lo, pt->hi))
		problems_add(
			p, r->f->path, fx->from_line, fx->from_col, NULL,
			"%s: from is %g..%g %s; %s gives %g..%g %s; expected a range within that",
			fx->name, lo, hi, own->name, point_text(r, fx, name, sizeof(name)), pt->lo,
			pt->hi, own->name);
}

static bool fit_range(const struct rig *r, const struct channel *c, const struct driver_point *pt,
		      struct problems *p)
{
	const struct fx_channel *fx = c->fx;
	double a = pt->lo * c->gain + c->offset, b = pt->hi * c->gain + c->offset;
	double lo = fmin(a, b), hi = fmax(a, b);
	char name[128];

	if (is_within(fx->range_lo, fx->range_hi, lo, hi))
		return true;
	problems_add(
		p, r->f->path, fx->range_line, fx->range_col, NULL,
		"%s: range is %g..%g %s; %s as scaled here gives %.6g..%.6g %s; expected a range "
		"within that, or another scale",
		fx->name, fx->range_lo, fx->range_hi, fx->unit->name,
		point_text(r, fx, name, sizeof(name)), lo, hi, fx->unit->name);
	return false;
}

/* Counts between two updates are the steps of a flow made of them. */
static double step_of(const struct channel *c, const struct driver_point *pt)
{
	const struct fx_channel *fx = c->fx;

	if (fx->scale != FX_SCALE_COUNTER)
		return fabs(c->gain) * pt->resolution;
	return fx->update_ns > 0 ? c->gain * 1e9 / (double)fx->update_ns : 0;
}

static void fit_resolution(const struct rig *r, const struct channel *c,
			   const struct driver_point *pt, struct problems *p)
{
	const struct fx_channel *fx = c->fx;
	double step = step_of(c, pt);
	char name[128];

	if (fx->resolution >= step * (1 - SLACK))
		return;
	problems_add(p, r->f->path, fx->resolution_line, fx->resolution_col, NULL,
		     "%s: resolution is %g %s; steps of %s are %.4g %s as scaled here; expected at "
		     "least that",
		     fx->name, fx->resolution, fx->unit->name,
		     point_text(r, fx, name, sizeof(name)), step, fx->unit->name);
}

void fit_channel(const struct rig *r, const struct channel *c, const struct driver_point *pt,
		 struct problems *p)
{
	int before = p->count + p->dropped;

	fit_from(r, c->fx, pt, p);
	if (c->fx->vague || p->count + p->dropped > before)
		return;
	if (c->fx->scale == FX_SCALE_COUNTER || fit_range(r, c, pt, p))
		fit_resolution(r, c, pt, p);
}
