/* SPDX-License-Identifier: MIT
 *
 * GPIO: levels and pulses in the machine.
 */
#include "tests/unit/bus_gpio_lines.h"

struct box {
	struct bus_event ev[64];
	_Atomic int count;
	int set_line, set_value, refusals;
};

static int op_open(void *ctx, struct error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}
static void op_close(void *ctx)
{
	(void)ctx;
}
static int op_set(void *ctx, int line, uint8_t value, struct error *err)
{
	struct box *b = ctx;

	if (b->refusals > 0 && b->refusals--)
		return error_set(err, ERR_IO, "the chip refused the line");
	b->set_line = line;
	b->set_value = value;
	return 0;
}
static void op_event(void *ctx, const struct bus_event *ev)
{
	struct box *b = ctx;

	assert_true(b->count < 64);
	b->ev[b->count] = *ev;
	b->count++;
}

static struct bus *machine(struct box *box)
{
	static struct fx_bus fx = {.name = "gpio", .kind = BUS_GPIO, .port = "chip"};
	static struct fixture f = {.buses = &fx, .bus_count = 1};
	struct bus_config c = {.fixture = &f, .lines = lines, .line_count = LINE_COUNT};
	struct bus_ops ops = {.ctx = box,
			      .open = op_open,
			      .close = op_close,
			      .gpio_set = op_set,
			      .event = op_event};
	struct error err;
	struct bus *b = bus_new(&c, &ops, &err);

	assert_non_null(b);
	memset(box, 0, sizeof(*box));
	bus_run(b, NS_PER_S);
	box->count = 0;
	return b;
}

static void a_level_is_told_at_once_and_again_with_its_period(void **state)
{
	struct box box;
	struct bus *b = machine(&box);

	(void)state;
	bus_gpio(b, IN, 1, false, NS_PER_S, NS_PER_S);
	bus_gpio(b, LOW_IN, 1, false, NS_PER_S, NS_PER_S);
	assert_int_equal(box.count, 2);
	assert_int_equal(box.ev[0].value, 1);
	assert_int_equal(box.ev[1].value, 0); /* active low */
	bus_gpio(b, IN, 0, true, NS_PER_S + 5, NS_PER_S + 9);
	assert_int_equal(box.count, 3);
	assert_true(box.ev[2].is_edge);
	assert_int_equal(box.ev[2].at_ns, NS_PER_S + 5);
	/* Read again and the same: nothing new. */
	bus_gpio(b, IN, 0, false, NS_PER_S + 20, NS_PER_S + 20);
	assert_int_equal(box.count, 3);
	/* A level that differs without an edge is told as well: one was dropped. */
	bus_gpio(b, IN, 1, false, NS_PER_S + 30, NS_PER_S + 30);
	assert_int_equal(box.count, 4);
	assert_false(box.ev[3].is_edge);
	box.count = 0;
	for (int64_t t = NS_PER_S; t < 4 * NS_PER_S;)
		t = bus_run(b, t);
	int levels = 0;

	for (int i = 0; i < box.count; i++)
		levels += box.ev[i].index == IN;
	assert_in_range(levels, 2, 3);
	bus_free(b);
}

static void pulses_are_summed_over_the_period_with_first_and_last_time(void **state)
{
	struct box box;
	struct bus *b = machine(&box);
	int64_t t = NS_PER_S;

	(void)state;
	bus_gpio(b, PULSE, 1, true, t + 1000, t + 1000);
	bus_gpio(b, PULSE, 0, true, t + 2000, t + 2000);
	bus_gpio(b, PULSE, 1, true, t + 3000, t + 3000);
	bus_gpio_pulses(b, PULSE, 5, t + 4000, t + 9000, t + 9000);
	assert_int_equal(box.count, 0);
	bus_run(b, t + NS_PER_S / 10);
	assert_int_equal(box.count, 1);
	assert_int_equal(box.ev[0].pulses, 7);
	assert_int_equal(box.ev[0].first_edge_ns, t + 1000);
	assert_int_equal(box.ev[0].last_edge_ns, t + 9000);
	/* None is a value too. */
	bus_run(b, t + 2 * NS_PER_S / 10);
	assert_int_equal(box.count, 2);
	assert_int_equal(box.ev[1].pulses, 0);
	assert_int_equal(box.ev[1].first_edge_ns, 0);
	bus_free(b);
}

static void outputs_are_set_at_once_active_low_inverted(void **state)
{
	struct box box;
	struct bus *b = machine(&box);
	struct bus_request r = {.kind = BUS_GPIO_SET, .token = 3, .line = OUT, .data = {1}};

	(void)state;
	assert_int_equal(bus_submit(b, &r), 0);
	bus_run(b, NS_PER_S + 1);
	assert_int_equal(box.set_line, OUT);
	assert_int_equal(box.set_value, 1);
	r.line = LOW_OUT;
	assert_int_equal(bus_submit(b, &r), 0);
	bus_run(b, NS_PER_S + 2);
	assert_int_equal(box.set_line, LOW_OUT);
	assert_int_equal(box.set_value, 0);
	r.line = IN;
	assert_int_equal(bus_submit(b, &r), ERR_RANGE);
	bus_free(b);
}

static void a_chip_that_refuses_is_asked_once_more_and_then_given_up(void **state)
{
	(void)state;
	for (int refusals = 1; refusals <= 2; refusals++) {
		struct box box;
		struct bus *b = machine(&box);
		struct bus_request r = {.kind = BUS_GPIO_SET, .token = 3, .line = OUT, .data = {1}};
		bool is_down = false;

		box.refusals = refusals;
		assert_int_equal(bus_submit(b, &r), 0);
		bus_run(b, NS_PER_S + 1);
		assert_int_equal(box.set_value, refusals == 1);
		assert_int_equal(box.ev[0].token, 3);
		assert_int_equal(box.ev[0].status, refusals == 1 ? BUS_OK : BUS_LINE_DOWN);
		for (int i = 0; i < box.count; i++)
			is_down = is_down || box.ev[i].kind == BUS_EVENT_DOWN;
		assert_int_equal(is_down, refusals == 2);
		bus_free(b);
	}
}

static void a_lost_chip_makes_every_input_unknown(void **state)
{
	struct box box;
	struct bus *b = machine(&box);
	int down = 0;

	(void)state;
	bus_gpio(b, IN, 1, false, NS_PER_S, NS_PER_S);
	box.count = 0;
	bus_lost(b, "chip gone", NS_PER_S + 1);
	for (int i = 0; i < box.count; i++)
		down += box.ev[i].kind == BUS_EVENT_LINE && box.ev[i].status == BUS_LINE_DOWN;
	assert_int_equal(down, 3);
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_is_told_at_once_and_again_with_its_period),
		cmocka_unit_test(pulses_are_summed_over_the_period_with_first_and_last_time),
		cmocka_unit_test(outputs_are_set_at_once_active_low_inverted),
		cmocka_unit_test(a_chip_that_refuses_is_asked_once_more_and_then_given_up),
		cmocka_unit_test(a_lost_chip_makes_every_input_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
