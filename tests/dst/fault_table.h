/* SPDX-License-Identifier: MIT
 *
 * Every fault of a model's table, and none of them, through its full profile in virtual time: the same
 * bus machines, rig core and engine as in the daemons, on simulated hardware. The table says what
 * each must lead to; nothing is known here but how to read it. Static: include it in a test program.
 */
#ifndef TESTS_DST_FAULT_TABLE_H
#define TESTS_DST_FAULT_TABLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig_case.h"

enum { ROWS_MAX = 64, SEEDS = 4 };

struct row {
	char fault[48], k[16], at_s[16], verdict[32], failed[48], attribution[16], note[160];
	char name[160];
	uint64_t seed;
};

static struct rig_case rig;
static struct row rows[ROWS_MAX];
static int row_count;

/* ---- the table ---- */

/* One field; *p moves behind its comma. Quotes only around a whole field. */
static void take_field(const char **p, char *dst, size_t size)
{
	bool quoted = **p == '"';
	size_t n = 0;

	if (quoted)
		(*p)++;
	for (; **p && **p != '\n' && (quoted ? **p != '"' : **p != ','); (*p)++)
		if (n + 1 < size)
			dst[n++] = **p;
	dst[n] = '\0';
	while (**p && **p != '\n' && **p != ',')
		(*p)++;
	if (**p == ',')
		(*p)++;
}

static void read_row(const char *line, struct row *r)
{
	take_field(&line, r->fault, sizeof(r->fault));
	take_field(&line, r->k, sizeof(r->k));
	take_field(&line, r->at_s, sizeof(r->at_s));
	take_field(&line, r->verdict, sizeof(r->verdict));
	take_field(&line, r->failed, sizeof(r->failed));
	take_field(&line, r->attribution, sizeof(r->attribution));
	take_field(&line, r->note, sizeof(r->note));
}

static void name_row(struct row *r)
{
	char name[200];

	if (!strcmp(r->fault, "none"))
		snprintf(name, sizeof(name), "healthy_unit_passes_with_seed_%d", (int)r->seed);
	else
		snprintf(name, sizeof(name), "%s_%s_at_%s_s_leads_to_%s%s%s", r->fault, r->k,
			 r->at_s, r->verdict, r->failed[0] ? "_by_" : "", r->failed);
	text_copy(r->name, sizeof(r->name), name);
}

static void read_table(const char *table)
{
	char *text, *line, *rest;
	struct error err;
	size_t n;
	bool header = true;

	if (text_read_file(table, 65536, &text, &n, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		int copies;

		if (line[0] == '#')
			continue;
		if (header) {
			header = false;
			continue;
		}
		/* a healthy unit has to pass whatever the noise */
		copies = strncmp(line, "none,", 5) ? 1 : SEEDS;
		for (int i = 0; i < copies && row_count < ROWS_MAX; i++) {
			struct row *r = &rows[row_count++];

			read_row(line, r);
			r->seed = (uint64_t)i + 1;
			name_row(r);
		}
	}
	free(text);
}

static bool is_one_of(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p;) {
		size_t length = strcspn(p, "|");

		if (length == n && !strncmp(p, word, n))
			return true;
		p += length;
		if (*p == '|')
			p++;
	}
	return false;
}

/* "the tray sensor may trip first (then: leak)": what fails when the run was tripped. */
static void other_failed(const struct row *r, char *dst, size_t size)
{
	const char *then = strstr(r->note, "then: ");
	size_t n = then ? strspn(then + 6, "abcdefghijklmnopqrstuvwxyz_") : 0;

	dst[0] = '\0';
	if (n && n < size) {
		memcpy(dst, then + 6, n);
		dst[n] = '\0';
	}
}

/* ---- a run ---- */

struct run {
	struct bench *bench;
	bool locked; /* the engine asked for the bay to be locked */
};

static int on_note(void *ctx, const struct run_facts *facts, const struct engine_note *note)
{
	struct run *run = ctx;

	(void)facts;
	if (note->kind == NOTE_EVENT && !strcmp(note->code, "lock"))
		run->locked = true;
	return 0;
}

static void describe(const struct run *run)
{
	const struct engine_result *results = bench_results(run->bench, 0);

	for (int i = 0; results && i < rig.profile->measurement_count; i++)
		if (results[i].verdict != VERDICT_PASS)
			print_message("# %s: %s %.6g %s\n", rig.profile->measurements[i].id,
				      results[i].verdict ? verdict_name(results[i].verdict) : "-",
				      results[i].has_value ? results[i].value : (double)NAN,
				      results[i].reason);
}

