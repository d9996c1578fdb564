/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>

#include "run/record.h"
#include "ticket/facts.h"
#include "ticket/recover.h"
#include "ticket/release.h"
#include "tests/fake/store_dir.h"

/* ---- facts under which a unit may leave ---- */

enum { RUNS = 4 };
struct world {
	struct release_run runs[RUNS];
	struct release_facts facts;
};

static struct release_run good_run(const char *id, const char *type, double trial_s)
{
	struct release_run r = {.complete = true,
				.profile_revision = 3,
				.releasable = true,
				.safe_proven = true,
				.calibration_ok = true,
				.utc_synced = true,
				.trial_seconds = trial_s,
				.ended_utc_us = 1000,
				.repair_seq = 2};

	(void)text_copy(r.id, sizeof(r.id), id);
	(void)text_copy(r.ticket, sizeof(r.ticket), "T1");
	(void)text_copy(r.model, sizeof(r.model), "RO-600G");
	(void)text_copy(r.run_type, sizeof(r.run_type), type);
	(void)text_copy(r.verdict, sizeof(r.verdict), "pass");
	(void)text_copy(r.profile, sizeof(r.profile), "full");
	return r;
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->runs[0] = good_run("qc", "post_repair_qc", 1800);
	w->facts = (struct release_facts){.ticket = "T1",
					  .serial = "SN1",
					  .model = "RO-600G",
					  .ticket_known = true,
					  .repair_seq = 2,
					  .runs = w->runs,
					  .run_count = 1,
					  .mail_back = true,
					  .now_utc_us = 5000};
}

/* The same with the trial run as a run of its own, older than the QC. */
static void world_init_own_trial(struct world *w)
{
	world_init(w);
	w->runs[0].trial_seconds = 0;
	w->runs[1] = good_run("trial", "trial_run", 2000);
	w->facts.run_count = 2;
	w->facts.separate_trial_allowed = true;
}

static bool has_reason(const struct release_decision *d, const char *code)
{
	for (int i = 0; i < d->reason_count; i++)
		if (strcmp(d->reasons[i].code, code) == 0)
			return true;
	return false;
}

static struct release_decision decide(const struct world *w)
{
	struct release_facts f = w->facts;
	struct release_decision d;

