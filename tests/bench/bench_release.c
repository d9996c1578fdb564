/* SPDX-License-Identifier: MIT
 *
 * bench_release DIR TICKETS [REQUESTS]: on a depot of mkdepot with so many tickets, how long the signed release decision,
 * the verdict and searches take in a reader, beside looking up one row, and how the process grows over so many requests.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/subject.h"
#include "tests/fake/mkstore.h"
#include "ticket/release_record.h"

enum { ASKED = 5000 };
static int64_t took_ns[ASKED], cpu_ns[ASKED]; /* of the wall, and of this process alone */
static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static void name_ticket(char dst[32], unsigned i)
{
	(void)snprintf(dst, 32, "T-%u", i);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *what)
{
	qsort(took_ns, ASKED, sizeof(took_ns[0]), by_size);
	qsort(cpu_ns, ASKED, sizeof(cpu_ns[0]), by_size);
	printf("  %-48s p50 %7.1f us  p99 %8.1f us  p99.9 %8.1f us; CPU p50 %7.1f us  p99 %7.1f us  "
	       "(%d)\n",
	       what, (double)took_ns[ASKED / 2] / 1e3, (double)took_ns[ASKED * 99 / 100] / 1e3,
	       (double)took_ns[ASKED * 999 / 1000] / 1e3, (double)cpu_ns[ASKED / 2] / 1e3,
	       (double)cpu_ns[ASKED * 99 / 100] / 1e3, ASKED);
}

/* What is asked, of a random ticket. */
struct ask {
	struct store *store;
	unsigned tickets;
	unsigned
		every; /* only of each so-manieth ticket: 100 is the unit that comes back and back */
	struct text out;
	char ticket[32];
	int found;
};

static const struct ticket_policy policy = {
	.owns_tickets = true, .store_sound = true, .disposition = RELEASE_REPAIRED};

static int ask_row(struct ask *a)
{
	struct ticket t;

	return store_ticket_get(a->store, a->ticket, &t, NULL);
}

static int ask_verdict(struct ask *a)
{
	return release_verdict(a->store, a->ticket, &policy, clock_utc_us(), &a->out, NULL);
}

static int ask_release(struct ask *a)
{
	return release_ask(a->store, a->ticket, &policy, clock_utc_us(), &a->out, NULL, NULL);
}

static bool take_ticket(void *ctx, const struct ticket *t)
{
	struct ask *a = ctx;

	(void)t;
	a->found++;
	return true;
}

static bool take_run(void *ctx, const struct run_row *r)
{
	struct ask *a = ctx;

	(void)r;
	a->found++;
	return true;
}

static int search(struct ask *a, const struct ticket_filter *f)
{
	return store_ticket_search(a->store, f, take_ticket, a, NULL);
}

static int find_serial(struct ask *a)
{
	struct ticket t;
	int rc = store_ticket_get(a->store, a->ticket, &t, NULL);

	return rc < 0 ? rc : search(a, &(struct ticket_filter){.serial = t.serial, .limit = 50});
}

static int find_model(struct ask *a)
{
	return search(a, &(struct ticket_filter){.model = MKSTORE_MODEL, .limit = 50});
}

static int find_due(struct ask *a)
{
	char at[32];
	int64_t ago_us = (int64_t)random_below(5 * 365 * 24) * 3600 * 1000000;

	(void)text_from_utc_us(at, sizeof(at), clock_utc_us() - ago_us);
	return search(a, &(struct ticket_filter){.due_before = at, .limit = 50});
}

static int find_runs(struct ask *a)
{
	struct ticket t;
	int rc = store_ticket_get(a->store, a->ticket, &t, NULL);

	return rc < 0 ? rc : store_run_list(a->store, NULL, t.serial, 50, take_run, a, NULL);
}

static int find_runs_of_model(struct ask *a)
{
	int64_t ago_us = (int64_t)random_below(5 * 365 * 24) * 3600 * 1000000;
	struct run_search f = {.model = MKSTORE_MODEL,
			       .to_us = clock_utc_us() - ago_us,
			       .verdict = "fail",
			       .limit = 50};
	char next[37];

	return store_run_search(a->store, &f, take_run, a, next, NULL);
}

