/* SPDX-License-Identifier: MIT
 *
 * Copies in a second place, best on another disk:
 *
 *	FOLDER/runs/ID.json		document of each finished run, byte for byte
 *	FOLDER/runs/ID.jsonl		what the chain says of it, signed (store/loss.h takes it back)
 *	FOLDER/segments/ID.col		its trace
 *	FOLDER/benchd-20261122T031500Z/	a backup: a state folder in itself, without the key
 *		benchd.db		online copy, verified: every page, every item of the chain
 *		backup.json		when, of which station, how far, SHA-256 of benchd.db
 *
 * A backup appears under its name when it is verified and synced; one that was cut short is a
 * folder *.tmp, removed by the next. The signing key is not in it (benchctl key backup).
 *
 * For a reader's thread: a copy takes as long as the disks do, and no other connection waits
 * for it.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

enum { BACKUP_NAME_SIZE = 40 };
struct backup_info {
	char name[BACKUP_NAME_SIZE]; /* of its folder */
	int64_t made_utc_us, bytes;
	int64_t items; /* of the chain */
};
/* ERR_IO: not made, what was there stays. */
int store_backup(struct store *s, const char *folder, int64_t utc_us, struct backup_info *out,
		 struct error *err);
/* Remove all but the newest `keep` backups (at least 1). */
int store_backup_prune(const char *folder, int keep, struct error *err);
/* The newest one, as its backup.json says; ERR_NOT_FOUND. */
int store_backup_newest(const char *folder, struct backup_info *out, struct error *err);
/* Does backup `name` still hold what it was made with? Reads all of it. */
int store_backup_check(const char *folder, const char *name, struct backup_info *out,
		       struct error *err);
/* Copy the documents and traces of runs finished after chain item *after that are not there yet;
 * *after moves on with each run. */
int store_copy_runs(struct store *s, const char *folder, int64_t *after, int *copied,
		    struct error *err);

/* What was recorded after the backup is lost: the chain goes on with `restored` (store/loss.h). */
struct restore_loss {
	const char *who, *reason;
	int64_t utc_us;
};
struct restore_order {
	const char *folder, *name;	 /* name NULL: the newest */
	const char *state;		 /* a folder without a database */
	const struct restore_loss *loss; /* NULL: nothing is */
};
/* Check the backup, then put it and the traces into the state folder. The key is put there by
 * hand; a station opens the folder only with it, and after a loss it has to be there before.
 * ERR_EXISTS: there is a database already. ERR_STATE: runs were finished after the backup, and
 * loss is NULL. */
int store_restore(const struct restore_order *o, struct backup_info *out, struct error *err);

#endif
