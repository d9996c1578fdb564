/* SPDX-License-Identifier: MIT
 *
 * The release decision: one pure function over facts. May this unit leave? Allowed or blocked,
 * every reason as a code with parameters. Unknown facts block. (Signature, overrides and
 * acceptance join later; room is left.)
 */
#ifndef TICKET_RELEASE_H
#define TICKET_RELEASE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"

/* A run on the ticket's serial. Whoever fills it in gives each member the worst it can say
 * where the truth is unknown. */
struct release_run {
	char id[37];
	char ticket[64], model[64]; /* it was made for */
	/* It counts as a judgement of the unit: it reached its end, or the unit itself ended it
	 * (a trip that is not the rig's). One that does not (aborted, interrupted, the rig's
	 * fault) neither releases nor undoes an earlier one. */
	bool complete;
	bool open; /* it goes on now: nothing leaves a bay that is at work on it */
	char run_type[32];
	char verdict[16];
	char profile[64];
	int profile_revision;
	bool simulated, releasable, unapproved, limit_assumed, safe_proven, calibration_ok,
		utc_synced;
	double trial_seconds, trial_required_seconds;
	int64_t ended_utc_us;
	int64_t repair_seq;
};
struct release_facts {
	const char *ticket, *serial, *model;
	bool ticket_known;
	int64_t repair_seq;
	const struct release_run *runs; /* newest first */
	int run_count;
	bool separate_trial_allowed; /* the model's policy: the trial run may be a run of its own */
	bool mail_back, accepted;
	int64_t now_utc_us;
};
enum {
	RELEASE_REASONS_MAX = 32,
	RELEASE_TRIAL_SECONDS = 1800, /* 试运行30分钟以上 */
	RELEASE_VALID_SECONDS = 600
};
struct release_reason {
	char code[40];	  /* one of release_reason_codes */
	char params[160]; /* a JSON object */
};
struct release_decision {
	bool allowed;
	bool would_be; /* allowed but for `simulated` */
	struct release_reason reasons[RELEASE_REASONS_MAX];
	int reason_count;
	char run[37];	    /* the post_repair_qc it rests on, "" */
	char trial_run[37]; /* the trial run of its own it rests on, "" */
};
/* Every code there is, NULL at the end, in the order in which a decision lists them. */
extern const char *const release_reason_codes[];
/* Rests on the newest complete post_repair_qc, whatever came of it, and on the newest complete
 * trial_run where that one has no trial step and the model allows it. A run of its own is
 * looked at like the other. */
void release_decide(const struct release_facts *facts, struct release_decision *out);
/* zh or en text of a reason code; the code itself if there is none. */
const char *release_reason_text(const char *code, bool zh);
/* {"ticket", "serial", "model", "repair_seq", "disposition": "repaired", "decision": "blocked"
 * or "allowed", "would_be": the same words, "simulated", "reasons": [{"code", "params", "en",
 * "zh"}], "runs": [ids], "decided_at", "valid_until" (null unless allowed), "scope":
 * "this_station", "signature": null} */
void release_json(const struct release_facts *facts, const struct release_decision *d,
		  struct text *out);

#endif
