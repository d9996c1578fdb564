/* SPDX-License-Identifier: MIT */
#include "store/chain.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"

/* In front of what is signed and hashed first, so that nothing else of ours means the same. */
#define DOMAIN "benchd-chain-v1"

static bool is_subject(const char *s)
{
	return !s || text_is_clean(s, strlen(s), "");
}

static int check_item(const struct chain_item *i, struct error *err)
{
	json_t *data;

	if (!i->type || !text_is_name(i->type))
		return error_set(err, ERR_RANGE, "chain: type \"%s\" is no name",
				 i->type ? i->type : "");
	if (!is_subject(i->ticket) || !is_subject(i->serial) || !is_subject(i->run))
		return error_set(err, ERR_RANGE, "chain: %s: a subject that is no clean text",
				 i->type);
	if (!i->data)
		return 0;
	data = json_load_limited(i->data, i->n, CHAIN_DATA_MAX, err);
	if (!data)
		return err ? err->code : ERR_RANGE;
	if (!json_is_object(data) || i->data[0] != '{' || i->data[i->n - 1] != '}') {
		json_decref(data);
		return error_set(err, ERR_RANGE, "chain: %s: its data is no object", i->type);
	}
	json_decref(data);
	return 0;
}

static void put_subject(struct json *j, const char *key, const char *s)
{
	json_kv_string(j, key, s && s[0] ? s : NULL);
}

static void put_item(const struct chain_item *i, int64_t seq, int64_t utc_us, const char *imported,
		     struct text *out)
{
	char at[32];
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_int(&j, "seq", seq);
	json_kv_string(&j, "type", i->type);
	json_kv_string(&j, "at", text_from_utc_us(at, sizeof(at), utc_us));
	put_subject(&j, "ticket", i->ticket);
	put_subject(&j, "serial", i->serial);
	put_subject(&j, "run", i->run);
	put_subject(&j, "who", i->who);
	json_kv_bool(&j, "feed", i->feed);
	if (imported) {
		json_key(&j, "imported");
		json_put_raw(&j, imported, strlen(imported));
	}
	json_key(&j, "data");
	json_put_raw(&j, i->data ? i->data : "{}", i->data ? i->n : 2);
	json_end_object(&j);
}

static void chain_first_root(uint8_t root[CHAIN_ROOT_BYTES], const char *instance)
{
	char text[80];

	(void)snprintf(text, sizeof(text), DOMAIN "\n%s\n", instance);
	text_sha256(root, text, strlen(text));
}

void chain_next_root(uint8_t root[CHAIN_ROOT_BYTES], const void *bytes, size_t n)
{
	uint8_t in[1 + 2 * CHAIN_ROOT_BYTES] = {1};

	memcpy(in + 1, root, CHAIN_ROOT_BYTES);
	text_sha256(in + 1 + CHAIN_ROOT_BYTES, bytes, n);
	text_sha256(root, in, sizeof(in));
}

void chain_signed_text(char dst[CHAIN_SIGNED_SIZE], int64_t seq,
		       const uint8_t root[CHAIN_ROOT_BYTES])
{
	char hex[2 * CHAIN_ROOT_BYTES + 1];

	text_hex(hex, root, CHAIN_ROOT_BYTES);
	(void)snprintf(dst, CHAIN_SIGNED_SIZE, DOMAIN " %lld %s\n", (long long)seq, hex);
}

static const char *plain(const char *s)
{
	return s ? s : "";
}

int chain_append(struct store *s, const struct chain_item *i, int64_t utc_us, const char *imported,
		 int64_t *seq, struct error *err)
{
	char text[CHAIN_SIGNED_SIZE];
	uint8_t sig[CHAIN_SIG_BYTES];
	struct chain_head head;
	struct text bytes = {0};
	int rc;

	if (!s->writer || sqlite3_get_autocommit(s->db))
		return error_set(err, ERR_STATE, "chain: %s: outside of a transaction",
				 plain(i->type));
	rc = check_item(i, err);
	if (rc == 0)
		rc = store_chain_head(s, &head, err);
	if (rc < 0)
		return rc;
	head.size++;
	put_item(i, head.size, utc_us, imported, &bytes);
	chain_next_root(head.root, bytes.buf, bytes.len);
	chain_signed_text(text, head.size, head.root);
	sign_message(s->key, text, strlen(text), sig);
	rc = db_run(s, err,
		    "INSERT INTO chain (seq, type, ticket, serial, run, utc_us, who, feed, bytes,"
		    " root, sig) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    "ittttitibbb", head.size, i->type, plain(i->ticket), plain(i->serial),
		    plain(i->run), utc_us, plain(i->who), (int64_t)i->feed, bytes.buf, bytes.len,
		    head.root, sizeof(head.root), sig, sizeof(sig));
	text_release(&bytes);
	if (rc == 0 && seq)
		*seq = head.size;
	return rc;
}

