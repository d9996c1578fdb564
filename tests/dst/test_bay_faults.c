/* SPDX-License-Identifier: MIT
 *
 * What a fault of a wire or a device does to a bay at work, by rows of the fault catalogue: on the
 * virtual bench a quick run is under way, then the fault comes. What carries an output or a limit
 * takes the bay to its safe state; nothing passes with a value the plant did not have; once the
 * fault is over and a person has acknowledged, the next run starts.
 */
#include "bay_lab.h"

/* Faults of a line by which a device is no use any more. */
static void each_takes_the_bay_to_safety(const char *device)
{
	static const char *const faults[] = {"dead",	       "silence",      "late=0.3",
					     "bad_crc",	       "truncated=3",  "wrong_slave=100",
					     "exception=4",    "exception=11", "wrong_count=1",
					     "wrong_function", "wrong_baud",   "two_slaves"};
	char spec[64];

	for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
		struct kase k = {.fault = spec, .carries = true};

		snprintf(spec, sizeof(spec), "%s:%s", device, faults[f]);
		run_case(&k);
	}
	assert_int_equal(bad_count, 0);
}

static void B1_to_B10_a_board_with_outputs_takes_its_bay_to_safety(void **state)
{
	(void)state;
	each_takes_the_bay_to_safety("relays_1");
	each_takes_the_bay_to_safety("relays_3");
}

static void B1_to_B10_an_input_with_limits_takes_its_bay_to_safety(void **state)
{
	(void)state;
	each_takes_the_bay_to_safety("analog_1");
	each_takes_the_bay_to_safety("power_1");
}

static void B2_and_R3_writes_lost_or_confirmed_late_are_written_again(void **state)
{
	static const struct kase cases[] = {{.fault = "relays_1:late=0.3/0.1", .may_pass = true},
					    {.fault = "relays_1:dead/0.1", .may_pass = true},
					    {.fault = "relays_1:wrong_echo/0.2", .may_pass = true},
					    {.fault = "relays_1:wrong_echo", .may_pass = true}};

	(void)state;
	RUN(cases);
}

static void B6_B10_B11_B18_a_line_that_is_lost_takes_its_bays_to_safety(void **state)
{
	static const struct kase cases[] = {{.fault = "io:flood", .carries = true},
					    {.fault = "meters:flood", .carries = true},
					    {.fault = "io:wrong_baud", .carries = true},
					    {.fault = "io:hang_up=1", .carries = true},
					    {.fault = "meters:hang_up=3", .carries = true},
					    {.fault = "io:storm", .carries = true}};

	(void)state;
	RUN(cases);
}

static void B14_B15_a_connection_that_is_lost_ends_the_run(void **state)
{
	static const struct kase cases[] = {{.fault = "tcp:half_open"},
					    {.fault = "tcp:reset"},
					    {.fault = "tcp:wrong_id"},
					    {.fault = "tcp:reset/0.02", .may_pass = true}};

	(void)state;
	RUN(cases);
}

static void B17_a_device_at_three_times_its_latency_changes_nothing(void **state)
{
	static const struct kase cases[] = {{.fault = "feed_probe_1:late=0.02", .may_pass = true},
					    {.fault = "analog_1:late=0.01", .may_pass = true}};

	(void)state;
	RUN(cases);
}

static void D1_a_device_that_rebooted_ends_the_run_and_nothing_comes_on_again(void **state)
{
	static const struct kase cases[] = {{.fault = "relays_1:reboot=1", .carries = true},
					    {.fault = "relays_1:reboot=0", .carries = true},
					    {.fault = "relays_3:reboot=0.1", .carries = true},
					    {.fault = "analog_1:reboot=1"},
					    {.fault = "tcp_io:reboot=1"},
					    {.fault = "tcp_io:reboot=0"}};

	(void)state;
	RUN(cases);
}

/* Asked when it comes back and before each run. */
static void D2_another_device_at_the_address_is_refused(void **state)
{
	static const char *const devices[] = {"relays_1", "feed_probe_1", "analog_1"};
	struct bench_config config = {.fixture = quick.fixture, .seed = 1};
	char spec[64];

	(void)state;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct bench *b = rig_case_bench(&quick, &config);
		struct kase k = {.fault = spec};
		struct error err = {0};
		const char *why = "";

		assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
		snprintf(spec, sizeof(spec), "%s:other_device", devices[i]);
		set_fault(b, spec);
		if (rig_case_start(&quick, b, &err) == 0)
			bench_run_until_done(b, 0, rig_case_limit_ns(&quick));
		bench_bay_state(b, 0, &why);
		print_message("# %-28s %d; %s\n", spec, bench_phase(b, 0), why);
		if (bench_phase(b, 0) == BENCH_DONE)
			bad("%s: a run went through", spec);
		if (!strstr(why, "not the device"))
			bad("%s: nobody is told why but '%s'", spec, why);
		end_fault(b, spec);
		next_run_starts(b, &k);
		bench_free(b);
	}
	assert_int_equal(bad_count, 0);
}

static void D3_a_value_that_stands_still_passes_nothing(void **state)
{
	/* Where noise is expected the fixture says so and the value is frozen; elsewhere the
	 * profile's cross-check, balance or limit finds it: fail is possible, pass is not. */
	static const struct kase cases[] = {{.fault = "feed_probe_1:frozen"},
					    {.fault = "analog_1:frozen"},
					    {.fault = "tcp_io:frozen"},
					    {.fault = "power_1:frozen"},
					    {.fault = "permeate_probe_1:frozen"},
					    {.fault = "tcp_io:frozen", .is_full = true},
					    {.fault = "feed_probe_1:frozen", .is_full = true},
					    {.fault = "analog_1:frozen", .is_full = true},
					    {.fault = "power_1:frozen", .is_full = true},
					    {.fault = "permeate_probe_1:frozen", .is_full = true},
					    {.fault = "meters:frozen", .is_full = true}};

	(void)state;
	RUN(cases);
}

