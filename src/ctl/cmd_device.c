/* SPDX-License-Identifier: MIT
 *
 * benchctl device: commissioning of one serial line. benchd-io speaks to it, because it alone knows
 * buses and drivers; a line that a station holds is refused by its lock. And another device in the
 * place of one that the station knows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "post.h"

enum { IO_HELD = 75 };

/* Beside this program as it was built, in sbin as it is installed. */
static bool find_io(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + 24 > size)
		return false;
	strcpy(slash, "/benchd-io");
	if (!access(path, X_OK))
		return true;
	strcpy(slash, "/../sbin/benchd-io");
	return !access(path, X_OK);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CTL_NO_PASS;
	if (!WIFEXITED(status))
		return CTL_INTERRUPTED;
	switch (WEXITSTATUS(status)) {
	case 0: return CTL_OK;
	case 2: return CTL_USAGE;
	case IO_HELD: (void)ctl_fail("a bay may be ready or at work there; nothing was sent");
	}
	return CTL_NO_PASS;
}

static int run_io(struct ctl *c, const struct ctl_command *self, const char *mode, int argc,
		  char **argv)
{
	char path[512], mode_arg[32], json_arg[] = "--json";
	char *args[CTL_ARGS_MAX + 4];
	int n = 0;
	pid_t pid;

	if (argc > 0 && strcmp(argv[0], "--help") == 0 && c->json) {
		const struct ctl_option none[] = {OPTION_END};
		const char *words[CTL_ARGS_MAX];
		int code = CTL_OK;

		(void)ctl_parse(self, none, 1, argv, words, 0, 0, &code);
		return code;
	}
	if (argc < 1 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		(void)fprintf(argc < 1 ? stderr : stdout, "usage: benchctl device %s %s\n%s\n",
			      self->name, self->args, self->help);
		return argc < 1 ? CTL_USAGE : CTL_OK;
	}
	if (!find_io(path, sizeof(path))) {
		(void)ctl_fail("benchd-io is not beside benchctl, nor in ../sbin");
		return CTL_USAGE;
	}
	if (argc > CTL_ARGS_MAX)
		return ctl_usage(self, "too many words");
	args[n++] = path;
	args[n++] = mode_arg;
	(void)snprintf(mode_arg, sizeof(mode_arg), "%s", mode);
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	if (c->json)
		args[n++] = json_arg;
	args[n] = NULL;
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0) {
		(void)ctl_fail("%s: %s", path, strerror(errno));
		return CTL_USAGE;
	}
	if (pid == 0) {
		execv(path, args);
		_exit(127);
	}
	return wait_for(pid);
}

CTL_COMMAND(cmd_device_scan)
{
	return run_io(c, self, "--scan", argc, argv);
}

CTL_COMMAND(cmd_device_set_address)
{
	return run_io(c, self, "--set-address", argc, argv);
}

CTL_COMMAND(cmd_device_prove_watchdog)
{
	return run_io(c, self, "--prove-watchdog", argc, argv);
}

CTL_COMMAND(cmd_device_accept)
{
	const char *words[CTL_ARGS_MAX], *reason = NULL, *rig = NULL, *as = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("reason", "TEXT", &reason, "why another one is in its place"),
		OPTION_VALUE("rig", "NAME", &rig, "where several rigs have a device of that name"),
		OPTION_VALUE("as", "PERSON", &as, "a supervisor; the PIN is asked for"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!reason || !as)
		return ctl_usage(self, "an exchanged device needs --reason and --as");
	post_begin(&p);
	post_text(&p, "reason", reason);
	post_text(&p, "rig", rig);
	if (!post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, WEB_DEVICE_ACCEPT, words[0], &p);
}
