/* SPDX-License-Identifier: MIT
 *
 * jsonget PATH: read one JSON document (or, with PATH "-", only check it) from stdin and print what is at PATH, a line each:
 * texts as they are, the rest as JSON. PATH is names and indices with dots; "*" is every element: "reasons.*.code".
 * Exit 0 when it is one whole document and something is there, 1 otherwise. This is for tests: numbers keep 9 digits.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print(const json_t *v)
{
	char *s;

	if (json_is_string(v))
		return puts(json_string_value(v)) < 0 ? 0 : 1;
	s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (s)
		(void)puts(s);
	free(s);
	return s ? 1 : 0;
}

/* How many were printed. */
static int walk(const json_t *v, const char *path)
{
	size_t n = strcspn(path, "."), i;
	const char *rest = path[n] ? path + n + 1 : "";
	char name[64];
	const json_t *e;
	int found = 0;

	if (!v)
		return 0;
	if (!n)
		return print(v);
	if (n >= sizeof(name))
		return 0;
	memcpy(name, path, n);
	name[n] = '\0';
	if (json_is_object(v))
		return walk(json_object_get(v, name), rest);
	if (strcmp(name, "*") != 0)
		return walk(json_array_get(v, strtoul(name, NULL, 10)), rest);
	json_array_foreach(v, i, e) found += walk(e, rest);
	return found;
}

int main(int argc, char **argv)
{
	json_error_t err;
	json_t *root;
	int found = 1;

	if (argc != 2)
		return 2;
	root = json_loadf(stdin, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
	if (!root) {
		(void)fprintf(stderr, "no JSON: line %d: %s\n", err.line, err.text);
		return 1;
	}
	if (strcmp(argv[1], "-") != 0)
		found = walk(root, argv[1]);
	json_decref(root);
	return found > 0 ? 0 : 1;
}
