/* SPDX-License-Identifier: MIT
 *
 * Which read goes next, and what becomes of it. Earliest deadline first; neighbours that are
 * due soon ride along where that is cheaper (bus/plan.h).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "machine.h"

#define RETRY_SPAN_NS                                                                              \
	(200 * NS_PER_MS) /* a failed read's new deadline, unless its period is short */
#define BUSY_WAIT_NS (100 * NS_PER_MS)

static void schedule_next(struct bus *b, int i, int64_t now_ns)
{
	struct read_state *r = &b->read_states[i];
	int64_t period_ns = b->reads[i].period_ns;

	r->tries = 0;
	r->due_ns += period_ns;
	/* Times missed are left out, on the same grid. */
	if (r->due_ns <= now_ns)
		r->due_ns += (now_ns - r->due_ns) / period_ns * period_ns + period_ns;
	r->deadline_ns = r->due_ns + period_ns;
}

static void schedule_retry(struct bus *b, int i, int64_t at_ns)
{
	struct read_state *r = &b->read_states[i];
	int64_t span_ns = b->reads[i].period_ns / 2;

	r->due_ns = at_ns;
	r->deadline_ns = at_ns + (span_ns < RETRY_SPAN_NS ? span_ns : RETRY_SPAN_NS);
}

static void tell_read(struct bus *b, int i, enum bus_status status, uint8_t exception,
		      int64_t now_ns)
{
	struct bus_event *ev = bus_event(b, BUS_EVENT_READ);

	ev->index = i;
	ev->device = b->reads[i].device;
	ev->status = status;
	ev->exception = exception;
	ev->at_ns = now_ns;
	bus_emit(b);
}

static void lower(int64_t *next_ns, int64_t at_ns)
{
	if (at_ns < *next_ns)
		*next_ns = at_ns;
}

/* When this read may go; a lost slave's by the next probe only. */
static int64_t eligible_ns(const struct bus *b, int i)
{
	const struct read_state *r = &b->read_states[i];
	const struct slave *s = &b->slaves[r->slave];

	if (r->due_ns == INT64_MAX)
		return INT64_MAX;
	return s->lost ? s->probe_ns : r->due_ns;
}

static int pick(const struct bus *b, int64_t now_ns, int64_t *next_ns)
{
	int best = -1;

	for (int i = 0; i < b->config.read_count; i++) {
		int64_t at_ns = eligible_ns(b, i);

		if (at_ns > now_ns)
			lower(next_ns, at_ns);
		else if (best < 0 ||
			 b->read_states[i].deadline_ns < b->read_states[best].deadline_ns)
			best = i;
	}
	return best;
}

static int companions(const struct bus *b, int seed, int64_t now_ns, struct plan_item *items,
		      uint16_t *index)
{
	int n = 0;

	if (b->slaves[b->read_states[seed].slave].no_merge)
		return 0;
	for (int i = 0; i < b->config.read_count; i++) {
		if (i == seed ||
		    !plan_rides(&b->reads[seed], &b->reads[i], b->read_states[i].due_ns, now_ns))
			continue;
		items[n] = (struct plan_item){b->reads[i].first, b->reads[i].count};
		index[n++] = (uint16_t)i;
	}
	return n;
}

static void set_turn(struct bus *b, int seed, const struct plan_block *block, int steps,
		     const uint16_t *index)
{
	struct turn *t = &b->turn;

	t->slave = b->read_states[seed].slave;
	t->function = b->reads[seed].function;
	t->first = block->steps[steps - 1].first;
	t->count = block->steps[steps - 1].count;
	t->has_hole = block->steps[steps - 1].has_hole;
	t->padded = false;
	t->items[0] = (uint16_t)seed;
	t->item_count = steps;
	for (int i = 1; i < steps; i++)
		t->items[i] = index[block->steps[i].taken];
}

