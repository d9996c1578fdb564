/* SPDX-License-Identifier: MIT
 *
 * Devices of the fixture: which channel or output hangs on which of their points, their faults
 * on the line, GPIO lines and scanners.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "personality.h"

static struct sim_point *find_point(struct sim_device *d, const char *name)
{
	for (int i = 0; i < d->point_count; i++)
		if (!strcmp(d->points[i].name, name))
			return &d->points[i];
	return NULL;
}

static int wire(struct world *w, struct error *err)
{
	const struct fixture *f = w->fixture;
	struct sim_point *p;

	for (int c = 0; c < f->channel_count; c++) {
		p = find_point(&w->devices[f->channels[c].device], f->channels[c].point);
		if (!p)
			return error_set(err, ERR_CONFIG,
					 "channel '%s': point '%s' is not simulated",
					 f->channels[c].name, f->channels[c].point);
		if (p->channel < 0)
			p->channel = (int16_t)c;
	}
	for (int o = 0; o < f->output_count; o++) {
		p = find_point(&w->devices[f->outputs[o].device], f->outputs[o].point);
		if (!p)
			return error_set(err, ERR_CONFIG,
					 "output '%s': point '%s' is not simulated",
					 f->outputs[o].name, f->outputs[o].point);
		p->output = (int16_t)o;
		p->writable = true;
	}
	return 0;
}

static void list_lines(struct world *w)
{
	int n = 0;

	for (int i = 0; i < w->fixture->device_count; i++)
		n += w->devices[i].is_line_device ? w->devices[i].point_count : 0;
	w->lines = xcalloc((unsigned long)n + 1, sizeof(*w->lines));
	for (int i = 0; i < w->fixture->device_count; i++)
		for (int p = 0; w->devices[i].is_line_device && p < w->devices[i].point_count; p++)
			w->lines[w->line_count++] = (struct sim_line){(int16_t)i, (int16_t)p};
}

int devices_init(struct world *w, struct error *err)
{
	const struct fixture *f = w->fixture;
	int rc;

	w->devices = xcalloc((unsigned long)f->device_count + 1, sizeof(*w->devices));
	for (int i = 0; i < f->device_count; i++) {
		w->devices[i].fx = &f->devices[i];
		w->devices[i].index = i;
		w->devices[i].unit_id = f->devices[i].unit_id;
		w->devices[i].address_register = -1;
		rc = personality_build(&w->devices[i], err);
		if (rc)
			return rc;
	}
	list_lines(w);
	for (int i = 0; i < f->device_count; i++)
		if (w->devices[i].has_watchdog)
			w->watched[w->watched_count++] = (int16_t)i;
	return wire(w, err);
}

void devices_free(struct world *w)
{
	if (!w->devices)
		return;
	for (int i = 0; i < w->fixture->device_count; i++)
		free(w->devices[i].points);
	free(w->devices);
	free(w->lines);
	w->devices = NULL;
}

/* Derived readings of a probe whose points are not all wired. */
static double not_wired(struct world *w, const struct sim_device *d, const struct sim_point *p)
{
	double share = !strcmp(p->name, "tds") ? 0.5 : !strcmp(p->name, "salinity") ? 0.55 : 0;

	for (int i = 0; share > 0 && i < d->point_count; i++)
		if (!strcmp(d->points[i].name, "conductivity") && d->points[i].channel >= 0)
			return share * sensor_point(w, d->points[i].channel);
	return p->idle;
}

double device_raw_count(struct world *w, const struct sim_point *p)
{
	if (p->channel < 0 || w->fixture->channels[p->channel].scale != FX_SCALE_COUNTER)
		return 0;
	return sensor_point(w, p->channel);
}

