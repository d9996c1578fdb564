/* SPDX-License-Identifier: MIT
 *
 * A rig machine on fake buses: devices are arrays of registers, time is a number, benchd is the test. Included by
 * the rig's unit tests; one bench per test.
 */
#ifndef TESTS_RIG_BENCH_H
#define TESTS_RIG_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "plan/fixture.h"
#include "rig/rig.h"

/* A test need not use all of the bench. */
#define UNUSED __attribute__((unused))

/* Two halves: a compiler need not take longer literals. */
static const char rig_yaml_wires[] =
	"fixture: rig1\n"
	"title: {en: Test rig, zh: 测试台}\n"
	"simulated: yes\n"
	"buses:\n"
	"  io: {kind: modbus_rtu, port: \"sim:io\", baud: 115200, turnaround: 5 ms}\n"
	"  gpio: {kind: gpio, port: \"sim:gpio\"}\n"
	"  scan1: {kind: serial, port: \"sim:scan1\", baud: 9600}\n"
	"devices:\n"
	"  relays_1: {driver: waveshare_relay8, bus: io, unit: 1}\n"
	"  relays_2: {driver: waveshare_relay8, bus: io, unit: 2}\n"
	"  relays_3: {driver: waveshare_relay8, bus: io, unit: 3}\n"
	"  analog_1: {driver: waveshare_ai8, bus: io, unit: 11, options: {inputs: 2}}\n"
	"  analog_2: {driver: waveshare_ai8, bus: io, unit: 12, options: {inputs: 1}}\n"
	"  map:\n"
	"    driver: register_map\n"
	"    bus: io\n"
	"    unit: 20\n"
	"    options:\n"
	"      points:\n"
	"        regulator_1: {register: 0, scale: 0.001, quantity: pressure, direction: read_write, max: 0.4}\n"
	"        regulator_2: {register: 1, scale: 0.001, quantity: pressure, direction: read_write, max: 0.4}\n"
	"        count_1: {register: 0x20, function: 4, type: u32, quantity: count}\n"
	"  lines:\n"
	"    driver: gpio_lines\n"
	"    bus: gpio\n"
	"    options:\n"
	"      points:\n"
	"        estop: {line: estop, direction: in}\n"
	"        leak_1: {line: leak_1, direction: in}\n"
	"        leak_2: {line: leak_2, direction: in}\n"
	"        start_1: {line: start_1, direction: in}\n"
	"        dead_man: {line: dead_man, direction: out}\n"
	"  meter_1: {driver: pulse_flow, bus: gpio, options: {line: flow_1, window_s: 2}}\n"
	"  scanner_1: {driver: scanner, bus: scan1}\n"
	"bays:\n"
	"  \"1\": {scanner: scanner_1.code}\n"
	"  \"2\": {}\n"
	"";
