/* SPDX-License-Identifier: MIT
 *
 * The bus machine in virtual time: reads, refusals, foreign and wrong answers.
 */
#include "bus_wire.h"

#define TIMEOUT_NS (50 * NS_PER_MS)
#define PERIOD_NS  (NS_PER_S / 10)

static void good_slave(struct wire *w, const struct wire_request *r)
{
	wire_reply(w, r, 4 * NS_PER_MS);
}

static struct wire *one_read(void (*slave)(struct wire *w, const struct wire_request *r))
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	w->slave = slave;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 10, 2, PERIOD_NS);
	wire_start(w);
	return w;
}

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

/* ---- reads ----------------------------------------------------------------- */

static void reads_come_with_their_period_and_their_time(void **state)
{
	struct wire *w = one_read(good_slave);
	int64_t begin_ns = w->now_ns;

	(void)state;
	wire_run(w, begin_ns + 10 * NS_PER_S);
	assert_in_range(w->ok, 99, 102);
	assert_int_equal(w->wrong + w->failed, 0);
	wire_free(w);
}

struct times {
	int64_t at_ns, spread_ns, sent_end_ns;
	int count;
};
static void keep_times(struct wire *w, const struct bus_event *ev)
{
	struct times *t = w->ctx;

	if (ev->kind != BUS_EVENT_READ || ev->status != BUS_OK)
		return;
	t->at_ns = ev->at_ns;
	t->spread_ns = ev->spread_ns;
	t->sent_end_ns = w->last.end_ns;
	t->count++;
}

static void a_value_has_the_time_between_request_and_reply(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct times t = {0};

	(void)state;
	w->slave = good_slave;
	w->ctx = &t;
	w->on_event = keep_times;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 10, 2, PERIOD_NS);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_true(t.count > 5);
	/* 4 ms turnaround and 9 characters until the reply is seen. */
	assert_in_range(t.at_ns - t.spread_ns, t.sent_end_ns - 1000, t.sent_end_ns + 1000);
	assert_in_range(2 * t.spread_ns, 13 * NS_PER_MS, 14 * NS_PER_MS);
	wire_free(w);
}

/* The line's silence as a slave would see it. */
struct silence {
	int64_t last_byte_ns, least_ns, most_ns;
	int count;
};
static void watch_silence(struct wire *w, const struct wire_request *r)
{
	struct silence *s = w->ctx;
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);

	if (s->last_byte_ns) {
		int64_t idle_ns = w->now_ns - s->last_byte_ns;

		s->least_ns = s->count == 0 || idle_ns < s->least_ns ? idle_ns : s->least_ns;
		s->most_ns = idle_ns > s->most_ns ? idle_ns : s->most_ns;
		s->count++;
	}
	s->last_byte_ns = r->end_ns + 4 * NS_PER_MS + (int64_t)n * wire_char_ns(w);
	wire_fly(w, s->last_byte_ns, adu, n);
}

static void three_and_a_half_characters_are_kept_and_no_more(void **state)
{
	static const struct {
		int baud;
		int64_t extra_ns, gap_ns;
	} row[] = {{9600, 0, 3645833}, {9600, 2000000, 5645833}, {115200, 0, 1750000}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct wire *w = wire_new(row[i].baud, TIMEOUT_NS);
		struct silence s = {0};

		w->fx.extra_gap_ns = row[i].extra_ns;
		w->slave = watch_silence;
		w->ctx = &s;
		for (uint8_t unit = 1; unit <= 4; unit++)
			wire_add_read(w, unit, MODBUS_READ_HOLDING, 0, 2, NS_PER_MS);
		wire_start(w);
		wire_run(w, w->now_ns + NS_PER_S);
		assert_true(s.count > 20);
		assert_in_range(s.least_ns, row[i].gap_ns - 2000, row[i].gap_ns + 2000);
		assert_in_range(s.most_ns, row[i].gap_ns - 2000, row[i].gap_ns + 2000);
		wire_free(w);
	}
}

