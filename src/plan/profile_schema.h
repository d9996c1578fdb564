/* SPDX-License-Identifier: MIT
 *
 * The profile file as written, before names are resolved, and what the readers of its parts
 * share. Private to src/plan/profile*.c.
 */
#ifndef PLAN_PROFILE_SCHEMA_H
#define PLAN_PROFILE_SCHEMA_H

#include "base/schema.h"
#include "plan/profile.h"
#include "reach_text.h"

struct raw_made {
	struct schema_item item;
	const char *from, *until;
};

struct raw_derived {
	struct schema_item item;
	const struct yaml_node *value, *unit;
};

struct raw_measurement {
	struct schema_item item;
	struct schema_title title;
	const struct yaml_node *value, *unit, *lo, *hi, *uncertainty;
	int rule, basis, attribution;
	const char *note;
	bool required, envelope;
	struct schema_texts symptoms, faults;
};

struct raw_ramp {
	struct schema_item item;
	const char *output;
	const struct yaml_node *to, *rate, *until;
	int64_t hold_ns, timeout_ns;
	const char *fails;
	bool then_continue;
	int attribution;
};

struct raw_wait {
	struct schema_item item;
	int64_t for_ns, hold_ns, timeout_ns;
	const struct yaml_node *until;
	const char *fails;
	bool then_continue;
	int attribution;
};

struct raw_settle {
	struct schema_item item;
	struct schema_texts of;
	const struct yaml_node *tolerance;
	struct schema_list at_least;
	int64_t window_ns, min_ns, timeout_ns;
};

struct raw_window {
	struct schema_item item;
	int64_t for_ns;
};

struct raw_prompt {
	struct schema_item item;
	const char *id, *capture, *measurement;
	int kind;
	struct schema_title text;
	bool attended;
	const struct yaml_node *unit;
	struct schema_range range;
	int64_t timeout_ns;
};

struct raw_check {
	struct schema_item item;
	const struct yaml_node *holds;
	int64_t within_ns, hold_ns;
	const char *fails;
	bool locks;
};

struct raw_trial {
	struct schema_item item;
	int64_t for_ns;
	const struct yaml_node *making;
	struct schema_list actions;
};

/* One verb; exactly one of these is set. */
struct raw_action {
	struct schema_item item;
	struct schema_list set, capture;
	struct raw_ramp *ramp;
	struct raw_wait *wait;
	struct raw_settle *settle;
	struct raw_window *window;
	struct raw_prompt *prompt;
	struct schema_texts measure;
	struct raw_check *check;
	struct raw_trial *trial;
};

struct raw_watch {
	struct schema_item item;
	const char *measurement;
	const struct yaml_node *holds;
	int64_t for_ns;
	bool stop;
};

struct raw_step {
	struct schema_item item;
	const char *id;
	struct schema_title title;
	struct schema_list actions, watches;
	bool stop_on_fail, rig_check;
	int retries;
};

struct raw_abort {
	struct schema_item item;
	struct schema_title title;
	const struct yaml_node *when;
	int64_t for_ns;
	const char *interlock, *fails;
	int class, attribution;
};

struct raw_profile {
	struct schema_item item;
	const char *id, *class_name, *variant;
	struct schema_texts models;
	struct schema_title title;
	int revision, unit_control;
	uint32_t run_types;
	bool releasable;
	struct raw_made *made;
	struct schema_list envelope, derived, measurements, aborts, setup, steps, teardown;
};

struct profile_build {
	const struct yaml *y;
	struct profile *p;
	const struct raw_profile *raw;
	int mistakes; /* told so far */
	bool quiet;   /* looking at something a second time: its mistakes are told */
	/* What was refused is left out, and nothing that refers to it is called wrong. The model
	 * does not fit, or some names of that kind may be missing: */
	bool model_open, derived_open, captures_open, measurements_open;
	/* Steps may set or wait for more than is known; do more; judge more. */
	bool paths_open, order_open, judged_open;
	bool *capture_unclear; /* per capture: its dimension is not known */
	/* what a name may mean at the place being read */
	int derived_known;     /* derived names read so far */
	int captures_known;    /* captures whose dimension is known */
	bool measured_allowed; /* measured.ID */
	int use_line;	       /* where the name at hand is used */
	/* every expression that was read, for profile_check_conditions */
	struct {
		const struct yaml_node *node;
		const struct expr *expr;
		bool is_condition;
	} * exprs;
	int expr_count;
};

