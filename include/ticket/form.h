/* SPDX-License-Identifier: MIT
 *
 * JSON bodies of the API by table: every member known and of its form, or the whole refused, each
 * mistake with its JSON pointer. What is accepted is written again in the table's order, so that
 * stored bytes never depend on how a client spelt them. Pure.
 *
 * No customer's data: members named like it (form_is_customer_data, zh and en) are refused with
 * their own code, and a note that looks as if it held a mobile number, an e-mail or a postal
 * address is held back with code confirm_personal_data until the writer says
 * "confirm_personal_data": true beside it. Ids, serials and codes are never looked at that way.
 */
#ifndef TICKET_FORM_H
#define TICKET_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include "ticket/ticket.h"

enum { FORM_BYTES_MAX = 65536 };
enum form_kind {
	FORM_TEXT = 1, /* lo..hi characters, one clean line */
	FORM_NOTE,     /* the same, lines allowed; looked through for personal data */
	FORM_ID,       /* as ticket_is_id */
	FORM_NAME,     /* [a-z][a-z0-9_]* */
	FORM_CODE,     /* of `shape`: "F99", 9 any digit */
	FORM_WORD,     /* one of words */
	FORM_BOOL,
	FORM_INT,    /* lo..hi */
	FORM_NUMBER, /* lo..hi */
	FORM_DAY,    /* "2026-11-22" */
	FORM_UTC,    /* "2026-11-22T08:00:00Z" */
	FORM_CODES, /* array of at most hi of shape, of words, or of names where neither is given */
	FORM_LIST,  /* array of at most hi objects of sub */
	FORM_NUMBERS /* array of at most hi numbers */
};
struct form_field {
	const char *name;
	enum form_kind kind;
	bool required;
	double lo, hi;
	const char *const *words; /* NULL at the end */
	const char *shape;
	const struct form_field *sub; /* name NULL at the end */
};
/* 0 with *root (the caller's to json_decref), or ERR_SYNTAX / ERR_RANGE with problems filled. A
 * member "sign" is left to the caller and is not written. */
int form_read(const struct form_field *fields, const char *json, size_t n, json_t **root,
	      struct ticket_problems *problems);
/* Members of root in the table's order, into an object that is open. Absent ones are left out. */
void form_put(struct json *j, const struct form_field *fields, const json_t *root);
/* Only "; "-joined: "/action: ...; /minutes: ...". */
void form_problems_line(const struct ticket_problems *problems, char *dst, size_t size);
void form_problem(struct ticket_problems *p, const char *pointer, const char *code,
		  const char *detail);

bool form_is_utc(const char *s);
/* Digits where the shape has 9, else its own character. */
bool form_has_shape(const char *s, const char *shape);
/* Named like a customer's data: has one of form_customer_word in it, whatever its case, and whatever
 * digits and signs stand between. */
bool form_is_customer_data(const char *member_name);
/* The i-th of the words, NULL behind the last; "tel*": begins with it. */
const char *form_customer_word(int i);
/* The first kind of personal data a text seems to hold, in whatever digits and signs it is written:
 * "mobile number", "e-mail address", "postal address"; NULL: none seen. */
const char *form_personal_data(const char *text);
/* "/" and the name as RFC 6901 wants it. */
void form_pointer(char *dst, size_t size, const char *name);

#endif
