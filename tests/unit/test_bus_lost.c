/* SPDX-License-Identifier: MIT
 *
 * Slaves that do not answer, and ports that go away, in virtual time.
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

/* ---- dead slaves ----------------------------------------------------------- */

struct dead {
	uint8_t unit;
};
static void slave_but_one(struct wire *w, const struct wire_request *r)
{
	const struct dead *d = w->ctx;

	if (r->unit != d->unit)
		wire_reply(w, r, 5 * NS_PER_MS);
}

static uint64_t live_reads(uint8_t dead, int64_t span_ns)
{
	struct wire *w = wire_new(9600, 100 * NS_PER_MS);
	struct dead d = {dead};
	uint64_t n;

	w->slave = slave_but_one;
	w->ctx = &d;
	/* As fast as the line goes. */
	for (uint8_t unit = 1; unit <= 4; unit++)
		wire_add_read(w, unit, MODBUS_READ_HOLDING, 0, 10, NS_PER_MS);
	wire_start(w);
	wire_run(w, w->now_ns + span_ns);
	assert_int_equal(w->wrong, 0);
	n = w->ok_of[0] + w->ok_of[1] + w->ok_of[2];
	wire_free(w);
	return n;
}

static void one_dead_slave_of_four_costs_the_others_at_most_a_twentieth(void **state)
{
	uint64_t with = live_reads(4, 60 * NS_PER_S);
	struct wire *w = wire_new(9600, 100 * NS_PER_MS);
	uint64_t alone;

	(void)state;
	/* The same line with the three live ones only. */
	w->slave = good_slave;
	for (uint8_t unit = 1; unit <= 3; unit++)
		wire_add_read(w, unit, MODBUS_READ_HOLDING, 0, 10, NS_PER_MS);
	w->slave = slave_but_one;
	w->ctx = &(struct dead){0};
	wire_start(w);
	wire_run(w, w->now_ns + 60 * NS_PER_S);
	alone = w->ok;
	print_message("%llu of %llu live reads kept\n", (unsigned long long)with,
		      (unsigned long long)alone);
	assert_true(20 * with >= 19 * alone);
	wire_free(w);
}

struct loss {
	int64_t lost_ns, back_ns;
	char text[160];
};
static struct loss loss;

static void keep_loss(struct wire *w, const struct bus_event *ev)
{
	if (ev->kind == BUS_EVENT_DEVICE_LOST) {
		loss.lost_ns = w->now_ns;
		memcpy(loss.text, ev->text, sizeof(loss.text));
	}
	if (ev->kind == BUS_EVENT_DEVICE_BACK)
		loss.back_ns = w->now_ns;
}

static struct wire *slow_poll(struct dead *d, int64_t timeout_ns, int64_t period_ns)
{
	struct wire *w = wire_new(9600, timeout_ns);

	memset(&loss, 0, sizeof(loss));
	w->slave = slave_but_one;
	w->ctx = d;
	w->on_event = keep_loss;
	w->devices[1] = (struct fx_device){.name = "probe", .bus = 0, .unit_id = 1};
	w->devices[0].bus = 9;
	w->fixture.device_count = 2;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, period_ns);
	wire_start(w);
	wire_run(w, w->now_ns + 20 * NS_PER_S + 1);
	return w;
}

static void a_needed_device_is_lost_after_three_tries_within_two_seconds(void **state)
{
	static const int timeout_ms[] = {50, 300, 900};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct dead d = {0};
		struct wire *w = slow_poll(&d, timeout_ms[i] * NS_PER_MS, 5 * NS_PER_S);
		int64_t begin_ns = w->now_ns;
		uint32_t asked = w->serial;

		assert_int_equal(w->failed, 0);
		bus_need(w->bus, 1, true);
		d.unit = 1;
		wire_run(w, begin_ns + 10 * NS_PER_S);
		assert_int_equal(w->lost, 1);
		/* From the first try, which the period decides. */
		assert_true(loss.lost_ns - begin_ns <= 7 * NS_PER_S + 100 * NS_PER_MS);
		assert_string_equal(loss.text, "no answer");
		assert_true(w->serial - asked >= 2);
		assert_int_equal(w->by_status[BUS_NO_REPLY] > 0, 1);
		wire_free(w);
	}
}

static void a_lost_device_is_probed_with_growing_pauses_and_back_at_its_first_answer(void **state)
{
	struct dead d = {0};
	struct wire *w = slow_poll(&d, TIMEOUT_NS, PERIOD_NS);
	int64_t dead_ns = w->now_ns;
	uint32_t asked;

	(void)state;
	d.unit = 1;
	wire_run(w, dead_ns + 60 * NS_PER_S);
	assert_int_equal(w->lost, 1);
	asked = w->serial;
	wire_run(w, dead_ns + 120 * NS_PER_S);
	assert_in_range(w->serial - asked, 5, 7);
	/* Never longer than 10 s until it is seen; then the old rate at once. */
	d.unit = 0;
	dead_ns = w->now_ns;
	w->ok = 0;
	wire_run(w, dead_ns + 12 * NS_PER_S);
	assert_int_equal(w->back, 1);
	assert_true(loss.back_ns - dead_ns <= 10 * NS_PER_S + NS_PER_S / 2);
	assert_true(w->ok >= 10);
	assert_int_equal(w->wrong, 0);
	wire_free(w);
}

