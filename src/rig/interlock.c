/* SPDX-License-Identifier: MIT
 *
 * Interlocks: conditions over a bay's readings and outputs that trip whatever a profile says.
 * States are looked at undebounced (an edge of the E-stop or a leak counts at once); the
 * interlock's own debounce is how long the condition has to hold, in run time.
 *
 * A condition is judged by the calibrated readings, which is what the record of a run holds, and by
 * the readings as they were read: it trips when either says so. So a wrong coefficient may trip too
 * early, but never takes away what the sensor itself would have tripped. A proof needs both.
 */
#include <stdio.h>
#include "core.h"

struct evaluation {
	const struct rig *r;
	int bay;
	int64_t newer_than_ns;
	bool as_read, corrected; /* corrected: a calibration moved one of the readings */
};

static struct expr_value symbol_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct evaluation *e = ctx;
	const struct rig *r = e->r;
	int i;

	if (stat != EXPR_LATEST)
		return (struct expr_value){0, false};
	if (ref >= FIXTURE_OUTPUT_REF) {
		i = ref - FIXTURE_OUTPUT_REF < r->f->output_count
			    ? r->output_for[ref - FIXTURE_OUTPUT_REF][e->bay]
			    : -1;
		if (i < 0)
			return (struct expr_value){0, false};
		return (struct expr_value){
			unit_to_si(r->f->outputs[i].unit, r->outputs[i].commanded), true};
	}
	i = ref < r->f->channel_count ? r->channel_for[ref][e->bay] : -1;
	if (i < 0 || r->channels[i].now.at_ns < e->newer_than_ns)
		return (struct expr_value){0, false};
	e->corrected = e->corrected || channel_is_corrected(&r->channels[i]);
	return channel_value(r, i, e->as_read);
}

struct expr_value interlock_eval(const struct rig *r, const struct expr *e, int bay,
				 int64_t newer_than_ns)
{
	return interlock_judge(r, e, bay, newer_than_ns).calibrated;
}

struct judgement interlock_judge(const struct rig *r, const struct expr *e, int bay,
				 int64_t newer_than_ns)
{
	struct evaluation ctx = {r, bay, newer_than_ns, false, false};
	struct expr_env env = {&ctx, symbol_value};
	struct judgement j;

	j.calibrated = j.as_read = expr_eval(e, &env);
	ctx.as_read = true;
	if (ctx.corrected)
		j.as_read = expr_eval(e, &env);
	return j;
}

struct blame {
	const struct rig *r;
	int bay, first, bad;
};

static void look(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct blame *b = ctx;
	int i;

	(void)stat;
	if (ref >= FIXTURE_OUTPUT_REF || ref >= b->r->f->channel_count)
		return;
	i = b->r->channel_for[ref][b->bay];
	if (i < 0)
		return;
	if (b->first < 0)
		b->first = i;
	if (b->bad < 0 && b->r->channels[i].now.quality != QUALITY_GOOD)
		b->bad = i;
}

int interlock_channel(const struct rig *r, const struct expr *e, int bay)
{
	struct blame b = {r, bay, -1, -1};

	expr_each_symbol(e, look, &b);
	return b.bad >= 0 ? b.bad : b.first;
}

static bool any_output_on(const struct rig *r, const struct bay *b)
{
	for (int i = 0; i < b->output_count; i++)
		if (b->outputs[i] != r->f->dead_man &&
		    !output_is_safe(r->outputs[b->outputs[i]].fx,
				    r->outputs[b->outputs[i]].commanded))
			return true;
	return false;
}

static bool is_true(struct expr_value v)
{
	return v.known && v.si > 0.5;
}

/* A device that was not given up yet has no reason of its own. */
static const char *why_unknown(const struct rig *r, const struct channel *c)
{
	static const char *const whys[] = {
		[0] = "no reading yet",
		[QUALITY_STALE] = "no new reading",
		[QUALITY_NO_REPLY] = "no answer",
		[QUALITY_BAD_REPLY] = "no valid reading",
		[QUALITY_OUT_OF_RANGE] = "beyond its range",
		[QUALITY_FROZEN] = "it does not move",
	};
	const struct device *d = &r->devices[c->fx->device];

	return d->why[0] ? d->why : whys[c->now.quality];
}

