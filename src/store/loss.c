/* SPDX-License-Identifier: MIT */
#include "store/loss.h"

#include "base/json.h"
#include "src/store/db.h"

int store_loss_state(struct store *s, struct loss_state *out, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT (SELECT count(*) FROM chain WHERE type = 'restored'),"
			  " coalesce((SELECT max(seq) FROM chain WHERE type = 'restored'), 0),"
			  " coalesce((SELECT max(seq) FROM chain WHERE type = 'gap_closed'), 0)",
			  "");

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		const int64_t restored = sqlite3_column_int64(st, 1);

		out->epoch = sqlite3_column_int64(st, 0) + 1;
		out->after = restored ? restored - 1 : 0;
		out->open = restored > sqlite3_column_int64(st, 2);
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_epoch_end(struct store *s, int64_t epoch, int64_t *last, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT seq - 1 FROM chain WHERE type = 'restored' ORDER BY seq"
			  " LIMIT 1 OFFSET ?",
			  "i", epoch - 1);

	if (rc < 0)
		return rc;
	rc = epoch > 0 ? db_step(s, st, err) : 0;
	if (rc > 0)
		*last = sqlite3_column_int64(st, 0);
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "epoch %lld has not ended", (long long)epoch);
	return rc < 0 ? rc : 0;
}

static int count_taken(struct store *s, int64_t after, int64_t *n, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT count(*) FROM chain WHERE seq > ?"
			  " AND instr(CAST(bytes AS TEXT), ',\"imported\":{') > 0",
			  "i", after);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		*n = sqlite3_column_int64(st, 0);
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_gap_close(struct store *s, const char *who, int64_t utc_us, struct error *err)
{
	struct loss_state loss;
	struct text data = {0};
	struct json j;
	int64_t taken = 0;
	int rc = store_loss_state(s, &loss, err);

	if (rc == 0 && !loss.open)
		rc = error_set(err, ERR_STATE, "no gap is open: nothing is missing here");
	if (rc == 0)
		rc = count_taken(s, loss.after, &taken, err);
	if (rc < 0)
		return rc;
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_int(&j, "epoch", loss.epoch);
	json_kv_int(&j, "taken", taken);
	json_end_object(&j);
	struct chain_item item = {
		.type = "gap_closed", .who = who, .feed = true, .data = data.buf, .n = data.len};
	rc = store_chain_add(s, &item, utc_us, NULL, err);
	text_release(&data);
	return rc;
}
