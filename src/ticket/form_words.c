/* SPDX-License-Identifier: MIT
 *
 * What a single word or text may be: days, codes, and what looks like a customer's data.
 */
#include "ticket/form.h"

#include <stdio.h>
#include <string.h>

void form_problem(struct ticket_problems *p, const char *pointer, const char *code,
		  const char *detail)
{
	struct ticket_problem *at;

	if (p->count == TICKET_PROBLEMS_MAX)
		return;
	at = &p->at[p->count++];
	(void)text_copy(at->pointer, sizeof(at->pointer), pointer);
	(void)text_copy(at->code, sizeof(at->code), code);
	(void)text_copy(at->detail, sizeof(at->detail), detail);
}

void form_problems_line(const struct ticket_problems *problems, char *dst, size_t size)
{
	struct text line = {0};

	text_puts(&line, "");
	for (int i = 0; i < problems->count; i++) {
		const struct ticket_problem *p = &problems->at[i];

		text_printf(&line, "%s%s%s%s", i ? "; " : "", p->pointer, p->pointer[0] ? ": " : "",
			    p->detail);
	}
	(void)text_copy(dst, size, line.buf ? line.buf : "");
	text_make_line(dst);
	text_release(&line);
}

bool form_has_shape(const char *s, const char *shape)
{
	for (; *shape; s++, shape++)
		if (*shape == '9' ? *s < '0' || *s > '9' : *s != *shape)
			return false;
	return *s == '\0';
}

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + (s[1] - '0');
}

bool form_is_utc(const char *s)
{
	char day[11];

	if (!form_has_shape(s, "9999-99-99T99:99:99Z"))
		return false;
	memcpy(day, s, 10);
	day[10] = '\0';
	return text_is_day(day) && two_digits(s + 11) < 24 && two_digits(s + 14) < 60 &&
	       two_digits(s + 17) < 60;
}

/* Lower case, letters and whatever is not ASCII only: "Customer-Name" -> "customername". */
static void squeeze(char *dst, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name && n + 1 < size; name++) {
		if (*name >= 'A' && *name <= 'Z')
			dst[n++] = (char)(*name - 'A' + 'a');
		else if ((*name >= 'a' && *name <= 'z') || (unsigned char)*name >= 0x80)
			dst[n++] = *name;
	}
	dst[n] = '\0';
}

bool form_is_customer_data(const char *name)
{
	static const char *const words[] = {
		"name",	     "phone",	  "mobile",   "telephone", "address", "addr",
		"email",     "customer",  "consumer", "owner",	   "contact", "recipient",
		"consignee", "signature", "photo",    "picture",   "image",   "portrait",
		"wechat",    "idcard",	  "姓名",     "电话",	   "手机",    "地址",
		"住址",	     "邮箱",	  "客户",     "顾客",	   "用户",    "联系",
		"收件",	     "收货",	  "签名",     "签字",	   "照片",    "图片",
		"微信",	     "身份证"};
	char plain[96];

	squeeze(plain, sizeof(plain), name);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(plain, words[i]))
			return true;
	return strcmp(plain, "tel") == 0;
}

void form_pointer(char *dst, size_t size, const char *name)
{
	struct text t = {0};

	text_puts(&t, "/");
	for (; *name; name++) {
		if (*name == '~')
			text_puts(&t, "~0");
		else if (*name == '/')
			text_puts(&t, "~1");
		else
			text_add(&t, name, 1);
	}
	(void)text_copy(dst, size, t.buf);
	text_release(&t);
}

/* ---- personal data in free text ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Eleven digits from 13 to 19 on, blanks and dashes between them, and no further digit beside. */
static bool has_mobile(const char *s)
{
	for (const char *at = s; *at; at++) {
		char digits[14];
		size_t n = 0;

		if (!is_digit(*at) || (at > s && is_digit(at[-1])))
			continue;
		for (const char *p = at; *p && n < sizeof(digits); p++) {
			if (is_digit(*p))
				digits[n++] = *p;
			else if (!(*p == ' ' || *p == '-') || !is_digit(p[1]))
				break;
		}
		if (n == 13 && digits[0] == '8' && digits[1] == '6') {
			n = 11;
			memmove(digits, digits + 2, n);
		}
		if (n == 11 && digits[0] == '1' && digits[1] >= '3')
			return true;
	}
	return false;
}

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

static bool has_any(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strstr(s, *words))
			return true;
	return false;
}

/* A place and a house: two parts of an address, one of each list. */
static bool has_address(const char *s)
{
	static const char *const places[] = {"省",   "路",   "街",   "巷", "弄",
					     "小区", "新村", "花园", NULL};
	static const char *const houses[] = {"号", "栋", "幢", "单元", "室", "楼", NULL};
	static const char *const streets[] = {" street", " road", " avenue", " lane",
					      " st.",	 " rd.",  " ave.",   NULL};
	char lower[600];
	size_t n = 0;
	bool digit = false;

	for (; s[n] && n + 1 < sizeof(lower); n++) {
		digit = digit || is_digit(s[n]);
		lower[n] = s[n] >= 'A' && s[n] <= 'Z' ? (char)(s[n] - 'A' + 'a') : s[n];
	}
	lower[n] = '\0';
	return digit && ((has_any(s, places) && has_any(s, houses)) || has_any(lower, streets));
}

const char *form_personal_data(const char *text)
{
	if (has_mobile(text))
		return "mobile number";
	if (has_email(text))
		return "e-mail address";
	return has_address(text) ? "postal address" : NULL;
}