	f.runs = w->runs;
	release_decide(&f, &d);
	return d;
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

static void spoil_ticket(struct world *w)
{
	w->facts.ticket_known = false;
}
static void spoil_open(struct world *w)
{
	w->runs[w->facts.run_count] = good_run("now", "post_repair_qc", 0);
	w->runs[w->facts.run_count].complete = false;
	w->runs[w->facts.run_count++].open = true;
}
static void spoil_no_run(struct world *w)
{
	w->runs[0].complete = false;
}
static void spoil_verdict(struct world *w)
{
	(void)text_copy(w->runs[0].verdict, sizeof(w->runs[0].verdict), "marginal");
}
static void spoil_run_ticket(struct world *w)
{
	(void)text_copy(w->runs[0].ticket, sizeof(w->runs[0].ticket), "T0");
}
static void spoil_model(struct world *w)
{
	(void)text_copy(w->runs[0].model, sizeof(w->runs[0].model), "RO-400G");
}
static void spoil_repair(struct world *w)
{
	w->facts.repair_seq = 3;
}
static void spoil_releasable(struct world *w)
{
	w->runs[0].releasable = false;
}
static void spoil_approval(struct world *w)
{
	w->runs[0].unapproved = true;
}
static void spoil_limit(struct world *w)
{
	w->runs[0].limit_assumed = true;
}
static void spoil_safe(struct world *w)
{
	w->runs[0].safe_proven = false;
}
static void spoil_calibration(struct world *w)
{
	w->runs[0].calibration_ok = false;
}
static void spoil_clock(struct world *w)
{
	w->runs[0].utc_synced = false;
}
static void spoil_trial(struct world *w)
{
	w->runs[0].trial_seconds = 0;
}
static void spoil_trial_length(struct world *w)
{
	w->runs[0].trial_seconds = 1799;
}
static void spoil_acceptance(struct world *w)
{
	w->facts.mail_back = false;
}
static void spoil_simulated(struct world *w)
{
	w->runs[0].simulated = true;
}

static const struct {
	const char *code;
	void (*spoil)(struct world *w);
} spoilers[] = {
	{"ticket_unknown", spoil_ticket},
	{"run_open", spoil_open},
	{"no_run", spoil_no_run},
	{"run_not_pass", spoil_verdict},
	{"run_of_other_ticket", spoil_run_ticket},
	{"model_mismatch", spoil_model},
	{"repair_after_run", spoil_repair},
	{"profile_not_releasable", spoil_releasable},
	{"profile_unapproved", spoil_approval},
	{"limit_assumed", spoil_limit},
	{"safe_state_unproven", spoil_safe},
	{"calibration", spoil_calibration},
	{"clock_unsynced", spoil_clock},
	{"trial_run_missing", spoil_trial},
	{"trial_run_short", spoil_trial_length},
	{"acceptance_missing", spoil_acceptance},
	{"simulated", spoil_simulated},
};
enum { SPOILERS = sizeof(spoilers) / sizeof(spoilers[0]) };

static void each_reason_alone_blocks_and_is_the_only_one_told(void **state)
{
	(void)state;
	for (int i = 0; i < SPOILERS; i++) {
		struct world w;
		struct release_decision d;

		assert_string_equal(release_reason_codes[i], spoilers[i].code);
		world_init(&w);
		spoilers[i].spoil(&w);
		d = decide(&w);
		assert_int_equal(d.reason_count, 1);
		assert_string_equal(d.reasons[0].code, spoilers[i].code);
		assert_false(d.allowed);
		/* Simulated is the one that leaves open what would have been. */
		assert_int_equal(d.would_be, strcmp(spoilers[i].code, "simulated") == 0);
	}
	assert_null(release_reason_codes[SPOILERS]);
}

static void reasons_of_two_kinds_are_both_told(void **state)
{
	(void)state;
	for (int a = 0; a < SPOILERS; a++)
		for (int b = a + 1; b < SPOILERS; b++) {
			struct world w;
			struct release_decision d;
			bool no_run = spoilers[a].spoil == spoil_no_run ||
				      spoilers[b].spoil == spoil_no_run;

			world_init(&w);
			spoilers[a].spoil(&w);
			spoilers[b].spoil(&w);
			d = decide(&w);
			assert_false(d.allowed);
			/* Without a run nothing can be said about it. */
			if (no_run) {
				assert_true(has_reason(&d, "no_run"));
				continue;
			}
			assert_true(has_reason(&d, spoilers[b].code));
			assert_true(has_reason(&d, spoilers[a].code) ||
				    strcmp(spoilers[a].code, "trial_run_missing") == 0);
			assert_false(d.would_be);
		}
}

static void every_reason_at_once_is_told_without_losing_any(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init_own_trial(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (spoilers[i].spoil != spoil_no_run)
			spoilers[i].spoil(&w);
	w.runs[0].trial_seconds = 0;
	w.runs[1] = w.runs[0];
	(void)text_copy(w.runs[1].run_type, sizeof(w.runs[1].run_type), "trial_run");
	d = decide(&w);
	for (int i = 0; i < SPOILERS; i++)
		if (strcmp(spoilers[i].code, "no_run") != 0 &&
		    strcmp(spoilers[i].code, "trial_run_short") != 0)
			assert_true(has_reason(&d, spoilers[i].code));
}

static void nothing_known_is_blocked(void **state)
{
	struct release_facts none = {0};
	struct release_run empty = {.complete = true, .run_type = "post_repair_qc"};
	struct release_facts one = {.runs = &empty, .run_count = 1};
	struct release_decision d;
	struct text out = {0};

	(void)state;
	release_decide(&none, &d);
	assert_false(d.allowed || d.would_be);
	assert_true(has_reason(&d, "ticket_unknown") && has_reason(&d, "no_run"));
	release_decide(&one, &d);
	assert_false(d.allowed || d.would_be);
	/* Two empty names are no match. */
	assert_true(has_reason(&d, "run_of_other_ticket") && has_reason(&d, "model_mismatch"));
	release_json(&none, &d, &out);
	text_release(&out);
}

/* ---- which run counts ---- */

static void the_newest_complete_run_decides_whatever_came_before(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	w.runs[1] = w.runs[0];
	(void)text_copy(w.runs[0].id, sizeof(w.runs[0].id), "newer");
	(void)text_copy(w.runs[0].verdict, sizeof(w.runs[0].verdict), "fail");
	w.facts.run_count = 2;
	d = decide(&w);
	assert_string_equal(d.run, "newer");
	assert_true(has_reason(&d, "run_not_pass"));
	/* One that did not reach its end by the rig's or the operator's doing judges nothing. */
	w.runs[0].complete = false;
	d = decide(&w);
	assert_string_equal(d.run, "qc");
	assert_true(d.allowed);
	/* Another type of run does not either. */
	w.runs[0].complete = true;
	(void)text_copy(w.runs[0].run_type, sizeof(w.runs[0].run_type), "diagnosis");
	assert_true(decide(&w).allowed);
}

static void a_trial_run_of_its_own_counts_only_where_the_model_says_so(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init_own_trial(&w);
	w.facts.separate_trial_allowed = false;
	d = decide(&w);
	assert_int_equal(d.reason_count, 1);
	assert_string_equal(d.reasons[0].code, "trial_run_missing");
	w.facts.separate_trial_allowed = true;
	w.runs[1].trial_seconds = 1799.9;
	d = decide(&w);
	assert_true(has_reason(&d, "trial_run_short"));
	w.runs[1].trial_seconds = 1800;
	assert_true(decide(&w).allowed);
	/* It is looked at like the other. */
	w.runs[1].simulated = true;
	d = decide(&w);
	assert_true(has_reason(&d, "simulated") && d.would_be && !d.allowed);
	w.runs[1].repair_seq = 1;
	d = decide(&w);
	assert_true(has_reason(&d, "repair_after_run") && !d.would_be);
}

static void a_trial_is_never_shorter_than_the_process_asks_and_may_be_longer(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.runs[0].trial_seconds = 600;
	w.runs[0].trial_required_seconds = 300;
	assert_false(decide(&w).allowed);
	w.runs[0].trial_seconds = 1900;
	assert_true(decide(&w).allowed);
	w.runs[0].trial_required_seconds = 3600;
	assert_false(decide(&w).allowed);
	w.runs[0].trial_required_seconds = 0;
	w.runs[0].trial_seconds = (double)NAN;
	assert_false(decide(&w).allowed);
}

/* ---- property: worse facts never open the way ---- */

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

/* ---- what it looks like ---- */

static void the_answer_is_json_with_each_reason_in_both_languages(void **state)
{
	struct world w;
	struct release_decision d;
	struct text out = {0};
	json_t *root, *reason;

	(void)state;
	world_init(&w);
	spoil_simulated(&w);
	spoil_repair(&w);
	d = decide(&w);
	release_json(&w.facts, &d, &out);
	root = json_loads(out.buf, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "decision")), "blocked");
	assert_string_equal(json_string_value(json_object_get(root, "would_be")), "blocked");
	assert_true(json_is_true(json_object_get(root, "simulated")));
	assert_true(json_is_null(json_object_get(root, "valid_until")));
	assert_int_equal(json_array_size(json_object_get(root, "reasons")), 2);
	reason = json_array_get(json_object_get(root, "reasons"), 0);
	assert_string_equal(json_string_value(json_object_get(reason, "code")), "repair_after_run");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(reason, "params"),
							    "run_repair_seq")),
			 2);
	for (int i = 0; release_reason_codes[i]; i++) {
		const char *code = release_reason_codes[i];

		assert_string_not_equal(release_reason_text(code, false), code);
		assert_string_not_equal(release_reason_text(code, true), code);
		assert_string_not_equal(release_reason_text(code, true),
					release_reason_text(code, false));
	}
	json_decref(root);
	text_clear(&out);
	world_init(&w);
	d = decide(&w);
	release_json(&w.facts, &d, &out);
	assert_non_null(strstr(out.buf, "\"decision\":\"allowed\""));
	assert_non_null(strstr(out.buf, "\"valid_until\":\"1970-01-01T00:10:00.005000Z\""));
	text_release(&out);
}

