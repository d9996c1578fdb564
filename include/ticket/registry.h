/* SPDX-License-Identifier: MIT
 *
 * Who is here, in memory: persons, tokens, sessions, who is on duty at which bay. Filled from the
 * store at start; the control loop's thread. Times of sessions and duty are wire time.
 */
#ifndef TICKET_REGISTRY_H
#define TICKET_REGISTRY_H

#include "ticket/people.h"

enum {
	REGISTRY_IDLE_S = 900 /* session and duty end after 15 idle minutes */
};

struct access_token {
	char name[64];
	unsigned roles;
	char expires[16]; /* last day */
	bool revoked;
	uint8_t hash[32];    /* SHA-256 of the secret, which is random and long */
	int64_t used_utc_us; /* 0: never */
	int64_t use_kept_utc_us,
		use_kept_ns; /* the last use that is on disk, and when it was written */
};
struct registry;
struct registry *registry_new(void);
void registry_free(struct registry *r); /* NULL allowed */

/* Replaces the one of that name. Sessions and duty of a person made inactive end. */
void registry_put_person(struct registry *r, const struct person *p);
const struct person *registry_person(const struct registry *r, const char *name);
const struct person *registry_badge(const struct registry *r, const char *badge); /* active ones */
const struct person *registry_person_at(const struct registry *r, int i); /* NULL past the end */
/* Is anybody registered who could be on duty? Without, the station runs open and says so. */
bool registry_has_people(const struct registry *r);

void registry_put_token(struct registry *r, const struct access_token *t);
/* The token of that secret, in force at utc_us; its last use is noted. NULL: none. */
struct access_token *registry_token(struct registry *r, const char *secret, int64_t utc_us);
struct access_token *registry_token_named(struct registry *r, const char *name);
struct access_token *registry_token_at(struct registry *r, int i);

struct login_session {
	char id[65], csrf[33], person[64];
	int64_t used_ns;
};
/* A new one; the oldest makes room. */
const struct login_session *registry_login(struct registry *r, const char *person, int64_t now_ns);
/* Its person, if it has not been idle too long; prolongs it. NULL: none. */
const struct login_session *registry_session(struct registry *r, const char *id, int64_t now_ns);
void registry_logout(struct registry *r, const char *id);

/* bay: of the station's numbering, 0... */
void registry_begin_duty(struct registry *r, int bay, const char *person, int64_t now_ns);
bool registry_end_duty(struct registry *r, int bay); /* false: nobody was */
/* Who is on duty there; active (a run goes on): duty does not lapse, and counts as touched. */
const struct person *registry_duty(struct registry *r, int bay, bool active, int64_t now_ns);
void registry_touch_duty(struct registry *r, int bay, int64_t now_ns);

#endif
