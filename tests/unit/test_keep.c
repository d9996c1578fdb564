/* SPDX-License-Identifier: MIT
 *
 * What goes by age: only what the records themselves show to be old, never by the word of a clock, and
 * never without an item of the chain.
 */
#include "tests/unit/store_bench.h"

#include <jansson.h>

#include "base/json.h"
#include "store/chain.h"
#include "store/keep.h"
#include "tests/fake/mkstore.h"

#define DAY  INT64_C(86400000000)
#define YEAR (365 * DAY)
#define NOW  INT64_C(1795000000000000) /* November 2026 */
#define KEEP (3 * YEAR)
#define RULE "store.keep_traces_days: 1095"

static char path[256];

static void put_run(struct store *s, const char *id, int64_t ended)
{
	struct mkstore_run r = {
		.id = id, .ticket = id, .serial = id, .verdict = "pass", .ended_utc_us = ended};

	assert_int_equal(mkstore_put_run(s, &r, NULL), 0);
}

/* A file where the trace of that run stands. */
static const char *trace_of(const char *run)
{
	(void)snprintf(path, sizeof(path), "%s/segments/%s.col", dir, run);
	return path;
}

static bool has_trace(const char *run)
{
	return access(trace_of(run), F_OK) == 0;
}

static void put_trace(const char *run)
{
	FILE *f = fopen(trace_of(run), "w");

	assert_non_null(f);
	(void)fputs("trace", f);
	(void)fclose(f);
}

/* r-0 four years and some ago, then one every 30 days until now; each with its trace. */
static struct store *five_years(void)
{
	struct store *s = open_or_fail();
	char id[16];
	int k = 0;

	for (int64_t at = NOW - 5 * YEAR; at < NOW; at += 30 * DAY) {
		(void)snprintf(id, sizeof(id), "r-%d", k++);
		put_run(s, id, at);
		put_trace(id);
	}
	return s;
}

static int64_t line_at(struct store *s, int64_t now, char why[160])
{
	int64_t seq = -1;
	char run[37];

	assert_int_equal(store_keep_line(s, now, KEEP, &seq, run, why, NULL), 0);
	return seq;
}

/* All that the worker does; how many went. */
static int prune(struct store *s, int64_t now)
{
	static struct keep_trace at[100];
	int64_t line = line_at(s, now, NULL);
	int n = 0, went = 0;

	assert_int_equal(store_keep_find(s, line, at, 100, &n, NULL), 0);
	assert_int_equal(store_keep_record(s, at, n, RULE, now, NULL), 0);
	assert_int_equal(store_keep_remove(s, at, n, NULL), 0);
	for (int i = 0; i < n; i++)
		went += at[i].go;
	return went;
}

static void traces_older_than_what_is_kept_go_and_the_chain_says_so(void **state)
{
	struct store *s = five_years();
	struct text data = {0};
	struct run_row row;
	int64_t at = 0;

	(void)state;
	/* 730 days and a little before the line: 25 runs */
	assert_int_equal(prune(s, NOW), 25);
	assert_false(has_trace("r-0"));
	assert_false(has_trace("r-24"));
	assert_true(has_trace("r-25"));
	assert_int_equal(store_trace_pruned(s, "r-24", &at, &data, NULL), 0);
	assert_int_equal(at, NOW);
	assert_non_null(strstr(data.buf, "\"bytes\":5,"));
	assert_non_null(strstr(data.buf, RULE));
	assert_int_equal(store_trace_pruned(s, "r-25", &at, NULL, NULL), ERR_NOT_FOUND);
	text_clear(&data);
	assert_int_equal(store_run_get(s, "r-0", &row, &data, NULL), 0); /* the result stays */
	assert_string_equal(row.verdict, "pass");
	assert_int_equal(prune(s, NOW), 0);
	assert_int_equal(store_chain_check(s, NULL), 0);
	text_release(&data);
	store_close(s);
}

static void a_clock_that_jumped_ahead_takes_nothing(void **state)
{
	static const int64_t ahead[] = {YEAR, 3 * YEAR, 10 * YEAR, 50 * YEAR};
	struct store *s = five_years();
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		assert_int_equal(line_at(s, NOW + ahead[i], why), 0);
		assert_non_null(strstr(why, "do not show"));
		assert_int_equal(prune(s, NOW + ahead[i]), 0);
	}
	/* and it stays so when runs are recorded with that clock */
	put_run(s, "ahead", NOW + 10 * YEAR);
	assert_int_equal(prune(s, NOW + 10 * YEAR + DAY), 0);
	/* a clock set back says that all is young */
	assert_int_equal(prune(s, NOW - 10 * YEAR), 0);
	assert_int_equal(prune(s, NOW), 25);
	store_close(s);
}

