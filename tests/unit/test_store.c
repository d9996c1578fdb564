/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "src/store/db.h"
#include "tests/fake/store_dir.h"

static char dir[64];

static int set_up(void **state)
{
	(void)state;
	store_dir_make(dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_dir_remove(dir);
	return 0;
}

static struct store *open_or_fail(void)
{
	struct error err = {0};
	struct store *s = store_open(dir, &err);

	if (!s)
		fail_msg("store_open: %s", err.text);
	return s;
}

/* A connection of our own, as another program would open it. */
static sqlite3 *raw_open(void)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static void raw_exec(const char *sql)
{
	sqlite3 *db = raw_open();
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t count_rows(struct store *s, const char *sql)
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
static void fill(struct store *s)
{
	struct ticket t = store_dir_ticket("T1", "SN1");
	struct run_row r = store_dir_run("run-1", "T1", "SN1");

	assert_int_equal(store_ticket_put(s, &t, -2, "li", NULL, NULL), 0);
	assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	assert_int_equal(store_run_note(s, "run-1", "{\"n\":1}", 7, NULL), 0);
	assert_int_equal(store_run_end(s, "run-1", "pass", 9000, "{}", 2, NULL, NULL), 0);
	assert_int_equal(store_audit(s, 1, "li", "started", "{}", NULL), 0);
}

/* ---- tickets ---- */

static void a_ticket_comes_back_as_it_was_put(void **state)
{
	struct store *s = open_or_fail();
	struct ticket t = store_dir_ticket("T/1", "SN-1"), got;
	struct error err;
	int64_t version = 0;

	(void)state;
	(void)text_copy(t.symptoms, sizeof(t.symptoms), "S02,S09");
	(void)text_copy(t.due_at, sizeof(t.due_at), "2026-01-31T08:00:00Z");
	t.priority = 3;
	t.mail_back = true;
	t.repair_seq = 2;
	assert_int_equal(store_ticket_get(s, "T/1", &got, &err), ERR_NOT_FOUND);
	assert_int_equal(store_ticket_put(s, &t, -2, "li", &version, &err), 0);
	assert_int_equal(version, 1);
	assert_int_equal(store_ticket_get(s, "T/1", &got, &err), 0);
	t.version = 1;
	(void)text_copy(t.state, sizeof(t.state), "received");
	assert_memory_equal(&got, &t, sizeof(t));
	store_close(s);
}

static void a_change_to_a_version_that_is_gone_is_a_conflict(void **state)
{
	struct store *s = open_or_fail();
	struct ticket t = store_dir_ticket("T1", "SN1"), got;
	int64_t version = 0;

	(void)state;
	assert_int_equal(store_ticket_put(s, &t, 1, "li", NULL, NULL), ERR_CONFLICT);
	assert_int_equal(store_ticket_put(s, &t, -2, "li", &version, NULL), 0);
	assert_int_equal(store_ticket_put(s, &t, -2, "li", NULL, NULL), ERR_EXISTS);
	t.priority = 1;
	assert_int_equal(store_ticket_put(s, &t, version, "wang", &version, NULL), 0);
	assert_int_equal(version, 2);
	t.priority = 2;
	assert_int_equal(store_ticket_put(s, &t, 1, "li", NULL, NULL), ERR_CONFLICT);
	assert_int_equal(store_ticket_put(s, &t, -1, "li", &version, NULL), 0);
	assert_int_equal(store_ticket_get(s, "T1", &got, NULL), 0);
	assert_int_equal(got.version, 3);
	assert_int_equal(got.priority, 2);
	/* The ledger has what each version said. */
	assert_int_equal(count_rows(s, "SELECT count(*) FROM ticket_event"), 3);
	assert_int_equal(count_rows(s, "SELECT priority FROM ticket_event WHERE version = 2"
				       " AND who = 'wang'"),
			 1);
	store_close(s);
}

static void a_change_keeps_the_state_and_never_takes_repair_seq_back(void **state)
{
	struct store *s = open_or_fail();
	struct ticket t = store_dir_ticket("T1", "SN1"), got;

	(void)state;
	t.repair_seq = 4;
	(void)text_copy(t.state, sizeof(t.state), "tested");
	assert_int_equal(store_ticket_put(s, &t, -1, "li", NULL, NULL), 0);
	t.state[0] = '\0';
	t.created_utc_us = 77;
	assert_int_equal(store_ticket_put(s, &t, -1, "li", NULL, NULL), 0);
	t.repair_seq = 3;
	assert_int_equal(store_ticket_put(s, &t, -1, "li", NULL, NULL), ERR_CONFLICT);
	assert_int_equal(store_ticket_get(s, "T1", &got, NULL), 0);
	assert_string_equal(got.state, "tested");
	assert_int_equal(got.repair_seq, 4);
	assert_int_equal(got.created_utc_us, 1000);
	assert_int_equal(got.version, 2);
	store_close(s);
}

struct seen {
	char ids[512];
	int stop_after, count;
};

static bool see(struct seen *seen, const char *id)
{
	size_t n = strlen(seen->ids);

	(void)snprintf(seen->ids + n, sizeof(seen->ids) - n, "%s ", id);
	return ++seen->count != seen->stop_after;
}

static bool see_ticket(void *ctx, const struct ticket *t)
{
	return see(ctx, t->id);
}

static void tickets_are_listed_newest_first_and_filtered(void **state)
{
	struct store *s = open_or_fail();
	struct ticket a = store_dir_ticket("A", "SN1"), b = store_dir_ticket("B", "SN2"),
		      c = store_dir_ticket("C", "SN1");
	struct seen all = {0}, one = {0}, none = {0}, limited = {0}, stopped = {.stop_after = 1};

	(void)state;
	assert_int_equal(store_ticket_put(s, &a, -1, "li", NULL, NULL), 0);
	assert_int_equal(store_ticket_put(s, &b, -1, "li", NULL, NULL), 0);
	assert_int_equal(store_ticket_put(s, &c, -1, "li", NULL, NULL), 0);
	assert_int_equal(store_ticket_list(s, NULL, NULL, NULL, 0, see_ticket, &all, NULL), 0);
	assert_string_equal(all.ids, "C B A ");
	assert_int_equal(store_ticket_list(s, "SN1", "RO-600G", NULL, 0, see_ticket, &one, NULL),
			 0);
	assert_string_equal(one.ids, "C A ");
	assert_int_equal(store_ticket_list(s, NULL, NULL, "released", 0, see_ticket, &none, NULL),
			 0);
	assert_string_equal(none.ids, "");
	assert_int_equal(store_ticket_list(s, NULL, NULL, NULL, 2, see_ticket, &limited, NULL), 0);
	assert_string_equal(limited.ids, "C B ");
	assert_int_equal(store_ticket_list(s, NULL, NULL, NULL, 0, see_ticket, &stopped, NULL), 0);
	assert_string_equal(stopped.ids, "C ");
	store_close(s);
}

/* ---- runs ---- */

static bool see_line(void *ctx, const char *json, size_t n)
{
	char line[64] = "";

	memcpy(line, json, n);
	return see(ctx, line);
}

static void a_run_is_begun_noted_and_ended_exactly_once(void **state)
{
	struct store *s = open_or_fail();
	struct run_row r = store_dir_run("run-1", "T1", "SN1"), got;
	struct text doc = {0};
	struct seen journal = {0};
	int64_t seq = 0;

	(void)state;
	assert_int_equal(store_run_end(s, "run-1", "pass", 9, "{}", 2, &seq, NULL), ERR_NOT_FOUND);
	assert_int_equal(store_run_note(s, "run-1", "{}", 2, NULL), ERR_NOT_FOUND);
	assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	assert_int_equal(store_dir_begin(s, &r, NULL), ERR_EXISTS);
	assert_int_equal(store_run_note(s, "run-1", "{1}", 3, NULL), 0);
	assert_int_equal(store_run_note(s, "run-1", "{2}", 3, NULL), 0);
	assert_int_equal(store_run_get(s, "run-1", &got, &doc, NULL), 0);
	assert_int_equal(got.seq, 0);
	assert_string_equal(got.verdict, "");
	assert_int_equal(doc.len, 0);
	assert_int_equal(
		store_run_end(s, "run-1", "fail", 9000, "{\"v\":\"\xe4\xb8\xad\"}", 11, &seq, NULL),
		0);
	assert_int_equal(seq, 1);
	assert_int_equal(store_run_end(s, "run-1", "pass", 9001, "{}", 2, NULL, NULL), ERR_EXISTS);
	assert_int_equal(store_run_note(s, "run-1", "{3}", 3, NULL), ERR_STATE);
	assert_int_equal(store_run_get(s, "run-1", &got, &doc, NULL), 0);
	assert_string_equal(got.verdict, "fail");
	assert_int_equal(got.ended_utc_us, 9000);
	assert_true(got.simulated);
	assert_string_equal(doc.buf, "{\"v\":\"\xe4\xb8\xad\"}");
	assert_int_equal(store_run_journal(s, "run-1", see_line, &journal, NULL), 0);
	assert_string_equal(journal.ids, "{1} {2} ");
	text_release(&doc);
	store_close(s);
}

static void a_profile_is_kept_once_and_only_under_its_own_hash(void **state)
{
	struct store *s = open_or_fail();
	struct run_row r = store_dir_run("run-1", "T1", "SN1");
	uint8_t wrong[32] = {1};

	(void)state;
	assert_int_equal(store_run_begin(s, &r, "{}", wrong, "bytes", 5, NULL), ERR_RANGE);
	assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	(void)text_copy(r.id, sizeof(r.id), "run-2");
	assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM profile_revision"), 1);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM run"), 2);
	(void)text_copy(r.id, sizeof(r.id), "../run");
	assert_int_equal(store_dir_begin(s, &r, NULL), ERR_RANGE);
	store_close(s);
}

