/* SPDX-License-Identifier: MIT */
#include "run/window.h"

#include <math.h>
#include <stddef.h>

#define NS_TO_S 1e-9

void window_begin(struct window *w, int64_t begin_ns)
{
	double *reservoir = w->reservoir;

	*w = (struct window){
		.begin_ns = begin_ns, .reservoir = reservoir, .random = 0x9e3779b97f4a7c15u};
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1du;
}

static void reservoir_add(struct window *w, double value)
{
	uint64_t at;

	if (w->kept < WINDOW_RESERVOIR) {
		w->reservoir[w->kept++] = value;
		return;
	}
	at = next_random(&w->random) % w->count;
	if (at < WINDOW_RESERVOIR)
		w->reservoir[at] = value;
}

void window_add(struct window *w, int64_t at_ns, double value)
{
	double t_s, dx, dt;

	if (at_ns <= w->begin_ns || (w->count && at_ns < w->last_ns))
		return;
	t_s = (double)(at_ns - w->begin_ns) * NS_TO_S;
	if (!w->count) {
		w->first = w->min = w->max = value;
		w->first_ns = at_ns;
	} else {
		w->integral += 0.5 * (w->last + value) * (double)(at_ns - w->last_ns) * NS_TO_S;
	}
	w->count++;
	w->min = value < w->min ? value : w->min;
	w->max = value > w->max ? value : w->max;
	dx = value - w->mean;
	w->mean += dx / w->count;
	w->m2 += dx * (value - w->mean);
	dt = t_s - w->mean_t_s;
	w->mean_t_s += dt / w->count;
	w->m2_t += dt * (t_s - w->mean_t_s);
	w->c_tx += dt * (value - w->mean);
	w->last = value;
	w->last_ns = at_ns;
	if (w->reservoir)
		reservoir_add(w, value);
}

/* Hoare's selection: the k-th smallest of n, in place. */
static double select_kth(double *v, uint32_t n, uint32_t k)
{
	int64_t lo = 0, hi = (int64_t)n - 1;

	while (lo < hi) {
		double pivot = v[k], swap;
		int64_t i = lo, j = hi;

		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i <= j) {
				swap = v[i];
				v[i++] = v[j];
				v[j--] = swap;
			}
		}
		if (j < (int64_t)k)
			lo = i;
		if ((int64_t)k < i)
			hi = j;
	}
	return v[k];
}

static double median(struct window *w)
{
	double upper = select_kth(w->reservoir, w->kept, w->kept / 2);

	if (w->kept % 2)
		return upper;
	return 0.5 * (upper + select_kth(w->reservoir, w->kept, w->kept / 2 - 1));
}

static double integral(const struct window *w, int64_t now_ns)
{
	double before_s = (double)(w->first_ns - w->begin_ns) * NS_TO_S;
	double after_s = now_ns > w->last_ns ? (double)(now_ns - w->last_ns) * NS_TO_S : 0.0;

	return w->first * before_s + w->integral + w->last * after_s;
}

struct expr_value window_stat(struct window *w, enum expr_stat stat, int64_t now_ns)
{
	struct expr_value unknown = {0}, v = {.known = true};

	if (stat == EXPR_COUNT)
		return (struct expr_value){.si = w->count, .known = true};
	if (!w->count)
		return unknown;
	switch (stat) {
	case EXPR_MEAN: v.si = w->mean; break;
	case EXPR_MIN: v.si = w->min; break;
	case EXPR_MAX: v.si = w->max; break;
	case EXPR_FIRST: v.si = w->first; break;
	case EXPR_LAST: v.si = w->last; break;
	case EXPR_INTEGRAL: v.si = integral(w, now_ns); break;
	case EXPR_MEDIAN:
		if (!w->reservoir)
			return unknown;
		v.si = median(w);
		break;
	case EXPR_STDDEV:
		if (w->count < 2)
			return unknown;
		v.si = sqrt(w->m2 / (w->count - 1));
		break;
	case EXPR_SLOPE:
		if (w->count < 2 || w->m2_t <= 0.0)
			return unknown;
		v.si = w->c_tx / w->m2_t;
		break;
	case EXPR_LATEST:
	case EXPR_COUNT:
	default: return unknown;
	}
	return v;
}
