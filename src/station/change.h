/* SPDX-License-Identifier: MIT
 *
 * A change of a subject (store/subject.h) on its way to the disk: the row, its item of the chain, a
 * secret beside it, and the reply once it is durable.
 */
#ifndef STATION_CHANGE_H
#define STATION_CHANGE_H

#include "station/internal.h"

struct subject_job {
	struct job job;
	struct request *rq;
	const char *kind, *type, *secret_kind; /* kind NULL: only the secret and the item */
	char name[64], who[96];
	struct text data;  /* as stored */
	struct text reply; /* "" answers with data */
	char hash[160];	   /* "": no secret */
	char pin[PEOPLE_PIN_MAX + 1];
	bool pin_failed, is_new; /* there must be none of that name */
	int status;
	int (*prepare)(struct subject_job *q, struct store *store, struct error *err); /* or NULL */
	void (*kept)(struct station *s, struct subject_job *q); /* once it is on disk; or NULL */
	struct person person;
	struct access_token token;
};

/* kind NULL: no subject, the item alone. who: the signer, else whoever asks. */
struct subject_job *subject_job(struct request *rq, const char *kind, const char *type,
				const char *name);
/* Owned by the store's thread from here on; answers by itself. */
void subject_submit(struct subject_job *q);
/* ---- routes_token.c ---- */
bool token_read(const char *name, const char *data, struct access_token *t);
bool token_take_hash(struct access_token *t, const char *hex);
/* When tokens were used last, on disk: at most once a minute each; all: at the end. */
void token_keep_use(struct station *s, bool all);
/* A token's secret into what was kept of its answer. A store's thread. */
int token_once_more(struct store *store, const struct once *o, struct text *answer,
		    struct error *err);

#endif
