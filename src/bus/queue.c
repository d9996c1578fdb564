/* SPDX-License-Identifier: MIT
 *
 * Requests that wait: urgent writes (lost slaves last), then urgent read-backs, then the rest in
 * order.
 */
#include <string.h>
#include "machine.h"

#define BUSY_WAIT_NS (100 * NS_PER_MS)
#define GIVE_UP_NS   (3 * NS_PER_S) /* of waiting for a way to ask without doubt */
enum { BUSY_TRIES = 3 };

static bool is_write(const struct pending *p)
{
	return p->req.kind == BUS_WRITE && !p->is_verify;
}

static int check_modbus(const struct bus_request *r, bool is_tcp)
{
	bool is_read = r->function >= MODBUS_READ_COILS && r->function <= MODBUS_READ_INPUT;
	uint16_t any = 0;

	if (r->unit == 0)
		return ERR_RANGE;
	if (r->kind == BUS_READ_ONCE)
		return is_read && r->count >= 1 && r->count <= BUS_DATA_MAX ? 0 : ERR_RANGE;
	switch ((enum modbus_function)r->function) {
	case MODBUS_WRITE_COIL:
		/* libmodbus' ordinary call knows on and off only. */
		if (is_tcp && r->data[0] > 1)
			return ERR_RANGE;
		break;
	case MODBUS_WRITE_REGISTER: break;
	case MODBUS_WRITE_COILS:
		if (r->count < 1 || r->count > BUS_WRITE_MAX)
			return ERR_RANGE;
		break;
	case MODBUS_WRITE_REGISTERS:
		if (r->count < 1 || r->count > BUS_WRITE_REGISTERS_MAX)
			return ERR_RANGE;
		break;
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE:
	case MODBUS_READ_HOLDING:
	case MODBUS_READ_INPUT:
	default: return ERR_RANGE;
	}
	if (!r->verify)
		return 0;
	if (r->verify_function < MODBUS_READ_COILS || r->verify_function > MODBUS_READ_INPUT ||
	    r->verify_count < 1 || r->verify_count > BUS_WRITE_MAX)
		return ERR_RANGE;
	for (int i = 0; i < r->verify_count; i++)
		any |= r->verify_mask[i];
	return any ? 0 : ERR_RANGE;
}

static int check(const struct bus *b, const struct bus_request *r)
{
	switch (r->kind) {
	case BUS_WRITE:
	case BUS_READ_ONCE: return bus_is_modbus(b) ? check_modbus(r, b->line.is_tcp) : ERR_RANGE;
	case BUS_GPIO_SET:
		return b->kind == BUS_GPIO && r->line >= 0 && r->line < b->config.line_count &&
				       b->config.lines[r->line].mode == GPIO_OUT
			       ? 0
			       : ERR_RANGE;
	case BUS_SERIAL_WRITE:
		return bus_is_stream(b) && r->count >= 1 && r->count <= BUS_WRITE_MAX ? 0
										      : ERR_RANGE;
	case BUS_RELEASE_BACKOFF: return 0;
	default: return ERR_RANGE;
	}
}

/* Waiting writes of that device are superseded; told at the next bus_run. */
static void cancel_waiting(struct bus *b, uint16_t device)
{
	for (int i = 0; i < BUS_QUEUE_MAX; i++) {
		struct pending *p = &b->queue[i];

		if (p->used && p->req.kind == BUS_WRITE && p->req.device == device &&
		    !p->req.urgent && !(b->turn.kind == TURN_REQUEST && b->turn.slot == i))
			p->canceled = true;
	}
}

static void release_backoff(struct bus *b, uint16_t device)
{
	for (int i = 0; i < b->device_count; i++)
		if (b->devices[i].device == device)
			b->slaves[b->devices[i].slave].probe_ns = 0;
}

int bus_submit(struct bus *b, const struct bus_request *r)
{
	int rc = check(b, r);
	int slave = 0, i;

	if (rc < 0)
		return rc;
	if (r->kind == BUS_RELEASE_BACKOFF) {
		release_backoff(b, r->device);
		return 0;
	}
	if (b->queue_count == BUS_QUEUE_MAX)
		return ERR_LIMIT;
	if (bus_is_modbus(b) && (slave = slave_index(b, r->unit)) < 0)
		return ERR_LIMIT;
	if (r->urgent)
		cancel_waiting(b, r->device);
	for (i = 0; b->queue[i].used; i++)
		;
	b->queue[i] = (struct pending){.req = *r, .used = true, .slave = (uint8_t)slave};
	b->queue[i].order = ++b->order;
	if (b->queue[i].req.function == MODBUS_WRITE_COIL ||
	    b->queue[i].req.function == MODBUS_WRITE_REGISTER)
		b->queue[i].req.count = 1;
	b->queue_count++;
	return 0;
}

