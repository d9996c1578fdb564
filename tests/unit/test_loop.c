/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"

/* One loop with a pipe, and what its functions saw. */
struct bench {
	struct loop *loop;
	int fd[2];
	struct loop_io *io, *other;
	struct loop_timer *a, *b, *guard;
	struct loop_waker *waker;
	char log[64];
	int count;
	int sig;
	uint32_t events;
	int64_t due_ns, ran_ns;
};

static void note(struct bench *b, char c)
{
	size_t n = strlen(b->log);

	if (n < sizeof(b->log) - 1)
		b->log[n] = c;
}

static void too_late(void *ctx)
{
	struct bench *b = ctx;

	loop_stop(b->loop, -1);
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->loop = loop_new();
	assert_non_null(b->loop);
	assert_int_equal(pipe2(b->fd, O_NONBLOCK | O_CLOEXEC), 0);
	/* No test hangs: a loop that nothing ends gives -1. */
	b->guard = loop_add_timer(b->loop, too_late, b);
	loop_set_timer(b->guard, clock_mono_ns() + 5 * NS_PER_S);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	loop_free(b->loop);
	close(b->fd[0]);
	close(b->fd[1]);
	free(b);
	return 0;
}

static void read_one(void *ctx, uint32_t events)
{
	struct bench *b = ctx;
	char c;

	b->events = events;
	assert_int_equal(read(b->fd[0], &c, 1), 1);
	note(b, c);
	if (c == '.')
		loop_stop(b->loop, 7);
}

static void descriptors_are_served_until_stop(void **state)
{
	struct bench *b = *state;

	assert_non_null(loop_add_io(b->loop, b->fd[0], EPOLLIN, read_one, b));
	assert_int_equal(write(b->fd[1], "ab.", 3), 3);
	assert_int_equal(loop_run(b->loop), 7);
	assert_string_equal(b->log, "ab.");
	assert_int_equal(b->events, EPOLLIN);
	/* The loop can run again. */
	assert_int_equal(write(b->fd[1], "c.", 2), 2);
	assert_int_equal(loop_run(b->loop), 7);
	assert_string_equal(b->log, "ab.c.");
}

static void stop_before_run_ends_at_once(void **state)
{
	struct bench *b = *state;

	loop_stop(b->loop, 3);
	loop_stop(b->loop, 4); /* the first word counts */
	assert_int_equal(loop_run(b->loop), 3);
}

static void timer_a(void *ctx)
{
	note(ctx, 'a');
}

static void timer_b(void *ctx)
{
	struct bench *b = ctx;

	b->ran_ns = clock_mono_ns();
	note(b, 'b');
	loop_stop(b->loop, 1);
}

static void timers_run_in_order_and_never_early(void **state)
{
	struct bench *b = *state;

	b->b = loop_add_timer(b->loop, timer_b, b);
	b->a = loop_add_timer(b->loop, timer_a, b);
	b->due_ns = clock_mono_ns() + 3 * NS_PER_MS;
	loop_set_timer(b->b, b->due_ns);
	loop_set_timer(b->a, b->due_ns - NS_PER_MS);
	assert_int_equal(loop_run(b->loop), 1);
	assert_string_equal(b->log, "ab");
	assert_true(b->ran_ns >= b->due_ns);
}

static void timers_of_the_past_run_in_their_order(void **state)
{
	struct bench *b = *state;

	b->b = loop_add_timer(b->loop, timer_b, b);
	b->a = loop_add_timer(b->loop, timer_a, b);
	loop_set_timer(b->b, 20);
	loop_set_timer(b->a, -20);
	assert_int_equal(loop_run(b->loop), 1);
	assert_string_equal(b->log, "ab");
}

