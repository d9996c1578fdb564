/* SPDX-License-Identifier: MIT
 *
 * One transaction: its request, the bytes that come, its end. What may be believed is decided here,
 * by the rules of taint.h.
 */
#include <assert.h>
#include <string.h>
#include "machine.h"

/* Never look more often than this at a reply that is coming in. */
#define LOOK_MIN_NS   (200 * (int64_t)1000)
#define LOOK_NOISE_NS (5 * NS_PER_MS)
#define LOOK_IDLE_NS  (20 * NS_PER_MS)

uint16_t turn_value(uint8_t function, const uint8_t *data, unsigned i)
{
	if (function <= MODBUS_READ_DISCRETE)
		return data[i / 8] >> (i % 8) & 1;
	return (uint16_t)(data[2 * i] << 8 | data[2 * i + 1]);
}

static struct slave *turn_slave(struct bus *b)
{
	return &b->slaves[b->turn.slave];
}

static int64_t turn_timeout_ns(const struct bus *b)
{
	return plan_timeout_ns(&b->line, b->turn.answer_n);
}

static bool is_same_as_request(uint8_t function)
{
	return function == MODBUS_WRITE_COIL || function == MODBUS_WRITE_REGISTER;
}

/* ---- frames that nobody waits for ------------------------------------------ */

static void stray_frame(struct bus *b, const struct rtu_frame *f, int64_t now_ns)
{
	int i = b->slave_of_unit[f->unit] - 1;
	struct slave *s;

	if (i < 0)
		return;
	s = &b->slaves[i];
	if (taint_seen(&s->taint, f->shape) ||
	    (f->shape.function & RTU_EXCEPTION &&
	     taint_has_function(&s->taint, f->shape.function & ~RTU_EXCEPTION))) {
		b->stats.late_replies++;
		bus_trace(b, now_ns, '!', NULL, 0, "late reply thrown away");
		return;
	}
	/* A write's echo is its own request while it is not known whether the adapter echoes. */
	if (b->echo == ECHO_UNKNOWN && is_same_as_request(f->shape.function))
		return;
	/* Nobody asked for it: whoever sent it may send more of the kind. */
	taint_add(&s->taint, f->shape, now_ns, plan_timeout_ns(&b->line, f->pdu_n + 3));
	b->stats.conflicts++;
	bus_trace(b, now_ns, '!', NULL, 0, "reply without request");
	slave_conflict(b, i, now_ns);
}

/* Frames that came while nobody waited; what is left of older bytes when all is set. */
static void turn_idle_frames(struct bus *b, bool all, int64_t now_ns)
{
	struct rtu_expect nobody = {0};
	struct rtu_frame f;

	memcpy(nobody.units, b->units, sizeof(nobody.units));
	while (rtu_next(&b->rx, &nobody, all, &f))
		stray_frame(b, &f, now_ns);
}

/* ---- begin ----------------------------------------------------------------- */

static void turn_end(struct bus *b)
{
	b->turn.kind = TURN_NONE;
}

/* The answer of a TCP transaction is whole, or there is none. */
static void turn_tcp(struct bus *b, int64_t now_ns);

