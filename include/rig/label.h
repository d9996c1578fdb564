/* SPDX-License-Identifier: MIT
 *
 * A label for a ZPL printer: one job of text lines and a QR code, and what the printer says of
 * itself. Pure.
 *
 * What comes from outside (serials, names) is data, never ZPL: every byte of a field that is not a
 * plain letter, digit, blank, '.', ',', '-', '/' or ':' is sent in hex (^FH), so that no '^' or '~'
 * of a field is ever a command.
 */
#ifndef RIG_LABEL_H
#define RIG_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/text.h"

enum { LABEL_LINES_MAX = 8, LABEL_FIELD_MAX = 120 };

struct label {
	const char *lines[LABEL_LINES_MAX]; /* UTF-8, from the top; at most LABEL_FIELD_MAX bytes */
	int line_count;
	const char *qr; /* NULL: none */
	int copies;	/* 1..20 */
};
/* The job, appended to out. ERR_RANGE: too many or too long fields, not UTF-8, or nothing to
 * print. */
int label_zpl(const struct label *l, struct text *out, struct error *err);

struct label_state {
	bool paper_out, paused, head_open, ribbon_out, busy;
	int waiting; /* labels still to come */
};
/* Asks for the state: "~HS". */
extern const char label_ask[];
/* Of the three lines <STX>...<ETX> that answer it; false: no whole answer yet, or none. */
bool label_read_state(const char *bytes, size_t n, struct label_state *out);
/* "ready", or what is in the way. */
const char *label_state_text(const struct label_state *s);

#endif
