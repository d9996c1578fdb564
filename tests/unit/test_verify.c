/* SPDX-License-Identifier: MIT
 *
 * What the store wrote, read by code that shares nothing with it: every change is found, and the
 * first broken record named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sign.h"
#include "ctl/verify.h"
#include "src/store/db.h"
#include "tests/fake/mkstore.h"
#include "tests/fake/store_dir.h"
#include "ticket/release_record.h"

#define NOW INT64_C(1770000000000000)
enum { PAIRS = 20, FLIPS = 100000 };

static char dir[64];
static uint8_t key[32];
static char instance[33];
static struct verify_item items[8 * PAIRS];
static char *bytes[8 * PAIRS];
static struct verify_chain before[8 * PAIRS + 1]; /* before[k]: item k comes next */
static int count;

static bool keep(void *ctx, const struct chain_row *r)
{
	struct verify_item *i = &items[count];

	(void)ctx;
	bytes[count] = malloc(r->n);
	memcpy(bytes[count], r->bytes, r->n);
	*i = (struct verify_item){.seq = r->seq, .bytes = bytes[count], .n = r->n};
	memcpy(i->root, r->root, sizeof(i->root));
	memcpy(i->sig, r->sig, sizeof(i->sig));
	count++;
	return true;
}

static void fill(struct store *s)
{
	for (int k = 0; k < PAIRS; k++) {
		char run[37], ticket[16], id[17];
		struct mkstore_run r = {.id = run,
					.ticket = ticket,
					.serial = "SN1",
					.verdict = "pass",
					.ended_utc_us = NOW + k};

		(void)snprintf(run, sizeof(run), "run-%d", k);
		(void)snprintf(ticket, sizeof(ticket), "T%d", k);
		assert_int_equal(mkstore_put_ticket(s, ticket, "SN1", NOW, NULL), 0);
		assert_int_equal(mkstore_put_run(s, &r, NULL), 0);
		if (k == PAIRS / 2)
			assert_int_equal(store_key_rotate(s, "admin", NOW, id, NULL), 0);
	}
}

static int set_up(void **state)
{
	struct chain_filter all = {.limit = 0};
	struct chain_head head;
	struct store *s;

	(void)state;
	store_dir_make(dir);
	s = store_open(dir, 0, NULL);
	assert_non_null(s);
	fill(s);
	count = 0;
	assert_int_equal(store_chain_list(s, &all, keep, NULL, NULL), 0);
	assert_int_equal(store_chain_head(s, &head, NULL), 0);
	assert_int_equal(store_key_public(s, key, NULL), 0);
	memcpy(instance, head.instance, sizeof(instance));
	store_close(s);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < count; i++)
		free(bytes[i]);
	temp_dir_remove(dir);
	return 0;
}

static void walk_or_fail(void)
{
	struct error err = {0};

	assert_int_equal(verify_chain_begin(&before[0], instance, key, 0, NULL, NULL), 0);
	for (int k = 0; k < count; k++) {
		before[k + 1] = before[k];
		if (verify_chain_item(&before[k + 1], &items[k], &err) < 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(verify_chain_end(&before[count], NULL), 0);
}

static uint64_t random_state = 88172645463325252u;

static unsigned random_below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 33) % n);
}

static void a_hundred_thousand_flips_are_all_found_where_they_are(void **state)
{
	int found = 0;

	(void)state;
	walk_or_fail();
	for (int f = 0; f < FLIPS; f++) {
		int k = (int)random_below((size_t)count);
		struct verify_item i = items[k];
		struct verify_chain v = before[k];
		uint8_t mask = (uint8_t)(1 + random_below(255));
		size_t at = random_below(i.n + 32 + 64);
		struct error err = {0};
		char name[24];

		if (at < i.n)
			bytes[k][at] = (char)(bytes[k][at] ^ mask);
		else if (at < i.n + 32)
			i.root[at - i.n] ^= mask;
		else
			i.sig[at - i.n - 32] ^= mask;
		(void)snprintf(name, sizeof(name), "item %d:", k + 1);
		found += verify_chain_item(&v, &i, &err) == ERR_DENIED &&
			 strncmp(err.text, name, strlen(name)) == 0;
		if (at < i.n)
			bytes[k][at] = (char)(bytes[k][at] ^ mask);
	}
	assert_int_equal(found, FLIPS);
	walk_or_fail();
}

