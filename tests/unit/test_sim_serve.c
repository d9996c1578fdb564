/* SPDX-License-Identifier: MIT
 *
 * The simulated rig on real wires: libmodbus on ptys and TCP, pacing, faults of the line, the
 * control socket.
 */
#include <arpa/inet.h>

#include "sim_rig.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libmodbus_reads_and_switches_on_the_pty),
		cmocka_unit_test(modbus_tcp_answers_and_cuts_off_bad_framing),
		cmocka_unit_test(noise_in_front_is_forgotten_after_a_silence),
		cmocka_unit_test(paced_wire_takes_the_time_of_its_bytes_and_stamps_requests),
		cmocka_unit_test(dead_and_late_devices_and_unplugged_ports),
		cmocka_unit_test(second_server_in_the_same_folder_is_refused),
		cmocka_unit_test(control_socket_refuses_what_it_does_not_know),
		cmocka_unit_test(killed_server_leaves_nothing_that_hinders_the_next),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
