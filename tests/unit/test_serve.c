/* SPDX-License-Identifier: MIT
 *
 * benchd-web's HTTP over real sockets, with the test in benchd's place at the other end of the
 * link.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "link/socket.h"
#include "link/web.h"
#include "serve/serve.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
enum { PATIENCE_MS = 5000 };

static struct bench {
	char dir[64], link[96], http[96], token[96];
	int port, listener, fd; /* benchd's side of the link */
	struct serve_options options;
	struct loop *loop;
	struct loop_waker *stopper;
	struct serve *serve;
	pthread_t thread;
	uint8_t packet[WEB_MESSAGE_MAX];
} b;

static void stop_loop(void *ctx)
{
	(void)ctx;
	loop_stop(b.loop, 0);
}

static void *run_loop(void *ctx)
{
	(void)ctx;
	loop_run(b.loop);
	return NULL;
}

static void wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* The next request at benchd's side. */
static struct web_msg take(void)
{
	struct web_msg m;
	int n;

	wait_readable(b.fd);
	n = link_receive(b.fd, b.packet, sizeof(b.packet), NULL, NULL);
	assert_true(n > 0);
	assert_int_equal(web_decode(&m, b.packet, (size_t)n, NULL), 0);
	assert_int_equal(m.kind, WEB_REQUEST);
	return m;
}

static void accept_link(void)
{
	wait_readable(b.listener);
	b.fd = link_accept(b.listener, NULL, NULL);
	assert_true(b.fd > 0);
	assert_int_equal(take().route, WEB_EVENTS);
}

static void send_message(const struct web_msg *m, int fd)
{
	static uint8_t out[WEB_MESSAGE_MAX];
	int n = web_encode(m, out, sizeof(out));

	assert_true(n > 0);
	assert_int_equal(link_send(b.fd, out, (size_t)n, fd, NULL), 0);
}

static void answer(uint32_t id, int status, enum web_type type, const char *etag, const char *body)
{
	struct web_msg m = {.kind = WEB_REPLY, .id = id, .status = (uint16_t)status, .type = type};

	text_copy(m.etag, sizeof(m.etag), etag);
	m.body = body;
	m.size = (uint32_t)strlen(body);
	send_message(&m, -1);
}

static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void start_serve(void)
{
	struct error err = {0};

	b.loop = loop_new();
	assert_non_null(b.loop);
	b.stopper = loop_add_waker(b.loop, stop_loop, NULL);
	b.serve = serve_new(b.loop, &b.options, &err);
	assert_string_equal(err.text, "");
	assert_non_null(b.serve);
	assert_int_equal(pthread_create(&b.thread, NULL, run_loop, NULL), 0);
	accept_link();
}

static int setup(void **state)
{
	int fd;

	(void)state;
	memset(&b, 0, sizeof(b));
	strcpy(b.dir, "/tmp/serveXXXXXX");
	assert_non_null(mkdtemp(b.dir));
	snprintf(b.link, sizeof(b.link), "%s/web.sock", b.dir);
	snprintf(b.http, sizeof(b.http), "%s/http.sock", b.dir);
	snprintf(b.token, sizeof(b.token), "%s/token", b.dir);
	fd = open(b.token, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, TOKEN, strlen(TOKEN)), strlen(TOKEN));
	close(fd);
	b.listener = link_listen(b.link, 0600, NULL);
	assert_true(b.listener > 0);
	b.port = free_port();
	b.options = (struct serve_options){.link_path = b.link,
					   .link_fd = -1,
					   .token_path = b.token,
					   .socket_path = b.http,
					   .port = b.port};
	start_serve();
	return 0;
}

static void end_serve(void)
{
	loop_wake(b.stopper);
	pthread_join(b.thread, NULL);
	serve_free(b.serve);
	loop_free(b.loop);
}

static int teardown(void **state)
{
	(void)state;
	end_serve();
	assert_int_not_equal(access(b.http, F_OK), 0); /* it removed its socket */
	close(b.fd);
	close(b.listener);
	unlink(b.link);
	unlink(b.token);
	rmdir(b.dir);
	return 0;
}

