/* SPDX-License-Identifier: MIT
 *
 * Inside of the engine, shared by the files of this folder only.
 *
 *	engine.c   life, time, the ways out		step.c	  steps, attempts, watches
 *	action.c   what each action does		answer.c  prompts
 *	samples.c  readings, windows, derived		compute.c expressions, uncertainty, bounds
 *	measure.c  judging, merging, contradictions	plan.c	  what the profile uses, found once
 */
#ifndef RUN_IMPL_H
#define RUN_IMPL_H

#include "run/calibrate.h"
#include "run/engine.h"
#include "run/judge.h"
#include "run/settle.h"
#include "run/window.h"
#include "number.h"

#define NS_PER_SECOND INT64_C(1000000000)

enum { ENGINE_TICK_NS = 100000000, ENGINE_SETTLE_MAX = 16, ENGINE_ACTIONS_PER_TICK = 256 };

struct channel_set {
	uint64_t bits[FIXTURE_CHANNELS_MAX / 64];
};

/* Latest reading of a channel and what befell it in the open window. */
struct run_channel {
	bool ours, has;
	uint8_t quality;	 /* of the latest reading */
	bool lost_bad, lost_gap; /* in the window */
	uint8_t lost_quality;
	bool contradicted;
	uint32_t updates;  /* the device's counter */
	uint32_t renewals; /* real updates since the start of the run */
	uint32_t window_renewals;
	double si;
	double gain, offset; /* reading -> SI, calibrated */
	int64_t at_ns;	     /* of the latest reading */
	int64_t good_ns;     /* of the latest good one */
	int64_t renewed_ns;  /* of the latest real update */
	int64_t stale_ns, update_ns;
	int64_t raised_ns; /* part of stale_ns that only a fast clock gives */
	enum calibration_state calibration;
	int16_t track; /* index, -1: no statistics asked */
};

/* Statistics of one symbol in the open window. */
struct run_track {
	uint16_t ref;
	bool wants_median;
	bool lost;	/* a derived symbol had no value */
	bool unsettled; /* or one that rests on what had not settled */
	struct window window;
};

struct run_derived {
	struct channel_set channels;
	int16_t track;
	uint32_t seen;	  /* sum of its channels' renewals when last evaluated */
	bool by_readings; /* it rests on the latest ones and the model alone */
	/* its value at that time, after so many readings */
	uint64_t latest_of;
	int64_t latest_ns;
	double latest_si;
};

/* Why a value is not known, or not good enough; text by compute_why. */
enum why {
	WHY_NONE = 0,
	WHY_MISSING,
	WHY_STALE,
	WHY_QUALITY,
	WHY_GAP,
	WHY_NO_WINDOW,
	WHY_NO_UPDATES,
	WHY_CAPTURE,
	WHY_MEASURED,
	WHY_UNSETTLED,
	WHY_TOO_SHORT, /* it ended before anybody could say: no name goes with it */
	WHY_MATH
};

struct run_capture {
	bool known, unsettled;
	double si, u_si; /* standard uncertainty */
	struct channel_set channels;
	enum why why;
	uint16_t why_ref;
	uint8_t why_quality;
};

struct run_measurement {
	struct channel_set channels; /* everything it rests on */
	bool has_abort;		     /* an abort condition names it */
	int step, serial;	     /* where it was last judged: step, and e->attempt_serial */
};

/* A condition that must hold or fail for a time. */
struct run_condition {
	int64_t contrary_since, doubt_since; /* -1: not so */
	const struct channel_set *channels;  /* of an interlock, in place of an expression */
	int64_t grace_ns; /* after the start of the run channels may not have been read yet */
	bool violated, unknown;
	bool seen, blind; /* it was known to be as wanted once; it was not known at the last tick */
	bool unsettled;	  /* violated by what had not settled */
	enum why why;
	uint16_t why_ref;
	uint8_t why_quality;
};

struct run_settle {
	uint16_t ref;
	uint32_t seen; /* renewals */
	struct settle settle;
};

