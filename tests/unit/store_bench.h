/* SPDX-License-Identifier: MIT
 *
 * A store in a folder of its own for each test, and what the tests ask it past its interface.
 * Static: include it in a test program.
 */
#ifndef TESTS_UNIT_STORE_BENCH_H
#define TESTS_UNIT_STORE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/store/db.h"
#include "tests/fake/store_dir.h"

static char dir[64];

static inline int set_up(void **state)
{
	(void)state;
	store_dir_make(dir);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static inline struct store *open_or_fail(void)
{
	struct error err = {0};
	struct store *s = store_open(dir, 0, &err);

	if (!s)
		fail_msg("store_open: %s", err.text);
	return s;
}

/* A connection of our own, as another program would open it. */
static inline sqlite3 *raw_open(void)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static inline void raw_exec(const char *sql)
{
	sqlite3 *db = raw_open();
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline int64_t count_rows(struct store *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(db_query(s, &st, NULL, sql, ""), 0);
	assert_int_equal(db_step(s, st, NULL), 1);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* One ticket, one run that ended with doc "{}". */
static inline void fill(struct store *s)
{
	struct ticket t = store_dir_ticket("T1", "SN1");
	struct run_row r = store_dir_run("run-1", "T1", "SN1");

	assert_int_equal(store_ticket_put(s, &t, -2, "li", NULL, NULL), 0);
	assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	assert_int_equal(store_run_note(s, "run-1", "{\"n\":1}", 7, NULL), 0);
	assert_int_equal(store_run_end(s, "run-1", "pass", 9000, "{}", 2, NULL, NULL), 0);
	assert_int_equal(store_audit(s, 1, "li", "started", "{}", NULL), 0);
}

struct seen {
	char ids[512];
	int stop_after, count;
};

static inline bool see(struct seen *seen, const char *id)
{
	size_t n = strlen(seen->ids);

	(void)snprintf(seen->ids + n, sizeof(seen->ids) - n, "%s ", id);
	return ++seen->count != seen->stop_after;
}

static inline bool see_open(void *ctx, const struct run_row *r, const char *facts)
{
	assert_string_equal(facts, "{\"facts\":true}");
	return see(ctx, r->id);
}

#endif
