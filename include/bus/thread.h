/* SPDX-License-Identifier: MIT
 *
 * A thread that drives one bus with real descriptors: libmodbus for RTU framing and TCP,
 * libserialport for adapters, own termios for pseudo-terminals, libgpiod v1 or v2 or the GPIO
 * stand-in's socket.
 */
#ifndef BUS_THREAD_H
#define BUS_THREAD_H

#include "bus/bus.h"

struct bus_thread;
struct bus_thread_config {
	struct bus_config bus;
	const char *trace_dir; /* NULL: none */
	/* Added to the reply time-outs of pseudo-terminals, as a slow adapter's latency is: who
	 * answers there is another process of this machine, and late when the machine is busy.
	 * Never of a real port. */
	int64_t sim_grace_ns;
	void *ctx;
	/* Called in the bus thread for each event; copies it into a bounded mailbox. */
	void (*event)(void *ctx, int bus, const struct bus_event *ev);
};
struct bus_thread *bus_thread_start(const struct bus_thread_config *config, struct error *err);
/* Ends after the transaction in flight; closes the port; joins; NULL allowed. */
void bus_thread_stop(struct bus_thread *t);
/* From any one thread: ERR_LIMIT when the mailbox is full (a fault of ours, never dropped
 * silently). */
int bus_thread_submit(struct bus_thread *t, const struct bus_request *r);
void bus_thread_need(struct bus_thread *t, uint16_t device, bool needed);
/* Wire time at which the thread last came round its loop: the dead-man line's condition. */
int64_t bus_thread_seen_ns(const struct bus_thread *t);
/* Simulated wire: pty, "sim:" name or stand-in socket? Known after open; -1 unknown, 0, 1. Nothing
 * measured comes by a raw TCP connection: there the name alone tells, at once. */
int bus_thread_is_simulated(const struct bus_thread *t);

#endif
