/* SPDX-License-Identifier: MIT
 *
 * The words of an expression, one at a time.
 */
#ifndef BASE_EXPR_LEX_H
#define BASE_EXPR_LEX_H

#include "base/error.h"
#include "base/unit.h"

enum expr_token_kind {
	TOKEN_END = 0,
	TOKEN_NUMBER,
	TOKEN_NAME,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_EQUAL,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_CARET,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
};

struct expr_token {
	enum expr_token_kind kind;
	const char *s; /* in the text */
	size_t n;
	double number;		 /* as written */
	const struct unit *unit; /* of a number; "" when none is written */
};

/* The token at text[*at] to *t, and *at behind it. On a mistake *at stands at it. */
int expr_lex(const char *text, size_t n, size_t *at, struct expr_token *t, struct error *err);

#endif
