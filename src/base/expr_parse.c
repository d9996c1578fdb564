/* SPDX-License-Identifier: MIT
 *
 * Recursive descent: each function parses one level of precedence, writes its
 * code behind that of its operands and says what the result is (struct kind).
 * On a mistake it returns a negative code; err and the column are set then.
 */
#include "base/expr.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "expr_parser.h"

int parser_fail(struct parser *p, const char *at, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_setv(p->err, code, fmt, ap);
	va_end(ap);
	p->err_at = (size_t)(at - p->text);
	return code;
}

int parser_next(struct parser *p)
{
	int rc = expr_lex(p->text, p->n, &p->at, &p->token, p->err);

	if (rc < 0)
		p->err_at = p->at;
	return rc;
}

/* What was found where something else was expected. */
int parser_unexpected(struct parser *p, const char *expected)
{
	const struct expr_token *t = &p->token;

	if (t->kind == TOKEN_END)
		return parser_fail(p, t->s, ERR_SYNTAX,
				   "the expression ends too early; expected %s", expected);
	return parser_fail(p, t->s, ERR_SYNTAX, "'%.*s' stands where %s is expected",
			   (int)(t->n < 60 ? t->n : 60), t->s, expected);
}

/* Append code that takes `takes` values from the stack and leaves one. */
int parser_emit(struct parser *p, const char *at, struct expr_code c, int takes)
{
	p->stack += 1 - takes;
	if (p->stack > EXPR_STACK_MAX || p->count == EXPR_CODE_MAX)
		return parser_fail(p, at, ERR_LIMIT, "the expression is too large; split it");
	c.at = (uint16_t)(at - p->text);
	p->code[p->count++] = c;
	return 0;
}

int parser_op(struct parser *p, const char *at, enum expr_op op, int takes)
{
	return parser_emit(p, at, (struct expr_code){.op = (uint8_t)op}, takes);
}

int parser_number(struct parser *p, const char *at, double v)
{
	return parser_emit(p, at, (struct expr_code){.op = OP_NUMBER, .number = v}, 0);
}

/* Judge a pair of operands by the rules of expr_kind.h and write the operator. */
int parser_binary(struct parser *p, const char *at, enum expr_op op, struct kind *left,
		  const struct kind *right)
{
	struct error why;
	int rc = kind_binary(op, left, right, &why);

	if (rc < 0)
		return parser_fail(p, at, rc, "%s", why.text);
	return parser_op(p, at, op, 2);
}

int parser_unary(struct parser *p, const char *at, enum expr_op op, struct kind *k)
{
	struct error why;
	int rc = kind_unary(op, k, &why);

	if (rc < 0)
		return parser_fail(p, at, rc, "%s", why.text);
	return parser_op(p, at, op, 1);
}

int parser_enter(struct parser *p)
{
	if (++p->depth > EXPR_DEPTH_MAX)
		return parser_fail(p, p->token.s, ERR_LIMIT, "nested deeper than %d levels",
				   EXPR_DEPTH_MAX);
	return 0;
}

static int parse_number(struct parser *p, bool minus, struct kind *k)
{
	struct expr_token t = p->token;
	double written = minus ? -t.number : t.number;
	double si = unit_to_si(t.unit, written);
	int rc;

	if (!isfinite(si))
		return parser_fail(p, t.s, ERR_RANGE, "the number is too large");
	*k = kind_number(t.unit, si);
	rc = parser_number(p, t.s, si);
	if (rc == 0)
		rc = parser_next(p);
	if (rc == 0 && p->token.kind == TOKEN_CARET && t.unit->name[0])
		return parser_fail(
			p, p->token.s, ERR_SYNTAX,
			"'^' behind a unit is ambiguous; put the number and its unit in ( )");
	return rc;
}

int parser_close(struct parser *p)
{
	if (p->token.kind != TOKEN_CLOSE)
		return parser_unexpected(p, ")");
	p->depth--;
	return parser_next(p);
}

