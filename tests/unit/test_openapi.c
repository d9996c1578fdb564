/* SPDX-License-Identifier: MIT
 *
 * docs/openapi.json and the station's own tables say the same, in both directions: route and method,
 * roles, duty and signers, query parameters with their ranges, the reasons of a release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "link/query.h"
#include "ticket/people.h"
#include "ticket/release.h"

static json_t *doc;
static int mistakes;

static void __attribute__((format(printf, 1, 2))) mistake(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("# ");
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	mistakes++;
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* "/tickets/{ticket}" as the route table writes it: "/tickets/{}". */
static void plain_path(char dst[160], const char *path)
{
	size_t n = 0;

	for (; *path && n < 150; path++) {
		dst[n++] = *path;
		if (*path != '{')
			continue;
		path = strchr(path, '}');
		assert_non_null(path);
		dst[n++] = '}';
	}
	dst[n] = '\0';
}

static const json_t *operation_of(const char *path, const char *method)
{
	const json_t *item;
	const char *key;
	char plain[160], lower[16] = "";

	for (size_t i = 0; method[i] && i < 15; i++)
		lower[i] = (char)(method[i] | 0x20);
	json_object_foreach(json_object_get(doc, "paths"), key, item)
	{
		plain_path(plain, key);
		if (strcmp(plain, path) == 0)
			return json_object_get(item, lower);
	}
	return NULL;
}

/* Do these words name exactly these roles? */
static bool are_roles(const json_t *words, unsigned roles)
{
	unsigned named = 0;
	const json_t *w;
	size_t i;

	if (json_array_size(words) == 1 &&
	    !strcmp(json_string_value(json_array_get(words, 0)), "anybody"))
		return roles == 0;
	json_array_foreach(words, i, w)
	{
		named |= people_role_of(json_string_value(w));
	}
	return json_array_size(words) > 0 && named == roles;
}

static void check_rule(const struct web_route_info *info, struct people_rule rule, const json_t *op)
{
	const json_t *x = json_object_get(op, "x-benchd");
	const json_t *signs = json_object_get(x, "signs");

	if (strcmp(text_at(x, "route"), info->name) != 0)
		mistake("%s %s: x-benchd.route is %s, not %s", info->method, info->path,
			text_at(x, "route"), info->name);
	if (!are_roles(json_object_get(x, "roles"), rule.roles))
		mistake("%s: other roles than in people_table.c", info->name);
	if (json_is_true(json_object_get(x, "duty")) != rule.duty)
		mistake("%s: duty is otherwise in people_table.c", info->name);
	if (rule.sign ? !are_roles(signs, rule.sign) : json_array_size(signs) != 0)
		mistake("%s: other signers than in people_table.c", info->name);
}

static void every_route_is_described_with_its_roles_duty_and_signers(void **state)
{
	(void)state;
	mistakes = 0;
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const struct web_route_info *info = web_route_info((enum web_route)r);
		const json_t *op = operation_of(info->path, info->method);

		if (op)
			check_rule(info, people_rule((enum web_route)r), op);
		else
			mistake("%s %s (%s) is not in docs/openapi.json", info->method, info->path,
				info->name);
	}
	assert_int_equal(mistakes, 0);
}

static bool is_method(const char *key)
{
	return !strcmp(key, "get") || !strcmp(key, "put") || !strcmp(key, "post") ||
	       !strcmp(key, "delete") || !strcmp(key, "patch");
}

static void check_described(const char *path, const char *method, const json_t *op)
{
	static const char *const own[] = {"/openapi.json", "/healthz", "/metrics", NULL};
	char plain[160], upper[16] = "", arg[WEB_ARG_MAX];
	enum web_route r;

	for (size_t i = 0; method[i] && i < 15; i++)
		upper[i] = (char)(method[i] & ~0x20);
	for (int i = 0; own[i]; i++)
		if (!json_object_get(op, "x-benchd") && !strcmp(path, own[i]) &&
		    !strcmp(method, "get"))
			return;
	plain_path(plain, path);
	for (char *c = plain; *c; c++)
		if (*c == '{' || *c == '}')
			*c = 'x';
	r = web_route_find(upper, plain, arg, NULL);
	if (!r ||
	    strcmp(web_route_info(r)->name, text_at(json_object_get(op, "x-benchd"), "route")))
		mistake("%s %s of docs/openapi.json is no route of link/web.h", upper, path);
}

