/* SPDX-License-Identifier: MIT
 *
 * The station's English into Chinese: whole messages, messages with places ("{1} is stale") whose
 * contents are translated in turn, and titles that the station sent in both languages.
 */
#include "ctl/messages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PLACES = 9, DEPTH_MAX = 4, TITLES_MAX = 1000, TEXT_MAX = 512 };

struct span {
	const char *at;
	size_t n;
};

static int place_of(const char *s)
{
	return s[0] == '{' && s[1] >= '1' && s[1] <= '9' && s[2] == '}' ? s[1] - '0' : 0;
}

/* ---- titles ---- */

void titles_learn(struct titles *t, const char *en, const char *zh)
{
	if (!en[0] || !zh[0] || t->count == TITLES_MAX)
		return;
	for (int i = 0; i < t->count; i++)
		if (strcmp(t->at[i].en, en) == 0)
			return;
	t->at = xrealloc(t->at, (size_t)(t->count + 1) * sizeof(t->at[0]));
	t->at[t->count++] = (struct title){xstrdup(en), xstrdup(zh)};
}

void titles_release(struct titles *t)
{
	for (int i = 0; i < t->count; i++) {
		free(t->at[i].en);
		free(t->at[i].zh);
	}
	free(t->at);
	*t = (struct titles){.count = 0};
}

static const char *find_title(const struct titles *t, const char *s, size_t n)
{
	for (int i = 0; i < t->count; i++)
		if (strlen(t->at[i].en) == n && strncmp(t->at[i].en, s, n) == 0)
			return t->at[i].zh;
	return NULL;
}

/* ---- messages with places ---- */

/* Does s[0..n) read as the pattern? Each place takes as little as it can. */
static bool match(const char *p, const char *s, size_t n, struct span *places)
{
	for (; *p; p++, s++, n--) {
		int place = place_of(p);

		if (!place) {
			if (n == 0 || tolower((unsigned char)*p) != tolower((unsigned char)*s))
				return false;
			continue;
		}
		for (size_t k = 0; k <= n; k++) {
			if (match(p + 3, s + k, n - k, places)) {
				places[place - 1] = (struct span){s, k};
				return true;
			}
		}
		return false;
	}
	return n == 0;
}

/* Bytes that are its own: of two that fit, the one that says more is meant. */
static int weight(const char *p)
{
	int n = 0;

	for (; *p; p++) {
		if (place_of(p))
			p += 2;
		else
			n++;
	}
	return n;
}

static int find_message(const char *s, size_t n, struct span places[PLACES])
{
	int best = -1, most = 0;

	for (int m = 0; m < MSG_COUNT; m++) {
		const char *p = message(false, (enum ctl_message)m);
		struct span here[PLACES] = {{NULL, 0}};
		int heavy = weight(p);

		if (heavy <= most || !match(p, s, n, here))
			continue;
		best = m;
		most = heavy;
		memcpy(places, here, sizeof(here));
	}
	return best;
}

/* What is no message, such as a condition: the names in it that have titles. */
static void put_names(const struct titles *t, const char *s, size_t n, struct text *out)
{
	while (n) {
		const char *title;
		size_t k = 0;

		while (k < n && (isalnum((unsigned char)s[k]) || s[k] == '_'))
			k++;
		title = k ? find_title(t, s, k) : NULL;
		if (title)
			text_puts(out, title);
		else
			text_add(out, s, k ? k : 1);
		s += k ? k : 1;
		n -= k ? k : 1;
	}
}

/* Three English words in a row; a command to type is none. */
static bool is_sentence(const char *s, size_t n)
{
	static const char command[] = "benchctl ";
	int words = 0;
	bool in_word = false;

	if (n >= sizeof(command) && strncmp(s, command, sizeof(command) - 1) == 0)
		return false;
	for (size_t i = 0; i < n && words < 3; i++) {
		bool letter = isalpha((unsigned char)s[i]);

		if (!letter && s[i] != ' ' && s[i] != '\'')
			words = 0;
		words += letter && !in_word;
		in_word = letter;
	}
	return words >= 3;
}

static bool put_zh(const struct titles *t, const char *s, size_t n, int depth, struct text *out);

/* The message with its places. False: a place holds a sentence that has no Chinese, and half a
 * sentence in each language would be worse than either. */
static bool put_message(const struct titles *t, int m, const struct span *places, int depth,
			struct text *out)
{
	struct text part = {0};
	bool good = true;

	for (const char *zh = message(true, (enum ctl_message)m); *zh && good; zh++) {
		int place = place_of(zh);
		const struct span *in = &places[place ? place - 1 : 0];

		if (!place) {
			text_add(out, zh, 1);
			continue;
		}
		text_clear(&part);
		good = put_zh(t, in->at, in->n, depth + 1, &part) || !is_sentence(in->at, in->n);
		if (part.buf)
			text_puts(out, part.buf);
		zh += 2;
	}
	text_release(&part);
	return good;
}

static bool put_zh(const struct titles *t, const char *s, size_t n, int depth, struct text *out)
{
	const char *title = find_title(t, s, n);
	struct text whole = {0};
	struct span places[PLACES];
	int m = title || depth == DEPTH_MAX || n > TEXT_MAX ? -1 : find_message(s, n, places);
	bool good = title != NULL || (m >= 0 && put_message(t, m, places, depth, &whole));

	if (good)
		text_puts(out, title ? title : whole.buf);
	else if (is_sentence(s, n))
		text_add(out, s, n);
	else
		put_names(t, s, n, out);
	text_release(&whole);
	return good;
}

bool message_translate(const struct titles *t, const char *s, struct text *out)
{
	return put_zh(t, s, strlen(s), 0, out);
}

void message_fill(bool zh, enum ctl_message m, const char *const *words, struct text *out)
{
	for (const char *s = message(zh, m); *s; s++) {
		int place = place_of(s);

		if (!place) {
			text_add(out, s, 1);
			continue;
		}
		text_puts(out, words[place - 1]);
		s += 2;
	}
}
