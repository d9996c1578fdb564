/* SPDX-License-Identifier: MIT
 *
 * What a release rests on here, for every route that decides one (routes_release.c).
 */
#ifndef STATION_RELEASE_H
#define STATION_RELEASE_H

#include "station/internal.h"
#include "ticket/release_record.h"

struct ticket_policy release_policy(const struct station *s);
/* Whether the database is whole is not known, or it is not: answered. */
bool release_is_checking(struct request *rq);

#endif
