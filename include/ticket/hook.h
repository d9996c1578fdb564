/* SPDX-License-Identifier: MIT
 *
 * What is sent to an endpoint of plan/hook.h and what its answer means. Pure but for reading the
 * files of secrets; any thread.
 *
 * Signed as Standard Webhooks 1.0 has it: webhook-id, webhook-timestamp, and webhook-signature, a
 * list "v1,BASE64 v1,BASE64" of HMAC-SHA256 over "id.timestamp.body", one for each secret.
 */
#ifndef TICKET_HOOK_H
#define TICKET_HOOK_H

#include "base/text.h"
#include "plan/hook.h"

enum {
	HOOK_SECRETS_MAX = 16, /* that sign */
	HOOK_SECRET_BYTES = 64,
	HOOK_SECRET_TEXT = 512,
	HOOK_REFUSED_MAX = 5, /* plain refusals of an item, then it is a dead letter */
	HOOK_FAILED_MIN = 10  /* failures before an item may be too old */
};

struct hook_secrets {
	struct {
		uint8_t key[HOOK_SECRET_BYTES];
		int size;
	} signing[HOOK_SECRETS_MAX];
	int signing_count;
	char named[HOOK_PARTS_MAX][HOOK_SECRET_TEXT]; /* as hook.secrets */
};
/* Reads the files: a file that others may read, or without a secret, is refused. ERR_CONFIG; err
 * names the secret and not its file; where (NULL allowed) gets the file. */
int hook_secrets_load(const struct hooks *hooks, const struct hook *h, struct hook_secrets *out,
		      char where[512], struct error *err);
void hook_secrets_wipe(struct hook_secrets *s);

struct hook_item {
	const char *id; /* the same for ever for this item */
	const char *bytes;
	size_t size;
};
struct hook_request {
	const char *method; /* the hook's */
	struct text url, body;
	struct text headers[HOOK_HEADERS_MAX + 6];
	int header_count;
};
/* ERR_SYNTAX: the item is no JSON. Release out in any case. */
int hook_render(const struct hook *h, const struct hook_secrets *secrets, const char *station,
		const struct hook_item *item, int64_t utc_us, struct hook_request *out,
		struct error *err);
/* What was secret in it is overwritten. */
void hook_request_release(struct hook_request *r);

/* ---- what came back ---- */

struct hook_answer {
	int status;	   /* 0: none */
	const char *error; /* why none came: a word of serve/fetch.h */
	const char *body;
	size_t size;
};
enum hook_outcome {
	HOOK_DELIVERED = 1,
	HOOK_AGAIN,   /* not now: the same item again later, nothing else before it */
	HOOK_REFUSED, /* this item is not taken: again, and soon a dead letter */
	HOOK_GONE     /* 410: nothing is to be sent there any more */
};
/* 200..299 and, where there is one, the success expression known and true. why[]: a line for a
 * person, without the URL. */
enum hook_outcome hook_outcome(const struct hook *h, const struct hook_answer *a, char *why,
			       size_t size);

/* Of one item at one endpoint. */
struct hook_tries {
	int failed, refused; /* refused ones count as failed, too */
};
/* Count it; true: the item is a dead letter now. age_ns: since it was recorded. */
bool hook_is_dead(const struct hook *h, struct hook_tries *t, enum hook_outcome outcome,
		  int64_t age_ns);
/* How long to wait after that many failures: first_wait doubled each time, at most longest_wait,
 * less up to half of it by chance (0..UINT32_MAX), so that endpoints do not come in step. */
int64_t hook_wait_ns(const struct hook *h, int failed, uint32_t chance);

#endif
