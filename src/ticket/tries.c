/* SPDX-License-Identifier: MIT */
#include "ticket/tries.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define WINDOW_NS (TRIES_WINDOW_S * NS_PER_S)

/* How many are within the window, and when the first of them was. */
struct tally {
	int n;
	int64_t first_ns;
};

static void count(struct tally *c, int64_t at_ns)
{
	c->first_ns = c->n && c->first_ns < at_ns ? c->first_ns : at_ns;
	c->n++;
}

/* No limit is ever passed, so that one place is free as soon as the first one is a minute old. */
static int64_t wait_of(const struct tally *c, int limit, int64_t now_ns)
{
	return c->n < limit ? 0 : c->first_ns + WINDOW_NS - now_ns;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t tries_add(struct tries *t, const struct try_from *from, int64_t now_ns)
{
	struct tally person = {0}, client = {0}, both = {0}, all = {0};
	struct pin_try *place = NULL;
	int64_t wait;

	for (int i = 0; i < TRIES_MAX; i++) {
		struct pin_try *one = &t->at[i];
		bool same_person = strcmp(one->person, from->person) == 0;
		bool same_client = strcmp(one->client, from->client) == 0;

		if (!one->at_ns || now_ns - one->at_ns >= WINDOW_NS) {
			place = one;
			continue;
		}
		if (one->by_web != from->by_web)
			continue;
		count(&all, one->at_ns);
		if (same_person)
			count(&person, one->at_ns);
		if (same_client)
			count(&client, one->at_ns);
		if (same_person && same_client)
			count(&both, one->at_ns);
	}
	wait = longer(wait_of(&all, TRIES_ALL, now_ns), wait_of(&person, TRIES_PERSON, now_ns));
	wait = longer(wait, wait_of(&client, TRIES_CLIENT, now_ns));
	wait = longer(wait, wait_of(&both, TRIES_CLIENT_PERSON, now_ns));
	if (wait)
		return wait;
	/* TRIES_ALL of either way: there is a place */
	(void)text_copy(place->person, sizeof(place->person), from->person);
	(void)text_copy(place->client, sizeof(place->client), from->client);
	place->by_web = from->by_web;
	place->at_ns = now_ns;
	return 0;
}

void tries_take_back(struct tries *t, const struct try_from *from, int64_t at_ns)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		struct pin_try *one = &t->at[i];

		if (one->at_ns != at_ns || one->by_web != from->by_web ||
		    strcmp(one->person, from->person) != 0 ||
		    strcmp(one->client, from->client) != 0)
			continue;
		one->at_ns = 0;
		return;
	}
}
