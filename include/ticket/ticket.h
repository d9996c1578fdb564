/* SPDX-License-Identifier: MIT
 *
 * A ticket on the wire: JSON from the ticketing system or benchctl, checked member by member,
 * and back.
 *
 * Strict: every member is known and of its type and length, or the whole is refused, every
 * mistake with its JSON pointer (answer 422 with these). Members that would carry a customer's
 * data (name, phone, address, signature, picture, in English or Chinese) are refused with that
 * reason: the station stores none.
 */
#ifndef TICKET_TICKET_H
#define TICKET_TICKET_H

#include "base/json.h"
#include "store/store.h"

enum { TICKET_PROBLEMS_MAX = 16, TICKET_BYTES_MAX = 16384 };
struct ticket_problem {
	char pointer[96]; /* "/serial", "" for the whole */
	/* "required" "unknown_member" "customer_data" "type" "length" "characters" "value"
	 * "read_only" "syntax" */
	char code[32];
	char detail[160];
};
struct ticket_problems {
	struct ticket_problem at[TICKET_PROBLEMS_MAX];
	int count; /* at most TICKET_PROBLEMS_MAX; further ones are not told */
};

/* Of what a ticket does not say (tickets.defaults of the options); zeros are the station's own. */
struct ticket_defaults {
	char run_type[32], plan_state[32];
	int priority;
	bool mail_back;
};
/* Members:
 *	id, serial, model  required, 1..63 characters of A-Z a-z 0-9 . _ / -
 *			   (id may be left out where the path gave it; if it stands, it is the same)
 *	manufacture_date   "2024-05-01", "2024-05" or "2024"
 *	due_at		   RFC 3339 in UTC, "2024-05-01T08:00:00Z"
 *	symptoms	   ["S02", ...], at most 16
 *	run_type	   a run type, default post_repair_qc
 *	plan_state	   none (default), proposed, approved, declined
 *	priority	   0..9, default 0
 *	mail_back	   bool, default false
 *	repair_seq	   0..; left out (-1 in out): as it stands
 * path_id NULL: none. 0, or ERR_SYNTAX (no JSON object) or ERR_RANGE with problems filled. Of
 * out, the times, version and state stay zero: the caller sets mirrored_utc_us, created_utc_us,
 * changed_utc_us. */
int ticket_read(const char *path_id, const char *json, size_t n,
		const struct ticket_defaults *defaults /* or NULL */, struct ticket *out,
		struct ticket_problems *problems);
/* Run type, plan state, priority and mail-back of a ticket that says none of them. */
void ticket_take_defaults(struct ticket *t, const struct ticket_defaults *defaults /* or NULL */);
/* The same with all problems in one line: "/serial: this member is missing; /phone: ...". */
int ticket_from_json(const char *path_id, const char *json, size_t n,
		     const struct ticket_defaults *defaults, struct ticket *out, struct error *err);
/* The problems as the "errors" array of RFC 9457: [{"pointer", "code", "detail"}]. */
void ticket_put_problems(struct json *j, const struct ticket_problems *problems);
/* The ticket as an object; what the store keeps for itself (version, state, times) with it. */
void ticket_put_json(struct json *j, const struct ticket *t);
/* The same into an object that is open. */
void ticket_put_members(struct json *j, const struct ticket *t);
void ticket_to_json(const struct ticket *t, struct text *out);
/* Is id of the form above? For scans and arguments. */
bool ticket_is_id(const char *id);

#endif
