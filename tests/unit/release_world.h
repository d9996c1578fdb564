/* SPDX-License-Identifier: MIT
 *
 * Facts under which a unit may leave, for the tests of the release. Static: include it in a test
 * program.
 */
#ifndef TESTS_UNIT_RELEASE_WORLD_H
#define TESTS_UNIT_RELEASE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ticket/release.h"

enum { RUNS = 4 };
struct world {
	struct release_run runs[RUNS];
	struct release_facts facts;
};

static inline struct release_run good_run(const char *id, const char *type, double trial_s)
{
	struct release_run r = {.complete = true,
				.profile_revision = 3,
				.releasable = true,
				.safe_proven = true,
				.calibration_ok = true,
				.utc_synced = true,
				.serial_at_start = true,
				.serial_at_end = true,
				.operator_qualified = true,
				.operator_name = "li",
				.ended_seq = 10,
				.trial_seconds = trial_s,
				.ended_utc_us = 1000,
				.repair_seq = 2};

	(void)text_copy(r.id, sizeof(r.id), id);
	(void)text_copy(r.ticket, sizeof(r.ticket), "T1");
	(void)text_copy(r.model, sizeof(r.model), "RO-600G");
	(void)text_copy(r.run_type, sizeof(r.run_type), type);
	(void)text_copy(r.verdict, sizeof(r.verdict), "pass");
	(void)text_copy(r.profile, sizeof(r.profile), "full");
	return r;
}

static inline void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->runs[0] = good_run("qc", "post_repair_qc", 1800);
	w->facts = (struct release_facts){.ticket = "T1",
					  .serial = "SN1",
					  .model = "RO-600G",
					  .disposition = RELEASE_REPAIRED,
					  .ticket_known = true,
					  .ticket_confirmed = true,
					  .ticket_claimed = true,
					  .mirrored_utc_us = 4000,
					  .mirror_max_age_us = 600000000,
					  .chain_intact = true,
					  .store_sound = true,
					  .records_complete = true,
					  .repair_seq = 2,
					  .runs = w->runs,
					  .run_count = 1,
					  .mail_back = true,
					  .now_utc_us = 5000};
}

/* The same as another disposition, with what it needs. */
static inline void world_dispose(struct world *w, enum release_disposition d)
{
	struct release_statement *s = &w->facts.statement;

	world_init(w);
	w->facts.disposition = d;
	if (d == RELEASE_REPAIRED)
		return;
	(void)text_copy(s->supervisor, sizeof(s->supervisor), "zhao");
	if (d == RELEASE_NO_FAULT_FOUND)
		w->facts.ntf_protocol = true;
	else
		w->facts.run_count = 0;
	w->facts.refused_plan = d == RELEASE_RETURNED_UNREPAIRED;
	s->drained = s->electrically_safe = s->labelled = d == RELEASE_RETURNED_UNREPAIRED;
	s->rendered_unusable = d == RELEASE_SCRAPPED;
	if (d == RELEASE_REPLACED)
		(void)text_copy(s->replacement_serial, sizeof(s->replacement_serial), "SN2");
}

/* Zhao, who did not run it, lifts codes: ",limit_assumed,". */
static inline void world_override(struct world *w, const char *codes)
{
	struct release_override *o = &w->facts.override;

	*o = (struct release_override){.given = true, .repair_seq = 2, .seq = 20};
	(void)text_copy(o->who, sizeof(o->who), "zhao");
	(void)text_copy(o->reason, sizeof(o->reason), "checked by hand");
	(void)text_copy(o->run, sizeof(o->run), "qc");
	(void)text_copy(o->codes, sizeof(o->codes), codes);
}

static inline bool has_reason(const struct release_decision *d, const char *code)
{
	for (int i = 0; i < d->reason_count; i++)
		if (strcmp(d->reasons[i].code, code) == 0)
			return true;
	return false;
}

static inline struct release_decision decide(const struct world *w)
{
	struct release_facts f = w->facts;
	struct release_decision d;

	f.runs = w->runs;
	release_decide(&f, &d);
	return d;
}

#endif
