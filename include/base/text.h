/* SPDX-License-Identifier: MIT
 *
 * Bounded text building, UTF-8 checks, hex, did-you-mean. No locale anywhere:
 * numbers are always written and read with a point.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing buffer. Zero it to start (struct text t = {0}); buf is NUL
 * terminated whenever it is not NULL. Grows up to max bytes (0: 64 MiB); past that
 * the text is cut and overflow set. */
struct text {
	char *buf;
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};
void text_add(struct text *t, const char *s, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_clear(struct text *t);
void text_release(struct text *t);

/* Copy src into dst[size], cut at a character boundary; true when all of it fitted. */
bool text_copy(char *dst, size_t size, const char *src);
/* Valid UTF-8 without NUL and control characters other than those in allow ("" for none)? */
bool text_is_clean(const char *s, size_t n, const char *allow);
bool text_is_utf8(const char *s, size_t n);
/* Bytes of the UTF-8 character at s[0..n), its code point to *c; 0 if it is none (or n is 0). */
size_t text_char(const char *s, size_t n, uint32_t *c);
/* Columns a terminal gives to a character: 2 for wide (CJK), 0 for combining, else 1. */
int text_columns(uint32_t c);
/* Make s one clean line in place: control characters and bytes that are no UTF-8 become '?',
 * line ends and tabs spaces; a character cut in two at the end goes. */
void text_make_line(char *s);
/* Identifier of files, records and API: [a-z][a-z0-9_]*, at most 63 bytes. */
bool text_is_name(const char *s);
/* A day that the calendar has: "2026-02-29" is none. */
bool text_is_day(const char *s);
/* The name of list[n] nearest to s (typing errors and wrong case), NULL if none is near. */
const char *text_nearest(const char *s, const char *const *list, size_t n);
/* Lower-case hex, dst needs 2n+1 bytes. */
void text_hex(char *dst, const uint8_t *p, size_t n);
/* Bytes of the decimal number s begins with: -1.5e-3; no '+', blanks, hex, inf, nan. 0 if none. */
size_t text_number_span(const char *s, size_t n);
/* The number that is the whole of s; false on anything left over, NaN or infinity. */
bool text_to_double(const char *s, size_t n, double *out);
bool text_to_int64(const char *s, size_t n, int64_t *out);
/* Round to 9 significant decimal digits: the value judged, stored and compared. */
double text_round9(double v);
/* Shortest text of a text_round9 value, %.9g in the C locale, without -0. dst needs 32 bytes. */
char *text_from_double(char *dst, size_t size, double v);
/* RFC 3339 UTC with microseconds, "2026-01-31T08:00:00.000000Z"; dst needs 32 bytes. */
char *text_from_utc_us(char *dst, size_t size, int64_t utc_us);
/* Back again; false for any other form. */
bool text_to_utc_us(const char *s, int64_t *out);
/* Random UUID version 4 as 36 characters and NUL. */
void text_uuid(char dst[37]);
/* SHA-256 of n bytes. */
void text_sha256(uint8_t out[32], const void *p, size_t n);
/* Whole file into *out (xcalloc'ed, NUL appended, caller frees) of at most max bytes. */
struct error;
int text_read_file(const char *path, size_t max, char **out, size_t *n, struct error *err);
/* All of it, to where fd stands; ERR_IO. */
int text_write(const struct text *t, int fd, struct error *err);

#endif