static bool take_item(void *ctx, const struct chain_row *r)
{
	struct ask *a = ctx;

	text_add(&a->out, r->bytes, r->n);
	return true;
}

static int read_page(struct ask *a)
{
	struct chain_filter f = {
		.feed_only = true, .after = random_below(4 * a->tickets), .limit = 100};

	return store_chain_list(a->store, &f, take_item, a, NULL);
}

static int one(struct ask *a, int (*ask)(struct ask *), int64_t *ns, int64_t *cpu)
{
	int64_t begun, cpu_begun;
	int rc;

	name_ticket(a->ticket, random_below(a->tickets / a->every) * a->every);
	text_clear(&a->out);
	cpu_begun = clock_cpu_ns();
	begun = clock_mono_ns();
	rc = ask(a);
	*ns = clock_mono_ns() - begun;
	*cpu = clock_cpu_ns() - cpu_begun;
	return rc;
}

static const struct row {
	const char *what;
	unsigned every;
	int (*ask)(struct ask *);
} rows[] = {
	{"one row of a ticket, for comparison", 1, ask_row},
	{"verdict of a ticket (target p99 1 ms)", 1, ask_verdict},
	{"release decision, signed (target p99 1 ms)", 1, ask_release},
	{"the same, of the unit that comes back and back", 100, ask_release},
	{"tickets by serial (target p99 20 ms)", 1, find_serial},
	{"tickets by model, the newest 50 (20 ms)", 1, find_model},
	{"tickets by due time, 50 (20 ms)", 1, find_due},
	{"runs by serial (20 ms)", 1, find_runs},
	{"failed runs of a model and time, 50 (20 ms)", 1, find_runs_of_model},
	{"a page of 100 of the feed", 1, read_page},
};

static int measure(struct ask *a, const struct row *r)
{
	int rc = 0;

	a->every = r->every;
	for (int i = 0; rc == 0 && i < ASKED; i++)
		rc = one(a, r->ask, &took_ns[i], &cpu_ns[i]);
	if (rc == 0)
		print_times(r->what);
	return rc;
}

/* Of this process, KiB. */
static long resident(void)
{
	long pages = 0, kib = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%*d %ld", &pages) == 1)
		kib = pages * (sysconf(_SC_PAGESIZE) / 1024);
	if (f)
		(void)fclose(f);
	return kib;
}

/* Decisions and verdicts in turn; grown is what the second half added. */
static int keep_asking(struct ask *a, int requests)
{
	int64_t ns, cpu, begun = clock_mono_ns();
	long at_half = 0;
	int rc = 0;

	a->every = 1;
	for (int i = 0; rc == 0 && i < requests; i++) {
		if (i == requests / 2)
			at_half = resident();
		rc = one(a, i % 2 ? ask_release : ask_verdict, &ns, &cpu);
	}
	if (rc == 0)
		(void)printf(
			"  %-48s %d requests, %.0f a second: %ld KiB at half of them, %+ld KiB "
			"since (target 0)\n",
			"growth", requests, requests * 1e9 / (double)(clock_mono_ns() - begun),
			at_half, resident() - at_half);
	return rc;
}

int main(int argc, char **argv)
{
	struct ask a = {.tickets = argc > 2 ? (unsigned)atoi(argv[2]) : 0};
	int requests = argc > 3 ? atoi(argv[3]) : 0, rc = 0;
	struct error err = {0};

	if (a.tickets < 100) {
		(void)fprintf(stderr, "usage: bench_release DIR TICKETS [REQUESTS]\n");
		return 2;
	}
	a.store = store_open_reader(argv[1], &err);
	for (size_t i = 0; a.store && rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = measure(&a, &rows[i]);
	if (a.store && rc == 0 && requests > 0)
		rc = keep_asking(&a, requests);
	if (!a.store || rc < 0)
		(void)fprintf(stderr, "bench_release: %s %d\n", err.text, rc);
	store_close(a.store);
	text_release(&a.out);
	return rc < 0;
}
