/* SPDX-License-Identifier: MIT
 *
 * Who each device is: what it said of itself is kept, so that another one in its place is told from
 * it whatever was restarted in between. benchd-io compares (rig/identity.c); a person who signs
 * accepts the other one. And what a run's record says of the devices it was measured with.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/form.h"

#define MODULE "device"
#define KIND   "device"

struct device_job {
	struct job job;
	struct station *station;
	struct request *rq; /* NULL: the device has said it by itself */
	struct rig_link *rig;
	int device;
	char name[200], who[96];
	struct text data;
};

/* ---- kept ---- */

static bool load_one(void *ctx, const struct subject_row *row)
{
	struct station *s = ctx;
	json_t *o = json_load_limited(row->data, strlen(row->data), WEB_BODY_MAX, NULL);
	const char *identity = json_string_value(json_object_get(o, "identity"));

	for (int r = 0; identity && r < s->rig_count; r++)
		for (int i = 0; i < s->rigs[r].fixture->device_count; i++) {
			char name[200];

			snprintf(name, sizeof(name), "%s/%s", s->rigs[r].fixture->name,
				 s->rigs[r].fixture->devices[i].name);
			if (strcmp(name, row->name) == 0)
				text_copy(s->rigs[r].devices[i].identity, IO_IDENTITY_MAX,
					  identity);
		}
	json_decref(o);
	return true;
}

int devices_load(struct station *s, struct store *store, struct error *err)
{
	return store_subject_list(store, KIND, load_one, s, err);
}

static void tell(struct rig_link *r, int device)
{
	struct io_msg m = {.type = IO_KNOWN};

	m.u.known.device = (uint16_t)device;
	text_copy(m.u.known.identity, IO_IDENTITY_MAX, r->devices[device].identity);
	rig_send(r, &m);
}

void devices_tell(struct rig_link *r)
{
	for (int i = 0; i < r->fixture->device_count && r->fd >= 0; i++)
		if (r->devices[i].identity[0])
			tell(r, i);
}

static int do_device(void *ctx, struct store *store, struct error *err)
{
	struct device_job *q = ctx;
	struct chain_item item = {
		.type = KIND, .who = q->who, .data = q->data.buf, .n = q->data.len};
	int rc = store_subject_put(store, KIND, q->name, NULL, &item, clock_utc_us(), err);

	return rc || !q->rq ? rc : once_keep(&q->rq->once, store, 200, &q->data, err);
}

static void device_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_device, j, &j->err);
}

static void device_done(struct job *j)
{
	struct device_job *q = (struct device_job *)j;

	if (q->rq && !j->rc) {
		q->rig->devices[q->device].identity[0] = '\0';
		if (q->rig->fd >= 0)
			tell(q->rig, q->device);
	}
	if (q->rq)
		request_end(q->rq, j, 200, "", &q->data, "what a device is");
	else if (j->rc == ERR_STORE)
		station_store_failed(q->station, "what a device is", &j->err);
	text_release(&q->data);
	free(q);
}

static struct device_job *device_job(struct rig_link *r, int device, const char *who,
				     struct json *j)
{
	struct device_job *q = xcalloc(1, sizeof(*q));

	q->job.work = device_work;
	q->job.done = device_done;
	q->station = r->station;
	q->rig = r;
	q->device = device;
	text_copy(q->who, sizeof(q->who), who);
	snprintf(q->name, sizeof(q->name), "%s/%s", r->fixture->name,
		 r->fixture->devices[device].name);
	json_init(j, &q->data);
	json_open_object(j);
	json_kv_string(j, "rig", r->fixture->name);
	json_kv_string(j, "device", r->fixture->devices[device].name);
	return q;
}

void device_heard(struct rig_link *r, int device, const char *identity)
{
	struct device_state *d = &r->devices[device];
	struct device_job *q;
	struct json j;

	if (!identity[0] || strcmp(identity, d->identity) == 0)
		return;
	if (d->identity[0]) {
		tell(r, device); /* it has not heard it yet: it compares */
		return;
	}
	text_copy(d->identity, sizeof(d->identity), identity);
	q = device_job(r, device, "rig", &j);
	json_kv_string(&j, "identity", identity);
	json_kv_string(&j, "says", d->says);
	json_end_object(&j);
	log_info(MODULE, "%s: %s", q->name, d->says[0] ? d->says : identity);
	station_write(r->station, &q->job);
}

