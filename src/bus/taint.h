/* SPDX-License-Identifier: MIT
 *
 * Why no late reply becomes a value.
 *
 * A reply to a read carries slave, function and byte count, but no address and no number. The
 * answer to an earlier request that was given up can therefore pass for the answer to a later one
 * of the same shape (bus/rtu.h). Every request that ends without its own answer (time-out, bad CRC,
 * a doubtful exception, the port lost) leaves a *ghost*: "a frame of this shape may still come".
 * While a slave has a ghost of a shape:
 *
 *   (1) no frame of that shape is accepted from it as data or as proof of a write. Reads are
 *       asked with another length (a register more at the end or before, another choice of merged
 *       reads) or not at all; a write is sent (safety first), but counts only by a read-back of a
 *       shape without ghost.
 *
 * So a wrong value could only be taken through a ghost that was dropped too early. A ghost goes
 * when
 *
 *   (2) as many frames of its shape were seen and thrown away as requests of it are open: a slave
 *       answers a request at most once, so none is left; or
 *   (3) its late window (TAINT_WINDOW time-outs after the last request of that shape) has passed
 *       AND an answer that no ghost explains came to a request sent later ("evidence"); or
 *   (4) without evidence, when nothing that could give any is left to ask: after the window times
 *       one plus the number of open requests (at most 32 windows).
 *
 * (3) holds for both ways a slave can be late. One that works off its requests in order, however
 * late and however many are queued, has sent or dropped all earlier answers before the evidence.
 * One that answers out of order is covered as long as no answer is later than the window, because
 * the shape is not asked for before. TAINT_WINDOW is 16 while lateness up to 10 time-outs has to be
 * survived. Both hold for any number of ghosts, reads and writes alike. Evidence is an answer of a
 * shape without ghost, so it cannot be late itself.
 *
 * (4) is needed for a slave that knows one shape only and ignores all other functions; n requests
 * worked off in order, each up to the window late, are over after n windows.
 *
 * Not covered, and said so: a slave that is more than 16 time-outs late *and* out of order; two
 * slaves at one address (reported as a conflict); a request of an earlier process that is answered
 * after this one has opened the port: no value of the first seconds after a start is judged.
 *
 * When the table is full the slave is "flooded": every shape is a ghost until (4).
 */
#ifndef BUS_TAINT_H
#define BUS_TAINT_H

#include "bus/rtu.h"

enum { TAINT_WINDOW = 16, TAINT_GHOSTS = 16 };

struct ghost {
	struct rtu_shape shape;
	uint16_t open;	   /* requests without answer, saturating */
	int64_t sent_ns;   /* the last of them */
	int64_t window_ns; /* its late window */
};
struct taint {
	struct ghost ghosts[TAINT_GHOSTS];
	uint8_t count;
	bool flooded;
	uint16_t flood_open;
	int64_t flood_sent_ns, flood_window_ns;
	int64_t evidence_ns; /* when the newest request with an unambiguous answer was sent */
};

/* A request sent at sent_ns ended without its answer. */
void taint_add(struct taint *t, struct rtu_shape s, int64_t sent_ns, int64_t timeout_ns);
/* Could a frame of this shape be late? */
bool taint_has(const struct taint *t, struct rtu_shape s);
/* Any ghost of that function? */
bool taint_has_function(const struct taint *t, uint8_t function);
/* A frame of this shape came and was thrown away. false: no ghost explains it. */
bool taint_seen(struct taint *t, struct rtu_shape s);
/* An answer that no ghost explains came to a request sent at sent_ns. */
void taint_evidence(struct taint *t, int64_t sent_ns);
/* Is there a ghost sent at or after the last evidence? */
bool taint_wants_evidence(const struct taint *t);
/* Drop what is over at now_ns by (3) and (4). */
void taint_expire(struct taint *t, int64_t now_ns);
/* Earliest time at which taint_expire may drop the ghost of that shape (any, when flooded), as
 * things are. */
int64_t taint_over_ns(const struct taint *t, struct rtu_shape s);

#endif
