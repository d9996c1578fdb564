/* SPDX-License-Identifier: MIT
 *
 * mkdepot DIR RUNS: the state folder of a depot after so many runs, written through the store as benchd
 * does (tests/fake/mkstore.h), a thousand units to a transaction.
 *
 * Unit u came with ticket T-u: an incoming run that failed, a repair, a QC; every tenth QC fails and
 * is run again; every tenth passed unit's release is recorded. Serials come back after
 * 4/5 of all units; every hundredth ticket is for the same unit, which the depot keeps to try its bays.
 */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "store/subject.h"
#include "tests/fake/mkstore.h"
#include "ticket/release_record.h"

enum { UNITS_AT_ONCE = 1000, MEASUREMENTS = 11 };

struct depot {
	int runs, made, unit;
	int64_t utc_us; /* of the depot: a run each 20 minutes, the last one just now */
	struct text out;
};

static void name_unit(const struct depot *d, char ticket[32], char serial[32])
{
	int units = d->runs / 2 + 1;

	(void)snprintf(ticket, 32, "T-%d", d->unit);
	(void)snprintf(serial, 32, "RO600-%08d",
		       d->unit % 100 == 0 ? 0 : d->unit % (units * 4 / 5 + 1));
}

static int put_run(struct depot *d, struct store *s, struct mkstore_run *r, struct error *err)
{
	char id[37];
	int rc;

	(void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d", d->made++);
	d->utc_us += 1200 * INT64_C(1000000);
	r->id = id;
	r->bay = d->made % 2 ? "1" : "2";
	r->ended_utc_us = d->utc_us;
	rc = mkstore_put_run(s, r, err);
	r->id = NULL;
	return rc;
}

static int put_repair(struct depot *d, struct store *s, const char *ticket, struct error *err)
{
	static const char data[] =
		"{\"action\":\"replace\",\"fault\":\"membrane_worn\",\"parts\":[{"
		"\"part\":\"RO-MEMBRANE-600\",\"oem\":true,\"lot\":\"L2411\"}],"
		"\"minutes\":12}";
	struct chain_item item = {
		.type = "repair", .who = "li", .feed = true, .data = data, .n = sizeof(data) - 1};
	struct ticket t;

	return store_ticket_repair(s, ticket, 0, &item, d->utc_us, &t, err);
}

static int put_release(struct depot *d, struct store *s, const char *ticket, struct error *err)
{
	struct release_order o = {.ticket = ticket,
				  .policy = {.owns_tickets = true,
					     .store_sound = true,
					     .disposition = RELEASE_REPAIRED},
				  .repair_seq = 1,
				  .who = "wang",
				  .key = "",
				  .now_utc_us = d->utc_us};
	int status = 0, rc;

	text_clear(&d->out);
	rc = release_record(s, &o, &status, &d->out, err);
	if (rc == 0 && status != 201)
		return error_set(err, ERR_STATE, "%s: %s", ticket, d->out.buf);
	return rc;
}

static int put_unit(struct depot *d, struct store *s, struct error *err)
{
	char ticket[32], serial[32];
	struct mkstore_run r = {
		.ticket = ticket, .serial = serial, .verdict = "fail", .run_type = "incoming"};
	bool again = d->unit % 10 == 9;
	int rc;

	name_unit(d, ticket, serial);
	rc = mkstore_put_ticket(s, ticket, serial, d->utc_us, err);
	if (rc == 0)
		rc = put_run(d, s, &r, err);
	if (rc == 0)
		rc = put_repair(d, s, ticket, err);
	r.run_type = NULL;
	r.measurements = MEASUREMENTS;
	r.repair_seq = 1;
	if (rc == 0 && again)
		rc = put_run(d, s, &r, err);
	r.verdict = "pass";
	if (rc == 0)
		rc = put_run(d, s, &r, err);
	if (rc == 0 && d->unit % 10 == 5)
		rc = put_release(d, s, ticket, err);
	d->unit++;
	return rc;
}

static int put_units(void *ctx, struct store *s, struct error *err)
{
	struct depot *d = ctx;
	int rc = 0;

	for (int i = 0; rc == 0 && i < UNITS_AT_ONCE && d->made < d->runs; i++)
		rc = put_unit(d, s, err);
	return rc;
}

int main(int argc, char **argv)
{
	struct depot d = {.runs = argc == 3 ? atoi(argv[2]) : 0};
	struct error err = {0};
	struct store *s;
	int rc;

	if (d.runs < 1) {
		(void)fprintf(stderr, "usage: mkdepot DIR RUNS\n");
		return 2;
	}
	d.utc_us = clock_utc_us() - d.runs * INT64_C(1200000000);
	s = store_open(argv[1], clock_utc_us(), &err);
	rc = s ? 0 : ERR_STORE;
	while (rc == 0 && d.made < d.runs) {
		rc = store_transact(s, put_units, &d, &err);
		if (rc == 0)
			rc = store_checkpoint(s, &err);
	}
	store_close(s);
	text_release(&d.out);
	if (rc < 0)
		(void)fprintf(stderr, "mkdepot: %s\n", err.text);
	else
		(void)printf("%d runs of %d tickets\n", d.made, d.unit);
	return rc < 0 ? 1 : 0;
}
