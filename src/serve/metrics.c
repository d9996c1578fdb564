/* SPDX-License-Identifier: MIT */
#include "serve_internal.h"

#include <inttypes.h>

static void metric(struct text *out, const char *name, const char *type, const char *help,
		   uint64_t v)
{
	text_printf(out, "# HELP benchd_web_%s %s\n# TYPE benchd_web_%s %s\n", name, help, name,
		    type);
	text_printf(out, "benchd_web_%s %" PRIu64 "\n", name, v);
}

void metrics_text(const struct serve *s, struct text *out)
{
	const struct counters *c = &s->count;

	text_puts(out, "# HELP benchd_web_responses_total Responses by class of status.\n"
		       "# TYPE benchd_web_responses_total counter\n");
	for (int i = 2; i < 6; i++)
		text_printf(out, "benchd_web_responses_total{class=\"%dxx\"} %" PRIu64 "\n", i,
			    c->requests[i]);
	metric(out, "link_up", "gauge", "1 while benchd answers.", s->link_fd >= 0);
	metric(out, "connections", "gauge", "Open connections.", (uint64_t)s->visitor_count);
	metric(out, "event_streams", "gauge", "Clients that follow the events.",
	       (uint64_t)s->reader_count);
	metric(out, "events_total", "counter", "Events of benchd passed on.", c->events);
	metric(out, "refused_heads_total", "counter", "Requests refused by their head.",
	       c->refused_heads);
	metric(out, "refused_connections_total", "counter",
	       "Connections closed because too many were open.", c->refused_connections);
	metric(out, "slow_readers_total", "counter", "Event streams cut off: not read.",
	       c->slow_readers);
	metric(out, "reply_timeouts_total", "counter", "Requests benchd did not answer in time.",
	       c->timeouts);
	metric(out, "calls_total", "counter", "Requests to other machines.", c->calls);
	metric(out, "calls_failed_total", "counter", "Those that got no answer.", c->calls_failed);
	metric(out, "link_losses_total", "counter", "Times benchd went away.", c->link_losses);
}
