/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/schema.h"
#include "plan/profile.h"

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g is not %.12g", value, expected);
}

struct wheel {
	struct schema_item item;
	double pressure;
	int spokes;
};
struct cart {
	struct schema_item item;
	const char *name;
	struct schema_title title;
	bool open;
	int kind, doors;
	double load, share;
	int64_t wait_ns;
	struct schema_range range;
	uint32_t uses;
	struct wheel *spare;
	struct schema_list wheels, parts, words, deep;
	struct schema_texts tags;
	const struct yaml_node *any;
};

#define FIELD(T, member, k, t, ...)                                                                \
	{                                                                                          \
		.key = (k), .type = SCHEMA_##t, .offset = offsetof(struct T, member), __VA_ARGS__  \
	}

static const struct schema_name kinds[] = {
	{"hand", 3, NULL, NULL}, {"horse", 7, "by a horse", "马"}, {NULL, 0, NULL, NULL}};
static const struct schema_field wheel_fields[] = {
	FIELD(wheel, pressure, "pressure", QUANTITY, .quantity = QUANTITY_PRESSURE, .max = 1,
	      .required = true, .en = "of its tyre", .zh = "胎压"),
	FIELD(wheel, spokes, "spokes", INT, .def = "12", .min = 4, .max = 40, .en = "of wood",
	      .zh = "辐条"),
	{.key = NULL}};
static const struct schema wheel_schema = {.name = "a wheel",
					   .size = sizeof(struct wheel),
					   .fields = wheel_fields,
					   .shorthand = "pressure",
					   .en = "A wheel.",
					   .zh = "轮。"};
static const struct schema_field cart_fields[] = {
	FIELD(cart, name, "name", NAME, .required = true, .en = "its name", .zh = "名"),
	FIELD(cart, title, "title", TITLE, .en = "shown", .zh = "显示"),
	FIELD(cart, open, "open", BOOL, .en = "no roof", .zh = "敞篷"),
	FIELD(cart, kind, "kind", ENUM, .names = kinds, .def = "horse", .en = "drawn by",
	      .zh = "牵引"),
	FIELD(cart, doors, "doors", INT, .en = "how many", .zh = "门"),
	FIELD(cart, load, "load", QUANTITY, .quantity = QUANTITY_VOLUME, .min = 1, .max = 100,
	      .en = "in all", .zh = "载量"),
	FIELD(cart, share, "share", NUMBER, .en = "owned", .zh = "份额"),
	FIELD(cart, wait_ns, "wait", DURATION, .max = 60, .en = "before it goes", .zh = "等待"),
	FIELD(cart, range, "range", RANGE, .quantity = QUANTITY_TEMPERATURE, .en = "of use",
	      .zh = "范围"),
	FIELD(cart, uses, "uses", ENUM_SET, .names = kinds, .en = "may be", .zh = "用途"),
	FIELD(cart, spare, "spare", MAP, .sub = &wheel_schema, .en = "fifth wheel", .zh = "备胎"),
	FIELD(cart, wheels, "wheels", LIST, .sub = &wheel_schema, .en = "all", .zh = "轮"),
	FIELD(cart, parts, "parts", KEYED, .sub = &wheel_schema, .en = "by name", .zh = "部件"),
	FIELD(cart, words, "words", PAIRS, .en = "any", .zh = "词"),
	FIELD(cart, deep, "deep", DEEP, .en = "any", .zh = "深"),
	FIELD(cart, tags, "tags", TEXTS, .en = "any", .zh = "标签"),
	FIELD(cart, any, "any", VALUE, .shape = "a | b", .en = "any", .zh = "任意"),
	{.key = NULL}};
static const struct schema cart_schema = {.name = "a cart",
					  .size = sizeof(struct cart),
					  .fields = cart_fields,
					  .en = "A cart.",
					  .zh = "车。"};

struct loaded {
	struct arena *arena;
	struct problems problems;
	struct yaml y;
	struct cart cart;
	bool ok;
};

static void load(struct loaded *l, const char *text)
{
	*l = (struct loaded){.arena = arena_new()};
	assert_true(yaml_parse(&l->y, "cart.yaml", text, strlen(text), l->arena, &l->problems));
	l->ok = schema_decode(&cart_schema, &l->y, l->y.root, &l->cart);
	assert_int_equal(l->ok, l->problems.count == 0);
}

static void unload(struct loaded *l)
{
	problems_release(&l->problems);
	arena_free(l->arena);
}

