/* SPDX-License-Identifier: MIT
 *
 * Routes about tokens: given by an admin, shown once, kept as a hash.
 */
#include "change.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/sign.h"
#include "store/subject.h"
#include "ticket/form.h"

#define USE_KEPT_NS (60 * NS_PER_S)
enum { TOKEN_DAYS_MAX = 366, SECRET_TEXT = 80 };

static void put_token(struct json *j, const struct access_token *t, bool use)
{
	char roles[96], utc[32];

	json_open_object(j);
	json_kv_string(j, "name", t->name);
	people_roles_text(t->roles, roles, sizeof(roles));
	json_kv_string(j, "roles", roles);
	json_kv_string(j, "expires", t->expires);
	json_kv_bool(j, "revoked", t->revoked);
	if (use)
		json_kv_string(j, "used_at",
			       t->used_utc_us ? text_from_utc_us(utc, sizeof(utc), t->used_utc_us)
					      : NULL);
	json_end_object(j);
}

bool token_read(const char *name, const char *data, struct access_token *t)
{
	json_t *o = json_load_limited(data, strlen(data), WEB_BODY_MAX, NULL);
	const char *roles = json_string_value(json_object_get(o, "roles"));
	const char *expires = json_string_value(json_object_get(o, "expires"));
	char word[32];

	memset(t, 0, sizeof(*t));
	text_copy(t->name, sizeof(t->name), name);
	while (roles && *roles) {
		size_t n = strcspn(roles, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, roles);
		t->roles |= people_role_of(word);
		roles += n + (roles[n] == ',');
	}
	text_copy(t->expires, sizeof(t->expires), expires ? expires : "");
	t->revoked = !json_is_false(json_object_get(o, "revoked"));
	json_decref(o);
	return t->roles && expires;
}

bool token_take_hash(struct access_token *t, const char *hex)
{
	unsigned byte;

	if (strlen(hex) != 64)
		return false;
	for (int i = 0; i < 32; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		t->hash[i] = (uint8_t)byte;
	}
	return true;
}

void route_tokens(struct request *rq)
{
	struct access_token *t;
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_key(&j, "tokens");
	json_open_array(&j);
	for (int i = 0; (t = registry_token_at(rq->station->registry, i)); i++)
		put_token(&j, t, true);
	json_end_array(&j);
	json_end_object(&j);
	request_reply(rq, 200, "", &out);
	text_release(&out);
}

static void keep_token(struct station *s, struct subject_job *q)
{
	const struct access_token *old = registry_token_named(s->registry, q->token.name);

	if (old) {
		q->token.used_utc_us = old->used_utc_us;
		q->token.use_kept_utc_us = old->use_kept_utc_us;
		q->token.use_kept_ns = old->use_kept_ns;
	}
	registry_put_token(s->registry, &q->token);
}

static unsigned scope_role(const char *scope)
{
	return !strcmp(scope, "read")	   ? PEOPLE_READER
	       : !strcmp(scope, "tickets") ? PEOPLE_SERVICE
	       : !strcmp(scope, "run")	   ? PEOPLE_TECHNICIAN
	       : !strcmp(scope, "admin")   ? PEOPLE_ADMIN
					   : 0;
}

static struct subject_job *token_job(struct request *rq, const struct access_token *t)
{
	struct subject_job *q =
		subject_job(rq, "token", t->revoked ? "token_revoked" : "token_added", t->name);
	struct json j;

	q->token = *t;
	q->kept = keep_token;
	json_init(&j, &q->data);
	put_token(&j, t, false);
	return q;
}

static void put_given(struct text *out, const char *name, const char *secret, const char *expires)
{
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "name", name);
	json_kv_string(&j, "token", secret);
	json_kv_string(&j, "expires", expires);
	json_end_object(&j);
}

/* ---- when it was used last ---- */

struct use_job {
	struct job job;
	struct station *station;
	char name[64];
	int64_t used_utc_us;
};

static void use_work(struct job *j, struct store *store)
{
	struct use_job *q = (struct use_job *)j;
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)q->used_utc_us);
	j->rc = store_secret_put(store, "token_used", q->name, text, q->used_utc_us, &j->err);
}

static void use_done(struct job *j)
{
	struct use_job *q = (struct use_job *)j;

	if (j->rc)
		station_store_failed(q->station, "the last use of a token", &j->err);
	free(q);
}

void token_keep_use(struct station *s, bool all)
{
	int64_t now_ns = clock_mono_ns();
	struct access_token *t;

	for (int i = 0; (t = registry_token_at(s->registry, i)); i++) {
		struct use_job *q;

		if (t->used_utc_us == t->use_kept_utc_us ||
		    (!all && t->use_kept_ns && now_ns - t->use_kept_ns < USE_KEPT_NS))
			continue;
		t->use_kept_utc_us = t->used_utc_us;
		t->use_kept_ns = now_ns;
		q = xcalloc(1, sizeof(*q));
		q->job.work = use_work;
		q->job.done = use_done;
		q->station = s;
		q->used_utc_us = t->used_utc_us;
		text_copy(q->name, sizeof(q->name), t->name);
		station_write(s, &q->job);
	}
}

