/* SPDX-License-Identifier: MIT
 *
 * Messages of the web link, its routes and its queries. What decodes must encode to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void message(const uint8_t *p, size_t n)
{
	static uint8_t again[WEB_MESSAGE_MAX];
	struct web_msg m;
	struct error err;
	int len;

	if (web_decode(&m, p, n, &err))
		return;
	len = web_encode(&m, again, sizeof(again));
	if (len != (int)n || memcmp(again, p, n) != 0)
		abort();
}

static void words(const uint8_t *p, size_t n)
{
	char arg[WEB_ARG_MAX], value[64], *s = malloc(n + 1);
	int allowed;

	memcpy(s, p, n);
	s[n] = '\0';
	(void)web_route_find("GET", s, arg, &allowed);
	(void)web_route_find("POST", s, arg, NULL);
	(void)web_query(s, "limit", value, sizeof(value));
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	message(p, n);
	words(p, n);
	return 0;
}
