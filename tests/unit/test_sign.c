/* SPDX-License-Identifier: MIT
 *
 * Keys, signatures and their texts, against RFC 8032 and the openssl program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sign.h"
#include "tests/fake/temp_dir.h"

/* RFC 8032, section 7.1, test 2: a message of one byte. */
static const uint8_t seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
				 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
				 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
static const char public_hex[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char sig_hex[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static void a_signature_is_the_one_of_the_rfc(void **state)
{
	struct sign_key key;
	uint8_t sig[64];
	char hex[129];

	(void)state;
	sign_from_seed(&key, seed);
	text_hex(hex, key.public_bytes, 32);
	assert_string_equal(hex, public_hex);
	sign_message(&key, "\x72", 1, sig);
	text_hex(hex, sig, 64);
	assert_string_equal(hex, sig_hex);
	assert_true(sign_is_by(key.public_bytes, "\x72", 1, sig));
	assert_false(sign_is_by(key.public_bytes, "\x73", 1, sig));
	assert_int_equal(strlen(key.id), 16);
}

static void base64_has_one_spelling(void **state)
{
	uint8_t sig[64], back[64];
	char text[SIGN_TEXT_SIZE];

	(void)state;
	for (int i = 0; i < 64; i++)
		sig[i] = (uint8_t)(i * 37 + 11);
	sign_to_base64(text, sizeof(text), sig, sizeof(sig));
	assert_true(sign_from_base64(back, 64, text, 88));
	assert_memory_equal(sig, back, 64);
	for (int at = 0; at < 88; at++)
		for (int c = 1; c < 256; c++) {
			char was = text[at];

			if ((char)c == was)
				continue;
			text[at] = (char)c;
			if (sign_from_base64(back, 64, text, 88))
				assert_memory_not_equal(sig, back, 64);
			text[at] = was;
		}
	assert_false(sign_from_base64(back, 64, text, 87));
	assert_false(sign_from_base64(back, 63, text, 88));
}

static void pem_comes_back_and_anything_else_is_refused(void **state)
{
	struct sign_key key, back;
	char pem[SIGN_PEM_SIZE];
	uint8_t public_bytes[32];

	(void)state;
	sign_make(&key);
	sign_to_pem(pem, key.public_bytes);
	assert_int_equal(sign_from_pem(public_bytes, pem, strlen(pem), NULL), 0);
	assert_memory_equal(public_bytes, key.public_bytes, 32);
	assert_int_equal(sign_secret_from_pem(&back, pem, strlen(pem), NULL), ERR_SYNTAX);
	for (size_t n = 0; n < strlen(pem) - 30; n++)
		assert_int_equal(sign_from_pem(public_bytes, pem, n, NULL), ERR_SYNTAX);
	sign_secret_to_pem(pem, &key);
	assert_int_equal(sign_secret_from_pem(&back, pem, strlen(pem), NULL), 0);
	assert_memory_equal(&back, &key, sizeof(key));
	assert_int_equal(sign_from_pem(public_bytes, pem, strlen(pem), NULL), ERR_SYNTAX);
}

static void openssl_takes_the_keys_and_the_signature(void **state)
{
	char dir[TEMP_DIR_SIZE], command[1200], path[96], pem[SIGN_PEM_SIZE];
	struct sign_key key;
	uint8_t sig[64];
	FILE *f;

	(void)state;
	if (system("command -v openssl >/dev/null 2>&1") != 0)
		skip();
	sign_make(&key);
	sign_message(&key, "said", 4, sig);
	temp_dir_make(dir);
	(void)snprintf(path, sizeof(path), "%s/sig", dir);
	f = fopen(path, "we");
	assert_int_equal(fwrite(sig, 1, 64, f), 64);
	(void)fclose(f);
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	f = fopen(path, "we");
	sign_secret_to_pem(pem, &key);
	(void)fputs(pem, f);
	(void)fclose(f);
	(void)snprintf(path, sizeof(path), "%s/pub", dir);
	f = fopen(path, "we");
	sign_to_pem(pem, key.public_bytes);
	(void)fputs(pem, f);
	(void)fclose(f);
	/* Ours by theirs, theirs the same bytes as ours, the public half the same file. */
	(void)snprintf(command, sizeof(command),
		       "cd %s && printf said >said && openssl pkeyutl -verify -pubin -inkey pub"
		       " -rawin -in said -sigfile sig >/dev/null && openssl pkeyutl -sign"
		       " -inkey key -rawin -in said -out sig2 && cmp sig sig2 && openssl pkey"
		       " -in key -pubout -out pub2 && cmp pub pub2",
		       dir);
	assert_int_equal(system(command), 0);
	temp_dir_remove(dir);
}

static void a_sealed_key_opens_with_its_passphrase_alone(void **state)
{
	static const char words[] = "correct horse battery";
	struct sign_key key, back;
	struct text sealed = {0};
	struct error err = {0};

	(void)state;
	sign_make(&key);
	assert_int_equal(sign_seal(&key, "short", 5, &sealed, NULL), ERR_RANGE);
	assert_int_equal(sealed.len, 0);
	assert_int_equal(sign_seal(&key, words, sizeof(words) - 1, &sealed, NULL), 0);
	assert_int_equal(sign_unseal(&back, sealed.buf, sealed.len, words, sizeof(words) - 1, NULL),
			 0);
	assert_memory_equal(&back, &key, sizeof(key));
	assert_int_equal(
		sign_unseal(&back, sealed.buf, sealed.len, "wrong horse battery", 19, &err),
		ERR_DENIED);
	assert_int_equal(sign_unseal(&back, "benchd sealed key 2\n", 20, words, 21, NULL),
			 ERR_SYNTAX);
	text_release(&sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_the_one_of_the_rfc),
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(pem_comes_back_and_anything_else_is_refused),
		cmocka_unit_test(openssl_takes_the_keys_and_the_signature),
		cmocka_unit_test(a_sealed_key_opens_with_its_passphrase_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
