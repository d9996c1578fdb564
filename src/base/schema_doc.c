/* SPDX-License-Identifier: MIT
 *
 * What a schema says, printed: the reference for people and a JSON Schema for editors. Tables
 * may refer to each other in a circle, so each is printed once, in the order it is met.
 */
#include <string.h>

#include "base/schema.h"

enum { TABLES_MAX = 64 };

struct tables {
	const struct schema *at[TABLES_MAX];
	int count;
};

static void collect(struct tables *t, const struct schema *s)
{
	for (int i = 0; i < t->count; i++)
		if (t->at[i] == s)
			return;
	if (t->count == TABLES_MAX)
		return;
	t->at[t->count++] = s;
	for (const struct schema_field *f = s->fields; f->key; f++)
		if (f->sub)
			collect(t, f->sub);
}

/* "a bus" -> "bus": heading, anchor and JSON name. */
static const char *bare(const struct schema *s)
{
	const char *const articles[] = {"a ", "an ", "the "};
	for (size_t i = 0; i < 3; i++)
		if (strncmp(s->name, articles[i], strlen(articles[i])) == 0)
			return s->name + strlen(articles[i]);
	return s->name;
}

static void put_dashed(struct text *out, const char *s)
{
	for (; *s; s++)
		text_add(out, *s == ' ' ? "-" : s, 1);
}

/* --- Markdown
 * ------------------------------------------------------------------------------------ */

static const char *pick(bool zh, const char *en, const char *text_zh)
{
	if (zh && text_zh)
		return text_zh;
	return en ? en : "";
}

/* A cell of a table: no line ends, no bars. */
static void put_cell(struct text *out, const char *s)
{
	for (; *s; s++)
		if (*s == '|')
			text_puts(out, "\\|");
		else
			text_add(out, *s == '\n' ? " " : s, 1);
}

static void put_link(struct text *out, const struct schema *s)
{
	text_printf(out, "[%s](#", bare(s));
	put_dashed(out, bare(s));
	text_puts(out, ")");
}

static void put_limits(struct text *out, const struct schema_field *f, const char *unit)
{
	char lo[32], hi[32];
	if (f->min == 0 && f->max == 0)
		return;
	text_printf(out, ", %s to %s%s%s", text_from_double(lo, sizeof(lo), f->min),
		    text_from_double(hi, sizeof(hi), f->max), *unit ? " " : "", unit);
}

static void put_names(struct text *out, const struct schema_field *f, bool zh)
{
	for (const struct schema_name *n = f->names; n->name; n++) {
		const char *help = pick(zh, n->en, n->zh);
		text_printf(out, "%s`%s`", n == f->names ? "" : ", ", n->name);
		if (*help && strcmp(help, n->name) != 0)
			text_printf(out, " (%s)", help);
	}
}

static void put_type(struct text *out, const struct schema_field *f, bool zh)
{
	switch (f->type) {
	case SCHEMA_TEXT: text_puts(out, pick(zh, "text", "文本")); break;
	case SCHEMA_NAME: text_puts(out, pick(zh, "name", "名称")); break;
	case SCHEMA_BOOL: text_puts(out, "`yes`, `no`"); break;
	case SCHEMA_INT:
		text_puts(out, pick(zh, "whole number", "整数"));
		put_limits(out, f, "");
		break;
	case SCHEMA_NUMBER:
		text_puts(out, pick(zh, "number", "数值"));
		put_limits(out, f, "");
		break;
	case SCHEMA_QUANTITY:
		text_puts(out, pick(zh, "value", "带单位的值"));
		put_limits(out, f, quantity_unit(f->quantity)->name);
		break;
	case SCHEMA_DURATION:
		text_puts(out, pick(zh, "time", "时间"));
		put_limits(out, f, "s");
		break;
	case SCHEMA_RANGE: text_puts(out, pick(zh, "range, `0..1 MPa`", "范围,`0..1 MPa`")); break;
	case SCHEMA_ENUM: put_names(out, f, zh); break;
	case SCHEMA_ENUM_SET:
		text_puts(out, pick(zh, "list of ", "列表:"));
		put_names(out, f, zh);
		break;
	case SCHEMA_TITLE: text_puts(out, "`{en: ..., zh: ...}`"); break;
	case SCHEMA_MAP: put_link(out, f->sub); break;
	case SCHEMA_LIST:
		text_puts(out, pick(zh, "list of ", "列表:"));
		put_link(out, f->sub);
		break;
	case SCHEMA_KEYED:
		text_puts(out, pick(zh, "name: ", "名称:"));
		put_link(out, f->sub);
		break;
	case SCHEMA_TEXTS: text_puts(out, pick(zh, "list of texts", "文本列表")); break;
	case SCHEMA_PAIRS: text_puts(out, pick(zh, "name: value", "名称: 值")); break;
	case SCHEMA_DEEP: text_puts(out, pick(zh, "what the driver declares", "由驱动定义")); break;
	case SCHEMA_VALUE: put_cell(out, f->shape ? f->shape : "value"); break;
	}
}

