/* SPDX-License-Identifier: MIT
 *
 * Who asks, and whether they may: the kernel's word for local programs, the credential that
 * benchd-web passes on, the PIN of a person who signs. The table is ticket/people.h's.
 */
#include "change.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "store/subject.h"

#define MODULE "people"

/* ---- from a connection to an identity ---- */

static void identify_local(struct identity *id, uid_t uid)
{
	bool own = uid == 0 || uid == geteuid();

	id->via = PEOPLE_VIA_LOCAL;
	id->roles = own ? PEOPLE_ADMIN | PEOPLE_TECHNICIAN : PEOPLE_TECHNICIAN;
	snprintf(id->who, sizeof(id->who), "local:%d", (int)uid);
}

static bool identify_session(struct request *rq, const char *cred)
{
	struct registry *people = rq->station->registry;
	struct identity *id = &rq->identity;
	char session[65];
	size_t n = strcspn(cred, ":");
	const char *csrf = cred[n] ? cred + n + 1 : "";
	const struct login_session *s;
	const struct person *p;

	if (n != sizeof(session) - 1)
		return false;
	memcpy(session, cred, n);
	session[n] = 0;
	s = registry_session(people, session, clock_mono_ns());
	p = s ? registry_person(people, s->person) : NULL;
	if (!p || !p->active)
		return false;
	id->via = PEOPLE_VIA_SESSION;
	id->roles = p->roles;
	snprintf(id->who, sizeof(id->who), "person:%s", p->name);
	text_copy(id->person, sizeof(id->person), p->name);
	rq->csrf_good = strlen(csrf) == sizeof(s->csrf) - 1 &&
			secret_equal(csrf, s->csrf, sizeof(s->csrf) - 1);
	text_copy(rq->session, sizeof(rq->session), session);
	return true;
}

static bool identify_bearer(struct request *rq, const char *secret)
{
	struct station *s = rq->station;
	struct identity *id = &rq->identity;
	const struct access_token *t;

	/* good on this machine alone */
	bool here = !strcmp(rq->client, "loopback") || !strncmp(rq->client, "uid:", 4);

	if (here && strlen(secret) == strlen(s->token) &&
	    secret_equal(secret, s->token, strlen(s->token))) {
		id->via = PEOPLE_VIA_STATION;
		id->roles = PEOPLE_TECHNICIAN;
		text_copy(id->who, sizeof(id->who), "token");
		return true;
	}
	t = registry_token(s->registry, secret, clock_utc_us());
	if (!t)
		return false;
	id->via = PEOPLE_VIA_TOKEN;
	id->roles = t->roles;
	snprintf(id->who, sizeof(id->who), "token:%s", t->name);
	return true;
}

bool people_identify(struct request *rq, const struct web_conn *c)
{
	const char *cred = rq->msg.credential;

	rq->by_web = c->is_web;
	if (c->is_web)
		text_copy(rq->client, sizeof(rq->client), rq->msg.client);
	else
		snprintf(rq->client, sizeof(rq->client), "uid:%d", (int)c->uid);
	if (!c->is_web) {
		identify_local(&rq->identity, c->uid);
	} else if (!strncmp(cred, "peer:", 5)) {
		/* benchd-web's word, and no proof: it looks, and changes nothing */
		rq->identity.via = PEOPLE_VIA_STATION;
		rq->identity.roles = PEOPLE_READER;
		text_copy(rq->identity.who, sizeof(rq->identity.who), cred);
	} else if (!strncmp(cred, "bearer:", 7)) {
		if (!identify_bearer(rq, cred + 7))
			return false;
	} else if (!strncmp(cred, "session:", 8)) {
		if (!identify_session(rq, cred + 8))
			return false;
	} else if (cred[0]) {
		return false;
	} else {
		text_copy(rq->identity.who, sizeof(rq->identity.who), "nobody");
	}
	text_copy(rq->who, sizeof(rq->who), rq->identity.who);
	return true;
}

/* ---- duty ---- */

const struct person *bay_person(struct bay *b)
{
	return registry_duty(b->station->registry, (int)(b - b->station->bays), b->session != NULL,
			     clock_mono_ns());
}

/* The bay a request is about, as far as duty goes. */
static struct bay *bay_meant(const struct request *rq)
{
	struct station *s = rq->station;
	const char *name;
	struct bay *b;
	json_t *o;

