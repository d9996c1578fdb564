/* SPDX-License-Identifier: MIT
 *
 * A backup now; and back again, which needs no station: benchd does it and ends.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "post.h"

/* Until the copy that was asked for is made, or failed. */
static int await(struct ctl *c, json_t **root)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
	int code;

	for (;;) {
		(void)nanosleep(&pause, NULL);
		code = ctl_call(c, WEB_BACKUP, NULL, "", NULL, root);
		if (code || !member_is_true(*root, "at_work"))
			return code;
		json_decref(*root);
	}
}

CTL_COMMAND(cmd_backup)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	const json_t *last;
	json_t *root = NULL;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	code = ctl_call(c, WEB_BACKUP_MAKE, NULL, "", NULL, NULL);
	if (!code)
		code = await(c, &root);
	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	last = json_object_get(root, "last");
	if (member_text(root, "problem")[0]) {
		ctl_fail("no backup was made: %s", member_text(root, "problem"));
		code = CTL_NO_PASS;
	} else if (!c->json) {
		(void)printf("%s/%s: verified, %.0f items, %.0f bytes\n",
			     member_text(root, "folder"), member_text(last, "name"),
			     member_number(last, "items"), member_number(last, "bytes"));
	}
	json_decref(root);
	return code;
}

/* benchd beside this program as built, in sbin as installed. */
static const char *find_benchd(char *dst, size_t size)
{
	char exe[400], dir[400];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	(void)text_copy(dir, sizeof(dir), dirname(exe));
	(void)snprintf(dst, size, "%s/benchd", dir);
	if (access(dst, X_OK))
		(void)snprintf(dst, size, "%s/../sbin/benchd", dir);
	return dst;
}

/* What it says, good or bad, as one document. */
static int tell_as_json(int fd, pid_t pid)
{
	struct text said = {0}, out = {0};
	char part[512];
	int status = 0;
	struct json j;
	ssize_t n;

	text_puts(&said, "");
	while ((n = read(fd, part, sizeof(part))) > 0)
		text_add(&said, part, (size_t)n);
	while (said.len > 0 && said.buf[said.len - 1] == '\n')
		said.buf[--said.len] = '\0';
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		status = CTL_USAGE << 8;
	if (WEXITSTATUS(status) != 0) {
		ctl_said(said.buf);
	} else {
		json_init(&j, &out);
		json_open_object(&j);
		json_kv_string(&j, "said", said.buf);
		json_end_object(&j);
		(void)puts(out.buf);
	}
	text_release(&out);
	text_release(&said);
	return WEXITSTATUS(status);
}

/* In benchd's place from here on; its exit code is the command's. */
static int become_benchd(const struct ctl *c, const char *const argv[])
{
	char path[600];
	int ends[2];
	pid_t pid;

	if (c->json && pipe(ends) == 0) {
		pid = fork();
		if (pid != 0) {
			(void)close(ends[1]);
			return pid > 0 ? tell_as_json(ends[0], pid) : CTL_USAGE;
		}
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}

	(void)find_benchd(path, sizeof(path));
	(void)execv(path, (char *const *)(uintptr_t)argv);
	(void)ctl_fail("%s: %s", path, strerror(errno));
	return CTL_USAGE;
}

/* The PIN as benchd's standard input: on no command line, in no environment. */
static bool hand_pin(const char *person)
{
	char pin[POST_PIN_MAX];
	int ends[2];
	bool good;

	if (!person)
		return true;
	if (!read_pin(person, pin))
		return false;
	good = pipe(ends) == 0 && dprintf(ends[1], "%s\n", pin) > 0 &&
	       dup2(ends[0], STDIN_FILENO) == STDIN_FILENO;
	memset(pin, 0, sizeof(pin));
	if (!good)
		return false;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return true;
}

CTL_COMMAND(cmd_restore)
{
	const char *words[CTL_ARGS_MAX], *reason = NULL, *as = NULL;
	bool lost = false;
	const struct ctl_option options[] = {
		OPTION_FLAG("after-loss", &lost,
			    "what was recorded after the backup is lost: a new epoch begins, and "
			    "nothing is released until it is taken back (benchctl import)"),
		OPTION_VALUE("reason", "TEXT", &reason, "what happened, for the record"),
		OPTION_VALUE("as", "PERSON", &as, "the supervisor who signs the loss"),
		OPTION_END,
	};
	const char *args[10] = {0};
	int n = 0, code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (lost != (reason != NULL))
		return ctl_usage(self, lost ? "--reason TEXT is missing: what happened?"
					    : "--reason goes with --after-loss");
	if (lost && !hand_pin(as))
		return CTL_USAGE;
	args[n++] = "benchd";
	args[n++] = "--restore";
	args[n++] = words[0];
	args[n++] = "--state";
	args[n++] = c->state;
	if (lost) {
		args[n++] = "--after-loss";
		args[n++] = reason;
	}
	if (lost && as) {
		args[n++] = "--as";
		args[n++] = as;
	}
	return become_benchd(c, args);
}

CTL_COMMAND(cmd_import)
{
	const char *words[CTL_ARGS_MAX], *as = NULL;
	bool complete = false;
	const struct ctl_option options[] = {
		OPTION_FLAG("complete", &complete, "no more comes: releases are decided again"),
		OPTION_VALUE("as", "PERSON", &as, "the supervisor who says so"),
		OPTION_END,
	};
	const char *args[CTL_ARGS_MAX + 10] = {0};
	int n = 0, count, code;

	count = ctl_parse(self, options, argc, argv, words, 0, CTL_ARGS_MAX, &code);
	if (count < 0)
		return code;
	if (count == 0 && !complete)
		return ctl_usage(self, "name the files or folders, or say --complete");
	if (complete && !hand_pin(as))
		return CTL_USAGE;
	args[n++] = "benchd";
	args[n++] = "--import";
	args[n++] = "--state";
	args[n++] = c->state;
	if (complete)
		args[n++] = "--complete";
	if (complete && as) {
		args[n++] = "--as";
		args[n++] = as;
	}
	args[n++] = "--";
	for (int i = 0; i < count; i++)
		args[n++] = words[i];
	return become_benchd(c, args);
}
