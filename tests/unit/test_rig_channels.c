/* SPDX-License-Identifier: MIT
 *
 * Readings: scale, quality, updates, debounce.
 */
#include "rig_bench.h"

static enum quality quality(const struct bench *b, int channel)
{
	return (enum quality)b->last[channel].quality;
}

static void a_reading_is_scaled_and_stamped_with_its_reply(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->still = true;
	mpa(b, 0, 0.25);
	pass(b, 0.3);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD);
	assert_true(fabs(b->last[CH_FEED_1].value - 0.25) < 1e-9);
	assert_int_equal(b->last[CH_FEED_1].raw, 8000);
	assert_true(b->now_ns - b->last[CH_FEED_1].at_ns <= 130 * NS_PER_MS);
	assert_true(fabs(b->last[CH_SUPPLY].value - 0.25) < 1e-9);
	bench_free(b);
}

static void run_time_stamps_run_at_the_speed(void **state_)
{
	struct bench *b = bench_speed(10);

	(void)state_;
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 0.5);
	assert_true(10 * b->now_ns - b->last[CH_FEED_1].at_ns >= 0);
	assert_true(10 * b->now_ns - b->last[CH_FEED_1].at_ns <= 500 * NS_PER_MS);
	bench_free(b);
}

static void outside_its_range_a_value_is_no_value(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->ua[12][0] = 20600; /* 1.0375 MPa: within NAMUR, beyond the channel */
	pass(b, 0.3);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_OUT_OF_RANGE);
	assert_true(b->last[CH_FEED_2].value > 1.03); /* never clipped into it */
	b->ua[12][0] = 3500;
	pass(b, 0.3);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_BAD_REPLY);
	b->ua[12][0] = 4000;
	pass(b, 0.3);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_GOOD);
	bench_free(b);
}

static void no_reply_three_times_ends_a_value(void **state_)
{
	struct bench *b = ready_bench();
	int64_t from;

	(void)state_;
	b->dead[12] = b->told_lost[12] = true; /* not counted as lost yet */
	from = b->now_ns;
	while (quality(b, CH_FEED_2) == QUALITY_GOOD && b->now_ns - from < NS_PER_S)
		tick(b);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_NO_REPLY);
	assert_true(b->now_ns - from > 200 * NS_PER_MS);
	assert_true(b->now_ns - from < 450 * NS_PER_MS);
	b->dead[12] = b->told_lost[12] = false;
	pass(b, 0.2);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_GOOD);
	bench_free(b);
}

static void one_lost_reply_is_none(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->dead[12] = b->told_lost[12] = true;
	pass(b, 0.1);
	b->dead[12] = b->told_lost[12] = false;
	for (int i = 0; i < 60; i++) {
		tick(b);
		assert_int_equal(quality(b, CH_FEED_2), QUALITY_GOOD);
	}
	bench_free(b);
}

static void a_lost_device_takes_its_values_at_once(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->dead[12] = true;
	pass(b, 0.05);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_NO_REPLY);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD);
	bench_free(b);
}

static void a_value_that_is_not_renewed_turns_stale(void **state_)
{
	struct bench *b = ready_bench();
	struct bus_config c;
	int64_t at_ns;

	(void)state_;
	rig_bus_config(b->r, 0, &c);
	for (int i = 0; i < c.read_count; i++)
		if (c.reads[i].unit == 12)
			b->read_due[i] = INT64_MAX;
	at_ns = b->last[CH_FEED_2].at_ns;
	while (quality(b, CH_FEED_2) == QUALITY_GOOD)
		tick(b);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_STALE);
	assert_true(b->now_ns - at_ns >= 500 * NS_PER_MS);
	assert_true(b->now_ns - at_ns <= 640 * NS_PER_MS);
	bench_free(b);
}

