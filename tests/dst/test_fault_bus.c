/* SPDX-License-Identifier: MIT
 *
 * The fault loop over the wires: the quick run in virtual time, and the n-th transaction of the rig's buses
 * fails, for each n from the first of the start to the last of the run. After each: the rig is safe,
 * a pass was earned, and the next run starts.
 *
 * One run without a fault forks before every transaction; the child spoils it and goes on to the end
 * from there. What all have in common is run once.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig_case.h"
#include "sim/rng.h"

#define PROFILE "profiles/ro600_quick.yaml"

enum { CHILDREN_MAX = 2, OUTCOMES_MAX = 40000, SHOWN_MAX = 5 };
/* Half of all transactions are edges of the dead-man line, one as the other. */
enum { LINES_STRIDE = 61 };

/* What a child found, in memory shared with its parent. */
struct outcome {
	bool tried, finished, bad;
	uint8_t verdict;
	char text[200];
};

struct story {
	enum wire_fault kind;
	const char *fault; /* of the plant, NULL: healthy */
	uint64_t stride;   /* every such transaction */
	uint64_t seed;	   /* 0: 1 */
	double share;	   /* of the transactions, spoiled at random in place of all this */
	struct rng rng;
	struct bench *bench;
	bool armed, is_child;
	uint64_t spoiled; /* child: the transaction */
	int children;
	uint64_t tried;
	enum verdict verdict; /* of the run */
	bool wrong;	      /* a measurement passed with a value that the plant did not have */
	char wrong_text[160];
};

static struct rig_case rig;
static struct outcome *outcomes; /* shared, by number of transaction */

/* ---- parent and children ---- */

static void reap(struct story *s)
{
	int status;
	pid_t pid = wait(&status);

	assert_true(pid > 0);
	s->children--;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		print_message("# a child ended with status %d\n", status);
}

static void child_says(struct story *s, bool bad, const char *text)
{
	struct outcome *o = &outcomes[s->spoiled];

	o->bad = bad;
	o->verdict = (uint8_t)s->verdict;
	text_copy(o->text, sizeof(o->text), text);
	o->finished = true;
	_exit(0);
}

/* Before a transaction. The parent's copy of it goes well. */
static enum wire_fault choose(void *ctx, uint64_t n, int bus, uint8_t unit, const uint8_t *pdu,
			      int64_t *late_ns)
{
	struct story *s = ctx;
	bool is_lines = rig.fixture->buses[bus].kind == BUS_GPIO;
	pid_t pid;

	(void)unit;
	(void)pdu;
	if (s->is_child || !s->armed || n % s->stride || n >= OUTCOMES_MAX ||
	    (is_lines && n % LINES_STRIDE))
		return WIRE_FINE;
	while (s->children >= CHILDREN_MAX)
		reap(s);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	s->tried++;
	outcomes[n].tried = true;
	if (pid) {
		s->children++;
		return WIRE_FINE;
	}
	s->is_child = true;
	s->spoiled = n;
	/* 1.1 to some 10 time-outs of these lines */
	*late_ns = (int64_t)(60 + n * 37 % 600) * NS_PER_MS;
	return s->kind;
}

/* Any fault at any time, on the lines that carry values. */
static enum wire_fault choose_at_random(void *ctx, uint64_t n, int bus, uint8_t unit,
					const uint8_t *pdu, int64_t *late_ns)
{
	struct story *s = ctx;

	(void)n;
	(void)unit;
	(void)pdu;
	if (!s->armed || rig.fixture->buses[bus].kind == BUS_GPIO ||
	    rng_uniform(&s->rng) >= s->share)
		return WIRE_FINE;
	s->tried++;
	*late_ns = (int64_t)(rng_uniform(&s->rng) * 0.7e9);
	return (enum wire_fault)(1 + rng_next(&s->rng) % (WIRE_FAULTS - 1));
}

/* ---- what has to hold ---- */

static double truth_of(struct world *w, const char *id)
{
	double feed = world_truth(w, 0, "feed_conductivity");

	if (!strcmp(id, "rejection"))
		return 100 * (1 - world_truth(w, 0, "permeate_conductivity") / feed);
	if (!strcmp(id, "recovery"))
		return 100 * world_truth(w, 0, "recovery");
	if (!strcmp(id, "permeate_flow") || !strcmp(id, "pump_current"))
		return world_truth(w, 0, id);
	return (double)NAN;
}

