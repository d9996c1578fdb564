/* SPDX-License-Identifier: MIT
 *
 * The names of an expression: symbols of the scope, statistics, functions.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "expr_parser.h"

enum { SYMBOL_MAX = 128 };

/* Look a name up; the scope says why not. */
static int resolve(struct parser *p, const struct expr_token *t, struct expr_symbol *out)
{
	struct error why = {0};
	char name[SYMBOL_MAX];
	int rc;

	if (t->n >= sizeof(name))
		return parser_fail(p, t->s, ERR_NOT_FOUND, "a name of %zu bytes is too long", t->n);
	memcpy(name, t->s, t->n);
	name[t->n] = '\0';
	*out = (struct expr_symbol){0};
	rc = p->scope->resolve(p->scope->ctx, name, out, &why);
	if (rc < 0 && p->scope->refused) {
		char unknown[SYMBOL_MAX + 32];

		(void)snprintf(unknown, sizeof(unknown), "unknown name '%s'", name);
		p->scope->refused(p->scope->ctx, (int)(t->s - p->text) + 1,
				  why.text[0] ? why.text : unknown);
		*out = (struct expr_symbol){.is_unclear = true};
		return 0;
	}
	if (rc < 0 && why.text[0])
		return parser_fail(p, t->s, rc, "%s", why.text);
	if (rc < 0)
		return parser_fail(p, t->s, rc, "unknown name '%s'", name);
	return 0;
}

static int emit_symbol(struct parser *p, const struct expr_token *t, const struct expr_symbol *s,
		       enum expr_stat stat, struct kind *k)
{
	struct error why;
	int rc = kind_symbol(s, stat, k, &why);
	struct expr_code c = {.stat = (uint8_t)stat, .ref = s->ref};

	if (rc < 0)
		return parser_fail(p, t->s, rc, "%s", why.text);
	c.op = k->is_bool ? OP_STATE : OP_VALUE;
	return parser_emit(p, t->s, c, 0);
}

static const struct {
	const char *name;
	enum expr_stat stat; /* EXPR_LATEST: a function of values */
	enum expr_op op;
	int least, most; /* arguments */
} functions[] = {
	{"mean", EXPR_MEAN, 0, 1, 1},	      {"min", EXPR_MIN, 0, 1, 1},
	{"max", EXPR_MAX, 0, 1, 1},	      {"median", EXPR_MEDIAN, 0, 1, 1},
	{"stddev", EXPR_STDDEV, 0, 1, 1},     {"first", EXPR_FIRST, 0, 1, 1},
	{"last", EXPR_LAST, 0, 1, 1},	      {"slope", EXPR_SLOPE, 0, 1, 1},
	{"integral", EXPR_INTEGRAL, 0, 1, 1}, {"count", EXPR_COUNT, 0, 1, 1},
	{"abs", EXPR_LATEST, OP_ABS, 1, 1},   {"min2", EXPR_LATEST, OP_MIN2, 2, 2},
	{"max2", EXPR_LATEST, OP_MAX2, 2, 2}, {"sqrt", EXPR_LATEST, OP_SQRT, 1, 1},
	{"exp", EXPR_LATEST, OP_EXP, 1, 1},   {"ln", EXPR_LATEST, OP_LN, 1, 1},
	{"tcf", EXPR_LATEST, OP_TCF, 1, 3},
};
enum { FUNCTION_COUNT = sizeof(functions) / sizeof(functions[0]) };

