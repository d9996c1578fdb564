/* SPDX-License-Identifier: MIT
 *
 * What the chain says of a run: its facts, journal and document by their hashes, so that each
 * row of the tables they stand in is covered.
 */
#include <string.h>

#include "base/json.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"

static void put_hash(struct json *j, const char *key, const uint8_t hash[32])
{
	char hex[65];

	text_hex(hex, hash, 32);
	json_kv_string(j, key, hex);
}

static void put_run(struct json *j, const struct run_row *r)
{
	json_kv_string(j, "model", r->model);
	json_kv_string(j, "bay", r->bay);
	json_kv_string(j, "run_type", r->run_type);
	json_kv_string(j, "profile", r->profile);
	json_kv_int(j, "revision", r->profile_revision);
	json_kv_bool(j, "simulated", r->simulated);
}

static int append(struct store *s, const struct run_row *r, const char *type, const char *who,
		  int64_t utc_us, bool imported, struct text *data, struct error *err)
{
	struct chain_item item = {.type = type,
				  .ticket = r->ticket,
				  .serial = r->serial,
				  .run = r->id,
				  .who = who,
				  .feed = true,
				  .data = data->buf,
				  .n = data->len};
	int rc = chain_append(s, &item, utc_us, imported ? "true" : NULL, NULL, err);

	text_release(data);
	return rc;
}

int chain_run_started(struct store *s, const struct run_row *r, const uint8_t profile_hash[32],
		      const char *facts, bool imported, struct error *err)
{
	uint8_t hash[32];
	struct text data = {0};
	struct json j;

	text_sha256(hash, facts, strlen(facts));
	json_init(&j, &data);
	json_open_object(&j);
	put_run(&j, r);
	put_hash(&j, "profile_sha256", profile_hash);
	put_hash(&j, "facts_sha256", hash);
	json_end_object(&j);
	return append(s, r, "run_started", r->operator_name, r->started_utc_us, imported, &data,
		      err);
}

struct journal {
	struct text lines;
	int count;
};

static bool add_line(void *ctx, const char *json, size_t n)
{
	struct journal *j = ctx;

	text_add(&j->lines, json, n);
	text_add(&j->lines, "\n", 1);
	j->count++;
	return true;
}

int chain_run_finished(struct store *s, const struct run_row *r, const uint8_t doc_hash[32],
		       size_t doc_bytes, bool imported, struct error *err)
{
	struct journal journal = {.count = 0};
	struct text data = {0};
	uint8_t hash[32];
	struct json j;
	int rc = store_run_journal(s, r->id, add_line, &journal, err);

	text_sha256(hash, journal.lines.buf ? journal.lines.buf : "", journal.lines.len);
	text_release(&journal.lines);
	if (rc < 0)
		return rc;
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_string(&j, "verdict", r->verdict);
	put_run(&j, r);
	put_hash(&j, "document_sha256", doc_hash);
	json_kv_int(&j, "document_bytes", (int64_t)doc_bytes);
	json_kv_int(&j, "journal_lines", journal.count);
	put_hash(&j, "journal_sha256", hash);
	json_end_object(&j);
	return append(s, r, "run_finished", NULL, r->ended_utc_us, imported, &data, err);
}
