/* SPDX-License-Identifier: MIT
 *
 * Approved revisions of profiles: what release-relevant runs use, whatever the file says meanwhile.
 * A profile is submitted by one person and approved by another, from a day on, with a word about
 * the passes that have not left yet.
 */
#include "approval.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/subject.h"
#include "ticket/form.h"

#define MODULE "profile"

static bool approval_hash(const char *hex, uint8_t hash[32])
{
	struct access_token t;

	if (!token_take_hash(&t, hex))
		return false;
	memcpy(hash, t.hash, 32);
	return true;
}

/* "2026-11-22T08:00:00Z" in UTC microseconds; the form has been checked. */
int64_t station_utc_of(const char *s)
{
	int year, month, day, hour, minute, second;

	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) !=
	    6)
		return 0;
	/* Days since 1970-01-01 of the proleptic Gregorian calendar (Hinnant, days_from_civil). */
	year -= month <= 2;
	int64_t era = year / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;

	return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000;
}

/* Where it goes: a revision approved once more takes the place it has. */
static struct approval *place_of(struct station *s, const struct approval *a)
{
	for (int i = 0; i < s->approval_count; i++) {
		struct approval *old = &s->approvals[i];

		if (strcmp(old->profile, a->profile) || memcmp(old->hash, a->hash, 32))
			continue;
		free(old->bytes);
		profile_free(old->header);
		return old;
	}
	s->approvals =
		xrealloc(s->approvals, (size_t)(s->approval_count + 1) * sizeof(*s->approvals));
	return &s->approvals[s->approval_count++];
}

static void keep(struct station *s, const char *data, int64_t approved_us, struct text *bytes)
{
	json_t *o = json_load_limited(data, strlen(data), WEB_BODY_MAX, NULL);
	struct approval a = {.approved_us = approved_us};

	text_copy(a.profile, sizeof(a.profile), json_text(o, "profile"));
	text_copy(a.who, sizeof(a.who), json_text(o, "approved_by"));
	text_copy(a.passes, sizeof(a.passes), json_text(o, "passes"));
	a.revision = (int)json_integer_value(json_object_get(o, "revision"));
	a.effective_us = station_utc_of(json_text(o, "effective_at"));
	if (approval_hash(json_text(o, "sha256"), a.hash)) {
		a.size = bytes->len;
		a.bytes = bytes->buf;
		bytes->buf = NULL;
		*place_of(s, &a) = a;
	}
	json_decref(o);
	text_release(bytes);
}

struct loader {
	struct station *s;
	struct store *store;
};

static bool load_one(void *ctx, const struct subject_row *row)
{
	struct loader *l = ctx;
	struct text bytes = {0};
	struct error err = {0};
	uint8_t hash[32];

	if (!approval_hash(row->name, hash) || store_profile_bytes(l->store, hash, &bytes, &err))
		log_error(MODULE, "approval %.16s: %s", row->name, err.text);
	else
		keep(l->s, row->data, row->utc_us, &bytes);
	return true;
}

int approvals_load(struct station *s, struct store *store, struct error *err)
{
	struct loader l = {s, store};

	return store_subject_list(store, "approval", load_one, &l, err);
}

void approvals_free(struct station *s)
{
	for (int i = 0; i < s->approval_count; i++) {
		free(s->approvals[i].bytes);
		profile_free(s->approvals[i].header);
	}
	free(s->approvals);
}

/* The one in force now: the latest that has become effective. */
static struct approval *in_force(const struct station *s, const char *profile)
{
	struct approval *best = NULL;
	int64_t now = clock_utc_us();

	for (int i = 0; i < s->approval_count; i++) {
		struct approval *a = &s->approvals[i];

		if (strcmp(a->profile, profile) != 0 || a->effective_us > now)
			continue;
		if (!best || a->effective_us > best->effective_us ||
		    (a->effective_us == best->effective_us && a->approved_us >= best->approved_us))
			best = a;
	}
	return best;
}

bool approval_covers(const struct station *s, const char *profile, const uint8_t hash[32])
{
	const struct approval *a = in_force(s, profile);

	return a && memcmp(a->hash, hash, 32) == 0;
}

const char *approval_state(const struct station *s, const struct library_entry *e)
{
	const struct approval *a = in_force(s, e->id);
	uint8_t hash[32];

	text_sha256(hash, e->bytes, e->size);
	if (!a)
		return "unapproved";
	return memcmp(a->hash, hash, 32) == 0 ? "approved" : "draft";
}

/* Parsed when it is asked for first: most of a depot's approvals never are. */
static const struct profile *header_of(struct approval *a)
{
	struct problems problems = {0};

	if (!a->header)
		a->header = profile_parse(a->profile, a->bytes, a->size, NULL, NULL, 0, &problems);
	problems_release(&problems);
	return a->header;
}

const struct profile *approval_revision(const struct station *s, const struct library_entry *e,
					enum run_type type, const char **bytes, size_t *size)
{
	bool decides = type == RUN_POST_REPAIR_QC || type == RUN_TRIAL_RUN ||
		       type == RUN_ACCEPTANCE;
	struct approval *a = decides ? in_force(s, e->id) : NULL;

