/* SPDX-License-Identifier: MIT
 *
 * What each bus is to read and which lines it needs, from what the drivers say about the points in
 * use.
 */
#include <stdlib.h>
#include "core.h"

struct user {
	int read;
	int16_t who;
};
struct gathering {
	struct rig *r;
	int bus;
	struct rig_bus *b;
	struct user *users;
	int user_count;
	struct problems *problems;
};

static bool same_read(const struct bus_read *a, const struct bus_read *b)
{
	return a->device == b->device && a->function == b->function && a->first == b->first &&
	       a->count == b->count;
}

/* Index of the read, made when it is new; the shorter period holds. */
static int add_read(struct gathering *g, int device, const struct driver_read *want,
		    int64_t period_ns)
{
	const struct fx_device *fx = g->r->devices[device].fx;
	struct bus_read read = {.device = (uint16_t)device,
				.unit = (uint8_t)fx->unit_id,
				.function = want->function,
				.first = want->first,
				.count = want->count,
				.may_merge = want->may_merge};
	int i = 0;

	while (i < g->b->read_count && !same_read(&g->b->reads[i], &read))
		i++;
	if (i == BUS_READS_MAX) {
		problems_add(g->problems, g->r->f->path, fx->line, fx->col, NULL,
			     "%s: bus %s has more than %d reads", fx->name,
			     g->r->f->buses[g->bus].name, BUS_READS_MAX);
		return -1;
	}
	if (i == g->b->read_count) {
		g->b->reads[i] = read;
		g->b->read_period_ns[i] = period_ns;
		g->b->read_count++;
	} else if (period_ns < g->b->read_period_ns[i]) {
		g->b->read_period_ns[i] = period_ns;
	}
	return i;
}

static bool uses(const struct gathering *g, int read, int16_t who)
{
	for (int i = 0; i < g->user_count; i++)
		if (g->users[i].read == read && g->users[i].who == who)
			return true;
	return false;
}

/* Reads of one point for one user. Returns how many, their indices in out. */
static int add_point(struct gathering *g, int device, int point, int16_t who, int64_t period_ns,
		     int16_t *out)
{
	struct device *d = &g->r->devices[device];
	struct driver_read want[POINT_READS_MAX];
	int n = d->d.driver->reads(&d->d, point, want, POINT_READS_MAX);

	for (int i = 0; i < n; i++) {
		int read = add_read(g, device, &want[i], period_ns);

		if (read < 0)
			return 0;
		out[i] = (int16_t)read;
		if (!uses(g, read, who))
			g->users[g->user_count++] = (struct user){read, who};
	}
	return n;
}

/* Only of a fixture with mistakes there are others. */
static bool is_usable(const struct gathering *g, int device)
{
	const struct device *d = &g->r->devices[device];
	enum bus_kind kind = g->r->f->buses[g->bus].kind;

	return d->points && d->fx->bus == g->bus && (d->d.driver->buses & 1u << kind);
}

static void gather_reads(struct gathering *g)
{
	struct rig *r = g->r;
	int16_t unused[POINT_READS_MAX];

	for (int i = 0; i < r->f->channel_count; i++) {
		struct channel *c = &r->channels[i];

		if (c->point >= 0 && is_usable(g, c->fx->device))
			c->read_count = add_point(g, c->fx->device, c->point, (int16_t)i,
						  c->fx->poll_ns, c->reads);
	}
	for (int i = 0; i < r->f->output_count; i++) {
		int device = r->f->outputs[i].device;

		if (i != r->f->dead_man && r->outputs[i].point >= 0 && is_usable(g, device))
			add_point(g, device, r->outputs[i].point, (int16_t)(-1 - device),
				  MONITOR_NS, unused);
	}
}

static void index_users(struct gathering *g)
{
	struct rig_bus *b = g->b;
	int n = 0;

	b->cache = xcalloc((size_t)b->read_count + 1, sizeof(*b->cache));
	b->first_user = xcalloc((size_t)b->read_count + 1, sizeof(int));
	b->users = xcalloc((size_t)g->user_count + 1, sizeof(int16_t));
	for (int i = 0; i < b->read_count; i++) {
		b->first_user[i] = n;
		for (int k = 0; k < g->user_count; k++)
			if (g->users[k].read == i)
				b->users[n++] = g->users[k].who;
	}
	b->first_user[b->read_count] = n;
}

static int64_t shortest_poll(const struct rig *r, int device)
{
	int64_t shortest = NS_PER_S;

	for (int i = 0; i < r->f->channel_count; i++)
		if (r->f->channels[i].device == device && r->f->channels[i].poll_ns < shortest)
			shortest = r->f->channels[i].poll_ns;
	return shortest;
}

/* Outputs come up at their safe level. */
static void safe_levels(struct rig *r, int device, struct bus_line *lines)
{
	struct device *d = &r->devices[device];
	struct bus_request q[BOARD_POINTS_MAX];
	int n;

	if (!d->d.driver->safe || !d->board.count)
		return;
	n = d->d.driver->safe(&d->d, d->board.point, d->board.target, d->board.count, q,
			      BOARD_POINTS_MAX);
	for (int i = 0; i < n; i++)
		if (q[i].kind == BUS_GPIO_SET && q[i].line >= 0 && q[i].line < d->line_count)
			lines[q[i].line].initial = (uint8_t)q[i].data[0];
}

static void gather_lines(struct gathering *g)
{
	struct rig_bus *b = g->b;

	for (int i = 0; i < g->r->f->device_count; i++) {
		struct device *d = &g->r->devices[i];

		if (!is_usable(g, i))
			continue;
		d->first_line = b->line_count;
		d->line_count = d->d.driver->lines(&d->d, b->lines + b->line_count,
						   BUS_READS_MAX - b->line_count);
		for (int k = 0; k < d->line_count; k++) {
			b->lines[b->line_count + k].device = (uint16_t)i;
			b->line_period_ns[b->line_count + k] = shortest_poll(g->r, i);
		}
		safe_levels(g->r, i, b->lines + b->line_count);
		b->line_count += d->line_count;
	}
}

int build_buses(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;
	size_t most = (size_t)(r->f->channel_count + r->f->output_count) * POINT_READS_MAX + 1;

	for (int i = 0; i < r->f->bus_count; i++) {
		struct gathering g = {r, i, &r->buses[i], xcalloc(most, sizeof(struct user)), 0, p};
		enum bus_kind kind = r->f->buses[i].kind;

		/* kind 0: a draft does not say */
		if (kind == BUS_GPIO) {
			g.b->lines = xcalloc(BUS_READS_MAX, sizeof(struct bus_line));
			g.b->line_period_ns = xcalloc(BUS_READS_MAX, sizeof(int64_t));
			gather_lines(&g);
		} else if (kind && kind != BUS_SERIAL && kind != BUS_TCP) {
			g.b->reads = xcalloc(BUS_READS_MAX, sizeof(struct bus_read));
			g.b->read_period_ns = xcalloc(BUS_READS_MAX, sizeof(int64_t));
			gather_reads(&g);
			index_users(&g);
		}
		free(g.users);
	}
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

void build_periods(struct rig *r)
{
	int64_t speed = r->scale.speed;

	for (int i = 0; i < r->f->bus_count; i++) {
		struct rig_bus *b = &r->buses[i];

		for (int k = 0; k < b->read_count; k++)
			b->reads[k].period_ns = b->read_period_ns[k] / speed;
		for (int k = 0; k < b->line_count; k++)
			b->lines[k].period_ns = b->line_period_ns[k] / speed;
	}
}
