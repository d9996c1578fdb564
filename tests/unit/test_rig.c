/* SPDX-License-Identifier: MIT
 *
 * States of a bay, leases, drop, stop, proof.
 */
#include "rig_bench.h"

static void the_table_of_states_is_the_one_of_the_diagram(void **state_)
{
	static const struct {
		enum bay_state from, to;
	} ways[] = {
		{BAY_SECURING, BAY_READY},     {BAY_SECURING, BAY_NOT_READY},
		{BAY_SECURING, BAY_TRIPPED},   {BAY_SECURING, BAY_LOCKED},
		{BAY_NOT_READY, BAY_SECURING}, {BAY_READY, BAY_ACTIVE},
		{BAY_READY, BAY_NOT_READY},    {BAY_READY, BAY_STOPPING},
		{BAY_READY, BAY_SECURING},     {BAY_ACTIVE, BAY_STOPPING},
		{BAY_STOPPING, BAY_READY},     {BAY_STOPPING, BAY_NOT_READY},
		{BAY_STOPPING, BAY_TRIPPED},   {BAY_STOPPING, BAY_LOCKED},
		{BAY_TRIPPED, BAY_SECURING},   {BAY_TRIPPED, BAY_STOPPING},
		{BAY_LOCKED, BAY_SECURING},    {BAY_LOCKED, BAY_STOPPING},
	};

	(void)state_;
	for (int from = 0; from <= BAY_LOCKED + 1; from++)
		for (int to = 0; to <= BAY_LOCKED + 1; to++) {
			bool listed = false;

			for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
				listed = listed ||
					 ((int)ways[i].from == from && (int)ways[i].to == to);
			assert_int_equal(bay_may_go((enum bay_state)from, (enum bay_state)to),
					 listed);
		}
}

static void a_start_makes_safe_proves_and_then_is_ready(void **state_)
{
	struct bench *b = bench();
	const struct io_msg *m;

	(void)state_;
	/* relays left on by a process that was killed */
	memset(b->coils, 1, sizeof(b->coils));
	b->regulators[0] = 300;
	mpa(b, 0, 0.2);
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 0.1);
	assert_true(all_safe(b));
	assert_int_equal(state(b, 1), BAY_SECURING);
	pass(b, 0.3);
	assert_int_equal(state(b, 1), BAY_READY);
	assert_int_equal(state(b, 0), BAY_SECURING); /* 0.2 MPa on its hoses */
	mpa(b, 0, 0.01);
	pass(b, 0.3);
	assert_int_equal(state(b, 0), BAY_READY);
	m = proof_of(b, 0);
	assert_int_not_equal(m->type, 0);
	assert_int_equal(m->u.proof.after, SAFE_RESET);
	assert_int_equal(m->u.proof.proven, 1);
	bench_free(b);
}

static void pressure_that_stays_locks_the_bay_until_a_reset_proves(void **state_)
{
	struct bench *b = bench();
	const struct io_msg *m;

	(void)state_;
	mpa(b, 0, 0.05);
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 19);
	assert_int_equal(state(b, 0), BAY_SECURING);
	pass(b, 2);
	assert_int_equal(state(b, 0), BAY_LOCKED);
	assert_non_null(strstr(reason(b, 0), "feed_pressure"));
	hold(b, 0, 1, 1, 0, 1, 0.2);
	pass(b, 1);
	assert_true(all_safe(b));
	b->holding[0] = false;
	mpa(b, 0, 0.0);
	pass(b, 5);
	assert_int_equal(state(b, 0), BAY_LOCKED); /* not by itself */
	safe(b, 0, SAFE_RESET, 7);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	m = proof_of(b, 7);
	assert_int_not_equal(m->type, 0);
	assert_int_equal(m->u.proof.proven, 1);
	bench_free(b);
}

