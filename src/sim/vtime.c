/* SPDX-License-Identifier: MIT */
#include "sim/vtime.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void vtime_init(struct vtime *vt, int64_t now_ns)
{
	*vt = (struct vtime){.now_ns = now_ns};
}

void vtime_release(struct vtime *vt)
{
	free(vt->heap);
	*vt = (struct vtime){0};
}

static bool before(const struct vtime_slot *a, const struct vtime_slot *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->seq < b->seq);
}

/* The heap counts from 1. */
static void put(struct vtime *vt, int slot, const struct vtime_slot *s)
{
	vt->heap[slot - 1] = *s;
	s->timer->slot = slot;
}

/* To its place from where it is. */
static void sift(struct vtime *vt, struct vtimer *t)
{
	const struct vtime_slot own = {t->at_ns, t->seq, t};
	int at = t->slot;

	while (at > 1 && before(&own, &vt->heap[at / 2 - 1])) {
		put(vt, at, &vt->heap[at / 2 - 1]);
		at /= 2;
	}
	for (int child; (child = 2 * at) <= vt->count; at = child) {
		if (child < vt->count && before(&vt->heap[child], &vt->heap[child - 1]))
			child++;
		if (!before(&vt->heap[child - 1], &own))
			break;
		put(vt, at, &vt->heap[child - 1]);
	}
	put(vt, at, &own);
}

static void remove_slot(struct vtime *vt, int slot)
{
	struct vtime_slot last = vt->heap[--vt->count];

	vt->heap[slot - 1].timer->slot = 0;
	if (slot == vt->count + 1)
		return;
	put(vt, slot, &last);
	sift(vt, last.timer);
}

void vtime_cancel(struct vtime *vt, struct vtimer *t)
{
	if (vt->firing == t)
		vt->firing = NULL;
	if (t->slot)
		remove_slot(vt, t->slot);
}

void vtime_set(struct vtime *vt, struct vtimer *t, int64_t at_ns)
{
	if (at_ns == INT64_MAX) {
		vtime_cancel(vt, t);
		return;
	}
	if (vt->firing == t)
		vt->firing = NULL;
	t->at_ns = at_ns < vt->now_ns ? vt->now_ns : at_ns;
	t->seq = ++vt->seq;
	if (!t->slot) {
		if (vt->count == vt->cap) {
			vt->cap = vt->cap ? 2 * vt->cap : 32;
			vt->heap = xrealloc(vt->heap, (unsigned long)vt->cap * sizeof(*vt->heap));
		}
		t->slot = ++vt->count;
	}
	sift(vt, t);
}

void vtime_soon(struct vtime *vt, struct vtimer *t, int64_t at_ns)
{
	if (!t->slot || vt->firing == t || at_ns < t->at_ns)
		vtime_set(vt, t, at_ns);
}

bool vtime_step(struct vtime *vt, int64_t end_ns)
{
	struct vtimer *t;

	if (!vt->count || vt->heap[0].at_ns > end_ns) {
		if (end_ns > vt->now_ns)
			vt->now_ns = end_ns;
		return false;
	}
	/* It is the first and stays so while it fires: most set themselves again, which then costs
	 * one move in place of two. */
	t = vt->heap[0].timer;
	vt->now_ns = t->at_ns;
	vt->firing = t;
	vt->fired++;
	t->fn(t->ctx, vt->now_ns);
	if (vt->firing == t)
		vtime_cancel(vt, t);
	return true;
}

void vtime_run(struct vtime *vt, int64_t end_ns)
{
	while (vtime_step(vt, end_ns))
		;
}
