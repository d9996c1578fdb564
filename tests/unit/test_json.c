/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

static void write_sample(struct json *j)
{
	json_open_object(j);
	json_kv_string(j, "id", "run-1");
	json_kv_string(j, "none", NULL);
	json_kv_number(j, "value", 0.1 + 0.2);
	json_kv_number(j, "lost", (double)NAN);
	json_kv_int(j, "at", INT64_MIN);
	json_kv_bool(j, "ok", true);
	json_key(j, "list");
	json_open_array(j);
	json_put_int(j, 1);
	json_open_array(j);
	json_end_array(j);
	json_open_object(j);
	json_end_object(j);
	json_put_null(j);
	json_put_raw(j, "{\"a\":1}", 7);
	json_put_bool(j, false);
	json_put_number(j, -0.0);
	json_end_array(j);
	json_kv_string(j, "after", "x");
	json_end_object(j);
}

static void writer_sets_commas_and_keeps_whole_numbers_exact(void **state)
{
	struct text t = {0};
	struct json j;

	(void)state;
	json_init(&j, &t);
	write_sample(&j);
	assert_string_equal(t.buf, "{\"id\":\"run-1\",\"none\":null,\"value\":0.3,\"lost\":null,"
				   "\"at\":-9223372036854775808,\"ok\":true,"
				   "\"list\":[1,[],{},null,{\"a\":1},false,0],\"after\":\"x\"}");
	text_release(&t);
}

static void strings_are_escaped_and_always_utf8(void **state)
{
	struct text t = {0};
	struct json j;

	(void)state;
	json_init(&j, &t);
	json_open_array(&j);
	json_put_string(&j, "a\"b\\c\n\x01\x7f水/");
	json_put_string(&j, "x\xffy\xe6\xb0");
	json_put_string_n(&j, "a\0b", 3);
	json_put_string(&j, "");
	json_end_array(&j);
	assert_string_equal(t.buf,
			    "[\"a\\\"b\\\\c\\n\\u0001\\u007f水/\","
			    "\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\",\"a\\u0000b\",\"\"]");
	text_release(&t);
}

static void what_is_written_reads_back(void **state)
{
	struct text t = {0};
	struct json j;
	struct error err = {0};
	json_t *root;

	(void)state;
	json_init(&j, &t);
	write_sample(&j);
	root = json_load_limited(t.buf, t.len, 65536, &err);
	assert_non_null(root);
	assert_true(json_integer_value(json_object_get(root, "at")) == INT64_MIN);
	assert_true(json_number_value(json_object_get(root, "value")) == 0.3);
	assert_int_equal(json_array_size(json_object_get(root, "list")), 7);
	json_decref(root);
	text_release(&t);
}

static void same_calls_give_same_bytes(void **state)
{
	struct text a = {0}, b = {0};
	struct json j;

	(void)state;
	json_init(&j, &a);
	write_sample(&j);
	json_init(&j, &b);
	write_sample(&j);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.buf, b.buf, a.len);
	text_release(&a);
	text_release(&b);
}

static void depth_reaches_its_bound_in_both_directions(void **state)
{
	struct text t = {0};
	struct error err = {0};
	struct json j;
	json_t *root;

	(void)state;
	json_init(&j, &t);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_open_array(&j);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_end_array(&j);
	assert_string_equal(t.buf, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
	root = json_load_limited(t.buf, t.len, 100, &err);
	assert_non_null(root);
	json_decref(root);
	text_release(&t);
	assert_null(json_load_limited("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 34, 100, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	/* Brackets in a string nest nothing. */
	root = json_load_limited("[\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"]", 28, 100, &err);
	assert_non_null(root);
	json_decref(root);
}

static void input_that_is_not_strict_json_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}x",
		"{}{}",
		"{\"a\":1,\"a\":2}",
		"{\"a\":NaN}",
		"{\"a\":Infinity}",
		"{\"a\":1e999}",
		"{\"a\":99999999999999999999}",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{a:1}",
		"{'a':1}",
		"[1,]",
		"[1]//",
		"[\"\xff\"]",
		"[\"\xed\xa0\x80\"]",
		"[\"\\ud800\"]",
		"[\"\\u0000\"]",
		"[\"a\nb\"]",
		"\xef\xbb\xbf{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = {0};

		assert_null(json_load_limited(bad[i], strlen(bad[i]), 65536, &err));
		assert_int_equal(err.code, ERR_SYNTAX);
		assert_true(err.text[0] != '\0');
	}
}

