/* SPDX-License-Identifier: MIT
 *
 * What a profile uses, found once when the engine is made: which symbols need statistics, and on
 * which channels each measurement and capture rests, through derived names, captures and measured
 * values.
 */
#include <stdlib.h>
#include <string.h>

#include "impl.h"

void set_add(struct channel_set *s, int channel)
{
	s->bits[channel / 64] |= UINT64_C(1) << (channel % 64);
}

bool set_has(const struct channel_set *s, int channel)
{
	return s->bits[channel / 64] >> (channel % 64) & 1;
}

bool set_overlaps(const struct channel_set *a, const struct channel_set *b)
{
	for (size_t i = 0; i < sizeof a->bits / sizeof a->bits[0]; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

/* Whether a grew. */
static bool set_merge(struct channel_set *a, const struct channel_set *b)
{
	bool grew = false;

	for (size_t i = 0; i < sizeof a->bits / sizeof a->bits[0]; i++) {
		grew |= (b->bits[i] & ~a->bits[i]) != 0;
		a->bits[i] |= b->bits[i];
	}
	return grew;
}

struct channel_walk {
	const struct engine *e;
	struct channel_set *set;
	int depth;
	bool refused;
};

static void walk_channel(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct channel_walk *w = ctx;
	const struct profile *p = w->e->profile;

	(void)stat;
	if (ref < PROFILE_DERIVED_REF) {
		if (ref < w->e->fixture->channel_count)
			set_add(w->set, ref);
	} else if (ref < PROFILE_CAPTURE_REF) {
		int d = ref - PROFILE_DERIVED_REF;

		if (d >= p->derived_count || w->depth >= 8)
			return;
		w->depth++;
		expr_each_symbol(p->derived[d].value, walk_channel, w);
		w->depth--;
	} else if (ref < PROFILE_MODEL_REF) {
		if (ref - PROFILE_CAPTURE_REF < p->capture_count)
			set_merge(w->set, &w->e->captures[ref - PROFILE_CAPTURE_REF].channels);
	} else if (ref >= PROFILE_MEASURED_REF && ref < PROFILE_CLOCK_REF) {
		if (ref - PROFILE_MEASURED_REF < p->measurement_count)
			set_merge(w->set, &w->e->measurements[ref - PROFILE_MEASURED_REF].channels);
	}
}

void plan_channels(const struct engine *e, const struct expr *x, struct channel_set *set)
{
	struct channel_walk w = {.e = e, .set = set};

	if (x)
		expr_each_symbol(x, walk_channel, &w);
}

int64_t plan_grace_ns(const struct engine *e, const struct expr *x)
{
	struct channel_set set = {{0}};
	int64_t grace_ns = 0;

	plan_channels(e, x, &set);
	for (int c = 0; c < e->fixture->channel_count; c++)
		if (set_has(&set, c) && e->channels[c].stale_ns > grace_ns)
			grace_ns = e->channels[c].stale_ns;
	return grace_ns;
}

/* --- every action of the profile ---------------------------------------- */

typedef void action_fn(struct engine *e, const struct pf_action *a, void *ctx);

static void each_action_in(struct engine *e, const struct pf_action *list, int n, action_fn *fn,
			   void *ctx)
{
	for (int i = 0; i < n; i++) {
		fn(e, &list[i], ctx);
		if (list[i].kind == PF_TRIAL)
			each_action_in(e, list[i].actions, list[i].action_count, fn, ctx);
	}
}

static void each_action(struct engine *e, action_fn *fn, void *ctx)
{
	for (int s = 0; s < e->profile->step_count; s++)
		each_action_in(e, e->profile->steps[s].actions, e->profile->steps[s].action_count,
			       fn, ctx);
}

/* --- which symbols need statistics -------------------------------------- */

static void add_track(struct engine *e, uint16_t ref, bool wants_median)
{
	int16_t *slot = NULL;

	if (ref < PROFILE_DERIVED_REF) {
		if (ref >= e->fixture->channel_count)
			return;
		slot = &e->channels[ref].track;
	} else if (ref < PROFILE_CAPTURE_REF &&
		   ref - PROFILE_DERIVED_REF < e->profile->derived_count) {
		slot = &e->derived[ref - PROFILE_DERIVED_REF].track;
	}
	if (!slot)
		return;
	if (*slot < 0) {
		*slot = (int16_t)e->track_count++;
		e->tracks[*slot].ref = ref;
	}
	e->tracks[*slot].wants_median |= wants_median;
}

static void track_stat(void *ctx, uint16_t ref, enum expr_stat stat)
{
	if (stat != EXPR_LATEST)
		add_track(ctx, ref, stat == EXPR_MEDIAN);
}

static void track_any(void *ctx, uint16_t ref, enum expr_stat stat)
{
	add_track(ctx, ref, stat == EXPR_MEDIAN);
}

static void track_expr(struct engine *e, const struct expr *x,
		       void (*fn)(void *, uint16_t, enum expr_stat))
{
	if (x)
		expr_each_symbol(x, fn, e);
}

static void track_action(struct engine *e, const struct pf_action *a, void *ctx)
{
	(void)ctx;
	track_expr(e, a->until, track_stat);
	track_expr(e, a->value, track_stat);
	track_expr(e, a->making, track_stat);
	if (a->kind == PF_SETTLE)
		for (int i = 0; i < a->symbol_count; i++)
			add_track(e, (uint16_t)a->symbols[i], false);
}

static void find_tracks(struct engine *e)
{
	const struct profile *p = e->profile;

	for (int i = 0; i < p->derived_count; i++)
		track_expr(e, p->derived[i].value, track_stat);
	for (int i = 0; i < p->measurement_count; i++) {
		const struct pf_measurement *m = &p->measurements[i];

		track_expr(e, m->value, track_any);
		track_expr(e, m->lo, track_stat);
		track_expr(e, m->hi, track_stat);
		track_expr(e, m->uncertainty, track_stat);
	}
	for (int i = 0; i < p->envelope_count; i++)
		add_track(e, (uint16_t)p->envelope[i].symbol, false);
	for (int i = 0; i < p->abort_count; i++)
		track_expr(e, p->aborts[i].when, track_stat);
	for (int s = 0; s < p->step_count; s++)
		for (int i = 0; i < p->steps[s].watch_count; i++)
			track_expr(e, p->steps[s].watches[i].holds, track_stat);
	each_action(e, track_action, NULL);
	for (int i = 0; i < e->track_count; i++)
		if (e->tracks[i].wants_median)
			e->tracks[i].window.reservoir = xcalloc(WINDOW_RESERVOIR, sizeof(double));
}

/* --- on which channels things rest -------------------------------------- */

static bool grow(struct engine *e, struct channel_set *set, const struct expr *x)
{
	struct channel_set found = {{0}};

	plan_channels(e, x, &found);
	return set_merge(set, &found);
}

static struct run_measurement *measurement(struct engine *e, int m)
{
	return m >= 0 && m < e->profile->measurement_count ? &e->measurements[m] : NULL;
}

static void action_channels(struct engine *e, const struct pf_action *a, void *ctx)
{
	bool *grew = ctx;
	struct run_measurement *m = measurement(e, a->on_timeout.measurement);

	if (a->kind == PF_CAPTURE && a->capture >= 0)
		*grew |= grow(e, &e->captures[a->capture].channels, a->value);
	if ((a->kind == PF_WAIT || a->kind == PF_RAMP || a->kind == PF_CHECK) && a->until &&
	    !a->on_timeout.is_rig && m)
		*grew |= grow(e, &m->channels, a->until);
}

static bool watch_channels(struct engine *e)
{
	const struct profile *p = e->profile;
	bool grew = false;

	for (int s = 0; s < p->step_count; s++)
		for (int i = 0; i < p->steps[s].watch_count; i++) {
			const struct pf_watch *w = &p->steps[s].watches[i];
			struct run_measurement *m = measurement(e, w->measurement);

			if (m)
				grew |= grow(e, &m->channels, w->holds);
		}
	for (int i = 0; i < p->abort_count; i++) {
		struct run_measurement *m = measurement(e, p->aborts[i].measurement);

		if (m)
			grew |= set_merge(&m->channels, &e->abort_channels[i]);

		if (!m)
			continue;
		m->has_abort = true;
		grew |= grow(e, &m->channels, p->aborts[i].when);
	}
	return grew;
}

static void by_readings(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct channel_walk *w = ctx;
	int d = ref - PROFILE_DERIVED_REF;
	bool is_derived = d >= 0 && d < w->e->profile->derived_count;

	if (stat != EXPR_LATEST || (ref >= PROFILE_CAPTURE_REF && ref < PROFILE_MODEL_REF) ||
	    ref >= PROFILE_MEASURED_REF || ++w->depth > 64)
		w->refused = true;
	else if (is_derived)
		expr_each_symbol(w->e->profile->derived[d].value, by_readings, w);
}

/* Captures and measured values refer to each other, so this repeats until nothing grows. */
static void find_channels(struct engine *e)
{
	const struct profile *p = e->profile;
	bool grew = true;

	for (int i = 0; i < p->derived_count; i++) {
		struct channel_walk w = {.e = e};

		plan_channels(e, p->derived[i].value, &e->derived[i].channels);
		expr_each_symbol(p->derived[i].value, by_readings, &w);
		e->derived[i].by_readings = !w.refused;
	}
	while (grew) {
		grew = watch_channels(e);
		each_action(e, action_channels, &grew);
		for (int i = 0; i < p->measurement_count; i++) {
			const struct pf_measurement *m = &p->measurements[i];

			grew |= grow(e, &e->measurements[i].channels, m->value);
			grew |= grow(e, &e->measurements[i].channels, m->lo);
			grew |= grow(e, &e->measurements[i].channels, m->hi);
		}
	}
}

struct interlock_walk {
	const struct engine *e;
	struct channel_set *set;
};

static void walk_interlock(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct interlock_walk *w = ctx;
	int here = fixture_ref_for_bay(w->e->fixture, ref, w->e->profile->bay);

	(void)stat;
	if (here >= 0 && here < w->e->fixture->channel_count)
		set_add(w->set, here);
}

/* An abort that is only an interlock of the rig rests on the channels the interlock watches. */
static void find_interlocks(struct engine *e)
{
	const struct profile *p = e->profile;

	for (int i = 0; i < p->abort_count; i++) {
		struct interlock_walk w = {.e = e, .set = &e->abort_channels[i]};
		int at = p->aborts[i].interlock;

		if (p->aborts[i].when || at < 0 || at >= e->fixture->interlock_count)
			continue;
		expr_each_symbol(e->fixture->interlocks[at].when, walk_interlock, &w);
	}
}

static void allocate(struct engine *e)
{
	const struct profile *p = e->profile;
	const struct fixture *f = e->fixture;
	unsigned long n = (unsigned long)p->measurement_count;
	int watches = 0;

	for (int s = 0; s < p->step_count; s++)
		if (p->steps[s].watch_count > watches)
			watches = p->steps[s].watch_count;
	e->channels = xcalloc((unsigned long)f->channel_count + 1, sizeof *e->channels);
	e->tracks = xcalloc((unsigned long)(f->channel_count + p->derived_count) + 1,
			    sizeof *e->tracks);
	e->derived = xcalloc((unsigned long)p->derived_count + 1, sizeof *e->derived);
	e->captures = xcalloc((unsigned long)p->capture_count + 1, sizeof *e->captures);
	e->captures_before =
		xcalloc((unsigned long)p->capture_count + 1, sizeof *e->captures_before);
	e->measurements = xcalloc(n + 1, sizeof *e->measurements);
	e->results = xcalloc(n + 1, sizeof *e->results);
	e->results_before = xcalloc(n + 1, sizeof *e->results_before);
	e->judged = xcalloc(n + 1, sizeof *e->judged);
	e->image = xcalloc((unsigned long)f->output_count + 1, sizeof *e->image);
	e->powered = xcalloc((unsigned long)f->output_count + 1, sizeof *e->powered);
	e->watches = xcalloc((unsigned long)watches + 1, sizeof *e->watches);
	e->aborts = xcalloc((unsigned long)p->abort_count + 1, sizeof *e->aborts);
	e->abort_channels = xcalloc((unsigned long)p->abort_count + 1, sizeof *e->abort_channels);
}

void plan_build(struct engine *e)
{
	const struct profile *p = e->profile;
	const struct fixture *f = e->fixture;

	allocate(e);
	for (int i = 0; i < f->channel_count; i++) {
		const struct fx_channel *c = &f->channels[i];
		struct run_channel *rc = &e->channels[i];

		rc->ours = c->bays >> p->bay & 1;
		rc->track = -1;
		rc->stale_ns = c->stale_ns;
		rc->raised_ns = c->raised_ns;
		rc->update_ns = c->update_ns;
		calibrate_factors(c, &rc->gain, &rc->offset);
	}
	for (int i = 0; i < p->derived_count; i++)
		e->derived[i].track = -1;
	for (int i = 0; i < f->output_count; i++) {
		const struct fx_output *o = &f->outputs[i];

		e->image[i] = o->safe;
		e->powered[i] = o->kind == OUTPUT_POWER && (o->bays >> p->bay & 1);
		e->has_power_output |= e->powered[i];
	}
	find_tracks(e);
	find_interlocks(e);
	find_channels(e);
}

void plan_release(struct engine *e)
{
	for (int i = 0; e->tracks && i < e->track_count; i++)
		free(e->tracks[i].window.reservoir);
	free(e->channels);
	free(e->tracks);
	free(e->derived);
	free(e->captures);
	free(e->captures_before);
	free(e->measurements);
	free(e->results);
	free(e->results_before);
	free(e->judged);
	free(e->image);
	free(e->powered);
	free(e->watches);
	free(e->aborts);
	free(e->abort_channels);
}
