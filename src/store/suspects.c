/* SPDX-License-Identifier: MIT
 *
 * Revisions of profiles, and runs that a later record puts in doubt.
 */
#include "store/subject.h"
#include "src/store/db.h"

#include <stdlib.h>
#include <string.h>

static int put_subject(struct store *s, const char *kind, const char *name,
		       const struct chain_item *item, int64_t utc_us, struct error *err)
{
	int rc = db_run(s, err,
			"INSERT INTO subject (kind, name, who, data, utc_us)"
			" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (kind, name)"
			" DO UPDATE SET who = ?3, data = ?4, utc_us = ?5",
			"tttti", kind, name, item->who, item->data, utc_us);

	return rc == 0 ? store_chain_append(s, item, utc_us, NULL, err) : rc;
}

int store_profile_submit(struct store *s, const uint8_t hash[32], const char *bytes, size_t n,
			 const char *profile, const struct chain_item *item, int64_t utc_us,
			 struct error *err)
{
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = db_run(s, err,
		    "INSERT INTO profile_revision (hash, bytes, stored_utc_us) SELECT ?1, ?2, ?3"
		    " WHERE NOT EXISTS (SELECT 1 FROM profile_revision WHERE hash = ?1)",
		    "bbi", hash, (size_t)32, bytes, n, utc_us);
	if (rc == 0)
		rc = put_subject(s, "submission", profile, item, utc_us, err);
	return db_end(s, rc, err);
}

int store_profile_bytes(struct store *s, const uint8_t hash[32], struct text *out,
			struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT bytes FROM profile_revision WHERE hash = ?", "b",
			  hash, (size_t)32);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		text_add(out, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "no such revision of a profile");
	return rc < 0 ? rc : 0;
}

int store_run_approval(struct store *s, const char *run, struct text *data, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT a.data FROM run r JOIN subject a ON a.kind = 'approval' AND"
			  " a.name = lower(hex(r.profile_hash)) WHERE r.id = ?",
			  "t", run);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		text_puts(data, db_text(st, 0));
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "run %s: its revision has no approval", run);
	return rc < 0 ? rc : 0;
}

/* ---- runs in doubt ---- */

struct found {
	struct run_row *rows;
	int count;
};

static int gather(struct store *s, sqlite3_stmt *st, struct found *f, struct error *err)
{
	int rc;

	while ((rc = db_step(s, st, err)) > 0) {
		struct run_row row;

		rc = store_run_get(s, db_text(st, 0), &row, NULL, err);
		if (rc < 0)
			break;
		f->rows = xrealloc(f->rows, (size_t)(f->count + 1) * sizeof(*f->rows));
		f->rows[f->count++] = row;
	}
	db_done(s, st);
	return rc;
}

/* Ended runs on a bay that used the channel, as their facts at the start tell. */
static int find_on_bay(struct store *s, const char *bay, const struct suspect_search *q,
		       struct found *f, struct error *err)
{
	/* As run/record.h writes an entry of "calibration": SQLite's json_each is a table to make,
	 * which our own walls forbid. */
	char *used = dir_path("{\"channel\":\"%s\",\"state\":", q->channel);
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT r.id FROM run r JOIN run_end e ON e.run = r.seq WHERE r.bay = ?1"
			  " AND r.started_utc_us >= ?2 AND instr(r.facts, ?3) > 0 ORDER BY r.seq",
			  "tit", bay, q->since_us, used);

	if (rc == 0)
		rc = gather(s, st, f, err);
	free(used);
	return rc;
}

