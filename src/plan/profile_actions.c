/* SPDX-License-Identifier: MIT
 *
 * Actions of a step: one reader per verb, in a table.
 */
#include "profile_schema.h"

#include <stdio.h>
#include <string.h>

struct reader {
	struct profile_build *b;
	int step;
	bool rig_check, in_trial;
};

static struct pf_action *add(struct pf_action *list, int *count, enum pf_action_kind kind,
			     const struct yaml_node *node)
{
	struct pf_action *a = &list[(*count)++];
	*a = (struct pf_action){.kind = kind,
				.line = node->key_line,
				.col = node->key_col,
				.output = -1,
				.capture = -1,
				.on_timeout = {.measurement = -1}};
	return a;
}

static int read_output(struct reader *rd, const struct yaml_node *node, const char *name)
{
	const struct profile *p = rd->b->p;
	const struct fixture *f = p->fixture;
	int i = fixture_output(f, p->bay, name);
	const char *list[FIXTURE_OUTPUTS_MAX];
	char hint[96];
	size_t n = 0;
	if (i >= 0 && i != f->dead_man)
		return i;
	if (i >= 0) {
		profile_bad(rd->b, node, "%s is the dead-man line; no profile may set it", name);
		return -1;
	}
	for (int k = 0; k < f->output_count; k++)
		if (f->outputs[k].bays >> p->bay & 1)
			list[n++] = f->outputs[k].name;
	profile_bad(rd->b, node, "bay %s has no output \"%.60s\"%s", f->bays[p->bay].name, name,
		    schema_hint(hint, sizeof(hint), name, list, n));
	return -1;
}

/* "rig", or a measurement that fails. */
static void read_fails(struct reader *rd, const struct schema_item *item, const char *fails,
		       int attribution, struct pf_timeout *out)
{
	struct profile *p = rd->b->p;
	const struct yaml_node *node = schema_node(item, "fails");
	out->measurement = -1;
	out->is_rig = strcmp(fails, "rig") == 0;
	out->attribution = ATTRIBUTION_RIG;
	if (out->is_rig)
		return;
	int m = profile_read_measurement(rd->b, node, fails);
	if (m < 0)
		return;
	out->measurement = (int16_t)m;
	out->attribution = attribution ? (enum attribution)attribution
				       : p->measurements[m].attribution;
	if (p->measurements[m].step < 0)
		p->measurements[m].step = rd->step;
	if (rd->rig_check)
		profile_bad(rd->b, node, "a rig check fails no measurement; expected rig");
}

static void read_set(struct reader *rd, const struct raw_action *r, struct pf_action *list,
		     int *count)
{
	const struct schema_pair *pairs = r->set.at;
	const struct fixture *f = rd->b->p->fixture;
	struct pf_action *a = add(list, count, PF_SET, r->item.node->first);
	a->sets = arena_array(rd->b->p->arena, (size_t)r->set.count, sizeof(*a->sets));
	for (int i = 0; i < r->set.count; i++) {
		struct error err = {0};
		double v = 0;
		int o = -1;
		const struct yaml_node *key = pairs[i].item.node;
		struct yaml_node at = *key;
		at.line = key->key_line;
		at.col = key->key_col;
		o = read_output(rd, &at, pairs[i].item.name);
		if (o < 0)
			continue;
		if (fixture_output_value(&f->outputs[o], pairs[i].text, &v, &err))
			profile_bad(rd->b, key, "%s", err.text);
		a->sets[a->set_count++] = (struct pf_set){(int16_t)o, v};
	}
}

/* "0.005 MPa/s" in the output's unit. */
static void read_rate(struct reader *rd, const struct raw_ramp *r, struct pf_action *a,
		      const struct fx_output *o)
{
	static const struct dim per_second = {.s = -1};
	struct error err = {0};
	double si = 0;
	if (quantity_parse(r->rate->text, r->rate->len, dim_mul(o->unit->dim, per_second), &si,
			   NULL, &err)) {
		profile_bad(rd->b, r->rate, "rate \"%.40s\"; expected like 0.005 %s/s",
			    r->rate->text, o->unit->name);
		return;
	}
	a->rate_per_s = si / o->unit->scale;
	if (a->rate_per_s <= 0)
		profile_bad(rd->b, r->rate, "rate %.40s; expected more than zero", r->rate->text);
}

