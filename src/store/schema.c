/* SPDX-License-Identifier: MIT
 *
 * What the database looks like and how it got there: steps of SQL, user_version counting those
 * done. A step that was ever released is never edited; a change is a new step.
 *
 * Ledgers take rows and never give them back. Three walls: triggers in the file itself (they
 * hold against any program, the sqlite3 shell too), the authorizer of our connections, and
 * SQLITE_DBCONFIG_DEFENSIVE. A trigger of its own refuses INSERT OR REPLACE, which deletes
 * without asking the DELETE trigger.
 */
#include "src/store/db.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "bnch": in the file's header, for `file` and for us. */
enum { APPLICATION_ID = 0x626e6368 };

/* clang-format off */
static const char *const step_1[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	/* Which database this is: a copy restored from a backup keeps it, a new one differs. */
	"INSERT INTO meta VALUES ('instance', lower(hex(randomblob(16))));"
	LEDGER("meta", "key = NEW.key"),

	"CREATE TABLE ticket ("
	" id TEXT PRIMARY KEY CHECK (id <> ''), serial TEXT NOT NULL, model TEXT NOT NULL,"
	" manufacture_date TEXT NOT NULL, due_at TEXT NOT NULL, symptoms TEXT NOT NULL,"
	" run_type TEXT NOT NULL, plan_state TEXT NOT NULL, priority INTEGER NOT NULL,"
	" mail_back INTEGER NOT NULL CHECK (mail_back IN (0, 1)), repair_seq INTEGER NOT NULL,"
	" mirrored_utc_us INTEGER NOT NULL, created_utc_us INTEGER NOT NULL,"
	" changed_utc_us INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL) STRICT;"
	"CREATE INDEX ticket_by_serial ON ticket (serial);"
	"CREATE INDEX ticket_by_state ON ticket (state);"
	"CREATE TRIGGER ticket_no_delete BEFORE DELETE ON ticket"
	" BEGIN SELECT RAISE(ABORT, 'tickets stay'); END;",

	/* Each version of each ticket, whole. */
	"CREATE TABLE ticket_event ("
	" seq INTEGER PRIMARY KEY, who TEXT NOT NULL,"
	" id TEXT NOT NULL, serial TEXT NOT NULL, model TEXT NOT NULL,"
	" manufacture_date TEXT NOT NULL, due_at TEXT NOT NULL, symptoms TEXT NOT NULL,"
	" run_type TEXT NOT NULL, plan_state TEXT NOT NULL, priority INTEGER NOT NULL,"
	" mail_back INTEGER NOT NULL, repair_seq INTEGER NOT NULL,"
	" mirrored_utc_us INTEGER NOT NULL, created_utc_us INTEGER NOT NULL,"
	" changed_utc_us INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL) STRICT;"
	"CREATE INDEX ticket_event_by_id ON ticket_event (id);"
	LEDGER("ticket_event", "seq = NEW.seq"),

	"CREATE TABLE profile_revision ("
	" hash BLOB PRIMARY KEY CHECK (length(hash) = 32), bytes BLOB NOT NULL,"
	" stored_utc_us INTEGER NOT NULL) STRICT;"
	LEDGER("profile_revision", "hash = NEW.hash"),

	"CREATE TABLE run ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 36),"
	" ticket TEXT NOT NULL, serial TEXT NOT NULL, model TEXT NOT NULL, bay TEXT NOT NULL,"
	" run_type TEXT NOT NULL, profile TEXT NOT NULL, profile_revision INTEGER NOT NULL,"
	" profile_hash BLOB NOT NULL REFERENCES profile_revision (hash),"
	" operator TEXT NOT NULL, simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),"
	" started_utc_us INTEGER NOT NULL, facts TEXT NOT NULL) STRICT;"
	"CREATE INDEX run_by_ticket ON run (ticket, run_type);"
	"CREATE INDEX run_by_serial ON run (serial);"
	"CREATE INDEX run_by_bay ON run (bay);"
	LEDGER("run", "seq = NEW.seq OR id = NEW.id"),

	"CREATE TABLE run_note ("
	" seq INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (seq),"
	" note TEXT NOT NULL) STRICT;"
	"CREATE INDEX run_note_by_run ON run_note (run);"
	LEDGER("run_note", "seq = NEW.seq"),

	"CREATE TABLE run_end ("
	" seq INTEGER PRIMARY KEY, run INTEGER NOT NULL UNIQUE REFERENCES run (seq),"
	" verdict TEXT NOT NULL CHECK (verdict <> ''), ended_utc_us INTEGER NOT NULL,"
	" doc TEXT NOT NULL, doc_sha256 BLOB NOT NULL CHECK (length(doc_sha256) = 32)) STRICT;"
	LEDGER("run_end", "seq = NEW.seq OR run = NEW.run"),

	"CREATE TABLE audit ("
	" seq INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, who TEXT NOT NULL,"
	" what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
	LEDGER("audit", "seq = NEW.seq"),
	NULL
};
/* clang-format on */

