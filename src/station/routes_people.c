/* SPDX-License-Identifier: MIT
 *
 * Routes about persons, tokens, sessions and duty.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/subject.h"
#include "ticket/form.h"

enum { TOKEN_DAYS_MAX = 366 };

/* ---- a change of a subject on its way to the disk ---- */

struct subject_job {
	struct job job;
	struct request *rq;
	const char *kind, *type, *secret_kind; /* kind NULL: only the secret and the item */
	char name[64], who[96];
	struct text data;  /* as stored */
	struct text reply; /* "" answers with data */
	char hash[160];	   /* "": no secret */
	char pin[PEOPLE_PIN_MAX + 1];
	bool pin_failed;
	int status;
	void (*kept)(struct station *s, struct subject_job *q); /* once it is on disk; or NULL */
	struct person person;
	struct access_token token;
};

static void subject_work(struct job *j, struct store *store)
{
	struct subject_job *q = (struct subject_job *)j;
	struct chain_item item = {
		.type = q->type, .who = q->who, .data = q->data.buf, .n = q->data.len};
	int64_t now = clock_utc_us();

	if (q->pin[0]) {
		q->pin_failed = !secret_hash(q->pin, strlen(q->pin), q->hash);
		secret_wipe(q->pin, sizeof(q->pin));
	}
	if (q->pin_failed) {
		j->rc = error_set(&j->err, ERR_NOMEM, "no memory for a PIN; try again");
		return;
	}
	if (q->hash[0])
		j->rc = store_secret_put(store, q->secret_kind, q->name, q->hash, now, &j->err);
	if (!j->rc && q->kind)
		j->rc = store_subject_put(store, q->kind, q->name, NULL, &item, now, &j->err);
	else if (!j->rc)
		j->rc = store_chain_add(store, &item, now, NULL, &j->err);
}

static void subject_done(struct job *j)
{
	struct subject_job *q = (struct subject_job *)j;
	struct station *s = q->rq->station;
	struct error err = j->err;
	int rc = j->rc;

	if (rc) {
		request_problem_of(q->rq, &j->err);
	} else {
		if (q->kept)
			q->kept(s, q);
		request_reply(q->rq, q->status, "", q->reply.len ? &q->reply : &q->data);
	}
	text_release(&q->data);
	secret_wipe(q->reply.buf, q->reply.len);
	text_release(&q->reply);
	free(q);
	if (rc == ERR_STORE)
		station_store_failed(s, "a person or token", &err);
}

static struct subject_job *subject_job(struct request *rq, const char *kind, const char *type,
				       const char *name)
{
	struct subject_job *q = xcalloc(1, sizeof(*q));

	q->job.work = subject_work;
	q->job.done = subject_done;
	q->rq = rq;
	q->kind = kind;
	q->type = type;
	q->status = 200;
	text_copy(q->name, sizeof(q->name), name);
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	return q;
}

static void subject_submit(struct subject_job *q)
{
	struct request *rq = q->rq;

	if (!station_is_crowded(rq->station)) {
		station_write(rq->station, &q->job);
		return;
	}
	request_problem(rq, 503, "busy", "the station is writing; try again in a moment");
	text_release(&q->data);
	text_release(&q->reply);
	free(q);
}

/* ---- persons ---- */

static void write_person(struct json *j, const struct person *p)
{
	struct text t = {0};
	struct json one;

	json_init(&one, &t);
	person_put_json(&one, p);
	json_open_object(j);
	json_kv_string(j, "person", p->name);
	json_key(j, "is");
	json_put_raw(j, t.buf, t.len);
	json_end_object(j);
	text_release(&t);
}