static void every_operation_described_is_a_route(void **state)
{
	const json_t *item, *op;
	const char *path, *key;

	(void)state;
	mistakes = 0;
	json_object_foreach(json_object_get(doc, "paths"), path, item)
	{
		json_object_foreach((json_t *)(uintptr_t)item, key, op)
		{
			if (is_method(key))
				check_described(path, key, op);
		}
	}
	assert_int_equal(mistakes, 0);
}

static bool is_number(const json_t *schema, const char *key, int64_t v)
{
	const json_t *n = json_object_get(schema, key);

	return json_is_integer(n) && json_integer_value(n) == v;
}

static bool are_choices(const json_t *list, const char *choices)
{
	char joined[512] = "";
	const json_t *one;
	size_t i, at = 0;

	json_array_foreach(list, i, one)
	{
		at += (size_t)snprintf(joined + at, sizeof(joined) - at, "%s%s", i ? "|" : "",
				       json_string_value(one));
	}
	return strcmp(joined, choices) == 0;
}

static bool is_parameter(const json_t *schema, const struct query_parameter *p)
{
	switch (p->kind) {
	case QUERY_NUMBER:
		return !strcmp(text_at(schema, "type"), "integer") &&
		       is_number(schema, "minimum", p->least) &&
		       is_number(schema, "maximum", p->most);
	case QUERY_WORD:
		return !strcmp(text_at(schema, "type"), "string") &&
		       (p->least == 0 || is_number(schema, "minLength", p->least)) &&
		       is_number(schema, "maxLength", p->most);
	case QUERY_CHOICE: return are_choices(json_object_get(schema, "enum"), p->choices);
	case QUERY_TIME: return !strcmp(text_at(schema, "$ref"), "#/components/schemas/Utc");
	}
	return false;
}

/* The query parameter of that name; *count: of all there are. */
static const json_t *parameter_of(const json_t *op, const char *name, int *count)
{
	const json_t *p, *found = NULL;
	size_t i;

	*count = 0;
	json_array_foreach(json_object_get(op, "parameters"), i, p)
	{
		if (strcmp(text_at(p, "in"), "query") != 0)
			continue;
		++*count;
		if (strcmp(text_at(p, "name"), name) == 0)
			found = p;
	}
	return found;
}

static void query_parameters_are_those_of_the_table(void **state)
{
	int wanted[WEB_ROUTE_COUNT] = {0}, count;
	const struct query_parameter *p;

	(void)state;
	mistakes = 0;
	for (int i = 0; (p = query_parameter(i)); i++) {
		const struct web_route_info *info = web_route_info(p->route);
		const json_t *at =
			parameter_of(operation_of(info->path, info->method), p->name, &count);

		wanted[p->route]++;
		if (!at)
			mistake("%s ?%s= is not in docs/openapi.json", info->name, p->name);
		else if (!is_parameter(json_object_get(at, "schema"), p))
			mistake("%s ?%s=: another range than in link/query.h", info->name, p->name);
	}
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const struct web_route_info *info = web_route_info((enum web_route)r);

		(void)parameter_of(operation_of(info->path, info->method), "", &count);
		if (count != wanted[r])
			mistake("%s: %d query parameters described, %d taken", info->name, count,
				wanted[r]);
	}
	assert_int_equal(mistakes, 0);
}

static void reasons_of_a_release_are_those_of_the_station(void **state)
{
	const json_t *list = doc, *one;
	static const char *const way[] = {"components", "schemas", "OverrideBody", "properties",
					  "codes",	"items",   "enum",	   NULL};
	size_t i;

	(void)state;
	for (int k = 0; way[k]; k++)
		list = json_object_get(list, way[k]);
	json_array_foreach(list, i, one)
	{
		assert_non_null(release_reason_codes[i]);
		assert_string_equal(json_string_value(one), release_reason_codes[i]);
	}
	assert_int_not_equal(i, 0);
	assert_null(release_reason_codes[i]);
}

static int load(void **state)
{
	json_error_t err;

	(void)state;
	doc = json_load_file("docs/openapi.json", JSON_REJECT_DUPLICATES, &err);
	if (!doc)
		(void)printf("# docs/openapi.json: line %d: %s\n", err.line, err.text);
	return doc ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(doc);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described_with_its_roles_duty_and_signers),
		cmocka_unit_test(every_operation_described_is_a_route),
		cmocka_unit_test(query_parameters_are_those_of_the_table),
		cmocka_unit_test(reasons_of_a_release_are_those_of_the_station),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
