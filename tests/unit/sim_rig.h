/* SPDX-License-Identifier: MIT
 *
 * A simulated rig on real wires in a process of its own, for the tests of what it serves.
 */
#ifndef TESTS_UNIT_SIM_RIG_H
#define TESTS_UNIT_SIM_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "sim/serve.h"
#include "tests/fake/temp_dir.h"

static struct fixture *fixture;

struct rig {
	char dir[TEMP_DIR_SIZE];
	pid_t pid;
	int control;
};

static void stop_loop(void *ctx, int sig)
{
	(void)sig;
	loop_stop(ctx, 0);
}

/* The server process: one byte on fd once all ports are there. */
static int serve(const char *dir, int wire_baud, int fd)
{
	struct world_config wc = {.fixture = fixture, .seed = 1, .speed = 4};
	struct sim_config sc = {
		.fixture = fixture, .dir = dir, .speed = wire_baud ? 1 : 4, .wire_baud = wire_baud};
	struct loop *loop = loop_new();
	struct sim_server s;
	struct error err = {0};
	int rc = 1;

	log_init("sim", LOG_LEVEL_ERROR);
	loop_signals(loop, stop_loop, NULL, loop);
	sc.world = world_new(&wc, &err);
	if (sc.world && !sim_serve_open(&s, loop, &sc, &err)) {
		world_mount(sc.world, 0, "RO600", "A1");
		rc = write(fd, "r", 1) == 1 ? loop_run(loop) : 1;
	} else {
		rc = err.code == ERR_BUSY ? 75 : 1;
	}
	sim_serve_close(&s);
	world_free(sc.world);
	loop_free(loop);
	return rc;
}

static pid_t launch(const char *dir, int wire_baud, bool *ready)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(serve(dir, wire_baud, fds[1]));
	}
	close(fds[1]);
	*ready = read(fds[0], &byte, 1) == 1;
	close(fds[0]);
	return pid;
}

static void start(struct rig *r, int wire_baud)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	bool ready;

	temp_dir_make(r->dir);
	r->pid = launch(r->dir, wire_baud, &ready);
	assert_true(ready);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/control", r->dir);
	r->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(r->control, (struct sockaddr *)&a, sizeof(a)), 0);
}

/* Ends it; nothing of it may be left. */
static void end(struct rig *r)
{
	int status;

	close(r->control);
	kill(r->pid, SIGTERM);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(rmdir(r->dir), 0); /* fails if a file stayed */
	temp_dir_remove(r->dir);
}

/* One control line; the reply without "ok ". Fails the test on "error". */
static char *ask(struct rig *r, const char *line)
{
	static char reply[4096];
	size_t n = 0;

	assert_int_equal(send(r->control, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	assert_int_equal(send(r->control, "\n", 1, MSG_NOSIGNAL), 1);
	while (n == 0 || reply[n - 1] != '\n') {
		ssize_t got = recv(r->control, reply + n, sizeof(reply) - 1 - n, 0);

		assert_true(got > 0);
		n += (size_t)got;
	}
	reply[n - 1] = '\0';
	return reply;
}

static double ask_number(struct rig *r, const char *line)
{
	char *reply = ask(r, line);

	if (strncmp(reply, "ok ", 3))
		fail_msg("%s: %s", line, reply);
	return strtod(reply + 3, NULL);
}

static modbus_t *open_rtu(struct rig *r, const char *name, int unit)
{
	char path[128];
	modbus_t *ctx;

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	ctx = modbus_new_rtu(path, 115200, 'N', 8, 1);
	assert_non_null(ctx);
	assert_int_equal(modbus_connect(ctx), 0);
	modbus_set_slave(ctx, unit);
	modbus_set_response_timeout(ctx, 0, 200000);
	return ctx;
}

static void close_modbus(modbus_t *ctx)
{
	modbus_close(ctx);
	modbus_free(ctx);
}

static int tcp_port(struct rig *r)
{
	char path[128], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/tcp.tcp", r->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_non_null(strchr(text, ':'));
	return atoi(strchr(text, ':') + 1);
}

static int load(void **state)
{
	struct problems problems = {0};

	(void)state;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	return fixture ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

#endif
