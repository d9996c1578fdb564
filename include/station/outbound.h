/* SPDX-License-Identifier: MIT
 *
 * An HTTP request to another machine, made by benchd-web (serve/fetch.h has its walls: TLS is
 * verified, redirects are not followed, the answer is bounded). The control loop's thread; nothing
 * waits.
 */
#ifndef STATION_OUTBOUND_H
#define STATION_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>

struct station;
enum { OUTBOUND_HEADERS_MAX = 16, OUTBOUND_ANSWER_MAX = 65536 };

struct outbound_request {
	const char *method; /* GET, POST, PUT or PATCH */
	const char *url;
	const char *headers[OUTBOUND_HEADERS_MAX]; /* "Name: value", NULL after the last */
	const char *body;			   /* UTF-8; NULL: none */
	size_t size;
	int timeout_ms;	   /* for all of it, at most 60 s */
	size_t answer_max; /* bytes, at most OUTBOUND_ANSWER_MAX; 0: that */
};
struct outbound_answer {
	int status;	   /* 0: no answer came */
	const char *error; /* "" or: dns connect denied tls timeout answer_too_long url network
			    * busy web_lost */
	const char *body;  /* NUL after it; good until the call returns */
	size_t size;
};
/* All of rq is copied. done is called exactly once, later. 0, or ERR_CLOSED: no benchd-web is
 * there (done is not called then; try again later). */
int outbound_start(struct station *s, const struct outbound_request *rq,
		   void (*done)(void *ctx, const struct outbound_answer *a), void *ctx);

#endif
