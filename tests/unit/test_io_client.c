/* SPDX-License-Identifier: MIT
 *
 * benchd-io's end of the link, and the inbox of bus events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/loop.h"
#include "link/io_client.h"
#include "link/socket.h"
#include "rig/inbox.h"
#include "tests/fake/temp_dir.h"

static char dir[TEMP_DIR_SIZE], path[96];

struct bench {
	struct loop *loop;
	struct io_client *client;
	struct loop_timer *limit, *poll;
	int listener, peer;
	int ups, messages, losses, refusals, not_ready;
	bool never_up, slams; /* closes each link at once */
	char why[160];
	/* what ends the loop */
	int want_ups, want_messages, want_losses;
};

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void check_end(struct bench *b)
{
	if (b->ups >= b->want_ups && b->messages >= b->want_messages && b->losses >= b->want_losses)
		loop_stop(b->loop, 0);
}

static bool on_ready(void *ctx)
{
	struct bench *b = ctx;

	return b->not_ready-- <= 0;
}

static void on_up(void *ctx)
{
	struct bench *b = ctx;
	struct io_msg m = {.type = IO_HELLO};

	b->ups++;
	m.u.hello.version = IO_VERSION;
	strcpy(m.u.hello.rig, "rig1");
	m.u.hello.pid = 1;
	m.u.hello.speed = 1;
	io_client_send(b->client, &m);
	check_end(b);
}

static int on_message(void *ctx, const struct io_msg *m, struct error *err)
{
	struct bench *b = ctx;

	b->messages++;
	if (m->type == IO_SAFE && m->u.safe.token == 13)
		return error_set(err, ERR_PROTOCOL, "unlucky");
	check_end(b);
	return 0;
}

static void on_done(void *ctx)
{
	struct bench *b = ctx;

	if (b->client)
		io_client_settle(b->client);
	check_end(b);
}

static void on_lost(void *ctx, bool never_up, const char *why)
{
	struct bench *b = ctx;

	b->losses++;
	b->never_up = never_up;
	snprintf(b->why, sizeof(b->why), "%s", why);
	check_end(b);
}

static void on_limit(void *ctx)
{
	struct bench *b = ctx;

	loop_stop(b->loop, 1);
}

/* Accepts whoever comes. */
static void on_poll(void *ctx)
{
	struct bench *b = ctx;

	if (b->peer <= 0 && b->listener > 0)
		b->peer = link_accept(b->listener, NULL, NULL);
	if (b->slams && b->peer > 0) {
		close(b->peer);
		b->peer = 0;
	}
	loop_set_timer(b->poll, clock_mono_ns() + 5 * NS_PER_MS);
}

static void begin(struct bench *b, bool once, int64_t give_up_ns)
{
	struct io_client_config c = {.path = path,
				     .fd = -1,
				     .once = once,
				     .give_up_ns = give_up_ns,
				     .ops = {b, on_ready, on_up, on_message, on_done, on_lost}};

	b->loop = loop_new();
	assert_non_null(b->loop);
	b->limit = loop_add_timer(b->loop, on_limit, b);
	b->poll = loop_add_timer(b->loop, on_poll, b);
	loop_set_timer(b->poll, 0);
	c.loop = b->loop;
	b->client = io_client_start(&c);
}

static void until(struct bench *b, int ups, int messages, int losses)
{
	b->want_ups = ups;
	b->want_messages = messages;
	b->want_losses = losses;
	loop_set_timer(b->limit, clock_mono_ns() + 5 * NS_PER_S);
	assert_int_equal(loop_run(b->loop), 0);
}

static void end(struct bench *b)
{
	io_client_free(b->client);
	loop_remove_timer(b->limit);
	loop_remove_timer(b->poll);
	loop_free(b->loop);
	if (b->peer > 0)
		close(b->peer);
	if (b->listener > 0)
		close(b->listener);
}

