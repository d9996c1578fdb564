/* SPDX-License-Identifier: MIT
 *
 * Routes about runs.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket/form.h"

static const struct form_field start_form[] = {
	{.name = "bay", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 15},
	{.name = "ticket", .kind = FORM_TEXT, .hi = 63},
	{.name = "serial", .kind = FORM_TEXT, .hi = 63},
	{.name = "run_type", .kind = FORM_TEXT, .hi = 31},
	{.name = "profile", .kind = FORM_TEXT, .hi = 63},
	{.name = "operator", .kind = FORM_TEXT, .hi = 63},
	{.name = NULL},
};
static const struct form_field answer_form[] = {
	{.name = "prompt", .kind = FORM_TEXT, .hi = 63},
	{.name = "answer", .kind = FORM_TEXT, .hi = 159},
	{.name = "operator", .kind = FORM_TEXT, .hi = 63},
	{.name = NULL},
};

/* A member that was read by a form, "" when absent. False: more bytes than fit, and it is said. */
static bool take(struct request *rq, const json_t *o, const char *name, char *dst, size_t size)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (text_copy(dst, size, s ? s : ""))
		return true;
	request_problem(rq, 422, "length", "/%s: at most %zu bytes expected", name, size - 1);
	return false;
}

void route_run_start(struct request *rq)
{
	struct session_order o = {0};
	char bay[16];
	json_t *b = request_form(rq, start_form);
	bool ok;

	if (!b)
		return;
	ok = take(rq, b, "bay", bay, sizeof(bay)) &&
	     take(rq, b, "ticket", o.ticket, sizeof(o.ticket)) &&
	     take(rq, b, "serial", o.serial, sizeof(o.serial)) &&
	     take(rq, b, "run_type", o.run_type, sizeof(o.run_type)) &&
	     take(rq, b, "profile", o.profile, sizeof(o.profile)) &&
	     take(rq, b, "operator", o.operator_name, sizeof(o.operator_name));
	json_decref(b);
	if (!ok)
		return;
	struct bay *at = station_bay(rq->station, bay);
	if (!at) {
		request_no_bay(rq, bay);
		return;
	}
	if (o.serial[0])
		text_copy(o.serial_from, sizeof(o.serial_from), "typed");
	bay_take_scan(at, &o);
	if (!o.ticket[0]) {
		request_problem(rq, 422, "usage",
				"/ticket: name the ticket, or scan it at bay %s first", bay);
		return;
	}
	const struct person *p =
		rq->identity.person[0] ? registry_person(rq->station->registry, rq->identity.person)
				       : bay_person(at);
	if (p) { /* START takes that person, whatever name the body gives */
		text_copy(o.person, sizeof(o.person), p->name);
		text_copy(o.operator_name, sizeof(o.operator_name), p->name);
	}
	if (!o.operator_name[0])
		text_copy(o.operator_name, sizeof(o.operator_name), rq->who);
	session_request(at, &o, rq);
}

struct bay *station_run(struct station *s, const char *id)
{
	for (int i = 0; i < s->bay_count; i++) {
		const struct session *z = s->bays[i].session;
		if (z && z->facts.id[0] && !strcmp(z->facts.id, id))
			return &s->bays[i];
	}
	return NULL;
}

/* ---- one run ---- */

struct run_job {
	struct job job;
	struct request *rq;
	struct run_row row;
	struct text doc;
};

static void run_work(struct job *j, struct store *store)
{
	struct run_job *q = (struct run_job *)j;
	j->rc = store_run_get(store, q->rq->msg.arg, &q->row, &q->doc, &j->err);
	if (!j->rc && !q->doc.len)
		j->rc = error_set(&j->err, ERR_STATE, "run %s has begun but has no result yet",
				  q->row.id);
}

static void run_done(struct job *j)
{
	struct run_job *q = (struct run_job *)j;
	char etag[WEB_ETAG_MAX];
	if (j->rc == ERR_NOT_FOUND) {
		request_no_run(q->rq, q->rq->msg.arg);
	} else if (j->rc == ERR_STATE) {
		request_problem(q->rq, 503, "result_pending", "%s", j->err.text);
	} else if (j->rc) {
		request_problem_of(q->rq, &j->err);
	} else {
		snprintf(etag, sizeof(etag), "\"run-%lld\"", (long long)q->row.seq);
		request_reply(q->rq, 200, etag, &q->doc);
	}
	text_release(&q->doc);
	free(q);
}

