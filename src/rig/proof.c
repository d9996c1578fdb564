/* SPDX-License-Identifier: MIT
 *
 * What shows that a bay is safe, and the check before a run: nothing here changes a bay's state.
 */
#include <stdio.h>
#include "core.h"

/* The board that is not confirmed yet, -1: none. */
int proof_board(const struct rig *r, int bay)
{
	for (int i = 0; i < r->f->device_count; i++) {
		const struct device *d = &r->devices[i];

		if ((d->output_bays >> bay & 1) && d->board.count &&
		    (!d->board.confirmed || d->board.dirty))
			return i;
	}
	return -1;
}

static bool is_shown(struct expr_value v)
{
	return v.known && v.si > 0.5;
}

/* The expression not shown yet, -1: none. Only readings made since the proof began count, and they
 * have to show it as they were read, too. */
int proof_expression(const struct rig *r, int bay)
{
	for (int i = 0; i < r->f->proof_count; i++) {
		struct judgement j = interlock_judge(r, r->f->proof[i], bay, r->bays[bay].proof_ns);

		if (!is_shown(j.calibrated) || !is_shown(j.as_read))
			return i;
	}
	return -1;
}

static void describe_value(const struct channel *c, bool as_read, const struct expr *e, char *dst,
			   size_t size)
{
	char shown[64];

	snprintf(shown, sizeof(shown), "%.4g %s", channel_shown(c, as_read), c->fx->unit->name);
	rig_text(dst, size,
		 as_read ? "not shown: %s: %s is %s before calibration" : "not shown: %s: %s is %s",
		 expr_text(e), c->fx->name, shown);
}

static void describe_expression(const struct rig *r, int bay, int i, char *dst, size_t size)
{
	const struct expr *e = r->f->proof[i];
	int channel = interlock_channel(r, e, bay);
	const struct channel *c = channel >= 0 ? &r->channels[channel] : NULL;

	if (!c)
		rig_text(dst, size, "not shown: %s", expr_text(e));
	else if (c->now.quality != QUALITY_GOOD)
		rig_text(dst, size, "not shown: %s: %s is %s", expr_text(e), c->fx->name,
			 c->now.quality ? quality_text((enum quality)c->now.quality) : "not known");
	else if (c->now.at_ns < r->bays[bay].proof_ns)
		rig_text(dst, size, "not shown: %s: no new reading of %s", expr_text(e),
			 c->fx->name);
	else
		describe_value(c, is_shown(interlock_eval(r, e, bay, INT64_MIN)), e, dst, size);
}

void proof_describe(const struct rig *r, int bay, char *dst, size_t size)
{
	int board = proof_board(r, bay), i;

	if (board >= 0) {
		const struct device *d = &r->devices[board];
		const char *why = d->board.why[0] ? d->board.why : d->why;

		rig_text(dst, size, "outputs of %s (on %s) are not read back: %s", d->fx->name,
			 r->f->buses[d->fx->bus].port, why[0] ? why : "no answer yet");
		return;
	}
	i = proof_expression(r, bay);
	if (i >= 0)
		describe_expression(r, bay, i, dst, size);
	else
		rig_text(dst, size, "outputs read back, %d condition%s shown", r->f->proof_count,
			 r->f->proof_count == 1 ? "" : "s");
}

/* --- check before a run --- */

void check_begin(struct rig *r, int bay, uint32_t token)
{
	struct bay *b = &r->bays[bay];
	char text[IO_TEXT_MAX];

	if (b->state != BAY_READY || b->checking) {
		rig_text(text, sizeof(text), "the bay is %s%s%s",
			 b->checking ? "being checked" : bay_state_name(b->state),
			 b->reason[0] ? ": " : "", b->reason);
		report_proof(r, bay, SAFE_CHECK, token, false, text, 0);
		return;
	}
	b->checking = true;
	b->check_token = token;
	b->check_ns = r->now_ns;
	b->check_began_ns = r->run_ns;
	b->check_deadline_ns = r->now_ns + CHECK_NS;
	for (int i = 0; i < r->f->device_count; i++) {
		if (!(r->devices[i].bays >> bay & 1))
			continue;
		if (!r->devices[i].ask_waiting)
			device_ask(r, i);
		if (r->devices[i].output_bays >> bay & 1)
			board_set(r, i, false, true);
	}
}

void check_run(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];
	char text[IO_TEXT_MAX] = "devices and outputs are as they should be";
	bool settled, all_asked = true;
	int missing = device_missing(r, bay, &settled), board = proof_board(r, bay);

	for (int i = 0; i < r->f->device_count; i++)
		if ((r->devices[i].bays >> bay & 1) && r->devices[i].identity_count &&
		    (r->devices[i].ask_waiting || r->devices[i].ask_done_ns < b->check_ns))
			all_asked = false;
	if (b->state == BAY_READY && missing < 0 && r->now_ns < b->check_deadline_ns &&
	    (!all_asked || board >= 0)) {
		rig_due(r, b->check_deadline_ns);
		return;
	}
	b->checking = false;
	if (missing >= 0)
		device_describe(r, missing, text, sizeof(text));
	else if (b->state != BAY_READY)
		rig_text(text, sizeof(text), "the bay is %s: %s", bay_state_name(b->state),
			 b->reason);
	else if (board >= 0)
		proof_describe(r, bay, text, sizeof(text));
	else if (!all_asked)
		rig_text(text, sizeof(text), "a device did not tell what it is in time");
	report_proof(r, bay, SAFE_CHECK, b->check_token,
		     b->state == BAY_READY && missing < 0 && board < 0 && all_asked, text,
		     r->run_ns - b->check_began_ns);
}
