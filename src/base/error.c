/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const char *const names[] = {
	[-ERR_USAGE] = "usage",	  [-ERR_CONFIG] = "config",	[-ERR_NOT_FOUND] = "not_found",
	[-ERR_EXISTS] = "exists", [-ERR_STATE] = "state",	[-ERR_RANGE] = "range",
	[-ERR_TYPE] = "type",	  [-ERR_SYNTAX] = "syntax",	[-ERR_LIMIT] = "limit",
	[-ERR_IO] = "io",	  [-ERR_TIMEOUT] = "timeout",	[-ERR_PROTOCOL] = "protocol",
	[-ERR_BUSY] = "busy",	  [-ERR_DEVICE] = "device",	[-ERR_STORE] = "store",
	[-ERR_DENIED] = "denied", [-ERR_CONFLICT] = "conflict", [-ERR_NOMEM] = "nomem",
	[-ERR_CLOSED] = "closed",
};

const char *error_name(int code)
{
	int last = (int)(sizeof(names) / sizeof(names[0])) - 1;

	if (code >= 0 || code < -last || !names[-code])
		return "unknown";
	return names[-code];
}

int error_setv(struct error *err, int code, const char *fmt, va_list ap)
{
	char line[1024];

	if (!err)
		return code;
	/* Through a buffer of our own: err->text may be one of the arguments. */
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	text_make_line(line);
	err->code = code;
	text_copy(err->text, sizeof(err->text), line);
	return code;
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_setv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int error_errno(struct error *err, const char *fmt, ...)
{
	int number = errno;
	const char *what = strerrordesc_np(number);
	const char *name = strerrorname_np(number);
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	va_end(ap);
	error_set(err, ERR_IO, "%.230s: %s (%s)", line, what ? what : "unknown error",
		  name ? name : "?");
	errno = number;
	return ERR_IO;
}

static _Atomic(void (*)(void)) the_hook;
static atomic_flag hook_ran = ATOMIC_FLAG_INIT;

void panic_hook(void (*hook)(void))
{
	atomic_store(&the_hook, hook);
}

void panic(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	/* Once, even when the hook itself panics or two threads do. */
	if (!atomic_flag_test_and_set(&hook_ran)) {
		void (*hook)(void) = atomic_load(&the_hook);

		if (hook)
			hook();
	}
	n = snprintf(line, sizeof(line), "%spanic: ", isatty(STDERR_FILENO) ? "" : "<0>");
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	text_make_line(line);
	n = (int)strlen(line);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		errno = 0;
	abort();
}

void *xcalloc(unsigned long n, unsigned long size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		panic("out of memory: %lu * %lu bytes", n, size);
	return p;
}

void *xrealloc(void *p, unsigned long size)
{
	void *q = realloc(p, size ? size : 1);

	if (!q)
		panic("out of memory: %lu bytes", size);
	return q;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		panic("out of memory: %zu bytes", strlen(s));
	return p;
}