static void every_type_is_read(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "name: cart_1\n"
		 "title: {en: Cart, zh: 车}\n"
		 "open: yes\n"
		 "kind: hand\n"
		 "doors: -2\n"
		 "load: 20 L\n"
		 "share: 0.5\n"
		 "wait: 1500 ms\n"
		 "range: 5..40 degC\n"
		 "uses: [hand, horse]\n"
		 "spare: 200 kPa\n"
		 "wheels: [{pressure: 0.1 MPa, spokes: 8}, 0.3 MPa]\n"
		 "parts: {left: {pressure: 0.2 MPa}}\n"
		 "words: {a: x y, b: 3}\n"
		 "deep: {p: {q: 1, r: [u, v]}, s: t}\n"
		 "tags: one\n"
		 "any: 5 x\n");
	assert_true(l.ok);
	struct wheel *wheels = l.cart.wheels.at, *parts = l.cart.parts.at;
	struct schema_pair *words = l.cart.words.at, *deep = l.cart.deep.at;
	assert_string_equal(l.cart.name, "cart_1");
	assert_string_equal(l.cart.title.zh, "车");
	assert_true(l.cart.open);
	assert_int_equal(l.cart.kind, 3);
	assert_int_equal(l.cart.doors, -2);
	assert_near(l.cart.load, 20, 1e-9);
	assert_near(l.cart.share, 0.5, 0);
	assert_int_equal(l.cart.wait_ns, 1500000000);
	assert_near(l.cart.range.lo, 278.15, 1e-9);
	assert_near(l.cart.range.hi, 313.15, 1e-9);
	assert_int_equal(l.cart.uses, 1u << 3 | 1u << 7);
	assert_near(l.cart.spare->pressure, 0.2, 1e-12);
	assert_int_equal(l.cart.spare->spokes, 12);
	assert_int_equal(l.cart.wheels.count, 2);
	assert_int_equal(wheels[0].spokes, 8);
	assert_near(wheels[1].pressure, 0.3, 1e-12);
	assert_string_equal(parts[0].item.name, "left");
	assert_string_equal(words[0].text, "x y");
	assert_string_equal(words[1].item.name, "b");
	assert_int_equal(l.cart.deep.count, 4);
	assert_string_equal(deep[1].item.name, "p.r.0");
	assert_string_equal(deep[2].text, "v");
	assert_string_equal(l.cart.tags.at[0], "one");
	assert_string_equal(l.cart.any->text, "5 x");
	assert_true(schema_has(&l.cart.item, "any"));
	unload(&l);
}

static void absent_keys_take_their_default_or_stay_zero(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "name: c\n");
	assert_true(l.ok);
	assert_int_equal(l.cart.kind, 7);
	assert_null(l.cart.spare);
	assert_null(l.cart.range.unit);
	assert_false(schema_has(&l.cart.item, "kind"));
	unload(&l);
}

static void refuses(const char *line, int col, const char *what)
{
	char text[400];
	struct loaded l;

	snprintf(text, sizeof(text), "name: c\n%s\n", line);
	load(&l, text);
	if (l.problems.count != 1 || !strstr(l.problems.at[0].text, what)) {
		problems_print(&l.problems, stderr);
		fail_msg("%s", line);
	}
	assert_int_equal(l.problems.at[0].line, 2);
	assert_int_equal(l.problems.at[0].col, col);
	unload(&l);
}

static void each_mistake_says_what_is_expected(void **state)
{
	(void)state;
	refuses("opne: yes", 1, "\"opne\" is unknown in a cart; did you mean \"open\"?");
	refuses("zzz: yes", 1, "expected one of name, title, open");
	refuses("open: 1", 7, "expected yes or no");
	refuses("kind: cow", 7, "expected one of hand, horse");
	refuses("kind: hors", 7, "did you mean \"horse\"");
	refuses("doors: 1.5", 8, "expected a whole number");
	refuses("load: 20 kg", 7, "load");
	refuses("load: 20", 7, "no unit");
	refuses("load: 200 L", 7, "load is 200 L; expected 1 to 100 L");
	refuses("share: nan", 8, "expected a number");
	refuses("share: 1 L", 8, "expected a number");
	refuses("share: 1e999", 8, "expected a number");
	refuses("wait: 2 min", 7, "expected 0 to 60 s");
	refuses("wait: -1 s", 7, "wait is -1 s; expected 0 to 60 s");
	refuses("range: 1..2", 8, "expected");
	refuses("range: 2..1 degC", 8, "smaller first");
	refuses("range: 2 degC", 8, "is no range");
	refuses("uses: []", 7, "at least one name");
	refuses("uses: [hand, cow]", 14, "expected one of");
	refuses("title: Cart", 8, "expected {en: ..., zh: ...}");
	refuses("title: {en: A, zh: B, fr: C}", 23, "\"fr\" is no language");
	refuses("wheels: {pressure: 1 MPa}", 9, "wheels is a mapping; expected a list");
	refuses("parts: []", 8, "expected a mapping of name");
	refuses("parts: {\"Left\": {pressure: 0.1 MPa}}", 9, "is no name");
	refuses("words: {a: [1]}", 12, "expected a single value");
	refuses("spare: {spokes: 9}", 1, "\"pressure\" is missing in spare");
	refuses("spare: {pressure: 2 MPa}", 19, "expected 0 to 1 MPa");
	refuses("any: {a: 1}", 6, "expected a | b");
	refuses("any:", 5, "any is nothing");
	refuses("tags: [a, [b]]", 11, "expected a single value");
}

