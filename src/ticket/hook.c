/* SPDX-License-Identifier: MIT */
#include "ticket/hook.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hmac.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/template.h"

enum { FILE_MAX = 4096, SECRET_BYTES_MIN = 24, ITEM_MAX = 1 << 20, REAL_DIGITS = 9 };
#define WHSEC "whsec_"

/* ---- secrets ---- */

static void find_file(const struct hooks *hooks, const char *name, char path[512], bool *is_systemd)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	*is_systemd = strncmp(name, "credential:", 11) == 0;
	if (*is_systemd)
		(void)snprintf(path, 512, "%s/%s", folder ? folder : "/run/credentials", name + 11);
	else if (name[0] == '/')
		(void)snprintf(path, 512, "%s", name);
	else
		(void)snprintf(path, 512, "%s/%s", hooks->folder, name);
}

/* A small file that nobody else may read; systemd sees to its own. */
static int read_secret(const struct hooks *hooks, const char *what, const char *name,
		       char buf[FILE_MAX], char where[512], struct error *err)
{
	char path[512];
	bool is_systemd;
	struct stat st;
	ssize_t n = -1;
	int fd, rc = 0;

	find_file(hooks, name, path, &is_systemd);
	if (where)
		(void)text_copy(where, 512, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		rc = error_set(err, ERR_CONFIG, "%s: its file is not there, or not open to benchd",
			       what);
	else if (!is_systemd && (st.st_mode & (S_IRWXG | S_IRWXO)))
		rc = error_set(err, ERR_CONFIG, "%s: its file is open to others; chmod 600 it",
			       what);
	else
		n = read(fd, buf, FILE_MAX - 1);
	if (rc == 0 && (n <= 0 || n == FILE_MAX - 1))
		rc = error_set(err, ERR_CONFIG, "%s: its file is empty or longer than %d bytes",
			       what, FILE_MAX - 2);
	if (fd >= 0)
		(void)close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return rc;
}

static int take_signing(struct hook_secrets *out, char *text, struct error *err)
{
	char *save = NULL;
	int before = out->signing_count;

	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		int n = -1, at = out->signing_count;

		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (at == HOOK_SECRETS_MAX)
			return error_set(err, ERR_CONFIG, "signing: more than %d secrets",
					 HOOK_SECRETS_MAX);
		if (strncmp(line, WHSEC, strlen(WHSEC)) == 0)
			n = base64_decode(out->signing[at].key, HOOK_SECRET_BYTES,
					  line + strlen(WHSEC), strlen(line) - strlen(WHSEC));
		if (n < SECRET_BYTES_MIN)
			return error_set(
				err, ERR_CONFIG,
				"signing: a line of its file is no secret; expected whsec_ and "
				"the Base64 of %d to %d random bytes",
				SECRET_BYTES_MIN, HOOK_SECRET_BYTES);
		out->signing[at].size = n;
		out->signing_count++;
	}
	if (out->signing_count == before)
		return error_set(err, ERR_CONFIG, "signing: its file holds no secret");
	return 0;
}

int hook_secrets_load(const struct hooks *hooks, const struct hook *h, struct hook_secrets *out,
		      char where[512], struct error *err)
{
	char buf[FILE_MAX], what[96];
	int rc = 0;

	memset(out, 0, sizeof(*out));
	for (int i = 0; rc == 0 && i < h->signing_count; i++) {
		rc = read_secret(hooks, "signing", h->signing[i], buf, where, err);
		if (rc == 0)
			rc = take_signing(out, buf, err);
	}
	for (int i = 0; rc == 0 && i < h->secret_count; i++) {
		(void)snprintf(what, sizeof(what), "secret %.64s", h->secrets[i].name);
		rc = read_secret(hooks, what, h->secrets[i].text, buf, where, err);
		buf[strcspn(buf, "\r\n")] = '\0';
		if (rc == 0 && (!buf[0] || !text_is_clean(buf, strlen(buf), "") ||
				!text_copy(out->named[i], HOOK_SECRET_TEXT, buf)))
			rc = error_set(err, ERR_CONFIG,
				       "%s: expected one line of at most %d bytes of text", what,
				       HOOK_SECRET_TEXT - 1);
	}
	secret_wipe(buf, sizeof(buf));
	if (rc)
		hook_secrets_wipe(out);
	return rc;
}

void hook_secrets_wipe(struct hook_secrets *s)
{
	secret_wipe(s, sizeof(*s));
}

/* ---- a request ---- */

