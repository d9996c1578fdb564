/* SPDX-License-Identifier: MIT
 *
 * What an approval says of passes of older revisions whose unit is still here, from the day on which
 * it comes into force:
 *	stand, listed	nothing (the reply to the approval lists them)
 *	retest		they are in doubt (`suspect`): only a new run releases
 *	rejudge		they are in doubt, and judged again under the new revision's limits, one after
 *			the other (run/rejudge.h); a pass (`rejudged`) lifts the doubt, all else keeps it
 * Marked by the writer at once, behind the record of a run that just ended.
 */
#include "approval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/rejudge.h"
#include "store/subject.h"

#define MODULE "profile"

struct passes_job {
	struct job job;
	struct station *station;
	int approval; /* index: they are never taken away */
	char profile[64], who[64], mark[65], reason[320];
	uint8_t hash[32];
	int64_t effective_us;
	bool judges, found;
	/* the next run that is to be judged again */
	struct run_row row;
	struct text doc, was;
	/* and what came of it */
	struct text data;
};

static void free_job(struct passes_job *q)
{
	text_release(&q->doc);
	text_release(&q->was);
	text_release(&q->data);
	free(q);
}

static bool failed(struct passes_job *q)
{
	if (!q->job.rc)
		return false;
	log_error(MODULE, "passes of %s: %s", q->profile, q->job.err.text);
	if (q->job.rc == ERR_STORE)
		station_store_failed(q->station, "passes of a profile", &q->job.err);
	q->station->approvals[q->approval].judging = false;
	free_job(q);
	return true;
}

static void next_run(struct station *s, int approval);

/* ---- judged again ---- */

static struct profile *bind(const struct passes_job *q, const char *bytes, size_t n,
			    const struct model *m, const struct bay *b)
{
	struct problems problems = {0};
	struct profile *p =
		profile_parse(q->profile, bytes, n, m, b->rig->fixture, b->index, &problems);

	problems_release(&problems);
	return p;
}

static enum verdict judge(const struct passes_job *q, struct json *list, char why[96])
{
	const struct approval *a = &q->station->approvals[q->approval];
	const struct model *m = library_model(&q->station->library, q->row.model);
	const struct bay *b = station_bay(q->station, q->row.bay);
	struct profile *was = NULL, *now = NULL;
	enum verdict v = VERDICT_INCONCLUSIVE;

	snprintf(why, 96, "model or bay of the run is not here any more: test again");
	if (m && b) {
		was = bind(q, q->was.buf, q->was.len, m, b);
		now = bind(q, a->bytes, a->size, m, b);
		snprintf(why, 96, "a revision does not fit the bay any more: test again");
	}
	if (was && now)
		v = rejudge(q->doc.buf ? q->doc.buf : "", q->doc.len, was, now, list, why);
	profile_free(was);
	profile_free(now);
	return v;
}

static void put_outcome(struct passes_job *q)
{
	const struct approval *a = &q->station->approvals[q->approval];
	struct text list = {0};
	char why[96] = "";
	struct json j, inside;
	enum verdict v;

	json_init(&inside, &list);
	json_open_array(&inside);
	v = judge(q, &inside, why);
	json_end_array(&inside);
	json_init(&j, &q->data);
	json_open_object(&j);
	json_kv_string(&j, "profile", q->profile);
	json_kv_int(&j, "revision", a->revision);
	json_kv_string(&j, "sha256", q->mark);
	json_kv_string(&j, "verdict", verdict_name(v));
	json_kv_string(&j, "why", why[0] ? why : NULL);
	json_key(&j, "measurements");
	json_put_raw(&j, list.buf, list.len);
	json_end_object(&j);
	text_release(&list);
	log_info(MODULE, "run=%s judged again under %s revision %d: %s", q->row.id, q->profile,
		 a->revision, verdict_name(v));
}

static void outcome_work(struct job *j, struct store *store)
{
	struct passes_job *q = (struct passes_job *)j;
	struct chain_item item = {.type = "rejudged",
				  .ticket = q->row.ticket,
				  .serial = q->row.serial,
				  .run = q->row.id,
				  .who = q->who,
				  .feed = true,
				  .data = q->data.buf,
				  .n = q->data.len};

	j->rc = store_chain_add(store, &item, clock_utc_us(), NULL, &j->err);
}

