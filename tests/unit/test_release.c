/* SPDX-License-Identifier: MIT
 *
 * Every reason and every disposition, alone and together; overrides.
 */
#include <stdio.h>

#include "tests/unit/release_world.h"

/* The same with the trial run as a run of its own, older than the QC. */
static void world_init_own_trial(struct world *w)
{
	world_init(w);
	w->runs[0].trial_seconds = 0;
	w->runs[1] = good_run("trial", "trial_run", 2000);
	w->facts.run_count = 2;
	w->facts.separate_trial_allowed = true;
}

static void a_unit_with_everything_in_order_may_leave(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	d = decide(&w);
	assert_int_equal(d.reason_count, 0);
	assert_true(d.allowed && d.would_be);
	assert_string_equal(d.run, "qc");
	assert_string_equal(d.trial_run, "");
	world_init_own_trial(&w);
	d = decide(&w);
	assert_int_equal(d.reason_count, 0);
	assert_true(d.allowed && d.would_be);
	assert_string_equal(d.trial_run, "trial");
}

/* ---- each reason alone ---- */

struct spoiler {
	const char *code;
	void (*spoil)(struct world *w);
	unsigned of; /* the dispositions it blocks: bits 1 << release_disposition; 0: all */
};
enum {
	WITH_RUNS = 1 << RELEASE_REPAIRED | 1 << RELEASE_NO_FAULT_FOUND,
	NTF = 1 << RELEASE_NO_FAULT_FOUND,
	RETURNED = 1 << RELEASE_RETURNED_UNREPAIRED,
	SCRAPPED = 1 << RELEASE_SCRAPPED,
	REPLACED = 1 << RELEASE_REPLACED,
	SIGNED = NTF | RETURNED | SCRAPPED | REPLACED
};

static void spoil_open(struct world *w)
{
	w->runs[w->facts.run_count] = good_run("now", "post_repair_qc", 0);
	w->runs[w->facts.run_count].complete = false;
	w->runs[w->facts.run_count++].open = true;
}

/* One statement each. */
#define SPOIL(name, statement)                                                                     \
	static void spoil_##name(struct world *w)                                                  \
	{                                                                                          \
		statement;                                                                         \
	}
SPOIL(ticket, w->facts.ticket_known = false)
SPOIL(confirmed, w->facts.ticket_confirmed = false)
SPOIL(mirror, w->facts.mirrored_utc_us = w->facts.now_utc_us - 600000001)
SPOIL(claim, w->facts.ticket_claimed = false)
SPOIL(disposition, w->facts.disposition = 0)
SPOIL(chain, w->facts.chain_intact = false)
SPOIL(store, w->facts.store_sound = false)
SPOIL(lost, w->facts.records_complete = false)
SPOIL(missing, w->facts.missing_seq = 11)
SPOIL(released, w->facts.released_seq = 30)
SPOIL(no_run, w->runs[0].complete = false)
SPOIL(voided, w->runs[0].voided = true)
SPOIL(verdict, (void)text_copy(w->runs[0].verdict, sizeof(w->runs[0].verdict), "marginal"))
SPOIL(suspect, w->runs[0].suspect = true)
SPOIL(run_ticket, (void)text_copy(w->runs[0].ticket, sizeof(w->runs[0].ticket), "T0"))
SPOIL(model, (void)text_copy(w->runs[0].model, sizeof(w->runs[0].model), "RO-400G"))
SPOIL(repair, w->facts.repair_seq = 3)
SPOIL(withdrawn, w->facts.withdrawn_seq = 11)
SPOIL(releasable, w->runs[0].releasable = false)
SPOIL(approval, w->runs[0].unapproved = true)
SPOIL(limit, w->runs[0].limit_assumed = true)
SPOIL(serial, w->runs[0].serial_at_end = false)
SPOIL(operator, w->runs[0].operator_qualified = false)
SPOIL(safe, w->runs[0].safe_proven = false)
SPOIL(calibration, w->runs[0].calibration_ok = false)
SPOIL(clock, w->runs[0].utc_synced = false)
SPOIL(trial, w->runs[0].trial_seconds = 0)
SPOIL(trial_length, w->runs[0].trial_seconds = 1799)
SPOIL(refused, w->facts.refused = true)
SPOIL(acceptance, w->facts.mail_back = false)
SPOIL(protocol, w->facts.ntf_protocol = false)
SPOIL(second, w->facts.ntf_before = true)
SPOIL(refusal, w->facts.refused_plan = false)
SPOIL(drained, w->facts.statement.drained = false)
SPOIL(label, w->facts.statement.labelled = false)
SPOIL(unusable, w->facts.statement.rendered_unusable = false)
SPOIL(replacement, w->facts.statement.replacement_serial[0] = '\0')
SPOIL(supervisor, w->facts.statement.supervisor[0] = '\0')
SPOIL(simulated, w->runs[0].simulated = true)

