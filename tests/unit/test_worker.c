/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>

#include "base/clock.h"
#include "store/worker.h"
#include "tests/fake/store_dir.h"

static char dir[64];
static struct loop *loop;
static struct worker *worker;

static int set_up(void **state)
{
	struct store *s;

	(void)state;
	store_dir_make(dir);
	loop = loop_new();
	s = store_open(dir, 0, NULL);
	worker = s ? worker_start(loop, s, true, NULL) : NULL;
	return worker ? 0 : -1;
}

/* The tests stop the worker themselves. */
static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	temp_dir_remove(dir);
	return 0;
}

struct note_job {
	struct job job;
	int number;
	int *last;	  /* number of the job done before */
	int stop_at;	  /* ends the loop */
	pthread_t worked; /* by which thread */
};

static void work_note(struct job *j, struct store *s)
{
	struct note_job *n = (struct note_job *)j;

	n->worked = pthread_self();
	j->rc = store_audit(s, n->number, "li", "note", "{}", &j->err);
}

static void done_note(struct job *j)
{
	struct note_job *n = (struct note_job *)j;

	assert_int_equal(j->rc, 0);
	assert_int_equal(n->number, *n->last + 1);
	assert_false(pthread_equal(n->worked, pthread_self()));
	*n->last = n->number;
	if (n->number == n->stop_at)
		loop_stop(loop, 7);
	free(n);
}

static void submit_note(int number, int *last, int stop_at)
{
	struct note_job *n = xcalloc(1, sizeof(*n));

	n->job.work = work_note;
	n->job.done = done_note;
	n->number = number;
	n->last = last;
	n->stop_at = stop_at;
	assert_int_equal(worker_submit(worker, &n->job), 0);
}

static void jobs_are_worked_in_the_thread_and_done_in_the_loop_in_order(void **state)
{
	int last = 0;

	(void)state;
	for (int i = 1; i <= 200; i++)
		submit_note(i, &last, 200);
	assert_int_equal(last, 0); /* nothing is done outside the loop */
	assert_int_equal(loop_run(loop), 7);
	assert_int_equal(last, 200);
	worker_stop(worker);
}

static void stopping_finishes_every_job_and_tells_it(void **state)
{
	struct store *s;
	int last = 0;

	(void)state;
	for (int i = 1; i <= 100; i++)
		submit_note(i, &last, 0);
	worker_stop(worker);
	assert_int_equal(last, 100);
	/* The store is closed, in order. */
	s = store_open(dir, 0, NULL);
	assert_non_null(s);
	assert_true(store_was_clean(s));
	store_close(s);
}

struct chain_job {
	struct job job;
	int left;
};

static void work_nothing(struct job *j, struct store *s)
{
	(void)s;
	j->rc = 0;
}

static void done_again(struct job *j)
{
	struct chain_job *c = (struct chain_job *)j;

	if (--c->left > 0)
		assert_int_equal(worker_submit(worker, j), 0);
}

static void a_job_that_submits_another_at_the_stop_is_finished_too(void **state)
{
	struct chain_job c = {.job = {.work = work_nothing, .done = done_again}, .left = 5};

	(void)state;
	assert_int_equal(worker_submit(worker, &c.job), 0);
	worker_stop(worker);
	assert_int_equal(c.left, 0);
}

struct gate_job {
	struct job job;
	sem_t begun, open;
	bool done;
};

static void work_gate(struct job *j, struct store *s)
{
	struct gate_job *g = (struct gate_job *)j;

	(void)s;
	(void)sem_post(&g->begun);
	while (sem_wait(&g->open) < 0)
		;
}

static void done_gate(struct job *j)
{
	((struct gate_job *)j)->done = true;
}

static void gate_init(struct gate_job *g)
{
	memset(g, 0, sizeof(*g));
	g->job.work = work_gate;
	g->job.done = done_gate;
	(void)sem_init(&g->begun, 0, 0);
	(void)sem_init(&g->open, 0, 0);
}