static void a_value_that_waited_too_long_in_a_mailbox_is_stale(void **state_)
{
	struct bench *b = ready_bench();
	struct bus_config c;
	int64_t then = b->now_ns;
	struct bus_event ev = {.kind = BUS_EVENT_READ, .count = 1, .data = {12000}};

	(void)state_;
	rig_bus_config(b->r, 0, &c);
	while (c.reads[ev.index].unit != 12)
		ev.index++;
	ev.device = c.reads[ev.index].device;
	pass(b, 1);
	ev.at_ns = then;
	deliver(b, 0, &ev);
	b->now_ns += 30 * NS_PER_MS; /* the batch goes, nothing new is read */
	rig_run(b->r, b->now_ns);
	assert_int_equal(quality(b, CH_FEED_2), QUALITY_STALE);
	bench_free(b);
}

static void a_value_that_never_moves_is_frozen_where_it_has_to_move(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->still = true;
	pass(b, 3);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD); /* the pump is off */
	hold(b, 1, 1, 0, 0, 1, 0); /* the pump runs; no matter which bay holds it */
	pass(b, 0.9);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD);
	pass(b, 0.4);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_FROZEN);
	pass(b, 0.5);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_FROZEN);
	b->still = false;
	pass(b, 0.3);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD);
	bench_free(b);
}

static void updates_count_renewals_and_not_polls(void **state_)
{
	struct bench *b = ready_bench();
	uint32_t before;
	int polls;

	(void)state_;
	before = b->last[CH_COUNT].updates;
	polls = b->samples;
	/* the device counts a pulse per ms and shows it once a second; asked every 200 ms */
	for (int s = 0; s < 10; s++) {
		b->count += 1000;
		pass(b, 1);
	}
	assert_true(b->samples - polls > 40);
	assert_in_range(b->last[CH_COUNT].updates - before, 9, 11);
	bench_free(b);
}

static void a_counter_gives_the_rate_between_renewals(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	for (int s = 0; s < 5; s++) {
		b->count += 50;
		pass(b, 1);
	}
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	assert_true(fabs(b->last[CH_COUNT].value - 3.0) < 0.05); /* 50 Hz at 1000 pulses/L */
	b->count = UINT32_MAX - 20;
	pass(b, 1.2);
	b->count += 50; /* across the wrap */
	pass(b, 1);
	assert_true(fabs(b->last[CH_COUNT].value - 3.0) < 0.7);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	pass(b, 3);
	assert_true(fabs(b->last[CH_COUNT].value) < 1e-9);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	bench_free(b);
}

static void a_counter_that_goes_back_gives_no_rate(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->count = 100000;
	pass(b, 3);
	b->count = 7; /* the device restarted */
	pass(b, 0.3);
	assert_int_not_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	pass(b, 2);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	bench_free(b);
}

/* Answers that come late, but in time: when in that time the count was taken nobody knows. */
static const struct {
	const char *name;
	unsigned speed;
	int at_least, at_most; /* renewals in 30 s of run time */
	struct answer answers[4];
} slow[] = {
	{"at once", 1, 40, 60, {{1, 0}}},
	{"in 10 ms", 1, 40, 60, {{10, 0}, {10, 1}}},
	{"in 50 ms", 1, 20, 35, {{50, 0}, {50, 1}, {50, 1}}},
	{"in 50 ms of run time", 10, 20, 35, {{5, 0}, {5, 1}, {5, 1}}},
	{"one in four late", 1, 10, 40, {{5, 0}, {5, 1}, {5, 0}, {750, 0}}},
	{"one in four late, read at its end", 1, 10, 40, {{5, 0}, {5, 1}, {5, 0}, {750, 1}}},
	{"every second late", 1, 0, 40, {{5, 0}, {750, 0}, {5, 1}, {750, 1}}},
	{"three in four late", 1, 0, 40, {{5, 0}, {750, 0}, {400, 1}, {750, 1}}},
	{"one in four late, fast", 10, 0, 30, {{1, 0}, {1, 0}, {1, 0}, {400, 0}}},
	{"every second late, fast", 10, 0, 0, {{1, 0}, {400, 0}, {1, 0}, {400, 1}}},
	{"all late", 1, 0, 0, {{400, 0}, {750, 1}, {300, 0.5}, {750, 0}}},
};

