/* SPDX-License-Identifier: MIT */
#include "ctl/messages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *en, *zh;
} catalogue[MSG_COUNT] = {
#define CTL_MESSAGE_TEXT(id, en, zh) {en, zh},
	CTL_MESSAGES(CTL_MESSAGE_TEXT)
#undef CTL_MESSAGE_TEXT
};

const char *message(bool zh, enum ctl_message m)
{
	return zh ? catalogue[m].zh : catalogue[m].en;
}

/* The first of these that is set and not empty rules, as POSIX has it. */
static const char *locale_of(const char *category)
{
	const char *names[] = {"LC_ALL", category, "LANG"};

	for (int i = 0; i < 3; i++) {
		const char *s = getenv(names[i]);

		if (s && *s)
			return s;
	}
	return "";
}

bool language_is_zh(void)
{
	return strncasecmp(locale_of("LC_MESSAGES"), "zh", 2) == 0;
}

bool language_is_utf8(void)
{
	const char *s = locale_of("LC_CTYPE");

	return strcasestr(s, "utf-8") != NULL || strcasestr(s, "utf8") != NULL;
}
