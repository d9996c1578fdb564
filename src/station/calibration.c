/* SPDX-License-Identifier: MIT
 *
 * Calibrations of channels: a record per channel, newer than what the fixture file says, applied to
 * its readings from then on. One that was found off puts the runs since the last good one in doubt.
 */
#include "change.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/calibrate.h"
#include "store/subject.h"
#include "ticket/form.h"

#define MODULE "calibration"

/* Texts that a fixture's channels point at for as long as the station lives. */
struct calibration_texts {
	char done[16], due[16], reference[96];
	struct calibration_texts *next;
};

/* ---- benchd-io's interlocks ---- */

/* Why records and interlocks of that bay would not rest on the same calibrations; "": they do. */
static void disagreement(const struct rig_link *r, int bay, char *why, size_t size)
{
	why[0] = '\0';
	if (r->calibrating)
		snprintf(why, size, "a calibration of rig %s is being recorded; try again",
			 r->fixture->name);
	for (int i = 0; i < r->fixture->channel_count && !why[0]; i++) {
		const struct fx_channel *c = &r->fixture->channels[i];

		if (!(c->bays >> bay & 1) ||
		    r->channels[i].revision == (uint32_t)c->calibration.revision)
			continue;
		snprintf(why, size, "the interlocks do not know calibration %d of %s%s%s",
			 c->calibration.revision, c->name, r->channels[i].reason[0] ? ": " : "",
			 r->channels[i].reason);
	}
}

/* Something of it changed: what its bays are to say. */
static void look(struct rig_link *r)
{
	for (int i = 0; i < r->fixture->bay_count; i++) {
		struct bay *b = &r->station->bays[r->first_bay + i];
		char why[sizeof(b->calibration)];

		disagreement(r, i, why, sizeof(why));
		bay_calibrations(b, why);
	}
}

static void tell(struct rig_link *r, int channel)
{
	const struct fx_calibration *k = &r->fixture->channels[channel].calibration;
	struct io_msg m = {.type = IO_CALIBRATION};

	m.u.calibration.channel = (uint16_t)channel;
	m.u.calibration.revision = (uint32_t)k->revision;
	m.u.calibration.gain = k->gain;
	m.u.calibration.offset = k->offset;
	rig_send(r, &m);
}

void calibrations_tell(struct rig_link *r)
{
	for (int i = 0; i < r->fixture->channel_count && r->fd >= 0; i++) {
		r->channels[i] = (struct channel_state){0};
		if (r->fixture->channels[i].calibration.revision > 0)
			tell(r, i);
	}
	look(r);
}

void calibration_confirmed(struct rig_link *r, const struct io_msg *m)
{
	int i = m->u.calibrated.channel;
	struct channel_state *c;

	if (i >= r->fixture->channel_count)
		return;
	c = &r->channels[i];
	c->revision = m->u.calibrated.revision;
	text_copy(c->reason, sizeof(c->reason), m->u.calibrated.reason);
	if (c->reason[0])
		log_error(MODULE, "rig %s: benchd-io does not apply calibration %d of %s: %s",
			  r->fixture->name, r->fixture->channels[i].calibration.revision,
			  r->fixture->channels[i].name, c->reason);
	look(r);
}

void calibrations_compare(const struct rig_link *r, struct sample *at, int n)
{
	for (int i = 0; i < n; i++)
		if (at[i].channel < r->fixture->channel_count &&
		    at[i].calibration !=
			    (uint32_t)r->fixture->channels[at[i].channel].calibration.revision &&
		    at[i].quality == QUALITY_GOOD)
			at[i].quality = QUALITY_STALE;
}

/* ---- kept ---- */

/* Bays have channels of the same name; some are shared. */
static struct fx_channel *find_channel(const struct bay *b, const char *name)
{
	struct fixture *f = b ? b->rig->fixture : NULL;

	for (int i = 0; f && i < f->channel_count; i++)
		if ((f->channels[i].bays & (1u << b->index)) &&
		    strcmp(f->channels[i].name, name) == 0)
			return &f->channels[i];
	return NULL;
}

