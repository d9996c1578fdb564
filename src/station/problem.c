/* SPDX-License-Identifier: MIT
 *
 * What was not right, as RFC 9457 has it: each place by JSON pointer or by its parameter. What only
 * the log may know (paths, SQL, errors of the disk) stays there.
 */
#include "station/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ticket/form.h"

#define MODULE "serve"
static const char hidden[] = "the station could not do this; its log says why";

static const char *status_title(int status)
{
	switch (status) {
	case 400: return "Bad request";
	case 401: return "Who are you?";
	case 403: return "Not allowed";
	case 404: return "Not found";
	case 409: return "Not possible now";
	case 410: return "Gone";
	case 412: return "Changed meanwhile";
	case 422: return "Not valid";
	case 429: return "Too many tries";
	case 503: return "Not available";
	default: return "Error of the station";
	}
}

static void put_place(struct json *j, const char *kind, const char *place, size_t n,
		      const char *code, const char *detail, size_t detail_n)
{
	json_open_object(j);
	json_key(j, kind);
	json_put_string_n(j, place, n);
	json_kv_string(j, "code", code);
	json_key(j, "detail");
	json_put_string_n(j, detail, detail_n);
	json_end_object(j);
}

/* "/serial: this member is missing; /model: ..." and "?limit= takes ..." name their places; what only
 * reads has parameters alone. */
static void put_places(struct json *j, bool reads, int status, const char *code, const char *detail)
{
	size_t name = strcspn(detail + (detail[0] == '?'), "= ");

	if (detail[0] != '/' && status != 400 && status != 422)
		return;
	json_key(j, "errors");
	json_open_array(j);
	if (detail[0] == '?')
		put_place(j, "parameter", detail + 1, name, code, detail, strlen(detail));
	else if (status == 400)
		put_place(j, "parameter", "", 0, code, detail, strlen(detail));
	else if (detail[0] != '/')
		put_place(j, "pointer", "", 0, code, detail, strlen(detail));
	while (detail[0] == '/') {
		const char *end = strstr(detail, "; /"), *colon = strstr(detail, ": ");
		size_t n = end ? (size_t)(end - detail) : strlen(detail);
		size_t at = colon && (size_t)(colon - detail) < n ? (size_t)(colon - detail) : n;
		size_t skip = at + 2 < n ? at + 2 : n;

		put_place(j, reads ? "parameter" : "pointer", detail + reads, at - reads, code,
			  detail + skip, n - skip);
		detail += n + (end ? 2 : 0);
	}
	json_end_array(j);
}

static void open_problem(struct json *j, struct text *t, int status, const char *code,
			 const char *detail)
{
	char type[96];

	json_init(j, t);
	json_open_object(j);
	snprintf(type, sizeof(type), "urn:benchd:problem:%s", code);
	json_kv_string(j, "type", type);
	json_kv_string(j, "title", status_title(status));
	json_kv_int(j, "status", status);
	json_kv_string(j, "code", code);
	json_kv_string(j, "detail", detail);
}

void request_problem_with(struct request *rq, int status, const char *code, const char *detail,
			  void (*more)(struct json *j, void *ctx), void *ctx)
{
	const struct web_route_info *info = web_route_info((enum web_route)rq->msg.route);
	struct text t = {0};
	struct json j;

	open_problem(&j, &t, status, code, detail);
	put_places(&j, info && strcmp(info->method, "GET") == 0, status, code, detail);
	if (more)
		more(&j, ctx);
	json_end_object(&j);
	request_reply_typed(rq, status, "", WEB_TYPE_PROBLEM, &t);
	text_release(&t);
}

void request_problem(struct request *rq, int status, const char *code, const char *fmt, ...)
{
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	if (rq)
		request_problem_with(rq, status, code, detail, NULL, NULL);
	else
		log_warning(MODULE, "%s", detail);
}

/* A body that is not right: every mistake with its pointer. */
void request_problems(struct request *rq, const struct ticket_problems *problems)
{
	struct text t = {0};
	struct json j;
	char line[300];

	form_problems_line(problems, line, sizeof(line));
	open_problem(&j, &t, 422, problems->at[0].code, line);
	json_key(&j, "errors");
	ticket_put_problems(&j, problems);
	json_end_object(&j);
	request_reply_typed(rq, 422, "", WEB_TYPE_PROBLEM, &t);
	text_release(&t);
}

struct json_t *request_form(struct request *rq, const struct form_field *fields)
{
	struct ticket_problems problems;
	json_t *root = NULL;

	if (form_read(fields, rq->body, rq->msg.size, &root, &problems)) {
		request_problems(rq, &problems);
		return NULL;
	}
	return root;
}

static int status_of(int code)
{
	switch (code) {
	case ERR_NOT_FOUND: return 404;
	case ERR_EXISTS:
	case ERR_STATE:
	case ERR_BUSY: return 409;
	case ERR_CONFLICT: return 412;
	case ERR_USAGE:
	case ERR_RANGE:
	case ERR_TYPE:
	case ERR_SYNTAX:
	case ERR_CONFIG: return 422;
	case ERR_DENIED: return 403;
	case ERR_LIMIT: return 503;
	default: return 500;
	}
}

void request_problem_of(struct request *rq, const struct error *err)
{
	int status = status_of(err->code);

	if (status == 500)
		log_error(MODULE, "route %d: %s", (int)rq->msg.route, err->text);
	request_problem_with(rq, status, error_name(err->code), status == 500 ? hidden : err->text,
			     NULL, NULL);
}

void request_end(struct request *rq, const struct job *j, int status, const char *etag,
		 const struct text *out, const char *kept)
{
	struct station *s = rq->station;

	if (j->rc)
		request_problem_of(rq, &j->err);
	else
		request_reply(rq, status, etag, out);
	if (j->rc == ERR_STORE && kept)
		station_store_failed(s, kept, &j->err);
}
