/* SPDX-License-Identifier: MIT
 *
 * smoke
 */
#include "../dst/rig_case.h"
#include <math.h>
#include "base/clock.h"

static void say(void *ctx, int level, const char *text)
{
	(void)ctx;
	if (getenv("V"))
		fprintf(stderr, "%d %s\n", level, text);
}

static int note(void *ctx, const struct run_facts *f, const struct engine_note *n)
{
	struct text t = {0};
	(void)ctx;
	if (!getenv("V"))
		return 0;
	record_note_json(f, n, &t);
	fprintf(stderr, "%.1f %s\n", (double)(n->at_ns - f->started_ns) / 1e9, t.buf);
	text_release(&t);
	return 0;
}

int main(int argc, char **argv)
{
	struct rig_case c;
	struct error err = {0};
	rig_case_load(&c, NULL, argc > 1 ? argv[1] : "profiles/ro600_quick.yaml");
	struct bench_config cfg = {.fixture = c.fixture, .seed = 1, .noise = true, .log = say, .hooks = {.note = note}};
	struct bench *b = rig_case_bench(&c, &cfg);
	int64_t t0 = clock_cpu_ns();
	if (!bench_wait_ready(b, 0, CASE_READY_NS)) {
		const char *why;
		int st = (int)bench_bay_state(b, 0, &why);
		printf("not ready: %s %s\n", bay_state_name((enum bay_state)st), why);
		return 1;
	}
	for (int i = 2; i < argc; i++)
		if (bench_fault(b, argv[i], &err))
			printf("%s\n", err.text);
	if (rig_case_start(&c, b, &err)) {
		printf("%s\n", err.text);
		return 1;
	}
	bool done = false;
	if (getenv("W")) {
		static const char *const names[] = {"supply_pressure", "feed_pressure", "permeate_pressure", "feed_flow", "permeate_flow", "concentrate_flow", "feed_conductivity", "permeate_conductivity", "pump_current", "membrane_pressure", "pump_on", "inlet_valve", "powered", "tray_leak"};
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			fprintf(stderr, "%-9.8s", names[k]);
		fprintf(stderr, "\n");
		for (int t = 0; t < 4000 && !done; t++) {
			done = bench_run_until_done(b, 0, (int64_t)(atof(getenv("W")) * 1e9));
			fprintf(stderr, "%7.1f ", (double)(bench_now_ns(b) / 1000000) / 1e3 - 1000);
			for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
				fprintf(stderr, "%8.4g ", isfinite(bench_value(b, 0, names[k])) ? bench_value(b, 0, names[k]) : world_truth(bench_world(b), 0, names[k]));
			fprintf(stderr, "\n");
		}
	}
	done = bench_run_until_done(b, 0, rig_case_limit_ns(&c));
	int64_t t1 = clock_cpu_ns();
	const char *detail;
	bool proven = bench_is_proven(b, 0, &detail);
	struct bench_stats st;
	bench_stats(b, &st);
	for (int i = 0; bench_results(b, 0) && i < c.profile->measurement_count; i++) {
		const struct engine_result *r = &bench_results(b, 0)[i];
		printf("  %-26s %-12s %9.4g  [%g, %g] u %.2g %s %s\n", c.profile->measurements[i].id, r->verdict ? verdict_name(r->verdict) : "-",
		       r->has_value ? r->value : 0.0 / 0.0, r->lo, r->hi, r->uncertainty, r->reason, attribution_name(r->attribution));
	}
	printf("done %d phase %d verdict %s attr %s proven %d %s safe %d  run %.1f s, longest %.1f s cpu %.1f ms factor %.0f\n", done, (int)bench_phase(b, 0),
	       verdict_name(bench_verdict(b, 0)), attribution_name(bench_attribution(b, 0)), proven, detail, world_is_safe(bench_world(b), 0), (double)bench_run_ns(b, 0) / 1e9, c.profile->longest_s,
	       (double)(t1 - t0) / 1e6, (double)bench_now_ns(b) / 1e9 > 0 ? (double)(bench_now_ns(b) - 1000 * NS_PER_S) / (double)(t1 - t0) : 0);
	printf("timers %llu samples %llu messages %llu transactions %llu steps %llu\n", (unsigned long long)st.timers, (unsigned long long)st.samples, (unsigned long long)st.messages,
	       (unsigned long long)st.transactions, (unsigned long long)st.physics_steps);
	bench_free(b);
	rig_case_release(&c);
	return 0;
}
