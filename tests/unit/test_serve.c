/* SPDX-License-Identifier: MIT
 *
 * Requests and replies of benchd-web over real sockets.
 */
#include "tests/unit/serve_bench.h"

static void a_request_reaches_benchd_and_its_reply_comes_back(void **state)
{
	int fd = visit(false);
	struct web_msg m;
	char *all, who[32];

	(void)state;
	say(fd, "GET /api/v1/tickets/T%2D1?limit=5 HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_int_equal(m.route, WEB_TICKET_GET);
	assert_string_equal(m.arg, "T-1");
	assert_string_equal(m.query, "limit=5");
	assert_int_equal(m.size, 0);
	snprintf(who, sizeof(who), "peer:%u", (unsigned)getuid());
	assert_string_equal(m.credential, who);
	answer(m.id, 200, WEB_TYPE_JSON, "\"9\"", "{\"id\":\"T-1\"}");
	all = hear(fd);
	assert_has(all, "HTTP/1.1 200 OK\r\n");
	assert_has(all, "Content-Type: application/json\r\n");
	assert_has(all, "ETag: \"9\"\r\n");
	assert_has(all, "X-Content-Type-Options: nosniff\r\n");
	assert_has(all, "Content-Security-Policy: default-src 'none'");
	assert_has(all, "Connection: close\r\n");
	assert_has(all, "\r\n\r\n{\"id\":\"T-1\"}");
}

static void a_body_and_if_match_are_passed_on(void **state)
{
	static const char body[] = "{\"serial\":\"RO60-1\"}";
	char request[512];
	struct web_msg m;
	int fd = visit(false);

	(void)state;
	snprintf(request, sizeof(request),
		 "PUT /api/v1/tickets/T1 HTTP/1.1\r\n" HOST
		 "Content-Type: application/json; charset=utf-8\r\n"
		 "If-Match: \"3\"\r\nContent-Length: %zu\r\n\r\n",
		 strlen(body));
	say(fd, request);
	for (size_t i = 0; body[i]; i++) { /* however it is cut */
		char one[2] = {body[i], '\0'};

		say(fd, one);
	}
	m = take();
	assert_int_equal(m.route, WEB_TICKET_PUT);
	assert_string_equal(m.if_match, "\"3\"");
	assert_int_equal(m.size, strlen(body));
	assert_memory_equal(m.body, body, m.size);
	answer(m.id, 412, WEB_TYPE_PROBLEM, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 412 ");
}

static void a_reply_known_by_its_tag_is_not_sent_again(void **state)
{
	int fd = visit(false);
	struct web_msg m;
	char *all;

	(void)state;
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "If-None-Match: \"1\", W/\"9\"\r\n\r\n");
	m = take();
	answer(m.id, 200, WEB_TYPE_JSON, "\"9\"", "{\"bays\":[]}");
	all = hear(fd);
	assert_has(all, "HTTP/1.1 304 ");
	assert_null(strstr(all, "bays"));
}

/* fd asks, and is answered with so many bytes in a descriptor. */
static void answer_large(int fd, uint32_t size)
{
	int file = memfd_create("reply", MFD_CLOEXEC);
	struct web_msg r = {
		.kind = WEB_REPLY, .status = 200, .type = WEB_TYPE_JSON, .has_fd = 1, .size = size};

	assert_int_equal(ftruncate(file, size), 0);
	assert_int_equal(pwrite(file, "[first", 6, 0), 6);
	assert_int_equal(pwrite(file, "last]", 5, size - 5), 5);
	say(fd, "GET /api/v1/results HTTP/1.1\r\n" HOST "\r\n");
	r.id = take().id;
	send_message(&r, file);
	close(file);
}

static void a_large_reply_comes_from_its_descriptor(void **state)
{
	enum { SIZE = 300000 };
	int fd = visit(false);
	char *all;

	(void)state;
	answer_large(fd, SIZE);
	all = hear(fd);
	assert_has(all, "Content-Length: 300000\r\n");
	all = strstr(all, "\r\n\r\n") + 4;
	assert_memory_equal(all, "[first", 6);
	assert_memory_equal(all + SIZE - 5, "last]", 5);
}

static void who_leaves_during_a_large_reply_takes_nobody_along(void **state)
{
	enum { SIZE = 8 << 20 }; /* more than its socket holds */
	char some[1000];
	int fd = visit(false);

	(void)state;
	answer_large(fd, SIZE);
	wait_readable(fd);
	assert_true(read(fd, some, sizeof(some)) > 0);
	close(fd);
	assert_has(ask("GET /healthz HTTP/1.1\r\n" HOST "\r\n"), "\r\n\r\nok\n");
}

static void addresses_that_lead_nowhere_are_explained(void **state)
{
	char *all = ask("GET /api/v1/nothing HTTP/1.1\r\n" HOST "\r\n");

	(void)state;
	assert_has(all, "HTTP/1.1 404 ");
	assert_has(all, "application/problem+json");
	assert_has(all, "\"code\":\"route_unknown\"");
	assert_has(all, "\"type\":\"urn:benchd:problem:route_unknown\"");
	assert_has(all, "\"status\":404");
	assert_has(ask("DELETE /api/v1/bays HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405 ");
	assert_has(ask("GET / HTTP/1.1\r\n" HOST "\r\n"), "no_pages");
	assert_has(ask("GET /api/v1/tickets/%zz HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 404 ");
	assert_has(ask("GET /healthz HTTP/1.1\r\n" HOST "\r\n"), "\r\n\r\nok\n");
	all = ask("GET /metrics HTTP/1.1\r\n" HOST "\r\n");
	assert_has(all, "benchd_web_link_up 1\n");
	assert_has(all, "benchd_web_responses_total{class=\"4xx\"} 4\n");
}

static void requests_that_bend_the_rules_never_reach_benchd(void **state)
{
	static const struct {
		const char *request, *status;
	} bent[] = {
		{"POST /api/v1/runs HTTP/1.1\r\n" HOST
		 "Content-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
		 "HTTP/1.1 413 "},
		{"POST /api/v1/runs HTTP/1.1\r\n" HOST
		 "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
		 "HTTP/1.1 415 "},
		{"POST /api/v1/runs HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}",
		 "HTTP/1.1 415 "},
		{"GET /api/v1/bays HTTP/1.1\r\n" HOST
		 "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/runs HTTP/1.1\r\n" HOST
		 "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/runs HTTP/1.1\r\n" HOST
		 "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
		 "HTTP/1.1 400 "},
		{"GET /api/v1/bays HTTP/1.1\r\n" HOST HOST "\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/bays HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 "},
		{"GET /api/v1/bays HTTP/1.1\r\n" HOST "Sec-Fetch-Site: cross-site\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"POST /api/v1/bays/1/stop HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"GET /api/v1/bays HTTP/1.1\n\n", "HTTP/1.1 400 "},
	};
	struct pollfd p = {.fd = b.fd, .events = POLLIN};

	(void)state;
	for (size_t i = 0; i < sizeof(bent) / sizeof(bent[0]); i++) {
		const char *all = ask(bent[i].request);

		assert_has(all, bent[i].status);
		assert_has(all, "Connection: close\r\n");
		assert_has(all, "application/problem+json");
	}
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void a_request_behind_another_is_dropped(void **state)
{
	int fd = visit(false);
	struct pollfd p = {.fd = b.fd, .events = POLLIN};
	struct web_msg m;
	const char *all;

	(void)state;
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "\r\n"
		"POST /api/v1/bays/1/stop HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_int_equal(m.route, WEB_BAYS);
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	all = hear(fd);
	assert_null(strstr(all + 1, "HTTP/1.1"));
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void loopback_needs_a_token_that_benchd_knows(void **state)
{
	int fd = visit(true);
	struct web_msg m;
	const char *all;

	(void)state;
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "\r\n");
	all = hear(fd);
	assert_has(all, "HTTP/1.1 401 ");
	assert_has(all, "WWW-Authenticate: Bearer");
	fd = visit(true);
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "Authorization: Bearer " TOKEN "0\r\n\r\n");
	m = take();
	assert_string_equal(m.credential, "bearer:" TOKEN "0");
	assert_string_equal(m.client, "loopback");
	answer(m.id, 401, WEB_TYPE_PROBLEM, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 401 ");
	fd = visit(true);
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "Authorization: Basic " TOKEN "\r\n\r\n");
	assert_has(hear(fd), "HTTP/1.1 401 ");
	fd = visit(true);
	say(fd, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	assert_has(hear(fd), "HTTP/1.1 200 ");
	fd = visit(true);
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "Authorization: Bearer " TOKEN "\r\n\r\n");
	m = take();
	assert_string_equal(m.credential, "bearer:" TOKEN);
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 200 ");
}

static void many_visitors_get_their_own_replies(void **state)
{
	enum { VISITORS = 20 };
	uint32_t id[VISITORS];
	int fd[VISITORS];
	char text[128];

	(void)state;
	for (int i = 0; i < VISITORS; i++) {
		fd[i] = visit(false);
		snprintf(text, sizeof(text), "GET /api/v1/runs/%d HTTP/1.1\r\n" HOST "\r\n", i);
		say(fd[i], text);
	}
	for (int i = 0; i < VISITORS; i++) {
		struct web_msg m = take();

		id[atoi(m.arg)] = m.id;
	}
	for (int i = VISITORS - 1; i >= 0; i--) {
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		answer(id[i], 200, WEB_TYPE_JSON, "", text);
	}
	for (int i = 0; i < VISITORS; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		assert_has(hear(fd[i]), text);
	}
}

static struct web_msg take_result(void)
{
	struct web_msg m;
	int n;

	wait_readable(b.fd);
	n = link_receive(b.fd, b.packet, sizeof(b.packet), NULL, NULL);
	assert_true(n > 0);
	assert_int_equal(web_decode(&m, b.packet, (size_t)n, NULL), 0);
	assert_int_equal(m.kind, WEB_RESULT);
	return m;
}

/* The other machine is this program's own HTTP. */
static void what_benchd_asks_of_another_machine_is_asked_and_answered(void **state)
{
	char json[256];
	struct web_msg m = {.kind = WEB_CALL, .id = 77, .body = json}, result;

	(void)state;
	snprintf(json, sizeof(json), "{\"method\":\"GET\",\"url\":\"http://127.0.0.1:%d/healthz\"}",
		 b.port);
	m.size = (uint32_t)strlen(json);
	send_message(&m, -1);
	result = take_result();
	assert_int_equal(result.id, 77);
	assert_int_equal(result.status, 200);
	assert_string_equal(result.etag, "");
	assert_int_equal(result.size, 3);
	assert_memory_equal(result.body, "ok\n", 3);

	strcpy(json, "{\"method\":\"GET\",\"url\":\"http://127.0.0.1:1/\"}");
	m.size = (uint32_t)strlen(json);
	send_message(&m, -1);
	result = take_result();
	assert_int_equal(result.status, 0);
	assert_string_equal(result.etag, "connect");

	strcpy(json, "{\"url\":7}");
	m.size = (uint32_t)strlen(json);
	send_message(&m, -1);
	assert_string_equal(take_result().etag, "url");
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(a_request_reaches_benchd_and_its_reply_comes_back),
		EACH(a_body_and_if_match_are_passed_on),
		EACH(a_reply_known_by_its_tag_is_not_sent_again),
		EACH(a_large_reply_comes_from_its_descriptor),
		EACH(who_leaves_during_a_large_reply_takes_nobody_along),
		EACH(addresses_that_lead_nowhere_are_explained),
		EACH(requests_that_bend_the_rules_never_reach_benchd),
		EACH(a_request_behind_another_is_dropped),
		EACH(loopback_needs_a_token_that_benchd_knows),
		EACH(many_visitors_get_their_own_replies),
		EACH(what_benchd_asks_of_another_machine_is_asked_and_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
