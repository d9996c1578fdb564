/* SPDX-License-Identifier: MIT */
#include "sim/hydro.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { NEWTON_MAX = 30, HALVINGS_MAX = 8 };

/* A flow and what it changes by per MPa of its two ends. */
struct flow {
	double q, d_from, d_to;
};

/* k * sqrt(dp), made smooth at 0 so that Newton's step stays finite there. */
static struct flow orifice(double k, double from, double to)
{
	const double soft = 1e-3;
	double dp = from - to, a = fabs(dp) + soft, r, d;

	if (!(k > 0)) /* most are shut */
		return (struct flow){0, 0, 0};
	r = sqrt(a);
	d = k * (0.5 * fabs(dp) + soft) / (a * r);

	return (struct flow){k * dp / r, d, -d};
}

/* Laminar: g L/min per MPa. */
static struct flow pipe(double g, double from, double to)
{
	return (struct flow){g * (from - to), g, -g};
}

static struct flow one_way(struct flow f)
{
	return f.q > 0 ? f : (struct flow){0, 0, 0};
}

/* Inlet valve and prefilter: dp = b q + a q^2, no way back. */
static struct flow inlet_flow(const struct hydro_in *in, double from, double to)
{
	double a = in->k2 * in->clog, b = in->k1 * in->clog, dp = from - to, root, d;

	if (dp <= 0 || in->inlet <= 0)
		return (struct flow){0, 0, 0};
	root = sqrt(b * b + 4 * a * dp);
	d = in->inlet / root;
	return (struct flow){in->inlet * (root - b) / (2 * a), d, -d};
}

/*
 * A diaphragm pump is nearly a positive displacement; starved of water it takes what comes (the
 * factor `fed`); standing still it lets water pass forward over its valves.
 */
static struct flow pump_flow(const struct hydro_in *in, double pre, double high)
{
	const double forward = 200, cracking = 0.02; /* L/min/MPa, MPa */
	struct flow f = {0, 0, 0};
	double fed = (pre + 0.008) / 0.010, d_fed = fed > 0 && fed < 1 ? 100 : 0;
	double over = high > in->bypass_mpa ? in->q0 / 0.08 : 0;
	double full = in->q0 * in->wear - in->slip * (high - pre) - over * (high - in->bypass_mpa);

	fed = fmin(fmax(fed, 0), 1);
	if (in->spin > 0 && full > 0) {
		f.q = in->spin * full * fed;
		f.d_from = in->spin * (in->slip * fed + full * d_fed);
		f.d_to = -in->spin * (in->slip + over) * fed;
	}
	if (in->spin < 1 && pre - cracking > high) {
		double g = (1 - in->spin) * forward;

		f.q += g * (pre - cracking - high);
		f.d_from += g;
		f.d_to -= g;
	}
	return f;
}

/* Through the membrane and the check valve behind it. */
static struct flow membrane_flow(const struct hydro_in *in, double high, double permeate,
				 double *leak)
{
	double drive = high - in->channel_drop_mpa / 2 - permeate - in->osmotic_mpa;
	struct flow f = {0, 0, 0}, tear;

	*leak = 0;
	if (permeate > high)
		return orifice(in->k_check_leak, high, permeate);
	if (drive > 0)
		f = (struct flow){in->permeability * drive, in->permeability, -in->permeability};
	if (in->k_tear > 0) {
		tear = orifice(in->k_tear, high, permeate);
		*leak = tear.q;
		f = (struct flow){f.q + tear.q, f.d_from + tear.d_from, f.d_to + tear.d_to};
	}
	return f;
}

static double series(double a, double b)
{
	return a > 0 && b > 0 ? a * b / sqrt(a * a + b * b) : 0;
}

/* Solve j * x = r in place; the diagonal dominates, so no pivoting. */
static void solve(double j[HYDRO_NODES][HYDRO_NODES], double r[HYDRO_NODES])
{
	for (int c = 0; c < HYDRO_NODES; c++) {
		double inv = 1 / j[c][c];

		for (int i = c + 1; i < HYDRO_NODES; i++) {
			double f = j[i][c] * inv;

			if (f == 0)
				continue;
			for (int k = c; k < HYDRO_NODES; k++)
				j[i][k] -= f * j[c][k];
			r[i] -= f * r[c];
		}
	}
	for (int c = HYDRO_NODES - 1; c >= 0; c--) {
		for (int k = c + 1; k < HYDRO_NODES; k++)
			r[c] -= j[c][k] * r[k];
		r[c] /= j[c][c];
	}
}

