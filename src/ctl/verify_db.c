/* SPDX-License-Identifier: MIT
 *
 * The database file as anybody finds it: opened read only with SQLite, its tables read by names
 * of their own. Walks the chain; then every row that an item speaks of must be as the item says,
 * and every row must have its item.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/verify.h"

struct db {
	sqlite3 *sql;
	struct error *err;
	sqlite3_stmt *run, *end, *notes, *profile, *begun;
	char profile_good[65]; /* the hash that was looked at last: a depot runs few profiles */
	int64_t runs, ends;    /* items seen */
};

static int db_wrong(const struct db *d)
{
	return error_set(d->err, ERR_DENIED, "the database: %s", sqlite3_errmsg(d->sql));
}

static int item_wrong(const struct db *d, int64_t seq, const char *what)
{
	return error_set(d->err, ERR_DENIED, "item %" PRId64 ": %s", seq, what);
}

static bool is_taken_back(const json_t *item)
{
	return json_is_object(json_object_get(item, "imported"));
}

static int prepare(struct db *d, const char *sql, sqlite3_stmt **st)
{
	return sqlite3_prepare_v2(d->sql, sql, -1, st, NULL) == SQLITE_OK ? 0 : db_wrong(d);
}

static const char *column(sqlite3_stmt *st, int i)
{
	const unsigned char *p = sqlite3_column_text(st, i);

	return p ? (const char *)p : "";
}

static void column_sha256(char dst[65], sqlite3_stmt *st, int i)
{
	const void *p = sqlite3_column_blob(st, i);

	verify_sha256_hex(dst, p ? p : "", (size_t)sqlite3_column_bytes(st, i));
}

/* "2026-11-22T01:02:03.000004Z" */
static int64_t utc_us_of(const char *at)
{
	struct tm tm = {0};
	int us = 0, n = 0;

	if (sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &us, &n) != 7 ||
	    at[n])
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000000 + us;
}

/* seq, type, ticket, serial, run, utc_us, who, feed */
static int check_columns(const struct db *d, sqlite3_stmt *st, const json_t *item)
{
	static const char *const texts[][2] = {
		{"1", "type"}, {"2", "ticket"}, {"3", "serial"}, {"4", "run"}, {"6", "who"}};
	const int64_t seq = sqlite3_column_int64(st, 0);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(column(st, texts[i][0][0] - '0'), verify_text(item, texts[i][1])) != 0)
			return item_wrong(d, seq, "a column says other than its bytes");
	if (sqlite3_column_int64(st, 5) != utc_us_of(verify_text(item, "at")) ||
	    (sqlite3_column_int(st, 7) != 0) != json_is_true(json_object_get(item, "feed")))
		return item_wrong(d, seq, "a column says other than its bytes");
	return 0;
}

static bool says(const json_t *data, const char *key, sqlite3_stmt *st, int i)
{
	return strcmp(verify_text(data, key), column(st, i)) == 0;
}

static int check_profile(struct db *d, int64_t seq, const json_t *data, sqlite3_stmt *run)
{
	const char *sha256 = verify_text(data, "profile_sha256");
	char hex[65];
	bool good;

	if (sqlite3_column_bytes(run, 8) != 32)
		return item_wrong(d, seq, "its profile is another one");
	text_hex(hex, sqlite3_column_blob(run, 8), 32);
	if (strcmp(hex, sha256) != 0)
		return item_wrong(d, seq, "its profile is another one");
	if (strcmp(d->profile_good, sha256) == 0)
		return 0;
	(void)sqlite3_bind_blob(d->profile, 1, sqlite3_column_blob(run, 8), 32, SQLITE_TRANSIENT);
	good = sqlite3_step(d->profile) == SQLITE_ROW;
	if (good)
		column_sha256(hex, d->profile, 0);
	(void)sqlite3_reset(d->profile);
	if (!good || strcmp(hex, sha256) != 0)
		return item_wrong(d, seq, "its profile's bytes were changed or are missing");
	memcpy(d->profile_good, hex, sizeof(hex));
	return 0;
}

/* ticket, serial, model, bay, run_type, profile, revision, operator, hash, simulated, started,
 * facts */
