/* SPDX-License-Identifier: MIT
 *
 * Interlocks, shared outputs, read-back, on-times, supply, dead-man line.
 */
#include "rig_bench.h"

static void edge(struct bench *b, int line, uint8_t level)
{
	b->level[line] = level;
	line_event(b, line);
	rig_run(b->r, b->now_ns);
}

/* Lines of the chip in the order of the fixture's points. */
enum { LINE_ESTOP, LINE_LEAK_1, LINE_LEAK_2, LINE_START, LINE_DEAD_MAN, LINE_FLOW };

static void an_emergency_stop_drops_every_bay_at_its_edge(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *m;
	int urgent = 0;

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.2);
	hold(b, 1, 1, 0, 1, 0, 0.2);
	pass(b, 0.5);
	assert_int_equal(b->queued, 0);
	edge(b, LINE_ESTOP, 1);
	/* in the same call: every board is on its way, before anything else on the line */
	for (int i = 0; i < b->queued; i++)
		urgent += b->queue[i].q.kind == BUS_WRITE && b->queue[i].q.urgent;
	assert_int_equal(urgent, 4);
	m = last_sent(b, IO_TRIP);
	assert_int_equal(m->u.trip.bays, 3);
	assert_int_equal(m->u.trip.class, TRIP_ESTOP);
	assert_int_equal(m->u.trip.interlock, 0);
	pass(b, 0.02);
	assert_true(all_safe(b));
	b->holding[0] = b->holding[1] = false;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	/* while it is pressed a reset is refused at once; released, nothing comes back by itself */
	safe(b, 0, SAFE_RESET, 1);
	assert_int_equal(answer(b, 1), 0);
	assert_string_equal(last_sent(b, IO_PROOF)->u.proof.detail,
			    "Emergency stop still stands: estop (estop reads on)");
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	edge(b, LINE_ESTOP, 0);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	safe(b, 0, SAFE_RESET, 2);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_int_equal(state(b, 1), BAY_TRIPPED);
	bench_free(b);
}

static void an_emergency_stop_that_is_pressed_keeps_idle_bays_from_starting(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	edge(b, LINE_ESTOP, 1);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_TRIPPED);
	hold(b, 0, 1, 1, 0, 1, 0);
	pass(b, 0.3);
	assert_true(all_safe(b));
	bench_free(b);
}

static void a_leak_drops_its_own_bay_only(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.2);
	hold(b, 1, 1, 0, 0, 1, 0.2);
	pass(b, 0.5);
	edge(b, LINE_LEAK_2, 1); /* the channel's 300 ms debounce does not hold it up */
	pass(b, 0.02);
	assert_true(outputs_safe(b, 1));
	assert_int_equal(b->coils[1][0], 1);
	assert_int_equal(b->coils[3][0], 1);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.bays, 2);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_LEAK);
	bench_free(b);
}

static void a_condition_has_to_hold_for_its_debounce(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	mpa(b, 0, 0.5);
	pass(b, 1.8);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	mpa(b, 0, 0.4);
	pass(b, 0.3);
	mpa(b, 0, 0.5);
	pass(b, 1.9);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	pass(b, 0.4);
	assert_int_equal(state(b, 0), BAY_STOPPING);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_OVER_PRESSURE);
	assert_true(fabs(last_sent(b, IO_TRIP)->u.trip.value - 0.5) < 0.001);
	bench_free(b);
}

static void an_unknown_reading_trips_where_it_says_so(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 1, 1, 0, 0, 1, 0.2);
	pass(b, 0.3);
	b->ua[12][0] = 3000; /* the wire of the transmitter broke */
	pass(b, 0.8);
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	pass(b, 0.5);
	assert_int_not_equal(state(b, 1), BAY_ACTIVE);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_SENSOR);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "feed_pressure"));
	bench_free(b);
}

static void outputs_that_contradict_are_never_written(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 1, 1, 0.2); /* the feed into its open vent */
	for (int i = 0; i < 100; i++) {
		assert_false(b->coils[1][1]);
		assert_false(b->coils[3][0]);
		tick(b);
	}
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.interlock, 4);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	bench_free(b);
}

