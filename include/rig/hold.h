/* SPDX-License-Identifier: MIT
 *
 * One benchd-io for a rig and for each of its ports, by whatever file it was found: taken before
 * the first byte goes out, for Modbus TCP has no lock of its own.
 */
#ifndef RIG_HOLD_H
#define RIG_HOLD_H

#include "link/socket.h"
#include "plan/fixture.h"

struct rig_hold {
	int fd[1 + FIXTURE_BUSES_MAX];
	struct loop_io *io[1 + FIXTURE_BUSES_MAX];
	int count;
	char what[200]; /* what was not to be had: "rig rig1", "port 10.0.0.7:502" */
};

/* Zero h first. 0; ERR_BUSY with what is held and by whom, and nothing is taken; else what could be
 * had is, and ERR_DENIED says that somebody who is not of this station sits on one name, another
 * negative error that the system has no such locks. */
int rig_hold(struct rig_hold *h, const struct fixture *f, const char *sim_dir,
	     struct link_peer *holder);
/* From the loop: who found it held has read who holds it, and is gone. Until rig_hold_release. */
struct loop;
void rig_hold_answers(struct rig_hold *h, struct loop *loop);
void rig_hold_release(struct rig_hold *h);

#endif