static int check_started(struct db *d, int64_t seq, const json_t *item)
{
	const json_t *data = json_object_get(item, "data");
	sqlite3_stmt *st = d->run;
	char facts[65] = "";
	int rc = 0;

	(void)sqlite3_bind_text(st, 1, verify_text(item, "run"), -1, SQLITE_TRANSIENT);
	if (sqlite3_step(st) != SQLITE_ROW)
		rc = item_wrong(d, seq, "its run is missing");
	if (rc == 0)
		column_sha256(facts, st, 11);
	if (rc == 0 &&
	    (!says(item, "ticket", st, 0) || !says(item, "serial", st, 1) ||
	     !says(data, "model", st, 2) || !says(data, "bay", st, 3) ||
	     !says(data, "run_type", st, 4) || !says(data, "profile", st, 5) ||
	     json_integer_value(json_object_get(data, "revision")) != sqlite3_column_int64(st, 6) ||
	     !says(item, "who", st, 7) ||
	     json_is_true(json_object_get(data, "simulated")) != (sqlite3_column_int(st, 9) != 0) ||
	     utc_us_of(verify_text(item, "at")) != sqlite3_column_int64(st, 10) ||
	     strcmp(verify_text(data, "facts_sha256"), facts) != 0))
		rc = item_wrong(d, seq, "its run says otherwise");
	if (rc == 0)
		rc = check_profile(d, seq, data, st);
	(void)sqlite3_reset(st);
	d->runs++;
	return rc;
}

/* Was its begin recorded here, or taken back with its end? */
static bool has_begun_here(struct db *d, const char *run)
{
	bool begun;

	(void)sqlite3_bind_text(d->begun, 1, run, -1, SQLITE_TRANSIENT);
	begun = sqlite3_step(d->begun) == SQLITE_ROW && sqlite3_column_int64(d->begun, 0) > 0;
	(void)sqlite3_reset(d->begun);
	return begun;
}

static int check_journal(struct db *d, int64_t seq, const char *run, const json_t *data)
{
	struct text lines = {0};
	int64_t count = 0;
	char hex[65];

	(void)sqlite3_bind_text(d->notes, 1, run, -1, SQLITE_TRANSIENT);
	while (sqlite3_step(d->notes) == SQLITE_ROW) {
		text_add(&lines, column(d->notes, 0), (size_t)sqlite3_column_bytes(d->notes, 0));
		text_add(&lines, "\n", 1);
		count++;
	}
	(void)sqlite3_reset(d->notes);
	verify_sha256_hex(hex, lines.buf ? lines.buf : "", lines.len);
	text_release(&lines);
	if (json_integer_value(json_object_get(data, "journal_lines")) != count ||
	    strcmp(verify_text(data, "journal_sha256"), hex) != 0)
		return item_wrong(d, seq, "its run's journal was changed");
	return 0;
}

/* verdict, ended, doc, doc_sha256 */
static int check_finished(struct db *d, int64_t seq, const json_t *item)
{
	const json_t *data = json_object_get(item, "data");
	sqlite3_stmt *st = d->end;
	char doc[65] = "", kept[65] = "";
	int rc = 0;

	(void)sqlite3_bind_text(st, 1, verify_text(item, "run"), -1, SQLITE_TRANSIENT);
	if (sqlite3_step(st) != SQLITE_ROW)
		rc = item_wrong(d, seq, "its run's record is missing");
	if (rc == 0) {
		column_sha256(doc, st, 2);
		if (sqlite3_column_bytes(st, 3) == 32)
			text_hex(kept, sqlite3_column_blob(st, 3), 32);
	}
	if (rc == 0 &&
	    (!says(data, "verdict", st, 0) ||
	     utc_us_of(verify_text(item, "at")) != sqlite3_column_int64(st, 1) ||
	     strcmp(verify_text(data, "document_sha256"), doc) != 0 || strcmp(kept, doc) != 0 ||
	     json_integer_value(json_object_get(data, "document_bytes")) !=
		     sqlite3_column_bytes(st, 2)))
		rc = item_wrong(d, seq, "its run's record was changed");
	(void)sqlite3_reset(st);
	d->ends++;
	/* what was taken back comes without its journal and its facts, which were lost */
	if (is_taken_back(item)) {
		d->runs += !has_begun_here(d, verify_text(item, "run"));
		return rc;
	}
	return rc < 0 ? rc : check_journal(d, seq, verify_text(item, "run"), data);
}

static int check_row(struct db *d, struct verify_chain *v, sqlite3_stmt *st)
{
	struct verify_item i = {.seq = sqlite3_column_int64(st, 0),
				.bytes = sqlite3_column_blob(st, 8),
				.n = (size_t)sqlite3_column_bytes(st, 8)};
	const char *type;
	json_t *item;
	int rc;

	if (!i.bytes || sqlite3_column_bytes(st, 9) != 32 || sqlite3_column_bytes(st, 10) != 64)
		return item_wrong(d, i.seq, "its root or signature is none");
	memcpy(i.root, sqlite3_column_blob(st, 9), 32);
	memcpy(i.sig, sqlite3_column_blob(st, 10), 64);
	rc = verify_chain_item(v, &i, d->err);
	if (rc < 0)
		return rc;
	item = json_load_limited(i.bytes, i.n, i.n, NULL);
	type = verify_text(item, "type");
	rc = check_columns(d, st, item);
	if (rc == 0 && is_taken_back(item))
		rc = verify_taken_back(v, &i, item, d->err);
	if (rc == 0 && strcmp(type, "run_started") == 0 && !is_taken_back(item))
		rc = check_started(d, i.seq, item);
	else if (rc == 0 && strcmp(type, "run_finished") == 0)
		rc = check_finished(d, i.seq, item);
	json_decref(item);
	return rc;
}

