/* SPDX-License-Identifier: MIT */
#include "ticket/facts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/chain.h"
#include "store/loss.h"
#include "store/subject.h"

enum { DAY_S = 86400 };

struct gather {
	struct run_row rows[TICKET_FACTS_RUNS_MAX];
	int count;
};

static bool is_type(const struct run_row *r, const char *type)
{
	return strcmp(r->run_type, type) == 0;
}

static bool gather_one(void *ctx, const struct run_row *row)
{
	struct gather *g = ctx;
	bool decides = is_type(row, "post_repair_qc") || is_type(row, "trial_run") ||
		       is_type(row, "diagnosis");

	if (decides || row->seq == 0)
		g->rows[g->count++] = *row;
	return g->count < TICKET_FACTS_RUNS_MAX;
}

/* What the chain says of one run. */
struct run_items {
	struct release_run *run;
	char document_sha256[65];
	int rejudge_pending; /* by revisions under which nobody has seen it pass */
	bool late;
};

static bool read_run_item(void *ctx, const struct chain_row *r)
{
	struct run_items *i = ctx;
	bool counts = strcmp(r->type, "suspect") == 0 || strcmp(r->type, "rejudged") == 0 ||
		      strcmp(r->type, "run_finished") == 0;
	json_t *data;

	if (strcmp(r->type, "void") == 0)
		i->run->voided = true;
	if (!counts)
		return true;
	data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	if (strcmp(r->type, "suspect") == 0) {
		if (strcmp(json_text(data, "reason"), "profile_rejudge") == 0)
			i->rejudge_pending++;
		else
			i->run->suspect = true;
		(void)text_copy(i->run->suspect_reason, sizeof(i->run->suspect_reason),
				json_text(data, "reason"));
	} else if (strcmp(r->type, "rejudged") == 0) {
		i->rejudge_pending -= !r->late && strcmp(json_text(data, "verdict"), "pass") == 0;
	} else if (strcmp(r->type, "run_finished") == 0) {
		i->run->ended_seq = r->seq;
		i->late = r->late;
		(void)text_copy(i->document_sha256, sizeof(i->document_sha256),
				json_text(data, "document_sha256"));
	}
	json_decref(data);
	return true;
}

/* Is the document the one that the chain has, in an item that is still as it was? */
static int check_recorded(struct store *s, const struct run_items *i, const struct run_row *row,
			  bool *intact, struct error *err)
{
	char hex[65];
	struct error why = {0};
	int rc;

	text_hex(hex, row->doc_sha256, sizeof(row->doc_sha256));
	if (i->run->ended_seq == 0 || strcmp(hex, i->document_sha256) != 0) {
		*intact = false;
		return 0;
	}
	rc = store_chain_check_item(s, i->run->ended_seq, &why);
	if (rc == ERR_STORE) {
		if (err)
			*err = why;
		return rc;
	}
	*intact = *intact && rc == 0;
	return 0;
}

static int read_run(struct store *s, const struct run_row *listed, struct release_run *out,
		    bool *intact, struct error *err)
{
	struct chain_filter f = {.run = listed->id};
	struct run_items items = {.run = out};
	struct text doc = {0}, approval = {0};
	struct run_row row;
	int rc = store_run_get(s, listed->id, &row, &doc, err);

	if (rc == 0) {
		rc = store_run_approval(s, listed->id, &approval, err);
		rc = rc == ERR_NOT_FOUND ? 0 : rc;
	}
	if (rc == 0) {
		ticket_facts_from_doc_approved(&row, doc.buf ? doc.buf : "", doc.len, approval.buf,
					       out);
		rc = store_chain_list(s, &f, read_run_item, &items, err);
		out->suspect = out->suspect || items.rejudge_pending != 0;
	}
	/* Taken back after something newer: nobody knows that it is the last word. */
	if (rc == 0 && items.late && strcmp(out->verdict, "pass") == 0)
		out->complete = false;
	if (rc == 0 && !out->open)
		rc = check_recorded(s, &items, &row, intact, err);
	text_release(&approval);
	text_release(&doc);
	return rc;
}

/* What is still looked for, newest first: documents are read only as far as they can matter. */
struct wanted {
	bool qc, trial, diagnosis;
};

static void found(struct wanted *w, const struct release_facts *f, const struct release_run *r)
{
	if (!r->complete)
		return;
	if (strcmp(r->run_type, "post_repair_qc") == 0) {
		w->qc = false;
		w->trial = w->trial && f->separate_trial_allowed;
	}
	if (strcmp(r->run_type, "trial_run") == 0)
		w->trial = false;
	if (strcmp(r->run_type, "diagnosis") == 0)
		w->diagnosis = false;
}

