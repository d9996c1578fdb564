/* SPDX-License-Identifier: MIT
 *
 * Sensors of interlocks that fall silent: the bay is dropped, and the rig is to blame.
 */
#include "rig_bench.h"

enum { LINE_ESTOP, LINE_LEAK_1 };

static void silence(struct bench *b, int line)
{
	b->line_due[line] = INT64_MAX;
}

static void a_silent_emergency_stop_drops_every_bay_as_a_fault_of_the_rig(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	hold(b, 1, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	silence(b, LINE_ESTOP);
	pass(b, 0.7);
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.class, TRIP_SENSOR);
	assert_int_equal(m->u.trip.interlock, -1);
	assert_int_equal(m->u.trip.bays, 3);
	assert_string_equal(m->u.trip.reason, "Emergency stop cannot be judged: estop is stale "
					      "(lines on sim:gpio: no new reading)");
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_int_not_equal(state(b, 1), BAY_ACTIVE);
	assert_true(all_safe(b));
	bench_free(b);
}

static void a_silent_leak_sensor_is_never_a_leak_of_the_unit(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	for (int i = 0; i < b->f->interlock_count; i++)
		if (!strcmp(b->f->interlocks[i].name, "tray_leak"))
			b->f->interlocks[i].unknown_trips = true;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	silence(b, LINE_LEAK_1);
	pass(b, 0.7);
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.class, TRIP_SENSOR);
	assert_int_equal(m->u.trip.interlock, -1);
	assert_int_equal(m->u.trip.bays, 1);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void an_open_loop_does_not_read_as_the_hazard(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	b->ua[11][1] = 0; /* feed_pressure of bay 1: 0 mA */
	pass(b, 1.5);
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.class, TRIP_SENSOR);
	assert_string_equal(m->u.trip.reason,
			    "No pressure reading cannot be judged: feed_pressure is bad_reply "
			    "(analog_1 on sim:io: no valid reading)");
	bench_free(b);
}

static void a_leak_that_is_seen_is_still_a_leak(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	b->level[LINE_LEAK_1] = 1;
	pass(b, 0.7);
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.class, TRIP_LEAK);
	assert_int_equal(m->u.trip.interlock, 1);
	bench_free(b);
}

/* benchd kills a benchd-io of which it hears nothing for two seconds. */
static void a_rig_of_which_nothing_is_heard_says_each_second_that_it_is_there(void **state_)
{
	struct bench *b = ready_bench();
	int samples;

	(void)state_;
	for (int unit = 0; unit < UNITS; unit++)
		b->dead[unit] = true;
	for (int line = 0; line < 16; line++)
		silence(b, line);
	pass(b, 5);
	samples = b->samples;
	b->longest_ns = 0;
	pass(b, 5);
	assert_int_equal(b->samples, samples);
	assert_in_range(b->longest_ns, NS_PER_S / 2, NS_PER_S + 10 * NS_PER_MS);
	assert_true(b->now_ns - b->told_ns <= NS_PER_S);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_emergency_stop_drops_every_bay_as_a_fault_of_the_rig),
		cmocka_unit_test(a_silent_leak_sensor_is_never_a_leak_of_the_unit),
		cmocka_unit_test(an_open_loop_does_not_read_as_the_hazard),
		cmocka_unit_test(a_leak_that_is_seen_is_still_a_leak),
		cmocka_unit_test(a_rig_of_which_nothing_is_heard_says_each_second_that_it_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
