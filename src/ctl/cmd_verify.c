/* SPDX-License-Identifier: MIT
 *
 * verify: is a file still what a station wrote? Needs no station.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sign.h"
#include "ctl/ctl.h"
#include "ctl/verify.h"

enum { DOCUMENT_MAX = 8 << 20, HEAD_BYTES = 32 };

struct asked {
	const char *path, *chain;
	uint8_t key[32], ack_root[32];
	int64_t ack_size, size;
	bool has_ack;
	const char *kind; /* what the file turned out to be */
};

/* A key or a document; databases and chains, of any size, are never read whole. */
static int load(const char *path, char **bytes, size_t *n, struct error *err)
{
	return text_read_file(path, DOCUMENT_MAX, bytes, n, err);
}

static int load_key(const char *path, uint8_t key[32], struct error *err)
{
	char *pem = NULL;
	size_t n = 0;
	int rc = load(path, &pem, &n, err);

	if (rc == 0)
		rc = sign_from_pem(key, pem, n, err);
	free(pem);
	return rc;
}

/* SIZE:ROOT, as a client of the station keeps it. */
static bool read_ack(const char *text, struct asked *a)
{
	const char *colon = strchr(text, ':');

	a->has_ack = true;
	return colon && text_to_int64(text, (size_t)(colon - text), &a->ack_size) &&
	       a->ack_size > 0 && verify_hex(a->ack_root, 32, colon + 1, strlen(colon + 1));
}

static bool starts(const char *bytes, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

static int verify_run_file(struct asked *a, const char *doc, size_t n, struct error *err)
{
	FILE *lines;
	int rc;

	a->kind = "run";
	if (!a->chain)
		return error_set(err, ERR_USAGE,
				 "a run's record is signed through the chain: add --chain FILE "
				 "(benchctl export chain FILE)");
	lines = fopen(a->chain, "re");
	if (!lines)
		return error_errno(err, "%s", a->chain);
	rc = verify_run(doc, n, lines, a->key, err);
	(void)fclose(lines);
	return rc;
}

static int verify_small(struct asked *a, struct error *err)
{
	char *bytes = NULL;
	size_t n = 0;
	int rc = load(a->path, &bytes, &n, err);

	if (rc < 0)
		return rc;
	if (starts(bytes, n, "{\"schema\":\"benchd.run/")) {
		rc = verify_run_file(a, bytes, n, err);
	} else {
		a->kind = "document";
		rc = verify_document(bytes, n, a->key, err);
	}
	free(bytes);
	return rc;
}

static int verify_file(struct asked *a, struct error *err)
{
	const uint8_t *root = a->has_ack ? a->ack_root : NULL;
	char head[HEAD_BYTES];
	FILE *f = fopen(a->path, "re");
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;
	int rc;

	if (!f || ferror(f)) {
		rc = error_errno(err, "%s", a->path);
	} else if (starts(head, n, "SQLite format 3")) {
		a->kind = "database";
		rc = verify_database(a->path, a->key, a->ack_size, root, &a->size, err);
	} else if (starts(head, n, "{\"chain\":")) {
		a->kind = "chain";
		rewind(f);
		rc = verify_export(f, a->key, a->ack_size, root, &a->size, err);
	} else {
		rc = verify_small(a, err);
	}
	if (f)
		(void)fclose(f);
	return rc;
}

static void tell(const struct ctl *c, const struct asked *a, int rc, const struct error *err)
{
	struct text out = {0};
	struct json j;

	if (!c->json) {
		if (rc < 0 && strncmp(err->text, a->path, strlen(a->path)) == 0)
			(void)ctl_fail("%s", err->text); /* it names the file */
		else if (rc < 0)
			(void)ctl_fail("%s: %s", a->path, err->text);
		else if (a->size)
			ctl_tell(c, "%s: %s, %lld items, whole", a->path, a->kind,
				 (long long)a->size);
		else
			ctl_tell(c, "%s: %s, as it was signed", a->path, a->kind);
		return;
	}
	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "file", a->path);
	json_kv_string(&j, "kind", a->kind);
	json_kv_bool(&j, "good", rc == 0);
	json_kv_int(&j, "items", a->size);
	json_kv_string(&j, "why", rc < 0 ? err->text : NULL);
	json_end_object(&j);
	(void)printf("%s\n", out.buf);
	text_release(&out);
}

CTL_COMMAND(cmd_verify)
{
	const char *words[CTL_ARGS_MAX], *key = NULL, *ack = NULL;
	struct asked a = {.kind = "file"};
	const struct ctl_option options[] = {
		OPTION_VALUE("key", "PUB", &key, "the station's public key, PEM"),
		OPTION_VALUE("chain", "FILE", &a.chain, "an exported chain, for a run's record"),
		OPTION_VALUE("acknowledged", "SIZE:ROOT", &ack,
			     "what a client has: the chain may not end before"),
		OPTION_END,
	};
	struct error err = {0};
	int code, rc;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!key)
		return ctl_usage(self, "--key PUB is missing: the key file the station gave out "
				       "(benchctl key show)");
	if (ack && !read_ack(ack, &a))
		return ctl_usage(self, "--acknowledged: SIZE:ROOT expected, the root in hex");
	a.path = words[0];
	rc = load_key(key, a.key, &err);
	if (rc < 0) {
		if (strncmp(err.text, key, strlen(key)) == 0)
			(void)ctl_fail("%s", err.text); /* it names the file */
		else
			(void)ctl_fail("%s: %s", key, err.text);
		return CTL_USAGE;
	}
	rc = verify_file(&a, &err);
	tell(c, &a, rc, &err);
	if (rc == 0)
		return CTL_OK;
	return rc == ERR_DENIED ? CTL_NO_PASS : CTL_USAGE;
}
