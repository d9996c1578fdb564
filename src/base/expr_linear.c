/* SPDX-License-Identifier: MIT
 *
 * Parts of a program against each other. A sum is taken apart into multiples of terms, so that
 * what two expressions share cancels: the interval of "3.4 A - x" less "2.0 A - x" is 1.4 A,
 * however far x reaches.
 */
#include "base/expr.h"

#include <math.h>

#include "expr_code.h"

enum { TERMS_MAX = 64 };

/* Code from..at is one operand: its last operation stands at `at`. */
struct part {
	const struct expr *e;
	int from, at;
};

struct term {
	struct part part;
	double of[2]; /* how often in a, and in b */
};

struct sum {
	const struct expr_reach_env *env;
	struct term term[TERMS_MAX];
	int terms;
	double constant[2];
	bool full;
};

static int operands(int op)
{
	return op <= OP_STATE ? 0 : op <= OP_POWER ? 1 : op <= OP_MAX2 ? 2 : 3;
}

static int begin(const struct expr *e, int at)
{
	int need = 1, i = at;

	for (;; i--) {
		need += operands(e->code[i].op) - 1;
		if (!need)
			return i;
	}
}

static struct part part_at(const struct expr *e, int at)
{
	return (struct part){e, begin(e, at), at};
}

static struct expr_reach reach_of(const struct part *p, const struct expr_reach_env *env)
{
	struct expr e = {
		.text = p->e->text, .code = &p->e->code[p->from], .count = p->at + 1 - p->from};

	return expr_reach(&e, env);
}

static bool is_constant(const struct part *p, const struct expr_reach_env *env, double *v)
{
	struct expr_reach r = reach_of(p, env);

	*v = r.lo;
	return isfinite(r.lo) && !(r.lo < r.hi);
}

static bool is_same(const struct part *a, const struct part *b)
{
	int n = a->at - a->from;

	if (n != b->at - b->from)
		return false;
	for (int i = 0; i <= n; i++) {
		const struct expr_code *x = &a->e->code[a->from + i], *y = &b->e->code[b->from + i];

		if (x->op != y->op || x->stat != y->stat || x->ref != y->ref ||
		    fabs(x->number - y->number) > 0)
			return false;
	}
	return true;
}

static void add_term(struct sum *s, const struct part *p, int side, double times)
{
	int i = 0;

	while (i < s->terms && !is_same(&s->term[i].part, p))
		i++;
	if (i == TERMS_MAX) {
		s->full = true;
		return;
	}
	if (i == s->terms)
		s->term[s->terms++] = (struct term){.part = *p};
	s->term[i].of[side] += times;
}

static void add(struct sum *s, const struct part *p, int side, double times)
{
	int op = p->e->code[p->at].op;
	double v = 0;

	if (is_constant(p, s->env, &v)) {
		s->constant[side] += times * v;
		return;
	}
	if (operands(op) == 0 || op > OP_DIVIDE || (operands(op) == 1 && op != OP_NEGATE)) {
		add_term(s, p, side, times);
		return;
	}
	struct part right = part_at(p->e, p->at - 1);

	if (op == OP_NEGATE) {
		add(s, &right, side, -times);
		return;
	}
	struct part left = part_at(p->e, right.from - 1);

	if (op == OP_ADD || op == OP_SUBTRACT) {
		add(s, &left, side, times);
		add(s, &right, side, op == OP_ADD ? times : -times);
	} else if (is_constant(&right, s->env, &v) && (op == OP_MULTIPLY || fabs(v) > 0)) {
		add(s, &left, side, op == OP_MULTIPLY ? times * v : times / v);
	} else if (op == OP_MULTIPLY && is_constant(&left, s->env, &v)) {
		add(s, &right, side, times * v);
	} else {
		add_term(s, p, side, times);
	}
}

/* Compared as judgement does: what rounding leaves of a difference is none. */
static double left_of(const double of[2])
{
	return expr_compare(of[0], of[1]) == 0 ? 0 : of[0] - of[1];
}

struct expr_reach expr_reach_between(const struct expr *a, const struct expr *b,
				     const struct expr_reach_env *env)
{
	struct sum s = {.env = env};
	struct part pa = part_at(a, a->count - 1), pb = part_at(b, b->count - 1);

	add(&s, &pa, 0, 1);
	add(&s, &pb, 1, 1);
	if (s.full)
		return (struct expr_reach){-HUGE_VAL, HUGE_VAL};
	double k = left_of(s.constant);
	struct expr_reach all = {k, k};

	for (int i = 0; i < s.terms; i++) {
		double f = left_of(s.term[i].of);
		struct expr_reach r = reach_of(&s.term[i].part, env);

		if (!(fabs(f) > 0))
			continue;
		all.lo += f > 0 ? f * r.lo : f * r.hi;
		all.hi += f > 0 ? f * r.hi : f * r.lo;
	}
	return all;
}

bool expr_divides_by_zero(const struct expr *e, const struct expr_reach_env *env,
			  struct expr_zero *out)
{
	for (int i = 0; i < e->count; i++) {
		double v = 0;

		if (e->code[i].op != OP_DIVIDE)
			continue;
		struct part by = part_at(e, i - 1);

		if (!is_constant(&by, env, &v) || fabs(v) > 0)
			continue;
		*out = (struct expr_zero){.col = e->code[i].at + 1};
		for (int k = by.from; k < i && !out->is_name; k++) {
			struct part one = {e, k, k};

			out->is_name = e->code[k].op == OP_VALUE && is_constant(&one, env, &v) &&
				       !(fabs(v) > 0);
			out->ref = e->code[k].ref;
		}
		return true;
	}
	return false;
}
