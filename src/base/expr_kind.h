/* SPDX-License-Identifier: MIT
 *
 * What a part of an expression is: a condition, or a number of some dimension;
 * and, for kelvins, whether a temperature or a difference of temperatures.
 *
 * Kelvins carry a weight: 1 a temperature, 0 a difference. Weights add,
 * subtract and scale as the values do, so that (T1 + T2) / 2 is a temperature,
 * T1 - T2 a difference, and T + 25 degC (weight 2) neither.
 */
#ifndef BASE_EXPR_KIND_H
#define BASE_EXPR_KIND_H

#include "expr_code.h"

struct kind {
	bool is_bool;
	struct dim dim;
	double weight;	  /* of dimension K */
	bool any_weight;  /* "2 K": fits a temperature and a difference */
	bool is_constant; /* a number as written */
	double constant;
	bool is_bare;	/* a number without unit, or of such numbers; not 0 */
	bool adds_bare; /* one of the summands is */
	enum kind_percent {
		PERCENT_NONE,
		PERCENT_SYMBOL, /* of a value that is in % */
		PERCENT_NUMBER, /* "66 %" */
	} percent;
	bool unclear; /* of a symbol that is: neither condition nor number, fits as both */
};

#define EXPR_TCF_COLD_K 3020.0
#define EXPR_TCF_HOT_K	2640.0

struct kind kind_condition(void);
struct kind kind_number(const struct unit *u, double si);
int kind_symbol(const struct expr_symbol *s, enum expr_stat stat, struct kind *k,
		struct error *why);
/* *k becomes what the operator makes of it; the operators of two, *left. */
int kind_unary(enum expr_op op, struct kind *k, struct error *why);
int kind_power(struct kind *k, int exponent, struct error *why);
int kind_binary(enum expr_op op, struct kind *left, const struct kind *right, struct error *why);
int kind_tcf(struct kind *k, const struct kind *cold, const struct kind *hot, struct error *why);
/* May an expression end as this? */
int kind_result(const struct kind *k, struct error *why);
enum expr_kelvin kind_kelvin(const struct kind *k);

#endif
