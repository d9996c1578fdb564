/* SPDX-License-Identifier: MIT
 *
 * What a whole line has to carry: the plan's figures, and that the machine sends what was planned,
 * byte for byte.
 */
#include "bus_wire.h"
#include "bus/schedule.h"

static struct schedule_input input(const struct wire *w)
{
	struct schedule_input in = {.reads = w->reads, .read_count = w->read_count};

	plan_line_init(&in.line, &w->fx);
	return in;
}

/* ---- table ----------------------------------------------------------------- */

struct line_read {
	uint8_t unit, function;
	uint16_t first, count;
	int period_ms;
};
struct line_case {
	const char *name;
	int baud, turnaround_ms;
	struct line_read reads[4];
	int n;
	int span_ms, blocks, transactions, bytes;
	int load_permille, longest_us;
};

static const struct line_case cases[] = {
	{"one read", 9600, 5, {{1, 3, 0, 10, 1000}}, 1, 1000, 1, 1, 33, 43, 43020},
	{"two devices never merge",
	 9600,
	 5,
	 {{1, 3, 0, 1, 500}, {2, 3, 1, 1, 500}},
	 2,
	 500,
	 2,
	 2,
	 30,
	 97,
	 24270},
	{"neighbours in one",
	 9600,
	 5,
	 {{1, 3, 0, 2, 500}, {1, 3, 2, 2, 500}},
	 2,
	 500,
	 1,
	 1,
	 21,
	 61,
	 30520},
	{"functions are apart",
	 9600,
	 5,
	 {{1, 3, 0, 2, 500}, {1, 4, 2, 2, 500}},
	 2,
	 500,
	 2,
	 2,
	 34,
	 105,
	 26350},
	/* the slow one rides along with each second fast one */
	{"two rates",
	 9600,
	 5,
	 {{1, 3, 0, 2, 500}, {1, 3, 2, 2, 1000}},
	 2,
	 1000,
	 2,
	 2,
	 38,
	 56,
	 30520},
	/* 200 and 300 meet each 600 ms: 3 + 2 - 1 transactions */
	{"rates that seldom meet",
	 9600,
	 5,
	 {{1, 3, 0, 2, 200}, {1, 3, 2, 2, 300}},
	 2,
	 600,
	 3,
	 4,
	 17 * 3 + 21,
	 182,
	 30520},
	{"more than it can carry", 9600, 5, {{1, 3, 0, 10, 40}}, 1, 40, 1, 1, 33, 1075, 43020},
	{"16 ms of a USB adapter are turnaround",
	 115200,
	 21,
	 {{1, 3, 0, 10, 100}},
	 1,
	 100,
	 1,
	 1,
	 33,
	 256,
	 25615},
	{"nothing to read", 9600, 5, {{1, 3, 0, 1, 0}}, 1, 1, 0, 0, 0, 0, 0},
};

static void a_line_is_laid_out_as_the_table_says(void **state)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct line_case *c = &cases[i];
		struct wire *w = wire_new(c->baud, 0);
		struct schedule_input in;

		w->fx.turnaround_ns = c->turnaround_ms * NS_PER_MS;
		for (int k = 0; k < c->n; k++)
			wire_add_read(w, c->reads[k].unit, c->reads[k].function, c->reads[k].first,
				      c->reads[k].count, c->reads[k].period_ms * NS_PER_MS);
		in = input(w);
		assert_int_equal(schedule_make(&in, s), 0);
		if ((c->n > 1 || s->transactions) && s->span_ns != c->span_ms * NS_PER_MS)
			fail_msg("%s: span %.3f ms", c->name, (double)s->span_ns / 1e6);
		if (s->block_count != c->blocks || (int)s->transactions != c->transactions ||
		    s->bytes != c->bytes || (int)(s->load * 1000) != c->load_permille ||
		    s->longest_ns / 10000 != c->longest_us / 10)
			fail_msg("%s: %d blocks, %d transactions, %d bytes, %.4f, %.3f ms", c->name,
				 s->block_count, (int)s->transactions, (int)s->bytes, s->load,
				 (double)s->longest_ns / 1e6);
		wire_free(w);
	}
	free(s);
}

static void what_would_fit_fits_and_a_step_less_does_not(void **state)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	struct wire *w = wire_new(9600, 0);
	struct schedule_excess e;
	struct schedule_input in;

	(void)state;
	wire_add_read(w, 1, 3, 0, 2, 200 * NS_PER_MS);
	wire_add_read(w, 2, 3, 0, 10, 50 * NS_PER_MS);
	wire_add_read(w, 2, 3, 40, 10, 400 * NS_PER_MS);
	in = input(w);
	schedule_make(&in, s);
	assert_true(s->load > 1);
	schedule_excess(&in, s, &e);
	assert_int_equal(e.read, 1);
	assert_true(e.share > 0.8 && e.share < s->load);
	assert_true(e.device_fits_ns > 50 * NS_PER_MS && e.device_fits_ns < 100 * NS_PER_MS);
	w->reads[1].period_ns = e.device_fits_ns;
	schedule_make(&in, s);
	assert_true(s->load <= 1);
	w->reads[1].period_ns = e.device_fits_ns - 10 * NS_PER_MS;
	schedule_make(&in, s);
	assert_true(s->load > 1);
	/* Nobody alone is to blame: all have to be slower. */
	w->reads[1].period_ns = 30 * NS_PER_MS;
	w->reads[0].period_ns = 20 * NS_PER_MS;
	schedule_make(&in, s);
	schedule_excess(&in, s, &e);
	assert_int_equal(e.device_fits_ns, 0);
	assert_true(e.all_slower > 2.5 && e.all_slower < 3.2);
	wire_free(w);
	free(s);
}

