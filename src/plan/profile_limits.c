/* SPDX-License-Identifier: MIT
 *
 * Limits against the sensors that have to judge them. A limit must be within what the ranges of
 * the channels let its value come to. How fine it may be is decided where a measurement is a plain
 * statistic of one channel, itself or through a capture, and its limits are constant; more
 * involved values are left to their uncertainty, which no limit can hide from.
 */
#include "profile_schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Less than what judgement tells apart. */
#define ROUNDING 1e-9

struct only {
	int count, ref;
	enum expr_stat stat;
};

static void count_symbol(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct only *o = ctx;
	o->count++;
	o->ref = ref;
	o->stat = stat;
}

static bool is_level(enum expr_stat stat)
{
	return stat == EXPR_LATEST || stat == EXPR_MEAN || stat == EXPR_MIN || stat == EXPR_MAX ||
	       stat == EXPR_MEDIAN || stat == EXPR_FIRST || stat == EXPR_LAST;
}

/* The text is nothing but a name, or stat(name). */
static bool is_plain(const char *text)
{
	return !strpbrk(text, "+-*/^<>, ");
}

static const struct expr *captured(const struct profile *p, int capture)
{
	for (int s = 0; s < p->step_count; s++)
		for (int i = 0; i < p->steps[s].action_count; i++) {
			const struct pf_action *a = &p->steps[s].actions[i];
			if (a->kind == PF_CAPTURE && a->capture == capture)
				return a->value;
		}
	return NULL;
}

/* The channel a value is read from, NULL when it is computed. */
static const struct fx_channel *plain_channel(const struct profile *p, const struct expr *value)
{
	for (int depth = 0; value && depth < 2; depth++) {
		struct only o = {0};
		if (!is_plain(expr_text(value)))
			return NULL;
		expr_each_symbol(value, count_symbol, &o);
		if (o.count != 1 || !is_level(o.stat))
			return NULL;
		if (o.ref < PROFILE_DERIVED_REF)
			return &p->fixture->channels[o.ref];
		if (o.ref < PROFILE_CAPTURE_REF || o.ref >= PROFILE_MODEL_REF)
			return NULL;
		value = captured(p, o.ref - PROFILE_CAPTURE_REF);
	}
	return NULL;
}

static struct expr_value constant_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct profile *p = ctx;
	(void)stat;
	if (ref >= PROFILE_MODEL_REF && ref < PROFILE_MEASURED_REF)
		return (struct expr_value){p->model->params[ref - PROFILE_MODEL_REF].si, true};
	return (struct expr_value){0, false};
}

/* A limit in unit u; NAN when it depends on readings. */
static double constant(struct profile *p, const struct expr *e, const struct unit *u)
{
	struct expr_env env = {.ctx = p, .value = constant_value};
	struct expr_value v = {0, false};
	if (e)
		v = expr_eval(e, &env);
	return v.known ? unit_from_si(u, v.si) : (double)NAN;
}

/* A limit that what it judges cannot come to judges nothing, or lets nothing pass. */
static void check_reach(struct profile_build *b, const struct pf_measurement *m,
			const struct yaml_node *node, const struct expr *limit,
			const struct fx_channel *c)
{
	struct expr_reach can = profile_reach(b, m->value), is;
	char v[32], lo[32], hi[32];

	if (!node || !limit || !m->value)
		return;
	is = profile_reach(b, limit);
	if (is.hi >= can.lo && is.lo <= can.hi)
		return;
	text_from_double(lo, sizeof(lo), unit_from_si(m->unit, can.lo));
	text_from_double(hi, sizeof(hi), unit_from_si(m->unit, can.hi));
	text_from_double(v, sizeof(v), unit_from_si(m->unit, is.lo > can.hi ? is.lo : is.hi));
	profile_bad(b, node,
		    "limit %s %s of %s is outside what %s can %s; expected within %s to %s %s", v,
		    m->unit->name, m->id, c ? c->name : "its channels", c ? "read" : "come to", lo,
		    hi, m->unit->name);
}

static void check_resolution(struct profile_build *b, const struct pf_measurement *m,
			     const struct yaml_node *node, double span, const struct fx_channel *c)
{
	char res[32];
	if (isnan(span) || fabs(span) >= 2 * c->resolution)
		return;
	profile_bad(b, node, "limits of %s are finer than %s can tell; it resolves %s %s", m->id,
		    c->name, text_from_double(res, sizeof(res), c->resolution), c->unit->name);
}

