/* SPDX-License-Identifier: MIT
 *
 * Propagation of uncertainty (GUM, JCGM 100, 5.1.2) by numeric derivatives, bounds over a window,
 * and why a value is not known.
 *
 * Sources: of each channel its absolute and its relative part, each captured and each measured
 * value. They are taken as independent; the readings of one channel within one window share their
 * error. A captured value and a later reading of the same channel are taken as independent too: a
 * difference or ratio of them gets more than it has.
 */
#include <math.h>
#include <stdio.h>

#include "impl.h"

enum { SOURCES_MAX = 64, CORNERS_MAX = 6 };

struct source_list {
	const struct engine *e;
	uint16_t refs[SOURCES_MAX];
	int count;
	bool overflow;
	int depth;
};

static void add_source(struct source_list *l, uint16_t ref)
{
	for (int i = 0; i < l->count; i++)
		if (l->refs[i] == ref)
			return;
	if (l->count == SOURCES_MAX) {
		l->overflow = true;
		return;
	}
	l->refs[l->count++] = ref;
}

/* Channels through derived names; captures and measured values as they are. */
static void find_source(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct source_list *l = ctx;
	int d = ref - PROFILE_DERIVED_REF;

	if (stat == EXPR_COUNT)
		return;
	if (ref >= PROFILE_DERIVED_REF && ref < PROFILE_CAPTURE_REF) {
		if (d >= l->e->profile->derived_count || l->depth >= 8)
			return;
		l->depth++;
		expr_each_symbol(l->e->profile->derived[d].value, find_source, l);
		l->depth--;
		return;
	}
	if ((ref >= PROFILE_MODEL_REF && ref < PROFILE_MEASURED_REF) || ref >= PROFILE_CLOCK_REF)
		return;
	add_source(l, ref);
}

/* Half the difference that the source's error makes in x, squared. */
static double contribution(const struct engine *e, const struct expr *x, uint16_t ref, double abs,
			   double rel)
{
	struct evaluation up = {
		.e = e, .shifts = true, .shift_ref = ref, .shift_abs = abs, .shift_rel = rel};
	struct evaluation down = {
		.e = e, .shifts = true, .shift_ref = ref, .shift_abs = -abs, .shift_rel = -rel};
	struct expr_value a, b;

	if (abs <= 0.0 && rel <= 0.0)
		return 0.0;
	a = compute(&up, x);
	b = compute(&down, x);
	if (!a.known || !b.known)
		return NO_NUMBER;
	return 0.25 * (a.si - b.si) * (a.si - b.si);
}

static double source_variance(const struct engine *e, const struct expr *x, uint16_t ref)
{
	if (ref < PROFILE_DERIVED_REF) {
		const struct fx_channel *c = &e->fixture->channels[ref];
		double scale = c->unit ? fabs(c->unit->scale) : 1.0;

		return contribution(e, x, ref, c->uncertainty_abs * scale, 0.0) +
		       contribution(e, x, ref, 0.0, c->uncertainty_rel);
	}
	if (ref < PROFILE_MODEL_REF)
		return contribution(e, x, ref, e->captures[ref - PROFILE_CAPTURE_REF].u_si, 0.0);
	return contribution(
		e, x, ref,
		0.5 * e->results[ref - PROFILE_MEASURED_REF].uncertainty *
			fabs(e->profile->measurements[ref - PROFILE_MEASURED_REF].unit->scale),
		0.0);
}

double compute_uncertainty(const struct engine *e, const struct expr *x)
{
	struct source_list l = {.e = e};
	double variance = 0.0;

	if (!x)
		return NO_NUMBER;
	expr_each_symbol(x, find_source, &l);
	if (l.overflow)
		return NO_NUMBER;
	for (int i = 0; i < l.count; i++) {
		if (l.refs[i] < PROFILE_DERIVED_REF && l.refs[i] >= e->fixture->channel_count)
			return NO_NUMBER;
		variance += source_variance(e, x, l.refs[i]);
	}
	return sqrt(variance);
}

static void find_corner(void *ctx, uint16_t ref, enum expr_stat stat)
{
	(void)stat;
	if (ref < PROFILE_CAPTURE_REF)
		add_source(ctx, ref);
}

bool compute_bounds(const struct engine *e, const struct expr *x, double *lo, double *hi)
{
	struct source_list l = {.e = e};
	double least = UNBOUNDED, most = -UNBOUNDED;

	if (!x)
		return false;
	/* The usual formulas are monotonic in each symbol: their extremes stand at the corners. */
	expr_each_symbol(x, find_corner, &l);
	if (!l.count || l.count > CORNERS_MAX)
		return false;
	for (uint32_t bits = 0; bits < 1u << l.count; bits++) {
		struct evaluation ev = {.e = e,
					.corner_refs = l.refs,
					.corner_count = l.count,
					.corner_bits = bits};
		struct expr_value v = compute(&ev, x);

		if (!v.known || ev.unsettled)
			return false;
		least = v.si < least ? v.si : least;
		most = v.si > most ? v.si : most;
	}
	*lo = least;
	*hi = most;
	return true;
}

const char *compute_name(const struct engine *e, uint16_t ref)
{
	const struct profile *p = e->profile;
	int n = ref;

	if (ref < PROFILE_DERIVED_REF)
		return n < e->fixture->channel_count ? e->fixture->channels[n].name : "?";
	if (ref < PROFILE_CAPTURE_REF) {
		n -= PROFILE_DERIVED_REF;
		return n < p->derived_count ? p->derived[n].name : "?";
	}
	if (ref < PROFILE_MODEL_REF) {
		n -= PROFILE_CAPTURE_REF;
		return n < p->capture_count ? p->captures[n] : "?";
	}
	if (ref < PROFILE_MEASURED_REF)
		return "model";
	n -= PROFILE_MEASURED_REF;
	return n < p->measurement_count ? p->measurements[n].id : "?";
}

void compute_why(const struct engine *e, enum why why, uint16_t ref, uint8_t quality, char *dst,
		 size_t size, bool *bad)
{
	const char *what = "unknown";

	*bad = false;
	switch (why) {
	case WHY_MISSING: what = "missing"; break;
	case WHY_STALE: what = "stale"; break;
	case WHY_GAP: what = "gap"; break;
	case WHY_NO_WINDOW: what = "no_window"; break;
	case WHY_NO_UPDATES: what = "no_updates"; break;
	case WHY_CAPTURE: what = "not_captured"; break;
	case WHY_MEASURED: what = "not_measured"; break;
	case WHY_UNSETTLED: what = "not_settled"; break;
	case WHY_MATH: what = "not_a_number"; break;
	case WHY_QUALITY:
		what = quality_text(quality);
		/* Lost readings may come again; a wrong one says that the channel cannot be
		 * believed. */
		*bad = quality != QUALITY_STALE && quality != QUALITY_NO_REPLY;
		break;
	case WHY_TOO_SHORT:
	case WHY_NONE: break;
	}
	if (why == WHY_TOO_SHORT)
		snprintf(dst, size, "too_short");
	else if (why == WHY_NONE)
		snprintf(dst, size, "not_a_number");
	else
		snprintf(dst, size, "%s %s", what, compute_name(e, ref));
}
