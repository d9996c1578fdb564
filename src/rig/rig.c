/* SPDX-License-Identifier: MIT
 *
 * The public calls: each takes what came, then settles the machine.
 */
#include <stdlib.h>
#include <string.h>
#include "core.h"

/* The io link's bounds are the fixture's. */
_Static_assert((int)IO_BAYS_MAX == (int)FIXTURE_BAYS_MAX, "bays");
_Static_assert((int)IO_CHANNELS_MAX == (int)FIXTURE_CHANNELS_MAX, "channels");
_Static_assert((int)IO_DEVICES_MAX == (int)FIXTURE_DEVICES_MAX, "devices");
_Static_assert((int)IO_INTERLOCKS_MAX == (int)FIXTURE_INTERLOCKS_MAX, "interlocks");
_Static_assert((int)IO_TRIP_CLASSES == (int)TRIP_OPERATOR + 1, "trip classes");

struct rig *rig_new(const struct fixture *f, const struct clock_scale *scale,
		    const struct rig_ops *ops, struct problems *problems)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	struct error err = {0};
	int bad;

	r->f = f;
	r->scale = *scale;
	r->ops = *ops;
	r->pid = 1;
	r->simulated = f->simulated;
	r->devices = xcalloc((size_t)f->device_count + 1, sizeof(*r->devices));
	r->buses = xcalloc((size_t)f->bus_count + 1, sizeof(*r->buses));
	r->channels = xcalloc((size_t)f->channel_count + 1, sizeof(*r->channels));
	r->outputs = xcalloc((size_t)f->output_count + 1, sizeof(*r->outputs));
	if (drivers_check(&err)) {
		problems_add(problems, f->path, 0, 0, NULL, "%s", err.text);
		rig_free(r);
		return NULL;
	}
	/* all mistakes at once: each goes by what the ones before could make out */
	bad = build_devices(r, problems);
	bad = build_channels(r, problems) || bad;
	bad = build_outputs(r, problems) || bad;
	bad = build_scanners(r, problems) || bad;
	bad = build_printers(r, problems) || bad;
	bad = build_expressions(r, problems) || bad;
	bad = build_buses(r, problems) || bad;
	bad = build_load(r, problems) || bad;
	if (bad || f->draft) {
		problems_quote(problems, f->path, f->text, f->size);
		rig_free(r);
		return NULL;
	}
	build_bays(r);
	build_interlocks(r);
	printer_build(r);
	build_periods(r);
	calibration_reset(r);
	return r;
}

void rig_free(struct rig *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->f->device_count; i++) {
		free(r->devices[i].d.priv);
		free(r->devices[i].d.refused);
		free(r->devices[i].printer);
	}
	for (int i = 0; i < r->f->bus_count; i++) {
		struct rig_bus *b = &r->buses[i];

		free(b->reads);
		free(b->lines);
		free(b->read_period_ns);
		free(b->line_period_ns);
		free(b->cache);
		free(b->first_user);
		free(b->users);
	}
	free(r->devices);
	free(r->buses);
	free(r->channels);
	free(r->outputs);
	free(r);
}

void rig_bus_config(const struct rig *r, int bus, struct bus_config *out)
{
	const struct rig_bus *b = &r->buses[bus];

	*out = (struct bus_config){.fixture = r->f,
				   .bus = bus,
				   .reads = b->reads,
				   .read_count = b->read_count,
				   .lines = b->lines,
				   .line_count = b->line_count};
	for (int i = 0; i < r->f->device_count; i++) {
		const struct device *d = &r->devices[i];
		unsigned unit = (unsigned)d->fx->unit_id & 0xff;

		if (d->fx->bus == bus && d->d.driver && d->d.driver->may_be_asked &&
		    d->d.driver->may_be_asked(&d->d))
			out->ask_units[unit / 8] |= (uint8_t)(1u << unit % 8);
	}
}

void rig_set_identity(struct rig *r, uint32_t pid, bool simulated)
{
	r->pid = pid;
	r->simulated = simulated || r->f->simulated;
}

/* --- settling --- */

static void at(struct rig *r, int64_t now_ns)
{
	if (now_ns > r->now_ns)
		r->now_ns = now_ns;
	r->run_ns = rig_to_run(r, r->now_ns);
}

static void tell_needs(struct rig *r)
{
	uint32_t needing = 0;

	for (int bay = 0; bay < r->f->bay_count; bay++) {
		const struct bay *b = &r->bays[bay];

		if (b->checking || b->state == BAY_SECURING || b->state == BAY_ACTIVE ||
		    b->state == BAY_STOPPING)
			needing |= 1u << bay;
	}
	if (needing == r->needing)
		return;
	r->needing = needing;
	device_need(r);
}

