/* SPDX-License-Identifier: MIT */
#include "store/subject.h"
#include "src/store/db.h"

#include <string.h>

#include "base/json.h"

#define COLUMNS                                                                                    \
	"id, serial, model, manufacture_date, due_at, symptoms, run_type, plan_state, priority,"   \
	" mail_back, repair_seq, mirrored_utc_us, created_utc_us, changed_utc_us, version, state"

static void read_row(sqlite3_stmt *st, struct ticket *t)
{
	memset(t, 0, sizeof(*t));
	db_copy(t->id, st, 0);
	db_copy(t->serial, st, 1);
	db_copy(t->model, st, 2);
	db_copy(t->manufacture_date, st, 3);
	db_copy(t->due_at, st, 4);
	db_copy(t->symptoms, st, 5);
	db_copy(t->run_type, st, 6);
	db_copy(t->plan_state, st, 7);
	t->priority = sqlite3_column_int(st, 8);
	t->mail_back = sqlite3_column_int(st, 9) != 0;
	t->repair_seq = sqlite3_column_int64(st, 10);
	t->mirrored_utc_us = sqlite3_column_int64(st, 11);
	t->created_utc_us = sqlite3_column_int64(st, 12);
	t->changed_utc_us = sqlite3_column_int64(st, 13);
	t->version = sqlite3_column_int64(st, 14);
	db_copy(t->state, st, 15);
}

int store_ticket_get(struct store *s, const char *id, struct ticket *out, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT " COLUMNS " FROM ticket WHERE id = ?", "t", id);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		read_row(st, out);
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "ticket %s: no such ticket", id);
	return rc < 0 ? rc : 0;
}

static int check_change(const struct ticket *t, const struct ticket *now, int64_t if_version,
			struct error *err)
{
	if (if_version == -2)
		return error_set(err, ERR_EXISTS, "ticket %s: exists already", t->id);
	if (if_version >= 0 && if_version != now->version)
		return error_set(err, ERR_CONFLICT, "ticket %s: changed meanwhile (version %lld)",
				 t->id, (long long)now->version);
	if (t->repair_seq < now->repair_seq)
		return error_set(err, ERR_CONFLICT,
				 "ticket %s: repair_seq %lld would go back from %lld", t->id,
				 (long long)t->repair_seq, (long long)now->repair_seq);
	return 0;
}

int ticket_write_row(struct store *s, const struct ticket *t, int64_t version, const char *who,
		     struct error *err)
{
	const char *state = t->state[0] ? t->state : version == 1 ? "received" : NULL;
	int rc = db_run(s, err,
			"INSERT INTO ticket (" COLUMNS ")"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
			" coalesce(?16, ''))"
			" ON CONFLICT (id) DO UPDATE SET serial = ?2, model = ?3,"
			" manufacture_date = ?4, due_at = ?5, symptoms = ?6, run_type = ?7,"
			" plan_state = ?8, priority = ?9, mail_back = ?10, repair_seq = ?11,"
			" mirrored_utc_us = ?12, changed_utc_us = ?14, version = ?15,"
			" state = coalesce(?16, state)",
			"ttttttttiiiiiiit", t->id, t->serial, t->model, t->manufacture_date,
			t->due_at, t->symptoms, t->run_type, t->plan_state, (int64_t)t->priority,
			(int64_t)t->mail_back, t->repair_seq, t->mirrored_utc_us, t->created_utc_us,
			t->changed_utc_us, version, state);

	if (rc < 0)
		return rc;
	return db_run(s, err,
		      "INSERT INTO ticket_event (who, " COLUMNS ") SELECT ?, " COLUMNS
		      " FROM ticket WHERE id = ?",
		      "tt", who, t->id);
}

/* A ticket that comes, or changes: its item of the chain. */
static int tell(struct store *s, const struct ticket *t, int64_t version, const char *who,
		struct error *err)
{
	struct text data = {0};
	struct json j;
	struct chain_item item = {.type = version == 1 ? "received" : "ticket_changed",
				  .ticket = t->id,
				  .serial = t->serial,
				  .who = who,
				  .feed = version == 1};
	int rc;

	json_init(&j, &data);
	json_open_object(&j);
	json_kv_int(&j, "version", version);
	json_kv_string(&j, "model", t->model);
	json_kv_string(&j, "run_type", t->run_type);
	json_kv_string(&j, "plan_state", t->plan_state);
	json_kv_int(&j, "repair_seq", t->repair_seq);
	json_kv_bool(&j, "mail_back", t->mail_back);
	json_end_object(&j);
	item.data = data.buf;
	item.n = data.len;
	rc = store_chain_append(s, &item, t->changed_utc_us, NULL, err);
	text_release(&data);
	return rc;
}

/* Does t say nothing that is not there already? */
static bool says_nothing_new(const struct ticket *t, const struct ticket *now)
{
	return strcmp(t->serial, now->serial) == 0 && strcmp(t->model, now->model) == 0 &&
	       strcmp(t->manufacture_date, now->manufacture_date) == 0 &&
	       strcmp(t->due_at, now->due_at) == 0 && strcmp(t->symptoms, now->symptoms) == 0 &&
	       strcmp(t->run_type, now->run_type) == 0 &&
	       strcmp(t->plan_state, now->plan_state) == 0 && t->priority == now->priority &&
	       t->mail_back == now->mail_back && t->repair_seq == now->repair_seq &&
	       (!t->state[0] || strcmp(t->state, now->state) == 0);
}

