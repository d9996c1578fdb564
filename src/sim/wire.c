/* SPDX-License-Identifier: MIT */
#include "sim/wire.h"

#include <stdlib.h>
#include <string.h>

#include "bus/rtu.h"

/* Replies under way: a late one may be overtaken by several others. */
enum { DELIVERIES = 16 };

struct delivery {
	struct wire *wire;
	struct vtimer timer;
	bool busy;
	struct wire_frame frame;
};

struct wire {
	struct wire_config config;
	const struct fx_bus *fx;
	int index;
	struct bus *bus;
	bool is_open, has_lines; /* GPIO: levels were told since the opening */
	struct wire_line {
		int place;     /* in the world */
		uint8_t level; /* as told last */
	} * lines;
	int64_t char_ns;
	struct vtimer run, arrive, poll, babble;
	int64_t gone_until_ns; /* hung up */
	/* request on its way to the device */
	uint8_t unit, pdu[RTU_PDU_MAX];
	size_t pdu_n;
	struct wire_effect effect;
	struct delivery deliveries[DELIVERIES];
};

static int64_t run_time(const struct wire *w, int64_t wire_ns)
{
	return w->config.scale ? clock_to_run(w->config.scale, wire_ns) : wire_ns;
}

static void run_world(struct wire *w, int64_t wire_ns)
{
	int was = vtime_work(w->config.vt, WORK_PHYSICS);

	world_run(w->config.world, run_time(w, wire_ns));
	vtime_work(w->config.vt, was);
}

static size_t ask_device(struct wire *w, uint8_t unit, const struct wire_effect *e,
			 const uint8_t *pdu, size_t n, uint8_t *reply, size_t max,
			 int64_t *delay_ns)
{
	int was = vtime_work(w->config.vt, WORK_DEVICES);

	n = world_answer(w->config.world, w->index, unit, e, pdu, n, reply, max, delay_ns);
	vtime_work(w->config.vt, was);
	return n;
}

static void run_bytes(struct wire *w, const uint8_t *p, size_t n, int64_t now_ns)
{
	int was = vtime_work(w->config.vt, WORK_BUS);

	bus_bytes(w->bus, p, n, now_ns);
	vtime_work(w->config.vt, was);
}

static void wake(struct wire *w)
{
	vtime_soon(w->config.vt, &w->run, w->config.vt->now_ns);
}

/* Count this transaction; is it one to spoil? */
static struct wire_effect next_effect(struct wire *w, uint8_t unit, const uint8_t *pdu)
{
	struct wire_faults *f = w->config.faults;
	struct wire_effect e = {WIRE_FINE, 0};
	int64_t late_ns;
	uint64_t last;

	if (f) {
		f->count++;
		late_ns = f->late_ns;
		last = f->last ? f->last : f->first;
		if (f->choose)
			e.kind = f->choose(f->ctx, f->count, w->index, unit, pdu, &late_ns);
		else if (f->first && f->count >= f->first && f->count <= last)
			e.kind = f->kind;
		if (e.kind != WIRE_FINE) {
			f->hits++;
			e.k = f->k != 0 ? f->k : wire_effect_of(e.kind).k;
			if (e.kind == WIRE_LATE)
				e.k = (double)late_ns * 1e-9;
			return e;
		}
	}
	return w->fx->kind == BUS_GPIO ? e : world_wire_effect(w->config.world, w->index, unit);
}

static void deliver(void *ctx, int64_t now_ns)
{
	struct delivery *d = ctx;
	const uint8_t *bytes;
	size_t n = wire_frame_next(&d->frame, &bytes);

	d->busy = d->frame.sent < d->frame.n && d->wire->is_open;
	if (!d->wire->is_open)
		return;
	run_bytes(d->wire, bytes, n, now_ns);
	if (d->busy)
		vtime_set(d->wire->config.vt, &d->timer, d->frame.at_ns);
	wake(d->wire);
}