static void outcome_done(struct job *j)
{
	struct passes_job *q = (struct passes_job *)j;

	if (failed(q))
		return;
	next_run(q->station, q->approval);
	free_job(q);
}

static void next_work(struct job *j, struct store *store)
{
	struct passes_job *q = (struct passes_job *)j;

	j->rc = store_rejudge_next(store, q->reason, q->mark, &q->row, &q->doc, &q->was, &j->err);
	q->found = !j->rc;
	if (j->rc == ERR_NOT_FOUND)
		j->rc = 0;
}

static void next_done(struct job *j)
{
	struct passes_job *q = (struct passes_job *)j;

	if (failed(q))
		return;
	if (!q->found || q->station->stopping) {
		q->station->approvals[q->approval].judging = false;
		free_job(q);
		return;
	}
	put_outcome(q);
	q->job.work = outcome_work;
	q->job.done = outcome_done;
	station_write(q->station, &q->job);
}

/* ---- marked ---- */

static struct passes_job *passes_job(struct station *s, int approval)
{
	const struct approval *a = &s->approvals[approval];
	struct passes_job *q = xcalloc(1, sizeof(*q));

	q->station = s;
	q->approval = approval;
	q->judges = !strcmp(a->passes, "rejudge");
	q->effective_us = a->effective_us;
	memcpy(q->hash, a->hash, sizeof(q->hash));
	text_hex(q->mark, a->hash, sizeof(a->hash));
	text_copy(q->profile, sizeof(q->profile), a->profile);
	text_copy(q->who, sizeof(q->who), a->who);
	snprintf(q->reason, sizeof(q->reason),
		 "{\"reason\":\"profile_%s\",\"profile\":\"%s\",\"revision\":%d,\"sha256\":\"%s\"}",
		 a->passes, a->profile, a->revision, q->mark);
	return q;
}

static void next_run(struct station *s, int approval)
{
	struct passes_job *q = passes_job(s, approval);

	s->approvals[approval].judging = true;
	q->job.work = next_work;
	q->job.done = next_done;
	station_write(s, &q->job);
}

static void mark_work(struct job *j, struct store *store)
{
	struct passes_job *q = (struct passes_job *)j;
	struct suspect_search search = {.profile = q->profile,
					.except_hash = q->hash,
					.before_us = q->effective_us,
					.reason = q->reason,
					.once = q->reason,
					.mark = true};

	j->rc = store_suspects_mark(store, &search, q->who, clock_utc_us(), &j->err);
}

static void mark_done(struct job *j)
{
	struct passes_job *q = (struct passes_job *)j;
	struct station *s = q->station;

	if (failed(q))
		return;
	if (q->judges && !s->approvals[q->approval].judging && !s->stopping)
		next_run(s, q->approval);
	free_job(q);
}

static bool asks(const struct approval *a)
{
	return !strcmp(a->passes, "retest") || !strcmp(a->passes, "rejudge");
}

void passes_apply(struct station *s, const char *profile)
{
	int64_t now = clock_utc_us();

	for (int i = 0; i < s->approval_count; i++) {
		const struct approval *a = &s->approvals[i];
		struct passes_job *q;

		if (!asks(a) || a->effective_us > now || (profile && strcmp(profile, a->profile)))
			continue;
		q = passes_job(s, i);
		q->job.work = mark_work;
		q->job.done = mark_done;
		station_write(s, &q->job);
	}
}

void passes_tick(struct station *s)
{
	int64_t now = clock_utc_us();

	if (now < s->passes_at_us)
		return;
	s->passes_at_us = INT64_MAX;
	for (int i = 0; i < s->approval_count; i++)
		if (asks(&s->approvals[i]) && s->approvals[i].effective_us > now &&
		    s->approvals[i].effective_us < s->passes_at_us)
			s->passes_at_us = s->approvals[i].effective_us;
	passes_apply(s, NULL);
}
