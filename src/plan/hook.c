/* SPDX-License-Identifier: MIT */
#include "plan/hook.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/schema.h"
#include "base/template.h"
#include "schema_field.h"

enum { METHOD_POST, METHOD_PUT, METHOD_PATCH };
enum { FROM_NOW, FROM_BEGINNING };
enum { BODY_MAX = 16384, VALUE_MAX = 1000 };

struct raw_signature {
	struct schema_item item;
	const char *key, *text;
};
struct raw_retry {
	struct schema_item item;
	int64_t first_wait, longest_wait, give_up;
};
struct raw_hook {
	struct schema_item item;
	const char *url;
	int method, from;
	struct schema_list headers, secrets, signatures;
	struct schema_texts types, signing;
	const struct yaml_node *body, *success;
	int64_t timeout;
	struct raw_retry *retry;
};
struct raw_file {
	struct schema_item item;
	struct schema_list hooks;
};

static const struct schema_name methods[] = {{"POST", METHOD_POST, NULL, NULL},
					     {"PUT", METHOD_PUT, NULL, NULL},
					     {"PATCH", METHOD_PATCH, NULL, NULL},
					     {NULL, 0, NULL, NULL}};
static const struct schema_name beginnings[] = {
	{"now", FROM_NOW, "what is recorded from its first start on", "首次启动之后的记录"},
	{"beginning", FROM_BEGINNING, "everything ever recorded", "全部记录"},
	{NULL, 0, NULL, NULL},
};
static const struct schema_field signature_fields[] = {
	FIELD(raw_signature, key, "key", NAME, .required = true, .en = "one of `secrets`",
	      .zh = "secrets 中的名称"),
	FIELD(raw_signature, text, "text", TEXT, .required = true, .max = 1000,
	      .en = "template of what is signed", .zh = "被签名文本的模板"),
	END,
};
static const struct schema signature_schema = {
	.name = "a signature",
	.size = sizeof(struct raw_signature),
	.fields = signature_fields,
	.en = "HMAC-SHA256 in Base64, named {sign.NAME} in the templates.",
	.zh = "HMAC-SHA256 的 Base64，模板中写 {sign.NAME}。",
};
static const struct schema_field retry_fields[] = {
	FIELD(raw_retry, first_wait, "first_wait", DURATION, .def = "5 s", .min = 0.05, .max = 3600,
	      .en = "wait after the first failure; doubled after each", .zh = "首次重试等待"),
	FIELD(raw_retry, longest_wait, "longest_wait", DURATION, .def = "3600 s", .min = 0.05,
	      .max = 86400, .en = "longest wait", .zh = "最长等待"),
	FIELD(raw_retry, give_up, "give_up", DURATION, .def = "259200 s", .min = 0.05,
	      .max = 1000000,
	      .en = "an item older than this that failed 10 times becomes a dead letter",
	      .zh = "超过此时间且失败 10 次的条目成为死信"),
	END,
};
static const struct schema retry_schema = {
	.name = "retry",
	.size = sizeof(struct raw_retry),
	.fields = retry_fields,
	.en = "How long and how often.",
	.zh = "重试。",
};
static const struct schema_field hook_fields[] = {
	FIELD(raw_hook, url, "url", TEXT, .required = true, .max = VALUE_MAX,
	      .en = "template; places only behind the host",
	      .zh = "地址模板；占位符只能在主机名之后"),
	FIELD(raw_hook, method, "method", ENUM, .names = methods, .def = "POST", .en = "method",
	      .zh = "方法"),
	FIELD(raw_hook, headers, "headers", PAIRS, .en = "name: template", .zh = "请求头"),
	FIELD(raw_hook, body, "body", VALUE, .shape = "JSON as text",
	      .en = "template, as JSON; default: the item as it is recorded",
	      .zh = "JSON 模板；默认为原始条目"),
	FIELD(raw_hook, success, "success", VALUE, .shape = "expression",
	      .en = "over status and members of the answer, such as errcode == 0; 2xx is needed too",
	      .zh = "成功条件"),
	FIELD(raw_hook, types, "types", TEXTS, .en = "types of items it gets; default: all",
	      .zh = "条目类型"),
	FIELD(raw_hook, from, "from", ENUM, .names = beginnings, .def = "now",
	      .en = "where a new endpoint begins", .zh = "起点"),
	FIELD(raw_hook, secrets, "secrets", PAIRS,
	      .en = "name: file (mode 0600), or credential:NAME of systemd", .zh = "密钥文件"),
	FIELD(raw_hook, signing, "signing", TEXTS, .max = 400,
	      .en = "files of Standard Webhooks secrets (whsec_...), one a line; all of them sign",
	      .zh = "Standard Webhooks 密钥文件"),
	FIELD(raw_hook, signatures, "signatures", KEYED, .sub = &signature_schema,
	      .en = "signatures that the templates name", .zh = "签名"),
	FIELD(raw_hook, timeout, "timeout", DURATION, .def = "10 s", .min = 0.1, .max = 30,
	      .en = "for the whole answer", .zh = "超时"),
	FIELD(raw_hook, retry, "retry", MAP, .sub = &retry_schema, .en = "how often", .zh = "重试"),
	END,
};
static const struct schema hook_schema = {
	.name = "an endpoint",
	.size = sizeof(struct raw_hook),
	.fields = hook_fields,
	.en = "Another machine that gets the items of the feed, in order.",
	.zh = "按顺序接收条目的一台机器。",
};
static const struct schema_field file_fields[] = {
	FIELD(raw_file, hooks, "webhooks", KEYED, .required = true, .sub = &hook_schema,
	      .en = "endpoints by name", .zh = "各端点"),
	END,
};
const struct schema hooks_schema = {
	.name = "webhooks",
	.size = sizeof(struct raw_file),
	.fields = file_fields,
	.en = "Where the feed is pushed to.",
	.zh = "结果推送。",
};