static void send_back(struct wire *w, const struct wire_frame *frame, int64_t at_ns)
{
	for (int i = 0; i < DELIVERIES; i++) {
		struct delivery *d = &w->deliveries[i];

		if (d->busy)
			continue;
		d->busy = true;
		d->frame = *frame;
		d->frame.at_ns = at_ns > w->config.vt->now_ns ? at_ns : w->config.vt->now_ns;
		vtime_set(w->config.vt, &d->timer, d->frame.at_ns);
		return;
	}
}

/* Noise or another master, as long as the world says so. */
static void babble(void *ctx, int64_t now_ns)
{
	struct wire *w = ctx;
	struct wire_effect e = world_line_effect(w->config.world, w->index);
	struct wire_medium line = {w->char_ns, world_rng(w->config.world)};
	uint8_t units[FIXTURE_DEVICES_MAX], bytes[RTU_ADU_MAX];
	int64_t wait_ns = 0;
	size_t n = wire_babble(&e, &line, units,
			       world_line_units(w->config.world, w->index, units, sizeof(units)),
			       bytes, sizeof(bytes), &wait_ns);

	if (!n)
		return;
	vtime_set(w->config.vt, &w->babble, now_ns + wait_ns);
	if (!w->is_open)
		return;
	run_bytes(w, bytes, n, now_ns);
	wake(w);
}

/* The request has reached the device. */
static void arrive(void *ctx, int64_t now_ns)
{
	struct wire *w = ctx;
	struct wire_medium line = {w->char_ns, world_rng(w->config.world)};
	uint8_t request[RTU_ADU_MAX], pdu[RTU_PDU_MAX + 3], adu[RTU_ADU_MAX + 3];
	struct wire_reply reply;
	size_t n, request_n = rtu_build(request, w->unit, w->pdu, w->pdu_n);
	int64_t delay_ns;

	run_world(w, now_ns);
	n = ask_device(w, w->unit, &w->effect, w->pdu, w->pdu_n, pdu, sizeof(pdu), &delay_ns);
	if (n)
		n = rtu_build(adu, w->unit, pdu, n);
	wire_spoil_rtu(&w->effect, &line, request, request_n, adu, n, &reply);
	for (int i = 0; i < reply.count; i++) {
		const struct wire_frame *f = &reply.frames[i];
		bool at_once = f->at_ns == INT64_MIN;

		send_back(w, f,
			  at_once ? now_ns
				  : now_ns + delay_ns + f->at_ns + (int64_t)f->n * w->char_ns);
	}
}

/* ---- what the bus machine calls ---- */

static int op_open(void *ctx, struct error *err)
{
	struct wire *w = ctx;

	if (w->config.vt->now_ns < w->gone_until_ns)
		return error_set(err, ERR_NOT_FOUND, "the adapter is not plugged in");
	w->is_open = true;
	w->has_lines = false;
	return 0;
}

static void op_close(void *ctx)
{
	struct wire *w = ctx;

	w->is_open = false;
	vtime_cancel(w->config.vt, &w->arrive);
}

static int op_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, struct error *err)
{
	struct wire *w = ctx;

	if (n > sizeof(w->pdu))
		return error_set(err, ERR_RANGE, "request of %zu bytes", n);
	w->effect = next_effect(w, unit, pdu);
	if (w->effect.kind == WIRE_HANG_UP) {
		w->gone_until_ns = w->config.vt->now_ns + (int64_t)(w->effect.k * 1e9);
		return error_set(err, ERR_IO, "the line hung up");
	}
	if (world_line_effect(w->config.world, w->index).kind != WIRE_FINE)
		vtime_soon(w->config.vt, &w->babble, w->config.vt->now_ns);
	w->unit = unit;
	memcpy(w->pdu, pdu, n);
	w->pdu_n = n;
	vtime_set(w->config.vt, &w->arrive, w->config.vt->now_ns + (int64_t)(n + 3) * w->char_ns);
	return 0;
}

