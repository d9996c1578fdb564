/* SPDX-License-Identifier: MIT
 *
 * The bus on real descriptors: pseudo-terminals with a scripted slave, the thread, libmodbus
 * sending. Late replies here take real time, so several lines run side by side with short
 * time-outs.
 */
#include "bus_wire.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>
#include "bus/port.h"
#include "bus/thread.h"
#include "tests/fake/temp_dir.h"

#define TIMEOUT_NS (10 * NS_PER_MS)
enum { LINES = 10, LATE_REPLIES = 300, FLIGHTS = 64 };

static char dir[TEMP_DIR_SIZE];

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(dir);
	return 0;
}

/* A slave on the master side of a pty. */
struct line {
	int fd;
	char name[16], link[128], port[32];
	struct fx_bus fx;
	struct fixture fixture;
	struct fx_device device[4];
	struct bus_read reads[8];
	int read_count;
	pthread_t thread;
	atomic_bool stop;
	_Atomic uint32_t serial; /* of the newest request */
	_Atomic int late, ok, wrong, lost, down, up;
	int late_percent;
	uint64_t random;
	struct {
		int64_t at_ns;
		size_t n;
		uint8_t bytes[RTU_ADU_MAX];
	} flights[FLIGHTS];
	int flight_count;
	struct bus_event last; /* REQUEST */
	_Atomic int answered;
	uint8_t first_request[64];
	_Atomic size_t first_request_n;
};

static void line_open(struct line *l, int i)
{
	memset(l, 0, sizeof(*l));
	snprintf(l->name, sizeof(l->name), "line%d", i);
	snprintf(l->port, sizeof(l->port), "sim:%s", l->name);
	snprintf(l->link, sizeof(l->link), "%s/%s", dir, l->name);
	l->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(l->fd >= 0);
	assert_int_equal(grantpt(l->fd), 0);
	assert_int_equal(unlockpt(l->fd), 0);
	unlink(l->link);
	assert_int_equal(symlink(ptsname(l->fd), l->link), 0);
	l->fx = (struct fx_bus){.name = l->name,
				.kind = BUS_MODBUS_RTU,
				.port = l->port,
				.baud = 115200,
				.parity = 'N',
				.stop_bits = 1,
				.turnaround_ns = 2 * NS_PER_MS,
				.reply_timeout_ns = TIMEOUT_NS};
	l->device[1] = (struct fx_device){.name = "probe", .bus = 0, .unit_id = 1};
	l->device[0].bus = l->device[2].bus = l->device[3].bus = 9;
	l->fixture = (struct fixture){
		.buses = &l->fx, .bus_count = 1, .devices = l->device, .device_count = 4};
	l->random = (uint64_t)i + 1;
}

static void line_close(struct line *l)
{
	if (l->fd >= 0)
		close(l->fd);
	unlink(l->link);
}

static double dice(struct line *l, double lo, double hi)
{
	struct wire w = {.random = l->random};
	double v = wire_uniform(&w, lo, hi);

	l->random = w.random;
	return v;
}

static void slave_request(struct line *l, const uint8_t *adu, size_t n, int64_t now_ns)
{
	struct wire_request r = {.serial = l->serial + 1, .unit = adu[0], .n = n - 3};
	int64_t after_ns = NS_PER_MS;

	memcpy(r.pdu, adu + 1, n - 3);
	if (dice(l, 0, 100) < l->late_percent) {
		after_ns = (int64_t)(dice(l, 1.1, 10) * (double)(TIMEOUT_NS + NS_PER_MS));
		l->late++;
	}
	assert_true(l->flight_count < FLIGHTS);
	l->flights[l->flight_count].n = wire_answer(&r, l->flights[l->flight_count].bytes);
	l->flights[l->flight_count++].at_ns = now_ns + after_ns;
	l->serial = r.serial;
}

/* Requests in buf of which *n bytes are there; takes the whole ones. */
static void slave_parse(struct line *l, uint8_t *buf, size_t *n, int64_t now_ns)
{
	while (*n >= 8) {
		size_t len = buf[1] == 15 || buf[1] == 16 ? 9u + buf[6] : 8;
		uint16_t crc;

		if (*n < len)
			return;
		crc = rtu_crc(buf, len - 2);
		assert_int_equal(buf[len - 2] | buf[len - 1] << 8, crc);
		if (!l->first_request_n) {
			memcpy(l->first_request, buf, len);
			l->first_request_n = len;
		}
		slave_request(l, buf, len, now_ns);
		*n -= len;
		memmove(buf, buf + len, *n);
	}
}

static int64_t slave_deliver(struct line *l, int64_t now_ns)
{
	int64_t next_ns = now_ns + 20 * NS_PER_MS;

	for (int i = 0; i < l->flight_count; i++) {
		if (l->flights[i].at_ns <= now_ns) {
			assert_true(write(l->fd, l->flights[i].bytes, l->flights[i].n) > 0);
			l->flights[i--] = l->flights[--l->flight_count];
		} else if (l->flights[i].at_ns < next_ns) {
			next_ns = l->flights[i].at_ns;
		}
	}
	return next_ns;
}

