/* SPDX-License-Identifier: MIT
 *
 * The fault loop over the disk: the quick run in virtual time with a real store behind it, by the jobs of
 * benchd's journal, and the n-th write, sync, truncation or removal of the store fails, for each n until none hits. After each: the rig is
 * safe, the database opens, an unfinished run closes as interrupted, a stored pass is one that was
 * earned, and the next run starts.
 *
 * Two processes share the numbers; neither has a store open when it begins.
 *
 * links: tests/fake/disk_fault.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_case.h"
#include "tests/fake/disk_fault.h"
#include "tests/fake/store_dir.h"

#define PROFILE "profiles/ro600_quick.yaml"
#define RUN_1	"00000000-0000-4000-8000-000000000001"
#define RUN_2	"00000000-0000-4000-8000-000000000002"

enum { WORKERS = 2 };

struct tally {
	long tried, hit, stored_pass, interrupted, not_begun, bad;
	char text[240];
};

static struct rig_case rig;
static struct tally *tallies; /* shared, one per worker */

/* ---- one run ---- */

struct ran {
	bool opened, began;
	enum verdict verdict; /* 0: none was reached or announced */
	const char *bad;
};

static const char *run_to_the_end(struct bench *b, struct ran *ran, const char *id)
{
	struct bench_order order = {.profile = rig.profile, .serial = rig.serial, .id = id};
	struct error err;

	if (!bench_wait_ready(b, 0, CASE_READY_NS))
		return "the bay does not get ready";
	if (bench_start(b, 0, &order, &err))
		return "the run does not start";
	if (!bench_run_until_done(b, 0, rig_case_limit_ns(&rig)))
		return "the run does not end";
	ran->began = bench_results(b, 0) != NULL;
	ran->verdict = session_verdict(bench_session(b, 0));
	bench_run_for(b, NS_PER_S);
	if (!world_is_safe(bench_world(b), 0))
		return "the rig is not safe";
	if (ran->began && !bench_is_proven(b, 0, NULL))
		return "the rig is not proven safe";
	return NULL;
}

/* What benchd would do from its start to its end, or to its exit with 74. */
static struct ran run_with_store(const char *dir, const char *id)
{
	struct store_case s = {0};
	struct bench_config config = {
		.fixture = rig.fixture, .seed = 1, .noise = true, .hooks = store_case_hooks(&s)};
	struct ran ran = {0};
	struct bench *b;
	int closed;

	s.store = store_open(dir, 0, &s.err);
	if (!s.store)
		return ran;
	if (recover_interrupted(s.store, config.utc_us, "process_or_power_lost", &closed, &s.err)) {
		store_case_close(&s);
		return ran;
	}
	ran.opened = true;
	b = s.bench = rig_case_bench(&rig, &config);
	ran.bad = run_to_the_end(b, &ran, id);
	bench_free(b);
	store_case_close(&s);
	return ran;
}

/* ---- what has to hold afterwards ---- */

static const char *check_document(const struct run_row *row, const struct text *doc)
{
	char verdict[48];

	if (doc->len < 2 || doc->buf[0] != '{' || doc->buf[doc->len - 1] != '}')
		return "a stored document is not whole";
	snprintf(verdict, sizeof(verdict), "\"verdict\":\"%s\"", row->verdict);
	if (!strstr(doc->buf, verdict))
		return "document and row disagree about the verdict";
	return NULL;
}

/* The first run as the store has it after recovery: ended, whole, and a pass only if the engine said so. */
static const char *check_stored(struct store *s, const struct ran *ran, bool killed,
				struct tally *tally)
{
	struct run_row row;
	struct text doc = {0};
	struct error err;
	const char *bad = NULL;
	int rc = store_run_get(s, RUN_1, &row, &doc, &err);

	if (rc == ERR_NOT_FOUND) {
		tally->not_begun++;
		return ran->verdict ? "an announced run is not stored" : NULL;
	}
	if (rc)
		return "a stored run cannot be read";
	if (!row.ended_utc_us)
		bad = "a run is left open";
	else
		bad = check_document(&row, &doc);
	tally->interrupted += !strcmp(row.verdict, "interrupted");
	tally->stored_pass += !strcmp(row.verdict, "pass");
	if (!bad && ran->verdict && strcmp(row.verdict, verdict_name(ran->verdict)) != 0)
		bad = "announced and stored verdict differ";
	/* the disk failed before the end: only a run that had all it needs may read pass */
	if (!bad && !killed && !strcmp(row.verdict, "pass") && !strstr(doc.buf, "\"proven\":true"))
		bad = "a pass without proof is stored";
	text_release(&doc);
	return bad;
}

static const char *check_next_starts(const char *dir)
{
	struct store_case s = {0};
	struct bench_config config = {
		.fixture = rig.fixture, .seed = 2, .noise = true, .hooks = store_case_hooks(&s)};
	struct bench_order order = {.profile = rig.profile, .serial = rig.serial, .id = RUN_2};
	const char *bad = NULL;
	struct bench *b;

	s.store = store_open(dir, 0, &s.err);
	if (!s.store)
		return "the store does not open again";
	b = s.bench = rig_case_bench(&rig, &config);
	if (!bench_wait_ready(b, 0, CASE_READY_NS) || bench_start(b, 0, &order, &s.err))
		bad = "the next run does not start";
	bench_run_for(b, 3 * NS_PER_S);
	if (!bad && (bench_phase(b, 0) != BENCH_RUNNING || bench_session(b, 0)->store_lost))
		bad = "the next run does not go on";
	bench_free(b);
	store_case_close(&s);
	return bad;
}

