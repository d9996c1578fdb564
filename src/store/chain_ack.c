/* SPDX-License-Identifier: MIT
 *
 * What clients said they have: DIR/acknowledged holds the furthest {instance, size, root} that
 * any of them brought back, beside the database and not in it, so that an older copy put in the
 * database's place is noticed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/store/chain_item.h"
#include "src/store/db.h"

enum { ACK_FILE_MAX = 512 };
#define ACK_FORM "benchd acknowledged 1\n%32[0-9a-f] %" SCNd64 " %64[0-9a-f] "

struct ack {
	char instance[33], root[65];
	int64_t size; /* 0: nothing was ever acknowledged */
};

static int load(const struct store *s, struct ack *out, struct error *err)
{
	char *path = dir_path("%s/acknowledged", s->dir);
	char *text = NULL;
	size_t n;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (access(path, F_OK) == 0 || errno != ENOENT)
		rc = text_read_file(path, ACK_FILE_MAX, &text, &n, err);
	if (rc == 0 && text &&
	    (sscanf(text, ACK_FORM, out->instance, &out->size, out->root) != 3 ||
	     strlen(out->root) != 64 || out->size < 1))
		rc = error_set(err, ERR_IO, "%s: not as it was written", path);
	free(text);
	free(path);
	return rc;
}

static int save(const struct store *s, const struct ack *a, const char *client, struct error *err)
{
	char *path = dir_path("%s/acknowledged", s->dir);
	char *temp = dir_path("%s.tmp", path);
	char text[ACK_FILE_MAX], name[96];
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int rc = 0;

	(void)text_copy(name, sizeof(name), client);
	text_make_line(name);
	(void)snprintf(text, sizeof(text), "benchd acknowledged 1\n%s %" PRId64 " %s %s\n",
		       a->instance, a->size, a->root, name);
	if (fd < 0 || dir_write(fd, text, strlen(text)) < 0 || store_io.fsync(fd) < 0 ||
	    store_io.rename(temp, path) < 0)
		rc = error_errno(err, "%s", temp);
	if (fd >= 0)
		(void)close(fd);
	if (rc == 0)
		rc = dir_sync(s->dir, err);
	free(temp);
	free(path);
	return rc;
}

/* Has the chain here, at that size, that root? */
static int compare(struct store *s, int64_t size, const char *root_hex, struct error *err)
{
	uint8_t root[CHAIN_ROOT_BYTES];
	char here[2 * CHAIN_ROOT_BYTES + 1];
	int rc = store_chain_root(s, size, root, err);

	if (rc == ERR_NOT_FOUND)
		return error_set(err, ERR_CONFLICT,
				 "the chain ends before item %" PRId64
				 ", which a client has: records are missing here",
				 size);
	if (rc < 0)
		return rc;
	text_hex(here, root, sizeof(root));
	if (strcmp(here, root_hex) != 0)
		return error_set(err, ERR_CONFLICT,
				 "the chain is not the one whose item %" PRId64 " a client has",
				 size);
	return 0;
}

int store_chain_acknowledge(struct store *s, const char *client, int64_t size,
			    const uint8_t root[CHAIN_ROOT_BYTES], struct error *err)
{
	struct chain_head head;
	struct ack old, now = {.size = size};
	int rc;

	if (!s->writer)
		return error_set(err, ERR_STATE, "%s: opened for reading only", s->dir);
	if (size < 0)
		return error_set(err, ERR_RANGE, "a chain of %" PRId64 " items", size);
	text_hex(now.root, root, CHAIN_ROOT_BYTES);
	rc = compare(s, size, now.root, err);
	if (rc == 0)
		rc = load(s, &old, err);
	if (rc == 0)
		rc = store_chain_head(s, &head, err);
	if (rc < 0)
		return rc;
	(void)text_copy(now.instance, sizeof(now.instance), head.instance);
	if (size == 0 || (strcmp(old.instance, now.instance) == 0 && old.size >= size))
		return 0;
	return save(s, &now, client, err);
}

int store_chain_check_acknowledged(struct store *s, struct error *err)
{
	struct chain_head head;
	struct ack a;
	int rc = load(s, &a, err);

	if (rc < 0 || a.size == 0)
		return rc;
	rc = store_chain_head(s, &head, err);
	if (rc == 0 && strcmp(head.instance, a.instance) != 0)
		rc = error_set(err, ERR_CONFLICT,
			       "the database is another one than clients acknowledged");
	return rc < 0 ? rc : compare(s, a.size, a.root, err);
}
