/* SPDX-License-Identifier: MIT
 *
 * Routes about leaving: the release decision, its record, overrides, withdrawals, the verdict.
 * Everything that counts happens in one transaction of the writer (ticket/release_record.h).
 */
#include "src/station/release.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket/events.h"
#include "ticket/release_record.h"

enum { CODES_AT_ONCE = 16, MIRROR_MAX_AGE_S = 600 };

static const char *const withdrawals[] = {"stop_shipment", "recall", NULL};
static const struct form_field release_form[] = {
	{.name = "repair_seq", .kind = FORM_INT, .required = true, .lo = 0, .hi = 1e9},
	{.name = "disposition", .kind = FORM_WORD, .words = release_disposition_words},
	{.name = "drained", .kind = FORM_BOOL},
	{.name = "electrically_safe", .kind = FORM_BOOL},
	{.name = "labelled", .kind = FORM_BOOL},
	{.name = "rendered_unusable", .kind = FORM_BOOL},
	{.name = "replacement_serial", .kind = FORM_ID},
	{.name = NULL},
};
static const struct form_field override_form[] = {
	{.name = "repair_seq", .kind = FORM_INT, .required = true, .lo = 0, .hi = 1e9},
	{.name = "disposition", .kind = FORM_WORD, .words = release_disposition_words},
	{.name = "reason", .kind = FORM_NOTE, .required = true, .lo = 10, .hi = 250},
	{.name = "codes",
	 .kind = FORM_CODES,
	 .required = true,
	 .hi = CODES_AT_ONCE,
	 .words = release_reason_codes},
	{.name = NULL},
};
static const struct form_field withdraw_form[] = {
	{.name = "kind", .kind = FORM_WORD, .required = true, .words = withdrawals},
	{.name = "reason", .kind = FORM_NOTE, .required = true, .lo = 1, .hi = 500},
	{.name = NULL},
};
static const struct form_field claim_form[] = {
	{.name = "station", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 63},
	{.name = "claim", .kind = FORM_INT, .lo = 1, .hi = 1e9},
	{.name = NULL},
};

struct release_job {
	struct job job;
	struct request *rq;
	struct release_order order;
	char who[96], reason[1024], kind[64];
	char codes[CODES_AT_ONCE][40];
	int code_count;
	int64_t claim;
	int status;
	struct text body; /* as it is compared, should it come once more */
	struct text out;
};

/* The library never changes while the station runs. */
static bool separate_trial(const void *ctx, const char *model)
{
	const struct model *m = library_model(ctx, model);

	return m && m->separate_trial;
}

struct ticket_policy release_policy(const struct station *s)
{
	return (struct ticket_policy){.owns_tickets = !s->options.ticketing_owns,
				      .mirror_max_age_us = MIRROR_MAX_AGE_S * INT64_C(1000000),
				      .store_sound = s->store_state == STORE_GOOD,
				      .separate_trial = separate_trial,
				      .ctx = &s->library,
				      .disposition = RELEASE_REPAIRED};
}

static struct release_job *release_job(struct request *rq,
				       void (*work)(struct job *, struct store *),
				       void (*done)(struct job *))
{
	struct release_job *q = xcalloc(1, sizeof(*q));
	const struct station *s = rq->station;

	q->job.work = work;
	q->job.done = done;
	q->rq = rq;
	q->status = 200;
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	once_body(rq->body, rq->msg.size, &q->body);
	q->order = (struct release_order){.ticket = rq->msg.arg,
					  .policy = release_policy(s),
					  .repair_seq = -1,
					  .who = q->who,
					  .key = rq->msg.request_key,
					  .body = q->body.buf,
					  .body_n = q->body.len,
					  .now_utc_us = clock_utc_us()};
	if (rq->signer_roles & PEOPLE_SUPERVISOR)
		text_copy(q->order.policy.statement.supervisor,
			  sizeof(q->order.policy.statement.supervisor), rq->signer);
	return q;
}

/* Before the database is known to be whole nothing is said about leaving. */
bool release_is_checking(struct request *rq)
{
	if (rq->station->store_state == STORE_CHECKING)
		request_problem(rq, 503, "store_checking",
				"the database is checked after an unclean stop; ask "
				"again in a moment");
	else if (rq->station->store_state == STORE_DAMAGED)
		request_problem(rq, 503, "store_damaged",
				"the database is damaged; restore a backup");
	return rq->station->store_state != STORE_GOOD;
}

static void release_done(struct job *j)
{
	struct release_job *q = (struct release_job *)j;

	switch (j->rc) {
	case ERR_NOT_FOUND: request_no_ticket(q->rq, q->rq->msg.arg); break;
	case ERR_CONFLICT:
		request_problem(q->rq, 409, "repair_seq_mismatch", "%s", j->err.text);
		break;
	case ERR_EXISTS:
		request_problem(q->rq, 422, "idempotency_key_reused", "%s", j->err.text);
		break;
	case ERR_BUSY: request_problem(q->rq, 409, "claim_stale", "%s", j->err.text); break;
	case ERR_STATE: request_problem(q->rq, 409, "not_released", "%s", j->err.text); break;
	default: request_end(q->rq, j, q->status, "", &q->out, "a release"); break;
	}
	text_release(&q->body);
	text_release(&q->out);
	free(q);
}

/* ---- may it leave? ---- */

static void ask_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;

	j->rc = release_ask(store, q->order.ticket, &q->order.policy, q->order.now_utc_us, &q->out,
			    NULL, &j->err);
}