static void turn_begin(struct bus *b, const uint8_t *pdu, size_t n, int64_t now_ns)
{
	struct turn *t = &b->turn;
	struct slave *s = turn_slave(b);
	struct error err = {0};

	assert(n >= 5);
	turn_idle_frames(b, true, now_ns);
	t->function = pdu[0];
	t->expect.unit = s->unit;
	t->expect.shape = rtu_shape_of_request(pdu);
	memcpy(t->expect.units, b->units, sizeof(t->expect.units));
	t->adu_n = rtu_build(t->adu, s->unit, pdu, n);
	t->answer_n = rtu_answer_length(pdu, n);
	t->echo_done = b->echo == ECHO_NONE;
	t->echo_seen = false;
	t->heard = t->first_n = 0;
	t->begin_ns = now_ns;
	t->sent_ns = now_ns + (int64_t)t->adu_n * b->line.char_ns;
	t->first_byte_ns = 0;
	t->deadline_ns = t->sent_ns + turn_timeout_ns(b);
	t->quiet_ns = b->echo == ECHO_LOCAL ? t->sent_ns : 0;
	t->may_take = b->line.is_tcp || !taint_has(&s->taint, t->expect.shape);
	/* A request that is doubtful from the start is one more open one, whatever comes. */
	if (!t->may_take)
		taint_add(&s->taint, t->expect.shape, t->sent_ns, turn_timeout_ns(b));
	b->stats.transactions++;
	b->silent_turns++;
	b->free_ns = t->sent_ns;
	if (b->line.is_tcp) {
		bus_trace(b, now_ns, '>', t->adu, t->adu_n - 2, NULL);
		turn_tcp(b, now_ns);
		return;
	}
	bus_trace(b, now_ns, '>', t->adu, t->adu_n, t->may_take ? NULL : "doubtful");
	if (b->ops.send(b->ops.ctx, s->unit, pdu, n, &err) < 0)
		line_down(b, err.text, now_ns);
}

/* The five bytes that every request begins with. */
static size_t read_pdu(uint8_t *pdu, uint8_t function, uint16_t first, uint16_t count)
{
	pdu[0] = function;
	pdu[1] = (uint8_t)(first >> 8);
	pdu[2] = first & 0xff;
	pdu[3] = (uint8_t)(count >> 8);
	pdu[4] = count & 0xff;
	return 5;
}

/* A coil's value on the wire: on, off, or what the device's maker invented. */
static uint16_t coil_word(uint16_t value)
{
	return value == 1 ? 0xff00 : value;
}

static size_t put_coils(uint8_t *pdu, const struct bus_request *r)
{
	pdu[0] = (uint8_t)((r->count + 7) / 8);
	memset(pdu + 1, 0, pdu[0]);
	for (unsigned i = 0; i < r->count; i++)
		if (r->data[i])
			pdu[1 + i / 8] |= (uint8_t)(1u << i % 8);
	return 1u + pdu[0];
}

static size_t put_registers(uint8_t *pdu, const struct bus_request *r)
{
	size_t n = 0;

	pdu[n++] = (uint8_t)(2 * r->count);
	for (unsigned i = 0; i < r->count; i++) {
		pdu[n++] = (uint8_t)(r->data[i] >> 8);
		pdu[n++] = r->data[i] & 0xff;
	}
	return n;
}

static size_t write_pdu(uint8_t *pdu, const struct bus_request *r)
{
	if (r->function == MODBUS_WRITE_COIL)
		return read_pdu(pdu, r->function, r->first, coil_word(r->data[0]));
	if (r->function == MODBUS_WRITE_REGISTER)
		return read_pdu(pdu, r->function, r->first, r->data[0]);
	read_pdu(pdu, r->function, r->first, r->count);
	if (r->function == MODBUS_WRITE_COILS)
		return 5 + put_coils(pdu + 5, r);
	return 5 + put_registers(pdu + 5, r);
}

void turn_begin_request(struct bus *b, int slot, int64_t now_ns)
{
	struct pending *p = &b->queue[slot];
	struct slave *s = &b->slaves[p->slave];
	struct turn *t = &b->turn;
	uint8_t pdu[RTU_PDU_MAX];
	size_t n;

	t->kind = TURN_REQUEST;
	t->slot = slot;
	t->slave = p->slave;
	t->padded = t->has_hole = false;
	if (p->req.kind == BUS_WRITE && !p->is_verify) {
		t->first = p->req.first;
		t->count = p->req.count;
		n = write_pdu(pdu, &p->req);
	} else {
		t->first = p->is_verify ? p->req.verify_first : p->req.first;
		t->count = p->is_verify ? p->req.verify_count : p->req.count;
		uint8_t function = p->is_verify ? p->req.verify_function : p->req.function;

		/* queue_pick saw that it can be asked. */
		if (!slave_shape(s, function, &t->first, &t->count, &t->padded))
			t->padded = false;
		n = read_pdu(pdu, function, t->first, t->count);
	}
	turn_begin(b, pdu, n, now_ns);
}

