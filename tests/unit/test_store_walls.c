/* SPDX-License-Identifier: MIT
 *
 * What the store refuses: changes to its ledgers, a second owner, files that are not its own,
 * migrations that do not work.
 */
#include <sys/wait.h>

#include "tests/unit/store_bench.h"

static const char *const ledgers[] = {
	"meta", "ticket_event", "profile_revision", "run", "run_note", "run_end", "chain"};
enum { LEDGER_COUNT = sizeof(ledgers) / sizeof(ledgers[0]) };
static const char *const ledger_columns[] = {"value", "who", "bytes", "facts",
					     "note",  "doc", "bytes"};

static void expect_refused(sqlite3 *db, const char *sql, int code, const char *word)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != code ||
	    (word && !strstr(sqlite3_errmsg(db), word)))
		fail_msg("%s: %s (%d)", sql, sqlite3_errmsg(db), sqlite3_errcode(db));
}

static void ledgers_refuse_change_and_removal_by_any_program(void **state)
{
	struct store *s = open_or_fail();
	char sql[256];
	sqlite3 *db;

	(void)state;
	fill(s);
	store_close(s);
	db = raw_open();
	for (int i = 0; i < LEDGER_COUNT; i++) {
		(void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s", ledgers[i],
			       ledger_columns[i], ledger_columns[i]);
		expect_refused(db, sql, SQLITE_CONSTRAINT, "ledger");
		(void)snprintf(sql, sizeof(sql), "DELETE FROM %s", ledgers[i]);
		expect_refused(db, sql, SQLITE_CONSTRAINT, "ledger");
		(void)snprintf(sql, sizeof(sql), "REPLACE INTO %s SELECT * FROM %s", ledgers[i],
			       ledgers[i]);
		expect_refused(db, sql, SQLITE_CONSTRAINT, "exists");
	}
	expect_refused(db, "DELETE FROM ticket", SQLITE_CONSTRAINT, "stay");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void the_shell_of_sqlite_is_refused_too_and_finds_the_file_whole(void **state)
{
	struct store *s = open_or_fail();
	char command[256], line[128] = "";
	FILE *p;

	(void)state;
	if (system("command -v sqlite3 >/dev/null 2>&1") != 0) {
		print_message("skipped: no sqlite3 program here\n");
		store_close(s);
		skip();
	}
	fill(s);
	store_close(s);
	(void)snprintf(command, sizeof(command),
		       "sqlite3 %s/benchd.db 'DELETE FROM run_end' >/dev/null 2>&1", dir);
	assert_int_not_equal(system(command), 0);
	(void)snprintf(
		command, sizeof(command),
		"sqlite3 %s/benchd.db 'PRAGMA integrity_check; SELECT count(*) FROM run_end'", dir);
	p = popen(command, "r");
	assert_non_null(p);
	assert_non_null(fgets(line, sizeof(line), p));
	assert_string_equal(line, "ok\n");
	assert_non_null(fgets(line, sizeof(line), p));
	assert_string_equal(line, "1\n");
	assert_int_equal(pclose(p), 0);
}

static void the_store_s_own_connection_cannot_change_ledgers_or_the_schema(void **state)
{
	static const char *const statements[] = {
		"UPDATE run_end SET verdict = 'pass'",
		"DELETE FROM run_note",
		"DELETE FROM ticket",
		"DROP TRIGGER run_end_no_update",
		"DROP TABLE chain",
		"ALTER TABLE run ADD COLUMN x TEXT",
		"CREATE TABLE t (x)",
		"ATTACH '/dev/null' AS other",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA writable_schema = ON",
		"PRAGMA synchronous = OFF",
		"PRAGMA user_version = 7",
		"REINDEX",
		"VACUUM",
	};
	struct store *s = open_or_fail();

	(void)state;
	fill(s);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (sqlite3_exec(s->db, statements[i], NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("%s: done", statements[i]);
	store_close(s);
}

static void commits_are_synced_and_files_are_ours(void **state)
{
	struct store *s = open_or_fail();
	struct store *again;

	(void)state;
	store_close(s);
	/* What the connection is set to, asked before the authorizer forbids asking. */
	again = open_or_fail();
	(void)sqlite3_set_authorizer(again->db, NULL, NULL);
	assert_int_equal(count_rows(again, "PRAGMA synchronous"), 2);
	assert_int_equal(count_rows(again, "PRAGMA cell_size_check"), 1);
	assert_int_equal(count_rows(again, "PRAGMA foreign_keys"), 1);
	assert_int_equal(count_rows(again, "PRAGMA trusted_schema"), 0);
	assert_int_equal(count_rows(again, "PRAGMA application_id"), 0x626e6368);
	assert_int_equal(count_rows(again, "PRAGMA user_version"), schema_step_count());
	assert_int_equal(count_rows(again, "SELECT count(*) FROM pragma_table_list WHERE"
					   " schema = 'main' AND name NOT LIKE 'sqlite%'"
					   " AND NOT strict"),
			 0);
	store_close(again);
}

static void a_second_store_on_the_same_folder_is_refused_naming_the_pid(void **state)
{
	struct store *s = open_or_fail();
	struct error err = {0};
	char pid[32];
	int status = 0;
	pid_t child;

	(void)state;
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_BUSY);
	assert_non_null(strstr(err.text, pid));
	child = fork();
	if (child == 0) {
		struct store *other = store_open(dir, 0, &err);

		_exit(!other && err.code == ERR_BUSY && strstr(err.text, pid) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* The refusals have not loosened it. */
	assert_null(store_open(dir, 0, &err));
	fill(s);
	store_close(s);
	store_close(open_or_fail());
}

static void a_database_of_a_newer_benchd_is_refused(void **state)
{
	struct error err = {0};

	(void)state;
	store_close(open_or_fail());
	raw_exec("PRAGMA user_version = 99");
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "newer"));
	assert_null(store_open_reader(dir, &err));
	assert_int_equal(err.code, ERR_CONFIG);
}

static void a_database_of_another_program_is_refused_and_left_alone(void **state)
{
	struct error err = {0};
	char path[96];
	char *before, *after;
	size_t n, m;

	(void)state;
	raw_exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	assert_int_equal(text_read_file(path, 1 << 20, &before, &n, NULL), 0);
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "another program"));
	assert_int_equal(text_read_file(path, 1 << 20, &after, &m, NULL), 0);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	struct error err = {0};
	char path[96];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	for (int i = 0; i < 200; i++)
		(void)fputs("this is not a database\n", f);
	assert_int_equal(fclose(f), 0);
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "not a database"));
}

