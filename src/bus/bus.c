/* SPDX-License-Identifier: MIT
 *
 * One line: new, one transaction after the other, free. Its opening and closing are in line.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>
#include "machine.h"

#define HOLD_MAX_NS    (100 * NS_PER_MS) /* longest wait for a line that does not fall silent */
#define TCP_CONNECT_NS (500 * NS_PER_MS)
enum { REQUESTS_IN_ROW = 8 };

static const char *const status_names[] = {
	[BUS_OK] = "ok",
	[BUS_NO_REPLY] = "no_reply",
	[BUS_BAD_REPLY] = "bad_reply",
	[BUS_EXCEPTION] = "exception",
	[BUS_MISMATCH] = "mismatch",
	[BUS_LINE_DOWN] = "line_down",
	[BUS_CANCELED] = "canceled",
};

const char *bus_status_name(enum bus_status s)
{
	size_t i = (size_t)s;

	return i < sizeof(status_names) / sizeof(status_names[0]) ? status_names[i] : "unknown";
}

/* ---- events ---------------------------------------------------------------- */

struct bus_event *bus_event(struct bus *b, enum bus_event_kind kind)
{
	struct bus_event *ev = &b->ev;

	/* All but the payloads: what is behind their counts means nothing. */
	memset(ev, 0, offsetof(struct bus_event, data));
	memset(&ev->at_ns, 0,
	       offsetof(struct bus_event, bytes) - offsetof(struct bus_event, at_ns));
	ev->byte_count = 0;
	ev->text[0] = '\0';
	ev->kind = kind;
	return ev;
}

void bus_emit(struct bus *b)
{
	b->ops.event(b->ops.ctx, &b->ev);
}

void bus_trace(struct bus *b, int64_t at_ns, char dir, const uint8_t *p, size_t n, const char *note)
{
	if (b->ops.trace)
		b->ops.trace(b->ops.ctx, at_ns, dir, p, n, note);
}

void bus_trace_text(struct bus *b, int64_t at_ns, char dir, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!b->ops.trace)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->ops.trace(b->ops.ctx, at_ns, dir, NULL, 0, text);
}

bool bus_is_modbus(const struct bus *b)
{
	return b->kind == BUS_MODBUS_RTU || b->kind == BUS_MODBUS_TCP;
}

bool bus_is_stream(const struct bus *b)
{
	return b->kind == BUS_SERIAL || b->kind == BUS_TCP;
}

/* ---- new, free ------------------------------------------------------------- */

static int add_device(struct bus *b, uint16_t device, int unit, struct error *err)
{
	int slave;

	if (unit < 1 || unit > 254)
		return error_set(err, ERR_RANGE, "unit %d of device %u is not 1..254", unit,
				 device);
	slave = slave_index(b, (uint8_t)unit);
	if (slave < 0)
		return error_set(err, ERR_LIMIT, "more units on one bus than are declared");
	for (int i = 0; i < b->device_count; i++)
		if (b->devices[i].device == device && b->devices[i].slave == slave)
			return 0;
	b->devices[b->device_count++] = (struct device){.device = device, .slave = (uint8_t)slave};
	return 0;
}

static int add_reads(struct bus *b, struct error *err)
{
	for (int i = 0; i < b->config.read_count; i++) {
		const struct bus_read *r = &b->reads[i];
		int rc;

		if (r->function < MODBUS_READ_COILS || r->function > MODBUS_READ_INPUT ||
		    r->count < 1 || r->count > BUS_DATA_MAX || r->first + r->count > 0x10000)
			return error_set(
				err, ERR_RANGE,
				"read %d: function %u, first %u, count %u; functions are 1..4, "
				"counts 1..125",
				i, r->function, r->first, r->count);
		rc = add_device(b, r->device, r->unit, err);
		if (rc < 0)
			return rc;
		b->read_states[i] = (struct read_state){
			.due_ns = r->period_ns > 0 ? INT64_MIN : INT64_MAX,
			.slave = (uint8_t)(b->slave_of_unit[r->unit] - 1),
		};
	}
	return 0;
}

