/* SPDX-License-Identifier: MIT
 *
 * Every path a run can take, as far as outputs go: a set of states (what each output is at, how
 * long it has been away from safe at most) is led through the steps. A wait that times out, a
 * check or a watch that leaves the step early splits the path; equal states are merged, keeping
 * the longer time. Times are the longest possible ones.
 */
#include "profile_schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 128, PASSES_MAX = 1000 };

static const int64_t CYCLE_MIN_NS = INT64_C(10000000000);

struct state {
	double value[FIXTURE_OUTPUTS_MAX]; /* NAN: somewhere, away from safe */
	int64_t away_ns[FIXTURE_OUTPUTS_MAX];
};

struct paths {
	struct state *at;
	int count;
	bool overflow;
};

struct walk {
	struct profile_build *b;
	const struct fixture *f;
	const struct profile *p;
	struct paths now, exits,
		after_fail; /* in the step; leaving it early; going straight to teardown */
	bool on_told[FIXTURE_OUTPUTS_MAX], lock_told[FIXTURE_INTERLOCKS_MAX];
	int64_t spent_ns; /* in the step */
	const struct pf_step *step;
};

static struct paths new_paths(void)
{
	return (struct paths){.at = xcalloc(STATES_MAX, sizeof(struct state))};
}

static bool matters(const struct walk *w, int output)
{
	const struct fx_output *o = &w->f->outputs[output];
	return (o->bays >> w->p->bay & 1) && o->kind != OUTPUT_LAMP && output != w->f->dead_man;
}

static bool same_value(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void add_state(const struct walk *w, struct paths *to, const struct state *s)
{
	for (int i = 0; i < to->count; i++) {
		bool same = true;
		for (int o = 0; o < w->f->output_count && same; o++)
			same = same_value(to->at[i].value[o], s->value[o]);
		if (!same)
			continue;
		for (int o = 0; o < w->f->output_count; o++)
			if (s->away_ns[o] > to->at[i].away_ns[o])
				to->at[i].away_ns[o] = s->away_ns[o];
		return;
	}
	if (to->count < STATES_MAX)
		to->at[to->count++] = *s;
	else
		to->overflow = true;
}

static void add_states(const struct walk *w, struct paths *to, const struct paths *from)
{
	for (int i = 0; i < from->count; i++)
		add_state(w, to, &from->at[i]);
	to->overflow = to->overflow || from->overflow;
}

static void pass_time(struct walk *w, int64_t ns, const struct pf_action *a)
{
	w->spent_ns += ns;
	for (int i = 0; i < w->now.count; i++)
		for (int o = 0; o < w->f->output_count; o++) {
			const struct fx_output *out = &w->f->outputs[o];
			struct state *s = &w->now.at[i];
			if (!matters(w, o) || s->value[o] == out->safe)
				continue;
			s->away_ns[o] += ns;
			if (s->away_ns[o] <= out->max_on_ns || w->on_told[o])
				continue;
			w->on_told[o] = true;
			profile_bad_at(w->b, a->line, a->col,
				       "%s may be away from safe for %.0f s by here; the fixture "
				       "allows %.0f s",
				       out->name, (double)s->away_ns[o] / 1e9,
				       (double)out->max_on_ns / 1e9);
		}
}

struct lock_env {
	const struct walk *w;
	const struct state *s;
};

static struct expr_value lock_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct lock_env *env = ctx;
	int o = ref >= FIXTURE_OUTPUT_REF ? fixture_ref_for_bay(env->w->f, ref, env->w->p->bay)
					  : -1;
	(void)stat;
	if (o < 0)
		return (struct expr_value){0, false};
	const struct fx_output *out = &env->w->f->outputs[o - FIXTURE_OUTPUT_REF];
	double v = env->s->value[o - FIXTURE_OUTPUT_REF];
	return (struct expr_value){unit_to_si(out->unit, v), !isnan(v)};
}

