/* SPDX-License-Identifier: MIT
 *
 * Label printer that takes ZPL II, by raw TCP (port 9100) or a serial port; labels of 50 x 30 mm or
 * more at 8 dots per mm.
 *
 * What comes from outside (serials, names) is data, never ZPL: every byte of a field that is no plain
 * letter, digit, blank, '.', ',', '-', '/' or ':' is sent in hex (^FH), so that no '^' or '~' of a
 * field is ever a command. Fields are UTF-8 (^CI28); Chinese needs a font of the printer that has it.
 *
 * A line that does not fit is printed narrower, never cut.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "drivers.h"

/* Dots. The QR code stands in the upper right corner. */
enum {
	LEFT = 16,
	TOP = 12,
	PITCH = 28,
	HEIGHT = 24,
	NARROWEST = 6,
	RIGHT = 392,
	QR_LEFT = 278,
	QR_BOTTOM = TOP + 4 * PITCH
};
enum { STX = 2, ETX = 3, LINE_MAX = 80, NUMBERS_MAX = 12 };

struct printer_priv {
	char line[LINE_MAX + 1]; /* since the last STX */
	int n;			 /* -1: none began */
	int lines;		 /* of the answer so far */
	bool paper_out, paused, head_open, ribbon_out, hot, busy;
};

static const struct driver_option options[] = {
	{"font", OPTION_TEXT, "E:SIMSUN.FNT", 0, 0, NULL,
	 "a font of the printer that has Chinese, with its drive; 0: the built-in one, without Chinese",
	 "打印机内含中文的字体(带盘符);0 为内置字体,无中文"},
};

/* A name as ^A@ takes it: drive, at most 16 letters and digits, extension. */
static int init(struct driver_device *d, struct error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	struct printer_priv *p = d->priv;
	const char *font = driver_option(d, "font");
	size_t n = strlen(font) > 2 ? strspn(font + 2, letters) : 0;

	p->n = -1;
	if (!strcmp(font, "0"))
		return 0;
	if (n < 1 || n > 16 || !strchr("ERBAZ", font[0]) || font[1] != ':' ||
	    (strcmp(font + 2 + n, ".FNT") != 0 && strcmp(font + 2 + n, ".TTF") != 0))
		return error_set(err, ERR_CONFIG,
				 "font is \"%.40s\"; expected a name like E:SIMSUN.FNT, or 0",
				 font);
	return 0;
}

/* --- a label --- */

struct job {
	char *dst;
	size_t n, size;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct job *j, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(j->dst + j->n, j->size - j->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= j->size - j->n)
		j->full = true;
	else
		j->n += (size_t)n;
}

static bool is_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == ' ' || c == '.' || c == ',' || c == '-' || c == '/' || c == ':';
}

static void put_field(struct job *j, const char *before, const char *s)
{
	put(j, "^FH_^FD%s", before);
	for (; *s; s++)
		put(j, is_plain((unsigned char)*s) ? "%c" : "_%02X", (unsigned char)*s);
	put(j, "^FS\n");
}

/* Width of a character so that the line ends before `right`: a Latin one takes half of it. */
static int width(const char *s, int right)
{
	size_t left = strlen(s), n;
	int columns = 1, w;
	uint32_t c;

	for (; left && (n = text_char(s, left, &c)) > 0; s += n, left -= n)
		columns += text_columns(c);
	w = 2 * (right - LEFT) / columns;
	return w > HEIGHT ? HEIGHT : w < NARROWEST ? NARROWEST : w;
}

