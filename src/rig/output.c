/* SPDX-License-Identifier: MIT
 *
 * What is commanded: each bay wants a value for each of its outputs (its safe one unless a lease
 * holds it); a shared output is away from safe while any bay wants it so.
 */
#include <math.h>
#include <string.h>
#include "core.h"

bool output_is_safe(const struct fx_output *o, double logical)
{
	return fabs(logical - o->safe) < 1e-9;
}

double output_point_value(const struct output *o, double logical)
{
	if (o->fx->kind == OUTPUT_SETPOINT)
		return o->gain * logical + o->offset;
	return (logical > 0.5) != o->fx->inverted ? 1 : 0;
}

double output_logical_value(const struct output *o, double point)
{
	if (o->fx->kind == OUTPUT_SETPOINT)
		return (point - o->offset) / o->gain;
	return (point > 0.5) != o->fx->inverted ? 1 : 0;
}

void output_drop(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];

	for (int i = 0; i < b->output_count; i++)
		b->want[b->outputs[i]] = r->f->outputs[b->outputs[i]].safe;
	r->dropping = r->want_changed = true;
	b->look = UINT64_MAX;
}

/* The value farthest from safe that a bay of it wants. */
static double merged(const struct rig *r, int index)
{
	const struct fx_output *o = &r->f->outputs[index];
	double value = o->safe;

	for (int bay = 0; bay < r->f->bay_count; bay++) {
		double want = r->bays[bay].want[index];

		if ((o->bays >> bay & 1) && fabs(want - o->safe) > fabs(value - o->safe))
			value = want;
	}
	return value;
}

/* May this output begin to draw from the common supply now? */
static bool supply_allows(struct rig *r, int index)
{
	double drawn = r->f->outputs[index].supply_flow;

	if (r->f->supply_capacity <= 0 || drawn <= 0)
		return true;
	for (int i = 0; i < r->f->output_count; i++)
		if (i != index && !output_is_safe(r->outputs[i].fx, r->outputs[i].commanded))
			drawn += r->f->outputs[i].supply_flow;
	if (drawn > r->f->supply_capacity * (1 + 1e-9))
		return false;
	if (r->supply_used && r->run_ns - r->supply_ns < r->f->stagger_ns) {
		rig_due_run(r, r->supply_ns + r->f->stagger_ns);
		return false;
	}
	r->supply_used = true;
	r->supply_ns = r->run_ns;
	return true;
}

static void touch_bays(struct rig *r, const struct fx_output *o)
{
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (o->bays >> bay & 1)
			r->bays[bay].look = UINT64_MAX;
}

static void merge_one(struct rig *r, int index)
{
	struct output *o = &r->outputs[index];
	double value = merged(r, index);
	bool was_safe = output_is_safe(o->fx, o->commanded), is_safe = output_is_safe(o->fx, value);

	if (was_safe && !is_safe && !supply_allows(r, index)) {
		if (!o->deferred)
			rig_log(r, LOG_LEVEL_INFO, "output=%s waits for the common supply",
				o->fx->name);
		o->deferred = true;
		r->want_changed = true;
		return;
	}
	o->deferred = false;
	if (fabs(value - o->commanded) < 1e-12)
		return;
	o->commanded = value;
	if (is_safe) {
		o->on_ns = 0;
	} else if (was_safe) {
		o->on_ns = r->run_ns ? r->run_ns : 1;
		r->outputs_due_ns = r->run_ns;
	}
	touch_bays(r, o->fx);
	board_set(r, o->fx->device, is_safe && r->dropping, false);
}

void output_merge(struct rig *r)
{
	if (!r->want_changed)
		return;
	r->want_changed = false;
	for (int i = 0; i < r->f->output_count; i++)
		if (i != r->f->dead_man)
			merge_one(r, i);
	r->dropping = false;
}

void output_run(struct rig *r)
{
	char text[IO_TEXT_MAX];

	if (r->run_ns < r->outputs_due_ns) {
		if (r->outputs_due_ns < INT64_MAX)
			rig_due_run(r, r->outputs_due_ns);
		return;
	}
	r->outputs_due_ns = INT64_MAX;
	for (int i = 0; i < r->f->output_count; i++) {
		struct output *o = &r->outputs[i];

		if (!o->on_ns || o->fx->kind == OUTPUT_LAMP || o->fx->max_on_ns <= 0 ||
		    o->fx->max_on_ns == INT64_MAX)
			continue;
		if (r->run_ns - o->on_ns < o->fx->max_on_ns) {
			if (o->on_ns + o->fx->max_on_ns < r->outputs_due_ns)
				r->outputs_due_ns = o->on_ns + o->fx->max_on_ns;
			rig_due_run(r, o->on_ns + o->fx->max_on_ns);
			continue;
		}
		rig_text(text, sizeof(text),
			 "%s is away from its safe value for longer than its %.4g s", o->fx->name,
			 (double)o->fx->max_on_ns / 1e9);
		safe_trip(r, o->fx->bays, TRIP_TIMEOUT, -1, 0, text, false);
	}
}
