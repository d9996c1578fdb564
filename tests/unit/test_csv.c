/* SPDX-License-Identifier: MIT
 *
 * Cells as spreadsheets take them: no text becomes a formula, nothing is lost by the quotes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/csv.h"

static void assert_cell(const char *text, const char *want)
{
	struct text out = {0};
	struct csv c;

	csv_init(&c, &out);
	csv_text(&c, text);
	csv_end_row(&c);
	assert_memory_equal(out.buf, "\xef\xbb\xbf", 3);
	assert_string_equal(out.buf + out.len - 2, "\r\n");
	out.buf[out.len - 2] = '\0';
	if (strcmp(out.buf + 3, want) != 0)
		fail_msg("\"%s\" gives %s, not %s", text ? text : "(none)", out.buf + 3, want);
	text_release(&out);
}

static void no_text_becomes_a_formula(void **state)
{
	static const char *const table[][2] = {
		{"=1+1", "\"'=1+1\""},
		{"+86 21", "\"'+86 21\""},
		{"-cmd", "\"'-cmd\""},
		{"@SUM(A1)", "\"'@SUM(A1)\""},
		{"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
		{"=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""},
		{"\t=1", "\"'\t=1\""},
		{"\r=1", "\"'\r=1\""},
		{"\n=1", "\"'\n=1\""},
		{"  =1", "\"'  =1\""},
		{"\"=1", "\"'\"\"=1\""},
		{"'=1", "\"''=1\""},
		{"＝1+1", "\"'＝1+1\""},
		{"＋1", "\"'＋1\""},
		{"－1", "\"'－1\""},
		{"＠x", "\"'＠x\""},
		/* and what is none stays as it is */
		{"RO600-24000101", "RO600-24000101"},
		{"a=b", "a=b"},
		{"合格", "合格"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_cell(table[i][0], table[i][1]);
	assert_cell(NULL, "");
}

static void what_needs_quotes_has_them(void **state)
{
	(void)state;
	assert_cell("a,b", "\"a,b\"");
	assert_cell("he said \"no\"", "\"he said \"\"no\"\"\"");
	assert_cell("two\nlines", "\"two\nlines\"");
	assert_cell("cr\rhere", "\"cr\rhere\"");
}

static void numbers_are_numbers(void **state)
{
	struct text out = {0};
	struct csv c;

	(void)state;
	csv_init(&c, &out);
	csv_number(&c, -0.25);
	csv_number(&c, (double)NAN);
	csv_number(&c, (double)INFINITY);
	csv_int(&c, -7);
	csv_bool(&c, true);
	csv_end_row(&c);
	csv_text(&c, "next");
	csv_end_row(&c);
	assert_string_equal(out.buf + 3, "-0.25,,,-7,true\r\nnext\r\n");
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_becomes_a_formula),
		cmocka_unit_test(what_needs_quotes_has_them),
		cmocka_unit_test(numbers_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
