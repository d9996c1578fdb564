/* SPDX-License-Identifier: MIT
 *
 * Steps and their attempts, watches and the trial clock.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "impl.h"

static const struct pf_step *step_of(const struct engine *e)
{
	return &e->profile->steps[e->step];
}

/* --- conditions over time ----------------------------------------------- */

void condition_begin(struct run_condition *c, int64_t grace_ns)
{
	*c = (struct run_condition){.contrary_since = -1, .doubt_since = -1, .grace_ns = grace_ns};
}

void condition_begin_channels(const struct engine *e, struct run_condition *c,
			      const struct channel_set *set)
{
	int64_t grace_ns = 0;

	for (int i = 0; i < e->fixture->channel_count; i++)
		if (set_has(set, i) && e->channels[i].stale_ns > grace_ns)
			grace_ns = e->channels[i].stale_ns;
	condition_begin(c, grace_ns);
	c->channels = set;
}

/* An interlock is judged by the rig; here it only has to be able to. */
static int holds_now(struct evaluation *ev, const struct run_condition *c, const struct expr *x,
		     bool wanted)
{
	if (x)
		return compute_condition(ev, x);
	if (c->channels && compute_all_known(ev, c->channels))
		return wanted;
	return -1;
}

static bool lasted(int64_t *since, bool is_so, int64_t now_ns, int64_t for_ns)
{
	if (!is_so) {
		*since = -1;
		return false;
	}
	if (*since < 0)
		*since = now_ns;
	return now_ns - *since >= for_ns;
}

void condition_tick(struct engine *e, struct run_condition *c, const struct expr *x, bool wanted,
		    int64_t for_ns)
{
	struct evaluation ev = {.e = e};
	int holds = holds_now(&ev, c, x, wanted);

	if (lasted(&c->contrary_since, holds == !wanted, e->now_ns, for_ns) && !c->violated) {
		c->violated = true;
		c->unsettled = ev.unsettled;
	}
	if (holds == wanted && ev.unsettled) {
		holds = -1;
		ev.why = WHY_UNSETTLED;
		ev.why_ref = ev.unsettled_ref;
	}
	c->blind = holds < 0;
	c->seen = c->seen || holds == wanted;
	if (holds < 0 && !c->unknown) {
		c->why = ev.why;
		c->why_ref = ev.why_ref;
		c->why_quality = ev.why_quality;
	}
	if (holds < 0 && e->now_ns - e->start_ns <= c->grace_ns)
		return;
	/* Not known to be as wanted, for as long as the contrary may last. */
	if (lasted(&c->doubt_since, holds != wanted, e->now_ns, for_ns) && holds < 0 && !c->unknown)
		c->unknown = true;
}

void condition_close(struct run_condition *c)
{
	/* It stands against it, and nobody will see for how long. */
	bool standing = !c->violated && c->contrary_since >= 0;

	if (standing && !c->unknown)
		c->why = WHY_TOO_SHORT;
	if (!c->violated && (!c->seen || c->blind || standing))
		c->unknown = true;
	/* Known, and never as wanted, but not for as long as the contrary has to last. */
	if (!c->seen && !c->blind && c->why == WHY_NONE)
		c->why = WHY_TOO_SHORT;
}

static void tick_watches(struct engine *e)
{
	const struct pf_step *s = step_of(e);

	for (int i = 0; i < s->watch_count && e->state == ENGINE_RUNNING; i++) {
		const struct pf_watch *w = &s->watches[i];
		struct run_condition *c = &e->watches[i];

		if (c->violated)
			continue;
		condition_tick(e, c, w->holds, true, w->for_ns);
		if (!c->violated)
			continue;
		engine_event(e, "watch", NO_NUMBER, "%s", expr_text(w->holds));
		if (c->unsettled)
			measure_decide(e, w->measurement, VERDICT_INCONCLUSIVE, 0,
				       "watch, not_settled");
		else
			measure_decide(e, w->measurement, VERDICT_FAIL, 0, "watch");
		if (w->stop)
			e->leave_step = e->step_cut = true;
	}
}

static void close_watches(struct engine *e)
{
	const struct pf_step *s = step_of(e);

	for (int i = 0; i < s->watch_count && e->state == ENGINE_RUNNING; i++) {
		const struct pf_watch *w = &s->watches[i];
		struct run_condition *c = &e->watches[i];
		char reason[96];
		bool bad;

		if (c->violated)
			continue;
		condition_close(c);
		if (c->unknown) {
			compute_why(e, c->why, c->why_ref, c->why_quality, reason, sizeof reason,
				    &bad);
			measure_decide(e, w->measurement,
				       bad ? VERDICT_INVALID : VERDICT_INCONCLUSIVE, 0, reason);
		} else if (e->step_cut) {
			measure_decide(e, w->measurement, VERDICT_INCONCLUSIVE, 0, "step_cut");
		} else if (!e->profile->measurements[w->measurement].value) {
			measure_decide(e, w->measurement, VERDICT_PASS, 0, NULL);
		}
	}
}