/* as_read: the calibrated readings alone would not have tripped. */
static void fire(struct rig *r, int bay, int index, bool unknown, bool as_read)
{
	const struct fx_interlock *l = &r->f->interlocks[index];
	uint32_t bays = l->whole_rig ? (1u << r->f->bay_count) - 1 : 1u << bay;
	int channel = interlock_channel(r, l->when, bay);
	const struct channel *c = channel >= 0 ? &r->channels[channel] : NULL;
	const char *title = l->title_en ? l->title_en : l->name;
	char text[IO_TEXT_MAX], shown[64];
	double value = 0;

	if (unknown && c) {
		const struct fx_device *d = r->devices[c->fx->device].fx;

		rig_text(text, sizeof(text), "%s cannot be judged: %s is %s (%s on %s: %s)", title,
			 c->fx->name,
			 c->now.quality ? quality_text((enum quality)c->now.quality)
					: "not known yet",
			 d->name, r->f->buses[d->bus].port, why_unknown(r, c));
	} else if (c && !c->is_state) {
		value = channel_shown(c, as_read);
		snprintf(shown, sizeof(shown), "%.4g %s", value, c->fx->unit->name);
		rig_text(text, sizeof(text),
			 as_read ? "%s: %s (%s %s before calibration)" : "%s: %s (%s %s)", title,
			 expr_text(l->when), c->fx->name, shown);
	} else {
		value = c ? c->instant : 0;
		rig_text(text, sizeof(text), "%s: %s", title, expr_text(l->when));
	}
	/* A sensor that says nothing is the rig's fault, whatever its interlock guards: the bays are
	 * dropped all the same, and no profile can lay it at the unit's door. */
	if (unknown)
		safe_trip(r, bays, TRIP_SENSOR, -1, value, text, false);
	else
		safe_trip(r, bays, l->class, index, value, text, false);
}

static void evaluate(struct rig *r, int bay, int index)
{
	const struct fx_interlock *l = &r->f->interlocks[index];
	struct bay *b = &r->bays[bay];
	struct interlock_state *s = &b->interlocks[index];
	struct judgement j = interlock_judge(r, l->when, bay, INT64_MIN);
	bool is_held = is_true(j.calibrated) || is_true(j.as_read);
	/* A reading that is missing while nothing is on makes the bay not ready, by its device; it
	 * is no trip. */
	bool unknown = !is_held && !j.calibrated.known && l->unknown_trips &&
		       (b->state == BAY_ACTIVE || any_output_on(r, b));

	s->true_now = is_held;
	if (!s->true_now && !unknown) {
		s->since_ns = 0;
		s->fired = false;
		return;
	}
	if (!s->since_ns)
		s->since_ns = r->run_ns ? r->run_ns : 1;
	if (s->fired)
		return;
	if (r->run_ns - s->since_ns < l->debounce_ns) {
		b->waiting |= UINT64_C(1) << index;
		rig_due_run(r, s->since_ns + l->debounce_ns);
		return;
	}
	s->fired = true;
	fire(r, bay, index, unknown, !is_true(j.calibrated));
}

void interlock_run(struct rig *r)
{
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];
		uint64_t look = b->look | b->waiting;

		b->look = b->waiting = 0;
		look &= r->interlocks_of[bay];
		for (; look; look &= look - 1)
			evaluate(r, bay, __builtin_ctzll(look));
	}
}

int interlock_active(const struct rig *r, int bay, int *where)
{
	for (int i = 0; i < r->f->interlock_count; i++) {
		const struct fx_interlock *l = &r->f->interlocks[i];

		for (*where = 0; *where < r->f->bay_count; ++*where) {
			const struct interlock_state *s = &r->bays[*where].interlocks[i];

			if ((*where == bay || l->whole_rig) && (l->bays >> *where & 1) &&
			    s->true_now && s->fired)
				return i;
		}
	}
	return -1;
}

bool interlock_stands(const struct rig *r, int bay, char *text, size_t size)
{
	int where, index = interlock_active(r, bay, &where);
	const struct fx_interlock *l = index >= 0 ? &r->f->interlocks[index] : NULL;
	int channel = l ? interlock_channel(r, l->when, where) : -1;
	const struct channel *c = channel >= 0 ? &r->channels[channel] : NULL;
	const char *title = l && l->title_en ? l->title_en : l ? l->name : "";
	bool as_read;

	if (!l)
		return false;
	as_read = !is_true(interlock_judge(r, l->when, where, INT64_MIN).calibrated);
	if (!c)
		rig_text(text, size, "%s still stands: %s", title, expr_text(l->when));
	else if (c->is_state)
		rig_text(text, size, "%s still stands: %s (%s reads %s)", title, expr_text(l->when),
			 c->fx->name, c->instant > 0.5 ? "on" : "off");
	else
		rig_text(text, size, "%s still stands: %s (%s reads %.4g %s)", title,
			 expr_text(l->when), c->fx->name, channel_shown(c, as_read),
			 c->fx->unit->name);
	return true;
}
