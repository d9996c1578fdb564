/* SPDX-License-Identifier: MIT
 *
 * Whatever comes in whatever order: properties that hold all the time. Each seed is one story of
 * some two minutes.
 */
#include "rig_bench.h"

enum { SEEDS = 12, EVENTS = 160 };

struct story {
	struct bench *b;
	uint64_t seed;
	int64_t held_ns[2];	 /* last image that counted for the bay, as seen from outside */
	int64_t stop_ns[2];	 /* last SAFE_STOP: its steps may hold outputs for 3 s more */
	int64_t quiet_ns[UNITS]; /* the unit has answered properly since */
	uint32_t lease[2];	 /* that made the bay active */
	uint32_t ended[2];	 /* highest lease that was seen to end */
	bool was_active[2];
	enum bay_state before[2];
	bool asked[2]; /* a SAFE message came since the last look */
};

static uint32_t dice(struct story *s, uint32_t n)
{
	s->seed = s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(s->seed >> 33) % n;
}

static void begin_lease(struct story *s, int bay)
{
	struct bench *b = s->b;
	double feed = dice(s, 2), vent = feed > 0.5 ? 0 : dice(s, 2);

	hold(b, bay, dice(s, 2), dice(s, 2), feed, vent, 0.1 * dice(s, 4));
}

static void line_flip(struct story *s, int line)
{
	s->b->level[line] ^= 1;
	line_event(s->b, line);
}

static void something(struct story *s)
{
	struct bench *b = s->b;
	int bay = (int)dice(s, 2), unit = (int)(dice(s, 3) ? 1 + dice(s, 3) : 11 + dice(s, 2));
	struct bus_event down = {
		.kind = BUS_EVENT_DOWN, .status = BUS_LINE_DOWN, .text = "unplugged"};

	switch (dice(s, 14)) {
	case 0:
	case 1:
	case 2: begin_lease(s, bay); break;
	case 3: b->holding[bay] = false; break;
	case 4:
		safe(b, bay, SAFE_STOP, dice(s, 100));
		s->stop_ns[bay] = b->now_ns;
		s->asked[bay] = true;
		break;
	case 5:
		safe(b, bay, SAFE_DROP, dice(s, 100));
		s->asked[bay] = true;
		break;
	case 6:
	case 7:
		safe(b, bay, SAFE_RESET, dice(s, 100));
		s->asked[bay] = true;
		break;
	case 8: b->dead[unit] = !b->dead[unit]; break;
	case 9: b->stuck[1 + dice(s, 3)] ^= 1; break;
	case 10: line_flip(s, (int)dice(s, 3)); break;
	case 11: mpa(b, bay, 0.1 * dice(s, 6)); break;
	case 12:
		rig_link_lost(b->r, b->now_ns);
		b->holding[0] = b->holding[1] = false;
		pass(b, 0.01);
		link_up(b);
		break;
	default:
		deliver(b, 0, &down);
		buses_up(b);
		b->unhealthy = dice(s, 3) == 0;
		break;
	}
}

/* Does some output of the bay that only it has stand away from safe? */
static bool is_on(const struct bench *b, int bay)
{
	return !outputs_safe(b, bay);
}

static void look(struct story *s)
{
	struct bench *b = s->b;

	for (int u = 0; u < UNITS; u++)
		if (b->dead[u] || b->stuck[u] || !s->quiet_ns[u])
			s->quiet_ns[u] = b->now_ns;
	for (int bay = 0; bay < 2; bay++) {
		enum bay_state now = state(b, bay);
		int64_t calm = s->quiet_ns[1 + bay] > s->quiet_ns[20] ? s->quiet_ns[1 + bay]
								      : s->quiet_ns[20];

		if (now == BAY_ACTIVE && !s->was_active[bay])
			s->lease[bay] = b->lease[bay];
		if (b->holding[bay] && now == BAY_ACTIVE && b->lease[bay] == s->lease[bay])
			s->held_ns[bay] = b->now_ns;
		/* 1: without a lease everything that can be reached is safe */
		if (is_on(b, bay) && b->now_ns - s->held_ns[bay] > 600 * NS_PER_MS &&
		    b->now_ns - s->stop_ns[bay] > 3200 * NS_PER_MS &&
		    b->now_ns - calm > 5 * NS_PER_S / 2)
			fail_msg("bay %d stands open in state %s", bay + 1, bay_state_name(now));
		/* 2: a lease that ended never makes the bay active again */
		if (s->was_active[bay] && now != BAY_ACTIVE)
			s->ended[bay] = b->lease[bay];
		if (!s->was_active[bay] && now == BAY_ACTIVE)
			assert_true(b->lease[bay] > s->ended[bay] || b->seq[bay] <= 1);
		s->was_active[bay] = now == BAY_ACTIVE;
		/* 3: a trip ends by a message only */
		if (s->before[bay] == BAY_TRIPPED && now == BAY_READY)
			fail_msg("bay %d was ready again by itself", bay + 1);
		if ((s->before[bay] == BAY_TRIPPED || s->before[bay] == BAY_LOCKED) &&
		    now == BAY_SECURING)
			assert_true(s->asked[bay]);
		s->before[bay] = now;
		if (now == BAY_READY || now == BAY_TRIPPED)
			s->asked[bay] = false;
		/* 4: ready means proven */
		if (now == BAY_READY)
			assert_int_equal(rig_bay_proof(b->r, bay, NULL), 1);
	}
	/* 5: good is never older than its stale limit */
	for (int i = 0; i < b->f->channel_count; i++)
		if (b->last[i].quality == QUALITY_GOOD)
			assert_true(b->now_ns - b->last[i].at_ns <=
				    b->f->channels[i].stale_ns + 60 * NS_PER_MS);
}

static void run_story(uint64_t seed)
{
	struct story s = {.b = ready_bench(), .seed = seed * 7919 + 1};
	struct bench *b = s.b;

	s.before[0] = s.before[1] = BAY_READY;
	for (int i = 0; i < EVENTS; i++) {
		int ticks = 1 + (int)dice(&s, 120);

		something(&s);
		while (ticks--) {
			tick(b);
			look(&s);
		}
	}
	/* everything is repaired and nobody holds anything: then all is safe, and a reset makes
	 * ready */
	memset(b->dead, 0, sizeof(b->dead));
	memset(b->stuck, 0, sizeof(b->stuck));
	memset(b->level, 0, 4);
	b->holding[0] = b->holding[1] = b->unhealthy = false;
	mpa(b, 0, 0.001);
	mpa(b, 1, 0.001);
	pass(b, 30);
	assert_true(all_safe(b));
	safe(b, 0, SAFE_RESET, 1);
	safe(b, 1, SAFE_RESET, 2);
	pass(b, 3);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_int_equal(state(b, 1), BAY_READY);
	bench_free(b);
}

static void no_story_leaves_an_output_on_without_a_lease(void **state_)
{
	(void)state_;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_story(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_story_leaves_an_output_on_without_a_lease),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
