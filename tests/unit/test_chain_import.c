/* SPDX-License-Identifier: MIT
 *
 * A database of before the chain is taken into it: nothing lost, in order, marked.
 */
#include "ctl/verify.h"
#include "store/chain.h"
#include "tests/unit/store_bench.h"

/* As the first released version left it: step 1 alone. */
static void make_old(void)
{
	static const char *const rows[] = {
		"INSERT INTO profile_revision VALUES (x'"
		"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', CAST('secret' AS BLOB), 1)",
		"INSERT INTO run VALUES (1, 'run-1', 'T1', 'SN1', 'RO600', '1', 'post_repair_qc',"
		" 'full', 3, x'2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',"
		" 'li', 0, 1000, '{\"facts\":1}'), (2, 'run-2', 'T1', 'SN1', 'RO600', '1',"
		" 'post_repair_qc', 'full', 3,"
		" x'2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', 'wu', 1,"
		" 4000, '{}')",
		"INSERT INTO run_note VALUES (1, 1, '{\"n\":1}'), (2, 1, '{\"n\":2}')",
		/* The clock was set back while it ran: its end still comes after its begin. */
		"INSERT INTO run_end VALUES (1, 1, 'pass', 500, '{\"id\":\"run-1\"}', x'"
		"00')",
		"INSERT INTO audit VALUES (1, 2000, 'run', 'bay_locked', '{\"bay\":\"1\"}'),"
		" (2, 3000, 'local:0', 'bay_reset', '{\"bay\":\"1\"}')",
	};
	char path[96];
	struct store *s;
	sqlite3 *db;
	char *why = NULL;
	uint8_t hash[32];
	char hex[65], sql[512];

	/* The schema is taken from this program's own first step. */
	s = xcalloc(1, sizeof(*s));
	s->dir = dir;
	s->writer = true;
	s->lock_fd = -1;
	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	assert_int_equal(sqlite3_open(path, &s->db), SQLITE_OK);
	assert_int_equal(schema_migrate(s, schema_steps, 1, NULL), 0);
	db_forget(s);
	assert_int_equal(sqlite3_close(s->db), SQLITE_OK);
	free(s);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	text_sha256(hash, "{\"id\":\"run-1\"}", 14);
	text_hex(hex, hash, 32);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *zero = strstr(rows[i], "x'00')");

		if (zero)
			(void)snprintf(sql, sizeof(sql), "%.*sx'%s')", (int)(zero - rows[i]),
				       rows[i], hex);
		if (sqlite3_exec(db, zero ? sql : rows[i], NULL, NULL, &why) != SQLITE_OK)
			fail_msg("%s: %s", rows[i], why);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* 2026-01-31T08:00:00Z */
#define OPENED_UTC_US INT64_C(1769846400000000)

static bool tell(void *ctx, const struct chain_row *r)
{
	struct text *t = ctx;
	bool imported = memmem(r->bytes, r->n, "\"imported\":true,\"data\"", 22) != NULL;

	if (strcmp(r->type, "chain_started") == 0)
		assert_non_null(memmem(r->bytes, r->n, "\"at\":\"2026-01-31T08:00:00", 25));
	text_printf(t, "%s%s%s%s ", r->type, r->run[0] ? ":" : "", r->run, imported ? "" : "!");
	return true;
}

static void an_old_database_is_taken_into_the_chain_in_order(void **state)
{
	struct chain_filter all = {.limit = 0};
	struct error err = {0};
	struct text seen = {0};
	uint8_t key[32];
	char path[96];
	int64_t size = 0;
	struct store *s;

	(void)state;
	make_old();
	s = store_open(dir, OPENED_UTC_US, &err);
	if (!s)
		fail_msg("%s", err.text);
	assert_int_equal(store_chain_list(s, &all, tell, &seen, NULL), 0);
	assert_string_equal(seen.buf, "chain_started! run_started:run-1 run_finished:run-1"
				      " bay_locked bay_reset run_started:run-2 ");
	assert_int_equal(store_chain_check(s, NULL), 0);
	assert_int_equal(
		count_rows(s, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'audit%'"), 0);
	assert_int_equal(store_key_public(s, key, NULL), 0);
	store_close(s);
	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	if (verify_database(path, key, 0, NULL, &size, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(size, 6);
	/* What was there before is kept, and the next start finds nothing to do. */
	(void)snprintf(path, sizeof(path), "%s/benchd.db.v1.backup", dir);
	assert_int_equal(access(path, R_OK), 0);
	s = open_or_fail();
	assert_int_equal(count_rows(s, "SELECT count(*) FROM chain"), 6);
	store_close(s);
	text_release(&seen);
}

static bool see_audit(void *ctx, const char *who, const char *what, const char *json)
{
	text_printf(ctx, "%s %s %s;", who, what, json);
	return true;
}

static void what_was_audited_before_is_still_told(void **state)
{
	struct text seen = {0};
	struct store *s;

	(void)state;
	make_old();
	s = open_or_fail();
	assert_int_equal(store_audit(s, 9000, "run", "bay_locked", "{\"bay\":\"2\"}", NULL), 0);
	assert_int_equal(store_audit(s, 9001, "run", "other", "{}", NULL), 0);
	assert_int_equal(store_audit_list(s, "bay_locked", "bay_reset", see_audit, &seen, NULL), 0);
	assert_string_equal(seen.buf, "run bay_locked {\"bay\":\"1\"};local:0 bay_reset"
				      " {\"bay\":\"1\"};run bay_locked {\"bay\":\"2\"};");
	text_release(&seen);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_old_database_is_taken_into_the_chain_in_order,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_audited_before_is_still_told, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