static const char rig_yaml_rest[] =
	"channels:\n"
	"  - {name: supply_pressure, point: analog_1.ai1, from: 4..20 mA, to: 0..1 MPa, poll: 100 ms, stale: 500 ms,\n"
	"     range: -0.02..1.03 MPa, resolution: 0.0005 MPa, uncertainty: 0.0015 MPa}\n"
	"  - {name: feed_pressure, bays: 1, point: analog_1.ai2, from: 4..20 mA, to: 0..1 MPa, poll: 100 ms, stale: 500 ms,\n"
	"     range: -0.02..1.03 MPa, resolution: 0.0005 MPa, uncertainty: 0.0015 MPa,\n"
	"     frozen: {after: 10, while: supply_pump}}\n"
	"  - {name: feed_pressure, bays: 2, point: analog_2.ai1, from: 4..20 mA, to: 0..1 MPa, poll: 100 ms, stale: 500 ms,\n"
	"     range: -0.02..1.03 MPa, resolution: 0.0005 MPa, uncertainty: 0.0015 MPa}\n"
	"  - {name: permeate_flow, bays: 1, point: map.count_1, scale: counter, per_litre: 1000, poll: 200 ms, update: 1 s,\n"
	"     stale: 3 s, range: 0..6 L/min, resolution: 0.01 L/min, uncertainty: 0.01 L/min}\n"
	"  - {name: feed_flow, bays: 1, point: meter_1.frequency, scale: pulse_rate, per_litre: 1000, poll: 500 ms,\n"
	"     stale: 3 s, range: 0..8 L/min, resolution: 0.01 L/min, uncertainty: 0.01 L/min}\n"
	"  - {name: estop, point: lines.estop, poll: 100 ms, stale: 500 ms, debounce: 0 ms}\n"
	"  - {name: tray_leak, bays: 1, point: lines.leak_1, poll: 100 ms, stale: 500 ms, debounce: 300 ms}\n"
	"  - {name: tray_leak, bays: 2, point: lines.leak_2, poll: 100 ms, stale: 500 ms, debounce: 300 ms}\n"
	"  - {name: start_button, bays: 1, point: lines.start_1, poll: 100 ms, stale: 500 ms, debounce: 50 ms}\n"
	"outputs:\n"
	"  - {name: supply_pump, kind: pump, point: relays_3.relay1, safe: off, max_on: 1 h}\n"
	"  - {name: dead_man, kind: lamp, point: lines.dead_man, safe: off}\n"
	"  - {name: supply_valve, bays: 1, kind: valve, point: relays_1.relay1, safe: closed, max_on: 60 s, supply_flow: 3 L/min}\n"
	"  - {name: feed_valve, bays: 1, kind: valve, point: relays_1.relay2, safe: closed, max_on: 1 h}\n"
	"  - {name: feed_vent, bays: 1, kind: valve, point: relays_1.relay3, normally_open: yes, safe: open, max_on: 1 h}\n"
	"  - {name: regulator, bays: 1, kind: setpoint, point: map.regulator_1, range: 0..0.4 MPa, safe: 0 MPa, max_on: 1 h}\n"
	"  - {name: supply_valve, bays: 2, kind: valve, point: relays_2.relay1, safe: closed, max_on: 60 s, supply_flow: 3 L/min}\n"
	"  - {name: feed_valve, bays: 2, kind: valve, point: relays_2.relay2, safe: closed, max_on: 1 h}\n"
	"  - {name: feed_vent, bays: 2, kind: valve, point: relays_2.relay3, normally_open: yes, safe: open, max_on: 1 h}\n"
	"  - {name: regulator, bays: 2, kind: setpoint, point: map.regulator_2, range: 0..0.4 MPa, safe: 0 MPa, max_on: 1 h}\n"
	"interlocks:\n"
	"  estop: {title: {en: Emergency stop, zh: 急停}, class: estop, when: estop, whole_rig: yes, unknown_trips: yes,\n"
	"    debounce: 0 ms}\n"
	"  tray_leak: {title: {en: Water in the tray, zh: 漏水}, class: leak, when: tray_leak, debounce: 0 ms}\n"
	"  over_pressure: {title: {en: Feed over-pressure, zh: 超压}, class: over_pressure, when: feed_pressure > 0.44 MPa,\n"
	"    debounce: 2 s}\n"
	"  pressure_sensor: {title: {en: No pressure reading, zh: 压力未知}, class: sensor, when: feed_pressure > 1.2 MPa,\n"
	"    unknown_trips: yes, debounce: 1 s}\n"
	"  vent: {title: {en: Feed open to the vent, zh: 放空}, class: over_pressure, when: feed_valve and feed_vent,\n"
	"    debounce: 0 ms}\n"
	"stop:\n"
	"  - {set: supply_pump, to: off}\n"
	"  - {set: regulator, to: 0 MPa, wait: 3 s}\n"
	"  - {set: feed_valve, to: closed}\n"
	"  - {set: supply_valve, to: closed}\n"
	"  - {set: feed_vent, to: open}\n"
	"proof: {within: 20 s, holds: [feed_pressure < 0.02 MPa]}\n"
	"dead_man: dead_man\n"
	"supply: {capacity: 7 L/min, stagger: 3 s}\n";

