/* SPDX-License-Identifier: MIT
 *
 * Records were lost and come back from who kept them: nothing is released meanwhile, nothing forged
 * is taken, and what comes back late never makes a release easier.
 */
#include "ctl/verify.h"
#include "store/backup.h"
#include "store/loss.h"
#include "store/subject.h"
#include "tests/fake/mkstore.h"
#include "tests/unit/store_bench.h"
#include "ticket/facts.h"

#define SEC INT64_C(1000000)

static char folder[80];
static struct store *store;
static struct text kept;   /* signed lines of what came after the backup */
static struct text doc[8]; /* documents of runs */
static int docs;
static struct take_back_report report;
static struct text told;

static const struct ticket_policy policy = {
	.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};

/* ---- a station's life ---- */

static void run(const char *id, const char *verdict, int64_t at_s)
{
	struct mkstore_run r = {.id = id,
				.ticket = "T1",
				.serial = "SN1",
				.verdict = verdict,
				.ended_utc_us = at_s * SEC};
	struct ticket t;
	struct error err = {0};

	assert_int_equal(store_ticket_get(store, "T1", &t, NULL), 0);
	r.repair_seq = t.repair_seq;
	if (mkstore_put_run(store, &r, &err))
		fail_msg("%s", err.text);
	mkstore_document(&r, &doc[docs++]);
}

static void item(const char *type, const char *data)
{
	struct chain_item i = {.type = type,
			       .ticket = "T1",
			       .serial = "SN1",
			       .who = "li",
			       .feed = true,
			       .data = data,
			       .n = strlen(data)};
	struct ticket t;

	if (strcmp(type, "repair") == 0)
		assert_int_equal(store_ticket_repair(store, "T1", -1, &i, 50 * SEC, &t, NULL), 0);
	else
		assert_int_equal(store_chain_add(store, &i, 50 * SEC, NULL, NULL), 0);
}

static int begin(void **state)
{
	struct backup_info info;
	int rc = set_up(state);

	snprintf(folder, sizeof(folder), "%s.copies", dir);
	store = open_or_fail();
	assert_int_equal(mkstore_put_ticket(store, "T1", "SN1", 1 * SEC, NULL), 0);
	run("r1", "pass", 10);
	assert_int_equal(store_backup(store, folder, 20 * SEC, &info, NULL), 0);
	return rc;
}

static int end(void **state)
{
	store_close(store);
	temp_dir_remove(folder);
	text_release(&kept);
	text_release(&told);
	while (docs > 0)
		text_release(&doc[--docs]);
	return tear_down(state);
}

static bool keep_line(void *ctx, const struct chain_row *r)
{
	uint8_t before[CHAIN_ROOT_BYTES];

	(void)ctx;
	assert_int_equal(store_chain_root(store, r->seq - 1, before, NULL), 0);
	store_chain_line(r, before, &kept);
	text_add(&kept, "\n", 1);
	return true;
}