/* Choose how to ask: the longest block no ghost looks like, else the longest one padded. */
static bool choose(struct bus *b, int seed, int64_t now_ns)
{
	struct slave *s = &b->slaves[b->read_states[seed].slave];
	struct plan_item items[BUS_READS_MAX];
	uint16_t index[BUS_READS_MAX];
	struct plan_item first = {b->reads[seed].first, b->reads[seed].count};
	struct plan_refused refused = {s->holes, s->hole_count, s->no_holes};
	struct plan_line line = slave_line(b, b->read_states[seed].slave);
	struct plan_block block;
	int n = s->lost ? 0 : companions(b, seed, now_ns, items, index);

	plan_block(&line, b->reads[seed].function, &first, items, n, &refused, &block);
	for (int k = block.count; k > 0; k--) {
		set_turn(b, seed, &block, k, index);
		if (b->line.is_tcp ||
		    !taint_has(&s->taint, rtu_shape_of_read(b->turn.function, b->turn.count)))
			return true;
	}
	/* A probe of a lost slave may be doubtful: it asks for a sign of life. */
	if (s->lost && !s->life)
		return true;
	for (int k = block.count; k > 0; k--) {
		set_turn(b, seed, &block, k, index);
		if (slave_shape(s, b->turn.function, &b->turn.first, &b->turn.count,
				&b->turn.padded))
			return true;
	}
	return false;
}

/* No way to ask that a late reply could not answer: get evidence that late ones are over, or wait.
 */
static bool blocked(struct bus *b, int seed, int64_t now_ns, int64_t *next_ns)
{
	struct read_state *r = &b->read_states[seed];
	struct slave *s = &b->slaves[r->slave];
	uint8_t sentinel = taint_wants_evidence(&s->taint) ? slave_sentinel(s) : 0;
	int64_t over_ns;

	if (sentinel) {
		turn_begin_sentinel(b, r->slave, sentinel, b->reads[seed].first, now_ns);
		return true;
	}
	over_ns = taint_over_ns(&s->taint,
				rtu_shape_of_read(b->reads[seed].function, b->reads[seed].count));
	if (over_ns <= now_ns)
		over_ns = now_ns + NS_PER_MS;
	lower(next_ns, over_ns);
	if (s->lost) {
		s->life = false;
		s->probe_ns = over_ns;
		return false;
	}
	if (r->tries)
		tell_read(b, seed, BUS_NO_REPLY, 0, now_ns);
	r->tries = 0;
	schedule_retry(b, seed, over_ns);
	return false;
}

bool poll_begin(struct bus *b, int64_t now_ns, int64_t *next_ns)
{
	for (;;) {
		int seed = pick(b, now_ns, next_ns);

		if (seed < 0)
			return false;
		taint_expire(&b->slaves[b->read_states[seed].slave].taint, now_ns);
		if (choose(b, seed, now_ns)) {
			turn_begin_reads(b, now_ns);
			return true;
		}
		if (blocked(b, seed, now_ns, next_ns))
			return true;
	}
}

void poll_answered(struct bus *b, const uint8_t *data, int64_t now_ns)
{
	const struct turn t = b->turn; /* events may lead to anything */

	for (int k = 0; k < t.item_count; k++) {
		int i = t.items[k];
		const struct bus_read *r = &b->reads[i];
		struct bus_event *ev;

		schedule_next(b, i, now_ns);
		ev = bus_event(b, BUS_EVENT_READ);
		ev->index = i;
		ev->device = r->device;
		ev->status = BUS_OK;
		ev->count = r->count;
		for (unsigned j = 0; j < r->count; j++)
			ev->data[j] = turn_value(t.function, data, r->first - t.first + j);
		ev->at_ns = t.sent_ns + (t.first_byte_ns - t.sent_ns) / 2;
		ev->spread_ns = (t.first_byte_ns - t.sent_ns) / 2;
		bus_emit(b);
	}
}

void poll_doubtful(struct bus *b, int64_t now_ns)
{
	for (int k = 0; k < b->turn.item_count; k++)
		schedule_retry(b, b->turn.items[k], now_ns);
}

static void remember_hole(struct slave *s, uint8_t function, unsigned from, unsigned to)
{
	if (s->hole_count == SLAVE_HOLES_MAX)
		s->no_holes = true;
	else
		s->holes[s->hole_count++] =
			(struct plan_hole){function, (uint16_t)from, (uint16_t)(to - from)};
}

