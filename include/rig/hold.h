/* SPDX-License-Identifier: MIT
 *
 * One benchd-io for a rig: buses without a lock of their own (TCP, GPIO) must not be written by
 * two.
 */
#ifndef RIG_HOLD_H
#define RIG_HOLD_H

#include <sys/types.h>

/* A descriptor that holds the rig of this fixture file (with this simulator's folder, NULL: none)
 * until it is closed; ERR_BUSY with the holder's pid, 0 if it is not known; another negative error
 * where the system has no such locks. */
int rig_hold(const char *fixture, const char *sim_dir, pid_t *holder);
/* From the loop: who found the rig held has read who holds it, and is gone. *lock as rig_hold gave
 * it, valid as long as what is returned; NULL when it holds none. */
struct loop;
struct loop_io *rig_hold_answers(struct loop *loop, int *lock);

#endif
