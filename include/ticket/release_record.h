/* SPDX-License-Identifier: MIT
 *
 * What is done about a release, each in one transaction of the writer: ask, record, override,
 * withdraw. A document is signed over its own bytes: everything up to `,"signature":` and the
 * closing brace, by the key whose id stands in it.
 *
 *	{"schema":"benchd.release/1", ... ,"key":"<id>","signature":"<Base64>"}
 */
#ifndef TICKET_RELEASE_RECORD_H
#define TICKET_RELEASE_RECORD_H

#include "store/chain.h"
#include "ticket/facts.h"

/* The decision now, signed. Reader or writer. *allowed: NULL allowed. */
int release_ask(struct store *s, const char *ticket, const struct ticket_policy *policy,
		int64_t now_utc_us, struct text *out, bool *allowed, struct error *err);

struct release_order {
	const char *ticket;
	struct ticket_policy policy;
	int64_t repair_seq; /* the caller's; a mismatch is a conflict; -1: whatever it is */
	const char *who;    /* for the record */
	const char *key;    /* Idempotency-Key, "" none */
	const char *body;   /* of the request, for the key */
	size_t body_n;
	int64_t now_utc_us;
};
/* Record it: 0 with *status 201 and the signed document when this call recorded it; *status 409 and
 * the document with its reasons when it is blocked (release_decided is recorded); the first answer
 * again for the same key and body. ERR_CONFLICT: another repair_seq; ERR_EXISTS: the key was used
 * for another request. */
int release_record(struct store *s, const struct release_order *order, int *status,
		   struct text *out, struct error *err);
/* One supervisor who did not run it lifts the reasons named (JSON array of codes). ERR_RANGE: a code
 * that may not be lifted or does not block now; ERR_DENIED: ran it; ERR_NOT_FOUND. */
int release_override(struct store *s, const struct release_order *order, const char *reason,
		     const char *const *codes, int code_count, struct text *out, struct error *err);
/* kind: "stop_shipment" or "recall". ERR_STATE: no release in force; ERR_NOT_FOUND. */
int release_withdraw(struct store *s, const struct release_order *order, const char *kind,
		     const char *reason, struct text *out, struct error *err);
/* The ticketing system gives the ticket to a station; mine: to this one. claim: its number, counted up
 * by the ticketing system with each claim of the ticket, 0: it does not count. ERR_BUSY: a later one is
 * in force; ERR_NOT_FOUND. */
int release_claim(struct store *s, const struct release_order *order, const char *station,
		  bool mine, int64_t claim, struct text *out, struct error *err);
/* The newest run that judged the unit: {"ticket", "serial", "repair_seq", "run" (null: none),
 * "verdict", "records_missing" (true while a gap is open, else absent), "profile", "revision",
 * "simulated", "void", "suspect", "current" (nothing was repaired since), "ended_at", "seq"}.
 * Bytes are equal while nothing changed. */
int release_verdict(struct store *s, const char *ticket, const struct ticket_policy *policy,
		    int64_t now_utc_us, struct text *out, struct error *err);

#endif
