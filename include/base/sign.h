/* SPDX-License-Identifier: MIT
 *
 * Signatures: Ed25519 keys (RFC 8032), their names, texts and safe keeping. The one home of
 * what a signed paper and the keys look like in bytes; who may sign what is the store's.
 *
 * A key's id is the first 16 hex digits of the SHA-256 of its 32 public bytes. Public keys
 * travel as PEM (SubjectPublicKeyInfo, RFC 8410), signatures as Base64 with padding, so that
 * openssl checks them. Every call is quick (under 0.1 ms) but the two with a passphrase, which
 * take 64 MiB and a good part of a second by design.
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/text.h"

enum {
	SIGN_PUBLIC_BYTES = 32,
	SIGN_SEED_BYTES = 32,
	SIGN_BYTES = 64,
	SIGN_TEXT_SIZE = 89,   /* Base64 of a signature and NUL */
	SIGN_PUBLIC_SIZE = 45, /* Base64 of a public key and NUL */
	SIGN_ID_SIZE = 17,
	SIGN_PEM_SIZE = 128,
	SIGN_SEALED_MAX = 512
};
struct sign_key {
	uint8_t public_bytes[SIGN_PUBLIC_BYTES];
	uint8_t secret[64]; /* libsodium's form: seed and public half */
	char id[SIGN_ID_SIZE];
};
void sign_make(struct sign_key *out); /* random */
void sign_from_seed(struct sign_key *out, const uint8_t seed[SIGN_SEED_BYTES]);
void sign_seed_of(const struct sign_key *key, uint8_t seed[SIGN_SEED_BYTES]);
/* For a key that stays: all zero, in memory that is neither swapped out nor dumped, between two pages
 * nobody can touch. sign_free overwrites it; NULL allowed. */
struct sign_key *sign_new(void);
void sign_free(struct sign_key *key);
/* Overwrite the secret. NULL allowed. */
void sign_wipe(struct sign_key *key);
void sign_bytes_wipe(void *p, size_t n);
void sign_id(char dst[SIGN_ID_SIZE], const uint8_t public_bytes[SIGN_PUBLIC_BYTES]);

void sign_message(const struct sign_key *key, const void *p, size_t n, uint8_t sig[SIGN_BYTES]);
bool sign_is_by(const uint8_t public_bytes[SIGN_PUBLIC_BYTES], const void *p, size_t n,
		const uint8_t sig[SIGN_BYTES]);

/* Base64 (RFC 4648, padded, one spelling only: what decodes, encodes to the same text). */
void sign_to_base64(char *dst, size_t size, const uint8_t *p, size_t n);
/* Exactly n bytes, or false. */
bool sign_from_base64(uint8_t *dst, size_t n, const char *text, size_t text_len);
void sign_to_pem(char dst[SIGN_PEM_SIZE], const uint8_t public_bytes[SIGN_PUBLIC_BYTES]);
/* The first PUBLIC KEY block of a PEM text; ERR_SYNTAX. */
int sign_from_pem(uint8_t public_bytes[SIGN_PUBLIC_BYTES], const char *pem, size_t n,
		  struct error *err);

/* The secret as PEM (PKCS #8, RFC 8410), for the key's own file. */
void sign_secret_to_pem(char dst[SIGN_PEM_SIZE], const struct sign_key *key);
int sign_secret_from_pem(struct sign_key *out, const char *pem, size_t n, struct error *err);

/* The secret under a passphrase, as text of five lines:
 *	benchd sealed key 1
 *	id <key id>
 *	argon2id <operations> <bytes of memory> <salt: 16 bytes, Base64>
 *	secretbox <nonce: 24 bytes, Base64>
 *	<seed under XSalsa20-Poly1305: 48 bytes, Base64>
 * The box's key is argon2id(passphrase, salt), 32 bytes, libsodium's crypto_pwhash
 * (version 1.3, one lane). Passphrase: 12..1024 bytes, ERR_RANGE; ERR_NOMEM. */
int sign_seal(const struct sign_key *key, const char *passphrase, size_t n, struct text *out,
	      struct error *err);
/* ERR_SYNTAX: no such text; ERR_DENIED: another passphrase, or changed bytes. */
int sign_unseal(struct sign_key *out, const char *sealed, size_t sealed_len, const char *passphrase,
		size_t n, struct error *err);

#endif
