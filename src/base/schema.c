/* SPDX-License-Identifier: MIT
 *
 * Decoding by table: the walkers of mappings and lists. Scalars are schema_scalar.c's.
 */
#include "base/schema.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "schema_scalar.h"

static bool decode_field(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, void *at);

const char *schema_hint(char *dst, size_t size, const char *word, const char *const *list, size_t n)
{
	const char *near = text_nearest(word, list, n);
	if (near)
		snprintf(dst, size, "; did you mean \"%s\"?", near);
	else
		dst[0] = '\0';
	return dst;
}

bool schema_has(const struct schema_item *item, const char *key)
{
	return yaml_get(item->node, key) != NULL;
}

static const struct schema_field *field_of(const struct schema *s, const char *key)
{
	for (const struct schema_field *f = s->fields; f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f;
	return NULL;
}

static uint64_t bit_of(const struct schema *s, const struct schema_field *f)
{
	return UINT64_C(1) << (f - s->fields);
}

bool schema_refused(const struct schema_item *item, const char *key)
{
	const struct schema_field *f = field_of(item->of, key);
	assert(f);
	return (item->refused & bit_of(item->of, f)) != 0;
}

bool schema_absent(const struct schema_item *item, const char *key)
{
	return !item->stray && !schema_refused(item, key) && !schema_has(item, key);
}

const struct yaml_node *schema_node(const struct schema_item *item, const char *key)
{
	const struct yaml_node *n = yaml_get(item->node, key);
	return n ? n : item->node;
}

static const char *kind_name(const struct yaml_node *node)
{
	if (node->kind == YAML_MAP)
		return "a mapping";
	if (node->kind == YAML_LIST)
		return "a list";
	return node->len ? "a single value" : "nothing";
}

static bool wrong_kind(const struct yaml *y, const struct yaml_node *node, const char *key,
		       const char *expected)
{
	yaml_problem(y, node, "%s is %s; expected %s", key, kind_name(node), expected);
	return false;
}

static bool decode_title(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, struct schema_title *out)
{
	const struct yaml_node *en = yaml_get(node, "en"), *zh = yaml_get(node, "zh");
	yaml_each (e, node) {
		if (e == en || e == zh)
			continue;
		yaml_problem_key(y, e,
				 "\"%.60s\" is no language; expected en and zh, and quotes around "
				 "a text with a comma",
				 e->key ? e->key : "");
		return false;
	}
	if ((!en || !zh) && node->partial)
		return false;
	if (!en || !zh) {
		yaml_problem(y, node, "%s has to have both languages; expected {en: ..., zh: ...}",
			     f->key);
		return false;
	}
	struct schema_field text = {.key = f->key, .type = SCHEMA_TEXT, .max = f->max};
	bool ok = decode_field(&text, y, en, &out->en);
	return decode_field(&text, y, zh, &out->zh) && ok;
}

static bool decode_enum_set(const struct schema_field *f, const struct yaml *y,
			    const struct yaml_node *node, uint32_t *out)
{
	const struct yaml_node *first = node->kind == YAML_LIST ? node->first : node;
	bool ok = true;
	for (const struct yaml_node *n = first; n; n = node->kind == YAML_LIST ? n->next : NULL) {
		struct schema_field one = {.key = f->key, .type = SCHEMA_ENUM, .names = f->names};
		int value = 0;
		bool read = decode_field(&one, y, n, &value);
		if (read && (*out >> value & 1)) {
			yaml_problem(y, n, "%.60s stands here twice; expected once", n->text);
			read = false;
		}
		if (read)
			*out |= UINT32_C(1) << value;
		ok = ok && read;
	}
	if (!first && !node->partial)
		yaml_problem(y, node, "%s is empty; expected at least one name", f->key);
	return ok && first;
}

static bool decode_texts(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, struct schema_texts *out)
{
	struct schema_field text = {.key = f->key, .type = SCHEMA_TEXT, .max = f->max};
	bool list = node->kind == YAML_LIST;
	size_t n = list ? (size_t)node->count : 1;
	bool ok = true;
	out->at = arena_array(y->arena, n, sizeof(*out->at));
	out->nodes = arena_array(y->arena, n, sizeof(*out->nodes));
	for (const struct yaml_node *e = list ? node->first : node; e; e = list ? e->next : NULL) {
		if (!decode_field(&text, y, e, &out->at[out->count])) {
			ok = false;
			continue;
		}
		out->nodes[out->count++] = e;
	}
	if (!n && !node->partial) {
		yaml_problem(y, node, "%s is empty; expected at least one%s", f->key,
			     f->required ? "" : ", or no such key");
		return false;
	}
	return ok;
}

static size_t count_leaves(const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return 1;
	size_t n = 0;
	yaml_each (e, node)
		n += count_leaves(e);
	return n;
}

static bool collect_pairs(const struct schema_field *f, const struct yaml *y,
			  const struct yaml_node *node, const char *prefix, struct schema_list *out)
{
	struct schema_pair *pairs = out->at;
	bool ok = !node->partial;
	int index = 0;
	yaml_each (e, node) {
		const char *key = e->key ? e->key : arena_printf(y->arena, "%d", index);
		const char *name = *prefix ? arena_printf(y->arena, "%s.%s", prefix, key) : key;
		index++;
		if (e->unread) {
			ok = false;
		} else if (e->kind == YAML_SCALAR) {
			pairs[out->count++] = (struct schema_pair){
				.item = {.node = e, .name = name}, .text = e->text};
		} else if (f->type == SCHEMA_DEEP && (e->count || e->partial)) {
			ok = collect_pairs(f, y, e, name, out) && ok;
		} else {
			ok = wrong_kind(y, e, name, "a single value");
		}
	}
	return ok;
}

static bool decode_pairs(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, struct schema_list *out)
{
	if (node->kind != YAML_MAP)
		return wrong_kind(y, node, f->key, "a mapping of name: value");
	out->at = arena_array(y->arena, count_leaves(node), sizeof(struct schema_pair));
	return collect_pairs(f, y, node, "", out);
}

static bool decode_list(const struct schema_field *f, const struct yaml *y,
			const struct yaml_node *node, struct schema_list *out)
{
	bool keyed = f->type == SCHEMA_KEYED, ok = true;
	if (node->kind != (keyed ? YAML_MAP : YAML_LIST))
		return wrong_kind(y, node, f->key, keyed ? "a mapping of name: {...}" : "a list");
	unsigned char *at = arena_array(y->arena, (size_t)node->count, f->sub->size);
	out->at = at;
	yaml_each (e, node) {
		struct schema_item *item = (void *)(at + (size_t)out->count * f->sub->size);
		bool misnamed = keyed && !schema_name_ok(e->key, f->allow);
		if (misnamed) {
			yaml_problem_key(y, e, "\"%.60s\" is no name; expected a-z, 0-9, _%s%s",
					 e->key, f->allow ? " and " : ", a letter first",
					 f->allow ? f->allow : "");
			ok = false;
		}
		ok = schema_decode(f->sub, y, e, item) && ok;
		item->name = e->key;
		item->misnamed = misnamed;
		out->count++;
	}
	return ok;
}

static bool decode_sub(const struct schema_field *f, const struct yaml *y,
		       const struct yaml_node *node, void **at)
{
	void *out = arena_alloc(y->arena, f->sub->size);
	*at = out;
	return schema_decode(f->sub, y, node, out);
}

static bool decode_value(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, const struct yaml_node **at)
{
	if (node->kind != YAML_SCALAR || !node->len)
		return wrong_kind(y, node, f->key, f->shape ? f->shape : "a single value");
	*at = node;
	return true;
}

static bool decode_field(const struct schema_field *f, const struct yaml *y,
			 const struct yaml_node *node, void *at)
{
	if (node->unread)
		return false;
	switch (f->type) {
	case SCHEMA_TITLE: return decode_title(f, y, node, at);
	case SCHEMA_MAP: return decode_sub(f, y, node, at);
	case SCHEMA_LIST:
	case SCHEMA_KEYED: return decode_list(f, y, node, at);
	case SCHEMA_TEXTS: return decode_texts(f, y, node, at);
	case SCHEMA_ENUM_SET: return decode_enum_set(f, y, node, at);
	case SCHEMA_PAIRS:
	case SCHEMA_DEEP: return decode_pairs(f, y, node, at);
	case SCHEMA_VALUE: return decode_value(f, y, node, at);
	case SCHEMA_TEXT:
	case SCHEMA_NAME:
	case SCHEMA_BOOL:
	case SCHEMA_INT:
	case SCHEMA_NUMBER:
	case SCHEMA_QUANTITY:
	case SCHEMA_DURATION:
	case SCHEMA_RANGE:
	case SCHEMA_ENUM: break;
	}
	if (node->kind != YAML_SCALAR)
		return wrong_kind(y, node, f->key, "a single value");
	return schema_read_scalar(f, y, node, at);
}

/* The field that was likely meant, NULL if none. */
static const struct schema_field *unknown_key(const struct schema *s, const struct yaml *y,
					      const struct yaml_node *e)
{
	const char *list[SCHEMA_KEYS_MAX];
	size_t n = 0;
	struct text all = {0};
	for (const struct schema_field *f = s->fields; f->key && n < SCHEMA_KEYS_MAX; f++) {
		text_printf(&all, "%s%s", n ? ", " : "", f->key);
		list[n++] = f->key;
	}
	char hint[96];
	schema_hint(hint, sizeof(hint), e->key, list, n);
	if (*hint)
		yaml_problem_key(y, e, "\"%.60s\" is unknown in %s%s", e->key, s->name, hint);
	else
		yaml_problem_key(y, e, "\"%.60s\" is unknown in %s; expected one of %.160s", e->key,
				 s->name, all.buf);
	text_release(&all);
	return *hint ? field_of(s, text_nearest(e->key, list, n)) : NULL;
}

static bool read_absent(const struct schema *s, const struct schema_field *f, const struct yaml *y,
			const struct yaml_node *node, void *out)
{
	if (f->required) {
		const char *of = node->key ? node->key : s->name;
		yaml_problem_key(y, node, "\"%s\" is missing in %.60s; expected %s: ... (%.120s)",
				 f->key, of, f->key, f->en ? f->en : f->key);
		return false;
	}
	if (!f->def)
		return true;
	struct yaml_node *def = arena_alloc(y->arena, sizeof(*def));
	def->kind = YAML_SCALAR;
	def->line = node->line;
	def->col = node->col;
	def->text = f->def;
	def->len = strlen(f->def);
	return decode_field(f, y, def, (unsigned char *)out + f->offset);
}

static bool read_absents(const struct schema *s, const struct yaml *y, const struct yaml_node *node,
			 uint64_t known, void *out)
{
	struct schema_item *item = out;
	bool ok = true;
	for (const struct schema_field *f = s->fields; f->key; f++) {
		if ((known & bit_of(s, f)) || read_absent(s, f, y, node, out))
			continue;
		item->refused |= bit_of(s, f);
		ok = false;
	}
	return ok;
}

static bool decode_shorthand(const struct schema *s, const struct yaml *y,
			     const struct yaml_node *node, void *out)
{
	const struct schema_field *named = field_of(s, s->shorthand);
	struct schema_item *item = out;
	assert(named);
	struct schema_field said = *named; /* by the key that is written */
	said.key = node->key ? node->key : named->key;
	bool ok = decode_field(&said, y, node, (unsigned char *)out + named->offset);
	if (!ok)
		item->refused |= bit_of(s, named);
	return read_absents(s, y, node, bit_of(s, named), out) && ok;
}

/* Is the field itself refused, or only something of its items? */
static bool is_refused(const struct schema_field *f, const struct yaml_node *node, bool ok)
{
	if (node->unread)
		return true;
	if (f->type == SCHEMA_MAP)
		return false;
	if (f->type == SCHEMA_LIST || f->type == SCHEMA_KEYED)
		return node->partial ||
		       node->kind != (f->type == SCHEMA_KEYED ? YAML_MAP : YAML_LIST);
	return !ok || node->partial;
}

/* Whatever is not written here may be written where it could not be read. */
static void hide_absents(const struct schema *s, struct schema_item *item, uint64_t *known)
{
	item->stray = true;
	*known = UINT64_MAX;
	for (const struct schema_field *f = s->fields; f->key; f++)
		if (!yaml_get(item->node, f->key))
			item->refused |= bit_of(s, f);
}

/* One key of a mapping; *known gets the fields about which all is said. */
static bool decode_entry(const struct schema *s, const struct yaml *y, const struct yaml_node *e,
			 uint64_t *known, void *out)
{
	const struct schema_field *f = field_of(s, e->key);
	struct schema_item *item = out;
	bool known_key = true;
	if (!f && e->unread) { /* "<<: *others" */
		hide_absents(s, item, known);
		return false;
	}
	if (!f) {
		f = unknown_key(s, y, e);
		known_key = false;
		if (!f || yaml_get(item->node, f->key)) {
			item->stray = true;
			return false;
		}
		/* what is misspelt is not missing, and its own mistakes are told at once */
		yaml_take_for(item->node, e, f->key);
	}
	bool ok = decode_field(f, y, e, (unsigned char *)out + f->offset);
	*known |= bit_of(s, f);
	if (is_refused(f, e, ok))
		item->refused |= bit_of(s, f);
	return ok && known_key;
}

bool schema_decode(const struct schema *s, const struct yaml *y, const struct yaml_node *node,
		   void *out)
{
	struct schema_item *item = out;
	item->node = node;
	item->of = s;
	if (s->shorthand && node->kind != YAML_MAP)
		return decode_shorthand(s, y, node, out);
	if (node->kind != YAML_MAP) {
		item->refused = UINT64_MAX;
		item->stray = true;
		return !node->unread && wrong_kind(y, node, node->key ? node->key : s->name,
						   "a mapping of key: value");
	}
	bool ok = true;
	uint64_t known = 0;
	if (node->partial)
		hide_absents(s, item, &known);
	yaml_each (e, node)
		ok = decode_entry(s, y, e, &known, out) && ok;
	if (s->one_of && node->count != 1 && !node->partial) {
		yaml_problem(y, node, "%d keys in %s; expected exactly one", node->count, s->name);
		item->stray = true;
		ok = false;
	}
	return read_absents(s, y, node, known, out) && ok;
}
