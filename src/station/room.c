/* SPDX-License-Identifier: MIT
 *
 * Room on the disk, looked at every 2 s by the reader's thread.
 */
#include "station/internal.h"

#include <stdlib.h>

#define MODULE	"disk"
#define LOOK_NS (2 * NS_PER_S)

struct room_job {
	struct job job;
	struct station *station;
	struct room room;
};

static void room_work(struct job *j, struct store *store)
{
	struct room_job *q = (struct room_job *)j;

	(void)store;
	j->rc = room_look(q->station->options.state_dir, &q->room, &j->err);
}

static void tell(const struct room *was, const struct room *now)
{
	const long long mib = (long long)(now->free_bytes >> 20);

	if (was->has_ballast && !now->has_ballast)
		log_error(MODULE,
			  "the disk is full: the ballast is given up, so that what runs is "
			  "recorded; %lld MiB left",
			  mib);
	else if (now->low && !was->low)
		log_warning(MODULE, "the disk is nearly full (%lld MiB): no run begins", mib);
	else if (was->low && !now->low)
		log_info(MODULE, "there is room on the disk again (%lld MiB)", mib);
}

static void room_done(struct job *j)
{
	struct room_job *q = (struct room_job *)j;
	struct station *s = q->station;

	if (!j->rc) {
		tell(&s->room, &q->room);
		s->room = q->room;
	}
	s->room_next_ns = clock_mono_ns() + LOOK_NS;
	s->room_at_work = false;
	free(q);
}

void room_tick(struct station *s)
{
	struct room_job *q;

	if (s->room_at_work || s->stopping || clock_mono_ns() < s->room_next_ns)
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = room_work;
	q->job.done = room_done;
	q->station = s;
	s->room_at_work = true;
	station_read(s, &q->job);
}