/* ---- its secret ---- */

/* Random; with an Idempotency-Key from a signature that only the station's key makes, so that the
 * answer can be given once more and is kept nowhere. */
static int make_secret(struct store *store, const struct once *o, char secret[SECRET_TEXT],
		       struct error *err)
{
	struct text t = {0};
	uint8_t sig[CHAIN_SIG_BYTES], hash[32];
	char id[SIGN_ID_SIZE], hex[65];
	int rc;

	(void)text_copy(secret, SECRET_TEXT, "btk_");
	if (!o->key[0]) {
		secret_random_hex(secret + 4, 32);
		return 0;
	}
	text_hex(hex, o->body_sha256, sizeof(o->body_sha256));
	text_printf(&t, "benchd-token-v1\n%s\n%s\n%s\n", o->who, o->key, hex);
	rc = store_sign(store, t.buf, t.len, sig, id, err);
	text_sha256(hash, sig, sizeof(sig));
	text_hex(secret + 4, hash, sizeof(hash));
	secret_wipe(sig, sizeof(sig));
	secret_wipe(hash, sizeof(hash));
	text_release(&t);
	return rc;
}

static int give_secret(struct subject_job *q, struct store *store, struct error *err)
{
	char secret[SECRET_TEXT];
	int rc = make_secret(store, &q->rq->once, secret, err);

	if (rc)
		return rc;
	text_sha256(q->token.hash, secret, strlen(secret));
	text_hex(q->hash, q->token.hash, sizeof(q->token.hash));
	put_given(&q->reply, q->token.name, secret, q->token.expires);
	secret_wipe(secret, sizeof(secret));
	return 0;
}

int token_once_more(struct store *store, const struct once *o, struct text *answer,
		    struct error *err)
{
	json_t *kept = json_load_limited(answer->buf, answer->len, WEB_BODY_MAX, NULL);
	const char *name = json_string_value(json_object_get(kept, "name"));
	const char *expires = json_string_value(json_object_get(kept, "expires"));
	char secret[SECRET_TEXT], hex[160] = "", own[65];
	uint8_t hash[32];
	int rc = make_secret(store, o, secret, err);

	if (!rc)
		rc = store_secret_get(store, "token", name ? name : "", hex, err);
	text_sha256(hash, secret, strlen(secret));
	text_hex(own, hash, sizeof(hash));
	text_clear(answer);
	if (!rc && strcmp(own, hex) == 0)
		put_given(answer, name, secret, expires);
	else
		rc = error_set(err, ERR_STATE,
			       "this token was given, and its secret cannot be shown again: the "
			       "station's key has changed since; revoke it and make another");
	secret_wipe(secret, sizeof(secret));
	json_decref(kept);
	return rc;
}

void route_token_add(struct request *rq)
{
	static const char *const scopes[] = {"read", "tickets", "run", "admin", NULL};
	static const struct form_field fields[] = {
		{.name = "name", .kind = FORM_NAME, .required = true},
		{.name = "scopes",
		 .kind = FORM_CODES,
		 .required = true,
		 .lo = 1,
		 .hi = 4,
		 .words = scopes},
		{.name = "expires", .kind = FORM_DAY, .required = true},
		{.name = NULL},
	};
	struct access_token t = {0};
	json_t *root = request_form(rq, fields), *one;
	struct subject_job *q;
	char today[16], last[16];
	size_t i;

	if (!root)
		return;
	text_copy(t.name, sizeof(t.name), json_string_value(json_object_get(root, "name")));
	text_copy(t.expires, sizeof(t.expires),
		  json_string_value(json_object_get(root, "expires")));
	json_array_foreach(json_object_get(root, "scopes"), i, one)
	{
		t.roles |= scope_role(json_string_value(one));
	}
	json_decref(root);
	people_day(today, clock_utc_us());
	people_day(last, clock_utc_us() + (int64_t)TOKEN_DAYS_MAX * 86400 * 1000000);
	if (strcmp(t.expires, today) < 0 || strcmp(t.expires, last) > 0) {
		request_problem(rq, 422, "value", "/expires: a day from %s to %s expected", today,
				last);
		return;
	}
	q = token_job(rq, &t);
	q->is_new = true;
	q->secret_kind = "token";
	q->prepare = give_secret;
	q->status = 201;
	subject_submit(q);
}

void route_token_revoke(struct request *rq)
{
	struct access_token *old = registry_token_named(rq->station->registry, rq->msg.arg);
	struct access_token t;

	if (!old) {
		request_problem(rq, 404, "not_found",
				"there is no token \"%s\"; see: benchctl token list", rq->msg.arg);
		return;
	}
	t = *old;
	t.revoked = true;
	subject_submit(token_job(rq, &t));
}
