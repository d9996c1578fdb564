/* SPDX-License-Identifier: MIT */
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "src/store/backup_file.h"
#include "src/store/db.h"
#include "store/loss.h"

/* Traces of all finished runs; what came after the backup does no harm. */
static int copy_traces(const char *folder, const char *state, struct error *err)
{
	char *from = dir_path("%s/segments", folder), *to = dir_path("%s/segments", state);
	struct dirent *e;
	DIR *d = opendir(from);
	int rc = dir_create(to, err);

	while (d && rc == 0 && (e = readdir(d))) {
		char *a, *b;
		size_t n = strlen(e->d_name);

		if (n < 5 || strcmp(e->d_name + n - 4, ".col") != 0)
			continue;
		a = dir_path("%s/%s", from, e->d_name);
		b = dir_path("%s/%s", to, e->d_name);
		rc = backup_copy_file(a, b, err);
		free(b);
		free(a);
	}
	if (d)
		(void)closedir(d);
	free(to);
	free(from);
	return rc;
}

/* ---- nothing was lost ---- */

static int only_documents(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".json") == 0 && dot - e->d_name <= 36;
}

/* A run that was copied there and is not in the backup came after it. */
static int check_nothing_lost(const char *folder, const char *backup, struct error *err)
{
	char *runs = dir_path("%s/runs", folder);
	struct store *s = store_open_reader(backup, err);
	struct dirent **list = NULL;
	int rc = s ? 0 : err->code, later = 0,
	    n = s ? scandir(runs, &list, only_documents, NULL) : 0;

	for (int i = 0; i < n; i++) {
		struct run_row row = {.seq = 0};
		char id[37];

		(void)snprintf(id, sizeof(id), "%.*s", (int)strlen(list[i]->d_name) - 5,
			       list[i]->d_name);
		later += store_run_get(s, id, &row, NULL, NULL) < 0 || row.seq == 0;
		free(list[i]);
	}
	free(list);
	store_close(s);
	free(runs);
	if (rc == 0 && later)
		rc = error_set(err, ERR_STATE,
			       "%d run%s finished after this backup: records are lost; put it back "
			       "with benchctl restore --after-loss",
			       later, later == 1 ? " was" : "s were");
	return rc;
}

static int put_back(const char *backup, const char *state, struct error *err)
{
	char *from = dir_path("%s/benchd.db", backup);
	char *to = dir_path("%s/benchd.db", state);
	int rc = backup_copy_file(from, to, err);

	free(to);
	free(from);
	return rc;
}

/* ---- after a loss ---- */

/* {"size", "root"} of what clients said they have, where the old folder is still there. */
static void put_acknowledged(struct json *j, const char *state)
{
	char *path = dir_path("%s/acknowledged", state), *text = NULL, root[65];
	long long size = 0;
	size_t n;

	json_key(j, "acknowledged");
	if (access(path, F_OK) == 0 && text_read_file(path, 512, &text, &n, NULL) == 0 &&
	    sscanf(text, "benchd acknowledged 1\n%*32s %lld %64[0-9a-f]", &size, root) == 2) {
		json_open_object(j);
		json_kv_int(j, "size", size);
		json_kv_string(j, "root", root);
		json_end_object(j);
	} else {
		json_put_null(j);
	}
	free(text);
	free(path);
}

static int append_restored(struct store *s, const struct restore_order *o,
			   const struct backup_info *info, struct error *err)
{
	char at[32], root[2 * CHAIN_ROOT_BYTES + 1];
	struct chain_head head;
	struct loss_state loss;
	struct text data = {0};
	struct json j;
	int rc = store_chain_head(s, &head, err);

	if (rc == 0)
		rc = store_loss_state(s, &loss, err);
	if (rc < 0)
		return rc;
	text_hex(root, head.root, sizeof(head.root));
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_int(&j, "epoch", loss.epoch + 1);
	json_kv_int(&j, "after", head.size);
	json_kv_string(&j, "root", root);
	json_kv_string(&j, "backup", info->name);
	json_kv_string(&j, "backup_made_at", text_from_utc_us(at, sizeof(at), info->made_utc_us));
	json_kv_string(&j, "reason", o->loss->reason);
	put_acknowledged(&j, o->state);
	json_end_object(&j);
	struct chain_item item = {.type = "restored",
				  .who = o->loss->who,
				  .feed = true,
				  .data = data.buf,
				  .n = data.len};
	rc = store_chain_add(s, &item, o->loss->utc_us, NULL, err);
	text_release(&data);
	return rc;
}

