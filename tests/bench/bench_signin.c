/* SPDX-License-Identifier: MIT
 *
 * bench_signin DIR: how long a look at a PIN takes for a person and a wrong PIN, an unknown name, a
 * person without a PIN, and a person with the right PIN (refused all the same where the account is
 * closed), taken in turn. What differs by more than the spread would tell who is known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "store/subject.h"

enum { ROUNDS = 150, KINDS = 4 };
static const struct {
	const char *what, *person, *pin;
} kinds[KINDS] = {
	{"a wrong PIN", "wang", "0000"},
	{"an unknown name", "nobody", "8215"},
	{"no PIN was set", "chen", "8215"},
	{"the right PIN", "wang", "8215"},
};
static int64_t took_ns[KINDS][ROUNDS];

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* As the station's reader does it (station/identity.c). */
static bool look(struct store *s, const char *person, const char *pin)
{
	char hash[160] = "";
	struct error none;

	(void)store_secret_get(s, "pin", person, hash, &none);
	return secret_verify(hash, pin, strlen(pin));
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct store *s = argc == 2 ? store_open(argv[1], clock_utc_us(), &err) : NULL;
	char hash[SECRET_HASH_MAX];

	if (!s || !secret_hash("8215", 4, hash) ||
	    store_secret_put(s, "pin", "wang", hash, clock_utc_us(), &err)) {
		(void)fprintf(stderr, "bench_signin DIR: %s\n", err.text);
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++)
		for (int k = 0; k < KINDS; k++) {
			int64_t begun_ns = clock_mono_ns();

			if (look(s, kinds[k].person, kinds[k].pin) != (k == 3))
				return 1;
			took_ns[k][i] = clock_mono_ns() - begun_ns;
		}
	store_close(s);
	(void)printf("%-18s %8s %8s %8s %8s %8s  ms, of %d\n", "a look at a PIN", "least", "p25",
		     "p50", "p75", "p95", ROUNDS);
	for (int k = 0; k < KINDS; k++) {
		const int64_t *t = took_ns[k];

		qsort(took_ns[k], ROUNDS, sizeof(took_ns[k][0]), compare);
		(void)printf("%-18s %8.2f %8.2f %8.2f %8.2f %8.2f\n", kinds[k].what,
			     (double)t[0] / 1e6, (double)t[ROUNDS / 4] / 1e6,
			     (double)t[ROUNDS / 2] / 1e6, (double)t[ROUNDS * 3 / 4] / 1e6,
			     (double)t[ROUNDS * 95 / 100] / 1e6);
	}
	return 0;
}
