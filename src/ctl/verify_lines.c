/* SPDX-License-Identifier: MIT
 *
 * An exported chain, read line by line: memory for one item, however long the chain is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "base/text.h"
#include "ctl/verify.h"

enum { ITEM_MAX = 1 << 20, LINE_BYTES = ITEM_MAX + 512, DOCUMENT_MAX = 8 << 20 };

/* The value of a member that stands at *at in fixed form: KEY"value". */
static const char *take_member(const char **at, size_t *left, const char *head, size_t *n)
{
	size_t head_n = strlen(head);
	const char *value, *end;

	if (*left < head_n || memcmp(*at, head, head_n) != 0)
		return NULL;
	value = *at + head_n;
	end = memchr(value, '"', *left - head_n);
	if (!end)
		return NULL;
	*n = (size_t)(end - value);
	*left -= (size_t)(end - *at);
	*at = end;
	return value;
}

int verify_read_line(const char *line, size_t n, struct verify_item *i, uint8_t before[32],
		     struct error *err)
{
	static const char item_head[] = "\",\"item\":";
	const char *at = line, *prev, *root, *sig;
	size_t left = n, prev_n = 0, root_n = 0, sig_n = 0;
	int seq_n = 0;

	prev = take_member(&at, &left, "{\"prev\":\"", &prev_n);
	root = prev ? take_member(&at, &left, "\",\"root\":\"", &root_n) : NULL;
	sig = root ? take_member(&at, &left, "\",\"sig\":\"", &sig_n) : NULL;
	if (!sig || !verify_hex(before, 32, prev, prev_n) ||
	    !verify_hex(i->root, 32, root, root_n) || !sign_from_base64(i->sig, 64, sig, sig_n) ||
	    left < sizeof(item_head) || memcmp(at, item_head, sizeof(item_head) - 1) != 0 ||
	    line[n - 1] != '}')
		return error_set(err, ERR_DENIED, "is no line of a chain");
	i->bytes = at + sizeof(item_head) - 1;
	i->n = (size_t)(line + n - 1 - i->bytes);
	i->seq = 0;
	for (size_t k = 7; k < i->n && i->bytes[k] >= '0' && i->bytes[k] <= '9' && seq_n < 18; k++)
		i->seq = i->seq * 10 + (i->bytes[k] - '0'), seq_n++;
	if (i->n < 9 || memcmp(i->bytes, "{\"seq\":", 7) != 0 || seq_n == 0)
		return error_set(err, ERR_DENIED, "is no item of a chain");
	return 0;
}

/* The next line without its end into buf of LINE_BYTES; -1: the file ends, or the line is cut off or too
 * long for any item; *cut tells. */
static ssize_t next_line(FILE *f, char *buf, bool *cut)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(f)) != EOF && c != '\n' && n < LINE_BYTES)
		buf[n++] = (char)c;
	*cut = c != '\n' && n > 0;
	return c == '\n' ? (ssize_t)n : -1;
}

static int take_line(struct verify_chain *v, const char *line, size_t n, struct error *err)
{
	struct error why = {0};
	struct verify_item i;
	uint8_t before[32];

	if (verify_read_line(line, n, &i, before, &why) < 0)
		return verify_broken(err, v->size + 1, why.text);
	if (memcmp(before, v->root, 32) != 0)
		return verify_broken(err, v->size + 1, "does not follow the one before");
	return verify_chain_item(v, &i, err);
}

int verify_export(FILE *f, const uint8_t trusted[32], int64_t ack_size, const uint8_t ack_root[32],
		  int64_t *size, struct error *err)
{
	static const char head[] = "{\"chain\":\"benchd-chain-v1\",\"instance\":\"";
	const size_t head_n = sizeof(head) - 1;
	char *line = xcalloc(1, LINE_BYTES), instance[33] = "";
	struct verify_chain v;
	bool cut = false;
	ssize_t n = next_line(f, line, &cut);
	int rc = 0;

	if (n != (ssize_t)head_n + 34 || memcmp(line, head, head_n) != 0 ||
	    memcmp(line + head_n + 32, "\"}", 2) != 0)
		rc = error_set(err, ERR_SYNTAX, "no exported chain");
	if (rc == 0) {
		memcpy(instance, line + head_n, 32);
		rc = verify_chain_begin(&v, instance, trusted, ack_size, ack_root, err);
	}
	while (rc == 0 && (n = next_line(f, line, &cut)) >= 0)
		rc = take_line(&v, line, (size_t)n, err);
	if (rc == 0 && cut)
		rc = verify_broken(err, v.size + 1, "is cut off");
	if (rc == 0 && ferror(f))
		rc = error_set(err, ERR_IO, "cannot be read");
	if (rc == 0)
		rc = verify_chain_end(&v, err);
	if (rc == 0)
		*size = v.size;
	free(line);
	return rc;
}

/* Does this item say that the run has a document of this hash and length? */
static bool says_document(const struct verify_item *i, const char *run, const char *sha256,
			  size_t n)
{
	json_t *item = memmem(i->bytes, i->n, sha256, strlen(sha256))
			       ? json_load_limited(i->bytes, i->n, ITEM_MAX, NULL)
			       : NULL;
	const json_t *data = json_object_get(item, "data");
	bool yes = item && strcmp(verify_text(item, "type"), "run_finished") == 0 &&
		   strcmp(verify_text(item, "run"), run) == 0 &&
		   strcmp(verify_text(data, "document_sha256"), sha256) == 0 &&
		   json_integer_value(json_object_get(data, "document_bytes")) == (json_int_t)n;

	json_decref(item);
	return yes;
}

int verify_run(const char *doc, size_t n, FILE *lines, const uint8_t key[32], struct error *err)
{
	json_t *root = json_load_limited(doc, n, DOCUMENT_MAX, NULL);
	char sha256[65], run[37], *line;
	bool cut = false, found = false;
	int rc = 0;
	ssize_t line_n;

	if (strcmp(verify_text(root, "schema"), "benchd.run/1") != 0) {
		json_decref(root);
		return error_set(err, ERR_SYNTAX, "no record of a run");
	}
	(void)text_copy(run, sizeof(run), verify_text(root, "id"));
	json_decref(root);
	verify_sha256_hex(sha256, doc, n);
	line = xcalloc(1, LINE_BYTES);
	while (!found && (line_n = next_line(lines, line, &cut)) >= 0) {
		struct verify_item i;
		uint8_t before[32];

		found = verify_read_line(line, (size_t)line_n, &i, before, NULL) == 0 &&
			says_document(&i, run, sha256, n);
		if (found)
			rc = verify_item_alone(&i, before, key, err);
	}
	free(line);
	if (found)
		return rc;
	return error_set(err, ERR_DENIED,
			 "run %s: no item of the chain has this document: it was changed, or the "
			 "chain given is another's",
			 run);
}