static void long_names_do_not_break_the_parameters(void **state)
{
	struct world w;
	struct release_decision d;

	(void)state;
	world_init(&w);
	memset(w.runs[0].model, '"', sizeof(w.runs[0].model) - 1);
	d = decide(&w);
	assert_int_equal(d.reason_count, 1);
	assert_string_equal(d.reasons[0].params, "{}");
}

/* ---- facts from the store ---- */

static char dir[64];
static struct store *store;

static int open_store(void **state)
{
	struct ticket t = store_dir_ticket("T1", "SN1");

	(void)state;
	store_dir_make(dir);
	store = store_open(dir, NULL);
	t.repair_seq = 2;
	t.mail_back = true;
	return store && store_ticket_put(store, &t, -2, "li", NULL, NULL) == 0 ? 0 : -1;
}

static int close_store(void **state)
{
	(void)state;
	store_close(store);
	store_dir_remove(dir);
	return 0;
}

/* A document as run/record.h writes it, everything in order. */
static json_t *good_doc(const char *id)
{
	json_t *doc = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:{s:s, s:i, s:b, s:b}, s:[{s:s, s:s}], s:b,"
		" s:s, s:n, s:n, s:{s:b, s:s}, s:[{s:s, s:s, s:b}], s:{s:f, s:f}, s:[]}",
		"schema", "benchd.run/1", "id", id, "ticket", "T1", "serial", "SN1", "model",
		"RO-600G", "run_type", "post_repair_qc", "repair_seq", 2, "simulated", 0, "profile",
		"id", "full", "revision", 1, "releasable", 1, "unapproved", 0, "calibration",
		"channel", "feed_flow", "state", "good", "utc_synced", 1, "verdict", "pass",
		"attribution", "reason", "safe_state", "proven", 1, "detail", "", "measurements",
		"id", "rejection", "verdict", "pass", "counts", 1, "trial", "seconds", 1805.0,
		"making_seconds", 1500.0, "basis_assumed");

	assert_non_null(doc);
	return doc;
}

