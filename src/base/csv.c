/* SPDX-License-Identifier: MIT */
#include "base/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void csv_init(struct csv *c, struct text *out)
{
	c->out = out;
	c->has = false;
	text_puts(out, "\xef\xbb\xbf");
}

static void next_cell(struct csv *c)
{
	if (c->has)
		text_add(c->out, ",", 1);
	c->has = true;
}

/* Spreadsheets skip what stands here before they look for a formula. */
static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '"' || *s == '\'' || *s == '\n')
		s++;
	return s;
}

static bool is_formula(const char *s)
{
	static const char *const starts[] = {"=",  "+",	 "-",  "@",  "\t",
					     "\r", "＝", "＋", "－", "＠"};

	s = skip_blanks(s);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(s, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

void csv_text(struct csv *c, const char *s)
{
	bool quoted;

	next_cell(c);
	if (!s)
		return;
	quoted = s[strcspn(s, ",\"\r\n")] != '\0' || is_formula(s);
	if (!quoted) {
		text_puts(c->out, s);
		return;
	}
	text_add(c->out, "\"", 1);
	if (is_formula(s))
		text_add(c->out, "'", 1);
	for (; *s; s++) {
		if (*s == '"')
			text_add(c->out, "\"", 1);
		text_add(c->out, s, 1);
	}
	text_add(c->out, "\"", 1);
}

void csv_number(struct csv *c, double v)
{
	char buf[40];

	next_cell(c);
	if (isfinite(v))
		text_puts(c->out, text_from_double(buf, sizeof(buf), v));
}

void csv_int(struct csv *c, int64_t v)
{
	next_cell(c);
	text_printf(c->out, "%lld", (long long)v);
}

void csv_bool(struct csv *c, bool v)
{
	next_cell(c);
	text_puts(c->out, v ? "true" : "false");
}

void csv_end_row(struct csv *c)
{
	text_add(c->out, "\r\n", 2);
	c->has = false;
}
