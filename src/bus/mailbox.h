/* SPDX-License-Identifier: MIT
 *
 * What other threads leave for a bus thread: requests in order, and which devices are needed.
 * Bounded; full is the sender's to report, nothing is dropped silently. put and need from any
 * thread, the rest from the bus thread.
 */
#ifndef BUS_MAILBOX_H
#define BUS_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include "bus/bus.h"

enum { MAILBOX_MAX = 64 };

struct mailbox {
	int wake_fd;	    /* eventfd: readable when something was left while the owner slept */
	atomic_bool any;    /* something may have been left */
	atomic_bool asleep; /* the owner sleeps on wake_fd */
	pthread_mutex_t lock;
	struct bus_request mail[MAILBOX_MAX];
	int first, count;
	struct {
		uint16_t device;
		bool needed;
	} needs[FIXTURE_DEVICES_MAX];
	int need_count;
};

int mailbox_open(struct mailbox *m, struct error *err);
void mailbox_close(struct mailbox *m);				 /* half-open allowed */
int mailbox_put(struct mailbox *m, const struct bus_request *r); /* ERR_LIMIT: full */
void mailbox_need(struct mailbox *m, uint16_t device, bool needed);
/* Make the owner look: its poll returns, or it does not begin to sleep. */
void mailbox_wake(struct mailbox *m);
/* The owner: about to sleep on wake_fd; false when there is something to look at first. */
bool mailbox_sleep(struct mailbox *m);
/* The owner: awake; is_readable: wake_fd was. */
void mailbox_awake(struct mailbox *m, bool is_readable);
/* The owner, before it takes: is there anything? Asked once for all that was left until now. */
bool mailbox_any(struct mailbox *m);
/* The oldest request; it stays until mailbox_drop. */
bool mailbox_peek(struct mailbox *m, struct bus_request *r);
void mailbox_drop(struct mailbox *m);
bool mailbox_take_need(struct mailbox *m, uint16_t *device, bool *needed);

#endif