static void store_doc(const char *id, json_t *doc)
{
	struct run_row r = store_dir_run(id, "T1", "SN1");
	char *text = json_dumps(doc, JSON_COMPACT);

	r.simulated = false;
	assert_int_equal(store_dir_begin(store, &r, NULL), 0);
	assert_int_equal(store_run_end(store, id,
				       json_string_value(json_object_get(doc, "verdict")), 9000,
				       text, strlen(text), NULL, NULL),
			 0);
	free(text);
	json_decref(doc);
}

static struct release_decision decide_stored(const char *ticket)
{
	struct ticket_facts facts;
	struct release_decision d;

	assert_int_equal(ticket_facts_load(&facts, store, ticket, 5000, NULL), 0);
	release_decide(&facts.release, &d);
	ticket_facts_release(&facts);
	return d;
}

static void a_stored_run_in_order_releases_its_ticket(void **state)
{
	struct release_decision d;

	(void)state;
	d = decide_stored("T1");
	assert_int_equal(d.reason_count, 1);
	assert_true(has_reason(&d, "no_run"));
	store_doc("run-1", good_doc("run-1"));
	d = decide_stored("T1");
	if (d.reason_count)
		fail_msg("%s %s", d.reasons[0].code, d.reasons[0].params);
	assert_true(d.allowed);
	assert_string_equal(d.run, "run-1");
	d = decide_stored("T2");
	assert_true(has_reason(&d, "ticket_unknown"));
}

