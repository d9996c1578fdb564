/* SPDX-License-Identifier: MIT
 *
 * The disk fails at the n-th write, sync, truncation, removal or renaming, for n = 1, 2, ... until none is left to
 * fail. After each: whatever was acknowledged is there, the database opens and is whole, the next run works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "link/sample.h"
#include "src/store/db.h"
#include "store/chain.h"
#include "store/keep.h"
#include "tests/fake/disk_fault.c"
#include "tests/fake/store_dir.h"
#include "tests/fake/sanitized.h"

/* What the store acknowledged, in memory that outlives a killed child. */
struct told {
	volatile int64_t ticket_version;
	volatile int begun, notes, ended, audits;
	volatile int segment_open, samples, finished;
	volatile int acted_after_failure;
	char hash[65];
};

static struct told *told;
static char dir[64];
enum { NOTES = 3, SAMPLES = 40 };

static const char DOC[] = "{\"verdict\":\"pass\"}";

static struct sample sample_at(int i)
{
	return (struct sample){.channel = (uint16_t)(i % 4),
			       .quality = QUALITY_GOOD,
			       .updates = (uint32_t)i,
			       .raw = i * 7,
			       .value = i * 0.7,
			       .at_ns = i * INT64_C(1000000)};
}

static void trace(struct store *s)
{
	struct segment *g = segment_open(s, "run-1", "{\"channels\":4}", NULL);
	char hash[65];

	if (!g)
		return;
	told->segment_open = 1;
	for (int i = 0; i < SAMPLES; i++) {
		struct sample one = sample_at(i);

		if (segment_append(g, &one, 1, NULL) < 0 ||
		    (i % 10 == 9 && segment_sync(g, NULL) < 0)) {
			/* Final: once it failed, it does not come back. */
			if (segment_sync(g, NULL) == 0)
				told->acted_after_failure = 1;
			segment_drop(g);
			return;
		}
		if (i % 10 == 9)
			told->samples = i + 1;
	}
	if (segment_finish(g, hash, NULL) == 0) {
		memcpy(told->hash, hash, sizeof(hash));
		told->finished = 1;
	}
}

static int put_ticket(struct store *s, int priority)
{
	struct ticket t = store_dir_ticket("T1", "SN1");
	int64_t version;

	t.priority = priority;
	if (store_ticket_put(s, &t, -1, "li", &version, NULL) < 0)
		return ERR_STORE;
	told->ticket_version = version;
	return 0;
}

/* A day of the store in small. Stops where a call fails. */
static int work(struct store *s)
{
	struct run_row r = store_dir_run("run-1", "T1", "SN1");

	if (put_ticket(s, 1) < 0 || put_ticket(s, 2) < 0)
		return ERR_STORE;
	if (store_dir_begin(s, &r, NULL) < 0)
		return ERR_STORE;
	told->begun = 1;
	for (int i = 0; i < NOTES; i++) {
		if (store_run_note(s, "run-1", "{}", 2, NULL) < 0)
			return ERR_STORE;
		told->notes = i + 1;
	}
	s->wal_frames = 1000; /* long enough for store_checkpoint to act */
	if (store_checkpoint(s, NULL) < 0)
		return ERR_STORE;
	trace(s);
	if (store_run_end(s, "run-1", "pass", 9, DOC, sizeof(DOC) - 1, NULL, NULL) < 0)
		return ERR_STORE;
	told->ended = 1;
	if (store_audit(s, 1, "li", "done", "{}", NULL) < 0)
		return ERR_STORE;
	told->audits = 1;
	return 0;
}

static void scenario(void)
{
	struct store *s = store_open(dir, 0, NULL);

	if (!s)
		return;
	/* A failure is final for this store. */
	if (work(s) < 0 && store_audit(s, 2, "li", "after", "{}", NULL) == 0)
		told->acted_after_failure = 1;
	store_close(s);
}

static bool count_line(void *ctx, const char *json, size_t n)
{
	(void)json;
	(void)n;
	++*(int *)ctx;
	return true;
}

static bool check_sample(void *ctx, const struct sample *s)
{
	int *n = ctx;
	struct sample want = sample_at((*n)++);

	assert_int_equal(s->channel, want.channel);
	assert_int_equal(s->raw, want.raw);
	assert_int_equal(s->at_ns, want.at_ns);
	assert_memory_equal(&s->value, &want.value, sizeof(want.value));
	return true;
}

static void check_trace(struct store *s)
{
	uint8_t hash[32];
	char path[128], hex[65], *bytes;
	int n = 0;
	size_t size;

	if (!told->segment_open)
		return;
	assert_int_equal(segment_path(s, "run-1", path, sizeof(path), NULL), 0);
	assert_int_equal(segment_read(path, NULL, check_sample, &n, NULL, NULL), 0);
	assert_true(n >= told->samples);
	if (!told->finished)
		return;
	assert_int_equal(n, SAMPLES);
	assert_int_equal(text_read_file(path, 1 << 20, &bytes, &size, NULL), 0);
	text_sha256(hash, bytes, size);
	text_hex(hex, hash, sizeof(hash));
	assert_string_equal(hex, told->hash);
	free(bytes);
}

