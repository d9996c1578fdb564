/* SPDX-License-Identifier: MIT
 *
 * From a request to the check of the bay: ticket, model, profile, identity.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/station/approval.h"
#include "run/calibrate.h"

#define MODULE "run"

struct lookup_job {
	struct job job;
	struct bay *bay;
	struct session_order order;
	struct ticket ticket;
	struct run_facts facts;
	int attempts;
};

static void lookup_work(struct job *j, struct store *store)
{
	struct lookup_job *q = (struct lookup_job *)j;
	j->rc = store_ticket_get(store, q->order.ticket, &q->ticket, &j->err);
	if (!j->rc)
		j->rc = store_run_attempts(store, q->order.ticket, q->order.run_type, &q->attempts,
					   &j->err);
}

static void refuse(struct bay *b, int status, const char *code, const char *text)
{
	struct request *rq = b->starter;
	b->starter = NULL;
	if (rq)
		request_problem(rq, status, code, "%s", text);
	session_refuse(b->session, code, text, station_now(b->station));
}

/* The profile asked for, or the one releasable profile of that run type for that model. */
static const struct library_entry *choose_profile(const struct lookup_job *q,
						  const struct model *model, struct profile **out,
						  struct error *err)
{
	const struct session_order *o = &q->order;
	const struct bay *b = q->bay;
	struct station *s = b->station;
	const struct library_entry *found = NULL;
	struct error misfit = {0};
	*out = NULL;
	for (int i = 0; i < s->library.entry_count; i++) {
		const struct library_entry *e = &s->library.entries[i];
		if (o->profile[0] ? strcmp(e->id, o->profile) != 0 : e->broken)
			continue;
		if (e->broken) {
			error_set(err, ERR_CONFIG,
				  "profile %s is broken; see: benchctl profile list", e->id);
			return NULL;
		}
		struct problems problems = {0};
		const char *bytes;
		size_t size;
		const struct profile *h = approval_revision(s, e, q->facts.type, &bytes, &size);
		bool fits = h && profile_covers(h, model, q->facts.type) &&
			    (o->profile[0] || h->releasable);
		if (!fits && !o->profile[0])
			continue;
		if (!fits && h) {
			error_set(err, ERR_CONFIG, "profile %s is not for model %s and run type %s",
				  e->id, model->code, run_type_name(q->facts.type));
			return NULL;
		}
		struct profile *p = profile_parse(e->path, bytes, size, model, b->rig->fixture,
						  b->index, &problems);
		if (!p && !misfit.code)
			error_set(&misfit, ERR_CONFIG, "profile %s does not fit bay %s: %s", e->id,
				  b->name,
				  problems.count ? problems.at[0].text
						 : "see benchctl profile check");
		problems_release(&problems);
		if (!p)
			continue;
		if (found) {
			profile_free(p);
			profile_free(*out);
			*out = NULL;
			error_set(err, ERR_CONFIG,
				  "two profiles fit (%s, %s); name one with --profile", found->id,
				  e->id);
			return NULL;
		}
		found = e;
		*out = p;
	}
	if (!found && misfit.code)
		*err = misfit;
	else if (!found)
		error_set(
			err, ERR_NOT_FOUND,
			o->profile[0]
				? "there is no profile %s; see: benchctl profile list"
				: "no releasable profile for this model and run type%s; see: benchctl profile list",
			o->profile);
	return found;
}

