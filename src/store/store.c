/* SPDX-License-Identifier: MIT */
#include "src/store/db.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/chain.h"

/* In frames of one page. Idle time checkpoints at the first, a commit at the second whatever
 * happens: under 4,000 frames the -shm file stays one block, which a full disk cannot take
 * away. */
enum { CHECKPOINT_IDLE = 200, CHECKPOINT_FORCED = 2000 };

static int on_commit(void *ctx, sqlite3 *db, const char *name, int frames)
{
	struct store *s = ctx;

	s->wal_frames = frames;
	if (frames < CHECKPOINT_FORCED)
		return SQLITE_OK;
	/* The commit itself is durable by now: what happens here cannot undo it, so a failure
	 * is kept for later. */
	switch (sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL)) {
	case SQLITE_OK:
	case SQLITE_BUSY: break;
	default: s->failed = true; break;
	}
	return SQLITE_OK;
}

int store_checkpoint(struct store *s, struct error *err)
{
	int rc;

	if (s->failed)
		return error_set(err, ERR_STORE, "%s/benchd.db: an earlier write did not succeed",
				 s->dir);
	if (!s->writer || s->wal_frames < CHECKPOINT_IDLE)
		return 0;
	rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return db_fail(s, err);
	s->wal_frames = 0;
	return 0;
}

static int connect_db(struct store *s, struct error *err)
{
	char *path = dir_path("%s/benchd.db", s->dir);
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	int rc;

	flags |= s->writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	rc = sqlite3_open_v2(path, &s->db, flags, store_vfs);
	free(path);
	if (rc != SQLITE_OK)
		return db_fail(s, err);
	return schema_configure(s, err);
}

/* After the file is known to be ours: nothing is changed in another program's database. */
static int set_durable(struct store *s, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "PRAGMA journal_mode = WAL", "");

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0 && strcmp(db_text(st, 0), "wal") != 0)
		rc = error_set(err, ERR_STORE,
			       "%s/benchd.db: no write-ahead log here (journal mode %s); "
			       "use a local file system",
			       s->dir, db_text(st, 0));
	db_done(s, st);
	if (rc < 0)
		return rc;
	if (sqlite3_exec(s->db, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216",
			 NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(s, err);
	(void)sqlite3_wal_hook(s->db, on_commit, s);
	return 0;
}

static int open_writer(struct store *s, struct error *err)
{
	char *segments = dir_path("%s/segments", s->dir);
	int version = 0;
	int rc = dir_create(s->dir, err);

	if (rc == 0)
		rc = dir_lock(s->dir, &s->lock_fd, &s->was_clean, err);
	if (rc == 0)
		rc = dir_create(segments, err);
	if (rc == 0)
		rc = connect_db(s, err);
	if (rc == 0)
		rc = schema_identify(s, schema_step_count(), &version, err);
	if (rc == 0)
		rc = set_durable(s, err);
	if (rc == 0)
		rc = keys_open(s, version < 2, err);
	if (rc == 0)
		rc = schema_migrate(s, schema_steps, schema_step_count(), err);
	if (rc == 0)
		rc = keys_settle(s, err);
	if (rc == 0)
		rc = dir_sync(s->dir, err);
	if (rc == 0)
		schema_protect(s);
	free(segments);
	return rc;
}

static int open_reader(struct store *s, struct error *err)
{
	int version = 0;
	int rc = connect_db(s, err);

	if (rc == 0)
		rc = schema_identify(s, schema_step_count(), &version, err);
	if (rc == 0)
		schema_protect(s);
	return rc;
}

static struct store *open_store(const char *dir, bool writer, int64_t utc_us, struct error *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	s->dir = xstrdup(dir);
	s->lock_fd = -1;
	s->writer = writer;
	s->opened_utc_us = utc_us;
	s->was_clean = true;
	rc = writer ? open_writer(s, err) : open_reader(s, err);
	if (rc == 0)
		return s;
	/* A refusal leaves the mark of an unclean stop where it was. */
	if (rc != ERR_CONFIG || !s->was_clean)
		s->failed = true;
	store_close(s);
	return NULL;
}

struct store *store_open(const char *dir, int64_t utc_us, struct error *err)
{
	return open_store(dir, true, utc_us, err);
}

struct store *store_open_reader(const char *dir, struct error *err)
{
	return open_store(dir, false, 0, err);
}

void store_close(struct store *s)
{
	bool clean;

	if (!s)
		return;
	clean = !s->failed;
	db_forget(s);
	if (sqlite3_close(s->db) != SQLITE_OK)
		panic("store: closed with a statement open");
	if (s->lock_fd >= 0)
		dir_unlock(s->dir, s->lock_fd, clean);
	keys_release(s);
	free(s->dir);
	free(s);
}

bool store_was_clean(const struct store *s)
{
	return s->was_clean;
}

int store_check(struct store *s, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "PRAGMA quick_check(1)", "");

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		rc = strcmp(db_text(st, 0), "ok") == 0
			     ? 0
			     : error_set(err, ERR_IO, "%s/benchd.db: %s", s->dir, db_text(st, 0));
	db_done(s, st);
	return rc < 0 ? rc : store_chain_check(s, err);
}

int store_transact(struct store *s, int (*fn)(void *ctx, struct store *s, struct error *err),
		   void *ctx, struct error *err)
{
	int rc;

	if (s->writer) {
		rc = db_begin(s, err);
		return rc < 0 ? rc : db_end(s, fn(ctx, s, err), err);
	}
	if (sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(s, err);
	rc = fn(ctx, s, err);
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int store_audit(struct store *s, int64_t utc_us, const char *who, const char *what,
		const char *json, struct error *err)
{
	struct chain_item item = {.type = what, .who = who, .data = json, .n = strlen(json)};

	return store_chain_add(s, &item, utc_us, NULL, err);
}

struct audit_reader {
	bool (*fn)(void *ctx, const char *who, const char *what, const char *json);
	void *ctx;
};

static bool audit_one(void *ctx, const struct chain_row *r)
{
	struct audit_reader *a = ctx;
	char *json;
	bool more;

	json = xcalloc(r->data_n + 1, 1);
	memcpy(json, r->data, r->data_n);
	more = a->fn(a->ctx, r->who, r->type, json);
	free(json);
	return more;
}

int store_audit_list(struct store *s, const char *what, const char *or_what,
		     bool (*fn)(void *ctx, const char *who, const char *what, const char *json),
		     void *ctx, struct error *err)
{
	struct audit_reader a = {fn, ctx};
	struct chain_filter f = {.type = what, .or_type = or_what};

	return store_chain_list(s, &f, audit_one, &a, err);
}
