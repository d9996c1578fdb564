/* SPDX-License-Identifier: MIT
 *
 * Expressions at random: a tree is made, printed with as few brackets as precedence allows, and
 * parsed; a second evaluator works on the tree itself.
 */
#ifndef TESTS_UNIT_EXPR_TREE_H
#define TESTS_UNIT_EXPR_TREE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/expr.h"
#include "base/text.h"

enum { EXPRESSIONS = 3000, WORLDS = 12, NODES_MAX = 256, SYMBOLS_OF_A_SORT = 3 };

enum sort { NUMBER, PRESSURE, STATE, SORT_COUNT };
static const char sort_letter[SORT_COUNT] = {'n', 'p', 's'};

enum op {
	LITERAL,
	SYMBOL,
	TRUE_,
	FALSE_,
	NEGATE,
	ADD,
	SUBTRACT,
	MULTIPLY,
	DIVIDE,
	POWER,
	MIN2,
	MAX2,
	ABS,
	LESS,
	LESS_EQUAL,
	GREATER,
	GREATER_EQUAL,
	EQUAL,
	NOT,
	AND,
	OR
};

struct node {
	enum op op;
	int precedence;
	int a, b;	  /* operands, indices */
	uint16_t ref;	  /* of a symbol: sort * SYMBOLS_OF_A_SORT + number */
	const char *text; /* of a literal */
	double si;	  /* of a literal; exponent of POWER */
	int col;	  /* of a sign between two operands, as printed */
};

struct tree {
	struct node node[NODES_MAX];
	int count;
	uint64_t seed;
	struct text out;
};

/* One world: what each symbol is. */
static struct expr_value world[SORT_COUNT * SYMBOLS_OF_A_SORT];

static uint32_t pick(struct tree *t, uint32_t n)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (uint32_t)(t->seed >> 33) % n;
}

static int add(struct tree *t, struct node n)
{
	assert_true(t->count < NODES_MAX);
	t->node[t->count] = n;
	return t->count++;
}

/* Values that meet each other: equal ones, ones that differ in the tenth digit, zero. */
static int leaf(struct tree *t, enum sort sort)
{
	static const struct {
		const char *text;
		double si;
	} pressures[] = {{"0.25 MPa", 0.25e6}, {"3 kPa", 3e3}, {"2.5 bar", 2.5e5}, {"0 Pa", 0}},
	  numbers[] = {{"2", 2}, {"0", 0}, {"1.0000000001", 1.0000000001}, {"1", 1}, {"0.5", 0.5}};
	uint32_t i;

	if (pick(t, 3)) {
		i = pick(t, SYMBOLS_OF_A_SORT);
		return add(t, (struct node){.op = SYMBOL,
					    .precedence = 9,
					    .ref = (uint16_t)(sort * SYMBOLS_OF_A_SORT + i)});
	}
	if (sort == STATE)
		return add(t, (struct node){.op = pick(t, 2) ? TRUE_ : FALSE_, .precedence = 9});
	i = pick(t, sort == PRESSURE ? 4 : 5);
	return add(t, (struct node){.op = LITERAL,
				    .precedence = 9,
				    .text = sort == PRESSURE ? pressures[i].text : numbers[i].text,
				    .si = sort == PRESSURE ? pressures[i].si : numbers[i].si});
}

static int grow(struct tree *t, enum sort sort, int depth);

static int two(struct tree *t, enum op op, int precedence, enum sort a, enum sort b, int depth)
{
	struct node n = {.op = op, .precedence = precedence};

	n.a = grow(t, a, depth - 1);
	n.b = grow(t, b, depth - 1);
	return add(t, n);
}

static int one(struct tree *t, enum op op, int precedence, enum sort a, int depth)
{
	struct node n = {.op = op, .precedence = precedence, .si = 2};

	n.a = grow(t, a, depth - 1);
	return add(t, n);
}

static int grow_condition(struct tree *t, int depth)
{
	enum sort side = pick(t, 2) ? NUMBER : PRESSURE;

	switch (pick(t, 6)) {
	case 0: return one(t, NOT, 3, STATE, depth);
	case 1: return two(t, AND, 2, STATE, STATE, depth);
	case 2: return two(t, OR, 1, STATE, STATE, depth);
	case 3: return two(t, EQUAL, 4, STATE, STATE, depth);
	default: return two(t, (enum op)(LESS + pick(t, 5)), 4, side, side, depth);
	}
}