/* ---- checks ---- */

struct reading {
	const struct yaml *y;
	const struct raw_hook *raw;
	struct hook *h;
	bool ok;
	/* of the template being looked at */
	const struct yaml_node *node;
	size_t host_end; /* places before it are refused; 0: anywhere */
	bool no_sign;	 /* of what a signature signs */
};

__attribute__((format(printf, 3, 4))) static void
refuse(struct reading *r, const struct yaml_node *node, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_problem(r->y, node, "%s", text);
	r->ok = false;
}

static bool is_pair(const struct hook_pair *list, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

static bool is_named(const struct reading *r, const char *path)
{
	static const char *const roots[] = {"item", "id", "station", "now", "now_ms", "lf"};

	if (strncmp(path, "item.", 5) == 0)
		return true;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (strcmp(roots[i], path) == 0)
			return true;
	if (strncmp(path, "secret.", 7) == 0)
		return is_pair(r->h->secrets, r->h->secret_count, path + 7);
	if (strncmp(path, "sign.", 5) == 0 && !r->no_sign)
		for (int i = 0; i < r->h->signature_count; i++)
			if (strcmp(r->h->signatures[i].name, path + 5) == 0)
				return true;
	return false;
}

static bool check_place(void *ctx, const char *path, size_t at)
{
	struct reading *r = ctx;

	if (at < r->host_end)
		refuse(r, r->node, "{%.40s} stands in the host; expected places only behind it",
		       path);
	else if (!is_named(r, path))
		refuse(r, r->node,
		       "{%.40s} is unknown; expected item, id, station, now, now_ms, lf, or "
		       "secret.NAME and sign.NAME of this endpoint",
		       path);
	return true;
}

static void check_template(struct reading *r, const struct yaml_node *node, const char *text)
{
	struct error err;

	r->node = node;
	if (template_places(text, check_place, r, &err))
		refuse(r, node, "%s", err.text);
}

static void check_json(struct reading *r, const struct yaml_node *node, const json_t *v)
{
	void *at;
	json_t *one;
	size_t i;

	if (json_is_string(v))
		check_template(r, node, json_string_value(v));
	json_array_foreach(v, i, one) check_json(r, node, one);
	if (json_is_object(v))
		for (at = json_object_iter((json_t *)(uintptr_t)v); at;
		     at = json_object_iter_next((json_t *)(uintptr_t)v, at))
			check_json(r, node, json_object_iter_value(at));
}

/* ---- the parts of an endpoint ---- */

static void read_url(struct reading *r)
{
	const struct yaml_node *node = schema_node(&r->raw->item, "url");
	const char *url = r->raw->url, *host;

	if (!url)
		return;
	if (strncmp(url, "https://", 8) && strncmp(url, "http://", 7)) {
		refuse(r, node,
		       "url is none; expected https://HOST/... (or http:// on your own LAN)");
		return;
	}
	host = strstr(url, "//") + 2;
	r->host_end = (size_t)(host - url) + strcspn(host, "/?#");
	if (memchr(host, '@', strcspn(host, "/?#")))
		refuse(r, node,
		       "url holds a name and password; put them into a header from a secret");
	check_template(r, node, url);
	r->host_end = 0;
	r->h->url = url;
}

static void read_secrets(struct reading *r)
{
	const struct schema_pair *p = r->raw->secrets.at;

	for (int i = 0; i < r->raw->secrets.count; i++) {
		if (i == HOOK_PARTS_MAX) {
			refuse(r, p[i].item.node, "more than %d secrets", HOOK_PARTS_MAX);
			return;
		}
		if (!text_is_name(p[i].item.name))
			refuse(r, p[i].item.node, "\"%.60s\" is no name; expected a-z, 0-9, _",
			       p[i].item.name);
		r->h->secrets[r->h->secret_count++] = (struct hook_pair){p[i].item.name, p[i].text};
	}
}

static void read_signatures(struct reading *r)
{
	const struct raw_signature *s = r->raw->signatures.at;

	for (int i = 0; i < r->raw->signatures.count && i < HOOK_PARTS_MAX; i++) {
		if (!s[i].key || !s[i].text)
			continue; /* told */
		if (!is_pair(r->h->secrets, r->h->secret_count, s[i].key))
			refuse(r, schema_node(&s[i].item, "key"),
			       "\"%.60s\" is not among the secrets of this endpoint", s[i].key);
		r->no_sign = true;
		check_template(r, schema_node(&s[i].item, "text"), s[i].text);
		r->no_sign = false;
		r->h->signatures[r->h->signature_count++] =
			(struct hook_signature){s[i].item.name, s[i].key, s[i].text};
	}
	if (r->raw->signatures.count > HOOK_PARTS_MAX)
		refuse(r, schema_node(&r->raw->item, "signatures"), "more than %d signatures",
		       HOOK_PARTS_MAX);
}

static bool is_header_name(const char *s)
{
	static const char token[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return *s && s[strspn(s, token)] == '\0' && strncasecmp(s, "webhook-", 8) != 0 &&
	       strcasecmp(s, "host") != 0 && strcasecmp(s, "content-length") != 0 &&
	       strcasecmp(s, "transfer-encoding") != 0 && strcasecmp(s, "connection") != 0 &&
	       strcasecmp(s, "content-type") != 0;
}

static void read_headers(struct reading *r)
{
	const struct schema_pair *p = r->raw->headers.at;

	for (int i = 0; i < r->raw->headers.count; i++) {
		if (i == HOOK_HEADERS_MAX) {
			refuse(r, p[i].item.node, "more than %d headers", HOOK_HEADERS_MAX);
			return;
		}
		if (!is_header_name(p[i].item.name))
			refuse(r, p[i].item.node,
			       "\"%.60s\" is no header that may be set; expected a name other than "
			       "Host, Connection, Content-*, Transfer-Encoding and webhook-*",
			       p[i].item.name);
		if (!text_is_clean(p[i].text, strlen(p[i].text), "") ||
		    strlen(p[i].text) > VALUE_MAX)
			refuse(r, p[i].item.node, "a header is one line of at most %d bytes",
			       VALUE_MAX);
		check_template(r, p[i].item.node, p[i].text);
		r->h->headers[r->h->header_count++] = (struct hook_pair){p[i].item.name, p[i].text};
	}
}

static void read_body(struct reading *r)
{
	const struct yaml_node *node = r->raw->body;
	struct error err;

	if (!node)
		return;
	r->h->body = json_load_limited(node->text, node->len, BODY_MAX, &err);
	if (!r->h->body)
		refuse(r, node, "body is no JSON: %.160s", err.text);
	else
		check_json(r, node, r->h->body);
}

/* Any name is a number of the answer: true counts 1 and false 0. */
static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	struct reading *r = ctx;
	struct hook *h = r->h;
	int i = 0;

	while (i < h->success_name_count && strcmp(h->success_names[i], name) != 0)
		i++;
	if (i == HOOK_PARTS_MAX || strlen(name) >= HOOK_NAME_MAX)
		return error_set(err, ERR_NOT_FOUND, "%.40s: at most %d names, of %d bytes", name,
				 HOOK_PARTS_MAX, HOOK_NAME_MAX - 1);
	if (i == h->success_name_count)
		(void)text_copy(h->success_names[h->success_name_count++], HOOK_NAME_MAX, name);
	*out = (struct expr_symbol){.ref = (uint16_t)i, .dim = DIM_NONE};
	return 0;
}

static void read_success(struct reading *r)
{
	const struct expr_scope scope = {.ctx = r, .resolve = resolve};
	const struct yaml_node *node = r->raw->success;
	bool is_bool = false;
	struct error err;
	int col = 0;

	if (!node)
		return;
	r->h->success = expr_parse(node->text, node->len, &scope, NULL, &is_bool, &col, &err);
	if (!r->h->success) {
		yaml_problem_in(r->y, node, col, "%s", err.text);
		r->ok = false;
	} else if (!is_bool) {
		refuse(r, node, "success is no condition; expected one like errcode == 0");
	}
}

static void read_rest(struct reading *r)
{
	static const char *const names[] = {"POST", "PUT", "PATCH"};
	const struct raw_hook *raw = r->raw;
	struct hook *h = r->h;

	h->method = names[raw->method];
	h->from_beginning = raw->from == FROM_BEGINNING;
	h->types = raw->types.at;
	h->type_count = raw->types.count;
	for (int i = 0; i < raw->types.count; i++)
		if (!text_is_name(raw->types.at[i]))
			refuse(r, raw->types.nodes[i], "\"%.60s\" is no type of an item",
			       raw->types.at[i]);
	for (int i = 0; i < raw->signing.count && i < HOOK_PARTS_MAX; i++)
		h->signing[h->signing_count++] = raw->signing.at[i];
	if (raw->signing.count > HOOK_PARTS_MAX)
		refuse(r, schema_node(&raw->item, "signing"), "more than %d files", HOOK_PARTS_MAX);
	h->timeout_ms = (int)(raw->timeout / 1000000);
	h->first_wait_ns = raw->retry ? raw->retry->first_wait : INT64_C(5000000000);
	h->longest_wait_ns = raw->retry ? raw->retry->longest_wait : INT64_C(3600000000000);
	h->give_up_ns = raw->retry ? raw->retry->give_up : INT64_C(259200000000000);
}

static bool read_hook(const struct yaml *y, const struct raw_hook *raw, struct hook *h)
{
	struct reading r = {.y = y, .raw = raw, .h = h, .ok = true};

	h->name = raw->item.name;
	read_secrets(&r);
	read_signatures(&r);
	read_url(&r);
	read_headers(&r);
	read_body(&r);
	read_success(&r);
	read_rest(&r);
	return r.ok;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = xstrdup(slash ? path : ".");

	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
	return folder;
}

struct hooks *hooks_parse(const char *path, const char *bytes, size_t n, struct problems *problems)
{
	struct hooks *h = xcalloc(1, sizeof(*h));
	struct raw_file raw = {0};
	const struct raw_hook *list;
	struct yaml y;
	bool ok;

	h->arena = arena_new();
	h->folder = folder_of(path);
	ok = yaml_parse(&y, path, bytes, n, h->arena, problems);
	if (y.complete) {
		ok = schema_decode(&hooks_schema, &y, y.root, &raw) && ok;
		list = raw.hooks.at;
		for (int i = 0; i < raw.hooks.count && i < HOOKS_MAX; i++)
			ok = read_hook(&y, &list[i], &h->at[h->count++]) && ok;
		if (raw.hooks.count > HOOKS_MAX) {
			yaml_problem(&y, list[HOOKS_MAX].item.node, "more than %d endpoints",
				     HOOKS_MAX);
			ok = false;
		}
	}
	if (ok)
		return h;
	hooks_free(h);
	return NULL;
}

struct hooks *hooks_load(const char *path, struct problems *problems)
{
	struct hooks *h;
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);

	if (!bytes)
		return NULL;
	h = hooks_parse(path, bytes, n, problems);
	free(bytes);
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	for (int i = 0; i < h->count; i++) {
		json_decref(h->at[i].body);
		expr_free(h->at[i].success);
	}
	arena_free(h->arena);
	free(h->folder);
	free(h);
}