static void a_run_recorded_with_a_clock_of_1970_keeps_its_trace(void **state)
{
	struct store *s = five_years();

	(void)state;
	put_run(s, "young", 0);
	put_trace("young");
	put_run(s, "young-2", NOW - 4 * YEAR);
	put_trace("young-2");
	assert_int_equal(prune(s, NOW), 25);
	assert_true(has_trace("young"));
	assert_true(has_trace("young-2"));
	store_close(s);
}

static void a_serial_on_hold_keeps_its_traces(void **state)
{
	struct store *s = five_years();
	static struct keep_trace at[100];
	int n = 0;

	(void)state;
	assert_int_equal(store_hold_put(s, "nobody", true, "wang", "x", NOW, NULL), ERR_NOT_FOUND);
	assert_int_equal(store_hold_put(s, "r-3", false, "wang", "x", NOW, NULL), ERR_STATE);
	assert_int_equal(store_hold_put(s, "r-3", true, "wang", "in court", NOW, NULL), 0);
	assert_int_equal(store_hold_put(s, "r-3", true, "wang", "in court", NOW, NULL), ERR_STATE);
	/* one that comes between the look and the record counts too */
	assert_int_equal(store_keep_find(s, line_at(s, NOW, NULL), at, 100, &n, NULL), 0);
	assert_int_equal(n, 24);
	assert_int_equal(store_hold_put(s, "r-4", true, "wang", "in court", NOW, NULL), 0);
	assert_int_equal(store_keep_record(s, at, n, RULE, NOW, NULL), 0);
	assert_int_equal(store_keep_remove(s, at, n, NULL), 0);
	assert_true(has_trace("r-3"));
	assert_true(has_trace("r-4"));
	assert_false(has_trace("r-5"));
	assert_int_equal(store_hold_put(s, "r-3", false, "wang", "settled", NOW, NULL), 0);
	assert_int_equal(prune(s, NOW), 1);
	assert_false(has_trace("r-3"));
	assert_true(has_trace("r-4"));
	store_close(s);
}

static bool count_item(void *ctx, const struct chain_row *r)
{
	(void)r;
	(*(int *)ctx)++;
	return true;
}

static void what_a_crash_left_after_the_record_goes_without_another(void **state)
{
	struct chain_filter f = {.type = "trace_pruned"};
	struct store *s = five_years();
	static struct keep_trace at[100];
	int n = 0, items = 0;

	(void)state;
	assert_int_equal(store_keep_find(s, line_at(s, NOW, NULL), at, 100, &n, NULL), 0);
	assert_int_equal(store_keep_record(s, at, n, RULE, NOW, NULL), 0);
	store_close(s);
	s = open_or_fail();
	assert_true(has_trace("r-0"));
	assert_int_equal(prune(s, NOW), 25);
	assert_false(has_trace("r-0"));
	assert_int_equal(store_chain_list(s, &f, count_item, &items, NULL), 0);
	assert_int_equal(items, 25);
	store_close(s);
}

static void what_is_no_trace_of_an_ended_run_is_left_alone(void **state)
{
	struct store *s = five_years();

	(void)state;
	put_trace("stranger");
	(void)snprintf(path, sizeof(path), "%s/segments/r-0.col.tmp", dir);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(prune(s, NOW), 25);
	assert_true(has_trace("stranger"));
	store_close(s);
}

static void the_feed_begins_later_only_by_an_item_and_only_forward(void **state)
{
	struct store *s = five_years();
	int64_t through = -1, at = 0, seq = 0, first;
	char run[37];

	(void)state;
	assert_int_equal(store_feed_begin(s, &through, &at, NULL, NULL), 0);
	assert_int_equal(through, 0);
	assert_int_equal(store_keep_line(s, NOW, KEEP, &seq, run, NULL, NULL), 0);
	assert_string_equal(run, "r-25");
	assert_int_equal(store_feed_prune(s, run, RULE, NOW, NULL), 0);
	assert_int_equal(store_feed_begin(s, &first, &at, NULL, NULL), 0);
	assert_int_equal(at, NOW);
	assert_true(first > 25);
	assert_int_equal(store_feed_prune(s, "r-10", RULE, NOW + 1, NULL), 0);
	assert_int_equal(store_feed_begin(s, &through, &at, NULL, NULL), 0);
	assert_int_equal(through, first);
	assert_int_equal(at, NOW);
	assert_int_equal(store_chain_check(s, NULL), 0); /* nothing of the chain is gone */
	store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(traces_older_than_what_is_kept_go_and_the_chain_says_so),
		TEST(a_clock_that_jumped_ahead_takes_nothing),
		TEST(a_run_recorded_with_a_clock_of_1970_keeps_its_trace),
		TEST(a_serial_on_hold_keeps_its_traces),
		TEST(what_a_crash_left_after_the_record_goes_without_another),
		TEST(what_is_no_trace_of_an_ended_run_is_left_alone),
		TEST(the_feed_begins_later_only_by_an_item_and_only_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
