/* SPDX-License-Identifier: MIT
 *
 * The first sieve: bytes that are no text of ours and tabs in front of a line, line by line; and
 * what is lost with a line.
 */
#include "yaml_repair.h"

#include <stdint.h>
#include <string.h>
#include "base/text.h"

struct yaml_lead yaml_lead_of(const char *s, size_t n)
{
	struct yaml_lead l = {0};
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
struct yaml_lead yaml_lead_now(const struct yaml_repair *r, int line)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	return r->is_blank[line - 1] ? (struct yaml_lead){0}
				     : yaml_lead_of(r->text + (s - r->y->bytes), n);
}

static void blank(struct yaml_repair *r, int line)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	memset(r->text + (s - r->y->bytes), ' ', n);
	r->is_blank[line - 1] = true;
}

void yaml_lose(struct yaml_repair *r, struct yaml_lost lost, int limit)
{
	if (r->count == YAML_LOST_MAX) {
		r->given_up = true;
		return;
	}
	r->lost[r->count++] = lost;
	blank(r, lost.line);
	for (int i = lost.line + 1; i <= r->y->line_count; i++) {
		struct yaml_lead l = yaml_lead_now(r, i);
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

/* Where the first tab between words stands, from 1; 0: there is none. */
static int tab_inside(const char *s, size_t n)
{
	bool begun = false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\t' && begun)
			return (int)i + 1;
		if (s[i] == '#' && (i == 0 || s[i - 1] == ' '))
			return 0;
		begun = begun || s[i] != ' ';
	}
	return 0;
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
		size_t good = 0, step;
		uint32_t c;
		while ((step = text_char(s + good, n - good, &c)) > 0)
			good += step;
		yaml_problem_at(y, line, (int)good + 1, "not UTF-8; save the file as UTF-8");
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

/* A line in tabs, as far as it tells what it is. */
struct tabbed {
	bool entry;	 /* of a list */
	bool open;	 /* what belongs to it stands below it: "key:", "key: >-" */
	bool text;	 /* neither a key nor an entry: of the value above it */
	const char *key; /* the first word */
	size_t key_n;
};

static struct tabbed tabbed_of(const char *s, size_t n)
{
	struct tabbed t = {0};
	size_t i = 0, last;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	while (i < n && s[i] == '-' && (i + 1 == n || s[i + 1] == ' ' || s[i + 1] == '\t')) {
		t.entry = true;
		for (i++; i < n && (s[i] == ' ' || s[i] == '\t');)
			i++;
	}
	t.key = s + i;
	while (i + t.key_n < n && s[i + t.key_n] != ':' && s[i + t.key_n] != ' ')
		t.key_n++;
	t.text = !t.entry && !memchr(s + i, ':', n - i);
	for (size_t k = i + 1; k < n; k++)
		if (s[k] == '#' && s[k - 1] == ' ')
			n = k;
	while (n > i && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	for (last = n; last > i && s[last - 1] != ' ';)
		last--;
	t.open = n > i && (s[n - 1] == ':' || s[last] == '>' || s[last] == '|');
	return t;
}

/* May the line below an entry in tabs be the entry's? Not when the entry stands in a deeper list
 * and the line in an entry that begins with another word. */
static bool belongs_to(const struct yaml_repair *r, const struct tabbed *t, int entry, int inner)
{
	bool deeper = false, first = true;
	for (int i = entry - 1; i > 0; i--) {
		size_t n = 0;
		const char *s = yaml_line(r->y, i, &n);
		struct yaml_lead l = yaml_lead_now(r, i);
		if (!l.first)
			continue;
		deeper = first ? l.inner > inner : deeper;
		first = false;
		if (l.dash && l.inner == inner)
			return !deeper || (n - (size_t)inner > t->key_n &&
					   !memcmp(s + inner, t->key, t->key_n));
		if (l.indent < inner)
			return true;
	}
	return true;
}

/* The next line with anything on it. */
static struct yaml_lead lead_below(const struct yaml_repair *r, int line)
{
	struct yaml_lead l = {0};
	while (!l.first && ++line <= r->y->line_count)
		l = yaml_lead_now(r, line);
	return l;
}

/* "key:", "- key: ..." at s: opens a block that goes on below it. */
static bool opens(const char *s, size_t n, struct yaml_lead below)
{
	struct tabbed t = tabbed_of(s, n);
	return t.entry ? !below.dash : t.open;
}

bool yaml_move(struct yaml_repair *r, int line, size_t blanks, size_t odd)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	char *text = r->text + (s - r->y->bytes);
	struct yaml_lead below = lead_below(r, line);
	if (!below.first || (size_t)below.indent != blanks + 2 || !opens(text, n, below) ||
	    !yaml_is_level(r, line, (int)blanks))
		return false;
	memset(text, ' ', blanks);
	memmove(text + blanks, text + blanks + odd, n - blanks - odd);
	memset(text + n - odd, ' ', odd);
	r->y->moved[line - 1] = (unsigned char)odd;
	return true;
}

/* A tab too many in front of what opens a block: the block says where. */
static bool drop_tab(struct yaml_repair *r, int line)
{
	size_t n = 0, i = 0, tabs = 0;
	const char *s = yaml_line(r->y, line, &n);
	for (; i < n && (s[i] == ' ' || s[i] == '\t'); i++)
		tabs += s[i] == '\t';
	return tabs == 1 && yaml_move(r, line, i - 1, 1);
}

/* Behind a tab nobody knows how deep a line is meant to be. What it opens is lost with it: as deep
 * as the line below it says. */
static void lose_tabs(struct yaml_repair *r, int line)
{
	struct tabbed t = {0}, at;
	int limit = -1; /* of what it opens */
	bool list = false;

	if (r->count == YAML_LOST_MAX) {
		r->given_up = true;
		return;
	}
	struct yaml_lost *lost = &r->lost[r->count++];
	*lost = (struct yaml_lost){.line = line};
	for (int i = line; i <= r->y->line_count; i++) {
		size_t n = 0;
		const char *s = yaml_line(r->y, i, &n);
		struct yaml_lead l = yaml_lead_now(r, i);
		if (!l.first)
			continue;
		at = tabbed_of(s, n);
		if (l.first == '\t') {
			if (limit < 0 && (at.entry || at.open || !(t.entry || t.open)))
				t = at;
			lost->text = i == line ? at.text : lost->text;
			blank(r, i);
			continue;
		}
		bool its = t.open || (t.entry && !l.dash && belongs_to(r, &t, line, l.indent));
		if (limit < 0 && its) {
			limit = l.indent;
			list = l.dash;
		}
		bool outside = l.indent < limit || (list && l.indent == limit && !l.dash) ||
			       limit < 0;
		if (outside && l.first != ']' && l.first != '}') {
			lost->least = lost->text || at.text ? 0 : l.indent;
			return;
		}
		blank(r, i);
	}
}

/* A tab between words stands for a blank, and nothing is lost by it. */
static void take_as_blanks(struct yaml_repair *r, int line, int first)
{
	size_t n = 0;
	const char *s = yaml_line(r->y, line, &n);
	char *text = r->text + (s - r->y->bytes);
	yaml_problem_at(r->y, line, first, "tab between words; expected blanks");
	r->mistakes = true;
	for (size_t i = (size_t)first - 1; i < n; i++)
		text[i] = text[i] == '\t' ? ' ' : text[i];
}

void yaml_check_bytes(struct yaml_repair *r)
{
	for (int line = 1; line <= r->y->line_count; line++) {
		size_t n = 0;
		const char *s = yaml_line(r->y, line, &n);
		int tab = 0, inside;
		if (n && *s == '%') {
			yaml_problem_at(r->y, line, 1,
					"directives are not allowed; start with the first key");
			blank(r, line);
			r->mistakes = true;
			continue;
		}
		if (check_line(r->y, line, &tab)) {
			inside = tab_inside(s, n);
			if (inside)
				take_as_blanks(r, line, inside);
			continue;
		}
		r->mistakes = true;
		struct yaml_lead l = yaml_lead_of(s, n);
		if (r->is_blank[line - 1] || is_comment(s, n))
			blank(r, line);
		else if (tab && !drop_tab(r, line))
			lose_tabs(r, line);
		else if (tab)
			continue;
		else
			yaml_lose(r, (struct yaml_lost){line, l.indent, l.dash, true, false, 0},
				  l.indent);
	}
}
