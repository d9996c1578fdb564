/* SPDX-License-Identifier: MIT
 *
 * Statements that are kept prepared, and transactions within one another.
 */
#include "tests/unit/store_bench.h"

#include "src/store/db.h"
#include "store/chain.h"

static void a_statement_is_prepared_once_and_forgets_what_was_bound(void **state)
{
	static const char sql[] = "SELECT ?1, ?2";
	sqlite3_stmt *first, *again;
	struct store *s = open_or_fail();

	(void)state;
	assert_int_equal(db_query(s, &first, NULL, sql, "it", INT64_C(7), "seven"), 0);
	assert_int_equal(db_step(s, first, NULL), 1);
	db_done(s, first);
	assert_int_equal(db_query(s, &again, NULL, sql, "i", INT64_C(8)), 0);
	assert_ptr_equal(again, first);
	assert_int_equal(db_step(s, again, NULL), 1);
	assert_int_equal(sqlite3_column_int(again, 0), 8);
	assert_int_equal(sqlite3_column_type(again, 1), SQLITE_NULL);
	db_done(s, again);
	store_close(s);
}

static void the_same_text_twice_at_once_is_two_statements(void **state)
{
	static const char sql[] = "SELECT ?1 UNION ALL SELECT ?1 + 1";
	sqlite3_stmt *outer, *inner;
	struct store *s = open_or_fail();

	(void)state;
	assert_int_equal(db_query(s, &outer, NULL, sql, "i", INT64_C(10)), 0);
	assert_int_equal(db_step(s, outer, NULL), 1);
	assert_int_equal(db_query(s, &inner, NULL, sql, "i", INT64_C(20)), 0);
	assert_int_equal(db_step(s, inner, NULL), 1);
	assert_int_equal(sqlite3_column_int(inner, 0), 20);
	db_done(s, inner);
	assert_int_equal(db_step(s, outer, NULL), 1);
	assert_int_equal(sqlite3_column_int(outer, 0), 11);
	db_done(s, outer);
	store_close(s);
}

static void more_texts_than_are_kept_still_answer(void **state)
{
	sqlite3_stmt *held[2 * DB_KEPT_MAX];
	char sql[32];
	struct store *s = open_or_fail();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2 * DB_KEPT_MAX; i++) {
			(void)snprintf(sql, sizeof(sql), "SELECT %d + ?", i);
			assert_int_equal(db_query(s, &held[i], NULL, sql, "i", INT64_C(1000)), 0);
		}
		for (int i = 0; i < 2 * DB_KEPT_MAX; i++) {
			assert_int_equal(db_step(s, held[i], NULL), 1);
			assert_int_equal(sqlite3_column_int(held[i], 0), 1000 + i);
			db_done(s, held[i]);
		}
	}
	store_close(s);
}

static void a_statement_that_was_refused_can_be_used_again(void **state)
{
	static const char sql[] = "INSERT INTO subject (kind, name, who, data, utc_us)"
				  " VALUES (?, 'n', 'w', '{}', 1)";
	struct store *s = open_or_fail();

	(void)state;
	assert_int_equal(db_run(s, NULL, sql, "t", "a"), 0);
	assert_int_equal(db_run(s, NULL, sql, "t", "a"), ERR_EXISTS);
	assert_int_equal(db_run(s, NULL, sql, "t", "b"), 0);
	store_close(s);
}

struct parts {
	const char *const *names;
	int rc; /* what the whole returns, whatever its parts did */
};

static int put_parts(void *ctx, struct store *s, struct error *err)
{
	const struct parts *p = ctx;

	for (int i = 0; p->names[i]; i++) {
		struct ticket t = store_dir_ticket(p->names[i], "SN-1");

		(void)store_ticket_put(s, &t, -2, "li", NULL, err);
	}
	return p->rc;
}

static bool has_ticket(struct store *s, const char *id)
{
	struct ticket t;

	return store_ticket_get(s, id, &t, NULL) == 0;
}

static void a_transaction_within_another_is_part_of_it(void **state)
{
	static const char *const good[] = {"T-1", "T-2", NULL}, *const undone[] = {"T-3", NULL},
				 *const twice[] = {"T-4", "T-1", "T-5", NULL};
	struct parts p = {good, 0};
	struct store *s = open_or_fail();

	(void)state;
	assert_int_equal(store_transact(s, put_parts, &p, NULL), 0);
	assert_true(has_ticket(s, "T-1") && has_ticket(s, "T-2"));
	p = (struct parts){undone, ERR_STATE};
	assert_int_equal(store_transact(s, put_parts, &p, NULL), ERR_STATE);
	assert_false(has_ticket(s, "T-3"));
	/* T-1 exists: refused, and nobody looked at it */
	p = (struct parts){twice, 0};
	assert_true(store_transact(s, put_parts, &p, NULL) < 0);
	assert_false(has_ticket(s, "T-4") || has_ticket(s, "T-5"));
	assert_int_equal(store_chain_check(s, NULL), 0);
	p = (struct parts){undone, 0};
	assert_int_equal(store_transact(s, put_parts, &p, NULL), 0);
	assert_true(has_ticket(s, "T-3"));
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_statement_is_prepared_once_and_forgets_what_was_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_text_twice_at_once_is_two_statements,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_texts_than_are_kept_still_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_statement_that_was_refused_can_be_used_again,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_transaction_within_another_is_part_of_it, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