/* --- attempts ----------------------------------------------------------- */

static void note_step(struct engine *e, enum note_kind kind)
{
	struct engine_note note = {.kind = kind,
				   .at_ns = e->now_ns,
				   .step = e->step,
				   .attempt = e->attempt,
				   .verdict = kind == NOTE_STEP_END ? e->step_worst : 0,
				   .trial_seconds = engine_trial_seconds(e),
				   .trial_making_seconds = (double)e->trial.making_ns * 1e-9};

	engine_emit(e, &note);
}

void step_begin(struct engine *e, int step, int attempt)
{
	const struct pf_step *s = &e->profile->steps[step];
	size_t results = (size_t)e->profile->measurement_count * sizeof *e->results;
	size_t captures = (size_t)e->profile->capture_count * sizeof *e->captures;

	if (attempt == 1) {
		memcpy(e->results_before, e->results, results);
		memcpy(e->captures_before, e->captures, captures);
	} else {
		for (int i = 0; i < e->profile->capture_count; i++)
			e->captures_before[i].channels = e->captures[i].channels;
		memcpy(e->captures, e->captures_before, captures);
	}
	e->step = step;
	e->attempt = attempt;
	e->attempt_serial++;
	e->step_begun_ns = e->now_ns;
	e->step_open = true;
	e->step_unsettled = e->leave_step = e->step_cut = false;
	e->unsettled_count = 0;
	e->step_worst = 0;
	e->depth = 0;
	e->frame[0] = (struct run_frame){.list = s->actions, .count = s->action_count};
	e->act[0] = (struct run_action){0};
	e->prompt = NULL;
	e->prompt_answered = false;
	samples_window_close(e);
	for (int i = 0; i < s->watch_count; i++)
		condition_begin(&e->watches[i], plan_grace_ns(e, s->watches[i].holds));
	note_step(e, NOTE_STEP_BEGIN);
}

static void interrupt_trial(struct engine *e)
{
	if (!e->trial.active)
		return;
	e->trial.active = false;
	engine_event(e, "trial_interrupted", engine_trial_seconds(e),
		     "the next one starts from zero");
}

void step_close(struct engine *e)
{
	if (!e->step_open)
		return;
	interrupt_trial(e);
	e->step_open = false;
	note_step(e, NOTE_STEP_END);
}

static bool all_judged(const struct engine *e)
{
	for (int m = 0; m < e->profile->measurement_count; m++)
		if (e->profile->measurements[m].step == e->step &&
		    e->profile->measurements[m].required && !e->results[m].verdict)
			return false;
	return true;
}

/* A rig check that could not tell is no better than one that failed. */
static bool rig_check_stands(const struct engine *e)
{
	return judge_rank(e->step_worst) <= judge_rank(VERDICT_MARGINAL) && all_judged(e);
}

bool step_is_teardown(const struct engine *e)
{
	return e->step >= e->profile->step_count - e->profile->teardown_count;
}

void step_finish(struct engine *e, enum verdict best, const char *code, const char *text)
{
	enum attribution a;
	enum verdict v;

	step_close(e);
	measure_close(e);
	v = measure_run_verdict(e, &a);
	if (judge_rank(v) < judge_rank(best))
		v = best;
	engine_stop(e, v, a, code, text, false);
}

/* "H0 could not be shown: valve_seat is inconclusive: no_reply permeate_flow": the measurement on
 * which the rig check fell, the worst first. */
static void rig_check_why(const struct engine *e, char *text, size_t size)
{
	const struct profile *p = e->profile;
	const struct engine_result *worst = NULL;
	const char *unjudged = NULL;

	for (int m = 0; m < p->measurement_count; m++) {
		const struct run_measurement *rm = &e->measurements[m];
		const struct engine_result *r = &e->results[m];

		if (r->verdict && rm->step == e->step && rm->serial == e->attempt_serial &&
		    (!worst || judge_rank(r->verdict) > judge_rank(worst->verdict)))
			worst = r;
		if (!unjudged && p->measurements[m].step == e->step &&
		    p->measurements[m].required && !r->verdict)
			unjudged = p->measurements[m].id;
	}
	if (worst && judge_rank(worst->verdict) > judge_rank(VERDICT_MARGINAL))
		snprintf(text, size, "%s could not be shown: %s is %s%s%s", step_of(e)->id,
			 p->measurements[worst->measurement].id, verdict_name(worst->verdict),
			 worst->reason[0] ? ": " : "", worst->reason);
	else
		snprintf(text, size, "%s could not be shown: %s was not judged", step_of(e)->id,
			 unjudged ? unjudged : "a measurement");
}

static void next_step(struct engine *e)
{
	const struct profile *p = e->profile;
	int teardown = p->step_count - p->teardown_count, next = e->step + 1;

	if (e->step_worst == VERDICT_FAIL && step_of(e)->stop_on_fail && next < teardown)
		next = teardown;
	if (next < p->step_count)
		step_begin(e, next, 1);
	else
		step_finish(e, VERDICT_PASS, "", "");
}