void route_people(struct request *rq)
{
	struct station *s = rq->station;
	const struct person *p;
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	json_open_object(&j);
	json_key(&j, "people");
	json_open_array(&j);
	for (int i = 0; (p = registry_person_at(s->registry, i)); i++)
		write_person(&j, p);
	json_end_array(&j);
	json_key(&j, "duty");
	json_open_array(&j);
	for (int i = 0; i < s->bay_count; i++) {
		p = bay_person(&s->bays[i]);
		json_open_object(&j);
		json_kv_string(&j, "bay", s->bays[i].name);
		json_kv_string(&j, "person", p ? p->name : NULL);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	request_reply(rq, 200, "", &t);
	text_release(&t);
}

static void keep_person(struct station *s, struct subject_job *q)
{
	registry_put_person(s->registry, &q->person);
}

void route_person_put(struct request *rq)
{
	struct error err = {0};
	struct subject_job *q;
	const struct person *other;
	struct person p;
	struct json j;

	if (person_read(rq->msg.arg[0], rq->body, rq->msg.size, &p, &err)) {
		request_problem(rq, 422, error_name(err.code), "%s", err.text);
		return;
	}
	other = registry_badge(rq->station->registry, p.badge);
	if (other && strcmp(other->name, p.name) != 0) {
		request_problem(rq, 409, "badge_taken", "/badge: this is %s's badge", other->name);
		return;
	}
	q = subject_job(rq, "person", "person_changed", p.name);
	q->person = p;
	q->kept = keep_person;
	json_init(&j, &q->data);
	person_put_json(&j, &p);
	subject_submit(q);
}

void route_person_pin(struct request *rq)
{
	static const struct form_field fields[] = {
		{.name = "pin",
		 .kind = FORM_TEXT,
		 .required = true,
		 .lo = PEOPLE_PIN_MIN,
		 .hi = PEOPLE_PIN_MAX},
		{.name = NULL},
	};
	const char *name = rq->msg.arg[0];
	struct subject_job *q;
	json_t *root = request_form(rq, fields);
	struct json j;

	if (!root)
		return;
	if (!registry_person(rq->station->registry, name)) {
		request_problem(rq, 404, "not_found", "there is no person \"%s\"", name);
	} else if (!(rq->identity.roles & PEOPLE_ADMIN) && strcmp(rq->signer, name) != 0) {
		request_problem(rq, 403, "role_missing",
				"a PIN is set by an admin, or by its person who signs with the old "
				"one");
	} else {
		q = subject_job(rq, NULL, "pin_changed", name);
		q->secret_kind = "pin";
		text_copy(q->pin, sizeof(q->pin), json_string_value(json_object_get(root, "pin")));
		json_init(&j, &q->data);
		json_open_object(&j);
		json_kv_string(&j, "person", name);
		json_end_object(&j);
		subject_submit(q);
	}
	json_decref(root);
}

/* ---- sessions ---- */

static void reply_login(struct request *rq, const struct person *p)
{
	struct station *s = rq->station;
	const struct login_session *login;
	struct text t = {0};
	struct json j;
	char roles[96];

	if (!p) {
		request_problem(rq, 403, "login_refused", "person or PIN is not right");
		return;
	}
	login = registry_login(s->registry, p->name, clock_mono_ns());
	people_roles_text(p->roles, roles, sizeof(roles));
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "person", p->name);
	json_kv_string(&j, "roles", roles);
	json_kv_string(&j, "session", login->id);
	json_kv_string(&j, "csrf", login->csrf);
	json_end_object(&j);
	request_reply(rq, 201, "", &t);
	text_release(&t);
}

/* The PIN in the body, then what is done with its person. */
static void with_pin(struct request *rq, void (*then)(struct request *rq, const struct person *p))
{
	json_t *o = json_load_limited(rq->body, rq->msg.size, WEB_BODY_MAX, NULL);
	char person[64], pin[PEOPLE_PIN_MAX + 1];

	if (people_take_pin(o, person, pin))
		people_check_pin(rq, person, pin, then);
	else
		request_problem(rq, 422, "usage", "{\"person\", \"pin\"} expected");
	secret_wipe(pin, sizeof(pin));
	json_decref(o);
}

