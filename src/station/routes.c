/* SPDX-License-Identifier: MIT
 *
 * Routes about the station, its bays and its profiles; the table of handlers.
 */
#include "station/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/station/approval.h"

static void (*const handlers[WEB_ROUTE_COUNT])(struct request *rq) = {
	[WEB_STATION] = route_station,
	[WEB_BAYS] = route_bays,
	[WEB_BAY] = route_bay,
	[WEB_BAY_STOP] = route_bay_stop,
	[WEB_BAY_RESET] = route_bay_reset,
	[WEB_TICKETS] = route_tickets,
	[WEB_TICKET_GET] = route_ticket_get,
	[WEB_TICKET_PUT] = route_ticket_put,
	[WEB_RELEASE] = route_release,
	[WEB_RUNS] = route_runs,
	[WEB_RUN_START] = route_run_start,
	[WEB_RUN_GET] = route_run_get,
	[WEB_RUN_ANSWER] = route_run_answer,
	[WEB_RUN_ABORT] = route_run_abort,
	[WEB_RESULTS] = route_results,
	[WEB_SNAPSHOT] = route_snapshot,
	[WEB_RUN_TRACE] = route_run_trace,
	[WEB_HOLD] = route_hold,
	[WEB_UNHOLD] = route_unhold,
	[WEB_HOLDS] = route_holds,
	[WEB_PROFILES] = route_profiles,
	[WEB_PROFILE] = route_profile,
	[WEB_DOCTOR] = route_doctor,
	[WEB_BACKUP] = route_backup,
	[WEB_EXPORT] = route_export,
	[WEB_BACKUP_MAKE] = route_backup_make,
	[WEB_EVENTS] = route_events,
	[WEB_READY] = route_ready,
	[WEB_PEOPLE] = route_people,
	[WEB_PERSON_PUT] = route_person_put,
	[WEB_PERSON_PIN] = route_person_pin,
	[WEB_LOGIN] = route_login,
	[WEB_LOGOUT] = route_logout,
	[WEB_DUTY_BEGIN] = route_duty_begin,
	[WEB_DUTY_END] = route_duty_end,
	[WEB_TOKENS] = route_tokens,
	[WEB_TOKEN_ADD] = route_token_add,
	[WEB_TOKEN_REVOKE] = route_token_revoke,
	[WEB_RELEASE_POST] = route_release_post,
	[WEB_OVERRIDE] = route_override,
	[WEB_WITHDRAW] = route_withdraw,
	[WEB_VERDICT] = route_verdict,
	[WEB_CLAIM] = route_claim,
	[WEB_KEY] = route_key,
	[WEB_KEY_BACKUP] = route_key_backup,
	[WEB_KEY_ROTATE] = route_key_rotate,
	[WEB_CHAIN] = route_chain,
	[WEB_TICKET_IMPORT] = route_ticket_import,
	[WEB_REPAIR] = route_repair,
	[WEB_ACCEPTANCE] = route_acceptance,
	[WEB_CALLBACK] = route_callback,
	[WEB_CLARIFICATION] = route_clarification,
	[WEB_BEYOND_REPAIR] = route_beyond_repair,
	[WEB_TICKET_EVENTS] = route_events_of,
	[WEB_COMPARE] = route_compare,
	[WEB_DOSSIER] = route_dossier,
	[WEB_TICKET_LABEL] = route_label,
	[WEB_RUN_LABEL] = route_label,
	[WEB_RUN_EVENTS] = route_events_of,
	[WEB_RUN_NOTE] = route_run_note,
	[WEB_RUN_VOID] = route_run_void,
	[WEB_PROFILE_SUBMIT] = route_profile_submit,
	[WEB_PROFILE_APPROVE] = route_profile_approve,
	[WEB_CALIBRATIONS] = route_calibrations,
	[WEB_CALIBRATE] = route_calibrate,
	[WEB_DEVICE_ACCEPT] = route_device_accept,
	[WEB_WEBHOOKS] = route_webhooks,
	[WEB_WEBHOOK_TEST] = route_webhook_test,
	[WEB_WEBHOOK_ENABLE] = route_webhook_enable,
	[WEB_WEBHOOK_DEAD] = route_webhook_dead,
	[WEB_WEBHOOK_RESEND] = route_webhook_resend,
};

void route_dispatch(struct request *rq)
{
	if (rq->msg.route >= WEB_ROUTE_COUNT || !handlers[rq->msg.route])
		request_problem(rq, 404, "no_route",
				"this benchd has no such route; client and station are of "
				"different releases");
	else
		people_admit(rq);
}

void route_handle(struct request *rq)
{
	handlers[rq->msg.route](rq);
}

/* Reply with what fn writes. */
void route_reply(struct request *rq, void (*fn)(struct json *j, struct station *s))
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	fn(&j, rq->station);
	request_reply(rq, 200, "", &t);
	text_release(&t);
}

