/* SPDX-License-Identifier: MIT
 *
 * Frames found in streams of bytes that hold more, less or other than frames.
 */
#include "bus_wire.h"

static const uint8_t two_registers[] = {0x01, 0x03, 0x04, 0x12, 0x34, 0xab, 0xcd, 0, 0};

static struct rtu_expect expect_read(uint8_t unit, uint8_t function, uint16_t count)
{
	struct rtu_expect e = {.unit = unit, .shape = rtu_shape_of_read(function, count)};

	memset(e.units, 0, sizeof(e.units));
	for (int u = 1; u <= 4; u++)
		e.units[u / 8] |= (uint8_t)(1u << u % 8);
	return e;
}

static size_t frame(uint8_t *dst)
{
	return rtu_build(dst, two_registers[0], two_registers + 1, sizeof(two_registers) - 3);
}

/* Feed all at once; true when the answer was found. */
static bool found(const uint8_t *p, size_t n, const struct rtu_expect *e)
{
	struct rtu_rx rx = {0};
	struct rtu_frame f;

	rtu_rx_add(&rx, p, n);
	while (rtu_next(&rx, e, false, &f))
		if (f.is_answer)
			return true;
	return false;
}

static void crc_is_that_of_the_specification(void **state)
{
	/* Modbus over serial line V1.02, 6.2.2: 02 07 gives 41 12 on the wire. */
	const uint8_t example[] = {0x02, 0x07};

	(void)state;
	assert_int_equal(rtu_crc(example, 2), 0x1241);
}

static void a_frame_split_at_every_byte_is_found_when_it_is_whole(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX];
	size_t n = frame(adu);

	(void)state;
	for (size_t cut = 1; cut < n; cut++) {
		struct rtu_rx rx = {0};
		struct rtu_frame f;

		rtu_rx_add(&rx, adu, cut);
		assert_false(rtu_next(&rx, &e, false, &f));
		rtu_rx_add(&rx, adu + cut, n - cut);
		assert_true(rtu_next(&rx, &e, false, &f));
		assert_true(f.is_answer);
		assert_int_equal(f.pdu_n, n - 3);
		assert_memory_equal(f.pdu, adu + 1, n - 3);
		assert_int_equal(rtu_rx_count(&rx), 0);
	}
}

static void a_truncated_frame_is_no_frame(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX];
	size_t n = frame(adu);

	(void)state;
	for (size_t len = 0; len < n; len++)
		assert_false(found(adu, len, &e));
	assert_true(found(adu, n, &e));
}

static void no_frame_with_one_or_two_flipped_bits_is_found(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX];
	size_t bits = 8 * frame(adu), tried = 0;

	(void)state;
	for (size_t a = 0; a < bits; a++) {
		for (size_t b = a; b < bits; b++) {
			size_t n = frame(adu);

			adu[a / 8] ^= (uint8_t)(1u << a % 8);
			if (b != a)
				adu[b / 8] ^= (uint8_t)(1u << b % 8);
			assert_false(found(adu, n, &e));
			tried++;
		}
	}
	assert_int_equal(tried, bits * (bits + 1) / 2);
}

static void noise_before_between_and_after_does_not_hide_a_frame(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	static const uint8_t noise[][6] = {{0}, {0xff, 0xff}, {1, 3, 0x20, 1, 3, 4}, {1}, {1, 3}};
	static const size_t len[] = {1, 2, 6, 1, 2};
	uint8_t bytes[RTU_ADU_MAX], adu[RTU_ADU_MAX];
	size_t n = frame(adu);

	(void)state;
	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		memcpy(bytes, noise[i], len[i]);
		memcpy(bytes + len[i], adu, n);
		memcpy(bytes + len[i] + n, noise[i], len[i]);
		assert_true(found(bytes, 2 * len[i] + n, &e));
	}
}

static void frames_of_others_are_given_but_are_no_answer(void **state)
{
	static const struct {
		uint8_t unit, function;
		uint16_t count;
	} other[] = {{2, 3, 2}, {1, 4, 2}, {1, 3, 1}, {1, 3, 3}};
	uint8_t adu[RTU_ADU_MAX];
	size_t n = frame(adu);

	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		struct rtu_expect e = expect_read(other[i].unit, other[i].function, other[i].count);
		struct rtu_rx rx = {0};
		struct rtu_frame f;

		rtu_rx_add(&rx, adu, n);
		assert_true(rtu_next(&rx, &e, false, &f));
		assert_false(f.is_answer);
		assert_int_equal(f.unit, 1);
	}
}

