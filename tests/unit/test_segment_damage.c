/* SPDX-License-Identifier: MIT
 *
 * Traces that are torn, changed or cut.
 */
#include <fcntl.h>

#include "src/store/columns.h"
#include "tests/unit/segment_bench.h"

static void a_torn_end_costs_only_the_frame_it_is_in(void **state)
{
	struct list l = {0};
	struct segment *g = open_or_fail("run-1");
	char seg[128];
	int64_t whole, before;

	(void)state;
	half_an_hour(&l, 2);
	assert_int_equal(segment_append(g, l.at, 240, NULL), 0);
	assert_int_equal(segment_sync(g, NULL), 0);
	path_of(seg, "run-1", "seg");
	before = size_of(seg);
	assert_int_equal(segment_append(g, &l.at[240], 240, NULL), 0);
	assert_int_equal(segment_sync(g, NULL), 0);
	whole = size_of(seg);
	segment_drop(g);
	for (int64_t cut = whole - 1; cut >= before; cut--) {
		int n = 0;
		uint64_t torn = 0;

		assert_int_equal(truncate(seg, cut), 0);
		assert_int_equal(segment_read(seg, NULL, count_one, &n, &torn, NULL), 0);
		assert_int_equal(n, 240);
		assert_int_equal(torn, cut - before);
	}
	/* Down to nothing: never more than there is, never a failure. */
	for (int64_t cut = before - 1; cut >= 0; cut--) {
		int n = 0;
		uint64_t torn = 0;

		assert_int_equal(truncate(seg, cut), 0);
		assert_int_equal(segment_read(seg, NULL, count_one, &n, &torn, NULL), 0);
		assert_int_equal(n, 0);
		assert_true((int64_t)torn <= cut);
	}
	free(l.at);
}

static void flip(const char *path, int64_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char c;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	(void)close(fd);
}

static void a_finished_trace_with_any_byte_changed_or_cut_is_no_whole_trace(void **state)
{
	struct list l = {0};
	struct segment *g = open_or_fail("run-1");
	char col[128], hex[65];
	int64_t size;

	(void)state;
	half_an_hour(&l, 1);
	assert_int_equal(segment_append(g, l.at, l.count, NULL), 0);
	assert_int_equal(segment_finish(g, hex, NULL), 0);
	path_of(col, "run-1", "col");
	size = size_of(col);
	for (int64_t at = 0; at < size; at++) {
		int n = 0;
		uint64_t torn = 0;

		flip(col, at);
		assert_int_equal(segment_read(col, NULL, count_one, &n, &torn, NULL), ERR_SYNTAX);
		flip(col, at);
	}
	assert_int_equal(truncate(col, size - 21), 0); /* without its end, at a frame's edge */
	assert_int_equal(segment_read(col, NULL, count_one, &(int){0}, NULL, NULL), ERR_SYNTAX);
	free(l.at);
}

static void a_finished_trace_without_one_of_its_frames_is_no_whole_trace(void **state)
{
	struct list l = {0};
	struct segment *g = open_or_fail("run-1");
	char col[128], hex[65], *bytes;
	size_t n, head = 8, block;
	FILE *f;

	(void)state;
	half_an_hour(&l, 1);
	assert_int_equal(segment_append(g, l.at, l.count, NULL), 0);
	assert_int_equal(segment_finish(g, hex, NULL), 0);
	path_of(col, "run-1", "col");
	assert_int_equal(text_read_file(col, 1 << 24, &bytes, &n, NULL), 0);
	/* The samples' frame stands behind the header's; every frame left is whole. */
	head += 9 + bytes_get((const uint8_t *)bytes + head, 4);
	block = 9 + bytes_get((const uint8_t *)bytes + head, 4);
	f = fopen(col, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, head, f), head);
	assert_int_equal(fwrite(bytes + head + block, 1, n - head - block, f), n - head - block);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(segment_read(col, NULL, count_one, &(int){0}, NULL, NULL), ERR_SYNTAX);
	free(bytes);
	free(l.at);
}

static void another_file_is_no_trace(void **state)
{
	char path[128];
	struct error err = {0};

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/benchd.txt", dir);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	(void)fputs("what is this\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(segment_read(path, NULL, count_one, &(int){0}, NULL, &err), ERR_SYNTAX);
	assert_int_equal(segment_read("/nonexistent", NULL, count_one, &(int){0}, NULL, &err),
			 ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_torn_end_costs_only_the_frame_it_is_in),
		T(a_finished_trace_with_any_byte_changed_or_cut_is_no_whole_trace),
		T(a_finished_trace_without_one_of_its_frames_is_no_whole_trace),
		T(another_file_is_no_trace),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
