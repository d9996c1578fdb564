/* SPDX-License-Identifier: MIT
 *
 * The station's key: DIR/keys/station.key, PKCS #8 in PEM, 0600 in a folder 0700. Made with the
 * database, never without one that has none. A rotation writes the new key beside the old one
 * (next.key), lets the old one sign its coming into the chain, and then puts it in its place;
 * cut anywhere, it is ended or undone at the next start by what the chain says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/sign.h"
#include "src/store/chain_item.h"
#include "src/store/db.h"

enum { KEY_FILE_MAX = 4096 };

static char *key_path(const struct store *s, const char *name)
{
	return dir_path("%s/keys/%s", s->dir, name);
}

/* ERR_NOT_FOUND: there is none. */
static int load(const struct store *s, const char *name, struct sign_key *out, struct error *err)
{
	char *path = key_path(s, name);
	char *pem = NULL;
	size_t n = 0;
	int rc;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		rc = error_set(err, ERR_NOT_FOUND,
			       "%s: is not there; restore it from its backup "
			       "(benchctl key restore)",
			       path);
	else
		rc = text_read_file(path, KEY_FILE_MAX, &pem, &n, err);
	if (rc == 0 && sign_secret_from_pem(out, pem, n, err) < 0)
		rc = error_set(err, ERR_CONFIG, "%s: no Ed25519 key; restore it from its backup",
			       path);
	if (pem)
		sign_bytes_wipe(pem, n);
	free(pem);
	free(path);
	return rc;
}

static int make_folder(const struct store *s, struct error *err)
{
	char *path = key_path(s, "");
	int rc = 0;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		rc = error_errno(err, "%s", path);
	if (rc == 0)
		rc = dir_sync(s->dir, err);
	free(path);
	return rc;
}

static int sync_folder(const struct store *s, struct error *err)
{
	char *path = key_path(s, "");
	int rc = dir_sync(path, err);

	free(path);
	return rc;
}

static int write_file(const char *path, const char *text, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (fchmod(fd, 0600) < 0 || dir_write(fd, text, strlen(text)) < 0 || store_io.fsync(fd) < 0)
		rc = error_errno(err, "%s", path);
	(void)close(fd);
	return rc;
}

static int rename_key(const struct store *s, const char *from, const char *to, struct error *err)
{
	char *a = key_path(s, from), *b = key_path(s, to);
	int rc = 0;

	if (store_io.rename(a, b) < 0)
		rc = error_errno(err, "%s", b);
	free(a);
	free(b);
	return rc < 0 ? rc : sync_folder(s, err);
}

static int save(const struct store *s, const char *name, const struct sign_key *key,
		struct error *err)
{
	char *path = key_path(s, "new.tmp");
	char pem[SIGN_PEM_SIZE];
	int rc = make_folder(s, err);

	sign_secret_to_pem(pem, key);
	if (rc == 0)
		rc = write_file(path, pem, err);
	sign_bytes_wipe(pem, sizeof(pem));
	free(path);
	return rc < 0 ? rc : rename_key(s, "new.tmp", name, err);
}

int keys_open(struct store *s, bool may_make, struct error *err)
{
	struct sign_key key;
	int rc = load(s, "station.key", &key, err);

	if (rc == ERR_NOT_FOUND && may_make) {
		sign_make(&key);
		rc = save(s, "station.key", &key, err);
	} else if (rc == ERR_NOT_FOUND) {
		rc = ERR_CONFIG;
		if (err)
			err->code = rc;
	}
	if (rc == 0) {
		s->key = sign_new();
		*s->key = key;
	}
	sign_wipe(&key);
	return rc;
}

