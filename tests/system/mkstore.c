/* SPDX-License-Identifier: MIT
 *
 * mkstore DIR [PAIRS]: a state folder whose tickets T-9000, T-9001, ... each have a passed run, so
 * that they may leave (tests/fake/mkstore.h). Every tenth run of more than ten fails.
 *
 * mkstore DIR add RUN TICKET SERIAL VERDICT: one more run, ended now.
 *
 * mkstore DIR notes RUN NOTES: so many notes on a run.
 *
 * mkstore DIR old RUNS: so many runs of T-8000, T-8001, ..., one each 50 days until now, each with its trace of
 * 100 readings.
 */
#include "tests/fake/mkstore.h"

#include <stdlib.h>

#include "base/clock.h"
#include "link/sample.h"

static int fill(struct store *s, int pairs, struct error *err)
{
	int64_t now = clock_utc_us();
	int rc = 0;

	for (int i = 0; rc == 0 && i < pairs; i++) {
		char id[37], ticket[32], serial[32];
		struct mkstore_run r = {.id = id,
					.ticket = ticket,
					.serial = serial,
					.verdict = i % 10 == 9 ? "fail" : "pass",
					.ended_utc_us = now - (pairs - i) * INT64_C(1000)};

		(void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d", i);
		(void)snprintf(ticket, sizeof(ticket), "T-%d", 9000 + i);
		(void)snprintf(serial, sizeof(serial), "RO600-24%06d", i);
		rc = mkstore_put_ticket(s, ticket, serial, now, err);
		if (rc == 0)
			rc = mkstore_put_run(s, &r, err);
	}
	return rc;
}

/* Its hash into hex. */
static int put_trace(struct store *s, const char *run, char hex[65], struct error *err)
{
	char header[160];
	struct segment *g;

	(void)snprintf(header, sizeof(header),
		       "{\"run\":\"%s\",\"started_ns\":0,\"channels\":[{\"channel\":3,"
		       "\"name\":\"feed_flow\",\"unit\":\"L/min\"}]}",
		       run);
	g = segment_open(s, run, header, err);
	for (int i = 0; g && i < 100; i++) {
		struct sample p = {.channel = 3,
				   .quality = QUALITY_GOOD,
				   .updates = (uint32_t)i,
				   .raw = 1000 + i,
				   .value = 1.5 + i / 100.0,
				   .at_ns = i * INT64_C(100000000)};

		(void)segment_append(g, &p, 1, err);
	}
	return g ? segment_finish(g, hex, err) : err->code;
}

static int put_old(struct store *s, int runs, struct error *err)
{
	int64_t now = clock_utc_us();
	int rc = 0;

	for (int i = 0; rc == 0 && i < runs; i++) {
		char id[37], ticket[32], serial[32], hex[65] = "";
		struct mkstore_run r = {.id = id,
					.ticket = ticket,
					.serial = serial,
					.verdict = "pass",
					.trace = hex};

		r.ended_utc_us = now - (runs - 1 - i) * 50 * INT64_C(86400000000);
		(void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d", i);
		(void)snprintf(ticket, sizeof(ticket), "T-%d", 8000 + i);
		(void)snprintf(serial, sizeof(serial), "RO600-24%06d", i);
		rc = put_trace(s, id, hex, err);
		if (rc == 0)
			rc = mkstore_put_ticket(s, ticket, serial, r.ended_utc_us, err);
		if (rc == 0)
			rc = mkstore_put_run(s, &r, err);
	}
	return rc;
}

static int add(struct store *s, char **words, struct error *err)
{
	struct mkstore_run r = {.id = words[0],
				.ticket = words[1],
				.serial = words[2],
				.verdict = words[3],
				.ended_utc_us = clock_utc_us()};

	return mkstore_put_run(s, &r, err);
}

struct notes {
	const char *run;
	int count;
};

static int put_notes(void *ctx, struct store *s, struct error *err)
{
	const struct notes *n = ctx;
	int rc = 0;

	for (int i = 0; rc == 0 && i < n->count; i++) {
		char data[64];
		struct chain_item item = {.type = "note", .who = "li", .run = n->run, .data = data};

		item.n = (size_t)snprintf(data, sizeof(data), "{\"note\":\"the %d. look\"}", i);
		rc = store_chain_add(s, &item, clock_utc_us(), NULL, err);
	}
	return rc;
}

int main(int argc, char **argv)
{
	bool adds = argc == 7 && strcmp(argv[2], "add") == 0;
	bool notes = argc == 5 && strcmp(argv[2], "notes") == 0;
	bool old = argc == 4 && strcmp(argv[2], "old") == 0;
	struct error err = {0};
	struct store *s;
	int rc;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: mkstore DIR [PAIRS]\n");
		return 2;
	}
	s = store_open(argv[1], clock_utc_us(), &err);
	if (s && adds)
		rc = add(s, argv + 3, &err);
	else if (s && notes)
		rc = store_transact(s, put_notes, &(struct notes){argv[3], atoi(argv[4])}, &err);
	else if (s && old)
		rc = put_old(s, atoi(argv[3]), &err);
	else
		rc = s ? fill(s, argc > 2 ? atoi(argv[2]) : 1, &err) : ERR_STORE;
	store_close(s);
	if (rc < 0)
		(void)fprintf(stderr, "mkstore: %s\n", err.text);
	return rc < 0 ? 1 : 0;
}
