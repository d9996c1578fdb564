/* SPDX-License-Identifier: MIT
 *
 * How often PINs were tried, so that nobody guesses them and nobody keeps the others out. What did
 * not go well within the last minute counts, and what is still being looked at; a PIN that was right
 * does not. Pure; the control loop's thread; gone with the process.
 *
 *	person		10 a minute, wherever they come from
 *	client		10 a minute, whoever they are for; 5 for one person, so that no client alone
 *			uses up the tries of anybody
 *	all		60 a minute: what many clients together cost
 *
 * Those who come through benchd-web and those at the station's own socket are counted apart: the
 * network, or a benchd-web that invents clients, keeps nobody out who sits at the station.
 */
#ifndef TICKET_TRIES_H
#define TICKET_TRIES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TRIES_PERSON = 10,
	TRIES_CLIENT = 10,
	TRIES_CLIENT_PERSON = 5,
	TRIES_ALL = 60,
	TRIES_WINDOW_S = 60,
	TRIES_MAX = 2 * TRIES_ALL /* of both ways in */
};
struct tries {
	struct pin_try {
		char person[64], client[64];
		bool by_web;
		int64_t at_ns; /* 0: free */
	} at[TRIES_MAX];
};
struct try_from {
	const char *person; /* as it was named, whether or not there is one */
	const char *client; /* address, or "uid:1000" */
	bool by_web;
};
/* 0: it may be tried, and counts; else ns until it may. now_ns > 0: CLOCK_MONOTONIC. */
int64_t tries_add(struct tries *t, const struct try_from *from, int64_t now_ns);
/* The PIN was right: its try, which began at at_ns, counts no more. */
void tries_take_back(struct tries *t, const struct try_from *from, int64_t at_ns);

#endif
