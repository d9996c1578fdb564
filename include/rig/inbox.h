/* SPDX-License-Identifier: MIT
 *
 * Events of the bus threads on their way to the loop: copied, in order, bounded. One that does not
 * fit is lost and said so; the rig is dropped then, for nothing may be lost silently.
 */
#ifndef RIG_INBOX_H
#define RIG_INBOX_H

#include <stdbool.h>
#include "bus/bus.h"

struct mail {
	int bus;
	struct bus_event ev;
};

struct inbox;
struct inbox *inbox_new(int capacity);
void inbox_free(struct inbox *m); /* NULL allowed */
/* Any thread; never blocks for longer than a copy. */
void inbox_put(struct inbox *m, int bus, const struct bus_event *ev);
/* false: empty. *overflow: something was lost since the last call. */
bool inbox_take(struct inbox *m, struct mail *out, bool *overflow);

#endif
