/* SPDX-License-Identifier: MIT */
#include "run/settle.h"

#include <math.h>
#include "number.h"

#define NS_TO_S 1e-9

static void empty_bins(struct settle *s)
{
	for (int i = 0; i <= SETTLE_BINS; i++)
		s->bins[i] = (struct settle_bin){.number = -1};
}

void settle_begin(struct settle *s, int64_t now_ns, int64_t window_ns, double tolerance_rel,
		  double tolerance_abs, double zero)
{
	int64_t bin_ns = window_ns / SETTLE_BINS;

	*s = (struct settle){.begin_ns = now_ns,
			     .window_ns = window_ns,
			     .bin_ns = bin_ns > 0 ? bin_ns : 1,
			     .whole_ns = now_ns,
			     .tolerance_rel = tolerance_rel,
			     .tolerance_abs = tolerance_abs,
			     .zero = zero};
	empty_bins(s);
}

void settle_add(struct settle *s, int64_t at_ns, double value)
{
	int64_t number = (at_ns - s->begin_ns) / s->bin_ns;
	double t_s = (double)(at_ns - s->begin_ns) * NS_TO_S, x;
	struct settle_bin *b;

	if (at_ns < s->whole_ns)
		return;
	if (!s->has_x0) {
		s->x0 = value;
		s->has_x0 = true;
	}
	x = value - s->x0;
	b = &s->bins[number % (SETTLE_BINS + 1)];
	if (b->number != number)
		*b = (struct settle_bin){.number = number};
	b->n++;
	b->t += t_s;
	b->x += x;
	b->tt += t_s * t_s;
	b->tx += t_s * x;
	b->xx += x * x;
}

void settle_lost(struct settle *s, int64_t at_ns)
{
	empty_bins(s);
	if (at_ns > s->whole_ns)
		s->whole_ns = at_ns;
}

/* Sums of the blocks that reach into the window. */
static struct settle_bin window_sum(const struct settle *s, int64_t now_ns)
{
	int64_t newest = (now_ns - s->begin_ns) / s->bin_ns;
	struct settle_bin sum = {0};

	for (int i = 0; i <= SETTLE_BINS; i++) {
		const struct settle_bin *b = &s->bins[i];

		if (b->number < 0 || b->number < newest - SETTLE_BINS || b->number > newest)
			continue;
		sum.n += b->n;
		sum.t += b->t;
		sum.x += b->x;
		sum.tt += b->tt;
		sum.tx += b->tx;
		sum.xx += b->xx;
	}
	return sum;
}

bool settle_is_steady(const struct settle *s, int64_t now_ns, double *drift, double *spread)
{
	struct settle_bin sum = window_sum(s, now_ns);
	double n = sum.n, var_t, var_x, cov, mean, tolerance, d, sd;

	if (drift)
		*drift = NO_NUMBER;
	if (spread)
		*spread = NO_NUMBER;
	if (now_ns - s->whole_ns < s->window_ns || sum.n < SETTLE_UPDATES_MIN)
		return false;
	var_t = sum.tt - sum.t * sum.t / n;
	var_x = sum.xx - sum.x * sum.x / n;
	cov = sum.tx - sum.t * sum.x / n;
	if (var_t <= 0.0)
		return false;
	d = fabs(cov / var_t) * (double)s->window_ns * NS_TO_S;
	sd = sqrt(var_x > 0.0 ? var_x / (n - 1.0) : 0.0);
	mean = s->x0 + sum.x / n;
	tolerance = s->tolerance_rel * fabs(mean - s->zero);
	if (tolerance < s->tolerance_abs)
		tolerance = s->tolerance_abs;
	if (drift)
		*drift = d;
	if (spread)
		*spread = sd;
	return d <= tolerance && sd <= tolerance;
}