enum { UNITS = 32, QUEUE = 128, SENT = 4096 };
enum {
	OUT_PUMP,
	OUT_DEAD_MAN,
	OUT_SUPPLY_1,
	OUT_FEED_1,
	OUT_VENT_1,
	OUT_REG_1,
	OUT_SUPPLY_2,
	OUT_FEED_2,
	OUT_VENT_2,
	OUT_REG_2
};
enum {
	CH_SUPPLY,
	CH_FEED_1,
	CH_FEED_2,
	CH_COUNT,
	CH_FLOW,
	CH_ESTOP,
	CH_LEAK_1,
	CH_LEAK_2,
	CH_START
};
enum {
	DEV_RELAYS_1,
	DEV_RELAYS_2,
	DEV_RELAYS_3,
	DEV_ANALOG_1,
	DEV_ANALOG_2,
	DEV_MAP,
	DEV_LINES,
	DEV_METER,
	DEV_SCANNER
};

struct queued {
	struct bus_request q;
	int bus;
	int64_t due_ns;
};

struct bench {
	struct fixture *f;
	struct rig *r;
	int64_t now_ns;
	unsigned speed;
	/* devices of bus 0 */
	bool dead[UNITS], stuck[UNITS], told_lost[UNITS];
	uint16_t coils[UNITS][8], ua[UNITS][8], regulators[2], modes;
	uint32_t count;
	uint16_t wrong_id; /* unit that says it is another */
	int64_t latency_ns;
	/* GPIO levels by config line */
	uint8_t level[16];
	int dead_man_edges;
	int64_t dead_man_ns;	     /* last edge */
	bool unhealthy, full, still; /* still: readings without noise */
	unsigned noise;
	struct queued queue[QUEUE];
	int queued;
	int64_t read_due[64], line_due[16];
	bool up;
	/* what was sent to benchd */
	bool linked;
	struct io_msg *sent;
	int sent_count;
	uint32_t lease[2], seq[2];
	double want[2][8];
	bool holding[2];
	int64_t image_due[2];
	struct sample last[16];
	int samples;
	int writes; /* requests that set outputs */
	bool needed[16];
	char logged[200];
};

static int fake_submit(void *ctx, int bus, const struct bus_request *q)
{
	struct bench *b = ctx;

	if (b->full || b->queued == QUEUE)
		return ERR_LIMIT;
	b->queue[b->queued++] = (struct queued){*q, bus, b->now_ns + b->latency_ns};
	b->writes += q->kind == BUS_WRITE;
	return 0;
}

static void fake_need(void *ctx, int bus, uint16_t device, bool needed)
{
	struct bench *b = ctx;

	(void)bus;
	b->needed[device] = needed;
}

static void fake_send(void *ctx, const struct io_msg *m)
{
	struct bench *b = ctx;
	uint8_t wire[IO_MESSAGE_MAX];

	/* whatever the machine says has to be possible on the link */
	assert_true(io_encode(m, wire, sizeof(wire)) > 0);
	if (m->type == IO_SAMPLES) {
		for (int i = 0; i < m->u.samples.count; i++)
			b->last[m->u.samples.at[i].channel] = m->u.samples.at[i];
		b->samples += m->u.samples.count;
		return;
	}
	if (m->type == IO_OUTPUTS)
		return;
	assert_true(b->sent_count < SENT);
	b->sent[b->sent_count++] = *m;
}

static void fake_log(void *ctx, int level, const char *text)
{
	struct bench *b = ctx;

	(void)level;
	snprintf(b->logged, sizeof(b->logged), "%s", text);
}

static bool fake_healthy(void *ctx, int64_t now_ns)
{
	const struct bench *b = ctx;

	(void)now_ns;
	return !b->unhealthy;
}

/* --- the devices --- */

