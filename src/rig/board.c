/* SPDX-License-Identifier: MIT
 *
 * Writes of the devices that carry outputs. One board is always written whole, from the merged
 * image of all bays, and read back; between writes its own reads watch that it still shows that
 * image. A drop goes urgently; what is not confirmed safe in CONFIRM_NS stops the dead-man line,
 * which takes the power from all of them.
 */
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

static bool board_all_safe(const struct rig *r, const struct board *b)
{
	for (int i = 0; i < b->count; i++)
		if (!output_is_safe(r->outputs[b->output[i]].fx,
				    r->outputs[b->output[i]].commanded))
			return false;
	return true;
}

/* Does some bay of this board have to be safe? Then every write of it is for that too. */
static bool carries_drop(const struct rig *r, const struct board *b)
{
	for (int i = 0; i < b->count; i++)
		if (output_is_safe(r->outputs[b->output[i]].fx, r->outputs[b->output[i]].commanded))
			return true;
	return false;
}

void board_set(struct rig *r, int device, bool urgent, bool force)
{
	struct board *b = &r->devices[device].board;
	bool changed = force;

	for (int i = 0; i < b->count; i++) {
		double v = output_point_value(&r->outputs[b->output[i]],
					      r->outputs[b->output[i]].commanded);

		changed = changed || fabs(v - b->target[i]) > 1e-12;
		b->target[i] = v;
	}
	if (!b->count || !changed)
		return;
	b->dirty = true;
	b->confirmed = false;
	b->mismatches = 0;
	b->urgent = b->urgent || urgent;
	if (urgent && !force && !b->unsafe_since_ns)
		b->unsafe_since_ns = r->now_ns ? r->now_ns : 1;
}

static void give_up(struct rig *r, int device, const char *what, const char *why)
{
	struct device *d = &r->devices[device];
	struct board *b = &d->board;
	char text[IO_TEXT_MAX];

	b->confirmed = false;
	b->dirty = true;
	b->retry_ns = r->now_ns + (d->state == DEVICE_LOST ? LOST_RETRY_NS : RETRY_NS);
	text_copy(b->why, sizeof(b->why), why);
	rig_text(text, sizeof(text), "%s (on %s): outputs %s: %s", d->fx->name,
		 r->f->buses[d->fx->bus].port, what, why);
	safe_trip(r, d->output_bays & safe_powered(r), TRIP_COMMS, -1, 0, text, false);
}

static void board_failed(struct rig *r, int device, const char *why)
{
	give_up(r, device, "cannot be set", why);
}

static void board_write(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	struct board *b = &d->board;
	struct bus_request q[BOARD_REQUESTS_MAX];
	bool all_safe = board_all_safe(r, b), urgent = b->urgent || all_safe;
	int n;

	n = (all_safe ? d->d.driver->safe : d->d.driver->set)(&d->d, b->point, b->target, b->count,
							      q, BOARD_REQUESTS_MAX);
	b->dirty = b->urgent = b->failed = false;
	b->generation++;
	b->waiting = n;
	b->sent_ns = r->now_ns;
	b->retry_ns = 0;
	if (n <= 0) { /* a value the device cannot take; the static checks should have refused it */
		b->waiting = 0;
		board_failed(r, device, "its driver cannot express the values");
		return;
	}
	for (int i = 0; i < n; i++) {
		q[i].token = token_make(TOKEN_BOARD, device, i, b->generation);
		q[i].device = (uint16_t)device;
		q[i].unit = (uint8_t)d->fx->unit_id;
		q[i].urgent = urgent;
		if (q[i].kind == BUS_GPIO_SET)
			q[i].line += d->first_line;
		if (!r->ops.submit(r->ops.ctx, d->fx->bus, &q[i]))
			continue;
		b->generation++; /* answers of the parts already sent say nothing about the whole */
		b->waiting = 0;
		board_failed(r, device, "the queue of its bus is full");
		return;
	}
}

void board_flush(struct rig *r)
{
	for (int k = 0; k < r->board_count; k++) {
		int i = r->boards[k];
		struct board *b = &r->devices[i].board;

		if (!b->dirty || r->devices[i].state == DEVICE_WRONG)
			continue;
		/* One write at a time, but a drop never waits for an ordinary one; a failed one
		 * rests a little. */
		if (b->waiting && !b->urgent)
			continue;
		if (b->retry_ns > r->now_ns && !b->urgent) {
			rig_due(r, b->retry_ns);
			continue;
		}
		board_write(r, i);
	}
}

static void confirmed(const struct rig *r, struct board *b, int64_t at_ns)
{
	b->confirmed = true;
	b->confirmed_ns = at_ns > r->now_ns ? at_ns : r->now_ns;
	b->mismatches = b->unread = b->refused = 0;
	b->unsafe_since_ns = 0;
	b->why[0] = '\0';
}

/* What it shows is not what was written: that is no matter of the line, the board or its contacts
 * are at fault. */
static void contradicts(struct rig *r, int device, uint32_t bays, const char *text)
{
	struct board *b = &r->devices[device].board;

	text_copy(b->why, sizeof(b->why), text);
	safe_trip(r, bays, TRIP_COMMS, -1, 0, text, true);
	b->dirty = true;
	b->confirmed = false;
	b->retry_ns = r->now_ns + RETRY_NS;
}