static const char *check_after(const char *dir, const struct ran *ran, bool killed,
			       struct tally *tally)
{
	struct error err;
	struct store *s = store_open(dir, 0, &err);
	const char *bad = NULL;
	int closed;

	if (!s)
		return "the database does not open";
	if (recover_interrupted(s, 1, "process_or_power_lost", &closed, &err))
		bad = "unfinished runs cannot be closed";
	if (!bad && store_check(s, &err))
		bad = "the database is damaged";
	if (!bad)
		bad = check_stored(s, ran, killed, tally);
	store_close(s);
	return bad ? bad : check_next_starts(dir);
}

/* ---- the loop ---- */

static void keep_bad(struct tally *tally, enum disk_fault kind, long n, const char *bad)
{
	if (!bad)
		return;
	if (!tally->bad++)
		snprintf(tally->text, sizeof(tally->text), "operation %ld, kind %d: %s", n,
			 (int)kind, bad);
}

/* false: the n-th operation never came. */
static bool fail_nth(long n, enum disk_fault kind, struct tally *tally)
{
	struct ran ran;
	char dir[64];
	bool hit;

	store_dir_make(dir);
	disk_fault_arm(n, kind);
	ran = run_with_store(dir, RUN_1);
	hit = disk_fault_disarm();
	tally->tried++;
	tally->hit += hit;
	keep_bad(tally, kind, n, ran.bad);
	keep_bad(tally, kind, n, check_after(dir, &ran, false, tally));
	temp_dir_remove(dir);
	return hit;
}

/* The same with a process that dies in the middle of the operation. */
static bool kill_at_nth(long n, struct tally *tally)
{
	struct ran ran = {0};
	char dir[64];
	int status;
	pid_t pid;

	store_dir_make(dir);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		disk_fault_arm(n, DISK_FAULT_KILL);
		run_with_store(dir, RUN_1);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	tally->tried++;
	tally->hit += WIFSIGNALED(status);
	keep_bad(tally, DISK_FAULT_KILL, n, check_after(dir, &ran, true, tally));
	temp_dir_remove(dir);
	return WIFSIGNALED(status);
}

static void work(int worker, enum disk_fault kind, long stride)
{
	struct tally *tally = &tallies[worker];

	for (long n = 1 + worker * stride;; n += WORKERS * stride)
		if (kind == DISK_FAULT_KILL ? !kill_at_nth(n, tally) : !fail_nth(n, kind, tally))
			return;
}

static void loop(const char *name, enum disk_fault kind, long stride)
{
	struct tally all = {0};

	memset(tallies, 0, WORKERS * sizeof(*tallies));
	fflush(stdout);
	for (int w = 0; w < WORKERS; w++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			work(w, kind, stride);
			_exit(0);
		}
	}
	for (int w = 0; w < WORKERS; w++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int w = 0; w < WORKERS; w++) {
		const struct tally *t = &tallies[w];

		all.tried += t->tried;
		all.hit += t->hit;
		all.stored_pass += t->stored_pass;
		all.interrupted += t->interrupted;
		all.not_begun += t->not_begun;
		all.bad += t->bad;
		if (t->bad)
			print_message("# %s\n", t->text);
	}
	print_message("# %s: %ld operations failed; %ld runs stored as pass, %ld closed as "
		      "interrupted, %ld never begun\n",
		      name, all.hit, all.stored_pass, all.interrupted, all.not_begun);
	assert_int_equal(all.bad, 0);
	assert_true(all.hit > 0);
	assert_true(all.interrupted > 0);
	/* each worker ended with a number that never came: an undisturbed run, which passes */
	assert_true(all.stored_pass >= WORKERS);
}

static void failure_of_each_disk_operation_harms_nobody(void **state)
{
	(void)state;
	loop("once", DISK_FAULT_ONCE, 1);
}

static void disk_that_stays_broken_or_full_harms_nobody(void **state)
{
	(void)state;
	loop("broken", DISK_FAULT_BROKEN, 23);
	loop("full", DISK_FAULT_FULL, 29);
}

static void death_in_the_middle_of_an_operation_loses_no_finished_run(void **state)
{
	(void)state;
	loop("killed", DISK_FAULT_KILL, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_of_each_disk_operation_harms_nobody),
		cmocka_unit_test(disk_that_stays_broken_or_full_harms_nobody),
		cmocka_unit_test(death_in_the_middle_of_an_operation_loses_no_finished_run),
	};
	char *yaml = rig_case_one_bay();
	int failed;

	tallies = mmap(NULL, WORKERS * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		return 1;
	disk_fault_install();
	rig_case_load(&rig, yaml, PROFILE);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_case_release(&rig);
	free(yaml);
	return failed;
}