/* Within a transaction. The same again changes nothing but when it was confirmed. */
static int put(struct store *s, const struct ticket *t, const struct ticket *now, const char *who,
	       int64_t *version, struct error *err)
{
	int rc;

	*version = now->version;
	if (now->version > 0 && says_nothing_new(t, now))
		return db_run(s, err, "UPDATE ticket SET mirrored_utc_us = ? WHERE id = ?", "it",
			      t->mirrored_utc_us, t->id);
	*version = now->version + 1;
	rc = ticket_write_row(s, t, *version, who, err);
	return rc == 0 ? tell(s, t, *version, who, err) : rc;
}

int store_ticket_put(struct store *s, const struct ticket *wanted, int64_t if_version,
		     const char *who, int64_t *version, struct error *err)
{
	struct ticket full = *wanted, *t = &full;
	struct ticket now = {0};
	int64_t became = 0;
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = store_ticket_get(s, t->id, &now, err);
	if (t->repair_seq < 0)
		t->repair_seq = now.repair_seq;
	if (rc == 0)
		rc = check_change(t, &now, if_version, err);
	else if (rc == ERR_NOT_FOUND)
		rc = if_version == -1 || if_version == -2
			     ? 0
			     : error_set(err, ERR_CONFLICT, "ticket %s: is not there", t->id);
	if (rc == 0)
		rc = put(s, t, &now, who, &became, err);
	rc = db_end(s, rc, err);
	if (rc == 0 && version)
		*version = became;
	return rc;
}

int store_ticket_list(struct store *s, const char *serial, const char *model, const char *state,
		      int limit, bool (*fn)(void *ctx, const struct ticket *t), void *ctx,
		      struct error *err)
{
	struct text sql = {0};
	struct ticket t;
	sqlite3_stmt *st;
	int rc;

	/* Only the filters given, so that each finds its index. */
	text_printf(&sql,
		    "SELECT " COLUMNS " FROM ticket WHERE true%s%s%s ORDER BY rowid DESC"
		    " LIMIT ?4",
		    serial ? " AND serial = ?1" : "", model ? " AND model = ?2" : "",
		    state ? " AND state = ?3" : "");
	rc = db_query(s, &st, err, sql.buf, "ttti", serial, model, state,
		      (int64_t)(limit > 0 ? limit : -1));
	text_release(&sql);
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		read_row(st, &t);
		if (!fn(ctx, &t))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

/* ---- what needs more than one row at once ---- */

int store_ticket_repair(struct store *s, const char *ticket, int64_t if_repair_seq,
			const struct chain_item *item, int64_t utc_us, struct ticket *out,
			struct error *err)
{
	struct ticket t;
	struct text data = {0};
	struct chain_item full = *item;
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = store_ticket_get(s, ticket, &t, err);
	if (rc == 0 && if_repair_seq >= 0 && t.repair_seq != if_repair_seq)
		rc = error_set(err, ERR_CONFLICT, "ticket %s: repair_seq is %lld, not %lld", ticket,
			       (long long)t.repair_seq, (long long)if_repair_seq);
	if (rc == 0) {
		t.repair_seq++;
		t.changed_utc_us = utc_us;
		rc = ticket_write_row(s, &t, t.version + 1, item->who, err);
		t.version++;
	}
	text_printf(&data, "{\"repair_seq\":%lld,", (long long)(rc == 0 ? t.repair_seq : 0));
	text_add(&data, item->data + 1, item->n - 1);
	full.ticket = t.id;
	full.serial = t.serial;
	full.data = data.buf;
	full.n = data.len;
	if (rc == 0)
		rc = store_chain_append(s, &full, utc_us, NULL, err);
	rc = db_end(s, rc, err);
	text_release(&data);
	if (rc == 0)
		*out = t;
	return rc;
}

int store_ticket_import(struct store *s, const struct ticket *list, int n, const char *who,
			int *failed, struct error *err)
{
	int64_t version;
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	for (int i = 0; rc == 0 && i < n; i++) {
		struct ticket now = {0};
		struct ticket t = list[i];

		*failed = i;
		rc = store_ticket_get(s, t.id, &now, err);
		if (rc == ERR_NOT_FOUND)
			rc = 0;
		if (rc == 0 && t.repair_seq < now.repair_seq)
			t.repair_seq = now.repair_seq; /* counted here; the file does not know */
		if (rc == 0)
			rc = put(s, &t, &now, who, &version, err);
	}
	return db_end(s, rc, err);
}

int store_ticket_unconfirmed(struct store *s, const char *after, char id[64], struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT id FROM ticket WHERE mirrored_utc_us = 0 AND id > ?"
			  " ORDER BY id LIMIT 1",
			  "t", after);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0)
		(void)text_copy(id, 64, db_text(st, 0));
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "no ticket is unconfirmed");
	return rc < 0 ? rc : 0;
}
