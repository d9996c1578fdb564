/* SPDX-License-Identifier: MIT
 *
 * What a client of the feed has seen, as the text it brings back.
 */
#include "station/feed.h"

#include <stdio.h>
#include <string.h>

#include "src/station/feed_cursor.h"
#include "store/loss.h"

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1.INSTANCE.SIZE.ROOT.EPOCH" */
bool feed_cursor_read(const char *s, struct feed_cursor *c)
{
	const char *dot;

	if (strncmp(s, "1.", 2) || strspn(s + 2, "0123456789abcdef") != 32 || s[34] != '.')
		return false;
	memcpy(c->instance, s + 2, 32);
	c->instance[32] = '\0';
	s += 35;
	dot = strchr(s, '.');
	if (!dot || !text_to_int64(s, (size_t)(dot - s), &c->size) || c->size < 0 ||
	    strlen(dot + 1) < 2 * CHAIN_ROOT_BYTES)
		return false;
	s = dot + 1 + 2 * CHAIN_ROOT_BYTES;
	c->epoch = 1;
	if (*s && (*s != '.' || !text_to_int64(s + 1, strlen(s + 1), &c->epoch) || c->epoch < 1))
		return false;
	for (int i = 0; i < CHAIN_ROOT_BYTES; i++) {
		int hi = hex_digit(dot[1 + 2 * i]), lo = hex_digit(dot[2 + 2 * i]);

		if (hi < 0 || lo < 0)
			return false;
		c->root[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

const char *feed_cursor_text(const struct feed_cursor *c, char *dst, size_t size)
{
	char root[2 * CHAIN_ROOT_BYTES + 1];

	text_hex(root, c->root, CHAIN_ROOT_BYTES);
	snprintf(dst, size, "1.%s.%lld.%s.%lld", c->instance, (long long)c->size, root,
		 (long long)c->epoch);
	return dst;
}

bool feed_cursor_is_good(const char *text)
{
	struct feed_cursor c;

	return feed_cursor_read(text, &c);
}

int feed_cursor_now(struct store *store, char dst[FEED_CURSOR_MAX], struct error *err)
{
	struct feed_cursor c = {.size = 0};
	struct chain_head head;
	struct loss_state loss;
	int rc = store_chain_head(store, &head, err);

	if (rc == 0)
		rc = store_loss_state(store, &loss, err);
	if (rc < 0)
		return rc;
	memcpy(c.instance, head.instance, sizeof(c.instance));
	memcpy(c.root, head.root, sizeof(c.root));
	c.size = head.size;
	c.epoch = loss.epoch;
	(void)feed_cursor_text(&c, dst, FEED_CURSOR_MAX);
	return 0;
}

bool feed_cursor_is_same(const struct feed_cursor *a, const struct feed_cursor *b)
{
	return a->size == b->size && a->epoch == b->epoch && !strcmp(a->instance, b->instance) &&
	       !memcmp(a->root, b->root, sizeof(a->root));
}
