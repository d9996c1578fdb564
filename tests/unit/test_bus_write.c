/* SPDX-License-Identifier: MIT
 *
 * Writes in virtual time: echoes, read-back, order and waiting.
 */
#include "bus_wire.h"

#define TIMEOUT_NS (50 * NS_PER_MS)
#define PERIOD_NS  (NS_PER_S / 10)

static struct bus_request write_coil(uint8_t unit, uint16_t coil, uint16_t value)
{
	return (struct bus_request){.kind = BUS_WRITE,
				    .token = 100u * unit + coil,
				    .device = unit,
				    .unit = unit,
				    .function = MODBUS_WRITE_COIL,
				    .first = coil,
				    .count = 1,
				    .data = {value}};
}

static const struct bus_event *last(const struct wire *w)
{
	assert_true(w->log_count > 0);
	return &w->log[w->log_count - 1];
}

/* ---- local echo ------------------------------------------------------------ */

struct echo {
	bool is_dead;
};
static void echoing_adapter(struct wire *w, const struct wire_request *r)
{
	const struct echo *e = w->ctx;
	uint8_t adu[RTU_ADU_MAX];

	wire_fly(w, r->end_ns, adu, rtu_build(adu, r->unit, r->pdu, r->n));
	if (!e->is_dead)
		wire_reply(w, r, 4 * NS_PER_MS);
}

static void the_adapters_own_echo_is_stripped(void **state)
{
	struct echo e = {0};
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_request r = write_coil(1, 3, 1);

	(void)state;
	w->slave = echoing_adapter;
	w->ctx = &e;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 10, 2, PERIOD_NS);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_in_range(w->ok, 9, 12);
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S / 2);
	assert_int_equal(last(w)->status, BUS_OK);
	/* The echo alone is no answer, although it looks like one. */
	e.is_dead = true;
	r.token = 9;
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(last(w)->token, 9);
	assert_int_equal(last(w)->status, BUS_NO_REPLY);
	assert_int_equal(w->wrong, 0);
	wire_free(w);
}

static void a_first_write_is_not_confirmed_by_what_may_be_an_echo(void **state)
{
	struct echo e = {.is_dead = true};
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_request r = write_coil(1, 3, 1);

	(void)state;
	w->slave = echoing_adapter;
	w->ctx = &e;
	wire_start(w);
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(w->log_count, 1);
	assert_int_not_equal(last(w)->status, BUS_OK);
	/* With a read-back it is not either: nobody answers that. */
	r.verify = true;
	r.verify_function = MODBUS_READ_COILS;
	r.verify_count = 8;
	r.verify_expect[3] = r.verify_mask[3] = 1;
	wire_submit(w, &r);
	wire_run(w, w->now_ns + 5 * NS_PER_S);
	assert_int_equal(w->log_count, 2);
	assert_int_equal(last(w)->status, BUS_NO_REPLY);
	wire_free(w);
}

/* ---- writes ---------------------------------------------------------------- */

/* A relay board with 8 coils per unit. */
struct board {
	uint8_t coils[256];
	bool is_welded;
	uint16_t order[64];
	int writes;
	int64_t asked_ns[64];
};
static void relay_slave(struct wire *w, const struct wire_request *r)
{
	struct board *b = w->ctx;
	uint8_t adu[RTU_ADU_MAX], pdu[3] = {MODBUS_READ_COILS, 1, b->coils[r->unit]};

	if (r->pdu[0] == MODBUS_READ_COILS) {
		uint8_t wide[4] = {MODBUS_READ_COILS, 2, b->coils[r->unit], 0};
		bool is_wide = r->pdu[4] > 8;
		size_t n = rtu_build(adu, r->unit, is_wide ? wide : pdu, is_wide ? 4 : 3);

		wire_fly(w, r->end_ns + 12 * NS_PER_MS, adu, n);
		return;
	}
	if (r->pdu[0] == MODBUS_WRITE_COIL && b->writes < 64) {
		b->order[b->writes] = (uint16_t)(100 * r->unit + r->pdu[2]);
		b->asked_ns[b->writes++] = w->now_ns;
		if (!b->is_welded) {
			b->coils[r->unit] &= (uint8_t) ~(1u << r->pdu[2]);
			b->coils[r->unit] |= (uint8_t)((r->pdu[3] != 0) << r->pdu[2]);
		}
	}
	wire_reply(w, r, 4 * NS_PER_MS);
}

