/* SPDX-License-Identifier: MIT
 *
 * Packets, little endian: u8 kind, u8 WEB_VERSION, u32 id, then
 *
 *	REQUEST	 u16 route, texts arg query if_match credential request_key client, body
 *	REPLY	 u16 status, u8 type, text etag, u8 has_fd, body
 *	EVENT	 body
 *	CALL	 u8 has_fd, body
 *	RESULT	 u16 status, text etag, body
 *
 * A text is u16 length and bytes; a body u32 length and bytes, or the length alone with has_fd.
 * Nothing may follow. What a body says is the receiver's to check; everything else is checked here.
 */
#include "link/web.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

enum { STATUS_MIN = 200, STATUS_MAX = 599 };

static const struct web_route_info routes[] = {
#define WEB_ROUTE_INFO(id, method, path, help) [WEB_##id] = {#id, method, path, help},
	WEB_ROUTES(WEB_ROUTE_INFO)
#undef WEB_ROUTE_INFO
};

const struct web_route_info *web_route_info(enum web_route r)
{
	return r > WEB_ROUTE_NONE && r < WEB_ROUTE_COUNT ? &routes[r] : NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decode n bytes into dst; in a query '+' is a blank. False: malformed, too long, no
 * clean text. */
static bool decode_percent(char *dst, size_t size, const char *s, size_t n, bool query)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			if (n - i < 3 || hex_digit(s[i + 1]) < 0 || hex_digit(s[i + 2]) < 0)
				return false;
			c = (char)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]));
			i += 2;
		} else if (query && c == '+') {
			c = ' ';
		}
		if (len + 1 >= size)
			return false;
		dst[len++] = c;
	}
	dst[len] = '\0';
	return text_is_clean(dst, len, "");
}

/* Does path match the pattern? What stands for its {} into arg. */
static bool match_path(const char *pattern, const char *path, char arg[WEB_ARG_MAX])
{
	bool found = false;

	while (*pattern) {
		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t n = strcspn(path, "/");

		if (n == 0 || found || !decode_percent(arg, WEB_ARG_MAX, path, n, false))
			return false;
		found = true;
		pattern += 2;
		path += n;
	}
	return *path == '\0';
}

enum web_route web_route_find(const char *method, const char *path, char arg[WEB_ARG_MAX],
			      int *allowed)
{
	char found[WEB_ARG_MAX];
	int other = 0;

	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		memset(found, 0, sizeof(found));
		if (!match_path(routes[r].path, path, found))
			continue;
		if (strcmp(routes[r].method, method) != 0) {
			other = 1;
			continue;
		}
		memcpy(arg, found, sizeof(found));
		return (enum web_route)r;
	}
	if (allowed)
		*allowed = other;
	return WEB_ROUTE_NONE;
}

const char *web_query(const char *query, const char *name, char *dst, size_t size)
{
	size_t want = strlen(name);

	while (*query) {
		size_t n = strcspn(query, "&");

		if (n > want && query[want] == '=' && strncmp(query, name, want) == 0) {
			const char *value = query + want + 1;

			return decode_percent(dst, size, value, n - want - 1, true) ? dst : NULL;
		}
		query += n;
		query += *query == '&';
	}
	return NULL;
}

/* ---- packets ---- */

/* Texts of a request or reply: arguments are people's words, the rest is what HTTP headers and
 * URLs may hold. */
struct text_field {
	const char *name;
	size_t offset, size;
	bool ascii;
};
#define TEXT_FIELD(m, ascii)                                                                       \
	{                                                                                          \
#m, offsetof(struct web_msg, m), sizeof(((struct web_msg *)0)->m), ascii           \
	}
static const struct text_field request_texts[] = {
	TEXT_FIELD(arg, false),	      TEXT_FIELD(query, true),	     TEXT_FIELD(if_match, true),
	TEXT_FIELD(credential, true), TEXT_FIELD(request_key, true), TEXT_FIELD(client, true),
};
enum { REQUEST_TEXTS = sizeof(request_texts) / sizeof(request_texts[0]) };
static const struct text_field etag_text = TEXT_FIELD(etag, true);

static const char *text_fault(const struct text_field *f, const char *s, size_t n)
{
	if (n >= f->size)
		return "is too long";
	if (!text_is_clean(s, n, ""))
		return "is not clean text";
	for (size_t i = 0; f->ascii && i < n; i++)
		if (s[i] & 0x80)
			return "is not ASCII";
	return NULL;
}

struct writer {
	uint8_t *dst;
	size_t n, size;
	bool ok;
};

static void put(struct writer *w, uint64_t v, size_t width)
{
	if (!w->ok || w->size - w->n < width) {
		w->ok = false;
		return;
	}
	for (size_t i = 0; i < width; i++)
		w->dst[w->n++] = (uint8_t)(v >> (8 * i));
}

static void put_bytes(struct writer *w, const char *s, size_t n)
{
	if (!w->ok || w->size - w->n < n) {
		w->ok = false;
		return;
	}
	if (n)
		memcpy(w->dst + w->n, s, n);
	w->n += n;
}

static void put_text(struct writer *w, const struct text_field *f, const struct web_msg *m)
{
	const char *s = (const char *)m + f->offset;
	size_t n = strnlen(s, f->size);

	if (text_fault(f, s, n))
		w->ok = false;
	put(w, n, 2);
	put_bytes(w, s, n);
}

/* Whatever status a stranger answers, or none and the reason. */
static bool result_is_valid(const struct web_msg *m)
{
	return m->status ? m->status >= 100 && m->status <= 999 : m->etag[0] != '\0';
}

static bool reply_is_valid(const struct web_msg *m)
{
	return m->status >= STATUS_MIN && m->status <= STATUS_MAX && m->type >= WEB_TYPE_JSON &&
	       m->type <= WEB_TYPE_CSV && m->has_fd <= 1;
}

