/* SPDX-License-Identifier: MIT
 *
 * One benchd-io for a rig: buses without a lock of their own (TCP, GPIO) must not be written by
 * two.
 */
#ifndef RIG_HOLD_H
#define RIG_HOLD_H

#include "link/socket.h"

/* A descriptor that holds the rig of this fixture file (with this simulator's folder, NULL: none)
 * until it is closed; ERR_BUSY with its holder; ERR_DENIED where somebody who is not of this station
 * sits on its name; another negative error where the system has no such locks. */
int rig_hold(const char *fixture, const char *sim_dir, struct link_peer *holder);
/* From the loop: who found the rig held has read who holds it, and is gone. *lock as rig_hold gave
 * it, valid as long as what is returned; NULL when it holds none. */
struct loop;
struct loop_io *rig_hold_answers(struct loop *loop, int *lock);

#endif