static int grow(struct tree *t, enum sort sort, int depth)
{
	if (depth == 0 || pick(t, 5) == 0)
		return leaf(t, sort);
	if (sort == STATE)
		return grow_condition(t, depth);
	switch (pick(t, 9)) {
	case 0: return two(t, ADD, 5, sort, sort, depth);
	case 1: return two(t, SUBTRACT, 5, sort, sort, depth);
	case 2: return two(t, MULTIPLY, 6, NUMBER, sort, depth);
	case 3: return two(t, MULTIPLY, 6, sort, NUMBER, depth);
	case 4: return two(t, DIVIDE, 6, sort, NUMBER, depth);
	case 5: return one(t, NEGATE, 7, sort, depth);
	case 6: return two(t, pick(t, 2) ? MIN2 : MAX2, 9, sort, sort, depth);
	case 7: return one(t, ABS, 9, sort, depth);
	default: break;
	}
	if (sort == NUMBER)
		return pick(t, 2) ? one(t, POWER, 8, NUMBER, depth)
				  : two(t, DIVIDE, 6, PRESSURE, PRESSURE, depth);
	return leaf(t, sort);
}

/* One or two names, compared with few numbers: sides that meet. */
static int grow_plain(struct tree *t, int depth)
{
	struct node n = {.op = pick(t, 2) ? AND : OR};

	if (depth == 0) {
		n = (struct node){.op = (enum op)(LESS + pick(t, 5)), .precedence = 4};
		n.a = add(t, (struct node){
				     .op = SYMBOL,
				     .precedence = 9,
				     .ref = (uint16_t)(NUMBER * SYMBOLS_OF_A_SORT + pick(t, 2))});
		n.b = pick(t, 2)
			      ? add(t,
				    (struct node){
					    .op = LITERAL, .precedence = 9, .text = "1", .si = 1})
			      : add(t, (struct node){.op = LITERAL,
						     .precedence = 9,
						     .text = "0.5",
						     .si = 0.5});
		return add(t, n);
	}
	if (pick(t, 6) == 0)
		n.op = NOT;
	n.precedence = n.op == NOT ? 3 : n.op == AND ? 2 : 1;
	n.a = grow_plain(t, depth - 1);
	if (n.op != NOT)
		n.b = grow_plain(t, depth - 1);
	return add(t, n);
}

static void print(struct tree *t, int i);

static void print_side(struct tree *t, int i, bool brackets)
{
	/* More than needed now and then: they must not matter. */
	brackets = brackets || pick(t, 8) == 0;
	text_puts(&t->out, brackets ? "(" : "");
	print(t, i);
	text_puts(&t->out, brackets ? ")" : "");
}

static void print_infix(struct tree *t, struct node *n)
{
	static const char *const signs[] = {
		[ADD] = "+",	[SUBTRACT] = "-",    [MULTIPLY] = "*", [DIVIDE] = "/",
		[LESS] = "<",	[LESS_EQUAL] = "<=", [GREATER] = ">",  [GREATER_EQUAL] = ">=",
		[EQUAL] = "==", [AND] = " and ",     [OR] = " or ",
	};
	bool left_too = n->precedence == 4; /* comparisons do not chain on either side */
	const char *blank = pick(t, 2) ? " " : "";

	print_side(t, n->a, t->node[n->a].precedence < n->precedence + left_too);
	n->col = (int)(t->out.len + strlen(blank) + strspn(signs[n->op], " ") + 1);
	text_printf(&t->out, "%s%s%s", blank, signs[n->op], blank);
	print_side(t, n->b, t->node[n->b].precedence <= n->precedence);
}

static void print(struct tree *t, int i)
{
	const struct node *n = &t->node[i];
	const struct node *a = &t->node[n->a];

	switch (n->op) {
	case LITERAL: text_puts(&t->out, n->text); break;
	case SYMBOL:
		text_printf(&t->out, "%c%d", sort_letter[n->ref / SYMBOLS_OF_A_SORT],
			    n->ref % SYMBOLS_OF_A_SORT);
		break;
	case TRUE_: text_puts(&t->out, "true"); break;
	case FALSE_: text_puts(&t->out, "false"); break;
	case NEGATE:
		text_puts(&t->out, "-");
		print_side(t, n->a, a->precedence < 7);
		break;
	case NOT:
		text_puts(&t->out, "not ");
		print_side(t, n->a, a->precedence < 3);
		break;
	case POWER:
		print_side(t, n->a, a->precedence < 9 || a->op == LITERAL);
		text_printf(&t->out, "^%d", (int)n->si);
		break;
	case MIN2:
	case MAX2:
		text_puts(&t->out, n->op == MIN2 ? "min2(" : "max2(");
		print(t, n->a);
		text_puts(&t->out, ",");
		print(t, n->b);
		text_puts(&t->out, ")");
		break;
	case ABS:
		text_puts(&t->out, "abs(");
		print(t, n->a);
		text_puts(&t->out, ")");
		break;
	case ADD:
	case SUBTRACT:
	case MULTIPLY:
	case DIVIDE:
	case LESS:
	case LESS_EQUAL:
	case GREATER:
	case GREATER_EQUAL:
	case EQUAL:
	case AND:
	case OR: print_infix(t, &t->node[i]); break;
	}
}

