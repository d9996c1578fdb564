/* SPDX-License-Identifier: MIT
 *
 * What a device says it is, asked when it comes and before each run: its identity, what has to stay
 * as it was first heard, and its settings. Settings are written only once the identity is right:
 * nothing is ever set in a device that the fixture does not mean.
 *
 *	asked (identity and settings read) --all right--> PRESENT
 *	asked --identity right, settings differ--> written --read back--> PRESENT
 *	asked, written --wrong, refused, does not stay--> WRONG
 *	asked, written --no answer--> LOST
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

/* Parts of a token: identity reads from 0, then reads and writes of settings. */
enum { PART_SETTING = 16, PART_WRITE = 32 };

static int submit(struct rig *r, int device, int part, struct bus_request *q)
{
	struct device *d = &r->devices[device];

	q->token = token_make(TOKEN_IDENTITY, device, part, d->ask);
	q->device = (uint16_t)device;
	q->unit = (uint8_t)d->fx->unit_id;
	return r->ops.submit(r->ops.ctx, d->fx->bus, q);
}

static int read_part(struct rig *r, int device, int part, uint8_t function, uint16_t first,
		     uint16_t count)
{
	struct bus_request q = {
		.kind = BUS_READ_ONCE, .function = function, .first = first, .count = count};

	return submit(r, device, part, &q);
}

static void queue_full(struct rig *r, int device)
{
	struct device *d = &r->devices[device];

	d->ask_waiting = 0;
	d->ask_done_ns = r->now_ns;
	device_lost(r, device, "the queue of its bus is full");
}

void device_ask(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	int refused = 0;

	if (!device_is_modbus(r, d) || !r->buses[d->fx->bus].up)
		return;
	d->ask++;
	d->ask_waiting = d->identity_count + d->setting_count;
	d->ask_wrong = d->ask_silent = false;
	d->asked_ns = r->now_ns;
	d->ask_why[0] = '\0';
	d->settings_differ = 0;
	for (int i = 0; i < d->identity_count; i++) {
		const struct driver_read *read = &d->identity[i].read;

		refused += read_part(r, device, i, read->function, read->first, read->count) != 0;
	}
	for (int i = 0; i < d->setting_count; i++) {
		const struct bus_request *s = &d->settings[i];

		refused += read_part(r, device, PART_SETTING + i, s->verify_function,
				     s->verify_first, s->verify_count) != 0;
	}
	if (refused)
		queue_full(r, device);
}

/* The identity is right: what is not set as it has to be is set. */
static void write_settings(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	uint32_t differ = d->settings_differ;
	int refused = 0;

	d->settings_differ = 0;
	d->ask_waiting = __builtin_popcount(differ);
	for (int i = 0; i < d->setting_count; i++) {
		struct bus_request q = d->settings[i];

		if (differ >> i & 1)
			refused += submit(r, device, PART_WRITE + i, &q) != 0;
	}
	rig_log(r, LOG_LEVEL_INFO, "device %s: %d setting%s written", d->fx->name, d->ask_waiting,
		d->ask_waiting == 1 ? "" : "s");
	if (refused)
		queue_full(r, device);
}

static void identity_done(struct rig *r, int device)
{
	struct device *d = &r->devices[device];

	if (!d->ask_silent && !d->ask_wrong && d->settings_differ) {
		write_settings(r, device);
		return;
	}
	d->ask_done_ns = r->now_ns;
	if (!d->ask_silent && !d->ask_wrong && !d->has_first) {
		memcpy(d->first, d->heard, sizeof(d->first));
		d->has_first = true;
	}
	if (d->ask_silent)
		device_lost(r, device, d->ask_why);
	else if (d->ask_wrong && d->state != DEVICE_WRONG)
		device_set_state(r, device, DEVICE_WRONG, d->ask_why);
	else if (!d->ask_wrong && d->state != DEVICE_PRESENT)
		device_set_state(r, device, DEVICE_PRESENT, "");
	else
		safe_devices_changed(r);
}

static void compare(struct device *d, int part, const struct bus_event *ev)
{
	const struct driver_identity *id = &d->identity[part];

	for (int i = 0; i < id->read.count && i < 8; i++) {
		uint16_t got = i < ev->count ? ev->data[i] : 0;
		bool changed = id->stays && !id->mask[i] && d->has_first &&
			       got != d->first[part][i];

		d->heard[part][i] = got;
		if (i < ev->count && !changed &&
		    (got & id->mask[i]) == (id->expect[i] & id->mask[i]))
			continue;
		d->ask_wrong = true;
		if (changed)
			rig_text(
				d->ask_why, sizeof(d->ask_why),
				"not the device that was here: %s reads 0x%04x and was 0x%04x; if it "
				"was exchanged: benchctl device accept",
				id->says, got, d->first[part][i]);
		else
			rig_text(d->ask_why, sizeof(d->ask_why),
				 "not the device of the fixture: %s reads 0x%04x, expected 0x%04x",
				 id->says, got, id->expect[i]);
		return;
	}
}

static void compare_setting(struct device *d, int setting, const struct bus_event *ev)
{
	const struct bus_request *s = &d->settings[setting];

	for (int i = 0; i < s->verify_count; i++) {
		uint16_t got = i < ev->count ? ev->data[i] : 0;

		if (i >= ev->count || ((got ^ s->verify_expect[i]) & s->verify_mask[i]))
			d->settings_differ |= UINT32_C(1) << setting;
	}
}

