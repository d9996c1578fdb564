/* SPDX-License-Identifier: MIT */
#include "ticket/release.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Parameters of the reason being added: an object under way. */
struct params {
	struct text text;
	struct json json;
};

static struct json *params_begin(struct params *p)
{
	memset(p, 0, sizeof(*p));
	json_init(&p->json, &p->text);
	json_open_object(&p->json);
	return &p->json;
}

/* p NULL: none. A decision never loses a reason: one too many is a bug of ours. */
static void add(struct release_decision *d, const char *code, struct params *p)
{
	struct release_reason *r;

	if (d->reason_count == RELEASE_REASONS_MAX)
		panic("release: more reasons than places");
	r = &d->reasons[d->reason_count++];
	(void)text_copy(r->code, sizeof(r->code), code);
	(void)text_copy(r->params, sizeof(r->params), "{}");
	if (!p)
		return;
	json_end_object(&p->json);
	if (p->text.len < sizeof(r->params))
		(void)text_copy(r->params, sizeof(r->params), p->text.buf);
	text_release(&p->text);
}

static void add_run(struct release_decision *d, const char *code, const struct release_run *run)
{
	struct params p;

	json_kv_string(params_begin(&p), "run", run->id);
	add(d, code, &p);
}

static void add_profile(struct release_decision *d, const char *code, const struct release_run *run)
{
	struct params p;
	struct json *j = params_begin(&p);

	json_kv_string(j, "run", run->id);
	json_kv_string(j, "profile", run->profile);
	json_kv_int(j, "revision", run->profile_revision);
	add(d, code, &p);
}

/* The newest run of this type that judged the unit. */
static const struct release_run *latest(const struct release_facts *f, const char *run_type)
{
	for (int i = 0; i < f->run_count; i++)
		if (f->runs[i].complete && strcmp(f->runs[i].run_type, run_type) == 0)
			return &f->runs[i];
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && a[0] && strcmp(a, b) == 0;
}

static void check_subject(const struct release_facts *f, const struct release_run *run,
			  struct release_decision *d)
{
	struct params p;
	struct json *j;

	if (!same(f->ticket, run->ticket)) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_string(j, "ticket", run->ticket);
		add(d, "run_of_other_ticket", &p);
	}
	if (!same(f->model, run->model)) {
		j = params_begin(&p);
		json_kv_string(j, "run_model", run->model);
		json_kv_string(j, "model", f->model);
		add(d, "model_mismatch", &p);
	}
	if (run->repair_seq != f->repair_seq) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_int(j, "run_repair_seq", run->repair_seq);
		json_kv_int(j, "repair_seq", f->repair_seq);
		add(d, "repair_after_run", &p);
	}
}

static void check_doubts(const struct release_facts *f, const struct release_run *run,
			 struct release_decision *d)
{
	struct params p;
	struct json *j;

	if (run->voided)
		add_run(d, "run_void", run);
	if (strcmp(run->verdict, "pass") != 0) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_string(j, "verdict", run->verdict);
		add(d, "run_not_pass", &p);
	}
	if (run->suspect) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_string(j, "because", run->suspect_reason[0] ? run->suspect_reason : NULL);
		add(d, "run_suspect", &p);
	}
	check_subject(f, run, d);
	if (f->withdrawn_seq && run->ended_seq <= f->withdrawn_seq)
		add_run(d, "withdrawn_after_run", run);
	if (f->missing_seq && run->ended_seq <= f->missing_seq)
		add_run(d, "run_record_missing", run);
}

static void check_limits(const struct release_run *run, struct release_decision *d)
{
	struct params p;
	struct json *j;

	if (!run->limit_assumed)
		return;
	j = params_begin(&p);
	json_kv_string(j, "run", run->id);
	json_kv_string(j, "profile", run->profile);
	json_kv_int(j, "revision", run->profile_revision);
	json_key(j, "limits");
	if (run->assumed[0] == '[')
		json_put_raw(j, run->assumed, strlen(run->assumed));
	else
		json_put_null(j);
	add(d, "limit_assumed", &p);
}

/* Everything that a run the release rests on must be. Simulated is looked at last, apart. */
static void check_run(const struct release_facts *f, const struct release_run *run,
		      struct release_decision *d)
{
	struct params p;
	struct json *j;