static void check_verdict(const struct run *run, const struct row *r)
{
	const char *verdict = verdict_name(bench_verdict(run->bench, 0));
	bool is_none = !strcmp(r->fault, "none");

	if (!is_one_of(r->verdict, verdict)) {
		describe(run);
		fail_msg("%s: verdict %s; expected %s", r->fault, verdict, r->verdict);
	}
	assert_int_equal(bench_verdict(run->bench, 0) == VERDICT_PASS, is_none);
	assert_string_equal(attribution_name(bench_attribution(run->bench, 0)), r->attribution);
}

static void check_failed(const struct run *run, const struct row *r)
{
	const struct engine_result *result;
	char other[48];

	if (!r->failed[0])
		return;
	result = rig_case_result(&rig, run->bench, r->failed);
	if (result && result->verdict == VERDICT_FAIL)
		return;
	other_failed(r, other, sizeof(other));
	if (bench_verdict(run->bench, 0) == VERDICT_TRIPPED && other[0]) {
		result = rig_case_result(&rig, run->bench, other);
		if (result && result->verdict == VERDICT_FAIL)
			return;
	}
	describe(run);
	fail_msg("%s: %s is not among the failed", r->fault, r->failed);
}

/* A rig's fault fails nothing of the unit's. */
static void check_nothing_failed(const struct run *run)
{
	const struct engine_result *results = bench_results(run->bench, 0);

	for (int i = 0; i < rig.profile->measurement_count; i++)
		if (results[i].verdict == VERDICT_FAIL)
			fail_msg("%s failed for a fault of the rig's",
				 rig.profile->measurements[i].id);
}

static void check_passes(const struct run *run)
{
	const struct engine_result *results = bench_results(run->bench, 0);

	for (int i = 0; i < rig.profile->measurement_count; i++)
		if (results[i].verdict != VERDICT_PASS)
			fail_msg("%s is %s", rig.profile->measurements[i].id,
				 results[i].verdict ? verdict_name(results[i].verdict) : "-");
}

static void check_safe(struct run *run, const struct row *r)
{
	struct world *w = bench_world(run->bench);
	bool welded = !strcmp(r->fault, "rig_relay_welded_v02");
	const char *detail;

	if (!bench_is_proven(run->bench, 0, &detail))
		fail_msg("%s: not proven safe: %s", r->fault, detail);
	for (int o = 0; o < rig.fixture->output_count; o++)
		if (rig.fixture->outputs[o].bays & 1)
			assert_true(fabs(world_commanded(w, o, NULL) -
					 rig.fixture->outputs[o].safe) < 1e-9);
	assert_int_equal(run->locked, welded);
	/* a welded contact holds its valve open: the bay is locked, the water is shut off before it */
	if (!welded) {
		assert_true(world_is_safe(w, 0));
		return;
	}
	assert_true(world_truth(w, 0, "feed_pressure") < 0.02);
	assert_true(world_truth(w, 0, "permeate_pressure") < 0.02);
	assert_true(world_truth(w, 0, "feed_flow") < 0.01);
	assert_true(world_truth(w, 0, "powered") < 0.5);
}

static void row_leads_where_the_table_says(void **state)
{
	const struct row *r = *state;
	struct run run = {0};
	struct bench_config config = {.fixture = rig.fixture,
				      .seed = r->seed,
				      .noise = true,
				      .hooks = {.ctx = &run, .note = on_note}};
	struct error err = {0};
	char spec[96];

	run.bench = rig_case_bench(&rig, &config);
	assert_true(bench_wait_ready(run.bench, 0, CASE_READY_NS));
	snprintf(spec, sizeof(spec), "1:%s=%s@%s", r->fault, r->k, r->at_s);
	if (bench_fault(run.bench, spec, &err) || rig_case_start(&rig, run.bench, &err))
		fail_msg("%s", err.text);
	assert_true(bench_run_until_done(run.bench, 0, rig_case_limit_ns(&rig)));
	assert_int_equal(bench_phase(run.bench, 0), BENCH_DONE);
	check_verdict(&run, r);
	check_failed(&run, r);
	if (!strcmp(r->fault, "none"))
		check_passes(&run);
	if (!strcmp(r->attribution, "rig"))
		check_nothing_failed(&run);
	check_safe(&run, r);
	bench_free(run.bench);
}

/* Every row of the table through the model's profile. */
static int fault_table(const char *table, const char *model, const char *profile)
{
	struct CMUnitTest tests[ROWS_MAX] = {0};
	int failed;

	rig_case_load_model(&rig, NULL, model, profile);
	read_table(table);
	for (int i = 0; i < row_count; i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].name,
					       .test_func = row_leads_where_the_table_says,
					       .initial_state = &rows[i]};
	failed = _cmocka_run_group_tests(table, tests, (size_t)row_count, NULL, NULL);
	rig_case_release(&rig);
	return failed;
}

#endif
