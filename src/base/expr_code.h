/* SPDX-License-Identifier: MIT
 *
 * The postfix program that expr_parse.c writes and expr_eval.c runs.
 */
#ifndef BASE_EXPR_CODE_H
#define BASE_EXPR_CODE_H

#include "base/expr.h"

enum expr_op {
	OP_NUMBER = 1, /* push number; conditions are 1 and 0 */
	OP_VALUE,      /* push (ref, stat) */
	OP_STATE,      /* push (ref, stat), which is 0 or 1 or else unknown */
	/* one operand */
	OP_NEGATE,
	OP_NOT,
	OP_ABS,
	OP_SQRT,
	OP_EXP,
	OP_LN,
	OP_POWER, /* number: the exponent, 1..4 */
	/* two operands */
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_EQUAL,
	OP_AND,
	OP_OR,
	OP_MIN2,
	OP_MAX2,
	/* three operands */
	OP_TCF,
};

struct expr_code {
	uint8_t op;   /* enum expr_op */
	uint8_t stat; /* enum expr_stat */
	uint16_t ref;
	uint16_t at; /* byte of the text it stands at, from 0 */
	double number;
};

/* Bounds of a program; a text of EXPR_TEXT_MAX bytes cannot hold more code. */
enum { EXPR_CODE_MAX = EXPR_TEXT_MAX + 8, EXPR_STACK_MAX = 64 };

struct expr {
	char *text;
	struct expr_code *code;
	int count;
	enum expr_kelvin kelvin;
	bool is_bare, adds_bare;
};

/* -1, 0, 1 as a is below, equal to, above b when both have 9 significant digits. */
int expr_compare(double a, double b);

#endif
