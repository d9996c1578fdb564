/* SPDX-License-Identifier: MIT */
#include "ticket/codes.h"

#include <string.h>

#include "ticket/ticket.h"

static const char ID[] = "{id}", SERIAL[] = "{serial}";

int code_check_pattern(const char *pattern, struct error *err)
{
	const char *id = strstr(pattern, ID), *serial = strstr(pattern, SERIAL);
	const char *at = id ? id : serial;
	size_t n = id ? strlen(ID) : strlen(SERIAL);

	if (!at || (id && serial) || strstr(at + n, ID) || strstr(at + n, SERIAL) ||
	    strlen(pattern) == n)
		return error_set(err, ERR_CONFIG,
				 "code pattern \"%.60s\": text around one {id} or {serial} "
				 "expected, such as T:{id}",
				 pattern);
	return 0;
}

static bool match(const char *pattern, const char *mark, const char *code, char out[64])
{
	const char *at = strstr(pattern, mark), *tail;
	size_t head, rest, n = strlen(code), take;

	if (!at)
		return false;
	tail = at + strlen(mark);
	head = (size_t)(at - pattern);
	rest = strlen(tail);
	if (n <= head + rest || strncmp(code, pattern, head) != 0 ||
	    strcmp(code + n - rest, tail) != 0)
		return false;
	take = n - head - rest;
	if (take > 63)
		return false;
	memcpy(out, code + head, take);
	out[take] = '\0';
	return ticket_is_id(out);
}

enum code_kind code_read(const char *const *patterns, int n, const char *code, char out[64])
{
	for (int i = 0; i < n; i++) {
		if (match(patterns[i], ID, code, out))
			return CODE_TICKET;
		if (match(patterns[i], SERIAL, code, out))
			return CODE_SERIAL;
	}
	out[0] = '\0';
	if (ticket_is_id(code))
		(void)text_copy(out, 64, code);
	return CODE_BARE;
}
