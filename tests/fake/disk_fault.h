/* SPDX-License-Identifier: MIT
 *
 * A disk that fails on demand: every write, sync, truncation, removal, renaming and growth of
 * shared memory that the store does, by SQLite (a VFS around the system's) or by itself (struct
 * store_io), is counted, and the n-th fails. A write that fails has written its first half.
 *
 *	disk_fault_install();			once, before any store is open
 *	for (n = 1;; n++) {
 *		disk_fault_arm(n, DISK_FAULT_ONCE);
 *		...the scenario...
 *		if (!disk_fault_disarm())	the n-th never came: all were tried
 *			break;
 *	}
 *
 * A test program includes disk_fault.c. Any thread; arming while no store works.
 */
#ifndef TESTS_FAKE_DISK_FAULT_H
#define TESTS_FAKE_DISK_FAULT_H

#include <stdbool.h>

enum disk_fault {
	DISK_FAULT_ONCE = 1, /* an I/O error, then all is well again */
	DISK_FAULT_BROKEN,   /* an I/O error, and from then on always */
	DISK_FAULT_FULL, /* no space left, and from then on always, for whatever grows or writes */
	DISK_FAULT_KILL	 /* the process gets SIGKILL in the middle */
};

void disk_fault_install(void);
/* n = 1: the very next operation. */
void disk_fault_arm(long n, enum disk_fault kind);
/* No more faults. Did the n-th operation come? */
bool disk_fault_disarm(void);

#endif
