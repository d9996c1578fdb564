/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/yaml.h"

struct file {
	struct arena *arena;
	struct problems problems;
	struct yaml y;
	bool ok;
};

static void read_n(struct file *f, const char *text, size_t n)
{
	*f = (struct file){.arena = arena_new()};
	f->ok = yaml_parse(&f->y, "f.yaml", text, n, f->arena, &f->problems);
}

static void read_text(struct file *f, const char *text)
{
	read_n(f, text, strlen(text));
}

static void done(struct file *f)
{
	problems_release(&f->problems);
	arena_free(f->arena);
}

/* One problem, at that place, saying that. */
static void refuses_n(const char *text, size_t n, int line, int col, const char *what)
{
	struct file f;

	read_n(&f, text, n);
	assert_false(f.ok);
	assert_int_equal(f.problems.count, 1);
	assert_non_null(strstr(f.problems.at[0].text, what));
	assert_int_equal(f.problems.at[0].line, line);
	assert_int_equal(f.problems.at[0].col, col);
	assert_string_equal(f.problems.at[0].file, "f.yaml");
	done(&f);
}

static void refuses(const char *text, int line, int col, const char *what)
{
	refuses_n(text, strlen(text), line, col, what);
}

static void keys_and_values_know_their_place(void **state)
{
	const struct yaml_node *n;
	struct file f;

	(void)state;
	read_text(&f, "a: 1\nb:\n  c: 'two'\n  d: [x, y]\n");
	assert_true(f.ok);
	assert_true(f.y.complete);
	n = yaml_get(f.y.root, "a");
	assert_string_equal(n->text, "1");
	assert_int_equal(n->line, 1);
	assert_int_equal(n->col, 4);
	assert_int_equal(n->key_col, 1);
	n = yaml_get(yaml_get(f.y.root, "b"), "c");
	assert_int_equal(n->line, 3);
	assert_int_equal(n->col, 6);
	assert_int_equal(n->key_line, 3);
	assert_int_equal(n->key_col, 3);
	assert_true(n->quoted);
	assert_int_equal(n->text_col, 7);
	n = yaml_get(yaml_get(f.y.root, "b"), "d");
	assert_int_equal(n->kind, YAML_LIST);
	assert_int_equal(n->count, 2);
	assert_string_equal(n->first->next->text, "y");
	assert_int_equal(n->first->next->col, 10);
	done(&f);
}

static void columns_are_bytes_after_chinese_text(void **state)
{
	const struct yaml_node *n;
	struct file f;

	(void)state;
	read_text(&f, "t: {zh: 净水, en: water}\n");
	assert_true(f.ok);
	n = yaml_get(yaml_get(f.y.root, "t"), "en");
	assert_int_equal(n->key_col, 17);
	assert_int_equal(n->col, 21);
	done(&f);
}

static void a_place_within_a_quoted_text_is_found(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "when: \"a > b\"\n");
	yaml_problem_in(&f.y, yaml_get(f.y.root, "when"), 5, "no b");
	assert_int_equal(f.problems.at[0].col, 12);
	assert_string_equal(f.problems.at[0].excerpt, "when: \"a > b\"");
	done(&f);
}

static void folded_text_is_one_line_and_points_to_its_start(void **state)
{
	const struct yaml_node *n;
	struct file f;

	(void)state;
	read_text(&f, "v: >-\n  a +\n  b\nw: 1\n");
	assert_true(f.ok);
	n = yaml_get(f.y.root, "v");
	assert_string_equal(n->text, "a + b");
	yaml_problem_in(&f.y, n, 3, "no");
	assert_int_equal(f.problems.at[0].line, 1);
	assert_int_equal(f.problems.at[0].col, 4);
	done(&f);
}

static void windows_line_ends_and_a_byte_order_mark_change_nothing(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "\xef\xbb\xbf"
		      "a: 1\r\nb: 2\r\n");
	assert_true(f.ok);
	assert_int_equal(yaml_get(f.y.root, "b")->line, 2);
	assert_int_equal(yaml_get(f.y.root, "b")->col, 4);
	assert_int_equal(yaml_get(f.y.root, "a")->col, 4);
	done(&f);
}

