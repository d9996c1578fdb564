/* SPDX-License-Identifier: MIT */
#include "ticket/label.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "store/subject.h"
#include "ticket/facts.h"

const char *unit_label_word(enum label_of of)
{
	return of == LABEL_OF_RUN ? "run" : of == LABEL_OF_RELEASE ? "release" : "not_repaired";
}

__attribute__((format(printf, 2, 3))) static void add(struct unit_label *l, const char *fmt, ...)
{
	char line[2 * LABEL_TEXT_SIZE];
	va_list ap;

	if (l->line_count == LABEL_TEXT_LINES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)text_copy(l->lines[l->line_count++], LABEL_TEXT_SIZE, line);
}

static void add_day(struct unit_label *l, int64_t utc_us, const char *station)
{
	char utc[32];

	(void)text_from_utc_us(utc, sizeof(utc), utc_us);
	add(l, "%.10s %.5sZ %s", utc, utc + 11, station);
}

/* ---- printed before? ---- */

static bool read_labeled(void *ctx, const struct chain_row *r)
{
	struct unit_label *l = ctx;
	json_t *data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	const char *of = json_string_value(json_object_get(data, "of"));
	const char *outcome = json_string_value(json_object_get(data, "outcome"));

	if (of && outcome && !strcmp(of, unit_label_word(l->of)) && !strcmp(outcome, "printed") &&
	    json_integer_value(json_object_get(data, "released_seq")) == l->released_seq) {
		l->printed_seq = json_integer_value(json_object_get(data, "label"));
		l->printed_utc_us = r->utc_us;
	}
	json_decref(data);
	return true;
}

static int look_back(struct store *s, struct unit_label *l, struct error *err)
{
	struct chain_filter f = {.type = "labeled"};

	if (l->of == LABEL_OF_RUN)
		f.run = l->run;
	else
		f.ticket = l->ticket;
	return store_chain_list(s, &f, read_labeled, l, err);
}

/* ---- a run ---- */

struct run_doubt {
	bool voided, suspect;
	int rejudge_pending;
	int64_t finished_seq;
};

static bool read_doubt(void *ctx, const struct chain_row *r)
{
	struct run_doubt *d = ctx;
	bool suspect = !strcmp(r->type, "suspect"), rejudged = !strcmp(r->type, "rejudged");
	const char *word;
	json_t *data;

	d->voided = d->voided || !strcmp(r->type, "void");
	if (!strcmp(r->type, "run_finished"))
		d->finished_seq = r->seq;
	if (!suspect && !rejudged)
		return true;
	data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	word = json_string_value(json_object_get(data, suspect ? "reason" : "verdict"));
	if (suspect && word && !strcmp(word, "profile_rejudge"))
		d->rejudge_pending++;
	else if (suspect)
		d->suspect = true;
	else
		d->rejudge_pending -= !r->late && word && !strcmp(word, "pass");
	json_decref(data);
	return true;
}

static int check_run(struct store *s, const struct run_row *run, struct error *err)
{
	struct chain_filter f = {.run = run->id};
	struct run_doubt d = {0};
	int rc;

	if (!run->seq)
		return error_set(err, ERR_STATE, "run %s goes on", run->id);
	rc = store_chain_list(s, &f, read_doubt, &d, err);
	if (rc < 0)
		return rc;
	if (d.voided)
		return error_set(err, ERR_STATE, "run %s is void", run->id);
	if (d.suspect || d.rejudge_pending > 0)
		return error_set(err, ERR_STATE, "run %s is suspect: repeat it", run->id);
	return store_chain_check_item(s, d.finished_seq, err);
}

/* Only a pass reads as one. */
static void add_verdict(struct unit_label *l, const char *verdict)
{
	if (!strcmp(verdict, "pass"))
		add(l, "合格 PASS");
	else if (!strcmp(verdict, "fail"))
		add(l, "不合格 FAIL");
	else
		add(l, "未通过 NOT PASSED: %s", verdict);
	add(l, "非放行凭证 NOT A RELEASE");
}

int unit_label_of_run(struct store *s, const char *run, const char *station, struct unit_label *out,
		      struct error *err)
{
	struct unit_label *l = out;
	struct run_row row;
	struct text doc = {0};
	int rc = store_run_get(s, run, &row, &doc, err);

	text_release(&doc); /* read to compare its hash */
	if (rc == 0)
		rc = check_run(s, &row, err);
	if (rc < 0)
		return rc;
	*l = (struct unit_label){.of = LABEL_OF_RUN};
	(void)text_copy(l->run, sizeof(l->run), row.id);
	(void)text_copy(l->ticket, sizeof(l->ticket), row.ticket);
	(void)text_copy(l->serial, sizeof(l->serial), row.serial);
	(void)text_copy(l->qr, sizeof(l->qr), row.ticket[0] ? row.ticket : row.serial);
	if (row.simulated)
		add(l, "模拟 SIMULATED");
	add_verdict(l, row.verdict);
	add(l, "%s %s", row.model, row.serial);
	if (row.ticket[0])
		add(l, "%s", row.ticket);
	add(l, "%s %s r%d", row.run_type, row.profile, row.profile_revision);
	add_day(l, row.ended_utc_us, station);
	add(l, "run %s", row.id);
	return look_back(s, l, err);
}

/* ---- a release ---- */

struct released {
	int64_t seq, utc_us;
	char disposition[32], model[64];
	bool overridden;
};

static bool read_release(void *ctx, const struct chain_row *r)
{
	struct released *d = ctx;
	json_t *data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	const char *disposition = json_string_value(json_object_get(data, "disposition"));

	if (!strcmp(r->type, "released") && disposition) {
		d->seq = r->seq;
		d->utc_us = r->utc_us;
		(void)text_copy(d->disposition, sizeof(d->disposition), disposition);
		d->overridden = json_is_object(json_object_get(data, "override"));
	} else if (!r->late) {
		d->seq = 0;
	}
	json_decref(data);
	return true;
}