static void neighbouring_reads_share_a_transaction(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_stats stats;

	(void)state;
	w->slave = good_slave;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, PERIOD_NS);
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 2, 1, PERIOD_NS);
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 6, 2, PERIOD_NS);
	wire_add_read(w, 1, MODBUS_READ_INPUT, 0, 1, PERIOD_NS);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	bus_stats(w->bus, &stats);
	assert_in_range(w->ok, 40, 44);
	assert_in_range(stats.transactions, 20, 22);
	assert_int_equal(w->wrong, 0);
	wire_free(w);
}

/* Registers 3 to 5 do not exist. */
static void slave_with_hole(struct wire *w, const struct wire_request *r)
{
	unsigned first = (unsigned)r->pdu[1] << 8 | r->pdu[2], count = r->pdu[4];
	uint8_t adu[RTU_ADU_MAX];

	if (first < 6 && first + count > 3)
		wire_fly(w, r->end_ns + 10 * NS_PER_MS, adu, wire_exception(r, 2, adu));
	else
		wire_reply(w, r, 4 * NS_PER_MS);
}

static void a_refused_hole_is_not_read_over_again(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_stats stats;

	(void)state;
	w->slave = slave_with_hole;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, PERIOD_NS);
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 6, 2, PERIOD_NS);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	bus_stats(w->bus, &stats);
	assert_int_equal(stats.exceptions, 1);
	assert_in_range(w->ok, 19, 22);
	assert_int_equal(w->failed, 0);
	wire_free(w);
}

/* What a device refuses to read in one: more than `longest`, `alone` with any other, or across a
 * boundary in front of `seam`. */
struct whims {
	const char *name;
	unsigned longest, alone, seam;
	unsigned refusals, transactions; /* at most: to learn it; then in ten periods */
};

static void slave_with_whims(struct wire *w, const struct wire_request *r)
{
	const struct whims *h = w->ctx;
	unsigned first = (unsigned)r->pdu[1] << 8 | r->pdu[2], count = r->pdu[4];
	uint8_t adu[RTU_ADU_MAX];

	if (count > h->longest || (count > 1 && first <= h->alone && h->alone < first + count) ||
	    (first < h->seam && h->seam < first + count))
		wire_fly(w, r->end_ns + 10 * NS_PER_MS, adu, wire_exception(r, 2, adu));
	else
		wire_reply(w, r, 4 * NS_PER_MS);
}

static void a_refused_merge_is_tried_smaller_and_only_its_seam_kept_apart(void **state)
{
	static const struct whims rows[] = {
		{"takes anything", 99, 99, 0, 0, 10},  {"takes four", 4, 99, 0, 1, 20},
		{"takes three", 3, 99, 0, 3, 40},      {"takes one", 1, 99, 0, 7, 80},
		{"the sixth alone", 99, 5, 0, 3, 40},  {"the first alone", 99, 0, 0, 3, 40},
		{"not across five", 99, 99, 5, 3, 40}, {"not across four", 99, 99, 4, 1, 20}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire *w = wire_new(9600, TIMEOUT_NS);
		struct bus_stats learned, after;

		w->slave = slave_with_whims;
		w->ctx = (void *)(uintptr_t)&rows[i];
		for (uint16_t k = 0; k < 8; k++)
			wire_add_read(w, 1, MODBUS_READ_HOLDING, k, 1, 3 * PERIOD_NS);
		wire_start(w);
		wire_run(w, w->now_ns + 3 * NS_PER_S);
		bus_stats(w->bus, &learned);
		wire_run(w, w->now_ns + 3 * NS_PER_S);
		bus_stats(w->bus, &after);
		if (learned.exceptions > rows[i].refusals ||
		    after.transactions - learned.transactions > rows[i].transactions + 1)
			fail_msg("%s: %d refusals, then %d transactions", rows[i].name,
				 (int)learned.exceptions,
				 (int)(after.transactions - learned.transactions));
		assert_int_equal(after.exceptions, learned.exceptions);
		assert_int_equal(w->failed + w->wrong, 0);
		for (int k = 0; k < 8; k++)
			assert_in_range(w->ok_of[k], 19, 21);
		wire_free(w);
	}
}