struct system {
	double j[HYDRO_NODES][HYDRO_NODES]; /* residual's derivative */
	double r[HYDRO_NODES];		    /* minus the residual */
};

/* A flow from node a to node b; -1: outside. */
static void connect(struct system *s, int a, int b, struct flow f)
{
	if (a >= 0) {
		s->r[a] -= f.q;
		s->j[a][a] += f.d_from;
		if (b >= 0)
			s->j[a][b] += f.d_to;
	}
	if (b >= 0) {
		s->r[b] += f.q;
		s->j[b][b] -= f.d_to;
		if (a >= 0)
			s->j[b][a] -= f.d_from;
	}
}

static void assemble(struct system *s, struct hydro *h, const struct hydro_in *in,
		     const double *before, double per_min)
{
	const double *p = h->p;
	struct flow f;

	memset(s, 0, sizeof(*s));
	for (int i = 0; i < HYDRO_NODES; i++) {
		double c = in->compliance[i] * per_min;

		s->j[i][i] = c;
		s->r[i] = c * (before[i] - p[i]);
	}
	f = one_way(pipe(in->g_supply, in->p_supply, p[HYDRO_FEED]));
	h->q_supply = f.q;
	connect(s, -1, HYDRO_FEED, f);
	f = one_way(orifice(in->k_vent, p[HYDRO_FEED], 0));
	h->q_vent = f.q;
	connect(s, HYDRO_FEED, -1, f);
	f = one_way(orifice(in->k_cross, p[HYDRO_FEED], p[HYDRO_PERMEATE]));
	h->q_cross = f.q;
	connect(s, HYDRO_FEED, HYDRO_PERMEATE, f);
	f = inlet_flow(in, p[HYDRO_FEED], p[HYDRO_PRE]);
	h->q_inlet = f.q;
	connect(s, HYDRO_FEED, HYDRO_PRE, f);
	f = pump_flow(in, p[HYDRO_PRE], p[HYDRO_HIGH]);
	h->q_pump = f.q;
	connect(s, HYDRO_PRE, HYDRO_HIGH, f);
	f = membrane_flow(in, p[HYDRO_HIGH], p[HYDRO_PERMEATE], &h->q_leak);
	h->q_membrane = f.q;
	connect(s, HYDRO_HIGH, HYDRO_PERMEATE, f);
	f = one_way(orifice(series(in->k_restrictor, in->k_drain), p[HYDRO_HIGH], 0));
	h->q_drain = f.q;
	connect(s, HYDRO_HIGH, -1, f);
	f = one_way(orifice(in->k_tray, p[HYDRO_HIGH], 0));
	h->q_tray = f.q;
	connect(s, HYDRO_HIGH, -1, f);
	f = one_way(orifice(in->k_outlet, p[HYDRO_PERMEATE], 0));
	h->q_outlet = f.q;
	connect(s, HYDRO_PERMEATE, -1, f);
	f = orifice(in->k_tank, p[HYDRO_PERMEATE], in->p_tank);
	h->q_tank = f.q;
	connect(s, HYDRO_PERMEATE, -1, f);
}

static double residual(const struct system *s)
{
	double sum = 0;

	for (int i = 0; i < HYDRO_NODES; i++)
		sum += s->r[i] * s->r[i];
	return sum;
}

/* Newton's step, halved until it brings the balance closer: roots, closing check valves and the starved pump
 * throw a whole one from one side of the solution to the other, for ever. */
void hydro_step(struct hydro *h, const struct hydro_in *in, double dt_s)
{
	double before[HYDRO_NODES], from[HYDRO_NODES], per_min = 60 / dt_s;
	struct system s, tried;

	memcpy(before, h->p, sizeof(before));
	assemble(&s, h, in, before, per_min);
	for (int n = 0; n < NEWTON_MAX; n++) {
		double largest = 0, off = residual(&s), share = 1;

		memcpy(from, h->p, sizeof(from));
		solve(s.j, s.r);
		for (int halvings = 0; halvings < HALVINGS_MAX; halvings++, share /= 2) {
			largest = 0;
			for (int i = 0; i < HYDRO_NODES; i++) {
				h->p[i] = fmax(from[i] + share * s.r[i], -0.02);
				largest = fmax(largest, fabs(h->p[i] - from[i]));
			}
			assemble(&tried, h, in, before, per_min);
			if (residual(&tried) <= off)
				break;
		}
		if (largest < 2e-6)
			break;
		s = tried;
	}
}
