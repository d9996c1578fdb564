/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

static void code_and_text_are_set_and_returned(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, ERR_RANGE, "%d is above %s", 7, "6"), ERR_RANGE);
	assert_int_equal(err.code, ERR_RANGE);
	assert_string_equal(err.text, "7 is above 6");
	assert_int_equal(error_set(NULL, ERR_BUSY, "x"), ERR_BUSY);
}

static void text_may_be_its_own_argument(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ERR_SYNTAX, "'x' is no number");
	error_set(&err, ERR_CONFIG, "a.yaml: %s", err.text);
	assert_string_equal(err.text, "a.yaml: 'x' is no number");
}

static void text_is_one_clean_line_of_whole_characters(void **state)
{
	struct error err;
	char wide[3 * 300 + 1];

	(void)state;
	error_set(&err, ERR_SYNTAX,
		  "a\nb\x1b[31mc\xff"
		  "d");
	assert_string_equal(err.text, "a b?[31mc?d");
	for (int i = 0; i < 300; i++)
		memcpy(wide + 3 * i, "水", 3);
	wide[sizeof(wide) - 1] = '\0';
	error_set(&err, ERR_SYNTAX, "%s", wide);
	assert_int_equal(strlen(err.text), 318); /* 106 whole characters in 319 bytes */
	assert_memory_equal(err.text, wide, 318);
}

static void system_errors_carry_reason_and_name(void **state)
{
	struct error err;

	(void)state;
	errno = EACCES;
	assert_int_equal(error_errno(&err, "open %s", "/dev/ttyUSB0"), ERR_IO);
	assert_string_equal(err.text, "open /dev/ttyUSB0: Permission denied (EACCES)");
	assert_int_equal(errno, EACCES);
}

static void names_are_distinct_for_each_code(void **state)
{
	(void)state;
	for (int a = ERR_USAGE; a >= ERR_CLOSED; a--) {
		assert_string_not_equal(error_name(a), "unknown");
		for (int b = a - 1; b >= ERR_CLOSED; b--)
			assert_string_not_equal(error_name(a), error_name(b));
	}
	assert_string_equal(error_name(ERR_NOT_FOUND), "not_found");
	assert_string_equal(error_name(0), "unknown");
	assert_string_equal(error_name(1), "unknown");
	assert_string_equal(error_name(ERR_CLOSED - 1), "unknown");
	assert_string_equal(error_name(-100000), "unknown");
}

/* What problems_print writes, in a buffer the caller frees. */
static char *printed(struct problems *p)
{
	const size_t size = 65536;
	char *buf = xcalloc(size, 1);
	FILE *fp = fmemopen(buf, size, "w");

	assert_non_null(fp);
	problems_print(p, fp);
	fclose(fp);
	return buf;
}

static void problems_come_sorted_with_line_and_caret(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	problems_add(&p, "b.yaml", 1, 1, "x: 1", "unknown key 'x'");
	problems_add(&p, "a.yaml", 12, 8, "  limit: 0.5 MPa\n  next: 1", "'0.5 MPa' is a pressure");
	problems_add(&p, "a.yaml", 3, 0, NULL, "no unit");
	problems_add(&p, "a.yaml", 0, 0, NULL, "no steps");
	out = printed(&p);
	assert_string_equal(out, "a.yaml: no steps\n"
				 "a.yaml:3: no unit\n"
				 "a.yaml:12:8: '0.5 MPa' is a pressure\n"
				 "      limit: 0.5 MPa\n"
				 "           ^\n"
				 "b.yaml:1:1: unknown key 'x'\n"
				 "    x: 1\n"
				 "    ^\n");
	free(out);
	problems_release(&p);
	assert_int_equal(p.count, 0);
}

static void problems_at_one_place_keep_their_order(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	problems_add(&p, "a", 1, 1, NULL, "first");
	problems_add(&p, "a", 1, 1, NULL, "second");
	out = printed(&p);
	assert_string_equal(out, "a:1:1: first\na:1:1: second\n");
	free(out);
	problems_release(&p);
}

