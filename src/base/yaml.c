/* SPDX-License-Identifier: MIT
 *
 * libyaml counts columns in characters and knows more line ends than people do.
 * The bytes are checked first, so that only LF and CRLF end a line; then its
 * lines are ours and a column is found by walking characters of the line.
 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "base/text.h"
#include "yaml_repair.h"

enum { EXCERPT_MAX = 400 };

struct builder {
	struct yaml *y;
	yaml_parser_t parser;
	struct yaml_node *root;
	int nodes;
	bool bad;  /* a mistake was found */
	bool stop; /* it makes no sense to read on */
};

const char *yaml_line(const struct yaml *y, int line, size_t *n)
{
	if (line < 1 || line > y->line_count)
		return NULL;
	size_t from = y->line_at[line - 1];
	size_t to = line < y->line_count ? y->line_at[line] : y->n;
	while (to > from && (y->bytes[to - 1] == '\n' || y->bytes[to - 1] == '\r'))
		to--;
	*n = to - from;
	return y->bytes + from;
}

__attribute__((format(printf, 4, 0))) static void problem_v(const struct yaml *y, int line, int col,
							    const char *fmt, va_list ap)
{
	char text[320], excerpt[EXCERPT_MAX + 1], raw[EXCERPT_MAX + 1];
	size_t n = 0;
	const char *s = yaml_line(y, line, &n);
	vsnprintf(text, sizeof(text), fmt, ap);
	if (s) {
		n = n < EXCERPT_MAX ? n : EXCERPT_MAX;
		memcpy(raw, s, n);
		raw[n] = '\0';
		text_copy(excerpt, sizeof(excerpt), raw);
	}
	problems_add(y->problems, y->file, line, col, s ? excerpt : NULL, "%s", text);
}

void yaml_problem_at(const struct yaml *y, int line, int col, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	problem_v(y, line, col, fmt, ap);
	va_end(ap);
}

void yaml_problem(const struct yaml *y, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	problem_v(y, node ? node->line : 0, node ? node->col : 0, fmt, ap);
	va_end(ap);
}

void yaml_problem_key(const struct yaml *y, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bool keyed = node && node->key;
	int line = keyed ? node->key_line : node ? node->line : 0;
	int col = keyed ? node->key_col : node ? node->col : 0;
	problem_v(y, line, col, fmt, ap);
	va_end(ap);
}

void yaml_problem_in(const struct yaml *y, const struct yaml_node *node, int text_col,
		     const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int col = node->plain_line && text_col > 0 ? node->text_col + text_col - 1 : node->col;
	problem_v(y, node->line, col, fmt, ap);
	va_end(ap);
}

