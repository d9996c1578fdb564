/* SPDX-License-Identifier: MIT
 *
 * A store with facts under which a unit may leave, written through store/ as benchd would: the
 * daemons have no switch that lets a simulated run out. Static: include it in a test program.
 */
#ifndef TESTS_FAKE_MKSTORE_H
#define TESTS_FAKE_MKSTORE_H

#include <stdio.h>
#include <string.h>

#include "store/chain.h"

#define MKSTORE_MODEL "RO600"

struct mkstore_run {
	const char *id, *ticket, *serial, *verdict;
	const char *run_type; /* NULL: post_repair_qc */
	const char *bay;      /* NULL: 1 */
	const char *trace;    /* the hash of its trace; NULL: it has none */
	int measurements;     /* more than the one that counts, of a full profile's size each */
	int64_t repair_seq, ended_utc_us;
};

static inline void mkstore_measurement(int i, struct text *out)
{
	text_printf(out,
		    ",{\"at_s\":%d.642,\"step\":\"H6\",\"attempt\":1,\"id\":\"measurement_%d\","
		    "\"title\":{\"en\":\"Membrane permeability\",\"zh\":\"膜渗透系数\"},"
		    "\"value\":2.8629%04d,\"unit\":\"L/min/MPa\",\"lo\":1.9275,\"hi\":null,"
		    "\"uncertainty\":0.0868768796,\"rule\":\"guarded\",\"basis\":\"nameplate\","
		    "\"basis_note\":\"three quarters of a new element's\",\"required\":true,"
		    "\"verdict\":\"pass\",\"side\":null,\"reason\":null,\"attribution\":null,"
		    "\"updates\":19,\"symptoms\":[\"S03\"],\"faults\":[\"F04\"],\"counts\":true}",
		    110 + i, i, i * 37 % 10000);
}

/* A document as run/record.h writes it, everything in order. */
static inline void mkstore_document(const struct mkstore_run *r, struct text *out)
{
	char at[32];

	text_printf(out,
		    "{\"schema\":\"benchd.run/1\",\"id\":\"%s\",\"ticket\":\"%s\","
		    "\"serial\":\"%s\",\"serial_from\":\"scan\",\"model\":\"" MKSTORE_MODEL "\","
		    "\"run_type\":\"%s\",\"attempt_no\":1,\"repair_seq\":%lld,\"bay\":\"%s\","
		    "\"operator\":\"li\",\"operator_state\":\"qualified\",\"simulated\":false,",
		    r->id, r->ticket, r->serial, r->run_type ? r->run_type : "post_repair_qc",
		    (long long)r->repair_seq, r->bay ? r->bay : "1");
	text_printf(out,
		    "\"profile\":{\"id\":\"full\",\"revision\":1,\"releasable\":true,"
		    "\"unapproved\":false},\"calibration\":[{\"channel\":\"feed_flow\","
		    "\"state\":\"good\"}],\"ended_utc\":\"%s\",\"utc_synced\":true,"
		    "\"verdict\":\"%s\",\"attribution\":null,\"reason\":null,%s%s%s"
		    "\"safe_state\":{\"proven\":true,\"detail\":\"\"},",
		    text_from_utc_us(at, sizeof(at), r->ended_utc_us), r->verdict,
		    r->trace ? "\"trace_sha256\":\"" : "", r->trace ? r->trace : "",
		    r->trace ? "\"," : "");
	text_printf(out,
		    "\"measurements\":[{\"id\":\"rejection\",\"verdict\":\"%s\","
		    "\"counts\":true}",
		    r->verdict);
	for (int i = 0; i < r->measurements; i++)
		mkstore_measurement(i, out);
	text_printf(out,
		    "],\"prompts\":[{\"id\":\"serial\",\"kind\":\"scan_serial\","
		    "\"code\":\"answered\",\"answer\":\"%s\"},{\"id\":\"serial\","
		    "\"kind\":\"scan_serial\",\"code\":\"answered\",\"answer\":\"%s\"}],"
		    "\"trial\":{\"seconds\":1805,\"making_seconds\":1500},\"basis_assumed\":[]}",
		    r->serial, r->serial);
}

static inline int mkstore_put_ticket(struct store *s, const char *id, const char *serial,
				     int64_t utc_us, struct error *err)
{
	struct ticket t = {.model = MKSTORE_MODEL,
			   .run_type = "post_repair_qc",
			   .plan_state = "approved",
			   .mail_back = true,
			   .mirrored_utc_us = utc_us,
			   .created_utc_us = utc_us,
			   .changed_utc_us = utc_us};

	(void)text_from_utc_us(t.due_at, sizeof(t.due_at), utc_us + 3 * 86400 * INT64_C(1000000));
	(void)text_copy(t.id, sizeof(t.id), id);
	(void)text_copy(t.serial, sizeof(t.serial), serial);
	return store_ticket_put(s, &t, -2, "mkstore", NULL, err);
}

static inline int mkstore_put_run(struct store *s, const struct mkstore_run *r, struct error *err)
{
	static const char profile[] = "profile: full\n";
	struct run_row row = {.model = MKSTORE_MODEL,
			      .profile = "full",
			      .profile_revision = 1,
			      .operator_name = "li",
			      .started_utc_us = r->ended_utc_us - 3600 * INT64_C(1000000)};
	struct text doc = {0};
	uint8_t hash[32];
	int rc;

	(void)text_copy(row.id, sizeof(row.id), r->id);
	(void)text_copy(row.ticket, sizeof(row.ticket), r->ticket);
	(void)text_copy(row.serial, sizeof(row.serial), r->serial);
	(void)text_copy(row.bay, sizeof(row.bay), r->bay ? r->bay : "1");
	(void)text_copy(row.run_type, sizeof(row.run_type),
			r->run_type ? r->run_type : "post_repair_qc");
	text_sha256(hash, profile, sizeof(profile) - 1);
	rc = store_run_begin(s, &row, "{}", hash, profile, sizeof(profile) - 1, err);
	if (rc < 0)
		return rc;
	mkstore_document(r, &doc);
	rc = store_run_end(s, r->id, r->verdict, r->ended_utc_us, doc.buf, doc.len, NULL, err);
	text_release(&doc);
	return rc;
}

#endif
