/* SPDX-License-Identifier: MIT
 *
 * The web link: benchd-web and benchctl -> benchd, SOCK_SEQPACKET (STATE/web.sock for
 * benchd-web, STATE/ctl.sock for local programs), one message per packet, every
 * field checked on arrival. A request names a route of the one table below; benchd answers
 * each with one reply, and a connection that asked for events gets EVENT messages with that
 * request's id until it closes.
 *
 *	REQUEST	 id, route, two path arguments, query, if_match, credential, request key, client, JSON
 *		 body <= 64 KiB
 *	REPLY	 id, status (as HTTP), etag, type, bytes <= 64 KiB or one descriptor with them
 *	EVENT	 id, JSON
 *
 * And one the other way, since benchd has no network: the benchd-web that follows the events with
 * the station's token is asked for an HTTP request to another machine.
 *
 *	CALL	 id, JSON {method, url, headers: ["Name: value"], body, timeout_ms, answer_max}, in the
 *		 packet or a descriptor
 *	RESULT	 id, status (0: no answer came), etag: "" or an error word of serve/fetch.h, bytes <= 64 KiB
 */
#ifndef LINK_WEB_H
#define LINK_WEB_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum {
	WEB_VERSION = 3,
	WEB_BODY_MAX = 65536,
	WEB_MESSAGE_MAX = WEB_BODY_MAX + 1024,
	WEB_ARG_MAX = 96,
	WEB_QUERY_MAX = 256,
	WEB_CREDENTIAL_MAX = 128,
	WEB_ETAG_MAX = 96,
	WEB_CLIENT_MAX = 64,
	WEB_FD_MAX = 64 << 20, /* bytes of a reply in a descriptor */
	WEB_WAIT_MAX_S = 25    /* ?wait= of the results feed */
};

