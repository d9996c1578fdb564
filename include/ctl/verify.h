/* SPDX-License-Identifier: MIT
 *
 * Is what a station wrote still what it wrote? Reads documents, exported chains and the database
 * file with code of its own: nothing here is shared with what writes them (store/chain.h) but the
 * two functions of libsodium behind base/, SHA-256 and Ed25519; docs/verify.md does the same
 * with openssl. Pure but for the database. Every failure is ERR_DENIED (it is not what was
 * written, or not by this key) or ERR_SYNTAX (no such file at all), and its text names the first
 * broken record.
 */
#ifndef CTL_VERIFY_H
#define CTL_VERIFY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"

struct verify_item {
	int64_t seq;
	const char *bytes;
	size_t n;
	uint8_t root[32]; /* after it */
	uint8_t sig[64];
};
enum { VERIFY_KEYS_MAX = 64 };
/* A walk from the chain's begin. Copy it to come back to a place. */
struct verify_chain {
	uint8_t root[32];
	int64_t size;
	uint8_t signer[32];		      /* whose signature counts now; known from item 1 on */
	uint8_t signers[VERIFY_KEYS_MAX][32]; /* all that ever did */
	int signer_count;
	uint8_t trusted[32]; /* the caller's key */
	bool trusted_seen;   /* it is one of those that signed */
	int64_t ack_size;    /* 0: nothing was acknowledged */
	uint8_t ack_root[32];
	char instance[33];
};
/* ack_root NULL: none. */
int verify_chain_begin(struct verify_chain *v, const char *instance, const uint8_t trusted[32],
		       int64_t ack_size, const uint8_t ack_root[32], struct error *err);
int verify_chain_item(struct verify_chain *v, const struct verify_item *item, struct error *err);
/* An item that was lost and taken back: are its bytes, in the place it had, signed by a key of this
 * chain? item: parsed. */
int verify_taken_back(const struct verify_chain *v, const struct verify_item *i, const json_t *item,
		      struct error *err);
/* Is the trusted key among the signers, and nothing missing that was acknowledged? */
int verify_chain_end(const struct verify_chain *v, struct error *err);
/* One item by itself, with the root before it: hashed and signed by that key? */
int verify_item_alone(const struct verify_item *item, const uint8_t before[32],
		      const uint8_t key[32], struct error *err);

/* A line of an export: {"prev":..,"root":..,"sig":..,"item":{..}}; item->bytes points into line. */
int verify_read_line(const char *line, size_t n, struct verify_item *item, uint8_t before[32],
		     struct error *err);
/* A whole export, from where f stands; one item of it is in memory at a time. */
int verify_export(FILE *f, const uint8_t trusted[32], int64_t ack_size, const uint8_t ack_root[32],
		  int64_t *size, struct error *err);
/* A release document (or any that ends in key and signature). *id: of the key it names. */
int verify_document(const char *bytes, size_t n, const uint8_t key[32], struct error *err);
/* A finished run: some line of the export says it has exactly these bytes. */
int verify_run(const char *doc, size_t n, FILE *lines, const uint8_t key[32], struct error *err);

/* The database file, read only: the chain, its columns, and the tables it covers. */
int verify_database(const char *path, const uint8_t trusted[32], int64_t ack_size,
		    const uint8_t ack_root[32], int64_t *size, struct error *err);
/* Do the columns of a chain row say what its bytes say? item: parsed. */
const char *verify_text(const json_t *item, const char *key);
/* ERR_DENIED: which item, and what is wrong with it. */
int verify_broken(struct error *err, int64_t seq, const char *what);
bool verify_hex(uint8_t *dst, size_t n, const char *hex, size_t hex_n);
void verify_sha256_hex(char dst[65], const void *p, size_t n);

#endif
