/* SPDX-License-Identifier: MIT
 *
 * benchd-web without benchd, with clients that dawdle, and with too many of them.
 */
#include "tests/unit/serve_bench.h"

static void without_benchd_requests_are_told_so_until_it_is_back(void **state)
{
	int fd = visit(false), stream = visit(false);
	struct web_msg m;
	const char *all;

	(void)state;
	follow(stream);
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
	assert_has(hear(drip), "HTTP/1.1 408 ");
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
		EACH(without_benchd_requests_are_told_so_until_it_is_back),
		EACH(waits_have_an_end),
		EACH(a_held_port_is_told_with_its_holder),
		EACH(the_number_of_connections_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
