/* SPDX-License-Identifier: MIT
 *
 * The worst time from an edge to "commanded safe" for each output: the transaction in flight ends
 * by its own time-out, the boards of the same line written before go first, then this one's write.
 */
#include "core.h"
#include "base/text.h"

#define BOUND_NS (100 * NS_PER_MS)
#define GPIO_NS	 (2 * NS_PER_MS)

/* One write of the whole board and its answer on the wire, with the silence before it. */
static int64_t write_ns(const struct rig *r, int device)
{
	const struct device *d = &r->devices[device];
	const struct fx_bus *bus = &r->f->buses[d->fx->bus];
	struct bus_request q[BOARD_REQUESTS_MAX];
	int64_t sum = 0, bit_ns = bus->baud > 0 ? NS_PER_S / bus->baud : 0;
	int64_t char_ns = bit_ns *
			  (10 + (bus->parity == 'E' || bus->parity == 'O') + (bus->stop_bits == 2));
	int64_t gap_ns = bus->baud > 19200 ? 1750000 : char_ns * 7 / 2;
	int n = d->d.driver->safe ? d->d.driver->safe(&d->d, d->board.point, d->board.target,
						      d->board.count, q, BOARD_REQUESTS_MAX)
				  : 0;

	for (int i = 0; i < n; i++) {
		int data = q[i].function == MODBUS_WRITE_COILS	     ? 1 + (q[i].count + 7) / 8
			   : q[i].function == MODBUS_WRITE_REGISTERS ? 1 + 2 * q[i].count
								     : 0;

		/* request 8 bytes and data, answer 8 bytes */
		sum += (16 + data) * char_ns + bus->turnaround_ns + gap_ns + bus->extra_gap_ns;
	}
	return sum;
}

int rig_reach(const struct rig *r, struct rig_reach *out, int max)
{
	int n = 0;

	for (int i = 0; i < r->f->output_count && n < max; i++) {
		const struct fx_output *o = &r->f->outputs[i];
		int bus = r->devices[o->device].fx->bus;
		const struct fx_bus *fx = &r->f->buses[bus];
		struct rig_reach reach = {.output = (int16_t)i};

		if (i == r->f->dead_man)
			continue;
		if (fx->kind == BUS_GPIO) {
			reach.worst_ns = GPIO_NS;
		} else {
			reach.worst_ns = bus_worst_transaction_ns(fx, r->buses[bus].reads,
								  r->buses[bus].read_count);
			for (int d = 0; d <= o->device; d++)
				if (r->devices[d].fx->bus == bus && r->devices[d].board.count)
					reach.worst_ns += write_ns(r, d);
		}
		reach.dead_man_covers = r->f->dead_man >= 0;
		reach.ok = !o->trips || reach.worst_ns <= BOUND_NS || reach.dead_man_covers;
		out[n++] = reach;
	}
	return n;
}

int64_t rig_watchdog_ns(const struct rig *r, int device)
{
	const struct device *d = &r->devices[device];

	return d->board.count && device_is_modbus(r, d) ? driver_watchdog_ns(&d->d) : -1;
}

static void tell_slow(const struct rig *r, const struct rig_reach *reach, struct text *out)
{
	const struct fx_output *o = &r->f->outputs[reach->output];
	int bus = r->devices[o->device].fx->bus, bay = 0;
	const struct fx_bus *fx = &r->f->buses[bus];
	int64_t flight_ns =
		bus_worst_transaction_ns(fx, r->buses[bus].reads, r->buses[bus].read_count);

	while (bay < r->f->bay_count - 1 && !(o->bays >> bay & 1))
		bay++;
	text_printf(out, "%s: output %s", r->f->path, o->name);
	if (o->bays == 1u << bay)
		text_printf(out, " (bay %s)", r->f->bays[bay].name);
	text_printf(out, " may take %.0f ms from an edge to safe: ", (double)reach->worst_ns / 1e6);
	text_printf(out, "%.0f ms until what is under way on bus %s ends, %.0f ms for the writes\n",
		    (double)flight_ns / 1e6, fx->name, (double)(reach->worst_ns - flight_ns) / 1e6);
}

int rig_reach_problems(const struct rig *r, struct text *out)
{
	struct rig_reach reach[FIXTURE_OUTPUTS_MAX];
	int n = rig_reach(r, reach, FIXTURE_OUTPUTS_MAX), slow = 0;

	for (int i = 0; i < n; i++) {
		if (reach[i].ok)
			continue;
		tell_slow(r, &reach[i], out);
		slow++;
	}
	if (slow)
		text_printf(out,
			    "%s: trips depend on %s, and no dead-man line covers %s: at most "
			    "%.0f ms are allowed; a higher baud rate, a shorter turnaround, fewer "
			    "boards on that bus, or a dead_man output would help\n",
			    r->f->path, slow > 1 ? "these outputs" : "this output",
			    slow > 1 ? "them" : "it", (double)BOUND_NS / 1e6);
	return slow;
}
