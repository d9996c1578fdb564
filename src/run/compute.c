/* SPDX-License-Identifier: MIT
 *
 * Expressions over the latest readings and the open window. A value is known only if every reading
 * that made it is good: the latest one by quality and age, a statistic by every reading of its
 * window.
 */
#include <math.h>
#include <stdio.h>

#include "impl.h"

static struct expr_value unknown(struct evaluation *ev, enum why why, uint16_t ref, uint8_t quality)
{
	if (!ev->why) {
		ev->why = why;
		ev->why_ref = ref;
		ev->why_quality = quality;
	}
	return (struct expr_value){0};
}

static void note_unsettled(struct evaluation *ev, uint16_t ref)
{
	if (!ev->unsettled)
		ev->unsettled_ref = ref;
	ev->unsettled = true;
}

static struct expr_value known(double si)
{
	return (struct expr_value){.si = si, .known = true};
}

/* Move a value as an error of its source would: every reading by abs, and by rel of what it
 * reads. */
static double shifted(const struct evaluation *ev, double si, enum expr_stat stat)
{
	double zero = samples_zero_si(ev->e, ev->shift_ref), span_s;

	switch (stat) {
	case EXPR_LATEST:
	case EXPR_MEAN:
	case EXPR_MIN:
	case EXPR_MAX:
	case EXPR_MEDIAN:
	case EXPR_FIRST:
	case EXPR_LAST: return zero + (si - zero) * (1.0 + ev->shift_rel) + ev->shift_abs;
	case EXPR_STDDEV:
	case EXPR_SLOPE: return si * (1.0 + ev->shift_rel);
	case EXPR_INTEGRAL:
		span_s = (double)(ev->e->now_ns - ev->e->window_begin_ns) * 1e-9;
		return zero * span_s + (si - zero * span_s) * (1.0 + ev->shift_rel) +
		       ev->shift_abs * span_s;
	case EXPR_COUNT: break;
	}
	return si;
}

static struct expr_value latest(struct evaluation *ev, uint16_t ref)
{
	const struct run_channel *c = &ev->e->channels[ref];
	bool old = !c->has || c->at_ns < ev->after_ns;

	/* A reading from then may still come, whatever the one at hand is worth. */
	if (ev->after_ns && c->ours && old && ev->e->now_ns - ev->after_ns <= c->stale_ns) {
		ev->pending = true;
		return unknown(ev, WHY_STALE, ref, 0);
	}
	if (!c->ours || !c->has)
		return unknown(ev, WHY_MISSING, ref, 0);
	if (c->quality != QUALITY_GOOD)
		return unknown(ev, WHY_QUALITY, ref, c->quality);
	if (ev->e->now_ns - c->at_ns > c->stale_ns)
		return unknown(ev, WHY_STALE, ref, 0);
	return old ? unknown(ev, WHY_STALE, ref, 0) : known(c->si);
}

/* Was every reading of that channel in the window good, without a hole up to now? */
static bool whole(struct evaluation *ev, uint16_t ref)
{
	const struct engine *e = ev->e;
	const struct run_channel *c = &e->channels[ref];
	int64_t good_ns = c->good_ns > e->window_begin_ns ? c->good_ns : e->window_begin_ns;
	int64_t renewed_ns = c->renewed_ns > e->window_begin_ns ? c->renewed_ns
								: e->window_begin_ns;

	if (c->lost_bad)
		unknown(ev, WHY_QUALITY, ref, c->lost_quality);
	else if (c->lost_gap || e->now_ns - good_ns > c->stale_ns ||
		 e->now_ns - renewed_ns > c->stale_ns + c->update_ns)
		unknown(ev, WHY_GAP, ref, 0);
	else if (!c->window_renewals)
		unknown(ev, WHY_NO_UPDATES, ref, 0);
	else
		return true;
	return false;
}

static struct run_track *track_of(const struct engine *e, uint16_t ref)
{
	int16_t t = -1;

	if (ref < PROFILE_DERIVED_REF)
		t = ref < e->fixture->channel_count ? e->channels[ref].track : -1;
	else if (ref < PROFILE_CAPTURE_REF && ref - PROFILE_DERIVED_REF < e->profile->derived_count)
		t = e->derived[ref - PROFILE_DERIVED_REF].track;
	return t < 0 ? NULL : &e->tracks[t];
}

static bool window_whole(struct evaluation *ev, uint16_t ref, const struct run_track *t)
{
	const struct engine *e = ev->e;

	if (!e->window_open || !t) {
		unknown(ev, WHY_NO_WINDOW, ref, 0);
		return false;
	}
	if (ref < PROFILE_DERIVED_REF)
		return whole(ev, ref);
	for (int c = 0; c < e->fixture->channel_count; c++)
		if (set_has(&e->derived[ref - PROFILE_DERIVED_REF].channels, c) &&
		    !whole(ev, (uint16_t)c))
			return false;
	if (t->lost || !t->window.count) {
		unknown(ev, t->lost ? WHY_MATH : WHY_NO_UPDATES, ref, 0);
		return false;
	}
	return true;
}

