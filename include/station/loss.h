/* SPDX-License-Identifier: MIT
 *
 * benchd without a station: a backup put back, and what was lost after it taken back
 * (store/loss.h). Each prints what it did and returns the daemon's exit code.
 */
#ifndef STATION_LOSS_H
#define STATION_LOSS_H

#include "station/station.h"

/* --restore DIR [--after-loss REASON --as PERSON]: the newest backup there, or DIR/benchd-...Z. */
int loss_restore(const struct station_options *o);
/* --import [FILE...] [--complete --as PERSON]: 1 when something was not taken. */
int loss_import(const struct station_options *o);

#endif