void turn_begin_reads(struct bus *b, int64_t now_ns)
{
	uint8_t pdu[5];

	b->turn.kind = TURN_READS;
	read_pdu(pdu, b->turn.function, b->turn.first, b->turn.count);
	turn_begin(b, pdu, sizeof(pdu), now_ns);
}

void turn_begin_sentinel(struct bus *b, int slave, uint8_t function, uint16_t first, int64_t now_ns)
{
	uint8_t pdu[5];

	b->turn.kind = TURN_SENTINEL;
	b->turn.slave = (uint8_t)slave;
	b->turn.first = first;
	b->turn.count = 1;
	b->turn.padded = b->turn.has_hole = false;
	read_pdu(pdu, function, first, 1);
	turn_begin(b, pdu, sizeof(pdu), now_ns);
}

/* ---- end ------------------------------------------------------------------- */

static void measure_turn(struct bus *b, int64_t now_ns)
{
	int64_t took_ns = now_ns - b->turn.begin_ns;

	measure_busy(b, took_ns);
	if (took_ns > b->stats.worst_ns)
		b->stats.worst_ns = took_ns;
}

static void end_without_answer(struct bus *b, enum bus_status status, uint8_t exception,
			       const char *text, int64_t now_ns)
{
	enum turn_kind kind = b->turn.kind;
	int slave = b->turn.slave;

	turn_end(b);
	if (kind == TURN_READS)
		poll_failed(b, status, exception, now_ns);
	else
		slave_failed(b, slave, text, now_ns);
	if (kind == TURN_REQUEST)
		queue_retry(b, b->turn.slot, status, text, now_ns);
}

void turn_timeout(struct bus *b, int64_t now_ns)
{
	struct turn *t = &b->turn;
	bool silent = t->heard == 0;

	measure_turn(b, now_ns);
	if (t->may_take && !b->line.is_tcp)
		taint_add(&turn_slave(b)->taint, t->expect.shape, t->sent_ns, turn_timeout_ns(b));
	b->stats.timeouts += silent;
	bus_trace(b, now_ns, '!', NULL, 0, silent ? "no reply" : "bad reply");
	if (!silent)
		slave_count_frame(b, t->slave, true, now_ns);
	if (silent)
		end_without_answer(b, BUS_NO_REPLY, 0, "no answer", now_ns);
	else
		end_without_answer(b, BUS_BAD_REPLY, 0, measure_rubbish(b, t->slave), now_ns);
}

void turn_abandon(struct bus *b)
{
	struct turn *t = &b->turn;

	if (t->kind == TURN_NONE)
		return;
	if (t->may_take && !b->line.is_tcp)
		taint_add(&turn_slave(b)->taint, t->expect.shape, t->sent_ns, turn_timeout_ns(b));
	turn_end(b);
}

static void answered_exception(struct bus *b, uint8_t code, int64_t now_ns)
{
	struct turn *t = &b->turn;
	struct slave *s = turn_slave(b);
	bool is_doubtful = !t->may_take || taint_has_function(&s->taint, t->function) ||
			   slave_is_contested(s, now_ns);
	enum turn_kind kind = t->kind;
	int slave = t->slave;

	b->stats.exceptions++;
	bus_trace(b, now_ns, '!', NULL, 0, "exception");
	/* It may be the refusal of an older request: then this one's answer is still to come. */
	if (is_doubtful && t->may_take && !b->line.is_tcp)
		taint_add(&s->taint, t->expect.shape, t->sent_ns, turn_timeout_ns(b));
	if (!is_doubtful)
		taint_evidence(&s->taint, t->sent_ns);
	if (code == 0x0a || code == 0x0b) {
		end_without_answer(b, BUS_EXCEPTION, code, "the gateway got no answer", now_ns);
		return;
	}
	turn_end(b);
	if (is_doubtful && s->lost)
		slave_lives(b, slave, now_ns);
	else
		slave_answered(b, slave, now_ns);
	if (kind == TURN_READS) {
		poll_failed(b, BUS_EXCEPTION, code, now_ns);
	} else if (kind == TURN_REQUEST) {
		queue_exception(b, t->slot, code, now_ns);
	}
}

