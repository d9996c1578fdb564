/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "bus/schedule.h"

#define SPAN_MAX_NS (120 * NS_PER_S) /* periods that repeat later are laid out in part */
#define FIT_STEP_NS (10 * NS_PER_MS)
#define FIT_MAX_NS  (60 * NS_PER_S)
enum { SPAN_LONGEST = 32, TRANSACTIONS_MAX = 20000 };

struct layout {
	const struct schedule_input *in;
	struct schedule *out;
	int64_t due_ns[BUS_READS_MAX];
};

static const struct schedule_unit *known(const struct schedule_input *in, uint8_t unit)
{
	static const struct schedule_unit nothing;

	for (int i = 0; i < in->unit_count; i++)
		if (in->units[i].unit == unit)
			return &in->units[i];
	return &nothing;
}

static struct plan_line line_of(const struct schedule_input *in, uint8_t unit)
{
	const struct schedule_unit *u = known(in, unit);
	struct plan_line l = in->line;

	if (u->unit)
		l.typical_ns = u->turnaround_ns;
	return l;
}

/* After that the same comes again. */
static int64_t span(const struct schedule_input *in)
{
	int64_t all_ns = 1, longest_ns = 0;

	for (int i = 0; i < in->read_count; i++) {
		int64_t period_ns = in->reads[i].period_ns, a = all_ns, b = period_ns;

		if (period_ns <= 0)
			continue;
		if (period_ns > longest_ns)
			longest_ns = period_ns;
		while (b) {
			int64_t c = a % b;

			a = b;
			b = c;
		}
		/* a: what both are multiples of */
		if (all_ns <= SPAN_MAX_NS)
			all_ns = period_ns / a > SPAN_MAX_NS / all_ns ? SPAN_MAX_NS + 1
								      : period_ns / a * all_ns;
	}
	return all_ns <= SPAN_MAX_NS ? all_ns : SPAN_LONGEST * longest_ns;
}

/* Of the reads that are due, the one with the earliest deadline; *at_ns is moved to when one is. */
static int pick(const struct layout *y, int64_t *at_ns)
{
	int64_t next_ns = INT64_MAX;
	int best = -1;

	for (int i = 0; i < y->in->read_count; i++)
		if (y->due_ns[i] < next_ns)
			next_ns = y->due_ns[i];
	if (next_ns > *at_ns)
		*at_ns = next_ns;
	if (next_ns == INT64_MAX)
		return -1;
	for (int i = 0; i < y->in->read_count; i++) {
		const struct bus_read *r = &y->in->reads[i];

		if (y->due_ns[i] <= *at_ns &&
		    (best < 0 ||
		     y->due_ns[i] + r->period_ns < y->due_ns[best] + y->in->reads[best].period_ns))
			best = i;
	}
	return best;
}

static int companions(const struct layout *y, int seed, int64_t at_ns, struct plan_item *items,
		      uint16_t *index)
{
	const struct bus_read *reads = y->in->reads;
	int n = 0;

	for (int i = 0; i < y->in->read_count; i++) {
		if (i == seed || !plan_rides(&reads[seed], &reads[i], y->due_ns[i], at_ns))
			continue;
		items[n] = (struct plan_item){reads[i].first, reads[i].count};
		index[n++] = (uint16_t)i;
	}
	return n;
}

static bool is_same(const struct schedule_block *a, const struct schedule_block *b)
{
	return a->unit == b->unit && a->function == b->function && a->first == b->first &&
	       a->count == b->count && a->read_count == b->read_count &&
	       memcmp(a->reads, b->reads, (size_t)a->read_count * sizeof(a->reads[0])) == 0;
}

static void count_block(struct schedule *s, const struct schedule_block *b)
{
	int i = 0;

	s->transactions++;
	s->bytes += b->bytes;
	s->busy_ns += b->wire_ns;
	while (i < s->block_count && !is_same(&s->blocks[i], b))
		i++;
	if (i == BUS_READS_MAX) {
		s->rest++;
		return;
	}
	if (i == s->block_count) {
		s->blocks[i] = *b;
		s->block_count++;
	}
	s->blocks[i].times++;
}

static void insert(struct schedule_block *b, uint16_t read)
{
	int k = b->read_count++;

	for (; k > 0 && b->reads[k - 1] > read; k--)
		b->reads[k] = b->reads[k - 1];
	b->reads[k] = read;
}

