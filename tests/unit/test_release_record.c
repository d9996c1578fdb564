/* SPDX-License-Identifier: MIT
 *
 * Releases on disk: one succeeds, and everything about it stays.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sign.h"
#include "tests/fake/mkstore.h"
#include "tests/fake/store_dir.h"
#include "ticket/release_record.h"

static char dir[64];
static struct store *store;
#define NOW INT64_C(1770000000000000)

static int set_up(void **state)
{
	struct mkstore_run r = {.id = "run-1",
				.ticket = "T1",
				.serial = "SN1",
				.verdict = "pass",
				.ended_utc_us = NOW - 1000000};

	(void)state;
	store_dir_make(dir);
	store = store_open(dir, 0, NULL);
	return store && mkstore_put_ticket(store, "T1", "SN1", NOW, NULL) == 0 &&
			       mkstore_put_run(store, &r, NULL) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	temp_dir_remove(dir);
	return 0;
}

static struct release_order order(const char *key, const char *body)
{
	return (struct release_order){.ticket = "T1",
				      .policy = {.owns_tickets = true,
						 .store_sound = true,
						 .disposition = RELEASE_REPAIRED},
				      .who = "erp",
				      .key = key,
				      .body = body,
				      .body_n = strlen(body),
				      .now_utc_us = NOW};
}

static bool count_one(void *ctx, const struct chain_row *r)
{
	(void)r;
	++*(int *)ctx;
	return true;
}

static int items(const char *type)
{
	struct chain_filter f = {.type = type};
	int n = 0;

	assert_int_equal(store_chain_list(store, &f, count_one, &n, NULL), 0);
	return n;
}

static void add_item(const char *type, const char *run, const char *data)
{
	struct chain_item i = {.type = type,
			       .ticket = "T1",
			       .serial = "SN1",
			       .run = run,
			       .who = "li",
			       .data = data,
			       .n = strlen(data)};

	assert_int_equal(store_chain_add(store, &i, NOW, NULL, NULL), 0);
}

static bool may_leave(struct text *doc)
{
	struct release_order o = order("", "");
	struct text own = {0};
	bool allowed = false;

	assert_int_equal(release_ask(store, "T1", &o.policy, NOW, doc ? doc : &own, &allowed, NULL),
			 0);
	text_release(&own);
	return allowed;
}

static int record(const struct release_order *o, struct text *out)
{
	struct error err = {0};
	int status = 0, rc = release_record(store, o, &status, out, &err);

	return rc < 0 ? rc : status;
}

static void the_decision_is_signed_over_its_own_bytes(void **state)
{
	struct text doc = {0}, said = {0};
	uint8_t public_bytes[32], sig[64];
	const char *at;

	(void)state;
	assert_true(may_leave(&doc));
	at = strstr(doc.buf, ",\"signature\":\"");
	assert_non_null(at);
	text_add(&said, doc.buf, (size_t)(at - doc.buf));
	text_add(&said, "}", 1);
	at += strlen(",\"signature\":\"");
	assert_true(sign_from_base64(sig, sizeof(sig), at, 88));
	assert_string_equal(at + 88, "\"}");
	assert_int_equal(store_key_public(store, public_bytes, NULL), 0);
	assert_true(sign_is_by(public_bytes, said.buf, said.len, sig));
	said.buf[said.len / 2] ^= 1;
	assert_false(sign_is_by(public_bytes, said.buf, said.len, sig));
	text_release(&doc);
	text_release(&said);
}

static void a_release_is_recorded_once(void **state)
{
	struct release_order o = order("", "{}");
	struct text out = {0}, again = {0};

	(void)state;
	assert_int_equal(record(&o, &out), 201);
	assert_non_null(strstr(out.buf, "\"decision\":\"allowed\""));
	assert_int_equal(record(&o, &again), 409);
	assert_non_null(strstr(again.buf, "already_released"));
	assert_int_equal(items("released"), 1);
	assert_int_equal(items("release_decided"), 1);
	assert_false(may_leave(NULL));
	text_release(&out);
	text_release(&again);
}

static void the_same_key_and_body_get_the_same_answer(void **state)
{
	struct release_order o = order("k1", "{\"repair_seq\":0}");
	struct text a = {0}, b = {0}, c = {0};

	(void)state;
	assert_int_equal(record(&o, &a), 201);
	o.now_utc_us += 5000000;
	assert_int_equal(record(&o, &b), 201);
	assert_string_equal(a.buf, b.buf);
	assert_int_equal(items("released"), 1);
	/* Another body under the same key, and another's same key. */
	o.body = "{\"repair_seq\":1}";
	assert_int_equal(record(&o, &c), ERR_EXISTS);
	o.body = "{\"repair_seq\":0}";
	o.who = "other";
	assert_int_equal(record(&o, &c), 409);
	text_release(&a);
	text_release(&b);
	text_release(&c);
}

static void another_repair_seq_is_a_conflict_and_leaves_nothing(void **state)
{
	struct release_order o = order("k", "{}");
	struct chain_head before, after;
	struct text out = {0};

	(void)state;
	o.repair_seq = 1;
	assert_int_equal(store_chain_head(store, &before, NULL), 0);
	assert_int_equal(record(&o, &out), ERR_CONFLICT);
	assert_int_equal(store_chain_head(store, &after, NULL), 0);
	assert_int_equal(before.size, after.size);
	assert_int_equal(out.len, 0);
	/* The key is free again: nothing was done under it. */
	o.repair_seq = 0;
	assert_int_equal(record(&o, &out), 201);
	o.ticket = "T2";
	o.key = "";
	assert_int_equal(record(&o, &out), ERR_NOT_FOUND);
	text_release(&out);
}

