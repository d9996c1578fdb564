/* SPDX-License-Identifier: MIT
 *
 * Interval arithmetic over a program. Each symbol is taken anew where it stands, so an interval
 * may be wider than what the values can reach, never narrower.
 */
#include "base/expr.h"

#include <math.h>
#include <stdlib.h>

#include "expr_joint.h"

static const struct expr_reach everything = {-HUGE_VAL, HUGE_VAL};

static struct expr_reach load(const struct expr_code *c, const struct expr_reach_env *env)
{
	enum expr_stat stat = (enum expr_stat)c->stat;
	struct expr_reach r;

	if (stat == EXPR_STDDEV || stat == EXPR_COUNT)
		return (struct expr_reach){0, HUGE_VAL};
	if (stat == EXPR_SLOPE || stat == EXPR_INTEGRAL)
		return everything;
	r = env->reach(env->ctx, c->ref);
	return r.lo <= r.hi ? r : everything;
}

/* 0 times a bound that is not there is 0: the bound itself is never reached. */
static double times(double a, double b)
{
	return fabs(a) > 0 && fabs(b) > 0 ? a * b : 0;
}

/* side: of which sign a divisor is that comes to 0; division by 0 itself is unknown. */
static double over(double a, double b, double side)
{
	if (!(fabs(a) > 0) || (isinf(a) && isinf(b)))
		return 0;
	return fabs(b) > 0 ? a / b : copysign(HUGE_VAL, a * side);
}

static struct expr_reach span(const double v[4])
{
	return (struct expr_reach){fmin(fmin(v[0], v[1]), fmin(v[2], v[3])),
				   fmax(fmax(v[0], v[1]), fmax(v[2], v[3]))};
}

static struct expr_reach product(struct expr_reach a, struct expr_reach b)
{
	return span((double[]){times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo),
			       times(a.hi, b.hi)});
}

static struct expr_reach quotient(struct expr_reach a, struct expr_reach b)
{
	double side = b.hi > 0 ? 1 : -1;

	if ((b.lo < 0 && b.hi > 0) || (b.lo >= 0 && b.hi <= 0))
		return everything;
	return span((double[]){over(a.lo, b.lo, side), over(a.lo, b.hi, side),
			       over(a.hi, b.lo, side), over(a.hi, b.hi, side)});
}

static struct expr_reach one(const struct expr_code *c, struct expr_reach a)
{
	struct expr_reach r = a;

	switch ((int)c->op) {
	case OP_NEGATE: return (struct expr_reach){-a.hi, -a.lo};
	case OP_ABS:
		r.lo = a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0;
		r.hi = fmax(fabs(a.lo), fabs(a.hi));
		return r;
	case OP_SQRT: return (struct expr_reach){sqrt(fmax(a.lo, 0)), sqrt(fmax(a.hi, 0))};
	case OP_EXP: return (struct expr_reach){exp(a.lo), exp(a.hi)};
	case OP_POWER:
		for (int i = 1; i < (int)c->number; i++)
			r = product(r, a);
		return r;
	default: return everything;
	}
}

static struct expr_reach two(int op, struct expr_reach a, struct expr_reach b)
{
	switch (op) {
	case OP_ADD: return (struct expr_reach){a.lo + b.lo, a.hi + b.hi};
	case OP_SUBTRACT: return (struct expr_reach){a.lo - b.hi, a.hi - b.lo};
	case OP_MULTIPLY: return product(a, b);
	case OP_DIVIDE: return quotient(a, b);
	case OP_MIN2: return (struct expr_reach){fmin(a.lo, b.lo), fmin(a.hi, b.hi)};
	case OP_MAX2: return (struct expr_reach){fmax(a.lo, b.lo), fmax(a.hi, b.hi)};
	default: return (struct expr_reach){0, 1}; /* a condition */
	}
}

