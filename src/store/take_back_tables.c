/* SPDX-License-Identifier: MIT
 *
 * Tickets and runs that are taken back: their rows beside the chain.
 */
#include <string.h>

#include "base/json.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"
#include "src/store/take_back.h"
#include "store/subject.h"

enum { DOCUMENT_MAX = 32 << 20 };

/* The item tells less of a ticket than the system that owns it: that one has to confirm it. */
int place_ticket(struct place *p, struct lost *l, struct error *err)
{
	struct ticket t = {.created_utc_us = l->at_us};
	int rc = store_ticket_get(p->s, l->item.ticket, &t, NULL);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		return error_set(err, rc, "ticket %s: cannot be read", l->item.ticket);
	if (!l->changed_here) {
		const json_t *seq = json_object_get(l->data, "repair_seq");

		(void)text_copy(t.id, sizeof(t.id), l->item.ticket);
		(void)text_copy(t.serial, sizeof(t.serial), l->item.serial);
		(void)text_copy(t.model, sizeof(t.model), json_text(l->data, "model"));
		(void)text_copy(t.run_type, sizeof(t.run_type), json_text(l->data, "run_type"));
		(void)text_copy(t.plan_state, sizeof(t.plan_state),
				json_text(l->data, "plan_state"));
		t.mail_back = json_is_true(json_object_get(l->data, "mail_back"));
		if (json_integer_value(seq) > t.repair_seq)
			t.repair_seq = json_integer_value(seq);
		t.changed_utc_us = l->at_us;
		t.state[0] = '\0';
		rc = ticket_write_row(p->s, &t, t.version + 1, l->item.who, err);
		if (rc < 0)
			return rc;
	}
	return place_append(p, l, err);
}

/* A repair that comes back counts as one more than whatever was counted here meanwhile. */
int place_repair(struct place *p, struct lost *l, struct error *err)
{
	int64_t seq = json_integer_value(json_object_get(l->data, "repair_seq"));
	struct ticket t;
	int rc = store_ticket_get(p->s, l->item.ticket, &t, err);

	if (rc == 0) {
		t.repair_seq = seq > t.repair_seq ? seq : t.repair_seq + 1;
		rc = ticket_write_row(p->s, &t, t.version + 1, l->item.who, err);
	}
	return rc < 0 && rc != ERR_NOT_FOUND ? rc : place_append(p, l, err);
}

/* The revision a run was made with, where its bytes are here still; else that of no bytes. */
static int find_profile(struct place *p, const json_t *doc, uint8_t hash[32], struct error *err)
{
	const char *hex = json_text(json_object_get(doc, "profile"), "sha256");
	struct text bytes = {0};
	int rc = ERR_NOT_FOUND;

	if (strlen(hex) == 64 && take_back_hex(hash, 32, hex))
		rc = store_profile_bytes(p->s, hash, &bytes, err);
	text_release(&bytes);
	if (rc != ERR_NOT_FOUND)
		return rc;
	text_sha256(hash, "", 0);
	return db_run(p->s, err,
		      "INSERT INTO profile_revision (hash, bytes, stored_utc_us)"
		      " SELECT ?1, x'', ?2 WHERE NOT EXISTS"
		      " (SELECT 1 FROM profile_revision WHERE hash = ?1)",
		      "bi", hash, (size_t)32, p->utc_us);
}

/* Its facts were lost with the rest: its document tells the same and more. */
static int put_run(struct place *p, const struct lost *l, const struct run_document *d,
		   struct error *err)
{
	json_t *doc = json_load_limited(d->bytes, d->n, DOCUMENT_MAX, NULL);
	int64_t started_us = l->at_us;
	uint8_t hash[32];
	int rc = find_profile(p, doc, hash, err);

	(void)text_to_utc_us(json_text(doc, "started_utc"), &started_us);
	if (rc == 0)
		rc = db_run(p->s, err,
			    "INSERT INTO run (id, ticket, serial, model, bay, run_type, profile,"
			    " profile_revision, profile_hash, operator, simulated, started_utc_us,"
			    " facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			    "tttttttibtiis", l->item.run, l->item.ticket, l->item.serial,
			    json_text(l->data, "model"), json_text(l->data, "bay"),
			    json_text(l->data, "run_type"), json_text(l->data, "profile"),
			    (int64_t)json_integer_value(json_object_get(l->data, "revision")), hash,
			    (size_t)32, json_text(doc, "operator"),
			    (int64_t)json_is_true(json_object_get(l->data, "simulated")),
			    started_us, d->bytes, d->n);
	json_decref(doc);
	return rc;
}

static bool see(void *ctx, const struct chain_row *r)
{
	(void)r;
	*(bool *)ctx = true;
	return false;
}

/* Nobody has its document: its unit is not released on anything before it. */
static int note_missing(struct place *p, const struct lost *l, struct error *err)
{
	struct chain_filter f = {.run = l->item.run, .type = "record_missing", .limit = 1};
	struct chain_item item = {.type = "record_missing",
				  .ticket = l->item.ticket,
				  .serial = l->item.serial,
				  .run = l->item.run,
				  .feed = true};
	struct text data = {0};
	struct json j;
	char root[65];
	bool noted = false;
	int rc = store_chain_list(p->s, &f, see, &noted, err);

	p->out->missing++;
	place_say(p, "run %s (%s): its document is missing; give it too (GET /api/v1/runs/%s)",
		  l->item.run, json_text(l->data, "verdict"), l->item.run);
	if (rc < 0 || noted)
		return rc;
	text_hex(root, l->line->root, CHAIN_ROOT_BYTES);
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_string(&j, "verdict", json_text(l->data, "verdict"));
	json_kv_string(&j, "root", root);
	json_end_object(&j);
	item.data = data.buf;
	item.n = data.len;
	rc = chain_append(p->s, &item, p->utc_us, NULL, NULL, err);
	text_release(&data);
	return rc;
}

int place_run(struct place *p, struct lost *l, struct error *err)
{
	const char *hex = json_text(l->data, "document_sha256");
	struct run_document *d = NULL;
	struct run_row row = {.seq = 0};
	struct error why = {0};
	uint8_t hash[32];
	int rc = store_run_get(p->s, l->item.run, &row, NULL, &why);

	if (rc == 0 && row.seq) {
		p->out->left++;
		place_say(p,
			  "run %s: has ended here otherwise (%s, it was %s); make it void or test "
			  "again",
			  l->item.run, row.verdict, json_text(l->data, "verdict"));
		return 0;
	}
	if (strlen(hex) == 64 && take_back_hex(hash, sizeof(hash), hex))
		d = take_back_document(p->t, hash);
	if (!d)
		return note_missing(p, l, err);
	d->used = true;
	if (rc == ERR_NOT_FOUND)
		rc = put_run(p, l, d, err);
	else if (rc < 0)
		return error_set(err, rc, "%s", why.text);
	if (rc == 0)
		rc = db_run(p->s, err,
			    "INSERT INTO run_end (run, verdict, ended_utc_us, doc, doc_sha256)"
			    " SELECT seq, ?, ?, ?, ? FROM run WHERE id = ?",
			    "tisbt", json_text(l->data, "verdict"), l->at_us, d->bytes, d->n, hash,
			    sizeof(hash), l->item.run);
	return rc < 0 ? rc : place_append(p, l, err);
}
