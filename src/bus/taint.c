/* SPDX-License-Identifier: MIT */
#include "taint.h"

enum { OPEN_MAX_WINDOWS = 32 };

static struct ghost *find(struct taint *t, struct rtu_shape s)
{
	for (int i = 0; i < t->count; i++)
		if (rtu_shape_equal(t->ghosts[i].shape, s))
			return &t->ghosts[i];
	return NULL;
}

static unsigned open_total(const struct taint *t)
{
	unsigned n = t->flood_open;

	for (int i = 0; i < t->count; i++)
		n += t->ghosts[i].open;
	return n < OPEN_MAX_WINDOWS - 1 ? n : OPEN_MAX_WINDOWS - 1;
}

void taint_add(struct taint *t, struct rtu_shape s, int64_t sent_ns, int64_t timeout_ns)
{
	int64_t window_ns = TAINT_WINDOW * timeout_ns;
	struct ghost *g = find(t, s);

	if (!g && t->count < TAINT_GHOSTS) {
		g = &t->ghosts[t->count++];
		*g = (struct ghost){.shape = s};
	}
	if (!g) {
		t->flooded = true;
		t->flood_open += t->flood_open < UINT16_MAX;
		t->flood_sent_ns = sent_ns;
		if (window_ns > t->flood_window_ns)
			t->flood_window_ns = window_ns;
		return;
	}
	g->open += g->open < UINT16_MAX;
	g->sent_ns = sent_ns;
	if (window_ns > g->window_ns)
		g->window_ns = window_ns;
}

bool taint_has(const struct taint *t, struct rtu_shape s)
{
	if (t->flooded)
		return true;
	for (int i = 0; i < t->count; i++)
		if (rtu_shape_equal(t->ghosts[i].shape, s))
			return true;
	return false;
}

bool taint_has_function(const struct taint *t, uint8_t function)
{
	if (t->flooded)
		return true;
	for (int i = 0; i < t->count; i++)
		if ((t->ghosts[i].shape.function & ~RTU_EXCEPTION) == function)
			return true;
	return false;
}

static void drop(struct taint *t, struct ghost *g)
{
	*g = t->ghosts[--t->count];
}

bool taint_seen(struct taint *t, struct rtu_shape s)
{
	struct ghost *g = find(t, s);

	if (!g)
		return t->flooded;
	/* A saturated count says "at least": it never counts down to none. */
	if (g->open < UINT16_MAX && --g->open == 0)
		drop(t, g);
	return true;
}

void taint_evidence(struct taint *t, int64_t sent_ns)
{
	if (sent_ns > t->evidence_ns)
		t->evidence_ns = sent_ns;
}

bool taint_wants_evidence(const struct taint *t)
{
	if (t->flooded && t->flood_sent_ns >= t->evidence_ns)
		return true;
	for (int i = 0; i < t->count; i++)
		if (t->ghosts[i].sent_ns >= t->evidence_ns)
			return true;
	return false;
}

static int64_t over_ns(const struct taint *t, int64_t sent_ns, int64_t window_ns)
{
	if (sent_ns < t->evidence_ns)
		return sent_ns + window_ns;
	return sent_ns + window_ns * (1 + (int64_t)open_total(t));
}

void taint_expire(struct taint *t, int64_t now_ns)
{
	if (t->flooded && now_ns >= over_ns(t, t->flood_sent_ns, t->flood_window_ns)) {
		t->flooded = false;
		t->flood_open = 0;
		t->flood_window_ns = 0;
	}
	for (int i = t->count - 1; i >= 0; i--) {
		struct ghost *g = &t->ghosts[i];

		if (now_ns >= over_ns(t, g->sent_ns, g->window_ns))
			drop(t, g);
	}
}

int64_t taint_over_ns(const struct taint *t, struct rtu_shape s)
{
	int64_t at_ns = INT64_MIN;

	for (int i = 0; i < t->count; i++)
		if (rtu_shape_equal(t->ghosts[i].shape, s))
			at_ns = over_ns(t, t->ghosts[i].sent_ns, t->ghosts[i].window_ns);
	if (t->flooded) {
		int64_t flood_ns = over_ns(t, t->flood_sent_ns, t->flood_window_ns);

		if (flood_ns > at_ns)
			at_ns = flood_ns;
	}
	return at_ns;
}
