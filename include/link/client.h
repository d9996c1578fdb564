/* SPDX-License-Identifier: MIT
 *
 * A client of the web link: benchctl, the simulated operator, tests. Blocking with time-outs;
 * one thread.
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include "base/text.h"
#include "link/web.h"

struct client;
/* Connect to a socket ("STATE/ctl.sock"). ERR_CLOSED / ERR_IO with what to do when nobody
 * listens. */
struct client *client_open(const char *path, struct error *err);
void client_close(struct client *c); /* NULL allowed */
/* One request, waits for its reply at most timeout_ms. *status as HTTP; body JSON. Events that
 * come meanwhile are kept. */
int client_call(struct client *c, enum web_route route, const char *arg, const char *query,
		const char *body, int timeout_ms, int *status, struct text *reply,
		struct error *err);
/* As client_call, with the ETag to match ("" none) and the one received. */
int client_call_match(struct client *c, enum web_route route, const char *arg, const char *query,
		      const char *body, const char *if_match, char etag[WEB_ETAG_MAX],
		      int timeout_ms, int *status, struct text *reply, struct error *err);
/* Next event (after a call of WEB_EVENTS): 1 and the JSON in *event, 0 on time-out, negative
 * when the station is gone. */
int client_event(struct client *c, int timeout_ms, struct text *event, struct error *err);

#endif
