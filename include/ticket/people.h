/* SPDX-License-Identifier: MIT
 *
 * Who may ask what. One table, route x role x on duty (src/ticket/people_table.c): every route of
 * link/web.h has a row there, and a route without one is refused to everybody. A test walks it
 * over the real socket. Pure; the control loop's thread.
 *
 * How one is known (struct identity):
 *	local		a program on STATE/ctl.sock, by the kernel's word: root and the daemon's own
 *			user are admin and technician, anybody else whom the file's permissions let in
 *			(the station's group) is technician
 *	station		the token in the state folder, which benchd's user and root can read:
 *			technician, on this machine alone. Or, without any, who benchd-web says sits at its
 *			Unix socket: that is no proof, so such a one only reads
 *	token		a token given by an admin: what its scopes say, never a supervisor
 *	session		a person who signed in: that person's roles
 * Nobody is somebody too: STOP and watching need no credential.
 *
 * Signing (void a run, approve, override, ...) always asks for a person's PIN with the request:
 * body member "sign": {"person", "pin"}. The row's `sign` names the roles one of which that
 * person must have; the identity only says who may bring such a request.
 */
#ifndef TICKET_PEOPLE_H
#define TICKET_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"
#include "link/web.h"
#include "plan/names.h"

enum people_role {
	PEOPLE_TECHNICIAN = 1,
	PEOPLE_SUPERVISOR = 2,
	PEOPLE_SERVICE = 4, /* the ticketing system */
	PEOPLE_ADMIN = 8,
	PEOPLE_READER = 16 /* a token that only reads */
};
enum {
	PEOPLE_KNOWN = PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR | PEOPLE_SERVICE | PEOPLE_ADMIN |
		       PEOPLE_READER,
	PEOPLE_WRITERS = PEOPLE_KNOWN & ~PEOPLE_READER
};
enum people_via {
	PEOPLE_VIA_NOBODY = 0,
	PEOPLE_VIA_LOCAL,
	PEOPLE_VIA_STATION,
	PEOPLE_VIA_TOKEN,
	PEOPLE_VIA_SESSION
};
struct identity {
	enum people_via via;
	unsigned roles;	 /* enum people_role, 0: nobody */
	char who[96];	 /* for records: "local:0" "token" "token:erp" "person:wang" */
	char person[64]; /* "" unless it is one */
	bool on_duty;	 /* somebody is, at the bay that is meant; true where no person is known */
};
enum people_answer {
	PEOPLE_ALLOWED = 0,
	PEOPLE_UNKNOWN,	  /* 401: say who you are */
	PEOPLE_FORBIDDEN, /* 403 */
	PEOPLE_OFF_DUTY	  /* 403 not_on_duty */
};
struct people_rule {
	bool known;	/* the route has a row */
	unsigned roles; /* any of these; 0: anybody, also without a credential */
	bool duty;	/* and a person on duty at the bay */
	unsigned sign;	/* 0, or the roles one of which the signing person must have */
};
/* known false for no such route. */
struct people_rule people_rule(enum web_route r);
enum people_answer people_may(const struct identity *id, enum web_route r);
/* "technician", "supervisor,admin", ...; of a list: 0 on an unknown word. */
void people_roles_text(unsigned roles, char *dst, size_t size);
unsigned people_role_of(const char *word);

/* ---- persons ---- */
enum { PEOPLE_QUALIFICATIONS_MAX = 8, PEOPLE_PIN_MIN = 4, PEOPLE_PIN_MAX = 128 };
struct qualification {
	uint32_t run_types;  /* bits 1 << enum run_type */
	char class_name[32]; /* model class, "*": every one */
	char assessed[16];   /* day of the assessment, "2026-11-22" */
	char expires[16];    /* last day, "" for none */
};
struct person {
	char name[64]; /* login and name in records; [a-z][a-z0-9_]* */
	char badge[64];
	unsigned roles;
	bool active;
	char deputy_until[16]; /* 代理: last day on which this person may approve; "" none */
	struct qualification qualifications[PEOPLE_QUALIFICATIONS_MAX];
	int qualification_count;
};
/* In force on that day ("2026-11-22") for a run type and model class? */
bool person_is_qualified(const struct person *p, enum run_type type, const char *class_name,
			 const char *day);
/* May approve profiles: supervisor, admin, or a deputy until that day. */
bool person_may_approve(const struct person *p, const char *day);
/* Strict, as ticket_read: {"roles": ["technician"], "badge": "B-17", "active": true,
 * "deputy_until": "2026-12-31", "qualifications": [{"run_types": ["post_repair_qc"], "class": "*",
 * "assessed": "2026-05-01", "expires": "2027-05-01"}]}. Only roles is required. ERR_RANGE or
 * ERR_SYNTAX with a text that begins with the member's JSON pointer. */
int person_read(const char *name, const char *json, size_t n, struct person *out,
		struct error *err);
/* The same as stored, without what was given beside it (pin). */
void person_put_json(struct json *j, const struct person *p);
/* "2026-11-22" of a time. */
void people_day(char dst[16], int64_t utc_us);

#endif
