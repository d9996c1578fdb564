/* SPDX-License-Identifier: MIT
 *
 * Traces: what is recorded can be played back and comes to the same ends. Run in the top folder:
 * plays every tests/replay/(name).trace. With files as arguments: plays those instead, prints what
 * came of each, and exits 1 if any differed.
 */
#include <glob.h>
#include <unistd.h>
#include "src/bus/trace.h"
#include "tests/fake/temp_dir.h"
#include "tests/replay/bus_replay.h"

static char dir[TEMP_DIR_SIZE];

static void rough_slave(struct wire *w, const struct wire_request *r)
{
	uint8_t adu[RTU_ADU_MAX];
	size_t n = wire_answer(r, adu);
	int64_t end_ns = r->end_ns + 4 * NS_PER_MS + (int64_t)n * wire_char_ns(w);

	switch (wire_random(w) % 12) {
	case 0: return;
	case 1: end_ns += (int64_t)(wire_uniform(w, 1.1, 6) * (double)(60 * NS_PER_MS)); break;
	case 2: adu[wire_random(w) % n] ^= 4; break;
	case 3: n = wire_exception(r, 2, adu); break;
	case 4:
		wire_fly(w, end_ns - 3 * NS_PER_MS, adu, n / 2);
		wire_fly(w, end_ns, adu + n / 2, n - n / 2);
		return;
	default: break;
	}
	wire_fly(w, end_ns, adu, n);
}

static void record(void *ctx, int64_t at_ns, char sign, const uint8_t *p, size_t n,
		   const char *note)
{
	struct wire *w = ctx;

	trace_add(w->ctx, at_ns, sign, p, n, note);
}

/* Record a minute of a rough line. */
static void make_trace(const char *name)
{
	struct wire *w = wire_new(9600, 60 * NS_PER_MS);
	struct bus_config c = {.fixture = &w->fixture, .reads = w->reads};
	struct bus_ops ops = {.ctx = w,
			      .open = wire_op_open,
			      .close = wire_op_close,
			      .send = wire_op_send,
			      .event = wire_op_event,
			      .trace = record};
	struct error err = {0};
	struct trace *t;

	w->fx.name = name;
	t = trace_open(dir, &w->fx, &c, &err);
	assert_non_null(t);
	w->ctx = t;
	w->slave = rough_slave;
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, NS_PER_S / 5);
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 2, 3, NS_PER_S / 5);
	wire_add_read(w, 2, MODBUS_READ_INPUT, 7, 1, NS_PER_S / 5);
	c.read_count = w->read_count;
	w->bus = bus_new(&c, &ops, &err);
	w->now_ns = NS_PER_S;
	w->next_ns = bus_run(w->bus, w->now_ns);
	for (int i = 0; i < 60; i++) {
		struct bus_request r = {.kind = BUS_WRITE,
					.unit = 2,
					.function = MODBUS_WRITE_REGISTER,
					.first = 9,
					.data = {(uint16_t)i}};

		wire_run(w, w->now_ns + NS_PER_S);
		wire_submit(w, &r);
	}
	assert_int_equal(w->wrong, 0);
	trace_close(t);
	wire_free(w);
}

static void a_recorded_line_plays_back_to_the_same_ends(void **state)
{
	struct replay r;
	char path[128];

	(void)state;
	make_trace("rough");
	snprintf(path, sizeof(path), "%s/rough.trace", dir);
	replay_play(&r, path);
	if (r.problem[0])
		fail_msg("%s", r.problem);
	assert_true(r.transactions > 200);
	assert_true(r.by_status[BUS_OK] > 100);
	assert_true(r.values > 50);
	assert_true(r.by_status[BUS_NO_REPLY] > 10);
	assert_true(r.by_status[BUS_BAD_REPLY] > 5);
	assert_true(r.by_status[BUS_EXCEPTION] > 5);
	unlink(path);
}

static void a_changed_recording_is_noticed(void **state)
{
	char path[128], other[128], text[4096], *hex;
	struct replay r;
	FILE *in, *out;
	int line = 0;

	(void)state;
	make_trace("changed");
	snprintf(path, sizeof(path), "%s/changed.trace", dir);
	snprintf(other, sizeof(other), "%s/other.trace", dir);
	in = fopen(path, "r");
	out = fopen(other, "w");
	while (fgets(text, sizeof(text), in)) {
		/* One bit of the third answer. */
		if ((hex = strstr(text, " < ")) && ++line == 3)
			hex[9] = hex[9] == '0' ? '1' : '0';
		fputs(text, out);
	}
	fclose(in);
	fclose(out);
	replay_play(&r, other);
	assert_true(r.problem[0]);
	unlink(path);
	unlink(other);
}

