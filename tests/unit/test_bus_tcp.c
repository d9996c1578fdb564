/* SPDX-License-Identifier: MIT
 *
 * Modbus TCP under the thread: a scripted server that answers late, wrongly, in pieces or not at
 * all.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "bus/rtu.h"
#include "bus/thread.h"
#include "tests/fake/temp_dir.h"

enum mood { HONEST, SILENT, WRONG_ID, WRONG_UNIT, HANG_UP, RESET, PIECES, REFUSE, LATE };

static char dir[TEMP_DIR_SIZE];
static struct server {
	int listen_fd, fd, port;
	pthread_t thread;
	atomic_bool stop;
	_Atomic enum mood mood;
	_Atomic int accepted, asked;
	_Atomic int registers[64];
	uint16_t late_id; /* LATE: the answer held back */
} server;

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

/* PDU of the answer. */
static size_t serve(const uint8_t *pdu, uint8_t *out)
{
	unsigned first = (unsigned)pdu[1] << 8 | pdu[2], count = (unsigned)pdu[3] << 8 | pdu[4];

	memcpy(out, pdu, 5);
	if (server.mood == REFUSE) {
		out[0] |= RTU_EXCEPTION;
		out[1] = 2;
		return 2;
	}
	switch (pdu[0]) {
	case 3:
	case 4:
		out[1] = (uint8_t)(2 * count);
		for (unsigned i = 0; i < count; i++)
			put16(out + 2 + 2 * i, (unsigned)server.registers[(first + i) % 64]);
		return 2 + 2 * count;
	case 1:
	case 2:
		out[1] = (uint8_t)((count + 7) / 8);
		memset(out + 2, 0, out[1]);
		for (unsigned i = 0; i < count; i++)
			out[2 + i / 8] |=
				(uint8_t)((server.registers[(first + i) % 64] & 1) << i % 8);
		return 2u + out[1];
	case 5: server.registers[first % 64] = count == 0xff00; return 5;
	case 6: server.registers[first % 64] = (int)count; return 5;
	case 15:
		for (unsigned i = 0; i < count; i++)
			server.registers[(first + i) % 64] = pdu[6 + i / 8] >> (i % 8) & 1;
		return 5;
	default:
		for (unsigned i = 0; i < count; i++)
			server.registers[(first + i) % 64] = pdu[6 + 2 * i] << 8 | pdu[7 + 2 * i];
		return 5;
	}
}

static void answer(const uint8_t *adu)
{
	uint8_t out[300];
	size_t n = serve(adu + 7, out + 7);
	struct linger hard = {1, 0};

	memcpy(out, adu, 4);
	put16(out + 4, (unsigned)n + 1);
	out[6] = adu[6];
	switch ((enum mood)server.mood) {
	case SILENT: return;
	case WRONG_ID: out[1] ^= 1; break;
	case WRONG_UNIT:
		out[6]++;
		out[9] ^= 0x55; /* the other unit's own value */
		break;
	case RESET:
		setsockopt(server.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)); /* fall */
		__attribute__((fallthrough));
	case HANG_UP:
		close(server.fd);
		server.fd = -1;
		return;
	case PIECES:
		for (size_t i = 0; i + 1 < n + 7; i++) {
			if (send(server.fd, out + i, 1, MSG_NOSIGNAL) != 1)
				return; /* late, as below */
			poll(NULL, 0, 1);
		}
		(void)!send(server.fd, out + n + 6, 1, MSG_NOSIGNAL);
		return;
	case LATE: poll(NULL, 0, 150); break;
	case HONEST:
	case REFUSE: break;
	}
	/* Late, the other side is gone. */
	(void)!send(server.fd, out, n + 7, MSG_NOSIGNAL);
}

static void *server_main(void *arg)
{
	uint8_t buf[300];
	size_t n = 0;

	(void)arg;
	while (!server.stop) {
		struct pollfd p = {.fd = server.fd >= 0 ? server.fd : server.listen_fd,
				   .events = POLLIN};
		ssize_t got;

		if (poll(&p, 1, 10) != 1)
			continue;
		if (server.fd < 0) {
			server.fd = accept4(server.listen_fd, NULL, NULL, SOCK_CLOEXEC);
			server.accepted++;
			n = 0;
			continue;
		}
		got = recv(server.fd, buf + n, sizeof(buf) - n, 0);
		if (got <= 0) {
			close(server.fd);
			server.fd = -1;
			continue;
		}
		n += (size_t)got;
		if (n >= 12 && n >= 6u + buf[5]) {
			server.asked++;
			n = 0;
			answer(buf);
		}
	}
	return NULL;
}