/* Has nothing happened that settling would have to look at? Most readings change nothing. */
static bool is_settled(const struct rig *r)
{
	if (r->want_changed || r->unhealthy_ns)
		return false;
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		const struct bay *b = &r->bays[bay];

		if (b->look | b->waiting || b->phase != PHASE_NONE || b->checking || b->tell_state)
			return false;
	}
	for (int i = 0; i < r->board_count; i++)
		if (r->devices[r->boards[i]].board.dirty)
			return false;
	return true;
}

/* Interlocks see what is about to be commanded before any of it is written; what they trip is
 * merged again. */
static void settle(struct rig *r)
{
	r->stirred = true;
	output_merge(r);
	interlock_run(r);
	board_watch(r);
	safe_run(r);
	output_merge(r);
	interlock_run(r); /* what the second merge changed */
	output_merge(r);
	tell_needs(r);
	board_flush(r);
	report_run(r);
}

void rig_start(struct rig *r, int64_t now_ns)
{
	at(r, now_ns);
	r->next_ns = INT64_MAX;
	safe_start(r);
	settle(r);
}

static void request_answered(struct rig *r, const struct bus_event *ev)
{
	int device = ev->token >> 48 & 0xff, part = ev->token >> 32 & 0xffff;
	uint32_t number = (uint32_t)ev->token;

	if (device >= r->f->device_count)
		return;
	switch ((enum token_kind)(ev->token >> 56)) {
	case TOKEN_BOARD: board_answer(r, device, number, ev); break;
	case TOKEN_IDENTITY: device_identity(r, device, part, number, ev); break;
	case TOKEN_DEAD_MAN:
		board_dead_man_answer(r, (uint8_t)part, number, ev->status == BUS_OK);
		return;
	case TOKEN_PRINTER: printer_answer(r, device, part, ev); break;
	}
	r->stirred = true;
}

struct hearing {
	struct rig *r;
	int device;
	int64_t at_ns; /* wire */
};

static void heard(void *ctx, int point, const char *text, const struct driver_value *v)
{
	struct hearing *h = ctx;
	struct rig *r = h->r;
	int count;
	const struct driver_point *points = driver_points(&r->devices[h->device].d, &count);

	if (!text)
		channel_stream(r, h->device, point, v, h->at_ns);
	for (int bay = 0; text && point >= 0 && point < count && bay < r->f->bay_count; bay++)
		if (r->f->bays[bay].scanner == h->device &&
		    (!r->f->bays[bay].scanner_point ||
		     !strcmp(r->f->bays[bay].scanner_point, points[point].name)))
			report_input(r, bay, "scan", text);
}

/* A serial line has no addresses: whoever sits on it and can listen, hears it. */
static void bytes(struct rig *r, int bus, const struct bus_event *ev)
{
	if (ev->byte_count > sizeof(ev->bytes))
		return;
	for (int i = 0; i < r->f->device_count; i++) {
		struct hearing h = {r, i, ev->at_ns};
		struct device *d = &r->devices[i];

		if (d->fx->bus == bus && d->printer)
			printer_bytes(r, i, ev);
		else if (d->fx->bus == bus && d->d.driver->feed)
			d->d.driver->feed(&d->d, ev->bytes, ev->byte_count, ev->at_ns, heard, &h);
	}
}

void rig_bus_event(struct rig *r, int bus, const struct bus_event *ev, int64_t now_ns)
{
	at(r, now_ns);
	r->stirred |= ev->kind != BUS_EVENT_READ && ev->kind != BUS_EVENT_LINE &&
		      ev->kind != BUS_EVENT_REQUEST;
	switch (ev->kind) {
	case BUS_EVENT_READ: channel_read(r, bus, ev->index, ev); break;
	case BUS_EVENT_REQUEST: request_answered(r, ev); break;
	case BUS_EVENT_LINE: channel_line(r, bus, ev); break;
	case BUS_EVENT_BYTES: bytes(r, bus, ev); break;
	case BUS_EVENT_DEVICE_LOST:
		if (ev->device < r->f->device_count)
			device_lost(r, ev->device, ev->text);
		break;
	case BUS_EVENT_DEVICE_BACK:
		if (ev->device < r->f->device_count)
			device_back(r, ev->device);
		break;
	case BUS_EVENT_DOWN: device_bus_down(r, bus, ev->text); break;
	case BUS_EVENT_UP: device_bus_up(r, bus); break;
	case BUS_EVENT_MEASURED: device_measured(r, ev); break;
	}
	if (!is_settled(r))
		settle(r);
}

