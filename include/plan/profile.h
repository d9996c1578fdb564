/* SPDX-License-Identifier: MIT
 *
 * A profile: what is tested, for a model or class and a run type. Loaded and checked against a
 * model and a fixture's bay, read-only afterwards. It names channels and outputs, never devices
 * or registers.
 *
 * Symbols of its expressions (struct expr refs), see profile_ref_*:
 *   channels of the bay, derived names, captured names, model.NAME, trial.seconds,
 *   trial.making_seconds, run.seconds, step.seconds, and in later measurements measured.ID.
 */
#ifndef PLAN_PROFILE_H
#define PLAN_PROFILE_H

#include "base/expr.h"
#include "plan/fixture.h"
#include "plan/model.h"
#include "plan/names.h"

enum attribution { ATTRIBUTION_UNIT = 1, ATTRIBUTION_HOSE, ATTRIBUTION_RIG };
enum decision_rule { RULE_SIMPLE = 1, RULE_GUARDED, RULE_FOUR_STATE };
enum limit_basis { BASIS_ASSUMED = 1, BASIS_STANDARD, BASIS_NAMEPLATE, BASIS_MAKER, BASIS_RIG };

struct text2 {
	const char *en, *zh;
};

/* One judged value. Declared where it is measured; conditions name it by id. */
struct pf_measurement {
	const char *id;
	struct text2 title;
	const struct unit *unit; /* shown and stored unit */
	enum quantity quantity;
	/* NULL: only conditions (watch, wait, check, abort, prompt) decide it: pass or fail. */
	struct expr *value;
	/* Limits, NULL if none; constant or over model.* and means (recovery by temperature). */
	struct expr *lo, *hi;
	enum decision_rule rule;
	struct expr *uncertainty; /* expanded, k = 2; NULL: propagated from the channels' */
	enum limit_basis basis;
	const char *basis_note; /* "GB 34914-2021 grade 3", ... */
	bool required;
	bool envelope; /* conditions outside the validity envelope make it invalid */
	const char **symptoms;
	int symptom_count; /* S01.. */
	const char **faults;
	int fault_count;	      /* F01.. it points to when it fails */
	int step;		      /* index of the step it belongs to, -1: any time (aborts) */
	enum attribution attribution; /* default when it fails */
	int line, col;
};

enum pf_action_kind {
	PF_SET = 1,
	PF_RAMP,
	PF_WAIT,
	PF_SETTLE,
	PF_WINDOW,
	PF_PROMPT,
	PF_CAPTURE,
	PF_MEASURE,
	PF_TRIAL,
	PF_CHECK
};
struct pf_set {
	int16_t output;
	double value;
};

/* What a wait or ramp does when time runs out. */
struct pf_timeout {
	bool is_rig;	     /* the run ends error; else the measurement below fails */
	int16_t measurement; /* -1 with is_rig */
	bool then_continue;  /* after failing it go on with this step; else leave the step */
	enum attribution attribution;
};

struct pf_action {
	enum pf_action_kind kind;
	int line, col;
	struct pf_set *sets;
	int set_count; /* PF_SET */
	int16_t output;
	double to, rate_per_s; /* PF_RAMP, in the output's unit; ends at `to`, or at `until` */
	struct expr *until;    /* PF_WAIT, PF_RAMP, PF_CHECK */
	int64_t hold_ns;       /* until must hold this long */
	int64_t for_ns; /* PF_WAIT without until; length of PF_WINDOW; of PF_TRIAL, on its clock */
	int64_t timeout_ns; /* required with until (PF_CHECK: 0 is at once), settle, prompt */
	struct pf_timeout on_timeout;
	/* PF_CHECK: when it does not hold the bay is to be locked until somebody looked. */
	bool locks;
	/* PF_SETTLE: all of these within tolerance over window (slope * window and spread),
	 * not before min */
	int16_t *symbols;
	int symbol_count;		      /* symbol refs: channels or derived */
	double tolerance_rel, *tolerance_abs; /* abs per symbol, SI, 0: none */
	int64_t window_ns, min_ns;
	/* PF_CAPTURE: name := value, SI; unknown stays unknown */
	int16_t capture;
	struct expr *value;
	/* PF_MEASURE over the window since the last PF_WINDOW began (or at once) */
	int16_t *measurements;
	int measurement_count;
	/* PF_PROMPT */
	struct pf_prompt *prompt;
	/* PF_TRIAL: children repeat until for_ns of trial clock; making: water is being made */
	struct pf_action *actions;
	int action_count;
	struct expr *making;
};

enum prompt_kind { PROMPT_CONFIRM = 1, PROMPT_YES_NO, PROMPT_NUMBER, PROMPT_SCAN_SERIAL };
struct pf_prompt {
	/* What it asks, standard where there is one: visual_ok, electrical_safety_ok,
	 * unit_display_permeate_tds, unit_leak_alarm_ok, serial. */
	const char *id;
	enum prompt_kind kind;
	struct text2 text;
	bool attended;		 /* outputs may be away from safe; a time-out makes the bay safe */
	const struct unit *unit; /* number */
	double min, max;	 /* number, in unit */
	int16_t capture;	 /* number answers land here, -1: none */
	int16_t measurement;	 /* yes_no: "no" fails it, "yes" passes it; -1: none */
};

