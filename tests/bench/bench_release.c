/* SPDX-License-Identifier: MIT
 *
 * bench_release [RUNS]: a store of so many finished runs, one ticket each (tests/fake/mkstore.h), then how long the signed
 * release decision and the verdict of random tickets take in a reader, beside looking up one row of it.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "tests/fake/mkstore.h"
#include "tests/fake/store_dir.h"
#include "ticket/release_record.h"

enum { ASKED = 5000 };
static int64_t took_ns[ASKED];
static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static void name_ticket(char dst[32], int i)
{
	(void)snprintf(dst, 32, "T-%d", 9000 + i);
}

static int fill(struct store *s, int runs, struct error *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < runs; i++) {
		char id[37], ticket[32], serial[32];
		struct mkstore_run r = {.id = id,
					.ticket = ticket,
					.serial = serial,
					.verdict = "pass",
					.ended_utc_us = clock_utc_us()};

		(void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d", i);
		name_ticket(ticket, i);
		(void)snprintf(serial, sizeof(serial), "RO600-24%06d", i);
		rc = mkstore_put_ticket(s, ticket, serial, r.ended_utc_us, err);
		if (rc == 0)
			rc = mkstore_put_run(s, &r, err);
	}
	return rc;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *what)
{
	qsort(took_ns, ASKED, sizeof(took_ns[0]), by_size);
	printf("  %-44s p50 %7.1f us  p99 %8.1f us  p99.9 %8.1f us  (%d)\n", what,
	       (double)took_ns[ASKED / 2] / 1e3, (double)took_ns[ASKED * 99 / 100] / 1e3,
	       (double)took_ns[ASKED * 999 / 1000] / 1e3, ASKED);
}

static int ask_row(struct store *s, const char *ticket, const struct ticket_policy *p,
		   struct text *out)
{
	struct ticket t;

	(void)p;
	(void)out;
	return store_ticket_get(s, ticket, &t, NULL);
}

static int ask_verdict(struct store *s, const char *ticket, const struct ticket_policy *p,
		       struct text *out)
{
	return release_verdict(s, ticket, p, clock_utc_us(), out, NULL);
}

static int ask_release(struct store *s, const char *ticket, const struct ticket_policy *p,
		       struct text *out)
{
	bool allowed = false;
	int rc = release_ask(s, ticket, p, clock_utc_us(), out, &allowed, NULL);

	return rc == 0 && !allowed ? ERR_STATE : rc;
}

static int measure(struct store *s, int runs, const char *what,
		   int (*ask)(struct store *, const char *, const struct ticket_policy *,
			      struct text *))
{
	const struct ticket_policy p = {
		.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};
	struct text out = {0};
	int rc = 0;

	for (int i = 0; rc == 0 && i < ASKED; i++) {
		char ticket[32];
		int64_t begun;

		name_ticket(ticket, (int)random_below((unsigned)runs));
		text_clear(&out);
		begun = clock_mono_ns();
		rc = ask(s, ticket, &p, &out);
		took_ns[i] = clock_mono_ns() - begun;
	}
	text_release(&out);
	if (rc == 0)
		print_times(what);
	return rc;
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 100000, rc;
	struct error err = {0};
	struct store *s, *r;
	char dir[64];

	store_dir_make(dir);
	s = store_open(dir, &err);
	rc = s && runs > 0 ? fill(s, runs, &err) : ERR_STORE;
	store_close(s);
	r = rc == 0 ? store_open_reader(dir, &err) : NULL;
	if (r) {
		printf("  %d runs, %d tickets\n", runs, runs);
		rc = measure(r, runs, "one row of a ticket", ask_row);
		if (rc == 0)
			rc = measure(r, runs, "verdict of a ticket (limit 1000)", ask_verdict);
		if (rc == 0)
			rc = measure(r, runs, "release decision, signed (limit 1000)", ask_release);
	}
	store_close(r);
	store_dir_remove(dir);
	if (rc < 0 || !r)
		(void)fprintf(stderr, "bench_release: %s\n", err.text);
	return rc < 0 || !r;
}
