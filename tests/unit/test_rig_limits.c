/* SPDX-License-Identifier: MIT
 *
 * What benchd-io holds whatever an engine asks for: outputs that contradict are never written (R5 of
 * the fault catalogue), and none stays away from safe beyond its time (R6).
 */
#include "rig_bench.h"
#include "tests/fake/sanitized.h"

enum { IMAGES = 10000 / SANITIZED_STRIDE, WISHES = 32 };

/* Every wish of a bay: pump, supply, feed, vent, regulator. */
static void wish(struct bench *b, int bay, unsigned w)
{
	hold(b, bay, w & 1, w >> 1 & 1, w >> 2 & 1, w >> 3 & 1, w >> 4 & 1 ? 0.2 : 0);
}

static bool contradicts(unsigned w)
{
	return (w >> 2 & 1) && (w >> 3 & 1); /* feed open, vent open */
}

/* The vent is normally open: its relay closes it. */
static bool feeds_its_vent(const struct bench *b, int bay)
{
	return b->coils[1 + bay][1] && !b->coils[1 + bay][2];
}

static void watch(struct bench *b, int ticks, unsigned from, unsigned to)
{
	for (int i = 0; i < ticks; i++) {
		tick(b);
		if (feeds_its_vent(b, 0) || feeds_its_vent(b, 1))
			fail_msg("from %02x to %02x: the feed stands open into its vent", from, to);
	}
}

static void make_ready(struct bench *b, int bay)
{
	for (int i = 0; i < 300 && state(b, bay) != BAY_READY; i++) {
		safe(b, bay, i ? SAFE_RESET : SAFE_DROP, 1);
		pass(b, 0.2);
	}
	assert_int_equal(state(b, bay), BAY_READY);
}

/* Each of 2^5 wishes after each other one, on bay 1; bay 2 asks for something else meanwhile. */
static void R5_outputs_that_contradict_are_never_written(void **state_)
{
	struct bench *b = ready_bench();
	uint64_t seed = 5;
	int refused = 0;
	unsigned from = 0;

	(void)state_;
	for (int n = 0; n < IMAGES; n++) {
		unsigned to = n < WISHES * WISHES ? (unsigned)n % WISHES : 0;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (n >= WISHES * WISHES)
			to = (unsigned)(seed >> 33) % WISHES;
		else if (n % WISHES == 0 || state(b, 0) != BAY_ACTIVE)
			from = (unsigned)n / WISHES;
		if (!contradicts(from) && state(b, 0) != BAY_ACTIVE)
			wish(b, 0, from);
		watch(b, 2, from, to);
		b->sent_count = 0;
		wish(b, 0, to);
		wish(b, 1, (unsigned)(seed >> 40) % WISHES & ~8u);
		watch(b, 4, from, to);
		if (contradicts(to)) {
			refused++;
			pass(b, 0.11); /* the next image */
			assert_int_not_equal(state(b, 0), BAY_ACTIVE);
			assert_int_equal(last_sent(b, IO_TRIP)->u.trip.interlock, 4);
			make_ready(b, 0);
		}
		if (n % 64 == 0 && state(b, 1) != BAY_ACTIVE)
			make_ready(b, 1);
		from = to;
	}
	assert_true(refused > IMAGES / 5);
	bench_free(b);
}

static struct fx_output *output(struct bench *b, const char *name)
{
	int i = 0;

	while (i < b->f->output_count - 1 && strcmp(b->f->outputs[i].name, name))
		i++;
	assert_string_equal(b->f->outputs[i].name, name);
	return &b->f->outputs[i];
}

/* The engine goes on asking, image by image: the time is benchd-io's. */
static void R6_no_output_is_on_longer_than_its_maximum(void **state_)
{
	static const struct {
		const char *name;
		unsigned wish;
	} rows[] = {{"supply_valve", 2 | 8},
		    {"supply_pump", 1 | 8},
		    {"feed_valve", 4},
		    {"feed_vent", 0},
		    {"regulator", 8 | 16}};

	(void)state_;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int max_s = 1; max_s <= 20; max_s += 19) {
			struct bench *b = ready_bench();

			output(b, rows[i].name)->max_on_ns = max_s * NS_PER_S;
			wish(b, 0, rows[i].wish);
			pass(b, max_s - 0.2);
			if (state(b, 0) != BAY_ACTIVE)
				fail_msg("%s: dropped before its %d s", rows[i].name, max_s);
			pass(b, 0.5);
			if (state(b, 0) == BAY_ACTIVE || !outputs_safe(b, 0) || b->coils[3][0])
				fail_msg("%s: on beyond its %d s", rows[i].name, max_s);
			assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_TIMEOUT);
			assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, rows[i].name));
			bench_free(b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R5_outputs_that_contradict_are_never_written),
		cmocka_unit_test(R6_no_output_is_on_longer_than_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