static void mismatch(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	struct board *b = &d->board;
	char text[IO_TEXT_MAX];

	if (++b->mismatches == 1) { /* once more: a contact may be slow to show */
		b->dirty = true;
		return;
	}
	rig_text(text, sizeof(text), "%s (on %s): what it reads back is not what was written",
		 d->fx->name, r->f->buses[d->fx->bus].port);
	contradicts(r, device, d->output_bays, text);
}

/* A device that fails or is busy may take the same once more, while the lease that wants it stands. What
 * is there meanwhile nobody knows: nothing counts as confirmed before the read-back. */
static bool is_tried_again(const struct rig *r, struct board *b, const struct bus_event *ev)
{
	enum { DEVICE_FAILURE = 4, DEVICE_BUSY = 6 };

	if (ev->status != BUS_EXCEPTION ||
	    (ev->exception != DEVICE_FAILURE && ev->exception != DEVICE_BUSY) ||
	    r->now_ns - b->sent_ns > REFUSED_NS)
		return false;
	return ++b->refused == 1;
}

void board_answer(struct rig *r, int device, uint32_t number, const struct bus_event *ev)
{
	struct board *b = &r->devices[device].board;
	const char *why = ev->text[0] ? ev->text : bus_status_name(ev->status);

	if (number != b->generation || b->waiting <= 0)
		return;
	b->waiting--;
	if (ev->status == BUS_OK) {
		if (!b->waiting && !b->failed && !b->dirty)
			confirmed(r, b, ev->at_ns);
		return;
	}
	if (b->failed)
		return;
	b->failed = true;
	if (ev->status == BUS_MISMATCH) {
		mismatch(r, device);
	} else if (ev->status == BUS_CANCELED) {
		b->dirty = true;
	} else if (is_tried_again(r, b, ev)) {
		b->dirty = true;
		b->urgent = b->unsafe_since_ns != 0;
	} else {
		board_failed(r, device, why);
	}
}

/* A read of the board between writes: does it still show the image? */
void board_monitor(struct rig *r, int device, const struct bus_event *ev)
{
	struct device *d = &r->devices[device];
	struct board *b = &d->board;
	const struct rig_bus *bus = &r->buses[d->fx->bus];
	char text[IO_TEXT_MAX];

	if (!b->confirmed || b->waiting || b->dirty || ev->at_ns <= b->confirmed_ns)
		return;
	if (ev->status != BUS_OK) {
		/* It may answer all else: what its contacts do is not known any more. */
		if (++b->unread >= READ_FAILURES_MAX)
			give_up(r, device, "are not read back", bus_status_name(ev->status));
		return;
	}
	b->unread = 0;
	for (int i = 0; i < b->count; i++) {
		struct output *o = &r->outputs[b->output[i]];
		struct driver_read want[POINT_READS_MAX];
		struct driver_image image;
		struct driver_value v;
		double tolerance = d->points[b->point[i]].resolution;

		if (d->d.driver->reads(&d->d, b->point[i], want, POINT_READS_MAX) != 1 ||
		    want[0].function != bus->reads[ev->index].function ||
		    want[0].first != bus->reads[ev->index].first ||
		    want[0].count != bus->reads[ev->index].count)
			continue;
		image = (struct driver_image){ev->data, ev->count, true};
		if (d->d.driver->get(&d->d, b->point[i], &image, &v))
			continue;
		if (o->fx->kind == OUTPUT_SETPOINT && tolerance <= 0)
			tolerance = 1e-6 * (1 + fabs(b->target[i]));
		if (o->fx->kind != OUTPUT_SETPOINT)
			tolerance = 0.5;
		if (v.quality == QUALITY_GOOD && fabs(v.value - b->target[i]) <= tolerance * 1.001)
			continue;
		rig_text(text, sizeof(text), "%s reads %.4g and was set to %.4g (%s on %s)",
			 o->fx->name, output_logical_value(o, v.value), o->commanded, d->fx->name,
			 r->f->buses[d->fx->bus].port);
		contradicts(r, device, o->fx->bays, text);
		return;
	}
}

void board_lost(struct rig *r, int device)
{
	struct board *b = &r->devices[device].board;

	if (!b->count)
		return;
	b->confirmed = false;
	b->dirty = true;
	b->waiting = 0;
	b->generation++;
	b->retry_ns = r->now_ns + LOST_RETRY_NS; /* sooner by board_back */
	text_copy(b->why, sizeof(b->why), r->devices[device].why);
}

void board_back(struct rig *r, int device)
{
	struct board *b = &r->devices[device].board;

	if (!b->count || b->confirmed)
		return;
	b->retry_ns = 0;
	board_set(r, device, true, true);
}

