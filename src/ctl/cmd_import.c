/* SPDX-License-Identifier: MIT
 *
 * Tickets from a CSV file (RFC 4180, first row: names of members). The station looks at all rows
 * before it stores any; each mistake is told with its row and column.
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

enum { COLUMNS_MAX = 16, ROWS_MAX = 1000, FILE_MAX = 1 << 20 };

struct csv {
	const char *path, *at;
	int row; /* of the file, from 1 */
};

/* One field into t; what ended it: ',', '\n', 0 at the end of the file, -1: a quote gone wrong. */
static int next_field(struct csv *f, struct text *t)
{
	text_clear(t);
	text_puts(t, "");
	if (*f->at == '"') {
		for (f->at++; *f->at && (*f->at != '"' || f->at[1] == '"'); f->at++) {
			f->at += *f->at == '"';
			text_add(t, f->at, 1);
		}
		if (*f->at++ != '"')
			return -1;
	} else {
		size_t n = strcspn(f->at, ",\r\n");

		text_add(t, f->at, n);
		f->at += n;
	}
	if (*f->at == '\r' && f->at[1] == '\n')
		f->at++;
	if (!*f->at)
		return 0;
	if (*f->at != ',' && *f->at != '\n')
		return -1;
	return *f->at++;
}

/* A value as its member wants it; what does not look like that goes as it is, to be refused. */
static void put_value(struct post *p, const char *name, const char *value)
{
	int64_t n;

	if (!value[0])
		return;
	if (strcmp(name, "symptoms") == 0) {
		char *list = xstrdup(value);

		for (char *s = list; *s; s++)
			if (*s == ' ' || *s == ';')
				*s = ',';
		post_list(p, name, list);
		free(list);
	} else if (strcmp(name, "mail_back") == 0 &&
		   (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) {
		json_kv_bool(&p->json, name, strcmp(value, "yes") == 0);
	} else if ((strcmp(name, "priority") == 0 || strcmp(name, "repair_seq") == 0) &&
		   text_to_int64(value, strlen(value), &n)) {
		json_kv_int(&p->json, name, n);
	} else {
		post_text(p, name, value);
	}
}

struct header {
	char name[COLUMNS_MAX][48];
	int count;
	int row[ROWS_MAX]; /* of each ticket in the file */
	int tickets;
};

static int read_header(struct csv *f, struct header *h, struct text *field)
{
	int end = ',';

	while (end == ',') {
		end = next_field(f, field);
		if (end < 0 || h->count == COLUMNS_MAX)
			return ctl_fail("%s: row 1: a row of at most %d member names expected",
					f->path, COLUMNS_MAX);
		if (!text_copy(h->name[h->count], sizeof(h->name[0]), field->buf) ||
		    (!field->len && (end || h->count)))
			return ctl_fail("%s: row 1, column %d: a member's name expected", f->path,
					h->count + 1);
		for (int i = 0; i < h->count; i++)
			if (strcmp(h->name[i], field->buf) == 0)
				return ctl_fail("%s: row 1: column %s stands twice", f->path,
						field->buf);
		h->count++;
	}
	f->row = 2;
	return 0;
}

static int read_row(struct csv *f, struct header *h, struct post *p, struct text *field)
{
	int end = ',', column = 0, row = f->row;

	if (h->tickets == ROWS_MAX)
		return ctl_fail("%s: row %d: at most %d tickets at once", f->path, row, ROWS_MAX);
	json_open_object(&p->json);
	while (end == ',') {
		end = next_field(f, field);
		if (end < 0)
			return ctl_fail("%s: row %d, column %d: a quote is not closed or not alone",
					f->path, row, column + 1);
		if (column == h->count)
			return ctl_fail("%s: row %d: more columns than names in row 1", f->path,
					row);
		put_value(p, h->name[column++], field->buf);
	}
	json_end_object(&p->json);
	h->row[h->tickets++] = row;
	f->row++;
	return 0;
}

/* "/tickets/3/serial" -> row 5, column serial */
static void tell_errors(const struct header *h, const char *path, const json_t *root)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(root, "errors"), i, e)
	{
		const char *pointer = member_text(e, "pointer"), *rest;
		long n = strncmp(pointer, "/tickets/", 9) == 0 ? strtol(pointer + 9, NULL, 10) : -1;

		if (n < 0 || n >= h->tickets) { /* of the file as a whole */
			(void)ctl_fail("%s: %s", path, member_text(e, "detail"));
			continue;
		}
		rest = strchr(pointer + 9, '/');
		(void)ctl_fail("%s: row %d, column %s: %s", path, h->row[n], rest ? rest + 1 : "-",
			       member_text(e, "detail"));
	}
}

static int send_all(struct ctl *c, const char *path, const struct header *h, const char *body)
{
	struct error err = {0};
	json_t *root = NULL;

	if (strlen(body) > WEB_BODY_MAX) {
		(void)ctl_fail(
			"%s: %d rows are more than one import takes (64 KiB); split the file", path,
			h->tickets);
		return CTL_USAGE;
	}
	if (ctl_try(c, WEB_TICKET_IMPORT, NULL, "", body, &root, &err) < 0) {
		(void)ctl_fail("%s", err.text);
		return CTL_NO_STATION;
	}
	if (c->json)
		ctl_put_reply(c);
	else if (c->status < 400)
		ctl_tell(c, "tickets imported: %d", h->tickets);
	else if (!json_object_get(root, "errors"))
		(void)ctl_fail("%s: %s", path, member_text(root, "detail"));
	if (c->status >= 400)
		tell_errors(h, path, root);
	json_decref(root);
	return c->status < 400 ? CTL_OK : CTL_USAGE;
}

CTL_COMMAND(cmd_ticket_import)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct header h = {.count = 0};
	struct text field = {0};
	struct error err = {0};
	struct csv f = {.row = 1};
	struct post p;
	char *bytes = NULL;
	size_t n = 0;
	int code, rc;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (text_read_file(words[0], FILE_MAX, &bytes, &n, &err) || !text_is_utf8(bytes, n)) {
		if (err.text[0])
			(void)ctl_fail("%s", err.text);
		else
			(void)ctl_fail("%s: the file is not UTF-8", words[0]);
		free(bytes);
		return CTL_USAGE;
	}
	f.path = words[0];
	f.at = strncmp(bytes, "\xef\xbb\xbf", 3) == 0 ? bytes + 3 : bytes;
	post_begin(&p);
	json_key(&p.json, "tickets");
	json_open_array(&p.json);
	rc = read_header(&f, &h, &field);
	while (rc == 0 && *f.at)
		rc = read_row(&f, &h, &p, &field);
	code = CTL_USAGE;
	if (rc == 0 && h.tickets == 0)
		rc = ctl_fail("%s: no ticket stands below the names of row 1", words[0]);
	if (rc == 0) {
		json_end_array(&p.json);
		json_end_object(&p.json);
		code = send_all(c, words[0], &h, p.text.buf);
	}
	text_release(&p.text);
	text_release(&field);
	free(bytes);
	return code;
}