/* The folder goes; the key and what a client kept stay. */
static void lose(void)
{
	struct chain_filter all = {.after = 4};
	char path[100], *pem = NULL;
	size_t n;
	FILE *f;

	assert_int_equal(store_chain_list(store, &all, keep_line, NULL, NULL), 0);
	store_close(store);
	snprintf(path, sizeof(path), "%s/keys/station.key", dir);
	assert_int_equal(text_read_file(path, 4096, &pem, &n, NULL), 0);
	temp_dir_remove(dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/keys", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/keys/station.key", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(pem, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	free(pem);
}

static int put_back(bool after_loss)
{
	struct restore_loss loss = {.who = "zhao", .reason = "disk", .utc_us = 100 * SEC};
	struct restore_order o = {
		.folder = folder, .state = dir, .loss = after_loss ? &loss : NULL};
	struct backup_info info;
	struct error err = {0};
	int rc = store_restore(&o, &info, &err);

	store = rc == 0 ? open_or_fail() : NULL;
	return rc;
}

static void lose_and_put_back(void)
{
	lose();
	assert_int_equal(put_back(true), 0);
}

static void hear(void *ctx, const char *text)
{
	(void)ctx;
	text_printf(&told, "%s\n", text);
}

/* lines NULL: none; documents from..docs-1 with them. */
static int take(const char *lines, int from)
{
	struct take_back *t = take_back_new();
	struct error err = {0};
	int rc = 0;

	if (lines)
		assert_int_equal(take_back_add(t, lines, strlen(lines), NULL), 0);
	for (int i = from; i < docs; i++)
		assert_int_equal(take_back_add(t, doc[i].buf, doc[i].len, NULL), 0);
	text_clear(&told);
	rc = take_back_place(t, store, 200 * SEC, hear, NULL, &report, &err);
	take_back_free(t);
	return rc;
}

static void close_gap(void)
{
	assert_int_equal(store_gap_close(store, "zhao", 300 * SEC, NULL), 0);
}

/* The codes that block, one line. */
static const char *reasons(void)
{
	static char line[400];
	struct release_decision d;
	struct ticket_facts f;

	assert_int_equal(ticket_facts_load(&f, store, "T1", &policy, 400 * SEC, NULL), 0);
	release_decide(&f.release, &d);
	ticket_facts_release(&f);
	line[0] = '\0';
	for (int i = 0; i < d.reason_count; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? " " : "",
			 d.reasons[i].code);
	return line;
}

static void assert_verifies(void)
{
	uint8_t key[32];
	struct error err = {0};
	char path[96];
	int64_t size = 0;

	assert_int_equal(store_key_public(store, key, NULL), 0);
	assert_int_equal(store_check(store, NULL), 0);
	store_close(store);
	snprintf(path, sizeof(path), "%s/benchd.db", dir);
	if (verify_database(path, key, 0, NULL, &size, &err) < 0)
		fail_msg("%s", err.text);
	store = open_or_fail();
}

/* ---- the tests ---- */

static void a_backup_older_than_a_copied_run_is_put_back_only_as_a_loss(void **state)
{
	int64_t after = 0;
	int copied = 0;

	(void)state;
	run("r2", "fail", 30);
	assert_int_equal(store_copy_runs(store, folder, &after, &copied, NULL), 0);
	assert_int_equal(copied, 2);
	lose();
	assert_int_equal(put_back(false), ERR_STATE);
	assert_int_equal(put_back(true), 0);
}

static void nothing_is_released_while_a_gap_is_open(void **state)
{
	struct loss_state loss;

	(void)state;
	assert_string_equal(reasons(), "");
	assert_int_equal(store_gap_close(store, "zhao", 1, NULL), ERR_STATE);
	assert_int_equal(take(NULL, 8), ERR_STATE);
	lose_and_put_back();
	assert_int_equal(store_loss_state(store, &loss, NULL), 0);
	assert_true(loss.open && loss.epoch == 2 && loss.after == 4);
	assert_string_equal(reasons(), "records_missing");
	close_gap();
	assert_string_equal(reasons(), "");
	assert_verifies();
}

static void what_was_lost_comes_back_in_its_order(void **state)
{
	struct text back = {0};
	struct run_row row;

	(void)state;
	item("repair", "{\"action\":\"R01\"}");
	run("r2", "fail", 60);
	item("override", "{\"codes\":[],\"run\":\"r2\"}");
	lose_and_put_back();
	assert_int_equal(take(kept.buf, 0), 0);
	assert_int_equal(report.taken, 4);
	assert_int_equal(report.forged + report.missing + report.left, 0);
	assert_int_equal(report.unused, 0); /* r1's, which was never lost, is here */
	assert_int_equal(store_run_get(store, "r2", &row, &back, NULL), 0);
	assert_string_equal(row.verdict, "fail");
	assert_string_equal(row.operator_name, "li");
	assert_int_equal(back.len, doc[1].len);
	assert_memory_equal(back.buf, doc[1].buf, back.len);
	text_release(&back);
	close_gap();
	assert_string_equal(reasons(), "run_not_pass");
	assert_verifies();
	/* again: nothing twice */
	assert_int_equal(take(kept.buf, 0), 0);
	assert_true(report.taken == 0 && report.known == 4);
	/* a pass after it, all of it recorded here, is the last word again */
	run("r3", "pass", 400);
	assert_string_equal(reasons(), "");
}

static void a_release_that_was_lost_is_not_given_twice(void **state)
{
	(void)state;
	item("released", "{\"disposition\":\"repaired\"}");
	lose_and_put_back();
	assert_int_equal(take(kept.buf, 8), 0);
	close_gap();
	assert_string_equal(reasons(), "already_released");
}

/* Each byte of a line changed, one after the other: never taken. */
static void nothing_forged_is_taken(void **state)
{
	char *line;
	size_t n;

	(void)state;
	item("withdrawn", "{\"kind\":\"recall\"}");
	lose_and_put_back();
	n = strcspn(kept.buf, "\n");
	for (size_t i = 0; i < n; i++) {
		struct take_back *t = take_back_new();
		int rc;

		line = xcalloc(n + 1, 1);
		memcpy(line, kept.buf, n);
		line[i] = line[i] == '1' ? '2' : '1';
		rc = take_back_add(t, line, n, NULL);
		if (rc == 0)
			rc = take_back_place(t, store, 1, NULL, NULL, &report, NULL);
		if (rc == 0 && (report.taken || report.forged != 1))
			fail_msg("byte %zu: %.20s", i, line + i);
		take_back_free(t);
		free(line);
	}
	assert_int_equal(take(kept.buf, 8), 0);
	assert_int_equal(report.taken, 1);
}

static void a_run_whose_document_nobody_has_blocks_its_unit(void **state)
{
	(void)state;
	run("r2", "fail", 60);
	lose_and_put_back();
	assert_int_equal(take(kept.buf, 8), 0);
	assert_int_equal(report.missing, 1);
	assert_non_null(strstr(told.buf, "run r2 (fail): its document is missing"));
	assert_int_equal(take(kept.buf, 8), 0); /* said again, recorded once */
	assert_int_equal(
		count_rows(store, "SELECT count(*) FROM chain WHERE type = 'record_missing'"), 1);
	close_gap();
	assert_string_equal(reasons(), "run_record_missing");
	/* another one's document does not help; then somebody finds it */
	mkstore_document(
		&(struct mkstore_run){
			.id = "r2", .ticket = "T1", .serial = "SN1", .verdict = "pass"},
		&doc[docs++]);
	assert_int_equal(take(kept.buf, 2), 0);
	assert_int_equal(report.unused, 1);
	text_release(&doc[--docs]);
	assert_int_equal(take(kept.buf, 1), 0);
	assert_int_equal(report.missing, 0);
	assert_string_equal(reasons(), "run_not_pass");
	assert_verifies();
	run("r3", "pass", 400);
	assert_string_equal(reasons(), "");
}

static void what_comes_back_late_counts_against_a_release_only(void **state)
{
	(void)state;
	item("repair", "{\"action\":\"R01\"}");
	run("r2", "pass", 60);
	item("acceptance", "{\"outcome\":\"accepted\"}");
	lose_and_put_back();
	run("r3", "fail", 150); /* here, before the old pass comes back */
	assert_int_equal(take(kept.buf, 0), 0);
	close_gap();
	assert_string_equal(reasons(), "run_not_pass repair_after_run");
	assert_verifies();
}

static void a_repair_that_comes_back_late_counts_on(void **state)
{
	struct ticket t;

	(void)state;
	item("repair", "{\"action\":\"R01\"}");
	run("r2", "pass", 60);
	lose_and_put_back();
	item("repair", "{\"action\":\"R02\"}");
	assert_int_equal(take(kept.buf, 0), 0);
	close_gap();
	assert_int_equal(store_ticket_get(store, "T1", &t, NULL), 0);
	assert_int_equal(t.repair_seq, 2);
	assert_string_equal(reasons(), "repair_after_run");
}

static void a_run_that_was_open_in_the_backup_gets_its_end(void **state)
{
	struct run_row row = {.id = "r9",
			      .ticket = "T1",
			      .serial = "SN1",
			      .model = MKSTORE_MODEL,
			      .bay = "1",
			      .run_type = "post_repair_qc",
			      .profile = "full",
			      .profile_revision = 1,
			      .operator_name = "li",
			      .started_utc_us = 15 * SEC};
	struct mkstore_run r = {.id = "r9",
				.ticket = "T1",
				.serial = "SN1",
				.verdict = "fail",
				.ended_utc_us = 40 * SEC};
	struct backup_info info;
	uint8_t hash[32];

	(void)state;
	text_sha256(hash, "p", 1);
	assert_int_equal(store_run_begin(store, &row, "{}", hash, "p", 1, NULL), 0);
	assert_int_equal(store_run_note(store, "r9", "{}", 2, NULL), 0);
	assert_int_equal(store_backup(store, folder, 30 * SEC, &info, NULL), 0);
	mkstore_document(&r, &doc[docs++]);
	assert_int_equal(store_run_note(store, "r9", "{\"n\":1}", 7, NULL), 0);
	assert_int_equal(
		store_run_end(store, "r9", "fail", 40 * SEC, doc[1].buf, doc[1].len, NULL, NULL),
		0);
	lose_and_put_back();
	assert_int_equal(take(kept.buf, 1), 0);
	assert_int_equal(report.taken, 1);
	close_gap();
	assert_string_equal(reasons(), "run_not_pass");
	assert_verifies();
}

static void a_ticket_that_was_lost_whole_is_found_again(void **state)
{
	struct ticket t;

	(void)state;
	assert_int_equal(mkstore_put_ticket(store, "T2", "SN2", 30 * SEC, NULL), 0);
	lose_and_put_back();
	assert_int_equal(store_ticket_get(store, "T2", &t, NULL), ERR_NOT_FOUND);
	assert_int_equal(take(kept.buf, 8), 0);
	assert_int_equal(store_ticket_get(store, "T2", &t, NULL), 0);
	assert_string_equal(t.serial, "SN2");
	assert_int_equal(t.mirrored_utc_us, 0); /* the ticketing system has to confirm it */
	assert_verifies();
}

static void what_a_lost_key_signed_is_taken_and_verified(void **state)
{
	char id[17], from[120], to[120];

	(void)state;
	/* the old key is kept as its sealed copy would be */
	snprintf(from, sizeof(from), "%s/keys/station.key", dir);
	snprintf(to, sizeof(to), "%s.key", dir);
	assert_int_equal(link(from, to), 0);
	assert_int_equal(store_key_rotate(store, "zhao", 30 * SEC, id, NULL), 0);
	item("repair", "{\"action\":\"R01\"}");
	lose();
	assert_int_equal(put_back(true), ERR_CONFIG); /* with the new key: not this chain's */
	assert_int_equal(rename(to, from), 0);
	assert_int_equal(put_back(true), 0);
	assert_int_equal(take(kept.buf, 8), 0);
	assert_true(report.taken == 2 && report.forged == 0);
	assert_verifies();
	assert_int_equal(take(kept.buf, 8), 0);
	assert_int_equal(report.known, 2);
}

static void a_second_loss_begins_a_third_epoch(void **state)
{
	struct loss_state loss;
	struct backup_info info;
	int64_t last = 0;

	(void)state;
	item("repair", "{\"action\":\"R01\"}");
	lose_and_put_back();
	assert_int_equal(take(kept.buf, 8), 0);
	close_gap();
	assert_int_equal(store_backup(store, folder, 500 * SEC, &info, NULL), 0);
	text_clear(&kept);
	item("beyond_repair", "{}");
	lose_and_put_back();
	assert_int_equal(store_loss_state(store, &loss, NULL), 0);
	assert_true(loss.open && loss.epoch == 3);
	assert_int_equal(store_epoch_end(store, 1, &last, NULL), 0);
	assert_int_equal(last, 4);
	assert_int_equal(store_epoch_end(store, 2, &last, NULL), 0);
	assert_int_equal(last, loss.after);
	assert_int_equal(store_epoch_end(store, 3, &last, NULL), ERR_NOT_FOUND);
	assert_int_equal(take(kept.buf, 8), 0);
	assert_int_equal(report.taken, 1);
	assert_verifies();
}

static void files_of_other_kinds_are_refused(void **state)
{
	static const char *const bad[] = {"", "hello", "{\"items\":[{\"seq\":1}]}",
					  "{\"prev\":\"00\"}", "{\"schema\":\"benchd.release/1\"}"};
	struct take_back *t = take_back_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (take_back_add(t, bad[i], strlen(bad[i]), NULL) != ERR_SYNTAX)
			fail_msg("\"%s\"", bad[i]);
	take_back_free(t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_backup_older_than_a_copied_run_is_put_back_only_as_a_loss),
		T(nothing_is_released_while_a_gap_is_open),
		T(what_was_lost_comes_back_in_its_order),
		T(a_release_that_was_lost_is_not_given_twice),
		T(nothing_forged_is_taken),
		T(a_run_whose_document_nobody_has_blocks_its_unit),
		T(what_comes_back_late_counts_against_a_release_only),
		T(a_repair_that_comes_back_late_counts_on),
		T(a_run_that_was_open_in_the_backup_gets_its_end),
		T(a_ticket_that_was_lost_whole_is_found_again),
		T(what_a_lost_key_signed_is_taken_and_verified),
		T(a_second_loss_begins_a_third_epoch),
		T(files_of_other_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
