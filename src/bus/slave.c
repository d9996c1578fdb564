/* SPDX-License-Identifier: MIT
 *
 * Slaves that answer and slaves that do not:
 *
 *	LIVE --3 failures in a row--> LOST --first unambiguous answer--> LIVE
 *
 * LIVE -> LOST [slave_failed], LOST -> LIVE [slave_answered]. A lost slave is asked by one probe at
 * growing intervals; while a run needs it, each second. A probe of a shape that may be answered
 * late proves nothing but life; then it is asked properly at once. One that was lost because two
 * answer at its address is believed again when nobody has spoken unasked for CONTESTED_NS.
 */
#include <stdio.h>
#include "machine.h"

#define BACKOFF_FIRST_NS (NS_PER_S / 2)
#define BACKOFF_MAX_NS	 (10 * NS_PER_S)
#define BACKOFF_NEED_NS	 NS_PER_S
/* A needed device is reported lost within this time of the first request: the second failure counts
 * as the last when a third would come too late. */
#define NEED_PATIENCE_NS (2 * NS_PER_S)
#define CONFLICT_SPAN_NS (10 * NS_PER_S)
#define CONTESTED_NS	 (30 * NS_PER_S) /* after the last frame that nobody asked for */
#define DOUBT_NS	 NS_PER_S	 /* the same while it is one frame or two */
enum { CONFLICTS_ALARM = 3, FRAMES_WATCHED = 100, FRAMES_DAMAGED_MAX = 30, TURNAROUND_MEMORY = 8 };

int slave_index(struct bus *b, uint8_t unit)
{
	int i = b->slave_of_unit[unit] - 1;

	if (i >= 0)
		return i;
	if (b->slave_count == b->slave_cap)
		return -1;
	i = b->slave_count++;
	b->slaves[i].unit = unit;
	b->slaves[i].turnaround_ns = b->line.typical_ns;
	b->slave_of_unit[unit] = (uint8_t)(i + 1);
	b->units[unit / 8] |= (uint8_t)(1u << unit % 8);
	return i;
}

static void tell_devices(struct bus *b, int slave, enum bus_event_kind kind, const char *text)
{
	for (int i = 0; i < b->device_count; i++) {
		struct bus_event *ev;

		if (b->devices[i].slave != slave)
			continue;
		ev = bus_event(b, kind);
		ev->device = b->devices[i].device;
		snprintf(ev->text, sizeof(ev->text), "%s", text);
		bus_emit(b);
	}
}

void slave_tell_reads(struct bus *b, int slave, enum bus_status status, uint8_t exception,
		      int64_t now_ns)
{
	for (int i = 0; i < b->config.read_count; i++) {
		struct bus_event *ev;

		if (b->read_states[i].slave != slave || b->read_states[i].due_ns == INT64_MAX)
			continue;
		ev = bus_event(b, BUS_EVENT_READ);
		ev->index = i;
		ev->device = b->reads[i].device;
		ev->status = status;
		ev->exception = exception;
		ev->at_ns = now_ns;
		bus_emit(b);
	}
}

void slave_answered(struct bus *b, int slave, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	s->fails = 0;
	s->life = false;
	s->spoke = true;
	if (!s->lost)
		return;
	s->lost = s->told_conflict = false;
	for (int i = 0; i < b->config.read_count; i++) {
		struct read_state *r = &b->read_states[i];

		if (r->slave == slave && r->due_ns != INT64_MAX) {
			r->due_ns = now_ns;
			r->deadline_ns = now_ns + b->reads[i].period_ns;
			r->tries = 0;
		}
	}
	tell_devices(b, slave, BUS_EVENT_DEVICE_BACK, "answers again");
}

static void lose(struct bus *b, int slave, const char *why, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	s->lost = true;
	s->life = false;
	/* What it refused before, another device in its place may not. Holes stay: to keep off them
	 * costs little, and to try them anew after each break costs a refusal. */
	s->no_pad = s->no_merge = false;
	s->backoff_ns = s->needed ? BACKOFF_NEED_NS : BACKOFF_FIRST_NS;
	s->probe_ns = now_ns + s->backoff_ns;
	tell_devices(b, slave, BUS_EVENT_DEVICE_LOST, why);
}

