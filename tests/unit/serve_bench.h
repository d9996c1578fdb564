/* SPDX-License-Identifier: MIT
 *
 * benchd-web's HTTP over real sockets, with the test in benchd's place at the other end of the
 * link. Static: include it in a test program.
 */
#ifndef TESTS_UNIT_SERVE_BENCH_H
#define TESTS_UNIT_SERVE_BENCH_H

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
#include <signal.h>
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
#include "tests/fake/temp_dir.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
enum { PATIENCE_MS = 5000 };

static struct bench {
	char dir[TEMP_DIR_SIZE], link[96], http[96];
	int port, listener, fd; /* benchd's side of the link */
	struct serve_options options;
	struct loop *loop;
	struct loop_waker *stopper;
	struct serve *serve;
	pthread_t thread;
	uint8_t packet[WEB_MESSAGE_MAX];
} b;

static inline void stop_loop(void *ctx)
{
	(void)ctx;
	loop_stop(b.loop, 0);
}

static inline void *run_loop(void *ctx)
{
	(void)ctx;
	loop_run(b.loop);
	return NULL;
}

static inline void wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* The next request at benchd's side. */
static inline struct web_msg take(void)
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

static inline void accept_link(void)
{
	wait_readable(b.listener);
	b.fd = link_accept(b.listener, NULL, NULL);
	assert_true(b.fd > 0);
	assert_int_equal(take().route, WEB_EVENTS);
}

static inline void send_message(const struct web_msg *m, int fd)
{
	static uint8_t out[WEB_MESSAGE_MAX];
	int n = web_encode(m, out, sizeof(out));

	assert_true(n > 0);
	assert_int_equal(link_send(b.fd, out, (size_t)n, fd, NULL), 0);
}

static inline void answer(uint32_t id, int status, enum web_type type, const char *etag,
			  const char *body)
{
	struct web_msg m = {.kind = WEB_REPLY, .id = id, .status = (uint16_t)status, .type = type};

	text_copy(m.etag, sizeof(m.etag), etag);
	m.body = body;
	m.size = (uint32_t)strlen(body);
	send_message(&m, -1);
}

static inline int free_port(void)
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

static inline void start_serve(void)
{
	struct error err = {0};

	assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR); /* as loop_signals */
	b.loop = loop_new();
	assert_non_null(b.loop);
	b.stopper = loop_add_waker(b.loop, stop_loop, NULL);
	b.serve = serve_new(b.loop, &b.options, &err);
	assert_string_equal(err.text, "");
	assert_non_null(b.serve);
	assert_int_equal(pthread_create(&b.thread, NULL, run_loop, NULL), 0);
	accept_link();
}

static inline int setup(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	temp_dir_make(b.dir);
	snprintf(b.link, sizeof(b.link), "%s/web.sock", b.dir);
	snprintf(b.http, sizeof(b.http), "%s/http.sock", b.dir);
	b.listener = link_listen(b.link, 0600, NULL);
	assert_true(b.listener > 0);
	b.port = free_port();
	b.options = (struct serve_options){
		.link_path = b.link, .link_fd = -1, .socket_path = b.http, .port = b.port};
	start_serve();
	return 0;
}

static inline void end_serve(void)
{
	loop_wake(b.stopper);
	pthread_join(b.thread, NULL);
	serve_free(b.serve);
	loop_free(b.loop);
}

static inline int teardown(void **state)
{
	(void)state;
	end_serve();
	assert_int_not_equal(access(b.http, F_OK), 0); /* it removed its socket */
	close(b.fd);
	close(b.listener);
	temp_dir_remove(b.dir);
	return 0;
}

static inline int restart_with(const struct serve_options *o)
{
	end_serve();
	close(b.fd);
	b.options = *o;
	start_serve();
	return 0;
}

/* ---- a client ---- */

static inline int visit(bool tcp)
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

static inline void say(int fd, const char *s)
{
	assert_int_equal(send(fd, s, strlen(s), MSG_NOSIGNAL), strlen(s));
}

/* Everything until the server closes. */
static inline char *hear(int fd)
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

static inline void assert_has(const char *all, const char *part)
{
	if (!strstr(all, part))
		fail_msg("\"%s\" is not in:\n%s", part, all);
}

static inline char *ask(const char *request)
{
	int fd = visit(false);

	say(fd, request);
	return hear(fd);
}

#define HOST "Host: localhost\r\n"

/* Read from fd until part has come. */
static inline void hear_until(int fd, const char *part)
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

/* benchd is asked who follows, and says that it may. */
static inline void follow(int fd)
{
	struct web_msg m;

	say(fd, "GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n");
	m = take();
	assert_int_equal(m.route, WEB_EVENTS);
	assert_memory_equal(m.credential, "peer:", 5);
	answer(m.id, 200, WEB_TYPE_JSON, "", "{}");
	hear_until(fd, "retry: 2000");
}

#endif
