/* SPDX-License-Identifier: MIT
 *
 * Property: worse facts never open the way.
 */
#include "tests/unit/release_world.h"

static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static void random_run(struct release_run *r)
{
	static const char *const types[] = {"post_repair_qc", "post_repair_qc", "trial_run",
					    "diagnosis"};
	static const char *const verdicts[] = {"pass", "pass", "pass", "fail", "marginal", ""};

	*r = good_run("r", types[random_below(4)], random_below(3) ? 1800 : 0);
	(void)text_copy(r->verdict, sizeof(r->verdict), verdicts[random_below(6)]);
	r->complete = random_below(4) != 0;
	r->open = random_below(16) == 0;
	r->simulated = random_below(8) == 0;
	r->releasable = random_below(8) != 0;
	r->repair_seq = random_below(8) ? 2 : 1;
	if (random_below(8) == 0)
		r->trial_seconds = 900;
}

static void random_world(struct world *w)
{
	world_init(w);
	w->facts.run_count = (int)random_below(RUNS);
	for (int i = 0; i < w->facts.run_count; i++)
		random_run(&w->runs[i]);
	w->facts.separate_trial_allowed = random_below(2);
	w->facts.mail_back = random_below(8) != 0;
}

static void worsen_run(struct release_run *r)
{
	switch (random_below(14)) {
	case 0: (void)text_copy(r->verdict, sizeof(r->verdict), "inconclusive"); break;
	case 1: r->simulated = true; break;
	case 2: r->releasable = false; break;
	case 3: r->unapproved = true; break;
	case 4: r->limit_assumed = true; break;
	case 5: r->safe_proven = false; break;
	case 6: r->calibration_ok = false; break;
	case 7: r->utc_synced = false; break;
	case 8: r->trial_seconds = random_below(2) ? 0 : 900; break;
	case 9: r->trial_required_seconds = 7200; break;
	case 10: r->repair_seq = 1; break;
	case 11: r->ticket[0] = '\0'; break;
	case 12: r->model[0] = '\0'; break;
	default: r->open = true; break;
	}
}

static void worsen_world(struct world *w)
{
	switch (random_below(5)) {
	case 0: w->facts.ticket_known = false; break;
	case 1: w->facts.repair_seq++; break;
	case 2: w->facts.mail_back = false; break;
	case 3: w->facts.separate_trial_allowed = false; break;
	default: /* a newer complete run that is no pass */
		if (w->facts.run_count == RUNS)
			break;
		memmove(&w->runs[1], &w->runs[0], sizeof(w->runs[0]) * (size_t)w->facts.run_count);
		w->runs[0] = good_run("bad", "post_repair_qc", 1800);
		(void)text_copy(w->runs[0].verdict, sizeof(w->runs[0].verdict), "fail");
		w->facts.run_count++;
		break;
	}
}

static void a_worse_fact_never_turns_blocked_into_allowed(void **state)
{
	int allowed = 0, turned = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		struct world w;
		struct release_decision before, after;

		random_world(&w);
		before = decide(&w);
		assert_true(before.would_be || !before.allowed);
		assert_int_equal(before.allowed, before.reason_count == 0);
		if (w.facts.run_count > 0 && random_below(3))
			worsen_run(&w.runs[random_below((unsigned)w.facts.run_count)]);
		else
			worsen_world(&w);
		after = decide(&w);
		assert_false(after.allowed && !before.allowed);
		assert_false(after.would_be && !before.would_be);
		allowed += before.allowed;
		turned += before.allowed && !after.allowed;
	}
	/* The property was really tried. */
	assert_true(allowed > 1000 && turned > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worse_fact_never_turns_blocked_into_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
