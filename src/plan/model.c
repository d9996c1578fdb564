/* SPDX-License-Identifier: MIT */
#include "plan/model.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/schema.h"
#include "plan/names.h"
#include "schema_field.h"

#define NEEDED .required = true

enum { SERIAL_MAX = 63 };

struct raw_code {
	struct schema_item item;
	const char *en, *zh, *fault;
};

struct raw_part {
	struct schema_item item;
	const char *en, *zh;
	struct schema_texts repeat;
};

struct raw_model {
	struct schema_item item;
	const char *code, *class_name, *serial_pattern;
	struct schema_title title;
	struct schema_texts aliases;
	struct schema_list params, codes, parts;
	bool separate_trial;
};

static const struct schema_field code_fields[] = {
	FIELD(raw_code, en, "en", TEXT, NEEDED, .en = "what it means, English", .zh = "英文含义"),
	FIELD(raw_code, zh, "zh", TEXT, NEEDED, .en = "what it means, Chinese", .zh = "中文含义"),
	FIELD(raw_code, fault, "fault", TEXT, .en = "fault of the depot's table, F01 to F25",
	      .zh = "维修点故障代码"),
	END,
};
static const struct schema code_schema = {
	.name = "a code",
	.size = sizeof(struct raw_code),
	.fields = code_fields,
	.en = "A code on the unit's own display.",
	.zh = "整机自身显示的代码。",
};
static const struct schema_field part_fields[] = {
	FIELD(raw_part, en, "en", TEXT, NEEDED, .en = "the part, English", .zh = "英文名称"),
	FIELD(raw_part, zh, "zh", TEXT, NEEDED, .en = "the part, Chinese", .zh = "中文名称"),
	FIELD(raw_part, repeat, "repeat", TEXTS, NEEDED,
	      .en = "measurements to repeat when it was replaced; a full run always does",
	      .zh = "更换后须重测的项目；完整检测总是足够"),
	END,
};
static const struct schema part_schema = {
	.name = "a part",
	.size = sizeof(struct raw_part),
	.fields = part_fields,
	.en = "A part of the unit, by its code or by the code's beginning before a '-'.",
	.zh = "整机的一种配件，按编码或编码中 - 之前的部分。",
};
static const struct schema_field model_fields[] = {
	FIELD(raw_model, code, "model", TEXT, NEEDED, .en = "model code as tickets name it",
	      .zh = "产品型号"),
	FIELD(raw_model, title, "title", TITLE, NEEDED, .en = "for people", .zh = "显示名称"),
	FIELD(raw_model, class_name, "class", NAME, NEEDED, .en = "class, such as ro_tankless",
	      .zh = "类别"),
	FIELD(raw_model, aliases, "aliases", TEXTS, .en = "further codes of the same product",
	      .zh = "别名"),
	FIELD(raw_model, serial_pattern, "serial_pattern", TEXT, NEEDED,
	      .en = "POSIX extended regular expression of the whole serial", .zh = "机号格式"),
	FIELD(raw_model, separate_trial, "separate_trial", BOOL, .def = "no",
	      .en = "the trial run of 30 minutes may be a run of its own, on any bay",
	      .zh = "30 分钟试运行可以是单独的一次检测，在任何工位"),
	FIELD(raw_model, params, "params", PAIRS, NEEDED,
	      .en = "nameplate values with their units; model.NAME in profiles", .zh = "铭牌参数"),
	FIELD(raw_model, codes, "codes", KEYED, .sub = &code_schema,
	      .allow = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-", .en = "codes of the unit's display",
	      .zh = "显示代码"),
	FIELD(raw_model, parts, "parts", KEYED, .sub = &part_schema,
	      .allow = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-",
	      .en = "parts, and what their replacement asks to be measured again", .zh = "配件"),
	END,
};
const struct schema model_schema = {
	.name = "a model",
	.size = sizeof(struct raw_model),
	.fields = model_fields,
	.en = "One product type with its nameplate. Of its params, rated_NAME is above 0 and no other "
	      "below it, but NAME_slope, temperatures and pressures may be.",
	.zh = "一种产品型号及其铭牌。参数中 rated_ 开头的须大于 0；其余不得为负，_slope "
	      "结尾、温度、压力除外。",
};

