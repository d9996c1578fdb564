/* SPDX-License-Identifier: MIT
 *
 * Nothing that is asked often may walk a table: with a million runs that is seconds. SQLite counts
 * the steps of such walks for each statement.
 */
#include "tests/unit/store_bench.h"

#include "base/clock.h"
#include "store/subject.h"
#include "tests/fake/mkstore.h"
#include "ticket/release_record.h"

enum { UNITS = 90 };
static struct text walked; /* the statements that did */

static bool of_a_unit(const char *sql)
{
	return strstr(sql, "r.serial = ") || strstr(sql, "r.ticket = ");
}

static int look(unsigned what, void *ctx, void *statement, void *ns)
{
	sqlite3_stmt *st = statement;

	(void)what;
	(void)ctx;
	(void)ns;
	/* the first of a list may be read in its order: none here asks for more than nine */
	if (sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) > 10)
		text_printf(&walked, "walks: %s\n", sqlite3_sql(st));
	/* the type's index has half the chain behind one word: only a page of the feed is long here */
	if (strstr(sqlite3_sql(st), "FROM chain") && !strstr(sqlite3_sql(st), "+feed = 1") &&
	    sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 1) > 400)
		text_printf(&walked, "goes through many: %s\n", sqlite3_sql(st));
	/* a unit's own few runs may be sorted */
	if (sqlite3_stmt_status(st, SQLITE_STMTSTATUS_SORT, 1) > 0 &&
	    (strstr(sqlite3_sql(st), "SELECT id FROM ticket") ||
	     strstr(sqlite3_sql(st), ", e.doc FROM") ||
	     (strstr(sqlite3_sql(st), "ORDER BY r.started_utc_us") && !of_a_unit(sqlite3_sql(st)))))
		text_printf(&walked, "sorts: %s\n", sqlite3_sql(st));
	if (sqlite3_stmt_status(st, SQLITE_STMTSTATUS_AUTOINDEX, 1) > 0)
		text_printf(&walked, "makes an index: %s\n", sqlite3_sql(st));
	return 0;
}

static struct store *filled(void)
{
	struct store *s = open_or_fail();
	char id[37], ticket[32], serial[32];
	struct error err = {0};

	for (int i = 0; i < UNITS; i++) {
		struct mkstore_run r = {.id = id,
					.ticket = ticket,
					.serial = serial,
					.verdict = "pass",
					.ended_utc_us = 1000 + i};

		(void)snprintf(id, sizeof(id), "run-%d", i);
		(void)snprintf(ticket, sizeof(ticket), "T-%d", i);
		(void)snprintf(serial, sizeof(serial), "SN-%d", i % 80);
		if (mkstore_put_ticket(s, ticket, serial, 1000, &err) < 0 ||
		    mkstore_put_run(s, &r, &err) < 0)
			fail_msg("%s", err.text);
	}
	store_close(s);
	s = store_open_reader(dir, &err);
	assert_non_null(s);
	assert_int_equal(sqlite3_trace_v2(s->db, SQLITE_TRACE_PROFILE, look, NULL), SQLITE_OK);
	return s;
}

static void end(struct store *s)
{
	char *told = walked.buf ? xstrdup(walked.buf) : NULL;

	store_close(s);
	text_release(&walked);
	if (told)
		fail_msg("%s", told);
}

static void the_release_decision_and_the_verdict_walk_no_table(void **state)
{
	const struct ticket_policy p = {
		.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};
	struct store *s = filled();
	struct text out = {0};
	bool allowed = false;
	int n = 0;

	(void)state;
	assert_int_equal(release_ask(s, "T-83", &p, 2000, &out, &allowed, NULL), 0);
	assert_true(allowed);
	assert_int_equal(release_verdict(s, "T-83", &p, 2000, &out, NULL), 0);
	assert_int_equal(store_run_attempts(s, "T-83", "post_repair_qc", &n, NULL), 0);
	assert_int_equal(n, 1);
	text_release(&out);
	end(s);
}

static bool take_run(void *ctx, const struct run_row *r)
{
	(void)r;
	++*(int *)ctx;
	return true;
}

