/* SPDX-License-Identifier: MIT */
#include "expr_bench.h"

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
	assert_value("5 %+1 %", 0.06);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_follow_precedence_and_go_left_to_right,
				       fresh_values),
		cmocka_unit_test_setup(numbers_carry_units_into_si, fresh_values),
		cmocka_unit_test_setup(a_unit_is_the_longest_that_follows_its_number, fresh_values),
		cmocka_unit_test_setup(symbols_and_their_statistics_reach_the_environment,
				       fresh_values),
		cmocka_unit_test_setup(each_symbol_is_told_once_with_each_statistic, fresh_values),
		cmocka_unit_test_setup(the_text_is_kept_as_written, fresh_values),
		cmocka_unit_test_setup(results_have_a_dimension_or_are_conditions, fresh_values),
		cmocka_unit_test_setup(unknown_spreads_except_where_logic_decides, fresh_values),
		cmocka_unit_test_setup(what_is_not_finite_is_unknown, fresh_values),
		cmocka_unit_test_setup(comparisons_see_nine_digits, fresh_values),
		cmocka_unit_test_setup(results_in_kelvin_say_which_they_are, fresh_values),
		cmocka_unit_test_setup(tcf_agrees_with_the_published_table, fresh_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