static void a_migration_keeps_a_verified_copy_and_every_row(void **state)
{
	static const char *const more[] = {"CREATE TABLE later (x TEXT) STRICT", NULL};
	struct schema_step steps[16] = {{0}};
	struct store *s = open_or_fail();
	int n = schema_step_count();
	char path[128];
	sqlite3 *copy;
	struct error err = {0};

	(void)state;
	fill(s);
	(void)sqlite3_set_authorizer(s->db, NULL, NULL);
	memcpy(steps, schema_steps, sizeof(steps[0]) * (size_t)n);
	steps[n].sql = more;
	if (schema_migrate(s, steps, n + 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(count_rows(s, "PRAGMA user_version"), n + 1);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM run_end"), 1);
	(void)snprintf(path, sizeof(path), "%s/benchd.db.v%d.backup", dir, n);
	assert_int_equal(sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(copy, "SELECT seq FROM run_end", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(copy, "SELECT * FROM later", NULL, NULL, NULL), SQLITE_ERROR);
	assert_int_equal(sqlite3_close(copy), SQLITE_OK);
	store_close(s);
	/* And this program does not touch what is newer than itself. */
	assert_null(store_open(dir, 0, &err));
	assert_int_equal(err.code, ERR_CONFIG);
}

static void a_migration_that_does_not_work_changes_nothing(void **state)
{
	static const char *const broken[] = {"CREATE TABLE later (x TEXT) STRICT",
					     "INSERT INTO nowhere VALUES (1)", NULL};
	struct schema_step steps[16] = {{0}};
	struct store *s = open_or_fail();
	int n = schema_step_count();

	(void)state;
	fill(s);
	(void)sqlite3_set_authorizer(s->db, NULL, NULL);
	memcpy(steps, schema_steps, sizeof(steps[0]) * (size_t)n);
	steps[n].sql = broken;
	assert_true(schema_migrate(s, steps, n + 1, NULL) < 0);
	store_close(s);
	s = open_or_fail();
	assert_int_equal(count_rows(s, "SELECT count(*) FROM run_end"), 1);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'later'"),
			 0);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(ledgers_refuse_change_and_removal_by_any_program),
		T(the_shell_of_sqlite_is_refused_too_and_finds_the_file_whole),
		T(the_store_s_own_connection_cannot_change_ledgers_or_the_schema),
		T(commits_are_synced_and_files_are_ours),
		T(a_second_store_on_the_same_folder_is_refused_naming_the_pid),
		T(a_database_of_a_newer_benchd_is_refused),
		T(a_database_of_another_program_is_refused_and_left_alone),
		T(a_file_that_is_no_database_is_refused),
		T(a_migration_keeps_a_verified_copy_and_every_row),
		T(a_migration_that_does_not_work_changes_nothing),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