int web_encode(const struct web_msg *m, uint8_t *dst, size_t size)
{
	struct writer w = {.dst = dst, .size = size, .ok = true};
	bool in_fd = (m->kind == WEB_REPLY || m->kind == WEB_CALL) && m->has_fd;

	put(&w, m->kind, 1);
	put(&w, WEB_VERSION, 1);
	put(&w, m->id, 4);
	switch (m->kind) {
	case WEB_REQUEST:
		if (!web_route_info((enum web_route)m->route))
			return ERR_RANGE;
		put(&w, m->route, 2);
		for (int i = 0; i < REQUEST_TEXTS; i++)
			put_text(&w, &request_texts[i], m);
		break;
	case WEB_REPLY:
		if (!reply_is_valid(m))
			return ERR_RANGE;
		put(&w, m->status, 2);
		put(&w, m->type, 1);
		put_text(&w, &etag_text, m);
		put(&w, m->has_fd, 1);
		break;
	case WEB_EVENT: break;
	case WEB_CALL:
		if (m->has_fd > 1)
			return ERR_RANGE;
		put(&w, m->has_fd, 1);
		break;
	case WEB_RESULT:
		if (!result_is_valid(m))
			return ERR_RANGE;
		put(&w, m->status, 2);
		put_text(&w, &etag_text, m);
		break;
	default: return ERR_RANGE;
	}
	if (m->size > (in_fd ? (uint32_t)WEB_FD_MAX : (uint32_t)WEB_BODY_MAX))
		return ERR_RANGE;
	put(&w, m->size, 4);
	if (!in_fd)
		put_bytes(&w, m->body, m->size);
	return w.ok ? (int)w.n : ERR_RANGE;
}

struct reader {
	const uint8_t *p;
	size_t n;
	struct error *err;
	int code; /* 0 until something was wrong */
};

static void refuse(struct reader *r, const char *field, const char *what)
{
	if (!r->code)
		r->code = error_set(r->err, ERR_PROTOCOL, "web link: %s %s", field, what);
}

static uint32_t take(struct reader *r, size_t width, const char *field)
{
	uint32_t v = 0;

	if (r->code)
		return 0;
	if (r->n < width) {
		refuse(r, field, "is cut off");
		return 0;
	}
	for (size_t i = 0; i < width; i++)
		v |= (uint32_t)r->p[i] << (8 * i);
	r->p += width;
	r->n -= width;
	return v;
}

static void take_text(struct reader *r, const struct text_field *f, struct web_msg *m)
{
	size_t n = take(r, 2, f->name);
	const char *fault;

	if (!r->code && n > r->n)
		refuse(r, f->name, "is cut off");
	if (r->code)
		return;
	fault = text_fault(f, (const char *)r->p, n);
	if (fault) {
		refuse(r, f->name, fault);
		return;
	}
	memcpy((char *)m + f->offset, r->p, n); /* NUL after it: *m was zeroed */
	r->p += n;
	r->n -= n;
}

static void take_body(struct reader *r, struct web_msg *m)
{
	m->size = take(r, 4, "body");
	if (r->code)
		return;
	if (m->has_fd) {
		if (m->size > WEB_FD_MAX)
			refuse(r, "body", "is too long");
		else if (r->n)
			refuse(r, "packet", "goes on after its end");
		return;
	}
	if (m->size > WEB_BODY_MAX)
		refuse(r, "body", "is too long");
	else if (m->size > r->n)
		refuse(r, "body", "is cut off");
	else if (m->size < r->n)
		refuse(r, "packet", "goes on after its end");
	m->body = (const char *)r->p;
}

int web_decode(struct web_msg *m, const uint8_t *p, size_t n, struct error *err)
{
	struct reader r = {.p = p, .n = n, .err = err};
	uint32_t kind, version;

	memset(m, 0, sizeof(*m));
	kind = take(&r, 1, "kind");
	version = take(&r, 1, "version");
	m->id = take(&r, 4, "id");
	if (r.code)
		return r.code;
	if (kind < WEB_REQUEST || kind > WEB_RESULT)
		return error_set(err, ERR_PROTOCOL, "web link: kind %u is unknown", kind);
	if (version != WEB_VERSION)
		return error_set(err, ERR_PROTOCOL, "web link: version %u, this program speaks %d",
				 version, WEB_VERSION);
	m->kind = (enum web_kind)kind;
	if (m->kind == WEB_REQUEST) {
		m->route = (uint16_t)take(&r, 2, "route");
		if (!r.code && !web_route_info((enum web_route)m->route))
			refuse(&r, "route", "is unknown");
		for (int i = 0; i < REQUEST_TEXTS; i++)
			take_text(&r, &request_texts[i], m);
	} else if (m->kind == WEB_REPLY) {
		m->status = (uint16_t)take(&r, 2, "status");
		m->type = (uint8_t)take(&r, 1, "type");
		take_text(&r, &etag_text, m);
		m->has_fd = (uint8_t)take(&r, 1, "has_fd");
		if (!r.code && !reply_is_valid(m))
			refuse(&r, "status, type or has_fd", "is outside its range");
	} else if (m->kind == WEB_CALL) {
		m->has_fd = (uint8_t)take(&r, 1, "has_fd");
		if (!r.code && m->has_fd > 1)
			refuse(&r, "has_fd", "is outside its range");
	} else if (m->kind == WEB_RESULT) {
		m->status = (uint16_t)take(&r, 2, "status");
		take_text(&r, &etag_text, m);
		if (!r.code && !result_is_valid(m))
			refuse(&r, "status", "is outside its range");
	}
	take_body(&r, m);
	return r.code;
}