static double arithmetic(const struct node *n, double a, double b)
{
	switch ((int)n->op) {
	case NEGATE: return -a;
	case ADD: return a + b;
	case SUBTRACT: return a - b;
	case MULTIPLY: return a * b;
	case DIVIDE: return a / b;
	case POWER: return a * a;
	case MIN2: return a < b ? a : b;
	case MAX2: return a > b ? a : b;
	case ABS: return fabs(a);
	case NOT: return a == 0;
	case LESS: return text_round9(a) < text_round9(b);
	case LESS_EQUAL: return text_round9(a) <= text_round9(b);
	case GREATER: return text_round9(a) > text_round9(b);
	case GREATER_EQUAL: return text_round9(a) >= text_round9(b);
	case EQUAL: return text_round9(a) == text_round9(b);
	default: fail_msg("operator %d has no rule", (int)n->op);
	}
	return 0;
}

/* The meaning of a tree, by the words of base/expr.h. */
static struct expr_value meaning(const struct tree *t, int i)
{
	const struct node *n = &t->node[i];
	struct expr_value a, b, r = {0, true};

	if (n->op == LITERAL || n->op == TRUE_ || n->op == FALSE_) {
		r.si = n->op == LITERAL ? n->si : n->op == TRUE_;
		return r;
	}
	if (n->op == SYMBOL)
		return world[n->ref];
	a = meaning(t, n->a);
	b = n->op == NEGATE || n->op == POWER || n->op == ABS || n->op == NOT ? a
									      : meaning(t, n->b);
	if (n->op == AND || n->op == OR) {
		bool decides = n->op == OR;

		if ((a.known && (a.si != 0) == decides) || (b.known && (b.si != 0) == decides))
			return (struct expr_value){decides, true};
		return (struct expr_value){!decides, a.known && b.known};
	}
	r.known = a.known && b.known;
	r.si = r.known ? arithmetic(n, a.si, b.si) : 0;
	r.known = r.known && isfinite(r.si);
	return r;
}

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	(void)ctx;
	for (int sort = 0; sort < SORT_COUNT; sort++) {
		if (name[0] != sort_letter[sort])
			continue;
		*out = (struct expr_symbol){
			.ref = (uint16_t)(sort * SYMBOLS_OF_A_SORT + name[1] - '0'),
			.is_state = sort == STATE,
			.dim = sort == PRESSURE ? quantity_unit(QUANTITY_PRESSURE)->dim : DIM_NONE,
		};
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "no '%s'", name);
}

static struct expr_value value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	(void)ctx;
	assert_int_equal(stat, EXPR_LATEST);
	return world[ref];
}

static const struct expr_scope scope = {.resolve = resolve};
static const struct expr_env env = {NULL, value};

static void invent(struct tree *t, int ref)
{
	static const double numbers[] = {0, 1, 2, -1, 0.5, 1.0000000001};
	static const double pressures[] = {0, 3e3, 2.5e5, 2.5e5 * (1 + 1e-12), -1e5, 1e300};

	world[ref].known = true;
	if (ref / SYMBOLS_OF_A_SORT == STATE)
		world[ref].si = pick(t, 2);
	else
		world[ref].si =
			(ref / SYMBOLS_OF_A_SORT == NUMBER ? numbers : pressures)[pick(t, 6)];
}

/* A world where a third is unknown; bit set for each unknown symbol. */
static uint32_t new_world(struct tree *t)
{
	uint32_t hidden = 0;

	for (int ref = 0; ref < SORT_COUNT * SYMBOLS_OF_A_SORT; ref++) {
		invent(t, ref);
		if (pick(t, 3) == 0) {
			world[ref] = (struct expr_value){0, false};
			hidden |= 1u << ref;
		}
	}
	return hidden;
}

static bool same(struct expr_value a, struct expr_value b)
{
	return a.known == b.known && (!a.known || a.si == b.si);
}

/* The tree in *t, printed and parsed; NULL when its text is too long. */
static struct expr *parsed(struct tree *t, int root, enum sort sort)
{
	struct error err = {0};
	struct expr *e;
	int col = 0;
	bool is_bool;
	struct dim dim;

	text_clear(&t->out);
	print(t, root);
	if (t->out.len > EXPR_TEXT_MAX)
		return NULL;
	e = expr_parse(t->out.buf, t->out.len, &scope, &dim, &is_bool, &col, &err);
	if (!e)
		fail_msg("'%s' column %d: %s", t->out.buf, col, err.text);
	assert_int_equal(is_bool, sort == STATE);
	assert_true(dim_equal(dim,
			      sort == PRESSURE ? quantity_unit(QUANTITY_PRESSURE)->dim : DIM_NONE));
	assert_string_equal(expr_text(e), t->out.buf);
	return e;
}

static struct expr *make(struct tree *t, enum sort sort, int depth)
{
	t->count = 0;
	return parsed(t, grow(t, sort, depth), sort);
}

#endif
