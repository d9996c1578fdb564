/* SPDX-License-Identifier: MIT
 *
 * Approvals in memory: approval.c keeps them, passes.c carries out what they say of passes that have
 * not left yet.
 */
#ifndef STATION_APPROVAL_H
#define STATION_APPROVAL_H

#include "change.h"

struct approval {
	char profile[64], who[64];
	char passes[16]; /* stand, listed, rejudge, retest */
	int revision;
	uint8_t hash[32];
	char *bytes;
	size_t size;
	struct profile *header; /* NULL until it is asked for */
	int64_t effective_us, approved_us;
	bool judging; /* runs are being judged again under it */
};

int approvals_load(struct station *s, struct store *store, struct error *err);
void approvals_free(struct station *s);
/* Is that revision of the profile the one in force? */
bool approval_covers(const struct station *s, const char *profile, const uint8_t hash[32]);
const char *approval_state(const struct station *s, const struct library_entry *e);
/* The revision that runs of this type use: the approved one where they count for release and one is
 * in force, else the file's. Returns its header, NULL when it has none; bytes and header stay the
 * station's. */
const struct profile *approval_revision(const struct station *s, const struct library_entry *e,
					enum run_type type, const char **bytes, size_t *size);
/* passes.c: what approvals in force say of passes that have not left; profile NULL: of all. */
void passes_apply(struct station *s, const char *profile);
/* From the housekeeping: of those that have come into force. */
void passes_tick(struct station *s);

#endif
