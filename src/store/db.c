/* SPDX-License-Identifier: MIT */
#include "src/store/db.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

int db_fail(struct store *s, struct error *err)
{
	const char *what = s->db ? sqlite3_errmsg(s->db) : "not open";
	int code = s->db ? sqlite3_extended_errcode(s->db) : 0;

	if (!s->writer)
		return error_set(err, ERR_IO, "%s/benchd.db: %s (%d)", s->dir, what, code);
	s->failed = true;
	return error_set(err, ERR_STORE, "%s/benchd.db: %s (%d)", s->dir, what, code);
}

static int refuse_failed(const struct store *s, struct error *err)
{
	return error_set(err, ERR_STORE, "%s/benchd.db: an earlier write did not succeed; restart",
			 s->dir);
}

static int bind_one(sqlite3_stmt *st, int at, char type, va_list *ap)
{
	const char *text;
	const void *blob;
	size_t n;

	switch (type) {
	case 'i': return sqlite3_bind_int64(st, at, va_arg(*ap, int64_t));
	case 't':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	case 's':
		text = va_arg(*ap, const char *);
		n = va_arg(*ap, size_t);
		return sqlite3_bind_text64(st, at, text, n, SQLITE_STATIC, SQLITE_UTF8);
	case 'b':
		blob = va_arg(*ap, const void *);
		n = va_arg(*ap, size_t);
		return sqlite3_bind_blob64(st, at, blob, n, SQLITE_STATIC);
	default: assert(!"unknown type letter"); return SQLITE_MISUSE;
	}
}

static int prepare(struct store *s, sqlite3_stmt **out, struct error *err, const char *sql,
		   const char *types, va_list *ap)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (s->failed)
		return refuse_failed(s, err);
	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	for (int i = 0; rc == SQLITE_OK && types[i]; i++)
		rc = bind_one(st, i + 1, types[i], ap);
	if (rc != SQLITE_OK) {
		rc = db_fail(s, err);
		sqlite3_finalize(st);
		return rc;
	}
	*out = st;
	return 0;
}

int db_query(struct store *s, sqlite3_stmt **out, struct error *err, const char *sql,
	     const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = prepare(s, out, err, sql, types, &ap);
	va_end(ap);
	return rc;
}

int db_step(struct store *s, sqlite3_stmt *st, struct error *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW: return 1;
	case SQLITE_DONE: return 0;
	default: return db_fail(s, err);
	}
}

int db_run(struct store *s, struct error *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int rc;

	if (!s->writer)
		return error_set(err, ERR_STATE, "%s: opened for reading only", s->dir);
	va_start(ap, types);
	rc = prepare(s, &st, err, sql, types, &ap);
	va_end(ap);
	if (rc < 0)
		return rc;
	switch (sqlite3_step(st)) {
	case SQLITE_DONE: rc = 0; break;
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_TRIGGER:
		rc = error_set(err, ERR_EXISTS, "%s", sqlite3_errmsg(s->db));
		break;
	default: rc = db_fail(s, err); break;
	}
	sqlite3_finalize(st);
	return rc;
}

int db_begin(struct store *s, struct error *err)
{
	return db_run(s, err, "BEGIN IMMEDIATE", "");
}

int db_end(struct store *s, int rc, struct error *err)
{
	if (rc == 0)
		rc = db_run(s, err, "COMMIT", "");
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

const char *db_text(sqlite3_stmt *st, int col)
{
	const unsigned char *p = sqlite3_column_text(st, col);

	return p ? (const char *)p : "";
}
