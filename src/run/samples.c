/* SPDX-License-Identifier: MIT
 *
 * Readings come in here: calibrated into SI, kept as the latest of their channel, added to the open
 * window and to the settle test at hand. Derived symbols with statistics are evaluated once a tick,
 * when a channel of theirs was renewed.
 */
#include <math.h>
#include <stdio.h>

#include "impl.h"

void samples_window_open(struct engine *e)
{
	e->window_open = true;
	e->window_begin_ns = e->now_ns;
	for (int i = 0; i < e->track_count; i++) {
		window_begin(&e->tracks[i].window, e->now_ns);
		e->tracks[i].lost = e->tracks[i].unsettled = false;
	}
	for (int i = 0; i < e->fixture->channel_count; i++) {
		e->channels[i].lost_bad = e->channels[i].lost_gap = false;
		e->channels[i].window_renewals = 0;
	}
}

void samples_window_close(struct engine *e)
{
	e->window_open = false;
}

double samples_zero_si(const struct engine *e, uint16_t ref)
{
	const struct unit *u = NULL;

	if (ref < PROFILE_DERIVED_REF)
		u = e->fixture->channels[ref].unit;
	else if (ref < PROFILE_CAPTURE_REF)
		u = e->profile->derived[ref - PROFILE_DERIVED_REF].unit;
	return u ? u->offset : 0.0;
}

static const struct pf_action *settling(const struct engine *e)
{
	const struct run_frame *f = &e->frame[e->depth];

	if (e->state != ENGINE_RUNNING || !e->step_open || !e->act[e->depth].begun)
		return NULL;
	return f->at < f->count && f->list[f->at].kind == PF_SETTLE ? &f->list[f->at] : NULL;
}

/* What a settle test sees of a channel: a good update, or that a reading was lost. */
static void feed_settle(struct engine *e, uint16_t ref, int64_t at_ns, bool good, double si)
{
	const struct pf_action *a = settling(e);

	if (!a)
		return;
	for (int i = 0; i < a->symbol_count && i < ENGINE_SETTLE_MAX; i++) {
		if (e->settles[i].ref != ref)
			continue;
		if (good)
			settle_add(&e->settles[i].settle, at_ns, si);
		else
			settle_lost(&e->settles[i].settle, at_ns);
	}
}

static void contradict(struct engine *e, int channel)
{
	struct channel_set touched = {{0}};
	char text[96];
	bool used = false;

	if (e->channels[channel].contradicted)
		return;
	set_add(&touched, channel);
	for (int m = 0; m < e->profile->measurement_count; m++)
		used |= set_has(&e->measurements[m].channels, channel);
	if (!used)
		return;
	e->channels[channel].contradicted = true;
	snprintf(text, sizeof text, "frozen %s", e->fixture->channels[channel].name);
	measure_contradiction(e, text, &touched);
}

/* The settle tests that rest on that channel, itself or through a derived symbol, begin anew. */
static void settle_loses(struct engine *e, int channel, int64_t at_ns)
{
	const struct pf_action *a = settling(e);

	for (int i = 0; a && i < a->symbol_count && i < ENGINE_SETTLE_MAX; i++) {
		int d = e->settles[i].ref - PROFILE_DERIVED_REF;

		if (e->settles[i].ref == channel ||
		    (d >= 0 && set_has(&e->derived[d].channels, channel)))
			settle_lost(&e->settles[i].settle, at_ns);
	}
}

/* A reading that was lost, rather than one that is bad, carries the time of the last one before
 * it: it is lost now. */
static void bad_sample(struct engine *e, const struct sample *s, bool lost_now)
{
	struct run_channel *c = &e->channels[s->channel];

	if (e->window_open && (lost_now || s->at_ns > e->window_begin_ns) && !c->lost_bad) {
		c->lost_bad = true;
		c->lost_quality = c->quality;
	}
	settle_loses(e, s->channel, s->at_ns > e->now_ns ? s->at_ns : e->now_ns);
	if (c->quality == QUALITY_FROZEN && e->state == ENGINE_RUNNING)
		contradict(e, s->channel);
}

/* A hole between two good readings, or between two renewals, longer than the channel may be
 * silent. */
static bool is_gap(const struct run_channel *c, int64_t good_ns, int64_t renewed_ns, int64_t at_ns)
{
	return at_ns - good_ns > c->stale_ns || at_ns - renewed_ns > c->stale_ns + c->update_ns;
}