static int op_transact(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, uint8_t *reply,
		       size_t max, size_t *reply_n, int64_t timeout_ns, struct error *err)
{
	struct wire *w = ctx;
	uint8_t buffer[RTU_PDU_MAX + 3];
	int64_t delay_ns = 0;
	struct wire_effect e = next_effect(w, unit, pdu);
	struct wire_medium line = {0, world_rng(w->config.world)};
	size_t got = 0;
	int rc;

	if (e.kind == WIRE_HANG_UP)
		w->gone_until_ns = w->config.vt->now_ns + (int64_t)(e.k * 1e9);
	if (e.kind == WIRE_HANG_UP || e.kind == WIRE_LOST || e.kind == WIRE_RESET)
		return wire_receive_tcp(&e, &line, unit, buffer, &got, err);
	run_world(w, w->config.vt->now_ns);
	got = ask_device(w, unit, &e, pdu, n, buffer, sizeof(buffer), &delay_ns);
	if (e.kind == WIRE_LATE)
		delay_ns += (int64_t)(e.k * 1e9);
	if (got == 0 || delay_ns > timeout_ns)
		return error_set(err, ERR_TIMEOUT, "no answer");
	rc = wire_receive_tcp(&e, &line, unit, buffer, &got, err);
	if (rc)
		return rc;
	if (got > max)
		return error_set(err, ERR_PROTOCOL, "the answer is too long");
	memcpy(reply, buffer, got);
	*reply_n = got;
	return 0;
}

static int op_write(void *ctx, const uint8_t *p, size_t n, struct error *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)err;
	return 0; /* scanners take no orders, and no printer is there */
}

static int op_gpio_set(void *ctx, int line, uint8_t value, struct error *err)
{
	struct wire *w = ctx;

	if (next_effect(w, 0, NULL).kind != WIRE_FINE)
		return error_set(err, ERR_IO, "the chip refused the line");
	run_world(w, w->config.vt->now_ns);
	world_line_set(w->config.world, w->lines[line].place, value);
	return 0;
}

static void op_event(void *ctx, const struct bus_event *ev)
{
	struct wire *w = ctx;

	w->config.event(w->config.ctx, w->index, ev);
}

static void op_trace(void *ctx, int64_t at_ns, char dir, const uint8_t *p, size_t n,
		     const char *note)
{
	struct wire *w = ctx;

	w->config.trace(w->config.ctx, at_ns, dir, p, n, note);
}

/* ---- time ---- */

static void run(void *ctx, int64_t now_ns)
{
	struct wire *w = ctx;
	int was = vtime_work(w->config.vt, WORK_BUS);
	int64_t next_ns = bus_run(w->bus, now_ns);

	vtime_work(w->config.vt, was);
	/* a TCP transaction took no virtual time: the peer's answer does */
	if (w->fx->kind == BUS_MODBUS_TCP && next_ns < now_ns + NS_PER_MS / 2)
		next_ns = now_ns + NS_PER_MS / 2;
	vtime_set(w->config.vt, &w->run, next_ns);
}

static void poll_pulses(struct wire *w, int line, int64_t now_ns)
{
	const struct clock_scale *scale = w->config.scale;
	int64_t from, to;
	uint32_t n = world_line_pulses(w->config.world, w->lines[line].place, &from, &to);

	if (!n)
		return;
	if (scale) {
		from = clock_to_wire(scale, from);
		to = clock_to_wire(scale, to);
	}
	bus_gpio_pulses(w->bus, line, n, from, to, now_ns);
}

static void poll_lines(struct wire *w, int64_t now_ns)
{
	const struct bus_config *c = w->config.bus;
	bool first = !w->has_lines;

	w->has_lines = true;
	for (int i = 0; i < c->line_count; i++) {
		struct wire_line *l = &w->lines[i];

		if (c->lines[i].mode == GPIO_OUT) {
			if (first)
				world_line_set(w->config.world, l->place, c->lines[i].initial);
		} else if (c->lines[i].mode == GPIO_PULSE) {
			poll_pulses(w, i, now_ns);
		} else {
			uint8_t level = (uint8_t)world_line_get(w->config.world, l->place);

			if (first || level != l->level)
				bus_gpio(w->bus, i, level, !first, now_ns, now_ns);
			l->level = level;
		}
	}
}

