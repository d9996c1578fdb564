/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/format.h"

static struct text out;

static const char *taken(void)
{
	return out.buf ? out.buf : "";
}

static int setup(void **state)
{
	(void)state;
	out = (struct text){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	text_release(&out);
	return 0;
}

static void cjk_characters_count_two_columns(void **state)
{
	(void)state;
	assert_int_equal(format_columns(""), 0);
	assert_int_equal(format_columns("abc"), 3);
	assert_int_equal(format_columns("进水压力"), 8);
	assert_int_equal(format_columns("pH值 µS"), 7);
	assert_int_equal(format_columns("a\xff"), 2); /* what is no UTF-8 counts one */
}

static void cells_are_filled_and_cut_to_their_width(void **state)
{
	static const struct {
		const char *s;
		int width;
		bool right;
		const char *want;
	} cases[] = {
		{"abc", 5, false, "abc  "},	{"abc", 5, true, "  abc"},
		{"abcdef", 4, false, "abc~"},	{"脱盐率", 8, false, "脱盐率  "},
		{"脱盐率", 6, false, "脱盐率"}, {"脱盐率", 5, false, "脱盐~"},
		{"脱盐率", 4, false, "脱~ "},	{"", 2, false, "  "},
		{"abc", 0, false, ""},		{"脱", 1, false, "~"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		format_cell(&out, cases[i].s, cases[i].width, cases[i].right);
		assert_string_equal(taken(), cases[i].want);
		assert_int_equal(format_columns(taken()), cases[i].width);
	}
}

static void bars_show_the_fraction_and_never_more(void **state)
{
	(void)state;
	format_bar(&out, 0.5, 12, false);
	assert_string_equal(taken(), "[#####.....]");
	text_clear(&out);
	format_bar(&out, 7, 6, false);
	assert_string_equal(taken(), "[####]");
	text_clear(&out);
	format_bar(&out, (double)NAN, 6, false);
	assert_string_equal(taken(), "[....]");
	text_clear(&out);
	format_bar(&out, -1, 6, true);
	assert_int_equal(format_columns(taken()), 6);
	text_clear(&out);
	format_bar(&out, 0.5, 2, false);
	assert_string_equal(taken(), "");
}

static void durations_read_as_on_a_clock(void **state)
{
	static const struct {
		double s;
		const char *want;
	} cases[] = {{0, "0:00"},	{59.4, "0:59"}, {59.6, "1:00"},	    {245, "4:05"},
		     {3723, "1:02:03"}, {-1, "-"},	{(double)NAN, "-"}, {1e12, "-"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		format_duration(&out, cases[i].s);
		assert_string_equal(taken(), cases[i].want);
	}
}

static void numbers_keep_four_digits_and_no_exponent(void **state)
{
	static const struct {
		double v;
		const char *want;
	} cases[] = {{0, "0"},		 {0.25, "0.25"},     {-0.0001, "-0.0001"},
		     {0.93215, "0.932"}, {12.345, "12.35"},  {250.04, "250"},
		     {250.46, "250.5"},	 {98765, "98765"},   {0.01234, "0.0123"},
		     {-0.0, "0"},	 {(double)NAN, "-"}, {(double)INFINITY, "-"},
		     {1e12, "1e+12"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		format_number(&out, cases[i].v);
		assert_string_equal(taken(), cases[i].want);
	}
}

static void readings_keep_the_decimals_of_their_unit(void **state)
{
	static const struct {
		double v;
		const char *unit, *want;
	} cases[] = {{0.25, "MPa", "0.250"},
		     {-0.0001, "MPa", "0.000"},
		     {-0.0006, "MPa", "-0.001"},
		     {1.5, "L/min", "1.50"},
		     {498.4, "\xc2\xb5S/cm", "498"},
		     {36, "\xc2\xb5S/cm", "36.0"},
		     {230, "V", "230.0"},
		     {(double)NAN, "W", "-"},
		     {1e12, "W", "1e+12"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		format_reading(&out, cases[i].v, cases[i].unit);
		assert_string_equal(taken(), cases[i].want);
	}
}

static void long_lines_break_at_blanks(void **state)
{
	(void)state;
	format_wrapped(&out, "  - code: one two  three", 14, 4);
	assert_string_equal(taken(), "  - code: one\n    two  three\n");
	text_clear(&out);
	format_wrapped(&out, "unbreakable and", 5, 2);
	assert_string_equal(taken(), "unbreakable\n  and\n");
	text_clear(&out);
	format_wrapped(&out, "one two three", 0, 2);
	assert_string_equal(taken(), "one two three\n");
}

static void hidden_columns_take_no_room(void **state)
{
	struct table t;

	(void)state;
	table_init(&t, 3, 0);
	table_row(&t, (const char *[]){"a", "bbb", "c"});
	table_row(&t, (const char *[]){"aa", "b", ""});
	assert_int_equal(table_width(&t), 10);
	t.hidden = 1u << 0;
	assert_int_equal(table_width(&t), 6);
	table_print(&t, "", &out);
	assert_string_equal(taken(), "bbb  c\nb\n");
	table_release(&t);
}

static void tables_align_wide_characters(void **state)
{
	static const char want[] = "  item       value  unit\n"
				   "  脱盐率        92  %\n"
				   "  rejection   91.5  %\n";
	struct table t;

	(void)state;
	table_init(&t, 3, 1u << 1);
	table_row(&t, (const char *[]){"item", "value", "unit"});
	table_row(&t, (const char *[]){"脱盐率", "92", "%"});
	table_row(&t, (const char *[]){"rejection", "91.5", "%"});
	table_print(&t, "  ", &out);
	assert_string_equal(taken(), want);
	table_release(&t);
}

static void panels_stand_side_by_side_in_equal_columns(void **state)
{
	static struct lines a, b;
	const char *line;

	(void)state;
	text_puts(lines_add(&a), "工位 1");
	text_puts(lines_add(&a), "a line that is longer than its panel");
	text_puts(lines_add(&b), "bay 2");
	format_side_by_side(&out, &a, &b, 20);
	line = taken();
	for (int i = 0; i < 2; i++) {
		char one[128];
		size_t n = strcspn(line, "\n");

		snprintf(one, sizeof(one), "%.*s", (int)n, line);
		assert_int_equal(format_columns(one), 42);
		line += n + 1;
	}
	assert_string_equal(line, "");
	assert_non_null(strstr(taken(), "工位 1                bay 2"));
	lines_release(&a);
	lines_release(&b);
}

static void lines_beyond_the_last_are_not_written(void **state)
{
	static struct lines l;

	(void)state;
	for (int i = 0; i < LINES_MAX + 5; i++)
		text_puts(lines_add(&l), "x");
	assert_int_equal(l.count, LINES_MAX);
	lines_release(&l);
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(cjk_characters_count_two_columns),
		EACH(cells_are_filled_and_cut_to_their_width),
		EACH(bars_show_the_fraction_and_never_more),
		EACH(durations_read_as_on_a_clock),
		EACH(numbers_keep_four_digits_and_no_exponent),
		EACH(readings_keep_the_decimals_of_their_unit),
		EACH(long_lines_break_at_blanks),
		EACH(hidden_columns_take_no_room),
		EACH(tables_align_wide_characters),
		EACH(panels_stand_side_by_side_in_equal_columns),
		EACH(lines_beyond_the_last_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