/* Passes of other revisions of the profile whose ticket is still here. */
static int find_of_profile(struct store *s, const struct suspect_search *q, struct found *f,
			   struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(
		s, &st, err,
		"SELECT r.id FROM run r JOIN run_end e ON e.run = r.seq"
		" WHERE r.profile = ?1 AND e.verdict = 'pass' AND r.profile_hash <> ?2"
		" AND NOT EXISTS (SELECT 1 FROM chain c WHERE c.ticket = r.ticket AND"
		" c.ticket <> '' AND +c.type = 'released' AND NOT EXISTS (SELECT 1 FROM chain w WHERE"
		" w.ticket = r.ticket AND w.ticket <> '' AND +w.type = 'withdrawn' AND w.seq > c.seq))"
		" AND (?3 = 0 OR r.started_utc_us < ?3)"
		" AND (?4 IS NULL OR NOT EXISTS (SELECT 1 FROM chain d WHERE d.run = r.id"
		" AND d.run <> '' AND +d.type = 'suspect'"
		" AND instr(CAST(d.bytes AS TEXT), ?4) > 0))"
		" ORDER BY r.seq",
		"tbit", q->profile, q->except_hash, (size_t)32, q->before_us, q->once);

	return rc < 0 ? rc : gather(s, st, f, err);
}

static int mark(struct store *s, const struct run_row *r, const struct suspect_search *q,
		const char *who, int64_t utc_us, struct error *err)
{
	struct chain_item item = {.type = "suspect",
				  .ticket = r->ticket,
				  .serial = r->serial,
				  .run = r->id,
				  .who = who,
				  .feed = true,
				  .data = q->reason,
				  .n = q->mark ? strlen(q->reason) : 0};

	return q->mark ? store_chain_append(s, &item, utc_us, NULL, err) : 0;
}

int store_suspects_mark(struct store *s, const struct suspect_search *search, const char *who,
			int64_t utc_us, struct error *err)
{
	struct found f = {.count = 0};
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = find_of_profile(s, search, &f, err);
	for (int i = 0; rc == 0 && i < f.count; i++)
		rc = mark(s, &f.rows[i], search, who, utc_us, err);
	free(f.rows);
	return db_end(s, rc, err);
}

int store_rejudge_next(struct store *s, const char *reason, const char *mark, struct run_row *row,
		       struct text *doc, struct text *profile, struct error *err)
{
	char run[37] = "";
	sqlite3_stmt *st;
	int rc = db_query(
		s, &st, err,
		"SELECT r.id, p.bytes FROM chain c JOIN run r ON r.id = c.run"
		" JOIN profile_revision p ON p.hash = r.profile_hash"
		" WHERE c.type = 'suspect' AND instr(CAST(c.bytes AS TEXT), ?1) > 0"
		" AND NOT EXISTS (SELECT 1 FROM chain j WHERE j.run = c.run AND j.run <> '' AND"
		" j.type = 'rejudged' AND instr(CAST(j.bytes AS TEXT), ?2) > 0)"
		" ORDER BY c.seq LIMIT 1",
		"tt", reason, mark);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		db_copy(run, st, 0);
		text_add(profile, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
	}
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "no run is left to be judged again");
	return rc < 0 ? rc : store_run_get(s, run, row, doc, err);
}

int store_subject_put_suspects(struct store *s, const char *kind, const char *name,
			       const struct chain_item *item, const struct suspect_search *search,
			       int64_t utc_us, void (*fn)(void *ctx, const struct run_row *r),
			       void *ctx, struct error *err)
{
	struct found f = {.count = 0};
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = put_subject(s, kind, name, item, utc_us, err);
	for (int i = 0; rc == 0 && search->channel && i < search->bay_count; i++)
		rc = find_on_bay(s, search->bays[i], search, &f, err);
	if (rc == 0 && search->profile)
		rc = find_of_profile(s, search, &f, err);
	for (int i = 0; rc == 0 && i < f.count; i++)
		rc = mark(s, &f.rows[i], search, item->who, utc_us, err);
	rc = db_end(s, rc, err);
	for (int i = 0; rc == 0 && fn && i < f.count; i++)
		fn(ctx, &f.rows[i]);
	free(f.rows);
	return rc;
}
