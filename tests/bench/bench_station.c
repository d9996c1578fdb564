/* SPDX-License-Identifier: MIT
 *
 * bench_station STATE PID SECONDS: starts a run on the station whose benchd is PID, then prints what its three daemons
 * use of memory (PSS) and CPU, and how late the control loop answers compared with an idle reference thread of this
 * program that sleeps and wakes beside it.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "link/client.h"

enum { MAX = 20000 };
static int64_t lag_reference[MAX], lag_loop[MAX];
static volatile int stop, reference_count;

static void pause_ns(int64_t ns)
{
	struct timespec d = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
	nanosleep(&d, NULL);
}

/* How late a thread that does nothing else wakes on this machine. */
static void *reference(void *arg)
{
	(void)arg;
	while (!stop && reference_count < MAX) {
		int64_t t = clock_mono_ns();
		pause_ns(2 * NS_PER_MS);
		lag_reference[reference_count++] = clock_mono_ns() - t - 2 * NS_PER_MS;
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void print_lag(const char *name, int64_t *v, int n)
{
	qsort(v, (size_t)n, sizeof(v[0]), by_size);
	if (n)
		printf("  %-44s p50 %7.1f us  p99 %8.1f us  p99.9 %8.1f us  (%d)\n", name,
		       (double)v[n / 2] / 1e3, (double)v[n * 99 / 100] / 1e3,
		       (double)v[(int)((double)n * 0.999)] / 1e3, n);
}

struct use {
	char name[32];
	long pss_kib;
	double cpu_s;
};

static double cpu_of(int pid)
{
	char path[64], buf[512], *p;
	unsigned long u = 0, s = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	if (fgets(buf, sizeof(buf), f) && (p = strrchr(buf, ')')))
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s);
	fclose(f);
	return (double)(u + s) / (double)sysconf(_SC_CLK_TCK);
}

static long pss_of(int pid)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static int processes(int station, int pids[8])
{
	char path[64];
	int n = 0, pid;
	pids[n++] = station;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", station, station);
	FILE *f = fopen(path, "r");
	while (f && n < 8 && fscanf(f, "%d", &pid) == 1)
		pids[n++] = pid;
	if (f)
		fclose(f);
	return n;
}

static void name_of(int pid, char *dst, size_t size)
{
	char path[64];
	dst[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	FILE *f = fopen(path, "r");
	if (f && fgets(dst, (int)size, f))
		dst[strcspn(dst, "\n")] = 0;
	if (f)
		fclose(f);
}

static int start_run(struct client *c)
{
	struct text reply = {0};
	struct error err = {0};
	int status = 0;
	for (int i = 0; i < 100 && status != 200; i++) {
		client_call(c, WEB_READY, "", "", "", 2000, &status, &reply, &err);
		pause_ns(100 * NS_PER_MS);
	}
	client_call(c, WEB_TICKET_PUT, "T-1", "",
		    "{\"serial\":\"RO600-24000101\",\"model\":\"RO600\"}", 5000, &status, &reply,
		    &err);
	client_call(
		c, WEB_RUN_START, "", "",
		"{\"bay\":\"1\",\"ticket\":\"T-1\",\"serial\":\"RO600-24000101\",\"profile\":\"ro600_full\"}",
		20000, &status, &reply, &err);
	if (status != 201)
		printf("  no run: %s\n", reply.buf ? reply.buf : err.text);
	text_release(&reply);
	return status == 201 ? 0 : -1;
}

int main(int argc, char **argv)
{
	char path[512];
	struct error err = {0};
	struct client *c = NULL;
	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "%s/ctl.sock", argv[1]);
	for (int i = 0; i < 100 && !c; i++, pause_ns(100 * NS_PER_MS))
		c = client_open(path, &err);
	if (!c || start_run(c)) {
		fprintf(stderr, "bench_station: %s\n", err.text);
		return 1;
	}
	int pids[8], n = processes(atoi(argv[2]), pids), loops = 0;
	double cpu[8], seconds = atof(argv[3]);
	pthread_t t;
	pthread_create(&t, NULL, reference, NULL);
	for (int i = 0; i < n; i++)
		cpu[i] = cpu_of(pids[i]);
	int64_t begin = clock_mono_ns(), end = begin + (int64_t)(seconds * 1e9);
	struct text reply = {0};
	while (clock_mono_ns() < end && loops < MAX) {
		int status;
		int64_t at = clock_mono_ns();
		/* answered from memory by the control loop: the round trip bounds its lag from above */
		if (client_call(c, WEB_STATION, "", "", "", 5000, &status, &reply, &err))
			break;
		lag_loop[loops++] = clock_mono_ns() - at;
		pause_ns(2 * NS_PER_MS);
	}
	stop = 1;
	pthread_join(t, NULL);
	double took = (double)(clock_mono_ns() - begin) / 1e9, all_cpu = 0;
	long all_pss = 0;
	for (int i = 0; i < n; i++) {
		char name[32];
		name_of(pids[i], name, sizeof(name));
		double used = (cpu_of(pids[i]) - cpu[i]) / took;
		long pss = pss_of(pids[i]);
		printf("  %-44s %6.1f MiB PSS  %5.2f %% of one core\n", name, (double)pss / 1024,
		       100 * used);
		all_cpu += used;
		all_pss += pss;
	}
	printf("  %-44s %6.1f MiB PSS  %5.2f %% of one core   (limit 32 MiB, 5 %%)\n",
	       "all daemons", (double)all_pss / 1024, 100 * all_cpu);
	print_lag("idle reference thread, wake-up", lag_reference, reference_count);
	print_lag("control loop, whole round trip of a request", lag_loop, loops);
	text_release(&reply);
	client_close(c);
	return 0;
}