static void finish(struct bus *b, int slot, enum bus_status status, uint8_t exception,
		   const char *text)
{
	struct pending *p = &b->queue[slot];
	struct bus_event *ev = bus_event(b, BUS_EVENT_REQUEST);

	ev->token = p->req.token;
	ev->device = p->req.device;
	ev->status = status;
	ev->exception = exception;
	ev->at_ns = b->now_ns;
	if (text)
		text_copy(ev->text, sizeof(ev->text), text);
	p->used = false;
	b->queue_count--;
	bus_emit(b);
}

static void queue_finish(struct bus *b, int slot, enum bus_status status, const char *text)
{
	finish(b, slot, status, 0, text);
}

void queue_fail_all(struct bus *b, enum bus_status status, const char *text)
{
	for (int i = 0; i < BUS_QUEUE_MAX; i++)
		if (b->queue[i].used)
			finish(b, i, b->queue[i].canceled ? BUS_CANCELED : status, 0, text);
}

void queue_drop_canceled(struct bus *b)
{
	int left = b->queue_count; /* the first slots are taken first */

	for (int i = 0; left > 0; i++) {
		if (!b->queue[i].used)
			continue;
		left--;
		if (b->queue[i].canceled)
			finish(b, i, BUS_CANCELED, 0, "superseded by an urgent request");
	}
}

void queue_retry(struct bus *b, int slot, enum bus_status status, const char *text, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];
	/* A lost slave gets one try: others wait behind it. */
	bool is_over = p->req.single_try || b->slaves[p->slave].lost || ++p->tries >= BUS_TRIES;

	(void)now_ns;
	if (p->canceled)
		queue_finish(b, slot, BUS_CANCELED, "superseded by an urgent request");
	else if (is_over)
		queue_finish(b, slot, status, text);
	else
		p->order = ++b->order;
}

void queue_exception(struct bus *b, int slot, uint8_t code, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];
	struct slave *s = &b->slaves[p->slave];

	if (p->canceled) {
		queue_finish(b, slot, BUS_CANCELED, "superseded by an urgent request");
		return;
	}
	if (code == 6 && p->busy < BUSY_TRIES && !p->req.single_try) {
		p->busy++;
		p->not_before_ns = now_ns + BUSY_WAIT_NS;
		return;
	}
	/* Only the register nobody asked for was refused. */
	if (b->turn.padded && (code == 2 || code == 3)) {
		s->no_pad = true;
		return;
	}
	finish(b, slot, BUS_EXCEPTION, code, NULL);
}

static void finish_read(struct bus *b, int slot, const uint8_t *data, enum bus_status status)
{
	const struct pending *p = &b->queue[slot];
	const struct turn *t = &b->turn;
	uint16_t first = p->is_verify ? p->req.verify_first : p->req.first;
	uint16_t count = p->is_verify ? p->req.verify_count : p->req.count;
	struct bus_event *ev = bus_event(b, BUS_EVENT_REQUEST);

	ev->token = p->req.token;
	ev->device = p->req.device;
	ev->status = status;
	ev->count = count;
	for (unsigned i = 0; i < count; i++)
		ev->data[i] = turn_value(t->function, data, first - t->first + i);
	ev->at_ns = t->sent_ns + (t->first_byte_ns - t->sent_ns) / 2;
	ev->spread_ns = (t->first_byte_ns - t->sent_ns) / 2;
	b->queue[slot].used = false;
	b->queue_count--;
	bus_emit(b);
}

static bool is_as_written(const struct bus *b, const struct pending *p, const uint8_t *data)
{
	for (unsigned i = 0; i < p->req.verify_count; i++) {
		uint16_t v =
			turn_value(b->turn.function, data, p->req.verify_first - b->turn.first + i);

		if ((v ^ p->req.verify_expect[i]) & p->req.verify_mask[i])
			return false;
	}
	return true;
}

void queue_answered(struct bus *b, int slot, bool is_proof, const uint8_t *pdu, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];

	if (p->canceled) {
		queue_finish(b, slot, BUS_CANCELED, "superseded by an urgent request");
		return;
	}
	if (is_write(p)) {
		if (p->req.verify) {
			p->is_verify = true;
			p->tries = p->busy = 0;
			p->give_up_ns = now_ns + GIVE_UP_NS;
		} else {
			queue_finish(b, slot, is_proof ? BUS_OK : BUS_BAD_REPLY,
				     is_proof ? NULL : "the answer may be an older one or an echo");
		}
		return;
	}
	if (!is_proof)
		queue_retry(b, slot, BUS_BAD_REPLY, "the answer may be an older one", now_ns);
	else if (p->is_verify && !is_as_written(b, p, pdu + 2))
		finish_read(b, slot, pdu + 2, BUS_MISMATCH);
	else
		finish_read(b, slot, pdu + 2, BUS_OK);
}

