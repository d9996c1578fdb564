/* SPDX-License-Identifier: MIT */
#include "src/store/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/store/columns.h"
#include "src/store/db.h"

void tally_add(struct tally *t, const struct sample *s)
{
	uint64_t value;
	uint8_t b[31];

	memcpy(&value, &s->value, sizeof(value));
	bytes_set(b, s->channel, 2);
	bytes_set(b + 2, s->quality, 1);
	bytes_set(b + 3, s->updates, 4);
	bytes_set(b + 7, (uint64_t)s->raw, 8);
	bytes_set(b + 15, value, 8);
	bytes_set(b + 23, (uint64_t)s->at_ns, 8);
	t->crc = bytes_crc32(t->crc, b, sizeof(b));
	t->count++;
}

/* No path, no hidden file: what comes from outside names a file in the folder or none. */
bool segment_is_file_name(const char *run_id)
{
	return run_id[0] && strlen(run_id) <= 36 && !strchr(run_id, '/') && run_id[0] != '.';
}

struct reader {
	FILE *file;
	uint64_t good; /* bytes up to the end of the last whole frame */
	uint8_t *payload;
	size_t size;
	char type;
};

/* 1: a frame, 0: no whole one follows. */
static int next_frame(struct reader *r)
{
	uint8_t head[FRAME_HEAD];
	uint32_t crc;

	if (fread(head, 1, sizeof(head), r->file) != sizeof(head))
		return 0;
	r->size = bytes_get(head, 4);
	if (r->size > FRAME_MAX)
		return 0;
	free(r->payload);
	r->payload = xcalloc(r->size + 1, 1);
	if (fread(r->payload, 1, r->size, r->file) != r->size)
		return 0;
	crc = bytes_crc32(bytes_crc32(0, head + 8, 1), r->payload, r->size);
	if (crc != bytes_get(head + 4, 4))
		return 0;
	r->type = (char)head[8];
	r->good += FRAME_HEAD + r->size;
	return 1;
}

static int read_samples(struct reader *r, struct tally *tally,
			bool (*fn)(void *ctx, const struct sample *s), void *ctx, bool *stopped)
{
	struct sample *at;
	int n;

	if (columns_decode(r->payload, r->size, &at, &n) < 0)
		return ERR_SYNTAX;
	for (int i = 0; i < n && !*stopped; i++) {
		tally_add(tally, &at[i]);
		*stopped = !fn(ctx, &at[i]);
	}
	free(at);
	return 0;
}

static bool tally_matches(const struct tally *t, const struct reader *r)
{
	return r->size == 12 && bytes_get(r->payload, 8) == t->count &&
	       bytes_get(r->payload + 8, 4) == t->crc;
}

/* All frames. ERR_SYNTAX: a frame that is whole and yet makes no sense, or a finished file
 * without its end. */
static int read_frames(struct reader *r, bool finished, struct text *header,
		       bool (*fn)(void *ctx, const struct sample *s), void *ctx, bool *stopped)
{
	struct tally tally = {0};
	int rc = 0;

	for (int i = 0; rc == 0 && !*stopped && next_frame(r); i++) {
		if (i == 0 && r->type == 'H') {
			if (header)
				text_add(header, (const char *)r->payload, r->size);
		} else if (i > 0 && r->type == 'S') {
			rc = read_samples(r, &tally, fn, ctx, stopped);
		} else if (i > 0 && r->type == 'E') {
			return tally_matches(&tally, r) ? 0 : ERR_SYNTAX;
		} else {
			rc = ERR_SYNTAX;
		}
	}
	return rc == 0 && finished && !*stopped ? ERR_SYNTAX : rc;
}

int segment_read(const char *path, struct text *header,
		 bool (*fn)(void *ctx, const struct sample *s), void *ctx, uint64_t *torn_bytes,
		 struct error *err)
{
	struct reader r = {.file = fopen(path, "rbe")};
	char magic[SEGMENT_MAGIC];
	size_t n;
	bool finished, stopped = false;
	int rc = 0;

	if (!r.file)
		return error_errno(err, "%s", path);
	n = fread(magic, 1, sizeof(magic), r.file);
	finished = memcmp(magic, SEGMENT_FINISHED, n) == 0;
	if (!finished && memcmp(magic, SEGMENT_LIVE, n) != 0) {
		rc = error_set(err, ERR_SYNTAX, "%s: no trace of benchd", path);
	} else if (n == sizeof(magic)) {
		r.good = n;
		rc = read_frames(&r, finished, header, fn, ctx, &stopped);
		if (rc < 0)
			(void)error_set(err, rc, "%s: damaged after byte %llu", path,
					(unsigned long long)r.good);
	}
	if (rc == 0 && torn_bytes) {
		if (fseeko(r.file, 0, SEEK_END) == 0)
			*torn_bytes = stopped ? 0 : (uint64_t)ftello(r.file) - r.good;
		else
			rc = error_errno(err, "%s", path);
	}
	free(r.payload);
	(void)fclose(r.file);
	return rc;
}

int segment_path(const struct store *s, const char *run_id, char *dst, size_t size,
		 struct error *err)
{
	static const char *const suffixes[] = {"col", "seg"};

	for (int i = 0; segment_is_file_name(run_id) && i < 2; i++) {
		int n = snprintf(dst, size, "%s/segments/%s.%s", s->dir, run_id, suffixes[i]);

		if (n > 0 && (size_t)n < size && access(dst, F_OK) == 0)
			return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "run %s: no trace", run_id);
}