/* ---- refusals -------------------------------------------------------------- */

struct refusal {
	uint8_t code;
	int times, asked;
};
static void refusing_slave(struct wire *w, const struct wire_request *r)
{
	struct refusal *f = w->ctx;
	uint8_t adu[RTU_ADU_MAX];

	if (f->asked++ < f->times)
		wire_fly(w, r->end_ns + 5 * NS_PER_MS, adu, wire_exception(r, f->code, adu));
	else
		wire_reply(w, r, 4 * NS_PER_MS);
}

static struct wire *refused_write(struct refusal *f, bool single_try)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct bus_request r = {.kind = BUS_READ_ONCE,
				.token = 7,
				.unit = 1,
				.function = MODBUS_READ_HOLDING,
				.count = 3,
				.single_try = single_try};

	w->slave = refusing_slave;
	w->ctx = f;
	wire_start(w);
	wire_submit(w, &r);
	wire_run(w, w->now_ns + 3 * NS_PER_S);
	return w;
}

static void every_exception_code_is_reported_and_not_asked_again(void **state)
{
	(void)state;
	for (uint8_t code = 1; code <= 11; code++) {
		struct refusal f = {.code = code, .times = 100};
		struct wire *w = refused_write(&f, false);
		bool is_gateway = code == 10 || code == 11;

		assert_int_equal(last(w)->token, 7);
		assert_int_equal(w->log_count, 1);
		assert_int_equal(last(w)->status, BUS_EXCEPTION);
		if (!is_gateway)
			assert_int_equal(last(w)->exception, code);
		/* 6 is busy: three times again. 10, 11: the gateway got no answer: as silence. */
		assert_int_equal(f.asked, code == 6 ? 4 : is_gateway ? 3 : 1);
		wire_free(w);
	}
}

static void a_busy_slave_is_asked_again(void **state)
{
	struct refusal f = {.code = 6, .times = 2};
	struct wire *w = refused_write(&f, false);

	(void)state;
	assert_int_equal(last(w)->status, BUS_OK);
	assert_int_equal(f.asked, 3);
	assert_int_equal(last(w)->data[2], wire_value(1, 3, 2, w->serial));
	wire_free(w);
}

/* ---- foreign, wrong and doubled answers ------------------------------------ */

static void slave_after_a_foreign_frame(struct wire *w, const struct wire_request *r)
{
	struct wire_request other = *r;
	uint8_t adu[RTU_ADU_MAX];

	other.unit = 2;
	other.serial += 1000;
	wire_fly(w, r->end_ns + 3 * NS_PER_MS, adu, wire_answer(&other, adu));
	wire_reply(w, r, 20 * NS_PER_MS);
}

static void an_answer_of_another_slave_keeps_the_time_out_running(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	(void)state;
	w->slave = slave_after_a_foreign_frame;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 10, 2, PERIOD_NS);
	wire_add_read(w, 2, MODBUS_READ_INPUT, 10, 2, 0);
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_in_range(w->ok, 9, 12);
	assert_int_equal(w->wrong + w->failed, 0);
	wire_free(w);
}

static void slave_with_wrong_echo(struct wire *w, const struct wire_request *r)
{
	uint8_t pdu[5], adu[RTU_ADU_MAX];

	if (r->pdu[0] != MODBUS_WRITE_COIL) {
		wire_reply(w, r, 4 * NS_PER_MS);
		return;
	}
	memcpy(pdu, r->pdu, 5);
	pdu[2] ^= 1; /* the neighbour's coil */
	wire_fly(w, r->end_ns + 12 * NS_PER_MS, adu, rtu_build(adu, r->unit, pdu, 5));
}