static bool see_run(void *ctx, const struct run_row *r)
{
	return see(ctx, r->id);
}

static bool see_result(void *ctx, const struct run_row *r, const char *doc, size_t n)
{
	assert_true(n > 0 && doc[0] == '{');
	return see(ctx, r->id);
}

static bool see_open(void *ctx, const struct run_row *r, const char *facts)
{
	assert_string_equal(facts, "{\"facts\":true}");
	return see(ctx, r->id);
}

static void begin_five(struct store *s)
{
	static const char *const ids[] = {"a", "b", "c", "d", "e"};

	for (int i = 0; i < 5; i++) {
		struct run_row r =
			store_dir_run(ids[i], i % 2 ? "T2" : "T1", i % 2 ? "SN2" : "SN1");

		/* The wall clock goes backwards: the order is that of the commits. */
		r.started_utc_us = 100 - i;
		(void)text_copy(r.bay, sizeof(r.bay), i < 3 ? "1" : "2");
		assert_int_equal(store_dir_begin(s, &r, NULL), 0);
	}
}

static void the_results_feed_is_in_commit_order_and_goes_on_at_a_cursor(void **state)
{
	struct store *s = open_or_fail();
	struct seen all = {0}, first = {0}, rest = {0}, open_runs = {0};
	int64_t seq = 0, cursor = 0;

	(void)state;
	begin_five(s);
	assert_int_equal(store_run_end(s, "d", "pass", 1, "{d}", 3, &cursor, NULL), 0);
	assert_int_equal(store_run_end(s, "a", "fail", 1, "{a}", 3, &seq, NULL), 0);
	assert_true(seq > cursor);
	assert_int_equal(store_run_end(s, "c", "pass", 1, "{c}", 3, NULL, NULL), 0);
	assert_int_equal(store_results(s, 0, 100, see_result, &all, NULL), 0);
	assert_string_equal(all.ids, "d a c ");
	assert_int_equal(store_results(s, 0, 1, see_result, &first, NULL), 0);
	assert_string_equal(first.ids, "d ");
	assert_int_equal(store_results(s, cursor, 100, see_result, &rest, NULL), 0);
	assert_string_equal(rest.ids, "a c ");
	assert_int_equal(store_open_runs(s, see_open, &open_runs, NULL), 0);
	assert_string_equal(open_runs.ids, "b e ");
	store_close(s);
}