static void caret_stands_under_the_character_not_the_byte(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	/* Two wide characters (6 bytes, 4 columns) and one of two bytes and one column. */
	problems_add(&p, "a", 1, 9, "净水µX", "here");
	out = printed(&p);
	assert_string_equal(out, "a:1:4: here\n    净水µX\n         ^\n");
	free(out);
	problems_release(&p);
}

static void tabs_stay_tabs_and_escapes_do_not_reach_the_terminal(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	problems_add(&p, "a", 1, 4, "\ta\x1bX", "here");
	out = printed(&p);
	assert_string_equal(out, "a:1:4: here\n    \ta?X\n    \t  ^\n");
	free(out);
	problems_release(&p);
}

static void long_lines_are_cut_around_the_caret(void **state)
{
	struct problems p = {0};
	char line[2001];
	char *out, *caret, *excerpt;

	(void)state;
	memset(line, 'a', 2000);
	line[2000] = '\0';
	line[1500] = 'Z';
	problems_add(&p, "a", 1, 1501, line, "here");
	out = printed(&p);
	excerpt = strchr(out, '\n') + 1;
	caret = strchr(excerpt, '\n') + 1;
	assert_true(caret - excerpt < 120);
	assert_int_equal(excerpt[strcspn(caret, "^")], 'Z');
	assert_memory_equal(excerpt, "    ...a", 8);
	assert_memory_equal(caret - 4, "...\n", 4);
	free(out);
	problems_release(&p);
}

static void caret_may_stand_behind_the_line(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	problems_add(&p, "a", 1, 4, "x: ", "the value is missing");
	problems_add(&p, "a", 2, 50, "ab", "column beyond the line");
	out = printed(&p);
	assert_string_equal(out, "a:1:4: the value is missing\n    x: \n       ^\n"
				 "a:2:3: column beyond the line\n    ab\n      ^\n");
	free(out);
	problems_release(&p);
}

static void problems_beyond_the_bound_are_counted(void **state)
{
	struct problems p = {0};
	char *out;

	(void)state;
	for (int i = 0; i < PROBLEMS_MAX + 3; i++)
		problems_add(&p, "a", i + 1, 1, NULL, "no");
	assert_int_equal(p.count, PROBLEMS_MAX);
	assert_int_equal(p.dropped, 3);
	out = printed(&p);
	assert_non_null(strstr(out, "\n3 more not shown\n"));
	free(out);
	problems_release(&p);
}

static void one_mistake_is_told_once_and_a_file_by_one_name(void **state)
{
	struct problems p = {0};
	struct error err;
	char *out;

	(void)state;
	for (int i = 0; i < 2; i++) {
		problems_add(&p, "a", 1, 1, NULL, "no");
		problems_add(&p, "a", 1, 2, NULL, "no");
		problems_add(&p, "b", 1, 1, NULL, "no");
	}
	assert_int_equal(p.count, 3);
	problems_release(&p);
	error_set(&err, ERR_NOT_FOUND, "/x/y does not exist");
	problems_add_file(&p, "/x/y", &err);
	error_set(&err, ERR_IO, "open /x/y: Permission denied");
	problems_add_file(&p, "/x/y", &err);
	error_set(&err, ERR_IO, "read e: Input/output error");
	problems_add_file(&p, "e", &err);
	out = printed(&p);
	assert_string_equal(out, "/x/y: does not exist\n/x/y: open: Permission denied\n"
				 "e: read: Input/output error\n");
	free(out);
	problems_release(&p);
}

