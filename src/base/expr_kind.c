/* SPDX-License-Identifier: MIT */
#include "expr_kind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Largest exponent of a base unit: what fits struct dim after one more product or power. */
enum { EXPONENT_MAX = 20 };

static const struct dim second = {.s = 1};
static const struct dim kelvin = {.k = 1};

struct kind kind_condition(void)
{
	return (struct kind){.is_bool = true};
}

static struct kind unclear(void)
{
	return (struct kind){.any_weight = true, .unclear = true};
}

static struct kind plain(struct dim d)
{
	return (struct kind){.dim = d, .any_weight = true};
}

struct kind kind_number(const struct unit *u, double si)
{
	struct kind k = plain(u->dim);

	if (u->offset != 0) {
		k.weight = 1;
		k.any_weight = false;
	}
	k.is_constant = true;
	k.constant = si;
	k.is_bare = k.adds_bare = !u->name[0] && fabs(si) > 0;
	k.percent = strcmp(u->name, "%") == 0 ? PERCENT_NUMBER : PERCENT_NONE;
	return k;
}

static bool is_kelvin(const struct kind *k)
{
	return !k->is_bool && !k->unclear && dim_equal(k->dim, kelvin);
}

static bool is_pure(const struct kind *k)
{
	return !k->is_bool && (k->unclear || dim_equal(k->dim, DIM_NONE));
}

