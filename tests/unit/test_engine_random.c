/* SPDX-License-Identifier: MIT
 *
 * The shipped profiles under random readings, answers, trips and faults: whatever
 * happens the engine comes to its end, drives no output out of its range, tells it once, and passes
 * only what passed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/engine.h"

#include "tests/fake/sanitized.h"

enum { TICKS_MAX = 60 * 60 * 10 };

static struct fixture *fixture;
static struct model *model;
static uint64_t seed;

struct run {
	struct engine *e;
	const struct profile *p;
	int done, stopping;
	bool proven;
};

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void on_note(void *ctx, const struct engine_note *n)
{
	struct run *r = ctx;

	assert_int_equal(r->done, 0);
	r->done += n->kind == NOTE_DONE;
	r->stopping += n->kind == NOTE_STOPPING;
	assert_true(r->stopping <= 1);
}

/* What a healthy unit shows while it makes water, stands full, flushes, or is vented; switched at
 * random, not by the profile, so that steps find what they wait for and what they do not. */
static const struct {
	const char *channel;
	double making, full, flushing, vented;
} world[] = {
	{"supply_pressure", 0.26, 0.26, 0.25, 0},   {"feed_pressure", 0.25, 0.25, 0.24, 0},
	{"permeate_pressure", 0.02, 0.28, 0.01, 0}, {"feed_flow", 2.6, 0, 3.3, 0},
	{"permeate_flow", 1.56, 0, 0.2, 0},	    {"concentrate_flow", 1.04, 0, 3.1, 0},
	{"feed_conductivity", 500, 500, 500, 500},  {"permeate_conductivity", 36, 36, 60, 500},
	{"feed_temperature", 25, 25, 25, 25},	    {"unit_power", 84, 6, 40, 1},
};

static double reading(const struct fx_channel *c, int regime)
{
	if (c->quantity == QUANTITY_STATE)
		return pick(30000) == 0;
	if (pick(5000) == 0)
		return c->range_lo + (c->range_hi - c->range_lo) * pick(1000) / 1000.0;
	for (size_t i = 0; i < sizeof world / sizeof world[0]; i++) {
		const double values[] = {world[i].making, world[i].full, world[i].flushing,
					 world[i].vented};

		if (!strcmp(world[i].channel, c->name))
			return values[regime] * (1 + (pick(1000) / 1000.0 - 0.5) * 0.005);
	}
	return 0;
}

static void feed(struct run *r, int64_t now_ns, unsigned trouble, int *regime)
{
	if (pick(150) == 0)
		*regime = (int)pick(4);
	for (int i = 0; i < fixture->channel_count; i++) {
		const struct fx_channel *c = &fixture->channels[i];
		struct sample s = {.channel = (uint16_t)i,
				   .quality = QUALITY_GOOD,
				   .updates = (uint32_t)(now_ns / (NS_PER_S / 10)),
				   .at_ns = now_ns - NS_PER_MS};

		if (!(c->bays & 1) || pick(20000) < trouble)
			continue;
		if (pick(100000) < trouble)
			s.quality = (uint8_t)(1 + pick(QUALITY_FROZEN));
		s.value = reading(c, *regime);
		engine_samples(r->e, &s, 1);
	}
}

static void disturb(struct run *r, int64_t now_ns)
{
	switch (pick(4)) {
	case 0: engine_abort(r->e, "kim", "enough", now_ns); break;
	case 1:
		engine_trip_interlock(r->e, (int)pick((unsigned)fixture->interlock_count + 1) - 1,
				      (enum trip_class)pick(10), "it", 1, now_ns);
		break;
	case 2: engine_error(r->e, "io_lost", "gone", now_ns); break;
	default: engine_proof(r->e, pick(2), "", now_ns); break;
	}
}

static void answer(struct run *r, int64_t now_ns)
{
	static const char *const answers[] = {"yes", "yes", "ok", "SN1", "SN1",
					      "no",  "SN2", "9",  "18"};
	const struct pf_prompt *prompt = engine_prompt(r->e, NULL);

	if (prompt && pick(30) == 0)
		engine_answer(r->e, prompt->id, answers[pick(9)], "kim", now_ns, NULL);
}