static void put_default(struct text *out, const struct schema_field *f, bool zh)
{
	if (f->required)
		text_puts(out, pick(zh, "required", "必需"));
	else if (f->def)
		text_printf(out, "`%s`", f->def);
}

static void put_table(struct text *out, const struct schema *s, bool zh)
{
	const char *const head =
		pick(zh, "| key | value | default | meaning |", "| 键 | 值 | 缺省 | 含义 |");
	text_printf(out, "\n## %s\n\n%s", bare(s), pick(zh, s->en, s->zh));
	if (s->one_of)
		text_puts(out, pick(zh, " Exactly one key.", " 仅一个键。"));
	if (s->shorthand)
		text_printf(out, "%s `%s`%s", pick(zh, " A bare value stands for", " 单独一个值即"),
			    s->shorthand, pick(zh, ".", "。"));
	text_printf(out, "\n\n%s\n|---|---|---|---|\n", head);
	for (const struct schema_field *f = s->fields; f->key; f++) {
		text_printf(out, "| `%s` | ", f->key);
		put_type(out, f, zh);
		text_puts(out, " | ");
		put_default(out, f, zh);
		text_puts(out, " | ");
		put_cell(out, pick(zh, f->en, f->zh));
		text_puts(out, " |\n");
	}
}

void schema_markdown(const struct schema *root, const char *title, bool zh, struct text *out)
{
	struct tables t = {.count = 0};
	collect(&t, root);
	text_printf(out, "# %s\n\n", title);
	text_puts(out, pick(zh,
			    "Printed from the tables that read the file. Values carry their units: "
			    "`0.25 MPa`, `2 %`, `30 s`.\n",
			    "由读取该文件的表格打印。数值须带单位:`0.25 MPa`、`2 %`、`30 s`。\n"));
	for (int i = 0; i < t.count; i++)
		put_table(out, t.at[i], zh);
}

/* --- JSON Schema
 * --------------------------------------------------------------------------------- */

static void kv_ref(struct json *j, const struct schema *s)
{
	struct text ref = {0};
	text_puts(&ref, "#/$defs/");
	put_dashed(&ref, bare(s));
	json_kv_string(j, "$ref", ref.buf);
	text_release(&ref);
}

static void kv_scalar(struct json *j)
{
	json_key(j, "type");
	json_open_array(j);
	json_put_string(j, "string");
	json_put_string(j, "number");
	json_put_string(j, "boolean");
	json_end_array(j);
}

static void kv_names(struct json *j, const struct schema_field *f)
{
	json_key(j, "enum");
	json_open_array(j);
	for (const struct schema_name *n = f->names; n->name; n++)
		json_put_string(j, n->name);
	json_end_array(j);
}

/* YAML 1.1 reads yes as true, 1.2 as a text. */
static void kv_bool(struct json *j)
{
	json_key(j, "enum");
	json_open_array(j);
	json_put_bool(j, true);
	json_put_bool(j, false);
	json_put_string(j, "yes");
	json_put_string(j, "no");
	json_end_array(j);
}

