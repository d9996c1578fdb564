/* SPDX-License-Identifier: MIT
 *
 * What each action of a step does, one call a tick until it is done.
 */
#include <math.h>
#include <stdio.h>

#include "impl.h"

static enum action_result ended_or(const struct engine *e, enum action_result r)
{
	return e->state == ENGINE_RUNNING ? r : ACTION_ENDED;
}

static bool passed(const struct engine *e, const struct run_action *act, int64_t ns)
{
	return e->now_ns - act->begun_ns >= ns;
}

/* --- conditions --------------------------------------------------------- */

/* Readings from before the action began say nothing about what it did. */
static int follow_until(struct engine *e, const struct pf_action *a, struct run_action *act,
			struct evaluation *ev)
{
	int holds;

	*ev = (struct evaluation){.e = e, .after_ns = act->begun_ns};
	holds = compute_settled(ev, a->until);
	if (holds == 0)
		act->false_ns = e->now_ns;
	if (holds != 1)
		act->held_since = -1;
	else if (act->held_since < 0)
		act->held_since = e->now_ns;
	return holds;
}

static bool held(const struct engine *e, const struct pf_action *a, const struct run_action *act)
{
	return act->held_since >= 0 && e->now_ns - act->held_since >= a->hold_ns;
}

static void lock_bay(struct engine *e, const struct pf_action *a, int holds)
{
	if (a->kind == PF_CHECK && a->locks && holds == 0)
		engine_event(e, "lock", NO_NUMBER, "%s does not hold", expr_text(a->until));
}

static enum action_result rig_failed(struct engine *e, const char *code, const struct pf_action *a,
				     const struct evaluation *ev, int holds)
{
	struct channel_set touched = {{0}};
	char text[160], why[64];
	bool bad;

	if (holds < 0) {
		compute_why(e, ev->why, ev->why_ref, ev->why_quality, why, sizeof why, &bad);
		snprintf(text, sizeof text, "%s: %s", expr_text(a->until), why);
	} else {
		snprintf(text, sizeof text, "%s", expr_text(a->until));
		plan_channels(e, a->until, &touched);
		measure_contradiction(e, text, &touched);
	}
	lock_bay(e, a, holds);
	if (step_is_teardown(e)) {
		/* All was judged: what the rig contradicts is invalid, a fail of something else
		 * stays one. */
		if (holds < 0)
			measure_contradiction(e, text, NULL);
		step_finish(e, VERDICT_PASS, code, text);
		return ACTION_ENDED;
	}
	engine_event(e, code, NO_NUMBER, "%s", text);
	engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, code, text, false);
	return ACTION_ENDED;
}

/* Time ran out: the rig's wait ends the run, the unit's fails its measurement, if its contrary
 * is known. */
static enum action_result timed_out(struct engine *e, const struct pf_action *a,
				    const struct evaluation *ev, int holds)
{
	const struct pf_timeout *t = &a->on_timeout;
	char why[64], reason[96];
	bool bad = false;

	if (t->is_rig || t->measurement < 0 || e->profile->steps[e->step].rig_check)
		return rig_failed(e, a->kind == PF_CHECK ? "rig_check" : "rig_timeout", a, ev,
				  holds);
	engine_event(e, a->kind == PF_CHECK ? "check" : "timeout", NO_NUMBER, "%s",
		     expr_text(a->until));
	if (holds == 0 && ev->unsettled) {
		/* Nor does the contrary of an unsettled value say anything against the unit. */
		lock_bay(e, a, holds);
		measure_decide(e, t->measurement, VERDICT_INCONCLUSIVE, 0, "timeout, not_settled");
	} else if (holds < 0) {
		compute_why(e, ev->why, ev->why_ref, ev->why_quality, why, sizeof why, &bad);
		snprintf(reason, sizeof reason, "timeout, %s", why);
		measure_decide(e, t->measurement, bad ? VERDICT_INVALID : VERDICT_INCONCLUSIVE, 0,
			       reason);
	} else {
		lock_bay(e, a, holds);
		measure_decide(e, t->measurement, VERDICT_FAIL, t->attribution,
			       a->kind == PF_CHECK ? "check" : "timeout");
	}
	return ended_or(e, t->then_continue ? ACTION_DONE : ACTION_LEAVE);
}

/* The awaited came: that passes a measurement which only conditions decide. */
static enum action_result came(struct engine *e, const struct pf_action *a)
{
	int m = a->on_timeout.measurement;

	if (!a->on_timeout.is_rig && m >= 0 && !e->profile->measurements[m].value)
		measure_decide(e, m, VERDICT_PASS, 0, NULL);
	return ended_or(e, ACTION_DONE);
}

/* Time is up. What holds now did not come to stay if it was seen not to hold within the hold time;
 * if it only could not be seen, that is not known. */
static int verdict_of_hold(const struct engine *e, const struct pf_action *a,
			   const struct run_action *act, int holds)
{
	if (holds != 1)
		return holds;
	return act->false_ns >= 0 && e->now_ns - act->false_ns <= a->hold_ns ? 0 : -1;
}