static void what_a_strict_file_may_not_hold_is_refused(void **state)
{
	(void)state;
	refuses("a: &x 1\n", 1, 4, "anchors");
	refuses("a: *x\n", 1, 4, "aliases");
	refuses("a: !!int 1\n", 1, 4, "tags");
	refuses("a: !x {b: 1}\n", 1, 4, "tags");
	refuses("a: 1\nb: 2\na: 3\n", 3, 1, "second time; it is first on line 1");
	refuses("a:\n\tb: 1\n", 2, 1, "tab");
	refuses("a: 1\n---\nb: 2\n", 2, 1, "second document");
	refuses("%YAML 1.1\n---\na: 1\n", 1, 1, "directives");
	refuses("? [1, 2]\n: 3\n", 1, 3, "key");
	refuses("a: [1\n", 1, 4, "YAML syntax");
	refuses("", 1, 1, "nothing in the file");
	refuses("# only words\n", 1, 1, "nothing in the file");
	refuses("a: b: c\n", 1, 5, "YAML syntax");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	refuses("a: \xff\n", 1, 4, "not UTF-8");
	refuses("a: 1\nb: \x01\n", 2, 4, "control character 0x01");
	refuses("a: 1\rb: 2\n", 1, 5, "control character 0x0d");
	refuses("a: \xe2\x80\xa8\n", 1, 4, "control character");
	refuses_n("a: \0b\n", 6, 1, 4, "control character 0x00");
}

static void every_duplicate_is_told_and_reading_goes_on(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "a: 1\na: 2\nb: {c: 1, c: 2}\nd: &x 5\n");
	assert_false(f.ok);
	assert_true(f.y.complete);
	assert_int_equal(f.problems.count, 3);
	assert_int_equal(f.problems.at[0].line, 2);
	assert_int_equal(f.problems.at[1].col, 11);
	assert_string_equal(yaml_get(f.y.root, "d")->text, "5");
	done(&f);
}

static void depth_size_and_number_are_bounded(void **state)
{
	static char big[YAML_BYTES_MAX + 2];
	char deep[64];

	(void)state;
	memset(deep, '[', 24);
	memset(deep + 24, ']', 24);
	deep[48] = '\0';
	struct file f;
	read_text(&f, deep);
	assert_true(f.ok);
	done(&f);
	memset(deep, '[', 25);
	memset(deep + 25, ']', 25);
	deep[50] = '\0';
	refuses(deep, 1, 25, "nested too deeply");
	memset(big, '#', sizeof(big) - 1);
	refuses_n(big, YAML_BYTES_MAX + 1, 0, 0, "at most 1048576 bytes");
	for (size_t i = 1; i < 8001; i += 2)
		memcpy(big + i, "1,", 2);
	big[0] = '[';
	big[8001] = ']';
	refuses_n(big, 8002, 1, 4098, "too many entries");
}

static void an_incomplete_file_is_marked_so(void **state)
{
	char text[400] = "";
	struct file f;

	(void)state;
	read_text(&f, "a: [2\n");
	assert_false(f.ok || f.y.complete || f.y.root);
	done(&f);
	for (int i = 0; i < 40; i++)
		strcat(text, "a: [2\n");
	read_text(&f, text);
	assert_false(f.ok || f.y.complete);
	assert_int_equal(f.problems.count, 33);
	done(&f);
}

static const struct problem *told_at(const struct file *f, int line, int col, const char *what)
{
	for (int i = 0; i < f->problems.count; i++)
		if (f->problems.at[i].line == line && f->problems.at[i].col == col &&
		    strstr(f->problems.at[i].text, what))
			return &f->problems.at[i];
	return NULL;
}

