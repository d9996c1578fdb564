/* SPDX-License-Identifier: MIT
 *
 * A connection until libmicrohttpd gets it. The head is looked at with MSG_PEEK until it is
 * whole, so that libmicrohttpd later reads the same bytes; a head that is refused is answered
 * here and never reaches it. Every state has an absolute deadline: a byte now and then
 * prolongs nothing.
 */
#include "serve_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "link/socket.h"

#define MODULE "web"
enum { ACCEPTS_PER_WAKE = 16, LINGER_MS = 2000 };

static void set_deadline(struct visitor *v, int ms)
{
	v->deadline_ns = clock_mono_ns() + ms * NS_PER_MS;
}

struct visitor *visitor_of_fd(struct serve *s, int fd)
{
	for (struct visitor *v = s->visitors; v; v = v->next)
		if (v->fd == fd)
			return v;
	return NULL;
}

void visitor_free(struct visitor *v)
{
	struct serve *s = v->serve;
	struct visitor **at = &s->visitors;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	s->visitor_count--;
	if (v->at == VISIT_HEAD)
		s->head_count--;
	loop_remove_io(v->io);
	if (v->at == VISIT_HEAD || v->at == VISIT_LINGER)
		close(v->fd);
	free(v);
}

static void drain(struct visitor *v)
{
	char waste[4096];
	ssize_t n;

	do
		n = recv(v->fd, waste, sizeof(waste), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0 || errno != EAGAIN)
		visitor_free(v);
}

