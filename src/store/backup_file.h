/* SPDX-License-Identifier: MIT
 *
 * Files of backups: written aside, synced, renamed. Not for the live database: opening and
 * closing that drops SQLite's locks.
 */
#ifndef STORE_BACKUP_FILE_H
#define STORE_BACKUP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

int backup_put_file(const char *path, const void *p, size_t n, struct error *err);
/* The copy is read back and compared. */
int backup_copy_file(const char *from, const char *to, struct error *err);
int backup_sync_file(const char *path, struct error *err);
int backup_file_hash(const char *path, char sha256[65], int64_t *bytes, struct error *err);
/* A folder of files, without a word when it is not there. */
void backup_remove(const char *dir);

#endif
