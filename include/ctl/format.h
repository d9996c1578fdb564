/* SPDX-License-Identifier: MIT
 *
 * Text for terminals: columns counted as a terminal gives them (CJK characters take two),
 * tables, bars. Pure.
 */
#ifndef CTL_FORMAT_H
#define CTL_FORMAT_H

#include <stdbool.h>
#include "base/text.h"

/* Columns of s; escape sequences are not known here. */
int format_columns(const char *s);
/* s in exactly `width` columns: cut (with "~" as its last column) or filled with blanks. */
void format_cell(struct text *out, const char *s, int width, bool right);
/* [#####.....]: fraction 0..1 in width columns in all; UTF-8 blocks or ASCII. */
void format_bar(struct text *out, double fraction, int width, bool utf8);
/* "4:05", "1:02:03"; "-" when unknown. */
void format_duration(struct text *out, double seconds);
/* About 4 significant digits, never an exponent below 1e9; "-" for NAN. */
void format_number(struct text *out, double v);
/* A live reading with as many decimals as its unit deserves, so that digits stand still: "0.250";
 * "-" for NAN. */
void format_reading(struct text *out, double v, const char *unit);
/* s and a line end; broken at blanks so that no line is wider than `width` where that can be,
 * further lines behind `indent` blanks. width 0: never broken. */
void format_wrapped(struct text *out, const char *s, int width, int indent);

/* Lines of text, for panels side by side. */
enum { LINES_MAX = 40 };
struct lines {
	struct text at[LINES_MAX];
	int count;
};
struct text *lines_add(struct lines *l); /* the new last one; the same again when full */
void lines_release(struct lines *l);
/* Two panels beside each other, each `width` columns, "  " between. */
void format_side_by_side(struct text *out, const struct lines *a, const struct lines *b, int width);

/* A table: add rows of `columns` cells, then print; each column as wide as its widest cell. */
enum { TABLE_COLUMNS_MAX = 8, TABLE_ROWS_MAX = 2000 };
struct table {
	int columns;
	unsigned right;	 /* bit per column aligned to the right */
	unsigned hidden; /* bit per column that is not printed; 0 after table_init */
	char **cells;
	int rows;
};
void table_init(struct table *t, int columns, unsigned right);
/* columns strings, copied; NULL counts as "". */
void table_row(struct table *t, const char *const *cells);
void table_print(const struct table *t, const char *indent, struct text *out);
/* Columns of its widest line, without an indent. */
int table_width(const struct table *t);
void table_release(struct table *t);

#endif