/* Take one member away, or make it of another type: the answer is no longer allowed. */
static void whatever_a_document_does_not_say_counts_against_it(void **state)
{
	static const char *const paths[][2] = {{"id", NULL},
					       {"ticket", NULL},
					       {"serial", NULL},
					       {"model", NULL},
					       {"run_type", NULL},
					       {"repair_seq", NULL},
					       {"simulated", NULL},
					       {"profile", NULL},
					       {"profile", "releasable"},
					       {"profile", "unapproved"},
					       {"calibration", NULL},
					       {"utc_synced", NULL},
					       {"safe_state", NULL},
					       {"safe_state", "proven"},
					       {"trial", NULL},
					       {"trial", "seconds"},
					       {"basis_assumed", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (int how = 0; how < 3; how++) {
			struct run_row row = store_dir_run("run-1", "T1", "SN1");
			json_t *doc = good_doc("run-1"), *at = doc;
			struct release_run run;
			struct world w;
			const char *key = paths[i][0];
			char *text;

			if (paths[i][1]) {
				at = json_object_get(doc, key);
				key = paths[i][1];
			}
			if (how == 0)
				json_object_del(at, key);
			else
				json_object_set_new(at, key,
						    how == 1 ? json_null() : json_string("yes"));
			text = json_dumps(doc, 0);
			row.simulated = false;
			row.seq = 1;
			(void)text_copy(row.verdict, sizeof(row.verdict), "pass");
			ticket_facts_from_doc(&row, text, strlen(text), &run);
			world_init(&w);
			w.runs[0] = run;
			if (decide(&w).allowed)
				fail_msg("allowed without %s.%s", paths[i][0],
					 paths[i][1] ? paths[i][1] : "");
			free(text);
			json_decref(doc);
		}
}

static void a_document_that_cannot_be_read_releases_nothing(void **state)
{
	static const char *const docs[] = {"", "{", "[]", "null", "{\"verdict\":\"pass\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		struct run_row row = store_dir_run("run-1", "T1", "SN1");
		struct release_run run;
		struct world w;

		row.seq = 1;
		(void)text_copy(row.verdict, sizeof(row.verdict), "pass");
		ticket_facts_from_doc(&row, docs[i], strlen(docs[i]), &run);
		assert_true(run.complete);
		world_init(&w);
		w.runs[0] = run;
		assert_false(decide(&w).would_be);
	}
}

static void ended_early(const char *id, const char *verdict, const char *attribution,
			const char *code, bool failed)
{
	json_t *doc = good_doc(id);

	json_object_set_new(doc, "verdict", json_string(verdict));
	if (attribution)
		json_object_set_new(doc, "attribution", json_string(attribution));
	if (code)
		json_object_set_new(doc, "reason",
				    json_pack("{s:s, s:s}", "code", code, "text", ""));
	if (failed)
		json_object_set_new(json_array_get(json_object_get(doc, "measurements"), 0),
				    "verdict", json_string("fail"));
	store_doc(id, doc);
}

static void a_rigs_fault_does_not_undo_a_pass_and_a_unit_s_does(void **state)
{
	static const struct {
		const char *verdict, *attribution, *code;
		bool failed, blocks;
	} rows[] = {
		{"aborted", NULL, "abort", false, false},
		{"aborted", NULL, "abort", true, true}, /* aborting does not undo a failure */
		{"interrupted", NULL, "interrupted", false, false},
		{"error", "rig", "io_lost", false, false},
		{"error", NULL, NULL, false,
		 true}, /* reached its end: the rig contradicted itself */
		{"tripped", "unit", "leak", true, true},
		{"tripped", NULL, "estop", false, true}, /* nobody says whose fault it was */
		{"tripped", "rig", "comms", false, false},
		{"fail", "unit", NULL, true, true},
		{"inconclusive", NULL, NULL, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char pass[16], later[16];
		struct release_decision d;

		(void)snprintf(pass, sizeof(pass), "pass-%zu", i);
		(void)snprintf(later, sizeof(later), "later-%zu", i);
		store_doc(pass, good_doc(pass));
		assert_true(decide_stored("T1").allowed);
		ended_early(later, rows[i].verdict, rows[i].attribution, rows[i].code,
			    rows[i].failed);
		d = decide_stored("T1");
		if (d.allowed == rows[i].blocks)
			fail_msg("row %zu (%s): allowed %d", i, rows[i].verdict, d.allowed);
		assert_string_equal(d.run, rows[i].blocks ? later : pass);
	}
}

static void a_run_that_goes_on_holds_the_release(void **state)
{
	struct run_row r = store_dir_run("now", "T1", "SN1");
	struct release_decision d;

	(void)state;
	store_doc("run-1", good_doc("run-1"));
	assert_true(decide_stored("T1").allowed);
	(void)text_copy(r.run_type, sizeof(r.run_type), "acceptance");
	assert_int_equal(store_dir_begin(store, &r, NULL), 0);
	d = decide_stored("T1");
	assert_int_equal(d.reason_count, 1);
	assert_true(has_reason(&d, "run_open"));
}

static void a_repair_after_the_pass_asks_for_a_new_one(void **state)
{
	struct ticket t;
	struct release_decision d;

	(void)state;
	store_doc("run-1", good_doc("run-1"));
	assert_int_equal(store_ticket_get(store, "T1", &t, NULL), 0);
	t.repair_seq++;
	assert_int_equal(store_ticket_put(store, &t, -1, "li", NULL, NULL), 0);
	d = decide_stored("T1");
	assert_int_equal(d.reason_count, 1);
	assert_true(has_reason(&d, "repair_after_run"));
}

/* ---- runs that were cut ---- */

static void runs_without_an_end_are_closed_as_interrupted(void **state)
{
	struct run_row r = store_dir_run("cut-1", "T1", "SN1"), row;
	struct text doc = {0};
	json_t *root;
	int closed = 0;

	(void)state;
	store_doc("run-1", good_doc("run-1"));
	assert_int_equal(store_dir_begin(store, &r, NULL), 0);
	assert_int_equal(store_run_note(store, "cut-1", "no json", 7, NULL), 0);
	(void)text_copy(r.id, sizeof(r.id), "cut-2");
	assert_int_equal(store_dir_begin(store, &r, NULL), 0);
	assert_int_equal(recover_interrupted(store, 7000, "process_or_power_lost", &closed, NULL),
			 0);
	assert_int_equal(closed, 2);
	for (int i = 1; i <= 2; i++) {
		(void)snprintf(r.id, sizeof(r.id), "cut-%d", i);
		text_clear(&doc);
		assert_int_equal(store_run_get(store, r.id, &row, &doc, NULL), 0);
		assert_string_equal(row.verdict, "interrupted");
		assert_int_equal(row.ended_utc_us, 7000);
		root = json_loads(doc.buf, 0, NULL);
		assert_non_null(root);
		assert_string_equal(json_string_value(json_object_get(root, "verdict")),
				    "interrupted");
		assert_non_null(strstr(doc.buf, "process_or_power_lost"));
		json_decref(root);
	}
	text_release(&doc);
	/* They judged nothing: the pass stands. And there is nothing left to close. */
	assert_true(decide_stored("T1").allowed);
	assert_int_equal(recover_interrupted(store, 8000, "x", &closed, NULL), 0);
	assert_int_equal(closed, 0);
}

/* ---- the record's own documents ---- */

/* A profile whose only channel is in calibration. */
static struct run_facts real_facts(void)
{
	static struct fx_channel channel = {
		.name = "feed_flow",
		.quantity = QUANTITY_FLOW,
		.calibration = {
			.revision = 1, .gain = 1.0, .done = "2026-01-01", .due = "2027-01-01"}};
	static struct fixture fixture = {.channels = &channel, .channel_count = 1};
	static struct pf_envelope envelope = {.symbol = 0, .hi = 1.0};
	static struct profile profile = {.id = "full",
					 .revision = 1,
					 .releasable = true,
					 .variant = "full",
					 .envelope = &envelope,
					 .envelope_count = 1,
					 .fixture = &fixture};

	return (struct run_facts){.id = "run-1",
				  .ticket = "T1",
				  .serial = "SN1",
				  .model = "RO-600G",
				  .bay = "1",
				  .type = RUN_POST_REPAIR_QC,
				  .profile = &profile,
				  .speed = 1,
				  .started_utc_us = INT64_C(1770000000000000),
				  .utc_synced = true,
				  .repair_seq = 2};
}

static void the_record_says_all_that_the_decision_asks(void **state)
{
	struct run_facts facts = real_facts();
	struct engine_note done = {
		.kind = NOTE_DONE, .step = -1, .verdict = VERDICT_PASS, .trial_seconds = 1800.0};
	struct run_row row = store_dir_run("run-1", "T1", "SN1");
	struct record *r = record_new(&facts);
	struct text doc = {0};
	struct release_decision d;
	struct world w;

	(void)state;
	record_note(r, &done);
	record_finish(r, facts.started_utc_us + 1, true, "", NULL, &doc);
	record_free(r);
	row.seq = 1;
	row.simulated = false;
	(void)text_copy(row.verdict, sizeof(row.verdict), "pass");
	world_init(&w);
	ticket_facts_from_doc(&row, doc.buf, doc.len, &w.runs[0]);
	d = decide(&w);
	if (!d.allowed)
		fail_msg("%s %s in %s", d.reasons[0].code, d.reasons[0].params, doc.buf);
	text_release(&doc);
}

static void a_cut_run_keeps_what_its_facts_and_journal_say(void **state)
{
	struct run_facts facts = real_facts();
	struct engine_note abort = {
		.kind = NOTE_EVENT, .step = -1, .code = "retry", .text = "once more"};
	struct run_row r = store_dir_run("run-1", "T1", "SN1"), row;
	struct text json = {0}, line = {0}, doc = {0};
	uint8_t hash[32];
	int closed = 0;

	(void)state;
	record_facts_json(&facts, &json);
	record_note_json(&facts, &abort, &line);
	text_sha256(hash, "p", 1);
	assert_int_equal(store_run_begin(store, &r, json.buf, hash, "p", 1, NULL), 0);
	assert_int_equal(store_run_note(store, "run-1", line.buf, line.len, NULL), 0);
	assert_int_equal(
		recover_interrupted(store, facts.started_utc_us + 9, "process_lost", &closed, NULL),
		0);
	assert_int_equal(closed, 1);
	assert_int_equal(store_run_get(store, "run-1", &row, &doc, NULL), 0);
	assert_null(strstr(doc.buf, "facts_unreadable"));
	assert_non_null(strstr(doc.buf, "once more"));
	assert_non_null(strstr(doc.buf, "process_lost"));
	assert_non_null(strstr(doc.buf, "\"repair_seq\":2"));
	text_release(&json);
	text_release(&line);
	text_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define STORED(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
		cmocka_unit_test(a_unit_with_everything_in_order_may_leave),
		cmocka_unit_test(each_reason_alone_blocks_and_is_the_only_one_told),
		cmocka_unit_test(reasons_of_two_kinds_are_both_told),
		cmocka_unit_test(every_reason_at_once_is_told_without_losing_any),
		cmocka_unit_test(nothing_known_is_blocked),
		cmocka_unit_test(the_newest_complete_run_decides_whatever_came_before),
		cmocka_unit_test(a_trial_run_of_its_own_counts_only_where_the_model_says_so),
		cmocka_unit_test(a_trial_is_never_shorter_than_the_process_asks_and_may_be_longer),
		cmocka_unit_test(a_worse_fact_never_turns_blocked_into_allowed),
		cmocka_unit_test(the_answer_is_json_with_each_reason_in_both_languages),
		cmocka_unit_test(long_names_do_not_break_the_parameters),
		STORED(a_stored_run_in_order_releases_its_ticket),
		cmocka_unit_test(whatever_a_document_does_not_say_counts_against_it),
		cmocka_unit_test(a_document_that_cannot_be_read_releases_nothing),
		STORED(a_rigs_fault_does_not_undo_a_pass_and_a_unit_s_does),
		STORED(a_run_that_goes_on_holds_the_release),
		STORED(a_repair_after_the_pass_asks_for_a_new_one),
		STORED(runs_without_an_end_are_closed_as_interrupted),
		cmocka_unit_test(the_record_says_all_that_the_decision_asks),
		STORED(a_cut_run_keeps_what_its_facts_and_journal_say),
#undef STORED
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
