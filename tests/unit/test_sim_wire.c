/* SPDX-License-Identifier: MIT
 *
 * Virtual time and virtual wires: order of timers, values through the bus machine, faults of chosen
 * transactions, and framing equal to libmodbus'.
 */
#include <errno.h>
#include <math.h>
#include <modbus.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/rtu.h"
#include "sim/rng.h"
#include "sim/wire.h"

/* ---- virtual time ---- */

struct note {
	struct vtime *vt;
	int *order, n, mark;
	struct vtimer timer;
};

static void take_note(void *ctx, int64_t now_ns)
{
	struct note *n = ctx;

	(void)now_ns;
	n->order[n->order[0] + 1] = n->mark;
	n->order[0]++;
}

static void timers_fire_by_time_and_then_in_the_order_they_were_set(void **state)
{
	struct vtime vt;
	struct note notes[6];
	int order[16] = {0};
	const int64_t at[6] = {30, 10, 20, 10, 30, 10};

	(void)state;
	vtime_init(&vt, 0);
	for (int i = 0; i < 6; i++) {
		notes[i] = (struct note){.order = order, .mark = i};
		notes[i].timer = (struct vtimer){.fn = take_note, .ctx = &notes[i]};
		vtime_set(&vt, &notes[i].timer, at[i]);
	}
	vtime_cancel(&vt, &notes[3].timer);
	vtime_set(&vt, &notes[1].timer, 25);  /* moved */
	vtime_soon(&vt, &notes[4].timer, 40); /* later: stays */
	vtime_run(&vt, 29);
	assert_int_equal(vt.now_ns, 29);
	vtime_run(&vt, 100);
	assert_int_equal(order[0], 5);
	assert_int_equal(order[1], 5);
	assert_int_equal(order[2], 2);
	assert_int_equal(order[3], 1);
	assert_int_equal(order[4], 0);
	assert_int_equal(order[5], 4);
	vtime_release(&vt);
}

static void many_timers_keep_their_order_under_random_setting(void **state)
{
	enum { N = 200 };
	static struct note notes[N];
	struct vtime vt;
	struct rng rng = {5};
	int64_t last = 0;
	int order[N + 2] = {0};

	(void)state;
	vtime_init(&vt, 0);
	for (int i = 0; i < N; i++) {
		notes[i] = (struct note){.order = order, .mark = i};
		notes[i].timer = (struct vtimer){.fn = take_note, .ctx = &notes[i]};
	}
	for (int i = 0; i < 5 * N; i++) {
		struct note *n = &notes[rng_next(&rng) % N];

		if (rng_next(&rng) % 4 == 0)
			vtime_cancel(&vt, &n->timer);
		else
			vtime_set(&vt, &n->timer, (int64_t)(rng_next(&rng) % 1000));
	}
	while (vt.count) {
		assert_true(vtime_step(&vt, 2000));
		assert_true(vt.now_ns >= last);
		last = vt.now_ns;
	}
	vtime_release(&vt);
}

/* ---- wires ---- */

static struct fixture *fixture;

struct line {
	struct vtime vt;
	struct world *world;
	struct wire *wire;
	struct wire_faults faults;
	struct bus_config config;
	int good, bad, late, requests, lost, wrong;
	enum bus_status last_request;
	uint16_t expect, value; /* register that is read and what it must be; 0: not checked */
};

static void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct line *l = ctx;

	(void)bus;
	if (ev->kind == BUS_EVENT_READ) {
		l->good += ev->status == BUS_OK;
		l->bad += ev->status != BUS_OK;
		if (ev->status == BUS_OK) {
			l->value = ev->data[0];
			l->wrong += l->expect && ev->data[0] != l->expect;
		}
	} else if (ev->kind == BUS_EVENT_REQUEST) {
		l->requests++;
		l->last_request = ev->status;
	} else if (ev->kind == BUS_EVENT_DEVICE_LOST) {
		l->lost++;
	}
}

static int bus_index(const char *name)
{
	for (int i = 0; i < fixture->bus_count; i++)
		if (!strcmp(fixture->buses[i].name, name))
			return i;
	fail_msg("no bus %s", name);
	return -1;
}

static int device_index(const char *name)
{
	for (int i = 0; i < fixture->device_count; i++)
		if (!strcmp(fixture->devices[i].name, name))
			return i;
	fail_msg("no device %s", name);
	return -1;
}