static void the_age_of_the_oldest_unfinished_job_is_told(void **state)
{
	struct gate_job first, second;
	int64_t lag;

	(void)state;
	gate_init(&first);
	gate_init(&second);
	assert_int_equal(worker_lag_ns(worker, clock_mono_ns()), 0);
	assert_int_equal(worker_submit(worker, &first.job), 0);
	(void)sem_wait(&first.begun);
	assert_int_equal(worker_submit(worker, &second.job), 0);
	/* At work counts as unfinished, and the clock is the caller's. */
	lag = worker_lag_ns(worker, first.job.queued_ns + 5 * NS_PER_S);
	assert_int_equal(lag, 5 * NS_PER_S);
	(void)sem_post(&first.open);
	(void)sem_wait(&second.begun);
	lag = worker_lag_ns(worker, second.job.queued_ns + 3 * NS_PER_S);
	assert_int_equal(lag, 3 * NS_PER_S);
	(void)sem_post(&second.open);
	worker_stop(worker);
	assert_true(first.done && second.done);
}

static void whether_a_job_came_since_can_be_told(void **state)
{
	struct gate_job gate;
	int64_t before = worker_taken(worker);

	(void)state;
	gate_init(&gate);
	assert_int_equal(worker_submit(worker, &gate.job), 0);
	assert_int_equal(worker_taken(worker), before + 1);
	assert_int_equal(worker_waiting(worker), 1);
	(void)sem_post(&gate.open);
	worker_stop(worker);
	assert_true(gate.done);
}

static void done_count(struct job *j)
{
	(void)j;
}

static void a_full_queue_is_refused_and_told(void **state)
{
	struct gate_job gate;
	struct job *jobs = xcalloc(5000, sizeof(*jobs));
	int taken = 0;

	(void)state;
	gate_init(&gate);
	assert_int_equal(worker_submit(worker, &gate.job), 0);
	(void)sem_wait(&gate.begun);
	for (int i = 0; i < 5000; i++) {
		jobs[i].work = work_nothing;
		jobs[i].done = done_count;
		if (worker_submit(worker, &jobs[i]) == ERR_LIMIT)
			break;
		taken++;
	}
	assert_int_equal(taken, 4095);
	(void)sem_post(&gate.open);
	worker_stop(worker);
	assert_true(gate.done);
	free(jobs);
}

static bool count_run(void *ctx, const struct run_row *r)
{
	(void)r;
	++*(int *)ctx;
	return true;
}

struct read_job {
	struct job job;
	int runs;
};

static void work_read(struct job *j, struct store *s)
{
	struct read_job *r = (struct read_job *)j;

	j->rc = store_run_list(s, NULL, NULL, 0, count_run, &r->runs, &j->err);
}

static void done_read(struct job *j)
{
	assert_int_equal(j->rc, 0);
	assert_int_equal(((struct read_job *)j)->runs, 1);
	loop_stop(loop, 0);
}

static void work_begin(struct job *j, struct store *s)
{
	struct run_row r = store_dir_run("run-1", "T1", "SN1");

	j->rc = store_dir_begin(s, &r, &j->err);
}

static struct worker *reader;

static void done_begin(struct job *j)
{
	static struct read_job read;

	assert_int_equal(j->rc, 0);
	memset(&read, 0, sizeof(read));
	read.job.work = work_read;
	read.job.done = done_read;
	assert_int_equal(worker_submit(reader, &read.job), 0);
}

static void a_reader_beside_the_writer_sees_what_it_was_told_is_done(void **state)
{
	struct job begin = {.work = work_begin, .done = done_begin};

	(void)state;
	reader = worker_start(loop, store_open_reader(dir, NULL), false, NULL);
	assert_non_null(reader);
	assert_int_equal(worker_submit(worker, &begin), 0);
	assert_int_equal(loop_run(loop), 0);
	worker_stop(reader);
	worker_stop(worker);
	worker_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(jobs_are_worked_in_the_thread_and_done_in_the_loop_in_order),
		T(stopping_finishes_every_job_and_tells_it),
		T(a_job_that_submits_another_at_the_stop_is_finished_too),
		T(the_age_of_the_oldest_unfinished_job_is_told),
		T(whether_a_job_came_since_can_be_told),
		T(a_full_queue_is_refused_and_told),
		T(a_reader_beside_the_writer_sees_what_it_was_told_is_done),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
