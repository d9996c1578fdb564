/* SPDX-License-Identifier: MIT
 *
 * Plays a bus trace (benchd-io --trace, src/bus/trace.h) through the machine: each request is sent
 * again at its time, the recorded bytes, levels and edges come back at theirs, and the machine has
 * to come to the recorded ends. So a recording of a real device is a test of what is made of its
 * bytes.
 *
 * Time alone ends a transaction only where the recording says so: a thread that had its turn late
 * took a reply that was there, and so does the player. Devices: bus_replay_modbus.h; GPIO and
 * serial lines: bus_replay_lines.h.
 */
#ifndef TESTS_REPLAY_BUS_REPLAY_H
#define TESTS_REPLAY_BUS_REPLAY_H

#include <inttypes.h>
#include "src/bus/machine.h"
#include "tests/unit/bus_wire.h"

enum { REPLAY_BYTES = 4096, REPLAY_TOLD = 128, REPLAY_NAME = 64 };

struct replay {
	struct wire *w;
	const char *path;
	int line;
	struct bus_line lines[BUS_LINES_MAX];
	char names[BUS_LINES_MAX][REPLAY_NAME];
	int line_count;
	bool says_up;		   /* else it is up from the beginning: an older recording */
	uint8_t sent[RTU_ADU_MAX]; /* as the machine sent it just now */
	size_t sent_n;
	/* the transaction that runs, as recorded */
	bool is_open, is_doubtful;
	enum bus_status expect;
	int expect_line, events;
	struct bus_event got;
	uint8_t asked[RTU_ADU_MAX], heard[REPLAY_BYTES]; /* since the request */
	size_t asked_n, heard_n;
	int64_t asked_ns, answered_ns; /* TCP: played once its end is known */
	/* what was told of GPIO lines and is not yet found in the recording; bytes likewise */
	struct bus_event told[REPLAY_TOLD];
	int told_at, told_count;
	uint8_t bytes[REPLAY_BYTES];
	size_t bytes_n;
	int transactions, by_status[8];
	int values, levels; /* reads whose registers were compared; levels and pulses found */
	char problem[256];  /* the first thing that differed; "" for none */
};

static inline void replay_problem(struct replay *r, int line, const char *what)
{
	if (!r->problem[0])
		snprintf(r->problem, sizeof(r->problem), "%s:%d: %s", r->path, line, what);
}

static inline void replay_run(struct replay *r, int64_t at_ns)
{
	r->w->now_ns = at_ns;
	(void)bus_run(r->w->bus, at_ns);
}

static inline void replay_submit(struct replay *r, const struct bus_request *q, int64_t at_ns)
{
	if (bus_submit(r->w->bus, q) < 0)
		replay_problem(r, r->line, "a request that cannot be sent");
	else
		replay_run(r, at_ns);
}

#include "bus_replay_lines.h"
#include "bus_replay_modbus.h"