/* 50 Hz at 1000 pulses/L, all the time. */
static int wrong_flows(struct bench *b, double run_s)
{
	int64_t end_ns = b->now_ns + (int64_t)(run_s * 1e9 / b->speed);
	int wrong = 0;

	while (b->now_ns < end_ns) {
		tick(b);
		/* a twentieth, and one count within half a second */
		wrong += quality(b, CH_COUNT) == QUALITY_GOOD &&
			 fabs(b->last[CH_COUNT].value - 3.0) > 0.15 + 0.12;
	}
	return wrong;
}

static struct bench *counting_bench(unsigned speed, const struct answer *answers, int count)
{
	struct bench *b = bench_speed(speed);

	b->count_hz = 50;
	b->answers = answers;
	b->answer_count = count;
	b->now_ns = 10 * NS_PER_S;
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1.5 / speed); /* the first rate is of a single poll, where a count is much */
	return b;
}

static void a_count_whose_time_is_unsure_makes_no_rate(void **state_)
{
	int bad = 0;

	(void)state_;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		int n = 4, wrong, renewals;
		struct bench *b;

		while (n > 1 && !slow[i].answers[n - 1].ms)
			n--;
		b = counting_bench(slow[i].speed, slow[i].answers, n);
		wrong = wrong_flows(b, 30);
		renewals = (int)b->last[CH_COUNT].updates;
		print_message("# %-34s %3d renewals, %d wrong\n", slow[i].name, renewals, wrong);
		bad += wrong || renewals < slow[i].at_least || renewals > slow[i].at_most;
		bench_free(b);
	}
	assert_int_equal(bad, 0);
}

static void a_channel_whose_times_are_all_unsure_gets_stale_and_comes_back(void **state_)
{
	static const struct answer quick = {5, 0}, late[] = {{750, 0}, {600, 1}};
	struct bench *b = counting_bench(1, &quick, 1);

	(void)state_;
	assert_int_equal(wrong_flows(b, 5), 0);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	b->answers = late;
	b->answer_count = 2;
	assert_int_equal(wrong_flows(b, 5), 0);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_STALE);
	b->answers = &quick;
	b->answer_count = 1;
	assert_int_equal(wrong_flows(b, 3), 0);
	assert_int_equal(quality(b, CH_COUNT), QUALITY_GOOD);
	bench_free(b);
}

static void no_mix_of_quick_and_late_answers_makes_a_wrong_rate(void **state_)
{
	static struct answer answers[2000];
	unsigned random = 1;

	(void)state_;
	for (unsigned speed = 1; speed <= 10; speed += 9) {
		struct bench *b;

		for (int i = 0; i < 2000; i++) {
			random = random * 1103515245U + 12345U;
			answers[i].ms = random >> 16 & 1 ? (int)(random >> 17) % 800
							 : (int)(random >> 17) % 30;
			random = random * 1103515245U + 12345U;
			answers[i].at = (random >> 16) % 101 / 100.0;
		}
		b = counting_bench(speed, answers, 2000);
		assert_int_equal(wrong_flows(b, 600), 0);
		assert_true(speed > 1 || b->last[CH_COUNT].updates > 50);
		bench_free(b);
	}
}

static void pulses(struct bench *b, uint32_t n, int64_t first_ns, int64_t last_ns)
{
	struct bus_event ev = {.kind = BUS_EVENT_LINE,
			       .index = 5,
			       .pulses = n,
			       .first_edge_ns = first_ns,
			       .last_edge_ns = last_ns,
			       .at_ns = b->now_ns};

	deliver(b, 1, &ev);
}

