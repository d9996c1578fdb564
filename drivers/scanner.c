/* SPDX-License-Identifier: MIT
 *
 * Barcode scanner as a serial port (CDC-ACM, USB or RS-232): printable ASCII ended by CR, LF or
 * both.
 *
 * A line with anything else in it, or longer than `max_length`, is dropped whole, for half a code
 * is a wrong code; so is a beginning that was left half a second without its end. A code that the
 * trigger sends twice within `repeat_s` counts once.
 */
#include <string.h>
#include "drivers.h"

enum { LINE_MAX = 128, POINT_CODE = 0 };
#define GAP_NS ((int64_t)500000000)

struct scanner_priv {
	char line[LINE_MAX + 1], last[LINE_MAX + 1];
	int n;
	bool spoiled; /* drop up to the next end */
	int64_t byte_ns, last_ns;
};

static const struct driver_point points[] = {
	[POINT_CODE] = {.name = "code", .quantity = QUANTITY_TEXT, .direction = POINT_READ},
};

static const struct driver_option options[] = {
	{"min_length", OPTION_INTEGER, "1", 1, LINE_MAX, NULL, "shortest code", "最短条码长度"},
	{"max_length", OPTION_INTEGER, "64", 1, LINE_MAX, NULL, "longest code", "最长条码长度"},
	{"repeat_s", OPTION_NUMBER, "1", 0, 60, NULL,
	 "the same code again within this time counts once", "此时间内相同条码只计一次"},
};

static int init(struct driver_device *d, struct error *err)
{
	if (driver_option_integer(d, "min_length") > driver_option_integer(d, "max_length"))
		return error_set(err, ERR_CONFIG, "min_length is above max_length");
	return 0;
}

static bool is_repeat(const struct driver_device *d, struct scanner_priv *p, int64_t at_ns)
{
	int64_t within_ns = (int64_t)(driver_option_number(d, "repeat_s") * 1e9);
	bool same = p->last[0] && !strcmp(p->line, p->last) && at_ns - p->last_ns < within_ns;

	memcpy(p->last, p->line, sizeof(p->last));
	p->last_ns = at_ns;
	return same;
}

static bool is_complete(const struct driver_device *d, struct scanner_priv *p, int64_t at_ns)
{
	p->line[p->n] = '\0';
	return !p->spoiled && p->n > 0 && p->n >= driver_option_integer(d, "min_length") &&
	       !is_repeat(d, p, at_ns);
}

static void feed(struct driver_device *d, const uint8_t *bytes, size_t n, int64_t at_ns,
		 void (*emit)(void *ctx, int point, const char *text, const struct driver_value *v),
		 void *ctx)
{
	struct scanner_priv *p = d->priv;
	const struct driver_value v = {.quality = QUALITY_GOOD};
	long max = driver_option_integer(d, "max_length");

	if ((p->n || p->spoiled) && at_ns - p->byte_ns > GAP_NS) {
		p->n = 0;
		p->spoiled = false;
	}
	p->byte_ns = at_ns;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes[i];

		if (c == '\r' || c == '\n') {
			if (is_complete(d, p, at_ns))
				emit(ctx, POINT_CODE, p->line, &v);
			p->n = 0;
			p->spoiled = false;
		} else if (c < 0x20 || c > 0x7e || p->n >= max) {
			p->spoiled = true;
		} else {
			p->line[p->n++] = (char)c;
		}
	}
}

const struct driver driver_scanner = {
	.name = "scanner",
	.title_en = "Barcode scanner on a serial port",
	.title_zh = "串口扫码枪",
	.source = "line-oriented output that all such scanners can be set to",
	.maturity = DRIVER_BETA,
	.buses = 1u << BUS_SERIAL,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct scanner_priv),
	.init = init,
	.feed = feed,
};