static void add_header(struct hook_request *r, const char *name, const char *value)
{
	struct text *t = &r->headers[r->header_count++];

	text_printf(t, "%s: %s", name, value);
}

/* {item, id, station, now, now_ms, lf, secret, sign} */
static json_t *values_of(const struct hook *h, const struct hook_secrets *secrets,
			 const char *station, const char *id, json_t *item, int64_t utc_us)
{
	json_t *v = json_object(), *named = json_object();

	(void)json_object_set_new(v, "item", item);
	(void)json_object_set_new(v, "id", json_string(id));
	(void)json_object_set_new(v, "station", json_string(station));
	(void)json_object_set_new(v, "now", json_integer(utc_us / 1000000));
	(void)json_object_set_new(v, "now_ms", json_integer(utc_us / 1000));
	(void)json_object_set_new(v, "lf", json_string("\n"));
	for (int i = 0; i < h->secret_count; i++)
		(void)json_object_set_new(named, h->secrets[i].name,
					  json_string(secrets->named[i]));
	(void)json_object_set_new(v, "secret", named);
	return v;
}

static void add_signatures(const struct hook *h, json_t *values)
{
	json_t *sign = json_object();
	uint8_t mac[32];

	for (int i = 0; i < h->signature_count; i++) {
		const struct hook_signature *s = &h->signatures[i];
		const char *key = json_string_value(
			json_object_get(json_object_get(values, "secret"), s->key));
		struct text text = {0}, out = {0};

		template_fill(&text, s->text, values, TEMPLATE_PLAIN);
		hmac_sha256(mac, key ? key : "", key ? strlen(key) : 0, text.buf, text.len);
		base64_add(&out, mac, sizeof(mac));
		(void)json_object_set_new(sign, s->name, json_string(out.buf));
		secret_wipe(text.buf, text.len);
		text_release(&text);
		text_release(&out);
	}
	(void)json_object_set_new(values, "sign", sign);
}

static void add_standard(const struct hook_secrets *secrets, const char *id, int64_t utc_us,
			 struct hook_request *r)
{
	struct text content = {0}, list = {0};
	char now[24];

	(void)snprintf(now, sizeof(now), "%lld", (long long)(utc_us / 1000000));
	text_printf(&content, "%s.%s.", id, now);
	text_add(&content, r->body.buf, r->body.len);
	for (int i = 0; i < secrets->signing_count; i++) {
		uint8_t mac[32];

		hmac_sha256(mac, secrets->signing[i].key, (size_t)secrets->signing[i].size,
			    content.buf, content.len);
		text_puts(&list, i ? " v1," : "v1,");
		base64_add(&list, mac, sizeof(mac));
	}
	add_header(r, "webhook-id", id);
	add_header(r, "webhook-timestamp", now);
	if (list.len)
		add_header(r, "webhook-signature", list.buf);
	text_release(&content);
	text_release(&list);
}

int hook_render(const struct hook *h, const struct hook_secrets *secrets, const char *station,
		const struct hook_item *item, int64_t utc_us, struct hook_request *out,
		struct error *err)
{
	json_t *parsed, *values;

	memset(out, 0, sizeof(*out));
	out->method = h->method;
	parsed = json_load_limited(item->bytes, item->size, ITEM_MAX, err);
	if (!parsed)
		return ERR_SYNTAX;
	values = values_of(h, secrets, station, item->id, parsed, utc_us);
	add_signatures(h, values);
	template_fill(&out->url, h->url, values, TEMPLATE_URL);
	if (h->body) {
		json_t *body = template_json(h->body, values);
		char *dumped = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY |
							JSON_REAL_PRECISION(REAL_DIGITS));

		text_puts(&out->body, dumped ? dumped : "null");
		free(dumped);
		json_decref(body);
	} else {
		text_add(&out->body, item->bytes, item->size);
	}
	add_header(out, "Content-Type", "application/json");
	add_header(out, "User-Agent", "benchd/" BENCHD_VERSION);
	for (int i = 0; i < h->header_count; i++) {
		struct text value = {0};

		template_fill(&value, h->headers[i].text, values, TEMPLATE_HEADER);
		add_header(out, h->headers[i].name, value.buf);
		secret_wipe(value.buf, value.len);
		text_release(&value);
	}
	add_standard(secrets, item->id, utc_us, out);
	json_decref(values);
	return 0;
}

