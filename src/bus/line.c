/* SPDX-License-Identifier: MIT
 *
 * The line goes down and comes up again: with growing pauses, and told once.
 */
#include <string.h>
#include "machine.h"

#define OPEN_FIRST_NS	(200 * NS_PER_MS)
#define OPEN_MAX_NS	(2 * NS_PER_S) /* a replugged port is back within 3 s */
#define OPEN_TCP_MAX_NS (5 * NS_PER_S)
#define SILENT_NS	(10 * NS_PER_S) /* nothing heard for so long: the adapter may be stuck */
enum { SILENT_TURNS = 5 };

static void tell_down(struct bus *b, const char *why)
{
	struct bus_event *ev;

	if (b->told_down && strncmp(b->down_text, why, sizeof(b->down_text) - 1) == 0)
		return;
	b->told_down = true;
	text_copy(b->down_text, sizeof(b->down_text), why);
	ev = bus_event(b, BUS_EVENT_DOWN);
	ev->status = BUS_LINE_DOWN;
	ev->at_ns = b->now_ns;
	text_copy(ev->text, sizeof(ev->text), why);
	bus_emit(b);
}

static void forget_line(struct bus *b)
{
	turn_abandon(b);
	b->is_up = false;
	b->echo = ECHO_UNKNOWN;
	b->hold_since_ns = 0;
	rtu_rx_clear(&b->rx);
}

static void tell_all_down(struct bus *b, int64_t now_ns)
{
	for (int i = 0; i < b->slave_count; i++)
		slave_tell_reads(b, i, BUS_LINE_DOWN, 0, now_ns);
	queue_fail_all(b, BUS_LINE_DOWN, b->down_text);
	gpio_lines_down(b);
}

void line_down(struct bus *b, const char *why, int64_t now_ns)
{
	if (!b->is_up)
		return;
	bus_trace_text(b, now_ns, '!', "down: %s", why);
	forget_line(b);
	b->ops.close(b->ops.ctx);
	b->open_backoff_ns = OPEN_FIRST_NS;
	b->open_ns = now_ns + OPEN_FIRST_NS;
	tell_down(b, why);
	tell_all_down(b, now_ns);
}

void line_reconnect(struct bus *b, const char *why, int64_t now_ns)
{
	int64_t backoff_ns = b->open_backoff_ns;

	if (!b->is_up)
		return;
	forget_line(b);
	b->ops.close(b->ops.ctx);
	b->stats.reopens++;
	/* The first time at once: one lost reply is no lost peer. Nor is a device that was lost
	 * already: its probes come at their own pace, and others answer behind the same gateway. */
	if (b->tcp_fails++ == 0 || b->slaves[b->turn.slave].lost)
		backoff_ns = 0;
	else
		backoff_ns = backoff_ns * 2 < OPEN_FIRST_NS ? OPEN_FIRST_NS : backoff_ns * 2;
	if (backoff_ns > OPEN_TCP_MAX_NS)
		backoff_ns = OPEN_TCP_MAX_NS;
	b->open_backoff_ns = backoff_ns;
	b->open_ns = now_ns + backoff_ns;
	text_copy(b->down_text, sizeof(b->down_text), why);
}

static void line_up(struct bus *b, int64_t now_ns)
{
	bool was_told = b->told_down;

	bus_trace(b, now_ns, '!', NULL, 0, "up");
	b->is_up = true;
	b->told_down = false;
	b->free_ns = now_ns + b->line.gap_ns;
	b->last_rx_ns = now_ns;
	b->silent_turns = 0;
	for (int i = 0; i < b->config.read_count; i++) {
		struct read_state *r = &b->read_states[i];

		if (r->due_ns != INT64_MAX && r->due_ns < now_ns) {
			r->due_ns = now_ns;
			r->deadline_ns = now_ns + b->reads[i].period_ns;
		}
	}
	if (!b->ops.uart || b->ops.uart(b->ops.ctx, &b->uart))
		b->uart = (struct bus_uart){0};
	for (int i = 0; i < b->slave_count; i++) {
		b->slaves[i].spoke = false;
		if (b->slaves[i].lost && was_told)
			b->slaves[i].probe_ns = now_ns;
	}
	if (b->kind != BUS_MODBUS_TCP || b->tcp_fails == 0)
		b->open_backoff_ns = 0;
	/* Said at the first opening too: the rig waits for it. */
	if (was_told || !b->was_up) {
		bus_event(b, BUS_EVENT_UP)->at_ns = now_ns;
		bus_emit(b);
	}
	b->was_up = true;
}

void line_open(struct bus *b, int64_t now_ns)
{
	int64_t max_ns = b->kind == BUS_MODBUS_TCP || b->kind == BUS_TCP ? OPEN_TCP_MAX_NS
									 : OPEN_MAX_NS;
	struct error err = {0};

	if (b->ops.open(b->ops.ctx, &err) == 0) {
		line_up(b, now_ns);
		return;
	}
	b->open_backoff_ns = b->open_backoff_ns ? b->open_backoff_ns * 2 : OPEN_FIRST_NS;
	if (b->open_backoff_ns > max_ns)
		b->open_backoff_ns = max_ns;
	b->open_ns = now_ns + b->open_backoff_ns;
	tell_down(b, err.text);
	tell_all_down(b, now_ns);
}

void bus_lost(struct bus *b, const char *why, int64_t now_ns)
{
	b->now_ns = now_ns;
	line_down(b, why, now_ns);
}

/* Not a byte for long although much was asked: a stuck adapter looks like dead devices. */
void line_reopen_if_stuck(struct bus *b, int64_t now_ns)
{
	if (b->kind != BUS_MODBUS_RTU || b->silent_turns < SILENT_TURNS ||
	    now_ns - b->last_rx_ns < SILENT_NS)
		return;
	forget_line(b);
	b->ops.close(b->ops.ctx);
	b->stats.reopens++;
	b->open_ns = now_ns;
	bus_trace(b, now_ns, '!', NULL, 0, "nothing heard: port opened again");
	line_open(b, now_ns);
}
