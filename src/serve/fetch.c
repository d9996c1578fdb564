/* SPDX-License-Identifier: MIT */
#include "serve/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

enum { TIMEOUT_MS = 10000, CONNECT_MS = 5000 };

struct fetcher {
	struct loop *loop;
	struct loop_timer *timer;
	CURLM *multi;
	char *ca_file;
	struct fetch *fetches;
	int count;
};

struct fetch {
	struct fetcher *fetcher;
	struct fetch *next;
	CURL *easy;
	struct curl_slist *headers;
	struct text body, answer;
	bool local; /* the URL names this machine */
	bool denied, too_long;
	void (*done)(void *ctx, const struct fetch_answer *a);
	void *ctx;
};

/* ---- where it may connect to ---- */

static bool is_forbidden4(uint32_t a, bool local)
{
	if (a >> 24 == 127)
		return !local;
	return a >> 24 == 0 || a >> 16 == 0xa9fe /* 169.254/16 */ || a >> 28 >= 0xe;
}

static bool is_forbidden(const struct sockaddr *sa, bool local)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	const uint8_t *b = in6.sin6_addr.s6_addr;

	if (sa->sa_family == AF_INET) {
		memcpy(&in4, sa, sizeof(in4));
		return is_forbidden4(ntohl(in4.sin_addr.s_addr), local);
	}
	if (sa->sa_family != AF_INET6)
		return true;
	memcpy(&in6, sa, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) || IN6_IS_ADDR_V4COMPAT(&in6.sin6_addr)) {
		uint32_t v4 = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 |
			      b[15];

		return v4 == 1 ? !local : is_forbidden4(v4, local); /* ::1 */
	}
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr)
		       ? !local
		       : IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) ||
				 IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) ||
				 IN6_IS_ADDR_MULTICAST(&in6.sin6_addr);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct fetch *x = ctx;

	(void)purpose;
	if (is_forbidden(&a->addr, x->local)) {
		x->denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool names_this_machine(const char *url)
{
	CURLU *u = curl_url();
	struct in_addr a;
	char *host = NULL;
	bool yes = false;

	if (u && !curl_url_set(u, CURLUPART_URL, url, 0) &&
	    !curl_url_get(u, CURLUPART_HOST, &host, 0))
		yes = !strcasecmp(host, "localhost") || !strcmp(host, "[::1]") ||
		      (inet_pton(AF_INET, host, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
	curl_free(host);
	curl_url_cleanup(u);
	return yes;
}

/* ---- an answer ---- */

static size_t take_bytes(char *p, size_t one, size_t n, void *ctx)
{
	struct fetch *x = ctx;

	text_add(&x->answer, p, one * n);
	x->too_long = x->answer.overflow;
	return x->too_long ? 0 : one * n; /* 0: curl ends it */
}

/* Why its certificate was not taken. OpenSSL's words (X509_V_ERR_...) for the chain and the days; the
 * name is compared after these, by curl, which then has not yet said that all was well. */
static const char *certificate_word(const struct fetch *x)
{
	enum { V_OK = 0, V_UNSPECIFIED = 1, V_NOT_YET_VALID = 9, V_HAS_EXPIRED = 10 };
	long why = V_OK;

	(void)curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &why);
	if (why == V_OK || why == V_UNSPECIFIED)
		return "tls_name";
	return why == V_NOT_YET_VALID || why == V_HAS_EXPIRED ? "tls_expired" : "tls_untrusted";
}

static const char *error_word(const struct fetch *x, CURLcode rc)
{
	if (x->too_long)
		return "answer_too_long";
	if (x->denied)
		return "denied";
	switch ((int)rc) {
	case CURLE_OK: return "";
	case CURLE_COULDNT_RESOLVE_HOST: return "dns";
	case CURLE_COULDNT_CONNECT: return "connect";
	case CURLE_OPERATION_TIMEDOUT: return "timeout";
	case CURLE_PEER_FAILED_VERIFICATION: return certificate_word(x);
	case CURLE_SSL_CACERT_BADFILE: return "tls_ca_file";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER: return "tls";
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL: return "url";
	default: return "network";
	}
}

static void fetch_free(struct fetch *x)
{
	struct fetch **at = &x->fetcher->fetches;

	while (*at && *at != x)
		at = &(*at)->next;
	if (*at) {
		*at = x->next;
		x->fetcher->count--;
	}
	if (x->easy) {
		(void)curl_multi_remove_handle(x->fetcher->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->headers);
	text_release(&x->body);
	text_release(&x->answer);
	free(x);
}

static void finish(struct fetch *x, CURLcode rc)
{
	struct fetch_answer a = {.error = error_word(x, rc)};
	long status = 0;

	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	/* a head without its whole body is an answer only where the body was merely too long */
	a.status = rc == CURLE_OK || x->too_long ? (int)status : 0;
	a.body = x->answer.buf ? x->answer.buf : "";
	a.size = x->answer.len;
	x->done(x->ctx, &a);
	fetch_free(x);
}

static void take_finished(struct fetcher *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		struct fetch *x = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, m->data.result);
	}
}

/* ---- curl in the loop ---- */

/* libcurl 7.88 closes a socket that was still connecting before it says that it need not be
 * watched; a duplicate of it cannot be closed under the loop's feet. */
struct watch {
	struct fetcher *fetcher;
	curl_socket_t fd; /* curl's */
	int own_fd;
	struct loop_io *io;
};

static void on_socket(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct fetcher *f = w->fetcher;
	int what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
		   (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		   (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
	int running;

	(void)curl_multi_socket_action(f->multi, w->fd, what, &running); /* w may end in it */
	take_finished(f);
}

static void watch_free(struct watch *w)
{
	loop_remove_io(w->io);
	if (w->own_fd >= 0)
		close(w->own_fd);
	free(w);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *own)
{
	struct fetcher *f = ctx;
	struct watch *w = own;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0u);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			watch_free(w);
		(void)curl_multi_assign(f->multi, fd, NULL);
		return 0;
	}
	if (w) {
		loop_set_io(w->io, events);
		return 0;
	}
	w = xcalloc(1, sizeof(*w));
	w->fetcher = f;
	w->fd = fd;
	w->own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	w->io = w->own_fd < 0 ? NULL : loop_add_io(f->loop, w->own_fd, events, on_socket, w);
	if (!w->io) {
		watch_free(w);
		return -1;
	}
	(void)curl_multi_assign(f->multi, fd, w);
	return 0;
}

static void on_timer(void *ctx)
{
	struct fetcher *f = ctx;
	int running;

	(void)curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_finished(f);
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
	struct fetcher *f = ctx;

	(void)multi;
	loop_set_timer(f->timer, ms < 0 ? INT64_MAX : clock_mono_ns() + ms * NS_PER_MS);
	return 0;
}

struct fetcher *fetcher_new(struct loop *loop, const char *ca_file)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));

	f->loop = loop;
	f->ca_file = ca_file ? xstrdup(ca_file) : NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		panic("libcurl cannot start");
	f->multi = curl_multi_init();
	f->timer = loop_add_timer(loop, on_timer, f);
	if (!f->multi)
		panic("libcurl cannot start");
	(void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	(void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	(void)curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	(void)curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 8L);
	return f;
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	while (f->fetches)
		fetch_free(f->fetches);
	(void)curl_multi_cleanup(f->multi);
	loop_remove_timer(f->timer);
	free(f->ca_file);
	free(f);
	curl_global_cleanup();
}

