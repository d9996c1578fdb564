/* SPDX-License-Identifier: MIT */
#include "store/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { JOBS_MAX = 4096 };

struct job_list {
	struct job *first, **end;
};

struct worker {
	struct store *store;
	bool is_writer;
	struct loop_waker *waker;
	pthread_t thread;
	pthread_mutex_t lock;	/* of everything below */
	pthread_cond_t changed; /* work to do, work done, or the end */
	struct job_list waiting, finished;
	atomic_int unfinished; /* waiting, and the one at work; read without the lock */
	bool quit;
	int64_t taken; /* the loop's */
	/* queued_ns of the oldest unfinished job; 0: none. Read without the lock. */
	atomic_llong oldest_ns;
};

static void list_init(struct job_list *l)
{
	l->first = NULL;
	l->end = &l->first;
}

static void list_add(struct job_list *l, struct job *j)
{
	j->next = NULL;
	*l->end = j;
	l->end = &j->next;
}

static struct job *list_take(struct job_list *l)
{
	struct job *j = l->first;

	if (!j)
		return NULL;
	l->first = j->next;
	if (!l->first)
		l->end = &l->first;
	j->next = NULL;
	return j;
}

static void checkpoint(struct worker *w)
{
	struct error err;

	/* Nobody waits for it. The store refuses whatever comes next, and that is reported. */
	if (store_checkpoint(w->store, &err) < 0)
		log_error("store", "checkpoint: %s", err.text);
}

/* With the lock held; gives it up while working. */
static void do_one(struct worker *w, struct job *j)
{
	bool idle;

	pthread_mutex_unlock(&w->lock);
	j->work(j, w->store);
	pthread_mutex_lock(&w->lock);
	w->unfinished--;
	atomic_store(&w->oldest_ns, w->waiting.first ? w->waiting.first->queued_ns : 0);
	list_add(&w->finished, j);
	pthread_cond_broadcast(&w->changed);
	loop_wake(w->waker);
	idle = !w->waiting.first;
	if (idle && w->is_writer) {
		pthread_mutex_unlock(&w->lock);
		checkpoint(w);
		pthread_mutex_lock(&w->lock);
	}
}

static void *run(void *ctx)
{
	struct worker *w = ctx;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		j = list_take(&w->waiting);
		if (j)
			do_one(w, j);
		else if (w->quit)
			break;
		else
			pthread_cond_wait(&w->changed, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* In the loop: hand back what is finished so far. */
static void deliver(void *ctx)
{
	struct worker *w = ctx;
	struct job_list ready;
	struct job *j;

	list_init(&ready);
	pthread_mutex_lock(&w->lock);
	while ((j = list_take(&w->finished)))
		list_add(&ready, j);
	pthread_mutex_unlock(&w->lock);
	while ((j = list_take(&ready)))
		j->done(j);
}

/* Signals are the loop's: the thread starts with all of them blocked. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct worker *worker_start(struct loop *loop, struct store *s, bool is_writer, struct error *err)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->store = s;
	w->is_writer = is_writer;
	list_init(&w->waiting);
	list_init(&w->finished);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->waker = loop_add_waker(loop, deliver, w);
	if (start_thread(w) == 0)
		return w;
	(void)error_set(err, ERR_LIMIT, "store: no thread to be had; raise the limit of tasks");
	loop_remove_waker(w->waker);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

int worker_submit(struct worker *w, struct job *j)
{
	int rc = 0;

	j->queued_ns = clock_mono_ns();
	pthread_mutex_lock(&w->lock);
	if (w->unfinished >= JOBS_MAX) {
		rc = ERR_LIMIT;
	} else {
		if (w->unfinished++ == 0)
			atomic_store(&w->oldest_ns, j->queued_ns);
		list_add(&w->waiting, j);
		w->taken++;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int64_t worker_taken(const struct worker *w)
{
	return w->taken;
}

int worker_waiting(const struct worker *w)
{
	return atomic_load(&w->unfinished);
}

int64_t worker_lag_ns(const struct worker *w, int64_t now_ns)
{
	int64_t oldest_ns = atomic_load(&w->oldest_ns);

	return oldest_ns && now_ns > oldest_ns ? now_ns - oldest_ns : 0;
}

/* Until nothing waits, nothing is at work and nothing is to be handed back: done may submit
 * more. */
static void drain(struct worker *w)
{
	bool empty;

	do {
		pthread_mutex_lock(&w->lock);
		while (w->unfinished > 0 && !w->finished.first)
			pthread_cond_wait(&w->changed, &w->lock);
		empty = w->unfinished == 0 && !w->finished.first;
		pthread_mutex_unlock(&w->lock);
		deliver(w);
	} while (!empty);
}

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	drain(w);
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	loop_remove_waker(w->waker);
	store_close(w->store);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