double device_get(struct world *w, const struct sim_device *d, const struct sim_point *p)
{
	const struct fx_output *o;
	double v;

	if (p->output >= 0) {
		o = &w->fixture->outputs[p->output];
		v = w->out[p->output].commanded;
		if (o->kind == OUTPUT_SETPOINT)
			return (o->gain != 0 ? o->gain : 1) * v + o->offset;
		return (v > 0.5) != o->inverted ? 1 : 0;
	}
	if (p->channel >= 0)
		return sensor_point(w, p->channel) - p->base;
	return not_wired(w, d, p);
}

bool device_set(struct world *w, struct sim_device *d, const struct sim_point *p, double value)
{
	const struct fx_output *o;

	if (!p->writable)
		return false;
	if (p->output < 0) { /* nothing hangs on it: it only keeps what was written */
		d->points[p - d->points].idle = value;
		return true;
	}
	o = &w->fixture->outputs[p->output];
	if (o->kind == OUTPUT_SETPOINT)
		value = (value - o->offset) / (o->gain != 0 ? o->gain : 1);
	else
		value = (value > 0.5) != o->inverted ? 1 : 0;
	output_command(w, p->output, value);
	return true;
}

size_t world_answer(struct world *w, int bus, uint8_t unit, const struct wire_effect *e,
		    const uint8_t *pdu, size_t n, uint8_t *reply, size_t max, int64_t *delay_ns)
{
	const struct fx_bus *line = &w->fixture->buses[bus];

	*delay_ns = (int64_t)((0.3 + 0.2 * rng_uniform(&w->rng)) * (double)line->turnaround_ns);
	if (w->config.answer) {
		size_t got = w->config.answer(w->config.answer_ctx, bus, unit, pdu, n, reply, max);

		return wire_is_heard(e) ? wire_spoil_pdu(e, pdu, n, reply, got) : 0;
	}
	if (!wire_is_heard(e))
		return 0;
	for (int i = 0; i < w->fixture->device_count; i++) {
		struct sim_device *d = &w->devices[i];
		size_t got;

		if (d->fx->bus != bus || (unit != 0 && d->unit_id != unit) ||
		    device_is_silent(w, d))
			continue;
		d->transactions++;
		d->asked_ns = w->now_ns;
		got = device_modbus(w, d, e, pdu, n, reply, max);
		return unit == 0 ? 0 : wire_spoil_pdu(e, pdu, n, reply, got);
	}
	return 0;
}

void devices_watch(struct world *w)
{
	unsigned speed = w->config.speed ? w->config.speed : 1;

	for (int i = 0; i < w->watched_count; i++) {
		struct sim_device *d = &w->devices[w->watched[i]];
		int64_t limit_ns = personality_watchdog_ns(d) * speed;

		if (!limit_ns || w->now_ns - d->asked_ns <= limit_ns)
			continue;
		for (int p = 0; p < d->point_count; p++)
			if (d->points[p].output >= 0 && device_get(w, d, &d->points[p]) > 0)
				device_set(w, d, &d->points[p], 0);
	}
}

size_t world_modbus(struct world *w, int bus, uint8_t unit, const uint8_t *pdu, size_t n,
		    uint8_t *reply, size_t max, int64_t *delay_ns)
{
	struct wire_effect e = world_wire_effect(w, bus, unit);

	n = world_answer(w, bus, unit, &e, pdu, n, reply, max, delay_ns);
	if (e.kind == WIRE_LATE)
		*delay_ns += (int64_t)(e.k * 1e9);
	return n;
}

static struct sim_point *point_of(struct world *w, int place, struct sim_device **dev)
{
	if (place < 0 || place >= w->line_count)
		return NULL;
	*dev = &w->devices[w->lines[place].device];
	return &(*dev)->points[w->lines[place].point];
}

/* By name, or by its number in fixture order. */
int world_line_find(struct world *w, int bus, const char *line)
{
	int64_t number = -1;
	int at = 0;

	if (!text_to_int64(line, strlen(line), &number))
		number = -1;
	for (int i = 0; i < w->line_count; i++) {
		const struct sim_device *d = &w->devices[w->lines[i].device];

		if (d->fx->bus != bus)
			continue;
		if (at == number || !strcmp(d->points[w->lines[i].point].line, line))
			return i;
		at++;
	}
	return -1;
}

