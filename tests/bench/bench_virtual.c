/* SPDX-License-Identifier: MIT
 *
 * Virtual-time factor: how many seconds of a run one second of one core gives, with bus machines, decode,
 * rig core, engine and judge at work. The full 600G profile on a healthy unit, on the simulated rig with one
 * bay and with two (the other stands ready), and whose work the time was (sampled by the profiling
 * timer).
 *
 *	bench_virtual				figures
 *	bench_virtual PROFILE [FAULT...]	one run with its measurements
 */
#include <math.h>
#include <signal.h>
#include <sys/time.h>

#include "../dst/rig_case.h"

#define FULL "profiles/ro600_full.yaml"

enum { RUNS = 10 };

static struct bench *watched;
static volatile sig_atomic_t seen[WORKS];

static void on_profile(int sig)
{
	(void)sig;
	if (watched)
		seen[bench_work(watched)]++;
}

static void profile_each_us(int us)
{
	struct itimerval it = {{0, us}, {0, us}};
	struct sigaction sa = {.sa_handler = on_profile, .sa_flags = SA_RESTART};

	sigaction(SIGPROF, &sa, NULL);
	setitimer(ITIMER_PROF, &it, NULL);
}

static struct bench *begin(const struct rig_case *c, uint64_t seed, int fault_count, char **faults)
{
	struct bench_config config = {.fixture = c->fixture, .seed = seed, .noise = true};
	struct bench *b = rig_case_bench(c, &config);
	struct error err = {0};

	for (int i = 0; i < fault_count && !err.code; i++)
		bench_fault(b, faults[i], &err);
	if (err.code || !bench_wait_ready(b, 0, CASE_READY_NS) || rig_case_start(c, b, &err)) {
		fprintf(stderr, "%s\n", err.code ? err.text : "the bay does not get ready");
		exit(1);
	}
	return b;
}

/* ---- figures ---- */

static void measure(const char *title, const char *yaml)
{
	static const char *const names[WORKS] = {
		"wires, time and station", "physics", "simulated devices",
		"bus and its decode",	   "rig",     "engine, judge and record"};
	struct bench_stats stats = {0};
	double virtual_s = 0, cpu_s, best = 0;
	int64_t run_ns = 0;
	long all = 0;
	struct rig_case c;

	rig_case_load(&c, yaml, FULL);
	memset((void *)(uintptr_t)seen, 0, sizeof(seen));
	profile_each_us(1000);
	cpu_s = 0;
	for (int i = 0; i < RUNS; i++) {
		struct bench *b = begin(&c, (uint64_t)i + 1, 0, NULL);
		int64_t from_ns = bench_now_ns(b), cpu_ns = clock_cpu_ns();
		double v;

		watched = b;
		bench_run_until_done(b, 0, rig_case_limit_ns(&c));
		watched = NULL;
		cpu_ns = clock_cpu_ns() - cpu_ns;
		v = (double)(bench_now_ns(b) - from_ns) / 1e9;
		virtual_s += v;
		cpu_s += (double)cpu_ns / 1e9;
		best = fmax(best, v / ((double)cpu_ns / 1e9));
		if (bench_verdict(b, 0) != VERDICT_PASS)
			printf("# seed %d did not pass\n", i + 1);
		run_ns = bench_run_ns(b, 0);
		bench_stats(b, &stats);
		bench_free(b);
	}
	profile_each_us(0);
	for (int i = 0; i < WORKS; i++)
		all += seen[i];
	printf("%s: %.0f x real time per core (best of %d runs %.0f x); one run of %.0f s in %.0f "
	       "ms\n",
	       title, virtual_s / cpu_s, RUNS, best, (double)run_ns / 1e9, 1e3 * cpu_s / RUNS);
	for (int i = 0; i < WORKS && all; i++)
		printf("    %-26s %5.1f %%\n", names[i], 100.0 * (double)seen[i] / (double)all);
	printf("    per virtual second: %.0f transactions, %.0f samples, %.0f steps of physics, "
	       "%.0f timers\n",
	       (double)stats.transactions * 1e9 / (double)run_ns,
	       (double)stats.samples * 1e9 / (double)run_ns,
	       (double)stats.physics_steps * 1e9 / (double)run_ns,
	       (double)stats.timers * 1e9 / (double)run_ns);
	rig_case_release(&c);
}

/* ---- one run ---- */

static int show(const char *profile, int fault_count, char **faults)
{
	const char *detail;
	struct rig_case c;
	struct bench *b;
	bool proven, pass;

	rig_case_load(&c, NULL, profile);
	b = begin(&c, 1, fault_count, faults);
	bench_run_until_done(b, 0, rig_case_limit_ns(&c));
	for (int i = 0; bench_results(b, 0) && i < c.profile->measurement_count; i++) {
		const struct engine_result *r = &bench_results(b, 0)[i];

		printf("  %-26s %-12s %10.5g [%g, %g] %s %s\n", c.profile->measurements[i].id,
		       r->verdict ? verdict_name(r->verdict) : "-",
		       r->has_value ? r->value : (double)NAN, r->lo, r->hi, r->reason,
		       attribution_name(r->attribution));
	}
	proven = bench_is_proven(b, 0, &detail);
	pass = bench_verdict(b, 0) == VERDICT_PASS;
	printf("%s %s, %s safe (%s), %.1f s; at most %.0f s\n",
	       bench_verdict(b, 0) ? verdict_name(bench_verdict(b, 0)) : "no verdict",
	       attribution_name(bench_attribution(b, 0)), proven ? "proven" : "NOT PROVEN", detail,
	       (double)bench_run_ns(b, 0) / 1e9, c.profile->longest_s);
	bench_free(b);
	rig_case_release(&c);
	return !pass;
}

int main(int argc, char **argv)
{
	char *yaml;

	if (argc > 1)
		return show(argv[1], argc - 2, argv + 2);
	yaml = rig_case_one_bay();
	measure("full profile, rig of one bay", yaml);
	measure("full profile, rig of two bays", NULL);
	free(yaml);
	return 0;
}
