/* SPDX-License-Identifier: MIT
 *
 * The simulated rig on real wires, each test with a server process of its own: libmodbus on ptys
 * and TCP, the GPIO stand-in, a scanner, the control socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "bus/gpio.h"
#include "sim/serve.h"

static struct fixture *fixture;

struct rig {
	char dir[64];
	pid_t pid;
	int control;
};

static void stop_loop(void *ctx, int sig)
{
	(void)sig;
	loop_stop(ctx, 0);
}

/* The server process: one byte on fd once all ports are there. */
static int serve(const char *dir, int wire_baud, int fd)
{
	struct world_config wc = {.fixture = fixture, .seed = 1, .speed = 4};
	struct sim_config sc = {
		.fixture = fixture, .dir = dir, .speed = wire_baud ? 1 : 4, .wire_baud = wire_baud};
	struct loop *loop = loop_new();
	struct sim_server s;
	struct error err = {0};
	int rc = 1;

	log_init("sim", LOG_LEVEL_ERROR);
	loop_signals(loop, stop_loop, NULL, loop);
	sc.world = world_new(&wc, &err);
	if (sc.world && !sim_serve_open(&s, loop, &sc, &err)) {
		world_mount(sc.world, 0, "RO600", "A1");
		rc = write(fd, "r", 1) == 1 ? loop_run(loop) : 1;
	} else {
		rc = err.code == ERR_BUSY ? 75 : 1;
	}
	sim_serve_close(&s);
	world_free(sc.world);
	loop_free(loop);
	return rc;
}

static pid_t launch(const char *dir, int wire_baud, bool *ready)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(serve(dir, wire_baud, fds[1]));
	}
	close(fds[1]);
	*ready = read(fds[0], &byte, 1) == 1;
	close(fds[0]);
	return pid;
}

static void start(struct rig *r, int wire_baud)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	bool ready;

	strcpy(r->dir, "/tmp/sim-test.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->pid = launch(r->dir, wire_baud, &ready);
	assert_true(ready);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/control", r->dir);
	r->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->control, (struct sockaddr *)&a, sizeof(a)), 0);
}

/* Ends it; nothing of it may be left. */
static void end(struct rig *r)
{
	int status;

	close(r->control);
	kill(r->pid, SIGTERM);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(rmdir(r->dir), 0); /* fails if a file stayed */
}