static int make_job(const struct driver_device *d, const struct driver_label *l, char *dst,
		    size_t size)
{
	const char *font = driver_option(d, "font");
	struct job j = {.dst = dst, .size = size};

	put(&j, "^XA\n^CI28\n");
	for (int i = 0; i < l->line_count; i++) {
		int y = TOP + i * PITCH;
		int w = width(l->lines[i], l->qr[0] && y < QR_BOTTOM ? QR_LEFT - 8 : RIGHT);

		put(&j, "^FO%d,%d", LEFT, y);
		if (!strcmp(font, "0"))
			put(&j, "^A0N,%d,%d", HEIGHT, w);
		else
			put(&j, "^A@N,%d,%d,%s", HEIGHT, w, font);
		put_field(&j, "", l->lines[i]);
	}
	/* Error correction M, automatic mode: part of the field's data. As large as the room allows:
	 * 29 modules hold 42 bytes, 37 hold 84, 49 all. */
	if (l->qr[0]) {
		put(&j, "^FO%d,%d^BQN,2,%d", QR_LEFT, TOP,
		    strlen(l->qr) <= 42	  ? 4
		    : strlen(l->qr) <= 84 ? 3
					  : 2);
		put_field(&j, "MA,", l->qr);
	}
	put(&j, "^PQ%d\n^XZ\n", l->copies);
	return j.full ? ERR_RANGE : (int)j.n;
}

/* --- what the printer answers --- */

/* Numbers of a line, -1: it is none. */
static int numbers(const char *s, long out[NUMBERS_MAX])
{
	for (int n = 0; n < NUMBERS_MAX;) {
		char *stop;

		if (*s < '0' || *s > '9')
			return -1;
		out[n++] = strtol(s, &stop, 10);
		if (!*stop)
			return n;
		if (*stop != ',')
			return -1;
		s = stop + 1;
	}
	return -1;
}

/* Line 1: communication, paper out, pause, label length, formats in buffer, buffer full, diagnostic,
 * partial format, unused, corrupt, too cold, too hot; line 2: function settings, unused, head up,
 * ribbon out, mode, print mode, width, label waiting, labels remaining, ... (ZPL II programming guide,
 * ~HS). Line 3 has nothing for us. False: that is not the next line. */
static bool take_line(struct printer_priv *p)
{
	static const int lengths[] = {12, 11, 2};
	long at[NUMBERS_MAX];

	if (numbers(p->line, at) != lengths[p->lines])
		return false;
	if (p->lines == 0) {
		p->paper_out = at[1] != 0;
		p->paused = at[2] != 0;
		p->busy = at[4] != 0 || at[7] != 0;
		p->hot = at[11] != 0;
	} else if (p->lines == 1) {
		p->head_open = at[2] != 0;
		p->ribbon_out = at[3] != 0;
		p->busy = p->busy || at[8] != 0;
	}
	p->lines++;
	return true;
}

static enum printer_state state_of(const struct printer_priv *p, const char **why)
{
	*why = p->head_open    ? "its head is open"
	       : p->paper_out  ? "it is out of labels"
	       : p->ribbon_out ? "it is out of ribbon"
	       : p->hot	       ? "its head is too hot"
	       : p->paused     ? "it is paused"
			       : "";
	return **why ? PRINTER_STOPPED : p->busy ? PRINTER_BUSY : PRINTER_READY;
}

/* The last whole answer counts: an older one may have come late. */
static bool feed(struct driver_device *d, const uint8_t *bytes, size_t n, enum printer_state *state,
		 const char **why)
{
	struct printer_priv *p = d->priv;
	bool whole = false;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == STX) {
			p->n = 0;
		} else if (bytes[i] == ETX && p->n >= 0) {
			p->line[p->n] = '\0';
			p->n = -1;
			if (!take_line(p)) {
				p->lines = 0;
				(void)take_line(p); /* it may begin the next answer */
			}
			if (p->lines < 3)
				continue;
			p->lines = 0;
			*state = state_of(p, why);
			whole = true;
		} else if (p->n >= LINE_MAX) {
			p->n = -1;
		} else if (p->n >= 0) {
			p->line[p->n++] = (char)bytes[i];
		}
	}
	return whole;
}

static const struct driver_printer printer = {
	.ask = "~HS",
	.silence =
		"no answer to ~HS: switched off, out of labels or ribbon, head open, or no ZPL printer",
	.feed = feed,
	.job = make_job,
};

const struct driver driver_zpl_printer = {
	.name = "zpl_printer",
	.title_en = "Label printer with ZPL II",
	.title_zh = "ZPL II 标签打印机",
	.source = "ZPL II programming guide: ~HS, ^A@, ^BQ, ^FH",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_SERIAL | 1u << BUS_TCP,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct printer_priv),
	.init = init,
	.printer = &printer,
};
