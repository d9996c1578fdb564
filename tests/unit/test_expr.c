/* SPDX-License-Identifier: MIT */
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

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
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

static const struct expr_scope scope = {NULL, resolve};

/* Values in the unit of the table above; NAN: unknown. A statistic is the value itself. */
static double values[SYMBOL_COUNT];

static struct expr_value value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct unit *u = unit_find(symbols[ref].unit, strlen(symbols[ref].unit));

	(void)ctx;
	(void)stat;
	if (isnan(values[ref]))
		return (struct expr_value){123, false};
	return (struct expr_value){unit_to_si(u, values[ref]), true};
}

static const struct expr_env env = {NULL, value};

static void set(const char *name, double v)
{
	for (int i = 0; i < SYMBOL_COUNT; i++)
		if (strcmp(symbols[i].name, name) == 0)
			values[i] = v;
}

static int fresh_values(void **state)
{
	(void)state;
	for (int i = 0; i < SYMBOL_COUNT; i++)
		values[i] = (double)NAN;
	return 0;
}

static struct expr *must_parse(const char *text, struct dim *dim, bool *is_bool)
{
	struct error err = {0};
	int col = 0;
	struct expr *e = expr_parse(text, strlen(text), &scope, dim, is_bool, &col, &err);

	if (!e)
		fail_msg("'%s' column %d: %s", text, col, err.text);
	return e;
}

static struct expr_value eval(const char *text)
{
	struct expr *e = must_parse(text, NULL, NULL);
	struct expr_value v = expr_eval(e, &env);

	expr_free(e);
	return v;
}

static void assert_value(const char *text, double si)
{
	struct expr_value v = eval(text);

	if (!v.known || !(fabs(v.si - si) <= 1e-12 * fabs(si) + 1e-15))
		fail_msg("'%s' is %s %.17g, not %.17g", text, v.known ? "known" : "unknown", v.si,
			 si);
}

static void assert_unknown(const char *text)
{
	struct expr_value v = eval(text);

	if (v.known)
		fail_msg("'%s' is known: %.17g", text, v.si);
}

/* `text` is refused at column `col` with a message that holds `says`. */
static void assert_refused(const char *text, int col, const char *says)
{
	struct error err = {0};
	int at = 0;
	struct expr *e = expr_parse(text, strlen(text), &scope, NULL, NULL, &at, &err);

	if (e)
		fail_msg("'%s' is accepted", text);
	if (at != col || !strstr(err.text, says) || err.code >= 0)
		fail_msg("'%s': column %d (%d): %s", text, at, err.code, err.text);
}

static void numbers_follow_precedence_and_go_left_to_right(void **state)
{
	(void)state;
	assert_value("1 + 2 * 3", 7);
	assert_value("(1 + 2) * 3", 9);
	assert_value("8 - 3 - 2", 3);
	assert_value("16 / 4 / 2", 2);
	assert_value("-2 ^ 2", -4);
	assert_value("(-2) ^ 2", 4);
	assert_value("2 * 3 ^ 2", 18);
	assert_value("--3", 3);
	assert_value("1--3", 4);
	assert_value("2 - -3 * 2", 8);
	assert_value("1 + 1 == 2 and not 3 < 2", 1);
	assert_value("true or false and false", 1);
	assert_value("not false and false", 0);
	assert_value("not (false and false)", 1);
}

static void numbers_carry_units_into_si(void **state)
{
	(void)state;
	assert_value("0.25 MPa", 0.25e6);
	assert_value("25 degC", 298.15);
	assert_value("-5 degC", 268.15);
	assert_value("5 min", 300);
	assert_value("2 %", 0.02);
	assert_value("500uS/cm", 0.05);
	assert_value("500 \xc2\xb5S/cm", 0.05);
	assert_value("3 MPa/min * 2 s", 1e5);
}