static struct sim_point *find_line(struct world *w, int bus, const char *line,
				   struct sim_device **dev)
{
	return point_of(w, world_line_find(w, bus, line), dev);
}

int world_gpio_lines(struct world *w, int bus)
{
	int n = 0;

	for (int i = 0; i < w->fixture->device_count; i++)
		if (w->devices[i].fx->bus == bus && w->devices[i].is_line_device)
			n += w->devices[i].point_count;
	return n;
}

const char *world_gpio_name(struct world *w, int bus, int line)
{
	struct sim_device *d;
	struct sim_point *p;
	char number[16];

	p = find_line(w, bus, text_from_double(number, sizeof(number), line), &d);
	return p ? p->line : NULL;
}

int world_line_get(struct world *w, int place)
{
	struct sim_device *d;
	struct sim_point *p = point_of(w, place, &d);

	return p && !p->is_pulse && (device_get(w, d, p) > 0.5) != p->active_low;
}

void world_line_set(struct world *w, int place, int value)
{
	struct sim_device *d;
	struct sim_point *p = point_of(w, place, &d);

	if (p)
		device_set(w, d, p, (value != 0) != p->active_low);
}

uint32_t world_line_pulses(struct world *w, int place, int64_t *first_ns, int64_t *last_ns)
{
	struct sim_device *d;
	struct sim_point *p = point_of(w, place, &d);
	double total, rate, n;
	struct sensor *s;

	if (!p || !p->is_pulse || p->channel < 0)
		return 0;
	s = &w->sensors[p->channel];
	total = sensor_pulses(w, p->channel, &rate);
	n = floor(total) - s->counted;
	if (n < 1)
		return 0;
	s->counted = floor(total);
	rate = fmax(rate, 0.01);
	*last_ns = w->now_ns - (int64_t)((total - floor(total)) / rate * 1e9);
	*first_ns = *last_ns - (int64_t)((n - 1) / rate * 1e9);
	return (uint32_t)n;
}

int world_gpio_get(struct world *w, int bus, const char *line)
{
	return world_line_get(w, world_line_find(w, bus, line));
}

void world_gpio_set(struct world *w, int bus, const char *line, int value)
{
	world_line_set(w, world_line_find(w, bus, line), value);
}

uint32_t world_gpio_pulses(struct world *w, int bus, const char *line, int64_t *first_ns,
			   int64_t *last_ns)
{
	return world_line_pulses(w, world_line_find(w, bus, line), first_ns, last_ns);
}

void world_scan(struct world *w, int bay, const char *code)
{
	int scanner = w->fixture->bays[bay].scanner;
	struct sim_device *d;
	size_t n = strlen(code);

	if (scanner < 0)
		return;
	d = &w->devices[scanner];
	if (d->dead || d->sent_n + n + 2 > sizeof(d->sent))
		return;
	memcpy(d->sent + d->sent_n, code, n);
	memcpy(d->sent + d->sent_n + n, "\r\n", 2);
	d->sent_n += n + 2;
}

size_t world_serial_read(struct world *w, int bus, uint8_t *p, size_t max)
{
	size_t all = 0;

	for (int i = 0; i < w->fixture->device_count; i++) {
		struct sim_device *d = &w->devices[i];
		size_t n;

		if (d->fx->bus != bus || (!d->is_scanner && !d->stream))
			continue;
		if (d->stream)
			stream_run(w, d);
		n = d->sent_n < max - all ? d->sent_n : max - all;
		memcpy(p + all, d->sent, n);
		memmove(d->sent, d->sent + n, d->sent_n - n);
		d->sent_n -= n;
		all += n;
	}
	return all;
}
