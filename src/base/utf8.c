/* SPDX-License-Identifier: MIT
 *
 * The characters of base/text.h: UTF-8 checks, widths and clean lines.
 */
#include "base/text.h"

#include <string.h>

size_t text_char(const char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = n ? (uint8_t)s[0] : 0xff;
	uint32_t v;
	size_t len;

	if (lead < 0x80) {
		*c = lead;
		return 1;
	}
	if (lead >= 0xc2 && lead < 0xe0) {
		len = 2;
		v = lead & 0x1fu;
	} else if (lead >= 0xe0 && lead < 0xf0) {
		len = 3;
		v = lead & 0x0fu;
	} else if (lead >= 0xf0 && lead < 0xf5) {
		len = 4;
		v = lead & 0x07u;
	} else {
		return 0;
	}
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((uint8_t)s[i] & 0x3fu);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*c = v;
	return len;
}

int text_columns(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},	{0x3041, 0x33ff}, {0x3400, 0x4dbf},
		{0x4e00, 0x9fff},   {0xa000, 0xa4cf},	{0xac00, 0xd7a3}, {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
		{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i].from && c <= wide[i].to)
			return 2;
	return 1;
}

bool text_is_utf8(const char *s, size_t n)
{
	uint32_t c;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = text_char(s + i, n - i, &c);
		if (len == 0)
			return false;
	}
	return true;
}

bool text_is_clean(const char *s, size_t n, const char *allow)
{
	uint32_t c;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = text_char(s + i, n - i, &c);
		if (len == 0 || c == 0)
			return false;
		if ((c < 0x20 || c == 0x7f) && !strchr(allow, (int)c))
			return false;
		if (c >= 0x80 && c < 0xa0)
			return false;
	}
	return true;
}

/* Do the last n bytes of a text begin a character that a bounded print cut in two? */
static bool is_cut(const char *s, size_t n)
{
	uint8_t lead = (uint8_t)s[0];
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0xc2 || lead > 0xf4 || n >= len)
		return false;
	for (size_t i = 1; i < n; i++)
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

void text_make_line(char *s)
{
	size_t n = strlen(s);
	size_t to = 0;
	uint32_t c = 0;

	for (size_t i = 0; i < n;) {
		size_t len = text_char(s + i, n - i, &c);

		if (len == 0 && is_cut(s + i, n - i))
			break;
		if (len == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			bool blank = len && (c == '\n' || c == '\t' || c == '\r');

			s[to++] = blank ? ' ' : '?';
			i += len ? len : 1;
			continue;
		}
		memmove(s + to, s + i, len);
		to += len;
		i += len;
	}
	s[to] = '\0';
}

bool text_copy(char *dst, size_t size, const char *src)
{
	size_t n = strlen(src);
	size_t keep = n;

	if (size == 0)
		return false;
	if (n >= size) {
		keep = size - 1;
		while (keep > 0 && ((uint8_t)src[keep] & 0xc0) == 0x80)
			keep--;
	}
	memmove(dst, src, keep);
	dst[keep] = '\0';
	return keep == n;
}
