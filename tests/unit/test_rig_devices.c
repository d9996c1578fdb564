/* SPDX-License-Identifier: MIT
 *
 * Devices that are away, come, go, or are others than the fixture says; the check before a run.
 */
#include "rig_bench.h"

static void a_device_away_at_start_takes_only_its_bays(void **state_)
{
	struct bench *b = bench();
	const struct io_msg *m;

	(void)state_;
	b->dead[2] = true; /* relays_2: bay 2 */
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_int_equal(state(b, 1), BAY_NOT_READY);
	assert_non_null(strstr(reason(b, 1), "relays_2"));
	assert_non_null(strstr(reason(b, 1), "sim:io"));
	m = last_sent(b, IO_DEVICE);
	assert_int_not_equal(m->type, 0);
	hold(b, 0, 1, 1, 1, 0, 0.2);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	b->dead[2] = false;
	pass(b, 1);
	assert_int_equal(state(b, 1), BAY_READY);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void a_sensor_away_at_start_is_no_lock(void **state_)
{
	struct bench *b = bench();

	(void)state_;
	b->dead[12] = true; /* analog_2: what proves bay 2 */
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 1), BAY_NOT_READY);
	assert_int_equal(rig_bay_proof(b->r, 1, NULL), 0);
	b->dead[12] = false;
	pass(b, 1);
	assert_int_equal(state(b, 1), BAY_READY);
	assert_int_equal(rig_bay_proof(b->r, 1, NULL), 1);
	bench_free(b);
}

static void another_device_at_the_address_is_refused(void **state_)
{
	struct bench *b = bench();

	(void)state_;
	b->wrong_id = 1;
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_NOT_READY);
	assert_non_null(strstr(reason(b, 0), "not the device of the fixture"));
	b->wrong_id = 0;
	pass(b, 6); /* asked again after a while */
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void a_lost_sensor_of_a_running_bay_trips_it_by_name(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	hold(b, 0, 1, 1, 0, 0, 0.1);
	hold(b, 1, 1, 0, 0, 0, 0.1);
	pass(b, 0.3);
	b->dead[12] = true;
	pass(b, 0.1);
	assert_true(outputs_safe(b, 1));
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	assert_int_equal(b->coils[3][0], 1); /* bay 1 still holds the pump */
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.bays, 2);
	assert_int_equal(m->u.trip.class, TRIP_COMMS);
	assert_non_null(strstr(m->u.trip.reason, "analog_2"));
	/* the proof cannot be had without it */
	b->holding[1] = false;
	pass(b, 22);
	assert_int_equal(state(b, 1), BAY_LOCKED);
	bench_free(b);
}

static void an_idle_bay_with_a_lost_device_is_not_ready_and_comes_back(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->dead[12] = true;
	pass(b, 1);
	assert_int_equal(state(b, 1), BAY_NOT_READY);
	assert_int_equal(last_sent(b, IO_TRIP)->type, 0);
	b->dead[12] = false;
	pass(b, 1);
	assert_int_equal(state(b, 1), BAY_READY);
	bench_free(b);
}

static void a_port_that_goes_down_drops_what_hangs_on_it(void **state_)
{
	struct bench *b = ready_bench();
	struct bus_event down = {.kind = BUS_EVENT_DOWN, .status = BUS_LINE_DOWN};

	(void)state_;
	strcpy(down.text, "/dev/ttyS1: unplugged");
	hold(b, 0, 1, 1, 0, 0, 0.1);
	pass(b, 0.3);
	deliver(b, 0, &down);
	assert_int_equal(state(b, 0), BAY_STOPPING);
	assert_int_equal(state(b, 1), BAY_NOT_READY);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "unplugged"));
	buses_up(b);
	b->holding[0] = false;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	assert_int_equal(state(b, 1), BAY_READY);
	assert_true(all_safe(b));
	bench_free(b);
}

static void the_check_before_a_run_asks_everything_anew(void **state_)
{
	struct bench *b = ready_bench();
	int before = b->writes;

	(void)state_;
	safe(b, 0, SAFE_CHECK, 21);
	assert_int_equal(answer(b, 21), -1);
	pass(b, 0.2);
	assert_int_equal(answer(b, 21), 1);
	assert_int_equal(proof_of(b, 21)->u.proof.after, SAFE_CHECK);
	assert_true(b->writes > before);
	assert_int_equal(state(b, 0), BAY_READY);
	b->wrong_id = 1; /* the board was swapped */
	safe(b, 0, SAFE_CHECK, 22);
	pass(b, 0.2);
	assert_int_equal(answer(b, 22), 0);
	assert_non_null(strstr(proof_of(b, 22)->u.proof.detail, "relays_1"));
	assert_int_equal(state(b, 0), BAY_NOT_READY);
	hold(b, 1, 0, 0, 0, 1, 0);
	safe(b, 1, SAFE_CHECK, 23);
	assert_int_equal(answer(b, 23), 0);
	bench_free(b);
}

static void stale_readings_prove_nothing(void **state_)
{
	struct bench *b = ready_bench();
	struct bus_config c;

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.3);
	/* the probe's reads stop coming; its last value says 0.001 MPa */
	rig_bus_config(b->r, 0, &c);
	for (int i = 0; i < c.read_count; i++)
		if (c.reads[i].unit == 11)
			b->read_due[i] = INT64_MAX;
	safe(b, 0, SAFE_DROP, 3);
	pass(b, 0.3);
	assert_int_equal(answer(b, 3), -1);
	pass(b, 21);
	assert_int_equal(answer(b, 3), 0);
	assert_int_equal(state(b, 0), BAY_LOCKED);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_away_at_start_takes_only_its_bays),
		cmocka_unit_test(a_sensor_away_at_start_is_no_lock),
		cmocka_unit_test(another_device_at_the_address_is_refused),
		cmocka_unit_test(a_lost_sensor_of_a_running_bay_trips_it_by_name),
		cmocka_unit_test(an_idle_bay_with_a_lost_device_is_not_ready_and_comes_back),
		cmocka_unit_test(a_port_that_goes_down_drops_what_hangs_on_it),
		cmocka_unit_test(the_check_before_a_run_asks_everything_anew),
		cmocka_unit_test(stale_readings_prove_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