static int count_is(struct db *d, const char *sql, int64_t want, const char *what)
{
	sqlite3_stmt *st;
	int rc = prepare(d, sql, &st);

	if (rc < 0)
		return rc;
	if (sqlite3_step(st) != SQLITE_ROW || sqlite3_column_int64(st, 0) != want)
		rc = error_set(d->err, ERR_DENIED,
			       "the database: a row of %s that the chain does not know", what);
	(void)sqlite3_finalize(st);
	return rc;
}

static int read_instance(struct db *d, char instance[40])
{
	sqlite3_stmt *st;
	int rc = prepare(d, "SELECT value FROM meta WHERE key = 'instance'", &st);

	if (rc < 0)
		return rc;
	if (sqlite3_step(st) == SQLITE_ROW)
		(void)text_copy(instance, 40, column(st, 0));
	(void)sqlite3_finalize(st);
	return 0;
}

static int prepare_all(struct db *d)
{
	int rc = prepare(d,
			 "SELECT ticket, serial, model, bay, run_type, profile, profile_revision,"
			 " operator, profile_hash, simulated, started_utc_us, facts FROM run"
			 " WHERE id = ?",
			 &d->run);

	if (rc == 0)
		rc = prepare(d,
			     "SELECT e.verdict, e.ended_utc_us, e.doc, e.doc_sha256 FROM run_end e"
			     " JOIN run r ON r.seq = e.run WHERE r.id = ?",
			     &d->end);
	if (rc == 0)
		rc = prepare(d,
			     "SELECT n.note FROM run_note n JOIN run r ON r.seq = n.run"
			     " WHERE r.id = ? ORDER BY n.seq",
			     &d->notes);
	if (rc == 0)
		rc = prepare(d, "SELECT bytes FROM profile_revision WHERE hash = ?", &d->profile);
	if (rc == 0)
		rc = prepare(d,
			     "SELECT count(*) FROM chain WHERE run = ? AND type = 'run_started'"
			     " AND instr(CAST(bytes AS TEXT), ',\"imported\":{') = 0",
			     &d->begun);
	return rc;
}

static int walk(struct db *d, struct verify_chain *v)
{
	sqlite3_stmt *st;
	int step = SQLITE_DONE;
	int rc =
		prepare(d,
			"SELECT seq, type, ticket, serial, run, utc_us, who, feed, bytes, root, sig"
			" FROM chain ORDER BY seq",
			&st);

	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW)
		rc = check_row(d, v, st);
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_wrong(d);
	(void)sqlite3_finalize(st);
	if (rc == 0)
		rc = verify_chain_end(v, d->err);
	if (rc == 0)
		rc = count_is(d, "SELECT count(*) FROM run", d->runs, "runs");
	if (rc == 0)
		rc = count_is(d, "SELECT count(*) FROM run_end", d->ends, "records");
	return rc;
}

int verify_database(const char *path, const uint8_t trusted[32], int64_t ack_size,
		    const uint8_t ack_root[32], int64_t *size, struct error *err)
{
	struct db d = {.err = err};
	struct verify_chain v;
	char instance[40] = "";
	int rc = 0;

	if (sqlite3_open_v2(path, &d.sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL) !=
	    SQLITE_OK)
		rc = error_set(err, ERR_SYNTAX, "%s: %s", path,
			       d.sql ? sqlite3_errmsg(d.sql) : "no memory");
	/* One state of it, whatever a station writes meanwhile. */
	if (rc == 0 && sqlite3_exec(d.sql, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		rc = db_wrong(&d);
	if (rc == 0)
		rc = read_instance(&d, instance);
	if (rc == 0)
		rc = prepare_all(&d);
	if (rc == 0)
		rc = verify_chain_begin(&v, instance, trusted, ack_size, ack_root, err);
	if (rc == 0)
		rc = walk(&d, &v);
	if (rc == 0)
		*size = v.size;
	(void)sqlite3_finalize(d.run);
	(void)sqlite3_finalize(d.end);
	(void)sqlite3_finalize(d.notes);
	(void)sqlite3_finalize(d.profile);
	(void)sqlite3_finalize(d.begun);
	(void)sqlite3_close(d.sql);
	return rc;
}