static void a_shared_output_stays_on_while_any_bay_holds_it(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0);
	hold(b, 1, 1, 0, 0, 1, 0);
	pass(b, 0.2);
	assert_int_equal(b->coils[3][0], 1);
	hold(b, 0, 0, 0, 0, 1, 0);
	pass(b, 0.2);
	assert_int_equal(b->coils[3][0], 1);
	safe(b, 0, SAFE_DROP, 1);
	pass(b, 0.2);
	assert_int_equal(b->coils[3][0], 1);
	hold(b, 1, 0, 0, 0, 1, 0);
	pass(b, 0.2);
	assert_int_equal(b->coils[3][0], 0);
	bench_free(b);
}

static void a_contact_that_does_not_move_locks_the_bay(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->stuck[1] = true;
	hold(b, 0, 1, 1, 0, 1, 0.2);
	pass(b, 0.2);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.bays, 1);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "relays_1"));
	b->holding[0] = false;
	pass(b, 25);
	assert_int_equal(state(b, 0), BAY_LOCKED);
	assert_int_equal(state(b, 1), BAY_READY);
	b->stuck[1] = false;
	safe(b, 0, SAFE_RESET, 1);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	bench_free(b);
}

static void a_board_that_changes_by_itself_trips_and_locks(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.2);
	hold(b, 1, 1, 0, 0, 1, 0.2);
	pass(b, 1);
	memset(b->coils[1], 0, sizeof(b->coils[1])); /* it rebooted */
	pass(b, 1);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.bays, 1);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "supply_valve"));
	b->holding[0] = false;
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_LOCKED);
	assert_true(outputs_safe(b, 0));
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	/* an idle board that somebody switches on is put back */
	b->coils[1][1] = 1;
	pass(b, 1);
	assert_true(outputs_safe(b, 0));
	bench_free(b);
}

static void a_setpoint_that_drifts_is_seen(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0.25);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	b->regulators[0] = 253;
	pass(b, 1);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "regulator"));
	bench_free(b);
}

static void a_safe_write_that_fails_is_repeated_until_it_holds(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 1, 0, 0.25);
	pass(b, 0.3);
	b->dead[1] = b->told_lost[1] = true; /* the bus has not noticed yet */
	edge(b, LINE_ESTOP, 1);
	pass(b, 1);
	assert_int_equal(b->coils[1][1], 1);
	b->dead[1] = false;
	pass(b, 0.5);
	assert_true(all_safe(b));
	bench_free(b);
}

static void no_output_stays_away_from_safe_beyond_its_time(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.1);
	pass(b, 30);
	hold(b, 0, 1, 0, 0, 1, 0.1); /* off in between: the time begins anew */
	pass(b, 1);
	hold(b, 0, 1, 1, 0, 1, 0.1);
	pass(b, 59);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	pass(b, 2);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.class, TRIP_TIMEOUT);
	assert_non_null(strstr(last_sent(b, IO_TRIP)->u.trip.reason, "supply_valve"));
	bench_free(b);
}

static void starts_on_the_common_supply_are_staggered(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.1);
	hold(b, 1, 1, 1, 0, 1, 0.1);
	pass(b, 2.8);
	assert_int_equal(b->coils[1][0], 1);
	assert_int_equal(b->coils[2][0], 0);
	assert_int_equal(b->coils[3][0], 1);
	pass(b, 0.4);
	assert_int_equal(b->coils[2][0], 1);
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	bench_free(b);
}

static void the_dead_man_line_toggles_only_while_all_is_well(void **state_)
{
	struct bench *b = ready_bench();
	int edges;

	(void)state_;
	assert_int_equal(b->dead_man_edges, 0); /* nothing is held */
	hold(b, 0, 1, 1, 0, 1, 0.1);
	pass(b, 1);
	edges = b->dead_man_edges;
	pass(b, 2);
	assert_in_range(b->dead_man_edges - edges, 36, 44); /* 10 Hz */
	b->unhealthy = true;
	edges = b->dead_man_edges;
	pass(b, 0.5);
	assert_true(b->dead_man_edges - edges <= 1);
	assert_int_equal(b->level[LINE_DEAD_MAN], 0);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	b->unhealthy = false;
	pass(b, 0.5);
	assert_true(b->dead_man_edges - edges >= 8);
	b->unhealthy = true;
	pass(b,
	     1.2); /* a bus that is stuck for long: the outputs that can be reached are dropped */
	assert_true(all_safe(b));
	bench_free(b);
}

