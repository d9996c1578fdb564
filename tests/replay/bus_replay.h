/* SPDX-License-Identifier: MIT
 *
 * Plays a bus trace (benchd-io --trace, src/bus/trace.h) through the machine: each request is sent
 * again at its time, the recorded bytes come back at theirs, and the machine has to come to the
 * recorded ends. So a recording of a real device is a test of what is made of its bytes.
 */
#ifndef TESTS_BUS_REPLAY_H
#define TESTS_BUS_REPLAY_H

#include <inttypes.h>
#include "src/bus/machine.h"
#include "tests/unit/bus_wire.h"

struct replay {
	struct wire *w;
	const char *path;
	int line;
	uint8_t sent[RTU_ADU_MAX]; /* as the machine sent it just now */
	size_t sent_n;
	/* the transaction that runs, as recorded */
	bool is_open, is_doubtful;
	enum bus_status expect;
	int expect_line, events;
	enum bus_status got;
	int transactions, by_status[8];
	int64_t latest_ns;
	char problem[256]; /* the first thing that differed; "" for none */
};

static inline void replay_problem(struct replay *r, int line, const char *what)
{
	if (!r->problem[0])
		snprintf(r->problem, sizeof(r->problem), "%s:%d: %s", r->path, line, what);
}

static inline int replay_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n,
			      struct error *err)
{
	struct replay *r = ctx;

	(void)err;
	r->sent_n = rtu_build(r->sent, unit, pdu, n);
	return 0;
}

static inline void replay_event(void *ctx, const struct bus_event *ev)
{
	struct replay *r = ctx;

	if (ev->kind != BUS_EVENT_REQUEST)
		return;
	r->got = ev->status;
	r->events++;
}

static inline int replay_open(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}
static inline void replay_close(void *ctx)
{
	(void)ctx;
}

static inline void replay_until(struct replay *r, int64_t at_ns)
{
	struct wire *w = r->w;

	while ((w->next_ns = bus_run(w->bus, w->now_ns)) <= at_ns)
		w->now_ns = w->next_ns > w->now_ns ? w->next_ns : w->now_ns;
	w->now_ns = at_ns;
	r->latest_ns = at_ns;
}

/* The transaction before is over: did it end as recorded? */
static inline void replay_finish(struct replay *r)
{
	if (!r->is_open)
		return;
	r->is_open = false;
	r->by_status[r->expect]++;
	if (r->is_doubtful)
		return;
	if (r->events != 1)
		replay_problem(r, r->expect_line, "no end within the recorded time");
	else if (r->got != r->expect)
		replay_problem(r, r->expect_line, bus_status_name(r->got));
}

static inline void replay_request(struct replay *r, int64_t at_ns, const uint8_t *adu, size_t n,
				  const char *note)
{
	struct bus_request q = {.unit = adu[0], .single_try = true, .function = adu[1]};
	bool is_read = q.function <= MODBUS_READ_INPUT;
	struct slave *s;

	replay_until(r, at_ns);
	replay_finish(r);
	r->is_open = true;
	r->expect = BUS_OK;
	r->expect_line = r->line;
	r->events = 0;
	r->transactions++;
	r->is_doubtful = strstr(note, "doubtful") != NULL;
	if (r->is_doubtful && is_read) {
		/* A probe for life: nothing is taken from it, it only leaves one more that may be
		 * late. */
		s = &r->w->bus->slaves[slave_index(r->w->bus, q.unit)];
		taint_add(&s->taint, rtu_shape_of_request(adu + 1), at_ns,
			  plan_timeout_ns(&r->w->bus->line, rtu_answer_length(adu + 1, n - 3)));
		return;
	}
	q.kind = is_read ? BUS_READ_ONCE : BUS_WRITE;
	q.first = (uint16_t)(adu[2] << 8 | adu[3]);
	q.count = (uint16_t)(adu[4] << 8 | adu[5]);
	q.data[0] = q.count;
	for (unsigned i = 0; q.function == MODBUS_WRITE_REGISTERS && i < q.count && i < 8; i++)
		q.data[i] = (uint16_t)(adu[7 + 2 * i] << 8 | adu[8 + 2 * i]);
	for (unsigned i = 0; q.function == MODBUS_WRITE_COILS && i < q.count && i < 32; i++)
		q.data[i] = adu[7 + i / 8] >> (i % 8) & 1;
	r->sent_n = 0;
	if (bus_submit(r->w->bus, &q) < 0) {
		replay_problem(r, r->line, "a request that cannot be sent");
		return;
	}
	r->w->next_ns = bus_run(r->w->bus, at_ns);
	if (r->sent_n != n || memcmp(r->sent, adu, n) != 0)
		replay_problem(r, r->line, "other bytes, or not at this time, were sent");
}