static void end_attempt(struct engine *e)
{
	const struct pf_step *s = step_of(e);
	bool again;

	close_watches(e);
	if (e->state != ENGINE_RUNNING)
		return;
	again = (e->step_worst == VERDICT_INCONCLUSIVE || e->step_worst == VERDICT_MARGINAL) &&
		e->attempt <= s->retries;
	if (s->rig_check && !again && !rig_check_stands(e)) {
		char why[160];

		rig_check_why(e, why, sizeof why);
		engine_event(e, "rig_check", NO_NUMBER, "%s", why);
		engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, "rig_check", why, false);
		return;
	}
	step_close(e);
	if (!again) {
		next_step(e);
		return;
	}
	engine_event(e, "retry", e->attempt + 1, "%s was %s", s->id, verdict_name(e->step_worst));
	step_begin(e, e->step, e->attempt + 1);
}

/* --- the trial clock ---------------------------------------------------- */

static bool unit_powered(const struct engine *e)
{
	if (!e->has_power_output)
		return true;
	for (int i = 0; i < e->fixture->output_count; i++)
		if (e->powered[i] && fabs(e->image[i]) > 0.0)
			return true;
	return false;
}

static bool trial_long_enough(const struct engine *e)
{
	return e->trial.clock_ns >= e->trial.action->for_ns;
}

static void end_trial(struct engine *e)
{
	e->trial.active = false;
	e->depth = 0;
	e->frame[0].at++;
	e->act[0] = (struct run_action){0};
	e->prompt = NULL;
	e->prompt_answered = false;
}

/* Time that nobody told the engine about counts as no trial. */
static void tick_trial(struct engine *e)
{
	struct run_trial *t = &e->trial;
	int64_t dt = e->now_ns - t->last_ns, longest;
	struct evaluation ev = {.e = e};

	t->last_ns = e->now_ns;
	if (dt > 0 && dt <= NS_PER_SECOND && unit_powered(e)) {
		t->clock_ns += dt;
		if (t->action->making && compute_condition(&ev, t->action->making) == 1)
			t->making_ns += dt;
	}
	if (t->passes > 0 && trial_long_enough(e)) {
		end_trial(e);
		return;
	}
	longest = t->action->timeout_ns > 0 ? t->action->timeout_ns
					    : 2 * t->action->for_ns + 600 * NS_PER_SECOND;
	if (e->now_ns - t->begun_ns > longest) {
		engine_event(e, "trial_timeout", engine_trial_seconds(e), "the trial clock stands");
		engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, "trial_timeout",
			    "the trial clock stands", false);
	}
}

enum action_result trial_run(struct engine *e, const struct pf_action *a, struct run_action *act)
{
	(void)act;
	if (e->depth) {
		engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, "nested_trial", "", false);
		return ACTION_ENDED;
	}
	e->trial = (struct run_trial){.active = true,
				      .action = a,
				      .begun_ns = e->now_ns,
				      .last_ns = e->now_ns,
				      .pass_ns = e->now_ns};
	e->depth = 1;
	e->frame[1] = (struct run_frame){.list = a->actions, .count = a->action_count};
	e->act[1] = (struct run_action){0};
	return ACTION_BUSY;
}

/* The children are through once. False: nothing more to do in this tick. */
static bool end_pass(struct engine *e)
{
	struct run_trial *t = &e->trial;

	t->passes++;
	if (trial_long_enough(e)) {
		end_trial(e);
		return true;
	}
	e->frame[1].at = 0;
	if (t->pass_ns == e->now_ns)
		return false; /* children that take no time wait for the next tick */
	t->pass_ns = e->now_ns;
	return true;
}

/* --- a tick ------------------------------------------------------------- */

/* One thing; false when there is nothing more to do in this tick. */
static bool advance(struct engine *e)
{
	struct run_frame *f = &e->frame[e->depth];
	int depth = e->depth;

	if (e->leave_step) {
		end_attempt(e);
		return true;
	}
	if (f->at >= f->count) {
		if (depth)
			return end_pass(e);
		end_attempt(e);
		return true;
	}
	switch (action_run(e, &f->list[f->at], &e->act[depth])) {
	case ACTION_BUSY: return e->depth != depth; /* a trial was entered */
	case ACTION_DONE:
		f->at++;
		e->act[depth] = (struct run_action){0};
		return true;
	case ACTION_LEAVE: e->leave_step = e->step_cut = true; return true;
	case ACTION_ENDED: break;
	}
	return false;
}

void step_tick(struct engine *e)
{
	if (e->trial.active)
		tick_trial(e);
	if (e->state == ENGINE_RUNNING)
		tick_watches(e);
	for (int i = 0; i < ENGINE_ACTIONS_PER_TICK && e->state == ENGINE_RUNNING; i++)
		if (!advance(e))
			return;
}
