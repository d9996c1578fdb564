/* SPDX-License-Identifier: MIT
 *
 * Judging measurements. Whatever decides one goes through commit(), which turns a verdict that
 * rests on something not known good into invalid, a failure of the rig into error, and lets a later
 * decision only worsen an earlier one.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "impl.h"

static void note_result(struct engine *e, int m)
{
	const struct engine_result *r = &e->results[m];
	int step = e->measurements[m].step;
	struct engine_note note = {.kind = NOTE_MEASUREMENT,
				   .at_ns = e->now_ns,
				   .step = step < e->profile->step_count ? step : -1,
				   .attempt = r->attempt,
				   .result = r,
				   .verdict = r->verdict,
				   .attribution = r->attribution};

	engine_emit(e, &note);
}

/* --- what makes a verdict invalid --------------------------------------- */

static bool calibrations_carry(const struct engine *e, int m, char *reason, size_t size)
{
	for (int c = 0; c < e->fixture->channel_count; c++) {
		enum calibration_state state = e->channels[c].calibration;

		if (state == CALIBRATION_GOOD || !set_has(&e->measurements[m].channels, c))
			continue;
		snprintf(reason, size, "%s %s", calibration_state_name(state),
			 e->fixture->channels[c].name);
		return false;
	}
	return true;
}

static bool not_contradicted(const struct engine *e, int m, char *reason, size_t size)
{
	for (int c = 0; c < e->fixture->channel_count; c++) {
		if (!set_has(&e->contradicted, c) || !set_has(&e->measurements[m].channels, c))
			continue;
		snprintf(reason, size, "contradicted %s", e->fixture->channels[c].name);
		return false;
	}
	return true;
}

/* Over the window its mean counts, else the latest value. */
static bool inside_envelope(struct engine *e, bool over_window, char *reason, size_t size)
{
	for (int i = 0; i < e->profile->envelope_count; i++) {
		const struct pf_envelope *x = &e->profile->envelope[i];
		uint16_t ref = (uint16_t)x->symbol;
		struct evaluation ev = {.e = e};
		struct expr_value v = compute_symbol(
			&ev, ref, over_window && e->window_open ? EXPR_MEAN : EXPR_LATEST);
		char why[64];
		bool bad;

		if (v.known && !ev.unsettled && text_round9(v.si) >= text_round9(x->lo) &&
		    text_round9(v.si) <= text_round9(x->hi))
			continue;
		if (v.known && ev.unsettled) {
			snprintf(reason, size, "envelope unknown: not_settled %s",
				 compute_name(e, ref));
		} else if (v.known) {
			snprintf(reason, size, "envelope %s", compute_name(e, ref));
		} else {
			compute_why(e, ev.why, ev.why_ref, ev.why_quality, why, sizeof why, &bad);
			snprintf(reason, size, "envelope unknown: %s", why);
		}
		return false;
	}
	return true;
}

static void qualify(struct engine *e, struct engine_result *r, bool over_window)
{
	const struct pf_measurement *m = &e->profile->measurements[r->measurement];
	bool rests = r->verdict == VERDICT_PASS || r->verdict == VERDICT_MARGINAL ||
		     r->verdict == VERDICT_FAIL;
	char reason[sizeof r->reason];

	if ((rests && !calibrations_carry(e, r->measurement, reason, sizeof reason)) ||
	    (rests && m->envelope && !inside_envelope(e, over_window, reason, sizeof reason)) ||
	    (r->verdict != VERDICT_ERROR &&
	     !not_contradicted(e, r->measurement, reason, sizeof reason))) {
		r->verdict = VERDICT_INVALID;
		r->side = 0;
		text_copy(r->reason, sizeof r->reason, reason);
		return;
	}
	if (r->verdict == VERDICT_FAIL &&
	    (r->attribution == ATTRIBUTION_RIG ||
	     (e->step_open && e->profile->steps[e->step].rig_check))) {
		r->verdict = VERDICT_ERROR;
		r->attribution = ATTRIBUTION_RIG;
		if (!r->reason[0])
			text_copy(r->reason, sizeof r->reason, "rig_check");
	}
}

/* --- results ------------------------------------------------------------ */

/* Everything judged on these channels is invalid, whenever it was judged. */
static void touch(struct engine *e, const struct channel_set *set, int except)
{
	for (size_t i = 0; i < sizeof set->bits / sizeof set->bits[0]; i++)
		e->contradicted.bits[i] |= set->bits[i];
	for (int m = 0; m < e->profile->measurement_count; m++) {
		struct engine_result *r = &e->results[m];

		if (m == except || !r->verdict || r->verdict == VERDICT_ERROR ||
		    r->verdict == VERDICT_INVALID ||
		    !set_overlaps(set, &e->measurements[m].channels))
			continue;
		r->verdict = VERDICT_INVALID;
		r->side = 0;
		not_contradicted(e, m, r->reason, sizeof r->reason);
		note_result(e, m);
	}
}

/* A retried step starts from what was known before it; within an attempt, and across steps,
 * worse wins. */
