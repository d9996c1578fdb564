/* SPDX-License-Identifier: MIT
 *
 * Drivers of devices that send by themselves: bytes in whatever pieces, noise and halves between
 * them, and no number that was not sent.
 */
#include "drivers_bench.h"

enum { SAID_MAX = 64 };
static struct said {
	int point;
	struct driver_value v;
} said[SAID_MAX];
static int said_n;

static void hear(void *ctx, int point, const char *text, const struct driver_value *v)
{
	(void)ctx;
	assert_null(text);
	assert_true(said_n < SAID_MAX);
	said[said_n].point = point;
	said[said_n++].v = *v;
}

/* Bytes at a time (in s); how many values came of them. */
static int send(struct made *m, double at_s, const void *bytes, size_t n)
{
	said_n = 0;
	m->d.driver->feed(&m->d, bytes, n, (int64_t)(at_s * 1e9), hear, NULL);
	return said_n;
}

static int line(struct made *m, double at_s, const char *text)
{
	return send(m, at_s, text, strlen(text));
}

/* pure, 200 / 20 = 10 mg/L, 259 / 10 = 25.9 degC; and tap, 5000 / 20 = 250, 18.0. Sums by hand:
 * 55+0A+85+01+00+C8+01+03 = 1B1 -> B1; 55+0A+85+02+13+88+00+B4 = 235 -> 35 */
static const uint8_t pure[] = {0x55, 0x0a, 0x85, 1, 0x00, 0xc8, 0x01, 0x03, 0, 0, 0xb1};
static const uint8_t tap[] = {0x55, 0x0a, 0x85, 2, 0x13, 0x88, 0x00, 0xb4, 0, 0, 0x35};

static void frames_of_both_sides_are_told_apart(void **state)
{
	struct made *m = ready(&driver_uart_tds, 0, NULL);

	(void)state;
	assert_int_equal(send(m, 1, pure, sizeof(pure)), 2);
	expect_reading(said[0].v, 10, 200, QUALITY_GOOD);
	assert_int_equal(said[0].point, driver_point_index(&m->d, "pure_tds"));
	expect_reading(said[1].v, 25.9, 259, QUALITY_GOOD);
	assert_int_equal(send(m, 2, tap, sizeof(tap)), 2);
	expect_reading(said[0].v, 250, 5000, QUALITY_GOOD);
	assert_int_equal(said[1].point, driver_point_index(&m->d, "tap_temperature"));
	drop(m);
}

static void frames_are_found_in_any_pieces_and_noise(void **state)
{
	struct made *m = ready(&driver_uart_tds, 0, NULL);
	uint8_t noisy[64] = {0x00, 0x55, 0x0a, 0x55, 0x55};
	int told = 0;

	(void)state;
	for (size_t cut = 1; cut < sizeof(pure); cut++) {
		told += send(m, (double)cut, pure, cut);
		assert_int_equal(told, 0);
		assert_int_equal(send(m, (double)cut + 0.01, pure + cut, sizeof(pure) - cut), 2);
		assert_int_equal(said[0].v.quality, QUALITY_GOOD);
	}
	memcpy(noisy + 5, pure, sizeof(pure));
	memcpy(noisy + 16, tap, sizeof(tap));
	assert_int_equal(send(m, 100, noisy, 27), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(said[i].v.quality, QUALITY_GOOD);
	/* a beginning left alone is forgotten */
	assert_int_equal(send(m, 200, pure, 6), 0);
	assert_int_equal(send(m, 201, pure, sizeof(pure)), 2);
	assert_int_equal(said[0].v.quality, QUALITY_GOOD);
	drop(m);
}

static void a_flipped_bit_is_never_a_good_number(void **state)
{
	struct made *m = ready(&driver_uart_tds, 0, NULL);
	double at_s = 1;

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(pure); bit++, at_s += 2) {
		uint8_t bad[sizeof(pure)];

		memcpy(bad, pure, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)send(m, at_s, bad, sizeof(bad));
		for (int i = 0; i < said_n; i++)
			assert_int_not_equal(said[i].v.quality, QUALITY_GOOD);
		/* the next whole one counts again, at the latest after a silence */
		assert_int_equal(send(m, at_s + 1, pure, sizeof(pure)), 2);
		assert_int_equal(said[0].v.quality, QUALITY_GOOD);
	}
	drop(m);
}