static void images_hold_outputs_and_only_as_long_as_they_come(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;
	int64_t last_ns;

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.2);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	assert_int_equal(b->coils[3][0], 1);
	assert_int_equal(b->coils[1][1], 1);
	assert_int_equal(b->coils[1][2], 1); /* normally open, commanded shut */
	assert_int_equal(b->regulators[0], 250);
	pass(b, 5);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	b->holding[0] = false;
	last_ns = b->now_ns;
	while (!all_safe(b) && b->now_ns - last_ns < NS_PER_S)
		tick(b);
	assert_true(b->now_ns - last_ns >= 400 * NS_PER_MS);
	assert_true(b->now_ns - last_ns <= 600 * NS_PER_MS);
	m = last_sent(b, IO_TRIP);
	assert_int_not_equal(m->type, 0);
	assert_int_equal(m->u.trip.bays, 1);
	assert_int_equal(m->u.trip.class, TRIP_COMMS);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	bench_free(b);
}

static void a_lease_that_ended_never_holds_again(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 0, 0.1);
	pass(b, 0.3);
	b->holding[0] = false;
	pass(b, 2);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	/* the engine goes on sending: ignored while tripped, and after a reset too */
	b->holding[0] = true;
	pass(b, 1);
	assert_true(all_safe(b));
	safe(b, 0, SAFE_RESET, 1);
	b->holding[0] = true;
	pass(b, 2);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_true(all_safe(b));
	/* a higher number in the middle of its sequence is no beginning */
	b->lease[0] = 50;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	b->seq[0] = 0;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void an_image_repeated_renews_nothing(void **state_)
{
	struct bench *b = ready_bench();
	struct io_msg m = {.type = IO_IMAGE};

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0);
	b->holding[0] = false;
	m.u.image.lease = b->lease[0];
	m.u.image.seq = b->seq[0];
	m.u.image.count = 6;
	m.u.image.value[0] = 1;
	m.u.image.value[4] = 1;
	for (int i = 0; i < 10; i++) {
		pass(b, 0.1);
		assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), 0);
	}
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void an_image_that_cannot_be_closes_the_link(void **state_)
{
	struct bench *b = ready_bench();
	struct io_msg m = {.type = IO_IMAGE};
	struct error err;

	(void)state_;
	m.u.image.lease = 1;
	m.u.image.seq = 1;
	m.u.image.count = 5;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	m.u.image.count = 6;
	m.u.image.value[0] = 0.5;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	m.u.image.value[0] = 0;
	m.u.image.value[5] = 0.41;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "regulator"));
	m.u.image.bay = 2;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	m.type = IO_TRIP;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	bench_free(b);
}

static void a_stop_goes_in_order_and_is_proven(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	mpa(b, 0, 0.2);
	pass(b, 1);
	safe(b, 0, SAFE_STOP, 9);
	pass(b, 0.2);
	assert_int_equal(state(b, 0), BAY_STOPPING);
	assert_int_equal(b->coils[3][0], 0); /* the pump first */
	assert_int_equal(b->regulators[0], 0);
	assert_int_equal(b->coils[1][1], 1); /* the feed 3 s later */
	pass(b, 2.5);
	assert_int_equal(b->coils[1][1], 1);
	pass(b, 0.5);
	assert_int_equal(b->coils[1][1], 0);
	assert_int_equal(answer(b, 9), -1);
	mpa(b, 0, 0.0);
	pass(b, 0.5);
	m = proof_of(b, 9);
	assert_int_not_equal(m->type, 0);
	assert_int_equal(m->u.proof.proven, 1);
	assert_int_equal(m->u.proof.after, SAFE_STOP);
	assert_true(m->u.proof.took_ns > 3 * NS_PER_S);
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void stop_and_proof_run_in_run_time(void **state_)
{
	struct bench *b = bench_speed(10);

	(void)state_;
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.1);
	safe(b, 0, SAFE_STOP, 9);
	pass(b, 0.2);
	assert_int_equal(b->coils[1][1], 1);
	pass(b, 0.2); /* 3 s of run time are over */
	assert_int_equal(b->coils[1][1], 0);
	/* leases stay wire time */
	pass(b, 1);
	hold(b, 1, 0, 1, 0, 1, 0);
	b->holding[1] = false;
	pass(b, 0.35);
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	pass(b, 0.2);
	assert_int_not_equal(state(b, 1), BAY_ACTIVE);
	bench_free(b);
}