static const struct spoiler spoilers[] = {
	{"ticket_unknown", spoil_ticket, 0},
	{"ticket_unconfirmed", spoil_confirmed, 0},
	{"ticket_stale", spoil_mirror, 0},
	{"ticket_not_claimed", spoil_claim, 0},
	{"disposition_unknown", spoil_disposition, 1 << RELEASE_REPAIRED},
	{"chain_broken", spoil_chain, 0},
	{"store_unsound", spoil_store, 0},
	{"records_missing", spoil_lost, 0},
	{"already_released", spoil_released, 0},
	{"run_open", spoil_open, 0},
	{"no_run", spoil_no_run, WITH_RUNS},
	{"run_void", spoil_voided, WITH_RUNS},
	{"run_not_pass", spoil_verdict, WITH_RUNS},
	{"run_suspect", spoil_suspect, WITH_RUNS},
	{"run_of_other_ticket", spoil_run_ticket, WITH_RUNS},
	{"model_mismatch", spoil_model, WITH_RUNS},
	{"repair_after_run", spoil_repair, WITH_RUNS},
	{"withdrawn_after_run", spoil_withdrawn, WITH_RUNS},
	{"run_record_missing", spoil_missing, WITH_RUNS},
	{"profile_not_releasable", spoil_releasable, WITH_RUNS},
	{"profile_unapproved", spoil_approval, WITH_RUNS},
	{"limit_assumed", spoil_limit, WITH_RUNS},
	{"serial_unconfirmed", spoil_serial, WITH_RUNS},
	{"operator_unqualified", spoil_operator, WITH_RUNS},
	{"safe_state_unproven", spoil_safe, WITH_RUNS},
	{"calibration", spoil_calibration, WITH_RUNS},
	{"clock_unsynced", spoil_clock, WITH_RUNS},
	{"trial_run_missing", spoil_trial, WITH_RUNS},
	{"trial_run_short", spoil_trial_length, WITH_RUNS},
	{"acceptance_refused", spoil_refused, WITH_RUNS},
	{"acceptance_missing", spoil_acceptance, WITH_RUNS},
	{"ntf_protocol_missing", spoil_protocol, NTF},
	{"second_no_fault_found", spoil_second, NTF},
	{"refusal_missing", spoil_refusal, RETURNED},
	{"unit_not_made_safe", spoil_drained, RETURNED},
	{"label_missing", spoil_label, RETURNED},
	{"not_unusable", spoil_unusable, SCRAPPED},
	{"replacement_missing", spoil_replacement, REPLACED},
	{"supervisor_required", spoil_supervisor, SIGNED},
	{"simulated", spoil_simulated, WITH_RUNS},
};
enum { SPOILERS = sizeof(spoilers) / sizeof(spoilers[0]) };

static bool is_of(const struct spoiler *s, int disposition)
{
	if (s->spoil == spoil_disposition)
		return disposition == RELEASE_REPAIRED;
	return !s->of || s->of & 1u << disposition;
}