static void apply(struct station *s, const json_t *o)
{
	struct bay *b = station_bay(s, json_text(o, "bay"));
	struct fx_channel *c = find_channel(b, json_text(o, "channel"));
	int revision = (int)json_integer_value(json_object_get(o, "revision"));
	struct calibration_texts *t;

	if (!c || revision <= c->calibration.revision)
		return; /* the file has a newer one, or the channel is gone */
	t = xcalloc(1, sizeof(*t));
	t->next = s->calibration_texts;
	s->calibration_texts = t;
	text_copy(t->done, sizeof(t->done), json_text(o, "done"));
	text_copy(t->due, sizeof(t->due), json_text(o, "due"));
	text_copy(t->reference, sizeof(t->reference), json_text(o, "certificate"));
	c->calibration.revision = revision;
	c->calibration.gain = json_number_value(json_object_get(o, "gain"));
	c->calibration.offset = json_number_value(json_object_get(o, "offset"));
	c->calibration.done = t->done;
	c->calibration.due = t->due;
	c->calibration.reference = t->reference;
	if (json_is_number(json_object_get(o, "uncertainty")))
		c->uncertainty_abs = json_number_value(json_object_get(o, "uncertainty"));
	if (b->rig->welcome)
		tell(b->rig, (int)(c - b->rig->fixture->channels));
}

static bool load_one(void *ctx, const struct subject_row *row)
{
	json_t *o = json_load_limited(row->data, strlen(row->data), WEB_BODY_MAX, NULL);

	if (o)
		apply(ctx, o);
	else
		log_error(MODULE, "calibration of %s is not read", row->name);
	json_decref(o);
	return true;
}

int calibrations_load(struct station *s, struct store *store, struct error *err)
{
	return store_subject_list(store, "calibration", load_one, s, err);
}

void calibrations_free(struct station *s)
{
	while (s->calibration_texts) {
		struct calibration_texts *t = s->calibration_texts;

		s->calibration_texts = t->next;
		free(t);
	}
}

/* ---- what there is ---- */

static void put_channel(struct json *j, const struct fixture *f, const struct fx_channel *c)
{
	json_open_object(j);
	json_kv_string(j, "rig", f->name);
	json_key(j, "bays");
	json_open_array(j);
	for (int i = 0; i < f->bay_count; i++)
		if (c->bays & (1u << i))
			json_put_string(j, f->bays[i].name);
	json_end_array(j);
	json_kv_string(j, "channel", c->name);
	json_kv_string(j, "unit", c->unit->show);
	json_kv_string(j, "state", calibration_state_name(calibrate_state(c, clock_utc_us())));
	json_kv_int(j, "revision", c->calibration.revision);
	json_kv_number(j, "gain", c->calibration.gain);
	json_kv_number(j, "offset", c->calibration.offset);
	json_kv_string(j, "done", c->calibration.done);
	json_kv_string(j, "due", c->calibration.due);
	json_kv_string(j, "certificate", c->calibration.reference);
	json_end_object(j);
}

void calibrations_put(struct json *j, const struct station *s)
{
	json_open_array(j);
	for (int r = 0; r < s->rig_count; r++) {
		const struct fixture *f = s->rigs[r].fixture;

		for (int i = 0; i < f->channel_count; i++)
			if (f->channels[i].calibration.revision > 0)
				put_channel(j, f, &f->channels[i]);
	}
	json_end_array(j);
}

void route_calibrations(struct request *rq)
{
	struct text t = {0};
	struct json j;

	json_init(&j, &t);
	json_open_object(&j);
	json_key(&j, "calibrations");
	calibrations_put(&j, rq->station);
	json_kv_string(&j, "verification", "not_configured");
	json_end_object(&j);
	request_reply(rq, 200, "", &t);
	text_release(&t);
}

/* ---- a new one ---- */

static const struct form_field point_fields[] = {
	{.name = "reference", .kind = FORM_NUMBER, .required = true, .lo = -1e9, .hi = 1e9},
	{.name = "reading", .kind = FORM_NUMBER, .required = true, .lo = -1e9, .hi = 1e9},
	{.name = NULL},
};
static const struct form_field calibration_form[] = {
	{.name = "channel", .kind = FORM_NAME, .required = true},
	{.name = "reference", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 95},
	{.name = "certificate", .kind = FORM_TEXT, .required = true, .lo = 1, .hi = 95},
	{.name = "certificate_expires", .kind = FORM_DAY, .required = true},
	{.name = "tolerance", .kind = FORM_NUMBER, .required = true, .lo = 0, .hi = 1e9},
	{.name = "as_found",
	 .kind = FORM_LIST,
	 .required = true,
	 .lo = 1,
	 .hi = 16,
	 .sub = point_fields},
	{.name = "as_left",
	 .kind = FORM_LIST,
	 .required = true,
	 .lo = 1,
	 .hi = 16,
	 .sub = point_fields},
	{.name = "gain", .kind = FORM_NUMBER, .required = true, .lo = 0.5, .hi = 2},
	{.name = "offset", .kind = FORM_NUMBER, .required = true, .lo = -1e6, .hi = 1e6},
	{.name = "uncertainty", .kind = FORM_NUMBER, .required = true, .lo = 0, .hi = 1e9},
	{.name = "due", .kind = FORM_DAY, .required = true},
	{.name = NULL},
};

