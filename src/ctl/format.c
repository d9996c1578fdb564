/* SPDX-License-Identifier: MIT */
#include "ctl/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* One character at s: its bytes and columns. What is no UTF-8 counts as one column. */
static size_t step(const char *s, int *columns)
{
	uint32_t c = 0;
	size_t n = text_char(s, strlen(s), &c);

	*columns = n ? text_columns(c) : 1;
	return n ? n : 1;
}

static int columns_of(const char *s, size_t n)
{
	const char *end = s + n;
	int all = 0, columns;

	while (s < end) {
		s += step(s, &columns);
		all += columns;
	}
	return all;
}

int format_columns(const char *s)
{
	return columns_of(s, strlen(s));
}

static void blanks(struct text *out, int n)
{
	for (; n > 0; n--)
		text_add(out, " ", 1);
}

void format_cell(struct text *out, const char *s, int width, bool right)
{
	int all = format_columns(s), used = 0, columns;

	if (width <= 0)
		return;
	if (all <= width) {
		blanks(out, right ? width - all : 0);
		text_puts(out, s);
		blanks(out, right ? 0 : width - all);
		return;
	}
	for (;;) {
		size_t n = step(s, &columns);

		if (used + columns > width - 1)
			break;
		text_add(out, s, n);
		used += columns;
		s += n;
	}
	text_add(out, "~", 1);
	blanks(out, width - used - 1); /* a wide character did not fit in half */
}

void format_bar(struct text *out, double fraction, int width, bool utf8)
{
	int inner = width - 2, full;

	if (inner < 1)
		return;
	if (!(fraction > 0))
		fraction = 0;
	full = fraction >= 1 ? inner : (int)(fraction * inner);
	text_add(out, "[", 1);
	for (int i = 0; i < inner; i++) {
		if (i < full)
			text_puts(out, utf8 ? "\xe2\x96\x88" : "#");
		else
			text_puts(out, utf8 ? "\xe2\x96\x91" : ".");
	}
	text_add(out, "]", 1);
}

void format_duration(struct text *out, double seconds)
{
	long s;

	if (!(seconds >= 0) || seconds > 1e9) {
		text_puts(out, "-");
		return;
	}
	s = (long)(seconds + 0.5);
	if (s >= 3600)
		text_printf(out, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		text_printf(out, "%ld:%02ld", s / 60, s % 60);
}

void format_number(struct text *out, double v)
{
	char buf[64];
	int decimals = 3;
	double a = fabs(v);

	if (!isfinite(v)) {
		text_puts(out, "-");
		return;
	}
	if (a >= 1e9) {
		text_printf(out, "%.4g", v);
		return;
	}
	for (double limit = 10; decimals > 0 && a >= limit; limit *= 10)
		decimals--;
	if (a > 0 && a < 0.1)
		decimals = a < 0.01 ? 5 : 4;
	(void)snprintf(buf, sizeof(buf), "%.*f", decimals, v);
	if (strchr(buf, '.')) {
		size_t n = strlen(buf);

		while (buf[n - 1] == '0')
			buf[--n] = '\0';
		if (buf[n - 1] == '.')
			buf[n - 1] = '\0';
	}
	text_puts(out, strcmp(buf, "-0") == 0 ? "0" : buf);
}

static int decimals_of(double v, const char *unit)
{
	static const struct {
		const char *unit;
		int decimals;
	} known[] = {{"MPa", 3}, {"L/min", 2}, {"A", 2}, {"W", 1}, {"V", 1}, {"Hz", 1}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].unit, unit) == 0)
			return known[i].decimals;
	return fabs(v) >= 100 ? 0 : 1;
}

void format_reading(struct text *out, double v, const char *unit)
{
	char buf[64];
	const char *digits = buf;

	if (!isfinite(v) || fabs(v) >= 1e9) {
		format_number(out, v);
		return;
	}
	(void)snprintf(buf, sizeof(buf), "%.*f", decimals_of(v, unit), v);
	if (buf[0] == '-' && strspn(buf + 1, "0.") == strlen(buf + 1))
		digits++; /* no -0.000 */
	text_puts(out, digits);
}

