/* SPDX-License-Identifier: MIT
 *
 * struct problems of base/error.h: collected while files are read, printed
 * all at once.
 */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Widest piece of a line shown around the caret, in columns of the terminal. */
enum { EXCERPT_COLUMNS = 100, EXCERPT_BEFORE = 70, EXCERPT_BYTES = 4096 };

static char *first_line(const char *s, size_t n)
{
	size_t len = 0;
	char *copy;

	while (len < n && len < EXCERPT_BYTES && s[len] != '\r' && s[len] != '\n')
		len++;
	copy = xcalloc(len + 1, 1);
	memcpy(copy, s, len);
	return copy;
}

/* The same mistake met twice, as a name that is used twice in one text. */
static bool is_told(const struct problems *p, const char *file, int line, int col, const char *text)
{
	for (int i = 0; i < p->count && line > 0; i++)
		if (p->at[i].line == line && p->at[i].col == col && !strcmp(p->at[i].text, text) &&
		    !strcmp(p->at[i].file, file ? file : ""))
			return true;
	return false;
}

void problems_add(struct problems *p, const char *file, int line, int col, const char *excerpt,
		  const char *fmt, ...)
{
	struct problem *at;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	text_make_line(text);
	if (is_told(p, file, line, col, text))
		return;
	if (p->count == PROBLEMS_MAX) {
		p->dropped++;
		return;
	}
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 8;
		p->at = xrealloc(p->at, (size_t)p->cap * sizeof(*p->at));
	}
	at = &p->at[p->count++];
	at->file = xstrdup(file ? file : "");
	at->line = line;
	at->col = col;
	at->text = xstrdup(text);
	at->excerpt = excerpt ? first_line(excerpt, strlen(excerpt)) : NULL;
}

/* The name as a word of its own: a file may be called "e". */
static const char *find_name(const char *text, const char *file)
{
	size_t n = strlen(file);

	for (const char *at = text; n && (at = strstr(at, file)); at++)
		if ((at == text || at[-1] == ' ') && strchr(" :", at[n])) /* or its end */
			return at;
	return NULL;
}

void problems_add_file(struct problems *p, const char *file, const struct error *err)
{
	const char *at = find_name(err->text, file);
	int before = at ? (int)(at - err->text) : 0;
	const char *rest = at ? at + strlen(file) : err->text;

	if (before && err->text[before - 1] == ' ')
		before--;
	else if (at && *rest == ' ')
		rest++;
	problems_add(p, file, 0, 0, NULL, "%.*s%s", before, err->text, rest);
}

void problems_quote(struct problems *p, const char *file, const char *bytes, size_t n)
{
	for (int i = 0; i < p->count; i++) {
		struct problem *at = &p->at[i];
		const char *s = bytes, *end = bytes + n;

		if (at->excerpt || at->line <= 0 || strcmp(at->file, file) != 0)
			continue;
		for (int line = 1; line < at->line && s; line++) {
			s = memchr(s, '\n', (size_t)(end - s));
			s = s ? s + 1 : NULL;
		}
		if (s)
			at->excerpt = first_line(s, (size_t)(end - s));
	}
}

static int compare(const struct problem *a, const struct problem *b)
{
	int d = strcmp(a->file, b->file);

	if (d)
		return d;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->col != b->col)
		return a->col < b->col ? -1 : 1;
	return 0;
}

/* Insertion sort: at most PROBLEMS_MAX, nearly sorted already, and it keeps the
 * order of what was found at one place. */
static void sort(struct problems *p)
{
	for (int i = 1; i < p->count; i++) {
		struct problem moving = p->at[i];
		int k = i;

		for (; k > 0 && compare(&p->at[k - 1], &moving) > 0; k--)
			p->at[k] = p->at[k - 1];
		p->at[k] = moving;
	}
}

/* One character of the excerpt, as it is printed. */
struct glyph {
	const char *s;
	size_t bytes;
	int columns;
};

static struct glyph glyph_at(const char *s)
{
	uint32_t c;
	size_t n = text_char(s, strlen(s), &c);
	struct glyph g = {s, n, text_columns(c)};

	if (n == 0) /* no UTF-8 */
		return (struct glyph){"?", 1, 1};
	if (c == '\t')
		g.columns = 8;
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return (struct glyph){"?", 1, 1};
	return g;
}

/* Bytes of the excerpt that glyph_at consumed at s. */
static size_t step(const char *s)
{
	uint32_t c;
	size_t n = text_char(s, strlen(s), &c);

	return n ? n : 1;
}

/* First byte to show, so that the caret at byte mark stays within the width. */
static size_t first_shown(const char *s, size_t mark)
{
	size_t from = 0;
	int columns = 0;

	for (size_t i = 0; i < mark && s[i]; i += step(s + i))
		columns += glyph_at(s + i).columns;
	while (columns > EXCERPT_BEFORE && s[from]) {
		columns -= glyph_at(s + from).columns;
		from += step(s + from);
	}
	return from;
}

static void print_excerpt(const struct problem *at, FILE *fp)
{
	const char *s = at->excerpt;
	size_t mark = at->col > 0 ? (size_t)at->col - 1 : 0;
	size_t from = first_shown(s, mark);
	const char *dots = from ? "..." : "";
	int columns = 0;
	size_t i;

	fprintf(fp, "    %s", dots);
	for (i = from; s[i] && columns < EXCERPT_COLUMNS; i += step(s + i)) {
		struct glyph g = glyph_at(s + i);

		columns += g.columns;
		fwrite(g.s, 1, g.bytes, fp);
	}
	fprintf(fp, "%s\n", s[i] ? "..." : "");
	if (at->col <= 0)
		return;
	fprintf(fp, "    %*s", (int)strlen(dots), "");
	for (i = from; i < mark && s[i]; i += step(s + i)) {
		if (s[i] == '\t')
			fputc('\t', fp);
		else
			fprintf(fp, "%*s", glyph_at(s + i).columns, "");
	}
	fputs("^\n", fp);
}

/* The column in characters of a byte column. */
static int column_of(const struct problem *at)
{
	size_t mark = (size_t)at->col - 1;
	size_t i = 0;
	int col = 1;

	if (!at->excerpt)
		return at->col;
	while (i < mark && at->excerpt[i]) {
		i += step(at->excerpt + i);
		col++;
	}
	return col;
}

void problems_print(struct problems *p, FILE *fp)
{
	sort(p);
	for (int i = 0; i < p->count; i++) {
		const struct problem *at = &p->at[i];

		if (at->line > 0 && at->col > 0)
			fprintf(fp, "%s:%d:%d: %s\n", at->file, at->line, column_of(at), at->text);
		else if (at->line > 0)
			fprintf(fp, "%s:%d: %s\n", at->file, at->line, at->text);
		else
			fprintf(fp, "%s: %s\n", at->file, at->text);
		if (at->excerpt)
			print_excerpt(at, fp);
	}
	if (p->dropped)
		fprintf(fp, "%d more not shown\n", p->dropped);
}

void problems_release(struct problems *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->count; i++) {
		free(p->at[i].file);
		free(p->at[i].text);
		free(p->at[i].excerpt);
	}
	free(p->at);
	*p = (struct problems){0};
}