	*bytes = a ? a->bytes : e->bytes;
	*size = a ? a->size : e->size;
	return a ? header_of(a) : e->profile;
}

/* ---- submit ---- */

struct approval_job {
	struct job job;
	struct request *rq;
	char profile[64], who[64], passes[16], effective_at[32];
	bool as_deputy;	 /* 代理 */
	json_t *adopted; /* names of measurements whose assumed limits stand from now on, or NULL */
	char *bytes;
	size_t size;
	int revision;
	uint8_t hash[32];
	struct text data, stored;
	struct json json;
	int64_t utc_us;
};

static struct approval_job *approval_job(struct request *rq,
					 void (*work)(struct job *, struct store *),
					 void (*done)(struct job *))
{
	struct approval_job *q = xcalloc(1, sizeof(*q));

	q->job.work = work;
	q->job.done = done;
	q->rq = rq;
	q->utc_us = clock_utc_us();
	text_copy(q->profile, sizeof(q->profile), rq->msg.arg);
	text_copy(q->who, sizeof(q->who), rq->signer);
	return q;
}

static void approval_end(struct approval_job *q, int status)
{
	int rc = q->job.rc;

	if (rc == ERR_STATE || rc == ERR_NOT_FOUND)
		request_problem(q->rq, 409, error_name(rc), "%s", q->job.err.text);
	else
		request_end(q->rq, &q->job, status, "", &q->data, "an approval");
	text_release(&q->data);
	text_release(&q->stored);
	json_decref(q->adopted);
	free(q->bytes);
	free(q);
}

static void put_revision(struct approval_job *q)
{
	char hex[65];

	text_hex(hex, q->hash, 32);
	json_init(&q->json, &q->data);
	json_open_object(&q->json);
	json_kv_string(&q->json, "profile", q->profile);
	json_kv_int(&q->json, "revision", q->revision);
	json_kv_string(&q->json, "sha256", hex);
}

static int do_submit(void *ctx, struct store *store, struct error *err)
{
	struct approval_job *q = ctx;
	struct chain_item item = {.type = "profile_submitted", .who = q->who};
	int rc;

	put_revision(q);
	json_kv_string(&q->json, "submitted_by", q->who);
	json_end_object(&q->json);
	item.data = q->data.buf;
	item.n = q->data.len;
	rc = store_profile_submit(store, q->hash, q->bytes, q->size, q->profile, &item, q->utc_us,
				  err);
	return rc ? rc : once_keep(&q->rq->once, store, 201, &q->data, err);
}

static void submit_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_submit, j, &j->err);
}

static void submit_done(struct job *j)
{
	approval_end((struct approval_job *)j, 201);
}

static const struct library_entry *need_entry(struct request *rq)
{
	struct library *lib = &rq->station->library;

	for (int i = 0; i < lib->entry_count; i++) {
		if (strcmp(lib->entries[i].id, rq->msg.arg) != 0)
			continue;
		if (!lib->entries[i].broken)
			return &lib->entries[i];
		request_problem(rq, 409, "profile_broken",
				"profile %s is broken; see: benchctl profile list",
				lib->entries[i].id);
		return NULL;
	}
	request_problem(rq, 404, "not_found",
			"there is no profile \"%s\"; see: benchctl profile list", rq->msg.arg);
	return NULL;
}

void route_profile_submit(struct request *rq)
{
	const struct library_entry *e = need_entry(rq);
	struct approval_job *q;

	if (!e)
		return;
	q = approval_job(rq, submit_work, submit_done);
	q->revision = e->profile->revision;
	q->size = e->size;
	q->bytes = xcalloc(1, e->size + 1);
	memcpy(q->bytes, e->bytes, e->size);
	text_sha256(q->hash, q->bytes, q->size);
	station_write(rq->station, &q->job);
}

/* ---- approve ---- */

static void put_affected(void *ctx, const struct run_row *r)
{
	struct approval_job *q = ctx;

	json_open_object(&q->json);
	json_kv_string(&q->json, "run", r->id);
	json_kv_string(&q->json, "ticket", r->ticket);
	json_kv_string(&q->json, "serial", r->serial);
	json_end_object(&q->json);
}

/* What was submitted, into q; an error when there is nothing, or by the same person. */
static int take_submission(struct approval_job *q, struct store *store, struct error *err)
{
	struct text t = {0};
	int rc = store_subject_get(store, "submission", q->profile, &t, err);
	json_t *o = rc ? NULL : json_load_limited(t.buf, t.len, WEB_BODY_MAX, err);

	if (rc == ERR_NOT_FOUND)
		rc = error_set(err, ERR_STATE,
			       "profile %s: nothing is submitted; see: benchctl "
			       "profile submit",
			       q->profile);
	else if (!rc && !approval_hash(json_text(o, "sha256"), q->hash))
		rc = error_set(err, ERR_STATE, "profile %s: its submission is not read",
			       q->profile);
	else if (!rc && !strcmp(json_text(o, "submitted_by"), q->who))
		rc = error_set(err, ERR_STATE, "%s submitted this; another person approves it",
			       q->who);
	if (!rc) {
		q->revision = (int)json_integer_value(json_object_get(o, "revision"));
		rc = store_profile_bytes(store, q->hash, &q->stored, err);
	}
	json_decref(o);
	text_release(&t);
	return rc;
}

