/* SPDX-License-Identifier: MIT
 *
 * One epoll loop for each daemon: descriptors, timers on wire time, signals.
 * All calls from the loop's own thread, except loop_wake.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;

/* NULL when the system refuses a descriptor; errno says why. */
struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Runs until loop_stop; returns the code given there. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);

/* events: EPOLLIN / EPOLLOUT, level-triggered; EPOLLERR and EPOLLHUP come unasked, except with
 * events 0, which silences the descriptor. It stays the caller's and is removed before it is
 * closed. fn may remove the io itself and any other. NULL when epoll refuses it (errno): regular
 * files, a descriptor added twice. */
struct loop_io *loop_add_io(struct loop *l, int fd, uint32_t events,
			    void (*fn)(void *ctx, uint32_t events), void *ctx);
void loop_set_io(struct loop_io *io, uint32_t events);
void loop_remove_io(struct loop_io *io); /* NULL allowed */

/* One-shot at wire time at_ns; fn may set it again. Allocated unset. Due timers run earliest
 * first, after the descriptors of the same wake-up. */
struct loop_timer *loop_add_timer(struct loop *l, void (*fn)(void *ctx), void *ctx);
void loop_set_timer(struct loop_timer *t, int64_t at_ns); /* INT64_MAX: unset */
void loop_remove_timer(struct loop_timer *t);

/* stop runs in the loop for SIGINT and SIGTERM (blocked in all threads from here on), and child for
 * SIGCHLD when it is not NULL. SIGPIPE is ignored. Once for each loop. */
void loop_signals(struct loop *l, void (*stop)(void *ctx, int sig), void (*child)(void *ctx),
		  void *ctx);
/* From any thread: make the loop call fn soon (several calls may fold into one). */
struct loop_waker;
struct loop_waker *loop_add_waker(struct loop *l, void (*fn)(void *ctx), void *ctx);
void loop_wake(struct loop_waker *w);
void loop_remove_waker(struct loop_waker *w);

#endif
