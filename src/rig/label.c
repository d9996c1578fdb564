/* SPDX-License-Identifier: MIT */
#include "rig/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char label_ask[] = "~HS";

/* Dots at 8 per mm: a label of 50 by 30 mm, its QR code on the right. */
enum { LEFT = 16, TOP = 16, PITCH = 28, HEIGHT = 24, QR_LEFT = 270, COPIES_MAX = 20 };

static bool is_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == ' ' || c == '.' || c == ',' || c == '-' || c == '/' || c == ':';
}

static void put_field(struct text *out, const char *s)
{
	text_puts(out, "^FH_^FD");
	for (; *s; s++)
		if (is_plain((unsigned char)*s))
			text_printf(out, "%c", *s);
		else
			text_printf(out, "_%02X", (unsigned)(unsigned char)*s);
	text_puts(out, "^FS\n");
}

static int check(const char *s, struct error *err)
{
	size_t n = strlen(s);

	if (n > LABEL_FIELD_MAX)
		return error_set(err, ERR_RANGE, "a field of %zu bytes; at most %d", n,
				 LABEL_FIELD_MAX);
	if (!text_is_utf8(s, n))
		return error_set(err, ERR_RANGE, "a field is not UTF-8");
	return 0;
}

int label_zpl(const struct label *l, struct text *out, struct error *err)
{
	if (l->line_count < 0 || l->line_count > LABEL_LINES_MAX || (!l->line_count && !l->qr))
		return error_set(err, ERR_RANGE, "%d lines; expected 1 to %d", l->line_count,
				 LABEL_LINES_MAX);
	if (l->copies < 1 || l->copies > COPIES_MAX)
		return error_set(err, ERR_RANGE, "%d copies; expected 1 to %d", l->copies,
				 COPIES_MAX);
	for (int i = 0; i < l->line_count; i++)
		if (check(l->lines[i], err))
			return ERR_RANGE;
	if (l->qr && check(l->qr, err))
		return ERR_RANGE;
	text_puts(out, "^XA\n^CI28\n"); /* fields are UTF-8 */
	for (int i = 0; i < l->line_count; i++) {
		text_printf(out, "^FO%d,%d^A0N,%d,%d", LEFT, TOP + i * PITCH, HEIGHT, HEIGHT);
		put_field(out, l->lines[i]);
	}
	if (l->qr) {
		struct text data = {0};

		/* error correction M, automatic mode: part of the field's data */
		text_printf(&data, "MA,%s", l->qr);
		text_printf(out, "^FO%d,%d^BQN,2,4", QR_LEFT, TOP);
		put_field(out, data.buf);
		text_release(&data);
	}
	text_printf(out, "^PQ%d\n^XZ\n", l->copies);
	return 0;
}

/* --- what the printer answers --- */

enum { STX = 2, ETX = 3, FIELDS_MAX = 12 };

/* Numbers of the line between the next STX and ETX; how many, -1: there is none whole. */
static int next_line(const char **at, const char *end, long fields[FIELDS_MAX])
{
	const char *from = memchr(*at, STX, (size_t)(end - *at)), *to;
	char text[80];
	int n = 0;

	if (!from)
		return -1;
	to = memchr(from, ETX, (size_t)(end - from));
	if (!to || (size_t)(to - from) > sizeof(text))
		return -1;
	memcpy(text, from + 1, (size_t)(to - from - 1));
	text[to - from - 1] = '\0';
	*at = to + 1;
	for (char *s = text; n < FIELDS_MAX;) {
		char *stop;

		fields[n] = strtol(s, &stop, 10);
		if (stop == s || (*stop && *stop != ','))
			return -1;
		n++;
		if (!*stop)
			break;
		s = stop + 1;
	}
	return n;
}

/* Line 1: communication, paper out, pause, label length, formats in buffer, buffer full, ...; line 2:
 * function settings, unused, head up, ribbon out, mode, print mode, width, label waiting, labels
 * remaining, ... (ZPL II programming guide, ~HS). Line 3 has nothing for us. */
bool label_read_state(const char *bytes, size_t n, struct label_state *out)
{
	const char *at = bytes, *end = bytes + n;
	long one[FIELDS_MAX], two[FIELDS_MAX], three[FIELDS_MAX];

	if (next_line(&at, end, one) != 12 || next_line(&at, end, two) != 11 ||
	    next_line(&at, end, three) != 2)
		return false;
	*out = (struct label_state){.paper_out = one[1] != 0,
				    .paused = one[2] != 0,
				    .busy = one[4] != 0 || two[8] != 0,
				    .head_open = two[2] != 0,
				    .ribbon_out = two[3] != 0,
				    .waiting = (int)(two[8] > 0 && two[8] < 100000 ? two[8] : 0)};
	return true;
}

const char *label_state_text(const struct label_state *s)
{
	if (s->head_open)
		return "its head is open";
	if (s->paper_out)
		return "it is out of labels";
	if (s->ribbon_out)
		return "it is out of ribbon";
	if (s->paused)
		return "it is paused";
	return s->busy ? "printing" : "ready";
}
