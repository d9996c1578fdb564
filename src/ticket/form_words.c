/* SPDX-License-Identifier: MIT
 *
 * What a single word may be: days, codes, and names of members that are a customer's data.
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

/* docs/ticketing.md has the same list; a test holds both together. */
static const char *const customer_words[] = {
	"name",	     "phone",	 "mobile",   "cellular", "landline", "tel*",	  "fax",
	"address",   "addr",	 "street",   "postal",	 "postcode", "zip",	  "email",
	"mailto",    "customer", "consumer", "owner",	 "contact",  "recipient", "consignee",
	"signature", "photo",	 "picture",  "image",	 "portrait", "avatar",	  "birth",
	"gender",    "passport", "idcard",   "wechat",	 "weixin",   "whatsapp",  "qq",
	"xingming",  "dianhua",	 "shouji",   "dizhi",	 "youxiang", "lianxi",	  "kehu",
	"姓名",	     "名字",	 "称呼",     "電話",	 "电话",     "手機",	  "手机",
	"座机",	     "座機",	 "固话",     "传真",	 "傳真",     "地址",	  "住址",
	"门牌",	     "門牌",	 "邮编",     "郵編",	 "邮箱",     "郵箱",	  "邮件",
	"郵件",	     "电邮",	 "電郵",     "客户",	 "客戶",     "顾客",	  "顧客",
	"用户",	     "用戶",	 "业主",     "機主",	 "机主",     "联系",	  "聯繫",
	"聯絡",	     "收件",	 "寄件",     "收货",	 "收貨",     "签名",	  "簽名",
	"签字",	     "簽字",	 "照片",     "图片",	 "圖片",     "头像",	  "頭像",
	"微信",	     "身份证",	 "身份證",   "生日",	 "出生",     "性别",	  "性別",
	NULL};

const char *form_customer_word(int i)
{
	return customer_words[i];
}

bool form_is_customer_data(const char *name)
{
	char plain[96];

	squeeze(plain, sizeof(plain), name);
	for (const char *const *w = customer_words; *w; w++) {
		size_t n = strlen(*w) - 1;

		if ((*w)[n] == '*' ? strncmp(plain, *w, n) == 0 : strstr(plain, *w) != NULL)
			return true;
	}
	return false;
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
