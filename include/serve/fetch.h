/* SPDX-License-Identifier: MIT
 *
 * One HTTP request to another machine and its answer, by libcurl in the loop: nothing blocks but
 * the loop's own thread for what it copies. TLS 1.2 or newer, certificate and name verified; no
 * redirect is followed, no proxy of the environment is used, no cookie is kept, nothing is
 * decompressed; HTTP/1.1.
 *
 * Where it connects to is looked at after the name was resolved, so that a name that points
 * elsewhere tomorrow meets the same wall: never link-local, multicast or unspecified addresses
 * (metadata services of clouds answer there), and an address of this machine itself only where
 * the URL names it (127.0.0.1, [::1], localhost). Private addresses are where ticketing systems
 * live: allowed.
 */
#ifndef SERVE_FETCH_H
#define SERVE_FETCH_H

#include <stddef.h>
#include <stdint.h>
#include "base/loop.h"

enum {
	FETCH_AT_ONCE_MAX = 64,
	FETCH_HEADERS_MAX = 16,
	FETCH_ANSWER_MAX = 65536,
	FETCH_TIMEOUT_MAX_MS = 60000
};

struct fetch_request {
	const char *method;			/* GET, POST, PUT or PATCH */
	const char *url;			/* https:// or http:// */
	const char *headers[FETCH_HEADERS_MAX]; /* "Name: value", NULL after the last */
	const char *body;			/* NULL: none */
	size_t size;				/* its bytes */
	int timeout_ms;				/* for all of it; 0: 10 s */
	size_t answer_max; /* bytes of the answer that are read; 0: FETCH_ANSWER_MAX */
};
struct fetch_answer {
	int status; /* 0: none came */
	/* "" or: dns connect denied tls tls_name tls_expired tls_untrusted tls_ca_file timeout
	 * answer_too_long url network */
	const char *error;
	const char *body; /* NUL after it; good until the call returns */
	size_t size;
};

struct fetcher;
/* ca_file: certificates trusted instead of the system's; NULL: the system's. Panics without
 * memory. */
struct fetcher *fetcher_new(struct loop *loop, const char *ca_file);
/* What is under way ends without an answer. NULL allowed. */
void fetcher_free(struct fetcher *f);
/* All of rq is copied. done is called once, later, from the loop; it may start another. 0, or
 * ERR_LIMIT: too many at once; ERR_RANGE: no such method, too many or malformed headers. */
int fetch_start(struct fetcher *f, const struct fetch_request *rq,
		void (*done)(void *ctx, const struct fetch_answer *a), void *ctx);
int fetch_count(const struct fetcher *f); /* under way */

#endif