static void a_unit_is_the_longest_that_follows_its_number(void **state)
{
	struct dim dim;
	struct expr *e;

	(void)state;
	assert_value("0.25 MPa/2", 0.125e6);
	assert_value("0.25 MPa*2", 0.5e6);
	set("model.rated_flow", 2.5);
	assert_value("5 L/min / model.rated_flow", 2);
	assert_value("5 L/min/model.rated_flow", 2);
	assert_value("5 L / 2.5", 0.002);
	/* With blanks the operator ends the unit: then min is no name of ours. */
	assert_refused("5 L / min", 7, "no channel 'min'");
	e = must_parse("60 L/min/MPa", &dim, NULL);
	assert_true(dim_equal(dim, quantity_unit(QUANTITY_PERMEABILITY)->dim));
	expr_free(e);
	assert_value("(2 s)^2", 4);
	assert_refused("2 m^2", 4, "ambiguous");
	assert_value("5 %+1", 1.05);
}

static void symbols_and_their_statistics_reach_the_environment(void **state)
{
	(void)state;
	set("permeate_conductivity", 20);
	set("feed_conductivity", 400);
	assert_value("1 - mean(permeate_conductivity) / mean(feed_conductivity)", 0.95);
	set("feed_pressure", 0.5);
	set("estop", 0);
	assert_value("feed_pressure > 0.42 MPa and not estop", 1);
	set("estop", 1);
	assert_value("feed_pressure > 0.42 MPa and not estop", 0);
	assert_value("min2(feed_pressure, 0.3 MPa)", 0.3e6);
	assert_value("max2(feed_pressure, 0.3 MPa)", 0.5e6);
	assert_value("abs(0.3 MPa - feed_pressure)", 0.2e6);
	assert_value("sqrt((3 MPa)^2 + (4 MPa)^2)", 5e6);
	assert_value("ln(exp(2))", 2);
}

/* What expr_each_symbol told. */
struct uses {
	int count;
	uint16_t ref[8];
	enum expr_stat stat[8];
};

static void note_use(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct uses *u = ctx;

	assert_true(u->count < 8);
	u->ref[u->count] = ref;
	u->stat[u->count++] = stat;
}

static void each_symbol_is_told_once_with_each_statistic(void **state)
{
	static const enum expr_stat expected[] = {EXPR_LATEST, EXPR_MEAN, EXPR_LATEST, EXPR_COUNT};
	struct uses u = {0};
	struct expr *e = must_parse("feed_pressure > mean(feed_pressure) or estop or "
				    "feed_pressure > 2 * mean(feed_pressure) or count(estop) > 3",
				    NULL, NULL);

	(void)state;
	expr_each_symbol(e, note_use, &u);
	assert_int_equal(u.count, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(u.stat[i], expected[i]);
		assert_int_equal(u.ref[i], i < 2 ? 0 : 6);
	}
	expr_free(e);
}

static void the_text_is_kept_as_written(void **state)
{
	char text[] = " feed_pressure>0.42 MPa  and not estop ";
	struct expr *e = must_parse(text, NULL, NULL);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(expr_text(e), " feed_pressure>0.42 MPa  and not estop ");
	expr_free(e);
	expr_free(NULL);
}

static void results_have_a_dimension_or_are_conditions(void **state)
{
	static const struct {
		const char *text, *unit;
	} all[] = {
		{"feed_pressure", "Pa"},
		{"permeate_flow / feed_pressure", "L/min/MPa"},
		{"slope(feed_pressure)", "MPa/s"},
		{"integral(permeate_flow)", "L"},
		{"stddev(permeate_flow)", "L/min"},
		{"count(permeate_flow)", ""},
		{"mean(estop)", ""},
		{"integral(estop)", "s"},
		{"sqrt(integral(permeate_flow) * permeate_flow / permeate_flow / 1 m)", "m"},
		{"feed_pressure ^ 3 / feed_pressure ^ 2", "Pa"},
		{"tcf(feed_temperature)", ""},
		{"ratio", ""},
	};
	static const char *const conditions[] = {
		"estop", "last(estop)", "max(leak)", "1 < 2", "not estop", "true", "estop == leak"};
	struct dim dim;
	bool is_bool;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		expr_free(must_parse(all[i].text, &dim, &is_bool));
		assert_false(is_bool);
		if (!dim_equal(dim, unit_find(all[i].unit, strlen(all[i].unit))->dim))
			fail_msg("'%s' is no %s", all[i].text, all[i].unit);
	}
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		expr_free(must_parse(conditions[i], &dim, &is_bool));
		assert_true(is_bool);
		assert_true(dim_equal(dim, DIM_NONE));
	}
}

