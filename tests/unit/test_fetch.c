/* SPDX-License-Identifier: MIT
 *
 * Requests to another machine, against a server in a thread that says what the test tells it to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "serve/fetch.h"

static struct {
	int listener, port;
	_Atomic int visits;
	const char *says; /* NULL: nothing, until the visitor leaves */
	char heard[8192];
	pthread_t thread;
	struct loop *loop;
	struct fetcher *fetcher;
	int left, status;
	char error[32], body[256];
	size_t size;
} t;

static void hear(int fd)
{
	size_t n = 0, want = 0;

	while (n < sizeof(t.heard) - 1) {
		ssize_t got = recv(fd, t.heard + n, sizeof(t.heard) - 1 - n, 0);
		const char *end, *length;

		if (got <= 0)
			break;
		n += (size_t)got;
		t.heard[n] = '\0';
		end = strstr(t.heard, "\r\n\r\n");
		length = strstr(t.heard, "Content-Length: ");
		want = length ? strtoul(length + 16, NULL, 10) : 0;
		if (end && t.says && n >= (size_t)(end + 4 - t.heard) + want)
			break;
	}
}

static void *serve(void *ctx)
{
	(void)ctx;
	for (;;) {
		int fd = accept(t.listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		t.visits++;
		hear(fd);
		for (size_t at = 0, n = t.says ? strlen(t.says) : 0; at < n;) {
			ssize_t put = send(fd, t.says + at, n - at, MSG_NOSIGNAL);

			if (put <= 0)
				break;
			at += (size_t)put;
		}
		close(fd);
	}
}

static int setup(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);

	(void)state;
	memset(&t, 0, sizeof(t));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(t.listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(t.listener, 8), 0);
	assert_int_equal(getsockname(t.listener, (struct sockaddr *)&a, &n), 0);
	t.port = ntohs(a.sin_port);
	t.loop = loop_new();
	t.fetcher = fetcher_new(t.loop, NULL);
	assert_int_equal(pthread_create(&t.thread, NULL, serve, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fetcher_free(t.fetcher);
	shutdown(t.listener, SHUT_RDWR);
	pthread_join(t.thread, NULL);
	close(t.listener);
	loop_free(t.loop);
	return 0;
}

static void on_done(void *ctx, const struct fetch_answer *a)
{
	(void)ctx;
	t.status = a->status;
	t.size = a->size;
	(void)text_copy(t.error, sizeof(t.error), a->error);
	(void)text_copy(t.body, sizeof(t.body), a->body);
	if (--t.left == 0)
		loop_stop(t.loop, 0);
}

static void fetch(struct fetch_request rq)
{
	t.left = 1;
	assert_int_equal(fetch_start(t.fetcher, &rq, on_done, NULL), 0);
	loop_run(t.loop);
	assert_int_equal(fetch_count(t.fetcher), 0);
}

static const char *url(const char *host, const char *path)
{
	static char u[128];

	(void)snprintf(u, sizeof(u), "%s:%d%s", host, t.port, path);
	return u;
}
#define HERE url("http://127.0.0.1", "/hook?a=1")

static void a_request_goes_out_as_it_was_said_and_its_answer_comes_back(void **state)
{
	(void)state;
	t.says = "HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"errcode\":0}";
	fetch((struct fetch_request){.method = "POST",
				     .url = HERE,
				     .headers = {"Content-Type: application/json", "X-A: b"},
				     .body = "{\"a\":\"\xc3\xa9\"}",
				     .size = 10});
	assert_int_equal(t.status, 201);
	assert_string_equal(t.error, "");
	assert_string_equal(t.body, "{\"errcode\":0}");
	assert_int_equal(strncmp(t.heard, "POST /hook?a=1 HTTP/1.1\r\n", 25), 0);
	assert_non_null(strstr(t.heard, "\r\nX-A: b\r\n"));
	assert_non_null(strstr(t.heard, "\r\nContent-Type: application/json\r\n"));
	assert_null(strstr(t.heard, "Expect"));
	assert_non_null(strstr(t.heard, "\r\n\r\n{\"a\":\"\xc3\xa9\"}"));
}

static void a_get_sends_no_body(void **state)
{
	(void)state;
	t.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	fetch((struct fetch_request){.method = "GET", .url = HERE});
	assert_int_equal(t.status, 200);
	assert_null(strstr(t.heard, "Content-Length"));
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
	char says[200];

	(void)state;
	(void)snprintf(says, sizeof(says),
		       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/b\r\n"
		       "Content-Length: 0\r\nConnection: close\r\n\r\n",
		       t.port);
	t.says = says;
	fetch((struct fetch_request){.method = "POST", .url = HERE});
	assert_int_equal(t.status, 302);
	assert_int_equal(t.visits, 1);
}

static void an_answer_is_read_up_to_its_bound(void **state)
{
	static char says[400000];

	(void)state;
	strcpy(says, "HTTP/1.1 200 OK\r\n\r\n");
	memset(says + 19, 'x', sizeof(says) - 20);
	t.says = says;
	fetch((struct fetch_request){.method = "POST", .url = HERE, .answer_max = 100});
	assert_string_equal(t.error, "answer_too_long");
	assert_int_equal(t.status, 200);
	assert_int_equal(t.size, 100);
	fetch((struct fetch_request){.method = "POST", .url = HERE});
	assert_int_equal(t.size, FETCH_ANSWER_MAX);
}

static void a_body_that_is_cut_off_is_no_answer(void **state)
{
	(void)state;
	t.says = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}";
	fetch((struct fetch_request){.method = "POST", .url = HERE});
	assert_int_equal(t.status, 0);
	assert_string_equal(t.error, "network");
}

static void who_says_nothing_is_left_in_time(void **state)
{
	(void)state;
	fetch((struct fetch_request){.method = "POST", .url = HERE, .timeout_ms = 60});
	assert_int_equal(t.status, 0);
	assert_string_equal(t.error, "timeout");
}

static void nobody_there_and_no_tls_are_told_apart(void **state)
{
	(void)state;
	fetch((struct fetch_request){.method = "POST", .url = "http://127.0.0.1:1/"});
	assert_string_equal(t.error, "connect");
	t.says = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	fetch((struct fetch_request){
		.method = "POST", .url = url("https://127.0.0.1", "/"), .timeout_ms = 1000});
	assert_int_equal(t.status, 0);
	assert_true(!strcmp(t.error, "tls") || !strcmp(t.error, "timeout"));
}

static void this_machine_is_reached_only_by_its_own_name(void **state)
{
	static const char *const forbidden[] = {"http://[::ffff:127.0.0.1]",
						"http://0.0.0.0",
						"http://169.254.169.254",
						"http://[fe80::1]",
						"http://224.0.0.1",
						"http://[::]",
						"http://[::ffff:169.254.169.254]"};

	(void)state;
	t.says = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		fetch((struct fetch_request){
			.method = "GET", .url = url(forbidden[i], "/"), .timeout_ms = 1000});
		assert_int_equal(t.status, 0);
		assert_string_equal(t.error, "denied");
	}
	assert_int_equal(t.visits, 0);
	fetch((struct fetch_request){.method = "GET", .url = url("http://localhost", "/")});
	assert_int_equal(t.status, 200);
}