static int find_function(struct parser *p, const struct expr_token *t)
{
	const char *names[FUNCTION_COUNT];
	char name[SYMBOL_MAX];
	const char *near;

	for (int i = 0; i < FUNCTION_COUNT; i++) {
		names[i] = functions[i].name;
		if (strlen(names[i]) == t->n && memcmp(names[i], t->s, t->n) == 0)
			return i;
	}
	memcpy(name, t->s, t->n < sizeof(name) ? t->n : sizeof(name) - 1);
	name[t->n < sizeof(name) ? t->n : sizeof(name) - 1] = '\0';
	near = text_nearest(name, names, FUNCTION_COUNT);
	return parser_fail(p, t->s, ERR_NOT_FOUND, "unknown function '%s'%s%s%s", name,
			   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* One name within ( ): the symbol whose statistic is meant. */
static int parse_stat(struct parser *p, int f, struct kind *k)
{
	const char *name = functions[f].name;
	struct expr_symbol symbol;
	struct expr_token t = p->token;
	int rc;

	if (t.kind != TOKEN_NAME)
		return parser_unexpected(p, "the name of a channel");
	rc = parser_next(p);
	if (rc < 0)
		return rc;
	if (p->token.kind == TOKEN_COMMA &&
	    (functions[f].stat == EXPR_MIN || functions[f].stat == EXPR_MAX))
		return parser_fail(p, p->token.s, ERR_SYNTAX,
				   "%s takes one name over its window; of two values write %s2",
				   name, name);
	if (p->token.kind != TOKEN_CLOSE)
		return parser_fail(p, p->token.s, ERR_SYNTAX,
				   "%s takes one name over its window, no expression; expected )",
				   name);
	rc = resolve(p, &t, &symbol);
	if (rc < 0)
		return rc;
	return emit_symbol(p, &t, &symbol, functions[f].stat, k);
}

static int parse_arguments(struct parser *p, const struct expr_token *t, int f, struct kind *k)
{
	struct kind args[3];
	int count = 0;
	int rc;

	for (;;) {
		rc = parse_condition(p, &args[count]);
		if (rc < 0)
			return rc;
		count++;
		if (p->token.kind != TOKEN_COMMA || count == functions[f].most)
			break;
		rc = parser_next(p);
		if (rc < 0)
			return rc;
	}
	*k = args[0];
	if (p->token.kind == TOKEN_COMMA || count < functions[f].least ||
	    (functions[f].op == OP_TCF && count == 2))
		return parser_fail(p, p->token.s, ERR_SYNTAX, "%s takes %s", functions[f].name,
				   functions[f].op == OP_TCF
					   ? "a temperature, or one and two coefficients"
				   : functions[f].most == 1 ? "one value"
							    : "two values");
	if (functions[f].most == 1)
		return parser_unary(p, t->s, functions[f].op, k);
	if (functions[f].most == 2)
		return parser_binary(p, t->s, functions[f].op, k, &args[1]);
	if (count == 1) {
		args[1] = args[2] = kind_number(unit_find("K", 1), 0);
		rc = parser_number(p, t->s, EXPR_TCF_COLD_K);
		if (rc == 0)
			rc = parser_number(p, t->s, EXPR_TCF_HOT_K);
		if (rc < 0)
			return rc;
	}
	struct error why;

	rc = kind_tcf(k, &args[1], &args[2], &why);
	if (rc < 0)
		return parser_fail(p, t->s, rc, "%s", why.text);
	return parser_op(p, t->s, OP_TCF, 3);
}

int parse_name(struct parser *p, struct kind *k)
{
	struct expr_token t = p->token;
	struct expr_symbol symbol;
	int rc = parser_next(p);
	int f;

	if (rc < 0)
		return rc;
	if (p->token.kind != TOKEN_OPEN) {
		rc = resolve(p, &t, &symbol);
		return rc < 0 ? rc : emit_symbol(p, &t, &symbol, EXPR_LATEST, k);
	}
	f = find_function(p, &t);
	if (f < 0)
		return f;
	rc = parser_enter(p);
	if (rc == 0)
		rc = parser_next(p);
	if (rc < 0)
		return rc;
	if (functions[f].stat != EXPR_LATEST)
		rc = parse_stat(p, f, k);
	else
		rc = parse_arguments(p, &t, f, k);
	return rc < 0 ? rc : parser_close(p);
}
