/* SPDX-License-Identifier: MIT */
#include "base/sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410): SubjectPublicKeyInfo
 * (section 4) and PKCS #8 (section 7). */
static const uint8_t spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0};
static const uint8_t pkcs8[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
				0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
enum { PEM_BYTES_MAX = sizeof(pkcs8) + 32, PEM_TEXT_MAX = 64 };
/* A small board has these 64 MiB; more passes make up for what a big one would take. */
enum { SEAL_PASSES = 6, SEAL_MEMORY_MIB = 64 };
enum { BASE64_MAX = 136 };
enum { PASSPHRASE_MIN = 12, PASSPHRASE_MAX = 1024 };

static void need_sodium(void)
{
	if (sodium_init() < 0)
		panic("libsodium cannot start: no source of random numbers");
}

struct sign_key *sign_new(void)
{
	struct sign_key *key;

	need_sodium();
	key = sodium_malloc(sizeof(*key));
	if (!key)
		panic("out of memory");
	memset(key, 0, sizeof(*key));
	return key;
}

void sign_free(struct sign_key *key)
{
	sodium_free(key);
}

void sign_id(char dst[SIGN_ID_SIZE], const uint8_t public_bytes[SIGN_PUBLIC_BYTES])
{
	uint8_t hash[32];

	text_sha256(hash, public_bytes, SIGN_PUBLIC_BYTES);
	text_hex(dst, hash, 8);
}

void sign_from_seed(struct sign_key *out, const uint8_t seed[SIGN_SEED_BYTES])
{
	need_sodium();
	(void)crypto_sign_seed_keypair(out->public_bytes, out->secret, seed);
	sign_id(out->id, out->public_bytes);
}

void sign_make(struct sign_key *out)
{
	uint8_t seed[SIGN_SEED_BYTES];

	need_sodium();
	randombytes_buf(seed, sizeof(seed));
	sign_from_seed(out, seed);
	sodium_memzero(seed, sizeof(seed));
}

void sign_seed_of(const struct sign_key *key, uint8_t seed[SIGN_SEED_BYTES])
{
	(void)crypto_sign_ed25519_sk_to_seed(seed, key->secret);
}

void sign_bytes_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

void sign_wipe(struct sign_key *key)
{
	if (key)
		sodium_memzero(key, sizeof(*key));
}

void sign_message(const struct sign_key *key, const void *p, size_t n, uint8_t sig[SIGN_BYTES])
{
	need_sodium();
	(void)crypto_sign_detached(sig, NULL, p, n, key->secret);
}

bool sign_is_by(const uint8_t public_bytes[SIGN_PUBLIC_BYTES], const void *p, size_t n,
		const uint8_t sig[SIGN_BYTES])
{
	need_sodium();
	return crypto_sign_verify_detached(sig, p, n, public_bytes) == 0;
}

void sign_to_base64(char *dst, size_t size, const uint8_t *p, size_t n)
{
	(void)sodium_bin2base64(dst, size, p, n, sodium_base64_VARIANT_ORIGINAL);
}

bool sign_from_base64(uint8_t *dst, size_t n, const char *text, size_t text_len)
{
	char again[BASE64_MAX];
	size_t got = 0;
	const char *end = NULL;

	if (sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL) > sizeof(again) ||
	    sodium_base642bin(dst, n, text, text_len, NULL, &got, &end,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    got != n || end != text + text_len)
		return false;
	/* libsodium reads bytes from 0x80 up as some letters: only what it would write counts. */
	sign_to_base64(again, sizeof(again), dst, n);
	return strlen(again) == text_len && memcmp(again, text, text_len) == 0;
}

static void to_pem(char *dst, const char *what, const uint8_t *head, size_t head_n,
		   const uint8_t bytes[32])
{
	uint8_t der[PEM_BYTES_MAX];
	char text[PEM_TEXT_MAX + 1];

	memcpy(der, head, head_n);
	memcpy(der + head_n, bytes, 32);
	sign_to_base64(text, sizeof(text), der, head_n + 32);
	(void)snprintf(dst, SIGN_PEM_SIZE, "-----BEGIN %s-----\n%s\n-----END %s-----\n", what, text,
		       what);
	sodium_memzero(der, sizeof(der));
	sodium_memzero(text, sizeof(text));
}

static bool from_pem(uint8_t bytes[32], const char *pem, size_t n, const char *what,
		     const uint8_t *head, size_t head_n)
{
	const size_t text_n = (head_n + 32 + 2) / 3 * 4;
	char begin[40];
	size_t begin_n = (size_t)snprintf(begin, sizeof(begin), "-----BEGIN %s-----\n", what);
	const char *at = memmem(pem, n, begin, begin_n);
	uint8_t der[PEM_BYTES_MAX];
	bool ok = at && n - (size_t)(at - pem) >= begin_n + text_n &&
		  sign_from_base64(der, head_n + 32, at + begin_n, text_n) &&
		  memcmp(der, head, head_n) == 0;

	if (ok)
		memcpy(bytes, der + head_n, 32);
	sodium_memzero(der, sizeof(der));
	return ok;
}

void sign_to_pem(char dst[SIGN_PEM_SIZE], const uint8_t public_bytes[SIGN_PUBLIC_BYTES])
{
	to_pem(dst, "PUBLIC KEY", spki, sizeof(spki), public_bytes);
}

int sign_from_pem(uint8_t public_bytes[SIGN_PUBLIC_BYTES], const char *pem, size_t n,
		  struct error *err)
{
	if (from_pem(public_bytes, pem, n, "PUBLIC KEY", spki, sizeof(spki)))
		return 0;
	return error_set(err, ERR_SYNTAX,
			 "no Ed25519 public key in PEM (-----BEGIN PUBLIC KEY-----)");
}

void sign_secret_to_pem(char dst[SIGN_PEM_SIZE], const struct sign_key *key)
{
	uint8_t seed[SIGN_SEED_BYTES];

	sign_seed_of(key, seed);
	to_pem(dst, "PRIVATE KEY", pkcs8, sizeof(pkcs8), seed);
	sodium_memzero(seed, sizeof(seed));
}

int sign_secret_from_pem(struct sign_key *out, const char *pem, size_t n, struct error *err)
{
	uint8_t seed[SIGN_SEED_BYTES];

	if (!from_pem(seed, pem, n, "PRIVATE KEY", pkcs8, sizeof(pkcs8)))
		return error_set(err, ERR_SYNTAX, "no Ed25519 key in PEM (PKCS #8)");
	sign_from_seed(out, seed);
	sodium_memzero(seed, sizeof(seed));
	return 0;
}

static int box_key(uint8_t key[crypto_secretbox_KEYBYTES], const char *passphrase, size_t n,
		   const uint8_t *salt, unsigned long long ops, size_t mem, struct error *err)
{
	need_sodium();
	if (n < PASSPHRASE_MIN || n > PASSPHRASE_MAX)
		return error_set(err, ERR_RANGE, "passphrase of %zu bytes; %d to %d are taken", n,
				 PASSPHRASE_MIN, PASSPHRASE_MAX);
	if (crypto_pwhash(key, crypto_secretbox_KEYBYTES, passphrase, n, salt, ops, mem,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return error_set(err, ERR_NOMEM, "%zu MiB of memory for the passphrase", mem >> 20);
	return 0;
}

int sign_seal(const struct sign_key *key, const char *passphrase, size_t n, struct text *out,
	      struct error *err)
{
	const unsigned long long ops = SEAL_PASSES;
	const size_t mem = (size_t)SEAL_MEMORY_MIB << 20;
	uint8_t salt[crypto_pwhash_SALTBYTES], nonce[crypto_secretbox_NONCEBYTES];
	uint8_t k[crypto_secretbox_KEYBYTES], seed[SIGN_SEED_BYTES];
	uint8_t box[SIGN_SEED_BYTES + crypto_secretbox_MACBYTES];
	char salt_text[25], nonce_text[33], box_text[65];
	int rc;

	need_sodium();
	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(nonce, sizeof(nonce));
	rc = box_key(k, passphrase, n, salt, ops, mem, err);
	if (rc < 0)
		return rc;
	sign_seed_of(key, seed);
	(void)crypto_secretbox_easy(box, seed, sizeof(seed), nonce, k);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(k, sizeof(k));
	sign_to_base64(salt_text, sizeof(salt_text), salt, sizeof(salt));
	sign_to_base64(nonce_text, sizeof(nonce_text), nonce, sizeof(nonce));
	sign_to_base64(box_text, sizeof(box_text), box, sizeof(box));
	text_printf(out, "benchd sealed key 1\nid %s\nargon2id %llu %zu %s\nsecretbox %s\n%s\n",
		    key->id, ops, mem, salt_text, nonce_text, box_text);
	return 0;
}

int sign_unseal(struct sign_key *out, const char *sealed, size_t sealed_len, const char *passphrase,
		size_t n, struct error *err)
{
	char copy[SIGN_SEALED_MAX], id[17], salt_text[25], nonce_text[33], box_text[65];
	uint8_t salt[crypto_pwhash_SALTBYTES], nonce[crypto_secretbox_NONCEBYTES];
	uint8_t k[crypto_secretbox_KEYBYTES], seed[SIGN_SEED_BYTES];
	uint8_t box[SIGN_SEED_BYTES + crypto_secretbox_MACBYTES];
	struct sign_key key;
	unsigned long long ops;
	size_t mem;
	int rc;

	if (sealed_len >= sizeof(copy))
		return error_set(err, ERR_SYNTAX, "no sealed key of benchd");
	memcpy(copy, sealed, sealed_len);
	copy[sealed_len] = '\0';
	if (sscanf(copy,
		   "benchd sealed key 1 id %16[0-9a-f] argon2id %8llu %10zu %24s secretbox %32s"
		   " %64s",
		   id, &ops, &mem, salt_text, nonce_text, box_text) != 6 ||
	    ops > 100 || mem > (size_t)1 << 30 ||
	    !sign_from_base64(salt, sizeof(salt), salt_text, strlen(salt_text)) ||
	    !sign_from_base64(nonce, sizeof(nonce), nonce_text, strlen(nonce_text)) ||
	    !sign_from_base64(box, sizeof(box), box_text, strlen(box_text)))
		return error_set(err, ERR_SYNTAX, "no sealed key of benchd");
	rc = box_key(k, passphrase, n, salt, ops, mem, err);
	if (rc < 0)
		return rc;
	rc = crypto_secretbox_open_easy(seed, box, sizeof(box), nonce, k);
	sodium_memzero(k, sizeof(k));
	if (rc == 0)
		sign_from_seed(&key, seed);
	sodium_memzero(seed, sizeof(seed));
	if (rc != 0 || strcmp(key.id, id) != 0)
		return error_set(err, ERR_DENIED,
				 "the sealed key does not open: another passphrase, or changed");
	*out = key;
	return 0;
}
