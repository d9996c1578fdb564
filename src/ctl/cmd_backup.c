/* SPDX-License-Identifier: MIT
 *
 * A backup now; and back again, which needs no station: benchd does it and ends.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"

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

CTL_COMMAND(cmd_restore)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	char path[600];
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	(void)find_benchd(path, sizeof(path));
	(void)execl(path, "benchd", "--restore", words[0], "--state", c->state, (char *)NULL);
	(void)fprintf(stderr, "benchctl: %s: %s\n", path, strerror(errno));
	return CTL_USAGE;
}
