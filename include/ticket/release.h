/* SPDX-License-Identifier: MIT
 *
 * The release decision: one pure function over facts. May this unit leave? Allowed or blocked, every reason as a
 * code with parameters. Unknown facts block. (Signature, overrides and acceptance join later; room is left.)
 */
#ifndef TICKET_RELEASE_H
#define TICKET_RELEASE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"

struct release_run { /* a complete or ended run on the ticket's serial, newest first */
	char id[37];
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
	bool mail_back, accepted;
	int64_t now_utc_us;
};
enum { RELEASE_REASONS_MAX = 32 };
struct release_reason {
	char code
		[40]; /* "simulated" "profile_not_releasable" "profile_unapproved" "limit_assumed" "trial_run_missing"
			  * "trial_run_short" "run_not_pass" "no_run" "repair_after_run" "safe_state_unproven" "calibration" ... */
	char params[160]; /* a JSON object */
};
struct release_decision {
	bool allowed;
	bool would_be; /* allowed but for `simulated` */
	struct release_reason reasons[RELEASE_REASONS_MAX];
	int reason_count;
	char run[37]; /* the run it rests on, "" */
};
void release_decide(const struct release_facts *facts, struct release_decision *out);
/* zh and en text of a reason code. */
const char *release_reason_text(const char *code, bool zh);
/* {"ticket":..,"decision":"blocked","would_be":"allowed",..,"reasons":[{code,params,en,zh}],"runs":[..],"valid_until":..,"scope":"this_station","signature":null} */
void release_json(const struct release_facts *facts, const struct release_decision *d,
		  struct text *out);

#endif