/* A value that passes is the plant's, within its uncertainty and 3 %: it stands still meanwhile. */
static int on_note(void *ctx, const struct run_facts *facts, const struct engine_note *note)
{
	struct story *s = ctx;
	const struct engine_result *r = note->result;
	const char *id;
	double truth;

	(void)facts;
	if (note->kind != NOTE_MEASUREMENT || r->verdict != VERDICT_PASS || !r->has_value)
		return 0;
	id = rig.profile->measurements[r->measurement].id;
	truth = truth_of(bench_world(s->bench), id);
	if (r->value >= r->lo && r->value <= r->hi &&
	    !(fabs(r->value - truth) > r->uncertainty + 0.03 * fabs(truth)))
		return 0;
	s->wrong = true;
	snprintf(s->wrong_text, sizeof(s->wrong_text), "%s passed with %.6g [%g, %g], truth %.6g",
		 id, r->value, r->lo, r->hi, truth);
	return 0;
}

static const char *check_pass(const struct story *s)
{
	const struct engine_result *results = bench_results(s->bench, 0);

	if (bench_verdict(s->bench, 0) != VERDICT_PASS)
		return NULL;
	if (s->fault)
		return "a bad unit passed";
	if (!bench_is_proven(s->bench, 0, NULL))
		return "a run passed without proof of the safe state";
	for (int i = 0; i < rig.profile->measurement_count; i++)
		if (rig.profile->measurements[i].required && results[i].verdict != VERDICT_PASS)
			return "a run passed without a required measurement";
	return NULL;
}

static const char *check_safe(const struct story *s)
{
	struct world *w = bench_world(s->bench);

	/* The proof goes by sensors with noise: what falls is at 0.02 MPa by then, give or take. */
	bench_run_for(s->bench, NS_PER_S);
	if (!world_is_safe(w, 0))
		return "the rig is not safe";
	for (int o = 0; o < rig.fixture->output_count; o++)
		if (o != rig.fixture->dead_man &&
		    fabs(world_commanded(w, o, NULL) - rig.fixture->outputs[o].safe) > 1e-9)
			return "an output is left away from safe";
	return NULL;
}

static const char *check_end(const struct story *s)
{
	const char *bad;

	if (s->wrong)
		return s->wrong_text;
	bad = check_safe(s);
	if (!bad)
		bad = check_pass(s);
	if (!bad && bench_phase(s->bench, 0) == BENCH_DONE && !bench_document(s->bench, 0)[0])
		bad = "no document";
	return bad;
}

/* A bay that was tripped or locked is acknowledged, more than once where the wires stay bad; one that
 * misses a device is waited for. */
enum { RESETS_MAX = 3 };
static bool get_ready(struct bench *b)
{
	if (bench_wait_ready(b, 0, 5 * NS_PER_S))
		return true;
	for (int i = 0; i < RESETS_MAX; i++) {
		bench_reset(b, 0);
		if (bench_wait_ready(b, 0, CASE_READY_NS / RESETS_MAX))
			return true;
	}
	return false;
}

static const char *check_next_starts(const struct story *s)
{
	struct error err;

	if (!get_ready(s->bench))
		return "the bay does not get ready again";
	if (rig_case_start(&rig, s->bench, &err))
		return "the next run does not start";
	bench_run_for(s->bench, 3 * NS_PER_S);
	return bench_phase(s->bench, 0) == BENCH_RUNNING ? NULL : "the next run does not go on";
}

/* ---- the story ---- */

static const char *tell(struct story *s)
{
	const struct fixture *f = rig.fixture;
	struct bench_config config = {.fixture = f,
				      .seed = s->seed ? s->seed : 1,
				      .noise = true,
				      .hooks = {.ctx = s, .note = on_note}};
	const char *bad;
	struct error err;

	s->bench = rig_case_bench(&rig, &config);
	bench_faults(s->bench)->choose = s->share > 0 ? choose_at_random : choose;
	bench_faults(s->bench)->ctx = s;
	s->armed = true;
	if (s->fault && bench_fault(s->bench, s->fault, &err))
		return "the fault is not known";
	if (!get_ready(s->bench))
		return "the bay does not get ready";
	if (rig_case_start(&rig, s->bench, &err))
		return "the run does not start";
	if (!bench_run_until_done(s->bench, 0, rig_case_limit_ns(&rig)))
		return "the run does not end";
	s->armed = false;
	s->verdict = bench_verdict(s->bench, 0);
	bad = check_end(s);
	return bad ? bad : check_next_starts(s);
}

static void show(const struct story *s, uint64_t n, const struct outcome *o)
{
	print_message("# %s of transaction %llu (seed 1%s%s): %s; verdict %s\n",
		      wire_fault_name(s->kind), (unsigned long long)n, s->fault ? ", " : "",
		      s->fault ? s->fault : "", o->finished ? o->text : "the child died",
		      o->verdict ? verdict_name((enum verdict)o->verdict) : "none");
}