static const struct engine_result *base_of(const struct engine *e, int m)
{
	const struct run_measurement *rm = &e->measurements[m];

	if (e->step_open && rm->serial && rm->step == e->step && rm->serial != e->attempt_serial)
		return &e->results_before[m];
	return &e->results[m];
}

static void keep(struct engine *e, struct engine_result *r)
{
	int m = r->measurement;
	struct run_measurement *rm = &e->measurements[m];
	const struct engine_result *base = base_of(e, m);
	struct engine_result merged = *r;
	bool first = rm->serial != e->attempt_serial;

	if (judge_rank(r->verdict) > judge_rank(e->step_worst))
		e->step_worst = r->verdict;
	if (base->verdict && judge_rank(base->verdict) >= judge_rank(r->verdict))
		merged = *base;
	merged.attempt = e->attempt > 0 ? e->attempt : 1;
	rm->serial = e->attempt_serial;
	if (e->step_open)
		rm->step = e->step;
	if (!first && e->results[m].verdict == merged.verdict)
		return;
	e->results[m] = merged;
	note_result(e, m);
}

static void commit(struct engine *e, struct engine_result *r, bool over_window)
{
	const struct pf_measurement *m = &e->profile->measurements[r->measurement];
	char text[200];

	qualify(e, r, over_window);
	if (r->verdict != VERDICT_FAIL && r->verdict != VERDICT_ERROR)
		r->attribution = 0;
	keep(e, r);
	if (r->verdict != VERDICT_ERROR)
		return;
	touch(e, &e->measurements[r->measurement].channels, r->measurement);
	if (e->state != ENGINE_RUNNING || !e->step_open || !e->profile->steps[e->step].rig_check)
		return;
	snprintf(text, sizeof text, "%s: %s", m->id,
		 r->reason[0] ? r->reason : verdict_name(r->verdict));
	engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, "rig_check", text, false);
}

static enum attribution attribution_of(const struct engine *e, int m, enum attribution a)
{
	if (a)
		return a;
	a = e->profile->measurements[m].attribution;
	return a ? a : ATTRIBUTION_UNIT;
}

/* --- a value ------------------------------------------------------------ */

static void set_inconclusive(struct engine_result *r, const struct engine *e,
			     const struct evaluation *ev, const char *of)
{
	char why[64];
	bool bad;

	compute_why(e, ev->why, ev->why_ref, ev->why_quality, why, sizeof why, &bad);
	r->verdict = bad ? VERDICT_INVALID : VERDICT_INCONCLUSIVE;
	snprintf(r->reason, sizeof r->reason, "%s%s", of, why);
}

/* *unsettled is set, never cleared: what a limit rests on has to have settled too. */
static bool take_limit(struct engine *e, const struct pf_measurement *m, const struct expr *x,
		       double *limit, struct engine_result *r, bool *unsettled)
{
	struct evaluation ev = {.e = e};
	struct expr_value v;

	if (!x)
		return true;
	v = compute(&ev, x);
	if (!v.known) {
		set_inconclusive(r, e, &ev, "limit unknown: ");
		return false;
	}
	*unsettled |= ev.unsettled;
	*limit = text_round9(unit_from_si(m->unit, v.si));
	return true;
}

/* Expanded uncertainty in the shown unit, which is a difference: no offset. */
static bool take_uncertainty(struct engine *e, const struct pf_measurement *m,
			     struct engine_result *r, bool *unsettled)
{
	double u_si;

	if (m->uncertainty) {
		struct evaluation ev = {.e = e};
		struct expr_value v = compute(&ev, m->uncertainty);

		u_si = v.known ? v.si : NO_NUMBER;
		*unsettled |= ev.unsettled;
	} else {
		u_si = 2.0 * compute_uncertainty(e, m->value);
	}
	if (!isfinite(u_si) || u_si < 0.0) {
		r->verdict = VERDICT_INCONCLUSIVE;
		snprintf(r->reason, sizeof r->reason, "uncertainty_unknown");
		return false;
	}
	r->uncertainty = text_round9(u_si / fabs(m->unit->scale));
	return true;
}

static uint32_t fewest_updates(const struct engine *e, int m)
{
	struct channel_set set = {{0}};
	uint32_t fewest = UINT32_MAX;

	if (!e->window_open)
		return 1;
	plan_channels(e, e->profile->measurements[m].value, &set);
	for (int c = 0; c < e->fixture->channel_count; c++)
		if (set_has(&set, c) && e->channels[c].window_renewals < fewest)
			fewest = e->channels[c].window_renewals;
	return fewest == UINT32_MAX ? 1 : fewest;
}

static void judge_result(struct engine *e, const struct pf_measurement *m, struct engine_result *r,
			 bool unsettled, bool frame_unsettled)
{
	double lo, hi;

	if (!unsettled && !frame_unsettled) {
		r->verdict = judge_value(m->rule, r->value, r->lo, r->hi, r->uncertainty, &r->side);
		return;
	}
	r->verdict = VERDICT_INCONCLUSIVE;
	text_copy(r->reason, sizeof r->reason, "not_settled");
	/* Beyond a limit that itself is not certain is beyond nothing. */
	if (frame_unsettled || !compute_bounds(e, m->value, &lo, &hi))
		return;
	r->verdict = judge_unsettled(text_round9(unit_from_si(m->unit, lo)),
				     text_round9(unit_from_si(m->unit, hi)), r->lo, r->hi,
				     r->uncertainty);
	if (r->verdict == VERDICT_FAIL)
		text_copy(r->reason, sizeof r->reason, "not_settled: whole window beyond");
}

