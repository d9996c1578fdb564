/* SPDX-License-Identifier: MIT
 *
 * Who holds a TCP port of this machine: for people who are told that it is taken.
 */
#ifndef LINK_PORT_H
#define LINK_PORT_H

#include <stddef.h>
#include <sys/types.h>

/* The process that listens on this port, 0 when none does or it cannot be seen (another
 * user's). *name (size bytes, NULL allowed) gets its program's name. Reads /proc; some
 * milliseconds. */
pid_t port_holder(int port, char *name, size_t size);

#endif