int64_t rig_run(struct rig *r, int64_t now_ns)
{
	at(r, now_ns);
	/* Readings and edges of the dead-man line that came about change when something is due, which
	 * they have said, and nothing else. */
	if (now_ns < r->next_ns && !r->stirred && is_settled(r))
		return r->next_ns;
	r->next_ns = INT64_MAX;
	r->stirred = false;
	lease_run(r);
	channel_run(r);
	output_run(r);
	device_run(r);
	printer_run(r);
	board_run(r);
	if (!is_settled(r))
		settle(r);
	else if (report_is_due(r))
		report_run(r);
	board_dead_man(r);
	return r->next_ns;
}

/* --- the link --- */

void rig_link_up(struct rig *r, int64_t now_ns)
{
	at(r, now_ns);
	r->linked = false;
	r->stirred = true;
	r->batch.u.samples.count = 0;
	for (int bay = 0; bay < r->f->bay_count; bay++)
		r->bays[bay].lease = 0;
	report_hello(r);
}

void rig_link_lost(struct rig *r, int64_t now_ns)
{
	at(r, now_ns);
	r->linked = false;
	r->batch.u.samples.count = 0;
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		r->bays[bay].checking = false;
		r->bays[bay].answer_count = 0;
	}
	lease_link_lost(r);
	settle(r);
}

static int welcome(struct rig *r, const struct io_msg *m, struct error *err)
{
	if (r->linked)
		return error_set(err, ERR_PROTOCOL, "a second WELCOME");
	if (m->u.welcome.speed != r->scale.speed ||
	    (r->scale.speed > 1 && m->u.welcome.origin_ns != r->scale.origin_ns))
		return error_set(
			err, ERR_PROTOCOL,
			"benchd runs at speed %u, this benchd-io at %u; give both the same",
			m->u.welcome.speed, r->scale.speed);
	calibration_reset(r);
	r->linked = true;
	report_snapshot(r);
	return 0;
}

int rig_message(struct rig *r, const struct io_msg *m, int64_t now_ns, struct error *err)
{
	int rc = 0;

	at(r, now_ns);
	if (m->type != IO_WELCOME && !r->linked)
		return error_set(err, ERR_PROTOCOL, "%s before WELCOME", io_type_name(m->type));
	switch (m->type) {
	case IO_WELCOME: rc = welcome(r, m, err); break;
	case IO_IMAGE: rc = lease_image(r, m, err); break;
	case IO_SAFE:
		if (m->u.safe.bay >= r->f->bay_count)
			rc = error_set(err, ERR_PROTOCOL, "bay number %d does not exist",
				       m->u.safe.bay);
		else
			safe_message(r, m->u.safe.bay, (enum safe_what)m->u.safe.what,
				     m->u.safe.token);
		break;
	case IO_KNOWN:
		if (m->u.known.device < r->f->device_count)
			device_known(r, m->u.known.device, m->u.known.identity);
		break;
	case IO_CALIBRATION: rc = calibration_message(r, m, err); break;
	case IO_LABEL: rc = printer_message(r, m, err); break;
	case IO_HELLO:
	case IO_SAMPLES:
	case IO_BAY:
	case IO_CALIBRATED:
	case IO_LABELED:
	case IO_TRIP:
	case IO_PROOF:
	case IO_INPUT:
	case IO_DEVICE:
	case IO_LINE:
		rc = error_set(err, ERR_PROTOCOL, "benchd sent %s, which is benchd-io's",
			       io_type_name(m->type));
		break;
	}
	settle(r);
	return rc;
}

/* --- end and questions --- */

void rig_fault(struct rig *r, const char *why, int64_t now_ns)
{
	at(r, now_ns);
	safe_trip(r, (1u << r->f->bay_count) - 1, TRIP_COMMS, -1, 0, why, false);
	settle(r);
}

void rig_end(struct rig *r, const char *why, int64_t now_ns)
{
	at(r, now_ns);
	safe_end(r, why);
	settle(r);
}

bool rig_is_ended(const struct rig *r, bool *all_proven)
{
	bool proven = true;

	for (int bay = 0; bay < r->f->bay_count; bay++) {
		const struct bay *b = &r->bays[bay];

		if (b->state == BAY_SECURING || b->state == BAY_STOPPING)
			return false;
		proven = proven && b->has_proof && b->proven;
	}
	if (!r->ending)
		return false;
	if (all_proven)
		*all_proven = proven;
	return true;
}

enum bay_state rig_bay_state(const struct rig *r, int bay, const char **reason)
{
	if (reason)
		*reason = r->bays[bay].reason;
	return r->bays[bay].state;
}

int rig_bay_proof(const struct rig *r, int bay, const char **detail)
{
	if (detail)
		*detail = r->bays[bay].detail;
	return r->bays[bay].has_proof ? r->bays[bay].proven : -1;
}
