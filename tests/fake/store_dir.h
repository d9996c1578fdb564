/* SPDX-License-Identifier: MIT
 *
 * Folders and rows for tests of the store. Static: include it in a test program.
 */
#ifndef TESTS_FAKE_STORE_DIR_H
#define TESTS_FAKE_STORE_DIR_H

#include "store/store.h"
#include "tests/fake/temp_dir.h"

/* A fresh folder, in memory where there is such a place: its name into dst. */
static inline void store_dir_make(char dst[TEMP_DIR_SIZE])
{
	temp_dir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", dst);
}

static inline struct ticket store_dir_ticket(const char *id, const char *serial)
{
	struct ticket t = {.run_type = "post_repair_qc",
			   .plan_state = "none",
			   .created_utc_us = 1000,
			   .changed_utc_us = 2000,
			   .mirrored_utc_us = 3000};

	(void)text_copy(t.id, sizeof(t.id), id);
	(void)text_copy(t.serial, sizeof(t.serial), serial);
	(void)text_copy(t.model, sizeof(t.model), "RO-600G");
	return t;
}

static inline struct run_row store_dir_run(const char *id, const char *ticket, const char *serial)
{
	struct run_row r = {.bay = "1",
			    .run_type = "post_repair_qc",
			    .profile = "quick",
			    .profile_revision = 1,
			    .operator_name = "li",
			    .model = "RO-600G",
			    .simulated = true,
			    .started_utc_us = 5000};

	(void)text_copy(r.id, sizeof(r.id), id);
	(void)text_copy(r.ticket, sizeof(r.ticket), ticket);
	(void)text_copy(r.serial, sizeof(r.serial), serial);
	return r;
}

/* store_run_begin with a small profile of its own. */
static inline int store_dir_begin(struct store *s, const struct run_row *r, struct error *err)
{
	static const char profile[] = "profile: quick\n";
	uint8_t hash[32];

	text_sha256(hash, profile, sizeof(profile) - 1);
	return store_run_begin(s, r, "{\"facts\":true}", hash, profile, sizeof(profile) - 1, err);
}

#endif