static void every_disposition_with_its_facts_in_order_is_allowed(void **state)
{
	(void)state;
	for (int i = RELEASE_REPAIRED; i <= RELEASE_REPLACED; i++) {
		struct world w;
		struct release_decision d;

		world_dispose(&w, (enum release_disposition)i);
		d = decide(&w);
		if (!d.allowed || !d.would_be || d.overridden)
			fail_msg("%s: %s", release_disposition_name(w.facts.disposition),
				 d.reasons[0].code);
		assert_int_equal(
			release_disposition_find(release_disposition_name(w.facts.disposition)), i);
	}
	assert_int_equal(release_disposition_find("sold"), 0);
	assert_string_equal(release_disposition_name(RELEASE_REPLACED + 1), "");
}

/* Nobody is asked for scans or a qualification on a run that could release nothing whoever signs. */
static void what_a_person_has_to_do_is_asked_of_runs_that_may_release(void **state)
{
	struct release_decision d;
	struct world w;

	(void)state;
	world_init(&w);
	w.runs[0].serial_at_start = w.runs[0].serial_at_end = false;
	w.runs[0].operator_qualified = false;
	d = decide(&w);
	assert_int_equal(d.reason_count, 2);
	w.runs[0].releasable = false;
	d = decide(&w);
	assert_int_equal(d.reason_count, 1);
	assert_string_equal(d.reasons[0].code, "profile_not_releasable");
	assert_false(release_reason_may_be_overridden("profile_not_releasable"));
	assert_false(d.would_be);
}

static void each_reason_alone_blocks_each_disposition_it_is_of(void **state)
{
	(void)state;
	for (int i = 0; i < SPOILERS; i++) {
		assert_string_equal(release_reason_codes[i], spoilers[i].code);
		for (int k = RELEASE_REPAIRED; k <= RELEASE_REPLACED; k++) {
			struct world w;
			struct release_decision d;

			world_dispose(&w, (enum release_disposition)k);
			if (!is_of(&spoilers[i], k))
				continue;
			spoilers[i].spoil(&w);
			d = decide(&w);
			if (d.reason_count != 1 || strcmp(d.reasons[0].code, spoilers[i].code) != 0)
				fail_msg("%s, %s: %d reasons, %s", spoilers[i].code,
					 release_disposition_name((enum release_disposition)k),
					 d.reason_count, d.reasons[0].code);
			assert_false(d.allowed);
			/* Simulated is the one that leaves open what would have been. */
			assert_int_equal(d.would_be, strcmp(spoilers[i].code, "simulated") == 0);
		}
	}
	assert_null(release_reason_codes[SPOILERS]);
}

/* Do both still show when both are there? */
static bool hides(const struct spoiler *by, const struct spoiler *what)
{
	/* Without a run, or a disposition, nothing can be said about it. */
	if (by->spoil == spoil_no_run)
		return what->of == WITH_RUNS;
	if (by->spoil == spoil_disposition)
		return true;
	if (by->spoil == spoil_trial_length || by->spoil == spoil_trial)
		return what->spoil == spoil_trial || what->spoil == spoil_trial_length;
	/* Scans and qualification are asked of runs that may release. */
	if (by->spoil == spoil_releasable)
		return what->spoil == spoil_serial || what->spoil == spoil_operator;
	return by->spoil == spoil_refused && what->spoil == spoil_acceptance;
}

