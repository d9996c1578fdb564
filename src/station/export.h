/* SPDX-License-Identifier: MIT
 *
 * The worker that makes tables, for exports and traces (routes_export.c).
 */
#ifndef STATION_EXPORT_H
#define STATION_EXPORT_H

#include "station/internal.h"

bool export_begin(struct request *rq); /* its worker takes one more job; false: answered */

#endif
