/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"

/* What a log line looks like on stderr when that is fd; read from `from`. */
static void logged(int fd, int from, char *dst, size_t size)
{
	int saved = dup(STDERR_FILENO);
	struct pollfd p = {.fd = from, .events = POLLIN};
	ssize_t n;

	assert_true(saved >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	log_warning("bus", "line\n%d \x1b[31m", 7);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	assert_int_equal(poll(&p, 1, 1000), 1);
	n = read(from, dst, size - 1);
	assert_true(n > 0);
	dst[n] = 0;
	dst[strcspn(dst, "\r\n")] = 0;
}

static void a_journal_gets_the_priority_and_a_person_does_not(void **state)
{
	char line[200];
	int pipes[2], master, slave;

	(void)state;
	log_init("benchd-x", LOG_LEVEL_INFO);
	assert_int_equal(pipe(pipes), 0);
	logged(pipes[1], pipes[0], line, sizeof(line));
	assert_int_equal(strncmp(line, "<4>bus: line", 12), 0);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	logged(slave, master, line, sizeof(line));
	assert_int_equal(strncmp(line, "benchd-x: bus: line", 19), 0);
	assert_null(strchr(line, '<'));
	/* whatever a device says does not move the cursor */
	assert_null(strchr(line, '\x1b'));
	close(slave);
	close(master);
	close(pipes[0]);
	close(pipes[1]);
}

static void what_is_above_the_level_is_not_written(void **state)
{
	char byte;
	int pipes[2], saved = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	assert_int_equal(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	log_init("benchd-x", LOG_LEVEL_WARNING);
	errno = ERANGE;
	log_info("bus", "not this");
	assert_int_equal(errno, ERANGE);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	assert_int_equal(read(pipes[0], &byte, 1), -1);
	close(pipes[0]);
	close(pipes[1]);
}

static void repeated_errors_become_few(void **state)
{
	struct log_limit l = {0};
	int printed = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		printed += log_limit_hit(&l);
	assert_int_equal(printed, 20);
	assert_int_equal(log_limit_clear(&l), 1000);
	assert_true(log_limit_hit(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_journal_gets_the_priority_and_a_person_does_not),
		cmocka_unit_test(what_is_above_the_level_is_not_written),
		cmocka_unit_test(repeated_errors_become_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