/* One control line; the reply without "ok ". Fails the test on "error". */
static char *ask(struct rig *r, const char *line)
{
	static char reply[4096];
	size_t n = 0;

	assert_int_equal(send(r->control, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	assert_int_equal(send(r->control, "\n", 1, MSG_NOSIGNAL), 1);
	while (n == 0 || reply[n - 1] != '\n') {
		ssize_t got = recv(r->control, reply + n, sizeof(reply) - 1 - n, 0);

		assert_true(got > 0);
		n += (size_t)got;
	}
	reply[n - 1] = '\0';
	return reply;
}

static double ask_number(struct rig *r, const char *line)
{
	char *reply = ask(r, line);

	if (strncmp(reply, "ok ", 3))
		fail_msg("%s: %s", line, reply);
	return strtod(reply + 3, NULL);
}

static modbus_t *open_rtu(struct rig *r, const char *name, int unit)
{
	char path[128];
	modbus_t *ctx;

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	ctx = modbus_new_rtu(path, 115200, 'N', 8, 1);
	assert_non_null(ctx);
	assert_int_equal(modbus_connect(ctx), 0);
	modbus_set_slave(ctx, unit);
	modbus_set_response_timeout(ctx, 0, 200000);
	return ctx;
}

static void close_modbus(modbus_t *ctx)
{
	modbus_close(ctx);
	modbus_free(ctx);
}

static int tcp_port(struct rig *r)
{
	char path[128], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/tcp.tcp", r->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_non_null(strchr(text, ':'));
	return atoi(strchr(text, ':') + 1);
}

static void libmodbus_reads_and_switches_on_the_pty(void **state)
{
	struct rig r;
	uint8_t bits[8] = {0}, on[8] = {1, 0, 1, 0, 0, 0, 0, 1};
	uint16_t words[8];
	modbus_t *ctx;

	(void)state;
	start(&r, 0);
	ctx = open_rtu(&r, "io", 1);
	assert_int_equal(modbus_write_bits(ctx, 0, 8, on), 8);
	assert_int_equal(modbus_read_bits(ctx, 0, 8, bits), 8);
	assert_memory_equal(bits, on, 8);
	assert_int_equal(modbus_write_bit(ctx, 0, 0), 1);
	assert_int_equal(modbus_read_bits(ctx, 0, 1, bits), 1);
	assert_int_equal(bits[0], 0);
	assert_int_equal(modbus_read_bits(ctx, 0, 9, bits), -1);
	assert_int_equal(errno, EMBXILADD);
	modbus_set_slave(ctx, 99); /* nobody */
	assert_int_equal(modbus_read_bits(ctx, 0, 1, bits), -1);
	assert_int_equal(errno, ETIMEDOUT);
	close_modbus(ctx);
	ctx = open_rtu(&r, "meters", 21);
	assert_int_equal(modbus_read_registers(ctx, 0, 5, words), 5);
	assert_in_range(words[0], 2400, 2600);
	assert_in_range(words[2], 490, 510);
	close_modbus(ctx);
	end(&r);
}

static void modbus_tcp_answers_and_cuts_off_bad_framing(void **state)
{
	static const uint8_t bad[][12] = {
		{0, 1, 0, 0, 0, 1, 1, 3},	/* too short */
		{0, 1, 0, 0, 0xff, 0xff, 1, 3}, /* too long */
		{0, 1, 0, 9, 0, 6, 1, 3},	/* another protocol */
	};
	struct rig r;
	uint16_t word = 0;
	modbus_t *ctx;
	int port;

	(void)state;
	start(&r, 0);
	port = tcp_port(&r);
	ctx = modbus_new_tcp("127.0.0.1", port);
	assert_int_equal(modbus_connect(ctx), 0);
	modbus_set_slave(ctx, 1);
	assert_int_equal(modbus_write_register(ctx, 0, 250), 1);
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), 1);
	assert_int_equal(word, 250);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sockaddr_in a = {.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					.sin_port = htons((uint16_t)port)};
		struct timeval patience = {.tv_sec = 2};
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		char byte;

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(send(fd, bad[i], 12, MSG_NOSIGNAL), 12);
		assert_true(recv(fd, &byte, 1, 0) <= 0 && errno != EAGAIN);
		close(fd);
	}
	/* whoever keeps to the rules is still served */
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), 1);
	close_modbus(ctx);
	end(&r);
}

struct seen {
	int changes[8];
	uint8_t value[8];
	uint32_t pulses;
	int64_t last_ns, edge_ns;
	bool ordered;
};

static void on_change(void *ctx, const struct gpio_change *c)
{
	struct seen *s = ctx;

	if (c->pulses) {
		s->ordered &= c->first_ns <= c->last_ns && c->first_ns >= s->last_ns;
		s->last_ns = c->last_ns;
		s->pulses += c->pulses;
		return;
	}
	s->changes[c->line]++;
	s->value[c->line] = c->value;
	s->edge_ns = c->at_ns;
}

static void read_for(struct gpio *g, struct seen *s, int ms)
{
	struct gpio_sink sink = {on_change, s};
	struct error err = {0};
	int64_t end_ns = clock_mono_ns() + ms * NS_PER_MS;

	while (clock_mono_ns() < end_ns) {
		struct pollfd fds[64];
		int n = gpio_poll(g, fds, 64);

		if (poll(fds, (nfds_t)n, 10) > 0)
			assert_true(gpio_read(g, &sink, &err) >= 0);
	}
}

static void gpio_stand_in_speaks_levels_edges_and_pulses(void **state)
{
	const struct bus_line lines[] = {
		{.line = "estop", .mode = GPIO_IN},
		{.line = "red_1", .mode = GPIO_OUT},
		{.line = "feed_flow_1", .mode = GPIO_PULSE},
	};
	const struct bus_line absent = {.line = "nowhere", .mode = GPIO_IN};
	struct rig r;
	struct gpio *g, *other;
	struct seen s = {.ordered = true};
	struct error err = {0};
	int64_t before_ns;

	(void)state;
	start(&r, 0);
	assert_int_equal(gpio_open(&g, "sim:gpio", r.dir, lines, 3, &err), 0);
	assert_int_equal(gpio_open(&other, "sim:gpio", r.dir, lines, 1, &err), ERR_BUSY);
	assert_int_equal(gpio_open(&other, "sim:gpio", r.dir, &absent, 1, &err), ERR_NOT_FOUND);
	read_for(g, &s, 50);
	assert_int_equal(s.value[0], 0);
	before_ns = clock_mono_ns();
	ask(&r, "estop on");
	read_for(g, &s, 50);
	assert_int_equal(s.value[0], 1);
	assert_true(s.edge_ns >= before_ns && s.edge_ns <= before_ns + 40 * NS_PER_MS);
	ask(&r, "estop off");
	assert_int_equal(gpio_set(g, 1, 1, &err), 0);
	assert_true(ask_number(&r, "output lamp_red 1") == 1);
	gpio_close(g);
	/* a chip without its consumer: the line falls back */
	for (int i = 0; i < 100 && ask_number(&r, "output lamp_red 1") == 1; i++)
		poll(NULL, 0, 10);
	assert_true(ask_number(&r, "output lamp_red 1") == 0);
	end(&r);
}