/* A percent is a number like any other to the dimensions: 66 for 66 % would let everything pass. */
static bool check_percent(struct profile_build *b, const struct pf_measurement *m, const char *what,
			  const struct yaml_node *node, const struct expr *e)
{
	if (!node || !e || !m->unit || !profile_is_percent(m->unit) || !expr_adds_bare(e))
		return true;
	profile_bad(b, node,
		    "%s %.120s of %s %s no unit and %s is in %%; expected a number with %%, such "
		    "as 66 %%",
		    what, expr_text(e), m->id, expr_is_bare(e) ? "has" : "adds a number that has",
		    m->id);
	return false;
}

/* How far apart the limits are: the higher less the lower one, if they have both. */
static struct expr_reach width(const struct profile_build *b, const struct pf_measurement *m)
{
	const struct expr_reach wide = {-HUGE_VAL, HUGE_VAL};
	struct expr_reach can = m->value ? profile_reach(b, m->value) : wide;

	if (m->lo && m->hi)
		return profile_reach_between(b, m->hi, m->lo);
	struct expr_reach lo = m->lo ? profile_reach(b, m->lo) : can;
	struct expr_reach hi = m->hi ? profile_reach(b, m->hi) : can;
	return (struct expr_reach){hi.lo - lo.hi, hi.hi - lo.lo};
}

/* Tells when no value could pass, as far as it can be known before anything is read. */
static bool check_passable(struct profile_build *b, const struct raw_measurement *r,
			   const struct pf_measurement *m)
{
	struct expr_reach between = width(b, m), u;

	if (m->lo && m->hi && between.hi <= 0) {
		profile_bad(b, r->hi, "min of %s is not below max; nothing could pass", m->id);
		return true;
	}
	if (!m->uncertainty)
		return false;
	u = profile_reach(b, m->uncertainty);
	if (u.hi < 0) {
		profile_bad(b, r->uncertainty,
			    "the uncertainty of %s is below zero; expected zero or more", m->id);
		return true;
	}
	if (m->rule == RULE_SIMPLE || u.lo <= 0)
		return false;
	if (between.hi >= (m->lo && m->hi ? 2 : 1) * u.lo * (1 - ROUNDING))
		return false;
	profile_bad(b, r->uncertainty,
		    "the uncertainty of %s leaves nothing between its limits; nothing could pass",
		    m->id);
	return true;
}

static void check_measurement(struct profile_build *b, const struct raw_measurement *r,
			      const struct pf_measurement *m)
{
	bool clear = check_percent(b, m, "limit", r->lo, m->lo);
	clear = check_percent(b, m, "limit", r->hi, m->hi) && clear;
	check_percent(b, m, "uncertainty", r->uncertainty, m->uncertainty);
	const struct fx_channel *c = m->value ? plain_channel(b->p, m->value) : NULL;
	if (!clear || !m->unit || (c && c->quantity == QUANTITY_STATE))
		return;
	check_reach(b, m, r->lo, m->lo, c);
	check_reach(b, m, r->hi, m->hi, c);
	const struct unit *u = c ? c->unit : m->unit;
	double lo = constant(b->p, m->lo, u), hi = constant(b->p, m->hi, u);
	if (check_passable(b, r, m))
		return;
	else if (!c)
		return;
	else if (r->lo && r->hi)
		check_resolution(b, m, r->lo, hi - lo, c);
	else if (r->lo || r->hi)
		check_resolution(b, m, r->lo ? r->lo : r->hi, r->lo ? lo : hi, c);
}

/* Where it is written; those that were refused have no struct pf_envelope. */
static const struct yaml_node *envelope_node(const struct profile_build *b,
					     const struct pf_envelope *e)
{
	const struct schema_pair *raw = b->raw->envelope.at;
	int i = 0;
	while (strcmp(raw[i].item.name, profile_ref_name(b->p, e->symbol)) != 0)
		i++;
	return raw[i].item.node;
}

static void check_envelope(struct profile_build *b)
{
	const struct profile *p = b->p;
	for (int i = 0; i < p->envelope_count; i++) {
		const struct pf_envelope *e = &p->envelope[i];
		if (e->symbol >= PROFILE_DERIVED_REF)
			continue;
		const struct fx_channel *c = &p->fixture->channels[e->symbol];
		if (unit_from_si(c->unit, e->lo) < c->range_lo ||
		    unit_from_si(c->unit, e->hi) > c->range_hi)
			profile_bad(
				b, envelope_node(b, e),
				"the envelope of %s is wider than its range; expected within it",
				c->name);
	}
}

void profile_check_limits(struct profile_build *b)
{
	const struct raw_measurement *raw = b->raw->measurements.at;
	for (int i = 0; i < b->p->measurement_count; i++)
		check_measurement(b, &raw[i], &b->p->measurements[i]);
	check_envelope(b);
}
