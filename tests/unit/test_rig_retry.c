/* SPDX-License-Identifier: MIT
 *
 * What may be tried once more while a lease stands, and what may not: edges of the dead-man line and
 * writes that a board refused.
 */
#include "rig_bench.h"

enum { LINE_ESTOP = 0, LINE_DEAD_MAN = 4 };
enum { RELAYS_1 = 1, ILLEGAL_ADDRESS = 2, DEVICE_FAILURE = 4, DEVICE_BUSY = 6 };

static struct bench *held(void)
{
	struct bench *b = ready_bench();

	hold(b, 0, 1, 1, 0, 1, 0.2);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	return b;
}

/* ---- the dead-man line ---- */

static void one_bad_edge_of_the_dead_man_line_is_made_again_in_time(void **state_)
{
	struct bench *b = held();
	int64_t longest_ns = 0;

	(void)state_;
	for (int round = 0; round < 20; round++) {
		b->bad_edges = 1;
		for (int i = 0; i < 60; i++) {
			tick(b);
			if (b->now_ns - b->dead_man_ns > longest_ns)
				longest_ns = b->now_ns - b->dead_man_ns;
		}
		assert_int_equal(b->bad_edges, 0);
	}
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	/* the relay lets go after 300 ms without an edge */
	assert_in_range(longest_ns, 90 * NS_PER_MS, 120 * NS_PER_MS);
	bench_free(b);
}

static void two_bad_edges_in_a_row_trip_the_rig(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->bad_edges = 2;
	pass(b, 0.3);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "dead-man"));
	assert_true(all_safe(b));
	bench_free(b);
}

/* Nobody ran for a while: the relay has let the valves' supply go, and takes it up again with the next edges. */
static void a_line_that_stood_still_trips_the_rig_though_it_moves_again(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->now_ns += 150 * NS_PER_MS;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	b->now_ns += 280 * NS_PER_MS;
	pass(b, 0.2);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "stood still"));
	assert_true(all_safe(b));
	bench_free(b);
}

static void an_edge_that_fails_when_nothing_is_held_harms_nobody(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->holding[0] = false;
	safe(b, 0, SAFE_DROP, 1);
	b->bad_edges = 3;
	pass(b, 2);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_true(all_safe(b));
	b->bad_edges = 0;
	hold(b, 0, 1, 1, 0, 1, 0.2);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

/* ---- refused writes ---- */

static void a_write_refused_once_is_written_again_and_proven(void **state_)
{
	static const uint8_t codes[] = {DEVICE_FAILURE, DEVICE_BUSY};

	(void)state_;
	for (int i = 0; i < 2; i++) {
		struct bench *b = held();
		int before = b->writes;

		b->exception = codes[i];
		b->refusals[RELAYS_1] = 1;
		hold(b, 0, 1, 0, 0, 1, 0.2);
		pass(b, 0.5);
		assert_int_equal(state(b, 0), BAY_ACTIVE);
		assert_int_equal(b->coils[RELAYS_1][0], 0);
		assert_int_equal(b->writes - before, 2);
		/* and each time anew */
		b->refusals[RELAYS_1] = 1;
		hold(b, 0, 1, 1, 0, 1, 0.2);
		pass(b, 3);
		assert_int_equal(state(b, 0), BAY_ACTIVE);
		assert_int_equal(b->coils[RELAYS_1][0], 1);
		bench_free(b);
	}
}

static void a_write_refused_twice_trips(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->refusals[RELAYS_1] = 2;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.1);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_COMMS);
	pass(b, 1);
	assert_true(all_safe(b));
	bench_free(b);
}

static void a_write_refused_for_good_is_not_tried_again(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->exception = ILLEGAL_ADDRESS;
	b->refusals[RELAYS_1] = 1;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.1);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

/* The bus asks a busy device again by itself: what comes after half a lease is its last word. */
static void a_refusal_that_took_too_long_trips(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->exception = DEVICE_BUSY;
	b->latency_ns = 300 * NS_PER_MS;
	b->refusals[RELAYS_1] = 1;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.4);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void a_drop_that_is_refused_once_is_safe_without_the_dead_man_line(void **state_)
{
	struct bench *b = held();

	(void)state_;
	b->refusals[RELAYS_1] = 1;
	safe(b, 0, SAFE_DROP, 1);
	b->holding[0] = false;
	pass(b, 0.05);
	assert_true(all_safe(b));
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void a_drop_that_is_refused_for_long_takes_the_power(void **state_)
{
	struct bench *b = held();

	(void)state_;
	hold(b, 1, 1, 0, 0, 1, 0.2);
	pass(b, 0.5);
	b->refusals[RELAYS_1] = 1000;
	b->level[LINE_ESTOP] = 1;
	line_event(b, LINE_ESTOP);
	pass(b, 1);
	assert_int_equal(b->level[LINE_DEAD_MAN], 0);
	assert_true(b->now_ns - b->dead_man_ns > 400 * NS_PER_MS);
	assert_int_not_equal(state(b, 1), BAY_ACTIVE);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bad_edge_of_the_dead_man_line_is_made_again_in_time),
		cmocka_unit_test(two_bad_edges_in_a_row_trip_the_rig),
		cmocka_unit_test(a_line_that_stood_still_trips_the_rig_though_it_moves_again),
		cmocka_unit_test(an_edge_that_fails_when_nothing_is_held_harms_nobody),
		cmocka_unit_test(a_write_refused_once_is_written_again_and_proven),
		cmocka_unit_test(a_write_refused_twice_trips),
		cmocka_unit_test(a_write_refused_for_good_is_not_tried_again),
		cmocka_unit_test(a_refusal_that_took_too_long_trips),
		cmocka_unit_test(a_drop_that_is_refused_once_is_safe_without_the_dead_man_line),
		cmocka_unit_test(a_drop_that_is_refused_for_long_takes_the_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