static void check_records(struct store *s)
{
	struct ticket t;
	struct run_row row;
	struct text doc = {0};
	int notes = 0;

	if (told->ticket_version) {
		assert_int_equal(store_ticket_get(s, "T1", &t, NULL), 0);
		assert_true(t.version >= told->ticket_version);
		assert_int_equal(t.priority, t.version);
	}
	if (!told->begun)
		return;
	assert_int_equal(store_run_journal(s, "run-1", count_line, &notes, NULL), 0);
	assert_true(notes >= told->notes);
	assert_int_equal(store_run_get(s, "run-1", &row, &doc, NULL), 0);
	if (told->ended)
		assert_int_not_equal(row.seq, 0);
	if (row.seq)
		assert_string_equal(doc.buf, DOC);
	text_release(&doc);
}

/* All that was acknowledged is there; and the station goes on. */
static void check_after(long n)
{
	struct error err = {0};
	struct store *s = store_open(dir, 0, &err);
	struct run_row r = store_dir_run("run-2", "T1", "SN1");
	struct segment *g;
	struct sample one = sample_at(0);
	char hash[65];

	if (!s)
		fail_msg("after fault %ld: %s", n, err.text);
	if (store_check(s, &err) < 0)
		fail_msg("after fault %ld: %s", n, err.text);
	assert_false(told->acted_after_failure);
	check_records(s);
	check_trace(s);
	assert_int_equal(store_dir_begin(s, &r, &err), 0);
	g = segment_open(s, "run-2", "{}", &err);
	assert_non_null(g);
	assert_int_equal(segment_append(g, &one, 1, &err), 0);
	assert_int_equal(segment_finish(g, hash, &err), 0);
	assert_int_equal(store_run_end(s, "run-2", "pass", 9, DOC, sizeof(DOC) - 1, NULL, &err), 0);
	store_close(s);
}

