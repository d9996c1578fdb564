/* SPDX-License-Identifier: MIT
 *
 * The head of an HTTP/1.1 request (request line and header fields), read strictly as RFC 9112
 * has it: exactly one Host, at most one length, CRLF alone ends a line, no folding, no blank
 * before a colon, no control characters. libmicrohttpd 0.9.75 lets such shapes through, so it
 * sees a request only after this reader has. Pure; no heap.
 */
#ifndef SERVE_HEAD_H
#define SERVE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEAD_MAX = 16384,
	HEAD_FIELDS_MAX = 64,
	HEAD_PATH_MAX = 1024,
	HEAD_QUERY_MAX = 1024,
	HEAD_VALUE_MAX = 256,
	HEAD_COOKIE_MAX = 2048 /* other programs on this host set cookies too */
};

struct head {
	char method[16];
	char path[HEAD_PATH_MAX];   /* percent-encoded, begins with '/' */
	char query[HEAD_QUERY_MAX]; /* without '?' */
	int minor;		    /* HTTP/1.minor: 0 or 1 */
	int64_t content_length;	    /* -1: none given */
	char host[HEAD_VALUE_MAX], authorization[HEAD_VALUE_MAX], content_type[HEAD_VALUE_MAX];
	char if_match[HEAD_VALUE_MAX], if_none_match[HEAD_VALUE_MAX], origin[HEAD_VALUE_MAX];
	char request_key[HEAD_VALUE_MAX]; /* Idempotency-Key */
	char fetch_site[HEAD_VALUE_MAX];  /* Sec-Fetch-Site */
	char csrf[HEAD_VALUE_MAX];	  /* X-CSRF-Token */
	char forwarded[HEAD_VALUE_MAX];	  /* X-Forwarded-For */
	char cookie[HEAD_COOKIE_MAX];

	/* Refused: HTTP status, stable code, one line for a person. */
	int status;
	const char *code, *detail;
};

/* p[0..n) are all bytes that came so far. Length of the head when it is complete and good, 0
 * when more must come, -1 when it is refused (status, code and detail tell). */
int head_read(struct head *h, const char *p, size_t n);
/* The 64 hex digits of the cookie benchd_session (lan: of __Host-benchd_session); false: there is
 * none. */
bool head_session(const struct head *h, bool lan, char dst[65]);
/* The one address of X-Forwarded-For as clients are counted by it: IPv4 as it is, of IPv6 the network
 * (/64), which is one subscriber. False: it is none, or more than one. */
bool head_client(const struct head *h, char *dst, size_t size);
/* Is host (of the Host field, with or without a port) one of this machine's own names? A web
 * page of another name that resolves to this address is not let in (DNS rebinding). */
bool head_host_is_local(const char *host);
/* Is host, with or without a port, one of these ("bench.depot.example,192.168.1.7"; NULL: none)? */
bool head_host_is_of(const char *host, const char *names);

#endif
