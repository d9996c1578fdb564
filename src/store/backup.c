/* SPDX-License-Identifier: MIT */
#include "store/backup.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "src/store/backup_file.h"
#include "src/store/db.h"
#include "store/chain.h"

#define PREFIX "benchd-"
enum { COPY_PAGES = 256, INFO_BYTES_MAX = 4096 };

/* ---- backup.json ---- */

static int write_info(const char *dir, const struct backup_info *info, const struct chain_head *h,
		      const char *sha256, struct error *err)
{
	char *path = dir_path("%s/backup.json", dir), utc[32], root[2 * CHAIN_ROOT_BYTES + 1];
	struct text t = {0};
	struct json j;
	int rc;

	text_hex(root, h->root, CHAIN_ROOT_BYTES);
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "made_at", text_from_utc_us(utc, sizeof(utc), info->made_utc_us));
	json_kv_int(&j, "made_utc_us", info->made_utc_us);
	json_kv_string(&j, "instance", h->instance);
	json_kv_int(&j, "items", h->size);
	json_kv_string(&j, "root", root);
	json_kv_int(&j, "bytes", info->bytes);
	json_kv_string(&j, "sha256", sha256);
	json_end_object(&j);
	text_add(&t, "\n", 1);
	rc = backup_put_file(path, t.buf, t.len, err);
	text_release(&t);
	free(path);
	return rc;
}

static int read_info(const char *folder, const char *name, struct backup_info *out, char sha256[65],
		     struct error *err)
{
	char *path = dir_path("%s/%s/backup.json", folder, name), *bytes = NULL;
	const char *hash;
	json_t *o = NULL;
	size_t n = 0;
	int rc = text_read_file(path, INFO_BYTES_MAX, &bytes, &n, err);

	if (rc == 0) {
		o = json_load_limited(bytes, n, INFO_BYTES_MAX, err);
		hash = json_string_value(json_object_get(o, "sha256"));
		if (!hash || strlen(hash) != 64)
			rc = error_set(err, ERR_IO, "%s: no description of a backup", path);
	}
	if (rc == 0) {
		memcpy(sha256, hash, 65);
		(void)text_copy(out->name, sizeof(out->name), name);
		out->made_utc_us = json_integer_value(json_object_get(o, "made_utc_us"));
		out->bytes = json_integer_value(json_object_get(o, "bytes"));
		out->items = json_integer_value(json_object_get(o, "items"));
	}
	json_decref(o);
	free(bytes);
	free(path);
	return rc;
}

/* ---- one backup ---- */

