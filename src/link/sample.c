/* SPDX-License-Identifier: MIT */
#include "link/sample.h"

const char *quality_text(enum quality q)
{
	static const char *const names[] = {
		[QUALITY_GOOD] = "good",
		[QUALITY_STALE] = "stale",
		[QUALITY_NO_REPLY] = "no_reply",
		[QUALITY_BAD_REPLY] = "bad_reply",
		[QUALITY_OUT_OF_RANGE] = "out_of_range",
		[QUALITY_FROZEN] = "frozen",
	};

	/* Whoever asks about a number that is no quality must not read "good". */
	if (q < QUALITY_GOOD || q > QUALITY_FROZEN)
		return "?";
	return names[q];
}
