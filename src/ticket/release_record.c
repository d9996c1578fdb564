/* SPDX-License-Identifier: MIT */
#include "ticket/release_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/sign.h"

/* ---- the document ---- */

/* Close the open object of j with key and signature. */
static int put_signature(struct store *s, struct json *j, struct text *out, struct error *err)
{
	uint8_t public_bytes[SIGN_PUBLIC_BYTES], sig[SIGN_BYTES];
	char id[SIGN_ID_SIZE], text[SIGN_TEXT_SIZE];
	int rc = store_key_public(s, public_bytes, err);

	if (rc < 0)
		return rc;
	sign_id(id, public_bytes);
	json_kv_string(j, "key", id);
	text_add(out, "}", 1);
	rc = store_sign(s, out->buf, out->len, sig, id, err);
	if (rc < 0)
		return rc;
	out->len--;
	sign_to_base64(text, sizeof(text), sig, sizeof(sig));
	json_kv_string(j, "signature", text);
	json_end_object(j);
	return 0;
}

struct ask {
	const char *ticket;
	const struct ticket_policy *policy;
	int64_t now_utc_us;
	struct ticket_facts facts;
	struct release_decision decision;
};

static int decide_now(void *ctx, struct store *s, struct error *err)
{
	struct ask *a = ctx;
	int rc = ticket_facts_load(&a->facts, s, a->ticket, a->policy, a->now_utc_us, err);

	if (rc == 0)
		release_decide(&a->facts.release, &a->decision);
	return rc;
}

static int put_document(struct store *s, const struct ask *a, struct text *out, struct error *err)
{
	struct json j;

	json_init(&j, out);
	release_put(&j, &a->facts.release, &a->decision);
	return put_signature(s, &j, out, err);
}

int release_ask(struct store *s, const char *ticket, const struct ticket_policy *policy,
		int64_t now_utc_us, struct text *out, bool *allowed, struct error *err)
{
	struct ask *a = xcalloc(1, sizeof(*a));
	int rc;

	a->ticket = ticket;
	a->policy = policy;
	a->now_utc_us = now_utc_us;
	rc = store_transact(s, decide_now, a, err);
	if (rc == 0) {
		if (!a->facts.release.ticket_known)
			rc = error_set(err, ERR_NOT_FOUND, "ticket %s: no such ticket", ticket);
		else
			rc = put_document(s, a, out, err);
		if (rc == 0 && allowed)
			*allowed = a->decision.allowed;
		ticket_facts_release(&a->facts);
	}
	free(a);
	return rc;
}

/* ---- what is recorded ---- */

struct deed {
	const struct release_order *order;
	struct ask ask;
	struct text *out;
	int status;
	/* of an override or a withdrawal */
	const char *kind, *reason;
	int64_t claim;
	const char *const *codes;
	int code_count;
};

static int append(struct store *s, const struct deed *d, const char *type, const struct text *data,
		  struct error *err)
{
	struct chain_item item = {.type = type,
				  .ticket = d->ask.facts.ticket.id,
				  .serial = d->ask.facts.ticket.serial,
				  .run = d->ask.decision.run,
				  .who = d->order->who,
				  .feed = true,
				  .data = data->buf,
				  .n = data->len};

	return store_chain_append(s, &item, d->order->now_utc_us, NULL, err);
}

static struct chain_request request_of(const struct release_order *o, const char *route)
{
	struct chain_request q = {.key = o->key, .who = o->who, .route = route};

	store_request_hash(&q, o->ticket, o->body, o->body_n);
	return q;
}

/* 1: answered already. */
static int answered_before(struct store *s, struct deed *d, const char *route, struct error *err)
{
	struct chain_request q = request_of(d->order, route);
	int rc;

	if (!d->order->key || !d->order->key[0])
		return 0;
	rc = store_request_find(s, &q, &d->status, d->out, err);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == ERR_CONFLICT) {
		if (err)
			err->code = ERR_EXISTS;
		return ERR_EXISTS;
	}
	return rc < 0 ? rc : 1;
}

static int keep_answer(struct store *s, const struct deed *d, const char *route, struct error *err)
{
	struct chain_request q = request_of(d->order, route);

	if (!d->order->key || !d->order->key[0])
		return 0;
	return store_request_keep(s, &q, d->status, d->out, d->order->now_utc_us, err);
}

/* Facts and decision of this moment; the ticket must be there, at the caller's repair_seq. */
static int look(struct store *s, struct deed *d, struct error *err)
{
	const struct release_order *o = d->order;
	int rc;

	d->ask.ticket = o->ticket;
	d->ask.policy = &o->policy;
	d->ask.now_utc_us = o->now_utc_us;
	rc = decide_now(&d->ask, s, err);
	if (rc < 0)
		return rc;
	if (!d->ask.facts.release.ticket_known)
		return error_set(err, ERR_NOT_FOUND, "ticket %s: no such ticket", o->ticket);
	if (o->repair_seq >= 0 && o->repair_seq != d->ask.facts.release.repair_seq)
		return error_set(err, ERR_CONFLICT,
				 "ticket %s: repair_seq is %lld, not %lld; look at it again",
				 o->ticket, (long long)d->ask.facts.release.repair_seq,
				 (long long)o->repair_seq);
	return 0;
}

