/* SPDX-License-Identifier: MIT
 *
 * Traces: what is recorded can be played back and comes to the same ends. Run in the top folder:
 * plays every tests/replay/(name).trace.
 */
#include <glob.h>
#include <unistd.h>
#include "src/bus/trace.h"
#include "tests/replay/bus_replay.h"

static char dir[64];

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
	t = trace_open(dir, &w->fx, &err);
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

static void an_older_trace_is_kept_beside_the_new_one(void **state)
{
	struct fx_bus fx = {.name = "twice", .parity = 'N'};
	char path[128];

	(void)state;
	for (int i = 0; i < 2; i++)
		trace_close(trace_open(dir, &fx, NULL));
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
	strcpy(dir, "/tmp/bus_replay_XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_line_plays_back_to_the_same_ends),
		cmocka_unit_test(a_changed_recording_is_noticed),
		cmocka_unit_test(an_older_trace_is_kept_beside_the_new_one),
		cmocka_unit_test(every_recording_in_the_tree_plays_back),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