static bool at_corner(const struct evaluation *ev, uint16_t ref, bool *high)
{
	for (int i = 0; i < ev->corner_count; i++) {
		if (ev->corner_refs[i] != ref)
			continue;
		*high = ev->corner_bits >> i & 1;
		return true;
	}
	return false;
}

static struct expr_value corner(struct evaluation *ev, uint16_t ref, enum expr_stat stat, bool high)
{
	struct run_track *t = track_of(ev->e, ref);
	double v;

	if (!window_whole(ev, ref, t))
		return (struct expr_value){0};
	v = high ? t->window.max : t->window.min;
	if (stat == EXPR_INTEGRAL)
		v *= (double)(ev->e->now_ns - ev->e->window_begin_ns) * 1e-9;
	else if (stat == EXPR_STDDEV || stat == EXPR_SLOPE || stat == EXPR_COUNT)
		return unknown(ev, WHY_MATH, ref, 0);
	return known(v);
}

/* Several conditions of a tick ask for the same one. What was known without any doubt is so until the
 * next reading, or another time. */
static struct expr_value derived_latest(struct evaluation *ev, uint16_t ref)
{
	const struct engine *e = ev->e;
	struct run_derived *d = &e->derived[ref - PROFILE_DERIVED_REF];
	bool kept = d->by_readings && !ev->shifts && !ev->corner_count && !ev->after_ns;
	struct expr_value v;

	if (kept && d->latest_of == e->readings && d->latest_ns == e->now_ns)
		return known(d->latest_si);
	if (ev->depth >= 8)
		return unknown(ev, WHY_MATH, ref, 0);
	ev->depth++;
	v = compute(ev, e->profile->derived[ref - PROFILE_DERIVED_REF].value);
	ev->depth--;
	if (!v.known)
		return unknown(ev, WHY_MATH, ref, 0);
	if (kept && !ev->why) {
		d->latest_of = e->readings;
		d->latest_ns = e->now_ns;
		d->latest_si = v.si;
	}
	return v;
}

/* How far a derived symbol moves under the shift at hand, told by its latest value. */
static double derived_move(struct evaluation *ev, uint16_t ref)
{
	struct evaluation plain = {.e = ev->e, .depth = ev->depth};
	struct expr_value at = derived_latest(&plain, ref), moved = derived_latest(ev, ref);

	return at.known && moved.known ? moved.si - at.si : NO_NUMBER;
}

static struct expr_value statistic(struct evaluation *ev, uint16_t ref, enum expr_stat stat)
{
	struct run_track *t = track_of(ev->e, ref);
	struct expr_value v;

	if (!window_whole(ev, ref, t))
		return (struct expr_value){0};
	if (t->unsettled)
		note_unsettled(ev, ref);
	v = window_stat(&t->window, stat, ev->e->now_ns);
	if (!v.known)
		return unknown(ev, WHY_NO_UPDATES, ref, 0);
	if (!ev->shifts)
		return v;
	if (ref < PROFILE_DERIVED_REF) {
		if (ref == ev->shift_ref)
			v.si = shifted(ev, v.si, stat);
	} else if (stat == EXPR_INTEGRAL) {
		v.si += derived_move(ev, ref) * (double)(ev->e->now_ns - ev->e->window_begin_ns) *
			1e-9;
	} else if (stat != EXPR_STDDEV && stat != EXPR_SLOPE && stat != EXPR_COUNT) {
		v.si += derived_move(ev, ref);
	}
	return v;
}

static struct expr_value capture(struct evaluation *ev, uint16_t ref)
{
	const struct run_capture *c = &ev->e->captures[ref - PROFILE_CAPTURE_REF];

	if (c->unsettled)
		note_unsettled(ev, ref);
	if (!c->known)
		return c->why ? unknown(ev, c->why, c->why_ref, c->why_quality)
			      : unknown(ev, WHY_CAPTURE, ref, 0);
	if (ev->shifts && ev->shift_ref == ref)
		return known(c->si + ev->shift_abs);
	return known(c->si);
}

static struct expr_value measured(struct evaluation *ev, uint16_t ref)
{
	int m = ref - PROFILE_MEASURED_REF;
	const struct engine_result *r = &ev->e->results[m];
	double si;

