/* SPDX-License-Identifier: MIT
 *
 * benchctl: the station's command line. It speaks to benchd directly, so it works without
 * benchd-web.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/ctl.h"

/* The table of commands, for programs. */
static void json_usage(const char *group)
{
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "version", BENCHD_VERSION);
	json_key(&j, "commands");
	json_open_array(&j);
	for (const struct ctl_command *k = ctl_commands; k->group; k++) {
		char name[64];

		if (group && strcmp(group, k->group) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", k->group, k->name[0] ? " " : "",
			       k->name);
		json_open_object(&j);
		json_kv_string(&j, "command", name);
		json_kv_string(&j, "args", k->args);
		json_kv_string(&j, "help", k->help);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	(void)puts(out.buf);
	text_release(&out);
}

/* Of every command, or of one group's. */
static void print_usage(FILE *fp, const char *group)
{
	struct text out = {0};
	struct table t;

	if (fp == stdout && ctl_wants_json()) {
		json_usage(group);
		return;
	}
	text_printf(&out, "usage: benchctl [--state DIR] [--json] %s ...\n\n",
		    group ? group : "COMMAND");
	table_init(&t, 2, 0);
	for (const struct ctl_command *k = ctl_commands; k->group; k++) {
		char name[64];

		if (group && strcmp(group, k->group) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s %s", k->group, k->name);
		table_row(&t, (const char *[]){name, k->help});
	}
	table_print(&t, "  ", &out);
	table_release(&t);
	text_puts(
		&out,
		"\n"
		"  --state DIR  the station's folder (default $BENCHD_STATE or /var/lib/benchd)\n"
		"  --json       print what the station sent, for programs\n"
		"  --version\n"
		"\n"
		"benchctl help COMMAND tells more. Exit codes: 0 pass or done, 1 any other verdict,\n"
		"2 usage, configuration or a refusal, 3 run ended error (rig) or no station.\n");
	(void)fputs(out.buf, fp);
	text_release(&out);
}

/* The words before the command. Index of the command, or -1 with *code. */
static int read_globals(struct ctl *c, int argc, char **argv, int *code)
{
	const char *state = getenv("BENCHD_STATE");
	int i;

	*code = CTL_USAGE;
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (c->state_named && strncmp(argv[i], "--state", 7) == 0) {
			(void)ctl_fail("--state is given twice; give it once");
			return -1;
		} else if (strncmp(argv[i], "--state=", 8) == 0) {
			state = argv[i] + 8;
			c->state_named = true;
		} else if (strcmp(argv[i], "--state") == 0 && i + 1 == argc) {
			(void)ctl_fail("--state needs a folder: the station's, such as "
				       "/var/lib/benchd");
			return -1;
		} else if (strcmp(argv[i], "--state") == 0) {
			state = argv[++i];
			c->state_named = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_usage(stdout, NULL);
			*code = CTL_OK;
			return -1;
		} else if (strcmp(argv[i], "--version") == 0) {
			(void)puts(c->json ? "{\"version\":\"" BENCHD_VERSION "\"}"
					   : "benchctl " BENCHD_VERSION);
			*code = CTL_OK;
			return -1;
		} else {
			(void)ctl_fail("\"%s\" is not understood; see: benchctl --help", argv[i]);
			return -1;
		}
	}
	if (!text_copy(c->state, sizeof(c->state), state && *state ? state : "/var/lib/benchd")) {
		(void)ctl_fail("the state folder's name is too long");
		return -1;
	}
	if (i < argc)
		return i;
	ctl_said("name a command; see: benchctl --help");
	print_usage(stderr, NULL);
	return -1;
}

/* --json may stand anywhere. */
static int take_json(struct ctl *c, int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else
			argv[n++] = argv[i];
	}
	return n;
}

static bool has_written;

static ssize_t write_out(void *cookie, const char *p, size_t n)
{
	size_t done = 0;

	(void)cookie;
	has_written = true;
	while (done < n) {
		ssize_t k = write(STDOUT_FILENO, p + done, n - done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return 0;
		done += (size_t)k;
	}
	return (ssize_t)n;
}

/* A command with --json that ends without a document leaves a problem in its place: so it is told
 * whether anything went to stdout. */
static bool watch_stdout(void)
{
	FILE *fp = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_out});

	if (!fp)
		return false;
	stdout = fp;
	return true;
}

static int unknown(const char *group, const char *name)
{
	const char *names[64], *near;
	bool known = false;
	size_t n = 0;

	for (const struct ctl_command *k = ctl_commands; k->group && n < 64; k++) {
		bool same = strcmp(k->group, group) == 0;

		known = known || same;
		if (name && same)
			names[n++] = k->name;
		else if (!name)
			names[n++] = k->group;
	}
	near = text_nearest(name ? name : group, names, n);
	(void)ctl_fail("\"%s%s%s\" is no command%s%s%s%s%s; see: benchctl --help", group,
		       name ? " " : "", name ? name : "", near ? "; did you mean \"" : "",
		       near && name ? group : "", near && name ? " " : "", near ? near : "",
		       near ? "\"?" : "");
	return CTL_USAGE;
}

static bool group_exists(const char *group)
{
	for (const struct ctl_command *k = ctl_commands; k->group; k++)
		if (strcmp(k->group, group) == 0)
			return true;
	return false;
}

static int dispatch(struct ctl *c, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (const struct ctl_command *k = ctl_commands; k->group; k++) {
		if (strcmp(k->group, argv[0]) != 0)
			continue;
		if (!k->name[0])
			return k->run(c, k, argc - 1, argv + 1);
		if (strcmp(k->name, name) == 0)
			return k->run(c, k, argc - 2, argv + 2);
	}
	if (!group_exists(argv[0]))
		return unknown(argv[0], NULL);
	ctl_said("name what to do; see: benchctl --help");
	if (!name[0] || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_usage(name[0] ? stdout : stderr, argv[0]);
		return name[0] ? CTL_OK : CTL_USAGE;
	}
	return unknown(argv[0], name);
}

/* "help ticket add" is "ticket add --help". */
static int help(struct ctl *c, int argc, char **argv)
{
	static char option[] = "--help";

	if (argc == 1 || argv[1][0] == '-') {
		print_usage(stdout, NULL);
		return CTL_OK;
	}
	memmove(argv, argv + 1, (size_t)(argc - 1) * sizeof(argv[0]));
	argv[argc - 1] = option;
	return dispatch(c, argc, argv);
}

static int run(struct ctl *c, int argc, char **argv)
{
	int code, at = read_globals(c, argc, argv, &code);

	if (at < 0)
		return code;
	if (strcmp(argv[at], "help") == 0)
		return help(c, argc - at, argv + at);
	return dispatch(c, argc - at, argv + at);
}

int main(int argc, char **argv)
{
	struct ctl c = {.json = false};
	bool lost;
	int code;

	c.zh = language_is_zh();
	c.utf8 = language_is_utf8();
	measure_terminal(&c);
	ctl_speak_as(&c);
	argc = take_json(&c, argc, argv);
	if (c.json && !watch_stdout())
		return CTL_NO_STATION;
	code = run(&c, argc, argv);
	lost = fflush(stdout) || ferror(stdout);
	if (c.json && code && !has_written)
		ctl_put_problem(code);
	ctl_close(&c);
	if (!lost && !fflush(stdout))
		return code;
	(void)ctl_fail("stdout: %s", strerror(errno));
	return CTL_NO_STATION;
}
