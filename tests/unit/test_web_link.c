/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link/client.h"
#include "link/socket.h"
#include "tests/fake/temp_dir.h"

#define MILLISECONDS(n) (n)

static uint8_t packet[WEB_MESSAGE_MAX];

static struct web_msg request(void)
{
	struct web_msg m = {.kind = WEB_REQUEST, .id = 0xfedcba98, .route = WEB_RUN_START};

	strcpy(m.arg, "T-1001 维修");
	strcpy(m.query, "ticket=T%2d1&limit=5");
	strcpy(m.if_match, "\"7\"");
	strcpy(m.credential, "Bearer 0123");
	strcpy(m.client, "2001:db8::/64");
	m.body = "{\"bay\":\"1\"}";
	m.size = (uint32_t)strlen(m.body);
	return m;
}

static struct web_msg reply(void)
{
	struct web_msg m = {.kind = WEB_REPLY, .id = 7, .status = 404, .type = WEB_TYPE_PROBLEM};

	strcpy(m.etag, "\"abc\"");
	m.body = "{}";
	m.size = 2;
	return m;
}

static void a_request_comes_back_as_it_was(void **state)
{
	struct web_msg m = request(), back;
	int n = web_encode(&m, packet, sizeof(packet));

	(void)state;
	assert_true(n > 0);
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.kind, WEB_REQUEST);
	assert_int_equal(back.id, m.id);
	assert_int_equal(back.route, m.route);
	assert_string_equal(back.arg, m.arg);
	assert_string_equal(back.query, m.query);
	assert_string_equal(back.client, m.client);
	assert_string_equal(back.if_match, m.if_match);
	assert_string_equal(back.credential, m.credential);
	assert_int_equal(back.size, m.size);
	assert_memory_equal(back.body, m.body, m.size);
}

static void a_reply_comes_back_as_it_was(void **state)
{
	struct web_msg m = reply(), back;
	int n = web_encode(&m, packet, sizeof(packet));

	(void)state;
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.status, 404);
	assert_int_equal(back.type, WEB_TYPE_PROBLEM);
	assert_string_equal(back.etag, "\"abc\"");
	assert_int_equal(back.has_fd, 0);
	assert_int_equal(back.size, 2);
}

static void a_reply_in_a_descriptor_carries_its_size_alone(void **state)
{
	struct web_msg m = reply(), back;
	int n;

	(void)state;
	m.has_fd = 1;
	m.size = 1000000;
	m.body = NULL;
	n = web_encode(&m, packet, sizeof(packet));
	assert_true(n > 0 && n < 64);
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.has_fd, 1);
	assert_int_equal(back.size, 1000000);
	assert_null(back.body);
}

static void a_call_and_its_result_come_back_as_they_were(void **state)
{
	struct web_msg call = {.kind = WEB_CALL, .id = 9, .has_fd = 1, .size = 100000}, back;
	struct web_msg result = {
		.kind = WEB_RESULT, .id = 9, .status = 299, .body = "ok", .size = 2};
	int n = web_encode(&call, packet, sizeof(packet));

	(void)state;
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.kind, WEB_CALL);
	assert_int_equal(back.has_fd, 1);
	assert_int_equal(back.size, 100000);
	n = web_encode(&result, packet, sizeof(packet));
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.kind, WEB_RESULT);
	assert_int_equal(back.status, 299);
	assert_int_equal(back.size, 2);
	result.status = 0; /* no answer, and no reason */
	assert_int_equal(web_encode(&result, packet, sizeof(packet)), ERR_RANGE);
	strcpy(result.etag, "timeout");
	assert_true(web_encode(&result, packet, sizeof(packet)) > 0);
}

static void the_largest_body_fits_and_one_byte_more_does_not(void **state)
{
	static char body[WEB_BODY_MAX + 1];
	struct web_msg m = request(), back;
	int n;

	(void)state;
	memset(body, ' ', sizeof(body));
	memset(m.query, 'q', WEB_QUERY_MAX - 1);
	memset(m.credential, 'c', WEB_CREDENTIAL_MAX - 1);
	memset(m.if_match, 'm', WEB_ETAG_MAX - 1);
	memset(m.arg, 'a', WEB_ARG_MAX - 1);
	m.body = body;
	m.size = WEB_BODY_MAX;
	n = web_encode(&m, packet, sizeof(packet));
	assert_true(n > WEB_BODY_MAX);
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), 0);
	assert_int_equal(back.size, WEB_BODY_MAX);
	m.size++;
	assert_int_equal(web_encode(&m, packet, sizeof(packet)), ERR_RANGE);
}

