/* SPDX-License-Identifier: MIT */
#include "src/store/db.h"

#include <stdio.h>
#include <string.h>

#include "src/store/chain_item.h"

#define COLUMNS                                                                                    \
	"r.id, r.ticket, r.serial, r.model, r.bay, r.run_type, r.profile, r.profile_revision,"     \
	" r.operator, r.simulated, r.started_utc_us,"                                              \
	" coalesce(e.verdict, ''), coalesce(e.ended_utc_us, 0), coalesce(e.seq, 0)"
enum { COLUMN_COUNT = 14, LOOKED_THROUGH_MAX = 20000 };

static void read_row(sqlite3_stmt *st, struct run_row *r)
{
	memset(r, 0, sizeof(*r));
	db_copy(r->id, st, 0);
	db_copy(r->ticket, st, 1);
	db_copy(r->serial, st, 2);
	db_copy(r->model, st, 3);
	db_copy(r->bay, st, 4);
	db_copy(r->run_type, st, 5);
	db_copy(r->profile, st, 6);
	r->profile_revision = sqlite3_column_int(st, 7);
	db_copy(r->operator_name, st, 8);
	r->simulated = sqlite3_column_int(st, 9) != 0;
	r->started_utc_us = sqlite3_column_int64(st, 10);
	db_copy(r->verdict, st, 11);
	r->ended_utc_us = sqlite3_column_int64(st, 12);
	r->seq = sqlite3_column_int64(st, 13);
}

/* The number of a run; ended: does it have an end? */
static int find_run(struct store *s, const char *id, int64_t *run, bool *ended, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT r.seq, e.seq IS NOT NULL FROM run r"
			  " LEFT JOIN run_end e ON e.run = r.seq WHERE r.id = ?",
			  "t", id);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		*run = sqlite3_column_int64(st, 0);
		*ended = sqlite3_column_int(st, 1) != 0;
	}
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "run %s: no such run", id);
	return rc < 0 ? rc : 0;
}

static int put_profile(struct store *s, const struct run_row *row, const uint8_t hash[32],
		       const char *bytes, size_t size, struct error *err)
{
	return db_run(s, err,
		      "INSERT INTO profile_revision (hash, bytes, stored_utc_us) SELECT ?1, ?2, ?3"
		      " WHERE NOT EXISTS (SELECT 1 FROM profile_revision WHERE hash = ?1)",
		      "bbi", hash, (size_t)32, bytes, size, row->started_utc_us);
}

static bool is_run_id(const char *id)
{
	size_t n = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return n > 0 && n <= 36 && id[n] == '\0';
}

int store_run_begin(struct store *s, const struct run_row *row, const char *facts_json,
		    const uint8_t profile_hash[32], const char *profile_bytes, size_t profile_size,
		    struct error *err)
{
	uint8_t hash[32];
	int rc;

	if (!is_run_id(row->id))
		return error_set(err, ERR_RANGE, "run id \"%s\": letters, digits and - expected",
				 row->id);
	text_sha256(hash, profile_bytes, profile_size);
	if (memcmp(hash, profile_hash, sizeof(hash)) != 0)
		return error_set(err, ERR_RANGE, "profile %s: its bytes do not have its hash",
				 row->profile);
	rc = db_begin(s, err);
	if (rc < 0)
		return rc;
	rc = put_profile(s, row, profile_hash, profile_bytes, profile_size, err);
	if (rc == 0)
		rc = db_run(s, err,
			    "INSERT INTO run (id, ticket, serial, model, bay, run_type, profile,"
			    " profile_revision, profile_hash, operator, simulated, started_utc_us,"
			    " facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			    "tttttttibtiit", row->id, row->ticket, row->serial, row->model,
			    row->bay, row->run_type, row->profile, (int64_t)row->profile_revision,
			    profile_hash, (size_t)32, row->operator_name, (int64_t)row->simulated,
			    row->started_utc_us, facts_json);
	if (rc == 0)
		rc = chain_run_started(s, row, profile_hash, facts_json, false, err);
	return db_end(s, rc, err);
}

int store_run_note(struct store *s, const char *run_id, const char *note_json, size_t n,
		   struct error *err)
{
	int64_t run = 0;
	bool ended = false;
	int rc = find_run(s, run_id, &run, &ended, err);

	if (rc < 0)
		return rc;
	if (ended)
		return error_set(err, ERR_STATE, "run %s: has ended", run_id);
	return db_run(s, err, "INSERT INTO run_note (run, note) VALUES (?, ?)", "is", run,
		      note_json, n);
}

/* The row, and its item in the chain. */
static int put_end(struct store *s, const struct run_row *row, int64_t run, const char *doc,
		   size_t n, int64_t *seq, struct error *err)
{
	uint8_t hash[32];
	int rc;

	text_sha256(hash, doc, n);
	rc = db_run(s, err,
		    "INSERT INTO run_end (run, verdict, ended_utc_us, doc, doc_sha256)"
		    " VALUES (?, ?, ?, ?, ?)",
		    "itisb", run, row->verdict, row->ended_utc_us, doc, n, hash, sizeof(hash));
	if (rc < 0)
		return rc;
	*seq = sqlite3_last_insert_rowid(s->db);
	return chain_run_finished(s, row, hash, n, false, err);
}

