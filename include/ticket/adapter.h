/* SPDX-License-Identifier: MIT
 *
 * The inbound adapter: how to ask the depot's ticketing system for a ticket, and what of its answer is
 * one. A YAML file (docs/ticketing.md), no code per vendor. Members of the answer that the file does
 * not name are dropped unread. Pure but for adapter_load, which reads files.
 */
#ifndef TICKET_ADAPTER_H
#define TICKET_ADAPTER_H

#include "base/error.h"
#include "ticket/ticket.h"

enum { ADAPTER_HEADERS_MAX = 8 };
struct adapter;
/* NULL with every mistake in problems. The adapter owns what it names; adapter_free takes NULL. */
struct adapter *adapter_load(const char *path, struct problems *problems);
struct adapter *adapter_parse(const char *path, const char *bytes, size_t n,
			      struct problems *problems);
void adapter_free(struct adapter *a);
const char *adapter_name(const struct adapter *a);
/* Can it find a ticket by its unit's serial? */
bool adapter_has_serial_url(const struct adapter *a);
/* The address for a ticket's id, or with by_serial for a serial, percent-encoded. */
void adapter_url(const struct adapter *a, const char *code, bool by_serial, struct text *out);
/* With the token in place; NULL after the last. */
const char *const *adapter_headers(const struct adapter *a);
/* An answer with status 200. 0 with *out as ticket_read gives it (repair_seq as it stands);
 * ERR_NOT_FOUND: the system knows no such ticket; else what is wrong with the answer, which holds
 * nothing of it but members' names. code: what was asked for; the answer has to be about it. */
int adapter_read(const struct adapter *a, const char *code, bool by_serial, const char *body,
		 size_t n, const struct ticket_defaults *defaults, struct ticket *out,
		 struct error *err);

#endif