static void an_item_taken_out_doubled_or_moved_is_found(void **state)
{
	struct verify_chain v;

	(void)state;
	walk_or_fail();
	v = before[10];
	assert_int_equal(verify_chain_item(&v, &items[11], NULL), ERR_DENIED);
	v = before[10];
	assert_int_equal(verify_chain_item(&v, &items[9], NULL), ERR_DENIED);
	v = before[10];
	items[11].seq = items[10].seq;
	assert_int_equal(verify_chain_item(&v, &items[11], NULL), ERR_DENIED);
}

static void a_cut_tail_is_found_against_what_was_acknowledged(void **state)
{
	struct verify_chain v;
	struct error err = {0};
	uint8_t other[32] = {1};

	(void)state;
	assert_int_equal(verify_chain_begin(&v, instance, key, count, items[count - 1].root, NULL),
			 0);
	for (int k = 0; k < count - 1; k++)
		assert_int_equal(verify_chain_item(&v, &items[k], NULL), 0);
	assert_int_equal(verify_chain_end(&v, &err), ERR_DENIED);
	assert_non_null(strstr(err.text, "missing"));
	assert_int_equal(verify_chain_item(&v, &items[count - 1], NULL), 0);
	assert_int_equal(verify_chain_end(&v, NULL), 0);
	/* Another tail of the same length is no better. */
	assert_int_equal(verify_chain_begin(&v, instance, key, 5, other, NULL), 0);
	for (int k = 0; k < 4; k++)
		assert_int_equal(verify_chain_item(&v, &items[k], NULL), 0);
	assert_int_equal(verify_chain_item(&v, &items[4], NULL), ERR_DENIED);
}

static void a_chain_rewritten_with_another_key_is_not_by_this_one(void **state)
{
	struct verify_chain v;
	struct sign_key other;

	(void)state;
	sign_make(&other);
	assert_int_equal(verify_chain_begin(&v, instance, other.public_bytes, 0, NULL, NULL), 0);
	for (int k = 0; k < count; k++)
		assert_int_equal(verify_chain_item(&v, &items[k], NULL), 0);
	assert_int_equal(verify_chain_end(&v, NULL), ERR_DENIED);
}

static void export_all(struct text *out)
{
	char root[65], prev[65], sig[SIGN_TEXT_SIZE];

	walk_or_fail();
	text_printf(out, "{\"chain\":\"benchd-chain-v1\",\"instance\":\"%s\"}\n", instance);
	for (int k = 0; k < count; k++) {
		text_hex(prev, before[k].root, 32);
		text_hex(root, items[k].root, 32);
		sign_to_base64(sig, sizeof(sig), items[k].sig, 64);
		text_printf(out, "{\"prev\":\"%s\",\"root\":\"%s\",\"sig\":\"%s\",\"item\":", prev,
			    root, sig);
		text_add(out, items[k].bytes, items[k].n);
		text_puts(out, "}\n");
	}
}

static int verify_text_of(const char *buf, size_t n, int64_t ack_size, const uint8_t *ack_root,
			  int64_t *size, struct error *err)
{
	FILE *f = fmemopen((void *)(uintptr_t)buf, n, "r");
	int rc;

	assert_non_null(f);
	rc = verify_export(f, key, ack_size, ack_root, size, err);
	(void)fclose(f);
	return rc;
}

static int verify_run_in(const struct text *doc, const struct text *lines, struct error *err)
{
	FILE *f = fmemopen(lines->buf, lines->len, "r");
	int rc;

	assert_non_null(f);
	rc = verify_run(doc->buf, doc->len, f, key, err);
	(void)fclose(f);
	return rc;
}

