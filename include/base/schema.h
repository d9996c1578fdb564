/* SPDX-License-Identifier: MIT
 *
 * One table per kind of file says what may stand in it. The same table decodes
 * the file into structs, reports every mistake with its place and what was
 * expected, prints the reference documentation and a JSON Schema.
 *
 * Every decoded struct begins with a struct schema_item. All memory is the arena's
 * of the struct yaml. Optional members that are absent and have no default stay zero;
 * schema_has tells.
 */
#ifndef BASE_SCHEMA_H
#define BASE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/yaml.h"

struct schema;
struct schema_item {
	const struct yaml_node *node; /* where it stands */
	const char *name;	      /* its key, in a SCHEMA_KEYED mapping */
	const struct schema *of;      /* its table */
	/* Bit per field of the table: its value was refused, or is missing though required. */
	uint64_t refused;
	/* Something in it could not be read, such as an unknown key: what is missing may be that. */
	bool stray;
	bool misnamed; /* the key is no name */
};

enum schema_type {
	SCHEMA_TEXT = 1, /* const char *: one line, 1..200 bytes (max if given) */
	SCHEMA_NAME,	 /* const char *: [a-z][a-z0-9_]*, or what `allow` adds */
	SCHEMA_BOOL,	 /* bool: yes or no */
	SCHEMA_INT,	 /* int: min..max */
	SCHEMA_NUMBER,	 /* double without a unit: min..max */
	SCHEMA_QUANTITY, /* double in the canonical unit of `quantity`: min..max in it */
	SCHEMA_DURATION, /* int64_t, ns: min..max in seconds */
	SCHEMA_RANGE,	 /* struct schema_range: "0 MPa..1 MPa" or "0..1 MPa" */
	SCHEMA_ENUM,	 /* int: one of `names` */
	SCHEMA_ENUM_SET, /* uint32_t: a list of `names`, bit 1 << value each */
	SCHEMA_TITLE,	 /* struct schema_title: {en: ..., zh: ...} */
	SCHEMA_MAP,	 /* T *: `sub`; NULL when absent */
	SCHEMA_LIST,	 /* struct schema_list of T: list of `sub` */
	SCHEMA_KEYED,	 /* struct schema_list of T: mapping of names to `sub` */
	SCHEMA_TEXTS,	 /* struct schema_texts: list of texts; a single one may stand alone */
	SCHEMA_PAIRS,	 /* struct schema_list of struct schema_pair: mapping of names to texts */
	SCHEMA_DEEP,	 /* as SCHEMA_PAIRS, nested mappings and lists joined with dots */
	SCHEMA_VALUE /* const struct yaml_node *: one scalar read later; `shape` tells what it is */
};

struct schema_range {
	double lo, hi; /* SI */
	const struct unit *unit;
};
struct schema_title {
	const char *en, *zh;
};
struct schema_list {
	void *at;
	int count;
};
struct schema_texts {
	const char **at;
	const struct yaml_node **nodes;
	int count;
};
struct schema_pair {
	struct schema_item item; /* name: the key; node: the value */
	const char *text;
};

struct schema_name {
	const char *name;
	int value;
	const char *en, *zh; /* help; NULL if the name says it all */
};

struct schema_field {
	const char *key;
	enum schema_type type;
	size_t offset;
	bool required;
	const char *def;	/* text read when the key is absent; NULL: stays zero */
	enum quantity quantity; /* SCHEMA_QUANTITY; SCHEMA_RANGE: QUANTITY_NONE allows any */
	double min, max;	/* both 0: not limited */
	const struct schema_name *names; /* ends with name NULL */
	const struct schema *sub;
	const char *shape;   /* SCHEMA_VALUE: "expression", "quantity of the channel" */
	const char *allow;   /* SCHEMA_NAME, SCHEMA_KEYED: further characters, e.g. "ABC-" */
	const char *en, *zh; /* help */
};

struct schema {
	const char *name;		   /* heading in the documentation */
	size_t size;			   /* of the struct */
	const struct schema_field *fields; /* ends with key NULL */
	const char *shorthand; /* key that a bare scalar in place of the mapping stands for */
	bool one_of;	       /* exactly one key, as in a list of verbs */
	const char *en, *zh;
};

/* Decode a mapping into out (s->size zeroed bytes). Whether all was well. If not, out is usable as
 * far as it goes: its readers go on to tell their own mistakes in the same round, but nothing about
 * a member that was refused (zero then; of lists what could be decoded). */
bool schema_decode(const struct schema *s, const struct yaml *y, const struct yaml_node *node,
		   void *out);
/* Was the key written (not a default)? */
bool schema_has(const struct schema_item *item, const char *key);
/* Was its value refused, or is it missing though required? Told already. Lists and mappings of
 * sub are refused when they are none or not whole; mistakes of their items are the items'. */
bool schema_refused(const struct schema_item *item, const char *key);
/* Certainly not written: absent, and nothing unreadable beside it that may have been meant. */
bool schema_absent(const struct schema_item *item, const char *key);
/* The value's node of a key, the item's own node when the key is absent. */
const struct yaml_node *schema_node(const struct schema_item *item, const char *key);
/* "10 s" -> ns, "0..1 MPa" -> range; 0 or an error. */
int schema_parse_duration(const char *text, size_t n, int64_t *ns, struct error *err);
int schema_parse_range(const char *text, size_t n, struct schema_range *out, struct error *err);
/* " did you mean \"x\"?" into dst, "" when nothing is near. For unknown names. */
const char *schema_hint(char *dst, size_t size, const char *word, const char *const *list,
			size_t n);

/* The reference, for people: Markdown with a table per mapping, English or Chinese ("zh"). */
void schema_markdown(const struct schema *root, const char *title, bool zh, struct text *out);
/* The same as JSON Schema 2020-12. */
void schema_json(const struct schema *root, const char *id, struct json *j);

#endif