static bool device_read(struct bench *b, int unit, int function, int first, int count,
			uint16_t *out)
{
	if (unit >= UNITS || b->dead[unit])
		return false;
	for (int i = 0; i < count; i++) {
		int at = first + i;

		out[i] = 0;
		if (function == MODBUS_READ_COILS && at < 8)
			out[i] = b->coils[unit][at];
		else if (at == 0x4000 || at == 0x0200)
			out[i] = (uint16_t)(unit == b->wrong_id ? 99 : unit);
		else if (at == 0x8000)
			out[i] = 200;
		else if (at >= 0x1000 && at < 0x1008)
			out[i] = 3;
		else if (function == MODBUS_READ_INPUT && unit == 20 && at >= 0x20 && at < 0x22)
			out[i] = (uint16_t)(at == 0x20 ? b->count >> 16 : b->count);
		else if (function == MODBUS_READ_HOLDING && unit == 20 && at < 2)
			out[i] = b->regulators[at];
		else if (function == MODBUS_READ_INPUT && at < 8)
			out[i] = (uint16_t)(b->ua[unit][at] + (b->still ? 0 : b->noise++ % 5));
	}
	return true;
}

static void device_write(struct bench *b, const struct bus_request *q)
{
	for (int i = 0; i < q->count && !b->stuck[q->unit]; i++)
		if (q->function == MODBUS_WRITE_COILS)
			b->coils[q->unit][q->first + i] = q->data[i];
		else
			b->regulators[q->first + i] = q->data[i];
}

static void deliver(struct bench *b, int bus, const struct bus_event *ev)
{
	rig_bus_event(b->r, bus, ev, b->now_ns);
}

static void run_request(struct bench *b, const struct queued *e)
{
	struct bus_event ev = {.kind = BUS_EVENT_REQUEST,
			       .token = e->q.token,
			       .device = e->q.device,
			       .at_ns = b->now_ns};
	const struct bus_request *q = &e->q;

	if (q->kind == BUS_GPIO_SET) {
		if (b->level[q->line] != q->data[0]) {
			b->dead_man_edges++;
			b->dead_man_ns = b->now_ns;
		}
		b->level[q->line] = (uint8_t)q->data[0];
	} else if (b->dead[q->unit]) {
		ev.status = BUS_NO_REPLY;
	} else if (q->kind == BUS_READ_ONCE) {
		ev.count = q->count;
		device_read(b, q->unit, q->function, q->first, q->count, ev.data);
	} else if (q->kind == BUS_WRITE) {
		device_write(b, q);
		assert_true(q->verify);
		ev.count = q->verify_count;
		device_read(b, q->unit, q->verify_function, q->verify_first, q->verify_count,
			    ev.data);
		for (int i = 0; i < q->verify_count; i++)
			if ((ev.data[i] ^ q->verify_expect[i]) & q->verify_mask[i])
				ev.status = BUS_MISMATCH;
	}
	deliver(b, e->bus, &ev);
}

static void run_queue(struct bench *b)
{
	for (int i = 0; i < b->queued;) {
		struct queued e = b->queue[i];

		if (e.due_ns > b->now_ns) {
			i++;
			continue;
		}
		memmove(&b->queue[i], &b->queue[i + 1], sizeof(e) * (size_t)(b->queued - i - 1));
		b->queued--;
		run_request(b, &e);
	}
}

static void run_reads(struct bench *b)
{
	struct bus_config c;

	rig_bus_config(b->r, 0, &c);
	for (int i = 0; i < c.read_count; i++) {
		const struct bus_read *rd = &c.reads[i];
		struct bus_event ev = {.kind = BUS_EVENT_READ,
				       .index = i,
				       .device = rd->device,
				       .count = rd->count,
				       .at_ns = b->now_ns};

		if (b->now_ns < b->read_due[i])
			continue;
		b->read_due[i] = b->now_ns + rd->period_ns;
		if (!device_read(b, rd->unit, rd->function, rd->first, rd->count, ev.data)) {
			ev.status = BUS_NO_REPLY;
			ev.count = 0;
		}
		deliver(b, 0, &ev);
	}
}

static void line_event(struct bench *b, int line)
{
	struct bus_event ev = {
		.kind = BUS_EVENT_LINE, .index = line, .value = b->level[line], .at_ns = b->now_ns};

	deliver(b, 1, &ev);
}