static void pulses_give_the_flow_in_run_time(void **state_)
{
	struct bench *b = bench_speed(4);

	(void)state_;
	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 0.3);
	/* 100 Hz of wire time are 25 Hz of run time: 1.5 L/min at 1000 pulses/L */
	for (int i = 0; i < 20; i++) {
		pulses(b, 10, b->now_ns - 90 * NS_PER_MS, b->now_ns);
		pass(b, 0.1);
	}
	assert_int_equal(quality(b, CH_FLOW), QUALITY_GOOD);
	assert_true(fabs(b->last[CH_FLOW].value - 1.5) < 0.01);
	for (int i = 0; i < 20; i++) {
		pulses(b, 0, 0, 0);
		pass(b, 0.1);
	}
	assert_int_equal(quality(b, CH_FLOW), QUALITY_GOOD);
	assert_true(fabs(b->last[CH_FLOW].value) < 1e-9);
	bench_free(b);
}

static void states_follow_after_their_debounce(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	b->level[1] = 1;
	line_event(b, 1);
	pass(b, 0.2);
	assert_true(b->last[CH_LEAK_1].value < 0.5);
	pass(b, 0.2);
	assert_true(b->last[CH_LEAK_1].value > 0.5);
	assert_int_equal(quality(b, CH_LEAK_1), QUALITY_GOOD);
	bench_free(b);
}

static void nothing_of_a_device_is_believed_before_it_told_what_it_is(void **state_)
{
	struct bench *b = bench();
	struct bus_config c;
	struct bus_event ev = {.kind = BUS_EVENT_READ, .count = 1, .data = {8000}};

	(void)state_;
	rig_start(b->r, b->now_ns);
	link_up(b);
	rig_bus_config(b->r, 0, &c);
	while (c.reads[ev.index].unit != 12)
		ev.index++;
	ev.device = c.reads[ev.index].device;
	ev.at_ns = b->now_ns;
	deliver(b, 0, &ev);
	b->now_ns += NS_PER_S / 10;
	rig_run(b->r, b->now_ns);
	assert_int_equal(b->last[CH_FEED_2].quality, 0);
	bench_free(b);
}

static void a_new_link_gets_the_present_values(void **state_)
{
	struct bench *b = ready_bench();

	(void)state_;
	rig_link_lost(b->r, b->now_ns);
	memset(b->last, 0, sizeof(b->last));
	link_up(b);
	pass(b, 0.05);
	assert_int_equal(quality(b, CH_FEED_1), QUALITY_GOOD);
	assert_int_equal(quality(b, CH_ESTOP), QUALITY_GOOD);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reading_is_scaled_and_stamped_with_its_reply),
		cmocka_unit_test(run_time_stamps_run_at_the_speed),
		cmocka_unit_test(outside_its_range_a_value_is_no_value),
		cmocka_unit_test(no_reply_three_times_ends_a_value),
		cmocka_unit_test(one_lost_reply_is_none),
		cmocka_unit_test(a_lost_device_takes_its_values_at_once),
		cmocka_unit_test(a_value_that_is_not_renewed_turns_stale),
		cmocka_unit_test(a_value_that_waited_too_long_in_a_mailbox_is_stale),
		cmocka_unit_test(a_value_that_never_moves_is_frozen_where_it_has_to_move),
		cmocka_unit_test(updates_count_renewals_and_not_polls),
		cmocka_unit_test(a_counter_gives_the_rate_between_renewals),
		cmocka_unit_test(a_counter_that_goes_back_gives_no_rate),
		cmocka_unit_test(a_count_whose_time_is_unsure_makes_no_rate),
		cmocka_unit_test(a_channel_whose_times_are_all_unsure_gets_stale_and_comes_back),
		cmocka_unit_test(no_mix_of_quick_and_late_answers_makes_a_wrong_rate),
		cmocka_unit_test(pulses_give_the_flow_in_run_time),
		cmocka_unit_test(states_follow_after_their_debounce),
		cmocka_unit_test(nothing_of_a_device_is_believed_before_it_told_what_it_is),
		cmocka_unit_test(a_new_link_gets_the_present_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
