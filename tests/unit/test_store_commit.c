/* SPDX-License-Identifier: MIT
 *
 * What is committed: seen by readers, checkpointed, and there after the process was killed.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/unit/store_bench.h"

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
	struct store *s = store_open(dir, 0, NULL);
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
		T(a_reader_sees_each_commit_and_cannot_write),
		T(a_folder_without_a_database_has_no_reader),
		T(the_log_is_checkpointed_before_it_grows_long),
		T(a_process_killed_inside_a_transaction_loses_nothing_it_told),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