	check_doubts(f, run, d);
	if (!run->releasable)
		add_profile(d, "profile_not_releasable", run);
	if (run->unapproved)
		add_profile(d, "profile_unapproved", run);
	check_limits(run, d);
	/* What the person at the bay has to do is asked of runs that may count for a release; no
	 * override opens a way from another one. */
	if (run->releasable && (!run->serial_at_start || !run->serial_at_end)) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_bool(j, "start", run->serial_at_start);
		json_kv_bool(j, "end", run->serial_at_end);
		add(d, "serial_unconfirmed", &p);
	}
	if (run->releasable && !run->operator_qualified) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_string(j, "operator", run->operator_name);
		add(d, "operator_unqualified", &p);
	}
	if (!run->safe_proven)
		add_run(d, "safe_state_unproven", run);
	if (!run->calibration_ok)
		add_run(d, "calibration", run);
	if (!run->utc_synced)
		add_run(d, "clock_unsynced", run);
}

static double trial_required_s(const struct release_run *run)
{
	return run->trial_required_seconds > RELEASE_TRIAL_SECONDS ? run->trial_required_seconds
								   : RELEASE_TRIAL_SECONDS;
}

static bool has_trial(const struct release_run *run)
{
	return run->trial_seconds >= trial_required_s(run);
}

/* The trial run: a step of the QC run, or where the model allows it a run of its own (then
 * returned). */
static const struct release_run *
check_trial(const struct release_facts *f, const struct release_run *qc, struct release_decision *d)
{
	const struct release_run *own = NULL, *trial = qc;
	struct params p;
	struct json *j;

	if (!has_trial(qc) && f->separate_trial_allowed)
		own = latest(f, "trial_run");
	if (own)
		trial = own;
	if (has_trial(trial))
		return own;
	j = params_begin(&p);
	json_kv_string(j, "run", trial->id);
	if (trial->trial_seconds > 0.0)
		json_kv_number(j, "seconds", trial->trial_seconds);
	json_kv_number(j, "required_seconds", trial_required_s(trial));
	add(d, trial->trial_seconds > 0.0 ? "trial_run_short" : "trial_run_missing", &p);
	return own;
}

static void check_open(const struct release_facts *f, struct release_decision *d)
{
	for (int i = 0; i < f->run_count; i++) {
		if (!f->runs[i].open)
			continue;
		add_run(d, "run_open", &f->runs[i]);
		return;
	}
}

static void check_ticket(const struct release_facts *f, struct release_decision *d)
{
	struct params p;
	int64_t age_us = f->now_utc_us - f->mirrored_utc_us;

	if (!f->ticket_known)
		add(d, "ticket_unknown", NULL);
	if (!f->ticket_confirmed)
		add(d, "ticket_unconfirmed", NULL);
	/* A time in the future is no better known than an old one. */
	if (f->mirror_max_age_us && (age_us < 0 || age_us > f->mirror_max_age_us)) {
		json_kv_int(params_begin(&p), "age_seconds", age_us / 1000000);
		add(d, "ticket_stale", &p);
	}
	if (!f->ticket_claimed)
		add(d, "ticket_not_claimed", NULL);
	if (!release_disposition_name(f->disposition)[0])
		add(d, "disposition_unknown", NULL);
	if (!f->chain_intact)
		add(d, "chain_broken", NULL);
	if (!f->store_sound)
		add(d, "store_unsound", NULL);
	if (!f->records_complete)
		add(d, "records_missing", NULL);
	if (f->released_seq) {
		json_kv_int(params_begin(&p), "seq", f->released_seq);
		add(d, "already_released", &p);
	}
	check_open(f, d);
}

/* What makes a unit `repaired`, or free of faults. Returns a run that is simulated, or
 * NULL. */
static const struct release_run *check_runs(const struct release_facts *f,
					    struct release_decision *d)
{
	const struct release_run *qc = latest(f, "post_repair_qc"), *own;

	if (!qc) {
		add(d, "no_run", NULL);
		return NULL;
	}
	(void)text_copy(d->run, sizeof(d->run), qc->id);
	check_run(f, qc, d);
	own = check_trial(f, qc, d);
	if (own) {
		(void)text_copy(d->trial_run, sizeof(d->trial_run), own->id);
		check_run(f, own, d);
	}
	if (qc->simulated)
		return qc;
	return own && own->simulated ? own : NULL;
}

/* The place of the newest run the decision rests on: the customer is invited once it has passed. */
static int64_t tested_seq(const struct release_facts *f, const struct release_decision *d)
{
	int64_t seq = 0;

	for (int i = 0; i < f->run_count; i++)
		if ((same(d->run, f->runs[i].id) || same(d->trial_run, f->runs[i].id)) &&
		    f->runs[i].ended_seq > seq)
			seq = f->runs[i].ended_seq;
	return seq;
}

