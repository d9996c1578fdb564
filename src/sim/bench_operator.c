/* SPDX-License-Identifier: MIT
 *
 * The simulated operator: answers prompts a moment later with what the plant shows.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_core.h"

void bench_operator_prompted(struct bench_bay *y)
{
	y->wetting = false;
	if (!y->bench->config.no_operator)
		vtime_set(&y->bench->vt, &y->operator_timer, y->bench->vt.now_ns + BENCH_ANSWER_NS);
}

static void answer(struct bench_bay *y, const struct pf_prompt *p, const char *text)
{
	struct error err;

	session_answer(y->session, p->id, text, "simulated operator", bench_now(y->bench), &err);
}

/* Wet the unit's sensor, look after 5 s whether it alarms and takes no water, wipe it dry. */
static void try_leak_alarm(struct bench_bay *y, const struct pf_prompt *p)
{
	struct bench *b = y->bench;
	bool ok;

	world_run(b->world, b->vt.now_ns);
	if (!y->wetting) {
		y->wetting = true;
		world_wet(b->world, y->index, true);
		vtime_set(&b->vt, &y->operator_timer, b->vt.now_ns + BENCH_ALARM_NS);
		return;
	}
	y->wetting = false;
	ok = world_truth(b->world, y->index, "leak_alarm") > 0.5 &&
	     world_truth(b->world, y->index, "inlet_valve") < 0.01;
	world_wet(b->world, y->index, false);
	answer(y, p, ok ? "yes" : "no");
}

static void read_number(struct bench_bay *y, const struct pf_prompt *p)
{
	struct bench *b = y->bench;
	char text[32];
	double v;

	world_run(b->world, b->vt.now_ns);
	v = world_truth(b->world, y->index, strncmp(p->id, "unit_", 5) == 0 ? p->id + 5 : p->id);
	if (!isfinite(v))
		return; /* nothing to be seen: the prompt runs into its time-out */
	snprintf(text, sizeof(text), "%.4g", v);
	answer(y, p, text);
}

void bench_operator_act(void *ctx, int64_t now_ns)
{
	struct bench_bay *y = ctx;
	const struct pf_prompt *p = session_prompt(y->session, NULL);

	if (!p)
		return;
	switch (p->kind) {
	case PROMPT_SCAN_SERIAL:
		world_run(y->bench->world, now_ns);
		world_scan(y->bench->world, y->index, y->unit_serial);
		/* again, if it was not heard */
		vtime_set(&y->bench->vt, &y->operator_timer, now_ns + 2 * BENCH_ANSWER_NS);
		break;
	case PROMPT_NUMBER: read_number(y, p); break;
	case PROMPT_YES_NO:
		if (!strcmp(p->id, "unit_leak_alarm_ok"))
			try_leak_alarm(y, p);
		else
			answer(y, p, "yes");
		break;
	case PROMPT_CONFIRM: answer(y, p, "ok"); break;
	}
}
