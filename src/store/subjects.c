/* SPDX-License-Identifier: MIT */
#include "store/subject.h"
#include "src/store/db.h"

#include <string.h>

int store_subject_put(struct store *s, const char *kind, const char *name, const char *data,
		      const struct chain_item *item, int64_t utc_us, struct error *err)
{
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = db_run(s, err,
		    "INSERT INTO subject (kind, name, who, data, utc_us) VALUES (?1, ?2, ?3, ?4,"
		    " ?5) ON CONFLICT (kind, name) DO UPDATE SET who = ?3, data = ?4, utc_us = ?5",
		    "tttti", kind, name, item->who ? item->who : "", data ? data : item->data,
		    utc_us);
	if (rc == 0)
		rc = store_chain_append(s, item, utc_us, NULL, err);
	return db_end(s, rc, err);
}

int store_subject_get(struct store *s, const char *kind, const char *name, struct text *data,
		      struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT data FROM subject WHERE kind = ? AND name = ?", "tt",
			  kind, name);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		text_puts(data, db_text(st, 0));
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "%s %s: not there", kind, name);
	return rc < 0 ? rc : 0;
}

int store_subject_list(struct store *s, const char *kind,
		       bool (*fn)(void *ctx, const struct subject_row *r), void *ctx,
		       struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT name, who, data, utc_us FROM subject WHERE kind = ?"
			  " ORDER BY name",
			  "t", kind);

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		struct subject_row r = {.kind = kind,
					.name = db_text(st, 0),
					.who = db_text(st, 1),
					.data = db_text(st, 2),
					.utc_us = sqlite3_column_int64(st, 3)};

		if (!fn(ctx, &r))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_secret_put(struct store *s, const char *kind, const char *name, const char *hash,
		     int64_t utc_us, struct error *err)
{
	return db_run(s, err,
		      "INSERT INTO secret (kind, name, hash, utc_us) VALUES (?1, ?2, ?3, ?4)"
		      " ON CONFLICT (kind, name) DO UPDATE SET hash = ?3, utc_us = ?4",
		      "ttti", kind, name, hash, utc_us);
}

int store_secret_get(struct store *s, const char *kind, const char *name, char hash[160],
		     struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT hash FROM secret WHERE kind = ? AND name = ?", "tt",
			  kind, name);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		(void)text_copy(hash, 160, db_text(st, 0));
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "%s %s: not there", kind, name);
	return rc < 0 ? rc : 0;
}
