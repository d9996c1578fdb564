/* SPDX-License-Identifier: MIT
 *
 * The simulated rig's GPIO stand-in and scanners, from the other end of their sockets and ptys.
 */
#include "bus/gpio.h"
#include "sim_rig.h"

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
	int64_t before_ns, after_ns;

	(void)state;
	start(&r, 0);
	assert_int_equal(gpio_open(&g, "sim:gpio", r.dir, lines, 3, &err), 0);
	assert_int_equal(gpio_open(&other, "sim:gpio", r.dir, lines, 1, &err), ERR_BUSY);
	assert_int_equal(gpio_open(&other, "sim:gpio", r.dir, &absent, 1, &err), ERR_NOT_FOUND);
	read_for(g, &s, 50);
	assert_int_equal(s.value[0], 0);
	before_ns = clock_mono_ns();
	ask(&r, "estop on");
	after_ns = clock_mono_ns();
	read_for(g, &s, 50);
	assert_int_equal(s.value[0], 1);
	assert_true(s.edge_ns >= before_ns && s.edge_ns <= after_ns);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpio_stand_in_speaks_levels_edges_and_pulses),
		cmocka_unit_test(pulses_of_the_flow_meter_come_in_batches_and_in_order),
		cmocka_unit_test(scanner_sends_what_it_is_shown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