static void assert_image_in_range(const struct run *r)
{
	const double *image = engine_image(r->e);

	assert_true((image != NULL) == (engine_get_state(r->e) == ENGINE_RUNNING));
	for (int i = 0; image && i < fixture->output_count; i++) {
		const struct fx_output *o = &fixture->outputs[i];

		if (o->kind == OUTPUT_SETPOINT)
			assert_true(image[i] >= o->min && image[i] <= o->max);
		else
			assert_true(image[i] == 0 || image[i] == 1);
	}
}

static void assert_verdict_holds(const struct run *r)
{
	const struct engine_result *results = engine_results(r->e);

	if (engine_verdict(r->e) != VERDICT_PASS)
		return;
	assert_true(r->proven);
	for (int m = 0; m < r->p->measurement_count; m++) {
		if (r->p->measurements[m].required)
			assert_int_equal(results[m].verdict, VERDICT_PASS);
		assert_int_not_equal(results[m].verdict, VERDICT_FAIL);
	}
}

static int one_run(const struct profile *p, unsigned trouble)
{
	struct run r = {.p = p};
	struct engine_config config = {.profile = p,
				       .serial = "SN1",
				       .now_ns = NS_PER_S,
				       .utc_us = INT64_C(1767225600000000)};
	struct engine_ops ops = {.ctx = &r, .note = on_note};
	int64_t now_ns = NS_PER_S;
	int verdict, tick = 0, regime = 3;

	r.e = engine_new(&config, &ops);
	for (; tick < TICKS_MAX && engine_get_state(r.e) == ENGINE_RUNNING; tick++) {
		now_ns += NS_PER_S / 10;
		feed(&r, now_ns, trouble, &regime);
		answer(&r, now_ns);
		if (pick(40000) < trouble)
			disturb(&r, now_ns);
		engine_time(r.e, now_ns);
		assert_image_in_range(&r);
	}
	assert_true((double)tick / 10.0 <= p->longest_s + 60);
	r.proven = pick(2);
	engine_proof(r.e, r.proven, "", now_ns);
	assert_int_equal(engine_get_state(r.e), ENGINE_DONE);
	assert_int_equal(r.done, 1);
	assert_verdict_holds(&r);
	verdict = (int)engine_verdict(r.e);
	assert_true(verdict > 0);
	engine_free(r.e);
	return verdict;
}

static struct profile *load(const char *path)
{
	struct problems problems = {0};
	struct profile *p = profile_load(path, model, fixture, 0, &problems);

	if (!p)
		problems_print(&problems, stderr);
	assert_non_null(p);
	problems_release(&problems);
	return p;
}

static void every_run_comes_to_its_end_and_passes_only_what_passed(void **state)
{
	static const char *const paths[] = {"profiles/ro600_quick.yaml",
					    "profiles/ro600_full.yaml"};
	int seen[VERDICT_INTERRUPTED + 1] = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct profile *p = load(paths[i]);

		for (seed = 1; seed < 60; seed += SANITIZED_STRIDE) {
			uint64_t keep = seed;

			seen[one_run(p, pick(20))]++;
			seed = keep;
		}
		profile_free(p);
	}
	assert_int_equal(seen[VERDICT_PASS], 0);
	assert_true(seen[VERDICT_ERROR] > 0);
}

/* H0 of random readings hardly ever holds; without it the later steps are reached. */
static void runs_past_the_rig_checks_do_so_too(void **state)
{
	struct profile *p = load("profiles/ro600_full.yaml");
	struct profile cut = *p;
	int seen[VERDICT_INTERRUPTED + 1] = {0};

	(void)state;
	cut.steps = p->steps + p->setup_count;
	cut.step_count -= p->setup_count;
	cut.setup_count = 0;
	for (uint64_t i = 1; i < 40; i += SANITIZED_STRIDE) {
		seed = i;
		seen[one_run(&cut, pick(3))]++;
	}
	assert_int_equal(seen[VERDICT_PASS], 0);
	assert_true(seen[VERDICT_FAIL] > 0);
	profile_free(p);
}

static int setup(void **state)
{
	struct problems problems = {0};

	(void)state;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	model = model_load("profiles/models/RO600.yaml", &problems);
	if (problems.count)
		problems_print(&problems, stderr);
	problems_release(&problems);
	return fixture && model ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	model_free(model);
	fixture_free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_run_comes_to_its_end_and_passes_only_what_passed),
		cmocka_unit_test(runs_past_the_rig_checks_do_so_too),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