const struct schema_step schema_steps[] = {
	{.sql = step_1},	{.sql = chain_step, .then = chain_import},
	{.sql = schema_people}, {.sql = schema_find},
	{.sql = schema_outbox}, {.sql = schema_search},
	{.sql = schema_keep},	{.sql = schema_times},
};

int schema_step_count(void)
{
	return sizeof(schema_steps) / sizeof(schema_steps[0]);
}

static int exec(struct store *s, const char *sql, struct error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, err);
}

static void limit_all(sqlite3 *db)
{
	static const struct {
		int id, value;
	} limits[] = {
		{SQLITE_LIMIT_LENGTH, 64 << 20},    {SQLITE_LIMIT_SQL_LENGTH, 65536},
		{SQLITE_LIMIT_COLUMN, 64},	    {SQLITE_LIMIT_EXPR_DEPTH, 64},
		{SQLITE_LIMIT_COMPOUND_SELECT, 8},  {SQLITE_LIMIT_VDBE_OP, 25000},
		{SQLITE_LIMIT_FUNCTION_ARG, 16},    {SQLITE_LIMIT_ATTACHED, 0},
		{SQLITE_LIMIT_VARIABLE_NUMBER, 64}, {SQLITE_LIMIT_TRIGGER_DEPTH, 4},
		{SQLITE_LIMIT_WORKER_THREADS, 0},   {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)sqlite3_limit(db, limits[i].id, limits[i].value);
}

int schema_configure(struct store *s, struct error *err)
{
	(void)sqlite3_extended_result_codes(s->db, 1);
	limit_all(s->db);
	if (sqlite3_busy_timeout(s->db, 2000) != SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, s->writer ? 0 : 1, NULL) !=
		    SQLITE_OK)
		return db_fail(s, err);
	return exec(s,
		    "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON;"
		    "PRAGMA temp_store = MEMORY;",
		    err);
}

static int read_int(struct store *s, const char *sql, int64_t *out, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, sql, "");

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		*out = sqlite3_column_int64(st, 0);
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int schema_identify(struct store *s, int newest, int *version, struct error *err)
{
	int64_t id = 0, ver = 0, objects = 0;
	int rc = read_int(s, "PRAGMA application_id", &id, err);

	if (rc < 0 && sqlite3_errcode(s->db) == SQLITE_NOTADB)
		return error_set(err, ERR_CONFIG,
				 "%s/benchd.db: not a database of benchd; "
				 "name another folder",
				 s->dir);
	if (rc == 0)
		rc = read_int(s, "PRAGMA user_version", &ver, err);
	if (rc == 0)
		rc = read_int(s, "SELECT count(*) FROM sqlite_schema", &objects, err);
	if (rc < 0)
		return rc;
	if (id != APPLICATION_ID && (id != 0 || ver != 0 || objects != 0))
		return error_set(err, ERR_CONFIG,
				 "%s/benchd.db: belongs to another program "
				 "(application_id %lld); name another folder",
				 s->dir, (long long)id);
	if (ver > newest)
		return error_set(err, ERR_CONFIG,
				 "%s/benchd.db: written by a newer benchd (schema "
				 "%lld, this one knows %d); install that one",
				 s->dir, (long long)ver, newest);
	if (!s->writer && ver < newest)
		return error_set(err, ERR_CONFIG,
				 "%s/benchd.db: schema %lld is older than %d; "
				 "start benchd once to bring it forward",
				 s->dir, (long long)ver, newest);
	*version = (int)ver;
	return 0;
}