static void only_http_is_spoken(void **state)
{
	(void)state;
	fetch((struct fetch_request){.method = "GET", .url = "file:///etc/passwd"});
	assert_string_equal(t.error, "url");
	fetch((struct fetch_request){.method = "GET", .url = "not a url"});
	assert_string_equal(t.error, "url");
}

static void a_header_with_a_line_end_is_refused(void **state)
{
	struct fetch_request rq = {
		.method = "POST", .url = HERE, .headers = {"X-A: b\r\nX-Evil: c"}};

	(void)state;
	assert_int_equal(fetch_start(t.fetcher, &rq, on_done, NULL), ERR_RANGE);
	rq.headers[0] = NULL;
	rq.method = "DELETE";
	assert_int_equal(fetch_start(t.fetcher, &rq, on_done, NULL), ERR_RANGE);
}

static void many_at_once_have_a_bound_and_all_end(void **state)
{
	struct fetch_request rq = {.method = "GET", .url = HERE, .timeout_ms = 100};
	int started = 0;

	(void)state;
	while (fetch_start(t.fetcher, &rq, on_done, NULL) == 0)
		started++;
	assert_int_equal(started, FETCH_AT_ONCE_MAX);
	t.left = started;
	loop_run(t.loop);
	assert_int_equal(fetch_count(t.fetcher), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_request_goes_out_as_it_was_said_and_its_answer_comes_back),
		CASE(a_get_sends_no_body),
		CASE(a_redirect_is_an_answer_and_not_followed),
		CASE(an_answer_is_read_up_to_its_bound),
		CASE(a_body_that_is_cut_off_is_no_answer),
		CASE(who_says_nothing_is_left_in_time),
		CASE(nobody_there_and_no_tls_are_told_apart),
		CASE(this_machine_is_reached_only_by_its_own_name),
		CASE(only_http_is_spoken),
		CASE(a_header_with_a_line_end_is_refused),
		CASE(many_at_once_have_a_bound_and_all_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