/* Which of the holes it was is not said: none of them is read over again. */
static void remember_holes(struct bus *b, struct slave *s)
{
	const struct turn *t = &b->turn;
	unsigned at = t->first, end = t->first + (unsigned)t->count;

	while (at < end) {
		unsigned next = end, reach = at;

		for (int k = 0; k < t->item_count; k++) {
			const struct bus_read *r = &b->reads[t->items[k]];
			unsigned r_end = r->first + (unsigned)r->count;

			if (r->first <= at && r_end > reach)
				reach = r_end;
			else if (r->first > at && r->first < next)
				next = r->first;
		}
		if (reach == at) {
			remember_hole(s, t->function, at, next);
			reach = next;
		}
		at = reach;
	}
}

/* Reads of the turn that end at or before at; -1: one lies across. */
static int reads_before(const struct bus *b, unsigned at)
{
	int n = 0;

	for (int k = 0; k < b->turn.item_count; k++) {
		const struct bus_read *r = &b->reads[b->turn.items[k]];

		if (r->first < at && r->first + (unsigned)r->count > at)
			return -1;
		n += r->first < at;
	}
	return n;
}

/* A block without a hole was refused, though its parts may not be: too long, or it lies across
 * something. Halves are asked from now on, and halves of the half that is refused, until only the
 * seams are left that cannot be crossed. */
static void remember_seam(struct bus *b, struct slave *s)
{
	const struct turn *t = &b->turn;
	int best = INT_MAX;
	unsigned seam = 0;

	for (int k = 0; k < t->item_count; k++) {
		unsigned at = b->reads[t->items[k]].first;
		int before = reads_before(b, at), off;

		if (before <= 0)
			continue;
		off = abs(2 * before - t->item_count);
		if (off < best) {
			best = off;
			seam = at;
		}
	}
	if (best == INT_MAX || s->hole_count == SLAVE_HOLES_MAX)
		s->no_merge = true;
	else
		remember_hole(s, t->function, seam, seam);
}

/* What a refusal teaches about this slave; true when asking otherwise may help. */
static bool refused(struct bus *b, uint8_t code)
{
	struct slave *s = &b->slaves[b->turn.slave];

	if (code != 2 && code != 3)
		return false;
	if (b->turn.padded)
		s->no_pad = true;
	else if (b->turn.has_hole)
		remember_holes(b, s);
	else if (b->turn.item_count > 1)
		remember_seam(b, s);
	else
		return false;
	return true;
}

void poll_failed(struct bus *b, enum bus_status status, uint8_t exception, int64_t now_ns)
{
	const struct turn t = b->turn;
	struct slave *s = &b->slaves[t.slave];
	bool is_refusal = status == BUS_EXCEPTION && exception != 0x0a && exception != 0x0b;
	bool is_final = is_refusal && exception != 6;
	bool was_lost = s->lost;
	int64_t retry_ns = exception == 6 ? now_ns + BUSY_WAIT_NS : now_ns;

	if (is_refusal && refused(b, exception)) {
		poll_doubtful(b, now_ns);
		return;
	}
	if (!is_refusal)
		slave_failed(b, t.slave,
			     status == BUS_NO_REPLY    ? "no answer"
			     : status == BUS_EXCEPTION ? "the gateway got no answer from it"
						       : measure_rubbish(b, t.slave),
			     now_ns);
	if (s->lost) {
		/* The probe's own read moves on, so that probes take turns. */
		schedule_next(b, t.items[0], now_ns);
		if (!was_lost || !s->life)
			slave_tell_reads(b, t.slave, status, exception, now_ns);
		return;
	}
	for (int k = 0; k < t.item_count; k++) {
		int i = t.items[k];

		if (!is_final && ++b->read_states[i].tries < BUS_TRIES + (exception == 6)) {
			schedule_retry(b, i, retry_ns);
			continue;
		}
		schedule_next(b, i, now_ns);
		tell_read(b, i, status, exception, now_ns);
	}
}