static void the_runs_of_a_ticket_and_a_serial_are_found_by_an_index(void **state)
{
	struct store *s = filled();
	int n = 0;

	(void)state;
	assert_int_equal(store_run_list(s, "T-3", NULL, 10, take_run, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_run_list(s, NULL, "SN-3", 10, take_run, &n, NULL), 0);
	assert_int_equal(n, 3); /* with the one before */
	n = 0;
	assert_int_equal(store_bay_runs(s, "1", INT64_MIN, INT64_MAX, take_run, &n, NULL), 0);
	assert_int_equal(n, UNITS);
	end(s);
}

/* A run of mkstore begins an hour before it ends, here at 1000 us and more. */
#define HOUR_BEFORE (-INT64_C(3600000000))

static void runs_are_looked_for_by_an_index(void **state)
{
	static const struct run_search searches[] = {
		{.serial = "SN-3", .model = MKSTORE_MODEL, .bay = "1", .limit = 5},
		{.ticket = "T-3", .model = MKSTORE_MODEL, .bay = "1", .limit = 5},
		{.model = MKSTORE_MODEL, .limit = 5},
		{.model = MKSTORE_MODEL, .bay = "1", .from_us = HOUR_BEFORE, .limit = 5},
		{.model = "other", .limit = 5},
		{.bay = "1", .limit = 5},
		{.bay = "9", .from_us = HOUR_BEFORE, .to_us = 99, .limit = 5},
		{.from_us = HOUR_BEFORE, .to_us = INT64_MAX, .limit = 5},
		{.to_us = HOUR_BEFORE, .limit = 5},
		{.before = "run-44", .limit = 5},
		{.model = MKSTORE_MODEL, .before = "run-44", .limit = 5},
		{.limit = 5},
	};
	struct store *s = filled();
	char next[37];
	int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++)
		assert_int_equal(store_run_search(s, &searches[i], take_run, &n, next, NULL), 0);
	assert_int_equal(n, 2 + 1 + 5 + 5 + 0 + 5 + 0 + 5 + 0 + 5 + 5 + 5);
	end(s);
}

static bool take_ticket(void *ctx, const struct ticket *t)
{
	(void)t;
	++*(int *)ctx;
	return true;
}

static int search(struct store *s, const struct ticket_filter *f)
{
	int n = 0;

	assert_int_equal(store_ticket_search(s, f, take_ticket, &n, NULL), 0);
	return n;
}

static void tickets_are_found_and_put_in_order_by_an_index(void **state)
{
	struct store *s = filled();
	int64_t released = 0;
	int before = 0;

	(void)state;
	assert_int_equal(search(s, &(struct ticket_filter){.serial = "SN-3", .limit = 9}), 2);
	assert_int_equal(search(s, &(struct ticket_filter){.model = MKSTORE_MODEL, .limit = 9}), 9);
	assert_int_equal(search(s, &(struct ticket_filter){.due_before = "2026", .limit = 9}), 9);
	assert_int_equal(search(s, &(struct ticket_filter){.due_before = "1969", .limit = 9}), 0);
	assert_int_equal(search(s, &(struct ticket_filter){.order = "due", .limit = 9}), 9);
	assert_int_equal(search(s, &(struct ticket_filter){.order = "priority", .limit = 9}), 9);
	assert_int_equal(store_serial_before(s, "SN-3", "T-83", 5000, &released, &before, NULL), 0);
	assert_int_equal(before, 1);
	end(s);
}

static bool take_document(void *ctx, const struct run_row *r, const char *doc, size_t n)
{
	(void)r;
	assert_int_equal(strlen(doc), n);
	++*(int *)ctx;
	return true;
}

static void exported_documents_are_found_by_an_index_and_never_sorted(void **state)
{
	static const struct {
		struct run_filter filter;
		int count;
	} all[] = {
		{{.serial = "SN-3"}, 2},
		{{.serial = "SN-3", .model = MKSTORE_MODEL, .from_us = 1010}, 1},
		{{.from_us = 1010, .to_us = 1015}, 5},
		{{.to_us = 1003, .model = MKSTORE_MODEL}, 3},
		{{.from_us = 1084, .model = MKSTORE_MODEL}, 6},
		{{.model = "other"}, 0},
		{{.model = MKSTORE_MODEL}, UNITS},
	};
	struct store *s = filled();

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int n = 0;

		assert_int_equal(store_run_documents(s, &all[i].filter, take_document, &n, NULL),
				 0);
		assert_int_equal(n, all[i].count);
	}
	end(s);
}

static bool take_item(void *ctx, const struct chain_row *r)
{
	(void)r;
	++*(int *)ctx;
	return true;
}

static void the_chain_is_read_by_number_and_by_subject(void **state)
{
	const struct chain_filter page = {.feed_only = true, .after = 50, .limit = 20},
				  of_run = {.run = "run-7"}, of_ticket = {.ticket = "T-7"},
				  of_serial = {.serial = "SN-7"},
				  releases = {.serial = "SN-7", .type = "released"},
				  newest = {.type = "chain_started",
					    .newest_first = true,
					    .limit = 1};
	const struct {
		const struct chain_filter *filter;
		int count;
	} all[] = {{&page, 20},	    {&of_run, 2},   {&of_ticket, 3},
		   {&of_serial, 6}, {&releases, 0}, {&newest, 1}};
	struct chain_head head;
	struct store *s = filled();

	(void)state;
	assert_int_equal(store_chain_head(s, &head, NULL), 0);
	assert_int_equal(store_chain_check_item(s, 60, NULL), 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int n = 0;

		assert_int_equal(store_chain_list(s, all[i].filter, take_item, &n, NULL), 0);
		assert_int_equal(n, all[i].count);
	}
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		EACH(the_release_decision_and_the_verdict_walk_no_table),
		EACH(the_runs_of_a_ticket_and_a_serial_are_found_by_an_index),
		EACH(runs_are_looked_for_by_an_index),
		EACH(tickets_are_found_and_put_in_order_by_an_index),
		EACH(exported_documents_are_found_by_an_index_and_never_sorted),
		EACH(the_chain_is_read_by_number_and_by_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
