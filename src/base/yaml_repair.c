/* SPDX-License-Identifier: MIT
 *
 * Two sieves before the tree is built: bytes that are no text of ours, line by line, and libyaml's
 * syntax, which it gives up at the first mistake: that one is blanked out and it reads again.
 */
#include "yaml_repair.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "base/text.h"

/* Words in front of the content of a line. */
struct lead {
	int indent; /* of the first dash or the content */
	int inner;  /* of the content behind dashes */
	bool dash;
	char first; /* of the content, or a tab; 0: a blank line or a comment */
};

static struct lead lead_of(const char *s, size_t n)
{
	struct lead l = {0};
	size_t i = 0;
	while (i < n && s[i] == ' ')
		i++;
	l.indent = (int)i;
	while (i < n && s[i] == '-' && (i + 1 == n || s[i + 1] == ' ')) {
		l.dash = true;
		i++;
		while (i < n && s[i] == ' ')
			i++;
	}
	l.inner = (int)i;
	if (l.dash || (i < n && s[i] != '#'))
		l.first = i < n ? s[i] : '-';
	return l;
}

/* As it stands after what was blanked out so far. */
static struct lead lead_now(const struct yaml_repair *r, int line)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	return r->is_blank[line - 1] ? (struct lead){0} : lead_of(s, n);
}

static void blank(struct yaml_repair *r, int line)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	memset(r->text + (s - r->y->bytes), ' ', n);
	r->is_blank[line - 1] = true;
}

/* Does a list or mapping that is open above the line stand at its column? */
static bool is_level(const struct yaml_repair *r, int line, int indent)
{
	for (int i = line - 1; i > 0; i--) {
		struct lead l = lead_now(r, i);
		if (!l.first)
			continue;
		if (l.indent == indent || (l.dash && l.inner == indent))
			return true;
		if (l.indent < indent)
			return false;
	}
	return indent == 0;
}

/* Lose a line and what belongs to it: whatever is indented deeper than limit, and the brackets and
 * list entries that may end or follow it at that column. */
static void lose(struct yaml_repair *r, struct yaml_lost lost, int limit)
{
	if (r->count == YAML_LOST_MAX) {
		r->given_up = true;
		return;
	}
	r->lost[r->count++] = lost;
	blank(r, lost.line);
	for (int i = lost.line + 1; i <= r->y->line_count; i++) {
		struct lead l = lead_now(r, i);
		bool entry = l.indent == limit && l.dash && !lost.dash;
		if (l.first == '\t' ? lost.sure
				    : l.first && l.indent <= limit && !entry && l.first != ']' &&
					      l.first != '}')
			return;
		if (l.first)
			blank(r, i);
	}
}

/* True when libyaml would see a line end where we do not: NEL, LS, PS, lone CR. */
static bool odd_line_end(const unsigned char *s, size_t left)
{
	if (s[0] == '\r')
		return left < 2 || s[1] != '\n';
	if (s[0] == 0xc2 && left > 1)
		return s[1] == 0x85;
	return s[0] == 0xe2 && left > 2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
}

/* Tell what is wrong with the bytes of a line. *tab: the column of a tab in its indentation. */
static bool check_line(const struct yaml *y, int line, int *tab)
{
	size_t n = 0;
	const char *s = yaml_line(y, line, &n);
	bool blank_so_far = true, ok = true;
	*tab = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c == '\t' && blank_so_far && !*tab)
			*tab = (int)i + 1;
		if (c != ' ' && c != '\t')
			blank_so_far = false;
		if (odd_line_end((const unsigned char *)s + i, n - i) || (c < 0x20 && c != '\t') ||
		    c == 0x7f) {
			yaml_problem_at(y, line, (int)i + 1,
					"control character 0x%02x; expected printable text", c);
			return false;
		}
	}
	if (blank_so_far)
		*tab = 0;
	if (*tab) {
		yaml_problem_at(y, line, *tab, "tab in the indentation; indent with spaces");
		ok = false;
	}
	if (!text_is_utf8(s, n)) {
		yaml_problem_at(y, line, 0, "not UTF-8; save the file as UTF-8");
		ok = false;
	}
	return ok;
}

static bool is_comment(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i < n && s[i] == '#';
}

static void check_bytes(struct yaml_repair *r)
{
	for (int line = 1; line <= r->y->line_count; line++) {
		size_t n = 0;
		const char *s = yaml_line(r->y, line, &n);
		int tab = 0;
		if (check_line(r->y, line, &tab))
			continue;
		r->mistakes = true;
		struct lead l = lead_of(s, n);
		/* Behind a tab nobody knows how deep a line is meant to be. */
		if (r->is_blank[line - 1] || is_comment(s, n))
			blank(r, line);
		else
			lose(r, (struct yaml_lost){line, l.indent, l.dash && !tab, !tab}, l.indent);
	}
}