static int parse_primary(struct parser *p, struct kind *k)
{
	const char *at = p->token.s;
	bool truth = p->token.kind == TOKEN_TRUE;
	int rc;

	switch ((int)p->token.kind) {
	case TOKEN_NUMBER: return parse_number(p, false, k);
	case TOKEN_NAME: return parse_name(p, k);
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		*k = kind_condition();
		rc = parser_number(p, at, truth ? 1 : 0);
		return rc < 0 ? rc : parser_next(p);
	case TOKEN_OPEN:
		rc = parser_enter(p);
		if (rc == 0)
			rc = parser_next(p);
		if (rc == 0)
			rc = parse_condition(p, k);
		return rc < 0 ? rc : parser_close(p);
	default: return parser_unexpected(p, "a value");
	}
}

static int parse_power(struct parser *p, struct kind *k)
{
	struct expr_code c = {.op = OP_POWER};
	struct error why;
	const char *at;
	int rc = parse_primary(p, k);

	if (rc < 0 || p->token.kind != TOKEN_CARET)
		return rc;
	at = p->token.s;
	rc = parser_next(p);
	if (rc < 0)
		return rc;
	c.number = p->token.number;
	if (p->token.kind != TOKEN_NUMBER || p->token.unit->name[0] ||
	    (c.number != 1 && c.number != 2 && c.number != 3 && c.number != 4))
		return parser_fail(p, p->token.s, ERR_SYNTAX,
				   "the exponent is a whole number from 1 to 4");
	rc = kind_power(k, (int)c.number, &why);
	if (rc < 0)
		return parser_fail(p, at, rc, "%s", why.text);
	rc = parser_emit(p, at, c, 1);
	return rc < 0 ? rc : parser_next(p);
}

static int parse_unary(struct parser *p, struct kind *k)
{
	const char *at = p->token.s;
	int rc;

	if (p->token.kind != TOKEN_MINUS)
		return parse_power(p, k);
	rc = parser_enter(p);
	if (rc == 0)
		rc = parser_next(p);
	if (rc < 0)
		return rc;
	/* "-5 degC" is one number: negated as kelvin it would be -278.15 K. */
	if (p->token.kind == TOKEN_NUMBER && p->token.unit->offset != 0) {
		p->depth--;
		return parse_number(p, true, k);
	}
	rc = parse_unary(p, k);
	p->depth--;
	return rc < 0 ? rc : parser_unary(p, at, OP_NEGATE, k);
}

/* Left to right: operands of `operand`, joined by any operator `pick` knows. */
static int parse_chain(struct parser *p, struct kind *k,
		       int (*operand)(struct parser *p, struct kind *k),
		       enum expr_op (*pick)(enum expr_token_kind kind))
{
	int rc = operand(p, k);

	while (rc == 0) {
		enum expr_op op = pick(p->token.kind);
		const char *at = p->token.s;
		struct kind right;

		if (!op)
			break;
		rc = parser_next(p);
		if (rc == 0)
			rc = operand(p, &right);
		if (rc == 0)
			rc = parser_binary(p, at, op, k, &right);
	}
	return rc;
}

static enum expr_op pick_product(enum expr_token_kind kind)
{
	return kind == TOKEN_STAR ? OP_MULTIPLY : kind == TOKEN_SLASH ? OP_DIVIDE : 0;
}

static enum expr_op pick_sum(enum expr_token_kind kind)
{
	return kind == TOKEN_PLUS ? OP_ADD : kind == TOKEN_MINUS ? OP_SUBTRACT : 0;
}

static enum expr_op pick_and(enum expr_token_kind kind)
{
	return kind == TOKEN_AND ? OP_AND : 0;
}

static enum expr_op pick_or(enum expr_token_kind kind)
{
	return kind == TOKEN_OR ? OP_OR : 0;
}