/* Does it hold for every value of both, as they are compared? */
static bool always(int op, struct expr_reach a, struct expr_reach b)
{
	switch (op) {
	case OP_LESS: return expr_compare(a.hi, b.lo) < 0;
	case OP_LESS_EQUAL: return expr_compare(a.hi, b.lo) <= 0;
	case OP_GREATER: return expr_compare(a.lo, b.hi) > 0;
	case OP_GREATER_EQUAL: return expr_compare(a.lo, b.hi) >= 0;
	case OP_EQUAL: return expr_compare(a.lo, b.hi) == 0 && expr_compare(a.hi, b.lo) == 0;
	default: return false;
	}
}

static bool never(int op, struct expr_reach a, struct expr_reach b)
{
	switch (op) {
	case OP_LESS: return always(OP_GREATER_EQUAL, a, b);
	case OP_LESS_EQUAL: return always(OP_GREATER, a, b);
	case OP_GREATER: return always(OP_LESS_EQUAL, a, b);
	case OP_GREATER_EQUAL: return always(OP_LESS, a, b);
	case OP_EQUAL: return always(OP_LESS, a, b) || always(OP_GREATER, a, b);
	default: return false;
	}
}

struct walk {
	const struct expr *e;
	const struct expr_reach_env *env;
	void (*fn)(void *ctx, const struct expr_decided *d); /* NULL: nobody asks */
	void *ctx;
	struct expr_joint *joint; /* with fn */
};

/* What is compared, or joined, by code i, whose operands begin at code from[0] and from[1]. */
static void judge(const struct walk *w, const int from[2], int i, struct expr_reach a,
		  struct expr_reach b)
{
	const struct expr_code *c = &w->e->code[i];
	struct expr_decided d = {.col = c->at + 1, .holds = always(c->op, a, b)};

	if (!w->fn)
		return;
	if (c->op == OP_AND || c->op == OP_OR) {
		if (expr_joint_judge(w->joint, from[0], i, &d))
			w->fn(w->ctx, &d);
		return;
	}
	if (!d.holds && !never(c->op, a, b)) {
		expr_joint_compare(w->joint, from[0], from[1], i, a, b);
		return;
	}
	for (int k = from[0]; k < i; k++) {
		const struct expr_code *v = &w->e->code[k];
		int n = 0;

		if (v->op != OP_VALUE && v->op != OP_STATE)
			continue;
		while (n < d.ref_count && d.refs[n] != v->ref)
			n++;
		if (n == d.ref_count && n < EXPR_DECIDED_REFS)
			d.refs[d.ref_count++] = v->ref;
	}
	if (d.ref_count)
		w->fn(w->ctx, &d);
}

static struct expr_reach walk(const struct walk *w)
{
	struct expr_reach stack[EXPR_STACK_MAX] = {{0, 0}};
	int from[EXPR_STACK_MAX] = {0}; /* code at which each of them begins */
	int top = 0;

	for (int i = 0; i < w->e->count; i++) {
		const struct expr_code *c = &w->e->code[i];

		if (c->op <= OP_STATE) {
			from[top] = i;
			stack[top++] = c->op == OP_NUMBER
					       ? (struct expr_reach){c->number, c->number}
					       : load(c, w->env);
			if (w->fn && c->op == OP_STATE)
				expr_joint_state(w->joint, i, stack[top - 1]);
		} else if (c->op <= OP_POWER) {
			stack[top - 1] = one(c, stack[top - 1]);
		} else if (c->op <= OP_MAX2) {
			top--;
			judge(w, &from[top - 1], i, stack[top - 1], stack[top]);
			stack[top - 1] = two(c->op, stack[top - 1], stack[top]);
		} else { /* tcf: a factor */
			top -= 2;
			stack[top - 1] = (struct expr_reach){0, HUGE_VAL};
		}
	}
	return stack[0];
}

struct expr_reach expr_reach(const struct expr *e, const struct expr_reach_env *env)
{
	return walk(&(struct walk){.e = e, .env = env});
}

void expr_each_decided(const struct expr *e, const struct expr_reach_env *env,
		       void (*fn)(void *ctx, const struct expr_decided *d), void *ctx)
{
	struct expr_joint *joint = expr_joint_new(e);

	(void)walk(&(struct walk){e, env, fn, ctx, joint});
	free(joint);
}
