/* SPDX-License-Identifier: MIT
 *
 * Calibrations that benchd sends: interlocks and records judge by one value, and no coefficient takes
 * an interlock's or a proof's teeth.
 */
#include <math.h>

#include "rig_bench.h"

enum { FEED_1 = 1, ESTOP = 5 }; /* channels of the bench's fixture */

static const struct io_msg *calibrate(struct bench *b, int channel, uint32_t revision, double gain,
				      double offset)
{
	struct io_msg m = {.type = IO_CALIBRATION};

	m.u.calibration.channel = (uint16_t)channel;
	m.u.calibration.revision = revision;
	m.u.calibration.gain = gain;
	m.u.calibration.offset = offset;
	b->sent_count = 0;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), 0);
	return last_sent(b, IO_CALIBRATED);
}

static void assert_applied(struct bench *b, int channel, uint32_t revision, double gain,
			   double offset)
{
	const struct io_msg *said = calibrate(b, channel, revision, gain, offset);

	assert_string_equal(said->u.calibrated.reason, "");
	assert_int_equal(said->u.calibrated.channel, channel);
	assert_int_equal(said->u.calibrated.revision, revision);
}

/* What the channel's newest reading was judged by. */
static uint32_t revision_of(struct bench *b, int channel)
{
	pass(b, 0.3);
	return b->last[channel].calibration;
}

/* Trips of over_pressure (> 0.44 MPa for 2 s) with the gauge saying this. */
static const struct io_msg *trip_at(struct bench *b, double says_mpa)
{
	hold(b, 0, 1, 1, 1, 0, 0.3);
	mpa(b, 0, says_mpa);
	b->sent_count = 0;
	pass(b, 3);
	return last_sent(b, IO_TRIP);
}

static void an_interlock_judges_what_the_record_holds(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *trip;

	(void)state_;
	assert_applied(b, FEED_1, 7, 1.2, 0);
	assert_int_equal(revision_of(b, FEED_1), 7);
	trip = trip_at(b, 0.4); /* 0.48 MPa */
	assert_int_equal(trip->type, IO_TRIP);
	assert_int_equal(trip->u.trip.interlock, 2);
	assert_true(fabs(trip->u.trip.value - 0.48) < 0.001);
	assert_non_null(strstr(trip->u.trip.reason, " MPa)"));
	bench_free(b);
}

/* The law: whatever was typed in, the sensor's own word still trips. */
static void no_coefficient_takes_a_trip_away(void **state_)
{
	static const double gains[] = {0.5, 0.8, 1, 2}, offsets[] = {-0.21, -0.1, 0, 0.21};

	(void)state_;
	for (size_t g = 0; g < sizeof(gains) / sizeof(gains[0]); g++)
		for (size_t o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++) {
			struct bench *b = ready_bench();
			const struct io_msg *trip;

			assert_applied(b, FEED_1, 2, gains[g], offsets[o]);
			trip = trip_at(b, 0.46);
			if (trip->type != IO_TRIP || trip->u.trip.interlock != 2)
				fail_msg("gain %g, offset %g: 0.46 MPa does not trip", gains[g],
					 offsets[o]);
			if (gains[g] * 0.46 + offsets[o] < 0.44) {
				assert_non_null(strstr(trip->u.trip.reason, "before calibration"));
				assert_true(fabs(trip->u.trip.value - 0.46) < 0.001);
			}
			assert_true(outputs_safe(b, 0));
			bench_free(b);
		}
}

static void a_proof_needs_the_reading_as_it_was_read_too(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	assert_applied(b, FEED_1, 2, 1, -0.05);
	mpa(b, 0, 0.05); /* calibrated away: 0 */
	pass(b, 0.3);
	safe(b, 0, SAFE_DROP, 9);
	pass(b, 22);
	assert_int_equal(answer(b, 9), 0);
	assert_int_equal(state(b, 0), BAY_LOCKED);
	assert_non_null(strstr(reason(b, 0), " MPa before calibration"));
	mpa(b, 0, 0.001);
	safe(b, 0, SAFE_RESET, 10);
	pass(b, 3);
	assert_int_equal(answer(b, 10), 1);
	/* and what the calibrated one does not show is not shown either */
	assert_applied(b, FEED_1, 3, 1, 0.05);
	safe(b, 0, SAFE_DROP, 11);
	pass(b, 22);
	assert_int_equal(answer(b, 11), 0);
	bench_free(b);
}

static void what_cannot_be_applied_is_told_and_changes_nothing(void **state_)
{
	static const struct {
		double gain, offset;
		const char *why;
	} rows[] = {{0.49, 0, "gain"}, {2.01, 0, "gain"},   {-1, 0, "gain"},
		    {0, 0, "gain"},    {1, 0.22, "offset"}, {1, -0.22, "offset"}};
	struct bench *b = ready_bench();
	const struct io_msg *said;

	(void)state_;
	assert_applied(b, FEED_1, 4, 1.2, 0.01);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		said = calibrate(b, FEED_1, 5, rows[i].gain, rows[i].offset);
		assert_non_null(strstr(said->u.calibrated.reason, rows[i].why));
		assert_int_equal(said->u.calibrated.revision, 4);
	}
	said = calibrate(b, ESTOP, 1, 1, 0);
	assert_non_null(strstr(said->u.calibrated.reason, "no measured quantity"));
	assert_int_equal(trip_at(b, 0.4)->u.trip.interlock, 2); /* 1.2 is in force still */
	bench_free(b);
}

static void nothing_is_applied_in_a_run(void **state_)
{
	struct bench *b = ready_bench();
	const struct io_msg *said;

	(void)state_;
	hold(b, 0, 0, 0, 0, 1, 0);
	pass(b, 0.3);
	assert_int_equal(state(b, 0), BAY_ACTIVE);
	said = calibrate(b, FEED_1, 2, 1.1, 0);
	assert_non_null(strstr(said->u.calibrated.reason, "a run holds bay 1"));
	assert_int_equal(said->u.calibrated.revision, 0);
	assert_int_equal(revision_of(b, FEED_1), 0);
	safe(b, 0, SAFE_STOP, 3);
	pass(b, 10);
	assert_applied(b, FEED_1, 2, 1.1, 0);
	bench_free(b);
}

/* Another benchd may know of none: what is in force is what this one says. */
static void a_new_link_begins_with_the_fixtures_own(void **state_)
{
	struct bench *b = ready_bench();
	struct io_msg m = {.type = IO_CALIBRATION, .u.calibration = {.channel = 200, .gain = 1}};
	struct error err;

	(void)state_;
	assert_applied(b, FEED_1, 9, 1.2, 0);
	rig_link_lost(b->r, b->now_ns);
	pass(b, 1);
	b->sent_count = 0;
	link_up(b);
	assert_int_equal(revision_of(b, FEED_1), 0);
	assert_int_equal(trip_at(b, 0.4)->type, 0);
	assert_int_equal(rig_message(b->r, &m, b->now_ns, &err), ERR_PROTOCOL);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interlock_judges_what_the_record_holds),
		cmocka_unit_test(no_coefficient_takes_a_trip_away),
		cmocka_unit_test(a_proof_needs_the_reading_as_it_was_read_too),
		cmocka_unit_test(what_cannot_be_applied_is_told_and_changes_nothing),
		cmocka_unit_test(nothing_is_applied_in_a_run),
		cmocka_unit_test(a_new_link_begins_with_the_fixtures_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