void route_login(struct request *rq)
{
	with_pin(rq, reply_login);
}

void route_logout(struct request *rq)
{
	registry_logout(rq->station->registry, rq->session);
	request_done(rq, 200, "session", "ended");
}

/* ---- duty ---- */

void duty_begin(struct bay *b, const struct person *p)
{
	struct text t = {0};
	struct json j;

	registry_begin_duty(b->station->registry, (int)(b - b->station->bays), p->name,
			    clock_mono_ns());
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "bay", b->name);
	json_kv_string(&j, "person", p->name);
	json_end_object(&j);
	station_audit(b->station, p->name, "duty", t.buf);
	text_release(&t);
}

static void begin_duty(struct request *rq, const struct person *p)
{
	struct bay *b = station_bay(rq->station, rq->msg.arg[0]);

	if (!b) {
		request_problem(rq, 404, "not_found", "there is no bay \"%s\"", rq->msg.arg[0]);
	} else if (!p) {
		request_problem(rq, 403, "login_refused", "person or PIN is not right");
	} else if (!(p->roles & (PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR))) {
		request_problem(rq, 403, "role_missing",
				"technicians and supervisors are on duty at bays");
	} else if (b->session) {
		request_problem(rq, 409, "run_active",
				"a run goes on at bay %s; its person stays until it is over",
				b->name);
	} else {
		duty_begin(b, p);
		request_done(rq, 200, "person", p->name);
	}
}

void route_duty_begin(struct request *rq)
{
	with_pin(rq, begin_duty);
}

void route_duty_end(struct request *rq)
{
	struct bay *b = station_bay(rq->station, rq->msg.arg[0]);

	if (!b) {
		request_problem(rq, 404, "not_found", "there is no bay \"%s\"", rq->msg.arg[0]);
		return;
	}
	if (b->session) {
		request_problem(rq, 409, "run_active", "a run goes on at bay %s", b->name);
		return;
	}
	registry_end_duty(rq->station->registry, (int)(b - rq->station->bays));
	audit_bay(b, rq->who, "duty_ended");
	request_done(rq, 200, "bay", b->name);
}

/* ---- tokens ---- */

static void put_token(struct json *j, const struct access_token *t, bool use)
{
	char roles[96], utc[32];

	json_open_object(j);
	json_kv_string(j, "name", t->name);
	people_roles_text(t->roles, roles, sizeof(roles));
	json_kv_string(j, "roles", roles);
	json_kv_string(j, "expires", t->expires);
	json_kv_bool(j, "revoked", t->revoked);
	if (use)
		json_kv_string(j, "used_at",
			       t->used_utc_us ? text_from_utc_us(utc, sizeof(utc), t->used_utc_us)
					      : NULL);
	json_end_object(j);
}

bool token_read(const char *name, const char *data, struct access_token *t)
{
	json_t *o = json_load_limited(data, strlen(data), WEB_BODY_MAX, NULL);
	const char *roles = json_string_value(json_object_get(o, "roles"));
	const char *expires = json_string_value(json_object_get(o, "expires"));
	char word[32];

	memset(t, 0, sizeof(*t));
	text_copy(t->name, sizeof(t->name), name);
	while (roles && *roles) {
		size_t n = strcspn(roles, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, roles);
		t->roles |= people_role_of(word);
		roles += n + (roles[n] == ',');
	}
	text_copy(t->expires, sizeof(t->expires), expires ? expires : "");
	t->revoked = !json_is_false(json_object_get(o, "revoked"));
	json_decref(o);
	return t->roles && expires;
}

bool token_take_hash(struct access_token *t, const char *hex)
{
	unsigned byte;

	if (strlen(hex) != 64)
		return false;
	for (int i = 0; i < 32; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		t->hash[i] = (uint8_t)byte;
	}
	return true;
}

