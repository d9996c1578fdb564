/* SPDX-License-Identifier: MIT
 *
 * Collecting what consumers of the feed have kept. Nothing is believed here: a line is only taken
 * apart.
 */
#include "src/store/take_back.h"

#include <stdlib.h>
#include <string.h>

enum { COLLECTED_MAX = 1 << 20 };

struct take_back *take_back_new(void)
{
	return xcalloc(1, sizeof(struct take_back));
}

void take_back_free(struct take_back *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->line_count; i++)
		free(t->lines[i].bytes);
	for (size_t i = 0; i < t->document_count; i++)
		free(t->documents[i].bytes);
	free(t->lines);
	free(t->documents);
	free(t);
}

static char *copy(const char *p, size_t n)
{
	char *to = xcalloc(n + 1, 1);

	memcpy(to, p, n);
	return to;
}

/* ---- documents ---- */

struct run_document *take_back_document(struct take_back *t, const uint8_t hash[32])
{
	for (size_t i = 0; i < t->document_count; i++)
		if (memcmp(t->documents[i].hash, hash, 32) == 0)
			return &t->documents[i];
	return NULL;
}

static int add_document(struct take_back *t, const char *bytes, size_t n, struct error *err)
{
	struct run_document d;

	/* benchctl ends what it prints with a line's end that is not the document's */
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	text_sha256(d.hash, bytes, n);
	if (take_back_document(t, d.hash))
		return 0;
	if (t->document_count == COLLECTED_MAX)
		return error_set(err, ERR_LIMIT, "too many documents at once");
	if (t->document_count == t->document_room) {
		t->document_room = t->document_room ? 2 * t->document_room : 64;
		t->documents = xrealloc(t->documents, t->document_room * sizeof(*t->documents));
	}
	d.bytes = copy(bytes, n);
	d.n = n;
	d.used = false;
	t->documents[t->document_count++] = d;
	return 0;
}

/* ---- lines ---- */

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool take_back_hex(uint8_t *dst, size_t n, const char *hex)
{
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(hex[2 * i]), lo = hi < 0 ? -1 : nibble(hex[2 * i + 1]);

		if (lo < 0)
			return false;
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* The text at *at, which moves behind it. */
static bool take_text(const char **at, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *at) < n || memcmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool take_bytes(const char **at, const char *end, size_t n, const char **bytes)
{
	if ((size_t)(end - *at) < n)
		return false;
	*bytes = *at;
	*at += n;
	return true;
}

/* As store_chain_line writes it. */
static bool read_line(const char *at, const char *end, struct signed_line *l)
{
	const char *prev, *root, *sig, *seq;
	size_t digits = 0;

	if (!take_text(&at, end, "{\"prev\":\"") || !take_bytes(&at, end, 64, &prev) ||
	    !take_text(&at, end, "\",\"root\":\"") || !take_bytes(&at, end, 64, &root) ||
	    !take_text(&at, end, "\",\"sig\":\"") ||
	    !take_bytes(&at, end, SIGN_TEXT_SIZE - 1, &sig) || !take_text(&at, end, "\",\"item\":"))
		return false;
	l->bytes = (char *)(uintptr_t)at;
	if (!take_text(&at, end, "{\"seq\":"))
		return false;
	for (seq = at; at < end && *at >= '0' && *at <= '9'; at++)
		digits++;
	if (end[-1] != '}' || end - 1 <= at)
		return false;
	l->n = (size_t)(end - 1 - l->bytes);
	return take_back_hex(l->prev, CHAIN_ROOT_BYTES, prev) &&
	       take_back_hex(l->root, CHAIN_ROOT_BYTES, root) &&
	       sign_from_base64(l->sig, CHAIN_SIG_BYTES, sig, SIGN_TEXT_SIZE - 1) && digits < 19 &&
	       text_to_int64(seq, digits, &l->seq) && l->seq > 0;
}

static int add_line(struct take_back *t, const char *at, const char *end, struct error *err)
{
	struct signed_line l;

	if (!read_line(at, end, &l))
		return error_set(err, ERR_SYNTAX,
				 "\"%.40s\": no signed item of a chain; a page of the feed is "
				 "asked for with ?proof=1",
				 at);
	if (t->line_count == COLLECTED_MAX)
		return error_set(err, ERR_LIMIT, "more than %d items at once", COLLECTED_MAX);
	if (t->line_count == t->line_room) {
		t->line_room = t->line_room ? 2 * t->line_room : 256;
		t->lines = xrealloc(t->lines, t->line_room * sizeof(*t->lines));
	}
	l.bytes = copy(l.bytes, l.n);
	t->lines[t->line_count++] = l;
	return 0;
}

/* The end of the JSON object that begins at p; end: there is none. */
static const char *object_end(const char *p, const char *end)
{
	int depth = 0;
	bool in_text = false;

	for (; p < end; p++) {
		if (in_text && *p == '\\')
			p++;
		else if (*p == '"')
			in_text = !in_text;
		else if (!in_text && *p == '{')
			depth++;
		else if (!in_text && *p == '}' && --depth == 0)
			return p + 1;
	}
	return end;
}

static int add_page(struct take_back *t, const char *at, const char *end, struct error *err)
{
	int rc = 0;

	while (rc == 0 && at < end && *at == '{') {
		const char *stop = object_end(at, end);

		rc = add_line(t, at, stop, err);
		at = stop + (stop < end && *stop == ',');
	}
	return rc;
}

static int add_lines(struct take_back *t, const char *at, const char *end, struct error *err)
{
	int rc = 0;

	while (rc == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		if (stop > at)
			rc = add_line(t, at, stop, err);
		at = stop + (stop < end);
	}
	return rc;
}

int take_back_add(struct take_back *t, const char *bytes, size_t n, struct error *err)
{
	const char *at = bytes, *end = bytes + n;

	if (take_text(&at, end, "{\"schema\":\"benchd.run/"))
		return add_document(t, bytes, n, err);
	if (take_text(&at, end, "{\"items\":["))
		return add_page(t, at, end, err);
	if (take_text(&at, end, "{\"chain\":")) {
		at = memchr(at, '\n', (size_t)(end - at));
		return at ? add_lines(t, at + 1, end, err) : 0;
	}
	if (take_text(&at, end, "{\"prev\":"))
		return add_lines(t, bytes, end, err);
	return error_set(err, ERR_SYNTAX,
			 "neither signed items (a page of the feed with ?proof=1, an exported "
			 "chain) nor a run's document");
}