/* Run fn in a child; its exit status and what it wrote to stderr. */
static int in_child(void (*fn)(void), char *out, size_t size)
{
	int pipe_fd[2];
	int status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(pipe_fd[1], STDERR_FILENO);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		signal(SIGABRT, SIG_DFL);
		fn();
		_exit(0);
	}
	close(pipe_fd[1]);
	while (len < size - 1 && (n = read(pipe_fd[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(pipe_fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void hook_that_panics(void)
{
	dprintf(STDERR_FILENO, "outputs safe\n");
	panic("again");
}

static void panics(void)
{
	panic_hook(hook_that_panics);
	panic("channel %d\nlost", 3);
}

static void panic_makes_safe_once_and_aborts(void **state)
{
	char out[256];
	int status = in_child(panics, out, sizeof(out));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_string_equal(out, "outputs safe\n<0>panic: again\n");
}

static void plain_panic(void)
{
	panic("channel %d\nlost", 3);
}

static void panic_without_hook_says_why(void **state)
{
	char out[256];
	int status = in_child(plain_panic, out, sizeof(out));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_string_equal(out, "<0>panic: channel 3 lost\n");
}

static void logs(void)
{
	log_init("benchd", LOG_LEVEL_INFO);
	errno = ENOENT;
	log_warning("bus", "port=%s\n<0>forged", "rs485");
	if (errno != ENOENT)
		_exit(1);
	log_debug("bus", "not shown");
	log_init("benchd", LOG_LEVEL_DEBUG);
	log_debug("bus", "shown");
}

static void log_lines_carry_level_and_stay_lines(void **state)
{
	char out[256];

	(void)state;
	assert_int_equal(in_child(logs, out, sizeof(out)), 0);
	assert_string_equal(out, "<4>bus: port=rs485 <0>forged\n<7>bus: shown\n");
}

static void repeated_errors_are_limited_and_counted(void **state)
{
	struct log_limit l = {0};
	int printed_count = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		printed_count += log_limit_hit(&l);
	assert_int_equal(printed_count, 10 + 10);
	assert_int_equal(log_limit_clear(&l), 1000);
	assert_int_equal(log_limit_clear(&l), 0);
	assert_true(log_limit_hit(&l));
}

static void wire_time_of_a_run_time_is_the_first_that_reaches_it(void **state)
{
	(void)state;
	for (unsigned speed = 1; speed <= 20; speed++) {
		struct clock_scale s = {.origin_ns = 1000, .speed = speed};

		for (int64_t run = 900; run < 1100; run++) {
			int64_t wire = clock_to_wire(&s, run);

			assert_true(clock_to_run(&s, wire) >= run);
			assert_true(clock_to_run(&s, wire - 1) < run);
		}
		assert_true(clock_to_wire(&s, INT64_MAX) == INT64_MAX);
	}
}

static void clocks_move_forward(void **state)
{
	int64_t before = clock_mono_ns();
	char boot[37];

	(void)state;
	assert_true(before > 0);
	assert_true(clock_mono_ns() >= before);
	assert_true(clock_cpu_ns() > 0);
	assert_true(clock_utc_us() > 1600000000000000);
	clock_boot_id(boot);
	assert_true(strlen(boot) == 36 || boot[0] == '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_and_text_are_set_and_returned),
		cmocka_unit_test(text_may_be_its_own_argument),
		cmocka_unit_test(text_is_one_clean_line_of_whole_characters),
		cmocka_unit_test(system_errors_carry_reason_and_name),
		cmocka_unit_test(names_are_distinct_for_each_code),
		cmocka_unit_test(problems_come_sorted_with_line_and_caret),
		cmocka_unit_test(problems_at_one_place_keep_their_order),
		cmocka_unit_test(caret_stands_under_the_character_not_the_byte),
		cmocka_unit_test(tabs_stay_tabs_and_escapes_do_not_reach_the_terminal),
		cmocka_unit_test(long_lines_are_cut_around_the_caret),
		cmocka_unit_test(caret_may_stand_behind_the_line),
		cmocka_unit_test(problems_beyond_the_bound_are_counted),
		cmocka_unit_test(one_mistake_is_told_once_and_a_file_by_one_name),
		cmocka_unit_test(panic_makes_safe_once_and_aborts),
		cmocka_unit_test(panic_without_hook_says_why),
		cmocka_unit_test(log_lines_carry_level_and_stay_lines),
		cmocka_unit_test(repeated_errors_are_limited_and_counted),
		cmocka_unit_test(wire_time_of_a_run_time_is_the_first_that_reaches_it),
		cmocka_unit_test(clocks_move_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
