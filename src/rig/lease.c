/* SPDX-License-Identifier: MIT
 *
 * Leases: a bay's outputs are held by images that keep coming, and by nothing else. One that ended
 * never holds again: its number is spent, and a lease begins with its first image only.
 */
#include <math.h>
#include "core.h"

static int check_image(const struct rig *r, const struct io_msg *m, struct error *err)
{
	const struct bay *b = &r->bays[m->u.image.bay];

	if (m->u.image.count != b->output_count)
		return error_set(err, ERR_PROTOCOL, "an image of %d outputs; bay %s has %d",
				 m->u.image.count, r->f->bays[m->u.image.bay].name,
				 b->output_count);
	for (int i = 0; i < b->output_count; i++) {
		const struct fx_output *o = &r->f->outputs[b->outputs[i]];
		double v = m->u.image.value[i];

		if (b->outputs[i] == r->f->dead_man)
			continue;
		if (o->kind == OUTPUT_SETPOINT ? v < o->min - 1e-9 || v > o->max + 1e-9
					       : fabs(v) > 0 && fabs(v - 1) > 0)
			return error_set(err, ERR_PROTOCOL,
					 "an image wants %s at %g, which it cannot be", o->name, v);
	}
	return 0;
}

static void want(struct rig *r, struct bay *b, int output, double value)
{
	if (fabs(b->want[output] - value) > 0)
		r->want_changed = true;
	b->want[output] = value;
}

static void take_image(struct rig *r, struct bay *b, const struct io_msg *m)
{
	b->seq = m->u.image.seq;
	b->image_ns = r->now_ns;
	for (int i = 0; i < b->output_count; i++)
		if (b->outputs[i] != r->f->dead_man)
			want(r, b, b->outputs[i], m->u.image.value[i]);
}

int lease_image(struct rig *r, const struct io_msg *m, struct error *err)
{
	struct bay *b;
	int rc;

	if (m->u.image.bay >= r->f->bay_count)
		return error_set(err, ERR_PROTOCOL, "an image for bay number %d", m->u.image.bay);
	rc = check_image(r, m, err);
	if (rc)
		return rc;
	b = &r->bays[m->u.image.bay];
	if (b->state == BAY_ACTIVE) {
		/* a repeated or older one renews nothing */
		if (m->u.image.lease == b->lease && m->u.image.seq > b->seq)
			take_image(r, b, m);
		return 0;
	}
	/* Only a lease's own first image begins it: one cut short by a drop cannot go on, nor after
	 * a restart. */
	if (b->state != BAY_READY || r->ending || m->u.image.lease <= b->lease ||
	    m->u.image.seq > 1) {
		b->tell_state = true;
		return 0;
	}
	b->lease = m->u.image.lease;
	take_image(r, b, m);
	safe_activate(r, m->u.image.bay);
	return 0;
}

void lease_run(struct rig *r)
{
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];

		if (b->state != BAY_ACTIVE)
			continue;
		if (r->now_ns - b->image_ns < IO_LEASE_NS) {
			rig_due(r, b->image_ns + IO_LEASE_NS);
			continue;
		}
		safe_trip(r, 1u << bay, TRIP_COMMS, -1, 0,
			  "lease lost: no image of benchd for 500 ms", false);
	}
}

void lease_link_lost(struct rig *r)
{
	uint32_t bays = 0;

	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (r->bays[bay].state == BAY_ACTIVE)
			bays |= 1u << bay;
	if (bays)
		safe_trip(r, bays, TRIP_COMMS, -1, 0, "lease lost: the link to benchd is gone",
			  false);
}
