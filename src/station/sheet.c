/* SPDX-License-Identifier: MIT */
#include "src/station/sheet.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "link/web.h"

enum { FLUSH_BYTES = 1 << 16, BYTES_MAX = WEB_FD_MAX - (8 << 20) };

/* What is written so far goes into the file. */
static bool flush(struct sheet *t, size_t unless_less)
{
	if (t->rc || t->text.len < unless_less)
		return t->rc == 0;
	if (t->size + t->text.len > BYTES_MAX)
		t->rc = error_set(t->err, ERR_RANGE, "this is more than one table takes (56 MiB)");
	else
		t->rc = text_write(&t->text, t->fd, t->err);
	t->size += t->text.len;
	text_clear(&t->text);
	return t->rc == 0;
}

int sheet_open(struct sheet *t, bool csv, const char *const *columns, struct error *err)
{
	*t = (struct sheet){.columns = columns, .csv = csv, .err = err};
	t->fd = memfd_create("table", MFD_CLOEXEC);
	if (t->fd < 0)
		return t->rc = error_errno(err, "the table");
	if (csv) {
		csv_init(&t->table, &t->text);
		for (int i = 0; columns[i]; i++)
			csv_text(&t->table, columns[i]);
		csv_end_row(&t->table);
		return 0;
	}
	json_init(&t->json, &t->text);
	json_open_object(&t->json);
	json_key(&t->json, "rows");
	json_open_array(&t->json);
	return 0;
}

/* Of the next cell; in JSON a row's first cell opens it. */
static const char *next_column(struct sheet *t)
{
	if (!t->csv && t->column == 0)
		json_open_object(&t->json);
	return t->columns[t->column++];
}

void sheet_text(struct sheet *t, const char *s)
{
	const char *name = next_column(t);

	if (t->csv)
		csv_text(&t->table, s);
	else
		json_kv_string(&t->json, name, s && s[0] ? s : NULL);
}

void sheet_int(struct sheet *t, int64_t v)
{
	const char *name = next_column(t);

	if (t->csv)
		csv_int(&t->table, v);
	else
		json_kv_int(&t->json, name, v);
}

void sheet_bool(struct sheet *t, bool v)
{
	const char *name = next_column(t);

	if (t->csv)
		csv_bool(&t->table, v);
	else
		json_kv_bool(&t->json, name, v);
}

void sheet_number(struct sheet *t, double v)
{
	const char *name = next_column(t);

	if (t->csv)
		csv_number(&t->table, v);
	else
		json_kv_number(&t->json, name, v);
}

void sheet_time(struct sheet *t, int64_t utc_us)
{
	char at[32];

	sheet_text(t, text_from_utc_us(at, sizeof(at), utc_us));
}

void sheet_json(struct sheet *t, const char *value, size_t n)
{
	struct text text = {0};

	if (t->csv) {
		text_add(&text, value, n);
		sheet_text(t, text.buf);
		text_release(&text);
	} else {
		json_key(&t->json, next_column(t));
		json_put_raw(&t->json, value, n);
	}
}

bool sheet_end_row(struct sheet *t)
{
	t->column = 0;
	if (t->csv)
		csv_end_row(&t->table);
	else
		json_end_object(&t->json);
	return flush(t, FLUSH_BYTES);
}

int sheet_close(struct sheet *t)
{
	if (!t->csv) {
		json_end_array(&t->json);
		json_end_object(&t->json);
	}
	(void)flush(t, 0);
	return t->rc;
}

void sheet_release(struct sheet *t)
{
	text_release(&t->text);
}
