/* SPDX-License-Identifier: MIT
 *
 * How often each device is really read, beside how often its fixture says: a line that was
 * planned to carry its reads (bus/schedule.h) and does not is slower than planned.
 */
#include "pace.h"

#include <stdio.h>

enum { PACE_MEMORY = 16, PACE_ENOUGH = 8 };
#define PACE_SLOW 1.25
#define PACE_LOAD 0.05 /* of the time, beyond the plan: less is the clock's grain */

/* Index of the device's fastest channel, -1 when none is polled. */
static int fastest(const struct fixture *f, int device)
{
	int best = -1;

	for (int i = 0; i < f->channel_count; i++)
		if (f->channels[i].device == device && f->channels[i].poll_ns > 0 &&
		    (best < 0 || f->channels[i].poll_ns < f->channels[best].poll_ns))
			best = i;
	return best;
}

static bool is_planned(const struct fixture *f, int device)
{
	enum bus_kind kind = f->buses[f->devices[device].bus].kind;

	return kind == BUS_MODBUS_RTU || kind == BUS_MODBUS_TCP;
}

void pace_samples(struct rig_link *r, const struct sample *at, int n)
{
	for (int i = 0; i < n; i++) {
		int device = r->fixture->channels[at[i].channel].device;
		struct device_pace *p = &r->devices[device].pace;

		if (!is_planned(r->fixture, device))
			continue;
		if (!p->is_known) {
			p->channel = (int16_t)fastest(r->fixture, device);
			p->is_known = true;
		}
		if (at[i].channel != p->channel || at[i].quality == QUALITY_STALE ||
		    at[i].quality == QUALITY_NO_REPLY || at[i].at_ns <= p->last_ns)
			continue;
		if (p->count == 1)
			p->mean_ns = at[i].at_ns - p->last_ns;
		else if (p->count)
			p->mean_ns += (at[i].at_ns - p->last_ns - p->mean_ns) / PACE_MEMORY;
		p->last_ns = at[i].at_ns;
		p->count += p->count < UINT32_MAX;
	}
}

void pace_line(struct rig_link *r, const struct io_msg *m)
{
	struct device_state *d;

	if (m->u.line.device >= r->fixture->device_count)
		return;
	d = &r->devices[m->u.line.device];
	d->line.is_known = true;
	d->line.turnaround_ms = (double)m->u.line.turnaround_us / 1e3;
	d->line.load = m->u.line.load;
	d->line.planned = m->u.line.planned;
	d->line.damaged = m->u.line.damaged;
}

static void rough_finding(struct json *j, const struct rig_link *r, int device,
			  pace_finding finding)
{
	char text[384];

	snprintf(text, sizeof(text), "device %s: %d of its last 100 answers were damaged",
		 r->fixture->devices[device].name, r->devices[device].line.damaged);
	finding(j, "warning", "line", text,
		"look at termination, bias, screen and length of its line; at 30 of 100 it is lost");
}

/* What the bus carries and how soon its devices answer. */
static void line_finding(struct json *j, const struct rig_link *r, int bus, pace_finding finding)
{
	const struct fixture *f = r->fixture;
	const struct device_state *last = NULL;
	struct text t = {0}, out = {0};

	for (int i = 0; i < f->device_count; i++) {
		const struct device_state *d = &r->devices[i];

		if (f->devices[i].bus != bus || !d->line.is_known || !d->present)
			continue;
		text_printf(&t, "%s %s %.1f", last ? "," : "", f->devices[i].name,
			    d->line.turnaround_ms);
		last = d;
		if (d->line.damaged)
			rough_finding(j, r, i, finding);
	}
	if (last) {
		text_printf(&out,
			    "bus %s is busy %.0f %% of the time (planned: %.0f %%); answers begin "
			    "after ms (planned: at most %.0f):%s",
			    f->buses[bus].name, last->line.load * 100, last->line.planned * 100,
			    (double)f->buses[bus].turnaround_ns / 1e6, t.buf);
		/* planned with the turnarounds measured: beyond 1 the reads come late */
		bool too_much = last->line.planned > 1 ||
				last->line.load > PACE_SLOW * last->line.planned + PACE_LOAD;

		finding(j, too_much ? "warning" : "ok", "line", out.buf,
			too_much ? "more than the line can carry, or was planned to: see its plan "
				   "(benchctl fixture check) and what on it is dead or late"
				 : "");
	}
	text_release(&t);
	text_release(&out);
}

static void slow_finding(struct json *j, const struct rig_link *r, int device, pace_finding finding)
{
	const struct device_pace *p = &r->devices[device].pace;
	char text[384];

	snprintf(text, sizeof(text), "device %s on bus %s is read every %.0f ms; planned: %.0f ms",
		 r->fixture->devices[device].name,
		 r->fixture->buses[r->fixture->devices[device].bus].name, (double)p->mean_ns / 1e6,
		 (double)r->fixture->channels[p->channel].poll_ns / 1e6);
	finding(j, "warning", "pace", text,
		"see the line's plan (benchctl fixture check), its adapter's timer, and what on it is dead "
		"or late");
}

/* One line per bus: its devices, measured beside planned. */
static void bus_finding(struct json *j, const struct rig_link *r, int bus, pace_finding finding)
{
	const struct fixture *f = r->fixture;
	struct text t = {0};
	int devices = 0;

	text_printf(&t, "bus %s, read every (planned):", f->buses[bus].name);
	for (int d = 0; d < f->device_count; d++) {
		const struct device_pace *p = &r->devices[d].pace;

		if (f->devices[d].bus != bus || p->count < PACE_ENOUGH || !r->devices[d].present)
			continue;
		text_printf(&t, "%s %s %.0f (%.0f) ms", devices++ ? "," : "", f->devices[d].name,
			    (double)p->mean_ns / 1e6,
			    (double)f->channels[p->channel].poll_ns / 1e6);
		if ((double)p->mean_ns > PACE_SLOW * (double)f->channels[p->channel].poll_ns)
			slow_finding(j, r, d, finding);
	}
	if (devices)
		finding(j, "ok", "pace", t.buf, "");
	text_release(&t);
}

void pace_findings(struct json *j, const struct rig_link *r, pace_finding finding)
{
	for (int i = 0; i < r->fixture->bus_count; i++) {
		bus_finding(j, r, i, finding);
		line_finding(j, r, i, finding);
	}
}
