/* SPDX-License-Identifier: MIT
 *
 * The engine: one run of one checked profile on one bay, as a pure state machine. Time, samples,
 * answers, trips and proofs go in; an output image (a level, sent by the caller every 100 ms) and
 * notes (what is to be recorded and announced) come out. No I/O, no clock, no globals; no heap
 * after engine_new. The same code runs in benchd, under the virtual clock, and over recorded events
 * to re-judge a run.
 *
 * Codes of NOTE_EVENT: "trip" "abort" "rig_error" codes as given to engine_error, "timeout",
 * "retry", "not_settled", "serial_mismatch", "contradiction" (the rig contradicts itself; text:
 * what, and it counts as a measurement with verdict error), "lock" (a failed check says the bay is
 * to be locked until somebody looked), "rig_check", "watch", "trial_interrupted", "trial_timeout",
 * "prompt_timeout", "late" (came in STOPPING and changed nothing).
 *
 * All times are run time in ns. States:
 *
 *	RUNNING  -> STOPPING   last step done, stop on fail, abort, trip, error
 *	STOPPING -> DONE       engine_proof
 *
 * In STOPPING the image is empty (the caller sends SAFE_STOP, or the rig dropped the bay already)
 * and the engine waits for the proof. Every exit goes through it, and a proof that fails is
 * recorded and never turns a verdict into pass.
 */
#ifndef RUN_ENGINE_H
#define RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "link/sample.h"
#include "plan/profile.h"

/* Of a measurement: the first seven; of a run: all but skipped. */
enum verdict {
	VERDICT_PASS = 1,
	VERDICT_MARGINAL,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
	VERDICT_INVALID,
	VERDICT_ERROR,
	VERDICT_SKIPPED,
	VERDICT_ABORTED,
	VERDICT_TRIPPED,
	VERDICT_INTERRUPTED
};
const char *verdict_name(enum verdict v);
int verdict_find(const char *name); /* 0 if unknown */

enum note_kind {
	NOTE_STEP_BEGIN = 1,
	NOTE_STEP_END,
	NOTE_MEASUREMENT,
	NOTE_CAPTURE,
	NOTE_PROMPT,
	NOTE_ANSWER,
	NOTE_EVENT,    /* trip, abort, time-out, retry, quality lost ...: code and text */
	NOTE_STOPPING, /* send SAFE_STOP now (not after a trip) */
	NOTE_DONE      /* the verdict; nothing follows */
};

struct engine_result {
	int16_t measurement; /* index in profile->measurements */
	enum verdict verdict;
	bool has_value;
	/* shown unit, rounded to 9 digits; lo/hi -inf/inf if none */
	double value, lo, hi, uncertainty;
	char side;		      /* marginal: 'p' or 'f'; else 0 */
	enum attribution attribution; /* when it failed */
	uint32_t updates;	      /* fewest real updates of a channel in the window */
	int attempt;		      /* from 1 */
	/* code and detail for all but a plain pass or fail: "not_settled", "stale feed_flow",
	 * "too_short": what a watch or an abort looks at stood against it, but ended before its
	 * time */
	char reason[96];
};

struct engine_note {
	enum note_kind kind;
	int64_t at_ns;
	int step; /* index, -1 */
	int attempt;
	const struct engine_result *result; /* MEASUREMENT */
	const struct pf_prompt *prompt;	    /* PROMPT, ANSWER */
	int64_t prompt_timeout_ns;	    /* PROMPT: length */
	const char *code;		    /* EVENT: above; ANSWER: "answered" "timeout" */
	const char *text;	      /* EVENT: detail; ANSWER: what was answered; CAPTURE: name */
	const char *who;	      /* ANSWER, abort */
	double value;		      /* CAPTURE (SI), EVENT where it has one */
	enum verdict verdict;	      /* DONE, STEP_END (worst of the step) */
	enum attribution attribution; /* DONE when not pass */
	double trial_seconds, trial_making_seconds; /* STEP_END, DONE: trial clock so far */
};

