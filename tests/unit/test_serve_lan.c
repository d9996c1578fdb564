/* SPDX-License-Identifier: MIT
 *
 * Who comes by the TLS proxy on this machine: known by the name it was asked by, never local, never
 * the station's own token, with a cookie for TLS alone and pages of its own origin alone.
 */
#include "tests/unit/serve_bench.h"

#include "serve/head.h"

#define LAN	"Host: bench.depot.example\r\n"
#define SESSION "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int setup_lan(void **state)
{
	struct serve_options o;

	(void)setup(state);
	o = b.options;
	o.lan_names = "bench.depot.example,192.168.1.7,[fe80::1]";
	return restart_with(&o);
}

static char *by_tcp(const char *request)
{
	int fd = visit(true);

	say(fd, request);
	return hear(fd);
}

static void names_are_those_of_the_list(void **state)
{
	static const char names[] = "bench.depot.example,192.168.1.7,[fe80::1]";
	static const char *const good[] = {"bench.depot.example", "BENCH.depot.example:8443",
					   "192.168.1.7", "[fe80::1]:443"};
	static const char *const bad[] = {"",
					  "depot.example",
					  "bench.depot.example.evil",
					  "bench.depot.example:",
					  "bench.depot.example:8x",
					  "192.168.1.70",
					  "[fe80::1",
					  "[fe80::1]x",
					  "bench.depot.example,192.168.1.7"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(head_host_is_of(good[i], names));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(head_host_is_of(bad[i], names));
	assert_false(head_host_is_of("bench.depot.example", NULL));
}

static void a_name_that_is_not_of_the_list_is_nobodys(void **state)
{
	(void)state;
	assert_has(by_tcp("GET /healthz HTTP/1.1\r\nHost: bench.evil.example\r\n\r\n"),
		   "HTTP/1.1 421 ");
	assert_has(by_tcp("GET /healthz HTTP/1.1\r\n" LAN "\r\n"), "HTTP/1.1 200 ");
}

static void what_comes_from_the_lan_is_said_to_come_from_there(void **state)
{
	struct web_msg m;
	int fd = visit(true);

	(void)state;
	/* by which benchd refuses the station's own token */
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" LAN "Authorization: Bearer " TOKEN "\r\n\r\n");
	m = take();
	assert_string_equal(m.credential, "bearer:" TOKEN);
	assert_string_equal(m.client, "lan");
	answer(m.id, 401, WEB_TYPE_PROBLEM, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 401 ");
	assert_has(
		by_tcp("GET /metrics HTTP/1.1\r\n" LAN "Authorization: Bearer " TOKEN "\r\n\r\n"),
		"HTTP/1.1 401 ");
}

static void the_unix_socket_makes_nobody_of_the_lan_local(void **state)
{
	(void)state;
	assert_has(ask("GET /api/v1/bays HTTP/1.1\r\n" LAN "\r\n"), "HTTP/1.1 401 ");
	assert_has(ask("GET /metrics HTTP/1.1\r\n" LAN "\r\n"), "HTTP/1.1 401 ");
}

static void the_cookie_is_for_tls_alone(void **state)
{
	int fd = visit(true);
	struct web_msg m;
	const char *all;

	(void)state;
	say(fd, "POST /api/v1/sessions HTTP/1.1\r\n" LAN "Origin: https://bench.depot.example\r\n"
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	m = take();
	answer(m.id, 201, WEB_TYPE_JSON, "", "{\"session\":\"" SESSION "\"}");
	all = hear(fd);
	assert_has(all, "Set-Cookie: __Host-benchd_session=" SESSION
			"; Path=/; HttpOnly; SameSite=Strict; Secure\r\n");
	fd = visit(true);
	say(fd, "GET /api/v1/bays HTTP/1.1\r\n" LAN "Cookie: __Host-benchd_session=" SESSION
		"\r\n\r\n");
	m = take();
	assert_string_equal(m.credential, "session:" SESSION ":");
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	assert_has(hear(fd), "HTTP/1.1 200 ");
	/* one that any plain page of any name beside it could have set */
	assert_has(by_tcp("GET /api/v1/bays HTTP/1.1\r\n" LAN "Cookie: benchd_session=" SESSION
			  "\r\n\r\n"),
		   "HTTP/1.1 401 ");
}

/* What benchd hears of who asks, in `who`. */
static void heard_as(bool tcp, const char *head, char who[WEB_CLIENT_MAX])
{
	static char request[600];
	int fd = visit(tcp);
	struct web_msg m;

	(void)snprintf(request, sizeof(request),
		       "POST /api/v1/sessions HTTP/1.1\r\n%s"
		       "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		       head);
	say(fd, request);
	m = take();
	(void)text_copy(who, WEB_CLIENT_MAX, m.client);
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	(void)hear(fd);
}

static void the_proxy_alone_says_who_asks(void **state)
{
	static const struct {
		const char *head, *client;
	} rows[] = {
		{LAN "X-Forwarded-For: 192.168.1.20\r\n", "192.168.1.20"},
		{LAN "X-Forwarded-For: 2001:db8:0:7:aaaa:bbbb:cccc:dddd\r\n", "2001:db8:0:7::/64"},
		{LAN "X-Forwarded-For: ::ffff:192.168.1.20\r\n", "192.168.1.20"},
		{LAN "X-Forwarded-For: 10.0.0.1, 192.168.1.20\r\n", "lan"},
		{LAN "X-Forwarded-For: x\r\n", "lan"},
		{LAN, "lan"},
		{"Host: localhost\r\nX-Forwarded-For: 192.168.1.20\r\n", "loopback"},
	};
	char who[WEB_CLIENT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		heard_as(true, rows[i].head, who);
		assert_string_equal(who, rows[i].client);
	}
	heard_as(false, LAN "X-Forwarded-For: 192.168.1.20\r\n", who);
	assert_memory_equal(who, "uid:", 4);
	assert_has(by_tcp("GET /healthz HTTP/1.1\r\n" LAN
			  "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\n\r\n"),
		   "HTTP/1.1 400 ");
}

static void too_many_tries_say_when_to_come_again(void **state)
{
	int fd = visit(true);
	struct web_msg m;

	(void)state;
	say(fd, "POST /api/v1/sessions HTTP/1.1\r\n" LAN
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	m = take();
	answer(m.id, 429, WEB_TYPE_PROBLEM, "",
	       "{\"code\":\"too_many_tries\",\"retry_after_s\":17}");
	assert_has(hear(fd), "Retry-After: 17\r\n");
}

static void pages_of_other_origins_ask_nothing(void **state)
{
	static const char *const origins[] = {
		"http://bench.depot.example", "https://bench.depot.example:8443",
		"https://192.168.1.7", "https://evil.example", "null"};
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		(void)snprintf(request, sizeof(request),
			       "GET /healthz HTTP/1.1\r\n" LAN "Origin: %s\r\n\r\n", origins[i]);
		assert_has(by_tcp(request), "HTTP/1.1 403 ");
	}
}

static void the_description_of_the_api_is_served(void **state)
{
	const char *all;

	(void)state;
	all = ask("GET /api/v1/openapi.json HTTP/1.1\r\n" HOST "\r\n");
	assert_has(all, "HTTP/1.1 200 ");
	assert_has(all, "\r\n\r\n{\n  \"openapi\": \"3.1.0\",");
	assert_has(all, "\n}\n");
	assert_has(ask("POST /api/v1/openapi.json HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405 ");
}

int main(void)
{
#define EACH(f) cmocka_unit_test_setup_teardown(f, setup_lan, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_list),
		EACH(a_name_that_is_not_of_the_list_is_nobodys),
		EACH(what_comes_from_the_lan_is_said_to_come_from_there),
		EACH(the_unix_socket_makes_nobody_of_the_lan_local),
		EACH(the_cookie_is_for_tls_alone),
		EACH(pages_of_other_origins_ask_nothing),
		EACH(the_description_of_the_api_is_served),
		EACH(the_proxy_alone_says_who_asks),
		EACH(too_many_tries_say_when_to_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
