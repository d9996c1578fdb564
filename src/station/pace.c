/* SPDX-License-Identifier: MIT
 *
 * How often each device is really read, beside how often its fixture says: a line that was planned
 * to carry its reads (bus/schedule.h) and does not is slower than planned.
 */
#include "station/internal.h"

#include <stdio.h>

enum { PACE_MEMORY = 16, PACE_ENOUGH = 8 };
#define PACE_SLOW 1.25

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
	for (int i = 0; i < r->fixture->bus_count; i++)
		bus_finding(j, r, i, finding);
}