int store_chain_append(struct store *s, const struct chain_item *item, int64_t utc_us, int64_t *seq,
		       struct error *err)
{
	return chain_append(s, item, utc_us, NULL, seq, err);
}

int store_chain_add(struct store *s, const struct chain_item *item, int64_t utc_us, int64_t *seq,
		    struct error *err)
{
	int64_t at = 0;
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	rc = db_end(s, chain_append(s, item, utc_us, NULL, &at, err), err);
	if (rc == 0 && seq)
		*seq = at;
	return rc;
}

int store_chain_head(struct store *s, struct chain_head *out, struct error *err)
{
	sqlite3_stmt *st;
	struct chain_head h = {.size = 0};
	int rc = db_query(s, &st, err,
			  "SELECT m.value, coalesce(c.seq, 0), c.root FROM meta m"
			  " LEFT JOIN chain c ON c.seq = (SELECT max(seq) FROM chain)"
			  " WHERE m.key = 'instance'",
			  "");

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		db_copy(h.instance, st, 0);
		h.size = sqlite3_column_int64(st, 1);
		if (h.size == 0)
			chain_first_root(h.root, h.instance);
		else if (sqlite3_column_bytes(st, 2) == CHAIN_ROOT_BYTES)
			memcpy(h.root, sqlite3_column_blob(st, 2), CHAIN_ROOT_BYTES);
		*out = h;
	}
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_IO, "%s/benchd.db: has no instance", s->dir);
	return rc < 0 ? rc : 0;
}

int store_chain_root(struct store *s, int64_t size, uint8_t root[CHAIN_ROOT_BYTES],
		     struct error *err)
{
	struct chain_head head;
	sqlite3_stmt *st;
	int rc = size == 0 ? store_chain_head(s, &head, err) : 0;

	if (rc < 0)
		return rc;
	if (size == 0) {
		chain_first_root(root, head.instance);
		return 0;
	}
	rc = db_query(s, &st, err, "SELECT root FROM chain WHERE seq = ?", "i", size);
	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0 && sqlite3_column_bytes(st, 0) == CHAIN_ROOT_BYTES)
		memcpy(root, sqlite3_column_blob(st, 0), CHAIN_ROOT_BYTES);
	db_done(s, st);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "chain: has no item %lld", (long long)size);
	return rc < 0 ? rc : 0;
}

/* Nothing before data has a member of these names, and a quote within a text is escaped. */
static void find_data(struct chain_row *r)
{
	static const char mark[] = ",\"data\":", back[] = ",\"imported\":{",
			  late[] = ",\"late\":true";
	const char *at = memmem(r->bytes, r->n, mark, sizeof(mark) - 1);
	size_t head = at ? (size_t)(at - r->bytes) : 0;

	r->data = "{}";
	r->data_n = 2;
	if (!at)
		return;
	r->data = at + sizeof(mark) - 1;
	r->data_n = (size_t)(r->bytes + r->n - 1 - r->data);
	r->taken_back = memmem(r->bytes, head, back, sizeof(back) - 1) != NULL;
	r->late = r->taken_back && memmem(r->bytes, head, late, sizeof(late) - 1);
}

void store_chain_line(const struct chain_row *r, const uint8_t before[CHAIN_ROOT_BYTES],
		      struct text *out)
{
	char prev[2 * CHAIN_ROOT_BYTES + 1], root[2 * CHAIN_ROOT_BYTES + 1], sig[SIGN_TEXT_SIZE];

	text_hex(prev, before, CHAIN_ROOT_BYTES);
	text_hex(root, r->root, CHAIN_ROOT_BYTES);
	sign_to_base64(sig, sizeof(sig), r->sig, CHAIN_SIG_BYTES);
	text_printf(out, "{\"prev\":\"%s\",\"root\":\"%s\",\"sig\":\"%s\",\"item\":", prev, root,
		    sig);
	text_add(out, r->bytes, r->n);
	text_add(out, "}", 1);
}

