/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include <string.h>

#include "src/store/db.h"

const char *const schema_outbox[] = {
	"CREATE TABLE outbox ("
	" endpoint TEXT PRIMARY KEY, after INTEGER NOT NULL CHECK (after >= 0),"
	" disabled TEXT NOT NULL, utc_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox"
	" BEGIN SELECT RAISE(ABORT, 'endpoints stay'); END;"
	"CREATE TRIGGER outbox_forward BEFORE UPDATE ON outbox WHEN NEW.after < OLD.after"
	" BEGIN SELECT RAISE(ABORT, 'an endpoint does not go back'); END;",
	"CREATE TABLE dead_letter ("
	" endpoint TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES chain (seq),"
	" utc_us INTEGER NOT NULL, tries INTEGER NOT NULL, why TEXT NOT NULL,"
	" state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),"
	" PRIMARY KEY (endpoint, seq)) STRICT, WITHOUT ROWID;"
	"CREATE TRIGGER dead_letter_no_delete BEFORE DELETE ON dead_letter"
	" BEGIN SELECT RAISE(ABORT, 'dead letters stay'); END;",
	NULL};

int store_outbox_get(struct store *s, const char *endpoint, struct outbox_row *out,
		     struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT o.endpoint, o.after, o.disabled, o.utc_us,"
			  " (SELECT count(*) FROM dead_letter d WHERE d.endpoint = o.endpoint"
			  "  AND d.state < 3),"
			  " (SELECT count(*) FROM dead_letter d WHERE d.endpoint = o.endpoint"
			  "  AND d.state = 2)"
			  " FROM outbox o WHERE o.endpoint = ?",
			  "t", endpoint);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		memset(out, 0, sizeof(*out));
		db_copy(out->endpoint, st, 0);
		out->after = sqlite3_column_int64(st, 1);
		db_copy(out->disabled, st, 2);
		out->changed_utc_us = sqlite3_column_int64(st, 3);
		out->dead = sqlite3_column_int(st, 4);
		out->again = sqlite3_column_int(st, 5);
	}
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "outbox: no endpoint %s", endpoint);
	return rc < 0 ? rc : 0;
}

static int put_row(struct store *s, const struct outbox_row *row, struct error *err)
{
	return db_run(s, err,
		      "INSERT INTO outbox (endpoint, after, disabled, utc_us) VALUES (?, ?, ?, ?)"
		      " ON CONFLICT (endpoint) DO UPDATE SET after = max(after, excluded.after),"
		      " disabled = excluded.disabled, utc_us = excluded.utc_us",
		      "titi", row->endpoint, row->after, row->disabled, row->changed_utc_us);
}

int store_outbox_put(struct store *s, const struct outbox_row *row, struct error *err)
{
	int rc = db_begin(s, err);

	return rc < 0 ? rc : db_end(s, put_row(s, row, err), err);
}

int store_dead_letter_add(struct store *s, const struct dead_letter *d, struct error *err)
{
	struct outbox_row row = {.after = d->seq, .changed_utc_us = d->utc_us};
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	(void)text_copy(row.endpoint, sizeof(row.endpoint), d->endpoint);
	rc = db_run(s, err,
		    "INSERT INTO dead_letter (endpoint, seq, utc_us, tries, why, state)"
		    " VALUES (?, ?, ?, ?, ?, 1)"
		    " ON CONFLICT (endpoint, seq) DO UPDATE SET utc_us = excluded.utc_us,"
		    " tries = tries + excluded.tries, why = excluded.why, state = 1",
		    "tiiit", d->endpoint, d->seq, d->utc_us, (int64_t)d->tries, d->why);
	if (rc == 0)
		rc = put_row(s, &row, err);
	return db_end(s, rc, err);
}

int store_dead_letter_sent(struct store *s, const char *endpoint, int64_t seq, int64_t utc_us,
			   struct error *err)
{
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	return db_end(s,
		      db_run(s, err,
			     "UPDATE dead_letter SET state = 3, utc_us = ? WHERE endpoint = ?"
			     " AND seq = ?",
			     "iti", utc_us, endpoint, seq),
		      err);
}

int store_dead_letter_again(struct store *s, const char *endpoint, int64_t seq, int *n,
			    struct error *err)
{
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = db_run(s, err,
		    "UPDATE dead_letter SET state = 2 WHERE endpoint = ?1 AND state = 1"
		    " AND (?2 = 0 OR seq = ?2)",
		    "ti", endpoint, seq);
	*n = rc == 0 ? sqlite3_changes(s->db) : 0;
	return db_end(s, rc, err);
}

int store_dead_letter_list(struct store *s, const char *endpoint, enum dead_state state, int limit,
			   bool (*fn)(void *ctx, const struct dead_letter *d), void *ctx,
			   struct error *err)
{
	struct dead_letter d;
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT d.endpoint, d.seq, d.utc_us, d.tries, d.why, d.state, c.type,"
			  " c.ticket, c.serial FROM dead_letter d JOIN chain c ON c.seq = d.seq"
			  " WHERE d.endpoint = ?1 AND d.state < 3 AND (?2 = 0 OR d.state = ?2)"
			  " ORDER BY d.seq LIMIT ?3",
			  "tii", endpoint, (int64_t)state, (int64_t)limit);

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		memset(&d, 0, sizeof(d));
		db_copy(d.endpoint, st, 0);
		d.seq = sqlite3_column_int64(st, 1);
		d.utc_us = sqlite3_column_int64(st, 2);
		d.tries = sqlite3_column_int(st, 3);
		db_copy(d.why, st, 4);
		d.state = (enum dead_state)sqlite3_column_int(st, 5);
		db_copy(d.type, st, 6);
		db_copy(d.ticket, st, 7);
		db_copy(d.serial, st, 8);
		if (!fn(ctx, &d))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}