/* Names that reasons speak of, with the titles people know them by. */
static void write_title(struct json *j, const char *name, const char *en, const char *zh)
{
	json_open_object(j);
	json_kv_string(j, "name", name);
	json_key(j, "title");
	json_open_object(j);
	json_kv_string(j, "en", en ? en : name);
	json_kv_string(j, "zh", zh ? zh : name);
	json_end_object(j);
	json_end_object(j);
}

static void write_names(struct json *j, const struct station *s)
{
	json_key(j, "names");
	json_open_array(j);
	for (int r = 0; r < s->rig_count; r++) {
		const struct fixture *f = s->rigs[r].fixture;

		for (int i = 0; i < f->interlock_count; i++)
			write_title(j, f->interlocks[i].name, f->interlocks[i].title_en,
				    f->interlocks[i].title_zh);
		for (int i = 0; i < f->channel_count; i++)
			write_title(j, f->channels[i].name, f->channels[i].title_en,
				    f->channels[i].title_zh);
	}
	json_end_array(j);
}

static void write_station(struct json *j, struct station *s)
{
	char utc[32];
	json_open_object(j);
	json_kv_string(j, "name", s->name);
	json_kv_string(j, "software", "benchd " BENCHD_VERSION);
	json_kv_bool(j, "simulated", station_is_simulated(s));
	json_kv_int(j, "speed", s->scale.speed);
	json_kv_string(j, "utc", text_from_utc_us(utc, sizeof(utc), clock_utc_us()));
	json_kv_bool(j, "utc_synced", clock_is_synced());
	json_kv_string(j, "boot_id", s->boot_id);
	json_kv_number(j, "uptime_s", text_round9((double)(clock_mono_ns() - s->started_ns) / 1e9));
	json_kv_int(j, "bays", s->bay_count);
	json_kv_bool(j, "store_ok", !s->store_failed);
	json_kv_string(j, "scope", "this_station");
	write_names(j, s);
	json_end_object(j);
}

void route_station(struct request *rq)
{
	route_reply(rq, write_station);
}

static void write_bays(struct json *j, struct station *s)
{
	json_open_object(j);
	json_kv_bool(j, "simulated", station_is_simulated(s));
	json_key(j, "bays");
	json_open_array(j);
	for (int i = 0; i < s->bay_count; i++)
		show_bay(j, &s->bays[i]);
	json_end_array(j);
	json_end_object(j);
}

void route_bays(struct request *rq)
{
	route_reply(rq, write_bays);
}

void request_no_bay(struct request *rq, const char *name)
{
	const struct station *s = rq->station;
	struct text bays = {0};
	for (int i = 0; i < s->bay_count; i++)
		text_printf(&bays, "%s%s", i ? ", " : "", s->bays[i].name);
	request_problem(rq, 404, "not_found", "there is no bay \"%s\"; the bays are %s", name,
			bays.buf);
	text_release(&bays);
}

void request_no_ticket(struct request *rq, const char *id)
{
	request_problem(rq, 404, "not_found",
			"there is no ticket \"%s\"; see: benchctl ticket list", id);
}

void request_no_run(struct request *rq, const char *id)
{
	request_problem(rq, 404, "not_found", "there is no run \"%s\"; see: benchctl run list", id);
}

int64_t request_time(const struct request *rq, const char *name)
{
	char at[40];
	const char *s = web_query(rq->msg.query, name, at, sizeof(at));

	return s ? station_utc_of(s) : 0;
}

static struct bay *need_bay(struct request *rq)
{
	struct bay *b = station_bay(rq->station, rq->msg.arg);
	if (!b)
		request_no_bay(rq, rq->msg.arg);
	return b;
}

void route_bay(struct request *rq)
{
	struct bay *b = need_bay(rq);
	if (!b)
		return;
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	show_bay(&j, b);
	request_reply(rq, 200, "", &t);
	text_release(&t);
}

void request_done(struct request *rq, int status, const char *key, const char *value)
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, key, value);
	json_end_object(&j);
	request_reply(rq, status, "", &t);
	text_release(&t);
}

/* Anybody may stop: whatever runs there is aborted; an idle bay is put through its ordered stop and proof. */
void route_bay_stop(struct request *rq)
{
	struct bay *b = need_bay(rq);
	if (!b)
		return;
	if (b->session)
		session_abort(b->session, rq->who, "stopped at the bay", station_now(b->station));
	else if (b->rig->welcome)
		rig_safe(b->rig, b->index, SAFE_STOP);
	/* once a second is enough to show that it was asked for; the STOP itself always acts */
	if (clock_mono_ns() - b->stop_audit_ns > NS_PER_S) {
		b->stop_audit_ns = clock_mono_ns();
		bay_audit(b, rq->who, "bay_stop");
	}
	request_done(rq, 202, "bay", b->name);
}

void route_bay_reset(struct request *rq)
{
	struct bay *b = need_bay(rq);
	if (!b)
		return;
	if (b->session) {
		request_problem(rq, 409, "run_active", "bay %s has a run; abort it first", b->name);
		return;
	}
	bay_reset(b, rq->who, rq);
}