static inline void replay_event(void *ctx, const struct bus_event *ev)
{
	struct replay *r = ctx;

	if (ev->kind == BUS_EVENT_REQUEST) {
		r->got = *ev;
		r->events++;
	} else if (ev->kind == BUS_EVENT_LINE && ev->status == BUS_OK) {
		replay_told(r, ev);
	} else if (ev->kind == BUS_EVENT_BYTES && r->bytes_n + ev->byte_count <= REPLAY_BYTES) {
		memcpy(r->bytes + r->bytes_n, ev->bytes, ev->byte_count);
		r->bytes_n += ev->byte_count;
	}
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
static inline int64_t replay_clock(void *ctx)
{
	return ((struct replay *)ctx)->w->now_ns;
}

/* ---- one line of the recording --------------------------------------------- */

static inline size_t replay_hex(const char *text, uint8_t *dst, size_t max)
{
	size_t n = 0;
	unsigned v;

	while (n < max && sscanf(text + 2 * n, "%2x", &v) == 1)
		dst[n++] = (uint8_t)v;
	return n;
}

static inline void replay_down(struct replay *r, const char *why, int64_t at_ns)
{
	replay_tcp_ask(r);
	if (r->is_open && r->events == 0)
		r->expect = BUS_LINE_DOWN;
	bus_lost(r->w->bus, why, at_ns);
	replay_finish(r);
}

static inline void replay_remark(struct replay *r, int64_t at_ns, const char *note)
{
	int64_t latency_ns;

	if (strncmp(note, "line=", 5) == 0) {
		replay_find_told(r, at_ns, note);
	} else if (strcmp(note, "no reply") == 0 || strcmp(note, "bad reply") == 0) {
		r->expect = note[0] == 'n' ? BUS_NO_REPLY : BUS_BAD_REPLY;
		r->answered_ns = at_ns;
		if (r->w->fx.kind == BUS_MODBUS_RTU)
			replay_run(r, at_ns);
	} else if (strcmp(note, "exception") == 0) {
		r->expect = BUS_EXCEPTION;
	} else if (strcmp(note, "doubtful answer") == 0) {
		r->expect = BUS_BAD_REPLY;
	} else if (strcmp(note, "the line does not fall silent") == 0) {
		r->w->bus->free_ns = at_ns;
	} else if (strcmp(note, "up") == 0) {
		replay_tcp_ask(r);
		/* No more than that: what waited is sent before any level is told. */
		r->w->now_ns = r->w->bus->now_ns = at_ns;
		if (!r->w->bus->is_up)
			line_open(r->w->bus, at_ns);
	} else if (strncmp(note, "down: ", 6) == 0 || strncmp(note, "nothing heard", 13) == 0) {
		replay_down(r, note, at_ns);
	} else if (sscanf(note, "latency_ns=%" SCNd64, &latency_ns) == 1) {
		bus_set_latency(r->w->bus, latency_ns);
	}
}

static inline void replay_heard(struct replay *r, int64_t at_ns, const uint8_t *p, size_t n)
{
	r->answered_ns = at_ns;
	if (r->heard_n + n <= sizeof(r->heard)) {
		memcpy(r->heard + r->heard_n, p, n);
		r->heard_n += n;
	}
	r->w->now_ns = at_ns;
	if (r->w->fx.kind == BUS_MODBUS_RTU)
		bus_bytes(r->w->bus, p, n, at_ns);
}

static inline void replay_line(struct replay *r, const char *text)
{
	static char hex[2100], note[400];
	static uint8_t bytes[1024];
	bool is_modbus = bus_is_modbus(r->w->bus), is_gpio = r->w->fx.kind == BUS_GPIO;
	int64_t at_ns;
	size_t n;
	char dir;

	note[0] = 0;
	if (text[0] == '#' ||
	    sscanf(text, "%" SCNd64 " %c %2099s %399[^\n]", &at_ns, &dir, hex, note) < 3)
		return;
	n = hex[0] == '-' ? 0 : replay_hex(hex, bytes, sizeof(bytes));
	if (dir != '!' && r->told_count)
		replay_problem(r, r->line, "more was told of a line before this");
	if (dir == '!')
		replay_remark(r, at_ns, note);
	else if (is_gpio && dir == '>')
		replay_set_line(r, at_ns, note);
	else if (is_gpio)
		replay_change(r, at_ns, note);
	else if (!is_modbus && dir == '>')
		replay_write(r, at_ns, bytes, n);
	else if (!is_modbus)
		replay_serial(r, at_ns, bytes, n);
	else if (dir == '>')
		replay_request(r, at_ns, bytes, n, note);
	else
		replay_heard(r, at_ns, bytes, n);
}

/* ---- the whole of it ------------------------------------------------------- */

/* What kind of bus, its settings, its GPIO lines, and the units that were asked. */
static inline void replay_head(struct replay *r, FILE *f)
{
	struct fx_bus *fx = &r->w->fx;
	char text[4096];
	bool seen[256] = {0};
	int kind = 0;
	unsigned unit;

	while (fgets(text, sizeof(text), f)) {
		int64_t at_ns;

		if (sscanf(text,
			   "# bus=%*s kind=%d baud=%d parity=%c stop_bits=%d "
			   "turnaround_ns=%" SCNd64 " reply_timeout_ns=%" SCNd64
			   " extra_gap_ns=%" SCNd64,
			   &kind, &fx->baud, &fx->parity, &fx->stop_bits, &fx->turnaround_ns,
			   &fx->reply_timeout_ns, &fx->extra_gap_ns) == 7)
			fx->kind = (enum bus_kind)kind;
		else if (text[0] == '#')
			replay_head_line(r, text);
		r->says_up |= strstr(text, " ! - up\n") != NULL;
		if (!r->w->now_ns && sscanf(text, "%" SCNd64, &at_ns) == 1)
			r->w->now_ns = at_ns - NS_PER_S;
		if (sscanf(text, "%*d > %2x", &unit) != 1 || seen[unit] ||
		    r->w->fixture.device_count == 8)
			continue;
		seen[unit] = true;
		r->w->devices[r->w->fixture.device_count++].unit_id = (int)unit;
	}
	rewind(f);
}

/* Play path; "" in r->problem when everything came out as recorded. */
static inline void replay_play(struct replay *r, const char *path)
{
	/* A read that is never due: what a probe for life stands for (replay_probe). */
	static const struct bus_read never = {.unit = 1, .function = 3, .count = 1};
	struct bus_ops ops = {.ctx = r,
			      .open = replay_open,
			      .close = replay_close,
			      .send = replay_send,
			      .transact = replay_transact,
			      .write = replay_op_write,
			      .gpio_set = replay_op_set,
			      .clock = replay_clock,
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
	c.reads = &never;
	c.read_count = bus_is_modbus(&(struct bus){.kind = r->w->fx.kind});
	c.lines = r->lines;
	c.line_count = r->line_count;
	r->w->bus = bus_new(&c, &ops, NULL);
	assert_non_null(r->w->bus);
	if (!r->says_up)
		replay_run(r, r->w->now_ns);
	while (fgets(text, sizeof(text), f)) {
		r->line++;
		replay_line(r, text);
	}
	fclose(f);
	/* The recording may have been cut in the middle of the last one. */
	if (r->answered_ns)
		replay_tcp_ask(r);
	if (r->events)
		replay_finish(r);
	wire_free(r->w);
}

#endif