static void ask(struct layout *y, int seed, int64_t at_ns)
{
	const struct bus_read *r = &y->in->reads[seed];
	struct plan_line l = line_of(y->in, r->unit);
	struct plan_refused refused = known(y->in, r->unit)->refused;
	struct plan_item items[BUS_READS_MAX], first = {r->first, r->count};
	uint16_t index[BUS_READS_MAX];
	struct plan_block block;
	struct schedule_block b = {.unit = r->unit, .function = r->function, .device = r->device};
	const struct plan_step *last;
	int64_t slowest_ns;

	plan_block(&l, r->function, &first, items, companions(y, seed, at_ns, items, index),
		   &refused, &block);
	last = &block.steps[block.count - 1];
	insert(&b, (uint16_t)seed);
	for (int i = 1; i < block.count; i++)
		insert(&b, index[block.steps[i].taken]);
	b.first = last->first;
	b.count = last->count;
	b.has_hole = last->has_hole;
	b.bytes = plan_read_bytes(b.function, b.count);
	b.wire_ns = plan_cost_ns(&l, b.function, b.count);
	slowest_ns = plan_read_ns(&l, b.function, b.count);
	if (slowest_ns > y->out->longest_ns)
		y->out->longest_ns = slowest_ns;
	count_block(y->out, &b);
	for (int i = 0; i < b.read_count; i++)
		y->due_ns[b.reads[i]] += y->in->reads[b.reads[i]].period_ns;
}

/* What was asked until now was the beginning: some reads came twice, at once and then with others. */
static void begin_count(struct schedule *s)
{
	s->block_count = 0;
	s->transactions = s->rest = 0;
	s->bytes = s->busy_ns = 0;
}

int schedule_make(const struct schedule_input *in, struct schedule *out)
{
	struct layout y = {.in = in, .out = out};
	int64_t at_ns = 0, from_ns = 0, span_ns;
	int seed;

	memset(out, 0, sizeof(*out));
	if (in->read_count > BUS_READS_MAX)
		return ERR_RANGE;
	for (int i = 0; i < in->read_count; i++) {
		if (in->reads[i].count == 0)
			return ERR_RANGE;
		y.due_ns[i] = in->reads[i].period_ns > 0 ? 0 : INT64_MAX;
	}
	span_ns = span(in);
	while ((seed = pick(&y, &at_ns)) >= 0 && at_ns < 2 * span_ns) {
		if (out->transactions == TRANSACTIONS_MAX) {
			span_ns = at_ns - from_ns;
			break;
		}
		if (!from_ns && at_ns >= span_ns) {
			from_ns = span_ns;
			begin_count(out);
		}
		ask(&y, seed, at_ns);
	}
	out->span_ns = span_ns;
	out->load = out->transactions ? (double)out->busy_ns / (double)span_ns : 0;
	return 0;
}

/* ---- too much -------------------------------------------------------------- */

static int busiest(const struct schedule_input *in, const struct schedule *s, double *share)
{
	int64_t busy_ns[256] = {0};
	int unit = 0, read = -1;

	for (int i = 0; i < s->block_count; i++)
		busy_ns[s->blocks[i].unit] += (int64_t)s->blocks[i].times * s->blocks[i].wire_ns;
	for (int i = 0; i < 256; i++)
		if (busy_ns[i] > busy_ns[unit])
			unit = i;
	*share = (double)busy_ns[unit] / (double)s->span_ns;
	for (int i = 0; i < in->read_count; i++)
		if (in->reads[i].unit == unit && in->reads[i].period_ns > 0 &&
		    (read < 0 || in->reads[i].period_ns < in->reads[read].period_ns))
			read = i;
	return read;
}

/* Load when no read of that unit comes oftener than that. */
static double load_with(const struct schedule_input *in, uint8_t unit, int64_t period_ns,
			struct bus_read *reads, struct schedule *s)
{
	struct schedule_input slower = *in;

	memcpy(reads, in->reads, (size_t)in->read_count * sizeof(*reads));
	for (int i = 0; i < in->read_count; i++)
		if (reads[i].unit == unit && reads[i].period_ns > 0 &&
		    reads[i].period_ns < period_ns)
			reads[i].period_ns = period_ns;
	slower.reads = reads;
	schedule_make(&slower, s);
	return s->load;
}

void schedule_excess(const struct schedule_input *in, const struct schedule *s,
		     struct schedule_excess *out)
{
	struct bus_read *reads = xcalloc((unsigned long)in->read_count + 1, sizeof(*reads));
	struct schedule *trial = xcalloc(1, sizeof(*trial));
	int64_t lo = 0, hi = FIT_MAX_NS / FIT_STEP_NS; /* in steps: lo does not fit, hi does */
	uint8_t unit;

	*out = (struct schedule_excess){.all_slower = s->load};
	out->read = busiest(in, s, &out->share);
	if (out->read < 0)
		goto out;
	unit = in->reads[out->read].unit;
	if (load_with(in, unit, FIT_MAX_NS, reads, trial) > 1)
		goto out;
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (load_with(in, unit, mid * FIT_STEP_NS, reads, trial) > 1)
			lo = mid;
		else
			hi = mid;
	}
	out->device_fits_ns = hi * FIT_STEP_NS;
out:
	free(trial);
	free(reads);
}
