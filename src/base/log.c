/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static char program_name[32] = "";
static atomic_int level_max = LOG_LEVEL_INFO;

void log_init(const char *program, enum log_level max)
{
	text_copy(program_name, sizeof(program_name), program);
	atomic_store(&level_max, (int)max);
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
	char line[1400];
	int saved = errno;
	size_t len;
	va_list ap;
	int n;

	if ((int)level > atomic_load_explicit(&level_max, memory_order_relaxed))
		return;
	if (isatty(STDERR_FILENO))
		n = snprintf(line, sizeof(line), "%s%s%.40s: ", program_name,
			     program_name[0] ? ": " : "", module);
	else
		n = snprintf(line, sizeof(line), "<%d>%.40s: ", (int)level, module);
	va_start(ap, fmt);
	errno = saved; /* for %m */
	(void)vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	text_make_line(line);
	len = strlen(line);
	line[len++] = '\n';
	/* One write: lines of several threads and programs do not mix. A log that
	 * cannot be written is no reason to stop. */
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
	errno = saved;
}

bool log_limit_hit(struct log_limit *l)
{
	if (l->count < UINT32_MAX)
		l->count++;
	return l->count <= 10 || l->count % 100 == 0;
}

uint32_t log_limit_clear(struct log_limit *l)
{
	uint32_t count = l->count;

	l->count = 0;
	return count;
}
