/* SPDX-License-Identifier: MIT
 *
 * How a line does: what is told of each device every few seconds, and when its answers begin or cease
 * to be damaged; what a line that says nothing but rubbish is likely set wrongly to.
 */
#include <stdio.h>
#include "machine.h"

#define EVERY_NS (5 * NS_PER_S)
enum { ROUGH_MIN = 10, ROUGH_WINDOW = 100 };

static void tell(struct bus *b, int slave)
{
	const struct slave *s = &b->slaves[slave];

	for (int i = 0; i < b->device_count; i++) {
		struct bus_event *ev;

		if (b->devices[i].slave != slave)
			continue;
		ev = bus_event(b, BUS_EVENT_MEASURED);
		ev->device = b->devices[i].device;
		ev->at_ns = b->now_ns;
		ev->turnaround_ns = s->turnaround_ns;
		ev->load = b->load;
		ev->damaged = s->rough;
		bus_emit(b);
	}
}

void measure_busy(struct bus *b, int64_t took_ns)
{
	b->busy_ns += took_ns + b->line.gap_ns;
}

void measure_run(struct bus *b, int64_t now_ns)
{
	int64_t span_ns = now_ns - b->measured_ns;

	if (b->measured_ns && span_ns < EVERY_NS)
		return;
	if (b->measured_ns) {
		b->load = (double)b->busy_ns / (double)span_ns;
		for (int i = 0; i < b->slave_count; i++)
			if (b->slaves[i].measured && !b->slaves[i].lost)
				tell(b, i);
	}
	b->busy_ns = 0;
	b->measured_ns = now_ns;
}

void measure_frames(struct bus *b, int slave)
{
	struct slave *s = &b->slaves[slave];
	uint8_t was = s->rough;

	if (s->damaged >= ROUGH_MIN)
		s->rough = s->damaged;
	else if (s->frames >= ROUGH_WINDOW)
		s->rough = 0;
	if (!was != !s->rough)
		tell(b, slave);
}

const char *measure_rubbish(struct bus *b, int slave)
{
	const struct fx_bus *fx = &b->config.fixture->buses[b->config.bus];
	char parity = fx->parity ? fx->parity : 'N';
	int stop = fx->stop_bits == 2 ? 2 : 1;
	struct bus_uart now = {0};
	bool knows;

	if (b->kind != BUS_MODBUS_RTU || b->slaves[slave].spoke)
		return "no valid answer";
	knows = b->ops.uart && b->ops.uart(b->ops.ctx, &now) == 0;
	if (knows && now.parity != b->uart.parity)
		snprintf(b->rubbish, sizeof(b->rubbish),
			 "what it says has wrong parity at %d 8%c%d: its parity is another",
			 fx->baud, parity, stop);
	else if (knows && now.framing != b->uart.framing)
		snprintf(
			b->rubbish, sizeof(b->rubbish),
			"what it says is wrongly framed at %d 8%c%d: its baud rate is another, or its "
			"stop bits are",
			fx->baud, parity, stop);
	else
		snprintf(
			b->rubbish, sizeof(b->rubbish),
			"what it says is no Modbus at %d 8%c%d: its baud rate or parity is another; "
			"benchctl device scan finds it",
			fx->baud, parity, stop);
	return b->rubbish;
}
