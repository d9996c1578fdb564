/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/ctl.h"

enum { FOREVER_MS = 3600 * 1000, EVENT_MAX = 1 << 20 };

static void put_words(const struct ctl *c, const json_t *o, const char *const *keys, size_t n,
		      struct text *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = member_title(c, o, keys[i]);

		if (!word[0])
			continue;
		text_puts(out, "  ");
		put_said(c, word, out);
	}
}

/* Without --json only what people wait for: live values would drown it. */
static void print_event(const struct ctl *c, const struct text *event)
{
	static const char *const of_event[] = {"state", "reason", "verdict", "text"};
	static const char *const of_note[] = {"step", "title",	"id",	  "code",
					      "text", "answer", "verdict"};
	struct error err;
	json_t *e = json_load_limited(event->buf, event->len, EVENT_MAX, &err);
	const char *type = member_text(e, "type");
	struct text line = {0};

	if (e && strcmp(type, "progress") != 0) {
		text_printf(&line, "%.19sZ  %-12s  %s  %s", member_text(e, "at"), type,
			    member_text(e, "bay"), member_text(e, "ticket"));
		put_words(c, e, of_event, sizeof(of_event) / sizeof(of_event[0]), &line);
		put_words(c, json_object_get(e, "note"), of_note,
			  sizeof(of_note) / sizeof(of_note[0]), &line);
		if (member_is_true(e, "simulated"))
			text_printf(&line, "  %s", message(c->zh, MSG_SIMULATED));
		(void)puts(line.buf);
	}
	text_release(&line);
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
			print_event(c, &event);
		(void)fflush(stdout);
		left--;
	}
	text_release(&event);
	if (rc >= 0)
		return code;
	(void)ctl_fail("%s", err.text);
	return CTL_NO_STATION;
}