/* The whole answer from here: nothing else was said, and nothing will be. */
static void answer_last(struct visitor *v, int status, const char *code, const char *detail)
{
	struct text body = {0}, all = {0};

	problem_body(&body, status, code, detail);
	text_printf(&all,
		    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
		    "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n",
		    status, status_title(status), body.len);
	for (int i = 0; response_fields[i]; i += 2)
		text_printf(&all, "%s: %s\r\n", response_fields[i], response_fields[i + 1]);
	if (status == 401)
		text_puts(&all, "WWW-Authenticate: Bearer realm=\"benchd\"\r\n");
	text_puts(&all, "\r\n");
	if (strcmp(v->head.method, "HEAD") != 0)
		text_add(&all, body.buf, body.len);
	/* An empty send buffer takes this whole; whoever made it full gets what fits. */
	(void)!send(v->fd, all.buf, all.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(v->fd, SHUT_WR);
	text_release(&all);
	text_release(&body);
	v->serve->count.requests[status / 100]++;
}

/* Read the rest away, so that no reset overtakes the answer. */
static void refuse(struct visitor *v, int status, const char *code, const char *detail)
{
	answer_last(v, status, code, detail);
	v->serve->count.refused_heads++;
	if (v->at == VISIT_HEAD)
		v->serve->head_count--;
	v->at = VISIT_LINGER;
	set_deadline(v, LINGER_MS);
	loop_set_io(v->io, EPOLLIN);
	drain(v);
}

/* How this visitor will be named to benchd, which alone knows what is good; false: not at all. A
 * request to sign in comes without. */
static bool take_credential(struct visitor *v)
{
	const struct head *h = &v->head;
	size_t size = sizeof(v->credential);
	char session[65];

	if (strncasecmp(h->authorization, "Bearer ", 7) == 0 && h->authorization[7] &&
	    strlen(h->authorization) < WEB_CREDENTIAL_MAX)
		(void)snprintf(v->credential, size, "bearer:%s", h->authorization + 7);
	else if (!h->authorization[0] && head_session(h, v->lan, session))
		(void)snprintf(v->credential, size, "session:%s:%.40s", session, h->csrf);
	else if (v->local && !h->authorization[0])
		(void)snprintf(v->credential, size, "peer:%u", v->peer);
	else
		return strcmp(h->path, "/api/v1/sessions") == 0;
	return true;
}

/* What this program says of itself: how often, to whoever is on this machine, as /healthz. */
static bool is_own(const struct visitor *v)
{
	const char *path = v->head.path;

	return strcmp(path, "/healthz") == 0 || (!v->lan && strcmp(path, "/metrics") == 0);
}

static bool has_body(const struct head *h)
{
	return h->content_length > 0;
}

static bool is_json(const char *type)
{
	size_t n = strcspn(type, "; \t");

	return n == strlen("application/json") && strncasecmp(type, "application/json", n) == 0;
}

/* Another site's page in somebody's browser asks here too: it says where it comes from. */
static bool is_cross_site(const struct head *h, bool lan)
{
	const char *after = h->origin;

	if (h->fetch_site[0] && strcmp(h->fetch_site, "same-origin") != 0 &&
	    strcmp(h->fetch_site, "none") != 0)
		return true;
	if (!h->origin[0])
		return false;
	if (!lan && strncmp(after, "http://", 7) == 0)
		after += 7;
	else if (strncmp(after, "https://", 8) == 0)
		after += 8;
	else
		return true;
	return strcasecmp(after, h->host) != 0;
}

/* Where it comes from. Only the proxy on this machine says that for another, and it asks by TCP and
 * by a name of the LAN; whoever else sits here and says it is counted as whom it names. */
static void take_client(struct visitor *v)
{
	if (v->by_unix)
		(void)snprintf(v->client, sizeof(v->client), "uid:%u", v->peer);
	else if (!v->lan)
		(void)text_copy(v->client, sizeof(v->client), "loopback");
	else if (!head_client(&v->head, v->client, sizeof(v->client)))
		(void)text_copy(v->client, sizeof(v->client), "lan");
}

/* What can be told from the head alone. True: go on. */
static bool admit(struct visitor *v)
{
	const struct head *h = &v->head;
	bool writes = strcmp(h->method, "POST") == 0 || strcmp(h->method, "PUT") == 0;

	/* Whatever way a name of the LAN came in, it is nobody of this machine. */
	v->lan = head_host_is_of(h->host, v->serve->options.lan_names);
	v->local = v->local && !v->lan;
	take_client(v);
	if (!v->lan && !head_host_is_local(h->host))
		refuse(v, 421, "host_unknown",
		       "this server answers to localhost, 127.0.0.1 and [::1]; the LAN comes "
		       "through the proxy on this machine, by a name of --lan-names");
	else if (is_cross_site(h, v->lan))
		refuse(v, 403, "cross_site", "pages of other sites may not ask here");
	else if (!is_own(v) && (!take_credential(v) || strcmp(h->path, "/metrics") == 0))
		refuse(v, 401, "token_needed",
		       "send Authorization: Bearer with a token (benchctl token add; on this machine also "
		       "the one in the file `token` of the state folder), or sign in");
	else if (h->content_length > WEB_BODY_MAX)
		refuse(v, 413, "body_too_large", "a body takes 64 KiB");
	else if (has_body(h) && !writes)
		refuse(v, 400, "body_not_expected", "only POST and PUT have a body");
	else if (has_body(h) && !is_json(h->content_type))
		refuse(v, 415, "json_expected", "a body is application/json");
	else
		return true;
	return false;
}

static void hand_over(struct visitor *v)
{
	struct serve *s = v->serve;

	loop_remove_io(v->io);
	v->io = NULL;
	s->head_count--;
	v->at = VISIT_BODY;
	set_deadline(v, s->options.body_ms);
	if (http_add(v))
		http_run(s);
}

static void on_head(struct visitor *v)
{
	char bytes[HEAD_MAX];
	ssize_t n = recv(v->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	int rc;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		visitor_free(v);
		return;
	}
	rc = head_read(&v->head, bytes, (size_t)n);
	if (rc < 0)
		refuse(v, v->head.status, v->head.code, v->head.detail);
	else if (rc > 0 && admit(v))
		hand_over(v);
}

static void on_readable(void *ctx, uint32_t events)
{
	struct visitor *v = ctx;

	(void)events;
	if (v->at == VISIT_HEAD)
		on_head(v);
	else
		drain(v);
}

static int count_of_peer(const struct serve *s, bool local, uint32_t peer)
{
	int n = 0;

	for (const struct visitor *v = s->visitors; v; v = v->next)
		n += v->local == local && v->peer == peer;
	return n;
}

/* Whoever has waited longest with half a head makes room. */
static void drop_oldest_head(struct serve *s)
{
	struct visitor *oldest = NULL;

	for (struct visitor *v = s->visitors; v; v = v->next)
		if (v->at == VISIT_HEAD && (!oldest || v->deadline_ns < oldest->deadline_ns))
			oldest = v;
	if (!oldest)
		return;
	s->count.refused_connections++;
	visitor_free(oldest);
}

static void visitor_new(struct serve *s, int fd, bool local, uint32_t peer)
{
	struct visitor *v;

	if (s->visitor_count >= SERVE_CONNECTIONS_MAX ||
	    count_of_peer(s, local, peer) >= SERVE_PER_PEER_MAX) {
		s->count.refused_connections++;
		close(fd);
		return;
	}
	if (s->head_count >= SERVE_HEADS_MAX)
		drop_oldest_head(s);
	v = xcalloc(1, sizeof(*v));
	v->serve = s;
	v->fd = fd;
	v->at = VISIT_HEAD;
	v->local = v->by_unix = local;
	v->peer = peer;
	set_deadline(v, s->options.head_ms);
	/* Edge-triggered: bytes looked at stay in the socket. */
	v->io = loop_add_io(s->loop, fd, EPOLLIN | EPOLLET, on_readable, v);
	if (!v->io) {
		close(fd);
		free(v);
		return;
	}
	v->next = s->visitors;
	s->visitors = v;
	s->visitor_count++;
	s->head_count++;
}

static uint32_t peer_of(int fd, bool local, const struct sockaddr_storage *addr)
{
	struct sockaddr_in in;
	struct link_peer peer;

	if (local)
		return link_peer(fd, &peer, NULL) == 0 ? (uint32_t)peer.uid : UINT32_MAX;
	memcpy(&in, addr, sizeof(in));
	return in.sin_addr.s_addr;
}

void visitor_accept(struct serve *s, int listener, bool local)
{
	for (int i = 0; i < ACCEPTS_PER_WAKE; i++) {
		struct sockaddr_storage addr = {0};
		socklen_t n = sizeof(addr);
		int fd = accept4(listener, (struct sockaddr *)&addr, &n,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			visitor_new(s, fd, local, peer_of(fd, local, &addr));
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			log_warning(MODULE, "no descriptor left for a connection");
			drop_oldest_head(s);
		}
		return;
	}
}

void visitor_sweep(struct serve *s, int64_t now_ns)
{
	struct visitor *v = s->visitors, *next;

	for (; v; v = next) {
		next = v->next;
		if (now_ns < v->deadline_ns)
			continue;
		switch (v->at) {
		case VISIT_HEAD:
		case VISIT_LINGER: visitor_free(v); break;
		case VISIT_REPLY: /* 504, and time to read it */
			v->deadline_ns = INT64_MAX;
			exchange_timeout(v);
			break;
		case VISIT_BODY: /* libmicrohttpd has said nothing yet */
			answer_last(v, 408, "body_too_slow",
				    "the body did not come in time: nothing was done; ask again");
			v->deadline_ns = INT64_MAX;
			(void)shutdown(v->fd, SHUT_RDWR);
			break;
		case VISIT_WRITE: /* libmicrohttpd sees it closed */
			v->deadline_ns = INT64_MAX;
			(void)shutdown(v->fd, SHUT_RDWR);
			break;
		case VISIT_EVENTS: break;
		}
	}
}
