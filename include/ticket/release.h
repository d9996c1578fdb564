/* SPDX-License-Identifier: MIT
 *
 * The release decision: one pure function over facts. May this unit leave, and as what? Allowed
 * or blocked, every reason as a code with parameters. Unknown facts block.
 *
 * Dispositions and what blocks each, beside what blocks all of them (the ticket, an open run, an
 * earlier release, the record):
 *	repaired		whatever is said of the post_repair_qc and its trial run, acceptance
 *	no_fault_found		the same, the diagnosis it rests on, a second one within 90 days,
 *				a supervisor
 *	returned_unrepaired	the customer's refusal; drained, electrically safe or disabled,
 *				labelled 未修复 NOT REPAIRED; a supervisor
 *	scrapped		rendered unusable; a supervisor
 *	replaced		the serial that takes its place; a supervisor
 *
 * An override lifts the reasons it names, where they may be lifted at all, for the run and the
 * repair_seq it was given for; it never counts as a pass and is told with the decision.
 */
#ifndef TICKET_RELEASE_H
#define TICKET_RELEASE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"

enum release_disposition {
	RELEASE_REPAIRED = 1,
	RELEASE_NO_FAULT_FOUND,
	RELEASE_RETURNED_UNREPAIRED,
	RELEASE_SCRAPPED,
	RELEASE_REPLACED
};
extern const char *const release_disposition_words[];		     /* of all, NULL at the end */
const char *release_disposition_name(enum release_disposition d);    /* "" for none */
enum release_disposition release_disposition_find(const char *name); /* 0: no such */

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
	bool voided, suspect;		     /* by a later record */
	char suspect_reason[24];	     /* what that record says, "" unknown */
	bool serial_at_start, serial_at_end; /* scanned from the unit's plate */
	bool operator_qualified;
	char operator_name[64];
	char assumed[256]; /* JSON array: the measurements with an assumed limit, "" unknown */
	double trial_seconds, trial_required_seconds;
	int64_t ended_utc_us;
	int64_t repair_seq;
	int64_t ended_seq; /* its place in the chain; 0: unknown */
};
enum { RELEASE_OVERRIDE_CODES_MAX = 512 };
/* The newest override on the ticket. */
struct release_override {
	bool given;
	char who[64], reason[256];
	char run[37];				/* what it looked at, "" for none */
	char codes[RELEASE_OVERRIDE_CODES_MAX]; /* ",limit_assumed,calibration," */
	int64_t repair_seq, seq;
};
/* What whoever releases says of the unit, for the dispositions that need it. */
struct release_statement {
	bool drained, electrically_safe, labelled, rendered_unusable;
	char replacement_serial[64];
	char supervisor[64]; /* who signed; "" nobody who is one */
};
struct release_facts {
	const char *ticket, *serial, *model;
	enum release_disposition disposition;
	bool ticket_known, ticket_confirmed, ticket_claimed;
	int64_t claim; /* number of the newest claim, whosever it is; 0: they are not counted */
	int64_t mirrored_utc_us;
	int64_t mirror_max_age_us; /* 0: the station owns the ticket, which is never stale */
	bool refused_plan;	   /* the customer declined the repair */
	bool chain_intact, store_sound;
	bool records_complete; /* nothing was lost that is not taken back (store/loss.h) */
	int64_t repair_seq;
	const struct release_run *runs; /* newest first */
	int run_count;
	bool separate_trial_allowed; /* the model's policy: the trial run may be a run of its own */
	bool mail_back, refused;     /* refused since the last repair */
	int64_t accepted_seq;	     /* the acceptance since the last repair, 0: none */
	int64_t told_repair_seq;     /* the highest that an item of the ticket told so far */
	int64_t released_seq;	     /* the release in force, 0: none */
	int64_t withdrawn_seq;	     /* the last withdrawal, 0: none */
	int64_t missing_seq; /* a finished run on it was lost, and was not taken back; 0: none */
	bool ntf_protocol;   /* a complete diagnosis on this ticket found nothing */
	bool ntf_before;     /* closed as no_fault_found within 90 days */
	struct release_override override;
	struct release_statement statement;
	int64_t now_utc_us;
};
enum {
	RELEASE_REASONS_MAX = 64,
	RELEASE_TRIAL_SECONDS = 1800, /* 试运行30分钟以上 */
	RELEASE_VALID_SECONDS = 600
};
struct release_reason {
	char code[40];	  /* one of release_reason_codes */
	char params[512]; /* a JSON object */
	bool overridden;
};
struct release_decision {
	bool allowed;
	bool would_be;	 /* allowed but for `simulated` */
	bool overridden; /* at least one reason was lifted */
	struct release_reason reasons[RELEASE_REASONS_MAX];
	int reason_count;
	char run[37];	    /* the post_repair_qc it rests on, "" */
	char trial_run[37]; /* the trial run of its own it rests on, "" */
};
/* Every code there is, NULL at the end, in the order in which a decision lists them. */
extern const char *const release_reason_codes[];
/* May a supervisor lift it? A fail or a trip is no matter of opinion: run_not_pass only where the
 * verdict is neither (release_decide looks at that). */
bool release_reason_may_be_overridden(const char *code);
/* Rests on the newest complete post_repair_qc, whatever came of it, and on the newest complete
 * trial_run where that one has no trial step and the model allows it. A run of its own is
 * looked at like the other. */
void release_decide(const struct release_facts *facts, struct release_decision *out);
/* zh or en text of a reason code; the code itself if there is none. */
const char *release_reason_text(const char *code, bool zh);
/* The document without its end, so that a signature can follow:
 * {"schema": "benchd.release/1", "ticket", "serial", "model", "repair_seq", "disposition",
 * "decision": "blocked" or "allowed", "would_be": the same words, "override": null or {"who",
 * "reason", "seq"}, "simulated", "reasons": [{"code", "params", "overridden", "en", "zh"}],
 * "runs": [ids], "evidence": [{"run", "run_type", "profile", "revision", "verdict", "operator",
 * "ended_at"}], "calibration": "in_force" or "not_shown", "verification": "not_configured",
 * "statement": {..}, "mirrored_at", "decided_at", "valid_until" (null unless allowed), "claim" (its number, or null), "scope":
 * "this_station"; the object stays open. */
void release_put(struct json *j, const struct release_facts *facts,
		 const struct release_decision *d);

#endif