static void kill_child_at(long n, bool *came)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		disk_fault_arm(n, DISK_FAULT_KILL);
		scenario();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	*came = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	assert_true(*came || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static void fail_every(enum disk_fault kind)
{
	bool came = true;
	long n;

	for (n = 1; came; n += SANITIZED_STRIDE) {
		memset(told, 0, sizeof(*told));
		store_dir_make(dir);
		/* An error and a kill also meet the database's creation. */
		if (kind == DISK_FAULT_BROKEN || kind == DISK_FAULT_FULL)
			store_close(store_open(dir, 0, NULL));
		if (kind == DISK_FAULT_KILL) {
			kill_child_at(n, &came);
		} else {
			disk_fault_arm(n, kind);
			scenario();
			came = disk_fault_disarm();
		}
		if (!came) {
			/* Without a fault everything was done. */
			assert_true(told->audits && told->ended && told->finished);
			assert_int_equal(told->samples, SAMPLES);
		}
		check_after(n);
		temp_dir_remove(dir);
	}
	print_message("%ld operations failed in turn\n", n - 2);
	assert_true(n > 40);
}

static void one_io_error_loses_nothing_acknowledged(void **state)
{
	(void)state;
	fail_every(DISK_FAULT_ONCE);
}

static void a_disk_that_breaks_loses_nothing_acknowledged(void **state)
{
	(void)state;
	fail_every(DISK_FAULT_BROKEN);
}

static void a_disk_that_fills_up_loses_nothing_acknowledged(void **state)
{
	(void)state;
	fail_every(DISK_FAULT_FULL);
}

static void a_kill_in_the_middle_of_any_write_loses_nothing_acknowledged(void **state)
{
	(void)state;
	fail_every(DISK_FAULT_KILL);
}

/* ---- migration ---- */

static const char *const later[] = {"CREATE TABLE later (x TEXT) STRICT",
				    "INSERT INTO later VALUES ('y')", NULL};

static int migrate(struct store *s)
{
	struct schema_step steps[16] = {{0}};
	int n = schema_step_count();

	(void)sqlite3_set_authorizer(s->db, NULL, NULL);
	memcpy(steps, schema_steps, sizeof(steps[0]) * (size_t)n);
	steps[n].sql = later;
	return schema_migrate(s, steps, n + 1, NULL);
}

/* user_version, and how many tables are called later: together or not at all. */
static void check_all_or_nothing(bool done)
{
	struct error err = {0};
	char path[96];
	sqlite3 *db;
	sqlite3_stmt *st;
	int version, tables;

	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT user_version, (SELECT count(*) FROM"
					    " sqlite_schema WHERE name = 'later')"
					    " FROM pragma_user_version",
					    -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	version = sqlite3_column_int(st, 0);
	tables = sqlite3_column_int(st, 1);
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(version, schema_step_count() + tables);
	if (done)
		assert_int_equal(tables, 1);
	if (tables == 0) {
		struct store *s = store_open(dir, 0, &err);

		assert_non_null(s);
		check_records(s);
		assert_int_equal(migrate(s), 0);
		store_close(s);
	}
}

static void a_migration_is_done_whole_or_not_at_all(void **state)
{
	bool came = true;
	long n;

	(void)state;
	for (n = 1; came; n += SANITIZED_STRIDE) {
		struct store *s;
		int rc;

		memset(told, 0, sizeof(*told));
		store_dir_make(dir);
		scenario();
		assert_true(told->ended);
		s = store_open(dir, 0, NULL);
		assert_non_null(s);
		disk_fault_arm(n, DISK_FAULT_BROKEN);
		rc = migrate(s);
		came = disk_fault_disarm();
		store_close(s);
		check_all_or_nothing(rc == 0);
		temp_dir_remove(dir);
	}
	assert_true(n > 10);
}

/* ---- what is not kept for ever ---- */

/* One run with its trace, old by the line of store_keep_find below. */
static void make_old(void)
{
	struct store *s;

	store_dir_make(dir);
	s = store_open(dir, 0, NULL);
	assert_non_null(s);
	assert_int_equal(work(s), 0);
	assert_true(told->finished);
	store_close(s);
}

static int prune(void)
{
	struct store *s = store_open(dir, 0, NULL);
	struct keep_trace found[4];
	int n = 0, rc = s ? store_keep_find(s, 2, found, 4, &n, NULL) : ERR_STORE;

	if (rc == 0)
		rc = store_keep_record(s, found, n, "store.keep_traces_days: 1", 20, NULL);
	if (rc == 0)
		rc = store_keep_remove(s, found, n, NULL);
	store_close(s);
	return rc;
}

static bool count_item(void *ctx, const struct chain_row *r)
{
	(void)r;
	++*(int *)ctx;
	return true;
}

/* How often the chain tells that it went; gone: its file is not there. */
static int told_pruned(bool *gone)
{
	struct chain_filter f = {.run = "run-1", .type = "trace_pruned"};
	struct store *s = store_open(dir, 0, NULL);
	char path[128];
	int n = 0;

	assert_non_null(s);
	assert_int_equal(store_chain_list(s, &f, count_item, &n, NULL), 0);
	*gone = segment_path(s, "run-1", path, sizeof(path), NULL) == ERR_NOT_FOUND;
	store_close(s);
	return n;
}

static bool prune_with_fault(long n, enum disk_fault kind)
{
	int status = 0;
	pid_t child;

	if (kind != DISK_FAULT_KILL) {
		disk_fault_arm(n, kind);
		(void)prune();
		return disk_fault_disarm();
	}
	child = fork();
	if (child == 0) {
		disk_fault_arm(n, kind);
		(void)prune();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void a_trace_goes_recorded_once_whatever_the_disk_does(void **state)
{
	static const enum disk_fault kinds[] = {DISK_FAULT_ONCE, DISK_FAULT_KILL};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		bool came = true, gone;
		long n;

		for (n = 1; came; n += SANITIZED_STRIDE) {
			int items;

			memset(told, 0, sizeof(*told));
			make_old();
			came = prune_with_fault(n, kinds[k]);
			items = told_pruned(&gone);
			if (items > 1 || (gone && items == 0) || (!came && !gone))
				fail_msg("fault %d at %ld: %d items, the trace is %s",
					 (int)kinds[k], n, items, gone ? "gone" : "there");
			/* what was left undone is done the next day, and told once */
			assert_int_equal(prune(), 0);
			assert_int_equal(told_pruned(&gone), 1);
			assert_true(gone);
			temp_dir_remove(dir);
		}
		print_message("%ld operations failed in turn\n", n - 2);
		assert_true(n > 6);
	}
}

static int make_told(void **state)
{
	(void)state;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	disk_fault_install();
	return told == MAP_FAILED ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_io_error_loses_nothing_acknowledged),
		cmocka_unit_test(a_disk_that_breaks_loses_nothing_acknowledged),
		cmocka_unit_test(a_disk_that_fills_up_loses_nothing_acknowledged),
		cmocka_unit_test(a_kill_in_the_middle_of_any_write_loses_nothing_acknowledged),
		cmocka_unit_test(a_migration_is_done_whole_or_not_at_all),
		cmocka_unit_test(a_trace_goes_recorded_once_whatever_the_disk_does),
	};

	return cmocka_run_group_tests(tests, make_told, NULL);
}