static bool is_wanted(const struct wanted *w, const struct run_row *r)
{
	return r->seq == 0 || (w->qc && is_type(r, "post_repair_qc")) ||
	       (w->trial && is_type(r, "trial_run")) || (w->diagnosis && is_type(r, "diagnosis"));
}

static int read_runs(struct store *s, struct ticket_facts *out, struct error *err)
{
	struct release_facts *f = &out->release;
	struct wanted w = {true, f->separate_trial_allowed,
			   f->disposition == RELEASE_NO_FAULT_FOUND};
	struct gather *g = xcalloc(1, sizeof(*g));
	int rc = store_run_list(s, NULL, out->ticket.serial, 0, gather_one, g, err);

	for (int i = 0; rc == 0 && i < g->count; i++) {
		struct release_run *r = &out->runs[f->run_count];

		if (!is_wanted(&w, &g->rows[i]))
			continue;
		rc = read_run(s, &g->rows[i], r, &f->chain_intact, err);
		if (rc < 0)
			break;
		found(&w, f, r);
		if (f->disposition == RELEASE_NO_FAULT_FOUND && r->complete && !r->voided &&
		    strcmp(r->run_type, "diagnosis") == 0 && strcmp(r->verdict, "pass") == 0 &&
		    strcmp(r->ticket, out->ticket.id) == 0 && r->repair_seq == f->repair_seq)
			f->ntf_protocol = true;
		f->run_count++;
	}
	free(g);
	if (rc < 0)
		f->run_count = 0;
	return rc;
}

static void read_override(const struct chain_row *r, const json_t *data, struct release_override *o)
{
	const json_t *codes = json_object_get(data, "codes"), *seq, *c;
	size_t at = 0, i;

	memset(o, 0, sizeof(*o));
	o->given = true;
	o->seq = r->seq;
	(void)text_copy(o->who, sizeof(o->who), r->who);
	(void)text_copy(o->reason, sizeof(o->reason), json_text(data, "reason"));
	(void)text_copy(o->run, sizeof(o->run), json_text(data, "run"));
	seq = json_object_get(data, "repair_seq");
	o->repair_seq = json_is_integer(seq) ? json_integer_value(seq) : -1;
	o->codes[at++] = ',';
	json_array_foreach(codes, i, c)
	{
		const char *code = json_string_value(c);
		size_t n = code ? strlen(code) : 0;

		if (n == 0 || at + n + 2 > sizeof(o->codes))
			continue;
		memcpy(o->codes + at, code, n);
		at += n;
		o->codes[at++] = ',';
	}
}

static void read_acceptance(const struct chain_row *r, const json_t *data, struct release_facts *f)
{
	bool accepted = strcmp(json_text(data, "outcome"), "accepted") == 0;

	if (accepted && r->late)
		return;
	f->accepted_seq = accepted ? r->seq : 0;
	f->refused = !accepted;
}

/* The ticketing system counts its claims: of two, the one with the higher number is in force. */
static void read_claim(const struct chain_row *r, const json_t *data, struct release_facts *f)
{
	int64_t number = json_integer_value(json_object_get(data, "claim"));
	bool mine = strcmp(r->type, "claimed") == 0;

	if (mine && r->late)
		return;
	f->ticket_claimed = mine;
	if (number > f->claim)
		f->claim = number;
}

/* A repair is recorded here, or the ticketing system tells of it by a ticket with a higher number:
 * nobody has accepted the unit since. One that is told late opens nothing. */
static void read_repair(const struct chain_row *r, const json_t *data, struct release_facts *f)
{
	const json_t *seq = json_object_get(data, "repair_seq");
	bool repair = strcmp(r->type, "repair") == 0;
	int64_t told = json_is_integer(seq) ? json_integer_value(seq) : f->told_repair_seq + repair;

	if (!repair && told <= f->told_repair_seq)
		return;
	if (told > f->told_repair_seq)
		f->told_repair_seq = told;
	f->accepted_seq = 0;
	f->refused = f->refused && r->late;
}

