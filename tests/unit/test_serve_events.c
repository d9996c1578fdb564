/* SPDX-License-Identifier: MIT
 *
 * The stream of events: to every client, never held up by one.
 */
#include "tests/unit/serve_bench.h"

static void publish(const char *json)
{
	struct web_msg m = {
		.kind = WEB_EVENT, .id = 1, .body = json, .size = (uint32_t)strlen(json)};

	send_message(&m, -1);
}

static void events_reach_every_client(void **state)
{
	int fd[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		fd[i] = visit(false);
		follow(fd[i]);
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
	follow(good);
	follow(slow);
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
	follow(fd);
	hear_until(fd, ": still here\n\n");
	close(fd);
}

static void whom_benchd_does_not_know_follows_nothing(void **state)
{
	int fd = visit(true);
	struct web_msg m;

	(void)state;
	say(fd, "GET /api/v1/events HTTP/1.1\r\n" HOST "Authorization: Bearer btk_0\r\n\r\n");
	m = take();
	assert_string_equal(m.credential, "bearer:btk_0");
	answer(m.id, 401, WEB_TYPE_PROBLEM, "", "{\"code\":\"token_needed\"}");
	publish("{\"type\":\"bay\"}");
	assert_null(strstr(hear(fd), "\"type\":\"bay\""));
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(events_reach_every_client),
		EACH(a_client_that_does_not_read_is_cut_off),
		EACH(quiet_streams_get_a_heartbeat),
		EACH(whom_benchd_does_not_know_follows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