static void runs_are_listed_newest_first_and_filtered(void **state)
{
	struct store *s = open_or_fail();
	struct seen all = {0}, ticket = {0}, both = {0}, limited = {0};
	int n = 0;

	(void)state;
	begin_five(s);
	assert_int_equal(store_run_list(s, NULL, NULL, NULL, 0, see_run, &all, NULL), 0);
	assert_string_equal(all.ids, "e d c b a ");
	assert_int_equal(store_run_list(s, "T1", NULL, NULL, 0, see_run, &ticket, NULL), 0);
	assert_string_equal(ticket.ids, "e c a ");
	assert_int_equal(store_run_list(s, NULL, "SN1", "1", 0, see_run, &both, NULL), 0);
	assert_string_equal(both.ids, "c a ");
	assert_int_equal(store_run_list(s, NULL, NULL, NULL, 2, see_run, &limited, NULL), 0);
	assert_string_equal(limited.ids, "e d ");
	assert_int_equal(store_run_attempts(s, "T1", "post_repair_qc", &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(store_run_attempts(s, "T1", "diagnosis", &n, NULL), 0);
	assert_int_equal(n, 0);
	store_close(s);
}

static void a_record_that_was_changed_on_disk_is_not_served(void **state)
{
	struct store *s = open_or_fail();
	struct run_row row;
	struct text doc = {0};
	struct error err;
	struct seen feed = {0};

	(void)state;
	fill(s);
	store_close(s);
	raw_exec("DROP TRIGGER run_end_no_update; UPDATE run_end SET doc = '{ }'");
	s = open_or_fail();
	assert_int_equal(store_run_get(s, "run-1", &row, &doc, &err), ERR_IO);
	assert_non_null(strstr(err.text, "hash"));
	assert_int_equal(doc.len, 0);
	assert_int_equal(store_results(s, 0, 10, see_result, &feed, &err), ERR_IO);
	assert_int_equal(feed.count, 0);
	text_release(&doc);
	store_close(s);
}

/* ---- walls ---- */

static const char *const ledgers[] = {
	"meta", "ticket_event", "profile_revision", "run", "run_note", "run_end", "audit"};
enum { LEDGER_COUNT = sizeof(ledgers) / sizeof(ledgers[0]) };
static const char *const ledger_columns[] = {"value", "who", "bytes", "facts",
					     "note",  "doc", "detail"};

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
		"DROP TABLE audit",
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
	assert_null(store_open(dir, &err));
	assert_int_equal(err.code, ERR_BUSY);
	assert_non_null(strstr(err.text, pid));
	child = fork();
	if (child == 0) {
		struct store *other = store_open(dir, &err);

		_exit(!other && err.code == ERR_BUSY && strstr(err.text, pid) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* The refusals have not loosened it. */
	assert_null(store_open(dir, &err));
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
	assert_null(store_open(dir, &err));
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
	assert_null(store_open(dir, &err));
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
	assert_null(store_open(dir, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.text, "not a database"));
}

static void a_migration_keeps_a_verified_copy_and_every_row(void **state)
{
	static const char *const more[] = {"CREATE TABLE later (x TEXT) STRICT", NULL};
	struct schema_step steps[8];
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
	assert_null(store_open(dir, &err));
	assert_int_equal(err.code, ERR_CONFIG);
}

static void a_migration_that_does_not_work_changes_nothing(void **state)
{
	static const char *const broken[] = {"CREATE TABLE later (x TEXT) STRICT",
					     "INSERT INTO nowhere VALUES (1)", NULL};
	struct schema_step steps[8];
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

/* ---- readers ---- */

static void a_reader_sees_each_commit_and_cannot_write(void **state)
{
	struct store *s = open_or_fail();
	struct store *r = store_open_reader(dir, NULL);
	struct ticket t = store_dir_ticket("T9", "SN1"), got;
	struct error err;

	(void)state;
	assert_non_null(r);
	assert_int_equal(store_ticket_get(r, "T9", &got, &err), ERR_NOT_FOUND);
	assert_int_equal(store_ticket_put(s, &t, -1, "li", NULL, &err), 0);
	assert_int_equal(store_ticket_get(r, "T9", &got, &err), 0);
	assert_int_equal(store_ticket_put(r, &t, -1, "li", NULL, &err), ERR_STATE);
	assert_int_equal(store_check(r, &err), 0);
	store_close(r);
	/* The reader's end leaves the writer's locks and log alone. */
	fill(s);
	store_close(s);
}

static void a_folder_without_a_database_has_no_reader(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(store_open_reader(dir, &err));
	assert_int_equal(err.code, ERR_IO);
}

static void the_log_is_checkpointed_before_it_grows_long(void **state)
{
	struct store *s = open_or_fail();
	char note[4000];

	(void)state;
	fill(s);
	memset(note, 'x', sizeof(note));
	for (int i = 0; i < 2500; i++)
		assert_int_equal(store_audit(s, i, "li", "many", "{}", NULL), 0);
	assert_true(s->wal_frames > 0 && s->wal_frames <= 2010);
	assert_int_equal(store_checkpoint(s, NULL), 0);
	assert_int_equal(s->wal_frames, 0);
	store_close(s);
}

/* ---- the end of a process ---- */

struct told {
	volatile int committed;
};

/* Commits rows and tells each, then opens a transaction, writes into it and waits to be killed. */
static void child_commits(struct told *told, int ready_fd)
{
	struct store *s = store_open(dir, NULL);
	struct run_row r = store_dir_run("run-1", "T1", "SN1");

	if (!s || store_dir_begin(s, &r, NULL) < 0)
		_exit(1);
	for (int i = 0; i < 50; i++) {
		if (store_run_note(s, "run-1", "{}", 2, NULL) < 0)
			_exit(1);
		told->committed = i + 1;
	}
	if (db_begin(s, NULL) < 0 ||
	    db_run(s, NULL, "INSERT INTO run_note (run, note) VALUES (1, 'half')", "") < 0 ||
	    write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void a_process_killed_inside_a_transaction_loses_nothing_it_told(void **state)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct store *s;
	struct seen open_runs = {0};
	int fds[2], status;
	char c;
	pid_t child;

	(void)state;
	assert_ptr_not_equal(told, MAP_FAILED);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0)
		child_commits(told, fds[1]);
	(void)close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)close(fds[0]);
	s = open_or_fail();
	assert_false(store_was_clean(s));
	assert_int_equal(store_check(s, NULL), 0);
	assert_int_equal(told->committed, 50);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM run_note"), 50);
	assert_int_equal(count_rows(s, "SELECT count(*) FROM run_note WHERE note = 'half'"), 0);
	assert_int_equal(store_open_runs(s, see_open, &open_runs, NULL), 0);
	assert_string_equal(open_runs.ids, "run-1 ");
	assert_int_equal(store_run_end(s, "run-1", "interrupted", 1, "{}", 2, NULL, NULL), 0);
	store_close(s);
	s = open_or_fail();
	assert_true(store_was_clean(s));
	store_close(s);
	(void)munmap(told, sizeof(*told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_ticket_comes_back_as_it_was_put),
		T(a_change_to_a_version_that_is_gone_is_a_conflict),
		T(a_change_keeps_the_state_and_never_takes_repair_seq_back),
		T(tickets_are_listed_newest_first_and_filtered),
		T(a_run_is_begun_noted_and_ended_exactly_once),
		T(a_profile_is_kept_once_and_only_under_its_own_hash),
		T(the_results_feed_is_in_commit_order_and_goes_on_at_a_cursor),
		T(runs_are_listed_newest_first_and_filtered),
		T(a_record_that_was_changed_on_disk_is_not_served),
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
		T(a_reader_sees_each_commit_and_cannot_write),
		T(a_folder_without_a_database_has_no_reader),
		T(the_log_is_checkpointed_before_it_grows_long),
		T(a_process_killed_inside_a_transaction_loses_nothing_it_told),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
