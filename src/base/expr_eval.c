/* SPDX-License-Identifier: MIT */
#include "base/expr.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "expr_code.h"

static const struct expr_value unknown = {0, false};

static struct expr_value known(double v)
{
	return isfinite(v) ? (struct expr_value){v, true} : unknown;
}

static struct expr_value condition(bool v)
{
	return (struct expr_value){v ? 1 : 0, true};
}

double expr_tcf(double kelvin, double a_cold, double a_hot)
{
	const double at_25 = 298.15;

	if (!(kelvin > 0))
		return (double)NAN;
	return exp((kelvin >= at_25 ? a_hot : a_cold) * (1 / at_25 - 1 / kelvin));
}

int expr_compare(double a, double b)
{
	double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);

	/* Rounding moves each by at most 5e-9 of itself and keeps their order: farther apart than
	 * this they stay apart, and printing them is not worth its time. */
	if (fabs(a - b) <= 2e-8 * larger) {
		a = text_round9(a);
		b = text_round9(b);
	}
	return (a > b) - (a < b);
}

static struct expr_value both(struct expr_value a, struct expr_value b)
{
	if ((a.known && a.si == 0) || (b.known && b.si == 0))
		return condition(false);
	return a.known && b.known ? condition(true) : unknown;
}

static struct expr_value either(struct expr_value a, struct expr_value b)
{
	if ((a.known && a.si != 0) || (b.known && b.si != 0))
		return condition(true);
	return a.known && b.known ? condition(false) : unknown;
}

static struct expr_value load(const struct expr_code *c, const struct expr_env *env)
{
	struct expr_value v = env->value(env->ctx, c->ref, (enum expr_stat)c->stat);

	if (!v.known || (c->op == OP_STATE && v.si != 0 && v.si != 1))
		return unknown;
	return known(v.si);
}

static struct expr_value one(const struct expr_code *c, struct expr_value a)
{
	if (!a.known)
		return unknown;
	switch ((int)c->op) {
	case OP_NEGATE: return known(-a.si);
	case OP_NOT: return condition(a.si == 0);
	case OP_ABS: return known(fabs(a.si));
	case OP_SQRT: return known(sqrt(a.si));
	case OP_EXP: return known(exp(a.si));
	case OP_LN: return known(log(a.si));
	default: break;
	}
	double v = a.si;

	for (int i = 1; i < (int)c->number; i++)
		v *= a.si;
	return known(v);
}

static struct expr_value two(int op, struct expr_value a, struct expr_value b)
{
	if (op == OP_AND)
		return both(a, b);
	if (op == OP_OR)
		return either(a, b);
	if (!a.known || !b.known)
		return unknown;
	switch (op) {
	case OP_ADD: return known(a.si + b.si);
	case OP_SUBTRACT: return known(a.si - b.si);
	case OP_MULTIPLY: return known(a.si * b.si);
	case OP_DIVIDE: return known(a.si / b.si);
	case OP_LESS: return condition(expr_compare(a.si, b.si) < 0);
	case OP_LESS_EQUAL: return condition(expr_compare(a.si, b.si) <= 0);
	case OP_GREATER: return condition(expr_compare(a.si, b.si) > 0);
	case OP_GREATER_EQUAL: return condition(expr_compare(a.si, b.si) >= 0);
	case OP_EQUAL: return condition(expr_compare(a.si, b.si) == 0);
	case OP_MIN2: return a.si < b.si ? a : b;
	case OP_MAX2: return a.si > b.si ? a : b;
	default: break;
	}
	assert(!"an operator without a rule");
	return unknown;
}

static struct expr_value tcf(const struct expr_value v[3])
{
	if (!v[0].known || !v[1].known || !v[2].known)
		return unknown;
	return known(expr_tcf(v[0].si, v[1].si, v[2].si));
}

struct expr_value expr_eval(const struct expr *e, const struct expr_env *env)
{
	struct expr_value stack[EXPR_STACK_MAX];
	int top = 0; /* values on the stack; the parser has bounded it */

	for (int i = 0; i < e->count; i++) {
		const struct expr_code *c = &e->code[i];

		if (c->op == OP_NUMBER) {
			stack[top++] = known(c->number);
		} else if (c->op <= OP_STATE) {
			stack[top++] = load(c, env);
		} else if (c->op <= OP_POWER) {
			stack[top - 1] = one(c, stack[top - 1]);
		} else if (c->op <= OP_MAX2) {
			top--;
			stack[top - 1] = two(c->op, stack[top - 1], stack[top]);
		} else {
			top -= 2;
			stack[top - 1] = tcf(&stack[top - 1]);
		}
	}
	assert(top == 1);
	return stack[0];
}

const char *expr_text(const struct expr *e)
{
	return e->text;
}

enum expr_kelvin expr_kelvin(const struct expr *e)
{
	return e->kelvin;
}

bool expr_is_bare(const struct expr *e)
{
	return e->is_bare;
}

bool expr_adds_bare(const struct expr *e)
{
	return e->adds_bare;
}

static bool is_load(const struct expr_code *c)
{
	return c->op == OP_VALUE || c->op == OP_STATE;
}

void expr_each_symbol(const struct expr *e,
		      void (*fn)(void *ctx, uint16_t ref, enum expr_stat stat), void *ctx)
{
	for (int i = 0; i < e->count; i++) {
		const struct expr_code *c = &e->code[i];
		bool seen = false;

		for (int k = 0; k < i && !seen; k++)
			seen = is_load(&e->code[k]) && e->code[k].ref == c->ref &&
			       e->code[k].stat == c->stat;
		if (is_load(c) && !seen)
			fn(ctx, c->ref, (enum expr_stat)c->stat);
	}
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	free(e->text);
	free(e->code);
	free(e);
}
