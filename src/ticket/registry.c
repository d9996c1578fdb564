/* SPDX-License-Identifier: MIT */
#include "ticket/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

enum { SESSIONS = 64, BAYS = 64 };

struct duty {
	char person[64];
	int64_t used_ns;
};
struct registry {
	struct person *people;
	int person_count;
	struct access_token *tokens;
	int token_count;
	struct login_session sessions[SESSIONS];
	struct duty duty[BAYS];
};

struct registry *registry_new(void)
{
	return xcalloc(1, sizeof(struct registry));
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	free(r->people);
	free(r->tokens);
	free(r);
}

static bool is_idle(int64_t used_ns, int64_t now_ns)
{
	return now_ns - used_ns > (int64_t)REGISTRY_IDLE_S * NS_PER_S;
}

/* ---- persons ---- */

static struct person *find_person(const struct registry *r, const char *name)
{
	for (int i = 0; i < r->person_count; i++)
		if (strcmp(r->people[i].name, name) == 0)
			return &r->people[i];
	return NULL;
}

static void forget(struct registry *r, const char *name)
{
	for (int i = 0; i < SESSIONS; i++)
		if (strcmp(r->sessions[i].person, name) == 0)
			memset(&r->sessions[i], 0, sizeof(r->sessions[i]));
	for (int i = 0; i < BAYS; i++)
		if (strcmp(r->duty[i].person, name) == 0)
			r->duty[i].person[0] = '\0';
}

void registry_put_person(struct registry *r, const struct person *p)
{
	struct person *at = find_person(r, p->name);

	if (!at) {
		r->people = xrealloc(r->people, (size_t)(r->person_count + 1) * sizeof(*at));
		at = &r->people[r->person_count++];
	} else if (!p->active || p->roles != at->roles) {
		forget(r, p->name);
	}
	*at = *p;
}

const struct person *registry_person(const struct registry *r, const char *name)
{
	return name[0] ? find_person(r, name) : NULL;
}

const struct person *registry_badge(const struct registry *r, const char *badge)
{
	for (int i = 0; badge[0] && i < r->person_count; i++)
		if (r->people[i].active && strcmp(r->people[i].badge, badge) == 0)
			return &r->people[i];
	return NULL;
}

const struct person *registry_person_at(const struct registry *r, int i)
{
	return i < r->person_count ? &r->people[i] : NULL;
}

bool registry_has_people(const struct registry *r)
{
	for (int i = 0; i < r->person_count; i++)
		if (r->people[i].active &&
		    (r->people[i].roles & (PEOPLE_TECHNICIAN | PEOPLE_SUPERVISOR)))
			return true;
	return false;
}

/* ---- tokens ---- */

struct access_token *registry_token_named(struct registry *r, const char *name)
{
	for (int i = 0; i < r->token_count; i++)
		if (strcmp(r->tokens[i].name, name) == 0)
			return &r->tokens[i];
	return NULL;
}

struct access_token *registry_token_at(struct registry *r, int i)
{
	return i < r->token_count ? &r->tokens[i] : NULL;
}

void registry_put_token(struct registry *r, const struct access_token *t)
{
	struct access_token *at = registry_token_named(r, t->name);

	if (!at) {
		r->tokens = xrealloc(r->tokens, (size_t)(r->token_count + 1) * sizeof(*at));
		at = &r->tokens[r->token_count++];
	}
	*at = *t;
}

struct access_token *registry_token(struct registry *r, const char *secret, int64_t utc_us)
{
	struct access_token *found = NULL;
	uint8_t hash[32];
	char day[16];

	text_sha256(hash, secret, strlen(secret));
	people_day(day, utc_us);
	for (int i = 0; i < r->token_count; i++)
		if (secret_equal(r->tokens[i].hash, hash, sizeof(hash)))
			found = &r->tokens[i];
	if (!found || found->revoked || strcmp(found->expires, day) < 0)
		return NULL;
	found->used_utc_us = utc_us;
	return found;
}

/* ---- sessions ---- */

const struct login_session *registry_login(struct registry *r, const char *person, int64_t now_ns)
{
	struct login_session *at = &r->sessions[0];

	for (int i = 1; i < SESSIONS; i++)
		if (r->sessions[i].used_ns < at->used_ns)
			at = &r->sessions[i];
	memset(at, 0, sizeof(*at));
	secret_random_hex(at->id, 32);
	secret_random_hex(at->csrf, 16);
	(void)text_copy(at->person, sizeof(at->person), person);
	at->used_ns = now_ns;
	return at;
}

static struct login_session *find_session(struct registry *r, const char *id)
{
	struct login_session *found = NULL;

	if (strlen(id) != sizeof(r->sessions[0].id) - 1)
		return NULL;
	for (int i = 0; i < SESSIONS; i++)
		if (r->sessions[i].person[0] &&
		    secret_equal(r->sessions[i].id, id, sizeof(r->sessions[i].id)))
			found = &r->sessions[i];
	return found;
}

const struct login_session *registry_session(struct registry *r, const char *id, int64_t now_ns)
{
	struct login_session *s = find_session(r, id);

	if (!s || is_idle(s->used_ns, now_ns))
		return NULL;
	s->used_ns = now_ns;
	return s;
}

void registry_logout(struct registry *r, const char *id)
{
	struct login_session *s = find_session(r, id);

	if (s)
		memset(s, 0, sizeof(*s));
}

/* ---- duty ---- */

void registry_begin_duty(struct registry *r, int bay, const char *person, int64_t now_ns)
{
	(void)text_copy(r->duty[bay].person, sizeof(r->duty[bay].person), person);
	r->duty[bay].used_ns = now_ns;
}

bool registry_end_duty(struct registry *r, int bay)
{
	bool was = r->duty[bay].person[0] != '\0';

	r->duty[bay].person[0] = '\0';
	return was;
}

void registry_touch_duty(struct registry *r, int bay, int64_t now_ns)
{
	if (r->duty[bay].person[0] && !is_idle(r->duty[bay].used_ns, now_ns))
		r->duty[bay].used_ns = now_ns;
}

const struct person *registry_duty(struct registry *r, int bay, bool active, int64_t now_ns)
{
	struct duty *d = &r->duty[bay];

	if (!d->person[0])
		return NULL;
	if (active)
		d->used_ns = now_ns;
	else if (is_idle(d->used_ns, now_ns))
		d->person[0] = '\0';
	return registry_person(r, d->person);
}