/* "1.58 L/min" -> where the unit begins; a number alone has the unit "". */
static size_t number_length(const char *s)
{
	size_t n = strspn(s, "+-.0123456789");
	if ((s[n] == 'e' || s[n] == 'E') && strspn(s + n + 1, "+-0123456789"))
		n += 1 + strspn(s + n + 1, "+-0123456789");
	return n;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Most of a nameplate is how much of something there is. */
static bool check_sign(const struct yaml *y, const struct schema_pair *pair,
		       const struct model_param *m)
{
	static const struct dim kelvin = {.k = 1}, pascal = {.m = -1, .kg = 1, .s = -2};
	bool rated = strncmp(m->name, "rated_", 6) == 0;

	if (!rated && (m->si >= 0 || ends_with(m->name, "_slope") ||
		       dim_equal(m->unit->dim, kelvin) || dim_equal(m->unit->dim, pascal)))
		return true;
	if (m->si > 0)
		return true;
	yaml_problem(y, pair->item.node, "%.60s is %.60s; expected %s", m->name, pair->text,
		     rated ? "more than 0" : "0 or more");
	return false;
}

static bool read_param(const struct yaml *y, const struct schema_pair *pair,
		       struct model_param *out)
{
	const char *s = pair->text;
	size_t n = number_length(s), skip = n + strspn(s + n, " ");
	const struct unit *u = unit_find(s + skip, strlen(s + skip));
	double v = 0;
	if (!text_is_name(pair->item.name)) {
		yaml_problem_key(y, pair->item.node, "\"%.60s\" is no name; expected a-z, 0-9, _",
				 pair->item.name);
		return false;
	}
	if (!n || !text_to_double(s, n, &v) || !u) {
		yaml_problem(y, pair->item.node, "\"%.60s\" is no value; expected like 1.58 L/min",
			     s);
		return false;
	}
	*out = (struct model_param){pair->item.name, unit_to_si(u, v), u};
	return check_sign(y, pair, out);
}

static bool read_pattern(const struct yaml *y, const struct raw_model *raw)
{
	const char *p = raw->serial_pattern;
	size_t n = p ? strlen(p) : 0;
	char why[120];
	regex_t re;
	if (!p)
		return true; /* refused, which is told */
	if (n < 2 || p[0] != '^' || p[n - 1] != '$') {
		yaml_problem(y, schema_node(&raw->item, "serial_pattern"),
			     "serial_pattern matches any part; expected ^ first and $ last");
		return false;
	}
	int rc = regcomp(&re, p, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &re, why, sizeof(why));
		yaml_problem(y, schema_node(&raw->item, "serial_pattern"),
			     "serial_pattern: %s; expected a regular expression", why);
		return false;
	}
	regfree(&re);
	return true;
}

static bool read_fault(const struct yaml *y, const struct raw_code *code)
{
	if (!code->fault || names_is_fault(code->fault))
		return true;
	yaml_problem(y, schema_node(&code->item, "fault"),
		     "\"%.20s\" is no fault; expected F01 to F25", code->fault);
	return false;
}

/* Another code, once. */
static bool read_aliases(const struct yaml *y, const struct raw_model *raw)
{
	const struct schema_texts *t = &raw->aliases;
	bool ok = true;
	for (int i = 0; i < t->count; i++) {
		bool twice = raw->code && strcmp(t->at[i], raw->code) == 0;
		for (int k = 0; k < i; k++)
			twice = twice || strcmp(t->at[i], t->at[k]) == 0;
		if (twice)
			yaml_problem(y, t->nodes[i], "code %.60s stands here twice; expected once",
				     t->at[i]);
		ok = ok && !twice;
	}
	return ok;
}

static bool read_repeat(const struct yaml *y, const struct raw_part *part)
{
	const struct schema_texts *t = &part->repeat;
	bool ok = true;
	for (int i = 0; i < t->count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(t->at[i], t->at[k]) == 0) {
				yaml_problem(y, t->nodes[i],
					     "%.60s stands here twice; expected once", t->at[i]);
				ok = false;
			}
	return ok;
}

static void place(const struct yaml_node *node, int *line, int *col)
{
	*line = node ? node->line : 0;
	*col = node ? node->col : 0;
}

