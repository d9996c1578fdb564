/* SPDX-License-Identifier: MIT
 *
 * Who the devices of fixtures/parts.yaml are and how they are set: asked before each run, settings
 * written, comms watchdogs that drop by themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig_case.h"
#include "sim/device.h"

static struct rig_case parts;

static struct bench *open_bench(void)
{
	struct bench_config config = {.fixture = parts.fixture, .seed = 3, .noise = true};

	return rig_case_bench(&parts, &config);
}

static struct bench *ready(void)
{
	struct bench *b = open_bench();

	assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
	return b;
}

static struct sim_device *device(struct bench *b, const char *name)
{
	int i = 0;

	while (i < parts.fixture->device_count - 1 && strcmp(parts.fixture->devices[i].name, name))
		i++;
	assert_string_equal(parts.fixture->devices[i].name, name);
	return &bench_world(b)->devices[i];
}

static struct sim_register *reg(struct sim_device *d, uint16_t address)
{
	int i = 0;

	while (i < d->register_count - 1 && d->registers[i].address != address)
		i++;
	assert_int_equal(d->registers[i].address, address);
	return &d->registers[i];
}

/* The run is refused by the check before it; the reason holds text. */
static void expect_refused(struct bench *b, const char *text)
{
	struct error err = {0};
	const char *detail = "", *reason = "";

	assert_int_equal(rig_case_start(&parts, b, &err), 0);
	assert_true(bench_run_until_done(b, 0, 30 * NS_PER_S));
	assert_int_equal(bench_phase(b, 0), BENCH_REFUSED);
	(void)bench_is_proven(b, 0, &detail);
	(void)bench_bay_state(b, 0, &reason);
	if (!strstr(detail, text) && !strstr(reason, text))
		fail_msg("\"%s\" and \"%s\" do not hold \"%s\"", detail, reason, text);
	bench_run_for(b, NS_PER_S);
	assert_int_equal(bench_bay_state(b, 0, NULL), BAY_NOT_READY);
}

static void another_serial_number_is_refused_before_the_run(void **state)
{
	struct bench *b = ready();

	(void)state;
	reg(device(b, "power"), 0xfc01)->value ^= 1;
	expect_refused(b, "its serial number reads");
	bench_free(b);
}

static void another_firmware_than_at_first_is_refused_before_the_run(void **state)
{
	struct bench *b = ready();
	struct error err = {0};

	(void)state;
	reg(device(b, "supply_input"), 213)->value = 0xb002;
	expect_refused(b, "its firmware version reads 0xb002 and was 0xb001");
	/* the old one again: asked by itself, and ready */
	reg(device(b, "supply_input"), 213)->value = 0xb001;
	assert_true(bench_wait_ready(b, 0, 30 * NS_PER_S));
	assert_int_equal(rig_case_start(&parts, b, &err), 0);
	bench_run_for(b, 20 * NS_PER_S);
	assert_int_equal(bench_phase(b, 0), BENCH_RUNNING);
	bench_free(b);
}

static void a_transmitter_set_to_another_unit_is_refused(void **state)
{
	struct bench *b = ready();

	(void)state;
	reg(device(b, "feed_gauge"), 2)->value = 0;
	expect_refused(b, "its unit and decimals reads 0x0000, expected 0x0001");
	bench_free(b);
}

static void settings_are_written_when_the_board_comes_and_again_when_it_lost_them(void **state)
{
	struct bench *b = ready();
	struct sim_register *time = reg(device(b, "relays_2"), 488);
	struct error err = {0};

	(void)state;
	assert_int_equal(time->value, 15);
	assert_int_equal(reg(device(b, "ao"), 488)->value, 20);
	time->value = 250; /* somebody turned it off, as good as */
	assert_int_equal(rig_case_start(&parts, b, &err), 0);
	bench_run_for(b, 20 * NS_PER_S);
	assert_int_equal(bench_phase(b, 0), BENCH_RUNNING);
	assert_int_equal(time->value, 15);
	bench_free(b);
}

static void a_board_that_refuses_its_watchdog_is_not_ready(void **state)
{
	struct bench *b = open_bench();
	const char *reason;

	(void)state;
	reg(device(b, "relays_2"), 488)->writable = false;
	assert_false(bench_wait_ready(b, 0, CASE_READY_NS));
	(void)bench_bay_state(b, 0, &reason);
	assert_non_null(strstr(reason, "relays_2"));
	assert_non_null(strstr(reason, "it refuses the setting at 0x01e8"));
	bench_free(b);
}

/* Nobody asks any more: what has a watchdog falls in its own time, what has none stays. */
static void in_silence_the_boards_with_a_watchdog_drop_by_themselves(void **state)
{
	struct bench *b = ready();
	struct world *w = bench_world(b);
	int pump = fixture_output(parts.fixture, 0, "supply_pump");
	int regulator = fixture_output(parts.fixture, 0, "regulator");
	int valve = fixture_output(parts.fixture, 0, "supply_valve");
	struct error err = {0};
	int64_t now_ns;

	(void)state;
	assert_int_equal(rig_case_start(&parts, b, &err), 0);
	bench_run_for(b, 100 * NS_PER_S);
	assert_true(world_commanded(w, pump, NULL) > 0.5);
	assert_true(world_commanded(w, regulator, NULL) > 0.1);
	now_ns = bench_now_ns(b);
	world_run(w, now_ns + 900 * NS_PER_MS);
	assert_true(world_commanded(w, pump, NULL) > 0.5);
	world_run(w, now_ns + 1550 * NS_PER_MS);
	assert_true(world_commanded(w, pump, NULL) < 0.5);
	world_run(w, now_ns + 2050 * NS_PER_MS);
	assert_true(world_commanded(w, regulator, NULL) < 1e-9);
	assert_true(world_commanded(w, valve, NULL) > 0.5);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_serial_number_is_refused_before_the_run),
		cmocka_unit_test(another_firmware_than_at_first_is_refused_before_the_run),
		cmocka_unit_test(a_transmitter_set_to_another_unit_is_refused),
		cmocka_unit_test(
			settings_are_written_when_the_board_comes_and_again_when_it_lost_them),
		cmocka_unit_test(a_board_that_refuses_its_watchdog_is_not_ready),
		cmocka_unit_test(in_silence_the_boards_with_a_watchdog_drop_by_themselves),
	};
	struct problems problems = {0};
	int failed;

	parts.fixture = fixture_load("fixtures/parts.yaml", &problems);
	if (!parts.fixture)
		rig_case_die(&problems, "fixtures/parts.yaml");
	parts.model = model_load("profiles/models/RO600.yaml", &problems);
	parts.profile = parts.model ? profile_load("profiles/ro600_quick.yaml", parts.model,
						   parts.fixture, 0, &problems)
				    : NULL;
	if (!parts.profile)
		rig_case_die(&problems, "the profile");
	problems_release(&problems);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&parts);
	return failed;
}
