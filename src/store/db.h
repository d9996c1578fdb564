/* SPDX-License-Identifier: MIT
 *
 * Inside of the store: the connection and the few helpers every query goes through.
 *
 * A failure of SQLite on the writer marks the store failed (db_fail); from then on each helper
 * refuses, so that no caller can go on after a commit whose fate is unknown.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <sys/stat.h>
#include "store/store.h"

/* A prepared statement that is kept for the next time. */
struct db_kept {
	sqlite3_stmt *st; /* NULL: a free place */
	uint64_t hash;	  /* of its text */
	uint64_t used_at; /* by kept_clock */
	bool in_use;
};
enum { DB_KEPT_MAX = 64 };

struct store {
	sqlite3 *db;
	struct db_kept kept[DB_KEPT_MAX];
	uint64_t kept_clock;
	char *dir;
	int lock_fd; /* -1: a reader */
	bool writer, failed, was_clean;
	int64_t opened_utc_us; /* the writer's: by the clock of whoever opened it */
	int depth;	       /* of transactions within one another */
	bool spoiled;	       /* a part of the present one was refused */
	int wal_frames;	       /* as of the last commit */
	struct sign_key *key;  /* the writer's; a reader's once it was asked to sign, else NULL */
	struct stat key_file;  /* a reader's: the file its key was read from */
};

/* ---- db.c ---- */
/* Arguments of a statement by type letter: t text (const char *, NULL: SQL NULL), i int64_t,
 * s text with length (const char *, size_t), b blob (const void *, size_t). */
int db_query(struct store *s, sqlite3_stmt **out, struct error *err, const char *sql,
	     const char *types, ...);
/* What db_query gave goes back, to be kept for the next time; its columns are void from here on.
 * NULL allowed. Nothing but this ends a statement of db_query. */
void db_done(struct store *s, sqlite3_stmt *st);
/* No statement is kept any longer. */
void db_forget(struct store *s);
/* 1: a row, 0: done, or an error. */
int db_step(struct store *s, sqlite3_stmt *st, struct error *err);
/* A statement without rows. ERR_EXISTS when a key is there already. */
int db_run(struct store *s, struct error *err, const char *sql, const char *types, ...);
/* BEGIN IMMEDIATE; ERR_STATE on a reader. Within another it joins that one, which commits only
 * when no part of it was refused. */
int db_begin(struct store *s, struct error *err);
/* Commit when rc is 0, roll back otherwise; returns rc or why the commit failed. */
int db_end(struct store *s, int rc, struct error *err);
/* What SQLite said last: ERR_STORE and final on the writer, ERR_IO on a reader. */
int db_fail(struct store *s, struct error *err);
/* A column's text, "" for NULL; valid until the statement's next step. */
const char *db_text(sqlite3_stmt *st, int col);
/* A statement's column into a fixed field. */
#define db_copy(dst, st, col) ((void)text_copy((dst), sizeof(dst), db_text((st), (col))))

/* ---- schema.c ---- */
struct schema_step {
	const char *const *sql; /* statements, NULL at the end */
	/* What SQL alone cannot do, after them in the same transaction; NULL: nothing. */
	int (*then)(struct store *s, struct error *err);
};
/* Rows of this table neither change nor go; key: an SQL condition with NEW that says which row
 * a new one would replace. */
#define LEDGER(table, key)                                                                         \
	"CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                               \
	" BEGIN SELECT RAISE(ABORT, '" table " is a ledger: rows do not change'); END;"            \
	"CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                               \
	" BEGIN SELECT RAISE(ABORT, '" table " is a ledger: rows stay'); END;"                     \
	"CREATE TRIGGER " table "_no_replace BEFORE INSERT ON " table                              \
	" WHEN EXISTS (SELECT 1 FROM " table " WHERE " key ")"                                     \
	" BEGIN SELECT RAISE(ABORT, '" table ": this row exists'); END;"
extern const struct schema_step schema_steps[];
int schema_step_count(void);
/* Limits and switches of every connection, before its first statement. */
int schema_configure(struct store *s, struct error *err);
/* Refuse another program's, a newer, or (reader) an older database. *version: its user_version. */
int schema_identify(struct store *s, int newest, int *version, struct error *err);
/* Bring the database to version n by steps[0..n), after a verified copy if it holds anything. */
int schema_migrate(struct store *s, const struct schema_step *steps, int n, struct error *err);
/* From here on ledgers cannot be changed through this connection. */
void schema_protect(struct store *s);

/* ---- tickets.c ---- */
/* The row as it is from now on, and its version in the ledger; no item of the chain. */
int ticket_write_row(struct store *s, const struct ticket *t, int64_t version, const char *who,
		     struct error *err);

/* ---- schema_people.c ---- */
extern const char *const schema_people[]; /* step 3 */
extern const char *const schema_find[];	  /* step 4 */
extern const char *const schema_search[]; /* step 6 */
extern const char *const schema_times[];  /* step 8 */

/* ---- outbox.c ---- */
extern const char *const schema_outbox[]; /* step 5 */

/* ---- keep.c ---- */
extern const char *const schema_keep[]; /* step 7 */

/* ---- chain_import.c ---- */
extern const char *const chain_step[]; /* step 2 */
int chain_import(struct store *s, struct error *err);

/* ---- keys.c ---- */
/* The station's key into s->key; may_make: a database without a chain has none yet. */
int keys_open(struct store *s, bool may_make, struct error *err);
/* Is s->key the one the chain says signs now? A rotation that was cut short is ended. */
int keys_settle(struct store *s, struct error *err);
void keys_release(struct store *s);

/* ---- dir.c ---- */
extern struct store_io store_io;
extern const char *store_vfs; /* NULL: the system's */
int dir_create(const char *path, struct error *err);
int dir_sync(const char *path, struct error *err);
/* Take DIR/lock; *fd is open while it is held. ERR_BUSY names the pid. *was_clean: nobody died
 * holding it. */
int dir_lock(const char *dir, int *fd, bool *was_clean, struct error *err);
/* clean: remove the file, so that the next one knows. */
void dir_unlock(const char *dir, int fd, bool clean);
/* printf into a heap string. */
char *dir_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All of p, or an error. */
int dir_write(int fd, const void *p, size_t n);

#endif
