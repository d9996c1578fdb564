/* SPDX-License-Identifier: MIT
 *
 * A line of four devices in virtual time whose registers tell which request they answer
 * (tests/fake/pattern.h), a fault on it, and what has to hold meanwhile and afterwards. The fault is
 * the first device's, "d1", or the "line"'s. Static: include it in a test program.
 */
#ifndef TESTS_DST_WIRE_LAB_H
#define TESTS_DST_WIRE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/wire.h"
#include "tests/fake/pattern.h"

enum { TRANSACTIONS = 10000 };
#define PERIOD_NS  (NS_PER_S / 2)
#define TIMEOUT_NS (50 * NS_PER_MS)
#define LONGEST_NS (4000 * NS_PER_S)
#define BACK_NS	   (60 * NS_PER_S)
#define WRITE_NS   (NS_PER_S / 2)

struct lab {
	struct pattern pattern;
	struct vtime vt;
	struct world *world;
	struct wire *wire;
	struct wire_faults faults; /* its count is the serial number */
	struct bus_config config;
	struct vtimer write;
	struct rng rng;
	uint64_t good[PATTERN_DEVICES], bad, wrong, lost, back;
	uint64_t writes, writes_ok, writes_false;
	bool writing;
	uint16_t written;
	int64_t good_ns; /* first good value of the ill device since it was set to 0 */
	char first_wrong[160];
};

/* What a row lets happen. */
struct row {
	const char *fault;   /* of "d1" or "line" */
	bool no_other_lives; /* the whole line is ill: the others need not keep their pace */
	uint64_t wrong_max;  /* per loss of the device: what no protocol can tell, see there */
	bool from_start;     /* it is so when the port is opened */
};

#define ROW(text)                                                                                  \
	{                                                                                          \
		.fault = (text), .no_other_lives = false                                           \
	}
#define ILL(text)                                                                                  \
	{                                                                                          \
		.fault = (text), .no_other_lives = true                                            \
	}

static inline void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct lab *l = ctx;

	(void)bus;
	l->lost += ev->kind == BUS_EVENT_DEVICE_LOST && ev->device == 0;
	l->back += ev->kind == BUS_EVENT_DEVICE_BACK && ev->device == 0;
	if (ev->kind == BUS_EVENT_REQUEST) {
		bool is_so = l->pattern.stored[1][0] == l->written;

		l->writing = false;
		l->writes_ok += ev->status == BUS_OK;
		l->writes_false += ev->status == BUS_OK && !is_so;
	}
	if (ev->kind != BUS_EVENT_READ)
		return;
	if (ev->status != BUS_OK) {
		l->bad++;
		return;
	}
	if (!pattern_is_right(&l->pattern, ev)) {
		if (!l->wrong++)
			snprintf(l->first_wrong, sizeof(l->first_wrong),
				 "transaction %llu, read %d: %04x %04x",
				 (unsigned long long)l->faults.count, ev->index, ev->data[0],
				 ev->data[1]);
		return;
	}
	l->good[ev->device]++;
	if (ev->device == 0 && !l->good_ns)
		l->good_ns = l->vt.now_ns;
}

/* A verified write to the ill device now and then. */
static inline void write_one(void *ctx, int64_t now_ns)
{
	struct lab *l = ctx;
	struct bus_request r = {.kind = BUS_WRITE,
				.device = 0,
				.unit = 1,
				.function = MODBUS_WRITE_REGISTER,
				.first = PATTERN_STORE,
				.count = 1,
				.verify = true,
				.verify_function = MODBUS_READ_HOLDING,
				.verify_first = PATTERN_STORE,
				.verify_count = 1,
				.verify_mask = {0xffff}};

	vtime_set(&l->vt, &l->write, now_ns + WRITE_NS);
	if (l->writing)
		return;
	l->writing = true;
	l->writes++;
	l->written = r.data[0] = r.verify_expect[0] = rng_next(&l->rng) % 2 ? 0x1234 : 0x4321;
	r.urgent = rng_next(&l->rng) % 2;
	assert_int_equal(wire_submit(l->wire, &r), 0);
}

static inline void lab_open(struct lab *l, enum bus_kind kind, uint64_t seed)
{
	struct fx_bus bus = {.name = "line",
			     .kind = kind,
			     .port = "sim:line",
			     .baud = kind == BUS_MODBUS_RTU ? 9600 : 0,
			     .parity = 'N',
			     .stop_bits = 1,
			     .turnaround_ns = 5 * NS_PER_MS,
			     .reply_timeout_ns = TIMEOUT_NS};
	struct world_config wc = {.seed = seed, .answer = pattern_answer};
	struct wire_config config;
	struct error err = {0};

	memset(l, 0, sizeof(*l));
	pattern_init(&l->pattern, &bus, PERIOD_NS, &l->faults.count);
	l->rng.state = seed;
	vtime_init(&l->vt, 1000 * NS_PER_S);
	wc.fixture = &l->pattern.fixture;
	wc.answer_ctx = &l->pattern;
	l->world = world_new(&wc, &err);
	if (!l->world)
		fail_msg("%s", err.text);
	l->config = (struct bus_config){.fixture = &l->pattern.fixture,
					.reads = l->pattern.reads,
					.read_count = l->pattern.read_count};
	config = (struct wire_config){.vt = &l->vt,
				      .world = l->world,
				      .bus = &l->config,
				      .faults = &l->faults,
				      .ctx = l,
				      .event = on_event};
	l->wire = wire_new(&config, &err);
	if (!l->wire)
		fail_msg("%s", err.text);
	wire_need(l->wire, 0, true);
	l->write = (struct vtimer){.fn = write_one, .ctx = l};
	vtime_set(&l->vt, &l->write, l->vt.now_ns + NS_PER_S);
}