/* In steps, so that the copy goes on beside a writer that commits. */
static int copy_pages(struct store *s, const char *path, struct error *err)
{
	sqlite3_backup *b = NULL;
	sqlite3 *to = NULL;
	int step = SQLITE_ERROR, rc = 0;

	if (sqlite3_open_v2(path, &to,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    store_vfs) == SQLITE_OK)
		b = sqlite3_backup_init(to, "main", s->db, "main");
	do
		step = b ? sqlite3_backup_step(b, COPY_PAGES) : SQLITE_ERROR;
	while (step == SQLITE_OK || step == SQLITE_BUSY || step == SQLITE_LOCKED);
	if (!b || sqlite3_backup_finish(b) != SQLITE_OK || step != SQLITE_DONE ||
	    sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
		rc = error_set(err, ERR_IO, "%s: %s", path, to ? sqlite3_errmsg(to) : "memory");
	if (sqlite3_close(to) != SQLITE_OK && rc == 0)
		rc = error_set(err, ERR_IO, "%s: it does not close", path);
	return rc;
}

/* Every page, every hash of the chain. */
static int verify(const char *dir, struct chain_head *head, struct error *err)
{
	struct store *copy = store_open_reader(dir, err);
	int rc;

	if (!copy)
		return err->code;
	rc = store_check(copy, err);
	if (rc == 0)
		rc = store_chain_check(copy, err);
	if (rc == 0)
		rc = store_chain_head(copy, head, err);
	store_close(copy);
	return rc;
}

static int make(struct store *s, const char *dir, struct backup_info *info, struct error *err)
{
	char *db = dir_path("%s/benchd.db", dir), sha256[65];
	struct chain_head head;
	int rc = dir_create(dir, err);

	if (rc == 0)
		rc = copy_pages(s, db, err);
	if (rc == 0)
		rc = verify(dir, &head, err);
	if (rc == 0)
		rc = backup_file_hash(db, sha256, &info->bytes, err);
	if (rc == 0)
		rc = backup_sync_file(db, err);
	if (rc == 0) {
		info->items = head.size;
		rc = write_info(dir, info, &head, sha256, err);
	}
	if (rc == 0)
		rc = dir_sync(dir, err);
	free(db);
	return rc;
}

int store_backup(struct store *s, const char *folder, int64_t utc_us, struct backup_info *out,
		 struct error *err)
{
	struct backup_info info = {.made_utc_us = utc_us};
	char utc[32], *dir, *temp;
	size_t n = 0;
	int rc = dir_create(folder, err);

	if (rc < 0)
		return rc;
	/* 2026-11-22T03:15:00.123456Z -> benchd-20261122T031500Z */
	text_from_utc_us(utc, sizeof(utc), utc_us);
	n = strlen(PREFIX);
	memcpy(info.name, PREFIX, n);
	for (const char *p = utc; *p && *p != '.' && *p != 'Z' && n + 2 < sizeof(info.name); p++)
		if (*p != '-' && *p != ':')
			info.name[n++] = *p;
	info.name[n++] = 'Z';
	info.name[n] = '\0';
	dir = dir_path("%s/%s", folder, info.name);
	temp = dir_path("%s.tmp", dir);
	backup_remove(temp);
	rc = make(s, temp, &info, err);
	if (rc == 0 && store_io.rename(temp, dir) < 0)
		rc = error_errno(err, "%s", dir);
	if (rc == 0)
		rc = dir_sync(folder, err);
	if (rc < 0)
		backup_remove(temp);
	else
		*out = info;
	free(temp);
	free(dir);
	return rc;
}

int store_backup_check(const char *folder, const char *name, struct backup_info *out,
		       struct error *err)
{
	char *dir = dir_path("%s/%s", folder, name), *db = dir_path("%s/benchd.db", dir);
	char said[65] = "", is[65] = "";
	struct chain_head head;
	int64_t bytes = 0;
	int rc = read_info(folder, name, out, said, err);

	if (rc == 0)
		rc = backup_file_hash(db, is, &bytes, err);
	if (rc == 0 && strcmp(said, is) != 0)
		rc = error_set(err, ERR_IO, "%s: not the bytes it was made with", db);
	if (rc == 0)
		rc = verify(dir, &head, err);
	free(db);
	free(dir);
	return rc;
}

/* ---- all of them ---- */

static bool is_backup(const char *name)
{
	size_t n = strlen(name);

	return !strncmp(name, PREFIX, strlen(PREFIX)) && n < BACKUP_NAME_SIZE && name[n - 1] == 'Z';
}

static int only_backups(const struct dirent *e)
{
	return is_backup(e->d_name);
}

int store_backup_newest(const char *folder, struct backup_info *out, struct error *err)
{
	struct dirent **list;
	char sha256[65];
	int rc = ERR_NOT_FOUND, n = scandir(folder, &list, only_backups, alphasort);

	for (int i = n - 1; i >= 0; i--) {
		if (rc < 0)
			rc = read_info(folder, list[i]->d_name, out, sha256, err);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return n > 0 ? rc : error_set(err, ERR_NOT_FOUND, "%s: no backup in this folder", folder);
}

int store_backup_prune(const char *folder, int keep, struct error *err)
{
	struct dirent **list;
	int n = scandir(folder, &list, only_backups, alphasort);

	if (n < 0)
		return error_errno(err, "%s", folder);
	for (int i = 0; i < n; i++) {
		if (i < n - (keep > 1 ? keep : 1)) {
			char *dir = dir_path("%s/%s", folder, list[i]->d_name);

			backup_remove(dir);
			free(dir);
		}
		free(list[i]);
	}
	free(list);
	return 0;
}

/* ---- finished runs, one by one ---- */

struct copier {
	struct store *store;
	const char *folder;
	int64_t after;
	int copied;
	int rc;
	struct error *err;
};

struct lines {
	struct store *store;
	struct text text;
	int rc;
	struct error *err;
};

static bool add_line(void *ctx, const struct chain_row *r)
{
	uint8_t before[CHAIN_ROOT_BYTES];
	struct lines *l = ctx;

	l->rc = store_chain_root(l->store, r->seq - 1, before, l->err);
	if (l->rc < 0)
		return false;
	store_chain_line(r, before, &l->text);
	text_add(&l->text, "\n", 1);
	return true;
}

/* What the chain says of it, with its proof: after a loss it can be taken back. */
static int copy_items(struct copier *c, const char *id)
{
	struct lines l = {.store = c->store, .err = c->err};
	char *to = dir_path("%s/runs/%s.jsonl", c->folder, id);
	struct chain_filter f = {.run = id};
	int rc = store_chain_list(c->store, &f, add_line, &l, c->err);

	if (rc == 0)
		rc = l.rc;
	if (rc == 0)
		rc = backup_put_file(to, l.text.buf, l.text.len, c->err);
	text_release(&l.text);
	free(to);
	return rc;
}

static int copy_run(struct copier *c, const char *id)
{
	char *to = dir_path("%s/runs/%s.json", c->folder, id);
	char *trace = dir_path("%s/segments/%s.col", c->store->dir, id);
	char *trace_to = dir_path("%s/segments/%s.col", c->folder, id);
	struct text doc = {0};
	struct run_row row;
	int rc = 0;

	if (access(to, F_OK) < 0) {
		rc = store_run_get(c->store, id, &row, &doc, c->err);
		/* a run that was cut off has none */
		if (rc == 0 && access(trace, F_OK) == 0 && access(trace_to, F_OK) < 0)
			rc = backup_copy_file(trace, trace_to, c->err);
		if (rc == 0)
			rc = copy_items(c, id);
		if (rc == 0)
			rc = backup_put_file(to, doc.buf, doc.len, c->err);
		if (rc == 0)
			c->copied++;
	}
	text_release(&doc);
	free(trace_to);
	free(trace);
	free(to);
	return rc;
}

static bool copy_finished(void *ctx, const struct chain_row *r)
{
	struct copier *c = ctx;

	c->rc = copy_run(c, r->run);
	if (c->rc == 0)
		c->after = r->seq;
	return c->rc == 0;
}

int store_copy_runs(struct store *s, const char *folder, int64_t *after, int *copied,
		    struct error *err)
{
	struct chain_filter f = {.type = "run_finished", .after = *after, .limit = 100};
	struct copier c = {.store = s, .folder = folder, .after = *after, .err = err};
	char *runs = dir_path("%s/runs", folder), *segments = dir_path("%s/segments", folder);
	int rc = dir_create(folder, err);

	if (rc == 0)
		rc = dir_create(runs, err);
	if (rc == 0)
		rc = dir_create(segments, err);
	if (rc == 0)
		rc = store_chain_list(s, &f, copy_finished, &c, err);
	*after = c.after;
	*copied = c.copied;
	free(segments);
	free(runs);
	return rc < 0 ? rc : c.rc;
}