/* What a wait and a ramp share: how long, and what running out of time means. */
struct raw_until {
	const struct schema_item *item;
	const struct yaml_node *until;
	int64_t hold_ns, timeout_ns;
	const char *fails;
	bool then_continue;
	int attribution;
};

static void read_until(struct reader *rd, const struct raw_until *r, struct pf_action *a)
{
	const struct yaml_node *node = r->item->node;
	if (!r->until) {
		if (r->fails || r->timeout_ns || r->hold_ns || r->then_continue || r->attribution)
			profile_bad(rd->b, node,
				    "timeout, fails, hold, continue and attribution have no "
				    "meaning without until; expected until with them");
		return;
	}
	a->hold_ns = r->hold_ns;
	a->timeout_ns = r->timeout_ns;
	a->until = profile_read_expr(rd->b, r->until, WANT_CONDITION, NULL, NULL);
	if (!r->timeout_ns)
		profile_bad(rd->b, node, "no time-out; expected timeout: 30 s beside until");
	if (r->fails)
		read_fails(rd, r->item, r->fails, r->attribution, &a->on_timeout);
	else if (rd->rig_check)
		a->on_timeout = (struct pf_timeout){
			.is_rig = true, .measurement = -1, .attribution = ATTRIBUTION_RIG};
	else
		profile_bad(rd->b, node,
			    "nothing says what the time-out means; expected fails: with a "
			    "measurement, or rig");
	a->on_timeout.then_continue = r->then_continue;
}

static void read_ramp(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
		      int *count)
{
	const struct raw_ramp *r = raw->ramp;
	struct pf_action *a = add(list, count, PF_RAMP, r->item.node);
	struct error err = {0};
	int o = read_output(rd, schema_node(&r->item, "output"), r->output);
	read_until(rd,
		   &(struct raw_until){&r->item, r->until, r->hold_ns, r->timeout_ns, r->fails,
				       r->then_continue, r->attribution},
		   a);
	if (o < 0)
		return;
	const struct fx_output *out = &rd->b->p->fixture->outputs[o];
	a->output = (int16_t)o;
	if (out->kind != OUTPUT_SETPOINT)
		profile_bad(rd->b, schema_node(&r->item, "output"),
			    "%s cannot be ramped; expected a setpoint", out->name);
	else if (fixture_output_value(out, r->to->text, &a->to, &err))
		profile_bad(rd->b, r->to, "%s", err.text);
	else
		read_rate(rd, r, a, out);
}

static void read_wait(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
		      int *count)
{
	const struct raw_wait *r = raw->wait;
	struct pf_action *a = add(list, count, PF_WAIT, r->item.node);
	a->for_ns = r->for_ns;
	if (!r->until && r->for_ns <= 0)
		profile_bad(rd->b, r->item.node, "wait for nothing; expected a time, or until");
	if (r->until && r->for_ns)
		profile_bad(rd->b, r->item.node, "wait has for and until; expected one of them");
	read_until(rd,
		   &(struct raw_until){&r->item, r->until, r->hold_ns, r->timeout_ns, r->fails,
				       r->then_continue, r->attribution},
		   a);
}

static void read_at_least(struct reader *rd, const struct raw_settle *r, struct pf_action *a)
{
	const struct schema_pair *pairs = r->at_least.at;
	for (int i = 0; i < r->at_least.count; i++) {
		const struct yaml_node *node = pairs[i].item.node;
		int ref = profile_read_symbol(rd->b, node, pairs[i].item.name), k = 0;
		if (ref < 0)
			continue;
		while (k < a->symbol_count && a->symbols[k] != ref)
			k++;
		if (k == a->symbol_count) {
			profile_bad(rd->b, node, "%s does not have to settle; expected one of `of`",
				    pairs[i].item.name);
			continue;
		}
		const struct unit *u = profile_ref_unit(rd->b->p, ref), *as = NULL;
		struct error err = {0};
		double si = 0;
		if (quantity_parse(node->text, node->len, u->dim, &si, &as, &err))
			profile_bad(rd->b, node, "%s", err.text);
		else
			a->tolerance_abs[k] = si - (as ? as->offset : 0);
	}
}