static void a_drop_that_is_not_confirmed_takes_the_power_from_the_whole_rig(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.1);
	hold(b, 1, 1, 0, 0, 1, 0.1);
	pass(b, 0.5);
	b->dead[1] = true; /* relays of bay 1, switched on */
	pass(b, 0.3);
	assert_int_equal(state(b, 1), BAY_ACTIVE);
	pass(b, 0.4);
	assert_true(b->coils[1][0]); /* nobody can reach it */
	assert_true(b->now_ns - b->dead_man_ns >= 100 * NS_PER_MS);
	assert_int_equal(b->level[LINE_DEAD_MAN], 0);
	assert_true(outputs_safe(b, 1));
	assert_int_not_equal(state(b, 1), BAY_ACTIVE);
	bench_free(b);
}

static void a_full_queue_is_a_fault_and_drops(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 0, 0, 1, 0);
	pass(b, 0.3);
	b->full = true;
	hold(b, 0, 1, 1, 0, 1, 0);
	pass(b, 0.1);
	assert_int_not_equal(state(b, 0), BAY_ACTIVE);
	b->full = false;
	b->holding[0] = false;
	pass(b, 1);
	assert_true(all_safe(b));
	bench_free(b);
}

static void lost_events_drop_every_bay(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	hold(b, 0, 1, 1, 0, 1, 0.1);
	pass(b, 0.3);
	rig_fault(b->r, "events of the buses were lost", b->now_ns);
	pass(b, 0.05);
	assert_true(all_safe(b));
	assert_int_equal(last_sent(b, IO_TRIP)->u.trip.bays, 3);
	bench_free(b);
}

static void scans_and_buttons_reach_their_bay(void **state_)
{
	struct bench *b = ready_bench();
	struct bus_event ev = {.kind = BUS_EVENT_BYTES, .device = DEV_SCANNER, .at_ns = b->now_ns};

	(void)state_;
	memcpy(ev.bytes, "RT-1\r\n", 6);
	ev.byte_count = 6;
	deliver(b, 2, &ev);
	assert_string_equal(last_sent(b, IO_INPUT)->u.input.name, "scan");
	assert_string_equal(last_sent(b, IO_INPUT)->u.input.text, "RT-1");
	assert_int_equal(last_sent(b, IO_INPUT)->u.input.bay, 0);
	b->sent_count = 0;
	edge(b, LINE_START, 1);
	assert_int_equal(last_sent(b, IO_INPUT)->type, 0); /* 50 ms debounce */
	pass(b, 0.1);
	assert_string_equal(last_sent(b, IO_INPUT)->u.input.name, "start_button");
	b->sent_count = 0;
	edge(b, LINE_START, 0);
	pass(b, 0.2);
	edge(b, LINE_START, 1); /* a glitch */
	edge(b, LINE_START, 0);
	pass(b, 0.2);
	assert_int_equal(last_sent(b, IO_INPUT)->type, 0);
	bench_free(b);
}

static void devices_in_use_are_needed_and_others_not(void **state_)
{
	struct bench *b = bench();

	(void)state_;
	rig_start(b->r, b->now_ns);
	assert_true(b->needed[DEV_RELAYS_1]);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_false(b->needed[DEV_RELAYS_1]);
	hold(b, 1, 0, 0, 0, 1, 0);
	assert_true(b->needed[DEV_RELAYS_2]);
	assert_true(b->needed[DEV_RELAYS_3]);
	assert_false(b->needed[DEV_RELAYS_1]);
	bench_free(b);
}

static void the_worst_time_to_safe_is_told_for_each_output(void **state_)
{
	struct bench *b = ready_bench();
	struct rig_reach reach[16];
	int n = rig_reach(b->r, reach, 16);

	(void)state_;
	assert_int_equal(n, 9); /* all but the dead-man line */
	for (int i = 0; i < n; i++) {
		assert_true(reach[i].worst_ns > 5 * NS_PER_MS);
		assert_true(reach[i].worst_ns < NS_PER_S);
		assert_true(reach[i].dead_man_covers);
		assert_true(reach[i].ok);
	}
	assert_int_equal(rig_reach(b->r, reach, 3), 3);
	bench_free(b);
}

