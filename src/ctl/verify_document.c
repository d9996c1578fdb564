/* SPDX-License-Identifier: MIT
 *
 * A signed document by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "ctl/verify.h"

enum { DOCUMENT_MAX = 8 << 20, SIG_TEXT = 88 };

static int no_document(struct error *err)
{
	return error_set(err, ERR_SYNTAX, "no signed document of benchd");
}

int verify_document(const char *bytes, size_t n, const uint8_t key[32], struct error *err)
{
	static const char mark[] = ",\"signature\":\"";
	const size_t mark_n = sizeof(mark) - 1, tail_n = mark_n + SIG_TEXT + 2;
	char id[SIGN_ID_SIZE];
	uint8_t sig[64];
	json_t *doc;
	char *said;
	bool good;

	/* A line end behind it is a file's, not the document's. */
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	if (n <= tail_n || memcmp(bytes + n - tail_n, mark, mark_n) != 0 ||
	    memcmp(bytes + n - 2, "\"}", 2) != 0)
		return no_document(err);
	if (!sign_from_base64(sig, sizeof(sig), bytes + n - 2 - SIG_TEXT, SIG_TEXT))
		return error_set(err, ERR_DENIED, "the document: its signature is no signature");
	doc = json_load_limited(bytes, n, DOCUMENT_MAX, NULL);
	sign_id(id, key);
	good = doc && strcmp(verify_text(doc, "key"), id) == 0;
	if (!good)
		(void)error_set(err, ERR_DENIED,
				"the document: is no JSON, or names key %.16s; this one is %s",
				verify_text(doc, "key"), id);
	json_decref(doc);
	if (!good)
		return ERR_DENIED;
	said = malloc(n);
	if (!said)
		return error_set(err, ERR_NOMEM, "no memory for the document");
	memcpy(said, bytes, n - tail_n);
	said[n - tail_n] = '}';
	good = sign_is_by(key, said, n - tail_n + 1, sig);
	free(said);
	return good ? 0
		    : error_set(err, ERR_DENIED,
				"the document: was changed, or signed by another key");
}
