/* SPDX-License-Identifier: MIT
 *
 * Routes about persons, sessions and duty.
 */
#include "change.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/subject.h"
#include "ticket/form.h"

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

	if (person_read(rq->msg.arg, rq->body, rq->msg.size, &p, &err)) {
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
	const char *name = rq->msg.arg;
	struct subject_job *q;
	json_t *root = request_form(rq, fields);
	struct json j;

	if (!root)
		return;
	if (!registry_person(rq->station->registry, name)) {
		request_problem(rq, 404, "not_found",
				"there is no person \"%s\"; see: benchctl user list", name);
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
	static const struct form_field fields[] = {
		{.name = "person", .kind = FORM_NAME, .required = true},
		{.name = "pin", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = PEOPLE_PIN_MAX},
		{.name = NULL},
	};
	json_t *o = request_form(rq, fields);
	char person[64], pin[PEOPLE_PIN_MAX + 1];

	if (!o)
		return;
	if (people_take_pin(o, person, pin))
		people_check_pin(rq, person, pin, then);
	else
		request_problem(rq, 422, "length", "/pin: at most %d bytes expected",
				PEOPLE_PIN_MAX);
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
	struct bay *b = station_bay(rq->station, rq->msg.arg);

	if (!b) {
		request_no_bay(rq, rq->msg.arg);
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
	struct bay *b = station_bay(rq->station, rq->msg.arg);

	if (!b) {
		request_no_bay(rq, rq->msg.arg);
		return;
	}
	if (b->session) {
		request_problem(rq, 409, "run_active", "a run goes on at bay %s", b->name);
		return;
	}
	if (registry_end_duty(rq->station->registry, (int)(b - rq->station->bays)))
		bay_audit(b, rq->who, "duty_ended");
	request_done(rq, 200, "bay", b->name);
}