/* Supply pump, valves and regulator of bay 1 by Modbus, as the station would. */
static void let_water_flow(struct rig *r)
{
	uint8_t valves[8] = {1, 1, 1, 0, 0, 0, 1, 0}, pump = 1;
	modbus_t *ctx = open_rtu(r, "io", 1);

	assert_int_equal(modbus_write_bits(ctx, 0, 8, valves), 8);
	modbus_set_slave(ctx, 3);
	assert_int_equal(modbus_write_bits(ctx, 0, 1, &pump), 1);
	close_modbus(ctx);
	ctx = modbus_new_tcp("127.0.0.1", tcp_port(r));
	assert_int_equal(modbus_connect(ctx), 0);
	modbus_set_slave(ctx, 1);
	assert_int_equal(modbus_write_register(ctx, 0, 100), 1);
	close_modbus(ctx);
}

static void pulses_of_the_flow_meter_come_in_batches_and_in_order(void **state)
{
	const struct bus_line lines[] = {
		{.line = "dead_man", .mode = GPIO_OUT},
		{.line = "feed_flow_1", .mode = GPIO_PULSE},
	};
	struct rig r;
	struct gpio *g;
	struct seen s = {.ordered = true};
	struct error err = {0};
	double flow, hz;
	uint32_t counted;
	int64_t from_ns;

	(void)state;
	start(&r, 0);
	assert_int_equal(gpio_open(&g, "sim:gpio", r.dir, lines, 2, &err), 0);
	let_water_flow(&r);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(gpio_set(g, 0, (uint8_t)(i % 2), &err), 0);
		read_for(g, &s, 100);
	}
	counted = s.pulses;
	from_ns = s.last_ns;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(gpio_set(g, 0, (uint8_t)(i % 2), &err), 0);
		read_for(g, &s, 100);
	}
	flow = ask_number(&r, "truth 1 feed_flow");
	assert_true(flow > 0.3);
	assert_true(s.ordered);
	/* 1000 pulses a litre, run time four times as fast */
	hz = (s.pulses - counted) / ((double)(s.last_ns - from_ns) * 1e-9);
	if (hz < 0.97 * flow * 1000 / 60 * 4 || hz > 1.03 * flow * 1000 / 60 * 4)
		fail_msg("%g Hz at %g L/min", hz, flow);
	gpio_close(g);
	end(&r);
}

static void noise_in_front_is_forgotten_after_a_silence(void **state)
{
	struct rig r;
	uint8_t bit;
	modbus_t *ctx;

	(void)state;
	start(&r, 0);
	ctx = open_rtu(&r, "io", 1);
	assert_int_equal(write(modbus_get_socket(ctx), "\0\x01\x03", 3), 3);
	poll(NULL, 0, 30);
	assert_int_equal(modbus_read_bits(ctx, 0, 1, &bit), 1);
	assert_non_null(strstr(ask(&r, "stats io"), "bad=1"));
	close_modbus(ctx);
	end(&r);
}