/* The thread had no turn for a while: the deadline was over when it read what had come in time. */
static void a_reply_that_was_read_late_is_taken_as_it_was(void **state)
{
	struct wire *w = wire_new(9600, 60 * NS_PER_MS);
	struct bus_config c = {.fixture = &w->fixture, .reads = w->reads};
	struct bus_ops ops = {.ctx = w,
			      .open = wire_op_open,
			      .close = wire_op_close,
			      .send = wire_op_send,
			      .event = wire_op_event,
			      .trace = record};
	uint8_t adu[RTU_ADU_MAX];
	struct replay r;
	char path[128];

	(void)state;
	w->fx.name = "slow";
	w->ctx = trace_open(dir, &w->fx, &c, NULL);
	wire_add_read(w, 1, MODBUS_READ_HOLDING, 0, 2, NS_PER_S / 5);
	c.read_count = 1;
	w->bus = bus_new(&c, &ops, NULL);
	w->now_ns = NS_PER_S;
	for (int i = 0; i < 10; i++) {
		int64_t next_ns = bus_run(w->bus, w->now_ns);

		if (w->bus->turn.kind != TURN_NONE) {
			w->now_ns = w->bus->turn.deadline_ns + 30 * NS_PER_MS;
			bus_bytes(w->bus, adu, wire_answer(&w->last, adu), w->now_ns);
		} else {
			w->now_ns = next_ns;
		}
	}
	assert_true(w->ok >= 4);
	assert_int_equal(w->failed, 0);
	trace_close(w->ctx);
	snprintf(path, sizeof(path), "%s/slow.trace", dir);
	replay_play(&r, path);
	if (r.problem[0])
		fail_msg("%s", r.problem);
	assert_int_equal(r.by_status[BUS_OK], w->ok);
	assert_int_equal(r.values, w->ok);
	unlink(path);
	wire_free(w);
}

static void an_older_trace_is_kept_beside_the_new_one(void **state)
{
	struct fx_bus fx = {.name = "twice", .parity = 'N'};
	struct bus_config c = {0};
	char path[128];

	(void)state;
	for (int i = 0; i < 2; i++)
		trace_close(trace_open(dir, &fx, &c, NULL));
	snprintf(path, sizeof(path), "%s/twice.trace.1", dir);
	assert_int_equal(unlink(path), 0);
	path[strlen(path) - 2] = 0;
	assert_int_equal(unlink(path), 0);
}

static void every_recording_in_the_tree_plays_back(void **state)
{
	glob_t g = {0};

	(void)state;
	assert_int_equal(glob("tests/replay/*.trace", 0, NULL, &g), 0);
	assert_true(g.gl_pathc > 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct replay r;

		replay_play(&r, g.gl_pathv[i]);
		if (r.problem[0])
			fail_msg("%s", r.problem);
		assert_true(r.transactions > 0);
	}
	globfree(&g);
}

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int play_files(int count, char **paths)
{
	int bad = 0;

	for (int i = 0; i < count; i++) {
		static struct replay r;

		replay_play(&r, paths[i]);
		printf("%s: transactions=%d ok=%d no_reply=%d bad_reply=%d exception=%d "
		       "line_down=%d values=%d levels=%d\n",
		       paths[i], r.transactions, r.by_status[BUS_OK], r.by_status[BUS_NO_REPLY],
		       r.by_status[BUS_BAD_REPLY], r.by_status[BUS_EXCEPTION],
		       r.by_status[BUS_LINE_DOWN], r.values, r.levels);
		if (r.problem[0])
			printf("%s\n", r.problem);
		bad |= r.problem[0] != 0 || r.transactions + r.levels == 0;
	}
	return bad;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_line_plays_back_to_the_same_ends),
		cmocka_unit_test(a_changed_recording_is_noticed),
		cmocka_unit_test(a_reply_that_was_read_late_is_taken_as_it_was),
		cmocka_unit_test(an_older_trace_is_kept_beside_the_new_one),
		cmocka_unit_test(every_recording_in_the_tree_plays_back),
	};

	if (argc > 1)
		return play_files(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