static void an_unset_timer_does_not_run(void **state)
{
	struct bench *b = *state;

	b->a = loop_add_timer(b->loop, timer_a, b);
	b->b = loop_add_timer(b->loop, timer_b, b);
	loop_set_timer(b->a, clock_mono_ns());
	loop_set_timer(b->a, INT64_MAX);
	loop_set_timer(b->b, clock_mono_ns() + NS_PER_MS);
	assert_int_equal(loop_run(b->loop), 1);
	assert_string_equal(b->log, "b");
}

static void greedy(void *ctx)
{
	struct bench *b = ctx;

	b->count++;
	loop_set_timer(b->a, 0); /* due again at once */
}

static void a_timer_always_due_does_not_starve_descriptors(void **state)
{
	struct bench *b = *state;

	b->a = loop_add_timer(b->loop, greedy, b);
	loop_set_timer(b->a, 0);
	loop_add_io(b->loop, b->fd[0], EPOLLIN, read_one, b);
	assert_int_equal(write(b->fd[1], "abc.", 4), 4);
	assert_int_equal(loop_run(b->loop), 7);
	assert_true(b->count >= 3);
}

static void remove_both(void *ctx, uint32_t events)
{
	struct bench *b = ctx;

	(void)events;
	note(b, 'r');
	loop_remove_io(b->io);
	loop_remove_io(b->other);
	loop_remove_timer(b->a);
	loop_set_timer(b->b, 0);
}

static void what_a_function_removed_does_not_run(void **state)
{
	struct bench *b = *state;
	int copy = dup(b->fd[0]);

	/* Both are readable in one round; whichever runs removes both and the timer. */
	b->io = loop_add_io(b->loop, b->fd[0], EPOLLIN, remove_both, b);
	b->other = loop_add_io(b->loop, copy, EPOLLIN, remove_both, b);
	b->a = loop_add_timer(b->loop, timer_a, b);
	b->b = loop_add_timer(b->loop, timer_b, b);
	loop_set_timer(b->a, clock_mono_ns() + NS_PER_MS);
	assert_int_equal(write(b->fd[1], "x", 1), 1);
	assert_int_equal(loop_run(b->loop), 1);
	assert_string_equal(b->log, "rb");
	close(copy);
}

static void remove_self(void *ctx)
{
	struct bench *b = ctx;

	note(b, 's');
	loop_remove_timer(b->a);
	b->a = NULL;
}

static void a_timer_may_remove_itself(void **state)
{
	struct bench *b = *state;

	b->a = loop_add_timer(b->loop, remove_self, b);
	b->b = loop_add_timer(b->loop, timer_b, b);
	loop_set_timer(b->a, 1);
	loop_set_timer(b->b, 2);
	assert_int_equal(loop_run(b->loop), 1);
	assert_string_equal(b->log, "sb");
}

static void count_events(void *ctx, uint32_t events)
{
	struct bench *b = ctx;

	b->count++;
	b->events |= events;
	loop_set_io(b->io, 0);
}

static void a_silenced_descriptor_is_silent_even_hung_up(void **state)
{
	struct bench *b = *state;

	b->io = loop_add_io(b->loop, b->fd[0], EPOLLIN, count_events, b);
	b->b = loop_add_timer(b->loop, timer_b, b);
	loop_set_timer(b->b, clock_mono_ns() + 2 * NS_PER_MS);
	close(b->fd[1]);
	b->fd[1] = dup(b->fd[0]);
	assert_int_equal(loop_run(b->loop), 1);
	assert_int_equal(b->count, 1);
	assert_true(b->events & EPOLLHUP);
	loop_set_io(b->io, EPOLLIN); /* and speaks again when asked */
	loop_set_timer(b->b, clock_mono_ns() + 2 * NS_PER_MS);
	assert_int_equal(loop_run(b->loop), 1);
	assert_int_equal(b->count, 2);
}