void format_wrapped(struct text *out, const char *s, int width, int indent)
{
	int used = 0;

	while (*s) { /* blanks and the word behind them at a time */
		size_t gap = strspn(s, " "), n = strcspn(s + gap, " ");
		int columns = columns_of(s + gap, n);

		if (width > 0 && used > indent && used + (int)gap + columns > width) {
			text_puts(out, "\n");
			blanks(out, indent);
			used = indent;
		} else {
			blanks(out, (int)gap);
			used += (int)gap;
		}
		text_add(out, s + gap, n);
		used += columns;
		s += gap + n;
	}
	text_puts(out, "\n");
}

/* ---- lines ---- */

struct text *lines_add(struct lines *l)
{
	if (l->count < LINES_MAX)
		l->count++;
	return &l->at[l->count - 1];
}

void lines_release(struct lines *l)
{
	for (int i = 0; i < LINES_MAX; i++)
		text_release(&l->at[i]);
	l->count = 0;
}

void format_side_by_side(struct text *out, const struct lines *a, const struct lines *b, int width)
{
	int rows = a->count > b->count ? a->count : b->count;

	for (int i = 0; i < rows; i++) {
		const char *left = i < a->count && a->at[i].buf ? a->at[i].buf : "";
		const char *right = i < b->count && b->at[i].buf ? b->at[i].buf : "";

		format_cell(out, left, width, false);
		text_puts(out, "  ");
		format_cell(out, right, width, false);
		text_puts(out, "\n");
	}
}

/* ---- tables ---- */

void table_init(struct table *t, int columns, unsigned right)
{
	*t = (struct table){.columns = columns, .right = right};
}

void table_row(struct table *t, const char *const *cells)
{
	if (t->rows == TABLE_ROWS_MAX)
		return;
	t->cells = xrealloc(t->cells, (size_t)(t->rows + 1) * (size_t)t->columns * sizeof(char *));
	for (int i = 0; i < t->columns; i++)
		t->cells[t->rows * t->columns + i] = xstrdup(cells[i] ? cells[i] : "");
	t->rows++;
}

static void table_widths(const struct table *t, int width[TABLE_COLUMNS_MAX])
{
	for (int i = 0; i < t->columns; i++)
		width[i] = 0;
	for (int i = 0; i < t->rows * t->columns; i++) {
		int n = format_columns(t->cells[i]);

		if (n > width[i % t->columns])
			width[i % t->columns] = n;
	}
}

/* Does a cell of this row to the right of column i say anything? */
static bool says_more(const struct table *t, char **cells, int i)
{
	for (i++; i < t->columns; i++)
		if (cells[i][0] && !(t->hidden & 1u << i))
			return true;
	return false;
}

void table_print(const struct table *t, const char *indent, struct text *out)
{
	int width[TABLE_COLUMNS_MAX];

	table_widths(t, width);
	for (int row = 0; row < t->rows; row++) {
		char **cells = &t->cells[row * t->columns];
		bool more = true;

		text_puts(out, indent);
		for (int i = 0; i < t->columns && more; i++) {
			if (t->hidden & 1u << i)
				continue;
			more = says_more(t, cells, i);
			if (more || t->right & 1u << i)
				format_cell(out, cells[i], width[i], t->right & 1u << i);
			else
				text_puts(out, cells[i]); /* no blanks at a line's end */
			text_puts(out, more ? "  " : "");
		}
		text_puts(out, "\n");
	}
}

int table_width(const struct table *t)
{
	int width[TABLE_COLUMNS_MAX], all = -2;

	table_widths(t, width);
	for (int i = 0; i < t->columns; i++)
		if (!(t->hidden & 1u << i))
			all += width[i] + 2;
	return all < 0 ? 0 : all;
}

void table_release(struct table *t)
{
	for (int i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
