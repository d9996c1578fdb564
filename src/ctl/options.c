/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/ctl.h"

static void full_name(const struct ctl_command *cmd, char *dst, size_t size)
{
	(void)snprintf(dst, size, "benchctl %s%s%s", cmd->group, cmd->name[0] ? " " : "",
		       cmd->name);
}

static void json_help(const struct ctl_command *cmd, const struct ctl_option *options,
		      const char *name)
{
	struct text out = {0}, usage = {0};
	struct json j;

	text_printf(&usage, "%s%s%s", name, cmd->args[0] ? " " : "", cmd->args);
	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "usage", usage.buf);
	json_kv_string(&j, "help", cmd->help);
	json_key(&j, "options");
	json_open_array(&j);
	for (const struct ctl_option *o = options; o->name; o++) {
		json_open_object(&j);
		json_kv_string(&j, "name", o->name);
		json_kv_string(&j, "value", o->value_name);
		json_kv_string(&j, "help", o->help);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	(void)puts(out.buf);
	text_release(&out);
	text_release(&usage);
}

static void print_help(const struct ctl_command *cmd, const struct ctl_option *options)
{
	struct table t;
	struct text out = {0};
	char name[64], left[96];

	full_name(cmd, name, sizeof(name));
	if (ctl_wants_json()) {
		json_help(cmd, options, name);
		return;
	}
	text_printf(&out, "usage: %s%s%s\n%s\n", name, cmd->args[0] ? " " : "", cmd->args,
		    cmd->help);
	table_init(&t, 2, 0);
	for (const struct ctl_option *o = options; o->name; o++) {
		const char *row[] = {left, o->help};

		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value_name ? " " : "",
			       o->value_name ? o->value_name : "");
		table_row(&t, row);
	}
	table_print(&t, "  ", &out);
	table_release(&t);
	text_puts(&out, "Before the command: --state DIR, --json; see benchctl --help\n");
	(void)fputs(out.buf, stdout);
	text_release(&out);
}

int ctl_usage(const struct ctl_command *cmd, const char *fmt, ...)
{
	char name[64], text[512];
	va_list ap;

	full_name(cmd, name, sizeof(name));
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_said(text);
	(void)fprintf(stderr, "%s: %s\nusage: %s%s%s\n", name, text, name, cmd->args[0] ? " " : "",
		      cmd->args);
	return CTL_USAGE;
}

static const struct ctl_option *find_option(const struct ctl_option *options, const char *word,
					    size_t n)
{
	for (const struct ctl_option *o = options; o->name; o++)
		if (strlen(o->name) == n && strncmp(o->name, word, n) == 0)
			return o;
	return NULL;
}

static void unknown_option(const struct ctl_command *cmd, const struct ctl_option *options,
			   const char *word)
{
	const char *names[32], *near;
	size_t n = 0;

	for (const struct ctl_option *o = options; o->name && n < 32; o++)
		names[n++] = o->name;
	near = text_nearest(word, names, n);
	if (near)
		(void)ctl_usage(cmd, "--%s is unknown; did you mean --%s?", word, near);
	else
		(void)ctl_usage(cmd, "--%s is unknown; see --help", word);
}

/* One option at argv[*i]; 0, or -1 told. *seen: a bit for each that came before. */
static int take_option(const struct ctl_command *cmd, const struct ctl_option *options, int argc,
		       char **argv, int *i, uint64_t *seen)
{
	const char *word = argv[*i] + 2, *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct ctl_option *o = find_option(options, word, n);

	if (!o) {
		unknown_option(cmd, options, word);
		return -1;
	}
	if (*seen >> (o - options) & 1) {
		(void)ctl_usage(cmd, "--%s is given twice; give it once", o->name);
		return -1;
	}
	*seen |= UINT64_C(1) << (o - options);
	if (!o->value_name) {
		if (equals) {
			(void)ctl_usage(cmd, "--%s takes no value", o->name);
			return -1;
		}
		*o->flag = true;
		return 0;
	}
	if (equals) {
		*o->value = equals + 1;
		return 0;
	}
	if (*i + 1 >= argc) {
		(void)ctl_usage(cmd, "--%s needs %s", o->name, o->value_name);
		return -1;
	}
	*o->value = argv[++*i];
	return 0;
}

/* Which word is missing: the n-th of the usage that is no option and not in brackets. */
static void tell_missing(const struct ctl_command *cmd, int n)
{
	const char *s = cmd->args;

	while (*s) {
		size_t len = strcspn(s, " ");

		if (*s == '[' || *s == '(') {
			len = strcspn(s, *s == '[' ? "]" : ")");
			len += s[len] != '\0';
		} else if (strncmp(s, "--", 2) == 0) {
			len += strspn(s + len, " ");
			len += strcspn(s + len, " "); /* and its value */
		} else if (n-- == 0) {
			(void)ctl_usage(cmd, "%.*s is missing", (int)len, s);
			return;
		}
		s += len;
		s += strspn(s, " ");
	}
	(void)ctl_usage(cmd, "a word is missing");
}

int ctl_parse(const struct ctl_command *cmd, const struct ctl_option *options, int argc,
	      char **argv, const char *words[CTL_ARGS_MAX], int min_words, int max_words, int *code)
{
	bool only_words = false;
	uint64_t seen = 0;
	int n = 0;

	*code = CTL_USAGE;
	for (int i = 0; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words &&
			   (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			print_help(cmd, options);
			*code = CTL_OK;
			return -1;
		} else if (!only_words && strncmp(argv[i], "--", 2) == 0) {
			if (take_option(cmd, options, argc, argv, &i, &seen))
				return -1;
		} else if (n == max_words || n == CTL_ARGS_MAX) {
			(void)ctl_usage(cmd, "\"%s\" is one word too many", argv[i]);
			return -1;
		} else {
			words[n++] = argv[i];
		}
	}
	if (n >= min_words)
		return n;
	tell_missing(cmd, n);
	return -1;
}

bool ctl_number(const struct ctl_command *cmd, const char *name, const char *text, int64_t lo,
		int64_t hi, int64_t *out)
{
	int64_t v;

	if (!text)
		return true;
	if (text_to_int64(text, strlen(text), &v) && v >= lo && v <= hi) {
		*out = v;
		return true;
	}
	(void)ctl_usage(cmd, "--%s takes a whole number from %lld to %lld, not \"%s\"", name,
			(long long)lo, (long long)hi, text);
	return false;
}