void keys_release(struct store *s)
{
	sign_free(s->key);
	s->key = NULL;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The key that signs now. A reader looks each time whether the file is still the one it has read:
 * the writer may have put another in its place. */
static int current_key(struct store *s, const struct sign_key **out, struct error *err)
{
	char *path = key_path(s, "station.key");
	struct stat now = {0};
	bool seen = s->writer ||
		    (stat(path, &now) == 0 && s->key && is_same_file(&now, &s->key_file));
	int rc = 0;

	free(path);
	if (!seen) {
		if (!s->key)
			s->key = sign_new();
		rc = load(s, "station.key", s->key, err);
		if (rc < 0)
			keys_release(s);
		else
			s->key_file = now;
	}
	if (rc == 0)
		*out = s->key;
	return rc;
}

struct current {
	char id[SIGN_ID_SIZE];
};

static bool read_current(void *ctx, const struct chain_row *r)
{
	struct current *c = ctx;
	json_t *data = json_load_limited(r->data, r->data_n, CHAIN_DATA_MAX, NULL);
	const char *id = json_string_value(json_object_get(data, "key"));

	(void)text_copy(c->id, sizeof(c->id), id ? id : "");
	json_decref(data);
	return false;
}

int keys_settle(struct store *s, struct error *err)
{
	struct chain_filter f = {.type = "chain_started",
				 .or_type = "key_rotated",
				 .newest_first = true,
				 .limit = 1};
	struct current now = {""};
	struct sign_key next;
	int rc = store_chain_list(s, &f, read_current, &now, err);

	if (rc < 0 || strcmp(now.id, s->key->id) == 0)
		return rc;
	/* The chain has the new one already: put it in its place. */
	rc = load(s, "next.key", &next, err);
	if (rc == 0 && strcmp(now.id, next.id) == 0) {
		rc = rename_key(s, "next.key", "station.key", err);
		if (rc == 0)
			*s->key = next;
		sign_wipe(&next);
		return rc;
	}
	return error_set(err, ERR_CONFIG,
			 "%s/keys/station.key: is key %s, the chain is signed by %s; restore "
			 "that one from its backup (benchctl key restore)",
			 s->dir, s->key->id, now.id);
}

int store_sign(struct store *s, const void *p, size_t n, uint8_t sig[CHAIN_SIG_BYTES], char id[17],
	       struct error *err)
{
	const struct sign_key *key;
	int rc = current_key(s, &key, err);

	if (rc < 0)
		return rc;
	sign_message(key, p, n, sig);
	(void)text_copy(id, SIGN_ID_SIZE, key->id);
	return 0;
}

int store_key_public(struct store *s, uint8_t public_bytes[32], struct error *err)
{
	const struct sign_key *key;
	int rc = current_key(s, &key, err);

	if (rc == 0)
		memcpy(public_bytes, key->public_bytes, SIGN_PUBLIC_BYTES);
	return rc;
}

int store_key_seal(struct store *s, const char *passphrase, size_t n, struct text *out,
		   struct error *err)
{
	struct sign_key key;
	int rc = load(s, "station.key", &key, err);

	if (rc == 0)
		rc = sign_seal(&key, passphrase, n, out, err);
	sign_wipe(&key);
	return rc;
}

/* {"key", "public", "replaces", "proof"}: the new key signs that it follows the old one, the old
 * one signs the item. */
static void put_rotation(const struct sign_key *old, const struct sign_key *next, struct text *out)
{
	char public_text[SIGN_PUBLIC_SIZE], proof_text[SIGN_TEXT_SIZE], words[96];
	uint8_t proof[SIGN_BYTES];
	struct json j;

	(void)snprintf(words, sizeof(words), "benchd-key-v1 %s follows %s\n", next->id, old->id);
	sign_message(next, words, strlen(words), proof);
	sign_to_base64(proof_text, sizeof(proof_text), proof, sizeof(proof));
	sign_to_base64(public_text, sizeof(public_text), next->public_bytes, SIGN_PUBLIC_BYTES);
	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "key", next->id);
	json_kv_string(&j, "public", public_text);
	json_kv_string(&j, "replaces", old->id);
	json_kv_string(&j, "proof", proof_text);
	json_end_object(&j);
}

int store_key_rotate(struct store *s, const char *who, int64_t utc_us, char new_id[17],
		     struct error *err)
{
	struct text data = {0};
	struct sign_key next;
	int rc;

	if (!s->writer)
		return error_set(err, ERR_STATE, "%s: opened for reading only", s->dir);
	sign_make(&next);
	rc = save(s, "next.key", &next, err);
	if (rc == 0) {
		put_rotation(s->key, &next, &data);
		struct chain_item item = {.type = "key_rotated",
					  .who = who,
					  .feed = true,
					  .data = data.buf,
					  .n = data.len};
		rc = store_chain_add(s, &item, utc_us, NULL, err);
		text_release(&data);
		if (rc == 0)
			rc = rename_key(s, "next.key", "station.key", err);
		/* From the item on, only the new one counts; without it in place, nothing goes on. */
		if (rc < 0)
			s->failed = true;
	}
	if (rc == 0) {
		*s->key = next;
		(void)text_copy(new_id, SIGN_ID_SIZE, next.id);
	} else if (rc == ERR_IO) {
		rc = ERR_STORE;
		if (err)
			err->code = rc;
	}
	sign_wipe(&next);
	return rc;
}
