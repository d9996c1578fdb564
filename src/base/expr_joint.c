/* SPDX-License-Identifier: MIT
 *
 * What `and` and `or` make of their sides together: "a > 0.3 and a < 0.1" holds for no a. A name
 * that is compared with constants only is in one of few places: at one of them, between two, below
 * or above all. Every choice of places is tried; whatever cannot be placed may be true or false.
 */
#include "expr_joint.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"

enum { NAMES_MAX = EXPR_DECIDED_REFS, STONES_MAX = 16, CHOICES_MAX = 4096 };
enum { CAN_FAIL = 1, CAN_HOLD = 2, EITHER = CAN_FAIL | CAN_HOLD };

/* A comparison of a name with a constant, or a state by itself. One that is decided alone is told
 * so: it is none. */
struct atom {
	bool is;
	uint8_t op, stat;
	uint16_t ref;
	double with;
	struct expr_reach reach; /* of the name */
};

struct name {
	uint8_t stat;
	uint16_t ref;
	bool state;
	struct expr_reach reach;
	double stone[STONES_MAX]; /* what it is compared with, ascending */
	int stones, atoms;
	int place; /* 2 i: below stone i; 2 i + 1: at it. A state: 0 or 1 */
};

struct expr_joint {
	const struct expr *e;
	struct atom atom[EXPR_CODE_MAX];
	bool decided[EXPR_CODE_MAX]; /* told already */
	struct name name[NAMES_MAX];
	int names;
};

static struct name *find(struct expr_joint *j, const struct atom *a)
{
	for (int i = 0; i < j->names; i++)
		if (j->name[i].ref == a->ref && j->name[i].stat == a->stat)
			return &j->name[i];
	return NULL;
}

static void add_stone(struct name *n, double v)
{
	int i = 0;

	while (i < n->stones && expr_compare(n->stone[i], v) < 0)
		i++;
	if (i < n->stones && expr_compare(n->stone[i], v) == 0)
		return;
	memmove(&n->stone[i + 1], &n->stone[i], sizeof(double) * (size_t)(n->stones - i));
	n->stone[i] = v;
	n->stones++;
}

/* The names in from..to; those that stand there once decide nothing together. False: too many. */
static bool gather(struct expr_joint *j, int from, int to)
{
	int kept = 0;

	j->names = 0;
	for (int i = from; i < to; i++) {
		const struct atom *a = &j->atom[i];
		struct name *n = a->is ? find(j, a) : NULL;

		if (!a->is)
			continue;
		if (!n && j->names == NAMES_MAX)
			return false;
		if (!n) {
			n = &j->name[j->names++];
			*n = (struct name){.stat = a->stat,
					   .ref = a->ref,
					   .state = a->op == OP_STATE,
					   .reach = a->reach};
		}
		n->atoms++;
		if (n->stones == STONES_MAX)
			return false;
		if (!n->state)
			add_stone(n, a->with);
	}
	for (int i = 0; i < j->names; i++)
		if (j->name[i].atoms > 1)
			j->name[kept++] = j->name[i];
	j->names = kept;
	return kept > 0;
}

static int places(const struct name *n)
{
	return n->state ? 2 : 2 * n->stones + 1;
}

/* Is anything of that place within its reach? */
static bool reached(const struct name *n)
{
	int i = n->place / 2;

	if (n->state)
		return n->reach.lo <= n->place && n->reach.hi >= n->place;
	if (n->place % 2)
		return expr_compare(n->reach.lo, n->stone[i]) <= 0 &&
		       expr_compare(n->stone[i], n->reach.hi) <= 0;
	return (i == 0 || n->reach.hi > n->stone[i - 1]) &&
	       (i == n->stones || n->reach.lo < n->stone[i]);
}

static int of_atom(struct expr_joint *j, const struct atom *a)
{
	const struct name *n = find(j, a);
	int at = 0, side;
	bool holds;

	if (!n)
		return EITHER;
	if (n->state)
		return n->place ? CAN_HOLD : CAN_FAIL;
	while (expr_compare(n->stone[at], a->with) != 0)
		at++;
	side = n->place - (2 * at + 1);
	switch (a->op) {
	case OP_LESS: holds = side < 0; break;
	case OP_LESS_EQUAL: holds = side <= 0; break;
	case OP_GREATER: holds = side > 0; break;
	case OP_GREATER_EQUAL: holds = side >= 0; break;
	default: holds = side == 0; break;
	}
	return holds ? CAN_HOLD : CAN_FAIL;
}

static int both(int a, int b)
{
	return (a & b & CAN_HOLD) | ((a | b) & CAN_FAIL);
}

