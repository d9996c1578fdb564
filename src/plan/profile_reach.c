/* SPDX-License-Identifier: MIT
 *
 * What the values of a profile can come to at all, from the ranges of the channels; and conditions
 * against it. A comparison that can never hold, or never fail, has a wrong threshold: another unit,
 * a tenth, the other sign.
 */
#include "profile_schema.h"

#include <math.h>
#include <stdio.h>

enum { REACH_DEPTH_MAX = 8 }; /* derived of captured of measured */

struct reaching {
	const struct profile_build *b;
	int depth;
};

static const struct expr_reach everything = {-HUGE_VAL, HUGE_VAL};

static struct expr_reach reach_of(struct reaching *r, const struct expr *e);

/* By whichever action takes it, also inside a trial; lo > hi: none does. */
static struct expr_reach captured(struct reaching *r, const struct pf_action *at, int n,
				  int capture)
{
	struct expr_reach all = {HUGE_VAL, -HUGE_VAL};

	for (int i = 0; i < n; i++) {
		const struct pf_action *a = &at[i];
		struct expr_reach one = captured(r, a->actions, a->action_count, capture);

		if (a->kind == PF_CAPTURE && a->capture == capture)
			one = reach_of(r, a->value);
		if (a->kind == PF_PROMPT && a->prompt->capture == capture)
			one = a->prompt->unit ? (struct expr_reach){unit_to_si(a->prompt->unit,
									       a->prompt->min),
								    unit_to_si(a->prompt->unit,
									       a->prompt->max)}
					      : everything;
		all.lo = fmin(all.lo, one.lo);
		all.hi = fmax(all.hi, one.hi);
	}
	return all;
}

static struct expr_reach reach_of_capture(struct reaching *r, int capture)
{
	const struct profile *p = r->b->p;
	struct expr_reach all = {HUGE_VAL, -HUGE_VAL};

	/* it may be taken where nobody could read */
	if (r->b->captures_open || r->b->order_open)
		return everything;
	for (int i = 0; i < p->step_count; i++) {
		const struct pf_step *s = &p->steps[i];
		struct expr_reach one = captured(r, s->actions, s->action_count, capture);

		all.lo = fmin(all.lo, one.lo);
		all.hi = fmax(all.hi, one.hi);
	}
	return all;
}

static struct expr_reach reach_of_symbol(void *ctx, uint16_t ref)
{
	struct reaching *r = ctx;
	const struct profile *p = r->b->p;

	if (ref < PROFILE_DERIVED_REF)
		return fixture_reach(p->fixture, ref);
	if (ref < PROFILE_CAPTURE_REF)
		return reach_of(r, p->derived[ref - PROFILE_DERIVED_REF].value);
	if (ref < PROFILE_MODEL_REF)
		return reach_of_capture(r, ref - PROFILE_CAPTURE_REF);
	if (ref < PROFILE_MEASURED_REF) {
		double v = p->model->params[ref - PROFILE_MODEL_REF].si;
		return (struct expr_reach){v, v};
	}
	if (ref < PROFILE_CLOCK_REF)
		return reach_of(r, p->measurements[ref - PROFILE_MEASURED_REF].value);
	return (struct expr_reach){0, HUGE_VAL};
}

static struct expr_reach reach_of(struct reaching *r, const struct expr *e)
{
	struct expr_reach_env env = {.ctx = r, .reach = reach_of_symbol};
	struct expr_reach out = everything;

	if (!e || r->depth == REACH_DEPTH_MAX)
		return out;
	r->depth++;
	out = expr_reach(e, &env);
	r->depth--;
	return out;
}

struct expr_reach profile_reach(const struct profile_build *b, const struct expr *e)
{
	return reach_of(&(struct reaching){.b = b}, e);
}

struct expr_reach profile_reach_between(const struct profile_build *b, const struct expr *x,
					const struct expr *y)
{
	struct reaching r = {.b = b};
	struct expr_reach_env env = {.ctx = &r, .reach = reach_of_symbol};

	return expr_reach_between(x, y, &env);
}

struct deciding {
	struct profile_build *b;
	const struct yaml_node *node;
};

static const struct unit *unit_of(const struct profile *p, uint16_t ref)
{
	if (ref < PROFILE_CAPTURE_REF)
		return profile_ref_unit(p, ref);
	return ref >= PROFILE_MODEL_REF && ref < PROFILE_MEASURED_REF
		       ? p->model->params[ref - PROFILE_MODEL_REF].unit
		       : NULL;
}

/* The nameplate alone says nothing about a profile: it may be made for others as well. */
static void tell(void *ctx, const struct expr_decided *d)
{
	struct deciding *w = ctx;
	const struct profile *p = w->b->p;
	struct reaching r = {.b = w->b};
	struct reach_text t = {0};
	bool varies = false;

	for (int i = 0; i < d->ref_count; i++) {
		bool model = d->refs[i] >= PROFILE_MODEL_REF && d->refs[i] < PROFILE_MEASURED_REF;
		char name[80];

		varies = varies || !model;
		snprintf(name, sizeof(name), "%s%s", model ? "model." : "",
			 profile_ref_name(p, d->refs[i]));
		plan_reach_add(&t, name, unit_of(p, d->refs[i]), reach_of_symbol(&r, d->refs[i]));
	}
	if (!varies)
		return;
	yaml_problem_in(w->b->y, w->node, d->col, "%s", plan_reach_text(&t, d));
	w->b->mistakes++;
}

static void check_divisors(struct profile_build *b, const struct yaml_node *node,
			   const struct expr *e, const struct expr_reach_env *env, bool *told)
{
	struct expr_zero z = {0};
	bool of_model;

	if (!expr_divides_by_zero(e, env, &z))
		return;
	of_model = z.is_name && z.ref >= PROFILE_MODEL_REF && z.ref < PROFILE_MEASURED_REF;
	if (of_model && told[z.ref - PROFILE_MODEL_REF])
		return; /* one mistake, wherever it is used */
	if (of_model)
		told[z.ref - PROFILE_MODEL_REF] = true;
	if (of_model)
		yaml_problem_in(b->y, node, z.col,
				"this divides by 0: model.%s of %s is 0; expected a nameplate "
				"value above 0",
				profile_ref_name(b->p, z.ref), b->p->model->code);
	else
		yaml_problem_in(b->y, node, z.col,
				"this divides by what is always 0; expected a divisor that is not");
	b->mistakes++;
}

void profile_check_conditions(struct profile_build *b)
{
	const struct model *m = b->p->model;
	bool *told = arena_array(b->p->arena, (size_t)m->param_count + 1, sizeof(*told));
	for (int i = 0; i < b->expr_count; i++) {
		struct reaching r = {.b = b};
		struct expr_reach_env env = {.ctx = &r, .reach = reach_of_symbol};
		struct deciding w = {b, b->exprs[i].node};

		check_divisors(b, b->exprs[i].node, b->exprs[i].expr, &env, told);
		if (b->exprs[i].is_condition)
			expr_each_decided(b->exprs[i].expr, &env, tell, &w);
	}
}
