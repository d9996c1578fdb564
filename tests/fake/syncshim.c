/* SPDX-License-Identifier: MIT
 *
 * A preload for tests: the kernel says that its clock is synchronised, whatever the machine of the test is.
 */
#include <string.h>
#include <sys/timex.h>

int adjtimex(struct timex *t)
{
	memset(t, 0, sizeof(*t));
	return TIME_OK;
}