/* Fills r as far as it goes; true if it was judged by its value. */
static bool value_of(struct engine *e, int index, struct engine_result *r)
{
	const struct pf_measurement *m = &e->profile->measurements[index];
	struct evaluation ev = {.e = e};
	bool frame_unsettled = false; /* of its limits or its uncertainty */
	struct expr_value v;

	*r = (struct engine_result){.measurement = (int16_t)index,
				    .lo = -UNBOUNDED,
				    .hi = UNBOUNDED,
				    .attribution = attribution_of(e, index, 0),
				    .updates = fewest_updates(e, index)};
	if (!m->value)
		return false;
	v = compute(&ev, m->value);
	if (!v.known) {
		set_inconclusive(r, e, &ev, "");
		return false;
	}
	r->has_value = true;
	r->value = text_round9(unit_from_si(m->unit, v.si));
	if (!take_limit(e, m, m->lo, &r->lo, r, &frame_unsettled) ||
	    !take_limit(e, m, m->hi, &r->hi, r, &frame_unsettled) ||
	    !take_uncertainty(e, m, r, &frame_unsettled))
		return false;
	judge_result(e, m, r, e->step_unsettled || ev.unsettled, frame_unsettled);
	return true;
}

void measure_take(struct engine *e, int m)
{
	struct engine_result r;

	if (!e->profile->measurements[m].value)
		return;
	value_of(e, m, &r);
	commit(e, &r, true);
}

void measure_decide(struct engine *e, int m, enum verdict v, enum attribution a, const char *reason)
{
	struct engine_result r;

	/* What there is of a value and its limits is kept with a failure. */
	value_of(e, m, &r);
	r.has_value &= v == VERDICT_FAIL;
	r.side = 0;
	r.verdict = v;
	r.attribution = attribution_of(e, m, a);
	text_copy(r.reason, sizeof r.reason, reason ? reason : "");
	commit(e, &r, false);
}

void measure_trip(struct engine *e, int m)
{
	struct engine_result r;

	value_of(e, m, &r);
	r.side = 0;
	r.verdict = VERDICT_FAIL;
	r.attribution = ATTRIBUTION_UNIT;
	text_copy(r.reason, sizeof r.reason, "trip");
	keep(e, &r);
}

void measure_contradiction(struct engine *e, const char *text, const struct channel_set *touched)
{
	e->contradictions++;
	engine_event(e, "contradiction", NO_NUMBER, "%s", text);
	if (touched)
		touch(e, touched, -1);
}

/* --- the end ------------------------------------------------------------ */

/* Measurements that abort conditions can fail pass when none of them ever held, and that is
 * known. */
static void close_aborts(struct engine *e, int m)
{
	enum verdict v = VERDICT_PASS;
	char reason[96] = "";
	bool bad;

	for (int i = 0; i < e->profile->abort_count; i++) {
		struct run_condition *c = &e->aborts[i];

		if (e->profile->aborts[i].measurement != m)
			continue;
		condition_close(c);
		if (!c->unknown)
			continue;
		compute_why(e, c->why, c->why_ref, c->why_quality, reason, sizeof reason, &bad);
		v = bad ? VERDICT_INVALID : VERDICT_INCONCLUSIVE;
	}
	measure_decide(e, m, v, 0, reason);
}

void measure_close(struct engine *e)
{
	for (int m = 0; m < e->profile->measurement_count; m++) {
		const struct pf_measurement *pm = &e->profile->measurements[m];

		if (e->measurements[m].has_abort && !pm->value)
			close_aborts(e, m);
		if (!e->results[m].verdict && pm->required)
			measure_decide(e, m, VERDICT_INCONCLUSIVE, 0, "not_judged");
	}
}

enum verdict measure_run_verdict(struct engine *e, enum attribution *attribution)
{
	const struct profile *p = e->profile;
	int n = p->measurement_count;
	enum verdict v;

	for (int m = 0; m < n; m++)
		e->judged[m] =
			(struct judged){.verdict = e->results[m].verdict,
					.required = p->measurements[m].required,
					.touched_by_contradiction = set_overlaps(
						&e->contradicted, &e->measurements[m].channels)};
	if (e->contradictions)
		e->judged[n++] = (struct judged){.verdict = VERDICT_ERROR};
	v = judge_run(e->judged, n);
	*attribution = v == VERDICT_ERROR ? ATTRIBUTION_RIG : 0;
	for (int m = 0; v == VERDICT_FAIL && !*attribution && m < p->measurement_count; m++)
		if (e->results[m].verdict == VERDICT_FAIL)
			*attribution = e->results[m].attribution;
	return v;
}
