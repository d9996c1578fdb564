/* SPDX-License-Identifier: MIT
 *
 * A table on its way out, as CSV or as JSON {"rows":[{..}]}: cell after cell, row by row into a file in memory that goes
 * out as it is. One for exports and traces.
 *
 *	rc = sheet_open(&t, csv, columns, &err);
 *	sheet_text(&t, ..); sheet_int(&t, ..); ...	in the order of columns
 *	more = sheet_end_row(&t);			false: t.rc, and no more rows
 *	rc = sheet_close(&t);				t.fd, t.size are whole
 *	sheet_release(&t);				at last; the descriptor is the caller's
 */
#ifndef STATION_SHEET_H
#define STATION_SHEET_H

#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"

struct sheet {
	const char *const *columns; /* NULL at the end */
	bool csv;
	int column; /* the next cell's */
	struct text text;
	struct json json;
	struct csv table;
	int fd; /* -1 before and when it could not be opened */
	size_t size;
	int rc; /* ERR_RANGE: more than a reply takes (56 MiB) */
	struct error *err;
};
int sheet_open(struct sheet *t, bool csv, const char *const *columns, struct error *err);
void sheet_text(struct sheet *t, const char *s); /* NULL, "": empty, null */
void sheet_int(struct sheet *t, int64_t v);
void sheet_bool(struct sheet *t, bool v);
void sheet_number(struct sheet *t, double v); /* not finite: empty, null */
void sheet_time(struct sheet *t, int64_t utc_us);
void sheet_json(struct sheet *t, const char *value, size_t n); /* a JSON value, as it is */
bool sheet_end_row(struct sheet *t);
int sheet_close(struct sheet *t);
void sheet_release(struct sheet *t);

#endif