static void run_story(enum wire_fault kind, const char *fault, uint64_t stride)
{
	struct story s = {.kind = kind, .fault = fault, .stride = stride};
	enum verdict expected = fault ? VERDICT_FAIL : VERDICT_PASS;
	unsigned verdicts[VERDICT_INTERRUPTED + 1] = {0}, bad = 0;
	uint64_t count;
	const char *text;

	memset(outcomes, 0, OUTCOMES_MAX * sizeof(*outcomes));
	text = tell(&s);
	if (s.is_child)
		child_says(&s, text != NULL, text ? text : "");
	while (s.children)
		reap(&s);
	count = bench_faults(s.bench)->count;
	if (text)
		fail_msg("without a fault: %s", text);
	assert_true(count < OUTCOMES_MAX);
	for (uint64_t n = 0; n < count; n++) {
		const struct outcome *o = &outcomes[n];

		if (!o->tried)
			continue;
		verdicts[o->verdict]++;
		if (o->finished && !o->bad)
			continue;
		if (bad++ < SHOWN_MAX)
			show(&s, n, o);
	}
	print_message("# %s: %llu of %llu transactions spoiled; %u pass, %u fail, %u error, %u "
		      "tripped, %u else\n",
		      wire_fault_name(kind), (unsigned long long)s.tried, (unsigned long long)count,
		      verdicts[VERDICT_PASS], verdicts[VERDICT_FAIL], verdicts[VERDICT_ERROR],
		      verdicts[VERDICT_TRIPPED],
		      (unsigned)s.tried - verdicts[VERDICT_PASS] - verdicts[VERDICT_FAIL] -
			      verdicts[VERDICT_ERROR] - verdicts[VERDICT_TRIPPED]);
	assert_int_equal(bad, 0);
	assert_true(s.tried > 0);
	/* most single faults are got over */
	assert_true(verdicts[expected] > 0);
	bench_free(s.bench);
}

static void silence_of_each_transaction_harms_nobody(void **state)
{
	(void)state;
	run_story(WIRE_SILENCE, NULL, 1);
}

static void every_other_fault_of_some_transactions_harms_nobody(void **state)
{
	static const struct {
		enum wire_fault kind;
		uint64_t stride;
	} samples[] = {{WIRE_LOST, 61},	     {WIRE_BAD_CRC, 41},   {WIRE_LATE, 31},
		       {WIRE_EXCEPTION, 43}, {WIRE_TRUNCATED, 59}, {WIRE_NOISE, 67},
		       {WIRE_HANG_UP, 53}};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		run_story(samples[i].kind, NULL, samples[i].stride);
}

static void bad_unit_never_passes_for_a_fault_of_the_wires(void **state)
{
	(void)state;
	run_story(WIRE_SILENCE, "1:membrane_torn", 29);
	run_story(WIRE_LATE, "1:membrane_torn", 37);
}

static void runs_on_bad_wires_pass_only_with_true_values(void **state)
{
	static const double shares[] = {0.001, 0.005, 0.02, 0.1};
	static const char *const units[] = {NULL, "1:membrane_torn", "1:restrictor_wrong"};
	unsigned verdicts[VERDICT_INTERRUPTED + 1] = {0};
	uint64_t spoiled = 0;

	(void)state;
	for (uint64_t i = 0; i < 60; i++) {
		struct story s = {.share = shares[i % 4],
				  .fault = units[i / 4 % 3],
				  .seed = i + 1,
				  .rng = {i + 1}};
		const char *bad = tell(&s);

		if (bad)
			fail_msg("seed %d, %g of the transactions spoiled: %s", (int)i + 1, s.share,
				 bad);
		verdicts[s.verdict]++;
		spoiled += s.tried;
		bench_free(s.bench);
	}
	print_message("# bad wires: %llu transactions spoiled in 60 runs; %u pass, %u fail, %u "
		      "error\n",
		      (unsigned long long)spoiled, verdicts[VERDICT_PASS], verdicts[VERDICT_FAIL],
		      verdicts[VERDICT_ERROR]);
	assert_true(verdicts[VERDICT_PASS] > 0 && verdicts[VERDICT_FAIL] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_of_each_transaction_harms_nobody),
		cmocka_unit_test(every_other_fault_of_some_transactions_harms_nobody),
		cmocka_unit_test(bad_unit_never_passes_for_a_fault_of_the_wires),
		cmocka_unit_test(runs_on_bad_wires_pass_only_with_true_values),
	};
	char *yaml = rig_case_one_bay();
	int failed;

	outcomes = mmap(NULL, OUTCOMES_MAX * sizeof(*outcomes), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		return 1;
	rig_case_load(&rig, yaml, PROFILE);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&rig);
	free(yaml);
	return failed;
}