static void a_wrong_echo_is_no_success(void **state)
{
	struct wire *w = one_read(slave_with_wrong_echo);
	struct bus_request r = write_coil(1, 4, 1);

	(void)state;
	wire_run(w, w->now_ns + NS_PER_S / 2);
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S);
	assert_int_equal(w->log_count, 1);
	assert_true(last(w)->status == BUS_NO_REPLY || last(w)->status == BUS_BAD_REPLY);
	assert_int_equal(w->requests_ok, 0);
	wire_free(w);
}

static void slave_answering_twice(struct wire *w, const struct wire_request *r)
{
	struct wire_request other = *r;
	uint8_t adu[RTU_ADU_MAX];
	size_t n;

	wire_reply(w, r, 4 * NS_PER_MS);
	/* The second device at the address, a moment later and with other values. */
	other.serial += 1000;
	n = wire_answer(&other, adu);
	wire_fly(w, r->end_ns + 6 * NS_PER_MS + 2 * (int64_t)n * wire_char_ns(w), adu, n);
}

static void two_devices_at_one_address_are_told(void **state)
{
	struct wire *w = one_read(slave_answering_twice);
	struct bus_stats stats;

	(void)state;
	wire_run(w, w->now_ns + 5 * NS_PER_S);
	bus_stats(w->bus, &stats);
	assert_true(stats.conflicts >= 3);
	assert_true(w->lost >= 1);
	assert_int_equal(w->wrong, 0);
	wire_free(w);
}

static void noisy_slave(struct wire *w, const struct wire_request *r)
{
	uint8_t adu[RTU_ADU_MAX + 8] = {0};
	size_t n = wire_answer(r, adu + 1);

	/* A turn-on glitch before, garbage behind; some replies are bent or cut. */
	adu[n + 1] = 0xf7;
	if (w->serial % 10 == 0)
		adu[1 + wire_random(w) % n] ^= (uint8_t)(1u << wire_random(w) % 8);
	if (w->serial % 12 == 0)
		n -= 3;
	wire_fly(w, r->end_ns + 15 * NS_PER_MS, adu, n + 2);
}

static void glitches_and_bent_frames_cost_no_wrong_value(void **state)
{
	struct wire *w = one_read(noisy_slave);

	(void)state;
	wire_run(w, w->now_ns + 100 * NS_PER_S);
	assert_int_equal(w->wrong, 0);
	assert_true(w->ok > 700);
	wire_free(w);
}

static void a_line_that_never_falls_silent_is_lost_in_two_seconds(void **state)
{
	struct wire *w = one_read(NULL);
	int64_t begin_ns = w->now_ns;
	struct bus_stats stats;

	(void)state;
	bus_need(w->bus, 1, true);
	for (int64_t t = begin_ns; t < begin_ns + 2 * NS_PER_S; t += NS_PER_MS) {
		uint8_t noise = (uint8_t)wire_random(w);

		wire_fly(w, t, &noise, 1);
		wire_run(w, t);
	}
	assert_int_equal(w->lost, 1);
	assert_int_equal(w->ok, 0);
	/* Bounded in number as well. */
	bus_stats(w->bus, &stats);
	assert_true(stats.transactions < 20);
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_come_with_their_period_and_their_time),
		cmocka_unit_test(a_value_has_the_time_between_request_and_reply),
		cmocka_unit_test(three_and_a_half_characters_are_kept_and_no_more),
		cmocka_unit_test(neighbouring_reads_share_a_transaction),
		cmocka_unit_test(a_refused_hole_is_not_read_over_again),
		cmocka_unit_test(a_refused_merge_is_tried_smaller_and_only_its_seam_kept_apart),
		cmocka_unit_test(every_exception_code_is_reported_and_not_asked_again),
		cmocka_unit_test(a_busy_slave_is_asked_again),
		cmocka_unit_test(an_answer_of_another_slave_keeps_the_time_out_running),
		cmocka_unit_test(a_wrong_echo_is_no_success),
		cmocka_unit_test(two_devices_at_one_address_are_told),
		cmocka_unit_test(glitches_and_bent_frames_cost_no_wrong_value),
		cmocka_unit_test(a_line_that_never_falls_silent_is_lost_in_two_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
