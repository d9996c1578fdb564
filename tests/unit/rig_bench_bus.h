/* SPDX-License-Identifier: MIT
 *
 * The fake side of the rig's unit tests: what the machine calls, and devices that are arrays of
 * registers.
 */
#ifndef TESTS_UNIT_RIG_BENCH_BUS_H
#define TESTS_UNIT_RIG_BENCH_BUS_H

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
#include "rig_bench_fixture.h"

/* A test need not use all of the bench. */
#define UNUSED __attribute__((unused))

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

/* An answer: how long it takes, and when in that time the device reads its counter (0..1). */
struct answer {
	int ms;
	double at;
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
	/* with answers the counter counts so many a second (run time); they come again and again */
	double count_hz;
	const struct answer *answers;
	int answer_count, answer_at;
	uint16_t wrong_id; /* unit that says it is another */
	int64_t latency_ns;
	/* GPIO levels by config line */
	uint8_t level[16];
	int dead_man_edges;
	int64_t dead_man_ns; /* last edge */
	/* the next so many edges of the dead-man line, or writes to a unit, fail */
	int bad_edges, refusals[UNITS];
	uint8_t exception;	     /* of refusals; 0: 4 */
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
	int64_t told_ns, longest_ns; /* the last message; the longest time without one */
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
	if (b->told_ns && b->now_ns - b->told_ns > b->longest_ns)
		b->longest_ns = b->now_ns - b->told_ns;
	b->told_ns = b->now_ns;
	if (m->type == IO_SAMPLES) {
		for (int i = 0; i < m->u.samples.count; i++)
			b->last[m->u.samples.at[i].channel] = m->u.samples.at[i];
		b->samples += m->u.samples.count;
		return;
	}
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

	if (q->kind == BUS_GPIO_SET && b->bad_edges > 0) {
		b->bad_edges--;
		ev.status = BUS_LINE_DOWN;
	} else if (q->kind == BUS_WRITE && b->refusals[q->unit] > 0) {
		b->refusals[q->unit]--;
		ev.status = BUS_EXCEPTION;
		ev.exception = b->exception ? b->exception : 4;
	} else if (q->kind == BUS_GPIO_SET) {
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

/* The counter at the end of its answer, and when the next one comes. */
static void count_late(struct bench *b, struct bus_event *ev, int64_t period_ns, int64_t *due_ns)
{
	const struct answer *a = &b->answers[b->answer_at++ % b->answer_count];
	const struct answer *next = &b->answers[b->answer_at % b->answer_count];
	int64_t took_ns = a->ms * NS_PER_MS, asked_ns = b->now_ns - took_ns;
	double read_s = ((double)asked_ns + a->at * (double)took_ns) * 1e-9;

	b->count = (uint32_t)(b->count_hz * read_s * b->speed);
	ev->spread_ns = took_ns / 2;
	ev->at_ns = asked_ns + took_ns / 2;
	*due_ns = (asked_ns + period_ns > b->now_ns ? asked_ns + period_ns : b->now_ns) +
		  next->ms * NS_PER_MS;
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
		if (b->answer_count && rd->unit == 20 && rd->function == MODBUS_READ_INPUT)
			count_late(b, &ev, rd->period_ns, &b->read_due[i]);
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

#endif
