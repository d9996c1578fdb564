/* SPDX-License-Identifier: MIT
 *
 * Late replies: no value of another request is ever taken for good. Every register carries the
 * number of the request it answers (bus_wire.h), so one wrong value in a million shows.
 */
#include "bus_wire.h"

#define TIMEOUT_NS (50 * NS_PER_MS)
#include "tests/fake/sanitized.h"

enum { LATE_REPLIES = 10000 / SANITIZED_STRIDE };

struct script {
	double late_share; /* of the replies */
	double lost_share;
	bool in_order;		 /* a queue: a reply never overtakes an earlier one of its slave */
	bool no_pad;		 /* registers beyond the reads are refused */
	bool only_own_functions; /* other functions are ignored */
	uint64_t late;
	int64_t busy_until_ns[256];
	uint16_t end[256]; /* first address beyond the map */
	uint8_t function[256];
};

static int64_t one_timeout_ns(const struct wire *w, const struct wire_request *r)
{
	uint8_t adu[RTU_ADU_MAX];

	return TIMEOUT_NS + (int64_t)wire_answer(r, adu) * wire_char_ns(w);
}

static void slave_often_late(struct wire *w, const struct wire_request *r)
{
	struct script *s = w->ctx;
	double dice = wire_uniform(w, 0, 1);
	unsigned end = ((unsigned)r->pdu[1] << 8 | r->pdu[2]) +
		       ((unsigned)r->pdu[3] << 8 | r->pdu[4]);
	bool is_other = s->function[r->unit] != r->pdu[0];
	int64_t after_ns = 3 * NS_PER_MS;
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);

	if (dice < s->lost_share || (is_other && s->only_own_functions))
		return;
	if (dice < s->lost_share + s->late_share) {
		after_ns = (int64_t)(wire_uniform(w, 1.1, 10) * (double)one_timeout_ns(w, r));
		s->late++;
	}
	if (is_other)
		n = wire_exception(r, 1, adu);
	else if (s->no_pad && end > s->end[r->unit])
		n = wire_exception(r, 2, adu);
	if (s->in_order) {
		/* One request after the other: each begins when the one before is answered. */
		int64_t from_ns = s->busy_until_ns[r->unit] > r->end_ns ? s->busy_until_ns[r->unit]
									: r->end_ns;

		s->busy_until_ns[r->unit] = from_ns + after_ns + (int64_t)n * wire_char_ns(w);
		wire_fly(w, s->busy_until_ns[r->unit], adu, n);
		return;
	}
	wire_fly(w, r->end_ns + after_ns + (int64_t)n * wire_char_ns(w), adu, n);
}

/* Four slaves, reads of the same length at different places: the worst for matching. */
static struct wire *late_line(struct script *s)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	w->slave = slave_often_late;
	w->ctx = s;
	for (uint8_t unit = 1; unit <= 4; unit++) {
		uint8_t function = unit == 4  ? MODBUS_READ_COILS
				   : unit % 2 ? MODBUS_READ_HOLDING
					      : MODBUS_READ_INPUT;

		s->function[unit] = function;
		for (uint16_t k = 0; k < 3; k++)
			wire_add_read(w, unit, function, (uint16_t)(100 * k),
				      function == MODBUS_READ_COILS ? 16 : 2, NS_PER_S / 5);
		s->end[unit] = function == MODBUS_READ_COILS ? 216 : 202;
	}
	wire_start(w);
	return w;
}

static void run_late(struct script s, uint64_t seed, double least_ok_share)
{
	struct wire *w = late_line(&s);
	struct bus_stats stats;

	w->random = seed;
	/* A run without any late reply left would never end: bounded in time as well. */
	for (int i = 0; i < 100000 && s.late < LATE_REPLIES; i++)
		wire_run(w, w->now_ns + NS_PER_S);
	bus_stats(w->bus, &stats);
	print_message("%llu late (%llu seen as such), %llu of %llu transactions good, %llu wrong, "
		      "%llu lost, %llu back\n",
		      (unsigned long long)s.late, (unsigned long long)stats.late_replies,
		      (unsigned long long)w->ok, (unsigned long long)stats.transactions,
		      (unsigned long long)w->wrong, (unsigned long long)w->lost,
		      (unsigned long long)w->back);
	assert_true(s.late >= LATE_REPLIES);
	assert_int_equal(w->wrong, 0);
	assert_true((double)w->ok >= least_ok_share * (double)stats.transactions);
	wire_free(w);
}

static void no_late_reply_is_taken_from_a_slave_that_answers_out_of_order(void **state)
{
	(void)state;
	run_late((struct script){.late_share = 0.1}, 1, 0.5);
	run_late((struct script){.late_share = 0.5, .lost_share = 0.1}, 2, 0.01);
}

static void no_late_reply_is_taken_from_a_slave_that_queues(void **state)
{
	(void)state;
	run_late((struct script){.late_share = 0.1, .in_order = true}, 3, 0.2);
	run_late((struct script){.late_share = 0.4, .lost_share = 0.2, .in_order = true}, 4, 0.001);
}

static void no_late_reply_is_taken_from_a_slave_that_refuses_padding(void **state)
{
	(void)state;
	run_late((struct script){.late_share = 0.1, .no_pad = true}, 5, 0.2);
	run_late((struct script){.late_share = 0.1, .no_pad = true, .in_order = true}, 6, 0.2);
}

static void no_late_reply_is_taken_from_a_slave_with_one_shape_only(void **state)
{
	(void)state;
	run_late((struct script){.late_share = 0.1, .no_pad = true, .only_own_functions = true}, 7,
		 0.1);
}