static void all_mistakes_of_a_file_are_told_at_once(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "nmae: c\nopen: 5\nwheels: [1 MPa, 2 MPa]\nzzz: 1\n");
	assert_false(l.ok);
	assert_int_equal(l.problems.count, 4); /* nmae, open, a wheel, zzz */
	unload(&l);
}

static void ranges_and_durations_are_parsed(void **state)
{
	struct schema_range r;
	int64_t ns = 0;

	(void)state;
	assert_int_equal(schema_parse_range("4..20 mA", 8, &r, NULL), 0);
	assert_near(r.lo, 0.004, 1e-12);
	assert_string_equal(r.unit->name, "mA");
	assert_int_equal(schema_parse_range("100 kPa .. 1 MPa", 16, &r, NULL), 0);
	assert_near(r.lo, 1e5, 1e-6);
	assert_int_equal(schema_parse_range("-1..1", 5, &r, NULL), 0);
	assert_true(schema_parse_range("1 MPa..2 L", 10, &r, NULL) < 0);
	assert_true(schema_parse_range("..", 2, &r, NULL) < 0);
	assert_true(schema_parse_range("1..", 3, &r, NULL) < 0);
	assert_int_equal(schema_parse_duration("1.5 h", 5, &ns, NULL), 0);
	assert_int_equal(ns, INT64_C(5400000000000));
	assert_true(schema_parse_duration("1e9 s", 5, &ns, NULL) < 0);
}

/* --- the tables of the product
 * ----------------------------------------------------------------------------------- */

static void check_table(const struct schema *s, int depth)
{
	if (depth > 6)
		return;
	assert_non_null(s->en);
	assert_non_null(s->zh);
	for (const struct schema_field *f = s->fields; f->key; f++) {
		if (!f->en || !f->zh)
			fail_msg("%s.%s has no help in both languages", s->name, f->key);
		assert_true((f->type == SCHEMA_ENUM || f->type == SCHEMA_ENUM_SET) ==
			    (f->names != NULL));
		assert_false(f->required && f->def);
		if (f->sub)
			check_table(f->sub, depth + 1);
	}
}

static void the_products_tables_are_documented_in_both_languages(void **state)
{
	(void)state;
	check_table(&fixture_schema, 0);
	check_table(&model_schema, 0);
	check_table(&profile_schema, 0);
}

static const struct {
	const struct schema *schema;
	const char *title, *title_zh, *markdown, *markdown_zh, *json, *id;
} references[] = {
	{&fixture_schema, "Fixture files", "台架文件", "fixtures/REFERENCE.md",
	 "fixtures/REFERENCE.zh-CN.md", "fixtures/fixture.schema.json", "fixture.schema.json"},
	{&model_schema, "Model files", "型号文件", "profiles/models/REFERENCE.md",
	 "profiles/models/REFERENCE.zh-CN.md", "profiles/models/model.schema.json",
	 "model.schema.json"},
	{&profile_schema, "Profile files", "测试方案文件", "profiles/REFERENCE.md",
	 "profiles/REFERENCE.zh-CN.md", "profiles/profile.schema.json", "profile.schema.json"},
};

