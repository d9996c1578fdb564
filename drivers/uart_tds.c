/* SPDX-License-Identifier: MIT
 *
 * Dual TDS module of water purifiers on a UART, 9600 8N1: it sends by itself, every second for the
 * pure side, once a minute for the tap side:
 *
 *	55 0A 85 channel tds_hi tds_lo temperature_hi temperature_lo x x sum
 *
 * channel 1 pure, 2 tap; TDS = word / 20 mg/L (its table calls it ppm), temperature = word / 10
 * degC. 0x0A counts the bytes after 0x55. What the last three bytes say is not published: `checksum`
 * says how the last one is made; without one (`none`) a number counts only when the frame before
 * said nearly the same, for one flipped bit would look like any other reading.
 */
#include <math.h>
#include <string.h>
#include "drivers.h"

enum { FRAME = 11, POINT_PURE_TDS = 0, POINT_PURE_TEMPERATURE, POINT_TAP_TDS, POINTS = 4 };
#define GAP_NS ((int64_t)200000000) /* of a frame that broke off; 11 bytes take 12 ms */

struct tds_priv {
	uint8_t frame[FRAME];
	int n;
	int64_t byte_ns;
	bool has_last[POINTS];
	double last[POINTS];
};

static const struct driver_point points[POINTS] = {
	{"pure_tds", QUANTITY_TDS, NULL, "mg/L", POINT_READ, 0, 3276, 0.05},
	{"pure_temperature", QUANTITY_TEMPERATURE, NULL, "degC", POINT_READ, 0, 100, 0.1},
	{"tap_tds", QUANTITY_TDS, NULL, "mg/L", POINT_READ, 0, 3276, 0.05},
	{"tap_temperature", QUANTITY_TEMPERATURE, NULL, "degC", POINT_READ, 0, 100, 0.1},
};

static const struct driver_option options[] = {
	{"checksum", OPTION_CHOICE, "sum", 0, 0, "sum|xor|none",
	 "how the last byte is made of the ten before it; none: two frames have to agree",
	 "末字节由前十字节如何得出;none 表示须两帧一致"},
};

static bool is_whole(const struct driver_device *d, const uint8_t *frame)
{
	const char *how = driver_option(d, "checksum");
	uint8_t sum = 0;

	for (int i = 0; i < FRAME - 1; i++)
		sum = (uint8_t)(how[0] == 'x' ? sum ^ frame[i] : sum + frame[i]);
	return how[0] == 'n' || sum == frame[FRAME - 1];
}

/* Does the reading before it confirm this one? */
static bool is_confirmed(struct tds_priv *p, int point, double value)
{
	bool near = p->has_last[point] &&
		    fabs(value - p->last[point]) <= 1 + 0.1 * fabs(p->last[point]);

	p->has_last[point] = true;
	p->last[point] = value;
	return near;
}

static enum quality judge(const struct driver_device *d, int point, double value, bool whole)
{
	bool confirmed = is_confirmed(d->priv, point, value);

	if (!whole || (driver_option(d, "checksum")[0] == 'n' && !confirmed))
		return QUALITY_BAD_REPLY;
	return value <= points[point].hi ? QUALITY_GOOD : QUALITY_OUT_OF_RANGE;
}

static void tell(struct driver_device *d,
		 void (*emit)(void *ctx, int point, const char *text, const struct driver_value *v),
		 void *ctx)
{
	struct tds_priv *p = d->priv;
	const uint8_t *f = p->frame;
	bool whole = is_whole(d, f);
	int first = f[3] == 2 ? POINT_TAP_TDS : POINT_PURE_TDS;

	if (f[3] != 1 && f[3] != 2)
		return; /* of a channel nobody knows */
	for (int i = 0; i < 2; i++) {
		int64_t raw = f[4 + 2 * i] << 8 | f[5 + 2 * i];
		struct driver_value v = {.raw = raw, .value = (double)raw / (i ? 10 : 20)};

		v.quality = judge(d, first + i, v.value, whole);
		emit(ctx, first + i, NULL, &v);
	}
}

/* Throw away what cannot begin a frame. */
static void realign(struct tds_priv *p)
{
	static const uint8_t head[] = {0x55, 0x0a, 0x85};
	int at = 0, k;

	for (; at < p->n; at++) {
		for (k = 0; k < 3 && at + k < p->n && p->frame[at + k] == head[k]; k++)
			;
		if (k == 3 || at + k == p->n)
			break;
	}
	memmove(p->frame, p->frame + at, (size_t)(p->n - at));
	p->n -= at;
}

static void feed(struct driver_device *d, const uint8_t *bytes, size_t n, int64_t at_ns,
		 void (*emit)(void *ctx, int point, const char *text, const struct driver_value *v),
		 void *ctx)
{
	struct tds_priv *p = d->priv;

	if (p->n && at_ns - p->byte_ns > GAP_NS)
		p->n = 0;
	p->byte_ns = at_ns;
	for (size_t i = 0; i < n; i++) {
		p->frame[p->n++] = bytes[i];
		realign(p);
		if (p->n < FRAME)
			continue;
		tell(d, emit, ctx);
		/* a broken one may hide the beginning of the next */
		if (is_whole(d, p->frame))
			p->n = 0;
		else
			p->frame[0] = 0;
		realign(p);
	}
}

const struct driver driver_uart_tds = {
	.name = "uart_tds",
	.title_en = "Dual TDS module on a UART",
	.title_zh = "双路 TDS 串口模块",
	.source = "hqc201105/esphome_tds_sensor README and TDSSensor.h; checksum not published",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_SERIAL,
	.points = points,
	.point_count = POINTS,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct tds_priv),
	.feed = feed,
};