struct engine_ops {
	void *ctx;
	/* May call engine_error, engine_abort, engine_trip and engine_proof: what they do waits
	 * until the call that made the note has finished. */
	void (*note)(void *ctx, const struct engine_note *note);
};

struct engine_config {
	const struct profile *profile;
	const char *serial; /* from the ticket; prompts of kind scan_serial compare with it */
	bool simulated;
	int64_t now_ns;
	/* At the start; due dates of calibrations are compared with its day. 0: unknown, then a
	 * channel with a due date carries no verdict. */
	int64_t utc_us;
	/* No right clock stood before this: utc_us earlier counts as unknown. Of a run that begins
	 * now: calibrate_build_utc_us(). 0 (virtual time, a run judged again): none. */
	int64_t utc_not_before_us;
};

struct engine;
struct engine *engine_new(const struct engine_config *config, const struct engine_ops *ops);
void engine_free(struct engine *e);
/* A batch of samples of this rig (others' channels are ignored), in order of time. */
void engine_samples(struct engine *e, const struct sample *s, int n);
/* Time passes; call at least every 100 ms of run time. Returns when it next wants to be called. */
int64_t engine_time(struct engine *e, int64_t now_ns);
/* An answer to the open prompt: "yes" "no" "ok", a number, a scanned text. ERR_STATE: none open or
 * another id; ERR_RANGE / ERR_SYNTAX with what is expected; ERR_CONFLICT: another serial than the
 * ticket's. Until the ticket's own was scanned the prompt then stays open, until its time-out; once
 * it was, another one ends the run: fail if anything failed, else inconclusive at best. */
int engine_answer(struct engine *e, const char *prompt_id, const char *answer, const char *who,
		  int64_t now_ns, struct error *err);
/* By the operator: verdict aborted. */
void engine_abort(struct engine *e, const char *who, const char *why, int64_t now_ns);
/* The rig dropped the bay. Whose fault it is and what fails says the profile's abort of that class;
 * without one leak and over-pressure are the unit's, sensor, timeout and comms the rig's. */
void engine_trip(struct engine *e, enum trip_class class, const char *reason, double value,
		 int64_t now_ns);
/* The same with the fixture's interlock that held (-1: none, as engine_trip). An abort of the
 * profile that names the interlock says whose fault it is and what fails, else one of its class
 * that names none; a trip of the whole rig that the profile does not name is nobody's. TRIP_SENSOR
 * without an interlock is a sensor that fell silent: always the rig's, verdict error. */
void engine_trip_interlock(struct engine *e, int interlock, enum trip_class class,
			   const char *reason, double value, int64_t now_ns);
/* The rig is at fault: lost io, lost device, store failure, refused image. Verdict error. */
void engine_error(struct engine *e, const char *code, const char *text, int64_t now_ns);
void engine_proof(struct engine *e, bool proven, const char *detail, int64_t now_ns);

enum engine_state { ENGINE_RUNNING = 1, ENGINE_STOPPING, ENGINE_DONE };
enum engine_state engine_get_state(const struct engine *e);
/* Logical values wanted, indexed by fixture output (count = fixture->output_count; only the
 * bay's count). NULL unless RUNNING. */
const double *engine_image(const struct engine *e);
/* The open one or NULL. */
const struct pf_prompt *engine_prompt(const struct engine *e, int64_t *deadline_ns);
/* Was the plate of the ticket's own unit scanned already? From then on another one ends the run. */
bool engine_is_identified(const struct engine *e);
int engine_step(const struct engine *e); /* index */
int engine_attempt(const struct engine *e);
double engine_trial_seconds(const struct engine *e);
enum verdict engine_verdict(const struct engine *e); /* 0 until DONE */
/* Latest calibrated value of a symbol in its shown unit; NAN unless good. */
double engine_value(const struct engine *e, int symbol_ref);
/* Results so far, last attempt of each measurement; verdict 0 where none yet. n =
 * profile->measurement_count. */
const struct engine_result *engine_results(const struct engine *e);

#endif