/* In the chain's order: what comes later says more; what is late only says what is against it. */
void ticket_facts_from_item(struct release_facts *f, const struct chain_row *r)
{
	const bool accepts = strcmp(r->type, "acceptance") == 0;
	const bool overrides = strcmp(r->type, "override") == 0 && !r->late;
	const bool claims = strcmp(r->type, "claimed") == 0 || strcmp(r->type, "claim_lost") == 0;
	const bool repairs = strcmp(r->type, "repair") == 0 || strcmp(r->type, "received") == 0 ||
			     strcmp(r->type, "ticket_changed") == 0;
	json_t *data = NULL;

	/* what it says is read only where it counts: most items are told by their type alone */
	if (accepts || overrides || claims || repairs)
		data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	if (repairs) {
		read_repair(r, data, f);
	} else if (accepts) {
		read_acceptance(r, data, f);
	} else if (strcmp(r->type, "released") == 0) {
		f->released_seq = r->seq;
	} else if (strcmp(r->type, "withdrawn") == 0) {
		f->released_seq = r->late ? f->released_seq : 0;
		f->withdrawn_seq = r->seq;
	} else if (overrides) {
		read_override(r, data, &f->override);
	} else if (strcmp(r->type, "record_missing") == 0) {
		f->missing_seq = r->seq;
	} else if (claims) {
		read_claim(r, data, f);
	}
	json_decref(data);
}

static bool read_ticket_item(void *ctx, const struct chain_row *r)
{
	ticket_facts_from_item(ctx, r);
	return true;
}

static bool read_earlier_ntf(void *ctx, const struct chain_row *r)
{
	struct ticket_facts *f = ctx;
	const int64_t age_us = f->release.now_utc_us - r->utc_us;
	json_t *data;

	if (strcmp(r->ticket, f->ticket.id) == 0 ||
	    age_us > TICKET_NTF_DAYS * DAY_S * INT64_C(1000000))
		return true;
	data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	if (strcmp(json_text(data, "disposition"), "no_fault_found") == 0)
		f->release.ntf_before = true;
	json_decref(data);
	return true;
}

static int read_events(struct store *s, struct ticket_facts *out, struct error *err)
{
	struct chain_filter of_ticket = {.ticket = out->ticket.id};
	struct chain_filter of_serial = {.serial = out->ticket.serial, .type = "released"};
	int rc = store_chain_list(s, &of_ticket, read_ticket_item, &out->release, err);

	if (rc == 0)
		rc = store_chain_list(s, &of_serial, read_earlier_ntf, out, err);
	return rc;
}

static int read_ticket(struct store *s, struct ticket_facts *out,
		       const struct ticket_policy *policy, struct error *err)
{
	struct release_facts *f = &out->release;
	struct loss_state loss;
	struct error why = {0};
	int rc;

	f->ticket_known = true;
	f->separate_trial_allowed = policy->separate_trial &&
				    policy->separate_trial(policy->ctx, out->ticket.model);
	f->repair_seq = out->ticket.repair_seq;
	f->mail_back = out->ticket.mail_back;
	f->refused_plan = strcmp(out->ticket.plan_state, "declined") == 0;
	f->mirrored_utc_us = out->ticket.mirrored_utc_us;
	f->ticket_confirmed = f->ticket_claimed = policy->owns_tickets;
	if (!policy->owns_tickets) {
		f->ticket_confirmed = out->ticket.mirrored_utc_us > 0;
		f->mirror_max_age_us = policy->mirror_max_age_us > 0 ? policy->mirror_max_age_us
								     : 1;
	}
	rc = store_chain_check_acknowledged(s, &why);
	if (rc == ERR_STORE) {
		if (err)
			*err = why;
		return rc;
	}
	f->chain_intact = rc == 0;
	rc = store_loss_state(s, &loss, err);
	if (rc == 0) {
		f->records_complete = !loss.open;
		rc = read_events(s, out, err);
	}
	return rc < 0 ? rc : read_runs(s, out, err);
}

int ticket_facts_load(struct ticket_facts *out, struct store *s, const char *ticket_id,
		      const struct ticket_policy *policy, int64_t now_utc_us, struct error *err)
{
	struct error why = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	out->runs = xcalloc(TICKET_FACTS_RUNS_MAX, sizeof(*out->runs));
	(void)text_copy(out->ticket.id, sizeof(out->ticket.id), ticket_id);
	out->release.ticket = out->ticket.id;
	out->release.serial = out->ticket.serial;
	out->release.model = out->ticket.model;
	out->release.runs = out->runs;
	out->release.now_utc_us = now_utc_us;
	out->release.disposition = policy->disposition;
	out->release.statement = policy->statement;
	out->release.store_sound = policy->store_sound;
	rc = store_ticket_get(s, ticket_id, &out->ticket, &why);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0)
		rc = read_ticket(s, out, policy, &why);
	if (rc < 0) {
		ticket_facts_release(out);
		if (err)
			*err = why;
	}
	return rc;
}

void ticket_facts_release(struct ticket_facts *f)
{
	free(f->runs);
	memset(f, 0, sizeof(*f));
}
