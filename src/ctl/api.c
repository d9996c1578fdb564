/* SPDX-License-Identifier: MIT
 *
 * The station's API over its local socket.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "ctl/ctl.h"

enum { REPLY_MAX = 64 << 20 };

static const struct ctl *speaker;
static char last_words[1024]; /* of ctl_fail and ctl_usage, for a problem document */

void ctl_speak_as(const struct ctl *c)
{
	speaker = c;
}

void ctl_said(const char *text)
{
	(void)text_copy(last_words, sizeof(last_words), text);
}

bool ctl_wants_json(void)
{
	return speaker && speaker->json;
}

void put_said(const struct ctl *c, const char *s, struct text *out)
{
	if (c->zh)
		(void)message_translate(&c->titles, s, out);
	else
		text_puts(out, s);
}

void put_command(const struct ctl *c, struct text *out, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	text_printf(out, "benchctl%s%s %s", c->state_named ? " --state " : "",
		    c->state_named ? c->state : "", words);
}

int ctl_fail(const char *fmt, ...)
{
	struct text said = {0};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_said(text);
	if (speaker)
		put_said(speaker, text, &said);
	(void)fprintf(stderr, "benchctl: %s\n", said.buf ? said.buf : text);
	text_release(&said);
	return -1;
}

void ctl_tell(const struct ctl *c, const char *fmt, ...)
{
	struct text said = {0};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_said(c, text, &said);
	(void)puts(said.buf);
	text_release(&said);
}

static int ctl_open(struct ctl *c, struct error *err)
{
	char path[440];

	if (c->client)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/ctl.sock", c->state);
	c->client = client_open(path, err);
	return c->client ? 0 : err->code;
}

void ctl_close(struct ctl *c)
{
	client_close(c->client);
	c->client = NULL;
	text_release(&c->reply);
	titles_release(&c->titles);
	c->titles_asked = false;
}

/* Names of interlocks and channels, so that reasons can be told in Chinese. Nothing depends on
 * them: without them the names stand as they are. */
static void ask_titles(struct ctl *c)
{
	const json_t *one;
	struct error err;
	json_t *root;
	size_t i;

	c->titles_asked = true;
	if (client_call_match(c->client, WEB_STATION, NULL, "", NULL, "", NULL, CTL_TIMEOUT_MS,
			      &c->status, &c->reply, &err) < 0 ||
	    c->status != 200)
		return;
	root = json_load_limited(c->reply.buf, c->reply.len, REPLY_MAX, &err);
	json_array_foreach(json_object_get(root, "names"), i, one)
	{
		const json_t *title = json_object_get(one, "title");

		titles_learn(&c->titles, member_text(title, "en"), member_text(title, "zh"));
		titles_learn(&c->titles, member_text(one, "name"), member_text(title, "zh"));
	}
	json_decref(root);
}

static int call(struct ctl *c, enum web_route route, const char *arg, const char *query,
		const char *body, const char *if_match, json_t **out, struct error *err)
{
	int rc = ctl_open(c, err);
	json_t *root = NULL;

	if (rc == 0 && c->zh && !c->json && !c->titles_asked)
		ask_titles(c);
	c->status = 0;
	if (rc == 0)
		rc = client_call_match(c->client, route, arg, query, body, if_match, NULL,
				       CTL_TIMEOUT_MS, &c->status, &c->reply, err);
	if (rc < 0)
		return rc;
	if (out && c->reply.len > 0) {
		root = json_load_limited(c->reply.buf, c->reply.len, REPLY_MAX, err);
		if (!root)
			return ERR_PROTOCOL;
	}
	if (out)
		*out = root;
	return 0;
}

int ctl_try(struct ctl *c, enum web_route route, const char *arg, const char *query,
	    const char *body, json_t **out, struct error *err)
{
	return call(c, route, arg, query, body, "", out, err);
}

/* A detail may begin with the pointer of the member it speaks of. */
static void tell_detail(const char *detail)
{
	(void)ctl_fail("%s", detail[0] == '/' ? detail + 1 : detail);
}

int ctl_ask(struct ctl *c, enum web_route route, const char *arg, const char *body, json_t **out)
{
	struct error err = {0};

	if (ctl_try(c, route, arg, "", body, out, &err) < 0) {
		(void)ctl_fail("%s", err.text);
		return CTL_NO_STATION;
	}
	if (c->json)
		ctl_put_reply(c);
	if (c->status < 400)
		return CTL_OK;
	return c->status >= 500 ? CTL_NO_STATION : c->status == 409 ? CTL_NO_PASS : CTL_USAGE;
}

