/* SPDX-License-Identifier: MIT
 *
 * Which devices are there, and are they what the fixture says.
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

static bool is_modbus(const struct rig *r, const struct device *d)
{
	enum bus_kind kind = r->f->buses[d->fx->bus].kind;

	return kind == BUS_MODBUS_RTU || kind == BUS_MODBUS_TCP;
}

void device_describe(const struct rig *r, int device, char *dst, size_t size)
{
	const struct device *d = &r->devices[device];
	const struct fx_bus *bus = &r->f->buses[d->fx->bus];

	if (is_modbus(r, d))
		rig_text(dst, size, "%s (unit %d on %s): %s", d->fx->name, d->fx->unit_id,
			 bus->port, d->why[0] ? d->why : "no answer yet");
	else
		rig_text(dst, size, "%s (on %s): %s", d->fx->name, bus->port,
			 d->why[0] ? d->why : "not open yet");
}

static void set_state(struct rig *r, int device, enum device_state state, const char *why)
{
	struct device *d = &r->devices[device];
	char text[IO_TEXT_MAX];

	r->present_count += (state == DEVICE_PRESENT) - (d->state == DEVICE_PRESENT);
	d->state = state;
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
			safe_trip(r, d->carry_bays & safe_powered(r), TRIP_COMMS, -1, -1, 0, text,
				  false);
	}
	safe_devices_changed(r);
}

/* --- identity --- */

void device_ask(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	int refused = 0;

	if (!is_modbus(r, d) || !r->buses[d->fx->bus].up)
		return;
	d->ask++;
	d->ask_waiting = d->identity_count;
	d->ask_wrong = d->ask_silent = false;
	d->asked_ns = r->now_ns;
	d->ask_why[0] = '\0';
	for (int i = 0; i < d->identity_count; i++) {
		struct bus_request q = {.kind = BUS_READ_ONCE,
					.token = token_make(TOKEN_IDENTITY, device, i, d->ask),
					.device = (uint16_t)device,
					.unit = (uint8_t)d->fx->unit_id,
					.function = d->identity[i].read.function,
					.first = d->identity[i].read.first,
					.count = d->identity[i].read.count};

		refused += r->ops.submit(r->ops.ctx, d->fx->bus, &q) != 0;
	}
	if (!refused)
		return;
	d->ask_waiting = 0;
	d->ask_done_ns = r->now_ns;
	device_lost(r, device, "the queue of its bus is full");
}

static void identity_done(struct rig *r, int device)
{
	struct device *d = &r->devices[device];

	d->ask_done_ns = r->now_ns;
	if (d->ask_silent)
		device_lost(r, device, d->ask_why);
	else if (d->ask_wrong && d->state != DEVICE_WRONG)
		set_state(r, device, DEVICE_WRONG, d->ask_why);
	else if (!d->ask_wrong && d->state != DEVICE_PRESENT)
		set_state(r, device, DEVICE_PRESENT, "");
	else
		safe_devices_changed(r);
}

static void compare(struct device *d, int part, const struct bus_event *ev)
{
	const struct driver_identity *id = &d->identity[part];

	for (int i = 0; i < id->read.count && i < 8; i++) {
		uint16_t got = i < ev->count ? ev->data[i] : 0;

		if (i < ev->count && (got & id->mask[i]) == (id->expect[i] & id->mask[i]))
			continue;
		d->ask_wrong = true;
		rig_text(d->ask_why, sizeof(d->ask_why),
			 "not the device of the fixture: %s reads 0x%04x, expected 0x%04x",
			 id->says, got, id->expect[i]);
		return;
	}
}

void device_identity(struct rig *r, int device, int part, uint32_t number,
		     const struct bus_event *ev)
{
	struct device *d = &r->devices[device];

	if (number != d->ask || d->ask_waiting <= 0 || part < 0 || part >= d->identity_count)
		return;
	d->ask_waiting--;
	if (ev->status == BUS_OK) {
		compare(d, part, ev);
	} else if (ev->status == BUS_EXCEPTION) {
		d->ask_wrong = true;
		rig_text(d->ask_why, sizeof(d->ask_why),
			 "not the device of the fixture: it refuses to tell %s (exception %d)",
			 d->identity[part].says, ev->exception);
	} else {
		d->ask_silent = true;
		if (ev->text[0])
			text_copy(d->ask_why, sizeof(d->ask_why), ev->text);
		else
			rig_text(d->ask_why, sizeof(d->ask_why), "%s",
				 ev->status == BUS_NO_REPLY ? "no answer"
							    : bus_status_name(ev->status));
	}
	if (!d->ask_waiting)
		identity_done(r, device);
}

/* --- coming and going --- */

void device_lost(struct rig *r, int device, const char *why)
{
	if (r->devices[device].state != DEVICE_LOST)
		set_state(r, device, DEVICE_LOST, why && *why ? why : "no answer");
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
		if (is_modbus(r, &r->devices[i]))
			device_ask(r, i);
		else if (r->devices[i].state != DEVICE_PRESENT)
			set_state(r, i, DEVICE_PRESENT, "");
	}
}

void device_bus_down(struct rig *r, int bus, const char *why)
{
	r->buses[bus].up = false;
	for (int i = 0; i < r->f->device_count; i++)
		if (r->devices[i].fx->bus == bus) {
			r->devices[i].ask_waiting = 0;
			device_lost(r, i, why);
		}
}

void device_run(struct rig *r)
{
	if (r->present_count == r->f->device_count)
		return;
	for (int i = 0; i < r->f->device_count; i++) {
		struct device *d = &r->devices[i];

		if (d->state == DEVICE_PRESENT || !is_modbus(r, d) || !r->buses[d->fx->bus].up ||
		    d->ask_waiting)
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
