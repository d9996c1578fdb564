/* SPDX-License-Identifier: MIT
 *
 * Once a day: what the depot does not keep for ever goes, by the rules of store/keep.h, and the chain says so. A
 * thread of its own with a reader of its own looks and removes; the writer records in between, a few at a time. While
 * the clock is not synchronised nothing goes.
 */
#include "src/station/prune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/keep.h"
#include "store/worker.h"

#define MODULE	 "prune"
#define FIRST_NS NS_PER_S
#define LOOK_NS	 (86400 * NS_PER_S)
#define AGAIN_NS (600 * NS_PER_S) /* the clock is not synchronised yet, or the disk did not do it */
#define DAY_US	 INT64_C(86400000000)
enum { FOUND_MAX = 256, AT_ONCE = 16 };

struct pruner {
	struct job job; /* one at a time: look, record ..., remove */
	struct station *station;
	struct worker *worker;
	struct loop_timer *timer;
	int64_t now_utc_us;
	struct keep_trace found[FOUND_MAX];
	int count, recorded;
	char feed_run[37]; /* the feed begins after the run before that one; "": as it did */
	char why[160];	   /* why nothing may go */
	/* the loop's: why nothing went the last time, "": nothing was in the way; the disk, not the rule */
	char told[160];
	bool failed;
};

static const char *rule(char dst[64], const char *option, int days)
{
	snprintf(dst, 64, "store.%s: %d", option, days);
	return dst;
}

static void look_work(struct job *j, struct store *store)
{
	struct pruner *p = (struct pruner *)j;
	const struct station_options *o = &p->station->options;
	int64_t line = 0, feed = 0;
	char run[37];

	p->count = p->recorded = 0;
	p->feed_run[0] = p->why[0] = '\0';
	j->rc = 0;
	if (o->keep_traces_days)
		j->rc = store_keep_line(store, p->now_utc_us, o->keep_traces_days * DAY_US, &line,
					run, p->why, &j->err);
	if (!j->rc && line)
		j->rc = store_keep_find(store, line, p->found, FOUND_MAX, &p->count, &j->err);
	if (!j->rc && o->keep_feed_days)
		j->rc = store_keep_line(store, p->now_utc_us, o->keep_feed_days * DAY_US, &feed,
					p->feed_run, p->why[0] ? NULL : p->why, &j->err);
}

static void record_work(struct job *j, struct store *store)
{
	struct pruner *p = (struct pruner *)j;
	const struct station_options *o = &p->station->options;
	int n = p->count - p->recorded < AT_ONCE ? p->count - p->recorded : AT_ONCE;
	char text[64];

	j->rc = 0;
	if (p->feed_run[0])
		j->rc = store_feed_prune(store, p->feed_run,
					 rule(text, "keep_feed_days", o->keep_feed_days),
					 p->now_utc_us, &j->err);
	p->feed_run[0] = '\0';
	if (!j->rc && n)
		j->rc = store_keep_record(store, p->found + p->recorded, n,
					  rule(text, "keep_traces_days", o->keep_traces_days),
					  p->now_utc_us, &j->err);
	p->recorded += n;
}

static void remove_work(struct job *j, struct store *store)
{
	struct pruner *p = (struct pruner *)j;

	j->rc = store_keep_remove(store, p->found, p->recorded, &j->err);
}

static void look_again(struct pruner *p, int64_t after_ns)
{
	if (p->worker)
		loop_set_timer(p->timer, clock_mono_ns() + after_ns);
}

static void remove_done(struct job *j)
{
	struct pruner *p = (struct pruner *)j;
	int went = 0;

	for (int i = 0; i < p->recorded; i++)
		went += p->found[i].go;
	p->failed = j->rc;
	if (j->rc) {
		text_copy(p->told, sizeof(p->told), j->err.text);
		log_error(MODULE, "traces that are recorded as pruned are still there: %s",
			  j->err.text);
	} else if (went)
		log_info(MODULE, "%d trace%s older than %d days went", went, went == 1 ? "" : "s",
			 p->station->options.keep_traces_days);
	look_again(p, j->rc ? AGAIN_NS : p->count == FOUND_MAX && went ? FIRST_NS : LOOK_NS);
}

