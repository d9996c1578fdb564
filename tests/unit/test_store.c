/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_bench.h"

#include "store/chain.h"

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
	t.priority++; /* the same again would change nothing */
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

/* The ids found, and behind "/" where the next page begins. */
static const char *search(struct store *s, const struct run_search *f)
{
	static struct seen seen;
	char next[37];

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(store_run_search(s, f, see_run, &seen, next, NULL), 0);
	if (next[0]) {
		text_copy(seen.ids + strlen(seen.ids), sizeof(seen.ids) - strlen(seen.ids), "/");
		text_copy(seen.ids + strlen(seen.ids), sizeof(seen.ids) - strlen(seen.ids), next);
	}
	return seen.ids;
}

static void runs_are_looked_for_by_unit_time_and_verdict_page_by_page(void **state)
{
	struct store *s = open_or_fail();
	struct run_search f = {.before = "x", .limit = 9};
	char next[37];

	(void)state;
	begin_five(s); /* a is the latest, of 100 us; e of 96 us */
	assert_int_equal(store_run_end(s, "d", "pass", 1, "{d}", 3, NULL, NULL), 0);
	assert_int_equal(store_run_end(s, "a", "fail", 1, "{a}", 3, NULL, NULL), 0);
	assert_string_equal(search(s, &(struct run_search){.limit = 5}), "a b c d e ");
	assert_string_equal(search(s, &(struct run_search){.limit = 2}), "a b /b");
	assert_string_equal(search(s, &(struct run_search){.limit = 2, .before = "b"}), "c d /d");
	assert_string_equal(search(s, &(struct run_search){.limit = 2, .before = "d"}), "e ");
	assert_string_equal(
		search(s, &(struct run_search){.limit = 9, .from_us = 97, .to_us = 100}), "b c d ");
	assert_string_equal(
		search(s, &(struct run_search){.limit = 9, .serial = "SN1", .bay = "1"}), "a c ");
	assert_string_equal(search(s, &(struct run_search){.limit = 9, .verdict = "open"}),
			    "b c e ");
	assert_string_equal(search(s, &(struct run_search){.limit = 1, .verdict = "pass"}), "d /d");
	assert_string_equal(search(s, &(struct run_search){.limit = 9,
							   .ticket = "T2",
							   .model = "RO-600G",
							   .verdict = "pass"}),
			    "d ");
	assert_string_equal(search(s, &(struct run_search){.limit = 9, .model = "other"}), "");
	assert_string_equal(search(s, &(struct run_search){.limit = 9, .run_type = "diagnosis"}),
			    "");
	assert_int_equal(store_run_search(s, &f, see_run, &f, next, NULL), ERR_NOT_FOUND);
	store_close(s);
}

static bool see_finished(void *ctx, const struct chain_row *r)
{
	struct seen *seen = ctx;

	seen->count++;
	text_copy(seen->ids + strlen(seen->ids), sizeof(seen->ids) - strlen(seen->ids), r->run);
	text_copy(seen->ids + strlen(seen->ids), sizeof(seen->ids) - strlen(seen->ids), " ");
	return true;
}

static void finished_runs_come_into_the_chain_in_commit_order(void **state)
{
	struct store *s = open_or_fail();
	struct seen all = {0}, open_runs = {0};
	struct chain_filter finished = {.type = "run_finished", .feed_only = true, .limit = 100};

	(void)state;
	begin_five(s);
	assert_int_equal(store_run_end(s, "d", "pass", 1, "{d}", 3, NULL, NULL), 0);
	assert_int_equal(store_run_end(s, "a", "fail", 1, "{a}", 3, NULL, NULL), 0);
	assert_int_equal(store_run_end(s, "c", "pass", 1, "{c}", 3, NULL, NULL), 0);
	assert_int_equal(store_chain_list(s, &finished, see_finished, &all, NULL), 0);
	assert_string_equal(all.ids, "d a c ");
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
	assert_int_equal(store_run_list(s, NULL, NULL, 0, see_run, &all, NULL), 0);
	assert_string_equal(all.ids, "e d c b a ");
	assert_int_equal(store_run_list(s, "T1", NULL, 0, see_run, &ticket, NULL), 0);
	assert_string_equal(ticket.ids, "e c a ");
	assert_int_equal(store_run_list(s, "T2", "SN2", 0, see_run, &both, NULL), 0);
	assert_string_equal(both.ids, "d b ");
	assert_int_equal(store_run_list(s, NULL, NULL, 2, see_run, &limited, NULL), 0);
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

	(void)state;
	fill(s);
	store_close(s);
	raw_exec("DROP TRIGGER run_end_no_update; UPDATE run_end SET doc = '{ }'");
	s = open_or_fail();
	assert_int_equal(store_run_get(s, "run-1", &row, &doc, &err), ERR_IO);
	assert_non_null(strstr(err.text, "hash"));
	assert_int_equal(doc.len, 0);
	text_release(&doc);
	store_close(s);
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
		T(finished_runs_come_into_the_chain_in_commit_order),
		T(runs_are_listed_newest_first_and_filtered),
		T(runs_are_looked_for_by_unit_time_and_verdict_page_by_page),
		T(a_record_that_was_changed_on_disk_is_not_served),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