static void dimensions_that_do_not_fit_are_named(void **state)
{
	(void)state;
	assert_refused("feed_pressure > 3 L/min", 15,
		       "a pressure (MPa) cannot be compared with a flow (L/min)");
	assert_refused("feed_pressure > 0.42", 15,
		       "a pressure (MPa) cannot be compared with a number without unit");
	assert_refused("feed_pressure + permeate_flow", 15,
		       "a flow (L/min) cannot be added to a pressure (MPa)");
	assert_refused("feed_pressure - 1", 15,
		       "a number without unit cannot be subtracted from a pressure (MPa)");
	assert_refused("max2(feed_pressure, 1 s)", 1,
		       "a pressure (MPa) cannot be compared with a time (s)");
	assert_refused("exp(feed_pressure)", 1, "exp expects a number without unit");
	assert_refused("1 + ln(2 s)", 5, "ln expects a number without unit");
	assert_refused("sqrt(feed_pressure)", 1, "no square root");
	assert_refused("tcf(feed_pressure)", 1, "tcf expects a temperature (degC)");
	assert_refused("tcf(feed_temperature, 3020, 2640)", 1, "in K, such as 2640 K");
	assert_refused("((((1 m)^4)^4)^4)", 15, "so high a power");
}

static void conditions_and_numbers_do_not_mix(void **state)
{
	(void)state;
	assert_refused("estop + 1", 7, "a condition (true or false) stands where a number");
	assert_refused("estop == 1", 7, "a condition (true or false) stands where a number");
	assert_refused("estop > leak", 7, "a condition (true or false) stands where a number");
	assert_refused("ratio and estop", 7, "and expects a condition");
	assert_refused("estop or feed_pressure", 7,
		       "or expects a condition, such as a > b; here is a pressure (MPa)");
	assert_refused("not feed_pressure", 1, "not expects a condition");
	assert_refused("-estop", 1, "a condition (true or false) stands where a number");
	assert_refused("abs(estop)", 1, "a condition (true or false) stands where a number");
	assert_refused("(1 < 2) ^ 2", 9, "a condition (true or false) stands where a number");
	assert_refused("tcf(estop)", 1, "here is a condition");
}

static void grammar_mistakes_say_what_to_write(void **state)
{
	(void)state;
	assert_refused("", 1, "ends too early");
	assert_refused("1 +", 4, "ends too early; expected a value");
	assert_refused("(1", 3, "expected )");
	assert_refused("1)", 2, "')' stands where an operator or the end is expected");
	assert_refused("1 2", 3, "'2' stands where");
	assert_refused("* 2", 1, "'*' stands where a value is expected");
	assert_refused("1 < 2 < 3", 7, "comparisons do not chain");
	assert_refused("ratio = 1", 7, "write ==");
	assert_refused("estop && leak", 7, "write and");
	assert_refused("estop || leak", 7, "write or");
	assert_refused("!estop", 1, "write not");
	assert_refused("ratio != 1", 7, "write not (a == b)");
	assert_refused("ratio ** 2", 7, "write ^");
	assert_refused("ratio ^ 2.5", 9, "a whole number from 1 to 4");
	assert_refused("ratio ^ 5", 9, "a whole number from 1 to 4");
	assert_refused("ratio ^ -1", 9, "a whole number from 1 to 4");
	assert_refused("ratio ^ ratio", 9, "a whole number from 1 to 4");
	assert_refused("ratio ^ 2 %", 9, "a whole number from 1 to 4");
	assert_refused("2 ^ 2 ^ 2", 7, "'^' stands where");
	assert_refused("ratio $ 2", 7, "'$' has no meaning here");
	assert_refused("ratio \xe6\xb0\xb4", 7, "'\xe6\xb0\xb4' has no meaning here");
	assert_refused("ratio \xff", 7, "has no meaning here");
	assert_refused(".", 1, "a digit is expected");
	assert_refused("1e999", 1, "too large");
	assert_refused("1e308 MPa", 1, "too large");
}