static void failed(struct device *d, int part, const struct bus_event *ev)
{
	bool setting = part >= PART_SETTING, refused = ev->status == BUS_EXCEPTION;
	int at = setting ? d->settings[part & 15].verify_first : 0;

	if (refused || ev->status == BUS_MISMATCH) {
		d->ask_wrong = true;
		if (!setting)
			rig_text(d->ask_why, sizeof(d->ask_why),
				 "not the device of the fixture: it refuses to tell %s (exception "
				 "%d)",
				 d->identity[part].says, ev->exception);
		else if (refused)
			rig_text(d->ask_why, sizeof(d->ask_why),
				 "it refuses the setting at 0x%04x (exception %d)", at,
				 ev->exception);
		else
			rig_text(d->ask_why, sizeof(d->ask_why),
				 "the setting at 0x%04x does not stay as it is written", at);
		return;
	}
	d->ask_silent = true;
	if (ev->text[0])
		text_copy(d->ask_why, sizeof(d->ask_why), ev->text);
	else
		rig_text(d->ask_why, sizeof(d->ask_why), "%s",
			 ev->status == BUS_NO_REPLY ? "no answer" : bus_status_name(ev->status));
}

static bool has_to_stay(const struct driver_identity *id, int i)
{
	return id->stays && i < id->read.count && i < 8 && !id->mask[i];
}

void device_identity_text(const struct device *d, char *dst, size_t size)
{
	size_t n = 0;

	dst[0] = '\0';
	for (int k = 0; k < d->identity_count && d->has_first; k++) {
		bool any = false;

		for (int i = 0; i < 8 && n + 12 < size; i++) {
			if (!has_to_stay(&d->identity[k], i))
				continue;
			if (!any)
				n += (size_t)snprintf(dst + n, size - n, "%s%d:", n ? " " : "", k);
			n += (size_t)snprintf(dst + n, size - n, "%s%04x", any ? "." : "",
					      d->first[k][i]);
			any = true;
		}
	}
}

/* Words of such a text into d->first. false: it is not of this driver's registers. */
static bool take_identity(struct device *d, const char *text)
{
	uint16_t was[IDENTITIES_MAX][8];
	bool had = d->has_first;
	char again[IO_IDENTITY_MAX], *end;
	const char *at = text;

	memcpy(was, d->first, sizeof(was));
	for (int k = 0; k < d->identity_count; k++) {
		const char *mark = ":";

		for (int i = 0; i < 8; i++) {
			if (!has_to_stay(&d->identity[k], i))
				continue;
			at += strcspn(at, mark);
			at += *at != '\0';
			d->first[k][i] = (uint16_t)strtoul(at, &end, 16);
			at = end;
			mark = ".";
		}
	}
	d->has_first = true;
	device_identity_text(d, again, sizeof(again));
	if (strcmp(again, text) == 0)
		return true;
	memcpy(d->first, was, sizeof(was));
	d->has_first = had;
	return false;
}

void device_known(struct rig *r, int device, const char *identity)
{
	struct device *d = &r->devices[device];
	char mine[IO_IDENTITY_MAX];

	device_identity_text(d, mine, sizeof(mine));
	if (identity[0] && strcmp(mine, identity) == 0)
		return;
	if (!identity[0])
		d->has_first = false;
	else if (!take_identity(d, identity))
		return; /* of another driver, before the fixture was changed */
	device_ask(r, device);
}

static bool is_part(const struct device *d, int part)
{
	if (part < PART_SETTING)
		return part >= 0 && part < d->identity_count;
	return part < PART_WRITE + PART_SETTING && (part & 15) < d->setting_count;
}

void device_identity(struct rig *r, int device, int part, uint32_t number,
		     const struct bus_event *ev)
{
	struct device *d = &r->devices[device];

	if (number != d->ask || d->ask_waiting <= 0 || !is_part(d, part))
		return;
	d->ask_waiting--;
	if (ev->status != BUS_OK)
		failed(d, part, ev);
	else if (part < PART_SETTING)
		compare(d, part, ev);
	else if (part < PART_WRITE)
		compare_setting(d, part - PART_SETTING, ev);
	if (!d->ask_waiting)
		identity_done(r, device);
}

__attribute__((format(printf, 3, 4))) static void say(char *dst, size_t size, const char *fmt, ...)
{
	size_t n = strlen(dst);
	va_list ap;

	if (n && n + 2 < size) {
		memcpy(dst + n, ", ", 3);
		n += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(dst + n, size - n, fmt, ap);
	va_end(ap);
}

void device_says(const struct rig *r, int device, char *dst, size_t size)
{
	const struct device *d = &r->devices[device];
	int64_t watchdog_ns = driver_watchdog_ns(&d->d);

	text_copy(dst, size, d->printer ? "a printer that is ready" : "");
	for (int i = 0; i < d->identity_count; i++) {
		const struct driver_identity *id = &d->identity[i];
		const char *what = !strncmp(id->says, "its ", 4) ? id->says + 4 : id->says;

		if (id->stays && id->read.count == 1)
			say(dst, size, "%s 0x%04x", what, d->first[i][0]);
		else if (id->stays)
			say(dst, size, "%s 0x%04x%04x", what, d->first[i][0], d->first[i][1]);
	}
	if (watchdog_ns)
		say(dst, size, "comms watchdog %.3g s", (double)watchdog_ns / 1e9);
	else if (d->board.count && device_is_modbus(r, d))
		say(dst, size, "no comms watchdog");
}