struct calibration_job {
	struct job job;
	struct request *rq;
	struct rig_link *rig;
	struct suspect_search search;
	char channel[64], name[200], who[64];
	struct text data, reply, reason;
	struct json json;
	int suspects;
};

static bool is_within(const json_t *points, double tolerance)
{
	const json_t *p;
	size_t i;

	json_array_foreach(points, i, p)
	{
		double off = json_number_value(json_object_get(p, "reading")) -
			     json_number_value(json_object_get(p, "reference"));

		if (!(fabs(off) <= tolerance * (1 + 1e-9)))
			return false;
	}
	return true;
}

static void count_suspect(void *ctx, const struct run_row *r)
{
	struct calibration_job *q = ctx;

	q->suspects++;
	json_put_string(&q->json, r->id);
}

static int do_calibrate(void *ctx, struct store *store, struct error *err)
{
	struct calibration_job *q = ctx;
	struct chain_item item = {
		.type = "calibration", .who = q->who, .data = q->data.buf, .n = q->data.len};
	struct text list = {0};
	int rc;

	q->search.reason = q->reason.buf;
	json_init(&q->json, &list);
	json_open_array(&q->json);
	rc = store_subject_put_suspects(store, "calibration", q->name, &item, &q->search,
					clock_utc_us(), count_suspect, q, err);
	json_end_array(&q->json);
	/* the reply tells more than the item: which runs are in doubt */
	text_add(&q->reply, q->data.buf, q->data.len - 1);
	text_puts(&q->reply, ",\"suspect\":");
	text_add(&q->reply, list.buf, list.len);
	text_puts(&q->reply, "}");
	text_release(&list);
	return rc ? rc : once_keep(&q->rq->once, store, 201, &q->reply, err);
}

static void calibrate_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_calibrate, j, &j->err);
}

static void calibrate_done(struct job *j)
{
	struct calibration_job *q = (struct calibration_job *)j;

	q->rig->calibrating--;
	look(q->rig);
	if (!j->rc) {
		json_t *o = json_load_limited(q->data.buf, q->data.len, WEB_BODY_MAX, NULL);

		apply(q->rq->station, o);
		json_decref(o);
		if (q->suspects)
			log_warning(MODULE, "%s was found off: %d runs are suspect", q->name,
				    q->suspects);
	}
	request_end(q->rq, j, 201, "", &q->reply, "a calibration");
	text_release(&q->data);
	text_release(&q->reply);
	text_release(&q->reason);
	free(q);
}

/* What is wrong with it beyond its form; NULL: nothing. */
static const char *mistake(struct request *rq, const json_t *root, const struct fx_channel *c,
			   struct error *err)
{
	double tolerance = json_number_value(json_object_get(root, "tolerance"));
	struct error bounds;
	char today[16];

	people_day(today, clock_utc_us());
	if (!clock_is_synced() && !station_is_simulated(rq->station))
		return "the clock is not synchronised: the day of a calibration must be known";
	if (!c)
		return "/channel: no such channel on this bay, or one that is not calibrated";
	if (strcmp(json_text(root, "certificate_expires"), today) < 0)
		return "/certificate_expires: the reference's certificate has expired";
	if (strcmp(json_text(root, "due"), today) < 0)
		return "/due: this day is past";
	if (!is_within(json_object_get(root, "as_left"), tolerance))
		return "/as_left: still beyond the tolerance; adjust or repair the channel";
	if (!fixture_calibration_check(c, json_number_value(json_object_get(root, "gain")),
				       json_number_value(json_object_get(root, "offset")), &bounds))
		return NULL;
	error_set(err, ERR_RANGE, "/offset: %s", bounds.text);
	return err->text;
}