/* How far libyaml came, and what it says where it stopped. */
struct scan {
	yaml_parser_t parser;
	int depth, flow_depth; /* flow_depth of them from the outermost [ or { on */
	yaml_mark_t flow;      /* where that stands, */
	int flow_line;	       /* and its line */
	int documents;
	yaml_mark_t quote;	    /* of the last text in quotes, */
	int quote_line, quote_last; /* and the lines it stands on */
};

static void see(struct scan *s, const yaml_event_t *e)
{
	bool starts = e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT;
	bool flow = (e->type == YAML_SEQUENCE_START_EVENT &&
		     e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE) ||
		    (e->type == YAML_MAPPING_START_EVENT &&
		     e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
	if (starts) {
		if (flow && !s->flow_depth) {
			s->flow = e->start_mark;
			s->flow_line = (int)e->start_mark.line + 1;
		}
		s->flow_depth += s->flow_depth || flow;
		s->depth++;
	} else if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT) {
		s->flow_depth -= s->flow_depth > 0;
		s->depth--;
	} else if (e->type == YAML_DOCUMENT_START_EVENT) {
		s->documents++;
	} else if (e->type == YAML_SCALAR_EVENT &&
		   (e->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		    e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)) {
		s->quote = e->start_mark;
		s->quote_line = (int)e->start_mark.line + 1;
		s->quote_last = (int)e->end_mark.line + 1;
	}
}

/* Read until libyaml objects. False: it does not, or whoever builds the tree will stop first. */
static bool stops(struct scan *s)
{
	yaml_event_t e;
	bool end = false;
	while (!end) {
		if (!yaml_parser_parse(&s->parser, &e))
			return true;
		see(s, &e);
		end = e.type == YAML_STREAM_END_EVENT || s->depth > YAML_DEPTH_MAX ||
		      s->documents > 1;
		yaml_event_delete(&e);
	}
	return false;
}

/* Where a mistake is told, and the line it is lost from. */
struct culprit {
	int at_line, at_col; /* in bytes, from 1 */
	int line;
	bool sure;
	char text[240];
};

static void point(struct culprit *c, const struct yaml *y, yaml_mark_t at)
{
	size_t n = 0;
	c->at_line = (int)at.line + 1;
	c->at_col = yaml_byte_col(y, at.line, at.column);
	if (c->at_line <= y->line_count)
		return;
	/* what is missing at the end is missing after the last line */
	c->at_line = y->line_count;
	yaml_line(y, c->at_line, &n);
	c->at_col = (int)n + 1;
}

/* A character that is none of YAML's has an offset only. */
static void point_offset(struct culprit *c, const struct yaml *y, size_t offset)
{
	int line = y->line_count;
	while (line > 1 && y->line_at[line - 1] > offset)
		line--;
	c->line = c->at_line = line;
	c->at_col = (int)(offset - y->line_at[line - 1]) + 1;
	c->sure = true;
}

static struct culprit culprit_of(const struct scan *s, const struct yaml *y)
{
	const yaml_parser_t *p = &s->parser;
	const char *context = p->context ? p->context : "";
	const char *what = p->problem ? p->problem : "unreadable";
	struct culprit c = {0};
	int stopped = (int)p->problem_mark.line + 1, began = (int)p->context_mark.line + 1;
	bool scanning = strstr(context, "scanning a") != NULL, flow = strstr(context, "flow");

	point(&c, y, p->problem_mark);
	c.line = c.at_line;
	c.sure = s->flow_depth || flow || strstr(context, "quoted");
	snprintf(c.text, sizeof(c.text), "YAML syntax: %s%s%s", what, *context ? " " : "", context);
	if (p->error == YAML_READER_ERROR) {
		point_offset(&c, y, p->problem_offset);
	} else if (s->quote_line < s->quote_last && s->quote_last == stopped) {
		point(&c, y, s->quote);
		c.line = s->quote_line;
		c.sure = true;
		snprintf(c.text, sizeof(c.text),
			 "YAML syntax: the quote that begins here is closed on line %d only; close "
			 "it where the text ends",
			 s->quote_last);
	} else if (s->flow_depth && !scanning && began == stopped && s->flow_line < stopped) {
		point(&c, y, s->flow);
		snprintf(c.text, sizeof(c.text), "YAML syntax: %s in the brackets that begin here",
			 what);
	} else if ((scanning || flow) && began < stopped) {
		point(&c, y, p->context_mark);
		c.line = began;
		snprintf(c.text, sizeof(c.text), "YAML syntax: %s %s that begins here", what,
			 context);
	}
	if (s->flow_depth && s->flow_line < c.line)
		c.line = s->flow_line;
	return c;
}