/* The probe stands at a good unit's value and a torn one comes after it: the water of the feed that
 * is led past it tells. */
static void D3_a_probe_frozen_at_a_good_value_does_not_let_a_torn_membrane_pass(void **state)
{
	struct kase k = {.fault = "feed_probe_1:none"};
	struct told t;
	struct bench *b = at_work(&t, &k);
	struct error err = {0};

	(void)state;
	bench_run_for(b, 120 * NS_PER_S);
	set_fault(b, "permeate_probe_1:frozen");
	bench_run_for(b, 5 * NS_PER_S);
	bench_abort(b, 0, "the next one");
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&quick)));
	bench_mount(b, 0, full.model->code, full.serial);
	set_fault(b, "1:membrane_torn");
	assert_true(get_ready(b));
	t.rig = &full;
	assert_int_equal(rig_case_start(&full, b, &err), 0);
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(&full)));
	print_message("# frozen at a good value: %s\n", verdict_name(bench_verdict(b, 0)));
	assert_int_not_equal(bench_verdict(b, 0), VERDICT_PASS);
	assert_false(t.wrong);
	bench_free(b);
}

static void D4_D5_an_open_loop_or_no_number_is_no_value_and_its_limits_trip(void **state)
{
	static const struct kase cases[] = {{.fault = "analog_1:open_loop", .carries = true},
					    {.fault = "analog_1:shorted", .carries = true},
					    {.fault = "analog_1:out_of_range", .carries = true},
					    {.fault = "analog_1:nan", .carries = true},
					    {.fault = "power_1:nan", .carries = true},
					    {.fault = "power_1:out_of_range", .carries = true},
					    {.fault = "feed_probe_1:out_of_range"},
					    {.fault = "feed_probe_1:nan"},
					    {.fault = "feed_probe_1:open_loop"},
					    {.fault = "permeate_probe_1:out_of_range"},
					    {.fault = "permeate_probe_1:nan"},
					    {.fault = "permeate_probe_1:open_loop"}};

	(void)state;
	RUN(cases);
}

static void D6_swapped_words_pass_nothing(void **state)
{
	static const struct kase cases[] = {{.fault = "tcp_io:swapped"},
					    {.fault = "power_1:swapped"},
					    {.fault = "feed_probe_1:swapped"},
					    {.fault = "permeate_probe_1:swapped"},
					    {.fault = "analog_1:swapped"},
					    {.fault = "tcp_io:swapped", .is_full = true},
					    {.fault = "permeate_probe_1:swapped", .is_full = true}};

	(void)state;
	RUN(cases);
}

static void D7_D9_a_probe_that_drifts_is_told_by_the_other_one(void **state)
{
	static const struct kase cases[] = {
		{.fault = "1:rig_permeate_probe_drift", .is_full = true},
		{.fault = "1:rig_permeate_probe_drift=0.7", .is_full = true}};

	(void)state;
	RUN(cases);
}

static void D10_single_spikes_pass_only_with_true_values(void **state)
{
	static const struct kase cases[] = {
		{.fault = "permeate_probe_1:spike=10/0.01", .may_pass = true},
		{.fault = "permeate_probe_1:spike=0.1/0.05", .may_pass = true},
		{.fault = "feed_probe_1:spike=5/0.05", .may_pass = true},
		{.fault = "tcp_io:spike=2/0.02", .may_pass = true}};

	(void)state;
	RUN(cases);
}

static void D11_a_sensor_that_says_nothing_new_passes_nothing(void **state)
{
	static const struct kase cases[] = {{.fault = "permeate_probe_1:exception=6"},
					    {.fault = "feed_probe_1:exception=5"},
					    {.fault = "permeate_probe_1:dead"},
					    {.fault = "tcp_io:exception=4"}};

	(void)state;
	RUN(cases);
}

static void R1_R2_R4_a_board_that_confirms_and_does_not_do_it_locks_its_bay(void **state)
{
	static const struct kase cases[] = {
		{.fault = "relays_1:ignores", .reason = "read"},
		{.fault = "relays_1:half", .reason = "read"},
		/* its read-back is right, its contact is not: found by the water */
		{.fault = "1:rig_relay_welded_v02", .is_full = true}};

	(void)state;
	RUN(cases);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(B1_to_B10_a_board_with_outputs_takes_its_bay_to_safety),
		T(B1_to_B10_an_input_with_limits_takes_its_bay_to_safety),
		T(B2_and_R3_writes_lost_or_confirmed_late_are_written_again),
		T(B6_B10_B11_B18_a_line_that_is_lost_takes_its_bays_to_safety),
		T(B14_B15_a_connection_that_is_lost_ends_the_run),
		T(B17_a_device_at_three_times_its_latency_changes_nothing),
		T(D1_a_device_that_rebooted_ends_the_run_and_nothing_comes_on_again),
		T(D2_another_device_at_the_address_is_refused),
		T(D3_a_value_that_stands_still_passes_nothing),
		T(D3_a_probe_frozen_at_a_good_value_does_not_let_a_torn_membrane_pass),
		T(D4_D5_an_open_loop_or_no_number_is_no_value_and_its_limits_trip),
		T(D6_swapped_words_pass_nothing),
		T(D7_D9_a_probe_that_drifts_is_told_by_the_other_one),
		T(D10_single_spikes_pass_only_with_true_values),
		T(D11_a_sensor_that_says_nothing_new_passes_nothing),
		T(R1_R2_R4_a_board_that_confirms_and_does_not_do_it_locks_its_bay),
	};
	int failed;

	bay_lab_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bay_lab_close();
	return failed;
}