static struct wire *relay_line(struct board *b)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	w->slave = relay_slave;
	w->ctx = b;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 20, NS_PER_MS);
	wire_add_read(w, 2, MODBUS_READ_HOLDING, 0, 20, NS_PER_MS);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	return w;
}

static struct bus_request verified(uint8_t unit, uint16_t coil, uint16_t value)
{
	struct bus_request r = write_coil(unit, coil, value);

	r.verify = true;
	r.verify_function = MODBUS_READ_COILS;
	r.verify_count = 8;
	r.verify_mask[coil] = 1;
	r.verify_expect[coil] = value;
	return r;
}

static void a_write_is_read_back(void **state)
{
	struct board b = {0};
	struct wire *w = relay_line(&b);
	struct bus_request r = verified(1, 5, 1);

	(void)state;
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(last(w)->status, BUS_OK);
	assert_int_equal(last(w)->count, 8);
	assert_int_equal(last(w)->data[5], 1);
	b.is_welded = true;
	r = verified(1, 5, 0);
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(last(w)->status, BUS_MISMATCH);
	assert_int_equal(last(w)->data[5], 1);
	wire_free(w);
}

static void a_write_waits_for_one_block_at_most(void **state)
{
	struct board b = {0};
	struct wire *w = relay_line(&b);

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct bus_request r = write_coil(1, 1, i % 2);
		int64_t submit_ns;

		wire_run(w, w->now_ns + (int64_t)(wire_random(w) % (100 * NS_PER_MS)));
		submit_ns = w->now_ns;
		wire_submit(w, &r);
		wire_run(w, w->now_ns + NS_PER_S / 5);
		assert_int_equal(b.writes, i + 1);
		/* 20 registers at 9600 are 62 ms; t3.5 before and after. */
		assert_true(b.asked_ns[i] - submit_ns <= 68 * NS_PER_MS);
	}
	wire_free(w);
}

static void urgent_writes_go_first_and_cancel_what_they_supersede(void **state)
{
	struct board b = {0};
	struct wire *w = relay_line(&b);
	struct bus_request r[4] = {write_coil(1, 1, 1), write_coil(2, 2, 1), write_coil(1, 3, 0),
				   write_coil(1, 4, 0)};
	int canceled = 0;

	(void)state;
	r[2].urgent = r[3].urgent = true;
	for (int i = 0; i < 4; i++)
		assert_int_equal(bus_submit(w->bus, &r[i]), 0);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(w->log_count, 4);
	for (int i = 0; i < 4; i++) {
		if (w->log[i].status == BUS_CANCELED) {
			assert_int_equal(w->log[i].token, 101);
			canceled++;
		}
	}
	assert_int_equal(canceled, 1);
	assert_int_equal(b.writes, 3);
	assert_int_equal(b.order[0], 103);
	assert_int_equal(b.order[1], 104);
	assert_int_equal(b.order[2], 202);
	wire_free(w);
}

static void the_queue_is_bounded_and_says_so(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_request r = write_coil(1, 1, 1);
	struct bus_request bad[] = {write_coil(0, 1, 1), verified(1, 1, 1), write_coil(1, 1, 1)};

	(void)state;
	wire_start(w);
	for (int i = 0; i < 64; i++)
		assert_int_equal(bus_submit(w->bus, &r), 0);
	assert_int_equal(bus_submit(w->bus, &r), ERR_LIMIT);
	memset(bad[1].verify_mask, 0, sizeof(bad[1].verify_mask));
	bad[2].function = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bus_submit(w->bus, &bad[i]), ERR_RANGE);
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_adapters_own_echo_is_stripped),
		cmocka_unit_test(a_first_write_is_not_confirmed_by_what_may_be_an_echo),
		cmocka_unit_test(a_write_is_read_back),
		cmocka_unit_test(a_write_waits_for_one_block_at_most),
		cmocka_unit_test(urgent_writes_go_first_and_cancel_what_they_supersede),
		cmocka_unit_test(the_queue_is_bounded_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