static void read_settle(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
			int *count)
{
	const struct raw_settle *r = raw->settle;
	struct pf_action *a = add(list, count, PF_SETTLE, r->item.node);
	struct arena *arena = rd->b->p->arena;
	struct error err = {0};
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
	if (quantity_parse(r->tolerance->text, r->tolerance->len, DIM_NONE, &a->tolerance_rel, NULL,
			   &err))
		profile_bad(rd->b, r->tolerance, "%s", err.text);
	else if (a->tolerance_rel <= 0 || a->tolerance_rel > 0.5)
		profile_bad(rd->b, r->tolerance,
			    "tolerance %.20s; expected more than 0 and at most "
			    "50 %%",
			    r->tolerance->text);
	read_at_least(rd, r, a);
	if (a->timeout_ns <= a->window_ns || a->timeout_ns <= a->min_ns)
		profile_bad(rd->b, schema_node(&r->item, "timeout"),
			    "time-out before it can be steady; expected more than window and min");
}

static void read_window(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
			int *count)
{
	(void)rd;
	add(list, count, PF_WINDOW, raw->window->item.node)->for_ns = raw->window->for_ns;
}

static void read_capture(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
			 int *count)
{
	const struct schema_pair *pairs = raw->capture.at;
	const struct profile *p = rd->b->p;
	for (int i = 0; i < raw->capture.count; i++) {
		struct pf_action *a = add(list, count, PF_CAPTURE, pairs[i].item.node);
		for (int k = 0; k < p->capture_count; k++)
			if (strcmp(p->captures[k], pairs[i].item.name) == 0)
				a->capture = (int16_t)k;
		a->value = profile_read_expr(rd->b, pairs[i].item.node, WANT_NUMBER, NULL, NULL);
	}
}

static void read_measure(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
			 int *count)
{
	struct pf_action *a = add(list, count, PF_MEASURE, raw->item.node->first);
	struct profile *p = rd->b->p;
	a->measurements =
		arena_array(p->arena, (size_t)raw->measure.count, sizeof(*a->measurements));
	for (int i = 0; i < raw->measure.count; i++) {
		const struct yaml_node *node = raw->measure.nodes[i];
		int m = profile_read_measurement(rd->b, node, raw->measure.at[i]);
		if (m < 0)
			continue;
		if (!profile_has_value(rd->b, m))
			profile_bad(rd->b, node, "%s has no value; only conditions decide it",
				    p->measurements[m].id);
		for (int k = 0; k < a->measurement_count; k++)
			if (a->measurements[k] == m)
				profile_bad(rd->b, node, "%s is measured twice; expected once",
					    p->measurements[m].id);
		p->measurements[m].step = rd->step;
		a->measurements[a->measurement_count++] = (int16_t)m;
	}
}

static void read_number_prompt(struct reader *rd, const struct raw_prompt *r, struct pf_prompt *q)
{
	const struct profile *p = rd->b->p;
	if (!r->unit || !r->range.unit || !r->capture) {
		profile_bad(rd->b, r->item.node,
			    "a number has unit, range and capture; expected all "
			    "three");
		return;
	}
	q->unit = unit_find(r->unit->text, r->unit->len);
	if (!q->unit || !dim_equal(q->unit->dim, r->range.unit->dim)) {
		profile_bad(rd->b, r->unit, "unit \"%.40s\" does not fit the range", r->unit->text);
		return;
	}
	q->min = unit_from_si(q->unit, r->range.lo);
	q->max = unit_from_si(q->unit, r->range.hi);
	for (int k = 0; k < p->capture_count; k++)
		if (strcmp(p->captures[k], r->capture) == 0)
			q->capture = (int16_t)k;
}

