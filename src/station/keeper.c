/* SPDX-License-Identifier: MIT
 *
 * Copies in a second place: each finished run within a minute, the whole database on a timer. A thread of its own with
 * a reader of its own: neither the control loop nor the writer waits for the second disk.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backup.h"
#include "store/worker.h"

#define MODULE	 "backup"
#define LOOK_NS	 (20 * NS_PER_S)
#define AGAIN_NS (300 * NS_PER_S) /* after a backup that failed */
#define HOUR_US	 INT64_C(3600000000)

struct keeper_job {
	struct job job;
	struct station *station;
	const char *folder;
	int keep;
	bool make_backup;
	int64_t after, utc_us;
	int copied;
	struct backup_info made;
};

static void keeper_work(struct job *j, struct store *store)
{
	struct keeper_job *q = (struct keeper_job *)j;

	j->rc = store_copy_runs(store, q->folder, &q->after, &q->copied, &j->err);
	if (j->rc || !q->make_backup)
		return;
	j->rc = store_backup(store, q->folder, q->utc_us, &q->made, &j->err);
	if (!j->rc)
		j->rc = store_backup_prune(q->folder, q->keep, &j->err);
}

static void take_made(struct keeper *k, const struct backup_info *b)
{
	text_copy(k->name, sizeof(k->name), b->name);
	k->made_utc_us = b->made_utc_us;
	k->items = b->items;
	k->bytes = b->bytes;
}

static void keeper_done(struct job *j)
{
	struct keeper_job *q = (struct keeper_job *)j;
	struct station *s = q->station;
	struct keeper *k = &s->keeper;

	k->after = q->after;
	k->at_work = false;
	if (j->rc) {
		if (strcmp(k->problem, j->err.text) != 0)
			log_error(MODULE, "%s: %s", q->folder, j->err.text);
		text_copy(k->problem, sizeof(k->problem), j->err.text);
		if (q->make_backup)
			k->not_before_ns = clock_mono_ns() + AGAIN_NS;
	} else {
		k->problem[0] = 0;
		if (q->make_backup) {
			take_made(k, &q->made);
			log_info(MODULE, "%s/%s: verified, %lld items, %lld bytes", q->folder,
				 q->made.name, (long long)q->made.items, (long long)q->made.bytes);
		}
	}
	if (k->wanted && !s->stopping)
		loop_set_timer(k->timer, clock_mono_ns());
	free(q);
}

static void keeper_begin(struct station *s, bool make_backup)
{
	struct keeper_job *q = xcalloc(1, sizeof(*q));

	q->job.work = keeper_work;
	q->job.done = keeper_done;
	q->station = s;
	q->folder = s->options.backup_dir;
	q->keep = s->options.backup_keep;
	q->make_backup = make_backup;
	q->after = s->keeper.after;
	q->utc_us = clock_utc_us();
	s->keeper.at_work = true;
	if (!worker_submit(s->keeper.worker, &q->job))
		return;
	q->job.rc = error_set(&q->job.err, ERR_LIMIT, "too many backups wait");
	keeper_done(&q->job);
}

static void keeper_look(void *ctx)
{
	struct station *s = ctx;
	struct keeper *k = &s->keeper;
	int64_t age_us = clock_utc_us() - k->made_utc_us, now_ns = clock_mono_ns();
	/* a clock set back makes an age below 0: then one more backup does no harm */
	bool is_due = age_us < 0 || age_us >= s->options.backup_hours * HOUR_US;

	loop_set_timer(k->timer, now_ns + LOOK_NS);
	if (k->at_work || s->stopping)
		return;
	keeper_begin(s, k->wanted || (is_due && now_ns >= k->not_before_ns));
	k->wanted = false;
}

int keeper_start(struct station *s, struct error *err)
{
	struct keeper *k = &s->keeper;
	struct backup_info newest;
	struct store *r;

	if (!s->options.backup_dir)
		return 0;
	r = store_open_reader(s->options.state_dir, err);
	if (!r)
		return err->code;
	k->worker = worker_start(s->loop, r, false, err);
	if (!k->worker) {
		store_close(r);
		return err->code;
	}
	if (!store_backup_newest(s->options.backup_dir, &newest, NULL))
		take_made(k, &newest);
	k->timer = loop_add_timer(s->loop, keeper_look, s);
	loop_set_timer(k->timer, clock_mono_ns() + NS_PER_S);
	return 0;
}

void keeper_stop(struct station *s)
{
	if (s->keeper.worker)
		worker_stop(s->keeper.worker);
	s->keeper.worker = NULL;
}

bool keeper_state(struct station *s, char *dst, size_t size)
{
	struct keeper *k = &s->keeper;
	int64_t age_us = clock_utc_us() - k->made_utc_us;
	char utc[32];

	k->advice = "";
	if (!s->options.backup_dir) {
		snprintf(dst, size, "no copy is kept in a second place");
		k->advice = "start benchd with --backup FOLDER, on another disk";
		return false;
	}
	if (k->problem[0]) {
		snprintf(dst, size, "no backup now: %s", k->problem);
		k->advice = "see to that disk; the station tries again by itself";
		return false;
	}
	if (!k->made_utc_us) {
		snprintf(dst, size, "no backup yet");
		k->advice = "benchctl backup makes one now";
		return false;
	}
	snprintf(dst, size, "last backup %s, verified, %lld items",
		 text_from_utc_us(utc, sizeof(utc), k->made_utc_us), (long long)k->items);
	k->advice = "benchctl backup makes one now";
	return age_us < (s->options.backup_hours + 1) * HOUR_US;
}

static void write_backup(struct json *j, struct station *s)
{
	const struct keeper *k = &s->keeper;
	char utc[32];

	json_open_object(j);
	json_kv_string(j, "folder", s->options.backup_dir);
	json_kv_bool(j, "at_work", k->at_work || k->wanted);
	json_kv_string(j, "problem", k->problem[0] ? k->problem : NULL);
	json_key(j, "last");
	json_open_object(j);
	json_kv_string(j, "name", k->made_utc_us ? k->name : NULL);
	json_kv_string(j, "made_at",
		       k->made_utc_us ? text_from_utc_us(utc, sizeof(utc), k->made_utc_us) : NULL);
	json_kv_int(j, "items", k->items);
	json_kv_int(j, "bytes", k->bytes);
	json_end_object(j);
	json_end_object(j);
}

void route_backup(struct request *rq)
{
	route_reply(rq, write_backup);
}

/* It takes as long as the disks do: who asked looks at GET /backup until nothing is at work. */
void route_backup_make(struct request *rq)
{
	struct keeper *k = &rq->station->keeper;

	if (!k->worker) {
		request_problem(rq, 409, "no_backup_folder",
				"this station has no folder for backups; start benchd with "
				"--backup FOLDER, on another disk");
		return;
	}
	k->wanted = true;
	loop_set_timer(k->timer, clock_mono_ns());
	request_done(rq, 202, "state", "begun");
}