static void run_lines(struct bench *b)
{
	struct bus_config c;

	rig_bus_config(b->r, 1, &c);
	for (int i = 0; i < c.line_count; i++) {
		if (c.lines[i].mode != GPIO_IN || b->now_ns < b->line_due[i])
			continue;
		b->line_due[i] = b->now_ns + c.lines[i].period_ns;
		line_event(b, i);
	}
}

/* A dead unit is reported as the bus layer does: lost once, back once. */
static void run_lost(struct bench *b)
{
	for (int d = 0; d < b->f->device_count; d++) {
		int unit = b->f->devices[d].unit_id;
		struct bus_event ev = {.device = (uint16_t)d, .at_ns = b->now_ns};

		if (b->f->devices[d].bus != 0 || b->dead[unit] == b->told_lost[unit])
			continue;
		b->told_lost[unit] = b->dead[unit];
		ev.kind = b->dead[unit] ? BUS_EVENT_DEVICE_LOST : BUS_EVENT_DEVICE_BACK;
		snprintf(ev.text, sizeof(ev.text), "no answer in 3 tries");
		deliver(b, 0, &ev);
	}
}

/* --- time --- */

static int bay_outputs(const struct bench *b, int bay)
{
	int n = 0;

	for (int i = 0; i < b->f->output_count; i++)
		n += b->f->outputs[i].bays >> bay & 1;
	return n;
}

static void send_image(struct bench *b, int bay)
{
	struct io_msg m = {.type = IO_IMAGE};
	struct error err = {0};

	m.u.image.bay = (uint8_t)bay;
	m.u.image.lease = b->lease[bay];
	m.u.image.seq = ++b->seq[bay];
	m.u.image.count = (uint16_t)bay_outputs(b, bay);
	memcpy(m.u.image.value, b->want[bay], sizeof(b->want[bay]));
	if (rig_message(b->r, &m, b->now_ns, &err))
		fail_msg("%s", err.text);
}

static void tick(struct bench *b)
{
	b->now_ns += 5 * NS_PER_MS;
	run_lost(b);
	run_queue(b);
	run_reads(b);
	run_lines(b);
	for (int bay = 0; bay < 2; bay++)
		if (b->holding[bay] && b->now_ns >= b->image_due[bay]) {
			b->image_due[bay] = b->now_ns + IO_IMAGE_NS;
			send_image(b, bay);
		}
	rig_run(b->r, b->now_ns);
	run_queue(b);
}

static void pass(struct bench *b, double wire_s)
{
	int64_t end_ns = b->now_ns + (int64_t)(wire_s * 1e9);

	while (b->now_ns < end_ns)
		tick(b);
}

/* --- benchd --- */

static void link_up(struct bench *b)
{
	struct io_msg m = {.type = IO_WELCOME};
	struct error err = {0};

	rig_link_up(b->r, b->now_ns);
	m.u.welcome.version = IO_VERSION;
	m.u.welcome.speed = b->speed;
	if (rig_message(b->r, &m, b->now_ns, &err))
		fail_msg("%s", err.text);
	b->linked = true;
}

/* Values of a bay's outputs in fixture order: pump, dead-man, supply, feed, vent, regulator. */
UNUSED static void hold(struct bench *b, int bay, double pump, double supply, double feed,
			double vent, double reg)
{
	b->want[bay][0] = pump;
	b->want[bay][1] = 0;
	b->want[bay][2] = supply;
	b->want[bay][3] = feed;
	b->want[bay][4] = vent;
	b->want[bay][5] = reg;
	if (!b->holding[bay]) {
		b->lease[bay]++;
		b->seq[bay] = 0;
		b->holding[bay] = true;
	}
	b->image_due[bay] = b->now_ns + IO_IMAGE_NS;
	send_image(b, bay);
}

