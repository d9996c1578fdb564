/* SPDX-License-Identifier: MIT */
#include "ticket/release.h"

#include <string.h>

#include "base/error.h"

/* code, en, zh; in the order in which a decision lists them */
/* clang-format off */
#define REASONS(X) \
	X("ticket_unknown", "the station has no such ticket", "本站没有该工单") \
	X("run_open", "a run on this unit is still going on", "该机的检测仍在进行") \
	X("no_run", "no complete post-repair QC on this serial", "该机号没有完整的维修后质检") \
	X("run_not_pass", "the latest complete run is not a pass", "最近一次完整检测不合格") \
	X("run_of_other_ticket", "the latest complete run belongs to another ticket", \
	  "最近一次完整检测属于另一工单") \
	X("model_mismatch", "the run was made for another model", "检测所用型号与工单不符") \
	X("repair_after_run", "repaired after the run; test again", "检测之后又有维修,须重新检测") \
	X("profile_not_releasable", "the profile is not meant for release", \
	  "该测试方案不可用于放行") \
	X("profile_unapproved", "the profile revision has no approval", "测试方案版本未经批准") \
	X("limit_assumed", "a limit is assumed and not adopted by a supervisor", \
	  "有限值为假定值,尚未经主管采纳") \
	X("safe_state_unproven", "the safe state after the run is not proven", \
	  "检测后的安全状态未得到证实") \
	X("calibration", "the station's calibration is missing or lapsed", "校准缺失或已过期") \
	X("clock_unsynced", "the clock was not synchronised during the run", "检测时时钟未同步") \
	X("trial_run_missing", "no trial run of 30 minutes", "没有30分钟以上的试运行") \
	X("trial_run_short", "the trial run is too short", "试运行时间不足") \
	X("acceptance_missing", "neither accepted by the customer nor to be mailed back", \
	  "客户未验收,也未选择寄回") \
	X("simulated", "made on a simulated rig", "模拟台架的结果")
/* clang-format on */

static const struct {
	const char *code, *en, *zh;
} texts[] = {
#define REASON_TEXT(code, en, zh) {code, en, zh},
	REASONS(REASON_TEXT)
#undef REASON_TEXT
};
enum { TEXT_COUNT = sizeof(texts) / sizeof(texts[0]) };

const char *const release_reason_codes[] = {
#define REASON_CODE(code, en, zh) code,
	REASONS(REASON_CODE)
#undef REASON_CODE
		NULL};

const char *release_reason_text(const char *code, bool zh)
{
	for (int i = 0; i < TEXT_COUNT; i++)
		if (strcmp(texts[i].code, code) == 0)
			return zh ? texts[i].zh : texts[i].en;
	return code;
}

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

/* Everything that a run the release rests on must be. Simulated is looked at last, apart. */
static void check_run(const struct release_facts *f, const struct release_run *run,
		      struct release_decision *d)
{
	struct params p;
	struct json *j;

	if (strcmp(run->verdict, "pass") != 0) {
		j = params_begin(&p);
		json_kv_string(j, "run", run->id);
		json_kv_string(j, "verdict", run->verdict);
		add(d, "run_not_pass", &p);
	}
	check_subject(f, run, d);
	if (!run->releasable)
		add_profile(d, "profile_not_releasable", run);
	if (run->unapproved)
		add_profile(d, "profile_unapproved", run);
	if (run->limit_assumed)
		add_profile(d, "limit_assumed", run);
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

void release_decide(const struct release_facts *f, struct release_decision *out)
{
	const struct release_run *qc, *own = NULL;
	bool simulated = false;
	int others;

	memset(out, 0, sizeof(*out));
	if (!f->ticket_known)
		add(out, "ticket_unknown", NULL);
	check_open(f, out);
	qc = latest(f, "post_repair_qc");
	if (!qc) {
		add(out, "no_run", NULL);
	} else {
		(void)text_copy(out->run, sizeof(out->run), qc->id);
		check_run(f, qc, out);
		own = check_trial(f, qc, out);
		simulated = qc->simulated;
	}
	if (own) {
		(void)text_copy(out->trial_run, sizeof(out->trial_run), own->id);
		check_run(f, own, out);
		simulated = simulated || own->simulated;
	}
	if (!f->mail_back && !f->accepted)
		add(out, "acceptance_missing", NULL);
	others = out->reason_count;
	if (simulated)
		add_run(out, "simulated", qc->simulated ? qc : own);
	out->allowed = out->reason_count == 0;
	out->would_be = others == 0;
}

static const char *word(bool allowed)
{
	return allowed ? "allowed" : "blocked";
}

static void put_runs(struct json *j, const struct release_decision *d)
{
	json_key(j, "runs");
	json_open_array(j);
	if (d->run[0])
		json_put_string(j, d->run);
	if (d->trial_run[0])
		json_put_string(j, d->trial_run);
	json_end_array(j);
}

/* Returns whether `simulated` is among them. */
static bool put_reasons(struct json *j, const struct release_decision *d)
{
	bool simulated = false;

	json_key(j, "reasons");
	json_open_array(j);
	for (int i = 0; i < d->reason_count; i++) {
		const struct release_reason *r = &d->reasons[i];

		json_open_object(j);
		json_kv_string(j, "code", r->code);
		json_key(j, "params");
		json_put_raw(j, r->params, strlen(r->params));
		json_kv_string(j, "en", release_reason_text(r->code, false));
		json_kv_string(j, "zh", release_reason_text(r->code, true));
		json_end_object(j);
		simulated = simulated || strcmp(r->code, "simulated") == 0;
	}
	json_end_array(j);
	return simulated;
}

void release_json(const struct release_facts *f, const struct release_decision *d, struct text *out)
{
	char at[32], until[32];
	struct json j;

	(void)text_from_utc_us(at, sizeof(at), f->now_utc_us);
	(void)text_from_utc_us(until, sizeof(until),
			       f->now_utc_us + RELEASE_VALID_SECONDS * INT64_C(1000000));
	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "ticket", f->ticket);
	json_kv_string(&j, "serial", f->serial);
	json_kv_string(&j, "model", f->model);
	json_kv_int(&j, "repair_seq", f->repair_seq);
	json_kv_string(&j, "disposition", "repaired");
	json_kv_string(&j, "decision", word(d->allowed));
	json_kv_string(&j, "would_be", word(d->would_be));
	json_kv_bool(&j, "simulated", put_reasons(&j, d));
	put_runs(&j, d);
	json_kv_string(&j, "decided_at", at);
	json_kv_string(&j, "valid_until", d->allowed ? until : NULL);
	json_kv_string(&j, "scope", "this_station");
	json_kv_string(&j, "signature", NULL);
	json_end_object(&j);
}