static void answered(struct bus *b, const uint8_t *pdu, int64_t now_ns)
{
	struct turn *t = &b->turn;
	struct slave *s = turn_slave(b);
	enum turn_kind kind = t->kind;
	bool is_proof = t->may_take && !slave_is_contested(s, now_ns) &&
			!(kind == TURN_READS && slave_is_doubtful(s, now_ns));

	turn_end(b);
	if (is_proof && is_same_as_request(t->function) && !t->echo_seen && b->echo != ECHO_NONE &&
	    !b->line.is_tcp) {
		/* Maybe the adapter's echo only; the reply may still come. */
		is_proof = false;
		taint_add(&s->taint, t->expect.shape, t->sent_ns, turn_timeout_ns(b));
	}
	if (!t->may_take)
		taint_seen(&s->taint, t->expect.shape);
	else if (is_proof)
		taint_evidence(&s->taint, t->sent_ns);
	if (!is_proof)
		bus_trace(b, now_ns, '!', NULL, 0, "doubtful answer");
	if (s->lost && !is_proof)
		slave_lives(b, t->slave, now_ns);
	else if (is_proof)
		slave_answered(b, t->slave, now_ns);
	if (kind == TURN_REQUEST)
		queue_answered(b, t->slot, is_proof, pdu, now_ns);
	else if (kind == TURN_READS && is_proof)
		poll_answered(b, pdu + 2, now_ns);
	else if (kind == TURN_READS)
		poll_doubtful(b, now_ns);
}

static void turn_answer(struct bus *b, const struct rtu_frame *f, int64_t now_ns)
{
	struct turn *t = &b->turn;

	measure_turn(b, now_ns);
	/* What came at once came one after the other on the line. */
	if (t->may_take)
		slave_measured(b, t->slave,
			       t->first_byte_ns - t->sent_ns -
				       (int64_t)t->first_n * b->line.char_ns);
	/* The reply and nothing else came: this adapter does not echo. */
	if (b->echo == ECHO_UNKNOWN && t->heard == f->pdu_n + 3 && !is_same_as_request(t->function))
		b->echo = ECHO_NONE;
	slave_count_frame(b, t->slave, false, now_ns);
	if (f->shape.function & RTU_EXCEPTION)
		answered_exception(b, f->pdu[1], now_ns);
	else
		answered(b, f->pdu, now_ns);
}

/* ---- bytes ----------------------------------------------------------------- */

/* Take the adapter's echo of our own request off the front. true: more of it has to come. */
static bool strip_echo(struct bus *b, int64_t now_ns)
{
	struct turn *t = &b->turn;
	size_t n = rtu_rx_count(&b->rx);

	if (t->echo_done)
		return false;
	if (memcmp(b->rx.buf + b->rx.at, t->adu, n < t->adu_n ? n : t->adu_n) != 0) {
		t->echo_done = true;
		return false;
	}
	if (n < t->adu_n)
		return true;
	t->echo_done = true;
	/* A single write's reply looks the same: it stays, and counts as no proof. */
	if (is_same_as_request(t->function) && b->echo == ECHO_UNKNOWN)
		return false;
	t->echo_seen = true;
	b->echo = ECHO_LOCAL;
	t->heard -= t->adu_n;
	b->rx.at += t->adu_n;
	bus_trace(b, now_ns, '!', NULL, 0, "own echo");
	return false;
}

