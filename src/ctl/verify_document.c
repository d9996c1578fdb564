/* SPDX-License-Identifier: MIT
 *
 * Documents by themselves: a signed one, and a run's with the line of the chain that has its hash.
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

/* Does this item say that the run has a document of this hash and length? */
static bool says_document(const struct verify_item *i, const char *run, const char *sha256,
			  size_t n)
{
	json_t *item = memmem(i->bytes, i->n, sha256, strlen(sha256))
			       ? json_load_limited(i->bytes, i->n, DOCUMENT_MAX, NULL)
			       : NULL;
	const json_t *data = json_object_get(item, "data");
	bool yes = item && strcmp(verify_text(item, "type"), "run_finished") == 0 &&
		   strcmp(verify_text(item, "run"), run) == 0 &&
		   strcmp(verify_text(data, "document_sha256"), sha256) == 0 &&
		   json_integer_value(json_object_get(data, "document_bytes")) == (json_int_t)n;

	json_decref(item);
	return yes;
}

int verify_run(const char *doc, size_t n, const char *lines, size_t lines_n, const uint8_t key[32],
	       struct error *err)
{
	json_t *root = json_load_limited(doc, n, DOCUMENT_MAX, NULL);
	const char *at = lines, *end = lines + lines_n;
	char sha256[65], run[37];

	if (strcmp(verify_text(root, "schema"), "benchd.run/1") != 0) {
		json_decref(root);
		return error_set(err, ERR_SYNTAX, "no record of a run");
	}
	(void)text_copy(run, sizeof(run), verify_text(root, "id"));
	json_decref(root);
	verify_sha256_hex(sha256, doc, n);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line_n = stop ? (size_t)(stop - at) : (size_t)(end - at);
		struct verify_item i;
		uint8_t before[32];

		if (verify_read_line(at, line_n, &i, before, NULL) == 0 &&
		    says_document(&i, run, sha256, n))
			return verify_item_alone(&i, before, key, err);
		at += line_n + 1;
	}
	return error_set(err, ERR_DENIED,
			 "run %s: no item of the chain has this document: it was changed, or the "
			 "chain given is another's",
			 run);
}
