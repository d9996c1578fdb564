/* SPDX-License-Identifier: MIT
 *
 * Tables out of the station, as they come: to a file, or to standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/ctl.h"

static int write_table(const struct ctl *c, const char *path)
{
	FILE *fp = path ? fopen(path, "wxe") : stdout;
	bool good = fp && fwrite(c->reply.buf, 1, c->reply.len, fp) == c->reply.len;

	if (path && fp && fclose(fp))
		good = false;
	if (good)
		return CTL_OK;
	if (path && errno == EEXIST)
		(void)ctl_fail("%s exists already; move it away, or name another file", path);
	else
		(void)ctl_fail("%s: %s", path ? path : "stdout", strerror(errno));
	return CTL_USAGE;
}

static int get_table(struct ctl *c, enum web_route route, const char *arg, const char *query,
		     const char *path)
{
	struct error err = {0};
	json_t *problem;

	if (ctl_try(c, route, arg, query, NULL, NULL, &err) < 0) {
		(void)ctl_fail("%s", err.text);
		return CTL_NO_STATION;
	}
	if (c->status >= 400) {
		problem = json_load_limited(c->reply.buf, c->reply.len, WEB_BODY_MAX, NULL);
		(void)ctl_fail("%s", member_text(problem, "detail"));
		json_decref(problem);
		return c->status >= 500 ? CTL_NO_STATION : CTL_USAGE;
	}
	if (c->json && !path) {
		ctl_put_reply(c);
		return CTL_OK;
	}
	return write_table(c, path);
}

CTL_COMMAND(cmd_export)
{
	const char *words[CTL_ARGS_MAX], *serial = NULL, *model = NULL, *from = NULL, *to = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("serial", "S", &serial, "of this unit"),
		OPTION_VALUE("model", "M", &model, "of this model"),
		OPTION_VALUE("from", "TIME", &from,
			     "ended then or later, like 2026-01-31T08:00:00Z"),
		OPTION_VALUE("to", "TIME", &to, "ended before"),
		OPTION_END,
	};
	struct text query = {0};
	int count, code;

	count = ctl_parse(self, options, argc, argv, words, 0, 1, &code);
	if (count < 0)
		return code;
	query_add(&query, "format", c->json ? "json" : "csv");
	query_add(&query, "serial", serial);
	query_add(&query, "model", model);
	query_add(&query, "from", from);
	query_add(&query, "to", to);
	code = get_table(c, WEB_EXPORT, self->name, query.buf, count ? words[0] : NULL);
	text_release(&query);
	return code;
}

CTL_COMMAND(cmd_run_trace)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	int code, count = ctl_parse(self, options, argc, argv, words, 1, 2, &code);

	if (count < 0)
		return code;
	return get_table(c, WEB_RUN_TRACE, words[0], c->json ? "format=json" : "",
			 count > 1 ? words[1] : NULL);
}