static enum action_result await_until(struct engine *e, const struct pf_action *a,
				      struct run_action *act)
{
	struct evaluation ev;
	int holds = follow_until(e, a, act, &ev), old;

	if (held(e, a, act) && !act->overdue)
		return came(e, a);
	if (!passed(e, act, a->timeout_ns))
		return ACTION_BUSY;
	if (holds == 1 && act->overdue) { /* it came while nobody saw, in time or not */
		ev.why = WHY_STALE;
		ev.why_ref = (uint16_t)act->awaited;
		return timed_out(e, a, &ev, -1);
	}
	holds = verdict_of_hold(e, a, act, holds);
	old = compute_old(e, a->until, act->begun_ns + a->timeout_ns, false);
	if (holds == 0 && old >= 0) { /* one from then comes, or what is at hand gets stale */
		act->overdue = true;
		act->awaited = old;
		return ACTION_BUSY;
	}
	return timed_out(e, a, &ev, holds);
}

static enum action_result run_wait(struct engine *e, const struct pf_action *a,
				   struct run_action *act)
{
	if (a->until)
		return await_until(e, a, act);
	return passed(e, act, a->for_ns) ? ACTION_DONE : ACTION_BUSY;
}

/* A check without a time-out has until its channels' next readings. */
static enum action_result run_check(struct engine *e, const struct pf_action *a,
				    struct run_action *act)
{
	struct evaluation ev;
	int holds = follow_until(e, a, act, &ev);

	if (held(e, a, act))
		return came(e, a);
	if (a->timeout_ns > 0 && !passed(e, act, a->timeout_ns))
		return ACTION_BUSY;
	if (a->timeout_ns <= 0 && (holds == 1 || (holds < 0 && ev.pending)))
		return ACTION_BUSY;
	return timed_out(e, a, &ev, verdict_of_hold(e, a, act, holds));
}

static enum action_result run_set(struct engine *e, const struct pf_action *a)
{
	for (int i = 0; i < a->set_count; i++)
		e->image[a->sets[i].output] = a->sets[i].value;
	return ACTION_DONE;
}

static enum action_result run_ramp(struct engine *e, const struct pf_action *a,
				   struct run_action *act)
{
	double *v = &e->image[a->output];
	double step = a->rate_per_s * (double)(e->now_ns - act->last_ns) * 1e-9;

	act->last_ns = e->now_ns;
	if (a->rate_per_s <= 0.0 || fabs(a->to - *v) <= step)
		*v = a->to;
	else
		*v += *v < a->to ? step : -step;
	if (a->until && a->timeout_ns > 0)
		return await_until(e, a, act);
	if (a->until) {
		struct evaluation ev;

		follow_until(e, a, act, &ev);
		if (held(e, a, act))
			return ACTION_DONE;
	}
	return fabs(*v - a->to) > 0.0 ? ACTION_BUSY : ACTION_DONE;
}

/* --- settling, windows, values ------------------------------------------ */

static void begin_settle(struct engine *e, const struct pf_action *a)
{
	for (int i = 0; i < a->symbol_count && i < ENGINE_SETTLE_MAX; i++) {
		uint16_t ref = (uint16_t)a->symbols[i];
		double tolerance_abs = a->tolerance_abs ? a->tolerance_abs[i] : 0.0;

		if (ref < PROFILE_DERIVED_REF) {
			const struct fx_channel *c = &e->fixture->channels[ref];
			double two_steps = 2.0 * c->resolution *
					   (c->unit ? fabs(c->unit->scale) : 1.0);

			if (tolerance_abs < two_steps)
				tolerance_abs = two_steps;
		}
		e->settles[i].ref = ref;
		settle_begin(&e->settles[i].settle, e->now_ns, a->window_ns, a->tolerance_rel,
			     tolerance_abs, samples_zero_si(e, ref));
	}
}

/* The first symbol that is not steady, -1 if all are. */
static int unsteady(struct engine *e, const struct pf_action *a, double *drift, double *spread)
{
	/* nothing to look at shows nothing */
	if (a->symbol_count < 1 || a->symbol_count > ENGINE_SETTLE_MAX)
		return 0;
	for (int i = 0; i < a->symbol_count; i++) {
		struct evaluation ev = {.e = e};

		if (!settle_is_steady(&e->settles[i].settle, e->now_ns, drift, spread) ||
		    !samples_renewed(e, (uint16_t)a->symbols[i]) ||
		    !compute_symbol(&ev, (uint16_t)a->symbols[i], EXPR_LATEST).known)
			return i;
	}
	return -1;
}

/* Did b ask for all that a asked for, no less strictly? */
static bool settle_covers(const struct pf_action *b, const struct pf_action *a)
{
	if (b == a)
		return true;
	if (!a->symbol_count)
		return false;
	if (b->tolerance_rel > a->tolerance_rel || b->window_ns < a->window_ns)
		return false;
	for (int i = 0; i < a->symbol_count; i++) {
		double a_abs = a->tolerance_abs ? a->tolerance_abs[i] : 0.0;
		bool found = false;

		for (int k = 0; k < b->symbol_count && !found; k++)
			found = b->symbols[k] == a->symbols[i] &&
				(b->tolerance_abs ? b->tolerance_abs[k] : 0.0) <= a_abs;
		if (!found)
			return false;
	}
	return true;
}

