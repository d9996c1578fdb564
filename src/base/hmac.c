/* SPDX-License-Identifier: MIT */
#include "base/hmac.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/error.h"

void hmac_sha256(uint8_t out[32], const void *key, size_t key_n, const void *p, size_t n)
{
	crypto_auth_hmacsha256_state st;

	if (sodium_init() < 0)
		panic("libsodium cannot start: no source of random numbers");
	(void)crypto_auth_hmacsha256_init(&st, key, key_n);
	(void)crypto_auth_hmacsha256_update(&st, p, n);
	(void)crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

void base64_add(struct text *out, const void *p, size_t n)
{
	size_t size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *text = xcalloc(1, size);

	(void)sodium_bin2base64(text, size, p, n, sodium_base64_VARIANT_ORIGINAL);
	text_puts(out, text);
	sodium_memzero(text, size);
	free(text);
}

int base64_decode(uint8_t *dst, size_t size, const char *text, size_t n)
{
	size_t len = 0;
	const char *end = NULL;

	if (sodium_base642bin(dst, size, text, n, NULL, &len, &end,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    end != text + n)
		return -1;
	return (int)len;
}