/* The day of the last calibration there is, as a time: runs before it rest on that one. */
static int64_t since_us(const struct fx_channel *c)
{
	char utc[40];

	if (!c->calibration.done || strlen(c->calibration.done) < 10)
		return 0;
	snprintf(utc, sizeof(utc), "%.10sT00:00:00Z", c->calibration.done);
	return station_utc_of(utc);
}

static void write_record(struct calibration_job *q, const json_t *root, const struct bay *b,
			 const struct fx_channel *c, bool good)
{
	struct json *j = &q->json;
	char day[16];

	people_day(day, clock_utc_us());
	json_init(j, &q->data);
	json_open_object(j);
	json_kv_string(j, "rig", b->rig->fixture->name);
	json_kv_string(j, "bay", b->name);
	json_kv_int(j, "revision", c->calibration.revision + 1);
	form_put(j, calibration_form, root);
	json_kv_string(j, "as_found_result", good ? "within" : "out_of_tolerance");
	json_kv_string(j, "done", day);
	json_kv_string(j, "by", q->who);
	json_end_object(j);
	json_init(j, &q->reason);
	json_open_object(j);
	json_kv_string(j, "reason", "calibration");
	json_kv_string(j, "rig", b->rig->fixture->name);
	json_kv_string(j, "channel", c->name);
	json_kv_int(j, "revision", c->calibration.revision + 1);
	json_end_object(j);
}

/* What a shared channel is called by, whichever bay it was reached through. */
static const char *first_bay(const struct bay *b, const struct fx_channel *c)
{
	int i = 0;

	while (!(c->bays & (1u << i)))
		i++;
	return b->rig->fixture->bays[i].name;
}

static bool is_at_work(const struct station *s, const struct rig_link *r, uint32_t bays)
{
	for (int i = 0; i < r->fixture->bay_count; i++)
		if ((bays & (1u << i)) && s->bays[r->first_bay + i].session)
			return true;
	return false;
}

void route_calibrate(struct request *rq)
{
	struct bay *b = station_bay(rq->station, rq->msg.arg);
	struct calibration_job *q;
	const struct fx_channel *c;
	const char *wrong;
	struct error err;
	json_t *root;

	if (!b) {
		request_no_bay(rq, rq->msg.arg);
		return;
	}
	root = request_form(rq, calibration_form);
	if (!root)
		return;
	c = find_channel(b, json_text(root, "channel"));
	if (c && c->quantity == QUANTITY_STATE)
		c = NULL;
	wrong = mistake(rq, root, c, &err);
	if (wrong || is_at_work(rq->station, b->rig, c->bays)) {
		request_problem(rq, wrong ? 422 : 409, wrong ? "value" : "run_active", "%s",
				wrong ? wrong : "a run goes on with this channel; end it first");
		json_decref(root);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->job.work = calibrate_work;
	q->job.done = calibrate_done;
	q->rq = rq;
	text_copy(q->who, sizeof(q->who), rq->signer);
	text_copy(q->channel, sizeof(q->channel), c->name);
	snprintf(q->name, sizeof(q->name), "%s/%s/%s", b->rig->fixture->name, first_bay(b, c),
		 c->name);
	bool good = is_within(json_object_get(root, "as_found"),
			      json_number_value(json_object_get(root, "tolerance")));
	if (!good) {
		q->search.channel = q->channel;
		q->search.since_us = since_us(c);
		q->search.mark = true;
		for (int i = 0; i < b->rig->fixture->bay_count && q->search.bay_count < 32; i++)
			if (c->bays & (1u << i))
				q->search.bays[q->search.bay_count++] =
					b->rig->fixture->bays[i].name;
	}
	write_record(q, root, b, c, good);
	json_decref(root);
	q->rig = b->rig;
	q->rig->calibrating++;
	look(q->rig);
	station_write(rq->station, &q->job);
}

const char *calibration_overdue(const struct bay *b)
{
	const struct fixture *f = b->rig->fixture;

	for (int i = 0; i < f->channel_count; i++)
		if ((f->channels[i].bays & (1u << b->index)) &&
		    calibrate_state(&f->channels[i], clock_utc_us()) == CALIBRATION_LAPSED)
			return f->channels[i].name;
	return NULL;
}