static void send_safe(struct bench *b, uint32_t token)
{
	struct io_msg m = {.type = IO_SAFE};
	uint8_t wire[64];
	int n;

	m.u.safe.what = SAFE_STOP;
	m.u.safe.token = token;
	n = io_encode(&m, wire, sizeof(wire));
	assert_true(n > 0);
	while (b->peer <= 0)
		b->peer = link_accept(b->listener, NULL, NULL);
	assert_int_equal(link_send(b->peer, wire, (size_t)n, -1, NULL), 0);
}

static void it_waits_for_a_listener_and_connects_again_after_a_loss(void **state)
{
	struct bench b = {.not_ready = 2};

	(void)state;
	begin(&b, false, 0);
	b.listener = link_listen(path, 0600, NULL);
	assert_true(b.listener > 0);
	until(&b, 1, 0, 0);
	send_safe(&b, 1);
	until(&b, 1, 1, 0);
	close(b.peer);
	b.peer = 0;
	until(&b, 1, 1, 1);
	assert_false(io_client_is_up(b.client));
	until(&b, 2, 1, 1);
	end(&b);
}

static void a_benchd_that_refuses_is_asked_again_ever_more_seldom(void **state)
{
	struct bench b = {.slams = true};

	(void)state;
	b.listener = link_listen(path, 0600, NULL);
	begin(&b, false, 0);
	b.want_losses = INT_MAX;
	loop_set_timer(b.limit, clock_mono_ns() + 1300 * NS_PER_MS);
	assert_int_equal(loop_run(b.loop), 1);
	assert_int_equal(b.ups, 2); /* at once and after a second */
	assert_int_equal(b.losses, 2);
	assert_int_equal(io_client_refusals(b.client), 2);
	assert_non_null(strstr(b.why, "doctor"));
	end(&b);
}

static void a_message_that_is_not_allowed_closes_the_link(void **state)
{
	struct bench b = {0};

	(void)state;
	b.listener = link_listen(path, 0600, NULL);
	begin(&b, true, 0);
	until(&b, 1, 0, 0);
	send_safe(&b, 13);
	until(&b, 1, 1, 1);
	assert_string_equal(b.why, "unlucky");
	assert_false(io_client_is_up(b.client));
	end(&b);
}

static void bytes_that_are_no_message_close_the_link(void **state)
{
	struct bench b = {0};

	(void)state;
	b.listener = link_listen(path, 0600, NULL);
	begin(&b, true, 0);
	until(&b, 1, 0, 0);
	while (b.peer <= 0)
		b.peer = link_accept(b.listener, NULL, NULL);
	assert_int_equal(link_send(b.peer, "hello", 5, -1, NULL), 0);
	until(&b, 1, 0, 1);
	assert_int_equal(b.messages, 0);
	end(&b);
}

static void nobody_there_is_said_after_a_while(void **state)
{
	struct bench b = {0};

	(void)state;
	begin(&b, true, 100 * NS_PER_MS);
	until(&b, 0, 0, 1);
	assert_true(b.never_up);
	end(&b);
}

static void a_benchd_that_does_not_read_breaks_the_link(void **state)
{
	struct bench b = {0};
	struct io_msg m = {.type = IO_SAFE};

	(void)state;
	b.listener = link_listen(path, 0600, NULL);
	begin(&b, true, 0);
	until(&b, 1, 0, 0);
	m.u.safe.what = SAFE_STOP;
	for (int i = 0; i < 100000 && b.losses == 0; i++) {
		io_client_send(b.client, &m);
		io_client_settle(b.client);
	}
	assert_int_equal(b.losses, 1);
	assert_non_null(strstr(b.why, "does not read"));
	end(&b);
}

