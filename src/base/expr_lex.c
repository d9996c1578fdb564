/* SPDX-License-Identifier: MIT */
#include "expr_lex.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Bytes a unit can begin with; those above ASCII are the micro and degree signs. */
static bool begins_unit(char c)
{
	return (is_letter(c) && c != '_') || c == '%' || (c & 0x80);
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

static const struct {
	const char *word;
	enum expr_token_kind kind;
} keywords[] = {
	{"and", TOKEN_AND},   {"or", TOKEN_OR},	      {"not", TOKEN_NOT},
	{"true", TOKEN_TRUE}, {"false", TOKEN_FALSE},
};

static enum expr_token_kind keyword(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (is_word(s, n, keywords[i].word))
			return keywords[i].kind;
	return TOKEN_NAME;
}

/* Bytes that could belong to a unit at s: factors joined by * and / without blanks. */
static size_t unit_run(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (begins_unit(s[i]) || (i && (is_digit(s[i]) || s[i] == '_' || s[i] == '.')))
			i++;
		else if (i && (s[i] == '*' || s[i] == '/') && i + 1 < n && begins_unit(s[i + 1]))
			i++;
		else
			break;
	}
	return i;
}

static size_t factor(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] != '*' && s[i] != '/')
		i++;
	return i;
}

static int no_unit(const char *s, size_t n, struct error *err)
{
	const char *near = unit_nearest(s, n);

	if (!near)
		near = unit_nearest(s, factor(s, n));
	if (near)
		return error_set(err, ERR_TYPE, "unknown unit '%.*s'; did you mean %s?", (int)n, s,
				 near);
	return error_set(err, ERR_TYPE, "unknown unit '%.*s' after a number", (int)n, s);
}

/* The longest unit at s[0..n), its bytes to *len; 0 bytes and "" when none stands there. */
static int lex_unit(const char *s, size_t n, const struct unit **u, size_t *len, struct error *err)
{
	size_t run = unit_run(s, n);
	size_t first = factor(s, run);

	*u = unit_find("", 0);
	*len = 0;
	if (run == 0 || keyword(s, first) != TOKEN_NAME)
		return 0;
	for (size_t i = run; i > 0; i--) {
		const struct unit *found;

		if (i < run && s[i] != '*' && s[i] != '/')
			continue;
		found = unit_find(s, i);
		if (!found)
			continue;
		if (found->offset != 0 && i < run &&
		    unit_find(s + i + 1, factor(s + i + 1, run - i - 1)))
			return error_set(err, ERR_TYPE,
					 "%s cannot be part of a composed unit; write K",
					 found->name);
		*u = found;
		*len = i;
		return 0;
	}
	return no_unit(s, run, err);
}

static int lex_number(const char *text, size_t n, size_t *at, struct expr_token *t,
		      struct error *err)
{
	size_t digits = text_number_span(text + *at, n - *at);
	size_t unit_at = *at + digits;
	size_t len;
	int rc;

	if (digits == 0)
		return error_set(err, ERR_SYNTAX, "a digit is expected before or after '.'");
	if (!text_to_double(text + *at, digits, &t->number))
		return error_set(err, ERR_RANGE, "the number is too long, too large or too small");
	while (unit_at < n && text[unit_at] == ' ')
		unit_at++;
	rc = lex_unit(text + unit_at, n - unit_at, &t->unit, &len, err);
	if (rc < 0) {
		*at = unit_at;
		return rc;
	}
	t->kind = TOKEN_NUMBER;
	t->n = len ? unit_at + len - *at : digits;
	*at += t->n;
	return 0;
}

static const struct {
	const char *s;
	enum expr_token_kind kind;
	const char *instead; /* not ours: what to write */
} operators[] = {
	{"<=", TOKEN_LESS_EQUAL, NULL},
	{">=", TOKEN_GREATER_EQUAL, NULL},
	{"==", TOKEN_EQUAL, NULL},
	{"<>", TOKEN_END, "not (a == b)"},
	{"!=", TOKEN_END, "not (a == b)"},
	{"&&", TOKEN_END, "and"},
	{"||", TOKEN_END, "or"},
	{"**", TOKEN_END, "^"},
	{"<", TOKEN_LESS, NULL},
	{">", TOKEN_GREATER, NULL},
	{"=", TOKEN_END, "=="},
	{"!", TOKEN_END, "not"},
	{"+", TOKEN_PLUS, NULL},
	{"-", TOKEN_MINUS, NULL},
	{"*", TOKEN_STAR, NULL},
	{"/", TOKEN_SLASH, NULL},
	{"^", TOKEN_CARET, NULL},
	{"(", TOKEN_OPEN, NULL},
	{")", TOKEN_CLOSE, NULL},
	{",", TOKEN_COMMA, NULL},
};

static int lex_operator(const char *text, size_t n, size_t *at, struct expr_token *t,
			struct error *err)
{
	uint32_t c;
	size_t len;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		len = strlen(operators[i].s);
		if (len > n - *at || memcmp(operators[i].s, text + *at, len) != 0)
			continue;
		if (operators[i].instead)
			return error_set(err, ERR_SYNTAX, "'%s' is not known here; write %s",
					 operators[i].s, operators[i].instead);
		t->kind = operators[i].kind;
		t->n = len;
		*at += len;
		return 0;
	}
	len = text_char(text + *at, n - *at, &c);
	return error_set(err, ERR_SYNTAX, "'%.*s' has no meaning here", (int)(len ? len : 1),
			 text + *at);
}

int expr_lex(const char *text, size_t n, size_t *at, struct expr_token *t, struct error *err)
{
	size_t i = *at;

	while (i < n && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n'))
		i++;
	*at = i;
	*t = (struct expr_token){.kind = TOKEN_END, .s = text + i};
	if (i == n)
		return 0;
	if (is_digit(text[i]) || text[i] == '.')
		return lex_number(text, n, at, t, err);
	if (!is_letter(text[i]))
		return lex_operator(text, n, at, t, err);
	while (i < n && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '.'))
		i++;
	t->n = i - *at;
	t->kind = keyword(t->s, t->n);
	*at = i;
	return 0;
}
