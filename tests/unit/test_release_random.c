/* SPDX-License-Identifier: MIT
 *
 * Property: worse facts never open the way.
 */
#include "tests/unit/release_world.h"
#include "tests/fake/sanitized.h"

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

	*r = good_run("qc", types[random_below(4)], random_below(3) ? 1800 : 0);
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
	static const char *const codes[] = {
		"", ",run_not_pass,calibration,",
		",trial_run_missing,trial_run_short,acceptance_missing,"};

	world_dispose(w, random_below(2) ? RELEASE_REPAIRED
					 : (enum release_disposition)(1 + random_below(5)));
	if (random_below(2))
		world_override(w, codes[random_below(3)]);
	w->facts.run_count = (int)random_below(RUNS);
	for (int i = 0; i < w->facts.run_count; i++)
		random_run(&w->runs[i]);
	w->facts.separate_trial_allowed = random_below(2);
	w->facts.mail_back = random_below(8) != 0;
}

static void worsen_run(struct release_run *r)
{
	switch (random_below(20)) {
	case 13: r->voided = true; break;
	case 14: r->suspect = true; break;
	case 15: r->serial_at_start = false; break;
	case 16: r->operator_qualified = false; break;
	case 17: r->ended_seq = 0; break;
	case 18: r->operator_name[0] = '\0'; break;
	case 0: (void)text_copy(r->verdict, sizeof(r->verdict), "fail"); break;
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
	switch (random_below(20)) {
	case 18: w->facts.records_complete = false; break;
	case 19: w->facts.missing_seq = 30; break;
	case 5: w->facts.ticket_confirmed = false; break;
	case 6: w->facts.mirrored_utc_us = -600000000; break;
	case 7: w->facts.ticket_claimed = false; break;
	case 8: w->facts.chain_intact = false; break;
	case 9: w->facts.store_sound = false; break;
	case 10: w->facts.released_seq = 30; break;
	case 11: w->facts.withdrawn_seq = 30; break;
	case 12: w->facts.refused = true; break;
	case 13: w->facts.override.given = false; break;
	case 14: w->facts.ntf_before = true; break;
	case 15: memset(&w->facts.statement, 0, sizeof(w->facts.statement)); break;
	case 16: w->facts.refused_plan = false; break;
	case 17: w->facts.ntf_protocol = false; break;
	case 0: w->facts.ticket_known = false; break;
	case 1: w->facts.repair_seq++; break;
	case 2: w->facts.mail_back = false; break;
	case 3: /* what an override is given for is no worse without a run that was looked at */
		if (!w->facts.override.given)
			w->facts.separate_trial_allowed = false;
		break;
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

static int staying(const struct release_decision *d)
{
	int n = 0;

	for (int i = 0; i < d->reason_count; i++)
		n += !d->reasons[i].overridden;
	return n;
}

enum { ROUNDS = 50000 / SANITIZED_STRIDE };

static void a_worse_fact_never_turns_blocked_into_allowed(void **state)
{
	int allowed = 0, turned = 0, lifted = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct world w;
		struct release_decision before, after;

		random_world(&w);
		before = decide(&w);
		assert_true(before.would_be || !before.allowed);
		assert_int_equal(before.allowed, staying(&before) == 0);
		lifted += before.overridden && before.allowed;
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
	assert_true(allowed > ROUNDS / 50 && turned > ROUNDS / 100 && lifted > ROUNDS / 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worse_fact_never_turns_blocked_into_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
