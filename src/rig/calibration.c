/* SPDX-License-Identifier: MIT
 *
 * Calibrations that benchd sends: what people found a channel to be off by. They are applied between
 * runs only, within the bounds of fixture_calibration_check; one that is not applied leaves the one
 * in force as it was, and benchd is told why.
 */
#include "core.h"

void calibration_reset(struct rig *r)
{
	for (int i = 0; i < r->f->channel_count; i++) {
		const struct fx_calibration *k = &r->channels[i].fx->calibration;

		if (k->revision > 0)
			channel_calibrate(r, i, (uint32_t)k->revision, k->gain, k->offset);
		else
			channel_calibrate(r, i, 0, 1, 0);
	}
}

/* The first bay with that channel whose outputs a lease holds, -1: none. */
static int held_bay(const struct rig *r, const struct fx_channel *c)
{
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if ((c->bays >> bay & 1) && r->bays[bay].state == BAY_ACTIVE)
			return bay;
	return -1;
}

int calibration_message(struct rig *r, const struct io_msg *m, struct error *err)
{
	int i = m->u.calibration.channel, held;
	struct error why = {0};
	struct channel *c;

	if (i >= r->f->channel_count)
		return error_set(err, ERR_PROTOCOL, "a calibration of channel number %d", i);
	c = &r->channels[i];
	held = held_bay(r, c->fx);
	if (c->is_state || !c->fx->unit)
		error_set(&why, ERR_RANGE, "it is no measured quantity");
	else if (held >= 0)
		error_set(&why, ERR_BUSY, "a run holds bay %s", r->f->bays[held].name);
	else if (!fixture_calibration_check(c->fx, m->u.calibration.gain, m->u.calibration.offset,
					    &why))
		channel_calibrate(r, i, m->u.calibration.revision, m->u.calibration.gain,
				  m->u.calibration.offset);
	if (why.text[0])
		rig_log(r, LOG_LEVEL_WARNING, "calibration %u of %s is not applied: %s",
			m->u.calibration.revision, c->fx->name, why.text);
	report_calibrated(r, i, why.text);
	return 0;
}
