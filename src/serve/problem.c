/* SPDX-License-Identifier: MIT */
#include "serve_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

const char *const response_fields[] = {
	"X-Content-Type-Options",
	"nosniff",
	"Content-Security-Policy",
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"Referrer-Policy",
	"no-referrer",
	"Cross-Origin-Resource-Policy",
	"same-origin",
	NULL,
};

const char *status_title(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{200, "OK"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{431, "Request Header Fields Too Large"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

/* Where no parameter is taken, none is named. */
static void put_parameter(struct json *j, const char *code, const char *detail)
{
	json_key(j, "errors");
	json_open_array(j);
	json_open_object(j);
	json_kv_string(j, "parameter", "");
	json_kv_string(j, "code", code);
	json_kv_string(j, "detail", detail);
	json_end_object(j);
	json_end_array(j);
}

void problem_body(struct text *out, int status, const char *code, const char *detail)
{
	char type[96];
	struct json j;

	(void)snprintf(type, sizeof(type), "urn:benchd:problem:%s", code);
	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "type", type);
	json_kv_string(&j, "title", status_title(status));
	json_kv_int(&j, "status", status);
	json_kv_string(&j, "code", code);
	json_kv_string(&j, "detail", detail);
	if (strcmp(code, "query") == 0)
		put_parameter(&j, code, detail);
	json_end_object(&j);
}