static void *slave_main(void *arg)
{
	struct line *l = arg;
	uint8_t buf[512];
	size_t n = 0;

	while (!l->stop) {
		int64_t now_ns = clock_mono_ns();
		int64_t next_ns = slave_deliver(l, now_ns);
		struct pollfd p = {.fd = l->fd, .events = POLLIN};
		struct timespec wait = {0, next_ns - now_ns};
		ssize_t got;

		/* Nobody has opened the other side yet: poll would not sleep. */
		if (ppoll(&p, 1, &wait, NULL) == 1 && p.revents & POLLHUP && !(p.revents & POLLIN))
			ppoll(NULL, 0, &wait, NULL);
		got = read(l->fd, buf + n, sizeof(buf) - n);
		if (got > 0)
			n += (size_t)got;
		slave_parse(l, buf, &n, clock_mono_ns());
	}
	return NULL;
}

static void line_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct line *l = ctx;

	(void)bus;
	l->lost += ev->kind == BUS_EVENT_DEVICE_LOST;
	l->up += ev->kind == BUS_EVENT_UP;
	l->down += ev->kind == BUS_EVENT_DOWN;
	if (ev->kind == BUS_EVENT_REQUEST) {
		l->last = *ev;
		l->answered++;
	}
	if (ev->kind != BUS_EVENT_READ || ev->status != BUS_OK)
		return;
	l->ok++;
	for (unsigned i = 0; i < ev->count; i++) {
		const struct bus_read *r = &l->reads[ev->index];

		if (ev->data[i] !=
		    wire_value(r->unit, r->function, (uint16_t)(r->first + i), l->serial)) {
			l->wrong++;
			return;
		}
	}
}

static struct bus_thread *line_start(struct line *l, struct error *err)
{
	struct bus_thread_config c = {.bus = {.fixture = &l->fixture,
					      .bus = 0,
					      .reads = l->reads,
					      .read_count = l->read_count,
					      .sim_dir = dir},
				      .ctx = l,
				      .event = line_event};

	return bus_thread_start(&c, err);
}

static void wait_until(_Atomic int *count, int at_least, int64_t within_ns)
{
	int64_t end_ns = clock_mono_ns() + within_ns;

	while (*count < at_least && clock_mono_ns() < end_ns)
		poll(NULL, 0, 2);
	assert_true(*count >= at_least);
}

static int late_total(struct line *lines)
{
	int n = 0;

	for (int i = 0; i < LINES; i++)
		n += lines[i].late;
	return n;
}

static void no_late_reply_on_a_pty_is_taken_for_good(void **state)
{
	static struct line lines[LINES];
	struct bus_thread *threads[LINES];
	int64_t end_ns = clock_mono_ns() + 20 * NS_PER_S;
	int ok = 0;

	(void)state;
	for (int i = 0; i < LINES; i++) {
		struct error err = {0};

		line_open(&lines[i], i);
		lines[i].late_percent = 50;
		for (uint16_t k = 0; k < 4; k++)
			lines[i].reads[lines[i].read_count++] =
				(struct bus_read){.device = 1,
						  .unit = 1,
						  .function = MODBUS_READ_HOLDING,
						  .first = (uint16_t)(200 * k),
						  .count = 2,
						  .period_ns = 10 * NS_PER_MS,
						  .may_merge = true};
		pthread_create(&lines[i].thread, NULL, slave_main, &lines[i]);
		threads[i] = line_start(&lines[i], &err);
		assert_non_null(threads[i]);
		/* A run needs it: no growing pauses. */
		bus_thread_need(threads[i], 1, true);
	}
	while (late_total(lines) < LATE_REPLIES && clock_mono_ns() < end_ns)
		poll(NULL, 0, 10);
	for (int i = 0; i < LINES; i++) {
		bus_thread_stop(threads[i]);
		lines[i].stop = true;
		pthread_join(lines[i].thread, NULL);
		assert_int_equal(lines[i].wrong, 0);
		ok += lines[i].ok;
		line_close(&lines[i]);
	}
	print_message("%d late replies on %d ptys, %d good values, none wrong\n", late_total(lines),
		      LINES, ok);
	assert_true(late_total(lines) >= LATE_REPLIES);
	assert_true(ok >= 50);
}

static void libmodbus_and_the_own_framing_send_the_same_bytes(void **state)
{
	static struct line l;
	struct bus_request r = {.kind = BUS_WRITE,
				.device = 1,
				.unit = 1,
				.function = MODBUS_WRITE_REGISTERS,
				.first = 0x1234,
				.count = 3,
				.data = {0xabcd, 1, 0xffff}};
	uint8_t pdu[] = {16, 0x12, 0x34, 0, 3, 6, 0xab, 0xcd, 0, 1, 0xff, 0xff};
	uint8_t adu[RTU_ADU_MAX];
	size_t n = rtu_build(adu, 1, pdu, sizeof(pdu));
	struct bus_thread *t;
	struct error err = {0};

	(void)state;
	line_open(&l, 50);
	pthread_create(&l.thread, NULL, slave_main, &l);
	t = line_start(&l, &err);
	assert_non_null(t);
	assert_int_equal(bus_thread_submit(t, &r), 0);
	wait_until(&l.answered, 1, 2 * NS_PER_S);
	assert_int_equal(l.last.status, BUS_OK);
	assert_int_equal(l.first_request_n, n);
	assert_memory_equal(l.first_request, adu, n);
	assert_int_equal(bus_thread_is_simulated(t), 1);
	bus_thread_stop(t);
	l.stop = true;
	pthread_join(l.thread, NULL);
	line_close(&l);
}

