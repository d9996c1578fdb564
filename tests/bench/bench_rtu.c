/* SPDX-License-Identifier: MIT
 *
 * bench_rtu DIR FIXTURE BAUD SECONDS: 10 holding registers of unit 1 read as fast as the line allows from benchsim's
 * paced slave, by three masters one after the other: a bare write/poll/read loop, plain libmodbus, and our bus thread.
 * Prints transactions per second, the period's p50 and p95, CPU per transaction.
 */
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bus/thread.h"
#include "plan/fixture.h"

enum { MAX = 200000, COUNT = 10 };
struct figures {
	const char *name;
	int n;
	int64_t at[MAX];
	int64_t cpu_ns;
	double seconds;
};

static int64_t thread_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void report(struct figures *f, int baud, double ideal)
{
	static int64_t period[MAX];
	int n = f->n - 1;
	if (n < 2) {
		printf("  %-28s no answers\n", f->name);
		return;
	}
	for (int i = 0; i < n; i++)
		period[i] = f->at[i + 1] - f->at[i];
	double rate = n / ((double)(f->at[n] - f->at[0]) / 1e9);
	qsort(period, (size_t)n, sizeof(period[0]), by_size);
	printf("  %-28s %6d  %8.1f  %6.1f %%  %8.2f  %8.2f  %9.2f  %9.1f\n", f->name, baud, rate,
	       100 * rate / ideal, (double)period[n / 2] / 1e6, (double)period[n * 95 / 100] / 1e6,
	       (double)(period[n * 95 / 100] - period[n / 2]) / 1e6,
	       (double)f->cpu_ns / 1e3 / f->n);
}

/* ---- bare loop ---- */

static void bare(const char *path, double seconds, struct figures *f)
{
	/* unit 1, function 3, register 0, count 10, CRC */
	static const uint8_t request[] = {0x01, 0x03, 0x00, 0x00, 0x00, 0x0a, 0xc5, 0xcd};
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &t))
		return;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
	int64_t end = clock_mono_ns() + (int64_t)(seconds * 1e9), cpu = thread_cpu_ns();
	while (clock_mono_ns() < end && f->n < MAX) {
		uint8_t buf[64];
		size_t got = 0;
		if (write(fd, request, sizeof(request)) != (ssize_t)sizeof(request))
			break;
		while (got < 5 + 2 * COUNT) {
			struct pollfd p = {.fd = fd, .events = POLLIN};
			if (poll(&p, 1, 500) <= 0)
				break;
			ssize_t k = read(fd, buf + got, sizeof(buf) - got);
			if (k <= 0)
				break;
			got += (size_t)k;
		}
		if (got == 5 + 2 * COUNT)
			f->at[f->n++] = clock_mono_ns();
	}
	f->cpu_ns = thread_cpu_ns() - cpu;
	close(fd);
}

/* ---- libmodbus ---- */

static void plain(const char *path, int baud, double seconds, struct figures *f)
{
	uint16_t regs[COUNT];
	modbus_t *m = modbus_new_rtu(path, baud, 'N', 8, 1);
	if (!m || modbus_set_slave(m, 1) || modbus_connect(m))
		return;
	int64_t end = clock_mono_ns() + (int64_t)(seconds * 1e9), cpu = thread_cpu_ns();
	while (clock_mono_ns() < end && f->n < MAX)
		if (modbus_read_registers(m, 0, COUNT, regs) == COUNT)
			f->at[f->n++] = clock_mono_ns();
	f->cpu_ns = thread_cpu_ns() - cpu;
	modbus_close(m);
	modbus_free(m);
}

/* ---- our bus thread ---- */

struct ours {
	struct figures *f;
	atomic_llong cpu_first, cpu_last;
};

static void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct ours *o = ctx;
	(void)bus;
	if (ev->kind != BUS_EVENT_READ || ev->status != BUS_OK || o->f->n >= MAX)
		return;
	if (!o->f->n)
		o->cpu_first = thread_cpu_ns();
	o->cpu_last = thread_cpu_ns();
	o->f->at[o->f->n++] = clock_mono_ns();
}

static void own(const struct fixture *fx, const char *dir, double seconds, struct figures *f)
{
	struct bus_read read = {
		.unit = 1, .function = 3, .first = 0, .count = COUNT, .period_ns = 100000};
	struct ours o = {.f = f};
	struct error err = {0};
	struct bus_thread_config c = {
		.bus = {.fixture = fx, .bus = 0, .reads = &read, .read_count = 1, .sim_dir = dir},
		.ctx = &o,
		.event = on_event};
	struct bus_thread *t = bus_thread_start(&c, &err);
	if (!t) {
		printf("  %s\n", err.text);
		return;
	}
	struct timespec d = {.tv_sec = (time_t)seconds,
			     .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
	nanosleep(&d, NULL);
	bus_thread_stop(t);
	f->cpu_ns = o.cpu_last - o.cpu_first;
}

int main(int argc, char **argv)
{
	static struct figures f[3] = {{.name = "bare write/poll/read loop"},
				      {.name = "plain libmodbus loop"},
				      {.name = "benchd's bus thread"}};
	char path[512];
	struct problems problems = {0};
	if (argc != 5) {
		fprintf(stderr, "usage: bench_rtu DIR FIXTURE BAUD SECONDS\n");
		return 2;
	}
	int baud = atoi(argv[3]);
	double seconds = atof(argv[4]);
	struct fixture *fx = fixture_load(argv[2], &problems);
	if (!fx) {
		problems_print(&problems, stderr);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/%s", argv[1], fx->buses[0].port + 4);
	/* bytes both ways, benchsim's turnaround (0.3 to 0.5 of the fixture's), and the silence the
	 * standard asks for */
	double tc = 10.0 / baud, gap = baud > 19200 ? 0.00175 : 3.5 * tc;
	double ideal = 1 / ((8 + 5 + 2 * COUNT) * tc +
			    0.4 * (double)fx->buses[0].turnaround_ns / 1e9 + gap);
	printf("  limit of the wire with t3.5: %.1f transactions per second (a loop without t3.5 can pass it)\n",
	       ideal);
	printf("  %-28s %6s  %8s  %8s  %8s  %8s  %9s  %9s\n", "master", "baud", "per s", "of limit",
	       "p50 ms", "p95 ms", "p95-p50", "CPU us");
	bare(path, seconds, &f[0]);
	plain(path, baud, seconds, &f[1]);
	own(fx, argv[1], seconds, &f[2]);
	for (int i = 0; i < 3; i++)
		report(&f[i], baud, ideal);
	fixture_free(fx);
	problems_release(&problems);
	return 0;
}