static int check_identity(struct lookup_job *q, const struct model **model, struct error *err)
{
	const struct session_order *o = &q->order;
	const struct ticket *t = &q->ticket;
	*model = library_model(&q->bay->station->library, t->model);
	if (!*model)
		return error_set(err, ERR_NOT_FOUND,
				 "ticket %s is for model %s, which this station does not know; "
				 "add profiles/models/%s.yaml",
				 t->id, t->model, t->model);
	if (model_check_serial(*model, t->serial, err))
		return err->code;
	if (o->serial[0] && strcmp(o->serial, t->serial))
		return error_set(
			err, ERR_CONFLICT,
			"the unit's serial %s is not that of ticket %s (%s): wrong unit or "
			"wrong ticket",
			o->serial, t->id, t->serial);
	q->facts.type = (enum run_type)run_type_find(o->run_type);
	if (!q->facts.type)
		return error_set(
			err, ERR_USAGE,
			"\"%s\" is no run type; one of incoming, diagnosis, post_repair_qc, "
			"trial_run, acceptance, part_qc, verification, msa",
			o->run_type);
	return 0;
}

/* May whoever starts it make runs of this type on this class? */
static const char *operator_state(const struct lookup_job *q, const char *class_name)
{
	const struct person *p = registry_person(q->bay->station->registry, q->order.person);
	char day[16];

	people_day(day, clock_utc_us());
	if (!p)
		return "unknown";
	return person_is_qualified(p, q->facts.type, class_name, day) ? "qualified" : "unqualified";
}

static bool counts_for_release(const struct lookup_job *q)
{
	return (q->facts.type == RUN_POST_REPAIR_QC || q->facts.type == RUN_TRIAL_RUN) &&
	       q->bay->profile->releasable;
}

/* Where the depot wants it so, nobody unqualified starts a run that could release. */
static bool is_blocked(const struct lookup_job *q, const struct model *model, char *why,
		       size_t size)
{
	const struct bay *b = q->bay;

	if (!b->station->options.block_unqualified || !counts_for_release(q) ||
	    !strcmp(operator_state(q, model->class_name), "qualified"))
		return false;
	snprintf(why, size, "%s is not qualified for %s on %s (people.unqualified: block)",
		 q->order.person[0] ? q->order.person : "nobody known",
		 run_type_name(q->facts.type), model->class_name);
	return true;
}

static void fill_facts(struct lookup_job *q)
{
	struct bay *b = q->bay;
	const struct session_order *o = &q->order;
	const struct ticket *t = &q->ticket;
	const struct station *s = b->station;
	struct run_facts *f = &q->facts;
	text_uuid(f->id);
	text_copy(f->ticket, sizeof(f->ticket), t->id);
	text_copy(f->serial, sizeof(f->serial), t->serial);
	text_copy(f->model, sizeof(f->model), t->model);
	text_copy(f->bay, sizeof(f->bay), b->name);
	text_copy(f->rig, sizeof(f->rig), b->rig->fixture->name);
	text_copy(f->station, sizeof(f->station), s->name);
	text_copy(f->operator_name, sizeof(f->operator_name), o->operator_name);
	text_copy(f->serial_from, sizeof(f->serial_from), o->serial[0] ? o->serial_from : "prompt");
	text_copy(f->operator_state, sizeof(f->operator_state),
		  operator_state(q, b->profile->model->class_name));
	f->profile = b->profile;
	memcpy(f->fixture_hash, b->rig->fixture->hash, 32);
	devices_json(b, &b->devices);
	f->devices = b->devices.buf;
	f->simulated = b->rig->simulated;
	f->speed = s->scale.speed;
	f->unapproved = !approval_covers(s, b->profile->id, b->profile->hash);
	f->utc_synced = clock_is_synced();
	f->utc_not_before_us = calibrate_build_utc_us();
	memcpy(f->boot_id, s->boot_id, sizeof(f->boot_id));
	f->attempt_no = q->attempts + 1;
	f->repair_seq = t->repair_seq;
	text_copy(f->software, sizeof(f->software), "benchd " BENCHD_VERSION);
}

static bool scans_serial(const struct profile *p)
{
	for (int i = 0; i < p->step_count; i++)
		for (int k = 0; k < p->steps[i].action_count; k++) {
			const struct pf_action *a = &p->steps[i].actions[k];

			if (a->kind == PF_PROMPT && a->prompt->kind == PROMPT_SCAN_SERIAL)
				return true;
		}
	return false;
}

