/* SPDX-License-Identifier: MIT */
#include "sim/vtime.h"

#include <stdlib.h>

#include "base/error.h"

void vtime_init(struct vtime *vt, int64_t now_ns)
{
	*vt = (struct vtime){.now_ns = now_ns};
}

void vtime_release(struct vtime *vt)
{
	free(vt->set);
	*vt = (struct vtime){0};
}

void vtime_cancel(struct vtime *vt, struct vtimer *t)
{
	if (!t->slot)
		return;
	vt->set[t->slot - 1] = vt->set[--vt->count];
	vt->set[t->slot - 1].timer->slot = t->slot;
	t->slot = 0;
}

void vtime_set(struct vtime *vt, struct vtimer *t, int64_t at_ns)
{
	if (at_ns == INT64_MAX) {
		vtime_cancel(vt, t);
		return;
	}
	t->at_ns = at_ns < vt->now_ns ? vt->now_ns : at_ns;
	if (!t->slot) {
		if (vt->count == vt->cap) {
			vt->cap = vt->cap ? 2 * vt->cap : 32;
			vt->set = xrealloc(vt->set, (unsigned long)vt->cap * sizeof(*vt->set));
		}
		t->slot = ++vt->count;
	}
	vt->set[t->slot - 1] = (struct vtime_slot){t->at_ns, ++vt->seq, t};
}

void vtime_soon(struct vtime *vt, struct vtimer *t, int64_t at_ns)
{
	if (!t->slot || at_ns < t->at_ns)
		vtime_set(vt, t, at_ns);
}

static bool before(const struct vtime_slot *a, const struct vtime_slot *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->seq < b->seq);
}

bool vtime_step(struct vtime *vt, int64_t end_ns)
{
	const struct vtime_slot *first = vt->set;
	struct vtimer *t;

	for (int i = 1; i < vt->count; i++)
		if (before(&vt->set[i], first))
			first = &vt->set[i];
	if (!vt->count || first->at_ns > end_ns) {
		if (end_ns > vt->now_ns)
			vt->now_ns = end_ns;
		return false;
	}
	t = first->timer;
	vt->now_ns = t->at_ns;
	vtime_cancel(vt, t);
	vt->fired++;
	t->fn(t->ctx, vt->now_ns);
	return true;
}

void vtime_run(struct vtime *vt, int64_t end_ns)
{
	while (vtime_step(vt, end_ns))
		;
}