static void a_port_that_hangs_up_is_told_and_opened_again(void **state)
{
	static struct line l;
	struct bus_thread *t;
	struct error err = {0};

	(void)state;
	line_open(&l, 60);
	l.reads[l.read_count++] = (struct bus_read){.device = 1,
						    .unit = 1,
						    .function = MODBUS_READ_HOLDING,
						    .first = 0,
						    .count = 1,
						    .period_ns = 5 * NS_PER_MS};
	pthread_create(&l.thread, NULL, slave_main, &l);
	t = line_start(&l, &err);
	assert_non_null(t);
	wait_until(&l.ok, 3, 2 * NS_PER_S);
	/* Unplug. */
	l.stop = true;
	pthread_join(l.thread, NULL);
	close(l.fd);
	unlink(l.link);
	wait_until(&l.down, 1, 2 * NS_PER_S);
	/* Plug in again: another device node behind the same name. */
	l.fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_int_equal(grantpt(l.fd), 0);
	assert_int_equal(unlockpt(l.fd), 0);
	assert_int_equal(symlink(ptsname(l.fd), l.link), 0);
	l.stop = false;
	l.flight_count = 0;
	l.ok = 0;
	pthread_create(&l.thread, NULL, slave_main, &l);
	wait_until(&l.ok, 3, 3 * NS_PER_S);
	assert_int_equal(l.up, 2);
	bus_thread_stop(t);
	l.stop = true;
	pthread_join(l.thread, NULL);
	line_close(&l);
	assert_int_equal(l.wrong, 0);
}

/* A child that has the port open, with or without its lock. */
static pid_t child_with_port(const char *path, bool locks)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY);

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also after an assertion that failed */
		if (fd < 0 || (locks && flock(fd, LOCK_EX) < 0) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_port_held_by_another_process_is_refused_with_its_pid(void **state)
{
	static struct line l;
	struct error err = {0};
	struct port p;
	char pid_text[32];
	pid_t child[3];

	(void)state;
	line_open(&l, 70);
	/* who only has it open is not meant, wherever it stands in the list of processes */
	for (int i = 0; i < 3; i++)
		child[i] = child_with_port(l.link, i == 1);
	assert_int_equal(port_open(&p, &l.fx, dir, &err), ERR_BUSY);
	snprintf(pid_text, sizeof(pid_text), "process %d (", child[1]);
	assert_non_null(strstr(err.text, pid_text));
	for (int i = 0; i < 3; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	assert_int_equal(port_open(&p, &l.fx, dir, &err), 0);
	assert_true(p.is_pty);
	port_close(&p);
	line_close(&l);
}

static void odd_ports_and_rates_are_refused_with_what_would_be_right(void **state)
{
	static struct line l;
	static const struct {
		const char *port;
		int baud, code;
		const char *says;
	} bad[] = {
		{"/dev/ttyUSB0", 9600, ERR_CONFIG, "by-id"},
		{"/dev/ttyACM3", 9600, ERR_CONFIG, "by-id"},
		{"ttyS0", 9600, ERR_CONFIG, "is a path"},
		{"usb:zz", 9600, ERR_CONFIG, "VID:PID:SERIAL"},
		{"usb:0403:6001:NONE", 9600, ERR_NOT_FOUND, "plugged in"},
		{"sim:nobody", 9600, ERR_NOT_FOUND, "benchsim"},
		{"sim:../x", 9600, ERR_NOT_FOUND, "benchsim"},
		{"/dev/null", 9600, ERR_IO, "no serial port"},
		{"sim:line80", 14400, ERR_CONFIG, "14400 baud"},
	};

	(void)state;
	line_open(&l, 80);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = {0};
		struct port p;

		l.fx.port = bad[i].port;
		l.fx.baud = bad[i].baud;
		assert_int_equal(port_open(&p, &l.fx, dir, &err), bad[i].code);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: %s", bad[i].port, err.text);
		assert_int_equal(p.fd, -1);
	}
	line_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_late_reply_on_a_pty_is_taken_for_good),
		cmocka_unit_test(libmodbus_and_the_own_framing_send_the_same_bytes),
		cmocka_unit_test(a_port_that_hangs_up_is_told_and_opened_again),
		cmocka_unit_test(a_port_held_by_another_process_is_refused_with_its_pid),
		cmocka_unit_test(odd_ports_and_rates_are_refused_with_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, make_dir, NULL);
}
