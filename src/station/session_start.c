/* SPDX-License-Identifier: MIT
 *
 * From a request to the check of the bay: ticket, model, profile, identity.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/calibrate.h"

#define MODULE "run"

struct lookup_job {
	struct job job;
	struct session *z;
	struct session_order order;
	struct ticket ticket;
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

void session_refuse(struct session *z, int status, const char *code, const char *text)
{
	struct request *rq = z->starter;
	z->starter = NULL;
	log_warning(MODULE, "bay %s: start refused: %s", z->bay->name, text);
	session_free(z);
	if (rq)
		request_problem(rq, status, code, "%s", text);
}

/* The profile asked for, or the one releasable profile of that run type for that model. */
static const struct library_entry *choose_profile(struct session *z, const struct session_order *o,
						  const struct model *model, struct profile **out,
						  struct error *err)
{
	struct station *s = z->bay->station;
	const struct library_entry *found = NULL;
	*out = NULL;
	for (int i = 0; i < s->library.entry_count; i++) {
		const struct library_entry *e = &s->library.entries[i];
		if (o->profile[0] ? strcmp(e->id, o->profile) != 0 : e->broken)
			continue;
		if (e->broken) {
			error_set(err, ERR_CONFIG,
				  "profile %s is broken; see: benchctl profile check %s", e->id,
				  e->path);
			return NULL;
		}
		struct problems problems = {0};
		struct profile *p = profile_parse(e->path, e->bytes, e->size, model,
						  z->bay->rig->fixture, z->bay->index, &problems);
		if (!p && o->profile[0]) {
			error_set(err, ERR_CONFIG, "profile %s does not fit bay %s: %s", e->id,
				  z->bay->name,
				  problems.count ? problems.at[0].text
						 : "see benchctl profile check");
			problems_release(&problems);
			return NULL;
		}
		problems_release(&problems);
		if (!p)
			continue;
		if (!profile_covers(p, model, z->facts.type) ||
		    (!o->profile[0] && !p->releasable)) {
			profile_free(p);
			if (o->profile[0]) {
				error_set(err, ERR_CONFIG,
					  "profile %s is not for model %s and run type %s", e->id,
					  model->code, run_type_name(z->facts.type));
				return NULL;
			}
			continue;
		}
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
	if (!found)
		error_set(
			err, ERR_NOT_FOUND,
			o->profile[0]
				? "there is no profile %s; see: benchctl profile list"
				: "no releasable profile for this model and run type%s; see: benchctl profile list",
			o->profile);
	return found;
}

static int check_identity(struct session *z, const struct session_order *o, const struct ticket *t,
			  const struct model **model, struct error *err)
{
	struct station *s = z->bay->station;
	*model = library_model(&s->library, t->model);
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
	z->facts.type = (enum run_type)run_type_find(o->run_type);
	if (!z->facts.type)
		return error_set(
			err, ERR_USAGE,
			"\"%s\" is no run type; one of incoming, diagnosis, post_repair_qc, "
			"trial_run, acceptance, part_qc, verification, msa",
			o->run_type);
	return 0;
}

/* May whoever starts it make runs of this type on this class? */
static const char *operator_state(const struct session *z, const struct session_order *o,
				  const char *class_name)
{
	const struct station *s = z->bay->station;
	const struct person *p = registry_person(s->registry, o->person);
	char day[16];

	people_day(day, clock_utc_us());
	if (!p)
		return "unknown";
	return person_is_qualified(p, z->facts.type, class_name, day) ? "qualified" : "unqualified";
}

/* Where the depot wants it so, nobody unqualified starts a run that could release. */
static bool is_blocked(const struct session *z, const struct session_order *o,
		       const struct model *model, char *why, size_t size)
{
	const struct station *s = z->bay->station;
	bool decides = z->facts.type == RUN_POST_REPAIR_QC || z->facts.type == RUN_TRIAL_RUN;

	if (!s->options.block_unqualified || !decides || !z->profile->releasable ||
	    !strcmp(operator_state(z, o, model->class_name), "qualified"))
		return false;
	snprintf(why, size, "%s is not qualified for %s on %s (people.unqualified: block)",
		 o->person[0] ? o->person : "nobody known", run_type_name(z->facts.type),
		 model->class_name);
	return true;
}

static void fill_facts(struct session *z, const struct session_order *o, const struct ticket *t,
		       int attempts)
{
	struct station *s = z->bay->station;
	struct run_facts *f = &z->facts;
	text_uuid(f->id);
	text_copy(f->ticket, sizeof(f->ticket), t->id);
	text_copy(f->serial, sizeof(f->serial), t->serial);
	text_copy(f->model, sizeof(f->model), t->model);
	text_copy(f->bay, sizeof(f->bay), z->bay->name);
	text_copy(f->rig, sizeof(f->rig), z->bay->rig->fixture->name);
	text_copy(f->station, sizeof(f->station), s->name);
	text_copy(f->operator_name, sizeof(f->operator_name), o->operator_name);
	text_copy(f->serial_from, sizeof(f->serial_from), o->serial[0] ? o->serial_from : "prompt");
	text_copy(f->operator_state, sizeof(f->operator_state),
		  operator_state(z, o, z->profile->model->class_name));
	f->profile = z->profile;
	memcpy(f->fixture_hash, z->bay->rig->fixture->hash, 32);
	f->simulated = z->bay->rig->simulated;
	f->speed = s->scale.speed;
	f->unapproved = true; /* approvals do not exist yet */
	f->utc_synced = clock_is_synced();
	f->utc_not_before_us = calibrate_build_utc_us();
	memcpy(f->boot_id, s->boot_id, sizeof(f->boot_id));
	f->attempt_no = attempts + 1;
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
static bool busy_with(const struct session *z, const struct ticket *t, char *why, size_t size)
{
	const struct station *s = z->bay->station;

	for (int i = 0; i < s->bay_count; i++) {
		const struct session *o = s->bays[i].session;

		if (!o || o == z ||
		    (strcmp(o->facts.ticket, t->id) != 0 &&
		     strcmp(o->facts.serial, t->serial) != 0))
			continue;
		snprintf(why, size, "ticket %s, serial %s is under test on bay %s (operator %s)",
			 o->facts.ticket, t->serial, o->bay->name, o->facts.operator_name);
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
	struct session *z = q->z;
	struct error err = j->err;
	const struct model *model = NULL;
	char why[256];
	if (j->rc == ERR_NOT_FOUND)
		snprintf(err.text, sizeof(err.text),
			 "there is no ticket \"%s\"; add it with: benchctl ticket add %s "
			 "--serial ... --model ...",
			 q->order.ticket, q->order.ticket);
	if (z->bay->station->stopping)
		j->rc = error_set(&err, ERR_STATE, "the station is stopping");
	else if (z->early_abort.set)
		j->rc = error_set(&err, ERR_STATE, "stopped before it began: %s",
				  z->early_abort.why);
	else if (z->early_trip.set)
		j->rc = error_set(&err, ERR_STATE, "the bay tripped: %s", z->early_trip.reason);
	if (j->rc || check_identity(z, &q->order, &q->ticket, &model, &err) ||
	    !choose_profile(z, &q->order, model, &z->profile, &err)) {
		session_refuse(z, problem_status(err.code), error_name(err.code), err.text);
	} else if (!q->order.serial[0] && !scans_serial(z->profile)) {
		session_refuse(z, 422, "serial_needed",
			       "name the serial from the unit's plate (--serial), or scan it at "
			       "the bay: this profile does not ask for it");
	} else if (busy_with(z, &q->ticket, why, sizeof(why))) {
		session_refuse(z, 409, "run_active", why);
	} else if (is_blocked(z, &q->order, model, why, sizeof(why))) {
		session_refuse(z, 403, "unqualified", why);
	} else if (!bay_is_usable(z->bay, why, sizeof(why))) {
		session_refuse(z, 409, "bay_not_ready", why);
	} else {
		fill_facts(z, &q->order, &q->ticket, q->attempts);
		z->stopping_ns = clock_mono_ns();
		z->check_token = rig_safe(z->bay->rig, z->bay->index, SAFE_CHECK);
		if (!z->check_token)
			session_refuse(
				z, 503, "io_lost",
				"the link to benchd-io broke; try again when the bay is ready");
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
	struct session *z = xcalloc(1, sizeof(*z));
	z->bay = b;
	z->phase = SESSION_CHECKING;
	z->starter = rq;
	z->pending = xcalloc(STATION_SAMPLES_MAX, sizeof(*z->pending));
	z->image = xcalloc((size_t)b->rig->fixture->output_count + 1, sizeof(*z->image));
	b->session = z;
	text_copy(z->facts.ticket, sizeof(z->facts.ticket), o->ticket);
	text_copy(z->facts.operator_name, sizeof(z->facts.operator_name), o->operator_name);
	struct lookup_job *q = xcalloc(1, sizeof(*q));
	q->job.work = lookup_work;
	q->job.done = lookup_done;
	q->z = z;
	q->order = *o;
	if (!q->order.run_type[0])
		text_copy(q->order.run_type, sizeof(q->order.run_type), "post_repair_qc");
	station_read(s, &q->job);
	loop_set_timer(b->tick, clock_mono_ns() + NS_PER_S);
}
