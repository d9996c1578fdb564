/* SPDX-License-Identifier: MIT
 *
 * What in a free text looks like a customer's data: a mobile number, an e-mail, an address. The text
 * is brought into one spelling first, so that full width, Chinese numerals, brackets and dots hide
 * nothing; then it is looked at whole, however long it is. Readings and serials are let through:
 * what parts the digits of a number counts only in the groups in which people write one.
 */
#include <stdio.h>
#include <string.h>

#include "ticket/form.h"

/* ---- one spelling ---- */

/* The digit that a character stands for, -1: none. */
static int digit_of(uint32_t c)
{
	static const struct {
		uint32_t zero, count;
	} rows[] = {{'0', 10},	   {0xff10, 10}, {0x660, 10}, {0x6f0, 10},
		    {0x1d7ce, 50}, {0x2080, 10}, {0x245f, 10} /* circled: 1 is 0x2460 */};
	static const struct {
		uint32_t c;
		int digit;
	} words[] = {{0x3007, 0}, {0x96f6, 0}, {0x4e00, 1}, {0x5e7a, 1}, {0x58f9, 1}, {0x4e8c, 2},
		     {0x8d30, 2}, {0x4e09, 3}, {0x53c1, 3}, {0x56db, 4}, {0x8086, 4}, {0x4e94, 5},
		     {0x4f0d, 5}, {0x516d, 6}, {0x9646, 6}, {0x4e03, 7}, {0x67d2, 7}, {0x516b, 8},
		     {0x634c, 8}, {0x4e5d, 9}, {0x7396, 9}, {0x24ea, 0}, {0xb9, 1},   {0xb2, 2},
		     {0xb3, 3},	  {0x2070, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (c >= rows[i].zero && c - rows[i].zero < rows[i].count)
			return (int)((c - rows[i].zero) % 10);
	if (c >= 0x2074 && c <= 0x2079)
		return (int)(c - 0x2070);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].c == c)
			return words[i].digit;
	return -1;
}

/* The ASCII character that stands for it, 0: left out, -1: it stays as it is. */
static int plain_of(uint32_t c)
{
	int digit = digit_of(c);

	if (digit >= 0)
		return '0' + digit;
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xfee0;
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? (int)(c - 'A' + 'a') : (int)c;
	if (c == 0xad || (c >= 0x200b && c <= 0x200f) || c == 0x2060 || c == 0xfeff)
		return 0;
	if (c == 0xa0 || c == 0x3000 || c == 0x202f || (c >= 0x2000 && c <= 0x200a))
		return ' ';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xb7 || c == 0x2022 ||
	    c == 0x30fb || c == 0x30fc)
		return '-';
	if (c == 0x3001 || c == 0x3002)
		return ',';
	if (c >= 0x3008 && c <= 0x301b) /* brackets of every form */
		return '(';
	return -1;
}

