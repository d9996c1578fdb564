/* SPDX-License-Identifier: MIT */
#include "serve/head.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { METHOD_LONGEST = 15, LENGTH_DIGITS = 12 };

/* Position in the bytes; `bad` once something was refused. */
struct scan {
	struct head *h;
	const char *p, *end;
};

static int refuse(struct scan *s, int status, const char *code, const char *detail)
{
	if (!s->h->status) {
		s->h->status = status;
		s->h->code = code;
		s->h->detail = detail;
	}
	return -1;
}

static bool is_token(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* The next line without its CRLF: 1, 0 when it is not complete, -1 refused. */
static int next_line(struct scan *s, const char **line, size_t *n)
{
	const char *p = s->p;

	for (; p < s->end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\r') {
			if (p + 1 == s->end)
				return 0;
			if (p[1] != '\n')
				return refuse(s, 400, "malformed_request",
					      "a carriage return stands without its line feed");
			*line = s->p;
			*n = (size_t)(p - s->p);
			s->p = p + 2;
			return 1;
		}
		if (c == '\n')
			return refuse(s, 400, "malformed_request", "a line must end with CR LF");
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return refuse(s, 400, "malformed_request",
				      "the request head holds a control character");
	}
	return 0;
}

static int read_target(struct scan *s, const char *p, size_t n)
{
	const char *mark = memchr(p, '?', n);
	size_t path = mark ? (size_t)(mark - p) : n;
	size_t query = mark ? n - path - 1 : 0;

	if (n == 0 || p[0] != '/')
		return refuse(s, 400, "malformed_request", "the request target must begin with /");
	for (size_t i = 0; i < n; i++)
		if (p[i] <= 0x20 || p[i] == 0x7f || p[i] == '#' || (p[i] & 0x80))
			return refuse(s, 400, "malformed_request",
				      "the request target must be percent-encoded ASCII");
	if (path >= sizeof(s->h->path) || query >= sizeof(s->h->query))
		return refuse(s, 414, "target_too_long", "path and query take 1023 bytes each");
	memcpy(s->h->path, p, path);
	if (mark)
		memcpy(s->h->query, mark + 1, query);
	return 0;
}

static int read_request_line(struct scan *s, const char *p, size_t n)
{
	const char *space = memchr(p, ' ', n);
	size_t method = space ? (size_t)(space - p) : 0;
	const char *target, *version;

	if (method == 0 || method > METHOD_LONGEST)
		return refuse(s, 400, "malformed_request", "the request line has no method");
	for (size_t i = 0; i < method; i++)
		if (!is_token(p[i]))
			return refuse(s, 400, "malformed_request", "the method is no token");
	memcpy(s->h->method, p, method);
	target = space + 1;
	version = memchr(target, ' ', n - method - 1);
	if (!version || (size_t)(p + n - version) != strlen(" HTTP/1.1") ||
	    memcmp(version, " HTTP/1.", 8) != 0)
		return refuse(s, 400, "malformed_request",
			      "the request line must end with HTTP/1.1 or HTTP/1.0");
	if (version[8] != '0' && version[8] != '1')
		return refuse(s, 505, "version_not_supported", "HTTP/1.1 and HTTP/1.0 are spoken");
	s->h->minor = version[8] - '0';
	return read_target(s, target, (size_t)(version - target));
}

static int read_length(struct scan *s, const char *p, size_t n)
{
	int64_t v = 0;

	if (s->h->content_length >= 0)
		return refuse(s, 400, "duplicate_header", "Content-Length stands twice");
	if (n == 0 || n > LENGTH_DIGITS)
		return refuse(s, 400, "malformed_request", "Content-Length is no number");
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return refuse(s, 400, "malformed_request", "Content-Length is no number");
		v = v * 10 + (p[i] - '0');
	}
	s->h->content_length = v;
	return 0;
}

#define KNOWN_FIELD(n, member)                                                                     \
	{                                                                                          \
		n, offsetof(struct head, member), sizeof(((struct head *)0)->member)               \
	}
