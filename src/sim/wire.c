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
	uint8_t adu[RTU_ADU_MAX + 1];
	size_t n;
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
	struct vtimer run, arrive, poll;
	/* request on its way to the device */
	uint8_t unit, pdu[RTU_PDU_MAX];
	size_t pdu_n;
	enum wire_fault fault;
	int64_t late_ns;
	struct delivery deliveries[DELIVERIES];
};

const char *wire_fault_name(enum wire_fault f)
{
	static const char *const names[WIRE_FAULTS] = {"fine",	    "silence", "lost",
						       "bad_crc",   "late",    "exception",
						       "truncated", "noise",   "hang_up"};

	return (unsigned)f < WIRE_FAULTS ? names[f] : "unknown";
}

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

static size_t ask_device(struct wire *w, uint8_t unit, const uint8_t *pdu, size_t n, uint8_t *reply,
			 size_t max, int64_t *delay_ns)
{
	int was = vtime_work(w->config.vt, WORK_DEVICES);

	n = world_modbus(w->config.world, w->index, unit, pdu, n, reply, max, delay_ns);
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
static enum wire_fault next_fault(struct wire *w, uint8_t unit, const uint8_t *pdu,
				  int64_t *late_ns)
{
	struct wire_faults *f = w->config.faults;
	enum wire_fault kind = WIRE_FINE;
	uint64_t last;

	if (!f)
		return WIRE_FINE;
	f->count++;
	*late_ns = f->late_ns;
	last = f->last ? f->last : f->first;
	if (f->choose)
		kind = f->choose(f->ctx, f->count, w->index, unit, pdu, late_ns);
	else if (f->first && f->count >= f->first && f->count <= last)
		kind = f->kind;
	if (kind != WIRE_FINE)
		f->hits++;
	return kind;
}

static void deliver(void *ctx, int64_t now_ns)
{
	struct delivery *d = ctx;

	d->busy = false;
	if (!d->wire->is_open)
		return;
	run_bytes(d->wire, d->adu, d->n, now_ns);
	wake(d->wire);
}

static void send_back(struct wire *w, const uint8_t *adu, size_t n, int64_t at_ns)
{
	for (int i = 0; i < DELIVERIES; i++) {
		struct delivery *d = &w->deliveries[i];

		if (d->busy)
			continue;
		d->busy = true;
		memcpy(d->adu, adu, n);
		d->n = n;
		vtime_set(w->config.vt, &d->timer, at_ns);
		return;
	}
}

/* The request has reached the device. */
static void arrive(void *ctx, int64_t now_ns)
{
	struct wire *w = ctx;
	uint8_t reply[RTU_PDU_MAX + 3], adu[RTU_ADU_MAX + 1];
	int64_t delay_ns;
	size_t n, at = 0;

	if (w->fault == WIRE_LOST)
		return;
	run_world(w, now_ns);
	n = ask_device(w, w->unit, w->pdu, w->pdu_n, reply, sizeof(reply), &delay_ns);
	if (n == 0 || w->fault == WIRE_SILENCE)
		return;
	if (w->fault == WIRE_EXCEPTION) {
		reply[0] = w->pdu[0] | RTU_EXCEPTION;
		reply[1] = 4;
		n = 2;
	}
	if (w->fault == WIRE_NOISE)
		adu[at++] = 0;
	n = at + rtu_build(adu + at, w->unit, reply, n);
	if (w->fault == WIRE_BAD_CRC)
		adu[n - 1] ^= 0x10;
	if (w->fault == WIRE_TRUNCATED)
		n -= 2;
	if (w->fault == WIRE_LATE)
		delay_ns += w->late_ns;
	send_back(w, adu, n, now_ns + delay_ns + (int64_t)n * w->char_ns);
}

/* ---- what the bus machine calls ---- */

static int op_open(void *ctx, struct error *err)
{
	struct wire *w = ctx;

	(void)err;
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
	w->fault = next_fault(w, unit, pdu, &w->late_ns);
	if (w->fault == WIRE_HANG_UP)
		return error_set(err, ERR_IO, "the line hung up");
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
	int64_t delay_ns = 0, late_ns = 0;
	enum wire_fault fault = next_fault(w, unit, pdu, &late_ns);
	size_t got;

	if (fault == WIRE_HANG_UP)
		return error_set(err, ERR_CLOSED, "the connection was closed");
	if (fault == WIRE_LOST)
		return error_set(err, ERR_TIMEOUT, "no answer");
	run_world(w, w->config.vt->now_ns);
	got = ask_device(w, unit, pdu, n, buffer, sizeof(buffer), &delay_ns);
	if (fault == WIRE_LATE)
		delay_ns += late_ns;
	if (got == 0 || fault == WIRE_SILENCE || delay_ns > timeout_ns)
		return error_set(err, ERR_TIMEOUT, "no answer");
	if (fault == WIRE_BAD_CRC || fault == WIRE_TRUNCATED || fault == WIRE_NOISE)
		return error_set(err, ERR_PROTOCOL, "the answer is no answer");
	if (fault == WIRE_EXCEPTION) {
		buffer[0] = pdu[0] | RTU_EXCEPTION;
		buffer[1] = 4;
		got = 2;
	}
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
	return 0; /* scanners take no orders */
}

static int op_gpio_set(void *ctx, int line, uint8_t value, struct error *err)
{
	struct wire *w = ctx;
	int64_t late_ns;

	if (next_fault(w, 0, NULL, &late_ns) != WIRE_FINE)
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