/* id, method, path below /api/v1 ("{}": an argument), what it does */
#define WEB_ROUTES(X)                                                                              \
	X(STATION, "GET", "/station", "state of the station")                                      \
	X(BAYS, "GET", "/bays", "all bays with live values")                                       \
	X(BAY, "GET", "/bays/{}", "one bay")                                                       \
	X(BAY_STOP, "POST", "/bays/{}/stop", "stop whatever runs there; needs nobody")             \
	X(BAY_RESET, "POST", "/bays/{}/reset",                                                     \
	  "acknowledge a trip or lock; proves the safe state again")                               \
	X(TICKETS, "GET", "/tickets", "list; ?serial= ?model= ?state= ?limit=")                    \
	X(TICKET_GET, "GET", "/tickets/{}", "one ticket")                                          \
	X(TICKET_PUT, "PUT", "/tickets/{}", "create or change; If-Match")                          \
	X(RELEASE, "GET", "/tickets/{}/release", "may the unit leave, and why not")                \
	X(RUNS, "GET", "/runs", "list; ?ticket= ?serial= ?bay= ?limit=")                           \
	X(RUN_START, "POST", "/runs",                                                              \
	  "start a run: {bay, ticket, serial, run_type, profile, operator}")                       \
	X(RUN_GET, "GET", "/runs/{}", "a run: live state, or the finished document")               \
	X(RUN_ANSWER, "POST", "/runs/{}/answer",                                                   \
	  "answer the open prompt: {prompt, answer, operator}")                                    \
	X(RUN_ABORT, "POST", "/runs/{}/abort", "abort; needs nobody")                              \
	X(RESULTS, "GET", "/results",                                                              \
	  "change feed in commit order; ?cursor= ?limit= ?wait= ?proof=1")                         \
	X(SNAPSHOT, "GET", "/snapshot",                                                            \
	  "where every ticket stands, and the cursor to go on with; ?after= ?cursor= ?limit=")     \
	X(EXPORT, "GET", "/export/{}",                                                             \
	  "runs, measurements or results as a table; ?format= ?serial= ?model= ?from= ?to=")       \
	X(PROFILES, "GET", "/profiles", "profiles with their state")                               \
	X(PROFILE, "GET", "/profiles/{}", "one profile: steps, measurements, problems")            \
	X(DOCTOR, "GET", "/doctor",                                                                \
	  "buses, devices, store, clocks: what is not well and what to do")                        \
	X(BACKUP, "GET", "/backup", "copies in a second place: last one, trouble, at work?")       \
	X(BACKUP_MAKE, "POST", "/backup", "begin a verified copy of the database")                 \
	X(EVENTS, "GET", "/events", "live events (SSE)")                                           \
	X(READY, "GET", "/readyz", "ready to run?")                                                \
	X(PEOPLE, "GET", "/people", "persons, and who is on duty where")                           \
	X(PERSON_PUT, "PUT", "/people/{}",                                                         \
	  "create or change: {roles, badge, active, deputy_until, qualifications}")                \
	X(PERSON_PIN, "POST", "/people/{}/pin", "set the PIN: {pin}")                              \
	X(LOGIN, "POST", "/sessions", "sign in: {person, pin}")                                    \
	X(LOGOUT, "POST", "/sessions/end", "sign out")                                             \
	X(DUTY_BEGIN, "POST", "/bays/{}/duty", "go on duty at a bay: {person, pin}")               \
	X(DUTY_END, "POST", "/bays/{}/duty/end", "off duty")                                       \
	X(TOKENS, "GET", "/tokens", "tokens, with their last use")                                 \
	X(TOKEN_ADD, "POST", "/tokens", "a new token: {name, scopes, expires}; shown once")        \
	X(TOKEN_REVOKE, "POST", "/tokens/{}/revoke", "revoke a token")                             \
	X(RELEASE_POST, "POST", "/tickets/{}/release",                                             \
	  "record it: {repair_seq, disposition, ...}; Idempotency-Key")                            \
	X(OVERRIDE, "POST", "/tickets/{}/override",                                                \
	  "a supervisor lifts reasons: {repair_seq, reason, codes, sign}")                         \
	X(VERDICT, "GET", "/tickets/{}/verdict", "what the newest run said; ETag")                 \
	X(CLAIM, "POST", "/tickets/{}/claim", "the ticketing system gives it to {station, claim}") \
	X(WITHDRAW, "POST", "/tickets/{}/withdraw",                                                \
	  "stop the shipment or recall the unit: {kind, reason}")                                  \
	X(KEY, "GET", "/key", "the station's public key and the head of its chain")                \
	X(KEY_BACKUP, "POST", "/key/backup", "the key sealed by a passphrase; local only")         \
	X(KEY_ROTATE, "POST", "/key/rotate", "a new key, signed by the old one; local only")       \
	X(CHAIN, "GET", "/chain", "items of the chain with root and signature; ?after=")           \
	X(TICKET_IMPORT, "POST", "/tickets/import", "many tickets, all or none: {tickets}")        \
	X(REPAIR, "POST", "/tickets/{}/repairs",                                                   \
	  "a repair: {action, faults, parts, minutes, by, at, note}")                              \
	X(ACCEPTANCE, "POST", "/tickets/{}/acceptance",                                            \
	  "the customer: {attended, outcome, code, employee, at}")                                 \
	X(CALLBACK, "POST", "/tickets/{}/callback", "after a week: {outcome, code, at}")           \
	X(CLARIFICATION, "POST", "/tickets/{}/clarification",                                      \
	  "the customer is to be asked: {note}")                                                   \
	X(BEYOND_REPAIR, "POST", "/tickets/{}/beyond_repair", "not worth or not possible: {note}") \
	X(TICKET_EVENTS, "GET", "/tickets/{}/events", "all that was recorded of a ticket")         \
	X(COMPARE, "GET", "/tickets/{}/compare", "as found and as left, side by side")             \
	X(DOSSIER, "GET", "/units/{}/dossier", "everything of a serial in one document")           \
	X(HOLD, "POST", "/units/{}/hold", "its traces stay, whatever their age: {reason, sign}")   \
	X(UNHOLD, "POST", "/units/{}/unhold", "and no longer: {reason, sign}")                     \
	X(HOLDS, "GET", "/holds", "serials whose traces stay, and why")                            \
	X(TICKET_LABEL, "POST", "/tickets/{}/label",                                               \
	  "print the release's label: {bay, copies, again, not_repaired}")                         \
	X(RUN_LABEL, "POST", "/runs/{}/label", "print a run's label: {bay, copies, again}")        \
	X(RUN_EVENTS, "GET", "/runs/{}/events", "all that was recorded of a run")                  \
	X(RUN_TRACE, "GET", "/runs/{}/trace", "its readings as a table; 410 when pruned")          \
	X(RUN_NOTE, "POST", "/runs/{}/notes", "add a note: {note}")                                \
	X(RUN_VOID, "POST", "/runs/{}/void",                                                       \
	  "a run that counts for nothing: {reason, note, sign}")                                   \
	X(PROFILE_SUBMIT, "POST", "/profiles/{}/submit",                                           \
	  "the file as it is now, for approval: {sign}")                                           \
	X(PROFILE_APPROVE, "POST", "/profiles/{}/approve",                                         \
	  "what was submitted, by another person: {effective_at, passes, adopt, sign}")            \
	X(CALIBRATIONS, "GET", "/calibrations", "calibrations in force")                           \
	X(CALIBRATE, "POST", "/bays/{}/calibrations", "a new one: {channel, reference, ...}")      \
	X(DEVICE_ACCEPT, "POST", "/devices/{}/accept",                                             \
	  "another one in its place: {reason, rig, sign}")                                         \
	X(WEBHOOKS, "GET", "/webhooks", "endpoints the feed is pushed to, and how they do")        \
	X(WEBHOOK_TEST, "POST", "/webhooks/{}/test", "one request now; tells what came back")      \
	X(WEBHOOK_ENABLE, "POST", "/webhooks/{}/enable", "go on after a 410")                      \
	X(WEBHOOK_DEAD, "GET", "/webhooks/{}/dead", "items that were given up; ?limit=")           \
	X(WEBHOOK_RESEND, "POST", "/webhooks/{}/resend", "send them once more: {seq}, or all")