static void put_plain(struct text *out, const char *s)
{
	size_t n = strlen(s), len;
	uint32_t c;

	text_puts(out, "");
	for (; n; s += len, n -= len) {
		int plain;
		char one;

		len = text_char(s, n, &c);
		plain = len ? plain_of(c) : -1;
		len = len ? len : 1;
		one = (char)plain;
		if (plain > 0)
			text_add(out, &one, 1);
		else if (plain < 0)
			text_add(out, s, len);
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(const char *s)
{
	return strspn(s, "0123456789");
}

/* ---- a mobile number: eleven digits from 13 to 19 on ---- */

enum { MOBILE = 11, PREFIXED = 15 /* 0086 before it */, GROUPS = 11 };
static const char SEPARATORS[] = " \t\n-.,()[]/_+";

/* The point of "1.35": one alone between digits, and no number of a telephone around it. */
static bool is_decimal_point(const char *start, const char *at)
{
	const char *left = at, *right = at + 1 + digits_at(at + 1);

	while (left > start && is_digit(left[-1]))
		left--;
	return *at == '.' && left < at && right > at + 1 && right - left <= MOBILE &&
	       !(left > start && left[-1] == '.') && !(*right == '.' && is_digit(right[1]));
}

/* The next group of the same number, NULL: this is its end. */
static const char *next_group(const char *start, const char *end)
{
	size_t n = strspn(end, SEPARATORS);

	if (n == 0 || n > 3 || !is_digit(end[n]) || is_decimal_point(start, end))
		return NULL;
	return end + n;
}

static bool is_one_of(const char *sizes, const char *const *groupings)
{
	for (; *groupings; groupings++)
		if (strcmp(sizes, *groupings) == 0)
			return true;
	return false;
}

/* As people group one: "344" is 138 0013 8000. A list of readings may have some of these in it, but
 * seldom stands there with these alone. */
static bool is_grouping(const char *sizes, bool after_letters, bool alone)
{
	static const char *const always[] = {"344", "11111111111", NULL};
	static const char *const usual[] = {"38", "74",	 "434",	  "335", "56",
					    "65", "353", "32222", NULL};

	if (after_letters) /* tel138-0013-8000, but not RO175-24000101 */
		return strcmp(sizes, always[0]) == 0;
	return is_one_of(sizes, always) || (alone && is_one_of(sizes, usual));
}

static const char *strip_prefix(const char *digits)
{
	static const char *const prefixes[] = {"0086", "86", "0", ""};
	size_t n = strlen(digits);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t skip = strlen(prefixes[i]);

		if (n == skip + MOBILE && strncmp(digits, prefixes[i], skip) == 0)
			return digits + skip;
	}
	return NULL;
}

static bool stands_alone(const char *start, const char *first)
{
	while (first > start && strchr(SEPARATORS, first[-1]))
		first--;
	return first == start || !is_digit(first[-1]);
}

struct number {
	const char *start, *first; /* of the text, of the number */
	char digits[PREFIXED + 1], sizes[GROUPS + 1];
	size_t n, count;
	bool plain; /* blanks and dashes alone between its groups */
};

/* What has been gathered up to `end` is one. */
static bool is_mobile(const struct number *m, const char *end)
{
	const char *digits = strip_prefix(m->digits);
	char sizes[GROUPS + 1], before = m->first > m->start ? m->first[-1] : ' ';
	bool after_letters = before >= 'a' && before <= 'z', alone;
	size_t skip;

	if (!digits || digits[0] != '1' || digits[1] < '3')
		return false;
	if (m->count == 1)
		return true;
	(void)text_copy(sizes, sizeof(sizes), m->sizes);
	skip = (size_t)(digits - m->digits);
	if (skip >= (size_t)(sizes[0] - '0'))
		return false; /* what stands before it is a group of its own: looked at without */
	sizes[0] = (char)(sizes[0] - (int)skip);
	alone = stands_alone(m->start, m->first) && !next_group(m->start, end);
	return is_grouping(sizes, after_letters, alone) || (alone && m->plain && !after_letters);
}

static bool starts_mobile(const char *start, const char *first)
{
	struct number m = {.start = start, .first = first, .plain = true};
	const char *at = first, *next;

	while (m.count < GROUPS) {
		size_t n = digits_at(at);

		if (m.n + n > PREFIXED)
			return false;
		memcpy(m.digits + m.n, at, n);
		m.n += n;
		m.sizes[m.count++] = (char)('0' + n);
		if (is_mobile(&m, at + n))
			return true;
		next = next_group(start, at + n);
		if (!next)
			return false;
		m.plain = m.plain && strspn(at + n, " -") == (size_t)(next - at) - n;
		at = next;
	}
	return false;
}

static bool has_mobile(const char *s)
{
	for (const char *at = s; *at; at++)
		if (is_digit(*at) &&
		    (at == s || !(is_digit(at[-1]) || is_decimal_point(s, at - 1))) &&
		    starts_mobile(s, at))
			return true;
	return false;
}

/* ---- an e-mail ---- */

static bool has_email(const char *s)
{
	const char *at = s;

	while ((at = strchr(at, '@'))) {
		const char *dot = strchr(at, '.');

		if (at > s && at[-1] > ' ' && at[1] > ' ' && dot && dot > at + 1 && dot[1] > ' ' &&
		    (size_t)(dot - at) == strcspn(at, ". \t\n"))
			return true;
		at++;
	}
	return false;
}

/* ---- an address: a street or place and a house in it, or two parts of a house ---- */

enum { NEAR = 48 /* bytes between the place and its house: sixteen characters */ };

static bool ends_with_any(const char *start, const char *end, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);

		if ((size_t)(end - start) >= n && strncmp(end - n, *words, n) == 0)
			return true;
	}
	return false;
}