	if (rq->msg.route == WEB_BAY_RESET)
		return station_bay(s, rq->msg.arg);
	if (rq->msg.route == WEB_RUN_ANSWER)
		return station_run(s, rq->msg.arg);
	if (rq->msg.route != WEB_RUN_START)
		return NULL; /* no other route asks for duty */
	o = json_load_limited(rq->body, rq->msg.size, WEB_BODY_MAX, NULL);
	name = json_string_value(json_object_get(o, "bay"));
	b = name ? station_bay(s, name) : NULL;
	json_decref(o);
	return b;
}

static bool is_on_duty(struct request *rq)
{
	struct station *s = rq->station;
	struct bay *b;

	if (!registry_has_people(s->registry) || rq->identity.via == PEOPLE_VIA_SESSION)
		return true; /* a session is a person who signed in and was not idle since */
	b = bay_meant(rq);
	if (!b)
		return true; /* the handler says that there is none */
	registry_touch_duty(s->registry, (int)(b - s->bays), clock_mono_ns());
	return bay_person(b) != NULL;
}

/* ---- a person's PIN ---- */

struct pin_job {
	struct job job;
	struct request *rq;
	char person[64], pin[PEOPLE_PIN_MAX + 1];
	int64_t begun_ns;
	bool good;
	void (*then)(struct request *rq, const struct person *p);
};

static void pin_work(struct job *j, struct store *store)
{
	struct pin_job *q = (struct pin_job *)j;
	char hash[160] = "";
	struct error none;

	(void)store_secret_get(store, "pin", q->person, hash, &none);
	q->good = secret_verify(hash, q->pin, strlen(q->pin));
	secret_wipe(q->pin, sizeof(q->pin));
}

static void pin_done(struct job *j)
{
	struct pin_job *q = (struct pin_job *)j;
	struct request *rq = q->rq;
	void (*then)(struct request *, const struct person *) = q->then;
	const struct person *p = registry_person(rq->station->registry, q->person);
	bool good = q->good && !j->rc && p && p->active;

	if (!good)
		log_warning(MODULE, "a PIN was refused (%s from %s, route %d)", rq->who, rq->client,
			    (int)rq->msg.route);
	else
		tries_take_back(&rq->station->tries,
				&(struct try_from){q->person, rq->client, rq->by_web}, q->begun_ns);
	free(q);
	then(rq, good ? p : NULL);
}

static void put_wait(struct json *j, void *ctx)
{
	json_kv_int(j, "retry_after_s", *(int64_t *)ctx);
}

static void too_many_tries(struct request *rq, int64_t wait_ns)
{
	int64_t wait_s = (wait_ns + NS_PER_S - 1) / NS_PER_S;
	char detail[96];

	snprintf(detail, sizeof(detail), "too many tries; wait %d s, then try again", (int)wait_s);
	request_problem_with(rq, 429, "too_many_tries", detail, put_wait, &wait_s);
}

