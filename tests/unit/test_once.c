/* SPDX-License-Identifier: MIT
 *
 * Idempotency-Key: what is compared, what is kept, and that no PIN is in either.
 */
#include "tests/unit/store_bench.h"

#include "station/once.h"

static const char signed_body[] =
	"{\"serial\":\"S-1\",\"sign\":{\"person\":\"wang\",\"pin\":\"8215\"},\"drained\":true}";

static void is_compared_as(const char *body, const char *wanted)
{
	struct text t = {0};

	once_body(body, strlen(body), &t);
	assert_string_equal(t.buf ? t.buf : "", wanted);
	text_release(&t);
}

static void the_pin_of_who_signs_is_in_nothing_that_is_compared(void **state)
{
	static const char wanted[] =
		"{\"drained\":true,\"serial\":\"S-1\",\"sign\":{\"person\":\"wang\"}}";

	(void)state;
	is_compared_as(signed_body, wanted);
	is_compared_as("{ \"drained\" : true, \"sign\": {\"pin\":\"9999\", \"person\":\"wang\"},\n"
		       "\"serial\":\"S-1\" }",
		       wanted);
}

static void another_body_is_another(void **state)
{
	(void)state;
	is_compared_as("{\"sign\":{\"person\":\"li\",\"pin\":\"8215\"}}",
		       "{\"sign\":{\"person\":\"li\"}}");
	is_compared_as("{\"sign\":7}", "{\"sign\":7}");
	is_compared_as("[1]", "[1]");
	is_compared_as("", "");
	is_compared_as("{\"a\":1", "{\"a\":1");
}

static struct once once_of(const char *who, const char *place, const char *body)
{
	struct once o = {.key = "k-1"};
	struct text t = {0};

	(void)text_copy(o.who, sizeof(o.who), who);
	(void)text_copy(o.place, sizeof(o.place), place);
	once_body(body, strlen(body), &t);
	text_sha256(o.body_sha256, t.buf, t.len);
	text_release(&t);
	return o;
}

static int found(struct store *s, const struct once *o, struct text *answer)
{
	struct error err = {0};
	int status = 0, rc;

	text_clear(answer);
	rc = once_find(o, s, &status, answer, &err);
	if (rc == 0)
		assert_int_equal(status, 201);
	return rc;
}

static void what_was_answered_is_found_again_and_belongs_to_its_client(void **state)
{
	struct store *s = open_or_fail();
	struct once first = once_of("token:erp", "CALIBRATE 1", signed_body);
	struct once other_pin = once_of("token:erp", "CALIBRATE 1",
					"{\"serial\":\"S-1\",\"drained\":true,"
					"\"sign\":{\"person\":\"wang\",\"pin\":\"1111\"}}");
	struct once other_body = once_of("token:erp", "CALIBRATE 1", "{\"serial\":\"S-2\"}");
	struct once other_who = once_of("token:two", "CALIBRATE 1", signed_body);
	struct once other_place = once_of("token:erp", "CALIBRATE 2", signed_body);
	struct once none = first;
	struct text answer = {0}, got = {0};
	struct error err = {0};

	(void)state;
	none.key[0] = '\0';
	text_puts(&answer, "{\"a\":1}");
	assert_int_equal(found(s, &first, &got), ERR_NOT_FOUND);
	assert_int_equal(once_keep(&none, s, 201, &answer, &err), 0);
	assert_int_equal(once_keep(&first, s, 201, &answer, &err), 0);
	store_close(s);
	s = open_or_fail();
	assert_int_equal(found(s, &first, &got), 0);
	assert_string_equal(got.buf, "{\"a\":1}");
	assert_int_equal(found(s, &other_pin, &got), 0);
	assert_int_equal(found(s, &other_body, &got), ERR_CONFLICT);
	assert_int_equal(found(s, &other_who, &got), ERR_NOT_FOUND);
	assert_int_equal(found(s, &other_place, &got), ERR_NOT_FOUND);
	text_release(&answer);
	text_release(&got);
	store_close(s);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(the_pin_of_who_signs_is_in_nothing_that_is_compared),
		EACH(another_body_is_another),
		EACH(what_was_answered_is_found_again_and_belongs_to_its_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
