/* SPDX-License-Identifier: MIT
 *
 * Samples as compressed columns: exact, and bounded when damaged.
 */
#include "src/store/columns.h"
#include "tests/unit/segment_bench.h"

static struct sample wild_sample(void)
{
	static const double values[] = {0.0, -0.0, 1.0, 1e-310, 1e308, -1e308};
	struct sample s = {
		.channel = (uint16_t)(next_random() % 5 ? next_random() % 4 : next_random()),
		.quality = (uint8_t)(next_random() % 256),
		.updates = (uint32_t)next_random(),
		.raw = (int64_t)next_random(),
		.at_ns = (int64_t)next_random()};
	uint64_t bits = next_random();

	memcpy(&s.value, &bits, sizeof(bits)); /* NaNs of every kind among them */
	if (next_random() % 4 == 0)
		s.value = values[next_random() % 6];
	if (next_random() % 4 == 0)
		s.raw = next_random() % 2 ? INT64_MIN : INT64_MAX;
	if (next_random() % 8 == 0)
		s.value = next_random() % 2 ? (double)NAN : (double)INFINITY;
	return s;
}

static void any_samples_come_back_bit_for_bit(void **state)
{
	(void)state;
	random_state = 42;
	for (int round = 0; round < 50; round++) {
		struct text block = {0};
		struct sample in[300], *out;
		int n = 1 + (int)(next_random() % 300), m;

		for (int i = 0; i < n; i++)
			in[i] = wild_sample();
		columns_encode(in, n, 3, &block);
		assert_int_equal(columns_decode(block.buf, block.len, &out, &m), 0);
		assert_int_equal(m, n);
		for (int i = 0; i < n; i++)
			assert_true(same_sample(&in[i], &out[i]));
		free(out);
		text_release(&block);
	}
}

static void a_damaged_block_is_refused_or_decoded_within_bounds(void **state)
{
	struct text block = {0};
	struct sample in[200], *out;
	int refused = 0, m;

	(void)state;
	random_state = 7;
	for (int i = 0; i < 200; i++)
		in[i] = wild_sample();
	columns_encode(in, 200, 3, &block);
	for (size_t cut = 0; cut < block.len; cut++)
		assert_int_equal(columns_decode(block.buf, cut, &out, &m), ERR_SYNTAX);
	for (size_t i = 0; i < block.len; i++) {
		block.buf[i] ^= (char)(1 << next_random() % 8);
		if (columns_decode(block.buf, block.len, &out, &m) < 0)
			refused++;
		else
			free(out);
		block.buf[i] ^= (char)(next_random() & 0x7f);
	}
	assert_true(refused > 0);
	text_release(&block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(any_samples_come_back_bit_for_bit),
		T(a_damaged_block_is_refused_or_decoded_within_bounds),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
