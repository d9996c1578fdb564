/* SPDX-License-Identifier: MIT
 *
 * Modbus transactions of a recording; part of bus_replay.h.
 */
#ifndef TESTS_REPLAY_BUS_REPLAY_MODBUS_H
#define TESTS_REPLAY_BUS_REPLAY_MODBUS_H

static inline int replay_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n,
			      struct error *err)
{
	struct replay *r = ctx;

	(void)err;
	r->sent_n = rtu_build(r->sent, unit, pdu, n);
	return 0;
}

/* TCP: what came of it is known already. */
static inline int replay_transact(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n,
				  uint8_t *reply, size_t max, size_t *reply_n, int64_t timeout_ns,
				  struct error *err)
{
	struct replay *r = ctx;

	(void)timeout_ns;
	r->sent[0] = unit;
	memcpy(r->sent + 1, pdu, n);
	r->sent_n = n + 1;
	r->w->now_ns = r->answered_ns;
	*reply_n = r->heard_n < max ? r->heard_n : max;
	memcpy(reply, r->heard, *reply_n);
	if (r->heard_n)
		return 0;
	return error_set(err, r->expect == BUS_NO_REPLY ? ERR_TIMEOUT : ERR_PROTOCOL, "recorded");
}

/* Does a reply among the bytes at p say just what the event does? */
static inline bool replay_is_said(const struct replay *r, const uint8_t *p, size_t n)
{
	uint8_t function = r->asked[1];
	size_t bytes = rtu_shape_of_read(function, r->got.count).key;
	bool same = n >= 3 + bytes && p[0] == r->asked[0] && p[1] == function && p[2] == bytes;

	for (unsigned i = 0; same && i < r->got.count; i++)
		same = r->got.data[i] == turn_value(function, p + 3, i);
	return same;
}

static inline void replay_check_values(struct replay *r)
{
	uint8_t adu[RTU_ADU_MAX + 1] = {r->asked[0]};
	bool found = false;

	if (r->asked[1] > MODBUS_READ_INPUT)
		return;
	if (r->w->fx.kind == BUS_MODBUS_TCP) {
		memcpy(adu + 1, r->heard, r->heard_n < RTU_ADU_MAX ? r->heard_n : RTU_ADU_MAX);
		found = replay_is_said(r, adu, r->heard_n + 1);
	}
	for (size_t i = 0; !found && i < r->heard_n; i++)
		found = replay_is_said(r, r->heard + i, r->heard_n - i);
	if (!found)
		replay_problem(r, r->expect_line, "other values than the recorded ones");
	r->values++;
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
	else if (r->got.status != r->expect)
		replay_problem(r, r->expect_line, bus_status_name(r->got.status));
	else if (r->expect == BUS_OK)
		replay_check_values(r);
}

/* A probe for life: nothing is taken from it, it only leaves one more that may be late. */
static inline void replay_probe(struct replay *r, int64_t at_ns, const uint8_t *adu)
{
	struct bus *b = r->w->bus;
	struct turn *t = &b->turn;
	struct slave *s;

	if (!b->is_up || t->kind != TURN_NONE) {
		replay_problem(r, r->line, "the transaction before has not ended");
		return;
	}
	t->slave = (uint8_t)slave_index(b, adu[0]);
	s = &b->slaves[t->slave];
	taint_expire(&s->taint, at_ns);
	t->function = adu[1];
	t->first = (uint16_t)(adu[2] << 8 | adu[3]);
	t->count = (uint16_t)(adu[4] << 8 | adu[5]);
	t->items[0] = t->item_count = 0;
	t->padded = t->has_hole = false;
	if (!taint_has(&s->taint, rtu_shape_of_read(t->function, t->count)))
		replay_problem(r, r->line, "not doubtful when played");
	turn_begin_reads(b, at_ns);
}

static inline void replay_ask(struct replay *r, int64_t at_ns, const uint8_t *adu)
{
	struct bus_request q = {.unit = adu[0], .single_try = true, .function = adu[1]};

	q.kind = q.function <= MODBUS_READ_INPUT ? BUS_READ_ONCE : BUS_WRITE;
	q.first = (uint16_t)(adu[2] << 8 | adu[3]);
	q.count = (uint16_t)(adu[4] << 8 | adu[5]);
	q.data[0] = q.count;
	if (q.function == MODBUS_WRITE_COIL && q.count == 0xff00)
		q.data[0] = 1;
	for (unsigned i = 0; q.function == MODBUS_WRITE_REGISTERS && i < q.count && i < 8; i++)
		q.data[i] = (uint16_t)(adu[7 + 2 * i] << 8 | adu[8 + 2 * i]);
	for (unsigned i = 0; q.function == MODBUS_WRITE_COILS && i < q.count && i < 32; i++)
		q.data[i] = adu[7 + i / 8] >> (i % 8) & 1;
	replay_submit(r, &q, at_ns);
}

static inline void replay_check_sent(struct replay *r)
{
	if (r->sent_n != r->asked_n || memcmp(r->sent, r->asked, r->asked_n) != 0)
		replay_problem(r, r->expect_line, "other bytes, or not at this time, were sent");
}

/* TCP: ask it now that its end is known, in one call. */
static inline void replay_tcp_ask(struct replay *r)
{
	if (r->w->fx.kind != BUS_MODBUS_TCP || !r->is_open)
		return;
	r->sent_n = 0;
	replay_ask(r, r->asked_ns, r->asked);
	replay_check_sent(r);
	replay_finish(r);
}

static inline void replay_request(struct replay *r, int64_t at_ns, const uint8_t *adu, size_t n,
				  const char *note)
{
	bool is_tcp = r->w->fx.kind == BUS_MODBUS_TCP;

	if (n < 6 || n > sizeof(r->asked)) {
		replay_problem(r, r->line, "no request");
		return;
	}
	replay_tcp_ask(r);
	replay_finish(r);
	r->is_open = true;
	r->expect = BUS_OK;
	r->expect_line = r->line;
	r->events = 0;
	r->heard_n = 0;
	r->transactions++;
	r->is_doubtful = strstr(note, "doubtful") != NULL;
	memcpy(r->asked, adu, n);
	r->asked_n = n;
	r->asked_ns = at_ns;
	r->answered_ns = 0;
	if (is_tcp)
		return;
	r->sent_n = 0;
	if (r->is_doubtful && adu[1] <= MODBUS_READ_INPUT)
		replay_probe(r, at_ns, adu);
	else
		replay_ask(r, at_ns, adu);
	replay_check_sent(r);
}

#endif
