/* SPDX-License-Identifier: MIT
 *
 * Backups: made beside a writer at work, kept by number, never half there.
 */
#include "tests/unit/store_bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/backup.h"
#include "store/chain.h"

static char folder[256];

static void fill_chain(struct store *s, int n)
{
	struct chain_item item = {.type = "note", .data = "{\"text\":\"one of many\"}", .n = 22};

	for (int i = 0; i < n; i++)
		assert_int_equal(store_chain_add(s, &item, 1 + i, NULL, NULL), 0);
}

static int backups(void)
{
	char command[600], line[32] = "";
	FILE *f;

	snprintf(command, sizeof(command), "ls -d %s/benchd-* 2>/dev/null | wc -l", folder);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	return atoi(line);
}

static int set_up_folder(void **state)
{
	int rc = set_up(state);

	snprintf(folder, sizeof(folder), "%s.copies", dir);
	return rc;
}

static int tear_down_folder(void **state)
{
	char command[300];

	store_set_io(NULL);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) || tear_down(state);
}

struct writing {
	struct store *store;
	atomic_bool stop;
	int64_t written;
};

static void *write_on(void *ctx)
{
	struct writing *w = ctx;

	while (!atomic_load(&w->stop)) {
		fill_chain(w->store, 1);
		w->written++;
	}
	return NULL;
}

static void backup_beside_a_writer_is_whole(void **state)
{
	struct store *s = open_or_fail(), *r;
	struct writing w = {.store = s};
	struct backup_info info, again;
	struct error err = {0};
	pthread_t thread;

	(void)state;
	fill_chain(s, 200);
	r = store_open_reader(dir, NULL);
	assert_non_null(r);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
	for (int i = 0; i < 5; i++) {
		if (store_backup(r, folder, (int64_t)(i + 1) * 1000000, &info, &err))
			fail_msg("%s", err.text);
		assert_true(info.items > 200);
		assert_int_equal(store_backup_check(folder, info.name, &again, &err), 0);
		assert_int_equal(again.items, info.items);
	}
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	assert_true(w.written > 0);
	store_close(r);
	store_close(s);
}

static void the_newest_ones_are_kept(void **state)
{
	struct store *s = open_or_fail();
	struct backup_info info, newest;

	(void)state;
	for (int i = 1; i <= 4; i++)
		assert_int_equal(store_backup(s, folder, i * INT64_C(1000000), &info, NULL), 0);
	assert_int_equal(backups(), 4);
	assert_int_equal(store_backup_prune(folder, 2, NULL), 0);
	assert_int_equal(backups(), 2);
	assert_int_equal(store_backup_newest(folder, &newest, NULL), 0);
	assert_string_equal(newest.name, info.name);
	assert_int_equal(newest.made_utc_us, 4000000);
	store_close(s);
}

static int calls_left;

static bool is_refused(void)
{
	if (calls_left-- != 0)
		return false;
	errno = EIO;
	return true;
}

static ssize_t refusing_write(int fd, const void *p, size_t n)
{
	return is_refused() ? -1 : write(fd, p, n);
}

static int refusing_fsync(int fd)
{
	return is_refused() ? -1 : fsync(fd);
}

static int refusing_rename(const char *from, const char *to)
{
	return is_refused() ? -1 : rename(from, to);
}

/* The n-th write, sync or renaming fails, for every n: what has a backup's name is one. */
static void a_backup_that_fails_is_not_there(void **state)
{
	static const struct store_io io = {.write = refusing_write,
					   .fdatasync = refusing_fsync,
					   .fsync = refusing_fsync,
					   .rename = refusing_rename};
	struct store *s = open_or_fail();
	struct backup_info info, found;
	bool hit = true;

	(void)state;
	fill_chain(s, 3);
	for (int n = 0; hit; n++) {
		struct error err = {0};
		int rc;

		store_set_io(&io);
		calls_left = n;
		rc = store_backup(s, folder, (n + 1) * INT64_C(1000000), &info, &err);
		hit = calls_left < 0;
		store_set_io(NULL);
		assert_int_equal(rc < 0, hit);
		if (store_backup_newest(folder, &found, NULL) == 0)
			assert_int_equal(store_backup_check(folder, found.name, &found, NULL), 0);
		assert_true(n < 100);
	}
	store_close(s);
}

static void a_changed_backup_is_told(void **state)
{
	struct store *s = open_or_fail();
	struct backup_info info;
	struct error err = {0};
	char command[600];

	(void)state;
	fill_chain(s, 3);
	assert_int_equal(store_backup(s, folder, 1000000, &info, NULL), 0);
	snprintf(command, sizeof(command), "printf x >>%s/%s/benchd.db", folder, info.name);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_backup_check(folder, info.name, &info, &err), ERR_IO);
	assert_non_null(strstr(err.text, "not the bytes"));
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_folder, tear_down_folder)
		T(backup_beside_a_writer_is_whole),
		T(the_newest_ones_are_kept),
		T(a_backup_that_fails_is_not_there),
		T(a_changed_backup_is_told),
#undef T
	};

	return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
