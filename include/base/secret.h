/* SPDX-License-Identifier: MIT
 *
 * Passwords, PINs and random secrets. Any thread.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECRET_HASH_MAX = 128, SECRET_MEMORY_KIB = 19456, SECRET_PASSES = 2 };
/* argon2id of 19 MiB and two passes, as text with its salt. Some 20 ms; false: no memory. */
bool secret_hash(const char *password, size_t n, char out[SECRET_HASH_MAX]);
/* hash "" (there is none): takes as long, and is false. */
bool secret_verify(const char *hash, const char *password, size_t n);
void secret_random(void *p, size_t n);
/* 2n hex digits and NUL of n random bytes. */
void secret_random_hex(char *dst, size_t n);
/* In a time that does not depend on where they differ. */
bool secret_equal(const void *a, const void *b, size_t n);
void secret_wipe(void *p, size_t n);

#endif
