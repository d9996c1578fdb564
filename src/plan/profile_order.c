/* SPDX-License-Identifier: MIT
 *
 * Order of things in a profile: a name has a value only once it was captured or measured,
 * statistics need a window of their step that is long enough for what they look at, and a measurement that nothing judges would be
 * inconclusive for ever.
 */
#include "profile_schema.h"

#include <stdlib.h>

enum { REFS_MAX = 512, DEPTH_MAX = 8 };

struct order {
	struct profile_build *b;
	bool captured[REFS_MAX], measured[REFS_MAX], judged[REFS_MAX];
	bool window;	/* begun in this step */
	bool none_told; /* its lack, once a step */
	/* Where it stands, the longest it can be open by now, and the slowest that finds it too
	 * short; period_ns 0: nothing does. */
	int window_line, window_col;
	int64_t open_ns, period_ns;
	const char *slow, *user;
	int line, col;
	const char *what;
};

struct slowest {
	const struct profile *p;
	int64_t period_ns;
	int depth;
};

static void find_slowest(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct slowest *s = ctx;
	int64_t ns = 0;
	(void)stat;
	if (ref < PROFILE_DERIVED_REF) {
		const struct fx_channel *c = &s->p->fixture->channels[ref];
		ns = c->update_ns > c->poll_ns ? c->update_ns : c->poll_ns;
	} else if (ref < PROFILE_CAPTURE_REF && s->depth < DEPTH_MAX) {
		const struct expr *e = s->p->derived[ref - PROFILE_DERIVED_REF].value;
		s->depth++;
		if (e)
			expr_each_symbol(e, find_slowest, s);
		s->depth--;
	}
	s->period_ns = ns > s->period_ns ? ns : s->period_ns;
}

int64_t profile_period_ns(const struct profile *p, int ref)
{
	struct slowest s = {.p = p};
	find_slowest(&s, (uint16_t)ref, EXPR_LATEST);
	return s.period_ns;
}

/* Does the window last as long as the value takes to be renewed? Else it judges by luck, or never. */
static void check_open(struct order *o, uint16_t ref, enum expr_stat stat)
{
	int64_t period = profile_period_ns(o->b->p, ref);
	if (stat == EXPR_STDDEV || stat == EXPR_SLOPE)
		period *= 2;
	if (o->open_ns >= period || period <= o->period_ns)
		return;
	o->period_ns = period;
	o->slow = profile_ref_name(o->b->p, ref);
	o->user = o->what;
}

/* One message for a window: of what needs most. */
static void close_window(struct order *o)
{
	if (o->window && o->period_ns && !o->b->paths_open)
		profile_bad_at(o->b, o->window_line, o->window_col,
			       "the window is too short for %s: %s takes %g s to be renewed; "
			       "expected more than that",
			       o->user, o->slow, (double)o->period_ns / 1e9);
	o->period_ns = 0;
}

static void check_symbol(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct order *o = ctx;
	const struct profile *p = o->b->p;
	bool capture = ref >= PROFILE_CAPTURE_REF && ref < PROFILE_MODEL_REF;
	bool measured = ref >= PROFILE_MEASURED_REF && ref < PROFILE_CLOCK_REF;
	if (capture && !o->captured[ref - PROFILE_CAPTURE_REF])
		profile_bad_at(o->b, o->line, o->col, "%s uses %s before it is captured", o->what,
			       profile_ref_name(p, ref));
	if (measured && !o->measured[ref - PROFILE_MEASURED_REF])
		profile_bad_at(o->b, o->line, o->col, "%s uses measured.%s before it is measured",
			       o->what, profile_ref_name(p, ref));
	if (stat != EXPR_LATEST && o->window)
		check_open(o, ref, stat);
	if (stat == EXPR_LATEST || o->window || o->none_told)
		return;
	o->none_told = true;
	profile_bad_at(o->b, o->line, o->col,
		       "%s takes statistics of %s without a window; expected window: in this "
		       "step before it",
		       o->what, profile_ref_name(p, ref));
}

static void check_expr(struct order *o, const struct expr *e, int line, int col, const char *what)
{
	o->line = line;
	o->col = col;
	o->what = what;
	if (e)
		expr_each_symbol(e, check_symbol, o);
}

