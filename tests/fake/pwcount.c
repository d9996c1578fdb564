/* SPDX-License-Identifier: MIT
 *
 * A preload that writes down each look at a PIN: a line with what the hash costs goes to the file that
 * PWCOUNT names, then libsodium does it.
 *
 * Build: cc -D_GNU_SOURCE -shared -fPIC -o pwcount.so tests/fake/pwcount.c -ldl
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int crypto_pwhash_str_verify(const char *str, const char *const passwd,
			     unsigned long long int passwdlen);

int crypto_pwhash_str_verify(const char *str, const char *const passwd,
			     unsigned long long int passwdlen)
{
	int (*real)(const char *, const char *, unsigned long long);
	FILE *f = fopen(getenv("PWCOUNT"), "a");
	const char *end = strstr(str, ",p=");

	if (f) {
		(void)fprintf(f, "%.*s\n", end ? (int)(end - str) + 4 : 0, str);
		(void)fclose(f);
	}
	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_verify");
	return real(str, passwd, passwdlen);
}