int yaml_byte_col(const struct yaml *y, size_t line0, size_t column)
{
	size_t n = 0;
	const char *s = yaml_line(y, (int)line0 + 1, &n);
	if (!s)
		return 1;
	size_t i = y->moved[line0]; /* all of them blanks */
	while (i < n && column > 0) {
		i++;
		while (i < n && ((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		column--;
	}
	return (int)(i + column) + 1;
}

static void bad_mark(struct builder *b, yaml_mark_t at, const char *what)
{
	yaml_problem_at(b->y, (int)at.line + 1, yaml_byte_col(b->y, at.line, at.column), "%s",
			what);
	b->bad = true;
}

static bool find_lines(struct yaml *y)
{
	if (y->n > YAML_BYTES_MAX) {
		problems_add(y->problems, y->file, 0, 0, NULL,
			     "%zu bytes; a file has at most %d bytes", y->n, (int)YAML_BYTES_MAX);
		return false;
	}
	int lines = 1;
	for (size_t i = 0; i < y->n; i++)
		lines += y->bytes[i] == '\n';
	y->line_at = arena_array(y->arena, (size_t)lines, sizeof(*y->line_at));
	y->moved = arena_array(y->arena, (size_t)lines, sizeof(*y->moved));
	y->line_count = 1;
	for (size_t i = 0; i + 1 < y->n; i++)
		if (y->bytes[i] == '\n')
			y->line_at[y->line_count++] = i + 1;
	return true;
}

static struct yaml_node *new_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *e)
{
	if (++b->nodes > YAML_NODES_MAX) {
		bad_mark(b, e->start_mark, "too many values; a file has at most 65536");
		b->stop = true;
		return NULL;
	}
	struct yaml_node *n = arena_alloc(b->y->arena, sizeof(*n));
	n->kind = kind;
	n->line = (int)e->start_mark.line + 1;
	n->end_line = (int)e->end_mark.line + 1;
	n->col = yaml_byte_col(b->y, e->start_mark.line, e->start_mark.column);
	n->text = "";
	return n;
}

static void refuse_properties(struct builder *b, const yaml_event_t *e, const void *anchor,
			      const void *tag)
{
	if (anchor)
		bad_mark(b, e->start_mark, "anchors are not allowed; write the value out");
	if (tag)
		bad_mark(b, e->start_mark, "tags are not allowed; write the plain value");
}

static struct yaml_node *scalar_node(struct builder *b, const yaml_event_t *e)
{
	struct yaml_node *n = new_node(b, YAML_SCALAR, e);
	if (!n)
		return NULL;
	refuse_properties(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	n->len = e->data.scalar.length;
	n->text = arena_strndup(b->y->arena, (const char *)e->data.scalar.value, n->len);
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	bool quotes = e->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		      e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	n->text_col = n->col + (quotes ? 1 : 0);
	size_t left = 0;
	const char *s = yaml_line(b->y, n->line, &left);
	size_t at = (size_t)n->text_col - 1;
	n->plain_line = s && at + n->len <= left && memcmp(s + at, n->text, n->len) == 0;
	if (memchr(n->text, '\0', n->len)) {
		bad_mark(b, e->start_mark, "NUL character in the text");
		n->len = strlen(n->text);
	}
	return n;
}

static void append(struct yaml_node *parent, struct yaml_node **last, struct yaml_node *child)
{
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	parent->count++;
}

/* False when it makes no sense to read on; the syntax was checked before. */
static bool next_event(struct builder *b, yaml_event_t *e)
{
	if (!b->stop && yaml_parser_parse(&b->parser, e))
		return true;
	b->stop = true;
	return false;
}

static struct yaml_node *read_value(struct builder *b, const yaml_event_t *e, int depth);

static bool too_deep(struct builder *b, const yaml_event_t *e, int depth)
{
	if (depth < YAML_DEPTH_MAX)
		return false;
	bad_mark(b, e->start_mark, "nested too deeply; at most 24 levels");
	b->stop = true;
	return true;
}

static bool too_many(struct builder *b, const struct yaml_node *parent, const yaml_event_t *e)
{
	if (parent->count < YAML_CHILDREN_MAX)
		return false;
	bad_mark(b, e->start_mark, "too many entries; at most 2048 in one list or mapping");
	b->stop = true;
	return true;
}

static void read_list(struct builder *b, struct yaml_node *list, int depth)
{
	struct yaml_node *last = NULL;
	yaml_event_t e;
	while (next_event(b, &e)) {
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			list->end_line = (int)e.end_mark.line + 1;
			yaml_event_delete(&e);
			return;
		}
		struct yaml_node *child = too_many(b, list, &e) ? NULL
								: read_value(b, &e, depth + 1);
		yaml_event_delete(&e);
		if (child)
			append(list, &last, child);
	}
}

/* Of two values of one key nobody knows which was meant. */
static bool stands_already(struct builder *b, struct yaml_node *map, const struct yaml_node *key)
{
	struct yaml_node *first = map->first;
	while (first && strcmp(first->key, key->text) != 0)
		first = first->next;
	if (!first)
		return false;
	yaml_problem(b->y, key, "\"%.60s\" stands here a second time; it is first on line %d",
		     key->text, first->key_line);
	b->bad = true;
	first->partial = true;
	return true;
}

static void read_entry(struct builder *b, struct yaml_node *map, struct yaml_node **last,
		       const struct yaml_node *key, int depth)
{
	yaml_event_t e;
	if (!next_event(b, &e))
		return;
	struct yaml_node *child = read_value(b, &e, depth + 1);
	yaml_event_delete(&e);
	if (!child)
		return;
	if (key->kind != YAML_SCALAR) {
		yaml_problem(b->y, key, "a list or mapping as a key; expected a name");
		b->bad = true;
		map->partial = true;
		return;
	}
	if (stands_already(b, map, key))
		return;
	child->key = key->text;
	child->key_line = key->line;
	child->key_col = key->col;
	append(map, last, child);
}

static void read_map(struct builder *b, struct yaml_node *map, int depth)
{
	struct yaml_node *last = NULL;
	yaml_event_t e;
	while (next_event(b, &e)) {
		if (e.type == YAML_MAPPING_END_EVENT) {
			map->end_line = (int)e.end_mark.line + 1;
			yaml_event_delete(&e);
			return;
		}
		struct yaml_node *key = too_many(b, map, &e) ? NULL : read_value(b, &e, depth + 1);
		yaml_event_delete(&e);
		if (key)
			read_entry(b, map, &last, key, depth);
	}
}

/* NULL only when reading has stopped. */
static struct yaml_node *read_value(struct builder *b, const yaml_event_t *e, int depth)
{
	struct yaml_node *n = NULL;
	if (e->type == YAML_SCALAR_EVENT)
		return scalar_node(b, e);
	if (e->type == YAML_ALIAS_EVENT) {
		bad_mark(b, e->start_mark, "aliases are not allowed; write the value out");
		n = new_node(b, YAML_SCALAR, e);
		if (n)
			n->unread = true;
		return n;
	}
	if (too_deep(b, e, depth))
		return NULL;
	if (e->type == YAML_SEQUENCE_START_EVENT) {
		refuse_properties(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		n = new_node(b, YAML_LIST, e);
		if (!n)
			return NULL;
		n->flow = e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		read_list(b, n, depth);
	} else {
		refuse_properties(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		n = new_node(b, YAML_MAP, e);
		if (!n)
			return NULL;
		n->flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		read_map(b, n, depth);
	}
	return n;
}

static void read_document_start(struct builder *b, const yaml_event_t *e)
{
	if (b->y->root) {
		bad_mark(b, e->start_mark, "a second document; a file holds one");
		b->stop = true;
	}
}

static void read_stream(struct builder *b, const char *text)
{
	yaml_event_t e;
	bool end = false;
	if (!yaml_parser_initialize(&b->parser))
		panic("out of memory for the YAML reader");
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, b->y->n);
	while (!end && next_event(b, &e)) {
		end = e.type == YAML_STREAM_END_EVENT;
		if (e.type == YAML_DOCUMENT_START_EVENT)
			read_document_start(b, &e);
		else if (e.type == YAML_SCALAR_EVENT || e.type == YAML_ALIAS_EVENT ||
			 e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT)
			b->y->root = b->root = read_value(b, &e, 0);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&b->parser);
}

char *yaml_read_file(const char *path, size_t *n, struct problems *problems)
{
	struct error err = {0};
	char *bytes = NULL;
	if (!text_read_file(path, YAML_BYTES_MAX, &bytes, n, &err))
		return bytes;
	problems_add_file(problems, path, &err);
	return NULL;
}

bool yaml_parse(struct yaml *y, const char *file, const char *bytes, size_t n, struct arena *arena,
		struct problems *problems)
{
	static const char bom[] = "\xef\xbb\xbf";
	if (n >= 3 && memcmp(bytes, bom, 3) == 0) {
		bytes += 3;
		n -= 3;
	}
	*y = (struct yaml){.file = arena_strdup(arena, file),
			   .arena = arena,
			   .problems = problems,
			   .bytes = bytes,
			   .n = n};
	if (!find_lines(y))
		return false;
	struct yaml_repair repair;
	yaml_repair(&repair, y);
	struct builder b = {.y = y, .bad = repair.mistakes, .stop = repair.given_up};
	read_stream(&b, repair.text);
	y->complete = !b.stop && y->root;
	if (y->root)
		yaml_mark_lost(&repair, b.root);
	if (!y->root && !b.bad) {
		problems_add(problems, file, 1, 1, NULL,
			     "nothing in the file; expected key: value");
		b.bad = true;
	}
	return !b.bad;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

/* Does text[0..at) end where a name may be made: at the beginning of a line or an entry, behind {,
 * or behind "name" or "capture", even where their colon is missing? */
static bool makes_name(const char *text, size_t at)
{
	static const char *const makers[] = {"name", "capture"};
	while (at && strchr(" \t:\"'-", text[at - 1]))
		at--;
	if (!at || strchr("\n{,", text[at - 1]))
		return true;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		size_t n = strlen(makers[i]);
		if (at >= n && !memcmp(text + at - n, makers[i], n))
			return true;
	}
	return false;
}

/* However it is spelt: a name that was refused for its letters is one all the same. */
static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == ' ' || c == '-' ? '_' : c;
}

bool yaml_may_make(const struct yaml *y, const char *name, int but_line)
{
	size_t own_n = 0;
	const char *own = yaml_line(y, but_line, &own_n);
	size_t len = strlen(name);
	for (size_t i = 0; len && i + len <= y->n; i++) {
		size_t same = 0, after = i + len;
		while (same < len && fold(y->bytes[i + same]) == fold(name[same]))
			same++;
		bool use = own && y->bytes + i >= own && y->bytes + i < own + own_n;
		if (same < len || use || (i && is_word(y->bytes[i - 1])) ||
		    (after < y->n && is_word(y->bytes[after])))
			continue;
		while (after < y->n && strchr(" \"'", y->bytes[after]))
			after++;
		if ((after < y->n && y->bytes[after] == ':') || makes_name(y->bytes, i))
			return true;
	}
	return false;
}

void yaml_take_for(const struct yaml_node *map, const struct yaml_node *child, const char *key)
{
	for (struct yaml_node *c = map->first; c; c = c->next)
		if (c == child)
			c->key = key;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	yaml_each (child, map)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}