/* Channels are unknown here, so what comes out true is true whatever they read. */
static void check_interlocks(struct walk *w, const struct pf_action *a)
{
	for (int l = 0; l < w->f->interlock_count; l++) {
		const struct fx_interlock *lock = &w->f->interlocks[l];
		if (!(lock->bays >> w->p->bay & 1) || w->lock_told[l])
			continue;
		for (int i = 0; i < w->now.count; i++) {
			struct lock_env env = {w, &w->now.at[i]};
			struct expr_env e = {.ctx = &env, .value = lock_value};
			struct expr_value v = expr_eval(lock->when, &e);
			if (!v.known || v.si < 0.5)
				continue;
			w->lock_told[l] = true;
			profile_bad_at(w->b, a->line, a->col,
				       "interlock %s trips here; expected outputs it allows",
				       lock->name);
			break;
		}
	}
}

static void set_output(struct walk *w, struct state *s, int output, double value)
{
	s->value[output] = value;
	if (value == w->f->outputs[output].safe)
		s->away_ns[output] = 0;
}

static void walk_set(struct walk *w, const struct pf_action *a)
{
	int n = w->now.count;
	w->now.count = 0; /* equal ones fold on the way back in, each into an earlier place */
	for (int i = 0; i < n; i++) {
		struct state s = w->now.at[i];
		for (int k = 0; k < a->set_count; k++)
			set_output(w, &s, a->sets[k].output, a->sets[k].value);
		add_state(w, &w->now, &s);
	}
	check_interlocks(w, a);
}

/* Has it a condition, even one that could not be read? Then it has a time-out. */
static bool waits_until(const struct pf_action *a)
{
	return a->kind == PF_CHECK ||
	       ((a->kind == PF_WAIT || a->kind == PF_RAMP) && a->timeout_ns > 0);
}

static void walk_ramp(struct walk *w, const struct pf_action *a)
{
	double far = 0;
	for (int i = 0; i < w->now.count; i++) {
		double from = w->now.at[i].value[a->output];
		double d = isnan(from) ? w->f->outputs[a->output].max - w->f->outputs[a->output].min
				       : fabs(a->to - from);
		far = d > far ? d : far;
		w->now.at[i].value[a->output] = (double)NAN;
	}
	int64_t ns = (int64_t)(far / a->rate_per_s * 1e9);
	pass_time(w, waits_until(a) ? a->timeout_ns : ns, a);
	int n = w->now.count;
	for (int i = 0; i < n; i++) {
		struct state s = w->now.at[i];
		set_output(w, &s, a->output, a->to);
		if (waits_until(a))
			add_state(w, &w->now, &s);
		else
			w->now.at[i] = s;
	}
	check_interlocks(w, a);
}

static void check_prompt(struct walk *w, const struct pf_action *a)
{
	if (a->prompt->attended)
		return;
	for (int i = 0; i < w->now.count; i++)
		for (int o = 0; o < w->f->output_count; o++)
			if (matters(w, o) && w->now.at[i].value[o] != w->f->outputs[o].safe) {
				profile_bad_at(w->b, a->line, a->col,
					       "prompt %s stands where %s may be away from safe; "
					       "expected attended: yes, or all outputs safe",
					       a->prompt->id ? a->prompt->id : "?",
					       w->f->outputs[o].name);
				return;
			}
}

static void walk_actions(struct walk *w, const struct pf_action *at, int n);

static void walk_trial(struct walk *w, const struct pf_action *a)
{
	int64_t begun = w->spent_ns;
	int passes = 0;
	do {
		int64_t before = w->spent_ns;
		walk_actions(w, a->actions, a->action_count);
		if (w->spent_ns - before < CYCLE_MIN_NS) {
			profile_bad_at(
				w->b, a->line, a->col,
				"the trial's cycle takes less than 10 s; expected waits in it");
			return;
		}
	} while (w->spent_ns - begun < a->for_ns && ++passes < PASSES_MAX);
	/* what its own time-outs add, and the pass in which the clock runs out */
	walk_actions(w, a->actions, a->action_count);
}

static bool may_leave(const struct pf_action *a)
{
	return waits_until(a) && !a->on_timeout.is_rig && !a->on_timeout.then_continue;
}