static void kv_number(struct json *j, const struct schema_field *f, const char *type)
{
	json_kv_string(j, "type", type);
	if (f->min == 0 && f->max == 0)
		return;
	json_kv_number(j, "minimum", f->min);
	json_kv_number(j, "maximum", f->max);
}

static void kv_title(struct json *j)
{
	json_kv_string(j, "type", "object");
	json_key(j, "required");
	json_open_array(j);
	json_put_string(j, "en");
	json_put_string(j, "zh");
	json_end_array(j);
}

static void kv_items(struct json *j, const char *key, const struct schema_field *f)
{
	json_key(j, key);
	json_open_object(j);
	if (f->sub)
		kv_ref(j, f->sub);
	else if (f->names)
		kv_names(j, f);
	else
		kv_scalar(j);
	json_end_object(j);
}

static void kv_type(struct json *j, const struct schema_field *f)
{
	switch (f->type) {
	case SCHEMA_BOOL: kv_bool(j); break;
	case SCHEMA_INT: kv_number(j, f, "integer"); break;
	case SCHEMA_NUMBER: kv_number(j, f, "number"); break;
	case SCHEMA_ENUM: kv_names(j, f); break;
	case SCHEMA_TITLE: kv_title(j); break;
	case SCHEMA_MAP: kv_ref(j, f->sub); break;
	case SCHEMA_LIST:
		json_kv_string(j, "type", "array");
		kv_items(j, "items", f);
		break;
	case SCHEMA_KEYED:
	case SCHEMA_PAIRS:
		json_kv_string(j, "type", "object");
		kv_items(j, "additionalProperties", f);
		break;
	case SCHEMA_DEEP: json_kv_string(j, "type", "object"); break;
	case SCHEMA_ENUM_SET:
	case SCHEMA_TEXTS: kv_items(j, "items", f); break;
	case SCHEMA_NAME:
	case SCHEMA_TEXT:
	case SCHEMA_QUANTITY:
	case SCHEMA_DURATION:
	case SCHEMA_RANGE:
	case SCHEMA_VALUE: kv_scalar(j); break;
	}
}

static void put_required(struct json *j, const struct schema *s)
{
	json_key(j, "required");
	json_open_array(j);
	for (const struct schema_field *f = s->fields; f->key; f++)
		if (f->required)
			json_put_string(j, f->key);
	json_end_array(j);
}

static void put_object(struct json *j, const struct schema *s)
{
	json_kv_string(j, "type", "object");
	json_kv_string(j, "description", s->en);
	json_key(j, "properties");
	json_open_object(j);
	for (const struct schema_field *f = s->fields; f->key; f++) {
		json_key(j, f->key);
		json_open_object(j);
		json_kv_string(j, "description", f->en);
		kv_type(j, f);
		json_end_object(j);
	}
	json_end_object(j);
	put_required(j, s);
	json_kv_bool(j, "additionalProperties", false);
	if (s->one_of) {
		json_kv_int(j, "minProperties", 1);
		json_kv_int(j, "maxProperties", 1);
	}
}

/* With a shorthand the mapping may be replaced by its one value. */
static void put_definition(struct json *j, const struct schema *s)
{
	if (!s->shorthand) {
		put_object(j, s);
		return;
	}
	json_key(j, "anyOf");
	json_open_array(j);
	json_open_object(j);
	kv_scalar(j);
	json_end_object(j);
	json_open_object(j);
	put_object(j, s);
	json_end_object(j);
	json_end_array(j);
}

void schema_json(const struct schema *root, const char *id, struct json *j)
{
	struct tables t = {.count = 0};
	collect(&t, root);
	json_open_object(j);
	json_kv_string(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_kv_string(j, "$id", id);
	put_object(j, root);
	json_key(j, "$defs");
	json_open_object(j);
	for (int i = 1; i < t.count; i++) {
		struct text name = {0};
		put_dashed(&name, bare(t.at[i]));
		json_key(j, name.buf);
		text_release(&name);
		json_open_object(j);
		put_definition(j, t.at[i]);
		json_end_object(j);
	}
	json_end_object(j);
	json_end_object(j);
}