static void a_fixture_that_does_not_fit_its_drivers_is_refused_with_every_mistake(void **state_)
{
	static const char *const changes[][3] = {
		{"waveshare_relay8, bus: io, unit: 1}", "waveshare_relay9, bus: io, unit: 1}",
		 "did you mean"},
		{"{driver: scanner, bus: scan1}", "{driver: scanner, bus: gpio}",
		 "does not work on bus"},
		{"options: {inputs: 2}", "options: {inptus: 2}", "did you mean \"inputs\""},
		{"point: analog_1.ai1, from: 4..20 mA", "point: analog_1.ai9, from: 4..20 mA",
		 "no point"},
		{"point: analog_1.ai1, from: 4..20 mA", "point: analog_1.ai1, from: 1..5 V",
		 "is in mA"},
		{"point: map.count_1", "point: map.regulator_1", "needs a count"},
		{"point: lines.leak_2, poll", "point: analog_2.ai1, poll", "is a state"},
		{"point: relays_3.relay1", "point: analog_2.ai1", "cannot be written"},
		{"range: 0..0.4 MPa", "range: 0..0.5 MPa", "takes 0 to 0.4"},
		{"supply_flow: 3 L/min", "supply_flow: 9 L/min", "common supply gives 7"},
		{"when: feed_pressure > 0.44 MPa", "when: mean(feed_pressure) > 0.44 MPa",
		 "no statistics"},
	};
	static char yaml[8192], changed[8192];
	struct clock_scale scale = {0, 1};
	struct rig_ops ops = {NULL, fake_submit, fake_need, fake_send, fake_log, fake_healthy};

	(void)state_;
	snprintf(yaml, sizeof(yaml), "%s%s", rig_yaml_wires, rig_yaml_rest);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(yaml, changes[i][0]);
		struct problems p = {0};
		struct fixture *f;
		bool said = false;

		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - yaml), yaml,
			 changes[i][1], at + strlen(changes[i][0]));
		f = fixture_parse("rig.yaml", changed, strlen(changed), &p);
		if (f)
			assert_null(rig_new(f, &scale, &ops, &p));
		assert_true(p.count > 0);
		for (int k = 0; k < p.count; k++)
			said = said || strstr(p.at[k].text, changes[i][2]);
		if (!said)
			fail_msg("%s: %s", changes[i][1], p.at[0].text);
		problems_release(&p);
		fixture_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_emergency_stop_drops_every_bay_at_its_edge),
		cmocka_unit_test(an_emergency_stop_that_is_pressed_keeps_idle_bays_from_starting),
		cmocka_unit_test(a_leak_drops_its_own_bay_only),
		cmocka_unit_test(a_condition_has_to_hold_for_its_debounce),
		cmocka_unit_test(an_unknown_reading_trips_where_it_says_so),
		cmocka_unit_test(outputs_that_contradict_are_never_written),
		cmocka_unit_test(a_shared_output_stays_on_while_any_bay_holds_it),
		cmocka_unit_test(a_contact_that_does_not_move_locks_the_bay),
		cmocka_unit_test(a_board_that_changes_by_itself_trips_and_locks),
		cmocka_unit_test(a_setpoint_that_drifts_is_seen),
		cmocka_unit_test(a_safe_write_that_fails_is_repeated_until_it_holds),
		cmocka_unit_test(no_output_stays_away_from_safe_beyond_its_time),
		cmocka_unit_test(starts_on_the_common_supply_are_staggered),
		cmocka_unit_test(the_dead_man_line_toggles_only_while_all_is_well),
		cmocka_unit_test(a_drop_that_is_not_confirmed_takes_the_power_from_the_whole_rig),
		cmocka_unit_test(a_full_queue_is_a_fault_and_drops),
		cmocka_unit_test(lost_events_drop_every_bay),
		cmocka_unit_test(scans_and_buttons_reach_their_bay),
		cmocka_unit_test(devices_in_use_are_needed_and_others_not),
		cmocka_unit_test(the_worst_time_to_safe_is_told_for_each_output),
		cmocka_unit_test(
			a_fixture_that_does_not_fit_its_drivers_is_refused_with_every_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
