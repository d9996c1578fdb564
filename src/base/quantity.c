/* SPDX-License-Identifier: MIT
 *
 * The quantities of base/unit.h and the texts that give one.
 */
#include "base/unit.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* Quantities in the order of the enum, each with its canonical unit. */
static const struct {
	const char *name, *unit;
} quantities[QUANTITY_COUNT_OF] = {
	[QUANTITY_NONE] = {"none", ""},
	[QUANTITY_STATE] = {"state", ""},
	[QUANTITY_COUNT] = {"count", ""},
	[QUANTITY_RATIO] = {"ratio", "%"},
	[QUANTITY_PRESSURE] = {"pressure", "MPa"},
	[QUANTITY_FLOW] = {"flow", "L/min"},
	[QUANTITY_VOLUME] = {"volume", "L"},
	[QUANTITY_CONDUCTIVITY] = {"conductivity", "uS/cm"},
	[QUANTITY_TDS] = {"tds", "mg/L"},
	[QUANTITY_TEMPERATURE] = {"temperature", "degC"},
	[QUANTITY_POWER] = {"power", "W"},
	[QUANTITY_VOLTAGE] = {"voltage", "V"},
	[QUANTITY_CURRENT] = {"current", "A"},
	[QUANTITY_ENERGY] = {"energy", "Wh"},
	[QUANTITY_FREQUENCY] = {"frequency", "Hz"},
	[QUANTITY_TIME] = {"time", "s"},
	[QUANTITY_PERMEABILITY] = {"permeability", "L/min/MPa"},
	[QUANTITY_TEXT] = {"text", ""},
};

const char *quantity_name(enum quantity q)
{
	return (unsigned)q < QUANTITY_COUNT_OF ? quantities[q].name : quantities[0].name;
}

enum quantity quantity_find(const char *name)
{
	for (int q = 0; q < QUANTITY_COUNT_OF; q++)
		if (strcmp(quantities[q].name, name) == 0)
			return (enum quantity)q;
	return QUANTITY_NONE;
}

const struct unit *quantity_unit(enum quantity q)
{
	const char *name = (unsigned)q < QUANTITY_COUNT_OF ? quantities[q].unit : "";

	return unit_find(name, strlen(name));
}

const struct unit *dim_unit(struct dim d)
{
	if (dim_equal(d, DIM_NONE))
		return unit_find("", 0);
	for (int q = QUANTITY_PRESSURE; q < QUANTITY_COUNT_OF; q++) {
		const struct unit *u = quantity_unit((enum quantity)q);

		if (dim_equal(u->dim, d))
			return u;
	}
	return NULL;
}

static int wrong_dim(const char *text, size_t n, const struct unit *u, struct dim want,
		     struct error *err)
{
	const char *near = unit_nearest(u->name, strlen(u->name));
	char has[64], needs[64];

	dim_text(u->dim, has, sizeof(has));
	dim_text(want, needs, sizeof(needs));
	if (!u->name[0])
		return error_set(err, ERR_TYPE, "'%.*s' has no unit; expected %s", (int)n, text,
				 needs);
	/* us/cm is microseconds per centimetre, and never meant. */
	if (near && dim_equal(unit_find(near, strlen(near))->dim, want))
		return error_set(err, ERR_TYPE, "'%.*s' is a %s; did you mean %s?", (int)n, text,
				 has, near);
	return error_set(err, ERR_TYPE, "'%.*s' is a %s; expected %s", (int)n, text, has, needs);
}

static int unknown_unit(const char *name, size_t n, struct dim want, struct error *err)
{
	const char *near = unit_nearest(name, n);
	const char *blank = memchr(name, ' ', n);
	char needs[64];

	if (near && !blank)
		return error_set(err, ERR_TYPE, "unknown unit '%.*s'; did you mean %s?", (int)n,
				 name, near);
	/* A word is a unit misspelt; anything else is something left over. */
	if (blank || text_number_span(name, n) || strchr("+,.x", name[0]))
		return error_set(err, ERR_SYNTAX, "'%.*s' after the number; expected a unit alone",
				 (int)n, name);
	if (memmem(name, n, "degC", 4))
		return error_set(
			err, ERR_TYPE,
			"unknown unit '%.*s': degC cannot be part of a composed unit; write K",
			(int)n, name);
	return error_set(err, ERR_TYPE, "unknown unit '%.*s'; expected %s", (int)n, name,
			 dim_text(want, needs, sizeof(needs)));
}

int quantity_parse(const char *text, size_t n, struct dim want, double *si, const struct unit **u,
		   struct error *err)
{
	const struct unit *unit;
	size_t digits, at;
	double v;

	while (n && text[n - 1] == ' ')
		n--;
	for (; n && *text == ' '; n--)
		text++;
	if (n > 200)
		return error_set(err, ERR_SYNTAX, "%zu bytes are too long for a number with a unit",
				 n);
	digits = text_number_span(text, n);
	if (digits == 0 || !text_to_double(text, digits, &v))
		return error_set(err, ERR_SYNTAX, "'%.*s' is not a number%s%s", (int)n, text,
				 dim_equal(want, DIM_NONE) ? "" : " with a unit, such as 1.5 ",
				 dim_unit(want) ? dim_unit(want)->name : "");
	for (at = digits; at < n && text[at] == ' '; at++)
		;
	unit = unit_find(text + at, n - at);
	if (!unit)
		return unknown_unit(text + at, n - at, want, err);
	if (!dim_equal(unit->dim, want))
		return wrong_dim(text, n, unit, want, err);
	v = unit_to_si(unit, v);
	if (!isfinite(v))
		return error_set(err, ERR_RANGE, "'%.*s' is too large", (int)n, text);
	*si = v;
	if (u)
		*u = unit;
	return 0;
}
