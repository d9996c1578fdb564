/* SPDX-License-Identifier: MIT
 *
 * Dimension-checked expressions of fixtures and profiles:
 *     1 - mean(permeate_conductivity) / mean(feed_conductivity)
 *     supply_pressure > 0.42 MPa and not estop
 * Numbers carry units ("0.25 MPa"); operators + - * / ^(whole number) < <= > >= == and or not ( );
 * true and false; functions abs min2 max2 sqrt exp ln tcf (see below) and the statistics of enum
 * expr_stat over one symbol.
 *
 * Evaluation is in SI, pure, and three-valued: an unknown operand gives an unknown result, except
 * that "unknown and false" is false and "unknown or true" is true. Division by zero, a root of a
 * negative number and whatever else is not finite is unknown. Comparisons see 9 significant
 * digits, as judgement does.
 *
 * The unit of a number is the longest unit that follows it: "0.25 MPa/2" is half of 0.25 MPa,
 * "5 L/min / model.x" divides by a name. Two kinds of kelvin are told apart: temperatures
 * ("25 degC", channels) and differences ("2 K", one temperature minus another).
 * `feed_temperature - permeate_temperature < 2 degC` would always hold, `feed_temperature + 5 degC`
 * is far too hot: both are refused. So is a number without unit beside a percent: `66 % + 5` is 566 %.
 */
#ifndef BASE_EXPR_H
#define BASE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/unit.h"

enum expr_stat {
	EXPR_LATEST = 0, /* the bare symbol */
	EXPR_MEAN,
	EXPR_MIN,
	EXPR_MAX,
	EXPR_MEDIAN,
	EXPR_STDDEV,
	EXPR_FIRST,
	EXPR_LAST,
	EXPR_SLOPE,    /* per second, linear fit */
	EXPR_INTEGRAL, /* value times seconds: integral(flow) is a volume */
	EXPR_COUNT     /* number of updates, dimensionless */
};

/* What a name means to the file it stands in. */
struct expr_symbol {
	uint16_t ref;	    /* the scope's own number */
	struct dim dim;	    /* DIM_NONE for states */
	bool is_state;	    /* 0/1, usable with and/or/not */
	bool has_stats;	    /* mean() and the others allowed */
	bool is_difference; /* of dimension K: a difference, not a temperature */
	bool is_percent;    /* in %: no number without unit is compared with it */
	/* Names something that is itself refused: fits whatever is asked. The expression is looked
	 * through for further mistakes and must not be evaluated. */
	bool is_unclear;
};
struct expr_scope {
	void *ctx;
	/* 0 and *out, or ERR_NOT_FOUND (err: with a did-you-mean). Names may hold dots. */
	int (*resolve)(void *ctx, const char *name, struct expr_symbol *out, struct error *err);
	/* Takes each name that resolve refuses, with its column, and the expression is read on with
	 * an unclear symbol. NULL: the first one ends expr_parse. */
	void (*refused)(void *ctx, int col, const char *why);
};

struct expr_value {
	double si;
	bool known;
};
struct expr_env {
	void *ctx;
	/* The value of symbol ref, or one of its statistics over the current window. */
	struct expr_value (*value)(void *ctx, uint16_t ref, enum expr_stat stat);
};

enum { EXPR_TEXT_MAX = 1000, EXPR_DEPTH_MAX = 32 };
struct expr;
/* Parse n bytes; NULL with err filled and *err_col (in bytes, from 1) at the mistake. *dim and
 * *is_bool tell what the result is. dim, is_bool, err_col and err may be NULL. Caller frees with
 * expr_free. */
struct expr *expr_parse(const char *text, size_t n, const struct expr_scope *scope, struct dim *dim,
			bool *is_bool, int *err_col, struct error *err);
void expr_free(struct expr *e); /* NULL allowed */
struct expr_value expr_eval(const struct expr *e, const struct expr_env *env);
/* What a result can be at all, SI, when each symbol is within its own reach: an interval that holds
 * every known result, infinite where nothing bounds it. */
struct expr_reach {
	double lo, hi;
};
struct expr_reach_env {
	void *ctx;
	/* Of symbol ref and its levels (mean, min, max ...); lo > hi: not known. */
	struct expr_reach (*reach)(void *ctx, uint16_t ref);
};
struct expr_reach expr_reach(const struct expr *e, const struct expr_reach_env *env);
/* What a - b can come to when both are evaluated together: what they share cancels. */
struct expr_reach expr_reach_between(const struct expr *a, const struct expr *b,
				     const struct expr_reach_env *env);
/* The first division in e whose divisor is 0 whatever is read. False: none is. */
struct expr_zero {
	int col;      /* of its sign, in bytes from 1 */
	bool is_name; /* of what is 0 in it: ref */
	uint16_t ref;
};
bool expr_divides_by_zero(const struct expr *e, const struct expr_reach_env *env,
			  struct expr_zero *out);
/* A comparison, or an `and` or `or` of some, which no values within reach make true, or none make
 * false. */
enum { EXPR_DECIDED_REFS = 8 };
struct expr_decided {
	int col; /* of its sign, in bytes from 1 */
	bool holds;
	bool joint;			  /* its sides together, and neither alone */
	uint16_t refs[EXPR_DECIDED_REFS]; /* distinct ones it compares, as many as fit */
	int ref_count;
};
/* Calls fn for each such in e; those that compare no symbol are left out. Not each is found. */
void expr_each_decided(const struct expr *e, const struct expr_reach_env *env,
		       void (*fn)(void *ctx, const struct expr_decided *d), void *ctx);
/* The text as written; lives as long as e. */
const char *expr_text(const struct expr *e);
/* What a result of dimension K is. Its unit may be degC only when it is no difference. */
enum expr_kelvin {
	EXPR_KELVIN_NONE = 0, /* of another dimension */
	EXPR_KELVIN_TEMPERATURE,
	EXPR_KELVIN_DIFFERENCE,
	EXPR_KELVIN_EITHER /* "2 K" alone: what it is compared with decides */
};
enum expr_kelvin expr_kelvin(const struct expr *e);
/* Is it made of numbers without unit only, and not 0? Then it cannot be meant as a percentage. */
bool expr_is_bare(const struct expr *e);
/* Is one of its summands: "66 + model.slope * 2 K"? Factors are not: "0.9 * model.rated". */
bool expr_adds_bare(const struct expr *e);
/* Calls fn once for each distinct (ref, stat) in e. */
void expr_each_symbol(const struct expr *e,
		      void (*fn)(void *ctx, uint16_t ref, enum expr_stat stat), void *ctx);

/* min2(a, b) and max2(a, b) are the smaller and larger of two values; min() and max() are
 * statistics. Of a state, mean() is the share of time it was 1, min() "always", max() "ever";
 * first() and last() are states.
 *
 * tcf(T[, a_cold, a_hot]): temperature correction factor of a membrane's permeability, 1 at
 * 25 degC: exp(a * (1/298.15 - 1/T)), a = 2640 K at or above 25 degC and 3020 K below by default.
 * NaN when kelvin is not positive. */
double expr_tcf(double kelvin, double a_cold, double a_hot);

#endif
