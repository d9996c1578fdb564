/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an expression: refused with a place and a reason, or evaluated
 * over an environment that returns the worst values there are.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/expr.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	enum quantity quantity;
} symbols[] = {
	{"feed_pressure", QUANTITY_PRESSURE},	    {"permeate_flow", QUANTITY_FLOW},
	{"feed_temperature", QUANTITY_TEMPERATURE}, {"estop", QUANTITY_STATE},
	{"model.rated_flow", QUANTITY_FLOW},	    {"x", QUANTITY_NONE},
};
enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	(void)ctx;
	for (uint16_t i = 0; i < SYMBOL_COUNT; i++) {
		if (strcmp(name, symbols[i].name) != 0)
			continue;
		*out = (struct expr_symbol){
			.ref = i,
			.dim = quantity_unit(symbols[i].quantity)->dim,
			.is_state = symbols[i].quantity == QUANTITY_STATE,
			.has_stats = i != 4,
		};
		return 0;
	}
	/* Every name that is not one of these is refused without a reason. */
	(void)err;
	return ERR_NOT_FOUND;
}

static struct expr_value value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	static const double worst[] = {
		0,
		-0.0,
		1,
		-1,
		0.5,
		1e308,
		-1e308,
		5e-324,
		298.15,
		273.15,
		(double)NAN,
		(double)INFINITY,
		-(double)INFINITY,
		1.0000000001,
		250000,
		249999.9999,
	};
	uint32_t *seed = ctx;
	uint32_t n;

	require(ref < SYMBOL_COUNT && stat <= EXPR_COUNT);
	*seed = *seed * 1664525u + 1013904223u + ref * 31u + (uint32_t)stat;
	n = *seed >> 24;
	return (struct expr_value){worst[n % 16], n < 200};
}

static void note(void *ctx, uint16_t ref, enum expr_stat stat)
{
	bool(*seen)[EXPR_COUNT + 1] = ctx;

	require(ref < SYMBOL_COUNT && stat <= EXPR_COUNT && !seen[ref][stat]);
	seen[ref][stat] = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct expr_scope scope = {.resolve = resolve};
	const char *text = (const char *)data;
	struct error err = {0};
	struct dim dim;
	bool is_bool;
	bool seen[SYMBOL_COUNT][EXPR_COUNT + 1] = {{false}};
	int col = 0;
	struct expr *e = expr_parse(text, size, &scope, &dim, &is_bool, &col, &err);

	if (!e) {
		require(err.code < 0 && err.text[0] && col >= 1 && (size_t)col <= size + 1);
		require(text_is_clean(err.text, strlen(err.text), ""));
		return 0;
	}
	require(memcmp(expr_text(e), text, size) == 0);
	require(!is_bool || dim_equal(dim, DIM_NONE));
	expr_each_symbol(e, note, seen);
	for (uint32_t seed = 0; seed < 8; seed++) {
		uint32_t ctx = seed;
		const struct expr_env env = {&ctx, value};
		struct expr_value v = expr_eval(e, &env);

		require(!v.known || isfinite(v.si));
		require(!v.known || !is_bool || v.si == 0 || v.si == 1);
	}
	expr_free(e);
	return 0;
}