static enum expr_op pick_comparison(enum expr_token_kind kind)
{
	switch ((int)kind) {
	case TOKEN_LESS: return OP_LESS;
	case TOKEN_LESS_EQUAL: return OP_LESS_EQUAL;
	case TOKEN_GREATER: return OP_GREATER;
	case TOKEN_GREATER_EQUAL: return OP_GREATER_EQUAL;
	case TOKEN_EQUAL: return OP_EQUAL;
	default: return 0;
	}
}

static int parse_product(struct parser *p, struct kind *k)
{
	return parse_chain(p, k, parse_unary, pick_product);
}

static int parse_sum(struct parser *p, struct kind *k)
{
	return parse_chain(p, k, parse_product, pick_sum);
}

static int parse_comparison(struct parser *p, struct kind *k)
{
	const char *at;
	struct kind right;
	enum expr_op op;
	int rc = parse_sum(p, k);

	if (rc < 0)
		return rc;
	at = p->token.s;
	op = pick_comparison(p->token.kind);
	if (!op)
		return 0;
	rc = parser_next(p);
	if (rc == 0)
		rc = parse_sum(p, &right);
	if (rc == 0)
		rc = parser_binary(p, at, op, k, &right);
	if (rc == 0 && pick_comparison(p->token.kind))
		return parser_fail(p, p->token.s, ERR_SYNTAX,
				   "comparisons do not chain; join two of them with and");
	return rc;
}

static int parse_not(struct parser *p, struct kind *k)
{
	const char *at = p->token.s;
	int rc;

	if (p->token.kind != TOKEN_NOT)
		return parse_comparison(p, k);
	rc = parser_enter(p);
	if (rc == 0)
		rc = parser_next(p);
	if (rc == 0)
		rc = parse_not(p, k);
	p->depth--;
	return rc < 0 ? rc : parser_unary(p, at, OP_NOT, k);
}

static int parse_and(struct parser *p, struct kind *k)
{
	return parse_chain(p, k, parse_not, pick_and);
}

int parse_condition(struct parser *p, struct kind *k)
{
	return parse_chain(p, k, parse_and, pick_or);
}

static int parse_all(struct parser *p, struct kind *k)
{
	struct error why;
	int rc;

	if (p->n > EXPR_TEXT_MAX)
		return parser_fail(p, p->text, ERR_LIMIT,
				   "an expression of %zu bytes; at most %d are taken", p->n,
				   EXPR_TEXT_MAX);
	rc = parser_next(p);
	if (rc == 0)
		rc = parse_condition(p, k);
	if (rc == 0 && p->token.kind != TOKEN_END)
		rc = parser_unexpected(p, "an operator or the end");
	if (rc < 0)
		return rc;
	rc = kind_result(k, &why);
	return rc < 0 ? parser_fail(p, p->text, rc, "%s", why.text) : 0;
}

struct expr *expr_parse(const char *text, size_t n, const struct expr_scope *scope, struct dim *dim,
			bool *is_bool, int *err_col, struct error *err)
{
	struct expr_code code[EXPR_CODE_MAX];
	struct parser p = {.text = text, .n = n, .scope = scope, .code = code, .err = err};
	struct kind k;
	struct expr *e;

	if (parse_all(&p, &k) < 0) {
		if (err_col)
			*err_col = (int)p.err_at + 1;
		return NULL;
	}
	e = xcalloc(1, sizeof(*e));
	e->text = xcalloc(n + 1, 1);
	memcpy(e->text, text, n);
	e->count = p.count;
	e->code = xcalloc((unsigned long)p.count, sizeof(*e->code));
	memcpy(e->code, code, (size_t)p.count * sizeof(*e->code));
	e->kelvin = kind_kelvin(&k);
	e->is_bare = k.is_bare;
	e->adds_bare = k.adds_bare;
	if (dim)
		*dim = k.dim;
	if (is_bool)
		*is_bool = k.is_bool;
	return e;
}