/* When to look again: at the predicted end of the frame that has begun. */
static void predict(struct bus *b, int64_t now_ns)
{
	struct turn *t = &b->turn;
	size_t n = rtu_rx_count(&b->rx);
	size_t want = t->answer_n;
	size_t len = n ? rtu_reply_length(b->rx.buf + b->rx.at, n) : 0;
	int64_t wait_ns = LOOK_NOISE_NS;

	if (!t->echo_done)
		want = t->adu_n;
	else if (len && len != SIZE_MAX && len < want)
		want = len;
	if (n < want)
		wait_ns = (int64_t)(want - n) * b->line.char_ns;
	t->quiet_ns = now_ns + (wait_ns > LOOK_MIN_NS ? wait_ns : LOOK_MIN_NS);
}

void turn_bytes(struct bus *b, const uint8_t *p, size_t n, int64_t now_ns)
{
	struct turn *t = &b->turn;
	struct rtu_frame f;

	bus_trace(b, now_ns, '<', p, n, NULL);
	b->last_rx_ns = now_ns;
	b->silent_turns = 0;
	b->free_ns = now_ns + b->line.gap_ns;
	rtu_rx_add(&b->rx, p, n);
	if (t->kind == TURN_NONE) {
		t->quiet_ns = now_ns + LOOK_IDLE_NS;
		turn_idle_frames(b, false, now_ns);
		return;
	}
	t->heard += n;
	if (strip_echo(b, now_ns)) {
		predict(b, now_ns);
		return;
	}
	if (t->heard && !t->first_byte_ns) {
		t->first_byte_ns = now_ns;
		t->first_n = t->heard;
		/* An answer before the request's end: the line is not paced. */
		if (now_ns < t->sent_ns)
			t->sent_ns = now_ns;
	}
	while (t->kind != TURN_NONE && rtu_next(&b->rx, &t->expect, false, &f)) {
		if (f.is_answer) {
			turn_answer(b, &f, now_ns);
			turn_idle_frames(b, false, now_ns);
			return;
		}
		t->heard -= f.pdu_n + 3 < t->heard ? f.pdu_n + 3 : t->heard;
		stray_frame(b, &f, now_ns);
	}
	predict(b, now_ns);
}

/* ---- TCP ------------------------------------------------------------------- */

static void turn_tcp(struct bus *b, int64_t now_ns)
{
	struct turn *t = &b->turn;
	struct error err = {0};
	struct rtu_frame f = {.pdu = t->adu};
	uint8_t pdu[RTU_ADU_MAX], reply[RTU_ADU_MAX] = {0};
	size_t n = t->adu_n - 3, reply_n = 0;
	int rc;

	memcpy(pdu, t->adu + 1, n);
	rc = b->ops.transact(b->ops.ctx, t->expect.unit, pdu, n, reply, sizeof(reply), &reply_n,
			     t->deadline_ns - now_ns, &err);
	if (b->ops.clock)
		now_ns = b->ops.clock(b->ops.ctx);
	t->first_byte_ns = now_ns;
	b->free_ns = now_ns + b->line.gap_ns;
	bus_trace(b, now_ns, rc < 0 ? '!' : '<', reply, reply_n, rc < 0 ? err.text : NULL);
	if (rc == 0 && reply_n >= 2) {
		f.pdu = reply;
		f.pdu_n = reply_n;
		f.shape = rtu_shape_of_reply(reply);
		if (reply[0] == (t->function | RTU_EXCEPTION) ||
		    (rtu_shape_equal(f.shape, t->expect.shape) && reply_n + 3 == t->answer_n)) {
			b->last_rx_ns = now_ns;
			b->tcp_fails = 0;
			turn_answer(b, &f, now_ns);
			return;
		}
		rc = ERR_PROTOCOL;
		error_set(&err, rc, "reply to another request");
	}
	measure_turn(b, now_ns);
	b->stats.timeouts += rc == ERR_TIMEOUT;
	bus_trace(b, now_ns, '!', NULL, 0, rc == ERR_TIMEOUT ? "no reply" : "bad reply");
	end_without_answer(b, rc == ERR_TIMEOUT ? BUS_NO_REPLY : BUS_BAD_REPLY, 0, err.text,
			   now_ns);
	line_reconnect(b, err.text, now_ns);
}
