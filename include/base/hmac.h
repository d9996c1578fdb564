/* SPDX-License-Identifier: MIT
 *
 * HMAC-SHA256 (RFC 2104) and Base64 of any length, for what others verify. Any thread.
 */
#ifndef BASE_HMAC_H
#define BASE_HMAC_H

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

void hmac_sha256(uint8_t out[32], const void *key, size_t key_n, const void *p, size_t n);
/* RFC 4648, padded; added to out. */
void base64_add(struct text *out, const void *p, size_t n);
/* Bytes of a padded Base64 text, or -1: it is none, or longer than size. */
int base64_decode(uint8_t *dst, size_t size, const char *text, size_t n);

#endif
