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
	struct error err = {0};
	int count, code;

	count = ctl_parse(self, options, argc, argv, words, 0, 1, &code);
	if (count < 0)
		return code;
	query_add(&query, "format", c->json ? "json" : "csv");
	query_add(&query, "serial", serial);
	query_add(&query, "model", model);
	query_add(&query, "from", from);
	query_add(&query, "to", to);
	code = CTL_OK;
	if (ctl_try(c, WEB_EXPORT, self->name, query.buf, NULL, NULL, &err) < 0) {
		(void)ctl_fail("%s", err.text);
		code = CTL_NO_STATION;
	} else if (c->status >= 400) {
		json_t *problem = json_load_limited(c->reply.buf, c->reply.len, WEB_BODY_MAX, NULL);

		(void)ctl_fail("%s", member_text(problem, "detail"));
		json_decref(problem);
		code = c->status >= 500 ? CTL_NO_STATION : CTL_USAGE;
	}
	text_release(&query);
	if (code)
		return code;
	if (c->json && count == 0) {
		ctl_put_reply(c);
		return CTL_OK;
	}
	return write_table(c, count ? words[0] : NULL);
}
