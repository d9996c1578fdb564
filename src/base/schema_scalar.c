/* SPDX-License-Identifier: MIT
 *
 * One reader per scalar type: text in, a member of a struct out, or a problem with
 * what was expected.
 */
#include "schema_scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 200, DURATION_MAX_S = 1000000 };

struct place {
	const struct yaml *y;
	const struct yaml_node *node;
	const char *text;
	size_t len;
};

static int parse_seconds(const char *text, size_t n, double *s, struct error *err)
{
	static const struct dim time = {.s = 1};
	return quantity_parse(text, n, time, s, NULL, err);
}

int schema_parse_duration(const char *text, size_t n, int64_t *ns, struct error *err)
{
	double s = 0;
	int rc = parse_seconds(text, n, &s, err);
	if (rc)
		return rc;
	if (s < 0 || s > DURATION_MAX_S)
		return error_set(err, ERR_RANGE, "%.*s is outside 0 s .. 1000000 s", (int)n, text);
	*ns = (int64_t)llround(s * 1e9);
	return 0;
}

/* "0.1 MPa" -> its unit; a number alone has no unit: NULL. */
static const struct unit *unit_of(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && strchr("+-.0123456789eE ", s[i]))
		i++;
	while (i > 0 && (s[i - 1] == 'e' || s[i - 1] == 'E'))
		i--;
	return i < n ? unit_find(s + i, n - i) : NULL;
}

static void trim(const char **s, size_t *n)
{
	while (*n > 0 && **s == ' ') {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && (*s)[*n - 1] == ' ')
		(*n)--;
}

int schema_parse_range(const char *text, size_t n, struct schema_range *out, struct error *err)
{
	const char *dots = memmem(text, n, "..", 2);
	if (!dots)
		return error_set(err, ERR_SYNTAX,
				 "\"%.*s\" is no range; expected like 0 MPa..1 MPa", (int)n, text);
	const char *a = text, *b = dots + 2;
	size_t an = (size_t)(dots - text), bn = n - an - 2;
	trim(&a, &an);
	trim(&b, &bn);
	const struct unit *ub = unit_of(b, bn), *ua = unit_of(a, an), *dimless = unit_find("", 0);
	double lo = 0, hi = 0;
	if (!ub)
		ub = dimless;
	int rc = quantity_parse(b, bn, ub ? ub->dim : DIM_NONE, &hi, &ub, err);
	if (rc)
		return rc;
	if (ua) {
		rc = quantity_parse(a, an, ub->dim, &lo, NULL, err);
		if (rc)
			return rc;
	} else {
		double v = 0;
		if (!text_to_double(a, an, &v))
			return error_set(err, ERR_SYNTAX,
					 "\"%.*s\" is no number; expected like 0 MPa..1 MPa",
					 (int)an, a);
		lo = unit_to_si(ub, v);
	}
	if (!(lo < hi))
		return error_set(err, ERR_RANGE, "\"%.*s\" is empty; expected the smaller first",
				 (int)n, text);
	*out = (struct schema_range){lo, hi, ub};
	return 0;
}

static bool limited(const struct schema_field *f)
{
	return f->min != 0 || f->max != 0;
}

static bool read_text(const struct schema_field *f, const struct place *p, void *at)
{
	size_t max = f->max > 0 ? (size_t)f->max : TEXT_MAX;
	if (!p->len || p->len > max) {
		yaml_problem(p->y, p->node, "%s has %zu bytes; expected 1 to %zu", f->key, p->len,
			     max);
		return false;
	}
	if (!text_is_clean(p->text, p->len, f->max > TEXT_MAX ? "\n" : "")) {
		yaml_problem(p->y, p->node, "%s holds control characters; expected one line",
			     f->key);
		return false;
	}
	*(const char **)at = arena_strndup(p->y->arena, p->text, p->len);
	return true;
}