UNUSED static void safe(struct bench *b, int bay, enum safe_what what, uint32_t token)
{
	struct io_msg m = {.type = IO_SAFE};

	m.u.safe.bay = (uint8_t)bay;
	m.u.safe.what = (uint8_t)what;
	m.u.safe.token = token;
	if (what != SAFE_CHECK)
		b->holding[bay] = false;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), 0);
}

/* Type 0 when there was none: every comparison with it fails. */
static const struct io_msg no_message;

UNUSED static const struct io_msg *last_sent(const struct bench *b, enum io_type t)
{
	for (int i = b->sent_count - 1; i >= 0; i--)
		if (b->sent[i].type == t)
			return &b->sent[i];
	return &no_message;
}

UNUSED static const struct io_msg *proof_of(const struct bench *b, uint32_t token)
{
	for (int i = b->sent_count - 1; i >= 0; i--)
		if (b->sent[i].type == IO_PROOF && b->sent[i].u.proof.token == token)
			return &b->sent[i];
	return &no_message;
}

/* 1 proven, 0 not proven, -1 not answered. */
UNUSED static int answer(const struct bench *b, uint32_t token)
{
	const struct io_msg *m = proof_of(b, token);

	return m->type == IO_PROOF ? m->u.proof.proven : -1;
}

static enum bay_state state(const struct bench *b, int bay)
{
	return rig_bay_state(b->r, bay, NULL);
}

UNUSED static const char *reason(const struct bench *b, int bay)
{
	const char *text;

	rig_bay_state(b->r, bay, &text);
	return text;
}

/* Are the bay's own outputs physically safe? Shared ones apart. */
static bool outputs_safe(const struct bench *b, int bay)
{
	return !b->coils[1 + bay][0] && !b->coils[1 + bay][1] && !b->coils[1 + bay][2] &&
	       !b->regulators[bay];
}

UNUSED static bool all_safe(const struct bench *b)
{
	return outputs_safe(b, 0) && outputs_safe(b, 1) && !b->coils[3][0];
}

UNUSED static void mpa(struct bench *b, int bay, double v)
{
	b->ua[11 + bay][bay ? 0 : 1] = (uint16_t)(4000 + 16000 * v + 0.5);
}

static struct bench *bench_speed(unsigned speed)
{
	struct bench *b = calloc(1, sizeof(*b));
	static char yaml[8192];
	struct problems p = {0};
	struct rig_ops ops = {b, fake_submit, fake_need, fake_send, fake_log, fake_healthy};
	struct clock_scale scale = {0, speed};

	assert_non_null(b);
	b->sent = calloc(SENT, sizeof(*b->sent));
	assert_non_null(b->sent);
	snprintf(yaml, sizeof(yaml), "%s%s", rig_yaml_wires, rig_yaml_rest);
	b->f = fixture_parse("rig.yaml", yaml, strlen(yaml), &p);
	if (!b->f) {
		problems_print(&p, stderr);
		fail_msg("the test's fixture");
	}
	b->r = rig_new(b->f, &scale, &ops, &p);
	if (!b->r) {
		problems_print(&p, stderr);
		fail_msg("the test's rig");
	}
	b->now_ns = 100 * NS_PER_S;
	b->speed = speed;
	b->latency_ns = 10 * NS_PER_MS;
	b->ua[11][0] = 4000 + 4000;
	mpa(b, 0, 0.001);
	mpa(b, 1, 0.001);
	return b;
}

UNUSED static struct bench *bench(void)
{
	return bench_speed(1);
}

static void buses_up(struct bench *b)
{
	for (int i = 0; i < b->f->bus_count; i++) {
		struct bus_event ev = {.kind = BUS_EVENT_UP, .at_ns = b->now_ns};

		deliver(b, i, &ev);
	}
	b->up = true;
}

/* Started, linked, both bays ready. */
UNUSED static struct bench *ready_bench(void)
{
	struct bench *b = bench();

	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_int_equal(state(b, 1), BAY_READY);
	return b;
}

static void bench_free(struct bench *b)
{
	rig_free(b->r);
	fixture_free(b->f);
	free(b->sent);
	free(b);
}

#endif