static void every_line_that_cannot_be_read_is_told_and_the_rest_is_read(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "a: [1, 2\n"
		      "b: 1\n"
		      "c:\n"
		      "\td: 2\n"
		      "  e: 3\n"
		      "f: \"\\q\"\n"
		      "g: one: two\n"
		      "h: \xff\n"
		      "  i: 1\n"
		      "no colon\n"
		      "j: 'open\n"
		      "k: 'z'\n"
		      "b: 2\n");
	assert_false(f.ok);
	assert_true(f.y.complete);
	assert_non_null(told_at(&f, 1, 4, "expected ',' or ']' while parsing a flow sequence"));
	assert_non_null(told_at(&f, 4, 1, "tab in the indentation"));
	assert_non_null(told_at(&f, 6, 5, "escape character"));
	assert_non_null(told_at(&f, 7, 7, "mapping values are not allowed"));
	assert_non_null(told_at(&f, 8, 4, "not UTF-8"));
	assert_non_null(told_at(&f, 10, 1, "could not find expected ':'"));
	assert_non_null(told_at(&f, 11, 4, "is closed on line 12 only"));
	assert_non_null(told_at(&f, 13, 1, "second time"));
	assert_int_equal(f.problems.count, 8);
	assert_int_equal(f.y.root->count, 3);
	assert_string_equal(yaml_get(f.y.root, "k")->text, "z");
	done(&f);
}

static void what_a_lost_line_may_have_been_part_of_is_not_whole(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "a:\n"
		      "  b:\n"
		      "    c: [1\n"
		      "  d: {x: 1}\n"
		      "e:\n"
		      "  - f: 1\n"
		      "  - g: {\n"
		      "    h: 1\n"
		      "  - i: 1\n"
		      "j:\n"
		      "  k: 1\n"
		      "  l: ]\n"
		      "  m: 2\n");
	assert_int_equal(f.problems.count, 3);
	const struct yaml_node *a = yaml_get(f.y.root, "a"), *e = yaml_get(f.y.root, "e");
	assert_true(yaml_get(a, "b")->unread);
	assert_false(a->partial || yaml_get(a, "d")->partial);
	assert_int_equal(e->count, 2);
	assert_true(e->partial);
	assert_false(e->first->partial || e->first->next->partial);
	/* where a stray bracket belongs is not clear: nothing around it is whole */
	assert_true(yaml_get(f.y.root, "j")->partial && f.y.root->partial);
	done(&f);
}

static void what_could_not_be_read_is_marked_where_it_stands(void **state)
{
	struct file f;

	(void)state;
	read_text(&f, "a: *x\nb: 2\nb: 3\nc: {[d]: 4}\n");
	assert_false(f.ok);
	assert_true(f.y.complete);
	assert_int_equal(f.problems.count, 3);
	assert_true(yaml_get(f.y.root, "a")->unread);
	assert_true(yaml_get(f.y.root, "b")->partial);
	assert_true(yaml_get(f.y.root, "c")->partial);
	assert_false(f.y.root->partial || yaml_get(f.y.root, "b")->unread);
	done(&f);
}

static void long_lines_are_cut_in_the_excerpt_at_a_character(void **state)
{
	char text[1200] = "a: ";
	struct file f;

	(void)state;
	for (size_t i = 3; i + 3 < 1000; i += 3)
		memcpy(text + i, "\xe6\xb0\xb4", 3);
	strcat(text, "\na: 1\n");
	read_text(&f, text);
	yaml_problem_at(&f.y, 1, 4, "long");
	for (int i = 0; i < f.problems.count; i++)
		assert_true(strlen(f.problems.at[i].excerpt) <= 400);
	done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_values_know_their_place),
		cmocka_unit_test(columns_are_bytes_after_chinese_text),
		cmocka_unit_test(a_place_within_a_quoted_text_is_found),
		cmocka_unit_test(folded_text_is_one_line_and_points_to_its_start),
		cmocka_unit_test(windows_line_ends_and_a_byte_order_mark_change_nothing),
		cmocka_unit_test(what_a_strict_file_may_not_hold_is_refused),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(every_duplicate_is_told_and_reading_goes_on),
		cmocka_unit_test(depth_size_and_number_are_bounded),
		cmocka_unit_test(an_incomplete_file_is_marked_so),
		cmocka_unit_test(every_line_that_cannot_be_read_is_told_and_the_rest_is_read),
		cmocka_unit_test(what_a_lost_line_may_have_been_part_of_is_not_whole),
		cmocka_unit_test(what_could_not_be_read_is_marked_where_it_stands),
		cmocka_unit_test(long_lines_are_cut_in_the_excerpt_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