enum web_route {
	WEB_ROUTE_NONE = 0,
#define WEB_ROUTE_ENUM(id, method, path, help) WEB_##id,
	WEB_ROUTES(WEB_ROUTE_ENUM)
#undef WEB_ROUTE_ENUM
		WEB_ROUTE_COUNT
};
struct web_route_info {
	const char *name, *method, *path, *help;
};
const struct web_route_info *web_route_info(enum web_route r); /* NULL if unknown */
/* The route of a method and a path without query ("/api/v1" already removed), its argument
 * percent-decoded. 0 if none (or the argument is too long or not clean); *allowed (NULL
 * allowed) then tells whether another method would be right. */
enum web_route web_route_find(const char *method, const char *path, char arg[WEB_ARG_MAX],
			      int *allowed);

enum web_kind { WEB_REQUEST = 1, WEB_REPLY, WEB_EVENT, WEB_CALL, WEB_RESULT };
enum web_type { WEB_TYPE_JSON = 1, WEB_TYPE_PROBLEM, WEB_TYPE_TEXT, WEB_TYPE_CSV };
struct web_msg {
	enum web_kind kind;
	uint32_t id;
	uint16_t route; /* request */
	char arg[WEB_ARG_MAX];
	char query[WEB_QUERY_MAX];   /* as in a URL, still percent-encoded */
	char if_match[WEB_ETAG_MAX]; /* "" none */
	char credential[WEB_CREDENTIAL_MAX];
	char request_key[WEB_ETAG_MAX]; /* Idempotency-Key, "" none */
	char client[WEB_CLIENT_MAX];	/* address of who asks, as benchd-web knows it; no proof */
	uint16_t status;		/* reply, result */
	uint8_t type;
	char etag[WEB_ETAG_MAX];
	uint8_t has_fd;	  /* reply, call: the body is in the descriptor that came with it */
	uint32_t size;	  /* body bytes, in the packet or the descriptor */
	const char *body; /* points into the packet or the caller's memory */
};
/* Length, or ERR_RANGE: a text too long or not clean (query, if_match, credential and etag:
 * ASCII), a body too long, a number outside its range. WEB_MESSAGE_MAX bytes are always
 * enough. */
int web_encode(const struct web_msg *m, uint8_t *dst, size_t size);
/* 0, or ERR_PROTOCOL with which field is wrong: close the link. body points into p, is not NUL
 * terminated and not checked; NULL with has_fd. */
int web_decode(struct web_msg *m, const uint8_t *p, size_t n, struct error *err);
/* Value of name in a query, percent-decoded; NULL if absent, malformed or too long. */
const char *web_query(const char *query, const char *name, char *dst, size_t size);

#endif
