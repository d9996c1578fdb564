/* SPDX-License-Identifier: MIT
 *
 * The record of a run: facts known at its start, every note of its engine, and at its end one
 * canonical JSON document (fixed member order, text_from_double numbers, UTC in RFC 3339). Pure;
 * memory is the caller's struct text.
 */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H

#include "base/json.h"
#include "run/engine.h"

struct run_facts {
	char id[37]; /* UUID */
	char ticket[64], serial[64], model[64], bay[16], rig[64], station[64];
	char operator_name[64];
	/* Of that person for this run type and class, on that day: "qualified" "unqualified", or
	 * "unknown" where nobody is registered or known. "" reads as unknown. */
	char operator_state[16];
	char serial_from
		[16]; /* who says that this is the unit: "scan" "typed" "prompt" (the profile scans it) */
	enum run_type type;
	const struct profile *profile;
	uint8_t fixture_hash[32];
	const char *
		devices; /* JSON array of who they say they are; NULL: not known. Outlives the run */
	bool simulated;
	unsigned speed;
	bool unapproved; /* the profile revision has no approval */
	int64_t started_utc_us;
	int64_t utc_not_before_us; /* as the engine has it; an earlier clock shows no calibration */
	bool utc_synced;
	char boot_id[37];
	int64_t started_ns; /* run time */
	int attempt_no;	    /* of this ticket, run type */
	int64_t repair_seq;
	char software[32];
};

struct record; /* grows while the run goes on */
struct record *record_new(const struct run_facts *facts);
void record_free(struct record *r);
void record_note(struct record *r, const struct engine_note *note);
/* One note as a JSON object on its own: the run's journal line, stored while it goes on and
 * announced as an event. */
void record_note_json(const struct run_facts *facts, const struct engine_note *note,
		      struct text *out);
/* The finished document. proof_took_ns from the order to the proof, 0: not told; proof_detail NULL: not
 * proven. trace_hash hex or NULL. */
void record_finish(const struct record *r, int64_t ended_utc_us, bool proven, int64_t proof_took_ns,
		   const char *proof_detail, const char *trace_hash, struct text *out);
/* Document of a run that was cut (its process died): from its facts as stored and the journal
 * lines stored. */
int record_interrupted(const char *facts_json, const char *const *journal, int n,
		       int64_t closed_utc_us, const char *cause, struct text *out,
		       struct error *err);
/* "unit" "hose" "rig", "" for none. */
const char *attribution_name(enum attribution a);
/* The facts as JSON, stored at the start of a run. */
void record_facts_json(const struct run_facts *facts, struct text *out);

#endif