static int server_start(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	char path[128];
	FILE *f;

	(void)state;
	temp_dir_make(dir);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = -1;
	server.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.listen_fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(server.listen_fd, 8) < 0 ||
	    getsockname(server.listen_fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	server.port = ntohs(a.sin_port);
	snprintf(path, sizeof(path), "%s/io.tcp", dir);
	f = fopen(path, "w");
	fprintf(f, "127.0.0.1:%d\n", server.port);
	fclose(f);
	for (int i = 0; i < 64; i++)
		server.registers[i] = 1000 + i;
	return pthread_create(&server.thread, NULL, server_main, NULL);
}

static int server_stop(void **state)
{
	(void)state;
	server.stop = true;
	pthread_join(server.thread, NULL);
	close(server.listen_fd);
	return 0;
}

/* ---- client ---------------------------------------------------------------- */

static _Atomic int ok, wrong, failed, requests, ups, downs, lost, back;
static struct bus_event request_event;

static void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	(void)ctx;
	(void)bus;
	if (ev->kind == BUS_EVENT_READ && ev->status == BUS_OK) {
		for (unsigned i = 0; i < ev->count; i++)
			wrong += ev->data[i] != 1000 + 2 * (unsigned)ev->index + i;
		ok++;
	} else if (ev->kind == BUS_EVENT_READ) {
		failed++;
	} else if (ev->kind == BUS_EVENT_REQUEST) {
		request_event = *ev;
		requests++;
	}
	ups += ev->kind == BUS_EVENT_UP;
	downs += ev->kind == BUS_EVENT_DOWN;
	lost += ev->kind == BUS_EVENT_DEVICE_LOST;
	back += ev->kind == BUS_EVENT_DEVICE_BACK;
}

static struct bus_thread *client_start(const char *port)
{
	static struct fx_bus fx = {
		.name = "tcp", .kind = BUS_MODBUS_TCP, .reply_timeout_ns = 100 * NS_PER_MS};
	static struct fixture f = {.buses = &fx, .bus_count = 1};
	static const struct bus_read reads[] = {
		{.unit = 1, .function = 3, .first = 0, .count = 2, .period_ns = 5 * NS_PER_MS},
		{.unit = 1, .function = 4, .first = 2, .count = 2, .period_ns = 5 * NS_PER_MS},
	};
	struct bus_thread_config c = {
		.bus = {.fixture = &f, .reads = reads, .read_count = 2, .sim_dir = dir},
		.event = on_event};
	struct error err;
	struct bus_thread *t;

	fx.port = port;
	ok = wrong = failed = requests = ups = downs = lost = back = 0;
	t = bus_thread_start(&c, &err);
	assert_non_null(t);
	return t;
}

static void wait_for(_Atomic int *what, int at_least)
{
	int64_t end_ns = clock_mono_ns() + 5 * NS_PER_S;

	while (*what < at_least && clock_mono_ns() < end_ns)
		poll(NULL, 0, 1);
	assert_true(*what >= at_least);
}

