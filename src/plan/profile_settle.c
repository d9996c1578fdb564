/* SPDX-License-Identifier: MIT
 *
 * The action that waits until values are steady.
 */
#include "profile_actions.h"

#include <math.h>

/* A band as wide as the range is settled whatever is read. */
static void check_tolerance(struct action_reader *rd, const struct yaml_node *node, int ref,
			    double band)
{
	const struct profile *p = rd->b->p;
	const struct fx_channel *c = ref < PROFILE_DERIVED_REF ? &p->fixture->channels[ref] : NULL;
	char lo[32], hi[32];
	if (!c || !(c->range_lo < c->range_hi))
		return;
	double most = fabs(c->unit->scale) * (c->range_hi - c->range_lo);
	double least = fabs(c->unit->scale) * c->resolution;
	if (band < least && band > 0) {
		profile_bad(rd->b, node,
			    "at_least %.40s of %s is finer than it can tell; it resolves %s %s",
			    node->text, c->name, text_from_double(lo, sizeof(lo), c->resolution),
			    c->unit->name);
		return;
	}
	if (band > 0 && band < most)
		return;
	text_from_double(lo, sizeof(lo), c->range_lo);
	text_from_double(hi, sizeof(hi), c->range_hi);
	profile_bad(rd->b, node,
		    "at_least %.40s of %s, which reads %s to %s %s; expected more than 0 and less "
		    "than its range",
		    node->text, c->name, lo, hi, c->unit->name);
}

/* whole: all that has to settle is known. */
static void read_at_least(struct action_reader *rd, const struct raw_settle *r, struct pf_action *a,
			  bool whole)
{
	const struct schema_pair *pairs = r->at_least.at;
	for (int i = 0; i < r->at_least.count; i++) {
		const struct yaml_node *node = pairs[i].item.node;
		struct yaml_node key = *node;
		key.line = node->key_line;
		key.col = node->key_col;
		int ref = profile_read_symbol(rd->b, &key, pairs[i].item.name), k = 0;
		if (ref < 0)
			continue;
		while (k < a->symbol_count && a->symbols[k] != ref)
			k++;
		if (k == a->symbol_count && !whole)
			continue;
		if (k == a->symbol_count) {
			profile_bad(rd->b, node, "%s does not have to settle; expected one of `of`",
				    pairs[i].item.name);
			continue;
		}
		const struct unit *u = profile_ref_unit(rd->b->p, ref), *as = NULL;
		struct error err = {0};
		double si = 0;
		if (quantity_parse(node->text, node->len, u->dim, &si, &as, &err)) {
			profile_bad(rd->b, node, "%s", err.text);
		} else if (as && !profile_unit_fits(u, as)) {
			profile_bad(rd->b, node, "\"%.40s\" has no unit; expected %s", node->text,
				    u->name);
		} else {
			a->tolerance_abs[k] = si - (as ? as->offset : 0);
			check_tolerance(rd, node, ref, a->tolerance_abs[k]);
		}
	}
}

static void read_tolerance(struct action_reader *rd, const struct yaml_node *node,
			   struct pf_action *a)
{
	const struct unit *u = NULL;
	struct error err = {0};
	if (quantity_parse(node->text, node->len, DIM_NONE, &a->tolerance_rel, &u, &err))
		profile_bad(rd->b, node, "%s", err.text);
	else if (!u || !*u->name)
		profile_bad(rd->b, node, "tolerance %.20s has no unit; expected like 2 %%",
			    node->text);
	else if (a->tolerance_rel <= 0 || a->tolerance_rel > 0.5)
		profile_bad(rd->b, node, "tolerance %.20s; expected more than 0 and at most 50 %%",
			    node->text);
}

/* A line through fewer than three updates says nothing of drift. */
static void check_window(struct action_reader *rd, const struct raw_settle *r,
			 const struct pf_action *a)
{
	int64_t longest = 0;
	int slowest = -1;
	for (int i = 0; i < a->symbol_count; i++) {
		int64_t period = profile_period_ns(rd->b->p, a->symbols[i]);
		if (period <= longest)
			continue;
		longest = period;
		slowest = a->symbols[i];
	}
	if (slowest >= 0 && a->window_ns < 2 * longest)
		profile_bad(rd->b, schema_node(&r->item, "window"),
			    "%s is renewed every %g s and a window of %g s holds fewer than 3 of "
			    "that; expected %g s and more",
			    profile_ref_name(rd->b->p, slowest), (double)longest / 1e9,
			    (double)a->window_ns / 1e9, 3 * (double)longest / 1e9);
}

void profile_read_settle(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count)
{
	const struct raw_settle *r = raw->settle;
	struct pf_action *a = profile_add_action(list, count, PF_SETTLE, r->item.node);
	struct arena *arena = rd->b->p->arena;
	static const char *const timing[] = {"timeout", "window", "min", NULL};
	bool clear = profile_need_clear(rd, &r->item, timing);
	a->window_ns = r->window_ns;
	a->min_ns = r->min_ns;
	a->timeout_ns = r->timeout_ns;
	a->symbols = arena_array(arena, (size_t)r->of.count, sizeof(*a->symbols));
	a->tolerance_abs = arena_array(arena, (size_t)r->of.count, sizeof(*a->tolerance_abs));
	for (int i = 0; i < r->of.count; i++) {
		int ref = profile_read_symbol(rd->b, r->of.nodes[i], r->of.at[i]);
		if (ref >= 0)
			a->symbols[a->symbol_count++] = (int16_t)ref;
	}
	if (r->tolerance)
		read_tolerance(rd, r->tolerance, a);
	read_at_least(rd, r, a, a->symbol_count == r->of.count && !schema_refused(&r->item, "of"));
	if (!profile_unclear(&r->item, "window"))
		check_window(rd, r, a);
	if (!clear)
		return;
	if (a->timeout_ns <= a->window_ns || a->timeout_ns <= a->min_ns)
		profile_bad(rd->b, schema_node(&r->item, "timeout"),
			    "time-out before it can be steady; expected more than window and min");
}
