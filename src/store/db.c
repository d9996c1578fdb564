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

/* FNV-1a */
static uint64_t hash_of(const char *sql)
{
	uint64_t h = 14695981039346656037u;

	for (; *sql; sql++)
		h = (h ^ (uint8_t)*sql) * 1099511628211u;
	return h;
}

/* The kept statement of that text, or the place for a new one: a free one, or the one that rests
 * longest. NULL: all are at work, or that statement itself is. */
static struct db_kept *find_place(struct store *s, const char *sql, uint64_t hash)
{
	struct db_kept *place = NULL;

	for (int i = 0; i < DB_KEPT_MAX; i++) {
		struct db_kept *k = &s->kept[i];

		if (k->st && k->hash == hash && strcmp(sqlite3_sql(k->st), sql) == 0)
			return k->in_use ? NULL : k;
		if (!k->in_use && (!place || k->used_at < place->used_at))
			place = k;
	}
	return place;
}

/* From the kept ones, or new: to prepare costs several times what a look-up of one row does. */
static int take(struct store *s, const char *sql, sqlite3_stmt **out)
{
	uint64_t hash = hash_of(sql);
	struct db_kept *k = find_place(s, sql, hash);
	int rc = SQLITE_OK;

	if (!k)
		return sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
	if (!k->st || k->hash != hash || strcmp(sqlite3_sql(k->st), sql) != 0) {
		sqlite3_finalize(k->st);
		memset(k, 0, sizeof(*k));
		rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &k->st, NULL);
	}
	if (rc != SQLITE_OK)
		return rc;
	k->hash = hash;
	k->used_at = ++s->kept_clock;
	k->in_use = true;
	*out = k->st;
	return rc;
}

void db_done(struct store *s, sqlite3_stmt *st)
{
	struct db_kept *k = s->kept;

	if (!st)
		return;
	while (k < s->kept + DB_KEPT_MAX && k->st != st)
		k++;
	if (k == s->kept + DB_KEPT_MAX) {
		sqlite3_finalize(st);
		return;
	}
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
	k->in_use = false;
}

void db_forget(struct store *s)
{
	for (int i = 0; i < DB_KEPT_MAX; i++)
		if (!s->kept[i].in_use) {
			sqlite3_finalize(s->kept[i].st);
			s->kept[i].st = NULL;
		}
}

static int prepare(struct store *s, sqlite3_stmt **out, struct error *err, const char *sql,
		   const char *types, va_list *ap)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (s->failed)
		return refuse_failed(s, err);
	rc = take(s, sql, &st);
	for (int i = 0; rc == SQLITE_OK && types[i]; i++)
		rc = bind_one(st, i + 1, types[i], ap);
	if (rc != SQLITE_OK) {
		rc = db_fail(s, err);
		db_done(s, st);
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
	db_done(s, st);
	return rc;
}

int db_begin(struct store *s, struct error *err)
{
	int rc = s->depth > 0 ? 0 : db_run(s, err, "BEGIN IMMEDIATE", "");

	if (rc < 0)
		return rc;
	if (s->depth++ == 0)
		s->spoiled = false;
	return 0;
}

int db_end(struct store *s, int rc, struct error *err)
{
	s->spoiled = s->spoiled || rc < 0;
	if (--s->depth > 0)
		return rc;
	if (rc == 0 && s->spoiled)
		rc = error_set(err, ERR_STATE, "%s/benchd.db: a part was refused", s->dir);
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
