/* SPDX-License-Identifier: MIT
 *
 * A backup now; and back again, which needs no station: benchd does it and ends.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "post.h"

enum { BENCHD_HELD = 75 }; /* another one holds the folder */

/* Until the copy that was asked for is made, or failed. */
static int await(struct ctl *c, json_t **root)
{
	int code;

	for (;;) {
		ctl_pause_ms(200);
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
		ctl_tell(c, "%s/%s: verified, %.0f items, %.0f bytes", member_text(root, "folder"),
			 member_text(last, "name"), member_number(last, "items"),
			 member_number(last, "bytes"));
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
static void take_said(int fd, struct text *said)
{
	char part[512];
	ssize_t n;

	text_puts(said, "");
	while ((n = read(fd, part, sizeof(part))) > 0)
		text_add(said, part, (size_t)n);
	while (said->len > 0 && said->buf[said->len - 1] == '\n')
		said->buf[--said->len] = '\0';
}

static void put_as_json(const char *said)
{
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "said", said);
	json_end_object(&j);
	(void)puts(out.buf);
	text_release(&out);
}

/* Its exit code as ours: what else stands in the way is a refusal. */
static int end_of(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return CTL_USAGE;
	if (WEXITSTATUS(status) == BENCHD_HELD)
		(void)ctl_fail("the station runs with this folder; end it first: systemctl stop "
			       "benchd");
	return WEXITSTATUS(status) > CTL_USAGE ? CTL_USAGE : WEXITSTATUS(status);
}

/* benchd does it, and ends. */
static int run_benchd(const struct ctl *c, const char *const argv[])
{
	struct text said = {0};
	int ends[2], code;
	char path[600];
	pid_t pid;

	(void)find_benchd(path, sizeof(path));
	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		(void)ctl_fail("%s: %s", path, strerror(errno));
		return CTL_USAGE;
	}
	if (pid == 0) {
		if (c->json &&
		    (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0))
			_exit(CTL_USAGE);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execv(path, (char *const *)(uintptr_t)argv);
		(void)ctl_fail("%s: %s", path, strerror(errno));
		_exit(CTL_USAGE);
	}
	(void)close(ends[1]);
	take_said(ends[0], &said);
	(void)close(ends[0]);
	code = end_of(pid);
	if (c->json && code)
		ctl_said(said.buf);
	else if (c->json)
		put_as_json(said.buf);
	text_release(&said);
	return code;
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
	secret_wipe(pin, sizeof(pin));
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
	return run_benchd(c, args);
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
	return run_benchd(c, args);
}