static void check_measure(struct order *o, const struct pf_action *a)
{
	const struct profile *p = o->b->p;
	for (int i = 0; i < a->measurement_count; i++) {
		const struct pf_measurement *m = &p->measurements[a->measurements[i]];
		check_expr(o, m->value, a->line, a->col, m->id);
		check_expr(o, m->lo, a->line, a->col, m->id);
		check_expr(o, m->hi, a->line, a->col, m->id);
		check_expr(o, m->uncertainty, a->line, a->col, m->id);
		o->measured[a->measurements[i]] = o->judged[a->measurements[i]] = true;
	}
}

/* The longest it can take. */
static int64_t duration(const struct order *o, const struct pf_action *a)
{
	const struct fx_output *out = &o->b->p->fixture->outputs[a->output < 0 ? 0 : a->output];
	if (a->timeout_ns > 0)
		return a->timeout_ns;
	if (a->kind != PF_RAMP)
		return a->for_ns;
	return a->output >= 0 && a->rate_per_s > 0
		       ? (int64_t)((out->max - out->min) / a->rate_per_s * 1e9)
		       : 0;
}

static void begin_window(struct order *o, const struct pf_action *a)
{
	close_window(o);
	o->window = true;
	o->window_line = a->line;
	o->window_col = a->col;
	o->open_ns = 0;
}

static void check_actions(struct order *o, const struct pf_action *at, int n)
{
	for (int i = 0; i < n; i++) {
		const struct pf_action *a = &at[i];
		if (a->kind == PF_WINDOW)
			begin_window(o, a);
		o->open_ns += duration(o, a);
		check_expr(o, a->until, a->line, a->col, "the condition");
		check_expr(o, a->making, a->line, a->col, "making");
		check_expr(o, a->value, a->line, a->col, "the capture");
		if (a->kind == PF_CAPTURE && a->capture >= 0)
			o->captured[a->capture] = true;
		if (a->kind == PF_MEASURE)
			check_measure(o, a);
		if (a->on_timeout.measurement >= 0)
			o->judged[a->on_timeout.measurement] = true;
		if (a->kind == PF_PROMPT && a->prompt->capture >= 0)
			o->captured[a->prompt->capture] = true;
		if (a->kind == PF_PROMPT && a->prompt->measurement >= 0)
			o->judged[a->prompt->measurement] = true;
		check_actions(o, a->actions, a->action_count);
	}
}

static void check_step(struct order *o, const struct pf_step *s)
{
	o->window = o->none_told = false;
	for (int i = 0; i < s->watch_count; i++) {
		check_expr(o, s->watches[i].holds, s->line, s->col, "a watch");
		if (s->watches[i].measurement >= 0)
			o->judged[s->watches[i].measurement] = true;
	}
	check_actions(o, s->actions, s->action_count);
	close_window(o);
}

static void check_judged(struct order *o)
{
	const struct profile *p = o->b->p;
	for (int i = 0; i < p->measurement_count; i++) {
		const struct pf_measurement *m = &p->measurements[i];
		bool valued = profile_has_value(o->b, i);
		if (!valued && !profile_has_no_value(o->b, i))
			continue;
		if (valued && !o->measured[i])
			profile_bad_at(o->b, m->line, m->col,
				       "%s is never measured; expected it in a measure: list",
				       m->id);
		else if (!o->judged[i])
			profile_bad_at(
				o->b, m->line, m->col,
				"nothing judges %s; expected a watch, wait, check, prompt or "
				"abort that names it",
				m->id);
	}
}

void profile_check_order(struct profile_build *b)
{
	struct profile *p = b->p;
	struct order *o = xcalloc(1, sizeof(*o));
	o->b = b;
	for (int i = 0; i < p->abort_count; i++) {
		check_expr(o, p->aborts[i].when, p->aborts[i].line, p->aborts[i].col, "an abort");
		if (p->aborts[i].measurement >= 0)
			o->judged[p->aborts[i].measurement] = true;
	}
	for (int i = 0; i < p->step_count; i++)
		check_step(o, &p->steps[i]);
	if (!b->judged_open)
		check_judged(o);
	free(o);
}
