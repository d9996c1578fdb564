/* SPDX-License-Identifier: MIT
 *
 * Heads of HTTP requests. A head that is taken stays the same when more bytes follow, and no
 * shorter piece of it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct head h, part;
	int len = head_read(&h, s, n);

	if (len < 0 && (h.status < 400 || !h.code || !h.detail))
		abort();
	if (len > 0) {
		if (memcmp(s + len - 4, "\r\n\r\n", 4) != 0 || !h.host[0] || h.path[0] != '/')
			abort();
		if (head_read(&part, s, (size_t)len) != len ||
		    head_read(&part, s, (size_t)len - 1) != 0)
			abort();
	}
	(void)head_host_is_local(h.host);
	return 0;
}