static inline size_t replay_hex(const char *text, uint8_t *dst, size_t max)
{
	size_t n = 0;
	unsigned v;

	while (n < max && sscanf(text + 2 * n, "%2x", &v) == 1)
		dst[n++] = (uint8_t)v;
	return n;
}

static inline void replay_line(struct replay *r, const char *text)
{
	static char hex[2100], note[200];
	static uint8_t bytes[1024];
	int64_t at_ns;
	size_t n;
	char dir;

	note[0] = 0;
	if (text[0] == '#' ||
	    sscanf(text, "%" SCNd64 " %c %2099s %199[^\n]", &at_ns, &dir, hex, note) < 3)
		return;
	n = hex[0] == '-' ? 0 : replay_hex(hex, bytes, sizeof(bytes));
	if (dir == '>') {
		replay_request(r, at_ns, bytes, n, note);
	} else if (dir == '<') {
		/* What has come counts before what is due at the same time. */
		replay_until(r, at_ns - 1);
		r->w->now_ns = at_ns;
		bus_bytes(r->w->bus, bytes, n, at_ns);
		replay_until(r, at_ns);
	} else if (strcmp(note, "no reply") == 0) {
		r->expect = BUS_NO_REPLY;
		replay_until(r, at_ns);
	} else if (strcmp(note, "bad reply") == 0) {
		r->expect = BUS_BAD_REPLY;
		replay_until(r, at_ns);
	} else if (strcmp(note, "exception") == 0) {
		r->expect = BUS_EXCEPTION;
	} else if (strcmp(note, "doubtful answer") == 0) {
		r->expect = BUS_BAD_REPLY;
	}
}

/* Line settings and the units that were asked. */
static inline void replay_head(struct replay *r, FILE *f)
{
	struct fx_bus *fx = &r->w->fx;
	char text[4096];
	bool seen[256] = {0};
	unsigned unit;

	while (fgets(text, sizeof(text), f)) {
		int64_t at_ns;

		if (sscanf(text,
			   "# bus=%*s kind=%*d baud=%d parity=%c stop_bits=%d "
			   "turnaround_ns=%" SCNd64 " reply_timeout_ns=%" SCNd64
			   " extra_gap_ns=%" SCNd64,
			   &fx->baud, &fx->parity, &fx->stop_bits, &fx->turnaround_ns,
			   &fx->reply_timeout_ns, &fx->extra_gap_ns) == 6)
			continue;
		if (sscanf(text, "%" SCNd64 " > %2x", &at_ns, &unit) != 2)
			continue;
		if (!r->w->now_ns)
			r->w->now_ns = at_ns - NS_PER_S;
		if (!seen[unit] && r->w->fixture.device_count < 8) {
			seen[unit] = true;
			r->w->devices[r->w->fixture.device_count++].unit_id = (int)unit;
		}
	}
	rewind(f);
}

/* Play path; "" in r->problem when everything came out as recorded. */
static inline void replay_play(struct replay *r, const char *path)
{
	struct bus_ops ops = {.ctx = r,
			      .open = replay_open,
			      .close = replay_close,
			      .send = replay_send,
			      .event = replay_event};
	struct bus_config c = {0};
	FILE *f = fopen(path, "r");
	char text[4096];

	memset(r, 0, sizeof(*r));
	r->path = path;
	assert_non_null(f);
	r->w = wire_new(9600, 0);
	r->w->fixture.device_count = 0;
	r->w->now_ns = 0;
	replay_head(r, f);
	c.fixture = &r->w->fixture;
	r->w->bus = bus_new(&c, &ops, NULL);
	assert_non_null(r->w->bus);
	r->w->next_ns = bus_run(r->w->bus, r->w->now_ns);
	while (fgets(text, sizeof(text), f)) {
		r->line++;
		replay_line(r, text);
	}
	fclose(f);
	/* The recording may have been cut in the middle of the last one. */
	if (r->events)
		replay_finish(r);
	wire_free(r->w);
}

#endif
