/* SPDX-License-Identifier: MIT
 *
 * Levels, edges and pulses of a GPIO bus: each change at once, levels and pulse sums by their
 * period.
 */
#include <inttypes.h>
#include <string.h>
#include "machine.h"

static struct bus_event *line_event(struct bus *b, int i)
{
	struct bus_event *ev = bus_event(b, BUS_EVENT_LINE);
	const struct gpio_state *g = &b->lines[i];

	ev->index = i;
	ev->device = b->config.lines[i].device;
	ev->value = g->value;
	ev->at_ns = g->at_ns;
	return ev;
}

static void add_pulses(struct bus *b, int line, uint32_t count, int64_t first_ns, int64_t last_ns)
{
	struct gpio_state *g = &b->lines[line];

	if (g->pulses == 0)
		g->first_ns = first_ns;
	g->pulses += count;
	g->last_ns = last_ns;
}

/* Into the trace as well: what was made of the levels and edges in it. */
static void tell_line(struct bus *b)
{
	const struct bus_event *ev = &b->ev;

	if (b->config.lines[ev->index].mode == GPIO_PULSE)
		bus_trace_text(b, b->now_ns, '!',
			       "line=%d pulses=%" PRIu32 " first_ns=%" PRId64 " last_ns=%" PRId64,
			       ev->index, ev->pulses, ev->first_edge_ns, ev->last_edge_ns);
	else
		bus_trace_text(b, b->now_ns, '!', "line=%d value=%d edge=%d at_ns=%" PRId64,
			       ev->index, ev->value, ev->is_edge, ev->at_ns);
	bus_emit(b);
}

void bus_gpio(struct bus *b, int line, uint8_t value, bool is_edge, int64_t at_ns, int64_t now_ns)
{
	const struct bus_line *l;
	struct gpio_state *g;
	bool changed;

	if (b->kind != BUS_GPIO || line < 0 || line >= b->config.line_count)
		return;
	b->now_ns = now_ns;
	l = &b->config.lines[line];
	g = &b->lines[line];
	bus_trace_text(b, now_ns, '<', "line=%d level=%d edge=%d at_ns=%" PRId64, line, !!value,
		       is_edge, at_ns);
	value = !!value ^ l->active_low;
	if (l->mode == GPIO_PULSE) {
		if (is_edge && value)
			add_pulses(b, line, 1, at_ns, at_ns);
		return;
	}
	changed = !g->known || g->value != value;
	g->known = true;
	g->value = value;
	g->at_ns = at_ns;
	if (!is_edge && !changed)
		return;
	line_event(b, line)->is_edge = is_edge;
	tell_line(b);
}

void bus_gpio_pulses(struct bus *b, int line, uint32_t count, int64_t first_ns, int64_t last_ns,
		     int64_t now_ns)
{
	if (b->kind != BUS_GPIO || line < 0 || line >= b->config.line_count ||
	    b->config.lines[line].mode != GPIO_PULSE || count == 0)
		return;
	b->now_ns = now_ns;
	bus_trace_text(b, now_ns, '<',
		       "line=%d pulses=%" PRIu32 " first_ns=%" PRId64 " last_ns=%" PRId64, line,
		       count, first_ns, last_ns);
	add_pulses(b, line, count, first_ns, last_ns);
}

/* The level of an input is known by the edges until the line goes down; a sum of pulses always. */
static void deliver(struct bus *b, int i, int64_t now_ns)
{
	const struct bus_line *l = &b->config.lines[i];
	struct gpio_state *g = &b->lines[i];
	struct bus_event *ev;

	if (l->mode == GPIO_IN && !g->known)
		return;
	ev = line_event(b, i);
	ev->at_ns = now_ns;
	if (l->mode == GPIO_PULSE) {
		ev->pulses = g->pulses;
		ev->first_edge_ns = g->first_ns;
		ev->last_edge_ns = g->last_ns;
		g->pulses = 0;
		g->first_ns = g->last_ns = 0;
	}
	tell_line(b);
}

int64_t gpio_lines_run(struct bus *b, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (now_ns < b->lines_due_ns)
		return b->lines_due_ns;
	for (int i = 0; i < b->config.line_count && b->is_up; i++) {
		const struct bus_line *l = &b->config.lines[i];
		struct gpio_state *g = &b->lines[i];

		if (l->mode == GPIO_OUT || l->period_ns <= 0)
			continue;
		if (now_ns >= g->due_ns) {
			deliver(b, i, now_ns);
			g->due_ns += l->period_ns;
			if (g->due_ns <= now_ns)
				g->due_ns = now_ns + l->period_ns;
		}
		if (g->due_ns < next_ns)
			next_ns = g->due_ns;
	}
	b->lines_due_ns = b->is_up ? next_ns : 0;
	return next_ns;
}

void gpio_lines_down(struct bus *b)
{
	b->lines_due_ns = 0;
	for (int i = 0; i < b->config.line_count; i++) {
		struct gpio_state *g = &b->lines[i];

		memset(g, 0, sizeof(*g));
		if (b->config.lines[i].mode == GPIO_OUT)
			continue;
		line_event(b, i)->status = BUS_LINE_DOWN;
		b->ev.at_ns = b->now_ns;
		bus_emit(b);
	}
}