static bool watch_stops(const struct pf_step *s)
{
	for (int i = 0; i < s->watch_count; i++)
		if (s->watches[i].stop)
			return true;
	return false;
}

static void walk_action(struct walk *w, const struct pf_action *a)
{
	switch (a->kind) {
	case PF_SET: walk_set(w, a); break;
	case PF_RAMP: walk_ramp(w, a); break;
	case PF_WAIT: pass_time(w, waits_until(a) ? a->timeout_ns : a->for_ns, a); break;
	case PF_SETTLE:
	case PF_CHECK: pass_time(w, a->timeout_ns, a); break;
	case PF_WINDOW: pass_time(w, a->for_ns, a); break;
	case PF_PROMPT:
		check_prompt(w, a);
		pass_time(w, a->timeout_ns, a);
		break;
	case PF_TRIAL: walk_trial(w, a); break;
	case PF_CAPTURE:
	case PF_MEASURE: break;
	}
}

static void walk_actions(struct walk *w, const struct pf_action *at, int n)
{
	for (int i = 0; i < n; i++) {
		bool stops = watch_stops(w->step);
		if (stops)
			add_states(w, &w->exits, &w->now);
		walk_action(w, &at[i]);
		if (stops || may_leave(&at[i]))
			add_states(w, &w->exits, &w->now);
	}
}

/* What has to stand for longer than anybody looks is never seen. */
static void check_lasting(struct walk *w, int64_t for_ns, int64_t longest_ns, int line, int col,
			  const char *what)
{
	if (for_ns > longest_ns)
		profile_bad_at(w->b, line, col,
			       "%s has to last %.1f s and the %s takes %.1f s at most; expected "
			       "less, or it is never seen",
			       what, (double)for_ns / 1e9, what[0] == 'w' ? "step" : "run",
			       (double)longest_ns / 1e9);
}

static void walk_step(struct walk *w, struct pf_step *s)
{
	int64_t longest_ns = 0; /* of its attempts */
	w->spent_ns = 0;
	w->step = s;
	for (int attempt = 0; attempt <= s->retries; attempt++) {
		int64_t begun_ns = w->spent_ns;
		w->exits.count = 0;
		walk_actions(w, s->actions, s->action_count);
		add_states(w, &w->now, &w->exits);
		if (w->spent_ns - begun_ns > longest_ns)
			longest_ns = w->spent_ns - begun_ns;
	}
	for (int i = 0; i < s->watch_count; i++)
		check_lasting(w, s->watches[i].for_ns, longest_ns, s->watches[i].line,
			      s->watches[i].col, "what is watched");
	s->longest_s = (double)w->spent_ns / 1e9;
	if (s->stop_on_fail)
		add_states(w, &w->after_fail, &w->now);
}

void profile_check_paths(struct profile_build *b)
{
	struct profile *p = b->p;
	struct walk w = {.b = b, .f = p->fixture, .p = p};
	struct state safe = {0};
	for (int o = 0; o < w.f->output_count; o++)
		safe.value[o] = w.f->outputs[o].safe;
	w.now = new_paths();
	w.exits = new_paths();
	w.after_fail = new_paths();
	add_state(&w, &w.now, &safe);
	for (int i = 0; i < p->step_count; i++) {
		if (i == p->step_count - p->teardown_count)
			add_states(&w, &w.now, &w.after_fail);
		walk_step(&w, &p->steps[i]);
		p->longest_s += p->steps[i].longest_s;
	}
	for (int i = 0; i < p->abort_count; i++)
		check_lasting(&w, p->aborts[i].for_ns, (int64_t)(p->longest_s * 1e9),
			      p->aborts[i].line, p->aborts[i].col, "an abort");
	if (w.now.overflow || w.exits.overflow || w.after_fail.overflow)
		profile_bad_at(
			b, 0, 0,
			"too many ways through the steps to check them; expected steps that set "
			"their outputs first");
	free(w.now.at);
	free(w.exits.at);
	free(w.after_fail.at);
}
