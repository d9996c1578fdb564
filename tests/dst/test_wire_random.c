/* SPDX-License-Identifier: MIT
 *
 * Faults in any mixture, one upon another, and every damage of a few bits: what the check sum finds,
 * and what it leaves to others.
 */
#include "wire_lab.h"

enum { SEEDS = 24, EPISODES = 40, RESIDUAL_TRIES = 400000 };

/* What only a conflict alarm ends is not among them: it is counted in test_wire_faults.c. */
static const char *const faults[] = {
	"dead",		  "silence",	   "bad_crc",	      "late=0.07",   "late=0.2",
	"late=0.6",	  "exception=2",   "exception=4",     "exception=6", "exception=11",
	"truncated=3",	  "noise=3",	   "flip=1",	      "flip=3",	     "split",
	"split=3",	  "extra=8",	   "wrong_slave=100", "wrong_echo",  "wrong_count=1",
	"wrong_count=-1", "wrong_count=0", "wrong_function",  "wrong_baud"};
static const char *const line_faults[] = {"none",
					  "none",
					  "none",
					  "flood",
					  "flood=100",
					  "hang_up/0.02",
					  "hang_up=1/0.005",
					  "bad_crc/0.1",
					  "late=0.2/0.1"};
static const double shares[] = {1, 0.5, 0.1, 0.02};

#define PICK(list, rng) (list)[rng_next(rng) % (sizeof(list) / sizeof((list)[0]))]

static void set_random(struct lab *l)
{
	char spec[64];

	for (int d = 1; d <= PATTERN_DEVICES; d++) {
		bool is_well = rng_next(&l->rng) % 2;

		snprintf(spec, sizeof(spec), "d%d:%s/%g", d,
			 is_well ? "none" : PICK(faults, &l->rng), PICK(shares, &l->rng));
		lab_fault(l, spec);
	}
	snprintf(spec, sizeof(spec), "line:%s", PICK(line_faults, &l->rng));
	lab_fault(l, spec);
}

static void set_well(struct lab *l)
{
	char spec[16];

	for (int d = 1; d <= PATTERN_DEVICES; d++) {
		snprintf(spec, sizeof(spec), "d%d:none", d);
		lab_fault(l, spec);
	}
	lab_fault(l, "line:none");
}

static void run_seed(enum bus_kind kind, uint64_t seed, uint64_t *good, uint64_t *all)
{
	struct lab l;

	lab_open(&l, kind, seed);
	for (int i = 0; i < EPISODES; i++) {
		set_random(&l);
		pass(&l, (int64_t)(1 + rng_next(&l.rng) % 30) * NS_PER_S);
		if (l.wrong || l.writes_false)
			fail_msg("seed %llu, episode %d: %llu wrong values (%s), %llu false writes",
				 (unsigned long long)seed, i, (unsigned long long)l.wrong,
				 l.first_wrong, (unsigned long long)l.writes_false);
	}
	set_well(&l);
	pass(&l, BACK_NS);
	memset(l.good, 0, sizeof(l.good));
	pass(&l, 10 * NS_PER_S);
	for (int d = 0; d < PATTERN_DEVICES; d++)
		if (l.good[d] < 30)
			fail_msg("seed %llu: d%d does not come back", (unsigned long long)seed,
				 d + 1);
	*good += l.writes_ok;
	*all += l.faults.count;
	lab_close(&l);
}

static void B0_no_mixture_of_faults_gives_a_wrong_value(void **state)
{
	uint64_t writes = 0, all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed % 4 ? BUS_MODBUS_RTU : BUS_MODBUS_TCP, seed, &writes, &all);
	print_message("# %llu transactions under %d mixtures, %llu writes confirmed, none wrong\n",
		      (unsigned long long)all, SEEDS * EPISODES, (unsigned long long)writes);
	assert_true(all > 100000 && writes > 1000);
}

/* ---- bits ---- */

static size_t make_answer(uint8_t *adu, int registers)
{
	uint8_t pdu[RTU_PDU_MAX] = {3, (uint8_t)(2 * registers)};

	for (int i = 0; i < 2 * registers; i++)
		pdu[2 + i] = (uint8_t)(37 * i + 11);
	return rtu_build(adu, 21, pdu, 2 + 2 * (size_t)registers);
}

/* Is a frame taken for the answer that is waited for, with any of its data? */
static bool is_taken(const uint8_t *adu, size_t n, int registers)
{
	struct rtu_rx rx = {.at = 0};
	struct rtu_expect e = {.unit = 21, .shape = rtu_shape_of_read(3, (uint16_t)registers)};
	struct rtu_frame f;

	e.units[21 / 8] = 1 << 21 % 8;
	rtu_rx_add(&rx, adu, n);
	while (rtu_next(&rx, &e, true, &f))
		if (f.is_answer && !(f.shape.function & RTU_EXCEPTION))
			return true;
	return false;
}

static void B3_every_damage_of_one_or_two_bits_is_found(void **state)
{
	uint8_t adu[RTU_ADU_MAX];
	uint64_t tried = 0;

	(void)state;
	for (int registers = 1; registers <= 16; registers *= 2) {
		size_t n = make_answer(adu, registers);

		assert_true(is_taken(adu, n, registers));
		for (size_t a = 0; a < 8 * n; a++) {
			adu[a / 8] ^= (uint8_t)(1u << a % 8);
			assert_false(is_taken(adu, n, registers));
			for (size_t b = a + 1; b < 8 * n; b++) {
				adu[b / 8] ^= (uint8_t)(1u << b % 8);
				assert_false(is_taken(adu, n, registers));
				adu[b / 8] ^= (uint8_t)(1u << b % 8);
				tried++;
			}
			adu[a / 8] ^= (uint8_t)(1u << a % 8);
		}
	}
	print_message("# %llu pairs of bits turned over, each found\n", (unsigned long long)tried);
}

/* A check sum of 16 bits lets one of 65,536 heavy damages pass: then range, plausibility and the
 * statistic of a window have to find it, and 30 damaged of 100 end the device (slave.c). */
static void B3_heavy_damage_passes_once_in_65536_as_a_check_sum_of_16_bits_must(void **state)
{
	struct rng rng = {3};
	uint8_t whole[RTU_ADU_MAX], adu[RTU_ADU_MAX];
	size_t n = make_answer(whole, 2);
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < RESIDUAL_TRIES; i++) {
		memcpy(adu, whole, n);
		for (size_t k = 3; k < n; k++)
			adu[k] = (uint8_t)rng_next(&rng);
		taken += is_taken(adu, n, 2);
	}
	print_message(
		"# %u of %d answers with random data and check sum were taken (%.1f of 65536)\n",
		taken, RESIDUAL_TRIES, taken * 65536.0 / RESIDUAL_TRIES);
	assert_true(taken > 0 && taken * 65536.0 / RESIDUAL_TRIES < 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(B0_no_mixture_of_faults_gives_a_wrong_value),
		cmocka_unit_test(B3_every_damage_of_one_or_two_bits_is_found),
		cmocka_unit_test(
			B3_heavy_damage_passes_once_in_65536_as_a_check_sum_of_16_bits_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