struct bending {
	unsigned each; /* n-th reply is damaged */
};
static void bending_slave(struct wire *w, const struct wire_request *r)
{
	const struct bending *bend = w->ctx;
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);

	adu[n - 1] ^= w->serial % bend->each == 0;
	wire_fly(w, r->end_ns + 15 * NS_PER_MS, adu, n);
}

static void a_line_that_damages_a_third_of_its_frames_is_given_up(void **state)
{
	static const struct {
		unsigned each;
		bool is_lost;
	} row[] = {{3, true}, {5, false}, {20, false}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bending bend = {row[i].each};
		struct wire *w = wire_new(9600, TIMEOUT_NS);

		w->slave = bending_slave;
		w->ctx = &bend;
		wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, PERIOD_NS);
		wire_start(w);
		wire_run(w, w->now_ns + 60 * NS_PER_S);
		assert_int_equal(w->lost > 0, row[i].is_lost);
		assert_int_equal(w->wrong, 0);
		wire_free(w);
	}
}

static void releasing_the_backoff_probes_at_once(void **state)
{
	struct dead d = {0};
	struct wire *w = slow_poll(&d, TIMEOUT_NS, PERIOD_NS);
	struct bus_request r = {.kind = BUS_RELEASE_BACKOFF, .device = 1};

	(void)state;
	d.unit = 1;
	wire_run(w, w->now_ns + 60 * NS_PER_S);
	d.unit = 0;
	wire_submit(w, &r);
	wire_run(w, w->now_ns + NS_PER_S / 4);
	assert_int_equal(w->back, 1);
	wire_free(w);
}

/* ---- the port -------------------------------------------------------------- */

struct plug {
	bool is_out;
	int down, up;
};
static int plug_open(void *ctx, struct error *err)
{
	struct wire *w = ctx;
	struct plug *p = w->ctx;

	w->opens++;
	return p->is_out ? error_set(err, ERR_NOT_FOUND, "port gone") : 0;
}
static void plug_event(struct wire *w, const struct bus_event *ev)
{
	struct plug *p = w->ctx;

	p->down += ev->kind == BUS_EVENT_DOWN;
	p->up += ev->kind == BUS_EVENT_UP;
}

static void a_lost_port_is_told_once_and_opened_again_within_three_seconds(void **state)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);
	struct plug p = {0};
	struct bus_config c = {.fixture = &w->fixture, .reads = w->reads};
	struct bus_ops ops = {.ctx = w,
			      .open = plug_open,
			      .close = wire_op_close,
			      .send = wire_op_send,
			      .event = wire_op_event};
	struct bus_request r = write_coil(1, 1, 0);
	struct error err = {0};
	int64_t in_ns;

	(void)state;
	w->ctx = &p;
	w->on_event = plug_event;
	w->slave = good_slave;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, PERIOD_NS);
	c.read_count = w->read_count;
	w->bus = bus_new(&c, &ops, &err);
	w->next_ns = bus_run(w->bus, w->now_ns = NS_PER_S);
	wire_run(w, 2 * NS_PER_S);
	assert_int_equal(p.up, 1);
	p.is_out = true;
	bus_lost(w->bus, "unplugged", w->now_ns);
	w->next_ns = w->now_ns;
	wire_run(w, w->now_ns + 20 * NS_PER_S);
	/* "unplugged", then why it does not open: two texts, two events, however long it lasts. */
	assert_int_equal(p.down, 2);
	assert_true(w->by_status[BUS_LINE_DOWN] > 2);
	wire_submit(w, &r);
	assert_int_equal(last(w)->status, BUS_LINE_DOWN);
	p.is_out = false;
	in_ns = w->now_ns;
	w->ok = 0;
	wire_run(w, in_ns + 3 * NS_PER_S);
	assert_int_equal(p.up, 2);
	assert_true(w->ok >= 5);
	assert_int_equal(w->wrong, 0);
	wire_free(w);
}

static void a_silent_port_is_opened_again(void **state)
{
	struct wire *w = one_read(NULL);
	struct bus_stats stats;

	(void)state;
	wire_run(w, w->now_ns + 60 * NS_PER_S);
	bus_stats(w->bus, &stats);
	assert_in_range(stats.reopens, 1, 6);
	assert_int_equal(w->opens, 1 + (int)stats.reopens);
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_dead_slave_of_four_costs_the_others_at_most_a_twentieth),
		cmocka_unit_test(a_needed_device_is_lost_after_three_tries_within_two_seconds),
		cmocka_unit_test(
			a_lost_device_is_probed_with_growing_pauses_and_back_at_its_first_answer),
		cmocka_unit_test(a_line_that_damages_a_third_of_its_frames_is_given_up),
		cmocka_unit_test(releasing_the_backoff_probes_at_once),
		cmocka_unit_test(a_lost_port_is_told_once_and_opened_again_within_three_seconds),
		cmocka_unit_test(a_silent_port_is_opened_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
