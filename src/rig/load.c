/* SPDX-License-Identifier: MIT
 *
 * What each line has to carry, and the refusal of a fixture that asks for more.
 */
#include <stdlib.h>
#include "base/text.h"
#include "core.h"
#include "rig/load.h"

/* By the fixture's own periods, whatever the speed. */
static bool input(const struct rig *r, int bus, struct schedule_input *in, struct bus_read **reads)
{
	const struct fx_bus *fx = &r->f->buses[bus];
	const struct rig_bus *b = &r->buses[bus];

	if ((fx->kind != BUS_MODBUS_RTU && fx->kind != BUS_MODBUS_TCP) ||
	    (fx->kind == BUS_MODBUS_RTU && fx->baud <= 0))
		return false;
	*in = (struct schedule_input){.read_count = b->read_count};
	plan_line_init(&in->line, fx);
	*reads = xcalloc((size_t)b->read_count + 1, sizeof(**reads));
	for (int i = 0; i < b->read_count; i++) {
		(*reads)[i] = b->reads[i];
		(*reads)[i].period_ns = b->read_period_ns[i];
	}
	in->reads = *reads;
	return true;
}

bool rig_plan(const struct rig *r, int bus, struct schedule *out)
{
	struct schedule_input in;
	struct bus_read *reads;
	bool ok;

	if (!input(r, bus, &in, &reads))
		return false;
	ok = schedule_make(&in, out) == 0;
	free(reads);
	return ok;
}

int rig_plan_users(const struct rig *r, int bus, int read, int16_t *out, int max)
{
	const struct rig_bus *b = &r->buses[bus];
	int n = 0;

	for (int i = b->first_user[read]; i < b->first_user[read + 1] && n < max; i++)
		out[n++] = b->users[i];
	return n;
}

int64_t rig_plan_worst_ns(const struct rig *r, int bus)
{
	return bus_worst_transaction_ns(&r->f->buses[bus], r->buses[bus].reads,
					r->buses[bus].read_count);
}

/* The channel that asks for this read at its rate, NULL when only a read-back does. */
static const struct fx_channel *fastest(const struct rig *r, int bus, int read)
{
	const struct rig_bus *b = &r->buses[bus];
	const struct fx_channel *best = NULL;

	for (int i = b->first_user[read]; i < b->first_user[read + 1]; i++) {
		const struct fx_channel *c;

		if (b->users[i] < 0)
			continue;
		c = &r->f->channels[b->users[i]];
		if (!best || c->poll_ns < best->poll_ns)
			best = c;
	}
	return best;
}

static void tell(const struct rig *r, int bus, const struct schedule_input *in,
		 const struct schedule *s, struct problems *p)
{
	const struct fx_device *device;
	const struct fx_channel *channel;
	struct schedule_excess e;
	struct text t = {0};

	schedule_excess(in, s, &e);
	if (e.read < 0)
		return;
	device = r->devices[in->reads[e.read].device].fx;
	channel = fastest(r, bus, e.read);
	text_printf(&t, "bus %s cannot carry its reads: they take %.0f %% of its time",
		    r->f->buses[bus].name, s->load * 100);
	text_printf(&t, "; %s alone takes %.0f %%, asked every %.0f ms", device->name,
		    e.share * 100, (double)in->reads[e.read].period_ns / 1e6);
	if (e.device_fits_ns)
		text_printf(&t, "; every %.0f ms or slower fits", (double)e.device_fits_ns / 1e6);
	else
		text_printf(&t, "; all of them %.1f times slower fit", e.all_slower + 0.05);
	problems_add(p, r->f->path, channel ? channel->line : device->line,
		     channel ? channel->col : device->col, NULL, "%s", t.buf);
	text_release(&t);
}

int build_load(struct rig *r, struct problems *p)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	struct schedule_input in;
	struct bus_read *reads;
	int bad = 0;

	for (int i = 0; i < r->f->bus_count; i++) {
		if (!input(r, i, &in, &reads))
			continue;
		if (schedule_make(&in, s) == 0)
			r->buses[i].planned = s->load;
		if (r->buses[i].planned > 1) {
			tell(r, i, &in, s, p);
			bad = ERR_CONFIG;
		}
		free(reads);
	}
	free(s);
	return bad;
}
