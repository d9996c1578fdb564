/* SPDX-License-Identifier: MIT */
#include "src/store/segment.h"

#include "src/store/columns.h"
#include "src/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PENDING_MAX = 8192, /* samples held before they are written, synced or not */
	LEVEL_LIVE = 1,
	LEVEL_FINAL = 12
};

struct segment {
	int fd;
	bool failed;
	char *dir;  /* DIR/segments */
	char *stem; /* DIR/segments/ID */
	char *path; /* the file fd is */
	struct sample *pending;
	int pending_count, pending_max;
	int level;
	struct text frame;
	struct tally tally; /* of what was appended */
};

static int fail(struct segment *g, struct error *err, const char *what)
{
	g->failed = true;
	return error_set(err, ERR_STORE, "%s: %s: %s", g->path, what, strerror(errno));
}

static int refuse_failed(const struct segment *g, struct error *err)
{
	return error_set(err, ERR_STORE, "%s: an earlier write did not succeed", g->path);
}

/* Fill in the head of the frame whose payload stands in g->frame behind it, and write it. */
static int write_frame(struct segment *g, char type, struct error *err)
{
	struct text head = {0};
	uint32_t crc;

	g->frame.buf[FRAME_HEAD - 1] = type;
	crc = bytes_crc32(0, g->frame.buf + FRAME_HEAD - 1, g->frame.len - FRAME_HEAD + 1);
	bytes_put(&head, g->frame.len - FRAME_HEAD, 4);
	bytes_put(&head, crc, 4);
	memcpy(g->frame.buf, head.buf, FRAME_HEAD - 1);
	text_release(&head);
	return dir_write(g->fd, g->frame.buf, g->frame.len) < 0 ? fail(g, err, "write") : 0;
}

static void begin_frame(struct segment *g)
{
	text_clear(&g->frame);
	bytes_put(&g->frame, 0, 8);
	bytes_put(&g->frame, 0, 1);
}

static int write_pending(struct segment *g, struct error *err)
{
	if (g->pending_count == 0)
		return 0;
	begin_frame(g);
	columns_encode(g->pending, g->pending_count, g->level, &g->frame);
	g->pending_count = 0;
	return write_frame(g, 'S', err);
}

static void segment_free(struct segment *g)
{
	if (g->fd >= 0)
		(void)close(g->fd);
	free(g->dir);
	free(g->stem);
	free(g->path);
	free(g->pending);
	text_release(&g->frame);
	free(g);
}

static struct segment *create(const char *dir, const char *run_id, const char *suffix, int flags,
			      int pending_max, int level, struct error *err)
{
	struct segment *g = xcalloc(1, sizeof(*g));

	g->dir = xstrdup(dir);
	g->stem = dir_path("%s/%s", dir, run_id);
	g->path = dir_path("%s/%s%s", dir, run_id, suffix);
	g->pending_max = pending_max;
	g->pending = xcalloc((size_t)pending_max, sizeof(*g->pending));
	g->level = level;
	g->fd = open(g->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
	if (g->fd >= 0)
		return g;
	if (errno == EEXIST)
		(void)error_set(err, ERR_EXISTS, "%s: exists already", g->path);
	else
		(void)fail(g, err, "open");
	segment_free(g);
	return NULL;
}

static int write_header(struct segment *g, const char *magic, const char *header, size_t n,
			struct error *err)
{
	if (dir_write(g->fd, magic, SEGMENT_MAGIC) < 0)
		return fail(g, err, "write");
	begin_frame(g);
	text_add(&g->frame, header, n);
	return write_frame(g, 'H', err);
}

struct segment *segment_open(struct store *s, const char *run_id, const char *header_json,
			     struct error *err)
{
	struct segment *g;
	char *dir;

	if (!segment_is_file_name(run_id)) {
		(void)error_set(err, ERR_RANGE, "run id \"%s\": no name of a file", run_id);
		return NULL;
	}
	dir = dir_path("%s/segments", s->dir);
	g = create(dir, run_id, ".seg", O_EXCL, PENDING_MAX, LEVEL_LIVE, err);
	free(dir);
	if (g && (write_header(g, SEGMENT_LIVE, header_json, strlen(header_json), err) < 0 ||
		  segment_sync(g, err) < 0 || dir_sync(g->dir, err) < 0)) {
		if (err)
			err->code = ERR_STORE;
		segment_free(g);
		return NULL;
	}
	return g;
}

int segment_append(struct segment *g, const struct sample *at, int n, struct error *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < n; i++) {
		if (g->failed)
			return refuse_failed(g, err);
		g->pending[g->pending_count++] = at[i];
		tally_add(&g->tally, &at[i]);
		if (g->pending_count == g->pending_max)
			rc = write_pending(g, err);
	}
	return rc;
}