int store_run_end(struct store *s, const char *run_id, const char *verdict, int64_t ended_utc_us,
		  const char *doc, size_t n, int64_t *seq, struct error *err)
{
	struct run_row row;
	int64_t run = 0, at = 0;
	bool ended = false;
	int rc = find_run(s, run_id, &run, &ended, err);

	if (rc < 0)
		return rc;
	if (ended)
		return error_set(err, ERR_EXISTS, "run %s: has ended already", run_id);
	rc = store_run_get(s, run_id, &row, NULL, err);
	if (rc == 0)
		rc = db_begin(s, err);
	if (rc < 0)
		return rc;
	(void)text_copy(row.verdict, sizeof(row.verdict), verdict);
	row.ended_utc_us = ended_utc_us;
	rc = db_end(s, put_end(s, &row, run, doc, n, &at, err), err);
	if (rc == 0 && seq)
		*seq = at;
	return rc;
}

/* The document in column col and its hash in the next: are they still what was stored? */
static int check_doc(sqlite3_stmt *st, int col, const char *run_id, uint8_t hash[32],
		     struct error *err)
{
	const char *doc = db_text(st, col);

	text_sha256(hash, doc, (size_t)sqlite3_column_bytes(st, col));
	if (sqlite3_column_bytes(st, col + 1) == 32 &&
	    memcmp(hash, sqlite3_column_blob(st, col + 1), 32) == 0)
		return 0;
	return error_set(err, ERR_IO,
			 "run %s: its record does not match its hash; restore a backup", run_id);
}

int store_run_get(struct store *s, const char *run_id, struct run_row *row, struct text *doc,
		  struct error *err)
{
	uint8_t hash[32] = {0};
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT " COLUMNS ", e.doc, e.doc_sha256 FROM run r"
			  " LEFT JOIN run_end e ON e.run = r.seq WHERE r.id = ?",
			  "t", run_id);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc == 0)
		rc = error_set(err, ERR_NOT_FOUND, "run %s: no such run", run_id);
	else if (rc > 0 && doc && sqlite3_column_type(st, COLUMN_COUNT) != SQLITE_NULL)
		rc = check_doc(st, COLUMN_COUNT, run_id, hash, err) < 0 ? ERR_IO : 1;
	if (rc > 0) {
		read_row(st, row);
		memcpy(row->doc_sha256, hash, sizeof(hash));
		if (doc)
			text_add(doc, db_text(st, COLUMN_COUNT),
				 (size_t)sqlite3_column_bytes(st, COLUMN_COUNT));
		rc = 0;
	}
	db_done(s, st);
	return rc;
}

int store_run_journal(struct store *s, const char *run_id,
		      bool (*fn)(void *ctx, const char *json, size_t n), void *ctx,
		      struct error *err)
{
	sqlite3_stmt *st;
	int64_t run = 0;
	bool ended;
	int rc = find_run(s, run_id, &run, &ended, err);

