/* SPDX-License-Identifier: MIT
 *
 * CSV as RFC 4180 has it (CRLF, quotes doubled), with a UTF-8 byte order mark for spreadsheets. A text
 * that a spreadsheet would take for a formula (= + - @, their full-width forms, tab or carriage
 * return in front, also behind blanks or quotes) gets an apostrophe before it; numbers are written as
 * numbers.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"

struct csv {
	struct text *out;
	bool has; /* the row has a cell */
};
void csv_init(struct csv *c, struct text *out); /* writes the mark */
void csv_text(struct csv *c, const char *s);	/* NULL: an empty cell */
void csv_number(struct csv *c, double v);	/* not finite: an empty cell */
void csv_int(struct csv *c, int64_t v);
void csv_bool(struct csv *c, bool v); /* true, false */
void csv_end_row(struct csv *c);

#endif
