/* SPDX-License-Identifier: MIT
 *
 * Unix SOCK_SEQPACKET for both links: one message per packet, never blocking, bounded. Only the
 * packets are handled here; what is in them is the codecs' matter. Any thread, one at a time per
 * descriptor. Every descriptor returned is the caller's to close, nonblocking and close-on-exec.
 *
 * A peer that does not read fills its queue after some hundred packets: link_send then says
 * ERR_BUSY and the caller decides (drop a slow reader, stop a run); nothing is ever queued here.
 */
#ifndef LINK_SOCKET_H
#define LINK_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"

enum { LINK_PACKET_MAX = 72 * 1024 }; /* 64 KiB of JSON and its frame */

struct link_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Listen at path with these permissions. A socket file that nobody serves is replaced; ERR_BUSY
 * when somebody does, ERR_EXISTS when the path is no socket. */
int link_listen(const char *path, mode_t mode, struct error *err);
/* Next waiting peer; 0 when there is none (descriptor 0 is never returned). peer may be NULL. */
int link_accept(int fd, struct link_peer *peer, struct error *err);
/* ERR_NOT_FOUND without the file, ERR_CLOSED when nobody listens there, ERR_BUSY when its queue is
 * full. */
int link_connect(const char *path, struct error *err);
/* Both ends. */
int link_pair(int fd[2], struct error *err);
/* Who is at the other end, as the kernel saw it when it connected. */
int link_peer(int fd, struct link_peer *peer, struct error *err);

/* A lock that ends with the process, however it ends: an abstract socket of that name. Returns its
 * descriptor, or ERR_BUSY with *holder, who is of this user, root, or in this process's group (to
 * root anybody is). Such names are open to every user of the machine: ERR_DENIED with *holder where
 * somebody else sits on it, or nobody who can be asked (pid 0); the caller goes on without the lock. */
int link_lock(const char *name, struct link_peer *holder, struct error *err);

/* One packet of 1..LINK_PACKET_MAX bytes; pass_fd >= 0 goes with it (stays open here). 0, ERR_BUSY
 * when the peer's queue is full, ERR_CLOSED when it is gone, ERR_LIMIT when the size is not
 * possible. */
int link_send(int fd, const void *p, size_t n, int pass_fd, struct error *err);
/* One packet: its length, 0 when there is none now, ERR_CLOSED at the end, ERR_PROTOCOL when it is
 * longer than size. *got_fd is the descriptor that came with it or -1; with NULL one that comes is
 * closed and the packet refused. */
int link_receive(int fd, void *p, size_t size, int *got_fd, struct error *err);

#endif