static int restart_with(const struct serve_options *o)
{
	end_serve();
	close(b.fd);
	b.options = *o;
	start_serve();
	return 0;
}

/* ---- a client ---- */

static int visit(bool tcp)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)b.port)};
	int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(un.sun_path, sizeof(un.sun_path), b.http);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (tcp)
		assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void say(int fd, const char *s)
{
	assert_int_equal(send(fd, s, strlen(s), MSG_NOSIGNAL), strlen(s));
}

/* Everything until the server closes. */
static char *hear(int fd)
{
	static char all[1 << 20];
	size_t n = 0;

	for (;;) {
		ssize_t got;

		wait_readable(fd);
		got = recv(fd, all + n, sizeof(all) - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	all[n] = '\0';
	close(fd);
	return all;
}

static void assert_has(const char *all, const char *part)
{
	if (!strstr(all, part))
		fail_msg("\"%s\" is not in:\n%s", part, all);
}

static char *ask(const char *request)
{
	int fd = visit(false);

	say(fd, request);
	return hear(fd);
}

#define HOST "Host: localhost\r\n"

static void a_request_reaches_benchd_and_its_reply_comes_back(void **state)
{
	int fd = visit(false);
	struct web_msg m;
	char *all, who[32];

	(void)state;
	say(fd, "GET /api/v1/tickets/T%2D1?limit=5 HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_int_equal(m.route, WEB_TICKET_GET);
	assert_string_equal(m.arg[0], "T-1");
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

static void a_large_reply_comes_from_its_descriptor(void **state)
{
	enum { SIZE = 300000 };
	int file = memfd_create("reply", MFD_CLOEXEC), fd = visit(false);
	struct web_msg m, r = {.kind = WEB_REPLY,
			       .status = 200,
			       .type = WEB_TYPE_JSON,
			       .has_fd = 1,
			       .size = SIZE};
	char *all;

	(void)state;
	assert_int_equal(ftruncate(file, SIZE), 0);
	assert_int_equal(pwrite(file, "[first", 6, 0), 6);
	assert_int_equal(pwrite(file, "last]", 5, SIZE - 5), 5);
	say(fd, "GET /api/v1/results HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	r.id = m.id;
	send_message(&r, file);
	close(file);
	all = hear(fd);
	assert_has(all, "Content-Length: 300000\r\n");
	all = strstr(all, "\r\n\r\n") + 4;
	assert_memory_equal(all, "[first", 6);
	assert_memory_equal(all + SIZE - 5, "last]", 5);
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

static void loopback_needs_the_token(void **state)
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

		id[atoi(m.arg[0])] = m.id;
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

static void publish(const char *json)
{
	struct web_msg m = {
		.kind = WEB_EVENT, .id = 1, .body = json, .size = (uint32_t)strlen(json)};

	send_message(&m, -1);
}

/* Read from fd until part has come. */
static void hear_until(int fd, const char *part)
{
	static char all[1 << 16];
	size_t n = 0;

	all[0] = '\0';
	while (!strstr(all, part)) {
		ssize_t got;

		wait_readable(fd);
		got = recv(fd, all + n, sizeof(all) - 1 - n, 0);
		assert_true(got > 0);
		n += (size_t)got;
		all[n] = '\0';
	}
}

static void events_reach_every_client(void **state)
{
	int fd[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		fd[i] = visit(false);
		say(fd[i], "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
		hear_until(fd[i], "retry: 2000");
	}
	publish("{\"type\":\"bay\"}");
	for (int i = 0; i < 2; i++)
		hear_until(fd[i], "data: {\"type\":\"bay\"}\n\n");
	close(fd[0]);
	publish("{\"type\":\"progress\"}");
	hear_until(fd[1], "data: {\"type\":\"progress\"}\n\n");
	close(fd[1]);
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
	static char json[32 * 1024];
	int slow = visit(false), good = visit(false), cut = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		say(i ? slow : good, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
		hear_until(i ? slow : good, "retry: 2000");
	}
	memset(json, 'x', sizeof(json) - 1);
	json[0] = '"';
	json[sizeof(json) - 2] = '"';
	for (int i = 0; i < 60 && !cut; i++) {
		publish(json);
		hear_until(good, "\"\n\n");
		cut = strstr(ask("GET /metrics HTTP/1.1\r\n" HOST "\r\n"),
			     "slow_readers_total 1\n") != NULL;
	}
	assert_true(cut);
	publish("{\"n\":1}");
	hear_until(good, "data: {\"n\":1}\n\n");
	(void)hear(slow); /* its end comes */
	close(good);
}

static void quiet_streams_get_a_heartbeat(void **state)
{
	struct serve_options o = b.options;
	int fd;

	(void)state;
	o.heartbeat_ms = 20;
	restart_with(&o);
	fd = visit(false);
	say(fd, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
	hear_until(fd, ": still here\n\n");
	close(fd);
}

static void without_benchd_requests_are_told_so_until_it_is_back(void **state)
{
	int fd = visit(false), stream = visit(false);
	struct web_msg m;
	const char *all;

	(void)state;
	say(stream, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
	hear_until(stream, "retry: 2000");
	say(fd, "POST /api/v1/bays/1/stop HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_int_equal(m.route, WEB_BAY_STOP);
	close(b.fd);
	all = hear(fd);
	assert_has(all, "HTTP/1.1 503 ");
	assert_has(all, "Retry-After: 1\r\n");
	assert_has(all, "station_gone");
	(void)hear(stream);
	assert_has(ask("GET /api/v1/bays HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 503 ");
	accept_link();
	fd = visit(false);
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 200 ");
}

static void waits_have_an_end(void **state)
{
	struct serve_options o = b.options;
	int silent, half, drip;
	struct web_msg m;

	(void)state;
	o.head_ms = o.body_ms = o.reply_ms = 100;
	restart_with(&o);
	half = visit(false);
	say(half, "GET /api/v1/bays HTTP/1.1\r\nHo");
	drip = visit(false);
	say(drip, "PUT /api/v1/tickets/T1 HTTP/1.1\r\n" HOST
		  "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{");
	silent = visit(false);
	say(silent, "GET /api/v1/bays HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_has(hear(silent), "HTTP/1.1 504 ");
	(void)hear(half);
	(void)hear(drip);
	/* A reply after its time is nobody's. */
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	assert_has(ask("GET /healthz HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 200 ");
}

static void a_held_port_is_told_with_its_holder(void **state)
{
	struct serve_options o = b.options;
	struct error err = {0};
	struct loop *loop = loop_new();
	char pid[32];

	(void)state;
	o.socket_path = NULL;
	assert_null(serve_new(loop, &o, &err));
	assert_int_equal(err.code, ERR_BUSY);
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_has(err.text, pid);
	loop_free(loop);
}

static void the_number_of_connections_is_bounded(void **state)
{
	int fd[SERVE_CONNECTIONS_MAX + 20];

	(void)state;
	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		fd[i] = visit(i % 2 == 0);
		(void)!send(fd[i], "GET ", 4, MSG_NOSIGNAL);
	}
	/* Half heads do not keep others out: the oldest make room. */
	assert_has(ask("GET /healthz HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 200 ");
	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		close(fd[i]);
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(a_request_reaches_benchd_and_its_reply_comes_back),
		EACH(a_body_and_if_match_are_passed_on),
		EACH(a_reply_known_by_its_tag_is_not_sent_again),
		EACH(a_large_reply_comes_from_its_descriptor),
		EACH(addresses_that_lead_nowhere_are_explained),
		EACH(requests_that_bend_the_rules_never_reach_benchd),
		EACH(a_request_behind_another_is_dropped),
		EACH(loopback_needs_the_token),
		EACH(many_visitors_get_their_own_replies),
		EACH(events_reach_every_client),
		EACH(a_client_that_does_not_read_is_cut_off),
		EACH(quiet_streams_get_a_heartbeat),
		EACH(without_benchd_requests_are_told_so_until_it_is_back),
		EACH(waits_have_an_end),
		EACH(a_held_port_is_told_with_its_holder),
		EACH(the_number_of_connections_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