/* With BENCHD_WRITE_REFERENCE set the file is written instead. */
static void same_as_file(const char *path, const char *expected)
{
	struct error err = {0};
	char *bytes = NULL;
	size_t n = 0;

	if (getenv("BENCHD_WRITE_REFERENCE")) {
		FILE *fp = fopen(path, "w");
		assert_non_null(fp);
		assert_true(fputs(expected, fp) >= 0);
		assert_int_equal(fclose(fp), 0);
	}
	assert_int_equal(text_read_file(path, 1 << 20, &bytes, &n, &err), 0);
	if (strcmp(bytes, expected) != 0)
		fail_msg("%s is not what the tables say; BENCHD_WRITE_REFERENCE=1 writes it anew",
			 path);
	free(bytes);
}

static void the_reference_in_the_tree_is_what_the_tables_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		struct text t = {0};
		struct json j;

		schema_markdown(references[i].schema, references[i].title, false, &t);
		same_as_file(references[i].markdown, t.buf);
		text_clear(&t);
		schema_markdown(references[i].schema, references[i].title_zh, true, &t);
		same_as_file(references[i].markdown_zh, t.buf);
		text_clear(&t);
		json_init(&j, &t);
		schema_json(references[i].schema, references[i].id, &j);
		text_puts(&t, "\n");
		same_as_file(references[i].json, t.buf);
		text_release(&t);
	}
}

static void the_json_schema_is_json_and_its_references_lead_somewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		struct text t = {0};
		struct json j;
		struct error err = {0};

		json_init(&j, &t);
		schema_json(references[i].schema, references[i].id, &j);
		json_t *root = json_load_limited(t.buf, t.len, t.len, &err);
		assert_non_null(root);
		const json_t *defs = json_object_get(root, "$defs");
		for (const char *p = t.buf; (p = strstr(p, "#/$defs/")) != NULL;) {
			char name[64] = "";
			p += 8;
			sscanf(p, "%63[a-z-]", name);
			assert_non_null(json_object_get(defs, name));
		}
		json_decref(root);
		text_release(&t);
	}
}

static void what_was_refused_is_told_from_what_is_not_there(void **state)
{
	struct loaded l;
	const struct wheel *wheels;

	(void)state;
	load(&l, "name: Ox\n"
		 "doors: two\n"
		 "open: yes\n"
		 "wheels: [0.5 MPa, {presure: 1 MPa}, {spokes: 6}, {pressure: 1 MPa, qqqq: 1}]\n"
		 "words: [a]\n");
	const struct schema_item *cart = &l.cart.item;
	assert_true(schema_refused(cart, "name") && schema_refused(cart, "doors"));
	assert_false(schema_refused(cart, "open") || schema_refused(cart, "load"));
	assert_true(schema_absent(cart, "load"));
	assert_false(schema_absent(cart, "open") || schema_absent(cart, "doors"));
	/* a list is refused when it is none; its items have their own */
	assert_false(schema_refused(cart, "wheels"));
	assert_true(schema_refused(cart, "words"));
	assert_int_equal(l.cart.wheels.count, 4);
	wheels = l.cart.wheels.at;
	assert_false(schema_refused(&wheels[0].item, "pressure"));
	/* what is misspelt is told, and read as what was meant */
	assert_false(schema_refused(&wheels[1].item, "pressure"));
	assert_true(wheels[1].pressure > 0 && schema_has(&wheels[1].item, "pressure"));
	assert_true(schema_refused(&wheels[2].item, "pressure"));
	/* beside an unknown key nothing is certainly absent */
	assert_true(schema_absent(&wheels[0].item, "spokes"));
	assert_true(schema_absent(&wheels[1].item, "spokes"));
	assert_false(schema_absent(&wheels[3].item, "spokes"));
	unload(&l);
}

static void a_misspelt_key_is_not_missing_as_well(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "nmae: ox\n");
	assert_int_equal(l.problems.count, 1);
	assert_non_null(strstr(l.problems.at[0].text, "did you mean \"name\"?"));
	unload(&l);
	load(&l, "frobnicate: ox\n");
	assert_int_equal(l.problems.count, 2);
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(absent_keys_take_their_default_or_stay_zero),
		cmocka_unit_test(each_mistake_says_what_is_expected),
		cmocka_unit_test(all_mistakes_of_a_file_are_told_at_once),
		cmocka_unit_test(ranges_and_durations_are_parsed),
		cmocka_unit_test(the_products_tables_are_documented_in_both_languages),
		cmocka_unit_test(the_reference_in_the_tree_is_what_the_tables_say),
		cmocka_unit_test(the_json_schema_is_json_and_its_references_lead_somewhere),
		cmocka_unit_test(what_was_refused_is_told_from_what_is_not_there),
		cmocka_unit_test(a_misspelt_key_is_not_missing_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