static void every_cut_packet_is_refused(void **state)
{
	struct web_msg m[] = {request(),
			      reply(),
			      {.kind = WEB_EVENT, .id = 1, .body = "{}", .size = 2},
			      {.kind = WEB_CALL, .id = 2, .body = "{}", .size = 2},
			      {.kind = WEB_RESULT, .id = 3, .etag = "dns", .body = "", .size = 0}};
	struct web_msg back;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		int n = web_encode(&m[i], packet, sizeof(packet));

		assert_true(n > 0);
		for (int cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc((size_t)cut + 1); /* so that asan sees an overrun */

			memcpy(exact, packet, (size_t)cut);
			assert_int_equal(web_decode(&back, exact, (size_t)cut, &err), ERR_PROTOCOL);
			assert_true(err.text[0] != '\0');
			free(exact);
		}
		packet[n] = 0;
		assert_int_equal(web_decode(&back, packet, (size_t)n + 1, &err), ERR_PROTOCOL);
	}
}

static void refuse_changed(const struct web_msg *m, size_t at, uint8_t value)
{
	struct web_msg back;
	int n = web_encode(m, packet, sizeof(packet));

	assert_true(n > (int)at);
	assert_true(packet[at] != value);
	packet[at] = value;
	assert_int_equal(web_decode(&back, packet, (size_t)n, NULL), ERR_PROTOCOL);
}

static void fields_outside_their_range_are_refused(void **state)
{
	struct web_msg q = request(), r = reply();

	(void)state;
	refuse_changed(&q, 0, 0); /* kind */
	refuse_changed(&q, 0, WEB_RESULT + 1);
	refuse_changed(&q, 1, WEB_VERSION + 1);
	refuse_changed(&q, 6, 0); /* route */
	refuse_changed(&q, 6, WEB_ROUTE_COUNT);
	refuse_changed(&q, 7, 1);
	refuse_changed(&q, 8, 96);    /* length of arg 0 */
	refuse_changed(&q, 10, '\n'); /* a control character in it */
	refuse_changed(&q, 10, 0);
	refuse_changed(&q, 10, 0xff); /* no UTF-8 */
	refuse_changed(&r, 7, 0xff);  /* status */
	refuse_changed(&r, 8, 0);     /* type */
	refuse_changed(&r, 8, WEB_TYPE_CSV + 1);
	refuse_changed(&r, 16, 2); /* has_fd */
}

static void messages_that_break_the_rules_are_not_encoded(void **state)
{
	struct web_msg m = request();

	(void)state;
	m.route = WEB_ROUTE_COUNT;
	assert_int_equal(web_encode(&m, packet, sizeof(packet)), ERR_RANGE);
	m = request();
	strcpy(m.query, "x=\xe7\xbb\xb4");
	assert_int_equal(web_encode(&m, packet, sizeof(packet)), ERR_RANGE);
	m = request();
	strcpy(m.arg, "a\nb");
	assert_int_equal(web_encode(&m, packet, sizeof(packet)), ERR_RANGE);
	m = reply();
	m.status = 99;
	assert_int_equal(web_encode(&m, packet, sizeof(packet)), ERR_RANGE);
	assert_int_equal(web_encode(&(struct web_msg){0}, packet, sizeof(packet)), ERR_RANGE);
	m = request();
	assert_int_equal(web_encode(&m, packet, 40), ERR_RANGE);
}

static void every_route_is_found_by_its_own_method_and_path(void **state)
{
	char arg[WEB_ARG_MAX], path[128];

	(void)state;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const struct web_route_info *info = web_route_info((enum web_route)r);
		const char *hole = strstr(info->path, "{}");

		if (hole)
			snprintf(path, sizeof(path), "%.*sT%%2D1%s", (int)(hole - info->path),
				 info->path, hole + 2);
		else
			snprintf(path, sizeof(path), "%s", info->path);
		assert_int_equal(web_route_find(info->method, path, arg, NULL), r);
		assert_string_equal(arg, hole ? "T-1" : "");
	}
	assert_null(web_route_info(WEB_ROUTE_NONE));
	assert_null(web_route_info(WEB_ROUTE_COUNT));
}

