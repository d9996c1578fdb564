/* SPDX-License-Identifier: MIT
 *
 * Devices that send by themselves: frames of the dual TDS module, lines of a text meter, in run
 * time.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "personality.h"

enum { TDS_TAP_EVERY = 60 }; /* the module measures tap water once a minute, the pure side each s */

static void put(struct sim_device *d, const void *bytes, size_t n)
{
	if (d->sent_n + n > sizeof(d->sent))
		return; /* nobody fetches it: lost, as on a line without reader */
	memcpy(d->sent + d->sent_n, bytes, n);
	d->sent_n += n;
}

static double value_of(struct world *w, struct sim_device *d, const char *name)
{
	for (int i = 0; i < d->point_count; i++) {
		const struct sim_point *p = &d->points[i];
		bool plain = p->channel >= 0 && w->sensors[p->channel].role == CH_OTHER;

		if (!strcmp(p->name, name)) /* what no physics stands behind reads its idle value */
			return plain ? p->idle : device_get(w, d, p);
	}
	return 0;
}

static uint16_t word(double v)
{
	return v < 0 ? 0 : v > 65535 ? 65535 : (uint16_t)lround(v);
}

static void tds_frame(struct world *w, struct sim_device *d, uint8_t channel)
{
	uint16_t tds = word(20 * value_of(w, d, channel == 1 ? "pure_tds" : "tap_tds"));
	uint16_t t =
		word(10 * value_of(w, d, channel == 1 ? "pure_temperature" : "tap_temperature"));
	const char *how = personality_option(d, "checksum");
	uint8_t f[11] = {0x55,
			 0x0a,
			 0x85,
			 channel,
			 (uint8_t)(tds >> 8),
			 (uint8_t)tds,
			 (uint8_t)(t >> 8),
			 (uint8_t)t};

	for (int i = 0; i < 10; i++)
		f[10] = (uint8_t)(how && how[0] == 'x' ? f[10] ^ f[i] : f[10] + f[i]);
	put(d, f, sizeof(f));
}

static void text_line(struct world *w, struct sim_device *d)
{
	const char *pattern = personality_option(d, "line");
	char line[256], name[64];
	size_t n = 0;

	while (pattern && *pattern && n < sizeof(line) - 40) {
		size_t len = strcspn(pattern, "}");

		if (*pattern != '{') {
			line[n++] = *pattern++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(len - 1), pattern + 1);
		if (strcmp(name, "*"))
			n += (size_t)snprintf(line + n, 32, "%.3f", value_of(w, d, name));
		pattern += len + (pattern[len] == '}');
	}
	line[n++] = '\r';
	line[n++] = '\n';
	put(d, line, n);
}

void stream_run(struct world *w, struct sim_device *d)
{
	if (d->dead || w->now_ns < d->send_ns)
		return;
	d->send_ns = w->now_ns + NS_PER_S;
	if (d->stream == STREAM_ASCII) {
		text_line(w, d);
	} else if (d->stream == STREAM_UART_TDS) {
		tds_frame(w, d, 1);
		if (d->sends % TDS_TAP_EVERY == 0)
			tds_frame(w, d, 2);
	}
	d->sends++;
}
