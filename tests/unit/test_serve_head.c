/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/head.h"

#define GET "GET /api/v1/bays HTTP/1.1\r\nHost: localhost\r\n"

static struct head head;

static int read_text(const char *s)
{
	return head_read(&head, s, strlen(s));
}

static void a_plain_request_is_read(void **state)
{
	static const char text[] = "PUT /api/v1/tickets/T%2D1?x=1&y HTTP/1.1\r\n"
				   "host:\t127.0.0.1:8470 \r\n"
				   "AUTHORIZATION: Bearer abc\r\n"
				   "Content-Length: 17\r\n"
				   "Content-Type: application/json\r\n"
				   "X-Other: \xe4\xb8\xad\r\n"
				   "If-Match: \"7\"\r\n\r\n";

	(void)state;
	assert_int_equal(read_text(text), strlen(text));
	assert_string_equal(head.method, "PUT");
	assert_string_equal(head.path, "/api/v1/tickets/T%2D1");
	assert_string_equal(head.query, "x=1&y");
	assert_string_equal(head.host, "127.0.0.1:8470");
	assert_string_equal(head.authorization, "Bearer abc");
	assert_string_equal(head.content_type, "application/json");
	assert_string_equal(head.if_match, "\"7\"");
	assert_int_equal(head.content_length, 17);
	assert_int_equal(head.minor, 1);
	/* What follows the head is the body's. */
	assert_int_equal(head_read(&head, GET "\r\nrest", strlen(GET) + 6), strlen(GET) + 2);
	assert_int_equal(head.content_length, -1);
}

static void every_cut_head_waits_for_more(void **state)
{
	static const char text[] = GET "Accept: */*\r\n\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *exact = malloc(n + 1); /* an overrun shows under asan */

		memcpy(exact, text, n);
		assert_int_equal(head_read(&head, exact, n), 0);
		free(exact);
	}
	assert_true(read_text(text) > 0);
}

static void shapes_that_smuggle_are_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} shapes[] = {
		{GET "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{GET "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
		{GET "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
		{GET "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
		{GET "Content-Length: 3, 4\r\n\r\n", 400},
		{GET "Content-Length: +3\r\n\r\n", 400},
		{GET "Content-Length: -3\r\n\r\n", 400},
		{GET "Content-Length: 0x3\r\n\r\n", 400},
		{GET "Content-Length: \r\n\r\n", 400},
		{GET "Content-Length: 9999999999999\r\n\r\n", 400},
		{GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{GET "Transfer-Encoding: xchunked\r\n\r\n", 400},
		{GET "Transfer-Encoding: identity\r\n\r\n", 400},
		{GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
		{GET "Transfer-Encoding: chunked\r\n\r\n", 411},
		{GET "Transfer-Encoding : chunked\r\n\r\n", 400},
		{GET "Host: localhost\r\n\r\n", 400},
		{GET "Host: evil\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"GET / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{GET " folded: x\r\n\r\n", 400},
		{GET "A: b\r\n\tc\r\n\r\n", 400},
		{GET "A: b\nC: d\r\n\r\n", 400},
		{GET "A: b\rC: d\r\n\r\n", 400},
		{GET "A: b\x01\r\n\r\n", 400},
		{GET "A: b\x7f\r\n\r\n", 400},
		{GET "A b: c\r\n\r\n", 400},
		{GET ": c\r\n\r\n", 400},
		{GET "no colon\r\n\r\n", 400},
		{"\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", 400},
		{"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET /\xe4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET /#x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET /\r\n", 400},
		{"G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400},
		{"GET / HTTP/1.2\r\nHost: localhost\r\n\r\n", 505},
		{GET "Expect: 200-maybe\r\n\r\n", 417},
		{GET "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
		{GET "Content-Type: a\r\nContent-type: b\r\n\r\n", 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (read_text(shapes[i].text) != -1 || head.status != shapes[i].status)
			fail_msg("shape %zu: status %d, expected %d", i, head.status,
				 shapes[i].status);
		assert_non_null(head.code);
		assert_non_null(head.detail);
	}
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = GET "A: b\0c\r\n\r\n";

	(void)state;
	assert_int_equal(head_read(&head, text, sizeof(text) - 1), -1);
	assert_int_equal(head.status, 400);
}

static void heads_beyond_the_bounds_are_refused(void **state)
{
	static char big[HEAD_MAX + 1];
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(big, GET "A: ");
	memset(big + n, 'x', sizeof(big) - n);
	assert_int_equal(head_read(&head, big, HEAD_MAX - 1), 0);
	assert_int_equal(head_read(&head, big, HEAD_MAX), -1);
	assert_int_equal(head.status, 431);

	n = (size_t)sprintf(big, GET);
	for (int i = 0; i < HEAD_FIELDS_MAX; i++)
		n += (size_t)sprintf(big + n, "A%d: b\r\n", i);
	n += (size_t)sprintf(big + n, "\r\n");
	assert_int_equal(head_read(&head, big, n), -1); /* Host makes it 65 */
	assert_int_equal(head.status, 431);

	n = (size_t)sprintf(big, "GET /%0*d HTTP/1.1\r\nHost: localhost\r\n\r\n", HEAD_PATH_MAX, 0);
	assert_int_equal(head_read(&head, big, n), -1);
	assert_int_equal(head.status, 414);

	n = (size_t)sprintf(big, GET "Authorization: %0*d\r\n\r\n", HEAD_VALUE_MAX, 0);
	assert_int_equal(head_read(&head, big, n), -1);
	assert_int_equal(head.status, 431);
}

static void only_this_machines_names_are_its_own(void **state)
{
	static const char *const own[] = {"localhost",	 "LOCALHOST:8470", "127.0.0.1",
					  "127.0.0.1:1", "[::1]",	   "[::1]:8470"};
	static const char *const others[] = {
		"",	      "localhost.evil.example", "evil", "localhost:", "localhost:x",
		"127.0.0.11", "127.0.0.1:80a",		"::1",	"localhost@x"};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_true(head_host_is_local(own[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(head_host_is_local(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_is_read),
		cmocka_unit_test(every_cut_head_waits_for_more),
		cmocka_unit_test(shapes_that_smuggle_are_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(heads_beyond_the_bounds_are_refused),
		cmocka_unit_test(only_this_machines_names_are_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
