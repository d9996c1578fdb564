/* SPDX-License-Identifier: MIT
 *
 * Names, values and checks for the tests of expressions.
 */
#ifndef TESTS_UNIT_EXPR_BENCH_H
#define TESTS_UNIT_EXPR_BENCH_H

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

/* The names of these tests: ref is the index. */
static const struct {
	const char *name, *unit;
	bool is_state, has_stats, is_difference;
} symbols[] = {
	{"feed_pressure", "MPa", false, true, false},
	{"permeate_conductivity", "uS/cm", false, true, false},
	{"feed_conductivity", "uS/cm", false, true, false},
	{"feed_temperature", "degC", false, true, false},
	{"permeate_temperature", "degC", false, true, false},
	{"permeate_flow", "L/min", false, true, false},
	{"estop", "", true, true, false},
	{"leak", "", true, true, false},
	{"model.rated_flow", "L/min", false, false, false},
	{"model.warming", "K", false, false, true},
	{"ratio", "", false, true, false},
};
enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

static inline int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	(void)ctx;
	for (uint16_t i = 0; i < SYMBOL_COUNT; i++) {
		if (strcmp(symbols[i].name, name) != 0)
			continue;
		*out = (struct expr_symbol){
			.ref = i,
			.dim = unit_find(symbols[i].unit, strlen(symbols[i].unit))->dim,
			.is_state = symbols[i].is_state,
			.has_stats = symbols[i].has_stats,
			.is_difference = symbols[i].is_difference,
		};
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "no channel '%s'", name);
}

static const struct expr_scope scope __attribute__((unused)) = {.resolve = resolve};

/* Values in the unit of the table above; NAN: unknown. A statistic is the value itself. */
static double values[SYMBOL_COUNT];

static inline struct expr_value value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct unit *u = unit_find(symbols[ref].unit, strlen(symbols[ref].unit));

	(void)ctx;
	(void)stat;
	if (isnan(values[ref]))
		return (struct expr_value){123, false};
	return (struct expr_value){unit_to_si(u, values[ref]), true};
}

static const struct expr_env env = {NULL, value};

static inline void set(const char *name, double v)
{
	for (int i = 0; i < SYMBOL_COUNT; i++)
		if (strcmp(symbols[i].name, name) == 0)
			values[i] = v;
}

static inline int fresh_values(void **state)
{
	(void)state;
	for (int i = 0; i < SYMBOL_COUNT; i++)
		values[i] = (double)NAN;
	return 0;
}

static inline struct expr *must_parse(const char *text, struct dim *dim, bool *is_bool)
{
	struct error err = {0};
	int col = 0;
	struct expr *e = expr_parse(text, strlen(text), &scope, dim, is_bool, &col, &err);

	if (!e)
		fail_msg("'%s' column %d: %s", text, col, err.text);
	return e;
}

static inline struct expr_value eval(const char *text)
{
	struct expr *e = must_parse(text, NULL, NULL);
	struct expr_value v = expr_eval(e, &env);

	expr_free(e);
	return v;
}

static inline void assert_value(const char *text, double si)
{
	struct expr_value v = eval(text);

	if (!v.known || !(fabs(v.si - si) <= 1e-12 * fabs(si) + 1e-15))
		fail_msg("'%s' is %s %.17g, not %.17g", text, v.known ? "known" : "unknown", v.si,
			 si);
}

static inline void assert_unknown(const char *text)
{
	struct expr_value v = eval(text);

	if (v.known)
		fail_msg("'%s' is known: %.17g", text, v.si);
}

/* `text` is refused at column `col` with a message that holds `says`. */
static inline void assert_refused(const char *text, int col, const char *says)
{
	struct error err = {0};
	int at = 0;
	struct expr *e = expr_parse(text, strlen(text), &scope, NULL, NULL, &at, &err);

	if (e)
		fail_msg("'%s' is accepted", text);
	if (at != col || !strstr(err.text, says) || err.code >= 0)
		fail_msg("'%s': column %d (%d): %s", text, at, err.code, err.text);
}

#endif
