/* SPDX-License-Identifier: MIT
 *
 * The action that asks the technician.
 */
#include "profile_actions.h"

#include <string.h>

static void read_number_prompt(struct action_reader *rd, const struct raw_prompt *r,
			       struct pf_prompt *q)
{
	static const char *const needed[] = {"unit", "range", "capture"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (profile_unclear(&r->item, needed[i]))
			return;
	if (!r->unit || !r->range.unit || !r->capture) {
		profile_bad(rd->b, r->item.node,
			    "a number has unit, range and capture; expected all "
			    "three");
		return;
	}
	q->unit = unit_find(r->unit->text, r->unit->len);
	if (!q->unit || !profile_unit_fits(q->unit, r->range.unit)) {
		profile_bad(rd->b, r->unit, "unit \"%.40s\" does not fit the range", r->unit->text);
		return;
	}
	q->min = unit_from_si(q->unit, r->range.lo);
	q->max = unit_from_si(q->unit, r->range.hi);
}

/* The measurement that yes and no decide. */
static void read_decided(struct action_reader *rd, const struct raw_prompt *r, struct pf_prompt *q)
{
	struct profile *p = rd->b->p;
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

void profile_read_prompt(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count)
{
	const struct raw_prompt *r = raw->prompt;
	struct profile *p = rd->b->p;
	struct pf_action *a = profile_add_action(list, count, PF_PROMPT, r->item.node);
	struct pf_prompt *q = arena_alloc(p->arena, sizeof(*q));
	*q = (struct pf_prompt){.id = r->id,
				.kind = (enum prompt_kind)r->kind,
				.text = {r->text.en, r->text.zh},
				.attended = r->attended,
				.capture = -1,
				.measurement = -1};
	a->prompt = q;
	for (int k = 0; k < p->capture_count; k++)
		if (r->capture && strcmp(p->captures[k], r->capture) == 0)
			q->capture = (int16_t)k;
	a->timeout_ns = r->timeout_ns;
	profile_need_clear(rd, &r->item, (const char *const[]){"timeout", "attended", NULL});
	if (rd->in_trial)
		profile_bad(rd->b, r->item.node,
			    "a prompt within a trial stops its clock; expected "
			    "it before or after");
	if (q->kind == PROMPT_NUMBER)
		read_number_prompt(rd, r, q);
	else if (q->kind && (r->unit || r->range.unit || r->capture))
		profile_bad(rd->b, r->item.node, "unit, range and capture are for numbers");
	if (q->kind == PROMPT_YES_NO && schema_absent(&r->item, "measurement"))
		profile_bad(rd->b, r->item.node,
			    "\"measurement\" is missing; expected what yes and no decide");
	if (q->kind && q->kind != PROMPT_YES_NO && r->measurement)
		profile_bad(rd->b, r->item.node, "only yes_no has a measurement");
	if (!r->measurement && !schema_absent(&r->item, "measurement"))
		rd->b->judged_open = true;
	if (r->measurement)
		read_decided(rd, r, q);
}