static void find_gap(struct engine *e, struct run_channel *c, const struct sample *s)
{
	int64_t good_ns = c->good_ns, renewed_ns = c->renewed_ns;

	if (is_gap(c, good_ns, renewed_ns, s->at_ns))
		settle_loses(e, s->channel, s->at_ns);
	if (!e->window_open || s->at_ns <= e->window_begin_ns)
		return;
	good_ns = good_ns > e->window_begin_ns ? good_ns : e->window_begin_ns;
	renewed_ns = renewed_ns > e->window_begin_ns ? renewed_ns : e->window_begin_ns;
	if (is_gap(c, good_ns, renewed_ns, s->at_ns))
		c->lost_gap = true;
}

/* Is the latest renewal of every channel that ref rests on recent enough? */
bool samples_renewed(const struct engine *e, uint16_t ref)
{
	for (int i = 0; i < e->fixture->channel_count; i++) {
		const struct run_channel *c = &e->channels[i];
		bool rests = ref < PROFILE_DERIVED_REF
				     ? i == ref
				     : set_has(&e->derived[ref - PROFILE_DERIVED_REF].channels, i);

		if (rests && is_gap(c, c->good_ns, c->renewed_ns, e->now_ns))
			return false;
	}
	return true;
}

static void good_sample(struct engine *e, const struct sample *s, double si, bool renewed)
{
	struct run_channel *c = &e->channels[s->channel];

	find_gap(e, c, s);
	c->si = si;
	c->good_ns = s->at_ns;
	if (!renewed)
		return;
	c->renewals++;
	c->renewed_ns = s->at_ns;
	if (e->window_open && s->at_ns > e->window_begin_ns) {
		c->window_renewals++;
		if (c->track >= 0)
			window_add(&e->tracks[c->track].window, s->at_ns, si);
	}
	feed_settle(e, s->channel, s->at_ns, true, si);
}

static void take_sample(struct engine *e, const struct sample *s)
{
	struct run_channel *c = &e->channels[s->channel];
	double si = c->gain * s->value + c->offset;
	bool renewed = !c->has || s->updates != c->updates;
	bool lost_now = !c->has || s->at_ns <= c->at_ns;

	if (c->has && s->at_ns < c->at_ns)
		return;
	e->readings++;
	c->quality = s->quality == QUALITY_GOOD && !isfinite(si) ? QUALITY_BAD_REPLY : s->quality;
	c->at_ns = s->at_ns;
	if (c->quality != QUALITY_GOOD) {
		/* The counter is not taken: the first good reading after this is a new one only
		 * if the device says so. */
		if (!c->has)
			c->updates = s->updates - 1;
		c->has = true;
		bad_sample(e, s, lost_now);
		return;
	}
	c->updates = s->updates;
	c->has = true;
	good_sample(e, s, si, renewed);
}

void engine_samples(struct engine *e, const struct sample *s, int n)
{
	if (e->state == ENGINE_DONE)
		return;
	engine_enter(e);
	for (int i = 0; i < n; i++)
		if (s[i].channel < e->fixture->channel_count && e->channels[s[i].channel].ours)
			take_sample(e, &s[i]);
	engine_leave(e);
}

static uint32_t renewals_of(const struct engine *e, const struct channel_set *set,
			    int64_t *newest_ns)
{
	uint32_t sum = 0;

	for (size_t w = 0; w < sizeof set->bits / sizeof set->bits[0]; w++) {
		for (uint64_t bits = set->bits[w]; bits; bits &= bits - 1) {
			const struct run_channel *c =
				&e->channels[w * 64 + (size_t)__builtin_ctzll(bits)];

			sum += c->renewals;
			if (c->renewed_ns > *newest_ns)
				*newest_ns = c->renewed_ns;
		}
	}
	return sum;
}

void samples_derived(struct engine *e)
{
	for (int i = 0; i < e->profile->derived_count; i++) {
		struct run_derived *d = &e->derived[i];
		uint16_t ref = (uint16_t)(PROFILE_DERIVED_REF + i);
		struct evaluation ev = {.e = e};
		struct expr_value v;
		int64_t at_ns = 0;
		uint32_t renewals;

		if (d->track < 0)
			continue;
		renewals = renewals_of(e, &d->channels, &at_ns);
		if (renewals == d->seen)
			continue;
		d->seen = renewals;
		v = compute_symbol(&ev, ref, EXPR_LATEST);
		if (!v.known) {
			e->tracks[d->track].lost = true;
			feed_settle(e, ref, at_ns, false, 0.0);
			continue;
		}
		if (e->window_open && at_ns > e->window_begin_ns) {
			window_add(&e->tracks[d->track].window, at_ns, v.si);
			e->tracks[d->track].unsettled |= ev.unsettled;
		}
		feed_settle(e, ref, at_ns, true, v.si);
	}
}