static void descriptors_epoll_cannot_watch_are_refused(void **state)
{
	struct bench *b = *state;
	int fd = memfd_create("test_loop", MFD_CLOEXEC); /* a regular file */

	assert_true(fd >= 0);
	assert_null(loop_add_io(b->loop, fd, EPOLLIN, read_one, b));
	assert_int_equal(errno, EPERM);
	close(fd);
	assert_non_null(loop_add_io(b->loop, b->fd[0], EPOLLIN, read_one, b));
	assert_null(loop_add_io(b->loop, b->fd[0], EPOLLIN, read_one, b));
	assert_int_equal(errno, EEXIST);
}

enum { WAKES = 1000 };
static atomic_int asked;

static void *wake_often(void *arg)
{
	for (int i = 0; i < WAKES; i++) {
		atomic_fetch_add(&asked, 1);
		loop_wake(arg);
	}
	return NULL;
}

static void woken(void *ctx)
{
	struct bench *b = ctx;

	b->count++;
	if (atomic_load(&asked) == WAKES)
		loop_stop(b->loop, 1);
}

static void a_wake_from_a_thread_is_never_lost(void **state)
{
	struct bench *b = *state;
	pthread_t thread;

	atomic_store(&asked, 0);
	b->waker = loop_add_waker(b->loop, woken, b);
	assert_int_equal(pthread_create(&thread, NULL, wake_often, b->waker), 0);
	assert_int_equal(loop_run(b->loop), 1);
	pthread_join(thread, NULL);
	assert_true(b->count >= 1 && b->count <= WAKES);
}

static void wake_self(void *ctx)
{
	struct bench *b = ctx;

	b->count++;
	if (b->count == 5)
		loop_remove_waker(b->waker);
	else
		loop_wake(b->waker);
}

static void a_waker_may_wake_and_remove_itself(void **state)
{
	struct bench *b = *state;

	b->waker = loop_add_waker(b->loop, wake_self, b);
	b->b = loop_add_timer(b->loop, timer_b, b);
	loop_set_timer(b->b, clock_mono_ns() + 20 * NS_PER_MS);
	loop_wake(b->waker);
	loop_wake(b->waker);
	assert_int_equal(loop_run(b->loop), 1);
	assert_int_equal(b->count, 5);
}

static void stopped(void *ctx, int sig)
{
	struct bench *b = ctx;

	b->sig = sig;
	loop_stop(b->loop, 1);
}

static void child_ended(void *ctx)
{
	struct bench *b = ctx;

	note(b, 'c');
	loop_stop(b->loop, 2);
}

static void signals_arrive_in_the_loop(void **state)
{
	struct bench *b = *state;
	sigset_t before;
	pid_t pid;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	loop_signals(b->loop, stopped, child_ended, b);
	kill(getpid(), SIGTERM);
	assert_int_equal(loop_run(b->loop), 1);
	assert_int_equal(b->sig, SIGTERM);
	kill(getpid(), SIGINT);
	assert_int_equal(loop_run(b->loop), 1);
	assert_int_equal(b->sig, SIGINT);
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(loop_run(b->loop), 2);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), pid);
	/* A peer that is gone is an error of write, not the end of the program. */
	close(b->fd[0]);
	assert_int_equal(write(b->fd[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	b->fd[0] = dup(b->fd[1]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	loop_free(NULL);
	loop_remove_io(NULL);
	loop_remove_timer(NULL);
	loop_remove_waker(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(descriptors_are_served_until_stop),
		T(stop_before_run_ends_at_once),
		T(timers_run_in_order_and_never_early),
		T(timers_of_the_past_run_in_their_order),
		T(an_unset_timer_does_not_run),
		T(a_timer_always_due_does_not_starve_descriptors),
		T(what_a_function_removed_does_not_run),
		T(a_timer_may_remove_itself),
		T(a_silenced_descriptor_is_silent_even_hung_up),
		T(descriptors_epoll_cannot_watch_are_refused),
		T(a_wake_from_a_thread_is_never_lost),
		T(a_waker_may_wake_and_remove_itself),
		T(signals_arrive_in_the_loop),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