	if (rc == 0)
		rc = db_query(s, &st, err, "SELECT note FROM run_note WHERE run = ? ORDER BY seq",
			      "i", run);
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0)
		if (!fn(ctx, db_text(st, 0), (size_t)sqlite3_column_bytes(st, 0)))
			break;
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_run_list(struct store *s, const char *ticket, const char *serial, int limit,
		   bool (*fn)(void *ctx, const struct run_row *r), void *ctx, struct error *err)
{
	struct text sql = {0};
	struct run_row row;
	sqlite3_stmt *st;
	int rc;

	/* Only the filters given, so that each finds its index. */
	text_printf(&sql,
		    "SELECT " COLUMNS " FROM run r LEFT JOIN run_end e ON e.run = r.seq"
		    " WHERE true%s%s ORDER BY r.seq DESC LIMIT ?3",
		    ticket ? " AND r.ticket = ?1" : "", serial ? " AND r.serial = ?2" : "");
	rc = db_query(s, &st, err, sql.buf, "tti", ticket, serial,
		      (int64_t)(limit > 0 ? limit : -1));
	text_release(&sql);
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		read_row(st, &row);
		if (!fn(ctx, &row))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

static int query_search(struct store *s, const struct run_search *f, sqlite3_stmt **st,
			struct error *err)
{
	/* A unit has few runs, a model or a bay may have most: "+" keeps these from the index then. */
	const char *few = f->ticket || f->serial ? "+" : "";
	struct text sql = {0};
	int64_t seq = 0;
	bool ended;
	int rc = f->before ? find_run(s, f->before, &seq, &ended, err) : 0;

	if (rc < 0)
		return rc;
	text_printf(&sql, "SELECT " COLUMNS
			  " FROM run r LEFT JOIN run_end e ON e.run = r.seq WHERE true");
	text_printf(&sql, "%s%s", f->ticket ? " AND r.ticket = ?1" : "",
		    f->serial ? " AND r.serial = ?2" : "");
	if (f->model)
		text_printf(&sql, " AND %sr.model = ?3", few);
	if (f->bay) /* of two such, the index of the model */
		text_printf(&sql, " AND %sr.bay = ?4", f->model ? "+" : few);
	text_printf(&sql, "%s%s", f->from_us ? " AND r.started_utc_us >= ?5" : "",
		    f->to_us ? " AND r.started_utc_us < ?6" : "");
	if (f->before)
		text_printf(&sql, " AND (r.started_utc_us, r.seq) <"
				  " (SELECT b.started_utc_us, b.seq FROM run b WHERE b.seq = ?7)");
	text_printf(&sql, " ORDER BY r.started_utc_us DESC, r.seq DESC LIMIT ?8");
	rc = db_query(s, st, err, sql.buf, "ttttiiii", f->ticket, f->serial, f->model, f->bay,
		      f->from_us, f->to_us, seq, (int64_t)LOOKED_THROUGH_MAX + 1);
	text_release(&sql);
	return rc;
}

static bool is_word(const char *want, const char *got)
{
	return !want || strcmp(want, got) == 0;
}

static bool is_looked_for(const struct run_search *f, const struct run_row *r)
{
	return is_word(f->run_type, r->run_type) && is_word(f->profile, r->profile) &&
	       is_word(f->verdict, r->verdict[0] ? r->verdict : "open");
}

int store_run_search(struct store *s, const struct run_search *f,
		     bool (*fn)(void *ctx, const struct run_row *r), void *ctx, char next[37],
		     struct error *err)
{
	struct run_row row = {0};
	sqlite3_stmt *st;
	int given = 0, looked = 0;
	int rc = query_search(s, f, &st, err);

	next[0] = '\0';
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		if (given == f->limit || looked++ == LOOKED_THROUGH_MAX) {
			(void)text_copy(next, 37, row.id);
			break;
		}
		read_row(st, &row);
		if (!is_looked_for(f, &row))
			continue;
		given++;
		if (!fn(ctx, &row))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

/* What picks the fewest of them by an index; "": all are asked for. */
static const char *ends_within(const struct run_filter *f)
{
	if (f->serial)
		return " AND e.seq IN (SELECT e.seq FROM run r JOIN run_end e ON e.run = r.seq"
		       " WHERE r.serial = ?1)";
	if (f->from_us || f->to_us)
		return " AND e.seq IN (SELECT seq FROM run_end"
		       " WHERE ended_utc_us >= ?3 AND ended_utc_us < ?4)";
	if (f->model)
		return " AND e.seq IN (SELECT e.seq FROM run r JOIN run_end e ON e.run = r.seq"
		       " WHERE r.model = ?2)";
	return "";
}

int store_run_documents(struct store *s, const struct run_filter *f,
			bool (*fn)(void *ctx, const struct run_row *r, const char *doc, size_t n),
			void *ctx, struct error *err)
{
	struct text sql = {0};
	struct run_row row;
	sqlite3_stmt *st;
	int rc;

	/* Their numbers first, which are small, so that what is sorted is no document; "+": and then in
	 * the order they stand in. */
	text_printf(&sql,
		    "SELECT " COLUMNS ", e.doc FROM run_end e JOIN run r ON r.seq = e.run"
		    " WHERE +e.ended_utc_us >= ?3 AND +e.ended_utc_us < ?4%s%s%s ORDER BY e.seq",
		    f->serial ? " AND +r.serial = ?1" : "", f->model ? " AND +r.model = ?2" : "",
		    ends_within(f));
	rc = db_query(s, &st, err, sql.buf, "ttii", f->serial, f->model, f->from_us,
		      f->to_us ? f->to_us : INT64_MAX);
	text_release(&sql);
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		read_row(st, &row);
		if (!fn(ctx, &row, db_text(st, COLUMN_COUNT),
			(size_t)sqlite3_column_bytes(st, COLUMN_COUNT)))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_open_runs(struct store *s,
		    bool (*fn)(void *ctx, const struct run_row *r, const char *facts_json),
		    void *ctx, struct error *err)
{
	struct run_row row;
	sqlite3_stmt *st;
	/* Rows of a ledger never go, so the last number says how many there are: the look from the newest
	 * back ends with the last open one, and does not begin where there is none. */
	int rc = db_query(s, &st, err,
			  "SELECT " COLUMNS ", r.facts FROM run r"
			  " LEFT JOIN run_end e ON e.run = r.seq WHERE r.seq IN ("
			  "SELECT r.seq FROM run r LEFT JOIN run_end e ON e.run = r.seq"
			  " WHERE e.seq IS NULL ORDER BY r.seq DESC LIMIT"
			  " (SELECT coalesce(max(seq), 0) FROM run) -"
			  " (SELECT coalesce(max(seq), 0) FROM run_end)) ORDER BY r.seq",
			  "");

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		read_row(st, &row);
		if (!fn(ctx, &row, db_text(st, COLUMN_COUNT)))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_run_attempts(struct store *s, const char *ticket, const char *run_type, int *n,
		       struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT count(*) FROM run WHERE ticket = ? AND run_type = ?",
			  "tt", ticket, run_type);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		*n = sqlite3_column_int(st, 0);
	db_done(s, st);
	return rc < 0 ? rc : 0;
}