static void scanner_sends_what_it_is_shown(void **state)
{
	struct rig r;
	char path[128], got[32] = "";
	int fd;

	(void)state;
	start(&r, 0);
	snprintf(path, sizeof(path), "%s/scan1", r.dir);
	fd = open(path, O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	ask(&r, "scan 1 T-1001");
	for (size_t n = 0; n < 8;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t k;

		assert_true(poll(&p, 1, 2000) > 0);
		k = read(fd, got + n, sizeof(got) - 1 - n);
		assert_true(k > 0);
		n += (size_t)k;
	}
	assert_string_equal(got, "T-1001\r\n");
	close(fd);
	end(&r);
}

static void paced_wire_takes_the_time_of_its_bytes_and_stamps_requests(void **state)
{
	struct rig r;
	uint16_t words[10];
	modbus_t *ctx;
	int64_t began_ns, least_ns = INT64_MAX;
	char *stats;

	(void)state;
	start(&r, 9600);
	ctx = open_rtu(&r, "meters", 21);
	for (int i = 0; i < 5; i++) {
		began_ns = clock_mono_ns();
		assert_int_equal(modbus_read_registers(ctx, 0, 5, words), 5);
		if (clock_mono_ns() - began_ns < least_ns)
			least_ns = clock_mono_ns() - began_ns;
		poll(NULL, 0, 5);
	}
	/* 8 + 15 characters at 9600 8N1 are 24.0 ms, and the device thinks */
	assert_true(least_ns >= 24 * NS_PER_MS);
	stats = ask(&r, "stats meters");
	assert_non_null(strstr(stats, "requests=5"));
	assert_non_null(strstr(stats, "idle_min_us="));
	assert_true(atoi(strstr(stats, "idle_min_us=") + 12) >= 4000);
	assert_true(atoi(strstr(stats, "period_min_us=") + 14) >= 28000);
	close_modbus(ctx);
	end(&r);
}

static void dead_and_late_devices_and_unplugged_ports(void **state)
{
	struct rig r;
	uint16_t word;
	modbus_t *ctx;

	(void)state;
	start(&r, 0);
	ctx = open_rtu(&r, "meters", 21);
	ask(&r, "busfault feed_probe_1:dead");
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), -1);
	ask(&r, "busfault feed_probe_1:none");
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), 1);
	ask(&r, "busfault feed_probe_1:late=0.3");
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), -1);
	modbus_set_response_timeout(ctx, 0, 900000);
	modbus_flush(ctx);
	assert_true(modbus_read_registers(ctx, 0, 1, &word) == 1);
	ask(&r, "unplug meters");
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), -1);
	close_modbus(ctx);
	ask(&r, "plug meters");
	ask(&r, "busfault feed_probe_1:none");
	ctx = open_rtu(&r, "meters", 21);
	assert_int_equal(modbus_read_registers(ctx, 0, 1, &word), 1);
	close_modbus(ctx);
	end(&r);
}

static void second_server_in_the_same_folder_is_refused(void **state)
{
	struct rig r;
	bool ready;
	int status;
	pid_t pid;

	(void)state;
	start(&r, 0);
	pid = launch(r.dir, 0, &ready);
	assert_false(ready);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 75);
	assert_true(ask_number(&r, "safe 1") == 1); /* the first one is unharmed */
	end(&r);
}

static void control_socket_refuses_what_it_does_not_know(void **state)
{
	static const char *const bad[] = {"",
					  "frobnicate",
					  "fault",
					  "fault membrane_tron",
					  "fault 7:membrane_torn",
					  "truth 1 nothing",
					  "truth 9 feed_pressure",
					  "output nothing",
					  "scan 1",
					  "estop maybe",
					  "wet 1",
					  "mount 1",
					  "unplug nowhere",
					  "busfault x:dead",
					  "safe"};
	struct rig r;

	(void)state;
	start(&r, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strncmp(ask(&r, bad[i]), "error ", 6))
			fail_msg("'%s' was taken", bad[i]);
	end(&r);
}

static void killed_server_leaves_nothing_that_hinders_the_next(void **state)
{
	struct rig r;
	bool ready;
	int status;

	(void)state;
	start(&r, 0);
	kill(r.pid, SIGKILL);
	waitpid(r.pid, &status, 0);
	r.pid = launch(r.dir, 0, &ready);
	assert_true(ready);
	end(&r);
}

static int load(void **state)
{
	struct problems problems = {0};

	(void)state;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	return fixture ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libmodbus_reads_and_switches_on_the_pty),
		cmocka_unit_test(modbus_tcp_answers_and_cuts_off_bad_framing),
		cmocka_unit_test(gpio_stand_in_speaks_levels_edges_and_pulses),
		cmocka_unit_test(pulses_of_the_flow_meter_come_in_batches_and_in_order),
		cmocka_unit_test(noise_in_front_is_forgotten_after_a_silence),
		cmocka_unit_test(scanner_sends_what_it_is_shown),
		cmocka_unit_test(paced_wire_takes_the_time_of_its_bytes_and_stamps_requests),
		cmocka_unit_test(dead_and_late_devices_and_unplugged_ports),
		cmocka_unit_test(second_server_in_the_same_folder_is_refused),
		cmocka_unit_test(control_socket_refuses_what_it_does_not_know),
		cmocka_unit_test(killed_server_leaves_nothing_that_hinders_the_next),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