/* Names that the revision does not have adopt nothing. */
static int check_adopted(const struct approval_job *q, struct error *err)
{
	struct problems problems = {0};
	struct profile *p =
		profile_parse(q->profile, q->stored.buf, q->stored.len, NULL, NULL, 0, &problems);
	const json_t *one;
	int rc = 0;
	size_t i;

	json_array_foreach(q->adopted, i, one)
	{
		bool found = false;

		for (int m = 0; p && m < p->measurement_count; m++)
			found = found || !strcmp(p->measurements[m].id, json_string_value(one));
		if (!found && !rc)
			rc = error_set(err, ERR_RANGE,
				       "/adopt/%zu: revision %d of %s has no measurement \"%s\"", i,
				       q->revision, q->profile, json_string_value(one));
	}
	profile_free(p);
	problems_release(&problems);
	return rc;
}

static void put_adopted(struct approval_job *q)
{
	const json_t *one;
	size_t i;

	json_key(&q->json, "adopted");
	json_open_array(&q->json);
	json_array_foreach(q->adopted, i, one)
	{
		json_put_string(&q->json, json_string_value(one));
	}
	json_end_array(&q->json);
}

static int do_approve(void *ctx, struct store *store, struct error *err)
{
	struct approval_job *q = ctx;
	struct suspect_search search = {.profile = q->profile};
	struct chain_item item = {.type = "profile_approved", .who = q->who};
	int rc = take_submission(q, store, err);
	struct text data = {0};
	char hex[65];

	if (!rc)
		rc = check_adopted(q, err);
	if (rc)
		return rc;
	put_revision(q);
	text_hex(hex, q->hash, 32);
	json_kv_string(&q->json, "approved_by", q->who);
	json_kv_bool(&q->json, "as_deputy", q->as_deputy);
	put_adopted(q);
	json_kv_string(&q->json, "effective_at", q->effective_at);
	json_kv_string(&q->json, "passes", q->passes);
	/* The item ends here; the reply tells more: which passes are meant. */
	text_add(&data, q->data.buf, q->data.len);
	text_add(&data, "}", 1);
	item.data = data.buf;
	item.n = data.len;
	search.except_hash = q->hash;
	json_key(&q->json, "affected");
	json_open_array(&q->json);
	rc = store_subject_put_suspects(store, "approval", hex, &item, &search, q->utc_us,
					put_affected, q, err);
	json_end_array(&q->json);
	json_end_object(&q->json);
	text_release(&data);
	return rc ? rc : once_keep(&q->rq->once, store, 201, &q->data, err);
}

static void approve_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_approve, j, &j->err);
}

static void approve_done(struct job *j)
{
	struct approval_job *q = (struct approval_job *)j;

	struct station *s = q->rq->station;

	if (!j->rc) {
		keep(s, q->data.buf, q->utc_us, &q->stored);
		s->passes_at_us = 0; /* the housekeeping looks when it comes into force */
		passes_apply(s, q->profile);
	}
	approval_end(q, 201);
}

/* A deputy (代理) is who signs here without being admin. */
static bool is_supervisor(const struct request *rq)
{
	return (rq->signer_roles & PEOPLE_SUPERVISOR) || !(rq->signer_roles & PEOPLE_ADMIN);
}

void route_profile_approve(struct request *rq)
{
	static const char *const passes[] = {"stand", "rejudge", "retest", "listed", NULL};
	static const struct form_field fields[] = {
		{.name = "effective_at", .kind = FORM_UTC},
		{.name = "passes", .kind = FORM_WORD, .words = passes},
		{.name = "adopt", .kind = FORM_CODES, .hi = 64},
		{.name = NULL},
	};
	struct approval_job *q;
	char utc[32];
	json_t *root = request_form(rq, fields);

	if (!root)
		return;
	if (json_array_size(json_object_get(root, "adopt")) && !is_supervisor(rq)) {
		json_decref(root);
		request_problem(rq, 403, "role_missing",
				"/adopt: assumed limits are adopted by a supervisor or a deputy");
		return;
	}
	q = approval_job(rq, approve_work, approve_done);
	q->as_deputy = !(rq->signer_roles & (PEOPLE_SUPERVISOR | PEOPLE_ADMIN));
	q->adopted = json_incref(json_object_get(root, "adopt"));
	text_from_utc_us(utc, sizeof(utc), q->utc_us - q->utc_us % 1000000);
	snprintf(q->effective_at, sizeof(q->effective_at), "%.19sZ", utc);
	if (json_text(root, "effective_at")[0])
		text_copy(q->effective_at, sizeof(q->effective_at),
			  json_text(root, "effective_at"));
	text_copy(q->passes, sizeof(q->passes),
		  json_text(root, "passes")[0] ? json_text(root, "passes") : "stand");
	json_decref(root);
	station_write(rq->station, &q->job);
}
