/* SPDX-License-Identifier: MIT */
#include "store/backup.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/store/backup_file.h"
#include "src/store/db.h"

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

static int put_back(const char *folder, const char *name, const char *state, struct error *err)
{
	char *from = dir_path("%s/%s/benchd.db", folder, name);
	char *to = dir_path("%s/benchd.db", state);
	int rc = copy_traces(folder, state, err);

	/* last: a folder with a database is a whole one */
	if (rc == 0)
		rc = backup_copy_file(from, to, err);
	free(to);
	free(from);
	return rc;
}

int store_restore(const struct restore_order *o, struct backup_info *out, struct error *err)
{
	char *db = dir_path("%s/benchd.db", o->state), name[BACKUP_NAME_SIZE] = "";
	bool was_clean;
	int lock_fd = -1, rc = dir_create(o->state, err);

	if (rc == 0)
		rc = dir_lock(o->state, &lock_fd, &was_clean, err);
	if (rc == 0 && access(db, F_OK) == 0)
		rc = error_set(err, ERR_EXISTS,
			       "%s: there is a database; move it away, it may hold what the backup "
			       "does not",
			       db);
	if (rc == 0 && o->name)
		(void)text_copy(name, sizeof(name), o->name);
	else if (rc == 0)
		rc = store_backup_newest(o->folder, out, err);
	if (rc == 0 && !o->name)
		(void)text_copy(name, sizeof(name), out->name);
	if (rc == 0)
		rc = store_backup_check(o->folder, name, out, err);
	if (rc == 0)
		rc = put_back(o->folder, name, o->state, err);
	if (lock_fd >= 0)
		dir_unlock(o->state, lock_fd, true);
	free(db);
	return rc;
}
