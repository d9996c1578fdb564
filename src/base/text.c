/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum { TEXT_MAX_DEFAULT = 64 << 20 };

/* Room for n more bytes and NUL; fewer when the bound is near. Returns how many fit. */
static size_t reserve(struct text *t, size_t n)
{
	size_t max = t->max ? t->max : TEXT_MAX_DEFAULT;
	size_t cap;

	if (t->overflow)
		return 0;
	if (t->len > max || n > max - t->len) {
		t->overflow = true;
		n = t->len < max ? max - t->len : 0;
	}
	if (t->len + n + 1 <= t->cap)
		return n;
	cap = t->cap ? t->cap : 64;
	while (cap < t->len + n + 1)
		cap *= 2;
	t->buf = xrealloc(t->buf, cap);
	t->cap = cap;
	return n;
}

void text_add(struct text *t, const char *s, size_t n)
{
	size_t fits = reserve(t, n);

	if (!t->buf)
		return;
	while (fits > 0 && fits < n && ((uint8_t)s[fits] & 0xc0) == 0x80)
		fits--; /* cut between characters */
	if (fits)
		memcpy(t->buf + t->len, s, fits);
	t->len += fits;
	t->buf[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char small[256];
	char *big;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		panic("text_printf: bad format");
	if ((size_t)n < sizeof(small)) {
		text_add(t, small, (size_t)n);
		return;
	}
	big = xcalloc((size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	text_add(t, big, (size_t)n);
	free(big);
}

void text_clear(struct text *t)
{
	t->len = 0;
	t->overflow = false;
	if (t->buf)
		t->buf[0] = '\0';
}

void text_release(struct text *t)
{
	if (!t)
		return;
	free(t->buf);
	t->buf = NULL;
	t->len = 0;
	t->cap = 0;
	t->overflow = false;
}

bool text_is_name(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++) {
		bool letter = s[n] >= 'a' && s[n] <= 'z';
		bool digit = s[n] >= '0' && s[n] <= '9';

		if (n == 63 || !(letter || (n > 0 && (digit || s[n] == '_'))))
			return false;
	}
	return n > 0;
}

bool text_is_day(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = 0, month = 0, day = 0, last;

	for (int i = 0; i < 10; i++) {
		int *part = i < 4 ? &year : i < 7 ? &month : &day;

		if (i == 4 || i == 7 ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
		if (s[i] != '-')
			*part = *part * 10 + s[i] - '0';
	}
	if (s[10] || month < 1 || month > 12)
		return false;
	last = days[month - 1];
	if (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
		last = 29;
	return day >= 1 && day <= last;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Weights: a wrong case is a slip, anything else a real edit. */
enum { NEAR_MAX = 64, COST_CASE = 1, COST_EDIT = 4 };

static unsigned substitution(char a, char b)
{
	if (a == b)
		return 0;
	return lower(a) == lower(b) ? COST_CASE : COST_EDIT;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment). */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][NEAR_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t k = 0; k <= nb; k++)
		above[k] = before[k] = (unsigned)k * COST_EDIT;
	for (size_t i = 1; i <= na; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i * COST_EDIT;
		for (size_t k = 1; k <= nb; k++) {
			row[k] = above[k - 1] + substitution(a[i - 1], b[k - 1]);
			row[k] = least(row[k], least(above[k], row[k - 1]) + COST_EDIT);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + COST_EDIT);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

const char *text_nearest(const char *s, const char *const *list, size_t n)
{
	size_t len = strnlen(s, NEAR_MAX + 1);
	unsigned best = COST_EDIT * (unsigned)(len / 3 > 1 ? len / 3 : 1) + 1;
	const char *found = NULL;

	if (len == 0 || len > NEAR_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = list[i] ? strnlen(list[i], NEAR_MAX + 1) : 0;
		unsigned d;

		if (other == 0 || other > NEAR_MAX)
			continue;
		d = distance(s, len, list[i], other);
		/* Everything replaced is no typing error. */
		if (d < best && d < COST_EDIT * (len > other ? len : other)) {
			best = d;
			found = list[i];
		}
	}
	return found;
}

void text_hex(char *dst, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = "0123456789abcdef"[p[i] >> 4];
		dst[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
	}
	dst[2 * n] = '\0';
}

static void need_sodium(void)
{
	if (sodium_init() < 0)
		panic("libsodium cannot start: no source of random numbers");
}

void text_uuid(char dst[37])
{
	uint8_t b[16];
	char hex[33];

	need_sodium();
	randombytes_buf(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	text_hex(hex, b, sizeof(b));
	(void)snprintf(dst, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		       hex + 20);
}

void text_sha256(uint8_t out[32], const void *p, size_t n)
{
	need_sodium();
	crypto_hash_sha256(out, p, n);
}

char *text_from_utc_us(char *dst, size_t size, int64_t utc_us)
{
	int64_t seconds = utc_us / 1000000;
	int64_t us = utc_us % 1000000;
	struct tm tm = {0};
	time_t t;

	if (us < 0) {
		us += 1000000;
		seconds--;
	}
	t = (time_t)seconds;
	gmtime_r(&t, &tm);
	(void)snprintf(dst, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
		       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)us);
	return dst;
}

bool text_to_utc_us(const char *s, int64_t *out)
{
	struct tm tm = {0};
	int us = 0, n = 0;

	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &us, &n) != 7 ||
	    n != 27 || s[n])
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*out = (int64_t)timegm(&tm) * 1000000 + us;
	return true;
}

/* Read fd to its end, at most max bytes, into *out of *n bytes. */
static int read_all(int fd, const char *path, size_t max, char **out, size_t *n, struct error *err)
{
	size_t cap = max < 16384 ? max + 2 : 16384;
	char *buf = xcalloc(cap, 1);
	size_t len = 0;
	int rc = 0;

	for (;;) {
		ssize_t got = read(fd, buf + len, cap - len - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = error_errno(err, "read %s", path);
		if (got <= 0)
			break;
		len += (size_t)got;
		if (len > max) {
			rc = error_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
			break;
		}
		if (len + 1 == cap) {
			cap = cap * 2 < max + 2 ? cap * 2 : max + 2;
			buf = xrealloc(buf, cap);
		}
	}
	if (rc < 0) {
		free(buf);
		return rc;
	}
	buf[len] = '\0';
	*out = buf;
	*n = len;
	return 0;
}

int text_read_file(const char *path, size_t max, char **out, size_t *n, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "%s does not exist", path);
	if (fd < 0)
		return error_errno(err, "open %s", path);
	rc = read_all(fd, path, max, out, n, err);
	close(fd);
	return rc;
}

int text_write(const struct text *t, int fd, struct error *err)
{
	for (size_t at = 0; at < t->len;) {
		ssize_t n = write(fd, t->buf + at, t->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, "write %zu bytes", t->len);
		at += (size_t)n;
	}
	return 0;
}
