/* SPDX-License-Identifier: MIT
 *
 * The chain: one append-only list of everything that is recorded, in commit order. Each item is
 * bytes that never change, chained by hash to the one before and signed by the station's key:
 *
 *	bytes_n = {"seq":n,"type":..,"at":..,"ticket":..,"serial":..,"run":..,"who":..,
 *		   "feed":true|false,"data":{..}}
 *		  in this order, without blanks, UTF-8, numbers as base/json.h writes them; a
 *		  subject that is not there is null; "imported":true stands before data where the
 *		  item tells what an older database held, "imported":{..} where it was lost
 *		  and taken back (store/loss.h)
 *	root_0	= SHA-256("benchd-chain-v1\n" instance "\n")	   instance: meta's, 32 hex digits
 *	root_n	= SHA-256(0x01 || root_(n-1) || SHA-256(bytes_n))
 *	sig_n	= Ed25519 of "benchd-chain-v1 " n " " hex(root_n) "\n"
 *
 * Item 1 is `chain_started` and tells the station's public key; `key_rotated`, signed by the old
 * key, tells the next one. A cut tail does not show in a chain: see store_chain_acknowledge.
 *
 * Who records: change the table that makes the present easy to ask (the projection) and append
 * the item in one transaction:
 *
 *	rc = db_begin(s, err);
 *	if (rc < 0) return rc;
 *	rc = db_run(s, err, "INSERT INTO repair ...", ...);
 *	if (rc == 0) rc = store_chain_append(s, &item, utc_us, NULL, err);
 *	return db_end(s, rc, err);
 *
 * Types of items are listed in src/store/README.md; a new one is added there. Threads and errors
 * as store/store.h.
 */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "store/store.h"

enum { CHAIN_DATA_MAX = 65536, CHAIN_ROOT_BYTES = 32, CHAIN_SIG_BYTES = 64 };

struct chain_item {
	const char *type;		   /* [a-z][a-z0-9_]* */
	const char *ticket, *serial, *run; /* NULL or "": none */
	const char *who;		   /* NULL or "": the station itself */
	bool feed;			   /* the ticketing system gets it too */
	const char *data;		   /* a JSON object by base/json.h; NULL: {} */
	size_t n;			   /* its bytes */
};
/* Within the caller's transaction (db_begin .. db_end). *seq: NULL allowed. ERR_STATE outside of
 * one; ERR_RANGE for an item that is none (a bug of the caller: the record does not happen). */
int store_chain_append(struct store *s, const struct chain_item *item, int64_t utc_us, int64_t *seq,
		       struct error *err);
/* The same in a transaction of its own. */
int store_chain_add(struct store *s, const struct chain_item *item, int64_t utc_us, int64_t *seq,
		    struct error *err);

/* fn within one transaction: what it changed is committed when it returns 0, and undone otherwise.
 * On a reader fn sees one state of the database, whatever is written meanwhile. Not nested on a
 * reader. On the writer what has a transaction of its own (store_chain_add, store_run_end, ...) joins
 * this one; when any part is refused, nothing is committed. */
int store_transact(struct store *s, int (*fn)(void *ctx, struct store *s, struct error *err),
		   void *ctx, struct error *err);

/* An item as stored; pointers are good until fn returns. */
struct chain_row {
	int64_t seq, utc_us;
	const char *type, *ticket, *serial, *run, *who; /* "": none */
	bool feed;
	const char *bytes; /* the item itself */
	size_t n;
	const char *data; /* within bytes, not NUL terminated */
	size_t data_n;
	const uint8_t *root; /* after this item */
	const uint8_t *sig;
	/* It was lost and taken back (store/loss.h); late: after something else was recorded here
	 * about the same ticket or unit, so that its place tells nothing of the order. */
	bool taken_back, late;
};
/* Members that are NULL or 0 filter nothing. */
struct chain_filter {
	const char *ticket, *serial, *run;
	const char *type, *or_type; /* one of these two */
	bool feed_only;
	int64_t from_us, to_us; /* with feed_only: recorded at from_us or later, before to_us */
	int64_t after;		/* seq > after */
	int limit;
	bool newest_first;
	bool bytes_alone; /* of each row seq, bytes, n and root, which is all a page needs */
};
/* In commit order; fn returns false to stop. */
int store_chain_list(struct store *s, const struct chain_filter *f,
		     bool (*fn)(void *ctx, const struct chain_row *r), void *ctx,
		     struct error *err);

/* The item with what proves it: {"prev":..,"root":..,"sig":..,"item":{..}}, without a line's end.
 * before: the root before it. */
void store_chain_line(const struct chain_row *r, const uint8_t before[CHAIN_ROOT_BYTES],
		      struct text *out);

struct chain_head {
	int64_t size; /* seq of the last item */
	uint8_t root[CHAIN_ROOT_BYTES];
	char instance[33];
};
int store_chain_head(struct store *s, struct chain_head *out, struct error *err);
/* The root as it was at size; ERR_NOT_FOUND beyond the end. */
int store_chain_root(struct store *s, int64_t size, uint8_t root[CHAIN_ROOT_BYTES],
		     struct error *err);
/* Hash every item again: ERR_IO names the first that does not fit. For a reader: 1 s for some
 * 300,000 items. */
int store_chain_check(struct store *s, struct error *err);

/* The same for one item and the one before it: quick. */
int store_chain_check_item(struct store *s, int64_t seq, struct error *err);

/* What was answered to a request with this key, so that sent again it does nothing twice. */
struct chain_request {
	const char *key, *who, *route; /* who and route belong to the key */
	uint8_t body_sha256[32];       /* store_request_hash */
};
/* Of what it is about ("T-1001") and its body: the same words on another ticket are another request. */
void store_request_hash(struct chain_request *q, const char *about, const char *body, size_t n);
/* 0 with *status and answer; ERR_NOT_FOUND: a new one; ERR_CONFLICT: the key was used for
 * another request. */
int store_request_find(struct store *s, const struct chain_request *q, int *status,
		       struct text *answer, struct error *err);
/* In the transaction of what the request did. */
int store_request_keep(struct store *s, const struct chain_request *q, int status,
		       const struct text *answer, int64_t utc_us, struct error *err);

/* A client brought back {size, root}: it has everything up to there. Kept durably outside of the
 * database (DIR/acknowledged), so that an older copy of the database is noticed. ERR_CONFLICT
 * when the chain here is shorter or another one: nothing is kept then. The writer. */
int store_chain_acknowledge(struct store *s, const char *client, int64_t size,
			    const uint8_t root[CHAIN_ROOT_BYTES], struct error *err);
/* Is everything that was ever acknowledged still here? ERR_CONFLICT says what is missing. */
int store_chain_check_acknowledged(struct store *s, struct error *err);

/* ---- the station's key: DIR/keys/station.key, made with the database, 0600 ---- */
struct sign_key;
/* Sign bytes with the station's key; id: the key's. Reader or writer. ERR_IO: no key. */
int store_sign(struct store *s, const void *p, size_t n, uint8_t sig[CHAIN_SIG_BYTES], char id[17],
	       struct error *err);
int store_key_public(struct store *s, uint8_t public_bytes[32], struct error *err);
/* The secret under a passphrase (base/sign.h). */
int store_key_seal(struct store *s, const char *passphrase, size_t n, struct text *out,
		   struct error *err);
/* A new key: its coming is the last item the old one signs. The old secret is removed. Writer. */
int store_key_rotate(struct store *s, const char *who, int64_t utc_us, char new_id[17],
		     struct error *err);

#endif
