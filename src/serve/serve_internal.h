/* SPDX-License-Identifier: MIT
 *
 * What the files of src/serve share.
 *
 *	listen.c   the two listening sockets
 *	visitor.c  connections before libmicrohttpd has them: accept, head, refusal, deadlines
 *	http.c	   libmicrohttpd, driven by the loop
 *	exchange.c one request and its reply
 *	events.c   SSE
 *	hub.c	   the link to benchd
 *	outbound.c requests to other machines that benchd asks for
 *	problem.c  RFC 9457 bodies, fixed header fields
 *	openapi.c  the description of the API, inside
 *
 *	accept -> HEAD --good--> BODY --last byte--> REPLY --from benchd--> WRITE -> closed
 *		   |				       `--route events--> EVENTS -> closed
 *		   `--bad--> LINGER -> closed
 */
#ifndef SERVE_SERVE_INTERNAL_H
#define SERVE_SERVE_INTERNAL_H

#include <microhttpd.h>
#include <stddef.h>

#include "base/text.h"
#include "link/web.h"
#include "serve/fetch.h"
#include "serve/head.h"
#include "serve/serve.h"

enum visit { VISIT_HEAD = 1, VISIT_BODY, VISIT_REPLY, VISIT_WRITE, VISIT_EVENTS, VISIT_LINGER };

struct visitor {
	struct serve *serve;
	struct visitor *next;
	int fd; /* ours in HEAD and LINGER, else libmicrohttpd's */
	enum visit at;
	int64_t deadline_ns;
	bool local;	    /* came by the Unix socket */
	bool lan;	    /* by the proxy on this machine: its Host is a name of the LAN's */
	uint32_t peer;	    /* address, or uid of a local one: for the cap per peer */
	struct loop_io *io; /* HEAD, LINGER */
	struct head head;
	bool by_unix; /* however it was asked */
	char client[WEB_CLIENT_MAX];
	char credential[WEB_CREDENTIAL_MAX]; /* as benchd hears it */
};

struct exchange {
	struct serve *serve;
	struct exchange *next;
	struct visitor *visitor;
	struct MHD_Connection *connection;
	struct text body;
	bool suspended, answered;
	uint32_t id; /* on the link; 0: nothing asked */
	uint16_t route;
	/* the reply */
	int status;
	uint8_t type;
	char etag[WEB_ETAG_MAX];
	struct text reply;
	int fd; /* holds the reply of reply_size bytes; -1 none */
	size_t reply_size;
	struct reader *reader; /* of events */
};

/* One client of the event stream. */
struct reader {
	struct serve *serve;
	struct reader *next;
	struct exchange *exchange;
	struct text buf; /* from `done` on not yet sent */
	size_t done;
	bool suspended, ended;
	int64_t sent_ns; /* when the last byte was put into buf */
};

struct counters {
	uint64_t requests[6]; /* by first digit of the status */
	uint64_t refused_heads, refused_connections, slow_readers, events, link_losses, timeouts;
	uint64_t calls, calls_failed; /* to other machines; without an answer */
};

struct serve {
	struct loop *loop;
	struct serve_options options;
	int tcp_fd, unix_fd; /* -1: none */
	struct loop_io *tcp_io, *unix_io;
	struct loop_timer *sweep;

	struct MHD_Daemon *mhd;
	struct loop_io *mhd_io;
	struct loop_timer *mhd_timer;
	bool running; /* inside MHD_run */

	struct visitor *visitors;
	int visitor_count, head_count;
	struct exchange *exchanges;
	struct reader *readers;
	int reader_count;

	int link_fd; /* -1: benchd is not there */
	struct loop_io *link_io;
	int64_t link_retry_ns;
	uint32_t last_id, events_id;
	bool link_lost; /* found while sending; told by the sweep */
	uint8_t packet[WEB_MESSAGE_MAX];
	struct counters count;
	struct fetcher *fetcher;
};

/* listen.c */
int listen_tcp(int port, struct error *err);
int listen_unix(const char *path, struct error *err);

/* visitor.c */
void visitor_accept(struct serve *s, int listener, bool local);
struct visitor *visitor_of_fd(struct serve *s, int fd);
void visitor_free(struct visitor *v);
/* Whoever is past its deadline goes. */
void visitor_sweep(struct serve *s, int64_t now_ns);

/* http.c */
int http_start(struct serve *s, struct error *err);
void http_stop(struct serve *s);
/* Take over v->fd with its unread head. False: it was closed. */
bool http_add(struct visitor *v);
/* Let libmicrohttpd do what is due; never called from its own callbacks. */
void http_run(struct serve *s);

/* exchange.c: libmicrohttpd's callbacks */
enum MHD_Result exchange_handle(void *ctx, struct MHD_Connection *c, const char *url,
				const char *method, const char *version, const char *data,
				size_t *size, void **state);
void exchange_completed(void *ctx, struct MHD_Connection *c, void **state,
			enum MHD_RequestTerminationCode why);
void exchange_reply(struct serve *s, const struct web_msg *m, int fd);
void exchange_timeout(struct visitor *v);
void exchange_link_lost(struct serve *s);

/* events.c */
struct MHD_Response *events_response(struct exchange *x); /* NULL: too many clients */
void events_publish(struct serve *s, const char *json, size_t n);
void events_sweep(struct serve *s, int64_t now_ns);
void events_end(struct serve *s);

void hub_connect(struct serve *s);
void hub_close(struct serve *s);
void hub_sweep(struct serve *s, int64_t now_ns);
int hub_send(struct serve *s, const struct web_msg *m);

/* outbound.c */
void outbound_call(struct serve *s, const struct web_msg *m, int fd); /* closes fd */

/* problem.c */
void problem_body(struct text *out, int status, const char *code, const char *detail);
const char *status_title(int status);
/* Fields every response has, NULL at the end: name, value, name, value. */
extern const char *const response_fields[];

/* openapi.c */
extern const char openapi_json[], openapi_json_end[];

/* metrics.c */
void metrics_text(const struct serve *s, struct text *out);

#endif