/* The release in force, d->seq 0: none; with a repair after it there is none either. */
static int find_release(struct store *s, const char *ticket, struct released *d, struct error *err)
{
	struct chain_filter f = {.ticket = ticket, .type = "released", .or_type = "withdrawn"};
	char state[32];
	int rc = store_chain_list(s, &f, read_release, d, err);

	if (rc == 0)
		rc = store_ticket_state(s, ticket, state, err);
	if (rc == 0 && strcmp(state, "released") != 0)
		d->seq = 0;
	return rc < 0 || !d->seq ? rc : store_chain_check_item(s, d->seq, err);
}

static const struct {
	const char *disposition, *headline;
	bool goes_back; /* as it came: it may have the label before the release */
} headlines[] = {
	{"repaired", "已放行 RELEASED", false},
	{"no_fault_found", "未见故障 NO FAULT FOUND", false},
	{"returned_unrepaired", "未修复 NOT REPAIRED", true},
	{"scrapped", "报废 SCRAPPED", true},
	{"replaced", "已换机 REPLACED", true},
};
enum { HEADLINES = sizeof(headlines) / sizeof(headlines[0]) };

static int choose(struct unit_label *l, const struct released *d, bool not_repaired,
		  struct error *err)
{
	int i = 0;

	while (i < HEADLINES && strcmp(headlines[i].disposition, d->disposition) != 0)
		i++;
	if (!not_repaired && !d->seq)
		return error_set(err, ERR_STATE,
				 "no release of ticket %s is in force; see: benchctl release show "
				 "%s",
				 l->ticket, l->ticket);
	if (d->seq && (i == HEADLINES || (not_repaired && !headlines[i].goes_back)))
		return error_set(err, ERR_STATE, "ticket %s is released as %s", l->ticket,
				 d->disposition);
	if (not_repaired) {
		add(l, "未修复 NOT REPAIRED");
		return 0;
	}
	add(l, "%s", headlines[i].headline);
	if (d->overridden)
		add(l, "特批 OVERRIDE");
	return 0;
}

int unit_label_of_ticket(struct store *s, const char *ticket, bool not_repaired,
			 const char *station, struct unit_label *out, struct error *err)
{
	struct unit_label *l = out;
	struct released d = {0};
	struct ticket t;
	int rc = store_ticket_get(s, ticket, &t, err);

	if (rc == 0)
		rc = find_release(s, ticket, &d, err);
	if (rc < 0)
		return rc;
	*l = (struct unit_label){.of = not_repaired ? LABEL_NOT_REPAIRED : LABEL_OF_RELEASE,
				 .released_seq = not_repaired ? 0 : d.seq};
	(void)text_copy(l->ticket, sizeof(l->ticket), t.id);
	(void)text_copy(l->serial, sizeof(l->serial), t.serial);
	(void)text_copy(l->qr, sizeof(l->qr), t.id);
	rc = choose(l, &d, not_repaired, err);
	if (rc < 0)
		return rc;
	add(l, "%s %s", t.model, t.serial);
	add(l, "%s", t.id);
	if (l->released_seq) {
		add_day(l, d.utc_us, station);
		add(l, "record %lld", (long long)d.seq);
	} else {
		add(l, "%s", station);
	}
	return look_back(s, l, err);
}

/* ---- recorded ---- */

static int append(struct store *s, const struct unit_label *l, const char *type, const char *who,
		  const struct text *data, int64_t utc_us, int64_t *seq, struct error *err)
{
	struct chain_item item = {.type = type,
				  .ticket = l->ticket,
				  .serial = l->serial,
				  .run = l->run,
				  .who = who,
				  .data = data->buf,
				  .n = data->len};

	return store_chain_add(s, &item, utc_us, seq, err);
}

static void put_of(struct json *j, const struct unit_label *l)
{
	json_kv_string(j, "of", unit_label_word(l->of));
	if (l->of == LABEL_OF_RELEASE)
		json_kv_int(j, "released_seq", l->released_seq);
}

int unit_label_ask(struct store *s, const struct unit_label *l, const struct unit_label_order *o,
		   int64_t *seq, struct error *err)
{
	struct text data = {0};
	struct json j;
	int rc;

	json_init(&j, &data);
	json_open_object(&j);
	put_of(&j, l);
	json_kv_string(&j, "bay", o->bay);
	json_kv_string(&j, "printer", o->printer);
	json_kv_int(&j, "copies", o->copies);
	json_kv_bool(&j, "again", o->again);
	json_key(&j, "lines");
	json_open_array(&j);
	for (int i = 0; i < l->line_count; i++)
		json_put_string(&j, l->lines[i]);
	json_end_array(&j);
	json_kv_string(&j, "qr", l->qr);
	json_end_object(&j);
	rc = append(s, l, "label", o->who, &data, o->now_utc_us, seq, err);
	text_release(&data);
	return rc;
}

int unit_label_end(struct store *s, const struct unit_label *l, int64_t seq, const char *outcome,
		   const char *reason, int64_t now_utc_us, struct error *err)
{
	struct text data = {0};
	struct json j;
	int rc;

	json_init(&j, &data);
	json_open_object(&j);
	json_kv_int(&j, "label", seq);
	put_of(&j, l);
	json_kv_string(&j, "outcome", outcome);
	json_kv_string(&j, "reason", reason[0] ? reason : NULL);
	json_end_object(&j);
	rc = append(s, l, "labeled", "rig", &data, now_utc_us, NULL, err);
	text_release(&data);
	return rc;
}