void people_check_pin(struct request *rq, const char *person, const char *pin,
		      void (*then)(struct request *rq, const struct person *p))
{
	struct try_from from = {person, rq->client, rq->by_web};
	int64_t now_ns = clock_mono_ns(), wait_ns;
	struct pin_job *q;

	wait_ns = tries_add(&rq->station->tries, &from, now_ns);
	if (wait_ns) {
		too_many_tries(rq, wait_ns);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->begun_ns = now_ns;
	q->job.work = pin_work;
	q->job.done = pin_done;
	q->rq = rq;
	q->then = then;
	text_copy(q->person, sizeof(q->person), person);
	text_copy(q->pin, sizeof(q->pin), pin);
	station_read(rq->station, &q->job);
}

/* {person, pin} of an object; false when they are not both there. */
bool people_take_pin(const struct json_t *o, char person[64], char pin[PEOPLE_PIN_MAX + 1])
{
	const char *who = json_string_value(json_object_get(o, "person"));
	const char *what = json_string_value(json_object_get(o, "pin"));

	return who && what && what[0] && text_is_name(who) && text_copy(person, 64, who) &&
	       text_copy(pin, PEOPLE_PIN_MAX + 1, what);
}

static void signed_by(struct request *rq, const struct person *p)
{
	struct people_rule rule = people_rule((enum web_route)rq->msg.route);
	char roles[96], day[16];

	people_day(day, clock_utc_us());
	if (!p) {
		request_problem(rq, 403, "sign_refused", "/sign: person or PIN is not right");
		return;
	}
	if (rule.sign && !(p->roles & rule.sign) &&
	    !((rule.sign & PEOPLE_SUPERVISOR) && (rule.sign & PEOPLE_ADMIN) &&
	      person_may_approve(p, day))) {
		people_roles_text(rule.sign, roles, sizeof(roles));
		request_problem(rq, 403, "role_missing", "/sign: this needs one of: %s", roles);
		return;
	}
	text_copy(rq->signer, sizeof(rq->signer), p->name);
	rq->signer_roles = p->roles;
	once_first(rq);
}

/* A body that is signed, or must be, goes through the PIN first. */
static void sign_first(struct request *rq, bool needed)
{
	json_t *o = json_load_limited(rq->body, rq->msg.size, WEB_BODY_MAX, NULL);
	const json_t *sign = json_object_get(o, "sign");
	char person[64], pin[PEOPLE_PIN_MAX + 1];
	bool is_there = sign != NULL, good = people_take_pin(sign, person, pin);

	json_decref(o);
	if (good)
		people_check_pin(rq, person, pin, signed_by);
	else if (is_there || needed)
		request_problem(rq, 403, "sign_needed",
				"/sign: {\"person\", \"pin\"} of who signs this expected");
	else
		once_first(rq);
	secret_wipe(pin, sizeof(pin));
}

/* These act although the disk is slow, and write little. */
static bool acts_at_once(enum web_route r)
{
	return r == WEB_BAY_STOP || r == WEB_RUN_ABORT || r == WEB_RUN_ANSWER || r == WEB_LOGIN ||
	       r == WEB_LOGOUT;
}

void people_admit(struct request *rq)
{
	enum web_route r = (enum web_route)rq->msg.route;
	const struct web_route_info *info = web_route_info(r);
	bool writes = info && strcmp(info->method, "GET") != 0;
	struct people_rule rule = people_rule(r);
	char roles[96];

	if (rq->identity.via == PEOPLE_VIA_SESSION && writes && !rq->csrf_good) {
		request_problem(rq, 403, "csrf",
				"send the session's csrf value as X-CSRF-Token with every write");
		return;
	}
	rq->identity.on_duty = !rule.duty || is_on_duty(rq);
	switch (people_may(&rq->identity, r)) {
	case PEOPLE_ALLOWED: break;
	case PEOPLE_UNKNOWN:
		request_problem(rq, 401, "token_needed",
				"say who you are: a token, a session, or the Unix socket");
		return;
	case PEOPLE_FORBIDDEN:
		people_roles_text(rule.roles, roles, sizeof(roles));
		request_problem(rq, 403, "role_missing", "this needs one of: %s",
				roles[0] ? roles : "nobody may");
		return;
	case PEOPLE_OFF_DUTY:
		request_problem(rq, 403, "not_on_duty",
				"nobody is on duty at this bay; scan a badge there, or: benchctl "
				"duty begin");
		return;
	}
	if (writes && !acts_at_once(r) && station_is_crowded(rq->station)) {
		request_problem(rq, 503, "busy", "the station is writing; try again in a moment");
		return;
	}
	if (writes && rq->msg.size && (rule.sign || strstr(rq->body, "\"sign\"")))
		sign_first(rq, rule.sign != 0);
	else if (rule.sign)
		sign_first(rq, true);
	else
		once_first(rq);
}

/* ---- at start ---- */

static bool load_person(void *ctx, const struct subject_row *row)
{
	struct station *s = ctx;
	struct error err = {0};
	struct person p;

	if (person_read(row->name, row->data, strlen(row->data), &p, &err))
		log_error(MODULE, "person %s is not read: %s", row->name, err.text);
	else
		registry_put_person(s->registry, &p);
	return true;
}

static bool load_token(void *ctx, const struct subject_row *row)
{
	struct station *s = ctx;
	struct access_token t;

	if (token_read(row->name, row->data, &t))
		registry_put_token(s->registry, &t);
	return true;
}

static int load_hashes(struct station *s, struct store *store)
{
	struct access_token *t;
	struct error none;
	char hex[160];

	for (int i = 0; (t = registry_token_at(s->registry, i)); i++) {
		if (store_secret_get(store, "token", t->name, hex, &none) ||
		    !token_take_hash(t, hex))
			t->revoked = true;
		if (!store_secret_get(store, "token_used", t->name, hex, &none) &&
		    text_to_int64(hex, strlen(hex), &t->used_utc_us))
			t->use_kept_utc_us = t->used_utc_us;
	}
	return 0;
}

int people_load(struct station *s, struct store *store, struct error *err)
{
	int rc;

	s->registry = registry_new();
	rc = store_subject_list(store, "person", load_person, s, err);
	if (!rc)
		rc = store_subject_list(store, "token", load_token, s, err);
	return rc ? rc : load_hashes(s, store);
}
