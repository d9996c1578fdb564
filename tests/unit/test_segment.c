/* SPDX-License-Identifier: MIT */
#include "src/store/columns.h"
#include "tests/unit/segment_bench.h"

struct compare {
	const struct list *want;
	int count;
	bool differs;
};

static bool compare_one(void *ctx, const struct sample *s)
{
	struct compare *c = ctx;

	c->differs = c->differs || c->count >= c->want->count ||
		     !same_sample(s, &c->want->at[c->count]);
	c->count++;
	return true;
}

static void expect_same(const char *path, const struct list *want)
{
	struct compare c = {.want = want};
	struct error err = {0};
	uint64_t torn = 99;

	if (segment_read(path, NULL, compare_one, &c, &torn, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(c.differs);
	assert_int_equal(c.count, want->count);
	assert_int_equal(torn, 0);
}

static void a_finished_trace_is_exact_and_small(void **state)
{
	struct list l = {0};
	struct segment *g = open_or_fail("run-1");
	char seg[128], col[128], found[128], hex[65], want[65], *bytes;
	uint8_t hash[32];
	double live, finished;
	size_t n;
	struct text header = {0};
	int count = 0;

	(void)state;
	half_an_hour(&l, 1800);
	/* As it comes: a batch each 100 ms, a sync each 5 s. */
	for (int i = 0; i < l.count; i += 24) {
		assert_int_equal(segment_append(g, &l.at[i], 24, NULL), 0);
		if (i % (24 * 50) == 0)
			assert_int_equal(segment_sync(g, NULL), 0);
	}
	assert_int_equal(segment_sync(g, NULL), 0);
	path_of(seg, "run-1", "seg");
	path_of(col, "run-1", "col");
	live = (double)size_of(seg) / l.count;
	assert_int_equal(segment_finish(g, hex, NULL), 0);
	finished = (double)size_of(col) / l.count;
	print_message("%d samples: %.3f bytes each while live, %.3f finished\n", l.count, live,
		      finished);
	assert_true(finished <= 1.5);
	assert_int_equal(access(seg, F_OK), -1);
	expect_same(col, &l);
	assert_int_equal(segment_path(store, "run-1", found, sizeof(found), NULL), 0);
	assert_string_equal(found, col);
	assert_int_equal(segment_read(col, &header, count_one, &count, NULL, NULL), 0);
	assert_string_equal(header.buf, "{\"channels\":[]}");
	/* The hash is that of the file, as sha256sum would say it. */
	assert_int_equal(text_read_file(col, 1 << 24, &bytes, &n, NULL), 0);
	text_sha256(hash, bytes, n);
	text_hex(want, hash, sizeof(hash));
	assert_string_equal(hex, want);
	free(bytes);
	free(l.at);
	text_release(&header);
}

static void a_run_has_one_trace_and_its_name_stays_in_the_folder(void **state)
{
	struct error err = {0};
	struct segment *g = open_or_fail("run-1");
	char path[128];

	(void)state;
	assert_null(segment_open(store, "run-1", "{}", &err));
	assert_int_equal(err.code, ERR_EXISTS);
	assert_null(segment_open(store, "../run-2", "{}", &err));
	assert_int_equal(err.code, ERR_RANGE);
	assert_null(segment_open(store, ".hidden", "{}", &err));
	assert_null(segment_open(store, "", "{}", &err));
	assert_int_equal(segment_path(store, "run-1", path, sizeof(path), NULL), 0);
	assert_int_equal(segment_path(store, "run-2", path, sizeof(path), &err), ERR_NOT_FOUND);
	assert_int_equal(segment_path(store, "../lock", path, sizeof(path), &err), ERR_NOT_FOUND);
	segment_drop(g);
	segment_drop(NULL);
}

static void a_trace_without_samples_can_be_finished(void **state)
{
	struct segment *g = open_or_fail("run-1");
	char col[128], hex[65];
	struct list none = {0};

	(void)state;
	assert_int_equal(segment_finish(g, hex, NULL), 0);
	path_of(col, "run-1", "col");
	expect_same(col, &none);
}

static bool stop_at_ten(void *ctx, const struct sample *s)
{
	(void)s;
	return ++*(int *)ctx < 10;
}

static void a_reader_may_stop_early(void **state)
{
	struct list l = {0};
	struct segment *g = open_or_fail("run-1");
	char col[128], hex[65];
	int n = 0;
	uint64_t torn = 5;

	(void)state;
	half_an_hour(&l, 2);
	assert_int_equal(segment_append(g, l.at, l.count, NULL), 0);
	assert_int_equal(segment_finish(g, hex, NULL), 0);
	path_of(col, "run-1", "col");
	assert_int_equal(segment_read(col, NULL, stop_at_ten, &n, &torn, NULL), 0);
	assert_int_equal(n, 10);
	assert_int_equal(torn, 0);
	free(l.at);
}

static void the_checksum_is_the_standard_one(void **state)
{
	(void)state;
	/* The check value of CRC-32/ISO-HDLC. */
	assert_int_equal(bytes_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(bytes_crc32(bytes_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_finished_trace_is_exact_and_small),
		T(a_run_has_one_trace_and_its_name_stays_in_the_folder),
		T(a_trace_without_samples_can_be_finished),
		T(a_reader_may_stop_early),
		T(the_checksum_is_the_standard_one),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
