/* SPDX-License-Identifier: MIT
 *
 * Every fault of a line, by its row of the fault catalogue, for 10,000 transactions each in virtual
 * time: no wrong value is taken for good, no write is said to be done that is not, the other
 * devices keep their pace, and the one that was ill is back once it is well.
 */
#include "wire_lab.h"

static void B1_a_silent_device_gives_no_value_and_costs_the_others_little(void **state)
{
	static const struct row rows[] = {ROW("d1:dead"), ROW("d1:dead/0.1"), ROW("d1:silence"),
					  ROW("d1:silence/0.1")};
	static const struct row tcp[] = {ROW("d1:dead"), ROW("d1:dead/0.05"), ROW("d1:silence"),
					 ROW("d1:silence/0.05")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, tcp);
}

static void B2_an_answer_late_by_1_to_10_timeouts_is_never_anothers(void **state)
{
	/* a time-out is 50 ms and the answer's 9 characters */
	static const struct row rows[] = {ROW("d1:late=0.065/0.3"), ROW("d1:late=0.09/0.3"),
					  ROW("d1:late=0.15/0.3"),  ROW("d1:late=0.3/0.3"),
					  ROW("d1:late=0.6/0.3"),   ROW("d1:late=0.065"),
					  ROW("d1:late=0.15"),	    ROW("d1:late=0.6")};
	static const struct row tcp[] = {ROW("d1:late=0.3/0.05"), ROW("d1:late=0.6")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, tcp);
}

