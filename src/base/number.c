/* SPDX-License-Identifier: MIT
 *
 * The numbers of base/text.h: read and written with a point, whatever the locale.
 */
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t digits(const char *s, size_t n, size_t i)
{
	size_t from = i;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i - from;
}

size_t text_number_span(const char *s, size_t n)
{
	size_t i = n && s[0] == '-';
	size_t whole = digits(s, n, i);
	size_t part = 0;
	size_t power;

	i += whole;
	if (i < n && s[i] == '.') {
		part = digits(s, n, i + 1);
		if (whole + part == 0)
			return 0;
		i += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t sign = i + 1 < n && (s[i + 1] == '+' || s[i + 1] == '-');

		power = digits(s, n, i + 1 + sign);
		if (power)
			i += 1 + sign + power;
	}
	return i;
}

bool text_to_double(const char *s, size_t n, double *out)
{
	char buf[128];
	char *end;
	double v;

	if (n == 0 || n >= sizeof(buf) || text_number_span(s, n) != n)
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	errno = 0;
	v = strtod(buf, &end);
	/* A number too small to be told from 0 is a mistake as one too large is. */
	if (*end || !isfinite(v) || (v == 0 && errno == ERANGE))
		return false;
	*out = v;
	return true;
}

bool text_to_int64(const char *s, size_t n, int64_t *out)
{
	bool minus = n && s[0] == '-';
	int64_t v = 0;

	if (n == (size_t)minus)
		return false;
	/* Downwards: the lowest number has no positive twin. */
	for (size_t i = minus; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
		    __builtin_sub_overflow(v, (int64_t)(s[i] - '0'), &v))
			return false;
	}
	if (!minus && v == INT64_MIN)
		return false;
	*out = minus ? v : -v;
	return true;
}

double text_round9(double v)
{
	char buf[32];

	if (v == 0 || !isfinite(v))
		return v == 0 ? 0 : v;
	(void)snprintf(buf, sizeof(buf), "%.8e", v);
	return strtod(buf, NULL);
}

char *text_from_double(char *dst, size_t size, double v)
{
	(void)snprintf(dst, size, "%.9g", v == 0 ? 0.0 : v);
	return dst;
}
