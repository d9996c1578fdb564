/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

static void text_grows_and_stays_terminated(void **state)
{
	struct text t = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_printf(&t, "%03d,", i);
	assert_int_equal(t.len, 4000);
	assert_int_equal(t.buf[t.len], '\0');
	assert_memory_equal(t.buf + 3996, "999,", 4);
	text_clear(&t);
	assert_string_equal(t.buf, "");
	text_puts(&t, "");
	text_printf(&t, "%0500d", 7);
	assert_int_equal(t.len, 500);
	text_release(&t);
	assert_null(t.buf);
}

static void text_beyond_its_bound_is_cut_between_characters(void **state)
{
	struct text t = {.max = 8};

	(void)state;
	text_puts(&t, "水水水");
	assert_true(t.overflow);
	assert_string_equal(t.buf, "水水");
	text_puts(&t, "x"); /* nothing follows a cut */
	assert_string_equal(t.buf, "水水");
	text_release(&t);
	t.max = 3;
	text_puts(&t, "abc");
	assert_false(t.overflow);
	text_puts(&t, "d");
	assert_true(t.overflow);
	assert_string_equal(t.buf, "abc");
	text_release(&t);
}

static void copies_are_cut_between_characters(void **state)
{
	char buf[6];

	(void)state;
	assert_true(text_copy(buf, sizeof(buf), "abcde"));
	assert_string_equal(buf, "abcde");
	assert_false(text_copy(buf, sizeof(buf), "abcd水"));
	assert_string_equal(buf, "abcd");
	assert_false(text_copy(buf, 0, "a"));
	assert_false(text_copy(buf, 1, "a"));
	assert_string_equal(buf, "");
}

static void only_strict_utf8_is_accepted(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xed\xa0\x80",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xe6\xb0",
		"\xff",
		"a\xc3(",
		"\xfe",
	};

	(void)state;
	assert_true(text_is_utf8("aµ水\xf0\x9f\x92\xa7", 10));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void control_characters_are_not_clean(void **state)
{
	(void)state;
	assert_true(text_is_clean("水 a", 5, ""));
	assert_false(text_is_clean("a\nb", 3, ""));
	assert_true(text_is_clean("a\nb", 3, "\n"));
	assert_false(text_is_clean("a\tb", 3, "\n"));
	assert_false(text_is_clean("a\0b", 3, "\n"));
	assert_false(text_is_clean("\x7f", 1, ""));
	assert_false(text_is_clean("\xc2\x9b", 2, "")); /* CSI as one character */
}

static void names_are_lower_case_words(void **state)
{
	char longest[65];

	(void)state;
	memset(longest, 'a', 64);
	longest[63] = '\0';
	assert_true(text_is_name(longest));
	longest[63] = 'a';
	longest[64] = '\0';
	assert_false(text_is_name(longest));
	assert_true(text_is_name("feed_pressure_2"));
	assert_false(text_is_name(""));
	assert_false(text_is_name("_a"));
	assert_false(text_is_name("2a"));
	assert_false(text_is_name("Feed"));
	assert_false(text_is_name("a-b"));
}

static void a_day_is_one_that_the_calendar_has(void **state)
{
	static const char *const days[] = {"2026-01-31", "2024-02-29", "2000-02-29", "2026-12-31"};
	static const char *const none[] = {"2027-02-31",  "2026-02-29", "2100-02-29", "2026-04-31",
					   "2026-13-01",  "2026-00-10", "2026-01-00", "2026-1-31",
					   "2026-01-311", "2026-01-3",	"",	      "2026/01/31",
					   "+026-01-31"};

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		assert_true(text_is_day(days[i]));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(text_is_day(none[i]));
}

static void nearest_name_forgives_slips_but_does_not_guess(void **state)
{
	static const char *const names[] = {"feed_pressure", "feed_flow", "permeate_flow",
					    "uS/cm",	     "MPa",	  "kPa"};

	(void)state;
	assert_string_equal(text_nearest("feed_presure", names, 6), "feed_pressure");
	assert_string_equal(text_nearest("feed_folw", names, 6), "feed_flow");
	assert_string_equal(text_nearest("us/cm", names, 6), "uS/cm");
	assert_string_equal(text_nearest("mpa", names, 6), "MPa");
	assert_string_equal(text_nearest("KPA", names, 6), "kPa");
	assert_null(text_nearest("temperature", names, 6));
	assert_null(text_nearest("x", names, 6));
	assert_null(text_nearest("", names, 6));
	assert_null(text_nearest("feed_flow", NULL, 0));
}

static void numbers_are_plain_decimals(void **state)
{
	static const char *const bad[] = {"",	 "+1", "0x10",	"inf",	  "nan",    "1,5", " 1",
					  "1 ",	 "1e", "1e+",	"1..",	  "--1",    "-",   ".",
					  "1_0", "1f", "1e999", "-1e999", "1e-999", "-.",  ".e1"};
	static const struct {
		const char *s;
		double v;
	} good[] = {{"0", 0},	  {"-0.5", -0.5}, {"1e3", 1000},   {"1.5E-3", 0.0015},
		    {".5", 0.5},  {"5.", 5},	  {"007", 7},	   {"0e999", 0},
		    {"0.1", 0.1}, {"1e+2", 100},  {"1e308", 1e308}};
	double v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_to_double(bad[i], strlen(bad[i]), &v));
	assert_true(v == 42);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(text_to_double(good[i].s, strlen(good[i].s), &v));
		assert_true(v == good[i].v);
	}
	assert_true(text_to_double("12345", 2, &v)); /* by length, not by NUL */
	assert_true(v == 12);
}

