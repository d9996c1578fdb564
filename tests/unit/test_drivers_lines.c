/* SPDX-License-Identifier: MIT
 *
 * Drivers of GPIO lines, pulses and scanners.
 */
#include "drivers_bench.h"

static void lines_of_a_chip_become_points(void **state)
{
	static const char *const options[] = {"points.estop.line",
					      "ESTOP",
					      "points.estop.direction",
					      "in",
					      "points.estop.bias",
					      "pull_up",
					      "points.dead_man.line",
					      "7",
					      "points.dead_man.direction",
					      "out",
					      "points.dead_man.active_low",
					      "yes",
					      NULL};
	struct made *m = ready(&driver_gpio_lines, 0, options);
	struct bus_line lines[4];
	struct bus_request r[2];
	struct driver_value v;
	struct bus_event ev = {.kind = BUS_EVENT_LINE, .value = 1};

	(void)state;
	assert_int_equal(driver_gpio_lines.lines(&m->d, lines, 4), 2);
	assert_string_equal(lines[0].line, "ESTOP");
	assert_int_equal(lines[0].mode, GPIO_IN);
	assert_int_equal(lines[0].bias, 1);
	assert_int_equal(lines[1].mode, GPIO_OUT);
	assert_true(lines[1].active_low);
	assert_int_equal(driver_gpio_lines.gpio_get(&m->d, 0, &ev, &v), 0);
	expect_reading(v, 1, 1, QUALITY_GOOD);
	ev.status = BUS_LINE_DOWN;
	assert_int_equal(driver_gpio_lines.gpio_get(&m->d, 0, &ev, &v), -1);
	assert_int_equal(driver_gpio_lines.set(&m->d, (int[]){1}, (double[]){1}, 1, r, 2), 1);
	assert_int_equal(r[0].kind, BUS_GPIO_SET);
	assert_int_equal(r[0].line, 1);
	assert_int_equal(r[0].data[0], 1);
	drop(m);
}

static int pulses(struct made *m, uint32_t n, double first_s, double last_s, double at_s,
		  struct driver_value *v)
{
	struct bus_event ev = {.kind = BUS_EVENT_LINE,
			       .pulses = n,
			       .first_edge_ns = (int64_t)(first_s * 1e9),
			       .last_edge_ns = (int64_t)(last_s * 1e9),
			       .at_ns = (int64_t)(at_s * 1e9)};

	return m->d.driver->gpio_get(&m->d, 0, &ev, v);
}

static void flow_is_counted_between_edges(void **state)
{
	static const char *const options[] = {"line", "FLOW1", NULL};
	struct made *m = ready(&driver_pulse_flow, 0, options);
	struct driver_value v;

	(void)state;
	/* standing water is said only after a whole window without an edge */
	assert_int_equal(pulses(m, 0, 0, 0, 10.0, &v), -1);
	assert_int_equal(pulses(m, 0, 0, 0, 10.9, &v), -1);
	assert_int_equal(pulses(m, 0, 0, 0, 11.0, &v), 0);
	expect_reading(v, 0, 0, QUALITY_GOOD);
	/* the first edge alone says nothing; then 100 Hz however the events are cut */
	assert_int_equal(pulses(m, 1, 12.00, 12.00, 12.01, &v), -1);
	assert_int_equal(pulses(m, 10, 12.01, 12.10, 12.105, &v), 0);
	expect_reading(v, 100, 11, QUALITY_GOOD);
	assert_int_equal(pulses(m, 3, 12.11, 12.13, 12.2, &v), 0);
	expect_reading(v, 100, 14, QUALITY_GOOD);
	/* between edges: nothing new; after the window: standing; then a first edge again */
	assert_int_equal(pulses(m, 0, 0, 0, 12.9, &v), -1);
	assert_int_equal(pulses(m, 0, 0, 0, 13.2, &v), 0);
	expect_reading(v, 0, 14, QUALITY_GOOD);
	assert_int_equal(pulses(m, 1, 20, 20, 20.1, &v), -1);
	/* noise faster than any meter is no flow */
	assert_int_equal(pulses(m, 1000, 20.1, 20.1001, 20.2, &v), 0);
	assert_int_equal(pulses(m, 1000, 20.2, 20.2001, 20.3, &v), 0);
	assert_int_equal(v.quality, QUALITY_OUT_OF_RANGE);
	drop(m);
}