static void a_withdrawn_release_needs_a_new_run(void **state)
{
	struct release_order o = order("", "{}");
	struct mkstore_run r = {.id = "run-2",
				.ticket = "T1",
				.serial = "SN1",
				.verdict = "pass",
				.ended_utc_us = NOW};
	struct text out = {0};

	(void)state;
	assert_int_equal(release_withdraw(store, &o, "recall", "leaks", &out, NULL), ERR_STATE);
	assert_int_equal(record(&o, &out), 201);
	text_clear(&out);
	o.repair_seq = -1;
	assert_int_equal(release_withdraw(store, &o, "recall", "leaks", &out, NULL), 0);
	assert_non_null(strstr(out.buf, "\"kind\":\"recall\""));
	assert_int_equal(release_withdraw(store, &o, "recall", "leaks", &out, NULL), ERR_STATE);
	assert_false(may_leave(NULL));
	assert_int_equal(mkstore_put_run(store, &r, NULL), 0);
	assert_true(may_leave(NULL));
	o.repair_seq = 0;
	assert_int_equal(record(&o, &out), 201);
	text_release(&out);
}

static void what_the_chain_tells_of_a_run_or_ticket_counts(void **state)
{
	static const struct {
		const char *type, *run, *data;
	} rows[] = {{"void", "run-1", "{\"reason\":\"rig\"}"},
		    {"suspect", "run-1", "{}"},
		    {"acceptance", NULL, "{\"outcome\":\"refused\"}"},
		    {"acceptance", NULL, "{}"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(may_leave(NULL));
		add_item(rows[i].type, rows[i].run, rows[i].data);
		assert_false(may_leave(NULL));
		(void)tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
	}
	/* A void of another run says nothing of this one. */
	add_item("void", "run-0", "{}");
	assert_true(may_leave(NULL));
}

static void an_override_is_refused_to_who_ran_it_and_for_what_is_no_matter_of_opinion(void **state)
{
	static const char *const good[] = {"run_not_pass"}, *const bad[] = {"no_run"},
				 *const other[] = {"calibration"};
	struct mkstore_run r = {.id = "run-2",
				.ticket = "T1",
				.serial = "SN1",
				.verdict = "marginal",
				.ended_utc_us = NOW};
	struct release_order o = order("", "{}");
	struct text out = {0};

	(void)state;
	assert_int_equal(mkstore_put_run(store, &r, NULL), 0);
	assert_false(may_leave(NULL));
	o.who = "li";
	assert_int_equal(release_override(store, &o, "hand check", good, 1, &out, NULL),
			 ERR_DENIED);
	o.who = "zhao";
	assert_int_equal(release_override(store, &o, "hand check", bad, 1, &out, NULL), ERR_RANGE);
	assert_int_equal(release_override(store, &o, "hand check", other, 1, &out, NULL),
			 ERR_RANGE);
	assert_int_equal(items("override"), 0);
	assert_int_equal(release_override(store, &o, "hand check", good, 1, &out, NULL), 0);
	text_clear(&out);
	assert_true(may_leave(&out));
	/* For ever visible: who, why, and that it was no pass. */
	assert_non_null(
		strstr(out.buf, "\"override\":{\"who\":\"zhao\",\"reason\":\"hand check\""));
	assert_non_null(strstr(out.buf, "\"verdict\":\"marginal\""));
	text_release(&out);
}

static void a_changed_document_releases_nothing(void **state)
{
	static const char *const changes[] = {
		"UPDATE run_end SET doc = replace(doc, 'qualified', 'qualifieD'),"
		" doc_sha256 = x'00'",
		"UPDATE chain SET bytes = CAST(replace(CAST(bytes AS TEXT), 'pass', 'fail') AS BLOB)"
		" WHERE type = 'run_finished'",
		"DELETE FROM chain WHERE type = 'run_finished'"};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char command[1024];
		bool allowed = false;
		struct release_order o = order("", "");
		struct text out = {0};

		store_close(store);
		(void)snprintf(command, sizeof(command),
			       "sqlite3 %s/benchd.db \"PRAGMA ignore_check_constraints=1;"
			       "DROP TRIGGER run_end_no_update; DROP TRIGGER chain_no_update;"
			       "DROP TRIGGER chain_no_delete; %s\"",
			       dir, changes[i]);
		assert_int_equal(system(command), 0);
		store = store_open(dir, 0, NULL);
		assert_non_null(store);
		if (release_ask(store, "T1", &o.policy, NOW, &out, &allowed, NULL) == 0)
			assert_false(allowed);
		text_release(&out);
		(void)tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(the_decision_is_signed_over_its_own_bytes),
		T(a_release_is_recorded_once),
		T(the_same_key_and_body_get_the_same_answer),
		T(another_repair_seq_is_a_conflict_and_leaves_nothing),
		T(a_withdrawn_release_needs_a_new_run),
		T(what_the_chain_tells_of_a_run_or_ticket_counts),
		T(an_override_is_refused_to_who_ran_it_and_for_what_is_no_matter_of_opinion),
		T(a_changed_document_releases_nothing),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
