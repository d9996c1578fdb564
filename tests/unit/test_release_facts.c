/* SPDX-License-Identifier: MIT
 *
 * The facts of the release from what the store keeps, also of runs that were cut.
 */
#include <jansson.h>

#include "run/record.h"
#include "ticket/recover.h"
#include "tests/unit/release_docs.h"

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
					       {"operator_state", NULL},
					       {"prompts", NULL},
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
				  .operator_name = "li",
				  .operator_state = "qualified",
				  .type = RUN_POST_REPAIR_QC,
				  .profile = &profile,
				  .speed = 1,
				  .started_utc_us = INT64_C(1770000000000000),
				  .utc_synced = true,
				  .repair_seq = 2};
}

/* The serial is asked for and scanned. */
static void note_scan(struct record *r)
{
	static const struct pf_prompt prompt = {.id = "serial", .kind = PROMPT_SCAN_SERIAL};
	struct engine_note n = {.kind = NOTE_PROMPT, .step = -1, .prompt = &prompt};

	record_note(r, &n);
	n.kind = NOTE_ANSWER;
	n.text = "SN1";
	n.who = "li";
	record_note(r, &n);
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
	note_scan(r);
	note_scan(r);
	record_note(r, &done);
	record_finish(r, facts.started_utc_us + 1, true, 0, "", NULL, &doc);
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

/* What the bay's scanner read before the run is the scan at start, and no more than that. */
static void a_scan_before_the_run_is_the_scan_at_start(void **state)
{
	static const struct {
		const char *from;
		int prompts;
		bool start, end;
	} rows[] = {{"scan", 0, true, false}, {"typed", 0, false, false}, {NULL, 0, false, false},
		    {"scan", 1, true, false}, {"typed", 1, true, false},  {"scan", 2, true, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_row row = store_dir_run("run-1", "T1", "SN1");
		json_t *doc = good_doc("run-1"), *prompts = json_object_get(doc, "prompts");
		struct release_run run;
		char *text;

		while ((int)json_array_size(prompts) > rows[i].prompts)
			assert_int_equal(json_array_remove(prompts, 0), 0);
		if (rows[i].from)
			json_object_set_new(doc, "serial_from", json_string(rows[i].from));
		text = json_dumps(doc, JSON_COMPACT);
		ticket_facts_from_doc(&row, text, strlen(text), &run);
		if (run.serial_at_start != rows[i].start || run.serial_at_end != rows[i].end)
			fail_msg("row %zu: start %d, end %d", i, run.serial_at_start,
				 run.serial_at_end);
		free(text);
		json_decref(doc);
	}
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
		STORED(a_stored_run_in_order_releases_its_ticket),
		cmocka_unit_test(whatever_a_document_does_not_say_counts_against_it),
		cmocka_unit_test(a_document_that_cannot_be_read_releases_nothing),
		STORED(a_rigs_fault_does_not_undo_a_pass_and_a_unit_s_does),
		STORED(a_run_that_goes_on_holds_the_release),
		STORED(a_repair_after_the_pass_asks_for_a_new_one),
		STORED(runs_without_an_end_are_closed_as_interrupted),
		cmocka_unit_test(the_record_says_all_that_the_decision_asks),
		cmocka_unit_test(a_scan_before_the_run_is_the_scan_at_start),
		STORED(a_cut_run_keeps_what_its_facts_and_journal_say),
#undef STORED
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