static void submit(struct pruner *p, void (*work)(struct job *, struct store *),
		   void (*done)(struct job *))
{
	p->job.work = work;
	p->job.done = done;
	if (!p->worker || !worker_submit(p->worker, &p->job))
		return;
	log_error(MODULE, "too much waits");
	look_again(p, AGAIN_NS);
}

static void record(struct pruner *p);

static void record_done(struct job *j)
{
	struct pruner *p = (struct pruner *)j;

	if (j->rc)
		station_store_failed(p->station, "what is pruned", &j->err);
	else if (p->recorded < p->count && p->worker)
		record(p);
	else
		submit(p, remove_work, remove_done);
}

static void record(struct pruner *p)
{
	p->job.work = record_work;
	p->job.done = record_done;
	station_write(p->station, &p->job);
}

static void look_done(struct job *j)
{
	struct pruner *p = (struct pruner *)j;

	p->failed = j->rc;
	if (j->rc) {
		text_copy(p->told, sizeof(p->told), j->err.text);
		log_error(MODULE, "nothing is pruned now: %s", j->err.text);
		look_again(p, AGAIN_NS);
		return;
	}
	if (p->why[0] && strcmp(p->why, p->told) != 0)
		log_warning(MODULE, "nothing is pruned: %s", p->why);
	memcpy(p->told, p->why, sizeof(p->told));
	if ((p->count || p->feed_run[0]) && p->worker && !p->station->stopping)
		record(p);
	else
		look_again(p, LOOK_NS);
}

static void look(void *ctx)
{
	static const char unsynced[] = "the clock is not synchronised";
	struct pruner *p = ctx;

	if (p->station->stopping)
		return;
	if (!clock_is_synced()) {
		if (strcmp(p->told, unsynced) != 0)
			log_info(MODULE, "nothing is pruned: %s", unsynced);
		memcpy(p->told, unsynced, sizeof(unsynced));
		look_again(p, AGAIN_NS);
		return;
	}
	p->now_utc_us = clock_utc_us();
	submit(p, look_work, look_done);
}

const char *prune_state(const struct station *s, char *text, size_t size, const char **advice)
{
	const struct pruner *p = s->pruner;

	*advice = "";
	if (!p)
		return NULL;
	if (!p->told[0]) {
		if (s->options.keep_traces_days)
			snprintf(text, size, "traces are kept %d days",
				 s->options.keep_traces_days);
		else
			snprintf(text, size, "traces are kept for good");
		return "ok";
	}
	snprintf(text, size, "nothing is pruned: %s", p->told);
	*advice = p->failed
			  ? "see to the disk of the state folder; the station tries again by itself"
			  : "traces stay until the records show it; keep the disk's room in view";
	return "warning";
}

void prune_show(struct json *j, int64_t utc_us, const struct text *item)
{
	char utc[32];

	json_kv_string(j, "pruned_at", text_from_utc_us(utc, sizeof(utc), utc_us));
	json_key(j, "pruned");
	json_put_raw(j, item->buf, item->len);
}

int prune_start(struct station *s, struct error *err)
{
	struct pruner *p;
	struct store *r;

	if (!s->options.keep_traces_days && !s->options.keep_feed_days)
		return 0;
	r = store_open_reader(s->options.state_dir, err);
	if (!r)
		return err->code;
	p = s->pruner = xcalloc(1, sizeof(*p));
	p->station = s;
	p->worker = worker_start(s->loop, r, false, err);
	if (!p->worker) {
		store_close(r);
		return err->code;
	}
	p->timer = loop_add_timer(s->loop, look, p);
	look_again(p, FIRST_NS);
	return 0;
}

void prune_stop(struct station *s)
{
	struct worker *w = s->pruner ? s->pruner->worker : NULL;

	if (!w)
		return;
	loop_remove_timer(s->pruner->timer);
	s->pruner->worker = NULL; /* what is recorded and still there goes after the next start */
	worker_stop(w);
}

void prune_free(struct station *s)
{
	free(s->pruner);
	s->pruner = NULL;
}