static bool same_weight(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static int bounded(struct dim d, struct error *why)
{
	if (abs(d.m) > EXPONENT_MAX || abs(d.kg) > EXPONENT_MAX || abs(d.s) > EXPONENT_MAX ||
	    abs(d.a) > EXPONENT_MAX || abs(d.k) > EXPONENT_MAX)
		return error_set(why, ERR_LIMIT, "no quantity has so high a power of its units");
	return 0;
}

static int need_number(const struct kind *k, struct error *why)
{
	if (k->is_bool)
		return error_set(why, ERR_TYPE,
				 "a condition (true or false) stands where a number is expected");
	return 0;
}

static int need_condition(const struct kind *k, const char *where, struct error *why)
{
	char text[64];

	if (k->is_bool || k->unclear)
		return 0;
	return error_set(why, ERR_TYPE, "%s expects a condition, such as a > b; here is a %s",
			 where, dim_text(k->dim, text, sizeof(text)));
}

static int need_pure(const struct kind *k, const char *where, struct error *why)
{
	char text[64];

	if (is_pure(k))
		return 0;
	return error_set(why, ERR_TYPE, "%s expects a number without unit; here is a %s", where,
			 dim_text(k->dim, text, sizeof(text)));
}

/* Statistics of a 0/1 signal that are 0 or 1 themselves. */
static bool stays_state(enum expr_stat stat)
{
	return stat == EXPR_LATEST || stat == EXPR_MIN || stat == EXPR_MAX || stat == EXPR_FIRST ||
	       stat == EXPR_LAST;
}

int kind_symbol(const struct expr_symbol *s, enum expr_stat stat, struct kind *k, struct error *why)
{
	struct kind r = plain(s->dim);

	if (s->is_unclear) {
		*k = unclear();
		return 0;
	}
	if (stat != EXPR_LATEST && !s->has_stats)
		return error_set(why, ERR_TYPE, "this name has one value, no statistics");
	if (s->is_state && stays_state(stat)) {
		*k = kind_condition();
		return 0;
	}
	if (s->is_state)
		r.dim = DIM_NONE;
	if (stat == EXPR_COUNT)
		r.dim = DIM_NONE;
	else if (stat == EXPR_SLOPE)
		r.dim = dim_div(r.dim, second);
	else if (stat == EXPR_INTEGRAL)
		r.dim = dim_mul(r.dim, second);
	r.percent = s->is_percent && dim_equal(r.dim, DIM_NONE) ? PERCENT_SYMBOL : PERCENT_NONE;
	if (is_kelvin(&r)) {
		r.any_weight = false;
		r.weight = s->is_difference || stat == EXPR_STDDEV ? 0 : 1;
	}
	*k = r;
	return bounded(r.dim, why);
}

int kind_power(struct kind *k, int exponent, struct error *why)
{
	struct dim d = k->dim;
	bool is_bare = k->is_bare, adds_bare = k->adds_bare;

	if (need_number(k, why) < 0)
		return ERR_TYPE;
	if (exponent == 1 || k->unclear)
		return 0;
	d = (struct dim){(int8_t)(d.m * exponent), (int8_t)(d.kg * exponent),
			 (int8_t)(d.s * exponent), (int8_t)(d.a * exponent),
			 (int8_t)(d.k * exponent)};
	*k = plain(d);
	k->is_bare = is_bare;
	k->adds_bare = adds_bare;
	return bounded(d, why);
}

static int kind_sqrt(struct kind *k, struct error *why)
{
	struct dim d = k->dim;
	bool is_bare = k->is_bare, adds_bare = k->adds_bare;
	char text[64];

	if (d.m % 2 || d.kg % 2 || d.s % 2 || d.a % 2 || d.k % 2)
		return error_set(why, ERR_TYPE, "no square root has the unit of a %s",
				 dim_text(d, text, sizeof(text)));
	*k = plain((struct dim){d.m / 2, d.kg / 2, d.s / 2, d.a / 2, d.k / 2});
	k->is_bare = is_bare;
	k->adds_bare = adds_bare;
	return 0;
}

int kind_unary(enum expr_op op, struct kind *k, struct error *why)
{
	if (op == OP_NOT && k->unclear)
		*k = kind_condition();
	if (op == OP_NOT)
		return need_condition(k, "not", why);
	if (need_number(k, why) < 0)
		return ERR_TYPE;
	if (k->unclear) {
		*k = op == OP_EXP || op == OP_LN ? plain(DIM_NONE) : *k;
		return 0;
	}
	if (op == OP_SQRT)
		return kind_sqrt(k, why);
	if (op == OP_EXP || op == OP_LN) {
		k->is_constant = false;
		k->percent = PERCENT_NONE;
		k->adds_bare = k->is_bare;
	}
	if (op == OP_EXP)
		return need_pure(k, "exp", why);
	if (op == OP_LN)
		return need_pure(k, "ln", why);
	if (op == OP_NEGATE) {
		k->weight = -k->weight;
		k->constant = -k->constant;
	} else {
		k->constant = fabs(k->constant);
		k->weight = fabs(k->weight);
	}
	return 0;
}

/* 66 % is 0.66: beside it a 5 is 500 %. Nobody means that. */
static int need_percent(const struct kind *l, const struct kind *r, enum kind_percent from,
			struct error *why)
{
	if (!(l->percent >= from && r->is_bare) && !(r->percent >= from && l->is_bare))
		return 0;
	return error_set(why, ERR_TYPE,
			 "a number without unit stands beside a percent; write it with %%, such as "
			 "5 %%");
}

static int kind_product(enum expr_op op, struct kind *l, const struct kind *r, struct error *why)
{
	bool times = op == OP_MULTIPLY;
	struct kind k = plain(times ? dim_mul(l->dim, r->dim) : dim_div(l->dim, r->dim));
	/* The kelvins of a product with a plain number keep their meaning. */
	const struct kind *t = is_kelvin(l) && is_pure(r) ? l : r;
	const struct kind *factor = t == l ? r : l;

	if (is_kelvin(&k) && is_kelvin(t) && is_pure(factor) && (times || t == l)) {
		double c = factor->constant;

		k.any_weight = t->any_weight || (t->weight != 0 && !factor->is_constant);
		if (t->weight != 0 && factor->is_constant)
			k.weight = times ? t->weight * c : t->weight / c;
	}
	k.is_bare = l->is_bare && r->is_bare;
	k.adds_bare = l->adds_bare && (times ? r->adds_bare : r->is_bare);
	if (is_pure(l) && is_pure(r) && (times || !r->percent))
		k.percent = l->percent > r->percent ? l->percent : r->percent;
	*l = k;
	return bounded(k.dim, why);
}

static int kind_sum(enum expr_op op, struct kind *l, const struct kind *r, struct error *why)
{
	char a[64], b[64];
	struct kind k = plain(l->dim);

	if (!dim_equal(l->dim, r->dim) && op == OP_ADD)
		return error_set(why, ERR_TYPE, "a %s cannot be added to a %s",
				 dim_text(r->dim, b, sizeof(b)), dim_text(l->dim, a, sizeof(a)));
	if (!dim_equal(l->dim, r->dim))
		return error_set(why, ERR_TYPE, "a %s cannot be subtracted from a %s",
				 dim_text(r->dim, b, sizeof(b)), dim_text(l->dim, a, sizeof(a)));
	if (need_percent(l, r, PERCENT_NUMBER, why) < 0)
		return ERR_TYPE;
	k.is_bare = l->is_bare && r->is_bare;
	k.adds_bare = l->adds_bare || r->adds_bare;
	k.percent = l->percent > r->percent ? l->percent : r->percent;
	k.any_weight = l->any_weight && r->any_weight;
	k.weight = op == OP_ADD ? l->weight + r->weight : l->weight - r->weight;
	*l = k;
	return 0;
}

/* The two sides of a comparison, of min2 and of max2. */
static int kind_pair(const struct kind *l, const struct kind *r, struct error *why)
{
	char a[64], b[64];

	if (!dim_equal(l->dim, r->dim))
		return error_set(why, ERR_TYPE, "a %s cannot be compared with a %s",
				 dim_text(l->dim, a, sizeof(a)), dim_text(r->dim, b, sizeof(b)));
	if (need_percent(l, r, PERCENT_SYMBOL, why) < 0)
		return ERR_TYPE;
	if (!is_kelvin(l) || l->any_weight || r->any_weight || same_weight(l->weight, r->weight))
		return 0;
	return error_set(
		why, ERR_TYPE,
		"a temperature cannot be compared with a difference of temperatures; write "
		"differences in K, temperatures in degC");
}

/* One of them is of a thing that is refused; the other has to be of the right kind all the same. */
static int kind_unclear(enum expr_op op, struct kind *l, const struct kind *r, struct error *why)
{
	bool numbers = op != OP_EQUAL;
	bool compares = op == OP_LESS || op == OP_LESS_EQUAL || op == OP_GREATER ||
			op == OP_GREATER_EQUAL || op == OP_EQUAL;

	if (numbers && (need_number(l, why) < 0 || need_number(r, why) < 0))
		return ERR_TYPE;
	*l = compares ? kind_condition() : unclear();
	return 0;
}

int kind_binary(enum expr_op op, struct kind *l, const struct kind *r, struct error *why)
{
	int rc;

	if (op == OP_AND || op == OP_OR) {
		const char *word = op == OP_AND ? "and" : "or";

		rc = need_condition(l, word, why);
		if (rc == 0)
			rc = need_condition(r, word, why);
		if (rc == 0)
			*l = kind_condition();
		return rc;
	}
	if (l->unclear || r->unclear)
		return kind_unclear(op, l, r, why);
	if (op == OP_EQUAL && l->is_bool && r->is_bool)
		return 0;
	if (need_number(l, why) < 0 || need_number(r, why) < 0)
		return ERR_TYPE;
	if (op == OP_ADD || op == OP_SUBTRACT)
		return kind_sum(op, l, r, why);
	if (op == OP_MULTIPLY || op == OP_DIVIDE)
		return kind_product(op, l, r, why);
	rc = kind_pair(l, r, why);
	if (rc < 0)
		return rc;
	if (op == OP_MIN2 || op == OP_MAX2) {
		bool is_bare = l->is_bare && r->is_bare, adds_bare = l->adds_bare || r->adds_bare;
		enum kind_percent percent = l->percent > r->percent ? l->percent : r->percent;

		if (l->any_weight)
			*l = *r;
		l->is_constant = false;
		l->is_bare = is_bare;
		l->adds_bare = adds_bare;
		l->percent = percent;
	} else {
		*l = kind_condition();
	}
	return 0;
}

int kind_tcf(struct kind *k, const struct kind *cold, const struct kind *hot, struct error *why)
{
	char text[64];

	if (!is_kelvin(k) && !k->unclear)
		return error_set(why, ERR_TYPE, "tcf expects a temperature (degC); here is a %s",
				 k->is_bool ? "condition" : dim_text(k->dim, text, sizeof(text)));
	if (!k->any_weight && !same_weight(k->weight, 1))
		return error_set(why, ERR_TYPE,
				 "tcf expects a temperature; here is a difference of temperatures");
	if ((!is_kelvin(cold) && !cold->unclear) || (!is_kelvin(hot) && !hot->unclear))
		return error_set(why, ERR_TYPE, "the coefficients of tcf are in K, such as 2640 K");
	*k = plain(DIM_NONE);
	return 0;
}

int kind_result(const struct kind *k, struct error *why)
{
	if (!is_kelvin(k) || k->any_weight || same_weight(k->weight, 0) ||
	    same_weight(k->weight, 1))
		return 0;
	return error_set(why, ERR_TYPE,
			 "temperatures are added up; write what is added to a temperature in K");
}

enum expr_kelvin kind_kelvin(const struct kind *k)
{
	if (!is_kelvin(k))
		return EXPR_KELVIN_NONE;
	if (k->any_weight)
		return EXPR_KELVIN_EITHER;
	return same_weight(k->weight, 0) ? EXPR_KELVIN_DIFFERENCE : EXPR_KELVIN_TEMPERATURE;
}