static void read_prompt(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
			int *count)
{
	const struct raw_prompt *r = raw->prompt;
	struct profile *p = rd->b->p;
	struct pf_action *a = add(list, count, PF_PROMPT, r->item.node);
	struct pf_prompt *q = arena_alloc(p->arena, sizeof(*q));
	*q = (struct pf_prompt){.id = r->id,
				.kind = (enum prompt_kind)r->kind,
				.text = {r->text.en, r->text.zh},
				.attended = r->attended,
				.capture = -1,
				.measurement = -1};
	a->prompt = q;
	a->timeout_ns = r->timeout_ns;
	if (rd->in_trial)
		profile_bad(rd->b, r->item.node,
			    "a prompt within a trial stops its clock; expected "
			    "it before or after");
	if (q->kind == PROMPT_NUMBER)
		read_number_prompt(rd, r, q);
	else if (r->unit || r->range.unit || r->capture)
		profile_bad(rd->b, r->item.node, "unit, range and capture are for numbers");
	if ((q->kind == PROMPT_YES_NO) != (r->measurement != NULL))
		profile_bad(rd->b, r->item.node,
			    q->kind == PROMPT_YES_NO
				    ? "\"measurement\" is missing; expected what yes and no decide"
				    : "only yes_no has a measurement");
	if (!r->measurement)
		return;
	int m = profile_read_measurement(rd->b, schema_node(&r->item, "measurement"),
					 r->measurement);
	q->measurement = (int16_t)m;
	if (m < 0)
		return;
	if (p->measurements[m].step < 0)
		p->measurements[m].step = rd->step;
	if (profile_has_value(rd->b, m))
		profile_bad(rd->b, schema_node(&r->item, "measurement"),
			    "%s has a value; expected one that only conditions decide",
			    r->measurement);
}

static void read_check(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
		       int *count)
{
	const struct raw_check *r = raw->check;
	struct pf_action *a = add(list, count, PF_CHECK, r->item.node);
	a->until = profile_read_expr(rd->b, r->holds, WANT_CONDITION, NULL, NULL);
	a->timeout_ns = r->within_ns;
	a->hold_ns = r->hold_ns;
	a->locks = r->locks;
	read_fails(rd, &r->item, r->fails, 0, &a->on_timeout);
	if (r->hold_ns > r->within_ns)
		profile_bad(rd->b, r->item.node,
			    "check holds longer than it may take; expected "
			    "within above hold");
}

static void read_list(struct reader *rd, const struct schema_list *raw, struct pf_action **list,
		      int *count);

static void read_trial(struct reader *rd, const struct raw_action *raw, struct pf_action *list,
		       int *count)
{
	const struct raw_trial *r = raw->trial;
	struct pf_action *a = add(list, count, PF_TRIAL, r->item.node);
	struct reader inner = *rd;
	a->for_ns = r->for_ns;
	a->making = profile_read_expr(rd->b, r->making, WANT_CONDITION, NULL, NULL);
	if (rd->in_trial) {
		profile_bad(rd->b, r->item.node, "a trial within a trial; expected one");
		return;
	}
	inner.in_trial = true;
	read_list(&inner, &r->actions, &a->actions, &a->action_count);
}

static void read_one(struct reader *rd, const struct raw_action *r, struct pf_action *list,
		     int *count)
{
	static const struct {
		const char *verb;
		void (*read)(struct reader *rd, const struct raw_action *r, struct pf_action *list,
			     int *count);
	} verbs[] = {
		{"set", read_set},	   {"ramp", read_ramp},	      {"wait", read_wait},
		{"settle", read_settle},   {"window", read_window},   {"prompt", read_prompt},
		{"capture", read_capture}, {"measure", read_measure}, {"check", read_check},
		{"trial", read_trial},
	};
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (schema_has(&r->item, verbs[i].verb))
			verbs[i].read(rd, r, list, count);
}

static void read_list(struct reader *rd, const struct schema_list *raw, struct pf_action **list,
		      int *count)
{
	const struct raw_action *at = raw->at;
	size_t n = 0;
	for (int i = 0; i < raw->count; i++)
		n += at[i].capture.count ? (size_t)at[i].capture.count : 1;
	*list = arena_array(rd->b->p->arena, n, sizeof(**list));
	for (int i = 0; i < raw->count; i++)
		read_one(rd, &at[i], *list, count);
}

void profile_read_actions(struct profile_build *b, const struct raw_step *rs, struct pf_step *step,
			  int step_index)
{
	struct reader rd = {.b = b, .step = step_index, .rig_check = rs->rig_check};
	read_list(&rd, &rs->actions, &step->actions, &step->action_count);
	if (!step->action_count)
		profile_bad(b, rs->item.node, "step %s does nothing; expected at least one action",
			    step->id);
}