void route_release(struct request *rq)
{
	char word[32];
	const char *disposition = web_query(rq->msg.query, "disposition", word, sizeof(word));
	struct release_job *q;

	if (release_is_checking(rq))
		return;
	if (disposition && !release_disposition_find(disposition)) {
		request_problem(rq, 422, "value",
				"?disposition=: repaired, no_fault_found, returned_unrepaired, "
				"scrapped or replaced expected");
		return;
	}
	q = release_job(rq, ask_work, release_done);
	if (disposition)
		q->order.policy.disposition = release_disposition_find(disposition);
	station_read(rq->station, &q->job);
}

/* ---- it leaves ---- */

static void record_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;

	j->rc = release_record(store, &q->order, &q->status, &q->out, &j->err);
}

static enum release_disposition disposition_of(const json_t *body)
{
	const char *word = json_string_value(json_object_get(body, "disposition"));

	return word ? release_disposition_find(word) : RELEASE_REPAIRED;
}

void route_release_post(struct request *rq)
{
	struct release_statement *st;
	struct release_job *q;
	const char *serial;
	json_t *body;

	if (release_is_checking(rq))
		return;
	body = request_form(rq, release_form);
	if (!body)
		return;
	q = release_job(rq, record_work, release_done);
	st = &q->order.policy.statement;
	q->order.repair_seq = json_integer_value(json_object_get(body, "repair_seq"));
	q->order.policy.disposition = disposition_of(body);
	st->drained = json_is_true(json_object_get(body, "drained"));
	st->electrically_safe = json_is_true(json_object_get(body, "electrically_safe"));
	st->labelled = json_is_true(json_object_get(body, "labelled"));
	st->rendered_unusable = json_is_true(json_object_get(body, "rendered_unusable"));
	serial = json_string_value(json_object_get(body, "replacement_serial"));
	text_copy(st->replacement_serial, sizeof(st->replacement_serial), serial ? serial : "");
	json_decref(body);
	station_write(rq->station, &q->job);
}

/* ---- a supervisor's word ---- */

static void override_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;
	const char *codes[CODES_AT_ONCE];

	for (int i = 0; i < q->code_count; i++)
		codes[i] = q->codes[i];
	q->status = 201;
	j->rc = release_override(store, &q->order, q->reason, codes, q->code_count, &q->out,
				 &j->err);
}

void route_override(struct request *rq)
{
	struct release_job *q;
	json_t *body, *code;
	size_t i;

	if (release_is_checking(rq))
		return;
	body = request_form(rq, override_form);
	if (!body)
		return;
	q = release_job(rq, override_work, release_done);
	q->order.repair_seq = json_integer_value(json_object_get(body, "repair_seq"));
	q->order.policy.disposition = disposition_of(body);
	text_copy(q->reason, sizeof(q->reason), json_string_value(json_object_get(body, "reason")));
	json_array_foreach(json_object_get(body, "codes"), i, code)
	{
		if (q->code_count < CODES_AT_ONCE)
			text_copy(q->codes[q->code_count++], sizeof(q->codes[0]),
				  json_string_value(code));
	}
	json_decref(body);
	station_write(rq->station, &q->job);
}

/* ---- whose it is, and what the runs said ---- */

static void claim_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;
	const struct station *s = q->rq->station;

	q->status = 201;
	j->rc = release_claim(store, &q->order, q->kind, strcmp(q->kind, s->name) == 0, q->claim,
			      &q->out, &j->err);
}

void route_claim(struct request *rq)
{
	json_t *body = request_form(rq, claim_form);
	struct release_job *q;

	if (!body)
		return;
	q = release_job(rq, claim_work, release_done);
	text_copy(q->kind, sizeof(q->kind), json_string_value(json_object_get(body, "station")));
	q->claim = json_integer_value(json_object_get(body, "claim"));
	json_decref(body);
	station_write(rq->station, &q->job);
}

static void verdict_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;
	uint8_t hash[32];

	j->rc = release_verdict(store, q->order.ticket, &q->order.policy, q->order.now_utc_us,
				&q->out, &j->err);
	if (j->rc < 0)
		return;
	text_sha256(hash, q->out.buf, q->out.len);
	text_hex(q->kind, hash, 8);
}

static void verdict_done(struct job *j)
{
	struct release_job *q = (struct release_job *)j;
	char etag[WEB_ETAG_MAX];

	if (j->rc) {
		release_done(j);
		return;
	}
	snprintf(etag, sizeof(etag), "\"%s\"", q->kind);
	request_reply(q->rq, 200, etag, &q->out);
	text_release(&q->body);
	text_release(&q->out);
	free(q);
}

void route_verdict(struct request *rq)
{
	if (!release_is_checking(rq))
		station_read(rq->station, &release_job(rq, verdict_work, verdict_done)->job);
}

/* ---- it comes back ---- */

static void withdraw_work(struct job *j, struct store *store)
{
	struct release_job *q = (struct release_job *)j;

	q->status = 201;
	j->rc = release_withdraw(store, &q->order, q->kind, q->reason, &q->out, &j->err);
}

void route_withdraw(struct request *rq)
{
	json_t *body = request_form(rq, withdraw_form);
	struct release_job *q;

	if (!body)
		return;
	q = release_job(rq, withdraw_work, release_done);
	text_copy(q->kind, sizeof(q->kind), json_string_value(json_object_get(body, "kind")));
	text_copy(q->reason, sizeof(q->reason), json_string_value(json_object_get(body, "reason")));
	json_decref(body);
	station_write(rq->station, &q->job);
}
