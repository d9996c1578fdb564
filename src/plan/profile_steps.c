/* SPDX-License-Identifier: MIT
 *
 * Steps of a profile: their list, what they capture, their watches. Actions are
 * profile_actions.c's.
 */
#include "profile_schema.h"

#include <string.h>

enum { STEPS_MAX = 64, CAPTURES_MAX = 256 };

static const struct raw_step *profile_raw_step(const struct raw_profile *raw, int step)
{
	const struct raw_step *setup = raw->setup.at, *steps = raw->steps.at;
	const struct raw_step *teardown = raw->teardown.at;
	if (step < raw->setup.count)
		return setup + step;
	step -= raw->setup.count;
	if (step < raw->steps.count)
		return steps + step;
	return teardown + (step - raw->steps.count);
}

void profile_declare_steps(struct profile_build *b)
{
	struct profile *p = b->p;
	int n = b->raw->setup.count + b->raw->steps.count + b->raw->teardown.count;
	static const char *const lists[] = {"setup", "steps", "teardown"};
	bool open = false;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		open = open || schema_refused(&b->raw->item, lists[i]) ||
		       (b->raw->item.stray && !schema_has(&b->raw->item, lists[i]));
	if (!open && !b->raw->steps.count)
		profile_bad(b, schema_node(&b->raw->item, "steps"),
			    "steps is empty; expected at least one");
	if (n > STEPS_MAX)
		profile_bad(b, schema_node(&b->raw->item, "steps"),
			    "%d steps with setup and teardown; expected at most %d", n,
			    (int)STEPS_MAX);
	if (open || !b->raw->steps.count || n > STEPS_MAX)
		b->paths_open = b->order_open = b->captures_open = true;
	if (n > STEPS_MAX)
		return;
	p->setup_count = b->raw->setup.count;
	p->teardown_count = b->raw->teardown.count;
	p->steps = arena_array(p->arena, (size_t)n, sizeof(*p->steps));
	for (int i = 0; i < n; i++) {
		const struct raw_step *r = profile_raw_step(b->raw, i);
		p->steps[p->step_count++] = (struct pf_step){.id = r->id,
							     .title = {r->title.en, r->title.zh},
							     .stop_on_fail = r->stop_on_fail,
							     .retries = r->retries,
							     .rig_check = r->rig_check,
							     .line = r->item.node->line,
							     .col = r->item.node->col};
		if (r->id && r->id[0] >= '0' && r->id[0] <= '9')
			profile_bad(b, schema_node(&r->item, "step"),
				    "\"%.60s\" is no step's code; expected a letter first", r->id);
		for (int k = 0; k < i; k++)
			if (r->id && p->steps[k].id && strcmp(p->steps[k].id, r->id) == 0)
				profile_bad(
					b, schema_node(&r->item, "step"),
					"step %s stands here a second time; it is first on line "
					"%d",
					r->id, p->steps[k].line);
	}
}

/* A new capture, or one of that name and dimension. dim NULL: that was refused. */
static void add_capture(struct profile_build *b, const struct yaml_node *node, const char *name,
			const struct dim *dim)
{
	struct profile *p = b->p;
	for (int i = 0; i < p->capture_count; i++) {
		if (strcmp(p->captures[i], name) != 0)
			continue;
		if (dim && !b->capture_unclear[i] && !dim_equal(p->capture_dims[i], *dim))
			profile_bad(b, node, "%s was captured with another dimension; expected one",
				    name);
		return;
	}
	if (p->capture_count == CAPTURES_MAX) {
		if (!b->captures_open)
			profile_bad(b, node, "too many captures; at most %d", (int)CAPTURES_MAX);
		b->captures_open = true;
		return;
	}
	if (!text_is_name(name) || fixture_channel(p->fixture, p->bay, name) >= 0)
		profile_bad(b, node,
			    "\"%.60s\" cannot be captured; expected a new name of a-z, 0-9, _",
			    name);
	for (int i = 0; i < p->derived_count; i++)
		if (strcmp(p->derived[i].name, name) == 0)
			profile_bad(b, node, "%s is a derived value; expected another name", name);
	p->captures[p->capture_count] = name;
	p->capture_dims[p->capture_count] = dim ? *dim : DIM_NONE;
	b->capture_unclear[p->capture_count++] = !dim;
	b->captures_known = p->capture_count;
}

