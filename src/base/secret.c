/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <sodium.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

_Static_assert(SECRET_HASH_MAX >= crypto_pwhash_STRBYTES, "a hash must fit");

/* Of no password: what an unknown name is compared with, so that it takes as long. */
static const char NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
			     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void begin(void)
{
	if (sodium_init() < 0)
		panic("libsodium does not start");
}

bool secret_hash(const char *password, size_t n, char out[SECRET_HASH_MAX])
{
	begin();
	memset(out, 0, SECRET_HASH_MAX);
	return crypto_pwhash_str_alg(out, password, n, SECRET_PASSES,
				     (size_t)SECRET_MEMORY_KIB * 1024,
				     crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool secret_verify(const char *hash, const char *password, size_t n)
{
	char padded[crypto_pwhash_STRBYTES] = "";
	bool known = hash && hash[0];

	begin();
	(void)text_copy(padded, sizeof(padded), known ? hash : NOBODY);
	return (crypto_pwhash_str_verify(padded, password, n) == 0) & known;
}

void secret_random(void *p, size_t n)
{
	begin();
	randombytes_buf(p, n);
}

void secret_random_hex(char *dst, size_t n)
{
	uint8_t bytes[64];

	begin();
	n = n < sizeof(bytes) ? n : sizeof(bytes);
	randombytes_buf(bytes, n);
	text_hex(dst, bytes, n);
	sodium_memzero(bytes, sizeof(bytes));
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