static void find_lines(struct wire *w)
{
	const struct bus_config *c = w->config.bus;

	w->lines = xcalloc((unsigned long)c->line_count + 1, sizeof(*w->lines));
	for (int i = 0; i < c->line_count; i++)
		w->lines[i].place = world_line_find(w->config.world, w->index, c->lines[i].line);
}

static void poll(void *ctx, int64_t now_ns)
{
	struct wire *w = ctx;
	uint8_t bytes[256];
	size_t n;

	vtime_set(w->config.vt, &w->poll, now_ns + w->config.line_poll_ns);
	if (!w->is_open)
		return;
	run_world(w, now_ns);
	if (w->fx->kind == BUS_GPIO) {
		poll_lines(w, now_ns);
	} else {
		n = world_serial_read(w->config.world, w->index, bytes, sizeof(bytes));
		if (n)
			run_bytes(w, bytes, n, now_ns);
	}
}

struct wire *wire_new(const struct wire_config *config, struct error *err)
{
	struct wire *w = xcalloc(1, sizeof(*w));
	struct bus_ops ops = {.ctx = w,
			      .open = op_open,
			      .close = op_close,
			      .send = op_send,
			      .transact = op_transact,
			      .write = op_write,
			      .gpio_set = op_gpio_set,
			      .event = op_event,
			      .trace = config->trace ? op_trace : NULL};
	int bits;

	w->config = *config;
	w->index = config->bus->bus;
	w->fx = &config->bus->fixture->buses[w->index];
	bits = 1 + 8 + (w->fx->parity != 'N' && w->fx->parity ? 1 : 0) +
	       (w->fx->stop_bits ? w->fx->stop_bits : 1);
	w->char_ns = w->fx->baud ? bits * NS_PER_S / w->fx->baud : 0;
	if (!w->config.line_poll_ns)
		w->config.line_poll_ns = 20 * NS_PER_MS;
	find_lines(w);
	w->bus = bus_new(config->bus, &ops, err);
	if (!w->bus) {
		free(w->lines);
		free(w);
		return NULL;
	}
	w->run = (struct vtimer){.fn = run, .ctx = w};
	w->arrive = (struct vtimer){.fn = arrive, .ctx = w};
	w->poll = (struct vtimer){.fn = poll, .ctx = w};
	w->babble = (struct vtimer){.fn = babble, .ctx = w};
	for (int i = 0; i < DELIVERIES; i++) {
		w->deliveries[i].wire = w;
		w->deliveries[i].timer = (struct vtimer){.fn = deliver, .ctx = &w->deliveries[i]};
	}
	wake(w);
	if (w->fx->kind == BUS_GPIO || w->fx->kind == BUS_SERIAL)
		vtime_set(config->vt, &w->poll, config->vt->now_ns);
	return w;
}

void wire_free(struct wire *w)
{
	if (!w)
		return;
	bus_free(w->bus);
	vtime_cancel(w->config.vt, &w->run);
	vtime_cancel(w->config.vt, &w->arrive);
	vtime_cancel(w->config.vt, &w->poll);
	vtime_cancel(w->config.vt, &w->babble);
	for (int i = 0; i < DELIVERIES; i++)
		vtime_cancel(w->config.vt, &w->deliveries[i].timer);
	free(w->lines);
	free(w);
}

int wire_submit(struct wire *w, const struct bus_request *r)
{
	int rc = bus_submit(w->bus, r);

	wake(w);
	return rc;
}

void wire_need(struct wire *w, uint16_t device, bool needed)
{
	bus_need(w->bus, device, needed);
	wake(w);
}

void wire_stats(const struct wire *w, struct bus_stats *out)
{
	bus_stats(w->bus, out);
}
