/* SPDX-License-Identifier: MIT
 *
 * Which devices are there; whether they are what the fixture says is identity.c's.
 *
 *	UNKNOWN --identity right--> PRESENT		[identity_done]
 *	UNKNOWN, PRESENT --identity wrong--> WRONG	[identity_done]
 *	any --no answer, port down--> LOST		[device_lost]
 *	LOST, WRONG --identity right--> PRESENT		[identity_done]
 *
 * Devices of GPIO chips and serial ports are there when their port is.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

bool device_is_modbus(const struct rig *r, const struct device *d)
{
	enum bus_kind kind = r->f->buses[d->fx->bus].kind;

	return kind == BUS_MODBUS_RTU || kind == BUS_MODBUS_TCP;
}

void device_describe(const struct rig *r, int device, char *dst, size_t size)
{
	const struct device *d = &r->devices[device];
	const struct fx_bus *bus = &r->f->buses[d->fx->bus];

	if (device_is_modbus(r, d))
		rig_text(dst, size, "%s (unit %d on %s): %s", d->fx->name, d->fx->unit_id,
			 bus->port, d->why[0] ? d->why : "no answer yet");
	else
		rig_text(dst, size, "%s (on %s): %s", d->fx->name, bus->port,
			 d->why[0] ? d->why : "not open yet");
}

void device_set_state(struct rig *r, int device, enum device_state state, const char *why)
{
	struct device *d = &r->devices[device];
	char text[IO_TEXT_MAX];

	r->present_count += (state == DEVICE_PRESENT) - (d->state == DEVICE_PRESENT);
	d->state = state;
	r->stirred = true;
	text_copy(d->why, sizeof(d->why), state == DEVICE_PRESENT ? "" : why);
	report_device(r, device);
	if (state == DEVICE_PRESENT) {
		if (d->told_lost)
			rig_log(r, LOG_LEVEL_INFO, "device %s is back", d->fx->name);
		d->told_lost = false;
		board_back(r, device);
	} else {
		device_describe(r, device, text, sizeof(text));
		if (!d->told_lost)
			rig_log(r, LOG_LEVEL_WARNING, "device %s", text);
		d->told_lost = true;
		channel_device_lost(r, device);
		board_lost(r, device);
		if (d->carry_bays & safe_powered(r))
			safe_trip(r, d->carry_bays & safe_powered(r), TRIP_COMMS, -1, 0, text,
				  false);
	}
	safe_devices_changed(r);
}

/* --- coming and going --- */

void device_lost(struct rig *r, int device, const char *why)
{
	if (r->devices[device].state != DEVICE_LOST)
		device_set_state(r, device, DEVICE_LOST, why && *why ? why : "no answer");
}

void device_back(struct rig *r, int device)
{
	struct device *d = &r->devices[device];

	if (d->state != DEVICE_PRESENT && !d->ask_waiting)
		device_ask(r, device);
}

void device_bus_up(struct rig *r, int bus)
{
	r->buses[bus].up = true;
	for (int i = 0; i < r->f->device_count; i++) {
		if (r->devices[i].fx->bus != bus)
			continue;
		r->devices[i].ask_waiting = 0; /* what was asked before went down with the port */
		if (device_is_modbus(r, &r->devices[i]))
			device_ask(r, i);
		else if (r->devices[i].printer)
			printer_bus_up(r, i);
		else if (r->devices[i].state != DEVICE_PRESENT)
			device_set_state(r, i, DEVICE_PRESENT, "");
	}
}

void device_bus_down(struct rig *r, int bus, const char *why)
{
	r->buses[bus].up = false;
	for (int i = 0; i < r->f->device_count; i++)
		if (r->devices[i].fx->bus == bus) {
			r->devices[i].ask_waiting = 0;
			if (r->devices[i].printer)
				printer_bus_down(r, i, why);
			else
				device_lost(r, i, why);
		}
}

void device_measured(struct rig *r, const struct bus_event *ev)
{
	struct device *d = &r->devices[ev->device < r->f->device_count ? ev->device : 0];
	uint8_t was = d->damaged;

	if (ev->device >= r->f->device_count)
		return;
	d->turnaround_us = (uint32_t)(ev->turnaround_ns / 1000) + 1;
	d->load = ev->load;
	d->damaged = ev->damaged;
	if (d->damaged && !was)
		rig_log(r, LOG_LEVEL_WARNING,
			"device %s: %d of its last 100 answers were damaged: look at termination, "
			"bias, screen and length of its line",
			d->fx->name, d->damaged);
	else if (was && !d->damaged)
		rig_log(r, LOG_LEVEL_INFO, "device %s: its answers come whole again", d->fx->name);
	report_line(r, ev->device);
}

void device_run(struct rig *r)
{
	if (r->present_count == r->f->device_count)
		return;
	for (int i = 0; i < r->f->device_count; i++) {
		struct device *d = &r->devices[i];

		if (d->state == DEVICE_PRESENT || !device_is_modbus(r, d) ||
		    !r->buses[d->fx->bus].up || d->ask_waiting)
			continue;
		if (r->now_ns - d->asked_ns >= ASK_AGAIN_NS)
			device_ask(r, i);
		rig_due(r, d->asked_ns + ASK_AGAIN_NS);
	}
}

void device_need(struct rig *r)
{
	for (int i = 0; i < r->f->device_count; i++) {
		struct device *d = &r->devices[i];
		bool needed = false;

		for (int bay = 0; bay < r->f->bay_count; bay++) {
			const struct bay *b = &r->bays[bay];

			if (d->bays >> bay & 1)
				needed = needed || b->checking || b->state == BAY_SECURING ||
					 b->state == BAY_ACTIVE || b->state == BAY_STOPPING;
		}
		if (needed == d->told_needed)
			continue;
		d->told_needed = needed;
		r->ops.need(r->ops.ctx, d->fx->bus, (uint16_t)i, needed);
	}
}

int device_missing(const struct rig *r, int bay, bool *settled)
{
	int missing = -1;

	*settled = true;
	for (int i = 0; i < r->f->device_count; i++) {
		const struct device *d = &r->devices[i];

		if (!(d->bays >> bay & 1) || d->state == DEVICE_PRESENT)
			continue;
		if (d->state == DEVICE_UNKNOWN || d->ask_waiting)
			*settled = false;
		/* one that is known to be away tells more than one not heard of yet */
		if (missing < 0 || r->devices[missing].state == DEVICE_UNKNOWN)
			missing = i;
	}
	return missing;
}