struct run_action {
	bool begun, overdue; /* overdue: time is up, and a reading of this time is waited for */
	int64_t begun_ns, last_ns;
	int64_t held_since, false_ns; /* false_ns: last known not to hold; both -1: never */
	int awaited;		      /* overdue: whose reading */
};

struct run_frame {
	const struct pf_action *list;
	int count, at;
};

struct run_trial {
	bool active;
	const struct pf_action *action;
	int64_t clock_ns, making_ns;
	int64_t begun_ns, last_ns, pass_ns;
	int passes;
};

/* What a receiver of notes called while the engine was at work: done when it has finished. The
 * first of each kind counts. */
enum engine_call_kind { CALL_ERROR, CALL_ABORT, CALL_TRIP, CALL_PROOF, CALL_KINDS };

struct engine_call {
	bool waits;
	int interlock;
	enum trip_class class;
	bool proven;
	double value;
	int64_t now_ns;
	char name[64], text[200];
};

struct engine {
	int entered; /* public calls under way */
	struct engine_call calls[CALL_KINDS];
	const struct profile *profile;
	const struct fixture *fixture;
	struct engine_ops ops;
	char serial[64];
	enum engine_state state;
	bool started;
	int64_t start_ns, now_ns;

	uint64_t readings; /* taken, and one: 0 is never */
	struct run_channel *channels;
	struct run_track *tracks;
	int track_count;
	struct run_derived *derived;
	struct run_capture *captures, *captures_before;
	struct run_measurement *measurements;
	struct engine_result *results, *results_before;
	struct judged *judged; /* scratch: measurements and one for contradictions */
	double *image;
	bool *powered; /* outputs that power the unit */
	bool has_power_output;

	bool window_open;
	int64_t window_begin_ns;

	int step, attempt;
	int attempt_serial; /* ascending over all attempts of all steps */
	int64_t step_begun_ns;
	bool step_open, step_unsettled, leave_step, step_cut;
	/* Settle actions of this attempt that timed out and were not made good since. */
	const struct pf_action *unsettled[ENGINE_SETTLE_MAX];
	int unsettled_count;
	enum verdict step_worst; /* of what was judged in this attempt; 0: nothing */
	struct run_frame frame[2];
	int depth;
	struct run_action act[2];
	struct run_condition *watches; /* of the step at hand; room for the longest list */
	struct run_condition *aborts;
	struct channel_set *abort_channels;
	struct run_settle settles[ENGINE_SETTLE_MAX];
	struct run_trial trial;

	const struct pf_prompt *prompt;
	int64_t prompt_deadline_ns;
	bool prompt_answered, prompt_mismatch;
	bool identified; /* the unit's own plate was scanned once */

	int contradictions;
	struct channel_set contradicted;

	enum verdict verdict; /* pending in STOPPING, final in DONE */
	enum attribution attribution;
	char end_code[48], end_text[160];
	int64_t proof_deadline_ns;
};

/* plan.c */
int64_t plan_grace_ns(const struct engine *e, const struct expr *x);
void plan_build(struct engine *e);
void plan_release(struct engine *e);
void plan_channels(const struct engine *e, const struct expr *x, struct channel_set *set);
bool set_overlaps(const struct channel_set *a, const struct channel_set *b);
bool set_has(const struct channel_set *s, int channel);
void set_add(struct channel_set *s, int channel);

/* compute.c */
struct evaluation {
	const struct engine *e;
	int64_t after_ns; /* latest readings must be from then or later; else pending */
	bool pending, unsettled;
	uint16_t unsettled_ref;
	int depth;
	enum why why; /* the first unknown met */
	uint16_t why_ref;
	uint8_t why_quality;
	/* shifted evaluation: one source moved by abs and by rel */
	bool shifts;
	uint16_t shift_ref;
	double shift_abs, shift_rel;
	/* corner evaluation: each of refs at its least or greatest in the window */
	const uint16_t *corner_refs;
	int corner_count;
	uint32_t corner_bits;
};
struct expr_value compute(struct evaluation *ev, const struct expr *x);
struct expr_value compute_symbol(struct evaluation *ev, uint16_t ref, enum expr_stat stat);
/* On a fast clock (struct fx_channel, raised_ns): the first channel of x whose latest reading is older
 * than since_ns, and than the fixture's own limit where own allows that; -1: none, and at speed 1.
 * So old a reading counts nothing against a unit: the machine was busy. */
