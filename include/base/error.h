/* SPDX-License-Identifier: MIT
 *
 * Errors that a person reads: one negative code and one line of text, no heap.
 *
 * A function that can fail returns 0 or a negative enum err. Where a person
 * reads the failure it takes a struct error * last (NULL allowed) and fills it
 * through error_set. Text: no trailing stop, names the thing, says what would
 * be right. Output arguments stay untouched on failure.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/* Codes are unique and never reused; error_name gives the stable name. */
enum err {
	ERR_USAGE = -1,	    /* the caller's words are off */
	ERR_CONFIG = -2,    /* a file is wrong */
	ERR_NOT_FOUND = -3, /* the named thing does not exist */
	ERR_EXISTS = -4,    /* the named thing exists already */
	ERR_STATE = -5,	    /* not possible in this state */
	ERR_RANGE = -6,	    /* a value is outside its range */
	ERR_TYPE = -7,	    /* a value has the wrong type, unit or dimension */
	ERR_SYNTAX = -8,    /* text that cannot be parsed */
	ERR_LIMIT = -9,	    /* a bound of this program is reached */
	ERR_IO = -10,	    /* the operating system refused; text carries errno's name */
	ERR_TIMEOUT = -11,  /* no answer in time */
	ERR_PROTOCOL = -12, /* the peer sent what the protocol forbids */
	ERR_BUSY = -13,	    /* held by somebody else, named in the text */
	ERR_DEVICE = -14,   /* a device answered wrongly or not at all */
	ERR_STORE = -15,    /* the record cannot be kept */
	ERR_DENIED = -16,   /* this caller may not */
	ERR_CONFLICT = -17, /* somebody else was first */
	ERR_NOMEM = -18,    /* out of memory */
	ERR_CLOSED = -19,   /* the peer is gone */
};

struct error {
	int code;	/* 0 or enum err */
	char text[320]; /* one line, UTF-8, NUL terminated */
};

/* Fill err (NULL allowed) and return code, so that a caller can return it. */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int error_setv(struct error *err, int code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
/* As error_set with ERR_IO, ": " and the text of errno (taken at entry) appended. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Stable lower-case name of a code ("not_found"); "unknown" for others. Never NULL. */
const char *error_name(int code);

/* A list of mistakes in files: all at once, each with its place. */
struct problem {
	char *file;    /* as the user named it */
	int line;      /* from 1; 0: the whole file */
	int col;       /* from 1, in bytes; 0: the whole line */
	char *text;    /* "what is wrong; what is expected" */
	char *excerpt; /* the line itself, NULL if none */
};

struct problems {
	struct problem *at;
	int count;
	int cap;
	int dropped; /* beyond PROBLEMS_MAX, counted only */
};
enum { PROBLEMS_MAX = 200 };

void problems_add(struct problems *p, const char *file, int line, int col, const char *excerpt,
		  const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Why the file could not be read; err names it too, which is not said twice. */
void problems_add_file(struct problems *p, const char *file, const struct error *err);
/* Give those of that file that have no excerpt the line they stand in, from the file's bytes. */
void problems_quote(struct problems *p, const char *file, const char *bytes, size_t n);
/* Sort by file and place, and print each as "file:line:col: text", the line and
 * a caret (columns counted in characters) to fp, e.g. stderr. */
struct _IO_FILE;
void problems_print(struct problems *p, struct _IO_FILE *fp);
void problems_release(struct problems *p);

/* Out of memory or a bug of ours: runs the hook the main installed (outputs
 * safe first), then prints the line and aborts. Never returns. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void panic_hook(void (*hook)(void));
/* calloc/strdup/realloc that panic instead of returning NULL. */
void *xcalloc(unsigned long n, unsigned long size);
void *xrealloc(void *p, unsigned long size);
char *xstrdup(const char *s);

#endif