static inline void lab_close(struct lab *l)
{
	wire_free(l->wire);
	world_free(l->world);
	vtime_release(&l->vt);
}

static inline void lab_fault(struct lab *l, const char *spec)
{
	struct error err = {0};

	if (world_bus_fault(l->world, spec, &err))
		fail_msg("%s", err.text);
}

static inline void pass(struct lab *l, int64_t ns)
{
	vtime_run(&l->vt, l->vt.now_ns + ns);
}

static inline uint64_t others(const struct lab *l)
{
	return l->good[1] + l->good[2] + l->good[3];
}

/* Good values of the others per second on a line without a fault. */
static inline double healthy_rate(enum bus_kind kind)
{
	static double rates[BUS_GPIO + 1];
	struct lab l;

	if (rates[kind] > 0)
		return rates[kind];
	lab_open(&l, kind, 1);
	pass(&l, 200 * NS_PER_S);
	assert_int_equal(l.wrong + l.bad + l.writes_false, 0);
	assert_true(l.writes_ok + 1 >= l.writes);
	rates[kind] = (double)others(&l) / 200;
	lab_close(&l);
	return rates[kind];
}

static inline void heal(struct lab *l, const char *target)
{
	char spec[32];
	int64_t from_ns = l->vt.now_ns;

	snprintf(spec, sizeof(spec), "%s:none", target);
	lab_fault(l, spec);
	l->good_ns = 0;
	while (!l->good_ns && l->vt.now_ns < from_ns + BACK_NS)
		pass(l, NS_PER_S / 10);
}

static inline void judge(const struct lab *l, const struct row *row, double share)
{
	if (l->wrong > row->wrong_max * (l->lost + 1))
		fail_msg("%s: %llu wrong values taken for good, the first: %s", row->fault,
			 (unsigned long long)l->wrong, l->first_wrong);
	if (l->writes_false)
		fail_msg("%s: %llu writes said to be done that were not", row->fault,
			 (unsigned long long)l->writes_false);
	if (!row->no_other_lives && share < 0.95)
		fail_msg("%s: the other devices keep only %.1f %%", row->fault, 100 * share);
	if (!l->good_ns)
		fail_msg("%s: it does not come back", row->fault);
}

static inline void run_row(enum bus_kind kind, const struct row *row)
{
	double healthy = healthy_rate(kind), share;
	int64_t from_ns, ill_ns;
	uint64_t before;
	struct bus_stats stats;
	struct lab l;

	lab_open(&l, kind, 7);
	if (row->from_start)
		lab_fault(&l, row->fault);
	else
		pass(&l, 5 * NS_PER_S);
	from_ns = l.vt.now_ns;
	before = others(&l);
	lab_fault(&l, row->fault);
	while (l.faults.count < TRANSACTIONS && l.vt.now_ns < from_ns + LONGEST_NS)
		pass(&l, NS_PER_S);
	share = (double)(others(&l) - before) /
		(healthy * (double)(l.vt.now_ns - from_ns) / (double)NS_PER_S);
	ill_ns = l.vt.now_ns;
	heal(&l, strchr(row->fault, ':') - row->fault == 4 ? "line" : "d1");
	wire_stats(l.wire, &stats);
	print_message(
		"# %-20s %6llu transactions, %llu good, %llu wrong, others %5.1f %%, lost %llu "
		"back %llu, writes %llu of %llu, well after %.1f s, conflicts %llu\n",
		row->fault, (unsigned long long)l.faults.count,
		(unsigned long long)(l.good[0] + others(&l)), (unsigned long long)l.wrong,
		100 * share, (unsigned long long)l.lost, (unsigned long long)l.back,
		(unsigned long long)l.writes_ok, (unsigned long long)l.writes,
		(double)(l.good_ns - ill_ns) * 1e-9, (unsigned long long)stats.conflicts);
	if (!row->no_other_lives)
		assert_true(l.faults.count >= TRANSACTIONS);
	judge(&l, row, share);
	lab_close(&l);
}

static inline void run_rows(enum bus_kind kind, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_row(kind, &rows[i]);
}
#define RUN(kind, rows) run_rows(kind, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
