/* SPDX-License-Identifier: MIT
 *
 * Actions of a step: one reader per verb, in a table.
 */
#include "profile_actions.h"

#include <stdio.h>
#include <string.h>

bool profile_need_clear(struct action_reader *rd, const struct schema_item *item,
			const char *const *keys)
{
	bool clear = true;
	for (; *keys; keys++)
		clear = clear && !profile_unclear(item, *keys);
	rd->b->paths_open = rd->b->paths_open || !clear;
	return clear;
}

struct pf_action *profile_add_action(struct pf_action *list, int *count, enum pf_action_kind kind,
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

static int read_output(struct action_reader *rd, const struct yaml_node *node, const char *name)
{
	const struct profile *p = rd->b->p;
	const struct fixture *f = p->fixture;
	int i = name ? fixture_output(f, p->bay, name) : -1;
	const char *list[FIXTURE_OUTPUTS_MAX];
	char hint[96];
	size_t n = 0;
	if (i >= 0 && i != f->dead_man)
		return i;
	rd->b->paths_open = true;
	if (!name)
		return -1;
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
static void read_fails(struct action_reader *rd, const struct schema_item *item, const char *fails,
		       int attribution, struct pf_timeout *out)
{
	struct profile *p = rd->b->p;
	const struct yaml_node *node = schema_node(item, "fails");
	out->measurement = -1;
	if (!fails)
		rd->b->judged_open = rd->b->paths_open = true;
	if (!fails)
		return;
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

static void read_set(struct action_reader *rd, const struct raw_action *r, struct pf_action *list,
		     int *count)
{
	const struct schema_pair *pairs = r->set.at;
	const struct fixture *f = rd->b->p->fixture;
	struct pf_action *a = profile_add_action(list, count, PF_SET, schema_node(&r->item, "set"));
	a->sets = arena_array(rd->b->p->arena, (size_t)r->set.count, sizeof(*a->sets));
	if (!r->set.count && !schema_refused(&r->item, "set"))
		profile_bad(rd->b, schema_node(&r->item, "set"),
			    "sets nothing; expected outputs and their values");
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
		if (fixture_output_value(&f->outputs[o], pairs[i].text, &v, &err)) {
			profile_bad(rd->b, key, "%s", err.text);
			rd->b->paths_open = true;
		}
		a->sets[a->set_count++] = (struct pf_set){(int16_t)o, v};
	}
}

/* "0.005 MPa/s" in the output's unit. */
static void read_rate(struct action_reader *rd, const struct raw_ramp *r, struct pf_action *a,
		      const struct fx_output *o)
{
	static const struct dim per_second = {.s = -1};
	char slow[32], fast[32];
	struct error err = {0};
	double si = 0;
	if (!r->rate)
		return;
	if (quantity_parse(r->rate->text, r->rate->len, dim_mul(o->unit->dim, per_second), &si,
			   NULL, &err)) {
		profile_bad(rd->b, r->rate, "rate \"%.40s\"; expected like 0.005 %s/s",
			    r->rate->text, o->unit->name);
		return;
	}
	a->rate_per_s = si / o->unit->scale;
	double span = o->max - o->min;
	if (a->rate_per_s > 0 && a->rate_per_s <= span && a->rate_per_s * 3600 >= span)
		return;
	text_from_double(slow, sizeof(slow), span / 3600);
	text_from_double(fast, sizeof(fast), span);
	profile_bad(
		rd->b, r->rate,
		"rate %.40s; expected %s to %s %s/s, which go through the range of %s in an hour "
		"to a second",
		r->rate->text, slow, fast, o->unit->name, o->name);
	a->rate_per_s = 0;
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

static void read_until(struct action_reader *rd, const struct raw_until *r, struct pf_action *a)
{
	const struct yaml_node *node = r->item->node;
	static const char *const timing[] = {"until", "timeout", "fails", "continue", NULL};
	profile_need_clear(rd, r->item, timing);
	if (schema_absent(r->item, "until")) {
		if (r->fails || r->timeout_ns || r->hold_ns || r->then_continue || r->attribution)
			profile_bad(rd->b, node,
				    "timeout, fails, hold, continue and attribution have no "
				    "meaning without until; expected until with them");
		return;
	}
	a->hold_ns = r->hold_ns;
	a->timeout_ns = r->timeout_ns;
	a->until = profile_read_expr(rd->b, r->until, WANT_CONDITION, NULL, NULL);
	if (schema_absent(r->item, "timeout")) {
		profile_bad(rd->b, node, "no time-out; expected timeout: 30 s beside until");
		rd->b->paths_open = true;
	}
	if (r->timeout_ns && r->hold_ns > r->timeout_ns)
		profile_bad(rd->b, schema_node(r->item, "hold"),
			    "holds longer than its time-out; expected timeout above hold");
	if (r->fails)
		read_fails(rd, r->item, r->fails, r->attribution, &a->on_timeout);
	else if (rd->rig_check)
		a->on_timeout = (struct pf_timeout){
			.is_rig = true, .measurement = -1, .attribution = ATTRIBUTION_RIG};
	else if (!schema_absent(r->item, "fails"))
		rd->b->judged_open = true;
	else if (!rd->maybe_rig_check)
		profile_bad(rd->b, node,
			    "nothing says what the time-out means; expected fails: with a "
			    "measurement, or rig");
	a->on_timeout.then_continue = r->then_continue;
}

static void read_ramp(struct action_reader *rd, const struct raw_action *raw,
		      struct pf_action *list, int *count)
{
	const struct raw_ramp *r = raw->ramp;
	struct pf_action *a = profile_add_action(list, count, PF_RAMP, r->item.node);
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
	rd->b->paths_open = rd->b->paths_open || !r->to;
	if (out->kind != OUTPUT_SETPOINT)
		profile_bad(rd->b, schema_node(&r->item, "output"),
			    "%s cannot be ramped; expected a setpoint", out->name);
	else if (r->to && fixture_output_value(out, r->to->text, &a->to, &err))
		profile_bad(rd->b, r->to, "%s", err.text);
	if (out->kind == OUTPUT_SETPOINT)
		read_rate(rd, r, a, out);
	if (err.code || !(a->rate_per_s > 0))
		rd->b->paths_open = true;
}

static void read_wait(struct action_reader *rd, const struct raw_action *raw,
		      struct pf_action *list, int *count)
{
	const struct raw_wait *r = raw->wait;
	struct pf_action *a = profile_add_action(list, count, PF_WAIT, r->item.node);
	a->for_ns = r->for_ns;
	profile_need_clear(rd, &r->item, (const char *const[]){"for", NULL});
	if (!r->until && r->for_ns <= 0 && !schema_refused(&r->item, "for") &&
	    schema_absent(&r->item, "until"))
		profile_bad(rd->b, r->item.node, "wait for nothing; expected a time, or until");
	if (r->until && r->for_ns)
		profile_bad(rd->b, r->item.node, "wait has for and until; expected one of them");
	read_until(rd,
		   &(struct raw_until){&r->item, r->until, r->hold_ns, r->timeout_ns, r->fails,
				       r->then_continue, r->attribution},
		   a);
}

static void read_window(struct action_reader *rd, const struct raw_action *raw,
			struct pf_action *list, int *count)
{
	profile_need_clear(rd, &raw->window->item, (const char *const[]){"for", NULL});
	profile_add_action(list, count, PF_WINDOW, raw->window->item.node)->for_ns =
		raw->window->for_ns;
}

static void read_capture(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count)
{
	const struct schema_pair *pairs = raw->capture.at;
	const struct profile *p = rd->b->p;
	for (int i = 0; i < raw->capture.count; i++) {
		struct pf_action *a =
			profile_add_action(list, count, PF_CAPTURE, pairs[i].item.node);
		for (int k = 0; k < p->capture_count; k++)
			if (strcmp(p->captures[k], pairs[i].item.name) == 0)
				a->capture = (int16_t)k;
		/* its mistakes were told when it was declared */
		rd->b->quiet = true;
		a->value = profile_read_expr(rd->b, pairs[i].item.node, WANT_NUMBER, NULL, NULL);
		rd->b->quiet = false;
	}
}

static void read_measure(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count)
{
	struct pf_action *a =
		profile_add_action(list, count, PF_MEASURE, schema_node(&raw->item, "measure"));
	struct profile *p = rd->b->p;
	if (schema_refused(&raw->item, "measure"))
		rd->b->judged_open = true;
	a->measurements =
		arena_array(p->arena, (size_t)raw->measure.count, sizeof(*a->measurements));
	for (int i = 0; i < raw->measure.count; i++) {
		const struct yaml_node *node = raw->measure.nodes[i];
		int m = profile_read_measurement(rd->b, node, raw->measure.at[i]);
		if (m < 0)
			continue;
		if (profile_has_no_value(rd->b, m))
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

static void read_check(struct action_reader *rd, const struct raw_action *raw,
		       struct pf_action *list, int *count)
{
	const struct raw_check *r = raw->check;
	struct pf_action *a = profile_add_action(list, count, PF_CHECK, r->item.node);
	a->until = profile_read_expr(rd->b, r->holds, WANT_CONDITION, NULL, NULL);
	a->timeout_ns = r->within_ns;
	a->hold_ns = r->hold_ns;
	a->locks = r->locks;
	profile_need_clear(rd, &r->item, (const char *const[]){"within", NULL});
	read_fails(rd, &r->item, r->fails, 0, &a->on_timeout);
	if (r->hold_ns > r->within_ns && !profile_unclear(&r->item, "within"))
		profile_bad(rd->b, r->item.node,
			    "check holds longer than it may take; expected "
			    "within above hold");
}

static void read_list(struct action_reader *rd, const struct schema_list *raw,
		      struct pf_action **list, int *count);

static void read_trial(struct action_reader *rd, const struct raw_action *raw,
		       struct pf_action *list, int *count)
{
	const struct raw_trial *r = raw->trial;
	struct pf_action *a = profile_add_action(list, count, PF_TRIAL, r->item.node);
	struct action_reader inner = *rd;
	a->for_ns = r->for_ns;
	a->making = profile_read_expr(rd->b, r->making, WANT_CONDITION, NULL, NULL);
	if (rd->in_trial) {
		profile_bad(rd->b, r->item.node, "a trial within a trial; expected one");
		return;
	}
	profile_need_clear(rd, &r->item, (const char *const[]){"for", "do", NULL});
	if (schema_refused(&r->item, "do"))
		rd->b->order_open = true;
	inner.in_trial = true;
	read_list(&inner, &r->actions, &a->actions, &a->action_count);
}

static void read_one(struct action_reader *rd, const struct raw_action *r, struct pf_action *list,
		     int *count)
{
	static const struct {
		const char *verb;
		void (*read)(struct action_reader *rd, const struct raw_action *r,
			     struct pf_action *list, int *count);
	} verbs[] = {
		{"set", read_set},	   {"ramp", read_ramp},
		{"wait", read_wait},	   {"settle", profile_read_settle},
		{"window", read_window},   {"prompt", profile_read_prompt},
		{"capture", read_capture}, {"measure", read_measure},
		{"check", read_check},	   {"trial", read_trial},
	};
	/* an unknown verb may be any */
	if (r->item.stray)
		rd->b->paths_open = rd->b->order_open = true;
	if (schema_refused(&r->item, "set"))
		rd->b->paths_open = true;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct yaml_node *node = yaml_get(r->item.node, verbs[i].verb);
		if (node && !node->unread)
			verbs[i].read(rd, r, list, count);
		else if (node) /* told already; it may set and measure anything */
			rd->b->paths_open = rd->b->order_open = true;
	}
}

static void read_list(struct action_reader *rd, const struct schema_list *raw,
		      struct pf_action **list, int *count)
{
	const struct raw_action *at = raw->at;
	size_t n = 0;
	for (int i = 0; i < raw->count; i++)
		n += (size_t)at[i].capture.count + (size_t)at[i].item.node->count;
	*list = arena_array(rd->b->p->arena, n, sizeof(**list));
	for (int i = 0; i < raw->count; i++)
		read_one(rd, &at[i], *list, count);
}

void profile_read_actions(struct profile_build *b, const struct raw_step *rs, struct pf_step *step,
			  int step_index)
{
	struct action_reader rd = {.b = b,
				   .step = step_index,
				   .rig_check = rs->rig_check,
				   .maybe_rig_check = profile_unclear(&rs->item, "rig_check")};
	profile_need_clear(&rd, &rs->item,
			   (const char *const[]){"do", "watch", "stop_on_fail", "retries", NULL});
	if (schema_refused(&rs->item, "do"))
		b->order_open = true;
	read_list(&rd, &rs->actions, &step->actions, &step->action_count);
	if (!rs->actions.count && !schema_refused(&rs->item, "do"))
		profile_bad(b, rs->item.node, "step %s does nothing; expected at least one action",
			    step->id ? step->id : "?");
}