static void reasons_of_two_kinds_are_both_told_for_every_disposition(void **state)
{
	int pairs = 0;

	(void)state;
	for (int k = RELEASE_REPAIRED; k <= RELEASE_REPLACED; k++)
		for (int a = 0; a < SPOILERS; a++)
			for (int b = 0; b < SPOILERS; b++) {
				struct world w;
				struct release_decision d;

				if (a == b || !is_of(&spoilers[a], k) || !is_of(&spoilers[b], k))
					continue;
				world_dispose(&w, (enum release_disposition)k);
				spoilers[a].spoil(&w);
				spoilers[b].spoil(&w);
				d = decide(&w);
				assert_false(d.allowed || d.would_be);
				pairs++;
				if (!hides(&spoilers[b], &spoilers[a]) &&
				    !has_reason(&d, spoilers[a].code))
					fail_msg("%s is lost beside %s", spoilers[a].code,
						 spoilers[b].code);
			}
	assert_true(pairs > 1500);
}

static void every_reason_at_once_is_told_without_losing_any(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init_own_trial(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (is_of(&spoilers[i], RELEASE_REPAIRED) && !hides(&spoilers[i], &spoilers[0]) &&
		    spoilers[i].spoil != spoil_no_run)
			spoilers[i].spoil(&w);
	w.runs[0].trial_seconds = 0;
	w.runs[1] = w.runs[0];
	w.runs[1].releasable = true; /* else nobody asks who ran it and whether it was scanned */
	(void)text_copy(w.runs[1].run_type, sizeof(w.runs[1].run_type), "trial_run");
	d = decide(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (is_of(&spoilers[i], RELEASE_REPAIRED) &&
		    strcmp(spoilers[i].code, "disposition_unknown") != 0 &&
		    strcmp(spoilers[i].code, "acceptance_missing") != 0 &&
		    strcmp(spoilers[i].code, "no_run") != 0 &&
		    strcmp(spoilers[i].code, "trial_run_short") != 0 &&
		    !has_reason(&d, spoilers[i].code))
			fail_msg("%s is lost", spoilers[i].code);
}

static void nothing_known_is_blocked(void **state)
{
	struct release_facts none = {0};
	struct release_run empty = {.complete = true, .run_type = "post_repair_qc"};
	struct release_facts one = {.runs = &empty, .run_count = 1};
	struct release_decision d;
	struct text out = {0};
	struct json j;

	(void)state;
	for (int i = 0; i <= RELEASE_REPLACED; i++) {
		none.disposition = (enum release_disposition)i;
		release_decide(&none, &d);
		assert_false(d.allowed || d.would_be);
		assert_true(has_reason(&d, "ticket_unknown") && has_reason(&d, "chain_broken"));
	}
	release_decide(&one, &d);
	assert_false(d.allowed || d.would_be);
	/* Two empty names are no match. */
	assert_true(has_reason(&d, "run_of_other_ticket") && has_reason(&d, "model_mismatch"));
	json_init(&j, &out);
	release_put(&j, &none, &d);
	text_release(&out);
}

/* ---- overrides ---- */

static void an_override_lifts_what_it_names_where_that_may_be_lifted(void **state)
{
	(void)state;
	for (int i = 0; i < SPOILERS; i++) {
		const char *code = spoilers[i].code;
		struct world w;
		struct release_decision d;
		char codes[64];

		if (!is_of(&spoilers[i], RELEASE_REPAIRED) || spoilers[i].spoil == spoil_no_run)
			continue;
		world_init(&w);
		spoilers[i].spoil(&w);
		(void)snprintf(codes, sizeof(codes), ",%s,", code);
		world_override(&w, codes);
		w.facts.override.repair_seq = w.facts.repair_seq;
		d = decide(&w);
		if (d.allowed != release_reason_may_be_overridden(code))
			fail_msg("%s: %s", code, d.allowed ? "lifted" : "stays");
		assert_int_equal(d.allowed, d.overridden);
		/* It is told all the same. */
		assert_int_equal(d.reason_count, 1);
		assert_int_equal(d.reasons[0].overridden, d.allowed);
		/* One that names something else lifts nothing. */
		world_override(&w, ",limit_assume,imit_assumed,");
		assert_false(decide(&w).allowed);
	}
	assert_false(release_reason_may_be_overridden("nonsense"));
}

static void an_override_is_by_another_and_for_that_run_and_repair(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	spoil_limit(&w);
	world_override(&w, ",limit_assumed,");
	assert_true(decide(&w).allowed);
	(void)text_copy(w.facts.override.who, sizeof(w.facts.override.who), "li");
	assert_false(decide(&w).allowed);
	world_override(&w, ",limit_assumed,");
	(void)text_copy(w.facts.override.run, sizeof(w.facts.override.run), "older");
	assert_false(decide(&w).allowed);
	world_override(&w, ",limit_assumed,");
	w.facts.override.repair_seq = 1;
	assert_false(decide(&w).allowed);
	world_override(&w, ",limit_assumed,");
	w.facts.override.reason[0] = '\0';
	assert_false(decide(&w).allowed);
	world_override(&w, ",limit_assumed,");
	/* Who ran it is unknown: it may have been anybody. */
	w.runs[0].operator_name[0] = '\0';
	assert_false(decide(&w).allowed);
}

static void a_fail_and_a_trip_are_no_matter_of_opinion(void **state)
{
	static const struct {
		const char *verdict;
		bool lifted;
	} rows[] = {{"marginal", true}, {"inconclusive", true}, {"invalid", true}, {"fail", false},
		    {"tripped", false}, {"error", false},	{"", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		world_init(&w);
		(void)text_copy(w.runs[0].verdict, sizeof(w.runs[0].verdict), rows[i].verdict);
		world_override(&w, ",run_not_pass,");
		assert_int_equal(decide(&w).allowed, rows[i].lifted);
	}
}

static void whoever_ran_it_does_not_close_it_as_no_fault_found(void **state)
{
	struct world w;

	(void)state;
	world_dispose(&w, RELEASE_NO_FAULT_FOUND);
	(void)text_copy(w.facts.statement.supervisor, sizeof(w.facts.statement.supervisor), "li");
	assert_true(has_reason(&(struct release_decision[]){decide(&w)}[0], "supervisor_required"));
	world_dispose(&w, RELEASE_REPLACED);
	(void)text_copy(w.facts.statement.replacement_serial,
			sizeof(w.facts.statement.replacement_serial), "SN1");
	assert_false(decide(&w).allowed);
}

static void a_mirror_from_the_future_is_no_fresher(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.facts.mirrored_utc_us = w.facts.now_utc_us + 1;
	assert_false(decide(&w).allowed);
	/* A station that owns its tickets asks nobody. */
	w.facts.mirror_max_age_us = 0;
	assert_true(decide(&w).allowed);
}

static void a_run_after_the_withdrawal_counts_again(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.facts.withdrawn_seq = 9;
	assert_true(decide(&w).allowed);
	w.facts.withdrawn_seq = 10;
	assert_false(decide(&w).allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_with_everything_in_order_may_leave),
		cmocka_unit_test(every_disposition_with_its_facts_in_order_is_allowed),
		cmocka_unit_test(what_a_person_has_to_do_is_asked_of_runs_that_may_release),
		cmocka_unit_test(each_reason_alone_blocks_each_disposition_it_is_of),
		cmocka_unit_test(reasons_of_two_kinds_are_both_told_for_every_disposition),
		cmocka_unit_test(every_reason_at_once_is_told_without_losing_any),
		cmocka_unit_test(nothing_known_is_blocked),
		cmocka_unit_test(an_override_lifts_what_it_names_where_that_may_be_lifted),
		cmocka_unit_test(an_override_is_by_another_and_for_that_run_and_repair),
		cmocka_unit_test(a_fail_and_a_trip_are_no_matter_of_opinion),
		cmocka_unit_test(whoever_ran_it_does_not_close_it_as_no_fault_found),
		cmocka_unit_test(a_mirror_from_the_future_is_no_fresher),
		cmocka_unit_test(a_run_after_the_withdrawal_counts_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