/* What a blocked attempt leaves: the codes, not the whole document. */
static void put_blocked(const struct deed *d, struct text *out)
{
	const struct release_decision *r = &d->ask.decision;
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "disposition", release_disposition_name(d->order->policy.disposition));
	json_kv_string(&j, "decision", "blocked");
	json_key(&j, "codes");
	json_open_array(&j);
	for (int i = 0; i < r->reason_count; i++)
		if (!r->reasons[i].overridden)
			json_put_string(&j, r->reasons[i].code);
	json_end_array(&j);
	json_end_object(&j);
}

static int record_it(void *ctx, struct store *s, struct error *err)
{
	struct deed *d = ctx;
	struct text data = {0};
	int rc = answered_before(s, d, "release", err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = look(s, d, err);
	if (rc == 0)
		rc = put_document(s, &d->ask, d->out, err);
	if (rc < 0)
		return rc;
	if (d->ask.decision.allowed) {
		d->status = 201;
		rc = append(s, d, "released", d->out, err);
	} else {
		d->status = 409;
		put_blocked(d, &data);
		rc = append(s, d, "release_decided", &data, err);
		text_release(&data);
	}
	return rc < 0 ? rc : keep_answer(s, d, "release", err);
}

static int run_deed(struct store *s, struct deed *d,
		    int (*fn)(void *, struct store *, struct error *), struct error *err)
{
	int rc = store_transact(s, fn, d, err);

	if (rc < 0)
		text_clear(d->out);
	if (d->ask.facts.runs)
		ticket_facts_release(&d->ask.facts);
	return rc;
}

int release_record(struct store *s, const struct release_order *order, int *status,
		   struct text *out, struct error *err)
{
	struct deed *d = xcalloc(1, sizeof(*d));
	int rc;

	d->order = order;
	d->out = out;
	rc = run_deed(s, d, record_it, err);
	if (rc == 0)
		*status = d->status;
	free(d);
	return rc;
}

static bool blocks(const struct release_decision *r, const char *code)
{
	for (int i = 0; i < r->reason_count; i++)
		if (strcmp(r->reasons[i].code, code) == 0)
			return true;
	return false;
}

/* May it be given at all? What the decision makes of it afterwards is the decision's. */
static int check_override(const struct deed *d, struct error *err)
{
	const struct release_decision *r = &d->ask.decision;
	const struct release_facts *f = &d->ask.facts.release;

	for (int i = 0; i < d->code_count; i++) {
		if (!release_reason_may_be_overridden(d->codes[i]))
			return error_set(err, ERR_RANGE, "/codes: %s cannot be overridden",
					 d->codes[i]);
		if (!blocks(r, d->codes[i]))
			return error_set(err, ERR_RANGE, "/codes: %s does not block now",
					 d->codes[i]);
	}
	for (int i = 0; i < f->run_count; i++)
		if ((strcmp(f->runs[i].id, r->run) == 0 ||
		     strcmp(f->runs[i].id, r->trial_run) == 0) &&
		    strcmp(f->runs[i].operator_name, d->order->who) == 0)
			return error_set(err, ERR_DENIED, "%s ran it: another supervisor decides",
					 d->order->who);
	return 0;
}

static int override_it(void *ctx, struct store *s, struct error *err)
{
	struct deed *d = ctx;
	struct json j;
	int rc = answered_before(s, d, "override", err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = look(s, d, err);
	if (rc == 0)
		rc = check_override(d, err);
	if (rc < 0)
		return rc;
	d->status = 201;
	json_init(&j, d->out);
	json_open_object(&j);
	json_kv_string(&j, "ticket", d->order->ticket);
	json_kv_string(&j, "run", d->ask.decision.run);
	json_kv_int(&j, "repair_seq", d->order->repair_seq);
	json_kv_string(&j, "supervisor", d->order->who);
	json_kv_string(&j, "reason", d->reason);
	json_key(&j, "codes");
	json_open_array(&j);
	for (int i = 0; i < d->code_count; i++)
		json_put_string(&j, d->codes[i]);
	json_end_array(&j);
	json_end_object(&j);
	rc = append(s, d, "override", d->out, err);
	return rc < 0 ? rc : keep_answer(s, d, "override", err);
}

int release_override(struct store *s, const struct release_order *order, const char *reason,
		     const char *const *codes, int code_count, struct text *out, struct error *err)
{
	struct deed *d = xcalloc(1, sizeof(*d));
	int rc;

	d->order = order;
	d->out = out;
	d->reason = reason;
	d->codes = codes;
	d->code_count = code_count;
	rc = run_deed(s, d, override_it, err);
	free(d);
	return rc;
}

static int withdraw_it(void *ctx, struct store *s, struct error *err)
{
	struct deed *d = ctx;
	struct json j;
	int rc = answered_before(s, d, "withdraw", err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = look(s, d, err);
	if (rc < 0)
		return rc;
	if (!d->ask.facts.release.released_seq)
		return error_set(err, ERR_STATE, "ticket %s: no release in force",
				 d->order->ticket);
	d->status = 201;
	json_init(&j, d->out);
	json_open_object(&j);
	json_kv_string(&j, "ticket", d->order->ticket);
	json_kv_string(&j, "kind", d->kind);
	json_kv_string(&j, "reason", d->reason);
	json_kv_int(&j, "released_seq", d->ask.facts.release.released_seq);
	json_end_object(&j);
	rc = append(s, d, "withdrawn", d->out, err);
	return rc < 0 ? rc : keep_answer(s, d, "withdraw", err);
}

int release_withdraw(struct store *s, const struct release_order *order, const char *kind,
		     const char *reason, struct text *out, struct error *err)
{
	struct deed *d = xcalloc(1, sizeof(*d));
	int rc;

	d->order = order;
	d->out = out;
	d->kind = kind;
	d->reason = reason;
	rc = run_deed(s, d, withdraw_it, err);
	free(d);
	return rc;
}

static int claim_it(void *ctx, struct store *s, struct error *err)
{
	struct deed *d = ctx;
	const struct release_facts *f = &d->ask.facts.release;
	bool mine = strcmp(d->kind, "claimed") == 0;
	struct json j;
	int rc = answered_before(s, d, "claim", err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = look(s, d, err);
	if (rc < 0)
		return rc;
	/* An answer that came late, or was sent again: what came after it is in force. */
	if (d->claim &&
	    (d->claim < f->claim || (d->claim == f->claim && mine != f->ticket_claimed)))
		return error_set(err, ERR_BUSY,
				 "ticket %s: claim %lld is older than the one in force (%lld)",
				 d->order->ticket, (long long)d->claim, (long long)f->claim);
	d->status = 201;
	json_init(&j, d->out);
	json_open_object(&j);
	json_kv_string(&j, "ticket", d->order->ticket);
	json_kv_string(&j, "station", d->reason);
	if (d->claim)
		json_kv_int(&j, "claim", d->claim);
	json_end_object(&j);
	rc = append(s, d, d->kind, d->out, err);
	return rc < 0 ? rc : keep_answer(s, d, "claim", err);
}

int release_claim(struct store *s, const struct release_order *order, const char *station,
		  bool mine, int64_t claim, struct text *out, struct error *err)
{
	struct deed *d = xcalloc(1, sizeof(*d));
	int rc;

	d->order = order;
	d->out = out;
	d->reason = station;
	d->kind = mine ? "claimed" : "claim_lost";
	d->claim = claim;
	rc = run_deed(s, d, claim_it, err);
	free(d);
	return rc;
}

/* ---- the verdict alone ---- */

static void put_verdict(struct json *j, const struct release_facts *f, const struct release_run *r)
{
	char at[32];

	json_open_object(j);
	json_kv_string(j, "ticket", f->ticket);
	json_kv_string(j, "serial", f->serial);
	json_kv_int(j, "repair_seq", f->repair_seq);
	json_kv_string(j, "run", r ? r->id : NULL);
	json_kv_string(j, "verdict", r ? r->verdict : NULL);
	if (!f->records_complete)
		json_kv_bool(j, "records_missing", true);
	if (r) {
		json_kv_string(j, "profile", r->profile);
		json_kv_int(j, "revision", r->profile_revision);
		json_kv_bool(j, "simulated", r->simulated);
		json_kv_bool(j, "void", r->voided);
		json_kv_bool(j, "suspect", r->suspect);
		json_kv_bool(j, "current", r->repair_seq == f->repair_seq);
		json_kv_string(j, "ended_at", text_from_utc_us(at, sizeof(at), r->ended_utc_us));
		json_kv_int(j, "seq", r->ended_seq);
	}
	json_end_object(j);
}

int release_verdict(struct store *s, const char *ticket, const struct ticket_policy *policy,
		    int64_t now_utc_us, struct text *out, struct error *err)
{
	struct ask *a = xcalloc(1, sizeof(*a));
	const struct release_facts *f = &a->facts.release;
	const struct release_run *r = NULL;
	struct json j;
	int rc;

	a->ticket = ticket;
	a->policy = policy;
	a->now_utc_us = now_utc_us;
	rc = store_transact(s, decide_now, a, err);
	if (rc == 0 && !f->ticket_known)
		rc = error_set(err, ERR_NOT_FOUND, "ticket %s: no such ticket", ticket);
	for (int i = 0; rc == 0 && !r && i < f->run_count; i++)
		if (strcmp(f->runs[i].id, a->decision.run) == 0)
			r = &f->runs[i];
	if (rc == 0) {
		json_init(&j, out);
		put_verdict(&j, f, r);
	}
	if (a->facts.runs)
		ticket_facts_release(&a->facts);
	free(a);
	return rc;
}
