/* SPDX-License-Identifier: MIT
 *
 * Dimension-checked expressions of fixtures and profiles:
 *     1 - mean(permeate_conductivity) / mean(feed_conductivity)
 *     supply_pressure > 0.42 MPa and not estop
 * Numbers carry units ("0.25 MPa"); operators + - * / ^(whole number) < <= > >= == and or not ( );
 * functions abs min2 max2 sqrt exp ln tcf (see below) and the statistics of enum expr_stat over one
 * symbol. Evaluation is in SI, pure, and three-valued: an unknown operand gives an unknown result,
 * except that "unknown and false" is false and "unknown or true" is true.
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
	EXPR_SLOPE, /* per second, linear fit */
	EXPR_INTEGRAL, /* value times seconds: integral(flow) is a volume */
	EXPR_COUNT  /* number of updates, dimensionless */
};

/* What a name means to the file it stands in. */
struct expr_symbol {
	uint16_t ref;	  /* the scope's own number */
	struct dim dim;	  /* DIM_NONE for states */
	bool is_state;	  /* 0/1, usable with and/or/not */
	bool has_stats;	  /* mean() and the others allowed */
};
struct expr_scope {
	void *ctx;
	/* 0 and *out, or ERR_NOT_FOUND (err: with a did-you-mean). Names may hold dots. */
	int (*resolve)(void *ctx, const char *name, struct expr_symbol *out, struct error *err);
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

struct expr;
/* Parse n bytes; NULL with err filled and *err_col (from 1) at the mistake. *dim and *is_bool (NULL allowed)
 * tell what the result is. Caller frees with expr_free. */
struct expr *expr_parse(const char *text, size_t n, const struct expr_scope *scope, struct dim *dim,
			bool *is_bool, int *err_col, struct error *err);
void expr_free(struct expr *e); /* NULL allowed */
struct expr_value expr_eval(const struct expr *e, const struct expr_env *env);
/* The text as written; lives as long as e. */
const char *expr_text(const struct expr *e);
/* Calls fn once for each distinct (ref, stat) in e. */
void expr_each_symbol(const struct expr *e, void (*fn)(void *ctx, uint16_t ref, enum expr_stat stat),
		      void *ctx);

/* tcf(T[, a_cold, a_hot]): temperature correction factor of a membrane's permeability, 1 at 25 degC:
 * exp(a * (1/298.15 - 1/T)), a = 2640 K at or above 25 degC and 3020 K below by default. */
double expr_tcf(double kelvin, double a_cold, double a_hot);

#endif
