/* SPDX-License-Identifier: MIT
 *
 * Device identification over Modbus TCP: who names itself benchsim, and everybody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../../src/bus/wire.h"

enum { UNIT = 7 };

/* What the device says, before it is asked: the bytes wait in the socket. */
static int ask(struct who *w, const uint8_t *pdu, size_t n, unsigned transaction, bool keeps_silent)
{
	uint8_t units[32] = {0}, adu[300] = {transaction >> 8, transaction & 0xff, 0, 0},
		question[64];
	int pair[2], rc;

	units[UNIT / 8] |= 1u << UNIT % 8;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	adu[4] = (uint8_t)((n + 1) >> 8);
	adu[5] = (uint8_t)(n + 1);
	adu[6] = UNIT;
	if (n)
		memcpy(adu + 7, pdu, n);
	if (!keeps_silent)
		assert_int_equal(write(pair[1], adu, n + 7), n + 7);
	rc = who_ask(w, pair[0], units);
	/* Modbus application protocol V1.1b3, 6.21: basic identification from object 0 on */
	rc = read(pair[1], question, sizeof(question)) == 11 &&
			     !memcmp(question + 2, "\x00\x00\x00\x05\x07\x2b\x0e\x01\x00", 9)
		     ? rc
		     : -1000;
	close(pair[0]);
	close(pair[1]);
	return rc;
}

#define TRANSACTION 0x4314
static const uint8_t benchsim[] = "\x2b\x0e\x01\x01\x00\x00\x03\x00\x08"
				  "benchsim\x01\x01x\x02\x01y";

static void one_that_names_itself_benchsim_is_known_for_good(void **state)
{
	struct who w = {0};
	uint8_t units[32] = {0};

	(void)state;
	units[UNIT / 8] |= 1u << UNIT % 8;
	assert_int_equal(ask(&w, benchsim, sizeof(benchsim) - 1, TRANSACTION, false), 0);
	assert_true(w.is_benchsim);
	/* it is asked once: another connection is not needed for that */
	assert_int_equal(who_ask(&w, -1, units), 0);
	assert_true(w.is_benchsim);
}

static void another_vendor_an_exception_and_what_is_too_short_are_not(void **state)
{
	static const struct {
		const char *pdu;
		size_t n;
	} others[] = {
		{"\x2b\x0e\x01\x01\x00\x00\x01\x00\x08"
		 "BENCHSIM",
		 17},
		{"\x2b\x0e\x01\x01\x00\x00\x01\x00\x09"
		 "benchsimX",
		 18},
		{"\x2b\x0e\x01\x01\x00\x00\x01\x01\x08"
		 "benchsim",
		 17},
		{"\x2b\x0e\x01\x01\x00\x00\x01\x00\x08"
		 "bench",
		 14},
		{"\xab\x01", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct who w = {0};

		assert_int_equal(
			ask(&w, (const uint8_t *)others[i].pdu, others[i].n, TRANSACTION, false),
			0);
		assert_false(w.is_benchsim);
		assert_int_equal(w.asked[UNIT / 8], 1u << UNIT % 8);
	}
}

static void one_that_keeps_silent_is_asked_three_times_on_new_connections(void **state)
{
	struct who w = {0};

	(void)state;
	assert_int_equal(ask(&w, NULL, 0, TRANSACTION, true), ERR_TIMEOUT);
	/* a late answer to something else is none either */
	assert_int_equal(ask(&w, benchsim, sizeof(benchsim) - 1, 1, false), ERR_PROTOCOL);
	assert_int_equal(w.asked[UNIT / 8], 0);
	assert_int_equal(ask(&w, benchsim, sizeof(benchsim) - 1, 2, false), ERR_PROTOCOL);
	assert_false(w.is_benchsim);
	assert_int_equal(w.asked[UNIT / 8], 1u << UNIT % 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_names_itself_benchsim_is_known_for_good),
		cmocka_unit_test(another_vendor_an_exception_and_what_is_too_short_are_not),
		cmocka_unit_test(one_that_keeps_silent_is_asked_three_times_on_new_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
