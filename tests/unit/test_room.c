/* SPDX-License-Identifier: MIT
 *
 * When the ballast is taken and given up, and when no run begins any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/room.h"

#define MIB INT64_C(1048576)

static void room_is_judged_by_table(void **state)
{
	static const struct {
		int64_t free_mib, size_mib;
		bool has;
		bool low;
		enum room_act act;
	} table[] = {
		{500, 100000, true, false, ROOM_KEEP},
		{500, 100000, false, false, ROOM_TAKE},
		{64, 100000, true, false, ROOM_KEEP},
		{63, 100000, true, true, ROOM_KEEP},
		{72, 100000, false, false, ROOM_TAKE},
		{71, 100000, false, true, ROOM_KEEP}, /* what was given up is not room */
		{4, 100000, true, true, ROOM_KEEP},
		{3, 100000, true, true, ROOM_GIVE_UP},
		{0, 100000, true, true, ROOM_GIVE_UP},
		{0, 100000, false, true, ROOM_KEEP},
		{11, 100, true, false, ROOM_KEEP}, /* a small disk: a tenth */
		{9, 100, true, true, ROOM_KEEP},
		{17, 100, false, true, ROOM_KEEP},
		{18, 100, false, false, ROOM_TAKE},
		{15, 30, false, false, ROOM_KEEP}, /* too small for one */
		{0, 0, false, true, ROOM_KEEP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct room r = {.free_bytes = table[i].free_mib * MIB,
				 .size_bytes = table[i].size_mib * MIB,
				 .has_ballast = table[i].has};

		if (room_judge(&r) != table[i].act || r.low != table[i].low)
			fail_msg("row %zu: low %d", i, r.low);
	}
}

/* Taken or given up, it is not to be done again at once: no flapping. */
static void what_was_done_stays_done(void **state)
{
	(void)state;
	for (int64_t size = 0; size < 1000; size += 7)
		for (int64_t left = 0; left <= size; left++) {
			struct room r = {.free_bytes = left * MIB, .size_bytes = size * MIB};
			enum room_act first = room_judge(&r);

			if (first != ROOM_TAKE)
				continue;
			r.has_ballast = true;
			r.free_bytes -= ROOM_BALLAST_BYTES;
			assert_int_equal(room_judge(&r), ROOM_KEEP);
			assert_false(r.low);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_judged_by_table),
		cmocka_unit_test(what_was_done_stays_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