/* What did not settle stays so for the attempt, unless the same settles later. */
static void has_settled(struct engine *e, const struct pf_action *a)
{
	int kept = 0;

	if (e->unsettled_count > ENGINE_SETTLE_MAX)
		return;
	for (int i = 0; i < e->unsettled_count; i++)
		if (!settle_covers(a, e->unsettled[i]))
			e->unsettled[kept++] = e->unsettled[i];
	e->unsettled_count = kept;
	e->step_unsettled = kept > 0;
}

static void has_not_settled(struct engine *e, const struct pf_action *a)
{
	e->step_unsettled = true;
	for (int i = 0; i < e->unsettled_count && i < ENGINE_SETTLE_MAX; i++)
		if (e->unsettled[i] == a)
			return;
	if (e->unsettled_count < ENGINE_SETTLE_MAX)
		e->unsettled[e->unsettled_count++] = a;
	else
		e->unsettled_count = ENGINE_SETTLE_MAX + 1; /* more than can be told apart */
}

static enum action_result run_settle(struct engine *e, const struct pf_action *a,
				     struct run_action *act)
{
	double drift = NO_NUMBER, spread = NO_NUMBER;
	int which;

	if (!passed(e, act, a->min_ns) && !passed(e, act, a->timeout_ns))
		return ACTION_BUSY;
	which = unsteady(e, a, &drift, &spread);
	if (which < 0) {
		has_settled(e, a);
		return ACTION_DONE;
	}
	if (!passed(e, act, a->timeout_ns))
		return ACTION_BUSY;
	has_not_settled(e, a);
	engine_event(e, "not_settled", NO_NUMBER, "%s: drift %.3g, spread %.3g (SI)",
		     which < a->symbol_count ? compute_name(e, (uint16_t)a->symbols[which])
					     : "nothing",
		     drift, spread);
	return ACTION_DONE;
}

static enum action_result run_capture(struct engine *e, const struct pf_action *a)
{
	struct run_capture *c = &e->captures[a->capture];
	struct evaluation ev = {.e = e};
	struct expr_value v = compute(&ev, a->value);
	struct engine_note note = {.kind = NOTE_CAPTURE,
				   .at_ns = e->now_ns,
				   .step = e->step,
				   .attempt = e->attempt,
				   .text = e->profile->captures[a->capture]};
	double u_si = v.known ? compute_uncertainty(e, a->value) : NO_NUMBER;

	c->known = v.known && isfinite(u_si);
	c->si = c->known ? v.si : 0.0;
	c->u_si = c->known ? u_si : 0.0;
	c->unsettled = e->step_unsettled || ev.unsettled;
	c->why = ev.why ? ev.why : WHY_MATH;
	c->why_ref = ev.why ? ev.why_ref : (uint16_t)(PROFILE_CAPTURE_REF + a->capture);
	c->why_quality = ev.why_quality;
	note.value = c->known ? c->si : NO_NUMBER;
	engine_emit(e, &note);
	return ACTION_DONE;
}

static enum action_result run_measure(struct engine *e, const struct pf_action *a)
{
	for (int i = 0; i < a->measurement_count && e->state == ENGINE_RUNNING; i++)
		measure_take(e, a->measurements[i]);
	return ended_or(e, ACTION_DONE);
}

static void begin(struct engine *e, const struct pf_action *a, struct run_action *act)
{
	*act = (struct run_action){.begun = true,
				   .begun_ns = e->now_ns,
				   .held_since = -1,
				   .false_ns = -1,
				   .last_ns = e->now_ns};
	if (a->kind == PF_WINDOW)
		samples_window_open(e);
	else if (a->kind == PF_SETTLE)
		begin_settle(e, a);
}

enum action_result action_run(struct engine *e, const struct pf_action *a, struct run_action *act)
{
	if (!act->begun)
		begin(e, a, act);
	switch (a->kind) {
	case PF_SET: return run_set(e, a);
	case PF_RAMP: return run_ramp(e, a, act);
	case PF_WAIT: return run_wait(e, a, act);
	case PF_SETTLE: return run_settle(e, a, act);
	case PF_WINDOW: return passed(e, act, a->for_ns) ? ACTION_DONE : ACTION_BUSY;
	case PF_PROMPT: return prompt_run(e, a, act);
	case PF_CAPTURE: return run_capture(e, a);
	case PF_MEASURE: return run_measure(e, a);
	case PF_TRIAL: return trial_run(e, a, act);
	case PF_CHECK: return run_check(e, a, act);
	}
	engine_stop(e, VERDICT_ERROR, ATTRIBUTION_RIG, "unknown_action", "", false);
	return ACTION_ENDED;
}