static void input_beyond_its_size_is_refused_unread(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(json_load_limited("[1]", 3, 2, &err));
	assert_int_equal(err.code, ERR_LIMIT);
}

static const char *const wanted[] = {"a", "list", "deep", NULL};

static void of_a_document_the_named_members_alone_are_taken(void **state)
{
	static const char *const pairs[][2] = {
		{"{\"a\":1,\"x\":2,\"list\":[{\"x\":0,\"a\":\"\\\"}\",\"y\":[1,{\"a\":9}]},true,null]}",
		 "{\"a\":1,\"list\":[{\"a\":\"\\\"}\"},true,null]}"},
		{"{\"x\":{\"a\":1}, \"deep\" : {\"deep\":{\"a\":-1.5e3,\"aa\":1}} }",
		 "{\"deep\":{\"deep\":{\"a\":-1500.0}}}"},
		{"{\"x\":\"}]\\\\\",\"y\":[\"[\",{}],\"a\":[]}", "{\"a\":[]}"},
		{"{\"x\":1}", "{}"},
		{"[ ]", "[]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *from = pairs[i][0];
		json_t *picked = json_load_members(from, strlen(from), 65536, wanted, NULL);
		json_t *same = json_load_limited(pairs[i][1], strlen(pairs[i][1]), 65536, NULL);

		assert_non_null(picked);
		assert_true(json_equal(picked, same));
		json_decref(picked);
		json_decref(same);
	}
}

/* Whatever is cut off or comes twice, nothing is read of it: there is no half document. */
static void a_broken_document_has_no_members(void **state)
{
	static const char whole[] = "{\"x\":{\"y\":[1,\"\\\"\"]},\"a\":[true,{\"list\":\"z\"}]}";
	static const char *const bad[] = {
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"a\":1}}",
		"{\"x\":[1,]}",
		"{\"x\":1,}",
		"{\"x\":[1}}",
		"{\"x\" 1}",
		"{x:1}",
		"{\"x\":\"a\nb\"}",
		"{\"a\":tru}",
		"{\"x\":}",
		"{\"a\":01}",
		"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
	};
	struct error err;
	json_t *good = json_load_members(whole, strlen(whole), 65536, wanted, NULL);

	(void)state;
	assert_non_null(good);
	json_decref(good);
	for (size_t n = 0; n < strlen(whole); n++) {
		err.code = 0;
		assert_null(json_load_members(whole, n, 65536, wanted, &err));
		assert_int_equal(err.code, ERR_SYNTAX);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(json_load_members(bad[i], strlen(bad[i]), 65536, wanted, NULL));
	assert_null(json_load_members("{}\0", 3, 65536, wanted, NULL));
	assert_null(json_load_members(whole, strlen(whole), strlen(whole) - 1, wanted, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_sets_commas_and_keeps_whole_numbers_exact),
		cmocka_unit_test(strings_are_escaped_and_always_utf8),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(same_calls_give_same_bytes),
		cmocka_unit_test(depth_reaches_its_bound_in_both_directions),
		cmocka_unit_test(input_that_is_not_strict_json_is_refused),
		cmocka_unit_test(input_beyond_its_size_is_refused_unread),
		cmocka_unit_test(of_a_document_the_named_members_alone_are_taken),
		cmocka_unit_test(a_broken_document_has_no_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