/* ---- the machine ----------------------------------------------------------- */

struct counted {
	uint64_t transactions;
	int64_t bytes;
};

static void counting_slave(struct wire *w, const struct wire_request *r)
{
	struct counted *c = w->ctx;
	uint8_t adu[RTU_ADU_MAX];

	c->transactions++;
	c->bytes += (int64_t)(r->n + 3 + wire_answer(r, adu));
	wire_reply(w, r, w->fx.turnaround_ns);
}

static void random_reads(struct wire *w)
{
	static const int periods_ms[] = {100, 200, 400, 800};

	for (int n = 3 + (int)(wire_random(w) % 8); n > 0; n--)
		wire_add_read(w, (uint8_t)(1 + wire_random(w) % 3),
			      (uint8_t)(3 + wire_random(w) % 2), (uint16_t)(wire_random(w) % 60),
			      (uint16_t)(1 + wire_random(w) % 4),
			      periods_ms[wire_random(w) % 4] * NS_PER_MS);
}

static void the_bytes_on_the_wire_are_those_of_the_plan(void **state)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	int compared = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct wire *w = wire_new(seed % 2 ? 115200 : 38400, 0);
		struct counted c = {0};
		struct schedule_input in;
		enum { SPANS = 10 };

		w->random = seed;
		w->slave = counting_slave;
		w->ctx = &c;
		w->fx.turnaround_ns = (int64_t)(1 + seed % 3) * NS_PER_MS;
		random_reads(w);
		in = input(w);
		schedule_make(&in, s);
		if (s->load < 0.35) {
			wire_start(w);
			/* the first time all come at once */
			wire_run(w, w->now_ns + s->span_ns - 1);
			c = (struct counted){0};
			wire_run(w, w->now_ns + SPANS * s->span_ns);
			if (c.transactions != SPANS * s->transactions ||
			    c.bytes != SPANS * s->bytes)
				fail_msg("seed %d: %d transactions of %d bytes; planned %d of %d",
					 (int)seed, (int)c.transactions, (int)c.bytes,
					 SPANS * (int)s->transactions, SPANS * (int)s->bytes);
			assert_int_equal(w->wrong + w->failed, 0);
			compared++;
		}
		wire_free(w);
	}
	assert_true(compared > 100);
	free(s);
}

/* The plan's load is the line's: what is planned at 97 % is carried, each read at its rate. */
static void a_line_that_is_nearly_full_keeps_every_rate(void **state)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	struct wire *w = wire_new(9600, 0);
	struct counted c = {0};
	struct schedule_input in;

	(void)state;
	w->slave = counting_slave;
	w->ctx = &c;
	for (uint8_t unit = 1; unit <= 4; unit++)
		wire_add_read(w, unit, 3, 0, 10, 178 * NS_PER_MS);
	in = input(w);
	schedule_make(&in, s);
	assert_true(s->load > 0.96 && s->load < 1);
	wire_start(w);
	wire_run(w, w->now_ns + 178 * NS_PER_S);
	for (int i = 0; i < 4; i++)
		assert_in_range(w->ok_of[i], 999, 1001);
	wire_free(w);
	free(s);
}

/* ---- one of four is dead --------------------------------------------------- */

static void slave_but_four(struct wire *w, const struct wire_request *r)
{
	if (r->unit != 4)
		wire_reply(w, r, w->fx.turnaround_ns);
}

static void all_answer(struct wire *w, const struct wire_request *r)
{
	wire_reply(w, r, w->fx.turnaround_ns);
}

static uint64_t live_reads(int baud, int64_t period_ns, bool is_dead, bool is_needed)
{
	struct wire *w = wire_new(baud, 0);
	uint64_t ok = 0;

	w->slave = is_dead ? slave_but_four : all_answer;
	for (uint8_t unit = 1; unit <= 4; unit++)
		wire_add_read(w, unit, 3, 0, 10, period_ns);
	wire_start(w);
	if (is_needed)
		bus_need(w->bus, 4, true);
	wire_run(w, w->now_ns + 60 * NS_PER_S);
	for (int i = 0; i < 3; i++)
		ok += w->ok_of[i];
	assert_int_equal(w->wrong, 0);
	wire_free(w);
	return ok;
}

static void one_dead_of_four_leaves_the_others_95_percent(void **state)
{
	static const struct {
		int baud, period_ms;
		bool is_needed;
	} row[] = {{9600, 200, false}, {9600, 200, true},   {9600, 1, false},
		   {9600, 1, true},    {115200, 50, false}, {115200, 1, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int64_t period_ns = row[i].period_ms * NS_PER_MS;
		uint64_t all = live_reads(row[i].baud, period_ns, false, false);
		uint64_t left = live_reads(row[i].baud, period_ns, true, row[i].is_needed);

		if (left * 100 < all * 95)
			fail_msg("%d baud, every %d ms%s: %d of %d live reads", row[i].baud,
				 row[i].period_ms, row[i].is_needed ? ", needed" : "", (int)left,
				 (int)all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_laid_out_as_the_table_says),
		cmocka_unit_test(what_would_fit_fits_and_a_step_less_does_not),
		cmocka_unit_test(the_bytes_on_the_wire_are_those_of_the_plan),
		cmocka_unit_test(a_line_that_is_nearly_full_keeps_every_rate),
		cmocka_unit_test(one_dead_of_four_leaves_the_others_95_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
