/* SPDX-License-Identifier: MIT
 *
 * What expr_parse.c (operators) and expr_call.c (names) share. Every function
 * returns 0, or a negative code with the error and its place set.
 */
#ifndef BASE_EXPR_PARSER_H
#define BASE_EXPR_PARSER_H

#include "expr_code.h"
#include "expr_kind.h"
#include "expr_lex.h"

struct parser {
	const char *text;
	size_t n;
	size_t at;		 /* behind the token */
	struct expr_token token; /* the next one, not yet taken */
	const struct expr_scope *scope;
	struct expr_code *code;
	int count;
	int depth;
	int stack; /* values on the stack at this point of the program */
	struct error *err;
	size_t err_at;
};

/* The mistake stands at `at`, a place in the text. */
int parser_fail(struct parser *p, const char *at, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The token was not what should stand here. */
int parser_unexpected(struct parser *p, const char *expected);
/* Go to the next token. */
int parser_next(struct parser *p);
/* One level deeper; the way out is p->depth-- or parser_close. */
int parser_enter(struct parser *p);
int parser_close(struct parser *p);

/* Append code that takes `takes` values from the stack and leaves one. */
int parser_emit(struct parser *p, const char *at, struct expr_code c, int takes);
int parser_op(struct parser *p, const char *at, enum expr_op op, int takes);
int parser_number(struct parser *p, const char *at, double v);
/* Judge the operands by the rules of expr_kind.h and write the operator. */
int parser_unary(struct parser *p, const char *at, enum expr_op op, struct kind *k);
int parser_binary(struct parser *p, const char *at, enum expr_op op, struct kind *left,
		  const struct kind *right);

/* The lowest precedence: a whole expression, as in ( ) and between commas. */
int parse_condition(struct parser *p, struct kind *k);
/* A symbol or a call. */
int parse_name(struct parser *p, struct kind *k);

#endif
