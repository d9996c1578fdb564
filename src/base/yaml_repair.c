/* SPDX-License-Identifier: MIT
 *
 * The second sieve before the tree is built (the first is yaml_bytes.c's): libyaml's syntax, which
 * it gives up at the first mistake: that one is blanked out and it reads again.
 */
#include "yaml_repair.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "base/text.h"

bool yaml_is_level(const struct yaml_repair *r, int line, int indent)
{
	for (int i = line - 1; i > 0; i--) {
		struct yaml_lead l = yaml_lead_now(r, i);
		if (!l.first)
			continue;
		if (l.indent == indent || (l.dash && l.inner == indent))
			return true;
		if (l.indent < indent)
			return false;
	}
	return indent == 0;
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
		if (r->is_blank[i - 1] || yaml_lead_of(s, n).first)
			return is_unsure(r, i);
	}
	return false;
}

/* A blank too many in front of what opens a block: the block says where. */
static bool drop_blank(struct yaml_repair *r, int line)
{
	if (line > r->y->line_count)
		return false;
	struct yaml_lead l = yaml_lead_now(r, line);
	if (!l.first || l.indent < 1 || yaml_is_level(r, line, l.indent) ||
	    !yaml_move(r, line, (size_t)l.indent - 1, 1))
		return false;
	yaml_problem_at(r->y, line, l.indent + 1,
			"one blank too many before this; expected %d, where the block above began",
			l.indent - 1);
	r->mistakes = true;
	return true;
}

static void take_out(struct yaml_repair *r, const struct scan *s)
{
	struct culprit c = culprit_of(s, r->y);
	int stopped = (int)s->parser.problem_mark.line + 1;

	if (drop_blank(r, stopped))
		return;
	if (!r->mistakes || !may_follow(r, &c, stopped))
		yaml_problem_at(r->y, c.at_line, c.at_col, "%s", c.text);
	r->mistakes = true;
	struct yaml_lead l = yaml_lead_now(r, c.line);
	if (!l.first) { /* nothing there to take out */
		r->given_up = true;
		return;
	}
	/* An indentation nobody else has is a mistake of all that have it. */
	bool level = c.sure || yaml_is_level(r, c.line, l.indent);
	yaml_lose(r, (struct yaml_lost){c.line, l.indent, l.dash, c.sure, false, 0},
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
	yaml_check_bytes(r);
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

/* How deep it stands, from 0, in the text as it was read. */
static int level(const struct yaml *y, int line, int col)
{
	return col - 1 - y->moved[line - 1];
}

/* May the lost line stand within node, which begins above it? from: where its key stands. */
static bool may_hold(const struct yaml *y, const struct yaml_node *node, int from,
		     const struct yaml_lost *lost)
{
	int own = level(y, node->line, node->col);
	bool entry = lost->dash && node->kind != YAML_MAP;

	if (node->kind == YAML_SCALAR && (node->len || node->quoted))
		return lost->text ||
		       (node->end_line >= lost->line && (lost->indent > from || !lost->sure));
	if (node->kind == YAML_SCALAR)
		return !lost->sure || lost->indent > from || (lost->dash && lost->indent == from);
	if (node->end_line < lost->line)
		return false;
	if (node->flow || !lost->sure)
		return true;
	return node->kind == YAML_LIST ? lost->indent > own || (entry && lost->indent == own)
				       : lost->indent >= own;
}

static void mark(const struct yaml *y, struct yaml_node *root, const struct yaml_lost *lost)
{
	struct yaml_node *node = root;
	while (node->kind != YAML_SCALAR) {
		struct yaml_node *c = child_above(node, lost->line);
		int from = !c	    ? 0
			   : c->key ? level(y, c->key_line, c->key_col)
				    : level(y, c->line, c->col);
		bool within = c && may_hold(y, c, from, lost);
		if ((!within || !lost->sure) && level(y, node->line, node->col) >= lost->least)
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
		mark(r->y, root, &r->lost[i]);
}