static int add_fixture_devices(struct bus *b, struct error *err)
{
	const struct fixture *f = b->config.fixture;

	for (int i = 0; i < f->device_count; i++) {
		int rc;

		if (f->devices[i].bus != b->config.bus || f->devices[i].unit_id == 0)
			continue;
		rc = add_device(b, (uint16_t)i, f->devices[i].unit_id, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_config(const struct bus_config *c, struct error *err)
{
	if (!c->fixture || c->bus < 0 || c->bus >= c->fixture->bus_count)
		return error_set(err, ERR_USAGE, "no such bus in the fixture");
	if (c->read_count > BUS_READS_MAX)
		return error_set(err, ERR_LIMIT, "%d reads on bus %s, at most %d", c->read_count,
				 c->fixture->buses[c->bus].name, BUS_READS_MAX);
	if (c->line_count > BUS_LINES_MAX)
		return error_set(err, ERR_LIMIT, "%d lines on bus %s, at most %d", c->line_count,
				 c->fixture->buses[c->bus].name, BUS_LINES_MAX);
	return 0;
}

struct bus *bus_new(const struct bus_config *config, const struct bus_ops *ops, struct error *err)
{
	const struct fx_bus *fx;
	struct bus *b;
	unsigned long devices;

	if (check_config(config, err) < 0)
		return NULL;
	fx = &config->fixture->buses[config->bus];
	b = xcalloc(1, sizeof(*b));
	devices = (unsigned long)(config->fixture->device_count + config->read_count);
	b->config = *config;
	b->ops = *ops;
	b->kind = fx->kind;
	b->slave_cap = (int)devices + BUS_UNITS_SPARE;
	if (b->slave_cap > 254)
		b->slave_cap = 254;
	b->slaves = xcalloc((unsigned long)b->slave_cap, sizeof(*b->slaves));
	b->devices = xcalloc(devices + 1, sizeof(*b->devices));
	b->reads = xcalloc((unsigned long)config->read_count + 1, sizeof(*b->reads));
	b->read_states = xcalloc((unsigned long)config->read_count + 1, sizeof(*b->read_states));
	b->lines = xcalloc((unsigned long)config->line_count + 1, sizeof(*b->lines));
	if (config->read_count)
		memcpy(b->reads, config->reads,
		       (unsigned long)config->read_count * sizeof(*b->reads));
	b->config.reads = b->reads;
	plan_line_init(&b->line, fx);
	if (bus_is_modbus(b) && (add_fixture_devices(b, err) < 0 || add_reads(b, err) < 0)) {
		bus_free(b);
		return NULL;
	}
	return b;
}

void bus_free(struct bus *b)
{
	if (!b)
		return;
	if (b->is_up)
		b->ops.close(b->ops.ctx);
	free(b->slaves);
	free(b->devices);
	free(b->reads);
	free(b->read_states);
	free(b->lines);
	free(b);
}

/* ---- run ------------------------------------------------------------------- */

/* Begin what goes first. false: nothing now; *next_ns tells when. */
static bool begin_next(struct bus *b, int64_t now_ns, int64_t *next_ns)
{
	int slot = queue_pick(b, now_ns, next_ns);

	if (slot >= 0 && (b->queue[slot].req.urgent || b->requests_in_row < REQUESTS_IN_ROW)) {
		b->requests_in_row++;
		queue_begin(b, slot, now_ns);
		return true;
	}
	b->requests_in_row = 0;
	if (poll_begin(b, now_ns, next_ns))
		return true;
	if (slot < 0)
		return false;
	queue_begin(b, slot, now_ns);
	return true;
}

/* When the line is or counts as silent. */
static int64_t line_free_ns(struct bus *b, int64_t now_ns)
{
	if (now_ns >= b->free_ns)
		return now_ns;
	if (!b->hold_since_ns)
		b->hold_since_ns = now_ns;
	if (b->hold_since_ns + HOLD_MAX_NS < b->free_ns)
		return b->hold_since_ns + HOLD_MAX_NS;
	return b->free_ns;
}

static int64_t earliest_work_ns(struct bus *b, int64_t now_ns)
{
	int64_t at_ns = INT64_MAX;

	if (queue_pick(b, now_ns, &at_ns) >= 0)
		return now_ns;
	for (int i = 0; i < b->config.read_count; i++) {
		const struct read_state *r = &b->read_states[i];
		int64_t due_ns = b->slaves[r->slave].lost ? b->slaves[r->slave].probe_ns
							  : r->due_ns;

		if (r->due_ns != INT64_MAX && due_ns < at_ns)
			at_ns = due_ns;
	}
	return at_ns;
}

static int64_t run_modbus(struct bus *b, int64_t now_ns)
{
	if (b->is_up)
		measure_run(b, now_ns);
	/* Bounded: each turn either waits for bytes or, on TCP, has taken its time. */
	for (int guard = 0; guard < 2 * BUS_QUEUE_MAX; guard++) {
		int64_t next_ns, free_ns;

		queue_drop_canceled(b);
		if (!b->is_up)
			return b->open_ns;
		if (b->turn.kind != TURN_NONE) {
			if (now_ns < b->turn.deadline_ns)
				return b->turn.deadline_ns;
			turn_timeout(b, now_ns);
			continue;
		}
		next_ns = earliest_work_ns(b, now_ns);
		/* Not before the line is free: one wake-up for both. */
		if (next_ns > now_ns)
			return next_ns > b->free_ns ? next_ns : b->free_ns;
		line_reopen_if_stuck(b, now_ns);
		free_ns = line_free_ns(b, now_ns);
		if (free_ns > now_ns)
			return free_ns;
		b->hold_since_ns = 0;
		if (b->free_ns > now_ns)
			bus_trace(b, now_ns, '!', NULL, 0, "the line does not fall silent");
		next_ns = INT64_MAX;
		if (!begin_next(b, now_ns, &next_ns))
			return next_ns;
		/* A TCP transaction took its time: let the thread come round. */
		if (b->line.is_tcp)
			return now_ns;
	}
	return now_ns;
}

int64_t bus_run(struct bus *b, int64_t now_ns)
{
	b->now_ns = now_ns;
	if (!b->is_up && now_ns >= b->open_ns)
		line_open(b, now_ns);
	if (!b->is_up) {
		if (b->told_down)
			queue_fail_all(b, BUS_LINE_DOWN, b->down_text);
		b->next_ns = b->open_ns;
		return b->next_ns;
	}
	switch (b->kind) {
	case BUS_MODBUS_RTU:
	case BUS_MODBUS_TCP: b->next_ns = run_modbus(b, now_ns); break;
	case BUS_GPIO:
		queue_run_direct(b, now_ns);
		b->next_ns = b->is_up ? gpio_lines_run(b, now_ns) : b->open_ns;
		break;
	case BUS_SERIAL:
	case BUS_TCP:
		queue_run_direct(b, now_ns);
		b->next_ns = b->is_up ? INT64_MAX : b->open_ns;
		break;
	}
	return b->next_ns;
}

int64_t bus_quiet_until_ns(const struct bus *b)
{
	if (b->kind != BUS_MODBUS_RTU || !b->is_up)
		return 0;
	if (b->turn.kind == TURN_NONE && b->turn.quiet_ns > b->next_ns)
		return b->next_ns;
	return b->turn.quiet_ns;
}

bool bus_is_engaged(const struct bus *b)
{
	return b->kind == BUS_MODBUS_RTU && b->is_up &&
	       (b->turn.kind != TURN_NONE || b->next_ns == b->free_ns);
}

static void serial_bytes(struct bus *b, const uint8_t *p, size_t n, int64_t now_ns)
{
	bus_trace(b, now_ns, '<', p, n, NULL);
	while (n) {
		struct bus_event *ev = bus_event(b, BUS_EVENT_BYTES);
		size_t part = n < sizeof(ev->bytes) ? n : sizeof(ev->bytes);

		memcpy(ev->bytes, p, part);
		ev->byte_count = (uint16_t)part;
		ev->at_ns = now_ns;
		bus_emit(b);
		p += part;
		n -= part;
	}
}

void bus_bytes(struct bus *b, const uint8_t *p, size_t n, int64_t now_ns)
{
	b->now_ns = now_ns;
	if (!b->is_up || n == 0)
		return;
	if (bus_is_stream(b))
		serial_bytes(b, p, n, now_ns);
	else if (b->kind == BUS_MODBUS_RTU)
		turn_bytes(b, p, n, now_ns);
}

void bus_set_latency(struct bus *b, int64_t latency_ns)
{
	if (latency_ns == b->latency_ns)
		return;
	bus_trace_text(b, b->now_ns, '!', "latency_ns=%" PRId64, latency_ns);
	b->line.reply_timeout_ns += latency_ns - b->latency_ns;
	b->latency_ns = latency_ns;
}

void bus_need(struct bus *b, uint16_t device, bool needed)
{
	for (int i = 0; i < b->device_count; i++)
		if (b->devices[i].device == device)
			b->devices[i].needed = needed;
	for (int i = 0; i < b->slave_count; i++) {
		struct slave *s = &b->slaves[i];
		bool was = s->needed;

		s->needed = false;
		for (int k = 0; k < b->device_count; k++)
			s->needed |= b->devices[k].slave == i && b->devices[k].needed;
		if (s->needed && !was)
			s->probe_ns = 0;
	}
}

void bus_stats(const struct bus *b, struct bus_stats *out)
{
	*out = b->stats;
}

int64_t bus_worst_transaction_ns(const struct fx_bus *bus, const struct bus_read *reads,
				 int read_count)
{
	struct plan_line l;
	/* The longest write, and the longest read with as many registers more as taint.h may add.
	 */
	const size_t write_bytes = 9 + 2 * BUS_WRITE_REGISTERS_MAX;
	int64_t write_ns, read_ns;
	size_t reply = 0;
	unsigned cap = 1;

	plan_line_init(&l, bus);
	if (l.is_tcp)
		return TCP_CONNECT_NS > l.reply_timeout_ns ? TCP_CONNECT_NS : l.reply_timeout_ns;
	if (bus->kind != BUS_MODBUS_RTU)
		return 100 * NS_PER_MS;
	while (cap < PLAN_REGISTERS_MAX &&
	       plan_read_ns(&l, MODBUS_READ_HOLDING, (uint16_t)(cap + 1)) <= PLAN_WRITE_WAIT_NS)
		cap++;
	if (read_count > 1)
		reply = 5 + 2 * cap;
	for (int i = 0; i < read_count; i++) {
		size_t n = 5 + rtu_shape_of_read(reads[i].function, reads[i].count).key;

		reply = n > reply ? n : reply;
	}
	reply += 2 * SLAVE_PADS_MAX;
	write_ns = (int64_t)write_bytes * l.char_ns + plan_timeout_ns(&l, 8);
	read_ns = 8 * l.char_ns + plan_timeout_ns(&l, reply);
	return l.gap_ns + (write_ns > read_ns ? write_ns : read_ns);
}
