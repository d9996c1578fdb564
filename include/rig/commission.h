/* SPDX-License-Identifier: MIT
 *
 * benchd-io as a commissioning tool: one serial line, nobody else on it. Blocks; opens the port the
 * way a bus does, so a line that a station holds is refused, naming the process.
 *
 *	benchd-io --scan PORT ...		 who answers, and which driver that looks like
 *	benchd-io --set-address PORT OLD NEW ... another unit id, read back and scanned again
 *	benchd-io --prove-watchdog FIXTURE ...	 boards let go by themselves when nobody asks
 *
 * Exit codes: 0 done; 1 not done (nothing found, not changed, not proven); 2 usage; 75 the port is
 * held by another process.
 */
#ifndef RIG_COMMISSION_H
#define RIG_COMMISSION_H

#include <stdbool.h>

/* Is this command line one of those? */
bool commission_is_wanted(int argc, char **argv);
int commission_main(int argc, char **argv);

#endif