static void a_write_is_answered_by_its_own_echo_only(void **state)
{
	const uint8_t request[] = {5, 0, 7, 0xff, 0};
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX], pdu[5];

	(void)state;
	e.shape = rtu_shape_of_request(request);
	for (int i = 0; i < 5; i++) {
		memcpy(pdu, request, 5);
		assert_true(found(adu, rtu_build(adu, 1, pdu, 5), &e));
		pdu[i] ^= 1;
		assert_false(found(adu, rtu_build(adu, 1, pdu, 5), &e));
	}
}

static void a_refusal_of_the_function_is_an_answer(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX];

	(void)state;
	assert_true(found(adu, rtu_build(adu, 1, (const uint8_t[]){0x83, 2}, 2), &e));
	assert_false(found(adu, rtu_build(adu, 1, (const uint8_t[]){0x84, 2}, 2), &e));
	assert_false(found(adu, rtu_build(adu, 2, (const uint8_t[]){0x83, 2}, 2), &e));
}

static void a_frame_that_has_begun_is_waited_for_and_given_up_at_the_end(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX], begun[] = {2, 3, 0x40, 1, 2, 3};
	size_t n = rtu_build(adu, 3, two_registers + 1, 6);
	struct rtu_rx rx = {0};
	struct rtu_frame f;

	(void)state;
	rtu_rx_add(&rx, begun, sizeof(begun));
	rtu_rx_add(&rx, adu, n);
	/* The frame of slave 3 may be part of slave 2's. */
	assert_false(rtu_next(&rx, &e, false, &f));
	assert_true(rtu_next(&rx, &e, true, &f));
	assert_int_equal(f.unit, 3);
	assert_int_equal(rx.noise, sizeof(begun));
}

static void more_bytes_than_fit_push_the_oldest_out(void **state)
{
	struct rtu_expect e = expect_read(1, 3, 2);
	uint8_t adu[RTU_ADU_MAX], noise[3000];
	size_t n = frame(adu);
	struct rtu_rx rx = {0};
	struct rtu_frame f;

	(void)state;
	memset(noise, 0xee, sizeof(noise));
	rtu_rx_add(&rx, noise, sizeof(noise));
	rtu_rx_add(&rx, noise, 700);
	rtu_rx_add(&rx, adu, n);
	assert_true(rtu_next(&rx, &e, false, &f));
	assert_true(f.is_answer);
	assert_int_equal(rx.noise, 3700);
}

static void lengths_and_shapes_follow_the_specification(void **state)
{
	static const struct {
		uint8_t pdu[8];
		size_t n, answer;
	} row[] = {
		{{1, 0, 0, 0, 8}, 5, 6},     {{2, 0, 0, 0, 9}, 5, 7},	  {{3, 0, 0, 0, 1}, 5, 7},
		{{4, 0, 0, 0, 125}, 5, 255}, {{5, 0, 0, 0xff, 0}, 5, 8},  {{6, 0, 0, 0, 1}, 5, 8},
		{{15, 0, 0, 0, 8, 1}, 7, 8}, {{16, 0, 0, 0, 1, 2}, 8, 8}, {{7, 0, 0, 0, 0}, 5, 0},
		{{23, 0, 0, 0, 0}, 5, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(rtu_answer_length(row[i].pdu, row[i].n), row[i].answer);
	/* Byte counts that no reply can have begin no frame. */
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3, 0}, 3), 0);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3, 3}, 3), 0);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3, 252}, 3), 0);
	assert_true(rtu_reply_length((const uint8_t[]){1, 3}, 2) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_that_of_the_specification),
		cmocka_unit_test(a_frame_split_at_every_byte_is_found_when_it_is_whole),
		cmocka_unit_test(a_truncated_frame_is_no_frame),
		cmocka_unit_test(no_frame_with_one_or_two_flipped_bits_is_found),
		cmocka_unit_test(noise_before_between_and_after_does_not_hide_a_frame),
		cmocka_unit_test(frames_of_others_are_given_but_are_no_answer),
		cmocka_unit_test(a_write_is_answered_by_its_own_echo_only),
		cmocka_unit_test(a_refusal_of_the_function_is_an_answer),
		cmocka_unit_test(a_frame_that_has_begun_is_waited_for_and_given_up_at_the_end),
		cmocka_unit_test(more_bytes_than_fit_push_the_oldest_out),
		cmocka_unit_test(lengths_and_shapes_follow_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
