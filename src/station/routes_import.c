/* SPDX-License-Identifier: MIT
 *
 * Many tickets at once: all of them are looked at first, each mistake told with its place, and all
 * are stored or none.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/form.h"

enum { IMPORT_MAX = 1000 };

struct import_job {
	struct job job;
	struct request *rq;
	struct ticket *list;
	int count, failed;
	char who[96];
	struct text reply;
};

static int do_import(void *ctx, struct store *store, struct error *err)
{
	struct import_job *q = ctx;
	int rc = store_ticket_import(store, q->list, q->count, q->who, &q->failed, err);
	struct json j;

	if (rc)
		return rc;
	json_init(&j, &q->reply);
	json_open_object(&j);
	json_kv_int(&j, "imported", q->count);
	json_end_object(&j);
	return once_keep(&q->rq->once, store, 201, &q->reply, err);
}

static void import_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_import, j, &j->err);
}

static void import_done(struct job *j)
{
	struct import_job *q = (struct import_job *)j;

	if (j->rc && j->rc != ERR_STORE)
		request_problem(q->rq, 409, error_name(j->rc), "/tickets/%d: %s", q->failed,
				j->err.text);
	else
		request_end(q->rq, j, 201, "", &q->reply, "an import");
	text_release(&q->reply);
	free(q->list);
	free(q);
}

/* The problems of one ticket among those of all, its place before each. */
static void add_problems(struct ticket_problems *all, int i, const struct ticket_problems *one)
{
	char pointer[sizeof(all->at[0].pointer)];

	for (int k = 0; k < one->count; k++) {
		(void)snprintf(pointer, sizeof(pointer), "/tickets/%d%.70s", i, one->at[k].pointer);
		form_problem(all, pointer, one->at[k].code, one->at[k].detail);
	}
}

static void check_model(const struct station *s, const struct ticket *t, struct ticket_problems *p)
{
	const struct model *m = library_model(&s->library, t->model);
	struct error err = {0};
	char detail[160];

	if (!m) {
		form_problem(p, "/model", "unknown_model", "this station does not know this model");
	} else if (model_check_serial(m, t->serial, &err)) {
		(void)text_copy(detail, sizeof(detail), err.text);
		form_problem(p, "/serial", "serial_mismatch", detail);
	}
}

static void read_one(const struct station *s, const json_t *o, int i, struct ticket *t,
		     struct ticket_problems *all)
{
	struct ticket_problems one = {.count = 0};
	char *json = json_dumps(o, JSON_COMPACT | JSON_ENCODE_ANY);

	if (!json)
		form_problem(&one, "", "syntax", "a JSON object expected");
	else if (ticket_read(NULL, json, strlen(json), &s->options.ticket_defaults, t, &one) == 0)
		check_model(s, t, &one);
	free(json);
	add_problems(all, i, &one);
}

static void check_double(const struct ticket *list, int i, struct ticket_problems *all)
{
	char pointer[40];

	for (int k = 0; k < i && list[i].id[0]; k++) {
		if (strcmp(list[k].id, list[i].id) != 0)
			continue;
		(void)snprintf(pointer, sizeof(pointer), "/tickets/%d/id", i);
		form_problem(all, pointer, "exists", "this id stands twice");
		return;
	}
}

void route_ticket_import(struct request *rq)
{
	struct ticket_problems all = {.count = 0};
	struct import_job *q;
	struct error err = {0};
	const json_t *list;
	size_t n;
	json_t *o;

	if (!may_write_tickets(rq))
		return;
	o = json_load_limited(rq->body, rq->msg.size, WEB_BODY_MAX, &err);
	list = json_object_get(o, "tickets");
	n = json_array_size(list);
	if (n == 0 || n > IMPORT_MAX || json_object_size(o) != 1) {
		request_problem(rq, 422, "usage",
				"/tickets: 1 to %d tickets and no other member expected%s%s",
				IMPORT_MAX, err.text[0] ? ": " : "", err.text);
		json_decref(o);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->job.work = import_work;
	q->job.done = import_done;
	q->rq = rq;
	q->count = (int)n;
	q->list = xcalloc(n, sizeof(*q->list));
	text_copy(q->who, sizeof(q->who), rq->who);
	for (int i = 0; i < q->count; i++) {
		struct ticket *t = &q->list[i];

		read_one(rq->station, json_array_get(list, (size_t)i), i, t, &all);
		check_double(q->list, i, &all);
		t->created_utc_us = t->changed_utc_us = t->mirrored_utc_us = clock_utc_us();
	}
	json_decref(o);
	if (!all.count) {
		station_write(rq->station, &q->job);
		return;
	}
	request_problems(rq, &all);
	free(q->list);
	free(q);
}