void route_tokens(struct request *rq)
{
	struct access_token *t;
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_key(&j, "tokens");
	json_open_array(&j);
	for (int i = 0; (t = registry_token_at(rq->station->registry, i)); i++)
		put_token(&j, t, true);
	json_end_array(&j);
	json_end_object(&j);
	request_reply(rq, 200, "", &out);
	text_release(&out);
}

static void keep_token(struct station *s, struct subject_job *q)
{
	const struct access_token *old = registry_token_named(s->registry, q->token.name);

	if (old)
		q->token.used_utc_us = old->used_utc_us;
	registry_put_token(s->registry, &q->token);
}

static unsigned scope_role(const char *scope)
{
	return !strcmp(scope, "read")	   ? PEOPLE_READER
	       : !strcmp(scope, "tickets") ? PEOPLE_SERVICE
	       : !strcmp(scope, "run")	   ? PEOPLE_TECHNICIAN
	       : !strcmp(scope, "admin")   ? PEOPLE_ADMIN
					   : 0;
}

static void submit_token(struct request *rq, const struct access_token *t, const char *secret)
{
	struct subject_job *q =
		subject_job(rq, "token", t->revoked ? "token_revoked" : "token_added", t->name);
	struct json j;

	q->token = *t;
	q->kept = keep_token;
	json_init(&j, &q->data);
	put_token(&j, t, false);
	if (secret) {
		q->secret_kind = "token";
		text_hex(q->hash, t->hash, sizeof(t->hash));
		q->status = 201;
		json_init(&j, &q->reply);
		json_open_object(&j);
		json_kv_string(&j, "name", t->name);
		json_kv_string(&j, "token", secret);
		json_kv_string(&j, "expires", t->expires);
		json_end_object(&j);
	}
	subject_submit(q);
}

void route_token_add(struct request *rq)
{
	static const char *const scopes[] = {"read", "tickets", "run", "admin", NULL};
	static const struct form_field fields[] = {
		{.name = "name", .kind = FORM_NAME, .required = true},
		{.name = "scopes",
		 .kind = FORM_CODES,
		 .required = true,
		 .lo = 1,
		 .hi = 4,
		 .words = scopes},
		{.name = "expires", .kind = FORM_DAY, .required = true},
		{.name = NULL},
	};
	struct access_token t = {0};
	json_t *root = request_form(rq, fields), *one;
	char secret[80] = "btk_", today[16], last[16];
	size_t i;

	if (!root)
		return;
	text_copy(t.name, sizeof(t.name), json_string_value(json_object_get(root, "name")));
	text_copy(t.expires, sizeof(t.expires),
		  json_string_value(json_object_get(root, "expires")));
	json_array_foreach(json_object_get(root, "scopes"), i, one)
	{
		t.roles |= scope_role(json_string_value(one));
	}
	json_decref(root);
	people_day(today, clock_utc_us());
	people_day(last, clock_utc_us() + (int64_t)TOKEN_DAYS_MAX * 86400 * 1000000);
	if (strcmp(t.expires, today) < 0 || strcmp(t.expires, last) > 0) {
		request_problem(rq, 422, "value", "/expires: a day from %s to %s expected", today,
				last);
		return;
	}
	if (registry_token_named(rq->station->registry, t.name)) {
		request_problem(rq, 409, "exists", "/name: a token of this name was given already");
		return;
	}
	secret_random_hex(secret + 4, 32);
	text_sha256(t.hash, secret, strlen(secret));
	submit_token(rq, &t, secret);
	secret_wipe(secret, sizeof(secret));
}

void route_token_revoke(struct request *rq)
{
	struct access_token *old = registry_token_named(rq->station->registry, rq->msg.arg[0]);
	struct access_token t;

	if (!old) {
		request_problem(rq, 404, "not_found", "there is no token \"%s\"", rq->msg.arg[0]);
		return;
	}
	t = *old;
	t.revoked = true;
	submit_token(rq, &t, NULL);
}