/* Was the line lost with one of which nobody knows where it belongs? */
static bool is_unsure(const struct yaml_repair *r, int line)
{
	const struct yaml_lost *head = NULL;
	for (int i = 0; i < r->count; i++)
		if (r->lost[i].line <= line && (!head || r->lost[i].line > head->line))
			head = &r->lost[i];
	return r->is_blank[line - 1] && head && !head->sure;
}

/* Can it come of what was lost, inside it or right before it? */
static bool may_follow(const struct yaml_repair *r, const struct culprit *c, int stopped)
{
	for (int i = c->line; i <= stopped && i <= r->y->line_count; i++)
		if (r->is_blank[i - 1])
			return true;
	for (int i = c->line - 1; i > 0 && !c->sure; i--) {
		size_t n = 0;
		const char *s = yaml_line(r->y, i, &n);
		if (r->is_blank[i - 1] || lead_of(s, n).first)
			return is_unsure(r, i);
	}
	return false;
}

static void take_out(struct yaml_repair *r, const struct scan *s)
{
	struct culprit c = culprit_of(s, r->y);
	int stopped = (int)s->parser.problem_mark.line + 1;

	if (!r->mistakes || !may_follow(r, &c, stopped))
		yaml_problem_at(r->y, c.at_line, c.at_col, "%s", c.text);
	r->mistakes = true;
	struct lead l = lead_now(r, c.line);
	if (!l.first) { /* nothing there to take out */
		r->given_up = true;
		return;
	}
	/* An indentation nobody else has is a mistake of all that have it. */
	bool level = c.sure || is_level(r, c.line, l.indent);
	lose(r, (struct yaml_lost){c.line, l.indent, l.dash, c.sure},
	     level ? l.indent : l.indent - 1);
}

static void check_syntax(struct yaml_repair *r)
{
	bool again = !r->given_up;
	while (again) {
		struct scan s = {0};
		if (!yaml_parser_initialize(&s.parser))
			panic("out of memory for the YAML reader");
		yaml_parser_set_encoding(&s.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&s.parser, (const unsigned char *)r->text, r->y->n);
		again = stops(&s);
		if (again)
			take_out(r, &s);
		again = again && !r->given_up;
		yaml_parser_delete(&s.parser);
	}
}

void yaml_repair(struct yaml_repair *r, struct yaml *y)
{
	*r = (struct yaml_repair){.y = y};
	r->text = arena_strndup(y->arena, y->bytes, y->n);
	r->is_blank = arena_array(y->arena, (size_t)y->line_count, sizeof(*r->is_blank));
	check_bytes(r);
	check_syntax(r);
}

/* The last child that begins above line, NULL if none does. */
static struct yaml_node *child_above(const struct yaml_node *node, int line)
{
	struct yaml_node *last = NULL;
	for (struct yaml_node *c = node->first; c; c = c->next)
		if ((c->key ? c->key_line : c->line) < line)
			last = c;
	return last;
}

/* May the lost line stand within node, which begins above it? from: where its key stands. */
static bool may_hold(const struct yaml_node *node, int from, const struct yaml_lost *lost)
{
	bool entry = lost->dash && node->kind != YAML_MAP;

	if (node->kind == YAML_SCALAR && (node->len || node->quoted))
		return node->end_line >= lost->line && (lost->indent > from || !lost->sure);
	if (node->kind == YAML_SCALAR)
		return !lost->sure || lost->indent > from || (lost->dash && lost->indent == from);
	if (node->end_line < lost->line)
		return false;
	if (node->flow || !lost->sure)
		return true;
	return node->kind == YAML_LIST
		       ? lost->indent > node->col - 1 || (entry && lost->indent == node->col - 1)
		       : lost->indent >= node->col - 1;
}

static void mark(struct yaml_node *root, const struct yaml_lost *lost)
{
	struct yaml_node *node = root;
	while (node->kind != YAML_SCALAR) {
		struct yaml_node *c = child_above(node, lost->line);
		int from = !c ? 0 : c->key ? c->key_col - 1 : c->col - 1;
		bool within = c && may_hold(c, from, lost);
		if (!within || !lost->sure)
			node->partial = true;
		if (!within)
			return;
		node = c;
	}
	node->unread = true;
}

void yaml_mark_lost(const struct yaml_repair *r, struct yaml_node *root)
{
	for (int i = 0; i < r->count; i++)
		mark(root, &r->lost[i]);
}
