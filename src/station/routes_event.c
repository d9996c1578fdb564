/* SPDX-License-Identifier: MIT
 *
 * Routes that add something to a ticket or a run: repairs, acceptance, call-backs, notes, voids. Each
 * is one item of the chain (ticket/events.h) and is answered once it is durable.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/events.h"

struct event_job {
	struct job job;
	struct request *rq;
	const char *type;
	bool feed, of_run, is_repair;
	int64_t if_repair_seq;
	char who[96];
	char place[WEB_ARG_MAX + 32]; /* what is added, and to which */
	struct text data, reply;
	int status;
	struct ticket ticket;
	struct run_row run;
	int64_t seq;
	char parts[16][64]; /* of a repair */
	int part_count;
};

static bool see_item(void *ctx, const struct chain_row *r)
{
	(void)r;
	*(bool *)ctx = true;
	return false;
}

/* A run that has ended, and only once. */
static int check_void(struct store *store, const struct run_row *run, struct error *err)
{
	struct chain_filter f = {.run = run->id, .type = "void", .limit = 1};
	bool is_void = false;
	int rc;

	if (!run->seq)
		return error_set(err, ERR_STATE, "run %s goes on; abort it first", run->id);
	rc = store_chain_list(store, &f, see_item, &is_void, err);
	if (!rc && is_void)
		rc = error_set(err, ERR_STATE, "run %s is void already", run->id);
	return rc;
}

static int record_event(struct event_job *q, struct store *store, struct error *err)
{
	const char *id = q->rq->msg.arg;
	struct chain_item item = {.type = q->type,
				  .who = q->who,
				  .feed = q->feed,
				  .data = q->data.buf,
				  .n = q->data.len};
	int64_t now = clock_utc_us();
	int rc;

	if (q->is_repair)
		return store_ticket_repair(store, id, q->if_repair_seq, &item, now, &q->ticket,
					   err);
	if (q->of_run)
		rc = store_run_get(store, id, &q->run, NULL, err);
	else
		rc = store_ticket_get(store, id, &q->ticket, err);
	item.run = q->run.id;
	item.ticket = q->of_run ? q->run.ticket : q->ticket.id;
	item.serial = q->of_run ? q->run.serial : q->ticket.serial;
	if (!rc && q->of_run && !strcmp(q->type, "void"))
		rc = check_void(store, &q->run, err);
	return rc ? rc : store_chain_add(store, &item, now, &q->seq, err);
}

/* What the model says of each part; a part it does not know means everything. */
static void put_repeats(struct json *j, const struct model *m, const struct event_job *q)
{
	bool all = !m || !q->part_count;

	json_key(j, "repeat");
	json_open_array(j);
	for (int i = 0; m && i < q->part_count; i++) {
		const struct model_part *part = model_part(m, q->parts[i]);

		all = all || !part;
		for (int k = 0; part && k < part->repeat_count; k++)
			json_put_string(j, part->repeat[k]);
	}
	json_end_array(j);
	json_kv_bool(j, "repeat_all", all);
	json_kv_string(j, "satisfied_by", "post_repair_qc");
}

static void put_reply(struct event_job *q)
{
	struct json j;

	json_init(&j, &q->reply);
	json_open_object(&j);
	json_kv_string(&j, "type", q->type);
	json_kv_string(&j, "ticket", q->of_run ? q->run.ticket : q->ticket.id);
	json_kv_string(&j, "serial", q->of_run ? q->run.serial : q->ticket.serial);
	json_kv_string(&j, "run", q->of_run ? q->run.id : NULL);
	json_kv_string(&j, "who", q->who);
	if (q->is_repair) {
		json_kv_int(&j, "repair_seq", q->ticket.repair_seq);
		put_repeats(&j, library_model(&q->rq->station->library, q->ticket.model), q);
	} else {
		json_kv_int(&j, "seq", q->seq);
	}
	json_key(&j, "data");
	json_put_raw(&j, q->data.buf, q->data.len);
	json_end_object(&j);
}

/* What is asked for, once: with an Idempotency-Key the same request again is answered as it was. */
static int do_event(void *ctx, struct store *store, struct error *err)
{
	struct event_job *q = ctx;
	struct chain_request again = {
		.key = q->rq->msg.request_key, .who = q->who, .route = q->place};
	bool keyed = again.key[0] != '\0';
	int rc = ERR_NOT_FOUND;

	/* Of what is recorded: the body may hold a PIN, which a hash of few digits would tell. */
	text_sha256(again.body_sha256, q->data.buf, q->data.len);
	if (keyed)
		rc = store_request_find(store, &again, &q->status, &q->reply, err);
	if (rc == ERR_CONFLICT)
		err->code = rc = ERR_EXISTS;
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = record_event(q, store, err);
	if (rc)
		return rc;
	q->status = 201;
	put_reply(q);
	return keyed ? store_request_keep(store, &again, q->status, &q->reply, clock_utc_us(), err)
		     : 0;
}

static void event_work(struct job *j, struct store *store)
{
	struct event_job *q = (struct event_job *)j;

	j->rc = store_transact(store, do_event, q, &j->err);
}