/* One unit is on one bay: is this ticket or serial at work on another? */
static bool busy_with(const struct bay *b, const struct ticket *t, char *why, size_t size)
{
	const struct station *s = b->station;

	for (int i = 0; i < s->bay_count; i++) {
		const struct session *o = s->bays[i].session;

		if (!o || &s->bays[i] == b ||
		    (strcmp(o->facts.ticket, t->id) != 0 &&
		     strcmp(o->facts.serial, t->serial) != 0))
			continue;
		snprintf(why, size, "ticket %s, serial %s is under test on bay %s (operator %s)",
			 o->facts.ticket, t->serial, s->bays[i].name, o->facts.operator_name);
		return true;
	}
	return false;
}

static int problem_status(int code)
{
	return code == ERR_NOT_FOUND ? 404 : code == ERR_CONFLICT || code == ERR_STATE ? 409 : 422;
}

static void lookup_done(struct job *j)
{
	struct lookup_job *q = (struct lookup_job *)j;
	struct bay *b = q->bay;
	struct error err = j->err;
	const struct model *model = NULL;
	char why[256];
	if (j->rc == ERR_NOT_FOUND)
		snprintf(err.text, sizeof(err.text),
			 "there is no ticket \"%s\"; add it with: benchctl ticket add %s "
			 "--serial ... --model ...",
			 q->order.ticket, q->order.ticket);
	if (j->rc || check_identity(q, &model, &err) ||
	    !choose_profile(q, model, &b->profile, &err)) {
		refuse(b, problem_status(err.code), error_name(err.code), err.text);
	} else if (!q->order.serial[0] && !scans_serial(b->profile)) {
		refuse(b, 422, "serial_needed",
		       "name the serial from the unit's plate (--serial), or scan it at "
		       "the bay: this profile does not ask for it");
	} else if (busy_with(b, &q->ticket, why, sizeof(why))) {
		refuse(b, 409, "run_active", why);
	} else if (counts_for_release(q) && calibration_overdue(b)) {
		snprintf(why, sizeof(why),
			 "the calibration of %s has lapsed; a diagnosis may run, this run may not",
			 calibration_overdue(b));
		refuse(b, 409, "calibration_overdue", why);
	} else if (is_blocked(q, model, why, sizeof(why))) {
		refuse(b, 403, "unqualified", why);
	} else if (!bay_is_usable(b, why, sizeof(why))) {
		refuse(b, 409, "bay_not_ready", why);
	} else {
		fill_facts(q);
		session_check(b->session, &q->facts, station_now(b->station));
	}
	free(q);
}

void session_request(struct bay *b, const struct session_order *o, struct request *rq)
{
	struct station *s = b->station;
	char why[256];
	if (s->stopping || s->store_failed) {
		request_problem(rq, 503, "stopping",
				"the station is stopping; start it again first");
		return;
	}
	if (b->session) {
		request_problem(rq, 409, "run_active",
				"bay %s is busy with ticket %s (run %s, operator %s)", b->name,
				b->session->facts.ticket, b->session->facts.id,
				b->session->facts.operator_name);
		return;
	}
	if (!bay_is_usable(b, why, sizeof(why))) {
		request_problem(rq, 409, "bay_not_ready", "%s", why);
		return;
	}
	struct lookup_job *q = xcalloc(1, sizeof(*q));
	q->job.work = lookup_work;
	q->job.done = lookup_done;
	q->bay = b;
	q->order = *o;
	if (!q->order.run_type[0])
		text_copy(q->order.run_type, sizeof(q->order.run_type), "post_repair_qc");
	text_copy(q->facts.ticket, sizeof(q->facts.ticket), o->ticket);
	text_copy(q->facts.operator_name, sizeof(q->facts.operator_name), o->operator_name);
	bay_prepare(b, &q->facts, rq);
	station_read(s, &q->job);
	loop_set_timer(b->tick, clock_mono_ns() + NS_PER_S);
}