/* ---- another one ---- */

static const struct form_field accept_form[] = {
	{.name = "reason", .kind = FORM_TEXT, .required = true, .lo = 3, .hi = 200},
	{.name = "rig", .kind = FORM_TEXT, .lo = 1, .hi = 63},
	{.name = NULL},
};

/* The device of that name, on that rig (NULL: on any); how many there are. */
static int find(const struct request *rq, const char *rig, struct rig_link **out, int *device)
{
	struct station *s = rq->station;
	int n = 0;

	for (int r = 0; r < s->rig_count; r++) {
		const struct fixture *f = s->rigs[r].fixture;

		if (rig && strcmp(f->name, rig) != 0)
			continue;
		for (int i = 0; i < f->device_count; i++)
			if (strcmp(f->devices[i].name, rq->msg.arg) == 0) {
				*device = i;
				*out = &s->rigs[r];
				n++;
			}
	}
	return n;
}

static bool is_at_work(const struct rig_link *r)
{
	for (int i = 0; i < r->fixture->bay_count; i++)
		if (r->station->bays[r->first_bay + i].session)
			return true;
	return false;
}

static void accept(struct request *rq, struct rig_link *r, int device, const char *reason)
{
	struct device_job *q;
	struct json j;

	if (is_at_work(r)) {
		request_problem(rq, 409, "run_active", "a run goes on at rig %s; end it first",
				r->fixture->name);
		return;
	}
	if (r->devices[device].present || !r->devices[device].identity[0]) {
		request_problem(rq, 409, "state",
				"device %s is the one that was here before, or there was none",
				rq->msg.arg);
		return;
	}
	q = device_job(r, device, rq->signer, &j);
	q->rq = rq;
	json_kv_string(&j, "identity", "");
	json_kv_string(&j, "was", r->devices[device].identity);
	json_kv_string(&j, "reason", reason);
	json_kv_string(&j, "accepted_by", rq->signer);
	json_end_object(&j);
	station_write(r->station, &q->job);
}

void route_device_accept(struct request *rq)
{
	json_t *root = request_form(rq, accept_form);
	struct rig_link *r = NULL;
	int device = 0, n;

	if (!root)
		return;
	n = find(rq, json_string_value(json_object_get(root, "rig")), &r, &device);
	if (n == 1)
		accept(rq, r, device, json_string_value(json_object_get(root, "reason")));
	else if (n == 0)
		request_problem(rq, 404, "not_found",
				"there is no device \"%s\"; see: benchctl doctor", rq->msg.arg);
	else
		request_problem(rq, 422, "value",
				"/rig: %d rigs have a device \"%s\"; name the rig", n, rq->msg.arg);
	json_decref(root);
}

/* ---- in a run's record ---- */

static bool is_of_bay(const struct fixture *f, int device, int bay)
{
	for (int i = 0; i < f->channel_count; i++)
		if (f->channels[i].device == device && (f->channels[i].bays >> bay & 1))
			return true;
	for (int i = 0; i < f->output_count; i++)
		if (f->outputs[i].device == device && (f->outputs[i].bays >> bay & 1))
			return true;
	return f->bays[bay].scanner == device;
}

void devices_json(const struct bay *b, struct text *out)
{
	const struct fixture *f = b->rig->fixture;
	struct json j;

	text_clear(out);
	json_init(&j, out);
	json_open_array(&j);
	for (int i = 0; i < f->device_count; i++) {
		const struct device_state *d = &b->rig->devices[i];

		if (!is_of_bay(f, i, b->index))
			continue;
		json_open_object(&j);
		json_kv_string(&j, "name", f->devices[i].name);
		json_kv_string(&j, "driver", f->devices[i].driver);
		json_kv_string(&j, "bus", f->buses[f->devices[i].bus].name);
		if (f->devices[i].unit_id)
			json_kv_int(&j, "unit", f->devices[i].unit_id);
		json_kv_string(&j, "says", d->says[0] ? d->says : NULL);
		json_kv_string(&j, "identity", d->identity[0] ? d->identity : NULL);
		json_end_object(&j);
	}
	json_end_array(&j);
}