static void reads_and_verified_writes_pass(void **state)
{
	struct bus_thread *t = client_start("sim:io");
	struct bus_request r = {.kind = BUS_WRITE,
				.token = 1,
				.unit = 1,
				.function = MODBUS_WRITE_REGISTER,
				.first = 40,
				.data = {4711},
				.verify = true,
				.verify_function = MODBUS_READ_HOLDING,
				.verify_first = 40,
				.verify_count = 1,
				.verify_expect = {4711},
				.verify_mask = {0xffff}};
	struct bus_request many = {.kind = BUS_WRITE,
				   .token = 2,
				   .unit = 1,
				   .function = MODBUS_WRITE_REGISTERS,
				   .first = 50,
				   .count = 3,
				   .data = {7, 8, 0xffff}};
	struct bus_request coils = {.kind = BUS_WRITE,
				    .token = 3,
				    .unit = 1,
				    .function = MODBUS_WRITE_COILS,
				    .first = 55,
				    .count = 3,
				    .data = {1, 0, 1},
				    .verify = true,
				    .verify_function = MODBUS_READ_COILS,
				    .verify_first = 55,
				    .verify_count = 3,
				    .verify_expect = {1, 0, 1},
				    .verify_mask = {1, 1, 1}};

	(void)state;
	wait_for(&ok, 20);
	assert_int_equal(bus_thread_submit(t, &r), 0);
	wait_for(&requests, 1);
	assert_int_equal(request_event.status, BUS_OK);
	assert_int_equal(request_event.data[0], 4711);
	r.verify_expect[0] = 4712;
	assert_int_equal(bus_thread_submit(t, &r), 0);
	wait_for(&requests, 2);
	assert_int_equal(request_event.status, BUS_MISMATCH);
	assert_int_equal(bus_thread_submit(t, &many), 0);
	wait_for(&requests, 3);
	assert_int_equal(request_event.status, BUS_OK);
	assert_int_equal(server.registers[50], 7);
	assert_int_equal(server.registers[52], 0xffff);
	assert_int_equal(bus_thread_submit(t, &coils), 0);
	wait_for(&requests, 4);
	assert_int_equal(request_event.status, BUS_OK);
	assert_int_equal(request_event.data[2], 1);
	assert_int_equal(bus_thread_is_simulated(t), 1);
	bus_thread_stop(t);
	assert_int_equal(wrong + failed, 0);
}

static void each_mood_gives_no_wrong_value_and_passes(void **state)
{
	static const enum mood moods[] = {SILENT, WRONG_ID, WRONG_UNIT, HANG_UP, RESET, LATE};
	char port[32];

	(void)state;
	snprintf(port, sizeof(port), "127.0.0.1:%d", server.port);
	for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
		struct bus_thread *t = client_start(port);
		int accepted;

		wait_for(&ok, 5);
		accepted = server.accepted;
		server.mood = moods[i];
		wait_for(&failed, 1);
		server.mood = HONEST;
		ok = 0;
		wait_for(&ok, 20);
		assert_true(server.accepted > accepted);
		assert_int_equal(bus_thread_is_simulated(t), 0);
		bus_thread_stop(t);
		assert_int_equal(wrong, 0);
	}
}

static void a_reply_in_pieces_is_put_together(void **state)
{
	struct bus_thread *t = client_start("sim:io");

	(void)state;
	server.mood = PIECES;
	wait_for(&ok, 10);
	server.mood = HONEST;
	bus_thread_stop(t);
	assert_int_equal(wrong, 0);
}

static void a_refusal_is_told_and_keeps_the_connection(void **state)
{
	struct bus_request r = {
		.kind = BUS_READ_ONCE, .unit = 1, .function = MODBUS_READ_HOLDING, .count = 1};
	struct bus_thread *t = client_start("sim:io");
	int accepted;

	(void)state;
	wait_for(&ok, 5);
	accepted = server.accepted;
	server.mood = REFUSE;
	assert_int_equal(bus_thread_submit(t, &r), 0);
	wait_for(&requests, 1);
	assert_int_equal(request_event.status, BUS_EXCEPTION);
	assert_int_equal(request_event.exception, 2);
	server.mood = HONEST;
	ok = 0;
	wait_for(&ok, 5);
	assert_int_equal(server.accepted, accepted);
	bus_thread_stop(t);
}

static void nobody_there_is_told_with_the_address(void **state)
{
	struct bus_thread *t = client_start("127.0.0.1:1");

	(void)state;
	wait_for(&downs, 1);
	wait_for(&failed, 2);
	bus_thread_stop(t);
	t = client_start("sim:absent");
	wait_for(&downs, 1);
	bus_thread_stop(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_verified_writes_pass),
		cmocka_unit_test(each_mood_gives_no_wrong_value_and_passes),
		cmocka_unit_test(a_reply_in_pieces_is_put_together),
		cmocka_unit_test(a_refusal_is_told_and_keeps_the_connection),
		cmocka_unit_test(nobody_there_is_told_with_the_address),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
