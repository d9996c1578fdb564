/* SPDX-License-Identifier: MIT */
#include "tests/fake/disk_fault.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

static struct {
	atomic_long left; /* operations up to and with the failing one; <= 0: it was */
	atomic_int kind;  /* 0: not armed */
} plan;

/* The kind of fault to do to this operation, 0 none. */
static enum disk_fault due(void)
{
	enum disk_fault kind = (enum disk_fault)atomic_load(&plan.kind);
	long left;

	if (kind == 0)
		return 0;
	left = atomic_fetch_sub(&plan.left, 1);
	if (left == 1 || (left < 1 && kind != DISK_FAULT_ONCE))
		return kind;
	return 0;
}

static void die_if(enum disk_fault kind)
{
	if (kind == DISK_FAULT_KILL)
		(void)kill(getpid(), SIGKILL);
}

void disk_fault_arm(long n, enum disk_fault kind)
{
	atomic_store(&plan.left, n);
	atomic_store(&plan.kind, (int)kind);
}

bool disk_fault_disarm(void)
{
	bool came = atomic_load(&plan.kind) && atomic_load(&plan.left) < 1;

	atomic_store(&plan.kind, 0);
	return came;
}

/* ---- SQLite's files ---- */
struct file {
	sqlite3_file base;
	sqlite3_file *real; /* right behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

static int error_of(enum disk_fault kind, int io_error)
{
	return kind == DISK_FAULT_FULL ? SQLITE_FULL : io_error;
}

static int on_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int on_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	enum disk_fault kind = due();

	if (kind == 0)
		return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
	if (n > 1)
		(void)real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
	die_if(kind);
	return error_of(kind, SQLITE_IOERR_WRITE);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	enum disk_fault kind = due();

	die_if(kind);
	return kind ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
	enum disk_fault kind = due();

	die_if(kind);
	return kind ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int on_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int on_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int on_check_lock(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int on_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int on_device(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	enum disk_fault kind = extend ? due() : 0;

	die_if(kind);
	return kind ? SQLITE_IOERR_SHMSIZE
		    : real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void on_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int on_shm_unmap(sqlite3_file *f, int remove)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

/* Version 2: shared memory, and no memory-mapped reading past the counted calls. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_device,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct file *file = (struct file *)f;
	int rc;

	(void)vfs;
	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
	if (rc == SQLITE_OK)
		file->base.pMethods = &methods;
	return rc;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	enum disk_fault kind = due();

	(void)vfs;
	die_if(kind);
	return kind ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync_dir);
}

/* ---- the store's own files ---- */
static ssize_t fault_write(int fd, const void *p, size_t n)
{
	enum disk_fault kind = due();

	if (kind == 0)
		return write(fd, p, n);
	if (n > 1 && write(fd, p, n / 2) < 0)
		return -1;
	die_if(kind);
	errno = kind == DISK_FAULT_FULL ? ENOSPC : EIO;
	return -1;
}

static int fail_or(enum disk_fault kind)
{
	die_if(kind);
	errno = EIO;
	return kind ? -1 : 0;
}

static int fault_fdatasync(int fd)
{
	return fail_or(due()) < 0 ? -1 : fdatasync(fd);
}

static int fault_fsync(int fd)
{
	return fail_or(due()) < 0 ? -1 : fsync(fd);
}

static int fault_rename(const char *from, const char *to)
{
	return fail_or(due()) < 0 ? -1 : rename(from, to);
}

static int fault_unlink(const char *path)
{
	return fail_or(due()) < 0 ? -1 : unlink(path);
}

void disk_fault_install(void)
{
	static const struct store_io io = {.write = fault_write,
					   .fdatasync = fault_fdatasync,
					   .fsync = fault_fsync,
					   .rename = fault_rename,
					   .unlink = fault_unlink};

	real_vfs = sqlite3_vfs_find(NULL);
	fault_vfs = *real_vfs;
	fault_vfs.zName = "disk_fault";
	fault_vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	fault_vfs.pNext = NULL;
	fault_vfs.xOpen = on_open;
	fault_vfs.xDelete = on_delete;
	(void)sqlite3_vfs_register(&fault_vfs, 0);
	store_set_vfs("disk_fault");
	store_set_io(&io);
}
