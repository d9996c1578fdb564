/* SPDX-License-Identifier: MIT
 *
 * What the bus machine tells of its line: load and turnaround as they are, damage before it loses a
 * device, and which setting is wrong where nothing but rubbish comes.
 */
#include "bus_wire.h"

#define TIMEOUT_NS (50 * NS_PER_MS)

static struct seen {
	int count;
	struct bus_event last;
	bool rough;
	int64_t rough_ns, well_ns;
	char lost[160];
} seen;

static void see(struct wire *w, const struct bus_event *ev)
{
	if (ev->kind == BUS_EVENT_DEVICE_LOST)
		memcpy(seen.lost, ev->text, sizeof(seen.lost));
	if (ev->kind != BUS_EVENT_MEASURED)
		return;
	seen.count++;
	seen.last = *ev;
	if (ev->damaged && !seen.rough)
		seen.rough_ns = w->now_ns;
	if (!ev->damaged && seen.rough)
		seen.well_ns = w->now_ns;
	seen.rough = ev->damaged;
}

static struct wire *line_with(void (*slave)(struct wire *w, const struct wire_request *r),
			      int64_t period_ns)
{
	struct wire *w = wire_new(9600, TIMEOUT_NS);

	memset(&seen, 0, sizeof(seen));
	w->slave = slave;
	w->on_event = see;
	w->devices[1] = (struct fx_device){.name = "probe", .bus = 0, .unit_id = 1};
	w->devices[0].bus = 9;
	w->fixture.device_count = 2;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 10, period_ns);
	return w;
}

static void slave_of_7_ms(struct wire *w, const struct wire_request *r)
{
	wire_reply(w, r, 7 * NS_PER_MS);
}

static void load_and_turnaround_are_those_of_the_line(void **state)
{
	struct wire *w = line_with(slave_of_7_ms, NS_PER_S / 10);

	(void)state;
	wire_start(w);
	wire_run(w, w->now_ns + 31 * NS_PER_S);
	/* every 5 s of 31 */
	assert_in_range(seen.count, 5, 7);
	assert_int_equal(seen.last.device, 1);
	assert_in_range(seen.last.turnaround_ns, 6900000, 7100000);
	/* 33 characters of 1.042 ms, 7 ms, 3.65 ms of silence: 45 of 100 ms */
	assert_true(seen.last.load > 0.43 && seen.last.load < 0.47);
	assert_int_equal(seen.last.damaged, 0);
	wire_free(w);
}

/* Bends one answer of `every`, from the first on. */
static void slave_that_bends(struct wire *w, const struct wire_request *r)
{
	const int *every = w->ctx;
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);

	if (*every && r->serial % (unsigned)*every == 0)
		adu[5] ^= 0x20;
	wire_fly(w, r->end_ns + 5 * NS_PER_MS + (int64_t)n * wire_char_ns(w), adu, n);
}

static void B3_ten_damaged_answers_of_a_hundred_are_a_warning(void **state)
{
	static const struct {
		int every;
		bool warned;
	} rows[] = {{0, false}, {40, false}, {12, false}, {8, true}, {5, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire *w = line_with(slave_that_bends, NS_PER_S / 10);
		int every = rows[i].every;

		w->ctx = &every;
		wire_start(w);
		wire_run(w, w->now_ns + 40 * NS_PER_S);
		if (seen.rough != rows[i].warned)
			fail_msg("one of %d: %s", every, seen.rough ? "warned" : "no warning");
		/* known no later than the hundredth answer */
		if (rows[i].warned)
			assert_true(seen.rough_ns - NS_PER_S < 10 * NS_PER_S);
		every = 0;
		wire_run(w, w->now_ns + 25 * NS_PER_S);
		assert_false(seen.rough);
		assert_int_equal(w->wrong + w->lost, 0);
		wire_free(w);
	}
}

static void slave_of_another_rate(struct wire *w, const struct wire_request *r)
{
	static const uint8_t rubbish[] = {0xf8, 0x80, 0x00, 0xfe, 0x78, 0x9e, 0xe0};

	w->uart.framing += (unsigned)*(const int *)w->ctx & 1;
	w->uart.parity += (unsigned)*(const int *)w->ctx >> 1;
	wire_fly(w, r->end_ns + 5 * NS_PER_MS, rubbish, sizeof(rubbish));
}

static void B10_rubbish_from_the_start_names_the_setting(void **state)
{
	static const struct {
		bool counts;
		int errors; /* 1: framing, 2: parity */
		const char *says;
	} rows[] = {{false, 0, "no Modbus at 9600 8N1: its baud rate or parity is another"},
		    {true, 0, "no Modbus at 9600 8N1: its baud rate or parity is another"},
		    {true, 1, "wrongly framed at 9600 8N1: its baud rate is another"},
		    {true, 2, "wrong parity at 9600 8N1: its parity is another"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire *w = line_with(slave_of_another_rate, NS_PER_S / 10);
		int errors = rows[i].errors;

		w->ctx = &errors;
		w->has_uart = rows[i].counts;
		wire_start(w);
		wire_run(w, w->now_ns + 5 * NS_PER_S);
		assert_int_equal(w->lost, 1);
		if (!strstr(seen.lost, rows[i].says))
			fail_msg("row %d: %s", (int)i, seen.lost);
		wire_free(w);
	}
}

static void B10_rubbish_from_one_that_has_spoken_blames_no_setting(void **state)
{
	struct wire *w = line_with(slave_of_7_ms, NS_PER_S / 10);
	int errors = 0;

	(void)state;
	wire_start(w);
	wire_run(w, w->now_ns + NS_PER_S);
	w->slave = slave_of_another_rate;
	w->ctx = &errors;
	wire_run(w, w->now_ns + 5 * NS_PER_S);
	assert_string_equal(seen.lost, "no valid answer");
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_and_turnaround_are_those_of_the_line),
		cmocka_unit_test(B3_ten_damaged_answers_of_a_hundred_are_a_warning),
		cmocka_unit_test(B10_rubbish_from_the_start_names_the_setting),
		cmocka_unit_test(B10_rubbish_from_one_that_has_spoken_blames_no_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