static void unknown_paths_are_told_from_wrong_methods(void **state)
{
	static const char *const none[] = {"",
					   "/",
					   "/bay",
					   "/bays/",
					   "/bays/1/",
					   "/baysx",
					   "/bays/1/2",
					   "/tickets/%",
					   "/tickets/%2",
					   "/tickets/%zz",
					   "/tickets/a%00b",
					   "/tickets/%ff",
					   "/tickets/a%0ab"};
	char arg[WEB_ARG_MAX], path[256];
	int allowed = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		allowed = -1;
		assert_int_equal(web_route_find("GET", none[i], arg, &allowed), WEB_ROUTE_NONE);
		assert_int_equal(allowed, 0);
	}
	assert_int_equal(web_route_find("DELETE", "/tickets/T1", arg, &allowed), WEB_ROUTE_NONE);
	assert_int_equal(allowed, 1);
	snprintf(path, sizeof(path), "/tickets/%0*d", WEB_ARG_MAX - 1, 0);
	assert_int_equal(web_route_find("GET", path, arg, NULL), WEB_TICKET_GET);
	snprintf(path, sizeof(path), "/tickets/%0*d", WEB_ARG_MAX, 0);
	assert_int_equal(web_route_find("GET", path, arg, NULL), WEB_ROUTE_NONE);
}

static void query_values_are_decoded_or_refused(void **state)
{
	char v[16];

	(void)state;
	assert_string_equal(web_query("a=1&serial=RO%2D60+0&z", "serial", v, sizeof(v)), "RO-60 0");
	assert_string_equal(web_query("a=1&bb=2", "a", v, sizeof(v)), "1");
	assert_string_equal(web_query("a=&b=2", "a", v, sizeof(v)), "");
	assert_null(web_query("xa=1", "a", v, sizeof(v)));
	assert_null(web_query("a", "a", v, sizeof(v)));
	assert_null(web_query("", "a", v, sizeof(v)));
	assert_null(web_query("a=%4", "a", v, sizeof(v)));
	assert_null(web_query("a=0123456789abcdef", "a", v, sizeof(v)));
	assert_string_equal(web_query("a=0123456789abcde", "a", v, sizeof(v)), "0123456789abcde");
}

/* ---- the client, against a peer in this process ---- */

struct peer {
	char dir[TEMP_DIR_SIZE], path[96];
	int listener, fd;
	struct client *client;
};

static void peer_open(struct peer *p)
{
	temp_dir_make(p->dir);
	snprintf(p->path, sizeof(p->path), "%s/ctl.sock", p->dir);
	p->listener = link_listen(p->path, 0600, NULL);
	assert_true(p->listener > 0);
	p->client = client_open(p->path, NULL);
	assert_non_null(p->client);
	p->fd = link_accept(p->listener, NULL, NULL);
	assert_true(p->fd > 0);
}

static void peer_close(struct peer *p)
{
	client_close(p->client);
	close(p->fd);
	close(p->listener);
	temp_dir_remove(p->dir);
}

static void peer_send(struct peer *p, const struct web_msg *m, int fd)
{
	int n = web_encode(m, packet, sizeof(packet));

	assert_true(n > 0);
	assert_int_equal(link_send(p->fd, packet, (size_t)n, fd, NULL), 0);
}

static void peer_event(struct peer *p, const char *json)
{
	struct web_msg m = {
		.kind = WEB_EVENT, .id = 1, .body = json, .size = (uint32_t)strlen(json)};

	peer_send(p, &m, -1);
}

/* The first request of a client has id 1: replies can lie ready before it asks. */
static void a_reply_is_matched_by_its_id_and_events_are_kept(void **state)
{
	struct web_msg r = reply();
	struct text out = {0};
	struct peer p;
	char etag[WEB_ETAG_MAX];
	int status = 0;

	(void)state;
	peer_open(&p);
	peer_event(&p, "{\"n\":1}");
	r.id = 99;
	peer_send(&p, &r, -1);
	peer_event(&p, "{\"n\":2}");
	r.id = 1;
	r.status = 200;
	peer_send(&p, &r, -1);
	assert_int_equal(client_call_match(p.client, WEB_TICKET_GET, "T1", "", NULL, "\"1\"", etag,
					   MILLISECONDS(2000), &status, &out, NULL),
			 0);
	assert_int_equal(status, 200);
	assert_string_equal(etag, "\"abc\"");
	assert_string_equal(out.buf, "{}");
	assert_int_equal(client_event(p.client, 0, &out, NULL), 1);
	assert_string_equal(out.buf, "{\"n\":1}");
	assert_int_equal(client_event(p.client, 0, &out, NULL), 1);
	assert_string_equal(out.buf, "{\"n\":2}");
	assert_int_equal(client_event(p.client, 0, &out, NULL), 0);
	text_release(&out);
	peer_close(&p);
}

