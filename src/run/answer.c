/* SPDX-License-Identifier: MIT
 *
 * Prompts. One that nobody answers in time ends the run, and every end makes the bay safe: aborted,
 * or inconclusive when the plate that was scanned is another unit's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "impl.h"

static void note_answer(struct engine *e, const char *code, const char *text, const char *who)
{
	struct engine_note note = {.kind = NOTE_ANSWER,
				   .at_ns = e->now_ns,
				   .step = e->step,
				   .attempt = e->attempt,
				   .prompt = e->prompt,
				   .code = code,
				   .text = text,
				   .who = who};

	engine_emit(e, &note);
}

/* Nobody can say any more which unit was measured: at best inconclusive. */
static void end_in_doubt(struct engine *e)
{
	char text[120];

	snprintf(text, sizeof text, "the serial on the bay is not %s", e->serial);
	engine_event(e, "serial_mismatch", NO_NUMBER, "%s", text);
	step_finish(e, VERDICT_INCONCLUSIVE, "serial_mismatch", text);
}

static enum action_result unanswered(struct engine *e)
{
	char text[120];

	note_answer(e, "timeout", NULL, NULL);
	if (e->prompt_mismatch) {
		end_in_doubt(e);
	} else {
		snprintf(text, sizeof text, "%s was not answered", e->prompt->id);
		engine_event(e, "prompt_timeout", NO_NUMBER, "%s", text);
		/* All is measured by then: a fail stays one, a pass lacks what was asked for. */
		if (step_is_teardown(e))
			step_finish(e, VERDICT_INCONCLUSIVE, "prompt_timeout", text);
		else
			engine_stop(e, VERDICT_ABORTED, 0, "prompt_timeout", text, false);
	}
	return ACTION_ENDED;
}

enum action_result prompt_run(struct engine *e, const struct pf_action *a, struct run_action *act)
{
	if (!e->prompt && !e->prompt_answered) {
		struct engine_note note = {.kind = NOTE_PROMPT,
					   .at_ns = e->now_ns,
					   .step = e->step,
					   .attempt = e->attempt,
					   .prompt = a->prompt,
					   .prompt_timeout_ns = a->timeout_ns};

		e->prompt = a->prompt;
		e->prompt_deadline_ns = act->begun_ns + a->timeout_ns;
		e->prompt_mismatch = false;
		engine_emit(e, &note);
	}
	if (e->prompt_answered) {
		e->prompt_answered = false;
		return ACTION_DONE;
	}
	return e->now_ns >= e->prompt_deadline_ns ? unanswered(e) : ACTION_BUSY;
}

static void accept(struct engine *e, const char *answer, const char *who)
{
	note_answer(e, "answered", answer, who);
	e->prompt = NULL;
	e->prompt_answered = true;
}

static void decide(struct engine *e, int m, bool good)
{
	if (m >= 0)
		measure_decide(e, m, good ? VERDICT_PASS : VERDICT_FAIL, 0,
			       good ? NULL : "answered no");
}

/* Half of the last digit typed, spread evenly (GUM, JCGM 100, F.2.2.1): no number read off a
 * display is exact. In the unit it was typed in. */
static double digit_uncertainty(const char *number)
{
	const char *exponent = strpbrk(number, "eE"), *point = strchr(number, '.');
	const char *end = exponent ? exponent : number + strlen(number);
	int digits = point && point < end ? (int)strspn(point + 1, "0123456789") : 0;
	long shift = exponent ? strtol(exponent + 1, NULL, 10) : 0;

	return 0.5 * pow(10.0, (double)shift - digits) / sqrt(3.0);
}

static int answer_number(struct engine *e, const struct pf_prompt *p, const char *answer,
			 const char *who, struct error *err)
{
	const char *unit = p->unit ? p->unit->name : "";
	double v;

	if (!text_to_double(answer, strlen(answer), &v))
		return error_set(err, ERR_SYNTAX, "\"%s\" is no number; expected one in %s", answer,
				 *unit ? unit : "plain digits");
	if (p->min < p->max && (v < p->min || v > p->max))
		return error_set(err, ERR_RANGE, "%s is outside %g..%g %s", answer, p->min, p->max,
				 unit);
	accept(e, answer, who);
	if (p->capture >= 0)
		e->captures[p->capture] = (struct run_capture){
			.known = true,
			.si = p->unit ? unit_to_si(p->unit, v) : v,
			.u_si = digit_uncertainty(answer) * (p->unit ? fabs(p->unit->scale) : 1.0)};
	return 0;
}

static int answer_serial(struct engine *e, const struct pf_prompt *p, const char *answer,
			 const char *who, struct error *err)
{
	bool same = e->serial[0] && !strcmp(answer, e->serial);

	if (!same)
		engine_event(e, "serial_mismatch", NO_NUMBER, "scanned %.60s", answer);
	if (!same && !e->identified) {
		e->prompt_mismatch = true;
		return error_set(err, ERR_CONFLICT,
				 "scanned %.60s, the ticket is for %s; scan the plate of that unit",
				 answer, e->serial);
	}
	accept(e, answer, who);
	if (!same) {
		end_in_doubt(e);
		return error_set(err, ERR_CONFLICT,
				 "scanned %.60s, the run began with %s: it ends inconclusive",
				 answer, e->serial);
	}
	e->identified = true;
	decide(e, p->measurement, true);
	return 0;
}

bool engine_is_identified(const struct engine *e)
{
	return e->identified;
}

static int do_answer(struct engine *e, const char *prompt_id, const char *answer, const char *who,
		     int64_t now_ns, struct error *err)
{
	const struct pf_prompt *p = e->prompt;
	bool yes = !strcmp(answer, "yes");

	if (!p)
		return error_set(err, ERR_STATE, "no question is open");
	if (strcmp(p->id, prompt_id))
		return error_set(err, ERR_STATE, "no prompt \"%s\" is open", prompt_id);
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	switch (p->kind) {
	case PROMPT_NUMBER: return answer_number(e, p, answer, who, err);
	case PROMPT_SCAN_SERIAL: return answer_serial(e, p, answer, who, err);
	case PROMPT_YES_NO:
		if (!yes && strcmp(answer, "no"))
			return error_set(err, ERR_SYNTAX, "\"%s\" is no answer; expected yes or no",
					 answer);
		accept(e, answer, who);
		decide(e, p->measurement, yes);
		return 0;
	case PROMPT_CONFIRM:
		if (!yes && strcmp(answer, "ok"))
			return error_set(err, ERR_SYNTAX, "\"%s\" is no answer; expected ok",
					 answer);
		accept(e, answer, who);
		decide(e, p->measurement, true);
		return 0;
	}
	return error_set(err, ERR_STATE, "prompt \"%s\" takes no answer", prompt_id);
}

int engine_answer(struct engine *e, const char *prompt_id, const char *answer, const char *who,
		  int64_t now_ns, struct error *err)
{
	int rc;

	if (e->entered)
		return error_set(err, ERR_STATE, "the run is at work; answer again");
	engine_enter(e);
	rc = do_answer(e, prompt_id, answer, who, now_ns, err);
	engine_leave(e);
	return rc;
}
