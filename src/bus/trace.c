/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trace.h"
#include "base/text.h"

enum { TRACE_MAX_BYTES = 64 << 20 };

struct trace {
	FILE *f;
	long bytes;
};

static void describe_lines(FILE *f, const struct bus_config *c)
{
	for (int i = 0; i < c->line_count; i++)
		fprintf(f, "# line=%d mode=%d active_low=%d period_ns=%" PRId64 " name=%s\n", i,
			(int)c->lines[i].mode, c->lines[i].active_low, c->lines[i].period_ns,
			c->lines[i].line);
}

struct trace *trace_open(const char *dir, const struct fx_bus *bus, const struct bus_config *config,
			 struct error *err)
{
	char path[4096], old[4100];
	struct trace *t;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.trace", dir, bus->name);
	snprintf(old, sizeof(old), "%s.1", path);
	(void)rename(path, old);
	f = fopen(path, "we");
	if (!f) {
		error_errno(err, "trace %s", path);
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	t->f = f;
	fprintf(f,
		"# bus=%s kind=%d baud=%d parity=%c stop_bits=%d turnaround_ns=%" PRId64
		" reply_timeout_ns=%" PRId64 " extra_gap_ns=%" PRId64 "\n",
		bus->name, (int)bus->kind, bus->baud, bus->parity ? bus->parity : 'N',
		bus->stop_bits, bus->turnaround_ns, bus->reply_timeout_ns, bus->extra_gap_ns);
	describe_lines(f, config);
	return t;
}

void trace_add(struct trace *t, int64_t at_ns, char dir, const uint8_t *p, size_t n,
	       const char *note)
{
	char hex[2 * 1024 + 1] = "-";
	int added;

	if (t->bytes >= TRACE_MAX_BYTES)
		return;
	if (n > 1024)
		n = 1024;
	if (n)
		text_hex(hex, p, n);
	added = fprintf(t->f, "%" PRId64 " %c %s %s\n", at_ns, dir, hex, note ? note : "");
	t->bytes += added > 0 ? added : TRACE_MAX_BYTES;
	if (t->bytes >= TRACE_MAX_BYTES)
		fputs("# full\n", t->f);
}

void trace_flush(struct trace *t)
{
	if (t)
		fflush(t->f);
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	fclose(t->f);
	free(t);
}
