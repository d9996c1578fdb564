/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/ctl.h"

enum { FOREVER_MS = 3600 * 1000, EVENT_MAX = 1 << 20 };

/* Without --json only what people wait for: live values would drown it. */
static void print_event(const struct text *event)
{
	struct error err;
	json_t *e = json_load_limited(event->buf, event->len, EVENT_MAX, &err);
	const char *type = member_text(e, "type");

	if (e && strcmp(type, "progress") != 0)
		(void)printf("%s  %-12s  %s  %s  %s%s%s\n", member_text(e, "at"), type,
			     member_text(e, "bay"), member_text(e, "ticket"),
			     member_text(e, "state"), member_text(e, "verdict"),
			     member_text(e, "text"));
	json_decref(e);
}

CTL_COMMAND(cmd_events)
{
	const char *words[CTL_ARGS_MAX], *count = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("count", "N", &count, "end after N events"),
		OPTION_END,
	};
	struct text event = {0};
	struct error err = {0};
	int64_t left = INT64_MAX;
	int code, rc = 1;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!ctl_number(self, "count", count, 1, INT32_MAX, &left))
		return CTL_USAGE;
	code = ctl_call(c, WEB_EVENTS, NULL, "", NULL, NULL);
	while (code == CTL_OK && left > 0 && rc >= 0) {
		rc = client_event(c->client, FOREVER_MS, &event, &err);
		if (rc <= 0)
			continue;
		if (c->json)
			(void)printf("%s\n", event.buf);
		else
			print_event(&event);
		(void)fflush(stdout);
		left--;
	}
	text_release(&event);
	if (rc >= 0)
		return code;
	(void)ctl_fail("%s", err.text);
	return CTL_NO_STATION;
}
