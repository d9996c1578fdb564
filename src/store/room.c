/* SPDX-License-Identifier: MIT */
#include "store/room.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/store/db.h"

enum room_act room_judge(struct room *r)
{
	int64_t tenth = r->size_bytes / 10;
	int64_t least = tenth < ROOM_LOW_BYTES ? tenth : (int64_t)ROOM_LOW_BYTES;
	/* what the ballast takes is not there for anything else */
	int64_t usable = r->free_bytes - (r->has_ballast ? 0 : (int64_t)ROOM_BALLAST_BYTES);

	r->low = usable < least;
	if (r->has_ballast)
		return r->free_bytes < ROOM_LAST_BYTES ? ROOM_GIVE_UP : ROOM_KEEP;
	return !r->low && usable >= 2 * (int64_t)ROOM_LAST_BYTES ? ROOM_TAKE : ROOM_KEEP;
}

/* Its blocks are really there, or the file is not. */
static bool take(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0 && posix_fallocate(fd, 0, ROOM_BALLAST_BYTES) == 0;

	if (fd >= 0)
		(void)close(fd);
	if (!good)
		(void)unlink(path);
	return good;
}

int room_look(const char *dir, struct room *out, struct error *err)
{
	char *path = dir_path("%s/ballast", dir);
	struct statvfs fs;
	struct stat st;
	int rc = statvfs(dir, &fs) < 0 ? error_errno(err, "%s", dir) : 0;

	if (rc == 0) {
		out->free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
		out->size_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
		out->has_ballast = stat(path, &st) == 0 && st.st_size == ROOM_BALLAST_BYTES;
		switch (room_judge(out)) {
		case ROOM_GIVE_UP:
			(void)unlink(path);
			out->has_ballast = false;
			break;
		case ROOM_TAKE: out->has_ballast = take(path); break;
		case ROOM_KEEP:
		default: break;
		}
	}
	free(path);
	return rc;
}