/* Fields that this server reads; each may stand once. */
static const struct known {
	const char *name;
	size_t offset, size;
} known[] = {
	KNOWN_FIELD("Host", host),
	KNOWN_FIELD("Authorization", authorization),
	KNOWN_FIELD("Content-Type", content_type),
	KNOWN_FIELD("If-Match", if_match),
	KNOWN_FIELD("If-None-Match", if_none_match),
	KNOWN_FIELD("Idempotency-Key", request_key),
	KNOWN_FIELD("Origin", origin),
	KNOWN_FIELD("Sec-Fetch-Site", fetch_site),
	KNOWN_FIELD("X-CSRF-Token", csrf),
	KNOWN_FIELD("Cookie", cookie),
	KNOWN_FIELD("X-Forwarded-For", forwarded),
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

/* What was seen besides the values in struct head. */
struct seen {
	bool known[KNOWN], transfer_encoding;
	int fields;
};

static bool named(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(p, name, n) == 0;
}

static int read_field(struct scan *s, struct seen *seen, const char *name, size_t name_n,
		      const char *v, size_t n)
{
	if (named(name, name_n, "Content-Length"))
		return read_length(s, v, n);
	if (named(name, name_n, "Transfer-Encoding")) {
		if (seen->transfer_encoding || !named(v, n, "chunked"))
			return refuse(s, 400, "transfer_encoding", "no transfer coding is taken");
		seen->transfer_encoding = true;
		return 0;
	}
	if (named(name, name_n, "Expect") && !named(v, n, "100-continue"))
		return refuse(s, 417, "expectation", "only 100-continue can be expected");
	for (int i = 0; i < KNOWN; i++) {
		char *dst = (char *)s->h + known[i].offset;

		if (!named(name, name_n, known[i].name))
			continue;
		if (seen->known[i])
			return refuse(s, 400, "duplicate_header", "a header field stands twice");
		if (n >= known[i].size)
			return refuse(s, 431, "header_too_large",
				      "a header field is longer than is taken here");
		for (size_t k = 0; k < n; k++)
			if (v[k] & 0x80)
				return refuse(s, 400, "malformed_request",
					      "a header field is not ASCII");
		seen->known[i] = true;
		memcpy(dst, v, n);
		dst[n] = '\0';
	}
	return 0;
}

static int read_header_line(struct scan *s, struct seen *seen, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	size_t name = colon ? (size_t)(colon - p) : 0;
	const char *v;

	if (p[0] == ' ' || p[0] == '\t')
		return refuse(s, 400, "malformed_request", "header fields are not folded");
	if (name == 0)
		return refuse(s, 400, "malformed_request", "a header line has no name and colon");
	for (size_t i = 0; i < name; i++)
		if (!is_token(p[i]))
			return refuse(s, 400, "malformed_request",
				      "a header field's name is no token");
	if (++seen->fields > HEAD_FIELDS_MAX)
		return refuse(s, 431, "too_many_headers", "at most 64 header fields are taken");
	v = colon + 1;
	n -= name + 1;
	for (; n > 0 && (v[0] == ' ' || v[0] == '\t'); n--)
		v++;
	while (n > 0 && (v[n - 1] == ' ' || v[n - 1] == '\t'))
		n--;
	return read_field(s, seen, p, name, v, n);
}

static int check_whole(struct scan *s, const struct seen *seen)
{
	if (!seen->known[0] || !s->h->host[0])
		return refuse(s, 400, "host_missing", "a request names its Host");
	if (!seen->transfer_encoding)
		return 0;
	if (s->h->content_length >= 0 || s->h->minor == 0)
		return refuse(s, 400, "transfer_encoding",
			      "Transfer-Encoding and Content-Length exclude each other");
	return refuse(s, 411, "length_required",
		      "send Content-Length; chunked bodies are not taken");
}

int head_read(struct head *h, const char *p, size_t n)
{
	struct scan s = {.h = h, .p = p, .end = p + n};
	struct seen seen = {0};
	const char *line;
	size_t len;
	int rc;

	memset(h, 0, sizeof(*h));
	h->content_length = -1;
	rc = next_line(&s, &line, &len);
	if (rc > 0)
		rc = read_request_line(&s, line, len) ? -1 : 1;
	while (rc > 0) {
		rc = next_line(&s, &line, &len);
		if (rc > 0 && len == 0)
			return check_whole(&s, &seen) ? -1 : (int)(s.p - p);
		if (rc > 0)
			rc = read_header_line(&s, &seen, line, len) ? -1 : 1;
	}
	if (rc == 0 && n >= HEAD_MAX)
		return refuse(&s, 431, "header_too_large", "a request head takes 16 KiB");
	return rc;
}

bool head_session(const struct head *h, bool lan, char dst[65])
{
	const char *name = lan ? "__Host-benchd_session=" : "benchd_session=";
	const char *at = h->cookie;

	while ((at = strstr(at, name))) {
		bool first = at == h->cookie || at[-1] == ' ' || at[-1] == ';';

		at += strlen(name);
		if (!first || strspn(at, "0123456789abcdef") != 64 ||
		    (at[64] && at[64] != ';' && at[64] != ' '))
			continue;
		memcpy(dst, at, 64);
		dst[64] = '\0';
		return true;
	}
	return false;
}

bool head_client(const struct head *h, char *dst, size_t size)
{
	struct in_addr v4;
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, h->forwarded, &v4) == 1)
		return text_copy(dst, size, h->forwarded);
	if (inet_pton(AF_INET6, h->forwarded, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET, &v6.s6_addr[12], dst, (socklen_t)size) != NULL;
	memset(&v6.s6_addr[8], 0, 8);
	(void)inet_ntop(AF_INET6, &v6, text, sizeof(text));
	return (size_t)snprintf(dst, size, "%s/64", text) < size;
}

bool head_host_is_local(const char *host)
{
	static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		size_t n = strlen(own[i]);

		if (strncasecmp(host, own[i], n) != 0)
			continue;
		if (host[n] == '\0')
			return true;
		if (host[n] == ':' && host[n + 1] &&
		    strspn(host + n + 1, "0123456789") == strlen(host + n + 1))
			return true;
	}
	return false;
}

bool head_host_is_of(const char *host, const char *names)
{
	size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"), digits;

	if (n > strlen(host))
		return false; /* a bracket that is not closed */
	digits = host[n] == ':' ? strspn(host + n + 1, "0123456789") : 0;
	if (host[n] && (digits == 0 || host[n + 1 + digits]))
		return false;
	while (names && *names) {
		size_t len = strcspn(names, ",");

		if (len == n && n > 0 && strncasecmp(names, host, n) == 0)
			return true;
		names += len + (names[len] == ',');
	}
	return false;
}
