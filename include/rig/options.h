/* SPDX-License-Identifier: MIT
 *
 * The command line of benchd-io.
 */
#ifndef RIG_OPTIONS_H
#define RIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"

struct io_options {
	const char *fixture, *link, *sim_dir, *trace_dir; /* argv's */
	int link_fd;			       /* inherited, link is NULL then; -1: none */
	bool make_safe, check, exit_with_link; /* check: the files, and nothing else */
	unsigned speed;			       /* 1..20 */
	int64_t origin_ns;		       /* of the time scale, as benchd has it */
	enum log_level log;
};

/* 0: go on; else the exit code and 1 (after help, a version or a mistake was printed). */
int io_options_parse(struct io_options *o, int argc, char **argv);
/* Prints what is wrong and the usage on stderr. Returns the exit code. */
int io_options_usage(const char *what);

#endif