void ctl_tell_detail(const json_t *problem)
{
	tell_detail(member_text(problem, "detail"));
}

/* A refusal: what the station says, or each of the mistakes it lists. */
static int tell_problem(struct ctl *c, const json_t *problem)
{
	const json_t *errors = json_object_get(problem, "errors"), *e;
	size_t i;

	if (c->json)
		ctl_put_reply(c);
	else if (json_array_size(errors) < 2)
		ctl_tell_detail(problem);
	json_array_foreach(errors, i, e)
	{
		struct text line = {0};

		text_printf(&line, "%s: %s", member_text(e, "pointer"), member_text(e, "detail"));
		if (!c->json && json_array_size(errors) > 1)
			tell_detail(line.buf);
		text_release(&line);
	}
	return c->status >= 500 ? CTL_NO_STATION : CTL_USAGE;
}

void ctl_put_problem(int exit_code)
{
	static const struct {
		int exit_code;
		const char *code;
	} codes[] = {{CTL_NO_PASS, "no_pass"},
		     {CTL_USAGE, "usage"},
		     {CTL_NO_STATION, "no_answer"},
		     {CTL_INTERRUPTED, "interrupted"}};
	struct text out = {0}, type = {0};
	const char *code = "error";
	struct json j;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].exit_code == exit_code)
			code = codes[i].code;
	text_printf(&type, "urn:benchd:problem:%s", code);
	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "type", type.buf);
	json_kv_string(&j, "code", code);
	json_kv_string(&j, "detail", last_words[0] ? last_words : code);
	json_end_object(&j);
	(void)printf("%s\n", out.buf);
	text_release(&out);
	text_release(&type);
}

static int checked(struct ctl *c, enum web_route route, const char *arg, const char *query,
		   const char *body, const char *if_match, json_t **out)
{
	struct error err = {0};
	json_t *root = NULL;
	int code;

	if (call(c, route, arg, query, body, if_match, &root, &err) < 0) {
		(void)ctl_fail("%s", err.text);
		return err.code == ERR_USAGE ? CTL_USAGE : CTL_NO_STATION;
	}
	if (c->status < 400) {
		if (out)
			*out = root;
		else
			json_decref(root);
		return CTL_OK;
	}
	code = tell_problem(c, root);
	json_decref(root);
	return code;
}

int ctl_call(struct ctl *c, enum web_route route, const char *arg, const char *query,
	     const char *body, json_t **out)
{
	return checked(c, route, arg, query, body, "", out);
}

int ctl_call_match(struct ctl *c, enum web_route route, const char *arg, const char *body,
		   const char *if_match, json_t **out)
{
	return checked(c, route, arg, "", body, if_match, out);
}

void ctl_put_reply(const struct ctl *c)
{
	(void)fwrite(c->reply.buf, 1, c->reply.len, stdout);
	(void)fputc('\n', stdout);
}

void ctl_put_problems(struct json *j, const struct problems *problems)
{
	json_key(j, "problems");
	json_open_array(j);
	for (int i = 0; problems && i < problems->count; i++) {
		const struct problem *p = &problems->at[i];

		json_open_object(j);
		json_kv_string(j, "file", p->file);
		json_kv_int(j, "line", p->line);
		json_kv_int(j, "column", p->col);
		json_kv_string(j, "text", p->text);
		json_end_object(j);
	}
	json_end_array(j);
}

const char *member_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

double member_number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

bool member_is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

const char *member_title(const struct ctl *c, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	const char *s = member_text(v, c->zh ? "zh" : "en");

	if (json_is_string(v))
		return json_string_value(v);
	return s[0] ? s : member_text(v, "en");
}

void query_add(struct text *q, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	text_printf(q, "%s%s=", q->len ? "&" : "", name);
	for (; *value; value++) {
		unsigned char ch = (unsigned char)*value;

		if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= 'a' && ch <= 'z') || strchr("-._~", ch))
			text_add(q, value, 1);
		else
			text_printf(q, "%%%02X", ch);
	}
}

void ctl_pause_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	(void)nanosleep(&t, NULL);
}