/* Is the copy whole, and ours? Its own connection, closed by the caller. */
static int verify_copy(sqlite3 *db, const char *path, struct error *err)
{
	sqlite3_stmt *st = NULL;
	bool ok = false;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		ok = strcmp(db_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	st = NULL;
	if (ok && sqlite3_prepare_v2(db, "PRAGMA application_id", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		ok = sqlite3_column_int(st, 0) == APPLICATION_ID;
	else
		ok = false;
	sqlite3_finalize(st);
	return ok ? 0 : error_set(err, ERR_STORE, "%s: the copy is not whole", path);
}

static int copy_into(struct store *s, const char *path, struct error *err)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b = NULL;
	int rc = ERR_STORE;

	if (sqlite3_open_v2(path, &to,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    store_vfs) == SQLITE_OK)
		b = sqlite3_backup_init(to, "main", s->db, "main");
	if (b)
		(void)sqlite3_backup_step(b, -1);
	if (b && sqlite3_backup_finish(b) == SQLITE_OK)
		rc = verify_copy(to, path, err);
	else
		(void)error_set(err, ERR_STORE, "%s: %s", path, to ? sqlite3_errmsg(to) : "memory");
	if (sqlite3_close(to) != SQLITE_OK && rc == 0)
		rc = error_set(err, ERR_STORE, "%s: %s", path, sqlite3_errmsg(to));
	return rc;
}

/* DIR/benchd.db.v<n>.backup, which replaces an earlier one only when it is verified and synced. */
static int backup(struct store *s, int version, struct error *err)
{
	char *path = dir_path("%s/benchd.db.v%d.backup", s->dir, version);
	char *temp = dir_path("%s.tmp", path);
	int fd, rc;

	(void)unlink(temp);
	rc = copy_into(s, temp, err);
	if (rc == 0) {
		fd = open(temp, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || store_io.fsync(fd) < 0 || store_io.rename(temp, path) < 0)
			rc = error_errno(err, "%s", temp);
		if (fd >= 0)
			(void)close(fd);
	}
	if (rc == 0)
		rc = dir_sync(s->dir, err);
	free(temp);
	free(path);
	return rc;
}

static int apply(struct store *s, const struct schema_step *step, int version, struct error *err)
{
	char pragma[96];
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	(void)snprintf(pragma, sizeof(pragma),
		       "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
		       version);
	for (int i = 0; rc == 0 && step->sql[i]; i++)
		rc = exec(s, step->sql[i], err);
	if (rc == 0 && step->then)
		rc = step->then(s, err);
	if (rc == 0)
		rc = exec(s, pragma, err);
	return db_end(s, rc, err);
}

int schema_migrate(struct store *s, const struct schema_step *steps, int n, struct error *err)
{
	int version = 0;
	int rc = schema_identify(s, n, &version, err);

	if (rc == 0 && version > 0 && version < n)
		rc = backup(s, version, err);
	for (int v = version; rc == 0 && v < n; v++)
		rc = apply(s, &steps[v], v + 1, err);
	return rc;
}

/* Called for each thing a statement would do, when it is prepared. */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *db,
		     const char *trigger)
{
	(void)ctx;
	(void)b;
	(void)db;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_TRANSACTION:
	case SQLITE_INSERT: return SQLITE_OK;
	case SQLITE_UPDATE:
		return a && (!strcmp(a, "ticket") || !strcmp(a, "subject") ||
			     !strcmp(a, "secret") || !strcmp(a, "outbox") ||
			     !strcmp(a, "dead_letter"))
			       ? SQLITE_OK
			       : SQLITE_DENY;
	case SQLITE_PRAGMA: return a && strcmp(a, "quick_check") == 0 ? SQLITE_OK : SQLITE_DENY;
	default: return SQLITE_DENY;
	}
}

void schema_protect(struct store *s)
{
	(void)sqlite3_set_authorizer(s->db, authorize, NULL);
}