static void B3_damaged_answers_are_dropped_and_counted(void **state)
{
	static const struct row rows[] = {ROW("d1:bad_crc"), ROW("d1:bad_crc/0.1"),
					  ROW("d1:flip=1"),  ROW("d1:flip=2"),
					  ROW("d1:flip=3"),  ROW("d1:flip=1/0.2")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B4_an_answer_cut_short_or_in_pieces_is_waited_for_and_never_misread(void **state)
{
	static const struct row rows[] = {
		ROW("d1:truncated=1"), ROW("d1:truncated=2/0.2"), ROW("d1:truncated=4"),
		ROW("d1:truncated=8"), ROW("d1:split=0"),	  ROW("d1:split=1"),
		ROW("d1:split=2"),     ROW("d1:split=3"),	  ROW("d1:split=4"),
		ROW("d1:split=5"),     ROW("d1:split=6"),	  ROW("d1:split=7"),
		ROW("d1:split=8"),     ROW("line:split=0")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B5_extra_bytes_and_the_own_echo_are_no_answers(void **state)
{
	static const struct row rows[] = {
		ROW("d1:extra=1"),
		ROW("d1:extra=40"),
		ROW("d1:noise=1"),
		ROW("d1:noise=2"),
		ROW("d1:noise=200"),
		{.fault = "line:echo", .no_other_lives = false, .from_start = true}};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B6_noise_without_end_is_no_value(void **state)
{
	static const struct row rows[] = {ILL("line:flood"), ILL("line:flood=100"),
					  ILL("line:flood=10")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B7_the_answer_of_another_slave_is_not_accepted(void **state)
{
	/* under a neighbour's address it looks as if two were there: the neighbour is lost too */
	static const struct row rows[] = {ROW("d1:wrong_slave=100"), ROW("d1:wrong_slave=100/0.2"),
					  ILL("d1:wrong_slave=1"), ILL("d1:wrong_slave=1/0.2")};
	static const struct row tcp[] = {ROW("d1:wrong_slave=1"), ROW("d1:wrong_slave=1/0.05")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, tcp);
}

static void B8_every_exception_is_a_refusal_and_never_a_value(void **state)
{
	char spec[32];

	(void)state;
	for (int code = 1; code <= 11; code++) {
		struct row row = {.fault = spec};

		snprintf(spec, sizeof(spec), "d1:exception=%d", code);
		run_row(BUS_MODBUS_RTU, &row);
		snprintf(spec, sizeof(spec), "d1:exception=%d/0.3", code);
		run_row(BUS_MODBUS_RTU, &row);
	}
}

static void B9_a_valid_frame_with_another_count_function_or_echo_is_refused(void **state)
{
	static const struct row rows[] = {ROW("d1:wrong_count=1"),	ROW("d1:wrong_count=-1"),
					  ROW("d1:wrong_count=0"),	ROW("d1:wrong_function"),
					  ROW("d1:wrong_echo"),		ROW("d1:wrong_count=1/0.2"),
					  ROW("d1:wrong_function/0.2"), ROW("d1:wrong_echo/0.2")};
	static const struct row tcp[] = {ROW("d1:wrong_count=1/0.05"),
					 ROW("d1:wrong_function/0.05"), ROW("d1:wrong_echo/0.05")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, tcp);
}

static void B10_another_baud_rate_is_garbage_and_no_value(void **state)
{
	static const struct row rows[] = {ROW("d1:wrong_baud"), ILL("line:wrong_baud"),
					  ILL("line:wrong_baud/0.2")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B11_a_port_that_hangs_up_is_opened_again(void **state)
{
	static const struct row rows[] = {ILL("line:hang_up/0.01"), ILL("line:hang_up=1/0.01"),
					  ILL("line:hang_up=5/0.002")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, rows);
}

static void B14_a_reset_or_half_open_connection_is_made_anew(void **state)
{
	static const struct row rows[] = {ILL("line:reset/0.02"), ILL("line:half_open/0.02"),
					  ROW("d1:reset/0.02")};

	(void)state;
	RUN(BUS_MODBUS_TCP, rows);
}

static void B15_another_transactions_number_is_refused(void **state)
{
	static const struct row rows[] = {ILL("line:wrong_id/0.02"), ILL("line:merged/0.02"),
					  ILL("line:split")};

	(void)state;
	RUN(BUS_MODBUS_TCP, rows);
}

static void B16_a_gateways_refusal_is_no_answer_of_the_device(void **state)
{
	static const struct row rows[] = {ROW("d1:exception=10"), ROW("d1:exception=11"),
					  ROW("d1:exception=11/0.2")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
	RUN(BUS_MODBUS_TCP, rows);
}

static void B17_a_slow_device_within_its_timeout_keeps_every_value(void **state)
{
	/* 15 ms in place of 5: three times the latency */
	static const struct row rows[] = {ROW("d1:late=0.015"), ROW("d1:late=0.04")};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

/* ---- two of the same address: what no protocol can tell ---- */

static void B7_two_slaves_at_one_address_are_told_as_a_conflict(void **state)
{
	/* Whose answer comes first is believed: no protocol tells it. But behind the first second
	 * answer nothing is believed for a second, three are an alarm, and nothing is believed then
	 * until they have stopped for half a minute. */
	static const struct row rows[] = {
		{.fault = "d1:two_slaves", .no_other_lives = false, .wrong_max = 1},
		{.fault = "d1:two_slaves/0.3", .no_other_lives = false, .wrong_max = 1}};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

static void B18_another_master_is_told_as_a_conflict(void **state)
{
	/* As two slaves, on all addresses. */
	static const struct row rows[] = {
		{.fault = "line:storm", .no_other_lives = true, .wrong_max = 1},
		{.fault = "line:storm=0.5", .no_other_lives = true, .wrong_max = 1}};

	(void)state;
	RUN(BUS_MODBUS_RTU, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(B1_a_silent_device_gives_no_value_and_costs_the_others_little),
		cmocka_unit_test(B2_an_answer_late_by_1_to_10_timeouts_is_never_anothers),
		cmocka_unit_test(B3_damaged_answers_are_dropped_and_counted),
		cmocka_unit_test(
			B4_an_answer_cut_short_or_in_pieces_is_waited_for_and_never_misread),
		cmocka_unit_test(B5_extra_bytes_and_the_own_echo_are_no_answers),
		cmocka_unit_test(B6_noise_without_end_is_no_value),
		cmocka_unit_test(B7_the_answer_of_another_slave_is_not_accepted),
		cmocka_unit_test(B7_two_slaves_at_one_address_are_told_as_a_conflict),
		cmocka_unit_test(B8_every_exception_is_a_refusal_and_never_a_value),
		cmocka_unit_test(B9_a_valid_frame_with_another_count_function_or_echo_is_refused),
		cmocka_unit_test(B10_another_baud_rate_is_garbage_and_no_value),
		cmocka_unit_test(B11_a_port_that_hangs_up_is_opened_again),
		cmocka_unit_test(B14_a_reset_or_half_open_connection_is_made_anew),
		cmocka_unit_test(B15_another_transactions_number_is_refused),
		cmocka_unit_test(B16_a_gateways_refusal_is_no_answer_of_the_device),
		cmocka_unit_test(B17_a_slow_device_within_its_timeout_keeps_every_value),
		cmocka_unit_test(B18_another_master_is_told_as_a_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
