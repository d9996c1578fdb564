/* SPDX-License-Identifier: MIT
 *
 * Step 2 of the schema: the chain begins. What an older database holds is taken into it, in
 * order, each item marked imported.
 */
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"

/* clang-format off */
const char *const chain_step[] = {
	"CREATE TABLE chain ("
	" seq INTEGER PRIMARY KEY, type TEXT NOT NULL CHECK (type <> ''),"
	" ticket TEXT NOT NULL, serial TEXT NOT NULL, run TEXT NOT NULL,"
	" utc_us INTEGER NOT NULL, who TEXT NOT NULL,"
	" feed INTEGER NOT NULL CHECK (feed IN (0, 1)), bytes BLOB NOT NULL,"
	" root BLOB NOT NULL CHECK (length(root) = 32),"
	" sig BLOB NOT NULL CHECK (length(sig) = 64)) STRICT;"
	"CREATE INDEX chain_by_ticket ON chain (ticket) WHERE ticket <> '';"
	"CREATE INDEX chain_by_serial ON chain (serial) WHERE serial <> '';"
	"CREATE INDEX chain_by_run ON chain (run) WHERE run <> '';"
	"CREATE INDEX chain_by_type ON chain (type);"
	"CREATE INDEX chain_feed ON chain (seq) WHERE feed = 1;"
	LEDGER("chain", "seq = NEW.seq"),

	/* What was answered to a request that may be sent again. */
	"CREATE TABLE request ("
	" key TEXT PRIMARY KEY CHECK (key <> ''), who TEXT NOT NULL, route TEXT NOT NULL,"
	" body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32), status INTEGER NOT NULL,"
	" answer BLOB NOT NULL, utc_us INTEGER NOT NULL) STRICT;"
	LEDGER("request", "key = NEW.key"),
	NULL
};
/* clang-format on */

static int begin_chain(struct store *s, struct error *err)
{
	struct chain_head head;
	char public_text[SIGN_PUBLIC_SIZE];
	struct text data = {0};
	struct json j;
	int rc = store_chain_head(s, &head, err);

	if (rc < 0)
		return rc;
	sign_to_base64(public_text, sizeof(public_text), s->key->public_bytes, SIGN_PUBLIC_BYTES);
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_string(&j, "instance", head.instance);
	json_kv_string(&j, "key", s->key->id);
	json_kv_string(&j, "public", public_text);
	json_end_object(&j);
	struct chain_item item = {.type = "chain_started", .data = data.buf, .n = data.len};
	rc = chain_append(s, &item, s->opened_utc_us, NULL, NULL, err);
	text_release(&data);
	return rc;
}

/* As runs.c, and apart from it on purpose: a step of the schema stays as it was when runs.c follows
 * a later one. */
static void read_run(sqlite3_stmt *st, struct run_row *r)
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
}

#define RUN_COLUMNS                                                                                \
	"r.id, r.ticket, r.serial, r.model, r.bay, r.run_type, r.profile, r.profile_revision,"     \
	" r.operator, r.simulated, r.started_utc_us"
enum { RUN_COLUMN_COUNT = 13 };

static int import_begin(struct store *s, int64_t seq, struct error *err)
{
	struct run_row row;
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT " RUN_COLUMNS ", '', 0, r.profile_hash, r.facts FROM run r"
			  " WHERE r.seq = ?",
			  "i", seq);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		read_run(st, &row);
		rc = chain_run_started(s, &row, sqlite3_column_blob(st, RUN_COLUMN_COUNT),
				       db_text(st, RUN_COLUMN_COUNT + 1), true, err);
	}
	db_done(s, st);
	return rc;
}

static int import_end(struct store *s, int64_t seq, struct error *err)
{
	struct run_row row;
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT " RUN_COLUMNS ", e.verdict, e.ended_utc_us, e.doc_sha256,"
			  " length(CAST(e.doc AS BLOB)) FROM run_end e JOIN run r ON r.seq = e.run"
			  " WHERE e.seq = ?",
			  "i", seq);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		read_run(st, &row);
		rc = chain_run_finished(s, &row, sqlite3_column_blob(st, RUN_COLUMN_COUNT),
					(size_t)sqlite3_column_int64(st, RUN_COLUMN_COUNT + 1),
					true, err);
	}
	db_done(s, st);
	return rc;
}

static int import_audit(struct store *s, int64_t seq, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT utc_us, who, what, detail FROM audit WHERE seq = ?",
			  "i", seq);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		struct chain_item item = {.type = db_text(st, 2),
					  .who = db_text(st, 1),
					  .data = db_text(st, 3),
					  .n = (size_t)sqlite3_column_bytes(st, 3)};
		rc = chain_append(s, &item, sqlite3_column_int64(st, 0), "true", NULL, err);
	}
	db_done(s, st);
	return rc;
}

/* In the order of their time, as far as the clock knew; a run's end after its begin. */
static int import_all(struct store *s, struct error *err)
{
	static int (*const import[])(struct store *, int64_t,
				     struct error *) = {import_begin, import_end, import_audit};
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT 0, seq, started_utc_us FROM run"
			  " UNION ALL SELECT 1, e.seq, max(e.ended_utc_us, r.started_utc_us)"
			  " FROM run_end e JOIN run r ON r.seq = e.run"
			  " UNION ALL SELECT 2, seq, utc_us FROM audit ORDER BY 3, 1, 2",
			  "");

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		rc = import[sqlite3_column_int(st, 0)](s, sqlite3_column_int64(st, 1), err);
		if (rc < 0)
			break;
	}
	db_done(s, st);
	return rc;
}

int chain_import(struct store *s, struct error *err)
{
	int rc = begin_chain(s, err);

	if (rc == 0)
		rc = import_all(s, err);
	if (rc == 0)
		rc = db_run(s, err, "DROP TABLE audit", "");
	return rc;
}
