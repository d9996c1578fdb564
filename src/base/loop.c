/* SPDX-License-Identifier: MIT */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { EVENTS_PER_WAIT = 32 };

struct loop_io {
	struct loop *loop;
	int fd;
	uint32_t events; /* 0: not in epoll, which would report a hang-up for ever */
	bool removed;	 /* freed after the events of this wake-up, which may still name it */
	void (*fn)(void *ctx, uint32_t events);
	void *ctx;
	struct loop_io *next; /* of loop->ios, then of loop->graves */
};

struct loop_timer {
	struct loop *loop;
	int64_t at_ns;
	uint64_t pass; /* fired in: once per wake-up, so that descriptors get their turn */
	void (*fn)(void *ctx);
	void *ctx;
	struct loop_timer *next;
};

struct loop_waker {
	struct loop *loop;
	atomic_bool pending;
	uint64_t pass;
	void (*fn)(void *ctx);
	void *ctx;
	struct loop_waker *next;
};

struct loop {
	int epoll_fd;
	int timer_fd;
	int wake_fd;
	int signal_fd; /* -1: none */
	int64_t armed_ns;
	uint64_t pass;
	bool dispatching;
	bool stopping;
	int code;
	struct loop_io *ios, *graves;
	struct loop_timer *timers;
	struct loop_waker *wakers;
	struct loop_io *own[3]; /* timer, wake, signal */
	void (*on_stop)(void *ctx, int sig);
	void (*on_child)(void *ctx);
	void *signal_ctx;
};

static void drain(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) > 0)
		;
}

static void timer_fired(void *ctx, uint32_t events)
{
	struct loop *l = ctx;

	(void)events;
	drain(l->timer_fd);
	l->armed_ns = INT64_MAX; /* the timers themselves run after the descriptors */
}

static void woken(void *ctx, uint32_t events)
{
	struct loop *l = ctx;
	struct loop_waker *w = l->wakers;

	(void)events;
	drain(l->wake_fd);
	while (w) {
		if (w->pass == l->pass || !atomic_exchange(&w->pending, false)) {
			w = w->next;
			continue;
		}
		w->pass = l->pass;
		w->fn(w->ctx);
		w = l->wakers; /* fn may have removed any of them */
	}
	/* Woken again by its own function: next time round. */
	for (w = l->wakers; w; w = w->next)
		if (atomic_load(&w->pending))
			eventfd_write(l->wake_fd, 1);
}

static void signalled(void *ctx, uint32_t events)
{
	struct loop *l = ctx;
	struct signalfd_siginfo info;
	bool child = false;

	(void)events;
	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			child = true;
		else if (l->on_stop)
			l->on_stop(l->signal_ctx, (int)info.ssi_signo);
	}
	if (child && l->on_child)
		l->on_child(l->signal_ctx);
}

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->armed_ns = INT64_MAX;
	l->signal_fd = -1;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->epoll_fd < 0 || l->timer_fd < 0 || l->wake_fd < 0)
		goto out;
	l->own[0] = loop_add_io(l, l->timer_fd, EPOLLIN, timer_fired, l);
	l->own[1] = loop_add_io(l, l->wake_fd, EPOLLIN, woken, l);
	if (l->own[0] && l->own[1])
		return l;
out:
	loop_free(l);
	return NULL;
}

static void bury(struct loop *l)
{
	while (l->graves) {
		struct loop_io *io = l->graves;

		l->graves = io->next;
		free(io);
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	assert(!l->dispatching);
	while (l->ios)
		loop_remove_io(l->ios);
	while (l->timers)
		loop_remove_timer(l->timers);
	while (l->wakers)
		loop_remove_waker(l->wakers);
	close_fd(l->signal_fd);
	close_fd(l->wake_fd);
	close_fd(l->timer_fd);
	close_fd(l->epoll_fd);
	free(l);
}

struct loop_io *loop_add_io(struct loop *l, int fd, uint32_t events,
			    void (*fn)(void *ctx, uint32_t events), void *ctx)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));
	struct epoll_event ev = {.events = events, .data.ptr = io};

	*io = (struct loop_io){.loop = l, .fd = fd, .events = events, .fn = fn, .ctx = ctx};
	if (events && epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
		free(io);
		return NULL;
	}
	io->next = l->ios;
	l->ios = io;
	return io;
}

void loop_set_io(struct loop_io *io, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = io};
	int op = EPOLL_CTL_MOD;

	if (events == io->events)
		return;
	if (!io->events)
		op = EPOLL_CTL_ADD;
	else if (!events)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(io->loop->epoll_fd, op, io->fd, &ev) != 0)
		panic("epoll refuses descriptor %d (errno %d): closed before its removal?", io->fd,
		      errno);
	io->events = events;
}