int segment_sync(struct segment *g, struct error *err)
{
	int rc;

	if (g->failed)
		return refuse_failed(g, err);
	rc = write_pending(g, err);
	if (rc == 0 && store_io.fdatasync(g->fd) < 0)
		rc = fail(g, err, "fdatasync");
	return rc;
}

void segment_drop(struct segment *g)
{
	if (g)
		segment_free(g);
}

/* ---- the end of a run ---- */
struct rewrite {
	struct segment *to;
	struct error *err;
	int rc;
};

static bool append_one(void *ctx, const struct sample *s)
{
	struct rewrite *w = ctx;

	w->rc = segment_append(w->to, s, 1, w->err);
	return w->rc == 0;
}

static bool stop_at_once(void *ctx, const struct sample *s)
{
	(void)ctx;
	(void)s;
	return false;
}

static bool go_on(void *ctx, const struct sample *s)
{
	(void)ctx;
	(void)s;
	return true;
}

static int write_end(struct segment *to, struct error *err)
{
	int rc = write_pending(to, err);

	if (rc < 0)
		return rc;
	begin_frame(to);
	bytes_put(&to->frame, to->tally.count, 8);
	bytes_put(&to->frame, to->tally.crc, 4);
	rc = write_frame(to, 'E', err);
	return rc < 0 ? rc : segment_sync(to, err);
}

/* Copy g's file into to and prove that both hold what was appended. */
static int rewrite(struct segment *g, struct segment *to, struct error *err)
{
	struct rewrite w = {.to = to, .err = err};
	struct text header = {0};
	uint64_t torn = 0;
	int rc = segment_read(g->path, &header, stop_at_once, NULL, &torn, err);

	if (rc == 0)
		rc = write_header(to, SEGMENT_FINISHED, header.buf ? header.buf : "", header.len,
				  err);
	if (rc == 0)
		rc = segment_read(g->path, NULL, append_one, &w, &torn, err);
	if (rc == 0)
		rc = w.rc;
	if (rc == 0 && (torn || to->tally.count != g->tally.count || to->tally.crc != g->tally.crc))
		rc = error_set(err, ERR_STORE, "%s: does not hold what was written", g->path);
	if (rc == 0)
		rc = write_end(to, err);
	if (rc == 0)
		rc = segment_read(to->path, NULL, go_on, NULL, &torn, err);
	if (rc == 0 && torn)
		rc = error_set(err, ERR_STORE, "%s: does not hold what was written", to->path);
	text_release(&header);
	return rc;
}

static int hash_file(const char *path, char hash_hex[65], struct error *err)
{
	uint8_t hash[32];
	char *bytes;
	size_t n;
	int rc = text_read_file(path, 1u << 30, &bytes, &n, err);

	if (rc < 0)
		return rc;
	text_sha256(hash, bytes, n);
	text_hex(hash_hex, hash, sizeof(hash));
	free(bytes);
	return 0;
}

static int publish(struct segment *g, struct segment *to, char hash_hex[65], struct error *err)
{
	char *col = dir_path("%s.col", g->stem);
	int rc = hash_file(to->path, hash_hex, err);

	if (rc == 0 && store_io.rename(to->path, col) < 0)
		rc = error_errno(err, "%s", to->path);
	if (rc == 0)
		rc = dir_sync(g->dir, err);
	if (rc == 0)
		(void)unlink(g->path);
	free(col);
	return rc;
}

int segment_finish(struct segment *g, char hash_hex[65], struct error *err)
{
	struct segment *to = NULL;
	char hex[65];
	int rc = segment_sync(g, err);

	if (rc == 0) {
		const char *id = g->stem + strlen(g->dir) + 1;

		to = create(g->dir, id, ".col.tmp", O_TRUNC, COLUMNS_SAMPLES_MAX, LEVEL_FINAL, err);
		rc = to ? rewrite(g, to, err) : ERR_STORE;
	}
	if (rc == 0)
		rc = publish(g, to, hex, err);
	if (rc == 0)
		memcpy(hash_hex, hex, sizeof(hex));
	else if (err)
		err->code = ERR_STORE;
	if (to) {
		if (rc < 0)
			(void)unlink(to->path);
		segment_free(to);
	}
	segment_free(g);
	return rc < 0 ? ERR_STORE : 0;
}