void slave_failed(struct bus *b, int slave, const char *why, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	if (s->fails == 0)
		s->first_fail_ns = b->turn.begin_ns;
	if (s->fails < UINT8_MAX)
		s->fails++;
	if (!s->lost) {
		int64_t again_ns = now_ns + b->turn.deadline_ns - b->turn.begin_ns;
		bool soon = s->needed && s->fails > 1 &&
			    again_ns - s->first_fail_ns > NEED_PATIENCE_NS;

		if (s->fails >= BUS_TRIES || soon)
			lose(b, slave, why, now_ns);
		return;
	}
	s->life = false;
	s->backoff_ns = s->backoff_ns * 2 < BACKOFF_MAX_NS ? s->backoff_ns * 2 : BACKOFF_MAX_NS;
	if (s->needed)
		s->backoff_ns = BACKOFF_NEED_NS;
	s->probe_ns = now_ns + s->backoff_ns;
}

void slave_count_frame(struct bus *b, int slave, bool is_damaged, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	s->damaged += is_damaged;
	s->frames++;
	measure_frames(b, slave);
	if (s->damaged >= FRAMES_DAMAGED_MAX && !s->lost) {
		s->frames = s->damaged = 0;
		lose(b, slave, "30 of its last 100 answers were damaged", now_ns);
		slave_tell_reads(b, slave, BUS_BAD_REPLY, 0, now_ns);
		return;
	}
	if (s->frames >= FRAMES_WATCHED)
		s->frames = s->damaged = 0;
}

bool slave_is_contested(const struct slave *s, int64_t now_ns)
{
	return s->told_conflict && now_ns - s->contested_ns < CONTESTED_NS;
}

bool slave_is_doubtful(const struct slave *s, int64_t now_ns)
{
	return s->conflicts && now_ns - s->contested_ns < DOUBT_NS;
}

void slave_lives(struct bus *b, int slave, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	s->life = !slave_is_contested(s, now_ns);
	s->probe_ns = s->life ? now_ns : now_ns + s->backoff_ns;
}

void slave_conflict(struct bus *b, int slave, int64_t now_ns)
{
	struct slave *s = &b->slaves[slave];

	s->contested_ns = now_ns;
	if (s->conflicts == 0 || now_ns - s->conflict_ns > CONFLICT_SPAN_NS) {
		s->conflicts = 0;
		s->conflict_ns = now_ns;
	}
	if (++s->conflicts < CONFLICTS_ALARM || s->lost)
		return;
	s->conflicts = 0;
	s->told_conflict = true;
	lose(b, slave, "answers that nobody asked for: two devices at one address?", now_ns);
	slave_tell_reads(b, slave, BUS_BAD_REPLY, 0, now_ns);
}

/* Try the range widened by k steps at its end, then at its start. */
static bool pad(const struct slave *s, uint8_t function, unsigned k, uint16_t *first,
		uint16_t *count)
{
	bool is_bits = function <= MODBUS_READ_DISCRETE;
	unsigned add = is_bits ? 8 * k : k;
	unsigned max = is_bits ? PLAN_COILS_MAX : PLAN_REGISTERS_MAX;

	if (*count + add > max ||
	    taint_has(&s->taint, rtu_shape_of_read(function, (uint16_t)(*count + add))))
		return false;
	if (*first + *count + add <= 0x10000)
		*count = (uint16_t)(*count + add);
	else if (*first >= add) {
		*first = (uint16_t)(*first - add);
		*count = (uint16_t)(*count + add);
	} else {
		return false;
	}
	return true;
}

bool slave_shape(const struct slave *s, uint8_t function, uint16_t *first, uint16_t *count,
		 bool *padded)
{
	*padded = false;
	if (!taint_has(&s->taint, rtu_shape_of_read(function, *count)))
		return true;
	for (unsigned k = 1; k <= SLAVE_PADS_MAX && !s->no_pad; k++) {
		if (pad(s, function, k, first, count)) {
			*padded = true;
			return true;
		}
	}
	return false;
}

struct plan_line slave_line(const struct bus *b, int slave)
{
	struct plan_line l = b->line;

	l.typical_ns = b->slaves[slave].turnaround_ns;
	return l;
}

void slave_measured(struct bus *b, int slave, int64_t turnaround_ns)
{
	struct slave *s = &b->slaves[slave];

	if (turnaround_ns < 0)
		turnaround_ns = 0;
	s->measured = true;
	s->turnaround_ns += (turnaround_ns - s->turnaround_ns) / TURNAROUND_MEMORY;
}

uint8_t slave_sentinel(const struct slave *s)
{
	static const uint8_t order[] = {MODBUS_READ_HOLDING, MODBUS_READ_INPUT, MODBUS_READ_COILS,
					MODBUS_READ_DISCRETE};

	for (unsigned i = 0; i < sizeof(order); i++)
		if (!taint_has_function(&s->taint, order[i]))
			return order[i];
	return 0;
}
