/* SPDX-License-Identifier: MIT */
#include "run/calibrate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

const char *calibration_state_name(enum calibration_state s)
{
	switch (s) {
	case CALIBRATION_GOOD: return "good";
	case CALIBRATION_NONE: return "uncalibrated";
	case CALIBRATION_LAPSED: return "calibration_lapsed";
	case CALIBRATION_DATE_UNKNOWN: return "calibration_date_unknown";
	}
	return "uncalibrated";
}

void calibrate_factors(const struct fx_channel *c, double *gain, double *offset)
{
	double k = 1.0, d = 0.0;

	if (c->calibration.revision > 0) {
		k = c->calibration.gain;
		d = c->calibration.offset;
	}
	if (c->unit) {
		*gain = c->unit->scale * k;
		*offset = c->unit->scale * d + c->unit->offset;
	} else {
		*gain = k;
		*offset = d;
	}
}

static bool needs_calibration(enum quantity q)
{
	return q != QUANTITY_NONE && q != QUANTITY_STATE && q != QUANTITY_COUNT &&
	       q != QUANTITY_TEXT;
}

enum calibration_state calibrate_state(const struct fx_channel *c, int64_t utc_us)
{
	const char *done = c->calibration.done, *due = c->calibration.due;
	char now[32];

	if (!needs_calibration(c->quantity))
		return CALIBRATION_GOOD;
	if (c->calibration.revision <= 0)
		return CALIBRATION_NONE;
	if (!due || !*due)
		return CALIBRATION_GOOD;
	if (utc_us <= 0)
		return CALIBRATION_DATE_UNKNOWN;
	/* ISO dates sort as text; the day is the first ten characters. A clock that stands before
	 * the day of the calibration is wrong, and cannot tell whether it has lapsed. */
	text_from_utc_us(now, sizeof now, utc_us);
	if (done && strncmp(now, done, 10) < 0)
		return CALIBRATION_DATE_UNKNOWN;
	return strncmp(now, due, 10) > 0 ? CALIBRATION_LAPSED : CALIBRATION_GOOD;
}

int64_t calibrate_believed_utc_us(int64_t utc_us, int64_t not_before_us)
{
	return utc_us < not_before_us ? 0 : utc_us;
}

int64_t calibrate_build_utc_us(void)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm day = {0};
	char month[4] = "";
	const char *at;

	/* "Nov 22 2026"; the reproducible build's date where SOURCE_DATE_EPOCH is set. */
	if (sscanf(__DATE__, "%3s %d %d", month, &day.tm_mday, &day.tm_year) != 3)
		return 0;
	at = strstr(months, month);
	if (!at)
		return 0;
	day.tm_mon = (int)(at - months) / 3;
	day.tm_year -= 1900;
	day.tm_mday--; /* it is the local day of who built it */
	return (int64_t)timegm(&day) * 1000000;
}