static void check_acceptance(const struct release_facts *f, struct release_decision *d)
{
	if (f->refused)
		add(d, "acceptance_refused", NULL);
	else if (!f->mail_back && f->accepted_seq <= tested_seq(f, d))
		add(d, "acceptance_missing", NULL);
}

/* The dispositions in which no run speaks for the unit. */
static void check_statement(const struct release_facts *f, struct release_decision *d)
{
	const struct release_statement *s = &f->statement;

	if (f->disposition == RELEASE_RETURNED_UNREPAIRED) {
		if (!f->refused_plan)
			add(d, "refusal_missing", NULL);
		if (!s->drained || !s->electrically_safe)
			add(d, "unit_not_made_safe", NULL);
		if (!s->labelled)
			add(d, "label_missing", NULL);
	}
	if (f->disposition == RELEASE_SCRAPPED && !s->rendered_unusable)
		add(d, "not_unusable", NULL);
	if (f->disposition == RELEASE_REPLACED &&
	    (!s->replacement_serial[0] || same(f->serial, s->replacement_serial)))
		add(d, "replacement_missing", NULL);
}

/* Did that person run what the release rests on? Nobody overrides or closes the own work. */
static bool has_run_it(const struct release_facts *f, const struct release_decision *d,
		       const char *who)
{
	for (int i = 0; i < f->run_count; i++)
		if ((same(d->run, f->runs[i].id) || same(d->trial_run, f->runs[i].id)) &&
		    (!f->runs[i].operator_name[0] || same(who, f->runs[i].operator_name)))
			return true;
	return false;
}

/* Can people be of two minds about how the runs went? A fail or a trip is no matter of opinion. */
static bool is_debatable(const struct release_facts *f, const struct release_decision *d)
{
	static const char *const verdicts[] = {"pass", "marginal", "inconclusive", "invalid"};

	for (int i = 0; i < f->run_count; i++) {
		bool found = false;

		if (!same(d->run, f->runs[i].id) && !same(d->trial_run, f->runs[i].id))
			continue;
		for (size_t v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++)
			found = found || strcmp(f->runs[i].verdict, verdicts[v]) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool is_named(const struct release_override *o, const char *code)
{
	char mark[48];

	(void)snprintf(mark, sizeof(mark), ",%s,", code);
	return strstr(o->codes, mark) != NULL;
}

/* Returns how many reasons stay. */
static int apply_override(const struct release_facts *f, struct release_decision *d)
{
	const struct release_override *o = &f->override;
	bool counts = o->given && o->who[0] && o->reason[0] && o->repair_seq == f->repair_seq &&
		      strcmp(o->run, d->run) == 0 && !has_run_it(f, d, o->who);
	int stay = 0;

	for (int i = 0; i < d->reason_count; i++) {
		struct release_reason *r = &d->reasons[i];

		r->overridden = counts && is_named(o, r->code) &&
				release_reason_may_be_overridden(r->code) &&
				(strcmp(r->code, "run_not_pass") != 0 || is_debatable(f, d));
		d->overridden = d->overridden || r->overridden;
		stay += !r->overridden;
	}
	return stay;
}

static bool needs_runs(enum release_disposition d)
{
	switch (d) {
	case RELEASE_RETURNED_UNREPAIRED:
	case RELEASE_SCRAPPED:
	case RELEASE_REPLACED: return false;
	case RELEASE_REPAIRED:
	case RELEASE_NO_FAULT_FOUND:
	default: return true;
	}
}

void release_decide(const struct release_facts *f, struct release_decision *out)
{
	const struct release_run *simulated = NULL;
	int others;

	memset(out, 0, sizeof(*out));
	check_ticket(f, out);
	if (needs_runs(f->disposition)) {
		simulated = check_runs(f, out);
		check_acceptance(f, out);
	}
	if (f->disposition == RELEASE_NO_FAULT_FOUND) {
		if (!f->ntf_protocol)
			add(out, "ntf_protocol_missing", NULL);
		if (f->ntf_before)
			add(out, "second_no_fault_found", NULL);
	}
	check_statement(f, out);
	if (f->disposition > RELEASE_REPAIRED &&
	    (!f->statement.supervisor[0] || has_run_it(f, out, f->statement.supervisor)))
		add(out, "supervisor_required", NULL);
	others = apply_override(f, out);
	if (simulated)
		add_run(out, "simulated", simulated);
	out->allowed = others == 0 && !simulated;
	out->would_be = others == 0;
}