static void event_done(struct job *j)
{
	struct event_job *q = (struct event_job *)j;
	int rc = j->rc;

	if (rc == ERR_NOT_FOUND && q->of_run)
		request_no_run(q->rq, q->rq->msg.arg);
	else if (rc == ERR_NOT_FOUND)
		request_no_ticket(q->rq, q->rq->msg.arg);
	else if (rc == ERR_CONFLICT)
		request_problem(q->rq, 409, "conflict", "%s", j->err.text);
	else if (rc == ERR_EXISTS)
		request_problem(q->rq, 422, "idempotency_key_reused", "%s", j->err.text);
	else
		request_end(q->rq, j, q->status, "", &q->reply, "an event");
	text_release(&q->reply);
	text_release(&q->data);
	free(q);
}

static void take_parts(struct event_job *q, const json_t *root)
{
	const json_t *v = json_object_get(root, "if_repair_seq"), *one;
	size_t i;

	q->if_repair_seq = v ? json_integer_value(v) : -1;
	json_array_foreach(json_object_get(root, "parts"), i, one)
	{
		const char *part = json_string_value(json_object_get(one, "part"));

		if (part && q->part_count < 16)
			text_copy(q->parts[q->part_count++], sizeof(q->parts[0]), part);
	}
}

static void add_event(struct request *rq, const char *type, const struct form_field *form,
		      bool of_run, bool feed)
{
	struct event_job *q;
	struct json j;
	json_t *root;

	root = request_form(rq, form);
	if (!root)
		return;
	q = xcalloc(1, sizeof(*q));
	q->job.work = event_work;
	q->job.done = event_done;
	q->rq = rq;
	q->type = type;
	q->of_run = of_run;
	q->feed = feed;
	q->is_repair = !strcmp(type, "repair");
	snprintf(q->place, sizeof(q->place), "%s %s", type, rq->msg.arg);
	if (q->is_repair)
		take_parts(q, root);
	json_object_del(root, "if_repair_seq");
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	json_init(&j, &q->data);
	json_open_object(&j);
	form_put(&j, form, root);
	json_end_object(&j);
	json_decref(root);
	station_write(rq->station, &q->job);
}

void route_repair(struct request *rq)
{
	add_event(rq, "repair", repair_form, false, true);
}

void route_acceptance(struct request *rq)
{
	json_t *o = json_load_limited(rq->body, rq->msg.size, WEB_BODY_MAX, NULL);
	const char *outcome = json_string_value(json_object_get(o, "outcome"));
	bool unsaid = outcome && !strcmp(outcome, "refused") && !json_object_get(o, "code");

	json_decref(o);
	if (unsaid)
		request_problem(rq, 422, "required",
				"/code: a refusal names the symptom it is for, such as S03");
	else
		add_event(rq, "acceptance", acceptance_form, false, true);
}

void route_callback(struct request *rq)
{
	add_event(rq, "callback", callback_form, false, true);
}

void route_clarification(struct request *rq)
{
	add_event(rq, "clarification_needed", say_form, false, true);
}

void route_beyond_repair(struct request *rq)
{
	add_event(rq, "beyond_repair", say_form, false, true);
}

void route_run_note(struct request *rq)
{
	add_event(rq, "note", note_form, true, false);
}

void route_run_void(struct request *rq)
{
	add_event(rq, "void", void_form, true, true);
}

/* ---- what there is ---- */

struct events_job {
	struct job job;
	struct request *rq;
	struct text out;
	struct json json;
	bool is_cut;
};
enum { EVENTS_MAX = 48 << 20 /* bytes; what is beyond is left out, and it says so */ };

static bool put_event(void *ctx, const struct chain_row *r)
{
	struct events_job *q = ctx;

	q->is_cut = q->out.len > EVENTS_MAX;
	if (!q->is_cut)
		json_put_raw(&q->json, r->bytes, r->n);
	return !q->is_cut;
}

static void events_work(struct job *j, struct store *store)
{
	struct events_job *q = (struct events_job *)j;
	const char *id = q->rq->msg.arg;
	struct chain_filter f = {.limit = 0};
	struct ticket ticket;
	struct run_row run;

	if (q->rq->msg.route == WEB_RUN_EVENTS) {
		f.run = id;
		j->rc = store_run_get(store, id, &run, NULL, &j->err);
	} else {
		f.ticket = id;
		j->rc = store_ticket_get(store, id, &ticket, &j->err);
	}
	if (j->rc)
		return;
	json_init(&q->json, &q->out);
	json_open_object(&q->json);
	json_key(&q->json, "events");
	json_open_array(&q->json);
	j->rc = store_chain_list(store, &f, put_event, q, &j->err);
	json_end_array(&q->json);
	json_kv_bool(&q->json, "complete", !q->is_cut);
	json_end_object(&q->json);
}

static void events_done(struct job *j)
{
	struct events_job *q = (struct events_job *)j;

	if (j->rc == ERR_NOT_FOUND && q->rq->msg.route == WEB_RUN_EVENTS)
		request_no_run(q->rq, q->rq->msg.arg);
	else if (j->rc == ERR_NOT_FOUND)
		request_no_ticket(q->rq, q->rq->msg.arg);
	else
		request_end(q->rq, j, 200, "", &q->out, NULL);
	text_release(&q->out);
	free(q);
}

void route_events_of(struct request *rq)
{
	struct events_job *q = xcalloc(1, sizeof(*q));

	q->job.work = events_work;
	q->job.done = events_done;
	q->rq = rq;
	station_read(rq->station, &q->job);
}
