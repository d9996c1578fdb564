/* SPDX-License-Identifier: MIT
 *
 * HTTP in front of benchd: listens on loopback and on a Unix socket, hands each request of the
 * API to benchd over the web link and its reply back, and events as SSE. It knows no bench,
 * holds no record and has no say over who may do what. One thread, the loop's.
 *
 * Each connection carries one request: its head is read strictly (serve/head.h) before
 * libmicrohttpd sees a byte of it, and whatever follows that request is dropped.
 *
 * The other way, it makes the HTTP requests to other machines that benchd asks for (serve/fetch.h).
 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/loop.h"

enum {
	SERVE_PORT = 8470,
	SERVE_CONNECTIONS_MAX = 128,
	SERVE_PER_PEER_MAX = 96,
	SERVE_HEADS_MAX = 32,
	SERVE_EVENTS_MAX = 64
};

struct serve_options {
	const char *link_path;	 /* benchd's web.sock; or NULL with link_fd */
	int link_fd;		 /* inherited, -1: none; when it closes serving ends */
	const char *socket_path; /* HTTP on a Unix socket, mode 0660; NULL: none */
	const char *ca_path;	 /* certificates trusted by outgoing requests; NULL: the system's */
	int port;		 /* on 127.0.0.1, 0: none */
	const char *lan_names;	 /* Host of who comes by the TLS proxy, "a,b"; NULL: none */
	bool exit_with_link;	 /* do not wait for benchd to come back */
	/* Waits, in ms; 0 takes the default. Tests shorten them. */
	int head_ms, body_ms, reply_ms, heartbeat_ms;
};

struct serve;
/* Listen; SIGPIPE must be ignored (loop_signals does that). NULL with err: ERR_BUSY when the port or the socket is held (the text names by whom). */
struct serve *serve_new(struct loop *loop, const struct serve_options *o, struct error *err);
/* Ends every connection and removes the socket file. NULL allowed. */
void serve_free(struct serve *s);

#endif