static bool read_model(struct model *m, const struct yaml *y, const struct raw_model *raw)
{
	const struct schema_pair *params = raw->params.at;
	const struct raw_code *codes = raw->codes.at;
	const struct raw_part *parts = raw->parts.at;
	bool ok = read_pattern(y, raw);
	m->code = raw->code;
	m->title_en = raw->title.en;
	m->title_zh = raw->title.zh;
	m->class_name = raw->class_name;
	m->serial_pattern = raw->serial_pattern;
	m->separate_trial = raw->separate_trial;
	m->aliases = raw->aliases.at;
	m->alias_count = raw->aliases.count;
	place(schema_node(&raw->item, "model"), &m->code_at.line, &m->code_at.col);
	place(schema_node(&raw->item, "aliases"), &m->aliases_at.line, &m->aliases_at.col);
	m->params = arena_array(m->arena, (size_t)raw->params.count, sizeof(*m->params));
	for (int i = 0; i < raw->params.count; i++)
		ok = read_param(y, &params[i], &m->params[m->param_count++]) && ok;
	m->codes = arena_array(m->arena, (size_t)raw->codes.count, sizeof(*m->codes));
	for (int i = 0; i < raw->codes.count; i++) {
		ok = read_fault(y, &codes[i]) && ok;
		m->codes[m->code_count++] =
			(struct model_code){codes[i].item.name, codes[i].en, codes[i].zh,
					    codes[i].fault ? codes[i].fault : ""};
	}
	m->parts = arena_array(m->arena, (size_t)raw->parts.count, sizeof(*m->parts));
	ok = read_aliases(y, raw) && ok;
	for (int i = 0; i < raw->parts.count; i++) {
		ok = read_repeat(y, &parts[i]) && ok;
		m->parts[m->part_count++] = (struct model_part){
			parts[i].item.name, parts[i].en,	   parts[i].zh,
			parts[i].repeat.at, parts[i].repeat.nodes, parts[i].repeat.count};
	}
	return ok;
}

struct model *model_parse(const char *path, const char *bytes, size_t n, struct problems *problems)
{
	struct arena *arena = arena_new();
	struct model *m = arena_alloc(arena, sizeof(*m));
	struct raw_model raw = {0};
	struct yaml y;
	m->arena = arena;
	m->path = arena_strdup(arena, path);
	text_sha256(m->hash, bytes, n);
	bool ok = yaml_parse(&y, path, bytes, n, arena, problems);
	if (y.complete) {
		ok = schema_decode(&model_schema, &y, y.root, &raw) && ok;
		ok = read_model(m, &y, &raw) && ok;
	}
	if (ok)
		return m;
	arena_free(arena);
	return NULL;
}

struct model *model_load(const char *path, struct problems *problems)
{
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);
	if (!bytes)
		return NULL;
	struct model *m = model_parse(path, bytes, n, problems);
	free(bytes);
	return m;
}

void model_free(struct model *m)
{
	if (m)
		arena_free(m->arena);
}

bool model_is(const struct model *m, const char *code)
{
	for (int i = 0; i < m->alias_count; i++)
		if (strcmp(m->aliases[i], code) == 0)
			return true;
	return strcmp(m->code, code) == 0;
}

int model_check_serial(const struct model *m, const char *serial, struct error *err)
{
	regex_t re;
	size_t n = strlen(serial);
	bool ok = false;
	if (n > 0 && n <= SERIAL_MAX && text_is_clean(serial, n, "") &&
	    !regcomp(&re, m->serial_pattern, REG_EXTENDED | REG_NOSUB)) {
		ok = regexec(&re, serial, 0, NULL, 0) == 0;
		regfree(&re);
	}
	if (ok)
		return 0;
	return error_set(err, ERR_CONFIG, "serial \"%.63s\" is no %s; expected one like %s", serial,
			 m->code, m->serial_pattern);
}

const struct model_part *model_part(const struct model *m, const char *part)
{
	const struct model_part *best = NULL;
	size_t best_n = 0;

	for (int i = 0; i < m->part_count; i++) {
		const char *code = m->parts[i].code;
		size_t n = strlen(code);

		if (n <= best_n || strncmp(code, part, n) != 0 || (part[n] && part[n] != '-'))
			continue;
		best = &m->parts[i];
		best_n = n;
	}
	return best;
}

const struct model_param *model_param(const struct model *m, const char *name)
{
	for (int i = 0; i < m->param_count; i++)
		if (strcmp(m->params[i].name, name) == 0)
			return &m->params[i];
	return NULL;
}