void hook_request_release(struct hook_request *r)
{
	secret_wipe(r->url.buf, r->url.len);
	secret_wipe(r->body.buf, r->body.len);
	text_release(&r->url);
	text_release(&r->body);
	for (int i = 0; i < r->header_count; i++) {
		secret_wipe(r->headers[i].buf, r->headers[i].len);
		text_release(&r->headers[i]);
	}
	r->header_count = 0;
}

/* ---- its answer ---- */

struct answer_env {
	const struct hook *hook;
	const json_t *body;
	int status;
};

static struct expr_value answer_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct answer_env *e = ctx;
	const char *name = e->hook->success_names[ref];
	const json_t *v;

	(void)stat;
	if (strcmp(name, "status") == 0)
		return (struct expr_value){e->status, true};
	v = template_value(e->body, name);
	if (json_is_boolean(v))
		return (struct expr_value){json_is_true(v), true};
	return (struct expr_value){json_number_value(v), json_is_number(v)};
}

/* The success expression over the answer; its names with their values into seen, for a person: a
 * stranger's text stays out of what is shown. */
static bool is_success(const struct hook *h, const struct hook_answer *a, struct text *seen)
{
	struct answer_env env = {.hook = h, .status = a->status};
	const struct expr_env over = {.ctx = &env, .value = answer_value};
	struct expr_value v;
	json_t *body;
	char number[32];

	if (!h->success)
		return true;
	/* cut off: what it says is not known */
	body = a->error[0] ? NULL : json_load_limited(a->body, a->size, a->size, NULL);
	env.body = body;
	v = expr_eval(h->success, &over);
	for (int i = 0; i < h->success_name_count; i++) {
		struct expr_value one = answer_value(&env, (uint16_t)i, EXPR_LATEST);

		text_printf(seen, "%s%s=%s", i ? " " : "", h->success_names[i],
			    one.known ? text_from_double(number, sizeof(number), one.si) : "?");
	}
	json_decref(body);
	return v.known && v.si > 0.5;
}

/* What to do about an error word of serve/fetch.h; the others say it by themselves. */
static const char *said(const char *error)
{
	static const struct {
		const char *word, *text;
	} texts[] = {
		{"tls", "TLS 1.2 or newer could not be agreed on; see to that server's TLS"},
		{"tls_name", "its certificate is for another name; write that one in url"},
		{"tls_expired",
		 "its certificate has expired, or begins later; renew it, and look at both clocks"},
		{"tls_untrusted",
		 "its certificate is of no authority that is trusted here; name a file with the "
		 "authority's by --ca-file"},
		{"tls_ca_file",
		 "the file of --ca-file holds no certificates, or benchd-web may not read it"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].word, error) == 0)
			return texts[i].text;
	return error;
}

enum hook_outcome hook_outcome(const struct hook *h, const struct hook_answer *a, char *why,
			       size_t size)
{
	struct text seen = {0};
	int s = a->status;

	why[0] = '\0';
	if (s == 0) {
		(void)snprintf(why, size, "no answer: %s", said(a->error));
		return HOOK_AGAIN;
	}
	if (s >= 200 && s <= 299) {
		bool good = is_success(h, a, &seen);

		if (!good)
			(void)snprintf(why, size, "answered %d with %s", s, seen.buf);
		text_release(&seen);
		if (good)
			return HOOK_DELIVERED;
		return HOOK_REFUSED;
	}
	(void)snprintf(why, size, "answered %d", s);
	if (s == 410)
		return HOOK_GONE;
	/* these tell of the way, the credential or the moment, not of the item */
	if (s < 400 || s >= 500 || s == 401 || s == 403 || s == 404 || s == 405 || s == 407 ||
	    s == 408 || s == 421 || s == 425 || s == 429)
		return HOOK_AGAIN;
	return HOOK_REFUSED;
}

bool hook_is_dead(const struct hook *h, struct hook_tries *t, enum hook_outcome outcome,
		  int64_t age_ns)
{
	t->failed++;
	t->refused += outcome == HOOK_REFUSED;
	return t->refused >= HOOK_REFUSED_MAX ||
	       (t->failed >= HOOK_FAILED_MIN && age_ns > h->give_up_ns);
}

int64_t hook_wait_ns(const struct hook *h, int failed, uint32_t chance)
{
	int64_t wait = h->first_wait_ns;

	for (int i = 1; i < failed && wait < h->longest_wait_ns; i++)
		wait *= 2;
	if (wait > h->longest_wait_ns)
		wait = h->longest_wait_ns;
	return wait - wait / 2 / 65536 * (chance >> 16);
}
