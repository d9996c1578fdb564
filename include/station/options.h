/* SPDX-License-Identifier: MIT
 *
 * benchd's options: each a flag, and each a key of the one YAML file given by --config. Flags win.
 */
#ifndef STATION_OPTIONS_H
#define STATION_OPTIONS_H

#include "station/station.h"

/* 0: go on. 1: stop with *exit_code (help, version, or a mistake that was printed). Strings live until exit. */
int options_parse(struct station_options *o, int argc, char **argv, int *exit_code);

#endif