	if (!r->verdict || !r->has_value || r->verdict == VERDICT_INVALID ||
	    r->verdict == VERDICT_ERROR)
		return unknown(ev, WHY_MEASURED, ref, 0);
	if (r->verdict == VERDICT_INCONCLUSIVE)
		note_unsettled(ev, ref);
	si = unit_to_si(ev->e->profile->measurements[m].unit, r->value);
	if (ev->shifts && ev->shift_ref == ref)
		si += ev->shift_abs;
	return known(si);
}

static struct expr_value clock_value(const struct engine *e, uint16_t ref)
{
	switch (ref) {
	case CLOCK_TRIAL: return known((double)e->trial.clock_ns * 1e-9);
	case CLOCK_TRIAL_MAKING: return known((double)e->trial.making_ns * 1e-9);
	case CLOCK_RUN: return known((double)(e->now_ns - e->start_ns) * 1e-9);
	case CLOCK_STEP: return known((double)(e->now_ns - e->step_begun_ns) * 1e-9);
	default: return (struct expr_value){0};
	}
}

static struct expr_value channel_value(struct evaluation *ev, uint16_t ref, enum expr_stat stat)
{
	struct expr_value v;

	if (ref >= ev->e->fixture->channel_count)
		return unknown(ev, WHY_MISSING, ref, 0);
	if (stat != EXPR_LATEST)
		return statistic(ev, ref, stat);
	v = latest(ev, ref);
	if (v.known && ev->shifts && ref == ev->shift_ref)
		v.si = shifted(ev, v.si, EXPR_LATEST);
	return v;
}

struct expr_value compute_symbol(struct evaluation *ev, uint16_t ref, enum expr_stat stat)
{
	const struct profile *p = ev->e->profile;
	bool high;

	if (ev->corner_count && at_corner(ev, ref, &high))
		return corner(ev, ref, stat, high);
	if (ref < PROFILE_DERIVED_REF)
		return channel_value(ev, ref, stat);
	if (ref < PROFILE_CAPTURE_REF) {
		if (ref - PROFILE_DERIVED_REF >= p->derived_count)
			return unknown(ev, WHY_MISSING, ref, 0);
		return stat == EXPR_LATEST ? derived_latest(ev, ref) : statistic(ev, ref, stat);
	}
	if (ref < PROFILE_MODEL_REF)
		return ref - PROFILE_CAPTURE_REF < p->capture_count
			       ? capture(ev, ref)
			       : unknown(ev, WHY_MISSING, ref, 0);
	if (ref < PROFILE_MEASURED_REF)
		return p->model && ref - PROFILE_MODEL_REF < p->model->param_count
			       ? known(p->model->params[ref - PROFILE_MODEL_REF].si)
			       : unknown(ev, WHY_MISSING, ref, 0);
	if (ref < PROFILE_CLOCK_REF)
		return ref - PROFILE_MEASURED_REF < p->measurement_count
			       ? measured(ev, ref)
			       : unknown(ev, WHY_MISSING, ref, 0);
	return clock_value(ev->e, ref);
}

static struct expr_value env_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	return compute_symbol(ctx, ref, stat);
}

struct expr_value compute(struct evaluation *ev, const struct expr *x)
{
	struct expr_env env = {.ctx = ev, .value = env_value};
	struct expr_value v;

	if (!x)
		return (struct expr_value){0};
	v = expr_eval(x, &env);
	/* 0/0, a root of less than nothing: no number is no value. */
	if (v.known && !isfinite(v.si))
		v = (struct expr_value){0};
	return v;
}

int compute_old(const struct engine *e, const struct expr *x, int64_t since_ns, bool own)
{
	struct channel_set set = {{0}};

	plan_channels(e, x, &set);
	for (int i = 0; i < e->fixture->channel_count; i++) {
		const struct run_channel *c = &e->channels[i];

		if (!set_has(&set, i) || !c->raised_ns || c->at_ns >= since_ns)
			continue;
		if (!own || e->now_ns - c->at_ns > c->stale_ns - c->raised_ns)
			return i;
	}
	return -1;
}

bool compute_all_known(struct evaluation *ev, const struct channel_set *set)
{
	for (int c = 0; c < ev->e->fixture->channel_count; c++)
		if (set_has(set, c) && !latest(ev, (uint16_t)c).known)
			return false;
	return true;
}

int compute_condition(struct evaluation *ev, const struct expr *x)
{
	struct expr_value v = compute(ev, x);

	if (!v.known)
		return -1;
	return v.si != 0.0;
}

int compute_settled(struct evaluation *ev, const struct expr *x)
{
	int holds = compute_condition(ev, x);

	if (holds != 1 || !ev->unsettled)
		return holds;
	unknown(ev, WHY_UNSETTLED, ev->unsettled_ref, 0);
	return -1;
}