static void start(struct line *l, const char *bus, const struct bus_read *reads, int n)
{
	struct world_config wc = {.fixture = fixture, .seed = 1};
	struct wire_config config;
	struct error err = {0};

	memset(l, 0, sizeof(*l));
	vtime_init(&l->vt, 1000 * NS_PER_S);
	l->world = world_new(&wc, &err);
	if (!l->world)
		fail_msg("%s", err.text);
	l->config = (struct bus_config){
		.fixture = fixture, .bus = bus_index(bus), .reads = reads, .read_count = n};
	config = (struct wire_config){.vt = &l->vt,
				      .world = l->world,
				      .bus = &l->config,
				      .faults = &l->faults,
				      .ctx = l,
				      .event = on_event};
	l->wire = wire_new(&config, &err);
	if (!l->wire)
		fail_msg("%s", err.text);
}

static void end(struct line *l)
{
	wire_free(l->wire);
	world_free(l->world);
	vtime_release(&l->vt);
}

static void pass(struct line *l, double seconds)
{
	vtime_run(&l->vt, l->vt.now_ns + (int64_t)(seconds * 1e9));
}

/* The probe's unit id, a register that never changes. */
static struct bus_read unit_id_of(const char *device, int64_t period_ns)
{
	int d = device_index(device);

	return (struct bus_read){.device = (uint16_t)d,
				 .unit = (uint8_t)fixture->devices[d].unit_id,
				 .function = MODBUS_READ_HOLDING,
				 .first = 0x0200,
				 .count = 1,
				 .period_ns = period_ns};
}

static void reads_come_back_with_the_devices_values(void **state)
{
	struct bus_read r = unit_id_of("feed_probe_1", 100 * NS_PER_MS);
	struct line l;

	(void)state;
	start(&l, "meters", &r, 1);
	l.expect = r.unit;
	pass(&l, 10);
	assert_true(l.good >= 95 && l.good <= 101);
	assert_int_equal(l.bad, 0);
	assert_int_equal(l.wrong, 0);
	end(&l);
}

static void line_is_no_faster_than_its_baud_rate(void **state)
{
	struct bus_read r = unit_id_of("feed_probe_1", NS_PER_MS);
	struct line l;

	(void)state;
	start(&l, "meters", &r, 1);
	pass(&l, 10);
	/* 8 + 7 characters at 9600 8N1 and t3.5 alone are 19.3 ms */
	assert_true(l.good > 200 && l.good < 518);
	end(&l);
}

static void writes_are_verified_and_switch_outputs(void **state)
{
	int d = device_index("relays_1");
	struct bus_request r = {.kind = BUS_WRITE,
				.token = 1,
				.device = (uint16_t)d,
				.unit = (uint8_t)fixture->devices[d].unit_id,
				.function = MODBUS_WRITE_COILS,
				.first = 0,
				.count = 8,
				.data = {1, 1, 0, 0, 0, 0, 0, 0},
				.verify = true,
				.verify_function = MODBUS_READ_COILS,
				.verify_count = 8};
	struct line l;

	(void)state;
	for (int i = 0; i < 8; i++) {
		r.verify_expect[i] = r.data[i];
		r.verify_mask[i] = 1;
	}
	start(&l, "io", NULL, 0);
	pass(&l, 0.1);
	assert_int_equal(wire_submit(l.wire, &r), 0);
	pass(&l, 0.2);
	assert_int_equal(l.requests, 1);
	assert_int_equal(l.last_request, BUS_OK);
	assert_true(world_commanded(l.world, fixture_output(fixture, 0, "supply_valve"), NULL) ==
		    1);
	end(&l);
}

static void each_kind_of_fault_hits_once_and_no_wrong_value_passes(void **state)
{
	(void)state;
	for (int kind = WIRE_SILENCE; kind < WIRE_FAULTS; kind++) {
		struct bus_read r = unit_id_of("feed_probe_1", 100 * NS_PER_MS);
		struct line l;

		/* These answer well, and wrongly: tests/dst/test_wire_faults.c has them. */
		if (kind == WIRE_TWO_SLAVES || kind == WIRE_OTHER_DEVICE)
			continue;
		start(&l, "meters", &r, 1);
		l.expect = r.unit;
		l.faults.first = 20;
		l.faults.kind = (enum wire_fault)kind;
		l.faults.late_ns = 300 * NS_PER_MS;
		pass(&l, 10);
		assert_int_equal(l.faults.hits, 1);
		assert_int_equal(l.wrong, 0);
		if (l.good < 85)
			fail_msg("%s: only %d good", wire_fault_name((enum wire_fault)kind),
				 l.good);
		end(&l);
	}
}

static void dead_device_is_reported_lost_and_comes_back(void **state)
{
	struct bus_read r = unit_id_of("feed_probe_1", 100 * NS_PER_MS);
	struct line l;
	struct error err;

	(void)state;
	start(&l, "meters", &r, 1);
	pass(&l, 2);
	assert_int_equal(world_bus_fault(l.world, "feed_probe_1:dead", &err), 0);
	pass(&l, 10);
	assert_int_equal(l.lost, 1);
	assert_int_equal(world_bus_fault(l.world, "feed_probe_1:none", &err), 0);
	l.good = 0;
	pass(&l, 20);
	assert_true(l.good > 50);
	end(&l);
}

