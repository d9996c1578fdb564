/* SPDX-License-Identifier: MIT */
#include "station/once.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

bool once_takes(enum web_route r)
{
	return r == WEB_RUN_START || r == WEB_TICKET_IMPORT || r == WEB_TOKEN_ADD ||
	       r == WEB_CALIBRATE || r == WEB_PROFILE_SUBMIT || r == WEB_PROFILE_APPROVE ||
	       r == WEB_DEVICE_ACCEPT || r == WEB_TICKET_LABEL || r == WEB_RUN_LABEL ||
	       r == WEB_HOLD || r == WEB_UNHOLD;
}

void once_body(const char *body, size_t n, struct text *out)
{
	json_t *o = json_load_limited(body, n, WEB_BODY_MAX, NULL);
	char *same;

	(void)json_object_del(json_object_get(o, "sign"), "pin");
	same = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (same)
		text_puts(out, same);
	else
		text_add(out, body, n);
	free(same);
	json_decref(o);
}

static struct chain_request request_of(const struct once *o)
{
	struct chain_request q = {.key = o->key, .who = o->who, .route = o->place};

	memcpy(q.body_sha256, o->body_sha256, sizeof(q.body_sha256));
	return q;
}

int once_keep(const struct once *o, struct store *s, int status, const struct text *answer,
	      struct error *err)
{
	struct chain_request q = request_of(o);

	return o->key[0] ? store_request_keep(s, &q, status, answer, clock_utc_us(), err) : 0;
}

int once_find(const struct once *o, struct store *s, int *status, struct text *answer,
	      struct error *err)
{
	struct chain_request q = request_of(o);

	return store_request_find(s, &q, status, answer, err);
}