void board_run(struct rig *r)
{
	char text[IO_TEXT_MAX];
	bool blocked = false;

	for (int k = 0; k < r->board_count; k++) {
		struct device *d = &r->devices[r->boards[k]];
		struct board *b = &d->board;

		if (!b->unsafe_since_ns || !carries_drop(r, b))
			continue;
		if (r->now_ns - b->unsafe_since_ns < CONFIRM_NS) {
			rig_due(r, b->unsafe_since_ns + CONFIRM_NS);
			continue;
		}
		blocked = true;
		if (r->f->dead_man < 0)
			continue;
		rig_text(text, sizeof(text),
			 "%s (on %s) cannot be confirmed safe: the dead-man line is dropped",
			 d->fx->name, r->f->buses[d->fx->bus].port);
		if (!r->dead_man_blocked)
			rig_log(r, LOG_LEVEL_ERROR, "%s", text);
		r->dead_man_blocked = true;
		safe_trip(r, safe_powered(r), TRIP_COMMS, -1, 0, text, false);
	}
	r->dead_man_blocked = blocked;
}

/* --- dead-man line --- */

/* Never 0. */
static uint32_t wire_ms(const struct rig *r)
{
	uint32_t ms = (uint32_t)(r->now_ns / NS_PER_MS);

	return ms ? ms : 1;
}

static void dead_man_edge(struct rig *r, uint8_t level)
{
	const struct output *o = &r->outputs[r->f->dead_man];
	struct device *d = &r->devices[o->fx->device];
	struct bus_request q = {0};
	double value = level;
	uint32_t asked_ms;

	if (d->d.driver->set(&d->d, &o->point, &value, 1, &q, 1) != 1)
		return;
	asked_ms = wire_ms(r);
	q.token = token_make(TOKEN_DEAD_MAN, o->fx->device, level, asked_ms);
	q.device = o->fx->device;
	q.line += d->first_line;
	r->dead_man = level;
	if (r->ops.submit(r->ops.ctx, d->fx->bus, &q))
		board_dead_man_answer(r, level, asked_ms, false);
}

/* One edge that failed is made again in its turn, well within the 300 ms that the relay waits: the
 * rig's power does not go by a single refusal. Two in a row do. */
void board_dead_man_answer(struct rig *r, uint8_t level, uint32_t asked_ms, bool ok)
{
	uint32_t powered = safe_powered(r), still_ms;
	char text[IO_TEXT_MAX];

	if (!powered) {
		r->dead_man_failed = 0;
		r->dead_man_ms = 0;
		return;
	}
	if (ok) {
		/* from before the edge that was to when this one was, at the widest */
		still_ms = r->dead_man_ms ? wire_ms(r) - r->dead_man_ms : 0;
		r->dead_man_failed = 0;
		r->dead_man_ms = asked_ms;
		if (still_ms <= DEAD_MAN_STILL_MS)
			return;
		/* Relays read as commanded while their supply was off: what they switch has fallen, and comes
		 * back with the next edges. Nothing measured meanwhile means anything. */
		rig_text(
			text, sizeof(text),
			"the dead-man line may have stood still for %u ms: the outputs' supply can "
			"have dropped",
			still_ms);
		safe_trip(r, powered, TRIP_COMMS, -1, 0, text, false);
		return;
	}
	if (!r->unhealthy_ns && !r->dead_man_blocked && ++r->dead_man_failed == 1)
		r->dead_man = !level;
	else
		safe_trip(r, powered, TRIP_COMMS, -1, 0, "the dead-man line cannot be set", false);
}

/* A bus thread that hangs cannot be told to be safe. */
static bool is_healthy(struct rig *r)
{
	if (r->ops.healthy(r->ops.ctx, r->now_ns)) {
		r->unhealthy_ns = 0;
		return true;
	}
	if (!r->unhealthy_ns)
		r->unhealthy_ns = r->now_ns ? r->now_ns : 1;
	return false;
}

/* Looked at before anything is written: a lease that begins now must not switch on first. */
void board_watch(struct rig *r)
{
	uint32_t powered = safe_powered(r);

	if (!is_healthy(r) && r->now_ns - r->unhealthy_ns >= UNHEALTHY_NS)
		safe_trip(r, powered, TRIP_COMMS, -1, 0,
			  "a bus is stuck: it did not come round in its longest transaction",
			  false);
	if (r->dead_man_blocked && r->f->dead_man >= 0)
		safe_trip(r, powered, TRIP_COMMS, -1, 0,
			  "the dead-man line is dropped: another bay's outputs cannot be confirmed",
			  false);
}

void board_dead_man(struct rig *r)
{
	bool wanted = safe_powered(r) != 0, alive = is_healthy(r) && !r->dead_man_blocked;

	if (!wanted)
		r->dead_man_ms = 0;
	if (!wanted && !r->dead_man)
		return;
	if (wanted)
		rig_due(r, r->now_ns + DEAD_MAN_NS);
	if (r->f->dead_man < 0)
		return;
	if (!alive || !wanted) {
		if (r->dead_man)
			dead_man_edge(r, 0);
		r->dead_man_ns = r->now_ns;
		r->dead_man_ms = 0;
		return;
	}
	if (r->now_ns < r->dead_man_ns) {
		rig_due(r, r->dead_man_ns);
		return;
	}
	dead_man_edge(r, !r->dead_man);
	r->dead_man_ns = r->now_ns + DEAD_MAN_NS;
}