/* 0 first. What a lost slave costs must not delay the safe state of others. */
static int rank(const struct bus *b, const struct pending *p)
{
	if (!p->req.urgent)
		return 3;
	if (p->is_verify)
		return 2;
	return bus_is_modbus(b) && b->slaves[p->slave].lost ? 1 : 0;
}

int queue_pick(struct bus *b, int64_t now_ns, int64_t *next_ns)
{
	int best = -1, left = b->queue_count;

	for (int i = 0; left > 0; i++) {
		const struct pending *p = &b->queue[i], *q = best < 0 ? NULL : &b->queue[best];

		if (!p->used)
			continue;
		left--;
		if (p->not_before_ns > now_ns) {
			if (p->not_before_ns < *next_ns)
				*next_ns = p->not_before_ns;
			continue;
		}
		if (!q || rank(b, p) < rank(b, q) ||
		    (rank(b, p) == rank(b, q) && p->order < q->order))
			best = i;
	}
	return best;
}

/* A read that no late reply could answer is not possible now. */
static void wait_for_shape(struct bus *b, int slot, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];
	struct slave *s = &b->slaves[p->slave];
	uint8_t function = p->is_verify ? p->req.verify_function : p->req.function;
	uint16_t first = p->is_verify ? p->req.verify_first : p->req.first;
	uint16_t count = p->is_verify ? p->req.verify_count : p->req.count;
	uint8_t sentinel = taint_wants_evidence(&s->taint) ? slave_sentinel(s) : 0;
	int64_t over_ns = taint_over_ns(&s->taint, rtu_shape_of_read(function, count));

	if (!p->give_up_ns)
		p->give_up_ns = now_ns + GIVE_UP_NS;
	if (p->req.single_try || now_ns >= p->give_up_ns || (s->lost && !s->life)) {
		queue_finish(b, slot, BUS_NO_REPLY, "an older answer may still come");
	} else if (sentinel) {
		turn_begin_sentinel(b, p->slave, sentinel, first, now_ns);
	} else {
		p->not_before_ns = over_ns > now_ns ? over_ns : now_ns + NS_PER_MS;
		if (p->not_before_ns > p->give_up_ns)
			p->not_before_ns = p->give_up_ns;
	}
}

void queue_begin(struct bus *b, int slot, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];
	struct slave *s = &b->slaves[p->slave];
	uint16_t first = p->is_verify ? p->req.verify_first : p->req.first;
	uint16_t count = p->is_verify ? p->req.verify_count : p->req.count;
	uint8_t function = p->is_verify ? p->req.verify_function : p->req.function;
	bool padded;

	taint_expire(&s->taint, now_ns);
	if (!is_write(p) && !b->line.is_tcp && !slave_shape(s, function, &first, &count, &padded)) {
		wait_for_shape(b, slot, now_ns);
		return;
	}
	turn_begin_request(b, slot, now_ns);
}

void queue_run_direct(struct bus *b, int64_t now_ns)
{
	int64_t never = INT64_MAX;
	int slot;

	queue_drop_canceled(b);
	while (b->is_up && (slot = queue_pick(b, now_ns, &never)) >= 0) {
		const struct bus_request *r = &b->queue[slot].req;
		struct error err = {0};
		uint8_t bytes[BUS_WRITE_MAX];
		int rc;

		if (r->kind == BUS_GPIO_SET) {
			uint8_t level = !!r->data[0] ^ b->config.lines[r->line].active_low;

			rc = b->ops.gpio_set(b->ops.ctx, r->line, level, &err);
			if (rc < 0) /* at once: nothing else may be set in between */
				rc = b->ops.gpio_set(b->ops.ctx, r->line, level, &err);
			if (rc == 0)
				bus_trace_text(b, now_ns, '>', "line=%d level=%d", r->line, level);
		} else {
			for (int i = 0; i < r->count; i++)
				bytes[i] = (uint8_t)r->data[i];
			rc = b->ops.write(b->ops.ctx, bytes, r->count, &err);
			if (rc == 0)
				bus_trace(b, now_ns, '>', bytes, r->count, NULL);
		}
		if (rc < 0) {
			queue_finish(b, slot, BUS_LINE_DOWN, err.text);
			line_down(b, err.text, now_ns);
			return;
		}
		b->stats.transactions++;
		queue_finish(b, slot, BUS_OK, NULL);
	}
}