struct pf_watch {
	int16_t measurement; /* passes if it held throughout, fails at the first violation */
	struct expr *holds;
	int64_t for_ns; /* violated this long */
	bool stop;	/* leave the step at the first violation */
	int line, col;	/* of for_ns */
};

struct pf_step {
	const char *id; /* "H6" style codes or names; [A-Za-z0-9_] */
	struct text2 title;
	struct pf_action *actions;
	int action_count;
	struct pf_watch *watches;
	int watch_count;
	bool stop_on_fail; /* a failed measurement ends the run after this step */
	int retries;	   /* after inconclusive or marginal, never after fail */
	bool rig_check;	   /* H0: anything that fails here makes the run error, never fail */
	double longest_s;  /* computed by the static check */
	int line, col;
};

struct pf_abort {
	const char *id;
	struct text2 title;
	struct expr *when; /* NULL: only the interlock */
	int64_t for_ns;
	int16_t interlock; /* fixture index: a trip of it counts as this abort; -1: none */
	enum trip_class class;
	enum attribution attribution;
	int16_t measurement; /* fails it when attribution is unit; -1: none */
	int line, col;
};

struct pf_envelope {
	int16_t symbol;
	double lo, hi; /* SI */
};
struct pf_derived {
	const char *name;
	struct expr *value;
	const struct unit *unit;
	enum quantity quantity;
};

struct profile {
	const char *path, *id, *class_name;
	int id_line, id_col; /* where the file says it */
	const char **models;
	int model_count; /* codes; empty: every model of class_name */
	struct text2 title;
	int revision;
	uint32_t run_types; /* bit 1 << enum run_type */
	bool releasable;
	const char *variant;	  /* "full", "quick" */
	const char *unit_control; /* blackbox | harness | service_protocol */
	/* Manufacture dates it is for, "2022-07-01", both days included; NULL: open. */
	const char *made_from, *made_until;
	struct pf_derived *derived;
	int derived_count;
	const char **captures;
	int capture_count;
	struct dim *capture_dims; /* dim per capture */
	struct pf_measurement *measurements;
	int measurement_count;
	struct pf_envelope *envelope;
	int envelope_count;
	struct pf_abort *aborts;
	int abort_count;
	struct pf_step *steps;
	int step_count;	    /* setup, steps, teardown in order */
	int setup_count;    /* how many of them at the start */
	int teardown_count; /* and at the end: run after a stop on fail too */
	double longest_s;   /* longest possible time of a run, printed by the check */
	uint8_t hash[32];   /* of the file */
	const char *bytes;
	size_t size;		   /* the file as it was: stored whole with its runs */
	const struct model *model; /* borrowed */
	const struct fixture *fixture;
	int bay; /* what it was checked against */
	struct arena *arena;
};

/* Symbol refs. A channel's ref is its fixture index. */
enum {
	PROFILE_DERIVED_REF = 0x4000,
	PROFILE_CAPTURE_REF = 0x5000,
	PROFILE_MODEL_REF = 0x6000,
	PROFILE_MEASURED_REF = 0x7000,
	PROFILE_CLOCK_REF = 0x7f00
};
enum profile_clock { CLOCK_TRIAL = PROFILE_CLOCK_REF, CLOCK_TRIAL_MAKING, CLOCK_RUN, CLOCK_STEP };

/* Load and check against a model and a fixture's bay. NULL with problems filled.
 * model and fixture both NULL: the header only (id, title, models, run types, revision,
 * variant, releasable; of measurements and steps their ids and titles), enough to list; no
 * expression is set. */
struct profile *profile_load(const char *path, const struct model *model,
			     const struct fixture *fixture, int bay, struct problems *problems);
struct profile *profile_parse(const char *path, const char *bytes, size_t n,
			      const struct model *model, const struct fixture *fixture, int bay,
			      struct problems *problems);
/* The same on every bay of these fixtures: the first that stands, NULL if none does. What is wrong
 * is told once per place, naming the bay unless it is wrong on all of them. */
struct profile *profile_parse_bays(const char *path, const char *bytes, size_t n,
				   const struct model *model, const struct fixture *const *fixtures,
				   int fixture_count, struct problems *problems);
/* Does the file name that model in its models:, whatever else may be wrong in it? */
bool profile_names(const char *bytes, size_t n, const struct model *m);
void profile_free(struct profile *p);
/* Does this profile test that model for that run type? */
bool profile_covers(const struct profile *p, const struct model *m, enum run_type t);

/* The tables of the file, for the reference documentation (base/schema.h). */
struct schema;
extern const struct schema profile_schema;

/* All models and profiles of a directory (profiles/models/<code>.yaml, profiles/<id>.yaml). */
struct library {
	struct model **models;
	int model_count;
	struct library_entry {
		char *path, *id;
		bool broken; /* problems says why */
		struct problems problems;
		char *bytes;
		size_t size;
		struct profile *profile; /* header only, NULL when broken */
		struct profile *bound;	 /* the caller's, to a model and the first bay on which it
					  * stands; NULL: none. Freed with the library. */
	} * entries;
	int entry_count;
	struct problems problems; /* of models */
};
int library_load(struct library *lib, const char *dir, struct error *err);
void library_release(struct library *lib);
const struct model *library_model(const struct library *lib, const char *code);

#endif