static void wrong_names_and_units_are_found_where_they_stand(void **state)
{
	(void)state;
	assert_refused("1 + feed_presure", 5, "no channel 'feed_presure'");
	assert_refused("feed_pressure > 0.42 mpa", 22, "unknown unit 'mpa'; did you mean MPa?");
	assert_refused("feed_pressure > 0.42 bananas", 22, "unknown unit 'bananas'");
	assert_refused("3 degC/min * 1 s", 3, "degC cannot be part of a composed unit; write K");
	assert_refused("1 + maen(feed_pressure)", 5, "unknown function 'maen'; did you mean mean?");
	assert_refused("mean(1)", 6, "the name of a channel");
	assert_refused("mean(feed_pressure * 2)", 20, "mean takes one name");
	assert_refused("min(feed_pressure, 1 MPa)", 18, "write min2");
	assert_refused("max2(feed_pressure)", 19, "max2 takes two values");
	assert_refused("max2(1, 2, 3)", 10, "max2 takes two values");
	assert_refused("abs(1, 2)", 6, "abs takes one value");
	assert_refused("tcf(feed_temperature, 1 K)", 26, "tcf takes a temperature, or");
	assert_refused("mean(model.rated_flow)", 6, "no statistics");
}

static void depth_and_size_are_bounded(void **state)
{
	struct text t = {0};
	struct error err = {0};
	int col = 0;

	(void)state;
	for (int i = 0; i < EXPR_DEPTH_MAX; i++)
		text_puts(&t, "(");
	text_puts(&t, "1");
	for (int i = 0; i < EXPR_DEPTH_MAX; i++)
		text_puts(&t, ")");
	assert_value(t.buf, 1);
	text_clear(&t);
	for (int i = 0; i < EXPR_DEPTH_MAX + 1; i++)
		text_puts(&t, i % 2 ? "-" : "(");
	text_puts(&t, "1");
	assert_null(expr_parse(t.buf, t.len, &scope, NULL, NULL, &col, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(col, EXPR_DEPTH_MAX + 1);
	text_clear(&t);
	for (int i = 0; i < 500; i++)
		text_puts(&t, i ? "+1" : "1");
	assert_value(t.buf, 500);
	text_puts(&t, "+1");
	assert_int_equal(t.len, EXPR_TEXT_MAX + 1);
	assert_null(expr_parse(t.buf, t.len, &scope, NULL, NULL, &col, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	text_clear(&t);
	/* Wide and deep at once: values wait on the stack at every level. */
	for (int i = 0; i < EXPR_DEPTH_MAX - 1; i++)
		text_puts(&t, "1+1*max2(1,");
	text_puts(&t, "1");
	for (int i = 0; i < EXPR_DEPTH_MAX - 1; i++)
		text_puts(&t, ")");
	assert_null(expr_parse(t.buf, t.len, &scope, NULL, NULL, &col, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	text_release(&t);
}

static void unknown_spreads_except_where_logic_decides(void **state)
{
	static const char *const logic[] = {"false", "estop", "true"}; /* 0, unknown, 1 */

	(void)state;
	assert_unknown("feed_pressure");
	assert_unknown("feed_pressure - feed_pressure");
	assert_unknown("feed_pressure > 0 MPa");
	assert_unknown("feed_pressure == feed_pressure");
	assert_unknown("min2(feed_pressure, 0 MPa)");
	assert_unknown("0 * ratio");
	assert_unknown("estop");
	assert_unknown("not estop");
	assert_unknown("estop == estop");
	assert_unknown("tcf(feed_temperature)");
	/* Kleene's tables: and is the lesser, or the greater, with unknown between. */
	for (int a = 0; a < 3; a++) {
		for (int b = 0; b < 3; b++) {
			char text[64];
			int lesser = a < b ? a : b;
			int greater = a > b ? a : b;
			struct expr_value v;

			(void)snprintf(text, sizeof(text), "%s and %s", logic[a], logic[b]);
			v = eval(text);
			assert_int_equal(v.known ? (int)v.si * 2 : 1, lesser);
			(void)snprintf(text, sizeof(text), "%s or %s", logic[a], logic[b]);
			v = eval(text);
			assert_int_equal(v.known ? (int)v.si * 2 : 1, greater);
		}
	}
}

static void what_is_not_finite_is_unknown(void **state)
{
	(void)state;
	set("ratio", 0);
	assert_unknown("1 / ratio");
	assert_unknown("ratio / ratio");
	assert_unknown("1 / ratio > 5");
	assert_unknown("ln(ratio)");
	assert_unknown("ln(ratio - 1)");
	assert_unknown("sqrt(ratio - 1)");
	assert_unknown("exp(1e6)");
	assert_unknown("1e300 * 1e300");
	assert_unknown("(1e300) ^ 2");
	assert_unknown("tcf(0 K)");
	assert_unknown("tcf(-5 K)");
	set("ratio", (double)INFINITY);
	assert_unknown("ratio");
	set("ratio", (double)-INFINITY);
	assert_unknown("ratio < 5");
	/* A state that is neither 0 nor 1 says nothing. */
	set("estop", 0.5);
	assert_unknown("estop");
	assert_unknown("not estop");
	assert_value("mean(estop)", 0.5);
}

static void comparisons_see_nine_digits(void **state)
{
	(void)state;
	assert_value("4.2 bar == 0.42 MPa", 1);
	assert_value("4.2 bar < 0.42 MPa", 0);
	assert_value("4.2 bar <= 0.42 MPa", 1);
	assert_value("0.1 + 0.2 == 0.3", 1);
	assert_value("0.1 + 0.2 > 0.3", 0);
	assert_value("1.00000001 > 1", 1);
	assert_value("1.000000001 > 1", 0);
	assert_value("-1.00000001 < -1", 1);
	assert_value("0 >= 0", 1);
	assert_value("1e-30 > 0", 1);
}

static void temperatures_and_differences_are_told_apart(void **state)
{
	(void)state;
	set("feed_temperature", 30);
	set("permeate_temperature", 28);
	set("model.warming", 3);
	assert_value("feed_temperature - 25 degC", 5);
	assert_value("feed_temperature - permeate_temperature < 2.5 K", 1);
	assert_value("feed_temperature < permeate_temperature + 2.5 K", 1);
	assert_value("(feed_temperature + permeate_temperature) / 2 == 29 degC", 1);
	assert_value("0.5 * feed_temperature + 0.5 * permeate_temperature > 28 degC", 1);
	assert_value("feed_temperature > -5 degC", 1);
	assert_value("feed_temperature > 278.15 K", 1);
	assert_value("stddev(feed_temperature) > 0.1 K", 1);
	assert_value("feed_temperature < 28 degC + model.warming", 1);
	assert_value("max2(feed_temperature, 20 degC) - 20 degC > 1 K", 1);
	assert_refused("feed_temperature - permeate_temperature < 2 degC", 41,
		       "a temperature cannot be compared with a difference");
	assert_refused("stddev(feed_temperature) < 1 degC", 26,
		       "a temperature cannot be compared with a difference");
	assert_refused("feed_temperature < permeate_temperature + 5 degC", 18,
		       "a temperature cannot be compared with a difference");
	assert_refused("feed_temperature > -(5 degC)", 18,
		       "a temperature cannot be compared with a difference");
	assert_refused("feed_temperature < 2 * 20 degC", 18,
		       "a temperature cannot be compared with a difference");
	assert_refused("model.warming < 4 degC", 15,
		       "a temperature cannot be compared with a difference");
	assert_refused("min2(feed_temperature, model.warming)", 1,
		       "a temperature cannot be compared with a difference");
	assert_refused("tcf(feed_temperature - 5 degC)", 1, "a difference of temperatures");
	assert_refused("feed_temperature + 5 degC", 1, "temperatures are added up");
}

static enum expr_kelvin kelvin_of(const char *text)
{
	struct expr *e = must_parse(text, NULL, NULL);
	enum expr_kelvin k = expr_kelvin(e);

	expr_free(e);
	return k;
}

static void results_in_kelvin_say_which_they_are(void **state)
{
	(void)state;
	assert_int_equal(kelvin_of("feed_temperature"), EXPR_KELVIN_TEMPERATURE);
	assert_int_equal(kelvin_of("20 degC"), EXPR_KELVIN_TEMPERATURE);
	assert_int_equal(kelvin_of("mean(feed_temperature) + 2 K"), EXPR_KELVIN_TEMPERATURE);
	assert_int_equal(kelvin_of("feed_temperature - 25 degC"), EXPR_KELVIN_DIFFERENCE);
	assert_int_equal(kelvin_of("abs(feed_temperature - permeate_temperature)"),
			 EXPR_KELVIN_DIFFERENCE);
	assert_int_equal(kelvin_of("2 K"), EXPR_KELVIN_EITHER);
	assert_int_equal(kelvin_of("feed_temperature * ratio"), EXPR_KELVIN_EITHER);
	assert_int_equal(kelvin_of("model.warming * ratio"), EXPR_KELVIN_DIFFERENCE);
	assert_int_equal(kelvin_of("feed_pressure"), EXPR_KELVIN_NONE);
	assert_int_equal(kelvin_of("feed_temperature > 3 degC"), EXPR_KELVIN_NONE);
}

static void tcf_agrees_with_the_published_table(void **state)
{
	/* Divisors of flow, membrane makers' table for thin-film elements. */
	static const struct {
		double celsius, divisor;
	} table[] = {{5, 2.07}, {10, 1.711}, {15, 1.422}, {20, 1.189}, {25, 1}, {30, 0.864}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double tcf = expr_tcf(table[i].celsius + 273.15, 3020, 2640);

		assert_true(fabs(1 / tcf - table[i].divisor) < 0.002);
	}
	assert_true(isnan(expr_tcf(0, 3020, 2640)));
	set("feed_temperature", 15);
	assert_value("tcf(feed_temperature)", expr_tcf(288.15, 3020, 2640));
	assert_value("tcf(feed_temperature, 2500 K, 2000 K)", expr_tcf(288.15, 2500, 2000));
	assert_value("tcf(35 degC, 2500 K, 2000 K)", expr_tcf(308.15, 2500, 2000));
}

static void outputs_stay_untouched_and_may_be_absent(void **state)
{
	struct dim dim = {9, 9, 9, 9, 9};
	bool is_bool = true;

	(void)state;
	assert_null(expr_parse("1 +", 3, &scope, &dim, &is_bool, NULL, NULL));
	assert_int_equal(dim.m, 9);
	assert_true(is_bool);
	expr_free(expr_parse("12 + 3", 2, &scope, &dim, &is_bool, NULL, NULL));
	assert_int_equal(dim.m, 0);
	assert_false(is_bool);
}

#define fresh(f) cmocka_unit_test_setup(f, fresh_values)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fresh(numbers_follow_precedence_and_go_left_to_right),
		fresh(numbers_carry_units_into_si),
		fresh(a_unit_is_the_longest_that_follows_its_number),
		fresh(symbols_and_their_statistics_reach_the_environment),
		fresh(each_symbol_is_told_once_with_each_statistic),
		fresh(the_text_is_kept_as_written),
		fresh(results_have_a_dimension_or_are_conditions),
		fresh(dimensions_that_do_not_fit_are_named),
		fresh(conditions_and_numbers_do_not_mix),
		fresh(grammar_mistakes_say_what_to_write),
		fresh(wrong_names_and_units_are_found_where_they_stand),
		fresh(depth_and_size_are_bounded),
		fresh(unknown_spreads_except_where_logic_decides),
		fresh(what_is_not_finite_is_unknown),
		fresh(comparisons_see_nine_digits),
		fresh(temperatures_and_differences_are_told_apart),
		fresh(results_in_kelvin_say_which_they_are),
		fresh(tcf_agrees_with_the_published_table),
		fresh(outputs_stay_untouched_and_may_be_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