static void late_device_never_shifts_values(void **state)
{
	struct bus_read r[2] = {unit_id_of("feed_probe_1", 200 * NS_PER_MS),
				unit_id_of("permeate_probe_1", 200 * NS_PER_MS)};
	struct line l;
	struct error err;

	(void)state;
	r[1].unit = r[0].unit; /* another register of the same slave, of the same length */
	r[1].device = r[0].device;
	r[1].first = 0x0022;
	start(&l, "meters", r, 2);
	assert_int_equal(world_bus_fault(l.world, "feed_probe_1:late=0.13", &err), 0);
	for (int i = 0; i < 300; i++) {
		int before = l.good;

		pass(&l, 0.2);
		if (l.good > before)
			assert_true(l.value == r[0].unit || l.value == 20);
	}
	end(&l);
}

/* ---- framing ---- */

static size_t read_all(int fd, uint8_t *p, size_t want)
{
	size_t n = 0;

	while (n < want) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (poll(&pfd, 1, 1000) <= 0)
			break;
		got = read(fd, p + n, want - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static void own_frames_are_byte_for_byte_those_of_libmodbus(void **state)
{
	static const struct {
		uint8_t pdu[20];
		int n;
	} requests[] = {
		{{3, 0, 0, 0, 10}, 5},
		{{4, 0x12, 0x34, 0, 125}, 5},
		{{1, 0, 0, 0, 8}, 5},
		{{5, 0, 3, 0xff, 0}, 5},
		{{6, 0, 1, 0x12, 0x34}, 5},
		{{15, 0, 0, 0, 8, 1, 0xa5}, 7},
		{{16, 0, 0, 0, 2, 4, 1, 2, 3, 4}, 10},
	};
	char name[64];
	int master, slave;
	modbus_t *ctx;
	struct termios raw;

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	ctx = modbus_new_rtu(name, 115200, 'N', 8, 1);
	assert_non_null(ctx);
	assert_int_equal(modbus_connect(ctx), 0);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		uint8_t raw_request[32], theirs[64], ours[RTU_ADU_MAX];
		size_t n = rtu_build(ours, 17, requests[i].pdu, (size_t)requests[i].n);

		raw_request[0] = 17;
		memcpy(raw_request + 1, requests[i].pdu, (size_t)requests[i].n);
		assert_int_equal(modbus_send_raw_request(ctx, raw_request, requests[i].n + 1), n);
		assert_int_equal(read_all(master, theirs, n), n);
		assert_memory_equal(theirs, ours, n);
	}
	modbus_close(ctx);
	modbus_free(ctx);
	close(slave);
	close(master);
}

/* The other way: libmodbus takes our reply. */
static void libmodbus_accepts_our_replies(void **state)
{
	const uint8_t reply_pdu[] = {3, 4, 0x01, 0x02, 0xff, 0xfe};
	uint8_t adu[RTU_ADU_MAX], request[8];
	uint16_t words[2] = {0, 0};
	char name[64];
	int master, slave;
	modbus_t *ctx;
	pid_t pid;
	size_t n = rtu_build(adu, 9, reply_pdu, sizeof(reply_pdu));

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	ctx = modbus_new_rtu(name, 115200, 'N', 8, 1);
	assert_int_equal(modbus_connect(ctx), 0);
	modbus_set_slave(ctx, 9);
	pid = fork();
	if (pid == 0) {
		bool ok = read_all(master, request, 8) == 8 && write(master, adu, n) == (ssize_t)n;

		_exit(ok ? 0 : 1);
	}
	assert_int_equal(modbus_read_registers(ctx, 0, 2, words), 2);
	assert_int_equal(words[0], 0x0102);
	assert_int_equal(words[1], 0xfffe);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	modbus_close(ctx);
	modbus_free(ctx);
	close(slave);
	close(master);
}

static int load(void **state)
{
	struct problems problems = {0};

	(void)state;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	return fixture ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_by_time_and_then_in_the_order_they_were_set),
		cmocka_unit_test(many_timers_keep_their_order_under_random_setting),
		cmocka_unit_test(reads_come_back_with_the_devices_values),
		cmocka_unit_test(line_is_no_faster_than_its_baud_rate),
		cmocka_unit_test(writes_are_verified_and_switch_outputs),
		cmocka_unit_test(each_kind_of_fault_hits_once_and_no_wrong_value_passes),
		cmocka_unit_test(dead_device_is_reported_lost_and_comes_back),
		cmocka_unit_test(late_device_never_shifts_values),
		cmocka_unit_test(own_frames_are_byte_for_byte_those_of_libmodbus),
		cmocka_unit_test(libmodbus_accepts_our_replies),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