int fetch_count(const struct fetcher *f)
{
	return f->count;
}

/* ---- a request ---- */

static bool method_is_known(const char *m)
{
	return !strcmp(m, "GET") || !strcmp(m, "POST") || !strcmp(m, "PUT") || !strcmp(m, "PATCH");
}

static bool add_header(struct fetch *x, const char *line)
{
	struct curl_slist *more;

	if (!strchr(line, ':') || !text_is_clean(line, strlen(line), ""))
		return false; /* a line end would begin another header */
	more = curl_slist_append(x->headers, line);
	if (more)
		x->headers = more;
	return more != NULL;
}

/* Options whose failure would loosen something; false: one was not taken. */
static bool set_walls(struct fetch *x)
{
	CURL *e = x->easy;
	const char *ca = x->fetcher->ca_file;

	return !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
	       !curl_easy_setopt(e, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       !curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) &&
	       !curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       !curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
	       !curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes) &&
	       !curl_easy_setopt(e, CURLOPT_WRITEDATA, x) &&
	       (!ca || (!curl_easy_setopt(e, CURLOPT_CAINFO, ca) &&
			!curl_easy_setopt(e, CURLOPT_CAPATH, NULL)));
}

static bool set_request(struct fetch *x, const struct fetch_request *rq)
{
	long timeout = rq->timeout_ms > 0 ? rq->timeout_ms : TIMEOUT_MS;
	CURL *e = x->easy;

	if (timeout > FETCH_TIMEOUT_MAX_MS)
		timeout = FETCH_TIMEOUT_MAX_MS;
	if (strcmp(rq->method, "GET") != 0) {
		text_add(&x->body, rq->body ? rq->body : "", rq->body ? rq->size : 0);
		if (curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->body.buf ? x->body.buf : "") ||
		    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.len))
			return false;
	}
	return !curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, rq->method) &&
	       !curl_easy_setopt(e, CURLOPT_URL, rq->url) &&
	       !curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers) &&
	       !curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout) &&
	       !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
	       !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(e, CURLOPT_PRIVATE, x);
}

int fetch_start(struct fetcher *f, const struct fetch_request *rq,
		void (*done)(void *ctx, const struct fetch_answer *a), void *ctx)
{
	struct fetch *x;
	bool good;

	if (f->count >= FETCH_AT_ONCE_MAX)
		return ERR_LIMIT;
	if (!method_is_known(rq->method))
		return ERR_RANGE;
	x = xcalloc(1, sizeof(*x));
	x->fetcher = f;
	x->done = done;
	x->ctx = ctx;
	x->answer.max = rq->answer_max && rq->answer_max < FETCH_ANSWER_MAX ? rq->answer_max
									    : FETCH_ANSWER_MAX;
	x->local = names_this_machine(rq->url);
	/* no "Expect: 100-continue": a small body is not worth a round trip */
	good = add_header(x, "Expect:");
	for (int i = 0; good && i < FETCH_HEADERS_MAX && rq->headers[i]; i++)
		good = add_header(x, rq->headers[i]);
	x->easy = good ? curl_easy_init() : NULL;
	if (!x->easy || !set_walls(x) || !set_request(x, rq) ||
	    curl_multi_add_handle(f->multi, x->easy)) {
		fetch_free(x);
		return ERR_RANGE;
	}
	x->next = f->fetches;
	f->fetches = x;
	f->count++;
	return 0;
}