static int either(int a, int b)
{
	return ((a | b) & CAN_HOLD) | (a & b & CAN_FAIL);
}

/* What the condition of from..to can be with every name where it is placed. */
static int result(struct expr_joint *j, int from, int to)
{
	int stack[EXPR_STACK_MAX] = {0}, top = 0;

	for (int i = from; i <= to; i++) {
		const struct expr_code *c = &j->e->code[i];

		if (c->op <= OP_STATE) {
			stack[top++] = c->op == OP_NUMBER ? c->number > 0 ? CAN_HOLD : CAN_FAIL
				       : j->atom[i].is	  ? of_atom(j, &j->atom[i])
							  : EITHER;
		} else if (c->op == OP_NOT) {
			int v = stack[top - 1];

			stack[top - 1] = (v & CAN_HOLD ? CAN_FAIL : 0) |
					 (v & CAN_FAIL ? CAN_HOLD : 0);
		} else if (c->op > OP_POWER) {
			top -= c->op == OP_TCF ? 2 : 1;
			if (j->decided[i])
				stack[top - 1] = EITHER;
			else if (c->op == OP_AND)
				stack[top - 1] = both(stack[top - 1], stack[top]);
			else if (c->op == OP_OR)
				stack[top - 1] = either(stack[top - 1], stack[top]);
			else
				stack[top - 1] = j->atom[i].is ? of_atom(j, &j->atom[i]) : EITHER;
		}
	}
	return stack[0];
}

/* The next choice of places; false after the last. */
static bool next(struct expr_joint *j)
{
	for (int i = 0; i < j->names; i++) {
		if (++j->name[i].place < places(&j->name[i]))
			return true;
		j->name[i].place = 0;
	}
	return false;
}

static int over_all(struct expr_joint *j, int from, int to)
{
	int can = 0, choices = 1;

	for (int i = 0; i < j->names; i++)
		choices *= choices > CHOICES_MAX ? 1 : places(&j->name[i]);
	if (choices > CHOICES_MAX)
		return EITHER;
	do {
		bool all = true;

		for (int i = 0; i < j->names; i++)
			all = all && reached(&j->name[i]);
		if (all)
			can |= result(j, from, to);
	} while (can != EITHER && next(j));
	return can;
}

static uint8_t turned(uint8_t op)
{
	switch (op) {
	case OP_LESS: return OP_GREATER;
	case OP_LESS_EQUAL: return OP_GREATER_EQUAL;
	case OP_GREATER: return OP_LESS;
	case OP_GREATER_EQUAL: return OP_LESS_EQUAL;
	default: return op;
	}
}

static bool is_constant(struct expr_reach r)
{
	return !(r.lo < r.hi) && isfinite(r.lo);
}

struct expr_joint *expr_joint_new(const struct expr *e)
{
	struct expr_joint *j = xcalloc(1, sizeof(*j));
	j->e = e;
	return j;
}

void expr_joint_state(struct expr_joint *j, int i, struct expr_reach reach)
{
	const struct expr_code *c = &j->e->code[i];

	j->atom[i] = (struct atom){
		.is = true, .op = OP_STATE, .stat = c->stat, .ref = c->ref, .reach = reach};
}

void expr_joint_compare(struct expr_joint *j, int left, int right, int i, struct expr_reach a,
			struct expr_reach b)
{
	const struct expr_code *c = j->e->code;
	bool is_left = right - left == 1 && c[left].op == OP_VALUE;
	bool is_right = i - right == 1 && c[right].op == OP_VALUE;
	struct expr_reach name = is_left ? a : b, with = is_left ? b : a;
	const struct expr_code *v = is_left ? &c[left] : &c[right];

	if (c[i].op < OP_LESS || c[i].op > OP_EQUAL || !(is_left || is_right) ||
	    is_constant(name) || !is_constant(with))
		return;
	j->atom[i] = (struct atom){.is = true,
				   .op = is_left ? c[i].op : turned(c[i].op),
				   .stat = v->stat,
				   .ref = v->ref,
				   .with = with.lo,
				   .reach = name};
}

bool expr_joint_judge(struct expr_joint *j, int from, int i, struct expr_decided *d)
{
	int can;

	if (!gather(j, from, i))
		return false;
	can = over_all(j, from, i);
	if (can == EITHER || !can)
		return false;
	j->decided[i] = true;
	*d = (struct expr_decided){
		.col = j->e->code[i].at + 1, .holds = can == CAN_HOLD, .joint = true};
	for (int k = 0; k < j->names; k++)
		d->refs[d->ref_count++] = j->name[k].ref;
	return true;
}
