/* SPDX-License-Identifier: MIT
 *
 * What taking back collects (take_back.c) and places (take_back_place.c).
 */
#ifndef STORE_TAKE_BACK_H
#define STORE_TAKE_BACK_H

#include <jansson.h>
#include "base/sign.h"
#include "store/loss.h"

struct signed_line {
	int64_t seq; /* where it stood in the chain that was lost */
	uint8_t prev[CHAIN_ROOT_BYTES], root[CHAIN_ROOT_BYTES], sig[CHAIN_SIG_BYTES];
	char *bytes; /* the item */
	size_t n;
};
struct run_document {
	uint8_t hash[32];
	char *bytes;
	size_t n;
	bool used;
};
struct take_back {
	struct signed_line *lines;
	size_t line_count, line_room;
	struct run_document *documents;
	size_t document_count, document_room;
};
/* The document of that hash, NULL: nobody gave it. */
struct run_document *take_back_document(struct take_back *t, const uint8_t hash[32]);
/* 2 n hex digits. */
bool take_back_hex(uint8_t *dst, size_t n, const char *hex);

enum { TAKE_BACK_KEYS_MAX = 64 };

/* ---- placing ---- */
struct known_key {
	uint8_t public_bytes[SIGN_PUBLIC_BYTES];
	char id[SIGN_ID_SIZE];
};
struct place {
	struct take_back *t;
	struct store *s;
	int64_t utc_us, after,
		first_after; /* ends of the chain before the newest and the first gap */
	struct known_key keys[TAKE_BACK_KEYS_MAX];
	int key_count;
	uint8_t (*here)[CHAIN_ROOT_BYTES]; /* roots of what was taken back, or is known to miss */
	size_t here_count;
	void (*tell)(void *ctx, const char *text);
	void *ctx;
	struct take_back_report *out;
};
/* One item under way. */
struct lost {
	const struct signed_line *line;
	const struct known_key *key;
	json_t *json;
	const json_t *data;
	struct chain_item item;
	int64_t at_us;
	bool late;	   /* something that matters was recorded here about it */
	bool changed_here; /* its ticket was */
};

void place_say(const struct place *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The item itself, marked. */
int place_append(struct place *p, const struct lost *l, struct error *err);
/* take_back_tables.c: the item with what stands beside the chain. */
int place_ticket(struct place *p, struct lost *l, struct error *err);
int place_repair(struct place *p, struct lost *l, struct error *err);
int place_run(struct place *p, struct lost *l, struct error *err);

#endif