/* A number, then one of these: "12号"; what follows it in *after. */
static bool has_numbered(const char *s, size_t within, const char *const *words, const char **after)
{
	static const char *const numerals[] = {"0", "1", "2", "3",  "4",  "5", "6",
					       "7", "8", "9", "十", "百", NULL};

	for (const char *p = s; *p && (size_t)(p - s) <= within; p++)
		for (const char *const *w = words; *w; w++) {
			const char *number = p;

			if (strncmp(p, *w, strlen(*w)) != 0)
				continue;
			while (number > s && number[-1] == ' ')
				number--;
			if (!ends_with_any(s, number, numerals))
				continue;
			*after = p + strlen(*w);
			return true;
		}
	return false;
}

static const char *const houses[] = {"号",   "號", "栋", "棟", "幢", "单元",
				     "單元", "室", "楼", "樓", NULL};

/* A street, an estate, a village: one of these, and soon after it a house. */
static bool has_street(const char *s)
{
	static const char *const places[] = {"路",   "街",   "巷",   "大道", "胡同", "小区", "新村",
					     "花园", "公寓", "广场", "镇",   "村",   NULL};
	/* of the bench: 水路2号阀, 旁路 1 号 */
	static const char *const bench[] = {"水", "电", "電", "气", "氣", "油", "管", "旁", "短",
					    "回", "线", "線", "支", "断", "斷", "开", "開", "分",
					    "各", "每", "双", "单", "多", "并", "串", "两", NULL};
	const char *after;

	for (const char *const *w = places; *w; w++)
		for (const char *p = s; (p = strstr(p, *w)); p++)
			if (!(w == places && ends_with_any(s, p, bench)) &&
			    has_numbered(p + strlen(*w), NEAR, houses, &after))
				return true;
	return false;
}

/* 广东省深圳市...88号, 深圳市福田区...88号, 123弄4号 */
static bool has_region(const char *s)
{
	static const char *const regions[] = {"省", "市", NULL};
	static const char *const parts[] = {"市", "州", "县", "縣", "区", "區", "镇", "鎮", NULL};
	static const char *const lanes[] = {"弄", NULL};
	const char *after;

	for (const char *const *w = regions; *w; w++)
		for (const char *p = s; (p = strstr(p, *w)); p++)
			for (const char *const *part = parts; *part; part++) {
				const char *at = strstr(p + strlen(*w), *part);

				if (at && at - p <= NEAR &&
				    has_numbered(at, 2 * NEAR, houses, &after))
					return true;
			}
	while (has_numbered(s, strlen(s), lanes, &s))
		if (has_numbered(s, NEAR, houses, &after))
			return true;
	return false;
}

static bool has_address(const char *s)
{
	static const char *const parts[] = {"栋", "棟", "幢", "单元", "單元",
					    "室", "楼", "樓", NULL};
	static const char *const streets[] = {" street", " road", " avenue", " lane",
					      " st.",	 " rd.",  " ave.",   NULL};
	bool digit = strpbrk(s, "0123456789") != NULL;
	const char *at = s, *after;

	if (has_street(s) || has_region(s))
		return true;
	while (has_numbered(at, strlen(at), parts, &after)) {
		if (has_numbered(after, NEAR / 2, parts, &at))
			return true;
		at = after;
	}
	for (const char *const *w = streets; digit && *w; w++)
		if (strstr(s, *w))
			return true;
	return false;
}

const char *form_personal_data(const char *text)
{
	struct text plain = {0};
	const char *what = NULL;

	put_plain(&plain, text);
	if (has_mobile(plain.buf))
		what = "mobile number";
	else if (has_email(plain.buf))
		what = "e-mail address";
	else if (has_address(plain.buf))
		what = "postal address";
	text_release(&plain);
	return what;
}