void route_events(struct request *rq)
{
	struct web_conn *c = &rq->station->conns[rq->conn];
	/* benchd-web follows for all its visitors; one of theirs only asks whether it may. */
	if (c->generation == rq->generation && !(c->is_web && c->events_id)) {
		c->events_id = rq->id;
		c->takes_calls = c->is_web;
	}
	request_done(rq, 200, "events", "follow");
}

void route_ready(struct request *rq)
{
	struct station *s = rq->station;
	bool any = false;
	for (int i = 0; i < s->bay_count; i++) {
		const char *reason;
		enum bay_state st = bay_shown(&s->bays[i], &reason);

		any = any || st == BAY_READY || st == BAY_ACTIVE;
	}
	if (s->stopping || s->store_failed)
		request_problem(rq, 503, "stopping", "the station is stopping");
	else if (!any)
		request_problem(rq, 503, "no_bay_ready", "no bay is ready; see: benchctl bay list");
	else
		request_done(rq, 200, "ready", "yes");
}

/* ---- profiles ---- */

static void write_run_types(struct json *j, uint32_t bits)
{
	json_key(j, "run_types");
	json_open_array(j);
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		if (bits & (1u << t))
			json_put_string(j, run_type_name((enum run_type)t));
	json_end_array(j);
}

static void write_problems(struct json *j, const struct problems *p)
{
	json_key(j, "problems");
	json_open_array(j);
	for (int i = 0; i < p->count; i++) {
		json_open_object(j);
		json_kv_string(j, "file", p->at[i].file);
		json_kv_int(j, "line", p->at[i].line);
		json_kv_int(j, "column", p->at[i].col);
		json_kv_string(j, "text", p->at[i].text);
		json_end_object(j);
	}
	json_end_array(j);
}

static void write_details(struct json *j, const struct profile *p)
{
	json_key(j, "steps");
	json_open_array(j);
	for (int i = 0; i < p->step_count; i++) {
		json_open_object(j);
		json_kv_string(j, "id", p->steps[i].id);
		json_kv_string(j, "en", p->steps[i].title.en);
		json_kv_string(j, "zh", p->steps[i].title.zh);
		json_kv_number(j, "longest_s", text_round9(p->steps[i].longest_s));
		json_end_object(j);
	}
	json_end_array(j);
	json_key(j, "measurements");
	json_open_array(j);
	for (int i = 0; i < p->measurement_count; i++) {
		const struct pf_measurement *m = &p->measurements[i];
		json_open_object(j);
		json_kv_string(j, "id", m->id);
		json_kv_string(j, "en", m->title.en);
		json_kv_string(j, "zh", m->title.zh);
		json_kv_string(j, "unit", m->unit ? m->unit->ucum : "");
		json_kv_bool(j, "required", m->required);
		json_end_object(j);
	}
	json_end_array(j);
}

static void write_profile(struct json *j, struct station *s, const struct library_entry *e,
			  bool details)
{
	const struct profile *h = e->profile;
	const struct profile *p = details ? e->bound : NULL;

	json_open_object(j);
	json_kv_string(j, "id", e->id);
	json_kv_string(j, "path", e->path);
	json_kv_string(j, "state", e->broken ? "broken" : approval_state(s, e));
	if (h) {
		json_key(j, "title");
		json_open_object(j);
		json_kv_string(j, "en", h->title.en);
		json_kv_string(j, "zh", h->title.zh);
		json_end_object(j);
		json_kv_int(j, "revision", h->revision);
		json_kv_string(j, "variant", h->variant);
		json_kv_bool(j, "releasable", h->releasable);
		json_kv_number(j, "longest_s", text_round9(h->longest_s));
		write_run_types(j, h->run_types);
	}
	if (p) {
		json_kv_string(j, "model", p->model->code);
		write_details(j, p);
	}
	if (e->problems.count)
		write_problems(j, &e->problems);
	json_end_object(j);
}

static void write_profiles(struct json *j, struct station *s)
{
	json_open_object(j);
	json_key(j, "profiles");
	json_open_array(j);
	for (int i = 0; i < s->library.entry_count; i++)
		write_profile(j, s, &s->library.entries[i], false);
	json_end_array(j);
	json_end_object(j);
}

void route_profiles(struct request *rq)
{
	route_reply(rq, write_profiles);
}

void route_profile(struct request *rq)
{
	struct station *s = rq->station;
	for (int i = 0; i < s->library.entry_count; i++) {
		if (strcmp(s->library.entries[i].id, rq->msg.arg) != 0)
			continue;
		struct text t = {0};
		struct json j;
		json_init(&j, &t);
		write_profile(&j, s, &s->library.entries[i], true);
		request_reply(rq, 200, "", &t);
		text_release(&t);
		return;
	}
	request_problem(rq, 404, "not_found",
			"there is no profile \"%s\"; see: benchctl profile list", rq->msg.arg);
}