static void without_a_checksum_two_frames_have_to_agree(void **state)
{
	static const char *const none[] = {"checksum", "none", NULL};
	struct made *m = ready(&driver_uart_tds, 0, none);
	uint8_t other[sizeof(pure)];

	(void)state;
	memcpy(other, pure, sizeof(other));
	other[4] = 0x40; /* 829.2 mg/L */
	assert_int_equal(send(m, 1, pure, sizeof(pure)), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(send(m, 2, pure, sizeof(pure)), 2);
	assert_int_equal(said[0].v.quality, QUALITY_GOOD);
	assert_int_equal(send(m, 3, other, sizeof(other)), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(said[1].v.quality, QUALITY_GOOD); /* its temperature did agree */
	assert_int_equal(send(m, 4, pure, sizeof(pure)), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	drop(m);
}

static const char *const meter[] = {"line",
				    "TDS={tds}ppm T={t} C{*}",
				    "points.tds.quantity",
				    "tds",
				    "points.tds.unit",
				    "mg/L",
				    "points.tds.max",
				    "2000",
				    "points.tds.min",
				    "0",
				    "points.t.quantity",
				    "temperature",
				    "points.t.unit",
				    "degC",
				    NULL};

static void a_line_that_fits_gives_its_numbers(void **state)
{
	struct made *m = ready(&driver_ascii_meter, 0, meter);

	(void)state;
	assert_int_equal(line(m, 1, "\r\n"), 0);
	assert_int_equal(line(m, 2, "TDS= 12.5ppm   T=25.30 C ok\r\n"), 2);
	expect_reading(said[0].v, 12.5, 12500000, QUALITY_GOOD);
	expect_reading(said[1].v, 25.3, 25300000, QUALITY_GOOD);
	assert_int_equal(line(m, 3, "TDS=+0ppm T=-.5 C\n"), 2);
	expect_reading(said[0].v, 0, 0, QUALITY_GOOD);
	expect_reading(said[1].v, -0.5, -500000, QUALITY_GOOD);
	assert_int_equal(line(m, 4, "TDS=2001ppm T=1 C\n"), 2);
	assert_int_equal(said[0].v.quality, QUALITY_OUT_OF_RANGE);
	drop(m);
}

static void a_line_that_does_not_fit_is_a_bad_reply(void **state)
{
	static const char *const bad[] = {
		"hello\n",
		"TDS=12.5ppm T=25\n",
		"TDS=12.5ppm T=25 \n",
		"TDS=ppm T=25 C\n",
		"TDS=1e3ppm T=25 C\n",
		"TDS=0x10ppm T=25 C\n",
		"TDS=nanppm T=25 C\n",
		"TDS=12.5.1ppm T=25 C\n",
		"TDS=12,5ppm T=25 C\n",
		"TDS=12.5ppmT=25 C\n",
		"TDS=12.5ppm T=2\x01 C\n",
		"DS=12.5ppm T=25 C\n",
		"TDS=1TDS=12.5ppm T=25 C\n",
		"TDS=-ppm T=25 C\n",
		"TDS=\xc3\xa9ppm T=25 C\n",
	};
	struct made *m = ready(&driver_ascii_meter, 0, meter);
	char huge[300];

	(void)state;
	line(m, 0, "\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(line(m, 1 + (double)i, bad[i]), 2);
		assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
		assert_int_equal(said[1].v.quality, QUALITY_BAD_REPLY);
	}
	memset(huge, '1', sizeof(huge));
	memcpy(huge, "TDS=", 4);
	assert_int_equal(send(m, 50, huge, sizeof(huge)), 0);
	assert_int_equal(line(m, 50.1, "ppm T=25 C\n"), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(line(m, 51, "TDS=7ppm T=25 C\n"), 2);
	expect_reading(said[0].v, 7, 7000000, QUALITY_GOOD);
	drop(m);
}

/* "TDS=1" and, a second later, "2.5ppm ...": the two halves are of two lines. */
static void half_a_line_is_no_number(void **state)
{
	struct made *m = ready(&driver_ascii_meter, 0, meter);

	(void)state;
	/* the port was opened in the middle of a line */
	assert_int_equal(line(m, 1, "TDS=2.5ppm T=25 C\n"), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	assert_int_equal(line(m, 2, "TDS=1"), 0);
	assert_int_equal(line(m, 3, "2.5ppm T=25 C\n"), 2);
	assert_int_equal(said[0].v.quality, QUALITY_BAD_REPLY);
	/* in pieces without a pause it is whole */
	assert_int_equal(line(m, 4, "TDS=1"), 0);
	assert_int_equal(line(m, 4.01, "2.5ppm T=25 C\n"), 2);
	expect_reading(said[0].v, 12.5, 12500000, QUALITY_GOOD);
	drop(m);
}

static void a_pattern_with_a_mistake_is_refused(void **state)
{
	static const char *const bad[][8] = {
		{"line", "{a}", "points.b.quantity", "tds", NULL},
		{"line", "{b} {b}", "points.b.quantity", "tds", NULL},
		{"line", "x", "points.b.quantity", "tds", NULL},
		{"line", "{b", "points.b.quantity", "tds", NULL},
		{"line", "{b}", "points.b.quantity", "text", NULL},
		{"line", "{b}", "points.b.quantity", "tds", "points.b.unit", "MPa", NULL},
		{"line", "{b}", "points.b.quantity", "tds", "points.b.max", "-1e10", NULL},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct made *m = make(&driver_ascii_meter, 0, bad[i]);

		memset(&err, 0, sizeof(err));
		assert_int_equal(driver_ascii_meter.init(&m->d, &err), ERR_CONFIG);
		assert_true(strlen(err.text) > 10);
		drop(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_both_sides_are_told_apart),
		cmocka_unit_test(frames_are_found_in_any_pieces_and_noise),
		cmocka_unit_test(a_flipped_bit_is_never_a_good_number),
		cmocka_unit_test(without_a_checksum_two_frames_have_to_agree),
		cmocka_unit_test(a_line_that_fits_gives_its_numbers),
		cmocka_unit_test(a_line_that_does_not_fit_is_a_bad_reply),
		cmocka_unit_test(half_a_line_is_no_number),
		cmocka_unit_test(a_pattern_with_a_mistake_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