void loop_remove_io(struct loop_io *io)
{
	struct loop_io **at;
	struct loop *l;

	if (!io)
		return;
	l = io->loop;
	assert(!io->removed);
	for (at = &l->ios; *at != io; at = &(*at)->next)
		;
	*at = io->next;
	loop_set_io(io, 0);
	io->removed = true;
	io->next = l->graves;
	l->graves = io;
	if (!l->dispatching)
		bury(l);
}

struct loop_timer *loop_add_timer(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	*t = (struct loop_timer){.loop = l, .at_ns = INT64_MAX, .fn = fn, .ctx = ctx};
	t->next = l->timers;
	l->timers = t;
	return t;
}

void loop_set_timer(struct loop_timer *t, int64_t at_ns)
{
	t->at_ns = at_ns;
}

void loop_remove_timer(struct loop_timer *t)
{
	struct loop_timer **at;

	if (!t)
		return;
	for (at = &t->loop->timers; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	free(t);
}

/* The timer to run next among those not run in this pass; NULL if there is none. */
static struct loop_timer *earliest(const struct loop *l)
{
	struct loop_timer *best = NULL;

	for (struct loop_timer *t = l->timers; t; t = t->next)
		if (t->at_ns != INT64_MAX && t->pass != l->pass &&
		    (!best || t->at_ns < best->at_ns))
			best = t;
	return best;
}

static void run_timers(struct loop *l)
{
	int64_t now = clock_mono_ns();
	struct loop_timer *t;

	while (!l->stopping && (t = earliest(l)) && t->at_ns <= now) {
		t->pass = l->pass;
		t->at_ns = INT64_MAX;
		t->fn(t->ctx);
	}
}

/* Once before each wait, however often timers were set in between. */
static void arm(struct loop *l)
{
	struct itimerspec when = {0};
	struct loop_timer *t;
	int64_t at_ns;

	l->pass++; /* the timers that just ran count again */
	t = earliest(l);
	at_ns = t ? t->at_ns : INT64_MAX;
	if (at_ns == l->armed_ns)
		return;
	if (at_ns < 1)
		at_ns = 1; /* 0 would disarm */
	if (at_ns != INT64_MAX) {
		when.it_value.tv_sec = (time_t)(at_ns / NS_PER_S);
		when.it_value.tv_nsec = (long)(at_ns % NS_PER_S);
	}
	if (timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) != 0)
		panic("timerfd_settime: errno %d", errno);
	l->armed_ns = at_ns;
}

int loop_run(struct loop *l)
{
	struct epoll_event events[EVENTS_PER_WAIT];
	int code;

	while (!l->stopping) {
		int n;

		arm(l);
		n = epoll_wait(l->epoll_fd, events, EVENTS_PER_WAIT, -1);
		if (n < 0 && errno != EINTR)
			panic("epoll_wait: errno %d", errno);
		l->dispatching = true;
		for (int i = 0; i < n; i++) {
			struct loop_io *io = events[i].data.ptr;
			/* What an earlier function of this round turned off stays off. */
			uint32_t now = events[i].events & (io->events | EPOLLERR | EPOLLHUP);

			if (!io->removed && io->events && now)
				io->fn(io->ctx, now);
		}
		run_timers(l);
		l->dispatching = false;
		bury(l);
	}
	code = l->code;
	l->stopping = false;
	return code;
}

void loop_stop(struct loop *l, int code)
{
	if (l->stopping)
		return;
	l->stopping = true;
	l->code = code;
}

void loop_signals(struct loop *l, void (*stop)(void *ctx, int sig), void (*child)(void *ctx),
		  void *ctx)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	assert(l->signal_fd < 0);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (child)
		sigaddset(&set, SIGCHLD);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0)
		panic("signals cannot be set up");
	l->on_stop = stop;
	l->on_child = child;
	l->signal_ctx = ctx;
	l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signal_fd >= 0)
		l->own[2] = loop_add_io(l, l->signal_fd, EPOLLIN, signalled, l);
	if (!l->own[2])
		panic("signalfd: errno %d", errno);
}

struct loop_waker *loop_add_waker(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_waker *w = xcalloc(1, sizeof(*w));

	w->loop = l;
	w->fn = fn;
	w->ctx = ctx;
	w->next = l->wakers;
	l->wakers = w;
	return w;
}

void loop_wake(struct loop_waker *w)
{
	if (!atomic_exchange(&w->pending, true))
		eventfd_write(w->loop->wake_fd, 1);
}

void loop_remove_waker(struct loop_waker *w)
{
	struct loop_waker **at;

	if (!w)
		return;
	for (at = &w->loop->wakers; *at != w; at = &(*at)->next)
		;
	*at = w->next;
	free(w);
}