static void every_reply_late_gives_no_value_at_all(void **state)
{
	(void)state;
	run_late((struct script){.late_share = 1}, 8, 0);
	run_late((struct script){.late_share = 1, .in_order = true}, 9, 0);
}

/* ---- writes ---------------------------------------------------------------- */

/* Eight coils; what they are at any time is known, also while requests wait in the slave's queue.
 */
struct coils {
	bool in_order;
	double late_share, lost_share;
	uint8_t processed; /* after all requests that were heard */
	int64_t busy_until_ns;
	struct {
		int64_t at_ns;
		uint8_t coils;
	} history[4096];
	int changes;
	uint64_t late, ok, false_ok, not_ok;
	struct bus_request asked;
};

static void coil_slave(struct wire *w, const struct wire_request *r)
{
	struct coils *c = w->ctx;
	double dice = wire_uniform(w, 0, 1);
	int64_t after_ns = 3 * NS_PER_MS, at_ns = r->end_ns;
	uint8_t pdu[64] = {r->pdu[0], (uint8_t)((r->pdu[4] + 7) / 8)}, adu[RTU_ADU_MAX];
	size_t n = 2u + pdu[1];

	if (dice < c->lost_share)
		return;
	if (dice < c->lost_share + c->late_share) {
		after_ns = (int64_t)(wire_uniform(w, 1.1, 10) * (double)one_timeout_ns(w, r));
		c->late++;
	}
	if (c->in_order) {
		at_ns = c->busy_until_ns > at_ns ? c->busy_until_ns : at_ns;
		at_ns = c->busy_until_ns = at_ns + after_ns;
		after_ns = 0;
	}
	if (r->pdu[0] == MODBUS_WRITE_COIL) {
		c->processed &= (uint8_t) ~(1u << r->pdu[2]);
		c->processed |= (uint8_t)((r->pdu[3] != 0) << r->pdu[2]);
		assert_true(c->changes < 4096);
		c->history[c->changes].at_ns = at_ns;
		c->history[c->changes++].coils = c->processed;
		memcpy(pdu, r->pdu, 5);
		n = 5;
	} else if (r->pdu[0] == MODBUS_READ_COILS) {
		pdu[2] = c->processed;
	} else {
		pdu[0] |= RTU_EXCEPTION;
		pdu[1] = 1;
		n = 2;
	}
	n = rtu_build(adu, r->unit, pdu, n);
	wire_fly(w, at_ns + after_ns + (int64_t)n * wire_char_ns(w), adu, n);
}

static uint8_t coils_now(const struct coils *c, int64_t now_ns)
{
	uint8_t v = 0;

	for (int i = 0; i < c->changes && c->history[i].at_ns <= now_ns; i++)
		v = c->history[i].coils;
	return v;
}

static void check_write(struct wire *w, const struct bus_event *ev)
{
	struct coils *c = w->ctx;
	unsigned coil = c->asked.first;

	if (ev->kind != BUS_EVENT_REQUEST)
		return;
	if (ev->status != BUS_OK) {
		c->not_ok++;
		return;
	}
	c->ok++;
	/* Said to be done: it is so now, and nothing older is left that will undo it. */
	c->false_ok += (coils_now(c, w->now_ns) >> coil & 1) != c->asked.data[0];
	c->false_ok += (c->processed >> coil & 1) != c->asked.data[0];
}

static void run_writes(struct coils c, uint64_t seed)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	w->random = seed;
	w->slave = coil_slave;
	w->ctx = &c;
	w->on_event = check_write;
	wire_start(w);
	for (int i = 0; i < 1000; i++) {
		uint64_t before = c.ok + c.not_ok;
		struct bus_request r = {.kind = BUS_WRITE,
					.token = (uint64_t)i,
					.unit = 1,
					.function = MODBUS_WRITE_COIL,
					.first = (uint16_t)(wire_random(w) % 2),
					.data = {wire_random(w) % 2},
					.urgent = wire_random(w) % 2,
					.verify = true,
					.verify_function = MODBUS_READ_COILS,
					.verify_count = 8};

		r.verify_mask[r.first] = 1;
		r.verify_expect[r.first] = r.data[0];
		c.asked = r;
		wire_submit(w, &r);
		for (int k = 0; k < 1000 && c.ok + c.not_ok == before; k++)
			wire_run(w, w->now_ns + NS_PER_S / 100);
		assert_int_equal(c.ok + c.not_ok, before + 1);
		wire_run(w, w->now_ns + (int64_t)(wire_random(w) % (NS_PER_S / 10)));
	}
	print_message("%llu of 1000 writes confirmed, %llu late replies, %llu wrongly\n",
		      (unsigned long long)c.ok, (unsigned long long)c.late,
		      (unsigned long long)c.false_ok);
	assert_true(c.late > 100);
	assert_true(c.ok > 100);
	assert_int_equal(c.false_ok, 0);
	wire_free(w);
}

static void no_write_is_confirmed_by_an_older_echo(void **state)
{
	(void)state;
	run_writes((struct coils){.late_share = 0.2}, 1);
	run_writes((struct coils){.late_share = 0.2, .lost_share = 0.1}, 2);
	run_writes((struct coils){.late_share = 0.2, .in_order = true}, 3);
	run_writes((struct coils){.late_share = 0.2, .lost_share = 0.2, .in_order = true}, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_late_reply_is_taken_from_a_slave_that_answers_out_of_order),
		cmocka_unit_test(no_late_reply_is_taken_from_a_slave_that_queues),
		cmocka_unit_test(no_late_reply_is_taken_from_a_slave_that_refuses_padding),
		cmocka_unit_test(no_late_reply_is_taken_from_a_slave_with_one_shape_only),
		cmocka_unit_test(every_reply_late_gives_no_value_at_all),
		cmocka_unit_test(no_write_is_confirmed_by_an_older_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