static void any_flip_in_an_exported_file_is_found(void **state)
{
	struct text t = {0};
	struct error err = {0};
	int64_t size = 0;

	(void)state;
	export_all(&t);
	if (verify_text_of(t.buf, t.len, 0, NULL, &size, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(size, count);
	/* From the front: what comes before the flip is not what takes the time. */
	for (size_t at = 0; at < 1200; at++) {
		char was = t.buf[at];

		t.buf[at] = (char)(was ^ (1 << at % 8));
		if (verify_text_of(t.buf, t.len, 0, NULL, &size, NULL) == 0)
			fail_msg("byte %zu is not looked at", at);
		t.buf[at] = was;
	}
	for (size_t cut = 1; cut < 50; cut++)
		assert_true(verify_text_of(t.buf, t.len - cut, count, items[count - 1].root, &size,
					   NULL) < 0);
	text_release(&t);
}

static const char *const changes[] = {
	"UPDATE meta SET value = replace(value, substr(value, 1, 1), 'x')",
	"UPDATE chain SET seq = seq + 1000 WHERE seq = 9",
	"UPDATE chain SET type = 'note' WHERE seq = 9",
	"UPDATE chain SET ticket = 'T' WHERE seq = 9",
	"UPDATE chain SET serial = 'S' WHERE seq = 9",
	"UPDATE chain SET run = 'R' WHERE seq = 9",
	"UPDATE chain SET utc_us = utc_us + 1 WHERE seq = 9",
	"UPDATE chain SET who = 'wang' WHERE seq = 9",
	"UPDATE chain SET feed = 1 - feed WHERE seq = 9",
	"UPDATE chain SET bytes = bytes || ' ' WHERE seq = 9",
	"UPDATE chain SET root = zeroblob(32) WHERE seq = 9",
	"UPDATE chain SET sig = zeroblob(64) WHERE seq = 9",
	"DELETE FROM chain WHERE seq = 9",
	"DELETE FROM chain WHERE type = 'run_finished'",
	"UPDATE run SET id = 'x' WHERE id = 'run-3'",
	"UPDATE run SET ticket = 'x' WHERE id = 'run-3'",
	"UPDATE run SET serial = 'x' WHERE id = 'run-3'",
	"UPDATE run SET model = 'x' WHERE id = 'run-3'",
	"UPDATE run SET bay = 'x' WHERE id = 'run-3'",
	"UPDATE run SET run_type = 'x' WHERE id = 'run-3'",
	"UPDATE run SET profile = 'x' WHERE id = 'run-3'",
	"UPDATE run SET profile_revision = 7 WHERE id = 'run-3'",
	"UPDATE run SET profile_hash = zeroblob(32) WHERE id = 'run-3'",
	"UPDATE run SET operator = 'x' WHERE id = 'run-3'",
	"UPDATE run SET simulated = 1 WHERE id = 'run-3'",
	"UPDATE run SET started_utc_us = 1 WHERE id = 'run-3'",
	"UPDATE run SET facts = '{ }' WHERE id = 'run-3'",
	"UPDATE run_end SET verdict = 'fail' WHERE seq = 3",
	"UPDATE run_end SET ended_utc_us = 1 WHERE seq = 3",
	"UPDATE run_end SET doc = replace(doc, 'pass', 'fail') WHERE seq = 3",
	"UPDATE run_end SET doc_sha256 = zeroblob(32) WHERE seq = 3",
	"DELETE FROM run_end WHERE seq = 3",
	"INSERT INTO run_note (run, note) VALUES (3, '{}')",
	"INSERT INTO run SELECT 999, 'more', ticket, serial, model, bay, run_type, profile,"
	" profile_revision, profile_hash, operator, simulated, started_utc_us, facts"
	" FROM run WHERE id = 'run-3'",
	"UPDATE profile_revision SET bytes = 'x'"};

static void each_column_of_each_table_the_chain_covers_is_watched(void **state)
{
	char path[96], copy[96], command[256];
	struct error err = {0};
	int64_t size = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/benchd.db", dir);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	(void)snprintf(command, sizeof(command), "cp %s %s", path, copy);
	if (verify_database(path, key, 0, NULL, &size, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(size, count);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		sqlite3 *db;
		char *why = NULL;

		assert_int_equal(system(command), 0);
		assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
		(void)sqlite3_exec(
			db,
			"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
			"DROP TRIGGER meta_no_update; DROP TRIGGER chain_no_update;"
			"DROP TRIGGER chain_no_delete; DROP TRIGGER run_no_update;"
			"DROP TRIGGER run_end_no_update; DROP TRIGGER run_end_no_delete;"
			"DROP TRIGGER run_note_no_update; DROP TRIGGER profile_revision_no_update",
			NULL, NULL, NULL);
		if (sqlite3_exec(db, changes[i], NULL, NULL, &why) != SQLITE_OK &&
		    !strstr(why, "cannot store"))
			fail_msg("%s: %s", changes[i], why);
		if (why) { /* a strict table wants a blob */
			char cast[256];

			sqlite3_free(why);
			(void)snprintf(cast, sizeof(cast), "%s",
				       strstr(changes[i], "chain")
					       ? "UPDATE chain SET bytes = CAST(bytes || ' ' AS"
						 " BLOB) WHERE seq = 9"
					       : "UPDATE profile_revision SET bytes = x'00'");
			assert_int_equal(sqlite3_exec(db, cast, NULL, NULL, NULL), SQLITE_OK);
		}
		assert_int_equal(sqlite3_changes(db) > 0, 1);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		if (verify_database(copy, key, 0, NULL, &size, NULL) == 0)
			fail_msg("not found: %s", changes[i]);
		(void)unlink(copy);
	}
}

static void a_run_s_record_is_found_in_the_chain_or_refused(void **state)
{
	struct mkstore_run r = {.id = "run-12",
				.ticket = "T12",
				.serial = "SN1",
				.verdict = "pass",
				.ended_utc_us = NOW + 12};
	struct text t = {0}, doc = {0};
	struct error err = {0};

	(void)state;
	export_all(&t);
	mkstore_document(&r, &doc);
	if (verify_run_in(&doc, &t, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t at = 0; at < doc.len; at++) {
		doc.buf[at] ^= 1;
		assert_true(verify_run_in(&doc, &t, NULL) < 0);
		doc.buf[at] ^= 1;
	}
	text_release(&t);
	text_release(&doc);
}

static void a_flip_at_each_byte_of_a_signed_document_is_found(void **state)
{
	struct ticket_policy policy = {
		.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};
	struct store *s = store_open(dir, 0, NULL);
	struct text doc = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(release_ask(s, "T3", &policy, NOW, &doc, NULL, NULL), 0);
	store_close(s);
	if (verify_document(doc.buf, doc.len, key, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t at = 0; at < doc.len; at++) {
		doc.buf[at] = (char)(doc.buf[at] ^ 1 << at % 8);
		assert_true(verify_document(doc.buf, doc.len, key, NULL) < 0);
		doc.buf[at] = (char)(doc.buf[at] ^ 1 << at % 8);
	}
	assert_int_equal(verify_document("{}", 2, key, NULL), ERR_SYNTAX);
	text_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_hundred_thousand_flips_are_all_found_where_they_are),
		T(an_item_taken_out_doubled_or_moved_is_found),
		T(a_cut_tail_is_found_against_what_was_acknowledged),
		T(a_chain_rewritten_with_another_key_is_not_by_this_one),
		T(any_flip_in_an_exported_file_is_found),
		T(each_column_of_each_table_the_chain_covers_is_watched),
		T(a_run_s_record_is_found_in_the_chain_or_refused),
		T(a_flip_at_each_byte_of_a_signed_document_is_found),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