/* In the order of the SELECT below; what a page of bytes alone asks for comes first. */
static void read_row(sqlite3_stmt *st, bool bytes_alone, struct chain_row *r)
{
	static const uint8_t none[CHAIN_SIG_BYTES];

	*r = (struct chain_row){.type = "", .ticket = "", .serial = "", .run = "", .who = ""};
	r->seq = sqlite3_column_int64(st, 0);
	r->bytes = sqlite3_column_blob(st, 1);
	r->n = (size_t)sqlite3_column_bytes(st, 1);
	r->root = sqlite3_column_blob(st, 2);
	if (sqlite3_column_bytes(st, 2) != CHAIN_ROOT_BYTES)
		r->root = none;
	r->sig = none;
	r->data = "";
	if (bytes_alone)
		return;
	r->sig = sqlite3_column_blob(st, 3);
	if (sqlite3_column_bytes(st, 3) != CHAIN_SIG_BYTES)
		r->sig = none;
	r->type = db_text(st, 4);
	r->ticket = db_text(st, 5);
	r->serial = db_text(st, 6);
	r->run = db_text(st, 7);
	r->utc_us = sqlite3_column_int64(st, 8);
	r->who = db_text(st, 9);
	r->feed = sqlite3_column_int(st, 10) != 0;
	find_data(r);
}

int store_chain_list(struct store *s, const struct chain_filter *f,
		     bool (*fn)(void *ctx, const struct chain_row *r), void *ctx, struct error *err)
{
	struct text sql = {0};
	struct chain_row row;
	sqlite3_stmt *st;
	int rc;

	/* Only the filters given, so that each finds its index: a subject's before the type's; a
	 * serial's index knows the type. */
	text_printf(&sql, "SELECT seq, bytes, root%s FROM chain WHERE seq > ?1%s%s%s",
		    f->bytes_alone ? "" : ", sig, type, ticket, serial, run, utc_us, who, feed",
		    f->ticket ? " AND ticket = ?2 AND ticket <> ''" : "",
		    f->serial ? " AND serial = ?3 AND serial <> ''" : "",
		    f->run ? " AND run = ?4 AND run <> ''" : "");
	if (f->type)
		text_printf(&sql, " AND %stype IN (?5, ?6)", f->ticket || f->run ? "+" : "");
	/* Most items are the feed's: read in their order, without an index beside it. */
	if (f->feed_only)
		text_puts(&sql, " AND +feed = 1");
	if (f->from_us || f->to_us)
		text_puts(&sql, " AND seq IN (SELECT seq FROM chain WHERE feed = 1"
				" AND utc_us >= ?8 AND utc_us < ?9)");
	text_printf(&sql, " ORDER BY seq%s LIMIT ?7", f->newest_first ? " DESC" : "");
	rc = db_query(s, &st, err, sql.buf, f->from_us || f->to_us ? "itttttiii" : "ittttti",
		      f->after, f->ticket, f->serial, f->run, f->type, f->or_type,
		      (int64_t)(f->limit > 0 ? f->limit : -1), f->from_us,
		      f->to_us ? f->to_us : INT64_MAX);
	text_release(&sql);
	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		read_row(st, f->bytes_alone, &row);
		if (!fn(ctx, &row))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

struct walk {
	uint8_t root[CHAIN_ROOT_BYTES];
	int64_t seq, broken; /* broken: the first that does not fit, 0: none */
};

static bool walk_one(void *ctx, const struct chain_row *r)
{
	struct walk *w = ctx;

	if (r->seq == w->seq + 1)
		chain_next_root(w->root, r->bytes, r->n);
	if (r->seq != w->seq + 1 || memcmp(w->root, r->root, CHAIN_ROOT_BYTES) != 0) {
		w->broken = w->seq + 1;
		return false;
	}
	w->seq = r->seq;
	return true;
}

int store_chain_check(struct store *s, struct error *err)
{
	struct chain_filter all = {.limit = 0};
	struct walk w = {.seq = 0};
	int rc = store_chain_root(s, 0, w.root, err);

	if (rc == 0)
		rc = store_chain_list(s, &all, walk_one, &w, err);
	if (rc == 0 && w.broken)
		return error_set(err, ERR_IO,
				 "%s/benchd.db: item %lld of the chain was changed or is missing",
				 s->dir, (long long)w.broken);
	return rc;
}

int store_chain_check_item(struct store *s, int64_t seq, struct error *err)
{
	struct chain_filter f = {.after = seq - 1, .limit = 1};
	struct walk w = {.seq = seq - 1};
	int rc = store_chain_root(s, seq - 1, w.root, err);

	if (rc == 0)
		rc = store_chain_list(s, &f, walk_one, &w, err);
	if (rc == 0 && w.seq != seq)
		rc = error_set(err, ERR_IO, "%s/benchd.db: item %lld of the chain was changed",
			       s->dir, (long long)seq);
	return rc;
}
