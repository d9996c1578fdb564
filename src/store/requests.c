/* SPDX-License-Identifier: MIT
 *
 * Requests that may be sent again: key, and what was answered.
 */
#include <stdlib.h>
#include <string.h>

#include "src/store/db.h"
#include "store/chain.h"

/* One client's keys say nothing about another's. */
static char *full_key(const struct chain_request *q)
{
	return dir_path("%s\n%s\n%s", q->who, q->route, q->key);
}

void store_request_hash(struct chain_request *q, const char *about, const char *body, size_t n)
{
	struct text all = {0};

	text_puts(&all, about);
	text_add(&all, "\n", 1);
	text_add(&all, body ? body : "", body ? n : 0);
	text_sha256(q->body_sha256, all.buf, all.len);
	text_release(&all);
}

int store_request_find(struct store *s, const struct chain_request *q, int *status,
		       struct text *answer, struct error *err)
{
	char *key = full_key(q);
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT status, answer, body_sha256 FROM request WHERE key = ?", "t",
			  key);

	if (rc == 0) {
		rc = db_step(s, st, err);
		if (rc > 0 && (sqlite3_column_bytes(st, 2) != 32 ||
			       memcmp(sqlite3_column_blob(st, 2), q->body_sha256, 32) != 0)) {
			rc = error_set(err, ERR_CONFLICT,
				       "Idempotency-Key \"%s\" was used for another request",
				       q->key);
		} else if (rc > 0) {
			*status = sqlite3_column_int(st, 0);
			text_add(answer, sqlite3_column_blob(st, 1),
				 (size_t)sqlite3_column_bytes(st, 1));
			rc = 0;
		} else if (rc == 0) {
			rc = error_set(err, ERR_NOT_FOUND, "no such request");
		}
		db_done(s, st);
	}
	free(key);
	return rc;
}

int store_request_keep(struct store *s, const struct chain_request *q, int status,
		       const struct text *answer, int64_t utc_us, struct error *err)
{
	char *key = full_key(q);
	int rc = db_run(s, err,
			"INSERT INTO request (key, who, route, body_sha256, status, answer,"
			" utc_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
			"tttbibi", key, q->who, q->route, q->body_sha256, (size_t)32,
			(int64_t)status, answer->buf, answer->len, utc_us);

	free(key);
	return rc;
}