static void write_live(struct json *j, const struct bay *b)
{
	const struct session *z = b->session;
	char utc[32];
	json_open_object(j);
	json_kv_string(j, "id", z->facts.id);
	json_kv_string(j, "state", z->phase == SESSION_RUNNING ? "running" : "stopping");
	json_kv_string(j, "bay", b->name);
	json_kv_string(j, "ticket", z->facts.ticket);
	json_kv_string(j, "serial", z->facts.serial);
	json_kv_string(j, "model", z->facts.model);
	json_kv_string(j, "run_type", run_type_name(z->facts.type));
	json_kv_string(j, "profile", z->facts.profile->id);
	json_kv_bool(j, "simulated", z->facts.simulated);
	json_kv_string(j, "operator", z->facts.operator_name);
	json_kv_string(j, "started", text_from_utc_us(utc, sizeof(utc), z->facts.started_utc_us));
	json_kv_number(
		j, "elapsed_s",
		text_round9((double)(station_run_ns(b->station) - z->facts.started_ns) / 1e9));
	json_kv_number(j, "longest_s", text_round9(z->facts.profile->longest_s));
	json_kv_string(j, "verdict", NULL);
	show_step(j, z);
	show_prompt(j, b);
	show_measurements(j, z);
	json_end_object(j);
}

void route_run_get(struct request *rq)
{
	struct bay *b = station_run(rq->station, rq->msg.arg);
	if (b && (b->session->phase == SESSION_RUNNING || b->session->phase == SESSION_STOPPING)) {
		struct text t = {0};
		struct json j;
		json_init(&j, &t);
		write_live(&j, b);
		request_reply(rq, 200, "", &t);
		text_release(&t);
		return;
	}
	struct run_job *q = xcalloc(1, sizeof(*q));
	q->job.work = run_work;
	q->job.done = run_done;
	q->rq = rq;
	station_read(rq->station, &q->job);
}

static void reply_run(struct request *rq, int status, const char *id)
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "run", id);
	json_end_object(&j);
	request_reply(rq, status, "", &t);
	text_release(&t);
}

void route_run_abort(struct request *rq)
{
	struct bay *b = station_run(rq->station, rq->msg.arg);
	char id[37];
	if (!b) {
		request_problem(rq, 409, "not_running",
				"run \"%s\" is not running on this station; see: benchctl run list",
				rq->msg.arg);
		return;
	}
	memcpy(id, b->session->facts.id, sizeof(id));
	session_abort(b->session, rq->who, "aborted by request", station_now(rq->station));
	reply_run(rq, 202, id);
}

/* A plate that the scanner cannot read is typed, twice the same, and the record says typed. Whoever
 * types it the first time is asked again; what is not the ticket's serial is refused by the engine
 * at once, before that one was read: later it would end the run, and a slip must not. */
static bool typed_once(struct request *rq, struct bay *b, const char *answer)
{
	const struct pf_prompt *p = engine_prompt(b->session->engine, NULL);
	char place[sizeof(b->typed)];
	if (!p || p->kind != PROMPT_SCAN_SERIAL ||
	    (strcmp(answer, b->session->facts.serial) != 0 &&
	     !engine_is_identified(b->session->engine)))
		return false;
	if (!bay_takes_serial(b, answer)) {
		request_problem(rq, 422, "serial_unknown",
				"\"%s\" is no serial of any model here; type what the plate says",
				answer);
		return true;
	}
	snprintf(place, sizeof(place), "%s/%s/%d/%s", b->session->facts.id, p->id,
		 engine_step(b->session->engine), answer);
	if (!strcmp(b->typed, place)) {
		b->typed[0] = 0;
		return false;
	}
	text_copy(b->typed, sizeof(b->typed), place);
	request_done(rq, 202, "again", "type the serial from the plate once more");
	return true;
}

/* Says so in the record: "typed twice: anna". */
static void flag_typed(const struct bay *b, char who[64])
{
	const struct pf_prompt *p = engine_prompt(b->session->engine, NULL);
	char name[64];
	if (!p || p->kind != PROMPT_SCAN_SERIAL)
		return;
	text_copy(name, sizeof(name), who);
	snprintf(who, 64, "typed twice: %.49s", name);
}

void route_run_answer(struct request *rq)
{
	struct bay *at = station_run(rq->station, rq->msg.arg);
	struct error err = {0};
	char prompt[64], answer[160], who[64];
	if (!at || !at->session->engine) {
		request_problem(rq, 409, "not_running", "run \"%s\" is not running on this station",
				rq->msg.arg);
		return;
	}
	json_t *b = request_form(rq, answer_form);
	bool ok;
	if (!b)
		return;
	ok = take(rq, b, "prompt", prompt, sizeof(prompt)) &&
	     take(rq, b, "answer", answer, sizeof(answer)) &&
	     take(rq, b, "operator", who, sizeof(who));
	json_decref(b);
	if (!ok)
		return;
	const struct person *person =
		rq->identity.person[0] ? registry_person(rq->station->registry, rq->identity.person)
				       : bay_person(at);
	if (person) /* whoever is on duty answers, whatever name the body gives */
		text_copy(who, sizeof(who), person->name);
	if (!who[0])
		text_copy(who, sizeof(who), rq->who);
	if (typed_once(rq, at, answer))
		return;
	flag_typed(at, who);
	if (session_answer(at->session, prompt, answer, who, station_now(rq->station), &err)) {
		request_problem_of(rq, &err);
		return;
	}
	reply_run(rq, 200, at->session->facts.id);
}
