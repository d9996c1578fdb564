/* SPDX-License-Identifier: MIT
 *
 * The station and its store: opening, jobs, audit, and what a failure of the disk means.
 */
#include "station/internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/station/approval.h"
#include "store/loss.h"
#include "ticket/recover.h"

#define MODULE "store"
enum { CROWDED = 64 }; /* of 4096 jobs */

void station_store_failed(struct station *s, const char *what, const struct error *err)
{
	if (s->store_failed)
		return;
	s->store_failed = true;
	log_error(MODULE,
		  "the record cannot be kept (%s: %s); every run is stopped, nothing new starts",
		  what, err && err->text[0] ? err->text : "no detail");
	text_copy(s->store_failure, sizeof(s->store_failure), what);
	s->exit_code = 74;
	/* This may be called out of an engine: the runs hear of it from the housekeeping, at once. */
	loop_set_timer(s->housekeeping, clock_mono_ns());
}

void station_write(struct station *s, struct job *j)
{
	if (!worker_submit(s->writer, j))
		return;
	struct error err = {0};
	error_set(&err, ERR_LIMIT, "too many records wait for the disk");
	j->rc = ERR_STORE;
	j->err = err;
	station_store_failed(s, "queue of the writer", &err);
	j->done(j);
}

bool station_is_crowded(const struct station *s)
{
	return worker_waiting(s->writer) > CROWDED;
}

void station_read(struct station *s, struct job *j)
{
	if (!worker_submit(s->reader, j))
		return;
	j->rc = error_set(&j->err, ERR_LIMIT, "too many queries wait; try again in a moment");
	j->done(j);
}

struct audit_job {
	struct job job;
	struct station *station;
	int64_t utc_us;
	char who[96], what[64];
	char *json;
};

static void audit_work(struct job *j, struct store *store)
{
	struct audit_job *a = (struct audit_job *)j;
	j->rc = store_audit(store, a->utc_us, a->who, a->what, a->json, &j->err);
}

static void audit_done(struct job *j)
{
	struct audit_job *a = (struct audit_job *)j;
	if (j->rc)
		station_store_failed(a->station, "audit", &j->err);
	free(a->json);
	free(a);
}

void station_audit(struct station *s, const char *who, const char *what, const char *json)
{
	struct audit_job *a = xcalloc(1, sizeof(*a));
	a->job.work = audit_work;
	a->job.done = audit_done;
	a->station = s;
	a->utc_us = clock_utc_us();
	text_copy(a->who, sizeof(a->who), who);
	text_copy(a->what, sizeof(a->what), what);
	a->json = xstrdup(json);
	station_write(s, &a->job);
}

/* ---- after an unclean stop: every page is looked at beside the work; release waits for it ---- */

struct check_job {
	struct job job;
	struct station *station;
};

static void check_work(struct job *j, struct store *store)
{
	j->rc = store_check(store, &j->err);
}

static void check_done(struct job *j)
{
	struct check_job *q = (struct check_job *)j;
	struct station *s = q->station;

	s->store_state = j->rc ? STORE_DAMAGED : STORE_GOOD;
	if (j->rc)
		log_error(MODULE,
			  "the database is damaged: %s; nothing is released; restore a backup",
			  j->err.text);
	else
		log_info(MODULE, "the database is whole");
	free(q);
}

static int check_after_crash(struct station *s, struct error *err)
{
	struct store *r = store_open_reader(s->options.state_dir, err);
	struct check_job *q;

	if (!r)
		return err->code;
	s->checker = worker_start(s->loop, r, false, err);
	if (!s->checker) {
		store_close(r);
		return err->code;
	}
	log_warning(MODULE, "the station was not stopped in order: the database is checked, "
			    "release answers wait for it");
	s->store_state = STORE_CHECKING;
	q = xcalloc(1, sizeof(*q));
	q->job.work = check_work;
	q->job.done = check_done;
	q->station = s;
	return worker_submit(s->checker, &q->job);
}

/* A lock that a run put on a bay outlives a restart: only a reset by a person ends it. */
static bool replay_lock(void *ctx, const char *who, const char *what, const char *json)
{
	struct station *s = ctx;
	struct error err = {0};
	json_t *o = json_load_limited(json, strlen(json), WEB_BODY_MAX, &err);
	const char *name = json_string_value(json_object_get(o, "bay"));
	const char *why = json_string_value(json_object_get(o, "reason"));
	struct bay *b = name ? station_bay(s, name) : NULL;

	if (b && !strcmp(what, "bay_reset"))
		b->locked[0] = 0;
	else if (b && !strcmp(who, "run"))
		text_copy(b->locked, sizeof(b->locked), why ? why : "a check of the rig failed");
	json_decref(o);
	return true;
}

int disk_open(struct station *s, int *exit_code, struct error *err)
{
	const char *dir = s->options.state_dir;
	int made = mkdir(dir, 0750);
	/* whatever the umask: the group reaches the sockets and the token in it */
	if (made ? errno != EEXIST : chmod(dir, 0750) != 0) {
		*exit_code = 74;
		return error_errno(err, "state folder %s", dir);
	}
	/* On a full disk the ballast goes first, so that the database opens. */
	(void)room_look(dir, &s->room, NULL);
	struct store *w = store_open(dir, clock_utc_us(), err);
	if (!w) {
		*exit_code = err->code == ERR_BUSY ? 75 : 74;
		return err->code;
	}
	bool clean = store_was_clean(w);
	struct loss_state loss = {.open = false};
	int closed = 0;
	int rc = store_loss_state(w, &loss, err);
	/* The end of a run that was open in the backup may come back yet. */
	if (!rc && !loss.open)
		rc = recover_interrupted(w, clock_utc_us(), "process_or_power_lost", &closed, err);
	if (rc) {
		store_close(w);
		*exit_code = 74;
		return err->code;
	}
	if (loss.open)
		log_warning(MODULE,
			    "records after item %lld were lost: nothing is released until they are "
			    "taken back; see benchctl import --help",
			    (long long)loss.after);
	if (closed)
		log_warning(MODULE, "%d run%s had been cut off and %s closed as interrupted",
			    closed, closed == 1 ? "" : "s", closed == 1 ? "is" : "are");
	*exit_code = 74;
	if (store_audit_list(w, "bay_locked", "bay_reset", replay_lock, s, err)) {
		store_close(w);
		return err->code;
	}
	if (people_load(s, w, err) || approvals_load(s, w, err) || calibrations_load(s, w, err) ||
	    devices_load(s, w, err) || outbox_load(s, w, err) || alerts_load(s, w, err)) {
		store_close(w);
		return err->code;
	}
	struct store *r = store_open_reader(dir, err);
	if (!r) {
		store_close(w);
		return err->code;
	}
	s->writer = worker_start(s->loop, w, true, err);
	if (!s->writer) {
		store_close(w);
		store_close(r);
		return err->code;
	}
	s->reader = worker_start(s->loop, r, false, err);
	if (!s->reader) {
		store_close(r);
		return err->code;
	}
	return clean ? 0 : check_after_crash(s, err);
}