static void declare_in(struct profile_build *b, const struct schema_list *actions)
{
	const struct raw_action *at = actions->at;
	for (int i = 0; i < actions->count; i++) {
		const struct raw_action *r = &at[i];
		const struct schema_pair *pairs = r->capture.at;
		const struct raw_prompt *q = r->prompt;
		bool capture = schema_refused(&r->item, "capture");
		bool asks = q && !q->capture && !schema_absent(&q->item, "capture");
		b->captures_open = b->captures_open || capture || asks ||
				   (r->item.stray && !r->item.refused);
		for (int k = 0; k < r->capture.count; k++) {
			struct dim dim = DIM_NONE;
			bool ok = profile_read_expr(b, pairs[k].item.node, WANT_NUMBER, NULL, &dim);
			add_capture(b, pairs[k].item.node, pairs[k].item.name, ok ? &dim : NULL);
		}
		if (q && q->capture) {
			const struct unit *u = q->unit ? unit_find(q->unit->text, q->unit->len)
						       : NULL;
			if (u && q->range.unit && !dim_equal(u->dim, q->range.unit->dim))
				u = NULL; /* which of them was meant is not known */
			add_capture(b, schema_node(&q->item, "capture"), q->capture,
				    u ? &u->dim : NULL);
		}
		if (r->trial)
			declare_in(b, &r->trial->actions);
	}
}

void profile_declare_captures(struct profile_build *b)
{
	struct profile *p = b->p;
	p->captures = arena_array(p->arena, CAPTURES_MAX, sizeof(*p->captures));
	p->capture_dims = arena_array(p->arena, CAPTURES_MAX, sizeof(*p->capture_dims));
	b->capture_unclear = arena_array(p->arena, CAPTURES_MAX, sizeof(*b->capture_unclear));
	/* before the first is looked at: which lists of actions say nothing */
	for (int i = 0; i < p->step_count; i++) {
		const struct schema_item *item = &profile_raw_step(b->raw, i)->item;
		b->captures_open = b->captures_open || schema_refused(item, "do");
	}
	for (int i = 0; i < p->step_count; i++)
		declare_in(b, &profile_raw_step(b->raw, i)->actions);
}

static void read_watches(struct profile_build *b, const struct raw_step *rs, struct pf_step *s,
			 int step)
{
	if (profile_unclear(&rs->item, "watch"))
		b->judged_open = true;
	const struct raw_watch *at = rs->watches.at;
	s->watches = arena_array(b->p->arena, (size_t)rs->watches.count, sizeof(*s->watches));
	for (int i = 0; i < rs->watches.count; i++) {
		const struct raw_watch *r = &at[i];
		struct pf_watch *w = &s->watches[s->watch_count++];
		int m = profile_read_measurement(b, schema_node(&r->item, "measurement"),
						 r->measurement);
		*w = (struct pf_watch){
			.measurement = (int16_t)m,
			.holds = profile_read_expr(b, r->holds, WANT_CONDITION, NULL, NULL),
			.for_ns = r->for_ns,
			.stop = r->stop,
			.line = schema_node(&r->item, "for")->line,
			.col = schema_node(&r->item, "for")->col};
		b->paths_open = b->paths_open || profile_unclear(&r->item, "stop");
		if (m >= 0 && b->p->measurements[m].step < 0)
			b->p->measurements[m].step = step;
		if (m >= 0 && profile_has_value(b, m))
			profile_bad(b, schema_node(&r->item, "measurement"),
				    "%s has a value; expected one that only conditions decide",
				    r->measurement);
	}
}

void profile_read_steps(struct profile_build *b)
{
	for (int i = 0; i < b->p->step_count; i++) {
		const struct raw_step *rs = profile_raw_step(b->raw, i);
		profile_read_actions(b, rs, &b->p->steps[i], i);
		read_watches(b, rs, &b->p->steps[i], i);
	}
}
