/* SPDX-License-Identifier: MIT
 *
 * bench_rtu MASTER DIR FIXTURE BAUD SECONDS [UNITS]: one master on the paced line of benchsim, as fast as it goes: 10
 * holding registers of each of units 1..UNITS in turn. Masters: bare (a write/poll/read loop), bare_gap (the same,
 * keeping t3.5), libmodbus (a plain loop), benchd (our bus thread). Prints "transactions=N cpu_us=X" for run.sh, which
 * takes all times from the slave's stamps; X is the CPU time of the thread that talks.
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
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bus/rtu.h"
#include "bus/thread.h"
#include "plan/fixture.h"

enum { COUNT = 10, UNITS_MAX = 8, TIMEOUT_MS = 100 };

struct job {
	const char *dir;
	struct fixture *fx;
	char path[512];
	int baud, units;
	int64_t end_ns;
	double seconds;
	atomic_llong transactions;
	int64_t cpu_ns;
};

static int64_t cpu_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void sleep_until(int64_t t_ns)
{
	struct timespec at = {t_ns / NS_PER_S, t_ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* ---- bare loop ---- */

static bool bare_answer(int fd)
{
	uint8_t buf[64];
	size_t got = 0;

	while (got < 5 + 2 * COUNT) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t k;

		if (poll(&p, 1, TIMEOUT_MS) <= 0)
			return false;
		k = read(fd, buf + got, sizeof(buf) - got);
		if (k <= 0)
			return false;
		got += (size_t)k;
	}
	return true;
}

static int bare(struct job *j, int64_t gap_ns)
{
	uint8_t request[UNITS_MAX][8];
	struct termios t;
	int fd = open(j->path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t))
		return 1;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
	prctl(PR_SET_TIMERSLACK, 1000);
	for (int i = 0; i < j->units; i++)
		rtu_build(request[i], (uint8_t)(i + 1), (const uint8_t[]){3, 0, 0, 0, COUNT}, 5);
	for (int i = 0; clock_mono_ns() < j->end_ns; i = (i + 1) % j->units) {
		if (write(fd, request[i], 8) != 8)
			return 1;
		j->transactions += bare_answer(fd);
		if (gap_ns)
			sleep_until(clock_mono_ns() + gap_ns);
	}
	close(fd);
	return 0;
}

/* ---- libmodbus ---- */

static int plain(struct job *j)
{
	uint16_t regs[COUNT];
	modbus_t *m = modbus_new_rtu(j->path, j->baud, 'N', 8, 1);

	if (!m || modbus_connect(m))
		return 1;
	modbus_set_response_timeout(m, 0, TIMEOUT_MS * 1000);
	for (int i = 0; clock_mono_ns() < j->end_ns; i = (i + 1) % j->units) {
		modbus_set_slave(m, i + 1);
		if (modbus_read_registers(m, 0, COUNT, regs) == COUNT)
			j->transactions++;
		else
			modbus_flush(m);
	}
	modbus_close(m);
	modbus_free(m);
	return 0;
}

/* ---- our bus thread ---- */

struct ours {
	struct job *job;
	clockid_t clock;
	atomic_bool has_clock;
};

static void on_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct ours *o = ctx;

	(void)bus;
	if (!o->has_clock) {
		pthread_getcpuclockid(pthread_self(), &o->clock);
		o->has_clock = true;
	}
	if (ev->kind == BUS_EVENT_READ && ev->status == BUS_OK)
		o->job->transactions++;
}

static int own(struct job *j)
{
	struct bus_read reads[UNITS_MAX];
	struct ours o = {.job = j};
	struct error err = {0};
	struct bus_thread_config c = {.bus = {.fixture = j->fx,
					      .bus = 0,
					      .reads = reads,
					      .read_count = j->units,
					      .sim_dir = j->dir},
				      .ctx = &o,
				      .event = on_event};
	struct bus_thread *t;

	for (int i = 0; i < j->units; i++)
		reads[i] = (struct bus_read){.device = (uint16_t)i,
					     .unit = (uint8_t)(i + 1),
					     .function = 3,
					     .count = COUNT,
					     .period_ns = NS_PER_MS};
	t = bus_thread_start(&c, &err);
	if (!t) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	sleep_until(j->end_ns);
	j->cpu_ns = o.has_clock ? cpu_of(o.clock) : 0;
	bus_thread_stop(t);
	return 0;
}

int main(int argc, char **argv)
{
	static struct job j;
	struct problems problems = {0};
	int64_t cpu_ns;
	int rc;

	if (argc < 6) {
		fprintf(stderr, "usage: bench_rtu MASTER DIR FIXTURE BAUD SECONDS [UNITS]\n");
		return 2;
	}
	j.dir = argv[2];
	j.fx = fixture_load(argv[3], &problems);
	if (!j.fx) {
		problems_print(&problems, stderr);
		return 2;
	}
	j.baud = atoi(argv[4]);
	j.seconds = atof(argv[5]);
	j.units = argc > 6 ? atoi(argv[6]) : 1;
	if (j.units < 1 || j.units > UNITS_MAX)
		return 2;
	j.end_ns = clock_mono_ns() + (int64_t)(j.seconds * 1e9);
	snprintf(j.path, sizeof(j.path), "%s/%s", j.dir, j.fx->buses[0].port + 4);
	cpu_ns = cpu_of(CLOCK_THREAD_CPUTIME_ID);
	if (!strcmp(argv[1], "bare"))
		rc = bare(&j, 0);
	else if (!strcmp(argv[1], "bare_gap"))
		rc = bare(&j, j.baud > 19200 ? 1750000 : 35 * NS_PER_S / j.baud);
	else if (!strcmp(argv[1], "libmodbus"))
		rc = plain(&j);
	else
		rc = own(&j);
	if (!j.cpu_ns)
		j.cpu_ns = cpu_of(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	printf("transactions=%lld cpu_us=%.1f\n", j.transactions,
	       j.transactions ? (double)j.cpu_ns / 1e3 / (double)j.transactions : 0);
	fixture_free(j.fx);
	problems_release(&problems);
	return rc;
}
