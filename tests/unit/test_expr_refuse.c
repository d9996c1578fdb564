/* SPDX-License-Identifier: MIT
 *
 * What expressions refuse: where, and with which words.
 */
#include "expr_bench.h"

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

static void percent_and_bare_numbers_do_not_meet(void **state)
{
	(void)state;
	assert_refused("66 % + 5", 6, "a number without unit stands beside a percent");
	assert_refused("5 - 66 %", 3, "such as 5 %");
	assert_refused("min2(66 %, 3 * 2)", 1, "a number without unit stands beside a percent");
	assert_refused("0.5 * 66 % < 33", 12, "a number without unit stands beside a percent");
	assert_refused("abs(66 %) == sqrt(4)", 11, "a number without unit stands beside a percent");
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

struct told {
	int count, cols[4];
};

static int resolve_broken(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	(void)ctx;
	if (strcmp(name, "flow") == 0) {
		*out = (struct expr_symbol){.dim = quantity_unit(QUANTITY_FLOW)->dim};
		return 0;
	}
	out->is_unclear = strcmp(name, "broken") == 0;
	return out->is_unclear ? 0 : error_set(err, ERR_NOT_FOUND, "no %s", name);
}

static void note_col(void *ctx, int col, const char *why)
{
	struct told *t = ctx;

	assert_memory_equal(why, "no ", 3);
	assert_true(t->count < 4);
	t->cols[t->count++] = col;
}

static const char *error_of(const char *text, struct told *t)
{
	static struct error err;
	struct expr_scope broken = {.ctx = t, .resolve = resolve_broken, .refused = note_col};
	struct expr *e;

	*t = (struct told){0};
	err = (struct error){0};
	e = expr_parse(text, strlen(text), &broken, NULL, NULL, NULL, &err);
	expr_free(e);
	return e ? NULL : err.text;
}

static void every_unknown_name_is_told_and_the_rest_is_looked_at(void **state)
{
	struct told t;

	(void)state;
	assert_null(error_of("one + flow > two and not three", &t));
	assert_int_equal(t.count, 3);
	assert_int_equal(t.cols[0], 1);
	assert_int_equal(t.cols[1], 14);
	assert_int_equal(t.cols[2], 26);
	assert_non_null(strstr(error_of("one > 2 or flow > 3 MPa", &t), "cannot be compared"));
	assert_int_equal(t.count, 1);
	assert_non_null(strstr(error_of("one > ", &t), "ends too early"));
}

static void what_is_refused_fits_anything_and_hides_nothing(void **state)
{
	struct told t;

	(void)state;
	assert_null(error_of("broken and broken > 3 MPa and not broken", &t));
	assert_null(error_of("mean(broken) / flow - 2 K > tcf(broken) + exp(broken)", &t));
	assert_null(error_of("sqrt(abs(-broken) ^ 3) == max2(broken, 1 s)", &t));
	assert_null(error_of("(broken == (flow > 1 L/min)) or broken == 2 MPa", &t));
	assert_int_equal(t.count, 0);
	assert_non_null(strstr(error_of("broken + (flow > 1 L/min)", &t), "a condition"));
	assert_non_null(strstr(error_of("broken and flow", &t), "and expects a condition"));
	assert_non_null(strstr(error_of("(broken > 1) + 2", &t), "a condition"));
	assert_non_null(strstr(error_of("exp(broken) > 1 MPa", &t), "cannot be compared"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(dimensions_that_do_not_fit_are_named, fresh_values),
		cmocka_unit_test_setup(percent_and_bare_numbers_do_not_meet, fresh_values),
		cmocka_unit_test_setup(conditions_and_numbers_do_not_mix, fresh_values),
		cmocka_unit_test_setup(grammar_mistakes_say_what_to_write, fresh_values),
		cmocka_unit_test_setup(wrong_names_and_units_are_found_where_they_stand,
				       fresh_values),
		cmocka_unit_test_setup(depth_and_size_are_bounded, fresh_values),
		cmocka_unit_test_setup(temperatures_and_differences_are_told_apart, fresh_values),
		cmocka_unit_test_setup(outputs_stay_untouched_and_may_be_absent, fresh_values),
		cmocka_unit_test(every_unknown_name_is_told_and_the_rest_is_looked_at),
		cmocka_unit_test(what_is_refused_fits_anything_and_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
