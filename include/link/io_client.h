/* SPDX-License-Identifier: MIT
 *
 * benchd-io's end of the io link: connects and connects again, sends, receives, checks. The loop's
 * thread only.
 *
 * A message that cannot be sent or is refused marks the link broken; io_client_settle, called by
 * the owner once its own work of the round is done, closes it then, so that no callback ends the
 * link under the feet of another.
 */
#ifndef LINK_IO_CLIENT_H
#define LINK_IO_CLIENT_H

#include <stdbool.h>
#include "base/loop.h"
#include "link/io.h"

struct io_client_ops {
	void *ctx;
	/* May it be used now? false: asked again soon (what HELLO has to say is not known yet). */
	bool (*ready)(void *ctx);
	void (*up)(void *ctx);
	/* A checked message. Negative: it is not allowed here, the link is closed. */
	int (*message)(void *ctx, const struct io_msg *m, struct error *err);
	/* After a batch of messages, a connection or a loss. */
	void (*done)(void *ctx);
	/* Closed, or (never_up) nobody was there for give_up_ns. */
	void (*lost)(void *ctx, bool never_up, const char *why);
};
struct io_client_config {
	struct loop *loop;
	const char *path;   /* NULL with fd */
	int fd;		    /* inherited and then owned here; -1: path */
	bool once;	    /* do not connect again after a loss; with fd always */
	int64_t give_up_ns; /* once: wire time without a first connection; 0: never */
	struct io_client_ops ops;
};

struct io_client;
struct io_client *io_client_start(const struct io_client_config *config);
void io_client_free(struct io_client *c); /* NULL allowed; closes without callbacks */
void io_client_send(struct io_client *c, const struct io_msg *m);
void io_client_break(struct io_client *c, const char *why);
/* Closes a broken link; true when it did (lost was called). */
bool io_client_settle(struct io_client *c);
bool io_client_is_up(const struct io_client *c);
/* How many links in a row ended before a message of benchd was accepted: benchd refuses us, or we
 * refuse it. From the first on the pauses grow from 1 s to 30 s; 0 after a link that was used. */
unsigned io_client_refusals(const struct io_client *c);

#endif