static void whole_numbers_keep_every_digit(void **state)
{
	static const char *const bad[] = {
		"", "-", "+1", "1.0", "9223372036854775808", "1 ", "0x1", "-9223372036854775809"};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_to_int64(bad[i], strlen(bad[i]), &v));
	assert_true(v == 42);
	assert_true(text_to_int64("9223372036854775807", 19, &v) && v == INT64_MAX);
	assert_true(text_to_int64("-9223372036854775808", 20, &v) && v == INT64_MIN);
	assert_true(text_to_int64("-12", 3, &v) && v == -12);
}

static void judged_values_have_nine_digits(void **state)
{
	char buf[32];

	(void)state;
	assert_true(text_round9(0.1 + 0.2) == 0.3);
	assert_true(text_round9(123456789.4) == 123456789);
	assert_true(text_round9(1.23456789449) == 1.23456789);
	assert_true(text_round9(-1.234567895001e-7) == -1.23456790e-7);
	assert_false(signbit(text_round9(-0.0)));
	assert_true(isnan(text_round9((double)NAN)));
	assert_true(isinf(text_round9((double)INFINITY)));
	assert_string_equal(text_from_double(buf, sizeof(buf), -0.0), "0");
	assert_string_equal(text_from_double(buf, sizeof(buf), 0.25), "0.25");
	assert_string_equal(text_from_double(buf, sizeof(buf), 1e21), "1e+21");
}

/* A generator of its own, so that a failure can be repeated. */
static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void rounding_is_stable_and_text_gives_it_back(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = next_random(&seed);
		char buf[32];
		double v, r, back;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v) || fabs(v) > 1e300 || fabs(v) < 1e-300)
			continue;
		r = text_round9(v);
		assert_true(fabs(r - v) <= 5.1e-9 * fabs(v));
		assert_true(text_round9(r) == r);
		text_from_double(buf, sizeof(buf), r);
		assert_true(text_to_double(buf, strlen(buf), &back));
		assert_true(back == r);
	}
}

static void times_are_rfc3339_with_microseconds(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_from_utc_us(buf, sizeof(buf), 0), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(text_from_utc_us(buf, sizeof(buf), 1769846400000001),
			    "2026-01-31T08:00:00.000001Z");
	assert_string_equal(text_from_utc_us(buf, sizeof(buf), -1), "1969-12-31T23:59:59.999999Z");
}

static void uuids_are_version_4_and_differ(void **state)
{
	char a[37], b[37];

	(void)state;
	text_uuid(a);
	text_uuid(b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	for (int i = 0; i < 36; i++)
		assert_true((a[i] == '-') == (i == 8 || i == 13 || i == 18 || i == 23));
	assert_string_not_equal(a, b);
}

static void sha256_matches_its_standard(void **state)
{
	uint8_t sum[32];
	char hex[65];

	(void)state;
	text_sha256(sum, "abc", 3); /* FIPS 180-4, example of one block */
	text_hex(hex, sum, sizeof(sum));
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* A file without a name of n bytes 'a', and the path that opens it until it is closed. */
static int make_file(char path[32], size_t n)
{
	int fd = memfd_create("test_text", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(fd, "a", 1), 1);
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void files_are_read_whole_up_to_a_bound(void **state)
{
	struct error err = {0};
	char path[32];
	char *out = NULL;
	size_t n = 0;
	int fd;

	(void)state;
	fd = make_file(path, 20000);
	assert_int_equal(text_read_file(path, 20000, &out, &n, &err), 0);
	assert_int_equal(n, 20000);
	assert_int_equal(strlen(out), 20000);
	free(out);
	out = NULL;
	assert_int_equal(text_read_file(path, 19999, &out, &n, &err), ERR_LIMIT);
	assert_null(out);
	assert_non_null(strstr(err.text, "19999"));
	assert_int_equal(text_read_file(path, 0, &out, &n, &err), ERR_LIMIT);
	close(fd);
	assert_int_equal(text_read_file(path, 100, &out, &n, &err), ERR_NOT_FOUND);
	assert_int_equal(text_read_file("/tmp", 100, &out, &n, &err), ERR_IO);
	assert_non_null(strstr(err.text, "EISDIR"));
	fd = make_file(path, 0);
	assert_int_equal(text_read_file(path, 0, &out, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_string_equal(out, "");
	free(out);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_and_stays_terminated),
		cmocka_unit_test(text_beyond_its_bound_is_cut_between_characters),
		cmocka_unit_test(copies_are_cut_between_characters),
		cmocka_unit_test(only_strict_utf8_is_accepted),
		cmocka_unit_test(control_characters_are_not_clean),
		cmocka_unit_test(names_are_lower_case_words),
		cmocka_unit_test(a_day_is_one_that_the_calendar_has),
		cmocka_unit_test(nearest_name_forgives_slips_but_does_not_guess),
		cmocka_unit_test(numbers_are_plain_decimals),
		cmocka_unit_test(whole_numbers_keep_every_digit),
		cmocka_unit_test(judged_values_have_nine_digits),
		cmocka_unit_test(rounding_is_stable_and_text_gives_it_back),
		cmocka_unit_test(times_are_rfc3339_with_microseconds),
		cmocka_unit_test(uuids_are_version_4_and_differ),
		cmocka_unit_test(sha256_matches_its_standard),
		cmocka_unit_test(files_are_read_whole_up_to_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