static void a_scale_that_differs_is_refused(void **state_)
{
	struct bench *b = bench_speed(4);
	struct io_msg m = {.type = IO_WELCOME};
	struct error err;

	(void)state_;
	rig_link_up(b->r, b->now_ns);
	m.u.welcome.version = IO_VERSION;
	m.u.welcome.speed = 1;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	m.u.welcome.speed = 4;
	m.u.welcome.origin_ns = 5;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	m.u.welcome.origin_ns = 0;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), 0);
	bench_free(b);
}

static void nothing_is_taken_before_welcome(void **state_)
{
	struct bench *b = bench();
	struct io_msg m = {.type = IO_SAFE};

	(void)state_;
	m.u.safe.what = SAFE_STOP;
	rig_link_up(b->r, b->now_ns);
	assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), ERR_PROTOCOL);
	assert_int_equal(b->sent_count, 1);
	assert_int_equal(b->sent[0].type, IO_HELLO);
	assert_int_equal(b->sent[0].u.hello.simulated, 1);
	bench_free(b);
}

static void the_link_gone_drops_and_proves_by_itself(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	hold(b, 1, 1, 0, 1, 0, 0.25);
	pass(b, 0.3);
	b->holding[0] = b->holding[1] = false;
	rig_link_lost(b->r, b->now_ns);
	pass(b, 0.05);
	assert_true(all_safe(b));
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	assert_int_equal(rig_bay_proof(b->r, 0, NULL), 1);
	assert_int_equal(rig_bay_proof(b->r, 1, NULL), 1);
	/* a benchd that comes later is told, and needs a reset */
	b->sent_count = 0;
	link_up(b);
	assert_int_equal(last_sent(b, IO_PROOF)->u.proof.proven, 1);
	assert_int_equal(last_sent(b, IO_BAY)->u.bay.state, BAY_TRIPPED);
	bench_free(b);
}

static void a_reset_of_a_running_bay_is_refused(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0);
	pass(b, 0.1);
	safe(b, 0, SAFE_RESET, 5);
	assert_int_equal(answer(b, 5), 0);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void a_drop_during_a_stop_does_not_wait(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.3);
	safe(b, 0, SAFE_STOP, 1);
	pass(b, 0.5);
	assert_int_equal(b->coils[1][1], 1);
	safe(b, 0, SAFE_DROP, 2);
	pass(b, 0.05);
	assert_true(outputs_safe(b, 0));
	pass(b, 0.5);
	assert_int_equal(answer(b, 1), 1);
	assert_int_equal(answer(b, 2), 1);
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void the_end_drops_everything_and_says_whether_it_is_proven(void **state_)
{
	struct bench *b = ready_bench();
	bool proven = false;

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	mpa(b, 1, 0.3);
	pass(b, 0.3);
	assert_false(rig_is_ended(b->r, &proven));
	rig_end(b->r, "asked to end", b->now_ns);
	pass(b, 0.05);
	assert_true(all_safe(b));
	pass(b, 1);
	assert_false(rig_is_ended(b->r, &proven)); /* bay 2 holds pressure */
	pass(b, 21);
	assert_true(rig_is_ended(b->r, &proven));
	assert_false(proven);
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.2);
	assert_true(all_safe(b));
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_states_is_the_one_of_the_diagram),
		cmocka_unit_test(a_start_makes_safe_proves_and_then_is_ready),
		cmocka_unit_test(pressure_that_stays_locks_the_bay_until_a_reset_proves),
		cmocka_unit_test(images_hold_outputs_and_only_as_long_as_they_come),
		cmocka_unit_test(a_lease_that_ended_never_holds_again),
		cmocka_unit_test(an_image_repeated_renews_nothing),
		cmocka_unit_test(an_image_that_cannot_be_closes_the_link),
		cmocka_unit_test(a_stop_goes_in_order_and_is_proven),
		cmocka_unit_test(stop_and_proof_run_in_run_time),
		cmocka_unit_test(a_scale_that_differs_is_refused),
		cmocka_unit_test(nothing_is_taken_before_welcome),
		cmocka_unit_test(the_link_gone_drops_and_proves_by_itself),
		cmocka_unit_test(a_reset_of_a_running_bay_is_refused),
		cmocka_unit_test(a_drop_during_a_stop_does_not_wait),
		cmocka_unit_test(the_end_drops_everything_and_says_whether_it_is_proven),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
