/* SPDX-License-Identifier: MIT
 *
 * A store with ticket T1, documents of runs on its unit as run/record.h writes them, and the decision
 * on what is stored. Included by one test program each.
 */
#ifndef TESTS_UNIT_RELEASE_DOCS_H
#define TESTS_UNIT_RELEASE_DOCS_H

#include <jansson.h>

#include "tests/fake/store_dir.h"
#include "tests/unit/release_world.h"
#include "ticket/facts.h"

static char dir[64];
static struct store *store;
static const struct ticket_policy policy = {
	.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};

static inline int open_store(void **state)
{
	struct ticket t = store_dir_ticket("T1", "SN1");

	(void)state;
	store_dir_make(dir);
	store = store_open(dir, 0, NULL);
	t.repair_seq = 2;
	t.mail_back = true;
	return store && store_ticket_put(store, &t, -2, "li", NULL, NULL) == 0 ? 0 : -1;
}

static inline int close_store(void **state)
{
	(void)state;
	store_close(store);
	temp_dir_remove(dir);
	return 0;
}

/* A document as run/record.h writes it, everything in order. */
static inline json_t *good_doc(const char *id)
{
	json_t *doc = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:{s:s, s:i, s:b, s:b}, s:[{s:s, s:s}], s:b,"
		" s:s, s:n, s:n, s:{s:b, s:s}, s:[{s:s, s:s, s:b}], s:{s:f, s:f}, s:[], s:s,"
		" s:[{s:s, s:s}, {s:s, s:s}]}",
		"schema", "benchd.run/1", "id", id, "ticket", "T1", "serial", "SN1", "model",
		"RO-600G", "run_type", "post_repair_qc", "repair_seq", 2, "simulated", 0, "profile",
		"id", "full", "revision", 1, "releasable", 1, "unapproved", 0, "calibration",
		"channel", "feed_flow", "state", "good", "utc_synced", 1, "verdict", "pass",
		"attribution", "reason", "safe_state", "proven", 1, "detail", "", "measurements",
		"id", "rejection", "verdict", "pass", "counts", 1, "trial", "seconds", 1805.0,
		"making_seconds", 1500.0, "basis_assumed", "operator_state", "qualified", "prompts",
		"kind", "scan_serial", "answer", "SN1", "kind", "scan_serial", "answer", "SN1");

	assert_non_null(doc);
	return doc;
}

static inline void store_doc(const char *id, json_t *doc)
{
	struct run_row r = store_dir_run(id, "T1", "SN1");
	char *text = json_dumps(doc, JSON_COMPACT);

	(void)text_copy(r.run_type, sizeof(r.run_type),
			json_string_value(json_object_get(doc, "run_type")));
	r.simulated = false;
	assert_int_equal(store_dir_begin(store, &r, NULL), 0);
	assert_int_equal(store_run_end(store, id,
				       json_string_value(json_object_get(doc, "verdict")), 9000,
				       text, strlen(text), NULL, NULL),
			 0);
	free(text);
	json_decref(doc);
}

static inline struct release_decision decide_stored(const char *ticket)
{
	struct ticket_facts facts;
	struct release_decision d;

	assert_int_equal(ticket_facts_load(&facts, store, ticket, &policy, 5000, NULL), 0);
	release_decide(&facts.release, &d);
	ticket_facts_release(&facts);
	return d;
}

#endif