int compute_old(const struct engine *e, const struct expr *x, int64_t since_ns, bool own);
/* The first channel of set whose latest reading is not good. */
bool compute_all_known(struct evaluation *ev, const struct channel_set *set);
/* Conditions: 1 holds, 0 does not, -1 unknown. One that may rest on what had not settled: see
 * ev->unsettled. */
int compute_condition(struct evaluation *ev, const struct expr *x);
/* The same, but what holds only by a value that had not settled is unknown. */
int compute_settled(struct evaluation *ev, const struct expr *x);
/* "stale feed_flow"; *bad: the value is wrong rather than missing. */
void compute_why(const struct engine *e, enum why why, uint16_t ref, uint8_t quality, char *dst,
		 size_t size, bool *bad);
const char *compute_name(const struct engine *e, uint16_t ref);
/* Standard uncertainty (k = 1) of x in SI, from its channels', captures' and measured values'.
 * NAN: unknown. */
double compute_uncertainty(const struct engine *e, const struct expr *x);
/* Least and greatest x can be while its symbols stay within the window. False: cannot be told. */
bool compute_bounds(const struct engine *e, const struct expr *x, double *lo, double *hi);

/* samples.c */
void samples_window_open(struct engine *e);
void samples_window_close(struct engine *e);
void samples_derived(struct engine *e);
/* False: one of its channels was not renewed for longer than it may be silent. */
bool samples_renewed(const struct engine *e, uint16_t ref);
double samples_zero_si(const struct engine *e, uint16_t ref);

/* measure.c */
void measure_take(struct engine *e, int m);
/* A condition decides m. reason NULL for none. */
void measure_decide(struct engine *e, int m, enum verdict v, enum attribution a,
		    const char *reason);
/* A trip fails m: as it is, whatever its calibration or envelope. */
void measure_trip(struct engine *e, int m);
/* The rig contradicts itself: all that rests on these channels is invalid, before and after. */
void measure_contradiction(struct engine *e, const char *text, const struct channel_set *touched);
/* The run reached its end: conditions that held throughout, what was never judged, the verdict. */
void measure_close(struct engine *e);
enum verdict measure_run_verdict(struct engine *e, enum attribution *attribution);

/* action.c */
enum action_result { ACTION_BUSY = 1, ACTION_DONE, ACTION_LEAVE, ACTION_ENDED };
enum action_result action_run(struct engine *e, const struct pf_action *a, struct run_action *act);

/* answer.c */
enum action_result prompt_run(struct engine *e, const struct pf_action *a, struct run_action *act);

/* step.c */
enum action_result trial_run(struct engine *e, const struct pf_action *a, struct run_action *act);
void step_begin(struct engine *e, int step, int attempt);
void step_tick(struct engine *e);
void step_close(struct engine *e); /* the run ends inside it */
bool step_is_teardown(const struct engine *e);
/* The run has reached its end: judge it, no better than best, then stop. */
void step_finish(struct engine *e, enum verdict best, const char *code, const char *text);
void condition_begin(struct run_condition *c, int64_t grace_ns);
void condition_begin_channels(const struct engine *e, struct run_condition *c,
			      const struct channel_set *set);
/* Follow a condition that is to be `wanted`; for_ns is how long the contrary may last. */
/* No tick comes any more: what was never seen, or not at the end, is not known. */
void condition_close(struct run_condition *c);
void condition_tick(struct engine *e, struct run_condition *c, const struct expr *x, bool wanted,
		    int64_t for_ns);

/* engine.c */
/* Around whatever a public call does: what receivers of notes call meanwhile is done at its end. */
void engine_enter(struct engine *e);
void engine_leave(struct engine *e);
void engine_emit(struct engine *e, const struct engine_note *note);
void engine_event(struct engine *e, const char *code, double value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Leave RUNNING. dropped: the rig did it already. */
void engine_stop(struct engine *e, enum verdict v, enum attribution a, const char *code,
		 const char *text, bool dropped);

#endif
