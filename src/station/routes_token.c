/* SPDX-License-Identifier: MIT
 *
 * Routes about tokens: given by an admin, shown once, kept as a hash.
 */
#include "change.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "ticket/form.h"

enum { TOKEN_DAYS_MAX = 366 };

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

	if (old)
		q->token.used_utc_us = old->used_utc_us;
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

static void submit_token(struct request *rq, const struct access_token *t, const char *secret)
{
	struct subject_job *q =
		subject_job(rq, "token", t->revoked ? "token_revoked" : "token_added", t->name);
	struct json j;

	q->token = *t;
	q->kept = keep_token;
	json_init(&j, &q->data);
	put_token(&j, t, false);
	if (secret) {
		q->secret_kind = "token";
		text_hex(q->hash, t->hash, sizeof(t->hash));
		q->status = 201;
		json_init(&j, &q->reply);
		json_open_object(&j);
		json_kv_string(&j, "name", t->name);
		json_kv_string(&j, "token", secret);
		json_kv_string(&j, "expires", t->expires);
		json_end_object(&j);
	}
	subject_submit(q);
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
	char secret[80] = "btk_", today[16], last[16];
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
	if (registry_token_named(rq->station->registry, t.name)) {
		request_problem(rq, 409, "exists", "/name: a token of this name was given already");
		return;
	}
	secret_random_hex(secret + 4, 32);
	text_sha256(t.hash, secret, strlen(secret));
	submit_token(rq, &t, secret);
	secret_wipe(secret, sizeof(secret));
}

void route_token_revoke(struct request *rq)
{
	struct access_token *old = registry_token_named(rq->station->registry, rq->msg.arg[0]);
	struct access_token t;

	if (!old) {
		request_problem(rq, 404, "not_found",
				"there is no token \"%s\"; see: benchctl token list",
				rq->msg.arg[0]);
		return;
	}
	t = *old;
	t.revoked = true;
	submit_token(rq, &t, NULL);
}