static void a_large_reply_is_read_from_its_descriptor(void **state)
{
	struct web_msg r = reply();
	struct text out = {0};
	int status = 0, fd = memfd_create("reply", MFD_CLOEXEC);
	enum { SIZE = 100000 };
	struct peer p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, "begin", 5, 0), 5);
	assert_int_equal(pwrite(fd, "end", 3, SIZE - 3), 3);
	peer_open(&p);
	r.id = 1;
	r.has_fd = 1;
	r.size = SIZE;
	peer_send(&p, &r, fd);
	assert_int_equal(client_call(p.client, WEB_RESULTS, NULL, NULL, NULL, MILLISECONDS(2000),
				     &status, &out, NULL),
			 0);
	assert_int_equal(out.len, SIZE);
	assert_memory_equal(out.buf, "begin", 5);
	assert_memory_equal(out.buf + SIZE - 3, "end", 3);
	/* A descriptor shorter than it says is no reply. */
	r.id = 2;
	r.size = SIZE + 1;
	peer_send(&p, &r, fd);
	assert_int_equal(client_call(p.client, WEB_RESULTS, NULL, NULL, NULL, MILLISECONDS(2000),
				     &status, &out, NULL),
			 ERR_PROTOCOL);
	close(fd);
	text_release(&out);
	peer_close(&p);
}

static void a_station_that_is_silent_or_gone_is_told_apart(void **state)
{
	struct text out = {0};
	struct error err = {0};
	struct peer p;
	int status = 0;

	(void)state;
	peer_open(&p);
	assert_int_equal(client_call(p.client, WEB_BAYS, NULL, NULL, NULL, MILLISECONDS(20),
				     &status, &out, &err),
			 ERR_TIMEOUT);
	shutdown(p.fd, SHUT_RDWR);
	assert_int_equal(client_call(p.client, WEB_BAYS, NULL, NULL, NULL, MILLISECONDS(2000),
				     &status, &out, &err),
			 ERR_CLOSED);
	assert_true(client_event(p.client, 0, &out, &err) < 0);
	text_release(&out);
	peer_close(&p);
	assert_null(client_open(p.path, &err));
	assert_int_equal(err.code, ERR_CLOSED);
	assert_non_null(strstr(err.text, "start benchd"));
}

static void a_reply_that_is_no_message_ends_the_call(void **state)
{
	struct text out = {0};
	struct peer p;
	int status = 0;

	(void)state;
	peer_open(&p);
	assert_int_equal(link_send(p.fd, "nonsense", 8, -1, NULL), 0);
	assert_int_equal(client_call(p.client, WEB_BAYS, NULL, NULL, NULL, MILLISECONDS(2000),
				     &status, &out, NULL),
			 ERR_PROTOCOL);
	text_release(&out);
	peer_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_as_it_was),
		cmocka_unit_test(a_reply_comes_back_as_it_was),
		cmocka_unit_test(a_reply_in_a_descriptor_carries_its_size_alone),
		cmocka_unit_test(a_call_and_its_result_come_back_as_they_were),
		cmocka_unit_test(the_largest_body_fits_and_one_byte_more_does_not),
		cmocka_unit_test(every_cut_packet_is_refused),
		cmocka_unit_test(fields_outside_their_range_are_refused),
		cmocka_unit_test(messages_that_break_the_rules_are_not_encoded),
		cmocka_unit_test(every_route_is_found_by_its_own_method_and_path),
		cmocka_unit_test(unknown_paths_are_told_from_wrong_methods),
		cmocka_unit_test(query_values_are_decoded_or_refused),
		cmocka_unit_test(a_reply_is_matched_by_its_id_and_events_are_kept),
		cmocka_unit_test(a_large_reply_is_read_from_its_descriptor),
		cmocka_unit_test(a_station_that_is_silent_or_gone_is_told_apart),
		cmocka_unit_test(a_reply_that_is_no_message_ends_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
