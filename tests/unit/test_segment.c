/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "link/sample.h"
#include "src/store/columns.h"
#include "tests/fake/store_dir.h"

static char dir[64];
static struct store *store;

static int set_up(void **state)
{
	(void)state;
	store_dir_make(dir);
	store = store_open(dir, NULL);
	return store ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	store_dir_remove(dir);
	return 0;
}

/* A small repeatable source of numbers. */
static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Roughly normal, standard deviation 1. */
static double noise(void)
{
	double sum = 0.0;

	for (int i = 0; i < 12; i++)
		sum += (double)(next_random() >> 11) / 9007199254740992.0;
	return sum - 6.0;
}

struct list {
	struct sample *at;
	int count, cap;
};

static void list_add(struct list *l, struct sample s)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 1024;
		l->at = xrealloc(l->at, (size_t)l->cap * sizeof(*l->at));
	}
	l->at[l->count++] = s;
}

static bool same_sample(const struct sample *a, const struct sample *b)
{
	return a->channel == b->channel && a->quality == b->quality && a->updates == b->updates &&
	       a->raw == b->raw && a->at_ns == b->at_ns &&
	       memcmp(&a->value, &b->value, sizeof(a->value)) == 0;
}

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

static bool count_one(void *ctx, const struct sample *s)
{
	(void)s;
	++*(int *)ctx;
	return true;
}

static void path_of(char dst[128], const char *id, const char *suffix)
{
	(void)snprintf(dst, 128, "%s/segments/%s.%s", dir, id, suffix);
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

static struct segment *open_or_fail(const char *id)
{
	struct error err = {0};
	struct segment *g = segment_open(store, id, "{\"channels\":[]}", &err);

	if (!g)
		fail_msg("%s", err.text);
	return g;
}

/* Bytes of the file at path. */
static int64_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Half an hour on one bay: 24 channels of three kinds, as the devices give them.
 *  8 analog inputs in one reply each 100 ms: 16-bit counts of a 4-20 mA loop, noise of a few counts, slow drift;
 *  a power meter's 8 registers each 500 ms, polled at 10 Hz: most polls bring nothing new;
 *  8 pulse counters and states: raw grows or stays, the value is not a function of raw.
 * Replies come 1 ms (standard deviation) off their grid. */
static void half_an_hour(struct list *l, int seconds)
{
	uint32_t updates[24] = {0};
	int64_t pulses[8] = {0}, power[8] = {0};
	double rate[8] = {0};

	random_state = 88172645463325252u;
	for (int tick = 0; tick < seconds * 10; tick++) {
		int64_t grid_ns = (int64_t)tick * 100000000;
		int64_t t[3];

		for (int d = 0; d < 3; d++)
			t[d] = grid_ns + (d + 1) * 20000000 + (int64_t)(noise() * 1e6);
		for (int c = 0; c < 8; c++) {
			double level = 12000 + 3000 * c + 500 * sin(tick / 3000.0 + c);
			int64_t raw = lrint(level + 3.0 * noise());

			list_add(l, (struct sample){.channel = (uint16_t)c,
						    .quality = QUALITY_GOOD,
						    .updates = ++updates[c],
						    .raw = raw,
						    .value = 0.0 + ((double)raw - 4000.0) *
									   (1.6 - 0.0) / 16000.0,
						    .at_ns = t[0]});
		}
		for (int c = 0; c < 8; c++) {
			if (tick % 5 == 0) {
				power[c] = lrint(2200 + 10 * c + 4.0 * noise());
				updates[8 + c]++;
			}
			list_add(l, (struct sample){.channel = (uint16_t)(8 + c),
						    .quality = QUALITY_GOOD,
						    .updates = updates[8 + c],
						    .raw = power[c],
						    .value = (double)power[c] * 0.1,
						    .at_ns = t[1]});
		}
		for (int c = 0; c < 8; c++) {
			if (c < 2) {
				int64_t more = lrint(8 + noise());

				pulses[c] += more;
				rate[c] = (double)more / 0.1 * 60.0 / 450.0;
				updates[16 + c]++;
			}
			list_add(l, (struct sample){.channel = (uint16_t)(16 + c),
						    .quality = QUALITY_GOOD,
						    .updates = updates[16 + c],
						    .raw = pulses[c],
						    .value = rate[c],
						    .at_ns = t[2]});
		}
	}
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

static struct sample wild_sample(void)
{
	static const double values[] = {0.0, -0.0, 1.0, 1e-310, 1e308, -1e308};
	struct sample s = {
		.channel = (uint16_t)(next_random() % 5 ? next_random() % 4 : next_random()),
		.quality = (uint8_t)(next_random() % 256),
		.updates = (uint32_t)next_random(),
		.raw = (int64_t)next_random(),
		.at_ns = (int64_t)next_random()};
	uint64_t bits = next_random();

	memcpy(&s.value, &bits, sizeof(bits)); /* NaNs of every kind among them */
	if (next_random() % 4 == 0)
		s.value = values[next_random() % 6];
	if (next_random() % 4 == 0)
		s.raw = next_random() % 2 ? INT64_MIN : INT64_MAX;
	if (next_random() % 8 == 0)
		s.value = next_random() % 2 ? (double)NAN : (double)INFINITY;
	return s;
}

static void any_samples_come_back_bit_for_bit(void **state)
{
	(void)state;
	random_state = 42;
	for (int round = 0; round < 50; round++) {
		struct text block = {0};
		struct sample in[300], *out;
		int n = 1 + (int)(next_random() % 300), m;

		for (int i = 0; i < n; i++)
			in[i] = wild_sample();
		columns_encode(in, n, 3, &block);
		assert_int_equal(columns_decode(block.buf, block.len, &out, &m), 0);
		assert_int_equal(m, n);
		for (int i = 0; i < n; i++)
			assert_true(same_sample(&in[i], &out[i]));
		free(out);
		text_release(&block);
	}
}

static void a_damaged_block_is_refused_or_decoded_within_bounds(void **state)
{
	struct text block = {0};
	struct sample in[200], *out;
	int refused = 0, m;

	(void)state;
	random_state = 7;
	for (int i = 0; i < 200; i++)
		in[i] = wild_sample();
	columns_encode(in, 200, 3, &block);
	for (size_t cut = 0; cut < block.len; cut++)
		assert_int_equal(columns_decode(block.buf, cut, &out, &m), ERR_SYNTAX);
	for (size_t i = 0; i < block.len; i++) {
		block.buf[i] ^= (char)(1 << next_random() % 8);
		if (columns_decode(block.buf, block.len, &out, &m) < 0)
			refused++;
		else
			free(out);
		block.buf[i] ^= (char)(next_random() & 0x7f);
	}
	assert_true(refused > 0);
	text_release(&block);
}

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
		T(any_samples_come_back_bit_for_bit),
		T(a_damaged_block_is_refused_or_decoded_within_bounds),
		T(a_torn_end_costs_only_the_frame_it_is_in),
		T(a_finished_trace_with_any_byte_changed_or_cut_is_no_whole_trace),
		T(a_finished_trace_without_one_of_its_frames_is_no_whole_trace),
		T(a_run_has_one_trace_and_its_name_stays_in_the_folder),
		T(a_trace_without_samples_can_be_finished),
		T(another_file_is_no_trace),
		T(a_reader_may_stop_early),
		T(the_checksum_is_the_standard_one),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