bool schema_name_ok(const char *s, const char *allow)
{
	if (!allow)
		return text_is_name(s);
	size_t i = 0;
	for (; s[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", s[i]) && !strchr(allow, s[i]))
			return false;
	return i > 0 && i < 64;
}

static bool read_name(const struct schema_field *f, const struct place *p, void *at)
{
	if (!schema_name_ok(p->text, f->allow)) {
		yaml_problem(p->y, p->node, "\"%.60s\" is no name; expected a-z, 0-9, _%s%s",
			     p->text, f->allow ? " and " : ", a letter first",
			     f->allow ? f->allow : "");
		return false;
	}
	*(const char **)at = arena_strndup(p->y->arena, p->text, p->len);
	return true;
}

static bool read_bool(const struct schema_field *f, const struct place *p, void *at)
{
	bool yes = strcmp(p->text, "yes") == 0 || strcmp(p->text, "true") == 0;
	if (!yes && strcmp(p->text, "no") != 0 && strcmp(p->text, "false") != 0) {
		yaml_problem(p->y, p->node, "%s is \"%.60s\"; expected yes or no", f->key, p->text);
		return false;
	}
	*(bool *)at = yes;
	return true;
}

static bool read_int(const struct schema_field *f, const struct place *p, void *at)
{
	int64_t v = 0;
	bool ok = text_to_int64(p->text, p->len, &v) && v >= INT32_MIN && v <= INT32_MAX;
	if (!ok || (limited(f) && ((double)v < f->min || (double)v > f->max))) {
		if (limited(f))
			yaml_problem(p->y, p->node,
				     "%s is \"%.60s\"; expected a whole number from %.0f to %.0f",
				     f->key, p->text, f->min, f->max);
		else
			yaml_problem(p->y, p->node, "%s is \"%.60s\"; expected a whole number",
				     f->key, p->text);
		return false;
	}
	*(int *)at = (int)v;
	return true;
}

static bool in_limits(const struct schema_field *f, const struct place *p, double v,
		      const char *unit)
{
	if (!limited(f) || (v >= f->min && v <= f->max))
		return true;
	char lo[32], hi[32];
	yaml_problem(p->y, p->node, "%s is %.60s; expected %s to %s%s%s", f->key, p->text,
		     text_from_double(lo, sizeof(lo), f->min),
		     text_from_double(hi, sizeof(hi), f->max), *unit ? " " : "", unit);
	return false;
}

static bool read_number(const struct schema_field *f, const struct place *p, void *at)
{
	double v = 0;
	if (!text_to_double(p->text, p->len, &v)) {
		yaml_problem(p->y, p->node, "%s is \"%.60s\"; expected a number without a unit",
			     f->key, p->text);
		return false;
	}
	if (!in_limits(f, p, v, ""))
		return false;
	*(double *)at = v;
	return true;
}

static bool read_quantity(const struct schema_field *f, const struct place *p, void *at)
{
	const struct unit *u = quantity_unit(f->quantity);
	struct error err = {0};
	double si = 0;
	if (quantity_parse(p->text, p->len, u->dim, &si, NULL, &err)) {
		yaml_problem(p->y, p->node, "%s: %s", f->key, err.text);
		return false;
	}
	double v = unit_from_si(u, si);
	if (!in_limits(f, p, v, u->name))
		return false;
	*(double *)at = v;
	return true;
}

static bool read_duration(const struct schema_field *f, const struct place *p, void *at)
{
	struct schema_field bounds = {.key = f->key, .min = f->min, .max = f->max};
	struct error err = {0};
	double s = 0;
	if (parse_seconds(p->text, p->len, &s, &err)) {
		yaml_problem(p->y, p->node, "%s: %s", f->key, err.text);
		return false;
	}
	if (!limited(f) || f->max > DURATION_MAX_S)
		bounds.max = DURATION_MAX_S;
	if (!in_limits(&bounds, p, s, "s"))
		return false;
	*(int64_t *)at = (int64_t)llround(s * 1e9);
	return true;
}

static bool read_range(const struct schema_field *f, const struct place *p, void *at)
{
	struct schema_range r = {0};
	struct error err = {0};
	if (schema_parse_range(p->text, p->len, &r, &err)) {
		yaml_problem(p->y, p->node, "%s: %s", f->key, err.text);
		return false;
	}
	const struct unit *u = f->quantity ? quantity_unit(f->quantity) : r.unit;
	if (!dim_equal(u->dim, r.unit->dim)) {
		yaml_problem(p->y, p->node, "%s is in %s; expected %s", f->key, r.unit->name,
			     u->name);
		return false;
	}
	*(struct schema_range *)at = r;
	return true;
}

static bool find_name(const struct schema_field *f, const struct place *p, int *value)
{
	const char *list[SCHEMA_KEYS_MAX];
	size_t n = 0;
	struct text all = {0};
	for (const struct schema_name *e = f->names; e->name && n < SCHEMA_KEYS_MAX; e++) {
		if (strcmp(e->name, p->text) == 0) {
			*value = e->value;
			text_release(&all);
			return true;
		}
		text_printf(&all, "%s%s", n ? ", " : "", e->name);
		list[n++] = e->name;
	}
	char hint[96];
	yaml_problem(p->y, p->node, "%s is \"%.60s\"; expected one of %.160s%s", f->key, p->text,
		     all.buf, schema_hint(hint, sizeof(hint), p->text, list, n));
	text_release(&all);
	return false;
}

static bool read_enum(const struct schema_field *f, const struct place *p, void *at)
{
	return find_name(f, p, at);
}

static bool (*const scalar_readers[])(const struct schema_field *, const struct place *, void *) = {
	[SCHEMA_TEXT] = read_text,	   [SCHEMA_NAME] = read_name,
	[SCHEMA_BOOL] = read_bool,	   [SCHEMA_INT] = read_int,
	[SCHEMA_NUMBER] = read_number,	   [SCHEMA_QUANTITY] = read_quantity,
	[SCHEMA_DURATION] = read_duration, [SCHEMA_RANGE] = read_range,
	[SCHEMA_ENUM] = read_enum,
};

bool schema_read_scalar(const struct schema_field *f, const struct yaml *y,
			const struct yaml_node *node, void *at)
{
	struct place p = {y, node, node->text, node->len};
	return scalar_readers[f->type](f, &p, at);
}