static void the_inbox_keeps_order_and_says_when_something_was_lost(void **state)
{
	struct inbox *m = inbox_new(3);
	struct bus_event ev = {.kind = BUS_EVENT_READ};
	struct mail got;
	bool overflow;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3 + (round == 1); i++) {
			ev.index = i;
			inbox_put(m, round, &ev);
		}
		for (int i = 0; i < 3; i++) {
			assert_true(inbox_take(m, &got, &overflow));
			assert_int_equal(overflow, round == 1 && i == 0);
			assert_int_equal(got.ev.index, i);
			assert_int_equal(got.bus, round);
		}
		assert_false(inbox_take(m, &got, &overflow));
		assert_false(overflow);
	}
	inbox_free(m);
	inbox_free(NULL);
}

static void a_lock_is_held_once_and_ends_with_its_descriptor(void **state)
{
	char name[64];
	struct link_peer holder = {0};
	int fd, again;

	(void)state;
	snprintf(name, sizeof(name), "test_io_client/%d", (int)getpid());
	fd = link_lock(name, &holder, NULL);
	assert_true(fd > 0);
	assert_int_equal(link_lock(name, &holder, NULL), ERR_BUSY);
	assert_int_equal(holder.pid, getpid());
	assert_int_equal(holder.uid, geteuid());
	close(fd);
	again = link_lock(name, &holder, NULL);
	assert_true(again > 0);
	close(again);
}

/* In a process of that user: what link_lock says to it, with whom it names in *holder. */
static int lock_as(uid_t uid, gid_t extra, const char *name, struct link_peer *holder)
{
	struct {
		int rc;
		struct link_peer holder;
	} said = {0};
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (setgroups(extra ? 1 : 0, &extra) || setgid(uid) || setuid(uid))
			_exit(2);
		said.rc = link_lock(name, &said.holder, NULL);
		_exit(write(ends[1], &said, sizeof(said)) != sizeof(said));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &said, sizeof(said)), sizeof(said));
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	*holder = said.holder;
	return said.rc;
}

static void nobody_of_another_user_holds_the_station_off(void **state)
{
	enum { STATION = 65533, STRANGER = 65532 };
	struct link_peer holder = {0};
	int began[2], end[2], status;
	char name[64], byte = 0;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip(); /* two users are needed */
	for (int member = 0; member < 2; member++) {
		const gid_t group = STATION;

		snprintf(name, sizeof(name), "test_io_client/%d/%d", (int)getpid(), member);
		assert_int_equal(pipe(began) | pipe(end), 0);
		pid = fork();
		if (pid == 0) { /* holds it until our end is closed */
			close(end[1]);
			if (setgroups((size_t)member, &group) || setgid(STRANGER) ||
			    setuid(STRANGER) || link_lock(name, &holder, NULL) < 0)
				_exit(2);
			_exit(write(began[1], &byte, 1) != 1 || read(end[0], &byte, 1) != 0);
		}
		close(end[0]);
		assert_int_equal(read(began[0], &byte, 1), 1);
		assert_int_equal(lock_as(STATION, 0, name, &holder),
				 member ? ERR_BUSY : ERR_DENIED);
		assert_int_equal(holder.pid, pid);
		assert_int_equal(holder.uid, STRANGER);
		assert_int_equal(lock_as(STRANGER, 0, name, &holder), ERR_BUSY);
		/* root cannot tell who is of the station */
		assert_int_equal(link_lock(name, &holder, NULL), ERR_BUSY);
		assert_int_equal(holder.pid, pid);
		close(end[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		close(began[0]);
		close(began[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			it_waits_for_a_listener_and_connects_again_after_a_loss, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(
			a_benchd_that_refuses_is_asked_again_ever_more_seldom, make_dir,
			remove_dir),
		cmocka_unit_test_setup_teardown(a_message_that_is_not_allowed_closes_the_link,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_message_close_the_link, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(nobody_there_is_said_after_a_while, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(a_benchd_that_does_not_read_breaks_the_link,
						make_dir, remove_dir),
		cmocka_unit_test(the_inbox_keeps_order_and_says_when_something_was_lost),
		cmocka_unit_test(nobody_of_another_user_holds_the_station_off),
		cmocka_unit_test(a_lock_is_held_once_and_ends_with_its_descriptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