/* Was the value refused, or may a misspelt key beside it have meant it? */
static inline bool profile_unclear(const struct schema_item *item, const char *key)
{
	return schema_refused(item, key) || (item->stray && !schema_has(item, key));
}

void profile_bad(struct profile_build *b, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* profile_symbols.c */
enum expr_want { WANT_NUMBER, WANT_CONDITION };
/* Parse; the result must be a number of dimension *dim (any when dim is NULL), or a condition.
 * NULL after a problem, when it uses something that was refused, and for node NULL: refused itself.
 * got (NULL allowed): the dimension found. */
struct expr *profile_read_expr(struct profile_build *b, const struct yaml_node *node,
			       enum expr_want want, const struct dim *dim, struct dim *got);
/* Symbol ref of a channel or derived name, -1 after a problem or when that is not clear. */
int profile_read_symbol(struct profile_build *b, const struct yaml_node *node, const char *name);
/* Index of a measurement, -1 after a problem, when that is not clear, and for id NULL. */
int profile_read_measurement(struct profile_build *b, const struct yaml_node *node, const char *id);
/* Is it judged by a value, as written? Is it certainly not? Neither when that is not clear. */
bool profile_has_value(const struct profile_build *b, int measurement);
bool profile_has_no_value(const struct profile_build *b, int measurement);
const char *profile_ref_name(const struct profile *p, int ref);
/* Unit of a channel's or derived symbol; NULL when a derived one's was refused. */
const struct unit *profile_ref_unit(const struct profile *p, int ref);
enum quantity profile_quantity_of(const struct unit *u);
bool profile_is_percent(const struct unit *u);
/* May a number in `as` stand where one in u is expected? One without unit is no percentage. */
bool profile_unit_fits(const struct unit *u, const struct unit *as);

/* profile_parts.c: derived names, measurements, envelope, aborts */
void profile_read_derived(struct profile_build *b);
/* Ids and titles first, so that steps can name them; then the expressions. */
void profile_declare_measurements(struct profile_build *b);
void profile_read_measurements(struct profile_build *b);
void profile_read_envelope(struct profile_build *b);
void profile_read_aborts(struct profile_build *b);

/* profile_steps.c */
void profile_declare_steps(struct profile_build *b);
void profile_declare_captures(struct profile_build *b);
void profile_read_steps(struct profile_build *b);
/* profile_actions.c */
void profile_read_actions(struct profile_build *b, const struct raw_step *rs, struct pf_step *step,
			  int step_index);
/* The static check, each part as far as what it stands on was read without a problem.
 * profile_check.c: outputs, interlocks, on-times, prompts and the longest time, along every
 * path. */
void profile_check_paths(struct profile_build *b);
/* profile_order.c: nothing is used before it is captured or measured, and everything is judged
 * somewhere. */
void profile_check_order(struct profile_build *b);
/* How long a channel, or the slowest a derived value is made of, takes to be renewed. */
int64_t profile_period_ns(const struct profile *p, int ref);
/* profile_limits.c: limits can be reached and told apart by the channel they judge. */
void profile_check_limits(struct profile_build *b);
/* profile_reach.c: no condition compares with what its values can never come to, and nothing is
 * divided by what is 0. */
void profile_check_conditions(struct profile_build *b);
/* What e can come to, SI; everything for NULL. */
struct expr_reach profile_reach(const struct profile_build *b, const struct expr *e);
/* What x less y can come to, SI. */
struct expr_reach profile_reach_between(const struct profile_build *b, const struct expr *x,
					const struct expr *y);
/* A problem at line:col of the file. */
void profile_bad_at(struct profile_build *b, int line, int col, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