static void stamp_in_the_future_silences_no_meter(void **state)
{
	static const char *const options[] = {"line", "FLOW1", NULL};
	struct made *m = ready(&driver_pulse_flow, 0, options);
	struct driver_value v;

	(void)state;
	assert_int_equal(pulses(m, 10, 10.00, 10.09, 10.1, &v), 0);
	expect_reading(v, 100, 10, QUALITY_GOOD);
	/* a thread's clock may be read a little before the kernel's stamp */
	assert_int_equal(pulses(m, 10, 10.10, 10.19, 10.185, &v), 0);
	expect_reading(v, 100, 20, QUALITY_GOOD);
	/* an hour ahead is another clock */
	assert_int_equal(pulses(m, 10, 3610.20, 3610.29, 10.3, &v), 0);
	assert_int_equal(v.quality, QUALITY_BAD_REPLY);
	/* no edge for a window: the water stands, though that hour has not passed */
	assert_int_equal(pulses(m, 0, 0, 0, 11.2, &v), -1);
	assert_int_equal(pulses(m, 0, 0, 0, 11.4, &v), 0);
	expect_reading(v, 0, 30, QUALITY_GOOD);
	/* and it counts again as from the start */
	assert_int_equal(pulses(m, 11, 12.00, 12.10, 12.11, &v), 0);
	expect_reading(v, 100, 41, QUALITY_GOOD);
	/* each such stamp is bad, none is the base of a good one */
	assert_int_equal(pulses(m, 10, 3612.20, 3612.29, 12.3, &v), 0);
	assert_int_equal(v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(pulses(m, 10, 3612.30, 3612.39, 12.4, &v), 0);
	assert_int_equal(v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(pulses(m, 1, 12.45, 12.45, 12.5, &v), -1);
	drop(m);
}

struct heard {
	char text[8][80];
	int n;
};

static void hear(void *ctx, int point, const char *text, const struct driver_value *v)
{
	struct heard *h = ctx;

	assert_int_equal(point, 0);
	assert_int_equal(v->quality, QUALITY_GOOD);
	assert_true(h->n < 8);
	strcpy(h->text[h->n++], text);
}

static void say(struct made *m, const char *bytes, size_t n, double at_s, struct heard *h)
{
	m->d.driver->feed(&m->d, (const uint8_t *)bytes, n, (int64_t)(at_s * 1e9), hear, h);
}

static void codes_are_lines_whatever_their_end(void **state)
{
	struct made *m = ready(&driver_scanner, 0, NULL);
	struct heard h = {0};

	(void)state;
	say(m, "RT-1\r\nRT-2\rRT-3\n", 16, 1, &h);
	say(m, "RT", 2, 5, &h);
	say(m, "-4", 2, 5.1, &h);
	say(m, "\r", 1, 5.2, &h);
	assert_int_equal(h.n, 4);
	assert_string_equal(h.text[0], "RT-1");
	assert_string_equal(h.text[1], "RT-2");
	assert_string_equal(h.text[2], "RT-3");
	assert_string_equal(h.text[3], "RT-4");
	drop(m);
}

static void half_codes_and_noise_are_no_codes(void **state)
{
	static const char *const options[] = {"max_length", "8", "min_length", "3", NULL};
	struct made *m = ready(&driver_scanner, 0, options);
	struct heard h = {0};

	(void)state;
	say(m, "123456789\r", 10, 1, &h); /* too long */
	say(m, "12\r", 3, 2, &h);	  /* too short */
	say(m,
	    "AB\x01"
	    "CD\r",
	    6, 3, &h); /* control byte */
	say(m,
	    "AB\xff"
	    "CD\r",
	    6, 4, &h);
	say(m, "A\0BCD\r", 6, 5, &h);
	say(m, "\r\n\r\n", 4, 6, &h);
	say(m, "HALF", 4, 7, &h); /* left without its end */
	say(m, "1234\r", 5, 8, &h);
	assert_int_equal(h.n, 1);
	assert_string_equal(h.text[0], "1234");
	drop(m);
}

static void a_code_read_twice_at_once_counts_once(void **state)
{
	struct made *m = ready(&driver_scanner, 0, NULL);
	struct heard h = {0};

	(void)state;
	say(m, "SN1\r", 4, 1.0, &h);
	say(m, "SN1\r", 4, 1.3, &h);
	say(m, "SN2\r", 4, 1.4, &h);
	say(m, "SN1\r", 4, 1.5, &h);
	say(m, "SN1\r", 4, 2.6, &h);
	assert_int_equal(h.n, 4);
	drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_a_chip_become_points),
		cmocka_unit_test(flow_is_counted_between_edges),
		cmocka_unit_test(stamp_in_the_future_silences_no_meter),
		cmocka_unit_test(codes_are_lines_whatever_their_end),
		cmocka_unit_test(half_codes_and_noise_are_no_codes),
		cmocka_unit_test(a_code_read_twice_at_once_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
