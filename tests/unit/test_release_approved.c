/* SPDX-License-Identifier: MIT
 *
 * What an approval and a model say of a run: limits that a supervisor adopted, a trial run apart.
 */
#include "tests/unit/release_docs.h"

#include "store/subject.h"

/* By name, one by one; what is not named stays assumed. */
static void an_assumed_limit_is_adopted_by_name_in_the_approval_of_its_revision(void **state)
{
	static const struct {
		const char *approval;
		bool left;
	} rows[] = {{NULL, true},
		    {"{}", true},
		    {"{\"adopted\":[]}", true},
		    {"{\"adopted\":[\"recovery\"]}", true},
		    {"{\"adopted\":[\"recovery\",\"rejection\"]}", false},
		    {"{\"adopted\":\"rejection\"}", true}};
	struct run_row row = store_dir_run("run-1", "T1", "SN1");
	json_t *doc = good_doc("run-1");
	char *text;

	(void)state;
	json_object_set_new(doc, "basis_assumed", json_pack("[ss]", "rejection", "recovery"));
	text = json_dumps(doc, JSON_COMPACT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct release_run run;

		ticket_facts_from_doc_approved(&row, text, strlen(text), rows[i].approval, &run);
		assert_int_equal(run.limit_assumed, rows[i].left);
		if (i == 3)
			assert_string_equal(run.assumed, "[\"rejection\"]");
	}
	free(text);
	json_decref(doc);
}

static void put_approval(const char *of, const char *data)
{
	struct chain_item item = {
		.type = "profile_approved", .who = "zhao", .data = data, .n = strlen(data)};
	uint8_t hash[32];
	char hex[65];

	text_sha256(hash, of, strlen(of));
	text_hex(hex, hash, sizeof(hash));
	assert_int_equal(store_subject_put(store, "approval", hex, NULL, &item, 9500, NULL), 0);
}

static void an_approval_is_that_of_the_run_s_own_revision(void **state)
{
	json_t *doc = good_doc("run-1");
	struct release_decision d;

	(void)state;
	json_object_set_new(doc, "basis_assumed", json_pack("[s]", "rejection"));
	store_doc("run-1", doc);
	put_approval("profile: other\n", "{\"adopted\":[\"rejection\"]}");
	d = decide_stored("T1");
	assert_true(has_reason(&d, "limit_assumed"));
	assert_non_null(strstr(d.reasons[0].params, "\"rejection\""));
	put_approval("profile: quick\n", "{\"adopted\":[\"rejection\"]}");
	d = decide_stored("T1");
	assert_true(d.allowed);
}

static bool is_that_model(const void *ctx, const char *model)
{
	return strcmp(ctx, model) == 0;
}

static void a_trial_run_of_its_own_counts_where_the_ticket_s_model_allows_it(void **state)
{
	json_t *qc = good_doc("run-1"), *trial = good_doc("run-2");
	struct ticket_policy apart = policy;
	struct ticket_facts facts;
	struct release_decision d;

	(void)state;
	json_object_set_new(json_object_get(qc, "trial"), "seconds", json_real(0.0));
	json_object_set_new(trial, "run_type", json_string("trial_run"));
	store_doc("run-1", qc);
	store_doc("run-2", trial);
	d = decide_stored("T1");
	assert_true(has_reason(&d, "trial_run_missing"));
	apart.separate_trial = is_that_model;
	for (int other = 0; other < 2; other++) {
		apart.ctx = other ? "another model" : "RO-600G";
		assert_int_equal(ticket_facts_load(&facts, store, "T1", &apart, 5000, NULL), 0);
		release_decide(&facts.release, &d);
		ticket_facts_release(&facts);
		assert_int_equal(d.allowed, !other);
		assert_string_equal(d.trial_run, other ? "" : "run-2");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define STORED(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
		cmocka_unit_test(
			an_assumed_limit_is_adopted_by_name_in_the_approval_of_its_revision),
		STORED(an_approval_is_that_of_the_run_s_own_revision),
		STORED(a_trial_run_of_its_own_counts_where_the_ticket_s_model_allows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