static void remove_stage(const char *stage)
{
	char *segments = dir_path("%s/segments", stage);

	backup_remove(segments);
	backup_remove(stage);
	free(segments);
}

/* In a folder of its own first: what has the database's name has the record of its gap in it. */
static int put_back_after_loss(const char *backup, const struct restore_order *o,
			       const struct backup_info *info, struct error *err)
{
	char *stage = dir_path("%s/after-loss.tmp", o->state), *keys = dir_path("%s/keys", stage);
	char *from = dir_path("%s/benchd.db", stage), *to = dir_path("%s/benchd.db", o->state);
	char *acknowledged = dir_path("%s/acknowledged", o->state);
	struct store *s = NULL;
	int rc;

	remove_stage(stage);
	rc = dir_create(stage, err);
	if (rc == 0 && symlink("../keys", keys) < 0)
		rc = error_errno(err, "%s", keys);
	if (rc == 0)
		rc = put_back(backup, stage, err);
	if (rc == 0)
		s = store_open(stage, o->loss->utc_us, err);
	if (rc == 0)
		rc = s ? append_restored(s, o, info, err) : err->code;
	store_close(s);
	if (rc == 0 && unlink(acknowledged) < 0 && errno != ENOENT)
		rc = error_errno(err, "%s", acknowledged);
	if (rc == 0 && store_io.rename(from, to) < 0)
		rc = error_errno(err, "%s", to);
	if (rc == 0)
		rc = dir_sync(o->state, err);
	remove_stage(stage);
	free(acknowledged);
	free(to);
	free(from);
	free(keys);
	free(stage);
	return rc;
}

/* ---- either ---- */

static int restore(const struct restore_order *o, struct backup_info *out, struct error *err)
{
	char *db = dir_path("%s/benchd.db", o->state), name[BACKUP_NAME_SIZE] = "", *backup;
	int rc = 0;

	if (access(db, F_OK) == 0)
		rc = error_set(err, ERR_EXISTS,
			       "%s: there is a database; move it away, it may hold what the backup "
			       "does not",
			       db);
	free(db);
	if (rc == 0 && o->name)
		(void)text_copy(name, sizeof(name), o->name);
	else if (rc == 0)
		rc = store_backup_newest(o->folder, out, err);
	if (rc < 0)
		return rc;
	if (!o->name)
		(void)text_copy(name, sizeof(name), out->name);
	backup = dir_path("%s/%s", o->folder, name);
	rc = store_backup_check(o->folder, name, out, err);
	if (rc == 0 && !o->loss)
		rc = check_nothing_lost(o->folder, backup, err);
	if (rc == 0)
		rc = copy_traces(o->folder, o->state, err);
	/* last: a folder with a database is a whole one */
	if (rc == 0)
		rc = o->loss ? put_back_after_loss(backup, o, out, err)
			     : put_back(backup, o->state, err);
	free(backup);
	return rc;
}

int store_restore(const struct restore_order *o, struct backup_info *out, struct error *err)
{
	bool was_clean;
	int lock_fd = -1, rc = dir_create(o->state, err);

	if (rc == 0)
		rc = dir_lock(o->state, &lock_fd, &was_clean, err);
	if (rc == 0)
		rc = restore(o, out, err);
	if (lock_fd >= 0)
		dir_unlock(o->state, lock_fd, true);
	return rc;
}
